//! The OpenAPI document of the control interface: what a running listener answers is as it says.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::control::{Controlled, Events, ask, ask_port, get, socket};
use crate::support::schema::Schemas;
use crate::support::{Signed, TestEnv, Unit, Upstream, sample, talk, until};

const METHODS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];

/// A listener that is asked by its document.
struct Documented<'a> {
    env: &'a TestEnv,
    document: Value,
    /// The operations whose success was seen.
    seen: RefCell<BTreeSet<(String, String)>>,
}

impl<'a> Documented<'a> {
    fn of(env: &'a TestEnv) -> Self {
        let document = get(env, "/openapi.json").is(200).json();
        Self { env, document, seen: RefCell::default() }
    }

    /// Every path with its methods, in upper case.
    fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let of = |(path, item): (&String, &Value)| {
            let methods: Vec<String> = item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
            methods.into_iter().map(|method| (method, path.clone())).collect::<Vec<_>>()
        };
        paths.flat_map(of).collect()
    }

    /// The path of the document that a target is of.
    fn path(&self, target: &str) -> String {
        let target: Vec<&str> = target.split('?').next().unwrap().split('/').collect();
        let is_of = |path: &&String| {
            let parts: Vec<&str> = path.split('/').collect();
            let fits = |(part, asked): (&&str, &&str)| part == asked || part.starts_with('{');
            parts.len() == target.len() && parts.iter().zip(&target).all(fits)
        };
        let paths = self.document["paths"].as_object().unwrap();
        paths.keys().find(is_of).unwrap_or_else(|| panic!("no path of {target:?}")).clone()
    }

    /// Asks, and holds request and response against the document.
    #[track_caller]
    fn ask(&self, method: &str, target: &str, body: Option<&Value>, status: u16) -> Value {
        let answer = ask(&socket(self.env), method, target, body).is(status);
        self.is_documented(method, target, body, &answer)
    }

    #[track_caller]
    fn is_documented(&self, method: &str, target: &str, body: Option<&Value>, answer: &Controlled) -> Value {
        let (path, place) = (self.path(target), format!("{method} {target} {}", answer.status));
        let operation = &self.document["paths"][&path][method.to_lowercase()];
        assert!(operation.is_object(), "{place} is not in the document");
        let (schemas, is_success) = (Schemas(&self.document), answer.status < 400);
        if is_success {
            self.seen.borrow_mut().insert((method.to_owned(), path.clone()));
            self.parameters(operation, target, &place);
            let content = &operation["requestBody"]["content"];
            assert_eq!(body.is_some(), content.is_object(), "{place}");
            if let (Some(body), Some(schema)) = (body, content["application/json"].get("schema")) {
                schemas.check(schema, body, "request").unwrap_or_else(|why| panic!("{place}: {why}"));
            }
        }
        let response = schemas.resolved(&operation["responses"][answer.status.to_string()]);
        assert!(response["description"].is_string(), "{place} is not documented");
        let Some(content) = response["content"].as_object() else {
            assert!(answer.body.is_empty(), "{place}");
            return Value::Null;
        };
        let kind = answer.header("content-type").unwrap();
        let is_of =
            |known: &&String| **known == kind || known.strip_suffix('*').is_some_and(|kinds| kind.starts_with(kinds));
        let known = content.keys().find(is_of).unwrap_or_else(|| panic!("{place}: {kind}"));
        let Some(schema) = content[known].get("schema") else { return Value::Null };
        let json = answer.json();
        schemas.check(schema, &json, "response").unwrap_or_else(|why| panic!("{place}: {why}: {json}"));
        json
    }

    /// What stands behind the `?` is known.
    #[track_caller]
    fn parameters(&self, operation: &Value, target: &str, place: &str) {
        let given = target.split_once('?').map_or("", |(_, given)| given).split('&').filter(|given| !given.is_empty());
        let known: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        let mut names = BTreeSet::new();
        for (name, _) in given.filter_map(|given| given.split_once('=')) {
            let is_known = |known: &&Value| known["in"] == "query" && known["name"] == name;
            assert!(known.iter().any(is_known), "{place}: {name}");
            names.insert(name);
        }
        let is_missing = |known: &Value| known["required"] == true && known["in"] == "query";
        let missing =
            known.iter().filter(|known| is_missing(known) && !names.contains(known["name"].as_str().unwrap()));
        assert_eq!(missing.count(), 0, "{place}");
    }

    #[track_caller]
    fn get(&self, target: &str) -> Value {
        self.ask("GET", target, None, 200)
    }

    #[track_caller]
    fn post(&self, target: &str, body: &Value) -> Value {
        self.ask("POST", target, Some(body), 200)
    }

    /// The data of an event is of this schema.
    #[track_caller]
    fn event(&self, name: &str, data: &Value) {
        let schema = &self.document["components"]["schemas"][name];
        Schemas(&self.document).check(schema, data, name).unwrap_or_else(|why| panic!("{why}: {data}"));
    }
}

