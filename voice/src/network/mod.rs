//! The network that turns phonemes into sound: Kokoro-82M, by rten. Only this folder names rten.
//!
//! It knows numbers of symbols and the style of a speaker, and no text. `rewrite` prepares its
//! file, `protobuf` reads and writes that.

mod protobuf;
mod rewrite;

use std::path::Path;
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use crate::error::VoiceError;

/// Samples a second of what the network makes.
pub const RATE: u32 = 24_000;
/// The most symbols of one call.
pub const SYMBOLS_MAX: usize = 510;
/// Numbers of a style.
pub const STYLE: usize = 256;

/// The network, ready to run.
pub struct Network {
    model: Model,
    tokens: NodeId,
    style: NodeId,
    speed: NodeId,
    audio: NodeId,
    threads: Arc<ThreadPool>,
}

impl Network {
    /// Reads the network from the ONNX file at `path`; it will compute on `threads` threads.
    ///
    /// # Errors
    /// A file that cannot be read, or is not that network.
    pub fn open(path: &Path, threads: usize) -> Result<Self, VoiceError> {
        let bytes = std::fs::read(path).map_err(VoiceError::read(path))?;
        let bytes = rewrite::rewrite(&bytes).map_err(VoiceError::damaged(path))?;
        let model = ModelOptions::with_all_ops().load(bytes);
        let model = model.map_err(VoiceError::damaged(path))?;
        let node = |name: &str| model.node_id(name).map_err(VoiceError::damaged(path));
        Ok(Self {
            tokens: node("tokens")?,
            style: node("style")?,
            speed: node("speed")?,
            audio: node("audio")?,
            threads: Arc::new(ThreadPool::with_num_threads(threads.max(1))),
            model,
        })
    }

    /// The sound of `symbols`, at most [`SYMBOLS_MAX`], in a style of [`STYLE`] numbers, `speed`
    /// times as fast as usual: samples from -1 to 1, [`RATE`] a second.
    ///
    /// # Errors
    /// What the network says.
    pub fn speak(
        &self,
        symbols: &[i32],
        style: &[f32],
        speed: f32,
    ) -> Result<Vec<f32>, VoiceError> {
        // A pause is at both ends.
        let mut tokens = vec![0];
        tokens.extend(symbols.iter().take(SYMBOLS_MAX));
        tokens.push(0);
        let tokens = Tensor::from_data(&[1, tokens.len()], tokens);
        let style = Tensor::from_data(&[1, style.len()], style.to_vec());
        let speed = Tensor::from_data(&[1], vec![speed]);
        let inputs = vec![
            (self.tokens, tokens.view().into()),
            (self.style, style.view().into()),
            (self.speed, speed.view().into()),
        ];
        let options = RunOptions::default().with_thread_pool(Some(self.threads.clone()));
        let out = self.model.run_n::<1>(inputs, [self.audio], Some(options));
        let [audio] = out.map_err(|error| VoiceError::Network(error.to_string()))?;
        let audio: Result<Tensor<f32>, _> = audio.try_into();
        let audio = audio.map_err(|_| VoiceError::Network("what came out is not sound".into()))?;
        Ok(audio.iter().copied().collect())
    }
}
