//! Whatever a scheme is: what it signs has no cause, and one injected change is the first cause alone.

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::*;
use super::public_keys::{private, public};
use crate::delivery::Verdict;
use crate::signature::{
    Algorithm, Encoding, Proof, SchemeDescription, SecretOrigin, SignatureValue, SignedContent, TemplatePiece,
    sign_request,
};

const STAMP: i64 = 1_746_123_456;
const BODY: &[u8] = b"{ \"a\": \"x\", \"amount\": 10.50, \"list\": [ 1, true, null ] }";
const COMPACT: &[u8] = b"{\"a\":\"x\",\"amount\":10.5,\"list\":[1,true,null]}";
/// Base64, so that every form of a key can be made of it.
const SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
const OTHER: &str = "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg==";

/// One mistake of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InjectedChange {
    Encoding,
    Algorithm,
    FormDropped,
    PrefixAdded,
    OtherSecret,
    SecretNewline,
    SecretQuoted,
    KeyForm,
    Unit,
    BodySerialised,
    BodyNewline,
    OtherUrl,
}

impl InjectedChange {
    const ALL: [Self; 12] = [
        Self::Encoding,
        Self::Algorithm,
        Self::FormDropped,
        Self::PrefixAdded,
        Self::OtherSecret,
        Self::SecretNewline,
        Self::SecretQuoted,
        Self::KeyForm,
        Self::Unit,
        Self::BodySerialised,
        Self::BodyNewline,
        Self::OtherUrl,
    ];

    fn codes(self) -> &'static [&'static str] {
        match self {
            Self::Encoding => &["signature_encoding"],
            Self::Algorithm => &["signature_algorithm"],
            Self::FormDropped | Self::PrefixAdded => &["signature_prefix"],
            Self::OtherSecret => &["wrong_secret"],
            Self::SecretNewline => &["secret_whitespace"],
            Self::SecretQuoted => &["secret_quoted"],
            Self::KeyForm => &["secret_base64", "secret_hashed"],
            Self::Unit => &["timestamp_unit"],
            Self::BodySerialised => &["body_reserialized"],
            Self::BodyNewline => &["body_newline"],
            Self::OtherUrl => &["url_differs"],
        }
    }
}

/// How a request is signed: by which scheme, with which secret, timestamp and body.
struct Signer {
    scheme: Scheme,
    secret: String,
    stamp: i64,
    body: Vec<u8>,
}

/// The signer that makes this mistake; `None` where it is none under the scheme.
fn signer(scheme: &Scheme, change: InjectedChange) -> Option<Signer> {
    let is_public = matches!(scheme.proof, Proof::PublicKey(_));
    let own = if is_public { private("Ed25519") } else { SECRET.to_owned() };
    let mut signer = Signer { scheme: scheme.clone(), secret: own, stamp: STAMP, body: BODY.to_vec() };
    let is_beside = scheme.timestamp.is_some() && scheme.timestamp_header().is_empty();
    match change {
        InjectedChange::Encoding => {
            let is_hex = matches!(scheme.encoding, Encoding::Hex | Encoding::HexUpper | Encoding::HexAny);
            signer.scheme.encoding = if is_hex { Encoding::Base64 } else { Encoding::Hex };
        }
        InjectedChange::Algorithm => {
            let other = |own| if own == Algorithm::Sha512 { Algorithm::Sha1 } else { Algorithm::Sha512 };
            signer.scheme.proof = match scheme.proof {
                Proof::Hmac(own) => Proof::Hmac(other(own)),
                _ => return None,
            };
        }
        InjectedChange::FormDropped if scheme.form().is_empty() || is_beside => return None,
        InjectedChange::FormDropped => signer.scheme.signature = SignatureValue::header("X-Sig"),
        InjectedChange::PrefixAdded if !scheme.signature.is_bare() => return None,
        InjectedChange::PrefixAdded => signer.scheme.signature.prefix = "v1=".to_owned(),
        _ if is_public
            && !matches!(change, InjectedChange::Unit | InjectedChange::OtherUrl)
            && !matches!(change, InjectedChange::BodySerialised | InjectedChange::BodyNewline) =>
        {
            return None;
        }
        InjectedChange::OtherSecret => signer.secret = OTHER.to_owned(),
        InjectedChange::SecretNewline => signer.secret.push('\n'),
        InjectedChange::SecretQuoted => signer.secret = format!("\"{SECRET}\""),
        InjectedChange::KeyForm => {
            let is_text = scheme.key == SignedContent::secret();
            let other = if is_text { "{secret|unbase64}" } else { "{secret}" };
            signer.scheme.key = SignedContent::read(other).ok()?;
            // A plain hash has the secret's text within.
            matches!(scheme.proof, Proof::Hmac(_)).then_some(())?;
        }
        InjectedChange::Unit => {
            let is_header = !scheme.timestamp_header().is_empty() && scheme.content.covers(&TemplatePiece::Timestamp);
            is_header.then_some(())?;
            signer.stamp *= 1000;
        }
        InjectedChange::BodySerialised => signer.body = COMPACT.to_vec(),
        InjectedChange::BodyNewline => signer.body.push(b'\n'),
        InjectedChange::OtherUrl => {
            scheme.content.covers(&TemplatePiece::Url).then_some(())?;
            signer.scheme.url = Some("http://me.example/in".to_owned());
        }
    }
    Some(signer)
}

