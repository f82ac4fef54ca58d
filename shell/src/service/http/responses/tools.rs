//! Tools of `/v1/responses`, and how their calls are told.
//!
//! | type | what becomes of it |
//! | --- | --- |
//! | `function` | a function |
//! | `namespace` | its functions, whose names begin with its own |
//! | `custom` | a function of one text |
//! | those of a service | left out where functions stand beside them, else refused |
//!
//! Coding agents send tools of the service with every request, and do without.

use std::collections::HashMap;

use quipu_kernel::grammar::Callable;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::chat::fields::{add, few};
use super::super::error::ApiError;
use super::super::plain::function;

/// Tools that a service runs, or whose form only its own models were taught.
const SERVICE: [&str; 10] = [
    "apply_patch",
    "code_interpreter",
    "computer",
    "file_search",
    "image_generation",
    "local_shell",
    "mcp",
    "shell",
    "tool_search",
    "web_search",
];
/// What the names of some of them begin with: others follow a date.
const DATED: [&str; 2] = ["computer_", "web_search_"];

/// A tool of a request.
#[derive(Debug, Deserialize, Serialize)]
pub struct Tool {
    r#type: String,
    #[serde(default)]
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    strict: Option<bool>,
    /// Of a custom tool: what its text is held to.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Value>,
    /// Of a namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Vec<Tool>>,
}

impl Tool {
    /// Whether a service would have to run it.
    pub fn is_service(&self) -> bool {
        let kind = self.r#type.as_str();
        SERVICE.contains(&kind) || DATED.iter().any(|dated| kind.starts_with(dated))
    }

    /// The function that is called `name`.
    fn function(&self, param: &str, name: &str) -> Result<Callable, ApiError> {
        let description = self.description.as_deref().unwrap_or_default();
        let held = self.strict.unwrap_or(false);
        function(param, name, description, self.parameters.as_ref(), held)
    }

    /// A custom tool as a function.
    fn custom(&self, param: &str) -> Result<Callable, ApiError> {
        let format = self.format.as_ref().map(|format| &format["type"]);
        if format.is_some_and(|kind| !kind.is_null() && kind != "text") {
            let message = "the text of a custom tool is held to no grammar: leave `format` out, \
                           or make the tool a function, whose schema is held";
            return Err(ApiError::unsupported(format!("{param}.format"), message));
        }
        let parameters = json!({"type": "object", "properties": {"input": {"type": "string"}},
                                "required": ["input"], "additionalProperties": false});
        let description = self.description.as_deref().unwrap_or_default();
        function(param, &self.name, description, Some(&parameters), false)
    }
}

/// What the model is told that a function of a namespace is called.
pub fn within(namespace: &str, name: &str) -> String {
    match namespace {
        "" => name.to_owned(),
        namespace => format!("{}__{name}", namespace.trim_end_matches('_')),
    }
}

/// The functions of `tools`.
///
/// # Errors
/// The first tool that cannot be used, by its place.
pub fn functions(tools: &[Tool]) -> Result<Vec<Callable>, ApiError> {
    let sizes = tools
        .iter()
        .map(|tool| tool.tools.as_ref().map_or(1, Vec::len));
    few(sizes.sum())?;
    let refused = |param: &str| {
        let message = "only tools of type `function` are taken, `custom` ones, and namespaces of \
                       functions: nothing is run here for a client";
        ApiError::unsupported(format!("{param}.type"), message)
    };
    let mut functions = Vec::new();
    let mut of_service = None;
    for (at, tool) in tools.iter().enumerate() {
        let param = format!("tools[{at}]");
        match tool.r#type.as_str() {
            "function" => add(&mut functions, tool.function(&param, &tool.name)?, &param)?,
            "custom" => add(&mut functions, tool.custom(&param)?, &param)?,
            "namespace" => {
                for (place, inner) in tool.tools.iter().flatten().enumerate() {
                    let param = format!("{param}.tools[{place}]");
                    if inner.r#type != "function" {
                        return Err(refused(&param));
                    }
                    let name = within(&tool.name, &inner.name);
                    add(&mut functions, inner.function(&param, &name)?, &param)?;
                }
            }
            _ if tool.is_service() => {
                of_service.get_or_insert(param);
            }
            _ => return Err(refused(&param)),
        }
    }
    match of_service {
        Some(param) if functions.is_empty() => Err(refused(&param)),
        _ => Ok(functions),
    }
}

/// What the call of a function is, where that is no plain one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Custom,
    Within { namespace: String, name: String },
}

/// The tools whose calls are told in another form, by the names that the model writes.
#[derive(Clone, Debug, Default)]
pub struct Forms(HashMap<String, Kind>);

