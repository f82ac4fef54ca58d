//! `/v1/completions`: a text that the plain model goes on writing, without a template.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use quipu_cpu::{Cpu, Sampling, TokenOdds};
use quipu_kernel::process::Usage;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::apart::Asker;
use super::chat::choosing::{sampling, shaping};
use super::chat::fields::{self, Stop, stop_words, tokens};
use super::chat::reply::{Head, LOG_LEAST, finish, usage_of};
use super::chat::request::{ANSWERS_MAX, StreamOptions};
use super::chat::{self, Pieces};
use super::error::ApiError;
use super::models;
use super::plain::{Ask, Choice, Finish, Piece, Plain, Turn};
use super::state::Service;
use super::tokens::TOKENS_MAX;
use super::wire::{self, Input};

/// Tokens of an answer for which no number is asked, as OpenAI documents it.
const TOKENS_USUAL: i64 = 16;
/// The most likeliest tokens that are told beside each.
const LIKELIEST_MAX: u64 = 20;

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    #[serde(default)]
    prompt: Value,
    suffix: Option<String>,
    n: Option<u32>,
    best_of: Option<u32>,
    max_tokens: Option<i64>,
    temperature: Option<f32>,
    seed: Option<i64>,
    stop: Option<Stop>,
    echo: Option<bool>,
    #[serde(default)]
    logprobs: Value,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

impl Body {
    /// What is asked of the plain model, of each prompt, where `usual` says how tokens are
    /// chosen.
    ///
    /// # Errors
    /// The first field that cannot be used.
    pub(super) fn asks(&self, cpu: &dyn Cpu, usual: Sampling) -> Result<Vec<Ask>, ApiError> {
        fields::supported(&self.rest)?;
        let format = self
            .rest
            .get("response_format")
            .map(|format| &format["type"]);
        if format.is_some_and(|kind| !kind.is_null() && kind != "text") {
            let message = "it goes with messages: ask /v1/chat/completions, or leave it out";
            return Err(ApiError::unsupported("response_format", message));
        }
        if self.best_of.is_some_and(|best| best > self.n.unwrap_or(1)) {
            let message = "no answer is left out; leave it out, or ask for `n`";
            return Err(ApiError::unsupported("best_of", message));
        }
        let odds = odds(&self.logprobs)?;
        if odds.is_some() && self.echo == Some(true) {
            let message = "the odds of a prompt are not told; leave `echo` out";
            return Err(ApiError::unsupported("echo", message));
        }
        let ask = Ask {
            said: Vec::new(),
            functions: Vec::new(),
            choice: Choice::None,
            parallel: false,
            schema: None,
            tokens_max: tokens("max_tokens", self.max_tokens.or(Some(TOKENS_USUAL)))?,
            odds,
            sampling: sampling(self.temperature, self.seed, usual)?,
            shaping: shaping(&self.rest)?,
            stops: stop_words("stop", self.stop.as_ref())?,
            plain: None,
        };
        let after = self.suffix.clone().filter(|after| !after.is_empty());
        let prompts = prompts(cpu, &self.prompt)?;
        // Before there is an `Ask` for each.
        self.answers(prompts.len())?;
        let asks = prompts.into_iter().map(|before| Ask {
            plain: Some(Plain {
                before,
                after: after.clone(),
            }),
            ..ask.clone()
        });
        Ok(asks.collect())
    }

    /// How many answers each of `prompts` gets.
    fn answers(&self, prompts: usize) -> Result<u32, ApiError> {
        let n = self.n.unwrap_or(1);
        match (prompts as u64).saturating_mul(n.into()) {
            all if n > 0 && all <= u64::from(ANSWERS_MAX) => Ok(n),
            all => Err(ApiError::invalid(
                "n",
                format!(
                    "{all} answers are not given; ask for 1 to {ANSWERS_MAX}, all prompts together"
                ),
            )),
        }
    }
}

