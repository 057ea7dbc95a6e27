//! `whyhook config`: a file to begin with, every fault of one, and its schema.

use std::fs;
use std::path::Path;

use serde_json::Value;
use whyhook::config::file::ConfigFile;

use crate::support::TestEnv;
use crate::support::schema::Schemas;

#[test]
fn a_first_configuration_is_written_once_and_is_valid() {
    let env = TestEnv::with_secret();
    let none = env.run(&["config", "check"]).yes().stdout();
    assert!(none.starts_with("no configuration found in whyhook.toml or "), "{none}");

    let said = env.run(&["config", "init", "--schema"]).yes().stderr();
    assert!(said.contains("whyhook.toml") && said.contains("whyhook config check"), "{said}");
    assert_eq!(env.run(&["config", "check"]).yes().stdout(), "whyhook.toml is valid\n");
    let file = env.work().join("whyhook.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("#:schema ./whyhook.schema.json\n"), "{text}");
    let schema = fs::read_to_string(env.work().join("whyhook.schema.json")).unwrap();
    assert_eq!(schema, env.run(&["config", "schema"]).yes().stdout());

    fs::write(&file, "respond = '202'\n").unwrap();
    let refused = env.run(&["config", "init"]).complains();
    assert!(refused.contains("already exists, and was not changed"), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "respond = '202'\n");

    // The person's own, and what it means beside the folder's.
    let said = env.run(&["config", "init", "--user"]).yes().stderr();
    assert!(said.contains("config.toml"), "{said}");
    fs::remove_file(&file).unwrap();
    assert!(env.run(&["config", "init"]).yes().stderr().contains("it takes the place of"));
    env.run(&["config", "init", "missing/folder.toml"]).complains();
}

#[test]
fn every_fault_is_told_at_once_and_none_repeats_a_secret() {
    let env = TestEnv::with_secret();
    env.write(
        "whyhook.toml",
        "bindd = '127.0.0.1:1'\ntolerance = '5'\n[secrets]\na = { env = 'NOT_SET' }\nb = { file = 'none.key' }\n\
         'whsec_MfKQ9r8GKYqrTwjU' = { env = 'HOME' }\n[[webhook]]\nname = 'dev'\npath = 'x'\nsecret = 'nobody'\n\
         [keys]\nreplayy = 'x'\nfilter = ['/', 'nonsense-r']\n",
    );
    let text = env.run(&["config", "check"]).no().stdout();
    let lines: Vec<&str> = text.lines().collect();
    for (line, words) in lines.iter().zip([
        "whyhook.toml:1:1: unknown field `bindd`; did you mean `bind`?",
        "whyhook.toml:2:13: invalid duration '5'",
        "whyhook.toml:4:1: the environment variable 'NOT_SET' (asked for by [secrets]) is not set",
        "whyhook.toml:5:1: cannot read the secret file",
        "whyhook.toml:6:1: a label of 22 characters",
        "whyhook.toml:9:8: invalid path 'x'",
        "whyhook.toml:10:10: the webhook 'dev' names an unknown secret",
        "whyhook.toml:12:1: unknown action 'replayy'",
        "whyhook.toml:13:1: ",
    ]) {
        assert!(line.starts_with(words), "{words}: {text}");
    }
    assert_eq!(lines.last(), Some(&"9 faults in whyhook.toml"));
    assert!(!text.contains("MfKQ9r8"), "{text}");

    // What a listener says first is among them.
    let first = env.run(&["--headless"]).complains();
    assert!(first.contains("whyhook.toml:1:1: unknown field `bindd`; did you mean `bind`?"), "{first}");

    let json = env.run(&["config", "check", "--format", "json"]).no().json();
    assert_eq!((&json["valid"], json["faults"].as_array().map(Vec::len)), (&Value::Bool(false), Some(9)));
    assert_eq!((&json["faults"][1]["line"], &json["faults"][1]["column"]), (&2.into(), &13.into()));
    assert!(json["file"].as_str().unwrap().ends_with("/whyhook.toml"));

    env.run(&["config", "check", "nowhere.toml"]).complains();
    env.write("binary.toml", b"bind = \"\xff\"");
    let text = env.run(&["config", "check", "binary.toml"]).no().stdout();
    assert!(text.starts_with("binary.toml:1:9: invalid UTF-8") && text.contains("and perhaps more"), "{text}");
}

#[test]
fn what_needs_consent_is_told_and_no_secret_is_read_before() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[secrets]\na = { file = '../elsewhere.key' }\n[on_delivery]\ncommand = ['true']\n");
    let text = env.run(&["config", "check"]).yes().stdout();
    assert!(
        text.contains("only after `whyhook trust`") && text.contains("run a program for deliveries: true"),
        "{text}"
    );
    assert!(text.contains("whyhook.toml is valid: 1 secret"), "{text}");
    let json = env.run(&["config", "check", "--format", "json"]).yes().json();
    assert_eq!(json["needs_consent"].as_array().map(Vec::len), Some(2));
    // A person who has named the file is asked nothing.
    let text = env.run(&["config", "check", "whyhook.toml"]).no().stdout();
    assert!(text.starts_with("whyhook.toml:2:1: cannot read the secret file"), "{text}");
}

