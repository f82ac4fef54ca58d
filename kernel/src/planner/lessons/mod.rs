//! Questions that are put with examples: a small model sorts far better by what it is shown
//! than by what it is told. The examples stand before the text, so that they are computed
//! once and shared by all processes; a question costs the tokens of the text.

mod claim;
mod done;
mod fits;
mod plan;
mod replace;
mod sort;

pub use claim::CLAIM;
pub use done::DONE;
pub use fits::FITS;
pub use plan::{BOUND, CHAIN, EACH, PLAN, WITHIN};
pub use replace::REPLACE;
pub use sort::SORT;

use quipu_cpu::{Message, Role};

/// Characters of a text that are shown: of a longer one its beginning and its end.
const TEXT_CHARS: usize = 900;
/// Of these, characters of its end.
const END_CHARS: usize = 300;

/// A text, and its label or what is to be written about it.
pub type Example = (&'static str, &'static str);

/// A task with examples.
#[derive(Debug)]
pub struct Lesson {
    /// What is to be done, as the system's message.
    pub task: &'static str,
    /// Texts and the label of each, or what is to be written about each.
    pub examples: &'static [Example],
    /// The labels; the last is the one that the others are held against. None where a text
    /// is answered freely.
    pub labels: &'static [&'static str],
}

impl Lesson {
    /// The messages that end with the beginning and the end of `text`; the next word is its
    /// label.
    pub fn about(&self, text: &str) -> Vec<Message> {
        self.messages(&ends_of(text))
    }

    /// The messages that end with `text`; next comes its label, or what is written about it.
    pub fn messages(&self, text: &str) -> Vec<Message> {
        self.with(&[], text)
    }

    /// The same with `more` examples, which this text needs. They come after those that all texts
    /// have, so that these are shared.
    pub fn with(&self, more: &[Example], text: &str) -> Vec<Message> {
        let say = |role, text: &str| Message::new(role, text);
        let mut messages = vec![say(Role::System, self.task)];
        for (text, label) in self.examples.iter().chain(more) {
            messages.push(say(Role::User, text));
            messages.push(say(Role::Assistant, label));
        }
        messages.push(say(Role::User, text));
        messages
    }

    /// The texts that begin each label.
    pub fn options(&self) -> Vec<Vec<String>> {
        let labels = self.labels.iter();
        labels.map(|label| vec![(*label).to_owned()]).collect()
    }
}

/// The beginning and the end of a long text.
fn ends_of(text: &str) -> String {
    let text = text.trim();
    let chars = text.chars().count();
    if chars <= TEXT_CHARS {
        return text.to_owned();
    }
    let begins: String = text.chars().take(TEXT_CHARS - END_CHARS).collect();
    let ends: String = text.chars().skip(chars - END_CHARS).collect();
    format!("{begins} … {ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_of_a_piece() {
        for lesson in [&SORT, &REPLACE, &CLAIM, &DONE, &FITS] {
            for (text, label) in lesson.examples {
                assert!(lesson.labels.contains(label), "{text}: {label}");
            }
            let messages = lesson.about("text");
            assert_eq!(messages.len(), 2 + 2 * lesson.examples.len());
            let last = messages.last().map(|message| message.text.as_str());
            assert_eq!(last, Some("text"));
        }
    }

    #[test]
    fn a_long_text_is_shown_by_its_ends() {
        let text = format!("Please {} now?", "x ".repeat(2_000));
        let cut = ends_of(&text);
        assert!(
            cut.starts_with("Please x") && cut.ends_with("x  now?"),
            "{cut}"
        );
        assert_eq!(cut.chars().count(), TEXT_CHARS + 3);
    }
}
