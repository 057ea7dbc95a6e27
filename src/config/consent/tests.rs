use rstest::rstest;

use super::trust::Trusted;
use super::*;
use crate::config::testing::Surroundings;

/// What the text asks for in a folder without links.
fn asked(text: &str) -> Vec<(Scope, String)> {
    let surroundings = Surroundings::new();
    let path = surroundings.path("project/whyhook.toml");
    let file = ConfigFile::parse(&path, text).unwrap();
    let root = surroundings.path("");
    let root = root.to_str().unwrap().trim_end_matches('/').to_owned();
    let plain = |path: &Path| {
        path.components().fold(PathBuf::new(), |plain, part| match part {
            Component::ParentDir => plain.parent().unwrap().to_owned(),
            part => plain.join(part),
        })
    };
    needs(&file, &surroundings, &plain).into_iter().map(|need| (need.scope, need.words.replace(&root, ""))).collect()
}

#[rstest]
#[case("bind = '0.0.0.0:3000'", "listen on 0.0.0.0:3000, where other hosts can reach it")]
#[case("bind = '[::]:1'", "listen on [::]:1, where other hosts can reach it")]
#[case("bind = '192.168.0.7:80'", "listen on 192.168.0.7:80, where other hosts can reach it")]
#[case("forward_to = ['http://localhost:1', 'https://example.com/x']", "forward deliveries to https://example.com/x")]
#[case("respond = 'forward http://10.0.0.1'", "forward deliveries to http://10.0.0.1")]
#[case("respond = 'hold 5s else forward http://a.example'", "forward deliveries to http://a.example")]
#[case("respond = 'fail 3 with forward http://a.example then 200'", "forward deliveries to http://a.example")]
#[case("respond = 'fail 3 with 503 then forward http://a.example'", "forward deliveries to http://a.example")]
#[case("respond = 'wait 1s forward http://a.example'", "forward deliveries to http://a.example")]
#[case("[[rules]]\nwhen = 'is:sim'\nthen = 'forward http://a.example'", "forward deliveries to http://a.example")]
#[case("respond = 'redirect 307 https://a.example/'", "redirect senders to https://a.example/")]
#[case("respond = 'redirect 307 //a.example/'", "redirect senders to //a.example/")]
#[case("respond = 'redirect /{{query.x}}'", "redirect senders to /{{query.x}}")]
#[case("respond = 'redirect {{path}}'", "redirect senders to {{path}}")]
#[case("respond = 'redirect \"/x?h={{hmac_sha256_hex(query.a)}}\"'", "answer requests with HMACs under a secret")]
#[case(
    "[answers.a]\nstatus = 307\nheaders = { location = 'https://a.example' }",
    "redirect senders to https://a.example"
)]
#[case(
    "[answers.a]\nstatus = 307\nheaders = { Location = '/{{webhook}}/a.example/x' }",
    "redirect senders to /{{webhook}}/a.example/x"
)]
#[case(
    "[answers.a]\nstatus = 200\nheaders = { Refresh = '0; url=//a.example' }",
    "redirect senders to 0; url=//a.example"
)]
#[case(
    "[[webhook]]\nname = 'w'\npath = '/'\nurl = 'https://a.example/in'",
    "send the events of the webhook 'w' to https://a.example/in"
)]
#[case("respond = 'handshake:zoom'", "answer requests with HMACs under a secret")]
#[case("[[webhook]]\nname = 'w'\npath = '/'\nscheme = 'zoom'", "answer requests with HMACs under a secret")]
#[case("[answers.a]\nstatus = 200\nbody = '{{hmac_sha256_hex(query.a)}}'", "answer requests with HMACs under a secret")]
#[case("[simulations.s]\nto = 'a.example:80'", "send the simulation 's' to a.example:80")]
#[case("on_delivery = { command = ['sh', '-c', 'x'] }", "run a program for deliveries: sh -c x")]
#[case("ca_file = 'ca.pem'", "trust the certificates in /project/ca.pem for every https target")]
#[case("ngrok_api = '10.1.1.1:4040'", "ask 10.1.1.1:4040 for the public URL")]
#[case("[tunnels]\ncloudflared = '10.1.1.1:20241'", "ask 10.1.1.1:20241 for the public URL")]
#[case("[keys]\nreplay = 'j'", "change the keys of the interface: j for 'replay'")]
#[case("[keys]\nreplay = 'j'\nmark = []", "change the keys of the interface: j for 'replay' and 1 more")]
#[case("[theme]\nfailed = '#000000'", "choose the colours of the interface, which can hide text")]
fn what_reaches_out_needs_a_yes(#[case] text: &str, #[case] words: &str) {
    assert_eq!(asked(text), [(Scope::Network, words.to_owned())]);
}

