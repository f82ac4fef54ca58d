//! How a program that answers a message is asked for, and words instead.
//!
//! Without worked examples: of 60 word problems (GSM8K, qwen2.5-coder-1.5b Q4_K_M, greedy)
//! one function with a commented variable for each quantity worked out 37, programs after
//! fifteen examples 28, after nine with a comment a sentence 32, and a bare program 34.

use std::sync::LazyLock;

use chrono::NaiveDate;
use quipu_cpu::{Message, Role};
use regex::Regex;

use super::conventions::conventions;
use super::material::given::Given;
use super::material::units::factors;
use super::mended::{mended, returns};
use crate::pattern::laid_out;

/// Who writes the program. Models are trained with a message of the system; this one says
/// nothing of its own.
const SYSTEM: &str = "You are a helpful assistant.";
/// What is asked for below the message.
const ASK: &str = "Write one Python function solution() that returns the answer. Give each quantity a variable with a comment.";
/// The same where dates or times of day are given: by itself a small model counts days and
/// minutes on its fingers, or forgets the import.
const ASK_OF_TIMES: &str = "Write one Python function solution() that returns the answer. Import what it needs inside, such as datetime for dates and times of day. Give each quantity a variable with a comment.";

/// Added where the data were found or stand in the task: a small model writes a program that opens a
/// file of them, or their page.
const AS_GIVEN: &str =
    "There is no file, no network and no input: write the data above into the function as values.";
/// Lines from which on a task has data in it.
const LINES_MIN: usize = 4;

/// Names of months and other words that go with a date.
const DATED: [&str; 16] = [
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "weekday",
    "date",
    "星期",
    "日期",
    "几号",
];

/// How words begin that speak of code.
const CODE: [&str; 18] = [
    "algorithm",
    "class",
    "code",
    "coding",
    "command",
    "example",
    "function",
    "implement",
    "loop",
    "method",
    "program",
    "python",
    "script",
    "snippet",
    "代码",
    "函数",
    "程序",
    "脚本",
];

/// The end of such a program: what calls the function and prints what it returns.
pub const CALLED: &str = "\n\nprint(solution())";
/// The end of one whose function prints and returns nothing.
const CALLED_TO_PRINT: &str = "\n\nsolution()";

/// Such a program of the function `code`. Where the function asks what day it is, it hears
/// `today`: no clock runs where a program does.
pub fn called_on(today: Option<NaiveDate>, code: &str) -> String {
    let asks = code.contains("today(") || code.contains("now(");
    let clock = today.filter(|_| asks).map_or_else(String::new, |today| {
        let day = today.format("%Y, %-m, %-d");
        format!(
            "import datetime as clock\n\
             class Date(clock.date): today = classmethod(lambda day: day({day}))\n\
             class Time(clock.datetime): now = today = classmethod(lambda time, *_: time({day}))\n\
             clock.date, clock.datetime = Date, Time\n\n"
        )
    });
    let code = mended(code);
    let called = match returns(&code) {
        true => CALLED,
        false => CALLED_TO_PRINT,
    };
    format!("{clock}{code}{called}")
}

/// Whether the program `code` is such a function with what calls it.
pub fn calls_solution(code: &str) -> bool {
    code.ends_with(CALLED) || code.ends_with(CALLED_TO_PRINT)
}

/// What is asked for to test an answer.
const ASK_TO_CHECK: &str = "Do not solve this. Write one Python function fits(answer) that returns True if answer can be right, and False if it breaks a condition of the task. Import what it needs inside.";

/// The messages that end with the request for a function that tests an answer to `told`.
pub fn checker_asked_for(told: &str) -> Vec<Message> {
    messages(format!("{}\n\n{ASK_TO_CHECK}", told.trim()))
}

/// The function `code` called on each of `candidates`; what fails tells nothing of that one.
pub fn called_on_each(code: &str, candidates: &[String]) -> String {
    // A number or a text in JSON is one in Python.
    let literal = |candidate: &String| match serde_json::from_str::<f64>(candidate) {
        Ok(_) => candidate.clone(),
        Err(_) => serde_json::Value::from(candidate.as_str()).to_string(),
    };
    let candidates: Vec<String> = candidates.iter().map(literal).collect();
    format!(
        "{code}\n\ndef fits_or_not(answer):\n    try:\n        return bool(fits(answer))\n    \
         except Exception:\n        return None\n\n\
         print([fits_or_not(answer) for answer in [{}]])",
        candidates.join(", ")
    )
}

