//! Other senders' schemes, ready to be chosen by name.
//!
//! The same header names carry different schemes at different senders: a preset is chosen by the
//! person, never by looking at a request.

use super::{Encoding, HeaderForm, KeyForm, Scheme};

/// One sender's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The name it is chosen by.
    pub name: &'static str,
    signature: &'static str,
    /// Empty when the signature header carries it, or nothing does.
    timestamp: &'static str,
    id: &'static str,
    content: &'static str,
    encoding: Encoding,
    form: Shape,
    key: KeyForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Prefix(&'static str),
    Pairs(u8, &'static str, &'static str),
    List(&'static str),
}

const PLAIN: Preset = Preset {
    name: "trackpilots",
    signature: "X-Webhook-Signature",
    timestamp: "X-Webhook-Timestamp",
    id: "",
    content: "{timestamp}.{body}",
    encoding: Encoding::Hex,
    form: Shape::Prefix(""),
    key: KeyForm::Text,
};

const STANDARD: Preset = Preset {
    name: "standard-webhooks",
    signature: "webhook-signature",
    timestamp: "webhook-timestamp",
    id: "webhook-id",
    content: "{id}.{timestamp}.{body}",
    encoding: Encoding::Base64,
    form: Shape::List("v1,"),
    key: KeyForm::Base64,
};

const SLACK: Preset = Preset {
    name: "slack",
    signature: "X-Slack-Signature",
    timestamp: "X-Slack-Request-Timestamp",
    content: "v0:{timestamp}:{body}",
    form: Shape::Prefix("v0="),
    ..PLAIN
};

const STRIPE: Preset = Preset {
    name: "stripe",
    signature: "Stripe-Signature",
    timestamp: "",
    form: Shape::Pairs(b',', "t", "v1"),
    ..PLAIN
};

const GITHUB: Preset = Preset {
    name: "github",
    signature: "X-Hub-Signature-256",
    timestamp: "",
    content: "{body}",
    form: Shape::Prefix("sha256="),
    ..PLAIN
};

/// Every preset, Trackpilots' first.
pub const ALL: &[Preset] = &[
    PLAIN,
    STANDARD,
    Preset { name: "svix", signature: "svix-signature", timestamp: "svix-timestamp", id: "svix-id", ..STANDARD },
    STRIPE,
    GITHUB,
    Preset { name: "meta", ..GITHUB },
    Preset {
        name: "shopify",
        signature: "X-Shopify-Hmac-SHA256",
        encoding: Encoding::Base64,
        form: Shape::Prefix(""),
        ..GITHUB
    },
    SLACK,
    Preset { name: "zoom", signature: "x-zm-signature", timestamp: "x-zm-request-timestamp", ..SLACK },
    Preset {
        name: "paddle",
        signature: "Paddle-Signature",
        content: "{timestamp}:{body}",
        form: Shape::Pairs(b';', "ts", "h1"),
        ..STRIPE
    },
    Preset { name: "linear", signature: "Linear-Signature", form: Shape::Prefix(""), ..GITHUB },
    Preset { name: "workos", signature: "WorkOS-Signature", ..STRIPE },
    Preset {
        name: "hubspot",
        signature: "X-HubSpot-Signature-v3",
        timestamp: "X-HubSpot-Request-Timestamp",
        content: "{method}{url}{body}{timestamp}",
        encoding: Encoding::Base64,
        ..PLAIN
    },
    Preset {
        name: "zendesk",
        signature: "X-Zendesk-Webhook-Signature",
        timestamp: "X-Zendesk-Webhook-Signature-Timestamp",
        content: "{timestamp}{body}",
        encoding: Encoding::Base64,
        ..PLAIN
    },
    Preset {
        name: "square",
        signature: "x-square-hmacsha256-signature",
        timestamp: "",
        content: "{url}{body}",
        encoding: Encoding::Base64,
        ..PLAIN
    },
];

/// The scheme that `name` chooses; `None` for an unknown name.
///
/// ```
/// let github = whyhook::signature::providers::named("github").unwrap();
/// assert_eq!(github.content.to_string(), "{body}");
/// ```
#[must_use]
pub fn named(name: &str) -> Option<Scheme> {
    ALL.iter().find(|preset| preset.name == name).map(Preset::scheme)
}

impl Preset {
    /// The scheme as data.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        Scheme {
            signature_header: self.signature.to_owned(),
            timestamp_header: self.timestamp.to_owned(),
            // The templates above are constants, which a test reads.
            content: self.content.parse().unwrap_or_default(),
            encoding: self.encoding,
            form: match self.form {
                Shape::Prefix(prefix) => HeaderForm::Prefix(prefix.to_owned()),
                Shape::Pairs(separator, timestamp, signature) => {
                    HeaderForm::Pairs { separator, timestamp: timestamp.to_owned(), signature: signature.to_owned() }
                }
                Shape::List(tag) => HeaderForm::List(tag.to_owned()),
            },
            key: self.key,
            id_header: (!self.id.is_empty()).then(|| self.id.to_owned()),
            ..Scheme::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;
    use crate::delivery::Verdict;
    use crate::http::Head;
    use crate::signature::{Secret, SecretOrigin, SignedContent, judge};

    fn verdict(scheme: &Scheme, key: &str, fields: &[(&str, &str)], body: &str) -> Verdict {
        let mut text = "POST /hook?a=1 HTTP/1.1\r\nHost: hooks.example\r\n".to_owned();
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let head = Head::from(text + "\r\n");
        let secret = Secret::new("dev", key.as_bytes().to_vec(), SecretOrigin::Typed);
        judge(scheme, [&secret], &head, body.as_bytes(), Timestamp::UNIX_EPOCH).verdict
    }

    const SLACK_BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
        channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
        response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
        trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

    /// As the providers publish them.
    #[rstest]
    #[case("github", "It's a Secret to Everybody", &[("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")], "Hello, World!")]
    #[case("standard-webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &[("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330"), ("webhook-signature", "v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")], "{\"test\": 2432232314}")]
    #[case("paddle", "VALID_SECRET", &[("Paddle-Signature", "ts=1698796800;h1=a300428748dce5c70e4da19bffd60769591ea969c99dea3105d0ec9612cf43f9")], "{\"data\": [\"1\", \"2\"]}")]
    #[case("slack", "8f742231b10e8888abcd99yyyzzz85a5", &[("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"), ("X-Slack-Request-Timestamp", "1531420618")], SLACK_BODY)]
    #[case("linear", "abd1285d", &[("Linear-Signature", "59a3054b4d6a12778bbb68325c31a9fd628c942a377ff5464628df054d4d304b")], "{\"links\":{\"self\":\"https://api.lemonsqueezy.com/v1/subscriptions/xyz\"}}")]
    fn published_vectors_verify_and_nothing_else(
        #[case] name: &str,
        #[case] key: &str,
        #[case] fields: &[(&str, &str)],
        #[case] body: &str,
    ) {
        let scheme = named(name).unwrap();
        assert_eq!(verdict(&scheme, key, fields, body), Verdict::Verified);
        assert_ne!(verdict(&scheme, key, fields, &format!("{body} ")), Verdict::Verified);
        assert_ne!(verdict(&scheme, &format!("{key}\n"), fields, body), Verdict::Verified);
        let shouted: Vec<_> = fields.iter().map(|(name, value)| (*name, value.to_uppercase())).collect();
        let shouted: Vec<_> = shouted.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_ne!(verdict(&scheme, key, &shouted, body), Verdict::Verified);
    }

    /// Made with Python's `hmac.new(b"a-receiver-s-secret", content, "sha256")`, the content as each
    /// provider documents it, for senders that publish no vector.
    #[rstest]
    #[case("hubspot", &[("X-HubSpot-Signature-v3", "VU6i02i1OaJrf3qq1RMGb3UnzyJHpV3irtv2yQa9ec4="), ("X-HubSpot-Request-Timestamp", "1746123456789")])]
    #[case("zendesk", &[("X-Zendesk-Webhook-Signature", "yG8F+JdNpnTfh1X01f41445lY2N+7EpLtcyQYpTY1cs="), ("X-Zendesk-Webhook-Signature-Timestamp", "1746123456")])]
    #[case("square", &[("x-square-hmacsha256-signature", "x4XlaZEzoMnknjwyNoheG4cs8Or5wvOYIAOnn6AxQIo=")])]
    #[case("shopify", &[("X-Shopify-Hmac-SHA256", "KSRN1Kb5Jk4lEvm6qNYzW6SLFgI9oBASrdSVM39Wwp8=")])]
    #[case("workos", &[("WorkOS-Signature", "t=1746123456789, v1=ddb95a808deb7aa8f696ebc389bba5fdd70e9be8a2e3286bfc5224fe38c267dc")])]
    #[case("zoom", &[("x-zm-signature", "v0=ef798311d5c9a4b5058374ee67675ece1af1ee18cc8c1cf3cf4b3061ba9a3240"), ("x-zm-request-timestamp", "1746123456")])]
    fn pythons_digests_verify_and_nothing_else(#[case] name: &str, #[case] fields: &[(&str, &str)]) {
        let scheme = named(name).unwrap();
        assert_eq!(verdict(&scheme, "a-receiver-s-secret", fields, "{\"id\":7}"), Verdict::Verified);
        assert_eq!(verdict(&scheme, "a-receiver-s-secret", fields, "{\"id\":8}"), Verdict::Mismatch);
        assert_eq!(verdict(&scheme, "a-receiver-S-secret", fields, "{\"id\":7}"), Verdict::Mismatch);
    }

    /// Stripe's test helper signs without a timestamp.
    #[rstest]
    #[case("", "f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd")]
    #[case(
        "{\"obj1\":\"hello\",\"obj2\":\"world\"}",
        "bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363"
    )]
    fn a_custom_template_verifies(#[case] body: &str, #[case] digest: &str) {
        let scheme = Scheme { content: "{body}".parse().unwrap(), ..Scheme::default() };
        assert_eq!(verdict(&scheme, "test_secret", &[("X-Webhook-Signature", digest)], body), Verdict::Verified);
    }

    #[test]
    fn every_template_is_one() {
        for preset in ALL {
            assert_eq!(preset.content.parse::<SignedContent>().unwrap(), preset.scheme().content, "{}", preset.name);
        }
        assert!(named("trackpilots").unwrap() == Scheme::default() && named("other").is_none());
    }

    #[test]
    fn what_is_missing_is_told() {
        let standard = named("standard-webhooks").unwrap();
        let signature = ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(verdict(&standard, "whsec_AAAA", &[], ""), Verdict::MissingSignature);
        assert_eq!(verdict(&standard, "whsec_AAAA", &[signature], ""), Verdict::MissingTimestamp);
        let fields = [signature, ("webhook-timestamp", "1614265330")];
        assert_eq!(verdict(&standard, "whsec_AAAA", &fields, ""), Verdict::MalformedSignature);
        let twice = [signature, signature, ("webhook-timestamp", "1614265330"), ("webhook-id", "1")];
        assert_eq!(verdict(&standard, "whsec_AAAA", &twice, ""), Verdict::AmbiguousHeaders);
        let stripe = named("stripe").unwrap();
        assert_eq!(verdict(&stripe, "k", &[("Stripe-Signature", "v1=00")], ""), Verdict::MalformedSignature);
    }
}
