//! The list or the text that stands in a task itself: numbers, names, lines, or words that are to be
//! worked on. In doubt there is none: then a program is written with what its writer copies.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::spelled;
use super::table::tables;
use crate::pattern::laid_out;
use crate::planner::wording::{is_about_its_words, without_addresses};

/// The fewest elements of a list: a shorter one is written out without a fault.
const ELEMENTS_MIN: usize = 5;
/// Characters and words of an item, above which it is a part of a sentence.
const ITEM_CHARS_MAX: usize = 40;
const ITEM_WORDS_MAX: usize = 4;
/// Characters of a line, above which it is a paragraph.
const LINE_CHARS_MAX: usize = 200;
/// The fewest characters of a text: a word is written out without a fault.
const TEXT_CHARS_MIN: usize = 24;
/// The fewest ideographs: each says as much as a word.
const HAN_CHARS_MIN: usize = 12;

/// What stands in a task.
#[derive(Debug, PartialEq)]
pub(super) enum Data {
    Numbers(Vec<Value>),
    Items(Vec<String>),
    Lines(Vec<String>),
    Text(String),
}

/// Whether a long list or text stands in `task`, which is to be worked on.
pub(crate) fn has_list_or_text(task: &str) -> bool {
    data(task).is_some()
}

/// The only list or text of `task`.
pub(super) fn data(task: &str) -> Option<Data> {
    let task = without_addresses(task);
    let task = task.trim();
    let numbers = runs(task);
    let items = items(task);
    match (&numbers[..], &items[..]) {
        ([], []) => {}
        ([only], []) => return numbers_of(only).map(Data::Numbers),
        ([], [only]) => return Some(Data::Items(only.clone())),
        // Which of them is meant, nobody can tell.
        _ => return None,
    }
    let text = || quoted(task).or_else(|| text_behind_a_colon(task));
    text()
        .map(Data::Text)
        .or_else(|| lines(task).map(Data::Lines))
}

/// The runs of numbers in `task`, each as it stands.
fn runs(task: &str) -> Vec<&str> {
    static RUN: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"-?\d+(?:\.\d+)?(?:(?:\s*[,，、;；]\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+|\s*[和与及]\s*|\s+)-?\d+(?:\.\d+)?)+",
        )
    });
    // A series that goes on, a range, or what is done with the numbers.
    static BEFORE: LazyLock<Regex> =
        LazyLock::new(|| laid_out(r"(?i)\d\s*(?:to|through|[到至]|\.{2,}|…)[\s,，、]*$"));
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:[\s,，、]*(?:and\s+)?(?:\.{2,}|…|etc\b|so\s+on\b|(?:to|through)\b|等|[到至]\s?\d)
            |\s+(?:times|of|more|less|percent)\b)",
        )
    });
    let is_part = |c: char| c.is_ascii_alphanumeric() || "$€£¥￥%/:_-".contains(c);
    let stands_free = |run: &regex::Match<'_>| {
        let (before, behind) = (&task[..run.start()], &task[run.end()..]);
        let is_joined = before.ends_with(|c: char| is_part(c) || c == '.')
            || behind.starts_with(|c: char| is_part(c) || "年月日号".contains(c));
        !is_joined && !BEFORE.is_match(before) && !BEHIND.is_match(behind)
    };
    let found = RUN.find_iter(task).filter(stands_free);
    found
        .map(|run| run.as_str())
        .filter(|run| {
            run.split(is_between)
                .filter(|part| !part.is_empty())
                .count()
                >= ELEMENTS_MIN
        })
        .collect()
}

/// Whether `c` parts the numbers of a run.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c.is_alphabetic() || ",，、;；".contains(c)
}

/// The numbers of `run`. A comma may part two of them or stand within one: `None` where nobody can
/// tell, and where one begins with a zero, as names do.
fn numbers_of(run: &str) -> Option<Vec<Value>> {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_tight =
        |before: &str, behind: &str| before.ends_with(is_digit) && behind.starts_with(is_digit);
    let parts: Vec<&str> = run.split(',').collect();
    let mut tight = parts
        .windows(2)
        .filter(|two| is_tight(two[0], two[1]))
        .peekable();
    let is_of_three = |two: &[&str]| two[1].chars().take_while(char::is_ascii_digit).count() == 3;
    let in_thousands = tight.peek().is_some() && tight.all(is_of_three);
    let is_loose = run.contains(|c: char| is_between(c) && c != ',');
    let mut plain = run.to_owned();
    if in_thousands && !is_loose {
        return None;
    }
    if in_thousands {
        plain.clear();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 && !is_tight(parts[at - 1], part) {
                plain.push(',');
            }
            plain.push_str(part);
        }
    }
    let numbers = plain.split(is_between).filter(|part| !part.is_empty());
    let numbers: Vec<Value> = numbers.map(number).collect::<Option<_>>()?;
    (numbers.len() >= ELEMENTS_MIN).then_some(numbers)
}

