//! Why a captured delivery does not match: the search of [`crate::signature::diagnose`] with what
//! the configuration and the store know.

use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{Delivery, Intake, Judgement, Summary, Verdict};
use crate::http::{Head, WireFraming};
use crate::signature::diagnose::other_direction::{Rewriting, explain_digest, other_direction};
use crate::signature::diagnose::{
    Budget, BytePlace, CauseCode, Diagnosis, Earlier, Evidence, History, NotADigest, OTHER_SCHEME, Request,
    RequestPart, diagnose,
};
use crate::signature::{AcceptedSchemes, Scheme, Secret};
use crate::store::{Page, Reader, StoreError};
use crate::text::grouped;

/// Bodies up to this size are re-serialised in every way without being asked to; a megabyte takes
/// about a quarter of a second.
pub const REWRITTEN_BODY_BYTES: usize = 1024 * 1024;
/// How far back history is looked at, in deliveries.
const HISTORY_ROWS: usize = 2000;
/// How many bodies of the same length, or of the same event, are compared.
const HISTORY_BODIES: usize = 20;
/// How many deliveries are read to compare their signatures, and how many bytes of bodies with them.
const HISTORY_SIGNATURES: usize = 200;
const HISTORY_SIGNATURE_BYTES: u64 = 16 * 1024 * 1024;
/// Shorter values than a digest are not one delivery's alone.
const LEAST_SIGNATURE: usize = 16;

/// The code of the evidence that the signature came after the body.
const TRAILER: &str = "trailer";

/// The code of the evidence that names the scheme of an explanation, where several are accepted.
const ACCEPTED_SCHEME: &str = "accepted_scheme";

/// A request with all that may explain it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The request line and headers.
    pub head: Head,
    /// The body.
    pub body: &'a [u8],
    /// The moment by which ages are judged.
    pub received_at: Timestamp,
    /// Whether it arrived whole.
    pub intake: Intake,
    schemes: AcceptedSchemes,
    /// The one of them that it is judged by.
    scheme: Scheme,
    secrets: Vec<Secret>,
    others: Vec<Secret>,
    /// What came after a chunked body, which no scheme reads.
    trailers: Vec<(String, String)>,
}

impl<'a> Subject<'a> {
    /// A request judged under `registry`, by the secrets and the schemes of its path.
    #[must_use]
    pub fn new(head: Head, body: &'a [u8], received_at: Timestamp, intake: Intake, registry: &Registry) -> Self {
        let route = registry.route(head.target());
        let scheme = match route.schemes.only() {
            Some(scheme) => scheme,
            None => route.schemes.judge(route.secrets.clone(), &head, body, received_at).0,
        };
        let (schemes, scheme) = (route.schemes.clone(), scheme.clone());
        let secrets: Vec<Secret> = route.secrets.cloned().collect();
        let is_other = |secret: &&Secret| !secrets.iter().any(|own| own.label() == secret.label());
        let others = registry.keyring().secrets().iter().filter(is_other).cloned().collect();
        Self { head, body, received_at, intake, schemes, scheme, secrets, others, trailers: Vec::new() }
    }

