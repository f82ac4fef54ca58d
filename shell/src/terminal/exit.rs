//! How the program ends: at once, with an exit code. Which code is decided in `error`.

use std::io::Write;

/// Ends the program with an exit code, and at once: a process that nobody waited for may
/// still be computed, and llama.cpp aborts when what it keeps for the whole program is
/// torn down meanwhile, as it is at the usual end.
pub fn leave(code: u8) -> ! {
    let _ = std::io::stdout().flush();
    // SAFETY: takes a number, and does not come back.
    unsafe { libc::_exit(code.into()) }
}
