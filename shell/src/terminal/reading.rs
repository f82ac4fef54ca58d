//! What a process does at this moment, in words: how far its model has come with a prompt, what it
//! writes, which tool it waits for. It prints nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quipu_kernel::event::Event;
use serde_json::Value;

use super::output::visible;
use super::words::{fill, words};
use super::writing::calls_words;

/// What goes on now, as another thread may read it; empty before anything was heard.
pub type Now = Arc<Mutex<String>>;

/// Time below which nobody is told how much is left.
const LEFT_MIN: Duration = Duration::from_secs(2);
/// Prompts that are followed at once; the one that was not heard of for longest is forgotten.
const BEGUN_MAX: usize = 64;

/// Follows the events of one process.
#[derive(Default)]
pub struct Reading {
    /// The step that the process is in.
    step: Option<u32>,
    /// The prompts that are read, the one that was heard of last at the end: questions are read
    /// side by side.
    begun: Vec<Begun>,
    now: Now,
}

/// Where a prompt was when it was heard of first.
#[derive(Clone, Copy)]
struct Begun {
    at: Instant,
    tokens: usize,
    of: usize,
    asks: bool,
}

impl Begun {
    /// How long the rest takes at the same speed, when `tokens` are read `now`.
    fn left(&self, tokens: usize, now: Instant) -> Option<Duration> {
        let read = tokens.saturating_sub(self.tokens);
        if read == 0 {
            return None;
        }
        let rest = self.of.saturating_sub(tokens) as f64 / read as f64;
        let left = (now - self.at).mul_f64(rest);
        (left >= LEFT_MIN).then_some(left)
    }
}

impl Reading {
    /// What goes on now.
    pub fn now(&self) -> Now {
        self.now.clone()
    }

    /// Takes an event in. The words for it, where they are about a prompt that is read.
    pub fn note(&mut self, event: &Event) -> Option<String> {
        let (said, is_read) = match event {
            Event::Step {
                n, prompt_tokens, ..
            } => {
                self.step = Some(*n);
                self.begun.clear();
                (fill(words().reading, &[("of", prompt_tokens)]), true)
            }
            Event::Read {
                tokens, of, asks, ..
            } => {
                let template = match asks {
                    true => words().reading_to_decide,
                    false => words().reading_on,
                };
                let percent = tokens * 100 / (*of).max(1);
                let left = self.left(Instant::now(), *tokens, *of, *asks);
                let left = left.map(|left| fill(words().left, &[("seconds", &left.as_secs())]));
                let left = left.unwrap_or_default();
                let values: [(&str, &dyn std::fmt::Display); 4] = [
                    ("tokens", tokens),
                    ("of", of),
                    ("percent", &percent),
                    ("left", &left),
                ];
                (fill(template, &values), true)
            }
            Event::Token { .. } => (words().writing.to_owned(), false),
            Event::Action { action, .. } => {
                let said = tool(action).map(|tool| fill(words().waits_for, &[("tool", &tool)]));
                (said.unwrap_or_default(), false)
            }
            Event::Observation { .. } => (String::new(), false),
            _ => return None,
        };
        let said = match self.step {
            Some(n) if !said.is_empty() => {
                format!("{}  {said}", fill(words().step, &[("n", &n)]))
            }
            _ => said,
        };
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = said.clone();
        is_read.then_some(said)
    }

    /// How long the rest of a prompt takes, once that can be said.
    fn left(&mut self, now: Instant, tokens: usize, of: usize, asks: bool) -> Option<Duration> {
        let is_same = |begun: &Begun| begun.of == of && begun.asks == asks;
        let at = self.begun.iter().position(is_same);
        let known = at.map(|at| self.begun.remove(at));
        // Another prompt may be as long.
        let known = known.filter(|begun| begun.tokens < tokens);
        let left = known.and_then(|begun| begun.left(tokens, now));
        if tokens < of {
            if self.begun.len() >= BEGUN_MAX {
                self.begun.remove(0);
            }
            self.begun.push(known.unwrap_or(Begun {
                at: now,
                tokens,
                of,
                asks,
            }));
        }
        left
    }
}

/// What is said about work of which nothing was seen for a while.
pub fn still(now: &Now) -> String {
    let now = now.lock().unwrap_or_else(PoisonError::into_inner);
    match now.is_empty() {
        true => words().still_deciding.to_owned(),
        false => fill(words().still, &[("what", &*now)]),
    }
}

