use rstest::rstest;

use super::*;
use crate::config::testing::{Surroundings, set_mode};
use crate::signature::Secret;

fn load(flags: &Flags, surroundings: &Surroundings) -> (Settings, Vec<String>) {
    let (settings, warnings) = Settings::load(flags, surroundings).unwrap();
    (settings, warnings.iter().map(ToString::to_string).collect())
}

fn failure(flags: &Flags, surroundings: &Surroundings) -> String {
    Settings::load(flags, surroundings).unwrap_err().to_string()
}

#[test]
fn nothing_said_means_the_defaults() {
    let surroundings = Surroundings::new();
    let (settings, warnings) = load(&Flags::default(), &surroundings);
    assert_eq!(settings.bind.to_string(), "127.0.0.1:3000");
    assert_eq!(settings.store, surroundings.path("data/whyhook/whyhook.db"));
    assert_eq!(settings.tolerance, Duration::from_secs(300));
    assert_eq!(settings.body_limit, 64 << 20);
    assert_eq!(settings.ngrok_api, Some(DEFAULT_NGROK_API));
    assert_eq!((settings.rules.rules().len(), settings.config.is_none(), settings.ephemeral), (0, true, false));
    assert!(settings.registry.keyring().is_empty() && settings.registry.webhooks().is_empty());
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn flags_win_over_the_environment_over_the_file() {
    let text = "bind = '127.0.0.1:1'\nstore = 'a.db'\ntolerance = '1h'\nbody_limit = 5\nrespond = '503'";
    let surroundings = Surroundings::new().write("work/whyhook.toml", text);
    let (settings, _) = load(&Flags::default(), &surroundings);
    assert_eq!(settings.bind.port(), 1);
    assert_eq!(settings.store, surroundings.path("work/a.db"));
    assert_eq!(settings.registry.signing_scheme(None).tolerance, Duration::from_secs(3600));
    assert_eq!((settings.body_limit, settings.rules.label(0).as_str()), (5, "fixed 503"));

    let surroundings = surroundings.set("WHYHOOK_BIND", "[::1]:2").set("WHYHOOK_STORE", "~/b.db");
    let (settings, _) = load(&Flags::default(), &surroundings);
    assert_eq!(settings.bind.to_string(), "[::1]:2");
    assert_eq!(settings.store, surroundings.path("home/b.db"));

    let flags = Flags {
        bind: Some("localhost:3".to_owned()),
        store: Some("c.db".into()),
        answers: AnswerFlags { respond: vec!["auto".to_owned()], ..AnswerFlags::default() },
        tolerance: Some("10s".to_owned()),
        body_limit: Some("1k".to_owned()),
        ..Flags::default()
    };
    let (settings, _) = load(&flags, &surroundings);
    assert_eq!(settings.bind.to_string(), "127.0.0.1:3");
    assert_eq!(settings.store, surroundings.path("work/c.db"));
    assert_eq!((settings.rules.label(0).as_str(), settings.body_limit), ("auto", 1000));
    assert_eq!(settings.tolerance, Duration::from_secs(10));
}

#[test]
fn the_file_is_found_in_order() {
    let surroundings = Surroundings::new().write("config/whyhook/config.toml", "body_limit = 1");
    let limit = |surroundings: &Surroundings, flags: &Flags| load(flags, surroundings).0.body_limit;
    assert_eq!(limit(&surroundings, &Flags::default()), 1);
    let surroundings = surroundings.write("work/whyhook.toml", "body_limit = 2");
    assert_eq!(limit(&surroundings, &Flags::default()), 2);
    let surroundings = surroundings.write("work/env.toml", "body_limit = 3").set("WHYHOOK_CONFIG", "env.toml");
    assert_eq!(limit(&surroundings, &Flags::default()), 3);
    let surroundings = surroundings.write("work/flag.toml", "body_limit = 4");
    let flags = Flags { config: Some("flag.toml".into()), ..Flags::default() };
    assert_eq!(limit(&surroundings, &flags), 4);
    let missing = Flags { config: Some("none.toml".into()), ..Flags::default() };
    assert!(failure(&missing, &surroundings).contains("none.toml"));
}

#[test]
fn the_agent_may_be_elsewhere_or_switched_off() {
    let surroundings = Surroundings::new().write("work/whyhook.toml", "ngrok_api = false");
    assert_eq!(load(&Flags::default(), &surroundings).0.ngrok_api, None);
    let surroundings = surroundings.set("WHYHOOK_NGROK_API", "127.0.0.1:4041");
    assert_eq!(load(&Flags::default(), &surroundings).0.ngrok_api.map(|api| api.port()), Some(4041));
    let surroundings = surroundings.set("WHYHOOK_NGROK_API", "false");
    assert_eq!(load(&Flags::default(), &surroundings).0.ngrok_api, None);
}

#[test]
fn tunnels_are_turned_off_by_name_and_the_public_url_can_be_said() {
    let surroundings = Surroundings::new().write(
        "work/whyhook.toml",
        "public_url = 'https://file.example/'\n[tunnels]\nngrok = false\ntailscale = false",
    );
    let settings = load(&Flags::default(), &surroundings).0;
    assert_eq!((settings.ngrok_api, settings.public_url.as_deref()), (None, Some("https://file.example")));
    assert_eq!(settings.tunnels.probe(TunnelName::Tailscale), TunnelProbe::Off);
    let flags = Flags { public_url: Some("https://u:p@flag.example".to_owned()), ..Flags::default() };
    let surroundings = surroundings.set("WHYHOOK_TUNNELS", "tailscale");
    let settings = load(&flags, &surroundings).0;
    assert_eq!(settings.public_url.as_deref(), Some("https://flag.example"));
    assert_eq!(settings.tunnels.probe(TunnelName::Tailscale), TunnelProbe::Seen);
    // An address that is set on purpose is asked in any case.
    let surroundings = surroundings.set("WHYHOOK_NGROK_API", "127.0.0.1:4041");
    assert_eq!(load(&flags, &surroundings).0.ngrok_api.map(|api| api.port()), Some(4041));
    let surroundings = surroundings.set("WHYHOOK_TUNNELS", "ngork");
    assert!(failure(&flags, &surroundings).starts_with("WHYHOOK_TUNNELS: unknown tunnel"));
}

#[rstest]
#[case("127.0.0.1:0", false)]
#[case("127.0.0.9:1", false)]
#[case("[::ffff:127.0.0.1]:1", false)]
#[case("0.0.0.0:3000", true)]
#[case("[::]:3000", true)]
#[case("192.168.1.2:3000", true)]
fn binding_beyond_loopback_is_pointed_out(#[case] bind: &str, #[case] warned: bool) {
    let flags = Flags { bind: Some(bind.to_owned()), ..Flags::default() };
    let (settings, warnings) = load(&flags, &Surroundings::new());
    assert_eq!(settings.bind, bind.parse().unwrap());
    assert_eq!(warnings.iter().any(|warning| warning.contains("other hosts")), warned, "{warnings:?}");
}

#[rstest]
#[case("example.com:3000")]
#[case("127.0.0.1")]
#[case("127.0.0.1:99999")]
#[case("")]
#[case("\u{1b}[31m")]
fn a_bad_address_is_refused_by_its_source(#[case] bind: &str) {
    let flags = Flags { bind: Some(bind.to_owned()), ..Flags::default() };
    let error = failure(&flags, &Surroundings::new());
    assert!(error.starts_with("--bind: invalid listening address '") && error.contains("127.0.0.1:3000"), "{error}");
    assert!(!error.chars().any(crate::text::is_hidden), "{error}");
    if !bind.is_empty() {
        let error = failure(&Flags::default(), &Surroundings::new().set("WHYHOOK_BIND", bind));
        assert!(error.starts_with("WHYHOOK_BIND: invalid listening address '"), "{error}");
    }
}

#[test]
fn without_a_home_a_store_must_be_named() {
    let surroundings = || Surroundings::new().homeless();
    assert!(failure(&Flags::default(), &surroundings()).contains("--store"));
    let ephemeral = Flags { ephemeral: true, ..Flags::default() };
    assert!(load(&ephemeral, &surroundings()).0.ephemeral);
    let named = Flags { store: Some("/x.db".into()), ..Flags::default() };
    assert_eq!(load(&named, &surroundings()).0.store, PathBuf::from("/x.db"));
}

#[test]
fn webhooks_and_secrets_come_together() {
    let text = "[secrets]\nzed = { file = 'zed.key' }\nalpha = { env = 'ALPHA' }\n\
                [[webhook]]\nname = 'dev'\npath = '/w'\nsecret = 'alpha'\nkind = 'reseller'";
    let surroundings = Surroundings::new()
        .write("conf/whyhook.toml", text)
        .write("conf/zed.key", "zed-secret-zed-secret\n")
        .set("ALPHA", "alpha-secret-alpha-secret");
    let flags = Flags { config: Some(surroundings.path("conf/whyhook.toml")), ..Flags::default() };
    let (settings, warnings) = load(&flags, &surroundings);
    assert!(warnings.is_empty(), "{warnings:?}");
    let labels: Vec<_> = settings.registry.route(b"/other").secrets.map(Secret::label).collect();
    assert_eq!(labels, ["zed", "alpha"], "the order of the file");
    let own: Vec<_> = settings.registry.route(b"/w?x").secrets.map(Secret::expose).collect();
    assert_eq!(own, [b"alpha-secret-alpha-secret"]);
}

#[test]
fn a_label_may_be_a_flags_and_must_be_known() {
    let text = "[[webhook]]\nname = 'dev'\npath = '/w'\nsecret = ['one', 'hunter2-hunter2']";
    let surroundings = Surroundings::new()
        .write("work/whyhook.toml", text)
        .set("ONE", "one-secret-one-secret")
        .set("TWO", "two-secret-two-secret");
    let mut flags = Flags { secret_env: vec!["one=ONE".to_owned()], ..Flags::default() };
    let error = failure(&flags, &surroundings);
    assert!(error.contains("whyhook.toml:4:18: the webhook 'dev'") && error.contains("labels: one"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    flags.secret_env.push("hunter2-hunter2=TWO".to_owned());
    assert_eq!(load(&flags, &surroundings).0.registry.keyring().secrets().len(), 2);
}

#[cfg(unix)]
#[test]
fn a_readable_configuration_with_a_secret_is_pointed_out() {
    let surroundings = Surroundings::new().write(
        "work/whyhook.toml",
        "[secrets]\na = { value = 'hunter2-hunter2-hunter2' }\nb = { value = 'bbbbbbbbbbbbbbbbb' }",
    );
    assert!(load(&Flags::default(), &surroundings).1.is_empty());
    set_mode(&surroundings.path("work/whyhook.toml"), 0o644);
    let (settings, warnings) = load(&Flags::default(), &surroundings);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("0644") && warnings[0].contains("chmod 600"), "{warnings:?}");
    assert!(!format!("{settings:?}{warnings:?}").contains("hunter2"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let surroundings = Surroundings::new().set("WHYHOOK_BIND", std::ffi::OsString::from_vec(vec![0xff]));
    assert!(failure(&Flags::default(), &surroundings).contains("WHYHOOK_BIND is not valid UTF-8"));
}
