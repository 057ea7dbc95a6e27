//! `whyhook status`: what the running listener is and has.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::text::units::age_words;
use crate::text::{self, grouped};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook status\n  whyhook status --format json | jq -r '.public_urls[0].url'\n\nThe JSON is that \
    of GET /status, described in docs/control.md."
)]
pub(super) struct StatusArgs {
    /// Output: lines for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 1 when no listener runs.
pub(super) fn run(settings: &SettingsArgs, args: &StatusArgs) -> Result<ExitCode, CliError> {
    let location = settings.location()?;
    let Some(running) = RunningListener::on(&location)? else {
        output::log(&RunningListener::missing_words(&location));
        return Ok(ExitCode::FAILURE);
    };
    let status = match running.ask("GET", "/status", None)? {
        Ok(status) => status,
        Err(code) => return Ok(code),
    };
    match args.format {
        OutputFormat::Json => output::print_json(&status)?,
        OutputFormat::Text => output::print(&lines(&status))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for each thing, and for each public URL.
fn lines(status: &Value) -> String {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = |name: &str| status[name].as_array().map_or(&[][..], Vec::as_slice);
    let listed = |name: &str, words: &dyn Fn(&Value) -> String| {
        let words: Vec<String> = all(name).iter().map(words).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    };
    let age = status["uptime_seconds"].as_i64().unwrap_or_default().saturating_mul(1000);
    let listening = format!("{} (process {}, for {})", string(&status["listening"]), status["process"], age_words(age));
    let mut facts = vec![("listening", listening)];
    for url in all("public_urls") {
        let elsewhere = match (url["here"] == false, url["port"].as_u64()) {
            (true, Some(port)) => format!(", leads to port {port}"),
            (true, None) => ", leads elsewhere".to_owned(),
            (false, _) => String::new(),
        };
        facts.push(("public URL", format!("{} ({}{elsewhere})", string(&url["url"]), string(&url["tunnel"]))));
    }
    if all("public_urls").is_empty() {
        facts.push(("public URL", "none found".to_owned()));
    }
    let webhook = |webhook: &Value| {
        format!("{} {} ({})", string(&webhook["name"]), string(&webhook["path"]), string(&webhook["scheme"]))
    };
    facts.push(("webhooks", listed("webhooks", &webhook)));
    facts.push(("secrets", listed("secrets", &string)));
    facts.push(("answer", super::answer::words(&status["answer"])));
    facts.push(("held", listed("held", &|held| format!("#{}", held["id"]))));
    facts.push(("deliveries", deliveries(status)));
    facts.push(("jobs", listed("jobs", &Value::to_string)));
    facts.into_iter().map(|(name, fact)| text::visible(&format!("{name:<12}{fact}")).into_owned() + "\n").collect()
}

/// `1,200 (900 verified, 300 mismatch), the newest is #1400`
fn deliveries(status: &Value) -> String {
    let counts: Vec<(&String, u64)> = status["counts"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(verdict, count)| (verdict, count.as_u64().unwrap_or_default()))
        .collect();
    let Some(newest) = status["newest"].as_i64() else { return "none".to_owned() };
    let total = grouped(counts.iter().map(|(_, count)| count).sum());
    let parts: Vec<String> = counts.iter().map(|(verdict, count)| format!("{} {verdict}", grouped(*count))).collect();
    format!("{total} ({}), the newest is #{newest}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_runs_is_told_in_lines() {
        let status = json!({
            "listening": "http://127.0.0.1:3000", "process": 12, "uptime_seconds": 61,
            "public_urls": [
                {"url": "https://a.example", "tunnel": "ngrok", "port": 3000, "here": true, "learnt": false},
                {"url": "https://b.example", "tunnel": "zrok", "port": 8080, "here": false, "learnt": false},
            ],
            "webhooks": [{"name": "shop\u{1b}", "path": "/shop", "scheme": "trackpilots"}],
            "secrets": ["dev", "other"], "answer": {"rule": "503", "once": true}, "held": [{"id": 7}, {"id": 9}],
            "newest": 1400, "counts": {"mismatch": 300, "verified": 900}, "jobs": [4],
        });
        let text = lines(&status);
        assert!(!text.contains('\u{1b}'), "{text}");
        for line in [
            "listening   http://127.0.0.1:3000 (process 12, for 61 s)",
            "public URL  https://a.example (ngrok)",
            "public URL  https://b.example (zrok, leads to port 8080)",
            "secrets     dev, other",
            "answer      503 (for the next delivery)",
            "held        #7, #9",
            "deliveries  1,200 (300 mismatch, 900 verified), the newest is #1400",
            "jobs        4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        let empty = lines(&json!({"answer": null, "newest": null, "counts": {}}));
        for line in ["public URL  none found", "answer      by the rules", "held        none", "deliveries  none"] {
            assert!(empty.lines().any(|found| found == line), "{line}: {empty}");
        }
    }
}
