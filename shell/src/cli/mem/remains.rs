//! Where the words of a removed page are still to be found: in the journal, of processes
//! that wrote it or read it.

use std::collections::HashSet;

use anyhow::Result;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::Pid;
use quipu_memory::{LIST_MAX, PageId, Store};
use serde_json::Value;

/// Characters of a part by which a text is known: a quotation has at least one whole.
const PART_CHARS: usize = 32;
/// Parts of one text that are looked for.
const PARTS_MAX: usize = 256;
/// Shorter texts are in anything.
const TEXT_CHARS_MIN: usize = 4;

/// Pages as they were before they were removed.
#[derive(Default)]
pub struct Gone {
    ids: Vec<PageId>,
    parts: Vec<String>,
}

impl Gone {
    /// Notes what the page `id` says, and what it said before.
    ///
    /// # Errors
    /// Those of reading the store.
    pub fn note(&mut self, store: &dyn Store, id: &PageId) -> Result<()> {
        let mut texts: Vec<String> = store
            .history(id)?
            .into_iter()
            .map(|page| page.text)
            .collect();
        texts.extend(store.get(id)?.map(|page| page.text));
        for text in texts {
            self.parts.extend(parts(&text));
        }
        self.ids.push(id.clone());
        Ok(())
    }

    /// The memories that were made of these pages, or of what was made of them.
    ///
    /// # Errors
    /// Those of reading the store.
    pub fn made_of(&self, store: &dyn Store) -> Result<Vec<PageId>> {
        let mut memories = Vec::new();
        for space in store.spaces()?.into_keys() {
            memories.extend(store.memories(&space, LIST_MAX)?);
        }
        let mut from: HashSet<PageId> = self.ids.iter().cloned().collect();
        let mut made = Vec::new();
        loop {
            let before = made.len();
            for memory in &memories {
                let is_made = memory.derived_from.iter().any(|id| from.contains(id));
                if is_made && from.insert(memory.id.clone()) {
                    made.push(memory.id.clone());
                }
            }
            if made.len() == before {
                return Ok(made);
            }
        }
    }

    /// The processes in whose journal the words are, or a part of them; the first is the
    /// oldest.
    ///
    /// # Errors
    /// Those of reading the journal.
    pub fn remains(&self, journal: &Journal) -> Result<Vec<Pid>> {
        let mut found = Vec::new();
        for row in journal.processes()? {
            if self.in_process(
                journal,
                row.pid,
                &row.prompt,
                row.exit.and_then(|exit| exit.answer),
            )? {
                found.push(row.pid);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn in_process(
        &self,
        journal: &Journal,
        pid: Pid,
        prompt: &str,
        answer: Option<Value>,
    ) -> Result<bool> {
        if self.in_text(prompt) || answer.is_some_and(|answer| self.in_value(&answer)) {
            return Ok(true);
        }
        if let Some(reminder) = journal.reminder(pid)? {
            let listed = reminder
                .pages
                .iter()
                .any(|page| self.ids.contains(&page.id));
            if listed || self.in_text(&reminder.text) {
                return Ok(true);
            }
        }
        // A tape that is damaged says nothing.
        let told = journal.told(pid).unwrap_or_default();
        if told.iter().any(|told| self.in_value(told)) {
            return Ok(true);
        }
        let steps = journal.steps(pid)?;
        Ok(steps.iter().any(|step| {
            let outcome = step.outcome.as_ref();
            self.in_value(&step.action)
                || outcome.is_some_and(|outcome| self.in_text(&outcome.text))
        }))
    }

    fn in_text(&self, text: &str) -> bool {
        let text = plain(text);
        self.parts.iter().any(|part| text.contains(part))
    }

    fn in_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.in_text(text),
            Value::Array(items) => items.iter().any(|item| self.in_value(item)),
            Value::Object(fields) => fields.values().any(|field| self.in_value(field)),
            _ => false,
        }
    }
}

/// `text` on one line, as it is quoted.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts by which `text` is known: all of a short one.
fn parts(text: &str) -> Vec<String> {
    let text: Vec<char> = plain(text).chars().collect();
    let whole = |part: &&[char]| part.len() == PART_CHARS || text.len() < PART_CHARS;
    match text.len() {
        0..TEXT_CHARS_MIN => Vec::new(),
        _ => text
            .chunks(PART_CHARS)
            .filter(whole)
            .take(PARTS_MAX)
            .map(|part| part.iter().collect())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_by_its_parts() {
        let check = |text: &str, haystack: &str, want: bool| {
            let gone = Gone {
                ids: Vec::new(),
                parts: parts(text),
            };
            assert_eq!(gone.in_text(haystack), want, "{text:?} in {haystack:?}");
        };
        let long =
            "The caravan leaves at dawn, and nobody is told where it goes until it is there.";
        check(long, long, true);
        check(
            long,
            "kept: and nobody is told  where\nit goes until it is there.",
            true,
        );
        check(long, "The caravan leaves", false);
        check("My key is 7.", "he said My key\nis 7. and left", true);
        check("a", "a", false);
        check("", "anything", false);
    }
}
