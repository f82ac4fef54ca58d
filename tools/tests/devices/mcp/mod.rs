//! MCP servers as devices: over standard streams with a server that has bad manners,
//! and over HTTP with a well-behaved one.

mod era;
mod http;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quipu_tools::mcp::{Environment, McpDevice, McpHost, McpServer, McpTransport};
use quipu_tools::{CallContext, Device, Effect, ErrorKind, Held, ToolError};
use serde_json::{Value, json};

/// How long a listing is waited for.
const WAIT: Duration = Duration::from_secs(60);

fn host() -> Arc<McpHost> {
    let path = std::env::var("PATH").unwrap();
    let environment = Environment::from([("PATH".into(), path)]);
    let variables = |name: &str| match name {
        "DESK_KEY" => Some("hunter2hunter2".to_owned()),
        "SHORT" => Some("abc".to_owned()),
        _ => None,
    };
    Arc::new(McpHost::new(environment, Arc::new(variables)).unwrap())
}

fn stdio(command: &str, args: &[&str]) -> McpServer {
    McpServer {
        name: "desk".into(),
        silent_max: None,
        wanted: Default::default(),
        transport: McpTransport::Stdio {
            command: command.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: BTreeMap::from([
                ("COLOUR".into(), "red".into()),
                ("WHOLE".into(), "${SHORT}-${DESK_KEY}".into()),
            ]),
            cwd: None,
        },
    }
}

/// The server with bad manners, and a folder by which its second life knows of the first:
/// a file among its arguments that it writes to would make it another server.
fn desk() -> (McpDevice, tempfile::TempDir) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/devices/mcp/server.py");
    let folder = tempfile::tempdir().unwrap();
    let server = stdio("python3", &[script, folder.path().to_str().unwrap()]);
    let host = host();
    let bound = host.bind(server);
    let listing = host.list(bound.clone(), granted(ALL).grants, WAIT).unwrap();
    let left_out: Vec<&str> = listing
        .left_out
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(left_out, ["not a name"]);
    (host.device(bound, listing.functions, granted(ALL)), folder)
}

/// All that the servers of these tests ask for.
const ALL: &str = "spawn env:DESK_KEY env:SHORT";

fn granted(capabilities: &str) -> Held {
    let capabilities = capabilities.split_whitespace();
    Held {
        grants: capabilities.map(|one| one.parse().unwrap()).collect(),
        ..Held::default()
    }
}

fn within(deadline: Duration) -> CallContext {
    CallContext {
        deadline,
        ..CallContext::default()
    }
}

fn call(device: &dyn Device, function: &str, args: Value) -> Result<Value, ToolError> {
    device.call(function, &args, &within(Duration::from_secs(20)))
}

#[test]
fn a_server_is_a_device() {
    let (desk, _folder) = desk();
    let spec = desk.spec();
    assert_eq!(spec.requests[0].to_string(), "spawn");
    assert_eq!(spec.function("echo").unwrap().effect, Effect::Read);
    assert_eq!(spec.function("die").unwrap().effect, Effect::Write);
    assert_eq!(
        call(&desk, "echo", json!({"text": "hi"})).unwrap(),
        json!("hi")
    );
    assert_eq!(call(&desk, "bare", json!({})).unwrap(), json!("no\nform"));
    let error = call(&desk, "echo", json!({"text": 1})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidArgs);
    let error = call(&desk, "refuse", json!({})).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Failed, "the ink is dry")
    );
}

#[test]
fn a_server_has_the_variables_it_was_given() {
    let (desk, _folder) = desk();
    let check = |name: &str, want: &str| {
        assert_eq!(
            call(&desk, "variable", json!({"text": name})).unwrap(),
            want
        );
    };
    check("COLOUR", "red");
    check("CARGO_MANIFEST_DIR", "unset");
    // Filled in, and not said again.
    check("WHOLE", "abc-${DESK_KEY}");
}

#[test]
fn limits_hold() {
    let (desk, _folder) = desk();
    let begun = Instant::now();
    let error = desk
        .call("hang", &json!({}), &within(Duration::from_millis(300)))
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(2));

    let context = within(Duration::from_secs(20));
    context.cancel.cancel();
    let error = desk.call("hang", &json!({}), &context).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled, "{error}");
}

#[test]
fn a_long_result_is_refused() {
    let (desk, _folder) = desk();
    let error = call(&desk, "shout", json!({})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutputTooLarge, "{error}");
}

