//! Who may ask over a port: programs that show the token, and the browser that its user has let in with it.
//!
//! A browser opens `/?token=TOKEN` once, gets a cookie and is sent on to `/`, so that the token leaves its address line. The
//! cookie is a secret of its own: a browser sends it to every port of the host, and the token must not go there. As a cookie
//! is sent without anyone's doing, requests with it have to come from the port's own pages or from the person: another page,
//! also one of another port of this host, is refused by `Origin` and `Sec-Fetch-Site`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::ApiProblem;
use super::port::{ApiPort, ApiToken};

/// What browsers say of where a request comes from; programs do not send it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the requests to a port have to show.
pub(super) struct PortGate {
    token: Arc<ApiToken>,
    /// The value of the cookie.
    session: ApiToken,
    /// Its name, of each port another: the ports of a host share their cookies.
    cookie: String,
}

/// A request that may be answered.
#[derive(Debug, PartialEq, Eq)]
enum Admission {
    /// As it is.
    Asks,
    /// With the cookie.
    SignsIn,
}

impl PortGate {
    pub(super) fn of(port: &ApiPort) -> Result<Self, getrandom::Error> {
        let cookie = format!("whyhook-{}", port.address().port());
        Ok(Self { token: Arc::clone(port.token()), session: ApiToken::fresh()?, cookie })
    }

    fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Admission, StatusCode> {
        let host = one(headers, &HOST).and_then(|host| host.to_str().ok()).filter(|host| is_address(host));
        let host = host.ok_or(StatusCode::FORBIDDEN)?;
        if uri.authority().is_some_and(|authority| !is_address(authority.as_str())) {
            return Err(StatusCode::FORBIDDEN);
        }
        let sites = || headers.get_all(FETCH_SITE).iter();
        let is_own = sites().all(|site| site == "none" || site == "same-origin");
        if !headers.contains_key(AUTHORIZATION) {
            if let Some(token) = Some(uri).filter(|_| method == Method::GET).and_then(sign_in_token) {
                return match (!headers.contains_key(ORIGIN) && is_own, self.token.is(token.as_bytes())) {
                    (false, _) => Err(StatusCode::FORBIDDEN),
                    (true, true) => Ok(Admission::SignsIn),
                    (true, false) => Err(StatusCode::UNAUTHORIZED),
                };
            }
            if let Some(is_right) = self.cookie_in(headers) {
                let own = format!("http://{host}");
                let is_ours = |origin: &HeaderValue| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes());
                let is_said = headers.contains_key(ORIGIN) || headers.contains_key(FETCH_SITE);
                let is_from_elsewhere = !is_own || !headers.get_all(ORIGIN).iter().all(is_ours);
                return match (is_from_elsewhere || !(method.is_safe() || is_said), is_right) {
                    (true, _) => Err(StatusCode::FORBIDDEN),
                    (false, true) => Ok(Admission::Asks),
                    (false, false) => Err(StatusCode::UNAUTHORIZED),
                };
            }
        }
        if headers.contains_key(ORIGIN) || !sites().all(|site| site == "none") {
            return Err(StatusCode::FORBIDDEN);
        }
        let shown = one(headers, &AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked("Bearer ".len()));
        let is_known =
            shown.is_some_and(|(scheme, shown)| scheme.eq_ignore_ascii_case(b"Bearer ") && self.token.is(shown));
        if is_known { Ok(Admission::Asks) } else { Err(StatusCode::UNAUTHORIZED) }
    }

    /// Whether the cookie is right, where there is one: other ports of the host may have set others of its name.
    fn cookie_in(&self, headers: &HeaderMap) -> Option<bool> {
        let all = headers.get_all(COOKIE).iter().flat_map(|cookies| cookies.as_bytes().split(|byte| *byte == b';'));
        let values = all.filter_map(|pair| pair.trim_ascii().strip_prefix(self.cookie.as_bytes())?.strip_prefix(b"="));
        values.map(|value| self.session.is(value)).reduce(|left, right| left | right)
    }

    /// Sends a browser on, with the cookie.
    fn sign_in(&self) -> Response {
        let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie, self.session.expose());
        let Ok(mut cookie) = HeaderValue::try_from(cookie) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        cookie.set_sensitive(true);
        (StatusCode::SEE_OTHER, [(LOCATION, HeaderValue::from_static("/")), (SET_COOKIE, cookie)]).into_response()
    }
}

