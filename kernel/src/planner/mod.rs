//! The planner: context in, one action out; no I/O.
//!
//! It says what is legal in the next step and writes the boot page. The loop that
//! carries the actions out is `exec/`.
//!
//! | file | job |
//! | --- | --- |
//! | this one, `guard` | what the next step may do, and when it leads nowhere |
//! | [`grammar`], `arguments` | what is legal to the form of the next action and its arguments, and back |
//! | `card`, `cards`, `kind`, `plain` | functions as a model is shown them, and which |
//! | `unspoken` | functions that are not shown before something speaks of them |
//! | [`judgement`], [`lessons`], [`decision`] | questions to a model, and what its odds are worth |
//! | `examples`, [`program`], `for_a_program`, `plan` | how worked examples, a program and a plan are asked for |
//! | [`parts`], `several`, `for_one` | tasks of several parts, and of several things |
//! | `questions`, `answer_form`, `sources` | what an answer has to say, its form, and where it stands |
//! | `poor_answer`, `pointing`, `owners`, `other_times`, `particulars` | an answer that is none, or another one's |
//! | `facts`, `beside`, `blocks`, `listed`, `pointed`, `notes`, [`shared_words`] | what is worth keeping, said or pointed at, and what is asked beside it; what two texts share |
//! | `wording` | phrases from which something follows, and what a phrase that is not known costs |
//! | `date`, `calendar`, `term`, [`numbers`], `conversion`, `material` | the days, numbers, units and tables of a task |
//! | `derived`, `supposed`, `equations` | numbers that follow, that nobody told, and that are wrong |

pub(crate) mod another_value;
pub(crate) mod answer_form;
mod arguments;
mod beside;
mod blocks;
mod calendar;
mod card;
mod cards;
mod conventions;
pub(crate) mod conversion;
pub(crate) mod date;
pub mod decision;
pub(crate) mod derived;
pub(crate) mod equations;
mod examples;
pub(crate) mod facts;
pub(crate) mod for_a_program;
pub(crate) mod for_one;
pub mod grammar;
mod guard;
pub mod judgement;
mod kind;
pub mod lessons;
pub(crate) mod listed;
pub(crate) mod material;
mod mended;
pub(crate) mod notes;
pub mod numbers;
pub(crate) mod other_times;
pub(crate) mod owners;
mod particulars;
pub mod parts;
pub(crate) mod plain;
pub(crate) mod plan;
pub(crate) mod pointed;
pub(crate) mod pointing;
pub(crate) mod poor_answer;
pub mod program;
pub(crate) mod questions;
pub(crate) mod several;
pub mod shared_words;
pub(crate) mod sources;
pub(crate) mod supposed;
pub(crate) mod term;
mod unspoken;
pub(crate) mod wording;

use quipu_tools::{BUILTIN, Bus, DeviceSpec, FunctionSpec};
use serde_json::{Value, json};

pub use arguments::strict;
pub use card::card;
use cards::{Card, Cards};
use for_one::is_for_its_text;
pub use guard::LoopGuard;
pub(crate) use guard::{AGAIN, Look, Reads};
pub use kind::signature;
use several::Parent;

use crate::calls::{self, Given, MAP, MEMORY, Now, REMEMBER, Sight, Spec};
use crate::grammar::{Answer, Callable, Legal, Move, certainly_held};
use crate::label::{Label, Trust};
use crate::limits::Allowance;
use crate::process::Program;
use quipu_cpu::Form;
use unspoken::{Unspoken, beginning, is_spoken_of};

/// A function that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub tool: String,
    /// Why a model cannot be held to the schema of its arguments.
    pub reason: String,
}

/// The planner of one process: the functions it was given, and its boot page.
pub struct Planner {
    calls: Vec<Callable>,
    /// How many of `calls` are the same for every task of the agent.
    common: usize,
    /// Functions that are not in sight: with many tools, most of them.
    more: Cards,
    /// Functions of which nothing has spoken yet.
    unspoken: Vec<Unspoken>,
    answer: Option<Answer>,
    /// Functions that no grammar can hold, with the reason.
    left_out: Vec<LeftOut>,
    interactive: bool,
    instructions: String,
    /// Who wrote those words of the boot page that are not the kernel's.
    label: Label,
    /// Whether the CPU is told in a grammar what it may write, so that an answer needs no
    /// JSON around it.
    constrains: bool,
}

/// The functions of the devices that a process is given.
#[derive(Default)]
struct OfDevices {
    /// Those that every task of its agent has.
    cards: Vec<Card>,
    /// Those that only tasks of their topics have.
    special: Vec<Callable>,
    /// Those of the special functions that nothing has spoken of yet.
    unspoken: Vec<Unspoken>,
    /// Devices that nobody vouches for.
    strangers: Vec<String>,
}

