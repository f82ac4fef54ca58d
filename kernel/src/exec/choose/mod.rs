//! What a process does next is chosen and written here. Nothing in this folder has an effect: it
//! asks the CPU, and what it comes to is text for `step`.
//!
//! | file | job |
//! | --- | --- |
//! | `decide`, `wants` | chooses the move; what a task wants: a program, a thought, a number |
//! | `judge` | which move fits, by what the odds of the CPU are worth |
//! | `writing`, `thought` | lets the CPU write a move; what it thinks before |
//! | `again` | what a program returned, worked out once more by another one |
//! | `alone` | the task by itself, and prompts with nothing else in sight |
//! | `examples` | tasks that were done right, before the task |
//! | `found`, `leads` | works on what was looked up with nothing else in sight; where it leads |
//! | `sources` | looks into each source that the task names, before anything is answered |
//! | `onward` | searches once more, for the name to which the last search leads |
//! | `retry`, `form`, `guess` | an answer that is poor, or has another form, is tried again; whether a name is known or guessed |
//! | `hints` | what such a try is told, in the language of the task |

mod again;
mod alone;
mod decide;
mod examples;
mod form;
mod found;
mod guess;
mod hints;
mod judge;
mod leads;
mod onward;
mod retry;
mod sources;
mod thought;
mod wants;
mod writing;

pub(super) use examples::show as show_examples;
pub(super) use writing::Decided;
