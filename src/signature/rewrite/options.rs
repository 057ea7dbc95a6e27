//! One call of a serialiser with several of its options: sorting, indentation, escapes, slashes.
//!
//! The options of a call do not depend on each other, so that they are combined here, not listed. What
//! [`presets`] has is left out, and so is an option that shows nothing in a body: each costs a digest.

use std::sync::LazyLock;

use super::needs::Needs;
use super::strings::{Lone, NonAscii, PLAIN, Strings};
use super::style::{COMPACT, INDENT_2, INDENT_4, INDENT_TAB, Layout, Order, Style, VERBATIM};
use super::{Family, StylePreset, dotnet, go, java_jackson, javascript, php, presets, python};

/// One option: what a person writes for it, what a body must have for it to show, and what it does.
struct Choice {
    words: &'static str,
    needs: Needs,
    set: fn(&mut Style, &mut Strings),
}

/// Without an option.
const USUAL: Choice = Choice { words: "", needs: Needs::Nothing, set: |_, _| {} };

const fn choice(words: &'static str, needs: Needs, set: fn(&mut Style, &mut Strings)) -> Choice {
    Choice { words, needs, set }
}

/// A call with the options that it takes, of each group one.
struct Call {
    family: Family,
    name: &'static str,
    /// What stands between the words of two options.
    between: &'static str,
    needs: Needs,
    style: Style,
    strings: Strings,
    options: &'static [&'static [Choice]],
}

/// The rank of a call with one option; each more makes it rarer.
const RANK: u16 = 24;

const WINDOWS_2: Layout = Layout { newline: "\r\n", ..INDENT_2 };
const WINDOWS_4: Layout = Layout { newline: "\r\n", ..INDENT_4 };

const PYTHON_SORTING: &[Choice] =
    &[USUAL, choice("sort_keys=True", Needs::Unsorted, |style, _| style.order = Order::Bytes)];
const PYTHON_ESCAPES: &[Choice] = &[
    USUAL,
    choice("ensure_ascii=False", Needs::NonAscii, |_, strings| {
        (strings.non_ascii, strings.extra, strings.lone) = (NonAscii::Raw, b"", Lone::Refuse);
    }),
];
const PYTHON_LAYOUT: &[Choice] = &[
    USUAL,
    choice("separators=(',', ':')", Needs::Nothing, |style, _| style.layout = COMPACT),
    choice("separators=(',', ': ')", Needs::Nothing, |style, _| style.layout = Layout { colon: ": ", ..COMPACT }),
    choice("indent=2", Needs::Nothing, |style, _| style.layout = INDENT_2),
    choice("indent=4", Needs::Nothing, |style, _| style.layout = INDENT_4),
    choice("indent=1", Needs::Nothing, |style, _| style.layout = Layout { indent: Some(" "), ..INDENT_2 }),
    choice("indent='\\t'", Needs::Nothing, |style, _| style.layout = INDENT_TAB),
    choice("indent=2, through a text file of Windows", Needs::OneLine, |style, _| style.layout = WINDOWS_2),
    choice("indent=4, through a text file of Windows", Needs::OneLine, |style, _| style.layout = WINDOWS_4),
];

const PHP_FLAGS: &[&[Choice]] = &[
    &[USUAL, choice("JSON_PRETTY_PRINT", Needs::Nothing, |style, _| style.layout = INDENT_4)],
    &[USUAL, choice("JSON_UNESCAPED_SLASHES", Needs::Slashes, |_, strings| strings.solidus = false)],
    &[USUAL, PHP_UNICODE],
    &[
        USUAL,
        choice("JSON_PRESERVE_ZERO_FRACTION", Needs::Fractions, |style, _| style.numbers = php::with_zero_fraction),
    ],
];
const PHP_UNICODE: Choice = choice("JSON_UNESCAPED_UNICODE", Needs::NonAscii, |_, strings| {
    (strings.non_ascii, strings.separators) = (NonAscii::Raw, true);
});
/// Those that Symfony's `JsonResponse` sets, and what may be added to them.
const PHP_HTML: &[&[Choice]] = &[
    &[
        choice("JSON_HEX_TAG | JSON_HEX_APOS | JSON_HEX_AMP | JSON_HEX_QUOT", Needs::Html, |_, strings| {
            (strings.extra, strings.upper_extra, strings.quote_as_unicode) = (b"<>&'", true, true);
        }),
        choice("JSON_HEX_TAG", Needs::Html, |_, strings| (strings.extra, strings.upper_extra) = (b"<>", true)),
    ],
    &[USUAL, choice("JSON_UNESCAPED_SLASHES", Needs::Slashes, |_, strings| strings.solidus = false)],
    &[USUAL, PHP_UNICODE],
];

