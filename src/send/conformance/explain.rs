//! What explains the answers: requests that are sent once the matrix has been, to tell one cause from another.

use super::case::{Case, CaseManner};
use super::courier::{Parcel, Returned};
use super::craft::Crafted;
use super::findings::{CheckEvidence, CheckFinding, SizeLimit, findings};
use super::judge::{CheckRow, Observed};
use super::matrix::{FORGED, LONE_SURROGATE, OTHER_UNIT, UNSIGNED, case_named};
use super::outside::{is_login_page, outside};
use super::probe::{ProvedMistake, Suspicions, signature};
use super::run::{CheckEvent, RunningCheck, is_plain};
use super::{CheckPlan, ReceiverFault, Unsteady};
use crate::signature::diagnose::{Suspect, SuspectKind, pairs, suspects, with_bodies};

/// The most mistakes that are tried out in one check.
pub(super) const MOST_PROBES: usize = 480;
/// The most of those that do not agree with everything that was seen.
const MOST_UNLIKELY: usize = 60;
/// How many causes are looked for.
const MOST_CAUSES: usize = 4;
/// Bodies up to this length are seldom refused for their length.
pub(super) const SMALL: usize = 8 * 1024;
/// Bodies that show whether they are written again before they are hashed.
const REWRITTEN: [&str; 4] = ["json-indented", "json-escapes", "space-newline-end", "unicode-combining"];
/// How many digests tell forms of them apart: two of base64 are alike for one digest in four.
const DIGESTS: usize = 12;

type Tell<'t> = &'t mut dyn FnMut(CheckEvent<'_>);

impl<'a> CheckEvidence<'a> {
    /// What the rows alone say.
    pub(super) fn bare(plan: &'a CheckPlan, rows: &'a [CheckRow]) -> Self {
        Self {
            target: plan.target(),
            scheme: &plan.fixture.scheme,
            rows,
            slow: plan.slow,
            refusal: None,
            mistakes: Vec::new(),
            limit: None,
            unsteady: Unsteady::default(),
        }
    }
}

/// Finds out what explains the rows of a receiver that accepts some valid deliveries.
pub(super) async fn evidence<'r>(running: &'r mut RunningCheck<'_>, tell: Tell<'_>) -> CheckEvidence<'r> {
    let is_rejected = |row: &CheckRow| row.case.is_valid() && row.is_rejected();
    let (mut refusal, mut mistakes, mut limit) = (None, Vec::new(), None);
    let unsteady = running.unsteady(tell).await;
    if running.rows.iter().any(is_rejected) && !running.courier.has_ended() {
        refusal = running.refusal(tell).await;
        limit = running.size_limit(refusal.as_ref(), tell).await;
        mistakes = running.mistakes(refusal.as_ref(), limit, tell).await;
    }
    CheckEvidence { refusal, mistakes, limit, unsteady, ..CheckEvidence::bare(running.plan, &running.rows) }
}

