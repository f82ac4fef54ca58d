//! Hostile guests: each is stopped soon after its limit, the error names the limit, and
//! the host goes on as if nothing had been.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

mod guests;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use quipu_tools::{CallContext, Device, ErrorKind, ToolError, WasmDevice, WasmHost, WasmSettings};
use serde_json::{Value, json};

/// How much later than its limit a guest may end.
const GRACE: Duration = Duration::from_millis(100);
/// The limit of time in these tests.
const DEADLINE: Duration = Duration::from_millis(150);
/// The limit of time where it is not what is tested.
const PATIENCE: Duration = Duration::from_secs(5);
/// On a machine that is busy with something else a thread may get no turn for longer
/// than the grace; so the best of a few.
const ATTEMPTS: usize = 4;

/// One host for all tests: what one guest does to it the others would feel.
fn host() -> &'static WasmHost {
    static HOST: OnceLock<WasmHost> = OnceLock::new();
    HOST.get_or_init(|| WasmHost::new(WasmSettings::default()).unwrap())
}

fn load(wat: &str) -> WasmDevice {
    host()
        .load("guest", "test", &wat::parse_str(wat).unwrap())
        .unwrap()
}

/// The guest that is built for such tests.
fn probe() -> WasmDevice {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/probe.wasm");
    host()
        .load_file(path.as_ref())
        .unwrap_or_else(|error| panic!("{error}: run `make guests`"))
}

fn context(deadline: Duration) -> CallContext {
    CallContext {
        deadline,
        output_bytes_max: 64 << 10,
        ..CallContext::default()
    }
}

fn call_timed(device: &WasmDevice, function: &str, args: &Value) -> (ToolError, Duration) {
    let begun = Instant::now();
    let error = device.call(function, args, &context(DEADLINE)).unwrap_err();
    (error, begun.elapsed())
}

/// `function` of `device` runs into its deadline, and is stopped in time.
fn check_stopped(device: &WasmDevice, function: &str, args: &Value) {
    let mut took = Duration::MAX;
    for _ in 0..ATTEMPTS {
        let (error, time) = call_timed(device, function, args);
        assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
        assert_eq!(error.message, "the tool did not finish within 150 ms");
        assert!(!error.hint.is_empty(), "{error:?}");
        took = took.min(time);
        if took <= DEADLINE + GRACE {
            break;
        }
    }
    assert!(took <= DEADLINE + GRACE, "it took {took:?}");
    benign();
}

/// `function` of `device` runs into another limit than its deadline, and long before.
fn check(device: &WasmDevice, function: &str, args: &Value, kind: ErrorKind, words: &str) {
    let error = device.call(function, args, &context(PATIENCE)).unwrap_err();
    assert_eq!(error.kind, kind, "{error:?}");
    assert!(error.message.contains(words), "{error:?}");
    assert!(!error.hint.is_empty(), "{error:?}");
    benign();
}

/// A guest that means well gets what it needs.
fn benign() {
    let answer = load(guests::ANSWER).call("f", &json!({}), &context(PATIENCE));
    assert_eq!(answer, Ok(json!(42)));
}

#[test]
fn endless_loop() {
    check_stopped(&load(guests::ENDLESS), "f", &json!({}));
    check_stopped(&load(guests::ENDLESS_START), "f", &json!({}));
}

#[test]
fn endless_wait() {
    check_stopped(&probe(), "sleep", &json!({"ms": 3_600_000}));
}

#[test]
fn memory_bomb() {
    let words = "more than its 64 MiB of memory";
    check(
        &load(guests::MEMORY),
        "f",
        &json!({}),
        ErrorKind::Memory,
        words,
    );
    check(
        &load(guests::MEMORIES),
        "f",
        &json!({}),
        ErrorKind::Memory,
        words,
    );
}

#[test]
fn table_bomb() {
    let words = "tables of more than 100000 elements";
    check(
        &load(guests::TABLE),
        "f",
        &json!({}),
        ErrorKind::Memory,
        words,
    );
}