const JAVASCRIPT_LAYOUT: &[Choice] = &[
    USUAL,
    choice("indented by 2", Needs::Nothing, |style, _| style.layout = INDENT_2),
    choice("indented by 4", Needs::Nothing, |style, _| style.layout = INDENT_4),
    choice("indented by tabs", Needs::Nothing, |style, _| style.layout = INDENT_TAB),
];

const GO_LAYOUT: &[Choice] = &[
    choice("by 2", Needs::Nothing, |style, _| style.layout = INDENT_2),
    choice("by 4", Needs::Nothing, |style, _| style.layout = INDENT_4),
    choice("by tabs", Needs::Nothing, |style, _| style.layout = INDENT_TAB),
];
const GO_ENCODER: &[&[Choice]] = &[
    &[
        USUAL,
        choice("SetIndent by 2", Needs::Nothing, |style, _| style.layout = INDENT_2),
        choice("SetIndent by 4", Needs::Nothing, |style, _| style.layout = INDENT_4),
        choice("SetIndent by tabs", Needs::Nothing, |style, _| style.layout = INDENT_TAB),
    ],
    &[USUAL, choice("SetEscapeHTML(false)", Needs::Html, |_, strings| strings.extra = b"")],
];
const GO_LINE: Style = Style { tail: "\n", ..go::MAP };

const DOT_NET: &[&[Choice]] = &[
    &[
        USUAL,
        choice("WriteIndented", Needs::Nothing, |style, _| style.layout = INDENT_2),
        choice("WriteIndented, on Windows", Needs::OneLine, |style, _| style.layout = WINDOWS_2),
    ],
    &[
        USUAL,
        choice("UnsafeRelaxedJsonEscaping", Needs::Nothing, |_, strings| *strings = dotnet::RELAXED),
        choice("UnicodeRanges.All", Needs::NonAscii, |_, strings| strings.non_ascii = NonAscii::AstralUpper),
    ],
];
/// Json.NET, which escapes only what JSON demands.
const NEWTONSOFT: &[&[Choice]] = &[&[
    choice("Formatting.Indented", Needs::Nothing, |style, _| style.layout = INDENT_2),
    choice("Formatting.Indented, on Windows", Needs::OneLine, |style, _| style.layout = WINDOWS_2),
]];

const JACKSON: &[&[Choice]] = &[
    &[
        USUAL,
        choice("pretty", Needs::Nothing, |style, _| style.layout = java_jackson::PRETTY),
        choice("pretty, on Windows", Needs::OneLine, |style, _| {
            style.layout = Layout { newline: "\r\n", ..java_jackson::PRETTY };
        }),
    ],
    &[USUAL, choice("sorted", Needs::Unsorted, |style, _| style.order = Order::Bytes)],
    &[
        USUAL,
        choice("ESCAPE_NON_ASCII", Needs::NonAscii, |_, strings| strings.non_ascii = NonAscii::Upper),
        choice("writeValueAsBytes", Needs::Astral, |_, strings| strings.non_ascii = NonAscii::AstralUpper),
    ],
];

