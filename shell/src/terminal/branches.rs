//! The branches of a deliberation, a line each.

use quipu_kernel::deliberation::BranchReport;
use quipu_kernel::event::Event;
use quipu_kernel::process::Way;

use crate::terminal::output::{shortened, visible};

/// Characters of a branch's answer in the list of branches.
const ANSWER_CHARS: usize = 60;

/// The event of a deliberation as lines to show: what was chosen, then each branch.
pub fn lines(event: &Event) -> Option<Vec<String>> {
    let Event::Deliberated {
        branches,
        confidence,
        ..
    } = event
    else {
        return None;
    };
    let agree = branches.iter().filter(|branch| branch.agrees).count();
    let mut head = format!("thought along {} branches, {agree} agree", branches.len());
    if let Some(confidence) = confidence {
        head.push_str(&format!(", confidence {confidence:.2}"));
    }
    let mut lines = vec![head];
    lines.extend(branches.iter().map(line));
    Some(lines)
}

/// A branch on one line: whether it agrees, its way, its process, its answer.
pub fn line(branch: &BranchReport) -> String {
    let way = way(branch.way);
    let answer = match &branch.answer {
        None => "no answer".to_owned(),
        Some(answer) => {
            let text = answer
                .as_str()
                .map_or_else(|| answer.to_string(), str::to_owned);
            let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            visible(&shortened(&one_line, ANSWER_CHARS))
        }
    };
    let mark = if branch.agrees { "=" } else { "≠" };
    format!("  {mark} {way} (process {}): {answer}", branch.pid)
}

/// The way of a branch in words.
pub fn way(way: Option<Way>) -> &'static str {
    match way {
        None => "as usual",
        Some(Way::Program) => "program",
        Some(Way::Thought) => "thought",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quipu_kernel::process::Status;
    use serde_json::json;

    #[test]
    fn branches_are_listed() {
        let branch = |pid, way, answer: Option<&str>, agrees| BranchReport {
            pid,
            way,
            status: Status::Exited,
            answer: answer.map(|answer| json!(answer)),
            agrees,
        };
        let event = Event::Deliberated {
            pid: 4,
            chosen: 4,
            branches: vec![
                branch(4, None, Some("18"), true),
                branch(5, Some(Way::Thought), Some("There are\n18."), true),
                branch(6, Some(Way::Program), None, false),
            ],
            confidence: Some(0.914),
        };
        let shown = lines(&event).unwrap().join("\n");
        insta::assert_snapshot!(shown, @r"
        thought along 3 branches, 2 agree, confidence 0.91
          = as usual (process 4): 18
          = thought (process 5): There are 18.
          ≠ program (process 6): no answer
        ");
    }
}
