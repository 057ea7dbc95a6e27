//! Takes the terminal, and restores it whatever happens.

pub(crate) mod background;
pub(crate) mod clipboard;
pub(crate) mod editor;
pub(crate) mod input;
pub(crate) mod reply;
pub(crate) mod uneven;

use std::io::{self, IsTerminal as _, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::layout::Rect;

use self::uneven::EvenBackend;
use crate::config::NotifyManner;
use crate::tui::picture::GraphicsProtocol;

/// The terminal as the interface draws on it.
pub(super) type TerminalScreen = Terminal<EvenBackend<Stdout>>;

/// Whether the terminal shall report the mouse while the interface has it.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Presses and releases (1000), moves with a button pressed (1002), in decimal digits (1006). Other moves are not
/// reported: each would wake the interface for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Takes the terminal: raw mode, the alternate screen, bracketed paste, the mouse if it is wanted.
pub(super) fn enter(has_mouse: bool) -> io::Result<TerminalScreen> {
    MOUSE.store(has_mouse, Ordering::Relaxed);
    take()?;
    let mut screen = Terminal::new(EvenBackend::new(io::stdout()))?;
    clear(&mut screen)?;
    Ok(screen)
}

/// Empties the screen, so that the next frame is drawn whole.
///
/// ratatui's own `clear` asks the terminal where the cursor is, and fails after two seconds on one
/// that does not answer.
pub(super) fn clear(screen: &mut TerminalScreen) -> io::Result<()> {
    let size = screen.size()?;
    screen.resize(Rect::new(0, 0, size.width, size.height))
}

/// Makes the terminal forget a picture that it keeps besides its cells.
pub(super) fn forget(kind: GraphicsProtocol) -> io::Result<()> {
    let mut stdout = io::stdout();
    if let Some(words) = crate::tui::picture::forget(kind) {
        stdout.write_all(words.as_bytes())?;
    }
    stdout.flush()
}

/// Has the terminal notify of something, in words of ours without control characters.
pub(super) fn notify(manner: NotifyManner, words: &str) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return Ok(());
    }
    let _frame = crate::system::panic::lock_frame();
    let mut stdout = io::stdout();
    stdout.write_all(notification(manner, words).as_bytes())?;
    stdout.flush()
}

fn notification(manner: NotifyManner, words: &str) -> String {
    match manner {
        NotifyManner::Bell => "\u{7}".to_owned(),
        NotifyManner::Osc9 => format!("\u{1b}]9;{words}\u{1b}\\"),
        // The parts are divided by semicolons, and there is none in the words.
        NotifyManner::Osc777 => format!("\u{1b}]777;notify;whyhook;{}\u{1b}\\", words.replace(';', ",")),
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    crate::system::panic::set_terminal_restorer(Some(give_back));
    // A grapheme that takes more columns than it should must not go on in the next row, or scroll the screen.
    execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, EnableBracketedPaste, cursor::Hide)?;
    if MOUSE.load(Ordering::Relaxed) { write(MOUSE_ON) } else { Ok(()) }
}

/// Has the terminal report the mouse from now on, or not.
pub(super) fn report_mouse(on: bool) -> io::Result<()> {
    MOUSE.store(on, Ordering::Relaxed);
    write(if on { MOUSE_ON } else { MOUSE_OFF })
}

fn write(words: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(words)?;
    stdout.flush()
}

/// Restores the terminal. A dead terminal cannot be restored; that is not an error.
fn give_back() {
    let mut words = Vec::new();
    // Writing to memory cannot fail.
    words.extend_from_slice(MOUSE_OFF);
    let _ = queue!(words, DisableBracketedPaste, EnableLineWrap, LeaveAlternateScreen, cursor::Show);
    tell(&words);
    let _ = disable_raw_mode();
}

/// Writes past the lock of stdout, which a thread that is stuck in writing would never release, and
/// not at all to a terminal that has stopped reading.
#[cfg(unix)]
fn tell(words: &[u8]) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
    let stdout = rustix::stdio::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::OUT)];
    if poll(&mut polled, Some(&PATIENCE)).is_ok_and(|ready| ready > 0) {
        let _ = rustix::io::write(stdout, words);
    }
}

#[cfg(not(unix))]
fn tell(words: &[u8]) {
    let mut stdout = io::stdout();
    let _ = stdout.write_all(words).and_then(|()| stdout.flush());
}

/// Restores the terminal while `run` uses it, and takes it again. Without a screen it was not taken.
pub(super) fn lend<T>(screen: Option<&mut TerminalScreen>, run: impl FnOnce() -> T) -> io::Result<T> {
    crate::system::panic::restore_terminal();
    let outcome = run();
    if let Some(screen) = screen {
        take()?;
        clear(screen)?;
    }
    Ok(outcome)
}

/// Restores the terminal and stops the program, as Ctrl-Z does, until the shell resumes it.
#[cfg(unix)]
pub(super) fn suspend(screen: Option<&mut TerminalScreen>) -> io::Result<()> {
    crate::system::panic::restore_terminal();
    // SIGSTOP cannot be caught, so it stops us although SIGTSTP is handled.
    rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
    let Some(screen) = screen else { return Ok(()) };
    take()?;
    clear(screen)
}

#[cfg(not(unix))]
pub(super) fn suspend(_: Option<&mut TerminalScreen>) -> io::Result<()> {
    Ok(())
}
