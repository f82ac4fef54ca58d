//! The bodies of the system calls that touch devices and the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quipu_memory::{
    Kind, Mode, NewPage, Page, PageId, Passage, Presentation, Query, StoreError, present,
};
use quipu_tools::{CallContext, CancelToken, Capability, Effect, Grants};
use serde_json::Value;

use crate::journal::Outcome;
use crate::kernel::Shared;
use crate::label::{Label, Trust};
use crate::planner::reads_the_world;
use crate::gate::{Approve, Request, Verdict, doubt};
use crate::process::{Memory, Pid};
use crate::calls::{self, Syscall};

/// Passages a search brings back.
const HITS: usize = 5;
/// Memories looked at for one that says the very same.
const SAME: usize = 5;
/// What a process is told once a memory is kept: a small model that only reads where
/// it is puts it there once more.
const KEPT: &str = "That is done: now answer the user.";
/// Bytes a device may return; more is an error of the call.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// The longest a single call may take.
const CALL_MAX: Duration = Duration::from_secs(60);

/// The world as one step of one process reaches it.
pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pid: Pid,
    pub(crate) n: u32,
    /// What a person granted for this step alone.
    pub(crate) once: Vec<Capability>,
    /// Its part of the disk.
    pub(crate) memory: Memory,
    /// What the user said to the process, where that matters: of a tainted one.
    pub(crate) said: String,
    /// The key of the call that a person approved, and no other.
    pub(crate) approved: Option<String>,
}

/// What the gate needs to know of a call.
struct Asked {
    name: String,
    effect: Effect,
    needs: Vec<Capability>,
    held: Grants,
    from_user: bool,
}

impl Asked {
    fn request(&self) -> Request<'_> {
        Request {
            name: &self.name,
            effect: self.effect,
            needs: &self.needs,
            held: &self.held,
            from_user: self.from_user,
        }
    }
}

impl World {
    /// The verdict of the gate on `call` by a process with this lowest label.
    pub(crate) fn gate(&self, call: &Syscall, label: &Label) -> Verdict {
        match self.asked(call) {
            Some(asked) => self.shared.policy.check(&asked.request(), label),
            // Nothing to guard: the call itself will say what is wrong.
            None => Verdict::Allow,
        }
    }

    /// Why a person would have to agree to a call that the gate lets through, had the user
    /// not agreed to all of them beforehand.
    pub(crate) fn agreed_to(&self, call: &Syscall, label: &Label) -> Option<String> {
        let asked = self
            .asked(call)
            .filter(|_| self.shared.policy.approve == Approve::All)?;
        doubt(&asked.request(), label)
    }

    fn asked(&self, call: &Syscall) -> Option<Asked> {
        let own = |name: &str, effect, needs: &[Capability]| {
            Some(Asked {
                name: name.to_owned(),
                effect,
                needs: needs.to_vec(),
                held: Grants::default(),
                from_user: false,
            })
        };
        match call {
            Syscall::Call { tool, args } => {
                let (device, function) = self.shared.bus.resolve(tool).ok()?;
                let spec = device.spec();
                Some(Asked {
                    name: tool.clone(),
                    effect: effect_of(spec, &function),
                    needs: needs_of(spec, &function, args),
                    held: spec.granted.clone(),
                    from_user: is_said(args, &self.said),
                })
            }
            Syscall::Remember { .. } => {
                own(calls::REMEMBER, Effect::Write, &[Capability::MemWrite])
            }
            Syscall::Edit { .. } => own(calls::EDIT, Effect::Write, &[Capability::MemWrite]),
            Syscall::Search { .. } => own(calls::SEARCH, Effect::Read, &[]),
            Syscall::Recall { .. } => own(calls::RECALL, Effect::Read, &[]),
            Syscall::FindTool { .. } => own(calls::FIND, Effect::Read, &[]),
            Syscall::Decide { .. } => own(calls::DECIDE, Effect::Read, &[]),
            Syscall::Ask { .. } => own("ask", Effect::Read, &[]),
            Syscall::Exit { .. } => own("answer", Effect::Read, &[]),
        }
    }

