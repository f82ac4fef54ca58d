//! The peripherals of Quipu: devices on a bus.
//!
//! A [`Device`] is a tool: functions with JSON arguments and JSON results. Most are
//! wasm components, each call in a fresh sandbox with nothing but what was granted.
//!
//! | file | job |
//! | --- | --- |
//! | [`device`] | the contract of a device, its specification, its errors |
//! | [`bus`] | from a name to a device and a function |
//! | [`caps`] | capabilities a device asks for and a user grants |
//! | [`topics`] | what a task has to speak of before a model is shown a device |
//! | [`role`] | what the arguments of a function are for |
//! | [`manifest`] | `plugin.toml`: what a plugin asks for |
//! | [`grants`] | the book of what was granted to which component |
//! | [`provenance`] | where installed tools came from |
//! | [`trust`] | the book of folders whose files may take effect |
//! | [`secrets`] | values that nobody reads: where they are kept, and where they stand |
//! | [`net::secrets`] | handles that become values outside the sandbox |
//! | [`net`] | outgoing requests, checked |
//! | [`wasm`] | the sandbox: the only module that names the wasm engine |
//! | [`mcp`] | servers of the Model Context Protocol as devices |
//! | [`schema`] | from a component's WIT types and docs to JSON Schema |
//! | [`json_schema`] | JSON Schemas of others in one normal form |
//! | [`docs`] | the comments of a component's WIT |
//! | [`installed`] | a folder of installed components |
//! | `sections` | what a component carries beside its code |
//! | `state_file` | small files of state that only their owner may read |
//!
//! This crate knows no process, no model and no store. It never prints and never
//! reads the environment: it is handed paths and settings. A tool that fails gives
//! a [`ToolError`], which is data for whoever called it.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop there"))]

pub mod bus;
pub mod caps;
pub mod device;
pub mod docs;
pub mod grants;
pub mod installed;
pub mod json_schema;
pub mod manifest;
pub mod mcp;
pub mod net;
pub mod provenance;
pub mod role;
pub mod schema;
pub mod secrets;
mod sections;
pub mod state_file;
pub mod topics;
pub mod trust;
pub mod wasm;

pub use bus::{Bus, Resolved};
pub use caps::{Capability, Grants, Rights};
pub use device::{
    BUILTIN, CallContext, CancelToken, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec,
    KEY_ARGUMENT, Missing, ToolError,
};
pub use grants::{GrantBook, Held};
pub use installed::{Given, load_dir};
pub use role::{Role, Roles};
pub use secrets::{LeakScan, Secret, SecretStore};
pub use state_file::StateError;
pub use topics::Topics;
pub use wasm::{LoadError, WasmDevice, WasmHost, WasmSettings};
