//! RTF: the words, in whatever code page they are written.
//!
//! The format is text with commands: `\word12`, `\'e9` for a byte, and braces around
//! groups. A group ends what was set in it. A group that begins with `\*`, or with one of
//! the words of `aside.rs`, says something about the document and is not part of its text.

mod aside;
mod code_page;

use encoding_rs::{Encoding, WINDOWS_1252};

use aside::ASIDE;
use code_page::{charset, code_page};

use crate::found::{Failed, Found, failed};
use crate::table;

/// What stands before the words of a note.
const NOTE: &str = " [note: ";
/// Groups within groups.
const DEPTH_MAX: usize = 1_000;

/// What holds within a group.
#[derive(Clone)]
struct State {
    is_aside: bool,
    /// Within a group that has no text of the document in it, whatever is within that.
    is_gone: bool,
    is_hidden: bool,
    /// Signs that follow `\u` for readers who do not know it.
    stand_in: usize,
    font: usize,
    in_table: bool,
    level: Option<usize>,
    /// Within what the document calls itself.
    in_title: bool,
    /// Within a note, which stands where it is called.
    in_note: bool,
    /// Within the number or the bullet of an item.
    in_number: bool,
}

/// A reading under way.
struct Reader {
    state: State,
    outer: Vec<State>,
    /// The code page of the document, and those of its fonts.
    encoding: &'static Encoding,
    fonts: Vec<(usize, &'static Encoding)>,
    /// The font whose entry in the table of fonts is read.
    entry: Option<usize>,
    /// Bytes that were not decoded yet: a sign may take several.
    bytes: Vec<u8>,
    /// Signs to leave out after `\u`.
    skip: usize,
    /// The first half of a sign of two `\u`.
    half: Option<u16>,
    title: String,
    text: String,
    line: String,
    /// Where in the line the number of an item begins.
    number: usize,
    cells: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The text of the file in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let Some(start) = bytes.iter().position(|byte| *byte == b'{') else {
        return Err(failed(
            "a broken RTF file: it has no group",
            "open it and save it again",
        ));
    };
    let mut reader = Reader::new();
    reader.read(&bytes[start..]);
    let title = std::mem::take(&mut reader.title);
    Ok(Found::whole(title, reader.finished()))
}

impl Reader {
    fn new() -> Self {
        Self {
            state: State {
                is_aside: false,
                is_gone: false,
                is_hidden: false,
                stand_in: 1,
                font: usize::MAX,
                in_table: false,
                level: None,
                in_title: false,
                in_note: false,
                in_number: false,
            },
            outer: Vec::new(),
            encoding: WINDOWS_1252,
            fonts: Vec::new(),
            entry: None,
            bytes: Vec::new(),
            skip: 0,
            half: None,
            title: String::new(),
            text: String::new(),
            line: String::new(),
            number: 0,
            cells: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn read(&mut self, mut rest: &[u8]) {
        let mut opens = false;
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            let opened = std::mem::take(&mut opens);
            match first {
                b'{' => {
                    self.decode();
                    if self.outer.len() >= DEPTH_MAX {
                        return;
                    }
                    self.outer.push(self.state.clone());
                    opens = true;
                }
                b'}' => {
                    self.decode();
                    let Some(outer) = self.outer.pop() else {
                        return;
                    };
                    if self.state.in_note && !outer.in_note {
                        self.end_note();
                    }
                    if self.state.in_number && !outer.in_number {
                        self.end_number();
                    }
                    self.state = outer;
                    self.skip = 0;
                    if self.outer.is_empty() {
                        return;
                    }
                }
                b'\\' => rest = self.command(rest, opened),
                b'\r' | b'\n' => opens = opened,
                byte => self.byte(*byte),
            }
        }
        self.decode();
    }

    /// Carries out the command at the beginning of `rest`; gives back what follows it.
    fn command<'a>(&mut self, rest: &'a [u8], opened: bool) -> &'a [u8] {
        let Some((first, tail)) = rest.split_first() else {
            return rest;
        };
        if !first.is_ascii_alphabetic() {
            return self.sign(*first, tail);
        }
        let word_len = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let (word, mut tail) = rest.split_at(word_len);
        let minus = usize::from(tail.first() == Some(&b'-'));
        let digits = tail[minus..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let mut number: Option<i64> = None;
        if digits > 0 {
            let written = std::str::from_utf8(&tail[..minus + digits]).unwrap_or_default();
            number = written.parse().ok();
            tail = &tail[minus + digits..];
        }
        tail = tail.strip_prefix(b" ").unwrap_or(tail);
        let word = std::str::from_utf8(word).unwrap_or_default();
        if word == "bin" {
            let len = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
            return tail.get(len..).unwrap_or_default();
        }
        if opened && ASIDE.contains(&word) {
            (self.state.is_aside, self.state.is_gone) = (true, true);
        }
        if opened && matches!(word, "listtext" | "pntext") {
            (self.state.in_number, self.number) = (true, self.line.len());
        }
        if opened && word == "title" {
            self.state.in_title = true;
        }
        self.word(word, number);
        tail
    }

