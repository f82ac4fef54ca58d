//! Files in the text of a mail, as they were sent before MIME: uuencoded (POSIX), in base64
//! between the same lines, and yEnc, which is named only.

use super::ATTACHED_BYTES_MAX;
use crate::found::{Paragraphs, one_line};

/// Bytes of a line, which its first letter says.
const LINE_BYTES_MAX: usize = 45;

/// A file that was found.
#[derive(Debug, PartialEq)]
pub struct File {
    name: String,
    /// What is in it; none where that is not read.
    bytes: Option<Vec<u8>>,
    /// How long it says that it is, where it is not read.
    size: String,
}

/// `text` without the files in it, and these. What is cut off is a part of the text.
pub fn without(text: &str) -> (String, Vec<File>) {
    let mut files = Vec::new();
    if !text.contains("begin") {
        return (text.to_owned(), files);
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        match begun(&lines[at..]) {
            Some((file, used)) => {
                files.push(file);
                at += used;
            }
            None => {
                kept.push(lines[at]);
                at += 1;
            }
        }
    }
    match files.is_empty() {
        true => (text.to_owned(), files),
        false => (kept.join("\n"), files),
    }
}

/// The file that a part of a mail is, where its bytes are no more than that.
pub fn file(bytes: &[u8]) -> Option<File> {
    let text = std::str::from_utf8(bytes).ok()?.trim_start();
    if !text.starts_with("begin") {
        return None;
    }
    let (rest, mut files) = without(text);
    files
        .pop()
        .filter(|_| files.is_empty() && rest.trim().is_empty())
}

impl File {
    /// Adds what it says to `whole`, if it is a text, and its name to what is `attached`.
    pub fn add(&self, whole: &mut Paragraphs, attached: &mut Vec<String>) {
        let Self { name, bytes, size } = self;
        let Some(bytes) = bytes else {
            attached.push(format!("{name} (yEnc, {size} bytes)"));
            return;
        };
        attached.push(format!("{name} (uuencoded, {} bytes)", bytes.len()));
        let text = std::str::from_utf8(bytes).ok();
        if let Some(text) = text.filter(|text| !text.contains('\0')) {
            let text = &text[..text.floor_char_boundary(ATTACHED_BYTES_MAX)];
            let text = text.replace("\r\n", "\n");
            whole.push(&format!("Attached {name}:\n\n{}", text.trim()));
        }
    }
}

/// The file that the first of `lines` begins, and how many lines it has, if it also ends.
fn begun(lines: &[&str]) -> Option<(File, usize)> {
    let first = lines.first()?.trim_end();
    if let Some(said) = first.strip_prefix("=ybegin ") {
        let end = ends(lines, "=ybegin ", |line| line.starts_with("=yend"))?;
        let size = said
            .split_whitespace()
            .find_map(|word| word.strip_prefix("size="));
        let name = said.split_once("name=").map_or("", |(_, name)| name);
        let file = File {
            name: named(name),
            bytes: None,
            size: size.unwrap_or("?").to_owned(),
        };
        return Some((file, end + 1));
    }
    let is_base64 = first.starts_with("begin-base64 ");
    let said = first.strip_prefix(if is_base64 { "begin-base64 " } else { "begin " })?;
    let (mode, name) = said.split_once(' ')?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..b'8').contains(&b));
    if !is_mode {
        return None;
    }
    let (bytes, used) = match is_base64 {
        true => in_base64(lines)?,
        false => in_letters(&lines[1..])?,
    };
    let file = File {
        name: named(name),
        bytes: Some(bytes),
        size: String::new(),
    };
    Some((file, used + 1))
}

/// How far the first of `lines` behind the one that `begins` a file is which `is_end`; none where
/// another file begins before, so that no line is looked at for many.
fn ends(lines: &[&str], begins: &str, is_end: impl Fn(&str) -> bool) -> Option<usize> {
    let mut behind = lines.iter().enumerate().skip(1);
    let (end, line) = behind.find(|(_, line)| is_end(line) || line.starts_with(begins))?;
    is_end(line).then_some(end)
}

