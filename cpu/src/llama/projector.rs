//! The projector of a model that sees: what turns pixels into rows that stand in the place of
//! tokens. It is a file of its own beside the model's, and llama.cpp's library `mtmd` runs it.
//!
//! Files of pictures are not read here: what comes in is decoded ([`Picture`]). How much room a
//! picture takes is known before anything is computed, from an empty one of its size.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_sys_2 as sys;
use parking_lot::Mutex;

use super::sight::Encoded;
use super::{Attention, BATCH_TOKENS, context, file};
use crate::kv::pictures::{self, Span};
use crate::{CpuError, Picture};

/// Where a projector's file says of which kind it is: one for pictures alone, and one for
/// sound as well.
const KINDS: [&CStr; 2] = [c"clip.projector_type", c"clip.vision.projector_type"];
/// Kinds that make of a picture something else where it stands elsewhere. Here it is computed
/// once for all places.
const PLACED: [&str; 2] = ["deepseek4v", "hunyuanvl"];
/// Sizes whose rooms are remembered.
const SIZES_MAX: usize = 256;
/// A picture as large as any is.
const LARGEST: (u32, u32) = (1024, 1024);
const NO_MEMORY: &str = "there is not enough memory for it";

/// A part of what stands in a prompt for a picture.
#[derive(Clone, Debug)]
enum Piece {
    /// Tokens around it.
    Text(Vec<i32>),
    /// Itself, or a part of it.
    Image(Span),
}

/// The pieces that stand for a picture, by its width and height in pixels.
type Laid = HashMap<(u32, u32), Arc<Vec<Piece>>>;

/// A projector, loaded beside its model.
pub(super) struct Projector {
    raw: NonNull<sys::mtmd_context>,
    /// What its rows depend on beside a picture.
    key: String,
    /// Numbers of a row.
    width: usize,
    /// What stands for pictures of sizes that were asked for.
    laid: Mutex<Laid>,
    /// Held while it computes.
    computing: Mutex<()>,
    /// Outlives it.
    _model: Arc<LlamaModel>,
}

// SAFETY: it is not bound to a thread. What counts tokens may be called by several at once,
// says its header; what computes is called under a lock.
unsafe impl Send for Projector {}
// SAFETY: as above.
unsafe impl Sync for Projector {}

impl Projector {
    /// The projector at `path` for `model`, computing with `threads` threads. A picture takes
    /// at most `cells_max` cells where the projector leaves a choice.
    ///
    /// # Errors
    /// What is wrong with the file, or with the two together.
    pub(super) fn load(
        path: &Path,
        model: Arc<LlamaModel>,
        threads: usize,
        cells_max: Option<u32>,
    ) -> Result<Self, String> {
        if !path.is_file() {
            return Err("there is no such file".into());
        }
        let name = CString::new(path.as_os_str().as_encoded_bytes());
        let name = name.map_err(|_| "its name has a zero byte")?;
        let kind = kind(&name).ok_or("it is not the projector of a model that sees pictures")?;
        if PLACED.contains(&kind.as_str()) {
            return Err(format!("projectors of the kind {kind} are not supported"));
        }
        let own = file::key(path, Attention::LlamaCpp).map_err(|error| error.to_string())?;
        let model_raw = context::raw(&model);
        // SAFETY: plain data without preconditions; the callback is a function.
        let mut params = unsafe {
            sys::mtmd_log_set(Some(log), std::ptr::null_mut());
            sys::mtmd_context_params_default()
        };
        params.use_gpu = false;
        params.print_timings = false;
        params.n_threads = threads as i32;
        if let Some(most) = cells_max {
            params.image_max_tokens = i32::try_from(most).unwrap_or(i32::MAX);
        }
        SAID.take();
        // SAFETY: the name lives until the call is over, the model as long as the projector.
        let raw = unsafe { sys::mtmd_init_from_file(name.as_ptr(), model_raw, params) };
        let Some(raw) = NonNull::new(raw) else {
            return Err(match SAID.take() {
                said if said.is_empty() => "llama.cpp cannot read it".into(),
                said => format!("llama.cpp cannot use it with this model: {said}"),
            });
        };
        // SAFETY: only reads the model.
        let width = unsafe { sys::llama_model_n_embd_inp(model_raw) };
        let projector = Self {
            raw,
            key: format!("{own} {}", cells_max.unwrap_or_default()),
            width: width.max(0) as usize,
            laid: Mutex::default(),
            computing: Mutex::default(),
            _model: model,
        };
        // SAFETY: only reads.
        if !unsafe { sys::mtmd_support_vision(raw.as_ptr()) } {
            return Err("it is for sound, and not for pictures".into());
        }
        projector.pieces(LARGEST.0, LARGEST.1)?;
        Ok(projector)
    }

