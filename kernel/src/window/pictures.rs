//! Pictures beside the task, for a CPU that sees: each stands before the words of the message, with
//! the page of the text that was read in it. When room runs out a picture goes as a whole, and
//! that page stays.

use super::{Eviction, Vm};
use crate::label::Label;
use quipu_cpu::{Cpu, Picture};

/// A picture, and whether it is shown.
pub(super) struct Hung {
    picture: Picture,
    /// The attached page of its text.
    page: usize,
    /// Tokens it takes.
    tokens: u32,
    resident: bool,
    /// How many pictures had been asked for when this one was asked for last; 0 where it never
    /// was.
    asked: u32,
}

impl Vm {
    /// Shows the picture of the page that was attached last, where the CPU sees and there is room
    /// to work beside it.
    pub(super) fn hang(&mut self, cpu: &dyn Cpu, picture: &Picture) {
        if !cpu.sees() {
            return;
        }
        let length = |vm: &Self| cpu.prepare(&vm.layout()).map(|prompt| prompt.len);
        let without = length(self);
        self.pictures.push(Hung {
            picture: picture.clone(),
            page: self.attached.len().saturating_sub(1),
            tokens: 0,
            resident: true,
            asked: 0,
        });
        let tokens = match (without, length(self)) {
            (Ok(without), Ok(with)) => Some(with.saturating_sub(without) as u32),
            _ => None,
        };
        // The text of a picture that the CPU refuses stands in the window all the same.
        let room = tokens.and_then(|_| self.room_to_view(cpu).ok());
        if let Some(last) = self.pictures.last_mut() {
            last.tokens = tokens.unwrap_or_default();
            last.resident = room.is_some();
        }
        self.view_tokens = room.unwrap_or(self.view_tokens);
    }

    /// Evicts a picture that is shown: one that was never asked for, else the one that was asked
    /// for longest ago. False if none is shown.
    pub(super) fn take_down(&mut self, evicted: &mut Vec<Eviction>) -> bool {
        let pictures = self.pictures.iter_mut().enumerate();
        let shown = pictures.filter(|(_, hung)| hung.resident);
        let Some((i, hung)) = shown.min_by_key(|(i, hung)| (hung.asked, *i)) else {
            return false;
        };
        hung.resident = false;
        evicted.push(Eviction {
            page: id(i),
            tokens: hung.tokens,
        });
        true
    }

    /// Shows the picture `id` again, in place of others if there is no room for all. Returns what
    /// the process is told, with the picture's text; `None` where there is no such picture.
    pub fn show_again(&mut self, cpu: &dyn Cpu, id: &str) -> Option<(String, Label)> {
        let wanted = (0..self.pictures.len()).find(|&i| self::id(i) == id)?;
        let mut others = (0..self.pictures.len()).filter(|&i| i != wanted);
        let before: Vec<bool> = self.pictures.iter().map(|hung| hung.resident).collect();
        let last = self.pictures.iter().map(|hung| hung.asked).max();
        self.pictures[wanted].asked = last.unwrap_or_default() + 1;
        self.pictures[wanted].resident = true;
        // Steps make room when the next window is laid out.
        let steps = std::mem::take(&mut self.steps);
        let room = loop {
            match (self.room_to_view(cpu), others.next()) {
                (Ok(room), _) => break Some(room),
                (Err(_), Some(other)) => self.pictures[other].resident = false,
                (Err(_), None) => break None,
            }
        };
        self.steps = steps;
        if room.is_none() {
            // The others were evicted in vain, and come back.
            for (hung, resident) in self.pictures.iter_mut().zip(before) {
                hung.resident = resident;
            }
            self.pictures[wanted].resident = false;
        }
        self.view_tokens = room.unwrap_or(self.view_tokens);
        let said = match room {
            Some(_) => "is shown above",
            None => "does not fit the window",
        };
        let page = &self.attached[self.pictures[wanted].page];
        let text = format!("[picture {id} {said}; the text in it:]\n{}", page.text);
        Some((text, page.label.clone()))
    }

    /// Whether a picture is out of sight.
    pub(super) fn misses_pictures(&self) -> bool {
        self.pictures.iter().any(|hung| !hung.resident)
    }

    /// The pictures that are shown, in their order.
    pub(super) fn hung(&self) -> Vec<Picture> {
        let shown = self.pictures.iter().filter(|hung| hung.resident);
        shown.map(|hung| hung.picture.clone()).collect()
    }

    /// The text `said` of the attached page `page`, after a word on its picture if it has one.
    pub(super) fn beside_picture(&self, page: usize, said: String) -> String {
        let Some(i) = self.pictures.iter().position(|hung| hung.page == page) else {
            return said;
        };
        let place = match self.pictures[i].resident {
            true => "shown above",
            false => "out of sight",
        };
        format!("[picture {}, {place}; the text in it:]\n{said}", id(i))
    }

    /// The picture of the attached page `page`: its id, its tokens, and whether it is shown.
    pub(super) fn picture_of(&self, page: usize) -> Option<(String, u32, bool)> {
        let i = self.pictures.iter().position(|hung| hung.page == page)?;
        let hung = &self.pictures[i];
        Some((id(i), hung.tokens, hung.resident))
    }
}

