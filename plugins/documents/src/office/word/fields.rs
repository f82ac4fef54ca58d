//! Fields of Word: links that are written as an instruction, and what was chosen in a form.

use roxmltree::Node;

use super::super::elements::{attribute, child, name};

/// A field that has begun and not ended.
#[derive(Default)]
struct Field {
    /// What it is told to do.
    instruction: String,
    /// Where the words begin that it came to.
    shows: Option<usize>,
}

/// The fields of a paragraph that have not ended, the innermost last.
#[derive(Default)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// Takes in `mark`, where a field begins, shows its words, or ends. `text` is what stands
    /// before it.
    pub fn mark(&mut self, mark: &Node<'_, '_>, text: &mut String) {
        match attribute(mark, "fldCharType") {
            Some("begin") => {
                self.0.push(Field::default());
                text.push_str(&chosen(mark).unwrap_or_default());
            }
            Some("separate") => {
                if let Some(field) = self.0.last_mut() {
                    field.shows = Some(text.len());
                }
            }
            Some("end") => {
                if let Some(field) = self.0.pop()
                    && let Some(from) = field.shows
                {
                    lead(&field.instruction, from, text);
                }
            }
            _ => {}
        }
    }

    /// Takes in a part of what the innermost field is told to do.
    pub fn told(&mut self, words: &str) {
        if let Some(field) = self.0.last_mut().filter(|field| field.shows.is_none()) {
            field.instruction.push_str(words);
        }
    }
}

/// Makes the words of `text` behind `from` a link, where `instruction` is one to an address.
pub fn lead(instruction: &str, from: usize, text: &mut String) {
    let told = instruction.trim_start().strip_prefix("HYPERLINK");
    let target = told.and_then(|told| {
        let quoted = told.split('"').nth(1);
        quoted.or_else(|| told.split_whitespace().next())
    });
    let Some(target) = target.filter(|target| target.contains(':')) else {
        return;
    };
    if text.is_char_boundary(from) {
        let says = text.split_off(from);
        text.push_str(&link(&says, target));
    }
}

/// A link that says `says`.
pub fn link(says: &str, target: &str) -> String {
    match says.trim().is_empty() || says.trim() == target {
        true => target.to_owned(),
        false => format!("[{says}]({target})"),
    }
}

/// What is chosen in a field of a form: an entry of its list, or whether its box is ticked. What
/// was typed into one stands behind it as words.
fn chosen(begin: &Node<'_, '_>) -> Option<String> {
    let form = child(begin, "ffData")?;
    let is_on = |node: Node<'_, '_>| !matches!(attribute(&node, "val"), Some("0" | "false"));
    if let Some(ticks) = child(&form, "checkBox") {
        let state = child(&ticks, "checked").or_else(|| child(&ticks, "default"));
        let ticked = state.is_some_and(is_on);
        return Some(if ticked { "☒" } else { "☐" }.to_owned());
    }
    let list = child(&form, "ddList")?;
    let number = |local: &str| {
        let node = child(&list, local)?;
        attribute(&node, "val")?.parse::<usize>().ok()
    };
    let at = number("result").or_else(|| number("default")).unwrap_or(0);
    let entry = list
        .children()
        .filter(|node| name(node) == "listEntry")
        .nth(at)?;
    attribute(&entry, "val").map(str::to_owned)
}
