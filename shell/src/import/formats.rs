//! What a file is, by its first bytes and its ending, and who reads it.

mod exported;

use std::path::Path;

use quipu_memory::Syntax;

use crate::session::hearing::is_recording;
use crate::session::senses::is_picture;

/// Bytes looked at to tell what a file is.
pub const HEAD_BYTES: usize = 8 << 10;
/// Where a PDF may begin: some programs put something before it.
const PDF_BYTES: usize = 1 << 10;

/// Where the first element of XML stands, behind what is said before it.
const ROOT_BYTES: usize = 2_000;

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The guest for PDF.
    Pdf,
    /// The guest for documents, which calls the format so.
    Document(&'static str),
    /// The eyes.
    Picture,
    /// The ears.
    Recording,
    /// It is a note of Markdown.
    Note,
    /// It is text.
    Text(Syntax),
}

/// How a file begins that nothing here reads, what it is, and what to do.
const UNREAD: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "a compressed file (unpack it first)"),
    (b"7z\xbc\xaf", "a compressed file (unpack it first)"),
    (b"Rar!", "a file compressed with RAR (unpack it first)"),
    (b"BZh", "a file compressed with bzip2 (unpack it first)"),
    (b"\xfd7zXZ", "a compressed file (unpack it first)"),
    (b"\x28\xb5\x2f\xfd", "a compressed file (unpack it first)"),
    (
        b"GIF8",
        "a picture of a kind that is not read (save it as PNG)",
    ),
    (b"8BPS", "a picture of Photoshop (save it as PNG)"),
    (b"\x7fELF", "a program"),
    (b"\0asm", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (
        b"SQLite format 3",
        "a database (export what is wanted of it as CSV or text)",
    ),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xce\xfa\xed\xfe", "a program"),
    (
        b"L\0\0\0\x01\x14\x02\0",
        "a shortcut of Windows (name the file that it leads to)",
    ),
    (
        b"\xde\x12\x04\x95",
        "compiled translations (take the .po file that they were made of)",
    ),
    (
        b"\x95\x04\x12\xde",
        "compiled translations (take the .po file that they were made of)",
    ),
    (
        b"\x80\x04\x95",
        "data of Python, a pickle (save what is wanted of it as JSON or CSV)",
    ),
    (
        b"\0\x01\0\0Standard ",
        "a database of Access (export its tables as CSV)",
    ),
    (b"PAR1", "a table in Parquet (save it as CSV)"),
    (b"ARROW1", "a table in Arrow (save it as CSV)"),
    (
        b"\x89HDF",
        "data in HDF5 (save what is wanted of it as CSV)",
    ),
    (
        b"!BDN",
        "a mailbox of Outlook (export its mails, for instance as .eml)",
    ),
    (
        b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d",
        "a notebook of OneNote (export it as Word or PDF)",
    ),
    (b"Salted__", "an encrypted file (decrypt it first)"),
    (
        b"-----BEGIN PGP MESSAGE",
        "an encrypted file (decrypt it first)",
    ),
    (
        b"age-encryption.org",
        "an encrypted file (decrypt it first)",
    ),
    (
        b"AT&TFORM",
        "a DjVu file (convert it to PDF, for instance with ddjvu)",
    ),
    (
        b"%!PS",
        "a PostScript file (convert it to PDF, for instance with ps2pdf)",
    ),
    (
        b"ITSF",
        "a help file of Windows (unpack it, for instance with 7z)",
    ),
    (
        b"\xffWPC",
        "a document of WordPerfect (save it as .docx or PDF, for instance with LibreOffice)",
    ),
    (
        b"\xdb\xa5-\0\0\0",
        "a document of an old Word (save it as .docx or PDF, for instance with LibreOffice)",
    ),
    (
        b"\x31\xbe\0\0",
        "a document of Write (save it as .docx or PDF, for instance with LibreOffice)",
    ),
    (
        b"HWP Document File V",
        "a document of an old Hangul (save it as .hwpx, .docx or PDF)",
    ),
    (b"\x5d\0\0", "a file compressed with LZMA (unpack it first)"),
    (
        b"\x04\x22\x4d\x18",
        "a file compressed with LZ4 (unpack it first)",
    ),
    (
        b"\x1f\x9d",
        "a file compressed with compress (unpack it first)",
    ),
    (b"LZIP\x01", "a file compressed with lzip (unpack it first)"),
    (
        b"MSCF\0",
        "a cabinet of Windows (unpack it, for instance with 7z)",
    ),
    (b"!<arch>\n", "a package or a library (unpack it first)"),
    (b"xar!\0", "a package of Apple (unpack it first)"),
    (b"\xed\xab\xee\xdb", "a package of programs"),
    (
        b"RIFX",
        "a recording of a kind that is not heard (save it as Ogg, for instance with ffmpeg)",
    ),
    (
        b"caff\0",
        "a recording of a kind that is not heard (save it as Ogg, for instance with ffmpeg)",
    ),
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "a film or a recording of Windows Media (save its sound as Ogg, for instance with ffmpeg)",
    ),
    (
        b"FLV\x01",
        "a film in Flash (save its sound as Ogg, for instance with ffmpeg)",
    ),
    (
        b"\0\0\x01\xba",
        "a film in MPEG (save its sound as Ogg, for instance with ffmpeg)",
    ),
    (
        b"glTF\x02",
        "a model in three dimensions, which has no text",
    ),
    (b"AC1015\0", "a drawing of AutoCAD (export it as PDF)"),
    (b"AC1018\0", "a drawing of AutoCAD (export it as PDF)"),
    (b"AC1021\0", "a drawing of AutoCAD (export it as PDF)"),
    (b"AC1024\0", "a drawing of AutoCAD (export it as PDF)"),
    (b"AC1027\0", "a drawing of AutoCAD (export it as PDF)"),
    (b"AC1032\0", "a drawing of AutoCAD (export it as PDF)"),
    (b"gimp xcf file\0", "a picture of GIMP (save it as PNG)"),
    (b"gimp xcf v0", "a picture of GIMP (save it as PNG)"),
    (
        b"\xd7\xcd\xc6\x9a",
        "a drawing of Windows (save it as PNG or PDF)",
    ),
    (
        b"\xc5\xd0\xd3\xc6",
        "a PostScript file (convert it to PDF, for instance with ps2pdf)",
    ),
    (
        b"REDIS00",
        "a database (export what is wanted of it as text)",
    ),
    (
        b"BLENDER-v",
        "a model in three dimensions, which has no text",
    ),
    (
        b"BLENDER_v",
        "a model in three dimensions, which has no text",
    ),
    (
        b"BLENDER17-",
        "a model in three dimensions, which has no text",
    ),
    (
        b"Obj\x01",
        "data in Avro (save what is wanted of it as CSV)",
    ),
    (b"\xd4\xc3\xb2\xa1", "a record of a network"),
    (b"\x03\xd9\xa2\x9a", "a safe of passwords"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"OTTO\0", "a font"),
    (b"\0\x01\0\0\0", "a font"),
    (
        b"\x93NUMPY",
        "data of NumPy (save what is wanted of it as CSV)",
    ),
    (b"GGUF\x03\0", "a model"),
    (
        b"#!AMR",
        "a recording of a kind that is not heard (save it as Ogg, for instance with ffmpeg)",
    ),
];