/// The one header of this name.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut all = headers.get_all(name).iter();
    all.next().filter(|_| all.next().is_none())
}

/// The token of `/?token=TOKEN`.
fn sign_in_token(uri: &Uri) -> Option<&str> {
    let query = uri.query().filter(|_| uri.path() == "/")?;
    query.split('&').find_map(|parameter| parameter.strip_prefix("token="))
}

/// Lets only those through that know the token. What is refused learns nothing but that.
pub(super) async fn guard(State(gate): State<Arc<PortGate>>, request: Request, next: Next) -> Response {
    let mut response = match gate.admit(request.method(), request.uri(), request.headers()) {
        Ok(Admission::Asks) => return next.run(request).await,
        Ok(Admission::SignsIn) => {
            tracing::info!("a browser was let in to the control interface");
            gate.sign_in()
        }
        Err(status) => {
            tracing::info!(status = status.as_u16(), "control request refused");
            let words = match status {
                StatusCode::UNAUTHORIZED => {
                    "expected the token of this run: Authorization: Bearer TOKEN, or /?token=TOKEN in a browser"
                }
                _ => "not for requests of another page, or under a name",
            };
            let mut response = ApiProblem::new(status, words).into_response();
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    };
    super::routes::secure(&mut response);
    response
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

    const TOKEN: &str = "0123456789abcdef";
    const SESSION: &str = "fedcba9876543210";
    const HOSTED: (&str, &str) = ("host", "127.0.0.1:4040");

    fn admitted(method: Method, uri: &str, headers: &[(&str, &str)]) -> Result<Admission, u16> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let token = |text: &str| ApiToken::of(text.to_owned());
        let gate =
            PortGate { token: Arc::new(token(TOKEN)), session: token(SESSION), cookie: "whyhook-4040".to_owned() };
        gate.admit(&method, &uri.parse().unwrap(), &map).map_err(|status| status.as_u16())
    }

    #[test]
    fn who_shows_the_token_and_is_no_page_is_let_in() {
        let good = ("authorization", "Bearer 0123456789abcdef");
        let asked = |uri: &str, headers: &[(&str, &str)]| {
            admitted(Method::GET, uri, headers).map(|admission| assert_eq!(admission, Admission::Asks))
        };
        assert_eq!(asked("/status", &[HOSTED, good]), Ok(()));
        assert_eq!(asked("/status", &[HOSTED, ("authorization", "bearer 0123456789abcdef")]), Ok(()));
        assert_eq!(asked("/status", &[HOSTED, good, ("sec-fetch-site", "none")]), Ok(()));
        for shown in
            ["Bearer 0123456789abcdee", "Bearer 0123456789abcde", "Bearer ", "Bearer", "Basic 0123456789abcdef", ""]
        {
            assert_eq!(asked("/status", &[HOSTED, ("authorization", shown)]), Err(401), "{shown}");
        }
        assert_eq!(asked("/status", &[HOSTED]), Err(401));
        assert_eq!(asked("/status?token=0123456789abcdef", &[HOSTED]), Err(401));
        assert_eq!(asked("/status", &[HOSTED, good, good]), Err(401), "two of them");
        for wrong in [("origin", "null"), ("origin", "http://127.0.0.1:4040"), ("sec-fetch-site", "same-origin")] {
            assert_eq!(asked("/status", &[HOSTED, good, wrong]), Err(403), "{wrong:?}");
        }
        assert_eq!(asked("/status", &[good]), Err(403), "no Host");
        assert_eq!(asked("/status", &[HOSTED, ("host", "a"), good]), Err(403));
        assert_eq!(asked("/status", &[("host", "rebound.example:4040"), good]), Err(403));
        assert_eq!(asked("http://rebound.example/status", &[HOSTED, good]), Err(403));
    }

    #[test]
    fn a_browser_signs_in_with_the_token_in_one_place() {
        let signs_in = |uri: &str, headers: &[(&str, &str)]| admitted(Method::GET, uri, headers);
        let good = "/?token=0123456789abcdef";
        assert_eq!(signs_in(good, &[HOSTED]), Ok(Admission::SignsIn));
        assert_eq!(signs_in(good, &[HOSTED, ("sec-fetch-site", "none")]), Ok(Admission::SignsIn));
        // One of the run before is replaced.
        assert_eq!(signs_in(good, &[HOSTED, ("cookie", "whyhook-4040=old")]), Ok(Admission::SignsIn));
        assert_eq!(signs_in("/?token=0123456789abcdee", &[HOSTED]), Err(401));
        assert_eq!(signs_in("/?token=", &[HOSTED]), Err(401));
        assert_eq!(signs_in("/?token=fedcba9876543210", &[HOSTED]), Err(401), "the cookie's value");
        assert_eq!(admitted(Method::POST, good, &[HOSTED]), Err(401));
        assert_eq!(signs_in(good, &[("host", "rebound.example")]), Err(403));
        for wrong in [("origin", "http://a.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
        {
            assert_eq!(signs_in(good, &[HOSTED, wrong]), Err(403), "{wrong:?}");
        }
    }

    #[test]
    fn a_cookie_is_for_the_own_pages_alone() {
        let cookie = ("cookie", "a=b; whyhook-4040=fedcba9876543210");
        let ask = |method: Method, headers: &[(&str, &str)]| {
            let headers = [&[HOSTED, cookie], headers].concat();
            admitted(method, "/status", &headers).map(|admission| assert_eq!(admission, Admission::Asks))
        };
        let (own, same) = (("origin", "http://127.0.0.1:4040"), ("sec-fetch-site", "same-origin"));
        for good in [&[][..], &[own], &[same], &[own, same], &[("sec-fetch-site", "none")]] {
            assert_eq!(ask(Method::GET, good), Ok(()), "{good:?}");
        }
        for good in [&[own][..], &[same], &[own, same], &[("sec-fetch-site", "none")]] {
            assert_eq!(ask(Method::POST, good), Ok(()), "{good:?}");
        }
        assert_eq!(ask(Method::DELETE, &[]), Err(403), "nothing says where it comes from");
        for wrong in [
            &[("origin", "null")][..],
            &[("origin", "http://127.0.0.1:8080")],
            &[("origin", "https://127.0.0.1:4040")],
            &[("origin", "http://localhost:4040")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
            &[own, ("sec-fetch-site", "same-site")],
            &[same, ("origin", "http://a.example")],
        ] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
                assert_eq!(ask(method, wrong), Err(403), "{wrong:?}");
            }
        }
        for other in [
            "whyhook-4040=0123456789abcdef",
            "whyhook-4041=fedcba9876543210",
            "whyhook-4040=",
            "token=0123456789abcdef",
        ] {
            assert_eq!(admitted(Method::GET, "/status", &[HOSTED, ("cookie", other)]), Err(401), "{other}");
        }
    }

    #[test]
    fn scripts_and_other_sites_are_not_given_the_cookie() {
        let gate = PortGate {
            token: Arc::new(ApiToken::of(TOKEN.to_owned())),
            session: ApiToken::of(SESSION.to_owned()),
            cookie: "whyhook-4040".to_owned(),
        };
        let response = gate.sign_in();
        assert_eq!((response.status().as_u16(), response.headers()[LOCATION].as_bytes()), (303, &b"/"[..]));
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        assert_eq!(cookie, "whyhook-4040=fedcba9876543210; HttpOnly; SameSite=Strict; Path=/");
        assert!(!cookie.contains(TOKEN));
    }
}
