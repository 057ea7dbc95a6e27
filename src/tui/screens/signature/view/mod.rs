//! The verdict with what it rests on: headers, age, the signed bytes, both digests.

pub(crate) mod adopt;
pub(crate) mod diagnosis;
mod difference;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::config::MissingSecret;
use crate::delivery::Verdict;
use crate::payload::raw::RawRows;
use crate::signature::{Scheme, SignedContent, hashed_url, parse_digest};
use crate::text;
use crate::tui::app::action::Action;
use crate::tui::pane::Pane;
use crate::tui::screens::overview::view::{bytes, timestamp_words, verdict};
use crate::tui::widgets::{NAME_COLUMNS, field, heading, paragraph, secret_words, shown};

/// How many of the signed bytes are shown from the beginning and from the end: enough to
/// see how they begin, and whether a line end or a space follows the last bracket.
const SIGNED_FIRST_BYTES: usize = 600;
const SIGNED_LAST_BYTES: usize = 60;
/// How many bytes are shown on each side of the first difference.
const AROUND_BYTES: usize = 120;
/// How many of the bytes that arrived are compared with those that were signed, which are fewer.
const COMPARED_BYTES: usize = 64;
/// What a place says where there are no more bytes.
const END: &str = "the end";
/// How much of a URL is shown.
const URL_COLUMNS: usize = 1000;
/// Hexadecimal digits in a group of a digest: half of it, so that both halves fit beside the name on
/// 80 columns.
const GROUP: usize = 32;

pub(crate) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let scheme = &pane.loaded.scheme;
    let mut lines = verdict(pane);
    lines.extend(meaning(pane).into_iter().flat_map(|words| paragraph(&words, theme.dim, columns)));
    if let Some(name) = pane.model.adopted_by(pane.loaded.webhook.as_deref()) {
        let back = match pane.model.keymap.press(Action::Adopt) {
            // The menu that the key opens has a row for it.
            command if pane.model.keymap.is_in_lines() => format!("{command} configured"),
            key => key,
        };
        let words = format!(
            "Adopted for this run: {name}. To keep it, in the configuration: scheme = \"{name}\". {back} takes it back."
        );
        lines.extend(paragraph(&shown(&words), theme.info, columns));
    }
    lines.push(Line::default());

    lines.extend(diagnosis::lines(pane));
    lines.extend(differing_place(pane));
    lines.push(heading("Headers", look));
    let carried = [("signature", scheme.signature_header()), ("timestamp", scheme.timestamp_header())];
    // Some schemes have no timestamp header.
    for (name, header) in carried.into_iter().filter(|(_, header)| !header.is_empty()) {
        let mut found = false;
        for value in pane.loaded.delivery.head.values(header) {
            found = true;
            lines.extend(field(name, &text::visible_bytes(value), theme.text, columns, look));
        }
        if !found {
            lines.extend(field(name, &format!("missing header {header}"), theme.bad, columns, look));
        }
    }
    if let Some(timestamp) = &pane.loaded.judgement().timestamp {
        let (words, is_odd) = timestamp_words(timestamp);
        let words = words.strip_prefix(&shown(&timestamp.raw)).unwrap_or(&words).trim().to_owned();
        lines.extend(field("age", &words, if is_odd { theme.warn } else { theme.good }, columns, look));
    }
    lines.push(Line::default());
    lines.extend(hashed(pane));
    lines.extend(digests(pane, scheme));
    lines.extend(diagnosis::other_direction(pane));
    lines.extend(signed_bytes(pane, scheme));
    lines
}

