//! The words of a line of shell, as far as the documentation uses one: quotation marks, comments, pipes, lists,
//! redirections and `$(…)`.

/// The simple commands of a line, each as its words; what is redirected to is left out.
pub(super) fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut is_target = false;
    let mut characters = line.chars().peekable();
    let end_word = |commands: &mut Vec<Vec<String>>, word: &mut Option<String>, is_target: &mut bool| {
        if let Some(word) = word.take()
            && !std::mem::take(is_target)
            && let Some(last) = commands.last_mut()
        {
            last.push(word);
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(characters.by_ref().take_while(|next| *next != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(next) = characters.next_if(|next| *next != '"') {
                    word.push(if next == '\\' { characters.next().unwrap_or(next) } else { next });
                }
                characters.next();
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            '#' if word.is_none() => break,
            ' ' | '\t' => end_word(&mut commands, &mut word, &mut is_target),
            '|' | '&' | ';' | '(' | ')' => {
                // `last=$(whyhook …)`: what is before the parenthesis is no command.
                end_word(&mut commands, &mut word, &mut is_target);
                commands.push(Vec::new());
            }
            '>' | '<' => {
                end_word(&mut commands, &mut word, &mut is_target);
                is_target = true;
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    end_word(&mut commands, &mut word, &mut is_target);
    commands.retain(|words| !words.is_empty());
    commands
}

/// A call of the program: what is set for it alone, and its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) variables: Vec<(String, String)>,
    /// Without the program's name.
    pub(super) arguments: Vec<String>,
}

/// The calls of whyhook in a line: by its name, within another program, or by `cargo run … --`.
pub(super) fn calls(line: &str) -> Vec<Call> {
    let commands = simple_commands(line).into_iter();
    commands
        .filter_map(|words| {
            let start = words.iter().position(|word| word == "whyhook").map(|at| at + 1).or_else(|| {
                let is_cargo = words.first().is_some_and(|word| word == "cargo") && words.contains(&"run".to_owned());
                let is_example = words.contains(&"--example".to_owned());
                let end = words.iter().position(|word| word == "--").map_or(words.len(), |at| at + 1);
                (is_cargo && !is_example).then_some(end)
            })?;
            // `${name:-value}`: nothing is set here.
            let arguments = words[start..].iter().map(|word| match word.split_once(":-") {
                Some((name, value)) if name.starts_with("${") => value.trim_end_matches('}').to_owned(),
                _ => word.clone(),
            });
            let arguments = arguments.collect();
            let variables = words[..start].iter().filter_map(|word| word.split_once('='));
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Some(Call { variables, arguments })
        })
        .collect()
}

#[test]
fn a_line_is_taken_apart_as_a_shell_does() {
    let arguments = |line: &str| calls(line).into_iter().map(|call| call.arguments).collect::<Vec<_>>();
    for (line, expected) in [
        ("whyhook list 'a b' \"c \\\" d\" e\\ f # g", vec![vec!["list", "a b", "c \" d", "e f"]]),
        ("whyhook a | jq .b && whyhook c > file; whyhook d 2>e f", vec![vec!["a"], vec!["c"], vec!["d", "2", "f"]]),
        ("last=$(whyhook list -n 1 | jq .id)", vec![vec!["list", "-n", "1"]]),
        ("WHYHOOK_LOG=debug whyhook --log x", vec![vec!["--log", "x"]]),
        ("cargo run -rq -- sign --body x > y", vec![vec!["sign", "--body", "x"]]),
        ("cargo run --release", vec![vec![]]),
        ("cargo run --example generate-store -- 3 x", vec![]),
        ("docker exec -it receiver whyhook attach", vec![vec!["attach"]]),
        (
            "whyhook --respond 'is:sim → 503' --after \"${last:-0}\"",
            vec![vec!["--respond", "is:sim → 503", "--after", "0"]],
        ),
        ("curl -H @headers.txt http://127.0.0.1:3000/whyhook", vec![]),
    ] {
        assert_eq!(arguments(line), expected, "{line}");
    }
    assert_eq!(calls("A=1 B='2 3' whyhook")[0].variables, [("A".into(), "1".into()), ("B".into(), "2 3".into())]);
}
