//! `memory.edit`: changes a block of the core memory.

use quipu_memory::{BLOCK_CHARS_MAX, Kind, NewPage, PageId};
use quipu_tools::{Bus, Capability, Effect, Role};
use serde_json::json;

use super::put::KEPT;
use super::world::{Hands, World};
use super::{Body, Facts, InWorld, Said, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::label::{Label, Trust};

/// The name a model writes.
pub const EDIT: &str = "memory.edit";

/// Change a block of the core memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Its name.
    pub block: String,
    /// Its new text. A block cannot be removed.
    pub text: String,
}

impl SystemCall for Edit {
    const SPEC: Spec = Spec {
        name: EDIT,
        written: Written::Tool,
        description: "Replaces the text of one of your notes.",
        // For agents that have blocks.
        parameters: |given| {
            let blocks = &given.memory.blocks;
            let text = json!({"type": "string", "maxLength": BLOCK_CHARS_MAX});
            let fields = [("block", json!({ "enum": blocks })), ("text", text)];
            (!blocks.is_empty()).then(|| object(&fields))
        },
        sight: Sight::Always,
        useful: |_| true,
        effect: Effect::Write,
        needs: &[Capability::MemWrite],
        parse: |action| {
            Ok(Syscall::Edit(Self {
                block: action.text("block")?,
                text: action.text("text")?,
            }))
        },
    };

    fn body(self) -> Body {
        Body::World(Box::new(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({ "block": self.block, "text": self.text });
        Facts::of(&Self::SPEC)
            .with_args(args, &[("block", Role::Selector), ("text", Role::Content)])
    }

    /// Not if somebody has changed the block since.
    fn is_redoable(&self, world: &World) -> bool {
        let id = PageId::of_block(&world.memory.space, &self.block);
        let page = world.store.get(&id).ok().flatten();
        let now = page.map(|page| page.text).unwrap_or_default();
        now.trim() == self.text.trim()
    }
}

impl InWorld for Edit {
    fn run(self: Box<Self>, hands: &Hands<'_>) -> Said {
        let (store, memory) = (hands.store(), hands.memory());
        let id = PageId::of_block(&memory.space, &self.block);
        let done = match self.text.trim().is_empty() {
            true => store.remove(&id).map(drop),
            false => {
                let page = NewPage {
                    id: Some(id),
                    kind: Kind::Memory,
                    title: self.block.clone(),
                    text: self.text,
                    source: format!("process {}", hands.pid()),
                    trust: hands.floor().min(Trust::User),
                    secrecy: hands.level().secrecy.max(memory.secrecy),
                    suspicion: hands.suspicion(),
                    space: memory.space.clone(),
                    ..NewPage::default()
                };
                store.put_within(page, memory.quota).map(drop)
            }
        };
        match done {
            Ok(()) => Said::new(
                true,
                format!("changed {}. {KEPT}", self.block),
                Label::new("memory", hands.floor()).kept(hands.level().secrecy),
            ),
            Err(error) => hands.failed("not changed", &error),
        }
    }
}
