//! `/v1/systemone`: decisions in the form of llama.cpp's server and of the API it follows,
//! where each option of a question may be described. On any model, not on trained ones only.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use quipu_kernel::decision::Decision;
use quipu_kernel::process::text_of;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::decisions::{Answered, answer, choice, few, rounded, state};
use super::error::ApiError;
use super::state::Service;
use super::wire::Input;
use super::{beside, late};

/// The most levels of a score.
const LEVELS_MAX: usize = 10;

/// The body.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    state: Value,
    questions: Map<String, Value>,
}

/// A question as it was asked.
enum Asked {
    /// How likely it is true.
    Noul,
    /// One of the options with these names.
    Choice(Vec<String>),
    /// One of these levels, lowest first.
    Score(Vec<Value>),
}

/// Answers `POST /v1/systemone`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    few(body.questions.len())?;
    let state = state("state", &body.state)?;
    let (mut asked, mut questions) = (Vec::new(), Vec::new());
    for (id, question) in &body.questions {
        let (kind, decision) = read(&format!("questions.{id}"), question)?;
        asked.push(kind);
        questions.push(decision);
    }
    let reply = async move {
        let service = beside::of(&service, body.model.as_deref()).await?;
        let (answers, usage) = answer(&service, &state, &questions).await?;
        let ids = body.questions.keys().cloned();
        let told = asked.iter().zip(&answers).map(|(kind, a)| told(kind, a));
        let answers: Map<String, Value> = ids.zip(told).collect();
        Ok::<Value, ApiError>(json!({
            "model": body.model.as_deref().unwrap_or(&service.model),
            "answers": answers,
            "usage": {"input_tokens": usage.prompt_tokens, "output_tokens": 0},
        }))
    };
    late::whole(reply, ApiError::body).await
}

/// What a question asks, and the decision that answers it.
fn read(param: &str, question: &Value) -> Result<(Asked, Decision), ApiError> {
    let words = match &question["instructions"] {
        Value::Null => {
            let param = format!("{param}.instructions");
            return Err(ApiError::invalid(param, "the question is missing"));
        }
        instructions => text_of(instructions),
    };
    let criteria = &question["criteria"];
    let param = |field: &str| format!("{param}.{field}");
    match question["type"].as_str() {
        Some("noul") => {
            let means = ["true", "false"].map(|key| &criteria[key]);
            let means = ["Yes", "No"].iter().zip(means);
            let lines = means.filter(|(_, description)| !description.is_null());
            let lines = lines.map(|(word, means)| format!("\n{word} means: {}", text_of(means)));
            let words = format!("{words}{}", lines.collect::<String>());
            Ok((Asked::Noul, Decision::YesNo(words)))
        }
        Some("choice") => {
            let named: Vec<(String, &Value)> = match criteria {
                Value::Object(named) => named.iter().map(|(key, of)| (key.clone(), of)).collect(),
                // Without descriptions, as some clients have it.
                Value::Array(names) => {
                    let name = |name| (text_of(name), &Value::Null);
                    names.iter().map(name).collect()
                }
                _ => Vec::new(),
            };
            let shown: Vec<String> = named
                .iter()
                .map(|(key, description)| match description {
                    Value::Null => key.clone(),
                    description => format!("{key}: {}", text_of(description)),
                })
                .collect();
            let decision = choice(&param("criteria"), words, &shown)?;
            let names = named.into_iter().map(|(key, _)| key).collect();
            Ok((Asked::Choice(names), decision))
        }
        Some("score") => {
            let levels = criteria.as_array().cloned().unwrap_or_default();
            if !(2..=LEVELS_MAX).contains(&levels.len()) {
                let message = format!("there are 2 to {LEVELS_MAX} levels, the lowest first");
                return Err(ApiError::invalid(param("criteria"), message));
            }
            let shown: Vec<String> = levels.iter().map(text_of).collect();
            let decision = choice(&param("criteria"), words, &shown)?;
            Ok((Asked::Score(levels), decision))
        }
        _ => {
            let message = "a question is a `choice`, a `score` or a `noul`";
            Err(ApiError::invalid(param("type"), message))
        }
    }
}

