//! The row of a table that has the most or the least of what a task asks by: the cheapest, the longest, the
//! first bus. A small model takes the first large number, and compares grams with kilograms.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::amount::{Amounts, Sort, amounts};
use super::condition::Condition;
use super::fitting::{is_a_sum, numbers_rows, shares_a_word};
use super::matching::has_what_is_told;
use super::names::{named_cells, said, words};
use super::row::{Found, in_words, told_apart};
use super::table::{Table, tables};
use super::units::Kind;
use super::when::{is_of_another_time, of_the_time};
use crate::pattern::{HAN, laid_out, pattern};
use crate::planner::wording::without_addresses;

/// Rows with the same value that are said.
const ROWS_MAX: usize = 3;
/// The fewest rows of which one has the most.
const ROWS_MIN: usize = 2;

/// A word that asks for the most or the least of something.
struct Word {
    words: Regex,
    is_most: bool,
    /// What it compares; any numbers where it is empty.
    sorts: &'static [Sort],
    /// Whether it stands before what it counts: "the most seats".
    counts: bool,
}

/// The words, those for one measure first.
static WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| {
    const MONEY: &[Sort] = &[Sort::Money];
    const MASS: &[Sort] = &[Sort::Of(Kind::Mass)];
    const LENGTHS: &[Sort] = &[Sort::Of(Kind::Length), Sort::Of(Kind::Time)];
    const WAYS: &[Sort] = &[Sort::Of(Kind::Length)];
    const TERMS: &[Sort] = &[Sort::Of(Kind::Time)];
    const SPEEDS: &[Sort] = &[Sort::Of(Kind::Speed)];
    const HEAT: &[Sort] = &[Sort::Heat];
    const TIMES: &[Sort] = &[Sort::Clock, Sort::Day];
    const CLOCK: &[Sort] = &[Sort::Clock];
    const RIDES: &str =
        "bus|train|tram|ferry|boat|ship|flight|coach|departure|connection|shuttle|tour|lesson";
    let word = |words: &str, is_most: bool, sorts: &'static [Sort]| Word {
        words: pattern(&format!("(?i){words}")),
        is_most,
        sorts,
        counts: false,
    };
    let any = |words: &str, is_most: bool| word(words, is_most, &[]);
    let counted = |words: &str, is_most: bool| Word {
        counts: true,
        ..word(words, is_most, &[])
    };
    vec![
        word(r"\b(?:cheapest|least\s+expensive)\b|最便宜", false, MONEY),
        word(
            r"\b(?:dearest|priciest|costliest|most\s+expensive|costs?\s+the\s+most)\b|最贵",
            true,
            MONEY,
        ),
        word(r"\bheaviest\b|最重", true, MASS),
        word(r"\blightest\b|最轻", false, MASS),
        word(r"\blongest\b|最[长久]", true, LENGTHS),
        word(r"\bshortest\b|最短", false, LENGTHS),
        word(r"\b(?:farthest|furthest)\b|最远", true, WAYS),
        word(r"\b(?:nearest|closest)\b", false, WAYS),
        word(r"\b(?:fastest|quickest)\b|最快", false, TERMS),
        word(r"\b(?:fastest|quickest)\b|最快", true, SPEEDS),
        word(r"\bslowest\b|最慢", true, TERMS),
        word(r"\bslowest\b|最慢", false, SPEEDS),
        word(r"\b(?:hottest|warmest)\b|最[热暖]", true, HEAT),
        word(r"\b(?:coldest|coolest)\b|最冷", false, HEAT),
        word(r"\bearliest\b|最早", false, TIMES),
        word(r"最晚", true, TIMES),
        word(&format!(r"\bfirst\s+(?:{RIDES})\b|首班|头班"), false, CLOCK),
        word(
            &format!(r"\b(?:last|latest)\s+(?:{RIDES})\b|末班"),
            true,
            CLOCK,
        ),
        any(r"\b(?:highest|largest|biggest|tallest)\b|最[高大]", true),
        any(r"\b(?:lowest|smallest)\b|最[低小]", false),
        counted(r"\bthe\s+most\b|\bmost\b|最多", true),
        counted(r"\b(?:the\s+least|fewest)\b|最少", false),
    ]
});

