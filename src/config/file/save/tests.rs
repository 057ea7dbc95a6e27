use proptest::prelude::*;

use super::*;
use crate::rules::{RuleReader, named};

const FILE: &str = "# mine\nrespond = \"later\" # for now\n\n[answers.later] \nstatus = 503 # for now\n\n\
    # not signed yet\n[[rules]]\nwhen = \"is:sim\"\nthen = \"hold\" # look at it\n\n\
    [[rules]]\nverdict = \"bad\"   # plain\nthen = \"200\"\n\n[[webhook]]\nname = \"a\"\npath = \"/a\"\n# url = \"http://localhost\"\n";

fn saved(text: &str, part: &ConfigPart) -> Result<String, ConfigSaveError> {
    edit::with(Path::new("whyhook.toml"), text, part)
}

fn rules(texts: &[&str]) -> ConfigPart {
    let later = named("later", 503, &[], None).unwrap();
    let answers = [later];
    ConfigPart::Rules(texts.iter().map(|text| RuleReader::new(&answers).rule(text).unwrap()).collect())
}

fn answer(name: &str, status: u16) -> ConfigPart {
    ConfigPart::Answer(named(name, status, &[], None).unwrap())
}

#[test]
fn an_answer_is_added_or_replaced_and_nothing_else() {
    let teapot = named("teapot", 418, &[("X-A".to_owned(), "\"{{id}}\"".to_owned())], Some("a\nb")).unwrap();
    let teapot = ConfigPart::Answer(teapot);
    let added = saved(FILE, &teapot).unwrap();
    assert!(added.starts_with(FILE), "{added}");
    assert!(added[FILE.len()..].starts_with("\n[answers.teapot]\nstatus = 418\nheaders = { "), "{added}");
    assert_eq!(saved(&added, &teapot).unwrap(), added, "saved again");
    let replaced = saved(FILE, &answer("later", 500)).unwrap();
    assert_eq!(replaced, FILE.replace("status = 503", "status = 500"));
    assert_eq!(saved("", &answer("later", 500)).unwrap(), "[answers.later]\nstatus = 500\n");
    let inline = "[answers]\nlater = { status = 503 }\n";
    assert_eq!(saved(inline, &answer("later", 500)).unwrap(), inline.replace("503", "500"));
    let dotted = "answers = { later = { status = 503 } }\n";
    assert!(matches!(saved(dotted, &answer("more", 500)), Err(ConfigSaveError::Entangled { .. })));
    assert!(matches!(saved("respond = \"odd\"\n", &answer("later", 500)), Err(ConfigSaveError::File(_))));
}

#[test]
fn columns_are_put_before_every_table_and_replaced_where_they_are() {
    use crate::config::ListColumn;
    let columns = |columns: &[ListColumn]| ConfigPart::Columns(columns.to_vec());
    let two = columns(&[ListColumn::Time, ListColumn::Cause]);
    let added = saved(FILE, &two).unwrap();
    let line = "columns = [\"time\", \"cause\"]\n";
    assert_eq!(added.replace(line, ""), FILE, "{added}");
    assert!(added.find(line) < added.find("[answers"), "{added}");
    assert_eq!(saved(&added, &two).unwrap(), added, "saved again");
    let with_comment = "columns = [\"id\"] # wide enough\nbind = \"127.0.0.1:1\"\n";
    let changed = saved(with_comment, &two).unwrap();
    assert_eq!(changed, with_comment.replace("[\"id\"]", "[\"time\", \"cause\"]"));
    assert_eq!(saved("", &two).unwrap(), line);
}

#[test]
fn rules_that_stay_keep_their_place_and_their_comments() {
    assert_eq!(saved(FILE, &rules(&["is:sim → hold", "verdict:bad → 200", "later"])).unwrap(), FILE);
    let more = saved(FILE, &rules(&["is:sim → hold", "verdict:bad → 200", "path:/x → drop", "later"])).unwrap();
    let added = "[[rules]]\nwhen = \"path:/x\"\nthen = \"drop\"\n\n[[webhook]]";
    assert_eq!(more, FILE.replace("[[webhook]]", added), "{more}");
    let changed = saved(FILE, &rules(&["is:sim → hold 5s", "verdict:bad → 200", "503"])).unwrap();
    let expected = FILE.replace("\"hold\"", "\"hold 5s\"").replace("respond = \"later\"", "respond = \"503\"");
    assert_eq!(changed, expected);
}

