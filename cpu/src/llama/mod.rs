//! The local llama: a GGUF file run by llama.cpp.
//!
//! One engine thread owns the context and serves all processes; this side only tokenizes and
//! hands jobs over. This folder is the only place that names llama.cpp.
//!
//! | file | job |
//! | --- | --- |
//! | this one | the model as a [`Cpu`]: loads it, starts its engine |
//! | `settings` | how it is run |
//! | `library` | what llama.cpp has for all models at once |
//! | `file` | what a model's file says of itself |
//! | `engine`, `slot`, `paging` | batches; a job in them; its cells |
//! | `weighed` | what was asked before is not computed again |
//! | `context` | llama.cpp's context, batch and cells |
//! | `attention/`, `company`, `alike` | attention of our own; what else may differ in company |
//! | `products/` | products with weights of six bits, for few rows |
//! | `chooser`, `greedy`, `odds`, `draft` | the next token, and those that follow from the context |
//! | `vocab`, `apart`, `tokenizer` | texts to tokens, with and without a model |
//! | `sight`, `projector`, `seen` | pictures |
//! | `threads` | how many compute |
//! | `embedder` | texts to vectors |
//! | `quantize` | a file with other weights |

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
mod library;
mod odds;
mod paging;
mod products;
mod projector;
mod quantize;
mod seen;
mod settings;
mod sight;
mod slot;
mod threads;
mod tokenizer;
mod vocab;
mod weighed;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use llama_cpp_2::model::LlamaModel;
use parking_lot::{Mutex, RwLock};

use crate::Pid;
use crate::kv::swap::{Swap, SwapSettings};
use crate::message::without_pictures;
use crate::{
    ChatTemplate, Cpu, CpuError, CpuInfo, CpuStats, Form, Inquiry, Job, Message, Movement, Picture,
    Prompt, TemplateSource, Ticket, Wishes,
};
pub use company::alike;
pub use embedder::LlamaEmbedder;
pub use file::{MemoryBytes, fingerprint, memory_bytes};
pub use library::{check_attention, leave_attention};
pub use quantize::{Quant, requantize};
pub use settings::{Attention, LocalSettings, SWAP_DISK_BYTES};
pub use tokenizer::Tokenizer;

use context::{Output, Shape};
use engine::{Engine, Request};
use library::{give_memory_back, load};
use projector::Projector;
use sight::{Kept, Shown, Sight};
use threads::{Governor, threads_of};
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
/// Bytes of swapped states in host memory.
const SWAP_MEMORY_BYTES: usize = 1 << 30;
/// The share of these that rows of pictures take at most, where the model sees, as a divisor.
const PICTURES_SHARE: u64 = 4;
/// How long the engine may take to answer a question about itself: several batches.
const STATS_TIMEOUT: Duration = Duration::from_secs(5);

/// Who hears of the movements of pages.
type Listener = Box<dyn Fn(Movement) + Send + Sync>;
/// The listener, once there is one.
type SharedListener = Arc<RwLock<Option<Listener>>>;

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
    listener: SharedListener,
}

/// What the engine's context is made for.
fn shape(model: &LlamaModel, cells: usize, threads: usize, attention: Attention) -> Shape {
    Shape {
        cells,
        sequences: SEQUENCES,
        batch: BATCH_TOKENS,
        threads,
        // A state without positions is nothing that several could share.
        ordered: !model.is_recurrent() && !model.is_hybrid(),
        output: Output::Logits,
        attention,
    }
}

/// A place for a listener that may come later, and what the engine tells it through.
fn relay() -> (SharedListener, Listener) {
    let listener = SharedListener::default();
    let heard = listener.clone();
    let tell = move |movement: Movement| {
        if let Some(listener) = &*heard.read() {
            listener(movement);
        }
    };
    (listener, Box::new(tell))
}

/// The window of one process and the cells of the cache for all, in tokens.
fn sizes(model: &LlamaModel, settings: &LocalSettings) -> Result<(usize, usize), CpuError> {
    let trained = model.n_ctx_train() as usize;
    let window = settings.window.unwrap_or(WINDOW_DEFAULT).min(trained);
    if window < WINDOW_MIN {
        return Err(CpuError::Window {
            window,
            least: WINDOW_MIN,
        });
    }
    let most = file::cells_in_memory(model).unwrap_or(usize::MAX);
    if let Some(cells) = settings.kv_cells.filter(|&cells| cells > most) {
        return Err(CpuError::Cells { cells, most });
    }
    let kv_cells = settings
        .kv_cells
        .unwrap_or(KV_CELLS_DEFAULT.min(most / KV_MEMORY_SHARE));
    let Some(bytes_max) = settings.bytes_max else {
        return Ok((window, kv_cells.max(window)));
    };
    let bytes = bytes_max.saturating_sub(model.size());
    let cells = bytes / file::cell_bytes(model).max(1) as u64;
    let most = usize::try_from(cells).unwrap_or(usize::MAX);
    match most < window {
        true => Err(CpuError::Cells {
            cells: window,
            most,
        }),
        false => Ok((window, kv_cells.max(window).min(most))),
    }
}

