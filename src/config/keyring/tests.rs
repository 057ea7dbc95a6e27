use rstest::rstest;

use super::*;
use crate::config::Warning;
use crate::config::testing::{Surroundings, set_mode};

const GOOD: &str = "0123456789abcdef0123";

fn read(env: &[&str], file: &[&str], surroundings: &Surroundings) -> Result<(Keyring, Vec<Warning>), KeyringError> {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    load(&Requests { env: &owned(env), file: &owned(file), of_schemes: &[], config: None }, surroundings)
}

fn only(result: Result<(Keyring, Vec<Warning>), KeyringError>) -> (String, Vec<u8>, Vec<String>) {
    let (keyring, warnings) = result.unwrap();
    let [secret] = keyring.secrets() else { panic!("{keyring:?}") };
    (secret.label().to_owned(), secret.expose().to_vec(), warnings.iter().map(ToString::to_string).collect())
}

#[test]
fn the_documented_variable_is_the_default() {
    let surroundings = Surroundings::new().write("work/.env", format!("{DEFAULT_VARIABLE}=\"from-the-file-of-env\"\n"));
    let (label, bytes, warnings) = only(read(&[], &[], &surroundings));
    assert_eq!((label.as_str(), &bytes[..]), (DEFAULT_VARIABLE, &b"from-the-file-of-env"[..]));
    assert!(warnings.is_empty());
    let surroundings = surroundings.set(DEFAULT_VARIABLE, GOOD).set("OTHER", "another-secret-16");
    assert_eq!(only(read(&[], &[], &surroundings)).1, GOOD.as_bytes(), "the environment wins");
    assert_eq!(only(read(&["OTHER"], &[], &surroundings)).0, "OTHER", "a flag replaces the default");
}

#[test]
fn no_secret_is_no_error() {
    let (keyring, warnings) = read(&[], &[], &Surroundings::new().write("work/.env", "X=1")).unwrap();
    assert!(keyring.is_empty() && warnings.is_empty());
}

#[test]
fn an_empty_default_hides_dotenv_and_is_pointed_out() {
    let surroundings =
        Surroundings::new().write("work/.env", format!("{DEFAULT_VARIABLE}={GOOD}")).set(DEFAULT_VARIABLE, "");
    let (keyring, warnings) = read(&[], &[], &surroundings).unwrap();
    assert!(keyring.is_empty());
    assert!(matches!(warnings[..], [Warning::EmptySecret { .. }]), "{warnings:?}");
}

#[test]
fn a_dotenv_that_cannot_be_read_is_pointed_out() {
    let surroundings = Surroundings::new();
    std::fs::create_dir(surroundings.path("work/.env")).unwrap();
    let (keyring, warnings) = read(&[], &[], &surroundings).unwrap();
    assert!(keyring.is_empty());
    assert!(matches!(warnings[..], [Warning::DotenvUnreadable { .. }]), "{warnings:?}");
}

#[rstest]
#[case("0123456789abcdef\n", "ends in a newline")]
#[case("\"0123456789abcdef\"", "is wrapped in quotation marks")]
fn a_variable_is_taken_exactly(#[case] value: &str, #[case] remark: &str) {
    let (label, bytes, warnings) = only(read(&["dev=KEY"], &[], &Surroundings::new().set("KEY", value)));
    assert_eq!((label.as_str(), &bytes[..]), ("dev", value.as_bytes()));
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains(remark) && !warnings[0].contains("abcdef"), "{warnings:?}");
}

#[test]
fn a_named_variable_may_stand_in_dotenv() {
    let surroundings = Surroundings::new().write("work/.env", format!("KEY='{GOOD}'"));
    assert_eq!(only(read(&["KEY"], &[], &surroundings)).1, GOOD.as_bytes());
}

