//! The matrix: every case in one table.

use super::ReceiverFault;
use super::case::{
    Case, CaseDigest, CaseHead, CaseManner, CasePayload, CaseSigning, DigestEnd, Expect, SignaturePart, Weight,
};
use crate::payload::binary::BinaryForm;
use crate::simulate::SimulatedEvent;

const PLAIN: CasePayload = CasePayload::Usual;

/// A delivery that a correct receiver must accept.
const fn accept(name: &'static str, sends: &'static str, body: CasePayload, fault: ReceiverFault) -> Case {
    Case {
        name,
        sends,
        expect: Expect::Accept,
        weight: Weight::Required,
        fault,
        body,
        signing: CaseSigning::Right,
        head: CaseHead::Plain,
        manner: CaseManner::AtOnce,
        digest: CaseDigest::Plain,
    }
}

/// A delivery that a correct receiver must refuse.
const fn refuse(name: &'static str, sends: &'static str, signing: CaseSigning, fault: ReceiverFault) -> Case {
    Case { expect: Expect::Refuse(401), signing, ..accept(name, sends, PLAIN, fault) }
}

const fn image(name: &'static str, sends: &'static str, form: BinaryForm) -> Case {
    accept(name, sends, CasePayload::Image(form), ReceiverFault::ThrowsOnImageForm)
}

const fn absent(case: Case) -> Case {
    Case { expect: Expect::Refuse(400), ..case }
}

const fn advisory(case: Case) -> Case {
    Case { weight: Weight::Advisory, ..case }
}

const fn signed(case: Case, signing: CaseSigning) -> Case {
    Case { signing, ..case }
}

const fn headed(case: Case, head: CaseHead) -> Case {
    Case { head, ..case }
}

const fn sent(case: Case, manner: CaseManner) -> Case {
    Case { manner, ..case }
}

const fn digested(name: &'static str, sends: &'static str, digest: CaseDigest) -> Case {
    Case { digest, ..accept(name, sends, PLAIN, ReceiverFault::FailsAtRandom) }
}

