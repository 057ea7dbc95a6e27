use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::config::{ColourChoice, ColourRole, ThemeName};
use crate::signature::SigningKind;

fn parse(text: &str) -> Result<ConfigFile, FileError> {
    ConfigFile::parse(Path::new("whyhook.toml"), text)
}

const FULL: &str = r#"
bind = "127.0.0.1:3001"
store = "~/x.db"
tolerance = "300s"
body_limit = "10MB"
respond = "auto"
ngrok_api = "127.0.0.1:4040"

[limits]
head = "5s"
body = "10m"
body_rate = "1kB"
body_idle = "250ms"
keep_alive = "2m"
connections = 12
memory = "1GiB"

[secrets]
zed = { env = "ZED" }
old = { file = "old.key" }
now = { value = "hunter2" }

[[webhook]]
name = "dev"
path = "/webhooks/trackpilots"
kind = "developer"
secret = ["zed", "old"]
events = ["desktop.app_tracking.captured", "desktop.new.captured"]
url = "https://example.com/webhooks/trackpilots"

[[webhook]]
name = "resale"
path = "/resale"
kind = "reseller"
secret = "now"
"#;

#[test]
fn every_key_is_read() {
    let file = parse(FULL).unwrap();
    assert_eq!(file.bind.map(|bind| bind.port()), Some(3001));
    assert_eq!((file.store.as_deref(), file.rules[0].to_string()), (Some("~/x.db"), "auto".to_owned()));
    assert_eq!((file.tolerance, file.body_limit), (Some(Duration::from_secs(300)), Some(10_000_000)));
    assert_eq!(file.ngrok_api.flatten().map(|api| api.port()), Some(4040));
    let bounds = Bounds {
        head: Duration::from_secs(5),
        body_idle: Duration::from_millis(250),
        body: Duration::from_secs(600),
        body_rate: 1000,
        keep_alive: Duration::from_secs(120),
        connections: 12,
        memory: 1 << 30,
    };
    assert_eq!(file.bounds, bounds);
    let labels: Vec<_> = file.secrets.iter().map(|entry| (entry.label.as_str(), entry.place.line)).collect();
    assert_eq!(labels, [("zed", 19), ("old", 20), ("now", 21)]);
    let [dev, resale] = &file.webhooks[..] else { panic!() };
    assert_eq!((dev.kind, resale.kind), (SigningKind::Developer, SigningKind::Reseller));
    assert_eq!(
        (&dev.secrets[..], &resale.secrets[..]),
        (&["zed".to_owned(), "old".to_owned()][..], &["now".to_owned()][..])
    );
    assert_eq!(dev.events.len(), 2);
    assert_eq!((dev.url.is_some(), resale.url.is_some()), (true, false));
    let warnings: Vec<_> = file.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .starts_with("whyhook.toml:28: the webhook 'dev' subscribes to the unknown event 'desktop.new.captured'")
    );
    assert!(!format!("{file:?}").contains("hunter2"));
}