#[test]
fn rules_are_turned_round_and_taken_out() {
    let turned = saved(FILE, &rules(&["verdict:bad → 200", "is:sim → hold", "later"])).unwrap();
    let places: Vec<_> = ["verdict", "# not signed yet\n[[rules]]\nwhen", "[[webhook]]"]
        .iter()
        .map(|part| turned.find(part).unwrap_or_else(|| panic!("{turned}")))
        .collect();
    assert!(places.is_sorted(), "{turned}");
    let none = saved(FILE, &rules(&[])).unwrap();
    assert!(none.starts_with("# mine\n") && !none.contains("respond") && !none.contains("[[rules]]"), "{none}");
    assert!(none.ends_with("# url = \"http://localhost\"\n"), "{none}");
    let first = saved(&none, &rules(&["is:sim → hold"])).unwrap();
    assert_eq!(first, format!("{none}\n[[rules]]\nwhen = \"is:sim\"\nthen = \"hold\"\n"));
    assert_eq!(saved("", &rules(&["503"])).unwrap(), "[[rules]]\nthen = \"503\"\n");
    let inline = "rules = [{ then = \"503\" }]\n";
    assert!(matches!(saved(inline, &rules(&["200"])), Err(ConfigSaveError::Entangled { .. })));
    // An answer that the file does not have cannot be named in it.
    assert!(matches!(saved("", &rules(&["later"])), Err(ConfigSaveError::File(_))));
}

#[test]
fn comments_of_the_file_outlive_the_rules_behind_them() {
    let text = "# ours\nrespond = \"503\" # gone\n\n# about the rules\n\n# about the first\n[[rules]]\nwhen = \"is:sim\"\n\
        then = \"hold\"\n\n[[rules]]\nwhen = \"path:/x\"\nthen = \"drop\"\n";
    let only_second = saved(text, &rules(&["path:/x → drop"])).unwrap();
    for (comment, stays) in
        [("# ours", true), ("# about the rules", true), ("# about the first", false), ("# gone", false)]
    {
        assert_eq!(only_second.contains(comment), stays, "{comment} in\n{only_second}");
    }
    let none = saved(text, &rules(&[])).unwrap();
    assert!(none.contains("# ours") && none.contains("# about the rules") && !none.contains("[[rules]]"), "{none}");
    let turned = saved(text, &rules(&["path:/x → drop", "is:sim → hold"])).unwrap();
    let places: Vec<_> = ["# about the rules", "path:/x", "# about the first", "is:sim"]
        .iter()
        .map(|part| turned.find(part).unwrap_or_else(|| panic!("{turned}")))
        .collect();
    assert!(places.is_sorted(), "{turned}");
}

#[test]
fn line_ends_and_what_stands_behind_stay() {
    let windows = FILE.replace('\n', "\r\n");
    let after = saved(&windows, &rules(&["is:sim → hold", "later"])).unwrap();
    assert!(!after.replace("\r\n", "").contains(['\r', '\n']), "{after:?}");
    assert!(after.ends_with("# url = \"http://localhost\"\r\n"), "{after:?}");
    let unended = saved("bind = \"127.0.0.1:3001\" # x", &rules(&["503"])).unwrap();
    assert_eq!(unended, "bind = \"127.0.0.1:3001\" # x\n\n[[rules]]\nthen = \"503\"\n");
}

#[test]
fn a_simulation_is_saved_under_its_name() {
    let made = SavedSimulation { live: true, count: Some(3), ..SavedSimulation::default() };
    let part = ConfigPart::Simulation("my own".to_owned(), Box::new(made));
    let text = saved(FILE, &part).unwrap();
    assert!(text.starts_with(FILE) && text.contains("\n[simulations.\"my own\"]\n"), "{text}");
    let noted = text.replace("live = true", "live = true # as it is");
    let fewer = ConfigPart::Simulation(
        "my own".to_owned(),
        Box::new(SavedSimulation { live: true, ..SavedSimulation::default() }),
    );
    assert_eq!(saved(&noted, &fewer).unwrap(), noted.replace("count = 3\n", ""));
}

