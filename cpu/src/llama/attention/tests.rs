//! Attention by the book, and that company changes nothing.

use super::work::{Cells, HIDDEN, Work};
use super::*;
use proptest::prelude::*;

const KV_HEADS: usize = 2;
const HEADS: usize = 6;
const KEY: usize = 24;
const VALUE: usize = 16;

/// A row of a batch: its query, and the cells that it sees.
#[derive(Clone, Debug)]
struct Row {
    query: u32,
    visible: Vec<bool>,
}

/// Operands that differ from a plain batch.
#[derive(Clone, Copy, Default)]
struct Extra {
    cap: f32,
    sinks: bool,
    bias: f32,
    /// Changes the operands, then the result, before they are an operation.
    spoil: Option<fn(&mut [sys::ggml_tensor; 6])>,
}

/// A number between -1 and 1 that looks like chance.
fn number(what: u32, of: u32, i: usize) -> f32 {
    let mixed = blake3::hash(format!("{what} {of} {i}").as_bytes());
    let bytes: [u8; 4] = mixed.as_bytes()[..4].try_into().unwrap();
    u32::from_le_bytes(bytes) as f32 / u32::MAX as f32 * 2.0 - 1.0
}

fn query(row: &Row) -> Vec<f32> {
    let count = HEADS * KEY;
    (0..count).map(|i| 3.0 * number(0, row.query, i)).collect()
}

/// The keys (1) or values (2) of a token, as the cache has them. What is in a cell that
/// nobody holds must not matter.
fn stored(what: u32, token: Option<u32>, count: usize) -> Vec<half::f16> {
    let number = |i| token.map_or(60_000.0, |token| number(what, token, i));
    (0..count).map(|i| half::f16::from_f32(number(i))).collect()
}

fn tensor<T>(kind: sys::ggml_type, data: &[T], shape: [usize; 3]) -> sys::ggml_tensor {
    // SAFETY: plain data, all of which may be zero.
    let mut tensor: sys::ggml_tensor = unsafe { std::mem::zeroed() };
    let size = std::mem::size_of::<T>();
    tensor.type_ = kind;
    tensor.data = data.as_ptr().cast_mut().cast();
    tensor.ne = [shape[0] as i64, shape[1] as i64, shape[2] as i64, 1];
    tensor.nb = [size, size * shape[0], size * shape[0] * shape[1], 0];
    tensor
}

/// From heads in the middle to heads last.
fn permute(mut tensor: sys::ggml_tensor) -> sys::ggml_tensor {
    tensor.ne.swap(1, 2);
    tensor.nb.swap(1, 2);
    tensor
}

/// What llama.cpp gets for a batch of `rows` over a cache with these tokens; `None` when
/// it is left to itself.
fn attend(
    tokens: &[Option<u32>],
    rows: &[Row],
    extra: Extra,
    threads: i32,
) -> Option<Vec<Vec<f32>>> {
    let cells = tokens.len().next_multiple_of(LANES);
    let all = |what, count| -> Vec<half::f16> {
        let tokens = tokens.iter().copied().chain(std::iter::repeat(None));
        let tokens = tokens.take(cells);
        tokens
            .flat_map(|t| stored(what, t, KV_HEADS * count))
            .collect()
    };
    let (keys, values) = (all(1, KEY), all(2, VALUE));
    let queries: Vec<f32> = rows.iter().flat_map(query).collect();
    let mut mask = vec![HIDDEN; cells * rows.len()];
    for (mask, row) in mask.chunks_mut(cells).zip(rows) {
        let pairs = mask.iter_mut().zip(&row.visible);
        pairs
            .filter(|(_, seen)| **seen)
            .for_each(|(mask, _)| *mask = 0);
    }
    let out = vec![f32::NAN; rows.len() * HEADS * VALUE];
    let sinks: Vec<f32> = (0..HEADS).map(|i| number(3, 0, i)).collect();

    let half = sys::GGML_TYPE_F16;
    let q = permute(tensor(
        sys::GGML_TYPE_F32,
        &queries,
        [KEY, HEADS, rows.len()],
    ));
    let k = permute(tensor(half, &keys, [KEY, KV_HEADS, cells]));
    let v = permute(tensor(half, &values, [VALUE, KV_HEADS, cells]));
    let mask = tensor(half, &mask, [cells, rows.len(), 1]);
    let sinks = tensor(sys::GGML_TYPE_F32, &sinks, [HEADS, 1, 1]);
    let mut op = tensor(sys::GGML_TYPE_F32, &out, [VALUE, HEADS, rows.len()]);
    op.op = sys::GGML_OP_FLASH_ATTN_EXT;
    for (i, number) in [0.4, extra.bias, extra.cap].into_iter().enumerate() {
        op.op_params[i] = number.to_bits() as i32;
    }
    let mut all = [q, k, v, mask, sinks, op];
    if let Some(spoil) = extra.spoil {
        spoil(&mut all);
    }
    let [operands @ .., mut op] = all;
    let count = if extra.sinks { 5 } else { 4 };
    for (place, operand) in op.src.iter_mut().zip(&operands[..count]) {
        *place = std::ptr::from_ref(operand).cast_mut();
    }
    // SAFETY: all operands live until the end of this function.
    unsafe {
        if !quipu_attention_takes(&raw const op) {
            return None;
        }
        for part in 0..quipu_attention_parts(&raw const op, threads) {
            quipu_attention_compute(&raw const op, threads, part);
        }
    }
    Some(out.chunks(HEADS * VALUE).map(<[f32]>::to_vec).collect())
}

