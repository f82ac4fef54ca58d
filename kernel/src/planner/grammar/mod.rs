//! From what is legal now to the form of the next action, and back from a text of that
//! form to the action.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is legal; the text to the action |
//! | `forms` | what is legal to the form of the text |
//! | `number`, `values`, `together` | grammars of numbers and values; schemas with shared parts |
//! | `held` | what of a schema a grammar can hold |
//! | `fence` | programs and calls in a text |
//! | `check` | whether an action is legal |

mod check;
mod fence;
mod forms;
mod held;
mod manners;
mod number;
mod together;
mod values;

use chrono::NaiveDate;
use quipu_tools::json_schema;
use serde_json::{Value, json};

use crate::calls::SEARCH;
use crate::numbers::Numbers;
use crate::planner::material::given::Given;
use crate::program::{called_on, called_on_each};
use fence::{calls_of, prints, tells_a_result, without_fence, written_calls};
pub use held::{Held, certainly_held, held};
pub(crate) use number::without_zeros;
use quipu_cpu::without_thought;

/// The argument of a function that runs a program.
const CODE: &str = "code";
/// The most calls of one step.
pub const CALLS_MAX: usize = 16;

/// One function an action may name.
#[derive(Clone, Debug)]
pub struct Callable {
    /// `device.function`, or the name of a kernel call.
    pub name: String,
    /// What it does, in full.
    pub description: String,
    /// JSON Schema of its arguments, closed ([`crate::planner::strict`]).
    pub parameters: Value,
    /// The same, as far as a grammar can hold a model to it ([`held`]).
    pub written: Value,
    /// Whether a model is told of it and a grammar lets it be written. A call of a function that
    /// is not offered is still accepted.
    pub offered: bool,
    /// The language of its argument `code`, where it runs a program.
    pub program: Option<String>,
}

/// What a process does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// What the CPU chooses.
    Any,
    /// It calls tools.
    Call,
    /// It makes more than one call.
    Calls,
    /// It writes a program, for the first tool in sight that runs programs.
    Program,
    /// It writes a Python function that works out the answer, for the same tool.
    Function,
    /// It writes a Python function that says whether an answer fits the task, for the same tool.
    Checker,
    /// It answers, and ends.
    Answer,
    /// It answers with a bare number, and ends.
    Number,
    /// It answers with one of the words that the task names, and ends.
    Choice,
    /// It asks a person.
    Ask,
}

/// What a process may do in its next step.
#[derive(Clone, Debug, Default)]
pub struct Legal {
    /// Functions it may call.
    pub calls: Vec<Callable>,
    /// Whether it may ask a person.
    pub ask: bool,
    /// The form of the answer; `None` is text. The answer is always legal.
    pub answer: Option<Answer>,
    /// The number that was computed last. A bare number as the answer has to be this one.
    pub computed: Option<String>,
    /// Whether the process was told how to call tools, even if it may call none now.
    pub told: bool,
    /// The numbers of the task, where no other text has any: calls may not make up others.
    pub numbers: Option<Numbers>,
    /// Whether a program in an answer is run, because nobody asked for a program.
    pub runs_answers: bool,
    /// Whether an answer in words may have no fence: a small model shows the program that it has
    /// just run instead of saying what it printed.
    pub unfenced: bool,
    /// The day that a program takes for today.
    pub today: Option<NaiveDate>,
    /// What a program has as a value.
    pub given: Given,
    /// The words among which the answer has to be, where the task names them.
    pub choices: Option<Vec<String>>,
    /// The answers that a function has to judge.
    pub candidates: Vec<String>,
}

/// The form of an answer that is not plain text.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its JSON Schema, in normal form.
    pub schema: Value,
    /// The same, as far as a grammar can hold a model to it ([`held`]).
    pub written: Value,
}

impl Answer {
    /// An answer that satisfies `schema`. A schema that cannot be read is taken as it is: the
    /// check then says what is wrong with it.
    pub fn of(schema: &Value) -> Self {
        let schema = json_schema::normal(schema).unwrap_or_else(|_| schema.clone());
        Self {
            written: held(&schema).schema,
            schema,
        }
    }
}

