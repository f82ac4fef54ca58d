//! What the words of a task mean in a program, where a small model writes the usual fault: a range without
//! its end, an element one place off, the wrong beginning of a series.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{laid_out, pattern};

/// Words that count from the second on.
const PLACES: [&str; 9] = [
    "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
];
const HAN_PLACES: &str = "二三四五六七八九十";

/// What is said of the words of `task` to whoever writes its program, a sentence each; `has_list` says
/// whether it works on a list.
pub(super) fn conventions(task: &str, has_list: bool) -> String {
    let place = || has_list.then(|| index(task)).flatten();
    let all = [
        fibonacci(task),
        median(task),
        primes(task),
        vowels(task),
        range(task),
    ];
    let all = all.into_iter().chain([place()]).flatten();
    all.collect::<Vec<_>>().join(" ")
}

/// How the series begins, unless the task says it.
fn fibonacci(task: &str) -> Option<String> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bfibonacci\b|斐波那契"));
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:start\w*|begin\w*|zero\w*)\b|\bF\s?\(?[01]\)?|\b[01],\s?1\b|从|以|开[始头]|第0",
        )
    });
    let asks = ASKS.is_match(task) && !SAYS.is_match(task);
    asks.then(|| "The 1st and the 2nd Fibonacci number are 1.".to_owned())
}

fn median(task: &str) -> Option<String> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bmedian\b|中位数"));
    let asks = ASKS.is_match(task);
    asks.then(|| "statistics.median gives the median: import statistics inside.".to_owned())
}

fn primes(task: &str) -> Option<String> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\bprimes\b|\bprime\s+(?:numbers?|factors?)\b|\b(?:\d+(?:st|nd|rd|th)|first|next|previous|largest|smallest)\s+prime(?:\s*[?.,]|\s+(?:after|above|over|below|under|before|than)\b|$)
            |质数|素数",
        )
    });
    ASKS.is_match(task).then(|| "1 is no prime.".to_owned())
}

fn vowels(task: &str) -> Option<String> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bvowels?\b|元音"));
    let asks = ASKS.is_match(task);
    asks.then(|| "The vowels are a, e, i, o and u, also as capitals.".to_owned())
}

/// The range of whole numbers that a task goes through, with its end.
fn range(task: &str) -> Option<String> {
    static OF: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:numbers?|integers?|primes|multiples|squares|cubes|sum|count|divisible|even|odd|digits?)\b
            |[整质素偶奇倍][数]|的数|之和|整除",
        )
    });
    static FROM_TO: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:from|between)\s+(?P<a>\d{1,9})\s+(?:to|through|up\s+to|and)\s+(?P<b>\d{1,9})\b
            |(?P<c>\d{1,9})\s?[到至]\s?(?P<d>\d{1,9})",
        )
    });
    static UP_TO: LazyLock<Regex> =
        LazyLock::new(|| laid_out(r"(?i)\bup\s+to\s+(?P<a>\d{1,9})\b|(?P<b>\d{1,9})以内"));
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:exclu\w+|strictly|random\w*|a\.?m|p\.?m|o'clock|years?|pages?|hours?|minutes?|days?)\b|\d:\d|\d\s?[年月日点时页]|不含|不包括",
        )
    });
    if !OF.is_match(task) || OTHER.is_match(task) {
        return None;
    }
    let number = |found: &regex::Captures<'_>, names: [&str; 2]| -> Option<u64> {
        let found = names.iter().find_map(|name| found.name(name))?;
        found.as_str().parse().ok()
    };
    if let Some(found) = FROM_TO.captures(task) {
        let (first, last) = (number(&found, ["a", "c"])?, number(&found, ["b", "d"])?);
        let is_range = first < last;
        return is_range.then(|| format!("{first} to {last} is range({first}, {last} + 1)."));
    }
    let last = number(&UP_TO.captures(task)?, ["a", "b"])?;
    Some(format!("Up to {last} is range(1, {last} + 1)."))
}

/// The place in a list of what the task counts out.
fn index(task: &str) -> Option<String> {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?P<a>second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[2-9](?:nd|rd|th)|[1-9]\d(?:st|nd|rd|th))[\s-]+
            (?:(?:longest|shortest|largest|smallest|highest|lowest|greatest|biggest|most|least)\b|(?:words?|letters?|characters?|numbers?|items?|elements?|entry|lines?|names?)\b)
            |第(?P<b>[二三四五六七八九十]|[2-9]|[1-9]\d)(?:[个长短大小高低]|名)",
        )
    });
    let found = PLACE.captures(task)?;
    let said = found.name("a").or_else(|| found.name("b"))?.as_str();
    let digits: String = said.chars().take_while(char::is_ascii_digit).collect();
    let by_word = || {
        PLACES
            .iter()
            .position(|word| said.eq_ignore_ascii_case(word))
    };
    let by_sign = || HAN_PLACES.chars().position(|sign| said.starts_with(sign));
    let index = match digits.parse::<usize>() {
        Ok(place) => place - 1,
        Err(_) => by_word().or_else(by_sign)? + 1,
    };
    Some(format!(
        "In a list the first has index 0, and {said} is index {index}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_said_as_a_program_has_them() {
        let check = |task: &str, want: &str| assert_eq!(conventions(task, true), want, "{task}");
        check(
            "What is the 12th Fibonacci number?",
            "The 1st and the 2nd Fibonacci number are 1.",
        );
        check(
            "What is the median of 4, 9, 1, 12?",
            "statistics.median gives the median: import statistics inside.",
        );
        check(
            "How many primes are there up to 500?",
            "1 is no prime. Up to 500 is range(1, 500 + 1).",
        );
        check(
            "Add up the odd numbers from 3 to 41.",
            "3 to 41 is range(3, 41 + 1).",
        );
        check("3到41的奇数之和是多少？", "3 to 41 is range(3, 41 + 1).");
        check(
            "100以内有多少个质数？",
            "1 is no prime. Up to 100 is range(1, 100 + 1).",
        );
        check(
            "How many vowels has this?",
            "The vowels are a, e, i, o and u, also as capitals.",
        );
        check(
            "Which is the third longest word?",
            "In a list the first has index 0, and third is index 2.",
        );
        check(
            "Which is the 12th letter?",
            "In a list the first has index 0, and 12th is index 11.",
        );
        check(
            "第三长的词是哪个？",
            "In a list the first has index 0, and 三 is index 2.",
        );
    }

    #[test]
    fn other_words_are_no_such_words() {
        let check = |task: &str| assert_eq!(conventions(task, true), "", "{task}");
        check("With F(0) = 0, what is the 12th Fibonacci number?");
        check("斐波那契数列从0开始，第12项是多少？");
        check("Who was prime minister then? Who is the next prime minister?");
        check("The shop sells a number of sacks from 9 to 17 o'clock.");
        check("Read pages from 3 to 41 and count them.");
        check("A number of sacks, from 41 to 3");
        check("He rode from 3 to 41.");
        check("Which integers lie strictly between 3 and 41?");
        check("On the 5th of May the second mill opened.");
        check("");
        assert_eq!(conventions("Which is the third longest word?", false), "");
    }
}
