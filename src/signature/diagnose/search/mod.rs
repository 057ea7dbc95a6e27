//! The stages of the search, from nothing changed to three changes, within a budget.
//!
//! A candidate is a key and a content. With a shared secret its digest is computed and compared; with a public key the
//! received signature is checked over it.
//!
//! | part | what it does |
//! |---|---|
//! | `stages` | what is tried, in which order |
//! | `attempts` | one candidate, alone or together with others |
//! | `lanes` | many digests at once |

mod attempts;
mod lanes;
mod stages;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use attempts::{SignedBody, WaitingCandidate};
use lanes::{ManyDigests, many_digests};

use super::axis::{Axis, Ways, Why};
use super::bodies::Bodies;
use super::encoding::Received;
use super::secrets::{CandidateKey, keys};
use super::signature_checks::{ReadingsTried, SignatureChecks};
use super::structure::Structure;
use super::templates::{TemplateShape, shapes};
use super::{Budget, Request, SearchStage};
use crate::signature::Algorithm;
use crate::signature::algorithm::Keyed;

/// Bodies from this length on are hashed together: for shorter ones, to arrange it costs what it saves.
const LONG_BODY: usize = 4 << 10;

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
    Digests(DigestTest),
    /// The received signatures are checked over it.
    Signatures(SignatureChecks),
}

struct DigestTest {
    received: Vec<Received>,
    algorithms: Vec<Algorithm>,
    /// HMAC's states after each key, one for each algorithm.
    states: Vec<Vec<Keyed>>,
    /// What computes many digests, one for each algorithm; none where the body is short.
    together: Vec<Box<dyn ManyDigests>>,
}

/// Tries everything that the budget allows, and stops after the first stage that matches.
pub(super) fn run<'a>(request: &Request<'a>, structure: &Structure, budget: &Budget<'_>) -> SearchResult<'a> {
    run_from(request, structure, budget, LONG_BODY)
}

/// The same, with candidates computed together where the body has at least `long` bytes.
fn run_from<'a>(request: &Request<'a>, structure: &Structure, budget: &Budget<'_>, long: usize) -> SearchResult<'a> {
    let keys = keys(request.scheme, request.secrets, request.others);
    let mut algorithms: Vec<Algorithm> = structure.received.iter().map(|received| received.algorithm).collect();
    algorithms.sort_by_key(|algorithm| *algorithm as u8);
    algorithms.dedup();
    let states =
        keys.all.iter().map(|(key, _)| algorithms.iter().map(|algorithm| algorithm.keyed(&key.bytes)).collect());
    let long = algorithms.iter().filter(|_| request.body.len() >= long);
    let texts = || keys.all.iter().map(|(key, _)| key.bytes.as_slice());
    let test = DigestTest {
        received: structure.received.clone(),
        states: states.collect(),
        together: long.map(|algorithm| many_digests(*algorithm, &mut texts(), request.body)).collect(),
        algorithms,
    };
    let readings = structure.received.iter().map(|received| received.whys.clone()).collect();
    let shapes = shapes(request.scheme, structure.id.is_some());
    run_test(request, structure, budget, CandidateTest::Digests(test), SearchAxes { readings, keys, shapes })
}

/// The search under a scheme whose signatures public keys check.
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
    let mut bodies = Bodies::new(request.body, &structure.content_encoding);
    if request.scheme.content.reads_form() {
        bodies.add_fields();
    }
    let mut search = Search {
        request,
        structure,
        budget,
        base_keys,
        test,
        bytes: 0,
        url: 0,
        which: ReadingsTried::All,
        received: SignedBody::received(request.body),
        waiting: Vec::new(),
        waiting_memory: bodies.waiting_memory(),
        found: SearchResult {
            matches: Vec::new(),
            readings,
            stamps: structure.stamps.clone(),
            shapes,
            urls: structure.urls.clone(),
            bodies,
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
    /// The body as received.
    received: Rc<SignedBody<'a>>,
    /// Candidates whose digests are computed together, in the order in which they were tried.
    waiting: Vec<WaitingCandidate<'a>>,
    /// Bytes that bodies may take while they wait.
    waiting_memory: usize,
    found: SearchResult<'a>,
}

impl<'a> Search<'_, 'a, '_> {
    /// Builds the bodies from `from` on and hands each new one to `each`.
    fn each_new_body(
        &mut self,
        from: usize,
        mut each: impl FnMut(&mut Self, &Rc<SignedBody<'a>>) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let mut bodies = std::mem::replace(&mut self.found.bodies, Bodies::none());
        let mut result = Ok(());
        bodies.build(from, |index, bytes| {
            let body = SignedBody::rewritten(index, Rc::clone(bytes), self.request.body);
            result = each(self, &body).and_then(|()| self.before_next_body());
            result.is_ok()
        });
        self.found.bodies = bodies;
        result
    }

    /// A body that was made before, once more.
    fn rewritten(&mut self, index: usize) -> Option<Rc<SignedBody<'a>>> {
        let bytes = self.found.bodies.bytes(index)?;
        Some(SignedBody::rewritten(index, bytes, self.request.body))
    }
}
