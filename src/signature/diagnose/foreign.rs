//! A request with another sender's headers: the scheme to try, offered as evidence and never assumed.

use super::axis::Why;
use super::structure::Structure;
use super::subcause::Subcause;
use super::{CauseCode, Evidence, Request};
use crate::delivery::Verdict;
use crate::signature::Scheme;
use crate::signature::catalogue::{RecognisedScheme, entry, named, recognise};
use crate::signature::verify::{ReasonedJudgement, RejectionReason, judge_with_reason};

/// The code of the evidence that names another scheme.
pub const OTHER_SCHEME: &str = "other_scheme";

/// Schemes of one sender that are named; more help nobody.
const MOST_NAMED: usize = 3;

/// Schemes of other senders under which a request is judged; each may cost a digest of the body.
const MOST_JUDGED: usize = 6;

/// Another scheme under which the request verifies.
pub(super) struct VerifyingScheme {
    pub(super) why: Why,
    /// The label of the secret.
    pub(super) secret: Option<String>,
    /// Whether its headers are that sender's alone.
    pub(super) is_sure: bool,
    /// Whether it reads the very value that the configured scheme reads: then nothing else explains that value.
    pub(super) is_same_value: bool,
    /// Whether it is another signature of the same sender, beside one that the configured scheme reads.
    pub(super) is_beside: bool,
}

/// Another scheme under which the request verifies. One whose headers the configured scheme all reads is worth a digest
/// only where it is the same sender's, which signs forms in one way and JSON in another; or where it has none.
pub(super) fn verifying(request: &Request<'_>, structure: &Structure, verdict: Verdict) -> Option<VerifyingScheme> {
    if !is_open(verdict) {
        return None;
    }
    let sender = sender_of(request.scheme);
    let is_sibling = |found: &RecognisedScheme| sender.as_deref() == Some(found.sender.as_str());
    let is_other = |found: &RecognisedScheme| {
        found.fits
            && (found.headers.is_empty()
                || is_sibling(found)
                || !found.headers.iter().all(|name| reads(request.scheme, name)))
            && !is_configured(request.scheme, &found.name)
    };
    let mut all: Vec<RecognisedScheme> =
        recognise(request.head, request.body).into_iter().filter(is_other).take(MOST_JUDGED).collect();
    // What the same sender signs with a newer header comes before what it signs with an older one.
    all.sort_by_key(|found| !is_sibling(found));
    all.into_iter().find_map(|found| {
        let scheme = named(&found.name).ok().filter(|scheme| found.is_sure || scheme.algorithm().is_some())?;
        let is_same_value = is_sibling(&found) && found.headers.iter().all(|name| reads(request.scheme, name));
        let (secret, rest) = proof_under(request, structure, &scheme, is_same_value)?;
        let is_own_there = matches!(verdict, Verdict::Mismatch | Verdict::MalformedSignature);
        let is_beside = is_sibling(&found) && !is_same_value && is_own_there;
        let mut why =
            Why::new(CauseCode::OtherScheme, 0, verifying_words(request, &found, is_beside, is_same_value, &rest));
        why.subcause = is_beside.then_some(Subcause::OtherSignatureValid);
        let is_sure = found.is_sure || names_other_event(request, &scheme);
        Some(VerifyingScheme { why, secret, is_sure, is_same_value, is_beside })
    })
}

/// Whether the request has the header in which the sender of `scheme` has the event, and not the configured sender's own:
/// several may share the header of the signature.
fn names_other_event(request: &Request<'_>, scheme: &Scheme) -> bool {
    let header = |scheme: &'_ Scheme| scheme.event.as_ref()?.header().map(str::to_owned);
    let is_there = |name: &String| request.head.value(name).is_some();
    let own = header(request.scheme).filter(is_there);
    own.is_none() && header(scheme).is_some_and(|name| is_there(&name))
}

