//! Frames: whose tokens are resident in the KV cache, and what each may still need.
//!
//! Pure bookkeeping over the tree of [`crate::kv::prefix`]; the engine does to the cache
//! what is decided here. A sequence is one process's way through the tree. Cells
//! promised to running jobs are counted as taken, so that a job that was admitted
//! cannot run out of room.

use crate::Pid;
use crate::kv::pictures;
use crate::kv::prefix::{NodeId, ROOT, Tree, common_prefix};

/// One row of the cache.
#[derive(Clone, Debug)]
struct Sequence {
    owner: Option<Pid>,
    tail: NodeId,
    len: usize,
    /// Tokens it may grow to while its job runs; `None` when idle.
    promised: Option<usize>,
    priority: i8,
    /// Tokens of its boot page.
    boot: usize,
    /// Whether its owner has exited, so that nobody will miss it.
    gone: bool,
    used: u64,
    /// The batch in which it became idle.
    idle_since: u64,
}

/// Where a job was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The sequence.
    pub sequence: usize,
    /// Tokens of the prompt that are resident in it.
    pub keep: usize,
    /// The sequence whose first `keep` tokens are shared; `None` when the target
    /// keeps its own.
    pub copy_from: Option<usize>,
}

/// An idle sequence that has to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// The sequence.
    pub sequence: usize,
    /// Whose it was.
    pub pid: Option<Pid>,
    /// Its tokens.
    pub tokens: Vec<i32>,
    /// The first of them that no other sequence holds.
    pub private_from: usize,
    /// Whether its process may want it back.
    pub wanted: bool,
}

/// Whether there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// There is room, and it is promised.
    Made,
    /// There would be room if this many fewer cells were buried.
    Buried(usize),
    /// Others hold too much.
    Full,
}

/// What one process holds, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// In the cache.
    pub resident: usize,
    /// Of these, held by others too.
    pub shared: usize,
}

/// The frame table.
#[derive(Debug)]
pub struct Frames {
    tree: Tree,
    sequences: Vec<Sequence>,
    cells: usize,
    clock: u64,
    batches: u64,
    /// The sequence of the process that exited last.
    last_gone: Option<usize>,
}

const VACANT: Sequence = Sequence {
    owner: None,
    tail: ROOT,
    len: 0,
    promised: None,
    priority: 0,
    boot: 0,
    gone: false,
    used: 0,
    idle_since: 0,
};

impl Frames {
    /// A table of `sequences` sequences over `cells` cells.
    pub fn new(sequences: usize, cells: usize) -> Self {
        Self {
            tree: Tree::default(),
            sequences: vec![VACANT; sequences],
            cells,
            clock: 0,
            batches: 0,
            last_gone: None,
        }
    }

    /// Takes a sequence for a job of `pid`, with the longest resident prefix of
    /// `prompt`, whoever computed it. `None` when every sequence is taken: evict one.
    /// The first `boot` tokens are a boot page.
    ///
    /// The last token is never kept: it is computed again for its logits. Of a chunk of a
    /// picture all cells are kept, or none.
    pub fn begin(
        &mut self,
        pid: Pid,
        priority: i8,
        prompt: &[i32],
        boot: usize,
    ) -> Option<Placement> {
        let most = prompt.len().saturating_sub(1);
        let idle = |s: &Sequence| s.promised.is_none();
        let own = self.position(|s| s.owner == Some(pid) && idle(s));
        let sequence = own.or_else(|| self.position(|s| s.owner.is_none() && s.len == 0))?;

        let (longest, node) = self.tree.longest(&prompt[..most]);
        let longest = pictures::whole(prompt, longest);
        let own_len = own.map_or(0, |own| {
            let tokens = self.tree.tokens(self.sequences[own].tail);
            pictures::whole(prompt, common_prefix(&tokens, &prompt[..most]))
        });
        let old = self.sequences[sequence].tail;
        let (keep, copy_from, tail) = if own_len >= longest {
            (own_len, None, self.tree.truncate(old, own_len))
        } else {
            let from = (0..self.sequences.len())
                .find(|&i| i != sequence && self.tree.passes(self.sequences[i].tail, node));
            let tail = self.tree.share(node, longest);
            self.tree.release(old);
            (longest, from, tail)
        };
        self.clock += 1;
        self.sequences[sequence] = Sequence {
            owner: Some(pid),
            tail,
            len: keep,
            promised: Some(keep),
            priority,
            boot,
            gone: false,
            used: self.clock,
            idle_since: 0,
        };
        Some(Placement {
            sequence,
            keep,
            copy_from,
        })
    }

