//! What to do about each cause, in a sentence or two.

use std::borrow::Cow;

use super::axis::Why;
use super::subcause::Subcause;
use super::{BytePlace, CauseCode, server_words};
use crate::signature::{Filter, Proof, Scheme, SignedContent};

/// Whose computation differs from the scheme's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistaken {
    /// Who signed the delivery.
    Sender,
    /// The server that computed a digest of it.
    Server,
}

/// What advice depends on besides the change.
#[derive(Debug, Clone, Copy)]
pub(super) struct AdviceContext<'s> {
    pub(super) scheme: &'s Scheme,
    /// Whether the body was sent as a form, or is at least no JSON.
    pub(super) is_form: bool,
    pub(super) mistaken: Mistaken,
}

/// The advice for one change.
pub(super) fn advice(why: &Why, context: AdviceContext<'_>) -> Cow<'static, str> {
    let AdviceContext { scheme, is_form, mistaken } = context;
    let of_server = || server_words::fix(why, scheme).filter(|_| mistaken == Mistaken::Server);
    let of_sender = || of_subcause(why, scheme).or_else(|| of_prefix(why, scheme)).or_else(|| of_secret(why, scheme));
    let own = of_server().or_else(of_sender).map(|advice| match mistaken {
        Mistaken::Sender => Cow::Owned(advice),
        Mistaken::Server => Cow::Owned(server_words::reworded(&advice)),
    });
    own.unwrap_or_else(|| match why.code {
        CauseCode::BodyFormEncoded if is_form => {
            Cow::Borrowed("Sign and verify the form's own bytes, before a parser decodes or encodes them.")
        }
        code => fix(code, scheme),
    })
}

/// The advice for what was computed exactly; `None` where that of the code says it.
fn of_subcause(why: &Why, scheme: &Scheme) -> Option<String> {
    let words = match why.subcause.as_ref()? {
        Subcause::EmptySignature => {
            "Find why the sender leaves the header empty: a secret or a variable that is not set there."
        }
        Subcause::ValueEncoding { value, wanted } => return Some(format!("Write {value} as {wanted}.")),
        Subcause::OtherSignatureValid => {
            return Some(format!(
                "Find what made the other one wrong: a secret that only one of them was made with, or something that \
                 changed the header. Keep verifying {}: do not fall back to the other signature.",
                scheme.signature_place()
            ));
        }
        Subcause::SwappedArguments => {
            "Swap the arguments of the HMAC function: the secret is the key, and the content is the message."
        }
        Subcause::NotListed => {
            "Sign that header as well: the sender must name it in its list of signed headers. Act on no body whose hash is \
             not signed."
        }
        Subcause::RefusedTimestamp => {
            "Send the timestamp in plain digits, as the sender's documentation has it, and sign exactly that text."
        }
        Subcause::SignedBase64 => {
            "Sign the bytes of the body that are sent, not their base64; or, where something on the way decoded the body, \
             verify it as it was before that."
        }
        Subcause::UnsetUrl => "Set the URL before the signature is made, and refuse to sign without it.",
        Subcause::UnsetParts => "Set every part before the signature is made, and refuse to sign without one.",
        Subcause::RepeatedPrefix => {
            let prefix = &why.at.as_ref()?.before;
            return Some(format!("Remove one `{prefix}` from the secret that is configured here."));
        }
        Subcause::CommentAfterSecret => {
            "Delete the comment from the line with the secret (docker --env-file and systemd keep it); or, where # belongs \
             to the secret, put quotation marks around it for the reader that took it for a comment."
        }
        Subcause::InnerWhitespace => "Configure the secret in one line, without the spaces or line breaks inside it.",
        Subcause::UndecodedSecret if scheme.key != SignedContent::secret() => {
            return Some(format!("Decode the secret on the signing side, as the scheme does: {}.", scheme.key));
        }
        Subcause::TextPieces => {
            "Collect the pieces as bytes, and use them together: chunks.push(chunk), then Buffer.concat(chunks)."
        }
        Subcause::BodyObject(object) => {
            return Some(format!("{}, then sign and send that same text.", object.reading()));
        }
        Subcause::NoBody
        | Subcause::UndecodedSecret
        | Subcause::ThenReserialised
        | Subcause::EncodedSecret
        | Subcause::TwiceEncodedSecret
        | Subcause::EncodedKey
        | Subcause::EscapedDollar(_) => return None,
    };
    Some(words.to_owned())
}

/// The advice for a prefix of the secret, which depends on which side has it.
fn of_prefix(why: &Why, scheme: &Scheme) -> Option<String> {
    let place = why.at.as_ref().filter(|_| why.code == CauseCode::SecretPrefix)?;
    let key = &scheme.key;
    let is_text = *key == SignedContent::secret();
    let is_stripped =
        |prefix: &str| key.filters().any(|filter| matches!(filter, Filter::Strip(own) if own.contains(prefix.trim())));
    Some(match (place.before.as_str(), place.after.as_str()) {
        ("", added) => format!("Configure the secret with its prefix `{added}`, as the signing side has it."),
        (prefix, _) if is_stripped(prefix) => {
            format!("Make the key as the scheme does ({key}): what follows `{prefix}` is not the key as it stands.")
        }
        (prefix, _) if is_text && IN_SECRETS.contains(&prefix) => format!(
            "Remove `{prefix}` from the secret that is configured here, or sign with it too, where the provider shows it \
             as a part of the secret."
        ),
        (prefix, _) => format!("Remove `{prefix}` from the secret that is configured here."),
    })
}

/// The advice for a secret that is the key itself, which depends on which side has it in another form; `None` where the
/// side does not matter, or nothing tells which it is.
fn of_secret(why: &Why, scheme: &Scheme) -> Option<String> {
    let is_text = scheme.key == SignedContent::secret();
    let coding = if why.code == CauseCode::SecretHex { "hexadecimal digits" } else { "base64" };
    Some(match (&why.subcause, why.code) {
        (Some(Subcause::EscapedDollar(escaped)), _) => format!(
            "Write $ for each {escaped} in the secret that is configured here (in an .env file, within single quotation \
             marks); or, where the provider shows {escaped}, put single quotation marks around it on the signing side."
        ),
        (Some(Subcause::EncodedSecret), _) if is_text => format!(
            "Configure the decoded secret, where what is configured is its {coding} (kubectl get secret -o yaml shows it \
             so); otherwise, use the secret's text as the key on the signing side, without decoding it."
        ),
        (Some(Subcause::TwiceEncodedSecret), _) if is_text => {
            "Configure the decoded secret, without the line end or the second base64 that was put around it.".to_owned()
        }
        (Some(Subcause::EncodedKey), _) if is_text => format!(
            "Use the secret's text as the key on the signing side, without encoding it; or configure its {coding} here, \
             where the provider shows it so."
        ),
        (None, CauseCode::SecretBase64 | CauseCode::SecretHex) if is_text => {
            "Use the secret's text as the key on the signing side, without decoding it; where the provider means the \
             decoded bytes, configure a scheme with `key = \"base64\"`, or with `key = \"{secret|unhex}\"`."
                .to_owned()
        }
        (None, code) => return of_signers_secret(code, why.at.as_ref()?),
        _ => return None,
    })
}

/// The advice for what only the signing side's secret has; `None` where it is the configured one that has it.
fn of_signers_secret(code: CauseCode, place: &BytePlace) -> Option<String> {
    if !place.before.is_empty() || place.after.is_empty() {
        return None;
    }
    let added = &place.after;
    Some(match code {
        CauseCode::SecretQuoted => format!(
            "Remove the {added} around the secret on the signing side: docker --env-file and systemd keep quotation marks, \
             dotenv readers strip them."
        ),
        CauseCode::SecretHiddenChars => format!("Enter the secret again on the signing side, without the {added}."),
        CauseCode::SecretExpanded => format!(
            "Remove the {added} from the secret on the signing side; or, where the provider shows it there, configure the \
             secret with it."
        ),
        _ => return None,
    })
}

/// What the scheme signs, in words for an advice; not every scheme has a template for it.
pub(super) fn to_be_signed(scheme: &Scheme) -> String {
    match &scheme.proof {
        Proof::MessageSignature => {
            "the signature base (RFC 9421, section 2.5): one line for each covered component, as it \
             is sent, then \"@signature-params\", joined by line feeds without one at the end"
                .to_owned()
        }
        _ if scheme.content.pieces().is_empty() => format!("what the scheme has ({})", scheme.proof),
        _ => format!("{}, in this order", scheme.content),
    }
}

/// Prefixes that providers show as a part of the secret.
const IN_SECRETS: [&str; 6] = ["whsec_", "sk_", "sk_live_", "sk_test_", "secret_", "whsk_"];

/// The advice for `code` under a scheme. `docs/signatures.md` has the code for each language.
pub(super) fn fix(code: CauseCode, scheme: &Scheme) -> Cow<'static, str> {
    let own = if scheme.is_plain() { None } else { of_scheme(code, scheme) };
    own.map_or(Cow::Borrowed(usual(code)), Cow::Owned)
}

