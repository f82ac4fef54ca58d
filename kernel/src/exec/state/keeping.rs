//! What a process knows of the memories that it was to keep.

/// What a process knows of the memories that it was to keep.
pub(crate) struct Keeping {
    /// How likely it is that the user told something to be kept, 0 to 1.
    told: f32,
    /// Whether a memory was kept.
    kept: bool,
    /// Whether keeping a memory was tried.
    tried: bool,
    /// Whether keeping a memory failed.
    failed: bool,
}

impl Keeping {
    /// Before anything was kept. Until the CPU has said how likely it is, something is taken to
    /// be told: a resumed process has its answers checked for false claims.
    pub(crate) fn nothing_yet() -> Self {
        Self {
            told: 1.0,
            kept: false,
            tried: false,
            failed: false,
        }
    }

    /// How likely it is that the user told something to be kept, 0 to 1.
    pub(crate) fn told(&self) -> f32 {
        self.told
    }

    /// Takes note of how likely it is that the user told something to be kept, 0 to 1.
    pub(crate) fn set_told(&mut self, told: f32) {
        self.told = told;
    }

    /// Takes note of a call that keeps a memory, and whether it `worked`.
    pub(crate) fn note(&mut self, worked: bool) {
        self.tried = true;
        self.kept |= worked;
        self.failed |= !worked;
    }

    /// Whether a memory was kept.
    pub(crate) fn has_kept(&self) -> bool {
        self.kept
    }

    /// Whether a memory was kept, and none failed.
    pub(crate) fn has_kept_all(&self) -> bool {
        self.kept && !self.failed
    }

    /// Whether keeping a memory was tried.
    pub(crate) fn has_tried(&self) -> bool {
        self.tried
    }
}
