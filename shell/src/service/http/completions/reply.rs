//! Completions as they grow, and the odds of their tokens, in the form of this API.

use quipu_cpu::TokenOdds;
use quipu_kernel::process::Usage;
use serde_json::{Map, Value, json};

use super::super::chat::reply::{Head, LOG_LEAST, finish, of_one_prompt, usage_of};
use super::super::plain::{Finish, Piece};
use super::super::wire;

/// A reply as it grows.
pub struct Reply {
    pub(super) head: Head,
    pub(super) answers: Vec<Answer>,
    /// Answers of each prompt.
    pub(super) of_each: usize,
    /// Whether a stream tells what it cost.
    pub(super) usage: bool,
}

impl Reply {
    fn body(&self, choices: Vec<Value>) -> Value {
        json!({
            "id": self.head.id, "object": "text_completion", "created": self.head.created,
            "model": self.head.model, "system_fingerprint": null, "choices": choices,
        })
    }

    /// Takes a piece of the answer number `index` in.
    pub(super) fn take(&mut self, index: usize, piece: Piece) {
        self.answers[index].take(piece);
    }

    /// The whole of it.
    pub(super) fn whole(&self) -> Value {
        let choices = self.answers.iter().enumerate();
        let choices =
            choices.map(|(index, answer)| answer.choice(index, &answer.text, &answer.odds));
        let mut body = self.body(choices.collect());
        body["usage"] = usage_of(self.total());
        body
    }

    fn chunk(&self, choice: Value) -> String {
        let mut chunk = self.body(vec![choice]);
        if self.usage {
            chunk["usage"] = Value::Null;
        }
        wire::event(None, &chunk)
    }

    /// The first events of a stream: the prompts, where they are wanted.
    pub(super) fn begin(&self) -> String {
        let answers = self.answers.iter().enumerate();
        let echoes = answers.filter(|(_, answer)| !answer.text.is_empty());
        echoes
            .map(|(index, answer)| self.chunk(answer.choice(index, &answer.text, &[])))
            .collect()
    }

    /// The event for a piece of the answer number `index`; nothing where it tells nothing.
    pub(super) fn piece(&mut self, index: usize, piece: Piece) -> String {
        let answer = &mut self.answers[index];
        let Some(text) = answer.take(piece) else {
            return String::new();
        };
        let choice = answer.choice(index, &text, &answer.odds);
        answer.offset += text.chars().count();
        answer.odds.clear();
        self.chunk(choice)
    }

    /// The last events of a stream.
    pub(super) fn end(&self) -> String {
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
            total += of_one_prompt(of_one.iter().filter_map(|answer| Some(answer.end?.1)));
        }
        total
    }
}

/// An answer as it grows.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    text: String,
    /// Odds of tokens that were not told yet.
    odds: Vec<TokenOdds>,
    /// Characters of the text that were told.
    offset: usize,
    end: Option<(Finish, Usage)>,
}

impl Answer {
    /// One that begins with its prompt, `echoed`.
    pub(super) fn after(echoed: String) -> Self {
        Self {
            text: echoed,
            ..Self::default()
        }
    }

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

    use super::*;

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
