//! Whose scheme a delivery may have been signed by: what a person can adopt for a run. Offered, never assumed.

use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::Verdict;
use crate::http::Head;
use crate::signature::catalogue::{self, RecognisedScheme};
use crate::signature::{Scheme, Secret, judge};

/// A scheme of the catalogue whose headers a request has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeCandidate {
    /// The scheme's name.
    pub name: String,
    /// Who signs so, in a word or two.
    pub sender: String,
    /// The headers by which it was recognised; none where the signature is elsewhere.
    pub headers: Vec<String>,
    /// Whether these headers are this sender's alone.
    pub is_sure: bool,
    /// The label of the secret with which the request verifies by it.
    pub verified: Option<String>,
    /// What it needs besides a secret, and nobody has given: names for `--param`.
    pub needs: Vec<String>,
    /// Whether deliveries of the request's path are verified by it now.
    pub is_current: bool,
}

impl SchemeCandidate {
    /// How it was recognised, and whether it verifies, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let by = match (&self.headers[..], self.is_sure) {
            ([], _) => "the signature has its form".to_owned(),
            (headers, true) => headers.join(", "),
            (headers, false) => format!("{} (others use it too)", headers.join(", ")),
        };
        match (&self.verified, self.needs.is_empty()) {
            (Some(label), _) => format!("verified with {label}; {by}"),
            (None, true) => by,
            (None, false) => {
                let needs: Vec<String> = self.needs.iter().map(|name| format!("--param {name}=VALUE")).collect();
                format!("needs {}; {by}", needs.join(" and "))
            }
        }
    }
}

/// The candidates for a request: those by which it verifies with the secrets of its path come first, then those whose
/// headers are their sender's alone. Hashes the body for each whose signature has the right form.
#[must_use]
pub fn candidates(head: &Head, body: &[u8], received_at: Timestamp, registry: &Registry) -> Vec<SchemeCandidate> {
    let route = registry.route(head.target());
    let secrets: Vec<&Secret> = route.secrets.clone().collect();
    let candidate = |found: RecognisedScheme| {
        let RecognisedScheme { name, sender, is_sure, headers, fits } = found;
        let scheme = registry.adoptable(&name, head.target())?;
        let needs: Vec<String> = scheme.missing_settings().iter().map(ToString::to_string).collect();
        let verified = if fits && needs.is_empty() { label(&scheme, &secrets, head, body, received_at) } else { None };
        let is_current = route.schemes.iter().any(|scheme| match scheme.is_trackpilots() {
            true => name == catalogue::TRACKPILOTS,
            false => scheme.name == name,
        });
        let sender = catalogue::brief(&sender);
        Some(SchemeCandidate { name, sender, headers, is_sure, verified, needs, is_current })
    };
    let mut found: Vec<SchemeCandidate> = catalogue::recognise(head, body).into_iter().filter_map(candidate).collect();
    found.sort_by_key(|candidate| candidate.verified.is_none());
    found
}

/// The secret with which the request verifies by this scheme.
fn label(scheme: &Scheme, secrets: &[&Secret], head: &Head, body: &[u8], received_at: Timestamp) -> Option<String> {
    let judged = judge(scheme, secrets.iter().copied(), head, body, received_at);
    judged.secret.filter(|_| judged.verdict == Verdict::Verified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keyring;
    use crate::signature::SecretOrigin;

    /// Python's `hmac` of `{}` under this secret.
    const SECRET: &str = "whsec_candidates";
    const DIGEST: &str = "48154950511b2db2e3988345cea29a198b6e1518c2cf6a7eab1e137d597b101a";

    fn registry(secret: Option<&str>) -> Registry {
        let secret = secret.map(|text| Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed));
        Registry::new(Vec::new(), Keyring::new(secret.into_iter().collect()).unwrap(), Scheme::default())
    }

    fn of(fields: &str, registry: &Registry) -> Vec<SchemeCandidate> {
        let head = Head::from(format!("POST /hook HTTP/1.1\r\nHost: x\r\n{fields}\r\n"));
        candidates(&head, b"{}", Timestamp::UNIX_EPOCH, registry)
    }

    fn names(found: &[SchemeCandidate]) -> Vec<&str> {
        found.iter().map(|candidate| candidate.name.as_str()).collect()
    }

    #[test]
    fn one_that_verifies_comes_first_with_the_secret() {
        let fields = format!("X-Hub-Signature-256: sha256={DIGEST}\r\nX-GitHub-Event: push\r\n");
        let found = of(&fields, &registry(Some(SECRET)));
        assert_eq!(names(&found), ["github", "meta"]);
        assert_eq!(found[0].words(), "verified with dev; X-Hub-Signature-256, X-GitHub-Event");
        assert_eq!(found[1].words(), "verified with dev; X-Hub-Signature-256 (others use it too)");
        for registry in [registry(None), registry(Some("another"))] {
            let found = of(&fields, &registry);
            assert_eq!((found[0].name.as_str(), &found[0].verified), ("github", &None));
        }
    }

    #[test]
    fn a_header_that_many_use_offers_them_all() {
        let found = of(&format!("X-Signature: {DIGEST}\r\n"), &registry(Some(SECRET)));
        assert!(found.len() > 5, "{found:?}");
        let verified = found.iter().take_while(|candidate| candidate.verified.is_some()).count();
        assert!(verified > 0 && found[verified..].iter().all(|candidate| candidate.verified.is_none()), "{found:?}");
        assert_eq!(of("Content-Type: text/plain\r\n", &registry(Some(SECRET))), []);
    }

    #[test]
    fn what_is_missing_and_what_holds_now_is_said() {
        let found = of("sm-signature: MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\r\n", &registry(Some(SECRET)));
        let monkey = found.iter().find(|candidate| candidate.name == "surveymonkey").unwrap();
        assert!(monkey.words().starts_with("needs --param client_id=VALUE; "), "{}", monkey.words());
        let registry = registry(None);
        let scheme = registry.adoptable("github", b"/hook");
        let adopted = registry.with_adopted_scheme(None, scheme);
        let found = of(&format!("X-Hub-Signature-256: sha256={DIGEST}\r\n"), &adopted);
        assert_eq!(found.iter().filter(|candidate| candidate.is_current).count(), 1);
    }
}
