//! The llama context: batches in, logits out, and the cells of the KV cache.
//!
//! A thin layer over the C functions, beside the crate's own because that one lets
//! nobody change the number of threads of a running context. Every condition that
//! llama.cpp asserts is checked here first: a failed assertion would end the program.

use std::marker::PhantomData;
use std::ptr::NonNull;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_sys_2 as sys;
use parking_lot::Mutex;

use super::{Attention, attention};
use crate::kv::cells::{Cells, Removal};

/// Held while a context is made.
static MAKING: Mutex<()> = Mutex::new(());

/// What a context is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Cells of the KV cache, shared by all sequences.
    pub(super) cells: usize,
    /// Sequences; at most 256.
    pub(super) sequences: usize,
    /// Tokens of one batch.
    pub(super) batch: usize,
    /// Threads to compute with.
    pub(super) threads: usize,
    /// Whether no token may come to lie before one that it follows ([`Cells`]).
    pub(super) ordered: bool,
    /// What comes out.
    pub(super) output: Output,
    /// Who computes attention, where there is a choice.
    pub(super) attention: Attention,
}

impl Shape {
    /// The sequence that holds what was removed and has to stay, if there is one.
    pub(super) fn grave(self) -> Option<usize> {
        self.ordered.then(|| self.sequences - 1)
    }
}

/// What a context computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// How likely each token comes next.
    Logits,
    /// One vector for each sequence, pooled as llama.cpp numbers the ways to do that.
    Vectors(sys::llama_pooling_type),
}

/// One thread's context on a model.
pub(super) struct Context<'m> {
    raw: NonNull<sys::llama_context>,
    shape: Shape,
    vocab: usize,
    /// Numbers in a vector.
    dimensions: usize,
    /// Numbers that stand for a token at the model's entrance.
    width: usize,
    /// Positions of a row: one, or four where rows and columns of pictures are told apart.
    sections: usize,
    batch: Batch,
    /// Whether attention is ours.
    own_attention: bool,
    /// Where tokens lie, if that must not depend on who shares the machine.
    cells: Option<Cells>,
    model: PhantomData<&'m LlamaModel>,
}

// SAFETY: a context is not bound to the thread that made it; it is only moved, never
// shared.
unsafe impl Send for Context<'_> {}

/// llama.cpp's own model behind `model`.
pub(super) fn raw(model: &LlamaModel) -> *mut sys::llama_model {
    // SAFETY: `LlamaModel` is a transparent wrapper of the pointer (and pinned to
    // the very release in which that was looked up). llama.cpp takes the model as
    // mutable and only reads it.
    unsafe { *std::ptr::from_ref(model).cast::<*mut sys::llama_model>() }
}

/// A part of a picture, as a projector made it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'p> {
    /// For each cell as many numbers as the model takes in the place of a token.
    pub(super) numbers: &'p [f32],
    /// Their positions: those of all cells, and with M-RoPE their rows, columns and depths
    /// behind them.
    pub(super) positions: &'p [i32],
    /// Whether a cell sees only those before it.
    pub(super) causal: bool,
}

/// Rows of a batch, in the layout the C interface takes.
#[derive(Default)]
struct Batch {
    tokens: Vec<i32>,
    positions: Vec<i32>,
    sequences: Vec<i32>,
    logits: Vec<i8>,
}

