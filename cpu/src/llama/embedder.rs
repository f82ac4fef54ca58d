//! Texts to vectors, on a model made for that: one forward pass and no generation.
//!
//! A thread owns the context, as the engine's does; several texts share a batch. What
//! comes out is the model's own pooling of a text's tokens, at length one.

use std::error::Error;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2 as sys;
use parking_lot::Mutex;

use crate::embed::Embedder;
use crate::embed::wordpiece::WordPiece;

use super::context::{Context, Output, Shape};
use super::file::name_of;
use super::library::load;
use super::threads::{Governor, threads_of};
use super::{Attention, CpuError};

/// Tokens of one batch, and of one text: what comes after is left out. A page of the
/// store seldom has more.
const BATCH_TOKENS: usize = 512;
/// Texts of one batch.
const BATCH_TEXTS: usize = 64;

const THREAD_NAME: &str = "quipu-embedder";

/// What is peculiar to a family of models: what their authors trained them with, and say in
/// their model cards.
#[derive(Clone, Copy, Default)]
struct Family {
    /// A part of the model's name, in small letters.
    part: &'static str,
    /// How queries and stored texts are to begin.
    query: &'static str,
    text: &'static str,
    /// The cosine of texts that share nothing. The suite `nearness` of `evals/` measures it as the
    /// mean of questions and pages that do not belong together; e5's is an estimate so far.
    floor: f32,
}

const fn family(part: &'static str, query: &'static str, text: &'static str) -> Family {
    Family {
        part,
        query,
        text,
        floor: 0.0,
    }
}

const FAMILIES: &[Family] = &[
    family("nomic", "search_query: ", "search_document: "),
    // Trained with a temperature of 0.01, so that all cosines are high.
    Family {
        floor: 0.75,
        ..family("e5", "query: ", "passage: ")
    },
    family("bge", RETRIEVAL, ""),
    family("mxbai", RETRIEVAL, ""),
    family("arctic-embed", RETRIEVAL, ""),
];
const RETRIEVAL: &str = "Represent this sentence for searching relevant passages: ";

/// An embedding model, loaded and ready.
pub struct LlamaEmbedder {
    name: String,
    family: Family,
    /// `None` only while being dropped: its end tells the thread to stop.
    requests: Mutex<Option<Sender<Request>>>,
    thread: Option<JoinHandle<()>>,
}

/// Texts with their prefixes, and who waits for the vectors.
struct Request {
    texts: Vec<String>,
    answer: Sender<Result<Vec<Vec<f32>>, String>>,
}

impl LlamaEmbedder {
    /// Loads the model at `path`. `name` tells its vectors from those of others: it has to
    /// change when the file does. `threads` are all cores unless named.
    ///
    /// # Errors
    /// [`CpuError::Load`] when the file is not a model that turns texts into vectors.
    pub fn load(
        path: &Path,
        name: impl Into<String>,
        threads: Option<usize>,
    ) -> Result<Self, CpuError> {
        let fail = |reason: String| CpuError::Load {
            path: path.display().to_string(),
            reason,
        };
        let model = load(path, Attention::Own, None).map_err(fail)?;
        let pooling = pooling(&model).ok_or_else(|| {
            fail("it generates text; to search by meaning takes an embedding model".into())
        })?;
        let own = name_of(&model, path).to_lowercase();
        let family = FAMILIES.iter().find(|family| own.contains(family.part));
        let family = family.copied().unwrap_or_default();
        let most = threads_of(threads);
        let shape = Shape {
            cells: BATCH_TOKENS,
            sequences: BATCH_TEXTS,
            batch: BATCH_TOKENS,
            threads: most,
            ordered: false,
            output: Output::Vectors(pooling),
            attention: Attention::Own,
        };
        let governor = Governor::new(most, threads.is_some());
        let (requests, received) = channel();
        let (ready, started) = channel();
        let thread = std::thread::Builder::new()
            .name(THREAD_NAME.into())
            .spawn(move || match Worker::new(&model, shape, governor) {
                Some(worker) => {
                    let _ = ready.send(true);
                    worker.run(&received);
                }
                None => drop(ready),
            })
            .map_err(|error| fail(error.to_string()))?;
        match started.recv() {
            Ok(true) => Ok(Self {
                name: name.into(),
                family,
                requests: Mutex::new(Some(requests)),
                thread: Some(thread),
            }),
            _ => Err(fail("there is not enough memory for it".into())),
        }
    }

