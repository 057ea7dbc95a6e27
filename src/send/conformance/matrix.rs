//! The matrix: every case in one table.

use super::ReceiverFault;
use super::case::{Case, CaseHead, CasePayload, CaseSigning, Expect, Weight};
use crate::payload::binary::BinaryForm;
use crate::simulate::SimulatedEvent;

const PLAIN: CasePayload = CasePayload::Simulated(SimulatedEvent::App);

/// A delivery that a right receiver must accept.
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
    }
}

/// A delivery that a right receiver must refuse.
const fn refuse(name: &'static str, sends: &'static str, signing: CaseSigning, fault: ReceiverFault) -> Case {
    Case {
        name,
        sends,
        expect: Expect::Refuse(401),
        weight: Weight::Required,
        fault,
        body: PLAIN,
        signing,
        head: CaseHead::Plain,
    }
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

/// Every case, in the order in which they are sent.
pub const MATRIX: &[Case] = &[
    // Valid deliveries.
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
        "unicode-lone-surrogate",
        r"half an emoji, as in a truncated title: \ud83d",
        CasePayload::Text(r#""Chat \ud83d""#),
        ReceiverFault::RejectsUnicode,
    ),
    // Sizes and fields.
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
        accept("header-charset", "Content-Type: application/json; charset=utf-8", PLAIN, ReceiverFault::RejectsCharset),
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
    refuse("flipped-body", "one byte of the body changed", CaseSigning::FlippedBody, ReceiverFault::IgnoresBody),
    refuse(
        "flipped-timestamp",
        "one digit of the timestamp changed",
        CaseSigning::FlippedTimestamp,
        ReceiverFault::IgnoresTimestamp,
    ),
    refuse(
        "flipped-signature-first",
        "the signature's first digit changed",
        CaseSigning::FlippedDigit(0),
        ReceiverFault::AcceptsWrongSignature,
    ),
    refuse(
        "flipped-signature-last",
        "the signature's last digit changed",
        CaseSigning::FlippedDigit(63),
        ReceiverFault::ComparesPrefix,
    ),
    refuse("other-body", "the signature of another body", CaseSigning::OtherBody, ReceiverFault::IgnoresBody),
    absent(refuse(
        "missing-signature",
        "no X-Webhook-Signature",
        CaseSigning::NoSignature,
        ReceiverFault::AcceptsMissingSignature,
    )),
    absent(refuse(
        "missing-timestamp",
        "no X-Webhook-Timestamp",
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
        "an empty X-Webhook-Signature",
        CaseSigning::EmptySignature,
        ReceiverFault::AcceptsMissingSignature,
    )),
    refuse("cut-one", "the signature without its last digit", CaseSigning::Cut(63), ReceiverFault::ComparesPrefix),
    refuse("cut-half", "the first half of the signature", CaseSigning::Cut(32), ReceiverFault::ComparesPrefix),
    refuse("cut-eight", "the first eight digits of the signature", CaseSigning::Cut(8), ReceiverFault::ComparesPrefix),
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
    advisory(refuse("base64", "a valid digest in base64", CaseSigning::Base64, ReceiverFault::AcceptsBase64)),
    advisory(refuse(
        "two-signatures-right-first",
        "two X-Webhook-Signature headers, the first one valid",
        CaseSigning::TwoSignatures { right_first: true },
        ReceiverFault::AcceptsDuplicatedHeaders,
    )),
    advisory(refuse(
        "two-signatures-right-last",
        "two X-Webhook-Signature headers, the last one valid",
        CaseSigning::TwoSignatures { right_first: false },
        ReceiverFault::AcceptsDuplicatedHeaders,
    )),
    advisory(refuse(
        "two-timestamps",
        "two X-Webhook-Timestamp headers, the last one valid",
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

/// Sent when no plain delivery is accepted, to find out what would be.
pub(super) const PROBES: &[Case] = &[
    accept(
        "probe-spaced",
        "JSON as Python's json.dumps writes it",
        CasePayload::Spaced,
        ReceiverFault::HashesReserialisedBody,
    ),
    accept(
        "probe-indented",
        "JSON indented with two spaces",
        CasePayload::Indented,
        ReceiverFault::HashesReserialisedBody,
    ),
    signed(
        accept("probe-body-alone", "a signature over the body alone", PLAIN, ReceiverFault::IgnoresTimestamp),
        CaseSigning::BodyAlone,
    ),
    signed(
        accept("probe-other-unit", "a timestamp in the other unit", PLAIN, ReceiverFault::ExpectsOtherUnit),
        CaseSigning::Milliseconds,
    ),
    signed(
        accept("probe-other-unit", "a timestamp in seconds", PLAIN, ReceiverFault::ExpectsOtherUnit),
        CaseSigning::Seconds,
    ),
];

/// The case called `name`.
#[must_use]
pub fn case_named(name: &str) -> Option<&'static Case> {
    MATRIX.iter().find(|case| case.name == name)
}