    /// The same with what surrounded its body on the wire.
    #[must_use]
    pub fn with_framing(mut self, framing: &WireFraming) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.trailers = framing.trailers().map(|(name, value)| (text(name), text(value))).collect();
        self
    }

    /// A captured delivery, judged at the age that it had on arrival.
    #[must_use]
    pub fn of(delivery: &'a Delivery, registry: &Registry) -> Self {
        let summary = &delivery.summary;
        Self::new(delivery.head.clone(), &delivery.body, summary.received_at, summary.intake.clone(), registry)
            .with_framing(&delivery.framing)
    }

    /// The scheme that it is judged by: of several, the one that verifies it or whose signature it has.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Its signature by the schemes and secrets that it is judged by.
    #[must_use]
    pub fn judge(&self) -> Judgement {
        let judged = self.schemes.judge(self.secrets.iter(), &self.head, self.body, self.received_at).1;
        judged.of_intake(&self.intake)
    }

    /// The secrets that may have signed it.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Configured secrets that belong to other webhooks.
    #[must_use]
    pub fn others(&self) -> &[Secret] {
        &self.others
    }

    /// Why it does not match.
    #[must_use]
    pub fn why(&self, history: &History, budget: &Budget<'_>) -> Diagnosis {
        let mut why = self.with_request(history, |request| diagnose(request, budget));
        why.evidence.splice(0..0, self.trailing_signature());
        if self.schemes.only().is_some() || why.verdict == Verdict::Verified {
            return why;
        }
        self.under_any(why, |scheme| {
            self.with_request(history, |request| diagnose(&Request { scheme, ..*request }, budget))
        })
    }

    /// That the signature's header came after the body, where no receiver looks for it.
    fn trailing_signature(&self) -> Option<Evidence> {
        let name = self.scheme.signature.header_names().find(|name| self.head.value(name).is_none())?;
        let (_, value) = self.trailers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        let head = self.head.with(name, value);
        let verdict = self.schemes.judge(self.secrets.iter(), &head, self.body, self.received_at).1.verdict;
        let is_valid = if verdict == Verdict::Verified { ", and valid there" } else { "" };
        let text = format!(
            "{name} is in the trailer of the chunked body{is_valid}: send it before the body, as a header; receivers and \
             proxies ignore or drop trailers"
        );
        Some(Evidence { code: TRAILER, text })
    }

    /// This explanation when it is proved, or else one that is proved under another accepted scheme.
    fn under_any(&self, mut why: Diagnosis, explain: impl Fn(&Scheme) -> Diagnosis) -> Diagnosis {
        let present = self.schemes.present(&self.head, self.body);
        let mut others = present.into_iter().filter(|scheme| **scheme != self.scheme);
        let explained = || others.find_map(|scheme| Some((scheme, explain(scheme))).filter(|(_, why)| why.is_proved()));
        if let Some((scheme, other)) = (!why.is_proved()).then(explained).flatten() {
            why = other;
            let name = self.schemes.name_of(scheme);
            let text = format!("this is the explanation under the scheme {name}, which the webhook accepts as well");
            why.evidence.push(Evidence { code: ACCEPTED_SCHEME, text });
        }
        // An accepted scheme is not offered.
        why.evidence.retain(|told| told.code != OTHER_SCHEME);
        why
    }

    /// Which mistake yields the digest that another server computed; `text` is the digest, or a log
    /// line that holds it.
    ///
    /// # Errors
    ///
    /// [`NotADigest`] when `text` holds none, or several.
    pub fn explain_digest(&self, text: &str, budget: &Budget<'_>) -> Result<Diagnosis, NotADigest> {
        self.with_request(&History::default(), |request| explain_digest(text, request, budget))
    }

    /// What well-known re-serialisations would change in its body.
    #[must_use]
    pub fn rewritings(&self) -> Vec<Rewriting> {
        let mut rewritings = self.with_request(&History::default(), other_direction);
        // Parsing and writing again is what servers do; the rest is rarer.
        rewritings.sort_by_key(|rewriting| rewriting.code != CauseCode::BodyReserialized);
        rewritings
    }

    fn with_request<T>(&self, history: &History, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        let others: Vec<&Secret> = self.others.iter().collect();
        then(&Request {
            head: &self.head,
            body: self.body,
            received_at: self.received_at,
            intake: &self.intake,
            scheme: &self.scheme,
            secrets: &secrets,
            others: &others,
            history,
        })
    }
}

/// What the store holds that concerns a delivery: earlier ones of the same webhook, the same body, the same event or
/// the same signature seen before. What cannot be read is left out.
#[must_use]
pub fn history(reader: &Reader, delivery: &Delivery, registry: &Registry) -> History {
    let mut gathered = Gathered::new(
        delivery,
        registry.route(delivery.head.target()).schemes.of_request(&delivery.head, &delivery.body),
    );
    let _ = reader.scan(Page::Before(delivery.summary.id), usize::MAX, HISTORY_ROWS, |summary, reader| {
        gathered.add(summary, reader)?;
        Ok(false)
    });
    // What the bytes of others verified with says nothing of one that has no signature to compare.
    if !gathered.is_signed && gathered.history.verified > 0 {
        gathered.history.deliveries = 0;
    }
    gathered.history
}

