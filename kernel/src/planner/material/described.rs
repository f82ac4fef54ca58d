//! The row that a task describes by several words, where it is named nowhere: "the big room upstairs". A
//! small model takes the first row that has one of them.

use std::collections::BTreeSet;

use super::names::{best_named, telling};
use super::table::Table;
use crate::planner::poor_answer::says_no;
use crate::planner::wording::without_addresses;

/// The fewest words that describe a row, of Chinese pairs of ideographs.
const WORDS_MIN: usize = 3;
/// The same where not all rows have them.
const OWN_WORDS_MIN: usize = 2;

/// The row of `table` that `task` describes, and in which of its cells the words stand. It has all words
/// that the task says of any other row, and one more; `keys` are the cells of each row that the task
/// names, and no other row has more of them. What the columns are called describes no row.
pub(super) fn described_row(
    table: &Table,
    task: &str,
    keys: &[BTreeSet<usize>],
) -> Option<(usize, BTreeSet<usize>)> {
    // What is not meant is described as well.
    if says_no(task) {
        return None;
    }
    let mut asked = telling(&without_addresses(task));
    for head in &table.head {
        let named = telling(head);
        asked.retain(|word| !named.contains(word));
    }
    let said_in = |cell: &String| -> BTreeSet<String> {
        // A value has such words too: "4 beds".
        match cell.contains(|c: char| c.is_ascii_digit()) {
            true => BTreeSet::new(),
            false => telling(cell).intersection(&asked).cloned().collect(),
        }
    };
    let said_of =
        |row: &Vec<String>| -> BTreeSet<String> { row.iter().flat_map(said_in).collect() };
    let said: Vec<BTreeSet<String>> = table.rows.iter().map(said_of).collect();
    let at = best_named(&said)?;
    let is_its_own = |word: &&String| !said.iter().all(|said| said.contains(*word));
    let own = said[at].iter().filter(is_its_own).count();
    let describes = own >= OWN_WORDS_MIN || said[at].len() >= WORDS_MIN;
    let most = keys.iter().map(BTreeSet::len).max()?;
    if !describes || keys.get(at)?.len() < most {
        return None;
    }
    let (row, words) = (&table.rows[at], &said[at]);
    let stands_in = |column: &usize| !said_in(&row[*column]).is_disjoint(words);
    let columns = (0..row.len()).filter(stands_in);
    Some((at, columns.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::material::table::tables;

    const ROOMS: &str = "| Room | Beds | Price |\n|---|---|---|\n\
        | Big, upstairs, to the street | 5 | 90 |\n| Big, upstairs, at the back | 4 | 80 |\n\
        | Small, upstairs, at the back | 2 | 50 |\n| Big, downstairs, at the back | 6 | 95 |";

    fn described(task: &str, text: &str) -> Option<String> {
        let tables = tables(text);
        let table = tables.first()?;
        let keys = vec![BTreeSet::new(); table.rows.len()];
        let (at, cells) = described_row(table, task, &keys)?;
        assert!(!cells.is_empty(), "{task}");
        Some(table.rows[at][0].clone())
    }

    #[test]
    fn a_row_is_described_by_most_of_its_words() {
        let check = |task: &str, text: &str, want: &str| {
            assert_eq!(described(task, text).as_deref(), Some(want), "{task}");
        };
        let back = "Big, upstairs, at the back";
        check(
            "How many beds has the big room upstairs at the back?",
            ROOMS,
            back,
        );
        check(
            "The one at the back, upstairs, the big one: how dear is it?",
            ROOMS,
            back,
        );
        let list = "- Lamp for the desk, green: 35 EUR\n- Lamp for the desk, red: 40 EUR\n- Green chair: 50 EUR";
        check(
            "What does the green lamp for my desk cost?",
            list,
            "Lamp for the desk, green",
        );
        let rooms = "房间,床\n楼上靠街大房,5\n楼上靠后大房,4\n楼下靠后大房,6";
        check("楼上靠后那间有几张床？", rooms, "楼上靠后大房");
    }

    #[test]
    fn no_row_is_described_where_another_could_be_meant() {
        let check = |task: &str, text: &str| assert_eq!(described(task, text), None, "{task}");
        // Two rows have as many words, or each has a word of its own.
        check("How many beds has the big room at the back?", ROOMS);
        check("How many beds has the small room downstairs?", ROOMS);
        check(
            "What do the small one and the big one upstairs at the street cost?",
            ROOMS,
        );
        // One word, or none.
        check("How many beds has the small room?", ROOMS);
        check(
            "What does a room for a big group cost?",
            "- Big room: 90 EUR\n- Small room: 50 EUR",
        );
        check("How many beds are there?", ROOMS);
        check(
            "See http://127.0.0.1/big-upstairs-back for how many beds there are.",
            ROOMS,
        );
        // It says which one is not meant.
        check(
            "How many beds, but not in the big room upstairs at the back?",
            ROOMS,
        );
        // The words are those of columns and values.
        check("What price has a room with beds?", ROOMS);
        check(
            "Which has seats of oak?",
            "- Hall: 40 seats of oak\n- Barn: 30 chairs",
        );
        check("楼上有几张床？", "房间,床\n楼上靠街大房,5\n楼上靠后大房,4");
        check("", ROOMS);
    }

    #[test]
    fn a_row_with_fewer_named_cells_is_not_described() {
        let tables = tables(ROOMS);
        let named = |row: usize| {
            let mut keys = vec![BTreeSet::new(); 4];
            keys[row].insert(0);
            described_row(&tables[0], "the big room upstairs at the back", &keys).is_some()
        };
        assert!(named(1));
        assert!(!named(2));
    }
}
