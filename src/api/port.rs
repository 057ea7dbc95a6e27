//! The control interface on a port, where it was asked for: HTTP with a token that is another in each run.
//!
//! | file | content |
//! |---|---|
//! | `whyhook.db-token` | the token (0600) |
//! | `whyhook.db-api` | `{"url": …, "token": …}` (0600) |
//!
//! Any user of the machine and any page of a browser reaches a port, so each request has to show the token:
//! [`super::admission`] tells how.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::store::Location;
use crate::system::scratch::Tracked;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// The longest file that is read for one.
#[cfg(any(unix, test))]
const FILE_LIMIT: u64 = 4096;

/// Why there is no control interface on a port.
#[derive(Debug, thiserror::Error)]
pub enum ApiPortError {
    /// Other machines would reach it.
    #[error(
        "--api {0}: other machines could reach the control interface, and read its token on the way: listen on 127.0.0.1, \
         or add --api-anywhere"
    )]
    NotLoopback(SocketAddr),
    /// The address is taken, or refused by the system.
    #[error("cannot listen on {address} for the control interface: {source}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// There are no random numbers for a token.
    #[error("cannot make a token for the control interface: {0}")]
    NoToken(getrandom::Error),
}

/// What each request has to show. Neither `Debug` nor any response shows it.
pub struct ApiToken(Zeroizing<String>);

impl ApiToken {
    pub(super) fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self(Zeroizing::new(hex::encode(&bytes[..]))))
    }

    /// One of this text.
    #[cfg(test)]
    pub(super) fn of(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The token, for its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compared in a time that does not tell how much of it is right.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ApiToken")
    }
}

/// A bound port with its token; nothing is served on it yet.
#[derive(Debug)]
pub struct ApiPort {
    listener: TcpListener,
    address: SocketAddr,
    token: Arc<ApiToken>,
}

impl ApiPort {
    /// Binds `address`; port 0 picks a free one. Other machines reach it only with `anywhere`.
    ///
    /// # Errors
    ///
    /// [`ApiPortError`].
    pub fn bind(address: SocketAddr, anywhere: bool) -> Result<Self, ApiPortError> {
        if !anywhere && !address.ip().to_canonical().is_loopback() {
            return Err(ApiPortError::NotLoopback(address));
        }
        let refused = |source| ApiPortError::Refused { address, source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let token = Arc::new(ApiToken::fresh().map_err(ApiPortError::NoToken)?);
        Ok(Self { listener, address, token })
    }

    /// The URL that reaches it from this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        let ip = match ip {
            IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// What each request has to show.
    #[must_use]
    pub fn token(&self) -> &Arc<ApiToken> {
        &self.token
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What accepts connections, for a runtime.
    pub(super) fn into_listener(self) -> io::Result<tokio::net::TcpListener> {
        self.listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(self.listener)
    }
}

/// The files that tell the token, the second one for the command line: it finds the port by it. They go when this is dropped.
#[derive(Debug)]
pub(super) struct TokenFiles {
    _own: [OwnFile; 2],
}

/// A private file that goes when this is dropped.
#[derive(Debug)]
struct OwnFile {
    path: PathBuf,
    content: Zeroizing<Vec<u8>>,
    /// Removed in a panic as well.
    _tracked: Tracked,
}

impl OwnFile {
    fn write(path: PathBuf, content: String) -> Result<Self, String> {
        let content = Zeroizing::new(content.into_bytes());
        // Before it is written: what is there is a dead process's.
        let tracked = Tracked::new(&path);
        // 0600 from its first moment; it appears with all that is in it, and nothing of it is left where that fails.
        crate::system::save::save(&path, &content, true).map_err(|error| error.to_string())?;
        Ok(Self { _tracked: tracked, path, content })
    }
}

impl TokenFiles {
    /// Writes them for the store at `location`, whose lock this process holds: what is there is a dead process's.
    pub(super) fn write(location: &Location, port: &ApiPort) -> Result<Self, String> {
        let token = port.token().expose();
        // Nothing behind it: whoever reads the file has the token.
        let alone = OwnFile::write(location.token_file(), token.to_owned())?;
        let with_url = format!("{}\n", json!({"url": port.url(), "token": token}));
        Ok(Self { _own: [alone, OwnFile::write(location.api_file(), with_url)?] })
    }

    /// Removes what a dead process has left of the store at `location`, whose lock this process holds.
    pub(super) fn clear_away(location: &Location) {
        let _ = fs::remove_file(location.token_file());
        let _ = fs::remove_file(location.api_file());
    }

    /// The address and the token of the listener on the store at `location`, where one runs and has a port.
    #[cfg(any(unix, test))]
    pub(super) fn find(location: &Location) -> Option<(SocketAddr, Zeroizing<String>)> {
        let path = location.api_file();
        if !path.is_file() || !location.is_in_use() {
            return None;
        }
        let content = Zeroizing::new(crate::system::read::whole(&path, FILE_LIMIT).ok()?);
        let json: serde_json::Value = serde_json::from_slice(&content).ok()?;
        let address = json["url"].as_str()?.strip_prefix("http://")?.parse().ok()?;
        Some((address, Zeroizing::new(json["token"].as_str()?.to_owned())))
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        // Another's file under this name stays.
        if fs::read(&self.path).is_ok_and(|content| content == *self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_token_is_another_each_time_and_shown_nowhere() {
        let (one, other) = (ApiToken::fresh().unwrap(), ApiToken::fresh().unwrap());
        assert_eq!(one.expose().len(), 2 * TOKEN_BYTES);
        assert!(one.is(one.expose().as_bytes()) && !one.is(other.expose().as_bytes()));
        assert_eq!(format!("{one:?}"), "ApiToken");
    }

    #[test]
    fn other_machines_reach_it_only_when_that_is_asked_for() {
        let any = SocketAddr::from(([0, 0, 0, 0], 0));
        assert!(matches!(ApiPort::bind(any, false), Err(ApiPortError::NotLoopback(_))));
        let port = ApiPort::bind(any, true).unwrap();
        assert!(port.url().starts_with("http://127.0.0.1:"), "{}", port.url());
        assert!(ApiPort::bind(SocketAddr::from(([127, 0, 0, 1], 0)), false).is_ok());
    }

    #[test]
    fn the_files_are_private_and_go_with_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let files = [location.token_file(), location.api_file()];
        for file in &files {
            fs::write(file, "what a dead process has left").unwrap();
        }
        let port = ApiPort::bind(SocketAddr::from(([127, 0, 0, 1], 0)), false).unwrap();
        let written = TokenFiles::write(&location, &port).unwrap();
        #[cfg(unix)]
        for file in &files {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_to_string(&files[0]).unwrap(), port.token().expose());
        let json: Value = serde_json::from_slice(&fs::read(&files[1]).unwrap()).unwrap();
        assert_eq!((&json["url"], &json["token"]), (&json!(port.url()), &json!(port.token().expose())));
        // Nobody holds the store's lock: whoever listens there now is not who wrote this.
        assert!(TokenFiles::find(&location).is_none());
        drop(written);
        assert!(files.iter().all(|file| !file.exists()));
        let written = TokenFiles::write(&location, &port).unwrap();
        fs::write(&files[0], "another's").unwrap();
        drop(written);
        assert!(files[0].exists() && !files[1].exists());
        TokenFiles::clear_away(&location);
        assert!(!files[0].exists());
    }
}
