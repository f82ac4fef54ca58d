//! What both halves of the network are built of. A text or a sound is rows of numbers, one
//! row after the other in one array.

use rten_gemm::{BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmUninitOptions};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::{Layout, Matrix, NdTensorView};
use rten_vecmath::{ExtendInit, Gelu, Normalize, NormalizeOptions, Softmax, Sum, SumSquareSub};

use crate::trouble::Trouble;
use crate::weights::Weights;

/// Numbers that one head of attention looks at.
const HEAD: usize = 64;
/// Rows whose attention is computed at once: what that takes fits a cache.
const ROWS_AT_ONCE: usize = 96;
/// Keeps the normalised numbers finite.
const EPSILON: f32 = 1e-5;

thread_local! {
    static MATHS: GemmExecutor = GemmExecutor::default();
}

/// `rows` rows of `columns` numbers, with `step` numbers from one row to the next.
pub fn matrix(numbers: &[f32], rows: usize, columns: usize, step: usize) -> Matrix<'_, f32> {
    // Rows may overlap: a convolution is one product then.
    NdTensorView::from_slice_with_strides([rows, columns], numbers, [step, 1])
        .expect("the numbers are counted by who calls")
}

/// `a` times `b`, each number multiplied by `scale`.
fn product(a: Matrix<'_, f32>, b: Matrix<'_, f32>, bias: &[f32], scale: f32) -> Vec<f32> {
    let length = a.shape()[0] * b.shape()[1];
    let options = GemmUninitOptions {
        alpha: scale,
        bias: (!bias.is_empty()).then_some(BiasVector::Row(bias)),
        ..GemmUninitOptions::default()
    };
    let (a, b) = (GemmInputA::Unpacked(a), GemmInputB::Unpacked(b));
    let mut out = Vec::with_capacity(length);
    out.extend_init(|out| {
        let out = &mut out[..length];
        let done = MATHS.with(|maths| maths.gemm_uninit(out, a, b, options.clone()));
        &*done.expect("the sizes of loaded weights agree")
    });
    out
}

/// A layer that multiplies each row by its weights and adds its bias.
pub struct Linear {
    /// [out, in].
    weights: Vec<f32>,
    bias: Vec<f32>,
    width: usize,
}

impl Linear {
    /// The layer `name`, for rows of `width` numbers.
    pub fn take(weights: &mut Weights, name: &str, width: usize) -> Result<Self, Trouble> {
        Ok(Self {
            bias: match format!("{name}/bias") {
                bias if weights.has(&bias) => weights.take(&bias, None)?,
                _ => Vec::new(),
            },
            weights: weights.take(&format!("{name}/weight"), None)?,
            width,
        })
    }

    /// One without a bias, of these weights: [out, `width`].
    pub fn of(weights: Vec<f32>, width: usize) -> Self {
        Self {
            weights,
            bias: Vec::new(),
            width,
        }
    }

    /// Divides it into layers that give `width` numbers each.
    pub fn divided(self, width: usize) -> Vec<Self> {
        let weights = self.weights.chunks(width * self.width);
        let part = |(n, weights): (usize, &[f32])| Self {
            weights: weights.to_vec(),
            bias: self
                .bias
                .iter()
                .skip(n * width)
                .take(width)
                .copied()
                .collect(),
            width: self.width,
        };
        weights.enumerate().map(part).collect()
    }

    /// The row of weights number `n`.
    pub fn row(&self, n: usize) -> &[f32] {
        &self.weights[n * self.width..][..self.width]
    }

    /// What it makes of `rows`.
    pub fn of_rows(&self, rows: &[f32]) -> Vec<f32> {
        self.of_matrix(matrix(
            rows,
            rows.len() / self.width,
            self.width,
            self.width,
        ))
    }

    /// What it makes of the rows of a matrix.
    pub fn of_matrix(&self, rows: Matrix<'_, f32>) -> Vec<f32> {
        let out = self.weights.len() / self.width;
        let weights = matrix(&self.weights, out, self.width, self.width);
        product(rows, weights.transposed(), &self.bias, 1.0)
    }
}

/// A layer that moves each row to mean 0 and deviation 1, then to its own.
pub struct Norm {
    scale: Vec<f32>,
    bias: Vec<f32>,
}

impl Norm {
    /// The layer `name`, for rows of `width` numbers.
    pub fn take(weights: &mut Weights, name: &str, width: usize) -> Result<Self, Trouble> {
        Ok(Self {
            scale: weights.take(&format!("{name}/gamma"), Some(width))?,
            bias: weights.take(&format!("{name}/beta"), Some(width))?,
        })
    }