/// Every case, in the order in which they are sent.
pub const MATRIX: &[Case] = &[
    // Valid deliveries.
    accept("sample", "a sample event of the sender", PLAIN, ReceiverFault::RejectsEvent),
    accept("sample-again", "a second sample event, with other ids", PLAIN, ReceiverFault::RejectsEvent),
    accept(
        "app-simulated",
        "a simulated app event",
        CasePayload::Simulated(SimulatedEvent::App),
        ReceiverFault::RejectsEvent,
    ),
    accept(
        "activity-simulated",
        "a simulated activity event",
        CasePayload::Simulated(SimulatedEvent::Activity),
        ReceiverFault::RejectsEvent,
    ),
    accept(
        "screenshot-simulated",
        "a simulated screenshot event, with the placeholder as image",
        CasePayload::Simulated(SimulatedEvent::Screenshot),
        ReceiverFault::ThrowsOnPlaceholder,
    ),
    accept(
        "app-live",
        "a live app event, without the simulation field",
        CasePayload::Live(SimulatedEvent::App),
        ReceiverFault::RejectsLive,
    ),
    accept(
        "activity-live",
        "a live activity event",
        CasePayload::Live(SimulatedEvent::Activity),
        ReceiverFault::RejectsLive,
    ),
    accept(
        "screenshot-live",
        "a live screenshot event",
        CasePayload::Live(SimulatedEvent::Screenshot),
        ReceiverFault::RejectsLive,
    ),
    // Both units verify, for the message holds the header's own text. Which one arrives follows the kind of webhook.
    advisory(signed(
        accept(
            "timestamp-seconds",
            "a timestamp in seconds (developer webhooks)",
            PLAIN,
            ReceiverFault::ExpectsOtherUnit,
        ),
        CaseSigning::Seconds,
    )),
    advisory(signed(
        accept(
            "timestamp-milliseconds",
            "a timestamp in milliseconds (reseller webhooks)",
            PLAIN,
            ReceiverFault::ExpectsOtherUnit,
        ),
        CaseSigning::Milliseconds,
    )),
    // Digests that careless number formats shorten, and base64 that careless decoders change.
    digested("digest-leading-zero", "a signature whose digest begins with the digit 0", CaseDigest::LeadingZero),
    digested("digest-inner-zero", "a signature whose digest has a byte below 16", CaseDigest::InnerZero),
    digested("digest-plus-slash", "a signature with + and / in its base64", CaseDigest::PlusAndSlash),
    // Images.
    accept(
        "image-placeholder",
        "the simulation's placeholder as image of a live event",
        CasePayload::Image(BinaryForm::Placeholder),
        ReceiverFault::ThrowsOnPlaceholder,
    ),
    image("image-node-print", "an image as Node's print-out <Buffer ff d8 …>", BinaryForm::NodePrint),
    image("image-buffer-json", "an image as a Buffer's JSON", BinaryForm::BufferJson),
    image("image-base64", "an image as base64", BinaryForm::Base64),
    image("image-base64url", "an image as base64url", BinaryForm::Base64Url),
    image("image-data-url", "an image as a data URL", BinaryForm::DataUrl),
    image("image-number-array", "an image as an array of numbers", BinaryForm::NumberArray),
    image("image-numeric-keys", "an image as an object with numeric keys", BinaryForm::NumericKeys),
    image("image-hex", "an image in hexadecimal", BinaryForm::Hex),
    image("image-latin1", "an image as Latin-1 text", BinaryForm::Latin1),
    image("image-number-list-text", "an image as numbers with commas, in text", BinaryForm::NumberListText),
    image("image-uint8array-print", "an image as Node's print-out of a Uint8Array", BinaryForm::Uint8ArrayPrint),
    image("image-python-bytes", "an image as Python's b'…'", BinaryForm::PythonBytes),
    image("image-superjson", "an image in superjson", BinaryForm::Superjson),
    image("image-ejson", "an image in extended JSON", BinaryForm::Ejson),
    image("image-nested-json", "an image as a Buffer's JSON inside a string", BinaryForm::NestedJson),
    image("image-destroyed-utf8", "an image destroyed by decoding it as UTF-8", BinaryForm::DestroyedUtf8),
    image("image-lost", "an image of which {} is left", BinaryForm::Lost),
    // Text.
    accept(
        "unicode-emoji",
        "emoji and scripts beyond Latin",
        CasePayload::Text(r#""日本語 😀 👩‍💻 العربية""#),
        ReceiverFault::RejectsUnicode,
    ),
    accept(
        "unicode-combining",
        "a letter with a combining mark, which normalisation would change",
        CasePayload::Text("\"Cafe\u{301} und Café\""),
        ReceiverFault::RejectsUnicode,
    ),
    accept(
        LONE_SURROGATE,
        r"half an emoji, as in a truncated title: \ud83d",
        CasePayload::Text(r#""Chat \ud83d""#),
        ReceiverFault::RejectsUnicode,
    ),
    // How the bytes arrive.
    sent(
        accept(
            "split-characters",
            "a body that arrives in pieces, each cut within a character",
            CasePayload::Text(r#""😀 日本語 😀 العربية 😀 日本語 😀""#),
            ReceiverFault::SplitsCharacters,
        ),
        CaseManner::SplitCharacters,
    ),
    sent(
        accept("slow-body", "a pause before the body and within it", PLAIN, ReceiverFault::ReadsPartOfBody),
        CaseManner::SlowBody,
    ),
    sent(
        accept(
            "kept-connection",
            "a valid delivery on the connection of a forged one",
            PLAIN,
            ReceiverFault::MixesRequests,
        ),
        CaseManner::AfterForged,
    ),
    // Sizes and fields.
    accept("size-16kb", "a plain payload of 16 kB", CasePayload::Padded(16_000), ReceiverFault::RejectsLargeBody),
    accept("size-128kb", "a plain payload of 128 kB", CasePayload::Padded(128_000), ReceiverFault::RejectsLargeBody),
    accept("large-1mb", "a payload of 1 MB", CasePayload::Large(1_000_000), ReceiverFault::RejectsLargeBody),
    advisory(accept("large-5mb", "a payload of 5 MB", CasePayload::Large(5_000_000), ReceiverFault::RejectsLargeBody)),
    accept(
        "unknown-field",
        "an undocumented field",
        CasePayload::Extra(r#""trace":"abc""#),
        ReceiverFault::RejectsUnknownField,
    ),
    // The same JSON written otherwise: only the very bytes verify.
    accept(
        "json-indented",
        "JSON indented with two spaces",
        CasePayload::Indented,
        ReceiverFault::HashesReserialisedBody,
    ),
    accept(
        "json-spaced",
        "JSON with a space after commas and colons",
        CasePayload::Spaced,
        ReceiverFault::HashesReserialisedBody,
    ),
    accept(
        "json-escapes",
        r"escapes where none are needed: \u0041 \/ \u00e9",
        CasePayload::Text(r#""\u0041 \/ caf\u00e9""#),
        ReceiverFault::HashesReserialisedBody,
    ),
    accept(
        "json-numbers",
        "numbers that a double cannot represent: 1.10, 1e2, 12345678901234567890123",
        CasePayload::Extra(r#""numbers":[1.10,1e2,-0,12345678901234567890123]"#),
        ReceiverFault::HashesReserialisedBody,
    ),
    accept(
        "json-key-order",
        "numeric keys out of order, which JavaScript sorts",
        CasePayload::Extra(r#""byHour":{"b":1,"10":2,"9":3}"#),
        ReceiverFault::HashesReserialisedBody,
    ),
    accept("space-newline-end", "a newline after the JSON", CasePayload::Between("", "\n"), ReceiverFault::TrimsBody),
    accept("space-begin", "white space before the JSON", CasePayload::Between(" \r\n\t", ""), ReceiverFault::TrimsBody),
    accept("space-end", "white space after the JSON", CasePayload::Between("", "  \t "), ReceiverFault::TrimsBody),
    // Headers.
    headed(
        accept("header-charset", "a content type with charset=utf-8", PLAIN, ReceiverFault::RejectsCharset),
        CaseHead::Charset,
    ),
    headed(
        accept("header-lower-case", "header names in lower case", PLAIN, ReceiverFault::CaseSensitiveHeaders),
        CaseHead::Lower,
    ),
    headed(
        accept("header-upper-case", "header names in upper case", PLAIN, ReceiverFault::CaseSensitiveHeaders),
        CaseHead::Upper,
    ),
    // What nobody who lacks the secret could have sent.
    refuse(
        "wrong-secret",
        "signed with a different secret",
        CaseSigning::WrongSecret,
        ReceiverFault::AcceptsWrongSignature,
    ),
    refuse("empty-secret", "signed with an empty secret", CaseSigning::Key(""), ReceiverFault::UnsetSecret),
    refuse(
        "undefined-secret",
        "signed with the text undefined as the secret",
        CaseSigning::Key("undefined"),
        ReceiverFault::UnsetSecret,
    ),
    refuse("flipped-body", "one byte of the body changed", CaseSigning::FlippedBody, ReceiverFault::IgnoresBody),
    refuse(
        "flipped-timestamp",
        "one digit of the timestamp changed",
        CaseSigning::FlippedTimestamp,
        ReceiverFault::IgnoresTimestamp,
    ),
    refuse(
        "flipped-signature-first",
        "the beginning of the signature changed",
        CaseSigning::FlippedDigit(DigestEnd::First),
        ReceiverFault::AcceptsWrongSignature,
    ),
    refuse(
        "flipped-signature-last",
        "the end of the signature changed",
        CaseSigning::FlippedDigit(DigestEnd::Last),
        ReceiverFault::ComparesPrefix,
    ),
    refuse("other-body", "the signature of another body", CaseSigning::OtherBody, ReceiverFault::IgnoresBody),
    absent(refuse(
        "missing-signature",
        "no {signature}",
        CaseSigning::NoSignature,
        ReceiverFault::AcceptsMissingSignature,
    )),
    absent(refuse(
        "missing-timestamp",
        "no {timestamp}",
        CaseSigning::NoTimestamp,
        ReceiverFault::AcceptsMissingTimestamp,
    )),
    absent(refuse(
        "missing-both",
        "no signature and no timestamp",
        CaseSigning::NoHeaders,
        ReceiverFault::AcceptsMissingSignature,
    )),
    absent(refuse(
        "empty-signature",
        "an empty {signature}",
        CaseSigning::EmptySignature,
        ReceiverFault::AcceptsMissingSignature,
    )),
    refuse(
        "empty-digest",
        "the form of the signature with nothing in it",
        CaseSigning::EmptyDigest,
        ReceiverFault::ComparesPrefix,
    ),
    refuse(
        "cut-one",
        "the signature without its end",
        CaseSigning::Cut(SignaturePart::AllButOne),
        ReceiverFault::ComparesPrefix,
    ),
    refuse(
        "cut-half",
        "the first half of the signature",
        CaseSigning::Cut(SignaturePart::Half),
        ReceiverFault::ComparesPrefix,
    ),
    refuse(
        "cut-eight",
        "the first four bytes of the signature",
        CaseSigning::Cut(SignaturePart::FourBytes),
        ReceiverFault::ComparesPrefix,
    ),
    refuse(
        "half-right",
        "a signature of which only the first half is valid",
        CaseSigning::HalfRight,
        ReceiverFault::ComparesPrefix,
    ),
    refuse("appended", "a valid signature followed by junk", CaseSigning::Appended, ReceiverFault::ComparesPrefix),
    // Harmless to accept, since only the holder of the secret can write them, but not as documented.
    advisory(refuse(
        "upper-case",
        "a valid signature in upper case",
        CaseSigning::UpperCase,
        ReceiverFault::AcceptsUpperCase,
    )),
    advisory(refuse("base64", "a valid digest in base64", CaseSigning::OtherEncoding, ReceiverFault::AcceptsBase64)),
    advisory(refuse(
        "two-signatures-right-first",
        "two {signature} headers, the first one valid",
        CaseSigning::TwoSignatures { right_first: true },
        ReceiverFault::AcceptsDuplicatedHeaders,
    )),
    advisory(refuse(
        "two-signatures-right-last",
        "two {signature} headers, the last one valid",
        CaseSigning::TwoSignatures { right_first: false },
        ReceiverFault::AcceptsDuplicatedHeaders,
    )),
    advisory(refuse(
        "two-timestamps",
        "two {timestamp} headers, the last one valid",
        CaseSigning::TwoTimestamps,
        ReceiverFault::AcceptsDuplicatedHeaders,
    )),
    // Time.
    Case {
        weight: Weight::WithMaxAge,
        ..refuse("stale", "a valid signature from long ago", CaseSigning::Stale, ReceiverFault::IgnoresAge)
    },
    advisory(refuse("future", "a valid signature from the future", CaseSigning::Future, ReceiverFault::IgnoresFuture)),
    advisory(refuse("replayed", "a valid delivery, sent twice", CaseSigning::Replayed, ReceiverFault::AcceptsReplay)),
];

/// Sent when no plain delivery is accepted, to find out whether the other unit would be.
pub(super) const OTHER_UNIT: [Case; 2] = [
    signed(
        accept("probe-milliseconds", "a timestamp in milliseconds", PLAIN, ReceiverFault::ExpectsOtherUnit),
        CaseSigning::Milliseconds,
    ),
    signed(
        accept("probe-seconds", "a timestamp in seconds", PLAIN, ReceiverFault::ExpectsOtherUnit),
        CaseSigning::Seconds,
    ),
];

/// A plain valid delivery, to compare others with.
pub(super) const CONTROL: Case = accept("control", "a valid delivery", PLAIN, ReceiverFault::RejectsEvent);
/// A forged one, whose answer tells what a receiver says to a signature that it does not accept.
pub(super) const FORGED: Case = refuse(
    "control-forged",
    "signed with a different secret",
    CaseSigning::WrongSecret,
    ReceiverFault::AcceptsWrongSignature,
);
/// One without any signature.
pub(super) const UNSIGNED: Case =
    refuse("control-unsigned", "no signature", CaseSigning::NoHeaders, ReceiverFault::AcceptsMissingSignature);

/// The case with half a character.
pub(super) const LONE_SURROGATE: &str = "unicode-lone-surrogate";

/// A plain valid delivery of `bytes` bytes.
pub(super) const fn sized(bytes: usize) -> Case {
    accept("control-size", "a plain payload", CasePayload::Padded(bytes), ReceiverFault::RejectsLargeBody)
}

/// The case called `name`.
#[must_use]
pub fn case_named(name: &str) -> Option<&'static Case> {
    MATRIX.iter().find(|case| case.name == name)
}