    fn ask(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        let (answer, answered) = channel();
        if let Some(requests) = self.requests.lock().as_ref() {
            let _ = requests.send(Request { texts, answer });
        }
        // A dead thread drops what is sent, and with it the sender.
        Ok(answered.recv().map_err(|_| CpuError::Gone)??)
    }
}

impl Embedder for LlamaEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
        let begun = |text: &&str| format!("{}{text}", self.family.text);
        self.ask(texts.iter().map(begun).collect())
    }

    fn embed_query(&self, text: &str) -> Result<Vec<f32>, Box<dyn Error + Send + Sync>> {
        let mut vectors = self.ask(vec![format!("{}{text}", self.family.query)])?;
        vectors
            .pop()
            .ok_or_else(|| "no vector for the query".into())
    }

    fn floor(&self) -> f32 {
        self.family.floor
    }
}

impl Drop for LlamaEmbedder {
    fn drop(&mut self) {
        // The thread must be gone before llama.cpp's own statics are.
        self.requests.lock().take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How the model makes one vector of a text; `None` for one that was not made to.
fn pooling(model: &LlamaModel) -> Option<sys::llama_pooling_type> {
    let architecture = model.meta_val_str("general.architecture").ok()?;
    let stated = model.meta_val_str(&format!("{architecture}.pooling_type"));
    let stated = stated.ok().and_then(|number| number.parse().ok());
    match stated {
        Some(
            way @ (sys::LLAMA_POOLING_TYPE_MEAN
            | sys::LLAMA_POOLING_TYPE_CLS
            | sys::LLAMA_POOLING_TYPE_LAST),
        ) => Some(way),
        // Files made before this was written down; their models took the mean.
        None if architecture.contains("bert") => Some(sys::LLAMA_POOLING_TYPE_MEAN),
        _ => None,
    }
}

/// Words cut as a BERT model without capitals was trained with. llama.cpp's own way gives each
/// word of Korean the token of what is unknown, since it does not take its syllables apart, and
/// loses the vowel signs of Indic scripts; of plain English both make the same tokens.
struct Bert {
    pieces: WordPiece,
    /// What stands around each text, and for a word without pieces.
    begin: LlamaToken,
    end: LlamaToken,
    unknown: usize,
}

impl Bert {
    /// How words are cut for `model`; none where its file says that they are cut otherwise.
    fn of(model: &LlamaModel) -> Option<Self> {
        let said = |key: &str| model.meta_val_str(&format!("tokenizer.ggml.{key}")).ok();
        let denies = |key: &str| said(key).is_some_and(|value| value == "false");
        if said("model")? != "bert"
            || denies("normalizer.lowercase")
            || denies("normalizer.strip_accents")
        {
            return None;
        }
        let vocab = model.vocab();
        let marks: Result<[LlamaToken; 2], _> = vocab.tokenize(b"", true, false).try_into();
        let [begin, end] = marks.ok()?;
        let all: Vec<&str> = vocab
            .tokens()
            .map(|token| vocab.text(token).and_then(|text| text.to_str().ok()))
            .map(Option::unwrap_or_default)
            .collect();
        let pieces = WordPiece::marked(all.into_iter());
        let unknown = pieces.mark("[UNK]")?;
        Some(Self {
            pieces,
            begin,
            end,
            unknown,
        })
    }

    /// The tokens of a text between its marks, of which at most `most` are its own.
    fn tokens(&self, text: &str, most: usize) -> Vec<LlamaToken> {
        let own = self.pieces.tokens_or(text, Some(self.unknown));
        // Numbers of tokens come from the model's own, which are of this type.
        let own = own.map(|token| LlamaToken(token as i32)).take(most);
        let marked = std::iter::once(self.begin).chain(own);
        marked.chain([self.end]).collect()
    }
}

/// The thread's side.
struct Worker<'m> {
    model: &'m LlamaModel,
    /// How words are cut, where llama.cpp's way is not the model's.
    bert: Option<Bert>,
    context: Context<'m>,
    governor: Governor,
    /// Tokens of one text.
    tokens_max: usize,
}

impl<'m> Worker<'m> {
    fn new(model: &'m LlamaModel, shape: Shape, governor: Governor) -> Option<Self> {
        Some(Self {
            model,
            bert: Bert::of(model),
            context: Context::new(model, shape)?,
            governor,
            // Beyond what it was trained for a model may have no positions.
            tokens_max: BATCH_TOKENS.min(model.n_ctx_train() as usize),
        })
    }

