//! The conversation: what a new process is told of the turns before it, and how
//! far all of that can be trusted.

use std::path::Path;

use anyhow::Result;
use quipu_kernel::label::{Label, Secrecy, Suspicion, Trust};
use quipu_kernel::process::{Attached, Pid};
use serde::{Deserialize, Serialize};

use crate::terminal::output::shortened;

/// Turns that a new process is told.
const TURNS_TOLD: usize = 6;
/// How the prompt of a task begins that has turns before it.
pub const BEFORE: &str = "Earlier in this conversation:\n";
/// Characters of each side of a turn.
const TURN_CHARS: usize = 600;

/// Characters of a task in a list.
pub const ASKED_CHARS: usize = 60;

/// Turns that are kept in mind.
const TURNS_MAX: usize = 2_000;

/// Gives a file that was named, as a page with this label.
type ReadFile<'a> = &'a dyn Fn(&Path, Label) -> Result<Attached>;

/// The turns so far.
#[derive(Debug, Default, PartialEq)]
pub struct Talk {
    turns: Vec<Turn>,
}

/// One task and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The process; none where the turn comes from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<Pid>,
    /// The task, as it was typed.
    pub asked: String,
    /// How far whoever asked is trusted: a task may come through a pipe, or from a file. What a
    /// file says of itself does not count.
    #[serde(skip)]
    pub asked_by: Trust,
    /// The answer.
    pub answered: String,
    /// The lowest trust among all that the process had read.
    pub trust: Trust,
    /// The highest secrecy among all of that.
    #[serde(default, skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
    /// How much the worst of all of that reads like an attack, where anything looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<Suspicion>,
}

impl Turn {
    /// The label of the task, where somebody else than the user may have asked it.
    pub fn of_others(&self) -> Option<Label> {
        let label = Label::new("the conversation", self.asked_by).kept(self.secrecy);
        (self.asked_by < Trust::User).then(|| label.suspected(self.suspicion))
    }
}

impl Talk {
    /// The conversation of these turns.
    pub fn of(turns: Vec<Turn>) -> Self {
        Self { turns }
    }

    /// Adds a turn.
    pub fn add(&mut self, turn: Turn) {
        if self.turns.len() == TURNS_MAX {
            self.turns.remove(0);
        }
        self.turns.push(turn);
    }

    /// Takes the last `count` turns back, and says how many that were.
    pub fn undo(&mut self, count: usize) -> usize {
        let count = count.min(self.turns.len());
        self.turns.truncate(self.turns.len() - count);
        count
    }

    /// The turns, the oldest first.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The last turn.
    pub fn last(&self) -> Option<&Turn> {
        self.turns.last()
    }

    /// What the process of the next turn comes after.
    pub fn head(&self) -> Option<Pid> {
        self.last().map(|turn| turn.pid.unwrap_or(0))
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

    /// What the user typed in this conversation up to `line`, which was typed too, where the prompt
    /// for it holds more; without what belongs to a turn of others.
    pub fn typed_so_far(&self, line: &str) -> Option<String> {
        let told = self.turns_told();
        let own = told.iter().filter(|turn| turn.trust >= Trust::User);
        let words = own.map(|turn| turn.asked.as_str()).chain([line]);
        (!told.is_empty()).then(|| words.collect::<Vec<_>>().join("\n"))
    }

    /// The turns that a new process is told.
    fn turns_told(&self) -> &[Turn] {
        &self.turns[self.turns.len().saturating_sub(TURNS_TOLD)..]
    }

    /// The turns so far, then `line`. The label is as low as the lowest part, and as secret as the
    /// most secret one: an answer made from a stranger's words stays a stranger's in the next
    /// turn, and one that says what is private is not the user's own word for it.
    fn after_turns(&self, line: &str, label: Label) -> (String, Label) {
        let mut text = String::new();
        let (mut trust, mut secrecy, mut suspicion) = (label.trust, label.secrecy, None);
        for turn in self.turns_told() {
            let (asked, answered) = (told_of(&turn.asked), told_of(&turn.answered));
            text.push_str(&format!("User: {asked}\nYou: {answered}\n"));
            trust = trust.min(turn.trust);
            secrecy = secrecy.max(turn.secrecy);
            suspicion = Suspicion::joined(suspicion, turn.suspicion);
        }
        let label = match (trust, secrecy) == (label.trust, label.secrecy) {
            true => label,
            false => Label::new("the conversation", trust).kept(secrecy),
        };
        let label = label.suspected(suspicion);
        let text = match text.is_empty() {
            true => line.to_owned(),
            false => {
                format!("{BEFORE}{text}\nNow the user says: {line}")
            }
        };
        (text, label)
    }
}

/// As much of a text as a later turn is told.
fn told_of(text: &str) -> String {
    shortened(text, TURN_CHARS)
}

/// The files that `@path` names in `line`.
fn files(line: &str, read: ReadFile) -> Result<Vec<Attached>> {
    let named = line
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('@'));
    let paths = named.filter(|path| !path.is_empty());
    let file = |path: &str| {
        let label = Label::new(format!("file:{path}"), Trust::Untrusted);
        read(path.as_ref(), label)
    };
    paths.map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::text::read_text;

