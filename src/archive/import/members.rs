//! The members of a JSON object of which only the beginning may be there: enough to tell what wrote it.

/// Members that are looked at.
const MEMBERS: usize = 64;

/// The members at the top of an object that may be cut off. Escapes are not read: no name that is looked for has one.
#[derive(Debug, Default)]
pub(super) struct JsonMembers<'a> {
    /// Each name, and the text from its value on.
    members: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> JsonMembers<'a> {
    /// Of an object, or of the first one in an array.
    pub(super) fn of_first(text: &'a [u8]) -> Self {
        Self::of(text.strip_prefix(b"[").map_or(text, <[u8]>::trim_ascii_start))
    }

    fn of(text: &'a [u8]) -> Self {
        let mut members: Vec<(&[u8], &[u8])> = Vec::new();
        let (mut depth, mut at, mut is_value) = (0_usize, 0, false);
        while let Some(&byte) = text.get(at) {
            at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b':' if depth == 1 => {
                    is_value = true;
                    if let Some((_, value)) = members.last_mut() {
                        *value = text[at..].trim_ascii_start();
                    }
                }
                b',' if depth == 1 => is_value = false,
                b'"' => {
                    let string = string(&text[at..]);
                    at += string.len() + 1;
                    if depth == 1 && !is_value && members.len() < MEMBERS {
                        members.push((string, b""));
                    }
                }
                _ => {}
            }
            if depth == 0 && !members.is_empty() {
                break;
            }
        }
        Self { members }
    }

    /// The text from the value of this member on.
    pub(super) fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.members.iter().find(|(own, _)| *own == name.as_bytes()).map(|(_, value)| *value)
    }

    /// Whether there is a member of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of this member, where it is a string.
    pub(super) fn text(&self, name: &str) -> Option<&'a [u8]> {
        self.value(name)?.strip_prefix(b"\"").map(string)
    }

    /// The object that is this member, or the first one in the array that it is.
    pub(super) fn first_of(&self, name: &str) -> Option<Self> {
        self.value(name).filter(|value| value.starts_with(b"[") || value.starts_with(b"{")).map(Self::of_first)
    }
}

/// What is before the quotation mark that ends a string.
fn string(text: &[u8]) -> &[u8] {
    let mut end = 0;
    while text.get(end).is_some_and(|byte| *byte != b'"') {
        end += if text[end] == b'\\' { 2 } else { 1 };
    }
    text.get(..end).unwrap_or(text)
}