    /// Promises a running sequence room for `total` tokens. `buried` cells are taken and held by
    /// nobody. Promises nothing if the rest does not suffice.
    pub fn promise(&mut self, sequence: usize, total: usize, buried: usize) -> Promise {
        let before = self.sequences[sequence].promised.unwrap_or(0);
        self.sequences[sequence].promised = Some(total);
        let promise = match self.cells.checked_sub(self.taken()) {
            Some(free) if buried <= free => return Promise::Made,
            Some(free) => Promise::Buried(buried - free),
            None => Promise::Full,
        };
        self.sequences[sequence].promised = Some(before);
        promise
    }

    /// The idle sequence that will run last: first of processes that have exited, then
    /// by priority, then the one used longest ago. It is gone from the table when
    /// this returns. `spared` is passed over as long as there is another.
    pub fn evict(&mut self, spared: Option<usize>) -> Option<Eviction> {
        let idle = |s: &Sequence| s.promised.is_none() && s.owner.is_some();
        let sequence = (0..self.sequences.len())
            .filter(|&i| idle(&self.sequences[i]))
            .min_by_key(|&i| {
                let s = &self.sequences[i];
                (spared == Some(i), !s.gone, s.priority, s.used)
            })?;
        Some(self.take_out(sequence))
    }

    /// Takes a sequence out of the table, running or not.
    pub fn take_out(&mut self, sequence: usize) -> Eviction {
        let gone = std::mem::replace(&mut self.sequences[sequence], VACANT);
        let tokens = self.tree.tokens(gone.tail);
        let private_from = tokens.len() - self.tree.private(gone.tail);
        self.tree.release(gone.tail);
        Eviction {
            sequence,
            pid: gone.owner,
            tokens,
            private_from,
            wanted: !gone.gone,
        }
    }

    /// The sequence that holds most of `prompt`, to be spared while room is made.
    pub fn source(&self, prompt: &[i32]) -> Option<usize> {
        let (len, node) = self.tree.longest(prompt);
        (len > 0)
            .then(|| self.position(|s| self.tree.passes(s.tail, node)))
            .flatten()
    }

    /// How many tokens of `prompt` are resident.
    pub fn resident(&self, prompt: &[i32]) -> usize {
        self.tree.longest(prompt).0
    }

    /// Notes that `tokens` were computed and are now resident in `sequence`.
    pub fn extend(&mut self, sequence: usize, tokens: &[i32]) {
        let s = &mut self.sequences[sequence];
        s.tail = self.tree.extend(s.tail, tokens);
        s.len += tokens.len();
    }

    /// Forgets what `sequence` holds after its first `len` tokens.
    pub fn truncate(&mut self, sequence: usize, len: usize) {
        let s = &mut self.sequences[sequence];
        s.tail = self.tree.truncate(s.tail, len);
        s.len = len;
    }

    /// Tokens resident in `sequence`: the position of its next one.
    pub fn len(&self, sequence: usize) -> usize {
        self.sequences[sequence].len
    }

    /// The tokens resident in `sequence`.
    pub fn tokens(&self, sequence: usize) -> Vec<i32> {
        self.tree.tokens(self.sequences[sequence].tail)
    }

    /// Ends the job of `sequence`; its tokens stay until room is needed.
    pub fn release(&mut self, sequence: usize) {
        self.clock += 1;
        self.sequences[sequence].promised = None;
        self.sequences[sequence].used = self.clock;
        self.sequences[sequence].idle_since = self.batches;
    }

    /// Notes that `pid` has exited: what it holds is the first to go, but stays whole until the next one
    /// exits, since a task is often asked again. Returns the sequence of the one before, if it is left.
    pub fn retire(&mut self, pid: Pid) -> Option<usize> {
        let i = self.position(|s| s.owner == Some(pid))?;
        self.sequences[i].gone = true;
        let before = self.last_gone.replace(i).filter(|&before| before != i)?;
        let s = &self.sequences[before];
        (s.gone && s.promised.is_none()).then_some(before)
    }

