//! From what is legal now to the form of the next action, and back from a text of that
//! form to the action.

mod fence;
mod held;
mod number;
mod together;
mod values;

use chrono::NaiveDate;
use quipu_tools::json_schema;
use serde_json::{Value, json};

use crate::calls::object;
use crate::numbers::Numbers;
use crate::program::{called_on, called_on_each};
use fence::{calls_of, prints, tells_a_result, without_fence, written_calls};
pub use held::{Held, certainly_held, held};
use quipu_cpu::{Form, without_thought};
use together::Together;

/// Characters of a final answer; long documents belong in the store.
const ANSWER_CHARS_MAX: u32 = 4000;
/// Characters of a question to the user.
const ASK_CHARS_MAX: u32 = 400;
/// The argument of a function that runs a program.
const CODE: &str = "code";
/// The most calls that one step may make.
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
    /// The same for a grammar ([`held`]).
    pub written: Value,
    /// Whether a model is told of it and may write it by a grammar. One that is not is
    /// accepted all the same.
    pub offered: bool,
    /// The language of its argument `code`, where it runs a program.
    pub program: Option<String>,
}

/// What a process does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Whatever it chooses to.
    Any,
    /// It calls tools.
    Call,
    /// It makes more than one call.
    Calls,
    /// It writes a program, for the first tool in sight that runs one.
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
    /// The number that was computed last: a bare number as the answer is that one.
    pub computed: Option<String>,
    /// Whether it was told how to call tools, also where it may call none now.
    pub told: bool,
    /// The numbers of the task, where nothing else has any: no other is made up.
    pub numbers: Option<Numbers>,
    /// Whether a program is no answer, since nobody asked for one: it is run instead.
    pub runs_answers: bool,
    /// Whether an answer in words has no fence in it: a small model shows the program that it
    /// has just run instead of saying what came out.
    pub unfenced: bool,
    /// What day a program is told that it is.
    pub today: Option<NaiveDate>,
    /// The words of which the task wants one as its answer, and nothing else.
    pub choices: Option<Vec<String>>,
    /// The answers that a function is to say of whether they fit the task.
    pub candidates: Vec<String>,
}

/// What an answer that is no text looks like.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its JSON Schema, in normal form.
    pub schema: Value,
    /// The same for a grammar ([`held`]).
    pub written: Value,
}

impl Answer {
    /// An answer that satisfies `schema`. One that cannot be read is taken as it is: then
    /// the check says what is wrong with it.
    pub fn of(schema: &Value) -> Self {
        let schema = json_schema::normal(schema).unwrap_or_else(|_| schema.clone());
        Self {
            written: held(&schema).schema,
            schema,
        }
    }
}

impl Legal {
    /// What the text of `chosen` looks like, for a CPU that writes by any grammar: calls are a
    /// list, also a single one; an answer in words is just that.
    pub fn form(&self, chosen: Move) -> Form {
        match (chosen, &self.answer) {
            (Move::Any, _) => Form::Json(self.schema()),
            (Move::Call, _) => Form::Json(self.several(1)),
            (Move::Calls, _) => Form::Json(self.several(2)),
            (Move::Answer, Some(answer)) => Form::Json(answer.written.clone()),
            (Move::Program, _) => {
                let language = self
                    .runs_programs()
                    .and_then(|call| call.program.as_deref());
                Form::Lark(fenced(language.unwrap_or_default()))
            }
            (Move::Function, _) => Form::Lark(FUNCTION.to_owned()),
            (Move::Checker, _) => Form::Lark(FUNCTION.replace("solution()", "fits(answer)")),
            (Move::Number, _) => Form::Lark(number::grammar(self.computed.as_deref())),
            (Move::Choice, _) => Form::Lark(one_of(self.choices.as_deref().unwrap_or_default())),
            (Move::Answer, None) if self.unfenced => Form::Lark(UNFENCED.to_owned()),
            // A model that was told how to call tells so instead of answering.
            (Move::Answer, None) if self.told => Form::Lark(WORDS.to_owned()),
            (Move::Answer, None) | (Move::Ask, _) => Form::Text,
        }
    }

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
            (Move::Any, _) => parse(text),
            (Move::Call | Move::Calls, _) => {
                let mut action = parse(text)?;
                let calls = action["calls"].as_array_mut();
                let mut calls = std::mem::take(calls.ok_or("it has no list of calls")?);
                if let Some(numbers) = &self.numbers {
                    let named = |tool: &str| self.calls.iter().find(|call| call.name == tool);
                    numbers.without_inventions(&mut calls, |tool| Some(&named(tool)?.parameters));
                }
                // The very same call twice in a step is one call.
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
            (Move::Program, _) => {
                let call = self.runs_programs().ok_or("no tool runs programs")?;
                let code = without_fence(text);
                // A model that was told how to call writes that as its program.
                if let Some(calls) = calls_of(code).filter(|_| self.told)
                    && self.check_calls(&calls, 1).is_ok()
                {
                    return self.action(Move::Call, code);
                }
                Ok(json!({"tool": call.name, "args": {"code": code}}))
            }
            (Move::Function, _) => {
                let call = self.runs_programs().ok_or("no tool runs programs")?;
                let code = called_on(self.today, without_fence(text).trim_end());
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

    /// The calls in an answer: a model that was not let call at once, and
    /// answers with the call all the same. Calls that are not legal now are no answer either.
    fn calls_in<'a>(&self, answer: &'a str) -> Result<Option<&'a str>, String> {
        let Some((list, calls)) = written_calls(answer).filter(|_| self.told) else {
            return Ok(None);
        };
        self.check_calls(&calls, 1)
            .map_err(|error| format!("{error}; an answer is words for the user"))?;
        Ok(Some(list))
    }

