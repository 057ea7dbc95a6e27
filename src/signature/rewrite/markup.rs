//! XML with and without indentation, with and without what writers add.

/// Whether the body may be XML.
#[must_use]
pub fn is_markup(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// White space between two tags removed.
#[must_use]
pub fn unindented(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    pieces(body).for_each(|piece| out.extend_from_slice(piece));
    (out != body).then_some(out)
}

/// Each tag on a line of its own, two spaces for each level; an element that has only text stays on one line.
#[must_use]
pub fn indented_by_2(body: &[u8]) -> Option<Vec<u8>> {
    indented(body, b"  ")
}

/// The same with four spaces.
#[must_use]
pub fn indented_by_4(body: &[u8]) -> Option<Vec<u8>> {
    indented(body, b"    ")
}

/// The same with a tab.
#[must_use]
pub fn indented_by_tabs(body: &[u8]) -> Option<Vec<u8>> {
    indented(body, b"\t")
}

/// `<a />` for `<a/>`.
#[must_use]
pub fn spaced_ends(body: &[u8]) -> Option<Vec<u8>> {
    changed(body, |piece, out| match piece.strip_suffix(b"/>").filter(|_| piece.starts_with(b"<")) {
        Some(tag) if !tag.ends_with(b" ") => out.extend_from_slice(&[tag, b" />"].concat()),
        _ => out.extend_from_slice(piece),
    })
}

/// `<a/>` for `<a />`.
#[must_use]
pub fn tight_ends(body: &[u8]) -> Option<Vec<u8>> {
    changed(body, |piece, out| match piece.strip_suffix(b"/>").filter(|_| piece.starts_with(b"<")) {
        Some(tag) => out.extend_from_slice(&[tag.trim_ascii_end(), b"/>"].concat()),
        None => out.extend_from_slice(piece),
    })
}

/// Without its declaration, `<?xml … ?>`, and the line end after it.
#[must_use]
pub fn undeclared(body: &[u8]) -> Option<Vec<u8>> {
    let end = memchr::memmem::find(body, b"?>").filter(|_| body.starts_with(b"<?xml"))? + 2;
    Some(body[end..].trim_ascii_start().to_vec())
}

fn changed(body: &[u8], mut write: impl FnMut(&[u8], &mut Vec<u8>)) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 16);
    all_pieces(body).for_each(|piece| write(piece, &mut out));
    (out != body).then_some(out)
}

/// Tags and texts in turn, nothing left out; comments and the like are one piece each.
fn all_pieces(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = if rest[0] == b'<' { tag_length(rest) } else { memchr::memchr(b'<', rest).unwrap_or(rest.len()) };
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(piece)
    })
}

fn tag_length(rest: &[u8]) -> usize {
    let ends: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];
    let end = ends.iter().find(|(start, _)| rest.starts_with(start)).map_or(&b">"[..], |(_, end)| end);
    memchr::memmem::find(rest, end).map_or(rest.len(), |at| at + end.len())
}

/// The same without the white space that is between two tags.
fn pieces(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    all_pieces(body).filter(|piece| piece.starts_with(b"<") || !piece.trim_ascii().is_empty())
}

fn indented(body: &[u8], by: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() * 2);
    // Hostile levels would take the square of the body.
    let most = body.len() * 4 + 4096;
    let (mut level, mut is_opened, mut is_text) = (0_usize, false, false);
    for piece in pieces(body) {
        if !piece.starts_with(b"<") || piece.starts_with(b"<![CDATA[") {
            out.extend_from_slice(piece);
            is_text = true;
            continue;
        }
        let closes = piece.starts_with(b"</");
        level -= usize::from(closes && level > 0);
        // A closing tag stays beside its opening one, and a text beside both.
        let stays = is_text || out.is_empty() || (closes && is_opened);
        if !stays {
            out.push(b'\n');
            (0..level).for_each(|_| out.extend_from_slice(by));
        }
        out.extend_from_slice(piece);
        is_opened = !closes && !piece.ends_with(b"/>") && !piece.starts_with(b"<?") && !piece.starts_with(b"<!");
        level += usize::from(is_opened);
        is_text = false;
        if out.len() > most {
            return None;
        }
    }
    (out != body).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_is_written_as_others_write_it() {
        let plain = b"<a><b x=\"1\">t</b><c/><d><e></e></d></a>";
        let lines = b"<a>\n  <b x=\"1\">t</b>\n  <c/>\n  <d>\n    <e></e>\n  </d>\n</a>";
        assert_eq!(unindented(lines).unwrap(), plain);
        assert_eq!(indented_by_2(plain).unwrap(), lines);
        assert_eq!(spaced_ends(b"<a><c/></a>").unwrap(), b"<a><c /></a>");
        assert_eq!(tight_ends(b"<a><c /></a>").unwrap(), b"<a><c/></a>");
        assert_eq!(undeclared(b"<?xml version=\"1.0\"?>\n<a/>").unwrap(), b"<a/>");
        assert_eq!(unindented(plain), None);
        assert_eq!(spaced_ends(b"<a>x/></a>"), None);
    }

    proptest! {
        #[test]
        fn indentation_is_undone(tags in "(<[ab]>|</[ab]>|<c/>|x| |<!-- > -->){0,20}") {
            let plain = unindented(tags.as_bytes()).unwrap_or_else(|| tags.clone().into_bytes());
            // White space beside a text belongs to it.
            prop_assume!(!tags.contains("x ") && !tags.contains(" x"));
            for indent in [indented_by_2, indented_by_4, indented_by_tabs] {
                let lines = indent(&plain).unwrap_or_else(|| plain.clone());
                let again = unindented(&lines).unwrap_or(lines);
                prop_assert_eq!(&again, &plain);
            }
        }
    }
}
