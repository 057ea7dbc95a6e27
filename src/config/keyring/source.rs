//! Reading one secret from its source.

use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyringError;
use crate::config::{Environment, Warning, dotenv};
use crate::system::read;

/// The variable that the documented receivers read.
pub const DEFAULT_VARIABLE: &str = "TRACKPILOTS_WEBHOOKS_SECRET_KEY";

/// Longer files are not secrets: HMAC hashes any key beyond 64 bytes anyway.
pub(in crate::config) const FILE_LIMIT: usize = 64 * 1024;
/// A `.env` file beyond this is not read.
const DOTENV_LIMIT: u64 = 1024 * 1024;

/// Reads the environment variable as its exact bytes.
pub(super) fn environment_bytes(variable: &str, environment: &dyn Environment) -> Option<Vec<u8>> {
    environment.variable(variable).map(std::ffi::OsString::into_encoded_bytes)
}

/// Reads a secret file. One final newline (LF or CRLF) is the file's own, as editors and `echo` end
/// files with one; everything else is the secret.
pub(super) fn file_bytes(file: &Path, asker: &str) -> Result<Vec<u8>, KeyringError> {
    let unreadable = |source| KeyringError::Unreadable { file: file.to_owned(), asker: asker.to_owned(), source };
    let opened = read::open(file).map_err(|source| match source.kind() {
        std::io::ErrorKind::IsADirectory => KeyringError::Directory { file: file.to_owned(), asker: asker.to_owned() },
        _ => unreadable(source),
    })?;
    // Reserved at once, so that growing leaves no copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_LIMIT + 1));
    opened.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > FILE_LIMIT {
        return Err(KeyringError::TooLarge { file: file.to_owned(), asker: asker.to_owned() });
    }
    let secret = bytes.strip_suffix(b"\n").map_or(&bytes[..], |line| line.strip_suffix(b"\r").unwrap_or(line));
    if secret.is_empty() {
        let place = format!("the {} file {}", super::held(asker), crate::config::shown(file));
        return Err(KeyringError::Empty { place, asker: asker.to_owned() });
    }
    Ok(secret.to_vec())
}

/// What a `.env` file says of a variable.
pub(super) enum DotenvValue {
    /// There is no such file, or it does not set the variable.
    Absent,
    /// The value's bytes, perhaps none.
    Found(Vec<u8>),
    /// The file is there and cannot be read.
    Unreadable(Warning),
}

/// Looks `variable` up in the `.env` file `file`.
pub(super) fn dotenv_value(file: &Path, variable: &str) -> DotenvValue {
    match read::whole(file, DOTENV_LIMIT).map(Zeroizing::new) {
        Ok(bytes) => {
            // As Node reads it: bytes outside UTF-8 become U+FFFD.
            let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
            dotenv::lookup(&text, variable).map_or(DotenvValue::Absent, |value| DotenvValue::Found(value.into_bytes()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => DotenvValue::Absent,
        Err(error) => {
            DotenvValue::Unreadable(Warning::DotenvUnreadable { file: file.to_owned(), reason: error.to_string() })
        }
    }
}

/// What looks like a mistake in how the `.env` file `file` sets `variable`.
pub(super) fn oddity_of(file: &Path, variable: &str) -> Option<String> {
    dotenv::oddity(&dotenv_text(file)?, variable)
}

/// The text of a `.env` file, as Node reads it; `None` when it is not there, or cannot be read.
pub(super) fn dotenv_text(file: &Path) -> Option<Zeroizing<String>> {
    let bytes = Zeroizing::new(read::whole(file, DOTENV_LIMIT).ok()?);
    Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Warns when others than its owner may read or change a file that holds a secret for this program. A `.env`
/// belongs to the project beside it and is not judged: most are readable, and every start would warn.
#[cfg(unix)]
pub(crate) fn readable_by_others(file: &Path) -> Option<Warning> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = std::fs::metadata(file).ok()?;
    let mode = metadata.permissions().mode() & 0o7777;
    // Pipes and devices (`<(pass show …)`) have no lasting content to protect.
    (metadata.is_file() && mode & 0o066 != 0).then(|| Warning::SecretReadable { file: file.to_owned(), mode })
}

/// Permissions of other systems are not judged.
#[cfg(not(unix))]
pub(crate) fn readable_by_others(_file: &Path) -> Option<Warning> {
    None
}
