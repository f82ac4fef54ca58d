//! Core dumps: what the system writes to the disk of a program that crashed is all that it had in
//! memory. Of this one that would be keys, private text and what processes said.

#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows no core dump of this program, nor of those that it starts. To be called before
/// anything secret is read; [`are_off`] says whether that worked.
///
/// On Linux no other program of the same user can look into this one's memory from then on.
pub fn switch_off() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    // A program that takes dumps from the kernel gets them whatever the limit says.
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Whether a crash of this program leaves nothing of its memory on the disk.
pub fn are_off() -> bool {
    getrlimit(Resource::Core).current == Some(0) && is_closed()
}

#[cfg(target_os = "linux")]
fn is_closed() -> bool {
    dumpable_behavior() == Ok(DumpableBehavior::NotDumpable)
}

#[cfg(not(target_os = "linux"))]
fn is_closed() -> bool {
    true
}