#[test]
fn deep_recursion() {
    let words = "deeper than its 1024 KiB of stack";
    check(
        &load(guests::RECURSION),
        "f",
        &json!({}),
        ErrorKind::Memory,
        words,
    );
}

#[test]
fn host_call_flood() {
    check_stopped(&load(guests::HOST_CALLS), "f", &json!({}));
    // Handles are memory of the host.
    let hoard = json!({"count": 1_000_000});
    check(
        &probe(),
        "hoard",
        &hoard,
        ErrorKind::Trap,
        "the tool failed",
    );
    let random = json!({"bytes": 1_u64 << 40});
    check(
        &probe(),
        "random",
        &random,
        ErrorKind::Trap,
        "the tool failed",
    );
}

#[test]
fn output_flood() {
    check(
        &probe(),
        "print",
        &json!({}),
        ErrorKind::OutputTooLarge,
        "printed more than 65536 bytes",
    );
}

#[test]
fn huge_result() {
    let words = "more than a result of 65536 bytes";
    let (bytes, kind) = (load(guests::HUGE_RESULT), ErrorKind::OutputTooLarge);
    check(&bytes, "f", &json!({}), kind, words);
    // A list of a million views of the same million bytes.
    check(
        &load(guests::HUGE_BY_REFERENCE),
        "f",
        &json!({}),
        kind,
        words,
    );
    check(
        &load(guests::LARGE_TEXT),
        "f",
        &json!({}),
        kind,
        "has 100002 bytes; the limit is 65536",
    );
}

#[test]
fn a_defect_is_told_with_what_the_guest_said() {
    let words = json!({"words": "no luck today"});
    check(&probe(), "panic", &words, ErrorKind::Trap, "no luck today");
}

#[test]
fn what_was_printed_before_the_deadline_is_told() {
    for args in [
        json!({"words": "so far"}),
        json!({"words": "so far", "ms": 3_600_000}),
    ] {
        let (error, _) = call_timed(&probe(), "persist", &args);
        assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
        let want = "did not finish within 150 ms; until then it printed:\nso far";
        assert!(error.message.ends_with(want), "{error:?}");
    }
}

#[test]
fn cancellation() {
    for (device, function, args) in [
        (load(guests::ENDLESS), "f", json!({})),
        (probe(), "sleep", json!({"ms": 3_600_000})),
    ] {
        let context = CallContext::default();
        let cancel = context.cancel.clone();
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(DEADLINE);
            cancel.cancel();
        });
        let error = device.call(function, &args, &context).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Cancelled);
        canceller.join().unwrap();
    }
}

#[test]
fn a_thousand_instances_inside_one_guest() {
    let wat = guests::thousand_instances();
    let parsed = wat::parse_str(&wat).unwrap();
    match host().load("guest", "test", &parsed) {
        // Either the engine refuses it when it is loaded,
        Err(error) => assert!(error.to_string().contains("instance"), "{error}"),
        // or when it runs.
        Ok(device) => {
            let (error, _) = call_timed(&device, "f", &json!({}));
            assert!(error.message.contains("instance"), "{error:?}");
        }
    }
    benign();
}