const PYTHON: Call = Call {
    family: Family::Python,
    name: "Python json.dumps",
    between: ", ",
    needs: Needs::Nothing,
    style: python::DEFAULT,
    strings: python::ASCII,
    options: &[PYTHON_SORTING, PYTHON_ESCAPES, PYTHON_LAYOUT],
};
const PHP: Call = Call {
    family: Family::Php,
    name: "PHP json_encode",
    between: " | ",
    needs: Needs::Nothing,
    style: php::ARRAYS,
    strings: php::DEFAULT_STRINGS,
    options: PHP_FLAGS,
};
const JAVASCRIPT: Call = Call {
    family: Family::JavaScript,
    name: "JavaScript JSON.stringify",
    between: ", ",
    needs: Needs::Nothing,
    style: javascript::COMPACT,
    strings: javascript::STRINGS,
    options: &[JAVASCRIPT_LAYOUT],
};
const GO: Call = Call {
    family: Family::Go,
    name: "Go json.MarshalIndent of a map",
    between: ", ",
    needs: Needs::Nothing,
    style: go::MAP,
    strings: go::NEW,
    options: &[GO_LAYOUT],
};

const CALLS: [Call; 18] = [
    PYTHON,
    PHP,
    Call { needs: Needs::Html, options: PHP_HTML, ..PHP },
    Call {
        name: "PHP json_encode after ksort",
        needs: Needs::UnsortedAtTop,
        style: Style { order: Order::TopBytes, ..php::ARRAYS },
        ..PHP
    },
    Call {
        name: "PHP json_encode after a recursive ksort",
        needs: Needs::Unsorted,
        style: Style { order: Order::Bytes, ..php::ARRAYS },
        ..PHP
    },
    Call {
        name: "PHP json_encode of objects",
        needs: Needs::EmptyObject,
        style: Style { lists: false, ..php::ARRAYS },
        ..PHP
    },
    JAVASCRIPT,
    Call {
        name: "JavaScript JSON.stringify, keys sorted",
        needs: Needs::UnsortedInJavaScript,
        style: Style { order: Order::Utf16, ..javascript::COMPACT },
        ..JAVASCRIPT
    },
    Call {
        name: "JavaScript JSON.stringify, outermost keys sorted",
        needs: Needs::UnsortedAtTopInJavaScript,
        style: Style { order: Order::TopUtf16, ..javascript::COMPACT },
        ..JAVASCRIPT
    },
    Call {
        name: "JavaScript JSON.stringify with Object.keys(…).sort() as its replacer",
        needs: Needs::Levels,
        style: Style { order: Order::Listed, ..javascript::COMPACT },
        ..JAVASCRIPT
    },
    GO,
    Call {
        name: "Go json.MarshalIndent of a struct in the body's order",
        needs: Needs::Unsorted,
        style: Style { order: Order::AsWritten, ..go::MAP },
        ..GO
    },
    Call { name: "Go json.NewEncoder of a map", style: GO_LINE, options: GO_ENCODER, ..GO },
    Call {
        name: "Go json.NewEncoder of a struct in the body's order",
        needs: Needs::Unsorted,
        style: Style { order: Order::AsWritten, ..GO_LINE },
        options: GO_ENCODER,
        ..GO
    },
    Call {
        family: Family::DotNet,
        name: ".NET System.Text.Json",
        style: dotnet::DEFAULT,
        strings: dotnet::DEFAULT_ENCODER,
        options: DOT_NET,
        ..PYTHON
    },
    Call {
        family: Family::DotNet,
        name: ".NET Newtonsoft.Json",
        style: VERBATIM,
        strings: Strings { lone: Lone::Replace, ..PLAIN },
        options: NEWTONSOFT,
        ..PYTHON
    },
    Call {
        family: Family::Java,
        name: "Java Jackson",
        style: java_jackson::DEFAULT,
        strings: java_jackson::STRINGS,
        options: JACKSON,
        ..PYTHON
    },
    Call {
        name: "Python ujson.dumps",
        needs: Needs::Slashes,
        style: Style { layout: COMPACT, ..python::DEFAULT },
        strings: Strings { solidus: true, extra: b"", ..python::ASCII },
        options: &[PYTHON_SORTING, PYTHON_ESCAPES],
        ..PYTHON
    },
];

static COMBINED: LazyLock<Vec<StylePreset>> = LazyLock::new(|| CALLS.iter().flat_map(combinations).collect());

/// Every call with a combination of options that is not in [`presets`].
pub fn combined() -> impl Iterator<Item = &'static StylePreset> {
    COMBINED.iter()
}