fn told(asked: &Asked, answered: &Answered) -> Value {
    let likely = &answered.probabilities;
    match asked {
        Asked::Noul => json!({"type": "noul", "noul": rounded(likely[0])}),
        Asked::Choice(names) => json!({
            "type": "choice",
            "choice": names[likeliest(likely)],
            "probabilities": table(names.iter().cloned(), likely),
            "confidence": rounded(confidence_of_choice(likely)),
        }),
        Asked::Score(levels) => {
            let places = || (0..levels.len()).map(|place| place.to_string());
            let weighted = likely.iter().enumerate().map(|(at, p)| at as f32 * p);
            json!({
                "type": "score",
                "score": rounded(weighted.sum()),
                "legend": places().zip(levels.clone()).collect::<Map<_, _>>(),
                "probabilities": table(places(), likely),
                "confidence": rounded(confidence_of_score(likely)),
            })
        }
    }
}

fn table(names: impl Iterator<Item = String>, likely: &[f32]) -> Value {
    let likely = likely.iter().map(|p| json!(rounded(*p)));
    Value::Object(names.zip(likely).collect())
}

fn likeliest(likely: &[f32]) -> usize {
    (0..likely.len())
        .max_by(|a, b| likely[*a].total_cmp(&likely[*b]).then(b.cmp(a)))
        .unwrap_or(0)
}

/// From 0, where all options are equally likely, to 1. The formula is the published one of
/// the API: how far the likeliest option is above chance.
fn confidence_of_choice(likely: &[f32]) -> f32 {
    let chance = 1.0 / likely.len() as f32;
    let most = likely[likeliest(likely)];
    ((most - chance) / (1.0 - chance)).clamp(0.0, 1.0)
}

/// From 0 to 1, by the published formula: the mean distance to the likeliest level, beside
/// that of equally likely levels from their middle.
fn confidence_of_score(likely: &[f32]) -> f32 {
    let count = likely.len();
    let mode = likeliest(likely) as f32;
    let middle = (count as f32 - 1.0) / 2.0;
    let (mut distance, mut of_chance) = (0.0, 0.0);
    for (at, p) in likely.iter().enumerate() {
        distance += p * (at as f32 - mode).abs();
        of_chance += (at as f32 - middle).abs() / count as f32;
    }
    (1.0 - distance / of_chance).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_what_the_api_says() {
        let check = |of: fn(&[f32]) -> f32, likely: &[f32], want: f32| {
            let got = of(likely);
            assert!((got - want).abs() < 1e-3, "{likely:?}: {got}");
        };
        // The examples of llama.cpp's documentation.
        check(confidence_of_choice, &[0.9998, 0.0001, 0.0001], 0.9997);
        check(confidence_of_score, &[0.0023, 0.116, 0.6753, 0.2064], 0.673);
        check(confidence_of_choice, &[0.5, 0.5], 0.0);
        check(confidence_of_score, &[0.5, 0.5], 0.0);
        check(confidence_of_score, &[0.0, 1.0, 0.0], 1.0);
    }

    #[test]
    fn what_describes_an_option_is_shown_to_the_model() {
        let check = |question: Value, wants: &[&str]| {
            let (_, decision) = read("q", &question).ok().unwrap();
            let words: String = decision.puts().into_iter().map(|put| put.words).collect();
            for want in wants {
                assert!(words.contains(want), "{want}: {words}");
            }
        };
        check(
            json!({"type": "choice", "instructions": "Who?",
                   "criteria": {"billing": "money and refunds", "other": null}}),
            &["Who?", "A: billing: money and refunds", "B: other"],
        );
        check(
            json!({"type": "score", "instructions": {"how": "urgent"}, "criteria": ["later", "now"]}),
            &["{\"how\":\"urgent\"}", "A: later", "B: now"],
        );
        check(
            json!({"type": "noul", "instructions": "Angry?", "criteria": {"true": "shouts"}}),
            &["Angry?\nYes means: shouts"],
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |question: Value, field: &str| {
            let error = read("q", &question).err().unwrap();
            let said = format!("{error:?}");
            assert!(said.contains(&format!("q.{field}")), "{said}");
        };
        check(json!({"type": "noul"}), "instructions");
        check(json!({"instructions": "?"}), "type");
        check(json!({"type": "choice", "instructions": "?"}), "criteria");
        check(
            json!({"type": "score", "instructions": "?", "criteria": ["one"]}),
            "criteria",
        );
    }
}
