//! The sources that a task names: a page, by its address, and the documents and notes of its user. A
//! small model looks into one of them and makes up what the other says. Told by where the words
//! stand: documents that are named beside an address stand at it, and into some only something is to
//! be written.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::answer_form::asks_for_a_fact;
use super::questions::questions;
use super::wording::{
    asks_for_a_total, documents_named, has_a_word_for_keeping, is_about_its_words,
    without_addresses,
};
use crate::pattern::{laid_out, pattern};
use crate::written::numbers::any_word;

/// Words between documents and an address up to which the documents stand at that address.
const WORDS_BETWEEN_MAX: usize = 3;

/// Whether `task` gives an address, and names documents of its user that stand elsewhere: both are to
/// be read.
pub(crate) fn names_page_and_documents(task: &str) -> bool {
    let only_keeps =
        || has_a_word_for_keeping(task) && !asks_for_a_fact(task) && !asks_for_a_total(task);
    let addresses = addresses(task);
    if addresses.is_empty() || is_about_its_words(task) || only_keeps() {
        return false;
    }
    let mut papers = documents_named(task);
    papers.extend(OWN_PAPERS.find_iter(task).map(|found| found.range()));
    papers.iter().any(|papers| {
        let is_there = |address: &Range<usize>| stands_at(task, papers, address);
        !is_written_to(&task[..papers.end]) && !addresses.iter().any(is_there)
    })
}

/// Whether `task` asks for an amount that other numbers may come to: for a total, or in its only
/// question for what something costs, or how many there are.
pub(crate) fn asks_for_an_amount(task: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\bhow\s+(?:much|many)\b|\b(?:costs?|pay|multiply|subtract|divide)\b|多少|几[个位间天袋箱张块元]|乘",
        )
    });
    static COMPARES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(r"(?i)\b(?:same|agrees?|differs?|either|whether)\b|一样|相同|一致|是否")
    });
    let words = without_addresses(task);
    let asks = || ASKS.is_match(&words) && questions(task).is_empty();
    !COMPARES.is_match(&words) && (asks_for_a_total(task) || asks())
}

/// Whether `task` asks for an amount and says how many things it is of, which `found` does not: "what do
/// four visits cost?" What stands there is the amount of one of them.
pub(crate) fn asks_for_so_many(task: &str, found: &str) -> bool {
    static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
        let words = any_word();
        laid_out(&format!(
            r"(?i)\b(?:{words}|[2-9]|[1-9]\d{{1,2}})\s+\p{{Latin}}{{3,}}s\b
            |(?:[两三四五六七八九十]|[2-9]|[1-9]\d{{1,2}})\s?[个张位人次份件杯盒瓶本袋斤箱]"
        ))
    });
    static TIMES: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|stars?|o['’]clock)$")
    });
    let (words, found) = (without_addresses(task), found.to_lowercase());
    let mut counted = COUNTED.find_iter(&words).map(|counted| counted.as_str());
    let is_new =
        |counted: &str| !TIMES.is_match(counted) && !found.contains(&counted.to_lowercase());
    asks_for_an_amount(task) && counted.any(is_new)
}

/// Whether `task` speaks of what belongs to its user: no page of others says that.
pub(crate) fn speaks_of_ones_own(task: &str) -> bool {
    static OWN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:my|mine|our|ours)\b|我的|我家|我们|咱"));
    OWN.is_match(&without_addresses(task))
}

/// Documents of the user by their names alone: "what do my notes say", 我的名单.
static OWN_PAPERS: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"(?i)\b(?:my|our)\s+(?:\w+\s+)?(?:notes?|lists?|documents?|docs|files?|records?|papers?|memory|memories
        |diary|diaries|logs?|rules|handbooks?|manuals?|registers?|contracts?)\b
        |(?:我|我们|咱们?)的?(?:名单|清单|单子|列表|日记|笔记|记录|资料|文件|文档|手册|档案)",
    )
});

/// The addresses in `task`, without the marks of a sentence behind them.
fn addresses(task: &str) -> Vec<Range<usize>> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)https?://[!-~]+"));
    let found = ADDRESS.find_iter(task).map(|found| {
        let bare = found
            .as_str()
            .trim_end_matches(|c: char| ".,;:!?)]'\"".contains(c));
        found.start()..found.start() + bare.len()
    });
    found.collect()
}

/// Whether the `papers` that `task` names stand at `address`: few words are between both, and none
/// that joins one thing to another. A sentence ends between them only where the address ends the task:
/// "What is the fee by the handbook?", and then the address.
fn stands_at(task: &str, papers: &Range<usize>, address: &Range<usize>) -> bool {
    static JOINS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:and|plus|with|then|but|or|times)\b|[&+×和与跟及加再或并]|然后|还有|以及",
        )
    });
    static ENDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[.?!;](?:\s|$)|[。？！；，\n]"));
    let between = match address.start >= papers.end {
        true => &task[papers.end..address.start],
        false if address.end <= papers.start => &task[address.end..papers.start],
        false => return true,
    };
    let is_last = !task[address.end..].contains(char::is_alphanumeric);
    let is_own = speaks_of_ones_own(&task[papers.clone()]);
    let ends = ENDS.is_match(between) && (is_own || !is_last);
    let words = between.unicode_words().count();
    words <= WORDS_BETWEEN_MAX && !ends && !JOINS.is_match(between)
}