#[test]
fn every_response_of_a_listener_is_as_the_document_says() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[[webhook]]\nname = 'shop'\npath = '/shop'\nkind = 'developer'\n");
    let upstream = Upstream::new(|socket| {
        use std::io::Write as _;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    });
    let rule = format!("path:/forward -> forward {}/hook", upstream.url());
    let listening =
        env.listen(&["--respond", "path:/held -> hold 5m else 202", "--respond", &rule, "--respond", "auto"]);
    let asked = Documented::of(&env);
    assert_eq!(asked.document, env.run(&["openapi"]).yes().json());
    asked.get("/openapi.json");
    asked.get("/status");
    asked.get("/");
    let mut events = Events::open(&env, "", None);
    asked.seen.borrow_mut().insert(("GET".to_owned(), "/events".to_owned()));

    let address = listening.address();
    talk(address, Signed::new(sample("screenshot-live.json")).to("/shop").wire());
    talk(address, Signed::new("{\"a\": 1}").by("wrong", Unit::Seconds).wire());
    talk(address, Signed::new(b"\xff\xfe{}".to_vec()).wire());
    talk(address, Signed::new("{\"a\": 1.0}").to("/forward").chunked());
    talk(address, b"GET nothing\r\n\r\n");
    for _ in 0..2 {
        talk(address, Signed::new(sample("app.json")).by("wrong", Unit::Seconds).to("/shop").wire());
    }
    for _ in 0..7 {
        asked.event("DeliveryRow", &events.next_of("delivery"));
    }
    let seen = read_deliveries(&asked);
    assert!(seen["answer"]["headers"].is_array());
    change_deliveries(&asked);
    steer(&asked, address, &mut events);
    send_and_wait(&asked, &listening.url("/shop"));
    refuse(&asked);
    asked.post("/prune?wait=true", &json!({"ids": [2]}));
    asked.event("Missed", &Events::open(&env, "?after=1", None).next_of("missed"));
    asked.ask("POST", "/stop", None, 202);
    let documented = asked.operations();
    assert_eq!(*asked.seen.borrow(), documented, "operations that were not asked");
}

/// Everything that is read of seven deliveries; the first, as it is shown.
fn read_deliveries(asked: &Documented<'_>) -> Value {
    let page = asked.get("/deliveries?limit=5&filter=");
    assert_eq!(page["deliveries"].as_array().unwrap().len(), 5);
    asked.get(&format!("/deliveries?before={}", page["next"]));
    until(|| (!get(asked.env, "/deliveries/2/diagnosis").json().is_null()).then_some(())).unwrap();
    for id in 1..=7 {
        asked.get(&format!("/deliveries/{id}"));
        asked.get(&format!("/deliveries/{id}/diagnosis"));
        asked.get(&format!("/deliveries/{id}/attempts"));
        asked.get(&format!("/deliveries/{id}/images"));
        asked.get(&format!("/deliveries/{id}/body"));
        asked.get(&format!("/deliveries/{id}/raw"));
    }
    asked.get("/deliveries/1/images/1");
    asked.get("/deliveries/latest");
    let forwarded = until(|| {
        let attempts = asked.get("/deliveries/4/attempts");
        attempts[0]["id"].as_i64()
    });
    asked.get(&format!("/attempts/{}", forwarded.unwrap()));
    for (left, right) in [(2, 4), (1, 3), (2, 2), (6, 7)] {
        asked.get(&format!("/diff?left={left}&right={right}"));
    }
    asked.get("/filter?filter=is:sim");
    asked.get("/filter?filter=evnt:a");
    asked.get("/deliveries/1")
}

