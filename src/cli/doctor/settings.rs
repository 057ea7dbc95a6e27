//! What a run is set to: the configuration, the secrets, and a `.env` that shadows or is shadowed.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::finding::Finding;
use crate::config::consent::{Gate, Need, Scope};
use crate::config::file::{CheckedFile, ConfigFile, PlacedFault, SecretSource};
use crate::config::{
    ConfigError, DEFAULT_VARIABLE, DotenvUse, Environment, Flags, MissingSecret, Settings, SettingsSource, Warning,
    dotenv_miss, dotenv_oddity, dotenv_uses, shown,
};
use crate::text::counted;

/// The settings as far as they can be used, and what was found on the way.
pub(super) struct CheckedSettings {
    /// `None` where no run could start with them.
    pub(super) settings: Option<Settings>,
    /// Where a listener would bind, and its store; `None` where these are wrong themselves.
    pub(super) places: Option<(SocketAddr, PathBuf)>,
    /// Whether the configuration asks for something that needs consent and has none: nothing that it names is asked then.
    pub(super) needs_consent: bool,
    pub(super) findings: Vec<Finding>,
}

pub(super) fn checks(flags: &Flags, yes: bool, environment: &dyn Environment) -> CheckedSettings {
    let (path, is_named) = SettingsSource::locate(flags, environment);
    let mut checked = CheckedSettings { settings: None, places: None, needs_consent: false, findings: Vec::new() };
    let places = |file: Option<&ConfigFile>| Settings::places(flags, file, environment).ok();
    let file = match path.as_deref().map(CheckedFile::read) {
        None => {
            let found = "none: the defaults are used";
            checked.findings.push(Finding::ok(CONFIGURATION, found));
            Some(None)
        }
        Some(Err(error)) => {
            let next = "make it readable, or name another with --config";
            checked.findings.push(Finding::problem(CONFIGURATION, error.to_string(), next));
            None
        }
        Some(Ok(CheckedFile { faults, file, .. })) => {
            let gate = Gate::new(is_named, environment);
            let needs =
                file.as_ref().filter(|_| !yes).map(|file| gate.missing(file, Scope::Network)).unwrap_or_default();
            checked.needs_consent = !needs.is_empty();
            let path = path.as_deref().map(shown).unwrap_or_default();
            checked.findings.push(of_file(&path, &faults, &needs));
            // What is right in it still says where.
            checked.places = places(file.as_ref().filter(|_| !checked.needs_consent));
            file.filter(|_| faults.is_empty()).map(Some)
        }
    };
    checked.places = checked.places.or_else(|| places(None));
    let Some(file) = file else {
        checked.findings.push(skipped(SECRETS, "mend the configuration first"));
        return checked;
    };
    if checked.needs_consent {
        checked.findings.push(skipped(SECRETS, "`whyhook trust` allows the configuration"));
        checked.settings = Settings::load_without_secrets(flags, &SettingsSource { file, is_named }, environment)
            .ok()
            .map(|(settings, _)| settings);
        return checked;
    }
    let variables = variables(flags, file.as_ref());
    let source = SettingsSource { file, is_named };
    match Settings::load_with(flags, &source, environment) {
        Ok((settings, warnings)) => {
            checked.findings.extend(secrets(&settings, &warnings, environment));
            checked.settings = Some(settings);
        }
        Err(error) => {
            let (check, next) = match error {
                ConfigError::Setting { .. } | ConfigError::NotText(_) | ConfigError::NoDataHome => {
                    (CONFIGURATION, "change it, or leave it out")
                }
                _ => (SECRETS, "change it, or run without it"),
            };
            checked.findings.push(Finding::problem(check, error.to_string(), next));
            checked.settings =
                Settings::load_without_secrets(flags, &source, environment).ok().map(|(settings, _)| settings);
        }
    }
    checked.findings.push(dotenv(&variables, environment));
    checked
}

/// What a file is worth that could be read.
fn of_file(path: &str, faults: &[PlacedFault], needs: &[Need]) -> Finding {
    if let Some(first) = faults.first() {
        let count = counted(faults.len() as u64, "fault");
        return Finding::problem(
            CONFIGURATION,
            format!("{path}: {count}, the first at {}: {}", first.place, first.words),
            "`whyhook config check` lists all",
        );
    }
    if !needs.is_empty() {
        let words = crate::config::consent::words(needs);
        return Finding::warning(
            CONFIGURATION,
            format!("{path} is used only with your consent, since it would {words}"),
            "`whyhook trust` allows it",
        );
    }
    Finding::ok(CONFIGURATION, format!("{path} is valid"))
}

