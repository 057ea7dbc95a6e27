//! Which known relays and gateways a request passed, by the headers that they leave.
//!
//! Evidence beside a proof, never a claim: anyone can send any header, and a hop that may rewrite bodies often does not.
//! What each is said to do is well known of it, from documentation, code or use, and so it always "may".

use super::known_hops::{HOPS, Hop, HopHabit, HopMark};
use super::{Cause, CauseCode, CauseKind, Evidence, Request};
use crate::signature::Scheme;

/// Headers that are named of one hop.
const MOST_SHOWN: usize = 3;
/// Hops that are named; a request with more was made up.
const MOST_HOPS: usize = 6;

impl HopHabit {
    /// What a hop with this habit may do.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Parses => "parse the body and serialise it again",
            Self::Base64 => "pass bodies on as base64",
            Self::Headers => "drop, rename or join headers",
            Self::Framing => "frame the body in another way",
        }
    }

    /// Whether a cause of this code is what the habit does.
    fn explains(self, code: CauseCode) -> bool {
        match self {
            Self::Parses => matches!(
                code,
                CauseCode::BodyReserialized
                    | CauseCode::BodyKeysSorted
                    | CauseCode::BodyNullsDropped
                    | CauseCode::BodyDoubleEncoded
                    | CauseCode::BodyFormEncoded
                    | CauseCode::BodyStringifiedObject
            ),
            Self::Base64 => code == CauseCode::BodyBase64,
            Self::Headers => matches!(
                code,
                CauseCode::SignatureHeaderMissing | CauseCode::TimestampHeaderMissing | CauseCode::HeaderDuplicated
            ),
            Self::Framing => code == CauseCode::BodyTruncated,
        }
    }
}

/// The hops that a request passed, each with what it may have done, or with the cause that it fits.
pub(super) fn evidence(request: &Request<'_>, causes: &[Cause]) -> Vec<Evidence> {
    let proved: Vec<&Cause> = causes.iter().filter(|cause| cause.kind != CauseKind::Evidence).collect();
    seen(request)
        .into_iter()
        .map(|(hop, shown)| Evidence { code: "hop", text: sentence(hop, &shown, &proved) })
        .collect()
}

fn sentence(hop: &Hop, shown: &[String], proved: &[&Cause]) -> String {
    let mut text = format!("it passed {} ({})", hop.name, shown.join(", "));
    let fitting = hop.habits.iter().find_map(|habit| {
        let codes = proved.iter().flat_map(|cause| &cause.changes).map(|change| change.code);
        codes.into_iter().find(|code| habit.explains(*code)).map(|code| (habit, code))
    });
    if let Some((habit, code)) = fitting {
        text.push_str(&format!(", which may {}: that fits “{}”", habit.words(), code.title()));
    } else if proved.is_empty() && !hop.habits.is_empty() {
        let words: Vec<&str> = hop.habits.iter().map(|habit| habit.words()).collect();
        text.push_str(&format!(", which may {}", words.join(", or ")));
    }
    text
}

/// The hops with the headers that show them, in the table's order.
fn seen(request: &Request<'_>) -> Vec<(&'static Hop, Vec<String>)> {
    let mut all = Vec::new();
    for hop in HOPS {
        let mut shown: Vec<String> = Vec::new();
        for mark in hop.marks {
            for name in shows(request, mark) {
                let name = crate::text::clip(&crate::text::visible_bytes(name), 60).into_owned();
                if shown.len() < MOST_SHOWN && !shown.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
                    shown.push(name);
                }
            }
        }
        if !shown.is_empty() && all.len() < MOST_HOPS {
            all.push((hop, shown));
        }
    }
    all
}

