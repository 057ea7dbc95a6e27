//! The text of a configuration file with something else in it.

use std::path::Path;

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{ConfigPart, ConfigSaveError};
use crate::config::file::ConfigFile;
use crate::rules::{CustomAnswer, NamedAnswer, Rule};
use crate::simulate::SavedSimulation;

/// The keys of a rule that its condition is made of.
const CONDITIONS: [&str; 7] = ["when", "webhook", "path", "event", "verdict", "header", "simulation"];
/// The keys that say the rule for the rest.
const DEFAULTS: [&str; 2] = ["respond", "forward_to"];

/// `text` with `part` in it.
///
/// # Errors
///
/// [`ConfigSaveError`] when the text cannot be read, before or after, or when anything else in it would say something
/// else.
pub(super) fn with(file: &Path, text: &str, part: &ConfigPart) -> Result<String, ConfigSaveError> {
    let entangled = || ConfigSaveError::Entangled { file: file.to_owned(), what: what(part) };
    let before = ConfigFile::parse(file, text)?;
    let mut document: DocumentMut = text.parse().map_err(|_| entangled())?;
    let is_put = match part {
        ConfigPart::Answer(named) => put_answer(&mut document, named),
        ConfigPart::Rules(rules) => put_rules(&mut document, &before.rules, rules),
        ConfigPart::Simulation(name, saved) => put_simulation(&mut document, name, saved),
        ConfigPart::Filter(name, text) => put_filter(&mut document, name, text),
        ConfigPart::Columns(columns) => {
            let names: toml_edit::Array = columns.iter().map(|column| column.name()).collect();
            put(document.as_table_mut(), "columns", Some(names.into()));
            Some(())
        }
    };
    is_put.ok_or_else(entangled)?;
    let mut after = document.to_string();
    if text.contains("\r\n") && !after.contains('\r') {
        after = after.replace('\n', "\r\n");
    }
    let read = ConfigFile::parse(file, &after)?;
    let is_there = match part {
        ConfigPart::Answer(named) => {
            read.answers.iter().any(|it| it.name == named.name && is_same(&it.written, &named.written))
        }
        ConfigPart::Rules(rules) => read.rules == *rules,
        ConfigPart::Simulation(name, saved) => read.simulations.get(name) == Some(saved),
        ConfigPart::Filter(name, text) => read.filters.get(name) == Some(text),
        ConfigPart::Columns(columns) => read.columns.as_ref() == Some(columns),
    };
    if is_there && others(text, part) == others(&after, part) { Ok(after) } else { Err(entangled()) }
}

/// What is saved, in words.
fn what(part: &ConfigPart) -> String {
    match part {
        ConfigPart::Answer(named) => format!("the answer '{}'", named.name),
        ConfigPart::Rules(_) => "its rules".to_owned(),
        ConfigPart::Simulation(name, _) => format!("the simulation '{}'", crate::text::visible(name)),
        ConfigPart::Filter(name, _) => format!("the filter '{}'", crate::text::visible(name)),
        ConfigPart::Columns(_) => "the columns of the list".to_owned(),
    }
}

/// Everything else that a file says.
fn others(text: &str, part: &ConfigPart) -> Option<toml::Table> {
    let mut table: toml::Table = text.parse().ok()?;
    let mut take = |group: &str, name: &str| {
        let named = table.get_mut(group).and_then(toml::Value::as_table_mut);
        let is_empty = named.is_none_or(|named| {
            named.remove(name);
            named.is_empty()
        });
        if is_empty {
            table.remove(group);
        }
    };
    match part {
        ConfigPart::Answer(named) => take("answers", &named.name),
        ConfigPart::Simulation(name, _) => take("simulations", name),
        ConfigPart::Filter(name, _) => take("filters", name),
        ConfigPart::Columns(_) => drop(table.remove("columns")),
        ConfigPart::Rules(_) => {
            table.remove("rules");
            DEFAULTS.iter().for_each(|key| drop(table.remove(*key)));
        }
    }
    Some(table)
}

/// Headers in a table have no order of their own.
fn is_same(one: &CustomAnswer, two: &CustomAnswer) -> bool {
    let sorted = |written: &CustomAnswer| {
        let pair = |(name, value): &(String, crate::rules::Template)| (name.clone(), value.source().to_owned());
        let mut headers: Vec<(String, String)> = written.headers.iter().map(pair).collect();
        headers.sort();
        headers
    };
    one.status == two.status && one.body == two.body && sorted(one) == sorted(two)
}

fn put_answer(document: &mut DocumentMut, named: &NamedAnswer) -> Option<()> {
    let written = &named.written;
    let headers: InlineTable =
        written.headers.iter().map(|(name, value)| (name.as_str(), Value::from(value.source()))).collect();
    put_named(document, "answers", &named.name, |table| {
        put(table, "status", Some(i64::from(written.status).into()));
        put(table, "headers", (!headers.is_empty()).then(|| headers.into()));
        put(table, "body", written.body.as_ref().map(|body| body.source().into()));
    })
}

