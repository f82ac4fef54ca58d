//! Documents whose XML says what each part is: DocBook, DITA, JATS and TEI. Their elements have
//! names of their own for the same few things.

mod names;

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, one_line, raise};
use crate::table::{self, Cell};
use crate::zipped::{decoded, local, xml};
use names::{
    APART, ASIDE, CODE, ENTITIES, ENTRIES, ITEMS, LISTS, NOTES, PARAGRAPHS, SECTIONS, SUBTITLES,
    TERMS, TITLES, WARNINGS, has,
};

/// Sections within sections, and blocks within blocks.
const DEPTH_MAX: usize = 64;
/// Columns of a table that have names.
const COLUMNS_MAX: usize = 1_000;
/// Where a document declares what it abbreviates.
const SUBSET_MAX: usize = 16 << 10;

/// The text of the document in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let (text, elsewhere) = without_entities(&text);
    let document = xml(&text, "document")?;
    let root = document.root_element();
    let title = root
        .descendants()
        .find(|node| has(TITLES, local(node)) || local(node) == "refname");
    let title = title.map_or_else(String::new, |node| inline(&node));
    let mut whole = Paragraphs::default();
    block(&root, &mut whole, 0, 1);
    let mut found = Found::whole(title, whole.text());
    let includes = root.descendants().filter(|node| local(node) == "include");
    let includes = includes.filter_map(|node| node.attribute("href").map(str::to_owned));
    let missing: Vec<String> = elsewhere.into_iter().chain(includes).collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        found
            .left_out
            .push(format!("parts in other files: {names}"));
    }
    Ok(found)
}

/// `text` with the signs in place of the names that XML does not know, and the names of those that
/// stand for other files.
fn without_entities(text: &str) -> (String, Vec<String>) {
    const VERBATIM: &str = "<![CDATA[";
    let mut whole = String::with_capacity(text.len());
    let mut elsewhere = Vec::new();
    let subset = &text[..text.floor_char_boundary(SUBSET_MAX)];
    let subset = subset.split_once("]>").map_or("", |(subset, _)| subset);
    for (n, part) in text.split(VERBATIM).enumerate() {
        // There a sign stands for itself: `p = &x;` in a program.
        let (verbatim, words) = match n {
            0 => ("", part),
            _ => part.split_at(part.find("]]>").unwrap_or(part.len())),
        };
        if n > 0 {
            whole.push_str(VERBATIM);
            whole.push_str(verbatim);
        }
        add_words(words, subset, &mut whole, &mut elsewhere);
    }
    (whole, elsewhere)
}

/// Adds `text` to `whole` so, and to `elsewhere` the names of what lies in other files, as the
/// `subset` of its document says.
fn add_words(text: &str, subset: &str, whole: &mut String, elsewhere: &mut Vec<String>) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        whole.push_str(before);
        rest = after;
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
        let name = &after[..end.unwrap_or(0)];
        let is_entity = !name.is_empty() && after[name.len()..].starts_with(';');
        if !is_entity || ["lt", "gt", "amp", "quot", "apos"].contains(&name) {
            whole.push('&');
            continue;
        }
        let declared = subset.split_once(&format!("<!ENTITY {name} "));
        let is_file = declared.map(|(_, said)| {
            let said = said.trim_start();
            said.starts_with("SYSTEM") || said.starts_with("PUBLIC")
        });
        match is_file {
            Some(false) => {
                whole.push('&');
                continue;
            }
            Some(true) => elsewhere.push(name.to_owned()),
            None => {
                let sign = ENTITIES.iter().find(|(known, _)| *known == name);
                whole.push_str(sign.map_or(name, |(_, sign)| sign));
            }
        }
        rest = &after[name.len() + 1..];
    }
    whole.push_str(rest);
}