impl<'m> Context<'m> {
    /// A context on `model`; `None` when there is not enough memory for it.
    pub(super) fn new(model: &'m LlamaModel, shape: Shape) -> Option<Self> {
        let model_raw = raw(model);
        // SAFETY: plain data without preconditions.
        let mut params = unsafe { sys::llama_context_default_params() };
        params.n_ctx = shape.cells as u32;
        params.n_batch = shape.batch as u32;
        params.n_ubatch = shape.batch as u32;
        params.n_seq_max = shape.sequences as u32;
        params.n_threads = shape.threads as i32;
        params.n_threads_batch = shape.threads as i32;
        params.kv_unified = true;
        params.swa_full = true;
        params.no_perf = true;
        if let Output::Vectors(pooling) = shape.output {
            params.embeddings = true;
            params.pooling_type = pooling;
        }
        // Making two at once is not sound.
        let _turn = MAKING.lock();
        let wanted = shape.attention == Attention::Own;
        // SAFETY: the model outlives the context by the lifetime 'm.
        let raw = unsafe { sys::llama_init_from_model(model_raw, params) };
        Some(Self {
            raw: NonNull::new(raw)?,
            shape,
            vocab: usize::try_from(model.vocab().n_tokens()).ok()?,
            // SAFETY: only reads the model.
            dimensions: usize::try_from(unsafe { sys::llama_model_n_embd_out(model_raw) }).ok()?,
            // SAFETY: only reads the model.
            width: usize::try_from(unsafe { sys::llama_model_n_embd_inp(model_raw) }).ok()?,
            sections: sections(model_raw),
            batch: Batch::default(),
            own_attention: wanted && attention::install(wanted).is_ok(),
            cells: shape.grave().map(|_| Cells::new(shape.sequences)),
            model: PhantomData,
        })
    }

    /// Starts a new batch.
    pub(super) fn clear(&mut self) {
        self.batch.tokens.clear();
        self.batch.positions.clear();
        self.batch.sequences.clear();
        self.batch.logits.clear();
    }

    /// Adds a token to the batch. Returns its row, to ask for logits by.
    pub(super) fn add(
        &mut self,
        token: i32,
        position: usize,
        sequence: usize,
        logits: bool,
    ) -> Result<usize, String> {
        let row = self.batch.tokens.len();
        if row >= self.shape.batch {
            return Err("the batch is full".into());
        }
        self.check(sequence)?;
        if usize::try_from(token).map_or(true, |token| token >= self.vocab) {
            return Err(format!("there is no token {token}"));
        }
        self.batch.tokens.push(token);
        self.batch.positions.push(position as i32);
        self.batch.sequences.push(sequence as i32);
        self.batch.logits.push(i8::from(logits));
        Ok(row)
    }

    /// Computes the batch. Gives up as soon as `stop` says so; what it had computed
    /// until then has to be removed.
    pub(super) fn decode(&mut self, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let rows = self.batch.tokens.len();
        let mut counts = vec![1; rows];
        let sequences = self.batch.sequences.iter_mut();
        let mut pointers: Vec<*mut i32> = sequences.map(std::ptr::from_mut).collect();
        let batch = sys::llama_batch {
            n_tokens: rows as i32,
            token: self.batch.tokens.as_mut_ptr(),
            embd: std::ptr::null_mut(),
            pos: self.batch.positions.as_mut_ptr(),
            n_seq_id: counts.as_mut_ptr(),
            seq_id: pointers.as_mut_ptr(),
            logits: self.batch.logits.as_mut_ptr(),
        };
        self.run(batch, stop)?;
        self.note_filled();
        Ok(())
    }

    /// Computes a part of a picture in `sequence`, alone in its batch. Gives up as
    /// [`Context::decode`] does. What the last batch left to be asked for is gone.
    pub(super) fn show(
        &mut self,
        rows: Rows<'_>,
        sequence: usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        self.check(sequence)?;
        self.clear();
        let count = rows.positions.len() / self.sections;
        let fits = (1..=self.shape.batch).contains(&count)
            && rows.positions.len() == count * self.sections
            && rows.numbers.len() == count * self.width;
        if !fits {
            return Err(format!("{count} cells of a picture do not fit a batch"));
        }
        // llama.cpp takes them as mutable and only reads them.
        let mut positions = rows.positions.to_vec();
        let mut counts = vec![1; count];
        let mut owner = sequence as i32;
        let mut owners = vec![std::ptr::from_mut(&mut owner); count];
        let mut logits = vec![0; count];
        let batch = sys::llama_batch {
            n_tokens: count as i32,
            token: std::ptr::null_mut(),
            embd: rows.numbers.as_ptr().cast_mut(),
            pos: positions.as_mut_ptr(),
            n_seq_id: counts.as_mut_ptr(),
            seq_id: owners.as_mut_ptr(),
            logits: logits.as_mut_ptr(),
        };
        // SAFETY: takes effect with the next batch. Without it every cell sees every other, for
        // which all have to be in one part of the batch: that is as large as a batch here.
        unsafe { sys::llama_set_causal_attn(self.raw.as_ptr(), rows.causal) };
        let done = self.run(batch, stop);
        // SAFETY: as above.
        unsafe { sys::llama_set_causal_attn(self.raw.as_ptr(), true) };
        done?;
        if let Some(cells) = &mut self.cells {
            for &position in &rows.positions[..count] {
                let position = position as usize;
                cells.fill(sequence, position..position + 1);
            }
        }
        Ok(())
    }

