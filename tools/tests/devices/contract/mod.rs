//! One contract, every device: each check takes a subject and is run on all of them.

mod behaviour;
mod counter;
mod later;
mod limits;
mod spec;

use std::path::Path;
use std::sync::Arc;

use quipu_tools::{CallContext, Device, ToolError, WasmHost, WasmSettings};
use serde_json::{Value, json};

use counter::Counter;

/// A device, and a call of it that succeeds.
struct Subject {
    device: Arc<dyn Device>,
    function: &'static str,
    args: Value,
}

impl Subject {
    fn call(&self, function: &str, args: &Value) -> Result<Value, ToolError> {
        self.device.call(function, args, &CallContext::default())
    }
}

/// The device written by hand: what the contract means, as simply as possible.
fn by_hand() -> Subject {
    Subject {
        device: Arc::new(Counter::new()),
        function: "count",
        args: json!({"text": "one two three"}),
    }
}

/// The calculator that comes with Quipu.
fn calculator() -> Subject {
    Subject {
        device: guest("calculator"),
        function: "calculate",
        args: json!({"expression": "23% * 4150 - 38"}),
    }
}

/// The tool of the fourth chapter of the examples.
fn example() -> Subject {
    Subject {
        device: guest("wordcount"),
        function: "count",
        args: json!({"text": "one two three"}),
    }
}

/// A component that `make guests` has built.
fn guest(name: &str) -> Arc<dyn Device> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/guests")
        .join(format!("{name}.wasm"));
    let device = host().load_file(&file);
    Arc::new(device.unwrap_or_else(|error| panic!("{error}; run `make guests` first")))
}

fn host() -> WasmHost {
    WasmHost::new(WasmSettings::default()).expect("an engine")
}

/// Runs each check on each device.
macro_rules! contract {
    ($($part:ident: $($check:ident),+ $(,)?;)+) => {
        mod device_by_hand {
            $($(#[test] fn $check() { super::$part::$check(&super::by_hand()); })+)+
        }
        mod device_calculator {
            $($(#[test] fn $check() { super::$part::$check(&super::calculator()); })+)+
        }
        mod device_example {
            $($(#[test] fn $check() { super::$part::$check(&super::example()); })+)+
        }
    };
}

contract! {
    spec:
    it_has_a_name_and_functions,
    its_schemas_are_schemas,
    it_never_changes;
    behaviour:
    a_result_satisfies_its_schema,
    an_unknown_function_is_named_with_those_there_are,
    arguments_that_do_not_fit_are_refused,
    a_call_knows_nothing_of_the_one_before,
    threads_share_a_device,
    a_task_of_any_runtime_may_call_it,
    a_result_that_is_too_long_is_an_error,
    a_cancelled_call_ends_at_once,
    any_arguments_are_survived;
}
