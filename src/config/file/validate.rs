//! What must hold between the parts of a configuration file.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::raw::{RawFile, RawRule, RawSecrets, RawWebhook};
use super::tree::offset_of;
use super::{ConfigFile, Fault, Place, SecretEntry, rules};
use crate::config::mistaken::looks_like_a_secret;
use crate::config::notices::RawNotify;
use crate::config::theme::RawTheme;
use crate::config::webhook::without_slash;
use crate::config::{KNOWN_EVENTS, ListColumn, Warning, Webhook};
use crate::query::SavedFilters;
use crate::rules::RuleReader;
use crate::simulate::SavedSimulation;
use crate::text::visible;

/// Checks `raw`, read from `tree`, which is what `text` says. An error carries the byte offset in `text`.
pub(super) fn check(raw: RawFile, tree: &DeTable<'_>, path: &Path, text: &str) -> Result<ConfigFile, (usize, Fault)> {
    let mut file = ConfigFile {
        path: path.to_owned(),
        fingerprint: super::fingerprint(path, text),
        bind: raw.bind,
        store: raw.store,
        forward_timeout: raw.forward_timeout,
        ca_file: raw.ca_file,
        tolerance: raw.tolerance,
        body_limit: raw.body_limit,
        bounds: raw.limits,
        hold_for: raw.hold_for,
        handshakes: raw.handshakes,
        answers: Vec::new(),
        rules: Vec::new(),
        ngrok_api: raw.ngrok_api,
        public_url: raw.public_url,
        tunnels: raw.tunnels.settings(),
        retention: raw.retention,
        images: raw.images,
        mouse: raw.mouse,
        keys: raw.keys.entries(&|at| Place::of(text, at)).map_err(|(at, words)| (at, Fault::Syntax(words)))?,
        notify: None,
        on_delivery: None,
        redact: raw.redact.read().map_err(|(at, words)| (at, Fault::Syntax(words)))?,
        theme: raw.theme.map(RawTheme::settings).transpose().map_err(|(at, words)| (at, Fault::Syntax(words)))?,
        secrets: Vec::new(),
        webhooks: Vec::new(),
        simulations: BTreeMap::new(),
        filters: SavedFilters::default(),
        columns: None,
        label_places: Vec::new(),
        warnings: Vec::new(),
    };
    add_secrets(&mut file, raw.secrets, text)?;
    for webhook in raw.webhook {
        add_webhook(&mut file, webhook, tree, text)?;
    }
    for (name, saved) in raw.simulations {
        add_simulation(&mut file, name, saved, tree, text)?;
    }
    warn_of_webhooks(&mut file, &raw.rules, text);
    file.filters = filters(raw.filters)?;
    let notify = match (raw.bell, raw.notify) {
        (Some(_), Some(notify)) => return Err((notify.span().start, Fault::TwoNotices)),
        (bell, notify) => notify.map(Spanned::into_inner).or(bell.map(RawNotify::bell)),
    };
    let unreadable = |(at, words)| (at, Fault::Syntax(words));
    file.notify = notify.map(|raw| raw.read(&file.filters)).transpose().map_err(unreadable)?;
    file.on_delivery = raw.on_delivery.map(|raw| raw.read(&file.filters)).transpose().map_err(unreadable)?;
    if let Some(columns) = raw.columns {
        file.columns = Some(read_columns(&columns)?);
    }
    file.answers = rules::answers(raw.answers)?;
    let written = rules::WrittenRule { rules: raw.rules, respond: raw.respond, forward_to: raw.forward_to };
    file.rules = rules::rules(written, RuleReader::new(&file.answers).with_filters(&file.filters))?;
    Ok(file)
}