/// Examples in TOML of the README and of docs/, each with its place.
fn examples() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = docs.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    pages.push(root.join("README.md"));
    pages.sort();
    let mut examples = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let mut offset = 0;
        while let Some(start) = text[offset..].find("```toml\n").map(|at| offset + at + 8) {
            let end = start + text[start..].find("\n```").unwrap();
            let line = text[..start].lines().count();
            examples.push((format!("{}:{line}", page.file_name().unwrap().display()), text[start..=end].to_owned()));
            offset = end;
        }
    }
    examples
}

/// An example as a whole configuration: as it is, or as what it is a part of.
fn whole(example: &str) -> Result<String, String> {
    const WEBHOOK: &str = "[[webhook]]\nname = 'example'\npath = '/example'\n";
    // What is a table there is one below the scheme.
    let below = example
        .replace("\n[variables", "\n[webhook.scheme.variables")
        .replace("\n[[binds]]", "\n[[webhook.scheme.binds]]");
    let below =
        below.strip_prefix("[variables]").map_or(below.clone(), |rest| format!("[webhook.scheme.variables]{rest}"));
    let candidates = [
        example.to_owned(),
        format!("{WEBHOOK}{example}"),
        format!("{WEBHOOK}[webhook.scheme]\n{below}"),
        format!("{WEBHOOK}[webhook.scheme]\npreset = 'github'\n{below}"),
    ];
    let read = |text: &String| ConfigFile::parse(Path::new("x"), text).map(drop).map_err(|error| error.to_string());
    let errors: Vec<_> = candidates.iter().map(|text| read(text).err()).collect();
    candidates.into_iter().find(|text| read(text).is_ok()).ok_or_else(|| format!("{errors:?}"))
}

#[test]
fn every_example_of_the_documentation_is_read_and_fits_the_schema() {
    let env = TestEnv::new();
    let schema = env.run(&["config", "schema"]).yes().json();
    let schemas = Schemas(&schema);
    let examples = examples();
    assert!(examples.len() > 15);
    for (place, example) in examples {
        let text = whole(&example).unwrap_or_else(|errors| panic!("{place}: {errors}"));
        let table: toml::Table = text.parse().unwrap();
        let value = serde_json::to_value(&table).unwrap();
        schemas.check(&schema, &value, &place).unwrap();
        // And the schema is no sieve: no key of it may have another name, and no value may be a date.
        for name in table.keys() {
            let mut other = value.clone();
            let taken = other.as_object_mut().unwrap().remove(name).unwrap();
            other[format!("{name}-x")] = taken;
            assert!(schemas.check(&schema, &other, &place).is_err(), "{place}: {name}");
        }
    }
}

#[test]
fn the_page_names_every_setting() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md")).unwrap();
    let (_, table) = page.split_once("## The settings").unwrap();
    let schema = TestEnv::new().run(&["config", "schema"]).yes().json();
    let properties = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let top = schema["properties"].as_object().unwrap();
    assert!(top.len() > 25);
    for (name, below) in top {
        let named = [format!("`[[{name}]]`"), format!("`[{name}]`"), format!("`[{name}."), format!("`{name}`")];
        let row = named.iter().find_map(|named| table.lines().find(|line| line.contains(named.as_str())));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        // Keys and colours have lists of their own.
        if ["keys", "theme"].contains(&name.as_str()) {
            continue;
        }
        for inner in [&below["items"], &below["additionalProperties"], below].iter().flat_map(|inner| properties(inner))
        {
            assert!(row.contains(&format!("`{inner}`")), "{name}.{inner} is not in its row");
        }
    }
}

#[test]
fn what_a_listener_would_refuse_is_a_fault_and_what_means_nothing_a_warning() {
    let env = TestEnv::with_secret();
    let check = |text: &str| {
        env.write("own.toml", text);
        env.run(&["config", "check", "own.toml"])
    };
    for (text, words) in [
        ("ca_file = 'nope.pem'", "ca_file: "),
        ("store = '/tmp'", "store: "),
        ("[filters]\na = '@b'\nb = '@a'", "a circle: @a → @b → @a"),
        ("[simulations.x]\nrate = 'x'", "expected a number"),
        ("columns = 5", "expected an array"),
    ] {
        let said = check(text).no().stdout();
        assert!(said.contains(words) && said.contains("1 fault in own.toml"), "{text}: {said}");
        assert!(!said.contains("f64") && !said.contains("sequence"), "{said}");
    }
    for text in ["[simulations.x]\nwebhook = 'nope'", "[[rules]]\nwebhook = 'nope'\nthen = '503'"] {
        let said = check(text).yes().stdout();
        assert!(said.contains("names the webhook 'nope', and no [[webhook]] has such a name"), "{said}");
    }
    let webhook = "[[webhook]]\nname = 'shop'\npath = '/shop'\n[[rules]]\nwebhook = 'SHO'\nthen = '503'";
    assert!(!check(webhook).yes().stdout().contains("names the webhook"));
}
