//! What keeps deliveries from the code that verifies them: redirects, logins, CSRF protection, a path that is not there.

use super::ReceiverFault;
use super::framework::Framework;
use super::judge::Observed;
use crate::http::Target;
use crate::text::visible;

/// Words of a login page's address.
const LOGIN_PATHS: [&str; 7] = ["login", "log-in", "signin", "sign-in", "sign_in", "/auth", "sso"];
/// The most characters of an answer that are repeated.
const SHOWN: usize = 80;

/// What stands before a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::send) struct Outside {
    pub(in crate::send) fault: ReceiverFault,
    /// What was seen.
    pub(in crate::send) detail: String,
    /// What to do, where the answer says more than the fault's own advice.
    pub(in crate::send) fix: Option<String>,
    pub(in crate::send) title: Option<&'static str>,
}

impl Outside {
    fn new(fault: ReceiverFault, detail: impl Into<String>) -> Self {
        Self { fault, detail: detail.into(), fix: None, title: None }
    }

    fn fixed(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    fn titled(self, title: &'static str) -> Self {
        Self { title: Some(title), ..self }
    }
}

/// What an answer to a valid delivery shows of what stands before the receiver; `None` where it is the receiver's own.
pub(in crate::send) fn outside(answer: &Observed, target: &Target) -> Option<Outside> {
    let status = answer.status()?;
    expects_tls(answer, target)
        .or_else(|| redirect(answer, status, target))
        .or_else(|| csrf(answer, status))
        .or_else(|| login(answer, status))
        .or_else(|| challenge(answer, status))
        .or_else(|| missing_route(answer, status, target))
}

/// Whether it is a page that asks for a password, whatever its status.
pub(in crate::send) fn is_login_page(answer: &Observed) -> bool {
    let text = answer.text().to_lowercase();
    let is_page = text.contains("<html") || text.contains("<!doctype") || text.contains("<form");
    is_page
        && (text.contains("type=\"password\"") || text.contains("type='password'") || text.contains("type=password"))
}

/// Whether it is a page for people, with something to do on it: no receiver's answer.
pub(super) fn is_page(answer: &Observed) -> bool {
    let text = answer.text().trim_start().to_lowercase();
    let is_page = text.starts_with("<!doctype html") || text.starts_with("<html");
    is_page && ["<form", "<script", "<button", "http-equiv", "<link", "<a "].iter().any(|part| text.contains(part))
}

/// Whether an answer says that it refuses, whatever its status: `{"error":"invalid signature"}` with 200.
pub(in crate::send) fn reads_as_refusal(answer: &Observed) -> bool {
    const REFUSALS: [&str; 16] = [
        "invalid",
        "mismatch",
        "does not match",
        "do not match",
        "unauthor",
        "forbidden",
        "denied",
        "reject",
        "refuse",
        "fail",
        "wrong",
        "bad sig",
        "not verified",
        "\"ok\":false",
        "\"success\":false",
        "\"error\":",
    ];
    let text: String = answer.text().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("\": ", "\":");
    REFUSALS.iter().any(|word| text.contains(word))
        && !["\"error\":null", "\"error\":\"\"", "\"error\":false"].iter().any(|none| text.contains(none))
}

fn redirect(answer: &Observed, status: u16, target: &Target) -> Option<Outside> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return (300..400)
            .contains(&status)
            .then(|| Outside::new(ReceiverFault::Redirects, format!("answered {status}")));
    }
    let location = answer.header("Location").unwrap_or_default();
    let shown = visible(&location).into_owned();
    let lower = location.to_lowercase();
    let path = lower.split(['?', '#']).next().unwrap_or_default();
    if LOGIN_PATHS.iter().any(|word| path.contains(word)) && !target.request_target().to_lowercase().contains(path) {
        let detail = format!("answered {status} with a redirect to {shown}");
        return Some(Outside::new(ReceiverFault::RequiresLogin, detail));
    }
    if location.is_empty() {
        return Some(Outside::new(ReceiverFault::Redirects, format!("answered {status} without a Location")));
    }
    let (from, detail) = (target.to_string(), format!("answered {status} with a redirect to {shown}"));
    let redirects = Outside::new(ReceiverFault::Redirects, detail);
    let to = absolute(&location, target);
    Some(if to.trim_end_matches('/') == from.trim_end_matches('/') && to != from {
        let words = if to.ends_with('/') { "with its final slash" } else { "without the final slash" };
        redirects.fixed(format!(
            "Give the URL {words}, here and to the sender: {}. Or answer at both, without a redirect.",
            visible(&to)
        ))
    } else if from.starts_with("http://") && to.starts_with("https://") {
        redirects.fixed(format!(
            "Give the URL with https, here and to the sender: {}. Or let the server answer over http on this machine.",
            visible(&to)
        ))
    } else {
        redirects.fixed(format!("Give the final URL, here and to the sender: {}.", visible(&to)))
    })
}

