//! How long a large payload takes from being selected to its rows on the screen, and to all that is
//! known of it: read from the store, prepared on the loader's thread, drawn. With what each part of the
//! preparing takes, the longest step of the interface's own thread, which nothing may hold up, and the
//! memory of what is prepared beside the body.
//!
//! `cargo bench --bench payload`; `-- 5` measures the bodies whose name begins so.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use whyhook::config::Registry;
use whyhook::http::Head;
use whyhook::payload::body::OpenedBody;
use whyhook::payload::contract::{SchemaContext, report};
use whyhook::payload::json::Pretty;
use whyhook::store::{Location, Reader};
use whyhook::tui::app::action::{Action, Tab};
use whyhook::tui::app::message::Message;
use whyhook::tui::app::step::Step;
use whyhook::tui::screens::details::state::LoadedDelivery;

use support::figures::Figures;
use support::screen::Session;
use support::{Failure, is_chosen, is_measuring, process};

const ROUNDS: usize = 7;
const HEAD: &str =
    "POST /webhooks/trackpilots HTTP/1.1\r\nhost: 127.0.0.1:3000\r\ncontent-type: application/json\r\n\r\n";
const ENVELOPE: &str = r#"{"event":"desktop.app_tracking.captured","version":"v1","agent":"desktop-agent","timestamp":1746123456789,"data":"#;

/// A kind of body, made as long as is asked for.
struct Kind {
    name: &'static str,
    megabytes: usize,
    make: fn(usize) -> String,
}

const KINDS: &[Kind] = &[
    Kind { name: "5 MB of events", megabytes: 5, make: events },
    Kind { name: "5 MB in 400,000 lines", megabytes: 5, make: lines },
    Kind { name: "5 MB image, base64", megabytes: 5, make: base64 },
    Kind { name: "5 MB image, a Buffer's numbers", megabytes: 5, make: buffer },
    Kind { name: "5 MB of text in one string", megabytes: 5, make: string },
    Kind { name: "5 MB of escapes in one string", megabytes: 5, make: escapes },
    Kind { name: "5 MB that stops being JSON at its end", megabytes: 5, make: broken },
    Kind { name: "64 MB of text in one string", megabytes: 64, make: string },
];

fn main() -> Result<(), Failure> {
    let is_measuring = is_measuring();
    if !is_measuring {
        println!("only a try, the figures mean nothing: measure with `cargo bench`");
    }
    // Each kind in a process of its own: memory that one has freed would serve the next.
    let is_one = !KINDS.iter().all(|kind| is_chosen(kind.name));
    for kind in KINDS.iter().filter(|kind| is_chosen(kind.name)) {
        if is_one || !is_measuring {
            measure(kind, is_measuring)?;
            continue;
        }
        let status = Command::new(std::env::current_exe()?).args(["--bench", kind.name]).status()?;
        if !status.success() {
            return Err(format!("{}: {status}", kind.name).into());
        }
    }
    Ok(())
}