impl OfDevices {
    /// Those of the devices on `bus` whose names are `wanted`, for `program`.
    fn of(program: &Program, bus: &Bus, wanted: &dyn Fn(&str) -> bool) -> Self {
        let named = program.agent.tools.is_some();
        let mut found = Self::default();
        for device in bus.list() {
            let spec = device.spec();
            if !wanted(&spec.name) {
                continue;
            }
            if !spec.is_vouched_for() {
                found.strangers.push(spec.name.clone());
            }
            let calls = spec.functions.iter().map(|function| called(spec, function));
            // The functions that an agent names belong to all of its tasks.
            if named || spec.topics.is_empty() {
                found.cards.extend(calls.map(|callable| Card {
                    callable,
                    about: spec.description.clone(),
                    pinned: named || spec.origin == BUILTIN,
                }));
            } else {
                let mut calls: Vec<Callable> = calls.collect();
                if !is_spoken_of(spec, program) {
                    found
                        .unspoken
                        .push(Unspoken::hide(&spec.topics, &mut calls));
                }
                found.special.extend(calls);
            }
        }
        found
    }
}

impl Planner {
    /// The planner for `program` with the devices on `bus`. `constrains` says whether the CPU
    /// writes by a grammar. Devices whose capabilities were not granted stay visible: the gate
    /// says what is missing.
    pub fn new(program: &Program, bus: &Bus, constrains: bool) -> Self {
        let tools = program.agent.tools.as_ref();
        let wanted = |name: &str| tools.is_none_or(|names| names.iter().any(|n| n == name));
        let of_devices = OfDevices::of(program, bus, &wanted);
        let (mut calls, mut more) = Cards::deal(of_devices.cards);
        // An agent with a space of its own wants it as if it had named the calls.
        let memory = &program.agent.memory;
        let has_memory = !is_for_its_text(program)
            && (wanted(MEMORY)
                || !memory.space.is_shared()
                || !memory.blocks.is_empty()
                || !memory.reads.is_empty());
        let given = Given {
            memory,
            has_memory,
            tools_paged: more.len() > 0,
            pictures: program.attached.iter().any(|page| page.picture.is_some()),
        };
        let parent = Parent::of(program);
        let of_parents = |spec: &&&Spec| spec.sight == Sight::OfParents;
        let own = |spec: &&'static Spec| {
            let offered = match (spec.sight, parent) {
                (Sight::Always, _) | (Sight::OfParents, Parent::Fully) => true,
                (Sight::OfParents, Parent::OfList) => spec.name == MAP,
                _ => false,
            };
            Some(Callable {
                offered,
                ..Callable::new(spec.name, spec.description, (spec.parameters)(&given)?)
            })
        };
        let usual = calls::ALL.iter().filter(|spec| !of_parents(spec));
        calls.extend(usual.filter_map(own));
        let common = calls.len();
        // Chosen by the task alone, so that a resumed process sees the same.
        calls.extend(of_devices.special);
        calls.extend(more.take(&program.prompt));
        // Last, so that children share the page up to here.
        calls.extend(calls::ALL.iter().filter(of_parents).filter_map(own));
        Self {
            calls,
            common,
            more,
            unspoken: of_devices.unspoken,
            answer: program.answer_schema.as_ref().map(Answer::of),
            left_out: Vec::new(),
            interactive: program.interactive,
            instructions: program.agent.instructions.trim().to_owned(),
            label: label(program, &of_devices.strangers),
            constrains,
        }
    }

    /// What the next step may do: `allowance` bounds it, and `now` is what there is to work on.
    pub(crate) fn legal(&self, allowance: Allowance, now: &Now) -> Legal {
        let any = allowance == Allowance::Any;
        let spec = |call: &Callable| calls::spec(&call.name);
        let calls = self
            .calls
            .iter()
            .filter(|call| any && spec(call).is_none_or(|spec| (spec.useful)(now)))
            .map(|call| Callable {
                offered: call.offered || spec(call).is_some_and(|s| s.sight == Sight::Later),
                ..call.clone()
            })
            .collect();
        Legal {
            told: self.calls.iter().any(|call| call.offered),
            calls,
            ask: any && self.interactive,
            answer: self.answer.clone(),
            ..Legal::default()
        }
    }

    /// Leaves out the schemas that the CPU cannot be held to, so that one odd schema does not
    /// stop the rest. `accepts` says whether a text of a form can be written, and is asked only
    /// once where nothing is odd. Needed only for a CPU that writes by a grammar.
    pub fn hold(&mut self, accepts: &dyn Fn(&Form) -> bool) {
        if let Some(answer) = &mut self.answer
            && !accepts(&Form::Json(answer.written.clone()))
            && let Ok(held) = certainly_held(&answer.schema)
        {
            answer.written = held.schema;
        }
        let now = Now {
            recallable: false,
            remembers: true,
            held: false,
        };
        let all = self.legal(Allowance::Any, &now);
        if all.offered().next().is_none() || accepts(&all.form(Move::Call)) {
            return;
        }
        let mut odd = Vec::new();
        for call in &mut self.calls {
            if accepts(&call.alone()) {
                continue;
            }
            let held = certainly_held(&call.parameters);
            let reason = match held {
                Ok(held) => {
                    call.written = held.schema;
                    match accepts(&call.alone()) {
                        true => continue,
                        false => "it is too large for a grammar".to_owned(),
                    }
                }
                Err(reason) => reason,
            };
            odd.push(LeftOut {
                tool: call.name.clone(),
                reason,
            });
        }
        let kept = |call: &Callable| odd.iter().all(|odd| odd.tool != call.name);
        self.common = self.calls[..self.common].iter().filter(|c| kept(c)).count();
        self.calls.retain(kept);
        self.left_out.extend(odd);
    }

    /// The functions that were left out since the last time.
    pub fn left_out(&mut self) -> Vec<LeftOut> {
        std::mem::take(&mut self.left_out)
    }

    /// An action in the form in which the CPU would write it again by a grammar: a program as
    /// such, any other call in a list.
    pub fn written(&self, action: &Value) -> String {
        if action.get("tool").is_none() {
            return action.to_string();
        }
        let called = self.calls.iter().find(|call| action["tool"] == call.name);
        called
            .and_then(|call| call.program_in(action))
            .unwrap_or_else(|| json!({ "calls": [action] }).to_string())
    }

    /// Whether the process has no way to keep a memory.
    pub fn never_keeps(&self) -> bool {
        self.calls.iter().all(|call| call.name != REMEMBER)
    }

    /// The functions out of sight that fit `query`, in words for the model.
    pub fn find(&self, query: &str) -> String {
        let found = self.more.find(query);
        if found.is_empty() {
            return "no tool fits these words; try others, or do without".into();
        }
        let mut text = String::from(NOW_THERE);
        found.iter().for_each(|call| text.push_str(&line(call)));
        text
    }

    /// Brings the functions that [`Planner::find`] describes into sight: from now on they are
    /// legal.
    pub fn reveal(&mut self, query: &str) {
        self.calls.extend(self.more.take(query));
    }

    /// The card of the function `name`, if it can be used now.
    pub fn card_of(&self, name: &str) -> Option<String> {
        let call = self.calls.iter().find(|call| call.name == name)?;
        Some(format!("{NOW_THERE}{}", line(call)))
    }

    /// Brings those functions into sight that are about a file named in `text`. Returns their
    /// cards for the model, if there are any.
    pub fn notice(&mut self, text: &str) -> Option<String> {
        let text = beginning(text);
        let named = |unspoken: &mut Unspoken| unspoken.topics.have_file_in(text);
        let named: Vec<Unspoken> = self.unspoken.extract_if(.., named).collect();
        let names: Vec<String> = named.into_iter().flat_map(|named| named.names).collect();
        let mut shown = String::new();
        let is_named = |call: &&mut Callable| names.contains(&call.name);
        for call in self.calls.iter_mut().filter(is_named) {
            call.offered = true;
            shown.push_str(&line(call));
        }
        (!shown.is_empty()).then(|| format!("{NOW_THERE}{shown}"))
    }

    /// The label of the words on the boot page.
    pub fn boot_label(&self) -> &Label {
        &self.label
    }

    /// The part of the boot page that says who the process is.
    pub(crate) fn page_without_tools(&self) -> String {
        let mut page = String::from("You are a helpful assistant.");
        if !self.instructions.is_empty() {
            page.push_str(&format!("\n{}", self.instructions));
        }
        page.push('\n');
        page
    }

    /// The boot page: who the process is, how to act, and the functions in sight. Cards that were
    /// chosen for the task come last. All before them depends only on the agent and its tools, so
    /// that processes share it in the KV cache.
    pub fn boot_page(&self) -> String {
        let shown = |call: &&Callable| call.offered;
        let common = self.calls[..self.common].iter().filter(shown);
        let chosen = self.calls[self.common..].iter().filter(shown);
        let mut page = self.page_without_tools();
        if !self.constrains {
            page.push_str(WITHOUT_GRAMMAR);
        }
        if common.clone().chain(chosen.clone()).next().is_none() {
            return page;
        }
        page.push_str(match self.constrains {
            true => WITH_GRAMMAR,
            false => "Tools:\n",
        });
        page.push_str(&card::cards(common));
        page.push_str(&card::cards(chosen));
        page
    }
}

