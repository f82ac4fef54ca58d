//! The pages of the store that an answer rests on, for whoever wants to look them up.

use quipu_kernel::event::Event;
use quipu_memory::share_a_telling_word;

use super::output::visible;
use super::words::{fill, words};

/// Pages that are named.
const NAMED_MAX: usize = 4;

/// The pages of the store that a process has read.
#[derive(Debug, Default)]
pub struct Sources {
    ids: Vec<String>,
}

impl Sources {
    /// Notes the pages that `event` brings.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Reminded { reminder, .. } => {
                let pages = reminder.pages.iter();
                self.add(pages.map(|page| page.id.to_string()));
            }
            Event::Observation { label, .. } => self.add(label.pages().map(str::to_owned)),
            _ => {}
        }
    }

    fn add(&mut self, ids: impl Iterator<Item = String>) {
        for id in ids {
            if !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
    }

    /// Tells a person the pages that `answer` can be read in: those whose text, by `text_of`, has
    /// the answer or shares a word with it; also those whose text is not at hand. `open` is the
    /// command that shows one.
    pub fn tell(&self, answer: &str, open: &str, text_of: &dyn Fn(&str) -> Option<String>) {
        if let Some(line) = self.told(answer, open, text_of) {
            say!("{line}");
        }
    }

    fn told(
        &self,
        answer: &str,
        open: &str,
        text_of: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let whole = answer.trim().trim_end_matches(['.', '。']).to_lowercase();
        let holds = |text: &str| {
            let has = !whole.is_empty() && text.to_lowercase().contains(&whole);
            has || share_a_telling_word(answer, text)
        };
        let rests_on = |id: &&String| text_of(id).is_none_or(|text| holds(&text));
        let ids: Vec<&str> = self
            .ids
            .iter()
            .filter(rests_on)
            .map(String::as_str)
            .collect();
        if ids.is_empty() {
            return None;
        }
        let more = match ids.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(", +{more}"),
        };
        let pages = ids[..ids.len().min(NAMED_MAX)].join(", ");
        let pages = visible(&format!("{pages}{more}"));
        Some(fill(
            words().rests_on,
            &[("pages", &pages), ("open", &open)],
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_the_pages_that_it_can_be_read_in() {
        let check = |ids: &[&str], answer: &str, want: Option<&str>| {
            let sources = Sources {
                ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            };
            let text_of = |id: &str| match id {
                "trip" => Some("We fly on 14 December with flight TP 571.".to_owned()),
                "house" => Some("Quiet hours begin at 22:30.".to_owned()),
                _ => None,
            };
            let told = sources.told(answer, "/mem show", &text_of);
            assert_eq!(told.as_deref(), want, "{answer}");
        };
        let both = ["trip", "house"];
        let on = |pages: &str| format!("rests on {pages} · /mem show opens a page");
        check(&both, "The flight is on 14 December.", Some(&on("trip")));
        check(&both, "22:30.", Some(&on("house")));
        check(
            &both,
            "In December; quiet hours begin later.",
            Some(&on("trip, house")),
        );
        check(&both, "I don't know.", None);
        check(&[], "The flight is on 14 December.", None);
        // Not at hand: nobody can tell.
        check(
            &["a", "b", "c", "d", "e", "f"],
            "So.",
            Some(&on("a, b, c, d, +2")),
        );
    }
}
