//! One field line of a head or of a trailer section, read strictly (RFC 9112, section 5).

use super::lines::{split_at_colon, trim};

/// What two parsers could read differently in a field line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// It begins with white space, and so continues the line before it.
    Folded,
    /// The colon is missing.
    NoColon,
    /// White space stands before the colon.
    SpaceBeforeColon,
    /// The name is empty, or not a token.
    Name,
    /// The value holds a control character.
    Control,
}

impl FieldFault {
    /// In words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Folded => "a folded header line (RFC 9112, section 5.2)",
            Self::NoColon => "a header line without a colon",
            Self::SpaceBeforeColon => "white space between a header's name and its colon (RFC 9112, section 5.1)",
            Self::Name => "a header name holds a character that is not allowed",
            Self::Control => "a header value holds a control character",
        }
    }
}

/// Reads a field line without its line end: the name, and the value without the white space around it.
///
/// # Errors
///
/// [`FieldFault`] for everything that RFC 9112 does not allow to be accepted.
pub fn field(line: &[u8]) -> Result<(&[u8], &[u8]), FieldFault> {
    let (name, value) = split_field(line)?;
    // RFC 9110, section 5.5: CR, LF and NUL are dangerous, other controls are invalid; HTAB alone is allowed.
    if value.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return Err(FieldFault::Control);
    }
    Ok((name, value))
}

/// Reads a field line as [`field`] does, without a look at the value, of which the caller may take more than RFC 9110 allows.
///
/// # Errors
///
/// [`FieldFault`], but for [`FieldFault::Control`].
pub fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), FieldFault> {
    if matches!(line, [b' ' | b'\t', ..]) {
        return Err(FieldFault::Folded);
    }
    let (name, value) = split_at_colon(line).ok_or(FieldFault::NoColon)?;
    if matches!(name, [.., b' ' | b'\t']) {
        return Err(FieldFault::SpaceBeforeColon);
    }
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(FieldFault::Name);
    }
    Ok((name, trim(value)))
}

/// `tchar` of RFC 9110, section 5.6.2.
#[must_use]
pub const fn is_token(byte: u8) -> bool {
    matches!(byte,
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"A:b", b"A", b"b")]
    #[case(b"A: \t b c \t", b"A", b"b c")]
    #[case(b"A:", b"A", b"")]
    #[case(b"X_y.z: \xff:\x80", b"X_y.z", b"\xff:\x80")]
    fn right_fields(#[case] line: &[u8], #[case] name: &[u8], #[case] value: &[u8]) {
        assert_eq!(field(line), Ok((name, value)));
    }

    #[rstest]
    #[case(b" A: b")]
    #[case(b"\tA: b")]
    #[case(b"A b")]
    #[case(b"A : b")]
    #[case(b": b")]
    #[case(b"A(: b")]
    #[case(b"A: b\0")]
    #[case(b"A: b\rc")]
    #[case(b"A: \x1b[31m")]
    #[case(b"A: \x7f")]
    #[case(b"A: \x0b")]
    #[case(b"\xe4: b")]
    fn refused_fields(#[case] line: &[u8]) {
        assert!(field(line).is_err());
    }
}
