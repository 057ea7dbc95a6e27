//! One row of the matrix, as data.

use super::ReceiverFault;
use crate::payload::binary::BinaryForm;
use crate::signature::Scheme;
use crate::simulate::SimulatedEvent;

/// One delivery of the matrix: what it is, what a correct receiver does with it, and what it means when
/// one does something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The stable name.
    pub name: &'static str,
    /// What is sent, in words; `{signature}` and `{timestamp}` stand for the scheme's headers.
    pub sends: &'static str,
    /// What a correct receiver does.
    pub expect: Expect,
    /// Whether the documentation asks for it.
    pub weight: Weight,
    /// What a failure points at.
    pub fault: ReceiverFault,
    /// The payload.
    pub body: CasePayload,
    /// Signature and timestamp.
    pub signing: CaseSigning,
    /// The other headers.
    pub head: CaseHead,
    /// How the bytes go out.
    pub manner: CaseManner,
    /// What is peculiar about the digest.
    pub digest: CaseDigest,
}

impl Case {
    /// Whether it is another sender's usual event, in the place of Trackpilots' own.
    pub(super) fn is_sample(&self) -> bool {
        self.name.starts_with("sample")
    }

    /// What is sent under this scheme, in words.
    #[must_use]
    pub fn words(&self, scheme: &Scheme) -> String {
        with_names(self.sends, scheme)
    }

    /// Whether it is a valid delivery.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.expect == Expect::Accept
    }
}

/// A text with the scheme's own names in the places of `{signature}` and `{timestamp}`.
pub(super) fn with_names(text: &str, scheme: &Scheme) -> String {
    let timestamp = match scheme.timestamp_header() {
        "" => "timestamp",
        name => name,
    };
    text.replace("{signature}", scheme.signature.header_name().unwrap_or("signature")).replace("{timestamp}", timestamp)
}

/// What a correct receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expect {
    /// 2xx.
    Accept,
    /// 400 or 401 as documented (the number); 403 and other 4xx keep a delivery out as well.
    Refuse(u16),
}

impl Expect {
    /// The documented status, with what counts as well.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Accept => "2xx",
            Self::Refuse(400) => "400 (401, 403)",
            Self::Refuse(_) => "401 (400, 403)",
        }
    }
}

/// Whether a failure is a failure of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// The documentation asks for it.
    Required,
    /// Good practice that the documentation does not ask for.
    Advisory,
    /// [`Weight::Required`] once a maximal age is asked for, [`Weight::Advisory`] before.
    WithMaxAge,
}

impl Weight {
    /// Whether a failure counts, given that a maximal age is asked for or not.
    #[must_use]
    pub fn is_required(self, max_age: bool) -> bool {
        self == Self::Required || (self == Self::WithMaxAge && max_age)
    }
}

