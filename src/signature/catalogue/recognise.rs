//! Whose headers a request has: which schemes of the catalogue it may have been signed with.
//!
//! A hint for a person and never a choice: many senders use one name, and anyone can send any header. Nothing is
//! computed; the names of headers are looked up in an index that is built once.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::{CatalogueEntry, all};
use crate::http::Head;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::{Proof, Scheme};

/// A scheme all of whose headers a request has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedScheme {
    /// The scheme's name in the catalogue.
    pub name: String,
    /// Who signs so.
    pub sender: String,
    /// Whether the headers are this sender's alone. Names that many use, such as `X-Signature`, tell nobody apart.
    pub is_sure: bool,
    /// The headers of the scheme that the request has, under the catalogue's names.
    pub headers: Vec<String>,
    /// Whether the signature's value has the scheme's form.
    pub fits: bool,
}

/// Standards that many senders follow: all of their headers together are sure to be the standard's, whoever sent them.
const STANDARDS: [&str; 2] = ["standard-webhooks", "svix"];

/// What headers are called at any sender. A name of these words alone says nothing about who sent it, even where the
/// catalogue knows only one sender that uses it.
const COMMON_WORDS: [&str; 53] = [
    "x",
    "signature",
    "signatures",
    "webhook",
    "webhooks",
    "hook",
    "hub",
    "wh",
    "hmac",
    "hmacsha256",
    "hmacsignature",
    "sha",
    "sha1",
    "sha2",
    "sha256",
    "sha512",
    "256",
    "512",
    "ed25519",
    "mac",
    "hash",
    "verif",
    "verification",
    "sig",
    "jwt",
    "token",
    "auth",
    "authorization",
    "secret",
    "v1",
    "v2",
    "v3",
    "request",
    "content",
    "body",
    "primary",
    "secondary",
    "timestamp",
    "time",
    "date",
    "event",
    "events",
    "type",
    "topic",
    "name",
    "key",
    "id",
    "nonce",
    "message",
    "delivery",
    "idempotency",
    "user",
    "resource",
];

struct Known {
    entry: CatalogueEntry,
    scheme: Scheme,
    /// Headers that must be there besides the signature: the timestamp's and the id's.
    needed: Vec<String>,
    /// Headers that say more when they are there: the event's, and the delivery's id.
    further: Vec<String>,
}

struct SchemeIndex {
    schemes: Vec<Known>,
    /// The schemes whose signature may be in a header, by its name in lower case.
    by_signature: HashMap<String, Vec<usize>>,
    /// Those whose signature is elsewhere, or in headers with a number in their names.
    elsewhere: Vec<usize>,
    /// Names of headers, in lower case, that only one sender has.
    distinctive: BTreeSet<String>,
}

static INDEX: LazyLock<SchemeIndex> = LazyLock::new(SchemeIndex::new);

/// The schemes that a request may have been signed with by the names of its headers, the likeliest first.
#[must_use]
pub fn recognise(head: &Head, body: &[u8]) -> Vec<RecognisedScheme> {
    let names: BTreeSet<String> =
        head.pairs().map(|(name, _)| String::from_utf8_lossy(name).to_ascii_lowercase()).collect();
    let index = &*INDEX;
    let mut places: Vec<usize> =
        names.iter().filter_map(|name| index.by_signature.get(name)).flatten().copied().collect();
    places.extend(&index.elsewhere);
    places.sort_unstable();
    places.dedup();
    let mut found: Vec<(RecognisedScheme, u16)> = places
        .into_iter()
        .filter_map(|place| {
            let known = &index.schemes[place];
            Some((index.recognised(known, &names, head, body)?, known.entry.rank))
        })
        .collect();
    found.sort_by_key(|(found, rank)| (!found.is_sure, !found.fits, std::cmp::Reverse(found.headers.len()), *rank));
    found.into_iter().map(|(found, _)| found).collect()
}

