//! The cases of an eval: JSON lines, all read and checked before anything runs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_kernel::judgement::Question;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::check::Check;
use super::files;
use crate::terminal::error::UserError;
use crate::terminal::lines::{file_words, lines, object};
use crate::terminal::toml_words;

/// The form of a case, as hints show it.
const FORM: &str =
    "one case a line: {\"id\": …, \"prompt\": \"…\", \"check\": {\"contains\": \"…\"}}";

/// What `--help` says of cases.
pub const HELP: &str = r#"A case has "id" and "prompt", and perhaps:
  "check"      what has to hold: an object, or a list of objects that all have to hold
  "tags"       groups; results are summed up by the first
  "agent"      the agent, relative to the folder of the cases; "schema" of its answer; "max_steps"
  "functions"  [{"name", "description", "parameters", "result"}] that only this case sees
  "tools"      names of the tools that it sees beside these ("memory" is the store); [] for none
  "documents"  [{"title", "text"}] in the store before
  "pages"      {"name.html": "text"} of a web server on this machine; {base} in the prompts is
               its address, without a slash at its end; no grant is asked for it
  "files"      {"name.txt": "text"} of a folder that only this case has; {folder} in the prompt
               is its path, where tools with fs grants may work
  "choices"    [texts] and "right", the number of the right one from 0: nothing is generated,
               the likeliest text counts as the answer
  "before"     prompts of processes that run before it on the same memory; cases with the same
               prompts share what these leave
  "stop"       "call": the process is stopped once its first calls are made
  "answer"     the right answer, which `quipu learn` may show where the run was wrong
For --calibrate, in place of "check":
  "fits"       the function that does what is asked, or null if none does
  "judge"      {"keep": true}: questions of the judgement and the right answers; they are call,
               more, compute, keep, personal, and, put about a text apart, replace, claim

Checks:
  {"exact": "text"}  {"contains": "text" or [texts, all of them]}  {"any": [texts, one of them]}
  {"lacks": "text" or [texts, none of them]}  {"regex": "…"}
  {"number": 5, "tolerance": 0.1}   the answer as a whole; with "lenient": true its last number
  {"says": 5}                       this number somewhere in the answer
  {"json_schema": {…}}  {"status": "exited"}  {"steps_max": 3}
  {"calls": [{"tool": "name", "args": {"arg": value or {"any": [values], "optional": true}}}]}
      these calls and no others; with "order": true in this order
  {"sequence": [names]}            these are called in this order; others may come between
  {"no_call": true or [names]}
  {"memory": {"contains": [texts], "lacks": [texts]}}   what is remembered at the end
  {"files": {"contains": {"name.txt": "text"}, "lacks": [names]}}   what is in {folder} at the end"#;

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name; any JSON.
    pub id: Value,
    /// The task. `{base}` stands for the address of `pages`.
    pub prompt: String,
    /// The agent, as of the folder of the cases; the usual one otherwise.
    pub agent: Option<PathBuf>,
    /// JSON Schema of the answer.
    pub schema: Option<Value>,
    /// Groups it belongs to; results are summed up by the first.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Functions that only this case sees.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// Names of the tools it sees beside its functions. Without either it sees what the
    /// agent sees.
    pub tools: Option<Vec<String>>,
    /// Texts that are stored before.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// Files of a web server on this machine, by path.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
    /// Files of a folder of its own, by path. `{folder}` in the prompt stands for the folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Answers of which the likeliest counts, without any being written.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The place of the right one, from 0.
    pub right: Option<usize>,
    /// Tasks of processes that run before it on the same memory.
    #[serde(default)]
    pub before: Vec<String>,
    /// Steps its process may take.
    pub max_steps: Option<u32>,
    /// When it is stopped, if not at its answer.
    pub stop: Option<Stop>,
    /// The right answer, which a worked example may show where the run was wrong.
    pub answer: Option<String>,
    /// What has to hold.
    #[serde(default, deserialize_with = "one_or_many")]
    pub check: Vec<Check>,
    /// For `--calibrate`: the function that fits, or null where none does.
    #[serde(default, deserialize_with = "given")]
    pub fits: Option<Value>,
    /// For `--calibrate`: questions that a process is asked, and the right answers.
    #[serde(default)]
    pub judge: BTreeMap<Question, bool>,
    /// The line it stands on, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// A function that is described and not there: each call returns `result`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name; may have dots.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
    /// What a call returns.
    pub result: Option<Value>,
}

