//! What is told of a listener, and what is asked of it, arrive as they are.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rstest::rstest;

use super::mirror::{Changed, Mirror};
use super::parts::{ChosenPart, HeldPart, JobPart, RulesPart};
use super::snapshot::{RunPart, Snapshot, StatePart};
use super::{AskedPart, FORMAT, ReplyPart};
use crate::config::{AnswerFlags, Registry, RegistryParts};
use crate::delivery::{DeliveryId, MarksEdit};
use crate::query::SavedFilters;
use crate::rules::{CustomAnswer, Held, NamedAnswer, Override, RuleReader, RuleSet, Template, TimedResponse};
use crate::server::listener::StatsSnapshot;
use crate::server::tunnel::Tunnels;
use crate::server::{JobKind, JobProgress, ListenerNews, ListenerRequest, RequestError, RequestReply};

fn named(body: &str) -> Arc<NamedAnswer> {
    let written = CustomAnswer {
        status: 418,
        headers: vec![("X-Id".to_owned(), Template::parse("{{id}}").unwrap())],
        body: Some(Template::parse(body).unwrap()),
    };
    Arc::new(NamedAnswer { name: "teapot".to_owned(), written })
}

fn rules(texts: &[&str], answers: &[Arc<NamedAnswer>]) -> RuleSet {
    let reader = RuleReader::new(answers);
    let rules = texts.iter().map(|text| reader.rule(text).unwrap()).collect();
    RuleSet::new(rules, Duration::from_secs(7)).with_answers(answers.to_vec()).with_handshakes(false)
}

fn chosen(text: &str, once: bool) -> Override {
    Override { action: RuleReader::new(&[named("short")]).action(text).unwrap(), once }
}

fn held(id: i64) -> Held {
    let moment = |second| Timestamp::new(second, 123_456_789).unwrap();
    Held { id: DeliveryId(id), since: moment(1_746_123_456), until: moment(1_746_123_466), default: "200".to_owned() }
}

fn run(format: u32, version: &str) -> RunPart {
    RunPart {
        format,
        version: version.to_owned(),
        address: "127.0.0.1:3000".parse().unwrap(),
        ephemeral: false,
        tolerance: Duration::from_secs(300),
        answers: AnswerFlags::default(),
        insecure: false,
        ca_file: None,
        forward_timeout: Duration::from_secs(30),
        config: None,
        config_place: None,
    }
}

fn state(newest: i64, chosen: Option<&Override>, held: &[Held]) -> StatePart {
    StatePart {
        newest: DeliveryId(newest),
        commits: 1,
        counts: vec![1],
        chosen: chosen.map(ChosenPart::from),
        held: held.iter().map(HeldPart::from).collect(),
        stats: StatsSnapshot::default(),
        jobs: Vec::new(),
        tunnel: Tunnels::decide(Vec::new(), Some("https://a.example"), None),
    }
}

fn snapshot(process: u32, at: u64, state: Option<StatePart>) -> Snapshot {
    Snapshot { process, at, run: None, registry: None, rules: None, state, news: Vec::new() }
}

/// As it is read at the other end.
fn sent<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// A mirror that follows process 7.
fn following() -> Mirror {
    let mut mirror = Mirror::default();
    let first = Snapshot {
        run: Some(run(FORMAT, "1.0.0")),
        registry: Some(RegistryParts::from(&Registry::default().with_typed_secret(b"a secret of the run".to_vec()))),
        rules: Some(RulesPart::from(&rules(&["is:sim → teapot", "503"], &[named("short, {{event}}")]))),
        ..snapshot(7, 1, Some(state(3, Some(&chosen("503 later", true)), &[held(3)])))
    };
    let changed = mirror.take(sent(&first)).unwrap();
    assert!(changed.run && changed.secrets && changed.answers && changed.held && changed.stored);
    mirror
}

#[test]
fn the_whole_state_arrives() {
    let mirror = following();
    assert_eq!(*mirror.rules, rules(&["is:sim → teapot", "503"], &[named("short, {{event}}")]));
    assert_eq!(mirror.chosen, Some(chosen("503 later", true)));
    assert_eq!((mirror.held.clone(), mirror.newest, mirror.lost.clone()), (vec![held(3)], DeliveryId(3), None));
    assert_eq!(mirror.registry.keyring().get("typed").unwrap().expose(), b"a secret of the run");
}

#[test]
fn rules_arrive_with_the_filters_that_they_name() {
    let filters = SavedFilters::new([("odd".to_owned(), "verdict:bad".to_owned())]).unwrap();
    let rule = RuleReader::default().with_filters(&filters).rule("@odd path:/a → 503").unwrap();
    let set = RuleSet::new(vec![rule], Duration::from_secs(7)).with_filters(filters);
    assert_eq!(sent(&RulesPart::from(&set)).set(), Ok(set));
}

#[test]
fn only_what_is_another_is_told_and_nothing_older_counts() {
    let mut mirror = following();
    let changed = mirror.take(sent(&snapshot(7, 5, Some(state(4, None, &[held(3)]))))).unwrap();
    assert_eq!(changed, Changed { answers: true, stored: true, ..Changed::default() });
    // The answer of a delivery that is known already.
    let answered = StatePart { commits: 2, ..state(4, None, &[held(3)]) };
    let changed = mirror.take(sent(&snapshot(7, 6, Some(answered)))).unwrap();
    assert_eq!(changed, Changed { stored: true, ..Changed::default() });
    // The reply to a request, overtaken by the stream.
    let late = snapshot(7, 4, Some(state(3, Some(&chosen("200", false)), &[])));
    assert_eq!(mirror.take(late).unwrap(), Changed::default());
    assert_eq!((mirror.chosen.clone(), mirror.held.len()), (None, 1));
    let of_another = snapshot(6, 99, Some(state(9, None, &[])));
    assert_eq!(mirror.take(of_another).unwrap(), Changed::default());
    assert_eq!(mirror.newest, DeliveryId(4));
}

