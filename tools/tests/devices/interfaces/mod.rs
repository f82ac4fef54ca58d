//! From a component's interface to functions with JSON Schema, and values both ways.

mod component;
mod torture;

use std::sync::OnceLock;

use proptest::prelude::*;
use quipu_tools::schema::describe;
use quipu_tools::{CallContext, Device, Effect, ErrorKind, WasmDevice};
use serde_json::{Value, json};

use crate::host;

/// A world that exports `f` with this signature, after `types`.
fn world(types: &str, signature: &str) -> String {
    format!("package a:b@1.0.0;\nworld w {{\n{types}\nexport f: func{signature};\n}}")
}

/// The schema of the only argument of a function that takes `ty`.
fn argument(types: &str, ty: &str) -> Value {
    let component = component::without_code(&world(types, &format!("(x: {ty})")));
    let described = describe(&component).unwrap();
    described.functions[0].spec.parameters["properties"]["x"].clone()
}

#[test]
fn each_type_has_its_schema() {
    let check = |types: &str, ty: &str, want: Value| assert_eq!(argument(types, ty), want, "{ty}");
    check("", "bool", json!({"type": "boolean"}));
    check(
        "",
        "s8",
        json!({"type": "integer", "minimum": -128, "maximum": 127}),
    );
    check(
        "",
        "u32",
        json!({"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u64}),
    );
    check(
        "",
        "u64",
        json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
    );
    check("", "f32", json!({"type": "number"}));
    check(
        "",
        "char",
        json!({"type": "string", "minLength": 1, "maxLength": 1}),
    );
    check("", "string", json!({"type": "string"}));
    check(
        "",
        "list<bool>",
        json!({"type": "array", "items": {"type": "boolean"}}),
    );
    check(
        "",
        "option<bool>",
        json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
    );
    let inner = json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]});
    let nested = json!({
        "anyOf": [
            {"type": "object", "properties": {"some": inner}, "required": ["some"],
             "additionalProperties": false},
            {"type": "null"},
        ],
        "description": "null: there is none; {\"some\": null}: there is one, and it is empty",
    });
    check("", "option<option<bool>>", nested.clone());
    check("type maybe = option<bool>;", "option<maybe>", nested);
    check(
        "",
        "tuple<bool, string>",
        json!({"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string"}],
               "items": false, "minItems": 2, "maxItems": 2}),
    );
    let case = |name: &str, payload: Value| {
        json!({"type": "object", "properties": {name: payload}, "required": [name],
               "additionalProperties": false})
    };
    check(
        "",
        "result<string, bool>",
        json!({"anyOf": [case("ok", json!({"type": "string"})), case("error", json!({"type": "boolean"}))]}),
    );
    check(
        "",
        "result<_, string>",
        json!({"anyOf": [case("ok", json!({"type": "null"})), case("error", json!({"type": "string"}))]}),
    );
    check(
        "/// A shape.\nvariant shape { /// Round.\ncircle(bool), no-shape }",
        "shape",
        json!({"anyOf": [
            {"type": "object", "properties": {"circle": {"type": "boolean"}}, "required": ["circle"],
             "additionalProperties": false, "description": "Round."},
            case("no_shape", json!({"type": "null"})),
        ], "description": "A shape."}),
    );
    check(
        "enum light { /// Stop.\nred, dark-green }",
        "light",
        json!({"type": "string", "enum": ["red", "dark-green"], "description": "red: Stop."}),
    );
    check(
        "flags may { look, touch-all }",
        "may",
        json!({"type": "array", "items": {"type": "string", "enum": ["look", "touch-all"]},
               "uniqueItems": true}),
    );
    check(
        "/// A person.\nrecord person { /// First name.\nfirst-name: string, age: option<u8> }",
        "person",
        json!({
            "type": "object",
            "properties": {
                "first_name": {"type": "string", "description": "First name."},
                "age": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "null"}]},
            },
            "required": ["first_name"],
            "additionalProperties": false,
            "description": "A person.",
        }),
    );
    check(
        "type name = string;",
        "list<name>",
        json!({"type": "array", "items": {"type": "string"}}),
    );
}

