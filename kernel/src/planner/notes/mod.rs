//! What a later note makes of an older one, by their words and without a model. Which notes are compared,
//! and what a model says of them, is in `exec/keep`.
//!
//! | file | job |
//! | --- | --- |
//! | `values` | the days, hours and numbers of a note |
//! | `taken_back` | words that take something back before it is said anew |
//! | `corrected` | the same said with another value; a value said without its subject |
//! | `in_time` | a value that holds from some time on, beside the one that holds until then |

pub(crate) mod corrected;
pub(crate) mod in_time;
pub(crate) mod taken_back;
mod values;
