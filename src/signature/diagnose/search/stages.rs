//! The stages, from nothing changed to three changes.

use std::rc::Rc;

use super::super::axis::Ways;
use super::super::signature_checks::ReadingsTried;
use super::super::templates::{RARE, TemplateShape};
use super::super::{CauseCode, Depth, SearchStage, secrets, timestamps};
use super::attempts::SignedBody;
use super::{CandidateTest, Ended, Search};
use crate::signature::TemplatePiece;

/// Bodies up to this size are hashed with every millisecond of the header's second without being
/// asked to: a thousand digests of 64 KB take about 40 ms.
const MILLISECONDS_BODY_BYTES: usize = 64 * 1024;
/// Bodies up to this size are hashed with every fraction of it as well.
const FRACTIONS_BODY_BYTES: usize = 4 * 1024;
/// Pairs of two rare changes are left out: their ranks together may not pass this.
const RAREST_PAIR: u16 = 20;

impl<'a> Search<'_, 'a, '_> {
    pub(super) fn stages(&mut self) -> Result<(), Ended> {
        let depth = self.budget.depth;
        let (keys, stamps) = (self.found.keys.all.len(), self.found.stamps.all.len());
        let (shapes, bodies) = (self.found.shapes.all.len(), self.found.bodies.len());
        self.found.of = (keys + self.base_keys * (stamps + shapes + bodies)) as u64;
        if depth >= Depth::Pairs {
            self.found.of += self.pairs_with(bodies);
        }
        self.stage(SearchStage::Canonical, Self::canonical)?;
        // A signature of a rarer reading is one change already.
        self.which = ReadingsTried::Plain;
        self.stage(SearchStage::One, Self::one)?;
        if depth >= Depth::Pairs {
            self.stage(SearchStage::Pairs, Self::pairs)?;
        }
        if depth >= Depth::Pairs && self.request.body.len() <= MILLISECONDS_BODY_BYTES {
            self.stage(SearchStage::Pairs, Self::milliseconds)?;
            self.stage(SearchStage::Pairs, Self::retyped)?;
        }
        if depth >= Depth::Triples {
            self.stage(SearchStage::Triples, Self::triples)?;
        }
        if depth >= Depth::Deep {
            self.stage(SearchStage::Deep, Self::deep)?;
        }
        Ok(())
    }

    /// How many digests all pairs need at most, with `bodies` forms of the body.
    fn pairs_with(&self, bodies: usize) -> u64 {
        let found = &self.found;
        let (keys, stamps, shapes) = (found.keys.all.len(), found.stamps.all.len(), found.shapes.all.len());
        let with_body = self.base_keys * bodies * (stamps + shapes + keys);
        let urls = if self.request.scheme.signs_url() { found.urls.all.len() } else { 0 };
        let with_url = urls * (keys + self.base_keys * (stamps + shapes + bodies));
        (with_body + keys * (stamps + shapes) + stamps * shapes + with_url) as u64
    }

    /// Runs a stage to its end, unless an earlier one matched.
    fn stage(&mut self, stage: SearchStage, run: fn(&mut Self) -> Result<(), Ended>) -> Result<(), Ended> {
        if !self.found.matches.is_empty() {
            return Ok(());
        }
        self.found.stage = stage;
        self.tell();
        run(self).and_then(|()| self.flush())
    }

    fn canonical(&mut self) -> Result<(), Ended> {
        let body = &Rc::clone(&self.received);
        (0..self.base_keys).try_for_each(|key| self.attempt(key, 0, 0, body))
    }

