//! The pages of a window, for people to look at.

use serde::{Deserialize, Serialize};

use super::{Pinned, Vm, VmError};
use crate::label::Label;
use quipu_cpu::Cpu;

/// The kind of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// The instructions of the agent and the cards of its tools.
    Boot,
    /// A task that was done right, shown before the task.
    Example,
    /// What the store holds on the task.
    Reminder,
    /// A text beside the task.
    Attached,
    /// A picture beside the task; the text in it is an attached one.
    Picture,
    /// The task.
    Task,
    /// A step: an action and what came back.
    Step,
}

/// A page of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowPage {
    /// What it is.
    pub kind: PageKind,
    /// The id of a step (`s3`) or a picture (`p1`), or the one by which the user knows an
    /// example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who wrote it.
    pub label: Label,
    /// Tokens of its text as it is shown, without those of the template around it.
    pub tokens: u32,
    /// Whether it is in the window, and not evicted.
    pub resident: bool,
    /// Whether its text is held back: the process has its handle, or values out of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// A window as it is laid out for the next step of its process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its size in tokens.
    pub size: u32,
    /// Tokens of the whole prompt, by the model's tokenizer.
    pub prompt: u32,
    /// Tokens kept free for the next action.
    pub reserve: u32,
    /// The pages, from the front, evicted ones included.
    pub pages: Vec<WindowPage>,
}

impl Vm {
    /// The window as it is laid out now, after evicting what does not fit.
    ///
    /// # Errors
    /// Where what is pinned does not fit.
    pub fn map(&mut self, cpu: &dyn Cpu) -> Result<Window, VmError> {
        let (prompt, _) = self.fit(cpu)?;
        let count = |text: &str| cpu.count(text) as u32;
        let pinned = |kind, page: &Pinned| WindowPage {
            kind,
            id: None,
            label: page.label.clone(),
            tokens: count(&page.text),
            resident: true,
            held: false,
        };
        let mut pages = vec![pinned(PageKind::Boot, &self.boot)];
        pages.extend(self.examples.iter().rev().map(|example| WindowPage {
            kind: PageKind::Example,
            id: Some(example.id.clone()),
            label: example.label.clone(),
            tokens: example.messages.iter().map(|turn| count(&turn.text)).sum(),
            resident: true,
            held: false,
        }));
        let reminder = self.reminder.iter();
        pages.extend(reminder.map(|page| pinned(PageKind::Reminder, page)));
        for (i, page) in self.attached.iter().enumerate() {
            pages.push(pinned(PageKind::Attached, page));
            pages.extend(self.picture_of(i).map(|(id, tokens, resident)| WindowPage {
                kind: PageKind::Picture,
                id: Some(id),
                tokens,
                resident,
                ..pinned(PageKind::Attached, page)
            }));
        }
        pages.push(pinned(PageKind::Task, &self.task));
        pages.extend(self.steps.iter().map(|step| WindowPage {
            kind: PageKind::Step,
            id: Some(step.id()),
            label: step.label.clone(),
            tokens: count(&step.action) + count(&step.view(self.borders)),
            resident: step.resident,
            held: step.is_held(),
        }));
        Ok(Window {
            size: self.window as u32,
            prompt: prompt.len as u32,
            reserve: self.reserve as u32,
            pages,
        })
    }
}
