//! Signatures with a public key, checked over candidates: which keys, read as what, under which algorithms, at what cost.
//!
//! An RSA signature gives back its padded hash once, after which a candidate costs a hash. Any other costs an operation
//! on a curve for each candidate; so the whole search has a budget of time, reckoned and not measured: the same request
//! has the same diagnosis everywhere.

use zeroize::Zeroizing;

use super::axis::{Axis, Ways, Why};
use super::encoding::Received;
use super::search::SearchAxes;
use super::secrets::CandidateKey;
use super::structure::Structure;
use super::templates::shapes;
use super::{CauseCode, Depth, Evidence, Request};
use crate::signature::public_key::{
    PrivateKey, PublicKey, PublicKeyAlgorithm, PublicKeyError, PublicKeyKind, PublicKeySet, RecoveredSignature,
    SignatureRejection,
};
use crate::signature::{Encoding, Secret};

/// Keys that are tried; a large set of a sender's has fewer.
const MOST_KEYS: usize = 32;

/// What checks one reading of the signature under one key.
enum Check {
    /// By the hash that it holds.
    Recovered(RecoveredSignature),
    /// With the key.
    Verified(PublicKeyAlgorithm, Vec<u8>),
}

/// Which readings of a signature are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadingsTried {
    /// All.
    All,
    /// Those that no other explains with fewer changes.
    Plain,
    /// The others.
    Rarer,
}

impl ReadingsTried {
    fn has(self, is_plain: bool) -> bool {
        match self {
            Self::All => true,
            Self::Plain => is_plain,
            Self::Rarer => !is_plain,
        }
    }
}

struct SignatureCheck {
    key: usize,
    /// The place of its differences among the readings.
    reading: usize,
    check: Check,
    /// Whether no other reading explains it with fewer changes.
    is_plain: bool,
}

/// Every check, and what they have cost.
pub(super) struct SignatureChecks {
    keys: Vec<PublicKey>,
    checks: Vec<SignatureCheck>,
    /// What stands before each message, which is then base64url: a token's head with a detached payload (RFC 7515,
    /// appendix F).
    before: Option<Vec<u8>>,
    /// Reckoned nanoseconds.
    spent: u64,
}

/// What the keys are and say by themselves.
pub(super) struct PublicKeys {
    pub(super) axis: Axis<CandidateKey>,
    pub(super) keys: Vec<PublicKey>,
    /// Why a configured key cannot be used.
    pub(super) unusable: Vec<Why>,
}

impl PublicKeys {
    /// The configured keys first, then what people give in their place, and those of other webhooks.
    pub(super) fn of(secrets: &[&Secret], others: &[&Secret]) -> Self {
        let mut found: Vec<(CandidateKey, PublicKey, Ways)> = Vec::new();
        let mut unusable = Vec::new();
        let mut add = |place: usize, key: &PublicKey, ways: Ways| {
            let bytes = Zeroizing::new(key.to_spki_der());
            if found.len() < MOST_KEYS && !found.iter().any(|(known, ..)| known.bytes == bytes) {
                found.push((CandidateKey { secret: Some(place), bytes }, key.clone(), ways));
            }
        };
        for (place, secret) in secrets.iter().enumerate() {
            match PublicKeySet::read(secret.expose()) {
                Ok(set) => set.keys().for_each(|(_, key)| add(place, key, Ways::unchanged())),
                Err(error) => match in_place_of_a_key(secret, &error) {
                    Some((keys, why)) => keys.iter().for_each(|key| add(place, key, Ways::of(why.clone()))),
                    None => {
                        let label = crate::text::visible(secret.label());
                        unusable.push(Why::new(CauseCode::PublicKeyUnusable, 0, format!("{label}: {error}")));
                    }
                },
            }
        }
        for (place, secret) in (secrets.len()..).zip(others) {
            let Ok(set) = PublicKeySet::read(secret.expose()) else { continue };
            let label = crate::text::visible(secret.label());
            let detail = format!("signed with the key {label}, which belongs to another webhook{}", stage(&label));
            let why = Why::new(CauseCode::WrongSecret, 0, detail);
            set.keys().for_each(|(_, key)| add(place, key, Ways::of(why.clone())));
        }
        found.sort_by_key(|(_, _, ways)| ways.weight());
        let (mut axis, mut keys) = (Axis::new(), Vec::new());
        for (candidate, key, ways) in found {
            axis.all.push((candidate, ways));
            keys.push(key);
        }
        Self { axis, keys, unusable }
    }
}

