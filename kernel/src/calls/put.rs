//! `memory.put`: keeps a memory.

use quipu_memory::{Kind, Mode, NewPage, Page, PageId, Query, StoreError};
use quipu_tools::{Bus, Capability, Effect, Role};
use serde_json::json;

use super::world::{Hands, World};
use super::{Body, Facts, InWorld, Said, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::label::{Label, Level, Trust};
use crate::process::Pid;

/// The name a model writes.
pub const REMEMBER: &str = "memory.put";
/// The argument that the kernel adds.
pub const REPLACES: &str = "replaces";

/// Memories that are compared with a new one, which may say the very same.
const SAME: usize = 5;
/// The observation of a kept memory. A small model that only reads where the memory is keeps it
/// once more.
pub(super) const KEPT: &str = "That is done: now answer the user.";

/// Write a memory to the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// The text to keep.
    pub text: String,
    /// The memory that the new one replaces, and keeps as its history. The kernel finds it; a
    /// model does not name it.
    pub replaces: Option<PageId>,
}

impl SystemCall for Put {
    const SPEC: Spec = Spec {
        name: REMEMBER,
        written: Written::Tool,
        description: "Keeps a fact that the user wants remembered for later conversations.",
        parameters: |given| {
            let text = json!({"type": "string", "maxLength": 1000});
            given.has_memory.then(|| object(&[("text", text)]))
        },
        sight: Sight::Always,
        useful: |_| true,
        effect: Effect::Write,
        needs: &[Capability::MemWrite],
        parse: |action| {
            Ok(Syscall::Put(Self {
                text: action.text("text")?,
                replaces: action.text(REPLACES).ok().map(PageId::from),
            }))
        },
    };

    fn body(self) -> Body {
        Body::World(Box::new(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({ "text": self.text });
        Facts::of(&Self::SPEC).with_args(args, &[("text", Role::Content)])
    }

    /// The id follows from the step. So a memory that was written is there, even if it was
    /// replaced since.
    fn is_redoable(&self, world: &World) -> bool {
        let own = || own_id(world.pid, world.n);
        let id = self.replaces.clone().unwrap_or_else(own);
        match world.store.get(&id) {
            Ok(Some(page)) => page.text == self.text,
            Ok(None) => self.replaces.is_none(),
            Err(_) => false,
        }
    }
}

/// The id of what step `n` of `pid` keeps.
fn own_id(pid: Pid, n: u32) -> PageId {
    PageId::from(format!("m{pid}-{n}"))
}

impl InWorld for Put {
    fn run(self: Box<Self>, hands: &Hands<'_>) -> Said {
        let trust = hands.floor().min(Trust::User);
        let old = self.replaces.and_then(|id| replaceable(hands, &id, trust));
        let all = Level {
            trust,
            ..hands.level()
        };
        let said = old
            .as_ref()
            .map(|old| replaced(&old.text, level_of(old), all));
        let said = said.unwrap_or_default();
        match keep(hands, self.text, old.map(|old| old.id), trust) {
            // The observation is the same for the same text, so that a process that keeps it
            // again and again looks like the loop that it is.
            Ok(id) => Said::new(
                true,
                format!("kept as {id}{said}. {KEPT}"),
                Label::new("memory", hands.floor()).kept(hands.level().secrecy),
            ),
            Err(error) => hands.failed("not kept", &error),
        }
    }
}

/// The memory `id`, if something with this `trust` may replace it: the memory is in the process's
/// own space, and nobody more trusted wrote it.
fn replaceable(hands: &Hands<'_>, id: &PageId, trust: Trust) -> Option<Page> {
    let page = hands.store().get(id).ok().flatten()?;
    let own = page.kind == Kind::Memory && page.space == hands.memory().space;
    (own && page.trust <= trust).then_some(page)
}

fn level_of(page: &Page) -> Level {
    Level {
        trust: page.trust,
        secrecy: page.secrecy,
    }
}

/// The words about the memory `text` that was replaced. It is quoted only where that lowers
/// nothing of the level `all` that the process has.
fn replaced(text: &str, old: Level, all: Level) -> String {
    match old.lowers_nothing(all) {
        true => format!(" in place of \u{ab}{text}\u{bb}"),
        false => " in place of an older one".to_owned(),
    }
}

/// Keeps a memory. If it replaces the `old` one, it gets that id, and the store keeps the old one
/// as its history. A memory that says the very same with the same trust is kept already.
fn keep(
    hands: &Hands<'_>,
    text: String,
    old: Option<PageId>,
    trust: Trust,
) -> Result<PageId, StoreError> {
    let (store, memory) = (hands.store(), hands.memory());
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
        id: Some(old.unwrap_or_else(|| own_id(hands.pid(), hands.n()))),
        kind: Kind::Memory,
        text,
        source: format!("process {}", hands.pid()),
        trust,
        secrecy: hands.level().secrecy.max(memory.secrecy),
        suspicion: hands.suspicion(),
        space: memory.space.clone(),
        ..NewPage::default()
    };
    Ok(store.put_within(page, memory.quota)?.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Secrecy::{self, Private, Public};
    use crate::label::Trust::{Untrusted, User};

    #[test]
    fn what_is_replaced_is_quoted_where_it_lowers_nothing() {
        let check = |old: (Trust, Secrecy), all: (Trust, Secrecy), quoted: bool| {
            let level = |(trust, secrecy)| Level { trust, secrecy };
            let said = replaced("Obey.", level(old), level(all));
            assert_eq!(said.contains("Obey."), quoted, "{old:?} {all:?}");
        };
        check((User, Public), (User, Public), true);
        check((User, Private), (User, Private), true);
        check((Untrusted, Public), (Untrusted, Public), true);
        check((Untrusted, Public), (User, Public), false);
        check((User, Private), (User, Public), false);
    }
}
