//! The log of a process as a document in Markdown. Words of models and tools stand in fences that
//! they cannot end.

use quipu_kernel::journal::{Outcome, ProcessRow, StepRow};
use quipu_kernel::label::{Secrecy, Trust};
use quipu_kernel::process::Exit;

use crate::terminal::hints;
use crate::terminal::output::{counted, seconds, visible};
use crate::terminal::render::action_words;

/// The process `row` with its `steps`, which perhaps `is_under_way`.
pub fn of(row: &ProcessRow, steps: &[StepRow], is_under_way: bool) -> String {
    let mut text = format!("# Process {}\n\nModel: {}\n", row.pid, visible(&row.model));
    if !row.agent.is_empty() {
        text.push_str(&format!("Agent: {}\n", visible(&row.agent)));
    }
    text.push_str(&format!("\n## Task\n\n{}", fenced(&row.prompt)));
    for step in steps {
        let (verb, rest) = action_words(&step.action);
        if verb == "answer" {
            continue;
        }
        text.push_str(&format!("\n## Step {}: {}\n\n", step.n, visible(&verb)));
        text.push_str(&fenced(&rest));
        match &step.outcome {
            None if is_under_way => text.push_str("\nUnder way.\n"),
            None => text.push_str("\nThe machine stopped here.\n"),
            Some(outcome) => text.push_str(&came_of(outcome, step.decide_ms)),
        }
    }
    if let Some(exit) = &row.exit {
        text.push_str(&end(exit));
    }
    text
}

/// The outcome of a step that was decided in `decide_ms` milliseconds.
fn came_of(outcome: &Outcome, decide_ms: u64) -> String {
    let failed = if outcome.ok { "" } else { "Failed. " };
    let label = &outcome.label;
    let from = match label.trust {
        Trust::Untrusted => format!("Untrusted, from {}. ", visible(&label.source)),
        _ => String::new(),
    };
    let kept = match label.secrecy {
        Secrecy::Public => "",
        Secrecy::Private => "Private. ",
        Secrecy::Secret => "Secret. ",
    };
    let said = label.suspicion.map(|said| format!("Suspicion {said}. "));
    let said = said.unwrap_or_default();
    let ms = seconds(decide_ms + outcome.ms);
    format!(
        "\n{failed}{from}{said}{kept}{ms}\n\n{}",
        fenced(&outcome.text)
    )
}

/// The answer, or why there is none, and what the process cost.
fn end(exit: &Exit) -> String {
    let mut text = match &exit.answer {
        Some(answer) => {
            let said = answer.as_str().map(str::to_owned);
            let said = said.unwrap_or_else(|| answer.to_string());
            format!("\n## Answer\n\n{}", fenced(&said))
        }
        None => {
            let why = hints::ended(exit).unwrap_or_default();
            format!("\n## No answer\n\n{}\n", visible(&why))
        }
    };
    let usage = exit.usage;
    let before = match usage.cached_tokens {
        0 => String::new(),
        tokens => format!(" ({tokens} read before)"),
    };
    text.push_str(&format!(
        "\n{} · {}{before} · {} generated\n",
        seconds(exit.ms),
        counted(usage.prompt_tokens, "prompt token"),
        usage.generated_tokens
    ));
    text
}

/// `text` in a fence with more backticks than it has in a row.
fn fenced(text: &str) -> String {
    let (mut longest, mut row) = (2, 0);
    for c in text.chars() {
        row = if c == '`' { row + 1 } else { 0 };
        longest = longest.max(row);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}\n{}\n{fence}\n", visible(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_fence() {
        let check = |text: &str, want: &str| assert_eq!(fenced(text), want);
        check("a", "```\na\n```\n");
        check("```\n# b", "````\n```\n# b\n````\n");
        check("`````", "``````\n`````\n``````\n");
    }
}
