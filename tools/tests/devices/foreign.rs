//! Components that were not made for this program: as other toolchains write them.

use std::collections::BTreeMap;

use quipu_tools::{CallContext, Capability, Device, Effect, Held, WasmDevice};
use serde_json::{Value, json};

use crate::host;

fn load(text: &str) -> Result<WasmDevice, String> {
    let bytes = wat::parse_str(text).unwrap();
    host()
        .load("it", "test", &bytes)
        .map_err(|error| error.to_string())
}

fn call(device: &WasmDevice, function: &str, args: Value) -> Result<Value, String> {
    device
        .call(function, &args, &CallContext::default())
        .map_err(|error| error.message)
}

/// `f(x: u32) -> u32` in a component with `parts` beside it, and `core` in its module.
fn adds(n: u32, core: &str, parts: &str) -> String {
    format!(
        r#"(component {parts}
        (core module $m {core}
            (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const {n}))))
        (core instance $c (instantiate $m))
        (func (export "f") (param "x" u32) (result u32) (canon lift (core func $c "f"))))"#
    )
}

#[test]
fn what_engines_run_by_default_is_run() {
    let check = |core: &str, parts: &str| {
        let device = load(&adds(1, core, parts)).unwrap();
        assert_eq!(
            call(&device, "f", json!({"x": 2})),
            Ok(json!(3)),
            "{core}{parts}"
        );
    };
    check("(table 1 funcref) (table 1 funcref)", "");
    check("(table 60000 funcref)", "");
    check("(memory 1) (memory 1)", "");
    check(
        "(tag $t) (func $g (throw $t))
         (func (export \"g\") (block $h (try_table (catch $t $h) (call $g))))",
        "",
    );
    // Interfaces that are there and not used.
    check(
        "",
        "(import \"wasi:http/types@0.2.2\" (instance (export \"fields\" (type (sub resource)))))",
    );
    check(
        "",
        "(import \"wasi:clocks/monotonic-clock@0.3.0\" (instance (export \"now\" (func (result u64)))))",
    );
}

#[test]
fn a_function_of_the_asynchronous_kind_is_called() {
    let device = load(
        r#"(component
        (core module $m
            (import "" "return" (func $return (param i32)))
            (func (export "slow") (param i32) (result i32)
                (call $return (i32.mul (local.get 0) (i32.const 2))) (i32.const 0))
            (func (export "again") (param i32 i32 i32) (result i32) unreachable))
        (core func $return (canon task.return (result u32)))
        (core instance $c (instantiate $m (with "" (instance (export "return" (func $return))))))
        (func (export "slow") async (param "x" u32) (result u32)
            (canon lift (core func $c "slow") async (callback (core func $c "again")))))"#,
    );
    let device = device.unwrap();
    assert_eq!(call(&device, "slow", json!({"x": 21})), Ok(json!(42)));
}

#[test]
fn functions_of_one_name_are_told_apart() {
    let part = |n: u32| {
        format!(
            r#"(core module $m{n} (func (export "f") (param i32) (result i32)
                (i32.add (local.get 0) (i32.const {n}))))
            (core instance $c{n} (instantiate $m{n}))
            (func $f{n} (param "x" u32) (result u32) (canon lift (core func $c{n} "f")))
            (instance $i{n} (export "add" (func $f{n})))"#
        )
    };
    let check = |one: &str, other: &str, want: [&str; 2]| {
        let text = format!(
            "(component {} {} (export \"{one}\" (instance $i1)) (export \"{other}\" (instance $i100)))",
            part(1),
            part(100)
        );
        let device = load(&text).unwrap();
        for (name, sum) in want.iter().zip([2, 101]) {
            assert_eq!(
                call(&device, name, json!({"x": 1})),
                Ok(json!(sum)),
                "{name}"
            );
        }
    };
    check(
        "a:b/sum@1.0.0",
        "a:b/sum@2.0.0",
        ["sum_1_0_0_add", "sum_2_0_0_add"],
    );
    check("a:b/sum", "c:b/sum", ["a_b_sum_add", "c_b_sum_add"]);
    check("a:b/sum", "a:b/total", ["sum_add", "total_add"]);
}

