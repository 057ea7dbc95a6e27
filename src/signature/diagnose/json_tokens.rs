//! A JSON Web Token that is refused: how it came, with which algorithm and key it is signed, its times, its claims.

use subtle::ConstantTimeEq as _;

use super::axis::{Axis, Ways, Why};
use super::binds;
use super::encoding::{LEAST_PREFIX, Received, WrittenSignature, from_base64, unquoted};
use super::explain::{Explained, Explanation, label};
use super::search::{self, SearchResult};
use super::secrets::{CandidateKey, keys};
use super::signature_checks::{self, PublicKeys};
use super::structure::Structure;
use super::token_times::odd_times;
use super::{Budget, CauseCode, Evidence, Request, SearchStage};
use crate::http::form;
use crate::signature::public_key::{PublicKey, PublicKeyAlgorithm, PublicKeyKind};
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::verify::{Token, Untimely, untimely};
use crate::signature::{Algorithm, JwtAlgorithm, Proof};
use crate::text::units::age_words;

/// Texts of one request that are read as tokens.
const MOST_TEXTS: usize = 8;

/// A text that may be the token, and how it differs from what the scheme has.
struct TokenText {
    text: Vec<u8>,
    whys: Vec<Why>,
}

/// With which key and algorithm a token is signed.
struct Signed {
    whys: Vec<Vec<Why>>,
    secret: Option<String>,
}

/// Explains, with the values of the scheme's own headers, or where there is none, of those called alike.
pub(super) fn explain(
    request: &Request<'_>,
    structure: &Structure,
    values: &[&[u8]],
    budget: &Budget<'_>,
) -> Explained {
    let Proof::Jwt { algorithms, detached } = &request.scheme.proof else { return Explained::default() };
    let mut explained = Explained { stage: Some(SearchStage::One), ..Explained::default() };
    for TokenText { text, whys } in texts(structure, values) {
        let (token, lenient) = match (Token::read(&text), Token::read_with(&text, from_any_base64)) {
            (Some(token), _) => (token, None),
            (None, Some(token)) => {
                let detail =
                    "its parts are written as base64 with padding or in the other alphabet instead of base64url";
                let why = Why::new(CauseCode::SignatureEncoding, 1, detail);
                // Otherwise a part was cut in the middle of a byte.
                (token, text.iter().any(|byte| b"=+/".contains(byte)).then_some(why))
            }
            (None, None) => {
                if explained.seen.is_empty() {
                    explained.seen.extend(no_token(&text));
                }
                continue;
            }
        };
        let before: Vec<Why> = whys.into_iter().chain(lenient).collect();
        let one = TokenCase { request, algorithms, token: &token, alg: token.head_field("alg").unwrap_or_default() };
        if *detached {
            one.explain_detached(structure, before, budget, &mut explained);
        } else {
            one.explain_whole(structure, &before, budget, &mut explained);
        }
        if explained.evidence.is_empty() && explained.found.is_empty() {
            explained.evidence.extend(one.evidence());
        }
    }
    explained.of = explained.of.max(explained.tried);
    explained
}

/// The texts, those without a difference first.
fn texts(structure: &Structure, values: &[&[u8]]) -> Vec<TokenText> {
    let mut all: Vec<TokenText> = Vec::new();
    let mut add = |text: &[u8], whys: Vec<Why>| {
        let text = text.trim_ascii();
        if !text.is_empty() && all.len() < MOST_TEXTS && !all.iter().any(|known| known.text == text) {
            all.push(TokenText { text: text.to_vec(), whys });
        }
    };
    for text in structure.value.candidates.iter().take(1) {
        add(text, Vec::new());
    }
    let encoded = |rank, detail: &str| vec![Why::new(CauseCode::SignatureEncoding, rank, detail)];
    let all_values = structure.value.candidates.iter().map(Vec::as_slice).take(1).chain(values.iter().copied());
    for value in all_values.take(MOST_TEXTS) {
        let bare = ["Bearer", "JWT", "Token"].into_iter().find_map(|word| {
            let (start, rest) = value.split_at_checked(word.len())?;
            let is_word =
                start.eq_ignore_ascii_case(word.as_bytes()) && rest.first().is_some_and(u8::is_ascii_whitespace);
            is_word.then_some((word, rest.trim_ascii()))
        });
        match bare {
            Some((word, rest)) => {
                add(rest, vec![Why::new(CauseCode::SignaturePrefix, 0, format!("the prefix {word}"))]);
            }
            None => add(value, vec![Why::new(CauseCode::SignaturePrefix, 0, "sent without the scheme's form")]),
        }
        if let Some(inner) = unquoted(value) {
            add(inner, encoded(0, "wrapped in quotation marks"));
        }
        if value.trim_ascii().iter().any(u8::is_ascii_whitespace) && bare.is_none() {
            let joined: Vec<u8> = value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            add(&joined, encoded(1, "white space inside the token"));
        }
        if memchr::memchr(b'%', value).is_some() {
            add(&form::decode(value), encoded(0, "percent-encoded"));
        }
    }
    all
}

