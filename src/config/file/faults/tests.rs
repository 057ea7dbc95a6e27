use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn faults(text: &str) -> Vec<String> {
    let checked = CheckedFile::of(Path::new("whyhook.toml"), text);
    checked.faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.words)).collect()
}

#[track_caller]
fn assert_begin(found: &[String], wanted: &[&str]) {
    let fit = found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| found.starts_with(wanted));
    assert!(fit, "{found:#?}");
}

#[test]
fn every_fault_is_found_in_the_order_of_the_file() {
    let text = "bindd = '127.0.0.1:1'\ntolerance = '5'\nmouse = 'no'\ncolumns = ['id', 'caus']\n\
        [limits]\nhead = '1ms'\nheads = '1s'\n\
        [[webhook]]\nname = ''\npath = 'a'\n\
        [[rules]]\nwhen = 'verdict:nonsense'\nthen = 'nonsense'\n\
        [theme]\nbase = 'drak'\nverfied = 2\n";
    assert_begin(
        &faults(text),
        &[
            "1:1: unknown field `bindd`",
            "2:13: invalid duration '5'",
            "3:9: invalid type",
            "4:18: unknown column 'caus'",
            "6:8: expected a duration",
            "7:1: unknown field `heads`",
            "9:8: the webhook's name is empty",
            "10:8: invalid path 'a'",
            "12:8: at 8: unknown verdict 'nonsense'",
            "13:8:",
            "15:8: invalid theme 'drak'",
            "16:1: unknown colour 'verfied'",
        ],
    );
}

#[rstest]
#[case("[[rules]]\nthenx = '503'", &["2:1: unknown field `thenx`"])]
#[case("[on_delivery]\ncommand = ['']\njobs = 0", &["2:11: the command is empty", "3:8: invalid jobs"])]
#[case("[on_delivery]\ncommand = [1]", &["2:12: invalid type"])]
#[case("[on_delivery]\njobs = 0", &["1:1: missing field `command`", "2:8: invalid jobs"])]
#[case("[answers.later]\nstatus = 5000\n[[rules]]\nthen = 'later'", &["2:10: invalid status 5000"])]
#[case("[answers.later]\nstatus = 'x'\n[[rules]]\nthen = 'later'", &["2:10: invalid type"])]
#[case("bell = '@broken'\n[filters]\nbroken = 'verdict:nonsense'", &["3:10: invalid filter 'broken'"])]
#[case("bell = '@brokn'\n[filters]\nbroken = 'verdict:bad'", &["1:8: invalid filter: at 0: unknown saved filter '@brokn'"])]
#[case("[filters]\n'A B' = 'verdict:nonsense'", &["2:1: invalid filter name"])]
#[case("respond = '200'\nforward_to = ['http://127.0.0.1:1', 'http://127.0.0.1:2']", &["2:15: 'respond' and 'forward_to' conflict"])]
#[case("bell = 'is:live'\nnotify = {}", &["2:10: 'bell' and 'notify' conflict"])]
#[case("[secrets]\na = { key = 'A' }\n'' = { env = 'A' }", &["2:5: expected one of { env", "3:1: the secret's label is empty"])]
#[case("[keys.list.deeper]\na = 'b'", &["1:12: invalid type: expected a string, or an array of strings, found a table"])]
#[case("[[webhook]]\nname = 'a'\npath = '/a'\nscheme = 'gihtub'\n[[webhook]]\nname = 'a'\npath = '/a'", &["4:10: unknown scheme", "6:8: duplicate webhook name", "7:8: duplicate path"])]
#[case("nope = 1\nbind = 5", &["1:1: unknown field `nope`", "2:8: invalid type"])]
#[case("[[webhook]]\npath = 'hooks'", &["1:1: missing field `name`", "2:8: invalid path 'hooks'"])]
#[case("[[webhook]]\npath = '/a'\n[[webhook]]\nname = 'b'\npath = '/a'", &["1:1: missing field `name`", "5:8: duplicate path"])]
#[case("[simulations.x]\nrate = 'x'\nimage = 'zz'", &["2:8: invalid type", "3:9: invalid simulation 'x': unknown image form"])]
#[case("[simulations.x]\nimage = 'zz'\nheaders = ['a', 'b: c', 'd']\ncount = 0", &["2:9: invalid simulation 'x': unknown image form", "3:12: invalid simulation 'x': invalid header 'a'", "3:25: invalid simulation 'x': invalid header 'd'", "4:9: invalid simulation 'x': invalid count 0"])]
#[case("columns = ['id', 'caus', 'nope']", &["1:18: unknown column 'caus'", "1:26: unknown column 'nope'"])]
fn what_follows_from_a_fault_is_none(#[case] text: &str, #[case] wanted: &[&str]) {
    assert_begin(&faults(text), wanted);
}

