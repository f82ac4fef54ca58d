//! The planner: context in, one action out; no I/O.
//!
//! It says what is legal in the next step and writes the boot page. The loop that
//! carries the actions out is `exec/`.

mod cards;
mod guard;

use quipu_tools::{Bus, Capability, DeviceSpec};
use serde_json::Value;

use cards::{Card, Cards};
pub use guard::LoopGuard;

use crate::grammar::{Callable, Legal};
use crate::limits::Allowance;
use crate::process::Program;
use crate::syscall;

/// Function descriptions longer than this are cut in the boot page; the whole
/// text stays in `quipu tool show`.
const DESCRIPTION_CHARS_MAX: usize = 160;

/// The origin of tools that come with Quipu: these are always in sight.
const BUILTIN: &str = "builtin";

/// The planner of one process: the functions it was given, and its boot page.
pub struct Planner {
    calls: Vec<Callable>,
    /// Functions that are not in sight: with many tools, most of them.
    more: Cards,
    answer: Option<Value>,
    interactive: bool,
    instructions: String,
}

impl Planner {
    /// The planner for `program` with the devices on `bus`. Devices that need
    /// capabilities not in `granted` stay visible: the gate says what is missing.
    pub fn new(program: &Program, bus: &Bus) -> Self {
        let wanted = |spec: &DeviceSpec| {
            program
                .agent
                .tools
                .as_ref()
                .is_none_or(|names| names.contains(&spec.name))
        };
        let named = program.agent.tools.is_some();
        let mut cards = Vec::new();
        for device in bus.list() {
            let spec = device.spec();
            if !wanted(spec) {
                continue;
            }
            cards.extend(spec.functions.iter().map(|function| Card {
                callable: Callable {
                    name: format!("{}.{}", spec.name, function.name),
                    description: first_sentence(&function.description),
                    parameters: function.parameters.clone(),
                },
                about: spec.description.clone(),
                pinned: named || spec.origin == BUILTIN,
            }));
        }
        let (mut calls, mut more) = Cards::deal(cards);
        let paged = more.len() > 0;
        calls.extend(
            syscall::TABLE
                .iter()
                .filter(|call| paged || call.name != syscall::FIND)
                .map(|call| Callable {
                    name: call.name.to_owned(),
                    description: call.description.to_owned(),
                    parameters: (call.parameters)(),
                }),
        );
        calls.extend(syscall::edit(&program.agent.memory.blocks));
        // Last, so that the page before them is the same for every task. They depend
        // on the task alone: a resumed process sees the same.
        calls.extend(more.take(&program.prompt));
        Self {
            calls,
            more,
            answer: program.answer_schema.clone(),
            interactive: program.interactive,
            instructions: program.agent.instructions.clone(),
        }
    }

    /// What the next step may do. `recallable` says whether any page is out of the
    /// window or cut, so that there is something to recall.
    pub fn legal(&self, allowance: Allowance, recallable: bool) -> Legal {
        let any = allowance == Allowance::Any;
        let calls = self
            .calls
            .iter()
            .filter(|call| any && (recallable || call.name != syscall::RECALL))
            .cloned()
            .collect();
        Legal {
            calls,
            ask: any && self.interactive,
            answer: self.answer.clone(),
        }
    }

    /// The functions out of sight that fit `query`, in words for the model.
    pub fn find(&self, query: &str) -> String {
        let found = self.more.find(query);
        if found.is_empty() {
            return "no tool fits these words; try others, or do without".into();
        }
        let mut text = String::from("These tools can be used now:\n");
        found.iter().for_each(|call| text.push_str(&line(call)));
        text
    }

    /// Brings the functions that [`Planner::find`] tells of into sight: from now on
    /// they are legal.
    pub fn reveal(&mut self, query: &str) {
        self.calls.extend(self.more.take(query));
    }

    /// The boot page: how to act, and the functions in sight. But for cards that were
    /// chosen for the task it depends only on the agent and its tools, so that
    /// processes share it in the KV cache.
    pub fn boot_page(&self) -> String {
        let mut page = String::from(
            "You work step by step. Each of your turns is one JSON action:\n\
             {\"tool\":\"NAME\",\"args\":{…}} runs a tool; its result is the next message.\n\
             {\"answer\":\"…\"} replies to the user and ends the task.\n",
        );
        if self.interactive {
            page.push_str("{\"ask\":\"…\"} asks the user when something is missing.\n");
        }
        page.push_str(
            "Never calculate in your head. Answer at once when you know the answer or \
             a result has given it.\nTools:\n",
        );
        self.calls
            .iter()
            .for_each(|call| page.push_str(&line(call)));
        if !self.instructions.is_empty() {
            page.push_str(&self.instructions);
            page.push('\n');
        }
        page
    }
}

/// One function, as the boot page shows it.
fn line(call: &Callable) -> String {
    let fields = signature(&call.parameters);
    format!("- {} {fields}: {}\n", call.name, call.description)
}

/// Whether a capability set makes what a device brings in untrustworthy: anything
/// from outside the machine is.
pub fn reads_the_world(requests: &[Capability]) -> bool {
    requests.iter().any(|need| {
        matches!(
            need,
            Capability::Net { .. } | Capability::FsRead { .. } | Capability::Spawn
        )
    })
}

/// The parameters of a function, as short as a model can still follow:
/// `{"expression": string, "digits"?: integer}`.
pub fn signature(schema: &Value) -> String {
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|n| n == name))
    };
    let fields: Vec<String> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| {
            let mark = if required(name) { "" } else { "?" };
            format!("\"{name}\"{mark}: {}", kind(field))
        })
        .collect();
    format!("{{{}}}", fields.join(", "))
}

fn kind(field: &Value) -> String {
    if let Some(values) = field["enum"].as_array() {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        return values.join("|");
    }
    match field["type"].as_str() {
        Some("array") => format!("[{}]", kind(&field["items"])),
        Some("object") => signature(field),
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}

fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let cut = text[..end].trim_end_matches('.');
    match cut.char_indices().nth(DESCRIPTION_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &cut[..at]),
        None => cut.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn signatures_are_short() {
        let check = |schema: Value, want: &str| assert_eq!(signature(&schema), want);
        check(
            json!({"properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer"}}},
                   "required": ["a"]}),
            r#"{"a": string, "b"?: [integer]}"#,
        );
        check(
            json!({"properties": {"unit": {"enum": ["km", "mi"]}}, "required": ["unit"]}),
            r#"{"unit": "km"|"mi"}"#,
        );
        check(json!({}), "{}");
    }

    #[test]
    fn descriptions_are_one_sentence() {
        assert_eq!(first_sentence("Adds.\n Twice, even. Or more."), "Adds");
        assert_eq!(first_sentence(&"a".repeat(500)).chars().count(), 161);
    }
}
