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

use quipu_memory::BLOCK_CHARS_MAX;
use serde_json::{Map, Value, json};

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
/// Change a block of the core memory; legal for agents that have any.
pub const EDIT: &str = "memory.edit";
/// Bring a page back.
pub const RECALL: &str = "memory.recall";

/// Bring tools into sight; legal where not all of them are.
pub const FIND: &str = "find_tool";

/// The table of kernel calls that are written like tools.
pub const TABLE: &[KernelCall] = &[
    KernelCall {
        name: SEARCH,
        description: "look something up in the user's documents and memories",
        parameters: || object(&[("query", json!({"type": "string", "maxLength": 300}))]),
    },
    KernelCall {
        name: REMEMBER,
        description: "keep a fact for later, when the user asks to remember it",
        parameters: || object(&[("text", json!({"type": "string", "maxLength": 1000}))]),
    },
    KernelCall {
        name: RECALL,
        description: "show an earlier page again, by its id",
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
        name: FIND,
        description: "find a tool that is not listed here, by what it should do",
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
    (!blocks.is_empty()).then(|| Callable {
        name: EDIT.to_owned(),
        description: "replace the text of one of your notes".to_owned(),
        parameters: object(&fields),
    })
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
            },
            EDIT => Syscall::Edit {
                block: text("block")?,
                text: text("text")?,
            },
            RECALL => Syscall::Recall {
                page: text("page")?,
                from: args.get("from").and_then(Value::as_u64).unwrap_or(0) as usize,
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
