//! Several models in one machine, over HTTP and by agents: loaded when they are named, within the
//! room there is.

use std::path::Path;

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::machine::{Machine, Reply, reply};
use crate::endpoint::server;
use crate::sandbox::{DONE, Said, Sandbox, test_model};

const CHAT: &str = "/v1/chat/completions";

/// A request for an answer of `model`.
fn hello(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
}

/// A request of the machine's user about `model`.
async fn verb(machine: &Machine, name: &str, model: &str) -> Reply {
    let request = machine.user("POST", &format!("/models/{name}"));
    reply(request.json(&json!({ "model": model }))).await
}

/// What `/v1/models` says of `model`.
async fn listed(machine: &Machine, model: &str) -> Option<Value> {
    let models = machine.get("/v1/models").await.json();
    let mut entries = models["data"].as_array().into_iter().flatten();
    entries.find(|entry| entry["id"] == model).cloned()
}

#[tokio::test]
async fn verbs_are_for_the_token_and_say_what_is_wrong() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let check = async |name: &str, model: &str, status: u16, code: &str, said: &str| {
        let reply = verb(&machine, name, model).await;
        reply.check(status, &[("/error/code", json!(code))]);
        let message = reply.json()["error"]["message"].to_string();
        assert!(message.contains(said), "{message}");
    };
    let unknown = "model_not_found";
    check("load", "no-such-model", 404, unknown, "runs \\\"script\\\"").await;
    // A file of this machine is named by no path.
    check("load", "/etc/passwd", 404, unknown, "there is no model").await;
    check("load", "endpoint:fast", 404, unknown, "[endpoints.fast]").await;
    check("unload", "no-such-model", 404, unknown, "is loaded").await;
    check("unload", "script", 409, "conflict", "was started with").await;
    check("pull", "no such model", 404, unknown, "no model is called").await;
    verb(&machine, "load", "script")
        .await
        .check(200, &[("/success", json!(true))]);
    for name in ["load", "unload", "pull"] {
        let reply = machine
            .post(&format!("/models/{name}"), &json!({"model": "script"}))
            .await;
        reply.check(401, &[]);
    }
    let reply = machine.post(CHAT, &hello("no-such-model")).await;
    reply.check(404, &[("/error/param", json!("model"))]);
    for path in ["/tokenize", "/detokenize"] {
        let named = json!({"model": "no-such-model", "content": "Hello"});
        let reply = machine.post(path, &named).await;
        reply.check(404, &[("/error/param", json!("model"))]);
    }
    let own = listed(&machine, "script").await.unwrap();
    assert_eq!(own["status"]["value"], "loaded", "{own}");
}

