//! The interface, in a real terminal of many sizes, by keys and what is then seen.

use serde_json::json;
use whyhook::tui::keymap::{self, KeyContext, Keymap};

#[cfg(target_os = "linux")]
use crate::support::tools::{IDLE, IDLE_WAKES, switches};
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, sample, signature, talk};

/// Sends something that is told apart by its path.
fn numbered(address: std::net::SocketAddr, number: usize) {
    assert_eq!(talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire()).status, 200);
}

#[test]
fn a_newcomer_sees_what_the_readme_promises() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    person.sees("Waiting for the first delivery").sees("no tunnel").sees("answers auto");
    person.sees("secret TRACKPILOTS_WEBHOOK").sees(&format!("ngrok http {}", address.port()));

    // A simulation.
    assert_eq!(talk(address, Signed::new(sample("screenshot-simulation.json")).wire()).status, 200);
    person.sees("screenshot_tracking").sees("SIM  a simulation");
    person.sees_row(&["✓", "screenshot", "SIM", "200"]);
    person.types("3").sees("\"event\": \"desktop.screenshot_tracking.captured\",");
    person.types("4").sees("placeholder").types("1");

    // A live screenshot, of a reseller's webhook.
    let live = Signed::new(sample("screenshot-live.json")).by(SECRET, Unit::Milliseconds);
    assert_eq!(talk(address, live.wire()).status, 200);
    person.sees("live").sees("desktop.screenshot_tracking.captured");
    person.types("4").sees("ff d8 ff db").sees("44,869").sees("JPEG");
    person.types("2").sees("verified").sees("milliseconds");
    person.types("5").sees("X-Webhook-Signature").sees("application/json");
    person.types("6").sees("Webhook received and processed successfully");
    person.types("7").sees("POST /webhooks/trackpilots HTTP/1.1");
    person.types("1");

    // Another answer, for a sender that is not us.
    person.types("a").sees("Answer the next deliveries with").sees("by the verdict: 200, 400 or 401");
    person.types("jjjjjjjjjjjj").sees("HTTP/1.1 503").enter().sees("answers 503");
    let answer = talk(address, Signed::new(sample("app.json")).wire());
    assert_eq!((answer.status, answer.body.as_str()), (503, "Service Unavailable"));
    person.sees("app_tracking").sees_row(&["✓", "app", "SIM", "503"]).types("6").sees("fixed 503");
    // And back.
    person.types("a").sees("Answer the next deliveries with").types("g").enter().sees("answers auto");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
    person.types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}

#[test]
fn a_wrong_signature_is_seen_with_both_digests() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(200, 50), &[]);
    let wrong = Signed::new("{\"event\":\"desktop.app_tracking.captured\"}").by("not_the_secret", Unit::Seconds);
    assert_eq!(talk(address, wrong.wire()).status, 401);
    person.sees("mismatch").types("2").sees("signature mismatch");
    let delivery = env.show(1);
    let header = |name: &str| {
        let headers = delivery["headers"].as_array().unwrap();
        let pair = headers.iter().find(|pair| pair[0] == name).unwrap_or_else(|| panic!("{name}"));
        pair[1].as_str().unwrap().to_owned()
    };
    let received = header("X-Webhook-Signature");
    let body = delivery["body"].as_str().unwrap().as_bytes();
    let expected = signature(SECRET.as_bytes(), &header("X-Webhook-Timestamp"), body);
    assert_ne!(received, expected);
    // All of the one that came; the right one, which is a credential, only when it is asked for, and no longer.
    person.sees_that("the digest that came", |screen| digest(screen, "received").as_ref() == Some(&received));
    let hidden = "·".repeat(64);
    let shows = |shown: String| move |screen: &str| digest(screen, "expected").as_ref() == Some(&shown);
    person.sees_that("the right digest hidden", shows(hidden.clone()));
    person.types("e").sees_that("the right digest", shows(expected.clone()));
    assert_eq!(digest(&person.screen(), "received").as_ref(), Some(&received));
    person.types("e").sees_that("the right digest hidden again", shows(hidden));
    assert!(!person.screen().contains(&expected[..16]));
}

