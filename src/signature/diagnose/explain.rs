//! From matches to explanations in words, ranked.

use std::borrow::Cow;
use std::collections::HashSet;

use super::axis::{Ways, Why};
use super::bodies::first_difference;
use super::fixes::{AdviceContext, Mistaken, advice};
use super::foreign::VerifyingScheme;
use super::search::{Match, SearchResult};
use super::structure::Structure;
use super::subcause::Subcause;
use super::token_times::odd_times_of;
use super::unproved::{SearchEffort, unproved};
use super::what_next::what_next;
use super::{
    Cause, CauseCode, CauseKind, Diagnosis, Evidence, Request, SearchStage, SignedDifference, foreign, hops, likeness,
    sent_secret, server_words,
};
use crate::delivery::{Judgement, TimestampFacts, Verdict};
use crate::http::MediaType;
use crate::signature::verify::{ReasonedJudgement, RejectionReason};
use crate::signature::{Algorithm, Scheme, TemplatePiece};
use crate::text::capitalised;
use crate::text::units::age_words;

/// The maximum number of explanations; more help nobody.
const MOST_CAUSES: usize = 12;
/// The maximum number of names in a sentence; the change has all of them.
const MOST_NAMED: usize = 3;
/// The maximum number of ways of one part.
const MOST_WAYS: usize = 6;

/// The diagnosis of a delivery that verifies: at most its age is wrong.
pub(super) fn verified(request: &Request<'_>, judgement: &Judgement) -> Diagnosis {
    let causes = judgement
        .timestamp
        .as_ref()
        .and_then(age)
        .map(|why| cause(context(request, Mistaken::Sender), vec![why], judgement.secret.clone()));
    let stamp = judgement.timestamp.as_ref();
    let evidence = stamp
        .and_then(|stamp| no_time(request.scheme, stamp))
        .into_iter()
        .chain(stamp.and_then(|stamp| odd_unit(request.scheme, stamp)));
    let evidence = evidence.chain(odd_times_of(request));
    Diagnosis {
        complete: true,
        tried: request.secrets.len() as u64,
        of: Some(request.secrets.len() as u64),
        stage: SearchStage::Canonical,
        verdict: judgement.verdict,
        causes: causes.into_iter().collect(),
        evidence: evidence.chain(sent_secret::secret_evidence(request)).collect(),
    }
}

/// A timestamp that is not a time: a replay cannot be distinguished from the original.
fn no_time(scheme: &Scheme, timestamp: &TimestampFacts) -> Option<Evidence> {
    timestamp.age_ms.is_none().then(|| {
        let raw = crate::text::visible(&timestamp.raw).into_owned();
        let text = match scheme.timestamp_unit {
            None => format!(
                "the timestamp header “{raw}” is not a Unix timestamp: its age is unknown, and a replay would pass"
            ),
            // What the sender's own libraries make of it is not known here.
            Some(unit) => format!(
                "the timestamp “{raw}” cannot be read as {}: its age is unknown, and a receiver that takes it cannot \
                 tell a replay from the original",
                unit.words()
            ),
        };
        Evidence { code: CauseCode::TimestampLiteral.code(), text }
    })
}

/// A timestamp in another unit than the scheme's.
fn odd_unit(scheme: &Scheme, timestamp: &TimestampFacts) -> Option<Evidence> {
    let wanted = scheme.other_unit(timestamp.unit)?;
    let text = format!(
        "the timestamp is in {}, and this scheme has {}: receivers will call it stale, or refuse it as invalid",
        timestamp.unit.code(),
        wanted.words()
    );
    Some(Evidence { code: CauseCode::TimestampUnit.code(), text })
}

/// The changes that explain a mismatch together, and the label of the secret that they hold for.
pub(super) type Explanation = (Vec<Why>, Option<String>);

/// What was found, by a search or by reading.
#[derive(Default)]
pub(super) struct Explained {
    /// What explains the mismatch.
    pub(super) found: Vec<Explanation>,
    /// What is seen without a proof.
    pub(super) seen: Vec<Why>,
    pub(super) evidence: Vec<Evidence>,
    /// Whether the signature is right as it is, so that something else was refused.
    pub(super) is_right: bool,
    pub(super) is_stopped: bool,
    pub(super) tried: u64,
    pub(super) of: u64,
    pub(super) stage: Option<SearchStage>,
    /// What was too large to try.
    pub(super) left_out: Vec<String>,
}

