//! Tests of the module around.

use quipu_tools::json_schema::{normal, validator};

use super::*;

/// The grammar of `schema` admits `good`, which satisfy it, and not `bad`.
#[track_caller]
fn check(schema: Value, good: &[Value], bad: &[Value], checked: &[&str]) {
    let normal = normal(&schema).unwrap();
    let held = certainly_held(&normal).unwrap();
    let named: Vec<&str> = held.checked.iter().map(String::as_str).collect();
    assert_eq!(named, checked, "{schema}");
    let validator = validator(&normal).unwrap();
    for value in good {
        assert!(validator.is_valid(value), "{value} by {schema}");
        assert!(
            engine::admits(&held.schema, &value.to_string()),
            "{value} by {}",
            held.schema
        );
    }
    for value in bad {
        assert!(
            !engine::admits(&held.schema, &value.to_string()),
            "{value} by {}",
            held.schema
        );
    }
}

#[test]
fn references_hold_a_model() {
    check(
        json!({"$defs": {"P": {"type": "object", "properties": {"age": {"type": "integer"}},
            "required": ["age"], "additionalProperties": false}},
            "type": "array", "items": {"$ref": "#/$defs/P", "description": "one of them"}}),
        &[json!([]), json!([{"age": 3}])],
        &[json!([{"age": "3"}]), json!([{"ag": 3}])],
        &[],
    );
    check(
        json!({"type": "object", "properties": {"value": {"type": "integer"},
            "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
            "required": ["value", "next"], "additionalProperties": false}),
        &[json!({"value": 1, "next": {"value": 2, "next": null}})],
        &[json!({"value": 1, "next": {"value": "2", "next": null}})],
        &[],
    );
}

#[test]
fn older_drafts_hold_a_model() {
    check(
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
            "items": [{"type": "integer"}, {"type": "string"}], "additionalItems": false, "minItems": 2}),
        &[json!([1, "a"])],
        &[json!([1]), json!(["a", 1]), json!([1, "a", 2])],
        &[],
    );
    check(
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer",
            "minimum": 0, "exclusiveMinimum": true}),
        &[json!(5)],
        &[json!(0)],
        &[],
    );
}

#[test]
fn what_the_engine_does_not_know_is_named_and_the_rest_holds() {
    check(
        json!({"type": "array", "items": {"enum": ["red", "blue"]}, "uniqueItems": true}),
        &[json!(["red", "blue"])],
        &[json!(["green"])],
        &["uniqueItems"],
    );
    check(
        json!({"type": "string", "pattern": "^(?=.*[0-9])[a-z0-9]+$"}),
        &[json!("a1")],
        &[json!(1)],
        &["pattern"],
    );
    check(
        json!({"properties": {"kind": {"enum": ["dog", "cat"]}, "leash": {"type": "string"}},
            "if": {"properties": {"kind": {"const": "dog"}}}, "then": {"required": ["leash"]}}),
        &[json!({"kind": "cat"})],
        &[json!({"kind": "cow"}), json!(3)],
        &["if"],
    );
    check(
        json!({"type": "string", "format": "colour"}),
        &[json!("red")],
        &[json!(1)],
        &[],
    );
    check(
        json!({"type": "string", "format": "uri-reference"}),
        &[json!("/a")],
        &[json!(1)],
        &["format \"uri-reference\""],
    );
    check(
        json!({"propertyNames": {"pattern": "^[a-z]+$"}, "additionalProperties": {"type": "integer"}}),
        &[json!({"a": 1})],
        &[json!({"A": 1}), json!({"a": "x"})],
        &[],
    );
    check(
        json!({"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": {"type": "integer"}}),
        &[json!({"b": 1}), json!({})],
        &[json!({"c": 1})],
        &[],
    );
    check(
        json!({"properties": {"a": {}, "b": {}, "c": {}}, "minProperties": 2}),
        &[json!({"a": 1, "b": 2})],
        &[json!("a")],
        &["minProperties"],
    );
    check(
        json!({"patternProperties": {"^a": {"type": "integer"}, "z$": {"type": "string"}}}),
        &[json!({"a": 1})],
        &[json!(1)],
        &["patternProperties"],
    );
}

