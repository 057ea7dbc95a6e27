//! The Payload tab by its keys: what is pressed, and what is then seen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rstest::rstest;
use unicode_width::UnicodeWidthStr as _;

use crate::payload::jq;
use crate::payload::json::search::search;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::app::translate::translate;
use crate::tui::app::update::update;
use crate::tui::app::view::tests::{delivery, model, screen, secrets};
use crate::tui::screens::payload::state::{PayloadAnswer, PayloadOutcome, PayloadTask, QueryResult};

const BODY: &str = r#"{"event":"e","data":[{"id":1.10,"user":{"name":"Ada","caf\u00e9":true}},{"id":2}],"note":"x"}"#;

/// A person in front of the Payload tab, with what the threads would answer.
struct Reader {
    model: Model,
    copied: Vec<(String, String)>,
    /// Answers that the threads still owe, while they are slow.
    owed: Option<Vec<PayloadAnswer>>,
}

impl Reader {
    fn of(body: &[u8]) -> Self {
        let mut reader = Self {
            model: model(&[delivery(1, body, "a webhook secret", "")], secrets()),
            copied: Vec::new(),
            owed: None,
        };
        for action in [Action::Show(Tab::Payload), Action::Open] {
            reader.tell(Message::Act(action));
        }
        reader.screen(100, 24);
        reader
    }

    fn tell(&mut self, message: Message) {
        for effect in update(&mut self.model, message) {
            match effect {
                Effect::Payload(request) => {
                    let outcome = match &request.task {
                        PayloadTask::Search(text) => {
                            PayloadOutcome::Found(search(&request.body, text, &|| true).into())
                        }
                        PayloadTask::Query(program) => {
                            let output = jq::run(program, &request.body).map_err(|error| error.to_string());
                            PayloadOutcome::Queried(output.map(QueryResult::new))
                        }
                        PayloadTask::Rows(task) => PayloadOutcome::Rows(task.make(&request.body)),
                    };
                    let answer = PayloadAnswer { id: request.id, number: request.number, outcome };
                    match &mut self.owed {
                        Some(owed) => owed.push(answer),
                        None => self.tell(Message::Payload(answer)),
                    }
                }
                Effect::Copy { what, text } => self.copied.push((what, text)),
                _ => {}
            }
        }
    }

    /// The threads answer at last.
    fn catch_up(&mut self) {
        for answer in self.owed.take().into_iter().flatten() {
            self.tell(Message::Payload(answer));
        }
    }

    /// Presses keys: a character each, with names in `<…>`.
    fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let (code, length) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                Some(("enter", _)) => (KeyCode::Enter, 7),
                Some(("esc", _)) => (KeyCode::Esc, 5),
                Some(("left", _)) => (KeyCode::Left, 6),
                Some(("right", _)) => (KeyCode::Right, 7),
                Some(("end", _)) => (KeyCode::End, 5),
                _ => (KeyCode::Char(first), first.len_utf8()),
            };
            rest = &rest[length..];
            if let Some(message) = translate(&self.model, &KeyEvent::new(code, KeyModifiers::NONE)) {
                self.tell(message);
            }
            self.screen(100, 24);
        }
        self
    }

    fn screen(&mut self, columns: u16, rows: u16) -> String {
        screen(&mut self.model, columns, rows)
    }

    /// The rows of the tab, without what stands around them.
    fn rows(&mut self) -> Vec<String> {
        let seen = self.screen(100, 24);
        let pane = seen.lines().skip(3).take(19);
        // The rule and a blank column; the last one is the scroll bar's.
        let row = |row: &str| row.chars().skip(1).collect::<String>().trim_end_matches('┃').trim_end().to_owned();
        let rows = pane.filter_map(|line| line.split_once(['│', '┃']).map(|(_, right)| row(right)));
        rows.filter(|row: &String| !row.is_empty()).collect()
    }

    /// The row with the cursor, and the path in the last line.
    fn here(&mut self) -> (String, String) {
        let rows = self.rows();
        let row = rows.iter().find(|row| row.starts_with('▌')).cloned().unwrap_or_default();
        let seen = self.screen(100, 24);
        let last = seen.lines().rfind(|line| line.contains('│'));
        let path =
            last.and_then(|line| line.split_once(['│', '┃'])).map_or("", |(_, row)| row.trim_matches([' ', '┃']));
        (row.trim_start_matches(['▌', '│', ' ', '▾', '▸']).to_owned(), path.to_owned())
    }
}

