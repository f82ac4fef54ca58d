//! One job of the engine: its tokens, its grammar, and how the next one is chosen.

use llguidance::Matcher;
use toktrie::SimpleVob;

use super::chooser::Chooser;
use super::draft::Drafter;
use super::odds::{log_sum, odds};
use super::sight::{Encoded, Shown};
use super::vocab::Vocab;
use crate::kv::pictures;
use crate::kv::prefix::common_prefix;
use crate::kv::scheduler;
use crate::{
    Chunk, ClosedEarly, Completion, CpuError, Form, Inquiry, Job, Movement, Prompt, Sink,
    TokenOdds, Weights, Wishes,
};
use crate::{Pid, Usage};

/// Tokens kept to close an action whose room is used up: enough for the quotes,
/// brackets and forced keys of the tools' schemas.
const WIND_DOWN_TOKENS: u32 = 48;
/// Periods, in tokens, at which output is checked for going round in circles.
const CIRCLE_PERIOD_MAX: usize = 24;
/// Tokens of an unchanging cycle after which the action is closed.
const CIRCLE_TOKENS: usize = 96;

pub(super) struct Slot {
    pub(super) pid: Pid,
    pub(super) priority: i8,
    /// Batches since it was last served.
    pub(super) waited: u32,
    /// Where it is in the cache; of no meaning while it waits.
    pub(super) sequence: usize,
    /// The prompt and what was generated after it.
    pub(super) tokens: Vec<i32>,
    /// What its pictures became, chunk by chunk.
    pictures: Shown,
    /// Tokens of the prompt.
    pub(super) prompt: usize,
    /// Tokens of the prompt that are everyone's: the boot page.
    pub(super) boot: usize,
    /// Tokens that may follow, to be checked in the next batch.
    pub(super) draft: Vec<i32>,
    pub(super) counts: Counts,
    sink: Sink,
    matcher: Option<Matcher>,
    /// Whether it is JSON, which can be closed at any place.
    json: bool,
    chooser: Chooser,
    drafter: Drafter,
    cached: Option<usize>,
    tokens_max: u32,
    text: Vec<u8>,
    /// Bytes of `text` already sent.
    sent: usize,
    closing: Option<ClosedEarly>,
    /// Whether a token was chosen yet.
    begun: bool,
    /// How many likeliest tokens are told of each that is written, if they are.
    telling: Option<usize>,
    /// Odds of the tokens whose text was not sent yet.
    told: Vec<TokenOdds>,
    /// Of a question, the tokens that begin each option.
    options: Option<Vec<Vec<i32>>>,
    /// Its answer.
    weights: Option<Weights>,
}

/// Where the tokens of an action came from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Left without a choice by the grammar.
    pub(super) forced: u64,
    /// Guessed.
    pub(super) drafted: u64,
    /// Guessed rightly.
    pub(super) accepted: u64,
}

/// What a batch brought a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Advance {
    /// Whether the action is complete.
    pub(super) done: bool,
    /// Draft tokens that turned out right; the others must leave the cache.
    pub(super) accepted: usize,
}

impl Slot {
    pub(super) fn new(
        job: Job,
        wishes: Wishes,
        sink: Sink,
        shown: Shown,
        vocab: &Vocab,
    ) -> Result<Self, (Sink, CpuError)> {
        let matcher = match &job.form {
            Form::Text => None,
            form => match vocab.matcher(form) {
                Ok(matcher) => Some(matcher),
                Err(error) => return Err((sink, error)),
            },
        };
        let mut slot = Self {
            matcher,
            json: matches!(job.form, Form::Json(_)),
            chooser: Chooser::new(job.sampling, wishes.shaping),
            tokens_max: job.tokens_max,
            telling: wishes.odds,
            pictures: shown,
            ..Self::bare(job.pid, job.priority, job.prompt, sink)
        };
        // How an action begins is mostly certain, and is computed with the prompt.
        slot.take_forced(vocab);
        Ok(slot)
    }

