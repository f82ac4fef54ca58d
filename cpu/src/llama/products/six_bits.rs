//! Sums of products of weights in six bits with rows in whole numbers of eight.

use std::ffi::c_void;

use llama_cpp_sys_2 as sys;

/// Weights, and numbers of a row, that have one scale (`QK_K` of ggml-common.h).
pub(super) const BLOCK: usize = 256;
/// Rows that are multiplied at once: their sums, and the weights of a block, have to fit into the
/// registers of the processor.
pub(super) const ROWS_AT_ONCE: usize = 8;

/// A block of weights (`block_q6_K` of ggml-common.h): a weight is the scale of the block times that
/// of its 16 times its six bits, less 32.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Weights {
    /// The lower four bits of each.
    low: [u8; BLOCK / 2],
    /// The upper two.
    high: [u8; BLOCK / 4],
    scales: [i8; BLOCK / 16],
    /// In half precision.
    scale: u16,
}

/// A block of a row (`block_q8_K` of ggml-common.h).
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    scale: f32,
    numbers: [i8; BLOCK],
    /// The sums of each 16.
    sums: [i16; BLOCK / 16],
}

const _: () = assert!(size_of::<Weights>() == 210 && size_of::<Numbers>() == 292);

/// Writes a row in whole numbers, as llama.cpp does.
///
/// # Safety
/// `from` has `blocks` times [`BLOCK`] numbers, and `to` room for as many blocks.
pub(super) unsafe fn in_whole_numbers(from: *const f32, to: *mut Numbers, blocks: usize) {
    // SAFETY: a table of llama.cpp's own, which has an entry for each of its types; the caller's
    // rows have that many numbers.
    unsafe {
        let traits = sys::ggml_get_type_traits_cpu(sys::GGML_TYPE_Q8_K);
        let write = (*traits).from_float;
        if let Some(write) = write {
            write(from, to.cast::<c_void>(), (blocks * BLOCK) as i64);
        }
    }
}

/// The sums of the products of `weights` with each of the `rows`, which lie one behind the other;
/// as many of them as `sums` has room for, at most [`ROWS_AT_ONCE`].
pub(super) fn dots(weights: &[Weights], rows: &[Numbers], sums: &mut [f32]) {
    debug_assert!(is_possible() && rows.len() == weights.len() * sums.len());
    #[cfg(target_arch = "x86_64")]
    // SAFETY: nothing comes here where the processor cannot do it.
    unsafe {
        match sums.len() {
            1 => wide::dots::<1>(weights, rows, sums),
            2 => wide::dots::<2>(weights, rows, sums),
            3 => wide::dots::<3>(weights, rows, sums),
            4 => wide::dots::<4>(weights, rows, sums),
            5 => wide::dots::<5>(weights, rows, sums),
            6 => wide::dots::<6>(weights, rows, sums),
            7 => wide::dots::<7>(weights, rows, sums),
            _ => wide::dots::<8>(weights, rows, sums),
        }
    }
}

/// Whether this processor can do it.
#[cfg(target_arch = "x86_64")]
pub(super) fn is_possible() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

/// Whether this processor can do it.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn is_possible() -> bool {
    false
}

/// Whether llama.cpp's product of one row gives the same, to the last bit.
pub(super) fn is_as_llama_cpp_has_it() -> bool {
    const BLOCKS: usize = 3;
    // SAFETY: fills tables of llama.cpp's own, once.
    unsafe { sys::ggml_cpu_init() };
    let weights: Vec<Weights> = (0..BLOCKS).map(some_weights).collect();
    let rows = some_rows(ROWS_AT_ONCE, BLOCKS);
    let mut sums = [0.0; ROWS_AT_ONCE];
    dots(&weights, &rows, &mut sums);
    let mut each = rows.chunks_exact(BLOCKS).zip(sums);
    each.all(|(row, sum)| by_llama_cpp(&weights, row).to_bits() == sum.to_bits())
}

/// llama.cpp's product of one row.
pub(super) fn by_llama_cpp(weights: &[Weights], row: &[Numbers]) -> f32 {
    let mut sum = f32::NAN;
    let (weights_at, row_at) = (weights.as_ptr().cast(), row.as_ptr().cast());
    // SAFETY: a table of llama.cpp's own; both have as many blocks as it is told.
    unsafe {
        let traits = sys::ggml_get_type_traits_cpu(sys::GGML_TYPE_Q6_K);
        if let Some(dot) = (*traits).vec_dot {
            let numbers = (weights.len().min(row.len()) * BLOCK) as i32;
            dot(numbers, &raw mut sum, 0, weights_at, 0, row_at, 0, 1);
        }
    }
    sum
}

/// Weights of all kinds, for a trial.
pub(super) fn some_weights(seed: usize) -> Weights {
    let byte = |i: usize| ((i + 1) * (2 * seed + 37) * 167 % 251) as u8;
    Weights {
        low: std::array::from_fn(byte),
        high: std::array::from_fn(|i| byte(i + 91)),
        scales: std::array::from_fn(|i| byte(i + 17) as i8),
        scale: half::f16::from_f32(0.003 * (seed + 1) as f32).to_bits(),
    }
}

