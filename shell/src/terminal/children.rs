//! Processes that a process started, as lines to show, and processes in the order of a tree.

use std::collections::BTreeMap;

use quipu_kernel::event::Event;
use quipu_kernel::journal::ProcessRow;
use quipu_kernel::process::{Pid, State, Status};
use serde_json::Value;

use crate::terminal::output::{counted, one_line, shortened, visible};
use crate::terminal::words::{fill, words};

/// Characters of an answer on its line.
const ANSWER_CHARS: usize = 70;

/// The line of an event about a child; `None` for any other.
pub fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Spawned { child, task, .. } => {
            let task = visible(&shortened(&one_line(task), ANSWER_CHARS));
            fill(words().child_began, &[("pid", child), ("task", &task)])
        }
        Event::Joined {
            child,
            status,
            answer,
            ..
        } => {
            let said = said(*status, answer.as_deref());
            fill(words().child_ended, &[("pid", child), ("said", &said)])
        }
        _ => return None,
    })
}

/// What came of a process: its answer, with its status where that says more.
fn said(status: Status, answer: Option<&str>) -> String {
    let word = status.as_str().to_owned();
    let answer = answer.map(|answer| visible(&shortened(&one_line(answer), ANSWER_CHARS)));
    match (status, answer) {
        (Status::Exited, Some(answer)) => answer,
        (_, Some(answer)) => format!("{word}, {answer}"),
        (_, None) => word,
    }
}

/// A child of a process in its log.
pub fn of_log(row: &ProcessRow) -> String {
    let ended = row.exit.as_ref().filter(|_| row.state == State::Exited);
    let said = match ended {
        Some(exit) => {
            let answer = exit.answer.as_ref();
            let answer = answer.map(|answer| match answer {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            said(exit.status, answer.as_deref())
        }
        None => row.state_word().to_owned(),
    };
    let asked = visible(&shortened(&one_line(row.asked()), 40));
    format!(
        "  process {} ({}) {asked}: {said}",
        row.pid,
        counted(row.steps, "step")
    )
}

/// Processes, newest first, each before the ones that it started; with how deep each stands.
/// One whose parent is not there stands by itself.
pub fn tree(rows: Vec<ProcessRow>) -> Vec<(usize, ProcessRow)> {
    let there: Vec<Pid> = rows.iter().map(|row| row.pid).collect();
    let mut children: BTreeMap<Pid, Vec<ProcessRow>> = BTreeMap::new();
    let mut first = Vec::new();
    for row in rows {
        let parent = row.child_of.map(|child_of| child_of.pid);
        match parent.filter(|parent| there.contains(parent)) {
            // Those of one parent in the order in which they were started.
            Some(parent) => children.entry(parent).or_default().insert(0, row),
            None => first.push(row),
        }
    }
    let mut tree = Vec::new();
    let mut next: Vec<(usize, ProcessRow)> = first.into_iter().rev().map(|row| (0, row)).collect();
    while let Some((depth, row)) = next.pop() {
        let below = children.remove(&row.pid).unwrap_or_default();
        next.extend(below.into_iter().rev().map(|row| (depth + 1, row)));
        tree.push((depth, row));
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use quipu_kernel::process::ChildOf;

    #[test]
    fn what_happens_to_children_is_a_line() {
        let check = |event: Event, want: &str| assert_eq!(line(&event).as_deref(), Some(want));
        let joined = |status, answer: Option<&str>| Event::Joined {
            pid: 1,
            child: 2,
            status,
            answer: answer.map(str::to_owned),
        };
        let spawned = Event::Spawned {
            pid: 1,
            child: 2,
            task: "Count\nthe knots.".into(),
        };
        check(spawned, "        process 2: Count the knots.");
        check(joined(Status::Exited, Some("7")), "        process 2 → 7");
        check(
            joined(Status::Limit, Some("7")),
            "        process 2 → limit, 7",
        );
        check(joined(Status::Failed, None), "        process 2 → failed");
    }

    #[test]
    fn processes_stand_below_those_that_started_them() {
        let row = |pid, parent: Option<Pid>| ProcessRow {
            pid,
            state: State::Ready,
            steps: 0,
            agent: String::new(),
            prompt: String::new(),
            topic: None,
            after: None,
            branch: None,
            child_of: parent.map(|pid| ChildOf {
                pid,
                step: 1,
                at: 0,
            }),
            of_stranger: false,
            priority: 0,
            model: String::new(),
            created_ms: 0,
            updated_ms: 0,
            exit: None,
            imported: false,
        };
        let rows = vec![
            row(7, Some(9)),
            row(6, None),
            row(5, Some(2)),
            row(4, Some(3)),
            row(3, Some(2)),
            row(2, None),
        ];
        let order: Vec<(usize, Pid)> = tree(rows).iter().map(|(d, row)| (*d, row.pid)).collect();
        assert_eq!(order, [(0, 7), (0, 6), (0, 2), (1, 3), (2, 4), (1, 5)]);
    }
}
