//! From results that were right to candidates for skills; what is left out is counted by its
//! reason.

use std::collections::BTreeMap;

use quipu_kernel::label::{Secrecy, Trust};
use quipu_kernel::process::Turn;
use serde_json::json;

use crate::cli::eval::cases::Case;
use crate::cli::eval::rows::Row;
use crate::cli::eval::trace::Step;
use crate::session::learnt::{Origin, Shows, Skill, apart};
use crate::terminal::output::shortened;

/// Steps of a run that can be an example.
const STEPS_MAX: usize = 6;
/// Characters of an observation that an example shows.
const OBSERVATION_CHARS: usize = 400;
/// Characters of the task and of all actions together, some 500 tokens.
const CHARS_MAX: usize = 2_000;

/// The candidates, and why the other cases give none.
#[derive(Debug, Default)]
pub struct Harvest {
    /// The candidates, the shortest first.
    pub skills: Vec<Skill>,
    /// How many results were left out, by the reason.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// Makes candidates of the `rows` of `cases` in the file `suite`: at most `most`, and none that
/// says the same as a `known` one.
pub fn harvest(
    cases: &[&Case],
    rows: &[Row],
    suite: &str,
    known: &[Skill],
    (most, now_ms): (usize, i64),
) -> Harvest {
    let mut harvest = Harvest::default();
    let mut found = Vec::new();
    for row in rows {
        let Some(case) = cases.iter().find(|case| case.id == row.id) else {
            continue;
        };
        match turns(case, row) {
            Ok((turns, by_model)) => found.push(skill(case, row, turns, by_model, suite, now_ms)),
            Err(reason) => *harvest.left_out.entry(reason).or_default() += 1,
        }
    }
    // A short example leaves room for another one.
    found.sort_by_key(|skill| (size(&skill.task, &skill.turns), skill.id.clone()));
    let before = found.len();
    harvest.skills = apart(known, found, most);
    if harvest.skills.len() < before {
        let more = before - harvest.skills.len();
        harvest.left_out.insert("like another, or too many", more);
    }
    harvest
}

fn skill(
    case: &Case,
    row: &Row,
    turns: Vec<Turn>,
    by_model: bool,
    suite: &str,
    now_ms: i64,
) -> Skill {
    let task = case.prompt.trim().to_owned();
    Skill {
        id: Skill::id_of(&task, &turns),
        task,
        turns,
        origin: Origin {
            suite: suite.to_owned(),
            case: case.id.clone(),
            model: by_model.then(|| row.model.clone()),
            learnt_ms: now_ms,
        },
        gain: None,
        on: true,
        set: 0,
    }
}

/// The turns of an example made of `row`, and whether the model did them itself.
///
/// # Errors
/// Why `row` gives no example.
fn turns(case: &Case, row: &Row) -> Result<(Vec<Turn>, bool), &'static str> {
    let own_tools = !case.functions.is_empty() || !case.pages.is_empty();
    if own_tools {
        return Err("it has tools or pages of its own");
    }
    if row.error.is_some() {
        return Err("it could not be run");
    }
    let (turns, by_model) = match (row.passed, &case.answer) {
        (true, _) => (of_run(&row.trace, row.read, row.secrecy)?, true),
        (false, Some(answer)) => {
            let turn = Turn {
                action: json!({ "answer": answer }),
                observation: None,
            };
            (vec![turn], false)
        }
        (false, None) => return Err("it did not hold"),
    };
    let told = !case.documents.is_empty() || !case.before.is_empty();
    let answers = turns.len() == 1 && turns[0].action.get("answer").is_some();
    match (told && answers, size(&case.prompt, &turns) > CHARS_MAX) {
        (true, _) => Err("its answer rests on what the case had stored"),
        (_, true) => Err("it is too long"),
        _ => Ok((turns, by_model)),
    }
}

fn of_run(
    trace: &[Step],
    read: Option<Trust>,
    secrecy: Secrecy,
) -> Result<Vec<Turn>, &'static str> {
    // A stranger's words would be shown as an example of what is right.
    if read.is_none_or(|read| read < Trust::User) {
        return Err("it read what others wrote");
    }
    // An example is shown to any model, and to whoever asks an agent.
    if !secrecy.is_public() {
        return Err("it read what is private");
    }
    if trace.is_empty() || trace.len() > STEPS_MAX {
        return Err("it is too long");
    }
    let (before, last) = trace.split_at(trace.len() - 1);
    if before.iter().any(|step| !step.ok) {
        return Err("some of its steps failed");
    }
    if last
        .iter()
        .any(|step| step.action.get("malformed").is_some())
    {
        return Err("some of its steps failed");
    }
    let turn = |(n, step): (usize, &Step)| Turn {
        action: step.action.clone(),
        observation: (n + 1 < trace.len()).then(|| shortened(&step.observation, OBSERVATION_CHARS)),
    };
    Ok(trace.iter().enumerate().map(turn).collect())
}

