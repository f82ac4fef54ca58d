//! Devices from outside: components and servers as a process meets them.
//!
//! One program, because linking wasmtime costs more than all of these tests together. Guests
//! that try to harm their host (`hostile`) are a program of their own, which runs alone.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

mod contract;
mod foreign;
mod interfaces;
mod mcp;
mod net;
mod rights;

use std::sync::OnceLock;

use quipu_tools::{WasmHost, WasmSettings};

/// The host of the components that tests write themselves.
fn host() -> &'static WasmHost {
    static HOST: OnceLock<WasmHost> = OnceLock::new();
    HOST.get_or_init(|| WasmHost::new(WasmSettings::default()).unwrap())
}

/// The guest that is built for such tests.
const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/probe.wasm");

/// Its bytes.
fn probe_bytes() -> Vec<u8> {
    std::fs::read(PROBE).unwrap_or_else(|error| panic!("{error}: run `make guests`"))
}
