//! Labels: where a piece of text came from and how far it can be trusted.
//!
//! Every page, message and stored document carries one. Whatever is derived from
//! several labelled things gets the lowest trust among them.

use serde::{Deserialize, Serialize};

use quipu_memory::PageId;
pub use quipu_memory::Trust;

/// What the source of a text from the store begins with; the ids of its pages follow.
const MEMORY: &str = "memory:";
/// What the source of a tool's result begins with.
const TOOL: &str = "tool:";
/// Sources of one label that are named; the others are counted.
const SOURCES_NAMED: usize = 4;

/// Source and trust of one piece of text.
///
/// ```
/// use quipu_kernel::label::{Label, Trust};
///
/// let read = [Label::user(), Label::new("tool:web", Trust::Untrusted)];
/// let made_from_both = Label::lowest(read.iter());
/// assert_eq!(made_from_both.trust, Trust::Untrusted);
/// assert_eq!(made_from_both.source, "tool:web");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where the text came from: `kernel`, `user`, `tool:calculator`, `memory:m3,m5`.
    pub source: String,
    /// How far the text may influence effects.
    pub trust: Trust,
}

impl Label {
    /// A label of `source` with `trust`.
    pub fn new(source: impl Into<String>, trust: Trust) -> Self {
        Self {
            source: source.into(),
            trust,
        }
    }

    /// Text the kernel wrote itself.
    pub fn kernel() -> Self {
        Self::new("kernel", Trust::System)
    }

    /// Text typed by the person at the machine.
    pub fn user() -> Self {
        Self::new("user", Trust::User)
    }

    /// Text of the store's pages `ids`.
    pub fn of_pages<'a>(ids: impl Iterator<Item = &'a PageId>, trust: Trust) -> Self {
        let ids: Vec<&str> = ids.map(PageId::as_str).collect();
        Self::new(format!("{MEMORY}{}", ids.join(",")), trust)
    }

    /// The ids of the store's pages that the text was taken from.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        let ids = self.source.strip_prefix(MEMORY).unwrap_or_default();
        ids.split(',').filter(|id| !id.is_empty())
    }

    /// The lowest trust among `labels`, and the sources that are trusted no further; the
    /// kernel's where there are none.
    pub fn lowest<'a>(labels: impl Iterator<Item = &'a Label> + Clone) -> Self {
        let Some(trust) = labels.clone().map(|label| label.trust).min() else {
            return Self::kernel();
        };
        let mut sources: Vec<&str> = Vec::new();
        for label in labels.filter(|label| label.trust == trust) {
            // What the kernel says in a tainted process taints nothing by itself.
            let repeated = label.source == "kernel" && trust < Trust::User;
            if !repeated && !sources.contains(&label.source.as_str()) {
                sources.push(&label.source);
            }
        }
        let more = sources.len().saturating_sub(SOURCES_NAMED);
        sources.truncate(SOURCES_NAMED);
        let mut source = sources.join(", ");
        if more > 0 {
            source.push_str(&format!(" and {more} more"));
        }
        Self { source, trust }
    }

    /// Whether the text is the kernel's, who quotes in it what others wrote.
    pub fn is_kernels_words(&self) -> bool {
        self.source == "kernel" || self.source == "memory" || self.source.starts_with(MEMORY)
    }

    /// Whether the text is what a tool returned.
    pub fn is_of_a_tool(&self) -> bool {
        self.source.starts_with(TOOL)
    }

    /// This source, trusted no further than `other`.
    pub fn lowered_to(mut self, other: Trust) -> Self {
        self.trust = self.trust.min(other);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_label_names_what_taints() {
        let check = |labels: &[(&str, Trust)], want: &str, trust: Trust| {
            let labels: Vec<Label> = labels
                .iter()
                .map(|(source, trust)| Label::new(*source, *trust))
                .collect();
            let lowest = Label::lowest(labels.iter());
            assert_eq!((lowest.source.as_str(), lowest.trust), (want, trust));
        };
        use Trust::{System, Untrusted, User};
        check(&[], "kernel", System);
        check(&[("kernel", System), ("user", User)], "user", User);
        check(
            &[
                ("user", User),
                ("tool:web", Untrusted),
                ("kernel", Untrusted),
                ("memory:d1", Untrusted),
                ("tool:web", Untrusted),
            ],
            "tool:web, memory:d1",
            Untrusted,
        );
        let many: Vec<String> = (0..6).map(|n| format!("tool:t{n}")).collect();
        let many: Vec<(&str, Trust)> = many.iter().map(|s| (s.as_str(), Untrusted)).collect();
        check(
            &many,
            "tool:t0, tool:t1, tool:t2, tool:t3 and 2 more",
            Untrusted,
        );
    }
}
