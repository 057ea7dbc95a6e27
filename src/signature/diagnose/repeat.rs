//! The same mistake once more: a request that was changed, signed as the original was signed.
//!
//! What the search finds is a computation: a key, a timestamp, a template, a URL and a form of the body. The same
//! computation over another request, with other secrets, gives the digest that its sender would have sent: so what is
//! passed on without the originals fails for the same reason.

use super::search::{self, Match, SearchResult};
use super::structure::{self, Structure};
use super::{Budget, Depth, Request, secrets, timestamps};
use crate::signature::algorithm::Keyed;
use crate::signature::scheme::Parts;
use crate::signature::{Algorithm, Proof};

/// A digest of the original, and the one that takes its place.
#[derive(Clone, PartialEq, Eq)]
pub struct RepeatedDigest {
    /// What the original computation gives.
    pub original: Vec<u8>,
    /// What the same computation gives over the other request; `None` for a digest that nothing explains.
    pub repeated: Option<Vec<u8>>,
}

impl std::fmt::Debug for RepeatedDigest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A digest is a signature that somebody would accept.
        formatter.debug_struct("RepeatedDigest").field("is_explained", &self.repeated.is_some()).finish_non_exhaustive()
    }
}

/// How an original was signed.
pub struct Repetition<'s, 'a> {
    there: Side<'s, 'a>,
    /// The computations that matter: those that give the signature, then the right ones.
    matches: Vec<(Match, Vec<u8>)>,
    /// What else its signature may mean.
    unexplained: Vec<Vec<u8>>,
}

impl<'s, 'a> Repetition<'s, 'a> {
    /// Finds out how `original` was signed. `None` under a scheme whose signature is no digest.
    #[must_use]
    pub fn of(original: &'s Request<'a>, budget: &Budget<'_>) -> Option<Self> {
        if !matches!(original.scheme.proof, Proof::Hmac(_) | Proof::Hash(_)) {
            return None;
        }
        let structure = structure::read(original);
        let mut found = search::run(original, &structure, budget);
        let mut all = std::mem::take(&mut found.matches);
        all.sort_by_key(|matched| weight(&found, matched));
        let there = Side { request: original, structure, axes: found };
        // A right signature may stand in another header.
        let right = (0..original.secrets.len()).map(|key| Match {
            received: usize::MAX,
            key,
            stamp: 0,
            shape: 0,
            url: 0,
            body: None,
        });
        let mut matches: Vec<(Match, Vec<u8>)> = Vec::new();
        for matched in all.into_iter().chain(right) {
            let digest = there.digest(&matched, there.algorithm(&matched));
            if let Some(digest) = digest.filter(|digest| !matches.iter().any(|(_, known)| known == digest)) {
                matches.push((matched, digest));
            }
        }
        let is_known =
            |digest: &Vec<u8>| digest.is_empty() || matches.iter().any(|(_, known)| known.starts_with(digest));
        let received = there.structure.received.iter().map(|received| received.digest.clone());
        let unexplained = received.filter(|digest| !is_known(digest)).collect();
        Some(Self { there, matches, unexplained })
    }

    /// The digests of the original that are to be replaced.
    pub fn originals(&self) -> impl Iterator<Item = &[u8]> {
        self.matches.iter().map(|(_, digest)| digest).chain(&self.unexplained).map(Vec::as_slice)
    }

    /// Each of them with the digest that takes its place over `other`: a request with the same headers, its signature
    /// still the original's, a body of the same structure, and as many secrets in the same order.
    #[must_use]
    pub fn over(&self, other: &Request<'_>) -> Vec<RepeatedDigest> {
        let structure = structure::read(other);
        // Nothing is searched for: what can be varied is listed.
        let nothing = Budget { depth: Depth::One, max_candidates: 1, ..Budget::default() };
        let axes = search::run(other, &structure, &nothing);
        let mut here = Side { request: other, structure, axes };
        here.extend_as(&self.there);
        let repeated = |matched: &Match| {
            let same = here.like(&self.there, matched)?;
            here.digest(&same, self.there.algorithm(matched))
        };
        let explained = self
            .matches
            .iter()
            .map(|(matched, digest)| RepeatedDigest { original: digest.clone(), repeated: repeated(matched) });
        let unexplained =
            self.unexplained.iter().map(|digest| RepeatedDigest { original: digest.clone(), repeated: None });
        explained.chain(unexplained).collect()
    }
}

/// How much has to be changed for a match: the simplest explanation is the one that is told.
fn weight(found: &SearchResult<'_>, matched: &Match) -> (usize, usize) {
    let ways = [
        &found.keys.all[matched.key].1,
        &found.stamps.all[matched.stamp].1,
        &found.shapes.all[matched.shape].1,
        &found.urls.all[matched.url].1,
    ];
    let changes: usize = ways.iter().map(|ways| ways.weight()).sum();
    let of_body =
        matched.body.map_or((0, 0), |body| (found.bodies.ways(body).weight(), found.bodies.ways(body).rank()));
    let of_reading = found.readings.get(matched.received).map_or(0, Vec::len);
    let ranks: u16 = ways.iter().map(|ways| ways.rank()).sum();
    (changes + of_body.0 + of_reading, usize::from(ranks + of_body.1))
}

