//! One running job of the engine: what it has still to feed, its grammar, and how
//! its next token is chosen.

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use llguidance::Matcher;
use toktrie::SimpleVob;

use super::vocab::Vocab;
use crate::cpu::{Chunk, Completion, CpuError, Job, Sampling, Sink};
use crate::process::Usage;

/// Tokens kept to close an action whose room is used up: enough for the quotes,
/// brackets and forced keys of the tools' schemas.
const WIND_DOWN_TOKENS: u32 = 48;
/// Periods, in tokens, at which output is checked for going round in circles.
const CIRCLE_PERIOD_MAX: usize = 24;
/// Tokens of an unchanging cycle after which the action is closed.
const CIRCLE_TOKENS: usize = 96;
/// Tokens less likely than this share of the likeliest are not drawn.
const MIN_P: f32 = 0.05;

pub(super) struct Slot {
    pub(super) sequence: usize,
    pub(super) priority: i8,
    pub(super) waited: u32,
    /// Tokens not yet computed: the rest of the prompt, or what was just chosen.
    pub(super) feed: Vec<i32>,
    sink: Sink,
    matcher: Matcher,
    sampler: Option<LlamaSampler>,
    usage: Usage,
    tokens_max: u32,
    generated: Vec<i32>,
    text: Vec<u8>,
    /// Bytes of `text` already sent.
    sent: usize,
    closing: bool,
}

impl Slot {
    pub(super) fn new(
        job: &Job,
        sink: Sink,
        sequence: usize,
        keep: usize,
        vocab: &Vocab,
    ) -> Result<Self, (Sink, CpuError)> {
        let matcher = match vocab.matcher(&job.schema) {
            Ok(matcher) => matcher,
            Err(error) => return Err((sink, error)),
        };
        Ok(Self {
            sequence,
            priority: job.priority,
            waited: 0,
            feed: job.prompt.tokens[keep..].to_vec(),
            sink,
            matcher,
            sampler: sampler(job.sampling),
            usage: Usage {
                prompt_tokens: job.prompt.tokens.len() as u32,
                cached_tokens: keep as u32,
                generated_tokens: 0,
            },
            tokens_max: job.tokens_max,
            generated: Vec::new(),
            text: Vec::new(),
            sent: 0,
            closing: false,
        })
    }

    /// Whether nobody waits for the result any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.sink.is_closed()
    }

    /// Chooses the next token from `logits` and takes in what the grammar forces
    /// after it. True when the action is complete.
    pub(super) fn advance(&mut self, logits: &[f32], vocab: &Vocab) -> Result<bool, CpuError> {
        let grammar = |error| CpuError::Decode(format!("the grammar failed: {error}"));
        let mask = self.matcher.compute_mask_or_eos().map_err(grammar)?;
        let left = self.tokens_max.saturating_sub(self.generated.len() as u32);
        if !self.closing
            && (left <= WIND_DOWN_TOKENS.min(self.tokens_max / 2) || in_circles(&self.generated))
        {
            self.closing = true;
        }
        let token = self.choose(logits, &mask, vocab);
        self.matcher.consume_token(token as u32).map_err(grammar)?;
        self.take(token, vocab);
        if !vocab.is_end(token) && !self.matcher.is_stopped() {
            for forced in self.matcher.consume_ff_tokens() {
                self.take(forced as i32, vocab);
            }
        }
        self.send_text();
        Ok(vocab.is_end(token)
            || self.matcher.is_stopped()
            || self.generated.len() as u32 >= self.tokens_max)
    }

    fn take(&mut self, token: i32, vocab: &Vocab) {
        self.generated.push(token);
        self.feed.push(token);
        if !vocab.is_end(token) {
            self.text.extend_from_slice(vocab.bytes(token));
        }
    }

    fn choose(&mut self, logits: &[f32], mask: &SimpleVob, vocab: &Vocab) -> i32 {
        if self.closing {
            // The shortest way out of any JSON value.
            let ways = ["\"", "}", "]"].iter().filter_map(|text| vocab.token(text));
            if let Some(token) = ways.into_iter().find(|token| mask.is_allowed(*token)) {
                return token as i32;
            }
        }
        let Some(sampler) = &mut self.sampler else {
            return greedy(logits, mask);
        };
        let mut allowed = Vec::new();
        mask.iter_set_entries(|i| {
            if let Some(logit) = logits.get(i) {
                allowed.push(LlamaTokenData::new(LlamaToken(i as i32), *logit, 0.0));
            }
        });
        let mut candidates = LlamaTokenDataArray::new(allowed, false);
        candidates.apply_sampler(sampler);
        candidates
            .selected_token()
            .map_or_else(|| greedy(logits, mask), |token| token.0)
    }

    fn send_text(&mut self) {
        let rest = &self.text[self.sent..];
        let whole = match std::str::from_utf8(rest) {
            Ok(text) => text,
            // A character may be split between tokens: the rest comes with the next.
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
        };
        if !whole.is_empty() {
            self.sent += whole.len();
            // A closed sink is noticed in the next batch.
            let _ = self.sink.send(Ok(Chunk::Text(whole.to_owned())));
        }
    }

    /// Sends the finished action.
    pub(super) fn finish(mut self) {
        self.usage.generated_tokens = self.generated.len() as u32;
        let completion = Completion {
            text: String::from_utf8_lossy(&self.text).into_owned(),
            usage: self.usage,
            closed_early: self.closing,
        };
        let _ = self.sink.send(Ok(Chunk::Done(completion)));
    }

    /// Reports a failure of the engine.
    pub(super) fn fail(self, error: CpuError) {
        let _ = self.sink.send(Err(error));
    }
}

/// `None` is greedy.
fn sampler(sampling: Sampling) -> Option<LlamaSampler> {
    (sampling.temperature > 0.0).then(|| {
        LlamaSampler::chain_simple([
            LlamaSampler::min_p(MIN_P, 1),
            LlamaSampler::temp(sampling.temperature),
            LlamaSampler::dist(sampling.seed),
        ])
    })
}

fn greedy(logits: &[f32], mask: &SimpleVob) -> i32 {
    let mut best = (f32::NEG_INFINITY, 0);
    mask.iter_set_entries(|i| {
        if let Some(&logit) = logits.get(i)
            && (logit > best.0 || best.0 == f32::NEG_INFINITY)
        {
            best = (logit, i);
        }
    });
    best.1 as i32
}

/// Whether the end of `tokens` is one cycle over and over.
fn in_circles(tokens: &[i32]) -> bool {
    if tokens.len() < CIRCLE_TOKENS {
        return false;
    }
    let tail = &tokens[tokens.len() - CIRCLE_TOKENS..];
    (1..=CIRCLE_PERIOD_MAX).any(|period| tail[period..] == tail[..CIRCLE_TOKENS - period])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_noticed() {
        let check = |tokens: Vec<i32>, want| assert_eq!(in_circles(&tokens), want);
        check((0..200).collect(), false);
        check((0..200).map(|i| i % 7).collect(), true);
        check((0..200).map(|_| 1).collect(), true);
        check((0..90).map(|_| 1).collect(), false);
        check((0..200).map(|i| i % 50).collect(), false);
    }

    #[test]
    fn greedy_takes_the_best_allowed() {
        let check = |allowed: &[bool], want| {
            assert_eq!(
                greedy(&[1.0, 3.0, 2.0], &SimpleVob::from_slice(allowed)),
                want
            );
        };
        check(&[true, true, true], 1);
        check(&[true, false, true], 2);
    }
}
