//! The terminal: colours, size, graphics, clipboard, and the locale.

use super::finding::Finding;
use crate::config::PictureMode;
use crate::tui::picture::{Colours, GraphicsProtocol, PictureMethod, TerminalFacts};
use crate::tui::theme::background::ColourDepth;

/// Narrower or lower terminals show the interface in parts.
const COLUMNS: u16 = 60;
const ROWS: u16 = 16;

/// What of the terminal cannot be told from its variables.
#[derive(Debug, Clone, Default)]
pub(super) struct TerminalState {
    /// Columns and rows, if stdout is a terminal.
    pub(super) size: Option<(u16, u16)>,
    /// `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    pub(super) locale: String,
    /// Whether tmux's program is there, where tmux lies between.
    pub(super) tmux: Option<bool>,
    /// Whether there is a desktop whose clipboard can be asked.
    pub(super) desktop: bool,
}

pub(super) fn checks(facts: &TerminalFacts, state: &TerminalState, images: PictureMode) -> Vec<Finding> {
    vec![terminal(facts, state), graphics(facts, images), clipboard(facts, state)]
}

fn terminal(facts: &TerminalFacts, state: &TerminalState) -> Finding {
    const CHECK: &str = "terminal";
    let Some((columns, rows)) = state.size else {
        return Finding::ok(CHECK, "stdout is not a terminal: whyhook prints lines there");
    };
    if facts.term == "dumb" {
        return Finding::warning(CHECK, "TERM is dumb: the interface cannot be drawn", "use `whyhook --plain`");
    }
    let colours = match facts.depth() {
        _ if facts.no_colour => "no colours, by NO_COLOR",
        ColourDepth::None => "no colours",
        ColourDepth::Ansi => "16 colours",
        ColourDepth::Indexed => "256 colours",
        ColourDepth::True => "true colours",
    };
    let between = if facts.multiplexer { ", in tmux or screen" } else { "" };
    let found = format!("{columns}×{rows}, {colours}{between}");
    if columns < COLUMNS || rows < ROWS {
        return Finding::warning(CHECK, found, format!("enlarge it to {COLUMNS}×{ROWS} or more"));
    }
    if !is_utf8(&state.locale) && cfg!(not(windows)) {
        let locale = if state.locale.is_empty() { "no locale is set" } else { "the locale is not UTF-8" };
        return Finding::warning(
            CHECK,
            format!("{found}; {locale}, so that signs may be drawn wrong"),
            "set LANG to one that ends in .UTF-8, such as C.UTF-8",
        );
    }
    Finding::ok(CHECK, found)
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn graphics(facts: &TerminalFacts, images: PictureMode) -> Finding {
    const CHECK: &str = "graphics";
    let drawn = |method| match method {
        PictureMethod::Cells(_) => "as half-blocks",
        PictureMethod::Graphics(GraphicsProtocol::Kitty) => "by kitty's graphics",
        PictureMethod::Graphics(GraphicsProtocol::Sixel) => "as sixels",
        PictureMethod::Graphics(GraphicsProtocol::Iterm2) => "by iTerm2's graphics",
    };
    let method = PictureMethod::choose(images, facts);
    let found = match method {
        PictureMethod::Cells(Colours::None) => "pictures are not drawn, for lack of colours".to_owned(),
        method => format!("pictures are drawn {}", drawn(method)),
    };
    let best = PictureMethod::choose(PictureMode::Auto, facts);
    match (method, best) {
        (PictureMethod::Cells(_), PictureMethod::Graphics(_)) => {
            Finding::ok(CHECK, format!("{found}; with images = \"auto\", {}", drawn(best)))
        }
        _ => Finding::ok(CHECK, found),
    }
}

fn clipboard(facts: &TerminalFacts, state: &TerminalState) -> Finding {
    const CHECK: &str = "clipboard";
    match state.tmux {
        Some(true) => return Finding::ok(CHECK, "tmux's buffer, and through it the terminal's"),
        Some(false) if !facts.ssh && !state.desktop => {
            return Finding::warning(CHECK, "tmux is set and its program is not found", "put tmux on the PATH");
        }
        _ => {}
    }
    if facts.ssh {
        return Finding::ok(CHECK, "the terminal's, over SSH by OSC 52, if it allows that");
    }
    if state.desktop {
        return Finding::ok(CHECK, "the desktop's");
    }
    Finding::warning(CHECK, "none: what is copied goes into a file", "use tmux, or a terminal of a desktop")
}

#[cfg(test)]
mod tests {
    use super::super::finding::DoctorOutcome;
    use super::*;

    fn facts() -> TerminalFacts {
        TerminalFacts { term: "xterm-256color".to_owned(), ..TerminalFacts::default() }
    }

    fn state() -> TerminalState {
        TerminalState { size: Some((80, 24)), locale: "C.UTF-8".to_owned(), tmux: None, desktop: true }
    }

    #[test]
    fn a_usual_terminal_is_fine() {
        let found = checks(&facts(), &state(), PictureMode::default());
        assert!(found.iter().all(|finding| finding.outcome == DoctorOutcome::Ok), "{found:?}");
        assert_eq!(found[0].found, "80×24, 256 colours");
        assert_eq!(found[1].found, "pictures are drawn as half-blocks");
    }

    #[test]
    fn what_is_amiss_is_told_with_the_way_out() {
        let of = |facts: TerminalFacts, state: TerminalState| checks(&facts, &state, PictureMode::default());
        let dumb = of(TerminalFacts { term: "dumb".to_owned(), ..facts() }, state());
        assert!(dumb[0].next.as_deref().is_some_and(|next| next.contains("--plain")));
        let small = of(facts(), TerminalState { size: Some((40, 10)), ..state() });
        assert_eq!(small[0].outcome, DoctorOutcome::Warning);
        let latin = of(facts(), TerminalState { locale: "de_DE.ISO-8859-1".to_owned(), ..state() });
        assert!(latin[0].found.contains("the locale is not UTF-8"));
        let bare = of(facts(), TerminalState { desktop: false, ..state() });
        assert_eq!(bare[2].outcome, DoctorOutcome::Warning);
        let ssh = of(TerminalFacts { ssh: true, ..facts() }, TerminalState { desktop: false, ..state() });
        assert_eq!(ssh[2].outcome, DoctorOutcome::Ok);
        let kitty = of(TerminalFacts { kitty: true, ..facts() }, state());
        assert!(kitty[1].found.contains("with images = \"auto\", by kitty's graphics"), "{}", kitty[1].found);
        let piped = of(facts(), TerminalState { size: None, ..state() });
        assert_eq!(piped[0].outcome, DoctorOutcome::Ok);
    }
}