/// Keys, the row that the cursor is then on, and its path.
#[rstest]
#[case("", "{", "(the whole body)")]
#[case("j", "\"event\": \"e\",", "event")]
#[case("jj", "\"data\": [", "data")]
#[case("jjl", "{", "data[0]")]
#[case("jjlllj", "\"user\": {", "data[0].user")]
#[case("jjlljlh", "\"user\": {", "data[0].user")]
#[case("jjlljhh", "{", "data[0]")]
#[case("jj ", "\"data\": […] 2 items  {…}, {…}", "data")]
#[case("jj j", "\"note\": \"x\"", "note")]
#[case("jjlJ", "{", "data[1]")]
#[case("jjlJKK", "{", "data[0]")]
#[case("jjJ", "\"note\": \"x\"", "note")]
#[case("jj%", "],", "data")]
#[case("jj%%", "\"data\": [", "data")]
#[case("jj%h", "\"data\": […] 2 items  {…}, {…}", "data")]
#[case("z1jj", "\"data\": […] 2 items  {…}, {…}", "data")]
#[case("z1jjl", "\"data\": [", "data")]
#[case("z1jjlj", "{…} 2 keys  id: 1.10, user: {…}", "data[0]")]
#[case("z2jjj", "{…} 2 keys  id: 1.10, user: {…}", "data[0]")]
#[case("zm", "{…} 3 keys  event: \"e\", data: […], note: \"x\"", "(the whole body)")]
#[case("zmzrG", "}", "(the whole body)")]
#[case("jjlzcJ", "{…} 1 key  id: 2", "data[1]")]
#[case("jjlzczeJ", "{", "data[1]")]
#[case("z1jjzojj", "\"id\": 1.10,", "data[0].id")]
#[case("jjzx", "\"data\": [", "data")]
#[case("Gg", "{", "(the whole body)")]
#[case("/ada<enter>", "\"name\": \"Ada\",", "data[0].user.name")]
#[case("zm/ada<enter>", "\"name\": \"Ada\",", "data[0].user.name")]
#[case("/é<enter>", "\"caf\\u00e9\": true", "data[0].user[\"caf\\u00e9\"]")]
#[case("/id<enter>n", "\"id\": 2", "data[1].id")]
#[case("/id<enter>nn", "\"id\": 1.10,", "data[0].id")]
#[case("/id<enter>N", "\"id\": 2", "data[1].id")]
#[case("j/id<esc>", "\"event\": \"e\",", "event")]
#[case("jo<esc>", "\"event\": \"e\",", "event")]
fn moves(#[case] keys: &str, #[case] row: &str, #[case] path: &str) {
    let mut reader = Reader::of(BODY.as_bytes());
    reader.press(keys);
    let (seen, at) = reader.here();
    let at = at.split("  ").next().unwrap_or_default();
    assert_eq!((seen.as_str(), at), (row, path), "{}", reader.screen(100, 24));
}

/// Keys, and what is then copied under which name.
#[rstest]
#[case("jyv", "the value", "e")]
#[case("jjlljyn", "the key", "user")]
#[case("jjlljy.", "the path to it", ".data[0].user")]
#[case("jjlljyr", "the value as sent", r#"{"name":"Ada","caf\u00e9":true}"#)]
#[case("jjlljyf", "the value indented", "{\n  \"name\": \"Ada\",\n  \"caf\\u00e9\": true\n}")]
#[case("yb", "the body", BODY)]
#[case("|.data[].id<enter>yo", "the jq result", "1.10\n2")]
#[case("joyv", "the string", "e")]
#[case("joryv", "the string", "\"e\"")]
fn what_is_copied(#[case] keys: &str, #[case] what: &str, #[case] text: &str) {
    let mut reader = Reader::of(BODY.as_bytes());
    reader.press(keys);
    assert_eq!(reader.copied, [(what.to_owned(), text.to_owned())]);
}

