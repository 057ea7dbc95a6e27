//! What holds for any filter and any delivery.

use proptest::prelude::*;

use super::*;

/// Filters made of the language's own pieces.
fn any_filter() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just(" | ".to_owned()),
        Just(" or ".to_owned()),
        Just(" and ".to_owned()),
        Just(" not ".to_owned()),
        Just("!".to_owned()),
        Just(" -".to_owned()),
        Just(" ".to_owned()),
        Just(" sim ".to_owned()),
        Just(" status:>=500 ".to_owned()),
        Just(" event:app".to_owned()),
        Just(" since:1h ".to_owned()),
        " [a-zé#]{1,4}",
        "body:\"[a-z\\\\ \"()|]{0,4}\" ",
        "\"\\PC{0,5}\"",
        "header:[a-z=]{1,4} ",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Deliveries in which the words of [`asking_filter`] are found now and then.
fn any_summary() -> impl Strategy<Value = Summary> {
    let base = prop_oneof![Just(screenshot()), Just(garbage())];
    let status = prop_oneof![Just(None), (0_u16..600).prop_map(Some)];
    let age = proptest::option::of(-600_000..600_000_i64);
    let numbers = (1..60_i64, 0..9_u64, 0..Verdict::ALL.len(), status, age);
    (base, "[/a-c]{0,3}", numbers).prop_map(|(base, path, (id, count, verdict, status, age))| {
        let mut summary = Summary { id: DeliveryId(id), path, body_bytes: count, ..base };
        summary.event.items = Some(count).filter(|count| *count > 2);
        summary.judgement.verdict = Verdict::ALL[verdict];
        summary.judgement.timestamp = summary.judgement.timestamp.filter(|_| count > 1);
        if let Some(timestamp) = &mut summary.judgement.timestamp {
            (timestamp.age_ms, timestamp.fresh) = (age, age.map(|age| age.abs() < 300_000));
        }
        summary.answer = status.zip(screenshot().answer).map(|(status, answer)| AnswerFacts { status, ..answer });
        summary
    })
}

/// Filters that ask for everything there is.
fn asking_filter() -> impl Strategy<Value = String> {
    let atom = proptest::sample::select(vec![
        "a",
        "b",
        "5",
        "50",
        "post",
        "\"not judged\"",
        "agency",
        "sim",
        "live",
        "verdict:bad",
        "verdict:stale",
        "verdict:truncated",
        "is:stale",
        "is:fresh",
        "is:image",
        "is:waiting",
        "is:failed",
        "is:complete",
        "is:malformed",
        "event:screen",
        "path:c",
        "method:post",
        "status:5xx",
        "status:<300",
        "webhook:agency",
        "secret:dev",
        "id:<=20",
        "id:30..40",
        "#7",
        "id:>50",
        "size:>4",
        "items:5",
        "latency:>100ms",
        "age:>0s",
        "since:29m",
        "until:31m",
        "image:jpeg",
        "rule:fixed",
        "remote:127",
        "body:x",
        "query:a",
        "field:a",
        "bytes:x",
        "cause:stale",
        "has:cause",
        "has:tag",
        "has:signature",
        "is:pinned",
        "note:ask",
        "tag:odd",
        "verdict:future",
    ]);
    let leaf = atom.prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| format!("!({filter})")),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|filters| format!("({})", filters.join(" "))),
            proptest::collection::vec(inner, 2..4).prop_map(|filters| format!("({})", filters.join(" | "))),
        ]
    })
}

/// The delivery as far as these fields tell; the rest as no delivery has it.
fn only(summary: &Summary, fields: &[QueriedField]) -> Summary {
    let mut known = Summary {
        id: summary.id,
        received_at: Timestamp::MIN,
        remote: String::new(),
        body_bytes: 0,
        judgement: Judgement::bare(Verdict::NotJudged),
        ..garbage()
    };
    for field in fields {
        match field {
            QueriedField::Received => known.received_at = summary.received_at,
            QueriedField::Remote => known.remote.clone_from(&summary.remote),
            QueriedField::Method => known.method.clone_from(&summary.method),
            QueriedField::Path => known.path.clone_from(&summary.path),
            QueriedField::Webhook => known.webhook.clone_from(&summary.webhook),
            QueriedField::Intake => known.intake.clone_from(&summary.intake),
            QueriedField::Event => {
                known.event.event.clone_from(&summary.event.event);
                known.event.simulation = summary.event.simulation;
            }
            QueriedField::Items => known.event.items = summary.event.items,
            QueriedField::Verdict => known.judgement.verdict = summary.judgement.verdict,
            QueriedField::Secret => known.judgement.secret.clone_from(&summary.judgement.secret),
            QueriedField::Timestamp => known.judgement.timestamp.clone_from(&summary.judgement.timestamp),
            QueriedField::Size => known.body_bytes = summary.body_bytes,
            QueriedField::Image => known.image.clone_from(&summary.image),
            QueriedField::Answer => known.answer.clone_from(&summary.answer),
            QueriedField::Cause => known.cause.clone_from(&summary.cause),
            QueriedField::Marks => known.marks.clone_from(&summary.marks),
        }
    }
    known
}

proptest! {
    #[test]
    fn the_fields_decide(filter in asking_filter(), summary in any_summary()) {
        let query = Query::parse(&filter).unwrap();
        let known = only(&summary, &query.fields());
        prop_assert_eq!(query.settled(&known, now()), query.settled(&summary, now()), "{}", filter);
    }

    #[test]
    fn nothing_matches_beyond_the_numbers(filter in asking_filter(), summary in any_summary()) {
        let query = Query::parse(&filter).unwrap();
        let stored = Stored { asked: Cell::new(0), readable: true };
        if query.matches(&summary, Some(&stored), now()) {
            prop_assert!(query.ids().contains(&summary.id.0), "{}", filter);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[a-z:\"()|! \\\\<>=.0-9-]{0,40}") {
        match Query::parse(&text) {
            Ok(query) => {
                let _ = query.matches(&screenshot(), None, now());
            }
            Err(error) => {
                prop_assert!(error.at <= text.len());
                prop_assert!(!error.to_string().contains(crate::text::is_hidden));
            }
        }
    }

    #[test]
    fn what_is_printed_reads_the_same(text in any_filter()) {
        if let Ok(query) = Query::parse(&text) {
            let printed = query.to_string();
            prop_assert_eq!(Query::parse(&printed), Ok(query), "{}", printed);
        }
    }
}
