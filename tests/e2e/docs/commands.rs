//! Every command of every page is known to the program, and every one in a block of commands runs.
//!
//! In blocks (`sh`, `console`) a call is parsed with the program's own rules, and then run where deliveries, a
//! listener and a server are at hand. A listener is started and ended once it listens; everything else must end with 0 or
//! 1, which is an answer; 2 would mean that the page is wrong. In running text a command and its flags must exist.

use std::collections::{BTreeSet, VecDeque};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::blocks::{self, Shown};
use super::shell::{Call, calls};
use super::{pages, root};
use crate::support::{KillOnDrop, Listening, Signed, TestEnv, Upstream, finish, sample, talk};

/// What is only parsed, and why: parts of lines, of which `$` is the end.
const NOT_RUN: [(&str, &str); 4] = [
    ("cargo run", "it builds the program; the rest of the line is the program's own"),
    ("--tunnel ", "it starts a tunnel's program, which reaches the internet"),
    ("docker exec ", "it needs a container"),
    ("whyhook attach$", "it draws, and there is no terminal"),
];

/// What is run in a shorter form: its beginning, and the same with what makes it short.
///
/// A check sends hundreds of deliveries, which check.rs and receivers.rs test.
const SHORTENED: (&str, &str) = ("whyhook check ", "whyhook check --list ");

/// What the servers of the examples are called in the pages; they are on a free port here.
const SERVERS: [&str; 2] = ["localhost:8080", "localhost:4000"];

/// Flags that pages name and that are those of other programs.
const FOREIGN_FLAGS: [&str; 3] = ["--bench", "--cache", "--form"];

