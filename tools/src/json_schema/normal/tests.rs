//! Tests of the module around.

use super::*;

#[track_caller]
fn check(schema: Value, want: Value) {
    assert_eq!(normal(&schema), Ok(want), "{schema}");
}

#[test]
fn older_drafts_become_the_newest() {
    check(
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "array",
            "items": [{"type": "integer"}, {"type": "string"}], "additionalItems": false}),
        json!({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "items": false}),
    );
    check(
        json!({"minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false}),
        json!({"minimum": 0, "exclusiveMinimum": 0, "maximum": 9}),
    );
    check(
        json!({"dependencies": {"a": ["b"], "c": {"type": "object"}}}),
        json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"type": "object"}}}),
    );
    check(
        json!({"properties": {"a": {"type": "string", "required": true}, "b": {}}, "required": ["b"]}),
        json!({"required": ["b", "a"], "properties": {"a": {"type": "string"}, "b": {}}}),
    );
    check(
        json!({"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": true}}}),
        json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}}),
    );
    check(
        json!({"type": "string", "nullable": true, "minLength": 2.0}),
        json!({"type": ["string", "null"], "minLength": 2}),
    );
}

#[test]
fn the_oldest_draft_is_read() {
    let old = |mut schema: Value| {
        schema["$schema"] = json!("http://json-schema.org/draft-03/schema#");
        schema
    };
    check(
        old(json!({"divisibleBy": 2, "type": ["string", "null"]})),
        json!({"multipleOf": 2, "type": ["string", "null"]}),
    );
    check(
        old(
            json!({"properties": {"a": {"disallow": "string", "required": true}},
            "extends": {"properties": {"b": {"type": ["string", {"maximum": 3}]}}}}),
        ),
        json!({"required": ["a"], "properties": {"a": {"not": {"type": "string"}},
            "b": {"anyOf": [{"type": "string"}, {"maximum": 3}]}}}),
    );
}