/// The number that `part` is, unless it begins with a zero that says nothing.
fn number(part: &str) -> Option<Value> {
    let digits = part.strip_prefix('-').unwrap_or(part);
    let is_name = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let whole = part.parse::<i64>().map(Value::from);
    let number = whole.or_else(|_| part.parse::<f64>().map(Value::from));
    number.ok().filter(|_| !is_name)
}

/// The lists of names in `task`: in square brackets, or behind a colon with commas between them.
fn items(task: &str) -> Vec<Vec<String>> {
    let texts = |list: spelled::Spelled| {
        let values: Vec<String> = list.elements.concat();
        let plain = values.len() == list.elements.len() && !list.has_dicts;
        let is_name = |value: &String| value.contains(char::is_alphabetic);
        let named = values.iter().all(is_name);
        (plain && named && values.len() >= ELEMENTS_MIN).then_some(values)
    };
    let mut found: Vec<Vec<String>> = spelled::lists(task).into_iter().filter_map(texts).collect();
    if found.is_empty() {
        found = task.lines().filter_map(items_of_line).collect();
    }
    found
}

/// The names behind the last colon of `line`, up to the end of the sentence.
fn items_of_line(line: &str) -> Option<Vec<String>> {
    static END: LazyLock<Regex> = LazyLock::new(|| laid_out(r"[.?!](?:\s|$)|[。？！]"));
    static GOES_ON: LazyLock<Regex> =
        LazyLock::new(|| laid_out(r"(?i)\.{2,}|…|\betc\b|\bso\s+on\b|等"));
    let begins = line.rfind([':', '：'])?;
    let behind = line[begins..].trim_start_matches([':', '：']);
    // 9:40 is no list.
    if behind.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let end = END.find(behind).map_or(behind.len(), |end| end.start());
    let mut behind = &behind[..end];
    if let Some((list, _)) = behind
        .split_once('，')
        .filter(|(list, _)| list.contains('、'))
    {
        behind = list;
    }
    if GOES_ON.is_match(behind) {
        return None;
    }
    let mut parts: Vec<&str> = behind.split([',', '，', '、', ';', '；']).collect();
    if let Some(two) = last_two(parts.last()?.trim())? {
        parts.pop();
        parts.extend(two);
    }
    let items: Vec<String> = parts.into_iter().map(item).collect::<Option<_>>()?;
    (items.len() >= ELEMENTS_MIN).then_some(items)
}

/// The last two names of a list, where a word parts them instead of a comma; `None` where nobody can
/// tell whether it does.
fn last_two(last: &str) -> Option<Option<[&str; 2]>> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| laid_out(r"\s(?:and|or)\s|以及|[和与及]"));
    let parted = |found: regex::Match<'_>| [&last[..found.start()], &last[found.end()..]];
    let is_name = |name: &&str| match name.is_ascii() {
        true => (1..=2).contains(&name.split_whitespace().count()),
        false => name.chars().count() > 1,
    };
    let begins = ["and ", "or ", "以及"];
    if begins.iter().any(|word| last.starts_with(word)) {
        return Some(None);
    }
    let Some(two) = WORD.find(last).map(parted) else {
        return Some(None);
    };
    two.iter().all(is_name).then_some(Some(two))
}

/// The name that `part` of a list is. A name with a number has two values.
fn item(part: &str) -> Option<String> {
    // What is to be done with the others.
    static DOES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:then|please|but|so|tell|give|return|show|which|what|how)\b|^(?:然后|再|请|哪|告诉)",
        )
    });
    let part = part.trim();
    let part = ["and ", "or ", "以及"]
        .iter()
        .find_map(|word| part.strip_prefix(word))
        .unwrap_or(part);
    let part = part.trim_matches(|c: char| c.is_whitespace() || "\"'“”「」".contains(c));
    let is_short =
        part.chars().count() <= ITEM_CHARS_MAX && part.split_whitespace().count() <= ITEM_WORDS_MAX;
    let is_name = part.contains(char::is_alphabetic) && !part.contains(|c: char| c.is_numeric());
    (is_short && is_name && !DOES.is_match(part)).then(|| part.to_owned())
}

/// Whether `text` is long enough to be miscopied.
fn is_long(text: &str) -> bool {
    let han = text.chars().filter(|c| crate::pattern::HAN.contains(c));
    text.chars().count() >= TEXT_CHARS_MIN || han.count() >= HAN_CHARS_MIN
}