fn from_any_base64(part: &[u8]) -> Option<Vec<u8>> {
    if part.is_empty() {
        return Some(Vec::new());
    }
    use base64::Engine as _;
    let text: Vec<u8> = part
        .iter()
        .filter(|&&byte| byte != b'=')
        .map(|&byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        })
        .collect();
    base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text).ok().or_else(|| from_base64(part))
}

/// What a text is that is not a token of three parts.
fn no_token(text: &[u8]) -> Option<Why> {
    let parts = text.split(|&byte| byte == b'.').count();
    let begins = text.starts_with(b"eyJ");
    match parts {
        5 if begins => Some(Why::new(
            CauseCode::SignatureEncoding,
            0,
            "it is an encrypted token (JWE, five parts), and not a signed one of three",
        )),
        1 | 2 if begins => {
            let detail = format!("the token has {parts} of its three parts: the rest was cut off");
            Some(Why::new(CauseCode::SignatureTruncated, 0, detail))
        }
        3 => Some(Why::new(
            CauseCode::SignatureTruncated,
            1,
            "a part of the token is not base64url: it was cut or changed",
        )),
        _ => None,
    }
}

struct TokenCase<'c, 'a> {
    request: &'c Request<'a>,
    algorithms: &'c [JwtAlgorithm],
    token: &'c Token<'c>,
    /// What its head says.
    alg: String,
}

impl TokenCase<'_, '_> {
    fn accepted(&self) -> String {
        let names: Vec<&str> = self.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        names.join(" or ")
    }

    fn explain_whole(&self, structure: &Structure, before: &[Why], budget: &Budget<'_>, explained: &mut Explained) {
        if self.alg.eq_ignore_ascii_case("none") || self.token.signature.is_empty() {
            let alg = crate::text::visible(&self.alg).into_owned();
            let detail = format!("the token is not signed (alg {alg}): anyone can make such a token");
            explained.found.push((vec![Why::new(CauseCode::SignatureAlgorithm, 0, detail).alarming()], None));
            return;
        }
        let mut signed = self.shared(self.token.signed, explained);
        signed.extend(self.public(self.token.signed, explained));
        signed.extend(self.confused(self.token.signed, explained));
        for Signed { whys, secret } in signed {
            for way in whys {
                let whys: Vec<Why> = before.iter().cloned().chain(way).collect();
                if whys.is_empty() {
                    explained.is_right = true;
                    explained.found.extend(self.refused(structure, secret.clone(), budget));
                } else {
                    explained.found.push((whys, secret.clone()));
                }
            }
        }
    }

    /// What is refused of a token whose signature is right.
    fn refused(&self, structure: &Structure, secret: Option<String>, budget: &Budget<'_>) -> Vec<Explanation> {
        if let Some(unsupported) = self.token.unsupported() {
            return vec![(vec![Why::new(CauseCode::SignedValueDiffers, 0, unsupported)], secret)];
        }
        if let Some(untimely) = untimely(self.token, self.request.scheme, self.request.received_at) {
            let code = match untimely {
                Untimely::Expired(_) => CauseCode::Stale,
                Untimely::NotYet(_) => CauseCode::ClockSkew,
                Untimely::Unreadable(_) => CauseCode::SignedValueDiffers,
            };
            let issued = self.time_words("iat", "issued");
            let odd = odd_times(self.token).into_iter().next().map(|told| told.text);
            let detail = [Some(untimely.to_string()), issued, odd].into_iter().flatten().collect::<Vec<_>>().join("; ");
            return vec![(vec![Why::new(code, 0, detail)], secret)];
        }
        let url = signed_url(self.request.scheme, self.request.head);
        let key = self.request.secrets.iter().find(|own| Some(own.label()) == secret.as_deref());
        let parts = Parts {
            token: Some((&self.token.head, &self.token.payload)),
            value: Some(&structure.value),
            secret: key.map(|secret| secret.expose()).unwrap_or_default(),
            ..Parts::of(self.request.scheme, self.request.head, &url, self.request.body)
        };
        binds::explain(self.request, structure, &parts, secret, budget)
    }

