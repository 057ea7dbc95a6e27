//! jq queries over a body, as [jaq](https://github.com/01mf02/jaq) understands them.
//!
//! A query can run without end, ask for all memory or overflow the stack, and none of that can be stopped
//! from within. So [`run`] is for a process of its own, which can be ended; what is here bounds only
//! what goes in and what comes out. A query can read nothing of this machine: there are no
//! files, modules or further inputs, and the environment is empty.

use bytes::Bytes;
use jaq_core::load::{self, Arena, File, Loader, lex};
use jaq_core::{Compiler, Ctx, Vars, compile, data};
use jaq_json::{Val, read, write};
use serde::{Deserialize, Serialize};

use super::json::{NoRows, Pretty, decode_string};
use crate::text::{self, grouped};

/// The largest body that is queried: as values it takes about ten times its size.
pub const BODY_LIMIT: usize = 16 << 20;
/// The deepest nesting that is queried: values are read and dropped recursively.
pub const DEPTH_LIMIT: usize = 10_000;
/// Values that are shown at most.
pub const VALUE_LIMIT: usize = 10_000;
/// Bytes of output that are shown at most.
pub const OUTPUT_LIMIT: usize = 1 << 20;
/// Columns of what a failing query says.
const MESSAGE_COLUMNS: usize = 300;

/// What a query gave.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Output {
    /// Its values as JSON (or, where jq goes beyond JSON, in jq's notation).
    pub values: Vec<String>,
    /// What could not be kept or was left out, in words.
    pub remarks: Vec<String>,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JqError {
    /// The body is not JSON.
    #[error("the body is not valid JSON: {0}")]
    NoJson(String),
    /// The body is too large.
    #[error("the body is too large for jq: {} bytes, the limit is {} MiB", grouped(*.0), BODY_LIMIT >> 20)]
    TooLarge(u64),
    /// The body is nested too deeply.
    #[error("the body is too deeply nested for jq: the limit is {} levels", grouped(DEPTH_LIMIT as u64))]
    TooDeep,
    /// The program is not understood at this character, counted from 1.
    #[error("at character {at}: {problem}")]
    Program {
        /// Where.
        at: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The program failed before it gave anything.
    #[error("{0}")]
    Failed(String),
}

/// Runs `program` on `body`. Not bounded in time, memory or stack; see the [module](self).
///
/// # Errors
///
/// [`JqError`] when body or program cannot be used, or the program gives nothing but an error.
pub fn run(program: &str, body: &[u8]) -> Result<Output, JqError> {
    if body.len() > BODY_LIMIT {
        return Err(JqError::TooLarge(body.len() as u64));
    }
    let rows = Pretty::new(Bytes::copy_from_slice(body)).map_err(|missing| match missing {
        NoRows::Fault(fault, _) => JqError::NoJson(fault.to_string()),
        NoRows::TooDeep => JqError::TooDeep,
    })?;
    if rows.deepest() > DEPTH_LIMIT {
        return Err(JqError::TooDeep);
    }
    let (input, mut remarks) = input(&rows)?;
    drop(rows);
    let arena = Arena::default();
    let filter = compiled(program, &arena)?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([Val::obj(Default::default())]));
    let mut values = Vec::new();
    let mut bytes = 0;
    for value in filter.id.run((context, input)) {
        let value = match value {
            Ok(value) => value,
            Err(exception) => {
                let words = match exception.get_err() {
                    Ok(error) => error.to_string(),
                    Err(_) => "the query called halt".to_owned(),
                };
                let words = text::clip(&text::visible(&words), MESSAGE_COLUMNS).into_owned();
                if values.is_empty() {
                    return Err(JqError::Failed(words));
                }
                remarks.push(format!("then failed: {words}"));
                break;
            }
        };
        if values.len() == VALUE_LIMIT || bytes > OUTPUT_LIMIT {
            remarks.push(format!("only the first {} values", grouped(values.len() as u64)));
            break;
        }
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = write::write(&mut text, &write::Pp::default(), 0, &value);
        bytes += text.len();
        if bytes > OUTPUT_LIMIT && !values.is_empty() {
            continue;
        }
        if text.len() > OUTPUT_LIMIT {
            return Err(JqError::Failed(format!(
                "the result is too large to show: {} bytes; select less",
                grouped(text.len() as u64)
            )));
        }
        values.push(String::from_utf8_lossy(&text).into_owned());
    }
    Ok(Output { values, remarks })
}

