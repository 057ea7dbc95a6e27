//! What becomes of a body that a program collects piece by piece as text: `body += chunk`.
//!
//! The variable may hold something before the first piece, the pieces may be collected twice, and a character that is cut
//! in two is decoded in two halves.

use super::CauseCode;
use super::axis::Why;
use super::body_recipes::BodyRecipe;
use super::frameworks::LONGEST;
use super::recipes::Found;
use super::subcause::Subcause;

/// Explanations that stand alone: with another change beside, they would be found for nothing.
const ALONE: u16 = 21;

/// The most places at which a body is cut, and the most bytes that are hashed for them.
const MOST_CUTS: usize = 64;
const MOST_CUT_BYTES: usize = 8 << 20;
/// So few are tried before pairs of changes.
const FEW_CUTS: usize = 3;

/// What stands before the first piece of a variable that was not set, or set to something else than a text.
const BEFORE: [(&str, &str); 6] = [
    ("undefined", "let body; body += chunk"),
    ("null", "let body = null; body += chunk"),
    ("[object Object]", "let body = {}; body += chunk"),
    ("None", "body = str(None); body += chunk"),
    ("false", "let body = false; body += chunk"),
    ("0", "let body = 0; body += chunk"),
];
/// The commonest of them.
const COMMON: usize = 2;

/// Lists what is likely enough to be tried with every body.
pub(super) fn list(body: &[u8], found: Found<'_>) {
    if body.is_empty() || body.len() > LONGEST {
        return;
    }
    for (word, code) in &BEFORE[..COMMON] {
        before(word, code, found);
    }
    let detail = "the body was signed two times, one after the other, as a handler that is registered twice \
                  (body += chunk) makes it";
    found(BodyRecipe::Edit(|body| Some([body, body].concat())), framed(ALONE, detail));
    let cuts = cuts(body);
    if cuts.len() <= FEW_CUTS {
        list_cuts(body, &cuts, found);
    }
}

/// Lists what is tried after all pairs of changes.
pub(super) fn list_rare(body: &[u8], found: Found<'_>) {
    if body.is_empty() || body.len() > LONGEST {
        return;
    }
    for (word, code) in &BEFORE[COMMON..] {
        before(word, code, found);
    }
    for word in ["undefined", "null", "None"] {
        let detail =
            format!("the text {word} was signed after the body, as body += chunk makes it of a last call without one");
        found(BodyRecipe::Around(b"", word.as_bytes()), framed(ALONE + 1, detail));
    }
    let cuts = cuts(body);
    if cuts.len() > FEW_CUTS {
        list_cuts(body, &cuts, found);
    }
}

fn before(word: &'static str, code: &str, found: Found<'_>) {
    let detail = format!("the text {word} was signed before the body, as `{code}` makes it");
    found(BodyRecipe::Around(word.as_bytes(), b""), framed(ALONE, detail));
}

fn framed(rank: u16, detail: impl Into<String>) -> Why {
    Why::new(CauseCode::BodyFramed, rank, detail).of(Subcause::TextPieces)
}

fn list_cuts(body: &[u8], cuts: &[usize], found: Found<'_>) {
    let last = body.iter().rposition(|byte| !byte.is_ascii());
    for &cut in cuts {
        let start = body[..cut].iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or_default();
        let is_only = body[..start].is_ascii() && last.is_some_and(|last| body[start + 1..=last].iter().all(is_within));
        // The first byte alone is one U+FFFD, and so is each after it: reading the whole as ASCII does the same.
        let (rank, also) =
            if is_only && cut == start + 1 { (3, "; or all of it was read as ASCII") } else { (ALONE, "") };
        let detail = format!(
            "each piece of the body was decoded on its own (body += chunk), so that the character at byte {start}, cut in two, \
             became U+FFFD{also}"
        );
        found(BodyRecipe::Cut(cut), Why::new(CauseCode::BodyCharset, rank, detail).of(Subcause::TextPieces));
    }
}