fn put_filter(document: &mut DocumentMut, name: &str, text: &str) -> Option<()> {
    let filters = document.entry("filters").or_insert_with(toml_edit::table);
    let table = filters.as_table_like_mut()?;
    put(table, name, Some(text.into()));
    Some(())
}

fn put_simulation(document: &mut DocumentMut, name: &str, saved: &SavedSimulation) -> Option<()> {
    let made: DocumentMut = saved.to_toml("it").parse().ok()?;
    let made = made.get("simulations")?.get("it")?.as_table_like()?;
    put_named(document, "simulations", name, |table| {
        let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
        for key in keys.iter().filter(|key| !made.contains_key(key)) {
            table.remove(key);
        }
        for (key, item) in made.iter() {
            put(table, key, item.as_value().cloned());
        }
    })
}

/// Changes the table `[GROUP.NAME]`, or adds it after everything else.
fn put_named(
    document: &mut DocumentMut,
    group: &str,
    name: &str,
    change: impl FnOnce(&mut dyn TableLike),
) -> Option<()> {
    let end = End::of(document);
    let group = document.entry(group).or_insert_with(|| {
        let mut table = Table::new();
        // Its own header would say nothing.
        table.set_implicit(true);
        Item::Table(table)
    });
    if let Some(known) = group.as_table_like_mut()?.get_mut(name) {
        change(known.as_table_like_mut()?);
        return Some(());
    }
    let mut table = Table::new();
    change(&mut table);
    end.move_before(&mut table);
    group.as_table_mut()?.insert(name, Item::Table(table));
    document.set_trailing("");
    Some(())
}

/// Puts the rules in the place of those that are there: `known` as they were read, `[[rules]]` first. A table
/// whose rule stays is only moved, and one whose rule has changed keeps its comments.
fn put_rules(document: &mut DocumentMut, known: &[Rule], rules: &[Rule]) -> Option<()> {
    let count = match document.get("rules") {
        Some(item) => item.as_array_of_tables()?.len(),
        None => 0,
    };
    let listed = put_default(document, known.get(count), rules);
    let array = document.get("rules").and_then(Item::as_array_of_tables);
    let mut tables: Vec<Table> = array.into_iter().flatten().cloned().collect();
    let heading = tables.first_mut().map(take_heading).unwrap_or_default();
    let mut places: Vec<isize> = tables.iter().filter_map(Table::position).collect();
    places.sort_unstable();
    let end = End::of(document);
    let mut array = ArrayOfTables::new();
    for (at, mut table) in arranged(known, tables, listed).into_iter().enumerate() {
        if at == 0 && places.is_empty() {
            end.move_before(&mut table);
            document.set_trailing("");
        }
        table.set_position(places.get(at).or(places.last()).copied().or(Some(end.position)));
        array.push(table);
    }
    if let Some(first) = array.get_mut(0).filter(|_| !heading.is_empty()) {
        let prefix = format!("{heading}{}", text_of(first.decor().prefix()).trim_start_matches('\n'));
        first.decor_mut().set_prefix(prefix);
    }
    match (document.get_mut("rules"), array.is_empty()) {
        (Some(_), true) => {
            document["rules"] = Item::ArrayOfTables(ArrayOfTables::new());
            take_out(document, "rules", &heading);
        }
        (Some(item), false) => *item = Item::ArrayOfTables(array),
        (None, true) => {}
        (None, false) => drop(document.insert("rules", Item::ArrayOfTables(array))),
    }
    Some(())
}

/// A table for each rule: that of the same rule, else one that no rule has any more and that stood here, else a new
/// one.
fn arranged(known: &[Rule], tables: Vec<Table>, rules: &[Rule]) -> Vec<Table> {
    let mut olds: Vec<Option<(&Rule, Table)>> = known.iter().zip(tables).map(Some).collect();
    let mut same = |rule: &Rule| {
        let is_same = |old: &Option<(&Rule, Table)>| old.as_ref().is_some_and(|(known, _)| *known == rule);
        let from = olds.iter().position(is_same)?;
        olds[from].take().map(|(_, table)| (from, table))
    };
    // Those that stay first: what is left over may become those that are new.
    let stay: Vec<Option<(usize, Table)>> = rules.iter().map(&mut same).collect();
    let mut next = 0;
    let arrange = |(rule, stays): (&Rule, Option<(usize, Table)>)| match stays {
        Some((from, table)) => {
            next = from + 1;
            table
        }
        None => {
            let old = olds.get_mut(next).and_then(Option::take);
            next += usize::from(old.is_some());
            rewritten(old.map(|(_, table)| table).unwrap_or_default(), rule)
        }
    };
    rules.iter().zip(stay).map(arrange).collect()
}

