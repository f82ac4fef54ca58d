//! Virtual memory of one process: the pages that make up its window.
//!
//! From the front: boot, examples, reminder, task, core, stubs of what was evicted, then the resident
//! steps, each an action and its observation. When prompt plus reserved answer no
//! longer fit, the oldest steps are evicted: each leaves a one-line stub, and
//! `recall` brings the page back verbatim. Nothing is cut without an event.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is in the window |
//! | `layout` | its pages as messages |
//! | `evict` | what leaves it, so that the rest fits |
//! | `recall` | what is out of sight, and brings it back |
//! | `held` | pages that the process has by their handles only |
//! | `fence` | the border around what others wrote |
//! | `pages` | the window for people to look at |
//! | `pictures` | pictures beside the task |
//! | `reminder` | what is pinned of the store |

mod evict;
pub(crate) mod fence;
mod held;
mod layout;
mod pages;
mod pictures;
mod recall;
pub mod reminder;

use std::sync::Arc;

use crate::label::{Label, Suspicion, Trust};
use crate::process::Attached;
pub use crate::process::VmError;
use crate::window::fence::Borders;
pub use evict::Eviction;
use evict::fitting_prefix;
use held::Held;
pub use pages::{PageKind, Window, WindowPage};
use pictures::Hung;
use quipu_cpu::{Cpu, Message};

/// Characters of a stub's hint at what the page held.
const STUB_CHARS: usize = 60;
/// The fewest tokens an observation must be able to show.
const VIEW_TOKENS_MIN: usize = 64;

/// One step of a process: what it did and what came back.
#[derive(Clone, Debug)]
pub struct StepPage {
    /// The step, from 1; the page's id is `s` and this number.
    pub n: u32,
    /// The action, as written.
    pub action: String,
    /// The whole observation.
    pub observation: String,
    /// Where the observation came from.
    pub label: Label,
    /// How much of the observation is shown, in bytes.
    shown: usize,
    /// Words that the kernel adds to the observation.
    note: String,
    /// What is shown in place of the observation, where the process has it by its handle only.
    held: Option<Held>,
    resident: bool,
}

impl StepPage {
    /// The page's id.
    pub fn id(&self) -> String {
        format!("s{}", self.n)
    }

    fn view(&self, borders: Borders) -> String {
        let mut view = match &self.held {
            Some(held) => held.shown.clone(),
            None => self.text_view(borders),
        };
        if !self.note.is_empty() {
            view.push_str(&format!("\n{}", self.note));
        }
        view
    }

    fn text_view(&self, borders: Borders) -> String {
        let (shown, rest) = self.observation.split_at(self.shown);
        let mut view = borders.around(shown, &self.observation, &self.label);
        if !rest.is_empty() {
            // The kernel's own words stand outside the border.
            let (chars, left) = (shown.chars().count(), rest.chars().count());
            view.push_str(&format!(
                "\n[{left} more characters: memory.recall page {} from {chars}]",
                self.id()
            ));
        }
        view
    }

    fn stub(&self) -> String {
        let mut hint: String = self.action.chars().take(STUB_CHARS).collect();
        if hint.len() < self.action.len() {
            hint.push('…');
        }
        format!("[page {}: {hint}]", self.id())
    }
}

/// A text that stays in the window, and who wrote it.
struct Pinned {
    text: String,
    label: Label,
}

/// A task that was done right, as turns before the task.
pub struct Shown {
    /// The id by which the user knows it.
    pub id: String,
    /// Its turns, from a user's to an assistant's.
    pub messages: Vec<Message>,
    /// The label of everything that went into it.
    pub label: Label,
}

