//! Splits a task into pieces: items of a list, sentences, and the parts of a sentence between
//! words such as "then". The first word of a piece says whether it is a part.

use std::ops::Range;

use crate::planner::facts::sentences;

/// First words of a part for which something has to be done.
pub(super) const DOES: &[&str] = &[
    "add",
    "book",
    "calculate",
    "check",
    "collect",
    "compare",
    "compute",
    "convert",
    "copy",
    "count",
    "create",
    "delete",
    "download",
    "draft",
    "enter",
    "extract",
    "fetch",
    "fill",
    "find",
    "forward",
    "get",
    "keep",
    "list",
    "look",
    "make",
    "memorise",
    "memorize",
    "multiply",
    "note",
    "open",
    "order",
    "post",
    "put",
    "read",
    "record",
    "remember",
    "remove",
    "rename",
    "reply",
    "run",
    "save",
    "search",
    "send",
    "sort",
    "store",
    "subtract",
    "sum",
    "total",
    "translate",
    "update",
    "use",
    "visit",
    "work",
    "write",
    "go to",
    "divide",
    "email",
    "schedule",
    "move",
    "查",
    "找",
    "算",
    "计算",
    "写",
    "发",
    "记",
    "读",
    "打开",
    "看",
    "列",
    "翻译",
    "比较",
    "保存",
    "搜索",
    "删除",
    "添加",
    "加上",
    "用",
    "数",
    "统计",
    "换算",
    "排",
];
/// First words of a part that an answer settles.
pub(super) const ANSWERS: &[&str] = &[
    "answer",
    "describe",
    "explain",
    "give",
    "name",
    "say",
    "show",
    "summarise",
    "summarize",
    "tell",
    "what",
    "when",
    "where",
    "which",
    "who",
    "how",
    "why",
    "回答",
    "告诉",
    "说",
    "总结",
    "概括",
    "解释",
    "是",
    "哪",
    "谁",
    "什么",
    "多少",
];
/// Words that may stand before the first one that counts.
const BEFORE: &[&str] = &[
    "please",
    "then",
    "first",
    "second",
    "third",
    "next",
    "finally",
    "lastly",
    "also",
    "and",
    "after that",
    "afterwards",
    "now",
    "can you",
    "could you",
    "i want you to",
    "let python",
    "with python",
    "请",
    "然后",
    "先",
    "再",
    "接着",
    "最后",
    "并",
    "并且",
    "同时",
    "帮我",
    "还要",
];
/// Words between the parts of one sentence.
const BETWEEN: &[&str] = &[
    ", and then ",
    " and then ",
    ", then ",
    "; then ",
    "; ",
    ", and ",
    " and ",
    "，然后",
    "，再",
    "，接着",
    "，最后",
    "，并",
    "；",
    "，",
    ", ",
];

/// The pieces of a task: the items of its list, or its sentences, split between words such as
/// "then".
pub(super) fn pieces(task: &str) -> Vec<String> {
    let items: Vec<&str> = task.lines().filter_map(item).collect();
    if items.len() > 1 {
        return items.into_iter().map(str::to_owned).collect();
    }
    let whole = task.lines().flat_map(sentences);
    whole.flat_map(|sentence| split(&sentence)).collect()
}

/// An item of a list, without its mark.
fn item(line: &str) -> Option<&str> {
    let line = line.trim();
    let bare = line.trim_start_matches(['-', '*', '•', '·']);
    if bare.len() < line.len() {
        return Some(bare.trim());
    }
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = line[digits..].strip_prefix(['.', ')', '、'])?;
    (1..=2).contains(&digits).then(|| rest.trim())
}

/// A sentence, split at the words between parts if a part begins after them.
fn split(sentence: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    'next: loop {
        for (at, length) in places(rest) {
            let after = &rest[at + length..];
            if is_part(&rest[..at]) && is_part(after) {
                pieces.push(rest[..at].to_owned());
                rest = after;
                continue 'next;
            }
        }
        pieces.push(rest.to_owned());
        return pieces;
    }
}

/// Where words stand between parts, with their lengths; outside of quotation marks.
fn places(text: &str) -> Vec<(usize, usize)> {
    let quoted = quotations(text);
    let mut places: Vec<(usize, usize)> = BETWEEN
        .iter()
        .flat_map(|word| text.match_indices(word).map(|(at, word)| (at, word.len())))
        .filter(|(at, _)| !quoted.iter().any(|range| range.contains(at)))
        .collect();
    // The longest of several that match in one place.
    places.sort_by_key(|(at, length)| (*at, usize::MAX - length));
    places.dedup_by_key(|(at, _)| *at);
    places
}

fn quotations(text: &str) -> Vec<Range<usize>> {
    let marks: Vec<usize> = text
        .match_indices(['"', '“', '”'])
        .map(|(at, _)| at)
        .collect();
    marks.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Whether something has to be done for a piece, or an answer settles it.
fn is_part(piece: &str) -> bool {
    let bare = bare(piece);
    begins(&bare, DOES) || begins(&bare, ANSWERS)
}

/// A piece in lower case, without the words before the first that counts.
pub(super) fn bare(piece: &str) -> String {
    let mut text = piece.trim().to_lowercase();
    'again: loop {
        for word in BEFORE {
            let rest = text.strip_prefix(word);
            let rest = rest.filter(|rest| !word.is_ascii() || rest.starts_with([' ', ',', ':']));
            if let Some(rest) = rest {
                text = rest.trim_start_matches([' ', ',', ':', '，']).to_owned();
                continue 'again;
            }
        }
        return text;
    }
}

pub(super) fn begins(text: &str, with: &[&str]) -> bool {
    with.iter().any(|word| {
        let rest = text.strip_prefix(word);
        rest.is_some_and(|rest| !word.is_ascii() || !rest.starts_with(char::is_alphanumeric))
    })
}