    /// What tells this very call from every other: its process, step, tool as it is, and
    /// arguments. An approval is for one key.
    pub(crate) fn key(&self, call: &Syscall) -> String {
        let component = match call {
            Syscall::Call { tool, .. } => match self.shared.bus.resolve(tool) {
                Ok((device, _)) => device.spec().hash.clone().unwrap_or_default(),
                Err(_) => String::new(),
            },
            _ => String::new(),
        };
        let text = format!("{:?}", (self.pid, self.n, component, call));
        blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
    }

    /// Whether doing `call` a second time changes nothing more than doing it once. A tool by
    /// somebody else is not taken at its word where it can reach anything.
    pub(crate) fn repeatable(&self, call: &Syscall) -> bool {
        match call {
            Syscall::Call { tool, .. } => match self.shared.bus.resolve(tool) {
                Ok((device, function)) => effect_of(device.spec(), &function) == Effect::Read,
                Err(_) => true,
            },
            _ => true,
        }
    }

    /// Whether `call`, whose end was not recorded, can be done again: it is repeatable, and
    /// nothing that came later would be undone by it.
    pub(crate) fn redoable(&self, call: &Syscall) -> bool {
        let store = &self.shared.store;
        match call {
            Syscall::Edit { block, text } => {
                let page = store.get(&PageId::of_block(&self.memory.space, block));
                let now = page.ok().flatten().map(|page| page.text);
                now.unwrap_or_default().trim() == text.trim()
            }
            // Its id is fixed by the step: it is there if it was written, and may have
            // been replaced since.
            Syscall::Remember { text, replaces } => {
                let own = || PageId::from(format!("m{}-{}", self.pid, self.n));
                match store.get(&replaces.clone().unwrap_or_else(own)) {
                    Ok(Some(page)) => page.text == *text,
                    Ok(None) => replaces.is_none(),
                    Err(_) => false,
                }
            }
            other => self.repeatable(other),
        }
    }

    /// Starts `call` on a thread where it may block. Its observation is trusted no
    /// further than `floor`, the least trusted thing the process has read, when it
    /// was made from the process's own words.
    pub(crate) fn call(
        self,
        call: Syscall,
        floor: Trust,
        left: Duration,
    ) -> (CancelToken, impl Future<Output = Outcome>) {
        let cancel = CancelToken::default();
        let context = CallContext {
            deadline: left.min(CALL_MAX),
            output_bytes_max: OUTPUT_BYTES_MAX,
            cancel: cancel.clone(),
            grants: self
                .shared
                .policy
                .grants
                .iter()
                .chain(&self.once)
                .cloned()
                .collect(),
        };
        let work = async move {
            let begun = Instant::now();
            let joined = tokio::task::spawn_blocking(move || self.run(call, floor, &context)).await;
            let (text, ok, label) = joined.unwrap_or_else(|error| {
                (
                    format!("the tool crashed: {error}"),
                    false,
                    Label::kernel().lowered_to(floor),
                )
            });
            Outcome {
                text,
                ok,
                label,
                ms: begun.elapsed().as_millis() as u64,
            }
        };
        (cancel, work)
    }

    fn run(&self, call: Syscall, floor: Trust, context: &CallContext) -> (String, bool, Label) {
        if let Some(approved) = &self.approved
            && *approved != self.key(&call)
        {
            let text = "not done: this is not the call that was approved";
            return (text.into(), false, Label::kernel().lowered_to(floor));
        }
        match call {
            Syscall::Call { tool, args } => self.device(&tool, &args, floor, context),
            Syscall::Search { query } => self.search(query, floor),
            Syscall::Remember { text, replaces } => self.remember(text, replaces, floor),
            Syscall::Edit { block, text } => self.edit(&block, text, floor),
            other => (
                format!("{other:?} does not reach the world"),
                false,
                Label::kernel(),
            ),
        }
    }