/// A text of the store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The text.
    pub text: String,
}

/// When a case is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// When it has decided which calls to make.
    Call,
}

impl Case {
    /// Whether any answer passes.
    pub fn checks_nothing(&self) -> bool {
        self.check.is_empty() && self.right.is_none()
    }

    /// The group it is summed up in.
    pub fn group(&self) -> &str {
        self.tags.first().map_or("", String::as_str)
    }

    /// The questions it has an answer to.
    pub fn judged(&self) -> BTreeMap<Question, bool> {
        let mut judged = self.judge.clone();
        if let Some(fits) = &self.fits {
            judged.insert(Question::Call, !fits.is_null());
        }
        judged
    }

    /// Whether a check looks at the memories.
    pub fn looks_at_memory(&self) -> bool {
        self.check.iter().any(Check::looks_at_memory)
    }

    /// Whether it has files, or looks at them.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
            || self.prompt.contains("{folder}")
            || self.check.iter().any(Check::looks_at_files)
    }

    /// Why `answer` is wrong, where it is another choice than the right one.
    pub fn wrong_choice(&self, answer: Option<&Value>) -> Option<String> {
        let right = self.choices.get(self.right?)?;
        let said = answer.and_then(Value::as_str);
        (said != Some(right.as_str())).then(|| match said {
            Some(said) => format!("the likeliest is {said:?}"),
            None => "no choice was made".to_owned(),
        })
    }

    /// Says in words what cannot work about it.
    fn validate(&self) -> Result<(), String> {
        files::refuse(self)?;
        let right = self.right.is_some_and(|right| right < self.choices.len());
        match (self.choices.len(), self.right) {
            (0, None) => {}
            (0, Some(_)) => return Err("\"right\" goes with \"choices\"".into()),
            (1, _) => return Err("\"choices\" are two texts or more".into()),
            _ if !right => {
                return Err("\"right\" is the number of one of the choices, from 0".into());
            }
            _ => {}
        }
        if self.choices.iter().any(|choice| choice.trim().is_empty()) {
            return Err("a choice is empty".into());
        }
        if self.prompt.trim().is_empty() {
            return Err("the prompt is empty".into());
        }
        if self.max_steps == Some(0) {
            return Err("\"max_steps\" is at least 1".into());
        }
        if let Some(schema) = &self.schema {
            jsonschema::validator_for(schema)
                .map_err(|error| format!("\"schema\" is not a JSON Schema: {error}"))?;
        }
        let mut names = HashSet::new();
        for function in &self.functions {
            function.validate()?;
            if !names.insert(&function.name) {
                return Err(format!("two functions are called {}", function.name));
            }
        }
        self.check.iter().try_for_each(Check::validate)
    }
}

impl Function {
    fn validate(&self) -> Result<(), String> {
        let Self {
            name, parameters, ..
        } = self;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!(
                "{name:?} cannot be the name of a function: use letters, digits and _ - . /"
            ));
        }
        if !parameters.is_object() {
            return Err(format!("the parameters of {name} are not a JSON Schema"));
        }
        jsonschema::validator_for(parameters)
            .map(drop)
            .map_err(|error| format!("the parameters of {name} are not a JSON Schema: {error}"))
    }
}

/// A value that is given, if only as null.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

