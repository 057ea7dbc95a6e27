//! curl's options (<https://curl.se/docs/manpage.html>), as far as they change what is sent.

use super::names::{SWITCH_LETTERS, SWITCHES, WITH_VALUE, long_name, takes_value};
use super::shell::{EXPANDED, UNCLOSED, Word};
use super::url::globbed;
use crate::archive::import::built::quoted;

/// One piece of a body, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    /// `--data`: of a file without its line ends.
    Plain(Vec<u8>),
    /// `--data-raw`: no file.
    Raw(Vec<u8>),
    /// `--data-binary`.
    Binary(Vec<u8>),
    /// `--data-urlencode`.
    Encoded(Vec<u8>),
    /// `--json`.
    Json(Vec<u8>),
}

/// What one request of a command is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CurlCommand {
    pub(super) method: Option<Vec<u8>>,
    pub(super) url: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) headers: Vec<Vec<u8>>,
    pub(super) data: Vec<Data>,
    /// `--form` and whether its value is taken as it is (`--form-string`).
    pub(super) form: Vec<(Vec<u8>, bool)>,
    pub(super) upload: Option<Vec<u8>>,
    pub(super) is_get: bool,
    pub(super) is_head: bool,
    pub(super) is_compressed: bool,
    pub(super) is_http10: bool,
    pub(super) user: Option<Vec<u8>>,
    /// `--digest` and the like: how else than by Basic curl may use the user name and password.
    pub(super) other_auth: Vec<String>,
    pub(super) is_glob_off: bool,
    pub(super) is_path_as_is: bool,
    pub(super) bearer: Option<Vec<u8>>,
    pub(super) cookies: Vec<Vec<u8>>,
    pub(super) user_agent: Option<Vec<u8>>,
    pub(super) referer: Option<Vec<u8>>,
    pub(super) query: Vec<Vec<u8>>,
    pub(super) remarks: Vec<String>,
    /// Why the request need not be the one that curl sends.
    pub(super) doubts: Vec<String>,
}