struct Gathered<'a> {
    delivery: &'a Delivery,
    history: History,
    /// Whether it has a signature that can be compared.
    is_signed: bool,
    /// Still in the unbroken run of mismatches that this delivery ends, if it is one.
    in_run: bool,
    bodies: usize,
    /// The signature's header, where it has one and a signature is of one body.
    signature: Option<(String, Vec<Vec<u8>>)>,
    signatures: usize,
    signature_bytes: u64,
}

impl<'a> Gathered<'a> {
    fn new(delivery: &'a Delivery, scheme: &Scheme) -> Self {
        let is_signed =
            matches!(delivery.summary.judgement.verdict, Verdict::Mismatch | Verdict::NoSecret | Verdict::Verified);
        Self {
            delivery,
            history: History::default(),
            is_signed,
            in_run: is_signed,
            bodies: HISTORY_BODIES,
            // Why it verifies needs no explanation.
            signature: (delivery.summary.judgement.verdict != Verdict::Verified)
                .then(|| signature_of(&delivery.head, scheme))
                .flatten(),
            signatures: HISTORY_SIGNATURES,
            signature_bytes: HISTORY_SIGNATURE_BYTES,
        }
    }

    fn add(&mut self, earlier: &Summary, reader: &Reader) -> Result<(), StoreError> {
        let own = &self.delivery.summary;
        let is_signed = matches!(earlier.judgement.verdict, Verdict::Verified | Verdict::Mismatch);
        if is_signed && earlier.webhook == own.webhook {
            let verified = earlier.judgement.verdict == Verdict::Verified;
            self.history.deliveries += 1;
            if verified {
                self.history.verified += 1;
                self.history.last_verified.get_or_insert(earlier.received_at);
                self.in_run = false;
            } else if self.in_run {
                self.history.failing += 1;
            }
            self.compare_signature(earlier, verified, reader)?;
        }
        let is_same_event = own.event.timestamp_ms.is_some()
            && (&own.event.event, own.event.timestamp_ms) == (&earlier.event.event, earlier.event.timestamp_ms);
        let may_be_same = earlier.body_bytes == own.body_bytes && own.body_bytes > 0;
        if self.bodies > 0 && (is_same_event || may_be_same) {
            self.bodies -= 1;
            self.compare(earlier, is_same_event, reader)?;
        }
        Ok(())
    }

    /// Whether the signature was that of an earlier delivery, whose body was another.
    fn compare_signature(&mut self, earlier: &Summary, verified: bool, reader: &Reader) -> Result<(), StoreError> {
        let Some((name, values)) = &self.signature else { return Ok(()) };
        let is_known = self.history.same_signature.as_ref().is_some_and(|known| known.verified || !verified);
        if is_known || self.signatures == 0 || earlier.body_bytes > self.signature_bytes {
            return Ok(());
        }
        self.signatures -= 1;
        self.signature_bytes -= earlier.body_bytes;
        let Some(other) = reader.load(earlier.id)? else { return Ok(()) };
        let is_same = other.head.values(name).any(|value| values.iter().any(|own| own == value));
        if is_same && other.body != self.delivery.body {
            let (id, received_at, body) = (earlier.id.0, earlier.received_at, other.body.to_vec());
            self.history.same_signature = Some(Earlier { id, received_at, verified, body });
        }
        Ok(())
    }

    fn compare(&mut self, earlier: &Summary, is_same_event: bool, reader: &Reader) -> Result<(), StoreError> {
        let Some(other) = reader.load(earlier.id)? else { return Ok(()) };
        let is_same_body = other.body == self.delivery.body;
        let found = || Earlier {
            id: earlier.id.0,
            received_at: earlier.received_at,
            verified: earlier.judgement.verdict == Verdict::Verified,
            body: if is_same_body { Vec::new() } else { other.body.to_vec() },
        };
        // One that verified says more than one that did not.
        let place = if is_same_body { &mut self.history.same_body } else { &mut self.history.same_event };
        let is_better = place.as_ref().is_none_or(|held| !held.verified && found().verified);
        if is_better && (is_same_body || is_same_event) {
            *place = Some(found());
        }
        Ok(())
    }
}

