//! The scripted CPU: actions from a file instead of a model, for tests, replay and
//! demonstrations of hostile models.
//!
//! One JSON action a line, fed in order. A line `{"when":"text","do":{action}}`
//! fires once, as soon as the last observation contains the text. A line
//! `{"seen":"text" or [texts],"do":{action}}` fires once where the window has all the texts.
//! Blank lines and lines starting with `#` are skipped.
//!
//! The position in the script follows from the observations and the window of the process
//! alone, so a resumed process goes on where it was.

use std::path::Path;

use serde_json::Value;

use super::{Chunk, Completion, Cpu, CpuError, CpuInfo, Job, Message, Prompt, Role, Ticket};
use crate::Usage;
use crate::estimate::Estimate;
use crate::message::without_pictures;

/// The window of a scripted CPU unless the settings say otherwise.
const WINDOW_DEFAULT: usize = 8192;
/// What English text has on the average.
const ESTIMATE: Estimate = Estimate {
    token_bytes: 4,
    message_tokens: 4,
};

enum Line {
    Plain(Value),
    When { text: String, action: Value },
    Seen { texts: Vec<String>, action: Value },
}

/// A CPU that follows a script.
///
/// ```
/// use quipu_cpu::scripted::ScriptedCpu;
/// use quipu_cpu::{Chunk, Cpu, CpuError, Form, Job, Message, Role, Sampling};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let cpu = ScriptedCpu::parse("hello", r#"{"answer":"Hello."}"#, None)?;
/// let task = Message::new(Role::User, "Greet me.");
/// let mut ticket = cpu.submit(Job {
///     pid: 1,
///     priority: 0,
///     prompt: cpu.prepare(&[task])?,
///     form: Form::Text,
///     tokens_max: 32,
///     sampling: Sampling { temperature: 0.0, seed: 0 },
///     history: Default::default(),
/// });
/// let done = loop {
///     if let Chunk::Done(done) = ticket.next().await? {
///         break done;
///     }
/// };
/// assert_eq!(done.text, r#"{"answer":"Hello."}"#);
/// # Ok::<_, CpuError>(())
/// # }).unwrap();
/// ```
pub struct ScriptedCpu {
    info: CpuInfo,
    lines: Vec<Line>,
}

impl ScriptedCpu {
    /// Reads the script at `path`, for a window of so many tokens.
    ///
    /// # Errors
    /// [`CpuError::Script`] where the file cannot be read, and as of [`ScriptedCpu::parse`].
    pub fn load(path: &Path, window: Option<usize>) -> Result<Self, CpuError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| CpuError::Script {
            path: name.clone(),
            line: 0,
            reason: error.to_string(),
        })?;
        Self::parse(&name, &text, window)
    }

    /// A script from its text, for a window of so many tokens; `name` is used in messages.
    ///
    /// # Errors
    /// [`CpuError::Script`] with the first line that cannot be used, counted from 1.
    pub fn parse(name: &str, text: &str, window: Option<usize>) -> Result<Self, CpuError> {
        let mut lines = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fail = |reason: String| CpuError::Script {
                path: name.to_owned(),
                line: i + 1,
                reason,
            };
            let value: Value = serde_json::from_str(line).map_err(|e| fail(e.to_string()))?;
            lines.push(match (value.get("when"), value.get("do")) {
                (Some(Value::String(text)), Some(action)) => Line::When {
                    text: text.clone(),
                    action: action.clone(),
                },
                (None, Some(action)) if value.get("seen").is_some() => Line::Seen {
                    texts: texts(&value["seen"])
                        .ok_or_else(|| fail("\"seen\" is a text or a list of texts".into()))?,
                    action: action.clone(),
                },
                (None, None) => Line::Plain(value),
                _ => {
                    return Err(fail(
                        "\"when\" (a text) or \"seen\" goes with \"do\" (an action)".into(),
                    ));
                }
            });
        }
        Ok(Self {
            info: CpuInfo {
                model: format!("script:{name}"),
                kind: "script",
                details: format!("{} lines", lines.len()),
                window: window.unwrap_or(WINDOW_DEFAULT),
                ..CpuInfo::default()
            },
            lines,
        })
    }

    /// The action after `observations` in a window of `messages`, by going through the script
    /// from the start.
    fn action(&self, observations: &[String], messages: &[Message]) -> Option<&Value> {
        let in_sight = |text: &String| messages.iter().any(|m| m.text.contains(text));
        let mut used = vec![false; self.lines.len()];
        let mut action = None;
        for step in 0..=observations.len() {
            let last = step.checked_sub(1).map(|i| observations[i].as_str());
            let fires = |line: &Line| match line {
                Line::When { text, .. } => last.is_some_and(|last| last.contains(text)),
                Line::Seen { texts, .. } => texts.iter().all(in_sight),
                Line::Plain(_) => false,
            };
            let next = (0..used.len())
                .find(|&i| !used[i] && fires(&self.lines[i]))
                .or_else(|| {
                    (0..used.len()).find(|&i| !used[i] && matches!(self.lines[i], Line::Plain(_)))
                });
            action = next.map(|i| {
                used[i] = true;
                match &self.lines[i] {
                    Line::Plain(action) | Line::When { action, .. } | Line::Seen { action, .. } => {
                        action
                    }
                }
            });
        }
        action
    }
}

