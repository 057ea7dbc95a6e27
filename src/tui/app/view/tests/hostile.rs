//! No screen holds what a terminal would act on, wherever the text came from: every tab, every
//! overlay, every message, over arbitrary Unicode and bytes.

use zeroize::Zeroizing;

use super::*;
use crate::delivery::ChosenBy;
use crate::rules::{Override, Reply, Rule};
use crate::tui::app::update::update;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::rules::RuleRow;
use crate::tui::screens::signature::state::InquiryReport;

/// Said a second time, so that what is hidden is not only what the code under test thinks it is.
fn acts_on_a_terminal(character: char) -> bool {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}'];
    let invisible = ['\u{ad}', '\u{34f}', '\u{180e}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];
    character.is_control()
        || bidi.contains(&character)
        || invisible.contains(&character)
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
        || ('\u{2028}'..='\u{2029}').contains(&character)
        || ('\u{e0000}'..='\u{e007f}').contains(&character)
}

/// Text in which every second character or so is one that does harm.
fn text() -> impl Strategy<Value = String> {
    let harm = proptest::sample::select(vec![
        '\u{1b}',
        '\u{7}',
        '\0',
        '\r',
        '\n',
        '\t',
        '\u{7f}',
        '\u{9b}',
        '\u{9d}',
        '\u{85}',
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{200d}',
        '\u{feff}',
        '\u{2028}',
        '\u{e0041}',
        '\u{301}',
        '\u{489}',
        '日',
        '\u{1f469}',
        '\u{fe0f}',
        '\u{ad}',
        '"',
        '\\',
    ]);
    proptest::collection::vec(prop_oneof![harm, any::<char>(), proptest::char::range(' ', '~')], 0..40)
        .prop_map(|characters| characters.into_iter().collect())
}

/// A body with `text` as names and values, as bytes that are no JSON, or as anything at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let event = text().prop_map(|text| {
        let value = serde_json::json!(text);
        format!("{{\"event\":{value},\"version\":{value},\"agent\":{value},{value}:[{value},{{{value}:1}}]}}")
            .into_bytes()
    });
    let image = text().prop_map(|text| {
        serde_json::json!({"data": [{"image": {"type": "Buffer", "data": text.as_bytes()}, text: 1}]})
            .to_string()
            .into_bytes()
    });
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..300), text().prop_map(String::into_bytes), event, image]
}

/// A delivery with `text` wherever a sender, or a configuration, may put some.
fn hostile(id: i64, text: &str, body: &[u8]) -> Delivery {
    let line: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    let mut delivery = delivery(id, body, "another secret", &format!("X-Hostile: {line}\r\n{line}: x\r\n"));
    let summary = &mut delivery.summary;
    for place in [&mut summary.path, &mut summary.method, &mut summary.remote] {
        text.clone_into(place);
    }
    summary.webhook = Some(text.to_owned());
    summary.judgement.note = Some(text.to_owned());
    summary.judgement.secret = Some(text.to_owned());
    summary.intake = match id % 3 {
        0 => Intake::Malformed(text.to_owned()),
        1 => Intake::Truncated(text.to_owned()),
        _ => Intake::Complete,
    };
    if let Some(answer) = &mut delivery.answer {
        answer.headers.push((text.to_owned(), text.to_owned().into()));
        answer.body = Bytes::copy_from_slice(text.as_bytes());
        answer.rule = ChosenBy::kept(text);
        summary.answer = Some(answer.facts());
    }
    delivery
}

/// Ways to open something over the panes.
const OVERLAYS: [Action; 12] = [
    Action::Answer(AnswerAction::Rules),
    Action::Answer(AnswerAction::Write),
    Action::Help,
    Action::Status,
    Action::PickAnswer,
    Action::CopyMenu,
    Action::Filter,
    Action::TypeSecret,
    Action::Commands,
    Action::Compare,
    Action::Try,
    Action::Reveal,
];

