//! The model's tokenizer, for prompts and for grammars.

use std::collections::HashMap;
use std::sync::Arc;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token_type::LlamaTokenAttr;
use llama_cpp_2::vocab::VocabType;
use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use parking_lot::Mutex;
use toktrie::{InferenceCapabilities, TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::apart::Apart;
use crate::grammar;
use crate::{CpuError, Form, Picture, Segment};

/// Adds the tokens that stand for a picture.
pub(super) type Lay<'a> = dyn Fn(&Picture, &mut Vec<i32>) -> Result<(), CpuError> + 'a;

/// Tokens, their bytes, and grammars over them.
pub(super) struct Vocab {
    model: Arc<LlamaModel>,
    factory: ParserFactory,
    environment: TokEnv,
    apart: Apart,
    matchers: Mutex<HashMap<String, Matcher>>,
    /// Tokens of texts said before, plain ones and the template's own: a window is the
    /// last one with a little more.
    said: [Mutex<HashMap<String, Vec<i32>>>; 2],
}

/// Compiled schemas kept; one takes some hundred kilobytes.
const MATCHERS_MAX: usize = 64;
/// Texts whose tokens are kept: those of a few dozen windows.
const SAID_MAX: usize = 1024;

impl Vocab {
    pub(super) fn new(model: Arc<LlamaModel>) -> Result<Self, String> {
        let canonical = model.vocab().vocab_type() == VocabType::BPE;
        let apart = Apart::new(pieces(&model))?;
        let environment: TokEnv = Arc::new(Environment {
            trie: trie(&model),
            canonical,
            model: model.clone(),
        });
        let capabilities = InferenceCapabilities {
            ff_tokens: canonical,
            ..InferenceCapabilities::default()
        };
        // Slices precompute the masks of common string bodies.
        let slices = llguidance::earley::SlicedBiasComputer::json_slices();
        let mut factory = ParserFactory::new(&environment, capabilities, &slices)
            .map_err(|error| error.to_string())?;
        factory.quiet();
        Ok(Self {
            model,
            factory,
            environment,
            apart,
            matchers: Mutex::default(),
            said: Default::default(),
        })
    }

    /// Tokens of `text`; special tokens in it count as such only when `special`. Without
    /// it llama.cpp still finds those that a model's maker has added, so the text is taken
    /// apart where it has one.
    pub(super) fn tokenize(&self, text: &str, special: bool) -> Vec<i32> {
        let parts = match special {
            true => vec![text],
            false => self.apart.parts(text),
        };
        let vocab = self.model.vocab();
        let tokens = parts
            .into_iter()
            .flat_map(|part| vocab.tokenize(part.as_bytes(), false, special));
        tokens.map(|token| token.0).collect()
    }

    /// Tokens of a rendered prompt, with the beginning-of-text token when the model
    /// wants one and the template did not write it; and how many of them there are up
    /// to the end of the first message. `lay` adds what stands for a picture.
    pub(super) fn tokenize_prompt(
        &self,
        segments: &[Segment],
        lay: &Lay<'_>,
    ) -> Result<(Vec<i32>, usize), CpuError> {
        let (mut tokens, mut first) = (Vec::new(), 0);
        for segment in segments {
            for picture in &segment.pictures {
                lay(picture, &mut tokens)?;
            }
            self.tokenize_again(segment, &mut tokens);
            if first == 0 && !segment.special {
                first = tokens.len();
            }
        }
        first += usize::from(self.begin(&mut tokens));
        Ok((tokens, first))
    }

    /// Puts the beginning-of-text token first, where the model wants one and none is there.
    /// Whether it did.
    pub(super) fn begin(&self, tokens: &mut Vec<i32>) -> bool {
        let vocab = self.model.vocab();
        let bos = vocab.bos().0;
        let wanted = vocab.should_add_bos() && bos >= 0 && tokens.first() != Some(&bos);
        if wanted {
            tokens.insert(0, bos);
        }
        wanted
    }

    /// Tokens of a prompt without a template, in which markers count as such. With a text
    /// `after` it, those with which the model was taught to write what goes between; `None`
    /// where it was not.
    pub(super) fn tokenize_plain(&self, before: &str, after: Option<&str>) -> Option<Vec<i32>> {
        let mut tokens = match after {
            None => self.tokenize(before, true),
            Some(after) => {
                let vocab = self.model.vocab();
                let marks = [vocab.fim_pre().0, vocab.fim_suf().0, vocab.fim_mid().0];
                if marks.iter().any(|&mark| mark < 0) {
                    return None;
                }
                let [prefix, suffix, middle] = marks;
                // A file has no markers of its own, whatever is written in it.
                let mut tokens = vec![prefix];
                tokens.extend(self.tokenize(before, false));
                tokens.push(suffix);
                tokens.extend(self.tokenize(after, false));
                tokens.push(middle);
                tokens
            }
        };
        self.begin(&mut tokens);
        Some(tokens)
    }

    /// The text of tokens, markers with theirs; nothing of numbers that are no tokens.
    pub(super) fn text_of(&self, tokens: &[i32]) -> Vec<u8> {
        let trie = self.environment.tok_trie();
        let known = tokens.iter().filter_map(|&token| {
            let token = TokenId::try_from(token).ok()?;
            ((token as usize) < trie.vocab_size()).then(|| trie.token(token))
        });
        let bytes = known.map(|bytes| match bytes {
            [TokTrie::SPECIAL_TOKEN_MARKER, rest @ ..] => rest,
            bytes => bytes,
        });
        bytes.flatten().copied().collect()
    }

    /// Whether `token` is the number of one.
    pub(super) fn has(&self, token: i32) -> bool {
        let tokens = self.environment.tok_trie().vocab_size();
        usize::try_from(token).is_ok_and(|token| token < tokens)
    }

    /// Adds the tokens of a text that has likely been said before.
    fn tokenize_again(&self, segment: &Segment, into: &mut Vec<i32>) {
        let said = &self.said[usize::from(segment.special)];
        if let Some(known) = said.lock().get(&segment.text) {
            return into.extend(known);
        }
        let tokens = self.tokenize(&segment.text, segment.special);
        into.extend(&tokens);
        let mut said = said.lock();
        if said.len() >= SAID_MAX {
            said.clear();
        }
        said.insert(segment.text.clone(), tokens);
    }

    /// The bytes of a token; control tokens have none.
    pub(super) fn bytes(&self, token: i32) -> &[u8] {
        let bytes = self.environment.tok_trie().token(token as TokenId);
        match bytes.first() {
            Some(&TokTrie::SPECIAL_TOKEN_MARKER) => &[],
            _ => bytes,
        }
    }

    /// The token that is exactly `text`, if there is one.
    pub(super) fn token(&self, text: &str) -> Option<TokenId> {
        self.environment.tok_trie().token_id(text.as_bytes())
    }

    pub(super) fn is_end(&self, token: i32) -> bool {
        self.model.vocab().is_eog(LlamaToken(token))
    }

    pub(super) fn bos_text(&self) -> String {
        self.special_text(self.model.vocab().bos())
    }

    pub(super) fn eos_text(&self) -> String {
        self.special_text(self.model.vocab().eos())
    }

    fn special_text(&self, token: LlamaToken) -> String {
        match token.0 {
            0.. => String::from_utf8_lossy(&self.model.vocab().token_to_piece(token, true, None))
                .into_owned(),
            _ => String::new(),
        }
    }

    /// A matcher that admits exactly the texts of `form`, JSON in its compact form.
    /// Processes of one agent have the same few forms, so compiled ones are kept.
    pub(super) fn matcher(&self, form: &Form) -> Result<Matcher, CpuError> {
        let (key, grammar) = match form {
            Form::Json(schema) => (schema.to_string(), grammar::grammar(schema.clone())),
            Form::Lark(text) => (text.clone(), TopLevelGrammar::from_lark(text.clone())),
            Form::Text => (
                String::new(),
                TopLevelGrammar::from_lark("start: /(.|\\n)*/".into()),
            ),
        };
        if let Some(known) = self.matchers.lock().get(&key) {
            return Ok(known.deep_clone());
        }
        let matcher = self.compile(grammar)?;
        let mut matchers = self.matchers.lock();
        if matchers.len() >= MATCHERS_MAX {
            matchers.clear();
        }
        matchers.insert(key, matcher.deep_clone());
        Ok(matcher)
    }

    /// Whether there is a matcher for `form`, which is made where it is not known yet.
    pub(super) fn accepts(&self, form: &Form) -> Result<(), CpuError> {
        if let Form::Json(schema) = form
            && self.matchers.lock().contains_key(&schema.to_string())
        {
            return Ok(());
        }
        self.matcher(form).map(drop)
    }

    fn compile(&self, grammar: TopLevelGrammar) -> Result<Matcher, CpuError> {
        let parser = self
            .factory
            .create_parser(grammar)
            .map_err(|error| CpuError::Grammar(error.to_string()))?;
        Ok(Matcher::new(Ok(parser)))
    }
}

/// The texts of the tokens that a text must not have: those that steer the model, and those
/// that were added to the words it was made of.
fn pieces(model: &LlamaModel) -> Vec<Vec<u8>> {
    let vocab = model.vocab();
    let steers = |token: &LlamaToken| {
        let attributes = vocab.attr(*token);
        attributes.contains(LlamaTokenAttr::Control)
            || attributes.contains(LlamaTokenAttr::UserDefined)
    };
    vocab
        .tokens()
        .filter(steers)
        .map(|token| vocab.token_to_piece(token, true, None))
        .collect()
}

/// llguidance's view of the tokenizer: canonical where llama.cpp's tokenizer gives
/// for a piece of text the tokens it would have inside a longer one.
struct Environment {
    trie: TokTrie,
    model: Arc<LlamaModel>,
    canonical: bool,
}

impl TokenizerEnv for Environment {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        match std::str::from_utf8(bytes) {
            Ok(_) if self.canonical => {
                let tokens = self.model.vocab().tokenize(bytes, false, false);
                tokens.into_iter().map(|token| token.0 as TokenId).collect()
            }
            _ => self.trie.greedy_tokenize(bytes),
        }
    }

    fn tokenize_is_canonical(&self) -> bool {
        self.canonical
    }
}

fn trie(model: &LlamaModel) -> TokTrie {
    let vocab = model.vocab();
    let end = match vocab.eot().0 {
        -1 => vocab.eos().0,
        eot => eot,
    };
    let mut ends = vec![end as TokenId];
    let mut words = Vec::with_capacity(vocab.n_tokens() as usize);
    for token in vocab.tokens() {
        if vocab.is_eog(token) && token.0 != end {
            ends.push(token.0 as TokenId);
        }
        let bytes = vocab.token_to_piece(token, false, None);
        let bytes = if bytes.is_empty() {
            let mut marked = vocab.token_to_piece(token, true, None);
            if !marked.is_empty() {
                marked.insert(0, TokTrie::SPECIAL_TOKEN_MARKER);
            }
            marked
        } else {
            bytes
        };
        words.push(bytes);
    }
    let info = TokRxInfo::new(words.len() as u32, end as TokenId);
    // Every end-of-generation token must be registered, or a model that ends by
    // another one than the first could not end at all.
    TokTrie::from(&info, &words).with_eos_tokens(&ends)
}