fn one_or_many<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Check>, D::Error> {
    let value = Value::deserialize(input)?;
    let many = match value {
        Value::Array(many) => many,
        one => vec![one],
    };
    many.into_iter()
        .map(|check| serde_json::from_value(check).map_err(serde::de::Error::custom))
        .collect()
}

/// Reads the cases in the file `path`.
///
/// # Errors
/// A line that is no case or cannot work, with its number; an id that is there twice; a
/// file without cases.
pub fn read(path: &Path) -> Result<Vec<Case>> {
    let name = file_words(path);
    let mut cases = Vec::new();
    let mut ids = HashMap::new();
    for (line, value) in lines(path)? {
        let wrong =
            |reason: String| UserError::usage(format!("{name}, line {line}: {reason}"), FORM);
        let case = value.and_then(object).and_then(|value| {
            serde_json::from_value::<Case>(value)
                .map_err(|error| toml_words::meant(&error.to_string()))
        });
        let mut case = case.map_err(wrong)?;
        case.validate().map_err(wrong)?;
        // Results are told apart by it.
        if let Some(first) = ids.insert(case.id.to_string(), line) {
            return Err(wrong(format!("line {first} has the id {} too", case.id)));
        }
        case.line = line;
        cases.push(case);
    }
    match cases.is_empty() {
        true => Err(UserError::usage(format!("{name} has no cases"), FORM)),
        false => Ok(cases),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_cannot_work_is_named() {
        let check = |line: &str, want: &str| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("cases.jsonl");
            std::fs::write(&file, format!("{{\"id\":0,\"prompt\":\"p\"}}\n\n{line}\n")).unwrap();
            let said = read(&file).err().map(|error| error.to_string());
            let said = said.unwrap_or_default();
            assert!(
                said.contains(want) && said.is_empty() == want.is_empty(),
                "{line}: {said}"
            );
            assert!(want.is_empty() || said.contains("line 3"), "{said}");
        };
        check(r#"{"id":1,"prompt":"p","check":{"contains":"x"}}"#, "");
        check(
            r#"{"id":1,"prompt":"p","chek":{}}"#,
            "unknown field `chek` (did you mean `check`?)",
        );
        check(r#"{"id":0,"prompt":"p"}"#, "line 1 has the id 0 too");
        check(r#"{"id":1,"prompt":" "}"#, "the prompt is empty");
        check(r#"[1,"p"]"#, "not a JSON object");
        check(r#"{"id":1,"prompt":"p","max_steps":0}"#, "at least 1");
        check(r#"{"id":1,"prompt":"p","stop":"never"}"#, "never");
        check(
            r#"{"id":1,"prompt":"p","schema":{"type":"nr"}}"#,
            "not a JSON Schema",
        );
        check(r#"{"id":1,"prompt":"p","choices":["a","b"],"right":1}"#, "");
        check(
            r#"{"id":1,"prompt":"p","choices":["a","b"],"right":2}"#,
            "from 0",
        );
        check(
            r#"{"id":1,"prompt":"p","choices":["a"],"right":0}"#,
            "two texts",
        );
        check(r#"{"id":1,"prompt":"p","right":0}"#, "goes with");
        check(
            r#"{"id":1,"prompt":"p","files":{"../a":"x"}}"#,
            "not inside",
        );
        check(
            r#"{"id":1,"prompt":"p","check":{"regex":"("}}"#,
            "regular expression",
        );
        check(
            r#"{"id":1,"prompt":"p","check":{"tolerance":1}}"#,
            "nothing is checked",
        );
        check(
            r#"{"id":1,"prompt":"p","functions":[{"name":"a b","parameters":{}}]}"#,
            "cannot be the name",
        );
        check(
            r#"{"id":1,"prompt":"p","functions":[{"name":"a","parameters":{"type":1}}]}"#,
            "the parameters of a are not a JSON Schema",
        );
        check(
            r#"{"id":1,"prompt":"p","functions":[{"name":"a","parameters":{}},{"name":"a","parameters":{}}]}"#,
            "two functions are called a",
        );
    }
}
