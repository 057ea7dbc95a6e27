//! The causes, by their stable codes.

/// How much a cause is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CauseKind {
    /// A digest matched: under a secret that nobody can guess, this proves what was signed.
    Proof,
    /// A digest matched, and the match itself is a security hole.
    Alarm,
    /// Seen in the request; nothing matched.
    Evidence,
}

impl CauseKind {
    /// The stable identifier of JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Alarm => "alarm",
            Self::Evidence => "evidence",
        }
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $title:literal $why:literal;)*) => {
        /// One cause. The codes are public identifiers and never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum CauseCode {
            $(#[doc = $title] $variant,)*
        }

        impl CauseCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable identifier: `body_reserialized`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The cause in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Why it happens, in a sentence or two.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $why,)* }
            }
        }
    };
}

codes! {
    SignatureHeaderMissing "signature_header_missing" "Missing signature header"
        "The sender does not sign, uses another header name, or a proxy dropped or renamed the header (nginx drops names with an underscore).";
    TimestampHeaderMissing "timestamp_header_missing" "Missing timestamp header"
        "The sender does not send it, uses another header name, or a proxy dropped it.";
    HeaderDuplicated "header_duplicated" "The header was sent more than once"
        "Two parts of the sender both added it, or a proxy joined two values with a comma. Receivers may read either.";
    SignatureMisplaced "signature_misplaced" "The signature is in another header"
        "Senders sign twice while a secret is changed, in a second header; or a relay added a signature of its own under the usual name.";
    SecretSent "secret_sent" "The request contains the secret itself"
        "The secret was put into a header, a parameter or the body, beside the signature: anyone who saw this request can sign anything.";
    SignatureMalformed "signature_malformed" "The header's value is no signature"
        "A placeholder, a variable that was not set, an id, or a digest of another length was sent where the signature goes.";
    SignatureTruncated "signature_truncated" "The signature is truncated"
        "A database column, a log line or a header limit was shorter than the signature.";
    SignatureIsSecret "signature_is_secret" "The header contains the secret itself"
        "The secret was sent instead of a signature: anyone who saw this request can sign anything.";
    SignatureAsymmetric "signature_asymmetric" "The signature looks asymmetric"
        "Its length or tag is that of Ed25519 or RSA, which needs the sender's public key, not a shared secret.";
    SignatureEncoding "signature_encoding" "The signature is valid, but in another encoding"
        "The digest was written in another way than the scheme says: base64 for hexadecimal digits, upper case, or with extra characters.";
    SignaturePrefix "signature_prefix" "The signature is valid, but has a prefix"
        "Some senders write sha256=, v1= or t=…,v1=… before the digest, others only the digest: the scheme says which (Trackpilots: only the digits).";
    SignatureAlgorithm "signature_algorithm" "Another algorithm was used"
        "The same content and key, with a hash function other than the scheme's.";
    PublicKeyUnusable "public_key_unusable" "The configured public key cannot be used"
        "It is not a public key in a known form, or one of another kind than the scheme's algorithm takes.";
    PrivateKeyGiven "private_key_given" "The configured key is the sender's private key"
        "A receiver needs only the public key: whoever has the private one can sign as the sender.";
    SignedValueDiffers "signed_value_differs" "The signature is valid, but what it signs does not fit the request"
        "A signed value, such as a claim with the body's hash, an issuer or an audience, is not what the request or the configuration has.";
    NotHmac "not_hmac" "A plain hash was used instead of HMAC"
        "Hashing the key and the message together is not HMAC: a SHA-2 hash is open to length extension.";
    Stale "stale" "The signature is valid, but the timestamp is too old"
        "The delivery was delayed, queued or replayed for longer than the tolerance.";
    ClockSkew "clock_skew" "The signature is valid, but the timestamp is in the future"
        "The sender's clock or this machine's is wrong.";
    TimestampUnit "timestamp_unit" "The timestamp was signed in another unit or format"
        "Seconds were signed and milliseconds sent, or the reverse, or one of them as a date.";
    TimestampDiffers "timestamp_differs" "Another timestamp was signed"
        "The sender reads its clock twice: once for the signature, once for the header.";
    TimestampLiteral "timestamp_literal" "An unset value was signed as the timestamp"
        "The variable for the timestamp was not set where the signature was made.";
    WrongSecret "wrong_secret" "It was signed with another configured secret"
        "Each webhook has its own secret; this one belongs to another.";
    SecretWhitespace "secret_whitespace" "White space around the secret"
        "A file's final newline, a space or a tab became part of the key on one side.";
    SecretQuoted "secret_quoted" "Quotation marks around the secret"
        "One side took the quotation marks of an .env file or a shell as part of the key.";
    SecretEscaped "secret_escaped" "Escape sequences in the secret"
        "A literal backslash-n stands for a newline on one side and for itself on the other.";
    SecretPrefix "secret_prefix" "A prefix of the secret"
        "One side keeps a prefix such as whsec_ or Bearer, the other strips it.";
    SecretBase64 "secret_base64" "The secret was decoded from, or encoded to, base64"
        "One side uses the secret's text as the key, the other the bytes that it encodes.";
    SecretHex "secret_hex" "The secret was decoded from, or encoded to, hexadecimal digits"
        "One side uses the secret's text as the key, the other the bytes that it encodes.";
    SecretHashed "secret_hashed" "The secret was hashed to make the key"
        "One side hashes the secret first, to have a key of a fixed length; the other uses its text.";
    SecretExpanded "secret_expanded" "A dotenv reader or shell changed the secret"
        "Text after # was read as a comment, or $NAME was expanded.";
    SecretUnset "secret_unset" "The signing side has no secret"
        "The variable is not set there, so an empty or literal value is the key: anyone can sign with it.";
    SecretHiddenChars "secret_hidden_chars" "Invisible characters or letter case in the secret"
        "Copying added a byte order mark, a no-break space or a zero-width space, or changed the letter case.";
    SecretMiscopied "secret_miscopied" "The secret was not copied exactly"
        "More than the secret was configured (a comma, the variable's name, brackets), or less (the padding of its base64).";
    BodyReserialized "body_reserialized" "The body was re-serialised"
        "A serialiser chooses spaces, escapes and number formats: the bytes differ although the data is the same.";
    BodyKeysSorted "body_keys_sorted" "The body's keys were in another order"
        "One side sorts keys, or JavaScript moved integer-like keys to the front.";
    BodyDoubleEncoded "body_double_encoded" "JSON inside a JSON string"
        "One side serialised the body twice.";
    BodyStringifiedObject "body_stringified_object" "A printed object in the place of the body"
        "An object was converted to text without serialising it.";
    BodyEmpty "body_empty" "An empty body was signed"
        "The body had been consumed before it was signed: the signature covers nothing.";
    BodyNewline "body_newline" "An extra or missing newline"
        "An editor, a file or a shell added or removed line endings around or inside the body.";
    BodyLineEndings "body_line_endings" "Different line endings"
        "Git, an editor or a text-mode file turned LF into CR LF or back.";
    BodyCharset "body_charset" "A different character set"
        "The bytes were read or written in a character set other than UTF-8.";
    BodyBom "body_bom" "An extra or missing byte order mark"
        "Windows tools write one before UTF-8, and many readers remove it.";
    BodyUnicodeNormalized "body_unicode_normalized" "A different Unicode normalisation form"
        "The same characters, composed on one side and decomposed on the other.";
    BodyCompressed "body_compressed" "Signed before or after compression"
        "The signature covers the body without its Content-Encoding, or a proxy changed the encoding.";
    BodyBase64 "body_base64" "The body is, or was, base64-encoded"
        "A gateway (such as AWS API Gateway) passes binary bodies on as base64.";
    BodyFormEncoded "body_form_encoded" "The body is, or was, a form field"
        "JSON was put into a form field, or a form parser read it.";
    BodyEscaped "body_escaped" "Escaped characters in the body"
        "A template, a sanitiser or a shell put entities or backslashes in the place of quotation marks, or took them away.";
    BodyFramed "body_framed" "Something around the body was read as part of it"
        "Chunk sizes of the connection, the zeros of a buffer, or the text of a variable that was not set, became part of the body on one side.";
    BodyPartSigned "body_part_signed" "Only part of the body was signed"
        "The signature covers one field, such as data, instead of the whole body.";
    BodyNullsDropped "body_nulls_dropped" "Null fields were left out"
        "One side's serialiser leaves out null values.";
    BodyTruncated "body_truncated" "The body was truncated"
        "Fewer bytes arrived than were declared, or the JSON ends early.";
    SignedPartMissing "signed_part_missing" "Something that the scheme signs is missing"
        "The sender does not send it, uses another name for it, or a proxy dropped it: without it, nothing can be compared.";
    OtherScheme "other_scheme" "It was signed under another scheme"
        "The webhook is configured for one sender, and the delivery is another's: it verifies as that one signs.";
    UrlDiffers "url_differs" "Another URL was signed"
        "The sender signs the URL that is registered with it; a tunnel, proxy or router shows another scheme, host, port, path or query.";
    ContentTemplate "content_template" "The signed content was joined differently"
        "Other providers sign the body alone, or join timestamp and body with something other than a dot.";
    Unexplained "unexplained" "No known mistake explains it"
        "Either the secret is not configured here, or the bytes were changed in a way that cannot be undone. One request cannot tell which.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_json_says() {
        for &code in CauseCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.code());
        }
        assert_eq!(CauseCode::ALL.len(), 56);
    }
}
