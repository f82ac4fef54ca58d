//! Numbers and codes in a text, in which every sign counts. Words are compared without their case and
//! the signs between them; of `-5` and `5`, of `Rose7` and `rose7` that would make the same.

/// The words with a digit in `text`, and each word behind one, as they are written: a sign before a
/// number, and large letters in a code or a unit, are no matter of style.
pub(crate) fn codes(text: &str) -> Vec<String> {
    let has_digit = |word: &str| word.contains(|c: char| c.is_numeric());
    let is_style = |c: char| {
        matches!(
            c,
            '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '(' | ')' | '。' | '，' | '！' | '？'
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_code = |at: &usize| has_digit(words[*at]) || *at > 0 && has_digit(words[at - 1]);
    let plain = |at: usize| {
        let word = words[at].trim_start_matches(['"', '\'', '(']);
        word.trim_end_matches(is_style).replace(',', "")
    };
    (0..words.len()).filter(is_code).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::codes;

    #[test]
    fn every_sign_of_a_number_counts() {
        let check = |text: &str, want: &[&str]| assert_eq!(codes(text), want, "{text}");
        check("It was -5 degrees (or .5).", &["-5", "degrees", ".5"]);
        check("Rose7, and \"1,400\" mW!", &["Rose7", "and", "1400", "mW"]);
        check("房间号是5。", &["房间号是5"]);
        check("no number", &[]);
        check("", &[]);
    }
}