fn measure(kind: &Kind, is_measuring: bool) -> Result<(), Failure> {
    let size = if is_measuring { kind.megabytes << 20 } else { 20_000 };
    let rounds = if is_measuring && kind.megabytes < 20 { ROUNDS } else { 1 };
    let folder = tempfile::tempdir_in(support::folder())?;
    let location = Location::new(folder.path().join("one.db"));
    let body = Bytes::from((kind.make)(size));
    let id = support::bodies::keep(&location, &[&body])?;
    let reader = Reader::open(&location)?;
    let registry = Registry::default().with_typed_secret(b"a webhook secret of the bench".to_vec());
    // The first alone: what it freed would serve the next.
    let delivery = reader.load(id)?.ok_or("the delivery is gone")?;
    let (loaded, memory) = process::peak(|| LoadedDelivery::prepare(delivery, &registry));
    drop(loaded);
    let mut parts = Parts::default();
    for _ in 0..rounds {
        let mut session = Session::new(Reader::open(&location)?)?;
        session.update(Message::Act(Action::Show(Tab::Payload)))?;
        session.frame()?;
        while session.rows().is_some() {}
        let delivery = parts.read.time(|| reader.load(id))?.ok_or("the delivery is gone")?;
        let (loaded, unread) = parts.begin.time(|| LoadedDelivery::begin(delivery, &registry));
        let mut steps = Vec::new();
        parts.draw.steps(&mut steps, &mut session, [Message::Loaded(id, Ok(Box::new(loaded)))])?;
        // Text that is no JSON is broken into rows by one thread, while another reads what the body holds.
        let contents = std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let mut took = Times::default();
                let contents = took.time(|| unread.read(&registry));
                (contents, took)
            });
            let text = parts.text.time(|| session.rows());
            parts.draw_text.steps(&mut steps, &mut session, text)?;
            let (contents, Times(took)) = reading.join().map_err(|_| "the reading has panicked")?;
            parts.contents.0.extend(took);
            Ok::<_, Failure>(contents)
        })?;
        parts.draw_contents.steps(&mut steps, &mut session, [Message::Read(id, Box::new(contents))])?;
        session.update(Message::Act(Action::Open))?;
        for step in [Step::Last, Step::PageUp] {
            Times::default().steps(&mut steps, &mut session, [Message::Act(Action::Move(step))])?;
        }
        parts.longest.0.extend(steps.into_iter().max());
        parts.alone(&body);
    }
    let rows: Figures = (0..rounds).map(|round| parts.until_rows(round)).collect();
    let all: Figures = (0..rounds).map(|round| parts.until_all(round)).collect();
    let longest: Figures = parts.longest.0.iter().copied().collect();
    println!("{} ({} bytes): selected to rows shown {rows} ms, to all known {all} ms", kind.name, body.len());
    println!("  the longest step of the interface's thread {longest} ms");
    for (what, Times(times)) in parts.named() {
        println!("  {what:<46} {:>8.2} ms", times.iter().copied().collect::<Figures>().median());
    }
    if let Some((peak, left)) = memory {
        let bodies = |bytes: usize| bytes as f64 / body.len() as f64;
        println!(
            "  memory beside the body, in bodies              {:>8.2} at its peak, {:.2} kept",
            bodies(peak),
            bodies(left)
        );
    }
    Ok(())
}

/// How often something took how long.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = black_box(work());
        self.0.push(start.elapsed());
        done
    }
}

impl Times {
    /// Hands messages over and draws, which the interface's thread does: each is a step that nothing else
    /// can come between.
    fn steps(
        &mut self,
        steps: &mut Vec<Duration>,
        session: &mut Session,
        messages: impl IntoIterator<Item = Message>,
    ) -> Result<(), Failure> {
        let mut all = Duration::ZERO;
        for message in messages {
            let (mut handed, mut drawn) = (Self::default(), Self::default());
            handed.time(|| session.update(message))?;
            session.free();
            drawn.time(|| session.frame())?;
            session.free();
            all += handed.0[0] + drawn.0[0];
            steps.extend(handed.0.into_iter().chain(drawn.0));
        }
        self.0.push(all);
        Ok(())
    }
}

#[derive(Default)]
struct Parts {
    read: Times,
    begin: Times,
    draw: Times,
    text: Times,
    draw_text: Times,
    contents: Times,
    draw_contents: Times,
    longest: Times,
    rows: Times,
    describe: Times,
    report: Times,
    images: Times,
}

impl Parts {
    /// The parts of the preparing that go through the whole body, each by itself.
    fn alone(&mut self, body: &Bytes) {
        let head = Head::from(HEAD);
        let opened = OpenedBody::of(&head, body.clone());
        let rows = self.rows.time(|| Pretty::new(body.clone()));
        let found = rows.clone();
        let what = self.describe.time(|| opened.describe(found));
        self.report.time(|| report(body, &SchemaContext::default()));
        self.images.time(|| rows.as_ref().map_or_else(|_| what.images(), Pretty::binaries));
    }