/// The line before the cards of functions that have come into sight.
const NOW_THERE: &str = "These tools can be used now:\n";

/// A function of a device as it is called.
fn called(device: &DeviceSpec, function: &FunctionSpec) -> Callable {
    Callable {
        offered: function.offered,
        program: function.program.clone(),
        ..Callable::new(
            format!("{}.{}", device.name, function.name),
            &function.description,
            strict(&function.told_parameters()),
        )
    }
}

/// How to act with the functions `calls` in sight, for programs that bring their own loop and
/// their own functions. `constrains` says whether the CPU writes by a grammar.
pub fn how_to_act(calls: &[Callable], constrains: bool) -> String {
    let begin = match constrains {
        true => WITH_GRAMMAR.to_owned(),
        false => format!("{WITHOUT_GRAMMAR}Tools:\n"),
    };
    begin + &card::cards(calls.iter())
}

/// How to act where a grammar lets nothing else be written: short.
const WITH_GRAMMAR: &str = "You answer by yourself, or call tools.\n\
     A call: {\"calls\":[{\"tool\":\"NAME\",\"args\":{…}}]}\n\
     Several things to do the same with, such as two places or three numbers, are a call each: \
     {\"calls\":[{\"tool\":\"NAME\",\"args\":{…}},{\"tool\":\"NAME\",\"args\":{…}},…]}\n\
     If none of the tools does what is asked: {\"calls\":[{\"tool\":\"none\"}]}\nTools:\n";
