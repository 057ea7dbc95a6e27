//! JUnit XML, which CI systems read: a document of one suite.
//!
//! There is no standard for it; what is written here is what the readers have in common
//! (<https://github.com/testmoapp/junitxml>).

use std::fmt::Write as _;
use std::time::Duration;

use crate::text::visible;

/// A suite of test cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JunitSuite {
    /// Its name; any text.
    pub name: String,
    /// Its cases, in the order in which they are written.
    pub cases: Vec<JunitCase>,
}

/// One test case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JunitCase {
    /// What it belongs to, in words joined by dots.
    pub class: String,
    /// Its name; any text.
    pub name: String,
    /// How long it took; `None` for what takes no time.
    pub time: Option<Duration>,
    /// What came of it.
    pub outcome: JunitOutcome,
}

/// What came of a test case. Every text may be any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JunitOutcome {
    /// It passed.
    Passed,
    /// It passed, and there is something to say.
    Noted(String),
    /// It was not tried.
    Skipped,
    /// It failed.
    Failed {
        /// A stable word for why.
        kind: String,
        /// Why, in a line.
        message: String,
        /// All that there is to say.
        text: String,
    },
    /// It could not be told.
    Errored {
        /// A stable word for why.
        kind: String,
        /// Why, in a line.
        message: String,
    },
}

impl JunitSuite {
    /// The document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let count = |is: fn(&JunitOutcome) -> bool| self.cases.iter().filter(|case| is(&case.outcome)).count();
        let counts = format!(
            r#"tests="{}" failures="{}" errors="{}" skipped="{}" time="{}""#,
            self.cases.len(),
            count(|outcome| matches!(outcome, JunitOutcome::Failed { .. })),
            count(|outcome| matches!(outcome, JunitOutcome::Errored { .. })),
            count(|outcome| matches!(outcome, JunitOutcome::Skipped)),
            seconds(self.cases.iter().filter_map(|case| case.time).sum())
        );
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(xml, "<testsuites {counts}>");
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {counts}>", escaped(&self.name));
        self.cases.iter().for_each(|case| push_case(&mut xml, case));
        xml.push_str("  </testsuite>\n</testsuites>\n");
        xml
    }
}

fn push_case(xml: &mut String, case: &JunitCase) {
    let (class, name) = (escaped(&case.class), escaped(&case.name));
    let time = case.time.map(|time| format!(" time=\"{}\"", seconds(time))).unwrap_or_default();
    let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\"{time}");
    let inside = match &case.outcome {
        JunitOutcome::Passed => {
            xml.push_str("/>\n");
            return;
        }
        JunitOutcome::Noted(words) => format!("<system-out>{}</system-out>", escaped(words)),
        JunitOutcome::Skipped => "<skipped/>".to_owned(),
        JunitOutcome::Failed { kind, message, text } => {
            let (kind, message) = (escaped(kind), escaped(message));
            format!("<failure type=\"{kind}\" message=\"{message}\">{}</failure>", escaped_lines(text))
        }
        JunitOutcome::Errored { kind, message } => {
            format!("<error type=\"{}\" message=\"{}\"/>", escaped(kind), escaped(message))
        }
    };
    let _ = writeln!(xml, ">\n      {inside}\n    </testcase>");
}

/// Seconds with milliseconds, as the format's readers expect.
fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// Text for content, where line ends may stay.
fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// Text for content and attributes. XML 1.0 has no way to write most control characters, so that
/// they are made visible first.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_xml_cannot_hold_is_left() {
        assert_eq!(escaped("<a b='\"'>&\u{1b}\u{0}\n"), "&lt;a b=&apos;&quot;&apos;&gt;&amp;␛␀␊");
        assert!(!escaped("\u{fffe}\u{ffff}").contains(['\u{fffe}', '\u{ffff}']));
    }

    #[test]
    fn each_outcome_is_counted_once() {
        let case = |name: &str, outcome| JunitCase {
            class: "a.b".to_owned(),
            name: name.to_owned(),
            time: Some(Duration::from_millis(1_500)),
            outcome,
        };
        let words = || "<no>\n\u{1b}".to_owned();
        let suite = JunitSuite {
            name: "x & y".to_owned(),
            cases: vec![
                case("passed", JunitOutcome::Passed),
                case("noted", JunitOutcome::Noted(words())),
                case("skipped", JunitOutcome::Skipped),
                case("failed", JunitOutcome::Failed { kind: "k".to_owned(), message: words(), text: words() }),
                case("errored", JunitOutcome::Errored { kind: "k".to_owned(), message: words() }),
            ],
        };
        let xml = suite.to_xml();
        assert!(xml.contains(r#"<testsuites tests="5" failures="1" errors="1" skipped="1" time="7.500">"#), "{xml}");
        assert!(xml.contains(r#"<testsuite name="x &amp; y" tests="5""#), "{xml}");
        assert!(xml.contains("message=\"&lt;no&gt;␊␛\">&lt;no&gt;\n␛</failure>"), "{xml}");
    }
}
