//! The steps of a process as they happen, on standard error: the action, the observation,
//! the cost. It sees a process only as the kernel's events.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use console::Style;
use quipu_kernel::event::Event;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::label::{Label, Secrecy, Suspicion, Trust};
use quipu_kernel::process::{Exit, Status, Usage};
use quipu_kernel::window::reminder::{Reminder, Source};
use serde_json::Value;

use crate::terminal::draft::Draft;
use crate::terminal::output::{columns, is_plain, one_line, seconds, shortened, visible};
use crate::terminal::parts::Shown;
use crate::terminal::reading::{Reading, still};
use crate::terminal::silence::{PATIENCE, Silence};
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
    /// What goes on at this moment.
    reading: Reading,
    /// Says that where no draft is seen.
    silence: Option<Silence>,
    /// The parts of the task as they were shown.
    parts: Shown,
    /// Milliseconds of the steps that were shown, of a process that was seen from its beginning.
    steps_ms: Option<u64>,
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
            reading: Reading::default(),
            silence: None,
            parts: Shown::default(),
            steps_ms: None,
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
        self.add_time(event);
        self.tell_now(event);
        self.tell_what_it_has(event);
        self.tell_what_it_does(event);
    }

    /// What a process begins with and is told beside its steps: its model, its tools, pages, a plan.
    fn tell_what_it_has(&mut self, event: &Event) {
        match event {
            Event::Started { steps, pid } if *steps > 0 => {
                let template = words().process_goes_on;
                self.dimmed(fill(template, &[("pid", pid), ("steps", steps)]));
            }
            Event::Instead {
                model,
                instead,
                reason,
                ..
            } => {
                let values: [(&str, &dyn Display); 3] =
                    [("model", model), ("instead", instead), ("reason", reason)];
                let words = fill(words().instead, &values);
                self.print(&self.mark.apply_to(visible(&words)).to_string());
            }
            Event::LeftOut { tool, reason, .. } => {
                let words = fill(words().left_out, &[("tool", tool), ("reason", reason)]);
                self.dimmed(visible(&words));
            }
            Event::Examples { ids, .. } => {
                let words = fill(words().taught, &[("ids", &ids.join(", "))]);
                self.dimmed(visible(&words));
            }
            Event::Suspected { label, .. } => {
                if let Some(said) = notable(label) {
                    let template = match said.is_unseen() {
                        true => words().unseen,
                        false => words().suspected,
                    };
                    let words = fill(template, &[("source", &label.source), ("said", &said)]);
                    self.print(&self.mark.apply_to(visible(&words)).to_string());
                }
            }
            Event::Reminded { reminder, .. } => self.dimmed(reminded(reminder)),
            Event::Planned { plan, dropped, .. } => {
                let dropped = dropped.iter();
                let dropped =
                    dropped.map(|why| fill(words().not_planned, &[("why", &visible(why))]));
                for line in planned(plan).into_iter().chain(dropped) {
                    self.dimmed(line);
                }
            }
            Event::Parts { parts, .. } => {
                for line in self.parts.changed(parts) {
                    self.dimmed(visible(&line));
                }
            }
            _ => {}
        }
    }

    /// The steps of a process, what becomes of its pages and children, and its end.
    fn tell_what_it_does(&mut self, event: &Event) {
        match event {
            Event::Token { text, .. } if self.live => self.draft.write(text),
            Event::Action {
                n,
                action,
                usage,
                ms,
                ..
            } => self.action(*n, action, usage, *ms),
            Event::Observation {
                n,
                text,
                shown,
                ok,
                label,
                ms,
                ..
            } => self.observation(*n, text, *ok, &note(*ms, label, shown.is_some())),
            Event::Evicted { page, tokens, .. } => {
                let words = fill(words().evicted, &[("page", page), ("tokens", tokens)]);
                self.dimmed(format!("        {words}"));
            }
            Event::Recalled { page, .. } => {
                let words = fill(words().recalled, &[("page", page)]);
                self.dimmed(format!("        {words}"));
            }
            Event::Lost { events, .. } => {
                let words = fill(words().lost, &[("events", events)]);
                self.dimmed(format!("        {words}"));
            }
            Event::Denied { missing, .. } => {
                self.dimmed(visible(&format!(
                    "hint: {}",
                    hints::grant_or_allow(missing)
                )));
            }
            Event::LimitHit { limit, text, .. } => {
                let text = hints::with_option(text, *limit);
                self.warned(fill(words().limit, &[("text", &visible(&text))]));
            }
            Event::Spawned { .. } | Event::Joined { .. } => {
                if let Some(line) = children::line(event) {
                    self.dimmed(line);
                }
            }
            Event::Deliberated { .. } => {
                for line in branches::lines(event).into_iter().flatten() {
                    self.dimmed(line);
                }
            }
            Event::Exited { exit, .. } => self.exited(exit),
            _ => {}
        }
    }

    /// Says what goes on at this moment: on a terminal in a line that the next one replaces,
    /// elsewhere in a line whenever nothing was seen for a while.
    fn tell_now(&mut self, event: &Event) {
        let reads = self.reading.note(event);
        match event {
            // A step comes after the answer of a person, too.
            Event::Started { .. } | Event::Step { .. } if !self.live && self.silence.is_none() => {
                let now = self.reading.now();
                let tell = move || say!("{}", still(&now));
                self.silence = Some(Silence::watch(PATIENCE, tell));
            }
            // A person is waited for, or the process has exited.
            Event::Question { .. } | Event::Approval { .. } | Event::Exited { .. } => {
                self.silence = None;
            }
            _ => {}
        }
        if let Some(line) = reads.filter(|_| self.live) {
            self.draft.line(&line);
        }
    }

    /// Adds up what the steps took.
    fn add_time(&mut self, event: &Event) {
        match event {
            Event::Started { steps, .. } => self.steps_ms = (*steps == 0).then_some(0),
            Event::Action { ms, .. } | Event::Observation { ms, .. } => {
                self.steps_ms = self.steps_ms.map(|sum| sum + ms);
            }
            _ => {}
        }
    }

    /// What a process does in a step, and what the decision cost.
    fn action(&mut self, n: u32, action: &Value, usage: &Usage, ms: u64) {
        let cost = format!("{} · {}", seconds(ms), counts(words().tokens, usage, &[]));
        let (verb, mut rest) = action_words(action);
        if verb == "answer" {
            // It follows on standard output.
            rest.clear();
        }
        let step = fill(words().step, &[("n", &n)]);
        self.print(&format!(
            "{}{}  {}",
            self.mark.apply_to(format!("{step}  {}", visible(&verb))),
            argument(&rest),
            self.dim.apply_to(cost)
        ));
    }

    /// What came back, with a `note` beside it.
    fn observation(&mut self, n: u32, text: &str, ok: bool, note: &str) {
        let arrow = match (is_plain(), ok) {
            (true, true) => words().result.to_owned(),
            (true, false) => words().failed.to_owned(),
            (false, true) => "→".to_owned(),
            (false, false) => "✗".to_owned(),
        };
        let text = match self.folds {
            true => folded(n, text, columns()),
            false => visible(&shortened(text, SHOWN_CHARS)).replace('\n', "\n          "),
        };
        self.print(&format!(
            "        {arrow} {text}  {}",
            self.dim.apply_to(note)
        ));
    }

    /// How a process ended, what it left undone, and what all of it cost.
    fn exited(&mut self, exit: &Exit) {
        let ended = hints::ended(exit).filter(|_| exit.status != Status::Interrupted);
        if let Some(error) = ended {
            self.warned(visible(&error));
        }
        if !exit.left.is_empty() {
            let left = fill(words().left_undone, &[("parts", &exit.left.join("; "))]);
            self.warned(visible(&left));
        }
        let mut time = seconds(exit.ms);
        if let Some(besides) = self.steps_ms.and_then(|steps| besides(exit.ms, steps)) {
            time.push_str(&besides);
        }
        self.dimmed(counts(words().sum, &exit.usage, &[("time", &time)]));
    }

    fn dimmed(&mut self, text: impl Display) {
        let text = self.dim.apply_to(text).to_string();
        self.print(&text);
    }

    fn warned(&mut self, text: impl Display) {
        let text = self.warn.apply_to(text).to_string();
        self.print(&text);
    }

    fn print(&mut self, text: &str) {
        self.draft.end();
        if let Some(silence) = &self.silence {
            silence.seen();
        }
        // Standard error may be closed; the work goes on without it.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Milliseconds besides its steps from which on a process says that it took them.
const BESIDES_MS: u64 = 1_000;

/// What of the `ms` of a process are not the `steps_ms` of its steps, where that is worth a word:
/// the sum that is told adds up.
fn besides(ms: u64, steps_ms: u64) -> Option<String> {
    let rest = ms.saturating_sub(steps_ms);
    (rest >= BESIDES_MS).then(|| fill(words().besides, &[("time", &seconds(rest))]))
}

/// `template` with the tokens of `usage` filled in, and `more`. Those that were read before, by
/// another process or for a decision of this one, are told where there are any.
pub fn counts(template: &str, usage: &Usage, more: &[(&str, &dyn Display)]) -> String {
    let before = match usage.cached_tokens {
        0 => String::new(),
        tokens => fill(words().read_before, &[("tokens", &tokens)]),
    };
    let known: [(&str, &dyn Display); 3] = [
        ("prompt", &usage.prompt_tokens),
        ("before", &before),
        ("generated", &usage.generated_tokens),
    ];
    fill(template, &[&known[..], more].concat())
}

/// What a detector says of the text with this `label`, where people are told of it.
fn notable(label: &Label) -> Option<Suspicion> {
    let told = |said: &Suspicion| said.is_notable() || said.is_unseen();
    label.suspicion.filter(told)
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
        notable(label).map(|said| match said.is_unseen() {
            true => words().not_looked_at.to_owned(),
            false => fill(words().suspicious, &[("said", &said)]),
        }),
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
    fn tokens_that_were_read_before_are_told_where_there_are_any() {
        let check = |cached_tokens: u32, want: &str| {
            let usage = Usage {
                prompt_tokens: 297,
                cached_tokens,
                generated_tokens: 24,
            };
            assert_eq!(counts(words().tokens, &usage, &[]), want);
        };
        check(0, "297 tokens + 24");
        check(268, "297 tokens (268 read before) + 24");
    }

    #[test]
    fn the_times_that_are_told_add_up() {
        let check = |ms: u64, steps_ms: u64, want: Option<&str>| {
            assert_eq!(besides(ms, steps_ms).as_deref(), want);
        };
        check(31_900, 31_000, None);
        // Steps of children run beside each other.
        check(31_000, 62_000, None);
        let want = " (76.4 s besides the steps: decisions before and between them, waiting)";
        check(107_400, 31_000, Some(want));
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
