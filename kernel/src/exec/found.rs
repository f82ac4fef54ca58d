//! What was looked up for a task: the words of a store, of a page, of a file. Among tools and rules
//! a small model overlooks what it has just read; with nothing but these words and the task in
//! sight it says what they say, or computes from them. Which words were said well enough is decided
//! in `planner`; here is no list of phrases.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::writing::Decided;
use super::{Ending, Execution, failed};
use crate::calls::{NOTHING_FOUND, REMEMBER, SEARCH, look_up};
use crate::grammar::{Callable, Legal, Move};
use crate::journal::Outcome;
use crate::label::Label;
use crate::pattern::pattern;
use crate::planner::answer_form::{
    asks_for_a_fact, asks_for_an_address, gives_the_number, language_request,
};
use crate::planner::date;
use crate::planner::numbers::is_invented;
use crate::planner::poor_answer::{asks_back, only_denies};
use crate::planner::shared_words::says_no_more;
use crate::planner::supposed::supposes;
use crate::planner::wording::{asks_for_a_total, asks_for_the_most, puts_numbers_together};
use crate::window::fence::Borders;
use quipu_cpu::{Completion, Message, Prompt, Role, without_thought};
use quipu_tools::{Capability, Effect};

/// Tokens of a fact in words.
const FACT_TOKENS_MAX: u32 = 120;
/// What is asked for between the texts and the task, which a small model answers best where it
/// comes last.
const IN_A_SENTENCE: &str = "Answer this from the text above only, in one short sentence:";
/// The same in Chinese.
const IN_CHINESE: &str = "只根据上文，用一句话回答：";

/// What the calls of a process have looked up.
#[derive(Default)]
pub(super) struct Found {
    /// The texts, oldest first, each within its border: nothing that it has by handles only.
    texts: Vec<String>,
    /// Whether other calls have said something that counts beside these.
    has_others: bool,
    /// How many texts there were when a program was written that had to make up a number.
    tried: usize,
    /// Whether the texts were read, and do not say what is asked.
    pub(super) unanswered: bool,
    /// The arguments of the calls that looked something up.
    pub(super) opened: Vec<String>,
    /// How many addresses were opened because the texts did not say it.
    pub(super) followed: u32,
}

impl Found {
    /// Whether anything was looked up.
    pub(super) fn is_there(&self) -> bool {
        !self.texts.is_empty()
    }
}

impl Execution {
    /// Takes in what came of the call `action`, which worked.
    pub(super) fn note_found(&mut self, action: &Value, outcome: &Outcome) {
        let Some(tool) = action["tool"].as_str() else {
            return;
        };
        if self.is_a_look(action) {
            self.found.opened.push(action["args"].to_string());
            if outcome.text != NOTHING_FOUND {
                let text = self.within_its_border(&in_lines(&outcome.text), &outcome.label);
                self.found.texts.push(text);
                self.found.unanswered = false;
            }
            return;
        }
        let called = look_up(&self.shared.bus, tool);
        // What a program or a calculator says was worked out from the rest.
        let computes = called.as_ref().is_some_and(|found| {
            let function = found.function();
            function.program.is_some()
                || function.needs.is_empty() && found.effect() == Effect::Read
        });
        if called.is_some_and(|found| found.effect() == Effect::Write) {
            // What was read may be no longer true.
            self.found.texts.clear();
            self.found.tried = 0;
            self.found.unanswered = false;
        }
        self.found.has_others |= !computes && tool != REMEMBER;
    }

    /// A text that others wrote, as the window shows it.
    pub(super) fn within_its_border(&self, text: &str, label: &Label) -> String {
        Borders::new(self.shared.cpu.info().constrains).around(text, text, label)
    }

    /// Whether what was looked up, and what came to mind before, is all that the task needs.
    pub(super) fn has_found_all(&self) -> bool {
        let found = &self.found;
        let any = found.is_there() || self.vm.reminder().is_some();
        any && !found.has_others
            && !self.vm.has_held()
            && self.program.attached.is_empty()
            && self.is_told_all_in_the_task()
    }

