//! How tokens are chosen: fields that OpenAI's API has, and those that llama.cpp's server and
//! others have beside them. A value that changes nothing is taken like any other.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use quipu_cpu::{Sampling, Shaping};
use serde_json::Value;

use super::super::error::ApiError;

/// The largest bias, in either direction: what is added to a logit.
const BIAS_MAX: f32 = 100.0;
/// What llama.cpp's server means by the bias `false`: never, whatever else is asked for.
const NEVER: f32 = -1e6;
/// The most tokens with a bias.
const BIASES_MAX: usize = 1024;
/// The factors by which a repetition makes a token less likely. A logit that is divided by one
/// stays finite.
const REPEAT: (f32, f32) = (0.01, 10.0);
/// The seed that stands for any, with llama.cpp's server.
const SEED_ANY: i64 = -1;

/// How tokens are chosen: as asked, else as `usual`. Where they are drawn and no seed is
/// named, each request has its own.
///
/// # Errors
/// A temperature out of bounds.
pub fn sampling(
    temperature: Option<f32>,
    seed: Option<i64>,
    usual: Sampling,
) -> Result<Sampling, ApiError> {
    let temperature = temperature.unwrap_or(usual.temperature);
    if !(0.0..=2.0).contains(&temperature) {
        return Err(ApiError::invalid(
            "temperature",
            "a temperature is a number from 0 (greedy) to 2",
        ));
    }
    let any = || RandomState::new().build_hasher().finish() as i64;
    let seed = seed.filter(|seed| *seed != SEED_ANY);
    let seed = seed.unwrap_or_else(|| if temperature > 0.0 { any() } else { 0 });
    Ok(Sampling {
        temperature,
        // All bits count, also of a large or a negative one.
        seed: (seed ^ (seed >> 32)) as u32,
    })
}

/// How the odds of tokens are changed, by the fields of `rest`.
///
/// # Errors
/// The first field whose value cannot be used.
pub fn shaping(rest: &HashMap<String, Value>) -> Result<Shaping, ApiError> {
    let share = |name: &str| number(rest, name, 0.0, 1.0);
    let penalty = |name: &str| {
        let given = number(rest, name, -2.0, 2.0);
        given.map(|given| given.unwrap_or(0.0))
    };
    let repeat = |name: &str| number(rest, name, REPEAT.0, REPEAT.1);
    let repeat = match repeat("repeat_penalty")? {
        None => repeat("repetition_penalty")?,
        given => given,
    };
    Ok(Shaping {
        top_k: top_k(rest.get("top_k"))?,
        top_p: share("top_p")?.filter(|share| *share < 1.0),
        min_p: share("min_p")?,
        frequency_penalty: penalty("frequency_penalty")?,
        presence_penalty: penalty("presence_penalty")?,
        repeat_penalty: repeat.filter(|penalty| *penalty != 1.0),
        bias: biases(rest.get("logit_bias"))?,
    })
}

/// The number `name`, where one is given.
fn number(
    rest: &HashMap<String, Value>,
    name: &str,
    least: f32,
    most: f32,
) -> Result<Option<f32>, ApiError> {
    let Some(given) = rest.get(name).filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let number = given.as_f64().map(|number| number as f32);
    match number.filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(ApiError::invalid(
            name,
            format!("it is a number from {least} to {most}"),
        )),
    }
}

/// A number of tokens; none, or less, stands for all.
fn top_k(given: Option<&Value>) -> Result<Option<u32>, ApiError> {
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let whole = given.as_i64().or_else(|| {
        let number = given.as_f64()?;
        (number.fract() == 0.0).then_some(number as i64)
    });
    match whole {
        Some(most @ 1..) => Ok(Some(u32::try_from(most).unwrap_or(u32::MAX))),
        Some(_) => Ok(None),
        None => Err(ApiError::invalid(
            "top_k",
            "it is a number of tokens; 0 is all of them",
        )),
    }
}

