//! The steps of a process as they happen, on standard error: the action, the observation,
//! the cost. It sees a process only as the kernel's events.

use std::io::{IsTerminal, Write};

use console::Style;
use quipu_kernel::event::Event;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::label::{Label, Secrecy, Suspicion, Trust};
use quipu_kernel::process::Status;
use quipu_kernel::window::reminder::{Reminder, Source};
use serde_json::Value;

use crate::terminal::draft::Draft;
use crate::terminal::output::{columns, is_plain, one_line, seconds, shortened, visible};
use crate::terminal::parts::Shown;
use crate::terminal::words::{fill, words};
use crate::terminal::writing::calls_words;
use crate::terminal::{branches, children, hints};

/// Characters of an observation shown; the whole is in `quipu log`.
const SHOWN_CHARS: usize = 600;

/// Shows the steps of one process.
pub struct Renderer {
    live: bool,
    /// Whether what came back is one line, and the rest is asked for.
    folds: bool,
    draft: Draft,
    /// The parts of the task as they were shown.
    parts: Shown,
    dim: Style,
    mark: Style,
    warn: Style,
}

impl Renderer {
    /// A renderer for standard error; colour and streaming only on a terminal.
    pub fn new() -> Self {
        let live = std::io::stderr().is_terminal() && !is_plain();
        let colour = console::colors_enabled_stderr();
        let style = |style: Style| style.for_stderr().force_styling(colour);
        Self {
            live,
            folds: false,
            draft: Draft::new(style(Style::new().dim())),
            parts: Shown::default(),
            dim: style(Style::new().dim()),
            mark: style(Style::new().cyan().bold()),
            warn: style(Style::new().yellow()),
        }
    }

    /// One that shows a line of what comes back, for a shell that shows the rest on demand.
    pub fn folded() -> Self {
        Self {
            folds: true,
            ..Self::new()
        }
    }

