//! The parts of a task: what is to be done, in the words of its user, and what of it is done.
//!
//! They follow from the task and the steps alone, without a model and without a token: whoever
//! has the journal has them too. A task of one part has no list, and pays nothing.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calls::{FIND, RECALL, REMEMBER, SEARCH};
use crate::journal::StepRow;
use crate::planner::facts::sentences;

/// Parts that are told apart; what is beyond stays in the last.
const PARTS_MAX: usize = 8;
/// Characters of a part that are shown.
const PART_CHARS: usize = 120;
/// Characters of what went wrong.
const WHY_CHARS: usize = 80;
/// Letters from which on a word says what it is about.
const WORD_CHARS_MIN: usize = 4;
/// Letters by which words are compared: `calculate` and `calculation` are one.
const STEM_CHARS: usize = 5;

/// How a part begins that something has to be done for.
const DOES: &[&str] = &[
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
/// How a part begins that an answer does.
const ANSWERS: &[&str] = &[
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
/// Words before the first that counts.
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
/// What stands between parts of one sentence.
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
];

/// What has become of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// Nothing yet.
    Open,
    /// It was tried and failed; it is still to be done, by other means.
    Failed {
        /// The step.
        step: u32,
        /// What went wrong.
        why: String,
    },
    /// It was done in this step.
    Done {
        /// The step.
        step: u32,
    },
}

/// A part of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What is to be done, in the words of the task.
    pub text: String,
    /// What has become of it.
    #[serde(flatten)]
    pub state: PartState,
    /// Whether an answer does it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_answer: bool,
}

impl Part {
    /// Whether it is still to be done.
    pub fn is_left(&self) -> bool {
        !matches!(self.state, PartState::Done { .. })
    }

    /// On one line: whether it is done, and what went wrong.
    pub fn line(&self) -> String {
        match &self.state {
            PartState::Open => format!("[ ] {}", self.text),
            PartState::Failed { why, .. } => format!("[!] {} ({why})", self.text),
            PartState::Done { step } => format!("[x] {} (step {step})", self.text),
        }
    }
}

/// The parts of a task, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// The parts of `task`; `None` where something has to be done for fewer than two.
    ///
    /// ```
    /// use quipu_kernel::planner::parts::Parts;
    ///
    /// let parts = Parts::of("Read http://a.test/wool, and remember the price. What is it?");
    /// let lines: Vec<String> = parts.iter().flat_map(|parts| parts.lines()).collect();
    /// assert_eq!(lines[1], "[ ] remember the price");
    /// assert_eq!(Parts::of("Read http://a.test/wool. What does it cost?"), None);
    /// ```
    pub fn of(task: &str) -> Option<Self> {
        let mut parts: Vec<Part> = pieces(task).into_iter().filter_map(part).collect();
        if parts.iter().filter(|part| !part.by_answer).count() < 2 {
            return None;
        }
        if parts.len() > PARTS_MAX {
            let rest = parts.split_off(PARTS_MAX);
            if let Some(last) = parts.last_mut() {
                last.text = cut(
                    &format!("{} (and {} more)", last.text, rest.len()),
                    PART_CHARS,
                );
            }
        }
        Some(Self(parts))
    }

    /// The parts of `task` after `steps`.
    pub fn after(task: &str, steps: &[StepRow]) -> Option<Self> {
        let mut parts = Self::of(task)?;
        for step in steps {
            if let Some(outcome) = &step.outcome {
                parts.saw(step.n, &step.action, outcome.ok, &outcome.text);
            }
        }
        Some(parts)
    }

    /// Takes in what came of step `n`; the part that this changes.
    pub fn saw(&mut self, n: u32, action: &Value, ok: bool, result: &str) -> Option<usize> {
        if action.get("answer").is_some() {
            for part in self
                .0
                .iter_mut()
                .filter(|part| part.by_answer && part.is_left())
            {
                part.state = PartState::Done { step: n };
            }
            return None;
        }
        let tool = action["tool"]
            .as_str()
            .filter(|tool| ![FIND, RECALL].contains(tool))?;
        let at = self.meant(tool, action, result)?;
        let part = &mut self.0[at];
        let state = match ok {
            true if needs(&part.text, action) => PartState::Done { step: n },
            // Another address of the same part.
            true => return None,
            false => PartState::Failed {
                step: n,
                why: cut(result, WHY_CHARS),
            },
        };
        part.state = state;
        Some(at)
    }

    /// The part that a call is for: the one that is left whose words it has, else the first that
    /// is left.
    fn meant(&self, tool: &str, action: &Value, result: &str) -> Option<usize> {
        let did = words(&format!("{tool} {} {}", action["args"], cut(result, 400)));
        let fits = |part: &Part| {
            let own = words(&part.text);
            let shared = own.iter().filter(|word| did.contains(word)).count();
            2 * shared + usize::from(does(tool, &part.text)) * 3
        };
        let left = || {
            self.0
                .iter()
                .enumerate()
                .filter(|(_, part)| part.is_left() && !part.by_answer)
        };
        // The first of equals.
        let best = left().rev().max_by_key(|(_, part)| fits(part))?;
        match fits(best.1) {
            0 => left().next().map(|(at, _)| at),
            _ => Some(best.0),
        }
    }

    /// Each part on a line.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(Part::line)
    }

    /// All of them.
    pub fn all(&self) -> &[Part] {
        &self.0
    }

    /// What is still to be done, beside what an answer does.
    pub fn left(&self) -> Vec<String> {
        let left = self
            .0
            .iter()
            .filter(|part| part.is_left() && !part.by_answer);
        left.map(|part| part.text.clone()).collect()
    }
}