    /// Resident tokens of the boot page of `sequence`.
    pub fn boot(&self, sequence: usize) -> usize {
        let s = &self.sequences[sequence];
        s.boot.min(s.len)
    }

    /// Counts a batch.
    pub fn tick(&mut self) {
        self.batches += 1;
    }

    /// The sequence that has been idle longest, if that is `batches` or more while
    /// others computed, and it holds at least `tokens` that nobody else does.
    pub fn stale(&self, batches: u64, tokens: usize) -> Option<usize> {
        let stale = |s: &Sequence| {
            s.owner.is_some()
                && s.promised.is_none()
                && s.idle_since + batches <= self.batches
                && self.tree.private(s.tail) >= tokens
        };
        (0..self.sequences.len())
            .filter(|&i| stale(&self.sequences[i]))
            .min_by_key(|&i| self.sequences[i].idle_since)
    }

    /// Idle sequences whose processes may go on.
    pub fn idle(&self) -> Vec<usize> {
        let idle = |s: &Sequence| s.promised.is_none() && s.owner.is_some() && !s.gone;
        (0..self.sequences.len())
            .filter(|&i| idle(&self.sequences[i]))
            .collect()
    }

    /// Cells in use, each shared one counted once.
    pub fn used(&self) -> usize {
        self.tree.cells()
    }

    /// Cells that only idle sequences hold. Cells that idle sequences share with each other are
    /// not counted.
    pub fn idle_cells(&self) -> usize {
        let idle = self.sequences.iter().filter(|s| s.promised.is_none());
        idle.map(|s| self.tree.private(s.tail)).sum()
    }

    /// All cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// What each process holds.
    pub fn residents(&self) -> Vec<(Pid, Resident)> {
        let held = |s: &Sequence| {
            let owner = s.owner.filter(|_| !s.gone)?;
            let shared = s.len - self.tree.private(s.tail);
            let resident = s.len;
            Some((owner, Resident { resident, shared }))
        };
        self.sequences.iter().filter_map(held).collect()
    }

    /// Cells in use or promised.
    pub fn taken(&self) -> usize {
        let growth = |s: &Sequence| s.promised.map_or(0, |most| most.saturating_sub(s.len));
        self.tree.cells() + self.sequences.iter().map(growth).sum::<usize>()
    }