/// The prompts: one or several, as texts, or as tokens of the plain model.
///
/// # Errors
/// None, and what is no text.
pub(super) fn prompts(cpu: &dyn Cpu, given: &Value) -> Result<Vec<String>, ApiError> {
    let wrong = |message: &str| ApiError::invalid("prompt", message);
    let are_tokens = |list: &[Value]| !list.is_empty() && list.iter().all(Value::is_number);
    let prompts = match given {
        Value::Null => return Err(wrong("it is required: a text, or several")),
        Value::Array(list) if !are_tokens(list) => list.iter().collect(),
        one => vec![one],
    };
    let tokens = prompts.iter().filter_map(|prompt| prompt.as_array());
    if tokens.map(Vec::len).sum::<usize>() > TOKENS_MAX {
        return Err(wrong("it has more tokens than any window holds; send less"));
    }
    let text = |prompt: &Value| match prompt {
        Value::String(text) => Ok(text.clone()),
        Value::Array(list) if are_tokens(list) => text_of(cpu, list),
        _ => Err(wrong("a prompt is a text, or a list of tokens")),
    };
    let texts: Vec<String> = prompts.into_iter().map(text).collect::<Result<_, _>>()?;
    match texts.is_empty() || texts.iter().any(String::is_empty) {
        true => Err(wrong(
            "a prompt is not empty: there is nothing to go on from",
        )),
        false => Ok(texts),
    }
}

/// About how many bytes of text the prompts have.
pub(super) fn size(given: &Value) -> usize {
    match given {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size).sum(),
        // A token.
        _ => 4,
    }
}

/// The text of a list of tokens.
fn text_of(cpu: &dyn Cpu, list: &[Value]) -> Result<String, ApiError> {
    let tokens = list.iter().map(|token| i32::try_from(token.as_i64()?).ok());
    let tokens: Option<Vec<i32>> = tokens.collect();
    let tokens = tokens.ok_or_else(|| {
        ApiError::invalid(
            "prompt",
            "a token is a whole number, as POST /tokenize tells it",
        )
    })?;
    let text = cpu.text_of(&tokens).ok_or_else(|| {
        let message = "tokens are taken for a local model only; send the text";
        ApiError::unsupported("prompt", message)
    })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How many likeliest tokens are told: a number in this API, and in others' words yes or no.
fn odds(given: &Value) -> Result<Option<usize>, ApiError> {
    match given {
        Value::Null | Value::Bool(false) => Ok(None),
        Value::Bool(true) => Ok(Some(0)),
        given => match given.as_u64() {
            Some(most) if most <= LIKELIEST_MAX => Ok(Some(most as usize)),
            _ => Err(ApiError::invalid(
                "logprobs",
                format!("it is a number of likeliest tokens, 0 to {LIKELIEST_MAX}"),
            )),
        },
    }
}

/// Answers `POST /v1/completions`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    models::check(&service, body.model.as_deref())?;
    let on = service.clone();
    let bytes = size(&body.prompt);
    let read = move |_: &Asker| -> Result<(Body, Vec<Ask>), ApiError> {
        let asks = body.asks(on.cpu(), on.session.settings.sampling())?;
        Ok((body, asks))
    };
    let (body, asks) = service
        .counting
        .run(bytes, service.patience(), read)
        .await?;
    let n = body.answers(asks.len())?;
    let mut turns = Vec::new();
    for ask in &asks {
        turns.extend(Turn::several(&service, ask.clone(), n).await?);
    }
    let echoes = body.echo == Some(true);
    let echoed = |ask: &Ask| {
        let plain = ask.plain.as_ref().filter(|_| echoes);
        plain.map_or_else(String::new, |plain| plain.before.clone())
    };
    let answers = asks.iter().flat_map(|ask| {
        let answer = Answer {
            text: echoed(ask),
            ..Answer::default()
        };
        std::iter::repeat_n(answer, n as usize)
    });
    let mut head = chat::head(&service, body.model.as_deref());
    head.id = head.id.replace("chatcmpl-", "cmpl-");
    let reply = Reply {
        answers: answers.collect(),
        head,
        of_each: n as usize,
        usage: StreamOptions::usage(body.stream_options.as_ref()),
    };
    match body.stream.unwrap_or(false) {
        true => streamed(&service, reply, chat::pieces(turns)).await,
        false => whole(reply, chat::pieces(turns)).await,
    }
}

async fn whole(mut reply: Reply, mut pieces: Pieces) -> Result<Response, ApiError> {
    while let Some((index, piece)) = pieces.next().await {
        reply.answers[index].take(piece?);
    }
    let choices = reply.answers.iter().enumerate();
    let choices = choices.map(|(index, answer)| answer.choice(index, &answer.text, &answer.odds));
    let mut body = reply.body(choices.collect());
    body["usage"] = usage_of(reply.total());
    Ok(wire::json(&body))
}

