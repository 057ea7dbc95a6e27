//! Where a variable's value comes from: the environment, or the `.env` of the current folder, which the environment hides.

use std::path::Path;

use super::source::{DotenvValue, dotenv_text, dotenv_value, environment_bytes, oddity_of};
use crate::config::{Environment, Warning, dotenv};
use crate::text::nearest;

/// Where a variable's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DotenvUse {
    /// Neither sets it.
    Unset,
    /// The environment alone sets it.
    Environment,
    /// `.env` alone sets it.
    Dotenv,
    /// Both set it to the same value.
    Same,
    /// Both set it: the environment's value is used, and `.env` says another.
    Hidden,
    /// The environment sets it to nothing, which hides the value of `.env`.
    HiddenByNothing,
}

/// How each of `variables` is set.
///
/// # Errors
///
/// The warning that `.env` is there and cannot be read.
pub fn dotenv_uses(variables: &[String], environment: &dyn Environment) -> Result<Vec<(String, DotenvUse)>, Warning> {
    let file = environment.current_dir().join(".env");
    let uses = variables.iter().map(|variable| Ok((variable.clone(), dotenv_use(variable, &file, environment)?)));
    uses.collect()
}

/// What looks like a mistake in how `.env` sets one of `variables`, in words.
#[must_use]
pub fn dotenv_oddity(variables: &[String], environment: &dyn Environment) -> Option<String> {
    let file = environment.current_dir().join(".env");
    variables.iter().find_map(|variable| Some(format!(".env sets {variable} {}", oddity_of(&file, variable)?)))
}

/// The variables that the `.env` of the current folder sets.
pub(in crate::config) fn dotenv_names(environment: &dyn Environment) -> Vec<String> {
    let text = dotenv_text(&environment.current_dir().join(".env"));
    text.map(|text| dotenv::names(&text)).unwrap_or_default()
}

/// Why a `.env` that is there sets none of `variables`, and what to do, each in words; `None` where nothing looks like a
/// mistake.
#[must_use]
pub fn dotenv_miss(variables: &[String], environment: &dyn Environment) -> Option<(String, String)> {
    let text = dotenv_text(&environment.current_dir().join(".env"))?;
    // Redirected output of Windows PowerShell is UTF-16. UTF-8 text contains no NUL.
    if text.contains('\0') {
        return Some((".env is UTF-16, of which nothing is read".to_owned(), "save it as UTF-8".to_owned()));
    }
    let names = dotenv::names(&text);
    if names.is_empty() && !text.trim().is_empty() && text.lines().any(|line| !line.trim_start().starts_with('#')) {
        let next = "write one NAME=value in a line";
        return Some((".env has text, and sets no variable".to_owned(), next.to_owned()));
    }
    let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    variables.iter().find_map(|variable| {
        let near = nearest(variable, lower.iter().map(String::as_str))?;
        let name = &names[lower.iter().position(|name| name == near)?];
        Some((
            format!(".env sets {name}; what is read is {variable}"),
            format!("rename it to {variable}, if that is meant"),
        ))
    })
}

fn dotenv_use(variable: &str, file: &Path, environment: &dyn Environment) -> Result<DotenvUse, Warning> {
    let set = environment_bytes(variable, environment).map(zeroize::Zeroizing::new);
    let written = match dotenv_value(file, variable) {
        DotenvValue::Found(bytes) => Some(zeroize::Zeroizing::new(bytes)),
        DotenvValue::Absent => None,
        DotenvValue::Unreadable(warning) => return Err(warning),
    };
    Ok(match (set, written) {
        (None, None) => DotenvUse::Unset,
        (Some(_), None) => DotenvUse::Environment,
        (None, Some(_)) => DotenvUse::Dotenv,
        (Some(set), Some(written)) if set == written => DotenvUse::Same,
        (Some(set), Some(_)) if set.is_empty() => DotenvUse::HiddenByNothing,
        (Some(_), Some(_)) => DotenvUse::Hidden,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::Surroundings;

    #[test]
    fn mistakes_in_the_file_are_told() {
        let told = |text: &str| dotenv_oddity(&["A".to_owned()], &Surroundings::new().write("work/.env", text));
        assert_eq!(told("A=1\nB=2\nA=3\n").unwrap(), ".env sets A 2 times: the last one is used");
        let unclosed =
            ".env sets A to a value that begins with a quotation mark which is not closed: it is part of the secret";
        for text in ["A=\"secret\n", "A='secret", "A=`secret\nB=1"] {
            assert_eq!(told(text).unwrap(), unclosed, "{text}");
        }
        for text in ["A='secret'", "A=secret\"", "A=\"a\\\"b\"", "B='x\nB=1", ""] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    #[test]
    fn why_a_file_sets_nothing_is_told() {
        let of =
            |text: &[u8]| dotenv_miss(&["TRACKPILOTS_KEY".to_owned()], &Surroundings::new().write("work/.env", text));
        let utf16: Vec<u8> = "\u{feff}TRACKPILOTS_KEY=a\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of(&utf16).unwrap().1, "save it as UTF-8");
        assert_eq!(
            of(b"export TRACKPILOT_KEY=a\n").unwrap().0,
            ".env sets TRACKPILOT_KEY; what is read is TRACKPILOTS_KEY"
        );
        assert_eq!(of(b"trackpilots_key=a").unwrap().1, "rename it to TRACKPILOTS_KEY, if that is meant");
        assert_eq!(of(b"the secret\n").unwrap().0, ".env has text, and sets no variable");
        for text in [&b""[..], b"# nothing\n", b"PORT=3000\nDATABASE_URL=x\n"] {
            assert_eq!(of(text), None);
        }
    }

    #[test]
    fn each_way_to_set_a_variable_is_told() {
        let names = ["A", "B", "C", "D", "E", "F"].map(str::to_owned);
        let environment = Surroundings::new()
            .write("work/.env", "B=1\nC=1\nD='1'\nE=2\n")
            .set("A", "1")
            .set("C", "2")
            .set("D", "1")
            .set("E", "");
        let uses: Vec<DotenvUse> =
            dotenv_uses(&names, &environment).unwrap().into_iter().map(|(_, state)| state).collect();
        use DotenvUse::{Dotenv, Environment, Hidden, HiddenByNothing, Same, Unset};
        assert_eq!(uses, [Environment, Dotenv, Hidden, Same, HiddenByNothing, Unset]);
        let none = dotenv_uses(&names, &Surroundings::new()).unwrap();
        assert!(none.iter().all(|(_, state)| *state == Unset));
        let folder = Surroundings::new().write("work/.env/x", "");
        assert!(matches!(dotenv_uses(&names, &folder), Err(Warning::DotenvUnreadable { .. })));
    }
}
