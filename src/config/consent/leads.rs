//! Which headers of an answer lead a sender to another host.
//!
//! A template decides what it renders to only when a request is there, and a fact may be absent. So what is before its
//! first fact has to say the place already.

use crate::http::Target;
use crate::rules::Template;

/// What a header makes a sender do; `None` where it stays on this host.
pub(super) fn header_need(name: &str, value: &Template) -> Option<String> {
    let (source, start, goes_on) = (value.source().trim(), value.beginning(), value.has_facts());
    let leads_away = match &*name.to_ascii_lowercase() {
        // Clients take the second for the place of what was made (RFC 9110, section 8.7).
        "location" | "content-location" => has_odd(source) || is_elsewhere(start, goes_on),
        "refresh" => has_odd(source) || refresh(start, goes_on),
        // Senders look for the place of a hub in it (WebSub, section 4).
        "link" => has_odd(source) || source.split('<').skip(1).any(link),
        "alt-svc" => has_odd(source) || goes_on || !alternatives_stay(start),
        _ => return None,
    };
    let words = || match &*name.to_ascii_lowercase() {
        "link" | "alt-svc" => format!("refer senders to another place by {name}: {source}"),
        _ => format!("redirect senders to {source}"),
    };
    leads_away.then(words)
}

/// Whether it holds what readers of URLs drop, or take for a slash (WHATWG URL, section 4.4).
fn has_odd(text: &str) -> bool {
    text.contains(|character: char| character.is_control() || character == '\\')
}

/// Whether a location leads to another host, or may. It is relative to the sender's own URL (RFC 9110, section 10.2.2),
/// unless it names a host. `start` is all of it that is known; with `goes_on`, anything may follow.
fn is_elsewhere(start: &str, goes_on: bool) -> bool {
    let start = start.trim_start();
    if let Some(path) = start.strip_prefix('/') {
        // Two slashes begin a host, and a fact that is absent leaves none between them.
        return path.starts_with('/') || (goes_on && !path.contains(['/', '?', '#']));
    }
    let authority = start.split_once("://").map_or(start, |(_, rest)| rest);
    let is_whole = !goes_on || authority.contains(['/', '?', '#']);
    !(is_whole && start.parse::<Target>().is_ok_and(|target| target.is_loopback()))
}

/// `5; url=…`: a number and a place, read as browsers do (HTML, section 4.2.5.3).
fn refresh(start: &str, goes_on: bool) -> bool {
    let rest = start.trim_start().trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let rest = rest.trim_start();
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start();
    let named = rest.split_once('=').filter(|(name, _)| name.trim_end().eq_ignore_ascii_case("url"));
    let place = named.map_or(rest, |(_, place)| place).trim_start();
    let place = place.strip_prefix(['"', '\'']).unwrap_or(place);
    let is_number_alone = place.trim_end().is_empty() && !goes_on;
    !is_number_alone && is_elsewhere(place, goes_on)
}

/// What is between `<` and `>` (RFC 8288, section 3).
fn link(rest: &str) -> bool {
    let place = rest.split_once('>').map_or(rest, |(place, _)| place);
    match place.split_once("{{") {
        Some((start, _)) => is_elsewhere(start, true),
        None => is_elsewhere(place, false),
    }
}

/// Whether all alternatives are ports of this host: `h2=":8443"` (RFC 7838, section 3).
fn alternatives_stay(value: &str) -> bool {
    let mut authorities = value.split('"').skip(1).step_by(2).peekable();
    if authorities.peek().is_none() {
        return value.trim() == "clear";
    }
    authorities.all(|authority| authority.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::rules::{Facts, TemplatePlace};

    fn leads(name: &str, value: &str) -> bool {
        header_need(name, &Template::parse(value).unwrap()).is_some()
    }

    #[rstest]
    #[case("Location", "/{{webhook}}/evil.example/x")]
    #[case("Location", "/{{id}}")]
    #[case("Location", "/x{{webhook}}/evil.example")]
    #[case("Location", "{{path}}")]
    #[case("Location", "/\t/evil.example/x")]
    #[case("Location", "/\\evil.example/x")]
    #[case("Location", "/a\\..\\x")]
    #[case("Location", "//evil.example/")]
    #[case("Location", "http://127.0.0.1{{event}}/")]
    #[case("Location", "http://127.0.0.1@evil.example/")]
    #[case("location", "http://localhost:80{{id}}.evil.example/")]
    #[case("content-location", "https://evil.example/")]
    #[case("Refresh", "0; url=https://evil.example/")]
    #[case("Refresh", "0;URL='//evil.example/'")]
    #[case("Refresh", "0, //evil.example/")]
    #[case("Refresh", "1;url={{path}}")]
    #[case("Refresh", "{{id}}")]
    #[case("Link", "</a>; rel=next, <https://evil.example/hub>; rel=hub")]
    #[case("Link", "</{{webhook}}/evil.example>; rel=hub")]
    #[case("Link", "<//evil.example")]
    #[case("Alt-Svc", "h2=\":443\", h3=\"evil.example:443\"")]
    #[case("Alt-Svc", "h2=\"{{event}}:443\"")]
    #[case("Alt-Svc", "h2=evil.example:443")]
    fn what_may_lead_away(#[case] name: &str, #[case] value: &str) {
        assert!(leads(name, value));
    }

    #[rstest]
    #[case("Location", "/")]
    #[case("Location", "/elsewhere")]
    #[case("Location", " /a/{{webhook}}//x")]
    #[case("Location", "/?id={{id}}")]
    #[case("Location", "/jobs#{{id}}")]
    #[case("Location", "http://127.0.0.1:9/{{id}}")]
    #[case("Location", "http://localhost:9/")]
    #[case("Refresh", "5")]
    #[case("Refresh", "5; url=/a")]
    #[case("Refresh", "5; url=\"/a/{{id}}\"")]
    #[case("Link", "</a?b={{id}}>; rel=\"next\"")]
    #[case("Alt-Svc", "clear")]
    #[case("Alt-Svc", "h2=\":8443\"; ma=60")]
    #[case("X-Location", "https://evil.example/")]
    #[case("Access-Control-Allow-Origin", "https://evil.example")]
    fn what_stays(#[case] name: &str, #[case] value: &str) {
        assert!(!leads(name, value));
    }

    proptest! {
        #[test]
        fn whatever_stays_renders_to_a_place_of_this_host(
            value in r"(/|a|\\|\t|:|\?|#|@|http:|localhost|\{\{webhook\}\}|\{\{path\}\}|\{\{event\}\}){0,6}",
            path in r"[/\\a:?@.]{0,4}",
        ) {
            let template = Template::parse(&value).unwrap();
            if header_need("Location", &template).is_none() {
                let facts = Facts { path, ..Facts::default() };
                let place = template.render(&facts, TemplatePlace::Header);
                let place: String = place.chars().filter(|character| !character.is_control()).collect();
                let place = place.trim().replace('\\', "/");
                let local = (place.starts_with('/') && !place.starts_with("//"))
                    || ["http://localhost", "localhost"].iter().any(|start| {
                        place.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#', ':']))
                    });
                prop_assert!(local, "{value:?} renders {place:?}");
            }
        }
    }
}
