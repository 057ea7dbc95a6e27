use std::path::Path;

use super::*;
use crate::config::ColourRole;
use crate::config::file::ConfigFile;

fn whole() -> Value {
    schema(&["replay".to_owned()], &BTreeMap::new())
}

/// The names in the parser's own message about a key that it does not know, below this beginning of a file.
fn known_to_the_parser(above: &str) -> Vec<String> {
    let text = format!("{above}\nno-such-key = 1\n");
    let error = ConfigFile::parse(Path::new("x"), &text).unwrap_err().to_string();
    let (_, names) = error.split_once("no-such-key`, expected ").unwrap_or_else(|| panic!("{above}: {error}"));
    let mut names: Vec<String> = names.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

fn properties(schema: &Value) -> Vec<String> {
    let mut names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

#[test]
fn each_table_has_the_keys_that_the_parser_knows() {
    let whole = whole();
    let of = |pointer: &str| whole.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
    for (above, pointer) in [
        ("", ""),
        ("[limits]", "/properties/limits"),
        ("[tunnels]", "/properties/tunnels"),
        ("[notify]", "/properties/notify"),
        ("[on_delivery]", "/properties/on_delivery"),
        ("[retention]", "/properties/retention"),
        ("[redact]", "/properties/redact"),
        ("[redact.profiles.a]", "/properties/redact/properties/profiles/additionalProperties"),
        ("[answers.a]", "/properties/answers/additionalProperties"),
        ("[simulations.a]", "/properties/simulations/additionalProperties"),
        ("[[rules]]", "/properties/rules/items"),
        ("[[webhook]]", "/properties/webhook/items"),
        ("[[webhook]]\n[webhook.scheme]", "/properties/webhook/items/properties/scheme/anyOf/1"),
    ] {
        let schema = of(pointer);
        assert_eq!(known_to_the_parser(above), properties(&schema), "{above}");
        assert_eq!(schema["additionalProperties"], false, "{above}");
    }
    let theme = of("/properties/theme/anyOf/1");
    let mut roles: Vec<String> = ColourRole::NAMES.iter().map(|name| (*name).to_owned()).collect();
    roles.push("base".to_owned());
    roles.sort();
    assert_eq!(properties(&theme), roles);
}

/// Every name that the schema lists is one that the parser takes, and a name that it does not list is refused.
#[test]
fn each_name_that_the_schema_lists_is_read() {
    let whole = whole();
    let names = |pointer: &str| -> Vec<String> {
        let found = whole.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        let consts = found["oneOf"].as_array().into_iter().flatten().filter_map(|one| one["const"].as_str());
        let listed = found["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        listed.chain(consts).map(str::to_owned).collect()
    };
    let reads = |text: &str| ConfigFile::parse(Path::new("x"), text).map(drop).map_err(|error| error.to_string());
    let webhook = "[[webhook]]\nname = 'a'\npath = '/a'\n";
    for (pointer, text) in [
        ("/properties/images", "images = '@'".to_owned()),
        ("/properties/theme/anyOf/0", "theme = '@'".to_owned()),
        ("/properties/columns/items", "columns = ['@']".to_owned()),
        ("/properties/notify/properties/how", "[notify]\nhow = '@'".to_owned()),
        ("/properties/webhook/items/properties/kind", format!("{webhook}kind = '@'")),
        (
            "/properties/webhook/items/properties/scheme/anyOf/1/properties/encoding",
            format!("{webhook}scheme = {{ encoding = '@' }}"),
        ),
    ] {
        let names = names(pointer);
        assert!(names.len() > 1, "{pointer}: {}", whole.pointer(pointer).unwrap());
        for name in &names {
            assert_eq!(reads(&text.replace('@', name)), Ok(()), "{pointer} {name}");
        }
        assert!(reads(&text.replace('@', "nothing")).is_err(), "{pointer}");
    }
    let schemes = names("/properties/webhook/items/properties/scheme/anyOf/0");
    assert!(schemes.len() > 200);
    for name in schemes {
        // Some need settings, which is another matter.
        let read = reads(&format!("{webhook}scheme = '{name}'"));
        assert!(read.is_ok() || read.as_ref().is_err_and(|error| error.contains("also needs settings")), "{read:?}");
    }
}

#[test]
fn each_key_is_described() {
    fn walk(place: &str, value: &Value) {
        for (name, schema) in value["properties"].as_object().into_iter().flatten() {
            if schema["$ref"] == "#/definitions/Key" {
                continue;
            }
            let words = schema["description"].as_str().unwrap_or_default();
            assert!(words.ends_with('.') && !words.contains("[`"), "{place}.{name}: {words:?}");
            walk(&format!("{place}.{name}"), schema);
        }
        for below in ["items", "additionalProperties"].iter().filter_map(|name| value.get(name)) {
            walk(place, below);
        }
        for choice in value.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
            walk(place, choice);
        }
    }
    let whole = whole();
    walk("", &whole);
    assert!(whole["definitions"]["Key"]["description"].is_string());
    assert_eq!(whole["$schema"], "http://json-schema.org/draft-07/schema#");
    let text = whole.to_string();
    assert!(!text.contains("\"null\"") && !text.contains(":null"), "TOML has none");
}

/// The defaults that the schema tells are those of a run.
#[test]
fn the_defaults_are_those_of_a_run_without_a_configuration() {
    let whole = whole();
    let mut text = String::new();
    let mut add = |name: &str, value: &Value| text.push_str(&format!("{name} = {value}\n"));
    let of =
        |value: &Value| value.get("default").filter(|default| !default.is_object() && !default.is_array()).cloned();
    let top = whole["properties"].as_object().unwrap();
    top.iter().filter_map(|(name, schema)| Some((name, of(schema)?))).for_each(|(name, value)| add(name, &value));
    text.push_str("[limits]\n");
    let limits = top["limits"]["properties"].as_object().unwrap();
    limits.iter().for_each(|(name, schema)| text.push_str(&format!("{name} = {}\n", of(schema).unwrap())));
    let environment = crate::config::testing::Surroundings::new().write("work/whyhook.toml", &text);
    let flags = crate::config::Flags::default();
    let (with, _) =
        crate::config::Settings::load(&flags, &environment).unwrap_or_else(|error| panic!("{error}: {text}"));
    let (without, _) = crate::config::Settings::load(&flags, &crate::config::testing::Surroundings::new()).unwrap();
    let values = |settings: &crate::config::Settings| {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            settings.bind,
            settings.tolerance,
            settings.body_limit,
            settings.bounds,
            settings.images,
            settings.mouse,
            settings.theme,
            settings.ngrok_api,
            settings.forward_timeout,
            settings.rules.hold_for
        )
    };
    assert_eq!(values(&with), values(&without));
    assert!(text.lines().count() > 12, "{text}");
}
