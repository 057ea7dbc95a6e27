//! One row of the matrix, as data.

use super::ReceiverFault;
use crate::payload::binary::BinaryForm;
use crate::simulate::SimulatedEvent;

/// One delivery of the matrix: what it is, what a right receiver does with it, and what it means when
/// one does something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The stable name.
    pub name: &'static str,
    /// What is sent, in words.
    pub sends: &'static str,
    /// What a right receiver does.
    pub expect: Expect,
    /// Whether the documentation asks for it.
    pub weight: Weight,
    /// What a failure points at.
    pub fault: ReceiverFault,
    /// The payload.
    pub body: CasePayload,
    /// The two signature headers.
    pub signing: CaseSigning,
    /// The other headers.
    pub head: CaseHead,
}

/// What a right receiver does.
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

/// The payload of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CasePayload {
    /// The documented simulation of an event.
    Simulated(SimulatedEvent),
    /// The same like a live one.
    Live(SimulatedEvent),
    /// A live screenshot whose image is written in this form.
    Image(BinaryForm),
    /// A live screenshot of about this many bytes, by its number of items.
    Large(usize),
    /// A simulated app event in which the text of a field stands in this raw JSON.
    Text(&'static str),
    /// A simulated app event with this member more, in raw JSON.
    Extra(&'static str),
    /// A simulated app event indented with two spaces.
    Indented,
    /// A simulated app event as Python's `json.dumps` writes it, with a space after commas and colons.
    Spaced,
    /// A simulated app event between these bytes.
    Between(&'static str, &'static str),
}

/// What the two signature headers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseSigning {
    /// What they should, in the kind's unit.
    Right,
    /// What they should, in seconds.
    Seconds,
    /// What they should, in milliseconds.
    Milliseconds,
    /// Signed with another secret.
    WrongSecret,
    /// Right, and then a byte of the body is another one.
    FlippedBody,
    /// Right, and then the last digit of the timestamp is another one.
    FlippedTimestamp,
    /// Right but for the digit at this place.
    FlippedDigit(usize),
    /// The signature of another body.
    OtherBody,
    /// No signature header.
    NoSignature,
    /// No timestamp header.
    NoTimestamp,
    /// Neither.
    NoHeaders,
    /// A signature header without a value.
    EmptySignature,
    /// This many digits of the right one.
    Cut(usize),
    /// The first half right, the second wrong.
    HalfRight,
    /// The valid one, followed by junk.
    Appended,
    /// The right one in capital letters.
    UpperCase,
    /// The right digest in base64.
    Base64,
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
    /// Over the body alone.
    BodyAlone,
}

/// How the headers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseHead {
    /// As Trackpilots does.
    Plain,
    /// `application/json; charset=utf-8`.
    Charset,
    /// Names in lower case.
    Lower,
    /// Names in upper case.
    Upper,
}
