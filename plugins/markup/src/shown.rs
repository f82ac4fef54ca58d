//! What a page shows that is none of its words: what is filled in in its forms, and what its
//! drawings say.

use std::collections::HashSet;

use dom_query::{Document, NodeRef};

/// Kinds of fields in which a word is written that is meant to be read.
const WRITTEN: &[&str] = &[
    "",
    "color",
    "date",
    "datetime-local",
    "email",
    "month",
    "number",
    "range",
    "search",
    "tel",
    "text",
    "time",
    "url",
    "week",
];
/// Fields that are ticked. Those that are not are shown where they stand in a list, a table or a
/// form; elsewhere pages use them to fold their menus.
const TICKED: &str = "input[type='checkbox'], input[type='radio'], en-todo";
const FORMS: &[&str] = &["li", "td", "th", "form", "fieldset"];
/// The side of a drawing, in pixels, up to which it is an icon.
const ICON_SIDE_MAX: f64 = 32.0;
/// Elements above a drawing in which it is an icon.
const ICON_BOXES: &[&str] = &["a", "button", "summary", "label"];
/// Elements of a drawing that say something, and those that hold what is drawn elsewhere.
const SAYING: &[&str] = &["title", "desc", "text", "foreignobject"];
const APART: &[&str] = &[
    "defs", "symbol", "clippath", "mask", "metadata", "style", "script",
];

/// Adds what is filled in in forms, as text before each field.
pub fn fields(document: &Document) {
    document.select("datalist").remove();
    for field in document.select(TICKED).nodes() {
        let says = |name: &str| field.attr(name).map(|value| value.to_lowercase());
        // Evernote says how.
        let is_done = says("checked").is_some_and(|how| how != "false");
        let is_todo = name_of(field) == "en-todo";
        let in_form = || above(field).any(|name| FORMS.contains(&name.as_str()));
        if is_done || is_todo || in_form() {
            add(field, if is_done { "☑ " } else { "☐ " });
        }
    }
    for field in document.select("input").nodes() {
        let kind = field.attr("type").unwrap_or_default().trim().to_lowercase();
        let value = field.attr("value").unwrap_or_default();
        if WRITTEN.contains(&kind.as_str()) && !value.trim().is_empty() {
            add(field, &format!(" {} ", value.trim()));
        }
    }
    for list in document.select("select").nodes() {
        let chosen = |node: &NodeRef<'_>| name_of(node) == "option" && node.has_attr("selected");
        let chosen: Vec<String> = list
            .descendants_it()
            .filter(chosen)
            .map(|option| one_line(&option.text()))
            .filter(|said| !said.is_empty())
            .collect();
        if !chosen.is_empty() {
            add(list, &format!(" {} ", chosen.join(", ")));
        }
    }
    for area in document.select("textarea").nodes() {
        let text = area.text();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            add(area, &format!(" {} ", line.trim()));
            area.insert_before(&area.tree.new_element("br"));
        }
    }
}

/// Adds what drawings say, as text before each; a drawing within another is a part of it.
pub fn drawings(document: &Document) {
    for drawing in document.select("svg").nodes() {
        let hidden = drawing.attr("aria-hidden");
        let is_inner = above(drawing).any(|name| name == "svg");
        if is_inner || hidden.is_some_and(|hidden| &*hidden == "true") {
            continue;
        }
        let is_icon = is_icon(drawing);
        let mut said: Vec<String> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        for node in drawing.descendants_it() {
            let name = name_of(&node);
            if !SAYING.contains(&name.as_str()) || is_icon && matches!(&*name, "title" | "desc") {
                continue;
            }
            let is_apart = node
                .ancestors_it(None)
                .map(|node| name_of(&node))
                .take_while(|name| name != "svg")
                .any(|name| APART.contains(&name.as_str()) || SAYING.contains(&name.as_str()));
            if is_apart {
                continue;
            }
            let words = one_line(&node.text());
            if !words.is_empty() && known.insert(words.clone()) {
                said.push(words);
            }
        }
        for words in said {
            add(drawing, &format!(" {words} "));
            drawing.insert_before(&drawing.tree.new_element("br"));
        }
    }
}