/// Characters of the task and of the actions.
fn size(task: &str, turns: &[Turn]) -> usize {
    let actions = turns.iter().map(|turn| turn.action.to_string());
    let actions: usize = actions.map(|action| action.chars().count()).sum();
    task.chars().count() + actions
}

/// The skills that show each kind of thing, where there are several kinds.
pub fn by_kind(skills: &[Skill]) -> Vec<(Shows, Vec<Skill>)> {
    let mut kinds: BTreeMap<Shows, Vec<Skill>> = BTreeMap::new();
    for skill in skills {
        kinds.entry(skill.shows()).or_default().push(skill.clone());
    }
    match kinds.len() {
        0 | 1 => Vec::new(),
        _ => kinds.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn case(value: Value) -> Case {
        let mut case = json!({"id": 1, "prompt": "How many legs have two dogs?"});
        for (key, value) in value.as_object().unwrap() {
            case[key] = value.clone();
        }
        serde_json::from_value(case).unwrap()
    }

    fn row(value: Value) -> Row {
        let mut row = json!({"id": 1, "model": "m", "passed": true, "read": "user",
            "trace": [{"action": {"answer": "8"}, "observation": "8", "ok": true}]});
        for (key, value) in value.as_object().unwrap() {
            row[key] = value.clone();
        }
        serde_json::from_value(row).unwrap()
    }

    /// `want` is the reason why there is no candidate, or what the candidate does.
    fn check(case_is: Value, row_is: Value, want: &str) {
        let (case, row) = (case(case_is), row(row_is));
        let harvest = harvest(&[&case], &[row], "s.jsonl", &[], (9, 0));
        let said = match harvest.skills.first() {
            Some(skill) => serde_json::to_string(&skill.turns).unwrap(),
            None => json!(harvest.left_out).to_string(),
        };
        assert!(said.contains(want), "{said}");
    }

    #[test]
    fn what_was_right_and_clean_becomes_a_candidate() {
        let answer = r#"[{"action":{"answer":"8"}}]"#;
        check(json!({}), json!({}), answer);
        check(json!({}), json!({"passed": false}), "did not hold");
        check(
            json!({}),
            json!({"error": "no", "passed": false}),
            "not be run",
        );
        // What was read by a stranger's words never becomes an example.
        check(json!({}), json!({"read": "untrusted"}), "others wrote");
        check(json!({}), json!({"read": null}), "others wrote");
        check(json!({}), json!({"secrecy": "private"}), "is private");
        check(json!({"pages": {"a.html": "b"}}), json!({}), "of its own");
        check(
            json!({"documents": [{"text": "Dogs have four legs."}]}),
            json!({}),
            "had stored",
        );
        let call = json!({"tool": "calculator.calculate", "args": {"expression": "2*4"}});
        let step = |ok: bool| {
            json!({"trace": [{"action": call, "observation": "8", "ok": ok},
                {"action": {"answer": "8"}, "observation": "8", "ok": true}]})
        };
        check(
            json!({}),
            step(true),
            r#""observation":"8"},{"action":{"answer":"8"}}"#,
        );
        check(json!({}), step(false), "failed");
        check(json!({"prompt": "x".repeat(3_000)}), json!({}), "too long");
        // Its user has told what is right.
        check(
            json!({"answer": "eight"}),
            json!({"passed": false}),
            "eight",
        );
    }

    #[test]
    fn the_same_is_learnt_once() {
        let cases: Vec<Case> = [1, 2, 3]
            .map(|n| case(json!({"id": n, "prompt": format!("How many legs have {n} dogs?")})))
            .into();
        let all: Vec<&Case> = cases.iter().collect();
        let rows: Vec<Row> = [1, 2, 3].map(|n| row(json!({"id": n}))).into();
        let first = harvest(&all, &rows, "s.jsonl", &[], (9, 0));
        assert_eq!(first.skills.len(), 1);
        assert_eq!(first.left_out["like another, or too many"], 2);
        let again = harvest(&all, &rows[..1], "s.jsonl", &first.skills, (9, 0));
        assert!(again.skills.is_empty());
    }
}