    /// What came to mind and what was looked up.
    pub(super) fn what_was_found(&self) -> String {
        let mut texts: Vec<String> = self.vm.reminder().into_iter().collect();
        texts.extend(self.found.texts.iter().cloned());
        texts.join("\n\n")
    }

    /// Whether `action` reads what others wrote: a search of the store, a page, a file. What a
    /// program returns was worked out.
    pub(super) fn is_a_look(&self, action: &Value) -> bool {
        let Some(tool) = action["tool"].as_str() else {
            return false;
        };
        let brings_text =
            |need: &Capability| matches!(need, Capability::Net { .. } | Capability::FsRead { .. });
        tool == SEARCH
            || look_up(&self.shared.bus, tool).is_some_and(|found| {
                let function = found.function();
                let needs = &function.needs;
                let only_reads = found.effect() == Effect::Read && function.program.is_none();
                only_reads && !needs.is_empty() && needs.iter().all(brings_text)
            })
    }

    /// Whether the last step looked something up.
    pub(super) fn has_looked_up(&self, legal: &Legal) -> bool {
        let opens = |action: &Value| {
            let called = legal.calls.iter().find(|call| action["tool"] == call.name);
            called.is_some_and(Callable::looks_up)
        };
        let last = self.last.as_ref().filter(|(_, worked)| *worked);
        last.is_some_and(|(action, _)| opens(action) || self.is_a_look(action))
    }

    /// A program that computes the task from what was just looked up, where something is to be
    /// computed and numbers were found: a small model computes in its head by then, or takes what
    /// it found for the answer. `None` where the program has numbers that stand nowhere: more has to
    /// be looked up.
    pub(super) async fn computed_from_what_was_found(
        &mut self,
        n: u32,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        let texts = self.found.texts.len();
        let has_numbers = self.found.texts.iter().any(|text| speaks_of_numbers(text));
        // Among the rows of a table a small model takes the first large one.
        let picks =
            asks_for_the_most(self.told()) && self.found.texts.iter().any(|text| has_rows(text));
        let puts_together = picks || puts_numbers_together(self.told());
        let may = has_numbers && puts_together && self.programs == 0 && texts > self.found.tried;
        if !may || !self.has_looked_up(legal) {
            return Ok(None);
        }
        let is_clear = picks || asks_for_a_total(self.told());
        if !is_clear && !self.computes().await? {
            return Ok(None);
        }
        let Some(asked) = self.program_asked_for(legal)? else {
            return Ok(None);
        };
        let completion = self
            .unseen(n, &asked, legal, Move::Function, u32::MAX)
            .await?;
        let read = format!("{}\n{}", self.what_was_found(), self.told_by_itself());
        if is_invented(&completion.text, &read) || supposes(&completion.text, &read) {
            self.found.tried = texts;
            self.charge(&completion);
            return Ok(None);
        }
        self.programs += 1;
        self.show(n, &completion.text);
        Ok(Some(Decided {
            chosen: Move::Function,
            completion,
        }))
    }

