//! What earlier deliveries say about one that does not match.
//!
//! When nothing can be proved, this is the best evidence: a secret that never verified anything is
//! probably wrong, one that usually does points to this body. The caller reads its store and gives
//! the facts as plain data.

use jiff::Timestamp;

use super::Evidence;
use super::bodies::excerpt;

/// Mismatches in a row before this one from which on they are no coincidence.
const FAILING: u64 = 2;

/// Another delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its number.
    pub id: i64,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether it verified.
    pub verified: bool,
    /// Its body, when it is not the same; empty otherwise.
    pub body: Vec<u8>,
}

/// What the store holds that concerns this delivery. All counts leave it out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Signed deliveries of the same webhook.
    pub deliveries: u64,
    /// How many of them verified.
    pub verified: u64,
    /// The last that verified before this one.
    pub last_verified: Option<Timestamp>,
    /// Mismatches in the unbroken run that this one, a mismatch itself, ends; none when it is not one.
    pub failing: u64,
    /// One with the same body.
    pub same_body: Option<Earlier>,
    /// One with the same id or the same event and timestamp, but another body.
    pub same_event: Option<Earlier>,
    /// One with the same signature, but another body.
    pub same_signature: Option<Earlier>,
}

impl History {
    /// The history as sentences about the delivery with this body.
    #[must_use]
    pub fn evidence(&self, body: &[u8]) -> Vec<Evidence> {
        let mut told = Vec::new();
        let mut say = |code, text| told.push(Evidence { code, text });
        match (self.deliveries, self.verified, self.last_verified) {
            (0, ..) => {}
            (all, 0, _) => say(
                "never_verified",
                format!(
                    "none of {} earlier signed deliveries verified: check the secret and the scheme first",
                    crate::text::grouped(all)
                ),
            ),
            (_, _, Some(last)) if self.failing >= FAILING => say(
                "verified_until",
                format!(
                    "the last delivery before this one that verified came at {last:.0}, and the {} after it did not: a secret \
                     may have been changed, or a proxy in between may change something",
                    crate::text::grouped(self.failing)
                ),
            ),
            (all, some, _) => say(
                "usually_verified",
                format!(
                    "{} of {} earlier signed deliveries verified with these secrets: check this body first",
                    crate::text::grouped(some),
                    crate::text::grouped(all)
                ),
            ),
        }
        if let Some(earlier) = &self.same_body {
            let how = if earlier.verified { "and verified" } else { "and did not verify either" };
            say("same_body", format!("delivery {} had the same body {how}", earlier.id));
        }
        if let Some(earlier) = &self.same_signature {
            say("same_signature", differing("had the same signature", earlier, body));
        }
        if let Some(earlier) = &self.same_event {
            say("same_event", differing("was the same event", earlier, body));
        }
        told
    }
}

/// Where the body of an earlier delivery differs from this one.
fn differing(what: &str, earlier: &Earlier, body: &[u8]) -> String {
    let offset = body.iter().zip(&earlier.body).position(|(one, other)| one != other);
    let offset = offset.unwrap_or_else(|| body.len().min(earlier.body.len()));
    let how = if earlier.verified { "verified" } else { "did not verify either" };
    format!(
        "delivery {} {what} and {how}; its body differs from byte {} on: “{}” there, “{}” here",
        earlier.id,
        crate::text::grouped(offset as u64),
        excerpt(&earlier.body, offset),
        excerpt(body, offset),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_becomes_a_sentence() {
        let codes =
            |history: &History| history.evidence(b"{\"a\":1}").into_iter().map(|told| told.code).collect::<Vec<_>>();
        let moment = Timestamp::from_second(1_746_123_456).unwrap();
        assert!(codes(&History::default()).is_empty());
        assert_eq!(codes(&History { deliveries: 4, ..History::default() }), ["never_verified"]);
        let usual = History { deliveries: 4, verified: 3, last_verified: Some(moment), ..History::default() };
        assert_eq!(codes(&usual), ["usually_verified"]);
        assert_eq!(codes(&History { failing: 1, ..usual.clone() }), ["usually_verified"]);
        assert_eq!(codes(&History { failing: 2, ..usual.clone() }), ["verified_until"]);
        let earlier = Earlier { id: 7, received_at: moment, verified: true, body: b"{\"a\":2}".to_vec() };
        let history = History { same_body: Some(earlier.clone()), same_event: Some(earlier), ..usual };
        assert_eq!(codes(&history), ["usually_verified", "same_body", "same_event"]);
        let text = &history.evidence(b"{\"a\":1}")[2].text;
        assert!(text.contains("from byte 5 on: “2}” there, “1}” here"), "{text}");
        let signed = History { same_signature: history.same_event.clone(), ..History::default() };
        assert_eq!(codes(&signed), ["same_signature"]);
        let text = &signed.evidence(b"{\"a\":2,\"b\":1}")[0].text;
        assert!(
            text.starts_with("delivery 7 had the same signature and verified; its body differs from byte 6 on"),
            "{text}"
        );
    }
}