/// The header of a signature that covers the body, and its values.
fn signature_of(head: &Head, scheme: &Scheme) -> Option<(String, Vec<Vec<u8>>)> {
    let name = scheme.signature.header_in(head).filter(|_| scheme.covers_body())?;
    let values: Vec<Vec<u8>> =
        head.values(name).filter(|value| value.len() >= LEAST_SIGNATURE).map(<[u8]>::to_vec).collect();
    (!values.is_empty()).then(|| (name.to_owned(), values))
}

/// Where something shows, in words: `body byte 412: “1.0” → “1”`.
#[must_use]
pub fn place_words(place: &BytePlace) -> String {
    let part = match place.part {
        RequestPart::Signature => "signature",
        RequestPart::Timestamp => "timestamp",
        RequestPart::Secret => "secret",
        RequestPart::Body => "body",
    };
    let quoted = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("“{text}”") };
    format!("{part} byte {}: {} → {}", grouped(place.offset as u64), quoted(&place.before), quoted(&place.after))
}

/// What a rewriting is, in words.
#[must_use]
pub fn rewriting_words(rewriting: &Rewriting) -> String {
    let names = names_words(&rewriting.names);
    let what = match (rewriting.names.is_empty(), rewriting.is_second) {
        (true, _) => rewriting.detail.clone(),
        (false, false) => names,
        (false, true) => format!("{} ({names})", rewriting.detail),
    };
    format!("{what}: {}", place_words(&rewriting.at))
}