/// What the verdict means for the person, in a sentence.
fn meaning(pane: &Pane<'_>) -> Option<String> {
    let scheme = &pane.loaded.scheme;
    let verdict = pane.loaded.rejudged.as_ref().unwrap_or_else(|| pane.loaded.judgement()).verdict;
    if matches!(verdict, Verdict::Mismatch | Verdict::MalformedSignature) && pane.detail.inquiry.why.is_some() {
        // The diagnosis says more.
        return None;
    }
    if pane.loaded.rejudged.is_some() && pane.model.adopted_by(pane.loaded.webhook.as_deref()).is_some() {
        // It was judged by another scheme than the one that is known here.
        return None;
    }
    Some(match verdict {
        Verdict::Verified if !scheme.is_trackpilots() => format!(
            "This secret makes the signature that the request has, as {} signs: {}.",
            if scheme.name.is_empty() { "the sender" } else { &scheme.name },
            scheme.proof
        ),
        Verdict::Verified => {
            "HMAC-SHA256 over timestamp + \".\" + body with this secret equals the signature header.".to_owned()
        }
        Verdict::Mismatch => {
            "None of the configured secrets produces this signature for exactly these bytes: another secret was \
             used, or different bytes were signed."
                .to_owned()
        }
        Verdict::MissingSignature if scheme.signature.header_name().is_none() => {
            format!("No signature at {}.", scheme.signature_place())
        }
        Verdict::MissingSignature => format!("Missing header {}.", scheme.signature_header()),
        Verdict::MissingTimestamp => format!("Missing header {}.", scheme.timestamp_header()),
        Verdict::MalformedSignature if !scheme.is_trackpilots() => {
            format!("{} does not have the form of this scheme's signature.", scheme.signature_header())
        }
        Verdict::MalformedSignature => {
            "A Trackpilots signature is 64 lower-case hexadecimal digits and nothing else.".to_owned()
        }
        Verdict::AmbiguousHeaders => {
            "A header was sent twice. Receivers may use either value, so the request is refused.".to_owned()
        }
        Verdict::NoSecret => {
            let variable = MissingSecret::variable(&scheme.name);
            format!(
                "{} to give the webhook's secret for this run, or set {variable} in .env.",
                text::capitalised(&pane.model.keymap.request(Action::TypeSecret))
            )
        }
        Verdict::NotJudged => return None,
    })
}

/// Which URL was hashed, where the scheme signs it, and how to give another.
fn hashed(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let scheme = &pane.loaded.scheme;
    let Some(url) = hashed_url(scheme, &pane.loaded.delivery.head) else { return Vec::new() };
    let shown = text::visible(&url);
    let mut lines = vec![heading("Hashed URL", look)];
    lines.extend(field("url", &text::clip(&shown, URL_COLUMNS), look.theme.text, columns, look));
    let words = match &scheme.url {
        Some(_) => "As given with --url, or url = of the webhook's scheme.",
        None => {
            "Made from the Host header and the request line. If the sender calls another URL, give it: --url URL, or \
             url = \"URL\" in the webhook's scheme."
        }
    };
    lines.extend(paragraph(words, look.theme.dim, columns));
    lines.push(Line::default());
    lines
}

fn digests(pane: &Pane<'_>, scheme: &Scheme) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let received =
        pane.loaded.delivery.head.value(scheme.signature_header()).and_then(|value| parse_digest(value).ok());
    if received.is_none() && pane.loaded.expected.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("Digests", pane.look)];
    match received {
        Some(digest) => lines.extend(digest_lines("received", &hex::encode(digest), theme.text, pane)),
        None => lines.extend(field("received", "no valid digest", theme.dim, pane.columns, pane.look)),
    }
    // Where one secret is right, the others are none of the delivery's business.
    let is_rebuilt = pane.loaded.delivery.summary.intake.is_rebuilt();
    let is_right = pane.loaded.expected.iter().any(|expected| received == Some(expected.digest));
    for expected in &pane.loaded.expected {
        let is_equal = received == Some(expected.digest);
        // The right digest of arbitrary bytes is a credential: it is shown when it is known already,
        // or when asked for.
        let digits = if is_equal || pane.model.revealed { hex::encode(expected.digest) } else { "·".repeat(64) };
        let style = if is_equal { theme.good } else { theme.dim };
        lines.extend(digest_lines("expected", &digits, style, pane));
        let (glyph, words, style) = match (is_equal, received.is_some()) {
            (true, _) => ("=", "equal", theme.good),
            (false, true) if is_right => (" ", "another secret", theme.dim),
            (false, true) if is_rebuilt => ("≈", "differs: the bytes were rebuilt", theme.warn),
            (false, true) => ("≠", "differs", theme.bad),
            (false, false) => (" ", "nothing to compare", theme.dim),
        };
        let key = pane.model.keymap.press(Action::Reveal);
        let reveal = match (is_equal, pane.model.revealed) {
            (true, _) => String::new(),
            (false, false) if pane.model.keymap.is_in_lines() => format!("; {key} shows it"),
            (false, false) => format!("; {key} reveals it"),
            (false, true) => format!("; {key} hides it"),
        };
        let words = format!("{words}{reveal}  ({})", secret_words(&expected.label));
        lines.extend(field("", &pane.look.marked(glyph, &words), style, pane.columns, pane.look));
    }
    lines.push(Line::default());
    lines
}

/// A digest in groups, so that two of them can be compared by eye; as many in a line as fit.
fn digest_lines(name: &str, digits: &str, style: Style, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let characters: Vec<char> = digits.chars().collect();
    let groups: Vec<String> = characters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    let a_line = if pane.columns >= NAME_COLUMNS + 2 * GROUP + 2 { 2 } else { 1 };
    let mut lines = Vec::new();
    for (index, part) in groups.chunks(a_line).enumerate() {
        lines.extend(field(if index == 0 { name } else { "" }, &part.join(" "), style, pane.columns, pane.look));
    }
    lines
}