/// What names the scheme's own headers, forms and keys; `None` where the usual advice does.
fn of_scheme(code: CauseCode, scheme: &Scheme) -> Option<String> {
    let form = scheme.form();
    let is_text = scheme.key == SignedContent::secret();
    Some(match code {
        CauseCode::SignatureHeaderMissing => match scheme.signature.header_name() {
            Some(name) => format!("Send {name} under exactly this name, and let proxies pass it."),
            None => "Send the signature where the scheme has it.".to_owned(),
        },
        CauseCode::TimestampHeaderMissing if scheme.timestamp.is_none() => {
            "Send the timestamp with exactly the text that was signed.".to_owned()
        }
        CauseCode::TimestampHeaderMissing => {
            format!(
                "Send the timestamp where the scheme has it ({}), with exactly the text that was signed.",
                scheme.timestamp_place()
            )
        }
        CauseCode::SignatureMalformed => format!(
            "Find what the sender puts there; it must be {}, as {}. `whyhook sign` prints what is expected.",
            scheme.proof,
            if form.is_empty() { scheme.encoding.words().to_owned() } else { form }
        ),
        CauseCode::SignatureTruncated => {
            "Make room for the whole signature everywhere: columns, fields, header limits.".to_owned()
        }
        CauseCode::SignatureIsSecret => {
            "Replace the secret now: it was sent in the clear. Send the signature instead.".to_owned()
        }
        CauseCode::SignatureAsymmetric => {
            format!("Check which scheme the sender uses: this one has {}.", scheme.proof)
        }
        CauseCode::SignatureEncoding => match scheme.proof {
            Proof::Jwt { .. } => "Send the token as it was made: three parts in base64url without padding.".to_owned(),
            Proof::Token => "Send the token as it is configured, in no other encoding.".to_owned(),
            Proof::PublicKey(algorithm) => match algorithm.form_words() {
                Some(form) => format!("Write the signature as {form}, in {}.", scheme.encoding.words()),
                None => format!("Write the signature as {}.", scheme.encoding.words()),
            },
            _ => format!("Write the signature as {}.", scheme.encoding.words()),
        },
        CauseCode::SignaturePrefix if form.is_empty() => "Send only the signature, with nothing around it.".to_owned(),
        CauseCode::SignaturePrefix => format!("Send the value in the form {form}."),
        CauseCode::SignatureAlgorithm => format!("Use {}.", scheme.proof),
        CauseCode::WrongSecret if !scheme.proof.is_shared() => {
            "Configure the key that belongs to the sender's environment and webhook: test and live have keys of their own."
                .to_owned()
        }
        CauseCode::SecretBase64 | CauseCode::SecretHex | CauseCode::SecretPrefix | CauseCode::SecretHashed
            if !is_text =>
        {
            format!("Make the key of the secret as the scheme does on both sides: {}.", scheme.key)
        }
        CauseCode::UrlDiffers => {
            "Give the URL exactly as it is registered with the sender: --url, or url in the configuration.".to_owned()
        }
        CauseCode::ContentTemplate if scheme.proof == Proof::MessageSignature => {
            format!("Sign {}.", to_be_signed(scheme))
        }
        CauseCode::ContentTemplate => {
            format!("Sign {}; or configure the scheme that the sender uses.", to_be_signed(scheme))
        }
        CauseCode::SignedValueDiffers if scheme.proof == Proof::MessageSignature => {
            "Make Content-Digest of the bytes that are sent, after all that changes them: sha-256=:BASE64: (RFC 9530)."
                .to_owned()
        }
        CauseCode::SignedPartMissing if scheme.proof == Proof::MessageSignature => {
            "Send every header that the signature covers, under the name by which it covers it.".to_owned()
        }
        CauseCode::TimestampUnit if scheme.timestamp_unit.is_some() => format!(
            "Sign exactly the text of the timestamp, in {}: create it once and use it in both places.",
            scheme.timestamp_unit.map_or("", |unit| unit.words())
        ),
        CauseCode::BodyReserialized | CauseCode::BodyKeysSorted if scheme.content.reads_form() => {
            format!("Sign every field of the form as it was sent: {}.", scheme.content)
        }
        CauseCode::NotHmac if !matches!(scheme.proof, Proof::Hmac(_)) => {
            format!("Use {} over exactly {}.", scheme.proof, scheme.content)
        }
        _ => return None,
    })
}