    /// A slot that ends as soon as its prompt is computed.
    pub(super) fn weighing(inquiry: Inquiry, sink: Sink, shown: Shown, vocab: &Vocab) -> Self {
        let first = |text: &String| vocab.tokenize(text, false).first().copied();
        let options = inquiry.options.iter();
        let options = options.map(|texts| texts.iter().filter_map(first).collect());
        Self {
            options: Some(options.collect()),
            pictures: shown,
            ..Self::bare(inquiry.pid, inquiry.priority, inquiry.prompt, sink)
        }
    }

    fn bare(pid: Pid, priority: i8, prompt: Prompt, sink: Sink) -> Self {
        let Prompt { tokens, boot, .. } = prompt;
        Self {
            pid,
            priority,
            waited: 0,
            sequence: 0,
            pictures: Shown::new(),
            prompt: tokens.len(),
            boot,
            tokens,
            draft: Vec::new(),
            counts: Counts::default(),
            sink,
            matcher: None,
            json: false,
            chooser: Chooser::default(),
            drafter: Drafter::default(),
            cached: None,
            tokens_max: 1,
            text: Vec::new(),
            sent: 0,
            closing: None,
            begun: false,
            telling: None,
            told: Vec::new(),
            options: None,
            weights: None,
        }
    }

    /// Higher runs first.
    pub(super) fn urgency(&self) -> i64 {
        scheduler::urgency(self.priority, self.waited)
    }