#[test]
fn spelling_alone_refuses_nothing() {
    check(
        json!({"type": "Object", "properties": {"a": {"type": ["STRING", "NULL"]},
            "b": {"type": "ARRAY", "minItems": "1", "items": {"type": "TYPE_UNSPECIFIED"}}},
            "required": ["a", "a"]}),
        json!({"type": "object", "properties": {"a": {"type": ["string", "null"]},
            "b": {"type": "array", "minItems": 1, "items": {}}}, "required": ["a"]}),
    );
    check(
        json!({"pattern": r"^[\d-_]$", "patternProperties": {r"^[\w-.]": {}}}),
        json!({"pattern": r"^[\d\-_]$", "patternProperties": {r"^[\w\-.]": {}}}),
    );
    for wrong in [
        json!({"type": "strng"}),
        json!({"minItems": "one"}),
        json!({"required": [1]}),
        json!({"pattern": "[a-"}),
    ] {
        assert!(normal(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_type_that_there_is_not_is_named() {
    let said = normal(&json!({"properties": {"a": {"type": "strng"}}})).unwrap_err();
    let want = "/properties/a/type: there is no type \"strng\"; types are null";
    assert!(said.starts_with(want), "{said}");
}

#[test]
fn definitions_are_found_where_they_were_moved() {
    let int = || json!({"type": "integer"});
    let want = json!({"properties": {"a": {"$ref": "#/$defs/N"}}, "$defs": {"N": int()}});
    for reference in [
        "#/components/schemas/N",
        "#/definitions/N",
        "#N",
        "N",
        "/$defs/N",
    ] {
        check(
            json!({"properties": {"a": {"$ref": reference}}, "$defs": {"N": int()}}),
            want.clone(),
        );
    }
    check(
        json!({"properties": {"a": {"$ref": "#/$defs/N"}}, "definitions": {"N": int()}}),
        want,
    );
    check(
        json!({"id": "urn:a:b:C", "properties": {"c": {"$ref": "urn:a:b:C"}}}),
        json!({"id": "urn:a:b:C", "properties": {"c": {"$ref": "#/$defs/root"}}, "$defs": {"root":
            {"id": "urn:a:b:C", "properties": {"c": {"$ref": "#/$defs/root"}}}}}),
    );
    for other in [
        "./other.json#/$defs/N",
        "https://a.example/N",
        "#/properties/N",
    ] {
        let schema = json!({"items": {"$ref": other}, "$defs": {"N": int()}});
        assert!(normal(&schema).is_err(), "{other}");
    }
}

#[test]
fn what_says_nothing_refuses_nothing() {
    check(
        json!({"properties": {"a": {"type": "array", "items": [], "prefixItems": []}},
            "additionalProperties": []}),
        json!({"properties": {"a": {"type": "array"}}}),
    );
    check(
        json!({"type": "object", "properties": {"title": {"type": "string", "examples": "red",
            "description": null, "title": 3, "enum": null}}, "required": null, "items": null}),
        json!({"type": "object", "properties": {"title": {"type": "string", "examples": ["red"]}}}),
    );
    check(
        json!({"const": null, "default": null, "deprecated": "no"}),
        json!({"const": null, "default": null}),
    );
}

#[test]
fn what_a_server_requires_is_described() {
    let check = |schema: Value, want: Value| {
        assert_eq!(normal_of_server(&schema), Ok(want), "{schema}");
    };
    let a = || json!({"type": "string"});
    check(
        json!({"type": "object", "properties": {"a": a()}, "required": ["a", "z"]}),
        json!({"type": "object", "properties": {"a": a(), "z": {}}, "required": ["a", "z"]}),
    );
    check(
        json!({"properties": {"a": a()}, "required": ["z"], "additionalProperties": a()}),
        json!({"properties": {"a": a(), "z": a()}, "required": ["z"], "additionalProperties": a()}),
    );
    let open = json!({"type": "object", "required": ["z"]});
    check(open.clone(), open);
}

#[test]
fn references_of_every_kind_lead_to_definitions() {
    let int = || json!({"type": "integer"});
    let want = json!({"properties": {"a": {"$ref": "#/$defs/N"}}, "$defs": {"N": int()}});
    let refer = |reference: &str, name: &str, schema: Value| json!({"properties": {"a": {"$ref": reference}}, name: {"N": schema}});
    check(refer("#/$defs/N", "$defs", int()), want.clone());
    check(refer("#/definitions/N", "definitions", int()), want.clone());
    check(
        refer(
            "#here",
            "$defs",
            json!({"$anchor": "here", "type": "integer"}),
        ),
        want.clone(),
    );
    check(
        refer(
            "number.json",
            "$defs",
            json!({"$id": "number.json", "type": "integer"}),
        ),
        want.clone(),
    );
    check(refer("#/x-types/N", "x-types", int()), {
        let mut want = want.clone();
        want["x-types"] = json!({"N": int()});
        want
    });
    let mut named = refer("https://a.example/all.json#/$defs/N", "$defs", int());
    named["$id"] = json!("https://a.example/all.json");
    check(named, want.clone());
    // One that was put into another as it is.
    check(
        json!({"properties": {"b": refer("#/$defs/N", "$defs", int())}}),
        json!({"properties": {"b": {"properties": {"a": {"$ref": "#/$defs/N"}}}}, "$defs": {"N": int()}}),
    );
    check(
        json!({"$defs": {"a/b~c d": int()}, "items": {"$ref": "#/$defs/a~1b~0c%20d"}}),
        json!({"items": {"$ref": "#/$defs/a1b0cd"}, "$defs": {"a1b0cd": int()}}),
    );
    let error = normal(&json!({"items": {"$ref": "https://b.example/x"}})).unwrap_err();
    assert!(
        error.contains("/items: \"https://b.example/x\" leads to nothing"),
        "{error}"
    );
}

#[test]
fn a_schema_that_holds_itself_comes_to_an_end() {
    check(
        json!({"properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}),
        json!({"properties": {"next": {"anyOf": [{"$ref": "#/$defs/root"}, {"type": "null"}]}},
            "$defs": {"root":
                {"properties": {"next": {"anyOf": [{"$ref": "#/$defs/root"}, {"type": "null"}]}}}}}),
    );
    // By way of an `allOf`.
    let node = json!({"allOf": [{"$ref": "#/$defs/N"}], "minProperties": 1});
    let schema = json!({"$ref": "#/$defs/N", "$defs": {"N": {"properties": {"child": node}}}});
    let whole = normal(&schema).unwrap();
    assert!(
        validator(&whole)
            .unwrap()
            .is_valid(&json!({"child": {"child": {"x": 1}}}))
    );
    assert!(
        !validator(&whole)
            .unwrap()
            .is_valid(&json!({"child": {"child": {}}}))
    );
    // Which has no end at all.
    let check = |schema: Value| {
        let said = normal(&schema).unwrap_err();
        assert!(said.contains("without an end"), "{said}");
    };
    check(json!({"$ref": "#"}));
    check(json!({"items": {"$ref": "#/$defs/A"}, "$defs": {
        "A": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/B"}]}, "B": {"not": {"$ref": "#/$defs/A"}}}}));
    let mut deep = json!({});
    for _ in 0..=DEPTH_MAX {
        deep = json!({"items": deep});
    }
    assert!(normal(&deep).unwrap_err().contains("too large"));
}

#[test]
fn parts_that_all_must_hold_become_one() {
    let base =
        json!({"Base": {"type": "object", "properties": {"name": {}}, "required": ["name"]}});
    check(
        json!({"allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"kilos": {}}, "required": ["kilos"]}],
            "$defs": base}),
        json!({"type": "object", "properties": {"name": {}, "kilos": {}},
            "required": ["name", "kilos"], "$defs": base}),
    );
    check(
        json!({"allOf": [{"$ref": "#/$defs/G"}], "default": 1, "$defs": {"G": {"enum": [1, 2]}}}),
        json!({"default": 1, "enum": [1, 2], "$defs": {"G": {"enum": [1, 2]}}}),
    );
    check(
        json!({"$ref": "#/$defs/S", "minLength": 2, "$defs": {"S": {"type": "string"}}}),
        json!({"minLength": 2, "type": "string", "$defs": {"S": {"type": "string"}}}),
    );
    check(
        json!({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}),
        json!({"properties": {"a": {}}, "additionalProperties": false}),
    );
    let apart = json!({"allOf": [{"pattern": "a"}, {"pattern": "b"}]});
    check(apart, json!({"pattern": "a", "allOf": [{"pattern": "b"}]}));
}

/// The normal form admits what the original admits, by the draft it names.
#[test]
fn the_meaning_stays() {
    let values = [
        json!(null),
        json!(1),
        json!(2.5),
        json!(""),
        json!("ab"),
        json!([]),
        json!([1]),
        json!([1, "a"]),
        json!(["a", 1]),
        json!([1, "a", 2]),
        json!({}),
        json!({"a": 1}),
        json!({"b": "x"}),
        json!({"a": 1, "b": "x"}),
        json!({"a": {"a": 1}}),
    ];
    let check = |schema: Value| {
        let original = validator(&schema).unwrap();
        let normal = validator(&normal(&schema).unwrap()).unwrap();
        for value in &values {
            assert_eq!(
                original.is_valid(value),
                normal.is_valid(value),
                "{schema}: {value}"
            );
        }
    };
    let draft = |n: u8| format!("http://json-schema.org/draft-0{n}/schema#");
    for n in [4, 6, 7] {
        check(
            json!({"$schema": draft(n), "items": [{"type": "integer"}], "additionalItems": {"type": "string"}}),
        );
        check(json!({"$schema": draft(n), "items": {"type": "integer"}, "additionalItems": false}));
        check(
            json!({"$schema": draft(n), "definitions": {"S": {"type": "string"}},
            "properties": {"a": {"$ref": "#/definitions/S", "maxLength": 0}}}),
        );
        check(json!({"$schema": draft(n), "dependencies": {"a": ["b"]}}));
    }
    check(json!({"$schema": draft(4), "minimum": 1, "exclusiveMinimum": true}));
    check(json!({"$schema": draft(7), "if": {"required": ["a"]}, "then": {"required": ["b"]}}));
    check(
        json!({"allOf": [{"properties": {"a": {"type": "integer"}}, "additionalProperties": false},
        {"properties": {"b": {}}}]}),
    );
    check(json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"}));
    check(json!({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"type": "string"}}));
    check(json!({"prefixItems": [{"type": "integer"}], "items": false, "uniqueItems": true}));
    check(
        json!({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}], "unevaluatedProperties": false}),
    );
}

#[test]
fn what_a_server_means_is_no_reason_to_do_without_it() {
    let check = |schema: Value, want: Value| {
        assert_eq!(normal_of_server(&schema), Ok(want), "{schema}");
    };
    check(
        json!({"type": "object", "properties": {"a": "string", "b": {"type": "int"}, "c": "whatever",
            "d": {"type": ["str", "none", "str"]}, "e": {"type": "moment"}}}),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"},
            "c": true, "d": {"type": ["string", "null"]}, "e": {}}}),
    );
    check(
        json!({"type": "Object", "required": ["a", "a"], "properties": {"a": {"enum": [1, 1, 2]}}}),
        json!({"type": "object", "required": ["a"], "properties": {"a": {"enum": [1, 2]}}}),
    );
    check(
        json!({"required": "a", "properties": {"a": {"enum": [], "minLength": "2", "maxLength": -1}}}),
        json!({"required": ["a"], "properties": {"a": {"minLength": 2}}}),
    );
    check(
        json!({"minimum": "0.5", "maximum": "many", "multipleOf": 0, "uniqueItems": "yes", "anyOf": []}),
        json!({"minimum": 0.5}),
    );
    check(
        json!({"additionalProperties": "false", "items": "str", "not": 3}),
        json!({"additionalProperties": false, "items": {"type": "string"}}),
    );
    check(json!({"pattern": "(unclosed", "format": 3}), json!({}));
    // What a user or a plugin writes is told instead.
    assert!(normal(&json!({"properties": {"a": "string"}})).is_err());
}
