//! What an answer comes to, so that answers are compared by value and not by wording: a
//! number with its unit, a day, a time of day, yes or no, one of some choices, a list.
//!
//! | file | job |
//! | --- | --- |
//! | `quantity` | a number in a text, and what it counts |
//! | `numeral` | numbers in words, Chinese and English |

mod numeral;
mod quantity;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{NaiveDate, Timelike};
use regex::Regex;
use serde_json::Value;

use quantity::Quantity;

use crate::pattern::pattern;
use crate::written::clock::time_of_day;
use crate::written::days;

/// Words that are compared of an answer without any other value.
const WORDS_MAX: usize = 40;
/// The most words of a short answer, in which a sentence may end.
const SHORT_WORDS: usize = 4;
/// The most words of one thing in a list of words.
const ITEM_WORDS: usize = 3;

/// The value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Worth {
    /// A number, perhaps of something.
    Quantity(Quantity),
    /// A day.
    Date(NaiveDate),
    /// A time of day, in minutes since midnight.
    Time(u32),
    /// Yes or no.
    YesNo(bool),
    /// The letter of one of several choices.
    Choice(char),
    /// Several, in their order.
    List(Vec<Worth>),
    /// Fields of an answer by a schema.
    Fields(BTreeMap<String, Worth>),
    /// Words without case and marks.
    Words(Vec<String>),
}

/// Whether two answers come to the same.
///
/// ```
/// use quipu_kernel::deliberation::same;
/// use serde_json::json;
///
/// assert!(same(&json!("That is 1.5 km."), &json!("1,500 m")));
/// assert!(!same(&json!("1.5 km"), &json!("1.5 miles")));
/// ```
pub fn same(one: &Value, other: &Value) -> bool {
    Worth::of(one).agrees(&Worth::of(other))
}

impl Worth {
    /// The value of `answer`. In a sentence the last number counts, since a sentence ends in its
    /// result.
    pub fn of(answer: &Value) -> Self {
        match answer {
            Value::String(text) => Self::of_text(text.trim()),
            Value::Number(number) => Self::Quantity(Quantity::bare(&number.to_string())),
            Value::Bool(yes) => Self::YesNo(*yes),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(map) => {
                let field = |(name, value): (&String, &Value)| (name.clone(), Self::of(value));
                Self::Fields(map.iter().map(field).collect())
            }
            Value::Null => Self::Words(Vec::new()),
        }
    }

    fn of_text(text: &str) -> Self {
        if text.starts_with(['[', '{'])
            && let Ok(value) = serde_json::from_str::<Value>(text)
        {
            return Self::of(&value);
        }
        yes_or_no(text)
            .or_else(|| choice(text))
            .or_else(|| date(text))
            .or_else(|| time(text))
            .or_else(|| numbers(text))
            .or_else(|| Quantity::last_in(text).map(Self::Quantity))
            .or_else(|| items(text))
            .unwrap_or_else(|| Self::Words(words(text)))
    }

    /// Whether both values are the same. A number without a unit agrees with the same number of
    /// anything.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Quantity(one), Self::Quantity(other)) => one.agrees(other),
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.agrees(b))
            }
            (Self::Fields(one), Self::Fields(other)) => {
                let alike = |((a, one), (b, other)): ((&String, &Self), (&String, &Self))| {
                    a == b && one.agrees(other)
                };
                one.len() == other.len() && one.iter().zip(other).all(alike)
            }
            (Self::Words(one), Self::Words(other)) => {
                one == other || ends_in(one, other) || ends_in(other, one)
            }
            _ => self == other,
        }
    }
}

/// Whether the sentence `long` ends in the short answer `short`, and does not deny it.
fn ends_in(long: &[String], short: &[String]) -> bool {
    const DENIES: [&str; 5] = ["not", "no", "never", "neither", "nor"];
    let denied = long.iter().any(|word| DENIES.contains(&word.as_str()));
    (1..=SHORT_WORDS).contains(&short.len()) && long.ends_with(short) && !denied
}

/// Yes or no as the whole answer, or before a mark.
fn yes_or_no(text: &str) -> Option<Worth> {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:(?P<yes>yes|true|correct|right|是的?|对的?|正确|没错)|no|false|incorrect|wrong|不是的?|不对|否|错误?|不正确)(?:[,.!;:，。！；：]|$)",
        )
    });
    let said = SAYS.captures(text.trim_matches(['*', '"', '“', '”', '\'']))?;
    Some(Worth::YesNo(said.name("yes").is_some()))
}

/// The letter of a choice: `B`, `(b)`, `B) red`, `The answer is B.`
fn choice(text: &str) -> Option<Worth> {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^\(?(?P<only>[A-Ha-h])(?:\)|\.|:|$)|(?i:\b(?:answer|option|choice)\b|选项?|答案)(?-i)\s*(?:is|是|为)?\s*[:：]?\s*\(?(?P<said>[A-H])\)?[.。]?$",
        )
    });
    let named = NAMES.captures(text)?;
    let letter = named.name("only").or(named.name("said"))?;
    let letter = letter.as_str().chars().next()?;
    Some(Worth::Choice(letter.to_ascii_uppercase()))
}

/// The only day in a text that has no number beside it.
fn date(text: &str) -> Option<Worth> {
    let days = days::written(text);
    let [day] = days.as_slice() else {
        return None;
    };
    let beside = [&text[..day.at.start], &text[day.at.end..]];
    let is_alone = |text: &&str| !text.contains(|c: char| c.is_ascii_digit());
    let year = day.year.filter(|_| beside.iter().all(is_alone))?;
    day.in_year(year).map(Worth::Date)
}