#[rstest]
#[case(b"0123456789abcdef".to_vec(), b"0123456789abcdef".to_vec(), 0)]
#[case(b"0123456789abcdef\n".to_vec(), b"0123456789abcdef".to_vec(), 0)]
#[case(b"0123456789abcdef\r\n".to_vec(), b"0123456789abcdef".to_vec(), 0)]
#[case(b"0123456789abcdef\n\n".to_vec(), b"0123456789abcdef\n".to_vec(), 1)]
#[case(b"0123456789abcdef\r".to_vec(), b"0123456789abcdef\r".to_vec(), 1)]
#[case(b" 0123456789abcdef".to_vec(), b" 0123456789abcdef".to_vec(), 1)]
#[case(b"0123456789abcde\xff\xfe".to_vec(), b"0123456789abcde\xff\xfe".to_vec(), 0)]
fn a_files_final_newline_is_the_files(#[case] content: Vec<u8>, #[case] secret: Vec<u8>, #[case] warnings: usize) {
    let read = only(read(&[], &["dev.key"], &Surroundings::new().write("work/dev.key", content)));
    assert_eq!((read.0.as_str(), read.1, read.2.len()), ("dev", secret, warnings));
}

#[test]
fn the_largest_file_is_64_kib() {
    let surroundings = Surroundings::new().write("work/a", vec![b'x'; 65_536]).write("work/b", vec![b'x'; 65_537]);
    assert_eq!(only(read(&[], &["a"], &surroundings)).1.len(), 65_536);
    let error = read(&[], &["b"], &surroundings).unwrap_err();
    assert!(matches!(error, KeyringError::TooLarge { .. }), "{error}");
}

#[rstest]
#[case(&["NOT_SET"], &[], "'NOT_SET' (asked for by --secret-env) is not set")]
#[case(&["NONE"], &[], "environment variable NONE (asked for by --secret-env) is empty")]
#[case(&[], &["./missing"], "missing (asked for by --secret-file)")]
#[case(&[], &["missing"], "the value of --secret-file may be a secret")]
#[case(&["whsec_5f0c=KEY"], &[], "a label of 10 characters (asked for by --secret-env) looks like a secret")]
#[case(&[], &["9f86d081884c7d659a2feaa0c55ad015=good"], "a label of 32 characters")]
#[case(&[], &["."], "is a directory")]
#[case(&[], &["empty"], "is empty")]
#[case(&[], &["newline"], "is empty")]
#[case(&["=KEY"], &[], "[LABEL=]VARIABLE")]
#[case(&["dev="], &[], "[LABEL=]VARIABLE")]
#[case(&[], &[""], "[LABEL=]PATH")]
#[case(&["typed=KEY"], &[], "reserved for typed secrets")]
#[case(&["a=KEY", "a=KEY"], &[], "duplicate secret label 'a'")]
#[case(&["KEY"], &["KEY=good"], "duplicate secret label 'KEY'")]
fn what_cannot_be_read_is_named(#[case] env: &[&str], #[case] file: &[&str], #[case] expected: &str) {
    let surroundings = Surroundings::new()
        .set("KEY", GOOD)
        .set("NONE", "")
        .write("work/empty", "")
        .write("work/newline", "\r\n")
        .write("work/good", GOOD);
    let error = read(env, file, &surroundings).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert!(!error.contains(GOOD) && !error.contains('\n'), "{error}");
}

#[test]
fn an_equals_sign_in_a_path_is_no_label() {
    let surroundings = Surroundings::new().write("work/a=b.key", GOOD);
    assert_eq!(only(read(&[], &["./a=b.key"], &surroundings)).0, "a=b");
    assert_eq!(only(read(&[], &["my label=./a=b.key"], &surroundings)).0, "my label");
}

#[cfg(unix)]
#[rstest]
#[case(0o600, false)]
#[case(0o640, true)]
#[case(0o604, true)]
fn files_that_others_read_are_pointed_out(#[case] mode: u32, #[case] warned: bool) {
    let surroundings = Surroundings::new().write("work/dev.key", GOOD);
    set_mode(&surroundings.path("work/dev.key"), mode);
    let (.., warnings) = only(read(&[], &["dev.key"], &surroundings));
    assert_eq!(warnings.len(), usize::from(warned), "{warnings:?}");
}

#[test]
fn no_output_shows_a_secret() {
    let (keyring, warnings) = read(&["KEY"], &[], &Surroundings::new().set("KEY", "hunter2\n")).unwrap();
    assert!(!format!("{keyring:?} {warnings:?}").contains("hunter2"));
}
