//! Which of the tokens that the grammar allows is written next.
//!
//! The choice depends on the logits, the seed and the text so far, and on nothing else. The
//! cuts and the draw are llama.cpp's samplers; the penalties are here, because they count the
//! tokens that a grammar forces too, and hold for a greedy choice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use toktrie::SimpleVob;

use super::greedy::greedy;
use crate::{Sampling, Shaping};

/// Tokens less likely than this share of the likeliest are not drawn, unless a job says
/// otherwise.
const MIN_P: f32 = 0.05;
/// Tokens at the end of prompt and answer whose repetition is penalised: as many as llama.cpp's
/// server looks at.
const REPEAT_TOKENS: usize = 64;

/// Chooses the tokens of one text.
#[derive(Default)]
pub(super) struct Chooser {
    /// `None` is greedy.
    sampler: Option<LlamaSampler>,
    shaping: Shaping,
    /// How often each token was written; kept where a penalty asks for it.
    written: BTreeMap<i32, u32>,
}

impl Chooser {
    pub(super) fn new(sampling: Sampling, shaping: Shaping) -> Self {
        Self {
            sampler: sampler(sampling, &shaping),
            shaping,
            written: BTreeMap::new(),
        }
    }

    /// Notes a token that was written, by choice or because the grammar left none.
    pub(super) fn note(&mut self, token: i32) {
        if self.shaping.frequency_penalty != 0.0 || self.shaping.presence_penalty != 0.0 {
            *self.written.entry(token).or_default() += 1;
        }
    }

    /// The next token after `tokens`, the prompt and what was written, by `logits`: one that
    /// `mask` allows.
    pub(super) fn choose(
        &mut self,
        logits: &[f32],
        mask: Option<&SimpleVob>,
        tokens: &[i32],
    ) -> i32 {
        let logits = self.shaped(logits, tokens);
        let Some(sampler) = &mut self.sampler else {
            return greedy(&logits, mask);
        };
        let is_allowed = |i: usize| mask.is_none_or(|mask| i < mask.len() && mask.get(i));
        let all = logits.iter().enumerate().filter(|(i, _)| is_allowed(*i));
        let allowed = all
            .map(|(i, &logit)| LlamaTokenData::new(LlamaToken(i as i32), logit, 0.0))
            .collect();
        let mut candidates = LlamaTokenDataArray::new(allowed, false);
        candidates.apply_sampler(sampler);
        candidates
            .selected_token()
            .map_or_else(|| greedy(&logits, mask), |token| token.0)
    }

    /// `logits` with the bias and the penalties.
    fn shaped<'l>(&self, logits: &'l [f32], tokens: &[i32]) -> Cow<'l, [f32]> {
        let shaping = &self.shaping;
        let repeat = shaping.repeat_penalty.filter(|&penalty| penalty != 1.0);
        if shaping.bias.is_empty() && repeat.is_none() && self.written.is_empty() {
            return Cow::Borrowed(logits);
        }
        let mut shaped = logits.to_vec();
        for &(token, bias) in &shaping.bias {
            change(&mut shaped, token, |logit| logit + bias);
        }
        if let Some(penalty) = repeat {
            let mut last = tokens[tokens.len().saturating_sub(REPEAT_TOKENS)..].to_vec();
            last.sort_unstable();
            last.dedup();
            // Keskar et al., CTRL, 2019, section 4.1, with the sign looked at as all servers do.
            for token in last {
                change(&mut shaped, token, |logit| match logit > 0.0 {
                    true => logit / penalty,
                    false => logit * penalty,
                });
            }
        }
        // As OpenAI documents its two penalties.
        for (&token, &times) in &self.written {
            let penalty = shaping.presence_penalty + shaping.frequency_penalty * times as f32;
            change(&mut shaped, token, |logit| logit - penalty);
        }
        Cow::Owned(shaped)
    }
}

/// Changes the logit of `token`, if there is such a token.
fn change(logits: &mut [f32], token: i32, to: impl Fn(f32) -> f32) {
    let place = usize::try_from(token).ok();
    if let Some(logit) = place.and_then(|place| logits.get_mut(place)) {
        *logit = to(*logit);
    }
}