/// What is added to the logits of tokens: an object of numbers by the number of the token, or
/// a list of pairs as llama.cpp's server takes it.
fn biases(given: Option<&Value>) -> Result<Vec<(i32, f32)>, ApiError> {
    let wrong = |message: String| Err(ApiError::invalid("logit_bias", message));
    let pairs: Vec<(Option<i32>, &Value)> = match given {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(map)) => map
            .iter()
            .map(|(token, bias)| (token.parse().ok(), bias))
            .collect(),
        Some(Value::Array(pairs)) => pairs
            .iter()
            .map(|pair| {
                let token = pair[0].as_i64().and_then(|token| token.try_into().ok());
                (token, &pair[1])
            })
            .collect(),
        Some(_) => {
            return wrong(
                "it is an object with a bias for each token: {\"1234\": -100}".to_owned(),
            );
        }
    };
    if pairs.len() > BIASES_MAX {
        let count = pairs.len();
        return wrong(format!("{count} are too many; send at most {BIASES_MAX}"));
    }
    let mut biases = Vec::with_capacity(pairs.len());
    for (token, bias) in pairs {
        let Some(token) = token.filter(|token| *token >= 0) else {
            return wrong(
                "a token is named by its number, which POST /tokenize tells; texts are not taken"
                    .to_owned(),
            );
        };
        let bias = match bias {
            Value::Bool(false) => Some(NEVER),
            bias => bias.as_f64().map(|bias| bias as f32),
        };
        let is_legal = |bias: &f32| bias.abs() <= BIAS_MAX || *bias == NEVER;
        let Some(bias) = bias.filter(is_legal) else {
            return wrong(format!("a bias is a number from -{BIAS_MAX} to {BIAS_MAX}"));
        };
        biases.push((token, bias));
    }
    Ok(biases)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Shaping, ApiError> {
        let fields = body.as_object().unwrap().clone();
        shaping(&fields.into_iter().collect())
    }

    #[test]
    fn what_changes_nothing_is_taken() {
        for body in [
            json!({}),
            json!({"top_p": 1, "top_k": 0, "frequency_penalty": 0, "logit_bias": {}}),
            json!({"top_p": 1.0, "top_k": -1, "presence_penalty": 0.0, "repeat_penalty": 1.0}),
            json!({"top_p": null, "top_k": null, "min_p": null, "frequency_penalty": null,
                   "presence_penalty": null, "repeat_penalty": null, "logit_bias": null}),
        ] {
            assert_eq!(read(&body), Ok(Shaping::default()), "{body}");
        }
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let check = |body: Value, want: Shaping| assert_eq!(read(&body), Ok(want), "{body}");
        let none = Shaping::default;
        check(
            json!({"top_p": 0.9, "top_k": 40.0, "min_p": 0}),
            Shaping {
                top_p: Some(0.9),
                top_k: Some(40),
                min_p: Some(0.0),
                ..none()
            },
        );
        check(
            json!({"frequency_penalty": -2, "presence_penalty": 1.5, "repetition_penalty": 1.5}),
            Shaping {
                frequency_penalty: -2.0,
                presence_penalty: 1.5,
                repeat_penalty: Some(1.5),
                ..none()
            },
        );
        let bias = vec![(7, -100.0), (9, 2.5)];
        let bias = Shaping { bias, ..none() };
        check(json!({"logit_bias": {"7": -100, "9": 2.5}}), bias.clone());
        check(json!({"logit_bias": [[7, -100], [9, 2.5]]}), bias);
        let bias = vec![(7, NEVER)];
        check(
            json!({"logit_bias": [[7, false]]}),
            Shaping { bias, ..none() },
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        let check = |param: &str, value: Value| {
            let mut body = json!({});
            body[param] = value;
            let refused = read(&body).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some(param), "{body}");
        };
        check("top_p", json!(1.5));
        check("top_p", json!(-0.1));
        check("top_p", json!("0.5"));
        check("top_k", json!(1.5));
        check("min_p", json!(2));
        check("frequency_penalty", json!(2.5));
        check("presence_penalty", json!(true));
        check("repeat_penalty", json!(0));
        check("repetition_penalty", json!(-1));
        check("logit_bias", json!(7));
        check("logit_bias", json!({"word": 1}));
        check("logit_bias", json!({"7": 101}));
        check("logit_bias", json!([["word", 1]]));
        check("logit_bias", json!([7]));
    }

    #[test]
    fn a_seed_is_kept_or_drawn() {
        let usual = Sampling {
            temperature: 0.0,
            seed: 0,
        };
        let seed = |seed| sampling(Some(1.0), seed, usual).unwrap().seed;
        assert_eq!(seed(Some(7)), 7);
        assert_eq!(seed(Some(1 << 40)), seed(Some(1 << 40)));
        assert_ne!(seed(Some(SEED_ANY)), seed(Some(SEED_ANY)));
        assert_ne!(seed(None), seed(None));
        assert!(sampling(Some(2.5), None, usual).is_err());
    }
}
