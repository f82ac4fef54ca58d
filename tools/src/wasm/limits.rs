//! What a guest may use, alone and together with all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::ResourceLimiter;

/// Elements of all tables of one guest.
pub(super) const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Core instances, memories and tables of one guest.
pub(super) const PARTS_MAX: usize = 64;

/// Why the sandbox stopped a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stopped {
    #[error("deadline")]
    Deadline,
    #[error("cancelled")]
    Cancelled,
    #[error("memory limit")]
    Memory,
    #[error("memory limit of all tools together")]
    TotalMemory,
    #[error("table limit")]
    Table,
    #[error("output limit")]
    Output,
    #[error("no free place")]
    Busy,
}

/// Bytes that all guests of one host may hold together.
pub(super) struct Budget {
    held: AtomicUsize,
    bytes_max: usize,
}

impl Budget {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            bytes_max,
        }
    }

    pub(super) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    fn take(&self, bytes: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.bytes_max);
        self.held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The memory of one guest. A guest may have many memories and tables: their sum counts.
pub(super) struct Limits {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements: usize,
    budget: Arc<Budget>,
}

impl Limits {
    pub(super) fn new(memory_bytes_max: usize, budget: Arc<Budget>) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max,
            table_elements: 0,
            budget,
        }
    }
}

impl Drop for Limits {
    fn drop(&mut self) {
        self.budget.give_back(self.memory_bytes);
    }
}

impl ResourceLimiter for Limits {
    // An error traps the guest and names the limit; `false` would leave it to the
    // guest's allocator to say something less clear.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let sum = self.memory_bytes.saturating_add(more);
        if sum > self.memory_bytes_max {
            return Err(Stopped::Memory.into());
        }
        if !self.budget.take(more) {
            return Err(Stopped::TotalMemory.into());
        }
        self.memory_bytes = sum;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let sum = self.table_elements.saturating_add(more);
        if sum > TABLE_ELEMENTS_MAX {
            return Err(Stopped::Table.into());
        }
        self.table_elements = sum;
        Ok(true)
    }

    fn instances(&self) -> usize {
        PARTS_MAX
    }

    fn tables(&self) -> usize {
        PARTS_MAX
    }

    fn memories(&self) -> usize {
        PARTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_counts_and_is_given_back() {
        let budget = Arc::new(Budget::new(100));
        let grow = |limits: &mut Limits, from, to| {
            let result = limits.memory_growing(from, to, None);
            result
                .map(|_| ())
                .map_err(|error| *error.downcast_ref::<Stopped>().unwrap())
        };
        let mut one = Limits::new(70, budget.clone());
        assert_eq!(grow(&mut one, 0, 40), Ok(()));
        assert_eq!(grow(&mut one, 0, 40), Err(Stopped::Memory));
        assert_eq!(grow(&mut one, 40, 60), Ok(()));
        let mut two = Limits::new(70, budget);
        assert_eq!(grow(&mut two, 0, 41), Err(Stopped::TotalMemory));
        drop(one);
        assert_eq!(grow(&mut two, 0, 41), Ok(()));
    }
}
