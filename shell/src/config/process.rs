//! What `config.toml` and `agent.toml` say of a process: its limits, and its part of the disk. Which
//! of the two counts is decided in `settings`, and where an agent is loaded.

use std::num::{NonZero, NonZeroU32, NonZeroU64};
use std::str::FromStr;

use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Memory, Secrecy, Share};
use quipu_memory::{BLOCKS_MAX, Space};
use serde::{Deserialize, Serialize};

/// The `[memory]` of `config.toml` and `agent.toml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryFile {
    /// The space that memories are written to; `shared` is the one for all.
    pub space: Option<SpaceName>,
    /// Spaces that are read beside it and the shared one.
    pub reads: Option<Vec<SpaceName>>,
    /// Names of the core memory: small texts that the agent always sees, and edits.
    pub blocks: Option<Vec<BlockName>>,
    /// The most memories of the space.
    pub pages: Option<u64>,
    /// The most bytes of its memories together.
    pub bytes: Option<u64>,
    /// Default of `--recall`.
    pub recall: Option<usize>,
    /// Whether the reminder has pages that nobody vouches for.
    pub recall_untrusted: Option<bool>,
    /// Tokens of learnt examples before a task; 0 shows none.
    pub examples: Option<usize>,
    /// Who may learn what is kept: `public`, `private` or `secret`.
    pub secrecy: Option<Secrecy>,
}

impl MemoryFile {
    /// These settings where they are set, else the `usual` ones.
    pub fn over(&self, usual: Memory) -> Memory {
        let names = |spaces: &Vec<SpaceName>| spaces.iter().map(|space| space.0.clone()).collect();
        let words = |blocks: &Vec<BlockName>| {
            let names = blocks.iter().take(BLOCKS_MAX).map(|name| name.0.clone());
            names.collect()
        };
        Memory {
            space: self.space.clone().map_or(usual.space, |space| space.0),
            reads: self.reads.as_ref().map_or(usual.reads, names),
            blocks: self.blocks.as_ref().map_or(usual.blocks, words),
            quota: Share {
                pages: self.pages.unwrap_or(usual.quota.pages),
                bytes: self.bytes.unwrap_or(usual.quota.bytes),
            },
            recall_tokens: self.recall.unwrap_or(usual.recall_tokens),
            recall_untrusted: self.recall_untrusted.unwrap_or(usual.recall_untrusted),
            example_tokens: self.examples.unwrap_or(usual.example_tokens),
            secrecy: self.secrecy.unwrap_or(usual.secrecy),
        }
    }
}

/// A space of the store as a person writes it; `shared` is the one without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpaceName(pub Space);

impl FromStr for SpaceName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            SHARED => Ok(Self(Space::SHARED)),
            word => plain_name(word, "a space").map(|name| Self(name.into())),
        }
    }
}

/// A short word that is safe to show and to type.
fn plain_name(word: &str, of_what: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    match word.is_empty() || word.len() > 64 || !word.chars().all(is_plain) {
        false => Ok(word.to_owned()),
        true => Err(format!(
            "`{}` cannot be the name of {of_what}: use up to 64 letters, digits and - _ .",
            word.escape_debug()
        )),
    }
}

/// The name of a block of core memory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlockName(pub String);

impl TryFrom<String> for BlockName {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        plain_name(&word, "a note").map(Self)
    }
}

impl From<BlockName> for String {
    fn from(name: BlockName) -> Self {
        name.0
    }
}

impl TryFrom<String> for SpaceName {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
    }
}

impl From<SpaceName> for String {
    fn from(space: SpaceName) -> Self {
        space_words(&space.0).to_owned()
    }
}

/// The name of the space that all share.
const SHARED: &str = "shared";

/// A space as a person calls it.
pub fn space_words(space: &Space) -> &str {
    space.name().unwrap_or(SHARED)
}

/// The `[limits]` of `config.toml` and `agent.toml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// Default of `--max-steps`.
    pub steps: Option<NonZeroU32>,
    /// Default of `--max-tokens`.
    pub tokens: Option<NonZeroU32>,
    /// Default of `--timeout`.
    pub seconds: Option<NonZeroU64>,
    /// Tokens of one action.
    pub action_tokens: Option<NonZeroU32>,
}

impl LimitsFile {
    /// These limits where they are set, else the `usual` ones.
    pub fn over(&self, usual: Limits) -> Limits {
        Limits {
            steps: self.steps.map_or(usual.steps, NonZero::get),
            tokens: self.tokens.map_or(usual.tokens, NonZero::get),
            seconds: self.seconds.map_or(usual.seconds, NonZero::get),
            action_tokens: self.action_tokens.map_or(usual.action_tokens, NonZero::get),
            ..usual
        }
    }
}

/// Takes back what goes beyond the `usual` part of the disk.
pub fn tighten_memory(memory: &mut Memory, usual: &Memory) {
    let quota = &mut memory.quota;
    quota.pages = quota.pages.min(usual.quota.pages);
    quota.bytes = quota.bytes.min(usual.quota.bytes);
    memory.recall_tokens = memory.recall_tokens.min(usual.recall_tokens);
    memory.example_tokens = memory.example_tokens.min(usual.example_tokens);
    memory.recall_untrusted &= usual.recall_untrusted;
    memory.secrecy = memory.secrecy.max(usual.secrecy);
}

/// Takes back what goes beyond the `usual` limits.
pub fn tighten_limits(limits: &mut Limits, usual: &Limits) {
    limits.steps = limits.steps.min(usual.steps);
    limits.tokens = limits.tokens.min(usual.tokens);
    limits.seconds = limits.seconds.min(usual.seconds);
    limits.action_tokens = limits.action_tokens.min(usual.action_tokens);
}
