//! Nothing that comes from the network reaches a terminal unescaped: not the screen, not a line.

use whyhook::text::is_hidden;

use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, now, signature, talk};

/// Everything that a terminal would act on, as UTF-8: OSC, CSI, C1, bidi, zero-width, tags.
const ATTACK: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{9d}0;x\u{9c}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{7f}";

/// Requests that carry it in every place there is.
fn attacks() -> Vec<Vec<u8>> {
    let escaped: String = ATTACK.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let header: Vec<u8> =
        [b"X-Attack: ", ATTACK.replace(|c: char| c.is_ascii_control(), "").as_bytes(), b" \x9b31m\xff\r\n"].concat();
    let event = format!(
        "{{\"event\":\"{escaped}\",\"version\":\"{escaped}\",\"agent\":\"{escaped}\",\"{escaped}\":[\"{ATTACK}\"]}}"
    );
    let timestamp = "1746123456\u{9b}";
    let odd_signature = signature(SECRET.as_bytes(), timestamp, b"{}");
    vec![
        Signed::new(event).to("/%1b]0;owned%07%9b").with(&header).wire(),
        Signed::new(ATTACK.repeat(20)).with(&header).wire(),
        Signed::new(format!("{{\"event\":\"{ATTACK}\"}}")).wire(),
        Signed::new("{}").to("/\u{202e}\u{9b}31m").wire(),
        format!("POST / HTTP/1.1\r\nHost: x\r\nX-Webhook-Signature: {odd_signature}\r\nX-Webhook-Timestamp: {timestamp}\r\nContent-Length: 2\r\n\r\n{{}}").into_bytes(),
        format!("POST / HTTP/1.1\r\nHost: x\r\nX-Webhook-Signature: \u{202e}\u{9b}\r\nX-Webhook-Timestamp: {}\r\nContent-Length: 2\r\n\r\n{{}}", now(Unit::Seconds)).into_bytes(),
        format!("{ATTACK} / HTTP/1.1\r\n\r\n").into_bytes(),
        format!("GET / HTTP/1.1\r\nHost: x\r\nA: {ATTACK}\r\n\r\n").into_bytes(),
    ]
}

#[test]
fn the_terminal_gets_only_what_the_program_means() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(160, 50), &[]);
    let attacks = attacks();
    for attack in &attacks {
        talk(address, attack);
    }
    person.sees("malformed");
    person.types("g");
    for _ in &attacks {
        for tab in ["2", "3", "4", "5", "6", "7", "1"] {
            person.types(tab);
            person.settles();
        }
        person.types("e").settles();
        person.types("yj").settles();
        person.types("\u{1b}").settles();
        person.types("j").settles();
    }
    // Typed and pasted text is not trusted either.
    person.types("/").pastes(ATTACK).settles();
    person.types("\u{1b}").settles();
    person.types("q").ends();
    let raw = person.raw();
    let shown = String::from_utf8_lossy(&raw);
    assert_eq!(violations(&raw), Vec::<String>::new());
    for symbol in ["␛", "⟨U+202E⟩", "⟨U+009B⟩", "⟨9b⟩"] {
        assert!(shown.contains(symbol), "{symbol} was never shown");
    }
}

#[test]
fn lines_lists_and_shown_deliveries_are_plain_text() {
    let env = TestEnv::with_secret();
    for format in ["text", "json"] {
        let store = format!("{format}.db");
        let listening = env.listen(&["--format", format, "--store", &store]);
        let count = attacks().len();
        for attack in attacks() {
            talk(listening.address(), attack);
        }
        listening.line(count);
        assert!(!listening.stdout().contains(|c| c != '\n' && is_hidden(c)), "{:?}", listening.stdout());
        let mut ran = vec![env.run(&["list", "--format", format, "--store", &store])];
        for id in 1..=count {
            ran.push(env.run(&["show", &id.to_string(), "--format", format, "--store", &store]));
        }
        for ran in ran {
            let stdout = ran.yes().stdout();
            assert!(!stdout.contains(|c| c != '\n' && is_hidden(c)), "{stdout:?}");
        }
        for id in 1..=count {
            let ran = env.run(&["verify", &id.to_string(), "--format", format, "--store", &store]);
            let said = ran.stdout() + &ran.stderr();
            assert!(!said.contains(|c| c != '\n' && is_hidden(c)), "{said:?}");
        }
    }
}

/// What the interface asks the terminal once: its background, and what it is, which every terminal replies to.
const QUESTION: &str = "\u{1b}]11;?\u{1b}\\\u{1b}[c";

/// What a terminal would act on other than what the interface itself draws with.
pub(crate) fn violations(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).replacen(QUESTION, "", 1);
    let mut found = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let around = || format!("{:?}", text[at..].chars().take(24).collect::<String>());
        match character {
            '\u{1b}' => {
                if characters.next_if(|(_, next)| *next == '[').is_none() {
                    found.push(format!("an escape that is no CSI: {}", around()));
                    continue;
                }
                while characters.next_if(|(_, next)| matches!(next, '0'..='9' | ';' | ':' | '?')).is_some() {}
                // Move, erase, modes, colours: what the interface draws with.
                if !matches!(characters.next(), Some((_, 'H' | 'J' | 'K' | 'h' | 'l' | 'm'))) {
                    found.push(format!("another CSI: {}", around()));
                }
            }
            '\r' | '\n' => {}
            _ if is_hidden(character) || character == char::REPLACEMENT_CHARACTER => found.push(around()),
            _ => {}
        }
    }
    found
}

#[test]
fn the_check_itself_finds_what_it_looks_for() {
    for bad in ["\u{1b}]0;x\u{7}", "\u{1b}[6n", "\u{9b}31m", "\u{202e}", "\u{7}", "\u{1b}c", "\u{1b}[?1$p"] {
        assert!(!violations(bad.as_bytes()).is_empty(), "{bad:?}");
    }
    assert!(!violations(b"\x9b31m").is_empty());
    assert!(violations("\u{1b}[2J\u{1b}[1;1H\u{1b}[38;5;10mé✓\u{1b}[?1049l\r\n".as_bytes()).is_empty());
}
