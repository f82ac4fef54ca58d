//! Pictures beside the task, for a CPU that sees: each stands before the words of the message, with
//! the page of the text that was read in it. When room runs out a picture goes as a whole, and
//! that page stays.

use super::{Eviction, Vm};
use quipu_cpu::{Cpu, Picture};

/// A picture, and whether it is shown.
pub(super) struct Hung {
    picture: Picture,
    /// The attached page of its text.
    page: usize,
    /// Tokens it takes.
    tokens: u32,
    resident: bool,
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
        });
        let tokens = match (without, length(self)) {
            (Ok(without), Ok(with)) => Some(with.saturating_sub(without) as u32),
            _ => None,
        };
        // One that the CPU refuses is told in words as well.
        let room = tokens.and_then(|_| self.room_to_view(cpu).ok());
        if let Some(last) = self.pictures.last_mut() {
            last.tokens = tokens.unwrap_or_default();
            last.resident = room.is_some();
        }
        self.view_tokens = room.unwrap_or(self.view_tokens);
    }

    /// Evicts the first picture that is shown. False where there is none.
    pub(super) fn take_down(&mut self, evicted: &mut Vec<Eviction>) -> bool {
        let mut shown = self.pictures.iter_mut().enumerate();
        let Some((i, hung)) = shown.find(|(_, hung)| hung.resident) else {
            return false;
        };
        hung.resident = false;
        evicted.push(Eviction {
            page: id(i),
            tokens: hung.tokens,
        });
        true
    }

    /// The pictures that are shown, in their order.
    pub(super) fn hung(&self) -> Vec<Picture> {
        let shown = self.pictures.iter().filter(|hung| hung.resident);
        shown.map(|hung| hung.picture.clone()).collect()
    }

    /// What is `said` on the attached page `page`, behind a word on its picture if it has one.
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