/// Adds a block, which lies so deep in others, and whose title is a heading of this level.
fn block(node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize, level: usize) {
    let name = local(node);
    if depth > DEPTH_MAX || has(ASIDE, name) {
        return;
    }
    let warning = WARNINGS.iter().find(|(known, _)| *known == name);
    if has(CODE, name) {
        let code: String = texts(node);
        whole.push(&format!("```\n{}\n```", code.trim_matches('\n').trim_end()));
    } else if has(LISTS, name) {
        list(node, whole, depth, 0);
    } else if has(ENTRIES, name) {
        entry(node, whole, depth, level);
    } else if has(TITLES, name) {
        whole.heading(level, &inline(node));
    } else if name == "refnamediv" {
        let of = |name: &str| {
            let named = node.children().filter(|child| local(child) == name);
            let said: Vec<String> = named.map(|child| inline(&child)).collect();
            said.join(", ")
        };
        whole.push(&format!("{} – {}", of("refname"), of("refpurpose")));
    } else if has_rows(node) {
        whole.push(&table::markdown(&rows(node)));
    } else if ["author", "editor", "contrib", "respStmt"].contains(&name) {
        whole.push(&inline(node));
    } else if has(PARAGRAPHS, name) && !has_blocks(node) {
        whole.push(&inline(node));
    } else if let Some((_, word)) = warning {
        whole.push(&format!("{word}:"));
        blocks(node, whole, depth, level + 1);
    } else if has(SECTIONS, name) {
        let has_title = node.children().any(|child| is_title(&child));
        blocks(node, whole, depth, level + usize::from(has_title));
    } else {
        blocks(node, whole, depth, level);
    }
}

/// Whether an element is the title of what it stands in, or holds it.
fn is_title(node: &Node<'_, '_>) -> bool {
    let name = local(node);
    let holds = name.ends_with("info") || name == "title-group";
    has(TITLES, name) || holds && node.children().any(|child| has(TITLES, local(&child)))
}

/// Adds what stands in a block: its title, other blocks, and the words between them.
fn blocks(node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize, level: usize) {
    let mut words = String::new();
    for child in node.children() {
        let name = local(&child);
        if has(TITLES, name) {
            flush(&mut words, whole);
            whole.heading(level.max(2) - 1, &inline(&child));
        } else if has(SUBTITLES, name) {
            flush(&mut words, whole);
            whole.push(&inline(&child));
        } else if child.is_element() && is_block(&child) {
            flush(&mut words, whole);
            block(&child, whole, depth + 1, level);
        } else {
            add(&child, &mut words);
        }
    }
    flush(&mut words, whole);
}

fn flush(words: &mut String, whole: &mut Paragraphs) {
    whole.push(&one_line(&std::mem::take(words)));
}

/// Whether an element stands by itself: by its name, or since it holds one that does.
fn is_block(node: &Node<'_, '_>) -> bool {
    is_named_block(node) || has_blocks(node)
}

fn is_named_block(node: &Node<'_, '_>) -> bool {
    let name = local(node);
    let kinds = [SECTIONS, PARAGRAPHS, CODE, LISTS, ENTRIES, TITLES];
    kinds.iter().any(|kind| has(kind, name))
        || ["author", "editor", "contrib", "refnamediv", "blockquote"].contains(&name)
        || WARNINGS.iter().any(|(known, _)| *known == name)
        || has_rows(node)
}

/// Whether there are blocks below an element, beside those of a note in it.
fn has_blocks(node: &Node<'_, '_>) -> bool {
    let below = node.descendants().skip(1);
    let mut blocks = below.filter(|below| below.is_element() && is_named_block(below));
    blocks.any(|block| {
        let mut above = block.ancestors().take_while(|above| above != node);
        !above.any(|above| has(NOTES, local(&above)))
    })
}

/// Whether rows of a table are next below an element.
fn has_rows(node: &Node<'_, '_>) -> bool {
    let is_row = |node: &Node<'_, '_>| {
        matches!(
            local(node),
            "row" | "tr" | "thead" | "tbody" | "tgroup" | "sthead" | "strow"
        )
    };
    matches!(
        local(node),
        "tgroup" | "table" | "informaltable" | "simpletable" | "tbody"
    ) && node.children().any(|child| is_row(&child))
        && !node.children().any(|child| has(TITLES, local(&child)))
}

fn rows(node: &Node<'_, '_>) -> Vec<Vec<String>> {
    let columns = node.descendants().filter(|node| local(node) == "colspec");
    let columns = columns.filter_map(|column| column.attribute("colname"));
    let columns: Vec<&str> = columns.take(COLUMNS_MAX).collect();
    let rows = node
        .descendants()
        .filter(|node| matches!(local(node), "row" | "tr" | "sthead" | "strow"));
    let cells = |row: Node<'_, '_>| -> Vec<Cell> {
        let cells = row.children().filter(|cell| cell.is_element());
        cells.map(|node| cell(&node, &columns)).collect()
    };
    table::spread(rows.map(cells).collect())
}

