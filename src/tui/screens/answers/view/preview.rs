//! What would be sent to the shown delivery: every byte, except the date.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::delivery::Delivery;
use crate::rules::{
    ActionKind, AnswerChoice, AnsweredRequest, Close, CloseAt, Facts, Reply, Rule, RuleAction, RuleResponse,
    SendManner, TimedResponse, handshake_secret, refusal, short,
};
use crate::text::{self, counted};
use crate::tui::app::model::Model;
use crate::tui::screens::details::state::{Kept, LoadedDelivery};
use crate::tui::theme::Look;
use crate::tui::widgets::{paragraph, put, shown};

/// The part of a body that is shown.
const BODY_BYTES: usize = 16 * 1024;

/// Draws it from line `first` on.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    action: Option<&RuleAction>,
    first: usize,
    model: &Model,
    look: &Look,
) {
    let columns = usize::from(area.width).saturating_sub(2);
    let mut lines = vec![about(model, look)];
    let refused = model.loaded().map(|loaded| &loaded.delivery).and_then(|delivery| refused(delivery, look, columns));
    match (refused, action) {
        (Some(refused), _) => lines.extend(refused),
        (None, Some(action)) => lines.extend(of_action(action, model, look, columns)),
        (None, None) => lines.extend(by_rules(model, look, columns)),
    }
    let rows = usize::from(area.height);
    let first = first.min(lines.len().saturating_sub(rows));
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    for (row, line) in (0..area.height).zip(lines.into_iter().skip(first)) {
        put(frame, inner, row, line);
    }
}

/// What is no whole request never comes to a rule: what it got is what such a request gets, whatever is chosen.
fn refused(delivery: &Delivery, look: &Look, columns: usize) -> Option<Vec<Line<'static>>> {
    let (usual, _) = refusal(&delivery.summary.intake)?;
    let words = format!("refused before any rule ({}); whatever is chosen, it gets:", delivery.summary.intake.words());
    let mut lines = paragraph(&shown(&words), look.theme.info, columns);
    match &delivery.answer {
        Some(answer) if answer.status == 0 => {
            lines.extend(paragraph(&format!("no response: {}", answer.outcome.words()), look.theme.info, columns));
        }
        Some(answer) => {
            let headers = answer.headers.iter().map(|(name, value)| (name.clone(), text::visible_bytes(value).into()));
            lines.extend(response(answer.status, headers, &answer.body, look, columns));
        }
        None => lines.extend(reply(&usual, look, columns)),
    }
    Some(lines)
}

/// What the rules answer to the shown delivery.
fn by_rules(model: &Model, look: &Look, columns: usize) -> Vec<Line<'static>> {
    let dim = |words: &str| paragraph(words, look.theme.dim, columns);
    let Some(loaded) = model.loaded() else { return dim("the answer of the first rule that matches") };
    let delivery = &loaded.delivery;
    let (summary, content) = (&delivery.summary, Kept(delivery));
    let rules = model.answers.set.rules();
    let matches = |rule: &Rule| rule.matches(summary, &content, summary.received_at);
    match rules.iter().position(matches) {
        Some(at) => {
            let mut lines = dim(&shown(&format!("by rule {}: {}", at + 1, short(&rules[at]))));
            lines.extend(of_action(&rules[at].then, model, look, columns));
            lines
        }
        None => {
            let mut lines = dim("no rule matches: the automatic answer");
            lines.extend(of_action(&RuleAction::auto(), model, look, columns));
            lines
        }
    }
}

fn about(model: &Model, look: &Look) -> Line<'static> {
    let words = match model.loaded() {
        Some(loaded) => format!("Preview for delivery {}:", loaded.delivery.summary.id),
        None => "Preview:".to_owned(),
    };
    Line::styled(words, look.theme.title)
}

fn of_action(action: &RuleAction, model: &Model, look: &Look, columns: usize) -> Vec<Line<'static>> {
    let facts = model.loaded().map(|loaded| facts_of(loaded, action, model.answers.set.handshakes)).unwrap_or_default();
    let say = |words: String| paragraph(&shown(&words), look.theme.info, columns);
    let mut lines = Vec::new();
    if let Some(wait) = action.wait {
        lines.extend(say(match wait.min == wait.max {
            true => format!("after {:?}", wait.min),
            false => format!("after {:?} to {:?}", wait.min, wait.max),
        }));
    }
    match &action.kind {
        ActionKind::Do(response) => lines.extend(of_response(response, &facts, look, columns)),
        ActionKind::Hold(hold) => {
            let patience = hold.patience.unwrap_or(model.answers.set.hold_for);
            lines.extend(say(format!("held until you answer; after {patience:?}: {}", short(&hold.otherwise))));
            lines.extend(of_act(&hold.otherwise, &facts, look, columns));
        }
        ActionKind::Fail(fail) => {
            let times =
                if fail.times == 1 { "the first time".to_owned() } else { format!("the first {} times", fail.times) };
            lines.extend(say(format!("{times}: {}", short(&fail.with))));
            lines.extend(of_act(&fail.with, &facts, look, columns));
            lines.push(Line::default());
            lines.extend(say(format!("after that: {}", short(&fail.then))));
            lines.extend(of_act(&fail.then, &facts, look, columns));
        }
    }
    lines
}

