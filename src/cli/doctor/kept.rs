//! The store, and this machine's clock against the deliveries in it.

use std::path::Path;

use jiff::Timestamp;

use super::finding::Finding;
use crate::config::shown;
use crate::delivery::Summary;
use crate::store::{Location, Page, Reader, StoreError};
use crate::text::grouped;
use crate::text::units::{age_words, size_words};

const STORE: &str = "store";
const CLOCK: &str = "clock";
/// How many of the newest deliveries are asked for the time.
const NEWEST: usize = 200;
/// A clock that is off by less is as right as a sender's, in milliseconds.
const RIGHT_MS: i64 = 30_000;
/// Most schemes refuse what is off by more, in milliseconds.
const REFUSED_MS: i64 = 300_000;
/// Less free space than this is a problem, in bytes, and less than ten times as much is worth a word.
const FREE: u64 = 100 << 20;
/// No release of this program is older: a clock before it is wrong.
const FIRST_SECOND: i64 = 1_735_689_600;

/// What is known of the store.
pub(super) struct KeptState {
    pub(super) finding: Finding,
    /// The newest deliveries.
    pub(super) newest: Vec<Summary>,
}

pub(super) fn store(location: &Location) -> KeptState {
    let none = |finding| KeptState { finding, newest: Vec::new() };
    let reader = match Reader::open(location) {
        Ok(reader) => reader,
        Err(StoreError::Missing { .. }) => {
            let folder = folder_there(location.file());
            let file = shown(location.file());
            return none(match folder {
                Some(folder) if !folder.is_dir() => Finding::problem(
                    STORE,
                    format!("{file} cannot be created: {} is not a folder", shown(folder)),
                    "name another file with --store, or use --ephemeral",
                ),
                Some(folder) if is_writable(folder) => free(location, format!("{file} is created at the first start")),
                _ => Finding::problem(
                    STORE,
                    format!("{file} cannot be created: its folder cannot be written"),
                    "name another file with --store, or use --ephemeral",
                ),
            });
        }
        Err(error) => return none(unusable(&error)),
    };
    let read = || {
        let (count, newest) = (reader.count()?, reader.page(Page::Newest, NEWEST)?);
        Ok((count, newest, reader.absent()?, reader.losses()?))
    };
    match read() {
        Err(error) => none(unusable(&error)),
        Ok((count, newest, absent, losses)) => {
            let kept = if count == 1 { "delivery".to_owned() } else { "deliveries".to_owned() };
            let (file, size) = (shown(location.file()), size_words(location.bytes()));
            let found = format!("{file}: {} {kept}, {size}", grouped(count));
            let finding = match (absent, losses.first()) {
                (Some(absent), _) => Finding::problem(
                    STORE,
                    format!("{found}; {absent}"),
                    format!("copy {} together with the index", shown(&location.log())),
                ),
                (None, Some(loss)) => Finding::warning(STORE, format!("{found}; {loss}"), "see docs/survival.md"),
                (None, None) if !is_writable(location.file()) => Finding::problem(
                    STORE,
                    format!("{found}, and it cannot be written"),
                    "make it writable, or name another file with --store",
                ),
                (None, None) => free(location, found),
            };
            KeptState { finding, newest }
        }
    }
}

/// The finding for a store that cannot be opened or read, with the advice of its error where there is one.
fn unusable(error: &StoreError) -> Finding {
    let next = (!error.advises()).then(|| "make it readable, or name another file with --store".to_owned());
    Finding { next, ..Finding::problem(STORE, error.to_string(), "") }
}

/// What is there of the folders that a file is to be in: the nearest, which may be something else than a folder.
fn folder_there(file: &Path) -> Option<&Path> {
    // The last ancestor of a relative path is empty: the current folder.
    file.ancestors()
        .skip(1)
        .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        .find(|folder| folder.exists())
}

/// The finding of a store that is fine but for the room that it has.
fn free(location: &Location, found: String) -> Finding {
    match folder_there(location.file()).and_then(free_bytes) {
        Some(free) if free < FREE => Finding::problem(
            STORE,
            format!("{found}; only {} are free there", size_words(free)),
            "free some, or name another file with --store",
        ),
        Some(free) if free < 10 * FREE => Finding::warning(
            STORE,
            format!("{found}; {} are free there", size_words(free)),
            "[retention] in the configuration, or `whyhook prune`, deletes old deliveries",
        ),
        _ => Finding::ok(STORE, found),
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.permissions().readonly())
}

/// What the system says of its clock: whether a service sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClockSync {
    Synchronised,
    Unknown,
}

impl ClockSync {
    /// systemd-timesyncd(8) leaves a file once it has set the clock; chrony's daemon has one while it runs.
    pub(super) fn of_system() -> Self {
        let signs = ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/ntpd.pid"];
        if signs.iter().any(|sign| Path::new(sign).exists()) { Self::Synchronised } else { Self::Unknown }
    }
}

/// The clock's finding, from the timestamps of verified deliveries, whose senders have clocks of their own.
pub(super) fn clock(newest: &[Summary], now: Timestamp, sync: ClockSync) -> Finding {
    const SET: &str = "let the system set its clock (NTP), and compare with `date -u`";
    if now.as_second() < FIRST_SECOND {
        return Finding::problem(CLOCK, format!("it is set to {now}, which is past"), SET);
    }
    if let Some(later) = newest.first().filter(|newest| newest.received_at > now) {
        let ahead = later.received_at.as_millisecond().saturating_sub(now.as_millisecond());
        if ahead > RIGHT_MS {
            let found =
                format!("delivery #{} was received {} from now: the clock was set back", later.id, age_words(ahead));
            return Finding::warning(CLOCK, found, SET);
        }
    }
    let synced = match sync {
        ClockSync::Synchronised => "the system sets it",
        ClockSync::Unknown => "whether the system sets it is not known",
    };
    // Replays are old, and a sender may be slow; the whole machine's clock is off by the least of all.
    let is_asked = |summary: &&Summary| summary.is_verified() && !summary.is_imported();
    let ages = newest.iter().filter(is_asked).filter_map(|summary| summary.judgement.timestamp.as_ref()?.age_ms);
    let Some(nearest) = ages.min_by_key(|age| age.unsigned_abs()) else {
        return Finding::ok(CLOCK, format!("{synced}; no verified delivery has a timestamp to compare with"));
    };
    let off = age_words(nearest.saturating_abs());
    let way = if nearest > 0 { "before" } else { "after" };
    match nearest.saturating_abs() {
        ..=RIGHT_MS => Finding::ok(CLOCK, format!("{synced}; it agrees with verified deliveries")),
        far => {
            let found = format!(
                "the timestamp of every verified delivery is {off} or more {way} this machine's time; {synced}"
            );
            if far > REFUSED_MS { Finding::problem(CLOCK, found, SET) } else { Finding::warning(CLOCK, found, SET) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::DoctorOutcome;
    use super::*;

    #[test]
    fn a_store_that_cannot_be_created_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plain");
        std::fs::write(&file, "").unwrap();
        let finding = store(&Location::new(file.join("below/whyhook.db"))).finding;
        assert_eq!(finding.outcome, DoctorOutcome::Problem);
        assert!(finding.found.contains("plain is not a folder"), "{finding:?}");
        assert_eq!(folder_there(&file.join("below/whyhook.db")), Some(&*file));
        assert_eq!(folder_there(Path::new("not/there/whyhook.db")), Some(Path::new(".")));
    }
}
