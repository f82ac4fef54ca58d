//! `/api/v1/openapi.json`: what there is to ask, in OpenAPI 3.1. The paths come out of the
//! table that the routes are tested against; bodies are described here.

use axum::response::Response;
use quipu_kernel::decision::OPTIONS_MAX;
use serde_json::{Map, Value, json};

use super::decisions::QUESTIONS_MAX;
use super::routes::{Needs, ROUTES, Route};
use super::transcription::Written;
use super::wire;
use crate::session::builtin;

/// Answers `GET /api/v1/openapi.json`.
pub async fn get() -> Response {
    wire::json(&document())
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let entry = paths.entry(route.path).or_insert_with(|| json!({}));
        entry[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Quipu", "version": env!("CARGO_PKG_VERSION"),
                 "description": "The machine as a service. Names under /v1 are those of other \
                                 services; /api/v1 is the machine's own."},
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer",
                          "description": "The machine's; whoever has it is its user"},
                "key": {"type": "http", "scheme": "bearer",
                        "description": "Of one process, from the reply that it was started with"},
                "hook": {"type": "http", "scheme": "bearer", "description": "Of one hook"},
            },
            "schemas": {"Error": error()},
        },
    })
}

/// What has to come with a request, one of them. An empty one is nothing: whether that is
/// enough for [`Needs::Entry`] depends on how the server was started.
fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::Entry => json!([{}, {"token": []}]),
        Needs::ProcessKey => json!([{"token": []}, {"key": []}]),
        Needs::Token => json!([{"token": []}]),
        Needs::Hook => json!([{"hook": []}]),
    }
}

fn operation(route: &Route) -> Value {
    let (method, path, summary) = (route.method, route.path, route.about);
    let failed = json!({"description": "What is wrong, and what to do", "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}});
    let kind = match path {
        "/metrics" => "text/plain",
        "/v1/audio/speech" => "audio/wav",
        "/models/pull" | "/api/v1/events" | "/api/v1/processes/{pid}/events" => "text/event-stream",
        path if path == "/" || path.ends_with(".js") || path.ends_with(".css") => "text/html",
        _ => "application/json",
    };
    let status = match (method, path) {
        ("post", "/api/v1/processes") => "201",
        ("post", "/api/v1/hooks/{name}") => "202",
        _ => "200",
    };
    let mut operation = json!({
        "summary": summary,
        "security": security(route.needs),
        "responses": {status: {"description": summary, "content": {kind: {}}},
                      "default": failed},
    });
    let named = path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        let kind = if name == "pid" { "integer" } else { "string" };
        Some(json!({"name": name, "in": "path", "required": true, "schema": {"type": kind}}))
    });
    let mut parameters: Vec<Value> = named.collect();
    if path == "/api/v1/memory/search" {
        let modes = json!({"enum": ["best", "lexical", "semantic", "hybrid"]});
        for (name, required, schema) in [
            ("q", true, json!({"type": "string", "minLength": 1})),
            (
                "k",
                false,
                json!({"type": "integer", "minimum": 1, "maximum": 50}),
            ),
            ("mode", false, modes),
        ] {
            let parameter = json!({"name": name, "in": "query", "required": required,
                                   "schema": schema});
            parameters.push(parameter);
        }
    }
    if path == "/api/v1/memory/page" {
        parameters.push(json!({"name": "id", "in": "query", "required": true,
                               "schema": {"type": "string", "minLength": 1}}));
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if method == "post" {
        let schema = body(path);
        operation["requestBody"] = json!({"required": true,
            "content": {body_kind(path): {"schema": schema}}});
    }
    operation
}

/// The type of the body that a path takes.
fn body_kind(path: &str) -> &'static str {
    match path {
        "/api/v1/hooks/{name}" => "text/plain",
        "/v1/audio/transcriptions" | "/v1/audio/translations" => "multipart/form-data",
        _ => "application/json",
    }
}

