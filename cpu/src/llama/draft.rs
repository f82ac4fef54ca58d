//! Drafts by looking up the prompt: output that repeats its context is guessed from
//! there, and the guess is checked in one batch.
//!
//! Prompt lookup decoding (Saxena, 2023): the last few tokens are searched for in
//! what came before, and what followed them there is the draft. The model has the
//! last word on every token, so a wrong draft costs time and changes nothing.

/// Tokens that must have occurred before.
const GRAM: usize = 3;
/// The longest draft.
const LEN_MAX: usize = 15;
/// The length to begin with.
const LEN_FIRST: usize = 4;
/// Tokens without drafts after they went wrong.
const PAUSE_TOKENS: usize = 24;

/// How long the next draft may be, by how the last ones did.
pub(super) struct Drafter {
    len: usize,
    /// No drafts before there are this many tokens.
    not_before: usize,
}

impl Default for Drafter {
    fn default() -> Self {
        Self {
            len: LEN_FIRST,
            not_before: 0,
        }
    }
}

impl Drafter {
    /// What may follow `tokens`, at most `room` of them; often nothing.
    pub(super) fn propose(&self, tokens: &[i32], room: usize) -> Vec<i32> {
        let len = self.len.min(room);
        if len == 0 || tokens.len() < self.not_before {
            return Vec::new();
        }
        let (Some(gram), Some((_, before))) = (tokens.last_chunk::<GRAM>(), tokens.split_last())
        else {
            return Vec::new();
        };
        // The latest occurrence says most about what comes next.
        let found = before.windows(GRAM).rposition(|window| window == gram);
        found.map_or_else(Vec::new, |at| {
            let follows = &tokens[at + GRAM..];
            follows[..len.min(follows.len())].to_vec()
        })
    }

    /// Notes that `accepted` of `drafted` tokens were right, up to token `at`.
    pub(super) fn learn(&mut self, drafted: usize, accepted: usize, at: usize) {
        match (drafted, accepted) {
            (0, _) => {}
            (_, 0) => {
                self.len = LEN_FIRST;
                self.not_before = at + PAUSE_TOKENS;
            }
            (drafted, accepted) if accepted == drafted => self.len = (2 * self.len).min(LEN_MAX),
            _ => self.len = (accepted + 1).clamp(2, LEN_MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_before_is_proposed() {
        let check = |tokens: &[i32], room, want: &[i32]| {
            assert_eq!(Drafter::default().propose(tokens, room), want);
        };
        check(&[1, 2, 3, 4, 5, 6, 7, 1, 2, 3], 9, &[4, 5, 6, 7]);
        check(&[1, 2, 3, 4, 5, 6, 7, 1, 2, 3], 2, &[4, 5]);
        check(&[1, 2, 3, 8, 1, 2, 3, 9, 1, 2, 3], 1, &[9]);
        check(&[1, 1, 1, 1], 9, &[1]);
        check(&[1, 2, 3, 4], 9, &[]);
        check(&[1, 2], 9, &[]);
    }

    #[test]
    fn drafts_grow_while_they_are_right_and_rest_when_they_are_not() {
        let tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3];
        let mut drafter = Drafter::default();
        drafter.learn(4, 4, 15);
        assert_eq!(drafter.propose(&tokens, 99).len(), 8);
        drafter.learn(8, 3, 15);
        assert_eq!(drafter.propose(&tokens, 99).len(), 4);
        drafter.learn(4, 0, 15);
        assert!(drafter.propose(&tokens, 99).is_empty());
    }
}