/// The names of the headers that bear the mark.
fn shows<'a>(request: &Request<'a>, mark: &HopMark) -> Vec<&'a [u8]> {
    let head = request.head;
    let named = |wanted: &str| head.pairs().find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
    let with = |wanted: &str, fits: &dyn Fn(&str) -> bool| {
        let mut values = head.pairs().filter(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
        values.find(|(_, value)| fits(&String::from_utf8_lossy(value).to_ascii_lowercase()))
    };
    match *mark {
        HopMark::Header(wanted) => named(wanted).map(|(name, _)| name).into_iter().collect(),
        HopMark::Together(wanted, other) => named(other).and(named(wanted)).map(|(name, _)| name).into_iter().collect(),
        HopMark::Without(wanted, other) => {
            named(wanted).filter(|_| named(other).is_none()).map(|(name, _)| name).into_iter().collect()
        }
        HopMark::Prefix(prefix) => {
            let is_of_hop = |name: &[u8]| {
                let name = String::from_utf8_lossy(name).to_ascii_lowercase();
                // A signature is its sender's, also where sender and gateway have one name.
                name.starts_with(prefix) && !name.contains("signature")
            };
            head.pairs().map(|(name, _)| name).filter(|name| is_of_hop(name)).collect()
        }
        HopMark::Contains(wanted, text) => {
            with(wanted, &|value| value.contains(text)).map(|(name, _)| name).into_iter().collect()
        }
        HopMark::Begins(wanted, text) => {
            with(wanted, &|value| value.starts_with(text)).map(|(name, _)| name).into_iter().collect()
        }
        HopMark::Suffix(suffix) => ["X-Forwarded-Host", "Host", "X-Original-Host"]
            .into_iter()
            .filter_map(|wanted| {
                with(wanted, &|host| host.split(':').next().is_some_and(|host| host.ends_with(suffix)))
            })
            .map(|(name, _)| name)
            .collect(),
        HopMark::SmeeTimestamp => {
            let is_smee = |value: &str| value.len() == 13 && value.bytes().all(|byte| byte.is_ascii_digit());
            let forwarded = named("X-Forwarded-For").or_else(|| named("X-Forwarded-Proto"));
            let own = with("timestamp", &is_smee).filter(|_| !is_own_timestamp(request.scheme));
            forwarded.and(own).map(|(name, _)| name).into_iter().collect()
        }
    }
}