/// Whether a label says for which of the sender's environments a key is.
fn stage(label: &str) -> &'static str {
    let label = label.to_ascii_lowercase();
    let is = |words: &[&str]| label.split(|letter: char| !letter.is_alphanumeric()).any(|word| words.contains(&word));
    if is(&["test", "sandbox", "staging", "dev"]) {
        " (by its label, a key for tests)"
    } else if is(&["live", "prod", "production"]) {
        " (by its label, the live key)"
    } else {
        ""
    }
}

/// The keys that are meant by a text that is not a public key, and what is wrong with it.
fn in_place_of_a_key(secret: &Secret, error: &PublicKeyError) -> Option<(Vec<PublicKey>, Why)> {
    let label = crate::text::visible(secret.label());
    if let PublicKeyError::PrivateKey { .. } = error {
        let key = PrivateKey::read(secret.expose()).ok()?;
        let detail = format!("{label} is the sender's private key, which made this signature: whoever has it can sign");
        return Some((vec![key.public_key().clone()], Why::new(CauseCode::PrivateKeyGiven, 0, detail).alarming()));
    }
    let text = std::str::from_utf8(secret.expose()).ok()?;
    let bare = text.trim().trim_matches(['"', '\'', '`']);
    let unescaped = bare.replace("\\n", "\n");
    let quoted = (CauseCode::SecretQuoted, "the configured key is wrapped in quotation marks", bare);
    let escaped = (CauseCode::SecretEscaped, "the configured key contains a literal \\n", unescaped.as_str());
    [quoted, escaped].into_iter().find_map(|(code, detail, text)| {
        let set = PublicKeySet::read(text.as_bytes()).ok()?;
        Some((set.keys().map(|(_, key)| key.clone()).collect(), Why::new(code, 0, detail)))
    })
}

/// What is prepared for a search under a scheme of a public key.
pub(super) struct PreparedSignatures {
    pub(super) axes: SearchAxes,
    pub(super) checks: SignatureChecks,
    /// What is seen without a proof.
    pub(super) seen: Vec<Why>,
    pub(super) evidence: Vec<Evidence>,
}

/// Prepares the search: `received` are the readings of the signature, `usual` the scheme's algorithm.
pub(super) fn prepare(
    request: &Request<'_>,
    structure: &Structure,
    received: &[Received],
    usual: PublicKeyAlgorithm,
    before: Option<Vec<u8>>,
) -> PreparedSignatures {
    let PublicKeys { axis, keys, unusable } = PublicKeys::of(request.secrets, request.others);
    let (mut readings, mut checks) = (Vec::new(), Vec::new());
    for (place, key) in keys.iter().enumerate() {
        for received in received {
            for (algorithm, check) in checks_of(key, &received.digest) {
                let mut whys = received.whys.clone();
                whys.extend(other_algorithm(algorithm, usual));
                let reading = readings.len();
                readings.push(whys);
                checks.push(SignatureCheck { key: place, reading, check, is_plain: false });
            }
        }
    }
    for key in 0..keys.len() {
        let of_key = || checks.iter().filter(|check| check.key == key).map(|check| readings[check.reading].len());
        let least = of_key().min().unwrap_or_default();
        for check in checks.iter_mut().filter(|check| check.key == key) {
            check.is_plain = readings[check.reading].len() == least;
        }
    }
    let evidence = evidence(&axis, &keys, &checks, received);
    let mut seen = unusable;
    seen.extend(misfits(&axis, &keys, received, usual));
    let shapes = shapes(request.scheme, structure.id.is_some());
    PreparedSignatures {
        axes: SearchAxes { readings, keys: axis, shapes },
        checks: SignatureChecks { keys, checks, before, spent: 0 },
        seen,
        evidence,
    }
}

/// Every way to check these bytes under a key. What cannot be a signature of the key has none.
fn checks_of(key: &PublicKey, signature: &[u8]) -> Vec<(PublicKeyAlgorithm, Check)> {
    if key.kind() == PublicKeyKind::Rsa {
        let recovered = key.recover(signature).into_iter();
        return recovered.map(|found| (found.algorithm(), Check::Recovered(found))).collect();
    }
    let fits = |algorithm: &PublicKeyAlgorithm| {
        algorithm.kind() == key.kind()
            && !matches!(key.verify(*algorithm, &[], signature), Err(SignatureRejection::Malformed { .. }))
    };
    PublicKeyAlgorithm::all()
        .filter(fits)
        .map(|algorithm| (algorithm, Check::Verified(algorithm, signature.to_vec())))
        .collect()
}

/// That it was not the scheme's algorithm, or only another form of it.
fn other_algorithm(algorithm: PublicKeyAlgorithm, usual: PublicKeyAlgorithm) -> Option<Why> {
    if algorithm == usual {
        return None;
    }
    Some(match (algorithm.form_words(), usual.form_words()) {
        (Some(own), Some(other)) if algorithm.kind() == usual.kind() => {
            Why::new(CauseCode::SignatureEncoding, 0, format!("written as {own} instead of {other}"))
        }
        _ => Why::new(CauseCode::SignatureAlgorithm, 1, format!("{algorithm} instead of {usual}")),
    })
}