impl SchemeIndex {
    fn new() -> Self {
        let schemes: Vec<Known> = all().into_iter().filter_map(Known::new).collect();
        let (mut by_signature, mut elsewhere) = (HashMap::<String, Vec<usize>>::new(), Vec::new());
        let mut senders = HashMap::<String, BTreeSet<&str>>::new();
        for (place, known) in schemes.iter().enumerate() {
            if known.scheme.signature.header_name().is_none() {
                elsewhere.push(place);
            }
            for header in known.scheme.signature.header_names() {
                by_signature.entry(header.to_ascii_lowercase()).or_default().push(place);
            }
            for header in headers_of(known) {
                senders.entry(header.to_ascii_lowercase()).or_default().insert(&known.entry.sender);
            }
        }
        let says_who = |name: &str| name.split(['-', '_']).any(|word| !COMMON_WORDS.contains(&word));
        let distinctive = senders
            .into_iter()
            .filter(|(name, senders)| senders.len() == 1 && says_who(name))
            .map(|(name, _)| name)
            .collect();
        Self { schemes, by_signature, elsewhere, distinctive }
    }

    fn recognised(
        &self,
        known: &Known,
        names: &BTreeSet<String>,
        head: &Head,
        body: &[u8],
    ) -> Option<RecognisedScheme> {
        let is_there = |name: &&String| names.contains(&name.to_ascii_lowercase());
        if !known.needed.iter().all(|name| is_there(&name)) {
            return None;
        }
        let fits = fits(&known.scheme, head, body);
        let own: Vec<String> = known.scheme.signature.header_names().map(str::to_owned).collect();
        if own.is_empty() && !fits {
            return None;
        }
        let mut headers: Vec<String> = own.iter().filter(is_there).cloned().collect();
        for name in known.needed.iter().chain(&known.further).filter(is_there) {
            if !headers.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                headers.push(name.clone());
            }
        }
        let is_standard = STANDARDS.contains(&known.entry.name.as_str()) && known.needed.len() > 1;
        let is_sure = is_standard || headers.iter().any(|name| self.distinctive.contains(&name.to_ascii_lowercase()));
        let CatalogueEntry { name, sender, .. } = &known.entry;
        Some(RecognisedScheme { name: name.clone(), sender: sender.clone(), is_sure, headers, fits })
    }
}

impl Known {
    fn new(entry: CatalogueEntry) -> Option<Self> {
        let scheme = entry.scheme().ok()?;
        let timestamp = scheme.timestamp_header();
        let needed = [Some(timestamp).filter(|name| !name.is_empty()), scheme.id_header()];
        let needed = needed.into_iter().flatten().map(str::to_owned).collect();
        let header = |place: &Option<String>| place.as_deref()?.strip_prefix("header:").map(str::to_owned);
        let further = [header(&entry.event), header(&entry.delivery_id)].into_iter().flatten().collect();
        Some(Self { entry, scheme, needed, further })
    }
}

fn headers_of(known: &Known) -> impl Iterator<Item = &str> {
    let beside = known.needed.iter().chain(&known.further).map(String::as_str);
    known.scheme.signature.header_names().chain(beside)
}

