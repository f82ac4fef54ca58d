//! Pages of manuals: roff with the macros man, mdoc or ms. Each line that begins with a dot says
//! what becomes of the words behind it, or of the next line.

mod mdoc;
mod signs;

use std::collections::HashMap;

use crate::found::{Failed, Found, Paragraphs, failed, one_line};
use crate::table;
use crate::zipped::decoded;
use signs::plain;

/// Macros whose words follow each other, and those whose words look otherwise by turns.
const FONTS: &[&str] = &["B", "I", "SM", "SB", "R", "CW", "BX", "UL", "LG"];
const TURNS: &[&str] = &["BR", "RB", "BI", "IB", "IR", "RI"];
/// Macros that begin a paragraph.
const PARAGRAPHS: &[&str] = &["PP", "P", "LP", "HP", "Pp", "Lp", "QP", "Sp", "sp"];
/// What begins and ends text that stays as it is written.
const CODE: &[&str] = &["nf", "EX", "DS", "CDS", "Vb"];
const CODE_END: &[&str] = &["fi", "EE", "DE", "CDE", "Ve"];

/// The text of the page in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let mut page = Page::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        page.line(line, &mut lines);
    }
    page.end_code();
    page.flush();
    let text = page.whole.text();
    if let (true, Some(other)) = (text.is_empty(), page.elsewhere.first()) {
        return Err(failed(
            format!("a page of a manual whose text stands in {other}"),
            "bring in that file",
        ));
    }
    let mut found = Found::whole(page.title, text);
    for other in page.elsewhere {
        found.left_out.push(format!("the text in {other}"));
    }
    Ok(found)
}

/// What the next line of words is.
#[derive(Clone, Copy, Default)]
enum Next {
    #[default]
    Words,
    Heading(usize),
    Term,
    Title,
}

#[derive(Default)]
struct Page {
    title: String,
    whole: Paragraphs,
    paragraph: String,
    /// A word whose explanation follows.
    term: String,
    next: Next,
    code: Option<Vec<String>>,
    /// Strings that the page defines.
    strings: HashMap<String, String>,
    /// Files whose text belongs here.
    elsewhere: Vec<String>,
    /// What mdoc calls what the page is about.
    name: String,
}

