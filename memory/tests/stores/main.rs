//! Stores from outside: what all of them keep to, and what one on a disk promises beyond that.

use tempfile::TempDir;

mod contract;
mod disk;

/// A new folder; `make test` says where.
fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}