/// A fault is at the key that is wrong, and in an array at the entry, not at the heading of its table.
#[rstest]
#[case(
    "[simulations.x]\nlive = true\nevent = 'app'\nset = ['a=1',\n  'b']",
    "5:3: invalid simulation 'x': invalid assignment 'b'"
)]
#[case("[simulations.x]\nlive = true\ncount = 0", "3:9: invalid simulation 'x': invalid count 0")]
#[case("[simulations.x]\nlive = true\nrate = 0.0", "3:8: invalid simulation 'x': invalid rate")]
#[case("[simulations.x]\nwebhook = 'a'\nto = 'http://b'", "3:6: invalid simulation 'x': it names both")]
#[case("[answers.later]\nstatus = 204\nbody = 'x'", "3:8: a 204 answer has no body")]
#[case("[answers.later]\nstatus = 200\nbody = '{{nope}}'", "3:8:")]
#[case(
    "[answers.later]\nstatus = 200\n[answers.later.headers]\nA = 'b'\nDate = 'x'",
    "5:1: whyhook sets the header 'Date'"
)]
#[case("[answers.later]\nbody = 'x'\nstatus = 600", "3:10: invalid status 600")]
#[case("[answers.'1']\nstatus = 200", "1:10: invalid answer name '1'")]
#[case("[[rules]]\nthen = '503'\nwhen = 'status:503'", "3:8: 'status' cannot be used in a rule")]
#[case("[[rules]]\nthen = 'nonsense'\nwhen = 'is:sim'", "2:8: unknown action 'nonsense'")]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\n[webhook.scheme]\nprefix = 'x'\nsignature_header = 'no spaces'",
    "6:20: invalid header name"
)]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\n[webhook.scheme]\ncontent = [\n  '{body}',\n  '{body' ]",
    "7:3: content:"
)]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\n[webhook.scheme]\nsignature = ['header:A',\n 'header:b c']",
    "6:2: invalid header name 'b c'"
)]
#[case("[[webhook]]\nname = 'a'\npath = '/a'\n[webhook.scheme]\nprefix = 'x'\nalgorithm = 'md17'", "6:13:")]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\n[webhook.scheme]\nprefix = 'x'\npreset = 'gihtub'",
    "6:10: unknown scheme 'gihtub'"
)]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\n[webhook.scheme]\ncontent = '{body}{a}'\n[webhook.scheme.variables]\na = '{body'",
    "7:5: variables:"
)]
#[case(
    "[[webhook]]\nname = 'a'\npath = '/a'\nscheme = ['github',\n { preset = 'stripe', url = 'x' },\n 'slack']",
    "5:29: url: expected"
)]
#[case("[[webhook]]\nname = 'a'\npath = '/a'\nscheme = ['github',\n 'slak']", "5:2: unknown scheme 'slak'")]
#[case("columns = ['id',\n 'id']", "2:2: the column 'id' is named twice")]
fn a_fault_is_at_its_own_line(#[case] text: &str, #[case] wanted: &str) {
    assert_begin(&faults(text), &[wanted]);
}

#[test]
fn each_unknown_label_is_at_its_own_place() {
    let text = "[[webhook]]\nname = 'a'\npath = '/a'\nsecret = ['known',\n  'one', 'two']\n\
        [[webhook]]\nname = 'b'\npath = '/b'\nsecret = 'one'\n";
    let file = ConfigFile::parse(Path::new("x"), text).unwrap();
    let places: Vec<String> = file.unknown_labels(&["known"]).map(|(place, _)| place.to_string()).collect();
    assert_eq!(places, ["5:3", "5:10", "9:10"]);
}

#[test]
fn too_many_rules_are_said_once() {
    let rule = "[[rules]]\nthen = '503'\n";
    for (extra, place) in [("", "401:1"), ("respond = '200'\n", "402:1")] {
        let text = format!("{extra}{}", rule.repeat(230));
        let found = faults(&text);
        let count = 230 + extra.lines().count();
        assert_eq!(found, [format!("{place}: too many rules: {count}, at most 200")]);
    }
    let found = faults(&format!("respond = '200'\n{}", rule.repeat(200)));
    assert_eq!(found, ["1:11: too many rules: 201, at most 200"]);
}

#[test]
fn mistakes_of_toml_come_with_the_others() {
    let found = faults("bind = 'nowhere'\ntolerance = = 5\nmouse = yes\nhold_for = '2h'\n");
    let lines: Vec<&str> = found.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(lines, ["1", "2", "3", "4"], "{found:#?}");
    // And nothing of a file like this is used.
    assert!(CheckedFile::of(Path::new("x"), "bind = = 1").file.is_none());
}

