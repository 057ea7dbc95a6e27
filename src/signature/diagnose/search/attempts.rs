//! Trying a candidate: with a short body at once, with a longer one together with others.

use std::cell::OnceCell;
use std::rc::Rc;

use super::lanes::{Beginning, HashedMessage, InitialState};
use super::{CandidateTest, DigestTest, Ended, Match, Search, secret_text};
use crate::signature::diagnose::SearchProgress;
use crate::signature::diagnose::templates::{Construction, JoinedContent, TemplateShape};
use crate::signature::scheme::{Parts, body_sha256};
use crate::signature::{Algorithm, TemplatePiece};

/// How many candidates are computed together.
const TOGETHER: usize = 16;
/// The most bytes that are hashed together, however few candidates that is: progress is reported in between.
const TOGETHER_BYTES: usize = 32 << 20;
/// What a candidate costs beside its bytes, in bytes: the key's blocks and the padding.
const OWN_COST: u64 = 128;

/// A body that may have been signed.
pub(super) struct SignedBody<'a> {
    /// Its place among the bodies; `None` as received.
    pub(super) index: Option<usize>,
    bytes: BodyBytes<'a>,
    /// How many bytes of its beginning are those of the received one.
    same: usize,
    sha256: OnceCell<String>,
}

enum BodyBytes<'a> {
    Received(&'a [u8]),
    Rewritten(Rc<Vec<u8>>),
}

impl<'a> SignedBody<'a> {
    pub(super) fn received(body: &'a [u8]) -> Rc<Self> {
        Rc::new(Self { index: None, bytes: BodyBytes::Received(body), same: body.len(), sha256: OnceCell::new() })
    }

    pub(super) fn rewritten(index: usize, bytes: Rc<Vec<u8>>, received: &[u8]) -> Rc<Self> {
        let same = common_beginning(&bytes, received);
        Rc::new(Self { index: Some(index), bytes: BodyBytes::Rewritten(bytes), same, sha256: OnceCell::new() })
    }

    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            BodyBytes::Received(bytes) => bytes,
            BodyBytes::Rewritten(bytes) => bytes,
        }
    }

    /// Bytes of memory that are kept while it waits.
    fn memory(&self) -> usize {
        match &self.bytes {
            BodyBytes::Received(_) => 0,
            BodyBytes::Rewritten(bytes) => bytes.len(),
        }
    }

    /// Computed once, whatever templates name it.
    fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| body_sha256(self.bytes()))
    }
}

/// How many bytes two texts have in common at their beginning.
fn common_beginning(one: &[u8], other: &[u8]) -> usize {
    // Whole pieces are compared as memory is, which is many times as fast as bytes are.
    const PIECE: usize = 1 << 10;
    let pieces = one.chunks_exact(PIECE).zip(other.chunks_exact(PIECE)).take_while(|(one, other)| one == other);
    let same = pieces.count() * PIECE;
    let rest = one.iter().skip(same).zip(other.iter().skip(same));
    same + rest.take_while(|(one, other)| one == other).count()
}

/// A candidate that waits for others.
pub(super) struct WaitingCandidate<'a> {
    at: Match,
    body: Rc<SignedBody<'a>>,
    beginning: Beginning,
    content: JoinedContent,
    /// What becomes of the content's digest.
    construction: Construction,
    is_stem: bool,
}

impl WaitingCandidate<'_> {
    fn message(&self) -> HashedMessage<'_> {
        let (body, same) = if self.content.has_body { (self.body.bytes(), self.body.same) } else { (&b""[..], 0) };
        HashedMessage { beginning: &self.beginning, body, same, tail: &self.content.tail, is_stem: self.is_stem }
    }
}

impl<'a> Search<'_, 'a, '_> {
    /// Computes one digest in each algorithm that was received, and compares; or checks the received signatures.
    pub(super) fn attempt(
        &mut self,
        key: usize,
        stamp: usize,
        shape: usize,
        body: &Rc<SignedBody<'a>>,
    ) -> Result<(), Ended> {
        let (how, _) = &self.found.shapes.all[shape];
        let indifferent = (stamp != 0 && !how.content.covers(&TemplatePiece::Timestamp))
            || (body.index.is_some() && !how.covers_body())
            || (key != 0 && how.construction == Construction::NoKey)
            || (shape != 0 && self.is_untimed(stamp, how));
        if indifferent {
            return Ok(());
        }
        let at = Match { received: 0, key, stamp, shape, url: self.url, body: body.index };
        if let Some(waiting) = self.waiting_candidate(at, body) {
            self.waiting.push(waiting);
            return if self.is_full() { self.flush() } else { Ok(()) };
        }
        // The matches are in the order of the candidates.
        self.flush()?;
        self.attempt_alone(at, body)
    }