/// The engine and the check afterwards are of one mind, which is RFC 3339's.
#[test]
fn durations_are_those_that_pass_the_check() {
    let schema = json!({"type": "string", "format": "duration"});
    let right = [
        "P1Y", "P1Y2M", "P1Y2M3D", "P2M3D", "P3D", "P4W", "PT1H", "PT1H2M", "PT1H2M3S", "PT2M3S",
        "PT90S", "P1DT2H", "P1MT1S", "P0D",
    ];
    let wrong = [
        "", "P", "PT", "PT1H30S", "P1Y3D", "P1W2D", "P1WT1H", "P1D1M", "PT1S1M", "P1.5D", "PT0.5S",
        "1D", "-P1D", "P1DT", "P1H",
    ];
    check(
        schema.clone(),
        &right.map(|text| json!(text)),
        &wrong.map(|text| json!(text)),
        &[],
    );
    let validator = validator(&schema).unwrap();
    for text in wrong {
        assert!(!validator.is_valid(&json!(text)), "{text}");
    }
}

#[test]
fn unions_and_bounds_hold_a_model() {
    check(
        json!({"oneOf": [{"properties": {"ok": {"type": "boolean"}}, "required": ["ok"]},
            {"properties": {"why": {"type": "string"}}, "required": ["why"]}]}),
        &[json!({"ok": true}), json!({"why": "no"})],
        &[json!({"ok": 1}), json!(2)],
        &["oneOf"],
    );
    check(
        json!({"oneOf": [{"properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind"]},
            {"properties": {"kind": {"const": "b"}}, "required": ["kind"]}]}),
        &[json!({"kind": "a", "n": 1}), json!({"kind": "b"})],
        &[json!({"kind": "a", "n": "1"}), json!({"kind": "c"})],
        &[],
    );
    check(
        json!({"oneOf": [{"properties": {"ok": {"type": "boolean"}}}, {"properties": {"why": {"type": "string"}}}]}),
        &[json!({"ok": true, "why": 1})],
        &[json!(2)],
        &["oneOf"],
    );
    check(
        json!({"type": "object", "properties": {"id": {"type": "string"}, "mail": {"type": "string"}},
            "anyOf": [{"required": ["id"]}, {"required": ["mail"]}], "additionalProperties": false}),
        &[json!({"id": "1"}), json!({"id": "1", "mail": "a"})],
        &[json!({}), json!({"id": 1})],
        &[],
    );
    check(
        json!({"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615u64}),
        &[json!(null), json!(0), json!(18446744073709551615u64)],
        &[json!(-1), json!("0")],
        &[],
    );
    check(
        json!({"const": {"a": [1, null]}}),
        &[json!({"a": [1, null]})],
        &[json!({})],
        &[],
    );
}

#[test]
fn long_enumerations_hold_a_model() {
    let name = |n: usize| format!("area/{:03}/a-long-name (no. {n:05})", n / 50);
    let values: Vec<String> = (0..2_000).map(name).collect();
    let mut more = values.clone();
    more.extend([
        "".to_owned(),
        "area".to_owned(),
        "über".to_owned(),
        "ü\"".to_owned(),
    ]);
    check(
        json!({"type": "string", "enum": more}),
        &[
            json!(name(7)),
            json!(name(1999)),
            json!(""),
            json!("area"),
            json!("über"),
            json!("ü\""),
        ],
        &[
            json!(name(2000)),
            json!("are"),
            json!(name(7) + " "),
            json!("ü"),
        ],
        &[],
    );
}

#[test]
fn what_nothing_satisfies_is_said() {
    let check = |schema: Value| {
        let said = certainly_held(&normal(&schema).unwrap()).unwrap_err();
        assert!(said.contains("nsatisfiable"), "{said}");
    };
    check(
        json!({"properties": {"n": {"type": "integer", "minimum": 5, "maximum": 1}}, "required": ["n"]}),
    );
    check(json!(false));
}

#[test]
fn long_lists_of_values_hold_a_model() {
    let name = |n: usize| json!(format!("area-{n}"));
    let with = |more: &[Value], form: &dyn Fn(Value) -> Value| {
        let all = (0..200).map(name).chain(more.iter().cloned());
        all.map(form).collect::<Vec<Value>>()
    };
    let bad = [json!("area-200"), json!("area"), json!(3)];
    let as_it_is = |value: Value| value;
    check(
        json!({"enum": with(&[], &as_it_is)}),
        &[name(7), name(199)],
        &[&bad[..], &[json!(null)]].concat(),
        &[],
    );
    check(
        json!({"type": ["string", "null", "integer"], "enum": with(&[json!(null), json!(4)], &as_it_is)}),
        &[name(7), json!(null), json!(4)],
        &bad,
        &[],
    );
    let described = |value: Value| json!({"const": value, "title": "An area."});
    check(
        json!({"oneOf": with(&[], &described)}),
        &[name(7), name(199)],
        &[&bad[..], &[json!(null)]].concat(),
        &[],
    );
    let mut forms = with(&[], &described);
    forms.push(json!({"type": "null"}));
    check(json!({"anyOf": forms}), &[name(7), json!(null)], &bad, &[]);
}
