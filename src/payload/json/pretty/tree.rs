//! How the rows hang together: parents, siblings, ends. Nothing here looks at more than one row a step.

use super::super::path;
use super::{NONE, Node, Pretty};

/// How many steps of a path [`Pretty::path_end`] keeps.
const SHOWN_STEPS: usize = 64;

impl Pretty {
    /// The closing row of the object or array that opens on this row, for folding. `None` when
    /// nothing opens here, or when it closes on the same row.
    #[must_use]
    pub fn block_end(&self, index: usize) -> Option<usize> {
        let node = self.node(index)?;
        (node.open as usize == index).then_some(node.close as usize)
    }

    /// The row on which what closes here opens; any other row itself.
    #[must_use]
    pub fn opening(&self, index: usize) -> usize {
        self.node(index).map_or(index, |node| node.open as usize)
    }

    /// Whether an object or array of several rows closes here.
    #[must_use]
    pub fn is_closing(&self, index: usize) -> bool {
        self.node(index).is_some_and(|node| node.close as usize == index)
    }

    /// The node that opens or closes on this row.
    fn node(&self, index: usize) -> Option<&Node> {
        let node = self.nodes.get(self.rows.get(index)?.node as usize)?;
        (node.open as usize == index || node.close as usize == index).then_some(node)
    }

    /// The row in which this one stands; `None` for the outermost value.
    #[must_use]
    pub fn parent(&self, index: usize) -> Option<usize> {
        let parent = self.nodes.get(self.place(index)?.parent as usize)?;
        Some(parent.open as usize)
    }

    /// How many members or items the object or array that opens on this row has.
    #[must_use]
    pub fn child_count(&self, index: usize) -> usize {
        let last = self.block_end(index).and_then(|end| self.place(end - 1));
        last.map_or(0, |last| last.ordinal as usize + 1)
    }

    /// The first member or item of what opens on this row.
    #[must_use]
    pub fn first_child(&self, index: usize) -> Option<usize> {
        self.block_end(index).map(|_| index + 1)
    }

    /// The next member or item of the same object or array.
    #[must_use]
    pub fn next_sibling(&self, index: usize) -> Option<usize> {
        let here = self.place(index)?;
        let next = self.node(index).map_or(index, |node| node.close as usize) + 1;
        let is_sibling = here.parent != NONE && self.place(next)?.parent == here.parent;
        (is_sibling && !self.is_closing(next)).then_some(next)
    }

    /// The member or item before, of the same object or array.
    #[must_use]
    pub fn previous_sibling(&self, index: usize) -> Option<usize> {
        let opening = self.opening(index);
        (self.place(opening)?.ordinal > 0).then(|| self.opening(opening - 1))
    }

    /// Whether the row's value is an object (`{`) or array (`[`) of any size, and not a binary.
    #[must_use]
    pub fn bracket(&self, index: usize) -> Option<u8> {
        let start = self.value_range_start(self.opening(index))?;
        self.body.get(start).copied().filter(|byte| matches!(byte, b'{' | b'['))
    }

    /// Whether the row's key has stood in the same object before.
    #[must_use]
    pub fn is_duplicate(&self, index: usize) -> bool {
        u32::try_from(index).is_ok_and(|row| self.duplicates.binary_search(&row).is_ok())
    }

    /// The path to a row's value, such as `data[0].user.userId`; empty for the outermost value. A
    /// closing row has the path of what it closes.
    #[must_use]
    pub fn path(&self, index: usize) -> String {
        self.path_of(index, usize::MAX)
    }

    /// The path as [`Pretty::path`] gives it, of which only the end is made when it is very long.
    #[must_use]
    pub fn path_end(&self, index: usize) -> String {
        self.path_of(index, SHOWN_STEPS)
    }

    fn path_of(&self, index: usize, limit: usize) -> String {
        let mut steps = Vec::new();
        let mut row = self.opening(index.min(self.rows.len().saturating_sub(1)));
        while let Some(parent) = self.parent(row).filter(|_| steps.len() < limit) {
            let ordinal = self.place(row).map_or(0, |place| place.ordinal);
            steps.push(self.key(row).ok_or(u64::from(ordinal)));
            row = parent;
        }
        let mut path = String::new();
        if self.parent(row).is_some() {
            path.push('…');
        }
        for step in steps.into_iter().rev() {
            match step {
                Ok(key) => path::push_key(&mut path, &self.body[key]),
                Err(position) => path::push_index(&mut path, position),
            }
        }
        path
    }
}
