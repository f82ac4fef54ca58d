//! `/correct`: what its user says is right becomes a case, which `quipu learn` learns from.

use std::sync::LazyLock;

use anyhow::Result;
use regex::Regex;
use serde_json::{Value, json};

use super::Repl;
use crate::config::digest::digest;
use crate::config::{paths, private};
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::learnt::Shelf;
use crate::session::talk::Turn;
use crate::terminal::lines::json_lines;
use crate::terminal::words::{fill, words};

impl Repl<'_> {
    /// Keeps what a typed line such as "no, 880" says of the last answer as a case of its task.
    /// What comes from a pipe may be another's word.
    pub(super) fn heed_correction(&self, line: &str) -> Result<()> {
        let right = corrected(line).filter(|_| self.is_typed);
        let (Some(right), Some(last)) = (right, self.talk.last()) else {
            return Ok(());
        };
        note(&self.session, last, right)
    }
}

/// Notes that `right` is what should have been answered in `turn`, as a case to learn from. Of a
/// turn with what is private nothing is: an example is shown to any model. Nor of a task of others:
/// it would be shown as the user's own.
///
/// # Errors
/// As of [`keep`].
pub fn note(session: &Session, turn: &Turn, right: &str) -> Result<()> {
    if !turn.secrecy.is_public() || turn.of_others().is_some() {
        say!("{}", words().not_noted);
        return Ok(());
    }
    let shelf = Shelf::of(&session.paths, &Loaded::default());
    let cases = keep(&shelf, &turn.asked, right)?;
    say!("{}", fill(words().noted, &[("cases", &cases)]));
    Ok(())
}

/// The right answer that a line names: "no, 880", "wrong, it is Lima", "不对，应该是12". `None` for
/// another request that begins with no.
fn corrected(line: &str) -> Option<&str> {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        let says = r"(?ix)^\W*(?:no|nope|wrong|incorrect|that['’]?s\s+(?:wrong|not\s+right)|不对|不是|错了|不)[\s,，.。:：;；!！]+
            (?:
                (?:(?:it|that|the\s+(?:right\s+)?answer)(?:\s+is|['’]s)|(?:it\s+)?should\s+(?:be|have\s+been)|应该是|答案是|是)[\s:：]*
                (?P<said>[^?？\n]{1,60}?)
                | (?P<number>[-−]?[$€£¥]?\s?\d[\d,.]*\s?[%\p{L}]{0,12})
            )[.。!！]?\s*$";
        Regex::new(says).unwrap_or_else(|error| unreachable!("a constant: {error}"))
    });
    let found = SAYS.captures(line)?;
    let right = found.name("said").or(found.name("number"))?;
    let right = right.as_str().trim().trim_end_matches(['.', ',']);
    let first = right.split_whitespace().next()?.to_lowercase();
    (!REMARKS.contains(&first.as_str())).then_some(right)
}

/// First words of a remark on an answer: "No, that's fine" does not say what the right answer is.
const REMARKS: [&str; 28] = [
    "all",
    "because",
    "better",
    "enough",
    "everything",
    "fine",
    "good",
    "great",
    "how",
    "it",
    "just",
    "less",
    "more",
    "not",
    "nothing",
    "ok",
    "okay",
    "only",
    "right",
    "so",
    "still",
    "too",
    "very",
    "what",
    "where",
    "why",
    "worse",
    "wrong",
];

/// Keeps that `right` answers the task `asked`, in place of what was said of it before; says
/// how many cases there are.
///
/// # Errors
/// Where the file of the cases can be neither read nor written.
pub fn keep(shelf: &Shelf, asked: &str, right: &str) -> Result<usize> {
    let path = shelf.corrections();
    let case = case(asked.trim(), right.trim());
    let mut cases: Vec<Value> = Vec::new();
    if path.is_file() {
        for line in json_lines(&path)? {
            cases.push(line?.1);
        }
    }
    cases.retain(|known| known["id"] != case["id"]);
    cases.push(case);
    let folder = path.parent().unwrap_or(&path);
    paths::create(folder)?;
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    private::replace(&path, lines.as_bytes())?;
    Ok(cases.len())
}

/// The case: of a number its value counts, of words that they are said.
fn case(asked: &str, right: &str) -> Value {
    let digits = right.replace([',', '$', '€', '£', '%', ' '], "");
    let check = match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => json!({"number": number, "lenient": true}),
        _ => json!({ "contains": right }),
    };
    let hash = digest(asked, 8);
    json!({"id": format!("said-{hash}"), "prompt": asked, "answer": right, "check": check})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::paths::Paths;

    #[test]
    fn a_line_that_corrects_is_known() {
        let check = |line: &str, want: Option<&str>| assert_eq!(corrected(line), want, "{line}");
        check("no, 880", Some("880"));
        check("No. $1,880.", Some("$1,880"));
        check("wrong, it is Lima.", Some("Lima"));
        check("No, it should be 12 km", Some("12 km"));
        check("不对，应该是12。", Some("12"));
        check("no, write it shorter", None);
        check("no, is it 880?", None);
        check("No, that's all.", None);
        check("no, it is not what I meant", None);
        check("not now", None);
        check("880", None);
        check("", None);
    }

    #[test]
    fn a_correction_is_a_case_of_its_task() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(root.path())).unwrap();
        let shelf = Shelf::of(&paths, &Loaded::default());
        let check = |asked: &str, right: &str, cases: usize, want: Value| {
            assert_eq!(keep(&shelf, asked, right).unwrap(), cases);
            let text = std::fs::read_to_string(shelf.corrections()).unwrap();
            let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            assert_eq!(last["check"], want);
            assert_eq!(last["answer"], right);
        };
        check(
            "How many?",
            "880",
            1,
            json!({"number": 880.0, "lenient": true}),
        );
        check("Who?", "Ada", 2, json!({"contains": "Ada"}));
        // Said again, the last one counts.
        check(
            "How many?",
            "$1,880",
            2,
            json!({"number": 1880.0, "lenient": true}),
        );
    }
}
