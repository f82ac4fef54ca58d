//! Numbers, days and times as people write them, in English and Chinese.
//!
//! | file | job |
//! | --- | --- |
//! | `numbers` | numbers in words |
//! | `days` | days of the calendar that are written out, and the names of weekdays |
//! | `clock` | times of day |
//!
//! What a number or a day is taken for is decided by whoever asks: the gate takes less for said
//! than the planner tells a model.

pub(crate) mod clock;
pub(crate) mod days;
pub(crate) mod numbers;
