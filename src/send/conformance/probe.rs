//! Which mistakes explain that valid deliveries are refused as forged ones are, so that they can be tried out.

use std::collections::HashMap;

use super::ReceiverFault;
use super::craft::{Crafted, Fixture};
use crate::signature::diagnose::{CauseCode, MistakenSignature, Suspect, SuspectKind};

/// Bodies beyond this length are not asked about, but for the one that is tried out.
const LONGEST: usize = 4096;

/// A mistake that a receiver was shown to make: it accepts what only that mistake computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedMistake {
    /// The cause, in the words of the diagnosis.
    pub cause: CauseCode,
    /// The fault that it is.
    pub fault: ReceiverFault,
    /// What exactly is signed then.
    pub detail: String,
    /// The other mistake that is made at the same time, where two are: its cause, and what is signed.
    pub with: Option<(CauseCode, String)>,
    /// What makes it, by name.
    pub names: Vec<String>,
    /// Whether others can sign, or replay what was signed.
    pub is_alarm: bool,
    /// What to do about it.
    pub fix: String,
    /// The cases that it explains.
    pub explains: Vec<&'static str>,
}

/// Whether a receiver with that mistake accepts this delivery; `None` where that is not known.
pub(super) fn accepts(suspect: &Suspect, fixture: &Fixture, crafted: &Crafted) -> Option<bool> {
    let made = signature(suspect, fixture, crafted)?;
    Some(!made.is_whole && made.text == crafted.right)
}

/// What a receiver with that mistake computes for a delivery; `None` where it could not.
pub(super) fn signature(suspect: &Suspect, fixture: &Fixture, crafted: &Crafted) -> Option<MistakenSignature> {
    let pieces = crafted.pieces();
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &piece[..]).collect();
    suspect.signature(&fixture.scheme, &fixture.secret, &crafted.request.head(), &crafted.timestamp, &pieces)
}

/// Mistakes that a receiver may make, and what is known of them.
pub(super) struct Suspicions {
    pub(super) all: Vec<Suspect>,
    /// Whether a delivery would be accepted: by the mistake's place, and the delivery's own signature, which no other has.
    /// A check asks again for each case that nothing explains.
    known: HashMap<(usize, String), Option<bool>>,
}

/// A mistake that agrees with what a receiver did, and the places of the refused deliveries that it explains.
pub(super) struct Candidate {
    /// Its place among the suspicions.
    pub(super) suspect: usize,
    pub(super) explains: Vec<usize>,
}

impl Suspicions {
    pub(super) fn new(all: Vec<Suspect>) -> Self {
        Self { all, known: HashMap::new() }
    }

    fn accepts(&mut self, suspect: usize, fixture: &Fixture, crafted: &Crafted) -> Option<bool> {
        let key = (suspect, crafted.right.clone());
        *self.known.entry(key).or_insert_with(|| accepts(&self.all[suspect], fixture, crafted))
    }

    /// The mistakes under which every accepted delivery is accepted and a refused one refused, those that explain most
    /// first, then the most common.
    pub(super) fn candidates(
        &mut self,
        fixture: &Fixture,
        accepted: &[&Crafted],
        refused: &[&Crafted],
    ) -> Vec<Candidate> {
        let is_small = |crafted: &Crafted| crafted.request.body.len() <= LONGEST;
        let mut all = Vec::new();
        for suspect in 0..self.all.len() {
            let mut seen = Vec::new();
            for (place, crafted) in refused.iter().enumerate() {
                // Each of hundreds of mistakes would write it again. The one that is tried out has to be known.
                let is_asked = place == 0 || is_small(crafted);
                seen.push(if is_asked { self.accepts(suspect, fixture, crafted) } else { None });
            }
            let agrees = seen.contains(&Some(false))
                && accepted
                    .iter()
                    .filter(|crafted| is_small(crafted))
                    .all(|crafted| self.accepts(suspect, fixture, crafted) != Some(false));
            if agrees {
                // What is too long to be written otherwise goes with the rest.
                let explains = (0..seen.len()).filter(|&place| seen[place] != Some(true)).collect();
                all.push(Candidate { suspect, explains });
            }
        }
        all.sort_by_key(|candidate| (std::cmp::Reverse(candidate.explains.len()), self.all[candidate.suspect].rank()));
        all
    }
}

