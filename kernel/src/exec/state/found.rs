//! What the calls of a process have looked up: the words of a store, of a page, of a file.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::calls::{NOTHING_FOUND, REMEMBER, SEARCH, look_up};
use crate::journal::Outcome;
use crate::pattern::{laid_out, pattern};
use crate::planner::material::asked_for;
use crate::process::Program;
use crate::window::fence::Borders;
use quipu_tools::{Bus, Capability, Effect};

/// Addresses that are opened one after the other because the texts before do not say what is asked.
const FOLLOWED_MAX: u32 = 3;

/// What the calls of a process have looked up.
#[derive(Default)]
pub(crate) struct Found {
    /// The texts, oldest first, each within its border: nothing that it has by handles only.
    texts: Vec<String>,
    /// Of each of these, whether the store says it.
    of_store: Vec<bool>,
    /// Whether other calls have said something that counts beside these.
    has_others: bool,
    /// How many texts there were when a program was written that had to make up a number.
    tried: usize,
    /// Whether the texts were read, and do not say what is asked.
    unanswered: bool,
    /// The arguments of the calls that looked something up.
    opened: Vec<String>,
    /// The arguments of all calls, also of those that failed.
    asked: Vec<String>,
    /// Whether the store was searched, also where that failed.
    searched: bool,
    /// How many addresses were opened because the texts did not say it.
    followed: u32,
}

impl Found {
    /// Takes note of the call `action`, whether it worked or not.
    pub(crate) fn note_asked(&mut self, action: &Value) {
        if let Some(tool) = action["tool"].as_str() {
            self.asked.push(action["args"].to_string());
            self.searched |= tool == SEARCH;
        }
    }

    /// Takes in what came of the call `action`, which worked. A text is kept within its border, one
    /// of `borders`, with the cells and rows of its tables that the task of `program` asks for.
    pub(crate) fn note(
        &mut self,
        action: &Value,
        outcome: &Outcome,
        program: &Program,
        borders: Borders,
        bus: &Bus,
    ) {
        let Some(tool) = action["tool"].as_str() else {
            return;
        };
        if is_a_look(action, bus) {
            self.opened.push(action["args"].to_string());
            if outcome.text != NOTHING_FOUND {
                let mut text = in_lines(&outcome.text);
                for cell in asked_for(program.told(), &text, program.today) {
                    text.push_str(&format!("\n{cell}"));
                }
                self.texts
                    .push(borders.around(&text, &text, &outcome.label));
                self.of_store.push(tool == SEARCH);
                self.unanswered = false;
            }
            return;
        }
        let called = look_up(bus, tool);
        // What a program or a calculator says was worked out from the rest.
        let computes = called.as_ref().is_some_and(|found| {
            let function = found.function();
            function.program.is_some()
                || function.needs.is_empty() && found.effect() == Effect::Read
        });
        if called.is_some_and(|found| found.effect() == Effect::Write) {
            // What was read may be no longer true.
            self.texts.clear();
            self.of_store.clear();
            self.tried = 0;
            self.unanswered = false;
        }
        self.has_others |= !computes && tool != REMEMBER;
    }

