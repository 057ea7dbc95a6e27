//! What the snippets say, and what the languages make of it, asked of them.

use std::process::{Command, Stdio};

use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::delivery::{DeliveryId, EventFacts, Intake, Judgement, Summary, Verdict};
use crate::http::WireFraming;

fn delivery(head: &'static str, body: &[u8]) -> Delivery {
    Delivery {
        summary: Summary {
            id: DeliveryId(1),
            received_at: Timestamp::UNIX_EPOCH,
            remote: "127.0.0.1:1".to_owned(),
            method: "POST".to_owned(),
            path: "/hook".to_owned(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(Verdict::NoSecret),
            body_bytes: body.len() as u64,
            framing_bytes: 0,
            cause: None,
            marks: crate::delivery::Marks::default(),
            image: None,
            answer: None,
        },
        head: head.into(),
        body: Bytes::copy_from_slice(body),
        framing: WireFraming::NONE,
        answer: None,
    }
}

const HEAD: &str = "POST /hook?a=it's HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\
                    X-Webhook-Signature: aa\r\nX-Two: 1\r\nx-two: \"2\"\r\n\r\n";

#[test]
fn each_sends_the_exact_body_and_leaves_its_client_what_is_the_client_s() {
    let delivery = delivery(HEAD, b"{\"a\": 1}\n");
    let url = url_at(&delivery, "http://127.0.0.1:4000/");
    assert_eq!(url, "http://127.0.0.1:4000/hook?a=it's");
    assert_eq!(
        SnippetLanguage::Curl.write(&delivery, &url),
        "curl --include --request 'POST' 'http://127.0.0.1:4000/hook?a=it'\\''s' \\\n  -H 'Content-Type: application/json' \
         \\\n  -H 'X-Webhook-Signature: aa' \\\n  -H 'X-Two: 1' \\\n  -H 'x-two: \"2\"' \\\n  --data-raw '{\"a\": 1}\n'\n"
    );
    assert_eq!(
        SnippetLanguage::Fetch.write(&delivery, &url),
        "const response = await fetch(\"http://127.0.0.1:4000/hook?a=it's\", {\n  method: \"POST\",\n  headers: [\n    \
         [\"Content-Type\", \"application/json\"],\n    [\"X-Webhook-Signature\", \"aa\"],\n    [\"X-Two\", \"1\"],\n    \
         [\"x-two\", \"\\\"2\\\"\"],\n  ],\n  body: \"{\\\"a\\\": 1}\\n\",\n});\n\
         console.log(response.status, await response.text());\n"
    );
    assert_eq!(
        SnippetLanguage::Requests.write(&delivery, &url),
        "import requests\n\nresponse = requests.request(\n    \"POST\",\n    \"http://127.0.0.1:4000/hook?a=it's\",\n    \
         headers={\n        \"Content-Type\": \"application/json\",\n        \"X-Webhook-Signature\": \"aa\",\n        \
         \"X-Two\": \"1, \\\"2\\\"\",\n    },\n    data=\"{\\\"a\\\": 1}\\n\".encode(),\n)\n\
         print(response.status_code, response.text)\n"
    );
}

#[test]
fn bytes_that_are_no_plain_text_survive_and_hide_nothing() {
    let all: Vec<u8> = (0..=255).collect();
    for body in [&all[..], b"\x1b[31mred", "za\u{202e}b".as_bytes(), "a\r\nb".as_bytes(), "é \u{2028}".as_bytes()] {
        let delivery = delivery("POST /é HTTP/1.1\r\n\r\n", body);
        let url = url_at(&delivery, "http://127.0.0.1:1");
        assert!(url.is_ascii(), "{url}");
        for language in SnippetLanguage::ALL {
            let text = language.write(&delivery, &url);
            let hidden = text.chars().find(|character| *character != '\n' && crate::text::is_hidden(*character));
            assert_eq!(hidden, None, "{language:?}: {text:?}");
        }
    }
    // A form's type is not invented, a long body is no argument, and @ names no file.
    let text =
        SnippetLanguage::Curl.write(&delivery("POST / HTTP/1.1\r\n\r\n", b"@/etc/passwd"), "http://127.0.0.1:1/");
    assert!(text.contains("-H 'Content-Type:'") && text.contains("--data-raw '@/etc/passwd'"), "{text}");
    let long =
        SnippetLanguage::Curl.write(&delivery("POST / HTTP/1.1\r\n\r\n", &vec![b'a'; 200_000]), "http://127.0.0.1:1/");
    assert!(long.starts_with("printf '%s' 'aaa") && long.contains("--data-binary @-"));
}

/// Runs `program`, if there is one, and returns what it prints.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    use std::io::Write as _;
    let child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.ok()?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {input}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_literal_means_the_text_in_both_languages() {
    for text in
        ["", "a \"b\" \\n \\u0041 ${x} `y` 'z' %s {0}", "line\nend\r\n\ttab", "é日本𝄞\u{7f}\u{1b}\u{2028}\u{202e}"]
    {
        let codes: String = text.chars().map(|character| format!("{:x}\n", u32::from(character))).collect();
        let script = format!("for c in {}: print(f'{{ord(c):x}}')", literal(text));
        if let Some(printed) = run("python3", &["-"], &script) {
            assert_eq!(printed, codes, "{text:?}");
        }
        let script = format!("for (const c of {}) console.log(c.codePointAt(0).toString(16))", literal(text));
        if let Some(printed) = run("node", &["-"], &script) {
            assert_eq!(printed, codes, "{text:?}");
        }
    }
}