impl Page {
    fn line<'t>(&mut self, line: &'t str, rest: &mut impl Iterator<Item = &'t str>) {
        let control = line.strip_prefix(['.', '\'']);
        let Some(control) = control
            .map(str::trim_start)
            .filter(|_| !line.starts_with("''"))
        else {
            let said = plain(line, &self.strings);
            return match said.trim().is_empty() && self.code.is_none() {
                true => self.flush(),
                false => self.words(&said),
            };
        };
        let name_len = control.find([' ', '\t', '\\']).unwrap_or(control.len());
        let (name, said) = control.split_at(name_len);
        let said = said.trim_start();
        match name {
            "" => {}
            "ds" | "ds1" => {
                if let Some((name, value)) = said.split_once(' ') {
                    let value = value.trim_start().trim_start_matches('"');
                    self.strings.insert(name.to_owned(), value.to_owned());
                }
            }
            // Definitions of macros, and remarks.
            "de" | "de1" | "am" | "ig" => {
                let words = said.split_whitespace();
                let mut words = words.take_while(|word| !word.starts_with('\\'));
                let end = words.nth(usize::from(name != "ig"));
                let end = format!(".{}", end.unwrap_or("."));
                rest.find(|line| line.trim_end() == end);
            }
            "if" | "ie" | "el" | "while" => skip_condition(said, rest),
            "TS" => {
                self.flush();
                let rows = rows(rest, &self.strings);
                self.whole.push(&table::markdown(&rows));
            }
            "EQ" => {
                let formula: Vec<&str> = rest.take_while(|line| *line != ".EN").collect();
                self.words(&one_line(&formula.join(" ")));
            }
            "so" | "mso" => {
                let file = one_line(said);
                if name == "so" && !file.is_empty() {
                    self.elsewhere.push(file);
                }
            }
            name => {
                let args = arguments(said, &self.strings);
                if !self.macro_of_man(name, &args) {
                    mdoc::line(self, name, &args);
                }
            }
        }
    }

    /// Carries out a macro of man or ms, or a request; whether it is one.
    fn macro_of_man(&mut self, name: &str, args: &[String]) -> bool {
        let said = args.join(" ");
        let first = args.first().cloned().unwrap_or_default();
        match name {
            "TH" => {
                let section = args.get(1).map(|section| format!("({section})"));
                self.title = one_line(&format!("{first}{}", section.unwrap_or_default()));
                self.heading(1, &self.title.clone());
            }
            "SH" | "SS" | "NH" | "Sh" | "Ss" => {
                let level = 2 + usize::from(name == "SS" || name == "Ss");
                match said.trim().is_empty() || name == "NH" {
                    true => self.begin(Next::Heading(level)),
                    false => self.heading(level, &said),
                }
            }
            "TL" => self.begin(Next::Title),
            "TP" => self.begin(Next::Term),
            "TQ" => self.next = Next::Term,
            "IP" => {
                self.flush();
                self.term = one_line(&first);
            }
            name if PARAGRAPHS.contains(&name) => self.flush(),
            "br" | "RS" | "RE" => self.line_break(),
            name if CODE.contains(&name) => {
                self.flush();
                self.code = Some(Vec::new());
            }
            name if CODE_END.contains(&name) => self.end_code(),
            // Their words may stand in the next line.
            name if FONTS.contains(&name) => self.words(&said),
            name if TURNS.contains(&name) => self.words(&args.concat()),
            "SY" => {
                self.line_break();
                self.words(&said);
            }
            "OP" => self.words(&format!("[{said}]")),
            "UR" | "MT" | "URL" | "MTO" => self.words(&said),
            "UE" | "ME" | "YS" | "AT" | "UC" | "DT" | "PD" | "AU" | "AI" | "AB" | "AE" | "EN"
            | "TE" | "KS" | "KE" | "QS" | "QE" | "IX" | "INDENT" | "UNINDENT" => {}
            // Requests of roff itself say how a page looks.
            name if name.bytes().all(|byte| byte.is_ascii_lowercase()) => {}
            _ => return false,
        }
        true
    }

    /// Adds words: to the paragraph, to code, or to what was announced.
    pub fn words(&mut self, said: &str) {
        if let Some(code) = &mut self.code {
            code.push(said.to_owned());
            return;
        }
        if said.trim().is_empty() {
            return;
        }
        match std::mem::take(&mut self.next) {
            Next::Heading(level) => self.heading(level, said),
            Next::Title => {
                self.title = one_line(said);
                self.heading(1, said);
            }
            Next::Term => {
                if !self.term.is_empty() {
                    self.term.push_str(", ");
                }
                self.term.push_str(&one_line(said));
            }
            Next::Words => {
                if !self.paragraph.is_empty() && !self.paragraph.ends_with('\n') {
                    self.paragraph.push(' ');
                }
                self.paragraph.push_str(said.trim());
            }
        }
    }

    fn begin(&mut self, next: Next) {
        self.flush();
        self.next = next;
    }

    fn heading(&mut self, level: usize, said: &str) {
        self.end_code();
        self.flush();
        self.whole.heading(level, said);
    }

    fn line_break(&mut self) {
        if !self.paragraph.is_empty() {
            self.paragraph.push('\n');
        }
    }

    /// Ends the paragraph, or the word and what is said of it.
    pub fn flush(&mut self) {
        self.next = Next::Words;
        let said = std::mem::take(&mut self.paragraph);
        let term = std::mem::take(&mut self.term);
        let is_mark = ["•", "-", "*", "o", "—", "+"].contains(&term.trim());
        match (term.is_empty(), said.trim().is_empty()) {
            (true, _) => self.whole.push(said.trim()),
            (false, _) if is_mark => self.whole.item(0, &one_line(&said)),
            (false, true) => self.whole.item(0, &term),
            (false, false) => self.whole.item(0, &format!("{term}: {}", one_line(&said))),
        }
    }

    pub fn end_code(&mut self) {
        if let Some(lines) = self.code.take() {
            let code = lines.join("\n");
            if !code.trim().is_empty() {
                self.whole
                    .push(&format!("```\n{}\n```", code.trim_matches('\n')));
            }
        }
    }
}