/// Puts the last rule where `respond` or `forward_to` say it, and returns the others.
fn put_default<'a>(document: &mut DocumentMut, known: Option<&Rule>, rules: &'a [Rule]) -> &'a [Rule] {
    match rules.split_last() {
        Some((last, others)) if Some(last) == known => others,
        Some((last, others)) if last.when.is_empty() && document.contains_key("respond") => {
            put(document.as_table_mut(), "respond", Some(last.then.to_string().into()));
            others
        }
        _ => {
            for key in DEFAULTS {
                let comments = document.key(key).map(|key| text_of(key.leaf_decor().prefix()).to_owned());
                take_out(document, key, &comments.unwrap_or_default());
            }
            rules
        }
    }
}

/// The comments before a table that speak of more than it: those with an empty line after them.
fn take_heading(table: &mut Table) -> String {
    let prefix = text_of(table.decor().prefix()).to_owned();
    let Some(end) = prefix.rfind("\n\n").filter(|end| prefix[..*end].contains('#')) else { return String::new() };
    table.decor_mut().set_prefix(&prefix[end + 1..]);
    prefix[..end + 2].to_owned()
}

/// Takes a key out, and leaves the comments before it to what comes next.
fn take_out(document: &mut DocumentMut, key: &str, comments: &str) {
    let keys: Vec<String> = document.iter().map(|(key, _)| key.to_owned()).collect();
    let next = keys.iter().skip_while(|other| *other != key).nth(1);
    document.remove(key);
    let comments = comments.trim_end();
    if comments.is_empty() {
        return;
    }
    if !next.is_some_and(|next| put_before(document.as_table_mut(), next, comments)) {
        let trailing = format!("{comments}\n{}", text_of(Some(document.trailing())));
        document.set_trailing(trailing);
    }
}

/// Puts comments before a key, or before the header of its table; returns whether it has such a place.
fn put_before(table: &mut Table, key: &str, comments: &str) -> bool {
    let Some((mut key, item)) = table.get_key_value_mut(key) else { return false };
    let decor = match item {
        Item::Value(_) => key.leaf_decor_mut(),
        Item::Table(table) if table.is_implicit() => {
            let first = table.iter().next().map(|(key, _)| key.to_owned());
            return first.is_some_and(|first| put_before(table, &first, comments));
        }
        Item::Table(table) => table.decor_mut(),
        Item::ArrayOfTables(array) => match array.get_mut(0) {
            Some(table) => table.decor_mut(),
            None => return false,
        },
        Item::None => return false,
    };
    let prefix = format!("{comments}\n{}", text_of(decor.prefix()));
    decor.set_prefix(prefix);
    true
}

fn text_of(raw: Option<&toml_edit::RawString>) -> &str {
    raw.and_then(toml_edit::RawString::as_str).unwrap_or_default()
}

/// A rule's table, with the comments of what it was.
fn rewritten(mut table: Table, rule: &Rule) -> Table {
    CONDITIONS.iter().filter(|key| **key != "when").for_each(|key| drop(table.remove(key)));
    put(&mut table, "when", (!rule.when.is_empty()).then(|| rule.when.to_string().into()));
    // In their usual order when both are new.
    put(&mut table, "then", Some(rule.then.to_string().into()));
    table
}

/// Puts a value in the place of the one that is there, beside its comments; `None` takes it out.
fn put(table: &mut dyn TableLike, key: &str, value: Option<Value>) {
    let Some(mut value) = value else {
        table.remove(key);
        return;
    };
    match table.get_mut(key) {
        Some(known) if meaning(known.clone()) == meaning(Item::Value(value.clone())) => {}
        Some(Item::Value(known)) => {
            *value.decor_mut() = known.decor().clone();
            *known = value;
        }
        _ => drop(table.insert(key, Item::Value(value))),
    }
}

/// What a value says, however it is written.
fn meaning(item: Item) -> Option<toml::Value> {
    let value = item.into_value().ok()?.decorated("", "");
    format!("it = {value}").parse::<toml::Table>().ok()?.remove("it")
}

/// The end of a document, where tables are added.
struct End {
    /// After every table.
    position: isize,
    /// What stands after the last table, which belongs to it rather than to what is added.
    trailing: String,
    is_empty: bool,
}

impl End {
    fn of(document: &DocumentMut) -> Self {
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        let position = document.iter().map(|(_, item)| last_position(item)).max().unwrap_or(0) + 1;
        Self { position, is_empty: document.is_empty() && trailing.is_empty(), trailing }
    }

    /// Puts a new table after it, an empty line between the two.
    fn move_before(&self, table: &mut Table) {
        let gap = match &self.trailing[..] {
            _ if self.is_empty => "",
            trailing if trailing.ends_with("\n\n") => "",
            trailing if trailing.is_empty() || trailing.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        table.decor_mut().set_prefix(format!("{}{gap}", self.trailing));
        table.set_position(Some(self.position));
    }
}

fn last_position(item: &Item) -> isize {
    let of_table = |table: &Table| {
        let below = table.iter().map(|(_, item)| last_position(item)).max();
        below.max(table.position()).unwrap_or(0)
    };
    match item {
        Item::Table(table) => of_table(table),
        Item::ArrayOfTables(array) => array.iter().map(of_table).max().unwrap_or(0),
        Item::None | Item::Value(_) => 0,
    }
}
