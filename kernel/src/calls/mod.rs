//! System calls: the one closed enum through which a process touches the world,
//! the JSON form a model writes, and the table of the kernel's own calls.
//!
//! An action is one JSON object:
//!
//! ```json
//! {"tool": "calculator.calculate", "args": {"expression": "2+2"}}
//! {"answer": "4"}
//! {"ask": "Which year?"}
//! ```

use quipu_memory::{BLOCK_CHARS_MAX, PageId};
use serde_json::{Map, Value, json};

use crate::decision::OPTIONS_MAX;
use crate::grammar::Callable;

/// What a process may ask of the kernel.
#[derive(Clone, Debug, PartialEq)]
pub enum Syscall {
    /// Call a function of a device.
    Call {
        /// `device.function`.
        tool: String,
        /// Its arguments.
        args: Value,
    },
    /// Search the store.
    Search {
        /// Words to look for.
        query: String,
    },
    /// Write a memory to the store.
    Remember {
        /// The text to keep.
        text: String,
        /// The memory whose place it takes, which becomes its history. The kernel finds it;
        /// a model does not name it.
        replaces: Option<PageId>,
    },
    /// Change a block of the core memory.
    Edit {
        /// Its name.
        block: String,
        /// What it says from now on; nothing removes it.
        text: String,
    },
    /// Bring an evicted or cut page back, verbatim.
    Recall {
        /// The page's id, such as `s3`.
        page: String,
        /// Character to start from, for a page too long to show at once.
        from: usize,
    },
    /// Bring tools into sight that fit some words.
    FindTool {
        /// What the tool should do.
        query: String,
    },
    /// Weigh the options of a question about what the process has read.
    Decide {
        /// The question.
        question: String,
        /// The options; yes and no where there are none.
        choices: Vec<String>,
    },
    /// Ask the person at the machine.
    Ask {
        /// The question.
        question: String,
    },
    /// Finish with an answer.
    Exit {
        /// Text, or JSON when the program has an answer schema.
        answer: Value,
    },
}

/// A kernel call written like a tool: name, what it does, parameters.
pub struct KernelCall {
    /// The name a model writes.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub parameters: fn() -> Value,
}

/// Search the store.
pub const SEARCH: &str = "memory.search";
/// Write to the store.
pub const REMEMBER: &str = "memory.put";
/// The argument of [`REMEMBER`] that the kernel adds.
pub const REPLACES: &str = "replaces";
/// Change a block of the core memory; legal for agents that have any.
pub const EDIT: &str = "memory.edit";
/// Bring a page back.
pub const RECALL: &str = "memory.recall";

/// Bring tools into sight; legal where not all of them are.
pub const FIND: &str = "find_tool";

/// Weigh options; for programs and scripts, a model is not offered it.
pub const DECIDE: &str = "decide";

/// The table of kernel calls that are written like tools.
pub const TABLE: &[KernelCall] = &[
    KernelCall {
        name: SEARCH,
        description: "Searches the user's own documents and notes for words.",
        parameters: || object(&[("query", json!({"type": "string", "maxLength": 300}))]),
    },
    KernelCall {
        name: REMEMBER,
        description: "Keeps a fact that the user wants remembered for later conversations.",
        parameters: || object(&[("text", json!({"type": "string", "maxLength": 1000}))]),
    },
    KernelCall {
        name: RECALL,
        description: "Shows an earlier page again, by its id.",
        parameters: || {
            json!({
                "type": "object",
                "properties": {
                    "page": {"type": "string", "pattern": "^s[0-9]{1,6}$"},
                    "from": {"type": "integer", "minimum": 0, "maximum": 99_999_999}
                },
                "required": ["page"],
                "additionalProperties": false
            })
        },
    },
    KernelCall {
        name: DECIDE,
        description: "Says how likely each choice is, without writing anything; yes or no without choices.",
        parameters: || {
            json!({
                "type": "object",
                "properties": {
                    "question": {"type": "string", "minLength": 1, "maxLength": 1000},
                    "choices": {"type": "array", "minItems": 2, "maxItems": OPTIONS_MAX,
                        "items": {"type": "string", "maxLength": 200}}
                },
                "required": ["question"],
                "additionalProperties": false
            })
        },
    },
    KernelCall {
        name: FIND,
        description: "Finds a tool that is not listed here, by what it should do.",
        parameters: || object(&[("query", json!({"type": "string", "maxLength": 200}))]),
    },
];

/// The call that edits the core memory, for an agent that has these `blocks`.
pub fn edit(blocks: &[String]) -> Option<Callable> {
    let fields = [
        ("block", json!({"enum": blocks})),
        (
            "text",
            json!({"type": "string", "maxLength": BLOCK_CHARS_MAX}),
        ),
    ];
    let description = "Replaces the text of one of your notes.";
    (!blocks.is_empty()).then(|| Callable::new(EDIT, description, object(&fields)))
}

/// The schema of an object with exactly `fields`, all required.
pub fn object(fields: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "additionalProperties": false
    })
}

impl Syscall {
    /// The call an action stands for. The action has already been checked against
    /// the schema of what is legal, so a shape that is unknown here is an error in
    /// words for the model.
    pub fn from_action(action: &Value) -> Result<Self, String> {
        if let Some(answer) = action.get("answer") {
            return Ok(Syscall::Exit {
                answer: answer.clone(),
            });
        }
        if let Some(question) = action.get("ask").and_then(Value::as_str) {
            return Ok(Syscall::Ask {
                question: question.to_owned(),
            });
        }
        let tool = action
            .get("tool")
            .and_then(Value::as_str)
            .ok_or("an action needs one of \"tool\", \"answer\" or \"ask\"")?;
        let args = action.get("args").cloned().unwrap_or_else(|| json!({}));
        let text = |field: &str| {
            args.get(field)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("{tool} needs the string argument \"{field}\""))
        };
        Ok(match tool {
            SEARCH => Syscall::Search {
                query: text("query")?,
            },
            REMEMBER => Syscall::Remember {
                text: text("text")?,
                replaces: text(REPLACES).ok().map(PageId::from),
            },
            EDIT => Syscall::Edit {
                block: text("block")?,
                text: text("text")?,
            },
            RECALL => Syscall::Recall {
                page: text("page")?,
                from: args.get("from").and_then(Value::as_u64).unwrap_or(0) as usize,
            },
            DECIDE => Syscall::Decide {
                question: text("question")?,
                choices: args["choices"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|choice| choice.as_str().map(str::to_owned))
                    .collect(),
            },
            FIND => Syscall::FindTool {
                query: text("query")?,
            },
            _ => Syscall::Call {
                tool: tool.to_owned(),
                args,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_become_calls() {
        let check = |action: Value, want: Result<Syscall, &str>| {
            assert_eq!(
                Syscall::from_action(&action),
                want.map_err(str::to_owned),
                "{action}"
            );
        };
        check(
            json!({"answer": "4"}),
            Ok(Syscall::Exit { answer: json!("4") }),
        );
        check(
            json!({"ask": "Why?"}),
            Ok(Syscall::Ask {
                question: "Why?".into(),
            }),
        );
        check(
            json!({"tool": RECALL, "args": {"page": "s3"}}),
            Ok(Syscall::Recall {
                page: "s3".into(),
                from: 0,
            }),
        );
        check(
            json!({"tool": SEARCH, "args": {}}),
            Err("memory.search needs the string argument \"query\""),
        );
        check(
            json!({}),
            Err("an action needs one of \"tool\", \"answer\" or \"ask\""),
        );
    }
}
