//! An HTTP Message Signature (RFC 9421) that is refused: what it does not cover, the body's digest, or which other value
//! of a component was signed.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq as _;

use super::axis::{Ways, Why};
use super::bodies::Bodies;
use super::explain::{Explained, Explanation, label};
use super::secrets::{CandidateKey, keys};
use super::signature_checks::PublicKeys;
use super::structure::Structure;
use super::{Budget, CauseCode, Request, SearchStage};
use crate::http::Head;
use crate::signature::Algorithm;
use crate::signature::public_key::PublicKeyAlgorithm;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::verify::{
    LabelledSignature, algorithm_named, component_words, digest_fits, message_hmac, signature_base, signatures,
    usual_algorithm,
};
use crate::text::units::age_words;

/// Operations with a key for one request.
const MOST_CHECKS: u64 = 600;

/// Explains the labels one after the other.
pub(super) fn explain(request: &Request<'_>, structure: &Structure, budget: &Budget<'_>) -> Explained {
    let mut explained = Explained { stage: Some(SearchStage::One), ..Explained::default() };
    let Ok(all) = signatures(request.head) else { return explained };
    let url = signed_url(request.scheme, request.head);
    let tag = request.scheme.message.tag.as_deref();
    for one in all.iter().filter(|one| tag.is_none() || one.text("tag") == tag) {
        let case = MessageCase { request, one, url: &url, keys: MessageKeys::of(request) };
        case.explain(structure, budget, &mut explained);
        if !explained.found.is_empty() {
            break;
        }
    }
    explained.of = explained.tried;
    explained
}

/// The keys that may have signed.
struct MessageKeys {
    public: PublicKeys,
    shared: super::axis::Axis<CandidateKey>,
}

impl MessageKeys {
    fn of(request: &Request<'_>) -> Self {
        Self {
            public: PublicKeys::of(request.secrets, request.others),
            shared: keys(request.scheme, request.secrets, request.others),
        }
    }
}

struct MessageCase<'c, 'a> {
    request: &'c Request<'a>,
    one: &'c LabelledSignature,
    url: &'c [u8],
    keys: MessageKeys,
}