    /// The digest by which the rows of a picture are found again.
    pub(super) fn digest(&self, picture: &Picture) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.key.as_bytes());
        hasher.update(&picture.digest());
        *hasher.finalize().as_bytes()
    }

    /// Numbers of a row.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Adds what stands for `picture` in a prompt.
    pub(super) fn lay(&self, picture: &Picture, tokens: &mut Vec<i32>) -> Result<(), CpuError> {
        let pieces = self.pieces(picture.width(), picture.height());
        let pieces = pieces.map_err(CpuError::Picture)?;
        let digest = self.digest(picture);
        let mut nth = 0;
        for piece in pieces.iter() {
            match piece {
                Piece::Text(text) => tokens.extend(text),
                Piece::Image(span) => {
                    pictures::write(*span, &digest, nth, tokens);
                    nth += 1;
                }
            }
        }
        Ok(())
    }

    /// What stands for a picture of this size.
    fn pieces(&self, width: u32, height: u32) -> Result<Arc<Vec<Piece>>, String> {
        if let Some(known) = self.laid.lock().get(&(width, height)) {
            return Ok(known.clone());
        }
        let chunks = self.chunks(width, height, None)?;
        let pieces = chunks.iter().map(|chunk| self.piece(chunk));
        let pieces: Arc<Vec<Piece>> = Arc::new(pieces.collect::<Result<_, String>>()?);
        let mut laid = self.laid.lock();
        if laid.len() >= SIZES_MAX {
            laid.clear();
        }
        laid.insert((width, height), pieces.clone());
        Ok(pieces)
    }

    fn piece(&self, chunk: *const sys::mtmd_input_chunk) -> Result<Piece, String> {
        // SAFETY: the chunk is one of a list that is still there; so are its tokens.
        let kind = unsafe { sys::mtmd_input_chunk_get_type(chunk) };
        match kind {
            sys::MTMD_INPUT_CHUNK_TYPE_TEXT => {
                let mut count = 0;
                // SAFETY: as above.
                let tokens = unsafe {
                    let first = sys::mtmd_input_chunk_get_tokens_text(chunk, &mut count);
                    match first.is_null() {
                        true => Vec::new(),
                        false => std::slice::from_raw_parts(first, count).to_vec(),
                    }
                };
                Ok(Piece::Text(tokens))
            }
            sys::MTMD_INPUT_CHUNK_TYPE_IMAGE => {
                let span = span(chunk).ok_or("it becomes too few or too many tokens")?;
                match self.is_causal(chunk) || span.cells <= BATCH_TOKENS {
                    true => Ok(Piece::Image(span)),
                    false => Err(format!(
                        "it becomes {} tokens that have to be computed together; \
                         {BATCH_TOKENS} are the most",
                        span.cells
                    )),
                }
            }
            _ => Err("it becomes something else than text and images".into()),
        }
    }

    fn is_causal(&self, chunk: *const sys::mtmd_input_chunk) -> bool {
        // SAFETY: only reads; the chunk is one of a list that is still there.
        unsafe { !sys::mtmd_decode_use_non_causal(self.raw.as_ptr(), chunk) }
    }

    /// The rows of `picture`, chunk by chunk. Takes up to seconds, and cannot be stopped.
    pub(super) fn encode(&self, picture: &Picture) -> Result<Vec<Encoded>, String> {
        let _turn = self.computing.lock();
        let chunks = self.chunks(picture.width(), picture.height(), Some(picture.rgb()))?;
        let mut encoded = Vec::new();
        for chunk in chunks.iter() {
            let Piece::Image(span) = self.piece(chunk)? else {
                continue;
            };
            SAID.take();
            // SAFETY: the chunk has its pixels, and nobody else computes.
            let code = unsafe { sys::mtmd_encode_chunk(self.raw.as_ptr(), chunk) };
            if code != 0 {
                return Err(format!("its projector failed: {}", SAID.take()));
            }
            let count = span.cells * self.width;
            // SAFETY: the chunk was computed: there are as many rows as it has tokens, each as
            // long as the model's width, until the next is.
            let numbers = unsafe {
                let first = sys::mtmd_get_output_embd(self.raw.as_ptr());
                match first.is_null() {
                    true => return Err("its projector made nothing of it".into()),
                    false => std::slice::from_raw_parts(first, count).to_vec(),
                }
            };
            encoded.push(Encoded {
                span,
                columns: columns(chunk, span),
                causal: self.is_causal(chunk),
                rows: numbers,
            });
        }
        Ok(encoded)
    }

    /// What stands for a picture of this size; without pixels only to be counted.
    fn chunks(&self, width: u32, height: u32, rgb: Option<&[u8]>) -> Result<Chunks, String> {
        let pixels = rgb.map_or(std::ptr::null(), <[u8]>::as_ptr);
        // SAFETY: there are three bytes for each pixel ([`Picture::new`]), which are copied.
        let bitmap = unsafe { sys::mtmd_bitmap_init(width, height, pixels) };
        let bitmap = Bitmap(NonNull::new(bitmap).ok_or(NO_MEMORY)?);
        // SAFETY: no preconditions.
        let chunks = unsafe { sys::mtmd_input_chunks_init() };
        let chunks = Chunks(NonNull::new(chunks).ok_or(NO_MEMORY)?);
        // SAFETY: a text that is there for as long as the program runs.
        let marker = unsafe { CStr::from_ptr(sys::mtmd_default_marker()) };
        let text = sys::mtmd_input_text {
            text: marker.as_ptr(),
            text_len: marker.count_bytes(),
            add_special: false,
            parse_special: true,
        };
        let bitmaps = [bitmap.0.as_ptr().cast_const()];
        SAID.take();
        // SAFETY: all live until the call is over, and there is one bitmap.
        let code = unsafe {
            sys::mtmd_tokenize(
                self.raw.as_ptr(),
                chunks.0.as_ptr(),
                &text,
                bitmaps.as_ptr().cast_mut(),
                bitmaps.len(),
            )
        };
        match code {
            0 => Ok(chunks),
            _ => Err(format!("its projector does not take it: {}", SAID.take())),
        }
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        // SAFETY: made by `mtmd_init_from_file`, freed once, before the model.
        unsafe { sys::mtmd_free(self.raw.as_ptr()) };
    }
}

