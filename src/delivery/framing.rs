//! The transfer framing of a body: what stood around its bytes on the wire.

use bytes::Bytes;

/// The chunk framing that was removed from a body, in the serialised form that the store keeps. Empty
/// for a body that came without any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Framing(Bytes);

impl Framing {
    /// No framing: the body on the wire was the body.
    pub const NONE: Self = Self(Bytes::new());

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The serialised form.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Takes a serialised form back as it stands.
    #[must_use]
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }
}
