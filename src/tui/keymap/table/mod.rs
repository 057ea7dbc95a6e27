//! The keys of a run: the screens' tables, with a person's own keys in their place.

use std::fmt::Write as _;

use super::binding::{BoundKey, KeyRow};
use super::commands::command;
use super::context::KeyContext;
use super::names;
use crate::config::KeyEntry;
use crate::config::file::Place;
use crate::text::suggestion;
use crate::tui::app::action::{Action, Tab};
use crate::tui::screens::payload::action::PayloadAction;

/// Every key of the interface and what it does, by the place where it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    contexts: Vec<(KeyContext, Vec<KeyRow>)>,
    /// Whether commands are entered in place of keys.
    is_in_lines: bool,
}

/// Why the keys of a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {words}")]
pub struct KeymapError {
    /// Where in the file.
    pub place: Place,
    /// Why, and what to do.
    pub words: String,
}

/// Without a key for these, a person could not get out, or not find out.
const ESSENTIAL: [Action; 6] =
    [Action::Back, Action::Cancel, Action::Accept, Action::Quit, Action::Help, Action::Commands];

impl Default for Keymap {
    fn default() -> Self {
        let rows = |context: KeyContext| context.bindings().iter().map(KeyRow::from).collect();
        Self {
            contexts: KeyContext::ALL.into_iter().map(|context| (context, rows(context))).collect(),
            is_in_lines: false,
        }
    }
}

