//! Terminals that change, stall, go away, or are none; and what idling costs.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::tools::signal;
use crate::support::{Person, Signed, Size, TestEnv, Wire, sample, talk, until};

#[test]
fn a_storm_of_sizes_while_deliveries_come_breaks_nothing() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    talk(address, Signed::new(sample("screenshot-live.json")).to("/first").wire());
    person.sees("/first");
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            let mut wire = Wire::connect(address);
            for number in 0..200 {
                let request = Signed::new(sample("activity.json")).to(&format!("/storm/{number}"));
                assert_eq!(wire.send(request.wire()).answer().status, 200);
            }
        });
        for round in 0..400_u16 {
            let size = match round % 8 {
                0 => Size(1, 1),
                1 => Size(500, 200),
                2 => Size(1, 200),
                3 => Size(500, 1),
                _ => Size(2 + round.wrapping_mul(37) % 300, 2 + round.wrapping_mul(53) % 80),
            };
            person.resizes(size);
            if round % 5 == 0 {
                // Every tab and overlay meets every kind of size.
                let keys = ["1", "2", "3", "4", "5", "6", "7", "?q", "aq", "yq", "sabc\u{15}\u{3}", "j", "\t"];
                person.types(keys[usize::from(round / 5) % keys.len()]);
            }
            if round % 16 == 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        sending.join().unwrap();
    });
    // All keys have been read once the last one shows.
    person.resizes(Size(120, 36)).types("?").sees("Keys").types("q").no_longer_sees("Keys");
    // A tab's key in a terminal with room for one pane may have led to the details.
    if person.screen().contains("Esc list") {
        person.types("\u{1b}").no_longer_sees("Esc list");
    }
    // A row that comes after the key would stand above the one that it has chosen.
    person.sees(" of 201 ").types("g1").sees("/storm/199");
    assert!(person.is_running());
    person.types("q").ends();
    person.has_the_terminal_back();
}

#[test]
fn a_terminal_that_stops_reading_holds_up_neither_senders_nor_the_end() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(200, 50), &[]);
    person.sees("Waiting for the first delivery").stops_looking();
    // More than the terminal takes in without being read: frame upon frame.
    let mut wire = Wire::connect(address);
    for number in 0..400 {
        let request = Signed::new(sample("activity.json")).to(&format!("/{number}"));
        assert_eq!(wire.send(request.wire()).answer().status, 200);
        if number % 4 == 0 {
            person.types(["j", "3", "7", "\u{c}"][number / 4 % 4]);
        }
    }
    signal(person.process(), Signal::TERM);
    let code = person.ends();
    assert!(code == 0 || code == 128 + 15, "{code}");
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 400);
    // Its modes come back even where nothing can be written.
    assert!(!person.terminal_is_taken());
}

#[cfg(target_os = "linux")]
#[test]
fn idle_it_does_nothing() {
    use crate::support::tools::{IDLE, IDLE_WAKES, switches};
    // As it is started by most: with a configuration file that is watched, and an agent of ngrok's that is looked for.
    let env = TestEnv::with_secret().set("WHYHOOK_NGROK_API", "127.0.0.1:1");
    env.write("whyhook.toml", "[limits]\nconnections = 100\n");
    let (mut person, address) = Person::listening(&env, Size(160, 50), &[]);
    talk(address, Signed::new(sample("screenshot-live.json")).wire());
    // What is drawn anew each second is so only while it is open.
    let time = |screen: &str| {
        screen.split("Listener status (up ").nth(1).and_then(|after| after.split(" ─").next()).map(str::to_owned)
    };
    person.sees("screenshot").types("I").sees("Listener status (up ");
    let before = time(&person.screen());
    person.sees_that("a later time", |screen| time(screen) != before).types("\u{1b}");
    person.no_longer_sees("Listener status").types("4").settles();
    let listening = env.listen(&["--ephemeral"]);
    talk(listening.address(), Signed::new("{}").wire());
    listening.line(1);
    // A connection that is kept open costs nothing either.
    let mut wire = Wire::connect(listening.address());
    wire.send(Signed::new("{}").wire()).answer();
    listening.line(2);
    // Threads that wake up, even for nothing, leave the processor of their own accord.
    let before = [switches(person.process()), switches(listening.process())];
    let drawn = person.raw().len();
    std::thread::sleep(IDLE);
    let woken = [switches(person.process()) - before[0], switches(listening.process()) - before[1]];
    assert!(woken[0] <= IDLE_WAKES, "the interface wakes up for nothing: {woken:?}");
    assert!(woken[1] <= IDLE_WAKES, "the lines wake up for nothing: {woken:?}");
    assert_eq!(person.raw().len(), drawn, "a frame was drawn");
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_has_gone_costs_nothing() {
    use crate::support::tools::ticks;
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
    let process = person.process();
    // What it takes to draw a list of twenty on this machine, in hundredths of a second: the measure.
    let before = ticks(process).unwrap();
    for number in 1..=20 {
        talk(address, Signed::new("{}").to(&format!("/{number}")).wire());
        person.sees_row(&[&format!("/{number} "), "200"]);
    }
    let drawing = ticks(process).unwrap() - before;
    let before = ticks(process).unwrap();
    person.leaves();
    let mut spent = 0;
    until(|| {
        // Gone, with what it had used last.
        spent = ticks(process).map_or(spent, |ticks| ticks - before);
        (!person.is_running()).then_some(())
    });
    person.ends();
    // A second's worth of turning round and round is a hundred.
    assert!(spent <= 10 + 2 * drawing, "{spent} on a dead terminal, {drawing} for drawing twenty times");
}

#[test]
fn with_no_terminal_at_all_it_prints_lines() {
    let env = TestEnv::with_secret();
    // Neither asked for: stdin is /dev/null, stdout a pipe.
    let mut child = crate::support::KillOnDrop(env.command(&["--bind", "127.0.0.1:0"]).spawn().unwrap());
    let mut stderr = std::io::BufReader::new(child.0.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    let address = line.trim().strip_prefix("whyhook: listening on http://").unwrap().parse().unwrap();
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
    signal(child.0.id(), Signal::TERM);
    let output = until(|| child.0.try_wait().unwrap()).unwrap();
    assert!(output.success(), "{output}");
    let mut stdout = String::new();
    std::io::Read::read_to_string(&mut child.0.stdout.take().unwrap(), &mut stdout).unwrap();
    assert!(!env.store().with_file_name("whyhook.db-wal").exists(), "SQLite's own log is left behind");
    assert!(stdout.contains("Webhook verified") && !stdout.contains('\u{1b}'), "{stdout:?}");
}

#[test]
fn a_reader_of_the_lines_that_stalls_holds_up_neither_senders_nor_the_end() {
    let env = TestEnv::with_secret();
    let mut command = env.command(&["--headless", "--format", "json", "--bind", "127.0.0.1:0"]);
    let mut child = crate::support::KillOnDrop(command.spawn().unwrap());
    let mut stderr = std::io::BufReader::new(child.0.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    let address = line.trim().strip_prefix("whyhook: listening on http://").unwrap().parse().unwrap();
    // More lines than a pipe holds, of which none is read.
    let mut wire = Wire::connect(address);
    for number in 0..400 {
        let request = Signed::new("{}").to(&format!("/{number}/{}", "long/".repeat(60)));
        assert_eq!(wire.send(request.wire()).answer().status, 200, "{number}");
    }
    signal(child.0.id(), Signal::TERM);
    assert!(until(|| child.0.try_wait().unwrap()).is_some(), "it does not end");
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 400);
}