    /// The last program in a fence of an answer to somebody who did not ask for one, as the call that
    /// runs it: a small model writes how to work something out, and leaves that to its user, or says
    /// what would come out.
    fn program_in(&self, answer: &str) -> Option<Value> {
        let call = self.runs_programs().filter(|_| self.runs_answers)?;
        let mut pieces = answer.split("```").skip(1);
        let fences = std::iter::from_fn(|| {
            let fenced = pieces.next()?;
            // What an opened fence has to its end is no whole program.
            pieces.next().map(|_| fenced)
        });
        let programs = fences.filter_map(|fenced| fenced.split_once('\n'));
        let runs = |(language, code): &(&str, &str)| {
            let language = language.trim();
            // Without a name it is a program where it can be nothing else.
            let named = call.program.as_deref() == Some(language);
            named && tells_a_result(code) || language.is_empty() && prints(code)
        };
        let (_, code) = programs.filter(runs).last()?;
        Some(json!({"tool": call.name, "args": {"code": code.trim_end()}}))
    }

    /// The required numbers in the calls of `action` that the task does not give, by name: they
    /// are made up.
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

    /// The same with none in sight but those that `which` names; `None` where that is none.
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

    /// The schema of `least` or more calls.
    fn several(&self, least: usize) -> Value {
        let mut together = Together::default();
        let forms: Vec<Value> = self
            .offered()
            .map(|call| call.form(&mut together))
            .collect();
        together.under(several(&forms, least))
    }

    /// The JSON Schema that admits exactly the legal actions. Keys come in a fixed
    /// order, so that a model commits to a tool before it writes the arguments.
    pub fn schema(&self) -> Value {
        let mut together = Together::default();
        let answer = match &self.answer {
            Some(answer) => together.take(&answer.written),
            None => words(),
        };
        let mut forms: Vec<Value> = self
            .offered()
            .map(|call| call.form(&mut together))
            .collect();
        if !forms.is_empty() {
            forms.push(several(&forms, 1));
        }
        if self.ask {
            forms.push(question());
        }
        forms.push(object(&[("answer", answer)]));
        together.under(match forms.len() {
            1 => forms.remove(0),
            _ => json!({ "anyOf": forms }),
        })
    }

    /// Checks an action that a CPU produced. A local CPU cannot produce anything else; endpoints
    /// and scripts can.
    ///
    /// # Errors
    /// What is wrong with the action, in words for the model.
    pub fn check(&self, action: &Value) -> Result<(), String> {
        let Some(map) = action.as_object() else {
            return Err("an action is one JSON object".into());
        };
        if let Some(calls) = map.get("calls") {
            return self.check_calls(calls, map.len());
        }
        match (map.get("tool"), map.get("answer"), map.get("ask")) {
            (Some(_), _, _) => self.check_call(action),
            (None, None, Some(_)) if !self.ask => {
                Err("nobody is there to be asked: use a tool or answer".into())
            }
            (None, None, Some(_)) => validate(&question(), action, ""),
            (None, answer, _) => {
                let form = self.answer.as_ref().map_or_else(words, |_| json!({}));
                validate(&object(&[("answer", form)]), action, "")?;
                match (&self.answer, answer) {
                    (Some(form), Some(answer)) => validate(&form.schema, answer, "/answer"),
                    _ => Ok(()),
                }
            }
        }
    }

    fn check_calls(&self, calls: &Value, keys: usize) -> Result<(), String> {
        let calls = calls.as_array().filter(|_| keys == 1);
        let calls = calls.ok_or("an action with \"calls\" has nothing but a list of calls")?;
        if calls.is_empty() || calls.len() > CALLS_MAX {
            return Err(format!("a step makes one to {CALLS_MAX} calls"));
        }
        calls.iter().try_for_each(|call| self.check_call(call))
    }