/// The only time of day in a text.
fn time(text: &str) -> Option<Worth> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?-u:\b)(?P<h>\d{1,2})[:：](?P<m>[0-5]\d)(?:\s*(?P<half>am|pm|a\.m\.|p\.m\.))?",
        )
    });
    let mut found = TIME.captures_iter(text);
    let (only, None) = (found.next()?, found.next()) else {
        return None;
    };
    let half = only.name("half").map(|half| half.as_str());
    let time = time_of_day(only["h"].parse().ok()?, only["m"].parse().ok()?, half)?;
    Some(Worth::Time(time.num_seconds_from_midnight() / 60))
}

/// The numbers of a list that a text ends in.
fn numbers(text: &str) -> Option<Worth> {
    static LIST: LazyLock<Regex> = LazyLock::new(|| {
        let number = r"[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";
        let more = r"(?:\s*[,，、;；]\s*(?:and\s+)?|\s+(?:and|&)\s+|\s*[和与及]\s*)";
        pattern(&format!(
            r"(?i)(?P<list>{number}(?:{more}{number})+)\s*[.。!！]?$"
        ))
    });
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"));
    let list = LIST.captures(text)?;
    let items = NUMBER.find_iter(list.name("list")?.as_str());
    let items = items.map(|number| Worth::Quantity(Quantity::bare(number.as_str())));
    let items: Vec<Worth> = items.collect();
    // "1,250" is one number.
    (items.len() > 1).then_some(Worth::List(items))
}

/// The things of a list that is the whole answer.
fn items(text: &str) -> Option<Worth> {
    static BETWEEN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\s*[,，、;；\n]\s*(?:and\s+)?|\s+and\s+|和"));
    let text = text.trim_end_matches(['.', '。']);
    let items: Vec<Vec<String>> = BETWEEN.split(text).map(words).collect();
    let short = |item: &Vec<String>| (1..=ITEM_WORDS).contains(&item.len());
    let several = items.len() > 1 && items.iter().all(short);
    several.then(|| Worth::List(items.into_iter().map(Worth::Words).collect()))
}

/// The words of a text, without articles; of ideographs each run is one.
fn words(text: &str) -> Vec<String> {
    const ARTICLES: [&str; 3] = ["a", "an", "the"];
    let text = text.to_lowercase();
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !ARTICLES.contains(word));
    words.take(WORDS_MAX).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_that_say_the_same_are_the_same() {
        let check = |a: Value, b: Value, want: bool| {
            let (left, right) = (Worth::of(&a), Worth::of(&b));
            assert_eq!(same(&a, &b), want, "{a} is {left:?}, {b} is {right:?}");
            assert_eq!(same(&b, &a), want, "{b} is {right:?}, {a} is {left:?}");
        };
        let text = |a: &str, b: &str, want: bool| check(json!(a), json!(b), want);
        // Numbers.
        text("18", "There are 18 of them.", true);
        check(json!("18"), json!(18.0), true);
        text("$1,250.50", "1250.5 dollars", true);
        text("-4", "4", false);
        text("in the years 3-4", "4", true);
        text("0.333333333", "0.33333333333", true);
        text("0.3333", "0.3334", false);
        text("3.33", "3.3333333", true);
        text("3.3", "3.3333333", false);
        text("3/4", "0.75", true);
        text("2 million", "2000000", true);
        // Their units.
        text("1.5 km", "1500 metres", true);
        text("1.5 km", "1.5 miles", false);
        text("1.5 km", "It is 1.5.", true);
        text("90 minutes", "1.5 hours", true);
        text("$5", "5 euros", false);
        text("5元", "¥5", true);
        text("20%", "20 percent", true);
        text("20%", "0.2", true);
        text("20%", "20", true);
        text("20%", "21%", false);
        text("5 apples", "5 pears", true);
        // In words.
        text("十八", "18", true);
        text("一共有一百二十个。", "120", true);
        text("两千三百", "2300", true);
        text("3万", "三万", true);
        text("3万5千元", "35000元", true);
        text("三万五", "35000", true);
        text("3万5千", "30005", false);
        text("百分之二十", "20%", true);
        text("eighteen", "18", true);
        text("There are twenty-one.", "21", true);
        // Days and times.
        text("2026-12-04", "It is Friday, December 4, 2026.", true);
        text("4 December 2026", "2026年12月4日", true);
        text("2026-12-04", "2026-12-05", false);
        text("3:45 pm", "15:45", true);
        text("3:45", "15:45", false);
        // Yes, no, choices.
        text("Yes.", "yes", true);
        text("Yes, it does.", "True", true);
        text("yes", "no", false);
        text("是的", "是。", true);
        text("不是", "是", false);
        check(json!(true), json!("yes"), true);
        text("B", "The answer is B.", true);
        text("(b)", "B) red", true);
        text("A", "B", false);
        // Lists.
        text("3, 5 and 7", "The primes are 3, 5, 7.", true);
        text("12, 13", "13", false);
        text("red, green", "Red and green.", true);
        text("red, green", "green, red", false);
        check(json!([1, 2]), json!("[1, 2.0]"), true);
        check(json!([1, 2]), json!([2, 1]), false);
        check(json!({"a": 1, "b": "x"}), json!({"b": "X", "a": 1.0}), true);
        check(json!({"a": 1}), json!({"b": 1}), false);
        // Words.
        text("利马", "利马。", true);
        text("Lima", "The capital of Peru is Lima.", true);
        text("Lima", "It is not Lima.", false);
        text("Lima", "Cusco", false);
        text("", ".", true);
    }
}
