//! The lines of a text, and the lists among them: what stands below a heading such as "Remember the
//! duty list:". Lines that say nothing without the others, or without their heading, stay together.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::beside::clauses;
use super::wording::after_request_to_keep;
use crate::pattern::{HAN, laid_out, pattern};

/// Characters of one fact, and of one list.
pub(super) const FACT_CHARS_MAX: usize = 1_000;
/// A piece with fewer letters than this says nothing by itself.
pub(super) const LETTERS_MIN: usize = 4;
/// Lines from which on they are a list.
const LINES_MIN: usize = 2;
/// A line of fewer words needs the others beside it; in Chinese each character is a word.
const WORDS_MIN: usize = 3;
const HAN_WORDS_MIN: usize = 5;

/// A part of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Block<'a> {
    Line(&'a str),
    /// A line of a list that is to be kept: it asks for nothing, however it is put.
    Item(&'a str),
    /// A list with what its heading says, in as many texts as it needs.
    List(Vec<String>),
}

/// The parts of `text` in their order, without headings that only ask to keep a list.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(&line) = lines.get(at) {
        at += 1;
        let (before, head) = head(line);
        let list = list(&lines[at..]);
        let Some(head) = head.filter(|_| !list.is_empty()) else {
            blocks.push(Block::Line(line));
            continue;
        };
        at += lines[at..].iter().take_while(|line| is_blank(line)).count() + list.len();
        blocks.push(Block::Line(before));
        let topic = topic(head);
        if !topic.is_empty() || list.iter().any(|line| says_little(item(line))) {
            blocks.push(Block::List(in_one(topic, &list)));
        } else if asks_to_keep_a_list(head) {
            blocks.extend(list.into_iter().map(Block::Item));
        } else {
            blocks.extend(list.into_iter().map(Block::Line));
        }
    }
    blocks
}

/// Whether `line` is a heading that asks to keep what stands below it.
pub(super) fn asks_to_keep_a_list(line: &str) -> bool {
    let Some(head) = head(line).1 else {
        return false;
    };
    after_request_to_keep(head).len() < head.len() || ASKS.is_match(head)
}

/// A line without the list mark that begins it.
pub(super) fn item(line: &str) -> &str {
    let line = line.trim();
    // "-5 degrees" and "7.5 kg" begin with no mark.
    let dash = line
        .strip_prefix(['-', '*', '–'])
        .filter(|rest| rest.starts_with(char::is_whitespace));
    let dot = || line.strip_prefix(['•', '·']);
    let bare = dash.or_else(dot).unwrap_or(line).trim_start();
    let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = bare[digits..]
        .strip_prefix(['.', ')', '、'])
        .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    match rest {
        Some(rest) if (1..=2).contains(&digits) => rest.trim_start(),
        _ => bare,
    }
}

pub(super) fn is_heading(piece: &str) -> bool {
    piece.trim_end().ends_with([':', '：'])
}

/// How much `piece` says, in letters.
pub(super) fn letters(piece: &str) -> usize {
    // An ideograph says as much as several letters.
    let weight = |c: char| match c {
        '\u{2E80}'.. => 2,
        c if c.is_alphanumeric() => 1,
        _ => 0,
    };
    piece.chars().map(weight).sum()
}

/// Requests to keep with which a heading begins.
static ASKS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)^\W*(?:(?:please|hey|ok|okay|also|and|(?:can|could|would|will)\s+you)[\s,]+)*
        (?:remember|memori[sz]e|keep\s+in\s+mind|(?:write|note)\s+down|(?:make|take)\s+(?:a\s+)?note\s+of|(?:save|store|keep|record)\s+(?:this|these|the\s+following)|do\s+not\s+forget|don['’]?t\s+forget)\b\s*
        |^\W*(?:请|麻烦你?|帮我|帮忙|你)*(?:记住|记下来?|记一下|记着|牢记|别忘了?|保存|备注)(?:一下)?",
    )
});

/// What stands before the heading at the end of `line`, and the heading.
fn head(line: &str) -> (&str, Option<&str>) {
    static ENDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[.!?]\s+|[。！？]"));
    if !is_heading(line) {
        return (line, None);
    }
    let begins = ENDS.find_iter(line).last().map_or(0, |found| found.end());
    match letters(&line[..begins]) < LETTERS_MIN {
        true => ("", Some(item(line))),
        false => (&line[..begins], Some(line[begins..].trim())),
    }
}