/// The digest beside `name` in the pane, which stands there in groups, over one line or more.
fn digest(screen: &str, name: &str) -> Option<String> {
    let rows = screen.lines().filter_map(|line| Some(line.split_once(['│', '┃'])?.1.trim()));
    let mut rows = rows.skip_while(|row| !row.starts_with(name));
    let first = rows.next()?.strip_prefix(name)?;
    // The last column is the scroll bar's.
    let is_digits =
        |row: &&str| row.chars().all(|c| matches!(c, '·' | ' ' | '┃') || c.is_ascii_hexdigit()) && !row.is_empty();
    let groups = std::iter::once(first).chain(rows.take_while(is_digits)).flat_map(str::split_whitespace);
    Some(groups.filter(|group| *group != "┃").collect())
}

#[test]
fn every_size_shows_what_came_and_none_breaks_it() {
    let env = TestEnv::with_secret();
    for (number, size) in [(1, Size(120, 36)), (2, Size(80, 24)), (3, Size(200, 50)), (4, Size(40, 10))] {
        let mut person = Person::start(&env, size, &["--ephemeral"]);
        person.sees("Deliveries");
        // Where the address is dropped for want of room, a larger window shows it.
        let address = person.resizes(Size(120, 36)).address();
        person.resizes(size);
        assert_eq!(talk(address, Signed::new(sample("activity.json")).wire()).status, 200, "{number}");
        person.sees_row(&["▌", "200"]);
        for tab in "1234567".chars() {
            person.types(&tab.to_string());
        }
        person.types("?").sees("Keys").types("q").no_longer_sees("Keys");
        for tiny in [Size(1, 1), Size(3, 2), Size(4, 3), Size(1, 50), Size(500, 1), Size(500, 200), Size(10, 5)] {
            person.resizes(tiny);
            std::thread::sleep(std::time::Duration::from_millis(20));
            person.types("a").types("q").types("j2");
        }
        // Where there is room for one pane, Esc goes back to the list.
        person.resizes(size).types("1\u{c}").types("\u{1b}").sees_row(&["▌", "200"]);
        assert!(person.is_running());
        person.types("q").ends();
        person.has_the_terminal_back();
    }
}

#[test]
fn a_key_right_behind_a_new_size_goes_by_it() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(100, 14), &[]);
    for number in 1..=60 {
        talk(address, crate::support::Signed::new("{}").to(&format!("/n/{number}")).wire());
    }
    let selected = |screen: &str| {
        let row = screen.lines().find(|line| line.starts_with('▌'))?;
        row.split_whitespace().find(|word| word.starts_with("/n/")).map(str::to_owned)
    };
    person.sees_that("the newest", |screen| selected(screen).is_some_and(|path| path == "/n/60"));
    person.types("\u{1b}[6~").sees_that("a page down", |screen| selected(screen).is_some_and(|path| path != "/n/60"));
    let page_down = selected(&person.screen()).unwrap();
    person.types("g").resizes(Size(100, 50));
    person.sees_that("the newest again", |screen| selected(screen).is_some_and(|path| path == "/n/60")).sees("/n/25 ");
    // No frame is drawn between the two.
    person.resizes(Size(100, 14)).types("\u{1b}[6~");
    person.sees_that("as far as on a terminal that was small", |screen| selected(screen).as_ref() == Some(&page_down));
}

#[test]
fn a_key_counts_while_the_size_changes() {
    let env = TestEnv::with_secret();
    let (mut person, _) = Person::listening(&env, Size(100, 30), &[]);
    for round in 0..30 {
        person.resizes(Size(100 + round % 3, 30)).types("p").sees("paused");
        person.types("p").resizes(Size(101 + round % 3, 30)).no_longer_sees("paused");
    }
    // More at once than is read at once.
    person.types("s").sees("for this run").pastes(&"x".repeat(3000)).sees("3,000 characters").types("\u{1b}");
    person.no_longer_sees("for this run").settles();
    // A key, or a size, that had been kept back would go round and round.
    #[cfg(target_os = "linux")]
    {
        let before = switches(person.process());
        std::thread::sleep(IDLE);
        let woken = switches(person.process()) - before;
        assert!(woken <= IDLE_WAKES, "idle, and yet it woke up {woken} times");
    }
}

