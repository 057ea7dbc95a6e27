//! Medians and the spread around them.

use std::fmt;
use std::time::Duration;

/// Figures of several rounds, sorted.
#[derive(Debug, Default, Clone)]
pub(crate) struct Figures(Vec<f64>);

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self(sorted)
    }
}

/// Durations become milliseconds.
impl FromIterator<Duration> for Figures {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        durations.into_iter().map(|duration| duration.as_secs_f64() * 1000.0).collect()
    }
}

impl Figures {
    /// The median of a few rounds, and what stands at `part` (0 to 1) of many samples.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
    }
}

/// The median, with the least and the most in brackets.
impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2} ({:.2}–{:.2})", self.median(), self.quantile(0.0), self.quantile(1.0))
    }
}
