//! What every command that sends has in common: limits, trust, the question before it sends elsewhere,
//! and Ctrl-C.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{CliError, output};
use crate::config::Settings;
use crate::http::{Client, ClientLimits, Target, TlsOptions};
use crate::send::other_machines;
use crate::text::{units, visible};

/// What `--insecure` means.
pub(super) const INSECURE: &str = "--insecure: TLS certificate verification is disabled";
/// The longest that a response may be waited for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Args)]
pub(super) struct SendingArgs {
    /// Timeout of one request [default: 60s; 10s for check and suite]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Trust the certificates in this PEM file for https targets, in addition to the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Disable TLS certificate verification
    #[arg(long)]
    insecure: bool,
}

/// What is to be sent, in words.
pub(super) enum SentThing<'a> {
    /// Captures, or what was made of them: they may hold screenshots of real people.
    Captured(&'a str),
    /// Nothing that anybody has sent before.
    Made(&'a str),
}

/// Refuses a word that is rather a slip than the name of a host: without a scheme, a port and a dot.
pub(super) fn check_url(url: &str) -> Result<(), CliError> {
    let authority = url.trim().split(['/', '?', '#']).next().unwrap_or_default();
    let is_word = !authority.is_empty() && !url.contains("://") && !authority.contains([':', '.', '[']);
    if is_word && !authority.eq_ignore_ascii_case("localhost") {
        return Err(CliError::Usage(format!(
            "'{}' has no scheme and no port: is this a URL? Expected one such as http://{}:8080/path",
            visible(url.trim()),
            visible(authority)
        )));
    }
    Ok(())
}

impl SendingArgs {
    /// The limits of one sending.
    pub(super) fn limits(&self) -> Result<ClientLimits, CliError> {
        Ok(self.asked_limits()?.unwrap_or_default())
    }

    /// The limits that were asked for, if any were.
    pub(super) fn asked_limits(&self) -> Result<Option<ClientLimits>, CliError> {
        let Some(text) = &self.timeout else { return Ok(None) };
        let whole = units::parse_duration(text).map_err(|error| CliError::Usage(format!("--timeout: {error}")))?;
        if whole.is_zero() || whole > LONGEST {
            return Err(CliError::Usage("--timeout: expected more than 0 and at most 24h".to_owned()));
        }
        Ok(Some(ClientLimits::within(whole)))
    }

    /// The client, which trusts whom these options or the configuration name.
    pub(super) fn client(&self, settings: &Settings) -> Result<Client, CliError> {
        if self.insecure {
            output::log(&format!("warning: {INSECURE}"));
        }
        let options = settings.tls_options();
        let options = TlsOptions { ca_file: self.ca_file.clone().or(options.ca_file), insecure: self.insecure };
        Client::new(&options).map_err(|error| CliError::Usage(error.to_string()))
    }

    /// Asks before `what` is sent to another machine. `false` says that the person would rather not.
    pub(super) fn may_send<'a>(
        &self,
        yes: bool,
        what: &SentThing<'_>,
        targets: impl IntoIterator<Item = &'a Target>,
    ) -> Result<bool, CliError> {
        let hosts = other_machines(targets);
        if hosts.is_empty() || yes {
            return Ok(true);
        }
        let hosts = hosts.join(", ");
        let mut stdin = std::io::stdin().lock();
        if !(stdin.is_terminal() && std::io::stderr().is_terminal()) {
            return Err(CliError::Usage(match what {
                SentThing::Captured(what) => format!(
                    "cannot send {what} to {hosts} without confirmation, since captures may contain screenshots of \
                     real people: confirm with --yes"
                ),
                SentThing::Made(what) => format!(
                    "cannot send {what} to {hosts}, which is not this machine, without confirmation: confirm with --yes"
                ),
            }));
        }
        output::log(&match what {
            SentThing::Captured(what) => {
                format!("captures may contain screenshots of real people. Send {what} to {hosts}? [y/N]")
            }
            SentThing::Made(what) => format!("Send {what} to {hosts}, which is not this machine? [y/N]"),
        });
        let mut line = String::new();
        stdin.read_line(&mut line).map_err(|source| CliError::Read { path: "the terminal".into(), source })?;
        Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}

/// A token that Ctrl-C cancels. A second Ctrl-C ends the program at once.
pub(super) fn cancelled_by_signals() -> CancellationToken {
    let cancel = CancellationToken::new();
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

        use crate::system::claims::ClaimedSignals;
        let token = cancel.clone();
        let which = [SIGINT, SIGTERM, SIGHUP];
        // Without the thread, Ctrl-C ends the program as it does any other.
        if let (Ok(claimed), Ok(mut signals)) =
            (ClaimedSignals::claim(&which), signal_hook::iterator::Signals::new(which))
        {
            std::thread::spawn(move || {
                // To the end of the program.
                let _claimed = claimed;
                for signal in signals.forever() {
                    if token.is_cancelled() {
                        crate::system::scratch::clear();
                        tracing::info!(signal, "ended by a signal");
                        crate::system::log::finish();
                        std::process::exit(128 + signal);
                    }
                    tracing::info!(signal, "cancelled by a signal");
                    token.cancel();
                }
            });
        }
    }
    cancel
}

/// Runs a future that sends, to its end.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, CliError> {
    // Two threads: what prints and keeps results does not stand in the way of what measures.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(future))
        .map_err(|error| CliError::Usage(format!("cannot start the threads that send: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_is_no_url() {
        for url in ["nonsense", "latest", "37", "nonsense/hook", " nonsense "] {
            let said = check_url(url).unwrap_err().to_string();
            assert!(said.contains("no scheme and no port: is this a URL?"), "{url}: {said}");
        }
        for url in ["localhost", "localhost/a", "example.com", "10.0.0.1", "host:80", "http://host", "[::1]", ""] {
            assert!(check_url(url).is_ok(), "{url}");
        }
    }
}
