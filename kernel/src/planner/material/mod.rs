//! What was found for a task, by its structure and without a model: tables, sentences and units, and
//! programs that cannot work with them.
//!
//! | file | job |
//! | --- | --- |
//! | `passage` | the passages of a text, and their titles |
//! | `table` | the tables of a text |
//! | `names`, `apart` | the names of rows and columns, and which of them a task says; where Chinese ones end |
//! | `described` | the row that a task describes by several words |
//! | `row` | a row in words, and of which passage it is |
//! | `measure` | what numbers measure: degrees, money, a unit |
//! | `condition` | the condition of a task: above 8 |
//! | `fitting`, `matching` | the rows that fit a condition, and those that are as a task says |
//! | `asked_kind` | the kind of thing that a task asks for, and whether a text says one |
//! | `onward` | what has to be searched for next, where a part of what is asked was found |
//! | `linked` | the row of another table to which the row leads that a task names |
//! | `column` | the column that is asked for of a row: of two prices that of one or of all |
//! | `when` | dates in cells, and the rows of the day or month of a task |
//! | `turn` | the next and the last of what comes again |
//! | `amount`, `extreme` | cells as numbers that can be compared, and the row with the most |
//! | `dated` | the part below a heading with the day or month of a task |
//! | `in_the_task` | the list or the text that stands in a task |
//! | `spelled` | lists that a program spells out |
//! | `given` | the table, the list or the text that a program has as a value |
//! | `cell` | the cell or row that a task asks for, and the row that a number is of |
//! | `sentence`, `nearer` | whether one sentence says what is asked; which clause of it does |
//! | `ahead` | the links of a page that a task speaks of |
//! | `joined` | what two texts say together, by a key that both have |
//! | `priced` | what so many things cost |
//! | `units` | units, and the factors between those that a text mixes |
//! | `code` | a program as its tokens |
//! | `unbound` | names in a program that have no value |
//! | `unfit` | programs that cannot run where they are to |

pub(crate) mod ahead;
mod amount;
mod apart;
mod asked_kind;
mod cell;
pub(super) mod code;
mod column;
mod condition;
mod dated;
mod described;
mod extreme;
mod fitting;
pub mod given;
pub(crate) mod in_the_task;
pub(crate) mod joined;
mod linked;
mod matching;
mod measure;
mod names;
pub(crate) mod nearer;
pub(crate) mod onward;
mod passage;
pub(crate) mod priced;
mod row;
pub(crate) mod sentence;
mod spelled;
mod table;
mod turn;
mod unbound;
pub(crate) mod unfit;
pub(crate) mod units;
mod when;

use chrono::NaiveDate;

pub(crate) use cell::row_of_the_number;
pub(crate) use linked::row_led_to;
pub(crate) use names::telling;

/// What `task`, told on `today`, asks for in `text`, each as a line: cells and rows of its tables, the row with
/// the most, what is next or was last, and the part that is of the day or the month.
pub(crate) fn asked_for(task: &str, text: &str, today: Option<NaiveDate>) -> Vec<String> {
    let mut lines = cell::cells_asked_for(task, text);
    lines.extend(extreme::rows_with_the_most(task, text));
    lines.extend(turn::of_the_turn(task, text, today));
    lines.extend(dated::part_of_the_day(task, text));
    lines
}

/// Whether what `task` asks for in `text` is one cell of a table, named by its row and its column.
pub(crate) fn is_one_cell(task: &str, text: &str) -> bool {
    let lines = cell::cells_asked_for(task, text);
    // A row in words has a name before each value.
    matches!(&lines[..], [only] if only.matches(": ").count() == 1 && only.matches(" | ").count() == 1)
}
