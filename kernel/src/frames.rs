//! Frames: which tokens are resident in the KV cache, and for whom.
//!
//! Pure bookkeeping; the engine does what it says to the cache itself. A new
//! prompt takes over the longest resident prefix, whichever process computed it.
//! Cells shared by several sequences are counted once for each, so the true use is
//! never above the count, and a sequence that was placed cannot run out of room.

use crate::process::Pid;

/// The resident tokens of one sequence.
#[derive(Clone, Debug, Default)]
struct Sequence {
    tokens: Vec<i32>,
    owner: Option<Pid>,
    /// Cells promised to a running job, its answer included; 0 when idle.
    promised: usize,
    used: u64,
}

/// Where a prompt goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The sequence.
    pub sequence: usize,
    /// Sequences to drop whole, before anything else.
    pub evict: Vec<usize>,
    /// The sequence whose prefix is copied into this one; it is emptied first.
    pub copy_from: Option<usize>,
    /// Tokens of the prompt that are resident and stay.
    pub keep: usize,
}

/// The frame table.
#[derive(Debug)]
pub struct Frames {
    sequences: Vec<Sequence>,
    cells: usize,
    clock: u64,
}

impl Frames {
    /// A table of `sequences` sequences over `cells` cells.
    pub fn new(sequences: usize, cells: usize) -> Self {
        Self {
            sequences: vec![Sequence::default(); sequences],
            cells,
            clock: 0,
        }
    }

    /// Finds room for `prompt` of `pid` and `room` more tokens, and marks it as
    /// taken. `None` when running jobs hold too much: try again when one ends.
    pub fn place(&mut self, pid: Pid, prompt: &[i32], room: usize) -> Option<Placement> {
        let idle = |s: &Sequence| s.promised == 0;
        // The last token is always computed again: its logits are needed.
        let most = prompt.len().saturating_sub(1);
        let shared = |s: &Sequence| common_prefix(&s.tokens, prompt).min(most);
        let own = self
            .sequences
            .iter()
            .position(|s| s.owner == Some(pid) && idle(s));
        let best = (0..self.sequences.len()).max_by_key(|&i| {
            let s = &self.sequences[i];
            (shared(s), idle(s), Some(i) == own)
        })?;
        let keep = shared(&self.sequences[best]);
        let target = own
            .or_else(|| {
                self.sequences
                    .iter()
                    .position(|s| idle(s) && s.tokens.is_empty())
            })
            .or_else(|| self.oldest_idle(&[best]))
            .or_else(|| idle(&self.sequences[best]).then_some(best))?;
        let copy_from = (best != target && keep > 0).then_some(best);

        let need = prompt.len() + room;
        let mut used: usize = self
            .sequences
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != target)
            .map(|(_, s)| s.promised.max(s.tokens.len()))
            .sum();
        let mut evict = Vec::new();
        while used + need > self.cells {
            let mut spared = evict.clone();
            spared.extend([target, best]);
            let victim = self.oldest_idle(&spared).or_else(|| {
                // Nothing else is left: give up the prefix as well.
                (best != target && idle(&self.sequences[best]) && !evict.contains(&best))
                    .then_some(best)
            })?;
            used -= self.sequences[victim].tokens.len();
            evict.push(victim);
        }
        let copy_from = copy_from.filter(|from| !evict.contains(from));
        let keep = if best == target || copy_from.is_some() {
            keep
        } else {
            0
        };

        for &victim in &evict {
            self.sequences[victim] = Sequence::default();
        }
        self.clock += 1;
        self.sequences[target] = Sequence {
            tokens: prompt[..keep].to_vec(),
            owner: Some(pid),
            promised: need,
            used: self.clock,
        };
        Some(Placement {
            sequence: target,
            evict,
            copy_from,
            keep,
        })
    }

    /// Notes that `tokens` were computed and are now resident in `sequence`.
    pub fn extend(&mut self, sequence: usize, tokens: &[i32]) {
        self.sequences[sequence].tokens.extend_from_slice(tokens);
    }

    /// Forgets what is resident in `sequence`, which stays taken.
    pub fn clear(&mut self, sequence: usize) {
        self.sequences[sequence].tokens.clear();
    }

    /// Tokens resident in `sequence`: the position of its next one.
    pub fn len(&self, sequence: usize) -> usize {
        self.sequences[sequence].tokens.len()
    }

    /// Ends the job of `sequence`; its tokens stay resident until room is needed.
    pub fn release(&mut self, sequence: usize) {
        self.clock += 1;
        self.sequences[sequence].promised = 0;
        self.sequences[sequence].used = self.clock;
    }

    fn oldest_idle(&self, spared: &[usize]) -> Option<usize> {
        (0..self.sequences.len())
            .filter(|i| !spared.contains(i))
            .filter(|&i| self.sequences[i].promised == 0 && !self.sequences[i].tokens.is_empty())
            .min_by_key(|&i| self.sequences[i].used)
    }
}

fn common_prefix(a: &[i32], b: &[i32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(frames: &mut Frames, pid: Pid, prompt: &[i32], room: usize) -> Option<Placement> {
        let placement = frames.place(pid, prompt, room)?;
        frames.extend(placement.sequence, &prompt[placement.keep..]);
        Some(placement)
    }

    #[test]
    fn a_process_finds_its_own_prompt_again_and_others_share_it() {
        let mut frames = Frames::new(4, 100);
        let first = run(&mut frames, 1, &[1, 2, 3, 4], 4).unwrap();
        assert_eq!((first.keep, first.copy_from), (0, None));
        frames.release(first.sequence);
        let again = run(&mut frames, 1, &[1, 2, 3, 4, 5], 4).unwrap();
        assert_eq!(
            (again.sequence, again.keep, again.copy_from),
            (first.sequence, 4, None)
        );
        let other = run(&mut frames, 2, &[1, 2, 9], 4).unwrap();
        assert_eq!((other.keep, other.copy_from), (2, Some(first.sequence)));
    }

    #[test]
    fn idle_prompts_make_room_and_running_ones_do_not() {
        let mut frames = Frames::new(4, 10);
        let first = run(&mut frames, 1, &[1, 2, 3, 4], 2).unwrap();
        assert_eq!(frames.place(2, &[5, 6, 7], 3), None);
        frames.release(first.sequence);
        let second = run(&mut frames, 2, &[5, 6, 7, 8, 9], 3).unwrap();
        assert_eq!(second.evict, [first.sequence]);
    }

    proptest! {
        #[test]
        fn cells_are_never_overdrawn(jobs in prop::collection::vec((0i64..5, prop::collection::vec(0i32..3, 1..12), 1usize..6, any::<bool>()), 1..60)) {
            let mut frames = Frames::new(4, 40);
            for (pid, prompt, room, end) in jobs {
                if let Some(placement) = run(&mut frames, pid, &prompt, room) {
                    prop_assert!(placement.keep < prompt.len());
                    prop_assert!(!placement.evict.contains(&placement.sequence));
                    prop_assert_eq!(&frames.sequences[placement.sequence].tokens, &prompt);
                    if end {
                        frames.release(placement.sequence);
                    }
                }
                let held: usize = frames.sequences.iter().map(|s| s.promised.max(s.tokens.len())).sum();
                prop_assert!(held <= 40);
            }
        }
    }
}