async fn streamed(
    service: &Service,
    mut reply: Reply,
    mut pieces: Pieces,
) -> Result<Response, ApiError> {
    let first = wire::first(&mut pieces).await;
    let mut begin = reply.begin();
    if let Some((index, piece)) = first {
        begin.push_str(&reply.piece(index, piece?));
    }
    let rest = stream::unfold(Some((reply, pieces)), |state| async move {
        let (mut reply, mut pieces) = state?;
        match pieces.next().await {
            Some((index, Ok(piece))) => Some((reply.piece(index, piece), Some((reply, pieces)))),
            Some((_, Err(error))) => Some((wire::event(None, &error.body()), None)),
            None => Some((reply.end(), None)),
        }
    });
    let all = stream::iter([begin]).chain(rest);
    Ok(wire::events(super::until_stopped(service, all)))
}

/// A reply as it grows.
struct Reply {
    head: Head,
    answers: Vec<Answer>,
    /// Answers of each prompt.
    of_each: usize,
    usage: bool,
}

impl Reply {
    fn body(&self, choices: Vec<Value>) -> Value {
        json!({
            "id": self.head.id, "object": "text_completion", "created": self.head.created,
            "model": self.head.model, "system_fingerprint": null, "choices": choices,
        })
    }

    fn chunk(&self, choice: Value) -> String {
        let mut chunk = self.body(vec![choice]);
        if self.usage {
            chunk["usage"] = Value::Null;
        }
        wire::event(None, &chunk)
    }

    /// The prompts, where they are wanted.
    fn begin(&self) -> String {
        let answers = self.answers.iter().enumerate();
        let echoes = answers.filter(|(_, answer)| !answer.text.is_empty());
        echoes
            .map(|(index, answer)| self.chunk(answer.choice(index, &answer.text, &[])))
            .collect()
    }

    fn piece(&mut self, index: usize, piece: Piece) -> String {
        let answer = &mut self.answers[index];
        let Some(text) = answer.take(piece) else {
            return String::new();
        };
        let choice = answer.choice(index, &text, &answer.odds);
        answer.offset += text.chars().count();
        answer.odds.clear();
        self.chunk(choice)
    }

    fn end(&self) -> String {
        let mut last = self.body(Vec::new());
        last["usage"] = usage_of(self.total());
        let last = match self.usage {
            true => wire::event(None, &last),
            false => String::new(),
        };
        last + wire::DONE
    }

    /// What all answers cost; a prompt counts once.
    fn total(&self) -> Usage {
        let mut total = Usage::default();
        for of_one in self.answers.chunks(self.of_each.max(1)) {
            let spent = of_one.iter().filter_map(|answer| answer.end);
            let mut first = None;
            for (_, usage) in spent {
                first.get_or_insert(usage);
                total.generated_tokens += usage.generated_tokens;
            }
            if let Some(first) = first {
                total.prompt_tokens += first.prompt_tokens;
                total.cached_tokens += first.cached_tokens;
            }
        }
        total
    }
}

/// An answer as it grows.
#[derive(Clone, Debug, Default)]
struct Answer {
    text: String,
    /// Odds of tokens that were not told yet.
    odds: Vec<TokenOdds>,
    /// Characters of the text that were told.
    offset: usize,
    end: Option<(Finish, Usage)>,
}

impl Answer {
    /// Takes a piece in; gives the text that it adds, if it is one that a stream tells of.
    fn take(&mut self, piece: Piece) -> Option<String> {
        match piece {
            Piece::Text(text) => {
                self.text.push_str(&text);
                Some(text)
            }
            Piece::Odds(odds) => {
                self.odds.extend(odds);
                None
            }
            // There are no functions to call.
            Piece::Call { .. } => None,
            Piece::End(ended, usage) => {
                self.end = Some((ended, usage));
                Some(String::new())
            }
        }
    }

    /// `text` with its `odds` as a choice.
    fn choice(&self, index: usize, text: &str, odds: &[TokenOdds]) -> Value {
        let ended = self.end.map(|(ended, _)| finish(ended));
        json!({"text": text, "index": index, "logprobs": told(odds, self.offset),
               "finish_reason": ended})
    }
}

