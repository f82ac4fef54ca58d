//! System calls: the one closed enum through which a process touches the world, and the JSON
//! form that a model writes.
//!
//! Each call is a file of this folder: what a model is told of it, how it is read, what it
//! needs, what it does. The table at the end of this file lists them. Every call passes the
//! [gate](crate::gate) before it is carried out.
//!
//! An action is one JSON object:
//!
//! ```json
//! {"tool": "calculator.calculate", "args": {"expression": "2+2"}}
//! {"answer": "4"}
//! {"ask": "Which year?"}
//! ```

mod answer;
mod ask;
mod decide;
mod device;
mod edit;
mod extract;
mod find;
mod map;
mod put;
mod recall;
mod resolved;
mod search;
mod send;
mod spawn;
mod wait;
mod world;

use quipu_tools::{Bus, Capability, Effect};
use serde_json::{Map, Value, json};

pub(crate) use decide::DECIDE;
pub use decide::OPTIONS_MAX;
pub(crate) use device::{changes_something, look_up, reads_open_pages, reads_the_world};
pub use edit::EDIT;
pub use extract::{EXTRACT, held_steps};
pub use find::FIND;
pub use map::MAP;
pub use put::{REMEMBER, REPLACES};
pub use recall::RECALL;
pub use resolved::Trial;
pub(crate) use resolved::{Facts, Resolved};
pub(crate) use search::NOTHING_FOUND;
pub use search::SEARCH;
pub use send::SEND;
pub use spawn::SPAWN;
pub use wait::WAIT;
use world::Hands;
pub(crate) use world::World;

use crate::label::Label;
use crate::process::Memory;

/// What the names of the calls on the store begin with, before the dot. An agent's list of tools
/// names these calls by it.
pub const MEMORY: &str = "memory";
/// What the names of the calls on other processes begin with.
const PROCESS: &str = "process";
/// All that names of the kernel's own calls begin with. No tool and no server is called so: rules and
/// agents mean the kernel's calls by it.
pub const NAMESPACES: [&str; 2] = [MEMORY, PROCESS];

/// How a call is written in an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// As a tool, by its name.
    Tool,
    /// By a key of its own, which is its name.
    Key,
    /// As a tool, by any name that no other call has.
    AnyTool,
}

/// When a model that writes by a grammar may write a call. A call that it may not write is
/// accepted from others all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// In every step.
    Always,
    /// After the first step: before, it has nothing to work on.
    Later,
    /// In every step of a process that is to start others. No other process is told of it.
    OfParents,
    /// Never: the call is for programs and scripts.
    Never,
}

/// What decides which calls a process has.
pub(crate) struct Given<'a> {
    /// Its part of the disk.
    pub(crate) memory: &'a Memory,
    /// Whether it may use the disk at all.
    pub(crate) has_memory: bool,
    /// Whether some tools are out of sight.
    pub(crate) tools_paged: bool,
    /// Whether pictures stand beside its task.
    pub(crate) pictures: bool,
}

/// What there is to work on in a step.
pub(crate) struct Now {
    /// A page has left the window, or was cut.
    pub(crate) recallable: bool,
    /// The store holds something.
    pub(crate) remembers: bool,
    /// A page is held back.
    pub(crate) held: bool,
}

