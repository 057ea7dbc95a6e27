//! The command prompt: commands by any word that people use for them.

use crate::tui::app::action::Action;
use crate::tui::app::lent::LentTo;
use crate::tui::app::overlay::state::Prompt;
use crate::tui::keymap::{Keymap, names};
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::image::action::ImageAction;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::action::SendAction;

/// What is looked for here and done elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("prune purge", "to delete many deliveries for good, run `whyhook prune`"),
    ("import load restore", "to import deliveries, run `whyhook import` in another terminal"),
    (
        "theme colour color dark light background",
        "the theme is set with --theme (auto, dark, light, high-contrast, ansi, none), or in the configuration: theme = \
         \"dark\"; NO_COLOR turns colours off",
    ),
    ("mouse select selection", "hold Shift to select text with the mouse"),
];

/// What people call it elsewhere.
fn synonyms(action: Action) -> &'static str {
    match action {
        Action::PickAnswer => "respond response reply status code 503 500 fail",
        Action::Answer(AnswerAction::Clear) => "reset auto",
        Action::Answer(AnswerAction::Rules) => "conditions when configure",
        Action::Answer(AnswerAction::Write) => "custom response new body headers",
        Action::Answer(AnswerAction::Decide) => "hold release decide",
        Action::Answer(AnswerAction::DecideAll) => "hold release decide",
        Action::Answer(AnswerAction::Forward) => "upstream proxy pass hold",
        Action::Answer(AnswerAction::Drop) => "hang up close hold reject",
        Action::Answer(AnswerAction::LetGo) => "release hold",
        Action::Answer(AnswerAction::SendAgain) => "retry resend redeliver proxy",
        Action::Answer(AnswerAction::Probe) => "forge forged upstream server verify disagree",
        Action::TypeSecret => "key password set add",
        Action::Send(SendAction::Test) => "ping hello sample",
        Action::Send(SendAction::Replay) => "resend again retry redeliver my server edit",
        Action::Send(SendAction::Simulate) => "fake generate mock trigger sample",
        Action::Send(SendAction::Check) => "conformance my server test endpoint",
        Action::Send(SendAction::Attempts) => "history results sent",
        Action::Send(SendAction::Last) => "progress response",
        Action::Send(SendAction::Mark) => "diff compare",
        Action::Send(SendAction::Compare) => "diff difference",
        Action::Send(SendAction::CompareTunnel) => "diff difference ngrok agent integrity",
        Action::Send(SendAction::Cancel) => "stop abort",
        Action::Filter => "search find grep query",
        Action::SaveFilter => "name store remember search",
        Action::List(action) => action.synonyms(),
        Action::Follow => "tail latest live",
        Action::Pause => "freeze stop resume",
        Action::CopyMenu => "clipboard yank curl fetch python requests http markdown export",
        Action::CopyPublicUrl => "ngrok cloudflared tailscale bore tunnel address",
        Action::Deeper => "why more diagnose",
        Action::StopLooking => "abort",
        Action::Try => "guess other key",
        Action::Compare => "hash hmac log my server diff",
        Action::Reveal => "hash hmac show",
        Action::Payload(PayloadAction::Search) => "find grep",
        Action::Payload(PayloadAction::Query) => "jq filter extract",
        Action::Payload(PayloadAction::AsSent) => "original bytes raw",
        Action::Image(ImageAction::Save) => "export download write",
        Action::Image(ImageAction::Picture) => "screenshot view",
        Action::Status => "statistics health memory size uptime info",
        Action::Messages => "log history notifications errors",
        Action::Zoom => "maximise maximize full screen",
        Action::Split(_) => "resize divider width",
        Action::Help => "shortcuts manual docs",
        Action::Mouse => "click wheel scroll select selection",
        Action::Lend(LentTo::Pager) => "less more view body diagnosis diff",
        Action::Lend(LentTo::Editor) => "vi vim nano view body diagnosis diff",
        Action::Quit => "exit close",
        _ => "",
    }
}

/// The commands that `typed` may mean, the likeliest first.
#[must_use]
pub fn matching(keymap: &Keymap, typed: &str) -> Vec<Action> {
    let mut found: Vec<(u32, Action)> =
        Action::COMMANDS.iter().filter_map(|action| Some((distance(keymap, *action, typed)?, *action))).collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, action)| action).collect()
}

