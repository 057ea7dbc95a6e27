//! What a JSON Schema says of values that are read in a way of their own.

use schemars::json_schema;

use super::ListColumn;
use crate::signature::catalogue;

/// Types that are read in a way of their own, each with its schema.
macro_rules! described {
    ($($(#[$words:meta])* $name:ident = $schema:expr;)*) => {
        $(
            $(#[$words])*
            pub(super) struct $name;
            described!(of $name = $schema;);
        )*
    };
    (of $name:ty = $schema:expr;) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema = $schema;
                schema(generator)
            }
        }
    };
}
pub(super) use described;

described! {
    /// `"64MiB"`, or a number of bytes.
    SizeOrBytes = |_| json_schema!({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]});
    /// True, false, or a text such as an address.
    SwitchOrText = |_| json_schema!({"anyOf": [{"type": "boolean"}, {"type": "string"}]});
    /// A text, or several.
    TextOrTexts = |_| json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]});
    /// A key of the keyboard, or several.
    KeyOrKeys = |_| json_schema!({
        "anyOf": [{"type": "string", "examples": ["ctrl-r"]}, {"type": "array", "items": {"type": "string"}}],
    });
    /// The name of a column.
    ColumnName = |_| json_schema!({"type": "string", "enum": ListColumn::ALL.map(ListColumn::name)});
    /// The name of a scheme.
    SchemeName = |_| json_schema!({"type": "string", "enum": catalogue::accepted_names().collect::<Vec<_>>()});
}