/// The same of one row by the book, in double precision.
fn by_the_book(tokens: &[Option<u32>], row: &Row, extra: Extra) -> Vec<f64> {
    let query = query(row);
    let pairs = tokens.iter().zip(&row.visible);
    let seen: Vec<u32> = pairs.filter_map(|(t, seen)| t.filter(|_| *seen)).collect();
    let mut out = Vec::new();
    for head in 0..HEADS {
        let kv_head = head / (HEADS / KV_HEADS);
        let part = |what, token, count: usize| -> Vec<f64> {
            let all = stored(what, Some(token), KV_HEADS * count);
            all[kv_head * count..][..count]
                .iter()
                .map(|x| x.to_f64())
                .collect()
        };
        let score = |token: &u32| {
            let query = query[head * KEY..].iter().map(|&x| f64::from(x));
            let key = part(1, *token, KEY);
            let score = 0.4f32 as f64 * query.zip(key).map(|(q, k)| q * k).sum::<f64>();
            match f64::from(extra.cap) {
                0.0 => score,
                cap => cap * (score / cap).tanh(),
            }
        };
        let weights: Vec<f64> = seen.iter().map(|token| score(token).exp()).collect();
        let sink = extra.sinks.then(|| f64::from(number(3, 0, head)).exp());
        let sum = weights.iter().sum::<f64>() + sink.unwrap_or(0.0);
        for i in 0..VALUE {
            let values = seen.iter().map(|token| part(2, *token, VALUE)[i]);
            out.push(values.zip(&weights).map(|(v, w)| v * w).sum::<f64>() / sum);
        }
    }
    out
}

#[test]
fn it_is_what_the_book_says() {
    let tokens: Vec<Option<u32>> = (0..53).map(Some).collect();
    let check = |rows: &[Row], extra, threads| {
        let out = attend(&tokens, rows, extra, threads).unwrap();
        for (row, out) in rows.iter().zip(out) {
            let want = by_the_book(&tokens, row, extra);
            for (out, want) in out.iter().zip(want) {
                assert!((f64::from(*out) - want).abs() < 1e-5, "{out} {want}");
            }
        }
    };
    let row = |query: u32| Row {
        query,
        visible: (0..53).map(|cell| cell <= query).collect(),
    };
    let rows: Vec<Row> = (0..53).map(row).collect();
    check(&rows, Extra::default(), 2);
    check(&rows[40..41], Extra::default(), 2);
    check(&rows[..1], Extra::default(), 7);
    let cap = Extra {
        cap: 2.0,
        ..Extra::default()
    };
    check(&rows[30..40], cap, 2);
    let sinks = Extra {
        sinks: true,
        ..Extra::default()
    };
    check(&rows[30..40], sinks, 2);
}

#[test]
fn scores_far_apart_are_weighed() {
    let check = |scores: &[f32], want: &[f32]| {
        let work = Work {
            rows: 1,
            heads: 1,
            keys: Cells {
                numbers: &[],
                row: 0,
                stride: 0,
            },
            values: Cells {
                numbers: &[],
                row: 0,
                stride: 0,
            },
            scale: 1.0,
            cap: 0.0,
            sink: &|_| None,
        };
        let mut all = scores.to_vec();
        all.resize(scores.len().next_multiple_of(LANES), f32::NAN);
        let share = work.weigh(&mut all, scores.len(), 0);
        for (weight, want) in all.iter().zip(want) {
            assert!((weight * share - want).abs() < 1e-6, "{all:?}");
        }
        assert!(all[scores.len()..].iter().all(|&rest| rest == 0.0));
    };
    check(&[0.0, 0.0], &[0.5, 0.5]);
    check(&[-1e30, 0.0, -300.0], &[0.0, 1.0, 0.0]);
    check(&[-900.0, -900.0], &[0.5, 0.5]);
    check(&[1000.0, 0.0, -90.0, f32::MIN], &[1.0, 0.0, 0.0, 0.0]);
    check(&[], &[]);
}