/// Whether the scheme's signature can be read, as far as its form says.
fn fits(scheme: &Scheme, head: &Head, body: &[u8]) -> bool {
    let url = signed_url(scheme, head);
    let parts = Parts::of(scheme, head, &url, body);
    let Ok(read) = scheme.signature.read(&parts, head) else { return false };
    let text = |value: &Vec<u8>| value.iter().all(|byte| byte.is_ascii_graphic());
    match &scheme.proof {
        Proof::Hmac(algorithm) | Proof::Hash(algorithm) => read
            .candidates
            .iter()
            .filter_map(|value| scheme.encoding.decode(value))
            .any(|digest| digest.len() == algorithm.digest_bytes()),
        Proof::PublicKey(_) | Proof::Sns => {
            read.candidates.iter().any(|value| scheme.encoding.decode(value).is_some_and(|bytes| bytes.len() >= 64))
        }
        Proof::Jwt { .. } => {
            read.candidates.iter().any(|value| text(value) && value.iter().filter(|&&byte| byte == b'.').count() == 2)
        }
        Proof::Token | Proof::MessageSignature => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0607a4588aa49c3e5719f636f27638ec3ec6ce8d66e5dea5c43401a3b9503c67";

    fn head(fields: &[(&str, &str)]) -> Head {
        let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Head::from(format!("POST / HTTP/1.1\r\nHost: hooks.example\r\n{fields}\r\n"))
    }

    fn sure(fields: &[(&str, &str)]) -> Vec<String> {
        recognise(&head(fields), b"{}").into_iter().filter(|found| found.is_sure).map(|found| found.name).collect()
    }

    #[test]
    fn a_senders_own_headers_are_sure() {
        let github = format!("sha256={HEX}");
        assert_eq!(sure(&[("x-hub-signature-256", &github), ("X-GitHub-Event", "push")]), ["github"]);
        assert_eq!(sure(&[("Stripe-Signature", &format!("t=1,v1={HEX}"))]), ["stripe"]);
        assert_eq!(sure(&[("X-Slack-Signature", "v0=1"), ("X-Slack-Request-Timestamp", "1")]), ["slack"]);
        let svix = [("svix-id", "1"), ("svix-timestamp", "1"), ("svix-signature", "v1,x")];
        assert_eq!(sure(&svix), ["svix"]);
        let standard = [("webhook-id", "1"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,x")];
        assert_eq!(sure(&standard), ["standard-webhooks"]);
    }

    #[test]
    fn names_that_many_use_are_not_sure() {
        for name in ["X-Signature", "X-Webhook-Signature", "Signature", "webhook-signature", "X-Hub-Signature-256"] {
            assert_eq!(sure(&[(name, HEX)]), Vec::<String>::new(), "{name}");
        }
        let shared = recognise(&head(&[("X-Hub-Signature-256", &format!("sha256={HEX}"))]), b"");
        let names: Vec<&str> = shared.iter().map(|found| found.name.as_str()).collect();
        // The one that more people meet comes first.
        assert_eq!(names, ["github", "meta"]);
        assert!(shared.iter().all(|found| found.fits && found.headers == ["X-Hub-Signature-256"]));
    }

    #[test]
    fn a_header_that_is_missing_is_not_overlooked() {
        // Slack's timestamp is a header of its own.
        assert!(recognise(&head(&[("X-Slack-Signature", "v0=1")]), b"").is_empty());
        // The event's header alone is not signed.
        assert!(recognise(&head(&[("X-GitHub-Event", "push")]), b"").is_empty());
        assert!(recognise(&head(&[("Content-Type", "application/json")]), b"{}").is_empty());
        assert!(recognise(&Head::from(String::new()), b"").is_empty());
    }

    #[test]
    fn a_value_of_the_right_form_comes_first() {
        let found = recognise(&head(&[("X-Signature", HEX)]), b"{}");
        let first_unfit = found.iter().position(|found| !found.fits).unwrap_or(found.len());
        assert!(first_unfit > 0 && found[first_unfit..].iter().all(|found| !found.fits), "{found:?}");
    }

    #[test]
    fn every_scheme_with_headers_of_its_own_is_found_by_them() {
        let mut sure_of = 0;
        for known in &INDEX.schemes {
            let names: BTreeSet<&str> = headers_of(known).collect();
            if known.scheme.signature.header_name().is_none() {
                continue;
            }
            let fields: Vec<(&str, &str)> = names.into_iter().map(|name| (name, "x")).collect();
            let found = recognise(&head(&fields), b"");
            let own = found.iter().find(|found| found.name == known.entry.name);
            let own = own.unwrap_or_else(|| panic!("{}", known.entry.name));
            sure_of += usize::from(own.is_sure);
        }
        assert!(sure_of > 120, "{sure_of}");
    }
}