/// One text or several.
fn texts(value: &Value) -> Option<Vec<String>> {
    let one = |value: &Value| value.as_str().map(str::to_owned);
    match value.as_array() {
        Some(many) => many.iter().map(one).collect(),
        None => Some(vec![one(value)?]),
    }
}

impl Cpu for ScriptedCpu {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        without_pictures(messages)?;
        Ok(ESTIMATE.prompt(messages))
    }

    fn count(&self, text: &str) -> usize {
        ESTIMATE.count(text)
    }

    fn plain(&self, before: &str, after: Option<&str>) -> Option<Prompt> {
        let message = || Message::new(Role::User, before);
        after.is_none().then(|| ESTIMATE.prompt(&[message()]))
    }

    fn submit(&self, job: Job) -> Ticket {
        let (sink, ticket) = Ticket::new(1);
        let result = match self.action(&job.history, &job.prompt.messages) {
            Some(action) => {
                let text = action.to_string();
                let usage = Usage {
                    prompt_tokens: job.prompt.len as u32,
                    cached_tokens: 0,
                    generated_tokens: self.count(&text) as u32,
                };
                // A ticket that was dropped meanwhile is of no interest.
                let _ = sink.try_send(Ok(Chunk::Text(text.clone())));
                Ok(Chunk::Done(Completion {
                    text,
                    usage,
                    ..Completion::default()
                }))
            }
            None => Err(CpuError::ScriptEnded {
                path: self.info.model.trim_start_matches("script:").to_owned(),
                step: job.history.len() + 1,
            }),
        };
        let _ = sink.try_send(result);
        ticket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_order_and_conditions_fire_once() {
        let script = ScriptedCpu::parse(
            "s",
            "# a comment\n{\"a\":1}\n{\"when\":\"boom\",\"do\":{\"b\":2}}\n{\"a\":3}\n",
            None,
        )
        .unwrap();
        let check = |observations: &[&str], want: Option<&str>| {
            let observations: Vec<String> = observations.iter().map(|o| (*o).into()).collect();
            let got = script.action(&observations, &[]).map(Value::to_string);
            assert_eq!(got.as_deref(), want, "{observations:?}");
        };
        check(&[], Some("{\"a\":1}"));
        check(&["fine"], Some("{\"a\":3}"));
        check(&["a boom"], Some("{\"b\":2}"));
        check(&["a boom", "boom"], Some("{\"a\":3}"));
        check(&["fine", "fine"], None);
    }

    #[test]
    fn a_line_may_depend_on_what_is_in_sight() {
        let script = "{\"seen\":[\"task 2\",\"four\"],\"do\":{\"a\":2}}\n\
            {\"seen\":\"task 2\",\"do\":{\"a\":1}}\n{\"a\":0}";
        let script = ScriptedCpu::parse("s", script, None).unwrap();
        let check = |window: &[&str], want: &str| {
            let say = |text: &&str| Message::new(Role::User, *text);
            let window: Vec<Message> = window.iter().map(say).collect();
            let got = script.action(&[], &window).map(Value::to_string);
            assert_eq!(got.as_deref(), Some(want), "{window:?}");
        };
        check(&["task 1"], "{\"a\":0}");
        check(&["task 2"], "{\"a\":1}");
        check(&["it was four", "task 2"], "{\"a\":2}");
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = ScriptedCpu::parse("s", "{\"answer\":\"x\"}\nnonsense", None)
            .err()
            .unwrap();
        assert!(error.to_string().starts_with("s, line 2: "), "{error}");
    }

    #[tokio::test]
    async fn a_ticket_has_room_for_what_its_job_may_write_and_no_more() {
        let check = async |pieces_max: u32, want: usize| {
            let (sink, mut ticket) = Ticket::new(pieces_max);
            let piece = || Ok(Chunk::Text("word".into()));
            let taken = (0..10).take_while(|_| sink.try_send(piece()).is_ok());
            assert_eq!(taken.count(), want, "{pieces_max}");
            // What was read makes room.
            assert!(ticket.next().await.is_ok());
            assert!(sink.try_send(piece()).is_ok());
        };
        check(0, 2).await;
        check(1, 2).await;
        check(4, 5).await;
    }
}