/// The names of what gives some bytes, the most common first, the rest counted.
#[must_use]
pub fn names_words(names: &[String]) -> String {
    const NAMED: usize = 4;
    let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" · ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} · and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::config::Keyring;
    use crate::delivery::{Captured, DeliveryId, EventFacts};
    use crate::signature::catalogue::named;
    use crate::store::{Location, Writer};

    const SIGNATURE: &str = "0607a4588aa49c3e5719f636f27638ec3ec6ce8d66e5dea5c43401a3b9503c67";

    fn captured(signature: &str, body: &str, verdict: Verdict) -> Captured {
        Captured {
            received_at: Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(verdict),
            image: None,
            head: format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {signature}\r\n\r\n").into(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            framing: WireFraming::NONE,
        }
    }

    /// The history of the last of these deliveries.
    fn history_of(all: Vec<Captured>, scheme: Scheme) -> History {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let (writer, handle) = Writer::start(&location, |_| {}).unwrap();
        let last = DeliveryId(all.len() as i64);
        for one in all {
            handle.keep(one).unwrap().blocking_recv().unwrap().unwrap();
        }
        drop(handle);
        writer.join();
        let reader = Reader::open(&location).unwrap();
        let delivery = reader.load(last).unwrap().unwrap();
        history(&reader, &delivery, &Registry::new(Vec::new(), Keyring::default(), scheme))
    }

    #[test]
    fn the_signature_of_an_earlier_delivery_is_told_with_the_first_byte_that_differs() {
        let all = vec![
            captured(SIGNATURE, r#"{"a":1}"#, Verdict::Verified),
            captured(SIGNATURE, r#"{"a":22}"#, Verdict::Mismatch),
            captured(&"0".repeat(64), r#"{"a":1}"#, Verdict::Verified),
            captured(SIGNATURE, r#"{"a":3}"#, Verdict::Mismatch),
        ];
        let found = history_of(all, Scheme::default());
        // One that verified says more than a later one that did not.
        assert_eq!(found.same_signature.as_ref().map(|earlier| (earlier.id, earlier.verified)), Some((1, true)));
        let told = found.evidence(br#"{"a":3}"#);
        let text = &told.iter().find(|told| told.code == "same_signature").unwrap().text;
        assert!(text.contains("from byte 5 on: “1}” there, “3}” here"), "{text}");
    }

    /// The digest is Python's `hmac` of `{}`.
    #[test]
    fn a_signature_after_the_body_is_said_to_be_there() {
        let digest = "466a43c2463ad92b7d750fdb21afb48ffc30203c661de9aaa1ab02bf11098faf";
        let secret =
            Secret::new("dev", b"a webhook secret of some length".to_vec(), crate::signature::SecretOrigin::Typed);
        let registry = Registry::new(Vec::new(), Keyring::new(vec![secret]).unwrap(), named("github").unwrap());
        let told = |trailer: &str| {
            let mut framing = crate::http::WireFramingBuilder::default();
            framing.framing(b"2\r\n");
            framing.data(2);
            framing.framing(format!("\r\n0\r\n{trailer}\r\n").as_bytes());
            let head: Head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".into();
            let subject = Subject::new(head, b"{}", Timestamp::UNIX_EPOCH, Intake::Complete, &registry);
            let why = subject.with_framing(&framing.finish()).why(&History::default(), &Budget::default());
            assert_eq!(why.causes[0].changes[0].code, CauseCode::SignatureHeaderMissing);
            why.evidence.into_iter().find(|told| told.code == TRAILER).map(|told| told.text)
        };
        let text = told(&format!("x-hub-signature-256: sha256={digest}\r\n")).unwrap();
        assert!(
            text.starts_with("X-Hub-Signature-256 is in the trailer of the chunked body, and valid there"),
            "{text}"
        );
        let other = told("X-Other: 1\r\nX-Hub-Signature-256: sha256=00\r\n").unwrap();
        assert!(!other.contains("valid there"), "{other}");
        assert_eq!(told("X-Other: 1\r\n"), None);
        assert_eq!(told(""), None);
    }

    #[test]
    fn that_deliveries_verified_until_then_is_said_of_a_run_of_mismatches_alone() {
        use Verdict::{Mismatch, MissingSignature, Verified};
        let told = |verdicts: &[Verdict]| {
            let of = |verdict: &Verdict| captured(&"0".repeat(64), "{}", *verdict);
            let history = history_of(verdicts.iter().map(of).collect(), Scheme::default());
            history
                .evidence(b"{}")
                .into_iter()
                .map(|told| told.code)
                .find(|code| code.ends_with("verified") || *code == "verified_until")
        };
        assert_eq!(told(&[Verified, Mismatch, Mismatch, Mismatch]), Some("verified_until"));
        assert_eq!(told(&[Verified, Mismatch, Mismatch]), Some("usually_verified"), "two in a row");
        assert_eq!(told(&[Verified, Mismatch, Mismatch, MissingSignature]), None, "no mismatch itself");
        assert_eq!(told(&[Verified, Mismatch, Mismatch, Verified, Mismatch]), Some("usually_verified"));
        assert_eq!(told(&[Mismatch, Mismatch, Mismatch]), Some("never_verified"));
        assert_eq!(told(&[Mismatch, Mismatch, MissingSignature]), Some("never_verified"));
    }

    #[test]
    fn another_signature_or_the_same_body_is_not() {
        let one = |signature: &str, body: &str| captured(signature, body, Verdict::Mismatch);
        let of = |all| history_of(all, Scheme::default()).same_signature;
        assert_eq!(of(vec![one(&"0".repeat(64), "1"), one(SIGNATURE, "2")]), None);
        assert_eq!(of(vec![one(SIGNATURE, "2"), one(SIGNATURE, "2")]), None);
        assert_eq!(of(vec![one("short", "1"), one("short", "2")]), None);
        let right = captured(SIGNATURE, "2", Verdict::Verified);
        assert_eq!(of(vec![one(SIGNATURE, "1"), right]), None);
        let unsigned = captured(SIGNATURE, "1", Verdict::NoSecret);
        assert_eq!(of(vec![unsigned, one(SIGNATURE, "2")]), None);
        // A plain token is the same on every delivery.
        let token = Scheme {
            signature: crate::signature::SignatureValue::header("X-Webhook-Signature"),
            ..named("gitlab-token").unwrap()
        };
        assert!(!token.covers_body());
        assert_eq!(history_of(vec![one(SIGNATURE, "1"), one(SIGNATURE, "2")], token).same_signature, None);
    }
}