/// One system call, as it stands in the table.
pub(crate) struct Spec {
    /// The name in an action.
    pub(crate) name: &'static str,
    pub(crate) written: Written,
    /// The description for a model.
    pub(crate) description: &'static str,
    /// The JSON Schema of its arguments for a process; `None` where the process does not have
    /// the call, or the call is not written as a tool.
    pub(crate) parameters: fn(&Given<'_>) -> Option<Value>,
    pub(crate) sight: Sight,
    /// Whether the call has anything to work on.
    pub(crate) useful: fn(&Now) -> bool,
    pub(crate) effect: Effect,
    pub(crate) needs: &'static [Capability],
    /// Reads the call out of an action. An error is in words for the model.
    pub(crate) parse: fn(&Action<'_>) -> Result<Syscall, String>,
}

/// What each call is: its line in the table, and its two sides.
pub(crate) trait SystemCall: Clone + std::fmt::Debug + PartialEq {
    /// Its line in the table.
    const SPEC: Spec;
    /// Whether it is a call on other processes. A process that made such a call may have
    /// children.
    const ON_OTHERS: bool = false;

    /// The part that carries the call out.
    fn body(self) -> Body;

    /// What the gate has to know of the call.
    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        Facts::of(&Self::SPEC)
    }

    /// Whether the call may be repeated when its outcome was not recorded: doing it twice is like
    /// doing it once, and undoes nothing that came later.
    fn is_redoable(&self, _: &World) -> bool {
        true
    }
}

/// What carries a call out.
pub(crate) enum Body {
    /// A device or the disk, on a thread where it may block.
    World(Box<dyn InWorld>),
    /// The process itself.
    Process(Own),
}

/// A call that touches a device or the disk. Only [`World::run`] has the hands for it.
pub(crate) trait InWorld: Send + Sync {
    /// Carries it out.
    fn run(self: Box<Self>, hands: &Hands<'_>) -> Said;
}

/// A call that touches only the process that makes it, its family, or the person at the
/// machine. The process carries it out (`exec/effects/own.rs`).
pub(crate) enum Own {
    Answer(Answer),
    Ask(Ask),
    Decide(Decide),
    Extract(Extract),
    Find(Find),
    MapList(MapList),
    Recall(Recall),
    SendText(SendText),
    Spawn(Spawn),
    Wait(Wait),
}

/// The result of a call in the world.
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) ok: bool,
    pub(crate) label: Label,
    /// Whether the result may be new to the process. Only such results are scanned for attacks.
    pub(crate) is_news: bool,
}

impl Said {
    pub(crate) fn new(ok: bool, text: impl Into<String>, label: Label) -> Self {
        Self {
            text: text.into(),
            ok,
            label,
            is_news: true,
        }
    }
}

/// An action, to read a call out of.
pub(crate) struct Action<'a> {
    /// The name of the tool, or the key.
    pub(crate) name: &'a str,
    /// The arguments, or what stands behind the key.
    pub(crate) args: &'a Value,
}

impl Action<'_> {
    /// The string argument `field`.
    fn text(&self, field: &str) -> Result<String, String> {
        let text = self.args.get(field).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| format!("{} needs the string argument \"{field}\"", self.name))
    }
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
    /// the schema of what is legal.
    ///
    /// # Errors
    /// What is wrong with a shape that is unknown, in words for the model.
    ///
    /// ```
    /// use quipu_kernel::calls::{Call, Syscall};
    /// use serde_json::json;
    ///
    /// let args = json!({"expression": "2+2"});
    /// let action = json!({"tool": "calculator.calculate", "args": args});
    /// let call = Syscall::from_action(&action)?;
    /// let tool = "calculator.calculate".to_owned();
    /// assert_eq!(call, Syscall::Call(Call { tool, args }));
    ///
    /// let problem = Syscall::from_action(&json!({"tool": "memory.search", "args": {}}));
    /// assert_eq!(problem.unwrap_err(), "memory.search needs the string argument \"query\"");
    /// # Ok::<(), String>(())
    /// ```
    pub fn from_action(action: &Value) -> Result<Self, String> {
        for spec in ALL.iter().filter(|spec| spec.written == Written::Key) {
            if let Some(args) = action.get(spec.name) {
                let name = spec.name;
                return (spec.parse)(&Action { name, args });
            }
        }
        let name = action.get("tool").and_then(Value::as_str);
        let name = name.ok_or("an action needs one of \"tool\", \"answer\" or \"ask\"")?;
        let none = json!({});
        let args = action.get("args").unwrap_or(&none);
        let own = ALL
            .iter()
            .find(|spec| spec.written == Written::Tool && spec.name == name);
        let any = || ALL.iter().find(|spec| spec.written == Written::AnyTool);
        let spec = own.or_else(any).ok_or("there are no tools")?;
        (spec.parse)(&Action { name, args })
    }
}