/// Endings of files that the guest for documents reads, and what it calls them.
const DOCUMENTS: &[(&[&str], &str)] = &[
    (&["html", "htm", "xhtml", "shtml", "xht"], "html"),
    (&["ipynb"], "notebook"),
    (&["eml", "emlx", "mht", "mhtml"], "mail"),
    (&["mbox", "mbx"], "mailbox"),
    (&["fodt", "fods", "fodp", "fodg"], "flat"),
    (&["rtf"], "rich-text"),
    (
        &["srt", "vtt", "sbv", "ass", "ssa", "ttml", "dfxp", "lrc"],
        "subtitles",
    ),
    (&["ics", "ical", "ifb", "vcf", "vcard"], "calendar"),
    (&["canvas", "excalidraw"], "canvas"),
    (&["svg"], "drawing"),
    (&["enex"], "evernote"),
    (&["fb2"], "fiction-book"),
    (&["opml", "drawio", "dio"], "outline"),
    (&["rss", "atom"], "feed"),
    (&["mediawiki"], "wiki"),
    (&["dbk", "docbook", "dita", "ditamap", "nxml"], "structured"),
    (&["geojson", "gpx", "kml"], "places"),
    (&["webarchive", "webloc"], "property-list"),
    (&["lyx"], "lyx"),
    (
        &["po", "pot", "xlf", "xliff", "sdlxliff", "mxliff"],
        "translations",
    ),
];

