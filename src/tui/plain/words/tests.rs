use rstest::rstest;

use super::*;
use crate::query::ListOrder;

fn meant() -> Meant {
    Meant { current: Some(DeliveryId(7)), newest: Some(DeliveryId(9)) }
}

#[rstest]
#[case("why", PlainCommand::Show(DeliveryId(7), Tab::Signature))]
#[case("WHY #12", PlainCommand::Show(DeliveryId(12), Tab::Signature))]
#[case("why latest", PlainCommand::Show(DeliveryId(9), Tab::Signature))]
#[case("12", PlainCommand::Show(DeliveryId(12), Tab::Overview))]
#[case("  payload   3 ", PlainCommand::Show(DeliveryId(3), Tab::Payload))]
#[case("list", PlainCommand::List(20))]
#[case("list 5", PlainCommand::List(5))]
#[case("filter", PlainCommand::Filter(String::new()))]
#[case("pin", PlainCommand::Mark(DeliveryId(7), vec![MarksEdit::Pin(true)]))]
#[case("unpin 12", PlainCommand::Mark(DeliveryId(12), vec![MarksEdit::Pin(false)]))]
#[case("note 12 ask  them", PlainCommand::Mark(DeliveryId(12), vec![MarksEdit::Note("ask  them".to_owned())]))]
#[case("note ask them", PlainCommand::Mark(DeliveryId(7), vec![MarksEdit::Note("ask them".to_owned())]))]
#[case("note 12 -", PlainCommand::Mark(DeliveryId(12), vec![MarksEdit::Note(String::new())]))]
#[case("tag 12 Odd -even", PlainCommand::Mark(DeliveryId(12), vec![MarksEdit::Untag("even".to_owned()), MarksEdit::Tag("odd".to_owned())]))]
#[case("delete latest", PlainCommand::Delete(DeliveryId(9)))]
#[case("undo", PlainCommand::Undo)]
#[case("export 12 to a b.har", PlainCommand::Export(DeliveryId(12), "a b.har".to_owned()))]
#[case("export x.sh", PlainCommand::Export(DeliveryId(7), "x.sh".to_owned()))]
#[case("sort", PlainCommand::Sort(Sorting::default()))]
#[case("sort -size", PlainCommand::Sort(Sorting { order: ListOrder::Size, reversed: true }))]
#[case("filter verdict:bad is:live", PlainCommand::Filter("verdict:bad is:live".to_owned()))]
#[case("answer", PlainCommand::Answers)]
#[case("answer 503 try later", PlainCommand::Answer { action: "503 try later".to_owned(), once: false })]
#[case("answer once 503", PlainCommand::Answer { action: "503".to_owned(), once: true })]
#[case("answer clear", PlainCommand::ClearAnswer)]
#[case("release 12", PlainCommand::Release(Some(DeliveryId(12)), None))]
#[case("release 12 503 later", PlainCommand::Release(Some(DeliveryId(12)), Some("503 later".to_owned())))]
#[case("release all", PlainCommand::Release(None, None))]
#[case("drop 12", PlainCommand::Release(Some(DeliveryId(12)), Some("drop".to_owned())))]
#[case("drop all", PlainCommand::Release(None, Some("drop".to_owned())))]
#[case("rules", PlainCommand::Rules(RulesChange::List))]
#[case("rules add is:sim -> 503", PlainCommand::Rules(RulesChange::Add("is:sim -> 503".to_owned())))]
#[case("rules delete 2", PlainCommand::Rules(RulesChange::Delete(1)))]
#[case(
    "replay 12 to http://localhost:8080/a",
    PlainCommand::Replay(DeliveryId(12), Again::AsCaptured, vec!["http://localhost:8080/a".to_owned()])
)]
#[case("replay resigned", PlainCommand::Replay(DeliveryId(7), Again::Resigned, Vec::new()))]
#[case("simulate screenshot to http://a/b", PlainCommand::Simulate("screenshot".to_owned(), Some("http://a/b".to_owned())))]
#[case("check http://a/b", PlainCommand::Check("http://a/b".to_owned()))]
#[case("compare body=ab12", PlainCommand::Compare(Some("body=ab12".to_owned())))]
#[case("diff 1 latest", PlainCommand::Diff(DeliveryId(1), DeliveryId(9)))]
#[case("diff latest tunnel", PlainCommand::DiffTunnel(DeliveryId(9)))]
#[case("copy 12 as curl", PlainCommand::Copy(DeliveryId(12), "curl".to_owned(), CopyTo::Clipboard))]
#[case("print the body", PlainCommand::Copy(DeliveryId(7), "the body".to_owned(), CopyTo::Lines))]
#[case("help answer", PlainCommand::Help("answer".to_owned()))]
#[case("exit", PlainCommand::Quit)]
#[case("wait", PlainCommand::Wait)]
fn a_line_is_read(#[case] line: &str, #[case] command: PlainCommand) {
    assert_eq!(PlainCommand::read(line, meant()), Ok(command));
}

