//! What a device says of itself.

use std::collections::HashSet;

use serde_json::json;

use super::Subject;

pub fn it_has_a_name_and_functions(subject: &Subject) {
    let spec = subject.device.spec();
    let word = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !name.is_empty() && name.chars().all(allowed)
    };
    assert!(word(&spec.name), "{:?}", spec.name);
    assert!(!spec.origin.is_empty());
    assert!(!spec.functions.is_empty());
    let mut names = HashSet::new();
    for function in &spec.functions {
        assert!(word(&function.name), "{:?}", function.name);
        assert!(names.insert(&function.name), "{} twice", function.name);
    }
    assert!(names.iter().any(|name| *name == subject.function));
}

/// A grammar is made of the schema of the arguments, so it leaves nothing open.
pub fn its_schemas_are_schemas(subject: &Subject) {
    for function in &subject.device.spec().functions {
        assert_eq!(function.parameters["type"], "object");
        assert_eq!(function.parameters["additionalProperties"], json!(false));
        for schema in [&function.parameters, &function.returns] {
            jsonschema::meta::validate(schema).expect("a schema");
        }
    }
}

pub fn it_never_changes(subject: &Subject) {
    let spec = || serde_json::to_string(subject.device.spec()).expect("JSON");
    let before = spec();
    subject
        .call(subject.function, &subject.args)
        .expect("a result");
    subject.call("no_such", &json!(null)).expect_err("an error");
    assert_eq!(spec(), before);
}