/// The secret with which the request verifies under another scheme, and what is to be said of that: another URL, or a
/// value that does not fit although the signature is right.
fn proof_under(
    request: &Request<'_>,
    structure: &Structure,
    scheme: &Scheme,
    is_same_value: bool,
) -> Option<(Option<String>, String)> {
    let Request { scheme: own, head, body, received_at, .. } = *request;
    let judged_with = |url: Option<String>| {
        let scheme = Scheme { url, settings: own.settings.clone(), ..scheme.clone() };
        judge_with_reason(&scheme, request.secrets.iter().copied(), head, body, received_at)
    };
    let ReasonedJudgement { judgement, reason } = judged_with(own.url.clone());
    if judgement.verdict == Verdict::Verified {
        return Some((judgement.secret, String::new()));
    }
    if !is_same_value {
        return None;
    }
    // One that lacks a value (`ValidButUnbound`) is another scheme's, of which the URL alone is signed.
    if reason == Some(RejectionReason::ValidBut) {
        return Some((label_of_only(request), judgement.note.map(|note| format!("; {note}")).unwrap_or_default()));
    }
    if !scheme.signs_url() || body.len() > LONGEST_WITH_URLS {
        return None;
    }
    structure.urls.all.iter().filter(|(_, ways)| ways.weight() > 0).find_map(|(url, ways)| {
        let ReasonedJudgement { judgement, reason } = judged_with(Some(String::from_utf8(url.clone()).ok()?));
        let is_right = judgement.verdict == Verdict::Verified || reason == Some(RejectionReason::ValidBut);
        let detail = &ways.0.first()?.first()?.detail;
        is_right.then(|| (judgement.secret.or_else(|| label_of_only(request)), format!("; {detail}")))
    })
}

/// Bytes of the longest body with which each URL is tried under another scheme.
const LONGEST_WITH_URLS: usize = 64 << 10;

/// The label of the secret, where only one can be meant.
fn label_of_only(request: &Request<'_>) -> Option<String> {
    match request.secrets {
        [only] => Some(only.label().to_owned()),
        _ => None,
    }
}

/// What it verifies as. Where the configured scheme's own signature is there as well, and wrong, the other one is no
/// scheme to change to: senders keep an older one beside it, often with a weaker hash.
fn verifying_words(
    request: &Request<'_>,
    found: &RecognisedScheme,
    is_beside: bool,
    is_same_value: bool,
    rest: &str,
) -> String {
    let (sender, name) = (&found.sender, &found.name);
    if is_beside {
        // The signature's own header comes first.
        let other = found.headers.first().map(String::as_str).unwrap_or_default();
        return format!(
            "the two signatures of this request disagree: {other} is valid ({name}), and {} is not",
            request.scheme.signature_place()
        );
    }
    match is_same_value || found.headers.is_empty() {
        true => {
            let title = entry(name).map(|entry| entry.title).unwrap_or_default();
            format!("it verifies under {sender}’s “{title}”: use --scheme {name}{rest}")
        }
        false => {
            format!("it verifies as {sender} signs ({}): use --scheme {name}{rest}", found.headers.join(", "))
        }
    }
}

/// Whose scheme it is, where it is one of the catalogue's.
fn sender_of(scheme: &Scheme) -> Option<String> {
    if scheme.name.is_empty() { None } else { entry(&scheme.name).ok().map(|entry| entry.sender) }
}

/// Whether another scheme may say more.
fn is_open(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::MissingSignature | Verdict::MissingTimestamp | Verdict::MalformedSignature | Verdict::Mismatch
    )
}

/// Says which other scheme's headers are there, when they are that sender's alone.
pub(super) fn evidence(request: &Request<'_>, verdict: Verdict) -> Option<Evidence> {
    if !is_open(verdict) {
        return None;
    }
    let sure: Vec<RecognisedScheme> =
        recognise(request.head, request.body).into_iter().filter(|found| found.is_sure).collect();
    let first = sure.first()?;
    let is_own = |found: &RecognisedScheme| is_configured(request.scheme, &found.name);
    // Headers that the configured scheme reads as well say nothing new.
    if sure.iter().any(is_own) || first.headers.iter().all(|name| reads(request.scheme, name)) {
        return None;
    }
    let names: Vec<&str> = sure
        .iter()
        .filter(|found| found.sender == first.sender && found.fits == first.fits)
        .take(MOST_NAMED)
        .map(|found| found.name.as_str())
        .collect();
    let (sender, headers) = (&first.sender, first.headers.join(", "));
    let text = format!("it has the headers of {sender} ({headers}): try --scheme {}", names.join(" or --scheme "));
    Some(Evidence { code: OTHER_SCHEME, text })
}

/// Whether the catalogue's scheme is the configured one, under its name or described by hand.
fn is_configured(configured: &Scheme, name: &str) -> bool {
    configured.name == name
        || named(name).is_ok_and(|known| {
            (&known.signature, &known.timestamp, &known.content, &known.proof, known.encoding, &known.key)
                == (
                    &configured.signature,
                    &configured.timestamp,
                    &configured.content,
                    &configured.proof,
                    configured.encoding,
                    &configured.key,
                )
        })
}