    fn check_call(&self, call: &Value) -> Result<(), String> {
        let called = self.called(call.get("tool").unwrap_or(&Value::Null))?;
        let form = object(&[("tool", json!({})), ("args", json!({}))]);
        validate(&form, call, "")?;
        validate(&called.parameters, &call["args"], "/args")
    }

    fn called(&self, tool: &Value) -> Result<&Callable, String> {
        self.calls
            .iter()
            .find(|call| tool == call.name.as_str())
            .ok_or_else(|| format!("the tool {tool} cannot be used now; {}", self.names()))
    }

    fn names(&self) -> String {
        if self.calls.is_empty() {
            return "only the answer is legal: {\"answer\": \"…\"}".into();
        }
        let names: Vec<&str> = self.offered().map(|call| call.name.as_str()).collect();
        format!("there are {}", names.join(", "))
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

    /// Whether all it has to be given is an expression: it computes what is already worked out.
    pub fn takes_an_expression(&self) -> bool {
        self.parameters["required"] == json!(["expression"])
    }

    /// Whether it has to be given an address: an argument `url` or `uri`, or of that format.
    pub fn opens_addresses(&self) -> bool {
        let required = self.parameters["required"].as_array();
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        required.into_iter().any(|name| {
            let format = &self.parameters["properties"][name]["format"];
            matches!(name, "url" | "uri") || matches!(format.as_str(), Some("uri" | "url"))
        })
    }

    /// The form of a call of it and of nothing else.
    pub(crate) fn alone(&self) -> Form {
        let mut together = Together::default();
        let form = self.form(&mut together);
        Form::Json(together.under(several(&[form], 1)))
    }

    /// The program in a call of it that has nothing else, as a model writes it.
    pub fn program_in(&self, action: &Value) -> Option<String> {
        let language = self.program.as_ref()?;
        let args = action["args"].as_object().filter(|args| args.len() == 1)?;
        let code = args.get(CODE)?.as_str()?;
        Some(format!("```{language}\n{code}\n```"))
    }

    /// The schema of a call of it, for a grammar.
    fn form(&self, together: &mut Together) -> Value {
        object(&[
            ("tool", json!({"const": self.name})),
            ("args", together.take(&self.written)),
        ])
    }
}

/// `least` or more calls of these `forms`.
fn several(forms: &[Value], least: usize) -> Value {
    let calls = json!({"type": "array", "items": {"anyOf": forms},
        "minItems": least, "maxItems": CALLS_MAX});
    object(&[("calls", calls)])
}

/// An answer in words.
fn words() -> Value {
    json!({"type": "string", "maxLength": ANSWER_CHARS_MAX})
}

/// A question to the user.
fn question() -> Value {
    let text = json!({"type": "string", "minLength": 1, "maxLength": ASK_CHARS_MAX});
    object(&[("ask", text)])
}

/// The grammar of one of `choices`.
fn one_of(choices: &[String]) -> String {
    let choices: Vec<String> = choices.iter().map(|choice| format!("{choice:?}")).collect();
    format!("start: {}", choices.join(" | "))
}

/// Any text that does not begin like a call. JSON that a user asked for stands in a fence:
/// where only some beginnings of an object are barred, a small model spells its way round.
const WORDS: &str = r"start: /[^{\s](.|\n)*/";

/// The same without a fence anywhere.
const UNFENCED: &str = r"start: /[^{\s`]([^`]|`{1,2}[^`])*`?/";

/// The grammar of a program in `language`, in a fence as models have learnt it. Some
/// tokenizers join the last tick and the end of its line, so that this has to be legal.
fn fenced(language: &str) -> String {
    format!("start: \"```{language}\\n\" program /\\n?/\nprogram[suffix=\"\\n```\"]: /(.|\\n)*/\n")
}

/// The grammar of a Python function in a fence, and of nothing after it.
const FUNCTION: &str = r#"start: "```python\ndef solution():\n" body /\n?/
body[suffix="\n```"]: /[ \t][^\n]*(\n([ \t][^\n]*)?)*/
"#;

/// Checks what stands at `place` in an action, in words for the model.
fn validate(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let validator = json_schema::validator(schema)
        .map_err(|error| format!("the schema of this action is broken: {error}"))?;
    let Some((inside, said)) = json_schema::problem(&validator, value) else {
        return Ok(());
    };
    Err(match format!("{place}{inside}") {
        place if place.is_empty() => format!("the action: {said}"),
        place => format!("{place}: {said}"),
    })
}

#[cfg(test)]
mod tests;