/// So many rows of so many blocks, for a trial.
pub(super) fn some_rows(rows: usize, blocks: usize) -> Vec<Numbers> {
    let number = |i: usize| (i * 7919 % 1009) as f32 / 211.0 - 2.3;
    let singles: Vec<f32> = (0..rows * blocks * BLOCK).map(number).collect();
    let none = Numbers {
        scale: 0.0,
        numbers: [0; BLOCK],
        sums: [0; BLOCK / 16],
    };
    let mut out = vec![none; rows * blocks];
    // SAFETY: there are that many numbers, and room for that many blocks.
    unsafe { in_whole_numbers(singles.as_ptr(), out.as_mut_ptr(), rows * blocks) };
    out
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    use super::{Numbers, Weights};

    /// Sums of `ROWS` rows. For each block: six bits times numbers, in pairs; pairs times scales,
    /// in whole numbers; less 32 for each weight; then the scales of both blocks. The lanes are
    /// those of `ggml_vec_dot_q6_K_q8_K`: whole numbers add up to the same in any order, and
    /// the other sums are in its order.
    #[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vnni")]
    pub(super) fn dots<const ROWS: usize>(weights: &[Weights], rows: &[Numbers], sums: &mut [f32]) {
        let blocks = weights.len();
        assert!(rows.len() == ROWS * blocks && sums.len() == ROWS);
        let mut lanes = [_mm256_setzero_ps(); ROWS];
        for (at, block) in weights.iter().enumerate() {
            let bits = unpacked(block);
            // SAFETY: there are 16 of them.
            let scales = unsafe { _mm_loadu_si128(block.scales.as_ptr().cast()) };
            let scales = _mm256_cvtepi8_epi16(scales);
            let each = of_each(scales);
            let scale = _mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(block.scale)));
            let scale = _mm_cvtss_f32(scale);
            for (row, lanes) in lanes.iter_mut().enumerate() {
                let input = &rows[row * blocks + at];
                let mut sum = _mm512_setzero_si512();
                for quarter in 0..4 {
                    // SAFETY: there are four times 64 of them.
                    let numbers = unsafe {
                        _mm512_loadu_si512(input.numbers.as_ptr().add(64 * quarter).cast())
                    };
                    let pairs = _mm512_maddubs_epi16(bits[quarter], numbers);
                    sum = _mm512_dpwssd_epi32(sum, pairs, each[quarter]);
                }
                let lower = _mm512_castsi512_si256(sum);
                let sum = _mm256_add_epi32(lower, _mm512_extracti64x4_epi64::<1>(sum));
                // SAFETY: there are 16 of them.
                let less = unsafe { _mm256_loadu_si256(input.sums.as_ptr().cast()) };
                let less = _mm256_slli_epi32::<5>(_mm256_madd_epi16(less, scales));
                let sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, less));
                *lanes = _mm256_fmadd_ps(_mm256_set1_ps(input.scale * scale), sum, *lanes);
            }
        }
        for (sum, lanes) in sums.iter_mut().zip(lanes) {
            *sum = sum_of(lanes);
        }
    }

    /// The six bits of each weight, 64 by 64 in their order.
    #[target_feature(enable = "avx2,avx512f,avx512bw")]
    fn unpacked(block: &Weights) -> [__m512i; 4] {
        let (four, two) = (_mm512_set1_epi8(15), _mm512_set1_epi8(3));
        let shifts = |lower: i16, upper: i16| {
            let lower = _mm512_castsi256_si512(_mm256_set1_epi16(lower));
            _mm512_inserti64x4::<1>(lower, _mm256_set1_epi16(upper))
        };
        let mut out = [_mm512_setzero_si512(); 4];
        for half in 0..2 {
            // SAFETY: there are twice 64 and twice 32 of them.
            let (low, high) = unsafe {
                (
                    _mm512_loadu_si512(block.low.as_ptr().add(64 * half).cast()),
                    _mm256_loadu_si256(block.high.as_ptr().add(32 * half).cast()),
                )
            };
            let high = _mm512_broadcast_i64x4(high);
            let upper = |by: __m512i| {
                let bits = _mm512_and_si512(_mm512_srlv_epi16(high, by), two);
                _mm512_slli_epi16::<4>(bits)
            };
            let first = _mm512_and_si512(low, four);
            let second = _mm512_and_si512(_mm512_srli_epi16::<4>(low), four);
            out[2 * half] = _mm512_or_si512(first, upper(shifts(0, 2)));
            out[2 * half + 1] = _mm512_or_si512(second, upper(shifts(4, 6)));
        }
        out
    }

    /// The scale of each pair of weights: one for each eight pairs.
    #[target_feature(enable = "avx2,avx512f,avx512bw")]
    fn of_each(scales: __m256i) -> [__m512i; 4] {
        let scales = _mm512_castsi256_si512(scales);
        let mut out = [_mm512_setzero_si512(); 4];
        for (quarter, out) in out.iter_mut().enumerate() {
            let which: [i16; 32] = std::array::from_fn(|lane| (4 * quarter + lane / 8) as i16);
            // SAFETY: there are 32 of them.
            let which = unsafe { _mm512_loadu_si512(which.as_ptr().cast()) };
            *out = _mm512_permutexvar_epi16(which, scales);
        }
        out
    }

    /// The lanes in the order of `hsum_float_8` of llama.cpp.
    #[target_feature(enable = "avx2")]
    fn sum_of(lanes: __m256) -> f32 {
        let sum = _mm256_extractf128_ps::<1>(lanes);
        let sum = _mm_add_ps(sum, _mm256_castps256_ps128(lanes));
        let sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
        let sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
        _mm_cvtss_f32(sum)
    }
}
