//! Stores from outside: what all of them keep to, and what one on a disk promises beyond that.

mod contract;
mod disk;