#[test]
fn what_is_right_is_kept() {
    let text = "tolerance = '5'\nhold_for = '3s'\n[secrets]\na = { env = 'A' }\n";
    let checked = CheckedFile::of(Path::new("x"), text);
    let file = checked.file.unwrap();
    assert_eq!((file.tolerance, file.hold_for), (None, Some(std::time::Duration::from_secs(3))));
    assert_eq!(file.secrets.len(), 1);
}

#[rstest]
#[case("stor = 'a.db'", true)]
#[case("store = 5", true)]
#[case("bindd = '127.0.0.1:1'", false)]
// Whatever a value says, the file's own words are not taken for ours.
#[case("[[webhook]]\nname = 'a'\npath = 'did you mean `store`'", false)]
fn what_may_be_about_the_store_is_known(#[case] text: &str, #[case] wanted: bool) {
    let checked = CheckedFile::of(Path::new("x"), text);
    assert_eq!(checked.faults.iter().any(|fault| fault.is_of("store")), wanted, "{checked:?}");
}

#[rstest]
#[case("missing field `path`", Fault::MissingField("path".to_owned()), "missing field `path`")]
#[case(
    "unknown field `heads`, expected one of `head`, `body`",
    Fault::UnknownField { words: "unknown field `heads`; did you mean `head`?".to_owned(), meant: Some("head".to_owned()) },
    "unknown field `heads`; did you mean `head`?"
)]
#[case(
    "unknown field `whsec_5f0c`, expected `a`",
    Fault::UnknownField { words: "unknown field (10 characters, not shown), expected `a`".to_owned(), meant: None },
    "unknown field (10 characters, not shown), expected `a`"
)]
#[case(
    "unknown variant `b64`, expected one of `base64url`, `base64url-nopad`",
    Fault::Syntax("unknown value `b64`, expected one of `base64url`, `base64url-nopad`".to_owned()),
    "unknown value `b64`, expected one of `base64url`, `base64url-nopad`"
)]
fn what_the_reader_says_has_a_kind(#[case] message: &str, #[case] kind: Fault, #[case] words: &str) {
    let fault = Fault::of_syntax(message);
    assert_eq!((fault.to_string().as_str(), fault), (words, kind));
}

#[test]
fn a_value_that_looks_like_what_is_expected_is_not_shown() {
    for message in [
        "unknown field `a, expected `sk_live_51H8xK2``, there are no fields",
        "unknown variant `a, expected one of `sk_live_51H8xK2`, `b`, there are no variants",
        "invalid value: string \"a, expected sk_live_51H8xK2\", expected a duration",
        "unknown field `sk_live_51H8xK2`, expected `a` or `b`",
    ] {
        let words = Fault::of_syntax(message).to_string();
        assert!(!words.contains("sk_live"), "{words}");
    }
}

/// Lines of which many mean something, and may be wrong together in any way.
fn lines() -> impl Strategy<Value = String> {
    let line = proptest::sample::select(vec![
        "bind = '127.0.0.1:1'",
        "bind = 1",
        "nothing = 1",
        "[limits]",
        "head = '1s'",
        "head = 1",
        "[[rules]]",
        "when = 'is:sim'",
        "when = 'is:nonsense'",
        "then = '503'",
        "then = 'later'",
        "[answers.later]",
        "status = 503",
        "status = 1",
        "[[webhook]]",
        "name = 'a'",
        "path = '/a'",
        "path = 1",
        "secret = ['a', 1]",
        "scheme = { preset = 'github', nothing = 1 }",
        "[filters]",
        "b = 'is:sim'",
        "c = '@b'",
        "d = 'is:nonsense @c'",
        "[on_delivery]",
        "command = ['a', 1]",
        "jobs = 99",
        "[keys]",
        "replay = 'x'",
        "x.y.z = 1",
        "[",
        "=",
        "'",
        "[theme]",
        "base = 'x'",
        "[simulations.x]",
        "count = 0",
        "[redact]",
        "keep = ['a..b', 'a']",
    ]);
    proptest::collection::vec(line, 0..25).prop_map(|lines| lines.join("\n"))
}

proptest! {
    /// A run refuses a file when, and only when, faults are found, and the first in the file's order of them all is
    /// never a later one than the run's.
    #[test]
    fn there_are_faults_when_a_run_refuses(text in lines()) {
        let checked = CheckedFile::of(Path::new("x"), &text);
        match ConfigFile::parse(Path::new("x"), &text) {
            Ok(_) => prop_assert!(checked.faults.is_empty() && checked.file.is_some(), "{:?}", checked.faults),
            Err(super::super::FileError::Invalid { place, fault, .. }) => {
                let words = fault.to_string();
                prop_assert!(checked.faults.iter().any(|found| (found.place, &found.words) == (place, &words)), "{:?}", checked.faults);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
        let mut places: Vec<_> = checked.faults.iter().map(|fault| (fault.place.line, fault.place.column, &fault.words)).collect();
        let count = places.len();
        places.dedup();
        prop_assert_eq!(places.len(), count);
    }
}