#[track_caller]
fn is_clean(model: &mut Model, columns: u16, rows: u16, what: &str) -> Result<(), TestCaseError> {
    let shown = screen(model, columns, rows);
    let found = shown.chars().find(|c| *c != '\n' && (acts_on_a_terminal(*c) || is_hidden(*c)));
    prop_assert!(found.is_none(), "{what}: {found:?} in {shown:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_tab_overlay_or_message_shows_it(
        text in text(),
        body in body(),
        columns in 4_u16..180,
        rows in 3_u16..50,
    ) {
        let deliveries = [hostile(3, &text, &body), hostile(2, &text, &body), hostile(1, &text, &body)];
        let mut model = model(&deliveries, vec![text.clone()]);
        text.clone_into(&mut model.setup.url);
        model.setup.store = text.clone().into();
        model.setup.webhooks = vec![(text.clone(), text.clone(), text.clone())];
        model.setup.events = vec![vec![text.clone()]];
        let reply = Reply::text(503, text.clone()).with_header(&text, text.clone());
        model.answers.chosen = Some(Override { action: crate::rules::RuleAction::reply(&reply), once: false });
        model.answers.rules = vec![RuleRow::new(Rule::always(crate::rules::RuleAction::reply(&reply)))];
        for shown in &deliveries {
            select(&mut model, shown);
            for tab in Tab::ALL {
                update(&mut model, Message::Act(Action::Show(tab)));
                is_clean(&mut model, columns, rows, tab.title())?;
            }
        }
        for overlay in OVERLAYS {
            update(&mut model, Message::Act(overlay));
            update(&mut model, Message::Paste(Zeroizing::new(text.clone())));
            is_clean(&mut model, columns, rows, &format!("{overlay:?}"))?;
            update(&mut model, Message::Act(Action::Accept));
            is_clean(&mut model, columns, rows, &format!("{overlay:?}, accepted"))?;
            update(&mut model, Message::Act(Action::Back));
        }
        let found = |end| FoundTunnel { name: TunnelName::Ngrok, public_url: text.clone(), end };
        let tunnel = |answer| Message::Tunnel(Tunnels::decide(vec![(TunnelName::Ngrok, answer)], None, None));
        let messages = [
            Message::StoreFault(text.clone()),
            Message::Warn(text.clone()),
            Message::Copied(Ok(text.clone())),
            Message::Copied(Err(text.clone())),
            Message::Secrets(vec![text.clone()]),
            Message::Inquiry(DeliveryId(1), InquiryReport::Failed(text.clone())),
            tunnel(SourceAnswer::Tunnels(vec![found(TunnelEnd::Here), found(TunnelEnd::Unknown)])),
            tunnel(SourceAnswer::Tunnels(vec![found(TunnelEnd::Elsewhere { addr: text.clone(), port: None })])),
            tunnel(SourceAnswer::Unreadable(text.clone())),
            Message::Loaded(DeliveryId(1), Err(text.clone())),
        ];
        for message in messages {
            let what = format!("{message:?}");
            update(&mut model, message);
            // The next key takes a notice away.
            is_clean(&mut model, columns, rows, &what)?;
            for tab in [Tab::Overview, Tab::Signature] {
                update(&mut model, Message::Act(Action::Show(tab)));
                is_clean(&mut model, columns, rows, &what)?;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_screen_shows_what_a_terminal_would_act_on(
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "\\PC{0,80}|[\\x00-\\xff\u{202e}\u{200b}\u{9b}]{0,40}".prop_map(|text| {
                format!("{{\"event\":{},\"data\":[{{}}]}}", serde_json::json!(text)).into_bytes()
            }),
        ],
        target in "[^\\r\\n]{0,40}",
        header in "[^\\r\\n]{0,60}",
        columns in 4_u16..160,
        rows in 3_u16..40,
    ) {
        let mut hostile = delivery(1, &body, "a webhook secret", &format!("X-Hostile: {header}\r\n{header}: x\r\n"));
        hostile.summary.path = target.clone();
        hostile.summary.intake = Intake::Malformed(target);
        let mut model = model(&[hostile], vec![header]);
        for tab in Tab::ALL {
            update(&mut model, Message::Act(Action::Show(tab)));
            let shown = screen(&mut model, columns, rows);
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_hidden(c)), "{tab:?}: {shown:?}");
        }
    }
}
