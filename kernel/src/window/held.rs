//! Pages that are held back: the process has them by their handles, and their texts are not in
//! its window. Which pages these are is decided in `exec/effects/held.rs`.

use super::{StepPage, Vm};
use crate::label::{Label, Trust};

/// What stands in the window in place of a page.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Words of the kernel.
    pub(super) shown: String,
    /// Whether these words have values that were taken out of a page.
    values: bool,
    /// The label of these words: as secret as the page, and trusted.
    label: Label,
}

impl StepPage {
    /// Whether the process has the page by its handle only.
    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The observation as the process has it.
    pub(super) fn seen(&self) -> &str {
        match &self.held {
            Some(held) => &held.shown,
            None => &self.observation,
        }
    }

    /// The label of the observation as the process has it.
    pub(super) fn seen_label(&self) -> &Label {
        match &self.held {
            Some(held) => &held.label,
            None => &self.label,
        }
    }
}

impl Vm {
    /// Holds the last page back. `shown` stands in its place: the kernel's words with a handle
    /// or, with `values`, the finite values that were taken out of another page. That the page
    /// exists, and how long it is, is as secret as the page, and steers nobody.
    pub fn hold_back(&mut self, shown: String, values: bool) {
        if let Some(last) = self.steps.last_mut() {
            let label = Label {
                trust: Trust::System,
                suspicion: None,
                ..last.label.clone()
            };
            last.held = Some(Held {
                shown,
                values,
                label,
            });
        }
    }

    /// Whether any page is held back.
    pub fn has_held(&self) -> bool {
        self.steps.iter().any(StepPage::is_held)
    }

    /// Whether values that were taken out of a page are, or were, in the window.
    pub fn has_values(&self) -> bool {
        let mut held = self.steps.iter().filter_map(|step| step.held.as_ref());
        held.any(|held| held.values)
    }

    /// The text and the label of the page `id`, which is held back.
    ///
    /// # Errors
    /// In words for the model, where there is no such page.
    pub fn held(&self, id: &str) -> Result<(&str, &Label), String> {
        let mut pages = self.steps.iter().filter(|step| step.is_held());
        let page = pages.find(|step| step.id() == id);
        let page = page.ok_or_else(|| format!("no page {id} is held back: {}", self.held_ids()))?;
        Ok((&page.observation, &page.label))
    }

    fn held_ids(&self) -> String {
        let held = self.steps.iter().filter(|step| step.is_held());
        let ids: Vec<String> = held.map(StepPage::id).collect();
        match ids.is_empty() {
            true => "none is".to_owned(),
            false => format!("there are {}", ids.join(", ")),
        }
    }

    /// The lowest trust and the highest secrecy of everything that is or was in the window, the
    /// boot page included. Of a page that is held back, only its handle counts.
    pub fn lowest_label(&self) -> Label {
        self.lowest_of(StepPage::seen_label)
    }

    /// The same, including the pages that the process has by handles only: the label of anything
    /// it may pass on.
    pub fn label_of_all(&self) -> Label {
        self.lowest_of(|step| &step.label)
    }

    fn lowest_of<'a, F>(&'a self, of: F) -> Label
    where
        F: Clone + Fn(&'a StepPage) -> &'a Label,
    {
        let pinned = [&self.boot, &self.task].into_iter().chain(&self.attached);
        let labels = pinned.chain(&self.reminder).map(|page| &page.label);
        let labels = labels.chain(self.examples.iter().map(|example| &example.label));
        Label::lowest(labels.chain(self.steps.iter().map(of)))
    }
}
