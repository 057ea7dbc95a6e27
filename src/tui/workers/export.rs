//! Deliveries written into a file for other tools, on a thread of its own. It is a job of the run: seen and cancelled as
//! any other.

use std::path::{Path, PathBuf};

use crate::archive::export::{ExportItem, Exporter, exporter_for, is_redacted};
use crate::archive::redaction::RedactionRun;
use crate::config::Settings;
use crate::delivery::DeliveryId;
use crate::server::JobTicket;
use crate::store::{DeliveryAndDiagnosis, Location, Reader, StoreError};
use crate::system::save::{SaveError, UnfinishedFile, typed_path};
use crate::system::thread::run_aside;
use crate::text::{self, counted, grouped};
use crate::tui::app::message::{ExportFault, Message};

/// Starts an export of these deliveries, the oldest first; a redacted one where the file is named so.
pub(crate) fn start(
    location: Location,
    ticket: JobTicket,
    mut ids: Vec<DeliveryId>,
    path: String,
    settings: Settings,
    send: impl FnOnce(Message) + Send + 'static,
) {
    ids.sort_unstable();
    run_aside("whyhook-export", move || {
        crate::system::panic::panic_for_test("export");
        let typed = path;
        let path = typed_path(&typed, etcetera::home_dir().ok().as_deref());
        let file = match UnfinishedFile::begin(&path, false) {
            Ok(file) => file,
            Err(error) => {
                drop(ticket);
                let is_taken = matches!(error, SaveError::Exists(_));
                let free = is_taken.then(|| free_name(&typed, &path)).flatten();
                let offered = free.as_ref().map_or(String::new(), |name| format!("; {} is free", text::visible(name)));
                let (name, reason) = (free.unwrap_or(typed), format!("{error}{offered}"));
                return send(Message::NotExported(ExportFault { ids, name, reason }));
            }
        };
        let begin = || RedactionRun::begin(settings.redact.usual.clone(), &settings.registry);
        let redaction = is_redacted(&path).then(begin).transpose();
        let outcome = redaction.and_then(|redaction| export(&location, &ticket, &ids, (&path, file), redaction));
        drop(ticket);
        send(Message::Exported(outcome));
    });
}

/// A name like the one that was typed, beside which nothing of that name is: `a-2.redacted.har` for `a.redacted.har`.
fn free_name(typed: &str, path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let folder = typed.strip_suffix(file)?;
    let extension = file.rfind('.')?;
    let redacted = file[..extension].strip_suffix(".redacted").map_or(extension, str::len);
    let (stem, ending) = file.split_at(redacted);
    let names = (2..100).map(|number| format!("{stem}-{number}{ending}"));
    // What cannot be looked at is not free.
    let is_free = |name: &String| {
        let found = path.with_file_name(name).symlink_metadata();
        found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    names.into_iter().find(is_free).map(|name| format!("{folder}{name}"))
}

/// Writes all of them, or nothing; in words, what was written, or why nothing was.
fn export(
    location: &Location,
    ticket: &JobTicket,
    ids: &[DeliveryId],
    (path, mut file): (&Path, UnfinishedFile),
    mut redaction: Option<RedactionRun>,
) -> Result<String, String> {
    let mut exporter =
        exporter_for(path).ok_or_else(|| "the file's name must end in .har, .sh or .jsonl".to_owned())?;
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", shown(path));
    let unread = |error: StoreError| error.to_string();
    let reader = Reader::open(location).map_err(unread)?;
    let (mut written, mut lost) = (0_u64, 0_u64);
    for (done, outcome) in (0..).zip(reader.deliveries(ids)) {
        if !ticket.advance(done, ids.len() as u64) {
            return Err("export cancelled: nothing was written".to_owned());
        }
        let one = match outcome {
            Ok(None) => {
                lost += 1;
                continue;
            }
            Err(error) if error.leaves_one_out() => {
                lost += 1;
                continue;
            }
            Err(error) => return Err(unread(error)),
            Ok(Some(one)) => one,
        };
        add(&mut *exporter, redaction.as_mut(), &one, &mut file).map_err(failed)?;
        written += 1;
    }
    if written == 0 && lost > 0 {
        return Err(match ids {
            [id] => format!("delivery {id} is not in the store: nothing was written"),
            _ => "none of these deliveries is in the store: nothing was written".to_owned(),
        });
    }
    exporter.end(&mut file).map_err(failed)?;
    file.finish().map_err(|error| error.to_string())?;
    let mut words = format!("{} exported to {}", counted(written, "delivery"), shown(path));
    if let Some(run) = &redaction {
        words.push_str(&format!("; replaced: {}", run.tally()));
        match run.lost().len() as u64 {
            0 => {}
            1 => words.push_str("; 1 no longer fails for the same reason"),
            many => words.push_str(&format!("; {} no longer fail for the same reason", grouped(many))),
        }
    }
    if lost > 0 {
        words.push_str(&format!("; {} no longer in the store", grouped(lost)));
    }
    match exporter.warnings().lines().count() {
        0 => {}
        1 => words.push_str("; 1 remark: `whyhook export` prints it"),
        many => words.push_str(&format!("; {many} remarks: `whyhook export` prints them")),
    }
    Ok(words)
}

/// Writes one, redacted where that is asked for.
fn add(
    exporter: &mut dyn Exporter,
    redaction: Option<&mut RedactionRun>,
    DeliveryAndDiagnosis { delivery, diagnosis: kept }: &DeliveryAndDiagnosis,
    file: &mut UnfinishedFile,
) -> std::io::Result<()> {
    let Some(run) = redaction else {
        let diagnosis = kept.as_ref().and_then(|json| serde_json::from_str(json).ok());
        return exporter.add(ExportItem { delivery, diagnosis: diagnosis.as_ref(), redacted: None }, file);
    };
    let redacted = run.apply(delivery);
    let diagnosis = redacted.diagnosis();
    let (diagnosis, note) = (diagnosis.as_ref(), Some(&redacted.note));
    exporter.add(ExportItem { delivery: &redacted.delivery, diagnosis, redacted: note }, file)
}

fn shown(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    text::visible(&whole.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{JobKind, RunningJobs};

    #[test]
    fn what_cannot_be_written_says_why_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("none.db"));
        let jobs = RunningJobs::default();
        let ticket = jobs.begin(JobKind::Export);
        let to = |name: &str| {
            let path = folder.path().join(name);
            let file = UnfinishedFile::begin(&path, false).unwrap();
            export(&location, &ticket, &[DeliveryId(1)], (&path, file), None).unwrap_err()
        };
        assert!(to("x.pdf").contains(".har, .sh or .jsonl"));
        assert!(!to("x.har").is_empty());
        assert!(!folder.path().join("x.har").exists());
    }
    #[test]
    fn where_a_name_is_taken_one_like_it_is_offered() {
        let folder = tempfile::tempdir().unwrap();
        let free = |typed: &str| free_name(typed, &folder.path().join(typed.rsplit('/').next().unwrap()));
        assert_eq!(free("~/a.har").as_deref(), Some("~/a-2.har"));
        std::fs::write(folder.path().join("a-2.redacted.har"), "").unwrap();
        assert_eq!(free("a.redacted.har").as_deref(), Some("a-3.redacted.har"));
    }
}
