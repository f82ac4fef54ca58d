//! Some rows of a batch, and what they see of one head of the cache.

use half::slice::HalfFloatSliceExt;
use wide::f32x8;

/// Cells computed at once: as many as a vector has lanes.
pub(super) const LANES: usize = 8;
/// With fewer visible cells than this in a block, compute each dot product separately.
const FEW_LANES: u32 = 4;
/// The mask of a cell that is not visible: minus infinity in half precision.
pub(super) const HIDDEN: u16 = 0xfc00;
/// Half precision numbers in a line of a processor's cache.
#[cfg(target_arch = "x86_64")]
const LINE_NUMBERS: usize = 32;

/// The keys or the values of one head: a row of half precision numbers for each cell.
pub(super) struct Cells<'a> {
    pub(super) numbers: &'a [u16],
    /// Numbers in a row; a multiple of [`LANES`].
    pub(super) row: usize,
    /// From the beginning of a row to that of the next.
    pub(super) stride: usize,
}

impl Cells<'_> {
    /// Has the memory bring eight cells near that are read soon: each lies alone, too far
    /// from the last for the hardware to see it coming.
    fn prefetch(&self, block: usize) {
        #[cfg(target_arch = "x86_64")]
        for lane in 0..LANES {
            let start = (block * LANES + lane) * self.stride;
            for line in self.numbers[start..start + self.row].chunks(LINE_NUMBERS) {
                use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                // SAFETY: changes nothing but what is near; every x86-64 has it.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
            }
        }
    }

    /// Reads eight cells: for each eight numbers of a row, those of all the cells.
    fn read(&self, block: usize, into: &mut Vec<[f32x8; LANES]>) {
        into.resize(self.row / LANES, [f32x8::ZERO; LANES]);
        for lane in 0..LANES {
            let start = (block * LANES + lane) * self.stride;
            let row = self.numbers[start..start + self.row].as_chunks().0;
            for (into, bits) in into.iter_mut().zip(row) {
                into[lane] = single(bits);
            }
        }
    }
}

/// Half precision numbers in single precision.
#[inline(always)]
fn single(bits: &[u16; LANES]) -> f32x8 {
    let mut numbers = [0.0; LANES];
    let half: &[half::f16] = half::slice::HalfBitsSliceExt::reinterpret_cast(&bits[..]);
    half.convert_to_f32_slice(&mut numbers);
    f32x8::new(numbers)
}

/// Which of eight cells are seen, a bit for each.
#[inline(always)]
pub(super) fn seen(mask: &[u16; LANES]) -> u8 {
    if *mask == [0; LANES] {
        return u8::MAX;
    }
    if *mask == [HIDDEN; LANES] {
        return 0;
    }
    let bits = mask.iter().enumerate();
    bits.fold(0, |bits, (i, &mask)| bits | u8::from(mask != HIDDEN) << i)
}

/// What a thread needs to compute a part; kept from one to the next.
#[derive(Default)]
pub(super) struct Scratch {
    /// For each row and eight cells, which of them it sees.
    pub(super) visible: Vec<u8>,
    /// For each row and head its query.
    pub(super) queries: Vec<f32x8>,
    /// The same of what comes out.
    pub(super) out: Vec<f32x8>,
    /// The same of the scores of the cells seen, then their weights.
    scores: Vec<f32>,
    /// Eight cells as they were read.
    block: Vec<[f32x8; LANES]>,
}

/// A part to be computed, of the rows and queries in a [`Scratch`].
pub(super) struct Work<'a> {
    pub(super) rows: usize,
    /// Heads of each row, all of which see the same keys and values.
    pub(super) heads: usize,
    pub(super) keys: Cells<'a>,
    pub(super) values: Cells<'a>,
    pub(super) scale: f32,
    pub(super) cap: f32,
    pub(super) sink: &'a dyn Fn(usize) -> Option<f32>,
}