    /// Each request is computed on a thread of its own, for OpenMP keeps a team of others for
    /// every thread that has computed with several, and while all these are more than the
    /// cores it has them wait for each other asleep (`gomp_managed_threads` of libgomp):
    /// with one for the embedder, an engine on two cores loses a third of its speed.
    fn run(mut self, requests: &Receiver<Request>) {
        for Request { texts, answer } in requests {
            let vectors = std::thread::scope(|scope| {
                let computing = std::thread::Builder::new().name(THREAD_NAME.into());
                let thread = computing.spawn_scoped(scope, || self.vectors(&texts));
                let failed = |_| Err("the embedder failed".to_owned());
                match thread {
                    Ok(thread) => thread.join().unwrap_or_else(failed),
                    Err(error) => Err(error.to_string()),
                }
            });
            let _ = answer.send(vectors);
        }
    }

    fn vectors(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>, String> {
        let mut vectors = Vec::with_capacity(texts.len());
        let (mut waiting, mut filled) = (0, 0);
        self.context.clear();
        for text in texts {
            let tokens = self.tokens(text);
            if waiting == BATCH_TEXTS || filled + tokens.len() > BATCH_TOKENS {
                self.compute(waiting, &mut vectors)?;
                (waiting, filled) = (0, 0);
            }
            for (position, token) in tokens.iter().enumerate() {
                self.context.add(*token, position, waiting, true)?;
            }
            waiting += 1;
            filled += tokens.len();
        }
        self.compute(waiting, &mut vectors)?;
        Ok(vectors)
    }

    /// The tokens of a text between the marks that the model wants; never none.
    fn tokens(&self, text: &str) -> Vec<i32> {
        let tokens = match &self.bert {
            Some(bert) => bert.tokens(text, self.tokens_max),
            None => self.model.vocab().tokenize(text.as_bytes(), true, false),
        };
        let mut tokens: Vec<i32> = tokens.into_iter().map(|token| token.0).collect();
        if tokens.len() > self.tokens_max {
            let last = tokens.last().copied();
            tokens.truncate(self.tokens_max - 1);
            tokens.extend(last);
        }
        if tokens.is_empty() {
            tokens.push(self.model.vocab().eos().0.max(0));
        }
        tokens
    }

    /// Computes the batch of `texts` texts and adds their vectors to `vectors`.
    fn compute(&mut self, texts: usize, vectors: &mut Vec<Vec<f32>>) -> Result<(), String> {
        if texts == 0 {
            return Ok(());
        }
        if let Some(threads) = self.governor.advise() {
            self.context.set_threads(threads);
        }
        // Models with a cache: what the last batch left there, however it ended.
        for sequence in 0..BATCH_TEXTS {
            self.context.remove(sequence, 0);
        }
        self.context.decode(&|| false)?;
        for text in 0..texts {
            let vector = self.context.vector(text)?;
            let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            let usable = norm.is_finite() && norm > 0.0;
            let scale = if usable { 1.0 / norm } else { 0.0 };
            let scaled = vector.iter().map(|x| if usable { x * scale } else { 0.0 });
            vectors.push(scaled.collect());
        }
        self.context.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_embedding_model_is_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        let refused = |path: &Path| match LlamaEmbedder::load(path, "x", Some(1)) {
            Err(error) => error.to_string(),
            Ok(_) => "loaded".into(),
        };
        assert!(refused(&path).contains("no such file"));
        std::fs::write(&path, b"GGUF and nothing after it").unwrap();
        assert!(refused(&path).contains("cannot read it"));
    }

    #[test]
    fn plain_english_is_cut_as_by_llama_cpp() {
        let path = std::env::var_os("QUIPU_TEST_EMBEDDER").filter(|path| !path.is_empty());
        let Some(path) = path else {
            return;
        };
        let model = load(Path::new(&path), Attention::Own, None).unwrap();
        let bert = Bert::of(&model).expect("it is a model of BERT");
        for text in [
            "",
            "The llama's wool is soft, warm & (mostly) white; it costs $4,150.75!",
            "See https://example.org/a_b?c=1#d\n\nor mail ada@example.org \t~ 5 p.m.",
            "fn add(a: u8) -> u8 { a + 2 } // antidisestablishmentarianism xqzzt",
            "Café naïve résumé 磨坊",
        ] {
            let ours = bert.tokens(text, usize::MAX);
            let theirs = model.vocab().tokenize(text.as_bytes(), true, false);
            assert_eq!(ours, theirs, "{text}");
        }
    }
}
