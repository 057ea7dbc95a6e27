//! `POST /import`: deliveries from a file, kept by the one writer while others come in.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Shared;
use super::jobs::{self, JobParams};
use crate::api::ApiProblem;
use crate::api::extract::{Params, SafeJson};
use crate::api::sending::PIECE_PATIENCE;
use crate::api::state::ApiState;
use crate::archive::import::{
    ImportBounds, ImportEnd, ImportError, ImportKeeper, ImportSource, Importer, KeptImports, SPOOL_BYTES,
};
use crate::server::{JobKind, JobTicket};
use crate::system::panic::{catch_panic, panic_ends_program};
use crate::system::read;

/// Bytes in which a file shows what it is.
const BEGINNING_BYTES: usize = 4096;
/// Pieces that wait to be written.
const PIECES: usize = 4;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportParams {
    /// The format of the body; detected unless named.
    #[schemars(extend("enum" = ImportSource::ALL.map(ImportSource::name)))]
    from: Option<String>,
    /// Whether an entry that cannot be kept exactly fails the job, instead of being taken with a remark or passed over.
    #[serde(default)]
    strict: bool,
    /// Whether signatures are verified now, instead of keeping the verdicts of the file.
    #[serde(default)]
    judge_again: bool,
    /// Whether the response comes at the job's end, or after twenty seconds.
    #[serde(default)]
    wait: bool,
}

impl ImportParams {
    /// `None` when it is to be detected.
    fn source(&self) -> Result<Option<ImportSource>, ApiProblem> {
        let Some(name) = self.from.as_deref() else { return Ok(None) };
        let unknown = || ApiProblem::bad(format!("from: expected {}", ImportSource::names()));
        ImportSource::named(name).map(Some).ok_or_else(unknown)
    }
}

pub(super) async fn import(
    State(state): Shared,
    Params(params): Params<ImportParams>,
    body: Body,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let source = params.source()?;
    let turn = Arc::clone(&state.importing)
        .try_acquire_owned()
        .map_err(|_| ApiProblem::busy("another import is in progress"))?;
    let file = spooled(body).await?;
    let shared = Arc::clone(&state);
    jobs::begin(&state, JobKind::Import, &JobParams::waiting(params.wait), |ticket| async move {
        let work = move || {
            let done = run(&shared, file, source, &params, &ticket);
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| "the listener is stopping".to_owned())?
    })
    .await
}

/// The whole body in a file without a name, which goes with the process.
async fn spooled(mut body: Body) -> Result<File, ApiProblem> {
    let unwritable = |error: io::Error| {
        ApiProblem::new(StatusCode::INSUFFICIENT_STORAGE, format!("cannot write to a temporary file: {error}"))
    };
    let (pieces, mut incoming) = mpsc::channel::<Bytes>(PIECES);
    let writing = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile()?;
        while let Some(piece) = incoming.blocking_recv() {
            file.write_all(&piece)?;
        }
        Ok(file)
    });
    let mut bytes = 0;
    let cut = loop {
        match tokio::time::timeout(PIECE_PATIENCE, body.frame()).await {
            Err(_) => break Some(ApiProblem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
            Ok(None) => break None,
            Ok(Some(Err(error))) => break Some(ApiProblem::bad(format!("body: {error}"))),
            Ok(Some(Ok(frame))) => {
                let Ok(piece) = frame.into_data() else { continue };
                bytes += piece.len() as u64;
                if bytes > SPOOL_BYTES {
                    break Some(ApiProblem::new(StatusCode::PAYLOAD_TOO_LARGE, read::too_large(SPOOL_BYTES)));
                }
                if pieces.send(piece).await.is_err() {
                    break None;
                }
            }
        }
    };
    drop(pieces);
    let written = writing.await.map_err(|_| ApiProblem::busy("the listener is stopping"))?;
    match cut {
        Some(problem) => Err(problem),
        None => written.map_err(unwritable),
    }
}

/// The file is read to its end before anything is kept: all of it is taken in, or nothing.
fn run(
    state: &ApiState,
    file: File,
    source: Option<ImportSource>,
    params: &ImportParams,
    ticket: &JobTicket,
) -> Result<Value, String> {
    let unreadable = |error: io::Error| ImportError::from(error).to_string();
    let registry = state.feed.control().registry();
    let importer = Importer {
        registry: &registry,
        judge_again: params.judge_again,
        now: Timestamp::now(),
        strict: params.strict,
        files: None,
    };
    let mut file = BufReader::with_capacity(64 * 1024, file);
    file.rewind().map_err(unreadable)?;
    let source = source.map_or_else(|| detected(&mut file), Ok).map_err(unreadable)?;
    let stopping = || match state.is_closing() {
        true => Err(ImportError::Taken("the listener is stopping".to_owned())),
        false => Ok(()),
    };
    // Reading what a client sent changes nothing: a panic in it is this job's.
    let found = catch_panic(|| {
        crate::system::panic::panic_for_test("api");
        importer.read(source, &mut file, &mut |_| stopping())
    });
    let found = found.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
    let total = found.deliveries;
    let mut goes_on = ticket.advance(0, total);
    file.rewind().map_err(unreadable)?;
    let mut keeper = ImportKeeper::new(state.feed.control().import_writer(), ImportBounds::BESIDE_OTHERS);
    let mut keep = |imported| {
        stopping()?;
        if !goes_on {
            return Err(ImportError::Taken("cancelled".to_owned()));
        }
        keeper.keep(imported)?;
        goes_on = ticket.advance(keeper.kept().count, total);
        Ok(())
    };
    let read = catch_panic(|| importer.read(source, &mut file, &mut |imported| panic_ends_program(|| keep(imported))));
    let read = read.unwrap_or_else(|panic| Err(ImportError::Taken(panic.to_string())));
    // Who cancels keeps what was kept by then.
    let kept = match ticket.record().is_cut_off() {
        true => {
            let (kept, outcome) = keeper.stop();
            outcome.map(|()| kept).map_err(|error| partly(&error, kept.count, total))?
        }
        false => finished(keeper, read.map(drop), total)?,
    };
    ticket.advance(kept.count, total);
    let (first, last) = kept.ids.map(|(first, last)| (first.0, last.0)).unzip();
    Ok(json!({
        "imported": kept.count,
        "first": first,
        "last": last,
        "passed_over": found.passed_over.to_json("reason"),
        "remarks": found.remarks.to_json("remark"),
    }))
}

/// The format that the beginning of the file shows.
fn detected(file: &mut BufReader<File>) -> io::Result<ImportSource> {
    let beginning = file.fill_buf()?;
    Ok(ImportSource::detect(&beginning[..beginning.len().min(BEGINNING_BYTES)]).unwrap_or(ImportSource::Raw))
}

/// What was kept, once the file was read as `read` says: all of it, or nothing where that can be taken back.
fn finished(keeper: ImportKeeper, read: Result<(), ImportError>, total: u64) -> Result<KeptImports, String> {
    match keeper.finish(read) {
        ImportEnd::Kept(kept) => Ok(kept),
        ImportEnd::TakenBack(error) => Err(format!("{error}; nothing was imported")),
        ImportEnd::Partly(error, kept) => Err(partly(&error, kept.count, total)),
    }
}

fn partly(error: &ImportError, kept: u64, total: u64) -> String {
    format!("{error}; {kept} of {total} deliveries were imported before, and could not be removed")
}