    /// Whether the content names a timestamp where there is none: what it is joined with then has not been signed so.
    fn is_untimed(&self, stamp: usize, how: &TemplateShape) -> bool {
        let (text, ways) = &self.found.stamps.all[stamp];
        text.is_empty()
            && how.content.covers(&TemplatePiece::Timestamp)
            && (ways.weight() == 0
                || how.needs_timestamp()
                || !self.request.scheme.content.covers(&TemplatePiece::Timestamp))
    }

    fn parts<'p>(&'p self, at: Match, body: &'p SignedBody<'_>) -> Parts<'p> {
        let (how, _) = &self.found.shapes.all[at.shape];
        let body_sha256 = how.content.covers(&TemplatePiece::BodyHash).then(|| body.sha256());
        Parts {
            timestamp: &self.found.stamps.all[at.stamp].0,
            id: self.structure.id.as_deref().unwrap_or_default(),
            value: Some(&self.structure.value),
            secret: secret_text(self.request, &self.found.keys.all[at.key]),
            body_sha256,
            ..Parts::of(self.request.scheme, self.request.head, &self.found.urls.all[at.url].0, body.bytes())
        }
    }

    /// A candidate that can wait for others; `None` for one that is computed alone.
    fn waiting_candidate(&self, at: Match, body: &Rc<SignedBody<'a>>) -> Option<WaitingCandidate<'a>> {
        let CandidateTest::Digests(test) = &self.test else { return None };
        if test.together.is_empty() {
            return None;
        }
        let (how, _) = &self.found.shapes.all[at.shape];
        let mut content = how.joined(&self.found.keys.all[at.key].0.bytes, &self.parts(at, body))?;
        let construction = how.construction;
        let start = if construction.is_keyed() { InitialState::Key(at.key) } else { InitialState::Plain };
        let beginning = Beginning { start, lead: std::mem::take(&mut content.lead) };
        // Other bodies, and other ends of the content, come with one other change at most.
        let changes = [at.key >= self.base_keys, at.stamp > 0, at.shape > 0].into_iter().filter(|is| *is).count();
        let is_stem = changes < 2 || beginning.lead.is_empty();
        Some(WaitingCandidate { at, body: Rc::clone(body), beginning, content, construction, is_stem })
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.waiting.iter().map(|waiting| waiting.body.bytes().len()).sum();
        self.waiting.len() >= TOGETHER
            || (bytes >= TOGETHER_BYTES && self.waiting.len() > 1)
            || self.found.tried + self.waiting.len() as u64 >= self.budget.max_candidates
    }

    /// To be called before another body is made: those that wait are kept in memory.
    pub(super) fn before_next_body(&mut self) -> Result<(), Ended> {
        let bodies = self.waiting.chunk_by(|one, other| Rc::ptr_eq(&one.body, &other.body));
        let memory: usize = bodies.filter_map(<[_]>::first).map(|waiting| waiting.body.memory()).sum();
        if memory > self.waiting_memory { self.flush() } else { Ok(()) }
    }

    /// Computes the digests of all candidates that wait, and compares.
    pub(super) fn flush(&mut self) -> Result<(), Ended> {
        let waiting = std::mem::take(&mut self.waiting);
        let CandidateTest::Digests(test) = &mut self.test else { return Ok(()) };
        if waiting.is_empty() {
            return Ok(());
        }
        let messages: Vec<HashedMessage<'_>> = waiting.iter().map(WaitingCandidate::message).collect();
        let (budget, mut cost, mut goes_on) = (self.budget, OWN_COST * waiting.len() as u64, true);
        let mut poll = |hashed| {
            cost += hashed;
            goes_on = goes_on && (budget.go_on)();
            goes_on
        };
        let mut digests: Vec<_> =
            test.together.iter_mut().map(|together| together.digest(&messages, &mut poll).into_iter()).collect();
        let before = self.found.tried;
        for waiting in &waiting {
            let computed: Option<Vec<Vec<u8>>> = digests.iter_mut().map(|digests| digests.next().flatten()).collect();
            let Some(mut computed) = computed else { continue };
            let states = test.algorithms.iter().zip(&test.states[waiting.at.key]);
            for (digest, (algorithm, keyed)) in computed.iter_mut().zip(states) {
                *digest = match waiting.construction {
                    Construction::Swapped => keyed_by(digest, *algorithm, &self.found.keys.all[waiting.at.key].0.bytes),
                    other => other.finish(*algorithm, keyed, std::mem::take(digest)),
                };
            }
            test.compare(waiting.at, &computed, &mut self.found.matches);
            self.found.tried += 1;
        }
        self.bytes += cost;
        if cost > 1 << 20 || self.found.tried / 256 != before / 256 {
            self.tell();
        }
        if goes_on && !self.is_spent() { Ok(()) } else { Err(Ended) }
    }

    fn attempt_alone(&mut self, at: Match, body: &SignedBody<'a>) -> Result<(), Ended> {
        let (how, _) = &self.found.shapes.all[at.shape];
        let mut cost = body.bytes().len() as u64 + OWN_COST;
        let key = &self.found.keys.all[at.key].0.bytes;
        let parts = self.parts(at, body);
        match &self.test {
            CandidateTest::Digests(test) => {
                let states = test.algorithms.iter().zip(&test.states[at.key]);
                let digests: Vec<Vec<u8>> =
                    states.map(|(algorithm, state)| how.compute(*algorithm, state, key, &parts)).collect();
                test.compare(at, &digests, &mut self.found.matches);
            }
            CandidateTest::Signatures(_) => {
                let Some(message) = how.message(&parts) else { return Ok(()) };
                let CandidateTest::Signatures(checks) = &mut self.test else { return Ok(()) };
                let matches = &mut self.found.matches;
                let mut right = |received| matches.push(Match { received, ..at });
                cost += checks.check(at.key, self.which, message, &mut right);
                if checks.is_spent(self.budget.depth) {
                    return Err(Ended);
                }
            }
        }
        self.found.tried += 1;
        self.bytes += cost;
        self.check(body.bytes().len())
    }

    fn is_spent(&self) -> bool {
        self.found.tried >= self.budget.max_candidates || self.bytes >= self.budget.max_bytes
    }

    /// Polls the caller, seldom enough not to cost anything.
    fn check(&self, just_hashed: usize) -> Result<(), Ended> {
        let tried = self.found.tried;
        if self.is_spent() {
            return Err(Ended);
        }
        if just_hashed > 64 << 10 || tried.is_multiple_of(32) {
            if tried.is_multiple_of(256) || just_hashed > 1 << 20 {
                self.tell();
            }
            if !(self.budget.go_on)() {
                return Err(Ended);
            }
        }
        Ok(())
    }

    pub(super) fn tell(&self) {
        let super::SearchResult { stage, tried, of, ref matches, .. } = self.found;
        (self.budget.progress)(SearchProgress { stage, tried, of: of.max(tried), found: matches.len() });
    }
}

impl DigestTest {
    /// Holds a candidate's digests, one for each algorithm, against those received.
    fn compare(&self, at: Match, digests: &[Vec<u8>], matches: &mut Vec<Match>) {
        for (algorithm, digest) in self.algorithms.iter().zip(digests) {
            for (received, expected) in self.received.iter().enumerate() {
                if expected.algorithm == *algorithm && expected.matches(digest) {
                    matches.push(Match { received, ..at });
                }
            }
        }
    }
}

/// HMAC over `key` with a message's hash in the key's place: RFC 2104 hashes keys that are longer than a block.
fn keyed_by(hash: &[u8], algorithm: Algorithm, key: &[u8]) -> Vec<u8> {
    let mut state = algorithm.keyed(hash);
    state.update(key);
    state.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_common_beginning_is_found_at_any_place(length in 0..5_000_usize, at: prop::sample::Index, tail: bool) {
            let one: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let at = at.index(length + 1);
            let mut other = one[..at].to_vec();
            if tail {
                other.push(!(at as u8));
                other.extend_from_slice(&one[at..]);
            }
            prop_assert_eq!(common_beginning(&one, &other), at);
            prop_assert_eq!(common_beginning(&other, &one), at);
        }
    }
}