#[test]
fn a_server_may_answer_in_a_form_of_its_own() {
    let (desk, _folder) = desk();
    // Logs and words between its messages, and no text on its standard error.
    for _ in 0..3 {
        assert_eq!(call(&desk, "loud", json!({})).unwrap(), json!("said"));
    }
    assert_eq!(call(&desk, "bare_text", json!({})).unwrap(), "a text alone");
    let error = call(&desk, "code", json!({})).unwrap_err();
    assert_eq!(error.message, "wrong: the cord is red");
    let error = call(&desk, "flood", json!({})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutputTooLarge, "{error}");
    assert!(error.message.contains("longer than 16 MB"), "{error}");
    // It is still there.
    assert_eq!(
        call(&desk, "echo", json!({"text": "hi"})).unwrap(),
        json!("hi")
    );
}

#[test]
fn a_server_that_ended_is_started_again() {
    let (desk, _folder) = desk();
    // Something that only reads is simply asked for again.
    assert_eq!(call(&desk, "die_once", json!({})).unwrap(), json!("alive"));
    // Something else may have taken effect.
    let error = call(&desk, "die", json!({})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(
        error.hint.contains("whether it took effect"),
        "{}",
        error.hint
    );
    assert_eq!(
        call(&desk, "echo", json!({"text": "again"})).unwrap(),
        json!("again")
    );
}

#[test]
fn a_server_that_cannot_start_says_why_and_is_left_alone_for_a_while() {
    let host = host();
    let check = |server: McpServer, want: &str| {
        let error = host
            .list(host.bind(server), granted(ALL).grants, WAIT)
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.message.contains(want), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    };
    check(stdio("/nowhere/at/all", &[]), "/nowhere/at/all");
    check(stdio("nowhere-at-all", &[]), "no program nowhere-at-all");
    check(
        stdio("sh", &["-c", "echo no cords for $WHOLE >&2; exit 1"]),
        "no cords for abc-${DESK_KEY}",
    );

    let (desk, _folder) = desk();
    let functions = desk.spec().functions.clone();
    let bound = host.bind(stdio("/nowhere/at/all", &[]));
    let broken = host.device(bound, functions, granted(ALL));
    call(&broken, "echo", json!({"text": "a"})).unwrap_err();
    let error = call(&broken, "echo", json!({"text": "a"})).unwrap_err();
    assert!(error.hint.contains("tried again in"), "{}", error.hint);
}

#[test]
fn a_server_that_was_not_granted_is_not_started() {
    let (desk, folder) = desk();
    let mark = folder.path().join("started");
    let host = host();
    // Whatever is granted to all: a server needs grants of its own.
    let context = CallContext {
        grants: granted(ALL).grants,
        ..within(Duration::from_secs(20))
    };
    for (held, missing) in [
        ("", "spawn"),
        ("net:* clock", "spawn"),
        ("spawn", "env:DESK_KEY"),
        ("spawn env:DESK_KEY", "env:SHORT"),
    ] {
        let server = stdio("touch", &[mark.to_str().unwrap()]);
        let bound = host.bind(server);
        let functions = desk.spec().functions.clone();
        let device = host.device(bound.clone(), functions, granted(held));
        let call = device.call("echo", &json!({"text": "a"}), &context);
        let list = host.list(bound, granted(held).grants, WAIT).map(drop);
        for error in [call.unwrap_err(), list.unwrap_err()] {
            assert_eq!(error.kind, ErrorKind::Denied, "{error}");
            let lacks = error.missing.expect("what is missing");
            assert_eq!(
                (lacks.device.as_str(), lacks.need.to_string().as_str()),
                ("desk", missing)
            );
        }
        assert!(!mark.exists());
    }
}

#[test]
fn a_server_that_changed_since_it_was_granted_is_not_started() {
    let (desk, folder) = desk();
    let program = folder.path().join("server.sh");
    let mark = folder.path().join("started");
    std::fs::write(&program, "exit 1").unwrap();
    let args = [program.to_str().unwrap(), mark.to_str().unwrap()];
    let host = host();
    let bound = host.bind(stdio("sh", &args));
    std::fs::write(&program, "touch \"$1\"").unwrap();
    let device = host.device(bound, desk.spec().functions.clone(), granted(ALL));
    let error = call(&device, "echo", json!({"text": "a"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    assert!(error.message.contains("was changed just now"), "{error}");
    assert!(!mark.exists());
}