/// The pieces of a task: the items of its list, or its sentences and what stands in one between
/// words such as "then".
fn pieces(task: &str) -> Vec<String> {
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

/// A sentence at the words that stand between parts, where a part begins after them.
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
    // The longest of those in one place.
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

/// Whether something has to be done for a piece, or an answer does it.
fn is_part(piece: &str) -> bool {
    let bare = bare(piece);
    begins(&bare, DOES) || begins(&bare, ANSWERS)
}

fn part(piece: String) -> Option<Part> {
    let told = bare(&piece);
    let by_answer = !begins(&told, DOES);
    (begins(&told, DOES) || begins(&told, ANSWERS)).then(|| Part {
        text: cut(
            piece.trim().trim_end_matches(['.', '。', '；', ';', ',']),
            PART_CHARS,
        ),
        state: PartState::Open,
        by_answer,
    })
}

/// A piece in lower case, without the words before the first that counts.
fn bare(piece: &str) -> String {
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

fn begins(text: &str, with: &[&str]) -> bool {
    with.iter().any(|word| {
        let rest = text.strip_prefix(word);
        rest.is_some_and(|rest| !word.is_ascii() || !rest.starts_with(char::is_alphanumeric))
    })
}

/// Whether `tool` is what a part asks for by its verb.
fn does(tool: &str, part: &str) -> bool {
    let told = bare(part);
    let asks = |words: &[&str]| begins(&told, words);
    match tool {
        REMEMBER => asks(&[
            "remember", "memorise", "memorize", "keep", "note", "save", "store", "record", "记",
            "保存",
        ]),
        SEARCH => asks(&["search", "look", "find", "check", "查", "找", "搜索"]),
        tool if tool.ends_with(".fetch") => {
            asks(&["open", "read", "visit", "fetch", "go to", "打开", "读"])
        }
        tool if tool.ends_with(".calculate") || tool.ends_with(".run") => asks(&[
            "add",
            "calculate",
            "compute",
            "convert",
            "count",
            "divide",
            "multiply",
            "sum",
            "subtract",
            "total",
            "work",
            "算",
            "计算",
            "统计",
            "换算",
            "数",
        ]),
        _ => false,
    }
}

/// Whether a call that worked does all of a part: each address in it was opened by this call.
/// With several addresses in one part it is the last that ends it.
fn needs(part: &str, action: &Value) -> bool {
    let addresses = part.split_whitespace().filter(|word| word.contains("://"));
    let args = action["args"].to_string();
    let last = addresses
        .last()
        .map(|word| word.trim_end_matches([',', '.', ';', ')']));
    last.is_none_or(|address| args.contains(address) || !args.contains("://"))
}

/// The words of a text by which it is told apart.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let mut words: Vec<String> = words
        .filter(|word| word.chars().count() >= WORD_CHARS_MIN || word.parse::<f64>().is_ok())
        .map(|word| word.chars().take(STEM_CHARS).collect())
        .collect();
    words.sort();
    words.dedup();
    words
}

fn cut(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(task: &str, want: &[&str]) {
        let parts = Parts::of(task);
        let lines: Vec<String> = parts.iter().flat_map(|parts| parts.lines()).collect();
        assert_eq!(lines, want, "{task}");
    }

    #[test]
    fn a_task_of_several_parts_has_a_list() {
        check(
            "Look up the height of the tower, then convert it to feet and remember both.",
            &[
                "[ ] Look up the height of the tower",
                "[ ] convert it to feet",
                "[ ] remember both",
            ],
        );
        check(
            "Please do this:\n1. Read http://a.test/x\n2. Count the entries\n3. Tell me how many",
            &[
                "[ ] Read http://a.test/x",
                "[ ] Count the entries",
                "[ ] Tell me how many",
            ],
        );
        check(
            "先查一下门票价格，再算算五个人多少钱，最后记下来。",
            &["[ ] 先查一下门票价格", "[ ] 算算五个人多少钱", "[ ] 记下来"],
        );
    }

    #[test]
    fn a_simple_task_has_none() {
        check("What is 12 times 30?", &[]);
        check("Open http://a.test and tell me the price.", &[]);
        check("Write a poem about bread and butter.", &[]);
        check("Send \"read the book and write a report\" to Ann.", &[]);
        check(
            "Ann picks 12 pears and gives 3 away, then she buys 4 more and sells 2. How many \
             pears does Ann have?",
            &[],
        );
        check("", &[]);
    }

    #[test]
    fn parts_are_ticked_off() {
        let task = "Read http://a.test/wool, work out what 17 balls cost, and remember the total.";
        let mut parts = Parts::of(task).unwrap();
        let mut saw = |tool: &str, args: Value, ok, result: &str| {
            let n = parts.all().iter().filter(|part| !part.is_left()).count() as u32 + 1;
            parts.saw(n, &json!({"tool": tool, "args": args}), ok, result);
            let lines: Vec<String> = parts.lines().collect();
            (lines.join("\n"), parts.left().len())
        };
        let (lines, left) = saw(
            "browser.fetch",
            json!({"url": "http://a.test/wol"}),
            false,
            "404",
        );
        assert_eq!(left, 3);
        assert!(
            lines.starts_with("[!] Read http://a.test/wool (404)\n"),
            "{lines}"
        );
        saw(
            "browser.fetch",
            json!({"url": "http://a.test/wool"}),
            true,
            "a ball is 4.50",
        );
        saw(
            "memory.put",
            json!({"text": "17 balls cost 76.50"}),
            true,
            "kept",
        );
        let (lines, left) = saw(
            "calculator.calculate",
            json!({"expression": "17*4.5"}),
            true,
            "76.5",
        );
        assert_eq!(left, 0, "{lines}");
        insta::assert_snapshot!(lines, @"");
    }
}