    /// What the task asks for in the words of what was just looked up, with nothing but these and
    /// the task in sight. `None` where that is more than a fact that stands there.
    pub(super) async fn read_from_what_was_found(
        &mut self,
        n: u32,
        legal: &Legal,
    ) -> Result<Option<Decided>, Ending> {
        // The same texts say no more when they are read again.
        let alone = legal.answer.is_none()
            && self.parts.is_none()
            && !self.found.unanswered
            && self.has_found_all();
        if !alone || !self.has_looked_up(legal) || !asks_for_a_fact(self.told()) {
            return Ok(None);
        }
        let told = self.told().trim().to_owned();
        let chinese = language_request(&told).is_some();
        let request = if chinese { IN_CHINESE } else { IN_A_SENTENCE };
        let texts = without_ids(&self.what_was_found());
        // Right before the task a small model says the date again.
        let today = self.program.today.map(|today| date::told(today, &told));
        let today = today.unwrap_or_default();
        let question = format!("{today}\n\n{texts}\n\n{request} {told}");
        let question = Message::new(Role::User, question.trim_start());
        let asked = self.shared.cpu.prepare(&[question]).map_err(failed)?;
        if asked.len + self.vm.reserve() > self.shared.cpu.info().window {
            return Ok(None);
        }
        let words = Legal::default();
        let completion = self
            .unseen(n, &asked, &words, Move::Answer, FACT_TOKENS_MAX)
            .await?;
        let answer = without_thought(&completion.text);
        let whole = completion.closed_early.is_none();
        // Who answers with an address has not opened it.
        let leads_on = answer.contains("://") && !asks_for_an_address(&told);
        let tells = !only_denies(answer) && !asks_back(answer) && gives_the_number(&told, answer);
        if !whole || leads_on || !tells || !says_no_more(answer, &texts, &told) {
            self.charge(&completion);
            self.found.unanswered = true;
            return Ok(None);
        }
        self.show(n, &completion.text);
        Ok(Some(Decided {
            chosen: Move::Answer,
            completion,
        }))
    }

    /// Whether what was just looked up has not the numbers that are to be computed with: it has
    /// none, or a program had to make one up.
    pub(super) fn lacks_numbers(&self, legal: &Legal) -> bool {
        let texts = &self.found.texts;
        let tried = !texts.is_empty() && self.found.tried == texts.len();
        self.has_looked_up(legal) && (tried || !texts.iter().any(|text| speaks_of_numbers(text)))
    }

    /// What the CPU writes, which nobody sees before it is known to count.
    async fn unseen(
        &mut self,
        n: u32,
        asked: &Prompt,
        legal: &Legal,
        chosen: Move,
        tokens_max: u32,
    ) -> Result<Completion, Ending> {
        let mut writing = self.write(asked, legal, chosen, tokens_max);
        writing.shown = false;
        self.read_to_its_end(n, &mut writing).await
    }

    /// Counts what `completion` cost, which comes to nothing.
    pub(super) fn charge(&mut self, completion: &Completion) {
        self.usage += completion.usage;
        self.spent.tokens += completion.usage.generated_tokens;
    }
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

/// `texts` without the ids of their passages, which a small model takes for what they say.
fn without_ids(texts: &str) -> String {
    static IDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\[[a-z]+\d[\w-]*\](?: |$)"));
    IDS.replace_all(texts, "").into_owned()
}

/// `texts` without their borders, and without the word that says where a passage is from: it is no
/// word of theirs. Names of passages and of their sources stay.
pub(super) fn without_heads(texts: &str) -> String {
    static BORDERS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^\[(?:from [^\]\n]*|end) #\w+\]$"));
    static FROM: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^(\[[^\]\n]*\]) from ([^«\n]*: «)"));
    let within = BORDERS.replace_all(texts, "");
    FROM.replace_all(&within, "$1 $2").into_owned()
}

/// Whether `text` has a number beside its addresses and the ids of its passages.
fn speaks_of_numbers(text: &str) -> bool {
    static NAMES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"[^\s"]*://[^\s"]*|\[[a-z]+\d[\w-]*\]|\(process \d+\)"#));
    NAMES
        .replace_all(text, "")
        .contains(|c: char| c.is_numeric() || HAN_DIGITS.contains(c))
}

/// Ideographs for numbers from two on: "一" stands in many other words.
const HAN_DIGITS: &str = "二两三四五六七八九十百千";

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_passage_is_read_without_its_id() {
        let check = |texts: &str, want: &str| assert_eq!(without_ids(texts), want, "{texts}");
        check(
            "[m7-1] The mill is far away. (process 4)\n[m8] It is red.",
            "The mill is far away. (process 4)\nIt is red.",
        );
        check("See [m7-1] and [a] there.", "See [m7-1] and [a] there.");
        check("[m7]\n  | a |\n  | 4 |", "\n  | a |\n  | 4 |");
        check("[x] done", "[x] done");
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
        check("磨坊有三层", true);
        check("", false);
    }
}
