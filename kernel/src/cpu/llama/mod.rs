//! The local llama: a GGUF file run by llama.cpp.
//!
//! One engine thread owns the context and serves all processes ([`engine`]); this
//! side only tokenizes and hands jobs over. This folder is the only place that
//! names llama.cpp.

mod engine;
mod slot;
mod vocab;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use super::{ChatTemplate, Cpu, CpuError, CpuInfo, Job, Message, Prompt, Sink, Ticket};
use engine::Engine;
use vocab::Vocab;

/// The window of one process unless the settings say otherwise.
const WINDOW_DEFAULT: usize = 8192;
/// Cells of the shared KV cache unless the settings say otherwise.
const KV_CELLS_DEFAULT: usize = 16_384;
/// The smallest window that holds a boot page, a task and an answer.
const WINDOW_MIN: usize = 512;
/// Processes whose prompts can be resident at once (llama.cpp allows 256).
const SEQUENCES: usize = 64;
/// Tokens of one batch; the scheduler stays below it.
const BATCH_TOKENS: usize = 512;

/// How a local model is run; `None` leaves the choice to the model and the machine.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// The window of one process, in tokens; at most what the model was trained for.
    pub window: Option<usize>,
    /// Threads to compute with.
    pub threads: Option<usize>,
    /// Cells of the KV cache shared by all processes.
    pub kv_cells: Option<usize>,
}

/// A model file, loaded and ready.
pub struct LocalCpu {
    info: CpuInfo,
    vocab: Arc<Vocab>,
    template: ChatTemplate,
    /// `None` only while being dropped: its end tells the engine to stop.
    jobs: Mutex<Option<Sender<(Job, Sink)>>>,
    engine: Option<JoinHandle<()>>,
}

/// llama.cpp's global state; it can be set up once in a program.
fn backend() -> Result<&'static LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().map_err(|error| error.to_string())
    });
    backend.as_ref().map_err(Clone::clone)
}

impl LocalCpu {
    /// Loads the model at `path` and starts its engine. Takes from a fraction of a
    /// second to many, depending on the size of the model and whether it is in the
    /// page cache.
    ///
    /// # Errors
    /// [`CpuError::Load`] when the file is not a model llama.cpp can run,
    /// [`CpuError::NoTemplate`] for a base model.
    pub fn load(path: &Path, settings: &LocalSettings) -> Result<Self, CpuError> {
        let fail = |reason: String| CpuError::Load {
            path: path.display().to_string(),
            reason,
        };
        if !path.is_file() {
            return Err(fail("there is no such file".into()));
        }
        let backend = backend().map_err(fail)?;
        let model = LlamaModel::load_from_file(backend, path, &LlamaModelParams::default())
            .map_err(|_| fail("llama.cpp cannot read it: damaged, or of an unknown kind".into()))?;
        let model = Arc::new(model);
        let name = model
            .meta_val_str("general.name")
            .ok()
            .filter(|name| !name.trim().is_empty())
            .unwrap_or_else(|| {
                path.file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            });

        let vocab = Arc::new(Vocab::new(model.clone()).map_err(fail)?);
        let source =
            model
                .meta_val_str("tokenizer.chat_template")
                .map_err(|_| CpuError::NoTemplate {
                    model: name.clone(),
                })?;
        let template = ChatTemplate::new(&name, source, vocab.bos_text(), vocab.eos_text())?;

        let trained = model.n_ctx_train() as usize;
        let window = settings.window.unwrap_or(WINDOW_DEFAULT).min(trained);
        if window < WINDOW_MIN {
            return Err(fail(format!(
                "a window of {window} tokens is too small; {WINDOW_MIN} is the least"
            )));
        }
        let kv_cells = settings.kv_cells.unwrap_or(KV_CELLS_DEFAULT).max(window);
        let threads = settings
            .threads
            .or_else(|| std::thread::available_parallelism().ok().map(Into::into))
            .unwrap_or(1)
            .clamp(1, 512);
        let info = CpuInfo {
            details: details(&model),
            model: name,
            kind: "local",
            window,
            threads,
            kv_cells,
        };

        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(kv_cells as u32))
            .with_n_batch(BATCH_TOKENS as u32)
            .with_n_ubatch(BATCH_TOKENS as u32)
            .with_n_seq_max(SEQUENCES as u32)
            .with_n_threads(threads as i32)
            .with_n_threads_batch(threads as i32)
            .with_kv_unified(true)
            .with_swa_full(true)
            .with_no_perf(true);
        let (sender, receiver) = channel();
        let (ready, started) = channel();
        let thread_vocab = vocab.clone();
        let engine = std::thread::Builder::new()
            .name("quipu-engine".into())
            .spawn(move || {
                match Engine::new(backend, &model, params, thread_vocab, SEQUENCES, kv_cells) {
                    Ok(engine) => {
                        let _ = ready.send(Ok(()));
                        engine.run(&receiver);
                    }
                    Err(reason) => {
                        let _ = ready.send(Err(reason));
                    }
                }
            })
            .map_err(|error| fail(error.to_string()))?;
        started
            .recv()
            .unwrap_or_else(|_| Err("the engine did not start".into()))
            .map_err(fail)?;
        Ok(Self {
            info,
            vocab,
            template,
            jobs: Mutex::new(Some(sender)),
            engine: Some(engine),
        })
    }
}

impl Cpu for LocalCpu {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        let tokens = self.vocab.tokenize_prompt(&self.template.render(messages)?);
        Ok(Prompt {
            messages: messages.to_vec(),
            len: tokens.len(),
            tokens,
        })
    }

    fn count(&self, text: &str) -> usize {
        self.vocab.tokenize(text, false).len()
    }

    fn submit(&self, job: Job) -> Ticket {
        let (sink, ticket) = Ticket::new();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jobs) = jobs.as_ref() {
            // A dead engine drops the sink, which the ticket reports as `Gone`.
            let _ = jobs.send((job, sink));
        }
        ticket
    }
}

impl Drop for LocalCpu {
    fn drop(&mut self) {
        // The engine must be gone before llama.cpp's own statics are.
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(engine) = self.engine.take() {
            let _ = engine.join();
        }
    }
}

/// Architecture, size and quantisation, as the file states them.
fn details(model: &LlamaModel) -> String {
    let architecture = model
        .meta_val_str("general.architecture")
        .unwrap_or_default();
    let millions = model.n_params() as f64 / 1e6;
    let size = match millions {
        m if m >= 1000.0 => format!("{:.1}B", m / 1000.0),
        m => format!("{m:.0}M"),
    };
    let bits = model.size() as f64 * 8.0 / model.n_params().max(1) as f64;
    format!("{architecture} {size}, {bits:.1} bits a weight")
}
