//! A filter as text that parses to the same filter.

use std::fmt::{self, Write as _};

use super::{Atom, Node, Query};

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(formatter))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(nodes) => joined(formatter, nodes, " ", |node| matches!(node, Self::Any(_))),
            Self::Any(nodes) => joined(formatter, nodes, " | ", |_| false),
            Self::Not(node) if matches!(**node, Self::All(_) | Self::Any(_)) => write!(formatter, "!({node})"),
            Self::Not(node) => write!(formatter, "!{node}"),
            Self::Atom(atom) => atom.fmt(formatter),
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |character: char| !character.is_whitespace() && !matches!(character, '(' | ')' | '|' | '"');
        match self.name() {
            Some(name) if self.text().chars().all(plain) => write!(formatter, "{name}:{}", self.text()),
            Some(name) => {
                write!(formatter, "{name}:")?;
                quoted(formatter, self.text())
            }
            None if Atom::reads_as_itself(self.text()) => formatter.write_str(self.text()),
            None => quoted(formatter, self.text()),
        }
    }
}

fn joined(
    formatter: &mut fmt::Formatter<'_>,
    nodes: &[Node],
    separator: &str,
    needs_parentheses: fn(&Node) -> bool,
) -> fmt::Result {
    for (position, node) in nodes.iter().enumerate() {
        if position > 0 {
            formatter.write_str(separator)?;
        }
        if needs_parentheses(node) {
            write!(formatter, "({node})")?;
        } else {
            write!(formatter, "{node}")?;
        }
    }
    Ok(())
}

fn quoted(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            formatter.write_char('\\')?;
        }
        formatter.write_char(character)?;
    }
    formatter.write_char('"')
}