#[test]
fn the_result_is_the_ok_side() {
    let check = |signature: &str, want: Value| {
        let component = component::without_code(&world("", signature));
        let described = describe(&component).unwrap();
        assert_eq!(described.functions[0].spec.returns, want, "{signature}");
    };
    check("()", json!({"type": "null"}));
    check("() -> string", json!({"type": "string"}));
    check("() -> result<string, bool>", json!({"type": "string"}));
    check("() -> result<_, bool>", json!({"type": "null"}));
}

#[test]
fn what_has_no_json_form_is_refused_with_the_reason() {
    let check = |wit: &str, words: &str| {
        let error = describe(&component::without_code(wit))
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    };
    let resource = "package a:b@1.0.0;
        interface files { resource file { read: func() -> string; } }
        world w { export files; }";
    check(resource, "uses a resource, which has no JSON form");
    let handle = "package a:b@1.0.0;
        interface files { resource file; open: func() -> file; }
        world w { export files; }";
    check(handle, "uses a resource, which has no JSON form");
    check(
        "package a:b@1.0.0; world w { import f: func(); }",
        "it exports no functions",
    );
}

#[test]
fn names_and_documentation() {
    let wit = "package a:b@1.0.0;
        /// Rooms of a house.
        interface rooms {
            /// Turn the light on.
            turn-on: func(room: string);
            count: func() -> u32;
        }
        interface doors { count: func() -> u32; }
        world w { export rooms; export doors; export the-end: func(); }";
    let described = describe(&component::without_code(wit)).unwrap();
    let names: Vec<&str> = described
        .functions
        .iter()
        .map(|f| f.spec.name.as_str())
        .collect();
    // Two of the same name are told apart by their interfaces.
    assert_eq!(names, ["the_end", "turn_on", "rooms_count", "doors_count"]);
    assert_eq!(described.description, "Rooms of a house.");
    assert_eq!(
        described.functions[1].spec.description,
        "Turn the light on."
    );
    // And each of them is called.
    let device = host()
        .load("house", "test", &component::without_code(wit))
        .unwrap();
    for name in names {
        let args = if name == "turn_on" {
            json!({"room": "x"})
        } else {
            json!({})
        };
        let error = device
            .call(name, &args, &CallContext::default())
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Trap, "{name}: {error:?}");
    }
}

fn probe() -> &'static WasmDevice {
    static PROBE: OnceLock<WasmDevice> = OnceLock::new();
    PROBE.get_or_init(|| {
        host()
            .load_file(crate::PROBE.as_ref())
            .unwrap_or_else(|error| panic!("{error}: run `make guests`"))
    })
}

