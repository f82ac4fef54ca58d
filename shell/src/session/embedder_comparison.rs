//! Finds which embedding model finds the pages of a store better. Some pages are each looked for
//! among all of them by their first sentence, which is removed from the page for that.

use std::time::Instant;

use anyhow::{Result, anyhow};
use quipu_memory::Embedder;

/// Pages that are looked for at most, and at least: fewer tell nothing.
pub const PAGES_MAX: usize = 80;
pub const PAGES_MIN: usize = 20;
/// Words that a first sentence has where it can be a question, and letters that are left of the
/// page then.
const WORDS: std::ops::RangeInclusive<usize> = 4..=30;
const REST_MIN: usize = 100;
/// From here on letters are those of scripts without spaces, two of which count as a word.
const WIDE: char = '\u{2e80}';
/// Ranks that count.
const RANKS: usize = 10;
/// How much better another model has to find than the one that is preferred.
const MARGIN: f64 = 0.02;

/// A page that is looked for.
#[derive(Debug, PartialEq)]
pub struct Sought {
    question: String,
    text: String,
}

/// How well a model finds.
#[derive(Debug)]
pub struct Measured {
    /// The mean of one through the rank of the page that was looked for, from 0 to 1.
    pub rank: f64,
    /// Milliseconds that it took to read a page.
    pub ms: f64,
}

/// The query for a page with this text; `None` where it has no sentence to ask by.
pub fn sought(text: &str) -> Option<Sought> {
    let text = text.trim();
    let mut letters = text.char_indices().peekable();
    let end = loop {
        let (at, c) = letters.next()?;
        let is_last = letters.peek().is_none_or(|(_, next)| next.is_whitespace());
        if "\n。！？".contains(c) || ".!?".contains(c) && is_last {
            break at + c.len_utf8();
        }
    };
    let (question, rest) = text.split_at(end);
    let question = question.trim_matches(|c: char| c.is_whitespace() || "#*_>-|".contains(c));
    let wide = question.chars().filter(|c| *c >= WIDE).count();
    let words = question.split_whitespace().count().max(wide / 2);
    let is_long = rest.trim().chars().count() >= REST_MIN;
    (WORDS.contains(&words) && is_long).then(|| Sought {
        question: question.to_owned(),
        text: rest.trim().to_owned(),
    })
}

/// How well `embedder` finds these pages.
///
/// # Errors
/// A model that fails.
pub fn measure(embedder: &dyn Embedder, sought: &[Sought]) -> Result<Measured> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| anyhow!("{error}");
    let texts: Vec<&str> = sought.iter().map(|one| one.text.as_str()).collect();
    let begun = Instant::now();
    let pages = embedder.embed(&texts).map_err(failed)?;
    let ms = begun.elapsed().as_secs_f64() * 1e3 / sought.len().max(1) as f64;
    let mut sum = 0.0;
    for (n, (one, own)) in sought.iter().zip(&pages).enumerate() {
        let asked = embedder.embed_query(&one.question).map_err(failed)?;
        let near = cosine(&asked, own);
        // Another that is as near could as well be the first.
        let others = pages.iter().enumerate().filter(|(other, _)| *other != n);
        let nearer = others.filter(|(_, page)| cosine(&asked, page) >= near);
        let rank = nearer.count() + 1;
        if rank <= RANKS {
            sum += 1.0 / rank as f64;
        }
    }
    Ok(Measured {
        rank: sum / sought.len().max(1) as f64,
        ms,
    })
}

/// The place of the model to take among these: the first, which is preferred, unless another
/// one finds clearly better.
pub fn best(measured: &[Measured]) -> usize {
    let preferred = measured.first().map_or(0.0, |first| first.rank);
    let ranks = measured.iter().map(|one| one.rank).enumerate();
    let best = ranks.max_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, rank)| *rank > preferred + MARGIN)
        .map_or(0, |(at, _)| at)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_page_is_asked_for_by_its_first_sentence() {
        let rest = "It is the rest of a page that says more. ".repeat(5);
        let check = |first: &str, expected: Option<&str>| {
            let found = sought(&format!("{first}{rest}"));
            let question = found.as_ref().map(|one| one.question.as_str());
            assert_eq!(question, expected, "{first}");
            assert!(found.is_none_or(|one| one.text == rest.trim()));
        };
        check(
            "The harbour costs 3.50 a night. ",
            Some("The harbour costs 3.50 a night."),
        );
        check("# How to moor a boat\n", Some("How to moor a boat"));
        check("港口六点开门，九点关门。", Some("港口六点开门，九点关门。"));
        check("Yes. ", None);
        assert_eq!(sought("A page of one sentence that is all there is."), None);
        assert_eq!(sought(""), None);
    }

    /// Sees how many of one letter a text has, and of another.
    struct Letters([char; 2]);

    impl Embedder for Letters {
        fn name(&self) -> &str {
            "letters"
        }

        fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>> {
            let count = |text: &str, letter: char| text.matches(letter).count() as f32;
            let vector = |text: &&str| self.0.map(|letter| count(text, letter)).to_vec();
            Ok(texts.iter().map(vector).collect())
        }
    }

    #[test]
    fn who_finds_is_ranked_higher() {
        let page = |question: &str, text: &str| Sought {
            question: question.into(),
            text: text.into(),
        };
        let pages = [page("aaab", "aab"), page("bbba", "bba"), page("ab", "ba")];
        let good = measure(&Letters(['a', 'b']), &pages).expect("measured");
        assert!((good.rank - 1.0).abs() < 1e-9, "{}", good.rank);
        let blind = measure(&Letters(['x', 'y']), &pages).expect("measured");
        assert!((blind.rank - 1.0 / 3.0).abs() < 1e-9, "{}", blind.rank);
        let check = |ranks: &[f64], expected: usize| {
            let measured: Vec<Measured> = ranks
                .iter()
                .map(|rank| Measured {
                    rank: *rank,
                    ms: 1.0,
                })
                .collect();
            assert_eq!(best(&measured), expected, "{ranks:?}");
        };
        check(&[], 0);
        check(&[0.8, 0.9, 0.85], 1);
        check(&[0.8, 0.81], 0);
        check(&[0.9, 0.8], 0);
    }
}
