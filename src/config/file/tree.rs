//! The values of a file as a tree: what lies at a byte of the text, and the way to it.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

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

/// Where the value begins to which these keys and positions lead, or the last one that is there.
pub(super) fn offset_of(tree: &DeTable<'_>, way: &[&str]) -> usize {
    let mut offset = 0;
    let mut table = Some(tree);
    let mut array: Option<&DeArray<'_>> = None;
    for step in way {
        let item = step.parse().ok().and_then(|at: usize| array?.get(at));
        let Some(value) = table.and_then(|table| table.get(*step)).or(item) else { break };
        offset = value.span().start;
        table = value.get_ref().as_table();
        array = value.get_ref().as_array();
    }
    offset
}

pub(super) fn without_item(array: &mut DeArray<'_>, at: usize) {
    keep_items(array, |index| index != at);
}

pub(super) fn keep_items(array: &mut DeArray<'_>, is_kept: impl Fn(usize) -> bool) {
    let items = std::mem::replace(array, DeArray::new());
    *array = items.iter().enumerate().filter(|(at, _)| is_kept(*at)).map(|(_, item)| item.clone()).collect();
}
