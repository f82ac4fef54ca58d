//! Rust to a component: cargo, for wasm32-wasip2.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::{Project, toolchain};
use crate::config::paths::Paths;
use crate::terminal::error::UserError;

const TARGET: &str = "wasm32-wasip2";

/// Compiles `project` and gives the component.
pub(super) fn build(project: &Project, paths: &Paths) -> Result<Vec<u8>> {
    let rustc = toolchain::rustc(&project.folder, paths)?;
    let said = toolchain::compile(
        Command::new("cargo")
            .args(["build", "--release", "--quiet", "--target", TARGET])
            .args(["--message-format", "json-render-diagnostics"])
            .env("RUSTC", rustc)
            // Flags meant for programs of this machine.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .current_dir(&project.folder),
        "fix what the compiler says",
    )?;
    let component = artifact(&String::from_utf8_lossy(&said)).ok_or_else(|| {
        UserError::usage(
            "the package builds no component",
            "a tool's Cargo.toml has [lib] crate-type = [\"cdylib\"]",
        )
    })?;
    Ok(std::fs::read(component)?)
}

/// The last component that cargo's messages tell of: the package comes after what it
/// depends on.
fn artifact(messages: &str) -> Option<PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter_map(|message| {
            let files = message["filenames"].as_array()?;
            let mut files = files.iter().filter_map(Value::as_str);
            files
                .find(|file| file.ends_with(".wasm"))
                .map(PathBuf::from)
        })
        .next_back()
}