/// Any value of the record `everything`.
fn everything() -> impl Strategy<Value = Value> {
    let shape = prop_oneof![
        (-1e9..1e9).prop_map(|r| json!({ "circle": r })),
        prop::collection::vec(any::<(i32, i32)>(), 0..4)
            .prop_map(|points| json!({ "free_form": points })),
        Just(json!({"nothing": null})),
    ];
    let outcome = prop_oneof![
        any::<u8>().prop_map(|n| json!({ "ok": n })),
        any::<String>().prop_map(|text| json!({ "error": text })),
    ];
    let colour = prop::sample::select(vec!["red", "dark-green"]);
    let actions = prop::sample::subsequence(vec!["look", "touch-all"], 0..=2);
    (
        (any::<bool>(), any::<i8>(), any::<u64>(), -1e300..1e300),
        (
            any::<char>(),
            any::<String>(),
            any::<Option<u32>>(),
            any::<(String, i64)>(),
        ),
        (prop::collection::vec(colour, 0..4), actions, shape, outcome),
    )
        .prop_map(|(a, b, c)| {
            json!({
                "truth": a.0, "small": a.1, "large": a.2, "fraction": a.3,
                "letter": b.0, "text": b.1, "maybe": b.2, "pair": b.3,
                "colours": c.0, "actions": c.1, "shape": c.2, "outcome": c.3,
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Through JSON, the schema, the component and back.
    #[test]
    fn every_value_comes_back(value in everything()) {
        let args = json!({ "value": value });
        let result = probe().call("echo", &args, &CallContext::default());
        let mut want = args["value"].clone();
        if want["maybe"].is_null() {
            // What is not there is left out.
            want.as_object_mut().map(|fields| fields.remove("maybe"));
        }
        prop_assert_eq!(result, Ok(want));
    }
}

#[test]
fn values_that_do_not_fit_are_refused_by_name() {
    let good = json!({
        "truth": true, "small": 1, "large": 1, "fraction": 1, "letter": "x", "text": "",
        "pair": ["a", 1], "colours": [], "actions": [], "shape": {"nothing": null},
        "outcome": {"ok": 1}
    });
    let echo =
        |value: &Value| probe().call("echo", &json!({ "value": value }), &CallContext::default());
    // An option may be left out.
    assert_eq!(echo(&good).unwrap()["maybe"], Value::Null);
    for (field, bad) in [
        ("small", json!(128)),
        ("large", json!(-1)),
        ("letter", json!("xy")),
        ("pair", json!(["a"])),
        ("colours", json!(["blue"])),
        ("actions", json!(["look", "look"])),
        ("shape", json!({"circle": 1, "nothing": null})),
        ("shape", json!({"square": 1})),
        ("outcome", json!({})),
        ("unknown", json!(1)),
    ] {
        let mut value = good.clone();
        value[field] = bad;
        let error = echo(&value).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgs, "{field}: {error:?}");
        assert!(
            error.message.contains(field) || error.message.contains("value"),
            "{error:?}"
        );
        assert!(error.hint.starts_with("expected {"), "{error:?}");
    }
}

/// The contract as it is, and as it was.
const NOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/wit/quipu.wit");
const BEFORE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../plugins/wit/previous/quipu-0.1.wit"
);

/// A plugin of 0.1: one function, which gives its arguments back.
const OLD_PLUGIN: &str = r#"(module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 4096))
    (data (i32.const 0) "mirrorGives back what it gets.{\"type\":\"object\"}")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "quipu:plugin/json-tools@0.1.0#list-tools") (result i32)
        (i32.store (i32.const 1000) (i32.const 1100))
        (i32.store (i32.const 1004) (i32.const 1))
        (i32.store (i32.const 1100) (i32.const 0))
        (i32.store (i32.const 1104) (i32.const 6))
        (i32.store (i32.const 1108) (i32.const 6))
        (i32.store (i32.const 1112) (i32.const 24))
        (i32.store (i32.const 1116) (i32.const 30))
        (i32.store (i32.const 1120) (i32.const 17))
        (i32.const 1000))
    (func (export "quipu:plugin/json-tools@0.1.0#call") (param i32 i32 i32 i32) (result i32)
        (i32.store (i32.const 1000) (i32.const 0))
        (i32.store (i32.const 1004) (local.get 2))
        (i32.store (i32.const 1008) (local.get 3))
        (i32.const 1000)))"#;