fn is_within(byte: &u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The places within characters at which a piece may end, as many as are worth their digests; none where the body is not
/// UTF-8, which decoding changes anyhow.
fn cuts(body: &[u8]) -> Vec<usize> {
    let most = (MOST_CUT_BYTES / body.len().max(1)).min(MOST_CUTS);
    if body.is_ascii() || std::str::from_utf8(body).is_err() {
        return Vec::new();
    }
    (0..body.len()).filter(|&at| is_within(&body[at])).take(most).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::copies::{causes, mac, told};
    use super::*;
    use crate::signature::Algorithm;
    use crate::signature::diagnose::Diagnosis;
    use crate::signature::rewrite::text::decoded_in_two;

    const KEY: &[u8] = b"s3cr3t-Key-0123456789abcdef";
    const BODY: &str = r#"{"id":7}"#;

    fn github(signed: &[u8], body: &[u8]) -> Diagnosis {
        let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, KEY, signed)));
        told("github", KEY, &[("X-Hub-Signature-256", &value)], body)
    }

    fn trackpilots(signed: &str, body: &str) -> Vec<String> {
        let digest = mac(Algorithm::Sha256, KEY, format!("1795953600.{signed}").as_bytes());
        let fields = [("X-Webhook-Signature", &*hex::encode(digest)), ("X-Webhook-Timestamp", "1795953600")];
        causes(&told("trackpilots", KEY, &fields, body.as_bytes()))
    }

    #[test]
    fn what_stands_before_or_after_the_body_is_no_timestamp_of_a_scheme_without_one() {
        for word in ["undefined", "null", "None", "false", "0", "[object Object]"] {
            let all = causes(&github(format!("{word}{BODY}").as_bytes(), BODY.as_bytes()));
            let wanted = format!("the text {word} was signed before the body");
            assert!(all[0].starts_with("body_framed: ") && all[0].contains(&wanted), "{all:#?}");
            assert!(all.iter().all(|cause| !cause.contains("timestamp")), "{all:#?}");
            let all = trackpilots(&format!("{word}{BODY}"), BODY);
            assert!(all[0].starts_with("body_framed: ") && all[0].contains(&wanted), "{all:#?}");
        }
        for word in ["undefined", "null", "None"] {
            let all = causes(&github(format!("{BODY}{word}").as_bytes(), BODY.as_bytes()));
            let wanted = format!("the text {word} was signed after the body");
            assert!(all[0].starts_with("body_framed: ") && all[0].contains(&wanted), "{all:#?}");
        }
        // Whatever the text is, nothing is told of a timestamp that is nowhere.
        for word in ["NaN", "nil", "Invalid Date", "true"] {
            for signed in [format!("{word}{BODY}"), format!("{word}.{BODY}"), format!("{BODY}.{word}")] {
                let all = causes(&github(signed.as_bytes(), BODY.as_bytes()));
                assert!(all.iter().all(|cause| !cause.contains("timestamp")), "{all:#?}");
            }
        }
    }

    #[test]
    fn a_body_that_is_collected_twice_is_named_with_what_to_do() {
        let found = github(format!("{BODY}{BODY}").as_bytes(), BODY.as_bytes());
        assert!(causes(&found)[0].contains("signed two times"), "{found:#?}");
        assert!(found.causes[0].fix.contains("Buffer.concat"), "{found:#?}");
        assert!(trackpilots(&format!("{BODY}{BODY}"), BODY)[0].contains("signed two times"));
    }

    #[test]
    fn a_character_that_is_cut_in_two_is_named() {
        for (body, signed, is_either) in [
            ("{\"a\":\"é\"}", "{\"a\":\"\u{fffd}\u{fffd}\"}", true),
            ("{\"a\":\"😀\"}", "{\"a\":\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\"}", true),
            ("{\"a\":\"😀\"}", "{\"a\":\"\u{fffd}\u{fffd}\u{fffd}\"}", false),
            ("{\"a\":\"😀\"}", "{\"a\":\"\u{fffd}\u{fffd}\"}", false),
            ("{\"a\":\"é\",\"b\":\"é\"}", "{\"a\":\"é\",\"b\":\"\u{fffd}\u{fffd}\"}", false),
            ("{\"a\":\"éà😀€\",\"b\":\"é\"}", "{\"a\":\"éà😀\u{fffd}\u{fffd}\",\"b\":\"é\"}", false),
        ] {
            let all = trackpilots(signed, body);
            assert!(all[0].starts_with("body_charset: ") && all[0].contains("decoded on its own"), "{body}: {all:#?}");
            assert_eq!(all[0].contains("or all of it was read as ASCII"), is_either, "{body}: {all:#?}");
        }
        let both = trackpilots("{\"a\":\"\u{fffd}\u{fffd}\",\"b\":\"\u{fffd}\u{fffd}\"}", "{\"a\":\"é\",\"b\":\"é\"}");
        assert!(both[0].contains("for each byte outside ASCII"), "{both:#?}");
    }

    proptest! {
        #[test]
        fn cuts_are_few_and_each_changes_the_body(text in "\\PC{0,90}") {
            let cuts = cuts(text.as_bytes());
            prop_assert!(cuts.len() <= MOST_CUTS);
            for cut in cuts {
                let decoded = decoded_in_two(text.as_bytes(), cut).unwrap();
                let is_marked = String::from_utf8(decoded).unwrap().contains(char::REPLACEMENT_CHARACTER);
                prop_assert!(is_marked);
            }
        }
    }
}
