//! Where the words of a Chinese sentence begin and end: the way through it whose words are the
//! most frequent ones, by jieba's list of words.

use std::collections::HashMap;
use std::path::Path;

use crate::error::VoiceError;

/// Characters of the longest word that is looked for.
const WORD_MAX: usize = 8;

/// The words that are known.
pub struct Words {
    /// The logarithm of each word's share.
    shares: HashMap<Box<str>, f32>,
    /// What an unknown character costs.
    least: f32,
}

impl Words {
    /// Reads the list at `path`: a word, how often it was counted and its kind in each line.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such list.
    pub fn open(path: &Path) -> Result<Self, VoiceError> {
        let text = std::fs::read_to_string(path).map_err(VoiceError::read(path))?;
        let words = Self::parse(&text);
        match words.shares.is_empty() {
            true => Err(VoiceError::damaged(path)("it has no words")),
            false => Ok(words),
        }
    }

    fn parse(text: &str) -> Self {
        let mut counted: Vec<(&str, f32)> = Vec::new();
        for line in text.lines() {
            let mut fields = line.split(' ');
            if let (Some(word), Some(count)) = (fields.next(), fields.next())
                && let Ok(count) = count.parse::<f32>()
                && word.chars().nth(WORD_MAX).is_none()
            {
                counted.push((word, count.max(1.0)));
            }
        }
        let total: f64 = counted.iter().map(|(_, count)| f64::from(*count)).sum();
        let total = total.max(1.0).ln() as f32;
        let shares = counted.into_iter();
        Self {
            shares: shares
                .map(|(word, count)| (word.into(), count.ln() - total))
                .collect(),
            least: -total,
        }
    }

    /// The words of `text`, one after another.
    pub fn cut<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut borders: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        borders.push(text.len());
        let count = borders.len() - 1;
        // From the end: the best that follows each character, and where its word ends.
        let mut best = vec![(0.0, count); count + 1];
        for start in (0..count).rev() {
            let ends = start + 1..=count.min(start + WORD_MAX);
            let ways = ends.filter_map(|end| {
                let word = &text[borders[start]..borders[end]];
                let share = self.shares.get(word).copied();
                let share = share.or_else(|| (end == start + 1).then_some(self.least))?;
                Some((share + best[end].0, end))
            });
            let way = ways.max_by(|a, b| a.0.total_cmp(&b.0));
            best[start] = way.unwrap_or((f32::MIN, start + 1));
        }
        let mut words = Vec::new();
        let mut start = 0;
        while start < count {
            let end = best[start].1;
            words.push(&text[borders[start]..borders[end]]);
            start = end;
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_words_are_found() {
        let words =
            Words::parse("今天 15960 t\n天气 2657 n\n天 1000 n\n很 500 d\n好 500 a\n很好 90 a\n");
        assert_eq!(words.cut("今天天气很好吗"), ["今天", "天气", "很好", "吗"]);
        assert!(words.cut("").is_empty());
    }
}