/// The window of one process.
pub struct Vm {
    boot: Pinned,
    task: Pinned,
    /// Texts beside the task, which others wrote.
    attached: Vec<Pinned>,
    /// The pictures in which some of these texts were read.
    pictures: Vec<Hung>,
    /// Tasks that were done right, the likest first.
    examples: Vec<Shown>,
    borders: Borders,
    /// What day it is, shown before the task.
    today: Option<String>,
    /// What the store holds on the task, shown before it.
    reminder: Option<Pinned>,
    steps: Vec<StepPage>,
    /// What the kernel says after the last step, in the next window only.
    remark: Option<String>,
    /// Pages of the open network that the process has read, whole.
    open: Vec<Arc<str>>,
    window: usize,
    reserve: usize,
    view_tokens: usize,
}

impl Vm {
    /// A window of the CPU's size with `boot` and `task` pinned and `reserve` tokens
    /// kept free for the next action.
    ///
    /// # Errors
    /// [`VmError::TaskTooLong`] where that leaves no room to work in.
    pub fn new(
        cpu: &dyn Cpu,
        boot: String,
        task: (String, Label),
        reserve: usize,
    ) -> Result<Self, VmError> {
        let window = cpu.info().window;
        let mut vm = Self {
            boot: Pinned {
                text: boot,
                label: Label::kernel(),
            },
            task: Pinned {
                text: task.0,
                label: task.1,
            },
            attached: Vec::new(),
            pictures: Vec::new(),
            examples: Vec::new(),
            borders: Borders::new(cpu.info().constrains),
            today: None,
            reminder: None,
            steps: Vec::new(),
            remark: None,
            open: Vec::new(),
            window,
            reserve: reserve.min(window / 4).max(1),
            view_tokens: 0,
        };
        vm.view_tokens = vm.room_to_view(cpu)?;
        Ok(vm)
    }

    /// Tokens that one observation may show, beside everything that is pinned.
    fn room_to_view(&self, cpu: &dyn Cpu) -> Result<usize, VmError> {
        let fixed = cpu.prepare(&self.layout())?.len;
        // Room for the last step (its action and view), the stubs and the template.
        let left = self.window.saturating_sub(fixed + self.reserve);
        match (left / 3).min(self.window / 4) {
            ..VIEW_TOKENS_MIN => Err(VmError::TaskTooLong {
                prompt: fixed,
                reserve: self.reserve + 3 * VIEW_TOKENS_MIN,
                window: self.window,
            }),
            room => Ok(room),
        }
    }

    /// Tells the day, in these words before the task.
    ///
    /// # Errors
    /// Where that leaves no room to work in.
    pub fn tell_today(&mut self, cpu: &dyn Cpu, words: String) -> Result<(), VmError> {
        self.today = Some(words);
        self.view_tokens = self.room_to_view(cpu)?;
        Ok(())
    }

    /// Labels the boot page by those who wrote its words, beside the kernel.
    pub fn label_boot(&mut self, label: Label) {
        self.boot.label = label;
    }

    /// Pins a text before the task that somebody else wrote, and shows the picture in which it
    /// was read where the CPU sees and there is room.
    ///
    /// # Errors
    /// Where the text leaves no room to work in.
    pub fn attach(&mut self, cpu: &dyn Cpu, attached: &Attached) -> Result<(), VmError> {
        let Attached { text, label, .. } = attached;
        self.attached.push(Pinned {
            text: self.borders.around(text, text, label),
            label: label.clone(),
        });
        self.view_tokens = self.room_to_view(cpu)?;
        if let Some(picture) = &attached.picture {
            self.hang(cpu, picture);
        }
        Ok(())
    }

    /// Notes how much the text at this place beside the task reads like an attack.
    pub fn suspect(&mut self, at: usize, suspicion: Suspicion) {
        if let Some(page) = self.attached.get_mut(at) {
            page.label = page.label.clone().suspected(Some(suspicion));
        }
    }

    /// Shows a task that was done right before the task, if that leaves room to work in. Returns
    /// whether it is shown.
    pub fn show_example(&mut self, cpu: &dyn Cpu, example: Shown) -> bool {
        self.examples.push(example);
        match self.room_to_view(cpu) {
            Ok(room) => {
                self.view_tokens = room;
                true
            }
            Err(_) => {
                self.examples.pop();
                false
            }
        }
    }

