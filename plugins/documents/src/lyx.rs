//! LyX: headings, paragraphs, lists, formulas and tables of its documents.

use crate::found::{Failed, Found, Paragraphs, broken};
use crate::table;
use crate::zipped::decoded;

/// Layouts that are headings, the outermost first.
const HEADINGS: &[&str] = &[
    "Part",
    "Chapter",
    "Section",
    "Subsection",
    "Subsubsection",
    "Paragraph",
];
/// Insets that are not printed, or say how something looks.
const UNSAID: &[&str] = &[
    "Note",
    "ERT",
    "Graphics",
    "External",
    "CommandInset",
    "VSpace",
    "space",
    "Newline",
    "Branch",
    "Preview",
];
/// Insets within insets that are looked at.
const DEPTH_MAX: usize = 64;

/// The text of the document in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let Some((_, body)) = text.split_once("\\begin_body") else {
        return Err(broken("document of LyX", &"it has no body"));
    };
    let body = body.split("\\end_body").next().unwrap_or_default();
    let mut reading = Reading::default();
    body.lines().for_each(|line| reading.line(line));
    Ok(Found::whole(reading.title, reading.whole.text()))
}

/// A document so far.
#[derive(Default)]
struct Reading {
    title: String,
    whole: Paragraphs,
    /// The paragraphs that are open, each in an inset of the one before: its layout and its text.
    open: Vec<(String, String)>,
    /// The insets that are open.
    insets: Vec<String>,
    /// How many of them are not said.
    unsaid: usize,
    /// Whether what follows says how an inset looks: it comes before its first paragraph.
    waits: bool,
    /// The rows of the tables that are open.
    tables: Vec<Vec<Vec<String>>>,
}

impl Reading {
    fn line(&mut self, line: &str) {
        if let Some(inset) = line.strip_prefix("\\begin_inset ") {
            self.begin_inset(inset);
        } else if line == "\\end_inset" {
            self.end_inset();
        } else if self.unsaid > 0 {
            // Until it ends.
        } else if self.is_in("Formula") {
            self.say(line);
        } else if let Some(layout) = line.strip_prefix("\\begin_layout ") {
            self.open.push((layout.trim().to_owned(), String::new()));
            self.waits = false;
        } else if line == "\\end_layout" {
            self.end_layout();
        } else if self.is_in("Tabular") {
            self.tag(line);
        } else if self.waits {
            // Until a paragraph of the inset begins.
        } else if line == "\\backslash" {
            self.say("\\");
        } else if line.starts_with("\\SpecialChar") && line.ends_with("dots") {
            self.say("…");
        } else if !line.starts_with('\\') {
            self.say(line);
        }
    }

    /// Whether the inset around is one of these.
    fn is_in(&self, name: &str) -> bool {
        self.insets.last().is_some_and(|inset| inset == name)
    }

    fn say(&mut self, text: &str) {
        if let Some((_, said)) = self.open.last_mut() {
            said.push_str(text);
        }
    }

    fn begin_inset(&mut self, inset: &str) {
        let (name, rest) = inset.split_once(' ').unwrap_or((inset, ""));
        let is_unsaid = UNSAID.contains(&name) || self.insets.len() >= DEPTH_MAX;
        self.unsaid += usize::from(is_unsaid || self.unsaid > 0);
        self.insets.push(name.to_owned());
        self.waits = true;
        match name {
            _ if self.unsaid > 0 => {}
            "Formula" => self.say(rest),
            "Quotes" => self.say("\""),
            "Tabular" => self.tables.push(Vec::new()),
            _ => {}
        }
    }

    fn end_inset(&mut self) {
        let ended = self.insets.pop();
        self.waits = false;
        if self.unsaid > 0 {
            self.unsaid -= 1;
        } else if ended.as_deref() == Some("Tabular") {
            let rows = self.tables.pop().unwrap_or_default();
            self.add(|whole| whole.push(&table::titled(&rows)));
        }
    }

    /// A row or a cell of the table that is open begins.
    fn tag(&mut self, line: &str) {
        let Some(rows) = self.tables.last_mut() else {
            return;
        };
        if line.starts_with("<row") {
            rows.push(Vec::new());
        } else if line.starts_with("<cell")
            && let Some(row) = rows.last_mut()
        {
            row.push(String::new());
        }
    }

    fn end_layout(&mut self) {
        let Some((layout, said)) = self.open.pop() else {
            return;
        };
        let said = said.trim();
        let cell = self
            .tables
            .last_mut()
            .and_then(|rows| rows.last_mut()?.last_mut());
        if let Some(cell) = cell {
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(said);
            return;
        }
        let level = HEADINGS
            .iter()
            .position(|name| layout.trim_end_matches('*') == *name);
        match (level, layout.as_str()) {
            (Some(level), _) => self.add(|whole| whole.heading(level + 1, said)),
            (_, "Title") => {
                self.title = said.to_owned();
                self.add(|whole| whole.heading(1, said));
            }
            (_, "Itemize" | "Enumerate" | "Description") => self.add(|whole| whole.item(0, said)),
            _ => self.add(|whole| whole.push(said)),
        }
    }

    fn add(&mut self, add: impl FnOnce(&mut Paragraphs)) {
        add(&mut self.whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read() {
        let check = |body: &str, title: &str, text: &str| {
            let file = format!(
                "#LyX 2.3\n\\begin_header\n\\end_header\n\\begin_body\n{body}\n\\end_body\n"
            );
            let found = read(file.as_bytes()).expect("a document");
            assert_eq!(
                (found.title.as_str(), found.parts[0].text.trim()),
                (title, text),
                "{body}"
            );
        };
        check(
            "\\begin_layout Title\nThe mill\n\\end_layout\n\n\\begin_layout Section*\nWheel\n\\end_layout\n\n\\begin_layout Standard\nIt \n\\emph on\nturns\n\\emph default\n, \n\\begin_inset Quotes eld\n\\end_inset\n\nslowly.\n\\begin_inset Note Note\nstatus open\n\n\\begin_layout Plain Layout\nnot this\n\\end_layout\n\n\\end_inset\n\n\\end_layout",
            "The mill",
            "# The mill\n\n### Wheel\n\nIt turns, \"slowly.",
        );
        check(
            "\\begin_layout Itemize\none\n\\end_layout\n\\begin_layout Itemize\n\\begin_inset Formula $x^2$\n\\end_inset\n\n\\end_layout",
            "",
            "- one\n- $x^2$",
        );
        check(
            "\\begin_layout Standard\nIt turns\n\\begin_inset Foot\nstatus collapsed\n\n\\begin_layout Plain Layout\nin wind\n\\end_layout\n\n\\end_inset\n\n.\n\\end_layout",
            "",
            "in wind\n\nIt turns.",
        );
        let cell = |text: &str| {
            format!(
                "<cell>\n\\begin_inset Text\n\n\\begin_layout Plain Layout\n{text}\n\\end_layout\n\n\\end_inset\n</cell>\n"
            )
        };
        let table = format!(
            "\\begin_layout Standard\n\\begin_inset Tabular\n<lyxtabular>\n<row>\n{}{}</row>\n<row>\n{}{}</row>\n</lyxtabular>\n\n\\end_inset\n\n\\end_layout",
            cell("flour"),
            cell("price"),
            cell("rye"),
            cell("4"),
        );
        check(&table, "", "| flour | price |\n| --- | --- |\n| rye | 4 |");
        assert!(read(b"#LyX 2.3\n").is_err());
    }
}
