//! The matrix: every case in one table.

use super::Fault;
use super::case::{Body, Case, Expect, Head, Signing, Weight};
use crate::payload::binary::Form;
use crate::simulate::Event;

const PLAIN: Body = Body::Simulated(Event::App);

/// A delivery that a right receiver must accept.
const fn accept(name: &'static str, sends: &'static str, body: Body, fault: Fault) -> Case {
    Case {
        name,
        sends,
        expect: Expect::Accept,
        weight: Weight::Required,
        fault,
        body,
        signing: Signing::Right,
        head: Head::Plain,
    }
}

/// A delivery that a right receiver must refuse.
const fn refuse(name: &'static str, sends: &'static str, signing: Signing, fault: Fault) -> Case {
    Case {
        name,
        sends,
        expect: Expect::Refuse(401),
        weight: Weight::Required,
        fault,
        body: PLAIN,
        signing,
        head: Head::Plain,
    }
}

const fn image(name: &'static str, sends: &'static str, form: Form) -> Case {
    accept(name, sends, Body::Image(form), Fault::ThrowsOnImageForm)
}

const fn absent(case: Case) -> Case {
    Case { expect: Expect::Refuse(400), ..case }
}

const fn advisory(case: Case) -> Case {
    Case { weight: Weight::Advisory, ..case }
}

const fn signed(case: Case, signing: Signing) -> Case {
    Case { signing, ..case }
}

const fn headed(case: Case, head: Head) -> Case {
    Case { head, ..case }
}

