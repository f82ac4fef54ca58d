//! The branches of a deliberation, a line each.

use std::fmt::Display;

use quipu_kernel::deliberation::BranchReport;
use quipu_kernel::event::Event;
use quipu_kernel::process::Way;

use crate::terminal::output::{shortened, visible};
use crate::terminal::words::{fill, words};

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
    let count = branches.len();
    let along: [(&str, &dyn Display); 2] = [("branches", &count), ("agree", &agree)];
    let mut head = fill(words().thought_along, &along);
    if let Some(confidence) = confidence {
        let confidence = format!("{confidence:.2}");
        head.push_str(&fill(words().confidence, &[("confidence", &confidence)]));
    }
    let mut lines = vec![head];
    lines.extend(branches.iter().map(line));
    Some(lines)
}

/// A branch on one line: whether it agrees, its way, its process, its answer.
pub fn line(branch: &BranchReport) -> String {
    let way = way(branch.way);
    let answer = match &branch.answer {
        None => words().no_answer.to_owned(),
        Some(answer) => {
            let text = answer
                .as_str()
                .map_or_else(|| answer.to_string(), str::to_owned);
            let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            visible(&shortened(&one_line, ANSWER_CHARS))
        }
    };
    let mark = if branch.agrees { "=" } else { "≠" };
    let values: [(&str, &dyn Display); 4] = [
        ("mark", &mark),
        ("way", &way),
        ("pid", &branch.pid),
        ("answer", &answer),
    ];
    fill(words().branch, &values)
}

/// The way of a branch in words.
pub fn way(way: Option<Way>) -> &'static str {
    match way {
        None => words().way_usual,
        Some(Way::Program) => words().way_program,
        Some(Way::Thought) => words().way_thought,
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