#[test]
fn a_listener_that_is_gone_holds_nothing_and_another_begins_afresh() {
    let mut mirror = following();
    let lost = mirror.lose("it has ended".to_owned()).unwrap();
    assert!(lost.held && lost.tunnel && mirror.held.is_empty());
    assert_eq!(mirror.lose("it has ended".to_owned()), None, "said once");
    // Its last reply arrives late: that does not bring it back.
    mirror.take(snapshot(7, 9, Some(state(5, None, &[])))).unwrap();
    assert!(mirror.lost.is_some());
    let again = Snapshot { run: Some(run(FORMAT, "1.0.0")), ..snapshot(8, 1, Some(state(0, None, &[held(6)]))) };
    let changed = mirror.take(again).unwrap();
    assert!(changed.run && changed.held);
    assert_eq!((mirror.process, mirror.newest, mirror.lost.clone()), (8, DeliveryId(5), None));
}

#[test]
fn news_are_said_and_those_of_secrets_wait_to_be_read() {
    let mut mirror = following();
    let news = vec![ListenerNews::Warning("full".to_owned())];
    let told = sent(&Snapshot { news: news.clone(), ..snapshot(7, 2, None) });
    assert_eq!(mirror.take(told).unwrap(), Changed { news, ..Changed::default() });
}

#[rstest]
#[case::newer(FORMAT + 1, "9.0.0")]
#[case::hostile(0, "\u{1b}[2J")]
fn another_release_is_said_in_a_sentence(#[case] format: u32, #[case] version: &str) {
    let words = Mirror::default().take(Snapshot { run: Some(run(format, version)), ..snapshot(1, 1, None) });
    let words = words.unwrap_err();
    assert!(words.contains("another release") && words.contains(env!("CARGO_PKG_VERSION")), "{words}");
    assert!(!words.contains('\u{1b}'));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let mut wrong = state(1, None, &[held(1)]);
    wrong.held[0] = sent(&wrong.held[0]);
    let json = serde_json::to_string(&snapshot(7, 9, Some(wrong))).unwrap().replace("2025-", "yesterday-");
    let snapshot = serde_json::from_str(&json).unwrap();
    assert!(following().take(snapshot).unwrap_err().contains("cannot read"));
}

fn act(text: &str) -> TimedResponse {
    let crate::rules::RuleAction { wait, kind: crate::rules::ActionKind::Do(response) } = chosen(text, false).action
    else {
        panic!("a response")
    };
    TimedResponse { wait, response }
}

#[test]
fn each_request_arrives_as_it_was_asked() {
    let secret = || zeroize::Zeroizing::new(vec![0, 255, b'\n']);
    let ids = || vec![DeliveryId(1), DeliveryId(9)];
    // A rule may name an answer that the listener's configuration has no more, or another one by that name.
    let own = rules(&["path:\"a -> b\" → teapot"], &[named("the old one")]);
    let before = rules(&["503"], &[named("the new one")]);
    let after = Arc::new(before.replaced(own.rules().to_vec()));
    let requests = [
        ListenerRequest::Choose(None),
        ListenerRequest::Choose(Some(chosen("wait 1s..2s teapot", true))),
        ListenerRequest::SetRules(Arc::clone(&after)),
        ListenerRequest::Decide(ids(), act("wait 2s 200 header \"X-A: {{id}}\" done")),
        ListenerRequest::LetGo(ids()),
        ListenerRequest::EnterSecret(secret()),
        ListenerRequest::MakeUpSecret(secret()),
        ListenerRequest::AcceptSecret { target: b"/a?\xff".to_vec(), secret: secret() },
        ListenerRequest::AdoptScheme { webhook: Some("one".to_owned()), target: b"/".to_vec(), name: None },
        ListenerRequest::Mark(ids(), MarksEdit::Note("a \u{1b} note".to_owned())),
        ListenerRequest::CancelJobs(vec![3]),
        ListenerRequest::KeepDiagnosis(DeliveryId(2), "{}".to_owned()),
        ListenerRequest::Observe,
    ];
    for request in requests {
        let part = sent(&AskedPart::from(&request));
        assert_eq!(part.request(&before), Ok(request));
    }
    let hold = AskedPart::from(&ListenerRequest::Decide(ids(), act("200")));
    let json = serde_json::to_string(&hold).unwrap().replace("\"200\"", "\"hold\"");
    assert!(serde_json::from_str::<AskedPart>(&json).unwrap().request(&before).is_err());
}

#[test]
fn outcomes_and_jobs_arrive() {
    let outcome = |outcome| sent(&ReplyPart::new(outcome, None)).outcome();
    assert_eq!(outcome(Ok(RequestReply::Done(3))).unwrap(), RequestReply::Done(3));
    let refused = outcome(Err(RequestError::WriterStopped)).unwrap_err();
    assert!(matches!(&refused, RequestError::Elsewhere(words) if words == "the store's writer has stopped"));
    let job = |kind| JobProgress { number: 2, kind, done: 1, total: 5, is_cancelled: true };
    for kind in [JobKind::Prune, JobKind::Redaction, JobKind::Verify] {
        assert_eq!(sent(&JobPart::from(&job(kind))).job(), job(kind));
    }
    let later =
        serde_json::json!({"number": 2, "kind": "of a later release", "done": 1, "total": 5, "is_cancelled": true});
    assert_eq!(serde_json::from_value::<JobPart>(later).unwrap().job(), job(JobKind::Other));
}