/// A call with each combination of its options. What is made lives as long as the program, as the other serialisers do.
fn combinations(call: &Call) -> Vec<StylePreset> {
    let mut all: Vec<Vec<&Choice>> = vec![Vec::new()];
    for group in call.options {
        all = all.iter().flat_map(|some| group.iter().map(move |one| [some.as_slice(), &[one]].concat())).collect();
    }
    all.iter().filter_map(|choices| combination(call, choices)).collect()
}

fn combination(call: &Call, choices: &[&Choice]) -> Option<StylePreset> {
    let (mut style, mut strings) = (call.style, call.strings);
    choices.iter().for_each(|choice| (choice.set)(&mut style, &mut strings));
    let words: Vec<&str> = choices.iter().map(|choice| choice.words).filter(|words| !words.is_empty()).collect();
    let name = match words[..] {
        [] => call.name.to_owned(),
        _ => format!("{}, {}", call.name, words.join(call.between)),
    };
    if presets().any(|known| known.name == name) {
        return None;
    }
    style.strings = Some(Box::leak(Box::new(strings)));
    let needs: Vec<Needs> =
        choices.iter().map(|choice| choice.needs).filter(|needs| *needs != Needs::Nothing).collect();
    let rank = RANK + 2 * words.len() as u16;
    let preset = StylePreset::new(call.family, Box::leak(name.into_boxed_str()), rank, style).needing(call.needs);
    Some(StylePreset { also_needs: Vec::leak(needs), ..preset })
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, prints};
    use super::*;

    const BODY: &str = "{\"id\":7,\"b\":\"é/<x> it's\",\"amount\":10.0,\"a\":{\"z\":1,\"b\":null},\"e\":{},\"l\":[]}";

    fn written(name: &str, body: &str) -> Option<String> {
        let preset = combined().find(|preset| preset.name == name).unwrap_or_else(|| panic!("{name}"));
        let tree = Tree::read(body.as_bytes()).unwrap();
        preset.shows(&tree).then(|| String::from_utf8(preset.apply(&tree, 1 << 16).unwrap()).unwrap())
    }

    /// Python 3.11, PHP 8.2 and Node 20.20 wrote these.
    #[test]
    fn options_are_combined_as_the_languages_combine_them() {
        for (name, expected) in [
            (
                "Python json.dumps, sort_keys=True, indent=4",
                "{\n    \"a\": {\n        \"b\": null,\n        \"z\": 1\n    },\n    \"amount\": 10.0,\n    \"b\": \"\\u00e9/<x> it's\",\n    \"e\": {},\n    \"id\": 7,\n    \"l\": []\n}",
            ),
            (
                "Python json.dumps, sort_keys=True, ensure_ascii=False, indent=2",
                "{\n  \"a\": {\n    \"b\": null,\n    \"z\": 1\n  },\n  \"amount\": 10.0,\n  \"b\": \"é/<x> it's\",\n  \"e\": {},\n  \"id\": 7,\n  \"l\": []\n}",
            ),
            (
                "Python json.dumps, ensure_ascii=False, indent='\\t'",
                "{\n\t\"id\": 7,\n\t\"b\": \"é/<x> it's\",\n\t\"amount\": 10.0,\n\t\"a\": {\n\t\t\"z\": 1,\n\t\t\"b\": null\n\t},\n\t\"e\": {},\n\t\"l\": []\n}",
            ),
            (
                "Python json.dumps, separators=(',', ': ')",
                "{\"id\": 7,\"b\": \"\\u00e9/<x> it's\",\"amount\": 10.0,\"a\": {\"z\": 1,\"b\": null},\"e\": {},\"l\": []}",
            ),
            (
                "PHP json_encode after ksort",
                "{\"a\":{\"z\":1,\"b\":null},\"amount\":10,\"b\":\"\\u00e9\\/<x> it's\",\"e\":[],\"id\":7,\"l\":[]}",
            ),
            (
                "PHP json_encode after ksort, JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE",
                "{\n    \"a\": {\n        \"z\": 1,\n        \"b\": null\n    },\n    \"amount\": 10,\n    \"b\": \"é\\/<x> it's\",\n    \"e\": [],\n    \"id\": 7,\n    \"l\": []\n}",
            ),
            (
                "PHP json_encode, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES",
                "{\n    \"id\": 7,\n    \"b\": \"\\u00e9/<x> it's\",\n    \"amount\": 10,\n    \"a\": {\n        \"z\": 1,\n        \"b\": null\n    },\n    \"e\": [],\n    \"l\": []\n}",
            ),
            (
                "PHP json_encode, JSON_HEX_TAG | JSON_HEX_APOS | JSON_HEX_AMP | JSON_HEX_QUOT",
                "{\"id\":7,\"b\":\"\\u00e9\\/\\u003Cx\\u003E it\\u0027s\",\"amount\":10,\"a\":{\"z\":1,\"b\":null},\"e\":[],\"l\":[]}",
            ),
            (
                "PHP json_encode, JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION",
                "{\"id\":7,\"b\":\"\\u00e9/<x> it's\",\"amount\":10.0,\"a\":{\"z\":1,\"b\":null},\"e\":[],\"l\":[]}",
            ),
            (
                "JavaScript JSON.stringify with Object.keys(…).sort() as its replacer",
                "{\"a\":{\"b\":null},\"amount\":10,\"b\":\"é/<x> it's\",\"e\":{},\"id\":7,\"l\":[]}",
            ),
            (
                "JavaScript JSON.stringify, outermost keys sorted, indented by 2",
                "{\n  \"a\": {\n    \"z\": 1,\n    \"b\": null\n  },\n  \"amount\": 10,\n  \"b\": \"é/<x> it's\",\n  \"e\": {},\n  \"id\": 7,\n  \"l\": []\n}",
            ),
        ] {
            assert_eq!(written(name, BODY).as_deref(), Some(expected), "{name}");
        }
        let tree = Tree::read(BODY.as_bytes()).unwrap();
        let shown = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
        assert_eq!(
            shown(prints::php_serialized(&tree, 1 << 16)),
            "a:6:{s:2:\"id\";i:7;s:1:\"b\";s:11:\"é/<x> it's\";s:6:\"amount\";d:10;s:1:\"a\";a:2:{s:1:\"z\";i:1;s:1:\"b\";N;}s:1:\"e\";a:0:{}s:1:\"l\";a:0:{}}"
        );
        assert_eq!(
            shown(prints::php_print_r(&tree, 1 << 16)),
            "Array\n(\n    [id] => 7\n    [b] => é/<x> it's\n    [amount] => 10\n    [a] => Array\n        (\n            [z] => 1\n            [b] => \n        )\n\n    [e] => Array\n        (\n        )\n\n    [l] => Array\n        (\n        )\n\n)\n"
        );
    }

    #[test]
    fn an_option_that_shows_nothing_is_not_tried() {
        let shown = |body: &str| {
            let tree = Tree::read(body.as_bytes()).unwrap();
            combined().filter(|preset| preset.shows(&tree)).count()
        };
        let (plain, all) = (shown(r#"{"a":1,"b":"x"}"#), shown(BODY));
        assert!(plain < 35, "{plain}");
        assert!(all > plain * 2 && all < 200, "{all}");
        assert_eq!(written("PHP json_encode after ksort", r#"{"a":1,"b":{"d":1,"c":2}}"#), None);
    }

    #[test]
    fn windows_ends_each_line_with_two_characters() {
        for name in [
            ".NET System.Text.Json, WriteIndented, on Windows",
            ".NET Newtonsoft.Json, Formatting.Indented, on Windows",
        ] {
            assert_eq!(written(name, r#"{"a":[1,{}]}"#).unwrap(), "{\r\n  \"a\": [\r\n    1,\r\n    {}\r\n  ]\r\n}");
        }
        assert_eq!(
            written("Java Jackson, pretty, on Windows", r#"{"a":[1,{}]}"#).unwrap(),
            "{\r\n  \"a\" : [ 1, { } ]\r\n}"
        );
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<&str> = combined().map(|preset| preset.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
