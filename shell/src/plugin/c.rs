//! C to a component: bindings from the WIT, zig as the compiler, and the encoder that
//! makes a component of a core module.

use std::process::Command;

use anyhow::Result;
use wasi_preview1_component_adapter_provider as adapter;
use wit_bindgen_core::Files;
use wit_component::ComponentEncoder;

use super::project::{World, c_files};
use super::{Project, toolchain};
use crate::config::paths::{self, Paths};
use crate::terminal::error::UserError;

/// Compiles `project` and gives the component. What is made on the way is in `build/`,
/// where an editor finds the header.
pub(super) fn build(project: &Project, paths: &Paths) -> Result<Vec<u8>> {
    let made = project.folder.join("build");
    paths::create(&made)?;
    let mut sources = c_files(&project.folder);
    for (name, bytes) in bindings(project)?.iter() {
        let path = made.join(name);
        std::fs::write(&path, bytes)?;
        if !name.ends_with(".h") {
            sources.push(path);
        }
    }
    let zig = toolchain::pip_tool("zig", paths)?;
    let module = made.join("module.wasm");
    toolchain::compile(
        Command::new(zig)
            .args(["cc", "--target=wasm32-wasi", "-mexec-model=reactor"])
            .args(["-std=c17", "-O2", "-s", "-Wall", "-I"])
            .arg(&made)
            .args(&sources)
            .arg("-o")
            .arg(&module),
        "fix what the compiler says; the functions to write are declared in build/*.h",
    )?;
    encode(&std::fs::read(&module)?).map_err(|error| {
        UserError::failed(
            format!("no component could be made of the module: {error:#}"),
            "the functions to write are declared in build/*.h",
        )
    })
}

/// Makes a component of a core module. What C's library asks of a system goes the way
/// of the component model.
fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .module(module)?
        .adapter(
            adapter::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            adapter::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )?
        .encode()
}

fn bindings(project: &Project) -> Result<Files> {
    let World { mut resolve, id } = World::read(&project.folder)?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default()
        .build()
        .generate(&mut resolve, id, &mut files)
        .map_err(|error| {
            UserError::usage(
                format!("wit/: {error:#}"),
                "there is no C for this interface",
            )
        })?;
    Ok(files)
}
