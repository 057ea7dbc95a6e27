//! The URL of a command as curl makes requests of it: globs, dot segments, credentials, what options add to the query.

use crate::archive::import::built::quoted;
use crate::http::percent::{self, PlusSign};

/// Requests that one glob may stand for.
const GLOB_LIMIT: usize = 1000;

/// Digits of the largest `u64`: more are zeros that nobody writes.
const WIDEST_NUMBER: usize = 20;

/// What the requests of the globs of a whole text may take besides the commands themselves, in bytes: each is a copy of
/// its command, body and all.
pub(super) const GLOB_ROOM: usize = 64 * 1024 * 1024;

/// The URLs that a glob stands for, in curl's order: `{a,b}`, `[1-3]`, `[001-100:10]`, `[a-c]`. `command` is the length of
/// its command in bytes, of which each takes as many from `room`.
///
/// # Errors
///
/// Why curl would not take it, or that it stands for too many.
pub(super) fn globbed(url: &[u8], command: usize, room: &mut usize) -> Result<Vec<Vec<u8>>, String> {
    let fits = *room / command.max(url.len()).max(1);
    let limit = GLOB_LIMIT.min(fits.max(1));
    let shown = || quoted(&String::from_utf8_lossy(url));
    let mut all = vec![Vec::new()];
    let mut rest = url;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let choices: Vec<Vec<u8>> = match first {
            b'\\' if after.first().is_some_and(|byte| b"{}[]".contains(byte)) => {
                rest = &after[1..];
                vec![vec![after[0]]]
            }
            b'{' => {
                let end =
                    memchr::memchr(b'}', after).ok_or_else(|| format!("the URL {} has an open brace", shown()))?;
                rest = &after[end + 1..];
                let inside = &after[..end];
                if inside.is_empty() || memchr::memchr2(b'{', b'[', inside).is_some() {
                    return Err(format!("the braces in the URL {} are not a list", shown()));
                }
                inside.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect()
            }
            b'[' => {
                let end = memchr::memchr(b']', after).unwrap_or(after.len());
                let inside = &after[..end];
                // An IPv6 address and an empty index are not ranges.
                if end < after.len() && (inside.is_empty() || is_ipv6(inside)) {
                    rest = &after[end + 1..];
                    vec![[b"[", inside, b"]"].concat()]
                } else {
                    rest = after.get(end + 1..).unwrap_or_default();
                    range(inside, limit)
                        .ok_or_else(|| format!("the brackets in the URL {} are not a range", shown()))?
                }
            }
            b'}' | b']' => return Err(format!("the URL {} closes what is not open", shown())),
            byte => vec![vec![byte]],
        };
        if all.len().saturating_mul(choices.len()) > limit {
            let why = if limit < GLOB_LIMIT { ": they would take more than 64 MiB" } else { "" };
            return Err(format!("the URL {} stands for more than {limit} requests{why}", shown()));
        }
        all = match &choices[..] {
            [only] => {
                all.iter_mut().for_each(|url| url.extend_from_slice(only));
                all
            }
            _ => all.iter().flat_map(|url| choices.iter().map(move |choice| [&url[..], choice].concat())).collect(),
        };
    }
    *room -= (all.len() - 1) * command.max(url.len());
    Ok(all)
}

fn is_ipv6(inside: &[u8]) -> bool {
    let address = inside.split(|byte| *byte == b'%').next().unwrap_or_default();
    std::str::from_utf8(address).is_ok_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// `1-10`, `001-100`, `a-z`, each with `:step`; not many more than `limit`.
fn range(inside: &[u8], limit: usize) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(inside).ok()?;
    let (range, step) = text.split_once(':').map_or((text, "1"), |(range, step)| (range, step));
    let step: usize = step.parse().ok().filter(|step| *step > 0)?;
    let (low, high) = range.split_once('-')?;
    if let ([first], [last]) = (low.as_bytes(), high.as_bytes())
        && first.is_ascii_alphabetic()
        && last.is_ascii_alphabetic()
    {
        let is_one_case = first.is_ascii_lowercase() == last.is_ascii_lowercase();
        return (is_one_case && first <= last)
            .then(|| (*first..=*last).step_by(step).map(|letter| vec![letter]).collect());
    }
    if low.len() > WIDEST_NUMBER {
        return None;
    }
    let (first, last): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
    let width = if low.starts_with('0') { low.len() } else { 0 };
    let numbers = (first..=last).step_by(step).take(limit + 1);
    (first <= last).then(|| numbers.map(|number| format!("{number:0width$}").into_bytes()).collect())
}

/// A URL in the parts that curl reads of it.
pub(super) struct CurlUrl {
    /// Scheme and `://`.
    scheme: String,
    /// User name and password, decoded.
    pub(super) user: Option<Vec<u8>>,
    /// Host, and the port unless it is the scheme's own.
    host: String,
    path: String,
    /// With its `?`.
    query: String,
}