const CONFIGURATION: &str = "configuration";
const SECRETS: &str = "secrets";
const DOTENV: &str = "env file";

fn skipped(check: &'static str, next: &str) -> Finding {
    Finding::warning(check, "not looked at", next)
}

/// The variables that secrets are read from.
fn variables(flags: &Flags, file: Option<&ConfigFile>) -> Vec<String> {
    let mut variables = vec![DEFAULT_VARIABLE.to_owned()];
    variables.extend(flags.secret_env.iter().map(|text| text.rsplit('=').next().unwrap_or_default().to_owned()));
    for entry in file.map_or(&[][..], |file| &file.secrets) {
        if let SecretSource::Env(variable) = &entry.source {
            variables.push(variable.clone());
        }
    }
    variables.dedup();
    variables
}

/// How many secrets there are, and what is odd about them.
fn secrets(settings: &Settings, warnings: &[Warning], environment: &dyn Environment) -> Vec<Finding> {
    let secrets = settings.registry.keyring().secrets();
    let mut findings: Vec<Finding> = Vec::new();
    let odd: Vec<String> = warnings
        .iter()
        .filter(|warning| {
            matches!(warning, Warning::OddSecret { .. } | Warning::EmptySecret { .. } | Warning::SecretReadable { .. })
        })
        .map(ToString::to_string)
        .collect();
    for odd in odd {
        findings.push(Finding::warning(SECRETS, odd, "compare it with what the sender shows for the webhook"));
    }
    if secrets.is_empty() {
        let missing = MissingSecret::of(settings.registry.signing_scheme(None));
        let words = missing.to_verify();
        let (found, next) = words.split_once(": ").unwrap_or((&words, "set one"));
        let other = missing.of_another(environment);
        findings.push(Finding::warning(SECRETS, found, other.as_deref().unwrap_or(next)));
    } else if findings.is_empty() {
        let described: Vec<String> = secrets.iter().map(crate::signature::Secret::describe).collect();
        findings.push(Finding::ok(SECRETS, described.join(", ")));
    }
    let others = warnings.iter().filter(|warning| {
        matches!(
            warning,
            Warning::Rule(_)
                | Warning::UnknownEvent { .. }
                | Warning::UnknownWebhook { .. }
                | Warning::BeyondLoopback(_)
        )
    });
    findings.extend(
        others.map(|warning| Finding::warning(CONFIGURATION, warning.to_string(), "change it if it is not meant")),
    );
    findings
}

/// Whether a `.env` is read as a person expects.
fn dotenv(variables: &[String], environment: &dyn Environment) -> Finding {
    let uses = match dotenv_uses(variables, environment) {
        Ok(uses) => uses,
        Err(warning) => return Finding::warning(DOTENV, warning.to_string(), "make it readable, or remove it"),
    };
    let here = environment.current_dir();
    let of = |wanted: DotenvUse| uses.iter().find(|(_, state)| *state == wanted).map(|(variable, _)| variable.as_str());
    if let Some(variable) = of(DotenvUse::HiddenByNothing) {
        return Finding::warning(
            DOTENV,
            format!("{variable} is set to nothing in the environment, which hides the value in .env"),
            format!("unset {variable}"),
        );
    }
    if let Some(variable) = of(DotenvUse::Hidden) {
        return Finding::warning(
            DOTENV,
            format!("{variable} is set in the environment, and .env has another value, which is not used"),
            format!("unset {variable}, or change .env"),
        );
    }
    if let Some(words) = dotenv_oddity(variables, environment) {
        return Finding::warning(DOTENV, words, "mend the line");
    }
    let is_broken = here.join(".env").symlink_metadata().is_ok() && !here.join(".env").exists();
    if is_broken {
        let found = ".env is a symbolic link that leads nowhere, and is not read";
        return Finding::warning(DOTENV, found, "mend the link, or remove it");
    }
    if here.join(".env").exists() {
        return match of(DotenvUse::Dotenv).or(of(DotenvUse::Same)) {
            Some(variable) => Finding::ok(DOTENV, format!(".env sets {variable}")),
            None => match dotenv_miss(variables, environment) {
                Some((words, next)) => Finding::warning(DOTENV, words, next),
                None => Finding::ok(DOTENV, ".env sets none of the variables that are read"),
            },
        };
    }
    let above = here.parent().is_some_and(|folder| folder.join(".env").is_file());
    let is_set = uses.iter().any(|(_, state)| *state == DotenvUse::Environment);
    if above && !is_set {
        let found = "none in this folder; the one of the folder above is not read";
        return Finding::warning(DOTENV, found, "start whyhook in the folder of the .env");
    }
    Finding::ok(DOTENV, "none in this folder")
}

