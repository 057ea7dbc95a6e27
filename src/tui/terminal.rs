//! Taking the terminal, and giving it back whatever happens.

use std::io::{self, Stdout, Write as _};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

/// The terminal as the interface draws on it.
pub(super) type Screen = Terminal<CrosstermBackend<Stdout>>;

/// Takes the terminal: raw mode, the alternate screen, bracketed paste.
pub(super) fn enter() -> io::Result<Screen> {
    take()?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    clear(&mut screen)?;
    Ok(screen)
}

/// Empties the screen, so that the next frame is drawn whole.
///
/// ratatui's own `clear` asks the terminal where the cursor is, and fails after two seconds on one
/// that does not answer.
pub(super) fn clear(screen: &mut Screen) -> io::Result<()> {
    let size = screen.size()?;
    screen.resize(Rect::new(0, 0, size.width, size.height))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    crate::panic::on_restore(Some(give_back));
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back as it was. A dead terminal cannot be told anything; that is no error.
fn give_back() {
    let mut stdout = io::stdout();
    let _ = execute!(stdout, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = stdout.flush();
    let _ = disable_raw_mode();
}

/// Gives the terminal back and stops the program, as Ctrl-Z does, until the shell wakes it.
#[cfg(unix)]
pub(super) fn suspend(screen: &mut Screen) -> io::Result<()> {
    crate::panic::restore_terminal();
    // SIGSTOP cannot be caught, so it stops us although SIGTSTP is handled.
    rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
    take()?;
    clear(screen)
}

#[cfg(not(unix))]
pub(super) fn suspend(_: &mut Screen) -> io::Result<()> {
    Ok(())
}