/// Odds in the form of this API, the first token at the character `offset`; null where there
/// are none.
fn told(odds: &[TokenOdds], mut offset: usize) -> Value {
    if odds.is_empty() {
        return Value::Null;
    }
    let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut tokens, mut logs, mut likeliest, mut offsets) = (vec![], vec![], vec![], vec![]);
    for odds in odds {
        let text = text_of(&odds.token.bytes);
        offsets.push(offset);
        offset += text.chars().count();
        tokens.push(text);
        logs.push(odds.token.log.max(LOG_LEAST));
        let others = odds.likeliest.iter();
        let others: Map<String, Value> = others
            .map(|likely| (text_of(&likely.bytes), json!(likely.log.max(LOG_LEAST))))
            .collect();
        likeliest.push(others);
    }
    json!({"tokens": tokens, "token_logprobs": logs, "top_logprobs": likeliest,
           "text_offset": offsets})
}

#[cfg(test)]
mod tests {
    use quipu_cpu::Likely;
    use quipu_cpu::scripted::ScriptedCpu;

    use super::*;

    const USUAL: Sampling = Sampling {
        temperature: 0.0,
        seed: 0,
    };

    fn asked(body: Value) -> Result<Vec<Ask>, ApiError> {
        let cpu = ScriptedCpu::parse("s", "", None).unwrap();
        let body: Body = serde_json::from_value(body).unwrap();
        body.asks(&cpu, USUAL)
    }

    #[test]
    fn prompts_are_texts() {
        let check = |prompt: Value, want: &[&str]| {
            let asks = asked(json!({ "prompt": prompt })).unwrap();
            let got: Vec<&str> = asks
                .iter()
                .filter_map(|ask| Some(ask.plain.as_ref()?.before.as_str()))
                .collect();
            assert_eq!(got, want, "{prompt}");
            assert!(asks.iter().all(|ask| ask.tokens_max == Some(16)));
        };
        check(json!("a"), &["a"]);
        check(json!(["a", "b"]), &["a", "b"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        let check = |param: &str, mut body: Value| {
            if body.get("prompt").is_none() {
                body["prompt"] = json!("a");
            }
            let refused = asked(body.clone()).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some(param), "{body}");
        };
        check("prompt", json!({"prompt": null}));
        check("prompt", json!({"prompt": ""}));
        check("prompt", json!({"prompt": []}));
        check("prompt", json!({"prompt": 7}));
        check("prompt", json!({"prompt": ["a", {}]}));
        // Whose tokens they are is not known.
        check("prompt", json!({"prompt": [1, 2]}));
        check("prompt", json!({"prompt": vec![1; TOKENS_MAX + 1]}));
        check("n", json!({"n": 0}));
        check("n", json!({"n": 17}));
        check("n", json!({"prompt": vec!["a"; 17]}));
        check("best_of", json!({"best_of": 3}));
        check("max_tokens", json!({"max_tokens": 0}));
        check("logprobs", json!({"logprobs": 21}));
        check("logprobs", json!({"logprobs": "yes"}));
        check("echo", json!({"logprobs": 1, "echo": true}));
        check("top_p", json!({"top_p": 7}));
        check("grammar", json!({"grammar": "root ::= \"a\""}));
        check(
            "response_format",
            json!({"response_format": {"type": "json_object"}}),
        );
        let nothing = json!({"prompt": "a", "suffix": null, "n": null, "best_of": 1, "echo": false,
            "logprobs": null, "stop": null, "stream": null, "temperature": null, "user": "me",
            "response_format": {"type": "text"}, "max_tokens": -1});
        assert_eq!(asked(nothing).unwrap()[0].tokens_max, None);
    }

    #[test]
    fn odds_stand_at_the_characters_of_their_tokens() {
        let likely = |text: &str, log: f32| Likely {
            bytes: text.as_bytes().to_vec(),
            log,
        };
        let odds = |text: &str| TokenOdds {
            token: likely(text, -0.5),
            likeliest: vec![likely(text, -0.5), likely("x", f32::NEG_INFINITY)],
        };
        assert_eq!(told(&[], 3), Value::Null);
        let want = json!({
            "tokens": ["ü", " b"], "token_logprobs": [-0.5, -0.5], "text_offset": [3, 4],
            "top_logprobs": [{"ü": -0.5, "x": -9999.0}, {" b": -0.5, "x": -9999.0}],
        });
        assert_eq!(told(&[odds("ü"), odds(" b")], 3), want);
    }
}
