//! What the snippets say, and what the languages make of it, asked of them.

use std::process::{Command, Stdio};

use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::delivery::{DeliveryId, EventFacts, Intake, Judgement, Summary, Verdict};
use crate::http::{Head, WireFraming};

fn delivery(head: impl Into<Head>, body: &[u8]) -> Delivery {
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
    let url = SnippetUrl::of(&delivery, "http://127.0.0.1:4000/");
    assert_eq!(url.as_str(), "http://127.0.0.1:4000/hook?a=it's");
    assert_eq!(
        SnippetLanguage::Curl.write(&delivery, &url),
        "curl --include --request 'POST' 'http://127.0.0.1:4000/hook?a=it'\\''s' \\\n  -H 'Content-Type: application/json' \
         \\\n  -H 'X-Webhook-Signature: aa' \\\n  -H 'X-Two: 1' \\\n  -H 'x-two: \"2\"' \\\n  --data-raw '{\"a\": 1}\n'\n"
    );
    assert_eq!(
        SnippetLanguage::Fetch.write(&delivery, &url),
        "// fetch can write this path or query differently from the captured one\n\
         const response = await fetch(\"http://127.0.0.1:4000/hook?a=it's\", {\n  method: \"POST\",\n  headers: [\n    \
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
        let url = SnippetUrl::of(&delivery, "http://127.0.0.1:1");
        assert!(url.as_str().is_ascii(), "{url:?}");
        for language in SnippetLanguage::ALL {
            let text = language.write(&delivery, &url);
            let hidden = text.chars().find(|character| *character != '\n' && crate::text::is_hidden(*character));
            assert_eq!(hidden, None, "{language:?}: {text:?}");
        }
    }
    // A form's type is not invented, a long body is no argument, and @ names no file.
    let url = SnippetUrl::from("http://127.0.0.1:1/".to_owned());
    let text = SnippetLanguage::Curl.write(&delivery("POST / HTTP/1.1\r\n\r\n", b"@/etc/passwd"), &url);
    assert!(text.contains("-H 'Content-Type:'") && text.contains("--data-raw '@/etc/passwd'"), "{text}");
    let long = SnippetLanguage::Curl.write(&delivery("POST / HTTP/1.1\r\n\r\n", &vec![b'a'; 200_000]), &url);
    assert!(long.starts_with("printf '%s' 'aaa") && long.contains("--data-binary @-"));
}

/// Targets that some client reads as something else than a path and its query.
const HOSTILE_TARGETS: [&[u8]; 18] = [
    b"/hook?filter[id]=1&ids[]=2",
    b"/hook/{a,b}",
    b"/g{1,2}[1-3]?a={x}&b=[1-99999]",
    b"/x/../y//./z/..",
    b"/%2e%2e/a?b=/../c",
    b"//other.example/x",
    b"/a?b=%41%zz%2f+c",
    b"/-x?--data=@/etc/passwd",
    b"/it's?\"$HOME\"&`id`;$(id)",
    b"/a\\b^c|d<e>",
    b"/caf\xe9?q=\xc3\xa9",
    "/日本?\u{202e}".as_bytes(),
    b"/a#b",
    b"/?",
    b"*",
    b"example.com:443",
    b"http://u:p@other.example/x?y",
    b"/",
];