/// The tools that an action calls.
fn tool(action: &Value) -> Option<String> {
    if let Some(calls) = action.get("calls").and_then(Value::as_array) {
        return Some(visible(&calls_words(calls).0));
    }
    action.get("tool").and_then(Value::as_str).map(visible)
}

#[cfg(test)]
mod tests {
    use quipu_kernel::label::Label;
    use quipu_kernel::process::Usage;
    use serde_json::json;

    use super::*;

    fn read(tokens: usize, asks: bool) -> Event {
        Event::Read {
            pid: 1,
            tokens,
            of: 1200,
            asks,
        }
    }

    fn action(action: Value) -> Event {
        Event::Action {
            pid: 1,
            n: 1,
            action,
            usage: Usage::default(),
            ms: 1,
        }
    }

    #[test]
    fn the_rest_takes_as_long_as_what_was_read() {
        let at = Instant::now();
        let begun = Begun {
            at,
            tokens: 200,
            of: 1200,
            asks: false,
        };
        let check = |tokens: usize, after_s: u64, want: Option<u64>| {
            let left = begun.left(tokens, at + Duration::from_secs(after_s));
            assert_eq!(left.map(|left| left.as_secs()), want, "{tokens}");
        };
        check(200, 5, None);
        check(400, 5, Some(20));
        check(700, 30, Some(30));
        // Nobody waits for that.
        check(1100, 9, None);
    }

    #[test]
    fn of_each_question_side_by_side_is_told_how_long_it_takes() {
        let begun = Instant::now();
        let mut reading = Reading::default();
        let mut check = |after_s: u64, tokens: usize, of: usize, want: Option<u64>| {
            let now = begun + Duration::from_secs(after_s);
            let left = reading.left(now, tokens, of, true);
            assert_eq!(left.map(|left| left.as_secs()), want, "{tokens} of {of}");
        };
        check(0, 100, 1000, None);
        check(1, 100, 2000, None);
        check(5, 200, 1000, Some(40));
        check(5, 300, 2000, Some(34));
        // Another one of the same length.
        check(10, 50, 1000, None);
        check(12, 150, 1000, Some(17));
        check(13, 1000, 1000, None);
        check(13, 1100, 2000, Some(10));
        // However many there are.
        for of in 3000..3100 {
            check(20, 1, of, None);
        }
        assert_eq!(reading.begun.len(), BEGUN_MAX);
    }

    #[test]
    fn what_goes_on_is_told() {
        let mut reading = Reading::default();
        let mut told = vec![still(&reading.now())];
        let step = Event::Step {
            pid: 1,
            n: 1,
            prompt_tokens: 1200,
        };
        let token = Event::Token {
            pid: 1,
            n: 1,
            text: "{".into(),
        };
        let observation = Event::Observation {
            pid: 1,
            n: 1,
            text: "42".into(),
            shown: None,
            ok: true,
            label: Label::user(),
            ms: 1,
        };
        let events = [
            read(128, true),
            step,
            read(256, true),
            read(1199, false),
            token,
            action(json!({"tool": "desk.ec\u{1b}ho", "args": {}})),
            observation,
            action(json!({"calls": [{"tool": "a.b"}, {"tool": "a.c"}]})),
            action(json!({"answer": "42"})),
        ];
        for event in events {
            let on_a_terminal = reading.note(&event);
            let still = still(&reading.now());
            told.push(match on_a_terminal {
                Some(line) => format!("{line}\n    {still}"),
                None => still,
            });
        }
        insta::assert_snapshot!(told.join("\n"), @r"
        still at work: deciding what comes next
        reading the examples it decides by: 128 of 1200 tokens (10%)…
            still at work: reading the examples it decides by: 128 of 1200 tokens (10%)…
        step 1  reading 1200 tokens…
            still at work: step 1  reading 1200 tokens…
        step 1  reading the examples it decides by: 256 of 1200 tokens (21%)…
            still at work: step 1  reading the examples it decides by: 256 of 1200 tokens (21%)…
        step 1  reading 1199 of 1200 tokens (99%)…
            still at work: step 1  reading 1199 of 1200 tokens (99%)…
        still at work: step 1  writing…
        still at work: step 1  waiting for desk.ec\u{1b}ho…
        still at work: deciding what comes next
        still at work: step 1  waiting for a.b, a.c…
        still at work: deciding what comes next
        ");
    }
}
