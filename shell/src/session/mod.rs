//! From settings to a machine: what one call of the program has in its hands.
//!
//! | file | job |
//! | --- | --- |
//! | `init` | the session: settings, CPU, and the kernel booted from them |
//! | `cpu`, `loader` | what computes, and the models beside it |
//! | `introduce` | what a person is told when the CPU is there |
//! | `store`, `library` | the store, and what commands need of one |
//! | `lock`, `setup` | one machine on one root, and whether another program's would do |
//! | `bus`, `builtin`, `listings` | the tools of this machine, and what servers said they have |
//! | `agent` | agents from files |
//! | `learnt` | what agents have learnt, and which of it a task is shown |
//! | `schedule` | agents that run by themselves: when, and what became of them |
//! | `senses`, `hearing` | the tools that read pictures and hear recordings, and their weights |
//! | `speech`, `player` | the voice, for commands and as a tool, and the program that plays it |
//! | `stop` | the end of what nobody waits for |
//! | `user_call` | a call of a tool that a command makes |
//! | `talk`, `earlier` | a conversation: its turns, and those that the journal has |
//! | `embedder`, `embedder_comparison` | the model that searches, and which one finds a store's pages better |
//! | `images` | what models have read, on the disk |
//! | `judgement` | what the odds of a model are worth |
//! | `telemetry` | what an OpenTelemetry collector is told, in builds with the feature `otel` |
//! | `signals` | what looks at strangers' texts for attacks |
//!
//! Nobody outside this program is answered here: the control socket and the MCP server are
//! in `service/`. No command's arguments are known here: they are in `cli/`.

pub mod agent;
pub mod builtin;
pub mod bus;
mod cpu;
pub mod earlier;
pub mod embedder;
pub mod embedder_comparison;
pub mod hearing;
pub mod images;
pub mod init;
mod introduce;
pub mod judgement;
pub mod learnt;
pub mod library;
mod listings;
mod loader;
pub mod lock;
pub mod player;
pub mod schedule;
pub mod senses;
pub mod setup;
pub mod signals;
pub mod speech;
pub mod stop;
pub mod store;
pub mod strange;
pub mod talk;
#[cfg(feature = "otel")]
pub mod telemetry;
pub mod user_call;

pub use init::Session;
