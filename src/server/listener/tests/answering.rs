//! Holding, forwarding and choosing what goes back.

use super::*;

fn rules(texts: &[&str]) -> RuleSet {
    let read = texts.iter().map(|text| RuleReader::default().rule(text).unwrap()).collect();
    RuleSet::new(read, Duration::from_secs(3600))
}

fn act(text: &str) -> TimedResponse {
    let action = RuleReader::default().action(text).unwrap();
    let ActionKind::Do(response) = action.kind else { panic!("{text}") };
    TimedResponse { wait: action.wait, response }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_held_at_once_are_each_answered_as_decided() {
    let fixture = Fixture::new().await;
    fixture.control.set_rules(rules(&["hold else 500"]));
    let senders: Vec<_> = (0..100)
        .map(|number| {
            let address = fixture.address;
            tokio::spawn(async move {
                let mut socket = TcpStream::connect(address).await.unwrap();
                let request = signed_request(&format!("{{\"n\":{number}}}"), "Connection: close\r\n");
                socket.write_all(request.as_bytes()).await.unwrap();
                read_to_end(&mut socket).await
            })
        })
        .collect();
    while fixture.control.held().len() < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let reader = Reader::open(&fixture.location).unwrap();
    let mut expected = vec![String::new(); 100];
    for held in fixture.control.held() {
        let body = reader.load(held.id).unwrap().unwrap().body;
        let number: usize = std::str::from_utf8(&body[5..body.len() - 1]).unwrap().parse().unwrap();
        // Ten different decisions: statuses with a body of their own, closed connections, the automatic one.
        expected[number] = match number % 10 {
            0 => "drop".to_owned(),
            1 => "auto".to_owned(),
            other => format!("{} decided {number}", 400 + other),
        };
        fixture.control.decide(held.id, act(&expected[number])).unwrap();
        assert!(fixture.control.decide(held.id, act("200")).is_err(), "decided once");
    }
    for (number, sender) in senders.into_iter().enumerate() {
        let answer = sender.await.unwrap();
        match number % 10 {
            0 => assert_eq!(answer, ""),
            1 => assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}"),
            other => {
                assert!(answer.starts_with(&format!("HTTP/1.1 {} ", 400 + other)), "{answer}");
                assert!(answer.ends_with(&format!("\r\n\r\ndecided {number}")), "{answer}");
            }
        }
    }
    for id in 1..=100 {
        let kept = fixture.delivery(id).await.answer.unwrap();
        assert!(kept.rule.as_str().starts_with("rule 1: hold else 500 (decided: "), "{}", kept.rule);
    }
    assert_eq!(fixture.control.held(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_delivery_can_be_forwarded() {
    let (fixture, behind) = (Fixture::new().await, Fixture::new().await);
    fixture.control.set_rules(rules(&["hold"]));
    let mut socket = fixture.connect().await;
    socket.write_all(signed_request(BODY, "Connection: close\r\n").as_bytes()).await.unwrap();
    let held = loop {
        match fixture.control.held().pop() {
            Some(held) => break held,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    fixture.control.decide(held.id, act(&format!("forward http://{}", behind.address))).unwrap();
    let answer = read_to_end(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("processed successfully"), "{answer}");
    let there = behind.delivery(1).await;
    assert_eq!((&there.body[..], there.summary.judgement.verdict), (BODY.as_bytes(), Verdict::Verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_persons_choice_is_for_the_next_delivery_or_until_cleared() {
    let fixture = Fixture::new().await;
    fixture.control.set_rules(rules(&["503"]));
    let mut socket = fixture.connect().await;
    let mut status = async || {
        socket.write_all(signed_request(BODY, "").as_bytes()).await.unwrap();
        read_response(&mut socket).await[9..12].to_owned()
    };
    let choice = |text: &str, once| Some(Override { action: RuleReader::default().action(text).unwrap(), once });
    assert_eq!(status().await, "503");
    fixture.control.set_override(choice("201", true));
    assert_eq!((status().await, status().await), ("201".to_owned(), "503".to_owned()));
    assert_eq!(fixture.control.chosen(), None, "it has been used");
    fixture.control.set_override(choice("202", false));
    fixture.control.set_rules(rules(&["410"]));
    assert_eq!((status().await, status().await), ("202".to_owned(), "202".to_owned()));
    fixture.control.set_override(None);
    assert_eq!(status().await, "410");
    assert_eq!(fixture.delivery(2).await.answer.unwrap().rule.as_str(), "fixed 201");
}

/// What the request says is read again, since nobody asked for it when it came.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_delivery_may_be_answered_with_what_it_says() {
    let fixture = Fixture::new().await;
    fixture.control.set_rules(rules(&["hold else 500"]));
    for (number, (answer, body, label)) in [
        ("200 {{body.n.0}}{{header.host}}", "7x", ""),
        ("202 {{body.m}}", "Webhook received and processed successfully", " (auto: the request has no body.m)"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut socket = fixture.connect().await;
        let request = signed_request("{\"n\":[7]}", "Connection: close\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        while fixture.control.held().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let id = fixture.control.held()[0].id;
        fixture.control.decide(id, act(answer)).unwrap();
        let sent = read_to_end(&mut socket).await;
        assert!(sent.starts_with("HTTP/1.1 200 OK") && sent.ends_with(&format!("\r\n\r\n{body}")), "{sent}");
        let rule = fixture.delivery(number as i64 + 1).await.answer.unwrap().rule.to_string();
        assert!(rule.ends_with(label) && rule.contains("decided: "), "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lives_on_after_a_held_or_delayed_answer() {
    let fixture = Fixture::new().await;
    fixture.control.set_rules(rules(&["is:sim → wait 5ms 201", "hold 5ms else 202"]));
    let mut socket = fixture.connect().await;
    for (body, status) in [(BODY, "201"), ("{}", "202"), (BODY, "201")] {
        socket.write_all(signed_request(body, "").as_bytes()).await.unwrap();
        let answer = read_response(&mut socket).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_body_is_kept_and_sent_without_one() {
    let fixture = Fixture::new().await;
    fixture.control.set_rules(rules(&["method:HEAD -> 400 Missing", "304"]));
    for (id, method, length) in [(1, "HEAD", Some("content-length: 7\r\n")), (2, "GET", None)] {
        let mut socket = TcpStream::connect(fixture.address).await.unwrap();
        let request = format!("{method} / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let sent = read_to_end(&mut socket).await;
        assert!(sent.ends_with("\r\n\r\n"), "{sent}");
        let is_said = sent.contains("content-length");
        assert_eq!((is_said, length.is_none_or(|length| sent.contains(length))), (length.is_some(), true), "{sent}");
        let answer = fixture.delivery(id).await.answer.unwrap();
        assert_eq!((&answer.body[..], answer.body_bytes), (&b""[..], 0), "{method}");
    }
}