    /// The names of the examples that are shown, the likest first.
    pub fn examples(&self) -> Vec<String> {
        let shown = self.examples.iter();
        shown.map(|example| example.id.clone()).collect()
    }

    /// Says `words` after the last step, in the next window only.
    pub fn remark(&mut self, words: Option<String>) {
        self.remark = words;
    }

    /// Tokens kept free for the next action.
    pub fn reserve(&self) -> usize {
        self.reserve
    }

    /// Adds a finished step. A long observation is shown in part; the rest stays
    /// one `recall` away.
    pub fn push(
        &mut self,
        cpu: &dyn Cpu,
        n: u32,
        action: String,
        observation: String,
        label: Label,
    ) {
        let shown = fitting_prefix(&observation, self.view_tokens, &|text| cpu.count(text));
        self.steps.push(StepPage {
            n,
            action,
            observation,
            label,
            shown,
            note: String::new(),
            held: None,
            resident: true,
        });
    }

    /// Adds the kernel's words to the last step, if they take no more than half of the room of an
    /// observation.
    pub fn note(&mut self, cpu: &dyn Cpu, text: String) {
        let fits = cpu.count(&text) <= self.view_tokens / 2;
        if let Some(last) = self.steps.last_mut().filter(|_| fits) {
            last.note = text;
        }
    }

    /// Notes that the last step brought in a page of the open network.
    pub fn note_open_page(&mut self) {
        let last = self.steps.last();
        self.open
            .extend(last.map(|step| step.observation.as_str().into()));
    }

    /// The pages of the open network that the process has read.
    pub fn open_pages(&self) -> Vec<Arc<str>> {
        self.open.clone()
    }

    /// The last observation, as the process has it.
    pub fn last_observation(&self) -> Option<String> {
        self.steps.last().map(|step| step.seen().to_owned())
    }

    /// The label of the last observation; the kernel's where there is none.
    pub fn last_label(&self) -> Label {
        let last = self.steps.last();
        last.map_or_else(Label::kernel, |step| step.seen_label().clone())
    }

    /// The last `most` actions with their observations, as the process has them, oldest first.
    pub fn last_steps(&self, most: usize) -> impl Iterator<Item = (&str, &str)> {
        let steps = &self.steps[self.steps.len().saturating_sub(most)..];
        steps.iter().map(|step| (step.action.as_str(), step.seen()))
    }

    /// The last observation, if it is a single number, as written.
    pub fn number(&self) -> Option<String> {
        let last = self.steps.last().map_or("", StepPage::seen);
        let number = |text: &str| {
            let text = text.trim().replace(',', "");
            text.parse::<f64>().is_ok().then_some(text)
        };
        let value = || serde_json::from_str::<serde_json::Value>(last).ok();
        number(last).or_else(|| number(value()?["value"].as_str()?))
    }

    /// Whether nothing stands beside the task but the boot page.
    pub fn holds_only_the_task(&self) -> bool {
        self.steps.is_empty() && self.has_nothing_beside()
    }

    /// Whether no text of others, and nothing of the store, stands beside the task.
    pub fn has_nothing_beside(&self) -> bool {
        self.attached.is_empty() && self.reminder.is_none()
    }

    /// What the user said to this process, in the user's own words: what was `typed`, where the
    /// task holds more than that, and the user's replies since.
    pub fn users_words(&self, typed: Option<&str>) -> String {
        let said = |label: &Label| label.trust >= Trust::User && label.source == "user";
        let task = Some(&self.task).filter(|task| said(&task.label));
        let answers = self.steps.iter().filter(|step| said(&step.label));
        let words = typed.or(task.map(|task| task.text.as_str()));
        let words: Vec<&str> = words
            .into_iter()
            .chain(answers.map(|step| step.observation.as_str()))
            .collect();
        words.join("\n")
    }
}