#[test]
fn a_search_says_how_many_and_where_it_begins_again() {
    let mut reader = Reader::of(BODY.as_bytes());
    assert!(reader.press("/id").screen(100, 24).contains("1 of 2"));
    reader.press("<enter>n");
    assert!(reader.screen(100, 24).contains("2 of 2"));
    assert!(reader.press("n").screen(100, 24).contains("continued from the top"));
    assert!(reader.press("N").screen(100, 24).contains("continued from the end"));
    assert!(reader.press("/nowhere").screen(100, 24).contains("no match"));
    reader.press("<esc>");
    assert!(reader.screen(100, 24).contains("of 2"), "the search of before is back");
    reader.press("<esc>");
    assert!(!reader.screen(100, 24).contains("of 2"));
}

#[test]
fn a_search_that_is_given_up_leaves_nothing_open() {
    let mut reader = Reader::of(BODY.as_bytes());
    let before = reader.press("zmzrjjz1").rows();
    assert_ne!(reader.press("/ada").rows(), before);
    assert_eq!(reader.press("<esc>").rows(), before);
    // What only the first letters had opened is folded again, too.
    assert_ne!(reader.press("/ada").rows(), before);
    assert_eq!(reader.press("xyz").rows(), before);
    reader.press("<esc>/ada<enter>");
    assert_ne!(reader.rows(), before, "a search that is kept shows its match");
    assert!(reader.press("jo/x<esc>").screen(100, 24).contains("1 of 1"), "the search of before is back");
}

#[test]
fn the_next_match_may_be_asked_for_before_there_are_any() {
    let mut reader = Reader::of(BODY.as_bytes());
    reader.owed = Some(Vec::new());
    reader.press("/id<enter>n");
    let (row, status) = reader.here();
    assert!(row == "{" && status.ends_with("searching …"), "{row} {status}");
    reader.catch_up();
    assert_eq!(reader.here().0, "\"id\": 2");
    reader.owed = Some(Vec::new());
    reader.press("g/id<enter>N");
    reader.catch_up();
    assert_eq!(reader.here().0, "\"id\": 2", "from the first backwards is the last");
}

/// A body, and which hints stand below it.
#[rstest]
#[case(BODY, "Space fold", true)]
#[case(BODY, "| jq", true)]
#[case("plain words", "Space fold", false)]
#[case("plain words", "| jq", false)]
#[case("plain words", "/ search", true)]
#[case("", "/ search", false)]
fn hints_are_of_use(#[case] body: &str, #[case] hint: &str, #[case] is_shown: bool) {
    let mut reader = Reader::of(body.as_bytes());
    for columns in [80, 100, 200] {
        let seen = reader.screen(columns, 24);
        let hints = seen.lines().last().unwrap_or_default();
        assert_eq!(hints.contains(hint), is_shown, "{hints}");
        assert!(hints.contains("Esc list") && hints.contains("? help"), "{hints}");
    }
}

#[test]
fn large_texts_are_broken_into_rows_by_a_thread() {
    let numbers: Vec<String> = (0..30_000).map(|number| number.to_string()).collect();
    let body = format!("{{\"long\":\"{}end\",\"numbers\":[{}]}}", "word ".repeat(20_000), numbers.join(","));
    let mut reader = Reader::of(body.as_bytes());
    reader.owed = Some(Vec::new());
    let seen = reader.press("jo").screen(100, 24);
    assert!(seen.contains("long decoded: … characters") && !seen.contains("word word"), "{seen}");
    reader.catch_up();
    let seen = reader.press("G").screen(100, 24);
    assert!(seen.contains("100,003 characters") && seen.contains("word end"), "{seen}");
    // The place of the cursor is shown as soon as there are rows.
    reader.owed = Some(Vec::new());
    let seen = reader.press("<esc>Gkr").screen(100, 24);
    assert!(seen.contains("breaking its lines …"), "{seen}");
    reader.catch_up();
    let seen = reader.screen(100, 24);
    assert!(seen.contains("29999]}"), "{seen}");
    // In another width the rows of before stand until there are new ones.
    reader.owed = Some(Vec::new());
    let seen = reader.screen(200, 50);
    assert!(seen.contains("29999]}") || seen.contains("299"), "{seen}");
    reader.catch_up();
    assert!(!reader.screen(200, 50).contains("breaking"));
}