#[rstest]
#[case("wyh", "did you mean why?")]
#[case("frobnicate", "unknown command 'frobnicate': help lists the commands")]
#[case("why twelve", "invalid delivery 'twelve': expected a number such as 12, or latest")]
#[case("why 0", "invalid delivery '0'")]
#[case("list all", "invalid number 'all': expected 1 to 200")]
#[case("secret hunter2", "enter secret alone")]
#[case("rules delete", "expected its number")]
#[case("rules delete 0", "invalid rule '0'")]
#[case("rules frob", "expected add, delete, undo, switch, up, down or save")]
#[case("replay 12 sideways", "unknown word 'sideways'")]
#[case("check", "enter the receiver's URL")]
#[case("check http://a http://b", "check takes one URL")]
#[case("diff 1", "name two deliveries")]
#[case("delete", "name the delivery: delete 12")]
#[case("note 12", "enter the note as well: note 12 ask them")]
#[case("tag 12", "enter the tags as well")]
#[case("tag 12 a!b", "invalid tag 'a!b'")]
#[case("export 12 x.txt", "name the file, which ends in .har")]
#[case("quit now", "quit takes nothing after it")]
#[case("\u{1b}[2J", "unknown command '␛[2j'")]
fn a_mistake_is_explained_in_a_line(#[case] line: &str, #[case] words: &str) {
    let problem = PlainCommand::read(line, meant()).unwrap_err();
    assert!(problem.contains(words) && problem.lines().count() == 1, "{problem}");
}

#[test]
fn without_a_delivery_a_command_that_needs_one_says_so() {
    let problem = PlainCommand::read("why", Meant::default()).unwrap_err();
    assert!(problem.starts_with("no delivery yet"), "{problem}");
}

#[test]
fn every_name_is_one_command_s_alone_and_has_its_help() {
    let mut names: Vec<&str> = COMMANDS.iter().flat_map(|command| command.names.iter().copied()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for command in COMMANDS {
        assert!(help(command.names[0])[0].contains(':'), "{}", command.usage);
        // The usage is a line that can be typed, apart from what stands in brackets.
        let usage = command.usage.split(" [").next().unwrap().replace("DIGEST", "ab");
        assert!(PlainCommand::read(&usage, meant()).is_ok(), "{usage}");
    }
    assert!(help("xyzzy")[0].starts_with("nothing about 'xyzzy'"));
    assert!(help("filter").iter().any(|line| line.contains("verdict:")));
}

proptest::proptest! {
    #[test]
    fn any_line_is_read_or_refused_in_visible_text(line in "\\PC*|[\\x00-\\xff]*") {
        if let Err(problem) = PlainCommand::read(&line, meant()) {
            proptest::prop_assert!(!problem.contains(crate::text::is_hidden), "{problem:?}");
        }
    }
}