/// The lines of the list with which `lines` begin, perhaps behind a blank one; none where these are
/// too few.
fn list<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let blank = lines.iter().take_while(|line| is_blank(line)).count();
    let lines = &lines[blank..];
    let is_marked = |line: &str| item(line).len() < line.trim().len();
    let marked = lines.first().is_some_and(|line| is_marked(line));
    let belongs = |line: &&&str| match marked {
        _ if is_blank(line) => false,
        true => is_marked(line) || line.starts_with(char::is_whitespace),
        // A sentence below the list goes on with something else.
        false => {
            !clauses(line).iter().any(|clause| clause.asks)
                && after_request_to_keep(line).len() == line.len()
        }
    };
    let list: Vec<&str> = lines.iter().take_while(belongs).copied().collect();
    match list.len() >= LINES_MIN && blank <= 1 {
        true => list,
        false => Vec::new(),
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// What the heading `head` says beside its request to keep something: "the duty list".
fn topic(head: &str) -> &str {
    static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:these|this|those|the|following|things?|facts?|points?|items?|details?|lists?|notes?|all|of|few|some|below|that|it
            |please|for|me|later|one|two|three|four|five|six|seven|eight|nine|ten|\d+)\b
            |下面|以下|如下|下列|这|些|几|[一二两三四五六七八九十]|件|点|条|个|事|情|内容|列表|的",
        )
    });
    let rest = after_request_to_keep(head);
    let rest = match rest.len() < head.len() {
        true => rest,
        false => &head[ASKS.find(head).map_or(0, |found| found.end())..],
    };
    let rest = rest.trim().trim_end_matches([':', '：']).trim_end();
    match letters(&NOTHING.replace_all(rest, "")) {
        0 => "",
        _ => rest,
    }
}

/// Whether `line` says little without the lines beside it.
fn says_little(line: &str) -> bool {
    let least = match line.contains(|c: char| HAN.contains(&c)) {
        true => HAN_WORDS_MIN,
        false => WORDS_MIN,
    };
    line.unicode_words().count() < least
}

/// The lines of `list` below their `topic`, in as many texts as their length needs.
fn in_one(topic: &str, list: &[&str]) -> Vec<String> {
    let head = match topic.contains(|c: char| HAN.contains(&c)) {
        _ if topic.is_empty() => String::new(),
        true => format!("{topic}：\n"),
        false => format!("{topic}:\n"),
    };
    let mut lists: Vec<String> = Vec::new();
    for line in list.iter().map(|line| item(line)) {
        let fits =
            |list: &&mut String| list.chars().count() + line.chars().count() < FACT_CHARS_MAX;
        match lists.last_mut().filter(fits) {
            Some(last) => last.extend(["\n", line]),
            None => lists.push(format!("{head}{line}")),
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_stays_together_where_its_lines_need_each_other() {
        let check = |text: &str, want: &[&str]| {
            let shown = blocks(text).into_iter().map(|block| match block {
                Block::Line(line) => line.trim().to_owned(),
                Block::Item(line) => format!("> {}", line.trim()),
                Block::List(lists) => format!("<{}>", lists.join("><")),
            });
            let shown: Vec<String> = shown.filter(|line| !line.is_empty()).collect();
            assert_eq!(shown, want, "{text}");
        };
        check(
            "Remember the duty list:\n- Monday: Ann\n- Tuesday: Bo",
            &["<the duty list:\nMonday: Ann\nTuesday: Bo>"],
        );
        check(
            "remember:\nmilk\neggs\n\nWhat else",
            &["<milk\neggs>", "What else"],
        );
        check(
            "请记住值班表：\n周一：安娜\n周二：李明",
            &["<值班表：\n周一：安娜\n周二：李明>"],
        );
        check(
            "I moved. My passwords:\n\n1. house 1234\n2. boat 5678\nWhere is it?",
            &[
                "I moved.",
                "<My passwords:\nhouse 1234\nboat 5678>",
                "Where is it?",
            ],
        );
        check(
            "Remember the crew:\nAnn\nBo\nTell me who is on duty.",
            &["<the crew:\nAnn\nBo>", "Tell me who is on duty."],
        );
        check(
            "Please remember:\n- show me the flat on Monday\n- the key is under the mat",
            &[
                "> - show me the flat on Monday",
                "> - the key is under the mat",
            ],
        );
        check("Save this list:\nmilk\neggs", &["<milk\neggs>"]);
        check(
            "Save the date:\nmilk\neggs",
            &["<Save the date:\nmilk\neggs>"],
        );
        // No list: one line, or no heading.
        check("Remember:\nmilk", &["Remember:", "milk"]);
        check("milk\neggs", &["milk", "eggs"]);
        check("", &[]);
    }

    #[test]
    fn a_long_list_is_parted_between_lines() {
        let lines: Vec<String> = (0..200).map(|n| format!("- hook {n}: Ida")).collect();
        let text = format!("Remember the hooks:\n{}", lines.join("\n"));
        let blocks = blocks(&text);
        let Some(Block::List(lists)) = blocks.last() else {
            panic!("{blocks:?}");
        };
        assert!(lists.len() > 1);
        for list in lists {
            assert!(list.starts_with("the hooks:\nhook "), "{list}");
            assert!(list.chars().count() <= FACT_CHARS_MAX, "{list}");
        }
        let hooks = lists
            .iter()
            .flat_map(|list| list.lines())
            .filter(|line| line.starts_with("hook "));
        assert_eq!(hooks.count(), 200);
    }

    #[test]
    fn a_mark_of_a_list_is_no_part_of_its_line() {
        let check = |line: &str, want: &str| assert_eq!(item(line), want, "{line}");
        check("- milk", "milk");
        check("  * milk", "milk");
        check("•milk", "milk");
        check("2. milk", "milk");
        check("3、车位", "车位");
        check("1.车位", "车位");
        check("-5 degrees at night", "-5 degrees at night");
        check("7.5 kg of flour", "7.5 kg of flour");
        check("10.30 train", "10.30 train");
        check("*bold*", "*bold*");
        check("1999. A year", "1999. A year");
        check("", "");
    }
}