/// The messages that end with the request for a program that answers `told`.
pub fn asked_for(told: &str) -> Vec<Message> {
    asked_for_after(&[], "", told, &Given::default())
}

/// The same after `learnt` tasks, each with the function that worked it out, and below what was
/// `found` for it, of which the program has what is `given` as a value.
pub fn asked_for_after(
    learnt: &[(String, String)],
    found: &str,
    told: &str,
    given: &Given,
) -> Vec<Message> {
    let say = |role, text| Message::new(role, text);
    let mut messages = vec![say(Role::System, SYSTEM.to_owned())];
    for (task, function) in learnt {
        messages.push(say(Role::User, request("", task, &Given::default())));
        messages.push(say(Role::Assistant, function.clone()));
    }
    messages.push(say(Role::User, request(found, told, given)));
    messages
}

/// The request for a program that answers `told` from what was `found`, in words. Where both mix units
/// of one kind, it says the factors between them.
fn request(found: &str, told: &str, given: &Given) -> String {
    let ask = match gives_a_time(told) {
        true => ASK_OF_TIMES,
        false => ASK,
    };
    let mut asked = match found.is_empty() {
        true => String::new(),
        false => format!("{found}\n\n"),
    };
    asked.push_str(told.trim());
    asked.push_str("\n\n");
    let factors = factors(found, told);
    if !factors.is_empty() {
        asked.push_str(&format!("{factors}\n"));
    }
    let has_list = given.said().is_some() || has_data(told);
    let conventions = conventions(told, has_list);
    if !conventions.is_empty() {
        asked.push_str(&format!("{conventions}\n"));
    }
    asked.push_str(ask);
    if let Some(said) = given.said() {
        asked.push_str(&format!(" {said}"));
    } else if !found.is_empty() || has_data(told) || told.contains("://") {
        asked.push_str(&format!(" {AS_GIVEN}"));
    }
    asked
}

/// Whether data stand in `told`: as lines, as a list behind a colon, or as a quoted text.
pub(super) fn has_data(told: &str) -> bool {
    static LISTED: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r#"(?::\s|：)\s*(?:[^\s,;、，；]+[\s,;、，；]+){3,}[^\s,;、，；]+
            |"[^"\n]{8,}"|“[^”\n]{4,}”|「[^」\n]{4,}」"#,
        )
    });
    let lines = told.lines().filter(|line| !line.trim().is_empty());
    lines.count() >= LINES_MIN || LISTED.is_match(told)
}

/// The messages that end with `told`, to be worked out in words.
pub fn asked_in_words(told: &str) -> Vec<Message> {
    messages(told.trim().to_owned())
}

fn messages(asked: String) -> Vec<Message> {
    let say = |role, text| Message::new(role, text);
    vec![say(Role::System, SYSTEM.to_owned()), say(Role::User, asked)]
}

/// Whether `text` speaks of code: then a program may be what its writer wants to see.
pub fn asks_for_code(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| CODE.iter().any(|code| word.starts_with(code)))
        || CODE
            .iter()
            .any(|code| !code.is_ascii() && text.contains(code))
}

