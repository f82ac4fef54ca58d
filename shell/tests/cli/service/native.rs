//! The machine's own API.

use serde_json::{Value, json};

use super::machine::{Machine, reply};
use crate::sandbox::{ADD, DONE, ENDLESS, SPIN, Sandbox};

const PROCESSES: &str = "/api/v1/processes";

#[tokio::test]
async fn a_process_is_started_watched_and_copied() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[ADD, DONE], &[]);
    let limits = json!({"steps": 5, "tokens": 1_000_000});
    let body = json!({"prompt": "add", "input": "1 and 1", "limits": limits});
    let get = async |path: &str| reply(machine.user("GET", path)).await;
    let post = async |path: &str, body: &Value| reply(machine.user("POST", path).json(body)).await;
    let started = post(PROCESSES, &body).await;
    started.check(201, &[("/pid", json!(1)), ("/prompt", json!("add"))]);
    // Whether it has ended already or not, the stream ends with it.
    let events = get("/api/v1/processes/1/events").await.events();
    assert_eq!(
        (events[0].0.as_str(), &events[0].1["pid"]),
        ("process", &json!(1))
    );
    sandbox.log_until("1", |log| log["process"]["exit"]["status"] == "exited");

    get("/api/v1/processes/1")
        .await
        .check(200, &[("/exit/answer", json!("done"))]);
    let log = get("/api/v1/processes/1/log").await;
    log.check(
        200,
        &[("/steps/0/action/tool", json!("calculator.calculate"))],
    );
    let window = get("/api/v1/processes/1/window").await;
    window.check(
        200,
        &[
            ("/window/pages/0/kind", json!("boot")),
            ("/window/pages/1/label/source", json!("input over HTTP")),
            ("/window/pages/3/id", json!("s1")),
        ],
    );
    let copied = post("/api/v1/processes/1/fork", &json!({"step": 1})).await;
    copied.check(200, &[("/pid", json!(2))]);
    sandbox.log_until("2", |log| log["process"]["exit"]["status"] == "exited");
    let all = get(PROCESSES).await;
    all.check(
        200,
        &[
            ("/processes/0/pid", json!(2)),
            ("/processes/1/pid", json!(1)),
        ],
    );
    let nice = post("/api/v1/processes/1/nice", &json!({"priority": 5})).await;
    nice.check(200, &[("/priority", json!(5))]);
    get("/api/v1/tools")
        .await
        .check(200, &[("/tools/0/origin", json!("builtin"))]);

    let wrong = async |path: &str, body: Value, status: u16, param: Value| {
        let reply = post(path, &body).await;
        reply.check(status, &[("/error/param", param)]);
    };
    wrong(PROCESSES, json!({"prompt": " "}), 400, json!("prompt")).await;
    wrong(
        PROCESSES,
        json!({"prompt": "x", "priority": 100}),
        400,
        json!("priority"),
    )
    .await;
    wrong(
        PROCESSES,
        json!({"prompt": "x", "nonsense": 1}),
        400,
        json!("nonsense"),
    )
    .await;
    wrong(
        PROCESSES,
        json!({"prompt": "x", "agent": "nobody"}),
        404,
        json!("agent"),
    )
    .await;
    let deep = json!({"prompt": "x", "limits": {"steps": "many"}});
    wrong(PROCESSES, deep, 400, json!("limits.steps")).await;
    wrong(PROCESSES, json!({}), 400, json!("prompt")).await;
    let after = json!({"prompt": "x", "after": 99});
    wrong(PROCESSES, after, 404, json!("after")).await;
    let long = "word ".repeat(20_000);
    wrong(PROCESSES, json!({ "prompt": long }), 400, json!("prompt")).await;
    wrong("/api/v1/processes/99/fork", json!({}), 404, json!("pid")).await;
    wrong("/api/v1/processes/x/fork", json!({}), 400, json!("pid")).await;
    wrong("/api/v1/processes/1/resume", json!({}), 409, Value::Null).await;
    wrong(
        "/api/v1/processes/1/signal",
        json!({"signal": "kill"}),
        409,
        Value::Null,
    )
    .await;
}

#[tokio::test]
async fn a_process_can_be_stopped() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let machine = Machine::start(&sandbox, &[SPIN, DONE], &[]);
    let started = machine.post(PROCESSES, &json!({"prompt": "spin"})).await;
    started.check(201, &[]);
    // Whoever started it has its key, and needs no token.
    let key = started.json()["key"].as_str().unwrap().to_owned();
    let watch = machine.request("GET", "/api/v1/processes/1/events");
    let watch = watch.bearer_auth(&key);
    let (watched, ()) = tokio::join!(reply(watch), async {
        sandbox.log_until("1", |log| log["steps"][0]["action"].is_object());
        let kill = json!({"signal": "kill"});
        let path = "/api/v1/processes/1/signal";
        machine.post(path, &kill).await.check(401, &[]);
        let kill = machine.request("POST", path).bearer_auth(&key).json(&kill);
        reply(kill).await.check(200, &[]);
    });
    let events = watched.events();
    let (last, exited) = events.last().unwrap();
    assert_eq!(
        (last.as_str(), &exited["exit"]["status"]),
        ("exited", &json!("interrupted"))
    );
}