fn named(name: &str) -> String {
    match one_line(name) {
        name if name.is_empty() => "without a name".to_owned(),
        name => name,
    }
}

/// The bytes of uuencoded lines, and how many lines there are with the one that ends them.
fn in_letters(lines: &[&str]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        if line.trim_end() == "end" {
            return Some((bytes, n + 1));
        }
        let mut letters = line.bytes().map(value);
        let length = match letters.next() {
            None => continue,
            Some(length) => usize::from(length?),
        };
        if length > LINE_BYTES_MAX {
            return None;
        }
        // Spaces at the end of a line are lost on the way; they are zeros.
        let letters: Option<Vec<u8>> = letters.take(length.div_ceil(3) * 4).collect();
        let mut letters = letters?;
        letters.resize(length.div_ceil(3) * 4, 0);
        let start = bytes.len();
        for four in letters.chunks_exact(4) {
            bytes.push((four[0] << 2) | (four[1] >> 4));
            bytes.push((four[1] << 4) | (four[2] >> 2));
            bytes.push((four[2] << 6) | four[3]);
        }
        bytes.truncate(start + length);
    }
    None
}

/// Six bits of a letter; none where it is no such letter.
fn value(letter: u8) -> Option<u8> {
    (b' '..=b'`')
        .contains(&letter)
        .then(|| (letter - b' ') & 63)
}

/// The bytes of lines of base64 behind the first of `lines`, and how many lines they are with the
/// one that ends them.
fn in_base64(lines: &[&str]) -> Option<(Vec<u8>, usize)> {
    let end = ends(lines, "begin-base64 ", |line| line.trim_end() == "====")?;
    let letters: String = lines[1..end].iter().map(|line| line.trim()).collect();
    Some((markup::bytes(&letters).ok()?, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_a_text_are_named_and_read() {
        let check = |text: &str, kept: &str, shown: &str, attached: &[&str]| {
            let (rest, files) = without(text);
            let (mut whole, mut names) = (Paragraphs::default(), Vec::new());
            files
                .iter()
                .for_each(|file| file.add(&mut whole, &mut names));
            assert_eq!(
                (rest.as_str(), whole.text().as_str()),
                (kept, shown),
                "{text}"
            );
            assert_eq!(names, attached, "{text}");
        };
        check(
            "See it.\n\nbegin 644 a b.txt\n#0V%T\n`\nend\n\nBye",
            "See it.\n\n\nBye",
            "Attached a b.txt:\n\nCat",
            &["a b.txt (uuencoded, 3 bytes)"],
        );
        // Zeros may be spaces, which may be lost at the end of a line.
        check(
            "begin 0644 z\n!\n \nend",
            "",
            "",
            &["z (uuencoded, 1 bytes)"],
        );
        check(
            "begin-base64 644 a.txt\nQ2F0\n====\n",
            "",
            "Attached a.txt:\n\nCat",
            &["a.txt (uuencoded, 3 bytes)"],
        );
        check(
            "x\n=ybegin line=128 size=10 name=a b.bin\n*+,-./0123\n=yend size=10\ny",
            "x\ny",
            "",
            &["a b.bin (yEnc, 10 bytes)"],
        );
        for text in [
            "We begin 644 steps from here",
            "begin 644 a.txt\n#0V%T",
            "begin 999 a.txt\n#0V%T\n`\nend",
            "begin 644 a.txt\nwords that are none\nend",
            "begin the day\nend",
            "=ybegin line=128 size=10 name=a\n*+,\n=ybegin line=128 size=10 name=b\n*+,",
            "begin-base64 644 a\nQ2F0\nbegin-base64 644 b\nQ2F0",
            "",
        ] {
            check(text, text, "", &[]);
        }
        let whole = file(b"begin 644 a\n#0V%T\n`\nend\n").expect("a file");
        assert_eq!(whole.bytes.as_deref(), Some(&b"Cat"[..]));
        assert_eq!(file(b"Hello.\nbegin 644 a\n#0V%T\n`\nend\n"), None);
        assert_eq!(file(b"begin again"), None);
    }
}
