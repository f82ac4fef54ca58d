//! The Model Context Protocol: servers that this machine uses, and this machine as
//! one.

pub mod config;
pub mod server;
