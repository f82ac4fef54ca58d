//! What a task asks for in two steps: the row that it names says the name of a row of another table,
//! "Waldo: kennel 3", and that row says the rest. A small model takes another row of the second table.

use std::collections::BTreeSet;

use super::names::{name, named_cells, said, words};
use super::row::in_words;
use super::table::{Table, tables};

/// Tables of one text: where more stand, none are joined.
const TABLES_MAX: usize = 8;
/// Characters of the names of a row: a longer cell is a text.
const NAME_CHARS_MAX: usize = 30;

/// The row of another table of `text` to which the only row leads that `task` names, as a line: "Waldo |
/// kennel: 3 -> kennel: 3 | evening: 18:45". `None` where none or several are led to.
pub(crate) fn row_led_to(task: &str, text: &str) -> Option<String> {
    let told = words(task);
    let tables = tables(text);
    if !(2..=TABLES_MAX).contains(&tables.len()) {
        return None;
    }
    let mut found: BTreeSet<String> = BTreeSet::new();
    for (at, from) in tables.iter().enumerate() {
        let Some(row) = only_named(from, &told) else {
            continue;
        };
        let others = tables.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, to) in others.filter(|(_, to)| only_named(to, &told).is_none()) {
            found.extend(led_to(from, row, to, &told));
        }
    }
    let only = found.pop_first();
    only.filter(|_| found.is_empty())
}

/// The only row of `table` with a cell whose name is in a task with the words `told`.
fn only_named(table: &Table, told: &[String]) -> Option<usize> {
    let keys = named_cells(table, &said(table, told));
    let mut named = (0..table.rows.len()).filter(|at| keys[*at].contains(&0));
    let row = named.next()?;
    named.next().is_none().then_some(row)
}

/// The line for the row of `to` whose first cell a cell of the row `at` of `from` names.
fn led_to(from: &Table, at: usize, to: &Table, told: &[String]) -> Option<String> {
    let cells = from.rows[at].iter().enumerate().skip(1);
    let mut lines = cells.filter_map(|(column, cell)| {
        let is_name = !cell.is_empty() && cell.chars().count() <= NAME_CHARS_MAX;
        let head = &from.head[column];
        // "kennel C" under no head, or C under the head "kennel".
        let whole = name(&format!("{head} {cell}")).filter(|_| is_name)?;
        let leads = |row: &Vec<String>| {
            let bare = name(&row[0])?;
            let named = name(&format!("{} {}", to.head[0], row[0]))?;
            let same_head = words(head) == words(&to.head[0]) && name(cell)? == bare;
            let is_told =
                told.windows(bare.len()).any(|told| told == bare) && bare.concat().len() > 1;
            (!is_told && (same_head || whole == named || whole == bare || name(cell)? == named))
                .then_some(())
        };
        let mut rows = (0..to.rows.len()).filter(|row| leads(&to.rows[*row]).is_some());
        let row = rows.next().filter(|_| rows.next().is_none())?;
        let names: Vec<&str> = [&from.rows[at][0], head, cell].map(String::as_str).to_vec();
        let names = names.into_iter().filter(|name| !name.is_empty());
        let names = names.collect::<Vec<_>>().join(" | ");
        Some(format!("{names} -> {}", in_words(to, row)?))
    });
    let line = lines.next();
    line.filter(|_| lines.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOGS: &str = "[d1: Dogs]\n  | Dog | Kennel |\n  |---|---|\n  | Waldo | 3 |\n  | Fig | 1 |\n  | Pip | 2 |";
    const CATS: &str = "[d3: Cats]\n  | Cat | Room |\n  |---|---|\n  | Moss | B |\n  | Ash | A |";
    const TIMES: &str = "[d2: Times]\n  | Kennel | Morning | Evening |\n  |---|---|---|\n  | 1 | 7:15 | 18:15 |\n  | 2 | 7:30 | 18:30 |\n  | 3 | 7:45 | 18:45 |";
    const ROOMS: &str =
        "[d4: Rooms]\n  | Room | Cleaned |\n  |---|---|\n  | A | Monday |\n  | B | Friday |";

    #[test]
    fn a_row_leads_to_a_row_of_another_table() {
        let check = |task: &str, texts: &[&str], want: Option<&str>| {
            let found = row_led_to(task, &texts.join("\n\n"));
            assert_eq!(found.as_deref(), want, "{task}");
        };
        let waldo = "Waldo | Kennel | 3 -> Kennel: 3 | Morning: 7:45 | Evening: 18:45";
        check(
            "When is Waldo fed in the evening?",
            &[DOGS, TIMES],
            Some(waldo),
        );
        let moss = "Moss | Room | B -> Room: B | Cleaned: Friday";
        check(
            "When is the room of Moss cleaned?",
            &[CATS, ROOMS],
            Some(moss),
        );
        check(
            "When is the room of Moss cleaned?",
            &[CATS, ROOMS, TIMES],
            Some(moss),
        );
        // Nobody, two, or somebody else is named; nothing leads on.
        check("When is Bella fed?", &[DOGS, TIMES], None);
        check("When are Waldo and Fig fed?", &[DOGS, TIMES], None);
        check("When is Waldo fed?", &[DOGS, ROOMS], None);
        check("When is Waldo fed?", &[DOGS], None);
        check("", &[DOGS, TIMES], None);
    }
}