/// How texts are built, by their ending; others are source.
const TEXTS: &[(&[&str], Syntax)] = &[
    (&["", "txt", "text", "log", "nfo", "me"], Syntax::Plain),
    (&["csv", "tsv", "tab", "psv"], Syntax::Table),
    (&["org"], Syntax::Org),
    (&["rst", "rest"], Syntax::Rst),
    // Typst has its headings.
    // So have pages of a wiki.
    (
        &["adoc", "asciidoc", "asc", "typ", "wiki"],
        Syntax::AsciiDoc,
    ),
    (&["tex", "latex", "ltx"], Syntax::Latex),
];

/// Endings of Markdown.
const NOTES: &[&str] = &[
    "md", "markdown", "mdx", "mdown", "mkd", "qmd", "rmd", "gmi", "gemini",
];

/// What the file at `path` with these bytes is; says what it is where nothing reads it.
pub fn of(path: &Path, bytes: &[u8]) -> Result<Format, String> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let pdf = &head[..head.len().min(PDF_BYTES)];
    if pdf.windows(5).any(|window| window == b"%PDF-") {
        return Ok(Format::Pdf);
    }
    if let Some((_, what)) = UNREAD.iter().find(|(start, _)| head.starts_with(start)) {
        return Err((*what).to_owned());
    }
    let starts: [(&[u8], &'static str); 9] = [
        (b"PK\x03\x04", "zipped"),
        (b"PK\x05\x06", "zipped"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound"),
        (b"{\\rtf", "rich-text"),
        (b"BEGIN:VCALENDAR", "calendar"),
        (b"BEGIN:VCARD", "calendar"),
        (b"WEBVTT", "subtitles"),
        (b"\x78\x9f\x3e\x22", "tnef"),
        (b"bplist00", "property-list"),
    ];
    if let Some((_, name)) = starts.iter().find(|(start, _)| head.starts_with(start)) {
        return Ok(Format::Document(name));
    }
    if is_picture(head) {
        return Ok(Format::Picture);
    }
    if is_recording(head) {
        return Ok(Format::Recording);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Err("a picture of a kind that is not read (save it as PNG)".to_owned());
    }
    if head.get(60..68) == Some(b"BOOKMOBI") {
        return Err(
            "a book for the Kindle (convert it to EPUB, for instance with Calibre)".to_owned(),
        );
    }
    Ok(by_ending(path, head))
}

fn by_ending(path: &Path, head: &[u8]) -> Format {
    let ending = path.extension().unwrap_or_default();
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    let has = |endings: &&[&str]| endings.contains(&ending.as_str());
    if let Some((_, name)) = DOCUMENTS.iter().find(|(endings, _)| has(endings)) {
        return Format::Document(name);
    }
    if ["json", ""].contains(&ending.as_str())
        && let Some(name) = exported::kind(head)
    {
        return Format::Document(name);
    }
    if NOTES.contains(&ending.as_str()) {
        return Format::Note;
    }
    let text = TEXTS.iter().find(|(endings, _)| has(endings));
    let syntax = text.map_or(Syntax::Source, |(_, syntax)| *syntax);
    // Mail programs give files names of their own, and saved pages have all endings.
    let is_telling = text.is_some_and(|_| !ending.is_empty());
    match sniffed(head).filter(|_| !is_telling) {
        Some(name) => Format::Document(name),
        None => Format::Text(syntax),
    }
}

/// A text of XML from its first element on: behind a declaration, remarks and a type.
fn root(text: &str) -> &str {
    let mut rest = text.trim_start();
    let before = [("<?", "?>"), ("<!--", "-->"), ("<!", ">")];
    while let Some((_, end)) = before.iter().find(|(start, _)| rest.starts_with(start)) {
        let Some((_, after)) = rest.split_once(end) else {
            return "";
        };
        rest = after.trim_start();
    }
    rest
}

/// Whether `root` begins a document of DocBook, DITA or JATS, and what stands in it or before it
/// in the head says so.
fn is_structured(head: &str, root: &str) -> bool {
    let name = root[1..].split(|c: char| !c.is_ascii_alphanumeric()).next();
    let roots = [
        "book",
        "article",
        "chapter",
        "section",
        "part",
        "set",
        "appendix",
        "preface",
        "glossary",
        "topic",
        "concept",
        "task",
        "reference",
        "map",
    ];
    let signs = [
        "docbook",
        "<bookinfo",
        "<articleinfo",
        "<chapterinfo",
        "//dtd dita",
        "ditaarch",
        "urn:oasis:names:tc:dita",
        "jats",
        "article-type=",
        "nlm//dtd",
    ];
    name.is_some_and(|name| roots.contains(&name)) && signs.iter().any(|sign| head.contains(sign))
}

/// Whether a text is a page of a manual: a command of roff stands in its first line, and before
/// long one that names the page.
fn is_manual(text: &str) -> bool {
    let names = [".TH ", ".Dt ", ".TL", ".so "];
    let mut lines = text.lines();
    let begins = lines.next().is_some_and(|line| {
        let command = line.strip_prefix(['.', '\'']).unwrap_or_default();
        command.starts_with(|c: char| c.is_ascii_alphabetic() || c == '\\')
    });
    begins
        && text
            .lines()
            .any(|line| names.iter().any(|name| line.starts_with(name)))
}

/// What a file without a telling ending is by its first lines.
fn sniffed(head: &[u8]) -> Option<&'static str> {
    let head = String::from_utf8_lossy(head);
    let start = head.trim_start_matches('\u{feff}').trim_start();
    let lower = &start[..start.floor_char_boundary(ROOT_BYTES)];
    let lower = lower.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some("html");
    }
    let root = root(&lower);
    if root.starts_with('<') {
        let roots = [
            ("<fictionbook", "fiction-book"),
            ("<opml", "outline"),
            ("<mxfile", "outline"),
            ("<map version", "outline"),
            ("<rss", "feed"),
            ("<feed", "feed"),
            ("<en-export", "evernote"),
            ("<svg", "drawing"),
            ("<pkg:package", "flat"),
            ("<w:worddocument", "flat"),
            ("<office:document", "flat"),
            ("<sami", "subtitles"),
            ("<timedtext", "subtitles"),
            ("<tt ", "subtitles"),
            ("<mediawiki", "wiki"),
            ("<gpx", "places"),
            ("<kml", "places"),
            ("<xliff", "translations"),
            ("<tei ", "structured"),
            ("<tei>", "structured"),
            ("<refentry", "structured"),
        ];
        let known = roots.iter().find(|(name, _)| root.starts_with(name));
        let is_excel = root.starts_with("<workbook")
            && root.contains("urn:schemas-microsoft-com:office:spreadsheet");
        let known = known.map(|(_, name)| *name).or(is_excel.then_some("flat"));
        return known.or_else(|| is_structured(&lower, root).then_some("structured"));
    }
    if is_manual(start) {
        return Some("manual");
    }
    // Pictures from and to which something is shown: "{0}{25}".
    let shown = start
        .strip_prefix('{')
        .and_then(|rest| rest.split_once("}{"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if shown.is_some_and(|(from, rest)| {
        is_number(from) && rest.starts_with(|c: char| c.is_ascii_digit())
    }) {
        return Some("subtitles");
    }
    let is_header = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        line.contains(':')
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (first, rest) = start.split_once('\n').unwrap_or((start, ""));
    let headers = |text: &str| {
        let lines = text.lines().take_while(|line| !line.trim().is_empty());
        let known = [
            "from:",
            "date:",
            "subject:",
            "message-id:",
            "received:",
            "mime-version:",
        ];
        let mut count = 0;
        for line in lines {
            if !(is_header(line) || line.starts_with([' ', '\t'])) {
                return 0;
            }
            let line = line.to_ascii_lowercase();
            count += usize::from(known.iter().any(|name| line.starts_with(name)));
        }
        count
    };
    if first.starts_with("From ") && headers(rest) >= 2 {
        return Some("mailbox");
    }
    (headers(start) >= 3).then_some("mail")
}

#[cfg(test)]
mod tests;