    /// Whether nobody waits for the result any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.sink.is_closed()
    }

    /// A way to ask the same from within a batch.
    pub(super) fn sink(&self) -> Sink {
        self.sink.clone()
    }

    /// The most tokens it will have.
    pub(super) fn total(&self) -> usize {
        self.prompt + self.tokens_max as usize
    }

    /// Whether its prompt is computed, so that each batch brings new tokens.
    pub(super) fn generates(&self) -> bool {
        self.begun
    }

    /// What a question offers: of each option the tokens that begin it.
    pub(super) fn asks(&self) -> Option<&[Vec<i32>]> {
        self.options.as_deref()
    }

    /// The answer to its question, once there is one.
    pub(super) fn weights(&self) -> Option<&Weights> {
        self.weights.as_ref()
    }

    /// Takes in the answer to its question, which was computed before: its whole prompt was.
    pub(super) fn know(&mut self, weights: Weights) {
        self.cached = Some(self.prompt);
        self.weights = Some(weights);
    }

    /// Whether there are pictures in its prompt.
    pub(super) fn shows(&self) -> bool {
        !self.pictures.is_empty()
    }

    /// How far its prompt is read when `computed` tokens are in the cache; nothing once it is whole.
    pub(super) fn read(&self, computed: usize) -> Option<Movement> {
        (computed < self.prompt).then_some(Movement::Read {
            pid: self.pid,
            tokens: computed,
            of: self.prompt,
            asks: self.options.is_some(),
        })
    }

    /// The chunk of a picture that comes next when `computed` tokens are in the cache, if one
    /// does.
    pub(super) fn picture_at(&self, computed: usize) -> Option<&Encoded> {
        if self.pictures.is_empty() || *self.tokens.get(computed)? >= 0 {
            return None;
        }
        let nth = pictures::count(&self.tokens[..computed]);
        self.pictures.get(nth).map(|picture| &**picture)
    }

    /// Tokens, with those of the draft, that can be computed together when `computed` are in the
    /// cache: up to the next picture.
    pub(super) fn pending(&self, computed: usize) -> usize {
        let next = match self.pictures.is_empty() {
            true => None,
            false => pictures::next(&self.tokens, computed),
        };
        next.unwrap_or(self.tokens.len() + self.draft.len()) - computed
    }

    /// Notes how much of its prompt was resident when it was first placed.
    pub(super) fn placed(&mut self, sequence: usize, keep: usize) {
        self.sequence = sequence;
        self.cached.get_or_insert(keep.min(self.prompt));
    }

    /// Chooses the next tokens. `rows` are the logits after the last token and after
    /// each of the draft.
    pub(super) fn advance(&mut self, rows: &[&[f32]], vocab: &Vocab) -> Result<Advance, CpuError> {
        self.begun = true;
        if let Some(options) = &self.options {
            self.weights = Some(weigh(rows[0], options));
            return Ok(Advance {
                done: true,
                accepted: 0,
            });
        }
        let draft = std::mem::take(&mut self.draft);
        let (start, mut accepted) = (self.tokens.len(), 0);
        let done = loop {
            let done = self.choose_one(rows[accepted], vocab)?;
            let taken = &self.tokens[start + accepted..];
            let same = common_prefix(taken, &draft[accepted..]);
            let all = same == taken.len();
            accepted += same;
            if done || !all {
                break done;
            }
        };
        self.drafter.learn(draft.len(), accepted, self.tokens.len());
        self.counts.drafted += draft.len() as u64;
        self.counts.accepted += accepted as u64;
        self.send_text();
        Ok(Advance { done, accepted })
    }

    /// Guesses what comes next, where that pays.
    pub(super) fn guess(&mut self) {
        let room = self.total().saturating_sub(self.tokens.len());
        let mut draft = self.drafter.propose(&self.tokens, room);
        // What followed may have been a picture.
        draft.truncate(pictures::next(&draft, 0).unwrap_or(draft.len()));
        if let Some(matcher) = self.matcher.as_mut().filter(|_| !draft.is_empty()) {
            let tokens: Vec<u32> = draft.iter().map(|&token| token as u32).collect();
            draft.truncate(matcher.validate_tokens(&tokens).unwrap_or(0));
        }
        self.draft = draft;
    }

    /// Chooses a token from `logits` and takes in what the grammar forces after it.
    /// True when the action is complete.
    fn choose_one(&mut self, logits: &[f32], vocab: &Vocab) -> Result<bool, CpuError> {
        if self.matcher.as_ref().is_some_and(Matcher::is_stopped) {
            return Ok(true);
        }
        let grammar = |error| CpuError::Decode(format!("the grammar failed: {error}"));
        let generated = self.tokens.len() - self.prompt;
        let left = self.tokens_max.saturating_sub(generated as u32);
        if self.closing.is_none() && (self.matcher.is_some() || left <= 1) {
            let wind_down = if self.json { WIND_DOWN_TOKENS } else { 1 };
            self.closing = if left <= wind_down.min(self.tokens_max / 2) {
                Some(ClosedEarly::Full)
            } else if in_circles(&self.tokens[self.prompt..]) {
                Some(ClosedEarly::Repeating)
            } else {
                None
            };
        }
        if self.closing.is_some() && self.matcher.is_some() && !self.json {
            return Ok(true);
        }
        let mask = match &mut self.matcher {
            Some(matcher) => Some(matcher.compute_mask_or_eos().map_err(grammar)?),
            None => None,
        };
        let token = self.choose(logits, mask.as_ref(), vocab);
        if let Some(most) = self.telling.filter(|_| !vocab.is_end(token)) {
            let odds = odds(logits, mask.as_ref(), token, most, vocab);
            self.told.push(odds);
        }
        self.take(token, vocab);
        let mut over = vocab.is_end(token);
        if let Some(matcher) = &mut self.matcher {
            matcher.consume_token(token as u32).map_err(grammar)?;
            over = over || matcher.is_stopped() || self.take_forced(vocab);
        }
        let generated = self.tokens.len() - self.prompt;
        Ok(over || generated as u32 >= self.tokens_max)
    }

    /// Takes in the tokens that the grammar leaves no choice about. True when the action
    /// is complete with them.
    fn take_forced(&mut self, vocab: &Vocab) -> bool {
        let Some(matcher) = &mut self.matcher else {
            return false;
        };
        let forced = matcher.consume_ff_tokens();
        let over = matcher.is_stopped();
        self.counts.forced += forced.len() as u64;
        for token in forced {
            if let Some(most) = self.telling.filter(|_| !vocab.is_end(token as i32)) {
                let bytes = vocab.bytes(token as i32).to_vec();
                self.told.push(TokenOdds::certain(bytes, most));
            }
            self.take(token as i32, vocab);
        }
        over
    }

    fn take(&mut self, token: i32, vocab: &Vocab) {
        self.tokens.push(token);
        self.chooser.note(token);
        if !vocab.is_end(token) {
            self.text.extend_from_slice(vocab.bytes(token));
        }
    }

    fn choose(&mut self, logits: &[f32], mask: Option<&SimpleVob>, vocab: &Vocab) -> i32 {
        if let (Some(_), Some(mask)) = (self.closing, mask) {
            // The shortest way out of any JSON value.
            let ways = ["\"", "}", "]"].iter().filter_map(|text| vocab.token(text));
            if let Some(token) = ways.into_iter().find(|token| mask.is_allowed(*token)) {
                return token as i32;
            }
        }
        self.chooser.choose(logits, mask, &self.tokens)
    }

    fn send_text(&mut self) {
        let rest = &self.text[self.sent..];
        let whole = match std::str::from_utf8(rest) {
            Ok(text) => text,
            // A character may be split between tokens: the rest comes with the next.
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
        };
        if !whole.is_empty() {
            if self.sent == 0 {
                // Whoever stops listening before the end knows it too.
                let cached = self.cached.unwrap_or(0) as u32;
                let _ = self.sink.try_send(Ok(Chunk::Begun(cached)));
            }
            self.sent += whole.len();
            if !self.told.is_empty() {
                let odds = Chunk::Odds(std::mem::take(&mut self.told));
                let _ = self.sink.try_send(Ok(odds));
            }
            // A closed sink is noticed in the next batch.
            let _ = self.sink.try_send(Ok(Chunk::Text(whole.to_owned())));
        }
    }

    /// Sends the finished action.
    pub(super) fn finish(self) {
        let usage = Usage {
            prompt_tokens: self.prompt as u32,
            cached_tokens: self.cached.unwrap_or(0) as u32,
            generated_tokens: (self.tokens.len() - self.prompt) as u32,
        };
        let chunk = match self.weights {
            Some(weights) => Chunk::Weighed(weights, usage),
            None => Chunk::Done(Completion {
                text: String::from_utf8_lossy(&self.text).into_owned(),
                usage,
                closed_early: self.closing,
                thought: false,
            }),
        };
        // Nobody may wait for it any more.
        let _ = self.sink.try_send(Ok(chunk));
    }

    /// Reports a failure of the engine.
    pub(super) fn fail(self, error: CpuError) {
        let _ = self.sink.try_send(Err(error));
    }
}

