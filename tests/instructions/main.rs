//! What the hot paths cost in instructions, held against the figures of `figures.txt`: a machine's speed and load make no
//! difference. Each piece of work runs in this program under Valgrind's Cachegrind, once and again more often; the
//! difference is what one of them costs, without what a process does besides.
//!
//! `cargo test --test instructions` compares; with `WHYHOOK_WRITE_INSTRUCTIONS=1` it writes the figures anew, which
//! belongs into the commit that makes a path dearer for a reason. Debug builds are counted, since they are there: what
//! makes a path ten per cent dearer there (a copy, a pass, an allocation too many) does so in a release.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test of its own harness prints its figures")]

#[path = "../../benches/support/mod.rs"]
mod support;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use support::Failure;
use work::WORK;

/// More than the figure by so much fails, less by so much asks for a new figure; in hundredths.
const TOLERANCE: u64 = 10;
/// The same under another compiler than the figures were counted with, which may write other instructions.
const TOLERANCE_ELSEWHERE: u64 = 50;
const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/instructions/figures.txt");

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mark, name, times] = &arguments[..]
        && mark == "work"
    {
        let (_, work) = WORK.iter().find(|(known, _)| known == name).ok_or("no such work")?;
        work(times.parse()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Names of tests are for the other tests.
    if arguments.iter().any(|argument| !argument.starts_with('-')) || arguments.iter().any(|one| one == "--list") {
        println!("\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
        return Ok(ExitCode::SUCCESS);
    }
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        if std::env::var_os("WHYHOOK_REQUIRE_TOOLS").is_some() {
            return Err("valgrind is not installed".into());
        }
        eprintln!("skipped: there is no valgrind to count instructions with");
        return Ok(ExitCode::SUCCESS);
    }
    compare()
}

fn compare() -> Result<ExitCode, Failure> {
    let folder = tempfile::tempdir_in(support::folder())?;
    let program = without_debug_information(folder.path())?;
    let compiler = compiler()?;
    let mut counted = BTreeMap::new();
    for (name, _) in WORK {
        counted.insert((*name).to_owned(), cost(&program, folder.path(), name)?);
    }
    if std::env::var_os("WHYHOOK_WRITE_INSTRUCTIONS").is_some() {
        std::fs::write(FIGURES, written(&compiler, &counted))?;
        println!("written: {FIGURES}");
        return Ok(ExitCode::SUCCESS);
    }
    let (with, known) = read(&std::fs::read_to_string(FIGURES)?)?;
    let tolerance = if with == compiler { TOLERANCE } else { TOLERANCE_ELSEWHERE };
    println!("\nrunning {} tests, counted with {with}, here {compiler}: {tolerance} % more fails", counted.len());
    let mut failed = Vec::new();
    for (name, count) in &counted {
        let Some(figure) = known.get(name) else { return Err(format!("{name} is not in {FIGURES}").into()) };
        let change = *count as f64 / *figure as f64 * 100.0 - 100.0;
        let (is_dearer, is_cheaper) = (change > tolerance as f64, change < -(tolerance as f64));
        let words = if is_dearer { "FAILED" } else { "ok" };
        println!("test {name} ... {words}: {count} instructions, {figure} known, {change:+.1} %");
        if is_cheaper {
            println!("  cheaper than known: write the new figure with WHYHOOK_WRITE_INSTRUCTIONS=1");
        }
        failed.extend(is_dearer.then_some(name));
    }
    let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {} passed; {} failed\n", counted.len() - failed.len(), failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Valgrind reads what debuggers need of a program, for half a minute: it gets one without.
fn without_debug_information(folder: &Path) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let stripped = folder.join("instructions");
    let status = Command::new("strip").args(["--strip-debug", "-o"]).arg(&stripped).arg(&own).status();
    Ok(if status.is_ok_and(|status| status.success()) { stripped } else { own })
}

/// The instructions of one piece of work.
fn cost(program: &Path, folder: &Path, name: &str) -> Result<u64, Failure> {
    let few = instructions(program, folder, name, 1)?;
    let more = instructions(program, folder, name, 3)?;
    Ok(more.saturating_sub(few) / 2)
}

fn instructions(program: &Path, folder: &Path, name: &str, times: u32) -> Result<u64, Failure> {
    let out = folder.join(format!("{name}-{times}.out"));
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--error-exitcode=0", "--quiet"])
        .arg(format!("--cachegrind-out-file={}", out.display()))
        .arg(program)
        .args(["work", name, &times.to_string()])
        .env("TMPDIR", folder)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{name} under valgrind ended with {}: {said}", output.status).into());
    }
    let text = std::fs::read_to_string(&out)?;
    let summary = text.lines().find_map(|line| line.strip_prefix("summary: ")).ok_or("no summary")?;
    Ok(summary.trim().parse()?)
}

fn compiler() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split(' ').take(2).collect::<Vec<_>>().join(" "))
}

fn written(compiler: &str, counted: &BTreeMap<String, u64>) -> String {
    let rows = counted.iter().map(|(name, count)| format!("{name} {count}\n"));
    format!(
        "# Instructions of each, in a debug build. Made by tests/instructions.\n{compiler}\n{}",
        rows.collect::<String>()
    )
}

fn read(text: &str) -> Result<(String, BTreeMap<String, u64>), Failure> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let compiler = lines.next().ok_or("no compiler in the figures")?.to_owned();
    let row = |line: &str| -> Result<(String, u64), Failure> {
        let (name, count) = line.split_once(' ').ok_or_else(|| format!("no figure: {line}"))?;
        Ok((name.to_owned(), count.parse()?))
    };
    Ok((compiler, lines.map(row).collect::<Result<_, _>>()?))
}
