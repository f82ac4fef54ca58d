//! What leaves a window, so that the prompt and the answer fit: the oldest steps first, then
//! pictures, then half of what the last step shows.

use quipu_cpu::{Cpu, Prompt};

use super::{Vm, VmError};

/// A page that left the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// The page's id.
    pub page: String,
    /// Tokens it held.
    pub tokens: u32,
}

impl Vm {
    /// Lays the window out and proves with the CPU's tokenizer that it fits,
    /// evicting the oldest steps as needed. The last step always stays.
    ///
    /// # Errors
    /// [`VmError::TaskTooLong`] where what is pinned and the last step leave no room for an answer;
    /// what the CPU says where it cannot lay messages out.
    pub fn fit(&mut self, cpu: &dyn Cpu) -> Result<(Prompt, Vec<Eviction>), VmError> {
        let mut evicted = Vec::new();
        loop {
            let prompt = cpu.prepare(&self.layout())?;
            let need = prompt.len + self.reserve;
            if need <= self.window {
                return Ok((prompt, evicted));
            }
            // Free a quarter of the window more than needed. The next steps then extend a
            // resident prompt instead of shifting it.
            let mut excess = (need - self.window + self.window / 4) as isize;
            let last = self.steps.len().saturating_sub(1);
            let before = evicted.len();
            for step in self.steps[..last].iter_mut().filter(|step| step.resident) {
                if excess <= 0 {
                    break;
                }
                let tokens = cpu.count(&step.action) + cpu.count(&step.view(self.borders));
                step.resident = false;
                excess -= tokens as isize;
                evicted.push(Eviction {
                    page: step.id(),
                    tokens: tokens as u32,
                });
            }
            let none = evicted.len() == before;
            if none && !self.take_down(&mut evicted) && !self.shrink_last() {
                return Err(VmError::TaskTooLong {
                    prompt: prompt.len,
                    reserve: self.reserve,
                    window: self.window,
                });
            }
        }
    }

    /// Shows half as much of the last observation. False if there was nothing left to take away.
    fn shrink_last(&mut self) -> bool {
        let Some(last) = self.steps.last_mut() else {
            return false;
        };
        let half = last.observation.floor_char_boundary(last.shown / 2);
        let shrunk = half < last.shown;
        last.shown = half;
        shrunk
    }
}

/// The length in bytes of the longest prefix of `text` with at most `tokens` tokens, at the
/// border of a character. It is found by halving, since token counts hardly ever shrink as a text
/// grows.
pub(super) fn fitting_prefix(text: &str, tokens: usize, count: &dyn Fn(&str) -> usize) -> usize {
    // A token is at least one byte, so a short text needs no counting.
    if text.len() <= tokens || count(text) <= tokens {
        return text.len();
    }
    let (mut low, mut high) = (0, text.len());
    while high - low > 8 {
        let middle = text.floor_char_boundary((low + high) / 2);
        if middle <= low {
            break;
        }
        if count(&text[..middle]) <= tokens {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
