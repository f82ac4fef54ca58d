//! Worked examples, with their actions written as the process that is shown them would write
//! them.

use quipu_cpu::{Message, Role};
use serde_json::Value;

use super::Planner;
use crate::process::{Example, Turn};
use crate::program::CALLED;

impl Planner {
    /// The example as turns before the task. `None` where it calls what this process cannot
    /// call, or does not end with an action.
    pub fn turns(&self, example: &Example) -> Option<Vec<Message>> {
        let say = |role, text: &str| Message::new(role, text);
        let mut messages = vec![say(Role::User, &example.task)];
        let (last, before) = example.turns.split_last()?;
        for turn in before {
            let observation = turn.observation.as_ref()?;
            messages.push(say(Role::Assistant, &self.as_written(turn)?));
            messages.push(say(Role::User, observation));
        }
        messages.push(say(Role::Assistant, &self.as_written(last)?));
        Some(messages)
    }

    /// The program that an example begins with, in its fence; `None` where it begins
    /// otherwise.
    pub fn program_of(&self, example: &Example) -> Option<String> {
        let action = &example.turns.first()?.action;
        let mut calls = self.calls.iter();
        let called = calls.find(|call| action["tool"] == call.name)?;
        called.program_in(action)
    }

    /// The function of an example without the call of it, in the form in which a function is
    /// asked for. `None` where the example has no function.
    pub fn function_of(&self, example: &Example) -> Option<String> {
        let program = self.program_of(example)?;
        let function = program.strip_suffix("\n```")?.strip_suffix(CALLED)?;
        Some(format!("{function}\n```"))
    }

    /// An action as this process would write it, if it can.
    fn as_written(&self, turn: &Turn) -> Option<String> {
        let action = &turn.action;
        let called: Vec<&Value> = match action["calls"].as_array() {
            Some(calls) => calls.iter().map(|call| &call["tool"]).collect(),
            None => action.get("tool").into_iter().collect(),
        };
        let is_there = |tool: &&Value| self.calls.iter().any(|call| **tool == call.name);
        if !called.iter().all(is_there) {
            return None;
        }
        Some(match (self.constrains, action.get("answer")) {
            // Without JSON around it.
            (true, Some(Value::String(text))) => text.clone(),
            (true, Some(answer)) => answer.to_string(),
            (true, None) => self.written(action),
            (false, _) => action.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use quipu_tools::Bus;
    use serde_json::json;

    use super::*;
    use crate::label::Label;
    use crate::process::Program;

    #[test]
    fn an_example_is_shown_as_it_would_be_written() {
        let check = |constrains, turns: Value, want: Option<&[&str]>| {
            let planner = Planner::new(&Program::new("now"), &Bus::default(), constrains);
            let example = Example {
                id: "e".into(),
                task: "then".into(),
                turns: serde_json::from_value(turns).unwrap(),
                label: Label::user(),
            };
            let shown = planner.turns(&example);
            let texts: Option<Vec<String>> =
                shown.map(|turns| turns.into_iter().map(|turn| turn.text).collect());
            assert_eq!(
                texts
                    .as_deref()
                    .map(|texts| texts.iter().map(String::as_str).collect()),
                want.map(<[&str]>::to_vec)
            );
        };
        let answer = json!([{"action": {"answer": "four"}}]);
        check(true, answer.clone(), Some(&["then", "four"]));
        check(false, answer, Some(&["then", r#"{"answer":"four"}"#]));
        check(
            true,
            json!([{"action": {"answer": {"n": 4}}}]),
            Some(&["then", r#"{"n":4}"#]),
        );
        let search = json!({"tool": "memory.search", "args": {"query": "q"}});
        check(
            false,
            json!([{"action": search, "observation": "found"}, {"action": {"answer": "a"}}]),
            Some(&["then", &search.to_string(), "found", r#"{"answer":"a"}"#]),
        );
        // Nothing is shown that it cannot do.
        check(
            true,
            json!([{"action": {"tool": "gone.f", "args": {}}}]),
            None,
        );
        check(
            true,
            json!([{"action": {"answer": "a"}}, {"action": {"answer": "b"}}]),
            None,
        );
        check(true, json!([]), None);
    }
}
