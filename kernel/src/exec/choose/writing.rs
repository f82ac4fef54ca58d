//! Lets the CPU write a move, piece by piece, and shows what may be seen of it.

use crate::event::Event;
use crate::exec::{Ending, Execution};
use crate::grammar::{Legal, Move};
use quipu_cpu::{Chunk, Completion, Job, Prompt, Sampling, Ticket};

/// The temperature at which a program is written once more: at 0.7 one of five programs solved
/// nine of ten word problems of which a single program solved six.
const ANEW: f32 = 0.7;

/// What the CPU wrote.
pub(in crate::exec) struct Decided {
    pub(in crate::exec) chosen: Move,
    pub(in crate::exec) completion: Completion,
}

/// A job under way, and the text it has written so far.
pub(super) struct Writing {
    ticket: Ticket,
    /// The text so far.
    pub(super) text: String,
    /// Whether the world sees the text while it is written. A call is shown only once it is known
    /// to fit.
    pub(super) shown: bool,
}

impl Execution {
    /// Lets the CPU write `chosen` to its end.
    pub(super) async fn written(
        &mut self,
        n: u32,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
    ) -> Result<Decided, Ending> {
        let mut writing = self.write(prompt, legal, chosen, u32::MAX);
        writing.shown = chosen != Move::Calls;
        let completion = self.read_to_its_end(n, &mut writing).await?;
        Ok(Decided { chosen, completion })
    }

    /// All that `writing` comes to.
    pub(super) async fn read_to_its_end(
        &mut self,
        n: u32,
        writing: &mut Writing,
    ) -> Result<Completion, Ending> {
        loop {
            if let Some(completion) = self.read(n, writing).await? {
                return Ok(completion);
            }
        }
    }

    /// The sampling for `chosen`. A second program is sampled otherwise than the first.
    fn sampling(&self, chosen: Move) -> Sampling {
        match chosen == Move::Function && self.programs > 1 {
            true => self.anew(),
            false => self.program.sampling.unwrap_or(self.shared.sampling),
        }
    }

    /// The sampling for a program that is written once more.
    pub(super) fn anew(&self) -> Sampling {
        let usual = self.program.sampling.unwrap_or(self.shared.sampling);
        Sampling {
            temperature: usual.temperature.max(ANEW),
            ..usual
        }
    }

    /// Starts to write `chosen`, in at most `tokens_max` tokens.
    pub(super) fn write(
        &self,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
        tokens_max: u32,
    ) -> Writing {
        self.write_by(prompt, legal, chosen, tokens_max, self.sampling(chosen))
    }

    /// The same, with its tokens chosen by `sampling`.
    pub(super) fn write_by(
        &self,
        prompt: &Prompt,
        legal: &Legal,
        chosen: Move,
        tokens_max: u32,
        sampling: Sampling,
    ) -> Writing {
        let room = self
            .program
            .limits
            .action_room(&self.costs.in_all())
            .min(tokens_max);
        let ticket = self.shared.cpu.submit(Job {
            pid: self.pid,
            priority: self.inbox.priority(),
            prompt: prompt.clone(),
            form: legal.form(chosen),
            tokens_max: room.min(self.vm.reserve() as u32),
            sampling,
            history: self.track.history(),
        });
        Writing {
            ticket,
            text: String::new(),
            shown: !matches!(chosen, Move::Call | Move::Calls),
        }
    }

    /// Reads the next piece of a text. `Some` when the text is complete.
    pub(super) async fn read(
        &mut self,
        n: u32,
        writing: &mut Writing,
    ) -> Result<Option<Completion>, Ending> {
        let left = self.costs.time_left(&self.program.limits);
        let next = writing.ticket.next();
        let chunk = self.inbox.guarded(&self.shared.tape, left, next).await?;
        match chunk {
            Ok(Chunk::Text(text)) => {
                writing.text.push_str(&text);
                if writing.shown {
                    self.show(n, &text);
                }
                Ok(None)
            }
            Ok(Chunk::Done(completion)) => Ok(Some(completion)),
            Ok(Chunk::Weighed(..) | Chunk::Odds(_) | Chunk::Begun(_)) => Ok(None),
            Err(error) => Err(Ending::Failed(error.into())),
        }
    }

    /// Shows a piece of what is written to the world.
    pub(super) fn show(&self, n: u32, text: &str) {
        self.emit(Event::Token {
            pid: self.pid,
            n,
            text: text.to_owned(),
        });
    }
}