#[test]
fn a_thousand_calls_at_once() {
    let settings = WasmSettings {
        calls_max: 8,
        ..WasmSettings::default()
    };
    let host = WasmHost::new(settings).unwrap();
    let parsed = wat::parse_str(guests::ENDLESS).unwrap();
    let device = host.load("guest", "test", &parsed).unwrap();
    let late = || {
        let calls: Vec<(ToolError, Duration)> = std::thread::scope(|scope| {
            let start = || scope.spawn(|| call_timed(&device, "f", &json!({})));
            let calls: Vec<_> = (0..1000).map(|_| start()).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        let of = |kind| calls.iter().filter(|(error, _)| error.kind == kind).count();
        // Those that got a place ran into their deadline, the others had none.
        assert!(of(ErrorKind::Timeout) >= 8, "{}", of(ErrorKind::Timeout));
        assert_eq!(of(ErrorKind::Timeout) + of(ErrorKind::Busy), 1000);
        let busy = calls
            .iter()
            .find(|(error, _)| error.kind == ErrorKind::Busy);
        assert_eq!(busy.unwrap().0.message, "8 tools are running already");
        let mut times: Vec<Duration> = calls.iter().map(|(_, took)| *took).collect();
        times.sort();
        times[990].saturating_sub(DEADLINE)
    };
    // How late the last but ten are.
    let best = (0..ATTEMPTS).map(|_| late()).find(|late| *late <= GRACE);
    assert!(best.is_some(), "some of them ended too late");
    let parsed = wat::parse_str(guests::ANSWER).unwrap();
    let answer = host.load("guest", "test", &parsed).unwrap();
    assert_eq!(
        answer.call("f", &json!({}), &context(PATIENCE)),
        Ok(json!(42))
    );
}

#[test]
fn guests_share_a_bounded_memory() {
    let settings = WasmSettings {
        memory_bytes_total: 40 << 20,
        ..WasmSettings::default()
    };
    let host = WasmHost::new(settings).unwrap();
    let parsed = wat::parse_str(guests::HOLD_32_MIB).unwrap();
    let device = host.load("guest", "test", &parsed).unwrap();
    let kinds: Vec<ErrorKind> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| call_timed(&device, "f", &json!({})).0);
        let calls: Vec<_> = (0..4).map(|_| start()).collect();
        calls
            .into_iter()
            .map(|call| call.join().unwrap().kind)
            .collect()
    });
    let of = |kind| kinds.iter().filter(|k| **k == kind).count();
    // One fits, and runs until its deadline; for a second there is no room meanwhile.
    assert!(
        of(ErrorKind::Timeout) >= 1 && of(ErrorKind::Busy) >= 1,
        "{kinds:?}"
    );
    assert_eq!(of(ErrorKind::Timeout) + of(ErrorKind::Busy), 4);
    // What was held is given back.
    assert_eq!(
        call_timed(&device, "f", &json!({})).0.kind,
        ErrorKind::Timeout
    );
}

#[test]
fn corrupt_components() {
    let good = wat::parse_str(guests::ANSWER).unwrap();
    for end in 0..good.len() {
        // An error or, where only a name was cut off, a device: never a panic.
        let _ = host().load("guest", "test", &good[..end]);
    }
    for at in 0..good.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] ^= mask;
            if let Ok(device) = host().load("guest", "test", &bad) {
                let function = device.spec().functions[0].name.clone();
                let _ = device.call(&function, &json!({}), &context(PATIENCE));
            }
        }
    }
    for (bytes, words) in [
        (&b""[..], "not a component"),
        (
            b"\0asm\x01\0\0\0",
            "it is a core module; build it for wasm32-wasip2",
        ),
        (b"#!/bin/sh\n", "not a component"),
    ] {
        let Err(error) = host().load("guest", "test", bytes) else {
            panic!("{bytes:?} was loaded");
        };
        assert!(error.to_string().contains(words), "{error}");
    }
    benign();
}

#[test]
fn lies_about_imports() {
    let check = |wat: &str, words: &str| {
        let parsed = wat::parse_str(wat).unwrap();
        let Err(error) = host().load("guest", "test", &parsed) else {
            panic!("it was loaded");
        };
        let error = error.to_string();
        assert!(error.starts_with("it imports "), "{error}");
        assert!(error.contains(words), "{error}");
    };
    check(guests::UNKNOWN_IMPORT, "quipu:kernel/journal");
    check(guests::WRONG_TYPE_OF_IMPORT, "wasi:random/random");
    // One that asks for the network without having said so gets an answer, not the net.
    let args = json!({"method": "GET", "url": "http://127.0.0.1:1/", "headers": []});
    let error = probe()
        .call("request", &args, &context(PATIENCE))
        .unwrap_err();
    assert!(error.message.contains("asks for no host"), "{error:?}");
    benign();
}
