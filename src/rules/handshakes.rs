//! The handshakes of known senders: how a new webhook is proved to be its owner's. Each is a filter and an answer of the
//! catalogue, as a person would write them; a rule names one, as in `handshake:slack`.

use std::sync::Arc;

use super::answer::CustomAnswer;
use super::cursor::TextCursor;
use super::error::{RuleError, RuleProblem};
use super::parse::{answer_of, condition};
use crate::query::Query;
use crate::signature::catalogue::{self, HandshakeDescription};

/// What a name begins with.
pub(super) const PREFIX: &str = "handshake:";

/// Names by which rules called a handshake before its sender had a scheme in the catalogue.
const OLDER_NAMES: [(&str, &str); 1] = [("x", "x-twitter")];

/// A handshake that a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The name after `handshake:`.
    pub name: String,
    /// The requests that are part of it: its rule answers no others, whatever else it asks for.
    pub when: Query,
    /// What answers them.
    pub written: CustomAnswer,
}

impl Handshake {
    /// The handshake that `word` names; `None` when it names none at all.
    pub(super) fn named(word: &str) -> Option<Result<Arc<Self>, RuleProblem>> {
        let name = word
            .get(..PREFIX.len())
            .filter(|start| start.eq_ignore_ascii_case(PREFIX))
            .map(|_| &word[PREFIX.len()..])?;
        let name = name.to_ascii_lowercase();
        let Some(preset) = preset(&name) else {
            return Some(Err(RuleProblem::UnknownHandshake(name)));
        };
        Some(Self::read(name, &preset).map(Arc::new).map_err(|error| error.problem))
    }

    fn read(name: String, preset: &HandshakeDescription) -> Result<Self, RuleError> {
        let when = query(preset.when.as_deref().unwrap_or_default())?;
        let written = written(preset.answer.as_deref().unwrap_or_default())?;
        Ok(Self { name, when, written })
    }
}

/// The handshake of the catalogue that a rule may name so.
fn preset(name: &str) -> Option<HandshakeDescription> {
    let name = OLDER_NAMES.iter().find(|(older, _)| *older == name).map_or(name, |(_, name)| *name);
    catalogue::handshakes(name)?.handshakes.into_iter().find(|handshake| handshake.rule)
}

pub(super) fn query(text: &str) -> Result<Query, RuleError> {
    Query::parse(text).map_err(|error| condition(error, 0))
}

pub(super) fn written(text: &str) -> Result<CustomAnswer, RuleError> {
    answer_of(&mut TextCursor::new(text, 0))
}

/// Every name, in order.
fn all_names() -> Vec<String> {
    let older = |name: String| match OLDER_NAMES.iter().find(|(_, known)| *known == name) {
        Some((older, _)) => (*older).to_owned(),
        None => name,
    };
    let known = catalogue::handshake_names().into_iter().filter(|name| preset(name).is_some());
    let mut names: Vec<String> = known.map(older).collect();
    names.sort();
    names
}

