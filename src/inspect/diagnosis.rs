//! Why a captured delivery does not match: the search of [`crate::signature::diagnose`] with what
//! the configuration and the store know.

use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{Delivery, Intake, Judgement, Verdict};
use crate::http::{Head, WireFraming};
use crate::signature::diagnose::other_direction::{Rewriting, explain_digest, other_direction};
use crate::signature::diagnose::{
    Budget, BytePlace, CauseCode, Diagnosis, Evidence, History, NotADigest, OTHER_SCHEME, Request, RequestPart,
    diagnose,
};
use crate::signature::{AcceptedSchemes, Scheme, Secret};
use crate::text::grouped;

/// Bodies up to this size are re-serialised in every way without being asked to; a megabyte takes
/// about a quarter of a second.
pub const REWRITTEN_BODY_BYTES: usize = 1024 * 1024;
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

    /// This subject with what surrounded its body on the wire.
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
    use super::*;
    use crate::config::Keyring;
    use crate::signature::catalogue::named;

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
}