    fn position(&self, wanted: impl Fn(&Sequence) -> bool) -> Option<usize> {
        self.sequences.iter().position(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Places a job as the engine does, making room by evictions.
    fn run(frames: &mut Frames, pid: Pid, prompt: &[i32], room: usize) -> Option<Placement> {
        let spared = frames.source(prompt);
        let placement = loop {
            match frames.begin(pid, 0, prompt, 0) {
                Some(placement) => break placement,
                None => frames.evict(spared).map(drop)?,
            }
        };
        while frames.promise(placement.sequence, prompt.len() + room, 0) != Promise::Made {
            if frames.evict(None).is_none() {
                frames.release(placement.sequence);
                return None;
            }
        }
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
        // Two of the eight are one and the same.
        assert_eq!(frames.used(), 6);
        let held = |resident, shared| Resident { resident, shared };
        assert_eq!(frames.residents(), [(1, held(5, 2)), (2, held(3, 2))]);
    }

    #[test]
    fn of_a_picture_all_is_kept_or_nothing() {
        let prompt = |digest: u8, after: i32| {
            let mut tokens = vec![1, 2];
            let span = pictures::Span::new(8, 8).unwrap();
            pictures::write(span, &[digest; 32], 0, &mut tokens);
            tokens.extend([after, after]);
            tokens
        };
        let mut frames = Frames::new(4, 100);
        let first = run(&mut frames, 1, &prompt(1, 5), 0).unwrap();
        let mut keep = |pid, prompt: &[i32]| run(&mut frames, pid, prompt, 0).unwrap().keep;
        assert_eq!(first.keep, 0);
        assert_eq!(keep(2, &prompt(1, 6)), 10);
        assert_eq!(keep(3, &prompt(2, 5)), 2);
        // One that ends within a picture is computed from where that begins.
        assert_eq!(keep(4, &prompt(1, 5)[..9]), 2);
    }

    #[test]
    fn idle_prompts_make_room_and_running_ones_do_not() {
        let mut frames = Frames::new(4, 10);
        let first = run(&mut frames, 1, &[1, 2, 3, 4], 2).unwrap();
        assert_eq!(run(&mut frames, 2, &[5, 6, 7], 3), None);
        frames.release(first.sequence);
        assert!(run(&mut frames, 2, &[5, 6, 7, 8, 9], 3).is_some());
        assert_eq!(frames.resident(&[1, 2, 3, 4]), 0);
    }

    #[test]
    fn what_is_buried_is_in_the_way() {
        let mut frames = Frames::new(4, 10);
        let sequence = frames.begin(1, 0, &[1, 2, 3, 4], 0).unwrap().sequence;
        let mut check = |total, buried, want| {
            assert_eq!(frames.promise(sequence, total, buried), want);
        };
        check(11, 0, Promise::Full);
        check(10, 1, Promise::Buried(1));
        check(6, 7, Promise::Buried(3));
        check(6, 4, Promise::Made);
        assert_eq!(frames.taken(), 6);
    }

    #[test]
    fn what_is_over_goes_first_and_the_urgent_stays_longest() {
        let mut frames = Frames::new(8, 100);
        for (pid, priority) in [(1, 5), (2, 0), (3, 0), (4, 0)] {
            let placed = frames.begin(pid, priority, &[pid as i32, 7], 0).unwrap();
            frames.extend(placed.sequence, &[pid as i32, 7]);
            frames.release(placed.sequence);
        }
        frames.retire(4);
        let order: Vec<Pid> = std::iter::from_fn(|| frames.evict(None)?.pid).collect();
        assert_eq!(order, [4, 2, 3, 1]);
    }

    #[test]
    fn what_the_last_one_held_stays_until_the_next_one_exits() {
        let mut frames = Frames::new(4, 100);
        let held = |frames: &mut Frames, pid: Pid| {
            let sequence = run(frames, pid, &[1, pid as i32], 0).unwrap().sequence;
            frames.release(sequence);
            sequence
        };
        let (first, second) = (held(&mut frames, 1), held(&mut frames, 2));
        assert_eq!((frames.retire(1), frames.retire(2)), (None, Some(first)));
        // Its place is somebody else's by now.
        frames.take_out(second);
        assert_eq!(held(&mut frames, 3), second);
        held(&mut frames, 4);
        assert_eq!((frames.retire(4), frames.retire(9)), (None, None));
    }

    #[test]
    fn what_is_idle_for_long_is_stale() {
        let mut frames = Frames::new(4, 100);
        let first = run(&mut frames, 1, &[1, 2, 3, 4], 0).unwrap();
        let second = run(&mut frames, 2, &[1, 2, 3, 9], 0).unwrap();
        frames.release(second.sequence);
        frames.tick();
        frames.release(first.sequence);
        frames.tick();
        let check = |frames: &Frames, batches, tokens, want| {
            assert_eq!(frames.stale(batches, tokens), want, "{batches} {tokens}");
        };
        check(&frames, 3, 1, None);
        check(&frames, 2, 1, Some(second.sequence));
        check(&frames, 2, 2, None);
        frames.take_out(second.sequence);
        check(&frames, 1, 4, Some(first.sequence));
    }

    #[test]
    fn an_eviction_saves_what_only_it_holds() {
        let mut frames = Frames::new(4, 100);
        let first = run(&mut frames, 1, &[1, 2, 3, 4], 0).unwrap();
        run(&mut frames, 2, &[1, 2, 9], 0).unwrap();
        frames.release(first.sequence);
        let out = frames.evict(None).unwrap();
        assert_eq!((out.private_from, out.tokens), (2, vec![1, 2, 3, 4]));
        assert_eq!(frames.used(), 3);
    }

    proptest! {
        #[test]
        fn cells_are_never_overdrawn(jobs in prop::collection::vec((0i64..5, prop::collection::vec(0i32..3, 1..12), 1usize..6, any::<bool>()), 1..60)) {
            let mut frames = Frames::new(4, 40);
            for (pid, prompt, room, end) in jobs {
                if let Some(placement) = run(&mut frames, pid, &prompt, room) {
                    prop_assert!(placement.keep < prompt.len());
                    let tail = frames.sequences[placement.sequence].tail;
                    prop_assert_eq!(frames.tree.tokens(tail), prompt);
                    if end {
                        frames.release(placement.sequence);
                    }
                }
                prop_assert!(frames.taken() <= 40);
            }
        }
    }
}