impl Legal {
    /// The action that a text of [`Legal::form`] stands for.
    ///
    /// # Errors
    /// What is wrong with the text, in words for the model.
    pub fn action(&self, chosen: Move, text: &str) -> Result<Value, String> {
        let parse = |text: &str| -> Result<Value, String> {
            serde_json::from_str(text).map_err(|error| format!("it is not JSON ({error})"))
        };
        let text = without_thought(text).trim();
        match (chosen, &self.answer) {
            (Move::Any, _) => {
                let is_known = |name: &str| self.calls.iter().any(|call| call.name == name);
                Ok(manners::as_meant(parse(text)?, is_known))
            }
            (Move::Call | Move::Calls, _) => self.calls_to_make(parse(text)?),
            (Move::Program, _) => {
                let call = self.runs_programs().ok_or("no tool runs programs")?;
                let code = without_fence(text);
                // A model that was told how to call writes the call as its program.
                if let Some(calls) = calls_of(code).filter(|_| self.told)
                    && self.check_calls(&calls, 1).is_ok()
                {
                    return self.action(Move::Call, code);
                }
                let mut action = json!({"tool": call.name, "args": {"code": code}});
                self.give_a_value(&mut action);
                Ok(action)
            }
            (Move::Function, _) => {
                let call = self.runs_programs().ok_or("no tool runs programs")?;
                let code = self.given.above(without_fence(text).trim_end());
                let code = called_on(self.today, &code);
                Ok(json!({"tool": call.name, "args": {"code": code}}))
            }
            (Move::Checker, _) => {
                let call = self.runs_programs().ok_or("no tool runs programs")?;
                let code = called_on_each(without_fence(text).trim_end(), &self.candidates);
                Ok(json!({"tool": call.name, "args": {"code": code}}))
            }
            (Move::Answer, Some(_)) => Ok(json!({ "answer": parse(text)? })),
            (Move::Answer, None) => {
                if let Some(calls) = self.calls_in(text)? {
                    return self.action(Move::Call, calls);
                }
                let program = self.program_in(text);
                Ok(program.unwrap_or_else(|| json!({ "answer": text })))
            }
            (Move::Number | Move::Choice, _) => Ok(json!({ "answer": text })),
            (Move::Ask, _) => Ok(json!({ "ask": text })),
        }
    }

    /// The calls of a list as an action: without numbers that are made up, and each call once. A
    /// single call is an action by itself.
    fn calls_to_make(&self, mut list: Value) -> Result<Value, String> {
        let calls = list["calls"].as_array_mut();
        let mut calls = std::mem::take(calls.ok_or("it has no list of calls")?);
        if let Some(numbers) = &self.numbers {
            let named = |tool: &str| self.calls.iter().find(|call| call.name == tool);
            numbers.without_inventions(&mut calls, |tool| Some(&named(tool)?.parameters));
        }
        calls.iter_mut().for_each(|call| self.give_a_value(call));
        let mut seen = Vec::new();
        calls.retain(|call| {
            !seen.contains(call) && {
                seen.push(call.clone());
                true
            }
        });
        Ok(match calls.len() {
            1 => calls.remove(0),
            _ => json!({ "calls": calls }),
        })
    }

    /// Puts what is given before the program of `call` that takes it without having defined it.
    fn give_a_value(&self, call: &mut Value) {
        let runs = |known: &&Callable| known.program.as_deref() == Some("python");
        let mut runners = self.calls.iter().filter(runs);
        if runners.any(|known| call["tool"] == known.name)
            && let Some(code) = call["args"]["code"].as_str()
        {
            let whole = self.given.where_missing(code).into_owned();
            call["args"]["code"] = whole.into();
        }
    }

