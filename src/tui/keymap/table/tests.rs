use std::collections::BTreeSet;
use std::path::Path;

use rstest::rstest;

use super::*;
use crate::config::file::ConfigFile;
use crate::tui::keymap::binding::BoundKey::{Char, Ctrl};
use crate::tui::screens::send::action::SendAction;

fn entries(text: &str) -> Vec<KeyEntry> {
    ConfigFile::parse(Path::new("whyhook.toml"), text).unwrap().keys
}

fn keymap(text: &str) -> Result<Keymap, String> {
    Keymap::with(&entries(text)).map_err(|error| error.to_string())
}

fn keys(keymap: &Keymap, context: KeyContext, action: Action) -> Vec<BoundKey> {
    keymap.rows(context).iter().filter(|row| row.action == action).flat_map(|row| row.keys.clone()).collect()
}

const REPLAY: Action = Action::Send(SendAction::Replay);

#[test]
fn the_whole_table_is_a_configuration_that_says_the_same() {
    for text in
        ["", "[keys]\nreplay = 'ctrl-r'\nfilter = ['/', 'f']\n[keys.payload]\nsearch = ['/', 'alt-s']\nwrap = []"]
    {
        let keymap = keymap(text).unwrap();
        let written = keymap.toml();
        let again = Keymap::with(&entries(&written)).unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(again, keymap, "{written}");
        assert_eq!(again.toml(), written);
    }
}

#[test]
fn what_is_printed_says_what_each_key_does_and_where() {
    let text = Keymap::default().toml();
    insta::assert_snapshot!("keys", text);
    for line in text.lines().filter(|line| line.contains(" = ")) {
        assert!(line.contains(" # "), "{line}");
    }
}

#[test]
fn every_action_has_one_name_and_every_name_one_action() {
    let keymap = Keymap::default();
    let actions: BTreeSet<String> =
        keymap.contexts.iter().flat_map(|(_, rows)| rows).map(|row| format!("{:?}", row.action)).collect();
    let names: BTreeSet<String> =
        keymap.contexts.iter().flat_map(|(_, rows)| rows).map(|row| names::action(row.action).into_owned()).collect();
    assert_eq!(actions.len(), names.len());
}

#[test]
fn keys_take_the_place_of_the_defaults() {
    let keymap = keymap("[keys]\nreplay = 'ctrl-r'\nfilter = ['/', 'f']").unwrap();
    assert_eq!(keys(&keymap, KeyContext::Anywhere, REPLAY), [Ctrl('r')]);
    assert_eq!(keys(&keymap, KeyContext::Anywhere, Action::Filter), [Char('/'), Char('f')]);
    // What had the key by default has it no longer, and is still found as a command.
    assert_eq!(keys(&keymap, KeyContext::Anywhere, Action::Follow), []);
    assert_eq!(keymap.label(Action::Follow), None);
    assert_eq!(keymap.press(Action::Follow), ": follow");
    assert_eq!(keymap.press(REPLAY), "^R");
}

#[test]
fn a_name_under_keys_counts_everywhere_and_one_in_a_table_there() {
    use crate::tui::app::step::Step;
    let down = Action::Move(Step::Down);
    let keymap = keymap("[keys]\ndown = ['down', 'e', 'ctrl-n']\n[keys.menu]\ndown = 'j'\n").unwrap();
    assert_eq!(keys(&keymap, KeyContext::List, down), [BoundKey::read("down").unwrap(), Char('e'), Ctrl('n')]);
    assert_eq!(keys(&keymap, KeyContext::Menu, down), [Char('j')]);
    // A character is text in a prompt.
    assert_eq!(keys(&keymap, KeyContext::Prompt, down), [BoundKey::read("down").unwrap(), Ctrl('n')]);
    // Of the reveal key, nothing is left.
    assert_eq!(keys(&keymap, KeyContext::Anywhere, Action::Reveal), []);
}

#[rstest]
#[case("\n[keys]\nreplya = 'x'", "3:1: unknown action 'replya'", "did you mean 'replay'?")]
#[case("[keys.lists]\nup = 'x'", "1:7: unknown section 'lists'", "did you mean 'list'?")]
#[case("[keys.menu]\nreplay = 'x'", "2:1: 'replay' does nothing there", "it belongs to [keys]")]
#[case("[keys]\nreplay = 'ctl-r'", "2:1: unknown key", "ctrl-r")]
#[case("[keys]\nreplay = 'ctrl-i'", "2:1: 'ctrl-i' is 'tab' to a terminal", "choose another")]
#[case("[keys]\nreplay = 'x'\ncheck = 'x'", "2:1: 'x' is the key of 'check' too (line 3)", "choose another")]
#[case("[keys]\nreplay = 'w'\n[keys.payload]\nwrap = 'w'", "'w' is the key of ", "choose another")]
#[case("[keys]\nquit = []", "2:1: 'quit' needs a key", "")]
#[case("[keys]\nreplay = ['q', 'ctrl-c']", "2:1: ", "is the only key of 'quit' in [keys]: give that another")]
#[case("[keys.menu]\nup = 'enter'", "2:1: 'enter' is the only key of 'accept' in [keys.menu]", "")]
#[case("[keys.prompt]\naccept = 'x'", "2:1: a character is text there", "")]
fn what_cannot_be_is_refused_with_its_place(#[case] text: &str, #[case] place: &str, #[case] words: &str) {
    let error = keymap(text).unwrap_err();
    assert!(error.contains(place) && error.contains(words), "{error}");
}

#[test]
fn no_key_means_two_things_at_once_whatever_was_chosen() {
    let chosen = keymap("[keys]\nfilter = 'j'\nreplay = 'n'\nmark = 'S'\n[keys.list]\nopen = 'R'").unwrap();
    let default = Keymap::default();
    for keymap in [default.clone(), chosen] {
        for (one, rows) in &keymap.contexts {
            for (other, beside) in &keymap.contexts {
                for (row, with) in rows.iter().flat_map(|row| beside.iter().map(move |with| (row, with))) {
                    let by_default =
                        |key: &BoundKey| default.has(*one, row.action, *key) && default.has(*other, with.action, *key);
                    let shared = row.keys.iter().any(|key| with.keys.contains(key) && !by_default(key));
                    assert!(!(shared && clash(*one, row, *other, with)), "{one:?} {row:?} {other:?} {with:?}");
                }
            }
        }
    }
}
