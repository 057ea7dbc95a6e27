//! Cases of a cause that have advice, a title or a meaning of their own.

use crate::signature::SignedContent;

/// A case within a [`CauseCode`](super::CauseCode). It is said where the words are made, so that nothing reads these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subcause {
    /// The signature's header is there and has no value.
    EmptySignature,
    /// The value of one part of the request is that of another in another encoding.
    ValueEncoding { value: SignedContent, wanted: &'static str },
    /// The sender's other signature of the same request is valid.
    OtherSignatureValid,
    /// HMAC was given the key as the message.
    SwappedArguments,
    /// The signature covers a timestamp that the sender's own libraries refuse.
    RefusedTimestamp,
    /// The URL is a variable that was not set.
    UnsetUrl,
    /// Parts of the signed content are variables that were not set.
    UnsetParts,
    /// The body is no part of the signed content.
    NoBody,
    /// A header that the scheme ties to the body is not among those that were signed.
    NotListed,
    /// The secret has its prefix two times.
    RepeatedPrefix,
    /// A comment follows the secret in its line.
    CommentAfterSecret,
    /// What is configured encodes a text, which is the key.
    EncodedSecret,
    /// What is configured encodes the key, with a line end after it or twice.
    TwiceEncodedSecret,
    /// The key encodes what is configured.
    EncodedKey,
    /// Backslashes or dollars were added to the configured secret's dollars.
    EscapedDollar(&'static str),
    /// The base64 of a body was signed that arrived as it is.
    SignedBase64,
    /// There is white space inside the secret.
    InnerWhitespace,
    /// The secret's text is the key, which the scheme decodes.
    UndecodedSecret,
    /// Values were changed, and then the body was re-serialised: names are of the latter alone.
    ThenReserialised,
    /// The body was collected as text, piece by piece.
    TextPieces,
    /// An object was printed through which a runtime offers the body.
    BodyObject(BodyObject),
}

/// Objects through which runtimes offer a body, by how it is read from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyObject {
    /// The Fetch API's streams, requests and responses.
    Fetch,
    /// JavaScript's buffers.
    ArrayBuffer,
    /// .NET's arrays and streams.
    DotNet,
}

impl BodyObject {
    /// The one that a runtime prints as this text.
    pub(super) fn printed_as(text: &str) -> Option<Self> {
        Some(match text {
            "[object ReadableStream]"
            | "[object Request]"
            | "[object Response]"
            | "[object FormData]"
            | "[object Promise]"
            | "[object Blob]" => Self::Fetch,
            "[object ArrayBuffer]" | "[object DataView]" => Self::ArrayBuffer,
            _ if text.starts_with("System.") || text.starts_with("Microsoft.") => Self::DotNet,
            _ => return None,
        })
    }

    /// How its bytes are read, in words for the beginning of a sentence.
    pub(super) fn reading(self) -> &'static str {
        match self {
            Self::Fetch => "Read the body once as text before anything parses it: await request.text()",
            Self::ArrayBuffer => "Make bytes of the buffer instead of text: Buffer.from(await request.arrayBuffer())",
            Self::DotNet => "Use the bytes themselves (byte[]), or Encoding.UTF8.GetString(bytes), not ToString()",
        }
    }
}
