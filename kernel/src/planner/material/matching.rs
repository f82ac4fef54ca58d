//! The rows of a table that are as a task says: "sleeps 4", "with a stove", 4人. A small model takes the
//! first row that fits one of these.

use std::collections::BTreeSet;

use super::fitting::values;
use super::names::words;
use super::table::Table;
use crate::pattern::HAN;

/// Rows that are said.
const ROWS_MAX: usize = 3;
/// Cells that say that a row has something, and that it has not.
const YES: [&str; 9] = ["yes", "y", "true", "x", "✓", "✔", "有", "是", "可"];
const NO: [&str; 10] = ["no", "n", "false", "-", "–", "✗", "✘", "无", "否", "没有"];
/// Words before a name that turn it round.
const WITHOUT: [&str; 5] = ["no", "without", "not", "无", "没"];

/// The same before a verb and an article: "do not have a stove".
const LACKS: [&str; 6] = ["not", "don", "doesn", "haven", "hasn", "lack"];

/// What a task says of one column: how each row is.
struct Wanted(Vec<bool>);

/// The rows of `table` that are in every column as a task says, whose words are `told`. Of the rows only
/// those with the most `keys`, cells that the task names, count. `None` where the task says nothing of
/// the kind, where no row fits or more than three do, and where rows may be missing.
pub(super) fn rows_that_match(
    table: &Table,
    told: &[String],
    keys: &[BTreeSet<usize>],
) -> Option<Vec<usize>> {
    if table.has_gaps {
        return None;
    }
    let columns = 0..table.head.len();
    let wanted: Vec<Wanted> = columns.filter_map(|at| wanted(table, at, told)).collect();
    let most = keys.iter().map(BTreeSet::len).max()?;
    let fits = |at: &usize| keys[*at].len() == most && wanted.iter().all(|wanted| wanted.0[*at]);
    let fitting: Vec<usize> = (0..table.rows.len()).filter(fits).collect();
    let tells = !wanted.is_empty() && fitting.len() < table.rows.len();
    (tells && (1..=ROWS_MAX).contains(&fitting.len())).then_some(fitting)
}

/// For each row of `table` whether it has what a task, whose words are `told`, says of columns of yes and no.
pub(super) fn has_what_is_told(table: &Table, told: &[String]) -> Vec<bool> {
    let of_yes_and_no = (0..table.head.len()).filter(|at| yes_or_no(table, *at).is_some());
    let wanted: Vec<Wanted> = of_yes_and_no
        .filter_map(|at| wanted(table, at, told))
        .collect();
    let has_all = |row: usize| wanted.iter().all(|wanted| wanted.0[row]);
    (0..table.rows.len()).map(has_all).collect()
}

/// What is said of the column `at`: a number beside its name or its unit, or its name where its cells
/// say yes and no.
fn wanted(table: &Table, at: usize, told: &[String]) -> Option<Wanted> {
    let name = words(&table.head[at]);
    let place = place_of(&name, told);
    if let Some(has) = yes_or_no(table, at) {
        let place = place?;
        let before = |words: usize| &told[place.saturating_sub(words)..place];
        let any = |words: &[String], known: &[&str]| {
            words.iter().any(|word| known.contains(&word.as_str()))
        };
        let without = any(before(2), &WITHOUT) || any(before(3), &LACKS);
        return Some(Wanted(has.iter().map(|has| *has != without).collect()));
    }
    let (values, unit) = values(table, at)?;
    let unit = words(&unit);
    let beside = |at: usize, length: usize| {
        let before = at.checked_sub(1).and_then(|at| number(&told[at]));
        before.or_else(|| number(told.get(at + length)?))
    };
    let by_name = place.and_then(|at| beside(at, name.len()));
    let by_unit = || {
        let places =
            (1..told.len()).filter(|at| !unit.is_empty() && told[*at..].starts_with(&unit));
        let mut numbers = places.filter_map(|at| number(&told[at - 1]));
        numbers.next().filter(|_| numbers.next().is_none())
    };
    let wanted = by_name.or_else(by_unit)?;
    let is_it = |value: &Option<f64>| value.is_some_and(|value| value == wanted);
    Some(Wanted(values.iter().map(is_it).collect()))
}

