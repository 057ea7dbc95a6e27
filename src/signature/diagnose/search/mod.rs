//! The stages of the search, from nothing changed to three changes, within a budget.
//!
//! A candidate is a key and a content. With a shared secret its digest is computed and compared; with a public key the
//! received signature is checked over it.

mod stages;

use super::axis::{Axis, Ways, Why};
use super::bodies::Bodies;
use super::encoding::Received;
use super::secrets::{CandidateKey, keys};
use super::signature_checks::{ReadingsTried, SignatureChecks};
use super::structure::Structure;
use super::templates::{Construction, TemplateShape, shapes};
use super::{Budget, Request, SearchProgress, SearchStage};
use crate::signature::algorithm::Keyed;
use crate::signature::scheme::Parts;
use crate::signature::{Algorithm, TemplatePiece};

/// A computation that gave the received digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) received: usize,
    pub(super) key: usize,
    pub(super) stamp: usize,
    pub(super) shape: usize,
    pub(super) url: usize,
    /// `None` for the body as received.
    pub(super) body: Option<usize>,
}

/// What the search found, with what the matches' numbers mean.
pub(super) struct SearchResult<'a> {
    pub(super) matches: Vec<Match>,
    /// How each reading of the signature differs from the scheme's form.
    pub(super) readings: Vec<Vec<Why>>,
    pub(super) keys: Axis<CandidateKey>,
    pub(super) stamps: Axis<Vec<u8>>,
    pub(super) shapes: Axis<TemplateShape>,
    pub(super) urls: Axis<Vec<u8>>,
    pub(super) bodies: Bodies<'a>,
    pub(super) complete: bool,
    pub(super) tried: u64,
    pub(super) of: u64,
    pub(super) stage: SearchStage,
}

/// The budget ended the stage.
struct Ended;

/// How a candidate is tested.
enum CandidateTest {
    /// Its digest is computed in each algorithm, and compared.
    Digests {
        received: Vec<Received>,
        algorithms: Vec<Algorithm>,
        /// HMAC's states after each key, one for each algorithm.
        states: Vec<Vec<Keyed>>,
    },
    /// The received signatures are checked over it.
    Signatures(SignatureChecks),
}

/// Tries everything that the budget allows, and stops after the first stage that matches.
pub(super) fn run<'a>(request: &Request<'a>, structure: &Structure, budget: &Budget<'_>) -> SearchResult<'a> {
    let keys = keys(request.scheme, request.secrets, request.others);
    let mut algorithms: Vec<Algorithm> = structure.received.iter().map(|received| received.algorithm).collect();
    algorithms.sort_by_key(|algorithm| *algorithm as u8);
    algorithms.dedup();
    let states =
        keys.all.iter().map(|(key, _)| algorithms.iter().map(|algorithm| algorithm.keyed(&key.bytes)).collect());
    let test = CandidateTest::Digests { received: structure.received.clone(), states: states.collect(), algorithms };
    let readings = structure.received.iter().map(|received| received.whys.clone()).collect();
    let shapes = shapes(request.scheme, structure.id.is_some());
    run_test(request, structure, budget, test, SearchAxes { readings, keys, shapes })
}

/// The same for signatures that public keys check.
pub(super) fn run_signatures<'a>(
    request: &Request<'a>,
    structure: &Structure,
    budget: &Budget<'_>,
    axes: SearchAxes,
    checks: SignatureChecks,
) -> SearchResult<'a> {
    run_test(request, structure, budget, CandidateTest::Signatures(checks), axes)
}

/// What is varied besides timestamp, URL and body.
pub(super) struct SearchAxes {
    pub(super) readings: Vec<Vec<Why>>,
    pub(super) keys: Axis<CandidateKey>,
    pub(super) shapes: Axis<TemplateShape>,
}

fn run_test<'a>(
    request: &Request<'a>,
    structure: &Structure,
    budget: &Budget<'_>,
    test: CandidateTest,
    axes: SearchAxes,
) -> SearchResult<'a> {
    let SearchAxes { readings, keys, shapes } = axes;
    // Keys that are there unchanged come first.
    let base_keys = keys.all.iter().take_while(|(_, ways)| ways.weight() == 0).count();
    let mut search = Search {
        request,
        structure,
        budget,
        base_keys,
        test,
        bytes: 0,
        url: 0,
        which: ReadingsTried::All,
        found: SearchResult {
            matches: Vec::new(),
            readings,
            stamps: structure.stamps.clone(),
            shapes,
            urls: structure.urls.clone(),
            bodies: Bodies::new(request.body, &structure.content_encoding),
            keys,
            complete: true,
            tried: 0,
            of: 0,
            stage: SearchStage::Structure,
        },
    };
    if !search.found.readings.is_empty() {
        search.found.complete = search.stages().is_ok();
    }
    let mut found = search.found;
    found.of = if found.complete { found.tried } else { found.of.max(found.tried) };
    found
}