/// How to act where no grammar helps: everything is spelled out.
const WITHOUT_GRAMMAR: &str = "You work step by step. Each of your turns is one JSON action:\n\
     {\"answer\":\"…\"} replies to the user and ends the task.\n\
     {\"tool\":\"NAME\",\"args\":{…}} runs a tool; its result is the next message.\n\
     {\"calls\":[{\"tool\":\"NAME\",\"args\":{…}},…]} runs several.\n\
     {\"ask\":\"…\"} asks the user for something that only the user knows.\n\
     Answer at once when no tool does what is asked, or a result has given the answer.\n";

/// The label of a boot page with the cards of `strangers`. The user saw these cards when the tool
/// was added or granted; an agent's instructions may be anybody's.
fn label(program: &Program, strangers: &[String]) -> Label {
    if program.agent.stranger {
        return Label::new(format!("agent:{}", program.agent.name), Trust::Untrusted);
    }
    match strangers.is_empty() {
        true => Label::kernel(),
        false => Label::new(format!("cards of {}", strangers.join(", ")), Trust::User),
    }
}

/// One function, as a message shows it.
fn line(call: &Callable) -> String {
    card::card(call, card::FOUND_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quipu_cpu::grammar as engine;

    /// A planner with functions of these schemas, and what is left of them.
    fn held(schemas: &[(&str, Value)]) -> (Vec<String>, Vec<LeftOut>) {
        let function = |(name, schema): &(&str, Value)| Callable::new(*name, "", strict(schema));
        let mut planner = Planner {
            calls: schemas.iter().map(function).collect(),
            common: schemas.len(),
            more: Cards::default(),
            unspoken: Vec::new(),
            answer: None,
            left_out: Vec::new(),
            interactive: false,
            instructions: String::new(),
            label: Label::kernel(),
            constrains: true,
        };
        planner.hold(&|form| match form {
            Form::Json(schema) => engine::compiles(schema).is_ok(),
            _ => true,
        });
        let names = planner.calls.iter().map(|call| call.name.clone()).collect();
        assert_eq!(planner.common, planner.calls.len());
        (names, planner.left_out())
    }

    #[test]
    fn one_odd_function_does_not_stop_the_others() {
        let good = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"type": "integer"}}});
        let never = json!({"type": "object", "required": ["n"],
            "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 1}}});
        // The engine cannot tell which of the two a name belongs to.
        let overlapping = json!({"type": "object", "patternProperties": {"^a": {"type": "integer"},
            "z$": {"type": "string"}}});
        let (names, left) = held(&[
            ("d.good", good.clone()),
            ("d.never", never),
            ("d.odd", overlapping),
            ("d.too", good),
        ]);
        assert_eq!(names, ["d.good", "d.odd", "d.too"]);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].tool, "d.never");
        assert!(left[0].reason.contains("minimum"), "{}", left[0].reason);
    }
}
