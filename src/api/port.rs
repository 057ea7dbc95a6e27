//! The control interface on a port, where it was asked for: HTTP with a token that is another in each run.
//!
//! | file | content |
//! |---|---|
//! | `whyhook.db-api` | `{"url": …, "token": …}` (0600) |
//!
//! Any user of the machine and any page of a browser reaches a port, so each request has to show the token, in a header
//! that no page can set without asking first. Nothing of whyhook's is shown in a browser: what comes from a page is
//! refused whatever it shows, and so is a `Host` that is a name, which a page could have made lead here (DNS rebinding).

use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::ApiProblem;
use crate::store::Location;
use crate::system::scratch::Tracked;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// The longest file that is read for one.
#[cfg(any(unix, test))]
const FILE_LIMIT: u64 = 4096;
/// What browsers say of where a request comes from; programs do not send it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
    fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self(Zeroizing::new(hex::encode(&bytes[..]))))
    }

    /// The token, for its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compared in a time that does not tell how much of it is right.
    fn is(&self, shown: &[u8]) -> bool {
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

    /// What accepts connections, for a runtime.
    pub(super) fn into_listener(self) -> io::Result<tokio::net::TcpListener> {
        self.listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(self.listener)
    }
}

/// The file by which the command line finds a port and its token; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    content: Zeroizing<Vec<u8>>,
    /// Removed in a panic as well.
    _tracked: Tracked,
}

impl TokenFile {
    /// Writes it for the store at `location`, whose lock this process holds: what is there is a dead process's.
    pub(super) fn write(location: &Location, port: &ApiPort) -> io::Result<Self> {
        let path = location.api_file();
        let content = json!({"url": port.url(), "token": port.token().expose()});
        let content = Zeroizing::new(format!("{content}\n").into_bytes());
        // A file of 0600 from its first moment, which appears with all that is in it.
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(&content)?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(Self { _tracked: Tracked::new(&path), path, content })
    }