#[test]
fn numbers_are_json_s_numbers() {
    let device = load(
        r#"(component
        (core module $m
            (func (export "whole") (param i64) (result i64) (local.get 0))
            (func (export "real") (param f32) (result f32) (local.get 0)))
        (core instance $c (instantiate $m))
        (func (export "whole") (param "n" u64) (result u64) (canon lift (core func $c "whole")))
        (func (export "real") (param "n" f32) (result f32) (canon lift (core func $c "real"))))"#,
    );
    let device = device.unwrap();
    let check = |function: &str, n: Value, want: Result<Value, &str>| {
        let got = call(&device, function, json!({"n": n}));
        match want {
            Ok(value) => assert_eq!(got, Ok(value)),
            Err(words) => assert!(got.clone().unwrap_err().contains(words), "{got:?}"),
        }
    };
    check("whole", json!(1.0), Ok(json!(1)));
    check("whole", json!(1e3), Ok(json!(1000)));
    check("whole", json!(u64::MAX), Ok(json!(u64::MAX)));
    check("whole", json!(2e19), Err("maximum of 18446744073709551615"));
    check("real", json!(0.1), Ok(json!(0.1)));
    check("real", json!(1e300), Err("too large for f32"));
}

#[test]
fn an_option_within_another_is_told_from_none() {
    let device = load(
        r#"(component
        (core module $m
            (memory (export "memory") 1)
            (func (export "f") (param i32 i32 i32) (result i32)
                (i32.store (i32.const 0) (local.get 0))
                (i32.store (i32.const 4) (local.get 1))
                (i32.store (i32.const 8) (local.get 2))
                (i32.const 0)))
        (core instance $c (instantiate $m))
        (alias core export $c "memory" (core memory $memory))
        (type $inner (option u32))
        (type $outer (option $inner))
        (func (export "f") (param "x" $outer) (result $outer)
            (canon lift (core func $c "f") (memory $memory))))"#,
    );
    let device = device.unwrap();
    for value in [json!(null), json!({"some": null}), json!({"some": 7})] {
        assert_eq!(call(&device, "f", json!({"x": value})), Ok(value));
    }
    assert!(call(&device, "f", json!({"x": 7})).is_err());
}

#[test]
fn a_type_that_a_component_exports_by_itself_is_named() {
    let said = load(
        r#"(component
        (type $record (record (field "x" u32)))
        (export $point "point" (type $record))
        (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
        (core instance $c (instantiate $m))
        (func $f (param "a" $point) (result $point) (canon lift (core func $c "f")))
        (export "f" (func $f)))"#,
    );
    let said = said.map(|_| ()).unwrap_err();
    assert!(said.contains("it exports point by itself"), "{said}");
}

#[test]
fn a_program_is_a_function() {
    let program = |code: u32| {
        format!(
            r#"(component
            (core module $m (func (export "run") (result i32) (i32.const {code})))
            (core instance $c (instantiate $m))
            (func $run (result (result)) (canon lift (core func $c "run")))
            (instance $i (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $i)))"#
        )
    };
    let device = load(&program(0)).unwrap();
    assert_eq!(
        call(&device, "run", json!({"args": ["a"], "stdin": "b"})),
        Ok(json!(""))
    );
    let device = load(&program(1)).unwrap();
    assert_eq!(
        call(&device, "run", json!({})),
        Err("the program ended with code 1".to_owned())
    );
}

#[test]
fn rights_are_what_was_granted_and_no_more() {
    let wants =
        "(import \"wasi:http/types@0.2.2\" (instance (export \"fields\" (type (sub resource)))))";
    let mut device = load(&adds(1, "", wants)).unwrap();
    let asked: Vec<String> = device
        .spec()
        .requests
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(asked, ["net:*"]);
    assert!(device.spec().optional);
    let function = device.spec().function("f").unwrap();
    assert_eq!((function.needs.len(), function.effect), (0, Effect::Read));
    let host: Capability = "net:a.example".parse().unwrap();
    let held = Held {
        grants: [host.clone(), Capability::MemWrite].into_iter().collect(),
        ..Held::default()
    };
    device.grant(held, BTreeMap::new());
    let function = device.spec().function("f").unwrap();
    assert_eq!(
        (function.needs.clone(), function.effect),
        (vec![host], Effect::Write)
    );
}

#[test]
fn what_cannot_be_given_is_named() {
    let check = |parts: &str, want: &str| {
        let said = load(&adds(1, "", parts)).err().unwrap();
        assert!(said.contains(want), "{said}");
    };
    check(
        "(import \"wasi:config/store@0.2.0-rc.1\" (instance (export \"get\" (func (result u32)))))",
        "it imports wasi:config/store@0.2.0-rc.1, which no tool is given",
    );
    check(
        "(import \"wasi:random/random@0.2.0\" (instance (export \"dice\" (func (result u32)))))",
        "it imports an interface in a version, or with a function, that is not offered",
    );
    let device = load(&adds(1, "(table 200000 funcref)", ""));
    let said = device.map(|_| ()).unwrap_err();
    assert!(said.contains("more at once than a tool may have"), "{said}");
}
