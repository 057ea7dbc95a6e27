//! Which mistakes explain that valid deliveries are refused as forged ones are, so that they can be tried out.

use super::ReceiverFault;
use super::craft::{Crafted, Fixture};
use crate::signature::diagnose::{CauseCode, Suspect, SuspectKind};

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
    let pieces = crafted.pieces();
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &piece[..]).collect();
    let head = crafted.request.head();
    let made = suspect.signature(&fixture.scheme, &fixture.secret, &head, &crafted.timestamp, &pieces)?;
    Some(!made.is_whole && made.text == crafted.right)
}

/// A mistake that agrees with what a receiver did, and the places of the refused deliveries that it explains.
pub(super) struct Candidate<'s> {
    pub(super) suspect: &'s Suspect,
    pub(super) explains: Vec<usize>,
}

/// The mistakes under which every accepted delivery is accepted and a refused one refused, those that explain most
/// first, then the most common.
pub(super) fn candidates<'s>(
    suspects: &'s [Suspect],
    fixture: &Fixture,
    accepted: &[&Crafted],
    refused: &[&Crafted],
) -> Vec<Candidate<'s>> {
    let small: Vec<&&Crafted> = accepted.iter().filter(|crafted| crafted.request.body.len() <= LONGEST).collect();
    let mut all: Vec<Candidate<'s>> = suspects
        .iter()
        .filter_map(|suspect| {
            let known: Vec<Option<bool>> = refused
                .iter()
                .enumerate()
                .map(|(place, crafted)| {
                    // Each of hundreds of mistakes would write it again. The one that is tried out has to be known.
                    let is_asked = place == 0 || crafted.request.body.len() <= LONGEST;
                    if is_asked { accepts(suspect, fixture, crafted) } else { None }
                })
                .collect();
            // What is too long to be written otherwise goes with the rest.
            let explains: Vec<usize> = (0..refused.len()).filter(|&place| known[place] != Some(true)).collect();
            let agrees = known.contains(&Some(false))
                && small.iter().all(|crafted| accepts(suspect, fixture, crafted) != Some(false));
            agrees.then_some(Candidate { suspect, explains })
        })
        .collect();
    all.sort_by_key(|candidate| (std::cmp::Reverse(candidate.explains.len()), candidate.suspect.rank()));
    all
}

/// The fault that a mistake is.
pub(super) fn fault_of(suspect: &Suspect) -> ReceiverFault {
    match suspect.kind() {
        SuspectKind::Body => match suspect.code() {
            CauseCode::BodyEmpty => ReceiverFault::EmptyBody,
            CauseCode::BodyStringifiedObject => ReceiverFault::HashesPrintedObject,
            // The other way round, it signs more than it got.
            CauseCode::BodyNewline if suspect.detail().contains("did not arrive") => ReceiverFault::HashesOtherBytes,
            CauseCode::BodyNewline => ReceiverFault::TrimsBody,
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
        SuspectKind::Content if suspect.detail().contains("not covered") => ReceiverFault::IgnoresBody,
        SuspectKind::Content if suspect.is_alarm() => ReceiverFault::IgnoresTimestamp,
        SuspectKind::Content | SuspectKind::Timestamp => ReceiverFault::WrongContent,
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
    /// Of a mistake whose signature was accepted.
    pub(super) fn of(suspect: &Suspect, fixture: &Fixture, explains: Vec<&'static str>) -> Self {
        Self {
            cause: suspect.code(),
            fault: fault_of(suspect),
            detail: suspect.detail().to_owned(),
            names: suspect.names().to_vec(),
            is_alarm: suspect.is_alarm(),
            fix: suspect.fix(&fixture.scheme),
            explains,
        }
    }

    /// In a sentence: what the receiver accepts, and what makes it.
    #[must_use]
    pub fn words(&self) -> String {
        let names = match &self.names[..] {
            [] => String::new(),
            names => format!(" ({})", names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ")),
        };
        format!("proved by a signature that it accepts: {}{names}", self.detail)
    }
}
