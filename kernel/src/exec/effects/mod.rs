//! What was chosen is carried out here, and becomes part of the process. Nothing in this folder
//! chooses what is done.
//!
//! | file | job |
//! | --- | --- |
//! | `act` | the gate, the intent, the effect, the outcome of each call |
//! | `own` | what a process does for the calls of its own |
//! | `take_in` | a finished step becomes part of the process |
//! | `person` | where a person is waited for |
//! | `held` | what a process has by handles only |
//! | `confide` | who may learn what a process holds |
//! | `children`, `list`, `extract` | the calls on others: one child, one for each thing, a reader |
//! | `kin` | the other processes that one process reaches, and what it is told of them |

mod act;
mod children;
mod confide;
mod extract;
mod held;
mod kin;
mod list;
mod own;
mod person;
mod take_in;

pub(super) use person::Wanted;