impl Explained {
    /// What a search found.
    pub(super) fn by_search(request: &Request<'_>, structure: &Structure, result: &SearchResult<'_>) -> Self {
        let all = result.matches.iter().flat_map(|matched| explanations(request, structure, result, matched));
        let (right, found): (Vec<_>, Vec<_>) = all.partition(|(whys, _)| whys.is_empty());
        Self {
            found,
            is_right: !right.is_empty(),
            is_stopped: !result.complete,
            tried: result.tried,
            of: result.of,
            stage: Some(result.stage),
            left_out: result.bodies.left_out(),
            ..Self::default()
        }
    }
}

/// The explanations of a search alone, for a digest that a server computed and no sender sent.
pub(super) fn digest_report(
    request: &Request<'_>,
    verdict: Verdict,
    structure: &Structure,
    explained: Explained,
) -> Diagnosis {
    let bare = ReasonedJudgement::bare(verdict);
    let mut diagnosis = report(context(request, Mistaken::Server), request, &bare, structure, explained, None);
    diagnosis.evidence.clear();
    diagnosis
}

fn context<'r>(request: &Request<'r>, mistaken: Mistaken) -> AdviceContext<'r> {
    let kind = MediaType::of(request.head);
    let is_json = matches!(request.body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
    let is_form = kind.is_form() || kind.is("multipart/form-data") || !is_json;
    AdviceContext { scheme: request.scheme, is_form, mistaken }
}

/// What is wrong with the age, when it passes the tolerance.
fn age(timestamp: &TimestampFacts) -> Option<Why> {
    let (age, false) = (timestamp.age_ms?, timestamp.fresh?) else { return None };
    let words = age_words(age);
    Some(if age < 0 {
        Why::new(CauseCode::ClockSkew, 0, format!("its timestamp is {words} in the future"))
    } else {
        Why::new(CauseCode::Stale, 0, format!("its timestamp is {words} old"))
    })
}

/// The diagnosis of one that does not, with what is known beside the search.
pub(super) fn delivery_report(
    request: &Request<'_>,
    judged: &ReasonedJudgement,
    structure: &Structure,
    explained: Explained,
    misplaced: Option<(Why, Option<String>)>,
) -> Diagnosis {
    let context = context(request, Mistaken::Sender);
    let mut diagnosis = report(context, request, judged, structure, explained, misplaced);
    if let Some(other) = foreign::verifying(request, structure, judged.judgement.verdict) {
        add_other_scheme(&mut diagnosis, context, other);
    }
    if !diagnosis.is_proved() {
        diagnosis.evidence.extend(likeness::evidence(request, structure));
    }
    let hops = hops::evidence(request, &diagnosis.causes);
    // What is known by name is not an unknown proxy.
    diagnosis.evidence.retain(|told| told.code != "proxy" || hops.is_empty());
    diagnosis.evidence.extend(hops);
    if !diagnosis.causes.iter().any(|cause| cause.has(CauseCode::OtherScheme)) {
        diagnosis.evidence.extend(foreign::evidence(request, judged.judgement.verdict));
    }
    // In the signature's header it has been told already.
    let sent = if structure.is_secret.is_some() { None } else { sent_secret::secret(request) };
    if let Some((why, secret)) = sent {
        // It explains nothing: what does comes first.
        let place = usize::from(diagnosis.is_proved());
        diagnosis.causes.insert(place, cause(context, vec![why], secret));
    }
    diagnosis
}

/// Adds that the request verifies under another scheme, where it belongs among the causes.
fn add_other_scheme(diagnosis: &mut Diagnosis, context: AdviceContext<'_>, other: VerifyingScheme) {
    if other.is_same_value {
        // What the sender does itself is the explanation: others of the same value are only its shadow.
        diagnosis.causes.clear();
    }
    let is_proved = diagnosis.is_proved();
    if other.is_beside && is_proved {
        return;
    }
    let is_simpler = diagnosis.causes.first().is_none_or(|first| other.is_sure || first.changes.len() > 1);
    let place = usize::from(is_proved && !is_simpler);
    diagnosis.causes.insert(place, cause(context, vec![other.why], other.secret));
    diagnosis.causes.retain(|cause| !cause.has(CauseCode::Unexplained));
}

