//! The conditions of a case, and whether they hold of a run.

use std::collections::BTreeMap;

use quipu_kernel::process::text_of;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::calls::{self, Call};
use super::numbers::{near, number, numbers};
use super::rows::Row;
use crate::terminal::output::counted;

/// Conditions, all of which must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// The answer is this text, but for white space around it.
    exact: Option<Value>,
    /// The answer is this number.
    number: Option<f64>,
    /// How far from `number` it may be.
    tolerance: Option<f64>,
    /// The last number in the answer counts, whatever stands around it.
    lenient: bool,
    /// The answer has this number somewhere, as `lenient` reads numbers.
    says: Option<f64>,
    /// The answer has this text, or all of these, whatever their case.
    contains: Option<Texts>,
    /// The answer has at least one of these texts, whatever their case.
    any: Option<Texts>,
    /// The answer has none of these texts.
    lacks: Option<Texts>,
    /// The answer matches this regular expression somewhere.
    regex: Option<String>,
    /// The answer satisfies this JSON Schema.
    json_schema: Option<Value>,
    /// Exactly these calls are made.
    calls: Option<Vec<Call>>,
    /// The calls are made in this order.
    order: bool,
    /// These tools are called in this order; others may be called between them.
    sequence: Option<Vec<String>>,
    /// No call is made (true), or none of these tools is called.
    no_call: Option<Tools>,
    /// The run takes at most so many steps.
    steps_max: Option<usize>,
    /// The run ends so.
    status: Option<String>,
    /// Texts in the memories of the case at the end.
    memory: Option<MemoryCheck>,
    /// The files of the case at the end.
    files: Option<FilesCheck>,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

/// Tools that must not be called.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Tools {
    /// Any at all.
    Any(bool),
    /// These.
    Of(Vec<String>),
}

/// What the memories say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MemoryCheck {
    /// Texts that some memory has.
    contains: Vec<String>,
    /// Texts that none has.
    lacks: Vec<String>,
}

/// What files there are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FilesCheck {
    /// A text that each of these files has; none is that it is there.
    contains: BTreeMap<String, String>,
    /// Files that are not there.
    lacks: Vec<String>,
}

impl FilesCheck {
    fn hold(&self, files: &BTreeMap<String, String>) -> Result<(), String> {
        for (name, text) in &self.contains {
            let found = files.get(name).ok_or_else(|| format!("no file {name:?}"))?;
            must(found.contains(text), || format!("no {text:?} in {name:?}"))?;
        }
        match self.lacks.iter().find(|name| files.contains_key(*name)) {
            Some(name) => Err(format!("there is a file {name:?}")),
            None => Ok(()),
        }
    }
}

impl Check {
    /// Says in words what cannot work about it.
    pub fn validate(&self) -> Result<(), String> {
        if let Some(pattern) = &self.regex {
            Regex::new(pattern)
                .map_err(|error| format!("the regular expression is broken: {error}"))?;
        }
        if let Some(schema) = &self.json_schema {
            jsonschema::validator_for(schema)
                .map_err(|error| format!("\"json_schema\" is not a JSON Schema: {error}"))?;
        }
        if matches!(self.no_call, Some(Tools::Any(false))) {
            return Err("\"no_call\" is true or a list of tools".into());
        }
        let checked = [
            self.exact.is_some(),
            self.number.is_some(),
            self.says.is_some(),
            self.contains.is_some(),
            self.any.is_some(),
            self.lacks.is_some(),
            self.regex.is_some(),
            self.json_schema.is_some(),
            self.calls.is_some(),
            self.sequence.is_some(),
            self.no_call.is_some(),
            self.steps_max.is_some(),
            self.status.is_some(),
            self.memory.is_some(),
            self.files.is_some(),
        ];
        let any = checked.contains(&true);
        let stray = self.number.is_none() && (self.tolerance.is_some() || self.lenient);
        match (any, stray, self.order && self.calls.is_none()) {
            (false, ..) => Err("nothing is checked: name a condition, such as \"contains\"".into()),
            (_, true, _) => Err("\"tolerance\" and \"lenient\" go with \"number\"".into()),
            (.., true) => Err("\"order\" goes with \"calls\"".into()),
            _ => Ok(()),
        }
    }

