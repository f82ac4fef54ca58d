//! MCP servers as devices: over standard streams with a server that has bad manners,
//! and over HTTP with a well-behaved one.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

mod http;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quipu_tools::mcp::{Environment, McpDevice, McpHost, McpServer, McpTransport};
use quipu_tools::{CallContext, Capability, Device, Effect, ErrorKind, Grants, Held, ToolError};
use serde_json::{Value, json};

/// How long a listing is waited for.
const WAIT: Duration = Duration::from_secs(60);

fn host() -> Arc<McpHost> {
    let path = std::env::var("PATH").unwrap();
    let environment = Environment::from([("PATH".into(), path)]);
    Arc::new(McpHost::new(environment).unwrap())
}

fn stdio(command: &str, args: &[&str]) -> McpServer {
    McpServer {
        name: "desk".into(),
        transport: McpTransport::Stdio {
            command: command.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: BTreeMap::from([("COLOUR".into(), "red".into())]),
            cwd: None,
        },
    }
}

/// The server with bad manners, and a file by which its second life knows of the first.
fn desk() -> (McpDevice, tempfile::TempDir) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/server.py");
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let server = stdio("python3", &[script, mark.to_str().unwrap()]);
    let host = host();
    let listing = host.list(server.clone(), WAIT).unwrap();
    assert_eq!(listing.left_out[0].0, "not a name");
    (
        host.device(server, listing.functions, granted("spawn")),
        folder,
    )
}

fn granted(capability: &str) -> Held {
    let capability: Capability = capability.parse().unwrap();
    Held {
        grants: Grants::from_iter([capability]),
        lapsed: Grants::default(),
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
        let error = host.list(server, WAIT).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.message.contains(want), "{error}");
    };
    check(stdio("/nowhere/at/all", &[]), "/nowhere/at/all");
    check(
        stdio("sh", &["-c", "echo no cords >&2; exit 1"]),
        "no cords",
    );

    let (desk, _folder) = desk();
    let functions = desk.spec().functions.clone();
    let broken = host.device(stdio("/nowhere/at/all", &[]), functions, granted("spawn"));
    call(&broken, "echo", json!({"text": "a"})).unwrap_err();
    let error = call(&broken, "echo", json!({"text": "a"})).unwrap_err();
    assert!(error.hint.contains("tried again in"), "{}", error.hint);
}

#[test]
fn a_server_that_was_not_granted_is_not_started() {
    let (desk, folder) = desk();
    let mark = folder.path().join("started");
    let server = stdio("touch", &[mark.to_str().unwrap()]);
    let device = host().device(server, desk.spec().functions.clone(), Held::default());
    let error = call(&device, "echo", json!({"text": "a"})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    assert!(!mark.exists());
}