/// A cell, and what it covers: as HTML says it, or CALS by the names of `columns`.
fn cell(node: &Node<'_, '_>, columns: &[&str]) -> Cell {
    let number = |key: &str| node.attribute(key)?.trim().parse::<usize>().ok();
    let place = |key: &str| {
        let name = node.attribute(key)?;
        columns.iter().position(|column| *column == name)
    };
    let named = place("namest").zip(place("nameend"));
    let named = named.and_then(|(first, last)| Some(last.checked_sub(first)? + 1));
    let below = number("morerows").map(|more| more.saturating_add(1));
    Cell {
        text: inline(node),
        columns: named.or_else(|| number("colspan")).unwrap_or(1),
        rows: below.or_else(|| number("rowspan")).unwrap_or(1),
    }
}

/// Adds the items of a list, with lists in them below.
fn list(node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize, indent: usize) {
    if depth + indent > DEPTH_MAX {
        return;
    }
    for child in node.children().filter(|child| child.is_element()) {
        if has(TITLES, local(&child)) {
            whole.push(&inline(&child));
            continue;
        }
        let is_list = |node: &Node<'_, '_>| has(LISTS, local(node));
        let mut said = String::new();
        let parts: Vec<Node<'_, '_>> = match has(ITEMS, local(&child)) {
            true => child.children().collect(),
            false => vec![child],
        };
        let (lists, words): (Vec<Node<'_, '_>>, Vec<Node<'_, '_>>) =
            parts.into_iter().partition(is_list);
        for part in words {
            said.push(' ');
            add(&part, &mut said);
        }
        whole.item(indent, &one_line(&said));
        for inner in lists {
            list(&inner, whole, depth, indent + 1);
        }
    }
}

/// Adds a word and what is said of it.
fn entry(node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize, level: usize) {
    let of = |is_term: bool| {
        let parts = node.children().filter(Node::is_element);
        parts.filter(move |part| has(TERMS, local(part)) == is_term)
    };
    let terms: Vec<String> = of(true).map(|term| inline(&term)).collect();
    let said: Vec<Node<'_, '_>> = of(false).collect();
    let is_short = said.iter().all(|part| {
        let mut inner = part.descendants();
        !inner.any(|node| has(LISTS, local(&node)) || has(CODE, local(&node)))
    });
    if is_short {
        let said: Vec<String> = said.iter().map(inline).collect();
        whole.item(0, &format!("{}: {}", terms.join(", "), said.join(" ")));
        return;
    }
    whole.push(&format!("{}:", terms.join(", ")));
    for part in said {
        blocks(&part, whole, depth + 1, level);
    }
}

/// The words of an element in one line.
fn inline(node: &Node<'_, '_>) -> String {
    let mut words = String::new();
    for child in node.children() {
        add(&child, &mut words);
    }
    one_line(&words)
}

/// Adds the words of a node to those before it.
fn add(node: &Node<'_, '_>, words: &mut String) {
    if node.is_text() {
        words.push_str(node.text().unwrap_or_default());
        return;
    }
    let name = local(node);
    if name.is_empty() || has(ASIDE, name) {
        return;
    }
    let below = |words: &mut String| node.children().for_each(|child| add(&child, words));
    match name {
        "superscript" | "sup" => raise(words, &inline(node)),
        "quote" | "q" => {
            words.push('“');
            below(words);
            words.push('”');
        }
        "optional" => {
            words.push('[');
            below(words);
            words.push(']');
        }
        name if has(NOTES, name) => words.push_str(&format!(" ({})", inline(node))),
        name => {
            let is_apart = has(APART, name) || is_named_block(node) || has(ITEMS, name);
            if is_apart {
                words.push(' ');
            }
            below(words);
            if is_apart {
                words.push(' ');
            }
        }
    }
}