/// The names of the kernel's own calls.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|spec| spec.name)
}

/// Whether `action` is a call on other processes.
pub(crate) fn is_on_others(action: &Value) -> bool {
    ON_OTHERS
        .iter()
        .any(|&(name, on_others)| on_others && action["tool"] == name)
}

/// The line of the call that is written as the tool `name`.
pub(crate) fn spec(name: &str) -> Option<&'static Spec> {
    ALL.iter()
        .copied()
        .find(|spec| spec.written == Written::Tool && spec.name == name)
}

/// Makes the closed enum and the table out of the list of calls, each with its file.
macro_rules! table {
    ($($call:ident($file:ident),)*) => {
        $(pub use $file::$call;)*

        /// What a process may ask of the kernel.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Syscall {
            $(#[doc = concat!("[`", stringify!($call), "`]")] $call($call),)*
        }

        /// The table of all system calls. A model is shown them in this order.
        pub(crate) const ALL: &[&Spec] = &[$(&<$call as SystemCall>::SPEC,)*];

        /// The name of each, and whether it is a call on other processes.
        const ON_OTHERS: &[(&str, bool)] =
            &[$((<$call as SystemCall>::SPEC.name, <$call as SystemCall>::ON_OTHERS),)*];

        impl Syscall {
            /// The part that carries the call out.
            pub(crate) fn body(self) -> Body {
                match self { $(Syscall::$call(call) => call.body(),)* }
            }

            /// What the gate has to know of the call.
            pub(crate) fn facts(&self, bus: &Bus, said: &dyn Fn() -> String) -> Facts {
                match self { $(Syscall::$call(call) => call.facts(bus, said),)* }
            }

            /// Whether the call may be repeated when its outcome was not recorded.
            pub(crate) fn is_redoable(&self, world: &World) -> bool {
                match self { $(Syscall::$call(call) => call.is_redoable(world),)* }
            }
        }
    };
}

table! {
    Search(search),
    Put(put),
    Recall(recall),
    Extract(extract),
    Decide(decide),
    Find(find),
    Edit(edit),
    MapList(map),
    Spawn(spawn),
    Wait(wait),
    SendText(send),
    Answer(answer),
    Ask(ask),
    Call(device),
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
            Ok(Syscall::Answer(Answer { answer: json!("4") })),
        );
        check(
            json!({"ask": "Why?"}),
            Ok(Syscall::Ask(Ask {
                question: "Why?".into(),
            })),
        );
        check(
            json!({"tool": RECALL, "args": {"page": "s3"}}),
            Ok(Syscall::Recall(Recall {
                page: "s3".into(),
                from: 0,
            })),
        );
        check(
            json!({"tool": "desk.echo", "args": {"text": "x"}}),
            Ok(Syscall::Call(Call {
                tool: "desk.echo".into(),
                args: json!({"text": "x"}),
            })),
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

    #[test]
    fn each_name_has_one_call() {
        let mut names: Vec<&str> = ALL.iter().map(|spec| spec.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn each_name_with_a_dot_is_in_a_namespace() {
        let spaces = ALL
            .iter()
            .filter_map(|spec| Some(spec.name.split_once('.')?.0));
        let mut spaces: Vec<&str> = spaces.collect();
        spaces.sort_unstable();
        spaces.dedup();
        assert_eq!(spaces, NAMESPACES);
    }

    #[test]
    fn calls_on_other_processes_are_known() {
        let check = |tool: &str, want: bool| {
            assert_eq!(is_on_others(&json!({"tool": tool})), want, "{tool}");
        };
        for tool in [MAP, SPAWN, WAIT, SEND, EXTRACT] {
            check(tool, true);
        }
        for tool in [SEARCH, RECALL, "desk.echo"] {
            check(tool, false);
        }
        assert!(!is_on_others(&json!({"answer": "4"})));
    }
}