/// `None` is greedy.
fn sampler(sampling: Sampling, shaping: &Shaping) -> Option<LlamaSampler> {
    if sampling.temperature <= 0.0 {
        return None;
    }
    let mut chain = Vec::new();
    if let Some(most) = shaping.top_k {
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        chain.push(LlamaSampler::top_k(most));
    }
    if let Some(share) = shaping.top_p {
        chain.push(LlamaSampler::top_p(share, 1));
    }
    chain.push(LlamaSampler::min_p(shaping.min_p.unwrap_or(MIN_P), 1));
    chain.push(LlamaSampler::temp(sampling.temperature));
    chain.push(LlamaSampler::dist(sampling.seed));
    Some(LlamaSampler::chain_simple(chain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The tokens that are chosen one after the other from the same `logits`.
    fn chosen(
        temperature: f32,
        seed: u32,
        shaping: &Shaping,
        logits: &[f32],
        mask: Option<&SimpleVob>,
        count: usize,
    ) -> Vec<i32> {
        let sampling = Sampling { temperature, seed };
        let mut chooser = Chooser::new(sampling, shaping.clone());
        let mut tokens = Vec::new();
        for _ in 0..count {
            let token = chooser.choose(logits, mask, &tokens);
            chooser.note(token);
            tokens.push(token);
        }
        tokens
    }

    /// Ways to choose, most of them of several fields.
    fn shapings() -> impl Strategy<Value = Shaping> {
        let share = || prop::option::of(0.0f32..=1.0);
        let penalties = (-2.0f32..=2.0, -2.0f32..=2.0, prop::option::of(0.5f32..2.0));
        let bias = prop::collection::vec((-2i32..40, -100.0f32..=100.0), 0..4);
        let cuts = (prop::option::of(1u32..40), share(), share());
        (cuts, penalties, bias).prop_map(|((top_k, top_p, min_p), penalties, bias)| Shaping {
            top_k,
            top_p,
            min_p,
            frequency_penalty: penalties.0,
            presence_penalty: penalties.1,
            repeat_penalty: penalties.2,
            bias,
        })
    }

    fn logits() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-8.0f32..8.0, 2..40)
    }

    proptest! {
        /// Whatever is asked for, the grammar has the last word, and the seed says what comes.
        #[test]
        fn what_is_chosen_is_legal_and_follows_from_the_seed(
            shaping in shapings(),
            logits in logits(),
            allowed in prop::collection::vec(any::<bool>(), 40),
            first in any::<prop::sample::Index>(),
            temperature in prop_oneof![Just(0.0f32), 0.1f32..2.0],
            seed in any::<u32>(),
        ) {
            let mut allowed = allowed[..logits.len()].to_vec();
            allowed[first.index(logits.len())] = true;
            let mask = SimpleVob::from_slice(&allowed);
            let draw = || chosen(temperature, seed, &shaping, &logits, Some(&mask), 12);
            let tokens = draw();
            prop_assert!(tokens.iter().all(|&token| allowed[token as usize]), "{:?}", tokens);
            prop_assert_eq!(tokens, draw());
        }

        /// The cuts leave the likeliest tokens, and as many as they say.
        #[test]
        fn a_cut_leaves_the_likeliest(
            logits in logits(),
            top_k in 1u32..6,
            top_p in 0.05f32..1.0,
            seed in any::<u32>(),
        ) {
            let likelier = |token: i32| {
                let own = logits[token as usize];
                logits.iter().copied().filter(move |&logit| logit > own)
            };
            let few = Shaping { top_k: Some(top_k), min_p: Some(0.0), ..Shaping::default() };
            for token in chosen(1.0, seed, &few, &logits, None, 12) {
                prop_assert!(likelier(token).count() < top_k as usize);
            }
            let nucleus = Shaping { top_p: Some(top_p), min_p: Some(0.0), ..Shaping::default() };
            let total: f32 = logits.iter().map(|logit| logit.exp()).sum();
            for token in chosen(1.0, seed, &nucleus, &logits, None, 12) {
                let before: f32 = likelier(token).map(f32::exp).sum();
                prop_assert!(before / total < top_p + 1e-3, "{} {}", before / total, top_p);
            }
            let one = Shaping { top_k: Some(1), ..Shaping::default() };
            let greedy = chosen(0.0, seed, &Shaping::default(), &logits, None, 1);
            prop_assert_eq!(chosen(1.0, seed, &one, &logits, None, 1), greedy);
        }

        /// A value that asks for nothing changes nothing.
        #[test]
        fn what_is_off_is_off(logits in logits(), temperature in 0.0f32..2.0, seed in any::<u32>()) {
            let off = Shaping {
                top_p: Some(1.0),
                min_p: Some(MIN_P),
                repeat_penalty: Some(1.0),
                ..Shaping::default()
            };
            let plain = chosen(temperature, seed, &Shaping::default(), &logits, None, 12);
            prop_assert_eq!(chosen(temperature, seed, &off, &logits, None, 12), plain);
        }

        /// Penalties larger than any difference make each token come once before one comes again.
        #[test]
        fn penalised_tokens_take_turns(logits in logits()) {
            let check = |shaping: Shaping| {
                let mut tokens = chosen(0.0, 0, &shaping, &logits, None, logits.len());
                tokens.sort_unstable();
                let want: Vec<i32> = (0..logits.len() as i32).collect();
                prop_assert_eq!(tokens, want);
                Ok(())
            };
            check(Shaping { presence_penalty: 20.0, ..Shaping::default() })?;
            check(Shaping { frequency_penalty: 20.0, ..Shaping::default() })?;
        }
    }

    #[test]
    fn a_bias_decides_and_a_repetition_costs() {
        let check = |shaping: Shaping, tokens: &[i32], want: i32| {
            let sampling = Sampling {
                temperature: 0.0,
                seed: 0,
            };
            let mut chooser = Chooser::new(sampling, shaping);
            assert_eq!(chooser.choose(&[1.0, 3.0, 2.0, -1.0], None, tokens), want);
        };
        let bias = |bias: &[(i32, f32)]| Shaping {
            bias: bias.to_vec(),
            ..Shaping::default()
        };
        check(bias(&[]), &[], 1);
        check(bias(&[(0, 100.0)]), &[], 0);
        check(bias(&[(1, -100.0)]), &[], 2);
        // Of tokens that there are not, none is chosen.
        check(bias(&[(9, 100.0), (-1, 100.0)]), &[], 1);
        let repeat = |penalty| Shaping {
            repeat_penalty: Some(penalty),
            ..Shaping::default()
        };
        check(repeat(2.0), &[1], 2);
        check(repeat(2.0), &[1, 1, 2], 1);
        // What stands further back is not looked at.
        check(repeat(2.0), &[&[1][..], &[0; REPEAT_TOKENS]].concat(), 1);
    }
}