    /// Shows one event.
    pub fn show(&mut self, event: &Event) {
        match event {
            Event::Started { steps, pid } if *steps > 0 => {
                self.print(
                    &self
                        .dim
                        .apply_to(fill(
                            words().process_goes_on,
                            &[("pid", pid), ("steps", steps)],
                        ))
                        .to_string(),
                );
            }
            Event::LeftOut { tool, reason, .. } => {
                let words = fill(words().left_out, &[("tool", tool), ("reason", reason)]);
                self.print(&self.dim.apply_to(visible(&words)).to_string());
            }
            Event::Examples { ids, .. } => {
                let words = fill(words().taught, &[("ids", &ids.join(", "))]);
                self.print(&self.dim.apply_to(visible(&words)).to_string());
            }
            Event::Suspected { label, .. } => {
                if let Some(said) = notable(label) {
                    let words = fill(
                        words().suspected,
                        &[("source", &label.source), ("said", &said)],
                    );
                    self.print(&self.mark.apply_to(visible(&words)).to_string());
                }
            }
            Event::Reminded { reminder, .. } => {
                let words = reminded(reminder);
                self.print(&self.dim.apply_to(words).to_string());
            }
            Event::Planned { plan, dropped, .. } => {
                let dropped = dropped.iter();
                let dropped =
                    dropped.map(|why| fill(words().not_planned, &[("why", &visible(why))]));
                for line in planned(plan).into_iter().chain(dropped) {
                    self.print(&self.dim.apply_to(line).to_string());
                }
            }
            Event::Parts { parts, .. } => {
                for line in self.parts.changed(parts) {
                    self.print(&self.dim.apply_to(visible(&line)).to_string());
                }
            }
            Event::Step {
                n, prompt_tokens, ..
            } if self.live => {
                let waiting = fill(words().reading, &[("n", n), ("tokens", prompt_tokens)]);
                self.draft.line(&waiting);
            }
            Event::Token { text, .. } if self.live => self.draft.write(text),
            Event::Action {
                n,
                action,
                usage,
                ms,
                ..
            } => {
                let tokens = fill(
                    words().tokens,
                    &[
                        ("prompt", &usage.prompt_tokens),
                        ("cached", &usage.cached_tokens),
                        ("generated", &usage.generated_tokens),
                    ],
                );
                let cost = format!("{} · {tokens}", seconds(*ms));
                let (verb, mut rest) = action_words(action);
                if verb == "answer" {
                    // It follows on standard output.
                    rest.clear();
                }
                self.print(&format!(
                    "{}{}  {}",
                    self.mark.apply_to(format!(
                        "{}  {}",
                        fill(words().step, &[("n", n)]),
                        visible(&verb)
                    )),
                    argument(&rest),
                    self.dim.apply_to(cost)
                ));
            }
            Event::Observation {
                n,
                text,
                shown,
                ok,
                label,
                ms,
                ..
            } => {
                let arrow = match (is_plain(), ok) {
                    (true, true) => format!("{}:", words().result),
                    (true, false) => format!("{}:", words().failed),
                    (false, true) => "→".to_owned(),
                    (false, false) => "✗".to_owned(),
                };
                let note = note(*ms, label, shown.is_some());
                let text = match self.folds {
                    true => folded(*n, text, columns()),
                    false => visible(&shortened(text, SHOWN_CHARS)).replace('\n', "\n          "),
                };
                self.print(&format!(
                    "        {arrow} {text}  {}",
                    self.dim.apply_to(note)
                ));
            }
            Event::Evicted { page, tokens, .. } => {
                self.print(
                    &self
                        .dim
                        .apply_to(format!(
                            "        {}",
                            fill(words().evicted, &[("page", page), ("tokens", tokens)])
                        ))
                        .to_string(),
                );
            }
            Event::Recalled { page, .. } => {
                self.print(
                    &self
                        .dim
                        .apply_to(format!(
                            "        {}",
                            fill(words().recalled, &[("page", page)])
                        ))
                        .to_string(),
                );
            }
            Event::Lost { events, .. } => {
                let words = fill(words().lost, &[("events", events)]);
                self.print(&self.dim.apply_to(format!("        {words}")).to_string());
            }
            Event::Denied { missing, .. } => {
                let hint = visible(&format!("hint: {}", hints::grant_or_allow(missing)));
                self.print(&self.dim.apply_to(hint).to_string());
            }
            Event::LimitHit { limit, text, .. } => {
                let text = hints::with_option(text, *limit);
                self.print(
                    &self
                        .warn
                        .apply_to(fill(words().limit, &[("text", &visible(&text))]))
                        .to_string(),
                );
            }
            Event::Spawned { .. } | Event::Joined { .. } => {
                if let Some(line) = children::line(event) {
                    self.print(&self.dim.apply_to(line).to_string());
                }
            }
            Event::Deliberated { .. } => {
                for line in branches::lines(event).into_iter().flatten() {
                    self.print(&self.dim.apply_to(line).to_string());
                }
            }
            Event::Exited { exit, .. } => {
                let ended = hints::ended(exit).filter(|_| exit.status != Status::Interrupted);
                if let Some(error) = ended {
                    self.print(&self.warn.apply_to(visible(&error)).to_string());
                }
                if !exit.left.is_empty() {
                    let left = fill(words().left_undone, &[("parts", &exit.left.join("; "))]);
                    self.print(&self.warn.apply_to(visible(&left)).to_string());
                }
                let usage = exit.usage;
                let sum = fill(
                    words().sum,
                    &[
                        ("time", &seconds(exit.ms)),
                        ("prompt", &usage.prompt_tokens),
                        ("cached", &usage.cached_tokens),
                        ("generated", &usage.generated_tokens),
                    ],
                );
                self.print(&self.dim.apply_to(sum).to_string());
            }
            _ => {}
        }
    }