/// How a call is told.
pub struct Told {
    /// What its id begins with.
    pub prefix: &'static str,
    /// What the names of its events begin with.
    pub events: &'static str,
    /// The field that has what was written.
    pub field: &'static str,
    /// What was written.
    pub text: String,
    /// The type and the name of its item.
    pub item: Value,
}

impl Forms {
    /// Those of `tools`.
    pub fn of(tools: &[Tool]) -> Self {
        let mut forms = HashMap::new();
        for tool in tools {
            match tool.r#type.as_str() {
                "custom" => {
                    forms.insert(tool.name.clone(), Kind::Custom);
                }
                "namespace" => {
                    for inner in tool.tools.iter().flatten() {
                        let (namespace, name) = (tool.name.clone(), inner.name.clone());
                        let called = within(&namespace, &name);
                        forms.insert(called, Kind::Within { namespace, name });
                    }
                }
                _ => {}
            }
        }
        Self(forms)
    }

    /// How a call of `name` with `args`, which are JSON, is told.
    pub fn told(&self, name: &str, args: &str) -> Told {
        let function = |item: Value| Told {
            prefix: "fc",
            events: "response.function_call_arguments",
            field: "arguments",
            text: args.to_owned(),
            item,
        };
        match self.0.get(name) {
            None => function(json!({"type": "function_call", "name": name})),
            Some(Kind::Within { namespace, name }) => {
                function(json!({"type": "function_call", "name": name, "namespace": namespace}))
            }
            Some(Kind::Custom) => {
                let read: Value = serde_json::from_str(args).unwrap_or_default();
                Told {
                    prefix: "ctc",
                    events: "response.custom_tool_call_input",
                    field: "input",
                    text: read["input"].as_str().unwrap_or_default().to_owned(),
                    item: json!({"type": "custom_tool_call", "name": name}),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tools: &Value) -> Vec<Tool> {
        serde_json::from_value(tools.clone()).unwrap()
    }

    #[test]
    fn tools_are_functions_in_the_end() {
        let check = |tools: Value, want: Result<&[&str], &str>| {
            let got = functions(&read(&tools)).map_err(|error| error.param.unwrap_or_default());
            let got = got.map(|all| all.into_iter().map(|one| one.name).collect::<Vec<_>>());
            let want = want.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(got, want.map_err(str::to_owned), "{tools}");
        };
        let plain = json!({"type": "function", "name": "clock"});
        let custom = json!({"type": "custom", "name": "note"});
        let text = json!({"type": "custom", "name": "note", "format": {"type": "text"}});
        let held = json!({"type": "custom", "name": "note",
                          "format": {"type": "grammar", "syntax": "lark", "definition": "x"}});
        let space = |name: &str| json!({"type": "namespace", "name": name, "tools": [plain]});
        let search = json!({"type": "web_search"});
        check(json!([plain, custom]), Ok(&["clock", "note"]));
        check(json!([text]), Ok(&["note"]));
        check(json!([plain, held]), Err("tools[1].format"));
        check(
            json!([plain, space("mcp__wall__")]),
            Ok(&["clock", "mcp__wall__clock"]),
        );
        check(
            json!([space("wall"), space("wall")]),
            Err("tools[1].tools[0].name"),
        );
        // What a service runs is left out, unless nothing else is there.
        check(
            json!([search, plain, {"type": "local_shell"}]),
            Ok(&["clock"]),
        );
        check(
            json!([{"type": "web_search_preview_2025_03_11"}]),
            Err("tools[0].type"),
        );
        check(
            json!([plain, {"type": "widget", "name": "x"}]),
            Err("tools[1].type"),
        );
        check(
            json!([{"type": "namespace", "name": "a", "tools": [search]}]),
            Err("tools[0].tools[0].type"),
        );
    }

    #[test]
    fn a_call_is_told_as_its_tool_was_sent() {
        let tools = json!([
            {"type": "function", "name": "clock"},
            {"type": "custom", "name": "note"},
            {"type": "namespace", "name": "wall", "tools": [{"type": "function", "name": "clock"}]},
        ]);
        let forms = Forms::of(&read(&tools));
        let check = |name: &str, args: &str, text: &str, item: Value| {
            let told = forms.told(name, args);
            assert_eq!((told.text.as_str(), told.item), (text, item), "{name}");
        };
        let args = r#"{"zone":"UTC"}"#;
        check(
            "clock",
            args,
            args,
            json!({"type": "function_call", "name": "clock"}),
        );
        check(
            "wall__clock",
            args,
            args,
            json!({"type": "function_call", "name": "clock", "namespace": "wall"}),
        );
        let item = json!({"type": "custom_tool_call", "name": "note"});
        check("note", r#"{"input":"a\nb"}"#, "a\nb", item.clone());
        check("note", "{}", "", item);
    }
}
