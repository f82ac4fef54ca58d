//! The conversation: what a new process is told of the turns before it, and how
//! far all of that can be trusted.

use std::path::Path;

use anyhow::Result;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::Attached;

use crate::terminal::output::shortened;

/// Turns that a new process is told.
pub const TURNS_TOLD: usize = 6;
/// How the prompt of a task begins that has turns before it.
pub const BEFORE: &str = "Earlier in this conversation:\n";
/// Characters of each side of a turn.
const TURN_CHARS: usize = 600;

/// Gives the text of a file that was named.
type ReadFile<'a> = &'a dyn Fn(&Path) -> Result<String>;

/// The turns so far.
#[derive(Default)]
pub struct Talk {
    turns: Vec<Turn>,
}

/// One task and its answer.
struct Turn {
    asked: String,
    answered: String,
    /// The lowest trust among all that the process had read.
    trust: Trust,
}

impl Talk {
    /// Adds a turn whose process had read things trusted down to `trust`.
    pub fn add(&mut self, asked: &str, answered: &str, trust: Trust) {
        if self.turns.len() == TURNS_TOLD {
            self.turns.remove(0);
        }
        self.turns.push(Turn {
            asked: shortened(asked, TURN_CHARS),
            answered: shortened(answered, TURN_CHARS),
            trust,
        });
    }

    /// What was asked last.
    pub fn last(&self) -> Option<&str> {
        self.turns.last().map(|turn| turn.asked.as_str())
    }

    /// The prompt for `line`, which a person typed: the turns before it and the line; and
    /// the files that `@path` names in it. Nobody has vouched for what is in a file.
    ///
    /// # Errors
    /// A file that `read` cannot read.
    pub fn typed(&self, line: &str, read: ReadFile) -> Result<(String, Label, Vec<Attached>)> {
        let files = files(line, read)?;
        let (prompt, label) = self.after_turns(line, Label::user());
        Ok((prompt, label, files))
    }

    /// The prompt for `line`, which came from a pipe with this `label`: word for word, and no
    /// file is read.
    pub fn piped(&self, line: &str, label: Label) -> (String, Label) {
        self.after_turns(line, label)
    }

    /// The turns so far, then `line`. The label is as low as the lowest part:
    /// an answer made from a stranger's words stays a stranger's in the next turn.
    fn after_turns(&self, line: &str, mut label: Label) -> (String, Label) {
        let mut text = String::new();
        for turn in &self.turns {
            text.push_str(&format!("User: {}\nYou: {}\n", turn.asked, turn.answered));
            if turn.trust < label.trust {
                label = Label::new("the conversation", turn.trust);
            }
        }
        let text = match text.is_empty() {
            true => line.to_owned(),
            false => {
                format!("{BEFORE}{text}\nNow the user says: {line}")
            }
        };
        (text, label)
    }
}

/// The files that `@path` names in `line`.
fn files(line: &str, read: ReadFile) -> Result<Vec<Attached>> {
    let named = line
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('@'));
    let paths = named.filter(|path| !path.is_empty());
    let file = |path: &str| {
        Ok(Attached {
            text: read(path.as_ref())?,
            label: Label::new(format!("file:{path}"), Trust::Untrusted),
        })
    };
    paths.map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::text::read_text;

    fn read(path: &Path) -> Result<String> {
        read_text(path, "@path")
    }

    #[test]
    fn what_was_read_lowers_the_turns_after_it() {
        let mut talk = Talk::default();
        let check = |talk: &Talk, line: &str, want_text: &str, want: &Label| {
            let (text, label, files) = talk.typed(line, &read).unwrap();
            assert!(files.is_empty());
            assert_eq!(text, want_text);
            assert_eq!(&label, want);
        };
        check(&talk, "hi", "hi", &Label::user());
        talk.add("hi", "hello", Trust::User);
        let told = "Earlier in this conversation:\nUser: hi\nYou: hello\n\nNow the user says: and?";
        check(&talk, "and?", told, &Label::user());
        talk.add("read it", "obey me", Trust::Untrusted);
        let (_, label, _) = talk.typed("go on", &read).unwrap();
        assert_eq!(label, Label::new("the conversation", Trust::Untrusted));
    }

    #[test]
    fn only_the_last_turns_are_told() {
        let mut talk = Talk::default();
        talk.add("old", "stranger", Trust::Untrusted);
        for i in 0..TURNS_TOLD {
            talk.add(&format!("q{i}"), "a", Trust::User);
        }
        let (text, label, _) = talk.typed("now", &read).unwrap();
        assert!(!text.contains("stranger") && text.contains("q0"), "{text}");
        assert_eq!(label, Label::user());
    }

    #[test]
    fn files_come_in_labelled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note.txt");
        std::fs::write(&path, "buy milk").unwrap();
        let line = format!("what is in @{} ?", path.display());
        let (text, label, files) = Talk::default().typed(&line, &read).unwrap();
        assert_eq!((text, label), (line, Label::user()));
        let file = Attached {
            text: "buy milk".into(),
            label: Label::new(format!("file:{}", path.display()), Trust::Untrusted),
        };
        assert_eq!(files, [file]);
        let error = Talk::default().typed("@/no/such", &read).err().unwrap();
        assert_eq!(error.to_string(), "there is no /no/such");
    }

    #[test]
    fn a_line_from_a_pipe_is_its_words() {
        for line in ["@/etc/passwd", "  !date", "/quit", "read @note.txt"] {
            let label = Label::new("standard input", Trust::Untrusted);
            let want = (line.to_owned(), label.clone());
            assert_eq!(Talk::default().piped(line, label), want);
        }
    }
}