/// One of the two requests with all that can be varied of it.
struct Side<'s, 'a> {
    request: &'s Request<'a>,
    structure: Structure,
    axes: SearchResult<'a>,
}

impl Side<'_, '_> {
    /// What a match was hashed with; of a signature that was not read, the scheme's own.
    fn algorithm(&self, matched: &Match) -> Option<Algorithm> {
        let received = self.structure.received.get(matched.received).map(|received| received.algorithm);
        received.or_else(|| self.request.scheme.algorithm())
    }

    /// Lists what the search of the other has listed when it went deeper.
    fn extend_as(&mut self, there: &Self) {
        if there.axes.bodies.len() > self.axes.bodies.len() {
            self.axes.bodies.add_combinations();
        }
        self.axes.keys.all.extend(secrets::retyped(self.request.scheme, self.request.secrets));
        if there.axes.stamps.all.len() > self.axes.stamps.all.len()
            && let Some(header) = &self.structure.timestamp
        {
            self.axes.stamps.all.extend(timestamps::milliseconds(header));
            self.axes.stamps.all.extend(timestamps::alone(header));
            self.axes.stamps.all.extend(timestamps::fractions(header));
        }
    }

    /// The place of what the other's match varies; `None` where there is nothing of that kind here.
    fn like(&self, there: &Self, matched: &Match) -> Option<Match> {
        let same = |one: &super::axis::Ways, other: &super::axis::Ways| codes(one) == codes(other);
        let place = |index: usize, length: usize| (index < length).then_some(index);
        let (shape, url) =
            (place(matched.shape, self.axes.shapes.all.len())?, place(matched.url, self.axes.urls.all.len())?);
        let stamp = place(matched.stamp, self.axes.stamps.all.len())?;
        let body = match matched.body {
            Some(body) => Some(self.body_like(there, body)?),
            None => None,
        };
        // Other secrets have other characters, and so more or fewer keys.
        let wanted = &there.axes.keys.all[matched.key].1;
        let at_same_place = self.axes.keys.all.get(matched.key).filter(|(_, ways)| same(ways, wanted));
        let key = match at_same_place {
            Some(_) => matched.key,
            None => self.axes.keys.all.iter().position(|(_, ways)| same(ways, wanted))?,
        };
        Some(Match { received: matched.received, key, stamp, shape, url, body })
    }

    /// The form of this body that explains itself as the other's does: at the same place, unless values there differ.
    fn body_like(&self, there: &Self, body: usize) -> Option<usize> {
        let wanted = codes(there.axes.bodies.ways(body));
        let fits =
            |index: usize| codes(self.axes.bodies.ways(index)) == wanted && self.axes.bodies.bytes(index).is_some();
        let all = 0..self.axes.bodies.len();
        if all.contains(&body) && fits(body) {
            return Some(body);
        }
        let by_code = |index: &usize| {
            let own = codes(self.axes.bodies.ways(*index));
            own.iter().map(|(code, _)| code).eq(wanted.iter().map(|(code, _)| code))
                && self.axes.bodies.bytes(*index).is_some()
        };
        all.clone().find(|index| fits(*index)).or_else(|| all.clone().find(by_code))
    }

    /// What the computation gives; `None` where a part of it is missing.
    fn digest(&self, matched: &Match, algorithm: Option<Algorithm>) -> Option<Vec<u8>> {
        let algorithm = algorithm?;
        let (how, _) = &self.axes.shapes.all[matched.shape];
        let key = &self.axes.keys.all.get(matched.key)?.0;
        let kept = match matched.body {
            Some(body) => Some(self.axes.bodies.bytes(body)?),
            None => None,
        };
        let body = kept.as_ref().map_or(self.request.body, |bytes| bytes.as_slice());
        let parts = Parts {
            timestamp: &self.axes.stamps.all.get(matched.stamp)?.0,
            id: self.structure.id.as_deref().unwrap_or_default(),
            value: Some(&self.structure.value),
            secret: search::secret_text(self.request, &self.axes.keys.all[matched.key]),
            ..Parts::of(self.request.scheme, self.request.head, &self.axes.urls.all.get(matched.url)?.0, body)
        };
        let keyed: Keyed = algorithm.keyed(&key.bytes);
        Some(how.compute(algorithm, &keyed, &key.bytes, &parts)).filter(|digest| !digest.is_empty())
    }
}

/// How a variant explains itself: the codes and their words, which say nothing of the values.
fn codes(ways: &super::axis::Ways) -> Vec<(super::CauseCode, &str)> {
    ways.0.first().into_iter().flatten().map(|why| (why.code, why.detail.as_str())).collect()
}