/// Every name, joined by commas.
pub(super) fn names() -> String {
    all_names().join(", ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::{AnsweredRequest, Facts, RuleReader, RuleSet};
    use super::*;
    use crate::delivery::{Captured, EventFacts, Intake, Judgement, Verdict};
    use crate::http::{Head, WireFraming};
    use crate::signature::{Scheme, Secret, SecretOrigin};

    fn captured(head: &str, body: &str) -> Captured {
        let head = Head::from(head.to_owned());
        Captured {
            received_at: jiff::Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: String::from_utf8_lossy(head.method()).into_owned(),
            path: String::from_utf8_lossy(head.target()).into_owned(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(Verdict::MissingSignature),
            image: None,
            head,
            body: body.to_owned().into(),
            framing: WireFraming::NONE,
        }
    }

    /// The status, headers and body of the rule `handshake:NAME` to this request; `None` when it is not for it.
    fn answer(name: &str, first: &str, fields: &str, body: &str) -> Option<(u16, Vec<String>, String)> {
        let rule = RuleReader::default().rule(&format!("handshake:{name}")).unwrap();
        let captured = captured(&format!("{first} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"), body);
        let set = RuleSet::new(vec![rule.clone()], super::super::DEFAULT_HOLD);
        set.choose(&captured)?;
        let secret = Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Typed);
        let request = AnsweredRequest {
            head: &captured.head,
            body: &captured.body,
            scheme: &Scheme::default(),
            secret: Some(&secret),
        };
        let facts = Facts::of(&captured).with_request(rule.then.answers(), &request);
        let answer = rule.then.answers().next().unwrap();
        assert_eq!(answer.obstacle(&facts), None);
        let reply = answer.render(&facts);
        let headers = reply.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Some((reply.status, headers, String::from_utf8(reply.body.to_vec()).unwrap()))
    }

    const TEXT: &[&str] = &["Content-Type: text/plain"];
    const SAFE_TEXT: &[&str] = &["Content-Type: text/plain", "X-Content-Type-Options: nosniff"];
    const JSON: &[&str] = &["Content-Type: application/json"];

    /// Requests as the senders' pages show them. The HMACs are Node's.
    #[rstest]
    #[case("asana", "POST /a", "X-Hook-Secret: b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81\r\n", "{}",
        &["X-Hook-Secret: b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"], "")]
    #[case("discord", "POST /", "X-Signature-Ed25519: 00\r\n", r#"{"id":"1","type":1}"#, JSON, r#"{"type":1}"#)]
    #[case("dropbox", "GET /?challenge=abc123", "", "", SAFE_TEXT, "abc123")]
    #[case(
        "lark",
        "POST /",
        "",
        r#"{"challenge":"ajls384kdjx98XX","token":"xxxxxx","type":"url_verification"}"#,
        JSON,
        r#"{"challenge":"ajls384kdjx98XX"}"#
    )]
    #[case("linkedin", "GET /l?challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0", "", "", JSON,
        r#"{"challengeCode":"890e4665-4dfe-4ab1-b689-ed553bceeed0","challengeResponse":"38c6eb4862429c8daae04cad32f62ddeee6c679829a1fff606c8a52621fc3aee"}"#)]
    #[case(
        "meta",
        "GET /?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock",
        "",
        "",
        SAFE_TEXT,
        "1158201444"
    )]
    #[case(
        "microsoft-graph",
        "POST /?validationToken=Validation%3a+Testing+client+Request-Id%3a+522a",
        "",
        "",
        SAFE_TEXT,
        "Validation: Testing client Request-Id: 522a"
    )]
    #[case(
        "monday",
        "POST /",
        "",
        r#"{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#,
        JSON,
        r#"{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#
    )]
    #[case("nylas", "GET /?challenge=bc609b38-c81f", "", "", SAFE_TEXT, "bc609b38-c81f")]
    #[case(
        "okta",
        "GET /event-hook/",
        "X-Okta-Verification-Challenge: Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg\r\n",
        "",
        JSON,
        r#"{"verification":"Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg"}"#
    )]
    #[case(
        "slack",
        "POST /",
        "",
        r#"{"token":"Jhj5","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd","type":"url_verification"}"#,
        TEXT,
        "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"
    )]
    #[case(
        "twitch",
        "POST /",
        "Twitch-Eventsub-Message-Type: webhook_callback_verification\r\n",
        r#"{"challenge":"pogchamp-kappa-360noscope-vohiyo"}"#,
        TEXT,
        "pogchamp-kappa-360noscope-vohiyo"
    )]
    #[case(
        "websub",
        "GET /?hub.mode=subscribe&hub.topic=a&hub.challenge=x%2Fy&hub.lease_seconds=9",
        "",
        "",
        SAFE_TEXT,
        "x/y"
    )]
    #[case(
        "x",
        "GET /?crc_token=MDI4YmE5NjctYzg2Mi00&nonce=1",
        "",
        "",
        JSON,
        r#"{"response_token":"sha256=sNQ8JqcQGPH4GLCZginUKEyOE5KJlpv2h2x6PanVneE="}"#
    )]
    #[case("zoom", "POST /", "", r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#, JSON,
        r#"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"580a346735dc765c4381be3f56db105c417fa55f2e5c4e49e3eb5f5abee675da"}"#)]
    fn each_is_completed(
        #[case] name: &str,
        #[case] first: &str,
        #[case] fields: &str,
        #[case] body: &str,
        #[case] headers: &[&str],
        #[case] expected: &str,
    ) {
        let headers = headers.iter().map(|&header| header.to_owned()).collect();
        assert_eq!(answer(name, first, fields, body), Some((200, headers, expected.to_owned())));
        // It matches neither the sender's events nor other requests.
        for (first, body) in
            [("POST /", r#"{"type":"event_callback","event":"meeting.started"}"#), ("GET /", ""), ("POST /", "")]
        {
            assert_eq!(answer(name, first, "", body), None, "{name}: {first} {body}");
        }
    }

    #[test]
    fn every_one_is_read_and_printed_the_same() {
        let names = all_names();
        assert_eq!(names.len(), 15, "{names:?}");
        for name in names {
            let text = format!("{PREFIX}{name}");
            let rule = RuleReader::default().rule(&text).unwrap();
            assert_eq!(rule.to_string(), text);
            assert!(!rule.is_for_all() && rule.check().is_ok());
            assert_eq!(
                RuleSet::new(vec![rule], super::super::DEFAULT_HOLD).label(0).as_str(),
                format!("rule 1: {text}")
            );
        }
    }

    #[test]
    fn a_rule_may_ask_for_more_but_not_for_less() {
        let rule = |text: &str| RuleReader::default().rule(text).unwrap();
        let meta = rule("query:hub.verify_token==mine → handshake:META");
        assert_eq!(meta.to_string(), "query:hub.verify_token==mine → handshake:meta");
        let set =
            RuleSet::new(vec![meta, rule("wait 1s fail 2 with 503 then handshake:meta")], super::super::DEFAULT_HOLD);
        let head = |query: &str| format!("GET /?{query} HTTP/1.1\r\n\r\n");
        let handshake = "hub.mode=subscribe&hub.challenge=1";
        assert_eq!(set.choose(&captured(&head(&format!("{handshake}&hub.verify_token=mine")), "")), Some(0));
        assert_eq!(set.choose(&captured(&head(&format!("{handshake}&hub.verify_token=other")), "")), Some(1));
        assert_eq!(set.choose(&captured(&head("hub.verify_token=mine"), "")), None);
        let error = RuleReader::default().rule("handshake:slak").unwrap_err().to_string();
        assert!(error.starts_with("unknown handshake 'slak': expected one of asana, discord, "), "{error}");
    }

    #[test]
    fn one_above_another_of_the_same_requests_is_remarked_on() {
        let rules = ["handshake:dropbox", "handshake:nylas"].map(|text| RuleReader::default().rule(text).unwrap());
        assert_eq!(RuleSet::new(rules.to_vec(), super::super::DEFAULT_HOLD).remarks().len(), 1);
    }
}
