//! The other direction: the signature is valid here, and another server refuses it.
//!
//! Then that server hashes different bytes. [`other_direction`] lists the well-known re-serialisations
//! that change *this* body, and [`explain_digest`] says which mistake yields a digest that the server
//! printed.

use std::fmt;

use super::axis::Ways;
use super::bodies::{Bodies, first_difference};
use super::encoding::WrittenSignature;
use super::explain::Explained;
use super::subcause::Subcause;
use super::{
    Budget, BytePlace, CauseCode, Diagnosis, Evidence, NotADigest, PrintedDigest, Request, explain, search, structure,
};
use crate::delivery::Verdict;
use crate::signature::judge;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::verify::described_digest;

/// One rewriting that changes a body.
#[derive(Clone, PartialEq, Eq)]
pub struct Rewriting {
    /// What kind of change it is.
    pub code: CauseCode,
    /// What it does, in words.
    pub detail: String,
    /// Everything that yields the same bytes.
    pub names: Vec<String>,
    /// Whether what has these names comes after a change that `detail` alone says.
    pub is_second: bool,
    /// The first byte that differs: what arrived, and what that server would hash.
    pub at: BytePlace,
    /// Bytes of the rewritten body.
    pub length: usize,
    /// As the scheme writes it.
    digest: String,
}

impl Rewriting {
    /// The digest that a server which rewrites so computes. A credential for those bytes: show it
    /// only when asked.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl fmt::Debug for Rewriting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, detail, names, is_second, at, length, digest: _ } = self;
        formatter
            .debug_struct("Rewriting")
            .field("code", code)
            .field("detail", detail)
            .field("names", names)
            .field("is_second", is_second)
            .field("at", at)
            .field("length", length)
            .finish_non_exhaustive()
    }
}

/// Lists the rewritings that change a request's body, the most common first, each with the digest that its scheme makes
/// of them under the first secret. One that leaves the body as it is cannot be the server's mistake, and is left out.
/// None under a scheme without a shared secret, or whose digest the body is no part of.
#[must_use]
pub fn other_direction(request: &Request<'_>) -> Vec<Rewriting> {
    let (scheme, Some(secret)) = (request.scheme, request.secrets.first()) else { return Vec::new() };
    if scheme.algorithm().is_none() || !scheme.covers_body() {
        return Vec::new();
    }
    let body = request.body;
    let structure = structure::read(request);
    let url = signed_url(scheme, request.head);
    let digest_of = |bytes: &[u8]| {
        let parts = Parts {
            timestamp: structure.timestamp.as_deref().unwrap_or_default(),
            id: structure.id.as_deref().unwrap_or_default(),
            value: Some(&structure.value),
            secret: secret.expose(),
            ..Parts::of(scheme, request.head, &url, bytes)
        };
        described_digest(scheme, secret, &parts).map(|digest| scheme.encoding.encode(&digest))
    };
    let mut bodies = Bodies::new(body, b"");
    let mut made = Vec::new();
    bodies.build(0, |index, bytes| {
        if let Some(digest) = digest_of(bytes) {
            made.push((index, first_difference(body, bytes), bytes.len(), digest));
        }
        true
    });
    // By now every entry has all of its names.
    let mut all: Vec<(usize, u16, Rewriting)> = Vec::new();
    for (index, at, length, digest) in made {
        let ways: &Ways = bodies.ways(index);
        let Some(why) = ways.0.first().and_then(|way| way.first()) else { continue };
        // A server that adds a line end, or makes something of nothing, re-serialises nothing.
        let adds = length > body.len() && why.code == CauseCode::BodyNewline;
        if adds || (body.is_empty() && why.code != CauseCode::BodyStringifiedObject) {
            continue;
        }
        let (code, detail, names) = (why.code, super::server_words::reworded(&why.detail), why.names.clone());
        let is_second = why.is(&Subcause::ThenReserialised);
        all.push((ways.weight(), ways.rank(), Rewriting { code, detail, names, is_second, at, length, digest }));
    }
    all.sort_by_key(|(weight, rank, _)| (*weight, *rank));
    all.into_iter().map(|(_, _, rewriting)| rewriting).collect()
}

