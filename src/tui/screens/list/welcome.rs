//! What a newcomer sees before the first delivery: what to do next.

use ratatui::text::{Line, Span};

use crate::config::TunnelName;
use crate::text::wrap;
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::screens::send::action::SendAction;
use crate::tui::theme::Look;
use crate::tui::widgets::{heading, paragraph};

/// The steps, fitted to what is known already.
pub(crate) fn lines(model: &Model, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let port = model.setup.url.rsplit(':').next().unwrap_or("3000");
    let copies = format!("({} copies it)", model.keymap.press(Action::CopyPublicUrl));
    let tunnel = match model.tunnel.best().map(|best| best.name) {
        Some(TunnelName::Learnt) => (
            format!("A request came by this URL. If it is yours, give it to Trackpilots for your webhook {copies}:"),
            model.public_url(),
        ),
        Some(_) => {
            (format!("The tunnel is up. Give Trackpilots this URL for your webhook {copies}:"), model.public_url())
        }
        None if model.tunnel.is_starting() => {
            ("The tunnel is starting; its public URL will appear above and here.".to_owned(), None)
        }
        None => (
            "In another terminal, open a tunnel; its public URL will appear above:".to_owned(),
            Some(format!("ngrok http {port}")),
        ),
    };
    let secret = match &model.secrets[..] {
        [] => (
            format!(
                "Set the webhook's secret: press {} to enter it for this run, or add it to .env and restart:",
                model.keymap.press(Action::TypeSecret)
            ),
            Some("TRACKPILOTS_WEBHOOKS_SECRET_KEY=<your webhook's secret>".to_owned()),
        ),
        secrets => (format!("Deliveries are verified with {}.", secrets.join("; ")), None),
    };
    let send = (
        "In Trackpilots, open Developer Tools → Simulations and send a test event. Or send a request yourself:"
            .to_owned(),
        Some(format!("curl -d '{{}}' {}", model.local_url())),
    );
    let mut lines = vec![
        heading("Waiting for the first delivery", look),
        Line::default(),
        Line::from(vec![
            Span::raw("Press "),
            Span::styled(model.keymap.press(Action::Send(SendAction::Test)), look.theme.brand),
            Span::styled(" to send a signed test event to this listener.", look.theme.title),
        ]),
    ];
    let about = match &model.secrets[..] {
        [] => "No setup needed: it uses a temporary secret, which is discarded when whyhook exits.",
        _ => "It is signed with the secret of its path, and verified like any other delivery.",
    };
    lines.extend(paragraph(about, look.theme.dim, columns));
    lines.extend([Line::default(), Line::styled("For Trackpilots' own deliveries:", look.theme.text)]);
    for (number, (what, command)) in (1..).zip([tunnel, secret, send]) {
        step(&mut lines, number, &what, command.as_deref(), columns, look);
    }
    lines
}

fn step(lines: &mut Vec<Line<'static>>, number: usize, what: &str, command: Option<&str>, columns: usize, look: &Look) {
    for (index, part) in wrap(what, columns.saturating_sub(3)).into_iter().enumerate() {
        let mark = if index == 0 { format!("{number}. ") } else { "   ".to_owned() };
        lines.push(Line::from(vec![Span::styled(mark, look.theme.brand), Span::raw(part)]));
    }
    for part in command.into_iter().flat_map(|command| wrap(command, columns.saturating_sub(5))) {
        lines.push(Line::from(vec![Span::raw("     "), Span::styled(part, look.theme.info)]));
    }
    lines.push(Line::default());
}