#[rstest]
#[case("[secrets]\na = { file = '~/.ssh/id' }", Scope::Secrets, "read the secret 'a' from /home/.ssh/id")]
#[case("[secrets]\na = { file = '../a' }", Scope::Secrets, "read the secret 'a' from /project/../a")]
#[case("[secrets]\na = { file = '/etc/shadow' }", Scope::Secrets, "read the secret 'a' from /etc/shadow")]
#[case("store = '/srv/shared/x.db'", Scope::Store, "keep deliveries in /srv/shared/x.db")]
#[case("store = '../x.db'", Scope::Store, "keep deliveries in /project/../x.db")]
#[case("[redact]\nkeep = ['email']", Scope::Secrets, "keep values in redacted exports that would be replaced")]
#[case(
    "[redact.profiles.a]\nkeep = ['email']",
    Scope::Secrets,
    "keep values in redacted exports that would be replaced"
)]
fn what_lies_outside_the_folder_needs_a_yes(#[case] text: &str, #[case] scope: Scope, #[case] words: &str) {
    assert_eq!(asked(text), [(scope, words.to_owned())]);
}

#[test]
fn deleting_needs_a_yes_where_the_store_is_not_the_folders_own() {
    let retention = "[retention]\nkeep = 1";
    let words = "permanently delete deliveries: the newest 1; checked hourly, when deliveries arrive".to_owned();
    assert_eq!(asked(retention), [(Scope::Network, words)]);
    assert_eq!(asked(&format!("store = 'x.db'\n{retention}")), []);
    assert_eq!(asked(&format!("store = '/y/x.db'\n{retention}")).len(), 2);
}

#[rstest]
#[case("")]
#[case("bind = '127.0.0.1:3000'\nngrok_api = '127.0.0.1:4040'\nstore = 'here/x.db'\ntolerance = '1h'\nhold_for = '1s'")]
#[case("public_url = 'https://a.example'\n[tunnels]\nngrok = false\nzrok = '127.0.0.1:8888'\npinggy = true")]
#[case("bind = '[::1]:3000'\nngrok_api = false\nrespond = '503'")]
#[case("bind = '[::ffff:127.0.0.1]:3000'\nforward_to = ['http://127.0.0.1:1', 'http://[::1]:2', 'http://a.localhost']")]
#[case("respond = 'redirect 307 /elsewhere'")]
#[case("respond = 'redirect 307 /elsewhere?x={{query.x}}'")]
#[case("[answers.a]\nstatus = 307\nheaders = { Location = 'http://127.0.0.1:9/' }")]
#[case("[answers.a]\nstatus = 307\nheaders = { Location = '/jobs/{{id}}' }")]
#[case("[secrets]\na = { env = 'A' }\nb = { file = 'b.key' }\nc = { value = 'x' }\nd = { file = './x/../d' }")]
#[case(
    "[[webhook]]\nname = 'w'\npath = '/'\nurl = 'http://localhost:4000/in'\n[simulations.s]\nto = 'http://127.0.0.1:1'"
)]
#[case("bell = 'verdict:bad'")]
#[case("[notify]\nhow = 'osc9'")]
#[case("theme = 'light'")]
#[case("[theme]\nbase = 'ansi'")]
#[case("[limits]\nhead = '1s'\n[simulations.s]\nwebhook = 'w'")]
fn what_stays_on_this_machine_needs_none(#[case] text: &str) {
    assert_eq!(asked(text), []);
}