/// Whether the scheme reads this header itself.
fn reads(scheme: &Scheme, name: &str) -> bool {
    let is_name = |own: &str| own.eq_ignore_ascii_case(name);
    is_name(scheme.timestamp_header())
        || scheme.id_header().is_some_and(is_name)
        || scheme.signature.header_names().any(is_name)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::tests::{SECRET, secret};
    use super::super::{Budget, CauseKind, Depth, Diagnosis, History, diagnose};
    use super::*;
    use crate::delivery::Intake;
    use crate::http::Head;

    const HEX: &str = "0607a4588aa49c3e5719f636f27638ec3ec6ce8d66e5dea5c43401a3b9503c67";

    fn run(scheme: &Scheme, fields: &str) -> Diagnosis {
        let secret = secret(SECRET.as_bytes());
        let request = Request {
            head: &Head::from(format!("POST / HTTP/1.1\r\nHost: hooks.example\r\n{fields}\r\n")),
            body: b"{}",
            received_at: Timestamp::from_second(1_746_123_460).unwrap(),
            intake: &Intake::Complete,
            scheme,
            secrets: &[&secret],
            others: &[],
            history: &History::default(),
        };
        diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() })
    }

    fn offered(scheme: &Scheme, fields: &str) -> Option<String> {
        let diagnosis = run(scheme, fields);
        diagnosis.evidence.into_iter().find(|told| told.code == "other_scheme").map(|told| told.text)
    }

    fn github() -> String {
        format!("X-Hub-Signature-256: sha256={HEX}\r\nX-GitHub-Event: push\r\n")
    }

    #[test]
    fn another_senders_headers_are_named_with_the_scheme_to_try() {
        let text = offered(&Scheme::default(), &github()).unwrap();
        assert_eq!(text, "it has the headers of GitHub (X-Hub-Signature-256, X-GitHub-Event): try --scheme github");
        let slack = named("slack").unwrap();
        assert_eq!(offered(&slack, &github()), Some(text));
        let stripe = format!("Stripe-Signature: t=1746123456,v1={HEX}\r\n");
        assert!(offered(&named("github").unwrap(), &stripe).unwrap().ends_with("try --scheme stripe"));
        assert!(run(&named("github").unwrap(), &stripe).causes[0].changes[0].detail.contains("X-Hub-Signature-256"));
    }

    /// The digest is Python's `hmac` of `{}`.
    #[test]
    fn that_it_verifies_as_the_other_signs_is_said() {
        let digest = "466a43c2463ad92b7d750fdb21afb48ffc30203c661de9aaa1ab02bf11098faf";
        let fields = format!("X-Hub-Signature-256: sha256={digest}\r\nX-GitHub-Event: push\r\n");
        let diagnosis = run(&Scheme::default(), &fields);
        assert_ne!(diagnosis.verdict, Verdict::Verified);
        let cause = &diagnosis.causes[0];
        assert_eq!((cause.changes[0].code, cause.kind), (CauseCode::OtherScheme, CauseKind::Proof));
        assert_eq!(
            cause.summary,
            "It was signed under another scheme: it verifies as GitHub signs (X-Hub-Signature-256, X-GitHub-Event): use \
             --scheme github."
        );
        assert_eq!(cause.secret.as_deref(), Some("dev"));
        assert_eq!(offered(&Scheme::default(), &fields), None, "it is said once");
    }

    #[test]
    fn the_configured_scheme_is_not_offered() {
        assert_eq!(offered(&named("github").unwrap(), &github()), None);
        // Meta signs in the same way: the other name would change nothing.
        assert_eq!(offered(&named("meta").unwrap(), &github()), None);
        let by_hand = Scheme { name: String::new(), ..named("github").unwrap() };
        assert_eq!(offered(&by_hand, &github()), None);
        let standard = "webhook-id: 1\r\nwebhook-timestamp: 1746123456\r\nwebhook-signature: v1,x\r\n";
        for entry in ["standard-webhooks", "brex", "lithic"] {
            assert_eq!(offered(&named(entry).unwrap(), standard), None, "{entry}");
        }
        assert!(offered(&Scheme::default(), standard).unwrap().contains("Standard Webhooks"));
    }

    #[test]
    fn what_many_senders_use_offers_nothing() {
        for name in ["X-Signature", "Signature", "webhook-signature", "X-Hub-Signature-256"] {
            assert_eq!(offered(&Scheme::default(), &format!("{name}: {HEX}\r\n")), None, "{name}");
        }
        assert_eq!(offered(&Scheme::default(), "X-GitHub-Event: push\r\n"), None);
    }
}