/// What RSA tells of the keys alone: whether one of them made the signature.
fn evidence(
    axis: &Axis<CandidateKey>,
    keys: &[PublicKey],
    checks: &[SignatureCheck],
    received: &[Received],
) -> Vec<Evidence> {
    let sure = checks.iter().find_map(|check| match &check.check {
        Check::Recovered(found) if found.is_sure() && axis.all[check.key].1.weight() == 0 => Some(found.algorithm()),
        _ => None,
    });
    let is_rsa = !keys.is_empty() && keys.iter().all(|key| key.kind() == PublicKeyKind::Rsa);
    let text = match sure {
        Some(algorithm) => format!(
            "the configured key made this signature ({algorithm}), over other bytes: the key is right, the content is not"
        ),
        None if is_rsa && checks.is_empty() && !received.is_empty() => {
            "none of the configured keys made this signature, whatever was signed: another key did, or it was altered"
                .to_owned()
        }
        None => return Vec::new(),
    };
    vec![Evidence { code: if sure.is_some() { "key_fits" } else { "key_differs" }, text }]
}

/// A key of another kind, and a signature that is none of the key's.
fn misfits(
    axis: &Axis<CandidateKey>,
    keys: &[PublicKey],
    received: &[Received],
    usual: PublicKeyAlgorithm,
) -> Vec<Why> {
    let configured = keys.iter().zip(&axis.all).filter(|(_, (_, ways))| ways.weight() == 0).map(|(key, _)| key);
    let configured: Vec<&PublicKey> = configured.collect();
    let mut seen = Vec::new();
    if let Some(key) = configured.first().filter(|_| configured.iter().all(|key| key.kind() != usual.kind())) {
        let detail = format!("{usual} takes a key of {}, and the configured key is of {}", usual.kind(), key.kind());
        seen.push(Why::new(CauseCode::PublicKeyUnusable, 0, detail));
    } else if let Some(key) = configured.iter().find(|key| key.kind() == usual.kind())
        && let [one] = received
        && let Err(error @ SignatureRejection::Malformed { .. }) = key.verify(usual, &[], &one.digest)
    {
        let is_short = usual.fixed_length(key.bits()).is_some_and(|length| one.digest.len() < length);
        if is_short {
            seen.push(Why::new(CauseCode::SignatureTruncated, 0, error.to_string()));
        }
    }
    seen
}

impl SignatureChecks {
    /// Checks each signature over a message, and tells `right` the reading of each that is right. The cost is that of
    /// hashing the message.
    pub(super) fn check(
        &mut self,
        key: usize,
        which: ReadingsTried,
        message: Vec<u8>,
        right: &mut dyn FnMut(usize),
    ) -> u64 {
        let message = match &self.before {
            Some(before) => [before, Encoding::Base64urlNopad.encode(&message).as_bytes()].concat(),
            None => message,
        };
        let mut spent = 0;
        for check in self.checks.iter().filter(|check| check.key == key && which.has(check.is_plain)) {
            let is_right = match &check.check {
                Check::Recovered(found) => found.is_over(&message),
                Check::Verified(algorithm, signature) => {
                    self.keys[key].verify(*algorithm, &[&message], signature).is_ok()
                }
            };
            spent += nanoseconds(&check.check, message.len());
            if is_right {
                right(check.reading);
            }
        }
        self.spent += spent;
        // A hash takes about a nanosecond for two bytes.
        2 * spent
    }

    /// Whether one reading needs more changes than another.
    pub(super) fn has_rarer(&self) -> bool {
        self.checks.iter().any(|check| !check.is_plain)
    }

    /// Whether the time for a search of this depth is over.
    pub(super) fn is_spent(&self, depth: Depth) -> bool {
        let milliseconds = match depth {
            Depth::One => 250,
            Depth::Pairs => 500,
            Depth::Triples => 2_000,
            Depth::Deep => 10_000,
        };
        self.spent >= milliseconds * 1_000_000
    }
}

/// What a check takes at most on a machine of these years, reckoned.
fn nanoseconds(check: &Check, bytes: usize) -> u64 {
    let (fixed, by_byte) = match check {
        Check::Recovered(_) => (1_000, 1),
        Check::Verified(PublicKeyAlgorithm::Ed25519, _) => (60_000, 2),
        Check::Verified(algorithm, _) => match algorithm.kind() {
            PublicKeyKind::P256 => (250_000, 1),
            PublicKeyKind::P384 => (700_000, 2),
            _ => (1_500_000, 2),
        },
    };
    fixed + by_byte * bytes as u64
}
