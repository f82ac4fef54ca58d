//! Counts of tokens by the bytes of a text, where the tokenizer is not known.

use crate::{Message, Prompt};

/// How tokens are estimated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    /// Bytes that count as a token.
    pub(crate) token_bytes: usize,
    /// Tokens that a chat template adds to a message.
    pub(crate) message_tokens: usize,
}

impl Estimate {
    /// Tokens of a text.
    pub(crate) fn count(self, text: &str) -> usize {
        text.len().div_ceil(self.token_bytes)
    }

    /// A window of these messages, with its length.
    pub(crate) fn prompt(self, messages: &[Message]) -> Prompt {
        let tokens = messages.iter();
        let tokens = tokens.map(|message| self.count(&message.text) + self.message_tokens);
        Prompt {
            messages: messages.to_vec(),
            tokens: Vec::new(),
            len: tokens.sum(),
            boot: 0,
        }
    }
}