#[test]
fn a_filter_narrows_the_list_as_it_is_typed() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(160, 36), &[]);
    for name in ["activity.json", "app.json", "screenshot-live.json"] {
        talk(address, Signed::new(sample(name)).wire());
    }
    // Names as the list's rows have them.
    let (activity, app) = ("activity       SIM", "app            SIM");
    person.sees(activity).sees(app).sees("screenshot     live");
    person.types("/activity").no_longer_sees(app).sees(activity).sees("/ activity");
    // Escape goes back to what was; Enter keeps it.
    person.types("\u{1b}").sees(app);
    person.types("/").sees("Tab complete").types("is:sim event:app").enter();
    person.no_longer_sees(activity).sees(app).sees("/ is:sim event:app");
    talk(address, Signed::new(sample("activity.json")).wire());
    talk(address, Signed::new(sample("app.json")).to("/second").wire());
    person.sees("/second").sees_that("only what matches", |screen| !screen.contains(activity));
    person.types("/").types("\u{15}verdict:odd").sees("verdict").types("\u{1b}").settles();
    person.types("\u{1b}").sees(activity);
    person.types("/nothing_like_this\r").sees("no match; Esc clears the filter");
    person.types("\u{1b}").sees(activity);
}

#[test]
fn the_help_shows_every_key_of_the_keymap() {
    let env = TestEnv::with_secret();
    // In one column, and tall enough for all of it at once: a page that is turned may be looked at half drawn.
    let (mut person, _) = Person::listening(&env, Size(80, 400), &[]);
    person.types("?").sees("Anywhere");
    for (title, rows) in keymap::help(&Keymap::default(), &[KeyContext::List, KeyContext::Anywhere]) {
        person.sees(title);
        for (keys, words) in rows {
            person.sees(&format!("{keys:<16} {words}"));
        }
    }
    person.types("\t").sees("header:NAME").no_longer_sees("Anywhere");
    person.types("\u{1b}").no_longer_sees("header:NAME").sees("Enter open");
    // On a usual screen it is paged through, and back. Opened anew, every frame has that screen's size.
    person.resizes(Size(100, 30)).types("?").sees("↑↓ scroll").types("G");
    person.sees("Writing an answer").no_longer_sees("Anywhere");
    person.types("g").sees("Anywhere").no_longer_sees("Writing an answer");
    // What is looked for is found in keys and filters alike.
    person.types("/tunnelling").sees("no match").types("\u{15}header").sees("header:NAME").no_longer_sees("move up");
    person.types("\u{1b}").sees("move up").types("\u{1b}").no_longer_sees("Anywhere");
    // The hints below are of the same table.
    for hint in ["T send a test event", "a answer", "/ filter", "? help"] {
        person.sees(hint);
    }
}

#[test]
fn new_deliveries_do_not_steal_the_selection() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    let selects = |person: &mut Person, path: &str| {
        let starts = |line: &str| line.starts_with('▌') && line.contains(path);
        person.sees_that(&format!("{path} selected"), |screen| screen.lines().any(starts));
    };
    for number in 1..=3 {
        numbered(address, number);
    }
    selects(&mut person, "/n/3");
    person.sees("following").types("j");
    selects(&mut person, "/n/2");
    for number in 4..=9 {
        numbered(address, number);
    }
    person.sees("/n/9");
    selects(&mut person, "/n/2");
    person.types("5").sees("POST /n/2 HTTP/1.1");
    // Also when there are more than the screen has rows.
    for number in 10..=60 {
        numbered(address, number);
    }
    selects(&mut person, "/n/2");
    person.sees("POST /n/2 HTTP/1.1").no_longer_sees("following");

    person.types("f").sees("following");
    selects(&mut person, "/n/60");
    numbered(address, 61);
    selects(&mut person, "/n/61");

    person.types("p").sees("paused");
    numbered(address, 62);
    numbered(address, 63);
    person.sees("paused, 2 new").sees_that("still", |screen| !screen.contains("/n/62"));
    person.types("p").sees("/n/63").no_longer_sees("paused");
    selects(&mut person, "/n/63");
    person.types("G");
    selects(&mut person, "/n/1");
    person.types("g");
    selects(&mut person, "/n/63");
}

