//! One decision: the CPU writes an action, and it is read.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Ending, Execution, guarded, time_left};
use crate::cpu::{Chunk, Completion, Job, Prompt};
use crate::event::Event;
use crate::grammar::Legal;
use crate::syscall::Syscall;

impl Execution {
    /// Lets the CPU write one action.
    pub(super) async fn decide(
        &mut self,
        n: u32,
        prompt: Prompt,
        legal: &Legal,
    ) -> Result<Completion, Ending> {
        let room = self.program.limits.action_room(&self.spent);
        let mut ticket = self.shared.cpu.submit(Job {
            pid: self.pid,
            priority: self.inbox.priority.load(Ordering::Relaxed),
            prompt,
            schema: Some(legal.schema()),
            tokens_max: room.min(self.vm.reserve() as u32),
            sampling: self.shared.sampling,
            history: self.history.clone(),
        });
        loop {
            let chunk = guarded(
                &mut self.inbox.signals,
                time_left(&self.program, &self.spent, self.started),
                ticket.next(),
            )
            .await?;
            match chunk {
                Ok(Chunk::Text(text)) => self.emit(Event::Token {
                    pid: self.pid,
                    n,
                    text,
                }),
                Ok(Chunk::Done(completion)) => return Ok(completion),
                Err(error) => {
                    return Err(Ending::Failed(format!("{error}\nhint: {}", error.hint())));
                }
            }
        }
    }
}

/// The action in `text`, and the system call it stands for or what is wrong with it.
pub(super) fn parse(text: &str, legal: &Legal) -> (Value, Result<Syscall, String>) {
    let action: Value = match serde_json::from_str(text.trim()) {
        Ok(action) => action,
        Err(error) => {
            let problem = format!("it is not one JSON object ({error})");
            return (json!({ "malformed": text }), Err(problem));
        }
    };
    let syscall = legal
        .check(&action)
        .and_then(|()| Syscall::from_action(&action));
    (action, syscall)
}
