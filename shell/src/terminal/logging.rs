//! Diagnostics on standard error, for whoever looks for a fault. What a user is told in
//! the usual course of things is printed with `say!` instead.

use std::io::{IsTerminal, Write};

use super::{held, secrets};

/// Standard error, without secrets. A line comes as a whole, and gets this before it.
struct Clean(&'static str);

impl Write for Clean {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = format!("{}{}", self.0, String::from_utf8_lossy(line));
        // A person may type beside it.
        held::line(secrets::text(&text).trim_end_matches('\n'));
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Sends diagnostics to standard error: warnings in this program's own words, or more with `-v`
/// and `-vv`.
pub fn init(verbose: u8) {
    let filter = match verbose {
        // What goes wrong in other libraries the caller hears of, and says.
        0 => "off,quipu=warn,quipu_kernel=off",
        // What servers are sent is told with all that was filled in for them.
        1 => "info,llama-cpp-2=warn,rmcp=off",
        _ => "debug,rmcp=off",
    };
    let log = tracing_subscriber::fmt()
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        .without_time();
    match verbose {
        0 => log
            .with_writer(|| Clean("warning: "))
            .with_level(false)
            .with_target(false)
            .init(),
        _ => log.with_writer(|| Clean("")).init(),
    }
}
