//! What the user said: only that may stand in a plan as a literal.

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;
use serde_json::{Number, Value};

use super::times::{Times, moment};
use crate::gate::digits::{number_of, same_number};
use crate::pattern::pattern;

/// The most words of a phrase that [`Said::phrases`] lists, but for one in quotation marks.
const PHRASE_WORDS: usize = 5;
/// The most phrases that are listed.
const PHRASES_MAX: usize = 600;
/// The most characters of a phrase in quotation marks.
const QUOTED_CHARS: usize = 200;

static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d+(?:,\d{3})*(?:\.\d+)?"));
static EACH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:each|every|everyone|everybody|all|both)\b|每|所有|全部"));
static BOUND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:at (?:least|most)|(?:more|less|fewer) than|up to|over|under|above|below|higher|lower|cheaper|minimum|maximum|budget)\b|至少|至多|最多|最少|不超过|以上|以下|超过|低于|高于",
    )
});
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?:^|[\s(:,])'([^'\n]+)'|"([^"\n]+)"|“([^”\n]+)”|‘([^’\n]+)’|`([^`\n]+)`|「([^」\n]+)」"#,
    )
});

/// The words of the user, with the numbers, dates and times in them.
///
/// ```
/// use chrono::NaiveDate;
/// use quipu_kernel::gate::plan::Said;
/// use serde_json::json;
///
/// let today = NaiveDate::from_ymd_opt(2024, 5, 15).ok_or("a date")?;
/// let said = Said::of("Book a table for 4 on May 20th at 19:00 for two hours.", today);
/// assert!(said.has(&json!(4)) && said.has(&json!("a table")));
/// assert!(said.has(&json!("2024-05-20 21:00")));
/// assert!(!said.has(&json!("2024-05-21")) && !said.has(&json!("tab")));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct Said {
    words: String,
    numbers: Vec<Number>,
    times: Times,
}

impl Said {
    /// What `words` say, written on the day `today`.
    pub fn of(words: &str, today: NaiveDate) -> Self {
        let numbers = NUMBER.find_iter(words);
        Self {
            words: words.to_owned(),
            numbers: numbers
                .filter_map(|found| number_of(&found.as_str().replace(',', "")))
                .collect(),
            times: Times::of(words, today),
        }
    }

    /// Whether the user said `value`: these words as a whole, this number, this date or time,
    /// the end of what lasts as long as was said. A list is said when each member is.
    pub fn has(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) => true,
            Value::Number(number) => self.numbers.iter().any(|said| same_number(said, number)),
            Value::String(text) => {
                let text = text.trim();
                let moment = moment(text);
                stands_in(&self.words, text) || moment.is_some_and(|moment| self.times.have(moment))
            }
            Value::Array(list) => !list.is_empty() && list.iter().all(|member| self.has(member)),
            Value::Object(_) => false,
        }
    }

    /// [`Said::has`] for a value that a record is found by: capital letters do not count.
    pub(super) fn has_in_any_case(&self, value: &Value) -> bool {
        let lower = |text: &str| stands_in(&self.words.to_lowercase(), &text.to_lowercase());
        self.has(value) || value.as_str().is_some_and(|text| lower(text.trim()))
    }

    /// Whether the words speak of each of several.
    pub(crate) fn speaks_of_each(&self) -> bool {
        EACH.is_match(&self.words)
    }

    /// Whether the words bound something by a number or a time.
    pub(crate) fn speaks_of_a_bound(&self) -> bool {
        BOUND.is_match(&self.words)
    }

    /// Whether they do, and say which number or which time.
    pub(crate) fn gives_a_bound(&self) -> bool {
        let says_one = !self.numbers.is_empty() || !self.moments().is_empty();
        says_one && self.speaks_of_a_bound()
    }

    /// The numbers that were said.
    pub fn numbers(&self) -> Vec<Value> {
        let mut numbers: Vec<Value> = Vec::new();
        for number in &self.numbers {
            let number = Value::Number(number.clone());
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// The dates, times of day, and both together that were said, as a tool takes them.
    pub fn moments(&self) -> Vec<String> {
        let dates = self
            .times
            .dates
            .iter()
            .map(|d| d.format("%Y-%m-%d").to_string());
        let both = self.times.moments();
        let both = both.map(|at| at.format("%Y-%m-%d %H:%M").to_string());
        let clock = self
            .times
            .clock
            .iter()
            .map(|t| t.format("%H:%M").to_string());
        distinct(both.chain(dates).chain(clock))
    }

    /// The phrases that a literal may be: those in quotation marks first, then the words and
    /// those of up to five in a row. At most 600.
    pub fn phrases(&self) -> Vec<String> {
        let quoted = QUOTED.captures_iter(&self.words).filter_map(|found| {
            let inner = found.iter().skip(1).flatten().next()?.as_str().trim();
            (inner.chars().count() <= QUOTED_CHARS).then(|| inner.to_owned())
        });
        let words: Vec<&str> = self.words.split_whitespace().collect();
        let runs = (1..=PHRASE_WORDS).flat_map(|n| {
            let runs = words.windows(n);
            runs.map(|run| trimmed(&run.join(" ")).to_owned())
                .collect::<Vec<_>>()
        });
        let all = quoted.chain(runs).filter(|phrase| self.is_phrase(phrase));
        let mut all = distinct(all);
        all.truncate(PHRASES_MAX);
        all
    }

    fn is_phrase(&self, phrase: &str) -> bool {
        !phrase.is_empty() && stands_in(&self.words, phrase)
    }
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    texts.filter(|text| seen.insert(text.clone())).collect()
}

/// A phrase without the marks around it.
fn trimmed(phrase: &str) -> &str {
    phrase.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '~' | '$' | '#' | '+'))
}