    fn read(path: &Path, label: Label) -> Result<Attached> {
        Ok(Attached {
            text: read_text(path, "@path")?,
            label,
            picture: None,
        })
    }

    fn turn(asked: &str, answered: &str, trust: Trust) -> Turn {
        Turn {
            pid: None,
            asked: asked.into(),
            asked_by: Trust::User,
            answered: answered.into(),
            trust,
            secrecy: Secrecy::Public,
            suspicion: None,
        }
    }

    #[test]
    fn what_another_asked_is_no_word_of_the_user() {
        let check = |asked_by: Trust, want: Option<Label>| {
            let turn = Turn {
                asked_by,
                secrecy: Secrecy::Private,
                ..turn("Read @/etc/passwd", "done", Trust::Untrusted)
            };
            assert_eq!(turn.of_others(), want, "{asked_by}");
        };
        let others = Label::new("the conversation", Trust::Untrusted).kept(Secrecy::Private);
        check(Trust::Untrusted, Some(others));
        check(Trust::User, None);
        check(Trust::System, None);
        // Nothing that is read says of itself who asked.
        let mut told = serde_json::to_value(turn("hi", "hello", Trust::User)).unwrap();
        told["asked_by"] = "user".into();
        let read: Turn = serde_json::from_value(told).unwrap();
        assert_eq!(read.asked_by, Trust::Untrusted);
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
        talk.add(turn("hi", "hello", Trust::User));
        let told = "Earlier in this conversation:\nUser: hi\nYou: hello\n\nNow the user says: and?";
        check(&talk, "and?", told, &Label::user());
        let typed = |talk: &Talk| talk.typed_so_far("go on");
        assert_eq!(typed(&Talk::default()), None);
        assert_eq!(typed(&talk).as_deref(), Some("hi\ngo on"));
        talk.add(turn("read it", "obey me", Trust::Untrusted));
        assert_eq!(typed(&talk).as_deref(), Some("hi\ngo on"));
        let (_, label, _) = talk.typed("go on", &read).unwrap();
        assert_eq!(label, Label::new("the conversation", Trust::Untrusted));
        talk.add(Turn {
            secrecy: Secrecy::Private,
            ..turn("what is the code?", "4711", Trust::User)
        });
        let (_, label, _) = talk.typed("go on", &read).unwrap();
        let want = Label::new("the conversation", Trust::Untrusted).kept(Secrecy::Private);
        assert_eq!(label, want);
        let attack = Some(Suspicion::new(0.97, 1.0));
        talk.add(Turn {
            suspicion: attack,
            ..turn("read this", "as you wish", Trust::Untrusted)
        });
        let (_, label, _) = talk.typed("go on", &read).unwrap();
        assert_eq!((label.trust, label.suspicion), (Trust::Untrusted, attack));
        assert_eq!(talk.undo(1), 1);
        // Taken back, it was never said.
        assert_eq!(talk.undo(2), 2);
        talk.add(Turn {
            secrecy: Secrecy::Private,
            ..turn("what is the code?", "4711", Trust::User)
        });
        let (_, label, _) = talk.typed("go on", &read).unwrap();
        let want = Label::new("the conversation", Trust::User).kept(Secrecy::Private);
        assert_eq!(label, want, "what was answered is not what the user said");
        assert_eq!(talk.undo(1), 1);
        check(&talk, "and?", told, &Label::user());
        assert_eq!((talk.undo(9), talk.undo(1)), (1, 0));
        check(&talk, "hi", "hi", &Label::user());
    }

    #[test]
    fn only_the_last_turns_are_told() {
        let mut talk = Talk::default();
        talk.add(turn("old", "stranger", Trust::Untrusted));
        for i in 0..TURNS_TOLD {
            talk.add(turn(&format!("q{i}"), "a", Trust::User));
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
            picture: None,
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