    /// Has llama.cpp compute `batch`, in which every array has as many elements as it says.
    fn run(&mut self, batch: sys::llama_batch, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let mut stop = stop;
        let data = std::ptr::from_mut(&mut stop).cast();
        // SAFETY: every array has `n_tokens` elements and lives until the call is over,
        // and so does `stop`, which is taken back afterwards.
        let code = unsafe {
            let raw = self.raw.as_ptr();
            sys::llama_set_abort_callback(raw, Some(asked_to_stop), data);
            let code = attention::wanting(self.own_attention, || sys::llama_decode(raw, batch));
            sys::llama_set_abort_callback(raw, None, std::ptr::null_mut());
            code
        };
        match code {
            0 => Ok(()),
            1 => Err("no room in the KV cache".into()),
            2 => Err("stopped".into()),
            code => Err(format!("llama.cpp failed with code {code}")),
        }
    }

    fn note_filled(&mut self) {
        let Some(cells) = &mut self.cells else { return };
        for (&sequence, &position) in self.batch.sequences.iter().zip(&self.batch.positions) {
            let position = position as usize;
            cells.fill(sequence as usize, position..position + 1);
        }
    }

    /// The logits of a row of the last batch that asked for them.
    pub(super) fn logits(&self, row: usize) -> Result<&[f32], String> {
        if self.batch.logits.get(row) != Some(&1) {
            return Err(format!("row {row} has no logits"));
        }
        // SAFETY: the row exists and was computed with logits; there is one for each
        // token, and they stay until the next batch, which needs `&mut self`.
        unsafe {
            let data = sys::llama_get_logits_ith(self.raw.as_ptr(), row as i32);
            match data.is_null() {
                true => Err(format!("row {row} has no logits")),
                false => Ok(std::slice::from_raw_parts(data, self.vocab)),
            }
        }
    }

    /// The vector of a sequence of the last batch, in a context made for vectors.
    pub(super) fn vector(&self, sequence: usize) -> Result<&[f32], String> {
        self.check(sequence)?;
        // SAFETY: pooled vectors have the model's output dimension, and stay until the next
        // batch, which needs `&mut self`; a sequence that was not in the batch has none.
        unsafe {
            let data = sys::llama_get_embeddings_seq(self.raw.as_ptr(), sequence as i32);
            match data.is_null() {
                true => Err(format!("sequence {sequence} has no vector")),
                false => Ok(std::slice::from_raw_parts(data, self.dimensions)),
            }
        }
    }

    /// Lets `to` own the cells of `from` at the positions in `range` as well.
    pub(super) fn share(&mut self, from: usize, to: usize, range: std::ops::Range<usize>) {
        if range.is_empty() || self.check(from).and(self.check(to)).is_err() {
            return;
        }
        self.copy(from, to, range.clone());
        if let Some(cells) = &mut self.cells {
            cells.share(from, to, range);
        }
    }

    fn copy(&mut self, from: usize, to: usize, range: std::ops::Range<usize>) {
        // SAFETY: both sequences exist; with one unified stream any range may be shared.
        unsafe {
            let memory = sys::llama_get_memory(self.raw.as_ptr());
            sys::llama_memory_seq_cp(
                memory,
                from as i32,
                to as i32,
                range.start as i32,
                range.end as i32,
            );
        }
    }