    /// Whether anything was looked up.
    pub(crate) fn is_there(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Whether other calls have said something that counts beside what was looked up.
    pub(crate) fn has_others(&self) -> bool {
        self.has_others
    }

    /// The texts, oldest first, each within its border.
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// What the store says, where `of_store`, else what pages and files say.
    pub(crate) fn said_by(&self, of_store: bool) -> String {
        let texts = self.texts.iter().zip(&self.of_store);
        let texts = texts.filter(|(_, is_of_store)| **is_of_store == of_store);
        let texts: Vec<&str> = texts.map(|(text, _)| text.as_str()).collect();
        texts.join("\n")
    }

    /// The texts of the store, oldest first, each within its border.
    pub(crate) fn of_the_store(&self) -> impl Iterator<Item = &str> {
        let texts = self.texts.iter().zip(&self.of_store);
        texts.filter_map(|(text, of_store)| of_store.then_some(text.as_str()))
    }

    /// The arguments of all calls, also of those that failed.
    pub(crate) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Whether the store was searched, also where that failed.
    pub(crate) fn has_searched(&self) -> bool {
        self.searched
    }

    /// The arguments of the calls that looked something up.
    pub(crate) fn opened(&self) -> &[String] {
        &self.opened
    }

    /// Whether there is a number in the texts.
    pub(crate) fn speaks_of_numbers(&self) -> bool {
        self.texts.iter().any(|text| speaks_of_numbers(text))
    }

    /// Whether there is a table in the texts.
    pub(crate) fn has_a_table(&self) -> bool {
        self.texts.iter().any(|text| has_rows(text))
    }

    /// Whether there are texts for which no program had to make up a number.
    pub(crate) fn is_untried(&self) -> bool {
        self.texts.len() > self.tried
    }

    /// Takes note that a program had to make up a number.
    pub(crate) fn note_tried(&mut self) {
        self.tried = self.texts.len();
    }

    /// Whether it has not the numbers that are to be computed with: it has none, or a program had
    /// to make one up.
    pub(crate) fn lacks_numbers(&self) -> bool {
        let tried = !self.texts.is_empty() && self.tried == self.texts.len();
        tried || !self.speaks_of_numbers()
    }

    /// Whether the texts were read, and do not say what is asked.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.unanswered
    }

    /// Takes note that the texts were read, and do not say what is asked.
    pub(crate) fn leave_unanswered(&mut self) {
        self.unanswered = true;
    }

    /// Whether one more address may be opened because the texts do not say what is asked.
    pub(crate) fn may_be_followed(&self) -> bool {
        self.unanswered && self.followed < FOLLOWED_MAX
    }

    /// Counts such an address.
    pub(crate) fn follow(&mut self) {
        self.followed += 1;
    }
}

/// Whether `action` reads what others wrote: a search of the store, a page, a file. What a
/// program returns was worked out.
pub(crate) fn is_a_look(action: &Value, bus: &Bus) -> bool {
    let Some(tool) = action["tool"].as_str() else {
        return false;
    };
    let brings_text =
        |need: &Capability| matches!(need, Capability::Net { .. } | Capability::FsRead { .. });
    tool == SEARCH
        || look_up(bus, tool).is_some_and(|found| {
            let function = found.function();
            let needs = &function.needs;
            let only_reads = found.effect() == Effect::Read && function.program.is_none();
            only_reads && !needs.is_empty() && needs.iter().all(brings_text)
        })
}

/// Rows of a table, with its head, from which on it has to be looked through.
const ROWS_MIN: usize = 4;

/// Whether `text` has a table of some rows, and none of them is left out: the largest of some rows
/// is not that of all.
fn has_rows(text: &str) -> bool {
    let is_row = |line: &&str| line.trim_start().starts_with('|') && line.matches('|').count() > 2;
    let is_gap = |line: &str| line.trim().trim_end_matches('»') == "…";
    text.lines().filter(is_row).count() >= ROWS_MIN && !text.lines().any(is_gap)
}

/// A result whose parts are named, with its texts as they are: a small model reads a table badly
/// whose lines are escaped. Any other text is left as it is.
fn in_lines(result: &str) -> String {
    let parts: Option<Map<String, Value>> = serde_json::from_str(result).ok();
    let Some(parts) = parts.filter(|parts| parts.values().any(Value::is_string)) else {
        return result.to_owned();
    };
    let lines = parts.iter().map(|(name, value)| match value.as_str() {
        Some(text) if text.contains('\n') => format!("{name}:\n{text}"),
        Some(text) => format!("{name}: {text}"),
        None => format!("{name}: {value}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `texts` without their borders, and without the word that says where a passage is from: it is no
/// word of theirs. Names of passages and of their sources stay.
pub(crate) fn without_heads(texts: &str) -> String {
    static BORDERS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^\[(?:from [^\]\n]*|end) #\w+\]$"));
    static FROM: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^(\[[^\]\n]*\]) from ([^«\n]*: «)"));
    let within = BORDERS.replace_all(texts, "");
    FROM.replace_all(&within, "$1 $2").into_owned()
}

/// `text` without its addresses, the ids of its passages, its border, and how many passages are not
/// shown: their digits count nothing.
pub(crate) fn without_names(text: &str) -> String {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r#"(?m)[^\s"]*://[^\s"]*|\[[a-z]+\d[\w-]*\]|\(process \d+\)
            |^\((?:memory\.search finds )?\d+ more[ ,].*\)$"#,
        )
    });
    NAMES.replace_all(&without_heads(text), "").into_owned()
}