impl MessageCase<'_, '_> {
    fn parts<'p>(&'p self, head: &'p Head, url: &'p [u8]) -> Parts<'p> {
        Parts::of(self.request.scheme, head, url, self.request.body)
    }

    fn explain(&self, structure: &Structure, budget: &Budget<'_>, explained: &mut Explained) {
        let head = self.request.head;
        let base = match signature_base(&self.one.input, &self.parts(head, self.url), head) {
            Ok(base) => base,
            Err(why) => {
                let detail = format!("{}{}", why.into_note(), older_digest(head, self.one));
                explained.seen.push(Why::new(CauseCode::SignedPartMissing, 0, detail));
                return;
            }
        };
        let signed = self.signed(base.as_bytes(), true, explained);
        if !signed.is_empty() {
            for (whys, secret) in signed {
                if whys.is_empty() {
                    explained.is_right = true;
                    explained.found.extend(self.refused(structure, secret, budget));
                } else {
                    explained.found.push((whys, secret));
                }
            }
            return;
        }
        for (base, why) in self.other_bases(&base) {
            if explained.tried >= MOST_CHECKS || !(budget.go_on)() {
                explained.is_stopped = true;
                return;
            }
            for (mut whys, secret) in self.signed(base.as_bytes(), false, explained) {
                whys.insert(0, why.clone());
                explained.found.push((whys, secret));
            }
            if !explained.found.is_empty() {
                return;
            }
        }
    }

    /// The keys that signed a base. Of other bases than the request's, the configured ones alone are tried.
    fn signed(&self, base: &[u8], every_key: bool, explained: &mut Explained) -> Vec<Explanation> {
        let received = &self.one.signature;
        let named = self.one.text("alg");
        let mut found = Vec::new();
        let is_tried = |ways: &Ways| every_key || ways.weight() == 0;
        for (key, (candidate, ways)) in self.keys.public.keys.iter().zip(&self.keys.public.axis.all) {
            let usual = named.and_then(algorithm_named).unwrap_or_else(|| usual_algorithm(key.kind()));
            let all = PublicKeyAlgorithm::all().filter(|one| one.kind() == key.kind() && (every_key || *one == usual));
            for algorithm in all.filter(|_| is_tried(ways)) {
                explained.tried += 1;
                if key.verify(algorithm, &[base], received).is_err() {
                    continue;
                }
                let other = (algorithm != usual).then(|| match (algorithm.form_words(), usual.form_words()) {
                    (Some(own), Some(wanted)) => {
                        Why::new(CauseCode::SignatureEncoding, 0, format!("written as {own} instead of {wanted}"))
                    }
                    _ => Why::new(CauseCode::SignatureAlgorithm, 1, format!("{algorithm} instead of {usual}")),
                });
                found.extend(explanations(self.request, candidate, ways, other));
            }
        }
        for (candidate, ways) in self.keys.shared.all.iter().filter(|(_, ways)| is_tried(ways)) {
            let digest = message_hmac(&candidate.bytes, base);
            if received.len() == digest.len() && bool::from(digest.ct_eq(received)) {
                found.extend(explanations(self.request, candidate, ways, None));
            }
        }
        found
    }

    /// What is refused of a signature that is right.
    fn refused(&self, structure: &Structure, secret: Option<String>, budget: &Budget<'_>) -> Vec<Explanation> {
        let (request, now) = (self.request, self.request.received_at.as_second());
        if let Some(component) = self.one.uncovered(&request.scheme.message.components) {
            let component = crate::text::visible(component);
            let detail = format!("the signature is valid, and does not cover {component}, which the scheme requires");
            return vec![(vec![Why::new(CauseCode::ContentTemplate, 0, detail).alarming()], secret)];
        }
        if let Some(expires) = self.one.time("expires").filter(|expires| *expires < now) {
            let age = age_words(now.saturating_sub(expires).saturating_mul(1000));
            let detail = format!("the signature expired {age} before it arrived (expires)");
            return vec![(vec![Why::new(CauseCode::Stale, 0, detail)], secret)];
        }
        let fits = |body: &[u8]| matches!(digest_fits(request.head, body), Ok(Some(true)));
        if fits(request.body) || self.one.uncovered(&["content-digest".to_owned()]).is_some() {
            return Vec::new();
        }
        let mut bodies = Bodies::new(request.body, &structure.content_encoding);
        let mut matched = None;
        bodies.build(0, |index, bytes| {
            if fits(bytes) {
                matched = Some(index);
            }
            matched.is_none() && (budget.go_on)()
        });
        match matched {
            Some(index) => bodies.ways(index).0.iter().map(|way| (way.clone(), secret.clone())).collect(),
            None => {
                let detail = match digest_written(request.head, request.body) {
                    Some(how) => format!("Content-Digest has the body's hash {how}"),
                    None => "Content-Digest is not the body's: the body was changed after it was signed".to_owned(),
                };
                vec![(vec![Why::new(CauseCode::SignedValueDiffers, 0, detail)], secret)]
            }
        }
    }

    /// Other bases that the sender may have signed, each with what differs.
    fn other_bases(&self, base: &str) -> Vec<(String, Why)> {
        let head = self.request.head;
        let mut all: Vec<(String, Why)> = Vec::new();
        let mut add = |made: String, why: Why| {
            if made != base && !all.iter().any(|(known, _)| *known == made) {
                all.push((made, why));
            }
        };
        for (url, ways) in &super::urls::other_urls(self.url, head).all {
            let target = target_of(url);
            let parts = Parts { target: &target, ..self.parts(head, url) };
            let why = ways.0.iter().flatten().next().cloned();
            if let (Ok(made), Some(why)) = (signature_base(&self.one.input, &parts, head), why) {
                add(made, why);
            }
        }
        self.other_values(base, &mut add);
        let template = |rank, detail: &str| Why::new(CauseCode::ContentTemplate, rank, detail);
        add(format!("{base}\n"), template(0, "the signature base was signed with a line end after it"));
        let without = base.rsplit_once('\n').map_or("", |(lines, _)| lines);
        add(without.to_owned(), template(1, "the signature base was signed without @signature-params"));
        let written = written_parameters(head, &self.one.label).unwrap_or_default();
        add(
            format!("{without}\n\"@signature-params\": {written}").trim_start_matches('\n').to_owned(),
            template(1, "@signature-params was signed as Signature-Input has it, and not in its canonical form"),
        );
        let unquoted = |text: &str| text.lines().map(unquoted_name).collect::<Vec<_>>().join("\n");
        let detail =
            "the names of its components were signed without quotation marks, as drafts before RFC 9421 have them";
        add(unquoted(base), template(2, detail));
        add(unquoted(without), template(3, &format!("{detail}, and without @signature-params")));
        let labelled =
            base.replacen("\"@signature-params\": ", &format!("\"@signature-params\": {}=", self.one.label), 1);
        add(labelled, template(2, "@signature-params was signed with the label of the signature"));
        add(base.replace("\n", "\r\n"), template(2, "the signature base was signed with CR LF between its lines"));
        all
    }

    /// Other values of single components: what proxies and libraries make of them.
    fn other_values(&self, base: &str, add: &mut dyn FnMut(String, Why)) {
        for item in &self.one.input.items {
            let start = format!("{}: ", sfv::FieldType::serialize(item));
            let Some(line) = base.lines().find(|line| line.starts_with(&start)) else { continue };
            let (value, words) = (&line[start.len()..], component_words(item));
            let mut others: Vec<(String, &str)> = vec![
                (value.to_ascii_lowercase(), "in small letters"),
                (value.to_ascii_uppercase(), "in capital letters"),
                (value.replace(", ", ","), "without the space after its commas"),
                (value.replace(',', ", "), "with a space after its commas"),
                (String::new(), "empty"),
            ];
            match words.as_str() {
                "@query" => others.push((value.trim_start_matches('?').to_owned(), "without its question mark")),
                "@method" => others.extend(["POST", "PUT", "GET"].map(|method| (method.to_owned(), "another method"))),
                "content-type" => {
                    let bare = value.split(';').next().unwrap_or_default().trim_end();
                    others.push((bare.to_owned(), "without its parameters"));
                    others.push((format!("{bare}; charset=utf-8"), "with a charset"));
                    others.push((format!("{bare};charset=UTF-8"), "with a charset"));
                }
                "content-length" => others.push((self.request.body.len().to_string(), "the length of the body")),
                _ => {}
            }
            for (other, how) in others {
                let shown = crate::text::clip(&crate::text::visible(&other), 60).into_owned();
                let detail = format!("{words} was signed as “{shown}”: {how}");
                add(
                    base.replacen(line, &format!("{start}{other}"), 1),
                    Why::new(CauseCode::ContentTemplate, 2, detail),
                );
            }
        }
    }
}

