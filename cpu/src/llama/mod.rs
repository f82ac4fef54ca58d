//! The local llama: a GGUF file run by llama.cpp.
//!
//! One engine thread owns the context and serves all processes (`engine.rs`); this
//! side only tokenizes and hands jobs over. This folder is the only place that
//! names llama.cpp.

#[cfg(test)]
mod alike;
mod apart;
mod attention;
mod chooser;
mod company;
mod context;
mod draft;
mod embedder;
mod engine;
mod file;
mod greedy;
mod odds;
mod paging;
mod projector;
mod quantize;
mod seen;
mod sight;
mod slot;
mod threads;
mod tokenizer;
mod vocab;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};
use parking_lot::{Mutex, RwLock};

use crate::Pid;
use crate::kv::swap::{Swap, SwapSettings};
use crate::message::without_pictures;
use crate::{
    ChatTemplate, Cpu, CpuError, CpuInfo, CpuStats, Form, Inquiry, Job, Message, Movement, Picture,
    Prompt, Ticket, Wishes,
};
pub use company::alike;
pub use embedder::LlamaEmbedder;
pub use quantize::{Quant, requantize};
pub use tokenizer::Tokenizer;

use context::{Output, Shape};
use engine::{Engine, Request};
use file::load;
use projector::Projector;
use sight::{Kept, Shown, Sight};
use threads::Governor;
use vocab::Vocab;

/// The window of one process unless the settings say otherwise.
const WINDOW_DEFAULT: usize = 8192;
/// Cells of the shared KV cache unless the settings or the free memory say otherwise.
const KV_CELLS_DEFAULT: usize = 16_384;
/// The share of the free memory that the KV cache takes at most, as a divisor.
const KV_MEMORY_SHARE: usize = 4;
/// The smallest window that holds a boot page, a task and an answer.
const WINDOW_MIN: usize = 512;
/// Processes whose prompts can be resident at once, one sequence for copies and one for
/// what was buried: the most that llama.cpp allows.
const SEQUENCES: usize = 256;
/// Tokens of one batch; the scheduler stays below it.
const BATCH_TOKENS: usize = 512;
/// From so many bytes on a piece of memory goes back to the system as soon as it is free.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: i32 = 1 << 20;
/// Bytes of swapped states in host memory.
const SWAP_MEMORY_BYTES: usize = 1 << 30;
/// Bytes of swapped states on disk, where nobody says otherwise: a handful of full windows.
pub const SWAP_DISK_BYTES: u64 = 1 << 30;
/// The share of these that rows of pictures take at most, where the model sees, as a divisor.
const PICTURES_SHARE: u64 = 4;
/// How long the engine may take to answer a question about itself: several batches.
const STATS_TIMEOUT: Duration = Duration::from_secs(5);

/// Who hears of the movements of pages.
type Listener = Box<dyn Fn(Movement) + Send + Sync>;

/// Who computes attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// This crate, where it can: an answer does not depend on who shares the machine.
    #[default]
    Own,
    /// llama.cpp, by its own ways.
    LlamaCpp,
}

/// How a local model is run; `None` leaves the choice to the model and the machine.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// The window of one process, in tokens; at most what the model was trained for.
    pub window: Option<usize>,
    /// Threads to compute with.
    pub threads: Option<usize>,
    /// Cells of the KV cache shared by all processes.
    pub kv_cells: Option<usize>,
    /// Whether to generate token by token even where the context says what comes next.
    pub no_drafts: bool,
    /// Who computes attention.
    pub attention: Attention,
    /// Folder for KV states on disk: boot pages, and processes that were suspended; and for the
    /// rows of pictures.
    /// `None` keeps them in memory only.
    pub swap: Option<PathBuf>,
    /// The most bytes there, of all models; [`SWAP_DISK_BYTES`] when `None`.
    pub swap_bytes: Option<u64>,
    /// By which a state on disk is known again as one of this root.
    pub secret: [u8; 32],
    /// The file of the model's projector: with it the model sees pictures.
    pub projector: Option<PathBuf>,
    /// The most cells that a picture takes, where the projector leaves a choice.
    pub picture_cells: Option<u32>,
    /// Who is told while the file is loaded how much of it is, from 0 to 1; not to be kept waiting.
    pub loaded: Option<fn(f32)>,
}

