//! The ways in which bytes are sent: written into JSON, mostly.

/// A way of writing bytes. Each is accepted on its own evidence only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryForm {
    /// `<Buffer ff d8 … 44819 more bytes>`: what Node prints for a person to read.
    NodePrint,
    /// `[simulation-placeholder: binary image buffer not included]`
    Placeholder,
    /// `{"type":"Buffer","data":[255,216]}`: a Buffer's own `toJSON`.
    BufferJson,
    /// `{"0":255,"1":216}`: a `Uint8Array`, or a Buffer that was spread or cloned.
    NumericKeys,
    /// `[255,216]`
    NumberArray,
    /// Base64, wrapped or not, padded or not.
    Base64,
    /// Base64 with `-` and `_`.
    Base64Url,
    /// `data:image/jpeg;base64,…`
    DataUrl,
    /// Two hexadecimal digits for each byte.
    Hex,
    /// One character up to U+00FF for each byte.
    Latin1,
    /// Bytes that were decoded as UTF-8 and are gone.
    DestroyedUtf8,
    /// `"255,216"`: a `Uint8Array` made a string.
    NumberListText,
    /// `Uint8Array(270) [ 255, 216, … 170 more items ]`: what Node prints.
    Uint8ArrayPrint,
    /// `{}`, `[object ArrayBuffer]` and their like: nothing of the bytes is left.
    Lost,
    /// `b'\xff\xd8'`: what Python prints.
    PythonBytes,
    /// superjson's typed arrays.
    Superjson,
    /// `{"$binary": …}` of MongoDB's and Meteor's extended JSON.
    Ejson,
    /// A Buffer's JSON, as a string within JSON.
    NestedJson,
    /// The bytes themselves: a body, or a part of one, that is not JSON.
    AsItIs,
}

impl BinaryForm {
    /// Every form of writing bytes into JSON, in the order in which documentation lists them.
    pub const ALL: [Self; 18] = [
        Self::NodePrint,
        Self::Placeholder,
        Self::BufferJson,
        Self::NumericKeys,
        Self::NumberArray,
        Self::Base64,
        Self::Base64Url,
        Self::DataUrl,
        Self::Hex,
        Self::Latin1,
        Self::DestroyedUtf8,
        Self::NumberListText,
        Self::Uint8ArrayPrint,
        Self::Lost,
        Self::PythonBytes,
        Self::Superjson,
        Self::Ejson,
        Self::NestedJson,
    ];

    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NodePrint => "node_print",
            Self::Placeholder => "placeholder",
            Self::BufferJson => "buffer_json",
            Self::NumericKeys => "numeric_keys",
            Self::NumberArray => "number_array",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::DataUrl => "data_url",
            Self::Hex => "hex",
            Self::Latin1 => "latin1",
            Self::DestroyedUtf8 => "destroyed_utf8",
            Self::NumberListText => "number_list_text",
            Self::Uint8ArrayPrint => "uint8array_print",
            Self::Lost => "lost",
            Self::PythonBytes => "python_bytes",
            Self::Superjson => "superjson",
            Self::Ejson => "ejson",
            Self::NestedJson => "nested_json",
            Self::AsItIs => "as_it_is",
        }
    }

    /// The name by which a person chooses it: `data-url`.
    #[must_use]
    pub fn name(self) -> String {
        self.code().replace('_', "-")
    }

    /// The form that [`BinaryForm::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::AsItIs]).find(|form| form.code() == code)
    }

    /// The form in words for a person.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NodePrint => "Node's print-out of a Buffer",
            Self::Placeholder => "the simulation's placeholder",
            Self::BufferJson => "a Buffer as JSON",
            Self::NumericKeys => "an object with numeric keys, as JSON.stringify writes a Uint8Array",
            Self::NumberArray => "an array of byte values",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::DataUrl => "a data URL",
            Self::Hex => "hexadecimal",
            Self::Latin1 => "Latin-1 text, one character per byte",
            Self::DestroyedUtf8 => "bytes decoded as UTF-8 text",
            Self::NumberListText => "comma-separated byte values, as text",
            Self::Uint8ArrayPrint => "Node's print-out of a Uint8Array",
            Self::Lost => "the default text or JSON of an object, without its bytes",
            Self::PythonBytes => "Python's print-out of bytes",
            Self::Superjson => "a typed array in superjson",
            Self::Ejson => "binary in extended JSON (EJSON)",
            Self::NestedJson => "a Buffer's JSON in a string",
            Self::AsItIs => "sent as is",
        }
    }

    /// Whether no byte can be had from this form.
    #[must_use]
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Placeholder | Self::DestroyedUtf8 | Self::Lost)
    }
}
