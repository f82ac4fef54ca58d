//! `memory.search`: looks something up in the store.

use quipu_memory::{Passage, Presentation, Query, Store, Trust, excerpt, present};
use quipu_tools::{Bus, Effect, Role};
use serde_json::json;

use super::world::Hands;
use super::{Body, Facts, InWorld, Said, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::label::{Label, Suspicion};

/// The observation of a search without a hit.
pub(crate) const NOTHING_FOUND: &str = "nothing found; try other words, or answer without it";
/// The name a model writes.
pub const SEARCH: &str = "memory.search";

/// Passages a search brings back.
const HITS: usize = 5;
/// The best page is quoted as a whole up to this many characters, and a table of it to as many.
const WHOLE_CHARS_MAX: usize = 1_200;
/// The line above passages that others wrote: a small model makes up what they do not say. Below
/// them, it took this line for its answer.
const ONLY_THESE: &str = "Found in documents (what they do not say is not known):";

/// Search the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Words to look for.
    pub query: String,
}

impl SystemCall for Search {
    const SPEC: Spec = Spec {
        name: SEARCH,
        written: Written::Tool,
        description: "Searches the user's own documents and notes for words.",
        parameters: |given| {
            let query = json!({"type": "string", "maxLength": 300});
            given.has_memory.then(|| object(&[("query", query)]))
        },
        sight: Sight::Always,
        useful: |now| now.remembers,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::Search(Self {
                query: action.text("query")?,
            }))
        },
    };

    fn body(self) -> Body {
        Body::World(Box::new(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({ "query": self.query });
        Facts::of(&Self::SPEC).with_args(args, &[("query", Role::Content)])
    }
}

impl InWorld for Search {
    fn run(self: Box<Self>, hands: &Hands<'_>) -> Said {
        // Copies count once. Strangers' words are quoted, and do not fill the list.
        let query = Query {
            spaces: Some(hands.memory().spaces()),
            ..Query::new(self.query, HITS)
        };
        let level = hands.level();
        let own = Label::new("memory", level.trust).kept(level.secrecy);
        match present(hands.store(), &query, &Presentation::default()) {
            Ok(passages) if passages.is_empty() => Said::new(true, NOTHING_FOUND, own),
            Ok(passages) => {
                let (mut shown, held): (Vec<Passage>, Vec<Passage>) = passages
                    .into_iter()
                    .partition(|passage| passage.hit.secrecy <= hands.clearance());
                if let Some(best) = shown.first_mut() {
                    widen(best, hands.store(), &query.text);
                }
                let mut lines: Vec<String> = shown.iter().map(Passage::quoted).collect();
                if shown
                    .iter()
                    .any(|passage| passage.hit.trust == Trust::Untrusted)
                {
                    lines.insert(0, ONLY_THESE.to_owned());
                }
                if !held.is_empty() {
                    let count = held.len();
                    lines.push(format!(
                        "({count} more are private, and not for this process.)"
                    ));
                }
                let label = match shown.is_empty() {
                    true => own,
                    false => of_passages(&shown).held_to(level),
                };
                Said::new(true, lines.join("\n"), label)
            }
            Err(error) => Said::new(false, format!("the store failed: {error}"), Label::kernel()),
        }
    }
}

/// Quotes the page of `passage` as a whole if it is short, and of a long table more rows: the answer
/// may stand beside the words that were found. A page that cannot be read stays as it was found.
fn widen(passage: &mut Passage, store: &dyn Store, query: &str) {
    if let Ok(Some(page)) = store.get(&passage.hit.id) {
        passage.hit.snippet = excerpt(&page.text, query, WHOLE_CHARS_MAX);
    }
}

/// The label of what `passages` quote. A memory that a process made of an attack is as suspicious
/// as the attack, in whatever words.
fn of_passages(passages: &[Passage]) -> Label {
    let hits = || passages.iter().map(|passage| &passage.hit);
    let trust = hits().map(|hit| hit.trust).min().unwrap_or_default();
    let secrecy = hits().map(|hit| hit.secrecy).max().unwrap_or_default();
    let suspicion = hits().map(|hit| hit.suspicion);
    Label::of_pages(hits().map(|hit| &hit.id), trust)
        .kept(secrecy)
        .suspected(suspicion.fold(None, Suspicion::joined))
}
