//! Diagnostics on standard error, for whoever looks for a fault. What a user is told in
//! the usual course of things is printed with `say!` instead.

use std::io::{IsTerminal, Write};

use super::secrets;

/// Standard error, without secrets. A line comes as a whole.
struct Clean;

impl Write for Clean {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        match secrets::are_known() {
            false => std::io::stderr().write_all(line)?,
            true => {
                let text = String::from_utf8_lossy(line);
                std::io::stderr().write_all(secrets::text(&text).as_bytes())?;
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Sends diagnostics to standard error: warnings, or more with `-v` and `-vv`.
pub fn init(verbose: u8) {
    let filter = match verbose {
        // llama.cpp reports as errors what the caller hears of anyway.
        0 => "warn,llama-cpp-2=off,quipu_kernel=off,rmcp=off",
        1 => "info,llama-cpp-2=warn",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_writer(|| Clean)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        .without_time()
        .init();
}