    fn one(&mut self) -> Result<(), Ended> {
        let body = &Rc::clone(&self.received);
        for key in self.base_keys..self.found.keys.all.len() {
            self.attempt(key, 0, 0, body)?;
        }
        for key in 0..self.base_keys {
            for stamp in 1..self.found.stamps.all.len() {
                self.attempt(key, stamp, 0, body)?;
            }
            for shape in 1..self.found.shapes.all.len() {
                self.attempt(key, 0, shape, body)?;
            }
        }
        self.other_urls()?;
        self.foreign_schemes()?;
        let ended = self
            .each_new_body(0, |search, body| (0..search.base_keys).try_for_each(|key| search.attempt(key, 0, 0, body)));
        self.missing_timestamp()?;
        ended
    }

    /// Other URLs for the same endpoint, where the scheme signs one.
    fn other_urls(&mut self) -> Result<(), Ended> {
        if !self.request.scheme.signs_url() {
            return Ok(());
        }
        let body = &Rc::clone(&self.received);
        for url in 1..self.found.urls.all.len() {
            self.url = url;
            let ended = (0..self.base_keys).try_for_each(|key| self.attempt(key, 0, 0, body));
            self.url = 0;
            ended?;
        }
        Ok(())
    }

    /// Other providers' schemes differ in more than one way at once, yet are one explanation.
    fn foreign_schemes(&mut self) -> Result<(), Ended> {
        let decoded: Vec<usize> = (self.base_keys..self.found.keys.all.len())
            .filter(|&key| {
                self.found.keys.all[key].1.0.iter().any(|way| way.iter().any(|why| why.code == CauseCode::SecretBase64))
            })
            .collect();
        let with_id: Vec<usize> = (1..self.found.shapes.all.len())
            .filter(|&shape| self.found.shapes.all[shape].0.content.covers(&TemplatePiece::Id))
            .collect();
        let body = &Rc::clone(&self.received);
        for &key in &decoded {
            for &shape in &with_id {
                self.attempt(key, 0, shape, body)?;
            }
        }
        Ok(())
    }

    /// Without a timestamp header, the body alone is the first thing to think of, changed or not.
    fn missing_timestamp(&mut self) -> Result<(), Ended> {
        if self.structure.timestamp.is_some() {
            return Ok(());
        }
        let alone = (1..self.found.shapes.all.len())
            .find(|&shape| self.found.shapes.all[shape].0.content.pieces() == [TemplatePiece::Body]);
        let Some(alone) = alone else { return Ok(()) };
        for index in self.found.bodies.unique() {
            self.before_next_body()?;
            let Some(body) = self.rewritten(index) else { continue };
            for key in 0..self.base_keys {
                self.attempt(key, 0, alone, &body)?;
            }
        }
        Ok(())
    }

    fn pairs(&mut self) -> Result<(), Ended> {
        let body = &Rc::clone(&self.received);
        self.other_readings()?;
        // By now it is known how few of the bodies differ.
        self.found.of = self.found.tried + self.pairs_with(self.found.bodies.unique().len());
        let (keys, stamps, shapes) =
            (self.found.keys.all.len(), self.found.stamps.all.len(), self.found.shapes.all.len());
        // A timestamp in another unit is the most common companion of anything.
        let common = stamps.min(12);
        let rank_of = |search: &Self, index: usize| search.found.bodies.ways(index).rank();
        for index in self.found.bodies.unique() {
            self.before_next_body()?;
            let Some(body) = self.rewritten(index) else { continue };
            let rank = rank_of(self, index);
            for key in 0..self.base_keys {
                (1..common).try_for_each(|stamp| self.pair(rank, key, stamp, 0, &body))?;
            }
        }
        for index in self.found.bodies.unique() {
            self.before_next_body()?;
            let Some(body) = self.rewritten(index) else { continue };
            let rank = rank_of(self, index);
            (self.base_keys..keys).try_for_each(|key| self.pair(rank, key, 0, 0, &body))?;
            for key in 0..self.base_keys {
                (1..shapes).try_for_each(|shape| self.pair(rank, key, 0, shape, &body))?;
                (common..stamps).try_for_each(|stamp| self.pair(rank, key, stamp, 0, &body))?;
            }
        }
        let is_usual = |(_, ways): &(TemplateShape, Ways)| ways.rank() < RARE;
        let usual = self.found.shapes.all.iter().take_while(|shape| is_usual(shape)).count();
        for key in self.base_keys..keys {
            (1..stamps).try_for_each(|stamp| self.attempt(key, stamp, 0, body))?;
            (1..usual).try_for_each(|shape| self.attempt(key, 0, shape, body))?;
        }
        for key in 0..self.base_keys {
            for stamp in 1..stamps {
                (1..usual).try_for_each(|shape| self.attempt(key, stamp, shape, body))?;
            }
        }
        self.pairs_of_urls()?;
        let from = self.found.bodies.len();
        self.found.bodies.add_combinations();
        self.each_new_body(from, |search, body| {
            (0..search.base_keys).try_for_each(|key| search.attempt(key, 0, 0, body))
        })
    }