fn usual(code: CauseCode) -> &'static str {
    match code {
        CauseCode::SignatureHeaderMissing => {
            "Send X-Webhook-Signature under exactly this name, and let proxies pass it (nginx: underscores_in_headers, or use hyphens)."
        }
        CauseCode::TimestampHeaderMissing => "Send X-Webhook-Timestamp with exactly the text that was signed.",
        CauseCode::HeaderDuplicated => "Add the header once: look for a middleware or proxy that adds it again.",
        CauseCode::SignatureMisplaced => {
            "Configure the header that has it (signature_header); while a secret is changed, configure both secrets."
        }
        CauseCode::SecretSent => {
            "Replace the secret now: it was sent in the clear, and logs may have kept it. Send only the signature."
        }
        CauseCode::SignatureMalformed => {
            "Find what the sender puts there; it must be the HMAC-SHA256 as 64 hexadecimal digits. `whyhook sign` prints what is expected."
        }
        CauseCode::SignatureTruncated => "Make room for all 64 digits everywhere: columns, fields, header limits.",
        CauseCode::SignatureIsSecret => {
            "Replace the secret now: it was sent in the clear. Send the HMAC of timestamp.body instead."
        }
        CauseCode::SignatureAsymmetric => {
            "Verify with the sender's public key, or choose HMAC-SHA256 with a shared secret on its side."
        }
        CauseCode::SignatureEncoding => {
            "Send the digest as 64 lower-case hexadecimal digits: digest('hex'), hexdigest(), bin2hex()."
        }
        CauseCode::SignaturePrefix => {
            "Send only the 64 hexadecimal digits, or choose the preset of the provider that writes this prefix."
        }
        CauseCode::SignatureAlgorithm => "Use HMAC-SHA256.",
        CauseCode::PublicKeyUnusable => {
            "Give the sender's public key as it shows it: PEM, a certificate, a JWK or JWKS, or base64."
        }
        CauseCode::PrivateKeyGiven => {
            "Give the public key here, and remove the private key from this machine; replace it if it was shared."
        }
        CauseCode::SignedValueDiffers => {
            "Compare the value with the request and the configuration; make a new token for each request."
        }
        CauseCode::NotHmac => {
            "Use the language's HMAC function with the secret as the key instead of hashing a concatenated string."
        }
        CauseCode::Stale => {
            "Find what delayed it; a replayed delivery is always stale. Raise the tolerance only if the delay is intended."
        }
        CauseCode::ClockSkew => "Synchronise the clocks of both machines with NTP.",
        CauseCode::TimestampUnit => "Sign exactly the text of the header: create it once and use it in both places.",
        CauseCode::TimestampDiffers => "Read the clock once, and use that value for the signature and the header.",
        CauseCode::TimestampLiteral => "Create the timestamp before the signature, and fail when it is not set.",
        CauseCode::WrongSecret => {
            "Use this webhook's own secret on the signing side, or configure the other one for this webhook."
        }
        CauseCode::SecretWhitespace => {
            "Trim the secret on both sides, or save its file without a final newline (printf instead of echo)."
        }
        CauseCode::SecretQuoted => {
            "Remove the quotation marks from the value: docker --env-file and systemd keep them, dotenv readers strip them."
        }
        CauseCode::SecretEscaped => "Write the secret without escapes, or with the same quotation rules on both sides.",
        CauseCode::SecretPrefix => {
            "Use the secret exactly as the provider shows it, including its prefix, on both sides."
        }
        CauseCode::SecretBase64 => "Use the secret's text as the key; do not decode or encode it.",
        CauseCode::SecretHex => "Use the secret's text as the key; do not decode or encode it.",
        CauseCode::SecretHashed => "Use the secret's text as the key; do not hash it: HMAC takes a key of any length.",
        CauseCode::SecretExpanded => {
            "Put single quotation marks around the secret in the signing side's .env file, so that # and $ stay as they are."
        }
        CauseCode::SecretUnset => {
            "Set the secret where the signature is made, and refuse to start without it: without a secret, anyone can sign."
        }
        CauseCode::SecretHiddenChars => "Enter the secret again, or copy it as plain text, with its letter case.",
        CauseCode::SecretMiscopied => {
            "Configure exactly the secret that the sender shows, to its last character, with nothing around it."
        }
        CauseCode::BodyReserialized => "Sign and verify the raw bytes of the body; parse them only afterwards.",
        CauseCode::BodyKeysSorted => "Sign and verify the raw bytes of the body; do not sort or rebuild the object.",
        CauseCode::BodyDoubleEncoded => "Serialise the body once, and send that text as is.",
        CauseCode::BodyStringifiedObject => "Serialise the object first, then sign and send that same text.",
        CauseCode::BodyEmpty => "Read the body into bytes before signing or verifying: a stream can be read only once.",
        CauseCode::BodyNewline => {
            "Sign and send the same bytes: curl --data-binary instead of -d, printf instead of echo."
        }
        CauseCode::BodyLineEndings => "Read files in binary mode, and keep Git from converting payloads (* -text).",
        CauseCode::BodyCharset => "Encode the text as UTF-8 once, and sign and send those bytes.",
        CauseCode::BodyBom => "Write UTF-8 without a byte order mark.",
        CauseCode::BodyUnicodeNormalized => "Do not normalise text between signing and sending.",
        CauseCode::BodyCompressed => "Sign the bytes that are sent: after compression, or without compression.",
        CauseCode::BodyBase64 => {
            "Decode the base64 first (API Gateway: isBase64Encoded), then verify those bytes; or let the sender send them."
        }
        CauseCode::BodyFormEncoded => {
            "Verify the bytes as they were sent, before a form's parser takes the JSON out of them; or let the sender send \
             the JSON itself, with Content-Type application/json."
        }
        CauseCode::BodyEscaped => "Escape text where it is shown, not the body: sign and verify its bytes as sent.",
        CauseCode::BodyFramed => "Read the body with the HTTP library, to its length, and verify exactly those bytes.",
        CauseCode::BodyPartSigned => "Sign the whole body as sent, not one of its fields.",
        CauseCode::BodyNullsDropped => "Serialise once, and sign and send that text.",
        CauseCode::BodyTruncated => {
            "Check Content-Length (bytes, not characters) and the limits of proxies on the way."
        }
        CauseCode::ContentTemplate => {
            "Sign the timestamp, a dot and the raw body, in this order; or configure the provider's preset here."
        }
        CauseCode::SignedPartMissing => {
            "Send everything that the scheme signs, under exactly these names, and let proxies pass it."
        }
        CauseCode::OtherScheme => {
            "Configure that scheme for this webhook (--scheme, or scheme in its table), or point the sender elsewhere."
        }
        CauseCode::UrlDiffers => "Give the URL exactly as it is registered with the sender.",
        CauseCode::Unexplained => {
            "Compare the length and a hash of the secrets on both sides; then log the exact bytes that the signing side hashes."
        }
    }
}
