//! The network: cloneguard's ONNX file, run by rten. Only this file names rten here.
//!
//! It is a BERT whose last vectors are averaged, with two layers and a ReLU behind that. The
//! heads that llama.cpp has for its BERT read the first token alone and bend by a tanh, so the
//! file is run as it is.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::DetectError;

/// The network, ready to run.
pub(super) struct Network {
    model: Model,
    tokens: NodeId,
    mask: NodeId,
    logits: NodeId,
    threads: Arc<ThreadPool>,
}

impl Network {
    /// Reads the network from the ONNX file at `path`; it will compute on one thread, beside
    /// whatever else the machine does.
    pub(super) fn open(path: &Path) -> Result<Self, DetectError> {
        let bytes = std::fs::read(path).map_err(|source| DetectError::Io {
            path: path.to_owned(),
            source,
        })?;
        let damaged = |detail: String| DetectError::Format {
            path: path.to_owned(),
            detail,
        };
        let model = ModelOptions::with_all_ops().load(bytes);
        let model = model.map_err(|error| damaged(error.to_string()))?;
        let node = |name: &str| {
            let found = model.node_id(name);
            found.map_err(|error| damaged(error.to_string()))
        };
        Ok(Self {
            tokens: node("input_ids")?,
            mask: node("attention_mask")?,
            logits: node("logits")?,
            threads: Arc::new(ThreadPool::with_num_threads(1)),
            model,
        })
    }

    /// What it says of `tokens`, from 0 to 1: how much they read like an attack.
    ///
    /// # Errors
    /// What the network says.
    pub(super) fn score(&self, tokens: Vec<i32>) -> Result<f32, DetectError> {
        let count = tokens.len();
        let tokens = Tensor::from_data(&[1, count], tokens);
        let mask = Tensor::from_data(&[1, count], vec![1_i32; count]);
        let inputs = vec![
            (self.tokens, tokens.view().into()),
            (self.mask, mask.view().into()),
        ];
        let options = RunOptions::default().with_thread_pool(Some(self.threads.clone()));
        let out = self.model.run_n::<1>(inputs, [self.logits], Some(options));
        let [logits] = out.map_err(|error| DetectError::Network(error.to_string()))?;
        let logits: Result<Tensor<f32>, _> = logits.try_into();
        let logits = logits.map_err(|_| not_two())?;
        let logits: Vec<f32> = logits.iter().copied().collect();
        let &[harmless, attack] = logits.as_slice() else {
            return Err(not_two());
        };
        // The softmax of two.
        let score = 1.0 / (1.0 + (harmless - attack).exp());
        match score.is_finite() {
            true => Ok(score),
            false => Err(DetectError::Network("its score is not a number".to_owned())),
        }
    }
}

fn not_two() -> DetectError {
    DetectError::Network("what came out is not two scores".to_owned())
}