/// A Location as a whole URL (RFC 9110, section 10.2.2), as far as this needs it.
fn absolute(location: &str, target: &Target) -> String {
    let origin = format!("{}://{}", if target.is_tls() { "https" } else { "http" }, target.authority());
    match location {
        _ if location.contains("://") => location.to_owned(),
        _ if location.starts_with("//") => format!("{}:{location}", if target.is_tls() { "https" } else { "http" }),
        _ if location.starts_with('/') => format!("{origin}{location}"),
        _ => {
            let path = target.request_target();
            let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
            format!("{origin}{folder}{location}")
        }
    }
}

fn csrf(answer: &Observed, status: u16) -> Option<Outside> {
    let said = answer.text().to_lowercase();
    let is_said = said.contains("csrf")
        || said.contains("xsrf")
        || said.contains("invalidauthenticitytoken")
        || said.contains("authenticity token")
        || said.contains("antiforgery");
    let is_laravel = status == 419;
    ((is_said && matches!(status, 400..=499)) || is_laravel).then(|| {
        let by = Framework::of([answer]).map(|framework| format!(", by {}", framework.name())).unwrap_or_default();
        Outside::new(ReceiverFault::CsrfProtection, format!("answered {status}{by}{}", quoted(answer)))
    })
}

fn login(answer: &Observed, status: u16) -> Option<Outside> {
    if let Some(challenge) = answer.header("WWW-Authenticate").filter(|_| matches!(status, 401 | 407)) {
        let scheme = challenge.split([' ', ',']).next().unwrap_or_default().to_lowercase();
        // A receiver may say so of signatures; these are logins.
        if ["basic", "bearer", "digest", "negotiate", "ntlm"].contains(&&*scheme) {
            let detail = format!("answered {status} with WWW-Authenticate: {}", visible(&clipped(&challenge)));
            return Some(Outside::new(ReceiverFault::RequiresLogin, detail));
        }
    }
    is_login_page(answer)
        .then(|| Outside::new(ReceiverFault::RequiresLogin, format!("answered {status} with a login page")))
}

/// A page that asks whether a person is there, before any request is passed on.
fn challenge(answer: &Observed, status: u16) -> Option<Outside> {
    let is_challenge = answer.header("cf-mitigated").is_some() || answer.text().contains("cdn-cgi/challenge-platform");
    is_challenge.then(|| {
        Outside::new(ReceiverFault::RefusesValid, format!("answered {status} with Cloudflare's bot challenge"))
            .titled("is behind a bot challenge")
            .fixed("Exempt the webhook's path from bot protection: a WAF rule that skips it.")
    })
}

/// Servers that speak TLS on a port, and say so to whoever does not: Go, nginx, Apache, Tomcat.
fn expects_tls(answer: &Observed, target: &Target) -> Option<Outside> {
    const WORDS: [&str; 4] = [
        "http request to an https server",
        "plain http request was sent to https port",
        "plain http to an ssl-enabled server port",
        "combination of host and port requires tls",
    ];
    let text = answer.text().to_lowercase();
    if target.is_tls() || !WORDS.iter().any(|words| text.contains(words)) {
        return None;
    }
    let status = answer.status()?;
    let secure = target.to_string().replacen("http://", "https://", 1);
    Some(
        Outside::new(ReceiverFault::RefusesValid, format!("answered {status}{}", quoted(answer)))
            .titled("expects https")
            .fixed(format!("Give the URL with https: {}.", visible(&secure))),
    )
}