    /// Whether it needs the memories of the case.
    pub fn looks_at_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether it needs the files of the case.
    pub fn looks_at_files(&self) -> bool {
        self.files.is_some()
    }

    /// Whether it holds of a run.
    ///
    /// # Errors
    /// What does not hold, in few words.
    pub fn hold(&self, run: &Row) -> Result<(), String> {
        self.hold_of_answer(run.answer.as_ref())?;
        if let Some(expected) = &self.calls {
            calls::hold(expected, &run.calls, self.order)?;
        }
        if let Some(tools) = &self.sequence {
            calls::in_sequence(tools, &run.calls)?;
        }
        let unwanted = run.calls.iter().find(|made| match &self.no_call {
            None => false,
            Some(Tools::Any(any)) => *any,
            Some(Tools::Of(tools)) => tools.iter().any(|tool| made.is_of(tool)),
        });
        if let Some(made) = unwanted {
            return Err(format!("{} was called", made.tool));
        }
        if let Some(most) = self.steps_max {
            let steps = run.steps.ok_or("the result does not say how many steps")?;
            must(steps <= most, || counted(steps, "step"))?;
        }
        if let Some(wanted) = &self.status {
            let status = run.status.as_deref().unwrap_or("without a status");
            must(status == wanted, || format!("ended {status}"))?;
        }
        match (&self.memory, &run.memory) {
            (None, _) => {}
            (Some(check), Some(memories)) => check.hold(memories)?,
            (Some(_), None) => return Err("the result does not say what is remembered".into()),
        }
        match (&self.files, &run.files) {
            (None, _) => Ok(()),
            (Some(check), Some(files)) => check.hold(files),
            (Some(_), None) => Err("the result does not say which files there are".into()),
        }
    }

    fn hold_of_answer(&self, answer: Option<&Value>) -> Result<(), String> {
        let text = answer.map(text_of).unwrap_or_default();
        if let Some(wanted) = &self.exact {
            must(text.trim() == text_of(wanted).trim(), || {
                "another answer".into()
            })?;
        }
        if let Some(wanted) = self.number {
            let found = match self.lenient {
                true => numbers(&text)
                    .last()
                    .copied()
                    .ok_or("no number in the answer"),
                false => number(text.trim()).ok_or("the answer is not a number"),
            }?;
            let tolerance = self.tolerance.unwrap_or(near(wanted));
            must((found - wanted).abs() <= tolerance, || {
                format!("the answer is {found}")
            })?;
        }
        if let Some(wanted) = self.says {
            let alike = |found: &f64| (found - wanted).abs() <= near(wanted);
            must(numbers(&text).iter().any(alike), || {
                format!("no {wanted} in the answer")
            })?;
        }
        let lower = text.to_lowercase();
        let has = |text: &&String| lower.contains(&text.to_lowercase());
        let wanted = self.contains.iter().flat_map(Texts::all);
        if let Some(text) = wanted.into_iter().find(|text| !has(text)) {
            return Err(format!("no {text:?} in the answer"));
        }
        if let Some(texts) = self.any.as_ref().map(Texts::all)
            && !texts.iter().any(|text| has(&text))
        {
            return Err(format!("none of {texts:?} in the answer"));
        }
        let unwanted = self.lacks.iter().flat_map(Texts::all);
        if let Some(text) = unwanted.into_iter().find(|text| has(text)) {
            return Err(format!("{text:?} in the answer"));
        }
        // The expression was checked when the case was read.
        if let Some(Ok(regex)) = self.regex.as_deref().map(Regex::new) {
            must(regex.is_match(&text), || "the answer does not match".into())?;
        }
        if let Some(schema) = &self.json_schema {
            let parsed = serde_json::from_str::<Value>(&text).ok();
            let valid = [answer, parsed.as_ref()]
                .into_iter()
                .flatten()
                .any(|value| jsonschema::is_valid(schema, value));
            must(valid, || "the answer does not satisfy the schema".into())?;
        }
        Ok(())
    }
}