    /// What it makes of `rows`.
    pub fn of_rows(&self, rows: &[f32]) -> Vec<f32> {
        let mut out = rows.to_vec();
        let width = self.scale.len();
        for row in out.chunks_mut(width) {
            let mean = Sum::new(row).dispatch() / width as f32;
            let variance = SumSquareSub::new(row, mean).dispatch() / width as f32;
            let options = NormalizeOptions {
                pre_scale_bias: mean,
                scale: (variance + EPSILON).sqrt().recip(),
                element_scale: Some(&self.scale),
                element_bias: Some(&self.bias),
                ..NormalizeOptions::default()
            };
            Normalize::new_mut(row, options).dispatch();
        }
        out
    }
}

/// Two linear layers with a bend between them, on normalised rows.
pub struct Thought {
    norm: Norm,
    wide: Linear,
    narrow: Linear,
}

impl Thought {
    /// The layers below `name`, for rows of `width` numbers.
    pub fn take(weights: &mut Weights, name: &str, width: usize) -> Result<Self, Trouble> {
        let wide = Linear::take(weights, &format!("{name}/linear_0"), width)?;
        let middle = wide.weights.len() / width;
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}/layer_norm"), width)?,
            narrow: Linear::take(weights, &format!("{name}/linear_1"), middle)?,
            wide,
        })
    }

    /// Adds what it makes of `rows` to them.
    pub fn add_to(&self, rows: &mut [f32]) {
        let mut wide = self.wide.of_rows(&self.norm.of_rows(rows));
        bent(&mut wide);
        add(rows, &self.narrow.of_rows(&wide));
    }
}

/// Bends numbers: what is far below 0 becomes 0.
pub fn bent(numbers: &mut [f32]) {
    Gelu {}.map_mut(numbers);
}

/// Adds `more` to `rows`.
pub fn add(rows: &mut [f32], more: &[f32]) {
    for (row, more) in rows.iter_mut().zip(more) {
        *row += more;
    }
}

/// For each row of `asked`: the mean of the rows of `values`, weighted by how well the row
/// of `keys` at the same place fits. All have rows of `width` numbers.
pub fn attended(asked: &[f32], keys: &[f32], values: &[f32], width: usize) -> Vec<f32> {
    let (rows, places) = (asked.len() / width, keys.len() / width);
    let mut out = vec![0.0; asked.len()];
    let starts = (0..rows).step_by(ROWS_AT_ONCE);
    let blocks = starts.flat_map(|row| (0..width).step_by(HEAD).map(move |head| (row, head)));
    for (row, head) in blocks {
        let count = ROWS_AT_ONCE.min(rows - row);
        let asked = matrix(&asked[row * width + head..], count, HEAD, width);
        let keys = matrix(&keys[head..], places, HEAD, width);
        let values = matrix(&values[head..], places, HEAD, width);
        let scale = (HEAD as f32).sqrt().recip();
        let mut fits = product(asked, keys.transposed(), &[], scale);
        for fit in fits.chunks_mut(places) {
            Softmax::new_mut(fit).dispatch();
        }
        let means = product(matrix(&fits, count, places, places), values, &[], 1.0);
        for (n, mean) in means.chunks(HEAD).enumerate() {
            out[(row + n) * width + head..][..HEAD].copy_from_slice(mean);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_attends_to_what_fits() {
        let width = 2 * HEAD;
        let keys: Vec<f32> = (0..3 * width)
            .map(|n| f32::from(u8::from(n / width == n % 3)) * 100.0)
            .collect();
        let values: Vec<f32> = (0..3 * width).map(|n| (n / width) as f32).collect();
        for place in 0..3 {
            let asked = &keys[place * width..][..width];
            let found = attended(asked, &keys, &values, width);
            assert!(
                found
                    .iter()
                    .all(|value| (value - place as f32).abs() < 1e-3)
            );
        }
    }

    #[test]
    fn rows_are_multiplied_and_normalised() {
        let linear = Linear {
            weights: vec![1.0, 2.0, 3.0, 4.0],
            bias: vec![10.0, 20.0],
            width: 2,
        };
        assert_eq!(
            linear.of_rows(&[1.0, 1.0, 0.0, 2.0]),
            [13.0, 27.0, 14.0, 28.0]
        );
        let norm = Norm {
            scale: vec![1.0; 2],
            bias: vec![5.0; 2],
        };
        let rows = norm.of_rows(&[1.0, 3.0]);
        assert!((rows[0] - 4.0).abs() < 1e-4 && (rows[1] - 6.0).abs() < 1e-4);
        let parts = linear.divided(1);
        assert_eq!(parts[1].of_rows(&[1.0, 1.0]), [27.0]);
    }
}
