//! What to do about each cause, in a sentence or two.

use super::Code;

/// The advice for `code`. `docs/signatures.md` has the code for each language.
pub(super) fn fix(code: Code) -> &'static str {
    match code {
        Code::SignatureHeaderMissing => {
            "Send X-Webhook-Signature under exactly this name, and let proxies pass it (nginx: underscores_in_headers, or use hyphens)."
        }
        Code::TimestampHeaderMissing => "Send X-Webhook-Timestamp with exactly the text that was signed.",
        Code::HeaderDuplicated => "Add the header once: look for a middleware or proxy that adds it again.",
        Code::SignatureTruncated => "Make room for all 64 digits everywhere: columns, fields, header limits.",
        Code::SignatureIsSecret => {
            "Replace the secret now: it was sent in the clear. Send the HMAC of timestamp.body instead."
        }
        Code::SignatureAsymmetric => {
            "Verify with the sender's public key, or choose HMAC-SHA256 with a shared secret on its side."
        }
        Code::SignatureEncoding => {
            "Send the digest as 64 lower-case hexadecimal digits: digest('hex'), hexdigest(), bin2hex()."
        }
        Code::SignaturePrefix => {
            "Send only the 64 hexadecimal digits, or choose the preset of the provider that writes this prefix."
        }
        Code::SignatureAlgorithm => "Use HMAC-SHA256.",
        Code::NotHmac => {
            "Use the language's HMAC function with the secret as the key instead of hashing a concatenated string."
        }
        Code::Stale => {
            "Find what delayed it; a replayed delivery is always stale. Raise the tolerance only if the delay is intended."
        }
        Code::ClockSkew => "Synchronise the clocks of both machines with NTP.",
        Code::TimestampUnit => "Sign exactly the text of the header: create it once and use it in both places.",
        Code::TimestampDiffers => "Read the clock once, and use that value for the signature and the header.",
        Code::TimestampLiteral => "Create the timestamp before the signature, and fail when it is not set.",
        Code::WrongSecret => {
            "Use this webhook's own secret on the signing side, or configure the other one for this webhook."
        }
        Code::SecretWhitespace => {
            "Trim the secret on both sides, or save its file without a final newline (printf instead of echo)."
        }
        Code::SecretQuoted => {
            "Remove the quotation marks from the value: docker --env-file and systemd keep them, dotenv readers strip them."
        }
        Code::SecretEscaped => "Write the secret without escapes, or with the same quotation rules on both sides.",
        Code::SecretPrefix => "Use the secret exactly as the provider shows it, including its prefix, on both sides.",
        Code::SecretBase64 => "Use the secret's text as the key; do not decode or encode it.",
        Code::SecretHex => "Use the secret's text as the key; do not decode or encode it.",
        Code::SecretExpanded => {
            "Put single quotation marks around the secret in the .env file, so that # and $ stay as they are."
        }
        Code::SecretUnset => {
            "Set the secret where the signature is made, and refuse to start without it: without a secret, anyone can sign."
        }
        Code::SecretHiddenChars => "Enter the secret again, or copy it as plain text, with its letter case.",
        Code::BodyReserialized => "Sign and verify the raw bytes of the body; parse them only afterwards.",
        Code::BodyKeysSorted => "Sign and verify the raw bytes of the body; do not sort or rebuild the object.",
        Code::BodyDoubleEncoded => "Serialise the body once, and send that text as is.",
        Code::BodyStringifiedObject => "Serialise the object first, then sign and send that same text.",
        Code::BodyEmpty => "Read the body into bytes before signing or verifying: a stream can be read only once.",
        Code::BodyNewline => "Sign and send the same bytes: curl --data-binary instead of -d, printf instead of echo.",
        Code::BodyLineEndings => "Read files in binary mode, and keep Git from converting payloads (* -text).",
        Code::BodyCharset => "Encode the text as UTF-8 once, and sign and send those bytes.",
        Code::BodyBom => "Write UTF-8 without a byte order mark.",
        Code::BodyUnicodeNormalized => "Do not normalise text between signing and sending.",
        Code::BodyCompressed => "Sign the bytes that are sent: after compression, or without compression.",
        Code::BodyBase64 => "Decode the base64 first (API Gateway: isBase64Encoded), then verify those bytes.",
        Code::BodyFormEncoded => "Send the JSON itself as the body with Content-Type application/json.",
        Code::BodyPartSigned => "Sign the whole body as sent, not one of its fields.",
        Code::BodyNullsDropped => "Serialise once, and sign and send that text.",
        Code::BodyTruncated => "Check Content-Length (bytes, not characters) and the limits of proxies on the way.",
        Code::ContentTemplate => {
            "Sign the timestamp, a dot and the raw body, in this order; or configure the provider's preset here."
        }
        Code::Unexplained => {
            "Compare the length and a hash of the secrets on both sides; then log the exact bytes that the signing side hashes."
        }
    }
}
