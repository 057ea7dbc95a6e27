//! `whyhook simulate`: a made delivery, sent and answered.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::destination::{self, DestinationArgs};
use super::request::read_body;
use super::scheme::SchemeArgs;
use super::select::delivery_name;
use super::sending::{SendingArgs, SentThing};
use super::suggested::Suggested;
use super::{CliError, OutputFormat, SettingsArgs, output, show};
use crate::config::Settings;
use crate::config::consent::Scope;
use crate::send::{Destination, DestinationChoice, NotSent, SimulatedBody, Simulation};
use crate::signature::{SigningKind, hashed_url};
use crate::simulate::{self, PictureSize, SavedSimulation, SimulatedEvent};
use crate::store::Reader;
use crate::text::{visible, visible_bytes};

mod burst;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook simulate screenshot http://localhost:8080/webhooks/trackpilots --live\n  \
    whyhook simulate app --set 'data[0].tracking.app.name=Mail' --dry-run\n  \
    whyhook simulate --scheme github --to http://localhost:8080/webhooks/github"
)]
pub(super) struct SimulateArgs {
    /// activity, app, screenshot, an event's full name, or the name of a saved simulation [default with the scheme of
    /// another sender: a sample event of that sender]; and the URL to send to, the same as --to
    #[arg(value_names = ["EVENT", "URL"], num_args = 0..=2, hide_possible_values = true,
        value_parser = Suggested(|| SimulatedEvent::ALL.map(SimulatedEvent::short).to_vec()))]
    given: Vec<String>,
    /// The event among them.
    #[arg(skip)]
    event: Option<String>,
    #[command(flatten)]
    destination: DestinationArgs,
    /// Make it like a live event: no simulation field, and a real JPEG
    #[arg(long)]
    live: bool,
    /// Image encoding: base64, base64url, data-url, buffer-json, node-print, number-array,
    /// numeric-keys, hex, latin1, number-list-text, uint8array-print, python-bytes, superjson, ejson,
    /// nested-json, destroyed-utf8, lost, placeholder
    #[arg(long, value_name = "FORM")]
    image: Option<String>,
    /// Image size: pixels, or bytes such as 45kB [default: 1280x720]
    #[arg(long, value_name = "SIZE")]
    image_size: Option<PictureSize>,
    /// Number of items in the data [default: 1]
    #[arg(long, value_name = "NUMBER")]
    items: Option<usize>,
    /// Set a field, such as data[0].screenshot.isIdle=true; a value that is not JSON is text
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Add a field
    #[arg(long, value_name = "PATH=VALUE")]
    add: Vec<String>,
    /// Remove a field
    #[arg(long, value_name = "PATH")]
    unset: Vec<String>,
    /// Header to add, as 'Name: value'; may be repeated
    #[arg(long, short = 'H', value_name = "HEADER")]
    header: Vec<String>,
    /// Send these bytes: a file, or - for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "live", "image", "image_size", "items"])]
    body: Option<PathBuf>,
    /// Send the body of a captured delivery, re-signed: its number, or `latest`
    #[arg(long, value_name = "ID", value_parser = delivery_name, conflicts_with_all = ["live", "image", "image_size", "items"])]
    from: Option<String>,
    /// Simulation from the configuration, [simulations.NAME]; other options override it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["body", "from"])]
    saved: Option<String>,
    /// Number of deliveries [default: 1]
    #[arg(long, value_name = "NUMBER")]
    count: Option<u32>,
    /// Rate, such as 5, 5/s or 30/m [default: each after the previous answer]
    #[arg(long, value_name = "RATE", value_parser = read_rate)]
    rate: Option<f64>,
    /// Send each delivery twice, byte for byte
    #[arg(long)]
    duplicate: bool,
    /// Send the events out of order
    #[arg(long)]
    out_of_order: bool,
    /// Seed for everything that varies, except the time
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Print the request and send nothing
    #[arg(long, visible_alias = "preview")]
    dry_run: bool,
    /// Print these options as [simulations.NAME] for the configuration, and send nothing
    #[arg(long, value_name = "NAME")]
    print_config: Option<String>,
    /// Output: the result panel for people, or documented JSON, one object per line
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    sending: SendingArgs,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