    /// Another URL and one other change, where the scheme signs a URL: behind a proxy it is wrong until it is configured,
    /// whatever else is.
    fn pairs_of_urls(&mut self) -> Result<(), Ended> {
        if !self.request.scheme.signs_url() {
            return Ok(());
        }
        for url in 1..self.found.urls.all.len() {
            self.url = url;
            let ended = self.pairs_of_this_url();
            self.url = 0;
            ended?;
        }
        for index in self.found.bodies.unique() {
            self.before_next_body()?;
            let Some(body) = self.rewritten(index) else { continue };
            let rank = self.found.bodies.ways(index).rank();
            for url in 1..self.found.urls.all.len() {
                self.url = url;
                let ended = (0..self.base_keys).try_for_each(|key| self.pair(rank, key, 0, 0, &body));
                self.url = 0;
                ended?;
            }
        }
        Ok(())
    }

    fn pairs_of_this_url(&mut self) -> Result<(), Ended> {
        let body = &Rc::clone(&self.received);
        for key in self.base_keys..self.found.keys.all.len() {
            self.pair(0, key, 0, 0, body)?;
        }
        let is_of_url =
            |search: &Self, shape: usize| search.found.shapes.all[shape].0.content.covers(&TemplatePiece::Url);
        for key in 0..self.base_keys {
            (1..self.found.stamps.all.len()).try_for_each(|stamp| self.pair(0, key, stamp, 0, body))?;
            for shape in 1..self.found.shapes.all.len() {
                if is_of_url(self, shape) {
                    self.pair(0, key, 0, shape, body)?;
                }
            }
        }
        Ok(())
    }

    /// The rarer readings of a signature with one other change. A digest is compared with all of them at once.
    fn other_readings(&mut self) -> Result<(), Ended> {
        if !matches!(&self.test, CandidateTest::Signatures(checks) if checks.has_rarer()) {
            return Ok(());
        }
        self.which = ReadingsTried::Rarer;
        let ended = self.each_other_reading();
        self.which = ReadingsTried::Plain;
        ended
    }

    fn each_other_reading(&mut self) -> Result<(), Ended> {
        let body = &Rc::clone(&self.received);
        for index in self.found.bodies.unique() {
            self.before_next_body()?;
            let Some(body) = self.rewritten(index) else { continue };
            (0..self.base_keys).try_for_each(|key| self.attempt(key, 0, 0, &body))?;
        }
        for key in 0..self.base_keys {
            (1..self.found.shapes.all.len()).try_for_each(|shape| self.attempt(key, 0, shape, body))?;
            (1..self.found.stamps.all.len()).try_for_each(|stamp| self.attempt(key, stamp, 0, body))?;
        }
        self.other_urls()
    }

