//! Sending a captured delivery again: as captured, re-signed, or edited. The original is only read.

use bytes::Bytes;
use jiff::Timestamp;

use super::{NotReplayable, as_captured, exact};
use crate::config::{Registry, Webhook, unnamed};
use crate::delivery::{AttemptMode, Delivery, Summary, TimestampUnit};
use crate::http::{InvalidTarget, Outgoing, RequestChange, Target};
use crate::signature::{Secret, SignError, Signing, SigningKind};
use crate::text::visible;

/// In which of the ways a delivery is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum How {
    /// The exact bytes and signature headers, for the server that is asked.
    #[default]
    AsCaptured,
    /// Every byte as received, of any capture.
    Exact,
    /// The exact body under a fresh timestamp and signature.
    Resigned,
    /// Another body.
    Edited {
        /// The body.
        body: Bytes,
        /// Whether it is re-signed, or goes out under the captured headers, which do not fit it.
        resign: bool,
    },
}

impl How {
    /// Whether a secret is needed for it.
    #[must_use]
    pub fn signs(&self) -> bool {
        matches!(self, Self::Resigned | Self::Edited { resign: true, .. })
    }

    /// As it is kept.
    #[must_use]
    pub fn mode(&self) -> AttemptMode {
        match self {
            Self::AsCaptured => AttemptMode::AsCaptured,
            Self::Exact => AttemptMode::Exact,
            Self::Resigned => AttemptMode::Resigned,
            Self::Edited { resign: true, .. } => AttemptMode::Edited,
            Self::Edited { resign: false, .. } => AttemptMode::EditedUnsigned,
        }
    }
}

/// Why a delivery cannot be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It was no whole request.
    #[error(transparent)]
    NotReplayable(#[from] NotReplayable),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// There is no secret to sign with.
    #[error(
        "no secret to sign delivery {id} with: set TRACKPILOTS_WEBHOOKS_SECRET_KEY, use --secret-env or \
         --secret-file, or name one for the webhook {webhook}"
    )]
    NoSecret {
        /// The delivery.
        id: i64,
        /// Its webhook, as far as it is known.
        webhook: String,
    },
    /// No secret has this label.
    #[error("unknown secret label {}; known labels: {known}", unnamed(.label))]
    UnknownSecret {
        /// The label asked for.
        label: String,
        /// Those there are.
        known: String,
    },
    /// There is no target.
    #[error("no target for delivery {id}: give --to URL, or set the url of its webhook in the configuration")]
    NoTarget {
        /// The delivery.
        id: i64,
    },
    /// The webhook's URL cannot be sent to.
    #[error("cannot send to the webhook {webhook}: {error}")]
    BadUrl {
        /// Its name.
        webhook: String,
        /// What is wrong with its URL.
        error: InvalidTarget,
    },
}

/// A delivery that is ready to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// What goes out.
    pub request: Outgoing,
    /// How it came about.
    pub mode: AttemptMode,
    /// What had to be changed beside what was asked for.
    pub changes: Vec<RequestChange>,
}

/// The webhook that a delivery belongs to: the one it was captured for, else that of its path.
#[must_use]
pub fn webhook_of<'a>(registry: &'a Registry, summary: &Summary) -> Option<&'a Webhook> {
    let named = summary.webhook.as_deref().and_then(|name| registry.webhook(name));
    named.or_else(|| registry.route(summary.path.as_bytes()).webhook)
}

/// The default target of a delivery: the `url` of its webhook.
///
/// # Errors
///
/// [`ReplayError`] when it has none, or one that cannot be sent to.
pub fn default_target(registry: &Registry, summary: &Summary) -> Result<Target, ReplayError> {
    let found = webhook_of(registry, summary).and_then(|webhook| Some((webhook, webhook.url.as_ref()?)));
    let (webhook, url) = found.ok_or(ReplayError::NoTarget { id: summary.id.0 })?;
    url.parse().map_err(|error| ReplayError::BadUrl { webhook: visible(&webhook.name).into_owned(), error })
}

