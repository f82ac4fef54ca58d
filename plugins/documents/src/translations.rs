//! Files of translators: gettext (.po) and XLIFF. Each text stands beside its translation.

use roxmltree::Node;

use crate::found::{Failed, Found};
use crate::table;
use crate::zipped::{decoded, local, xml};

/// The texts in `bytes`, with their translations.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let rows = match text.trim_start().starts_with('<') {
        true => xliff(&text)?,
        false => gettext(&text),
    };
    let mut whole = vec![["Original", "Translation"].map(str::to_owned).to_vec()];
    let said = |row: &Vec<String>| row.iter().any(|text| !text.trim().is_empty());
    whole.extend(rows.into_iter().filter(said));
    match whole.len() {
        // Nothing but the head.
        1 => Ok(Found::default()),
        _ => Ok(Found::whole("", table::markdown(&whole))),
    }
}

/// The units of XLIFF 1 and 2.
fn xliff(text: &str) -> Result<Vec<Vec<String>>, Failed> {
    let document = xml(text, "translation")?;
    let is_unit = |node: &Node<'_, '_>| matches!(local(node), "trans-unit" | "segment");
    let units = document.descendants().filter(is_unit);
    let said = |unit: &Node<'_, '_>, name: &str| {
        let part = unit.children().find(|node| local(node) == name);
        let texts = part.into_iter().flat_map(|part| part.descendants());
        let texts = texts.filter(Node::is_text);
        texts.filter_map(|node| node.text()).collect::<String>()
    };
    let row = |unit: Node<'_, '_>| vec![said(&unit, "source"), said(&unit, "target")];
    Ok(units.map(row).collect())
}

/// The entries of gettext. What is no longer used is left out.
fn gettext(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut entry = Entry::default();
    for line in text.lines().map(str::trim) {
        // A text may go on in lines of its own.
        if let Some(more) = quoted(line) {
            entry.last_mut().push_str(&more);
            continue;
        }
        let Some((word, rest)) = line.split_once([' ', '\t']) else {
            continue;
        };
        let Some(said) = quoted(rest.trim()) else {
            continue;
        };
        let begins = match word {
            "msgctxt" | "msgid" => entry.part != Part::Before,
            _ => false,
        };
        if begins && !(word == "msgid" && entry.part == Part::Context) {
            rows.extend(std::mem::take(&mut entry).row());
        }
        entry.part = match word {
            "msgctxt" => Part::Context,
            "msgid" => Part::Original,
            "msgid_plural" => Part::Plural,
            word if word.starts_with("msgstr") => Part::Translation,
            _ => continue,
        };
        let last = entry.last_mut();
        if !last.is_empty() {
            last.push_str(" / ");
        }
        last.push_str(&said);
    }
    rows.extend(entry.row());
    rows
}

/// The part of an entry that a line belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Before,
    Context,
    Original,
    Plural,
    Translation,
}

/// An entry so far.
#[derive(Default)]
struct Entry {
    part: Part,
    context: String,
    original: String,
    plural: String,
    translation: String,
}

impl Entry {
    /// What the last line belongs to.
    fn last_mut(&mut self) -> &mut String {
        match self.part {
            Part::Before | Part::Context => &mut self.context,
            Part::Original => &mut self.original,
            Part::Plural => &mut self.plural,
            Part::Translation => &mut self.translation,
        }
    }

    /// The entry as a row; the first one of a file says what the file is, and has no text.
    fn row(self) -> Option<Vec<String>> {
        if self.original.is_empty() {
            return None;
        }
        let mut original = self.original;
        if !self.plural.is_empty() {
            original = format!("{original} / {}", self.plural);
        }
        if !self.context.is_empty() {
            original = format!("{original} ({})", self.context);
        }
        Some(vec![original, self.translation])
    }
}

/// The text that a line is, within quotes.
fn quoted(line: &str) -> Option<String> {
    let inside = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inside.len());
    let mut signs = inside.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => match signs.next() {
                Some('n' | 'r' | 't') => text.push(' '),
                Some(sign) => text.push(sign),
                None => {}
            },
            sign => text.push(sign),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_beside_their_translations() {
        let check = |file: &str, rows: &str| {
            let found = read(file.as_bytes()).expect("translations");
            let want = format!("| Original | Translation |\n| --- | --- |\n{rows}");
            assert_eq!(found.parts[0].text, want);
        };
        check(
            "msgid \"\"\nmsgstr \"Language: de\\n\"\n\n#: a.c:3\nmsgid \"The mill\"\nmsgstr \"Die \"\n\"Mühle\"\n\nmsgctxt \"door\"\nmsgid \"Open\"\nmsgstr \"Auf \\\"machen\\\"\"\n\nmsgid \"%d sack\"\nmsgid_plural \"%d sacks\"\nmsgstr[0] \"%d Sack\"\nmsgstr[1] \"%d Säcke\"\n\n#~ msgid \"old\"\n#~ msgstr \"alt\"\n",
            "| The mill | Die Mühle |\n| Open (door) | Auf \"machen\" |\n| %d sack / %d sacks | %d Sack / %d Säcke |\n",
        );
        check(
            "<xliff version='1.2'><file><body><trans-unit id='1'><source>The <g>mill</g></source><target>Die Mühle</target></trans-unit><trans-unit id='2'><source>Door</source></trans-unit></body></file></xliff>",
            "| The mill | Die Mühle |\n| Door | |\n",
        );
        check(
            "<?xml version='1.0'?><xliff version='2.0'><file><unit><segment><source>磨坊</source><target>Mill</target></segment></unit></file></xliff>",
            "| 磨坊 | Mill |\n",
        );
        assert!(read(b"# nothing\n").expect("a file").is_empty());
    }
}