/// Whether `text` has a number beside its names.
pub(crate) fn speaks_of_numbers(text: &str) -> bool {
    without_names(text).contains(|c: char| c.is_numeric() || HAN_DIGITS.contains(c))
}

/// Ideographs for numbers from two on: "一" stands in many other words.
const HAN_DIGITS: &str = "二两三四五六七八九十百千";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_counts_as_asked_though_it_failed() {
        let check = |action: Value, asked: usize, searched: bool| {
            let mut found = Found::default();
            found.note_asked(&action);
            let noted = (found.asked().len(), found.has_searched());
            assert_eq!(noted, (asked, searched), "{action}");
            assert!(!found.is_there() && found.said_by(true).is_empty());
        };
        check(json!({"tool": SEARCH, "args": {"query": "rye"}}), 1, true);
        check(json!({"tool": "web.open", "args": {"url": "a"}}), 1, false);
        check(json!({"answer": "rye"}), 0, false);
    }

    #[test]
    fn a_result_in_parts_is_shown_line_by_line() {
        let check = |result: &str, want: &str| assert_eq!(in_lines(result), want, "{result}");
        check(
            r#"{"title":"Tea","text":"| a |\n| 4 |","links":[]}"#,
            "title: Tea\ntext:\n| a |\n| 4 |\nlinks: []",
        );
        check(r#"{"count":4}"#, r#"{"count":4}"#);
        check("[1]", "[1]");
        check("Tea: 4", "Tea: 4");
    }

    #[test]
    fn rows_are_looked_through_where_all_are_there() {
        let check = |text: &str, want: bool| assert_eq!(has_rows(text), want, "{text}");
        let table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |";
        check(table, true);
        let quoted = table.replace('\n', "\n  ");
        check(&format!("[m1] from a.md: «\n  {quoted}»"), true);
        check(&format!("[m1] from a.md: «\n  {quoted}\n  …»"), false);
        check("| a | b |\n|---|---|\n| 1 | 2 |", false);
        check("a | b", false);
    }

    #[test]
    fn the_number_of_a_page_is_none_that_it_speaks_of() {
        let check = |text: &str, want: bool| assert_eq!(speaks_of_numbers(text), want, "{text}");
        check("[m7] The mill is 3 km away. (process 4)", true);
        check("[m7-1] The mill is far away. (process 4)", false);
        check(
            r#"{"url":"http://127.0.0.1:8/a2.html","markdown":"Open daily."}"#,
            false,
        );
        check(
            r#"{"url":"http://127.0.0.1:8/a2.html","markdown":"Open at 9."}"#,
            true,
        );
        check("[from tool:web #2031]\nOpen daily.\n[end #2031]", false);
        check("磨坊有三层", true);
        check(
            "Your memory says:\n(memory.search finds 2 more, from sources nobody vouches for.)",
            false,
        );
        check("(3 more are private, and not for this process.)", false);
        check("(3 more sacks are there.) It has 4.", true);
        check("", false);
    }

    #[test]
    fn a_border_is_no_word_of_a_text() {
        let check = |texts: &str, want: &str| assert_eq!(without_heads(texts), want, "{texts}");
        check(
            "[from tool:web #2031]\nOpen on Monday.\n[end #2031]",
            "\nOpen on Monday.\n",
        );
        check(
            "[m7] from file:a.md: «Hours: Monday»",
            "[m7] file:a.md: «Hours: Monday»",
        );
        check(
            "[d1: Hours] Open from 9. (case)",
            "[d1: Hours] Open from 9. (case)",
        );
        check("Open [from 9 on]", "Open [from 9 on]");
    }
}
