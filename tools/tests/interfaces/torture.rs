//! Whatever bytes come in, the readers of outside data come to an end with a result or a
//! reason. `make torture` tries many more of them.

use proptest::prelude::*;
use quipu_tools::json_schema::{normal, unwrapped, validator};
use quipu_tools::{Capability, manifest, schema};
use serde_json::{Value, json};

use crate::component;

/// Bytes that are nearly `sound`: some changed, and perhaps the end cut off.
fn damaged(sound: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = sound.len();
    let changes = prop::collection::vec((0..len, any::<u8>()), 0..8);
    (changes, prop_oneof![Just(len), 0..len]).prop_map(move |(changes, end)| {
        let mut bytes = sound.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(end);
        bytes
    })
}

/// JSON that uses the words of schemas more often than chance would.
fn like_a_schema() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 14] = [
        "type",
        "properties",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "enum",
        "const",
        "$ref",
        "$defs",
        "required",
        "pattern",
        "minimum",
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z#/$]{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["object", "array", "string", "#", "#/$defs/a"])
            .prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let word = prop_oneof![
            4 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
            1 => "[a-z]{1,3}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word, inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn torture_a_component_is_described_or_refused(
        bytes in damaged(component::without_code(
            "package a:b@1.0.0;\nworld w { export f: func(x: list<option<string>>) -> u8; }"
        ))
    ) {
        let _ = schema::describe(&bytes);
        let _ = manifest::found_in(&bytes);
    }

    #[test]
    fn torture_a_schema_is_put_into_its_normal_form_or_refused(given in like_a_schema()) {
        if let Ok(inner) = unwrapped(&given)
            && let Ok(once) = normal(inner)
        {
            // What is normal can be read, and stays as it is.
            prop_assert!(validator(&once).is_ok(), "{once}");
            prop_assert_eq!(normal(&once), Ok(once.clone()));
        }
    }

    #[test]
    fn torture_a_capability_is_read_or_refused(text in "[a-z]{0,6}(:[ -~]{0,12}){0,3}") {
        if let Ok(capability) = text.parse::<Capability>() {
            // What is written of it is the same capability.
            prop_assert_eq!(capability.to_string().parse(), Ok(capability));
        }
    }
}