/// The rows of the tables of `text` that have the most or the least of what `task` asks by, each as a line
/// which says so: "lowest Price of 4 rows: Sack: Oats | Price: 7". All that have the same are said.
/// `None` of a table where it is not clear which column is meant, or where rows may be missing.
pub(super) fn rows_with_the_most(task: &str, text: &str) -> Vec<String> {
    let task = without_addresses(task);
    if is_more_than_the_most(&task) || Condition::of(&task).is_some() {
        return Vec::new();
    }
    let met = met_in(&task);
    let said: BTreeSet<&str> = met.iter().map(|(_, said)| *said).collect();
    if said.len() != 1 {
        return Vec::new();
    }
    let found = tables(text).into_iter();
    let found = found.filter_map(|table| match of_the_time(&table, &task) {
        Some((part, _)) => in_table(&part, &task, &met),
        None if is_of_another_time(&table, &task) => None,
        None => in_table(&table, &task, &met),
    });
    told_apart(&task, found)
}

/// The words for the most and the least that `task` has, and how it says them.
fn met_in(task: &str) -> Vec<(&'static Word, &str)> {
    // "Most expensive" has a word of its own, "most popular" is of no column.
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\s+(?:of\b|expensive|recent|likely|important|popular|common|modern|\w{2,}(?:ive|ous|ful|able|ible|ant|ent|ing|ed|ly)\b)",
        )
    });
    let mut met: Vec<(&'static Word, &str)> = Vec::new();
    for word in WORDS.iter() {
        for found in word.words.find_iter(task) {
            let is_other = word.counts && OTHERS.is_match(&task[found.end()..]);
            let is_bound = task[..found.start()].to_lowercase().ends_with("at ");
            // "Costs the most" has the words of another one too.
            let is_within = met.iter().any(|(_, known)| {
                known.len() > found.as_str().len() && known.contains(found.as_str())
            });
            if !(is_other || is_bound || is_within) {
                met.push((word, found.as_str()));
            }
        }
    }
    met
}

/// Whether `task` asks for the second one, for several, or for all but some.
fn is_more_than_the_most(task: &str) -> bool {
    static MORE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:second|third|fourth|next|two|three|four|five|top|after|before|except|besides?|other|apart|without|not|no|than|but
            |if|between|difference|total|average|altogether|together)\b|n['’]t\b|第[二三四五]|前[两二三四五几]|除|以外|之外|不|没|其次|倒数|相差|总|平均",
        )
    });
    MORE.is_match(task)
}

/// The rows of `table` that are asked for by one of the words `met`.
fn in_table(table: &Table, task: &str, met: &[(&'static Word, &str)]) -> Option<Found> {
    if table.has_gaps {
        return None;
    }
    let told = words(task);
    let columns = (0..table.head.len()).filter_map(|at| Some((at, amounts(table, at)?)));
    let compares = |(at, column): &(usize, Amounts)| {
        column.sort == Sort::Day || !numbers_rows(&table.head[*at])
    };
    let columns: Vec<(usize, Amounts)> = columns.filter(compares).collect();
    let mut meant = met
        .iter()
        .filter_map(|(word, said)| Some((*word, column_meant(table, &columns, word, said, task)?)));
    let (word, (at, column)) = meant.next().filter(|_| meant.next().is_none())?;
    let rows = rows_meant(table, &told);
    let values = rows
        .iter()
        .filter_map(|row| Some((*row, column.values[*row]?)));
    let values: Vec<(usize, f64)> = values.collect();
    let all = values.iter().map(|(_, value)| *value);
    let most = match word.is_most {
        true => all.reduce(f64::max)?,
        false => all.reduce(f64::min)?,
    };
    let best: Vec<usize> = values
        .iter()
        .filter(|(_, value)| *value == most)
        .map(|(row, _)| *row)
        .collect();
    let is_one = values.len() >= ROWS_MIN && best.len() < values.len() && best.len() <= ROWS_MAX;
    if !is_one {
        return None;
    }
    let says = says(&table.head[at], word.is_most, column.sort, values.len());
    let is_list = table.head.iter().all(String::is_empty);
    let line = |row: usize| match is_list {
        true => Some(format!("{says}: {}", table.rows[row].join(": "))),
        false => Some(format!("{says}: {}", in_words(table, row)?)),
    };
    Some(Found {
        lines: best.into_iter().map(line).collect::<Option<_>>()?,
        is_cell: false,
        passage: table.passage.clone(),
        title: table.title.clone(),
    })
}

/// The rows of `table` that have what a task, whose words are `told`, says beside the most: the cells it
/// names, and yes or no.
fn rows_meant(table: &Table, told: &[String]) -> Vec<usize> {
    let keys = named_cells(table, &said(table, told));
    let most = keys.iter().map(BTreeSet::len).max().unwrap_or_default();
    let has = has_what_is_told(table, told);
    let rows = (0..table.rows.len()).filter(|row| keys[*row].len() == most && has[*row]);
    rows.filter(|row| !is_a_sum(&table.rows[*row])).collect()
}

/// The one of `columns` that `word` is of, which `task` has as `said`: of those that it compares the only one
/// whose name shares a word with the task, or else the only one.
fn column_meant<'a>(
    table: &Table,
    columns: &'a [(usize, Amounts)],
    word: &Word,
    said: &str,
    task: &str,
) -> Option<(usize, &'a Amounts)> {
    // What is counted is named: "the most goals" are not the points.
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)^\s*(?:$|[?.!,;？。，]|\p{Han}|(?:in|on|at|for|this|that|by|from|among)\b)")
    });
    let (_, rest) = task.split_once(said)?;
    let told = words(task);
    let is_number = |sort: Sort| !matches!(sort, Sort::Day | Sort::Clock);
    let fits = |column: &&(usize, Amounts)| match word.sorts {
        [] => is_number(column.1.sort),
        sorts => sorts.contains(&column.1.sort),
    };
    let fitting: Vec<&(usize, Amounts)> = columns.iter().filter(fits).collect();
    let is_named = |column: &&&(usize, Amounts)| shares_a_word(&table.head[column.0], &told);
    let named: Vec<&(usize, Amounts)> = fitting.iter().filter(is_named).copied().collect();
    let may_be_any = !word.counts || ENDS.is_match(rest);
    match (&named[..], &fitting[..]) {
        ([only], _) => Some((only.0, &only.1)),
        ([], [only]) if may_be_any => Some((only.0, &only.1)),
        _ => None,
    }
}

