//! What of the store bears on why a delivery does not match.

use crate::config::Registry;
use crate::delivery::{Delivery, Summary, Verdict};
use crate::http::Head;
use crate::signature::Scheme;
use crate::signature::diagnose::{Earlier, History};
use crate::store::{Page, Reader, StoreError};

/// How far back history is looked at, in deliveries.
const HISTORY_ROWS: usize = 2000;
/// How many bodies of the same length, or of the same event, are compared.
const HISTORY_BODIES: usize = 20;
/// How many deliveries are read to compare their signatures, and how many bytes of bodies with them.
const HISTORY_SIGNATURES: usize = 200;
const HISTORY_SIGNATURE_BYTES: u64 = 16 * 1024 * 1024;
/// Shorter values than a digest are not one delivery's alone.
const LEAST_SIGNATURE: usize = 16;

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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::config::Keyring;
    use crate::delivery::{Captured, DeliveryId, EventFacts, Intake, Judgement};
    use crate::http::WireFraming;
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
