//! The causes, by their stable codes.

/// How much a cause is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A digest matched: under a secret that nobody can guess, this proves what was signed.
    Proof,
    /// A digest matched, and the match itself is a security hole.
    Alarm,
    /// Seen in the request; nothing matched.
    Evidence,
}

impl Kind {
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
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
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
    SignatureHeaderMissing "signature_header_missing" "The signature header is missing"
        "The sender does not sign, uses another header's name, or a proxy dropped or renamed it (nginx drops names with an underscore).";
    TimestampHeaderMissing "timestamp_header_missing" "The timestamp header is missing"
        "The sender does not send it, uses another name, or a proxy dropped it.";
    HeaderDuplicated "header_duplicated" "The header came more than once"
        "Two parts of the sending side both added it, or a proxy joined two with a comma. Receivers may choose either.";
    SignatureTruncated "signature_truncated" "The signature is cut short"
        "A database column, a log line or a header limit was shorter than the signature.";
    SignatureIsSecret "signature_is_secret" "The header carries the secret itself"
        "The secret was sent in place of a signature: whoever saw this request can sign anything.";
    SignatureAsymmetric "signature_asymmetric" "The signature looks asymmetric"
        "Its length or tag is that of Ed25519 or RSA, which needs the sender's public key, not a shared secret.";
    SignatureEncoding "signature_encoding" "The signature is right, but written in another encoding"
        "The digest was written as base64, in capital letters or with extra characters instead of lower-case hexadecimal digits.";
    SignaturePrefix "signature_prefix" "The signature is right, but carries a prefix"
        "Other providers write sha256=, v1= or t=…,v1=… before the digest; Trackpilots writes the digits alone.";
    SignatureAlgorithm "signature_algorithm" "Another algorithm was used"
        "The same content and key, under another hash function than SHA-256.";
    NotHmac "not_hmac" "A plain hash was used instead of HMAC"
        "Hashing key and message together is not HMAC; with SHA-2 it can be extended by anyone.";
    Stale "stale" "The signature is right, but the delivery is too old"
        "It was held up, queued or replayed after the tolerance had passed.";
    ClockSkew "clock_skew" "The signature is right, but from the future"
        "The sender's clock or this machine's is wrong.";
    TimestampUnit "timestamp_unit" "The timestamp was signed in another unit or form"
        "Seconds were signed and milliseconds sent, or the reverse, or one of them as a date.";
    TimestampDiffers "timestamp_differs" "Another clock reading was signed"
        "The sender reads its clock twice: once for the signature, once for the header.";
    TimestampLiteral "timestamp_literal" "A missing value was signed as the timestamp"
        "The variable for the timestamp was not set where the signature was made.";
    WrongSecret "wrong_secret" "It was signed with another configured secret"
        "Each webhook has its own secret; this one belongs to another.";
    SecretWhitespace "secret_whitespace" "White space around the secret"
        "A file's final newline, a space or a tab became part of the key on one side.";
    SecretQuoted "secret_quoted" "Quotation marks around the secret"
        "One side took the quotation marks of an .env file or a shell as part of the key.";
    SecretEscaped "secret_escaped" "Escapes within the secret"
        "A literal backslash-n stands for a newline on one side and for itself on the other.";
    SecretPrefix "secret_prefix" "The secret's prefix"
        "One side keeps a prefix such as whsec_ or Bearer, the other strips it.";
    SecretBase64 "secret_base64" "The secret was decoded from, or encoded to, base64"
        "One side uses the secret's text as the key, the other the bytes that it encodes.";
    SecretHex "secret_hex" "The secret was decoded from, or encoded to, hexadecimal digits"
        "One side uses the secret's text as the key, the other the bytes that it encodes.";
    SecretExpanded "secret_expanded" "A dotenv reader or shell changed the secret"
        "What follows # was taken for a comment, or $NAME was expanded.";
    SecretUnset "secret_unset" "The signing side has no secret"
        "The variable is not set there, so that an empty or literal value signs: anyone can do that.";
    SecretHiddenChars "secret_hidden_chars" "Invisible characters or letter case in the secret"
        "Copying brought a byte order mark, a no-break or zero-width space along, or changed the letter case.";
    BodyReserialized "body_reserialized" "The body was parsed and written again"
        "A serialiser decides on spaces, escapes and number forms, so that the bytes differ while the data are the same.";
    BodyKeysSorted "body_keys_sorted" "The body's keys are in another order"
        "One side sorts keys, or JavaScript moved integer-like keys to the front.";
    BodyDoubleEncoded "body_double_encoded" "JSON within a JSON string"
        "The body was serialised once too often on one side.";
    BodyStringifiedObject "body_stringified_object" "A printed object was signed"
        "An object was joined to a string without serialising it.";
    BodyEmpty "body_empty" "An empty body was signed"
        "The body had been consumed before it was signed: the signature covers nothing.";
    BodyNewline "body_newline" "A newline more or less"
        "An editor, a file or a shell added or removed line endings around or within the body.";
    BodyLineEndings "body_line_endings" "Other line endings"
        "Git, an editor or a text-mode file turned LF into CR LF or back.";
    BodyCharset "body_charset" "Another character set"
        "The bytes were read or written in another character set than UTF-8.";
    BodyBom "body_bom" "A byte order mark more or less"
        "Windows tools write one before UTF-8, and many readers remove it.";
    BodyUnicodeNormalized "body_unicode_normalized" "Another Unicode normal form"
        "The same characters, composed on one side and taken apart on the other.";
    BodyCompressed "body_compressed" "Signed before compression, or after"
        "The signature covers the body without its Content-Encoding, or a proxy changed the encoding.";
    BodyBase64 "body_base64" "The body is wrapped in base64, or was"
        "A gateway (such as AWS API Gateway) hands binary bodies on as base64.";
    BodyFormEncoded "body_form_encoded" "The body is wrapped in a form, or was"
        "JSON was put into a form's field, or a form parser read it.";
    BodyPartSigned "body_part_signed" "Only a part of the body was signed"
        "The signature was made over one member, such as data, instead of the whole body.";
    BodyNullsDropped "body_nulls_dropped" "Members that are null were left out"
        "One side's serialiser leaves out what is null.";
    BodyTruncated "body_truncated" "The body was cut short"
        "Fewer bytes arrived than were declared, or the JSON breaks off.";
    ContentTemplate "content_template" "The parts were joined in another way"
        "Other providers sign the body alone, or join timestamp and body with something else than a dot.";
    Unexplained "unexplained" "Nothing tried explains it"
        "Either the secret is one that is not configured here, or the bytes were changed in a way that cannot be undone. One request cannot tell which.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_json_says() {
        for &code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.code());
        }
        assert_eq!(Code::ALL.len(), 43);
    }
}