    fn device(
        &self,
        tool: &str,
        args: &Value,
        floor: Trust,
        context: &CallContext,
    ) -> (String, bool, Label) {
        let (device, function) = match self.shared.bus.resolve(tool) {
            Ok(found) => found,
            Err(error) => return (failure(&error), false, Label::kernel().lowered_to(floor)),
        };
        let spec = device.spec();
        // A closed device of this program only turns the process's words over; an open one
        // brings in words of strangers, and one by somebody else says what it likes. What
        // the function needs counts, not what these arguments make of it.
        let found = spec.functions.iter().find(|f| f.name == function);
        let needs = found.map_or(&spec.requests, |found| &found.needs);
        let trust = match spec.is_vouched_for() && !reads_the_world(needs) {
            true => floor,
            false => Trust::Untrusted,
        };
        let label = Label::new(format!("tool:{}", spec.name), trust);
        match device.call(&function, args, context) {
            Ok(Value::String(text)) => (text, true, label),
            Ok(value) => (concise(value), true, label),
            Err(error) => (failure(&error), false, label),
        }
    }

    fn search(&self, query: String, floor: Trust) -> (String, bool, Label) {
        // Copies once, and strangers' words as quotations that do not fill the list.
        let query = Query {
            spaces: Some(self.memory.spaces()),
            ..Query::new(query, HITS)
        };
        let shown = present(self.shared.store.as_ref(), &query, &Presentation::default());
        match shown {
            Ok(passages) if passages.is_empty() => (
                "nothing found; try other words, or answer without it".into(),
                true,
                Label::new("memory", floor),
            ),
            Ok(passages) => {
                let trusts = passages.iter().map(|passage| passage.hit.trust);
                let trust = trusts.min().unwrap_or(floor);
                let lines: Vec<String> = passages.iter().map(Passage::quoted).collect();
                let ids = passages.iter().map(|passage| &passage.hit.id);
                (
                    lines.join("\n"),
                    true,
                    Label::of_pages(ids, trust.min(floor)),
                )
            }
            Err(error) => (format!("the store failed: {error}"), false, Label::kernel()),
        }
    }

    fn remember(
        &self,
        text: String,
        replaces: Option<PageId>,
        floor: Trust,
    ) -> (String, bool, Label) {
        let trust = floor.min(Trust::User);
        let label = Label::new("memory", floor);
        let old = replaces.and_then(|id| self.replaceable(&id, trust));
        let said = match &old {
            Some(old) => format!(" in place of \u{ab}{}\u{bb}", old.text),
            None => String::new(),
        };
        match self.keep(text, old.map(|old| old.id), trust) {
            // The same words for the same text: one that is put again and again is a
            // loop, and has to look like one.
            Ok(id) => (format!("kept as {id}{said}. {KEPT}"), true, label),
            Err(error) => (
                format!("not kept: {error} (hint: {})", error.hint()),
                false,
                Label::kernel().lowered_to(floor),
            ),
        }
    }

    /// The memory `id`, if something trusted as far as `trust` may take its place: one of
    /// this process's own space, and not what somebody more trusted said.
    fn replaceable(&self, id: &PageId, trust: Trust) -> Option<Page> {
        let page = self.shared.store.get(id).ok().flatten()?;
        let own = page.kind == Kind::Memory && page.space == self.memory.space;
        (own && page.trust <= trust).then_some(page)
    }

    fn edit(&self, block: &str, text: String, floor: Trust) -> (String, bool, Label) {
        let store = self.shared.store.as_ref();
        let id = PageId::of_block(&self.memory.space, block);
        let done = match text.trim().is_empty() {
            true => store.remove(&id).map(drop),
            false => {
                let page = NewPage {
                    id: Some(id),
                    kind: Kind::Memory,
                    title: block.to_owned(),
                    text,
                    source: format!("process {}", self.pid),
                    trust: floor.min(Trust::User),
                    space: self.memory.space.clone(),
                    ..NewPage::default()
                };
                store.put_within(page, self.memory.quota).map(drop)
            }
        };
        match done {
            Ok(()) => (
                format!("changed {block}. {KEPT}"),
                true,
                Label::new("memory", floor),
            ),
            Err(error) => (
                format!("not changed: {error} (hint: {})", error.hint()),
                false,
                Label::kernel().lowered_to(floor),
            ),
        }
    }