#[test]
fn a_file_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let (file, link) = (folder.path().join("real.toml"), folder.path().join("whyhook.toml"));
    std::fs::write(&file, FILE).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let change = ConfigChange::make(&link, &answer("mine", 201)).unwrap();
    assert_eq!(change.behind_link(), Some(&*file.canonicalize().unwrap()), "it is said what is replaced");
    change.write().unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(mode(&file), 0o640);
    assert_eq!(ConfigFile::read(&link).unwrap().answers.len(), 2);
    let new = folder.path().join("new.toml");
    ConfigChange::make(&new, &answer("mine", 201)).unwrap().write().unwrap();
    assert_eq!(mode(&new), 0o600);
    let loose = folder.path().join("loose.toml");
    std::os::unix::fs::symlink(folder.path().join("nowhere.toml"), &loose).unwrap();
    assert!(matches!(ConfigChange::make(&loose, &answer("mine", 201)), Err(ConfigSaveError::LooseLink(_))));
}

#[test]
fn what_has_changed_meanwhile_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whyhook.toml");
    let (new, again) =
        (ConfigChange::make(&file, &rules(&["503"])).unwrap(), ConfigChange::make(&file, &rules(&["200"])).unwrap());
    assert!(new.is_new() && !new.is_empty());
    new.write().unwrap();
    assert!(matches!(again.write(), Err(ConfigSaveError::Changed(_))), "it is there now");
    let old = ConfigChange::make(&file, &rules(&["200"])).unwrap();
    std::fs::write(&file, "[[rules]]\nthen = \"404\"\n").unwrap();
    assert!(matches!(old.write(), Err(ConfigSaveError::Changed(_))));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[[rules]]\nthen = \"404\"\n");
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(old.write(), Err(ConfigSaveError::Changed(_))), "it has gone");
    // A link that was put in its place is not followed.
    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[[rules]]\nthen = \"503\"\n").unwrap();
    std::os::unix::fs::symlink(&other, &file).unwrap();
    assert!(matches!(new.write(), Err(ConfigSaveError::Changed(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn what_goes_and_comes_is_shown_without_secrets() {
    let text = format!("{FILE}\n[secrets]\nlive = {{ value = \"s3cret-s3cret\" }}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whyhook.toml");
    std::fs::write(&file, &text).unwrap();
    let change = ConfigChange::make(&file, &rules(&["is:sim → drop", "verdict:bad → 200", "later"])).unwrap();
    let lines: Vec<_> = change.lines().changes.iter().map(|line| (line.is_added, &line.text[..])).collect();
    assert_eq!(lines, [(false, "then = \"hold\" # look at it"), (true, "then = \"drop\" # look at it")]);
    assert!(!format!("{change:?}").contains("s3cret"));
}

proptest! {
    #[test]
    fn any_body_is_saved_as_it_is(body in "\\PC{0,40}|[\\x00-\\x7f]{0,40}", value in "[!-~]{0,12}") {
        if let Ok(answer) = named("mine", 200, &[("X-A".to_owned(), value)], Some(&body)) {
            let text = saved(FILE, &ConfigPart::Answer(answer.clone())).unwrap();
            let read = ConfigFile::parse(Path::new("whyhook.toml"), &text).unwrap();
            prop_assert!(read.answers.contains(&answer), "{text}");
        }
    }

    #[test]
    fn any_order_of_rules_is_saved(
        known in proptest::sample::subsequence(vec!["is:sim → hold", "verdict:bad → 200", "path:/x → drop"], 0..4),
        wanted in Just(vec!["is:sim → hold", "path:/x → 500", "verdict:bad → 200", "path:/y → drop"]).prop_shuffle(),
        count in 0_usize..4,
    ) {
        let before = saved(FILE, &rules(&known)).unwrap();
        let after = saved(&before, &rules(&wanted[..count])).unwrap();
        for comment in ["# mine", "# url = "] {
            prop_assert!(after.contains(comment), "{after}");
        }
        let read = ConfigFile::parse(Path::new("whyhook.toml"), &after).unwrap();
        prop_assert_eq!(ConfigPart::Rules(read.rules), rules(&wanted[..count]));
    }
}