/// What to do instead, where no command does it.
#[must_use]
pub fn elsewhere(typed: &str) -> Vec<&'static str> {
    let typed = typed.to_lowercase();
    let mut words = typed.split_whitespace().filter(|word| word.chars().count() > 2).peekable();
    if words.peek().is_none() {
        return Vec::new();
    }
    let words: Vec<&str> = words.collect();
    let is_meant = |names: &str| words.iter().all(|word| names.split(' ').any(|name| name.starts_with(word)));
    ELSEWHERE.iter().filter(|(names, _)| is_meant(names)).map(|(_, advice)| *advice).collect()
}

/// How far what was typed is from a command; `None` when it is not meant.
fn distance(keymap: &Keymap, action: Action, typed: &str) -> Option<u32> {
    if keymap.label(action).is_some_and(|key| key == typed) {
        return Some(0);
    }
    let words = action.words().to_lowercase();
    let typed = typed.to_lowercase();
    // The names of the configuration count too.
    let synonyms = format!("{} {}", synonyms(action), names::action(action).replace('_', " "));
    typed.split_whitespace().map(|word| word_distance(word, &words, &synonyms)).sum()
}

fn word_distance(typed: &str, words: &str, synonyms: &str) -> Option<u32> {
    let begins = |text: &str| text.split([' ', '/', ',']).any(|word| word.starts_with(typed));
    match () {
        () if begins(words) => Some(1),
        () if begins(synonyms) => Some(2),
        () if words.contains(typed) => Some(3),
        // Letters in their order, as far as that says something.
        () if typed.chars().count() > 2 && is_subsequence(typed, words) => Some(8),
        () => None,
    }
}

/// Whether the letters appear in this order, each within a few of the one before.
fn is_subsequence(typed: &str, words: &str) -> bool {
    const GAP: usize = 4;
    let words: Vec<char> = words.chars().collect();
    let begins_at = |start: usize| {
        let mut at = start;
        typed.chars().all(|letter| {
            let found = words.iter().skip(at).take(GAP).position(|character| *character == letter);
            found.is_some_and(|found| {
                at += found + 1;
                true
            })
        })
    };
    let starts = (0..words.len()).filter(|at| *at == 0 || words[at - 1] == ' ');
    starts.into_iter().any(begins_at)
}

impl Prompt {
    /// The commands that what has been typed may mean.
    #[must_use]
    pub fn commands(&self, keymap: &Keymap) -> Vec<Action> {
        matching(keymap, self.text())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn matching(typed: &str) -> Vec<Action> {
        super::matching(&Keymap::default(), typed)
    }

    #[rstest]
    #[case("replay", Action::Send(SendAction::Replay))]
    #[case("resend", Action::Send(SendAction::Replay))]
    #[case("diff", Action::Send(SendAction::Compare))]
    #[case("curl", Action::CopyMenu)]
    #[case("export", Action::CopyMenu)]
    #[case("503", Action::PickAnswer)]
    #[case("jq", Action::Payload(PayloadAction::Query))]
    #[case("held", Action::Answer(AnswerAction::Decide))]
    #[case("conformance", Action::Send(SendAction::Check))]
    #[case("check", Action::Send(SendAction::Check))]
    #[case("log", Action::Messages)]
    #[case("exit", Action::Quit)]
    #[case("Quit", Action::Quit)]
    #[case("chk rec", Action::Send(SendAction::Check))]
    #[case("my server", Action::Send(SendAction::Replay))]
    #[case("C", Action::Send(SendAction::Check))]
    fn a_command_is_found_by_what_people_call_it(#[case] typed: &str, #[case] action: Action) {
        assert!(matching(typed).contains(&action), "{typed}: {:?}", matching(typed));
    }

    #[test]
    fn the_likeliest_comes_first_and_nonsense_finds_nothing() {
        assert_eq!(matching("replay")[0], Action::Send(SendAction::Replay));
        assert_eq!(matching("quit")[0], Action::Quit);
        assert_eq!(matching("retry")[..2].len(), 2);
        assert!(matching("xyzzy").is_empty());
        assert_eq!(matching("").len(), Action::COMMANDS.len());
    }

    #[test]
    fn what_is_done_elsewhere_is_told() {
        assert!(elsewhere("prune")[0].contains("whyhook prune"));
        assert!(elsewhere("theme")[0].contains("--theme"));
        assert!(elsewhere("dark")[0].contains("--theme"));
        assert!(elsewhere("").is_empty() && elsewhere("a").is_empty() && elsewhere("xyzzy").is_empty());
    }
}