impl Keymap {
    /// The default keys, with those of a configuration in their place. A key that a default has too is taken from it.
    ///
    /// # Errors
    ///
    /// [`KeymapError`]: an unknown name, one key for two actions, or an action that must have a key and is left with none.
    pub fn with(entries: &[KeyEntry]) -> Result<Self, KeymapError> {
        let mut keymap = Self::default();
        let mut chosen: Vec<Chosen<'_>> = Vec::new();
        // What is said of one place counts there whatever `[keys]` says.
        let (of_one, of_all): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.section.is_some());
        for entry in of_one.into_iter().chain(of_all) {
            let (action, contexts) = keymap.meaning(entry)?;
            let keys = keys(entry)?;
            for context in contexts {
                if chosen.iter().any(|before| before.context == context && before.action == action) {
                    continue;
                }
                let fits = |key: &&BoundKey| !context.is_typing() || !matches!(key, BoundKey::Char(_));
                let fitting: Vec<BoundKey> = keys.iter().filter(fits).copied().collect();
                if fitting.len() < keys.len() && entry.section.is_some() {
                    return Err(error(entry, "a character is text there: choose a key such as ctrl-r".to_owned()));
                }
                if fitting.is_empty() && !keys.is_empty() {
                    continue;
                }
                keymap.set(context, action, &fitting);
                chosen.push(Chosen { context, action, entry });
            }
        }
        keymap.settle(&chosen)?;
        Ok(keymap)
    }

    /// The keys of a context. Earlier rows win, and come first in hints and help.
    #[must_use]
    pub fn rows(&self, context: KeyContext) -> &[KeyRow] {
        self.contexts.iter().find(|(of, _)| *of == context).map_or(&[], |(_, rows)| rows)
    }

    fn has(&self, context: KeyContext, action: Action, key: BoundKey) -> bool {
        self.rows(context).iter().any(|row| row.action == action && row.keys.contains(&key))
    }

    fn rows_mut(&mut self, context: KeyContext) -> Option<&mut Vec<KeyRow>> {
        self.contexts.iter_mut().find(|(of, _)| *of == context).map(|(_, rows)| rows)
    }

    /// The key for an action, wherever it works; of several, the first in the help's order.
    #[must_use]
    pub fn label(&self, action: Action) -> Option<String> {
        let mut rows = self.contexts.iter().flat_map(|(_, rows)| rows).filter(|row| row.action == action);
        rows.find_map(|row| row.keys.first()).map(|key| key.label())
    }

    /// The same table where commands are entered in place of keys: sentences name these.
    #[must_use]
    pub fn in_lines(self) -> Self {
        Self { is_in_lines: true, ..self }
    }

    /// Whether commands are entered in place of keys.
    #[must_use]
    pub fn is_in_lines(&self) -> bool {
        self.is_in_lines
    }

    /// What does it, for a sentence that is better left out where nothing does: a key, or a command in its place.
    #[must_use]
    pub fn hint(&self, action: Action) -> Option<String> {
        match self.is_in_lines {
            true => command(action).map(str::to_owned),
            false => Some(self.press(action)),
        }
    }

    /// Where a tab is found: `tab Image`, or the command that prints it.
    #[must_use]
    pub fn tab(&self, tab: Tab) -> String {
        if self.is_in_lines { self.press(Action::Show(tab)) } else { format!("tab {}", tab.title()) }
    }

    /// How an action is asked for: `press s`, or `enter secret`.
    #[must_use]
    pub fn request(&self, action: Action) -> String {
        format!("{} {}", if self.is_in_lines { "enter" } else { "press" }, self.press(action))
    }

    /// What a sentence names for an action: the key, or where an action without one is found; in lines, the command.
    #[must_use]
    pub fn press(&self, action: Action) -> String {
        if self.is_in_lines {
            return command(action).map_or_else(|| names::action(action).into_owned(), str::to_owned);
        }
        self.label(action).unwrap_or_else(|| {
            let commands = self.label(Action::Commands).unwrap_or_default();
            format!("{commands} {}", names::action(action))
        })
    }

    /// What an entry names: the action, and where it works.
    fn meaning(&self, entry: &KeyEntry) -> Result<(Action, Vec<KeyContext>), KeymapError> {
        let section = match entry.section.as_deref() {
            None => None,
            Some(name) => Some(section(name).ok_or_else(|| KeymapError {
                place: entry.section_place,
                words: unknown("section", name, KeyContext::ALL.into_iter().filter_map(KeyContext::section)),
            })?),
        };
        let mut found: Vec<(KeyContext, Action)> = Vec::new();
        for (context, rows) in &self.contexts {
            let named = rows.iter().find(|row| names::action(row.action) == entry.action.as_str());
            found.extend(named.map(|row| (*context, row.action)));
        }
        let Some((_, action)) = found.first().copied() else {
            let all = self.contexts.iter().flat_map(|(_, rows)| rows).map(|row| names::action(row.action).into_owned());
            let all: Vec<String> = all.collect();
            return Err(error(entry, unknown("action", &entry.action, all.iter().map(String::as_str))));
        };
        let contexts: Vec<KeyContext> = found.into_iter().map(|(context, _)| context).collect();
        match section {
            None => Ok((action, contexts)),
            Some(section) if contexts.contains(&section) => Ok((action, vec![section])),
            Some(_) => {
                let places: Vec<String> = contexts.into_iter().map(heading).collect();
                let words =
                    format!("'{}' does nothing there: it belongs to {}", names::action(action), places.join(" or "));
                Err(error(entry, words))
            }
        }
    }

    /// Gives an action its keys. Each row keeps those that are its own; new ones go to the first that needs no focus.
    fn set(&mut self, context: KeyContext, action: Action, keys: &[BoundKey]) {
        let Some(rows) = self.rows_mut(context) else { return };
        let mut own: Vec<&mut KeyRow> = rows.iter_mut().filter(|row| row.action == action).collect();
        let fallback = own.iter().position(|row| !row.needs_focus).unwrap_or(0);
        let home = |key: &BoundKey| own.iter().position(|row| row.keys.contains(key)).unwrap_or(fallback);
        let homes: Vec<usize> = keys.iter().map(home).collect();
        for (at, row) in own.iter_mut().enumerate() {
            row.keys = keys.iter().zip(&homes).filter(|(_, home)| **home == at).map(|(key, _)| *key).collect();
        }
    }

    /// Takes chosen keys from the defaults that had them, and refuses those that were chosen twice.
    fn settle(&mut self, chosen: &[Chosen<'_>]) -> Result<(), KeymapError> {
        let of = |context, action| chosen.iter().find(|one| one.context == context && one.action == action);
        let (before, default) = (self.clone(), Self::default());
        for one in chosen {
            let own: Vec<&KeyRow> = before.rows(one.context).iter().filter(|row| row.action == one.action).collect();
            for (context, rows) in &mut self.contexts {
                for row in rows {
                    let is_taken = |key: &BoundKey| {
                        // What shares a key by default may go on to share it.
                        let is_shared =
                            default.has(one.context, one.action, *key) && default.has(*context, row.action, *key);
                        !is_shared
                            && own.iter().any(|mine| mine.keys.contains(key) && clash(one.context, mine, *context, row))
                    };
                    let taken: Vec<BoundKey> = row.keys.iter().copied().filter(is_taken).collect();
                    let Some(key) = taken.first() else { continue };
                    if let Some(other) = of(*context, row.action) {
                        let words = format!(
                            "'{}' is the key of '{}' too (line {}): choose another",
                            key.name(),
                            other.entry.action,
                            other.entry.place.line
                        );
                        return Err(error(one.entry, words));
                    }
                    row.keys.retain(|key| !taken.contains(key));
                    let needs_one = ESSENTIAL.contains(&row.action);
                    if needs_one && row.keys.is_empty() {
                        let (key, action) = (key.name(), names::action(row.action));
                        let words = format!(
                            "'{key}' is the only key of '{action}' in {}: give that another",
                            heading(*context)
                        );
                        return Err(error(one.entry, words));
                    }
                }
            }
            if ESSENTIAL.contains(&one.action) && own.iter().all(|row| row.keys.is_empty()) {
                return Err(error(one.entry, format!("'{}' needs a key", one.entry.action)));
            }
        }
        Ok(())
    }

    /// The names that `[keys]` takes: of each action, with the table below `[keys]` in which it may be.
    pub fn names(&self) -> impl Iterator<Item = (Option<&'static str>, String)> {
        self.contexts.iter().flat_map(|(context, rows)| {
            let mut names: Vec<String> = rows.iter().map(|row| names::action(row.action).into_owned()).collect();
            names.dedup();
            names.into_iter().map(|name| (context.section(), name))
        })
    }

    /// All keys as a configuration: a table `[keys]` that says what is.
    #[must_use]
    pub fn toml(&self) -> String {
        const COLUMN: usize = 44;
        let mut text = String::from(
            "# The keys of whyhook. Put the lines that you change into the configuration, below the same heading.\n\
             # A key is a character, or a name such as ctrl-r, alt-x, enter, space, f5; [] is none.\n\
             # An action under [keys] has its keys wherever it works, unless a table below says otherwise.\n",
        );
        for (context, rows) in &self.contexts {
            let _ = write!(text, "\n# {}\n{}\n", context.title(), heading(*context));
            let mut written: Vec<Action> = Vec::new();
            for row in rows {
                if written.contains(&row.action) {
                    continue;
                }
                written.push(row.action);
                let keys = rows.iter().filter(|other| other.action == row.action).flat_map(|row| &row.keys);
                let names: Vec<String> = keys.map(|key| quoted(&key.name())).collect();
                let value = match &names[..] {
                    [one] => one.clone(),
                    names => format!("[{}]", names.join(", ")),
                };
                let line = format!("{} = {value}", names::action(row.action));
                let _ = writeln!(text, "{line:<COLUMN$} # {}", row.action.words());
            }
        }
        text
    }
}