/// Says which mistake yields a digest that another server computed for this delivery. `text` is the
/// digest in any form that [`PrintedDigest::read`] knows, or a log line that holds it; the evidence `read_as` says how
/// it was read.
///
/// The causes are those of [`super::diagnose`], told of the server. When the digest is the expected one, there are none,
/// and the evidence `same_digest` says what that means; when it is the one that the request carries, `same_as_sent`.
///
/// # Errors
///
/// [`NotADigest`] when the text holds none, or several.
pub fn explain_digest(text: &str, request: &Request<'_>, budget: &Budget<'_>) -> Result<Diagnosis, NotADigest> {
    let printed = PrintedDigest::read(text)?;
    let mut structure = structure::read(request);
    let usual = request.scheme.algorithm().unwrap_or_default();
    let sent = std::mem::replace(&mut structure.received, printed.received(usual));
    let is_sent = sent.iter().any(|sent| sent.written == WrittenSignature::Whole && printed.is(&sent.digest));
    structure.is_secret = None;
    structure.seen.clear();
    let verdict =
        judge(request.scheme, request.secrets.iter().copied(), request.head, request.body, request.received_at).verdict;
    let found = search::run(request, &structure, budget);
    let is_cut = !found.matches.is_empty() && found.matches.iter().all(|found| printed.is_cut(found.received));
    let explained = Explained::by_search(request, &structure, &found);
    let is_right = explained.is_right;
    let mut diagnosis = explain::digest_report(request, verdict, &structure, explained);
    if is_right || (is_sent && !diagnosis.is_proved()) {
        diagnosis.causes.clear();
    }
    diagnosis.evidence.extend(agreement(verdict, is_right, is_sent));
    diagnosis.evidence.push(Evidence {
        code: "read_as",
        text: format!("your server's digest was {}", printed.words_of(is_cut.then_some(usual))),
    });
    Ok(diagnosis)
}