/// The diagnosis of a search.
fn report(
    context: AdviceContext<'_>,
    request: &Request<'_>,
    judged: &ReasonedJudgement,
    structure: &Structure,
    mut explained: Explained,
    misplaced: Option<(Why, Option<String>)>,
) -> Diagnosis {
    let mut ranked: Vec<Explanation> = Vec::new();
    ranked.extend(misplaced.map(|(why, secret)| (vec![why], secret)));
    if let Some((place, why)) = &structure.is_secret {
        ranked.push((vec![why.clone()], label(request, Some(*place))));
    }
    ranked.append(&mut explained.found);
    ranked.sort_by_key(|(whys, _)| (whys.len(), whys.iter().map(|why| u32::from(why.rank)).sum::<u32>()));
    let mut causes: Vec<Cause> = Vec::new();
    for (whys, secret) in ranked {
        let codes = |cause: &Cause| cause.changes.iter().map(|change| change.code).collect::<Vec<_>>();
        let new = cause(context, whys, secret);
        if causes.len() < MOST_CAUSES
            && !causes.iter().any(|known| codes(known) == codes(&new) && known.secret == new.secret)
        {
            causes.push(new);
        }
    }
    let mut evidence = structure.evidence.clone();
    if causes.is_empty() {
        // With a proof, history would only mislead, and so would what is seen of the key.
        evidence.append(&mut explained.evidence);
        evidence.extend(request.history.evidence(request.body));
        let left_out = std::mem::take(&mut explained.left_out).into_iter();
        evidence.extend(left_out.map(|text| Evidence { code: "not_tried", text }));
        let effort = SearchEffort { is_stopped: explained.is_stopped, tried: explained.tried, of: explained.of };
        let seen = unproved(request, judged, structure, &explained.seen, effort);
        causes.extend(seen.into_iter().map(|why| without_proof(context, request, judged.reason, why)));
    }
    if let Some(why) = judged.judgement.timestamp.as_ref().and_then(age) {
        evidence.push(Evidence { code: why.code.code(), text: format!("apart from the signature, {}", why.detail) });
    }
    Diagnosis {
        complete: !explained.is_stopped,
        tried: explained.tried,
        of: Some(explained.of),
        stage: explained.stage.unwrap_or(SearchStage::Structure),
        verdict: judged.judgement.verdict,
        causes,
        evidence,
    }
}

fn without_proof(
    context: AdviceContext<'_>,
    request: &Request<'_>,
    reason: Option<RejectionReason>,
    why: Why,
) -> Cause {
    let is_open = why.code == CauseCode::Unexplained && context.mistaken == Mistaken::Sender;
    let mut cause = Cause { kind: CauseKind::Evidence, ..cause(context, vec![why], None) };
    if is_open && let Some(advice) = what_next(request, reason) {
        cause.fix = advice;
    }
    cause
}

/// Every way to explain one match, each as its changes in the order in which a signature is made.
fn explanations(
    request: &Request<'_>,
    structure: &Structure,
    found: &SearchResult<'_>,
    matched: &Match,
) -> Vec<Explanation> {
    let (key, key_ways) = &found.keys.all[matched.key];
    let (shape, shape_ways) = &found.shapes.all[matched.shape];
    let covers_time = shape.content.covers(&TemplatePiece::Timestamp);
    let mut all = vec![found.readings[matched.received].clone()];
    let is_missed = request.scheme.content.covers(&TemplatePiece::Timestamp) && structure.timestamp.is_none();
    if is_missed && (!covers_time || matched.stamp != 0) {
        let missing =
            Why::new(CauseCode::TimestampHeaderMissing, 0, format!("missing {}", request.scheme.timestamp_place()));
        all[0].push(missing);
    }
    multiply(&mut all, key_ways);
    multiply(&mut all, &found.urls.all[matched.url].1);
    if covers_time {
        multiply(&mut all, &found.stamps.all[matched.stamp].1);
    }
    if let Some(body) = matched.body {
        multiply(&mut all, found.bodies.ways(body));
        let place = found.bodies.bytes(body).map(|bytes| first_difference(request.body, &bytes));
        for why in all.iter_mut().flatten().filter(|why| why.code.code().starts_with("body_")) {
            why.at.clone_from(&place);
        }
    }
    multiply(&mut all, shape_ways);
    if shape.construction.is_plain_hash()
        && let Some(received) = structure.received.get(matched.received)
    {
        all.iter_mut().for_each(|whys| name_hash(whys, received.algorithm));
    }
    if key.bytes.is_empty() {
        all.iter_mut().flatten().filter(|why| why.code.code().starts_with("secret_")).for_each(|why| why.alarm = true);
    }
    let label = label(request, key.secret);
    all.into_iter().map(|whys| (whys, label.clone())).collect()
}

