//! The pages of a window as messages, from the front.

use quipu_cpu::{Message, Role};

use super::{Pinned, StepPage, Vm};

/// Stubs that are shown one by one. Older ones are summed up in one line, so that stubs take
/// bounded room however long a process runs.
const STUBS_MAX: usize = 8;

impl Vm {
    /// The window as it is now, whether it fits or not.
    pub(super) fn layout(&self) -> Vec<Message> {
        let say = |role, text| Message::new(role, text);
        // The task comes last.
        let said = |page: &Pinned| self.borders.broken(&page.text, &page.label);
        let attached = self.attached.iter().enumerate();
        let attached = attached.map(|(i, page)| self.beside_picture(i, said(page)));
        let beside = self.reminder.iter().map(said).chain(attached);
        let mut asked: Vec<String> = beside.chain(self.today.clone()).collect();
        asked.push(said(&self.task));
        let gone: Vec<&StepPage> = self.steps.iter().filter(|step| !step.resident).collect();
        if let Some(first) = gone.first() {
            let mut text = String::from(
                "Pages of earlier steps, out of sight; memory.recall shows one by its id:\n",
            );
            let older = gone.len().saturating_sub(STUBS_MAX);
            if older > 0 {
                let edge = gone[older - 1].id();
                text.push_str(&format!("[pages {} to {edge}]\n", first.id()));
            }
            for step in &gone[older..] {
                text.push_str(&step.stub());
                text.push('\n');
            }
            asked.push(text);
        }
        // These are one message, since many templates want the roles to alternate.
        let mut messages = vec![say(Role::System, self.boot.text.clone())];
        // The likest example stands next to the task.
        let shown = self.examples.iter().rev();
        messages.extend(shown.flat_map(|example| example.messages.iter().cloned()));
        messages.push(Message {
            pictures: self.hung(),
            ..say(Role::User, asked.join("\n\n"))
        });
        for step in self.steps.iter().filter(|step| step.resident) {
            messages.push(say(Role::Assistant, step.action.clone()));
            messages.push(say(Role::User, step.view(self.borders)));
        }
        if let (Some(words), Some(last)) = (&self.remark, messages.last_mut()) {
            last.text.push_str(&format!("\n\n{words}"));
        }
        messages
    }
}