/// The requests of one command: `--next` begins another, and each URL is one. `room` is what those of globs may still take.
pub(super) fn requests(words: &[Word], room: &mut usize) -> Vec<Result<CurlCommand, String>> {
    let mut all = Vec::new();
    let length: usize = words.iter().map(|word| word.bytes.len()).sum();
    let mut reader = Reader { words: words.iter(), command: CurlCommand::default(), urls: Vec::new() };
    loop {
        match reader.option() {
            Ok(Step::Option) => {}
            Ok(step) => {
                let command = std::mem::take(&mut reader.command);
                let urls = std::mem::take(&mut reader.urls);
                if urls.is_empty() {
                    all.push(Err("the command has no URL".to_owned()));
                }
                for url in urls {
                    let of_one = if command.is_glob_off { Ok(vec![url]) } else { globbed(&url, length, room) };
                    match of_one {
                        Ok(urls) => {
                            all.extend(
                                urls.into_iter().map(|url| Ok(CurlCommand { url: Some(url), ..command.clone() })),
                            );
                        }
                        Err(reason) => all.push(Err(reason)),
                    }
                }
                if step == Step::End {
                    return all;
                }
            }
            Err(reason) => {
                all.push(Err(reason));
                return all;
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Option,
    Next,
    End,
}

struct Reader<'a> {
    words: std::slice::Iter<'a, Word>,
    command: CurlCommand,
    urls: Vec<Vec<u8>>,
}

impl Reader<'_> {
    fn option(&mut self) -> Result<Step, String> {
        let Some(word) = self.words.next() else { return Ok(Step::End) };
        if let Some(long) = word.bytes.strip_prefix(b"--").filter(|long| !long.is_empty()) {
            let name = String::from_utf8_lossy(long).into_owned();
            return self.long(&name, None);
        }
        let Some(mut letters) = word.bytes.strip_prefix(b"-").filter(|letters| !letters.is_empty()) else {
            if word.bytes != b"--" {
                self.urls.push(known(word)?);
            }
            return Ok(Step::Option);
        };
        while let Some((&letter, rest)) = letters.split_first() {
            letters = rest;
            let Some(name) = long_name(letter) else {
                if !SWITCH_LETTERS.contains(&letter) {
                    self.unknown(&format!("-{}", char::from(letter)));
                }
                continue;
            };
            if takes_value(name) {
                let inline = (!rest.is_empty()).then(|| Word { bytes: rest.to_vec(), unknown: word.unknown.clone() });
                return self.long(name, inline.as_ref());
            }
            if self.long(name, None)? == Step::Next {
                return Ok(Step::Next);
            }
        }
        Ok(Step::Option)
    }

    fn long(&mut self, name: &str, inline: Option<&Word>) -> Result<Step, String> {
        let value = match (takes_value(name), inline) {
            (false, _) => None,
            (true, Some(word)) => Some(word),
            (true, None) => match self.words.next() {
                Some(word) => Some(word),
                None => return Err(format!("the option --{name} has no value")),
            },
        };
        if WITH_VALUE.contains(&name) {
            match name {
                "aws-sigv4" => self.command.other_auth.push(name.to_owned()),
                "config" | "range" | "time-cond" | "etag-compare" | "variable" | "netrc-file" | "continue-at" => {
                    self.command.doubts.push(format!("what --{name} adds to the request is left out"));
                }
                _ => {}
            }
            return Ok(Step::Option);
        }
        let value = value.map(known).transpose()?.unwrap_or_default();
        let command = &mut self.command;
        match name {
            "next" => return Ok(Step::Next),
            "request" => command.method = Some(value),
            "url" => self.urls.push(value),
            "request-target" => command.target = Some(value),
            "header" => command.headers.push(value),
            "data" | "data-ascii" => command.data.push(Data::Plain(value)),
            "data-raw" => command.data.push(Data::Raw(value)),
            "data-binary" => command.data.push(Data::Binary(value)),
            "data-urlencode" => command.data.push(Data::Encoded(value)),
            "json" => command.data.push(Data::Json(value)),
            "form" => command.form.push((value, false)),
            "form-string" => command.form.push((value, true)),
            "upload-file" => command.upload = Some(value),
            "user" => command.user = Some(value),
            "oauth2-bearer" => command.bearer = Some(value),
            "cookie" => command.cookies.push(value),
            "user-agent" => command.user_agent = Some(value),
            "referer" => command.referer = Some(value),
            "url-query" => command.query.push(value),
            "get" => command.is_get = true,
            "head" => command.is_head = true,
            "compressed" => command.is_compressed = true,
            "http1.0" => command.is_http10 = true,
            "globoff" => command.is_glob_off = true,
            "path-as-is" => command.is_path_as_is = true,
            // What -u means without any of the others.
            "basic" => {}
            "anyauth" | "digest" | "negotiate" | "ntlm" | "ntlm-wb" => command.other_auth.push(name.to_owned()),
            "netrc" | "netrc-optional" | "tr-encoding" => {
                command.doubts.push(format!("what --{name} adds to the request is left out"));
            }
            "no-digest" | "no-negotiate" | "no-ntlm" | "no-ntlm-wb" => {
                command.other_auth.retain(|other| *other != name["no-".len()..]);
            }
            // How to show the response, whom to trust.
            name if SWITCHES.contains(&name) || name.starts_with("no-") => {}
            name => {
                self.unknown(&format!("--{name}"));
                // Whether an unknown option takes a value is unknown too: a word that does not look like a URL is taken for its value.
                let is_value = |word: &&Word| !word.bytes.starts_with(b"-") && !is_like_a_url(&word.bytes);
                if self.words.clone().next().as_ref().is_some_and(is_value) {
                    self.words.next();
                }
            }
        }
        Ok(Step::Option)
    }
}

impl Reader<'_> {
    /// Says that an option is not known, whose meaning is left out.
    fn unknown(&mut self, option: &str) {
        self.command.remarks.push(format!("the unknown option {} is left out", quoted(option)));
    }
}

/// Whether a word can be the host of a URL, with or without what surrounds it.
fn is_like_a_url(word: &[u8]) -> bool {
    word.contains(&b'.') || word.contains(&b':') || word.contains(&b'/') || word == b"localhost"
}

/// The value of a word that can be known without running anything.
fn known(word: &Word) -> Result<Vec<u8>, String> {
    match &word.unknown {
        None => Ok(word.bytes.clone()),
        Some(unknown) if unknown == UNCLOSED || unknown == EXPANDED => Err(format!("the command holds {unknown}")),
        Some(unknown) => Err(format!("the command holds {}, whose value is not in the text", unknown_words(unknown))),
    }
}

fn unknown_words(unknown: &str) -> String {
    crate::text::clip(&crate::text::visible(unknown), 60).into_owned()
}
