//! PEM (RFC 7468): DER in base64 between two lines.
//!
//! As lenient as section 2 asks of readers, and as environment variables and chats need: text around the block, any
//! line length, CR LF, indentation, one line, and `\n` that was meant as a newline. The base64 itself is read strictly.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// One block. It may hold a private key, and is wiped.
pub(super) struct PemBlock {
    /// The words after `BEGIN`.
    pub(super) label: String,
    /// What it holds.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Whether there is something to read.
pub(super) fn looks_like(text: &str) -> bool {
    text.contains(BEGIN)
}

/// The form of a private key, if any block says that it holds one, whole or not.
pub(super) fn private_form(text: &str) -> Option<&'static str> {
    labels(text).find(|label| label.ends_with("PRIVATE KEY")).map(|label| match label {
        "PRIVATE KEY" => "PKCS#8",
        "ENCRYPTED PRIVATE KEY" => "encrypted PKCS#8",
        "RSA PRIVATE KEY" => "PKCS#1",
        "EC PRIVATE KEY" => "SEC 1",
        "OPENSSH PRIVATE KEY" => "OpenSSH",
        _ => "PEM",
    })
}

fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.split(BEGIN).skip(1).filter_map(|rest| rest.split_once(DASHES).map(|(label, _)| label))
}

/// Every block of a text.
///
/// # Errors
/// When one has no end, or holds something that is not base64; in words that repeat nothing of its content.
pub(super) fn blocks(text: &str) -> Result<Vec<PemBlock>, String> {
    // Base64 has no backslash, so that nothing else can be meant.
    let text = Zeroizing::new(text.replace("\\r", ""));
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    let mut rest: &str = &text;
    let mut blocks = Vec::new();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, content) = after.split_once(DASHES).ok_or("its first line does not end in five dashes")?;
        let shown = crate::text::visible(label);
        let end = format!("{DASHES}END {label}{DASHES}");
        let (content, behind) =
            content.split_once(&end).ok_or_else(|| format!("there is no line -----END {shown}-----"))?;
        let mut compact = Zeroizing::new(String::with_capacity(content.len()));
        compact.extend(content.split_ascii_whitespace());
        let bytes = BASE64_STANDARD
            .decode(compact.as_bytes())
            .map_err(|_| format!("what is between the lines of {shown} is not base64, or not all of it"))?;
        blocks.push(PemBlock { label: label.to_owned(), bytes: Zeroizing::new(bytes) });
        rest = behind;
    }
    Ok(blocks)
}

/// A block, in lines of 64 characters.
pub(super) fn write(label: &str, bytes: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let mut written = format!("{BEGIN}{label}{DASHES}\n");
    for line in text.as_bytes().chunks(64) {
        written.extend(line.iter().copied().map(char::from));
        written.push('\n');
    }
    written.push_str(&format!("{DASHES}END {label}{DASHES}\n"));
    written
}