/// Names the function of a plain hash where it is not the scheme's: that is one change, since no HMAC was made.
fn name_hash(whys: &mut Vec<Why>, algorithm: Algorithm) {
    let is_other = whys.iter().any(|why| why.code == CauseCode::SignatureAlgorithm);
    if let Some(plain) = whys.iter_mut().find(|why| why.code == CauseCode::NotHmac && is_other) {
        plain.detail = plain.detail.replacen("hash of", &format!("{} of", algorithm.plain_name()), 1);
        whys.retain(|why| why.code != CauseCode::SignatureAlgorithm);
    }
}

fn multiply(all: &mut Vec<Vec<Why>>, ways: &Ways) {
    let before = std::mem::take(all);
    for way in ways.0.iter().take(MOST_WAYS) {
        all.extend(before.iter().map(|whys| whys.iter().chain(way).cloned().collect::<Vec<_>>()));
    }
}

pub(super) fn label(request: &Request<'_>, place: Option<usize>) -> Option<String> {
    let secret = request.secrets.iter().chain(request.others).nth(place?)?;
    Some(secret.label().to_owned())
}

fn cause(context: AdviceContext<'_>, whys: Vec<Why>, secret: Option<String>) -> Cause {
    let kind = if whys.iter().any(|why| why.alarm) { CauseKind::Alarm } else { CauseKind::Proof };
    let mut fixes: Vec<Cow<'static, str>> = whys.iter().map(|why| advice(why, context)).collect();
    let mut told = HashSet::new();
    fixes.retain(|fix| told.insert(fix.clone()));
    let mut summary = summary(context.scheme, &whys);
    let mut changes: Vec<SignedDifference> = whys.into_iter().map(Why::into_change).collect();
    if context.mistaken == Mistaken::Server {
        summary = server_words::reworded(&summary);
        changes.iter_mut().for_each(|change| change.detail = server_words::reworded(&change.detail));
    }
    Cause { summary, changes, kind, fix: fixes.join(" "), secret }
}

/// Whether the detail already says what the title says.
fn repeats(why: &Why) -> bool {
    if matches!(why.code, CauseCode::SignatureHeaderMissing | CauseCode::TimestampHeaderMissing) {
        return true;
    }
    let plain = |text: &str| text.to_lowercase().trim_start_matches("the ").to_owned();
    plain(&why.detail).starts_with(&plain(why.code.title()))
}

/// The cause in a few words, as it is under the scheme.
fn title(scheme: &Scheme, why: &Why) -> &'static str {
    match why.code {
        _ if why.is(&Subcause::InnerWhitespace) => "White space inside the secret",
        _ if why.is(&Subcause::RefusedTimestamp) => "The timestamp is not an integer",
        CauseCode::SignaturePrefix if !scheme.signature.is_bare() => {
            "The signature is valid, but not in the scheme's form"
        }
        code => code.title(),
    }
}

/// One sentence: the title and what exactly; for several changes, all of them.
fn summary(scheme: &Scheme, whys: &[Why]) -> String {
    let told = |why: &Why| {
        let mut text = why.detail.clone();
        match why.names.as_slice() {
            [] => {}
            [name] => text.push_str(&format!(" ({name})")),
            names if names.len() <= MOST_NAMED => {
                text.push_str(&format!(" ({}: all give the same bytes)", names.join(" · ")));
            }
            names => {
                let (named, more) = (names[..MOST_NAMED].join(" · "), names.len() - MOST_NAMED);
                text.push_str(&format!(" ({named} · {more} more: all give the same bytes)"));
            }
        }
        text
    };
    match whys {
        [why] if repeats(why) => format!("{}.", capitalised(&told(why))),
        [why] => format!("{}: {}.", title(scheme, why), told(why)),
        whys => {
            let all: Vec<String> = whys.iter().map(told).collect();
            format!("{} differences at once: {}.", whys.len(), all.join("; and "))
        }
    }
}