/// Every case, in the order in which they are sent.
pub const MATRIX: &[Case] = &[
    // Valid deliveries.
    accept("app-simulated", "a simulated app event", Body::Simulated(Event::App), Fault::RejectsEvent),
    accept("activity-simulated", "a simulated activity event", Body::Simulated(Event::Activity), Fault::RejectsEvent),
    accept(
        "screenshot-simulated",
        "a simulated screenshot event, with the placeholder as image",
        Body::Simulated(Event::Screenshot),
        Fault::ThrowsOnPlaceholder,
    ),
    accept("app-live", "a live app event, without the simulation field", Body::Live(Event::App), Fault::RejectsLive),
    accept("activity-live", "a live activity event", Body::Live(Event::Activity), Fault::RejectsLive),
    accept("screenshot-live", "a live screenshot event", Body::Live(Event::Screenshot), Fault::RejectsLive),
    // Both units verify, for the message holds the header's own text. Which one arrives follows the kind of webhook.
    advisory(signed(
        accept("timestamp-seconds", "a timestamp in seconds (developer webhooks)", PLAIN, Fault::ExpectsOtherUnit),
        Signing::Seconds,
    )),
    advisory(signed(
        accept(
            "timestamp-milliseconds",
            "a timestamp in milliseconds (reseller webhooks)",
            PLAIN,
            Fault::ExpectsOtherUnit,
        ),
        Signing::Milliseconds,
    )),
    // Images.
    accept(
        "image-placeholder",
        "the simulation's placeholder as image of a live event",
        Body::Image(Form::Placeholder),
        Fault::ThrowsOnPlaceholder,
    ),
    image("image-node-print", "an image as Node's print-out <Buffer ff d8 …>", Form::NodePrint),
    image("image-buffer-json", "an image as a Buffer's JSON", Form::BufferJson),
    image("image-base64", "an image as base64", Form::Base64),
    image("image-base64url", "an image as base64url", Form::Base64Url),
    image("image-data-url", "an image as a data URL", Form::DataUrl),
    image("image-number-array", "an image as an array of numbers", Form::NumberArray),
    image("image-numeric-keys", "an image as an object with numeric keys", Form::NumericKeys),
    image("image-hex", "an image in hexadecimal", Form::Hex),
    image("image-latin1", "an image as Latin-1 text", Form::Latin1),
    image("image-number-list-text", "an image as numbers with commas, in text", Form::NumberListText),
    image("image-uint8array-print", "an image as Node's print-out of a Uint8Array", Form::Uint8ArrayPrint),
    image("image-python-bytes", "an image as Python's b'…'", Form::PythonBytes),
    image("image-superjson", "an image in superjson", Form::Superjson),
    image("image-ejson", "an image in extended JSON", Form::Ejson),
    image("image-nested-json", "an image as a Buffer's JSON inside a string", Form::NestedJson),
    image("image-destroyed-utf8", "an image destroyed by decoding it as UTF-8", Form::DestroyedUtf8),
    image("image-lost", "an image of which {} is left", Form::Lost),
    // Text.
    accept(
        "unicode-emoji",
        "emoji and scripts beyond Latin",
        Body::Text(r#""日本語 😀 👩‍💻 العربية""#),
        Fault::RejectsUnicode,
    ),
    accept(
        "unicode-combining",
        "a letter with a combining mark, which normalisation would change",
        Body::Text("\"Cafe\u{301} und Café\""),
        Fault::RejectsUnicode,
    ),
    accept(
        "unicode-lone-surrogate",
        r"half an emoji, as in a truncated title: \ud83d",
        Body::Text(r#""Chat \ud83d""#),
        Fault::RejectsUnicode,
    ),
    // Sizes and fields.
    accept("large-1mb", "a payload of 1 MB", Body::Large(1_000_000), Fault::RejectsLargeBody),
    advisory(accept("large-5mb", "a payload of 5 MB", Body::Large(5_000_000), Fault::RejectsLargeBody)),
    accept("unknown-field", "an undocumented field", Body::Extra(r#""trace":"abc""#), Fault::RejectsUnknownField),
    // The same JSON written otherwise: only the very bytes verify.
    accept("json-indented", "JSON indented with two spaces", Body::Indented, Fault::HashesReserialisedBody),
    accept("json-spaced", "JSON with a space after commas and colons", Body::Spaced, Fault::HashesReserialisedBody),
    accept(
        "json-escapes",
        r"escapes where none are needed: \u0041 \/ \u00e9",
        Body::Text(r#""\u0041 \/ caf\u00e9""#),
        Fault::HashesReserialisedBody,
    ),
    accept(
        "json-numbers",
        "numbers that a double cannot represent: 1.10, 1e2, 12345678901234567890123",
        Body::Extra(r#""numbers":[1.10,1e2,-0,12345678901234567890123]"#),
        Fault::HashesReserialisedBody,
    ),
    accept(
        "json-key-order",
        "numeric keys out of order, which JavaScript sorts",
        Body::Extra(r#""byHour":{"b":1,"10":2,"9":3}"#),
        Fault::HashesReserialisedBody,
    ),
    accept("space-newline-end", "a newline after the JSON", Body::Between("", "\n"), Fault::TrimsBody),
    accept("space-begin", "white space before the JSON", Body::Between(" \r\n\t", ""), Fault::TrimsBody),
    accept("space-end", "white space after the JSON", Body::Between("", "  \t "), Fault::TrimsBody),
    // Headers.
    headed(
        accept("header-charset", "Content-Type: application/json; charset=utf-8", PLAIN, Fault::RejectsCharset),
        Head::Charset,
    ),
    headed(accept("header-lower-case", "header names in lower case", PLAIN, Fault::CaseSensitiveHeaders), Head::Lower),
    headed(accept("header-upper-case", "header names in upper case", PLAIN, Fault::CaseSensitiveHeaders), Head::Upper),
    // What nobody who lacks the secret could have sent.
    refuse("wrong-secret", "signed with a different secret", Signing::WrongSecret, Fault::AcceptsWrongSignature),
    refuse("flipped-body", "one byte of the body changed", Signing::FlippedBody, Fault::IgnoresBody),
    refuse(
        "flipped-timestamp",
        "one digit of the timestamp changed",
        Signing::FlippedTimestamp,
        Fault::IgnoresTimestamp,
    ),
    refuse(
        "flipped-signature-first",
        "the signature's first digit changed",
        Signing::FlippedDigit(0),
        Fault::AcceptsWrongSignature,
    ),
    refuse(
        "flipped-signature-last",
        "the signature's last digit changed",
        Signing::FlippedDigit(63),
        Fault::ComparesPrefix,
    ),
    refuse("other-body", "the signature of another body", Signing::OtherBody, Fault::IgnoresBody),
    absent(refuse("missing-signature", "no X-Webhook-Signature", Signing::NoSignature, Fault::AcceptsMissingSignature)),
    absent(refuse("missing-timestamp", "no X-Webhook-Timestamp", Signing::NoTimestamp, Fault::AcceptsMissingTimestamp)),
    absent(refuse("missing-both", "no signature and no timestamp", Signing::NoHeaders, Fault::AcceptsMissingSignature)),
    absent(refuse(
        "empty-signature",
        "an empty X-Webhook-Signature",
        Signing::EmptySignature,
        Fault::AcceptsMissingSignature,
    )),
    refuse("cut-one", "the signature without its last digit", Signing::Cut(63), Fault::ComparesPrefix),
    refuse("cut-half", "the first half of the signature", Signing::Cut(32), Fault::ComparesPrefix),
    refuse("cut-eight", "the first eight digits of the signature", Signing::Cut(8), Fault::ComparesPrefix),
    refuse(
        "half-right",
        "a signature of which only the first half is valid",
        Signing::HalfRight,
        Fault::ComparesPrefix,
    ),
    refuse("appended", "a valid signature followed by junk", Signing::Appended, Fault::ComparesPrefix),
    // Harmless to accept, for only who has the secret can write them; not what is documented, though.
    advisory(refuse("upper-case", "a valid signature in upper case", Signing::UpperCase, Fault::AcceptsUpperCase)),
    advisory(refuse("base64", "a valid digest in base64", Signing::Base64, Fault::AcceptsBase64)),
    advisory(refuse(
        "two-signatures-right-first",
        "two X-Webhook-Signature headers, the first one valid",
        Signing::TwoSignatures { right_first: true },
        Fault::AcceptsDuplicatedHeaders,
    )),
    advisory(refuse(
        "two-signatures-right-last",
        "two X-Webhook-Signature headers, the last one valid",
        Signing::TwoSignatures { right_first: false },
        Fault::AcceptsDuplicatedHeaders,
    )),
    advisory(refuse(
        "two-timestamps",
        "two X-Webhook-Timestamp headers, the last one valid",
        Signing::TwoTimestamps,
        Fault::AcceptsDuplicatedHeaders,
    )),
    // Time.
    Case {
        weight: Weight::WithMaxAge,
        ..refuse("stale", "a valid signature from long ago", Signing::Stale, Fault::IgnoresAge)
    },
    advisory(refuse("future", "a valid signature from the future", Signing::Future, Fault::IgnoresFuture)),
    advisory(refuse("replayed", "a valid delivery, sent twice", Signing::Replayed, Fault::AcceptsReplay)),
];

/// Sent when no plain delivery is accepted, to find out what would be.
pub(super) const PROBES: &[Case] = &[
    accept("probe-spaced", "JSON as Python's json.dumps writes it", Body::Spaced, Fault::HashesReserialisedBody),
    accept("probe-indented", "JSON indented with two spaces", Body::Indented, Fault::HashesReserialisedBody),
    signed(
        accept("probe-body-alone", "a signature over the body alone", PLAIN, Fault::IgnoresTimestamp),
        Signing::BodyAlone,
    ),
    signed(
        accept("probe-other-unit", "a timestamp in the other unit", PLAIN, Fault::ExpectsOtherUnit),
        Signing::Milliseconds,
    ),
    signed(accept("probe-other-unit", "a timestamp in seconds", PLAIN, Fault::ExpectsOtherUnit), Signing::Seconds),
];

/// The case called `name`.
#[must_use]
pub fn case_named(name: &str) -> Option<&'static Case> {
    MATRIX.iter().find(|case| case.name == name)
}