fn change_deliveries(asked: &Documented<'_>) {
    let marks = json!({"ids": [1, "2-3"], "pinned": true, "note": "seen", "add_tags": ["a"], "remove_tags": ["b"]});
    assert_eq!(asked.post("/marks?wait=true", &marks)["result"]["matched"], 3);
    asked.post("/delete?wait=true", &json!({"filter": "verdict:bad"}));
    asked.get("/deleted");
    asked.post("/undelete?wait=true", &json!({}));
    change_one(asked);
    asked.post("/prune?wait=true", &json!({"ids": ["1-2"], "dry_run": true}));
    let exported = get(asked.env, "/deliveries/1").json();
    let imported = asked.post("/import?from=json&judge_again=true&wait=true", &exported);
    assert_eq!(imported["result"]["imported"], 1, "{imported}");
    // However soon it has ended.
    for (target, body) in [("/prune", json!({"ids": [99]})), ("/undelete", json!({}))] {
        assert_eq!(asked.ask("POST", target, Some(&body), 202)["result"], Value::Null);
    }
}

/// A delivery by its path.
fn change_one(asked: &Documented<'_>) {
    let note = json!({"text": "odd"});
    assert_eq!(asked.ask("PUT", "/deliveries/latest/note", Some(&note), 200), json!({"id": 7, "changed": true}));
    assert_eq!(asked.ask("PUT", "/deliveries/7/note", Some(&note), 200), json!({"id": 7, "changed": false}));
    asked.ask("PUT", "/deliveries/latest/pin", None, 200);
    let pinned = asked.get("/deliveries/7");
    assert_eq!((&pinned["pinned"], &pinned["user_note"]), (&json!(true), &json!("odd")));
    asked.ask("DELETE", "/deliveries/7", None, 409);
    asked.ask("DELETE", "/deliveries/7/pin", None, 200);
    assert_eq!(asked.ask("DELETE", "/deliveries/latest", None, 200), json!({"id": 7, "changed": true}));
    asked.ask("GET", "/deliveries/7", None, 404);
    asked.ask("DELETE", "/deliveries/6?pinned=true", None, 200);
    assert_eq!(asked.ask("POST", "/undo", None, 200)["result"], json!({"matched": 2, "restored": 2}));
    assert_eq!(asked.get("/deliveries/7")["pinned"], false);
}

/// Answers, rules, held deliveries, secrets, the configuration.
fn steer(asked: &Documented<'_>, address: std::net::SocketAddr, events: &mut Events) {
    asked.get("/answer");
    asked.ask("PUT", "/answer", Some(&json!({"rule": "503", "once": true})), 200);
    asked.event("Change", &events.next_change("answer"));
    asked.get("/answer");
    asked.ask("DELETE", "/answer", None, 204);
    let before = asked.get("/rules");
    asked.post("/rules", &json!({"rule": "is:sim -> 503", "at": 1}));
    asked.event("Change", &events.next_change("rules"));
    asked.post("/rules/1/move", &json!({"to": 2}));
    asked.ask("DELETE", "/rules/2", None, 200);
    let all: Vec<&Value> = before["rules"].as_array().unwrap().iter().map(|rule| &rule["rule"]).collect();
    asked.ask("PUT", "/rules", Some(&json!({"rules": all})), 200);

    let held = std::thread::spawn(move || talk(address, Signed::new("{}").to("/held").wire()).status);
    let change = events.next_change("held");
    asked.event("Change", &change);
    assert_eq!(asked.get("/held").as_array().unwrap().len(), 1);
    asked.get("/status");
    asked.post(&format!("/held/{}", change["id"]), &json!({"rule": "204"}));
    assert_eq!(held.join().unwrap(), 204);
    asked.event("Change", &events.next_change("released"));
    asked.event("DeliveryRow", &events.next_of("answered"));

    asked.get("/secrets");
    asked.get("/secrets?values=true");
    asked.post("/secrets?wait=true", &json!({"label": "dev", "secret": "wrong"}));
    asked.event("Change", &events.next_change("secrets"));
    asked.event("Change", &events.next_change("job"));
    asked.get("/secrets");
    asked.ask("DELETE", "/secrets/dev", None, 200);
    asked.ask("PUT", "/secret", Some(&json!({"label": "dev", "secret": "wrong"})), 200);
    assert!(asked.get("/status")["secrets"].as_array().unwrap().contains(&json!("dev")));
    asked.ask("DELETE", "/secret/dev", None, 200);
    asked.ask("POST", "/reload", None, 200);
}

