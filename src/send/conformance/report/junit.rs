//! A report as JUnit XML, which CI systems read.

use std::fmt::Write as _;
use std::time::Duration;

use super::CheckReport;
use crate::send::conformance::case::Expect;
use crate::send::conformance::findings::CheckFinding;
use crate::send::conformance::judge::{CaseVerdict, CheckRow};
use crate::text::visible;

/// The report as a document of one suite: a test case for each delivery, and one more for each fault
/// that no single delivery shows, such as answers that come too late.
#[must_use]
pub fn junit(report: &CheckReport) -> String {
    let of_rows = |finding: &&CheckFinding| !report.rows.iter().any(|row| fails_by(row, finding));
    let apart: Vec<&CheckFinding> = report.findings.iter().filter(|finding| finding.required).filter(of_rows).collect();
    let time: Duration = report.rows.iter().filter_map(|row| row.came.latency()).sum();
    // Without a verdict, the suite has one more case that says why.
    let errors = usize::from(report.no_verdict.is_some());
    let counts = format!(
        r#"tests="{}" failures="{}" errors="{errors}" skipped="{}" time="{}""#,
        report.rows.len() + apart.len() + errors,
        report.count(CaseVerdict::Fail) + apart.len(),
        report.count(CaseVerdict::Skipped),
        seconds(time)
    );
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites {counts}>");
    let _ = writeln!(xml, "  <testsuite name=\"whyhook check {}\" {counts}>", escaped(&report.target));
    if let Some(why) = &report.no_verdict {
        let (code, words) = (why.code(), escaped(&why.words()));
        xml.push_str("    <testcase classname=\"whyhook.check.whole\" name=\"verdict\">\n");
        let _ = writeln!(xml, "      <error type=\"{code}\" message=\"{words}\"/>\n    </testcase>");
    }
    for finding in apart {
        let _ = writeln!(xml, "    <testcase classname=\"whyhook.check.whole\" name=\"{}\">", finding.fault.code());
        push_failure(&mut xml, finding.fault.code(), &finding.detail, &explained(finding));
        xml.push_str("    </testcase>\n");
    }
    for row in report.by_mark() {
        push_row(&mut xml, report, row);
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn fails_by(row: &CheckRow, finding: &CheckFinding) -> bool {
    row.mark == CaseVerdict::Fail && finding.proof.contains(&row.case.name)
}

fn push_row(xml: &mut String, report: &CheckReport, row: &CheckRow) {
    let class = match row.case.expect {
        Expect::Accept => "accept",
        Expect::Refuse(_) => "refuse",
    };
    let time = seconds(row.came.latency().unwrap_or_default());
    let _ = write!(xml, "    <testcase classname=\"whyhook.check.{class}\" name=\"{}\" time=\"{time}\"", row.case.name);
    let finding = report.finding_of(row);
    let seen = format!("{}: expected {}, got {}", row.sends, row.case.expect.words(), row.came.words());
    match row.mark {
        CaseVerdict::Pass => {
            xml.push_str("/>\n");
            return;
        }
        CaseVerdict::Skipped => xml.push_str(">\n      <skipped/>\n"),
        CaseVerdict::Fail => {
            xml.push_str(">\n");
            let kind = finding.map_or(row.case.fault, |finding| finding.fault).code();
            push_failure(xml, kind, &seen, &finding.map(explained).unwrap_or_default());
        }
        CaseVerdict::Advice => {
            let _ = write!(xml, ">\n      <system-out>advice: {}</system-out>\n", escaped(&seen));
        }
    }
    xml.push_str("    </testcase>\n");
}

fn push_failure(xml: &mut String, kind: &str, message: &str, text: &str) {
    let (message, text) = (escaped(message), escaped(text));
    let _ = writeln!(xml, "      <failure type=\"{kind}\" message=\"{message}\">{text}</failure>");
}

fn explained(finding: &CheckFinding) -> String {
    let remedy = &finding.remedy;
    format!("{} Seen: {}. Fix: {} {}", remedy.means, finding.detail, remedy.fix, remedy.code)
}

/// Seconds with milliseconds, as the format's readers expect.
fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
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
    use super::escaped;

    #[test]
    fn nothing_that_xml_cannot_hold_is_left() {
        assert_eq!(escaped("<a b='\"'>&\u{1b}\u{0}\n"), "&lt;a b=&apos;&quot;&apos;&gt;&amp;␛␀␊");
        assert!(!escaped("\u{fffe}\u{ffff}").contains(['\u{fffe}', '\u{ffff}']));
    }
}
