//! The machine as a service: real requests over HTTP to the real program.

mod agents;
mod chat;
mod clients;
mod completions;
mod guards;
mod hearing;
mod later_turns;
pub mod machine;
mod manners;
mod models;
mod native;
mod odds;
mod others;
mod schedules;
mod shapes;
mod stored;
mod streams;
mod usage;
