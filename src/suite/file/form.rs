//! The members of a suite's file, in the order in which they are written.

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::Value;
use serde_json::value::RawValue;

/// The version alone: of a later one nothing else is known.
#[derive(Deserialize)]
#[serde(expecting = "a suite")]
pub(super) struct VersionForm {
    pub(super) version: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a suite")]
pub(super) struct SuiteForm {
    pub(super) version: i64,
    #[serde(default)]
    pub(super) cases: Vec<SuiteObject<CaseForm>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a case")]
pub(super) struct CaseForm {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) received_at: Option<String>,
    pub(super) signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhook: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    pub(super) method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_base64: Option<String>,
    /// Lines as text, or `{"base64": …}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body_base64: Option<String>,
    #[serde(default)]
    pub(super) expect: SuiteObject<ExpectForm>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "expectations")]
pub(super) struct ExpectForm {
    /// A number, or a class as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<SuiteObject<HeaderForm>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) body: Vec<SuiteObject<BodyForm>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "what is expected of a header")]
pub(super) struct HeaderForm {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) matches: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) present: Option<bool>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "what is expected of the body")]
pub(super) struct BodyForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// Any value, `null` included, with its numbers as they are written.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(super) equals: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) matches: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exists: Option<bool>,
}

/// A member that is there, whatever its value is.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// A structure that is read from an object alone: serde would also take a list of its values, without their names.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct SuiteObject<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for SuiteObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(ObjectAlone(deserializer)).map(Self)
    }
}

struct ObjectAlone<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectAlone<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