/// Whether `what` stands in `text` as a whole: not as a part of a word, an address, a number
/// or a path.
pub(crate) fn stands_in(text: &str, what: &str) -> bool {
    if what.is_empty() {
        return false;
    }
    text.match_indices(what).any(|(at, _)| {
        let before: Vec<char> = text[..at].chars().rev().take(2).collect();
        let after: Vec<char> = text[at + what.len()..].chars().take(2).collect();
        let first = what.chars().next().is_some_and(is_of_a_word);
        let last = what.chars().next_back().is_some_and(is_of_a_word);
        !(first && goes_on(&before) || last && goes_on(&after))
    })
}

/// Whether a word goes on with these two characters: with a letter or a digit, or with a mark
/// that joins two parts and one of these behind it.
fn goes_on(next: &[char]) -> bool {
    match next {
        [c, ..] if is_of_a_word(*c) => true,
        ['.' | '@' | '-' | '_' | '/' | '+' | ':', c] => is_of_a_word(*c),
        ['_', ..] => true,
        _ => false,
    }
}

/// Letters and digits, but for scripts that put no space between words.
fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{ffdc}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_said_is_words_numbers_dates_and_times() {
        let words = "Book 'The Blue Room' on May 19th from 9:30 for 2 hours, at 3pm for half an hour, \
                     or tomorrow at noon; 1,250.50 euros go to DE12-34. 请写信给bob@a.example。";
        let day = NaiveDate::from_ymd_opt(2024, 5, 15).unwrap();
        let said = Said::of(words, day);
        let check = |value: Value, want: bool| assert_eq!(said.has(&value), want, "{value}");
        check(json!("The Blue Room"), true);
        check(json!("The Blue"), true);
        check(json!("he Blue"), false);
        check(json!("bob@a.example"), true);
        check(json!("a.example"), false);
        check(json!("DE12"), false);
        check(json!("DE12-34"), true);
        check(json!(1250.5), true);
        check(json!(250.5), false);
        check(json!(["9:30", "noon"]), true);
        check(json!([]), false);
        check(json!({"a": "noon"}), false);
        check(json!(""), false);
        for (moment, want) in [
            ("2024-05-19", true),
            ("2025-05-19", true),
            ("2024-05-16", true),
            ("2024-05-17", false),
            ("2024-05-19 09:30", true),
            ("2024-05-19T11:30:00", true),
            ("2024-05-19 15:30", true),
            ("2024-05-16 12:00", true),
            ("2024-05-19 10:30", false),
            ("2024-05-18 09:30", false),
            ("11:30", true),
            ("11:45", false),
        ] {
            check(json!(moment), want);
        }
        assert_eq!(said.numbers()[..3], [json!(19), json!(9), json!(30)]);
        let phrases = said.phrases();
        assert_eq!(phrases[0], "The Blue Room");
        assert!(phrases.iter().all(|phrase| said.has(&json!(phrase))));
        assert!(said.moments().contains(&"2024-05-19 11:30".to_owned()));
    }
}
