//! The same way out, from inside a guest.

use std::collections::BTreeMap;

use quipu_tools::manifest::embed;
use quipu_tools::{
    CallContext, Device, ErrorKind, Held, Secret, ToolError, WasmDevice, WasmHost, WasmSettings,
};
use serde_json::{Value, json};

use super::server;
use crate::probe_bytes;

const MANIFEST: &str = r#"
needs.net = ["*"]
secrets.token = "127.0.0.1"

[functions.request]
effect = "read"
url = "url"
"#;

const SECRET: &str = "s3cr3t-t0ken";

fn probe(granted: &str) -> WasmDevice {
    let component = embed(&probe_bytes(), MANIFEST).unwrap();
    let host = WasmHost::new(WasmSettings::default()).unwrap();
    let mut device = host.load("probe", "test", &component).unwrap();
    let held = Held {
        grants: granted
            .split_whitespace()
            .map(|g| g.parse().unwrap())
            .collect(),
        ..Held::default()
    };
    let secret = Secret::new(SECRET).unwrap();
    device.grant(held, BTreeMap::from([("token".to_owned(), secret)]));
    device
}

fn request(
    device: &WasmDevice,
    method: &str,
    url: &str,
    headers: Value,
) -> Result<String, ToolError> {
    let args = json!({"method": method, "url": url, "headers": headers});
    let answer = device.call("request", &args, &CallContext::default())?;
    Ok(answer.as_str().unwrap().to_owned())
}

#[test]
fn a_guest_has_the_network_that_was_granted() {
    let port = server::start();
    let url = format!("http://127.0.0.1:{port}");
    let probe = probe(&format!("net:127.0.0.1:{port}"));
    let ok = format!("{url}/ok");
    let answer = request(&probe, "GET", &ok, json!([]));
    assert_eq!(answer.unwrap(), format!("200 {ok} fine"));
    let answer = request(&probe, "GET", &format!("{url}/see?/ok"), json!([]));
    assert_eq!(answer.unwrap(), format!("200 {ok} fine"));
    let error = request(&probe, "POST", &ok, json!([])).unwrap_err();
    assert_eq!(
        error.message,
        "a function that only reads cannot POST; only GET and HEAD"
    );
    let error = request(&probe, "GET", "http://127.0.0.2/", json!([])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    let missing = error.missing.unwrap();
    assert_eq!(missing.device, "probe");
    assert_eq!(missing.need.to_string(), "net:127.0.0.2:80");
    // What the gate in front of it asks for is this host and no other.
    let needs = probe.spec().functions.iter().find(|f| f.name == "request");
    let needs = needs
        .unwrap()
        .needs_for(&json!({"url": "https://Example.com./x"}));
    assert!(
        needs.contains(&"net:example.com:443".parse().unwrap()),
        "{needs:?}"
    );
}

#[test]
fn a_guest_uses_a_secret_and_never_sees_it() {
    let port = server::start();
    let echo = format!("http://127.0.0.1:{port}/echo");
    let headers = json!([["authorization", "Bearer {{secret:token}}"]]);
    let device = probe("net:127.0.0.1");
    let error = request(&device, "GET", &echo, headers.clone()).unwrap_err();
    assert_eq!(error.message, "secret:token was not granted");

    let device = probe("net:127.0.0.1 secret:token");
    let answer = request(&device, "GET", &echo, headers).unwrap();
    // The server had it, and said so; what comes back is the handle again.
    assert!(
        answer.contains("authorization: bearer {{secret:token}}"),
        "{answer}"
    );
    assert!(!answer.contains(SECRET), "{answer}");
    // Without the handle there is nothing.
    let answer = request(&device, "GET", &echo, json!([])).unwrap();
    assert!(!answer.contains("authorization"), "{answer}");
}