    /// A command of one sign.
    fn sign<'a>(&mut self, sign: u8, tail: &'a [u8]) -> &'a [u8] {
        match sign {
            b'\'' => {
                let hex = tail
                    .get(..2)
                    .and_then(|pair| std::str::from_utf8(pair).ok());
                if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    self.byte(byte);
                }
                return tail.get(2..).unwrap_or_default();
            }
            b'*' => self.state.is_aside = true,
            b'~' => self.say(" "),
            b'_' => self.say("-"),
            b'\\' | b'{' | b'}' => self.byte(sign),
            b'\r' | b'\n' => self.word("par", None),
            _ => {}
        }
        tail
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        let index = number.and_then(|number| usize::try_from(number).ok());
        match word {
            "u" => return self.unit(number.unwrap_or(0)),
            "uc" => self.state.stand_in = index.unwrap_or(1).min(8),
            "ansicpg" => self.encoding = code_page(index.unwrap_or(1252)),
            "mac" => self.encoding = encoding_rs::MACINTOSH,
            "f" => {
                self.decode();
                self.entry = index;
                self.state.font = index.unwrap_or(usize::MAX);
            }
            "fcharset" => {
                if let (Some(font), Some(encoding)) = (self.entry, charset(index.unwrap_or(0))) {
                    self.fonts.push((font, encoding));
                }
            }
            "v" => self.state.is_hidden = number != Some(0),
            "deleted" => self.state.is_hidden = number != Some(0),
            "plain" => self.state.is_hidden = false,
            "pard" => (self.state.in_table, self.state.level) = (false, None),
            "intbl" => self.state.in_table = true,
            "outlinelevel" => self.state.level = index.filter(|level| *level < 6),
            "footnote" | "annotation" => self.begin_note(),
            // The same words twice, the second time in Unicode.
            "upr" => self.state.is_aside = true,
            "ud" if !self.state.is_gone => self.state.is_aside = false,
            // A box of text, within a shape that older readers leave out.
            "shptxt" | "dptxbxtext" if !self.state.is_gone => {
                self.paragraph();
                self.state.is_aside = false;
            }
            _ => {}
        }
        if self.state.is_aside {
            return;
        }
        match word {
            "par" | "sect" | "page" => self.paragraph(),
            "line" => self.say("\n"),
            "tab" => self.say("\t"),
            "cell" | "nestcell" => {
                self.decode();
                let cell = std::mem::take(&mut self.line);
                self.cells.push(cell);
            }
            "row" | "nestrow" => {
                let cells = std::mem::take(&mut self.cells);
                self.rows.push(cells);
            }
            "emdash" => self.say("—"),
            "endash" => self.say("–"),
            "lquote" => self.say("‘"),
            "rquote" => self.say("’"),
            "ldblquote" => self.say("“"),
            "rdblquote" => self.say("”"),
            "bullet" => self.say("•"),
            _ => {}
        }
    }

    /// A sign by its number; a negative one is a large one.
    fn unit(&mut self, number: i64) {
        self.decode();
        let unit = (number.rem_euclid(1 << 16)) as u16;
        self.skip = self.state.stand_in;
        match (self.half.take(), unit) {
            (_, 0xd800..=0xdbff) => self.half = Some(unit),
            (high, unit) => {
                let units: Vec<u16> = high.into_iter().chain([unit]).collect();
                self.say(&String::from_utf16_lossy(&units));
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        match self.skip {
            0 => self.bytes.push(byte),
            _ => self.skip -= 1,
        }
    }

    /// Turns the bytes that wait into text, in the code page of their font.
    fn decode(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let font = self
            .fonts
            .iter()
            .rev()
            .find(|(font, _)| *font == self.state.font);
        let encoding = font.map_or(self.encoding, |(_, encoding)| encoding);
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        self.put(&text);
    }

    fn say(&mut self, text: &str) {
        self.decode();
        self.put(text);
    }

    fn put(&mut self, text: &str) {
        if self.state.in_title {
            self.title.push_str(text);
        } else if !(self.state.is_aside || self.state.is_hidden) {
            self.line.push_str(text);
        }
    }

    /// A note, which some programs mark as something that older readers leave out.
    fn begin_note(&mut self) {
        if self.outer.last().is_some_and(|outer| outer.is_aside) {
            return;
        }
        self.decode();
        self.state.is_aside = false;
        if !std::mem::replace(&mut self.state.in_note, true) {
            self.put(NOTE);
        }
    }

    /// Closes a note; one without words is none.
    fn end_note(&mut self) {
        self.decode();
        if self.state.is_hidden {
            return;
        }
        let Some(at) = self.line.rfind(NOTE) else {
            return;
        };
        let words = self.line.split_off(at + NOTE.len());
        match words.trim() {
            "" => self.line.truncate(at),
            words => {
                self.line.push_str(words);
                self.line.push(']');
            }
        }
    }

    /// Keeps the number of an item, and no bullet, which may be the letter of a font of signs.
    fn end_number(&mut self) {
        self.decode();
        let at = self.line.floor_char_boundary(self.number);
        let sign = self.line.split_off(at);
        let sign = sign.trim();
        if sign.contains(|c: char| c.is_ascii_digit()) || sign.ends_with(['.', ')', '☐', '☑', '☒'])
        {
            self.line.push_str(sign);
            self.line.push(' ');
        }
    }

    fn paragraph(&mut self) {
        self.decode();
        if self.state.in_note {
            // A note of several paragraphs still stands within one.
            self.line.push(' ');
            return;
        }
        if self.state.in_table {
            self.line.push('\n');
            return;
        }
        self.end_table();
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if !line.is_empty() {
            if let Some(level) = self.state.level {
                self.text.push_str(&"#".repeat(level + 1));
                self.text.push(' ');
            }
            self.text.push_str(line);
            self.text.push_str("\n\n");
        }
    }

    fn end_table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        if !rows.is_empty() {
            self.text.push_str(&table::markdown(&rows));
            self.text.push('\n');
        }
    }

    fn finished(mut self) -> String {
        if self.state.in_note {
            self.end_note();
        }
        self.state.in_note = false;
        self.state.in_table = false;
        self.state.is_aside = false;
        self.paragraph();
        self.text.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_its_title() {
        let rtf = br"{\rtf1\ansi{\info{\author Ada}{\title Caf\'e9 ledger}}Text.}";
        let found = read(rtf).expect("read");
        assert_eq!(found.title, "Café ledger");
        assert_eq!(found.parts[0].text, "Text.");
    }

    #[test]
    fn words_are_read_in_their_code_page() {
        let check = |rtf: &str, expected: &str| {
            assert_eq!(
                read(rtf.as_bytes()).expect("read").parts[0].text,
                expected,
                "{rtf}"
            );
        };
        check(
            r"{\rtf1\ansi\ansicpg1252 The caf\'e9 \u8211? open\par at {\b dawn}.}",
            "The café – open\n\nat dawn.",
        );
        check(
            r"{\rtf1\ansi{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}\f1\'ef\'f0\f0 x{\*\generator y;}}",
            "прx",
        );
        check(
            r"{\rtf1\ansi\uc1\u-10178?\u-8962? \{ok\}\line next}",
            "🧾 {ok}\nnext".replace('🧾', "\u{1f8fe}").as_str(),
        );
        check(
            r"{\rtf1\trowd\intbl a\cell b\cell\row\trowd\intbl 1\cell 2\cell\row\pard after\par}",
            "| a | b |\n| --- | --- |\n| 1 | 2 |\n\nafter",
        );
        check(
            r"{\rtf1{\field{\*\fldinst HYPERLINK x}{\fldrslt the mill}}{\v secret} stands}",
            "the mill stands",
        );
        check(
            r"{\rtf1\pard\outlinelevel0 Wool\par\pard of the llama}",
            "# Wool\n\nof the llama",
        );
        check(
            r"{\rtf1 Wool{\super\chftn {\footnote\pard\chftn  of the alpaca\par and more}} is warm.\par}",
            "Wool [note: of the alpaca and more] is warm.",
        );
        check(
            r"{\rtf1 Wool{\*\footnote{\super\chftn} shorn}{\*\annotation{\*\atnref 1}in May}}",
            "Wool [note: shorn] [note: in May]",
        );
        check(
            r"{\rtf1 Wool\par{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard In a box.\par}}{\shprslt{\*\do{\dptxbxtext In a box.\par}}}}is spun}",
            "Wool\n\nIn a box.\n\nis spun",
        );
        check(
            r"{\rtf1{\listtext\pard\plain 1.\tab}\ls1 red\par{\listtext\'a7\tab}dark\par{\pntext\f1 (b)\tab}light}",
            "1. red\n\ndark\n\n(b) light",
        );
        check(
            r"{\rtf1 Wool\outlinelevel0{\listtext\pard o\par \'e9\tab}x",
            "Woolo\n\n# é\tx",
        );
        // A file that ends within its note, and a note without words.
        check(r"{\rtf1 Wool{\footnote shorn", "Wool [note: shorn]");
        check(r"{\rtf1 Wool{\footnote\chftn }.}", "Wool.");
        check(r"{\rtf1{\v hidden{\footnote too}}Wool}", "Wool");
        check(r"{\rtf1{\upr{?}{\*\ud{\u9731?}}} Wool}", "☃ Wool");
        check(r"{\rtf1\ansi\ansicpg936 \'c4\'be\'d7\'ae}", "木桩");
    }
}
