//! Walking XML by local names: office documents use many name spaces and agree on these.

use std::collections::HashMap;

use roxmltree::Node;

use crate::found::{Failed, one_line};
use crate::zipped::{Archive, resolved, xml};

/// The local name of an element; empty for anything else.
pub fn name<'a>(node: &Node<'a, '_>) -> &'a str {
    if node.is_element() {
        node.tag_name().name()
    } else {
        ""
    }
}

/// The attribute of this local name.
pub fn attribute<'a>(node: &Node<'a, '_>, local: &str) -> Option<&'a str> {
    node.attributes()
        .find(|found| found.name() == local)
        .map(|found| found.value())
}

/// The first child of this name.
pub fn child<'a, 'i>(node: &Node<'a, 'i>, local: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| name(child) == local)
}

/// The first element of this name below.
pub fn below<'a, 'i>(node: &Node<'a, 'i>, local: &str) -> Option<Node<'a, 'i>> {
    node.descendants().find(|found| name(found) == local)
}

/// Words by which what stands in the place of a picture is a sentence, and no label.
const SAID_WORDS_MIN: usize = 3;

/// What stands in the place of a picture for who does not see it, where that is a sentence of its
/// writer: programs put guesses of their own there, and say so.
pub fn description(properties: &Node<'_, '_>) -> Option<String> {
    let says = one_line(attribute(properties, "descr")?);
    let is_said = says.split(' ').count() >= SAID_WORDS_MIN;
    let is_guess = says.contains("automatically generated") || says.contains("AI-generated");
    (is_said && !is_guess).then(|| format!("({says})"))
}

/// What a file of an archive refers to: the kind and the path by the name of the
/// relation. Addresses outside are as they are.
pub fn relations(
    archive: &mut Archive<'_>,
    path: &str,
) -> Result<HashMap<String, (String, String)>, Failed> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let rels = format!("{folder}/_rels/{file}.rels");
    let Some(text) = archive.text(rels.trim_start_matches('/'))? else {
        return Ok(HashMap::new());
    };
    let document = xml(&text, "document")?;
    let relation = |node: Node<'_, '_>| {
        let target = node.attribute("Target")?;
        let target = match node.attribute("TargetMode") {
            Some("External") => target.to_owned(),
            _ => resolved(path, target),
        };
        let kind = node.attribute("Type")?.rsplit('/').next()?.to_owned();
        Some((node.attribute("Id")?.to_owned(), (kind, target)))
    };
    Ok(document.descendants().filter_map(relation).collect())
}
