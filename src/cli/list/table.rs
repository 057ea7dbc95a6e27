//! Deliveries as rows for people: fitted to the terminal, with a heading and colours; plain and whole for a pipe.

use std::io::{self, IsTerminal as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use unicode_width::UnicodeWidthStr as _;

use crate::cli::output;
use crate::config::ListColumn;
use crate::delivery::{Outcome, Summary, Verdict};
use crate::text::{clip, grouped, units, visible};

/// From this width on, an event is named in full, and a time with its zone.
const WIDE: usize = 120;

/// How rows are written.
#[derive(Debug, Clone)]
pub(super) struct ListTable {
    /// The columns of a terminal; `None` for a pipe or a file, where nothing is cut and nothing coloured.
    columns: Option<usize>,
    colours: bool,
    zone: TimeZone,
    /// The columns that were chosen; without any, the usual ones.
    chosen: Option<Vec<ListColumn>>,
}

/// What a verdict looks like, by the colours that every terminal has.
fn colour(summary: &Summary) -> &'static str {
    match summary.judgement.verdict {
        Verdict::Verified if summary.is_verified_but_stale() => "33",
        Verdict::Verified if summary.is_verified() => "32",
        Verdict::NoSecret | Verdict::NotJudged => "2",
        _ => "31",
    }
}

impl ListTable {
    /// For whatever stdout is.
    pub(super) fn of_stdout(chosen: Option<Vec<ListColumn>>) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            columns: output::columns(),
            colours: is_terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb"),
            zone: TimeZone::system(),
            chosen,
        }
    }

    /// Whether somebody looks at it.
    pub(super) fn is_for_a_person(&self) -> bool {
        self.columns.is_some()
    }

    fn is_wide(&self) -> bool {
        self.columns.is_none_or(|columns| columns >= WIDE)
    }

    /// The line above the rows; none for a pipe.
    pub(super) fn heading(&self) -> Option<String> {
        let columns = self.columns?;
        if let Some(chosen) = &self.chosen {
            let names = chosen.iter().map(|column| (*column, column.name().to_uppercase()));
            return Some(format!("{}\n", self.painted("2", &clip(&joined(names), columns))));
        }
        let time = if self.is_wide() { "TIME".to_owned() } else { format!("TIME {}", self.offset()) };
        let line = self.line(["ID", &time, "VERDICT", "ANS", "KIND", "BYTES", "EVENT"].map(str::to_owned));
        Some(format!("{}\n", self.painted("2", &clip(&line, columns))))
    }

    /// The zone of times that are written without one.
    fn offset(&self) -> String {
        Timestamp::now().to_zoned(self.zone.clone()).strftime("%:z").to_string()
    }

    /// One delivery, without its line end. Nothing in it steers a terminal.
    pub(super) fn row(&self, summary: &Summary) -> String {
        if let Some(chosen) = &self.chosen {
            let line = joined(chosen.iter().map(|column| (*column, self.cell(*column, summary))));
            let shown = visible(&line);
            return self.columns.map_or_else(|| shown.to_string(), |columns| clip(&shown, columns).into_owned());
        }
        let time = units::time_words(summary.received_at, &self.zone);
        let time = if self.is_wide() { &time } else { time.rsplit_once(' ').map_or(time.as_str(), |(time, _)| time) };
        let kind = kind(summary);
        let event = if self.is_wide() { summary.event.event.as_deref() } else { summary.event.short_event() };
        let subject = match event {
            Some(event) => event.to_owned(),
            None if summary.method.is_empty() => format!("({} request)", summary.intake.name()),
            None => format!("{} {}", summary.method, summary.path),
        };
        // The verdict's own column says so where it can.
        let part = summary.part_words().filter(|part| *part != summary.verdict_word().replace('_', " "));
        let subject = match part {
            Some(part) => format!("({part}) {subject}"),
            None => subject,
        };
        let subject = match broken_answer(summary) {
            Some(outcome) => format!("(answer: {}) {subject}", outcome.code().replace('_', " ")),
            None => subject,
        };
        let line = self.line([
            summary.id.to_string(),
            time.to_owned(),
            summary.verdict_word().to_owned(),
            status(summary).unwrap_or_else(|| "-".to_owned()),
            kind.to_owned(),
            summary.body_bytes.to_string(),
            subject,
        ]);
        let shown = visible(&line);
        let shown = match self.columns {
            Some(columns) => clip(&shown, columns),
            None => shown,
        };
        let word = summary.verdict_word();
        match shown.split_once(word).filter(|_| self.colours) {
            // The first such word stands in the column of verdicts: before it are numbers.
            Some((before, after)) => format!("{before}{}{after}", self.painted(colour(summary), word)),
            None => shown.into_owned(),
        }
    }

    /// What a chosen column says; `-` for nothing, so that every row has as many words for `awk`.
    fn cell(&self, column: ListColumn, summary: &Summary) -> String {
        let or_none = |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned();
        match column {
            ListColumn::Id => summary.id.to_string(),
            ListColumn::Time => units::time_words(summary.received_at, &self.zone),
            ListColumn::Verdict => summary.verdict_word().to_owned(),
            ListColumn::Cause => or_none(summary.cause.as_deref()),
            ListColumn::Event => or_none(summary.event.event.as_deref()),
            ListColumn::Kind => kind(summary).to_owned(),
            ListColumn::Method => or_none(Some(&summary.method)),
            ListColumn::Path => or_none(Some(&summary.path)),
            ListColumn::Webhook => or_none(summary.webhook.as_deref()),
            ListColumn::Remote => or_none(Some(&summary.remote)),
            ListColumn::Status => match (status(summary), broken_answer(summary)) {
                (Some(status), Some(outcome)) => format!("{status},{}", outcome.code()),
                (None, Some(outcome)) => outcome.code().to_owned(),
                (status, None) => or_none(status.as_deref()),
            },
            ListColumn::Latency => summary
                .answer
                .as_ref()
                .map_or_else(|| "-".to_owned(), |answer| format!("{} ms", grouped(millis(answer.latency)))),
            ListColumn::Size => summary.body_bytes.to_string(),
            ListColumn::Tags => {
                let pin = summary.marks.pinned.then(|| "pinned".to_owned());
                let tags = summary.marks.tags.iter().map(|tag| format!("#{tag}"));
                or_none(Some(&pin.into_iter().chain(tags).collect::<Vec<_>>().join(",")))
            }
            ListColumn::Note => or_none(summary.marks.note.as_deref()),
        }
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.colours { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn line(&self, [id, time, verdict, answer, kind, bytes, subject]: [String; 7]) -> String {
        let times = if self.is_wide() { 26 } else { 19 };
        format!("{id:>6}  {time:<times$}  {verdict:<10}  {answer:>3}  {kind:<4}  {bytes:>9}  {subject}")
    }
}

fn kind(summary: &Summary) -> &'static str {
    match (summary.event.event.is_some(), summary.event.is_simulation()) {
        (_, true) => "SIM",
        (true, false) => "live",
        (false, false) => "-",
    }
}

