//! Members of the outermost object that a framework adds, put there or taken away. Everything else stays as sent.

use super::tree::Tree;

/// Members that a framework adds, and which of them.
#[derive(Debug)]
pub struct AddedMembers {
    /// Whose they are.
    pub name: &'static str,
    names: &'static [&'static [u8]],
}

/// What is known to be added. The list is short on purpose: each entry costs a digest for every body that has the
/// members, and another name would prove as little as it is common.
pub const ADDED_MEMBERS: [AddedMembers; 5] = [
    AddedMembers { name: "Mongoose's __v", names: &[b"__v"] },
    AddedMembers { name: "Mongoose's _id and __v", names: &[b"_id", b"__v"] },
    AddedMembers { name: "MongoDB's _id", names: &[b"_id"] },
    AddedMembers { name: "Rails' controller and action", names: &[b"controller", b"action"] },
    AddedMembers { name: "Rails' controller, action and format", names: &[b"controller", b"action", b"format"] },
];

impl AddedMembers {
    /// The body without them; `None` unless all of them are there.
    #[must_use]
    pub fn removed(&self, tree: &Tree<'_>) -> Option<Vec<u8>> {
        let keys = outermost(tree)?;
        let is_added = |key: u32| self.names.contains(&&*tree.key(key));
        let added = keys.iter().filter(|&&key| is_added(key)).count();
        if added != self.names.len() || added == keys.len() {
            return None;
        }
        let place = |key: u32| (tree.nodes[key as usize].start as usize, tree.nodes[key as usize + 1].end as usize);
        let mut out = Vec::with_capacity(tree.body.len());
        let first = keys.iter().copied().find(|&key| !is_added(key))?;
        // What surrounds the members, then each that stays with the comma before it.
        out.extend_from_slice(&tree.body[..place(keys[0]).0]);
        let mut before = None;
        for &key in &keys {
            let (start, end) = place(key);
            if !is_added(key) {
                let from = if key == first { start } else { before.unwrap_or(start) };
                out.extend_from_slice(&tree.body[from..end]);
            }
            before = Some(end);
        }
        out.extend_from_slice(&tree.body[before?..]);
        Some(out)
    }
}

/// The body with Mongoose's `"__v":0`, where it has an `_id` and no version.
#[must_use]
pub fn with_version(tree: &Tree<'_>) -> Option<Vec<u8>> {
    let keys = outermost(tree)?;
    let has = |name: &[u8]| keys.iter().any(|&key| *tree.key(key) == *name);
    if !has(b"_id") || has(b"__v") {
        return None;
    }
    let end = tree.nodes[*keys.last()? as usize + 1].end as usize;
    Some([&tree.body[..end], b",\"__v\":0", &tree.body[end..]].concat())
}

/// `{"_json":[…]}`: what Rails makes of a body that is an array.
#[must_use]
pub fn in_rails_json(tree: &Tree<'_>) -> Option<Vec<u8>> {
    (tree.first_byte(0) == b'[').then(|| [b"{\"_json\":", tree.text(0), b"}"].concat())
}

/// The keys of the outermost object, if there are few: a framework's own are among few.
fn outermost(tree: &Tree<'_>) -> Option<Vec<u32>> {
    const MOST: usize = 256;
    if tree.first_byte(0) != b'{' {
        return None;
    }
    let keys: Vec<u32> = tree.keys(0).take(MOST + 1).collect();
    (1..=MOST).contains(&keys.len()).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(place: usize, body: &str) -> Option<String> {
        let bytes = ADDED_MEMBERS[place].removed(&Tree::read(body.as_bytes()).unwrap())?;
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn added_members_go_with_one_comma_each() {
        assert_eq!(removed(0, r#"{ "_id": 1, "a": 2, "__v": 0 }"#).unwrap(), r#"{ "_id": 1, "a": 2 }"#);
        assert_eq!(removed(1, r#"{"_id":1,"a":2,"b":3,"__v":0}"#).unwrap(), r#"{"a":2,"b":3}"#);
        assert_eq!(removed(1, r#"{"a":2,"_id":1,"__v":0,"b":[3]}"#).unwrap(), r#"{"a":2,"b":[3]}"#);
        assert_eq!(removed(3, r#"{"a":2,"controller":"w","action":"c"}"#).unwrap(), r#"{"a":2}"#);
        for (place, body) in [(0, r#"{"a":{"__v":0}}"#), (1, r#"{"_id":1,"a":2}"#), (0, r#"{"__v":0}"#), (0, "[1]")] {
            assert_eq!(removed(place, body), None, "{body}");
        }
    }

    #[test]
    fn members_are_put_where_the_framework_puts_them() {
        let made = |edit: fn(&Tree<'_>) -> Option<Vec<u8>>, body: &str| {
            edit(&Tree::read(body.as_bytes()).unwrap()).map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(made(with_version, r#"{"_id":"x","a":{"b":1} }"#).unwrap(), r#"{"_id":"x","a":{"b":1},"__v":0 }"#);
        assert_eq!(made(with_version, r#"{"id":"x"}"#), None);
        assert_eq!(made(with_version, r#"{"_id":1,"__v":3}"#), None);
        assert_eq!(made(in_rails_json, "[1, 2]\n").unwrap(), r#"{"_json":[1, 2]}"#);
        assert_eq!(made(in_rails_json, "{}"), None);
    }
}