/// Where, how written, what and with what: every combination is a valid scheme.
fn any_scheme() -> impl Strategy<Value = Scheme> {
    let algorithm =
        prop::sample::select(vec!["hmac-sha256", "hmac-sha1", "hmac-sha512", "hmac-sha384", "hash-sha256", "ed25519"]);
    let encoding = prop::sample::select(vec!["hex", "hex-upper", "hex-any", "base64", "base64url", "base64url-nopad"]);
    let form = prop::sample::select(vec![
        "",
        "prefix = \"sha256=\"",
        "prefix = \"Signature \"\nany_case = true",
        "split = \",\"\npair = \"=\"\ntake = \"v1\"",
        "split = \" \"\npair = \",\"\ntake = [\"v1\", \"v2\"]",
        "split = \";\"\npair = \"=\"\ntake = \"sig\"\nunquote = true\ntrim = true",
        "split = \",\"\npair = \"=\"\ntake = \"v1\"\ntimestamp = \"pair:t\"",
        "split = \",\"\ndrop = 1\ntimestamp = \"item:0\"",
    ]);
    let piece = prop::sample::select(vec![
        "{timestamp}",
        ".",
        ":",
        "v0",
        "{method}",
        "{url}",
        "{path}",
        "{header:X-One}",
        "{json:/a|or:-}",
        "\\n",
    ]);
    let content = (prop::collection::vec(piece.clone(), 0..4), prop::collection::vec(piece, 0..3))
        .prop_map(|(before, after)| format!("{}{{body}}{}", before.concat(), after.concat()));
    let key = prop::sample::select(vec!["text", "base64", "{secret|sha256}", "{secret}{secret|md5|hex}"]);
    let unit = prop::sample::select(vec!["", "timestamp_unit = \"s\""]);
    (algorithm, encoding, form, content, key, unit).prop_map(|(algorithm, encoding, form, content, key, unit)| {
        let secret = if algorithm.starts_with("hash") { "{secret}" } else { "" };
        let toml = format!(
            "signature = \"header:X-Sig\"\nalgorithm = \"{algorithm}\"\nencoding = \"{encoding}\"\n{form}\n{unit}\n\
             content = \"{secret}{content}\"\nkey = \"{key}\"\nurl = \"https://me.example/in\""
        );
        let description: SchemeDescription = toml::from_str(&toml).unwrap_or_else(|error| panic!("{toml}: {error}"));
        description.scheme().unwrap_or_else(|error| panic!("{toml}: {error}"))
    })
}

fn head(scheme: &Scheme, value: &str, stamp: i64) -> Head {
    let mut text = format!("POST /in HTTP/1.1\r\nHost: me.example\r\nX-One: one\r\nX-Sig: {value}\r\n");
    if !scheme.timestamp_header().is_empty() {
        text.push_str(&format!("{}: {stamp}\r\n", scheme.timestamp_header()));
    }
    Head::from(text + "\r\n")
}

fn secret(text: &str) -> Secret {
    Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed)
}

/// The value that a signer sends.
fn value(signer: &Signer) -> Option<String> {
    let Signer { scheme, secret: text, stamp, body } = signer;
    sign_request(scheme, &secret(text), &head(scheme, "", *stamp), &stamp.to_string(), body).ok()
}

fn diagnosis(scheme: &Scheme, value: &str) -> Diagnosis {
    let given = if matches!(scheme.proof, Proof::PublicKey(_)) { public("Ed25519") } else { SECRET.to_owned() };
    let request = Request {
        head: &head(scheme, value, STAMP),
        body: BODY,
        received_at: Timestamp::from_second(STAMP + 4).unwrap(),
        intake: &Intake::Complete,
        scheme,
        secrets: &[&secret(&given)],
        others: &[&secret(OTHER)],
        history: &History::default(),
    };
    diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() })
}

proptest! {
    // Each case is a diagnosis: a second for all of them, unoptimised.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn one_injected_change_is_the_first_cause(
        scheme in any_scheme(),
        change in prop::sample::select(InjectedChange::ALL.to_vec()),
    ) {
        let own = Signer { scheme: scheme.clone(), stamp: STAMP, body: BODY.to_vec(), secret: match scheme.proof {
            Proof::PublicKey(_) => private("Ed25519"),
            _ => SECRET.to_owned(),
        } };
        let right = value(&own).expect("a scheme signs what it is made for");
        let verified = diagnosis(&scheme, &right);
        prop_assert_eq!(verified.verdict, Verdict::Verified, "{:?}", scheme);
        prop_assert!(verified.causes.is_empty(), "{:?}", verified);
        let Some(sent) = signer(&scheme, change).and_then(|signer| value(&signer)) else { return Ok(()) };
        if sent == right {
            return Ok(());
        }
        let found = diagnosis(&scheme, &sent);
        prop_assert_ne!(found.verdict, Verdict::Verified);
        let codes: Vec<&str> =
            found.causes.first().into_iter().flat_map(|cause| &cause.changes).map(|change| change.code.code()).collect();
        prop_assert!(
            codes.len() == 1 && change.codes().contains(&codes[0]),
            "{:?} under {:#?} was told as {:?}: {:?}", change, scheme, codes, found.causes.first().map(|cause| &cause.summary)
        );
    }
}
