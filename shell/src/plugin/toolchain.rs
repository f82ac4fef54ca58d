//! Compilers for guests: finding them, and installing them where that needs no rights.
//!
//! The scripts are those the set-up of this repository uses; they are part of the
//! program, so that a tool can be built far from it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::config::paths::{self, Paths};
use crate::terminal::error::UserError;

const WASM_TARGET: &str = include_str!("../../../scripts/wasm-target.sh");
const PIP_TOOL: &str = include_str!("../../../scripts/pip-tool.sh");

/// The rustc that can compile the project in `folder` for wasm.
pub(super) fn rustc(folder: &Path, paths: &Paths) -> Result<String> {
    installed("cargo", "install Rust as https://rustup.rs says")?;
    let folder = std::path::absolute(folder)?;
    script("wasm-target.sh", WASM_TARGET, &folder, paths)
}

/// The program called `tool` of those that pip brings.
pub(super) fn pip_tool(tool: &str, paths: &Paths) -> Result<String> {
    script("pip-tool.sh", PIP_TOOL, Path::new(tool), paths)
}

fn installed(program: &str, hint: &str) -> Result<()> {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match found {
        Ok(status) if status.success() => Ok(()),
        _ => Err(UserError::usage(format!("there is no {program}"), hint)),
    }
}

/// Runs a script of this repository and gives the line it prints. It explains itself
/// on standard error.
fn script(name: &str, text: &str, argument: &Path, paths: &Paths) -> Result<String> {
    let folder = paths.cache.join("scripts");
    paths::create(&folder)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let output = Command::new("sh")
        .arg(file.path())
        .arg(argument)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| UserError::failed(format!("sh: {error}"), "a shell is needed"))?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || line.is_empty() {
        return Err(UserError::failed(
            format!("{name}: the compiler could not be set up"),
            "the messages above say what is missing",
        ));
    }
    Ok(line)
}

/// Runs a compiler that reports on standard error, and gives what it printed.
pub(super) fn compile(command: &mut Command, hint: &str) -> Result<Vec<u8>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let name = Path::new(&program)
        .file_name()
        .map_or(program.clone(), |name| name.to_string_lossy().into_owned());
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| UserError::failed(format!("{program}: {error}"), hint))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(UserError::failed(
        format!("the tool was not built ({name}: {})", output.status),
        hint,
    ))
}