#[rstest]
#[case("bind = 3000", "1:8: invalid type: expected a string, found a whole number: put it in quotation marks")]
#[case("bind = 'here'", "1:8: invalid listening address 'here'")]
#[case("\nport = 1", "2:1: unknown field `port`, expected one of `bind`")]
#[case("bind = ", "1:8: ")]
#[case("é = [", "1:6: unclosed array")]
#[case("tolerance = '5'", "1:13: invalid duration '5'")]
#[case("body_limit = 'much'", "1:14: invalid size 'much'")]
#[case("body_limit = 0", "1:14: invalid body limit 0")]
#[case("body_limit = 1.5", "expected a string, or a whole number, found a decimal number")]
#[case("[limits]\nhead = '5'", "2:8: invalid duration '5'")]
#[case("[limits]\nhead = '1ms'", "2:8: expected a duration from 10ms to 24h")]
#[case("[limits]\nbody_idle = '2d'", "2:13: expected a duration from 10ms to 24h")]
#[case("[limits]\nconnections = 0", "2:15: expected a number of connections from 1 to 65535")]
#[case("[limits]\nmemory = '1kB'", "2:10: expected a size from 1MiB to 1TiB")]
#[case("[limits]\nheads = '1s'", "2:1: unknown field `heads`; did you mean `head`?")]
#[case(
    "\ntheme = 'drak'",
    "2:9: invalid theme 'drak': expected auto, dark, light, high-contrast, ansi or none; did you mean 'dark'?"
)]
#[case("[theme]\nverfied = 2", "2:1: unknown colour 'verfied': expected one of base, text, muted")]
#[case("[theme]\nverfied = 2", "did you mean 'verified'?")]
#[case("[theme]\nbase = 'drak'", "2:8: invalid theme 'drak'")]
#[case("[theme]\nverified = 'grren'", "2:12: invalid colour 'grren'")]
#[case("[theme]\nverified = 256", "2:12: invalid colour '256'")]
#[case("theme = 7", "1:9: ")]
#[case("public_url = 'x'", "1:14: invalid public URL: expected http")]
#[case("[tunnels]\nzrok = 'x'", "2:8: invalid address 'x'")]
#[case("[tunnels]\nzrok = 7", "2:8: invalid type: expected true or false, or a string, found a whole number")]
#[case("[tunnels]\nngork = true", "2:1: unknown field `ngork`")]
#[case("ngrok_api = 'x'", "1:13: invalid ngrok agent address 'x'")]
#[case("[secrets]\na = { env = 'A', file = 'B' }", "2:5: expected one of { env")]
#[case("[secrets]\na = { key = 'A' }", "2:5: expected one of { env")]
#[case("[secrets]\na = {}", "2:5: expected one of { env")]
#[case("[secrets]\n'' = { env = 'A' }", "2:1: the secret's label is empty")]
#[case("[secrets]\na = { env = 'A' }\na = { env = 'B' }", "3:1: duplicate key")]
#[case("[[webhook]]\npath = '/a'", "missing field `name`")]
#[case("[[webhook]]\nname = ''\npath = '/a'", "2:8: the webhook's name is empty")]
#[case("[[webhook]]\nname = 'a'\npath = 'a'", "3:8: invalid path 'a': expected '/' at the beginning")]
#[case("[[webhook]]\nname = 'a'\npath = '/a?b'", "3:8: invalid path '/a?b': expected")]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\nkind = 'other'",
    "4:8: unknown value `other`, expected `developer` or `reseller`"
)]
#[case("[[webhook]]\nname = 'a'\npath = '/a'\n[[webhook]]\nname = 'a'\npath = '/b'", "5:8: duplicate webhook name 'a'")]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\n[[webhook]]\nname = 'b'\npath = '/a/'",
    "6:8: duplicate path '/a/': it already belongs to the webhook 'a'"
)]
fn mistakes_are_placed(#[case] text: &str, #[case] expected: &str) {
    let error = parse(text).unwrap_err().to_string();
    assert!(error.starts_with("whyhook.toml:") && error.contains(expected), "{error}");
    assert!(!error.chars().any(crate::text::is_hidden), "{error:?}");
}

#[rstest]
#[case("secrets = 'hunter2'")]
#[case("[secrets]\na = 'hunter2'")]
#[case("[secrets]\na = ['hunter2']")]
#[case("[secrets]\na = { value = 4242 }")]
#[case("[secrets]\na = { value = 42.42 }")]
#[case("[secrets]\na = { value = { x = 'hunter2' } }")]
#[case("[secrets]\na = { value = 'hunter2 }")]
#[case("[secrets]\na = { value = hunter2 }")]
#[case("[secrets]\na = { value = 'hunter2', more = 'hunter2' }")]
fn mistakes_do_not_repeat_a_secret(#[case] text: &str) {
    let error = parse(text).unwrap_err();
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains("hunter2") && !shown.contains("42"), "{shown}");
    }
}

#[test]
fn hostile_text_in_errors_is_visible() {
    let error = parse("\"\\u001b[31m\\u202e\" = 1").unwrap_err().to_string();
    assert!(error.contains("unknown field (6 characters, not shown)"), "{error:?}");
    assert!(!error.chars().any(crate::text::is_hidden), "{error:?}");
}