/// Whether a header called `timestamp` is the configured scheme's.
fn is_own_timestamp(scheme: &Scheme) -> bool {
    scheme.timestamp_header().eq_ignore_ascii_case("timestamp")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, Case, SECRET, first, secret};
    use super::*;
    use crate::signature::sign;

    const T: &str = "1746123456";

    fn hops(signature: &str, body: &str, fields: &[(&str, &str)]) -> Vec<String> {
        let mut case = Case::new(signature, T, body.as_bytes());
        case.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let diagnosis = case.run();
        let said = diagnosis.evidence.into_iter().filter(|told| told.code == "hop" || told.code == "proxy");
        said.map(|told| told.text).collect()
    }

    #[test]
    fn each_hop_is_named_by_what_it_leaves() {
        let cases: [(&str, &[(&str, &str)]); 12] = [
            ("smee.io", &[("timestamp", "1746123456789"), ("x-forwarded-for", "192.0.2.1")]),
            ("Amazon CloudFront", &[("Via", "1.1 0a1b.cloudfront.net (CloudFront)"), ("X-Amz-Cf-Id", "x")]),
            ("Amazon API Gateway", &[("User-Agent", "AmazonAPIGateway_a1b2")]),
            ("Cloudflare", &[("CF-Ray", "8f-AMS")]),
            ("ngrok", &[("X-Forwarded-Host", "a1b2.ngrok-free.app")]),
            ("Hookdeck", &[("X-Hookdeck-EventId", "evt_1")]),
            ("Azure Front Door", &[("X-Azure-Ref", "x")]),
            ("Google's front end", &[("Via", "1.1 google")]),
            ("Heroku's router", &[("Via", "1.1 vegur"), ("X-Request-Start", "1746123456789")]),
            ("Tailscale Funnel", &[("Tailscale-Funnel-Request", "?1")]),
            ("a dev tunnel of Microsoft's", &[("X-Forwarded-Host", "x-3000.euw.devtunnels.ms:443")]),
            ("Traefik", &[("X-Forwarded-Server", "edge"), ("X-Real-Ip", "192.0.2.1")]),
        ];
        for (name, fields) in cases {
            let said = hops(&"0".repeat(64), "{}", fields);
            assert_eq!(said.len(), 1, "{name}: {said:?}");
            assert!(said[0].starts_with(&format!("it passed {name} ({}", fields[0].0)), "{said:?}");
        }
    }

    #[test]
    fn an_unknown_proxy_is_said_as_before_and_nothing_at_all_of_none() {
        let said = hops(&"0".repeat(64), "{}", &[("X-Forwarded-For", "192.0.2.1")]);
        assert_eq!(said, ["it passed a proxy or tunnel, which may have changed it (X-Forwarded-For)"]);
        assert!(hops(&"0".repeat(64), "{}", &[("User-Agent", "GitHub-Hookshot/1"), ("Date", "x")]).is_empty());
        // The sender's own names are not those of a hop that is called the same.
        for name in ["X-Envoy-Signature", "Tailscale-Webhook-Signature", "X-Vercel-Signature"] {
            assert!(hops(&"0".repeat(64), "{}", &[(name, "00")]).is_empty(), "{name}");
        }
        // A timestamp alone, or in seconds, is many senders'.
        assert!(hops(&"0".repeat(64), "{}", &[("timestamp", "1746123456789")]).is_empty());
        let seconds =
            [("timestamp", "1746123456"), ("X-Forwarded-Proto", "https"), ("Host2", "evil.ngrok.app.example")];
        assert!(!hops(&"0".repeat(64), "{}", &seconds).iter().any(|text| text.contains("smee")));
        assert!(hops(&"0".repeat(64), "{}", &[("X-Original-Url", "https://a.ngrok.app")]).is_empty());
    }

    #[test]
    fn a_hop_that_is_known_for_a_proved_cause_is_said_beside_it() {
        let smee = [("timestamp", "1746123456789"), ("x-forwarded-for", "192.0.2.1"), ("CF-Ray", "8f-AMS")];
        let signed = sign(&secret(SECRET.as_bytes()), T.as_bytes(), BODY.as_bytes());
        let compact = r#"{"event":"desktop.app_tracking.captured","n":1,"name":"Café / <b>","none":null,"timestamp":1746123456123,"data":{"b":[1,2.5],"a":"x"}}"#;
        let of_compact = sign(&secret(SECRET.as_bytes()), T.as_bytes(), compact.as_bytes());
        assert_eq!(first(&Case::new(&of_compact, T, BODY.as_bytes()).run()), ["body_reserialized"]);
        let said = hops(&of_compact, BODY, &smee);
        assert_eq!(
            said[0],
            "it passed smee.io (timestamp), which may parse the body and serialise it again: that fits “The body was \
             re-serialised”"
        );
        // One that is not known for it is named and no more.
        assert_eq!(said[1], "it passed Cloudflare (CF-Ray)");
        let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, BODY);
        let said = hops(&signed, &encoded, &[("X-Amzn-Trace-Id", "Root=1")]);
        assert!(
            said[0].ends_with("which may pass bodies on as base64: that fits “The body is, or was, base64-encoded”")
        );
        // Without a proof, what it may do is all that is known.
        let open = hops(&"0".repeat(64), BODY, &smee);
        assert!(open[0].ends_with("which may parse the body and serialise it again"), "{open:?}");
    }

    #[test]
    fn marks_are_lower_case_where_they_are_compared_so() {
        for hop in HOPS {
            assert!(!hop.marks.is_empty() && !hop.name.is_empty());
            for mark in hop.marks {
                let text = match mark {
                    HopMark::Prefix(text)
                    | HopMark::Contains(_, text)
                    | HopMark::Begins(_, text)
                    | HopMark::Suffix(text) => text,
                    _ => continue,
                };
                assert_eq!(*text, text.to_ascii_lowercase(), "{}", hop.name);
            }
        }
    }
}