#[cfg(test)]
mod tests {
    use super::super::finding::DoctorOutcome;
    use super::*;
    use crate::config::testing::Surroundings;

    fn of(environment: &Surroundings) -> Vec<Finding> {
        checks(&Flags::default(), true, environment).findings
    }

    fn find<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
        findings.iter().find(|finding| finding.check == check).unwrap()
    }

    #[test]
    fn a_folder_with_a_secret_is_fine() {
        let findings =
            of(&Surroundings::new().write("work/.env", format!("{DEFAULT_VARIABLE}=0123456789abcdefghij\n")));
        assert!(findings.iter().all(|finding| finding.outcome == DoctorOutcome::Ok), "{findings:?}");
        assert!(!format!("{findings:?}").contains("0123456789"));
    }

    #[test]
    fn a_broken_configuration_does_not_hide_where_a_listener_would_be() {
        let broken = || Surroundings::new().write("work/whyhook.toml", "bind = '127.0.0.1:4'\nmouse = 2\n");
        let bind = |flags: &Flags, environment: &Surroundings| {
            let checked = checks(flags, true, environment);
            assert!(checked.settings.is_none());
            checked.places.map(|(bind, _)| bind.to_string())
        };
        let asked = Flags { bind: Some("127.0.0.1:5".to_owned()), ..Flags::default() };
        assert_eq!(bind(&asked, &broken()).as_deref(), Some("127.0.0.1:5"));
        assert_eq!(bind(&Flags::default(), &broken()).as_deref(), Some("127.0.0.1:4"));
        assert_eq!(bind(&Flags::default(), &broken().set("WHYHOOK_BIND", "6")).as_deref(), Some("127.0.0.1:6"));
        let unreadable = Surroundings::new().write("work/whyhook.toml", "bind = [");
        assert_eq!(bind(&asked, &unreadable).as_deref(), Some("127.0.0.1:5"));
        let store = Flags { store: Some("/a/b.db".into()), ..Flags::default() };
        assert_eq!(checks(&store, true, &broken()).places.unwrap().1, PathBuf::from("/a/b.db"));
    }

    #[test]
    fn what_is_amiss_has_a_way_out() {
        let bare = of(&Surroundings::new());
        assert_eq!(find(&bare, SECRETS).outcome, DoctorOutcome::Warning);
        assert!(find(&bare, SECRETS).next.as_deref().is_some_and(|next| next.contains(DEFAULT_VARIABLE)));

        let hidden = Surroundings::new().set(DEFAULT_VARIABLE, "0123456789abcdefghij");
        let hidden = of(&hidden.write("work/.env", format!("{DEFAULT_VARIABLE}=another-secret-of-old\n")));
        assert!(find(&hidden, DOTENV).found.contains("another value, which is not used"));

        let above = of(&Surroundings::new().write(".env", "A=1\n"));
        assert!(find(&above, DOTENV).found.contains("folder above is not read"));

        let quoted = of(&Surroundings::new().set(DEFAULT_VARIABLE, "'0123456789abcdefghij'"));
        assert!(find(&quoted, SECRETS).found.contains("is wrapped in quotation marks"));

        let wrong = of(&Surroundings::new().write("work/whyhook.toml", "bind = 1\nmouse = 2\n"));
        assert!(find(&wrong, CONFIGURATION).found.contains("2 faults, the first at 1:8:"), "{wrong:?}");
        assert_eq!(find(&wrong, SECRETS).outcome, DoctorOutcome::Warning);

        let unset = of(&Surroundings::new().write("work/whyhook.toml", "[secrets]\na = { env = 'NOT_SET' }\n"));
        assert_eq!(find(&unset, SECRETS).outcome, DoctorOutcome::Problem);
    }
}
