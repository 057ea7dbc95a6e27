//! The values of a file as a tree: what lies at a byte of the text, the way to it, and its parts.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// The longest table or array whose parts are tried one by one.
const PARTS: usize = 32;

/// A step from a table or an array to something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TreeStep {
    Key(String),
    Item(usize),
}

impl TreeStep {
    pub(super) fn key(&self) -> Option<String> {
        match self {
            Self::Key(key) => Some(key.clone()),
            Self::Item(_) => None,
        }
    }
}

/// What something is in, and where that begins.
pub(super) enum Parent<'a, 'i> {
    Table(&'a mut DeTable<'i>, usize),
    Array(&'a mut DeArray<'i>, usize),
}

impl Parent<'_, '_> {
    pub(super) fn start(&self) -> usize {
        match self {
            Self::Table(_, start) | Self::Array(_, start) => *start,
        }
    }
}

pub(super) fn descend<'a, 'i>(table: &'a mut DeTable<'i>, start: usize, way: &[TreeStep]) -> Option<Parent<'a, 'i>> {
    let mut parent = Parent::Table(table, start);
    for step in way {
        let value = match (parent, step) {
            (Parent::Table(table, _), TreeStep::Key(key)) => table.get_mut(key.as_str())?,
            (Parent::Array(array, _), TreeStep::Item(at)) => array.get_mut(*at)?,
            _ => return None,
        };
        let start = value.span().start;
        parent = match value.get_mut() {
            DeValue::Table(table) => Parent::Table(table, start),
            DeValue::Array(array) => Parent::Array(array, start),
            _ => return None,
        };
    }
    Some(parent)
}

/// Looks for the narrowest key or value at an offset. Of two alike it is the outer one, or else the inner one: the only
/// item of an array of tables begins and ends where the array does.
pub(super) struct Seeking {
    offset: usize,
    takes_inner: bool,
    way: Vec<TreeStep>,
    found: Option<(Vec<TreeStep>, usize)>,
}

impl Seeking {
    /// The way to it.
    pub(super) fn way(tree: &Spanned<DeTable<'_>>, offset: usize, takes_inner: bool) -> Option<Vec<TreeStep>> {
        let mut seeking = Self { offset, takes_inner, way: Vec::new(), found: None };
        seeking.table(tree.get_ref());
        seeking.found.map(|(way, _)| way)
    }

    fn consider(&mut self, span: std::ops::Range<usize>) {
        let is_narrower = self
            .found
            .as_ref()
            .is_none_or(|(_, width)| span.len() < *width || (self.takes_inner && span.len() == *width));
        if span.contains(&self.offset) && is_narrower {
            self.found = Some((self.way.clone(), span.len()));
        }
    }

    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.way.push(TreeStep::Key(key.get_ref().to_string()));
            self.consider(key.span());
            self.value(value);
            self.way.pop();
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) {
        self.consider(value.span());
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(array) => {
                for (at, item) in array.iter().enumerate() {
                    self.way.push(TreeStep::Item(at));
                    self.value(item);
                    self.way.pop();
                }
            }
            _ => {}
        }
    }
}

/// The ways to the parts of what is at `way`: the items of arrays in a table before its keys.
pub(super) fn parts(tree: &DeTable<'_>, way: &[TreeStep]) -> Vec<Vec<TreeStep>> {
    let below = |step| way.iter().cloned().chain([step]).collect::<Vec<_>>();
    match value_at(tree, way) {
        Some(DeValue::Array(array)) => (0..array.len().min(PARTS)).map(|at| below(TreeStep::Item(at))).collect(),
        Some(DeValue::Table(table)) => table
            .iter()
            .take(PARTS)
            .flat_map(|(key, value)| {
                let way = below(TreeStep::Key(key.get_ref().to_string()));
                let items = match value.get_ref() {
                    DeValue::Array(array) if array.len() > 1 => array.len().min(PARTS),
                    _ => 0,
                };
                let item = |at| way.iter().cloned().chain([TreeStep::Item(at)]).collect();
                (0..items).map(item).chain([way.clone()]).collect::<Vec<Vec<TreeStep>>>()
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn value_at<'a, 'i>(table: &'a DeTable<'i>, way: &[TreeStep]) -> Option<&'a DeValue<'i>> {
    let (first, rest) = way.split_first()?;
    let TreeStep::Key(key) = first else { return None };
    let mut value = table.get(key.as_str())?.get_ref();
    for step in rest {
        value = match (value, step) {
            (DeValue::Table(table), TreeStep::Key(key)) => table.get(key.as_str())?.get_ref(),
            (DeValue::Array(array), TreeStep::Item(at)) => array.get(*at)?.get_ref(),
            _ => return None,
        };
    }
    Some(value)
}

pub(super) fn without_item(array: &mut DeArray<'_>, at: usize) {
    let mut rest = DeArray::new();
    let items = std::mem::replace(array, DeArray::new());
    items.iter().enumerate().filter(|(index, _)| *index != at).for_each(|(_, item)| rest.push(item.clone()));
    *array = rest;
}