/// The projector beside `model`, where the settings name one.
fn projector_of(
    model: &Arc<LlamaModel>,
    settings: &LocalSettings,
    threads: usize,
) -> Result<Option<Projector>, CpuError> {
    let Some(file) = settings.projector.as_deref() else {
        return Ok(None);
    };
    let loaded = Projector::load(file, model.clone(), threads, settings.picture_cells);
    loaded.map(Some).map_err(|reason| CpuError::Load {
        path: file.display().to_string(),
        reason,
    })
}

/// Where states that depend on `key` are kept, and the rows of pictures if the model `sees`; both
/// share the bytes on disk.
fn on_disk(settings: &LocalSettings, key: String, sees: bool) -> (SwapSettings, Kept) {
    let bytes = settings.swap_bytes.unwrap_or(SWAP_DISK_BYTES);
    let of_pictures = if sees { bytes / PICTURES_SHARE } else { 0 };
    let swap = SwapSettings {
        memory_bytes_max: SWAP_MEMORY_BYTES,
        disk_bytes_max: bytes - of_pictures,
        folder: settings.swap.clone(),
        secret: settings.secret,
        key,
    };
    let kept = Kept {
        folder: settings.swap.clone(),
        secret: settings.secret,
        disk_bytes_max: of_pictures,
    };
    (swap, kept)
}

/// Starts the engine on a thread of its own, and waits until it is ready: what takes requests, and
/// its thread, which ends when nothing is left to take them.
fn start(
    model: Arc<LlamaModel>,
    vocab: Arc<Vocab>,
    shape: Shape,
    governor: Governor,
    swap: SwapSettings,
    tell: Listener,
    drafts: bool,
) -> Result<(Sender<Request>, JoinHandle<()>), String> {
    let (sender, receiver) = channel();
    let (ready, started) = channel();
    let engine = std::thread::Builder::new()
        .name("quipu-engine".into())
        .spawn(move || {
            let swap = Swap::open(swap);
            match Engine::new(&model, vocab, shape, governor, swap, tell, drafts) {
                Ok(engine) => {
                    let _ = ready.send(Ok(()));
                    engine.run(&receiver);
                }
                Err(reason) => {
                    let _ = ready.send(Err(reason));
                }
            }
        })
        .map_err(|error| error.to_string())?;
    started
        .recv()
        .unwrap_or_else(|_| Err("the engine did not start".into()))?;
    Ok((sender, engine))
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
        let name = file::name_of(&model, path);

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

        let (window, kv_cells) = sizes(&model, settings)?;
        let threads = threads_of(settings.threads);
        let info = CpuInfo {
            details: file::details(&model),
            model: name,
            kind: "local",
            window,
            threads,
            kv_cells,
            bytes: model.size() + (kv_cells * file::cell_bytes(&model)) as u64,
            constrains: true,
            model_digest: key.split(' ').next().unwrap_or_default().to_owned(),
            template_digest,
        };

        let projector = projector_of(&model, settings, threads)?;
        if projector.is_some() && !template.knows_pictures() {
            tracing::info!(
                "the chat template of {} has no place for pictures: they stand before the text of \
                 their message",
                info.model
            );
        }

        let shape = shape(&model, kv_cells, threads, settings.attention);
        let governor = Governor::new(threads, settings.threads.is_some());
        let (swap, kept) = on_disk(settings, key, projector.is_some());
        let (listener, tell) = relay();
        let drafts = !settings.no_drafts;
        let (sender, engine) =
            start(model, vocab.clone(), shape, governor, swap, tell, drafts).map_err(fail)?;
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

    fn template(&self) -> Option<&TemplateSource> {
        Some(self.template.source())
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

    fn unknown_token(&self, tokens: &[i32]) -> Option<i32> {
        tokens.iter().copied().find(|token| !self.vocab.has(*token))
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
        // One more says how it began.
        let pieces = job.tokens_max.saturating_mul(pieces).saturating_add(1);
        let (sink, ticket) = Ticket::new(pieces);
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