/// The first difference between the body and what was signed, with the bytes around it: what differs is marked, and
/// both lines go on to the same place.
fn differing_place(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let Some(place) = pane.detail.inquiry.place_in_body() else { return Vec::new() };
    let body = &pane.loaded.delivery.body;
    let offset = place.offset.min(body.len());
    let before = &body[offset.saturating_sub(AROUND_BYTES)..offset];
    let here = &body[offset..(offset + COMPARED_BYTES).min(body.len())];
    let here: Vec<char> = text::visible_bytes(here).chars().collect();
    let is_end = place.after == END;
    let signed: Vec<char> = if is_end { Vec::new() } else { place.after.chars().collect() };
    let marks = if is_end {
        // All that is left was not signed.
        difference::Differing { here: vec![true; here.len()], there: Vec::new() }
    } else {
        difference::marks(&here, &signed)
    };
    let room = pane.columns.saturating_sub(12);
    let longest = marks.here.len().max(signed.len());
    let left = room.saturating_sub(longest.min(room / 2 * 2)).max(room / 3);
    let left: String =
        text::visible_bytes(before).chars().rev().take(left).collect::<Vec<_>>().into_iter().rev().collect();
    let line = |name: &'static str, text: &[char], marks: &[bool], style: Style| {
        let mut spans = vec![Span::styled(name, theme.dim), Span::raw(left.clone())];
        for (character, is_marked) in text.iter().zip(marks) {
            let style = if *is_marked { style.add_modifier(Modifier::REVERSED) } else { theme.text };
            spans.push(Span::styled(character.to_string(), style));
        }
        if marks.is_empty() {
            spans.push(Span::styled("(the end)", style.add_modifier(Modifier::REVERSED)));
        }
        Line::from(spans)
    };
    vec![
        Line::from(vec![
            Span::styled("First difference", theme.title),
            Span::styled(format!("  body byte {}", bytes(offset)), theme.dim),
        ]),
        line("  here      ", &here, &marks.here, theme.hidden),
        line("  signed    ", &signed, &marks.there, theme.good),
        Line::default(),
    ]
}

/// Timestamp, dot and body as they were signed, with what cannot be seen made visible.
fn signed_bytes(pane: &Pane<'_>, scheme: &Scheme) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let timestamp = pane.loaded.delivery.head.value(scheme.timestamp_header()).unwrap_or_default();
    let body = &pane.loaded.delivery.body;
    let sum = if scheme.content == SignedContent::default() {
        let total = bytes(timestamp.len() + 1 + body.len());
        format!("  {total} = {} timestamp + 1 dot + {} body", bytes(timestamp.len()), bytes(body.len()))
    } else {
        format!("  {}, with {} of body", scheme.content, bytes(body.len()))
    };
    let mut lines = vec![Line::from(vec![Span::styled("Signed bytes", theme.title), Span::styled(sum, theme.dim)])];
    let first = &body[..body.len().min(SIGNED_FIRST_BYTES)];
    let signed =
        if scheme.content == SignedContent::default() { [timestamp, b".", first].concat() } else { first.to_vec() };
    lines.extend(marked(signed, pane));
    let left = body.len().saturating_sub(SIGNED_FIRST_BYTES);
    if left > SIGNED_LAST_BYTES {
        let words = format!("… {} bytes …", bytes(left - SIGNED_LAST_BYTES));
        lines.push(Line::styled(words, theme.dim));
    }
    if left > 0 {
        lines.extend(marked(body[body.len() - left.min(SIGNED_LAST_BYTES)..].to_vec(), pane));
    }
    lines
}

/// Bytes as rows in which the symbols that stand for invisible characters are marked.
fn marked(bytes: Vec<u8>, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let is_symbol = |character: char| matches!(character, '\u{2400}'..='\u{2421}' | '⟨' | '⟩');
    let rows = RawRows::new(bytes.into(), pane.columns);
    let mut lines = Vec::new();
    for index in 0..rows.len() {
        let part = rows.row(index);
        let mut spans: Vec<Span<'static>> = Vec::new();
        let mut run = String::new();
        let mut run_is_symbol = false;
        for character in part.chars() {
            if is_symbol(character) != run_is_symbol && !run.is_empty() {
                spans.push(Span::styled(
                    std::mem::take(&mut run),
                    if run_is_symbol { theme.hidden } else { theme.text },
                ));
            }
            run_is_symbol = is_symbol(character);
            run.push(character);
        }
        spans.push(Span::styled(run, if run_is_symbol { theme.hidden } else { theme.text }));
        lines.push(Line::from(spans));
    }
    lines
}