    /// The calls in an answer of a model that was not allowed to call at once and answers with
    /// the call. An answer whose calls are not legal now is refused as well.
    fn calls_in<'a>(&self, answer: &'a str) -> Result<Option<&'a str>, String> {
        let Some((list, calls)) = written_calls(answer).filter(|_| self.told) else {
            return Ok(None);
        };
        self.check_calls(&calls, 1)
            .map_err(|error| format!("{error}; an answer is words for the user"))?;
        Ok(Some(list))
    }

    /// The last program in a fence of an answer, as the call that runs it, if nobody asked for a
    /// program. A small model writes how to work something out and leaves the rest to its user,
    /// or guesses what would come out.
    fn program_in(&self, answer: &str) -> Option<Value> {
        let call = self.runs_programs().filter(|_| self.runs_answers)?;
        let mut pieces = answer.split("```").skip(1);
        let fences = std::iter::from_fn(|| {
            let fenced = pieces.next()?;
            // A fence that is still open may hold only a part of a program.
            pieces.next().map(|_| fenced)
        });
        let programs = fences.filter_map(|fenced| fenced.split_once('\n'));
        let runs = |(language, code): &(&str, &str)| {
            let language = language.trim();
            // A fence without a language is a program where nothing else is possible.
            let named = call.program.as_deref() == Some(language);
            named && tells_a_result(code) || language.is_empty() && prints(code)
        };
        let (_, code) = programs.filter(runs).last()?;
        Some(json!({"tool": call.name, "args": {"code": code.trim_end()}}))
    }

    /// The required numbers in the calls of `action` that are made up, by name: the task does not
    /// give them.
    pub fn made_up(&self, action: &Value) -> Vec<String> {
        let Some(numbers) = &self.numbers else {
            return Vec::new();
        };
        let calls = match action["calls"].as_array() {
            Some(calls) => calls.iter().collect(),
            None => vec![action],
        };
        let of_one = |call: &&Value| {
            let named = self.calls.iter().find(|called| call["tool"] == called.name);
            named.map(|called| numbers.made_up(&call["args"], &called.parameters))
        };
        calls.iter().filter_map(of_one).flatten().collect()
    }

    /// The first function in sight that opens an address.
    pub fn opens_addresses(&self) -> Option<&Callable> {
        self.offered().find(|call| call.opens_addresses())
    }

    /// The first function in sight that runs a program.
    pub fn runs_programs(&self) -> Option<&Callable> {
        self.offered().find(|call| call.program.is_some())
    }

    /// The same with only those functions in sight for which `which` says yes; `None` where none
    /// is left.
    pub fn only(&self, which: impl Fn(&Callable) -> bool) -> Option<Self> {
        let mut only = self.clone();
        for call in &mut only.calls {
            call.offered &= which(call);
        }
        let any = only.offered().next().is_some();
        any.then_some(only)
    }

    /// The functions that a model may choose from.
    pub fn offered(&self) -> impl Iterator<Item = &Callable> {
        self.calls.iter().filter(|call| call.offered)
    }
}

impl Callable {
    /// A function that is offered, whose arguments satisfy `parameters`.
    pub fn new(name: impl Into<String>, description: &str, parameters: Value) -> Self {
        Self {
            name: name.into(),
            description: description.trim().to_owned(),
            written: held(&parameters).schema,
            parameters,
            offered: true,
            program: None,
        }
    }

    /// Whether an expression is all that it has to be given: then it computes what is already
    /// worked out.
    pub fn takes_an_expression(&self) -> bool {
        self.parameters["required"] == json!(["expression"])
    }

    /// Whether it has to be given an address.
    pub fn opens_addresses(&self) -> bool {
        self.address().is_some()
    }

    /// The argument that is an address: `url` or `uri`, or a required one of that format.
    fn address(&self) -> Option<&str> {
        let required = self.parameters["required"].as_array();
        let mut required = required.into_iter().flatten().filter_map(Value::as_str);
        required.find(|name| {
            let format = &self.parameters["properties"][*name]["format"];
            matches!(*name, "url" | "uri") || matches!(format.as_str(), Some("uri" | "url"))
        })
    }

    /// The same function, limited to opening one of `addresses`.
    pub(crate) fn opening(mut self, addresses: &[String]) -> Self {
        if let Some(name) = self.address().map(str::to_owned) {
            let one = json!({ "enum": addresses });
            self.parameters["properties"][&name] = one.clone();
            self.written["properties"][&name] = one;
        }
        self
    }

    /// The call of it that opens `address`; `None` where it needs more than that.
    pub(crate) fn call_opening(&self, address: &str) -> Option<Value> {
        let name = self.address()?;
        let required = self.parameters["required"].as_array();
        let is_all = required.is_some_and(|required| required.len() == 1);
        is_all.then(|| json!({"tool": self.name, "args": {name: address}}))
    }

    /// Whether it finds out what is not known yet: it opens addresses, or searches what is kept.
    pub fn looks_up(&self) -> bool {
        self.name == SEARCH || self.opens_addresses()
    }

    /// The program in a call of it that has no other arguments, as a model writes it.
    pub fn program_in(&self, action: &Value) -> Option<String> {
        let language = self.program.as_ref()?;
        let args = action["args"].as_object().filter(|args| args.len() == 1)?;
        let code = args.get(CODE)?.as_str()?;
        Some(format!("```{language}\n{code}\n```"))
    }
}

#[cfg(test)]
mod tests;
