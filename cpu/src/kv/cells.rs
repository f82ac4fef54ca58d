//! Cells: where in the KV cache the tokens of each sequence lie.
//!
//! Attention is added up in the order of the cells, and floating point numbers depend on
//! the order in which they are added. Left alone llama.cpp fills the first cells that are
//! free, so that a token may come to lie before those it follows, wherever somebody
//! else has just left: an answer would depend on who shares the machine. So cells are
//! given out upwards only. What becomes free below a cell in use is buried, that is
//! kept taken, until there is nothing in use above it or all start again at the first cell.
//!
//! Pure bookkeeping; [`crate::llama`] does to the cache what is decided here.

use std::ops::Range;

/// What has to be done with cells that a sequence lets go of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// These cells and all buried ones become free.
    Free,
    /// These cells have to stay taken.
    Bury,
}

/// A token in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    position: usize,
    cell: usize,
}

/// The cells of one cache.
#[derive(Clone, Debug)]
pub struct Cells {
    /// The cells of each sequence, in the order of their positions, which is also the order of
    /// the cells.
    sequences: Vec<Vec<Place>>,
    /// How many sequences hold each of the cells that are taken. None of them: buried.
    holders: Vec<u16>,
}

impl Cells {
    /// Nothing in the cells of `sequences` sequences.
    pub fn new(sequences: usize) -> Self {
        Self {
            sequences: vec![Vec::new(); sequences],
            holders: Vec::new(),
        }
    }

    /// Notes that the tokens at `positions` of `sequence` were put into the next cells.
    pub fn fill(&mut self, sequence: usize, positions: Range<usize>) {
        for position in positions {
            let cell = self.holders.len();
            self.holders.push(1);
            self.sequences[sequence].push(Place { position, cell });
        }
    }

    /// Notes that `to` holds the cells of `from` at `positions` as well.
    pub fn share(&mut self, from: usize, to: usize, positions: Range<usize>) {
        let shared = self.sequences[from]
            .iter()
            .filter(|place| positions.contains(&place.position));
        let shared: Vec<Place> = shared.copied().collect();
        for place in &shared {
            self.holders[place.cell] += 1;
        }
        self.sequences[to].extend(shared);
    }

    /// Notes that `sequence` lets go of its tokens from position `from` on, and says what
    /// has to be done.
    pub fn remove(&mut self, sequence: usize, from: usize) -> Removal {
        let places = &mut self.sequences[sequence];
        let kept = places.partition_point(|place| place.position < from);
        for place in places.drain(kept..) {
            self.holders[place.cell] -= 1;
        }
        let held = self.holders.iter().rposition(|&holders| holders > 0);
        let end = held.map_or(0, |last| last + 1);
        if self.holders[..end].contains(&0) {
            return Removal::Bury;
        }
        self.holders.truncate(end);
        Removal::Free
    }

    /// Cells that are taken and held by nobody.
    pub fn buried(&self) -> usize {
        self.holders.iter().filter(|&&holders| holders == 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEQUENCES: usize = 4;
    const GRAVE: usize = SEQUENCES;

    /// The part of llama.cpp's `llama_kv_cache` that gives out cells: who holds each, and
    /// where it looks first.
    struct Cache {
        cells: Vec<Vec<usize>>,
        head: usize,
    }

    impl Cache {
        fn take(&mut self, sequence: usize) -> usize {
            let used = self.cells.iter().filter(|holders| !holders.is_empty());
            if self.head > used.count() + 2 {
                self.head = 0;
            }
            let (low, high) = self.cells.split_at(self.head);
            let free = |holders: &Vec<usize>| holders.is_empty();
            let cell = match high.iter().position(free) {
                Some(at) => self.head + at,
                None => low.iter().position(free).expect("a free cell"),
            };
            self.cells[cell].push(sequence);
            self.head = cell + 1;
            cell
        }

        fn remove(&mut self, sequence: usize, cells: &[usize]) {
            for &cell in cells {
                self.cells[cell].retain(|&holder| holder != sequence);
                if self.cells[cell].is_empty() {
                    self.head = self.head.min(cell);
                }
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Fill(usize, usize),
        Share(usize, usize, usize),
        Remove(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let sequence = 0..SEQUENCES;
        prop_oneof![
            (sequence.clone(), 1usize..5).prop_map(|(s, n)| Step::Fill(s, n)),
            (sequence.clone(), sequence.clone(), 0usize..9)
                .prop_map(|(from, to, n)| Step::Share(from, to, n)),
            (sequence, 0usize..9).prop_map(|(s, from)| Step::Remove(s, from)),
        ]
    }

    proptest! {
        /// Whatever is done, llama.cpp's own search ends where it is expected to, and no
        /// token comes to lie before one it follows.
        #[test]
        fn cells_are_given_out_upwards(steps in prop::collection::vec(step(), 1..80)) {
            let mut cells = Cells::new(SEQUENCES);
            let mut cache = Cache { cells: vec![Vec::new(); 400], head: 0 };
            let held = |cells: &Cells, s: usize, from: usize| -> Vec<usize> {
                let after = cells.sequences[s].iter().filter(|place| place.position >= from);
                after.map(|place| place.cell).collect()
            };
            let remove = |cells: &mut Cells, cache: &mut Cache, s: usize, from: usize| {
                let gone = held(cells, s, from);
                match cells.remove(s, from) {
                    Removal::Bury => {
                        for &cell in &gone {
                            cache.cells[cell].push(GRAVE);
                        }
                        cache.remove(s, &gone);
                    }
                    Removal::Free => {
                        cache.remove(s, &gone);
                        let all: Vec<usize> = (0..cache.cells.len()).collect();
                        cache.remove(GRAVE, &all);
                    }
                }
            };
            for step in steps {
                match step {
                    Step::Fill(s, n) => {
                        let len = cells.sequences[s].len();
                        for position in len..len + n {
                            cells.fill(s, position..position + 1);
                            let cell = cache.take(s);
                            prop_assert_eq!(cell, cells.sequences[s][position].cell);
                        }
                    }
                    Step::Share(from, to, n) if from != to => {
                        remove(&mut cells, &mut cache, to, 0);
                        cells.share(from, to, 0..n);
                        for cell in held(&cells, to, 0) {
                            cache.cells[cell].push(to);
                        }
                    }
                    Step::Share(..) => {}
                    Step::Remove(s, from) => remove(&mut cells, &mut cache, s, from),
                }
                for places in &cells.sequences {
                    prop_assert!(places.is_sorted_by(|a, b| a.cell < b.cell && a.position < b.position));
                }
                let taken = cache.cells.iter().filter(|holders| !holders.is_empty()).count();
                prop_assert_eq!(taken, cells.holders.len());
                let buried = cache.cells.iter().filter(|holders| holders.as_slice() == [GRAVE] || (!holders.is_empty() && holders.iter().all(|&h| h == GRAVE)));
                prop_assert_eq!(buried.count(), cells.buried());
            }
        }
    }
}