/// The only place in `told` at which `name` begins.
fn place_of(name: &[String], told: &[String]) -> Option<usize> {
    let is_short = name.iter().map(|word| word.chars().count()).sum::<usize>() < 3;
    let is_han = name
        .iter()
        .any(|word| word.contains(|c: char| HAN.contains(&c)));
    if name.is_empty() || is_short && !is_han {
        return None;
    }
    let mut places = told.windows(name.len()).enumerate();
    let mut places = places.by_ref().filter(|(_, window)| *window == name);
    let (at, _) = places.next()?;
    places.next().is_none().then_some(at)
}

/// For each row whether it has what the column `at` is of; `None` where cells say more than yes and no,
/// or all say the same.
fn yes_or_no(table: &Table, at: usize) -> Option<Vec<bool>> {
    let read = |row: &Vec<String>| {
        let cell = row[at].trim().to_lowercase();
        let has = YES.contains(&cell.as_str());
        (has || cell.is_empty() || NO.contains(&cell.as_str())).then_some(has)
    };
    let has: Vec<bool> = table.rows.iter().map(read).collect::<Option<_>>()?;
    (has.contains(&true) && has.contains(&false)).then_some(has)
}

fn number(word: &str) -> Option<f64> {
    let digits = word.starts_with(|c: char| c.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::names::{named_cells, said};
    use super::super::table::tables;
    use super::*;

    const MILLS: &str = "Mill | Stones | Wheel | Rent\nUpper | 4 | no | 38\nOld | 6 | yes | 55\nLower | 4 | yes | 44\nNew | 2 | yes | 30";
    const ROOMS: &str = "房间;人数;阳台;价格\n甲;4人;无;300元\n乙;4人;有;360元\n丙;2人;有;200元";

    #[test]
    fn rows_are_as_the_task_says() {
        let check = |task: &str, text: &str, want: &[&str]| {
            let told = words(task);
            let table = tables(text).remove(0);
            let keys = named_cells(&table, &said(&table, &told));
            let rows = rows_that_match(&table, &told, &keys).unwrap_or_default();
            let names: Vec<&str> = rows.iter().map(|at| table.rows[*at][0].as_str()).collect();
            assert_eq!(names, want, "{task}");
        };
        check("Which mill has 4 stones and a wheel?", MILLS, &["Lower"]);
        check("Which mill has 4 stones?", MILLS, &["Upper", "Lower"]);
        check("Which mill has no wheel?", MILLS, &["Upper"]);
        check("Which mill does not have a wheel?", MILLS, &["Upper"]);
        check("Which mill doesn't have a wheel?", MILLS, &["Upper"]);
        check("Which mills have a wheel?", MILLS, &["Old", "Lower", "New"]);
        check("What is the rent of a mill with 2 stones?", MILLS, &["New"]);
        check("4人的带阳台的房间哪个？", ROOMS, &["乙"]);
        check("哪个房间没有阳台？", ROOMS, &["甲"]);
        check("客人要一间住4人又带阳台的，哪间合适？", ROOMS, &["乙"]);
        // Nothing is said of a column, or no row is so.
        check("Which mill is it?", MILLS, &[]);
        check("Which mill has 5 stones?", MILLS, &[]);
        check("What is the rent?", MILLS, &[]);
        check(
            "Which mills have 4 wheels and 4 doors?",
            &MILLS.replace("yes", "2"),
            &[],
        );
        check("Which mill has 4 stones?", &format!("{MILLS}\n…"), &[]);
        check("Has it a wheel?", &MILLS.replace("no", "yes"), &[]);
    }
}
