//! The parts of the state of a process in execution. Each is a struct with a file of its own and
//! private fields: nothing else reads or changes them. What a part needs from outside comes as
//! arguments. None of these files knows the process that they are the parts of.

mod agenda;
mod approvals;
mod costs;
mod found;
mod headway;
mod inbox;
mod keeping;
mod known;
mod rows;
mod taught;
mod track;

pub(crate) use agenda::{Agenda, Next};
pub(crate) use approvals::{Approvals, FOR_THE_PROCESS};
pub(crate) use costs::Costs;
pub(crate) use found::{Found, is_a_look, speaks_of_numbers, without_heads, without_names};
pub(crate) use headway::Headway;
pub(crate) use inbox::Inbox;
pub(crate) use keeping::Keeping;
pub(crate) use known::{Known, may_come_otherwise, shown_again};
pub(crate) use rows::Rows;
pub(crate) use taught::Taught;
pub(crate) use track::Track;
