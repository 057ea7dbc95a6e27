//! Deliveries from what whyhook and other programs have written down.
//!
//! From whyhook's own JSON the facts of the capture are kept: when and from where it arrived, the verdict at
//! capture, and the answer. Method, path, event and image are read from its bytes again. Requests from elsewhere
//! are verified with the current secrets, at the moment that the file names. Either way the peer's address says
//! `imported`, so that such a delivery is not mistaken for one that was received here.
//!
//! One delivery at a time is in memory, but for formats that people write by hand. What cannot be read is an
//! [`ImportError`] with its place; what can be read and not be kept exactly is a remark in [`ImportFindings`].
//!
//! | format | file |
//! |---|---|
//! | whyhook's own JSON, and how it is sent to a listener | `json`, `transfer` |
//! | HTTP archives, raw requests | `har`, `raw` |
//! | curl commands, `.http` files | `curl`, `http_file` |
//! | mitmproxy's flows | `mitmproxy`, `tnetstring` |
//! | what ngrok's agent holds | `ngrok` |
//! | events of Stripe's and Hookdeck's command lines | `stripe`, `hookdeck` |
//! | heads and forms that are put together | `built`, `forms` |
//! | which format a file has, or which program wrote it | `source`, `tools`, `members` |
//! | a body against the length that its head declares | `length` |

mod bounded;
mod built;
mod curl;
mod findings;
mod forms;
mod har;
mod hookdeck;
mod http_file;
mod json;
mod keeper;
mod known;
mod length;
mod members;
mod mitmproxy;
mod ngrok;
mod raw;
mod sink;
mod source;
mod stripe;
mod tnetstring;
mod tools;
mod transfer;

pub use findings::{ImportFindings, ImportRemark, ImportRemarks};
pub use keeper::{ImportBounds, ImportEnd, ImportKeeper, KeptImports};
pub use known::{AlreadyKnown, KnownDeliveries, ReceivedBefore, is_near, is_same_body};
pub use ngrok::{AGENT_ANSWER_LIMIT, AgentCapture, captures};
pub use source::ImportSource;
pub use tools::{KnownTool, known_tool};
pub use transfer::write_transfer;

use std::io::{self, BufRead};

use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{Answer, Captured, Intake, Marks};
use crate::http::{Head, WireFraming};
use crate::server::listener::capture::{Incoming, capture};
use length::LengthMismatch;
use sink::Sink;

/// The most that is taken from a pipe or a socket. A file of any length is read where it lies.
pub const SPOOL_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Text of one delivery that is read at most; base64 makes a third more of a body, escapes up to six
/// times as much.
pub const DELIVERY_LIMIT: u64 = 512 * 1024 * 1024;

/// A delivery to be stored.
#[derive(Debug)]
pub struct Imported {
    /// The delivery.
    pub captured: Captured,
    /// What was answered, when the file says so.
    pub answer: Option<Answer>,
    /// The diagnosis of its signature, as JSON.
    pub diagnosis: Option<String>,
    /// What a person had added to it.
    pub marks: Marks,
    /// Whether it was judged now, as what others have written down is, and was not captured by whyhook.
    pub is_foreign: bool,
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its text is not JSON, or lacks something.
    #[error("delivery {number}, {}{}", plain(.source), hint(.source))]
    Json {
        /// Which delivery of the file, from 1.
        number: u64,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// A delivery has an invalid field.
    #[error("delivery {number}: {reason}")]
    Content {
        /// Which delivery of the file, from 1.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// A raw file is not a request.
    #[error("not an HTTP request: {0}")]
    Request(String),
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The receiver of the deliveries failed.
    #[error("{0}")]
    Taken(String),
    /// Somebody has cancelled it.
    #[error("cancelled")]
    Cancelled,
}

/// The reader's words, in which what is an object has the name of a type of ours.
fn plain(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let Some((before, after)) = words.split_once("expected struct ") else { return words };
    let rest = after.split_once(' ').map_or(String::new(), |(_, rest)| format!(" {rest}"));
    format!("{before}expected an object{rest}")
}

fn hint(error: &serde_json::Error) -> &'static str {
    if error.is_data() && error.to_string().contains("head_base64") {
        ": only `whyhook export --as json` and `show --format json` hold whole deliveries"
    } else {
        ""
    }
}

/// Takes each delivery as it is read.
pub type Taker<'a> = &'a mut dyn FnMut(Imported) -> Result<(), ImportError>;

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub struct Importer<'a> {
    /// Webhooks and secrets.
    pub registry: &'a Registry,
    /// Whether whyhook's own captures are verified again as well.
    pub judge_again: bool,
    /// The moment at which a request counts as received whose file does not say when it was.
    pub now: Timestamp,
    /// Whether what cannot be kept exactly is an error, instead of a remark.
    pub strict: bool,
    /// The files that a curl command or an `.http` file names; `None` where none may be read.
    pub files: Option<&'a dyn NamedFiles>,
}

