//! The engine that holds a model to a schema, without a model.

use std::sync::LazyLock;

use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value, json};
use toktrie::{ApproximateTokEnv, InferenceCapabilities};

/// An engine whose tokens are single bytes. It holds no state of what was compiled.
static BYTES: LazyLock<Result<ParserFactory, String>> = LazyLock::new(|| {
    let tokens = ApproximateTokEnv::single_byte_env();
    let capabilities = InferenceCapabilities::default();
    let mut factory = ParserFactory::new(&tokens, capabilities, &[]).map_err(|e| e.to_string())?;
    factory.quiet();
    Ok(factory)
});

/// The grammar of compact JSON that satisfies `schema`, whose words the engine knows.
pub fn grammar(mut schema: Value) -> TopLevelGrammar {
    if let Some(map) = schema.as_object_mut() {
        // Compact JSON leaves no choice of white space: more tokens are forced. Whether one
        // form alone is satisfied is checked afterwards.
        let options = json!({"whitespace_flexible": false, "coerce_one_of": true});
        map.insert("x-guidance".into(), options);
    }
    TopLevelGrammar::from_json_schema(schema)
}

/// Whether the engine can hold a model to `schema`.
///
/// # Errors
/// The engine's own words, where it cannot.
pub fn compiles(schema: &Value) -> Result<(), String> {
    matcher(schema).map(drop)
}

/// Whether the engine tells forms apart of which exactly one may be satisfied (`oneOf`).
pub fn tells_apart(schema: &Value) -> bool {
    let mut schema = schema.clone();
    if let Some(map) = schema.as_object_mut() {
        map.insert("x-guidance".into(), json!({"coerce_one_of": false}));
    }
    let factory = BYTES.as_ref().ok();
    let grammar = TopLevelGrammar::from_json_schema(schema);
    factory.is_some_and(|factory| factory.create_parser(grammar).is_ok())
}

fn matcher(schema: &Value) -> Result<Matcher, String> {
    let factory = BYTES.as_ref().map_err(Clone::clone)?;
    let parser = factory.create_parser(grammar(schema.clone()));
    parser
        .map(|parser| Matcher::new(Ok(parser)))
        .map_err(|error| format!("{error:#}"))
}

/// Whether the grammar of `schema` admits `text`, compact JSON. False too where the engine does
/// not know the schema.
pub fn admits(schema: &Value, text: &str) -> bool {
    let Ok(mut matcher) = matcher(schema) else {
        return false;
    };
    let bytes: Vec<u32> = text.bytes().map(u32::from).collect();
    let taken = matcher.try_consume_tokens(&bytes);
    taken.is_ok_and(|taken| taken == bytes.len()) && matcher.is_accepting().unwrap_or(false)
}
