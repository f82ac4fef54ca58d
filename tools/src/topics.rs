//! What a task has to speak of before a model is shown a device.
//!
//! A device that few tasks need costs every other task the room of its card, and a small model
//! the choice among more functions. So it may say what it is about: words, and files by the end
//! of their names. This looks at words and not at their sense: a word too many costs some
//! tokens, and one that is missing costs the task, so lists are long.

use serde::{Deserialize, Serialize};

/// The topics of a device; empty where every task is shown it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Topics {
    /// Words in small letters, in the singular. A word in a script without spaces may stand
    /// anywhere in a text.
    pub words: Vec<String>,
    /// Ends of file names in small letters, without the dot.
    pub files: Vec<String>,
}

impl Topics {
    /// The topics of these words and ends of file names, with spaces between them.
    pub fn of(words: &str, files: &str) -> Self {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            words: list(words),
            files: list(files),
        }
    }

    /// Whether it is about nothing in particular.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.files.is_empty()
    }

    /// Whether `text` speaks of one of the words, or of a file.
    ///
    /// ```
    /// use quipu_tools::Topics;
    ///
    /// let pictures = Topics::of("picture 图片", "png");
    /// assert!(pictures.are_in("What do the Pictures in my folder say?"));
    /// assert!(pictures.are_in("这张图片里写了什么？"));
    /// assert!(pictures.are_in("Sum up ~/scan.PNG, please."));
    /// assert!(!pictures.are_in("A picturesque village; png is a format."));
    /// ```
    pub fn are_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.has_word(&text) || self.has_file_in(&text)
    }

    /// Whether `text` names a file of one of the kinds.
    pub fn have_file_in(&self, text: &str) -> bool {
        self.has_file_in(&text.to_lowercase())
    }

    fn has_word(&self, text: &str) -> bool {
        let spaced = |word: &&String| word.is_ascii();
        let of = |word: &str| {
            let words = self.words.iter().filter(spaced);
            let mut words = words.filter_map(|known| word.strip_prefix(known.as_str()));
            words.any(|rest| rest.is_empty() || rest == "s")
        };
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(of)
            || self
                .words
                .iter()
                .any(|word| !spaced(&word) && text.contains(word.as_str()))
    }

    fn has_file_in(&self, text: &str) -> bool {
        text.match_indices('.').any(|(dot, _)| {
            let (before, after) = (&text[..dot], &text[dot + 1..]);
            let named = before.ends_with(|c: char| !c.is_whitespace() && c != '.');
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(after.len());
            named && self.files.iter().any(|file| *file == after[..end])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_speaks_of_a_topic_by_its_words_and_files() {
        let topics = Topics::of("photo aloud 照片", "png jpg");
        let check = |text: &str, words: bool, file: bool| {
            assert_eq!(topics.are_in(text), words, "{text}");
            assert_eq!(topics.have_file_in(text), file, "{text}");
        };
        check("", false, false);
        check("Photos of us", true, false);
        check("my photo-album", true, false);
        check("photosynthesis and photon", false, false);
        check("Read it ALOUD.", true, false);
        check("把照片里的字念出来", true, false);
        check("look at a/b.png", true, true);
        check("图在bill.jpg里", true, true);
        check("(see bill.JPG)", true, true);
        check("png", false, false);
        check("What is .png?", false, false);
        check("a.pngx and b.jpg2", false, false);
        check("e.g. ...png", false, false);
        assert!(Topics::default().is_empty());
        assert!(!Topics::default().are_in("anything"));
    }
}
