//! What a device does when it is called.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quipu_tools::{CallContext, CancelToken, ErrorKind};
use serde_json::{Map, Value, json};

use super::Subject;

/// Far more than a call takes, far less than the deadline of one.
const SOON: Duration = Duration::from_secs(5);

pub fn a_result_satisfies_its_schema(subject: &Subject) {
    let spec = subject.device.spec().function(subject.function);
    let returns = &spec.expect("the function").returns;
    let result = subject
        .call(subject.function, &subject.args)
        .expect("a result");
    jsonschema::validate(returns, &result).expect("what was promised");
}

pub fn an_unknown_function_is_named_with_those_there_are(subject: &Subject) {
    for name in ["no_such", "", "COUNT", "calculate "] {
        let error = subject.call(name, &subject.args).expect_err("an error");
        assert_eq!(error.kind, ErrorKind::UnknownFunction, "{name:?}");
        assert!(error.message.contains(name), "{error:?}");
        assert!(error.hint.contains(subject.function), "{error:?}");
    }
}

/// They never reach the device's code, and the error shows what would fit.
pub fn arguments_that_do_not_fit_are_refused(subject: &Subject) {
    let field = subject.args.as_object().and_then(|args| args.keys().next());
    let field = field.expect("a field").as_str();
    let with = |key: &str, value: Value| {
        let mut args = subject.args.clone();
        args[key] = value;
        args
    };
    let wrong = [
        json!(null),
        json!("text"),
        json!([]),
        json!({}),
        with("one_too_many", json!(1)),
        with(field, json!(null)),
        with(field, json!(7)),
        with(field, json!(["a"])),
        with(field, json!({"a": 1})),
    ];
    for args in wrong {
        let error = subject.call(subject.function, &args).expect_err("an error");
        assert_eq!(error.kind, ErrorKind::InvalidArgs, "{args}: {error:?}");
        assert!(!error.message.is_empty(), "{args}");
        assert!(error.hint.contains(field), "{args}: {error:?}");
    }
}

pub fn a_call_knows_nothing_of_the_one_before(subject: &Subject) {
    let first = subject.call(subject.function, &subject.args);
    subject
        .call(subject.function, &json!({}))
        .expect_err("an error");
    let second = subject.call(subject.function, &subject.args);
    assert_eq!(first, second);
    assert!(first.is_ok(), "{first:?}");
}

pub fn threads_share_a_device(subject: &Subject) {
    let want = subject.call(subject.function, &subject.args);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let call = |_| subject.call(subject.function, &subject.args);
                    (0..8).map(call).collect::<Vec<_>>()
                })
            })
            .collect();
        for call in calls {
            for got in call.join().expect("no panic") {
                assert_eq!(got, want);
            }
        }
    });
}

pub fn a_result_that_is_too_long_is_an_error(subject: &Subject) {
    let context = CallContext {
        output_bytes_max: 0,
        ..CallContext::default()
    };
    let result = subject
        .device
        .call(subject.function, &subject.args, &context);
    let error = result.expect_err("an error");
    assert_eq!(error.kind, ErrorKind::OutputTooLarge, "{error:?}");
    assert!(!error.hint.is_empty(), "{error:?}");
}

/// It may have been done before anybody looked at the flag.
pub fn a_cancelled_call_ends_at_once(subject: &Subject) {
    let cancel = CancelToken::default();
    cancel.cancel();
    let context = CallContext {
        cancel,
        ..CallContext::default()
    };
    let begun = Instant::now();
    let result = subject
        .device
        .call(subject.function, &subject.args, &context);
    assert!(begun.elapsed() < SOON);
    if let Err(error) = result {
        assert_eq!(error.kind, ErrorKind::Cancelled, "{error:?}");
    }
}

/// A task that has spent its budget of polls is made to wait for its next turn, which does
/// not come while it waits for a device.
pub fn a_task_of_any_runtime_may_call_it(subject: &Subject) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let result = runtime.expect("a runtime").block_on(async {
        let semaphore = tokio::sync::Semaphore::new(1);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..1000 {
            let _ = pin!(semaphore.acquire()).poll(&mut context);
        }
        subject.call(subject.function, &subject.args)
    });
    result.expect("a result");
}

/// Whatever it is called with, it returns: a result, or an error with a reason.
pub fn any_arguments_are_survived(subject: &Subject) {
    let text = prop_oneof!["\\PC{0,40}", "[0-9+*/(). %^-]{0,20}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let keys: Vec<String> = subject
        .args
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect();
    let key = prop_oneof![3 => prop::sample::select(keys), 1 => "[a-z]{1,5}"];
    let object = prop::collection::btree_map(key, leaf.clone(), 0..3)
        .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>()));
    let args = prop_oneof![4 => object, 1 => leaf];
    let context = CallContext {
        deadline: Duration::from_secs(1),
        ..CallContext::default()
    };
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(32)
    });
    let outcome = runner.run(&args, |args| {
        if let Err(error) = subject.device.call(subject.function, &args, &context) {
            prop_assert!(!error.message.is_empty());
            prop_assert!(error.kind != ErrorKind::Trap, "{args}: {error:?}");
        }
        Ok(())
    });
    outcome.expect("it returned each time");
}
