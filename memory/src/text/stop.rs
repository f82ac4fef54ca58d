//! Words that every English sentence has and that say nothing about what is looked for.
//!
//! They are left out of queries only: a page is indexed with all its words. Questions to
//! a memory are full of them ("what did she say about the"), and measured on the public
//! sets leaving them out never lost and gained up to ten points of recall.

/// The stems of the words, sorted.
const FUNCTION_WORDS: &[&str] = &[
    "a", "about", "ah", "am", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "did", "do", "doe", "for", "from", "had", "has", "have", "he", "her", "him", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or",
    "our", "she", "should", "so", "such", "that", "the", "their", "them", "then", "there", "these",
    "they", "this", "to", "us", "was", "we", "were", "what", "when", "where", "whi", "which",
    "who", "whom", "whose", "will", "with", "would", "you", "your",
];

/// Whether `term`, as `text::tokens` gives it, is a function word.
pub(crate) fn is_function_word(term: &str) -> bool {
    FUNCTION_WORDS.binary_search(&term).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_made_of_stems() {
        assert!(FUNCTION_WORDS.is_sorted());
        for word in ["the", "does", "why", "his", "Their", "about"] {
            let term = super::super::tokens(word).next().expect("a term").term;
            assert!(is_function_word(&term), "{word} is {term}");
        }
        assert!(!is_function_word("llama"));
    }
}
