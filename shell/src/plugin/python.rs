//! Python to a component: componentize-py, which puts CPython beside the program.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Project, toolchain};
use crate::config::paths::Paths;

/// Builds the component of `project`.
pub(super) fn build(project: &Project, paths: &Paths) -> Result<Vec<u8>> {
    let program = toolchain::pip_tool("componentize-py", paths)?;
    // A copy: while the program is set up its modules are compiled beside it.
    let work = tempfile::tempdir()?;
    let source = work.path().join("source");
    copy_python(&project.folder, &source)?;
    let component = work.path().join("tool.wasm");
    toolchain::compile(
        Command::new(program)
            .args(["--quiet", "--wit-path"])
            .arg(project.folder.join("wit"))
            .args(["componentize", "app", "--python-path"])
            .arg(&source)
            .arg("--output")
            .arg(&component)
            // Its own stack says nothing about the program that could not be built.
            .env("RUST_BACKTRACE", "0")
            .env("RUST_LIB_BACKTRACE", "0")
            // Would be searched for modules as well.
            .env_remove("VIRTUAL_ENV"),
        "fix the error above; modules are imported while the tool is built",
    )?;
    Ok(std::fs::read(component)?)
}

/// Copies the modules of `from`, and of the packages in it, to `to`.
fn copy_python(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.file_type()))?;
        let Some(name) = path.file_name() else {
            continue;
        };
        let hidden = name.to_string_lossy().starts_with(['.', '_']) && name != "__init__.py";
        if kind?.is_dir() {
            if !hidden && path.join("__init__.py").is_file() {
                copy_python(&path, &to.join(name))?;
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