/// What this action asks of the shown delivery, under the secrets of today.
fn facts_of(loaded: &LoadedDelivery, action: &RuleAction, handshakes: bool) -> Facts {
    let facts = Facts::of_kept(&loaded.delivery);
    let verified = loaded.delivery.summary.judgement.secret.as_deref();
    let request = AnsweredRequest {
        head: &loaded.delivery.head,
        body: &loaded.delivery.body,
        scheme: &loaded.scheme,
        secret: handshake_secret(loaded.secrets.iter(), verified),
    };
    let facts = match handshakes {
        true => facts.with_handshake(loaded.handshake().map(|known| known.reply)),
        false => facts,
    };
    facts.with_request(action.answers(), &request)
}

fn of_act(act: &TimedResponse, facts: &Facts, look: &Look, columns: usize) -> Vec<Line<'static>> {
    of_response(&act.response, facts, look, columns)
}

fn of_response(response: &RuleResponse, facts: &Facts, look: &Look, columns: usize) -> Vec<Line<'static>> {
    let say = |words: &str| paragraph(&shown(words), look.theme.info, columns);
    let sent = |answer: &AnswerChoice| {
        let mut lines =
            answer.obstacle(facts).map_or_else(Vec::new, |why| say(&format!("the automatic answer: {why}")));
        lines.extend(reply(&answer.render(facts), look, columns));
        lines
    };
    match response {
        RuleResponse::Answer(answer, manner) => {
            let mut lines = match manner {
                SendManner::Whole => Vec::new(),
                SendManner::Trickle { bytes, every } => say(&format!("the head, then {bytes} bytes every {every:?}")),
                SendManner::WrongLength(off) => say(&format!("with a Content-Length off by {off:+}, then closed")),
            };
            lines.extend(sent(answer));
            lines
        }
        RuleResponse::Close(Close { at, reset, answer }) => {
            let how = if *reset { "reset (RST)" } else { "closed (FIN)" };
            let place = match at {
                CloseAt::BeforeHead => return say(&format!("no response: the connection is {how} without a byte")),
                CloseAt::InHead => "within the status line",
                CloseAt::AfterHead => "after the head and half of the body",
            };
            let mut lines = say(&format!("this, then the connection is {how} {place}"));
            lines.extend(sent(answer));
            lines
        }
        RuleResponse::Forward(targets) => {
            let mut lines = say("the response of the first of these, or 502 if it is unreachable");
            lines.extend(targets.iter().flat_map(|target| say(target.url())));
            lines
        }
    }
}

/// Status line, headers and body.
pub(super) fn reply(reply: &Reply, look: &Look, columns: usize) -> Vec<Line<'static>> {
    response(reply.status, reply.sent_headers().into_iter(), &reply.body, look, columns)
}

fn response(
    status: u16,
    headers: impl Iterator<Item = (String, String)>,
    whole: &[u8],
    look: &Look,
    columns: usize,
) -> Vec<Line<'static>> {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let theme = &look.theme;
    let line = format!("HTTP/1.1 {status} {}", reason.unwrap_or_default());
    let mut lines = vec![Line::styled(line, theme.status(status))];
    for (name, value) in headers {
        lines.extend(paragraph(&shown(&format!("{name}: {value}")), theme.text, columns));
    }
    lines.push(Line::default());
    let body = &whole[..whole.len().min(BODY_BYTES)];
    match body {
        b"" => lines.push(Line::styled("(no body)", theme.dim)),
        // A line of the body is one here.
        body => String::from_utf8_lossy(body)
            .split('\n')
            .for_each(|line| lines.extend(paragraph(&text::visible(line), theme.text, columns))),
    }
    if whole.len() > BODY_BYTES {
        let more = counted((whole.len() - BODY_BYTES) as u64, "more byte");
        lines.push(Line::styled(format!("… {more}"), theme.dim));
    }
    lines
}