/// The body as a value, and what of it could not be kept.
fn input(rows: &Pretty) -> Result<(Val, Vec<String>), JqError> {
    let mut remarks = Vec::new();
    if rows.has_duplicates() {
        remarks.push("only the last of duplicate keys".to_owned());
    }
    let body = rows.body();
    let (repaired, zeros) = repaired(body);
    if repaired.is_some() {
        remarks.push("lone surrogates and bytes outside UTF-8 as U+FFFD".to_owned());
    }
    if zeros {
        remarks.push("-0 as 0".to_owned());
    }
    let bytes = repaired.as_deref().unwrap_or(body);
    let bytes = bytes.strip_prefix(super::json::BOM).unwrap_or(bytes);
    let value = read::parse_single(bytes).map_err(|error| JqError::NoJson(error.to_string()))?;
    Ok((value, remarks))
}

/// The body with its impossible strings repaired, when it has any, and whether it holds a `-0`, which
/// becomes an integer.
fn repaired(body: &[u8]) -> (Option<Vec<u8>>, bool) {
    let mut repaired: Option<Vec<u8>> = None;
    let mut kept = 0;
    let mut zeros = false;
    for token in super::json::tokens(body).filter_map(Result::ok) {
        let raw = token.text(body);
        zeros |= raw == b"-0";
        if token.kind != super::json::TokenKind::String {
            continue;
        }
        let is_plain = memchr::memchr(b'\\', raw).is_none() && std::str::from_utf8(raw).is_ok();
        if is_plain {
            continue;
        }
        let decoded = decode_string(raw);
        if !decoded.is_exact() {
            let repaired = repaired.get_or_insert_default();
            repaired.extend_from_slice(&body[kept..token.range().start]);
            repaired.extend_from_slice(serde_json::Value::from(decoded.text.into_owned()).to_string().as_bytes());
            kept = token.range().end;
        }
    }
    if let Some(repaired) = &mut repaired {
        repaired.extend_from_slice(&body[kept..]);
    }
    (repaired, zeros)
}

/// Replacements of the functions that would reach outside.
const CLOSED: &str = "def env: {}; def inputs: empty; def input: error(\"the only input is .\");";

fn compiled(program: &str, arena: &Arena) -> Result<jaq_core::Filter<data::JustLut<Val>>, JqError> {
    let closed = load::parse(CLOSED, |parser| parser.defs()).unwrap_or_default();
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let funs = funs.filter(|(name, ..)| !matches!(*name, "env" | "stderr_empty" | "debug_empty"));
    // `debug` and `stderr` would write beside the result.
    let quiet = load::parse("def stderr_empty: empty; def debug_empty: empty;", |parser| parser.defs());
    let quiet = quiet.unwrap_or_default();
    let defs = jaq_core::defs().chain(quiet).chain(jaq_std::defs()).chain(jaq_json::defs()).chain(closed);
    let modules = Loader::new(defs)
        .load(arena, File { code: program, path: () })
        .map_err(|errors| JqError::from_load(program, errors.into_iter().map(|(_, error)| error)))?;
    Compiler::default()
        .with_funs(funs)
        .with_global_vars(["$ENV"])
        .compile(modules)
        .map_err(|errors| JqError::undefined(program, errors.into_iter().flat_map(|(_, errors)| errors)))
}

impl JqError {
    fn at(program: &str, part: &str, problem: String) -> Self {
        // Only what is a part of the program has a place in it.
        let start = part.as_ptr() as usize;
        let base = program.as_ptr() as usize;
        let offset = start.checked_sub(base).filter(|offset| *offset <= program.len()).unwrap_or(0);
        let at = program.get(..offset).map_or(1, |before| before.chars().count() + 1);
        Self::Program { at, problem: text::clip(&text::visible(&problem), MESSAGE_COLUMNS).into_owned() }
    }

