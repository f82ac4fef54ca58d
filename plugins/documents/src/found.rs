//! What is found in a document, and why nothing is.

/// A part of a document that stands by itself.
#[derive(Debug, Default, PartialEq)]
pub struct Part {
    /// "slide 3"; empty where there is one part.
    pub place: String,
    pub title: String,
    /// Markdown.
    pub text: String,
}

/// A document.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// What it calls itself; may be empty.
    pub title: String,
    pub parts: Vec<Part>,
    /// What is not in the text, in words for a person.
    pub left_out: Vec<String>,
}

impl Found {
    /// A document that is one text.
    pub fn whole(title: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            title: one_line(&title.into()),
            parts: vec![Part {
                text,
                ..Part::default()
            }],
            left_out: Vec::new(),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.text.trim().is_empty())
    }
}

/// Why a document cannot be read, and what to do.
#[derive(Debug, PartialEq)]
pub struct Failed {
    pub message: String,
    pub hint: String,
}

/// A failure in these words.
pub fn failed(message: impl Into<String>, hint: &str) -> Failed {
    Failed {
        message: message.into(),
        hint: hint.to_owned(),
    }
}

/// A file that is not what it seems to be.
pub fn broken(what: &str, error: &dyn std::fmt::Display) -> Failed {
    failed(
        format!("a broken {what}: {error}"),
        "open it in its own program and save it again",
    )
}

/// `text` with single spaces.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Adds what stands above the line: a power is told from the digits before it.
pub fn raise(text: &mut String, raised: &str) {
    let is_sign = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '−');
    let is_power = raised.chars().all(is_sign) && raised.contains(|c: char| c.is_ascii_digit());
    if is_power && text.ends_with(|c: char| c.is_alphanumeric() || c == ')') {
        text.push('^');
    }
    text.push_str(raised);
}

/// Paragraphs, with a blank line between them.
#[derive(Default)]
pub struct Paragraphs {
    text: String,
    in_list: bool,
    /// Whether they are those of a cell, in which no table has room.
    pub in_cell: bool,
}

impl Paragraphs {
    /// None yet, of a cell.
    pub fn of_cell() -> Self {
        Self {
            in_cell: true,
            ..Self::default()
        }
    }

    /// Adds a paragraph or another block; nothing if it is blank.
    pub fn push(&mut self, block: &str) {
        self.add(block.trim_matches('\n'), false);
    }

    /// Adds an item of a list at this depth, from zero.
    pub fn item(&mut self, depth: usize, text: &str) {
        self.listed(depth, "-", text);
    }

    /// Adds an item of a list that has this sign or number before it.
    pub fn listed(&mut self, depth: usize, sign: &str, text: &str) {
        if !text.trim().is_empty() {
            self.add(
                &format!("{}{sign} {}", "  ".repeat(depth.min(8)), text.trim()),
                true,
            );
        }
    }

    /// Adds a heading of this level, from one.
    pub fn heading(&mut self, level: usize, text: &str) {
        let text = one_line(text);
        if !text.is_empty() {
            self.push(&format!("{} {text}", "#".repeat(level.clamp(1, 6))));
        }
    }

    fn add(&mut self, block: &str, in_list: bool) {
        if block.trim().is_empty() {
            return;
        }
        if !self.text.is_empty() {
            let near = in_list && self.in_list;
            self.text.push_str(if near { "\n" } else { "\n\n" });
        }
        self.text.push_str(block.trim_end());
        self.in_list = in_list;
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The whole.
    pub fn text(self) -> String {
        self.text
    }
}