/// The schema of the body that a path takes. Those of other services are theirs to document.
fn body(path: &str) -> Value {
    let again = json!({"step": {"type": "integer", "minimum": 0}, "attended": {"type": "boolean"}});
    let (required, properties): (&[&str], Value) = match path {
        "/api/v1/processes" => (
            &["prompt"],
            json!({
                "prompt": {"type": "string", "minLength": 1},
                "agent": {"type": "string"},
                "input": {"type": "string", "description": "Text of others, never trusted"},
                "input_from": {"type": "array", "items": {"type": "integer"}, "description":
                    "Processes that `input` was made from: it is as secret as what they read"},
                "schema": {"description": "JSON Schema of the answer"},
                "limits": {"type": "object", "additionalProperties": false, "properties": {
                    "steps": {"type": "integer", "minimum": 0},
                    "tokens": {"type": "integer", "minimum": 0},
                    "seconds": {"type": "integer", "minimum": 0}}},
                "priority": {"type": "integer", "minimum": -20, "maximum": 20},
                "attended": {"type": "boolean"},
                "after": {"type": "integer", "minimum": 0,
                          "description": "The process that it comes after in a conversation; 0 begins one"},
                "key": {"type": "string",
                        "description": "The key of that process, without the token"},
            }),
        ),
        "/api/v1/processes/{pid}/reply" => (
            &["key"],
            json!({"key": {"type": "string"}, "text": {"type": "string"},
                   "approve": {"type": "boolean"},
                   "for": {"enum": ["process"],
                           "description": "Approves what the rule of the event holds for, as long as the process runs."}}),
        ),
        "/api/v1/processes/{pid}/signal" => (
            &["signal"],
            json!({"signal": {"enum": ["interrupt", "kill"]}}),
        ),
        "/api/v1/processes/{pid}/nice" => (
            &["priority"],
            json!({"priority": {"type": "integer", "minimum": -20, "maximum": 20}}),
        ),
        "/models/load" | "/models/unload" | "/models/pull" => (
            &["model"],
            json!({"model": {"type": "string", "description": "A name of `quipu model ls`"}}),
        ),
        "/api/v1/processes/{pid}/fork" | "/api/v1/processes/{pid}/resume" => (&[], again),
        "/api/v1/hooks/{name}" => return json!({"type": "string"}),
        "/v1/decisions" => return decisions(),
        "/v1/audio/transcriptions" => (
            &["file"],
            json!({
                "file": {"type": "string", "contentMediaType": "application/octet-stream",
                         "description": "WAV, FLAC, MP3, Ogg, Opus, M4A or WebM"},
                "model": {"enum": [builtin::EARS]},
                "language": {"type": "string", "description": "A code, such as en or zh-hans"},
                "response_format": {"enum": Written::NAMES, "default": "json"},
                "timestamp_granularities[]": {"type": "array", "items": {"enum": ["segment"]}},
                "temperature": {"const": 0},
            }),
        ),
        _ => return json!({"type": "object"}),
    };
    json!({"type": "object", "required": required, "properties": properties,
           "additionalProperties": false})
}

/// The body of `/v1/decisions`, which no other service documents.
fn decisions() -> Value {
    let words = json!({"type": "string"});
    let several = |of: &str| {
        json!({"type": "array", "items": words, "minItems": 2, "maxItems": OPTIONS_MAX,
               "uniqueItems": true, "description": of})
    };
    let question = json!({
        "type": "object", "required": ["name", "type", "instructions"], "properties": {
            "name": words, "type": {"enum": ["predicate", "choice", "score"]},
            "instructions": {"type": "string", "description": "The question"},
            "choices": several("The options of a choice"),
            "levels": several("Those of a score, the lowest first"),
        },
    });
    json!({"type": "object", "required": ["input", "questions"], "properties": {
        "model": words,
        "input": {"type": ["string", "array", "object"],
                  "description": "What the questions are about: a text, or messages"},
        "questions": {"type": "array", "minItems": 1, "maxItems": QUESTIONS_MAX,
                      "items": question},
    }})
}

fn error() -> Value {
    let maybe = json!({"type": ["string", "null"]});
    json!({"type": "object", "required": ["error"], "properties": {"error": {
        "type": "object", "required": ["message", "type", "param", "code"], "properties": {
            "message": {"type": "string"}, "type": {"type": "string"},
            "param": maybe, "code": maybe}}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_documented() {
        let document = document();
        for route in ROUTES {
            let (method, path) = (route.method, route.path);
            let operation = &document["paths"][path][method];
            assert_eq!(operation["summary"], route.about, "{method} {path}");
            assert_eq!(
                operation["security"],
                security(route.needs),
                "{method} {path}"
            );
            let named = path.matches('{').count();
            let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
            assert!(parameters >= named, "{method} {path}");
        }
        let decisions = &document["paths"]["/v1/decisions"]["post"]["requestBody"];
        let body = &decisions["content"]["application/json"]["schema"];
        assert_eq!(body["required"], json!(["input", "questions"]));
    }
}
