//! Files of many kinds.

use super::*;

#[test]
fn a_file_is_known_by_its_bytes_and_its_ending() {
    let check = |path: &str, bytes: &[u8], expected: Result<Format, &str>| {
        let found = of(Path::new(path), bytes);
        assert_eq!(
            found.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|what| *what),
            "{path}"
        );
    };
    let document = |name| Ok(Format::Document(name));
    check("a.pdf", b"%PDF-1.7", Ok(Format::Pdf));
    check("a", b"\n\n%PDF-1.4", Ok(Format::Pdf));
    check("a.docx", b"PK\x03\x04", document("zipped"));
    check(
        "a.doc",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        document("compound"),
    );
    check("a.doc", b"{\\rtf1", document("rich-text"));
    check("a.HTM", b"<p>", document("html"));
    check("a.php5", b" <!DOCTYPE html><p>", document("html"));
    check("a.txt", b"<html>", Ok(Format::Text(Syntax::Plain)));
    check(
        "Inbox",
        b"From a Thu\nFrom: a\nSubject: b\n\nx",
        document("mailbox"),
    );
    check(
        "1700.M1:2,S",
        b"Received: a\n by b\nFrom: a\nDate: x\n\nx",
        document("mail"),
    );
    check(
        "notes",
        b"From: here on\nwe walk\n",
        Ok(Format::Text(Syntax::Plain)),
    );
    check(
        "a.fb2",
        b"<?xml version='1.0'?><FictionBook>",
        document("fiction-book"),
    );
    check(
        "a.xml",
        b"<?xml version='1.0'?>\n<!-- a --><rss>",
        document("feed"),
    );
    check(
        "a.xml",
        b"<?xml version='1.0'?><note>",
        Ok(Format::Text(Syntax::Source)),
    );
    check(
        "a.mm",
        b"<map version='1.0.1'><node TEXT='a'/></map>",
        document("outline"),
    );
    check("a.mm", b"#import <a.h>", Ok(Format::Text(Syntax::Source)));
    check(
        "a.xml",
        b"<list><feed/></list>",
        Ok(Format::Text(Syntax::Source)),
    );
    check("a.txt", b"caffeine", Ok(Format::Text(Syntax::Plain)));
    check("a.smi", b"<SAMI><BODY>", document("subtitles"));
    check(
        "a.xls",
        b"<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>",
        document("flat"),
    );
    check(
        "a.twb",
        b"<workbook xmlns:user='a'>",
        Ok(Format::Text(Syntax::Source)),
    );
    check("a.xml", b"<pkg:package xmlns:pkg='a'>", document("flat"));
    check(
        "a.xml",
        b"<!DOCTYPE book PUBLIC '-//OASIS//DTD DocBook XML V4.5//EN' 'd.dtd'><book>",
        document("structured"),
    );
    check(
        "a.xml",
        b"<article article-type='research'><front>",
        document("structured"),
    );
    check("a.xml", b"<book><isbn>1", Ok(Format::Text(Syntax::Source)));
    check(
        "a.xml",
        b"<mediawiki xmlns='http://www.mediawiki.org/xml/export-0.11/'>",
        document("wiki"),
    );
    check("a.xml", b"<gpx version='1.1'>", document("places"));
    check(
        "a.webarchive",
        b"bplist00\xd1\x01\x02",
        document("property-list"),
    );
    check(
        "a.webloc",
        b"<?xml version='1.0'?><plist>",
        document("property-list"),
    );
    let chat = b"{\"guild\": {\"id\": 1}, \"channel\": {}";
    check("a.json", chat, document("chat"));
    check("a.jsonl", chat, Ok(Format::Text(Syntax::Source)));
    check("a.lyx", b"#LyX 2.3", document("lyx"));
    check("de.po", b"msgid \"\"\n", document("translations"));
    check("a.xml", b"<xliff version='1.2'>", document("translations"));
    check("winmail.dat", b"\x78\x9f\x3e\x22\x01\0", document("tnef"));
    check(
        "spin.1",
        b".\\\" a remark\n.TH SPIN 1\n.SH NAME\n",
        document("manual"),
    );
    check(
        "spin.mdoc",
        b".Dd May 1, 2026\n.Dt SPIN 1\n",
        document("manual"),
    );
    check(
        "a.1",
        b"...and so on\n.TH\n",
        Ok(Format::Text(Syntax::Source)),
    );
    check(
        "a.s",
        b".text\n.globl main\n",
        Ok(Format::Text(Syntax::Source)),
    );
    check("a.sub", b"{0}{25}wool", document("subtitles"));
    check("a.sub", b"{a}{b}", Ok(Format::Text(Syntax::Source)));
    check("a.excalidraw", b"{}", document("canvas"));
    check("a.wiki", b"== a ==", Ok(Format::Text(Syntax::AsciiDoc)));
    check(
        "a.wpd",
        b"\xffWPC\x10\0",
        Err("a document of WordPerfect (save it as .docx or PDF, for instance with LibreOffice)"),
    );
    check("a.ttf", b"\0\x01\0\0\0\x10", Err("a font"));
    check("a.org", b"* a", Ok(Format::Text(Syntax::Org)));
    check("a.qmd", b"# a", Ok(Format::Note));
    check("a.rs", b"fn a() {}", Ok(Format::Text(Syntax::Source)));
    check("a.png", b"\x89PNG", Ok(Format::Picture));
    check("a", b"RIFF\x10\0\0\0WEBPVP8 ", Ok(Format::Picture));
    check("a.bmp", b"BM\x46\0\0\0\0\0\0\0", Ok(Format::Picture));
    check("a.wav", b"RIFF\x10\0\0\0WAVEfmt ", Ok(Format::Recording));
    check("a", b"\0\0\0\x20ftypM4A ", Ok(Format::Recording));
    check(
        "a.heic",
        b"\0\0\0\x20ftypheic",
        Err("a picture of a kind that is not read (save it as PNG)"),
    );
    check("a.txt", b"BMW and other", Ok(Format::Text(Syntax::Plain)));
    // A text may begin with a name.
    for text in ["BLENDER for beginners", "gimp xcf files", "REDIS0 is slow"] {
        check("a.txt", text.as_bytes(), Ok(Format::Text(Syntax::Plain)));
    }
    check(
        "a.blend",
        b"BLENDER-v402",
        Err("a model in three dimensions, which has no text"),
    );
    check(
        "a.parquet",
        b"PAR1\x15",
        Err("a table in Parquet (save it as CSV)"),
    );
    check(
        "a.pst",
        b"!BDN\0",
        Err("a mailbox of Outlook (export its mails, for instance as .eml)"),
    );
    check(
        "a.7z",
        b"7z\xbc\xaf",
        Err("a compressed file (unpack it first)"),
    );
}
