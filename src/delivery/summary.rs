//! The small part of a delivery that lists and one-line outputs need.

use jiff::Timestamp;

use super::{AnswerFacts, DeliveryId, Intake, Judgement, Marks, Verdict};

/// What the payload's envelope says of itself, read without building a tree. A field is `None` when
/// the payload does not have it or has it as another type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFacts {
    /// The event's full name, such as `desktop.app_tracking.captured`.
    pub event: Option<String>,
    /// The contract version, `v1`.
    pub version: Option<String>,
    /// The sender, `desktop-agent`.
    pub agent: Option<String>,
    /// `Some(true)` for a simulation; live events have no such field.
    pub simulation: Option<bool>,
    /// The envelope's own time, Unix milliseconds.
    pub timestamp_ms: Option<i64>,
    /// How many items `data` holds: its length when it is an array, 1 when it is an object.
    pub items: Option<u64>,
}

impl EventFacts {
    /// What tells Trackpilots' events apart (`screenshot` of `desktop.screenshot_tracking.captured`);
    /// any other name whole.
    #[must_use]
    pub fn short_event(&self) -> Option<&str> {
        let event = self.event.as_deref()?;
        let short = event.strip_prefix("desktop.").and_then(|rest| rest.strip_suffix("_tracking.captured"));
        Some(short.unwrap_or(event))
    }

    /// Whether the payload marks itself as a simulation.
    #[must_use]
    pub fn is_simulation(&self) -> bool {
        self.simulation == Some(true)
    }
}

/// What is known of the first image in a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// The stable name of the form in which the bytes were written, such as `node_print`.
    pub form: String,
    /// Bytes present in the payload.
    pub bytes: u64,
    /// Bytes of the whole image, when the form says so.
    pub total: Option<u64>,
    /// The format by its magic number: `jpeg`, `png` …
    pub format: Option<String>,
    /// Width in pixels, when the bytes reach that far.
    pub width: Option<u32>,
    /// Height in pixels, likewise.
    pub height: Option<u32>,
}

/// One delivery as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The number in the store.
    pub id: DeliveryId,
    /// When the head was complete (or, for an incomplete one, when it was given up).
    pub received_at: Timestamp,
    /// The peer's address and port. Behind a tunnel this is the tunnel's agent.
    pub remote: String,
    /// The request method as sent (bytes outside UTF-8 replaced); empty for a malformed request.
    pub method: String,
    /// The request target as sent, query included; empty for a malformed request.
    pub path: String,
    /// The configured webhook that the path belongs to.
    pub webhook: Option<String>,
    /// How much arrived.
    pub intake: Intake,
    /// The envelope's facts.
    pub event: EventFacts,
    /// The signature's verdict, as judged at capture.
    pub judgement: Judgement,
    /// Length of the body that was kept.
    pub body_bytes: u64,
    /// Length of the chunk framing kept beside the body; 0 without any.
    pub framing_bytes: u64,
    /// The first image, when the payload holds one.
    pub image: Option<ImageFacts>,
    /// What was answered, once something was.
    pub answer: Option<AnswerFacts>,
    /// The codes of the likeliest cause, joined by `+`, once one was found: see [`crate::delivery::cause_codes`].
    pub cause: Option<String>,
    /// What a person has added to it.
    pub marks: Marks,
}

/// The mark in the peer's address of an imported delivery.
pub const IMPORTED: &str = "imported";

impl Summary {
    /// Whether it was imported, and not received here.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        let inside = self.remote.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
        self.remote == IMPORTED || inside.is_some_and(|(_, mark)| mark == IMPORTED)
    }

    /// Whether the signature is right and the whole request is there. A digest that fits the part of a body that
    /// arrived says nothing of the request that was sent, and its sender was answered 400.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.judgement.verdict == Verdict::Verified && self.intake.is_whole()
    }

    /// What kept a request from arriving whole, such as `truncated`, in words; `None` for a whole one, and for what never
    /// was one.
    #[must_use]
    pub fn part_words(&self) -> Option<String> {
        let is_part = !self.intake.is_whole() && !self.method.is_empty();
        is_part.then(|| self.intake.name().replace('_', " "))
    }

    /// Whether it is what browsers and scanners send and no webhook does: a GET or HEAD without a body and without a signature,
    /// to a path that no webhook has.
    #[must_use]
    pub fn is_noise(&self) -> bool {
        let is_asking = matches!(self.method.as_str(), "GET" | "HEAD") && self.body_bytes == 0;
        let is_unsigned = matches!(self.judgement.verdict, Verdict::MissingSignature | Verdict::NoSecret);
        let is_handshake = self.answer.as_ref().is_some_and(|answer| answer.rule.is_handshake());
        is_asking && is_unsigned && self.webhook.is_none() && !is_handshake
    }

    /// Whether the signature is valid and the timestamp is outside the tolerance.
    #[must_use]
    pub fn is_verified_but_stale(&self) -> bool {
        self.is_verified() && self.judgement.timestamp.as_ref().is_some_and(|timestamp| timestamp.fresh == Some(false))
    }

    /// The word that a list shows for the verdict: its [`Verdict::label`], or what keeps a valid signature from
    /// counting as verified or as fresh. The filter takes every one of them as `verdict:WORD`.
    #[must_use]
    pub fn verdict_word(&self) -> &'static str {
        match self.judgement.verdict {
            Verdict::Verified if !self.is_verified() => self.intake.name(),
            Verdict::Verified if self.is_verified_but_stale() => "stale",
            Verdict::NotJudged if self.intake.is_rebuilt() => self.intake.name(),
            verdict => verdict.label(),
        }
    }
}
