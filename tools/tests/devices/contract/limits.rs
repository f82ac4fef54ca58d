//! Limits of a call, on components written for them: what does not end is ended.

use std::time::{Duration, Instant};

use quipu_tools::{CallContext, CancelToken, Device, ErrorKind, LoadError, WasmDevice};
use serde_json::{Value, json};

use super::host;

/// A component of one core module with one function, `run`.
fn device(body: &str) -> WasmDevice {
    host()
        .load("guest", "test", &component(body))
        .expect("a component")
}

/// The bytes of a component whose `run` does `body`.
pub(crate) fn component(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (global $calls (mut i32) (i32.const 0))
                (func (export "run") (result i32) {body}))
            (core instance $i (instantiate $m))
            (func (export "run") (result u32) (canon lift (core func $i "run"))))"#
    );
    wat::parse_str(text).expect("well-formed text")
}

fn load(text: &str) -> Result<WasmDevice, LoadError> {
    let bytes = wat::parse_str(text).expect("well-formed text");
    host().load("guest", "test", &bytes)
}

const ENDLESS: &str = "(loop $again (br $again)) (unreachable)";

fn within(deadline: Duration, cancel: CancelToken) -> CallContext {
    CallContext {
        deadline,
        cancel,
        ..CallContext::default()
    }
}

#[test]
fn an_endless_loop_ends_at_the_deadline() {
    let deadline = Duration::from_millis(100);
    let begun = Instant::now();
    let context = within(deadline, CancelToken::default());
    let error = device(ENDLESS).call("run", &json!({}), &context);
    let error = error.expect_err("an error");
    assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
    assert!(error.message.contains("100 ms"), "{error:?}");
    assert!(begun.elapsed() >= deadline);
}

#[test]
fn an_endless_loop_ends_when_it_is_cancelled() {
    let device = device(ENDLESS);
    let cancel = CancelToken::default();
    let context = within(Duration::from_secs(600), cancel.clone());
    let error = std::thread::scope(|scope| {
        let call = scope.spawn(|| device.call("run", &json!({}), &context));
        cancel.cancel();
        call.join().expect("no panic").expect_err("an error")
    });
    assert_eq!(error.kind, ErrorKind::Cancelled, "{error:?}");
}

#[test]
fn memory_beyond_the_limit_is_refused_by_name() {
    // 65,535 pages are 4 GiB.
    let greedy = device("(memory.grow (i32.const 65000))");
    let error = greedy.call("run", &json!({}), &CallContext::default());
    let error = error.expect_err("an error");
    assert_eq!(error.kind, ErrorKind::Memory, "{error:?}");
    assert!(error.message.contains("64 MiB"), "{error:?}");
}

#[test]
fn a_defect_of_the_tool_is_called_one() {
    let error = device("unreachable").call("run", &json!({}), &CallContext::default());
    let error = error.expect_err("an error");
    assert_eq!(error.kind, ErrorKind::Trap, "{error:?}");
    assert!(error.hint.contains("defect"), "{error:?}");
}

#[test]
fn each_call_is_a_fresh_instance() {
    let counting = device(
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1))) (global.get $calls)",
    );
    for _ in 0..3 {
        let result = counting.call("run", &json!({}), &CallContext::default());
        assert_eq!(result, Ok(json!(1)));
    }
}

#[test]
fn a_device_works_after_each_failure() {
    // Fails in its own way as long as its memory is new, which it always is.
    let failing =
        device("(if (i32.eqz (i32.load (i32.const 0))) (then unreachable)) (i32.const 1)");
    for _ in 0..200 {
        let result = failing.call("run", &json!({}), &CallContext::default());
        assert_eq!(result.map_err(|error| error.kind), Err(ErrorKind::Trap));
    }
    let working = device("(i32.const 7)");
    let result = working.call("run", &json!({}), &CallContext::default());
    assert_eq!(result, Ok(Value::from(7)));
}

#[test]
fn what_is_no_tool_is_not_loaded() {
    let check = |text: &str, want: &str| {
        let said = load(text).err().expect("an error").to_string();
        assert!(said.contains(want), "{said}");
    };
    check("(component)", "it exports no functions");
    let wants = r#"(component
        (import "launch" (func $launch))
        (core func $lowered (canon lower (func $launch)))
        (core module $m (import "" "launch" (func $f)) (func (export "run") (call $f)))
        (core instance $i (instantiate $m (with "" (instance (export "launch" (func $lowered))))))
        (func (export "run") (canon lift (core func $i "run"))))"#;
    check(wants, "it imports launch, which no tool is given");
}
