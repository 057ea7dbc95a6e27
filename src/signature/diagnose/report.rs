//! What a diagnosis says: plain data, without secrets and without any expected digest.

use serde::Serialize;

use super::{CauseCode, CauseKind};
use crate::delivery::Verdict;

/// Where the offending bytes are, for marking them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BytePlace {
    /// In what.
    pub part: RequestPart,
    /// Offset in bytes from its beginning, in what was received (or configured).
    pub offset: usize,
    /// What is there, made visible; for a secret never more than what is odd about it.
    pub before: String,
    /// What the signer had there, made visible too.
    pub after: String,
}

/// Part of a request or of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestPart {
    /// The signature header's value.
    Signature,
    /// The timestamp header's value.
    Timestamp,
    /// The secret.
    Secret,
    /// The body.
    Body,
}

/// One thing that differs between what was received and what was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedDifference {
    /// Which.
    pub code: CauseCode,
    /// What exactly, in words.
    pub detail: String,
    /// Everything that yields the same bytes, the most common first; these bytes cannot tell them
    /// apart.
    pub names: Vec<String>,
    /// Where it shows first.
    pub at: Option<BytePlace>,
}

/// An explanation: all of its changes together make the received digest come out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What differs; more than one when several mistakes met.
    pub changes: Vec<SignedDifference>,
    /// What it is worth.
    pub kind: CauseKind,
    /// One sentence for a person.
    pub summary: String,
    /// What to do about it.
    pub fix: String,
    /// The label of the secret that it holds for.
    pub secret: Option<String>,
}

impl Cause {
    /// Whether one of its changes has this code.
    #[must_use]
    pub fn has(&self, code: CauseCode) -> bool {
        self.changes.iter().any(|change| change.code == code)
    }
}

/// How far the search got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchStage {
    /// Headers, lengths and encodings, without cryptography.
    Structure,
    /// The configured scheme with every secret.
    Canonical,
    /// Exactly one change.
    One,
    /// Two changes.
    Pairs,
    /// Three of the most common changes.
    Triples,
    /// Every clock reading near by.
    Deep,
}

/// Something in the request or its history that bears on the question without proving anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// A stable identifier, such as `never_verified`.
    pub code: &'static str,
    /// One sentence for a person.
    pub text: String,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Whether every candidate of the asked depth was tried, or the search ended early because its
    /// stage matched. False when the budget or the caller ended it.
    pub complete: bool,
    /// Digests computed.
    pub tried: u64,
    /// Digests that the whole search would have computed, as far as known.
    pub of: Option<u64>,
    /// The last stage that was begun.
    pub stage: SearchStage,
    /// The exact scheme's verdict; nothing found here ever changes it.
    #[serde(serialize_with = "verdict_code")]
    pub verdict: Verdict,
    /// The explanations, the likeliest first. Empty for a delivery that is simply right.
    pub causes: Vec<Cause>,
    /// What else is known.
    pub evidence: Vec<Evidence>,
}

impl Diagnosis {
    /// The explanations beside the likeliest. That no known mistake explains it is none, where a cause was found.
    pub fn others(&self) -> impl Iterator<Item = &Cause> {
        self.causes.iter().skip(1).filter(|cause| !cause.has(CauseCode::Unexplained))
    }

    /// That of a request that is no acceptable HTTP: what its bytes mean, receivers may see differently.
    pub(super) fn refused(reason: &str) -> Self {
        let reason = crate::text::visible(reason);
        let text = format!("the request was refused as malformed, and its signature is not judged: {reason}");
        Self {
            complete: true,
            tried: 0,
            of: Some(0),
            stage: SearchStage::Structure,
            verdict: Verdict::NotJudged,
            causes: Vec::new(),
            evidence: vec![Evidence { code: "malformed", text }],
        }
    }

    /// Whether something was proved (alarms are proofs too). A secret that was sent explains no mismatch.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.causes.iter().any(|cause| cause.kind != CauseKind::Evidence && !cause.has(CauseCode::SecretSent))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn verdict_code<S: serde::Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict.code())
}
