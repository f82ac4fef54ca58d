//! The CPU as processes see it where secrets are known: no secret stands in what the CPU is shown
//! or in what it writes. This layer lies below the tape, so that a tape has no secrets either.

use std::sync::Arc;

use quipu_cpu::{Chunk, Cpu, CpuError, CpuInfo, Form, Job, Message, Prompt, Ticket, Wishes};
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
    /// What `ticket` brings, a text of `form`, without secrets.
    fn clean(&self, ticket: Ticket, form: &Form) -> Ticket {
        let leaks = self.leaks.clone();
        let mut stream = match form {
            Form::Text => leaks.stream(),
            Form::Json(_) | Form::Lark(_) => leaks.json_stream(),
        };
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
        let form = job.form.clone();
        self.clean(self.cpu.submit(job), &form)
    }

    fn submit_with(&self, job: Job, wishes: Wishes) -> Ticket {
        let form = job.form.clone();
        self.clean(self.cpu.submit_with(job, wishes), &form)
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

#[cfg(test)]
mod tests {
    use quipu_cpu::scripted::ScriptedCpu;
    use quipu_cpu::{Role, Sampling};
    use quipu_tools::Secret;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn pieces_of_json_come_to_the_same_as_the_whole() {
        let secret = Secret::new("CANARY-7f3a9b2c4d5e6f70/xY").unwrap();
        let leaks = LeakScan::of([("bank", &secret)]);
        // No value has enough of it alone.
        let script = r#"{"answer":{"a":"CANARY-7","b":"f3a9b2c4","c":"d5e6f70/xY"}}"#;
        let cpu = ScriptedCpu::parse("test", script, None).unwrap();
        let cpu = screened(Arc::new(cpu), &leaks);
        let task = Message::new(Role::User, "task");
        let mut ticket = cpu.submit(Job {
            pid: 1,
            priority: 0,
            prompt: cpu.prepare(&[task]).unwrap(),
            form: Form::Json(json!({"type": "object"})),
            tokens_max: 99,
            sampling: Sampling {
                temperature: 0.0,
                seed: 0,
            },
            history: Arc::default(),
        });
        let mut pieces = String::new();
        let whole = loop {
            match ticket.next().await.unwrap() {
                Chunk::Text(text) => pieces.push_str(&text),
                Chunk::Done(done) => break done.text,
                Chunk::Weighed(..) | Chunk::Odds(_) | Chunk::Begun(_) => {}
            }
        };
        assert_eq!(pieces, whole);
        assert!(!pieces.contains("f3a9b2c4"), "{pieces}");
    }
}
