//! A judge as advice: how likely the CPU takes an answer for good, by its odds on yes and no.
//! It never decides whether a case holds; how far it agrees with the checks is said beside.

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::process::Program;
use serde_json::Value;

use super::rows::Row;

/// Both orders of the labels: what a model leans to by their place is taken out.
const ORDERS: [&str; 2] = ["Yes or No", "No or Yes"];
/// Characters of an answer that are shown to the judge.
const CHARS_MAX: usize = 2_000;

/// How likely yes is as the answer to `question` about the run in `row` of the task `asked`;
/// `None` where the CPU tells no probabilities, or there is no answer.
///
/// # Errors
/// When the journal fails.
pub async fn ask(kernel: &Kernel, question: &str, asked: &str, row: &Row) -> Result<Option<f32>> {
    let Some(answer) = &row.answer else {
        return Ok(None);
    };
    let answer = match answer {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let answer: String = answer.chars().take(CHARS_MAX).collect();
    let mut odds = 0.0;
    for order in ORDERS {
        let mut program = Program::new(format!(
            "Task: {asked}\n\nAnswer that was given: {answer}\n\n{question} Answer {order}."
        ));
        program.agent.tools = Some(Vec::new());
        program.agent.memory.recall_tokens = 0;
        let labels = ["Yes".to_owned(), "No".to_owned()];
        let Some(likely) = kernel.likelihoods(program, &labels).await? else {
            return Ok(None);
        };
        odds += (likely[0].log - likely[1].log) / ORDERS.len() as f32;
    }
    Ok(Some(1.0 / (1.0 + (-odds).exp())))
}

/// The sum of the judge's advice on `rows`, in words. `None` where there is none and `was_asked` says
/// that nobody wanted any.
pub fn told(rows: &[Row], was_asked: bool) -> Option<String> {
    let said: Vec<(f32, bool)> = rows
        .iter()
        .filter_map(|row| Some((row.advice?, row.passed)))
        .collect();
    if said.is_empty() {
        let silent = "advice: the judge says nothing; only a local model tells how likely yes is, and \
                      only of an answer";
        return was_asked.then(|| silent.to_owned());
    }
    let good = said.iter().filter(|(likely, _)| *likely >= 0.5).count();
    let agrees = said
        .iter()
        .filter(|(likely, passed)| (*likely >= 0.5) == *passed)
        .count();
    Some(format!(
        "advice: the judge takes {good} of {} answers for good, and agrees with the checks on {agrees}",
        said.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_said_beside_the_checks() {
        let row = |advice: Option<f32>, passed| Row {
            advice,
            passed,
            ..Row::default()
        };
        assert_eq!(told(&[row(None, true)], false), None);
        let silent = told(&[row(None, true)], true).unwrap();
        assert!(silent.contains("says nothing"), "{silent}");
        let rows = [
            row(Some(0.9), true),
            row(Some(0.8), false),
            row(Some(0.1), false),
        ];
        let said = told(&rows, false).unwrap();
        assert!(said.contains("2 of 3") && said.ends_with("on 2"), "{said}");
    }
}