impl CurlUrl {
    pub(super) fn read(url: &str) -> Self {
        let is_scheme =
            |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).unwrap_or(("http", url));
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
        let user = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            [&percent_decoded(name)[..], b":", &percent_decoded(password)].concat()
        });
        Self {
            scheme: format!("{scheme}://"),
            user,
            host: host.strip_suffix(port).unwrap_or(host).to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        }
    }

    /// Adds to the query.
    pub(super) fn add_query(&mut self, part: &str) {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(part);
    }

    /// To a URL without a file name, curl adds that of the file which is uploaded.
    pub(super) fn add_file_name(&mut self, file: &str) {
        let base = file.rsplit(['/', '\\']).next().unwrap_or_default();
        if self.query.is_empty() && (self.path.is_empty() || self.path.ends_with('/')) {
            let slash = if self.path.is_empty() { "/" } else { "" };
            self.path.push_str(&format!("{slash}{base}"));
        }
    }

    /// Takes `.` and `..` out of the path (RFC 3986, section 5.2.4).
    pub(super) fn remove_dot_segments(&mut self) {
        let mut kept: Vec<&str> = Vec::new();
        let segments: Vec<&str> = self.path.split('/').skip(1).collect();
        for (index, segment) in segments.iter().enumerate() {
            let is_last = index + 1 == segments.len();
            match *segment {
                "." | ".." => {
                    if *segment == ".." {
                        kept.pop();
                    }
                    if is_last {
                        kept.push("");
                    }
                }
                segment => kept.push(segment),
            }
        }
        if !self.path.is_empty() {
            self.path = format!("/{}", kept.join("/"));
        }
    }

    /// Whether a segment is a dot that is written as `%2e`, which newer releases of curl take out as well.
    pub(super) fn has_encoded_dots(&self) -> bool {
        let is_dots = |segment: &str| {
            segment.contains('%') && matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..")
        };
        self.path.split('/').any(is_dots)
    }

    /// The URL without user name and password.
    pub(super) fn text(&self) -> String {
        [&*self.scheme, &self.host, &self.path, &self.query].concat()
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    percent::decode(text.as_bytes(), PlusSign::Literal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(url: &str) -> Result<Vec<String>, String> {
        globbed(url.as_bytes(), url.len(), &mut GLOB_ROOM.clone())
            .map(|all| all.into_iter().map(|url| String::from_utf8(url).unwrap()).collect())
    }

    #[test]
    fn a_glob_is_all_the_urls_that_it_stands_for() {
        assert_eq!(glob("h/{a,b}/[1-2]").unwrap(), ["h/a/1", "h/a/2", "h/b/1", "h/b/2"]);
        assert_eq!(glob("h/[08-10]?x=[a-e:2]").unwrap().len(), 9);
        assert_eq!(glob("h/[08-10]").unwrap(), ["h/08", "h/09", "h/10"]);
        assert_eq!(glob("h/{a}x\\{b\\}").unwrap(), ["h/ax{b}"]);
        assert_eq!(glob("http://[::1]:80/x[]").unwrap(), ["http://[::1]:80/x[]"]);
        for wrong in
            ["h/{a", "h/{}", "h/{a,{b}}", "h/a}", "h/]", "h/[a", "h/[3-1]", "h/[a-Z]", "h/[1-2:0]", "h/[1-99999]"]
        {
            assert!(glob(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn globs_take_no_more_than_the_room_there_is() {
        // As often as the command fits, whatever of it is long.
        let mut room = GLOB_ROOM;
        let long = format!("h/{}/[1-1000]", "x".repeat(1 << 20));
        assert!(globbed(long.as_bytes(), long.len(), &mut room).is_err_and(|error| error.contains("64 MiB")));
        let zeros = format!("h/[{}1-999]", "0".repeat(1 << 20));
        assert!(globbed(zeros.as_bytes(), zeros.len(), &mut room).is_err());
        assert!(globbed(b"h/[1-1000]", 1 << 20, &mut room).is_err());
        assert_eq!(room, GLOB_ROOM);
        // And all of a text together.
        let taken = (0..100).filter(|_| globbed(b"h/[1-10]", 1 << 20, &mut room).is_ok()).count();
        assert_eq!((taken, room), (7, GLOB_ROOM - 7 * 9 * (1 << 20)));
        assert_eq!(globbed(b"h/x", GLOB_ROOM + 1, &mut room), Ok(vec![b"h/x".to_vec()]));
    }

    #[test]
    fn credentials_are_decoded_as_curl_does() {
        let user = |url: &str| CurlUrl::read(url).user.map(|user| String::from_utf8(user).unwrap());
        assert_eq!(user("http://a%40b:p%3a+@h/x").as_deref(), Some("a@b:p:+"));
        assert_eq!(user("http://a%+5b:%-1%zé%@h/x").as_deref(), Some("a%+5b:%-1%zé%"));
    }

    #[test]
    fn dots_go_as_in_the_rfc() {
        for (path, clean) in [
            ("/x/../y", "/y"),
            ("/x/./y", "/x/y"),
            ("/a/b/c/./../../g", "/a/g"),
            ("/..", "/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/../../x", "/x"),
            ("//x", "//x"),
            ("/.../a..", "/.../a.."),
            ("", ""),
        ] {
            let mut url = CurlUrl::read(&format!("http://h{path}?a=../b"));
            url.remove_dot_segments();
            assert_eq!(url.text(), format!("http://h{clean}?a=../b"), "{path}");
        }
        assert!(CurlUrl::read("http://h/x/%2E%2e/y").has_encoded_dots());
        assert!(!CurlUrl::read("http://h/x/../%2ea").has_encoded_dots());
    }

    proptest! {
        #[test]
        fn any_url_is_read_or_refused(url in "[a-z0-9{}\\[\\],:/@%?#.\\\\-]{0,40}") {
            if let Ok(all) = globbed(url.as_bytes(), url.len(), &mut GLOB_ROOM.clone()) {
                prop_assert!(!all.is_empty() && all.len() <= GLOB_LIMIT);
            }
            let mut read = CurlUrl::read(&url);
            read.remove_dot_segments();
            prop_assert!(!read.path.split('/').any(|segment| segment == "." || segment == ".."));
        }
    }
}