fn read_columns(written: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<ListColumn>, (usize, Fault)> {
    let names: Vec<&str> = written.get_ref().iter().map(|name| name.get_ref().as_str()).collect();
    let read = |count: usize| ListColumn::read_all(&names[..count].join(","));
    // The first that is wrong together with those before it.
    let wrong = (1..=names.len()).find(|count| read(*count).is_err());
    let place = wrong.map_or(written.span().start, |count| written.get_ref()[count - 1].span().start);
    read(wrong.unwrap_or(names.len())).map_err(|error| (place, Fault::Syntax(error.to_string())))
}

/// Adds the secrets in the order of the file, which is the person's: the table comes sorted by label.
fn add_secrets(file: &mut ConfigFile, secrets: RawSecrets, text: &str) -> Result<(), (usize, Fault)> {
    let mut secrets: Vec<_> = secrets.0.into_iter().collect();
    secrets.sort_by_key(|(label, _)| label.span().start);
    for (label, source) in secrets {
        let offset = label.span().start;
        if label.get_ref().is_empty() {
            return Err((offset, Fault::EmptyLabel));
        }
        file.secrets.push(SecretEntry { label: label.into_inner(), source, place: Place::of(text, offset) });
    }
    Ok(())
}

/// Adds a simulation that can be sent; webhooks have been added before.
fn add_simulation(
    file: &mut ConfigFile,
    name: Spanned<String>,
    saved: SavedSimulation,
    tree: &DeTable<'_>,
    text: &str,
) -> Result<(), (usize, Fault)> {
    let offset = |key: &str, item: Option<usize>| {
        let item = item.map(|at| at.to_string());
        let way: Vec<&str> = ["simulations", name.get_ref(), key].into_iter().chain(item.as_deref()).collect();
        offset_of(tree, &way)
    };
    saved.check().map_err(|error| {
        let fault = Fault::Simulation { name: name.get_ref().clone(), reason: error.to_string() };
        (offset(error.key, error.item), fault)
    })?;
    if let Some(webhook) = saved.webhook.as_ref().filter(|name| file.webhooks.iter().all(|own| own.name != **name)) {
        let what = format!("the simulation '{}'", visible(name.get_ref()));
        let warning = unknown_webhook(file, Place::of(text, offset("webhook", None)), what, webhook);
        file.warnings.push(warning);
    }
    // Other options of the command may mend it.
    if let Some(doubt) = saved.doubt() {
        file.warnings.push(Warning::Simulation {
            file: file.path.clone(),
            line: Place::of(text, offset(doubt.key, doubt.item)).line,
            name: name.get_ref().clone(),
            reason: doubt.to_string(),
        });
    }
    file.simulations.insert(name.into_inner(), saved);
    Ok(())
}

/// Warns of rules for webhooks that are not in the file.
fn warn_of_webhooks(file: &mut ConfigFile, rules: &[Spanned<RawRule>], text: &str) {
    for named in rules.iter().filter_map(|rule| rule.get_ref().webhook.as_ref()) {
        // As the condition is read: a part of the name will do.
        let wanted = named.get_ref().to_lowercase();
        if !file.webhooks.iter().any(|webhook| webhook.name.to_lowercase().contains(&wanted)) {
            let place = Place::of(text, named.span().start);
            let warning = unknown_webhook(file, place, "the rule".to_owned(), named.get_ref());
            file.warnings.push(warning);
        }
    }
}

fn unknown_webhook(file: &ConfigFile, place: Place, what: String, webhook: &str) -> Warning {
    Warning::UnknownWebhook {
        file: file.path.clone(),
        line: place.line,
        what,
        webhook: webhook.to_owned(),
        names: file.webhooks.iter().map(|webhook| webhook.name.clone()).collect(),
    }
}

/// `[filters]`, each of which must be readable.
fn filters(raw: BTreeMap<Spanned<String>, Spanned<String>>) -> Result<SavedFilters, (usize, Fault)> {
    if let Some(name) = raw.keys().find(|name| !SavedFilters::is_name(name.get_ref())) {
        return Err((name.span().start, Fault::FilterName(name.get_ref().clone())));
    }
    let place = |wanted: &str| raw.iter().find(|(name, _)| name.get_ref() == wanted).map(|(_, text)| text.span().start);
    let pairs = raw.iter().map(|(name, text)| (name.get_ref().clone(), text.get_ref().clone()));
    SavedFilters::new(pairs)
        .map_err(|(name, error)| (place(&name).unwrap_or_default(), Fault::Filter { name, reason: error.to_string() }))
}

fn add_webhook(file: &mut ConfigFile, raw: RawWebhook, tree: &DeTable<'_>, text: &str) -> Result<(), (usize, Fault)> {
    let position = file.webhooks.len().to_string();
    let offset = |way: &[&str]| offset_of(tree, &[&["webhook", position.as_str()], way].concat());
    check_name(&raw.name, &file.webhooks)?;
    check_path(&raw.path, &file.webhooks)?;
    for event in &raw.events {
        if !KNOWN_EVENTS.contains(&event.get_ref().as_str()) {
            file.warnings.push(Warning::UnknownEvent {
                file: file.path.clone(),
                line: Place::of(text, event.span().start).line,
                webhook: raw.name.get_ref().clone(),
                event: event.get_ref().clone(),
            });
        }
    }
    let schemes = raw.scheme.map(|schemes| {
        schemes.read().map_err(|(way, words)| {
            let way: Vec<&str> = std::iter::once("scheme").chain(way.iter().map(String::as_str)).collect();
            (offset(&way), Fault::Syntax(words))
        })
    });
    let schemes = schemes.transpose()?;
    let secrets = raw.secret.map(|labels| labels.0).unwrap_or_default();
    let label_places = (0..secrets.len()).map(|at| Place::of(text, offset(&["secret", &at.to_string()])));
    file.label_places.push(label_places.collect());
    file.webhooks.push(Webhook {
        name: raw.name.into_inner(),
        path: raw.path.into_inner(),
        kind: raw.kind,
        secrets,
        events: raw.events.into_iter().map(Spanned::into_inner).collect(),
        url: raw.url,
        schemes,
    });
    Ok(())
}

fn check_name(name: &Spanned<String>, earlier: &[Webhook]) -> Result<(), (usize, Fault)> {
    let fault = if name.get_ref().trim().is_empty() {
        Fault::EmptyName
    } else if looks_like_a_secret(name.get_ref()) {
        Fault::SecretAsName
    } else if earlier.iter().any(|webhook| webhook.name == *name.get_ref()) {
        Fault::DuplicateName(name.get_ref().clone())
    } else {
        return Ok(());
    };
    Err((name.span().start, fault))
}

fn check_path(path: &Spanned<String>, earlier: &[Webhook]) -> Result<(), (usize, Fault)> {
    let text = path.get_ref();
    let impossible = |byte: u8| matches!(byte, b'?' | b'#') || byte <= b' ' || byte == 0x7f;
    let owner = earlier.iter().find(|webhook| without_slash(webhook.path.as_bytes()) == without_slash(text.as_bytes()));
    let fault = if !text.starts_with('/') || text.bytes().any(impossible) {
        Fault::BadPath(text.clone())
    } else if let Some(owner) = owner {
        Fault::DuplicatePath { path: text.clone(), owner: owner.name.clone() }
    } else {
        return Ok(());
    };
    Err((path.span().start, fault))
}
