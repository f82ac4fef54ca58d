//! `/correct`: what its user says is right becomes a case, which `quipu learn` learns from.

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::{paths, private};
use crate::session::learnt::Shelf;
use crate::terminal::lines::json_lines;

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
    let hash: String = Sha256::digest(asked.as_bytes())[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"id": format!("said-{hash}"), "prompt": asked, "answer": right, "check": check})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::paths::Paths;
    use crate::session::agent::Loaded;

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