/// What a template means by the secret under a key: the configured text, unless the key is another.
pub(super) fn secret_text<'k>(request: &Request<'k>, (key, ways): &'k (CandidateKey, Ways)) -> &'k [u8] {
    let own = key.secret.filter(|_| ways.weight() == 0).and_then(|place| request.secrets.get(place));
    own.map_or(&key.bytes, |secret| secret.expose())
}

struct Search<'s, 'a, 'b> {
    request: &'s Request<'a>,
    structure: &'s Structure,
    budget: &'s Budget<'b>,
    base_keys: usize,
    test: CandidateTest,
    bytes: u64,
    /// Which URL is tried now.
    url: usize,
    /// Which readings of a signature are checked.
    which: ReadingsTried,
    found: SearchResult<'a>,
}

impl<'a> Search<'_, 'a, '_> {
    /// Builds the bodies from `from` on and hands each new one to `each`.
    fn each_new_body(
        &mut self,
        from: usize,
        mut each: impl FnMut(&mut Self, usize, &[u8]) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let mut bodies = std::mem::replace(&mut self.found.bodies, Bodies::new(b"", b""));
        let mut result = Ok(());
        bodies.build(from, |index, bytes| {
            result = each(self, index, bytes);
            result.is_ok()
        });
        self.found.bodies = bodies;
        result
    }

    /// Computes one digest in each algorithm that was received, and compares.
    fn attempt(
        &mut self,
        key: usize,
        stamp: usize,
        shape: usize,
        body: Option<usize>,
        bytes: &[u8],
    ) -> Result<(), Ended> {
        let found = &mut self.found;
        let (how, _) = &found.shapes.all[shape];
        let indifferent = (stamp != 0 && !how.content.covers(&TemplatePiece::Timestamp))
            || (body.is_some() && !how.covers_body())
            || (key != 0 && how.construction == Construction::NoKey);
        if indifferent {
            return Ok(());
        }
        let (scheme, head) = (self.request.scheme, self.request.head);
        let parts = Parts {
            timestamp: &found.stamps.all[stamp].0,
            id: self.structure.id.as_deref().unwrap_or_default(),
            value: Some(&self.structure.value),
            secret: secret_text(self.request, &found.keys.all[key]),
            ..Parts::of(scheme, head, &found.urls.all[self.url].0, bytes)
        };
        let mut cost = bytes.len() as u64 + 128;
        match &mut self.test {
            CandidateTest::Digests { received, algorithms, states } => {
                for (algorithm, state) in algorithms.iter().zip(&states[key]) {
                    let digest = how.compute(*algorithm, state, &found.keys.all[key].0.bytes, &parts);
                    for (received, expected) in received.iter().enumerate() {
                        if expected.algorithm == *algorithm && expected.matches(&digest) {
                            found.matches.push(Match { received, key, stamp, shape, url: self.url, body });
                        }
                    }
                }
            }
            CandidateTest::Signatures(checks) => {
                let Some(message) = how.message(&parts) else { return Ok(()) };
                let mut right =
                    |received| found.matches.push(Match { received, key, stamp, shape, url: self.url, body });
                cost += checks.check(key, self.which, message, &mut right);
                if checks.is_spent(self.budget.depth) {
                    return Err(Ended);
                }
            }
        }
        found.tried += 1;
        self.bytes += cost;
        self.check(bytes.len())
    }

    /// Polls the caller, seldom enough not to cost anything.
    fn check(&mut self, just_hashed: usize) -> Result<(), Ended> {
        let (tried, budget) = (self.found.tried, self.budget);
        if tried >= budget.max_candidates || self.bytes >= budget.max_bytes {
            return Err(Ended);
        }
        if just_hashed > 64 << 10 || tried.is_multiple_of(32) {
            if tried.is_multiple_of(256) || just_hashed > 1 << 20 {
                self.tell();
            }
            if !(budget.go_on)() {
                return Err(Ended);
            }
        }
        Ok(())
    }

    fn tell(&self) {
        let SearchResult { stage, tried, of, ref matches, .. } = self.found;
        (self.budget.progress)(SearchProgress { stage, tried, of: of.max(tried), found: matches.len() });
    }
}
