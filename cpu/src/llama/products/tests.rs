use std::sync::atomic::Ordering;

use llama_cpp_sys_2 as sys;

use super::six_bits::{
    BLOCK, Numbers, ROWS_AT_ONCE, Weights, by_llama_cpp, dots, is_possible, some_rows, some_weights,
};
use super::{TAKEN, install};

#[test]
fn sums_are_those_of_llama_cpp_to_the_last_bit() {
    if !is_possible() {
        return;
    }
    // SAFETY: fills tables of llama.cpp's own, once.
    unsafe { sys::ggml_cpu_init() };
    let check = |blocks: usize, count: usize, seed: usize| {
        let weights: Vec<_> = (seed..seed + blocks).map(some_weights).collect();
        let rows: Vec<Numbers> = some_rows(count, blocks);
        let mut sums = vec![0.0; count];
        dots(&weights, &rows, &mut sums);
        for (row, sum) in rows.chunks_exact(blocks).zip(sums) {
            let want = by_llama_cpp(&weights, row);
            assert_eq!(sum.to_bits(), want.to_bits(), "{blocks} {count} {seed}");
        }
    };
    for count in 1..=ROWS_AT_ONCE {
        for blocks in [1, 2, 6, 35] {
            check(blocks, count, 40 * count);
        }
    }
}

#[test]
fn a_graph_of_llama_cpp_computes_few_rows_here() {
    if install(true).is_err() {
        return;
    }
    const NUMBERS: usize = 150;
    const BLOCKS: usize = 2;
    let check = |count: usize, taken: bool| {
        let before = TAKEN.load(Ordering::Relaxed);
        let got = by_a_graph(NUMBERS, BLOCKS, count);
        let rows = some_rows(count, BLOCKS);
        for (row, got) in rows.chunks_exact(BLOCKS).zip(got.chunks_exact(NUMBERS)) {
            for (number, got) in got.iter().enumerate() {
                let weights: Vec<_> = (0..BLOCKS).map(|at| some_weights(number + at)).collect();
                let want = by_llama_cpp(&weights, row);
                match taken {
                    true => assert_eq!(got.to_bits(), want.to_bits(), "{count} {number}"),
                    false => assert!((got - want).abs() <= 1e-4 * want.abs().max(1.0)),
                }
            }
        }
        // Others may compute at the same time.
        assert!(!taken || TAKEN.load(Ordering::Relaxed) > before, "{count}");
    };
    for count in [2, 3, 8, 9, 15] {
        check(count, true);
    }
    check(1, false);
    check(16, false);
}

/// The products of weights with rows, as llama.cpp computes them on two threads.
fn by_a_graph(numbers: usize, blocks: usize, count: usize) -> Vec<f32> {
    let params = sys::ggml_init_params {
        mem_size: 16 << 20,
        mem_buffer: std::ptr::null_mut(),
        no_alloc: false,
    };
    let number = |i: usize| (i * 7919 % 1009) as f32 / 211.0 - 2.3;
    // SAFETY: there is memory for all that is made; the tensors stay until the context is freed,
    // and have the numbers that are written and read.
    unsafe {
        let raw = sys::ggml_init(params);
        let length = (blocks * BLOCK) as i64;
        let weights = sys::ggml_new_tensor_2d(raw, sys::GGML_TYPE_Q6_K, length, numbers as i64);
        let rows = sys::ggml_new_tensor_2d(raw, sys::GGML_TYPE_F32, length, count as i64);
        let to: *mut Weights = sys::ggml_get_data(weights).cast();
        for at in 0..numbers * blocks {
            std::ptr::write(to.add(at), some_weights(at / blocks + at % blocks));
        }
        let to: *mut f32 = sys::ggml_get_data(rows).cast();
        for at in 0..count * blocks * BLOCK {
            to.add(at).write(number(at));
        }
        let op = sys::ggml_mul_mat(raw, weights, rows);
        let graph = sys::ggml_new_graph(raw);
        sys::ggml_build_forward_expand(graph, op);
        let status = sys::ggml_graph_compute_with_ctx(raw, graph, 2);
        assert_eq!(status, sys::GGML_STATUS_SUCCESS);
        let out: *const f32 = sys::ggml_get_data(op).cast();
        let out = std::slice::from_raw_parts(out, numbers * count).to_vec();
        sys::ggml_free(raw);
        out
    }
}