/// The text of an element as it stands.
fn texts(node: &Node<'_, '_>) -> String {
    let below = node.descendants().filter(Node::is_text);
    below.filter_map(|node| node.text()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, title: &str, expected: &str) {
        let found = read(document.as_bytes()).expect("a document");
        assert_eq!(found.title, title, "{document}");
        assert_eq!(found.parts[0].text, expected, "{document}");
    }

    #[test]
    fn docbook_has_its_words() {
        check(
            "<?xml version='1.0'?><!DOCTYPE book PUBLIC '-//OASIS//DTD DocBook XML V4.5//EN' 'docbookx.dtd' [<!ENTITY maker \"Quill &#169;\">]><book id='b'><bookinfo><title>The Loom</title><author><firstname>Ada</firstname><surname>Quill</surname></author></bookinfo><chapter id='c'><title>Wool</title><indexterm><primary>wool</primary></indexterm><para>Of the <emphasis>llama</emphasis>,&nbsp;by &maker;.<footnote><para>Since 1903.</para></footnote></para><itemizedlist><listitem><para>red</para><itemizedlist><listitem><para>deep</para></listitem></itemizedlist></listitem><listitem><para>blue</para></listitem></itemizedlist><variablelist><varlistentry><term>warp</term><listitem><para>the long threads</para></listitem></varlistentry></variablelist><section><title>Spin</title><programlisting>spin --fast\n  &lt;wool</programlisting><note><para>Slowly.</para></note></section></chapter></book>",
            "The Loom",
            "# The Loom\n\nAda Quill\n\n## Wool\n\nOf the llama, by Quill ©. (Since 1903.)\n\n- red\n  - deep\n- blue\n- warp: the long threads\n\n### Spin\n\n```\nspin --fast\n  <wool\n```\n\nNote:\n\nSlowly.",
        );
        check(
            "<article xmlns='http://docbook.org/ns/docbook'><info><title>Dyes</title></info><table><title>Roots</title><tgroup cols='2'><thead><row><entry>Root</entry><entry>Colour</entry></row></thead><tbody><row><entry>madder</entry><entry>red</entry></row></tbody></tgroup></table><para>Before <programlisting>x</programlisting> after.</para></article>",
            "Dyes",
            "# Dyes\n\n## Roots\n\n| Root | Colour |\n| --- | --- |\n| madder | red |\n\nBefore\n\n```\nx\n```\n\nafter.",
        );
        check(
            "<article><title>A</title><informaltable><tgroup cols='3'><colspec colname='a'/><colspec colname='b'/><colspec colname='c'/><tbody><row><entry>Plan</entry><entry>Size</entry><entry>Price</entry></row><row><entry morerows='1'>Basic</entry><entry>S</entry><entry>5</entry></row><row><entry>M</entry><entry>9</entry></row><row><entry namest='a' nameend='b'>Any</entry><entry>90</entry></row></tbody></tgroup></informaltable></article>",
            "A",
            "# A\n\n| Plan | Size | Price |\n| --- | --- | --- |\n| Basic | S | 5 |\n| Basic | M | 9 |\n| Any | | 90 |",
        );
        check(
            "<refentry><refnamediv><refname>spin</refname><refpurpose>make yarn</refpurpose></refnamediv><refsect1><title>Options</title><para>None.</para></refsect1></refentry>",
            "spin",
            "spin – make yarn\n\n# Options\n\nNone.",
        );
    }

    #[test]
    fn parts_that_lie_elsewhere_are_named() {
        let book = "<!DOCTYPE book [<!ENTITY one SYSTEM 'one.xml'>]><book xmlns:xi='http://www.w3.org/2001/XInclude'><title>A</title>&one;<xi:include href='two.xml'/><para>&unknown; 1 &lt; 2 & 3</para></book>";
        assert!(read(book.as_bytes()).is_err());
        let found = read(book.replace(" & 3", "").as_bytes()).expect("a book");
        assert_eq!(found.left_out, ["parts in other files: one, two.xml"]);
        assert_eq!(found.parts[0].text, "# A\n\nunknown 1 < 2");
        // In a program a name between such signs is no sign.
        check(
            "<book><title>A</title><programlisting><![CDATA[p = &x;\nif (a && b) q = &eacute;]]></programlisting><para>caf&eacute;</para></book>",
            "A",
            "# A\n\n```\np = &x;\nif (a && b) q = &eacute;\n```\n\ncafé",
        );
    }

    #[test]
    fn its_siblings_have_their_words() {
        check(
            "<topic id='t'><title>Wool</title><shortdesc>Of llamas.</shortdesc><body><section><title>Dye</title><ul><li>red</li></ul></section></body></topic>",
            "Wool",
            "# Wool\n\nOf llamas.\n\n## Dye\n\n- red",
        );
        check(
            "<article article-type='research'><front><article-meta><title-group><article-title>Wool</article-title></title-group><abstract><p>Short.</p></abstract></article-meta></front><body><sec><title>Dye</title><p>It is 10<sup>6</sup>.</p></sec></body></article>",
            "Wool",
            "# Wool\n\nShort.\n\n# Dye\n\nIt is 10^6.",
        );
        check(
            "<TEI xmlns='http://www.tei-c.org/ns/1.0'><teiHeader><fileDesc><titleStmt><title>Wool</title></titleStmt></fileDesc></teiHeader><text><body><div><head>Dye</head><p>Red.</p></div></body></text></TEI>",
            "Wool",
            "# Wool\n\n# Dye\n\nRed.",
        );
    }
}
