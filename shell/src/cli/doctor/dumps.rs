//! Whether a crash would leave the memory of this program on the disk.

use super::State;
use crate::config::dumps;

/// What becomes of its memory when it crashes.
pub(super) fn check() -> (State, String) {
    match dumps::are_off() {
        true => (
            State::Ok,
            "a crash leaves nothing of this program's memory on the disk".into(),
        ),
        false => (
            State::Warn,
            "a crash may leave keys and private text on the disk: the system does not let this \
             program forbid core dumps; `ulimit -c 0` before it starts does"
                .into(),
        ),
    }
}