/// That the request has the header of an older standard in the place of the one that is covered.
fn older_digest(head: &Head, one: &LabelledSignature) -> &'static str {
    let is_covered = one.uncovered(&["content-digest".to_owned()]).is_none();
    let is_older = is_covered && head.value("Content-Digest").is_none() && head.value("Digest").is_some();
    if is_older {
        "; the request has Digest (RFC 3230) instead, which Content-Digest (RFC 9530) has replaced"
    } else {
        ""
    }
}

/// One explanation for each way to come by a key.
fn explanations(request: &Request<'_>, candidate: &CandidateKey, ways: &Ways, other: Option<Why>) -> Vec<Explanation> {
    let secret = label(request, candidate.secret);
    ways.0.iter().map(|way| (way.iter().cloned().chain(other.clone()).collect(), secret.clone())).collect()
}

/// A line of a signature base with its component's name as in a header.
fn unquoted_name(line: &str) -> String {
    match line.strip_prefix('"').and_then(|rest| rest.split_once("\": ")) {
        Some((name, value)) => format!("{name}: {value}"),
        None => line.to_owned(),
    }
}

/// How `Content-Digest` has the hash of `body`, where it is not written as RFC 9530 says.
fn digest_written(head: &Head, body: &[u8]) -> Option<&'static str> {
    let value = head.value("Content-Digest")?;
    [Algorithm::Sha256, Algorithm::Sha512].into_iter().find_map(|algorithm| {
        let digest = algorithm.hash(|sink| sink(body));
        let digits = hex::encode(&digest);
        let has = |text: &str| memchr::memmem::find(value, text.as_bytes()).is_some();
        if has(&digits) || has(&digits.to_uppercase()) {
            Some("in hexadecimal digits, not in base64")
        } else if has(&BASE64_STANDARD.encode(&digits)) {
            Some("as the base64 of its hexadecimal digits")
        } else if has(&BASE64_URL_SAFE_NO_PAD.encode(&digest))
            || has(BASE64_STANDARD.encode(&digest).trim_end_matches('='))
        {
            Some("in base64 for URLs, without padding, or under another algorithm's name")
        } else {
            None
        }
    })
}

/// Path and query of a URL.
fn target_of(url: &[u8]) -> Vec<u8> {
    let rest = memchr::memmem::find(url, b"://").map_or(url, |at| &url[at + 3..]);
    let target = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).map_or(&b""[..], |at| &rest[at..]);
    if target.starts_with(b"/") { target.to_vec() } else { [b"/", target].concat() }
}

/// A label's parameters as they are written in `Signature-Input`.
fn written_parameters(head: &Head, label: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head.value("Signature-Input")?).into_owned();
    let at = text.find(&format!("{label}=("))? + label.len() + 1;
    let whole = &text[at..];
    // The next label begins after a comma outside of quotation marks and parentheses.
    let (mut quoted, mut nested) = (false, 0_u32);
    let comma = whole.char_indices().find(|(_, character)| {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => nested += 1,
            ')' if !quoted => nested = nested.saturating_sub(1),
            ',' if !quoted && nested == 0 => return true,
            _ => {}
        }
        false
    });
    Some(comma.map_or(whole, |(comma, _)| &whole[..comma]).trim_end().to_owned())
}