    /// Its ages in words.
    fn times(&self) -> Option<String> {
        let all = [("iat", "issued"), ("exp", "expired")].map(|(name, verb)| self.time_words(name, verb));
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }

    /// When it was issued or has expired, or when it will.
    fn time_words(&self, name: &str, verb: &str) -> Option<String> {
        let age = self.request.received_at.as_millisecond() as f64 - self.token.time(name)? * 1000.0;
        let verb = match (verb, age < 0.0) {
            ("expired", true) => "expires",
            ("expired", false) => "expired",
            _ => "was issued",
        };
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
        let words = age_words(age.round() as i64);
        let side = if age < 0.0 { "after" } else { "before" };
        Some(format!("it {verb} {words} {side} it arrived ({name})"))
    }

    fn evidence(&self) -> Vec<Evidence> {
        let alg = crate::text::clip(&crate::text::visible(&self.alg), 20).into_owned();
        let text = match self.times() {
            Some(times) => format!("the token names alg {alg}; {times}"),
            None => format!("the token names alg {alg}, and no time"),
        };
        vec![Evidence { code: "token_claims", text }]
    }

    /// That another algorithm was used than those that are accepted.
    fn other_algorithm(&self, used: JwtAlgorithm, rank: u16) -> Option<Why> {
        if !self.algorithms.contains(&used) {
            let detail = format!("{} instead of {}", used.name(), self.accepted());
            return Some(Why::new(CauseCode::SignatureAlgorithm, rank, detail));
        }
        let named = JwtAlgorithm::named(&self.alg);
        (named != Some(used)).then(|| {
            let alg = crate::text::visible(&self.alg).into_owned();
            let detail = format!("it is signed with {}, and its head says {alg}", used.name());
            Why::new(CauseCode::SignatureAlgorithm, rank, detail)
        })
    }

    /// The secrets that signed it, in whatever form.
    fn shared(&self, signed: &[u8], explained: &mut Explained) -> Vec<Signed> {
        let received = &self.token.signature;
        let whole = Algorithm::of_length(received.len()).filter(|hash| JwtAlgorithm::Hmac(*hash).name() != "");
        let named = match JwtAlgorithm::named(&self.alg) {
            Some(JwtAlgorithm::Hmac(hash)) => Some(hash),
            _ => None,
        };
        let is_cut = whole.is_none() && received.len() >= LEAST_PREFIX;
        let Some(hash) = whole.or(named.filter(|hash| is_cut && received.len() < hash.digest_bytes())) else {
            return Vec::new();
        };
        let axis = keys(self.request.scheme, self.request.secrets, self.request.others);
        let mut found = Vec::new();
        for (key, ways) in &axis.all {
            explained.tried += 1;
            let mut state = hash.keyed(&key.bytes);
            state.update(signed);
            let digest = state.finish();
            if !digest.get(..received.len()).is_some_and(|start| bool::from(start.ct_eq(received))) {
                continue;
            }
            let mut after: Vec<Why> = self.other_algorithm(JwtAlgorithm::Hmac(hash), 1).into_iter().collect();
            after.extend(is_cut.then(|| {
                let detail = format!("only the first {} of {} bytes arrived", received.len(), digest.len());
                Why::new(CauseCode::SignatureTruncated, 0, detail)
            }));
            found.push(self.signed(key, ways, &after));
        }
        found
    }

    fn signed(&self, key: &CandidateKey, ways: &Ways, after: &[Why]) -> Signed {
        let whys = ways.0.iter().map(|way| way.iter().chain(after).cloned().collect()).collect();
        Signed { whys, secret: label(self.request, key.secret) }
    }