    fn print(&mut self, text: &str) {
        self.draft.end();
        // Standard error may be closed; the work goes on without it.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// What a detector says of the text with this `label`, where people are told of it.
fn notable(label: &Label) -> Option<Suspicion> {
    label.suspicion.filter(|said| said.is_notable())
}

/// What stands beside an observation that took `ms`: that nobody vouches for it, that it reads like
/// an attack, that the process has it by its handle only, and that it is not for all.
fn note(ms: u64, label: &Label, held: bool) -> String {
    let from = fill(words().untrusted, &[("source", &visible(&label.source))]);
    let kept = match label.secrecy {
        Secrecy::Public => None,
        Secrecy::Private => Some(words().private),
        Secrecy::Secret => Some(words().secret),
    };
    let parts = [
        Some(seconds(ms)),
        (label.trust == Trust::Untrusted).then_some(from),
        notable(label).map(|said| fill(words().suspicious, &[("said", &said)])),
        held.then(|| words().held_back.to_owned()),
        kept.map(str::to_owned),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Characters of a line that are left for what stands beside an observation.
const BESIDE: usize = 40;

/// The first line of an observation, as far as it fits, and how many come after it.
fn folded(n: u32, text: &str, columns: usize) -> String {
    let mut lines = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let shown = shortened(&one_line(first), columns.saturating_sub(BESIDE).max(BESIDE));
    let more = lines.count() + usize::from(shown.ends_with('…') && !first.ends_with('…'));
    match more {
        0 => visible(&shown),
        more => {
            let more = fill(words().more, &[("lines", &more), ("n", &n)]);
            format!("{} {more}", visible(&shown))
        }
    }
}

/// What a process was told of the store before its first step.
pub fn reminded(reminder: &Reminder) -> String {
    let source = |page: &Source| match page.trust {
        Trust::Untrusted => {
            let from = fill(words().untrusted, &[("source", &page.source)]);
            format!("{} ({from})", page.id)
        }
        _ => page.id.to_string(),
    };
    let mut parts: Vec<String> = reminder.pages.iter().map(source).collect();
    if reminder.strangers > 0 {
        parts.push(fill(words().strangers, &[("pages", &reminder.strangers)]));
    }
    if parts.is_empty() {
        parts.push(words().empty_notes.to_owned());
    }
    let what = visible(&parts.join(", "));
    fill(
        words().reminded,
        &[("what", &what), ("tokens", &reminder.tokens)],
    )
}

/// The effects that a process may do on its own, a line each.
pub fn planned(plan: &Plan) -> Vec<String> {
    let line = |effect: String| fill(words().planned, &[("effect", &visible(&effect))]);
    plan.told().into_iter().map(line).collect()
}

/// What stands behind an action's name, on the same line.
fn argument(rest: &str) -> String {
    match one_line(rest) {
        rest if rest.is_empty() => rest,
        rest => format!(" {}", visible(&rest)),
    }
}

/// What an action does, and with what.
pub fn action_words(action: &Value) -> (String, String) {
    if let Some(tool) = action.get("tool").and_then(Value::as_str) {
        let args = action.get("args").map(Value::to_string).unwrap_or_default();
        return (tool.to_owned(), args);
    }
    if let Some(calls) = action.get("calls").and_then(Value::as_array) {
        return calls_words(calls);
    }
    for key in ["answer", "ask", "malformed"] {
        if let Some(value) = action.get(key) {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            return (key.to_owned(), shortened(&text, 200));
        }
    }
    ("?".to_owned(), action.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_it_says_who_has_it() {
        let check = |trust: Trust, secrecy: Secrecy, held: bool, want: &str| {
            let mut label = Label::new("tool:post", trust);
            label.secrecy = secrecy;
            assert_eq!(note(1500, &label, held), want);
        };
        check(Trust::User, Secrecy::Public, false, "1.5 s");
        let strange = "1.5 s · untrusted, from tool:post";
        check(Trust::Untrusted, Secrecy::Public, false, strange);
        let held = "1.5 s · untrusted, from tool:post · held back · private";
        check(Trust::Untrusted, Secrecy::Private, true, held);
        let check = |score: f32, want: &str| {
            let said = Some(Suspicion::new(score, 1.0));
            let label = Label::new("tool:post", Trust::Untrusted).suspected(said);
            assert_eq!(note(1500, &label, false), want);
        };
        check(0.89, strange);
        check(0.97, &format!("{strange} · reads like an attack: 0.97"));
    }

    #[test]
    fn what_comes_back_is_folded_to_a_line() {
        let check = |text: &str, want: &str| assert_eq!(folded(3, text, 60), want);
        check("42", "42");
        check("", "");
        check("\n  one\n\ntwo\nthree\n", "one [more lines: 2, /step 3]");
        let long = "x".repeat(50);
        let cut = format!("{}… [more lines: 1, /step 3]", "x".repeat(40));
        check(&long, &cut);
    }
}