    /// Removes what `sequence` holds from position `from` on. False when the model's
    /// state cannot be cut there.
    pub(super) fn remove(&mut self, sequence: usize, from: usize) -> bool {
        if self.check(sequence).is_err() {
            return false;
        }
        let (Some(cells), Some(grave)) = (&mut self.cells, self.shape.grave()) else {
            return self.erase(sequence, from);
        };
        match cells.remove(sequence, from) {
            Removal::Free => self.erase(sequence, from) && self.erase(grave, 0),
            Removal::Bury => {
                self.copy(sequence, grave, from..i32::MAX as usize);
                self.erase(sequence, from)
            }
        }
    }

    fn erase(&mut self, sequence: usize, from: usize) -> bool {
        // SAFETY: the sequence exists.
        unsafe {
            let memory = sys::llama_get_memory(self.raw.as_ptr());
            sys::llama_memory_seq_rm(memory, sequence as i32, from as i32, -1)
        }
    }

    /// Cells that nobody holds and that are taken nevertheless, until all is removed or
    /// nothing lies above them.
    pub(super) fn buried(&self) -> usize {
        self.cells.as_ref().map_or(0, Cells::buried)
    }

    /// The state of all that `sequence` holds; `None` when it could not be read.
    pub(super) fn save(&mut self, sequence: usize) -> Option<Vec<u8>> {
        self.check(sequence).ok()?;
        // SAFETY: the buffer has the size that llama.cpp asks for.
        unsafe {
            let size = sys::llama_state_seq_get_size(self.raw.as_ptr(), sequence as i32);
            let mut state = vec![0; size];
            let written = sys::llama_state_seq_get_data(
                self.raw.as_ptr(),
                state.as_mut_ptr(),
                size,
                sequence as i32,
            );
            (written == size && size > 0).then_some(state)
        }
    }

    /// Puts a state that [`Context::save`] returned into `sequence`, which loses what
    /// it held; its cells are at the positions `places`. False when it does not fit the model
    /// or the free cells.
    pub(super) fn restore(&mut self, sequence: usize, state: &[u8], places: &[usize]) -> bool {
        if self.check(sequence).is_err() {
            return false;
        }
        // SAFETY: llama.cpp reads at most `state.len()` bytes and checks the layout
        // against the model's.
        let read = unsafe {
            sys::llama_state_seq_set_data(
                self.raw.as_ptr(),
                state.as_ptr(),
                state.len(),
                sequence as i32,
            )
        };
        let restored = read == state.len();
        if restored {
            self.note_restored(sequence, places);
        } else {
            self.remove(sequence, 0);
        }
        restored
    }

    fn note_restored(&mut self, sequence: usize, places: &[usize]) {
        let Some(cells) = &mut self.cells else { return };
        for &place in places {
            cells.fill(sequence, place..place + 1);
        }
    }

    /// Whether cells of a picture may share a position, so that a place among tokens and a
    /// position are not the same.
    pub(super) fn stretches(&self) -> bool {
        self.sections > 1
    }

    /// Computes with `threads` threads from now on.
    pub(super) fn set_threads(&mut self, threads: usize) {
        // SAFETY: takes effect with the next batch.
        unsafe { sys::llama_set_n_threads(self.raw.as_ptr(), threads as i32, threads as i32) };
    }

    fn check(&self, sequence: usize) -> Result<(), String> {
        match sequence < self.shape.sequences {
            true => Ok(()),
            false => Err(format!("there is no sequence {sequence}")),
        }
    }
}

/// Positions of a row of a picture, as `hparams.n_pos_per_embd` of llama.cpp has it.
fn sections(model: *const sys::llama_model) -> usize {
    // SAFETY: only reads the model, which is valid.
    match unsafe { sys::llama_model_rope_type(model) } {
        sys::LLAMA_ROPE_TYPE_MROPE | sys::LLAMA_ROPE_TYPE_IMROPE => 4,
        _ => 1,
    }
}

/// Called by llama.cpp between the operations of a batch.
unsafe extern "C" fn asked_to_stop(data: *mut std::ffi::c_void) -> bool {
    // SAFETY: `data` is the reference that `decode` holds while llama.cpp computes.
    let stop = unsafe { &*data.cast::<&dyn Fn() -> bool>() };
    stop()
}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `llama_init_from_model`, freed once.
        unsafe { sys::llama_free(self.raw.as_ptr()) };
    }
}
