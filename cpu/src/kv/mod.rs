//! What is where in the KV cache that all processes share, and who computes next.
//!
//! Pure bookkeeping, without llama.cpp: the engine does to the cache what is decided here.
//!
//! | file | question |
//! | --- | --- |
//! | [`scheduler`] | Who computes in the next batch? |
//! | [`frames`] | Whose tokens are resident? |
//! | [`pictures`] | How does a picture stand among tokens? |
//! | [`prefix`] | Which of them do several processes share? |
//! | [`cells`] | Where in the cache do they lie? |
//! | [`swap`] | Which states are kept outside the cache, in memory and on disk? |

pub mod cells;
pub mod frames;
pub mod pictures;
pub mod prefix;
pub mod scheduler;
pub mod swap;
