//! The signed content with nothing for its timestamp, and with its values in another order.

use super::CauseCode;
use super::axis::{Axis, Ways, Why};
use super::templates::{Construction, TEMPLATES, TemplateShape, is_bare};
use crate::signature::{SignedContent, TemplatePiece};

/// What is joined with no timestamp, each with its rank: rare beside a scheme that says what is signed.
const UNTIMED: [(&str, u16); 4] = [
    ("{method}{target}{body}", 18),
    ("{method}\n{target}\n{body}", 18),
    ("{method}{url}{body}", 20),
    ("{method} {target}\n{body}", 20),
];

/// Contents without a timestamp. Under a scheme that signs none, also those that others join with one, without it: to
/// say that an empty one was signed would tell of something that is not there.
pub(super) fn without_timestamp(usual: &SignedContent, has_id: bool, axis: &mut Axis<TemplateShape>) {
    let is_timed = usual.covers(&TemplatePiece::Timestamp);
    let mut add = |content: SignedContent, rank| {
        let detail = format!("{content} was signed instead of {usual}");
        let why = Why::new(CauseCode::ContentTemplate, rank, detail);
        let ways = Ways::of(if is_timed { why.alarming() } else { why });
        axis.add(TemplateShape { content, construction: Construction::Hmac }, ways);
    };
    for (template, rank) in UNTIMED {
        template.parse().into_iter().for_each(|content| add(content, rank));
    }
    if is_timed {
        return;
    }
    for (template, ..) in TEMPLATES {
        let Ok(content) = template.parse::<SignedContent>() else { continue };
        let is_there = has_id || !content.covers(&TemplatePiece::Id);
        if !content.covers(&TemplatePiece::Timestamp) || !is_there {
            continue;
        }
        let pieces = content.pieces().iter().filter(|piece| **piece != TemplatePiece::Timestamp);
        let rest = SignedContent::of(pieces.cloned().collect());
        // Beside the body alone there is nothing then, or white space, which is an edit of the body.
        if !is_bare(&rest) {
            add(rest, 20);
        }
    }
}

/// The label that a signature's header has before its value, within what is signed: Stripe's `t=`, Slack's `v0=`.
pub(super) fn labelled(usual: &SignedContent, axis: &mut Axis<TemplateShape>) {
    let other = match usual.to_string().as_str() {
        "{timestamp}.{body}" => "t={timestamp}.{body}",
        "v0:{timestamp}:{body}" => "v0={timestamp}:{body}",
        _ => return,
    };
    if let Ok(content) = other.parse::<SignedContent>() {
        let detail = format!("{content} was signed instead of {usual}");
        let ways = Ways::of(Why::new(CauseCode::ContentTemplate, 21, detail));
        axis.add(TemplateShape { content, construction: Construction::Hmac }, ways);
    }
}

/// The same values in another order, with what is between them where it was.
pub(super) fn reordered(usual: &SignedContent, axis: &mut Axis<TemplateShape>) {
    let is_text = |piece: &TemplatePiece| matches!(piece, TemplatePiece::Text(_));
    let pieces = usual.pieces();
    let places: Vec<usize> = (0..pieces.len()).filter(|&place| !is_text(&pieces[place])).collect();
    let orders: &[&[usize]] = match places.len() {
        2 => &[&[1, 0]],
        3 => &[&[1, 0, 2], &[0, 2, 1], &[2, 1, 0], &[1, 2, 0], &[2, 0, 1]],
        _ => &[],
    };
    let rank = if places.len() == 2 { 12 } else { 19 };
    for order in orders {
        let mut other = pieces.to_vec();
        for (place, from) in places.iter().zip(*order) {
            other[*place] = pieces[places[*from]].clone();
        }
        let content = SignedContent::of(other);
        let detail = format!("{content} was signed instead of {usual}");
        let ways = Ways::of(Why::new(CauseCode::ContentTemplate, rank, detail));
        axis.add(TemplateShape { content, construction: Construction::Hmac }, ways);
    }
}