fn send_and_wait(asked: &Documented<'_>, url: &str) {
    let one = asked.post("/replay?wait=true", &json!({"ids": [1], "to": [url], "resign": true}));
    let number = &one["result"]["attempts"][0]["attempt"];
    asked.get(&format!("/attempts/{number}"));
    asked.get(&format!("/diff?left={number}&right={number}&attempts=true"));
    let nowhere = "http://127.0.0.1:9/";
    asked.post("/replay?wait=true", &json!({"ids": [1], "to": [nowhere], "timeout": "5s"}));
    asked.post("/replay?wait=true", &json!({"ids": ["1-3", "latest"], "to": [url, nowhere]}));
    // An incomplete request is not sent.
    let not_sent = asked.post("/replay?wait=true", &json!({"ids": [5], "to": [url]}));
    assert_eq!(not_sent["result"]["attempts"][0]["error"]["code"], "not_sent", "{not_sent}");
    asked.post("/simulate?wait=true", &json!({"event": "app", "to": url, "count": 2, "seed": 7}));
    asked.post("/simulate?wait=true", &json!({"from": 1, "to": url}));
    let members = json!({"to": url, "only": ["app-simulated", "app-live"]});
    assert_eq!(asked.post("/check?wait=true", &members)["result"]["judged"], true);
    // A receiver that accepts everything has faults.
    asked.ask("PUT", "/answer", Some(&json!({"rule": "200"})), 200);
    // All cases take longer than a request waits, on a busy machine.
    let begun = asked.ask("POST", "/check", Some(&json!({"to": url})), 202);
    let job = format!("/jobs/{}?wait=true", begun["job"]);
    let ended = std::iter::repeat_with(|| asked.get(&job)).find(|report| report["state"] != "running");
    let report = ended.unwrap();
    assert_eq!(report["result"]["result"], "fail", "{report}");
    let jobs = asked.get("/jobs");
    let jobs = jobs["jobs"].as_array().unwrap();
    assert!(jobs.len() > 10, "{jobs:?}");
    for job in jobs {
        asked.get(&format!("/jobs/{}?wait=true", job["job"]));
    }
    asked.ask("DELETE", &format!("/jobs/{}", jobs[0]["job"]), None, 200);
}

/// Problems are documented with their statuses.
fn refuse(asked: &Documented<'_>) {
    for (method, target, body, status) in [
        ("GET", "/deliveries/999", None, 404),
        ("GET", "/deliveries/newest", None, 400),
        ("GET", "/deliveries?filter=evnt:a", None, 400),
        ("GET", "/deliveries?limits=1", None, 400),
        ("GET", "/deliveries/1/images/99", None, 404),
        ("GET", "/attempts/x", None, 400),
        ("GET", "/jobs/999", None, 404),
        ("PUT", "/answer", Some(json!({"rule": "no such answer"})), 400),
        ("PUT", "/answer", None, 415),
        ("POST", "/held/1", Some(json!({"default": true})), 409),
        ("DELETE", "/rules/999", None, 404),
        ("DELETE", "/secrets/nobody", None, 404),
        ("DELETE", "/secret/nobody", None, 404),
        ("PUT", "/secret", Some(json!({"label": "a", "secrets": "b"})), 400),
        ("PUT", "/deliveries/999/pin", None, 404),
        ("PUT", "/deliveries/1/note", Some(json!({"note": "a"})), 400),
        ("DELETE", "/secrets/TRACKPILOTS_WEBHOOKS_SECRET_KEY", None, 409),
        ("POST", "/replay", Some(json!({"ids": [1], "to": ["https://collector.example/"]})), 403),
        ("POST", "/simulate", Some(json!({"saved": "nothing"})), 404),
    ] {
        let problem = asked.ask(method, target, body.as_ref(), status);
        assert_eq!(problem["status"], status, "{problem}");
    }
}