#[test]
fn a_typed_secret_is_never_shown_and_verifies_from_then_on() {
    let env = TestEnv::new();
    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    person.sees("no secret: press s").sees("TRACKPILOTS_WEBHOOKS_SECRET_KEY=<your webhook's secret>");
    assert_eq!(talk(address, Signed::new("{}").to("/before").wire()).status, 401);
    person.sees("/before");
    person.types("s").sees("The webhook's secret, for this run");
    for character in SECRET.chars() {
        person.types(&character.to_string());
    }
    person.sees(&format!("{} characters", SECRET.len())).sees("••••").enter();
    person.no_longer_sees("for this run").sees("secret entered");
    assert_eq!(talk(address, Signed::new("{}").to("/after").wire()).status, 200);
    person.sees("/after").sees("verified");
    assert_eq!(env.show(2)["secret"], json!("typed"));

    // Pasted, with the newline that a copied line ends with.
    person.types("s").sees("The webhook's secret, for this run").pastes("q7wX-kB3nV5zL8jR2mT6\n");
    person.sees("20 characters").enter().no_longer_sees("20 characters");
    let request = Signed::new("{}").by("q7wX-kB3nV5zL8jR2mT6", Unit::Seconds).to("/pasted");
    assert_eq!(talk(address, request.wire()).status, 200);
    person.sees("/pasted").types("q").ends();

    let raw = String::from_utf8_lossy(&person.raw()).into_owned();
    for secret in [SECRET, "q7wX-kB3nV5zL8jR2mT6"] {
        for part in secret.as_bytes().windows(5) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!raw.contains(part), "{part} was written to the terminal");
        }
    }
}

#[test]
fn copying_over_ssh_reaches_the_terminal_s_clipboard() {
    use base64::Engine as _;
    let env = TestEnv::with_secret().set("SSH_CONNECTION", "127.0.0.1 1 127.0.0.1 22");
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    talk(address, Signed::new("{\"copied\":\"\u{1b}]0;no\u{7}\"}").to("/copied/path").wire());
    person.sees("/copied/path");
    let body = "{\"copied\":\"\u{1b}]0;no\u{7}\"}";
    for (key, what, text) in [("p", "the path", "/copied/path"), ("b", "the body", body), ("i", "the id", "1")] {
        person.types("y").sees("the request head").types(key).sees(&format!("sent {what} to the terminal's clipboard"));
        let sequence = format!("\u{1b}]52;c;{}\u{1b}\\", base64::prelude::BASE64_STANDARD.encode(text));
        let raw = String::from_utf8_lossy(&person.raw()).into_owned();
        assert!(raw.contains(&sequence), "{text:?} was not sent");
    }
    person.types("u").sees("no tunnel to this listener yet");
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let env = TestEnv::with_secret().set("TERM", "dumb");
    let mut person = Person::start(&env, Size(200, 24), &[]);
    person.sees("whyhook: listening on http://127.0.0.1:").sees("keeping deliveries in");
    assert!(!person.terminal_is_taken());
    let screen = person.screen();
    let address = screen.split("listening on http://").nth(1).unwrap().split_whitespace().next().unwrap();
    talk(address.parse().unwrap(), Signed::new(sample("app.json")).wire());
    person.sees("Webhook verified — event: desktop.app_tracking.captured | simulation: true | 200 in");
    person.types("\u{3}").ends();
    person.has_the_terminal_back();
    assert!(!person.raw().contains(&0x1b), "{}", person.screen());
}

#[test]
fn without_colours_nothing_is_lost() {
    let env = TestEnv::with_secret().set("NO_COLOR", "1");
    let (mut person, address) = Person::listening(&env, Size(160, 36), &[]);
    talk(address, Signed::new(sample("app.json")).wire());
    talk(address, Signed::new("{}").by("wrong", Unit::Seconds).wire());
    person.sees_row(&["✓", "app", "200"]).sees_row(&["✗", "401"]).sees("mismatch").types("q").ends();
    let raw = String::from_utf8_lossy(&person.raw()).into_owned();
    for colour in ["\u{1b}[38;", "\u{1b}[48;", "\u{1b}[31m", "\u{1b}[32m"] {
        assert!(!raw.contains(colour), "{colour:?}");
    }
}
