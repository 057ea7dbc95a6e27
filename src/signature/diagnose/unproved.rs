//! What is known where nothing is proved: what is seen, that a value can be no signature, or that nothing explains it.

use super::axis::Why;
use super::encoding::{Received, UsualForm, WrittenSignature};
use super::printed::NotADigest;
use super::structure::Structure;
use super::subcause::Subcause;
use super::{CauseCode, Request, surroundings};
use crate::delivery::Verdict;
use crate::signature::verify::{ReasonedJudgement, RejectionReason};
use crate::signature::{Algorithm, Proof, Scheme};
use crate::text::grouped;

/// How much a search that found nothing has tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct SearchEffort {
    pub(super) is_stopped: bool,
    pub(super) tried: u64,
    pub(super) of: u64,
}

/// What is known without a proof, and that nothing explains the mismatch.
pub(super) fn unproved(
    request: &Request<'_>,
    judged: &ReasonedJudgement,
    structure: &Structure,
    seen: &[Why],
    effort: SearchEffort,
) -> Vec<Why> {
    let mut whys: Vec<Why> = structure.seen.iter().chain(seen).cloned().collect();
    // Without it there is nothing to compare, or to compare with.
    let is_settled = structure.seen.iter().chain(seen).any(|why| {
        matches!(
            why.code,
            CauseCode::SignatureHeaderMissing | CauseCode::SignatureMalformed | CauseCode::SignedPartMissing
        )
    });
    let is_asymmetric = structure.seen.iter().any(|why| why.code == CauseCode::SignatureAsymmetric);
    let malformed = malformed(request, judged, structure).filter(|_| !is_settled && !is_asymmetric);
    if let Some(why) = malformed {
        whys.insert(0, why);
    } else if !is_settled {
        whys.push(unexplained(request.scheme, effort));
    }
    whys
}

fn unexplained(scheme: &Scheme, effort: SearchEffort) -> Why {
    let budget = match (effort.is_stopped, effort.tried) {
        (_, 0) => String::new(),
        (false, tried) => format!(" (all {} computations were tried)", grouped(tried)),
        (true, tried) => format!(" (stopped after {} of {} computations)", grouped(tried), grouped(effort.of)),
    };
    let with = if scheme.proof.is_shared() { "a secret" } else { "a key" };
    let detail = match scheme.proof {
        Proof::Token => {
            format!("it is none of the configured secrets, nor any of them written in another way{budget}")
        }
        _ => format!(
            "either it was signed with {with} that is not configured here, or its bytes were changed in a way that \
             cannot be undone; one request cannot tell which{budget}"
        ),
    };
    Why::new(CauseCode::Unexplained, 0, detail)
}

/// That the value cannot be the scheme's digest, whatever the secret: in no encoding does it have that length.
fn malformed(request: &Request<'_>, judged: &ReasonedJudgement, structure: &Structure) -> Option<Why> {
    let algorithm = request.scheme.algorithm()?;
    let ReasonedJudgement { judgement, reason } = judged;
    let note = judgement.note.as_ref().filter(|_| judgement.verdict == Verdict::MalformedSignature)?;
    let bytes = algorithm.digest_bytes();
    // Digits that lost zeros are fewer, and yet most of them are there.
    let is_possible = |received: &Received| match received.written {
        WrittenSignature::Whole => received.digest.len() == bytes,
        WrittenSignature::Bytes | WrittenSignature::Number => received.digest.len() > bytes,
    };
    // Of a list, what stands where the scheme has its signature decides: other values are nobody's.
    let own = &structure.value.candidates;
    let usual = UsualForm::of(request.scheme);
    let is_one = match own.is_empty() {
        true => structure.received.iter().any(is_possible),
        false => {
            own.iter().flat_map(|text| surroundings::readings(text, &usual)).any(|received| is_possible(&received))
        }
    };
    if is_one {
        return None;
    }
    let whole = structure.received.iter().filter(|received| received.written == WrittenSignature::Whole);
    let other = whole.map(|received| received.digest.len()).filter_map(Algorithm::of_length).next();
    let named = own.first().filter(|_| own.len() == 1 && request.scheme.signature.pair.is_some());
    let is_empty = named.is_some_and(|text| bare(text).is_empty());
    let like = match (named, other) {
        (Some(text), _) => placeholder(text),
        (None, Some(other)) => format!(", the length of {}", other.name()),
        (None, None) => String::new(),
    };
    let said = match reason {
        // The title says that it is invalid.
        Some(RejectionReason::NotDigest(fault)) => format!("{}: {fault}", request.scheme.signature_header()),
        _ => note.clone(),
    };
    let object = printed_object(request, &structure.value.candidates).map(|object| format!("; {object}"));
    let object = object.unwrap_or_default();
    let mut why = Why::new(CauseCode::SignatureMalformed, 0, format!("{said}{like}{object}"));
    why.subcause = is_empty.then_some(Subcause::EmptySignature);
    Some(why)
}

/// The object that a program printed into the header in the place of its digest, in words that say what to print.
fn printed_object(request: &Request<'_>, own: &[Vec<u8>]) -> Option<NotADigest> {
    let header = request.scheme.signature.header_in(request.head).and_then(|name| request.head.value(name));
    let texts = header.into_iter().chain(own.iter().map(Vec::as_slice));
    texts.filter_map(|text| std::str::from_utf8(text).ok()).find_map(NotADigest::of_object)
}

/// What stands in a list where the signature should be. Shown only where it is a placeholder: it may be a secret.
fn placeholder(text: &[u8]) -> String {
    const WORDS: [&str; 8] = ["undefined", "null", "none", "nil", "nan", "false", "[object object]", "test"];
    match bare(text).as_str() {
        "" => ": it is empty".to_owned(),
        word if WORDS.contains(&word) => format!(": it is {word}"),
        _ => format!(": it has {} bytes", text.len()),
    }
}

/// A value in lower case, without quotation marks around it.
fn bare(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_lowercase().trim_matches(['"', '\'']).to_owned()
}