    fn from_load<'s>(program: &'s str, mut errors: impl Iterator<Item = load::Error<&'s str>>) -> Self {
        let found = |part: &str| match part.is_empty() {
            true => "the end".to_owned(),
            false => format!("“{}”", text::clip(part, 20)),
        };
        match errors.next() {
            Some(load::Error::Lex(errors)) => match errors.into_iter().next() {
                Some((lex::Expect::Delim(part), _)) => Self::at(program, part, format!("unclosed {}", found(part))),
                Some((expected, part)) => {
                    Self::at(program, part, format!("expected a {}, found {}", expected.as_str(), found(part)))
                }
                None => Self::Failed("invalid jq query".to_owned()),
            },
            Some(load::Error::Parse(errors)) => match errors.into_iter().next() {
                Some((expected, part)) => {
                    Self::at(program, part, format!("expected {}, found {}", expected.as_str(), found(part)))
                }
                None => Self::Failed("invalid jq query".to_owned()),
            },
            Some(load::Error::Io(errors)) => match errors.into_iter().next() {
                Some((part, _)) => Self::at(program, part, "modules and files are not available".to_owned()),
                None => Self::Failed("modules and files are not available".to_owned()),
            },
            None => Self::Failed("invalid jq query".to_owned()),
        }
    }

    fn undefined<'s>(program: &'s str, mut errors: impl Iterator<Item = compile::Error<&'s str>>) -> Self {
        match errors.next() {
            Some((name, what)) => Self::at(program, name, format!("unknown {} “{name}”", what.as_str())),
            None => Self::Failed("invalid jq query".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn values(program: &str, body: &str) -> Vec<String> {
        run(program, body.as_bytes()).unwrap().values
    }

    fn error(program: &str, body: &str) -> String {
        run(program, body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_selected_is_as_it_was_sent() {
        let body = r#"{"b":1.10,"a":[12345678901234567890123,1e400,-1.0E+2,"\u00e9"],"z":{"y":1,"x":2}}"#;
        assert_eq!(values(".a[]", body), ["12345678901234567890123", "1e400", "-1.0E+2", "\"é\""]);
        assert_eq!(values(".b, .z", body), ["1.10", r#"{"y":1,"x":2}"#]);
        assert_eq!(values("empty", body), Vec::<String>::new());
    }

    #[rstest]
    #[case::end(".a |", "at character 5: expected term, found the end")]
    #[case::delimiter("(.a", "at character 1: unclosed “(”")]
    #[case::token(". é", "at character 3: expected a token, found “é”")]
    #[case::filter(".a | nosuch", "at character 6: unknown filter “nosuch”")]
    #[case::variable("$x", "at character 1: unknown variable “$x”")]
    #[case::runtime(".a | keys", "cannot")]
    #[case::modules("import \"x\" as x; .", "at character 9: modules and files are not available")]
    #[case::input("input", "the only input is .")]
    fn what_is_wrong_is_said(#[case] program: &str, #[case] expected: &str) {
        let said = error(program, r#"{"a":1}"#);
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn nothing_of_this_machine_is_read() {
        assert_eq!(values("env, $ENV, [inputs]", "1"), ["{}", "{}", "[]"]);
        assert_eq!(values("debug, stderr", "1"), ["1", "1"]);
        assert!(error("$__prog_args", "1").contains("unknown variable"));
    }

    #[test]
    fn what_cannot_be_kept_is_said() {
        let output = run(".", br#"{"a":-0,"a":-0,"s":"\ud83d"}"#).unwrap();
        assert_eq!(output.values, ["{\"a\":0,\"s\":\"\u{fffd}\"}"]);
        assert_eq!(output.remarks.len(), 3, "{:?}", output.remarks);
        let output = run(".[] | 1 / .", b"[1,0]").unwrap();
        assert!(output.remarks.is_empty() || output.remarks[0].starts_with("then failed"), "{output:?}");
    }

    #[test]
    fn input_and_output_are_bounded() {
        assert_eq!(values("range(1000000)", "1").len(), VALUE_LIMIT);
        assert!(error("\"x\" * 2000000", "1").contains("too large to show"));
        let large = format!("\"{}\"", "x".repeat(BODY_LIMIT));
        assert!(error(".", &large).contains("too large for jq"));
        let deep = [vec![b'['; DEPTH_LIMIT + 2], vec![b']'; DEPTH_LIMIT + 2]].concat();
        assert_eq!(run(".", &deep), Err(JqError::TooDeep));
        assert!(error(".", "nope").contains("not valid JSON"));
        let most = run("range(3) | \"x\" * 600000", b"1").unwrap();
        assert_eq!((most.values.len(), most.remarks.len()), (1, 1));
    }
}
