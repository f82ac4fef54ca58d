//! The CPU as processes see it where secrets are known: no secret stands in what the CPU is shown
//! or in what it writes. This layer lies below the tape, so that a tape has no secrets either.

use std::sync::Arc;

use quipu_cpu::{Chunk, Cpu, CpuError, CpuInfo, Job, Message, Prompt, Ticket, Wishes};
use quipu_tools::LeakScan;

/// `cpu` with a mark in place of each secret that `leaks` looks for.
pub(crate) fn screened(cpu: Arc<dyn Cpu>, leaks: &LeakScan) -> Arc<dyn Cpu> {
    match leaks.is_empty() {
        true => cpu,
        false => Arc::new(Screened {
            cpu,
            leaks: leaks.clone(),
        }),
    }
}

struct Screened {
    cpu: Arc<dyn Cpu>,
    leaks: LeakScan,
}

impl Screened {
    /// What `ticket` brings, without secrets.
    fn clean(&self, ticket: Ticket) -> Ticket {
        let (leaks, mut stream) = (self.leaks.clone(), self.leaks.stream());
        ticket.through(move |chunk| match chunk {
            Ok(Chunk::Text(text)) => match stream.push(&text) {
                text if text.is_empty() => Vec::new(),
                text => vec![Ok(Chunk::Text(text))],
            },
            Ok(Chunk::Done(mut done)) => {
                let rest = Some(stream.end()).filter(|rest| !rest.is_empty());
                // An action stays an action, even where a secret is spread over several arguments.
                done.text = leaks.redacted_json(&done.text).into_owned();
                let rest = rest.map(|rest| Ok(Chunk::Text(rest)));
                rest.into_iter().chain([Ok(Chunk::Done(done))]).collect()
            }
            other => vec![other],
        })
    }
}

impl Cpu for Screened {
    fn inner(&self) -> Option<&dyn Cpu> {
        Some(&*self.cpu)
    }

    fn info(&self) -> &CpuInfo {
        self.cpu.info()
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        let clean = messages.iter().map(|message| Message {
            role: message.role,
            text: self.leaks.redacted(&message.text).into_owned(),
            pictures: message.pictures.clone(),
        });
        self.cpu.prepare(&clean.collect::<Vec<_>>())
    }

    fn count(&self, text: &str) -> usize {
        self.cpu.count(text)
    }

    fn submit(&self, job: Job) -> Ticket {
        self.clean(self.cpu.submit(job))
    }

    fn submit_with(&self, job: Job, wishes: Wishes) -> Ticket {
        self.clean(self.cpu.submit_with(job, wishes))
    }

    fn lead(&self, prompt: &Prompt, words: &str) -> Option<Prompt> {
        self.cpu.lead(prompt, &self.leaks.redacted(words))
    }

    fn plain(&self, before: &str, after: Option<&str>) -> Option<Prompt> {
        let after = after.map(|after| self.leaks.redacted(after));
        self.cpu
            .plain(&self.leaks.redacted(before), after.as_deref())
    }
}
