//! Pairs of answers to the same case, the better one first, in the usual form for preference
//! training: a line {"prompt", "chosen", "rejected"} of messages, as TRL and others read it.
//!
//! Where one answer holds and the other does not, the checks choose. Where both do or neither
//! does, a person chooses, if one is there.

use std::path::Path;

use anyhow::Result;
use quipu_kernel::label::{Level, Secrecy, Trust};
use serde_json::{Value, json};

use super::cases::Case;
use super::rows::Row;
use crate::terminal::output::{self, counted};
use crate::terminal::person;

/// The fields of a line that say what its texts are worth.
const TRUST: &str = "trust";
const SECRECY: &str = "secrecy";
/// Characters of an answer that are shown to a person.
const SHOWN_CHARS: usize = 4_000;

/// Two answers to a task, the better one first.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The task.
    pub prompt: String,
    /// The better answer.
    pub chosen: String,
    /// The other one.
    pub rejected: String,
    /// How far all of it may be trusted, and who may learn it.
    pub level: Level,
}

impl Pair {
    /// The pair as a line of a data set.
    pub fn line(&self) -> Value {
        let say = |role: &str, text: &str| json!([{"role": role, "content": text}]);
        json!({
            "prompt": say("user", &self.prompt),
            "chosen": say("assistant", &self.chosen),
            "rejected": say("assistant", &self.rejected),
            (TRUST): self.level.trust,
            (SECRECY): self.level.secrecy,
        })
    }
}

/// The secrecy of a `line` of a data set. Without a note on it the line counts as private.
pub fn secrecy(line: &Value) -> Secrecy {
    let noted = line[SECRECY].as_str().and_then(|word| word.parse().ok());
    noted.unwrap_or(Secrecy::Private)
}

/// A `line` in the usual form, which has no word on who may learn it.
pub fn without_label(mut line: Value) -> Value {
    if let Some(fields) = line.as_object_mut() {
        fields.retain(|field, _| field != TRUST && field != SECRECY);
    }
    line
}

/// The joint level of two answers.
fn level(one: &Row, other: &Row) -> Level {
    let trust = |row: &Row| row.read.unwrap_or(Trust::Untrusted);
    Level {
        trust: trust(one).min(trust(other)),
        secrecy: one.secrecy.max(other.secrecy),
    }
}

/// Writes the pairs of `rows` to `file`; asks where the checks cannot tell and `attended`. Pairs
/// with what is private are left out, and counted.
///
/// # Errors
/// When the file cannot be written.
pub async fn write(file: &Path, cases: &[Case], rows: &[Row], attended: bool) -> Result<()> {
    let mut pairs = Vec::new();
    let mut undecided = 0;
    for case in cases {
        for (one, other) in of_case(case, rows) {
            let pair = match (one.passed, other.passed, attended) {
                (true, false, _) => Some((one, other)),
                (false, true, _) => Some((other, one)),
                (.., true) => asked(case, one, other).await,
                (.., false) => {
                    undecided += 1;
                    None
                }
            };
            pairs.extend(pair.map(|(chosen, rejected)| Pair {
                prompt: case.prompt.clone(),
                chosen: text(chosen),
                rejected: text(rejected),
                level: level(chosen, rejected),
            }));
        }
    }
    let all = pairs.len();
    pairs.retain(|pair| pair.level.secrecy.is_public());
    let left_out = all - pairs.len();
    let lines: String = pairs
        .iter()
        .map(|pair| format!("{}\n", without_label(pair.line())))
        .collect();
    super::reports::write(file, lines, "--pairs")?;
    say!("{} in {}", counted(pairs.len(), "pair"), file.display());
    if left_out > 0 {
        let left_out = counted(left_out, "pair");
        say!("left out: {left_out} with private text");
    }
    if undecided > 0 {
        say!("without a choice: {undecided}; in a terminal you are asked");
    }
    Ok(())
}

/// The answers to `case` that differ, each with the next one.
fn of_case<'a>(case: &Case, rows: &'a [Row]) -> Vec<(&'a Row, &'a Row)> {
    let mut answers: Vec<&Row> = Vec::new();
    for row in rows
        .iter()
        .filter(|row| row.id == case.id && row.error.is_none())
    {
        let new = row.answer.is_some() && answers.iter().all(|known| text(known) != text(row));
        if new {
            answers.push(row);
        }
    }
    // The one that holds with each that does not, else neighbours.
    let (held, not): (Vec<&Row>, Vec<&Row>) = answers.iter().copied().partition(|row| row.passed);
    match held.first().filter(|_| !not.is_empty()) {
        Some(held) => not.into_iter().map(|not| (*held, not)).collect(),
        None => answers.windows(2).map(|two| (two[0], two[1])).collect(),
    }
}

/// The answer that a person chooses as the better one.
async fn asked<'a>(case: &Case, one: &'a Row, other: &'a Row) -> Option<(&'a Row, &'a Row)> {
    let shown = |row: &Row| output::shortened(&text(row), SHOWN_CHARS);
    say!("{}", output::visible(&case.prompt));
    match person::better(&shown(one), &shown(other)).await? {
        person::Better::First => Some((one, other)),
        person::Better::Second => Some((other, one)),
    }
}

fn text(row: &Row) -> String {
    match &row.answer {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_differ_are_pairs() {
        let case: Case = serde_json::from_value(json!({"id": 1, "prompt": "p"})).unwrap();
        let check = |answers: &[(&str, bool)], want: &[(&str, &str)]| {
            let rows: Vec<Row> = answers
                .iter()
                .map(|(answer, passed)| Row {
                    id: json!(1),
                    answer: Some(json!(answer)),
                    passed: *passed,
                    ..Row::default()
                })
                .collect();
            let pairs = of_case(&case, &rows);
            let pairs: Vec<_> = pairs.iter().map(|(a, b)| (text(a), text(b))).collect();
            let want: Vec<_> = want
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect();
            assert_eq!(pairs, want, "{answers:?}");
        };
        check(&[("a", true)], &[]);
        check(&[("a", true), ("a", true)], &[]);
        check(&[("b", false), ("a", true)], &[("a", "b")]);
        check(
            &[("b", false), ("a", true), ("c", false)],
            &[("a", "b"), ("a", "c")],
        );
        check(&[("a", true), ("b", true)], &[("a", "b")]);
    }

    #[test]
    fn two_answers_are_worth_the_worse_of_both() {
        let row = |read: Option<Trust>, secrecy: Secrecy| Row {
            read,
            secrecy,
            ..Row::default()
        };
        let mine = row(Some(Trust::User), Secrecy::Private);
        let theirs = row(Some(Trust::Untrusted), Secrecy::Public);
        let want = Level {
            trust: Trust::Untrusted,
            secrecy: Secrecy::Private,
        };
        assert_eq!(level(&mine, &theirs), want);
        assert_eq!(level(&theirs, &mine), want);
        assert_eq!(level(&mine, &row(None, Secrecy::Public)), want);
    }

    #[test]
    fn a_pair_has_the_usual_form() {
        let pair = Pair {
            prompt: "p".into(),
            chosen: "a".into(),
            rejected: "b".into(),
            level: Level {
                trust: Trust::User,
                secrecy: Secrecy::Private,
            },
        };
        let line = pair.line();
        assert_eq!(secrecy(&line), Secrecy::Private);
        let fields = without_label(line.clone());
        let fields: Vec<&String> = fields.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["prompt", "chosen", "rejected"]);
        assert_eq!(
            line["chosen"],
            json!([{"role": "assistant", "content": "a"}])
        );
        assert_eq!(line["prompt"][0]["role"], "user");
    }
}