    /// The public keys that check it.
    fn public(&self, signed: &[u8], explained: &mut Explained) -> Vec<Signed> {
        let received = &self.token.signature;
        let PublicKeys { axis, keys, unusable } = PublicKeys::of(self.request.secrets, self.request.others);
        if !self.algorithms.iter().any(|own| matches!(own, JwtAlgorithm::Hmac(_))) && explained.seen.is_empty() {
            explained.seen.extend(unusable);
        }
        let mut found = Vec::new();
        for (key, (candidate, ways)) in keys.iter().zip(&axis.all) {
            for algorithm in PublicKeyAlgorithm::all().filter(|algorithm| algorithm.kind() == key.kind()) {
                explained.tried += 1;
                if key.verify(algorithm, &[signed], received).is_err() {
                    continue;
                }
                let (as_token, written) = match algorithm.with_points() {
                    Some(points) => {
                        let detail = "its signature is written as DER instead of two numbers, r and s";
                        (points, Some(Why::new(CauseCode::SignatureEncoding, 0, detail)))
                    }
                    None => (algorithm, None),
                };
                let other = self.other_algorithm(JwtAlgorithm::PublicKey(as_token), 1);
                let after: Vec<Why> = written.into_iter().chain(other).collect();
                found.push(self.signed(candidate, ways, &after));
            }
        }
        if found.is_empty() && received.len() >= 32 {
            explained.evidence.extend(rsa_evidence(&axis, &keys, received));
        }
        found
    }

    /// A public key that was taken for the secret of an HMAC: then everybody can sign (RFC 8725, section 2.1).
    fn confused(&self, signed: &[u8], explained: &mut Explained) -> Vec<Signed> {
        let Some(hash) = Algorithm::of_length(self.token.signature.len()) else { return Vec::new() };
        let mut found = Vec::new();
        let PublicKeys { axis, keys, .. } = PublicKeys::of(self.request.secrets, &[]);
        for (key, (candidate, _)) in keys.iter().zip(&axis.all) {
            let Some(secret) = candidate.secret.and_then(|place| self.request.secrets.get(place)) else { continue };
            let given = secret.expose();
            let pem = key.to_pem();
            let forms = [
                given.to_vec(),
                given.trim_ascii().to_vec(),
                [given.trim_ascii(), b"\n"].concat(),
                pem.trim_end().as_bytes().to_vec(),
                pem.into_bytes(),
                key.to_spki_der(),
            ];
            for form in forms {
                explained.tried += 1;
                let mut state = hash.keyed(&form);
                state.update(signed);
                if bool::from(state.finish().ct_eq(&self.token.signature)) {
                    let detail = format!(
                        "{} with the public key as its secret: anyone who has that key can sign",
                        JwtAlgorithm::Hmac(hash).name()
                    );
                    let why = Why::new(CauseCode::SignatureAlgorithm, 0, detail).alarming();
                    found.push(Signed { whys: vec![vec![why]], secret: Some(secret.label().to_owned()) });
                    break;
                }
            }
        }
        found
    }

    /// A detached payload: the content is searched.
    fn explain_detached(
        &self,
        structure: &Structure,
        before: Vec<Why>,
        budget: &Budget<'_>,
        explained: &mut Explained,
    ) {
        let usual = match JwtAlgorithm::named(&self.alg).filter(|named| self.algorithms.contains(named)) {
            Some(JwtAlgorithm::PublicKey(algorithm)) => algorithm,
            _ => match self.algorithms.first() {
                Some(JwtAlgorithm::PublicKey(algorithm)) => *algorithm,
                _ => return,
            },
        };
        let received = Received {
            digest: self.token.signature.clone(),
            written: WrittenSignature::Whole,
            algorithm: Algorithm::default(),
            whys: before,
            timestamp: None,
        };
        let start = self.token.signed.to_vec();
        let prepared = signature_checks::prepare(self.request, structure, &[received], usual, Some(start));
        let result: SearchResult<'_> =
            search::run_signatures(self.request, structure, budget, prepared.axes, prepared.checks);
        *explained = Explained::by_search(self.request, structure, &result);
        explained.seen = prepared.seen;
        explained.evidence = prepared.evidence;
    }
}

fn rsa_evidence(axis: &Axis<CandidateKey>, keys: &[PublicKey], signature: &[u8]) -> Option<Evidence> {
    let own = || keys.iter().zip(&axis.all).filter(|(_, (_, ways))| ways.weight() == 0).map(|(key, _)| key);
    let is_rsa = own().next().is_some() && own().all(|key| key.kind() == PublicKeyKind::Rsa);
    let is_made = own().any(|key| key.recover(signature).iter().any(|found| found.is_sure()));
    let (code, text) = if is_made {
        (
            "key_fits",
            "the configured key made this signature, over other bytes: the token was changed after it was signed",
        )
    } else if is_rsa {
        ("key_differs", "none of the configured keys made this signature: another key did, or it was altered")
    } else {
        return None;
    };
    Some(Evidence { code, text: text.to_owned() })
}