/// A model file, loaded and ready.
pub struct LocalCpu {
    info: CpuInfo,
    vocab: Arc<Vocab>,
    template: ChatTemplate,
    /// Whether attention is this crate's, or why not.
    attention: Result<(), &'static str>,
    /// What turns pictures into rows, if the model has a projector.
    sight: Option<Sight>,
    /// `None` only while being dropped: its end tells the engine to stop.
    requests: Mutex<Option<Sender<Request>>>,
    engine: Option<JoinHandle<()>>,
    listener: Arc<RwLock<Option<Listener>>>,
}

/// llama.cpp's global state; it can be set up once in a program. Whoever reads a model comes
/// through here first, as our attention can be put in only before that.
fn backend(attention: Attention) -> Result<&'static LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().map_err(|error| error.to_string())
    });
    let backend = backend.as_ref().map_err(Clone::clone)?;
    // What came of it is asked for where a context is made.
    let _ = attention::install(attention == Attention::Own);
    Ok(backend)
}

/// Leaves attention to llama.cpp for as long as this program runs, whatever is asked for
/// later. Without effect once a model was read.
pub fn leave_attention() {
    let _ = attention::install(false);
}

/// Whether attention of this crate works with the llama.cpp in this program, found out on a
/// small operation before the first model is loaded.
///
/// # Errors
/// Why attention stays llama.cpp's own.
pub fn check_attention() -> Result<(), String> {
    backend(Attention::Own)?;
    attention::install(true).map_err(str::to_owned)
}

/// What the model calls itself, or else what its file is called.
fn name_of(model: &LlamaModel, path: &Path) -> String {
    let own = model.meta_val_str("general.name").ok();
    own.filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| {
            let stem = path.file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        })
}

/// What tells one model file from another: its length and a digest of both its ends, with
/// the library that computes it.
///
/// # Errors
/// When the file cannot be read.
pub fn fingerprint(path: &Path) -> std::io::Result<String> {
    file::key(path, Attention::Own)
}

/// As many threads as are `wanted`, or as there are cores.
fn threads_of(wanted: Option<usize>) -> usize {
    wanted
        .or_else(|| std::thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
        .clamp(1, 512)
}

/// Keeps glibc from raising its threshold with each large piece that is freed: of swapped
/// states, some megabytes each, it would keep what the most of them ever took.
fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets a number that the allocator looks at; see mallopt(3).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
    }
}