/// The only text that `task` quotes, if that is long.
fn quoted(task: &str) -> Option<String> {
    static QUOTED: LazyLock<Regex> =
        LazyLock::new(|| laid_out(r#""(?P<a>[^"]+)"|“(?P<b>[^”]+)”|「(?P<c>[^」]+)」"#));
    let mut quoted = QUOTED.captures_iter(task);
    let found = quoted.next().filter(|_| quoted.next().is_none())?;
    let text = ["a", "b", "c"]
        .iter()
        .find_map(|name| found.name(name))?
        .as_str();
    is_long(text).then(|| text.to_owned())
}

/// The text behind the first colon, where words or letters of it are asked for, and nothing else stands
/// behind it.
fn text_behind_a_colon(task: &str) -> Option<String> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:words?|letters?|characters?|vowels?|consonants?|sentence|text|string|phrase|capitals?|spaces?
            |revers(?:e|ed|ing)|backwards?|palindrome|caesar|cipher|rot\s?13|(?:de|en)(?:code|crypt)\w*)\b
            |单词|词语|字母|字符|句子|这句话|文字|几个字|多少个?字|元音|倒过来|反过来|凯撒|[加解]密",
        )
    });
    let begins = task.find([':', '：'])?;
    let (ask, behind) = task.split_at(begins);
    let text = behind.trim_start_matches([':', '：']);
    // A time of day, or a question of its own.
    let is_other =
        text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(['?', '？', '"']);
    let text = text.trim();
    let is_meant = ASKS.is_match(ask) && !is_about_its_words(task);
    (is_meant && !is_other && !text.contains('\n') && is_long(text)).then(|| text.to_owned())
}