struct Bitmap(NonNull<sys::mtmd_bitmap>);

impl Drop for Bitmap {
    fn drop(&mut self) {
        // SAFETY: made by `mtmd_bitmap_init`, freed once.
        unsafe { sys::mtmd_bitmap_free(self.0.as_ptr()) };
    }
}

struct Chunks(NonNull<sys::mtmd_input_chunks>);

impl Chunks {
    /// Its chunks; each is there as long as it is.
    fn iter(&self) -> impl Iterator<Item = *const sys::mtmd_input_chunk> {
        // SAFETY: only reads.
        let count = unsafe { sys::mtmd_input_chunks_size(self.0.as_ptr()) };
        // SAFETY: there are that many.
        (0..count).map(move |i| unsafe { sys::mtmd_input_chunks_get(self.0.as_ptr(), i) })
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        // SAFETY: made by `mtmd_input_chunks_init`, freed once.
        unsafe { sys::mtmd_input_chunks_free(self.0.as_ptr()) };
    }
}

/// The room that a chunk takes.
fn span(chunk: *const sys::mtmd_input_chunk) -> Option<Span> {
    // SAFETY: the chunk is one of a list that is still there.
    let (cells, positions) = unsafe {
        (
            sys::mtmd_input_chunk_get_n_tokens(chunk),
            sys::mtmd_input_chunk_get_n_pos(chunk),
        )
    };
    Span::new(cells, usize::try_from(positions).ok()?)
}

/// How many columns the rows of a chunk form, where their places in it count and not their
/// order.
fn columns(chunk: *const sys::mtmd_input_chunk, span: Span) -> Option<usize> {
    // SAFETY: the chunk is an image of a list that is still there, with that many cells.
    let of = |i: usize| unsafe {
        let tokens = sys::mtmd_input_chunk_get_tokens_image(chunk);
        sys::mtmd_image_tokens_get_decoder_pos(tokens, 0, i)
    };
    // The time stands still within an image.
    let is_grid = of(span.cells - 1).t == 0;
    is_grid.then(|| {
        let first = (0..span.cells).take_while(|&i| of(i).y == 0);
        first.count().max(1)
    })
}

/// Of which kind a projector is, by its file; `None` for other files.
fn kind(name: &CStr) -> Option<String> {
    let params = sys::gguf_init_params {
        no_alloc: true,
        ctx: std::ptr::null_mut(),
    };
    // SAFETY: the name lives until the call is over. Without `no_alloc` it would need a
    // context; the keys are texts that end, and a value is read only as what it is.
    unsafe {
        let gguf = NonNull::new(sys::gguf_init_from_file(name.as_ptr(), params))?;
        let kind = KINDS.iter().find_map(|key| {
            let id = sys::gguf_find_key(gguf.as_ptr(), key.as_ptr());
            if id < 0 || sys::gguf_get_kv_type(gguf.as_ptr(), id) != sys::GGUF_TYPE_STRING {
                return None;
            }
            let text = CStr::from_ptr(sys::gguf_get_val_str(gguf.as_ptr(), id));
            Some(text.to_string_lossy().into_owned())
        });
        sys::gguf_free(gguf.as_ptr());
        kind
    }
}

thread_local! {
    /// The last error that the library told on this thread: its functions only say that there
    /// was one.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Called by the library with what it has to say.
unsafe extern "C" fn log(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: a text that ends, and lives until this is over.
    let words = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let words = words.trim();
    if level == sys::GGML_LOG_LEVEL_ERROR {
        SAID.replace(words.lines().next().unwrap_or_default().to_owned());
    }
    if !words.is_empty() {
        tracing::debug!(target: "mtmd", "{words}");
    }
}