/// What is wrong when no valid delivery gets through: one cause instead of forty failures.
pub(super) async fn nothing_accepted(running: &mut RunningCheck<'_>, tell: Tell<'_>) -> Vec<CheckFinding> {
    let plain: Vec<&CheckRow> = running.rows.iter().filter(|row| is_plain(&row.case)).collect();
    let proof: Vec<&'static str> =
        plain.iter().filter(|row| !row.came.is_no_verdict()).map(|row| row.case.name).collect();
    let answered = plain.iter().find(|row| matches!(row.came, Observed::Answer { .. }));
    let Some((case, first)) = answered.map(|row| (row.case, row.came.clone())) else {
        let silent = running.silent(proof).await;
        return silent.map_or_else(|| findings(&running.bare()), |finding| vec![finding]);
    };
    if let Some(seen) = outside(&first, running.plan.target()) {
        let evidence = CheckEvidence::bare(running.plan, &running.rows);
        let mut finding = evidence.named(seen.fault, proof, seen.detail);
        finding.title = seen.title.map_or(finding.title, str::to_owned);
        finding.remedy.fix = seen.fix.unwrap_or(finding.remedy.fix);
        return vec![finding];
    }
    let forged = running.ask(FORGED, tell).await;
    let unsigned = running.ask(UNSIGNED, tell).await;
    for probe in OTHER_UNIT.into_iter().filter(|_| running.plan.fixture.scheme.timestamp_unit.is_none()) {
        if running.ask(probe, tell).await.is_accepted() {
            let detail = format!("valid deliveries are refused, but {} is accepted", probe.sends);
            return vec![running.bare().named(probe.fault, proof, detail)];
        }
    }
    let is_disagreement = first.is_like(&forged) || first.is_like(&unsigned);
    if is_disagreement {
        if let Some(suspect) = running.mistake_of_all(&case, &forged, tell).await {
            let mistakes = ProvedMistake::all_of(&suspect, &running.plan.fixture, &proof);
            return mistakes.iter().map(|mistake| running.bare().proved(mistake, proof.clone())).collect();
        }
        if running.is_fickle {
            let detail = "it refused valid deliveries first, and then accepted a forged one".to_owned();
            return vec![running.bare().named(ReceiverFault::AcceptsWrongSignature, proof, detail)];
        }
    }
    let status = first.status().unwrap_or_default();
    if first.is_like(&unsigned) && (!first.is_like(&forged) || says_missing(&first)) {
        let detail = format!("{status}, as without a signature{}", super::outside::quoted(&first));
        return vec![running.bare().named(ReceiverFault::HeaderNotFound, proof, detail)];
    }
    let mut detail = format!("{status}: {}", hint_by_status(status));
    if is_disagreement {
        detail.push_str("; none of the known mistakes explains it");
    }
    let mut finding = running.bare().named(ReceiverFault::RefusesValid, proof, detail);
    if (502..=504).contains(&status) {
        finding.title = "does not answer behind its proxy".to_owned();
        finding.remedy.fix =
            "Start your server, and check the address that the proxy or tunnel passes on to.".to_owned();
        finding.remedy.code = String::new();
    } else if (500..600).contains(&status) {
        finding.title = "fails on valid deliveries".to_owned();
        finding.remedy.fix = "Look into your server's log: its handler fails, whatever the signature is.".to_owned();
        finding.remedy.code = String::new();
    }
    vec![finding]
}

/// Whether an answer says that a header is not there, and not as well that it may be wrong.
fn says_missing(answer: &Observed) -> bool {
    // The status's own words say nothing of a signature.
    let text = answer.text().to_lowercase().replace("bad request", "");
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(&["missing", "absent", "not found", "not provided", "no signature", "required"])
        && has(&["header", "signature", "x-"])
        && !has(&["invalid", "wrong", "mismatch", "incorrect", "bad ", "fail", "match", "verif"])
}

/// What the first answer suggests.
fn hint_by_status(status: u16) -> &'static str {
    match status {
        400 => "does your server read both headers, or does it refuse the payload?",
        401 | 403 => "does your server have this secret, and does it verify the raw body?",
        413 => "is your server's body limit too small?",
        415 => "does your server accept this content type?",
        502..=504 => "a proxy answers in the place of your server: does it run?",
        500..=599 => "your server fails: check its logs",
        _ => "check your server's logs",
    }
}

