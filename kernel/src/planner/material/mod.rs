//! What was found for a task, by its structure and without a model: tables, sentences and units, and
//! programs that cannot work with them.
//!
//! | file | job |
//! | --- | --- |
//! | `table` | the tables of a text |
//! | `cell` | the cell that a task asks for, and the row that a number is of |
//! | `sentence` | whether one sentence says what is asked |
//! | `units` | units, and the factors between those that a text mixes |
//! | `unfit` | programs that cannot run where they are to |

pub(crate) mod cell;
pub(crate) mod sentence;
mod table;
pub(crate) mod unfit;
pub(crate) mod units;
