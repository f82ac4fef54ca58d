//! The branches of a deliberation, a line each.

use std::fmt::Display;

use quipu_kernel::deliberation::BranchReport;
use quipu_kernel::event::Event;
use quipu_kernel::process::{Way, text_of};

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
    let answering = branches.iter().filter(|branch| !is_a_referee(branch));
    let agree = match agree {
        0 | 1 => words().none_agree.to_owned(),
        agree => fill(words().some_agree, &[("count", &agree)]),
    };
    let count = answering.count();
    let mut head = match count {
        // The others could not turn the choice, or none was started.
        0 | 1 => words().compared_none.to_owned(),
        _ => fill(words().compared, &[("count", &count), ("agree", &agree)]),
    };
    if let Some(confidence) = confidence {
        let confidence = format!("{confidence:.2}");
        head.push_str(&fill(words().confidence, &[("confidence", &confidence)]));
    }
    let mut lines = vec![head];
    lines.extend(tree(branches));
    Some(lines)
}

fn is_a_referee(branch: &BranchReport) -> bool {
    branch.way.is_some_and(Way::is_a_referee)
}

/// The branches as a tree: one that was forked off another stands below that, further in.
pub fn tree(branches: &[BranchReport]) -> Vec<String> {
    let is_there = |pid| branches.iter().any(|branch| branch.pid == pid);
    let mut lines = Vec::new();
    for branch in branches {
        // What was forked off one that is not shown stands with the others.
        if branch.from.is_none_or(|from| !is_there(from)) {
            grow(branches, branch, 1, &mut lines);
        }
    }
    lines
}

fn grow(branches: &[BranchReport], branch: &BranchReport, depth: usize, into: &mut Vec<String>) {
    into.push(format!("{}{}", "  ".repeat(depth), line(branch)));
    // A process is forked off one that was there before it.
    let forked = branches
        .iter()
        .filter(|other| other.from == Some(branch.pid) && other.pid > branch.pid);
    for other in forked {
        grow(branches, other, depth + 1, into);
    }
}

/// A branch on one line: whether it agrees, its way, its process, its answer.
fn line(branch: &BranchReport) -> String {
    let way = match branch.from {
        Some(from) => fill(words().forked_off, &[("pid", &from)]),
        None => way(branch.way).to_owned(),
    };
    let answer = match &branch.answer {
        None => words().no_answer.to_owned(),
        Some(answer) => {
            let text = text_of(answer);
            let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            visible(&shortened(&one_line, ANSWER_CHARS))
        }
    };
    let mark = match (is_a_referee(branch), branch.agrees) {
        (true, _) => "?",
        (_, true) => "=",
        (_, false) => "≠",
    };
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
    let words = words();
    match way {
        None => words.way_usual,
        Some(Way::Program) => words.way_program,
        Some(Way::Thought) => words.way_thought,
        Some(Way::Calculator) => words.way_calculator,
        Some(Way::Search) => words.way_search,
        Some(Way::Check) => words.way_check,
        Some(Way::Weigh) => words.way_weigh,
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
            from: (pid == 7).then_some(5),
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
                branch(7, Some(Way::Thought), Some("17"), false),
                branch(8, Some(Way::Check), Some("[True, False]"), false),
            ],
            confidence: Some(0.914),
        };
        let shown = lines(&event).unwrap().join("\n");
        insta::assert_snapshot!(shown, @r"
        compared 4 branches: 2 agree, confidence 0.91
          = as usual (process 4): 18
          = thought (process 5): There are 18.
            ≠ forked off 5 (process 7): 17
          ≠ program (process 6): no answer
          ? checked by a program (process 8): [True, False]
        ");
        let alone = Event::Deliberated {
            pid: 4,
            chosen: 4,
            branches: vec![branch(4, None, Some("18"), true)],
            confidence: None,
        };
        assert_eq!(
            lines(&alone).unwrap(),
            [
                "no other branch was compared",
                "  = as usual (process 4): 18"
            ]
        );
    }
}
