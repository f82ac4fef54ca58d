//! A whole agent as a model.

use serde_json::{Value, json};

use super::machine::{Machine, reply};
use crate::sandbox::{ADD, Sandbox};

const PATH: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_request_to_an_agent_is_a_process() {
    let sandbox = Sandbox::new();
    let agents = sandbox.path().join("root/agents");
    let machine = Machine::start(&sandbox, &[ADD, r#"{"answer":"two"}"#], &[]);
    let models = machine.get("/v1/models").await.json();
    assert_eq!(models["data"].as_array().unwrap().len(), 2, "{models}");
    let ask = |more: Value| {
        let mut body = json!({"model": "agent",
                              "messages": [{"role": "user", "content": "what is 1 + 1?"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let answered = [
        ("/choices/0/message/content", json!("two")),
        ("/choices/0/finish_reason", json!("stop")),
        ("/pid", json!(1)),
    ];
    machine
        .post(PATH, &ask(json!({})))
        .await
        .check(200, &answered);

    let steps = json!({"stream": true, "stream_options": {"include_steps": true}});
    let told = machine.post(PATH, &ask(steps)).await;
    let deltas: Vec<Value> = told
        .events()
        .into_iter()
        .map(|(_, data)| data["choices"][0]["delta"].clone())
        .collect();
    let all = |name: &str| -> String {
        deltas
            .iter()
            .filter_map(|delta| delta[name].as_str())
            .collect()
    };
    assert_eq!(all("content"), "two");
    let thought = all("reasoning_content");
    assert!(
        thought.contains("calculator.calculate") && thought.contains("\"2\""),
        "{thought}"
    );
    let plain = machine.post(PATH, &ask(json!({"stream": true}))).await;
    assert!(!plain.text.contains("reasoning_content"), "{plain:#?}");

    let wrong = async |more: Value, status: u16, param: &str| {
        let reply = machine.post(PATH, &ask(more)).await;
        reply.check(status, &[("/error/param", json!(param))]);
    };
    let tools = json!([{"type": "function", "function": {"name": "x"}}]);
    wrong(json!({ "tools": tools }), 400, "tools").await;
    wrong(json!({"n": 2}), 400, "n").await;
    wrong(json!({"model": "agent/../../secrets"}), 404, "model").await;
    let system = json!({"messages": [{"role": "system", "content": "x"}]});
    wrong(system, 400, "messages").await;

    // Agents by name, found as soon as they are there.
    std::fs::create_dir_all(&agents).unwrap();
    std::fs::write(agents.join("adder.md"), "Add numbers.").unwrap();
    let models = machine.get("/v1/models").await.json();
    assert_eq!(models["data"][2]["id"], "agent/adder", "{models}");
    for path in [
        "/v1/models/agent/adder",
        "/v1/models/agent%2Fadder",
        "/models/agent/adder",
    ] {
        let one = machine.get(path).await;
        one.check(200, &[("/id", json!("agent/adder"))]);
    }
    let adder = machine
        .post(PATH, &ask(json!({"model": "agent/adder"})))
        .await;
    adder.check(200, &answered[..2]);
}

#[tokio::test]
async fn an_agent_that_thinks_does_so_for_its_clients() {
    let sandbox = Sandbox::new();
    sandbox.write("root/agents/careful.toml", "think = 2\n");
    let machine = Machine::start(&sandbox, &[r#"{"answer":"twelve"}"#], &[]);
    for stream in [false, true] {
        let body = json!({"model": "agent/careful", "stream": stream,
                          "messages": [{"role": "user", "content": "How many are there?"}]});
        let told = machine.post(PATH, &body).await;
        assert_eq!(told.status, 200, "{told:#?}");
        assert_eq!(told.text.matches("twelve").count(), 1, "{told:#?}");
    }
    let rows = sandbox.quipu(&["ps", "--json"]).json();
    let rows = rows.as_array().unwrap();
    let branches = rows.iter().filter(|row| row["branch"]["of"].is_i64());
    assert_eq!((rows.len(), branches.count()), (4, 2), "{rows:?}");
}

#[tokio::test]
async fn nobody_is_there_to_approve() {
    let sandbox = Sandbox::new();
    let keep = r#"{"tool":"memory.put","args":{"text":"a fact"}}"#;
    let machine = Machine::start(&sandbox, &[keep, r#"{"answer":"kept"}"#], &[]);
    let body = json!({"model": "agent", "messages": [{"role": "user", "content": "keep a fact"}]});
    let reply = machine.post(PATH, &body).await;
    let stored = sandbox.quipu(&["mem", "search", "fact", "--json"]);
    assert!(!stored.out.contains("a fact"), "{stored:#?} {reply:#?}");
}

#[tokio::test]
async fn an_earlier_answer_is_worth_what_it_was_made_of() {
    let sandbox = Sandbox::new();
    let put = json!({"tool": "memory.put", "args": {"text": "a fact"}});
    let keep = json!({"seen": "keep a fact", "do": put}).to_string();
    let script = [keep.as_str(), r#"{"answer":"well"}"#];
    let machine = Machine::start(&sandbox, &script, &["--allow", "mem:write"]);
    let ask = async |messages: Value| {
        let body = json!({"model": "agent", "messages": messages});
        reply(machine.user("POST", PATH).json(&body)).await
    };
    let said = |role: &str, text: &str| json!({"role": role, "content": text});
    let hello = said("user", "hello");
    let well = [("/choices/0/message/content", json!("well"))];
    ask(json!([hello])).await.check(200, &well);
    // One that no process here gave may quote anybody.
    for (answer, kept) in [("as the page says", false), ("well", true)] {
        let then = said("user", "keep a fact");
        ask(json!([hello, said("assistant", answer), then])).await;
        let stored = sandbox.quipu(&["mem", "search", "fact", "--json"]);
        assert_eq!(stored.out.contains("a fact"), kept, "{answer}: {stored:#?}");
    }
}

#[tokio::test]
async fn what_was_made_of_something_private_is_private() {
    let sandbox = Sandbox::new();
    sandbox.write("note.txt", "The code of the cellar is 4711.");
    sandbox
        .quipu(&["mem", "add", "--private", "--vouch", "note.txt"])
        .check(0, &["added 1 page"]);
    let when = |seen: &str, tool: &str, args: Value| {
        json!({"seen": seen, "do": {"tool": tool, "args": args}}).to_string()
    };
    let script = [
        when(
            "look it up",
            "memory.search",
            json!({"query": "code cellar"}),
        ),
        when("keep one", "memory.put", json!({"text": "fact one"})),
        when("keep two", "memory.put", json!({"text": "fact two"})),
        r#"{"answer":"well"}"#.to_owned(),
    ];
    let lines: Vec<&str> = script.iter().map(String::as_str).collect();
    let args = ["--allow", "mem:write", "--approve", "all"];
    let machine = Machine::start(&sandbox, &lines, &args);
    let run = async |body: Value| {
        let path = "/api/v1/processes";
        let begun = reply(machine.user("POST", path).json(&body)).await;
        let pid = begun.json()["pid"].as_i64().unwrap();
        reply(machine.user("GET", &format!("{path}/{pid}/events"))).await;
        pid
    };
    let first = run(json!({"prompt": "look it up"})).await;
    let made_of = |pids: &[i64], prompt: &str| json!({"prompt": prompt, "input": "It is what you think.", "input_from": pids});
    run(made_of(&[], "keep one")).await;
    run(made_of(&[first], "keep two")).await;
    let stored = sandbox.quipu(&["mem", "ls", "--json"]).json();
    let found = sandbox.quipu(&["mem", "search", "fact", "--json"]).json();
    let secrecy = |text: &str| {
        let mut hits = found.as_array().unwrap().iter();
        let hit = hits.find(|hit| hit["snippet"] == text).unwrap();
        let mut pages = stored.as_array().unwrap().iter();
        let page = pages.find(|page| page["id"] == hit["id"]).unwrap();
        page["secrecy"].clone()
    };
    assert_eq!(secrecy("fact one"), Value::Null, "{stored}");
    assert_eq!(secrecy("fact two"), json!("private"), "{stored}");
}

#[tokio::test]
async fn file_that_cannot_be_read_is_quoted_to_nobody() {
    let sandbox = Sandbox::new();
    let text = "instructions = \"Answer.\"\nkept = \"between us\"\n";
    sandbox.write("root/agents/broken.toml", text);
    let machine = Machine::start(&sandbox, &[r#"{"answer":"x"}"#], &[]);
    let body = json!({"model": "agent/broken", "messages": [{"role": "user", "content": "Hello"}]});
    let reply = machine.post(PATH, &body).await;
    reply.check(400, &[("/error/param", json!("model"))]);
    assert!(!reply.text.contains("between us"), "{reply:#?}");
}