/// One request as it came: its target, its headers, its body.
struct Arrived {
    target: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

/// Answers one request, whose body has a known length, and returns it.
fn receive(listener: &std::net::TcpListener) -> Arrived {
    use std::io::{Read as _, Write as _};
    let (mut stream, _) = listener.accept().unwrap();
    let (mut came, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let end = came.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(end) = end {
            let head = Head::read(Bytes::copy_from_slice(&came[..end]));
            let length = head.value("content-length").map_or(0, |text| String::from_utf8_lossy(text).parse().unwrap());
            if came.len() >= end + length {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
                let headers = head.pairs().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
                return Arrived { target: head.target().to_vec(), headers, body: came[end..].to_vec() };
            }
        }
        match stream.read(&mut piece).unwrap() {
            0 => panic!("no whole request: {}", String::from_utf8_lossy(&came)),
            length => came.extend_from_slice(&piece[..length]),
        }
    }
}

/// What arrives when `program` runs the snippet; `None` without the program.
fn sent(language: SnippetLanguage, delivery: &Delivery) -> Option<(String, Arrived)> {
    let program = match language {
        SnippetLanguage::Curl => "sh",
        SnippetLanguage::Fetch => "node",
        SnippetLanguage::Requests => "python3",
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = SnippetUrl::of(delivery, &format!("http://{}", listener.local_addr().unwrap()));
    let text = language.write(delivery, &url);
    let file = tempfile::Builder::new().suffix(".mjs").tempfile().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    let mut child = Command::new(program).arg(file.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let arrived = receive(&listener);
    assert!(child.wait().unwrap().success(), "{text}");
    // One request, and no other.
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "{text}");
    Some((text, arrived))
}

fn has(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
fn what_curl_and_node_are_told_arrives() {
    let languages = [
        (SnippetLanguage::Curl, has("curl", &["--version"])),
        (SnippetLanguage::Fetch, has("node", &["-e", "fetch"])),
        (SnippetLanguage::Requests, has("python3", &["-c", "import requests"])),
    ];
    let headers: [(&[u8], &[u8]); 6] = [
        (b"X-Quoted", b"it's \"$HOME\" `id` %s \\n"),
        (b"X-At", b"@/etc/passwd; a:b"),
        (b"X-Latin", b"caf\xe9 \xff"),
        (b"X-Empty", b""),
        (b"X-Colon", b": x"),
        (b"User-Agent", b"odd/1"),
    ];
    for (number, target) in HOSTILE_TARGETS.iter().enumerate() {
        // A body or none, with and without a type.
        let (method, body) = [("POST", &b"@a=\"b'"[..]), ("HEAD", b""), ("DELETE", b"\0\xff\r\n")][number % 3];
        let mut head = [method.as_bytes(), b" ", target, b" HTTP/1.1\r\nHost: h\r\n"].concat();
        for (name, value) in headers {
            head.extend([name, b": ", value, b"\r\n"].concat());
        }
        head.extend_from_slice(b"\r\n");
        let delivery = delivery(Head::read(head.into()), body);
        for (language, _) in languages.iter().filter(|(_, is_there)| *is_there) {
            let Some((text, arrived)) = sent(*language, &delivery) else { continue };
            let is_exact = *language == SnippetLanguage::Curl || !text.contains("can write this path");
            assert!(!is_exact || arrived.target == *target, "{text}: {}", String::from_utf8_lossy(&arrived.target));
            assert_eq!(arrived.body, body, "{text}");
            for (name, value) in headers {
                let came = arrived.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                assert_eq!(came.map(|(_, value)| &value[..]), Some(value), "{text}");
            }
            let types = arrived.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"content-type"));
            assert_eq!(types.count(), 0, "{text}");
        }
    }
}

#[test]
fn a_command_sends_one_request_and_reads_back_as_it() {
    for (target, words) in [
        (&b"/hook/{a,b}"[..], "--request 'POST' --globoff 'http"),
        (b"/x/./y", "--request 'POST' --path-as-is 'http"),
        (b"/caf\xe9", "/caf%C3%A9"),
    ] {
        let head = [b"POST ", target, b" HTTP/1.1\r\nHost: h\r\n@/etc/passwd: x\r\n\r\n"].concat();
        let delivery = delivery(Head::read(head.into()), b"");
        let text = SnippetLanguage::Curl.write(&delivery, &SnippetUrl::of(&delivery, "http://h"));
        assert!(text.contains(words) || text.contains("--request-target"), "{text}");
        assert!(!text.contains("passwd"), "{text}");
    }
    let head = delivery("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n", b"");
    let text = SnippetLanguage::Curl.write(&head, &SnippetUrl::of(&head, "http://h"));
    assert_eq!(text, "curl --include --head 'http://h/x'\n");
    let without_host = delivery("HEAD /x HTTP/1.0\r\n\r\n", b"");
    let text = SnippetLanguage::Curl.write(&without_host, &SnippetUrl::of(&without_host, "http://h"));
    assert_eq!(text, "curl --include --head 'http://h/x' \\\n  -H 'Host:'\n");
    let odd = delivery("HEAD /x HTTP/1.1\r\n\r\n", b"a");
    let text = SnippetLanguage::Curl.write(&odd, &SnippetUrl::of(&odd, "http://h"));
    assert!(text.contains("--request 'HEAD' --speed-limit 1 --speed-time 3 'http://h/x'"), "{text}");
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
