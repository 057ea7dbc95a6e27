//! The top line, and the listener's status, about tunnels.

use super::*;

#[test]
fn a_tunnel_that_leads_elsewhere_is_said() {
    let mut model = model(&[], secrets());
    update(&mut model, Message::Tunnel(found(TunnelName::Ngrok, "https://a1.ngrok-free.app", "http://localhost:8080")));
    let shown = screen(&mut model, 120, 36);
    assert!(shown.contains("points to http://localhost:8080, not to this listener: run `ngrok http 3000`"), "{shown}");
}

#[test]
fn several_tunnels_are_counted_and_listed_and_a_guess_is_called_one() {
    let mut model = model(&[], secrets());
    update(&mut model, Message::Tunnel(Tunnels::decide(Vec::new(), None, Some("https://guess.example"))));
    let shown = screen(&mut model, 120, 36);
    assert!(shown.contains("https://guess.example/webhooks/trackpilots (learnt)"), "{shown}");
    assert!(shown.contains("A request came by this URL."), "{shown}");
    assert!(screen(&mut model, 60, 20).contains("?"));
    let answers = vec![
        (TunnelName::Ngrok, SourceAnswer::Tunnels(vec![tunnel(TunnelName::Ngrok, "https://a1.ngrok-free.app", None)])),
        (
            TunnelName::Cloudflared,
            SourceAnswer::Tunnels(vec![tunnel(
                TunnelName::Cloudflared,
                "https://fox.trycloudflare.com",
                Some("http://localhost:8080"),
            )]),
        ),
        (TunnelName::Zrok, SourceAnswer::Unreadable("127.0.0.1:8888 did not answer within 1s".to_owned())),
    ];
    update(&mut model, Message::Tunnel(Tunnels::decide(answers, None, None)));
    let shown = screen(&mut model, 160, 36);
    assert!(shown.contains("https://a1.ngrok-free.app/webhooks/trackpilots +1"), "{shown}");
    update(&mut model, Message::Act(Action::Status));
    let shown = screen(&mut model, 120, 50);
    for words in [
        "Tunnels",
        "ngrok        https://a1.ngrok-free.app",
        "cloudflared  https://fox.trycloudflare.com leads to",
        "zrok         127.0.0.1:8888 did not answer within 1s",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_started_tunnel_says_how_it_goes() {
    let mut model = model(&[], secrets());
    let started =
        |answer| Tunnels::decide(vec![(TunnelName::Bore, answer)], None, None).with_started(Some(TunnelName::Bore));
    update(&mut model, Message::Tunnel(started(SourceAnswer::Tunnels(Vec::new()))));
    let shown = screen(&mut model, 120, 36);
    assert!(shown.contains("tunnel starting") && shown.contains("The tunnel is starting; its public URL"), "{shown}");
    update(
        &mut model,
        Message::Tunnel(started(SourceAnswer::Unreadable("ended (exit status: 1): no server".to_owned()))),
    );
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("failed") && shown.contains(" ! bore: ended (exit status: 1): no server"), "{shown}");
}

fn tunnel(name: TunnelName, url: &str, addr: Option<&str>) -> FoundTunnel {
    let elsewhere = |addr: &str| TunnelEnd::Elsewhere { addr: addr.to_owned(), port: Some(8080) };
    FoundTunnel { name, public_url: url.to_owned(), end: addr.map_or(TunnelEnd::Here, elsewhere) }
}

fn found(name: TunnelName, url: &str, addr: &str) -> Tunnels {
    Tunnels::decide(vec![(name, SourceAnswer::Tunnels(vec![tunnel(name, url, Some(addr))]))], None, None)
}