#[test]
fn a_need_is_said_once_and_shows_nothing_hidden() {
    let text = "forward_to = ['http://a.example', 'http://a.example']\n[[webhook]]\nname = \"w\\u001b\"\npath = '/'\n\
                url = \"http://a.example/\\u202e\"";
    let asked = asked(text);
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].1, "send the events of the webhook 'w␛' to http://a.example/⟨U+202E⟩");
    let many: Vec<Need> =
        (0..20).map(|n| Need { scope: Scope::Store, words: format!("{n}{}", "x".repeat(999)) }).collect();
    let line = words(&many);
    assert!(line.contains("… and 12 more") || line.ends_with("; and 12 more"), "{line}");
    assert!(line.len() < 3000);
}

#[cfg(unix)]
#[test]
fn links_are_followed_as_the_system_follows_them() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for name in ["in/deep", "out/deep"] {
        std::fs::create_dir_all(root.join(name)).unwrap();
    }
    std::fs::write(root.join("out/key"), "").unwrap();
    symlink("../out/key", root.join("in/key")).unwrap();
    symlink("../out/deep", root.join("in/away")).unwrap();
    symlink("../out/none", root.join("in/loose")).unwrap();
    symlink("circle", root.join("in/circle")).unwrap();
    for (path, real) in [
        ("in/x", "in/x"),
        ("in/./deep/../x/y", "in/x/y"),
        ("in/../out/x", "out/x"),
        ("in/key", "out/key"),
        // By names alone this would be in/x.
        ("in/away/../x", "out/x"),
        ("in/away/x/y.db", "out/deep/x/y.db"),
        ("in/loose", "out/none"),
        ("in/loose/x", "out/none/x"),
    ] {
        assert_eq!(real_path(&root.join(path)), root.join(real), "{path}");
    }
    // It leads nowhere, and comes to an end.
    let _ = real_path(&root.join("in/circle"));
}

#[cfg(unix)]
#[test]
fn a_yes_is_for_one_state_of_one_file_and_kept_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let surroundings = Surroundings::new();
    let trusted = Trusted::of(&surroundings);
    let file = |path: &str, text: &str| ConfigFile::parse(&surroundings.path(path), text).unwrap();
    let (one, changed, moved) = (file("a/whyhook.toml", ""), file("a/whyhook.toml", "\n"), file("b/whyhook.toml", ""));
    assert!(!trusted.holds(&one));
    trusted.remember(&one).unwrap();
    assert!(trusted.holds(&one) && !trusted.holds(&changed) && !trusted.holds(&moved));
    trusted.remember(&changed).unwrap();
    trusted.remember(&one).unwrap();
    assert!(trusted.holds(&one) && trusted.holds(&changed));

    let list = surroundings.path("state/whyhook/trusted");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&list), mode(list.parent().unwrap())), (0o600, 0o700));
    assert_eq!(std::fs::read_to_string(&list).unwrap().lines().count(), 2);
    // Several programs that remember at once lose nothing of each other.
    let files: Vec<ConfigFile> = (0..16).map(|n| file(&format!("{n}/whyhook.toml"), "")).collect();
    std::thread::scope(|scope| {
        for one in &files {
            scope.spawn(|| trusted.remember(one).unwrap());
        }
    });
    assert!(files.iter().all(|one| trusted.holds(one)) && trusted.holds(&changed));
    // A list that others can write says nothing.
    std::fs::set_permissions(&list, std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(!trusted.holds(&one));
    assert!(Trusted::of(&Surroundings::new().homeless()).remember(&one).is_err());
}