impl Work<'_> {
    /// Computes what the queries in `scratch` take from the cells that their rows see.
    pub(super) fn compute(&self, scratch: &mut Scratch) {
        let Scratch {
            visible,
            queries,
            out,
            scores,
            block,
        } = scratch;
        let blocks = visible.len() / self.rows;
        let room = blocks * LANES;
        let rows: Vec<&[u8]> = visible.chunks_exact(blocks).collect();
        let heads = |row: usize| row * self.heads..(row + 1) * self.heads;
        scores.resize(self.rows * self.heads * room, 0.0);

        let query = self.keys.row / LANES;
        let counts = walk(&self.keys, &rows, block, |keys, row, count, bits| {
            for i in heads(row) {
                let query = &queries[i * query..(i + 1) * query];
                score(
                    query,
                    keys,
                    bits,
                    &mut scores[i * room + count..(i + 1) * room],
                );
            }
        });

        let mut shares = Vec::with_capacity(self.rows * self.heads);
        for (i, scores) in scores.chunks_exact_mut(room).enumerate() {
            let count = counts[i / self.heads];
            let scores = &mut scores[..count.next_multiple_of(LANES)];
            shares.push(self.weigh(scores, count, i % self.heads));
        }

        let value = self.values.row / LANES;
        out.clear();
        out.resize(self.rows * self.heads * value, f32x8::ZERO);
        walk(&self.values, &rows, block, |values, row, count, bits| {
            for i in heads(row) {
                let weights = &scores[i * room + count..(i + 1) * room];
                add(&mut out[i * value..(i + 1) * value], weights, bits, values);
            }
        });
        for (out, share) in out.chunks_exact_mut(value).zip(shares) {
            out.iter_mut().for_each(|out| *out *= f32x8::splat(share));
        }
    }

    /// Makes weights of `count` scores, in whole vectors. Returns what they have to be
    /// multiplied by for their sum to be one.
    pub(super) fn weigh(&self, scores: &mut [f32], count: usize, head: usize) -> f32 {
        let sink = (self.sink)(head);
        let scores = scores.as_chunks_mut().0;
        for scores in scores.iter_mut() {
            let mut scaled = f32x8::new(*scores) * f32x8::splat(self.scale);
            if self.cap != 0.0 {
                let cap = |score: f32| self.cap * (score / self.cap).tanh();
                scaled = f32x8::new(scaled.to_array().map(cap));
            }
            *scores = scaled.to_array();
        }
        let flat = scores.as_flattened_mut();
        // What fills up the last vector must not be more than the others.
        flat[count..].fill(f32::MIN);
        let lowest = f32x8::splat(f32::MIN);
        let most = scores
            .iter()
            .fold(lowest, |most, &scores| most.max(f32x8::new(scores)));
        let most = most
            .to_array()
            .into_iter()
            .chain(sink)
            .fold(f32::MIN, f32::max);
        for scores in scores.iter_mut() {
            *scores = (f32x8::new(*scores) - f32x8::splat(most)).exp().to_array();
        }
        scores.as_flattened_mut()[count..].fill(0.0);
        let sum = scores
            .iter()
            .fold(f32x8::ZERO, |sum, &scores| sum + f32x8::new(scores));
        let sum = sum.reduce_add() + sink.map_or(0.0, |sink| (sink - most).exp());
        match sum > 0.0 {
            true => sum.recip(),
            false => 0.0,
        }
    }
}

/// Reads the cells that any of `rows` sees, eight at a time, and hands them to `each` row that
/// sees some: with its number, how many it saw before, and which of these it sees. Returns
/// how many each sees.
#[inline(always)]
fn walk(
    cells: &Cells,
    rows: &[&[u8]],
    block: &mut Vec<[f32x8; LANES]>,
    mut each: impl FnMut(&[[f32x8; LANES]], usize, usize, u8),
) -> Vec<usize> {
    let mut counts = vec![0; rows.len()];
    let blocks = 0..rows.first().map_or(0, |row| row.len());
    let mut used = blocks
        .filter(|&b| rows.iter().any(|row| row[b] != 0))
        .peekable();
    while let Some(b) = used.next() {
        if let Some(&next) = used.peek() {
            cells.prefetch(next);
        }
        cells.read(b, block);
        for (row, (seen, count)) in rows.iter().zip(&mut counts).enumerate() {
            if seen[b] != 0 {
                each(block, row, *count, seen[b]);
                *count += seen[b].count_ones() as usize;
            }
        }
    }
    counts
}

/// Puts the products of a query with the keys of the cells in `bits` one behind the other.
#[inline(always)]
fn score(query: &[f32x8], keys: &[[f32x8; LANES]], bits: u8, into: &mut [f32]) {
    if bits == u8::MAX {
        into[..LANES].copy_from_slice(&products(query, keys));
    } else if bits.count_ones() < FEW_LANES {
        for (into, lane) in into.iter_mut().zip(lanes(bits)) {
            *into = product(query, keys, lane);
        }
    } else {
        let products = products(query, keys);
        for (into, lane) in into.iter_mut().zip(lanes(bits)) {
            *into = products[lane];
        }
    }
}

/// The products of a query with the keys of eight cells.
#[inline(always)]
fn products(query: &[f32x8], keys: &[[f32x8; LANES]]) -> [f32; LANES] {
    let mut sums = [f32x8::ZERO; LANES];
    for (query, keys) in query.iter().zip(keys) {
        for (sum, key) in sums.iter_mut().zip(keys) {
            *sum = query.mul_add(*key, *sum);
        }
    }
    let [a, b, c, d, e, f, g, h] = f32x8::transpose(sums);
    (((a + b) + (c + d)) + ((e + f) + (g + h))).to_array()
}

/// The same of one of them, by the same steps.
#[inline(always)]
fn product(query: &[f32x8], keys: &[[f32x8; LANES]], lane: usize) -> f32 {
    let pairs = query.iter().zip(keys);
    let sum = pairs.fold(f32x8::ZERO, |sum, (query, keys)| {
        query.mul_add(keys[lane], sum)
    });
    let [a, b, c, d, e, f, g, h] = sum.to_array();
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// Adds the values of the cells in `bits`, by their weights.
#[inline(always)]
fn add(out: &mut [f32x8], weights: &[f32], bits: u8, values: &[[f32x8; LANES]]) {
    if bits == u8::MAX {
        let weights: [f32x8; LANES] = std::array::from_fn(|lane| f32x8::splat(weights[lane]));
        for (out, values) in out.iter_mut().zip(values) {
            for (weight, value) in weights.iter().zip(values) {
                *out = weight.mul_add(*value, *out);
            }
        }
        return;
    }
    for (&weight, lane) in weights.iter().zip(lanes(bits)) {
        for (out, values) in out.iter_mut().zip(values) {
            *out = f32x8::splat(weight).mul_add(values[lane], *out);
        }
    }
}

/// The places of the bits that are set.
fn lanes(bits: u8) -> impl Iterator<Item = usize> {
    (0..LANES).filter(move |lane| bits & 1 << lane != 0)
}