fn missing_route(answer: &Observed, status: u16, target: &Target) -> Option<Outside> {
    let path = target.request_target();
    match status {
        404 => Some(
            Outside::new(ReceiverFault::RefusesValid, format!("404: is the URL's path correct?{}", quoted(answer)))
                .titled("has nothing at this path")
                .fixed(format!("Check the path {}: the server has no route for POST there.", visible(&path))),
        ),
        405 => {
            let allow = answer.header("Allow").map(|allow| format!(" (it allows {})", visible(&clipped(&allow))));
            let detail = format!("405: does your server accept POST at this path?{}", allow.unwrap_or_default());
            Some(
                Outside::new(ReceiverFault::RefusesValid, detail)
                    .titled("does not accept POST at this path")
                    .fixed(format!("Register a handler for POST at {}.", visible(&path))),
            )
        }
        _ => None,
    }
}

/// What an answer says first, in quotation marks, after a space; nothing when it says nothing.
pub(in crate::send) fn quoted(answer: &Observed) -> String {
    let text = answer.text();
    // A page says what it is in its title.
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    let line = title.unwrap_or(&text).trim_start().lines().next().unwrap_or_default().trim_end();
    if line.is_empty() { String::new() } else { format!(" “{}”", visible(&clipped(line))) }
}

fn clipped(text: &str) -> String {
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("{}{more}", text.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::*;
    use crate::http::Head;

    fn answer(status: u16, head: &str, said: &str) -> Observed {
        let head = Head::from(format!("HTTP/1.1 {status} x\r\n{head}\r\n\r\n"));
        Observed::Answer { status, latency: Duration::ZERO, said: said.as_bytes().to_vec(), head }
    }

    fn found(status: u16, head: &str, said: &str) -> Option<Outside> {
        outside(&answer(status, head, said), &"http://h:8080/hooks/x".parse().unwrap())
    }

    #[test]
    fn a_port_that_speaks_tls_is_said_with_the_url_to_give() {
        let go = found(400, "A: b", "Client sent an HTTP request to an HTTPS server.\n").unwrap();
        let nginx = found(400, "A: b", "<title>400 The plain HTTP request was sent to HTTPS port</title>").unwrap();
        for said in [go, nginx] {
            assert_eq!((said.fault, said.title), (ReceiverFault::RefusesValid, Some("expects https")));
            assert_eq!(said.fix.unwrap(), "Give the URL with https: https://h:8080/hooks/x.");
        }
        assert_eq!(found(400, "A: b", "no such webhook"), None);
    }

    #[rstest]
    #[case(301, "Location: /hooks/x/", "redirects", "with its final slash")]
    #[case(308, "Location: https://h:8080/hooks/x", "redirects", "with https")]
    #[case(302, "Location: /elsewhere", "redirects", "http://h:8080/elsewhere")]
    #[case(302, "Location: y", "redirects", "http://h:8080/hooks/y")]
    fn a_redirect_says_which_url_to_give(
        #[case] status: u16,
        #[case] head: &str,
        #[case] code: &str,
        #[case] words: &str,
    ) {
        let outside = found(status, head, "").unwrap();
        assert_eq!(outside.fault.code(), code);
        assert!(outside.fix.as_ref().unwrap().contains(words), "{outside:?}");
    }

    #[rstest]
    #[case(302, "Location: /accounts/login/?next=/hooks/x", "", "requires_login")]
    #[case(401, "WWW-Authenticate: Basic realm=\"x\"", "", "requires_login")]
    #[case(200, "A: b", "<!DOCTYPE html><form><input type=\"password\">", "requires_login")]
    #[case(403, "A: b", "<title>403 Forbidden</title> CSRF verification failed.", "csrf_protection")]
    #[case(419, "A: b", "", "csrf_protection")]
    #[case(422, "A: b", "ActionController::InvalidAuthenticityToken", "csrf_protection")]
    #[case(403, "A: b", "{\"message\":\"invalid csrf token\"}", "csrf_protection")]
    #[case(404, "A: b", "", "refuses_valid")]
    #[case(405, "Allow: GET", "", "refuses_valid")]
    #[case(403, "cf-mitigated: challenge", "", "refuses_valid")]
    fn each_is_named_for_what_it_is(#[case] status: u16, #[case] head: &str, #[case] said: &str, #[case] code: &str) {
        assert_eq!(found(status, head, said).unwrap().fault.code(), code);
    }

    #[rstest]
    #[case(401, "A: b", "Invalid signature")]
    #[case(401, "WWW-Authenticate: Signature", "")]
    #[case(500, "A: b", "")]
    #[case(200, "A: b", "ok")]
    fn the_receiver_s_own_answers_are_nothing_before_it(#[case] status: u16, #[case] head: &str, #[case] said: &str) {
        assert_eq!(found(status, head, said), None);
    }
}
