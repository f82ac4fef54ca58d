//! The scheduler: who computes how much in the next batch.
//!
//! Pure arithmetic over loads, so that it can be tested without a model. A process
//! that generates gets its tokens in every batch; what room is left goes to one
//! chunk of prefill, chosen by priority with aging, so that a long prompt neither
//! stalls the others nor starves.

/// Tokens of prefill in one batch. Small enough that a signal takes effect within
/// a fraction of a second, large enough to keep the cores busy.
pub const CHUNK_TOKENS: usize = 64;

/// Batches a process waits before its priority counts as one higher.
const AGING_TICKS: u32 = 8;

/// Tokens still to be fed at which a process counts as generating rather than
/// prefilling: the sampled token and what the grammar forced after it.
const GENERATING_MAX: usize = 16;

/// One process that wants to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// The caller's name for it.
    pub id: usize,
    /// Higher runs first.
    pub priority: i8,
    /// Tokens it has to feed.
    pub pending: usize,
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

/// Divides a batch of at most `budget` tokens among `loads`.
pub fn plan(loads: &[Load], budget: usize) -> Vec<Share> {
    let mut order: Vec<&Load> = loads.iter().filter(|load| load.pending > 0).collect();
    order.sort_by_key(|load| {
        let effective = i64::from(load.priority) + i64::from(load.waited / AGING_TICKS);
        (std::cmp::Reverse((effective, load.waited)), load.id)
    });
    let mut left = budget;
    let mut shares = Vec::new();
    let (generating, prefilling): (Vec<&Load>, Vec<&Load>) = order
        .into_iter()
        .partition(|load| load.pending <= GENERATING_MAX);
    for load in generating {
        if load.pending > left {
            break;
        }
        left -= load.pending;
        shares.push(Share {
            id: load.id,
            tokens: load.pending,
        });
    }
    if let Some(load) = prefilling.first() {
        let tokens = load.pending.min(CHUNK_TOKENS).min(left);
        if tokens > 0 {
            shares.push(Share {
                id: load.id,
                tokens,
            });
        }
    }
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
            waited,
        }
    }

    fn check(loads: &[Load], want: &[(usize, usize)]) {
        let got: Vec<_> = plan(loads, 512).iter().map(|s| (s.id, s.tokens)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn generating_comes_first_and_one_prefill_follows() {
        check(&[], &[]);
        check(&[load(0, 0, 500, 0), load(1, 0, 1, 0)], &[(1, 1), (0, 64)]);
        check(&[load(0, 0, 500, 0), load(1, 1, 500, 0)], &[(1, 64)]);
        check(&[load(0, 0, 500, 16), load(1, 1, 500, 0)], &[(0, 64)]);
        check(&[load(0, 0, 30, 0)], &[(0, 30)]);
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
            for _ in 0..4000 {
                let shares = plan(&loads, 512);
                prop_assert!(shares.iter().map(|s| s.tokens).sum::<usize>() <= 512);
                for load in &mut loads {
                    match shares.iter().find(|share| share.id == load.id) {
                        Some(share) => {
                            load.pending -= share.tokens;
                            load.waited = 0;
                        }
                        None => load.waited += 1,
                    }
                }
            }
            prop_assert!(loads.iter().filter(|l| l.id != 99).all(|l| l.pending == 0));
        }
    }
}