#[test]
fn every_command_of_the_documentation_runs() {
    let (stage, work, faults) = (Stage::new(), Mutex::new(to_run()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((path, runs)) = { work.lock().unwrap().pop_front() } {
                    let folder = stage.folder(&path);
                    for shown in runs {
                        if let Err(error) = stage.run(&folder, &shown) {
                            faults.lock().unwrap().push(format!("{path}:{}: {}\n{error}", shown.number, shown.line));
                        }
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The lines of each page that are to be run. Those of all pages have been parsed.
fn to_run() -> VecDeque<(String, Vec<Shown>)> {
    let mut seen = BTreeSet::new();
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut faults = Vec::new();
    let mut work = VecDeque::new();
    for (path, text) in pages() {
        let mut runs = Vec::new();
        for shown in blocks::commands(&text) {
            let calls = calls(&shown.line);
            let errors = calls.iter().filter_map(|call| parse(call).err());
            faults.extend(errors.map(|error| format!("{path}:{}: {}\n{error}", shown.number, shown.line)));
            let words = shown.line.split(" #").next().unwrap_or_default().trim().to_owned();
            let reason = NOT_RUN.iter().find(|(part, _)| format!("{words}$").contains(part));
            used.extend(reason);
            if reason.is_none() && !calls.is_empty() && (!repeats(&shown) || seen.insert(words)) {
                runs.push(shown);
            }
        }
        if !runs.is_empty() {
            work.push_back((path, runs));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    for reason in &NOT_RUN {
        assert!(used.contains(reason), "no page has a line with '{}' any more", reason.0);
    }
    assert!(
        work.iter().map(|(_, runs): &(String, Vec<Shown>)| runs.len()).sum::<usize>() > 50,
        "hardly any command found"
    );
    work
}

/// Whether a line does the same wherever it is: it is run once then.
fn repeats(shown: &Shown) -> bool {
    shown.line.starts_with("whyhook check ") || shown.line.starts_with("whyhook --")
}

/// Reads the arguments as the program does; the error is what it would say.
fn parse(call: &Call) -> Result<clap::ArgMatches, String> {
    let arguments = std::iter::once("whyhook").chain(call.arguments.iter().map(String::as_str));
    whyhook::cli::command().try_get_matches_from(arguments).map_err(|error| error.to_string())
}

/// Where the commands of the pages run: a store with deliveries, a listener on it, a server that accepts everything.
struct Stage {
    env: TestEnv,
    listening: Listening,
    /// Shared by the threads, none of which asks it what came.
    _server: Mutex<Upstream>,
    authority: String,
}

impl Stage {
    fn new() -> Self {
        let env = TestEnv::with_secret()
            .set("STRIPE_WEBHOOK_SECRET", "whsec_of_stripe")
            .set("GITHUB_WEBHOOK_SECRET", "It's a Secret to Everybody")
            .set("SVIX_WEBHOOK_SECRET", "whsec_dHdlbnR5LWZvdXIgYnl0ZXMgb2Yga2V5")
            .set("SHOPIFY_WEBHOOK_SECRET", "of_shopify");
        let bin = env.root().join("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_whyhook"), bin.join("whyhook")).unwrap();
        // What the pages pipe into it may not be installed here, and is not what is tested.
        std::os::unix::fs::symlink("/bin/cat", bin.join("cat")).unwrap();
        std::fs::write(bin.join("jq"), "#!/bin/sh\ncat > /dev/null\n").unwrap();
        std::fs::set_permissions(bin.join("jq"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let config = env.home().join("config/whyhook");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("config.toml"), "bind = \"127.0.0.1:0\"\n").unwrap();

        let server = Upstream::new(|socket| {
            let _ =
                std::io::Write::write_all(socket, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
        let listening = env.listen(&[]);
        for number in 0..12 {
            let request = match number % 3 {
                0 => Signed::new(sample("app.json")),
                1 => Signed::new(sample("screenshot-simulation.json")),
                _ => Signed::new(sample("activity.json")).by("another secret", crate::support::Unit::Seconds),
            };
            talk(listening.address(), request.wire());
        }
        // The last is a screenshot that verifies.
        talk(listening.address(), Signed::new(sample("screenshot-live.json")).wire());
        Self { env, listening, authority: server.authority(), _server: Mutex::new(server) }
    }

    /// The current folder of a page's commands: a clone as they see it.
    fn folder(&self, page: &str) -> PathBuf {
        let folder = self.env.work().join(page.replace('/', "-"));
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(root().join("assets"), folder.join("assets")).unwrap();
        std::fs::write(folder.join("discord.key"), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
            .unwrap();
        if page == "docs/sending.md" {
            let address = self.listening.address();
            let config = "\
                          [secrets]\nlive = { env = \"TRACKPILOTS_WEBHOOKS_SECRET_KEY\" }\nshop = { env = \"SHOPIFY_WEBHOOK_SECRET\" }\n\
                          [[webhook]]\nname = \"developer\"\npath = \"/webhooks/trackpilots\"\nsecret = \"live\"\n\
                          [[webhook]]\nname = \"shop\"\npath = \"/webhooks/shop\"\nscheme = \"shopify\"\nsecret = \"shop\"\n";
            std::fs::write(folder.join("whyhook.toml"), format!("bind = \"{address}\"\n{config}")).unwrap();
        }
        folder
    }

    fn run(&self, folder: &Path, shown: &Shown) -> Result<(), String> {
        let calls = calls(&shown.line);
        let call = calls.last().ok_or("no call")?;
        let matches = parse(call)?;
        let listens = matches!(matches.subcommand_name(), None | Some("listen"));
        if listens && !call.arguments.contains(&"--plain".to_owned()) {
            return self.listen(folder, shown, call);
        }
        // What the page says is printed comes of what it has set, and of nothing else.
        let is_compared = shown.line.contains("assets/samples/requests/");
        let mut command = self.shell(folder, shown, !is_compared);
        if listens {
            command.env("XDG_DATA_HOME", folder.join("data"));
        }
        let ran = finish(command, b"");
        if !matches!(ran.status.code(), Some(0 | 1)) {
            return Err(format!("{}\n{}{}", ran.status, ran.stdout(), ran.stderr()));
        }
        match &shown.printed {
            Some(printed) if is_compared => blocks::difference(printed, &ran.stdout()).map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    /// The line in a shell, with the block's exports; with the secrets of this stage if `has_secrets`.
    fn shell(&self, folder: &Path, shown: &Shown, has_secrets: bool) -> Command {
        let mut script = shown.exports.join("\n");
        script.push('\n');
        let line = shown.line.replacen(SHORTENED.0, SHORTENED.1, 1);
        script.push_str(&SERVERS.iter().fold(line, |line, name| line.replace(name, &self.authority)));
        let mut command = self.env.other("/bin/sh".as_ref());
        command.args(["-c", &script]).current_dir(folder);
        if !has_secrets {
            for (name, _) in self.env.environment().iter().filter(|(name, _)| name.to_string_lossy().contains("SECRET"))
            {
                command.env_remove(name);
            }
        }
        command.env("PATH", format!("{}:/usr/bin:/bin", self.env.root().join("bin").display())).stdin(Stdio::null());
        command
    }

    /// Starts a listener with a store of its own, and ends it once it listens.
    fn listen(&self, folder: &Path, shown: &Shown, call: &Call) -> Result<(), String> {
        let mut command = self.env.other(env!("CARGO_BIN_EXE_whyhook").as_ref());
        command
            .current_dir(folder)
            .stdout(Stdio::null())
            .env("XDG_DATA_HOME", folder.join(format!("data-{}", shown.number)));
        command.envs(call.variables.iter().map(|(name, value)| (name, value)));
        for export in &shown.exports {
            let (name, value) = export["export ".len()..].split_once('=').ok_or("an export without a value")?;
            command.env(name, value.trim_matches(['"', '\'']));
        }
        // A port of the examples may be somebody's.
        let ports =
            |word: &String| word.replace("127.0.0.1:4040", "127.0.0.1:0").replace("127.0.0.1:3000", "127.0.0.1:0");
        command.args(call.arguments.iter().map(ports));
        let mut child = KillOnDrop(command.spawn().map_err(|error| error.to_string())?);
        let lines = BufReader::new(child.0.stderr.take().ok_or("no stderr")?).lines().map_while(Result::ok);
        let mut said = Vec::new();
        for line in lines {
            if line.contains("listening on http://127.0.0.1:") {
                return Ok(());
            }
            said.push(line);
        }
        Err(format!("it ended: {}", said.join("\n")))
    }
}

/// The help of every command, and of those in it.
fn helps(command: &clap::Command, all: &mut Vec<(String, String)>) {
    all.push((command.get_name().to_owned(), command.get_after_help().map(ToString::to_string).unwrap_or_default()));
    command.get_subcommands().for_each(|inner| helps(inner, all));
}

/// What of a call is a filter, unless it is numbers.
fn filter_of(matches: &clap::ArgMatches) -> Option<String> {
    if let Some((_, inner)) = matches.subcommand() {
        return filter_of(inner);
    }
    let given = |id| Some(matches.try_get_many::<String>(id).ok()??.cloned().collect::<Vec<_>>());
    let words = ["what", "filter"].into_iter().find_map(given)?;
    let is_number =
        |word: &String| word == "latest" || word.chars().all(|digit| digit.is_ascii_digit() || digit == '-');
    (!words.iter().all(is_number)).then(|| words.join(" "))
}

#[test]
fn every_example_of_the_help_is_a_call_that_is_taken() {
    let mut all = Vec::new();
    helps(&whyhook::cli::command(), &mut all);
    let (mut faults, mut count) = (Vec::new(), 0);
    for (name, help) in all {
        for line in help.lines().filter(|line| line.starts_with("  ")) {
            for call in calls(line.trim()) {
                count += 1;
                let fault = match parse(&call) {
                    Err(error) => Some(error),
                    Ok(matches) => filter_of(&matches)
                        .and_then(|filter| filter.parse::<whyhook::query::Query>().err())
                        .map(|error| error.to_string()),
                };
                faults.extend(fault.map(|fault| format!("{name}: {line}\n{fault}")));
            }
        }
    }
    assert!(count > 80, "only {count} examples found");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// A variable that is set somewhere and named nowhere moves a listener, and nobody knows why.
#[test]
fn every_variable_of_the_program_is_in_the_table() {
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let variable = regex::Regex::new(r#""(WHYHOOK_[A-Z_]+)""#).unwrap();
    let mut found = BTreeSet::new();
    for path in crate::support::source::rust_files(&root().join("src")) {
        let text = std::fs::read_to_string(path).unwrap();
        found.extend(variable.captures_iter(&text).map(|variable| variable[1].to_owned()));
    }
    // Of tests and debug builds alone.
    found.retain(|name| !["WHYHOOK_DEBUG_", "WHYHOOK_TEST_"].iter().any(|start| name.starts_with(start)));
    assert!(found.len() > 4, "{found:?}");
    for name in found {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in docs/configuration.md");
    }
}

#[test]
fn what_the_text_calls_a_command_or_a_flag_is_one() {
    let program = whyhook::cli::command();
    let mut flags = BTreeSet::new();
    all_flags(&program, &mut flags);
    let mut faults = Vec::new();
    let mut count = 0;
    for (path, text) in pages().into_iter().filter(|(path, _)| path != "CHANGELOG.md") {
        for line in blocks::lines(&text).into_iter().filter(|line| line.block.is_none()) {
            for span in blocks::code_spans(line.text) {
                count += 1;
                faults.extend(
                    fault(&program, &flags, span).map(|fault| format!("{path}:{}: `{span}`: {fault}", line.number)),
                );
            }
        }
    }
    assert!(count > 1000, "only {count} spans found");
    for flag in FOREIGN_FLAGS {
        assert!(!flags.contains(flag) && pages().iter().any(|(_, text)| text.contains(&format!("`{flag}"))), "{flag}");
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The long flags of a command and of those in it.
fn all_flags(command: &clap::Command, flags: &mut BTreeSet<String>) {
    flags.extend(own_flags(command));
    command.get_subcommands().for_each(|inner| all_flags(inner, flags));
}

fn own_flags(command: &clap::Command) -> impl Iterator<Item = String> {
    command.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
}

/// What is wrong with a code span that is a call of the program or begins with a flag.
fn fault(program: &clap::Command, flags: &BTreeSet<String>, span: &str) -> Option<String> {
    let is_flag = |word: &str| word.starts_with("--") && word.len() > 2 && word.as_bytes()[2].is_ascii_lowercase();
    let name = |word: &str| word.split(['=', ',', '…', ']', '|', ')']).next().unwrap_or_default().to_owned();
    let mut words = span.split_whitespace();
    let first = words.next()?;
    if first != "whyhook" {
        let known = |word: &str| flags.contains(&name(word)) || FOREIGN_FLAGS.contains(&name(word).as_str());
        return (is_flag(first) && !known(first)).then(|| "no command has this flag".to_owned());
    }
    let mut known: BTreeSet<String> = own_flags(program).collect();
    known.extend(["--help", "--version"].map(str::to_owned));
    let mut command = program;
    let mut is_path = true;
    for word in words {
        if is_flag(word) {
            if !known.contains(&name(word)) {
                return Some(format!("'{}' has no {}", command.get_name(), name(word)));
            }
            is_path = false;
        } else if is_path {
            match command.find_subcommand(word) {
                Some(inner) => {
                    command = inner;
                    known.extend(own_flags(command));
                }
                // `COMMAND` stands for any; a command that has others may take none of them.
                None if command.get_name() == program.get_name() && word != "COMMAND" && !word.starts_with('…') => {
                    return Some("no such command".to_owned());
                }
                None => is_path = false,
            }
        }
    }
    None
}

#[test]
fn a_command_or_flag_that_is_gone_is_found() {
    let program = whyhook::cli::command();
    let mut flags = BTreeSet::new();
    all_flags(&program, &mut flags);
    let fault = |span: &str| fault(&program, &flags, span);
    for right in [
        "whyhook",
        "whyhook list [FILTER]",
        "whyhook verify ID --computed DIGEST",
        "whyhook --scheme slack",
        "--yes",
        "whyhook.toml",
        "whyhook suite run NAME --to URL",
        "whyhook COMMAND --help",
        "--format junit",
        "-n",
        "--",
    ] {
        assert_eq!(fault(right), None, "{right}");
    }
    for wrong in [
        "whyhook lists",
        "whyhook list --computed",
        "--no-such-flag",
        "whyhook suite run --expected 2xx",
        "whyhook --schema x",
    ] {
        assert!(fault(wrong).is_some(), "{wrong}");
    }
    for wrong in ["whyhook lists", "whyhook list --no-such", "whyhook verify latest --format xml", "whyhook suite run"]
    {
        assert!(parse(&calls(wrong)[0]).is_err(), "{wrong}");
    }
}