/// What an entry has set.
struct Chosen<'a> {
    context: KeyContext,
    action: Action,
    entry: &'a KeyEntry,
}

/// Whether a key in two rows would mean two things at once. Elsewhere the narrower context wins, which is meant so.
fn clash(one: KeyContext, mine: &KeyRow, other: KeyContext, row: &KeyRow) -> bool {
    use KeyContext::{Anywhere, Detail, List};
    if mine.action == row.action {
        return false;
    }
    // Space folds where there is something to fold, and pauses elsewhere.
    let folds = |action| action == Action::Payload(PayloadAction::Toggle);
    if (folds(mine.action) && row.action == Action::Pause) || (folds(row.action) && mine.action == Action::Pause) {
        return false;
    }
    let is_tab = |context, row: &KeyRow| {
        let tabs = [KeyContext::Signature, KeyContext::Payload, KeyContext::Image, KeyContext::Answer];
        tabs.contains(&context) && !row.needs_focus
    };
    match (one, other) {
        (one, other) if one == other => true,
        (List | Detail, Anywhere) | (Anywhere, List | Detail) => true,
        (List | Anywhere, tab) if is_tab(tab, row) => true,
        (tab, List | Anywhere) if is_tab(tab, mine) => true,
        _ => false,
    }
}

fn keys(entry: &KeyEntry) -> Result<Vec<BoundKey>, KeymapError> {
    let mut keys = Vec::new();
    for name in &entry.keys {
        let key = BoundKey::read(name).map_err(|words| error(entry, words))?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn section(name: &str) -> Option<KeyContext> {
    KeyContext::ALL.into_iter().find(|context| context.section() == Some(name))
}

fn heading(context: KeyContext) -> String {
    context.section().map_or("[keys]".to_owned(), |section| format!("[keys.{section}]"))
}

fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let meant = suggestion(name, names);
    format!("unknown {what} {}: `whyhook keys` lists all{meant}", crate::config::named(name))
}

fn error(entry: &KeyEntry, words: String) -> KeymapError {
    KeymapError { place: entry.place, words }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