#[test]
fn what_is_not_for_us_is_left_to_llama_cpp() {
    let rows = [Row {
        query: 0,
        visible: vec![true],
    }];
    let bias = Extra {
        bias: 8.0,
        ..Extra::default()
    };
    assert!(attend(&[Some(0)], &rows, Extra::default(), 1).is_some());
    assert!(attend(&[Some(0)], &rows, bias, 1).is_none());

    let check = |spoil: fn(&mut [sys::ggml_tensor; 6])| {
        let spoilt = Extra {
            spoil: Some(spoil),
            sinks: true,
            ..Extra::default()
        };
        assert!(attend(&[Some(0)], &rows, spoilt, 1).is_none());
    };
    // What is not there, of another type, or not where such numbers may lie.
    check(|all| all[0].data = std::ptr::null_mut());
    check(|all| all[4].data = std::ptr::null_mut());
    check(|all| all[5].data = std::ptr::null_mut());
    check(|all| all[1].data = all[1].data.wrapping_byte_add(1));
    check(|all| all[0].type_ = sys::GGML_TYPE_F16);
    check(|all| all[1].type_ = sys::GGML_TYPE_Q8_0);
    check(|all| all[3].type_ = sys::GGML_TYPE_F32);
    check(|all| all[4].type_ = sys::GGML_TYPE_F16);
    // Shapes that do not belong together.
    check(|all| all[0].ne[0] = 16);
    check(|all| all[0].ne[2] = 5);
    check(|all| all[0].ne[3] = 2);
    check(|all| all[1].ne[1] = 4);
    check(|all| all[1].ne[2] = 0);
    check(|all| all[2].ne[1] = 16);
    check(|all| all[2].ne[2] = -1);
    check(|all| all[3].ne[0] = 0);
    check(|all| all[3].ne[2] = 2);
    check(|all| all[4].ne[0] = 2);
    check(|all| all[5].ne[1] = 1);
    // Rows that overlap, or lie between the numbers of others.
    check(|all| all[0].nb[0] = 8);
    check(|all| all[1].nb[1] = 3);
    check(|all| all[1].nb[1] = 2);
    check(|all| all[5].nb[1] = 4);
    // Parameters.
    check(|all| all[5].op_params[0] = f32::NAN.to_bits() as i32);
    check(|all| all[5].op_params[4] = 8);
    check(|all| all[5].op = sys::GGML_OP_MUL_MAT);
}

#[test]
fn the_pinned_llama_cpp_has_the_hook_that_is_expected() {
    assert_eq!(crate::llama::check_attention(), Ok(()));
    // The first word counts.
    crate::llama::leave_attention();
    assert_eq!(crate::llama::check_attention(), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Bit for bit: neither the others in the batch nor gaps between the cells nor the
    /// number of threads change what comes out for a row.
    #[test]
    fn company_changes_nothing(
        seen in prop::collection::vec(prop::collection::vec(any::<bool>(), 40), 1..20),
        gaps in prop::collection::vec(0usize..11, 40),
        threads in 1i32..5,
    ) {
        let mut tokens = Vec::new();
        let mut places = Vec::new();
        for (token, gap) in gaps.into_iter().enumerate() {
            tokens.extend(std::iter::repeat_n(None, gap));
            places.push(tokens.len());
            tokens.push(Some(token as u32));
        }
        let spread = |(n, seen): (usize, &Vec<bool>)| {
            let mut visible = vec![false; tokens.len()];
            places.iter().zip(seen).for_each(|(&place, &seen)| visible[place] = seen);
            Row { query: n as u32, visible }
        };
        let rows: Vec<Row> = seen.iter().enumerate().map(spread).collect();
        let together = attend(&tokens, &rows, Extra::default(), threads).unwrap();
        for (n, (seen, together)) in seen.iter().zip(together).enumerate() {
            let own: Vec<Option<u32>> = (0..40u32).filter(|i| seen[*i as usize]).map(Some).collect();
            if own.is_empty() {
                prop_assert!(together.iter().all(|&x| x == 0.0));
                continue;
            }
            let row = Row { query: n as u32, visible: vec![true; own.len()] };
            let alone = attend(&own, &[row], Extra::default(), 1).unwrap();
            let bits = |all: &[f32]| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&together), bits(&alone[0]));
        }
    }
}