#[test]
fn the_end_is_shown_that_was_asked_for_before_it_was_known() {
    let body = format!("{{\"long\":\"{}end\"}}", "word ".repeat(20_000));
    // Of a request, of a body as sent, and of a string.
    for (keys, end) in [("7G", "end\"}"), ("rG", "end\"}"), ("joG", "word end")] {
        let mut reader = Reader::of(body.as_bytes());
        reader.owed = Some(Vec::new());
        assert!(!reader.press(keys).screen(100, 24).contains("word"), "{keys}");
        reader.catch_up();
        reader.screen(100, 24);
        assert!(reader.screen(100, 24).contains(end), "{keys}: {}", reader.screen(100, 24));
        assert!(!reader.press("g").screen(100, 24).contains(end), "{keys}");
    }
    // Whoever goes somewhere else meanwhile stays there.
    let mut reader = Reader::of(body.as_bytes());
    reader.owed = Some(Vec::new());
    reader.press("7Gg");
    reader.catch_up();
    assert!(reader.screen(100, 24).contains("POST "), "{}", reader.screen(100, 24));
}

#[test]
fn the_command_prompt_knows_the_payload() {
    let mut reader = Reader::of(BODY.as_bytes());
    let seen = reader.press("1<esc>:query with<enter>").screen(100, 24);
    assert!(seen.contains("jq") && reader.model.tab == Tab::Payload, "{seen}");
    let seen = reader.press("<esc>1:fold everything<enter>").screen(100, 24);
    assert!(seen.contains("{…} 3 keys"), "{seen}");
}

#[test]
fn a_match_in_what_is_cut_off_is_shown_with_what_is_around_it() {
    let body = format!("{{\"long\":\"{}needle{}\"}}", "a".repeat(5000), "b".repeat(5000));
    let mut reader = Reader::of(body.as_bytes());
    let seen = reader.press("/needle<enter>").here().0;
    assert!(seen.contains("aaaneedlebb"), "{seen}");
}

#[test]
fn rows_are_cut_so_that_they_fit() {
    let name = "\"iconUrl\": \"https://dev.trackpilots.com/favicon.ico\",";
    let rows = crate::payload::json::pretty(format!("{{{name}\"imageBuffer\":\"<Buffer ff d8 ff db 00 43 00 03 02 02 03 02 02 03 02 02 03 03 03 03 04 03 03 04 05 08 05 05 04 04 05 0a 07 07 06 08 0c 0a 0c 0c 0b 0a 0b 0b 0d 0e 12 10 0d 0e 11 ... 44819 more bytes>\"}}").as_bytes()).unwrap();
    let shown = |row, columns| {
        super::tree::fitted(&rows, row, columns).pieces.iter().map(|piece| &*piece.text).collect::<String>()
    };
    assert_eq!(shown(1, 60), name);
    assert_eq!(shown(1, 44), "\"iconUrl\": \"https://dev.tr… (39 characters),");
    assert_eq!(shown(2, 44), "\"imageBuffer\": \"<Buffer ff d… (51 of 44,870…");
    for columns in 30..120 {
        assert!(shown(1, columns).width() <= columns && shown(2, columns).width() <= columns, "{columns}");
    }
}

#[test]
fn a_long_string_is_read_in_a_view_of_its_own() {
    let body = format!("{{\"long\":\"first\\nline\\u001b[31m {}end\"}}", "word ".repeat(2000));
    let mut reader = Reader::of(body.as_bytes());
    let seen = reader.press("jo").screen(100, 24);
    assert!(seen.contains("long decoded: 10,019 characters") && seen.contains("first␊"), "{seen}");
    assert!(seen.contains("line␛[31m"), "{seen}");
    let seen = reader.press("G").screen(100, 24);
    assert!(seen.contains("word end"), "{seen}");
    let seen = reader.press("r").screen(100, 24);
    assert!(seen.contains("as sent") && seen.contains(r"first\nline\u001b[31m"), "{seen}");
    let seen = reader.press("<esc>").screen(100, 24);
    assert!(seen.contains("▾ {"), "{seen}");
}