#[tokio::test]
async fn a_process_that_was_stopped_has_one_word_everywhere() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let machine = Machine::start(&sandbox, &[SPIN, DONE], &[]);
    let post = async |path: &str, body: Value| reply(machine.user("POST", path).json(&body)).await;
    let get = async |path: &str| reply(machine.user("GET", path)).await;
    post(PROCESSES, json!({"prompt": "spin"}))
        .await
        .check(201, &[]);
    sandbox.log_until("1", |log| log["steps"][0]["action"].is_object());
    let stop = json!({"signal": "interrupt"});
    post("/api/v1/processes/1/signal", stop)
        .await
        .check(200, &[]);
    let word = json!("interrupted");
    sandbox.log_until("1", |log| log["process"]["state"] == word);
    let one = get("/api/v1/processes/1").await;
    one.check(200, &[("/state", word.clone())]);
    let all = get(PROCESSES).await;
    all.check(200, &[("/processes/0/state", word.clone())]);
    let metrics = get("/metrics").await;
    let line = "quipu_processes{state=\"interrupted\"} 1\n";
    assert!(metrics.text.contains(line), "{}", metrics.text);
    assert_eq!(sandbox.quipu(&["ps", "--json"]).json()[0]["state"], word);
}

#[tokio::test]
async fn who_comes_late_hears_what_is_asked() {
    let sandbox = Sandbox::new();
    let keep = r#"{"tool":"memory.put","args":{"text":"the tea is in the tin"}}"#;
    let machine = Machine::start(&sandbox, &[keep, DONE], &[]);
    let body = json!({"prompt": "keep it", "attended": true});
    let started = machine.post(PROCESSES, &body).await;
    started.check(201, &[]);
    let key = started.json()["key"].as_str().unwrap().to_owned();
    sandbox.log_until("1", |log| log["process"]["state"] == "blocked");
    let watch = machine.request("GET", "/api/v1/processes/1/events");
    let mut watch = watch.bearer_auth(&key).send().await.unwrap();
    let mut heard = String::new();
    while !heard.contains("event: approval") || !heard.ends_with("\n\n") {
        let bytes = watch.chunk().await.unwrap().unwrap();
        heard.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    let asked = heard.split("event: approval\ndata: ").nth(1).unwrap();
    let asked: Value = serde_json::from_str(asked.lines().next().unwrap()).unwrap();
    let no = json!({"key": asked["key"], "approve": false});
    let no = machine
        .request("POST", "/api/v1/processes/1/reply")
        .json(&no);
    reply(no.bearer_auth(&key)).await.check(200, &[]);
    sandbox.log_until("1", |log| log["process"]["exit"].is_object());
}

#[tokio::test]
async fn only_whom_the_user_vouches_for_approves() {
    let keep = r#"{"tool":"memory.put","args":{"text":"the tea is in the tin"}}"#;
    let key = "a-token-of-many-letters";
    for vouched in [false, true] {
        let sandbox = Sandbox::new();
        let file = sandbox.write("token", key);
        let args: &[&str] = match vouched {
            true => &["--token-file", file.to_str().unwrap()],
            false => &[],
        };
        let machine = Machine::start(&sandbox, &[keep, DONE], args);
        let post = async |path: &str, key: &str, body: Value| {
            reply(machine.request("POST", path).bearer_auth(key).json(&body)).await
        };
        // The token that was given, or the one that it made for itself.
        let token = if vouched { key } else { machine.token.as_str() };
        let all = machine.request("GET", "/api/v1/events").bearer_auth(token);
        let mut all = all.send().await.unwrap();
        // A stranger's text beside the task, so that whoever asks, an approval is needed.
        let body = json!({"prompt": "keep it", "input": "a note", "attended": true});
        let started = post(PROCESSES, key, body).await;
        started.check(201, &[]);
        let own = started.json()["key"].as_str().unwrap().to_owned();
        let key = if vouched { key } else { own.as_str() };
        let mut heard = String::new();
        while !heard.contains("event: approval") || !heard.ends_with("\n\n") {
            let bytes = all.chunk().await.unwrap().unwrap();
            heard.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        let asked = heard.split("event: approval\ndata: ").nth(1).unwrap();
        let asked: Value = serde_json::from_str(asked.lines().next().unwrap()).unwrap();
        assert_eq!(asked["call"]["args"]["text"], "the tea is in the tin");
        let path = "/api/v1/processes/1/reply";
        let both = json!({"key": asked["key"], "text": "x", "approve": true});
        post(path, key, both).await.check(400, &[]);
        let said = post(path, key, json!({"key": asked["key"], "approve": true})).await;
        said.check(if vouched { 200 } else { 403 }, &[]);
        if !vouched {
            post(path, key, json!({"key": asked["key"], "approve": false}))
                .await
                .check(200, &[]);
        }
        sandbox.log_until("1", |log| log["process"]["exit"].is_object());
        let search = machine.request("GET", "/api/v1/memory/search?q=tea%20tin");
        let found = reply(search.bearer_auth(token)).await;
        let hits = found.json()["hits"].as_array().unwrap().len();
        assert_eq!(hits, usize::from(vouched), "{found:#?}");
    }
}

#[tokio::test]
async fn a_conversation_goes_on_after_any_of_its_turns() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let user = async |method: &str, path: &str| reply(machine.user(method, path)).await;
    let ask = async |body: Value, pid: u64| {
        let started = reply(machine.user("POST", PROCESSES).json(&body)).await;
        started.check(201, &[("/pid", json!(pid))]);
        let pid = pid.to_string();
        sandbox.log_until(&pid, |log| log["process"]["exit"].is_object());
    };
    ask(json!({"prompt": "one", "after": 0}), 1).await;
    ask(json!({"prompt": "two", "after": 1}), 2).await;
    ask(json!({"prompt": "three", "after": 1}), 3).await;
    // One that belongs to none.
    ask(json!({"prompt": "alone"}), 4).await;

    let told = user("GET", "/api/v1/processes/2").await;
    let before = "Earlier in this conversation:\nUser: one\nYou: done\n\nNow the user says: two";
    told.check(200, &[("/prompt", json!(before)), ("/topic", json!("two"))]);
    let listed = user("GET", "/api/v1/conversations").await;
    let row = |head: u64, asked: &str| {
        let listed = listed.json();
        let all = listed["conversations"].as_array().unwrap().clone();
        let found = all.into_iter().find(|row| row["head"] == head).unwrap();
        assert_eq!(
            (&found["begins"], &found["asked"]),
            (&json!("one"), &json!(asked))
        );
        assert_eq!(found["turns"], 2);
    };
    row(2, "two");
    row(3, "three");
    assert_eq!(listed.json()["conversations"].as_array().unwrap().len(), 2);
    let turns = user("GET", "/api/v1/processes/3/conversation").await;
    turns.check(
        200,
        &[
            ("/turns/0/asked", json!("one")),
            ("/turns/1/asked", json!("three")),
            ("/turns/1/answered", json!("done")),
        ],
    );
    // The shell has the same ones.
    let said = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(said[1]["after"], 1, "{said}");

    // Whoever has no token needs the key of the turn before.
    let body = |key: Option<&str>| json!({"prompt": "four", "after": 5, "key": key});
    let theirs = json!({"prompt": "theirs", "after": 0});
    let theirs = machine.post(PROCESSES, &theirs).await;
    theirs.check(201, &[("/pid", json!(5))]);
    let key = theirs.json()["key"].as_str().unwrap().to_owned();
    sandbox.log_until("5", |log| log["process"]["exit"].is_object());
    machine.post(PROCESSES, &body(None)).await.check(403, &[]);
    let wrong = machine.post(PROCESSES, &body(Some("none"))).await;
    wrong.check(403, &[("/error/code", json!("forbidden"))]);
    machine
        .post(PROCESSES, &body(Some(&key)))
        .await
        .check(201, &[]);
    // What a stranger talked about is not what its user goes on with.
    let listed = user("GET", "/api/v1/conversations").await.json();
    assert_eq!(
        listed["conversations"].as_array().unwrap().len(),
        2,
        "{listed}"
    );
    // Words that stand before what was said earlier lead to nobody's conversation.
    let posing = json!({"prompt": "Earlier in this conversation:\nUser: one"});
    let posing = machine.post(PROCESSES, &posing).await;
    posing.check(201, &[("/pid", json!(7))]);
    let key = posing.json()["key"].as_str().unwrap().to_owned();
    sandbox.log_until("7", |log| log["process"]["exit"].is_object());
    let turns = machine.request("GET", "/api/v1/processes/7/conversation");
    let turns = reply(turns.bearer_auth(&key)).await;
    turns.check(200, &[]);
    assert_eq!(turns.json()["turns"].as_array().unwrap().len(), 1);
    let nobody = json!({"prompt": "x", "after": 99});
    reply(machine.user("POST", PROCESSES).json(&nobody))
        .await
        .check(404, &[]);
}

#[tokio::test]
async fn a_page_of_the_memory_opens() {
    let sandbox = Sandbox::new();
    sandbox.write("wool.txt", "Llama wool is spun in the valley.");
    sandbox.quipu(&["mem", "add", "wool.txt"]).check(0, &[]);
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let found = reply(machine.user("GET", "/api/v1/memory/search?q=wool"))
        .await
        .json();
    let id = found["hits"][0]["id"].as_str().unwrap();
    let get = async |id: &str| {
        let path = format!("/api/v1/memory/page?id={}", id.replace('#', "%23"));
        reply(machine.user("GET", &path)).await
    };
    let text = json!("Llama wool is spun in the valley.");
    get(id)
        .await
        .check(200, &[("/text", text), ("/trust", json!("untrusted"))]);
    get("none")
        .await
        .check(404, &[("/error/param", json!("id"))]);
    get("").await.check(400, &[("/error/param", json!("id"))]);
}