/// The lines of the only paragraph of `task` that has many, without the signs before them.
fn lines(task: &str) -> Option<Vec<String>> {
    static SIGN: LazyLock<Regex> = LazyLock::new(|| laid_out(r"^\s*(?:[-*•·]|\d{1,3}[.)、])\s+"));
    if !tables(task).is_empty() {
        return None;
    }
    let all: Vec<&str> = task.lines().collect();
    let leads = |line: &&str| line.trim_end().ends_with([':', '：']);
    let parts = all.split(|line| line.trim().is_empty() || leads(line));
    let mut long = parts.filter(|part| part.len() >= ELEMENTS_MIN);
    let found = long.next().filter(|_| long.next().is_none())?;
    // The task itself stands beside them.
    let is_whole = found.len() == all.len();
    let is_told = |line: &&str| {
        let line = line.trim_end();
        line.ends_with(['.', '。', '?', '？', '!', '！']) || line.chars().count() > LINE_CHARS_MAX
    };
    if is_whole || found.iter().any(is_told) {
        return None;
    }
    let without_sign = |line: &&str| SIGN.replace(line, "").trim().to_owned();
    Some(found.iter().map(without_sign).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_numbers(task: &str, want: Value) {
        let found = match data(task) {
            Some(Data::Numbers(numbers)) => Value::from(numbers),
            _ => Value::Null,
        };
        assert_eq!(found, want, "{task}");
    }

    #[test]
    fn numbers_in_a_row_are_found() {
        let want = || json!([4, 9, 1, 12, 7]);
        check_numbers("What is the median of 4, 9, 1, 12 and 7?", want());
        check_numbers("Sort [4, 9, 1, 12, 7].", want());
        check_numbers("Sort [4,9,1,12,7].", want());
        check_numbers("把4、9、1、12、7从大到小排列", want());
        check_numbers("Sort these:\n4\n9\n1\n12\n7", want());
        check_numbers("Sort 4 9 1 12 7", want());
        check_numbers(
            "Add up: 1,250, 3,400, 560, 7,000, 90",
            json!([1250, 3400, 560, 7000, 90]),
        );
        check_numbers("Sort -4, 0, 0.5, 1.25 and 7", json!([-4, 0, 0.5, 1.25, 7]));
        // Too few, names, days, or more than one list.
        check_numbers("What is the median of 4, 9, 1?", Value::Null);
        check_numbers("Dial 007, 008, 009, 010, 011", Value::Null);
        check_numbers("On 2026-05-04, 2026-05-05, 2026-05-06", Value::Null);
        check_numbers("Sort 1,250,300,400,500", Value::Null);
        check_numbers(
            "Which is longer: 4, 9, 1, 12, 7 or: 5, 6, 2, 8, 3?",
            Value::Null,
        );
        check_numbers("Points (1, 2), (3, 4), (5, 6)", Value::Null);
        check_numbers("Add up 2, 4, 6, 8, 10, ..., 100", Value::Null);
        check_numbers("Add up 1 to 5, 7, 9, 11, 13 and 15", Value::Null);
        check_numbers("2、4、6、8、10等数有什么规律？", Value::Null);
        check_numbers(
            "From 4, 9, 1, 12, 7 and 3 times 8, take the most",
            Value::Null,
        );
        check_numbers("See http://127.0.0.1/1,2,3,4,5 for it.", Value::Null);
        check_numbers("", Value::Null);
    }

    #[test]
    fn names_in_a_row_are_found() {
        let check = |task: &str, want: &[&str]| {
            let found = match data(task) {
                Some(Data::Items(items)) => items,
                _ => Vec::new(),
            };
            assert_eq!(found, want, "{task}");
        };
        let grains = ["oats", "rye", "bran", "spelt", "barley"];
        check(
            "Put these in order: oats, rye, bran, spelt and barley.",
            &grains,
        );
        check(
            "Put these in order: oats, rye, bran, spelt, and barley.",
            &grains,
        );
        check(
            "Here is a list: oats, rye, bran, spelt, barley. Which is the longest?",
            &grains,
        );
        check(
            "Which is the longest in [\"oats\", 'rye', \"bran\", \"spelt\", \"barley\"]?",
            &grains,
        );
        check(
            "把这些词按长度排序：黑麦、燕麦、小麦片、荞麦、大麦",
            &["黑麦", "燕麦", "小麦片", "荞麦", "大麦"],
        );
        check(
            "排序：黑麦、燕麦、小麦片、荞麦和大麦，然后说出第二个",
            &["黑麦", "燕麦", "小麦片", "荞麦", "大麦"],
        );
        // It goes on, something is to be done with it, or a name may be two.
        check("Sort: oats, rye, bran, spelt, barley, etc.", &[]);
        check("Sort: oats, rye, bran, spelt, barley, then reverse it", &[]);
        check(
            "Sort: oats, rye, bran, spelt, barley and tell me the first",
            &[],
        );
        check("排序：黑麦、燕麦、小麦片、荞麦、饱和度", &[]);
        // Too few, with values, sentences, or more than one list.
        check("Sort: oats, rye, bran", &[]);
        check("Sort: oats 4, rye 9, bran 1, spelt 12, barley 7", &[]);
        check(
            "The mill stands by the river, and rye, oats, bran, spelt grow there.",
            &[],
        );
        check(
            "A: oats, rye, bran, spelt, barley\nB: rye, oats, bran, spelt, barley",
            &[],
        );
        check("Open at 9:40, rye, oats, bran, spelt", &[]);
        check("", &[]);
    }

    #[test]
    fn a_text_is_found() {
        let check = |task: &str, want: &str| {
            let found = match data(task) {
                Some(Data::Text(text)) => text,
                _ => String::new(),
            };
            assert_eq!(found, want, "{task}");
        };
        let text = "the old mill stands by the river";
        check(&format!("How many words has \"{text}\"?"), text);
        check(&format!("Count the vowels in this sentence: {text}"), text);
        check(&format!("Reverse the words:\n{text}"), text);
        check(
            "这句话倒过来怎么写：老磨坊在河边的小山坡上没有人住",
            "老磨坊在河边的小山坡上没有人住",
        );
        // Nothing of it is worked on, it is short, it asks, or it is more than one.
        check(&format!("Is this true: {text}"), "");
        check(&format!("Translate these words: {text}"), "");
        check("How many words has \"the old mill\"?", "");
        check("Which words are here: does the old mill stand by it?", "");
        check(&format!("Is \"{text}\" longer than \"{text} there\"?"), "");
        check("Count the letters at 9:40 before the old mill opens", "");
        check("", "");
    }

    #[test]
    fn lines_are_found() {
        let check = |task: &str, want: &[&str]| {
            let found = match data(task) {
                Some(Data::Lines(lines)) => lines,
                _ => Vec::new(),
            };
            assert_eq!(found, want, "{task}");
        };
        let lines = ["red mill", "old barn", "new gate", "red mill", "dry well"];
        let all = lines.join("\n");
        check(&format!("Which of these come twice?\n\n{all}"), &lines);
        check(&format!("Which of these come twice:\n{all}"), &lines);
        check(&format!("Sort these:\n- {}", lines.join("\n- ")), &lines);
        // The task itself, a table, sentences, or too few.
        check(&all, &[]);
        check("Sum up:\n\na | 4\nb | 9\nc | 1\nd | 12\ne | 7", &[]);
        check(&format!("How many?\n\n{}", lines.join(".\n")), &[]);
        check(&format!("Sort these:\n{}", lines[..4].join("\n")), &[]);
        check("", &[]);
    }
}