#[test]
fn the_body_is_shown_as_sent_wrapped_or_not() {
    let body = format!("{{\t\"a\": \"{}\",\r\n \"b\": 1}}", "x".repeat(300));
    let mut reader = Reader::of(body.as_bytes());
    let seen = reader.press("r").screen(100, 24);
    assert!(seen.contains("{␉\"a\"") && seen.contains("\",␍␊") && seen.contains("as sent"), "{seen}");
    let seen = reader.press("w").screen(100, 24);
    assert!(seen.contains("as sent, from column 1") && !seen.contains("␍␊"), "{seen}");
    for _ in 0..20 {
        reader.press(">");
    }
    assert!(!reader.screen(100, 24).contains("xxx"));
    let seen = reader.press("<<<<<<<<<<<<<<<<<<<<<left>").screen(100, 24);
    assert!(seen.contains("{␉\"a\""), "{seen}");
}

#[test]
fn the_place_where_it_stops_being_json_is_found() {
    let body = format!("[{}\n nope]", "1,\n".repeat(500));
    let mut reader = Reader::of(body.as_bytes());
    let seen = reader.press("!").screen(100, 24);
    assert!(seen.contains("line 502, column 3") && seen.contains("nope]"), "{seen}");
    // What is searched for is found in it too, and there is no cursor to move.
    let seen = reader.press("/NOPE<esc>/nope<enter>").screen(100, 24);
    assert!(seen.contains("1 of 1"), "{seen}");
    let mut fine = Reader::of(b"[]");
    assert!(fine.press("!").screen(100, 24).contains("the whole body is valid JSON"));
}

#[test]
fn a_query_is_answered_as_it_is_typed() {
    let mut reader = Reader::of(BODY.as_bytes());
    let seen = reader.press("|.data[").screen(200, 50);
    assert!(seen.contains("at character 6: unclosed “[”"), "{seen}");
    let seen = reader.press("].id").screen(200, 50);
    assert!(seen.contains("2 values") && seen.contains("1.10"), "{seen}");
    reader.press("<enter>j");
    assert!(reader.screen(200, 50).contains("jq .data[].id"));
    let seen = reader.press("<esc>").screen(200, 50);
    assert!(!seen.contains("2 values"), "{seen}");
    let seen = Reader::of(b"nope").press("|").screen(100, 24);
    assert!(seen.contains("jq needs valid JSON"), "{seen}");
}

#[test]
fn deep_nesting_stays_readable() {
    let body = [vec![b'['; 5000], b"1".to_vec(), vec![b']'; 5000]].concat();
    let mut reader = Reader::of(&body);
    let seen = reader.press("/1<enter>").here();
    assert_eq!(seen.0, "⋯   1");
    assert!(seen.1.starts_with('…') && seen.1.contains("[0]  1 of 1"), "{seen:?}");
    reader.press("zmzrgG");
    assert_eq!(reader.here().0, "]");
}

#[test]
fn four_hundred_thousand_rows_fold_and_move_at_once() {
    let body = format!("[{}]", vec!["[1,2]"; 100_000].join(","));
    let mut reader = Reader::of(body.as_bytes());
    reader.press("z1G");
    assert_eq!(reader.here().0, "]");
    reader.press("kz2zrk");
    assert_eq!(reader.here().1, "[99998]", "{}", reader.screen(100, 24));
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn screens(#[case] columns: u16, #[case] rows: u16) {
    let mut reader = Reader::of(BODY.as_bytes());
    let snapshot = |name: &str, reader: &mut Reader| {
        insta::assert_snapshot!(format!("payload_{name}_{columns}x{rows}"), reader.screen(columns, rows));
    };
    snapshot("folded", reader.press("jjlz2"));
    snapshot("fold_menu", reader.press("z"));
    snapshot("search", reader.press("<esc>zr/id<enter>n"));
    snapshot("jq", reader.press("|.data[] | .user"));
    snapshot("as_sent", reader.press("<esc>r"));
}
