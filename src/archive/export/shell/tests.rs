//! What a shell makes of the words, asked of a shell.

use std::process::Command;

use proptest::prelude::*;

use super::*;

/// What `sh` prints when it runs `script`.
fn sh(script: &str) -> Vec<u8> {
    // From a file: an argument may be too long for the system.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let ran = Command::new("sh").arg(file.path()).output().unwrap();
    assert!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

fn printed(bytes: &[u8]) -> String {
    let mut command = Vec::new();
    print(bytes, &mut command).unwrap();
    String::from_utf8(command).unwrap()
}

#[test]
fn words_of_a_shell_survive() {
    for text in ["", "'", "it's; rm -rf $HOME `id` $(id) \"x\" \\ %s \\n", "-n", "--help", "!x", "é\tü", "~"] {
        assert_eq!(sh(&format!("printf %s {}", word(text.as_bytes()))), text.as_bytes(), "{text}");
    }
    assert_eq!(sh(&format!("printf %s {}", word(b"X: \x1b[31m\xff%d'\\"))), b"X: \x1b[31m\xff%d'\\");
}

#[test]
fn every_byte_comes_out_of_a_body() {
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&b"{\"a\": 'b'}\n\n"[..], b"-n", b"-e \\n%s", b"\0", b"\n\n\x7f", &all, &all.repeat(200)] {
        assert_eq!(sh(&printed(bytes)), bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_body_is_printed_and_nothing_hidden_stands_in_the_script(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,40}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            let script = printed(bytes);
            prop_assert!(!script.chars().any(|character| !matches!(character, '\n' | '\t') && text::is_hidden(character)));
            prop_assert_eq!(sh(&script), bytes);
        }
    }

    #[test]
    fn any_header_line_is_one_word(line in proptest::collection::vec(any::<u8>().prop_filter("no NUL, no line end", |byte| !matches!(byte, 0 | b'\n')), 0..80)) {
        prop_assert_eq!(sh(&format!("printf %s {}", word(&line))), line);
    }
}