    fn until_rows(&self, round: usize) -> Duration {
        let parts = [&self.read, &self.begin, &self.draw, &self.text, &self.draw_text];
        parts.iter().filter_map(|times| times.0.get(round)).sum()
    }

    fn until_all(&self, round: usize) -> Duration {
        let sum = |parts: &[&Times]| parts.iter().filter_map(|times| times.0.get(round)).sum::<Duration>();
        let beside = sum(&[&self.text, &self.draw_text]).max(sum(&[&self.contents]));
        sum(&[&self.read, &self.begin, &self.draw]) + beside + sum(&[&self.draw_contents])
    }

    fn named(&self) -> [(&'static str, &Times); 10] {
        [
            ("read from the store", &self.read),
            ("rows and verdict", &self.begin),
            ("  of which the rows of its JSON", &self.rows),
            ("  of which what the body is", &self.describe),
            ("handed over and drawn", &self.draw),
            ("broken into lines, if it is text", &self.text),
            ("event and images", &self.contents),
            ("  of which the event by the contract, and ids", &self.report),
            ("  of which the images", &self.images),
            ("handed over and drawn", &self.draw_contents),
        ]
    }
}

/// Items end to end until the body is as long as that.
fn filled(size: usize, before: &str, item: impl Fn(usize) -> String, after: &str) -> String {
    let mut body = String::with_capacity(size + 4096);
    body.push_str(before);
    let mut number = 0;
    while body.len() + after.len() < size {
        if number > 0 {
            body.push(',');
        }
        body.push_str(&item(number));
        number += 1;
    }
    body.push_str(after);
    body
}

fn events(size: usize) -> String {
    let item = |number: usize| {
        format!(
            r#"{{"organisation":{{"organisationId":"o-1"}},"team":{{"teamId":"t-1"}},"user":{{"userId":"u-{number}","name":"Ada"}},"tracking":{{"trackingId":"x-{number}","app":{{"name":"Editor","fullUrl":"https://example.com/a/{number}"}},"time":{{"start":1746123456789,"end":1746123466789,"seconds":10.0}}}}}}"#
        )
    };
    filled(size, &format!("{ENVELOPE}["), item, "]}")
}

fn lines(size: usize) -> String {
    // Twelve bytes and a comma: 400,000 of them are 5 MB.
    filled(size, &format!("{ENVELOPE}["), |number| format!("\"{:010}\"", number % 1_000_000), "]}")
}

fn broken(size: usize) -> String {
    let mut body = events(size);
    body.truncate(body.len() - 1);
    body.push_str(",}");
    body
}

fn base64(size: usize) -> String {
    image(&format!("\"{}\"", STANDARD.encode(jpeg(size / 4 * 3))))
}

fn buffer(size: usize) -> String {
    // A number and its comma are three and a half bytes on the average.
    let numbers: Vec<String> = jpeg(size * 2 / 7).iter().map(u8::to_string).collect();
    image(&format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", numbers.join(",")))
}

fn image(buffer: &str) -> String {
    format!("{ENVELOPE}[{{\"screenshot\":{{\"screenshotId\":\"s-1\",\"imageBuffer\":{buffer}}}}}]}}")
}

/// A picture's real beginning, and what is as incompressible as its rest.
fn jpeg(size: usize) -> Vec<u8> {
    let mut picture = include_bytes!("../assets/samples/screenshot.jpg").to_vec();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    while picture.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        picture.extend_from_slice(&state.to_le_bytes());
    }
    picture
}

fn string(size: usize) -> String {
    format!("{ENVELOPE}[\"{}\"]}}", "The quick brown fox. ".repeat(size / 21))
}

fn escapes(size: usize) -> String {
    format!("{ENVELOPE}[\"{}\"]}}", "\\u00e9\\n".repeat(size / 8))
}