/// Whether `before`, which ends with the name of documents, says that something goes there: "add it to
/// my notes", 记到我的笔记里.
fn is_written_to(before: &str) -> bool {
    static INTO: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)(?P<by>\b(?:according|compared|thanks)\s+)?\b(?:in)?to\s+(?:the|my|our|your|these|those)\s+(?:\w+\s+){0,2}\w+$
            |[记写存加放录添]\p{Han}{0,4}?[到进入](?:我|我们|咱们?)?的?\p{Han}{2,4}$",
        )
    });
    let found = INTO.captures(before);
    found.is_some_and(|found| found.name("by").is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `says` holds of the texts in `yes`, and of none in `no`.
    #[track_caller]
    fn check(says: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        let all = yes.iter().map(|text| (text, true));
        for (text, want) in all.chain(no.iter().map(|text| (text, false))) {
            assert_eq!(says(text), want, "{text}");
        }
    }

    #[test]
    fn so_many_are_more_than_the_one_that_stands_there() {
        let check = |task: &str, want: bool| {
            let found = "Moorings: one night 12.50. A berth for 6 boats: 60. 一张票35元。";
            assert_eq!(asks_for_so_many(task, found), want, "{task}");
        };
        check("What do I pay for four nights at the mooring?", true);
        check("How much do 3 nights cost, by http://127.0.0.1/9?", true);
        check("买4张票多少钱？", true);
        check("What does the berth for 6 boats cost?", false);
        check("What does a night cost?", false);
        check("Which berth has room for three boats?", false);
        check("What did it cost two years ago?", false);
        check("", false);
    }

    #[test]
    fn page_and_documents_are_both_named() {
        check(
            names_page_and_documents,
            &[
                "Take the price of a sack from http://127.0.0.1/mill and the number of sacks from my notes. What do they cost?",
                "By my notes, how many sacks do we need, and what do they cost by http://127.0.0.1/mill?",
                "See http://127.0.0.1/mill. In my notes is how many sacks we need. What do we pay?",
                "What do all sacks in our list cost at the price that http://127.0.0.1/mill gives?",
                "How many sacks are free according to my notes and http://127.0.0.1/mill?",
                "I told you how many we are. What do we pay by http://127.0.0.1/mill?",
                "Multiply the price on http://127.0.0.1/mill by the sacks that my notes give.",
                "打开http://127.0.0.1/mill看看一袋多少钱，再看我的笔记里要几袋，一共多少钱？",
                "笔记里有几个人？按 http://127.0.0.1/mill 的票价，一共多少钱？",
                "我们的名单上的人去磨坊，票价见 http://127.0.0.1/mill ，一共多少钱？",
            ],
            &[
                // One of them only.
                "What does a sack cost, by http://127.0.0.1/mill?",
                "How many sacks do we need, by my notes?",
                "把我的笔记里的袋数加起来",
                // The documents stand at the address.
                "What does a sack cost, by the price list at http://127.0.0.1/mill?",
                "In the handbook (http://127.0.0.1/mill), how long is a shift?",
                "How long is a shift in the handbook? http://127.0.0.1/mill",
                "What do I read in my file on http://127.0.0.1/mill about rye?",
                "看一下文件 http://127.0.0.1/mill ，一班几小时？",
                // Something is only to be written there.
                "Read http://127.0.0.1/mill and add what a sack of rye costs to my notes.",
                "Read http://127.0.0.1/mill and keep the price in my notes.",
                "打开 http://127.0.0.1/mill ，把一袋多少钱记到我的笔记里",
                // Its words are to be worked on.
                "Translate this: by my notes, nine sacks; see also http://127.0.0.1/mill for more.",
                "",
            ],
        );
    }

    #[test]
    fn an_amount_is_asked_for() {
        check(
            asks_for_an_amount,
            &[
                "How much is that for all of us?",
                "What do they cost?",
                "Multiply one by the other.",
                "Give me the total price.",
                "一共多少钱？",
                "要几袋？",
            ],
            &[
                "Who runs the mill?",
                "Does the mill cost the same as by my notes?",
                "What does a sack cost, and how many do we need?",
                "What stands at http://127.0.0.1/how-much?",
                "票价和笔记里的是否一样？多少钱？",
                "",
            ],
        );
    }

    #[test]
    fn what_belongs_to_the_user_is_told() {
        check(
            speaks_of_ones_own,
            &["What does our group pay?", "我们班去要多少钱？"],
            &[
                "What does a group pay?",
                "告诉我票价",
                "See http://127.0.0.1/my/way.",
                "",
            ],
        );
    }
}
