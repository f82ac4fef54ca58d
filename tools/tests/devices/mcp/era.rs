//! Servers of either kind of the protocol, and how they are ended.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quipu_tools::mcp::{Bound, McpDevice, McpHost, McpServer};
use quipu_tools::{Device, ErrorKind, FunctionSpec};
use serde_json::json;

use super::{WAIT, call, granted, host, stdio, within};

const SPAWN: &str = "spawn env:DESK_KEY env:SHORT";

fn server(manner: &[&str]) -> McpServer {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/devices/mcp/era.py");
    stdio("python3", &[&[script], manner].concat())
}

#[track_caller]
fn device(host: &Arc<McpHost>, server: McpServer) -> McpDevice {
    let bound = host.bind(server);
    let listing = host
        .list(bound.clone(), granted(SPAWN).grants, WAIT)
        .unwrap();
    host.device(bound, listing.functions, granted(SPAWN))
}

#[test]
fn either_kind_is_spoken_to() {
    for manner in ["newer", "dies", "silent", "odd", "older", "slow"] {
        let host = host();
        let tides = device(&host, server(&[manner]));
        assert_eq!(
            call(&tides, "tide", json!({})).unwrap(),
            "3.5 m",
            "{manner}"
        );
    }
}

#[test]
fn a_link_can_be_read() {
    let tides = device(&host(), server(&["newer"]));
    let link = call(&tides, "link", json!({})).unwrap();
    assert_eq!(link, "[link tide:log: log, 12 bytes]");
    let read = |uri: &str| call(&tides, "read_resource", json!({ "uri": uri }));
    assert_eq!(read("tide:log").unwrap(), "high at noon");
    let error = read("tide:none").unwrap_err();
    assert_eq!(error.hint, "there are tide:log", "{error}");
}

#[test]
fn progress_is_life_and_the_limit_is_the_servers_own() {
    let patient = |silent_ms: u64| {
        let server = McpServer {
            silent_max: Some(Duration::from_millis(silent_ms)),
            wanted: Default::default(),
            ..server(&["older"])
        };
        device(&host(), server)
    };
    let deadline = within(Duration::from_millis(100));
    // Two seconds in all, and never silent for one.
    let done = patient(1000).call("slow", &json!({}), &deadline);
    assert_eq!(done.unwrap(), "done");
    let error = patient(50).call("slow", &json!({}), &deadline).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("within 50 ms"), "{error}");
    assert!(error.hint.contains("\"timeout\""), "{}", error.hint);
}

#[test]
fn a_changed_list_of_tools_is_told() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = told.clone();
    let relisted = move |_: &Bound, functions: &[FunctionSpec]| {
        let names = functions.iter().map(|function| function.name.clone());
        *noted.lock().unwrap() = names.collect();
    };
    let host = Arc::into_inner(host()).unwrap().telling(Arc::new(relisted));
    let tides = device(&Arc::new(host), server(&["older"]));
    assert_eq!(call(&tides, "grow", json!({})).unwrap(), "grown");
    // It says so before it answers; who is told runs beside the calls.
    let known = || told.lock().unwrap().contains(&"moon".to_owned());
    let heard = (0..1_000).any(|_| {
        call(&tides, "grow", json!({})).unwrap();
        known()
    });
    assert!(heard);
}

#[cfg(unix)]
#[test]
fn a_server_that_goes_on_is_ended() {
    for (manner, said) in [("lingers", "term"), ("stubborn", "term"), ("older", "")] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let host = host();
        let tides = device(&host, server(&[manner, folder.path().to_str().unwrap()]));
        assert_eq!(call(&tides, "tide", json!({})).unwrap(), "3.5 m");
        let begun = Instant::now();
        host.end();
        assert!(begun.elapsed() < Duration::from_secs(5), "{manner}");
        let log = std::fs::read_to_string(&file).unwrap();
        assert!(log.contains(said), "{manner}: {log}");
        let ids = log.lines().filter(|line| *line != "term");
        for id in ids {
            // A zombie has no command line.
            let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            assert!(
                !String::from_utf8_lossy(&line).contains("era.py"),
                "{manner}"
            );
        }
        let error = call(&tides, "tide", json!({})).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
    }
}