/// The fault that a mistake is.
pub(super) fn fault_of(suspect: &Suspect) -> ReceiverFault {
    match suspect.kind() {
        SuspectKind::Body => match suspect.code() {
            CauseCode::BodyEmpty => ReceiverFault::EmptyBody,
            CauseCode::BodyStringifiedObject => ReceiverFault::HashesPrintedObject,
            CauseCode::BodyNewline if suspect.trims_body() => ReceiverFault::TrimsBody,
            CauseCode::BodyCharset | CauseCode::BodyUnicodeNormalized => ReceiverFault::RejectsUnicode,
            CauseCode::BodyReserialized
            | CauseCode::BodyKeysSorted
            | CauseCode::BodyNullsDropped
            | CauseCode::BodyDoubleEncoded
            | CauseCode::BodyFormEncoded => ReceiverFault::HashesReserialisedBody,
            _ => ReceiverFault::HashesOtherBytes,
        },
        SuspectKind::Key if suspect.code() == CauseCode::SecretUnset => ReceiverFault::UnsetSecret,
        SuspectKind::Key => ReceiverFault::WrongKeyForm,
        // What is signed without the time can be sent at any time.
        SuspectKind::Content if suspect.leaves_out_body() => ReceiverFault::IgnoresBody,
        SuspectKind::Content if suspect.is_alarm() => ReceiverFault::IgnoresTimestamp,
        SuspectKind::Content | SuspectKind::Timestamp | SuspectKind::Url => ReceiverFault::WrongContent,
        // A hash without a key is anybody's.
        SuspectKind::Algorithm if suspect.is_alarm() => ReceiverFault::UnsetSecret,
        SuspectKind::Algorithm => ReceiverFault::WrongAlgorithm,
        SuspectKind::Form => ReceiverFault::WrongSignatureForm,
        SuspectKind::Zeros => ReceiverFault::FailsAtRandom,
        SuspectKind::Arrival if suspect.code() == CauseCode::BodyCharset => ReceiverFault::SplitsCharacters,
        SuspectKind::Arrival => ReceiverFault::ReadsPartOfBody,
    }
}

impl ProvedMistake {
    /// Of a mistake whose signature was accepted: one, or two that are made at once, first the one to mend first.
    pub(super) fn all_of(suspect: &Suspect, fixture: &Fixture, explains: &[&'static str]) -> Vec<Self> {
        let parts = suspect.parts();
        let of = |part: &Suspect, other: Option<&Suspect>| Self {
            cause: part.code(),
            fault: fault_of(part),
            detail: part.detail().to_owned(),
            with: other.map(|other| (other.code(), other.detail().to_owned())),
            names: part.names().to_vec(),
            is_alarm: part.is_alarm(),
            fix: part.fix(&fixture.scheme),
            explains: explains.to_vec(),
        };
        let mut all = match parts[..] {
            [one, two] => vec![of(one, Some(two)), of(two, Some(one))],
            _ => vec![of(suspect, None)],
        };
        all.sort_by_key(|mistake| mistake.fault);
        all
    }

    /// In a sentence: what the receiver accepts, and what makes it.
    #[must_use]
    pub fn words(&self) -> String {
        let names = match &self.names[..] {
            [] => String::new(),
            names => format!(" ({})", names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ")),
        };
        let with = match &self.with {
            Some((_, detail)) => format!("; and at the same time: {detail}"),
            None => String::new(),
        };
        format!("proved by a signature that it accepts: {}{names}{with}", self.detail)
    }
}
