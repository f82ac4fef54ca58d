//! By what a tape tells windows, forms and texts apart: hashes of them.

use blake3::{Hash, Hasher};
use quipu_cpu::{Form, Inquiry, Job, Message, Prompt};

use super::short;

/// Digest of a window, and of how it goes on where words were put into the CPU's mouth.
pub(crate) fn window(prompt: &Prompt) -> String {
    let mut hash = messages(&prompt.messages);
    hash.update(&(prompt.len as u64).to_le_bytes());
    short(&hash.finalize())
}

/// Digest of the form that a job may write.
pub(crate) fn form_of(job: &Job) -> Hash {
    let mut hash = Hasher::new();
    form(&mut hash, &job.form);
    hash.finalize()
}

/// Digest of what a job may write, by that of its `form`, and of how its tokens are chosen.
pub(crate) fn legal(form: &Hash, job: &Job) -> String {
    let mut hash = Hasher::new();
    hash.update(form.as_bytes());
    hash.update(&job.tokens_max.to_le_bytes());
    hash.update(&job.sampling.temperature.to_le_bytes());
    hash.update(&job.sampling.seed.to_le_bytes());
    short(&hash.finalize())
}

/// Digest of a question and its options.
pub(crate) fn asked(inquiry: &Inquiry) -> String {
    let mut hash = messages(&inquiry.prompt.messages);
    hash.update(&(inquiry.prompt.len as u64).to_le_bytes());
    for option in &inquiry.options {
        hash.update(&(option.len() as u64).to_le_bytes());
        option.iter().for_each(|text| part(&mut hash, text));
    }
    short(&hash.finalize())
}

/// Key of the tokens of a window.
pub(crate) fn prepared(of: &[Message]) -> u64 {
    key("window", messages(of))
}

/// Key of the tokens of a text.
pub(crate) fn counted(text: &str) -> u64 {
    let mut hash = Hasher::new();
    hash.update(text.as_bytes());
    key("text", hash)
}

/// Key of the tokens of a window with words in the CPU's mouth.
pub(crate) fn led(prompt: &Prompt, words: &str) -> u64 {
    let mut hash = messages(&prompt.messages);
    hash.update(&(prompt.len as u64).to_le_bytes());
    part(&mut hash, words);
    key("led", hash)
}

/// Key of whether a form can be written.
pub(crate) fn accepted(of: &Form) -> u64 {
    let mut hash = Hasher::new();
    form(&mut hash, of);
    key("form", hash)
}

fn messages(of: &[Message]) -> Hasher {
    let mut hash = Hasher::new();
    for message in of {
        hash.update(&[message.role as u8]);
        part(&mut hash, &message.text);
    }
    hash
}

fn form(hash: &mut Hasher, form: &Form) {
    match form {
        Form::Text => part(hash, "text"),
        Form::Lark(grammar) => part(hash, grammar),
        // At once: many small pieces take longer.
        Form::Json(schema) => part(hash, &schema.to_string()),
    }
}

/// A text with its length, so that nothing moves from one to the next.
fn part(hash: &mut Hasher, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

fn key(kind: &str, mut hash: Hasher) -> u64 {
    hash.update(kind.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    u64::from_be_bytes(first)
}
