//! This machine as other programs reach it.
//!
//! | file | job |
//! | --- | --- |
//! | `machine` | a running machine with its control socket |
//! | `control` | the socket: how `kill`, `nice`, `fork`, `ps` and `top` reach the machine that runs |
//! | `http/` | the APIs over HTTP, and the page |
//! | `mcp` | the machine as a server of the Model Context Protocol |
//!
//! What comes in here are other programs' words: they pass the same gate as a process's.

pub mod control;
pub mod http;
pub mod machine;
pub mod mcp;
