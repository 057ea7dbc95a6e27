//! Signals that the program answers itself for a while, and that have their default again once nobody does.
//!
//! signal-hook leaves its own handler in place when the last that listened is gone, and that does nothing: Ctrl-C would be
//! dead from then on. So whoever listens for a while claims its signals before; what nobody claims any more does what the
//! system would have done.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The signals that were ever claimed.
static CLAIMS: Mutex<BTreeMap<i32, Claim>> = Mutex::new(BTreeMap::new());

struct Claim {
    holders: usize,
    /// Whether there are none. The signal's handler looks at it.
    is_free: Arc<AtomicBool>,
}

impl Claim {
    /// Of nobody yet: what fails before it is counted leaves the signal its default.
    fn free() -> Self {
        Self { holders: 0, is_free: Arc::new(AtomicBool::new(true)) }
    }
}

/// Whether a signal was ignored when the program began, and nobody has claimed it since: proc_pid_status(5), `SigIgn`. Other
/// systems tell it to nobody without `unsafe`: no there.
pub(crate) fn is_ignored(signal: i32) -> bool {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        is_in_mask(&status, signal)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = signal;
        false
    }
}

/// Whether a signal's bit, the lowest for 1, is set in the line `SigIgn:`.
#[cfg(target_os = "linux")]
fn is_in_mask(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| crate::text::hexadecimal(mask.trim()));
    mask.is_some_and(|mask| {
        u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).is_some_and(|mask| mask & 1 == 1))
    })
}

/// Has the program hear of a file that may not grow any more (`ulimit -f`) from the write that fails, as of a full disk,
/// and not be ended by SIGXFSZ in the middle of everything. For as long as the result is kept.
///
/// # Errors
///
/// When the system refuses.
pub(crate) fn survive_file_size_limit() -> io::Result<ClaimedSignals> {
    ClaimedSignals::claim(&[signal_hook::consts::SIGXFSZ])
}

/// These signals are answered by who has this, until it is dropped.
pub(crate) struct ClaimedSignals(Vec<i32>);

impl ClaimedSignals {
    /// To be called before listening for them.
    ///
    /// # Errors
    ///
    /// When the system refuses a signal.
    pub(crate) fn claim(signals: &[i32]) -> io::Result<Self> {
        let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
        for signal in signals {
            if !claims.contains_key(signal) {
                let claim = Claim::free();
                signal_hook::flag::register_conditional_default(*signal, Arc::clone(&claim.is_free))?;
                claims.insert(*signal, claim);
            }
        }
        signals.iter().for_each(|signal| count(&mut claims, *signal, |holders| holders + 1));
        Ok(Self(signals.to_vec()))
    }
}

impl Drop for ClaimedSignals {
    fn drop(&mut self) {
        let mut claims = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.iter().for_each(|signal| count(&mut claims, *signal, |holders| holders.saturating_sub(1)));
    }
}

fn count(claims: &mut BTreeMap<i32, Claim>, signal: i32, change: impl Fn(usize) -> usize) {
    if let Some(claim) = claims.get_mut(&signal) {
        claim.holders = change(claim.holders);
        claim.is_free.store(claim.holders == 0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, Stdio};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::raise;

    use super::ClaimedSignals;

    #[cfg(target_os = "linux")]
    #[test]
    fn an_ignored_signal_is_seen() {
        let status =
            "Name:\twhyhook\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\tffffffffffffffff\n";
        let ignored: Vec<i32> = (0..=64).filter(|signal| super::is_in_mask(status, *signal)).collect();
        assert_eq!(ignored, [SIGHUP, 13]);
        assert!(!super::is_in_mask("Name:\twhyhook\n", SIGHUP));
    }

    /// With this the test runs again in a process of its own, which a signal ends.
    const CHILD: &str = "WHYHOOK_TEST_CLAIMS";

    #[test]
    fn a_signal_that_nobody_claims_any_more_has_its_default_again() {
        if std::env::var_os(CHILD).is_some() {
            return child();
        }
        let name = "system::claims::tests::a_signal_that_nobody_claims_any_more_has_its_default_again";
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([name, "--exact"]).env(CHILD, "1").stdout(Stdio::null()).stderr(Stdio::null());
        assert_eq!(command.status().unwrap().signal(), Some(SIGTERM));
    }

    fn child() {
        let claimed = ClaimedSignals::claim(&[SIGINT, SIGTERM]).unwrap();
        let mut signals = Signals::new([SIGINT, SIGTERM]).unwrap();
        let other = ClaimedSignals::claim(&[SIGINT, SIGHUP]).unwrap();
        raise(SIGTERM).unwrap();
        drop(claimed);
        // Claimed by the other.
        raise(SIGINT).unwrap();
        assert_eq!(signals.pending().collect::<Vec<_>>(), [SIGINT, SIGTERM]);
        drop(other);
        // Claimed again, as by a second secret that is typed.
        let again = ClaimedSignals::claim(&[SIGINT, SIGTERM]).unwrap();
        raise(SIGTERM).unwrap();
        drop((again, signals));
        raise(SIGTERM).unwrap();
    }
}
