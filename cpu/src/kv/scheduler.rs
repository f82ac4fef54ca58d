//! The scheduler: who computes how much in the next batch.
//!
//! Pure arithmetic over loads, so that it can be tested without a model. A process
//! that generates gets its tokens in every batch; beside them there is room for some
//! prefill, given by priority with aging, so that a long prompt neither stalls the
//! others nor starves.

/// Tokens of prefill in one batch beside a process that generates. Small enough that
/// nobody waits long for the next token, large enough to keep the cores busy.
pub const CHUNK_TOKENS: usize = 64;

/// Batches a process waits before its priority counts as one higher: about as long as a few
/// actions take. With a quarter of that, the longest wait counted more than the priority.
const AGING_TICKS: u32 = 32;

/// One process that wants to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// The caller's name for it.
    pub id: usize,
    /// Higher runs first.
    pub priority: i8,
    /// Tokens it has to feed.
    pub pending: usize,
    /// Whether it is past its prompt.
    pub generating: bool,
    /// Batches since it was last served.
    pub waited: u32,
}

/// What a process gets in the next batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The caller's name for it.
    pub id: usize,
    /// Tokens it may feed.
    pub tokens: usize,
}

/// How urgent a process is: its priority, and more the longer it has waited, so that
/// everyone has their turn in the end.
pub fn urgency(priority: i8, waited: u32) -> i64 {
    i64::from(priority) + i64::from(waited / AGING_TICKS)
}

/// Tokens of prefill in the next batch, at most `most`: all of those while nobody
/// generates, and otherwise a chunk for each of `loads` that waits for its first token,
/// or one for all of them where somebody more urgent waits for the next.
pub fn chunk(loads: &[Load], most: usize) -> usize {
    let of = |generating: bool| {
        let loads = loads
            .iter()
            .filter(move |load| load.generating == generating);
        let urgent = loads
            .clone()
            .map(|load| urgency(load.priority, load.waited));
        (loads.count(), urgent.max())
    };
    let ((generating, next), (prefilling, first)) = (of(true), of(false));
    match generating {
        0 => most,
        _ if next > first => CHUNK_TOKENS.min(most),
        _ => (CHUNK_TOKENS * prefilling).min(most),
    }
}

/// Divides a batch of at most `budget` tokens among `loads`, with at most `chunk`
/// tokens of prefill.
pub fn plan(loads: &[Load], budget: usize, chunk: usize) -> Vec<Share> {
    let mut order: Vec<&Load> = loads.iter().filter(|load| load.pending > 0).collect();
    order.sort_by_key(|load| {
        let urgency = urgency(load.priority, load.waited);
        (std::cmp::Reverse((urgency, load.waited)), load.id)
    });
    let (generating, prefilling): (Vec<&Load>, Vec<&Load>) =
        order.into_iter().partition(|load| load.generating);
    let mut left = budget;
    let mut shares = Vec::new();
    let mut give = |loads: Vec<&Load>, mut most: usize| {
        for load in loads {
            let tokens = load.pending.min(most).min(left);
            if tokens == 0 {
                return;
            }
            most -= tokens;
            left -= tokens;
            shares.push(Share {
                id: load.id,
                tokens,
            });
        }
    };
    give(generating, budget);
    give(prefilling, chunk);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(id: usize, priority: i8, pending: usize, waited: u32) -> Load {
        Load {
            id,
            priority,
            pending,
            generating: pending == 1,
            waited,
        }
    }

    fn check(loads: &[Load], want: &[(usize, usize)]) {
        let got: Vec<_> = plan(loads, 512, CHUNK_TOKENS)
            .iter()
            .map(|share| (share.id, share.tokens))
            .collect();
        assert_eq!(got, want);
    }

    #[test]
    fn generating_comes_first_and_prefill_follows() {
        check(&[], &[]);
        check(&[load(0, 0, 500, 0), load(1, 0, 1, 0)], &[(1, 1), (0, 64)]);
        check(&[load(0, 0, 500, 0), load(1, 1, 500, 0)], &[(1, 64)]);
        let waited = 2 * AGING_TICKS;
        check(&[load(0, 0, 500, waited), load(1, 1, 500, 0)], &[(0, 64)]);
        check(
            &[load(0, 0, 30, 0), load(1, 0, 500, 0)],
            &[(0, 30), (1, 34)],
        );
    }

    #[test]
    fn prefill_has_room_by_how_many_wait_for_it() {
        let check = |loads: &[Load], want| assert_eq!(chunk(loads, 512), want);
        check(&[], 512);
        check(&[load(0, 0, 500, 0)], 512);
        check(&[load(0, 0, 1, 0)], 64);
        check(&[load(0, 0, 1, 0), load(1, 0, 500, 0)], 64);
        check(
            &[load(0, 0, 1, 0), load(1, 0, 500, 0), load(2, 0, 500, 0)],
            128,
        );
        check(
            &[load(0, 1, 1, 0), load(1, 0, 500, 0), load(2, 0, 500, 0)],
            64,
        );
        let mut many = vec![load(0, 0, 1, 0); 2];
        many.extend([load(1, 0, 500, 0); 30]);
        check(&many, 512);
        assert_eq!(chunk(&many, 32), 32);
    }

    /// Runs `loads` for `ticks` batches; the tokens each has computed.
    fn simulate(loads: &mut [Load], ticks: usize) -> Vec<usize> {
        let mut computed = vec![0; loads.len()];
        for _ in 0..ticks {
            let shares = plan(loads, 512, CHUNK_TOKENS);
            assert!(shares.iter().map(|share| share.tokens).sum::<usize>() <= 512);
            for (i, load) in loads.iter_mut().enumerate() {
                match shares.iter().find(|share| share.id == load.id) {
                    Some(share) => {
                        load.pending -= share.tokens;
                        computed[i] += share.tokens;
                        load.waited = 0;
                    }
                    None => load.waited += 1,
                }
            }
        }
        computed
    }

    proptest! {
        #[test]
        fn everyone_is_served_in_the_end(prompts in prop::collection::vec((1usize..400, -3i8..4), 1..12)) {
            let mut loads: Vec<Load> = prompts
                .iter()
                .enumerate()
                .map(|(id, (pending, priority))| load(id, *priority, *pending, 0))
                .collect();
            // An endless stream of urgent work beside them.
            loads.push(load(99, 4, usize::MAX / 2, 0));
            simulate(&mut loads, 4000);
            prop_assert!(loads.iter().filter(|l| l.id != 99).all(|l| l.pending == 0));
        }

        #[test]
        fn equals_get_equal_shares(n in 2usize..40, ticks in 200usize..400) {
            let mut loads: Vec<Load> = (0..n).map(|id| load(id, 0, usize::MAX / 2, 0)).collect();
            let computed = simulate(&mut loads, ticks);
            let (least, most) = (computed.iter().min().unwrap(), computed.iter().max().unwrap());
            prop_assert!(*most <= 2 * *least, "{computed:?}");
        }

        #[test]
        fn a_person_is_answered_in_the_next_batch(jobs in prop::collection::vec((1usize..2000, 0u32..8), 0..200)) {
            let mut loads: Vec<Load> = jobs
                .iter()
                .enumerate()
                .map(|(id, (pending, waited))| load(id, 0, *pending, *waited))
                .collect();
            loads.push(load(999, 10, 48, 0));
            prop_assert_eq!(simulate(&mut loads, 1).pop(), Some(48));
        }
    }
}