/// The status that was sent; none where the answer ended before it.
fn status(summary: &Summary) -> Option<String> {
    summary.answer.as_ref().filter(|answer| answer.status > 0).map(|answer| answer.status.to_string())
}

/// How the answer ended, where its sender did not get it as its status and length say.
fn broken_answer(summary: &Summary) -> Option<Outcome> {
    let outcome = summary.answer.as_ref()?.outcome;
    (!matches!(outcome, Outcome::Sent | Outcome::Trickled)).then_some(outcome)
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Cells side by side, as wide as is usual; the last as long as it is.
fn joined(cells: impl Iterator<Item = (ListColumn, String)>) -> String {
    let mut line = String::new();
    for (column, cell) in cells {
        let width = match column {
            ListColumn::Id => 6,
            ListColumn::Time => 26,
            ListColumn::Verdict => 10,
            ListColumn::Cause => 22,
            ListColumn::Event | ListColumn::Path => 36,
            ListColumn::Kind => 4,
            ListColumn::Method | ListColumn::Status => 6,
            ListColumn::Webhook | ListColumn::Tags => 14,
            ListColumn::Remote => 21,
            ListColumn::Latency | ListColumn::Size => 9,
            ListColumn::Note => 24,
        };
        let is_number = matches!(column, ListColumn::Id | ListColumn::Latency | ListColumn::Size);
        let padding = width.max(cell.width()) - cell.width();
        match is_number {
            true => line.extend([" ".repeat(padding), cell]),
            false => line.extend([cell, " ".repeat(padding)]),
        }
        line.push_str("  ");
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{DeliveryId, EventFacts, Intake, Judgement};

    fn summary(verdict: Verdict, event: Option<&str>, path: &str) -> Summary {
        Summary {
            id: DeliveryId(7),
            received_at: Timestamp::from_second(1_746_123_456).unwrap(),
            remote: "127.0.0.1:1".to_owned(),
            method: "POST".to_owned(),
            path: path.to_owned(),
            webhook: None,
            body_bytes: 1234,
            framing_bytes: 0,
            cause: None,
            marks: crate::delivery::Marks::default(),
            intake: Intake::Complete,
            event: EventFacts { event: event.map(str::to_owned), ..EventFacts::default() },
            judgement: Judgement::bare(verdict),
            image: None,
            answer: None,
        }
    }

    fn table(columns: Option<usize>, colours: bool) -> ListTable {
        ListTable { columns, colours, zone: TimeZone::fixed(jiff::tz::offset(2)), chosen: None }
    }

    #[test]
    fn a_pipe_gets_whole_plain_rows_without_a_heading() {
        let table = table(None, false);
        let long = "x".repeat(300);
        let row = table.row(&summary(Verdict::MissingSignature, Some(&long), "/"));
        assert_eq!(row, format!("     7  2025-05-01 20:17:36 +02:00  unsigned      -  live       1234  {long}"));
        assert_eq!(table.heading(), None);
    }

    #[test]
    fn a_terminal_gets_rows_that_fit_under_a_heading() {
        for columns in [20, 60, 80, 119, 120, 200] {
            let table = table(Some(columns), false);
            let rows = [
                table.heading().unwrap().trim_end().to_owned(),
                table.row(&summary(Verdict::Mismatch, Some("desktop.screenshot_tracking.captured"), "/")),
                table.row(&summary(Verdict::NoSecret, None, &"/päth".repeat(60))),
            ];
            for row in &rows {
                assert!(unicode_width::UnicodeWidthStr::width(row.as_str()) <= columns, "{columns}: {row}");
            }
            if columns >= 60 {
                let place = |row: &str, word: &str| row.find(word).unwrap();
                assert_eq!(place(&rows[0], "VERDICT"), place(&rows[1], "mismatch"), "{columns}");
            }
        }
        let narrow = table(Some(80), false);
        assert!(narrow.heading().unwrap().contains("TIME +02:00"));
        assert!(
            narrow
                .row(&summary(Verdict::Mismatch, Some("desktop.screenshot_tracking.captured"), "/"))
                .ends_with("screenshot")
        );
    }

    #[test]
    fn a_part_of_a_request_is_marked() {
        let cut = Intake::Truncated("the sender hung up".to_owned());
        let row = |verdict| table(None, false).row(&Summary { intake: cut.clone(), ..summary(verdict, None, "/inc") });
        for verdict in [Verdict::MissingSignature, Verdict::Mismatch, Verdict::NoSecret] {
            assert!(row(verdict).ends_with("  (truncated) POST /inc"), "{}", row(verdict));
        }
        // The verdict's word is that of the intake.
        assert!(row(Verdict::Verified).ends_with("1234  POST /inc"), "{}", row(Verdict::Verified));
        let whole = table(None, false).row(&summary(Verdict::Mismatch, None, "/inc"));
        assert!(whole.ends_with("1234  POST /inc"), "{whole}");
    }

    #[test]
    fn an_answer_that_was_broken_off_does_not_look_like_a_whole_one() {
        let answered = |outcome, status| {
            let latency = std::time::Duration::from_millis(3);
            let rule = crate::delivery::ChosenBy::auto();
            let answer = crate::delivery::AnswerFacts { outcome, status, rule, latency };
            let summary = Summary { answer: Some(answer), ..summary(Verdict::NoSecret, None, "/a") };
            let chosen = ListTable { chosen: Some(vec![ListColumn::Status, ListColumn::Path]), ..table(None, false) };
            (table(None, false).row(&summary), chosen.row(&summary).split(' ').next().unwrap().to_owned())
        };
        for (outcome, status, mark, cell) in [
            (Outcome::Sent, 200, "", "200"),
            (Outcome::Trickled, 200, "", "200"),
            (Outcome::Cut, 200, "(answer: cut) ", "200,cut"),
            (Outcome::WrongLength, 200, "(answer: wrong length) ", "200,wrong_length"),
            (Outcome::CutUpstream, 200, "(answer: cut upstream) ", "200,cut_upstream"),
            (Outcome::Reset, 0, "(answer: reset) ", "reset"),
            (Outcome::Dropped, 0, "(answer: dropped) ", "dropped"),
        ] {
            let (row, shown) = answered(outcome, status);
            assert!(row.ends_with(&format!("1234  {mark}POST /a")), "{row}");
            assert!(!row.contains(" 0 ") && shown == cell, "{row} {shown}");
        }
    }

    #[test]
    fn chosen_columns_come_in_their_order() {
        use ListColumn::{Cause, Event, Id, Latency, Tags};
        let chosen = ListTable { chosen: Some(vec![Cause, Id, Event, Latency, Tags]), ..table(None, false) };
        let mut marked =
            Summary { cause: Some("stale".to_owned()), ..summary(Verdict::Mismatch, Some("a\u{1b}b"), "/") };
        marked.marks.tags = vec!["one".to_owned(), "two".to_owned()];
        marked.marks.pinned = true;
        let words: Vec<String> = chosen.row(&marked).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["stale", "7", "a␛b", "-", "pinned,#one,#two"]);
        let narrow = ListTable { columns: Some(20), ..chosen };
        assert!(narrow.heading().unwrap().starts_with("CAUSE") && narrow.row(&marked).width() <= 20);
    }

    #[test]
    fn colour_is_only_around_the_verdict() {
        let verified = summary(Verdict::Verified, Some("verified"), "/");
        let row = table(Some(200), true).row(&verified);
        assert!(row.contains("  \u{1b}[32mverified\u{1b}[0m  ") && row.ends_with("  verified"), "{row:?}");
        let hostile = summary(Verdict::Mismatch, Some("a\u{1b}[2Jb"), "/");
        assert_eq!(table(Some(200), true).row(&hostile).matches('\u{1b}').count(), 2);
    }
}