/// What a line says of its row: it has the most or the least below `head`, of so many rows.
fn says(head: &str, is_most: bool, sort: Sort, rows: usize) -> String {
    let is_han = head.contains(|c: char| HAN.contains(&c));
    let (most, least) = match (sort, is_han) {
        (Sort::Day | Sort::Clock, false) => ("latest", "earliest"),
        (Sort::Day | Sort::Clock, true) => ("最晚", "最早"),
        (Sort::Of(Kind::Time), false) => ("longest", "shortest"),
        (Sort::Of(Kind::Time), true) => ("最长", "最短"),
        (_, false) => ("highest", "lowest"),
        (_, true) => ("最高", "最低"),
    };
    let word = if is_most { most } else { least };
    match (is_han, head.is_empty()) {
        (true, _) => format!("{rows}行中{head}{word}"),
        (false, true) => format!("{word} of {rows} rows"),
        (false, false) => format!("{word} {head} of {rows} rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SACKS: &str = "Sack | Size | Price (EUR) | Weight\n--- | --- | --- | ---\nRye | large | 1,012.50 | 35 kg\n\
        Rye | small | 700.00 | 900 g\nOats | large | 990.00 | 40 kg\nBran | small | 700.00 | 1.2 kg\nTotal | - | 3,402.50 | -";
    const BUSES: &str = "Bus | Leaves | Takes | Quiet\n--- | --- | --- | ---\nA1 | 6:40 | 1 h 20 | no\nB2 | 9:15 | 55 min | yes\n\
        C3 | 18:30 | 2 h | yes";
    const FEES: &str =
        "课程;学费;时长\n陶艺;1.2万元;1小时30分\n书法;9800元;50分钟\n绘画;1,500元;2小时";

    #[track_caller]
    fn check(task: &str, text: &str, want: &[&str]) {
        assert_eq!(rows_with_the_most(task, text), want, "{task}");
    }

    #[test]
    fn the_row_with_the_most_is_said() {
        check(
            "Which sack is the heaviest?",
            SACKS,
            &[
                "highest Weight of 4 rows: Sack: Oats | Size: large | Price (EUR): 990.00 | Weight: 40 kg",
            ],
        );
        check(
            "Which sack is the lightest?",
            SACKS,
            &[
                "lowest Weight of 4 rows: Sack: Rye | Size: small | Price (EUR): 700.00 | Weight: 900 g",
            ],
        );
        // Two cost the same.
        check(
            "Which sack is the cheapest?",
            SACKS,
            &[
                "lowest Price (EUR) of 4 rows: Sack: Rye | Size: small | Price (EUR): 700.00 | Weight: 900 g",
                "lowest Price (EUR) of 4 rows: Sack: Bran | Size: small | Price (EUR): 700.00 | Weight: 1.2 kg",
            ],
        );
        // Of those that are named, and of those that have something.
        check(
            "Which large sack has the lowest price?",
            SACKS,
            &[
                "lowest Price (EUR) of 2 rows: Sack: Oats | Size: large | Price (EUR): 990.00 | Weight: 40 kg",
            ],
        );
        check(
            "Which bus takes the longest?",
            BUSES,
            &["longest Takes of 3 rows: Bus: C3 | Leaves: 18:30 | Takes: 2 h | Quiet: yes"],
        );
        check(
            "Which is the fastest bus?",
            BUSES,
            &["shortest Takes of 3 rows: Bus: B2 | Leaves: 9:15 | Takes: 55 min | Quiet: yes"],
        );
        check(
            "When does the first bus leave?",
            BUSES,
            &["earliest Leaves of 3 rows: Bus: A1 | Leaves: 6:40 | Takes: 1 h 20 | Quiet: no"],
        );
        check(
            "When is the earliest quiet bus?",
            BUSES,
            &["earliest Leaves of 2 rows: Bus: B2 | Leaves: 9:15 | Takes: 55 min | Quiet: yes"],
        );
        check(
            "哪门课程最便宜？",
            FEES,
            &["3行中学费最低: 课程: 绘画 | 学费: 1,500元 | 时长: 2小时"],
        );
        check(
            "哪门课程时间最短？",
            FEES,
            &["3行中时长最短: 课程: 书法 | 学费: 9800元 | 时长: 50分钟"],
        );
        check(
            "Which grain is the heaviest?",
            "- Rye: 3 kg\n- Oats: 900 g",
            &["highest of 2 rows: Rye: 3 kg"],
        );
    }

    #[test]
    fn days_and_counts_are_compared() {
        check(
            "When was the earliest delivery?",
            "Delivery | Date\n--- | ---\nOats | 2026-03-14\nRye | 2026-02-20\nBran | 2026-04-01",
            &["earliest Date of 3 rows: Delivery: Rye | Date: 2026-02-20"],
        );
        let clubs = "Club | Goals | Points\n--- | --- | ---\nElm | 12 | 9\nOak | 15 | 7";
        check(
            "Which club has the most goals?",
            clubs,
            &["highest Goals of 2 rows: Club: Oak | Goals: 15 | Points: 7"],
        );
        check("Which club has the most members?", clubs, &[]);
        check("Which club is the largest?", clubs, &[]);
        let days =
            "Date | °C\n--- | ---\n2026-02-10 | 9\n2026-03-14 | 4\n2026-03-20 | 6\n2026-04-02 | 8";
        check(
            "Which day in March was the warmest?",
            days,
            &["highest °C of 2 rows: Date: 2026-03-20 | °C: 6"],
        );
        check("Which day in May was the warmest?", days, &[]);
    }

    #[test]
    fn no_row_is_said_where_another_could_be_meant() {
        // The second one, several, all but one, or a number beside.
        check("Which sack is the second cheapest?", SACKS, &[]);
        check("Which are the two cheapest sacks?", SACKS, &[]);
        check(
            "Which small sack beside the bran is not the cheapest?",
            SACKS,
            &[],
        );
        check("Which is the cheapest sack over 10 kg?", SACKS, &[]);
        check(
            "What do the cheapest and the heaviest sack cost?",
            SACKS,
            &[],
        );
        check("How much is the difference to the cheapest?", SACKS, &[]);
        check("哪门课程第二便宜？", FEES, &[]);
        // At least, the most likely, or no column of the kind.
        check("Name at least some sacks.", SACKS, &[]);
        check("Which sack is the most popular?", SACKS, &[]);
        check("Which sack is the hottest?", SACKS, &[]);
        check("Which is the oldest sack?", SACKS, &[]);
        // Rows are missing, all are the same, or one cannot be read.
        check("Which sack is the cheapest?", &format!("{SACKS}\n…"), &[]);
        check(
            "Which is the heaviest?",
            "Sack | kg\n---|---\nRye | 5\nOats | 5",
            &[],
        );
        check(
            "Which is the cheapest?",
            "Sack | Price\n---|---\nRye | 5\nOats | on request",
            &[],
        );
        check("", SACKS, &[]);
        check("Which sack is the cheapest?", "", &[]);
    }
}
