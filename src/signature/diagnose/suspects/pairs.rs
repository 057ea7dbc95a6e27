//! Two independent mistakes at once, the most likely pairs first.

use super::{Mistake, Suspect, SuspectKind};
use crate::signature::diagnose::CauseCode;

/// Which mistakes are paired, and how many of each cause: the most common ones, since each pair costs a request. A number
/// format and the arrival of a body show in some deliveries alone, and need no pair to be found.
const KEYS: &[(CauseCode, usize)] = &[
    (CauseCode::SecretWhitespace, 1),
    (CauseCode::SecretUnset, 2),
    (CauseCode::SecretBase64, 1),
    (CauseCode::SecretHex, 1),
    (CauseCode::SecretQuoted, 1),
    (CauseCode::SecretHashed, 1),
];
const BODIES: &[(CauseCode, usize)] = &[
    (CauseCode::BodyReserialized, 6),
    (CauseCode::BodyKeysSorted, 3),
    (CauseCode::BodyEmpty, 1),
    (CauseCode::BodyStringifiedObject, 1),
];
const FORMS: &[(CauseCode, usize)] = &[(CauseCode::SignatureEncoding, 2), (CauseCode::SignaturePrefix, 1)];
const TIMES: &[(CauseCode, usize)] = &[(CauseCode::TimestampUnit, 2)];
const CONTENTS: &[(CauseCode, usize)] = &[(CauseCode::ContentTemplate, 2)];
const ALGORITHMS: &[(CauseCode, usize)] = &[(CauseCode::SignatureAlgorithm, 2)];

/// Pairs of the most common mistakes of `all`, the most likely first: by how common both are together.
#[must_use]
pub fn pairs(all: &[Suspect]) -> Vec<Suspect> {
    let of = |kind: SuspectKind, counts: &[(CauseCode, usize)]| {
        let usual = |code: CauseCode, count: usize| {
            all.iter().filter(move |one| one.kind == kind && one.why.code == code).take(count)
        };
        counts.iter().flat_map(|&(code, count)| usual(code, count)).collect::<Vec<&Suspect>>()
    };
    let (keys, bodies) = (of(SuspectKind::Key, KEYS), of(SuspectKind::Body, BODIES));
    let (forms, times) = (of(SuspectKind::Form, FORMS), of(SuspectKind::Timestamp, TIMES));
    let (contents, algorithms) = (of(SuspectKind::Content, CONTENTS), of(SuspectKind::Algorithm, ALGORITHMS));
    let paired = [
        (&keys, &bodies),
        (&forms, &bodies),
        (&keys, &forms),
        (&contents, &bodies),
        (&keys, &times),
        (&keys, &contents),
        (&times, &bodies),
        (&contents, &forms),
        (&algorithms, &bodies),
    ];
    let mut made: Vec<Suspect> = paired
        .into_iter()
        .flat_map(|(some, others)| some.iter().flat_map(move |one| others.iter().map(move |other| one.and(other))))
        .collect();
    made.sort_by_key(Suspect::rank);
    made
}

/// This mistake with each of `all` that changes the body as well.
#[must_use]
pub fn with_bodies(one: &Suspect, all: &[Suspect]) -> Vec<Suspect> {
    all.iter().filter(|other| other.kind == SuspectKind::Body).map(|body| one.and(body)).collect()
}

impl Suspect {
    /// Both at once.
    fn and(&self, other: &Self) -> Self {
        let mut why = self.why.clone();
        why.rank = why.rank.saturating_add(other.why.rank);
        why.alarm |= other.why.alarm;
        why.detail = format!("{}; and {}", self.why.detail, other.why.detail);
        let both = Box::new([self.clone(), other.clone()]);
        Self { why, kind: self.kind, mistake: Mistake::Both(both) }
    }
}