    /// Removes what a dead process has left of the store at `location`, whose lock this process holds.
    pub(super) fn clear_away(location: &Location) {
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

impl Drop for TokenFile {
    fn drop(&mut self) {
        // Another's file under this name stays.
        if fs::read(&self.path).is_ok_and(|content| content == *self.content) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Lets only programs through that know the token. What is refused learns nothing but that.
pub(super) async fn guard(State(token): State<Arc<ApiToken>>, request: Request, next: Next) -> Response {
    match admit(request.uri(), request.headers(), &token) {
        Ok(()) => next.run(request).await,
        Err(status) => {
            tracing::info!(status = status.as_u16(), "control request refused");
            let words = match status {
                StatusCode::UNAUTHORIZED => "expected the token of this run: Authorization: Bearer TOKEN",
                _ => "not for requests of a browser, or under a name",
            };
            let mut response = ApiProblem::new(status, words).into_response();
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            super::routes::secure(&mut response);
            response
        }
    }
}

fn admit(uri: &Uri, headers: &HeaderMap, token: &ApiToken) -> Result<(), StatusCode> {
    let one = |name: &HeaderName| {
        let mut all = headers.get_all(name).iter();
        all.next().filter(|_| all.next().is_none())
    };
    let host = one(&HOST).and_then(|host| host.to_str().ok());
    let is_other_name = uri.authority().is_some_and(|authority| !is_address(authority.as_str()));
    if !host.is_some_and(is_address) || is_other_name {
        return Err(StatusCode::FORBIDDEN);
    }
    let is_typed = |site: &HeaderValue| site == "none";
    if headers.contains_key(ORIGIN) || !headers.get_all(FETCH_SITE).iter().all(is_typed) {
        return Err(StatusCode::FORBIDDEN);
    }
    let shown = one(&AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked("Bearer ".len()));
    let is_known = shown.is_some_and(|(scheme, shown)| scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(shown));
    if is_known { Ok(()) } else { Err(StatusCode::UNAUTHORIZED) }
}

/// Whether a `Host` is an IP address or `localhost`, with or without a port.
fn is_address(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    match without_port.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => without_port.eq_ignore_ascii_case("localhost") || without_port.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    #[rstest]
    #[case("127.0.0.1:4040", true)]
    #[case("127.0.0.1", true)]
    #[case("[::1]:4040", true)]
    #[case("localhost:4040", true)]
    #[case("LOCALHOST", true)]
    #[case("10.0.0.7:80", true)]
    #[case("", false)]
    #[case("whyhook", false)]
    #[case("localhost.evil.example", false)]
    #[case("127.0.0.1.evil.example:4040", false)]
    #[case("evil.example:127", false)]
    #[case("127.0.0.1:", false)]
    #[case("127.0.0.1:80@evil", false)]
    #[case("[::1", false)]
    #[case("0x7f.1:80", false)]
    fn only_addresses_and_localhost_are_hosts(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_address(host), expected);
    }

    fn token() -> ApiToken {
        ApiToken(Zeroizing::new("0123456789abcdef".to_owned()))
    }

    fn admitted(uri: &str, headers: &[(&str, &str)]) -> Result<(), u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        admit(&uri.parse().unwrap(), &map, &token()).map_err(|status| status.as_u16())
    }

    #[test]
    fn who_shows_the_token_and_is_no_page_is_let_in() {
        let good = ("authorization", "Bearer 0123456789abcdef");
        let host = ("host", "127.0.0.1:4040");
        assert_eq!(admitted("/status", &[host, good]), Ok(()));
        assert_eq!(admitted("/status", &[host, ("authorization", "bearer 0123456789abcdef")]), Ok(()));
        assert_eq!(admitted("/status", &[host, good, ("sec-fetch-site", "none")]), Ok(()));
        for shown in
            ["Bearer 0123456789abcdee", "Bearer 0123456789abcde", "Bearer ", "Bearer", "Basic 0123456789abcdef", ""]
        {
            assert_eq!(admitted("/status", &[host, ("authorization", shown)]), Err(401), "{shown}");
        }
        assert_eq!(admitted("/status", &[host]), Err(401));
        assert_eq!(admitted("/status?token=0123456789abcdef", &[host]), Err(401));
        assert_eq!(admitted("/status", &[host, good, good]), Err(401), "two of them");
        for wrong in [("origin", "null"), ("origin", "http://127.0.0.1:4040"), ("sec-fetch-site", "same-origin")] {
            assert_eq!(admitted("/status", &[host, good, wrong]), Err(403), "{wrong:?}");
        }
        assert_eq!(admitted("/status", &[good]), Err(403), "no Host");
        assert_eq!(admitted("/status", &[host, ("host", "a"), good]), Err(403));
        assert_eq!(admitted("/status", &[("host", "rebound.example:4040"), good]), Err(403));
        assert_eq!(admitted("http://rebound.example/status", &[host, good]), Err(403));
    }

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
    fn the_file_is_private_and_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        std::fs::write(location.api_file(), "what a dead process has left").unwrap();
        let port = ApiPort::bind(SocketAddr::from(([127, 0, 0, 1], 0)), false).unwrap();
        let file = TokenFile::write(&location, &port).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(location.api_file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let json: Value = serde_json::from_slice(&fs::read(location.api_file()).unwrap()).unwrap();
        assert_eq!((&json["url"], &json["token"]), (&json!(port.url()), &json!(port.token().expose())));
        // Nobody holds the store's lock: whoever listens there now is not who wrote this.
        assert!(TokenFile::find(&location).is_none());
        drop(file);
        assert!(!location.api_file().exists());
        let file = TokenFile::write(&location, &port).unwrap();
        fs::write(location.api_file(), "another's").unwrap();
        drop(file);
        assert!(location.api_file().exists());
    }
}
