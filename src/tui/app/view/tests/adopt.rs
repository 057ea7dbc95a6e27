//! The menu of schemes to adopt, what is said of an adopted one, and of the URL that was hashed.

use super::*;
use crate::inspect::candidates;
use crate::signature::catalogue;
use crate::tui::app::overlay::state::Overlay;

/// Python's `hmac` of `{}` under "a webhook secret".
const DIGEST: &str = "fab53ce2e9dc5b9bf7e51c48fad3c1a284db6f9f2ca2a60bc9b3e834a51b5061";

fn of_github() -> Delivery {
    delivery(2, b"{}", "not the secret", &format!("X-Hub-Signature-256: sha256={DIGEST}\r\nX-GitHub-Event: push\r\n"))
}

fn offered() -> Model {
    let delivery = of_github();
    let mut model =
        model(std::slice::from_ref(&delivery), vec!["dev (environment variable SECRET, 16 bytes)".to_owned()]);
    assert_eq!(update(&mut model, Message::Act(Action::Adopt)), [Effect::FindSchemes(DeliveryId(2))]);
    let found = candidates(&delivery.head, &delivery.body, delivery.summary.received_at, &registry());
    update(&mut model, Message::SchemesFound(DeliveryId(2), found));
    model
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn the_candidates_are_offered(#[case] columns: u16, #[case] rows: u16) {
    insta::assert_snapshot!(format!("adopt_{columns}x{rows}"), screen(&mut offered(), columns, rows));
}

#[test]
fn before_they_are_known_and_where_there_are_none() {
    let mut model = model(&[delivery(1, b"{}", "a webhook secret", "")], Vec::new());
    update(&mut model, Message::Act(Action::Adopt));
    assert!(screen(&mut model, 80, 24).contains("looking for schemes"));
    update(&mut model, Message::SchemesFound(DeliveryId(1), Vec::new()));
    assert!(screen(&mut model, 80, 24).contains("No scheme of the catalogue has these headers"));
    assert_eq!(update(&mut model, Message::Act(Action::Accept)), []);
    update(&mut model, Message::Act(Action::Back));
    assert!(model.overlay.is_none());
}

#[test]
fn an_adopted_scheme_is_named_beside_the_verdict_at_capture() {
    let mut model = offered();
    let effects = update(&mut model, Message::Act(Action::Accept));
    let adopt = |name: Option<&str>| Effect::AdoptScheme {
        webhook: None,
        target: b"/webhooks/trackpilots".to_vec(),
        name: name.map(str::to_owned),
    };
    assert_eq!(effects, [adopt(Some("github"))]);
    assert!(model.overlay.is_none());
    let notice = model.notice.as_ref().unwrap().text.clone();
    assert!(notice.ends_with("scheme = \"github\" in the configuration keeps it"), "{notice}");
    let effects = update(&mut model, Message::Adopted(vec![(None, "github".to_owned())]));
    assert!(effects.contains(&Effect::Load(DeliveryId(2))), "{effects:?}");
    let adopted = registry().with_adopted_scheme(None, catalogue::named("github").ok());
    let loaded = LoadedDelivery::prepare(of_github(), &adopted);
    update(&mut model, Message::Loaded(DeliveryId(2), Ok(Box::new(loaded))));
    model.tab = Tab::Signature;
    let shown = screen(&mut model, 120, 36);
    insta::assert_snapshot!("adopted_scheme", shown);
    assert!(shown.contains("With the adopted scheme github and the current secrets"));
    // It is the first row of the menu to take it back.
    update(&mut model, Message::Act(Action::Adopt));
    assert!(matches!(&model.overlay, Some(Overlay::Adopt(menu)) if menu.adopted.as_deref() == Some("github")));
    assert_eq!(update(&mut model, Message::Act(Action::Accept)), [adopt(None)]);
    update(&mut model, Message::Adopted(Vec::new()));
    assert!(!screen(&mut model, 120, 36).contains("this run; scheme"));
}

#[test]
fn the_hashed_url_is_shown_with_how_to_give_another() {
    let delivery = delivery(1, b"{}", "x", "X-Trello-Webhook: MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\r\n");
    let shown = |url: Option<&str>| {
        let scheme = Scheme { url: url.map(str::to_owned), ..catalogue::named("trello").unwrap() };
        let registry = Registry::new(Vec::new(), Keyring::default(), scheme);
        let mut model = model(std::slice::from_ref(&delivery), Vec::new());
        let loaded = LoadedDelivery::prepare(delivery.clone(), &registry);
        update(&mut model, Message::Loaded(DeliveryId(1), Ok(Box::new(loaded))));
        model.tab = Tab::Signature;
        screen(&mut model, 120, 36)
    };
    let plain = shown(None);
    assert!(plain.contains("http://localhost:3000/webhooks/trackpilots") && plain.contains("--url URL"), "{plain}");
    let given = shown(Some("https://hooks.example.com/trello"));
    assert!(given.contains("https://hooks.example.com/trello") && given.contains("As given with --url"), "{given}");
}

#[test]
fn a_handshakes_secret_is_offered_and_never_shown() {
    let secret = "b537207f20cbfa02357cf448134da559";
    let head = format!("POST /asana HTTP/1.1\r\nHost: x\r\nX-Hook-Secret: {secret}\r\n\r\n");
    let mut delivery = delivery(1, b"", "x", "");
    delivery.head = Head::from(head);
    delivery.summary.path = "/asana".to_owned();
    let scheme = catalogue::named("asana").unwrap();
    let registry = Registry::new(Vec::new(), Keyring::default(), scheme);
    let mut model = model(std::slice::from_ref(&delivery), Vec::new());
    let loaded = LoadedDelivery::prepare(delivery.clone(), &registry);
    update(&mut model, Message::Loaded(DeliveryId(1), Ok(Box::new(loaded))));
    update(&mut model, Message::Act(Action::Adopt));
    update(&mut model, Message::SchemesFound(DeliveryId(1), Vec::new()));
    let shown = screen(&mut model, 80, 24);
    insta::assert_snapshot!("secret_of_a_handshake", shown);
    let effects = update(&mut model, Message::Act(Action::Accept));
    assert!(matches!(&effects[..], [Effect::AcceptSecret { secret: bytes, .. }] if bytes[..] == *secret.as_bytes()));
    // Once it is in use, it says how to keep it.
    let used = registry.with_accepted_secret(b"/asana", secret.as_bytes());
    let loaded = LoadedDelivery::prepare(delivery, &used);
    update(&mut model, Message::Loaded(DeliveryId(1), Ok(Box::new(loaded))));
    update(&mut model, Message::Act(Action::Adopt));
    assert!(screen(&mut model, 80, 24).contains("the secret that this handshake of Asana brings is in use"));
    assert_eq!(update(&mut model, Message::Act(Action::Accept)), []);
}

#[test]
fn what_needs_more_is_not_adopted() {
    let mut delivery = delivery(1, b"{}", "x", "sm-signature: MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\r\n");
    delivery.summary.id = DeliveryId(1);
    let mut model = model(std::slice::from_ref(&delivery), Vec::new());
    update(&mut model, Message::Act(Action::Adopt));
    let found = candidates(&delivery.head, &delivery.body, delivery.summary.received_at, &registry());
    let at = found.iter().position(|candidate| candidate.name == "surveymonkey").unwrap();
    update(&mut model, Message::SchemesFound(DeliveryId(1), found));
    for _ in 0..at {
        update(&mut model, Message::Act(Action::Move(Step::Down)));
    }
    assert_eq!(update(&mut model, Message::Act(Action::Accept)), []);
    let notice = model.notice.as_ref().unwrap();
    assert!(notice.is_error && notice.text.contains("--scheme surveymonkey --param client_id=VALUE"), "{notice:?}");
}