impl LocalCpu {
    /// Loads the model at `path` and starts its engine. Takes from a fraction of a
    /// second to many, depending on the size of the model and whether it is in the
    /// page cache.
    ///
    /// # Errors
    /// [`CpuError::Load`] when the file is not a model llama.cpp can run, or the projector not
    /// its,
    /// [`CpuError::NoTemplate`] for a base model, [`CpuError::Window`] for a window in which
    /// no process could run, [`CpuError::Cells`] for a KV cache larger than the free memory.
    pub fn load(path: &Path, settings: &LocalSettings) -> Result<Self, CpuError> {
        let fail = |reason: String| CpuError::Load {
            path: path.display().to_string(),
            reason,
        };
        give_memory_back();
        let model = Arc::new(load(path, settings.attention, settings.loaded).map_err(fail)?);
        let name = name_of(&model, path);

        // Before the vocabulary: that of an embedding model is of a kind nobody generates with.
        let source =
            model
                .meta_val_str("tokenizer.chat_template")
                .map_err(|_| CpuError::NoTemplate {
                    model: name.clone(),
                })?;
        let vocab = Arc::new(Vocab::new(model.clone()).map_err(fail)?);
        let template_digest = blake3::hash(source.as_bytes()).to_hex().to_string();
        let key = file::key(path, settings.attention).map_err(|error| fail(error.to_string()))?;
        let template = ChatTemplate::new(&name, source, vocab.bos_text(), vocab.eos_text())?;

        let trained = model.n_ctx_train() as usize;
        let window = settings.window.unwrap_or(WINDOW_DEFAULT).min(trained);
        if window < WINDOW_MIN {
            return Err(CpuError::Window {
                window,
                least: WINDOW_MIN,
            });
        }
        let most = file::cells_in_memory(&model).unwrap_or(usize::MAX);
        if let Some(cells) = settings.kv_cells.filter(|&cells| cells > most) {
            return Err(CpuError::Cells { cells, most });
        }
        let kv_cells = settings
            .kv_cells
            .unwrap_or(KV_CELLS_DEFAULT.min(most / KV_MEMORY_SHARE))
            .max(window);
        let threads = threads_of(settings.threads);
        let info = CpuInfo {
            details: file::details(&model),
            model: name,
            kind: "local",
            window,
            threads,
            kv_cells,
            constrains: true,
            model_digest: key.split(' ').next().unwrap_or_default().to_owned(),
            template_digest,
        };

        let projector = settings.projector.as_deref().map(|file| {
            let most = settings.picture_cells;
            Projector::load(file, model.clone(), threads, most).map_err(|reason| CpuError::Load {
                path: file.display().to_string(),
                reason,
            })
        });
        let projector = projector.transpose()?;

        let shape = Shape {
            cells: kv_cells,
            sequences: SEQUENCES,
            batch: BATCH_TOKENS,
            threads,
            // A state without positions is nothing that several could share.
            ordered: !model.is_recurrent() && !model.is_hybrid(),
            output: Output::Logits,
            attention: settings.attention,
        };
        let governor = Governor::new(threads, settings.threads.is_some());
        let disk_bytes = settings.swap_bytes.unwrap_or(SWAP_DISK_BYTES);
        let pictures_bytes = match projector {
            Some(_) => disk_bytes / PICTURES_SHARE,
            None => 0,
        };
        let swap = SwapSettings {
            memory_bytes_max: SWAP_MEMORY_BYTES,
            disk_bytes_max: disk_bytes - pictures_bytes,
            folder: settings.swap.clone(),
            secret: settings.secret,
            key,
        };
        let listener: Arc<RwLock<Option<Listener>>> = Arc::default();
        let heard = listener.clone();
        let tell: Listener = Box::new(move |movement| {
            if let Some(listener) = &*heard.read() {
                listener(movement);
            }
        });
        let (sender, receiver) = channel();
        let (ready, started) = channel();
        let thread_vocab = vocab.clone();
        let drafts = !settings.no_drafts;
        let engine = std::thread::Builder::new()
            .name("quipu-engine".into())
            .spawn(move || {
                let swap = Swap::open(swap);
                match Engine::new(&model, thread_vocab, shape, governor, swap, tell, drafts) {
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
        let kept = Kept {
            folder: settings.swap.clone(),
            secret: settings.secret,
            disk_bytes_max: pictures_bytes,
        };
        let sight = projector.map(|projector| Sight::new(projector, kept, sender.clone()));
        let sight = sight.transpose().map_err(|error| fail(error.to_string()))?;
        Ok(Self {
            sight,
            info,
            vocab,
            template,
            attention: match settings.attention {
                Attention::Own => attention::install(true),
                Attention::LlamaCpp => Err("it was asked for"),
            },
            requests: Mutex::new(Some(sender)),
            engine: Some(engine),
            listener,
        })
    }

    /// Whether attention is computed by this crate.
    ///
    /// # Errors
    /// Why llama.cpp computes it.
    pub fn own_attention(&self) -> Result<(), &'static str> {
        self.attention
    }

    /// Starts a job or a question: by way of what sees its pictures, if there are any.
    fn start(&self, has_pictures: bool, request: Request) {
        match &self.sight {
            Some(sight) if has_pictures => sight.send(request),
            _ => self.send(request),
        }
    }

    /// A dead engine drops what is sent, which the waiting side notices.
    fn send(&self, request: Request) {
        if let Some(requests) = self.requests.lock().as_ref() {
            let _ = requests.send(request);
        }
    }
}

impl Cpu for LocalCpu {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        let segments = self.template.render(messages)?;
        let lay = |picture: &Picture, tokens: &mut Vec<i32>| match &self.sight {
            Some(sight) => sight.projector().lay(picture, tokens),
            None => without_pictures(messages),
        };
        let (tokens, boot) = self.vocab.tokenize_prompt(&segments, &lay)?;
        Ok(Prompt {
            messages: messages.to_vec(),
            len: tokens.len(),
            tokens,
            boot,
        })
    }

    fn sees(&self) -> bool {
        self.sight.is_some()
    }

    fn count(&self, text: &str) -> usize {
        self.vocab.tokenize(text, false).len()
    }

    fn lead(&self, prompt: &Prompt, words: &str) -> Option<Prompt> {
        let mut led = prompt.clone();
        led.tokens.extend(self.vocab.tokenize(words, false));
        led.len = led.tokens.len();
        Some(led)
    }

    fn plain(&self, before: &str, after: Option<&str>) -> Option<Prompt> {
        let tokens = self.vocab.tokenize_plain(before, after)?;
        Some(Prompt {
            messages: Vec::new(),
            len: tokens.len(),
            tokens,
            boot: 0,
        })
    }

    fn tokens(&self, text: &str, begins: bool, markers: bool) -> Option<Vec<i32>> {
        let mut tokens = self.vocab.tokenize(text, markers);
        if begins {
            self.vocab.begin(&mut tokens);
        }
        Some(tokens)
    }

    fn text_of(&self, tokens: &[i32]) -> Option<Vec<u8>> {
        Some(self.vocab.text_of(tokens))
    }

    fn accepts(&self, form: &Form) -> Result<(), CpuError> {
        self.vocab.accepts(form)
    }

    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        let (sink, ticket) = Ticket::new(0);
        let has_pictures = inquiry.prompt.pictures().next().is_some();
        self.start(has_pictures, Request::Weigh(inquiry, sink, Shown::new()));
        ticket
    }

