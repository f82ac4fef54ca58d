//! Verdicts on several answers: of a program that tests each of them against what the task
//! demands, and of the CPU, which weighs them against each other.

use serde_json::Value;

use crate::process::Way;

/// Characters of an answer that a referee is shown.
const CHARS_MAX: usize = 160;
/// Evidence for an answer that a referee's program accepts while it rejects others. The same
/// model wrote that program, so it is believed less than a program that works out an answer.
pub(super) const PASSES: f32 = 0.8;
/// Evidence for an answer that is certain, in place of one that is as likely as the others.
pub(super) const LIKELY: f32 = 1.0;

/// An answer as a referee is shown it.
pub(super) fn told(answer: &Value) -> String {
    let text = match answer {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    text.chars().take(CHARS_MAX).collect()
}

/// The evidence for each of `candidates` in what a referee said; empty where that does not tell
/// them apart.
pub(super) fn evidence(way: Way, said: &Value, candidates: &[String]) -> Vec<f32> {
    let text = match said {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match way {
        Way::Check => passes(&text, candidates.len()),
        _ => likelihoods(&text, candidates),
    }
}

/// `[True, False]` as a program prints it.
fn passes(text: &str, count: usize) -> Vec<f32> {
    let list = text
        .rsplit_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let Some((list, _)) = list else {
        return Vec::new();
    };
    let passed: Vec<&str> = list.split(',').map(str::trim).collect();
    let some = passed.contains(&"True");
    let all = passed.iter().all(|word| *word == "True");
    if passed.len() != count || !some || all {
        return Vec::new();
    }
    let evidence = |word: &&str| match *word {
        "True" => PASSES,
        "False" => -PASSES,
        _ => 0.0,
    };
    passed.iter().map(evidence).collect()
}

/// `{"choice": …, "probabilities": {…}}` as `decide` says it.
fn likelihoods(text: &str, candidates: &[String]) -> Vec<f32> {
    let said: Value = serde_json::from_str(text).unwrap_or_default();
    let even = 1.0 / candidates.len().max(1) as f32;
    let likely = |candidate: &String| {
        let likely = said["probabilities"][candidate.as_str()].as_f64()?;
        Some(LIKELY * (likely as f32 - even))
    };
    let all: Option<Vec<f32>> = candidates.iter().map(likely).collect();
    all.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_referees_say_becomes_evidence() {
        let candidates = ["18".to_owned(), "12".to_owned()];
        let check = |way: Way, said: Value, want: &[f32]| {
            let got = evidence(way, &said, &candidates);
            let near = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-3);
            assert!(near && got.len() == want.len(), "{said}: {got:?}");
        };
        check(Way::Check, json!("[True, False]"), &[PASSES, -PASSES]);
        check(Way::Check, json!("[None, True]\n"), &[0.0, PASSES]);
        // Nothing that tells them apart.
        for said in ["[True, True]", "[False, False]", "[True]", "it fails", ""] {
            check(Way::Check, json!(said), &[]);
        }
        let said = json!({"choice": "18", "probabilities": {"18": 0.8, "12": 0.2}});
        check(Way::Weigh, json!(said.to_string()), &[0.3, -0.3]);
        check(Way::Weigh, said, &[0.3, -0.3]);
        check(Way::Weigh, json!("error: none"), &[]);
    }

    #[test]
    fn an_answer_is_shown_on_a_line() {
        assert_eq!(told(&json!("It is\n 18.")), "It is 18.");
        assert_eq!(told(&json!({"a": 1})), "{\"a\":1}");
        assert_eq!(told(&json!("x".repeat(500))).chars().count(), CHARS_MAX);
    }
}