#[test]
fn what_is_not_in_the_document_is_not_there() {
    let env = TestEnv::with_secret();
    let _listening = env.listen(&[]);
    let asked = Documented::of(&env);
    let documented = asked.operations();
    let paths: BTreeSet<&String> = documented.iter().map(|(_, path)| path).collect();
    for path in paths {
        let target = path.replace("{id}", "1").replace("{number}", "1").replace("{label}", "a");
        for method in METHODS {
            if !documented.contains(&(method.to_owned(), path.clone())) {
                ask(&socket(&env), method, &target, None).is(405);
            }
        }
    }
    // No route is added past the document, but that of interfaces of the same release.
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let added: Vec<String> = crate::support::source::rust_files(&source)
        .iter()
        .flat_map(|file| fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| {
            [".route(", ".nest(", ".route_service(", ".fallback_service("].iter().any(|way| line.contains(way))
        })
        .map(|line| line.trim().chars().take(60).collect())
        .collect();
    assert_eq!(added.len(), 2, "{added:?}");
    assert!(added.iter().any(|line| line.contains(".route(\"/attach\", ")), "{added:?}");
    assert!(added.iter().any(|line| line.contains("self.router.route(path, handled)")), "{added:?}");
}

#[test]
fn the_port_gives_it_to_who_shows_the_token() {
    let env = TestEnv::with_secret();
    let _listening = env.listen(&["--api", "127.0.0.1:0"]);
    let file = fs::read(env.store().with_file_name("whyhook.db-api")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    let address = file["url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
    let bearer = format!("Authorization: Bearer {}\r\n", file["token"].as_str().unwrap());
    let ask = |target: &str, headers: &str| {
        ask_port(address, &format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n"))
    };
    let asked = Documented::of(&env);
    assert_eq!(ask("/openapi.json", &bearer).is(200).json(), asked.document);
    for (target, headers, status) in [
        ("/openapi.json", "", 401),
        ("/status", &*format!("{bearer}Origin: null\r\n"), 403),
        ("/secrets?values=true", &bearer, 403),
    ] {
        let refused = ask(target, headers).is(status);
        asked.is_documented("GET", target, None, &refused);
    }
    assert!(ask("/status", "").header("www-authenticate").is_some());
}

#[test]
fn what_is_not_as_a_schema_says_is_found() {
    let document = json!({"components": {"schemas": {"Row": {
        "type": "object",
        "properties": {"id": {"type": "integer", "minimum": 1}, "kind": {"enum": ["a", "b"]}, "at": {"type": ["string", "null"]}},
        "required": ["id", "at"],
    }}}});
    let schemas = Schemas(&document);
    let rows = json!({"type": "array", "items": {"$ref": "#/components/schemas/Row"}});
    let check = |row: Value| schemas.check(&rows, &json!([row]), "rows");
    check(json!({"id": 1, "kind": "b", "at": null})).unwrap();
    for (row, why) in [
        (json!({"id": 1}), "rows[0]: without [\"at\"]"),
        (json!({"id": 0, "at": "x"}), "rows[0].id: 0 is below 1"),
        (json!({"id": 1.5, "at": "x"}), "rows[0].id: expected \"integer\", found 1.5"),
        (json!({"id": 1, "at": 2}), "rows[0].at: expected"),
        (json!({"id": 1, "at": "x", "kind": "c"}), "rows[0].kind: expected one of"),
        (json!({"id": 1, "at": "x", "more": 1}), "rows[0]: more is not documented"),
        (json!([]), "rows[0]: expected \"object\""),
    ] {
        let found = check(row.clone()).unwrap_err();
        assert!(found.starts_with(why), "{row}: {found}");
    }
    let either = json!({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Row"}]});
    assert!(schemas.check(&either, &json!({"id": 1}), "").is_err() && schemas.check(&either, &Value::Null, "").is_ok());
}
