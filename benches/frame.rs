//! How long one frame takes, 200 × 50, on every tab, over a store of 100 and of 1,000,000 deliveries;
//! what reading and drawing on from one end of the list to the other takes; and how long opening such
//! a store takes to its first frame, without what a process has to do besides.
//!
//! `cargo bench --bench frame`; the large store is made once, under `target/`, and used again.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::time::{Duration, Instant};

use whyhook::store::Reader;
use whyhook::tui::app::action::{Action, Tab};
use whyhook::tui::app::message::Message;
use whyhook::tui::app::step::Step;

use support::figures::Figures;
use support::screen::Session;
use support::{Failure, is_measuring, store_of, terminal};

fn main() -> Result<(), Failure> {
    let (sizes, frames) = if is_measuring() { (vec![100, support::many(1_000_000)], 400) } else { (vec![100], 4) };
    if !is_measuring() {
        println!("only a try, the figures mean nothing: measure with `cargo bench`");
    }
    let (columns, rows) = terminal::SIZE;
    println!("one frame, {columns}x{rows}, moving down one row before each, in ms");
    let mut medians = Vec::new();
    for size in sizes {
        let location = store_of(size)?;
        let opened = Instant::now();
        let mut session = Session::new(Reader::open(&location)?)?;
        session.frame()?;
        let first = opened.elapsed();
        println!("{size:>9} deliveries: open to first frame {:.1} ms", milliseconds(first));
        let mut all = Vec::new();
        for tab in Tab::ALL {
            session.update(Message::Act(Action::Show(tab)))?;
            session.update(Message::Act(Action::Move(Step::First)))?;
            session.frame()?;
            let times = steps(&mut session, Step::Down, frames)?;
            let figures: Figures = times.iter().copied().collect();
            println!("    {:<10} median {:>6.3}   p99 {:>6.3}", tab.title(), figures.median(), figures.quantile(0.99));
            all.extend(times);
        }
        let median = all.into_iter().collect::<Figures>().median();
        println!("    every tab  median {median:>6.3}");
        medians.push(median);
        ends(&mut session)?;
    }
    if let [small, large] = medians[..] {
        println!("ratio 1,000,000 to 100: {:.2}", large / small);
    }
    Ok(())
}

/// Times frames, each drawn after a step that is not timed.
fn steps(session: &mut Session, step: Step, count: usize) -> Result<Vec<Duration>, Failure> {
    (0..count)
        .map(|_| {
            session.update(Message::Act(Action::Move(step)))?;
            timed(|| session.frame())
        })
        .collect()
}

/// From one end of the list to the other, and a hundred pages on: the reading is timed as well.
fn ends(session: &mut Session) -> Result<(), Failure> {
    let mut go = |step: Step| {
        timed(|| {
            session.update(Message::Act(Action::Move(step)))?;
            session.frame()
        })
    };
    let (oldest, newest) = (go(Step::Last)?, go(Step::First)?);
    let pages = (0..100).map(|_| go(Step::PageDown)).collect::<Result<Figures, Failure>>()?;
    println!(
        "    read and drawn: the oldest {:.2}, the newest {:.2}, a page on {:.2} (most {:.2})",
        milliseconds(oldest),
        milliseconds(newest),
        pages.median(),
        pages.quantile(1.0)
    );
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
