//! What responses hold, as docs/json.md and docs/control.md describe it. The JSON itself is written where its subject is; tests
//! hold real responses against these.

#![expect(dead_code, reason = "read as schemas alone: nothing makes one")]

mod compared;
mod deliveries;
mod explained;
mod jobs;
mod listener;
mod sending;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

pub(in crate::api) use compared::MessageDifferences;
pub(in crate::api) use deliveries::{
    AttemptRow, ChangedDelivery, DeletedIds, DeliveryDetail, DeliveryImages, DeliveryPage, DeliveryRow, FilterCheck,
};
pub(in crate::api) use explained::DiagnosisReport;
pub(in crate::api) use jobs::{
    AnyJobResult, CheckResult, DeletionResult, ImportResult, JobReport, JobsReport, MarkingResult, PruneResult,
    RestoringResult,
};
pub(in crate::api) use listener::{
    ChosenAnswer, DecidedAnswer, EventStreamChange, GivenSecretReport, HeldReport, ListenerReport, MissedDeliveries,
    ProblemDetails, ReloadedReport, RulesReport, SecretsReport, StoppingReport, TakenSecretReport,
};
pub(in crate::api) use sending::{AttemptReport, SendingResult};

use crate::delivery::{AttemptKind, AttemptMode, Outcome, Verdict};
use crate::http::BodyEnd;

/// A header as its name and its value.
type HeaderPair = (String, String);

/// Types whose values are the codes of another: the document says those that the code has.
macro_rules! codes {
    ($($(#[doc = $words:literal])+ $type:ident, $name:literal = $codes:expr;)+) => {$(
        $(#[doc = $words])+
        struct $type;

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "description": concat!($($words),+).trim(), "enum": $codes})
            }
        }
    )+};
}

codes! {
    /// The verdict on a signature.
    VerdictCode, "Verdict" = Verdict::ALL.map(Verdict::code);
    /// How the answer to a delivery went out.
    OutcomeCode, "Outcome" = Outcome::ALL.map(Outcome::code);
    /// Why a request was sent.
    AttemptKindCode, "AttemptKind" = AttemptKind::ALL.map(AttemptKind::code);
    /// How a request was made of a delivery.
    AttemptModeCode, "AttemptMode" = AttemptMode::ALL.map(AttemptMode::code);
    /// How the body of a response ended.
    BodyEndCode, "BodyEnd" = BodyEnd::ALL.map(BodyEnd::code);
}
