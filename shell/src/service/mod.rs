//! This machine as other programs reach it.
//!
//! | file | job |
//! | --- | --- |
//! | `machine` | a running machine with its control socket |
//! | `control` | the socket: what other programs on the same root may ask of the machine |
//! | `server`, `talk` | the machine's side of it, and theirs |
//! | `lending`, `lent` | the library of the machine for other programs: its side, and theirs |
//! | `conversation` | what a process's starter and the machine say to each other |
//! | `carried` | a task with its pictures, on its way from the one to the other |
//! | `door` | what a command has of a machine: of the one that runs, or of its own |
//! | `follow` | a process followed to its end at a terminal |
//! | `way` | which of the two it is, and who waits for whom |
//! | `room` | what other programs have under way on a machine |
//! | `places` | how many programs are connected to it at a time |
//! | `relay` | tasks on a machine that may end before they do |
//! | `knowledge` | the folders that an agent knows, before it runs |
//! | `schedules` | agents that run by themselves: waiting, watching, starting |
//! | `http/` | the APIs over HTTP, and the page |
//! | `mcp` | the machine as a server of the Model Context Protocol |
//!
//! What comes in here are other programs' words: they pass the same gate as a process's.

mod carried;
pub mod control;
pub mod conversation;
pub mod door;
pub mod follow;
pub mod http;
pub mod knowledge;
mod lending;
pub mod lent;
pub mod machine;
pub mod mcp;
mod places;
mod relay;
mod room;
pub mod schedules;
mod server;
pub mod talk;
pub mod way;