/// What a delivery is re-signed with. Without a label this is the secret that it was verified with,
/// else its webhook's first; without a kind its webhook's, else the one whose unit it came in.
///
/// # Errors
///
/// [`ReplayError`] when there is no such secret.
pub fn signing<'a>(
    registry: &'a Registry,
    summary: &Summary,
    label: Option<&str>,
    kind: Option<SigningKind>,
) -> Result<Signing<'a>, ReplayError> {
    let webhook = webhook_of(registry, summary);
    let secret = match label {
        Some(label) => registry.keyring().get(label).ok_or_else(|| ReplayError::UnknownSecret {
            label: label.to_owned(),
            known: registry.keyring().secrets().iter().map(Secret::label).collect::<Vec<_>>().join(", "),
        })?,
        None => {
            let verified = summary.judgement.secret.as_deref().and_then(|label| registry.keyring().get(label));
            let own = || registry.secrets_for(webhook).next();
            verified.or_else(own).ok_or_else(|| ReplayError::NoSecret {
                id: summary.id.0,
                webhook: webhook.map_or("it came to", |webhook| webhook.name.as_str()).to_owned(),
            })?
        }
    };
    let kind = kind.unwrap_or_else(|| kind_of(webhook, summary));
    Ok(Signing { kind, scheme: registry.signing_scheme(webhook), secret })
}

/// The unit of a delivery's timestamps: its webhook's, else the one that it came in.
pub(crate) fn kind_of(webhook: Option<&Webhook>, summary: &Summary) -> SigningKind {
    let came_in = || match summary.judgement.timestamp.as_ref().map(|timestamp| timestamp.unit) {
        Some(TimestampUnit::Milliseconds) => SigningKind::Reseller,
        _ => SigningKind::Developer,
    };
    webhook.map_or_else(came_in, |webhook| webhook.kind)
}

