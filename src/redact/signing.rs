//! Throw-away secrets, and the original's mistake over the redacted request.

use bytes::Bytes;
use jiff::Timestamp;

use super::digests::DigestPair;
use super::tally::{Tally, TallyKind};
use super::{Redactor, hashes};
use crate::delivery::Intake;
use crate::http::Head;
use crate::signature::diagnose::{Budget, History, Repetition, Request};
use crate::signature::{Scheme, Secret, SecretOrigin};

/// A request and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct RequestToRedact<'a> {
    /// The request line and headers as received.
    pub head: &'a Head,
    /// The body as received.
    pub body: &'a [u8],
    /// The moment of capture.
    pub received_at: Timestamp,
    /// Whether it arrived whole.
    pub intake: &'a Intake,
    /// The scheme it is judged by.
    pub scheme: &'a Scheme,
    /// The secrets that may have signed it.
    pub secrets: &'a [&'a Secret],
    /// Configured secrets that belong to other webhooks.
    pub others: &'a [&'a Secret],
}

/// A request without anybody's data.
#[derive(Debug, Clone)]
pub struct RedactedRequest {
    /// Its request line and headers.
    pub head: Head,
    /// Its body.
    pub body: Bytes,
    /// Throw-away secrets in place of those that may have signed it, with their labels.
    pub secrets: Vec<Secret>,
    /// Throw-away secrets in place of those of other webhooks.
    pub others: Vec<Secret>,
}

impl Redactor {
    /// Has secrets become throw-away ones wherever a request contains them. To be called before the first request.
    pub fn know_secrets<'a>(&mut self, secrets: impl IntoIterator<Item = &'a Secret>) {
        for secret in secrets {
            let other = self.throw_away(secret);
            self.secrets.add(secret.expose(), other.expose());
        }
    }

    /// A secret of the same shape: white space, quotation marks, known prefixes and encodings stay, and nothing else.
    #[must_use]
    pub fn throw_away(&self, secret: &Secret) -> Secret {
        Secret::new(secret.label(), self.key.key_material(secret.expose()), SecretOrigin::MadeUp)
    }

    /// Replaces what is to go, and signs the rest as the original was signed. The search for how that was is bounded by
    /// `budget`.
    #[must_use]
    pub fn redact(&self, request: &RequestToRedact<'_>, budget: &Budget<'_>, tally: &mut Tally) -> RedactedRequest {
        let body = self.redact_body(request.head, request.body, tally);
        let secrets: Vec<Secret> = request.secrets.iter().map(|secret| self.throw_away(secret)).collect();
        let others: Vec<Secret> = request.others.iter().map(|secret| self.throw_away(secret)).collect();
        let hashes = hashes(request.body, &body);
        let lengths = (request.body.len(), body.len());
        let (theirs, ours): (Vec<&Secret>, Vec<&Secret>) = (others.iter().collect(), secrets.iter().collect());
        let history = History::default();
        let original = as_request(request, request.head, request.body, request.secrets, request.others, &history);
        let repetition = Repetition::of(&original, budget);
        // What a signature covers of the head is redacted before it is signed.
        let kept = repetition.iter().flat_map(Repetition::originals);
        let kept = kept.map(|digest| DigestPair { was: digest.to_vec(), now: digest.to_vec() });
        let kept: Vec<DigestPair> = kept.chain(hashes.iter().cloned()).collect();
        let unsigned = self.head(request.head, &kept, lengths, &mut Tally::default());
        let other = as_request(request, &unsigned, &body, &ours, &theirs, &history);
        let digests =
            repetition.map_or_else(Vec::new, |repetition| repetition.over(&other)).into_iter().map(|digest| {
                let length = digest.original.len();
                let now = digest.repeated.filter(|repeated| repeated.len() == length);
                DigestPair { now: now.unwrap_or_else(|| self.scrambled(&digest.original)), was: digest.original }
            });
        let digests: Vec<DigestPair> = digests.chain(hashes).collect();
        if contains_any(request.head, request.secrets) {
            tally.add(TallyKind::Secret, "a header");
        }
        let head = self.head(request.head, &digests, lengths, tally);
        RedactedRequest { head, body, secrets, others }
    }

    /// Bytes in place of a digest that nothing explains.
    fn scrambled(&self, digest: &[u8]) -> Vec<u8> {
        self.key.bytes(&hex::encode(digest), digest.len())
    }
}

fn as_request<'a>(
    request: &RequestToRedact<'a>,
    head: &'a Head,
    body: &'a [u8],
    secrets: &'a [&'a Secret],
    others: &'a [&'a Secret],
    history: &'a History,
) -> Request<'a> {
    let RequestToRedact { received_at, intake, scheme, .. } = *request;
    Request { head, body, received_at, intake, scheme, secrets, others, history }
}

fn contains_any(head: &Head, secrets: &[&Secret]) -> bool {
    let is_within = |secret: &&Secret| {
        let text = secret.expose().trim_ascii();
        text.len() >= 6 && memchr::memmem::find(head.bytes(), text).is_some()
    };
    secrets.iter().any(is_within)
}