impl SimulateArgs {
    /// Tells the event from the URL to send to, in whichever order they were given.
    fn sorted(mut self) -> Result<Self, CliError> {
        let usage = |words: String| Err(CliError::Usage(words));
        for given in std::mem::take(&mut self.given) {
            // No event has a colon; `localhost:8080` is a URL as well.
            let (place, what) = match given.contains(':') {
                true => (&mut self.destination.to, "URLs to send to"),
                false => (&mut self.event, "events"),
            };
            if let Some(before) = place {
                return usage(format!("two {what}, {} and {}: give one", visible(before), visible(&given)));
            }
            *place = Some(given);
        }
        let option = if self.body.is_some() { Some("--body") } else { self.from.is_some().then_some("--from") };
        match (&self.event, option) {
            (Some(event), Some(option)) => {
                usage(format!("{option} says what is sent, and so does the event {}: give one", visible(event)))
            }
            _ => Ok(self),
        }
    }
}

/// `5`, `5/s` or `30/m`, as deliveries a second.
fn read_rate(text: &str) -> Result<f64, String> {
    let (number, seconds) = match text.split_once('/') {
        None | Some((_, "s")) => (text.trim_end_matches("/s"), 1.0),
        Some((number, "m")) => (number, 60.0),
        Some(_) => return Err("expected a number of deliveries per second or minute, such as 5/s or 30/m".to_owned()),
    };
    number
        .parse::<f64>()
        .map(|number| number / seconds)
        .map_err(|_| "expected a number, such as 5/s or 30/m".to_owned())
}