impl MemoryCheck {
    fn hold(&self, memories: &[String]) -> Result<(), String> {
        let lower: Vec<String> = memories.iter().map(|text| text.to_lowercase()).collect();
        let kept = |text: &&String| {
            let text = text.to_lowercase();
            lower.iter().any(|memory| memory.contains(&text))
        };
        if let Some(text) = self.contains.iter().find(|text| !kept(text)) {
            return Err(format!("{text:?} is not remembered"));
        }
        match self.lacks.iter().find(kept) {
            Some(text) => Err(format!("{text:?} is remembered")),
            None => Ok(()),
        }
    }
}

impl Texts {
    fn all(&self) -> &[String] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }
}

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(otherwise()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(check: &Value) -> Result<Check, String> {
        let check: Check = serde_json::from_value(check.clone()).map_err(|e| e.to_string())?;
        check.validate().map(|()| check)
    }

    /// `want` is part of what is said, and empty where the check holds.
    #[track_caller]
    fn check(check: Value, run: &Value, want: &str) {
        let mut run = run.clone();
        run["id"] = json!(1);
        let row: Row = serde_json::from_value(run.clone()).unwrap();
        let said = parsed(&check).unwrap().hold(&row).err().unwrap_or_default();
        assert!(
            said.contains(want) && said.is_empty() == want.is_empty(),
            "{check} of {run}: {said:?}, not {want:?}"
        );
    }

    #[test]
    fn answers() {
        let answers = |condition: Value, answer: Value, want: &str| {
            check(condition, &json!({"answer": answer}), want);
        };
        answers(json!({"exact": "a b"}), json!(" a b\n"), "");
        answers(json!({"exact": "a b"}), json!("a  b"), "another answer");
        answers(json!({"exact": 4}), json!("4"), "");
        answers(json!({"exact": "x"}), json!(null), "another answer");
        let either = || json!({"any": ["half past nine", "9:30"]});
        answers(either(), json!("At 9:30."), "");
        answers(either(), json!("Half past nine"), "");
        answers(
            either(),
            json!("At ten."),
            r#"none of ["half past nine", "9:30"]"#,
        );
        answers(json!({"any": "ten"}), json!("At ten."), "");
        answers(json!({"any": []}), json!("At ten."), "none of []");
        answers(
            json!({"contains": ["lima", "Peru"]}),
            json!("Lima in Peru"),
            "",
        );
        answers(json!({"contains": "Rome"}), json!("Lima"), "no \"Rome\"");
        answers(
            json!({"lacks": ["Oslo", "rome"]}),
            json!("Rome"),
            "\"rome\" in",
        );
        answers(json!({"regex": "^[a-z]+$"}), json!("abc"), "");
        answers(json!({"regex": "^[a-z]+$"}), json!("ab1"), "does not match");
        answers(json!({"json_schema": {"type": "object"}}), json!("{}"), "");
        answers(
            json!({"json_schema": {"type": "object"}}),
            json!({"a": 1}),
            "",
        );
        answers(
            json!({"json_schema": {"type": "object"}}),
            json!("[]"),
            "schema",
        );
        // Conditions of one check hold together.
        answers(
            json!({"contains": "a", "lacks": "b"}),
            json!("ab"),
            "\"b\" in",
        );
    }

    #[test]
    fn numbers() {
        let answers = |condition: Value, answer: Value, want: &str| {
            check(condition, &json!({"answer": answer}), want);
        };
        answers(json!({"number": 1200}), json!(1200.0), "");
        answers(json!({"number": 1200}), json!(" 1200.00\n"), "");
        answers(json!({"number": -0.5}), json!("-.5"), "");
        for text in ["1,200", "$1200", "1200 eggs", "inf", "", "12:00"] {
            answers(json!({"number": 1200}), json!(text), "not a number");
        }
        answers(json!({"number": 12}), json!("12.1"), "the answer is 12.1");
        answers(json!({"number": 12, "tolerance": 0.2}), json!("12.1"), "");
        let lenient = |number: f64| json!({"number": number, "lenient": true});
        answers(lenient(0.5), json!("It is .5 m wide."), "");
        answers(lenient(1200.5), json!("It is 3, so $1,200.50."), "");
        answers(lenient(12.0), json!("From 5 to 12 eggs"), "");
        answers(lenient(50.0), json!("about 50%"), "");
        answers(lenient(45.0), json!("需要45分钟。"), "");
        answers(lenient(-3.0), json!("The answer is -3."), "");
        answers(lenient(-3.0), json!("minus: -$3"), "");
        answers(lenient(5.0), json!("3-5"), "");
        answers(lenient(20.0), json!("10,20"), "");
        answers(lenient(1.0), json!("none"), "no number");
        let says = |number: f64| json!({ "says": number });
        answers(says(12.0), json!("12 (of 40)"), "");
        answers(says(1200.0), json!("About 1,200 m2."), "");
        answers(says(12.0), json!("112"), "no 12 in the answer");
        answers(says(12.0), json!("twelve"), "no 12 in the answer");
    }

    #[test]
    fn calls_steps_and_the_end() {
        let run = json!({"calls": [{"tool": "clock.now", "args": {}}], "steps": 2,
            "status": "exited"});
        check(json!({"calls": [{"tool": "now"}]}), &run, "");
        check(
            json!({"calls": [], "steps_max": 9}),
            &run,
            "one call too many",
        );
        check(json!({"no_call": true}), &run, "clock.now was called");
        check(json!({"no_call": ["now"]}), &run, "clock.now was called");
        check(json!({"no_call": ["memory.search"]}), &run, "");
        check(json!({"steps_max": 2}), &run, "");
        check(json!({"sequence": ["now"]}), &run, "");
        check(
            json!({"sequence": ["now", "clock.now"]}),
            &run,
            "clock.now is not called after now",
        );
        check(json!({"sequence": ["later"]}), &run, "later is not called");
        check(json!({"steps_max": 1}), &run, "2 steps");
        check(json!({"status": "exited"}), &run, "");
        check(json!({"status": "limit"}), &run, "ended exited");
        // What another program's result does not say cannot hold.
        check(json!({"no_call": true}), &json!({}), "");
        check(json!({"steps_max": 1}), &json!({}), "does not say");
        check(json!({"status": "exited"}), &json!({}), "without a status");
        check(
            json!({"memory": {"lacks": ["x"]}}),
            &json!({}),
            "does not say",
        );
    }

    #[test]
    fn memories() {
        let run = json!({"memory": ["The cat is Miso"]});
        let both = json!({"memory": {"contains": ["miso"], "lacks": ["Rex"]}});
        check(both, &run, "");
        check(
            json!({"memory": {"contains": ["Rex"]}}),
            &run,
            "not remembered",
        );
        check(
            json!({"memory": {"lacks": ["Miso"]}}),
            &run,
            "\"Miso\" is remembered",
        );
    }

    #[test]
    fn files() {
        let run = json!({"files": {"a.txt": "wool 4", "b/c.txt": ""}});
        check(
            json!({"files": {"contains": {"a.txt": "wool", "b/c.txt": ""}}}),
            &run,
            "",
        );
        check(
            json!({"files": {"contains": {"a.txt": "silk"}}}),
            &run,
            "no \"silk\"",
        );
        check(
            json!({"files": {"contains": {"d.txt": ""}}}),
            &run,
            "no file",
        );
        check(
            json!({"files": {"lacks": ["a.txt"]}}),
            &run,
            "there is a file",
        );
        check(
            json!({"files": {"lacks": ["d.txt"]}}),
            &json!({}),
            "does not say",
        );
    }

    #[test]
    fn what_cannot_work_is_named() {
        let check = |check: Value, want: &str| {
            let said = parsed(&check).unwrap_err();
            assert!(said.contains(want), "{check}: {said}");
        };
        check(json!({}), "nothing is checked");
        check(json!({"exakt": "x"}), "unknown field");
        check(
            json!({"contains": "x", "lenient": true}),
            "go with \"number\"",
        );
        check(
            json!({"contains": "x", "order": true}),
            "goes with \"calls\"",
        );
        check(json!({"no_call": false}), "true or a list");
        check(json!({"regex": "("}), "regular expression");
        check(json!({"json_schema": {"type": 1}}), "not a JSON Schema");
        check(
            json!({"calls": [{"tool": "f", "arg": {}}]}),
            "unknown field",
        );
    }
}
