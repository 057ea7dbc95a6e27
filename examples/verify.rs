//! Verifies a signature and, when it does not match, says why:
//!
//! ```sh
//! export WEBHOOK_SECRET='the secret of the webhook'
//! cargo run --example verify -- body.json 'X-Webhook-Signature: 5f8c…' 'X-Webhook-Timestamp: 1746123456'
//! ```
//!
//! Exit code 0 when it is verified, 1 when it is not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it finds")]

use std::process::ExitCode;

use jiff::Timestamp;
use whyhook::delivery::{Intake, Verdict};
use whyhook::http::Head;
use whyhook::signature::diagnose::{Budget, History, Request, diagnose};
use whyhook::signature::{Scheme, Secret, SecretOrigin};

/// The variable with the secret. Arguments are seen by every process of the machine.
const VARIABLE: &str = "WEBHOOK_SECRET";

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), headers) = (arguments.next(), arguments.collect::<Vec<_>>()) else {
        eprintln!("usage: verify BODY_FILE 'Name: value'…");
        return Ok(ExitCode::from(2));
    };
    let body = std::fs::read(file)?;
    let secret = std::env::var(VARIABLE).map_err(|error| format!("{VARIABLE}: {error}"))?;
    let secret = Secret::new("mine", secret.into_bytes(), SecretOrigin::Environment(VARIABLE.to_owned()));
    // A head as on the wire. `signature::presets::named("github")` is another provider's scheme.
    let head = Head::from(format!("POST / HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n")));
    let request = Request {
        head: &head,
        body: &body,
        received_at: Timestamp::now(),
        intake: &Intake::Complete,
        scheme: &Scheme::default(),
        secrets: &[&secret],
        others: &[],
        history: &History::default(),
    };
    let diagnosis = diagnose(&request, &Budget::default());
    println!("{}", diagnosis.verdict.words());
    // A verified delivery may still be too old; a cause names it.
    for cause in &diagnosis.causes {
        println!("{}: {}\n  to do: {}", cause.kind.code(), cause.summary, cause.fix);
    }
    Ok(if diagnosis.verdict == Verdict::Verified { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