/// Exit code 0 when everything was delivered, 1 when not.
pub(super) fn run(settings: &SettingsArgs, args: &SimulateArgs) -> Result<ExitCode, CliError> {
    let args = &args.clone().sorted()?;
    args.destination.check()?;
    let loaded = settings.load_quietly(Scope::Network)?;
    let saved = chosen(&loaded, args)?;
    let recipe = saved.recipe().map_err(|error| CliError::Usage(error.to_string()))?;
    let headers = saved.headers().map_err(|error| CliError::Usage(error.to_string()))?;
    if let Some(name) = &args.print_config {
        output::print(&saved.to_toml(name))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(given) = given(settings, args)? else { return Ok(ExitCode::FAILURE) };
    let seed = match args.seed {
        Some(seed) => seed,
        None => simulate::fresh_seed()
            .map_err(|error| NotSent::ServiceUnavailable { reason: format!("cannot get random numbers: {error}") })?,
    };
    let destination = destination::find(&loaded, &choice(&saved, args))?;
    if args.scheme.is_named() && destination.scheme != *loaded.registry.signing_scheme(None) {
        let words = "this webhook has a scheme in the configuration: leave out --scheme, or send to a URL with --to";
        return Err(CliError::Usage(words.to_owned()));
    }
    let body = match given {
        Some(bytes) => SimulatedBody::Given(bytes),
        None => chosen_body(&saved, args, &destination)?,
    };
    let simulation = Simulation { recipe, burst: saved.burst(), body, headers, destination, seed };
    let sendings = simulation.sendings()?;
    if args.dry_run {
        preview(&simulation, args.format)?;
        if sendings.len() > 1 {
            output::log(&format!("the first of {} deliveries is shown", sendings.len()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    simulation.destination.signing_secret()?;
    let what = if sendings.len() == 1 { "this delivery".to_owned() } else { format!("{} deliveries", sendings.len()) };
    // The body of `--from` is that of a capture, and a file may be one too.
    let is_made = args.from.is_none() && args.body.is_none();
    let what = if is_made { SentThing::Made(&what) } else { SentThing::Captured(&what) };
    if !args.sending.may_send(settings.yes(), &what, [&simulation.destination.target])? {
        output::log("nothing was sent");
        return Ok(ExitCode::FAILURE);
    }
    burst::send_all(&loaded, &simulation, &sendings, args)
}

/// The saved simulation that is named, or none, with the options over it.
fn chosen(settings: &Settings, args: &SimulateArgs) -> Result<SavedSimulation, CliError> {
    let find = |name: &str| settings.simulations.get(name).cloned();
    let known = || {
        let names: Vec<_> = settings.simulations.keys().map(|name| visible(name)).collect();
        if names.is_empty() {
            "no simulation is saved".to_owned()
        } else {
            format!("saved simulations: {}", names.join(", "))
        }
    };
    let mut saved = match &args.saved {
        Some(name) => {
            find(name).ok_or_else(|| CliError::Usage(format!("unknown simulation '{}'; {}", visible(name), known())))?
        }
        None => SavedSimulation::default(),
    };
    if let Some(text) = &args.event {
        match (text.parse::<SimulatedEvent>(), find(text)) {
            (Ok(event), _) => saved.event = Some(event),
            (Err(_), Some(found)) if args.saved.is_none() => saved = found,
            (Err(_), _) if args.scheme.is_named() => {
                let words = "unknown event '{}': under --scheme leave it out to send a sample event, or use --body";
                return Err(CliError::Usage(words.replace("{}", &visible(text))));
            }
            (Err(error), _) => {
                return Err(CliError::Usage(format!("{error}, or a saved simulation; {}", known())));
            }
        }
    }
    saved.headers.extend(args.header.iter().cloned());
    saved.live |= args.live;
    saved.image = args.image.clone().or(saved.image);
    saved.image_size = args.image_size.or(saved.image_size);
    saved.items = args.items.or(saved.items);
    saved.set.extend(args.set.iter().cloned());
    saved.add.extend(args.add.iter().cloned());
    saved.unset.extend(args.unset.iter().cloned());
    saved.count = args.count.or(saved.count);
    saved.rate = args.rate.or(saved.rate);
    saved.duplicate |= args.duplicate;
    saved.out_of_order |= args.out_of_order;
    saved.kind = args.destination.kind.map(SigningKind::from).or(saved.kind);
    // A destination on the command line stands for that of the saved simulation.
    if args.destination.to.is_some() || args.destination.webhook.is_some() {
        saved.to.clone_from(&args.destination.to);
        saved.webhook.clone_from(&args.destination.webhook);
    }
    Ok(saved)
}

/// What is sent when no bytes were given.
fn chosen_body(
    saved: &SavedSimulation,
    args: &SimulateArgs,
    destination: &Destination,
) -> Result<SimulatedBody, CliError> {
    let body = SimulatedBody::choose(saved.event, &destination.scheme)?;
    match &body {
        // A saved simulation is of a screenshot unless it says otherwise.
        SimulatedBody::Event if saved.event.is_none() && args.saved.is_none() && args.event.is_none() => {
            Err(CliError::Usage(
                "no event: expected activity, app, screenshot or a saved simulation, or --scheme with another sender"
                    .to_owned(),
            ))
        }
        SimulatedBody::Sample(_)
            if saved.live || saved.image.is_some() || saved.image_size.is_some() || saved.items.is_some() =>
        {
            Err(CliError::Usage(
                "--live, --image, --image-size and --items are for Trackpilots' events: leave them out, or change the \
                 sample event with --set, --add and --unset"
                    .to_owned(),
            ))
        }
        _ => Ok(body),
    }
}

fn choice(saved: &SavedSimulation, args: &SimulateArgs) -> DestinationChoice {
    DestinationChoice {
        to: saved.to.clone(),
        webhook: saved.webhook.clone(),
        kind: saved.kind,
        secret: args.destination.secret.clone(),
    }
}

/// The bytes of `--body` or `--from`, if either was said. `None` when there is no such delivery, which
/// was said.
fn given(settings: &SettingsArgs, args: &SimulateArgs) -> Result<Option<Option<Bytes>>, CliError> {
    if let Some(path) = &args.body {
        return Ok(Some(Some(read_body(path)?)));
    }
    let Some(id) = &args.from else { return Ok(Some(None)) };
    let reader = Reader::open(&settings.location()?)?;
    match show::find(&reader, id)? {
        Some(delivery) => Ok(Some(Some(delivery.body))),
        None => {
            output::log(&format!("no delivery {id}: `whyhook list` shows the captured deliveries"));
            Ok(None)
        }
    }
}

/// The request as it would go out.
fn preview(simulation: &Simulation, format: OutputFormat) -> Result<(), CliError> {
    let request = simulation.request(0, Timestamp::now())?;
    if simulation.destination.secret.is_none() {
        output::log("no secret to sign with: the request has no signature headers");
    }
    let Simulation { destination, .. } = simulation;
    let url = hashed_url(&destination.scheme.sent_to(&destination.target), &request.head());
    if format == OutputFormat::Json {
        let header = |line: &crate::http::HeaderLine| {
            json!([String::from_utf8_lossy(line.name()), String::from_utf8_lossy(line.value())])
        };
        return output::print_json(&json!({
            "target": simulation.destination.target.to_string(),
            "signed_url": url.filter(|_| destination.secret.is_some()),
            "headers": request.lines.iter().map(header).collect::<Vec<_>>(),
            "body": String::from_utf8_lossy(&request.body),
        }));
    }
    if let Some(url) = url.filter(|_| destination.secret.is_some()) {
        output::log(&format!("URL signed: {}", visible(&url)));
    }
    let head = request.head();
    let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let head: Vec<_> = lines.map(|line| visible_bytes(line).into_owned()).collect();
    output::print(&format!("{}\n", head.join("\n").trim_end()))?;
    output::print("\n")?;
    // To a file or pipe the very bytes; a terminal would act on some.
    if std::io::stdout().is_terminal() {
        output::print(&format!("{}\n", visible_bytes(&request.body)))
    } else {
        output::print_bytes(&request.body)
    }
}