/// A plugin of 0.2: a function that reads, and fails on arguments of more than `{}`.
const NEW_PLUGIN: &str = r#"(module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 4096))
    (data (i32.const 0) "now-and-thenWorks now and then.{\"type\":\"object\"}too muchless")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func (export "quipu:plugin/json-tools@0.2.0#list-tools") (result i32)
        (i32.store (i32.const 1000) (i32.const 1100))
        (i32.store (i32.const 1004) (i32.const 1))
        (i32.store (i32.const 1100) (i32.const 0))
        (i32.store (i32.const 1104) (i32.const 12))
        (i32.store (i32.const 1108) (i32.const 12))
        (i32.store (i32.const 1112) (i32.const 19))
        (i32.store (i32.const 1116) (i32.const 31))
        (i32.store (i32.const 1120) (i32.const 17))
        (i32.store (i32.const 1124) (i32.const 1))
        (i32.store (i32.const 1128) (i32.const 31))
        (i32.store (i32.const 1132) (i32.const 17))
        (i32.store8 (i32.const 1136) (i32.const 0))
        (i32.const 1000))
    (func (export "quipu:plugin/json-tools@0.2.0#call") (param i32 i32 i32 i32) (result i32)
        (if (i32.gt_u (local.get 3) (i32.const 2))
            (then
                (i32.store (i32.const 1000) (i32.const 1))
                (i32.store (i32.const 1004) (i32.const 48))
                (i32.store (i32.const 1008) (i32.const 8))
                (i32.store (i32.const 1012) (i32.const 56))
                (i32.store (i32.const 1016) (i32.const 4)))
            (else
                (i32.store (i32.const 1000) (i32.const 0))
                (i32.store (i32.const 1004) (local.get 2))
                (i32.store (i32.const 1008) (local.get 3))))
        (i32.const 1000)))"#;

#[test]
fn a_plugin_lists_its_functions() {
    let component = component::with_code(NOW, "json-plugin", NEW_PLUGIN);
    let device = host().load("plugin", "test", &component).unwrap();
    let function = &device.spec().functions[0];
    assert_eq!(function.name, "now_and_then");
    assert_eq!(function.description, "Works now and then.");
    assert_eq!(function.effect, Effect::Read);
    let call = |args: Value| device.call("now_and_then", &args, &CallContext::default());
    assert_eq!(call(json!({})), Ok(json!({})));
    let error = call(json!({"a": 1})).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Failed, "too much")
    );
    assert_eq!(error.hint, "less");
    assert_eq!(call(json!([])).unwrap_err().kind, ErrorKind::InvalidArgs);
}

#[test]
fn a_plugin_of_the_previous_version_is_loaded_too() {
    let component = component::with_code(BEFORE, "json-plugin", OLD_PLUGIN);
    let device = host().load("plugin", "test", &component).unwrap();
    let function = &device.spec().functions[0];
    assert_eq!(
        (function.name.as_str(), function.effect),
        ("mirror", Effect::Write)
    );
    let args = json!({"a": [1, "ü"]});
    assert_eq!(
        device.call("mirror", &args, &CallContext::default()),
        Ok(args)
    );
}

#[test]
fn a_plugin_that_lists_nonsense_is_not_loaded() {
    let check = |from: &str, to: &str, words: &str| {
        let wat = OLD_PLUGIN.replace(from, to);
        assert_ne!(wat, OLD_PLUGIN);
        let component = component::with_code(BEFORE, "json-plugin", &wat);
        let Err(error) = host().load("plugin", "test", &component) else {
            panic!("it was loaded");
        };
        assert!(error.to_string().contains(words), "{error}");
    };
    check("mirror", "mir or", "a name has up to 64 letters");
    check(
        "{\\\"type\\\":\\\"object\\\"}",
        "{\\\"type\\\":\\\"array_\\\"}",
        "its schema is not one",
    );
    check(
        "{\\\"type\\\":\\\"object\\\"}",
        "{\\\"type\\\":\\\"string\\\"}",
        "is not \"object\"",
    );
    check(
        "{\\\"type\\\":\\\"object\\\"}",
        "................!",
        "is not JSON",
    );
    check(
        "(i32.const 1104) (i32.const 6)",
        "(i32.const 1104) (i32.const 99999999)",
        "",
    );
    check(
        "(i32.store (i32.const 1000) (i32.const 1100))",
        "(loop br 0)",
        "did not finish",
    );
}