/// A server whose model answers `from afar`, and the configuration that calls it `fast`.
async fn afar() -> (MockServer, String) {
    let chunk = json!({"choices": [{"delta": {"content": r#"{"answer":"from afar"}"#}}]});
    let stream = format!("data: {chunk}\n\ndata: [DONE]\n\n");
    let chat = ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream");
    let server = server(chat).await;
    let url = server.uri();
    let called = format!("\n[endpoints.fast]\nurl = \"{url}/v1\"\napi_key_env = \"FAST_KEY\"\n");
    (server, called)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_whose_model_is_not_there_takes_the_next() {
    let sandbox = Sandbox::new();
    let (_server, called) = afar().await;
    let config = "model = \"no-such-model\"\nfallback = [\"neither-this\", \"endpoint:fast\"]\n";
    sandbox.write("root/config.toml", format!("{config}{called}"));
    let run = |args: &[&str]| {
        let args = [&["run"], args, &["Hello"]].concat();
        tokio::task::block_in_place(|| sandbox.quipu(&args))
    };
    let said = run(&[]);
    said.check(
        0,
        &[
            "warning: neither-this cannot stand in for no-such-model: no model is called neither-this",
            "warning: endpoint:fast answers in place of no-such-model",
        ],
    );
    assert_eq!(said.out.trim(), "from afar");
    // Over HTTP as well, and at once for an agent that names what it stands in for.
    let lost = "instructions = \"Answer.\"\nmodel = \"no-such-model\"\n";
    sandbox.write("root/agents/lost/agent.toml", lost);
    let machine = Machine::serve(&sandbox, &[]);
    for model in ["agent", "agent/lost"] {
        let reply = machine.post(CHAT, &hello(model)).await;
        reply.check(200, &[("/choices/0/message/content", json!("from afar"))]);
    }
    tokio::task::block_in_place(|| machine.end("KILL"));
    let ps = tokio::task::block_in_place(|| sandbox.quipu(&["ps", "--json"])).json();
    let mut models = ps.as_array().unwrap().iter().map(|row| &row["model"]);
    assert!(models.all(|model| *model == ps[0]["model"]), "{ps}");
    // What an option names is not replaced.
    for cpu in ["script:/nothing", "local"] {
        let said = run(&["--cpu", cpu]);
        assert_ne!(said.code, Some(0), "{said:#?}");
        assert_eq!(said.out, "", "{said:#?}");
    }
    // What is private is not for the endpoint.
    run(&["--private"]).check(1, &["is not for its model"]);
    // So it is for an endpoint that takes no such key, or is down.
    let closed = MockServer::start().await;
    let refusal = Mock::given(any()).respond_with(ResponseTemplate::new(401));
    refusal.mount(&closed).await;
    let shut = format!(
        "[endpoints.shut]\nurl = \"{}/v1\"\nmodel = \"m\"\n",
        closed.uri()
    );
    let config = "model = \"endpoint:shut\"\nfallback = [\"endpoint:fast\"]\n";
    sandbox.write("root/config.toml", format!("{config}{called}{shut}"));
    let said = run(&[]);
    said.check(0, &["warning: endpoint:fast answers in place of m"]);
    assert_eq!(said.out.trim(), "from afar");
    // Without one in its place the error is that of the model.
    sandbox.write("root/config.toml", "model = \"no-such-model\"\n");
    run(&[]).check(2, &["no model is called no-such-model"]);
}

#[test]
fn what_names_the_cpu_nearer_goes_before_an_endpoint() {
    let sandbox = Sandbox::new();
    let config = "model = \"endpoint:fast\"\n[endpoints.fast]\nurl = \"http://127.0.0.1:9/v1\"\n";
    sandbox.write("root/config.toml", config);
    let check = |options: &[&str], variables: &[(&str, &str)], cpu: Value, is_named: bool| {
        let mut command = sandbox.command(&[options, &["config", "show"]].concat());
        command.envs(variables.iter().copied());
        let said = Said::from(command.output().unwrap());
        said.check(0, &[]);
        let settings = &said.json()["settings"];
        assert_eq!(settings["cpu"], cpu, "{options:?} {variables:?}");
        let named = settings["model"] == "endpoint:fast";
        assert_eq!(named, is_named, "{options:?} {variables:?}");
    };
    let fast = json!({"url": "http://127.0.0.1:9/v1"});
    let script = json!({"script": "/s"});
    check(&[], &[], fast.clone(), true);
    check(&[], &[("QUIPU_CPU", "script:/s")], script.clone(), false);
    check(&["--cpu", "script:/s"], &[], script, false);
    let both = [("QUIPU_CPU", "script:/s"), ("QUIPU_MODEL", "endpoint:fast")];
    check(&[], &both, fast, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_has_a_model_of_its_own() {
    let sandbox = Sandbox::new();
    let (_server, called) = afar().await;
    let cpu = sandbox.script("here.jsonl", &[r#"{"answer":"from here"}"#]);
    let config = format!("cpu = {cpu:?}\nfallback = [\"endpoint:fast\"]\n{called}");
    sandbox.write("root/config.toml", config);
    let agent = |name: &str, model: &str| {
        let text = format!("instructions = \"Answer.\"\nmodel = \"{model}\"\n");
        sandbox.write(&format!("root/agents/{name}/agent.toml"), text);
    };
    agent("quick", "endpoint:fast");
    agent("lost", "no-such-model");
    let run = |args: &[&str]| {
        let args = [&["run"], args, &["Hello"]].concat();
        tokio::task::block_in_place(|| sandbox.quipu(&args))
    };
    // Without a machine that lasts it is the only model.
    let afar: &[&[&str]] = &[&["--model", "endpoint:fast"], &["--agent", "quick"]];
    for args in afar {
        let said = run(args);
        said.check(0, &[]);
        assert_eq!(said.out.trim(), "from afar", "{args:?}");
    }
    run(&["--model", "endpoint:slow"]).check(2, &["no endpoint is called slow"]);
    let machine = Machine::serve(&sandbox, &[]);
    let check = async |model: &str, want: &str| {
        let reply = machine.post(CHAT, &hello(model)).await;
        reply.check(200, &[("/choices/0/message/content", json!(want))]);
    };
    check("agent", "from here").await;
    check("agent/quick", "from afar").await;
    // The next of the list, where the first is not there.
    check("agent/lost", "from afar").await;
    // The same machine, by its socket.
    let said = run(&["--agent", "quick"]);
    said.check(0, &[]);
    assert_eq!(said.out.trim(), "from afar");
    let said = run(&["--agent", "lost"]);
    said.check(0, &["endpoint:fast answers in place of no-such-model"]);

    // No request names an endpoint but one of the machine's user.
    let reply = machine.post(CHAT, &hello("endpoint:fast")).await;
    reply.check(404, &[("/error/code", json!("model_not_found"))]);
    verb(&machine, "load", "endpoint:fast")
        .await
        .check(200, &[("/meta/kind", json!("remote"))]);
    let unloaded = verb(&machine, "unload", "endpoint:fast").await;
    unloaded.check(200, &[("/success", json!(true))]);
    let again = verb(&machine, "unload", "endpoint:fast").await;
    again.check(404, &[]);
}

#[tokio::test]
async fn a_script_that_an_option_names_writes_for_every_agent() {
    let sandbox = Sandbox::new();
    let text = "instructions = \"Answer.\"\nmodel = \"no-such-model\"\n";
    sandbox.write("root/agents/lost/agent.toml", text);
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let reply = machine.post(CHAT, &hello("agent/lost")).await;
    reply.check(200, &[("/choices/0/message/content", json!("done"))]);
}

/// Puts the model of the tests into the root as `other`, and `config`; `None` where there is no
/// model.
fn put_model(sandbox: &Sandbox, config: &str) -> Option<()> {
    let model = test_model()?;
    let folder = sandbox.path().join("root/models");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::os::unix::fs::symlink(Path::new(&model), folder.join("other.gguf")).expect("a link");
    sandbox.write("root/config.toml", config);
    Some(())
}

/// A machine beside that model; `None` where there is no model.
fn with_model(sandbox: &Sandbox, config: &str) -> Option<Machine> {
    put_model(sandbox, config)?;
    Some(Machine::start(sandbox, &[DONE], &["--threads", "1"]))
}

#[tokio::test]
async fn model_in_place_of_another_goes_by_its_own_name() {
    let sandbox = Sandbox::new();
    let config = "model = \"no-such-model\"\nfallback = [\"other\"]\n";
    if put_model(&sandbox, config).is_none() {
        return;
    }
    let machine = Machine::serve(&sandbox, &["--threads", "1"]);
    let mut short = hello("default");
    short["max_tokens"] = 2.into();
    machine.post(CHAT, &short).await.check(200, &[]);
    machine
        .get("/health")
        .await
        .check(200, &[("/model", json!("other"))]);
    // It is listed once, and there.
    let own = listed(&machine, "other").await.unwrap();
    assert_eq!(own["status"]["value"], "loaded", "{own}");
    let all = machine.get("/v1/models").await.json();
    let ids = all["data"].as_array().unwrap().iter();
    let plain: Vec<&Value> = ids.filter(|model| model["status"].is_object()).collect();
    assert_eq!(plain.len(), 1, "{all}");
}

#[tokio::test]
async fn model_beside_the_machines_own_is_loaded_when_it_is_named() {
    let sandbox = Sandbox::new();
    let Some(machine) = with_model(&sandbox, "") else {
        return;
    };
    let status = async || listed(&machine, "other").await.unwrap()["status"]["value"].clone();
    assert_eq!(status().await, "unloaded");
    let mut short = hello("other");
    short["max_tokens"] = 8.into();
    let answered = machine.post(CHAT, &short).await;
    answered.check(200, &[("/model", json!("other"))]);
    let text = &answered.json()["choices"][0]["message"]["content"];
    assert!(!text.as_str().unwrap().is_empty(), "{answered:#?}");
    assert_eq!(status().await, "loaded");
    let going_on = json!({"model": "other", "prompt": "One, two,", "max_tokens": 4});
    machine
        .post("/v1/completions", &going_on)
        .await
        .check(200, &[("/model", json!("other"))]);
    // A script has no tokens, and another model has its own.
    let text = json!({"model": "other", "content": "Hello"});
    let tokens = machine.post("/tokenize", &text).await;
    tokens.check(200, &[]);
    let back = json!({"model": "other", "tokens": tokens.json()["tokens"]});
    let back = machine.post("/detokenize", &back).await;
    back.check(200, &[("/content", json!("Hello"))]);
    // The machine's own is what it was.
    machine
        .post(CHAT, &hello("script"))
        .await
        .check(200, &[("/choices/0/message/content", json!("done"))]);
    verb(&machine, "unload", "other").await.check(200, &[]);
    assert_eq!(status().await, "unloaded");
}

#[tokio::test]
async fn model_that_does_not_fit_is_refused() {
    let sandbox = Sandbox::new();
    let Some(machine) = with_model(&sandbox, "models_bytes = 1000000\n") else {
        return;
    };
    let refused = machine.post(CHAT, &hello("other")).await;
    refused.check(503, &[("/error/code", json!("no_room"))]);
    machine.post(CHAT, &hello("script")).await.check(200, &[]);
}