/// Whether a date or a time of day stands in `text`: the name of a month beside a number,
/// `14:35`, `3月14日`.
fn gives_a_time(text: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    let named = words.any(|word| DATED.contains(&word));
    let chars: Vec<char> = text.chars().collect();
    let digit =
        |at: Option<usize>| at.is_some_and(|at| chars.get(at).is_some_and(char::is_ascii_digit));
    let marked = chars.iter().enumerate().any(|(at, mark)| {
        let before = digit(at.checked_sub(1));
        match mark {
            ':' | '：' => before && digit(Some(at + 1)) && digit(Some(at + 2)),
            '月' => before && digit(Some(at + 1)),
            // 2026-02-03
            '-' => before && at >= 4 && chars[at - 4..at].iter().all(char::is_ascii_digit),
            _ => false,
        }
    });
    named
        || marked
        || DATED
            .iter()
            .any(|dated| !dated.is_ascii() && text.contains(dated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_of_code_may_want_to_see_it() {
        let check = |text: &str, want: bool| assert_eq!(asks_for_code(text), want, "{text}");
        check("Write a Python function that reverses a list.", true);
        check("Show me code for that", true);
        check("写一个程序，输出九九乘法表", true);
        check("Which weekday was the first of May 1886?", false);
        check("Decode this: uryyb", false);
        check("", false);
    }

    #[test]
    fn data_in_a_task_are_no_file() {
        let check = |told: &str, want: bool| {
            let asked = asked_for(told);
            let last = asked.last().map_or("", |message| message.text.as_str());
            assert_eq!(last.contains(AS_GIVEN), want, "{told}");
        };
        check("Add up the weights.\n\ncrate,kg\na,4\nb,7", true);
        check(
            "Ann has 4 crates.\nBen has 7.\n\nHow many have they?",
            false,
        );
        check("How many crates are 4 and 7?", false);
        check("Which of these comes last by name: oak elm ash fir", true);
        check("把这些词按长度排序：松树、榆树、白蜡树、冷杉", true);
        check("How many vowels has \"a mild evening\"?", true);
        check("Open from 9:40 to 18:05?", false);
        let asked = asked_for_after(
            &[],
            "Hall A has 40 seats.",
            "How many rows of 8 is that?",
            &Given::default(),
        );
        let last = asked.last().map_or("", |message| message.text.as_str());
        assert!(last.starts_with("Hall A has 40 seats.\n\nHow many") && last.contains(AS_GIVEN));
    }

    #[test]
    fn a_program_is_told_the_factor_between_two_units() {
        let check = |found: &str, told: &str, want: &str| {
            let asked = asked_for_after(&[], found, told, &Given::default());
            let last = asked.last().map_or("", |message| message.text.as_str());
            assert!(
                last.contains(&format!("{told}\n\n{want}Write one")),
                "{last}"
            );
        };
        let cans = "How many cups of 250 ml does a can fill?";
        check("A can holds 3 liters.", cans, "1 liter = 1000 ml.\n");
        check("A can holds 3000 ml.", cans, "");
        check("", "How many cans are 4 and 7?", "");
    }

    #[test]
    fn a_program_that_asks_for_the_day_hears_it() {
        let day = NaiveDate::from_ymd_opt(2026, 2, 3);
        let plain = "def solution():\n    return 4\n\nprint(solution())";
        assert_eq!(called_on(day, "def solution():\n    return 4"), plain);
        let asks = "def solution():\n    from datetime import date\n    return date.today()";
        assert!(called_on(day, asks).contains("day(2026, 2, 3)"));
        assert_eq!(called_on(None, asks), format!("{asks}{CALLED}"));
    }

    #[test]
    fn what_a_function_prints_is_its_result() {
        let check = |body: &str, want: &str| {
            let code = called_on(None, &format!("def solution():\n{body}"));
            assert!(code.ends_with(&format!("\n{body}\n\n{want}")), "{code}");
            assert!(calls_solution(&code), "{code}");
        };
        check("    print(4)", "solution()");
        check("    # return 4\n    print(4)", "solution()");
        check("    if True:\n        return 4", "print(solution())");
        check("    print(4)\n    return 4", "print(solution())");
        assert!(!calls_solution("print(4)"));
    }

    #[test]
    fn dates_and_times_are_seen() {
        let check = |text: &str, want: bool| assert_eq!(gives_a_time(text), want, "{text}");
        check("Open from 9:40 to 18:05?", true);
        check("45 days after 20 November 2023", true);
        check("Which weekday is it?", true);
        check("从2024年3月3日到5月17日有多少天？", true);
        check("今天星期几？", true);
        check("Today is Tuesday, 2026-02-03.", true);
        check("Mix paint 3:1. How much is that?", false);
        check("Rooms 12-15 are free.", false);
        check("A date palm bears 40 kg.", true);
        check("He may march 12 miles.", true);
        check("How many weeks are 45 days?", false);
        check("每月存150元，8个月存多少？", false);
        check("", false);
    }
}