/// The payload of a case. An event of Trackpilots is a sample event under another sender's scheme, unless only
/// Trackpilots has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CasePayload {
    /// The sample event of the scheme's sender; a simulated app event under Trackpilots' scheme.
    Usual,
    /// The documented simulation of an event of Trackpilots.
    Simulated(SimulatedEvent),
    /// The event as a live delivery has it.
    Live(SimulatedEvent),
    /// A live screenshot of Trackpilots whose image is written in this form.
    Image(BinaryForm),
    /// A payload of about this many bytes: several screenshots under Trackpilots' scheme.
    Large(usize),
    /// The usual event, filled up with plain text to this many bytes.
    Padded(usize),
    /// The usual event in which a text is this raw JSON.
    Text(&'static str),
    /// The usual event with this member added, in raw JSON.
    Extra(&'static str),
    /// The usual event indented with two spaces.
    Indented,
    /// The usual event as Python's `json.dumps` writes it, with a space after commas and colons.
    Spaced,
    /// The usual event between these bytes.
    Between(&'static str, &'static str),
}

impl CasePayload {
    /// Whether only Trackpilots sends it.
    #[must_use]
    pub fn is_trackpilots(self) -> bool {
        matches!(self, Self::Simulated(_) | Self::Live(_) | Self::Image(_))
    }

    /// Whether it has characters beyond ASCII, unescaped.
    #[must_use]
    pub fn is_beyond_ascii(self) -> bool {
        match self {
            Self::Image(form) => matches!(form, BinaryForm::Latin1 | BinaryForm::DestroyedUtf8),
            Self::Text(raw) | Self::Extra(raw) => !raw.is_ascii(),
            _ => false,
        }
    }

    /// Whether it says something about JSON, so that no form can say it.
    #[must_use]
    pub fn is_of_json(self) -> bool {
        match self {
            Self::Indented | Self::Spaced | Self::Between(..) => true,
            Self::Text(raw) => raw.contains("\\u") || raw.contains("\\/"),
            Self::Extra(member) => !member.ends_with('"'),
            _ => false,
        }
    }
}

/// What signature and timestamp are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseSigning {
    /// What they should be.
    Right,
    /// Right, with a timestamp in seconds.
    Seconds,
    /// Right, with a timestamp in milliseconds.
    Milliseconds,
    /// Signed with another secret.
    WrongSecret,
    /// Signed with this text as the key: what is there where no secret is set.
    Key(&'static str),
    /// Right, and then a byte of the body is another one.
    FlippedBody,
    /// Right, and then the last digit of the timestamp is another one.
    FlippedTimestamp,
    /// Right but for the first byte of the digest, or the last.
    FlippedDigit(DigestEnd),
    /// The signature of another body.
    OtherBody,
    /// No signature.
    NoSignature,
    /// No timestamp header.
    NoTimestamp,
    /// Neither.
    NoHeaders,
    /// A signature header without a value.
    EmptySignature,
    /// The form of the signature's value with nothing in it, such as `sha256=`.
    EmptyDigest,
    /// A part of the right one.
    Cut(SignaturePart),
    /// The first half right, the second wrong.
    HalfRight,
    /// The valid one, followed by junk.
    Appended,
    /// The right one in capital letters.
    UpperCase,
    /// The right digest in base64 where hexadecimal digits belong, and the reverse.
    OtherEncoding,
    /// The right one of long ago.
    Stale,
    /// The right one of the time to come.
    Future,
    /// Two signature headers, one of them right.
    TwoSignatures {
        /// Whether the right one comes first.
        right_first: bool,
    },
    /// Two timestamp headers; the right one comes last.
    TwoTimestamps,
    /// A right one, sent a second time byte for byte; the second is judged.
    Replayed,
}

/// An end of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestEnd {
    /// Its beginning.
    First,
    /// Its end.
    Last,
}

/// How much of a signature is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignaturePart {
    /// All but the last digit, or the last byte in base64.
    AllButOne,
    /// The first half.
    Half,
    /// The first four bytes.
    FourBytes,
}

/// How the headers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseHead {
    /// As the sender does.
    Plain,
    /// A content type with `charset=utf-8`.
    Charset,
    /// Names in lower case.
    Lower,
    /// Names in upper case.
    Upper,
}

/// How the bytes of a request go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseManner {
    /// As fast as they are taken.
    AtOnce,
    /// The body in pieces, each cut within a character where there is one of several bytes.
    SplitCharacters,
    /// A pause after the headers, and one in the middle of the body.
    SlowBody,
    /// On the connection over which a forged delivery was refused.
    AfterForged,
}

/// What is peculiar about a valid digest. Every other case has none of these, so that a receiver which stumbles over
/// one of them does so in that case alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseDigest {
    /// Nothing: every byte has two hexadecimal digits that no number drops, and base64 has neither `+` nor `/`.
    Plain,
    /// Its first hexadecimal digit is 0.
    LeadingZero,
    /// A byte within it is below 16, and the first is not.
    InnerZero,
    /// Its base64 has a `+` and a `/`.
    PlusAndSlash,
}