/// Whether a drawing is a sign on a button, or as small as one.
fn is_icon(drawing: &NodeRef<'_>) -> bool {
    let side = |name: &str| {
        let value = drawing.attr(name)?;
        let number = value.trim().trim_end_matches("px").parse::<f64>();
        number.ok()
    };
    let class = drawing.attr("class").unwrap_or_default().to_lowercase();
    let is_small = |side: Option<f64>| side.is_some_and(|side| side <= ICON_SIDE_MAX);
    is_small(side("width"))
        || is_small(side("height"))
        || class.contains("icon")
        || above(drawing).any(|name| ICON_BOXES.contains(&name.as_str()))
}

/// Adds a text before `node`.
fn add(node: &NodeRef<'_>, text: &str) {
    node.insert_before(&node.tree.new_text(text));
}

/// The names of the elements around `node`, the nearest first.
fn above(node: &NodeRef<'_>) -> impl Iterator<Item = String> {
    node.ancestors_it(None).map(|node| name_of(&node))
}

fn name_of(node: &NodeRef<'_>) -> String {
    node.node_name().unwrap_or_default().to_lowercase()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::{SKIPPED, markdown, tidied};

    /// The words of a page are `expected`, wherever its lines end.
    fn check(html: &str, expected: &str) {
        let found = markdown(&tidied(html).html, SKIPPED.to_vec()).expect("Markdown");
        let words: Vec<&str> = found.split_whitespace().collect();
        assert_eq!(words.join(" "), expected, "{html}");
    }

    #[test]
    fn what_is_filled_in_in_a_form_is_read() {
        check(
            "<form><p><label>Mount <input name='m' value='Rosinante'></label><p>Born <input type='DATE' value='2019-04-01'></form>",
            "Mount Rosinante Born 2019-04-01",
        );
        check(
            "<p>Dye: <select><option>red<option selected>deep <b>blue</b><option>green</select>!",
            "Dye: deep blue !",
        );
        check(
            "<p>Days: <select multiple><option selected>Monday<option selected value='f'>Friday</select>",
            "Days: Monday, Friday",
        );
        check(
            "<p>Note: <textarea>Ask the groom.\n\nFeed it.</textarea>",
            "Note: Ask the groom. Feed it.",
        );
        check(
            "<p><input type='checkbox' checked> fed <input type='radio' name='a' checked=''> yes <input type='checkbox'> menu",
            "☑ fed ☑ yes menu",
        );
        check(
            "<form><p><input type='radio' name='a'> no <input type='radio' name='a' checked> yes</form>",
            "☐ no ☑ yes",
        );
        // What nobody is shown, and what nobody may know.
        check(
            "<p>In: <input type='hidden' value='token'><input type='password' value='secret'><input type='submit' value='Send'><input value=' '><input list='l'><datalist id='l'><option>one</datalist><select><option>none</select>",
            "In:",
        );
    }

    #[test]
    fn what_a_drawing_says_is_read() {
        check(
            "<p>Plan:</p><svg viewBox='0 0 9 9'><title>The yard</title><desc>From the north</desc><defs><text>twice</text></defs><text x='1'>gate <tspan>4711</tspan></text><style>.a{}</style></svg>",
            "Plan: The yard From the north gate 4711",
        );
        check(
            "<svg><foreignObject><div><p>A box</p></div></foreignObject><svg><text>inner</text></svg></svg>",
            "A box inner",
        );
        // Signs on buttons.
        check(
            "<p>a<svg width='16'><title>Close</title></svg><svg class='Icon'><title>x</title><text>9</text></svg><svg aria-hidden='true'><text>b</text></svg>",
            "a 9",
        );
    }
}