/// Files that the text of a request names.
pub trait NamedFiles: std::fmt::Debug {
    /// The content of the file of this name.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, in words.
    fn read(&self, name: &str) -> Result<Vec<u8>, String>;
}

impl Importer<'_> {
    /// Reads all of `input`, and hands each delivery to `take`. Returns what there was.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; deliveries that were handed over before it stay with the taker.
    pub fn read(
        &self,
        source: ImportSource,
        input: &mut dyn BufRead,
        take: Taker<'_>,
    ) -> Result<ImportFindings, ImportError> {
        skip_byte_order_mark(input)?;
        let mut sink = Sink::new(self, take);
        match source {
            ImportSource::Json => json::read(&mut sink, input)?,
            ImportSource::Har => har::read(&mut sink, input)?,
            ImportSource::Raw => raw::read(&mut sink, input)?,
            ImportSource::Curl => curl::read(&mut sink, input)?,
            ImportSource::Http => http_file::read(&mut sink, input)?,
            ImportSource::Mitmproxy => mitmproxy::read(&mut sink, input)?,
            ImportSource::Stripe => stripe::read(&mut sink, input)?,
            ImportSource::Hookdeck => hookdeck::read(&mut sink, input)?,
            ImportSource::Ngrok => ngrok::read(&mut sink, input)?,
        }
        Ok(sink.finish())
    }

    /// A request from elsewhere: verified now, as if received at `received_at` from `remote`. One that counts as whole is so
    /// only with the length that its head declares.
    fn judged(
        &self,
        received_at: Timestamp,
        remote: &str,
        head: Vec<u8>,
        body: Vec<u8>,
        framing: WireFraming,
        intake: Intake,
    ) -> Captured {
        let (remote, head) = (json::remote(remote), Head::from(head));
        let mismatch = LengthMismatch::of(&head, &body, &framing).filter(|_| intake.is_complete());
        let intake = mismatch.map_or(intake, LengthMismatch::intake);
        let incoming = Incoming { remote, received_at, head, body: body.into(), framing, intake };
        capture(incoming, self.registry)
    }

    /// A file that the text of a request names.
    fn read_file(&self, name: &str) -> Result<Vec<u8>, String> {
        self.read_named("the body is", name)
    }

    /// As [`Self::read_file`], for any part of a request; the error begins with `what`.
    fn read_named(&self, what: &str, name: &str) -> Result<Vec<u8>, String> {
        let name_shown = built::quoted(name);
        match self.files {
            None => Err(format!("{what} in the file {name_shown}, which --read-files reads")),
            Some(files) => files.read(name).map_err(|reason| format!("{what} in the file {name_shown}: {reason}")),
        }
    }

    /// Verifies one of whyhook's own captures again.
    fn judge_again(&self, captured: &mut Captured) {
        let head = &captured.head;
        let route = self.registry.route(head.target());
        if matches!(captured.intake, Intake::Complete | Intake::Truncated(_) | Intake::Rebuilt(_)) {
            let judged = route.schemes.judge(route.secrets, head, &captured.body, captured.received_at).1;
            captured.judgement = judged.of_intake(&captured.intake);
        }
    }
}

fn skip_byte_order_mark(input: &mut dyn BufRead) -> io::Result<()> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::delivery as tests_delivery;
