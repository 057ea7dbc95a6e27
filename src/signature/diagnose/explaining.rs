//! What a scheme's proof asks for: a search for a digest, checks with a public key, or the reading of a token.

use super::axis::Why;
use super::explain::{Explained, Explanation};
use super::structure::{self, Structure};
use super::subcause::Subcause;
use super::{
    Budget, CauseCode, Depth, Request, binds, json_tokens, message_signatures, plain_tokens, search, signature_checks,
};
use crate::signature::public_key::{PublicKeyAlgorithm, PublicKeyKind, PublicKeySet};
use crate::signature::scheme::Parts;
use crate::signature::{Algorithm, Proof, Scheme, SignedContent, TemplatePiece};

/// Explains what is not verified.
pub(super) fn explain(request: &Request<'_>, structure: &Structure, budget: &Budget<'_>) -> Explained {
    let mut explained = match &request.scheme.proof {
        Proof::Hmac(_) | Proof::Hash(_) => digest(request, structure, budget),
        Proof::PublicKey(algorithm) => public_key(request, structure, *algorithm, budget),
        Proof::Jwt { .. } => {
            let (values, missing) = structure::signature_values(request);
            let mut explained = json_tokens::explain(request, structure, &values, budget);
            explained.found = plain_tokens::with_missing_header(explained.found, missing.as_ref());
            return explained;
        }
        Proof::Token => {
            let (values, missing) = structure::signature_values(request);
            let mut explained = plain_tokens::explain(request, structure, &values);
            explained.found = plain_tokens::with_missing_header(explained.found, missing.as_ref());
            explained
        }
        Proof::MessageSignature => return message_signatures::explain(request, structure, budget),
        Proof::Sns => Explained::default(),
    };
    if explained.is_right && explained.found.is_empty() {
        explained.found.extend(refused_timestamp(request, structure));
    }
    if explained.is_right && explained.found.is_empty() {
        let parts = Parts {
            timestamp: structure.timestamp.as_deref().unwrap_or_default(),
            id: structure.id.as_deref().unwrap_or_default(),
            value: Some(&structure.value),
            ..Parts::of(request.scheme, request.head, &structure.urls.all[0].0, request.body)
        };
        explained.found = binds::explain(request, structure, &parts, None, budget);
    }
    explained
}

/// That the sender's own libraries refuse the timestamp that a valid signature covers.
fn refused_timestamp(request: &Request<'_>, structure: &Structure) -> Option<Explanation> {
    let sent = structure.timestamp.as_deref().filter(|_| request.scheme.content.covers(&TemplatePiece::Timestamp))?;
    let is_refused = request.scheme.timestamp_reading.hashed(sent).is_none();
    is_refused.then(|| {
        let shown = crate::text::visible_bytes(sent);
        let detail = format!("the signature is valid, and the sender's own libraries refuse “{shown}”");
        let why = Why::new(CauseCode::TimestampUnit, 0, detail).of(Subcause::RefusedTimestamp);
        (vec![why], None)
    })
}

/// A digest; where the secret is a public key and the value a signature, that signature.
fn digest(request: &Request<'_>, structure: &Structure, budget: &Budget<'_>) -> Explained {
    let explained = Explained::by_search(request, structure, &search::run(request, structure, budget));
    let is_signature = structure.seen.iter().any(|why| why.code == CauseCode::SignatureAsymmetric);
    if !explained.found.is_empty() || !is_signature {
        return explained;
    }
    let is_written = |secret: &[u8]| memchr::memmem::find(secret, b"-----BEGIN ").is_some() || secret.starts_with(b"{");
    let given = request.secrets.iter().find(|secret| is_written(secret.expose()));
    let kind = given.and_then(|secret| Some(PublicKeySet::read(secret.expose()).ok()?.keys().next()?.1.kind()));
    let Some(kind) = kind else { return explained };
    let algorithm = match kind {
        PublicKeyKind::Ed25519 => PublicKeyAlgorithm::Ed25519,
        PublicKeyKind::P256 => PublicKeyAlgorithm::EcdsaSha256,
        PublicKeyKind::P384 => PublicKeyAlgorithm::EcdsaSha384,
        PublicKeyKind::P521 => PublicKeyAlgorithm::EcdsaSha512,
        PublicKeyKind::Rsa => PublicKeyAlgorithm::RsaSha256,
    };
    under(request, Proof::PublicKey(algorithm), budget).filter(|other| !other.found.is_empty()).unwrap_or(explained)
}

/// A signature with a public key; where what is configured is a shared secret, an HMAC with it.
fn public_key(
    request: &Request<'_>,
    structure: &Structure,
    algorithm: PublicKeyAlgorithm,
    budget: &Budget<'_>,
) -> Explained {
    let received = &structure.received;
    let prepared = signature_checks::prepare(request, structure, received, algorithm, None);
    let has_key = prepared.axes.keys.all.iter().any(|(_, ways)| ways.weight() == 0);
    let result = search::run_signatures(request, structure, budget, prepared.axes, prepared.checks);
    let mut explained = Explained::by_search(request, structure, &result);
    explained.seen = prepared.seen;
    explained.evidence = prepared.evidence;
    if explained.found.is_empty() && !explained.is_right && !has_key {
        let hmac = under(request, Proof::Hmac(Algorithm::Sha256), budget);
        return hmac.filter(|other| !other.found.is_empty()).unwrap_or(explained);
    }
    explained
}

/// What one change explains under another proof, which is a change by itself.
fn under(request: &Request<'_>, proof: Proof, budget: &Budget<'_>) -> Option<Explained> {
    let own = &request.scheme.proof;
    let detail = format!("{proof} instead of {own}");
    let scheme = Scheme { proof, key: SignedContent::secret(), ..request.scheme.clone() };
    let request = Request { scheme: &scheme, ..*request };
    let structure = structure::read(&request);
    let budget = Budget { depth: Depth::One, ..*budget };
    let mut explained = match &scheme.proof {
        Proof::PublicKey(algorithm) => {
            let prepared = signature_checks::prepare(&request, &structure, &structure.received, *algorithm, None);
            let result = search::run_signatures(&request, &structure, &budget, prepared.axes, prepared.checks);
            Explained::by_search(&request, &structure, &result)
        }
        _ => Explained::by_search(&request, &structure, &search::run(&request, &structure, &budget)),
    };
    if explained.is_right {
        explained.found = vec![(Vec::new(), request.secrets.first().map(|secret| secret.label().to_owned()))];
    }
    let why = Why::new(CauseCode::SignatureAlgorithm, 1, detail);
    for (whys, _) in &mut explained.found {
        // The algorithm is said once, from the scheme's own to what was used.
        whys.retain(|known| known.code != CauseCode::SignatureAlgorithm);
        whys.insert(0, why.clone());
    }
    Some(explained)
}
