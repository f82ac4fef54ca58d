//! Why nothing was heard: what happened, and what to do.

/// A failure, in words for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl Trouble {
    /// A failure with what to do about it.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}
