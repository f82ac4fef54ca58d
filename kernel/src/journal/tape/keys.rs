//! Hashes by which a tape tells windows, forms and texts apart.

use blake3::{Hash, Hasher};
use quipu_cpu::{Form, Inquiry, Job, Message, Prompt};

use super::short;

/// Digest of a window, including words that were put into the CPU's mouth.
pub(crate) fn window(prompt: &Prompt) -> String {
    let mut bytes = messages(&prompt.messages);
    bytes.extend((prompt.len as u64).to_le_bytes());
    short(&blake3::hash(&bytes))
}

/// Digest of the form that a job may write.
pub(crate) fn form_of(job: &Job) -> Hash {
    blake3::hash(&form(&job.form))
}

/// Digest of what a job may write, from the digest of its `form`, and of its sampling.
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
    let mut bytes = messages(&inquiry.prompt.messages);
    bytes.extend((inquiry.prompt.len as u64).to_le_bytes());
    for option in &inquiry.options {
        bytes.extend((option.len() as u64).to_le_bytes());
        option.iter().for_each(|text| part(&mut bytes, text));
    }
    short(&blake3::hash(&bytes))
}

/// Key of the tokens of a window.
pub(crate) fn prepared(of: &[Message]) -> u64 {
    key("window", messages(of))
}

/// Key of the tokens of a text.
pub(crate) fn counted(text: &str) -> u64 {
    key("text", text.as_bytes().to_vec())
}

/// Key of the tokens of a window with words in the CPU's mouth.
pub(crate) fn led(prompt: &Prompt, words: &str) -> u64 {
    let mut bytes = messages(&prompt.messages);
    bytes.extend((prompt.len as u64).to_le_bytes());
    part(&mut bytes, words);
    key("led", bytes)
}

/// Key of the question whether a form can be written.
pub(crate) fn accepted(of: &Form) -> u64 {
    key("form", form(of))
}

/// The bytes of a window that are hashed, in one piece: BLAKE3 takes many small pieces one by
/// one, and is several times as slow.
fn messages(of: &[Message]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(of.iter().map(|message| message.text.len() + 9).sum());
    for message in of {
        bytes.push(message.role as u8);
        part(&mut bytes, &message.text);
        for picture in &message.pictures {
            bytes.extend(picture.digest());
        }
    }
    bytes
}

fn form(form: &Form) -> Vec<u8> {
    let mut bytes = Vec::new();
    match form {
        Form::Text => part(&mut bytes, "text"),
        Form::Lark(grammar) => part(&mut bytes, grammar),
        Form::Json(schema) => part(&mut bytes, &schema.to_string()),
    }
    bytes
}

/// Adds a text with its length, so that nothing can move from one text to the next.
fn part(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn key(kind: &str, mut bytes: Vec<u8>) -> u64 {
    bytes.extend_from_slice(kind.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..8]);
    u64::from_be_bytes(first)
}