/// The logarithm of the probability that the next token begins each option.
fn weigh(logits: &[f32], options: &[Vec<i32>]) -> Weights {
    let total = log_sum(logits.iter().copied());
    let logit = |token: &i32| usize::try_from(*token).ok().and_then(|at| logits.get(at));
    let options = options.iter();
    options
        .map(|tokens| {
            // Two texts of an option may begin alike.
            let mut tokens = tokens.clone();
            tokens.sort_unstable();
            tokens.dedup();
            log_sum(tokens.iter().filter_map(logit).copied()) - total
        })
        .collect()
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
    fn options_are_weighed_over_the_whole_vocabulary() {
        let logits = [0.0, 2f32.ln(), 0.0, 4f32.ln()];
        let shares: Vec<f32> = weigh(&logits, &[vec![0], vec![1, 2, 1], vec![], vec![9]])
            .into_iter()
            .map(f32::exp)
            .collect();
        for (share, want) in shares.iter().zip([0.125, 0.375, 0.0, 0.0]) {
            assert!((share - want).abs() < 1e-6, "{shares:?}");
        }
    }

    #[test]
    fn circles_are_noticed() {
        let check = |tokens: Vec<i32>, want| assert_eq!(in_circles(&tokens), want);
        check((0..200).collect(), false);
        check((0..200).map(|i| i % 7).collect(), true);
        check((0..200).map(|_| 1).collect(), true);
        check((0..90).map(|_| 1).collect(), false);
        check((0..200).map(|i| i % 50).collect(), false);
    }
}