/// What it means that the server's digest is the expected one, or the one that the request carries.
fn agreement(verdict: Verdict, is_right: bool, is_sent: bool) -> Option<Evidence> {
    let is_verified = verdict == Verdict::Verified;
    let (code, text) = match (is_right, is_sent) {
        (true, _) if is_verified => (
            "same_digest",
            "the server computed the expected digest: check how it compares (letter case, encoding, bytes against text), \
             and which header it reads",
        ),
        (true, true) => (
            "same_digest",
            "the server computed the expected digest, and the request carries it, but not as the scheme has it: what is \
             wrong with the request is the reason",
        ),
        (true, false) => (
            "same_digest",
            "the server computed the expected digest, and the signature of the request is another one: the server is \
             right to refuse it; why it does not match is explained of the request itself",
        ),
        (false, true) if is_verified => (
            "same_as_sent",
            "the server computed another signature that the request carries, and not the one that verifies here: it has \
             another secret",
        ),
        (false, true) => (
            "same_as_sent",
            "the server computed the very signature that the request carries: server and sender agree, and what differs is \
             the secret, scheme or URL that is configured here; where the server refuses it all the same, check how it \
             compares",
        ),
        (false, false) => return None,
    };
    Some(Evidence { code, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::super::tests::{BODY, SECRET, secret};
    use super::*;
    use crate::delivery::Intake;
    use crate::http::Head;
    use crate::signature::catalogue::named;
    use crate::signature::diagnose::History;
    use crate::signature::{Scheme, Secret, sign, sign_request};

    const T: &str = "1746123456";

    /// Those of a request with this body, under the tests' secret.
    fn rewritings(body: &[u8], scheme: &Scheme) -> Vec<Rewriting> {
        let secret = secret(SECRET.as_bytes());
        other_direction(&Request {
            head: &Head::from(format!("POST / HTTP/1.1\r\nX-Webhook-Timestamp: {T}\r\n\r\n")),
            body,
            received_at: Timestamp::UNIX_EPOCH,
            intake: &Intake::Complete,
            scheme,
            secrets: &[&secret],
            others: &[],
            history: &History::default(),
        })
    }

    #[test]
    fn no_two_rewritings_are_told_in_the_same_words() {
        let all = rewritings(include_bytes!("../../../assets/samples/app.json"), &Scheme::default());
        let told = |rewriting: &Rewriting| {
            let detail = (rewriting.is_second || rewriting.names.is_empty()).then(|| rewriting.detail.clone());
            (detail, rewriting.names.clone())
        };
        for (at, rewriting) in all.iter().enumerate() {
            let same = all[..at].iter().find(|other| told(other) == told(rewriting));
            assert!(same.is_none(), "{rewriting:?} and {same:?}");
        }
        assert!(all.iter().any(|rewriting| rewriting.is_second), "a change of two parts is among them");
    }

    #[test]
    fn a_server_s_rewritings_are_told_of_the_server_and_nothing_is_made_of_nothing() {
        let of = |body: &[u8]| rewritings(body, &Scheme::default());
        let empty = of(b"");
        assert!(empty.iter().any(|one| one.detail.contains("{} was hashed")), "{empty:#?}");
        assert!(empty.iter().all(|one| one.code == CauseCode::BodyStringifiedObject), "{empty:#?}");
        let all = of(BODY.as_bytes());
        assert!(all.iter().all(|one| !one.detail.contains("was signed")), "{all:#?}");
        assert!(!all.iter().any(|one| one.code == CauseCode::BodyNewline && one.length > BODY.len()), "{all:#?}");
    }

    #[test]
    fn only_what_changes_the_body_is_listed() {
        let secret = secret(SECRET.as_bytes());
        let request = |scheme: &Scheme| rewritings(br#"{"a":1}"#, scheme);
        let all = request(&Scheme::default());
        let names: Vec<&String> = all.iter().flat_map(|rewriting| &rewriting.names).collect();
        assert!(names.iter().any(|name| *name == "Python json.dumps"), "{names:?}");
        assert!(!names.iter().any(|name| *name == "JavaScript JSON.stringify"), "{names:?}");
        let python =
            all.iter().find(|rewriting| rewriting.names.iter().any(|name| name == "Python json.dumps")).unwrap();
        assert_eq!((python.at.offset, python.at.before.as_str(), python.at.after.as_str()), (5, "1}", " 1}"));
        assert_eq!(python.digest(), sign(&secret, T.as_bytes(), br#"{"a": 1}"#));
        assert!(!format!("{python:?}").contains(python.digest()));
        // Under another scheme it is that scheme's.
        let shopify = request(&crate::signature::catalogue::named("shopify").unwrap());
        let own = shopify.iter().find(|rewriting| rewriting.names.iter().any(|name| name == "Python json.dumps"));
        assert_eq!(own.unwrap().digest(), "FyI1M8ZcR7tBfYASbMX1l8kOKQGQjDV5cmvGuGfZvak=");
        assert!(request(&crate::signature::catalogue::named("discord").unwrap()).is_empty());
    }

    fn explained(line: &str) -> Result<Diagnosis, NotADigest> {
        let secret = secret(SECRET.as_bytes());
        let signature = sign(&secret, T.as_bytes(), BODY.as_bytes());
        let head = format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: {T}\r\n\r\n");
        let request = Request {
            head: &Head::from(head),
            body: BODY.as_bytes(),
            received_at: Timestamp::from_second(1_746_123_460).unwrap(),
            intake: &Intake::Complete,
            scheme: &Scheme::default(),
            secrets: &[&secret],
            others: &[],
            history: &History::default(),
        };
        explain_digest(line, &request, &Budget::default())
    }

    #[test]
    fn a_log_line_tells_the_mistake() {
        let secret = secret(SECRET.as_bytes());
        let compact = crate::signature::rewrite::Tree::read(BODY.as_bytes())
            .and_then(|tree| crate::signature::rewrite::presets().next()?.apply(&tree, 1 << 20))
            .unwrap();
        let line = format!("[warn] req=7f3a expected={} got=…", sign(&secret, T.as_bytes(), &compact).to_uppercase());
        let diagnosis = explained(&line).unwrap();
        assert_eq!(diagnosis.causes[0].changes[0].code, CauseCode::BodyReserialized);
        let empty = format!("computed: {}", sign(&secret, T.as_bytes(), b""));
        assert_eq!(explained(&empty).unwrap().causes[0].changes[0].code, CauseCode::BodyEmpty);
    }

    #[test]
    fn the_right_digest_is_said_to_be_right() {
        let right = sign(&secret(SECRET.as_bytes()), T.as_bytes(), BODY.as_bytes());
        let diagnosis = explained(&right).unwrap();
        assert!(diagnosis.causes.is_empty());
        assert_eq!(diagnosis.evidence[0].code, "same_digest");
        assert_eq!(explained("nothing here").unwrap_err(), NotADigest::Absent);
        assert_eq!(explained(&"0".repeat(64)).unwrap().causes[0].changes[0].code, CauseCode::Unexplained);
    }

    const NOW: i64 = 1_746_123_460;

    /// A delivery that `scheme` signs, and what is said of `computed` under these secrets.
    fn explained_under(
        scheme: &Scheme,
        secrets: &[&Secret],
        body: &[u8],
        value: Option<&str>,
        computed: impl Fn(&Head) -> String,
    ) -> Diagnosis {
        let mut fields = String::from("Content-Type: application/json\r\n");
        fields.extend(scheme.id_header().map(|name| format!("{name}: msg_1\r\n")));
        if !scheme.timestamp_header().is_empty() {
            fields.push_str(&format!("{}: {T}\r\n", scheme.timestamp_header()));
        }
        let head = Head::from(format!("POST /hook HTTP/1.1\r\nHost: app.example.com\r\n{fields}\r\n"));
        let own = sign_request(scheme, secrets[0], &head, T, body).unwrap();
        let computed = computed(&head);
        let head = head.with(scheme.signature_header(), value.unwrap_or(&own));
        let request = Request {
            head: &head,
            body,
            received_at: Timestamp::from_second(NOW).unwrap(),
            intake: &Intake::Complete,
            scheme,
            secrets,
            others: &[],
            history: &History::default(),
        };
        explain_digest(&computed, &request, &Budget::default()).unwrap()
    }

    fn codes(diagnosis: &Diagnosis) -> Vec<CauseCode> {
        diagnosis.causes.first().map_or_else(Vec::new, |cause| cause.changes.iter().map(|one| one.code).collect())
    }

    fn says(diagnosis: &Diagnosis, code: &str) -> bool {
        diagnosis.evidence.iter().any(|told| told.code == code)
    }

    const FORM: &[u8] = b"mandrill_events=%5B%5D&a=b";

    #[rstest]
    #[case("square", "http://localhost:3000/hook")]
    #[case("square", "https://app.example.com/hook/")]
    #[case("trello", "http://app.example.com/hook")]
    #[case("hubspot-v3", "http://app.example.com/hook?a=1")]
    #[case("twilio-form", "http://app.example.com/hook?a=1")]
    #[case("twilio-form", "https://app.example.com/hook")]
    #[case("mandrill", "http://app.example.com/hook")]
    #[case("mandrill", "https://app.example.com/hook/")]
    fn the_digest_of_another_url_is_not_the_expected_one(#[case] name: &str, #[case] seen: &str) {
        let url = if seen.contains("?a=1") || name == "twilio-form" {
            "https://app.example.com/hook?a=1"
        } else {
            "https://app.example.com/hook"
        };
        let scheme = Scheme { url: Some(url.to_owned()), ..named(name).unwrap() };
        let other = Scheme { url: Some(seen.to_owned()), ..scheme.clone() };
        let secret = secret(SECRET.as_bytes());
        let diagnosis = explained_under(&scheme, &[&secret], FORM, None, |head| {
            sign_request(&other, &secret, head, T, FORM).unwrap()
        });
        assert_eq!(codes(&diagnosis), [CauseCode::UrlDiffers], "{diagnosis:#?}");
        assert!(!says(&diagnosis, "same_digest"), "{diagnosis:#?}");
        assert!(diagnosis.causes[0].summary.contains("was hashed"), "{}", diagnosis.causes[0].summary);
        let right = explained_under(&scheme, &[&secret], FORM, None, |head| {
            sign_request(&scheme, &secret, head, T, FORM).unwrap()
        });
        assert!(right.causes.is_empty() && says(&right, "same_digest"), "{right:#?}");
    }

    /// Keys that are there twice, or that are none, do not shift the others.
    #[test]
    fn a_changed_key_is_not_the_expected_one_beside_another_secret() {
        let stripe = named("stripe").unwrap();
        let own = secret(b"whsec_9f8e7d6c5b4a39281706f5e4d3c2b1a0");
        let stripped = secret(b"9f8e7d6c5b4a39281706f5e4d3c2b1a0");
        let diagnosis = explained_under(&stripe, &[&own, &own], b"{}", None, |head| {
            sign_request(&stripe, &stripped, head, T, b"{}").unwrap()
        });
        assert_eq!(codes(&diagnosis), [CauseCode::SecretPrefix], "{diagnosis:#?}");
        let fix = &diagnosis.causes[0].fix;
        assert_eq!(fix, "Use the secret with its prefix `whsec_` on the server: it is a part of the key.");

        let standard = named("standard-webhooks").unwrap();
        let (own, bad) = (secret(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), secret(b"not base64!"));
        let text_as_key = Scheme { key: crate::signature::SignedContent::secret(), ..standard.clone() };
        let diagnosis = explained_under(&standard, &[&own, &bad], b"{}", None, |head| {
            sign_request(&text_as_key, &own, head, T, b"{}").unwrap()
        });
        assert_eq!(codes(&diagnosis), [CauseCode::SecretBase64], "{diagnosis:#?}");
        assert!(!says(&diagnosis, "same_digest"));
    }

    fn signed<'s>(secret: &'s Secret, body: &'s [u8]) -> impl Fn(&Head) -> String + 's {
        move |head| sign_request(&named("github").unwrap(), secret, head, T, body).unwrap()
    }

    #[test]
    fn what_the_server_has_in_common_with_the_request_is_said() {
        let github = named("github").unwrap();
        let (own, other) = (secret(SECRET.as_bytes()), secret(b"the sender's real secret"));
        let head = Head::from("POST /hook HTTP/1.1\r\n\r\n".to_owned());
        let foreign = signed(&other, b"{}")(&head);
        // Whyhook's secret is the wrong one.
        let diagnosis = explained_under(&github, &[&own], b"{}", Some(&foreign), signed(&other, b"{}"));
        assert!(diagnosis.causes.is_empty() && says(&diagnosis, "same_as_sent"), "{diagnosis:#?}");
        assert!(!says(&diagnosis, "same_digest"));
        // The server is right, and the signature is not.
        let diagnosis = explained_under(&github, &[&own], b"{}", Some(&foreign), signed(&own, b"{}"));
        let text = &diagnosis.evidence[0].text;
        assert!(text.contains("the server is right to refuse it"), "{text}");
        // The signature is there, in another form.
        let upper = signed(&own, b"{}")(&head).to_uppercase();
        let diagnosis = explained_under(&github, &[&own], b"{}", Some(&upper), signed(&own, b"{}"));
        assert!(diagnosis.evidence[0].text.contains("not as the scheme has it"), "{diagnosis:#?}");
        // Server and sender share a mistake that is known.
        let empty = signed(&own, b"")(&head);
        let diagnosis = explained_under(&github, &[&own], b"{}", Some(&empty), signed(&own, b""));
        assert!(codes(&diagnosis) == [CauseCode::BodyEmpty] && says(&diagnosis, "same_as_sent"), "{diagnosis:#?}");
    }

    #[test]
    fn a_server_s_mistake_is_told_of_the_server() {
        let key = secret(SECRET.as_bytes());
        let cases = [
            (sign(&secret(b"undefined"), T.as_bytes(), BODY.as_bytes()), "The server has no secret", "on the server"),
            (sign(&key, b"1746123456000", BODY.as_bytes()), "milliseconds were hashed", "Hash the timestamp's text"),
            (sign(&key, T.as_bytes(), &[BODY.as_bytes(), b"\n"].concat()), "was hashed", "Hash the raw bytes"),
        ];
        for (line, summary, fix) in cases {
            let diagnosis = explained(&line).unwrap();
            let cause = &diagnosis.causes[0];
            assert!(cause.summary.contains(summary) && cause.fix.contains(fix), "{cause:#?}");
            assert!(!format!("{cause:?}").contains("was signed"), "{cause:#?}");
        }
    }

    #[test]
    fn a_digest_that_was_cut_is_compared_as_far_as_it_goes() {
        let right = sign(&secret(SECRET.as_bytes()), T.as_bytes(), BODY.as_bytes());
        let diagnosis = explained(&right[..40]).unwrap();
        assert!(diagnosis.causes.is_empty() && says(&diagnosis, "same_digest"), "{diagnosis:#?}");
        let read = &diagnosis.evidence.last().unwrap().text;
        assert!(read.ends_with("the first 20 of 32 bytes"), "{read}");
        let newline = sign(&secret(SECRET.as_bytes()), T.as_bytes(), &[BODY.as_bytes(), b"\n"].concat());
        assert_eq!(codes(&explained(&newline[..62]).unwrap()), [CauseCode::BodyNewline]);
    }
}