/// Goes beyond what a condition holds, which is written for a program of another kind, or to look
/// otherwise.
fn skip_condition<'t>(said: &str, rest: &mut impl Iterator<Item = &'t str>) {
    let count = |line: &str, mark: &str| line.matches(mark).count();
    let mut open = count(said, "\\{").saturating_sub(count(said, "\\}"));
    while open > 0 {
        let Some(line) = rest.next() else { return };
        open += count(line, "\\{");
        open = open.saturating_sub(count(line, "\\}"));
    }
}

/// The arguments of a macro: words, or what stands between quotes.
fn arguments(said: &str, strings: &HashMap<String, String>) -> Vec<String> {
    let mut args = Vec::new();
    let mut rest = said.trim_start();
    while !rest.is_empty() && !rest.starts_with("\\\"") {
        let (arg, after) = match rest.strip_prefix('"') {
            // Two quotes are one in it.
            Some(inside) => {
                let mut end = 0;
                while let Some(at) = inside[end..].find('"') {
                    end += at;
                    if !inside[end + 1..].starts_with('"') {
                        break;
                    }
                    end += 2;
                }
                let end = match inside[end..].starts_with('"') {
                    true => end,
                    false => inside.len(),
                };
                let after = inside.get(end + 1..).unwrap_or_default();
                (inside[..end].replace("\"\"", "\""), after)
            }
            None => {
                let end = word_end(rest);
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        args.push(plain(&arg, strings));
        rest = after.trim_start();
    }
    args
}

/// Where the word ends that `text` begins with; a space behind a backslash is a part of it.
fn word_end(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        if matches!(letter, ' ' | '\t') && !is_escaped {
            return at;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    text.len()
}

/// The rows of a table up to its end (tbl): what stands before a line that ends with a dot says
/// how they look.
fn rows<'t>(
    rest: &mut impl Iterator<Item = &'t str>,
    strings: &HashMap<String, String>,
) -> Vec<Vec<String>> {
    let mut tab = '\t';
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut is_text = false;
    let mut block: Option<String> = None;
    for line in rest {
        let line = line.trim_end();
        if line == ".TE" {
            break;
        }
        if !is_text {
            if let Some(at) = line.find("tab(") {
                tab = line[at + 4..].chars().next().unwrap_or('\t');
            }
            is_text = line.ends_with('.');
            continue;
        }
        if line == ".T&" {
            is_text = false;
            continue;
        }
        // A cell of several lines.
        if let Some(said) = &mut block {
            match line.strip_prefix("T}") {
                Some(more) => {
                    let cell = block.take().unwrap_or_default();
                    if let Some(last) = rows.last_mut().and_then(|row| row.last_mut()) {
                        *last = cell;
                    }
                    add_cells(
                        more.trim_start_matches(tab),
                        tab,
                        strings,
                        &mut rows,
                        &mut block,
                    );
                }
                None if !line.starts_with('.') => {
                    said.push_str(&plain(line, strings));
                    said.push(' ');
                }
                None => {}
            }
            continue;
        }
        if line.starts_with('.') || line.chars().all(|c| matches!(c, '_' | '=')) {
            continue;
        }
        rows.push(Vec::new());
        add_cells(line, tab, strings, &mut rows, &mut block);
    }
    rows
}

/// Adds cells to the last row; one that goes on in the next lines is begun.
fn add_cells(
    line: &str,
    tab: char,
    strings: &HashMap<String, String>,
    rows: &mut [Vec<String>],
    block: &mut Option<String>,
) {
    let Some(row) = rows.last_mut().filter(|_| !line.is_empty()) else {
        return;
    };
    for cell in line.split(tab) {
        if cell.trim() == "T{" {
            *block = Some(String::new());
            row.push(String::new());
        } else {
            row.push(plain(cell, strings));
        }
    }
}

#[cfg(test)]
mod tests;
