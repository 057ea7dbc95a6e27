//! How long one frame takes, 200 × 50, over a store of 100 and of 1,000,000 deliveries, and how long
//! opening such a store takes to its first frame. The bytes of a frame go to nowhere, so that the
//! figure is ours and not a terminal's.
//!
//! `cargo bench --bench frame`; the large store is made once, under `target/`, and used again.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and ends where it cannot go on"
)]

#[path = "support/store.rs"]
mod support;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport as Area};
use whyhook::config::Registry;
use whyhook::delivery::DeliveryId;
use whyhook::engine::{Action, Answers, Effect, Loaded, Message, Model, PageResult, Setup, Step, Tab, update};
use whyhook::query::Query;
use whyhook::store::{Location, Page, Reader};
use whyhook::tui::theme::{Background, Theme};
use whyhook::tui::view::{Look, draw};

const COLUMNS: u16 = 200;
const ROWS: u16 = 50;
const FRAMES: usize = 400;

/// What filling a store ends with when it cannot go on.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Screen = Terminal<CrosstermBackend<io::Sink>>;

fn main() {
    // `cargo test --benches` only asks whether it starts.
    let sizes: &[i64] = if std::env::args().any(|argument| argument == "--test") { &[100] } else { &[100, 1_000_000] };
    println!("one frame, {COLUMNS}x{ROWS}, moving down one row before each");
    let mut medians = Vec::new();
    for &size in sizes {
        let location = store(size);
        let opened = Instant::now();
        let reader = Reader::open(&location).expect("the store opens");
        let mut session = Session::new(reader);
        session.frame();
        let first = opened.elapsed();
        session.update(Message::Act(Action::Show(Tab::Payload)));
        let mut times: Vec<Duration> = (0..FRAMES).map(|_| session.step()).collect();
        times.sort_unstable();
        let (median, worst) = (times[FRAMES / 2], times[FRAMES * 99 / 100]);
        println!("{size:>9} deliveries: median {median:>9.1?}   p99 {worst:>9.1?}   open to first frame {first:>8.1?}");
        medians.push(median);
    }
    if let [small, large] = medians[..] {
        println!("ratio 1,000,000 to 100: {:.2}", large.as_secs_f64() / small.as_secs_f64());
    }
}

/// A store of `size` deliveries, made when it is not there yet.
fn store(size: i64) -> Location {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let location = Location::new(folder.join(format!("frame-mixed-{size}.db")));
    support::fill(&location, size, |_| {}).expect("the store can be filled");
    location
}

/// The interface without its threads: what the loader would read is read at once.
struct Session {
    reader: Reader,
    registry: Registry,
    model: Model,
    screen: Screen,
    look: Look,
}

impl Session {
    fn new(reader: Reader) -> Self {
        let setup = Setup {
            url: "http://127.0.0.1:3000".to_owned(),
            store: PathBuf::new(),
            ephemeral: false,
            webhooks: Vec::new(),
            events: Vec::new(),
        };
        let options = TerminalOptions { viewport: Area::Fixed(Rect::new(0, 0, COLUMNS, ROWS)) };
        let mut session = Self {
            reader,
            registry: Registry::default(),
            model: Model::new(setup, Answers::default(), Vec::new(), Query::default(), String::new()),
            screen: Terminal::with_options(CrosstermBackend::new(io::sink()), options).expect("a screen"),
            look: Look { theme: Theme::new(Background::Dark, true), zone: TimeZone::UTC },
        };
        let first = session.model.list_reload();
        first.into_iter().for_each(|effect| session.perform(effect));
        session
    }

    fn step(&mut self) -> Duration {
        self.update(Message::Act(Action::Move(Step::Down)));
        let start = Instant::now();
        self.frame();
        start.elapsed()
    }

    fn frame(&mut self) {
        let mut viewport = self.model.viewport;
        let (model, look) = (&self.model, &self.look);
        self.screen.draw(|frame| viewport = draw(frame, model, look)).expect("nowhere takes everything");
        self.update(Message::Drawn(viewport));
    }

    fn update(&mut self, message: Message) {
        for effect in update(&mut self.model, message) {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::LoadPage(request) => {
                let page = match request.edge {
                    whyhook::engine::Edge::Before(id) => Page::Before(id),
                    _ => Page::Newest,
                };
                let scan = self.reader.scan(page, request.limit, usize::MAX, |_, _| Ok(true)).expect("the store reads");
                self.update(Message::Page(PageResult {
                    generation: request.generation,
                    newest: scan.rows.first().map(|row| row.id),
                    reached: None,
                    more_follows: false,
                    at_end: scan.next.is_none(),
                    rows: scan.rows,
                    error: None,
                }));
            }
            Effect::Load(id) => {
                let loaded = self.load(id);
                self.update(Message::Loaded(id, Ok(loaded)));
            }
            _ => {}
        }
    }

    fn load(&self, id: DeliveryId) -> Box<Loaded> {
        let delivery = self.reader.load(id).expect("the store reads").expect("the delivery is there");
        Box::new(Loaded::prepare(delivery, &self.registry))
    }
}