/// The id of a picture by its place, from 0.
fn id(i: usize) -> String {
    format!("p{}", i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{Label, Trust};
    use crate::process::Attached;
    use crate::window::{PageKind, VmError};
    use quipu_cpu::scripted::ScriptedCpu;
    use quipu_cpu::{CpuError, CpuInfo, Job, Message, Prompt, Ticket};

    /// Tokens of a window.
    const WINDOW: usize = 1000;
    /// Tokens that a picture takes.
    const CELLS: usize = 300;

    /// A CPU that sees, or does not.
    struct Seeing {
        cpu: ScriptedCpu,
        sees: bool,
    }

    impl Cpu for Seeing {
        fn info(&self) -> &CpuInfo {
            self.cpu.info()
        }

        fn sees(&self) -> bool {
            self.sees
        }

        fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
            let words = messages
                .iter()
                .map(|message| Message::new(message.role, message.text.as_str()));
            let mut prompt = self.cpu.prepare(&words.collect::<Vec<_>>())?;
            prompt.messages = messages.to_vec();
            prompt.len += CELLS * prompt.pictures().count();
            Ok(prompt)
        }

        fn count(&self, text: &str) -> usize {
            self.cpu.count(text)
        }

        fn submit(&self, job: Job) -> Ticket {
            self.cpu.submit(job)
        }
    }

    fn cpu(sees: bool) -> Seeing {
        let cpu = ScriptedCpu::parse("s", r#"{"answer":"7"}"#, Some(WINDOW)).unwrap();
        Seeing { cpu, sees }
    }

    /// A window with the picture of a bill beside the task, `bills` times.
    fn window(cpu: &Seeing, bills: usize) -> Result<Vm, VmError> {
        let task = ("What is the total?".to_owned(), Label::user());
        let mut vm = Vm::new(cpu, "You read bills.".into(), task, 50)?;
        for n in 0..bills {
            let bill = Attached {
                text: format!("Total: {n}"),
                label: Label::new("file:bill.png", Trust::Untrusted),
                picture: Some(Picture::new(2, 1, vec![n as u8; 6]).unwrap()),
            };
            vm.attach(cpu, &bill)?;
        }
        Ok(vm)
    }

    /// The pictures of the next window, and its words.
    fn laid(vm: &mut Vm, cpu: &Seeing) -> (usize, String, Vec<Eviction>) {
        let (prompt, evicted) = vm.fit(cpu).unwrap();
        assert!(prompt.len + vm.reserve() <= WINDOW, "{}", prompt.len);
        let texts = prompt.messages.iter().map(|said| said.text.as_str());
        let text = texts.collect::<Vec<_>>().join("\n");
        (prompt.pictures().count(), text, evicted)
    }

    #[test]
    fn a_picture_is_shown_to_a_cpu_that_sees() {
        let seeing = cpu(true);
        let mut vm = window(&seeing, 1).unwrap();
        let (pictures, text, _) = laid(&mut vm, &seeing);
        assert_eq!(pictures, 1);
        assert!(text.contains("[picture p1, shown above; the text in it:]\n[from "));
        assert!(text.contains("Total: 0"));
        let map = vm.map(&seeing).unwrap();
        let page = map.pages.iter().find(|page| page.kind == PageKind::Picture);
        let page = page.unwrap();
        assert_eq!((page.id.as_deref(), page.resident), (Some("p1"), true));
        assert_eq!(page.label.trust, Trust::Untrusted);
        assert!(page.tokens as usize >= CELLS);

        let blind = cpu(false);
        let mut vm = window(&blind, 1).unwrap();
        let (pictures, text, _) = laid(&mut vm, &blind);
        assert_eq!(pictures, 0);
        assert!(text.contains("Total: 0") && !text.contains("picture p1"));
    }

    #[test]
    fn a_picture_that_leaves_no_room_is_told_in_words() {
        let cpu = cpu(true);
        let mut vm = window(&cpu, 4).unwrap();
        let (pictures, text, _) = laid(&mut vm, &cpu);
        assert_eq!(pictures, 2);
        assert!(text.contains("[picture p2, shown above; "));
        assert!(text.contains("[picture p3, out of sight; "));
        assert!(text.contains("Total: 3"));
    }

    #[test]
    fn a_picture_goes_as_a_whole_and_its_words_stay() {
        let cpu = cpu(true);
        let mut vm = window(&cpu, 2).unwrap();
        assert_eq!(laid(&mut vm, &cpu).0, 2);
        // A step that stays, since it is the last one.
        let long = "a long way to say it ".repeat(60);
        vm.push(&cpu, 1, long, "seen".into(), Label::kernel());
        let (pictures, text, evicted) = laid(&mut vm, &cpu);
        assert_eq!(pictures, 1);
        assert_eq!(evicted[0].page, "p1");
        assert!(evicted[0].tokens as usize >= CELLS);
        assert!(text.contains("[picture p1, out of sight; "));
        assert!(text.contains("[picture p2, shown above; "));
        assert!(text.contains("Total: 0") && text.contains("Total: 1"));
        // It stays away until it is asked for.
        assert!(laid(&mut vm, &cpu).2.is_empty());
        assert!(vm.recallable());
        assert_eq!(vm.show_again(&cpu, "p3"), None);
        let (said, label) = vm.show_again(&cpu, "p1").unwrap();
        assert!(said.starts_with("[picture p1 is shown above; "), "{said}");
        assert!(said.contains("Total: 0"), "{said}");
        assert_eq!(label.trust, Trust::Untrusted);
        let (pictures, text, evicted) = laid(&mut vm, &cpu);
        assert_eq!((pictures, evicted[0].page.as_str()), (1, "p2"));
        assert!(text.contains("[picture p1, shown above; "));
    }
}
