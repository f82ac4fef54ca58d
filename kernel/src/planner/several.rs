//! Tasks that ask the same of each of several things. Decided by words, without a model, so that
//! it costs nothing for other tasks.

use crate::label::Label;
use crate::planner::facts::is_told_in_sentences;
use crate::process::{Attached, Program};

/// The fewest attached texts that can go to a process each.
const TEXTS_MIN: usize = 2;
/// Attached texts that are named; further ones are only counted.
const NAMED_MAX: usize = 40;
/// Phrases of such a task, in lower case.
const WORDS: &[&str] = &[
    "for each",
    "for every",
    "each of the",
    "every one of the",
    "of each",
    "of every",
    "each attached",
    "every attached",
    "one by one",
    "每个",
    "每份",
    "每篇",
    "每一",
    "逐一",
    "逐个",
    "分别",
];

/// Whether `text` asks for the same with each of several things.
pub(super) fn is_for_each(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|words| text.contains(words))
}

/// Which of the calls that start processes a process is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// None.
    No,
    /// The call for lists: the task is of this kind, and the texts are attached.
    OfList,
    /// All: its agent asks for them.
    Fully,
}

impl Parent {
    /// What `program` is offered. A child is offered none: its task is meant for one process.
    pub(crate) fn of(program: &Program) -> Self {
        match program.child_of.is_none() && program.branch.is_none() {
            true if program.agent.children => Self::Fully,
            true if is_of_a_list(program) => Self::OfList,
            _ => Self::No,
        }
    }
}

/// Whether `program` asks the same of each of the texts beside it.
pub(crate) fn is_of_a_list(program: &Program) -> bool {
    program.attached.len() >= TEXTS_MIN && is_for_each(program.told())
}

/// Whether `program` is shown only the names of its texts, and children read them: its task asks
/// the same of each, or the texts would fill more than a quarter of a window of `window` tokens.
pub(crate) fn goes_to_children(
    program: &Program,
    count: &dyn Fn(&str) -> usize,
    window: usize,
) -> bool {
    if Parent::of(program) == Parent::No || program.attached.len() < TEXTS_MIN {
        return false;
    }
    let tokens = || {
        program
            .attached
            .iter()
            .map(|text| count(&text.text))
            .sum::<usize>()
    };
    is_of_a_list(program) || tokens() > window / 4
}

/// Whether `program` has nothing left to say once it has the answers of its list.
pub(crate) fn is_only_a_list(program: &Program) -> bool {
    let is_alone = program.answer_schema.is_none() && !is_told_in_sentences(program.told());
    is_of_a_list(program) && is_alone
}

/// Attached texts as one page that names them without a word of theirs. It has the label of all
/// of them, as their names may be anybody's.
pub(crate) fn named(attached: &[Attached]) -> Attached {
    let mut page = format!(
        "{} documents are attached. process.map gives each of them to a process that reads it:\n",
        attached.len()
    );
    for text in attached.iter().take(NAMED_MAX) {
        let chars = text.text.chars().count();
        page.push_str(&format!("- {} ({chars} characters)\n", name(text)));
    }
    if attached.len() > NAMED_MAX {
        page.push_str(&format!("- and {} more\n", attached.len() - NAMED_MAX));
    }
    let labels = attached.iter().map(|text| &text.label);
    Attached {
        text: page,
        label: Label::lowest(labels),
        picture: None,
    }
}

/// The name of an attached text: the path of its file, or its other source.
pub(crate) fn name(attached: &Attached) -> &str {
    let source = &attached.label.source;
    source.strip_prefix("file:").unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Trust;

    #[test]
    fn a_task_for_each_of_several_texts() {
        let check = |task: &str, texts: usize, want: (bool, bool)| {
            let text = |n| Attached {
                picture: None,
                text: "text".into(),
                label: Label::new(format!("file:{n}.txt"), Trust::Untrusted),
            };
            let program = Program {
                attached: (0..texts).map(text).collect(),
                ..Program::new(task)
            };
            let is = (is_of_a_list(&program), is_only_a_list(&program));
            assert_eq!(is, want, "{task}");
        };
        check("For each of the letters, name its writer.", 3, (true, true));
        check("Name the sender of every letter.", 3, (true, true));
        check("请逐一概括这些文件。", 2, (true, true));
        check("Name the writer of each. Who wrote most?", 3, (true, false));
        check("Which of the letters is the longest?", 3, (false, false));
        check(
            "For each of the letters, name its writer.",
            1,
            (false, false),
        );
        check("A pen costs 3 for each child.", 0, (false, false));
    }
}