    fn submit(&self, job: Job) -> Ticket {
        self.submit_with(job, Wishes::default())
    }

    fn submit_with(&self, job: Job, wishes: Wishes) -> Ticket {
        let pieces = if wishes.odds.is_some() { 2 } else { 1 };
        let (sink, ticket) = Ticket::new(job.tokens_max.saturating_mul(pieces));
        let has_pictures = job.prompt.pictures().next().is_some();
        self.start(has_pictures, Request::Run(job, wishes, sink, Shown::new()));
        ticket
    }

    fn nice(&self, pid: Pid, priority: i8) {
        self.send(Request::Nice(pid, priority));
    }

    fn retire(&self, pid: Pid) {
        self.send(Request::Retire(pid));
    }

    fn stats(&self) -> CpuStats {
        let (asked, answer) = channel();
        self.send(Request::Stats(asked));
        answer.recv_timeout(STATS_TIMEOUT).unwrap_or_default()
    }

    fn listen(&self, listener: Listener) {
        *self.listener.write() = Some(listener);
    }
}

impl Drop for LocalCpu {
    fn drop(&mut self) {
        // The engine must be gone before llama.cpp's own statics are, and what hands jobs on to
        // it before that.
        self.sight.take();
        self.requests.lock().take();
        if let Some(engine) = self.engine.take() {
            let _ = engine.join();
        }
    }
}