    /// One body with one other change, unless both are rare; `rank` is the body's.
    fn pair(
        &mut self,
        rank: u16,
        key: usize,
        stamp: usize,
        shape: usize,
        body: &Rc<SignedBody<'a>>,
    ) -> Result<(), Ended> {
        let found = &self.found;
        let other = found.keys.all[key].1.rank()
            + found.stamps.all[stamp].1.rank()
            + found.shapes.all[shape].1.rank()
            + found.urls.all[self.url].1.rank();
        // A part that is received as usual has rank 0.
        if rank + other > RAREST_PAIR {
            return Ok(());
        }
        self.attempt(key, stamp, shape, body)
    }

    fn triples(&mut self) -> Result<(), Ended> {
        let keys = self.found.keys.all.len().min(self.base_keys + 24);
        let stamps = self.found.stamps.all.len().min(10);
        let shapes = self.found.shapes.all.len().min(12);
        for index in self.found.bodies.unique().into_iter().take(40) {
            self.before_next_body()?;
            let Some(body) = self.rewritten(index) else { continue };
            for stamp in 1..stamps {
                (self.base_keys..keys).try_for_each(|key| self.attempt(key, stamp, 0, &body))?;
                for key in 0..self.base_keys {
                    (1..shapes).try_for_each(|shape| self.attempt(key, stamp, shape, &body))?;
                }
            }
        }
        Ok(())
    }

    /// The usual body and template, with every millisecond of the header's second, and what else is signed in its place
    /// that nothing else goes with.
    fn milliseconds(&mut self) -> Result<(), Ended> {
        let Some(header) = &self.structure.timestamp else { return Ok(()) };
        let first = self.found.stamps.all.len();
        self.found.stamps.all.extend(timestamps::milliseconds(header));
        self.found.stamps.all.extend(timestamps::alone(header));
        if self.request.body.len() <= FRACTIONS_BODY_BYTES {
            self.found.stamps.all.extend(timestamps::fractions(header));
        }
        let last = self.found.stamps.all.len();
        let body = &Rc::clone(&self.received);
        for key in 0..self.base_keys {
            (first..last).try_for_each(|stamp| self.attempt(key, stamp, 0, body))?;
        }
        self.flush()?;
        if self.found.matches.is_empty() {
            self.found.stamps.all.truncate(first);
        }
        Ok(())
    }

    /// The usual body and template, with secrets that were typed: each alone.
    fn retyped(&mut self) -> Result<(), Ended> {
        let CandidateTest::Digests(test) = &mut self.test else { return Ok(()) };
        let first = self.found.keys.all.len();
        let made = secrets::retyped(self.request.scheme, self.request.secrets);
        // What is computed together has its keys from the beginning.
        let together = std::mem::take(&mut test.together);
        let states = made.iter().map(|(key, _)| test.algorithms.iter().map(|own| own.keyed(&key.bytes)).collect());
        test.states.extend(states);
        self.found.keys.all.extend(made);
        let body = &Rc::clone(&self.received);
        let ended = (first..self.found.keys.all.len()).try_for_each(|key| self.attempt(key, 0, 0, body));
        let is_found = !self.found.matches.is_empty();
        if let CandidateTest::Digests(test) = &mut self.test {
            test.together = together;
            if !is_found {
                test.states.truncate(first);
                self.found.keys.all.truncate(first);
            }
        }
        ended
    }

    fn deep(&mut self) -> Result<(), Ended> {
        let Some(header) = &self.structure.timestamp else { return Ok(()) };
        let first = self.found.stamps.all.len();
        self.found.stamps.all.extend(timestamps::deep(header));
        let last = self.found.stamps.all.len();
        let variants = self.found.bodies.unique().into_iter().take(8).map(Some);
        for index in std::iter::once(None).chain(variants) {
            self.before_next_body()?;
            let body = match index {
                None => Some(Rc::clone(&self.received)),
                Some(index) => self.rewritten(index),
            };
            let Some(body) = body else { continue };
            for key in 0..self.base_keys {
                (first..last).try_for_each(|stamp| self.attempt(key, stamp, 0, &body))?;
            }
        }
        Ok(())
    }
}
