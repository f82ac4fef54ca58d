//! The pages of the store that an answer rests on, for whoever wants to look them up.

use quipu_kernel::event::Event;
use quipu_kernel::journal::StepRow;
use quipu_kernel::planner::shared_words::shared_things;
use quipu_kernel::window::reminder::Reminder;
use quipu_memory::share_a_telling_word;
use serde_json::Value;

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
        let ids = read_in(&self.ids, answer, text_of);
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

/// The pages of the store that a process has read, by what stands in the journal: those that its
/// answer can be read in, the ones that share most with it first; all of them, in the order in which
/// they were read, where it can be read in none.
pub fn of(
    answer: Option<&Value>,
    reminder: Option<&Reminder>,
    steps: &[StepRow],
    text_of: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut read = Sources::default();
    let pages = reminder.into_iter().flat_map(|reminder| &reminder.pages);
    read.add(pages.map(|page| page.id.to_string()));
    for outcome in steps.iter().filter_map(|step| step.outcome.as_ref()) {
        read.add(outcome.label.pages().map(str::to_owned));
    }
    let answer = match answer {
        Some(Value::String(answer)) => answer.clone(),
        Some(answer) => answer.to_string(),
        None => return read.ids,
    };
    let ids = read_in(&read.ids, &answer, text_of);
    match ids.is_empty() {
        true => read.ids,
        false => ids.into_iter().map(str::to_owned).collect(),
    }
}

/// Those of the pages `ids` whose text, by `text_of`, has `answer` or shares a word with it, the ones
/// that share most first; then those whose text is not at hand.
fn read_in<'a>(
    ids: &'a [String],
    answer: &str,
    text_of: &dyn Fn(&str) -> Option<String>,
) -> Vec<&'a str> {
    let whole = answer.trim().trim_end_matches(['.', '。']).to_lowercase();
    let holds = |text: &String| {
        let has = !whole.is_empty() && text.to_lowercase().contains(&whole);
        has || share_a_telling_word(answer, text)
    };
    let pages = ids.iter().map(|id| (id.as_str(), text_of(id)));
    let (known, others): (Vec<_>, Vec<_>) = pages.partition(|(_, text)| text.is_some());
    let texts: Vec<&str> = known
        .iter()
        .filter_map(|(_, text)| text.as_deref())
        .collect();
    let shared = shared_things(&texts, answer);
    let known = known.iter().zip(shared);
    let held = known.filter(|((_, text), _)| text.as_ref().is_some_and(holds));
    let mut held: Vec<(&str, f32)> = held.map(|((id, _), shared)| (*id, shared)).collect();
    held.sort_by(|one, other| other.1.total_cmp(&one.1));
    let held = held.into_iter().map(|(id, _)| id);
    held.chain(others.into_iter().map(|(id, _)| id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quipu_kernel::journal::Outcome;
    use quipu_kernel::label::{Label, Trust};
    use quipu_kernel::process::Usage;
    use quipu_memory::PageId;
    use serde_json::json;

    #[test]
    fn pages_that_an_answer_can_be_read_in_come_first() {
        let text_of = |id: &str| match id {
            "pump" => Some("The pump is serviced by Nils of Alvik.".to_owned()),
            "tractor" => Some("Olle drives the red tractor of 1987.".to_owned()),
            "hens" => Some("The hens are fed at six.".to_owned()),
            _ => None,
        };
        let check = |read: &[&str], answer: &str, want: &[&str]| {
            let pages: Vec<PageId> = read.iter().map(|id| (*id).into()).collect();
            let step = StepRow {
                n: 1,
                action: json!({"tool": "memory.search", "args": {"query": "farm"}}),
                usage: Usage::default(),
                decide_ms: 0,
                outcome: Some(Outcome {
                    text: "found".to_owned(),
                    ok: true,
                    label: Label::of_pages(pages.iter(), Trust::User),
                    ms: 0,
                }),
            };
            let answer = Value::from(answer);
            assert_eq!(of(Some(&answer), None, &[step], &text_of), want, "{answer}");
        };
        let all = ["hens", "pump", "tractor"];
        check(&all, "Nils services the pump.", &["pump"]);
        check(
            &all,
            "Olle drives the red tractor; Nils has the pump.",
            &["tractor", "pump"],
        );
        check(&all, "I don't know.", &all);
        // Nobody can tell of a page that is not at hand.
        check(&["gone", "pump"], "Nils.", &["pump", "gone"]);
    }

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
            Some(&on("house, trip")),
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