#[test]
fn files_that_are_no_text_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("whyhook.toml");
    std::fs::write(&path, b"a = 1\nb = \xff").unwrap();
    let error = ConfigFile::read(&path).unwrap_err().to_string();
    assert!(error.contains("whyhook.toml:2:5: invalid UTF-8"), "{error}");
    std::fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    assert!(matches!(ConfigFile::read(&path), Err(FileError::TooLarge { .. })));
    assert!(matches!(ConfigFile::read(directory.path()), Err(FileError::Unreadable { .. })));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_on_one_line(text in "\\PC*|([a-z_]{1,8} = ['\\[{]?.{0,6}\n){0,4}") {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}

fn webhook(scheme: &str) -> Result<ConfigFile, FileError> {
    parse(&format!("[[webhook]]\nname = \"x\"\npath = \"/x\"\nscheme = {scheme}\n"))
}

#[test]
fn a_webhook_may_be_signed_as_others_sign() {
    let schemes = |text: &str| webhook(text).unwrap().webhooks[0].schemes.clone();
    let scheme = |text: &str| schemes(text).map(|schemes| schemes.first().clone());
    for entry in crate::signature::catalogue::all() {
        let own = entry.scheme().unwrap();
        match own.missing_settings().as_slice() {
            [] => assert_eq!(scheme(&format!("\"{}\"", entry.name)), Some(own)),
            needed => {
                let message = webhook(&format!("\"{}\"", entry.name)).unwrap_err().to_string();
                assert!(needed.iter().all(|name| message.contains(name.as_str())), "{message}");
            }
        }
    }
    let paypal = scheme(r#"{ preset = "paypal", settings = { webhook_id = "8PT597110X687430LKGECATA" } }"#).unwrap();
    assert!(paypal.missing_settings().is_empty());
    let own = scheme(
        r#"{ signature_header = "X-Mine", content = "{timestamp}|{body}", algorithm = "sha512", encoding = "base64", prefix = "v2=" }"#,
    )
    .unwrap();
    assert_eq!((own.signature_header(), own.timestamp_header()), ("X-Mine", "X-Webhook-Timestamp"));
    assert_eq!(own.content.to_string(), "{timestamp}|{body}");
    assert_eq!(own.algorithm(), Some(crate::signature::Algorithm::Sha512));
    let several = schemes(r#"["github", { preset = "stripe", tolerance = 60 }, "trackpilots"]"#).unwrap();
    assert_eq!(
        several.iter().map(|scheme| several.name_of(scheme)).collect::<Vec<_>>(),
        ["github", "stripe", "trackpilots"]
    );
    assert_eq!(several.iter().map(|scheme| scheme.tolerance.as_secs()).collect::<Vec<_>>(), [300, 60, 300]);
}

#[rstest]
#[case(r#""slak""#, "unknown scheme 'slak'")]
#[case(r#"{ content = "{time}.{body}" }"#, "time")]
#[case(r#"{ content = "{timestamp}" }"#, "body")]
#[case(r#"{ algorithm = "sha3" }"#, "sha3")]
#[case(r#"{ signature_header = "no spaces" }"#, "invalid header name 'no spaces'")]
#[case(r#"{ signature = "X" }"#, "signature")]
#[case("7", "expected a string, or a table, or an array, found a whole number")]
#[case("[]", "expected 1 to 8 schemes, found 0")]
#[case(r#"["github", "slak"]"#, "unknown scheme 'slak'")]
#[case(r#"["github", 7]"#, "expected a string, or a table, found a whole number")]
fn impossible_schemes_say_what_was_expected(#[case] scheme: &str, #[case] words: &str) {
    let message = webhook(scheme).unwrap_err().to_string();
    assert!(message.starts_with("whyhook.toml:4:") && message.contains(words), "{message}");
}

#[test]
fn simulations_are_kept_under_their_names() {
    let file = parse(
        "[simulations.idle]\nevent = \"app\"\nlive = true\nitems = 2\nset = [\"data[0].tracking.trackingMode=offline\"]\n",
    );
    let file = file.unwrap();
    let recipe = file.simulations["idle"].recipe().unwrap();
    assert_eq!((recipe.event.short(), recipe.live, recipe.items, recipe.edits.len()), ("app", true, 2, 1));
}

#[test]
fn a_simulation_that_cannot_be_sent_as_it_is_is_warned_of() {
    let file =
        parse("[simulations.x]\nevent = 'app'\nset = ['version=\"v2\"']\nunset = ['event',\n  'nope']\n").unwrap();
    let warnings: Vec<String> = file.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("whyhook.toml:5: the simulation 'x' cannot be sent as it is: nope"),
        "{warnings:?}"
    );
}

#[rstest]
#[case("event = \"login\"", "unknown event 'login'")]
#[case("image = \"webp\"", "unknown image form 'webp'")]
#[case("set = [\"isIdle\"]", "invalid assignment 'isIdle'")]
#[case("count = 0", "1 to 10000 deliveries")]
#[case("image_size = \"big\"", "invalid image size 'big'")]
#[case("to = \"a\"\nwebhook = \"b\"", "both a webhook and a URL")]
#[case("colour = 1", "unknown field")]
fn impossible_simulations_say_why_and_where(#[case] lines: &str, #[case] words: &str) {
    let message = parse(&format!("[simulations.x]\n{lines}\n")).unwrap_err().to_string();
    assert!(message.starts_with("whyhook.toml:") && message.contains(words), "{message}");
}

#[test]
fn a_theme_is_a_name_or_a_table_of_colours() {
    let theme = |text: &str| parse(text).unwrap().theme;
    assert_eq!(theme(""), None);
    assert_eq!(theme("theme = 'light'"), Some(ThemeSettings { base: ThemeName::Light, ..ThemeSettings::default() }));
    let table = "[theme]\nbase = 'ansi'\nverified = '#5fd787'\nfailed = 9\nselection = 'bright-blue'\ntext = 'default'";
    let colours = [
        (ColourRole::Verified, ColourChoice::Rgb(0x5f, 0xd7, 0x87)),
        (ColourRole::Failed, ColourChoice::Indexed(9)),
        (ColourRole::Selection, ColourChoice::Indexed(12)),
        (ColourRole::Text, ColourChoice::Default),
    ];
    assert_eq!(theme(table), Some(ThemeSettings { base: ThemeName::Ansi, colours: colours.into() }));
    // Every name of a role is one that the table takes.
    for name in ColourRole::NAMES {
        assert_eq!(theme(&format!("theme = {{ {name} = 1 }}")).unwrap().colours.len(), 1, "{name}");
    }
}

/// The file of `config init` as it comes, and with every setting switched on.
#[test]
fn the_file_to_begin_with_is_right_and_shows_every_setting() {
    let as_it_comes = parse(TEMPLATE).unwrap();
    assert!(as_it_comes.changed(&parse("").unwrap()).is_empty() && as_it_comes.warnings.is_empty());
    let is_setting = |line: &str| line.starts_with(|first: char| first == '[' || first.is_ascii_lowercase());
    let lines = TEMPLATE.lines().map(|line| line.strip_prefix('#').filter(|line| is_setting(line)).unwrap_or(line));
    let all: String = lines.map(|line| format!("{line}\n")).collect();
    let file = parse(&all).unwrap();
    assert_eq!(file.warnings, []);
    assert_eq!((file.webhooks.len(), file.rules.len(), file.answers.len()), (3, 2, 1));
    let schema = crate::config::schema(&[], &std::collections::BTreeMap::new());
    for name in schema["properties"].as_object().unwrap().keys() {
        let shown = [format!("#{name} = "), format!("# {name} = "), format!("#[{name}"), format!("#[[{name}]]")];
        assert!(
            shown.iter().any(|shown| TEMPLATE.contains(shown)) || ["theme", "notify"].contains(&name.as_str()),
            "{name}"
        );
        assert!(TEMPLATE.contains(name.as_str()), "{name}");
    }
    // What is a default there is one.
    let top: String = all.lines().filter(|line| !line.contains("public_url") && !line.contains("ca_file")).collect();
    assert!(top.contains("body_limit = \"64MiB\"") && file.bounds == Bounds::default());
}