/// Makes the request that sends `delivery` to `target` again. `signing` is asked only when `how` signs, and the timestamp is that of `now`: prepare just before sending.
///
/// # Errors
///
/// [`ReplayError`] when it was no whole request or cannot be signed.
pub fn prepare<'a>(
    delivery: &Delivery,
    target: &Target,
    how: &How,
    signing: impl FnOnce() -> Result<Signing<'a>, ReplayError>,
    now: Timestamp,
) -> Result<Replay, ReplayError> {
    if *how == How::Exact {
        return Ok(Replay { request: exact(delivery), mode: how.mode(), changes: Vec::new() });
    }
    let (mut request, mut changes) = as_captured(delivery, target)?;
    let signing = if how.signs() { Some(signing()?) } else { None };
    if let Some(signing) = &signing {
        let dropped = signing.keep_one_place(&mut request, &delivery.head, &delivery.body, now);
        changes.extend(dropped.into_iter().map(|name| RequestChange::OtherSignature { name }));
    }
    if let How::Edited { body, .. } = how {
        request.set_body(body.clone());
    }
    if let Some(signing) = signing {
        let scheme = signing.scheme.sent_to(target);
        Signing { scheme: &scheme, ..signing }.apply(&mut request, now)?;
    }
    Ok(Replay { request, mode: how.mode(), changes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keyring;
    use crate::delivery::{DeliveryId, EventFacts, Intake, Judgement, TimestampFacts, Verdict};
    use crate::http::{Head, WireFraming};
    use crate::signature::{Scheme, SecretOrigin, judge};

    fn registry(url: Option<&str>) -> Registry {
        let secret = |label: &str| Secret::new(label, label.as_bytes().to_vec(), SecretOrigin::Typed);
        let webhook = Webhook {
            name: "dev".to_owned(),
            path: "/hook".to_owned(),
            kind: SigningKind::Reseller,
            secrets: vec!["two".to_owned()],
            events: Vec::new(),
            url: url.map(str::to_owned),
            schemes: None,
        };
        Registry::new(vec![webhook], Keyring::new(vec![secret("one"), secret("two")]).unwrap(), Scheme::default())
    }

    fn delivery(path: &str, verified_with: Option<&str>, unit: TimestampUnit) -> Delivery {
        let body = Bytes::from_static(b"{\"n\":1.0}");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nx-webhook-signature: 00\r\nX-Webhook-TIMESTAMP: 1\r\nContent-Length: {}\r\nX-Last: 1\r\n\r\n",
            body.len()
        );
        let timestamp = TimestampFacts { raw: "1".to_owned(), unit, age_ms: None, fresh: None };
        let judgement = Judgement {
            secret: verified_with.map(str::to_owned),
            timestamp: Some(timestamp),
            ..Judgement::bare(Verdict::Verified)
        };
        let summary = Summary {
            id: DeliveryId(7),
            received_at: Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: "POST".to_owned(),
            path: path.to_owned(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement,
            body_bytes: body.len() as u64,
            framing_bytes: 0,
            cause: None,
            marks: crate::delivery::Marks::default(),
            image: None,
            answer: None,
        };
        Delivery { summary, head: Head::from(head), body, framing: WireFraming::NONE, answer: None }
    }

    fn now() -> Timestamp {
        Timestamp::from_millisecond(1_746_123_456_789).unwrap()
    }

    #[test]
    fn resigned_and_edited_ones_verify_and_the_rest_stays() {
        let (registry, target) = (registry(None), "http://a/hook".parse().unwrap());
        let delivery = delivery("/hook", None, TimestampUnit::Seconds);
        let edited = Bytes::from_static(b"{\"n\":2, \"more\":true}");
        for (how, mode) in [
            (How::Resigned, AttemptMode::Resigned),
            (How::Edited { body: edited.clone(), resign: true }, AttemptMode::Edited),
        ] {
            let replay =
                prepare(&delivery, &target, &how, || signing(&registry, &delivery.summary, None, None), now()).unwrap();
            assert_eq!((replay.mode, &replay.changes[..]), (mode, &[][..]));
            let head = replay.request.head();
            let secrets = registry.keyring().secrets();
            let judgement = judge(&Scheme::default(), secrets, &head, &replay.request.body, now());
            assert_eq!((judgement.verdict, judgement.secret.as_deref()), (Verdict::Verified, Some("two")));
            assert_eq!(judgement.timestamp.unwrap().raw, "1746123456789", "the webhook is a reseller's");
            let names: Vec<_> = head.pairs().map(|(name, _)| name).collect();
            assert_eq!(names, delivery.head.pairs().map(|(name, _)| name).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_edited_body_may_keep_its_signature() {
        let delivery = delivery("/hook", None, TimestampUnit::Seconds);
        let how = How::Edited { body: Bytes::from_static(b"{}"), resign: false };
        let replay = prepare(&delivery, &"http://a".parse().unwrap(), &how, || unreachable!(), now()).unwrap();
        assert_eq!(replay.request.line("X-Webhook-Signature").unwrap().value(), b"00");
        assert_eq!(replay.request.line("Content-Length").unwrap().value(), b"2");
    }

    #[test]
    fn secret_and_kind_are_the_deliverys_own_unless_told() {
        let registry = registry(None);
        let chosen = |path: &str, verified: Option<&str>, label: Option<&str>, kind: Option<SigningKind>| {
            let delivery = delivery(path, verified, TimestampUnit::Milliseconds);
            signing(&registry, &delivery.summary, label, kind).map(|signing| (signing.secret.label(), signing.kind))
        };
        assert_eq!(chosen("/hook", None, None, None), Ok(("two", SigningKind::Reseller)));
        assert_eq!(chosen("/hook", Some("one"), None, None), Ok(("one", SigningKind::Reseller)));
        assert_eq!(chosen("/other", None, None, None), Ok(("one", SigningKind::Reseller)), "as it came");
        let developer = Some(SigningKind::Developer);
        assert_eq!(chosen("/hook", Some("two"), Some("one"), developer), Ok(("one", SigningKind::Developer)));
        let error = chosen("/hook", None, Some("x\u{1b}"), None).unwrap_err().to_string();
        assert!(error.contains("(2 characters, not shown); known labels: one, two"), "{error}");
        let none = Registry::default();
        let delivery = delivery("/x", None, TimestampUnit::Seconds);
        assert!(matches!(signing(&none, &delivery.summary, None, None), Err(ReplayError::NoSecret { .. })));
    }

    #[test]
    fn the_target_is_the_webhooks_own() {
        let summary = delivery("/hook?x=1", None, TimestampUnit::Seconds).summary;
        let target = |url| default_target(&registry(url), &summary).map(|target| target.to_string());
        assert_eq!(target(Some("http://localhost:4000/in")), Ok("http://localhost:4000/in".to_owned()));
        assert_eq!(target(None), Err(ReplayError::NoTarget { id: 7 }));
        assert!(target(Some("ftp://x")).unwrap_err().to_string().contains("webhook dev"));
        let mut elsewhere = summary.clone();
        elsewhere.path = "/elsewhere".to_owned();
        assert!(default_target(&registry(Some("http://localhost/")), &elsewhere).is_err());
        elsewhere.webhook = Some("dev".to_owned());
        assert!(default_target(&registry(Some("http://localhost/")), &elsewhere).is_ok(), "as it was captured");
    }
}
