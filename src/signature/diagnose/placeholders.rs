//! Parts of the signed content whose variables were not set: `undefined.undefined.{body}`.
//!
//! Each such content stands alone, and comes with nothing else: programs that read headers of another name get all of
//! them so.

use super::CauseCode;
use super::axis::{Axis, Ways, Why};
use super::subcause::Subcause;
use super::templates::{Construction, TemplateShape};
use crate::signature::{SignedContent, Source, TemplatePiece};

/// What is written of a part that is not set.
const WORDS: [&str; 4] = ["undefined", "null", "None", ""];
/// Beyond what goes with another change.
const RANK: u16 = 21;

/// Adds the usual content with parts of the request or of the configuration that were not set: each of them alone, and
/// all of the request's at once, the timestamp among them.
pub(super) fn unset_parts(usual: &SignedContent, construction: Construction, axis: &mut Axis<TemplateShape>) {
    let pieces = usual.pieces();
    let places: Vec<usize> = (0..pieces.len()).filter(|&place| is_set_elsewhere(&pieces[place])).collect();
    if places.is_empty() {
        return;
    }
    let mut add = |word: &str, places: &[usize], rank| {
        let mut other = pieces.to_vec();
        places.iter().for_each(|&place| other[place] = TemplatePiece::Text(word.as_bytes().to_vec()));
        let what = match word {
            "" => "nothing".to_owned(),
            _ => format!("the text {word}"),
        };
        let parts: Vec<String> =
            places.iter().map(|&place| SignedContent::of(vec![pieces[place].clone()]).to_string()).collect();
        let detail = format!("{what} was signed in place of {}", parts.join(" and "));
        let shape = TemplateShape { content: SignedContent::of(other), construction };
        let why = Why::new(CauseCode::SignedPartMissing, rank, detail).of(Subcause::UnsetParts);
        axis.add(shape, Ways::of(why));
    };
    let is_timestamp = |place: &usize| pieces[*place] == TemplatePiece::Timestamp;
    let is_of_request = |place: &usize| is_timestamp(place) || (places.contains(place) && !is_setting(&pieces[*place]));
    let of_request: Vec<usize> = (0..pieces.len()).filter(is_of_request).collect();
    for (rank, word) in (RANK..).zip(WORDS) {
        places.iter().for_each(|&place| add(word, &[place], rank));
        if of_request.len() > 1 {
            add(word, &of_request, rank);
        }
    }
    // PayPal's simulator signs with this word for the webhook's id.
    for &place in places.iter().filter(|&&place| is_named(&pieces[place], "webhook_id")) {
        add("WEBHOOK_ID", &[place], RANK);
    }
}

/// Whether it is a value that a program reads by its name, but for the timestamp.
fn is_set_elsewhere(piece: &TemplatePiece) -> bool {
    match piece {
        TemplatePiece::Id => true,
        TemplatePiece::Value(expression) => {
            matches!(expression.source, Source::Id | Source::Header(_) | Source::Setting(_))
        }
        _ => false,
    }
}

fn is_setting(piece: &TemplatePiece) -> bool {
    matches!(piece, TemplatePiece::Value(expression) if matches!(expression.source, Source::Setting(_)))
}

fn is_named(piece: &TemplatePiece, name: &str) -> bool {
    matches!(piece, TemplatePiece::Value(expression) if expression.source == Source::Setting(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rstest::rstest;

    use super::super::tests::copies::{causes, mac, told};
    use super::*;
    use crate::signature::{Algorithm, catalogue};

    const BODY: &str = r#"{"id":7}"#;
    const T: &str = "1795953600";

    #[rstest]
    #[case("undefined.undefined.", "the text undefined was signed in place of {id} and {timestamp}")]
    #[case("null.null.", "the text null was signed in place of {id} and {timestamp}")]
    #[case("undefined.1795953600.", "the text undefined was signed in place of {id}")]
    #[case(".1795953600.", "nothing was signed in place of {id}")]
    #[case("..", "nothing was signed in place of {id} and {timestamp}")]
    fn parts_that_were_not_set_are_named(#[case] lead: &str, #[case] words: &str) {
        let key = b"secretsecretsecretsecret";
        let digest = mac(Algorithm::Sha256, key, format!("{lead}{BODY}").as_bytes());
        let value = format!("v1,{}", BASE64_STANDARD.encode(digest));
        let fields = [("svix-id", "msg_1"), ("svix-timestamp", T), ("svix-signature", &*value)];
        let secret = format!("whsec_{}", BASE64_STANDARD.encode(key));
        let all = causes(&told("svix", secret.as_bytes(), &fields, BODY.as_bytes()));
        assert!(all[0].starts_with("signed_part_missing: ") && all[0].contains(words), "{all:#?}");
    }

    #[test]
    fn a_url_that_was_not_set_is_named() {
        for word in ["undefined", "null", "None"] {
            let digest = mac(Algorithm::Sha256, b"square-key", format!("{word}{BODY}").as_bytes());
            let value = BASE64_STANDARD.encode(digest);
            let all =
                causes(&told("square", b"square-key", &[("x-square-hmacsha256-signature", &value)], BODY.as_bytes()));
            let words = format!("the URL was not set: the text {word} was signed");
            assert!(all[0].starts_with("url_differs: ") && all[0].contains(&words), "{all:#?}");
            assert!(all.iter().all(|cause| !cause.contains("timestamp")), "{all:#?}");
        }
    }

    #[test]
    fn the_simulator_s_webhook_id_is_tried() {
        let usual = catalogue::named("paypal").unwrap().content;
        let mut axis = Axis::new();
        unset_parts(&usual, Construction::Hmac, &mut axis);
        let words = |(_, ways): &(TemplateShape, Ways)| ways.0[0][0].detail.clone();
        let all: Vec<String> = axis.all.iter().map(words).collect();
        assert!(
            all.iter().any(|one| one == "the text WEBHOOK_ID was signed in place of {setting:webhook_id}"),
            "{all:?}"
        );
        assert!(all.iter().any(|one| one == "nothing was signed in place of {setting:webhook_id}"), "{all:?}");
        let none: SignedContent = "{timestamp}.{body}".parse().unwrap();
        let mut axis = Axis::new();
        unset_parts(&none, Construction::Hmac, &mut axis);
        assert!(axis.all.is_empty());
    }
}