impl RunningCheck<'_> {
    pub(super) fn bare(&self) -> CheckEvidence<'_> {
        CheckEvidence::bare(self.plan, &self.rows)
    }

    /// The answer to one more request.
    pub(super) async fn ask(&mut self, case: Case, tell: Tell<'_>) -> Observed {
        self.send(Parcel::of(case), tell).await.came
    }

    async fn send(&mut self, parcel: Parcel, tell: Tell<'_>) -> Returned {
        let none = Returned { came: Observed::NotSent, exchange: None, crafted: None };
        if self.courier.has_ended() { none } else { self.courier.one(parcel, tell).await.unwrap_or(none) }
    }

    /// What the receiver says to a forged delivery: of the matrix, or asked now.
    async fn refusal(&mut self, tell: Tell<'_>) -> Option<Observed> {
        let known = self.rows.iter().find(|row| row.case.name == "wrong-secret" && !row.came.is_no_verdict());
        let came = match known {
            Some(row) => row.came.clone(),
            None => self.ask(FORGED, tell).await,
        };
        // One that was let through says nothing about refusing.
        matches!(came, Observed::Answer { status: 400.., .. }).then_some(came).filter(|came| !is_login_page(came))
    }

    fn suspects(&self) -> Vec<Suspect> {
        let sample = self.crafted.iter().flatten().next().map(|crafted| crafted.request.body.clone());
        suspects(&self.plan.fixture.scheme, &self.plan.fixture.secret, &sample.unwrap_or_default())
    }

    /// What a mistake signs, to tell mistakes apart. Forms of a digest are alike for many digests and not for all, so
    /// they are told apart by several.
    fn signatures_of(&self, suspect: &Suspect, first: &Crafted) -> Option<(String, bool)> {
        let others = self.crafted.iter().flatten().filter(|crafted| crafted.request.body.len() <= SMALL).take(DIGESTS);
        let is_form = matches!(suspect.kind(), SuspectKind::Form | SuspectKind::Zeros);
        let made = signature(suspect, &self.plan.fixture, first)?;
        let mut text = made.text;
        for other in others.filter(|_| is_form) {
            text.extend(signature(suspect, &self.plan.fixture, other).map(|made| made.text));
        }
        Some((text, made.is_whole))
    }

    /// What was sent for a case.
    fn plain_crafted(&self, case: &Case) -> Vec<Crafted> {
        let sent = self.rows.iter().zip(&self.crafted).filter(|(row, _)| row.case.name == case.name);
        sent.filter_map(|(_, crafted)| crafted.as_deref().cloned()).collect()
    }

    /// The mistake, or the two at once, that explain that no valid delivery is accepted.
    async fn mistake_of_all(&mut self, case: &Case, forged: &Observed, tell: Tell<'_>) -> Option<Suspect> {
        let mut all = Suspicions::new(self.suspects());
        let asked = self.plain_crafted(case);
        let asked: Vec<&Crafted> = asked.iter().collect();
        if let Some((suspect, _)) = self.try_out(&mut all, case, asked.clone(), &[], None, tell).await {
            return Some(self.with_body(suspect, &all.all, forged, tell).await);
        }
        if self.is_fickle {
            return None;
        }
        let proved = self.try_out(&mut Suspicions::new(pairs(&all.all)), case, asked, &[], None, tell).await;
        proved.map(|(suspect, _)| suspect)
    }

    /// The mistake that was shown, with one about the body where there is one as well: a body that is written as the
    /// receiver's serialiser would write it does not show it.
    async fn with_body(&mut self, suspect: Suspect, all: &[Suspect], forged: &Observed, tell: Tell<'_>) -> Suspect {
        if matches!(suspect.kind(), SuspectKind::Body | SuspectKind::Arrival | SuspectKind::Zeros) {
            return suspect;
        }
        for case in REWRITTEN.iter().filter_map(|name| case_named(name)) {
            let parcel = Parcel { case: *case, suspect: Some(suspect.clone()) };
            let Returned { came, crafted: Some(crafted), .. } = self.send(parcel, tell).await else { continue };
            if came.is_accepted() || !came.is_like(forged) {
                continue;
            }
            let mut both = Suspicions::new(with_bodies(&suspect, all));
            if let Some((both, _)) = self.try_out(&mut both, case, vec![&*crafted], &[], None, tell).await {
                return both;
            }
        }
        suspect
    }

    /// Whether an accepted mistake is one: it is accepted again, and a forged delivery is refused.
    async fn confirm(&mut self, case: &Case, suspect: &Suspect, tell: Tell<'_>) -> bool {
        let again = self.send(Parcel { case: *case, suspect: Some(suspect.clone()) }, tell).await.came;
        let forged = self.ask(FORGED, tell).await;
        self.is_fickle |= forged.is_accepted();
        again.is_accepted() && !forged.is_accepted() && !forged.is_no_verdict()
    }

    /// The mistakes that explain valid deliveries which are refused as forged ones are.
    async fn mistakes(
        &mut self,
        refusal: Option<&Observed>,
        limit: Option<SizeLimit>,
        tell: Tell<'_>,
    ) -> Vec<ProvedMistake> {
        let Some(refusal) = refusal else { return Vec::new() };
        let is_small = |crafted: &Crafted| limit.is_none_or(|limit| crafted.request.body.len() <= limit.accepted);
        let rows = self.rows.iter().zip(&self.crafted);
        let sent = rows
            .filter_map(|(row, crafted)| Some((row, crafted.as_deref()?)))
            .filter(|(row, crafted)| row.case.is_valid() && is_small(crafted));
        let (accepted, rest): (Vec<_>, Vec<_>) = sent.partition(|(row, _)| row.is_accepted());
        let accepted: Vec<Crafted> = accepted.into_iter().map(|(_, crafted)| crafted.clone()).collect();
        let mut refused: Vec<(Case, Crafted)> = rest
            .into_iter()
            .filter(|(row, _)| row.came.is_like(refusal))
            .map(|(row, crafted)| (row.case, crafted.clone()))
            .collect();
        let mut found: Vec<ProvedMistake> = Vec::new();
        if refused.is_empty() {
            return found;
        }
        // Bodies in pieces first: only a receiver that reads a part of the body refuses those alone. Half a character
        // last: many parsers fail on it, whatever they hash.
        refused.sort_by_key(|(case, _)| (case.manner == CaseManner::AtOnce, case.name == LONE_SURROGATE));
        let mut all = Suspicions::new(self.suspects());
        while let Some((case, _)) = refused.first().cloned().filter(|_| found.len() < MOST_CAUSES) {
            let asked: Vec<&Crafted> = refused.iter().map(|(_, crafted)| crafted).collect();
            let proved = self.try_out(&mut all, &case, asked, &accepted, Some(refusal), tell).await;
            let Some((suspect, places)) = proved else {
                // Nothing explains the first: the others may have another cause.
                refused.remove(0);
                continue;
            };
            let names: Vec<&'static str> = places.iter().map(|place| refused[*place].0.name).collect();
            let mut place = 0;
            refused.retain(|_| {
                place += 1;
                !places.contains(&(place - 1))
            });
            found.extend(ProvedMistake::all_of(&suspect, &self.plan.fixture, &names));
        }
        found
    }

    /// Signs a case as each mistake would that agrees with what was seen, until one is accepted, and that again. Returns
    /// the mistake and the places of those in `refused` that it explains.
    async fn try_out(
        &mut self,
        suspicions: &mut Suspicions,
        case: &Case,
        refused: Vec<&Crafted>,
        accepted: &[Crafted],
        refusal: Option<&Observed>,
        tell: Tell<'_>,
    ) -> Option<(Suspect, Vec<usize>)> {
        let fixture = &self.plan.fixture;
        let known: Vec<&Crafted> = accepted.iter().collect();
        let likely = suspicions.candidates(fixture, &known, &refused);
        // Two mistakes at once, or an answer that came by chance: worth a try, once.
        let is_odd = !accepted.is_empty() && !std::mem::replace(&mut self.has_tried_unlikely, true);
        let mut unlikely = if is_odd { suspicions.candidates(fixture, &[], &refused) } else { Vec::new() };
        // Of the others nothing is known: with what is accepted they do not agree.
        unlikely.iter_mut().for_each(|candidate| candidate.explains.retain(|place| *place == 0));
        let first = refused.first()?;
        let of_first = |explains: &[usize]| explains.contains(&0);
        let all: Vec<_> = likely.into_iter().chain(unlikely.into_iter().take(MOST_UNLIKELY)).collect();
        tell(CheckEvent::Probing(all.iter().filter(|candidate| of_first(&candidate.explains)).count()));
        for candidate in all.into_iter().filter(|candidate| of_first(&candidate.explains)) {
            if self.courier.has_ended() || self.probes == 0 {
                return None;
            }
            // Mistakes that come to the same are one.
            let suspect = &suspicions.all[candidate.suspect];
            let Some(key) = self.signatures_of(suspect, first) else { continue };
            if !self.tried.insert(key) {
                continue;
            }
            // The pieces of a body may arrive otherwise than they were sent; and who verifies a part of it fails on
            // what is then no JSON, as it never does on a forged one.
            let is_arrival = suspect.kind() == SuspectKind::Arrival;
            let tries = if is_arrival { 3 } else { 1 };
            for _ in 0..tries {
                self.probes = self.probes.saturating_sub(1);
                let parcel = Parcel { case: *case, suspect: Some(suspect.clone()) };
                let came = self.send(parcel, tell).await.came;
                let is_past = is_arrival
                    && matches!(came, Observed::Answer { .. })
                    && refusal.is_some_and(|refusal| !came.is_like(refusal));
                if came.is_accepted() && !is_arrival && !self.confirm(case, suspect, tell).await {
                    // What comes through by chance proves nothing, of whatever else is tried either.
                    if self.is_fickle || self.courier.has_ended() {
                        return None;
                    }
                    continue;
                }
                if came.is_accepted() || is_past {
                    return Some((suspect.clone(), candidate.explains));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_words_of_a_status_say_nothing_of_a_signature() {
        let says = |text: &str| says_missing(&Observed::answer(400, Duration::ZERO, text.as_bytes()));
        assert!(says("<title>400 Bad Request</title><p>Missing X-Signature header</p>"));
        assert!(says("missing signature header"));
        assert!(!says("missing or bad signature") && !says("400 Bad Request") && !says("Missing or invalid signature"));
    }
}
