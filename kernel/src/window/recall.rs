//! What is out of sight (evicted, held back or cut), and how it comes back.

use super::{StepPage, Vm, fitting_prefix};
use crate::label::Label;
use quipu_cpu::Cpu;

impl Vm {
    /// The text of page `id` from character `from` on, verbatim, and its label. As much is
    /// returned as may be shown at once, with a note if more is left.
    ///
    /// # Errors
    /// In words for the model, where there is no such page or it ends before `from`.
    pub fn recall(&self, cpu: &dyn Cpu, id: &str, from: usize) -> Result<(String, Label), String> {
        let page = self
            .steps
            .iter()
            .find(|step| step.id() == id)
            .ok_or_else(|| match self.steps.last() {
                Some(last) => format!("there is no page {id}; pages go from s1 to {}", last.id()),
                None => format!("there is no page {id} yet"),
            })?;
        let start = match page.observation.char_indices().nth(from) {
            Some((at, _)) => at,
            None if from == 0 => 0,
            None => {
                let chars = page.observation.chars().count();
                return Err(format!(
                    "page {id} has {chars} characters; {from} is past its end"
                ));
            }
        };
        let rest = &page.observation[start..];
        // A little less than a view, so that a recalled page is not cut a second time.
        let room = self.view_tokens.saturating_sub(24);
        let end = fitting_prefix(rest, room, &|text| cpu.count(text));
        let mut text = rest[..end].to_owned();
        if end < rest.len() {
            let next = from + rest[..end].chars().count();
            text.push_str(&format!("\n[page {id} goes on: recall it from {next}]"));
        }
        Ok((text, page.label.clone()))
    }

    /// Whether any page is out of the window, held back or cut.
    pub fn recallable(&self) -> bool {
        let mut steps = self.steps.iter();
        self.misses_pictures()
            || steps
                .any(|step| !step.resident || step.is_held() || step.shown < step.observation.len())
    }

    /// The observation of step `n` and its label; `None` where it is held back.
    pub fn seen_in(&self, n: u32) -> Option<(String, Label)> {
        let mut steps = self.steps.iter().filter(|step| !step.is_held());
        let step = steps.find(|step| step.n == n)?;
        Some((step.observation.clone(), step.label.clone()))
    }

    /// Whether the page of step `n` is in the window.
    pub fn is_in_sight(&self, n: u32) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| step.n == n && step.resident)
    }

    /// Ids of the pages that are out of the window.
    pub fn evicted(&self) -> Vec<String> {
        let out = self.steps.iter().filter(|step| !step.resident);
        out.map(StepPage::id).collect()
    }
}
