//! Diagnostics on standard error, for whoever looks for a fault. What a user is told in
//! the usual course of things is printed with `say!` instead.

use std::io::IsTerminal;

/// Sends diagnostics to standard error: warnings, or more with `-v` and `-vv`.
pub fn init(verbose: u8) {
    let filter = match verbose {
        // llama.cpp reports as errors what the caller hears of anyway.
        0 => "warn,llama-cpp-2=off,quipu_kernel=off,rmcp=off",
        1 => "info,llama-cpp-2=warn",
        _ => "debug",
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        .without_time()
        .init();
}
