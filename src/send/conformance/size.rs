//! Whether a receiver has a limit for bodies, and where it is.

use super::explain::SMALL;
use super::findings::SizeLimit;
use super::judge::Observed;
use super::matrix::sized;
use super::run::{CheckEvent, RunningCheck};

/// How many sizes are tried out.
const SIZES: usize = 12;

type Tell<'t> = &'t mut dyn FnMut(CheckEvent<'_>);

impl RunningCheck<'_> {
    /// The limit of plain bodies, where a large valid delivery was refused and a plain one of its size is as well.
    pub(super) async fn size_limit(&mut self, refusal: Option<&Observed>, tell: Tell<'_>) -> Option<SizeLimit> {
        let rows = self.rows.iter().zip(&self.crafted);
        let sizes = rows.filter_map(|(row, crafted)| Some((row, crafted.as_deref()?.request.body.len())));
        let valid: Vec<(bool, bool, usize)> = sizes
            .filter(|(row, _)| row.case.is_valid())
            .map(|(row, size)| (row.is_accepted(), row.is_rejected(), size))
            .collect();
        // Where every refused one is longer than every accepted one, a short limit is likely as well.
        let longest = valid.iter().filter(|(accepted, ..)| *accepted).map(|(.., size)| *size).max()?;
        let is_by_length = valid.iter().all(|(_, rejected, size)| !*rejected || *size > longest);
        let least = if is_by_length { 0 } else { SMALL };
        let mut refused =
            valid.iter().filter(|(_, rejected, size)| *rejected && *size > least).map(|(.., size)| *size).min()?;
        let mut answer = self.ask(sized(refused), tell).await;
        if answer.is_accepted() || answer.is_no_verdict() {
            // Not its length: but a still larger one may be too large.
            let larger =
                valid.iter().filter(|(_, rejected, size)| *rejected && *size > 100_000).map(|(.., size)| *size);
            refused = larger.min().filter(|larger| *larger > refused)?;
            answer = self.ask(sized(refused), tell).await;
            if answer.is_accepted() || answer.is_no_verdict() {
                return None;
            }
        }
        // Refused when it is short too, it is refused for what is in it.
        if !self.ask(sized(0), tell).await.is_accepted() {
            return None;
        }
        let mut accepted =
            valid.iter().filter(|(accepted, _, size)| *accepted && *size < refused).map(|(.., size)| *size).max()?;
        for _ in 0..SIZES {
            if refused - accepted <= (accepted / 32).max(if refused > SMALL { 1024 } else { 16 }) {
                break;
            }
            let between = accepted.midpoint(refused);
            match self.ask(sized(between), tell).await {
                Observed::NotSent | Observed::Limited { .. } => break,
                came if came.is_accepted() => accepted = between,
                came => (refused, answer) = (between, came),
            }
        }
        let as_forged = refusal.is_some_and(|refusal| answer.is_like(refusal));
        Some(SizeLimit { accepted, refused, as_forged })
    }
}