    /// Keeps a memory, under the id of the `old` one if there is one, which the store then
    /// keeps as its history; one that says the very same, trusted as far, is kept already.
    fn keep(&self, text: String, old: Option<PageId>, trust: Trust) -> Result<PageId, StoreError> {
        let store = self.shared.store.as_ref();
        let memory = &self.memory;
        let same = Query {
            kind: Some(Kind::Memory),
            min_trust: Some(trust),
            spaces: Some(vec![memory.space.clone()]),
            mode: Mode::Lexical,
            ..Query::new(text.as_str(), SAME)
        };
        for hit in store.search(&same)? {
            if store.get(&hit.id)?.is_some_and(|page| page.text == text) {
                return Ok(hit.id);
            }
        }
        let page = NewPage {
            id: Some(old.unwrap_or_else(|| PageId::from(format!("m{}-{}", self.pid, self.n)))),
            kind: Kind::Memory,
            text,
            source: format!("process {}", self.pid),
            trust,
            space: memory.space.clone(),
            ..NewPage::default()
        };
        Ok(store.put_within(page, memory.quota)?.id)
    }
}

/// Whether `function` changes the world. What somebody else's device says of itself counts
/// only where it can reach nothing.
fn effect_of(spec: &quipu_tools::DeviceSpec, function: &str) -> Effect {
    let found = spec.functions.iter().find(|f| f.name == function);
    match found {
        Some(f) if spec.is_vouched_for() || f.needs.is_empty() => f.effect,
        _ => Effect::Write,
    }
}

/// Whether everything in `args` was said in these words, so that a call carries nothing
/// along but what the user gave to it.
fn is_said(args: &Value, words: &str) -> bool {
    match args {
        Value::Null | Value::Bool(_) => true,
        // A digit tells nobody anything.
        Value::Number(number) => {
            number.as_u64().is_some_and(|n| n < 10) || words.contains(&number.to_string())
        }
        Value::String(text) => {
            // People leave out what begins and ends an address.
            let bare = text.trim().trim_end_matches('/');
            let bare = bare.strip_prefix("https://").unwrap_or(bare);
            text.trim().is_empty() || (!bare.is_empty() && words.contains(bare))
        }
        Value::Array(items) => items.iter().all(|item| is_said(item, words)),
        Value::Object(fields) => fields.values().all(|field| is_said(field, words)),
    }
}

/// What a call of `function` with `args` needs; everything the device asks for where
/// the function is not known.
fn needs_of(spec: &quipu_tools::DeviceSpec, function: &str, args: &Value) -> Vec<Capability> {
    let found = spec.functions.iter().find(|f| f.name == function);
    found.map_or_else(|| spec.requests.clone(), |f| f.needs_for(args))
}

/// A result in few words: without fields that are empty, and only the text where nothing
/// else is left.
fn concise(value: Value) -> String {
    let whole = value.to_string();
    let Value::Object(mut fields) = value else {
        return whole;
    };
    fields.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    let mut values = fields.values();
    match (values.next(), values.next()) {
        (None, _) => whole,
        (Some(Value::String(text)), None) => text.trim_end().to_owned(),
        _ => Value::Object(fields).to_string(),
    }
}

/// A failed call in words for the model: what went wrong and what to try.
fn failure(error: &quipu_tools::ToolError) -> String {
    let mut text = format!("error: {}", error.message);
    if !error.hint.is_empty() {
        text.push_str(&format!(" ({})", error.hint));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_user_said_may_go_out() {
        let words = "Read https://a.org/p?q=7 and tell me its 12 chapters.";
        let check = |args: Value, want: bool| assert_eq!(is_said(&args, words), want, "{args}");
        check(json!({"url": "https://a.org/p?q=7"}), true);
        check(
            json!({"url": "https://a.org/p?q=7", "n": 12, "raw": true}),
            true,
        );
        check(
            json!({"url": "https://a.org/p?q=7", "as": null, "n": 3}),
            true,
        );
        check(json!({"url": "https://a.org/p?q=7&mail=x"}), false);
        check(json!({"url": "https://a.org/p?q=7", "n": 4711}), false);
        check(json!({"url": "a.org/p?q=7/"}), true);
        check(json!({"url": "http://a.org/p?q=7"}), false);
        check(json!({"parts": ["Read", "secret"]}), false);
        check(json!({}), true);
    }
}
