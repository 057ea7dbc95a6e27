//! whyhook: a terminal inspector and local tunnel target for Trackpilots webhooks.
//!
//! The layers, each knowing only those above it in this list:
//!
//! | layer | what it is |
//! |---|---|
//! | [`text`] | the only way from untrusted bytes to a terminal |
//! | [`units`] | durations and sizes as people write them |
//! | [`delivery`] | what a delivery is: ids, heads, verdicts, answers, summaries |
//! | [`signature`] | the scheme, secrets, exact verification |
//! | [`payload`] | what a body holds: JSON as tokens, the envelope's facts, images in every form, hex |
//! | [`query`] | the filter language over deliveries |
//! | [`config`] | defaults < file < environment < flags; the keyring of secrets; the webhooks |
//! | [`store`] | SQLite and segment files: one writer, many readers |
//! | [`listener`] | accept, tee, judge, keep, answer |
//! | [`tunnel`] | what ngrok's agent says of its tunnels |

pub mod config;
pub mod delivery;
pub mod listener;
pub mod payload;
pub mod query;
pub mod signature;
pub mod store;
pub mod text;
pub mod tunnel;
pub mod units;
