//! Typing that the terminal does not show, for secrets.

#[cfg(unix)]
use super::claims::ClaimedSignals;

/// The terminal shows nothing of what is typed while this lives.
#[cfg_attr(not(unix), expect(dead_code, reason = "nothing hides it there"))]
pub(crate) struct HiddenTyping {
    #[cfg(unix)]
    signals: Option<(ClaimedSignals, signal_hook::iterator::Handle)>,
}

#[cfg(unix)]
impl HiddenTyping {
    /// Hides it, where stdin is a terminal; for a program that hears of signals itself.
    pub(crate) fn begin() -> Option<Self> {
        set_echo(false).ok()?;
        super::panic::set_terminal_restorer(Some(show));
        Some(Self { signals: None })
    }

    /// Hides what is typed for a program that does not: a signal that ends or stops it gives the terminal back first.
    pub(crate) fn begin_alone() -> Option<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
        let mut hidden = Self::begin()?;
        let which = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP];
        let claimed = ClaimedSignals::claim(&which).ok()?;
        let mut signals = signal_hook::iterator::Signals::new(which).ok()?;
        hidden.signals = Some((claimed, signals.handle()));
        let heard = move || {
            for signal in signals.forever() {
                show();
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                // After SIGTSTP, the person is back.
                let _ = set_echo(false);
            }
        };
        super::thread::spawn("whyhook-signals", heard).ok()?;
        Some(hidden)
    }
}

#[cfg(unix)]
fn set_echo(shown: bool) -> rustix::io::Result<()> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = rustix::stdio::stdin();
    let mut modes = tcgetattr(stdin)?;
    modes.local_modes.set(LocalModes::ECHO, shown);
    tcsetattr(stdin, OptionalActions::Now, &modes)
}

#[cfg(unix)]
fn show() {
    let _ = set_echo(true);
}

#[cfg(unix)]
impl Drop for HiddenTyping {
    fn drop(&mut self) {
        super::panic::set_terminal_restorer(None);
        show();
        // In this order no signal is lost: it ends or stops the program by itself before nobody listens any more.
        if let Some((claimed, signals)) = self.signals.take() {
            drop(claimed);
            signals.close();
        }
    }
}

#[cfg(not(unix))]
impl HiddenTyping {
    /// Nothing hides it here.
    pub(crate) fn begin() -> Option<Self> {
        None
    }
}
