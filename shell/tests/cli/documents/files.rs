//! A file of each format, and what it takes to make one.

use std::io::{Cursor, Write};

/// An archive with these files, as office programs write it.
pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A PDF with these objects, of which the first is the catalogue.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut file = "%PDF-1.5\n".to_owned();
    let mut starts = Vec::new();
    for (n, object) in (1..).zip(objects) {
        starts.push(file.len());
        file.push_str(&format!("{n} 0 obj\n{object}\nendobj\n"));
    }
    let xref = file.len();
    let size = objects.len() + 1;
    file.push_str(&format!("xref\n0 {size}\n0000000000 65535 f \n"));
    for start in starts {
        file.push_str(&format!("{start:010} 00000 n \n"));
    }
    file.push_str(&format!(
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n"
    ));
    file.into_bytes()
}

/// What stands before contents that are said to be deflated.
pub(super) const PACKED: &str = "packed:";

/// A PDF with a page for each of `contents`, and these annotations on the first.
pub fn printed(contents: &[&str], annotations: &[&str]) -> Vec<u8> {
    let first = 4 + annotations.len();
    let kids: Vec<String> = (0..contents.len())
        .map(|n| format!("{} 0 R", first + 2 * n))
        .collect();
    let fields: Vec<String> = (0..annotations.len())
        .map(|n| format!("{} 0 R", 4 + n))
        .collect();
    let mut objects = vec![
        format!(
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{}] >> >>",
            fields.join(" ")
        ),
        format!(
            "<< /Type /Pages /Kids [{}] /Count {} >>",
            kids.join(" "),
            kids.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    objects.extend(
        annotations
            .iter()
            .map(|annotation| format!("<< /Type /Annot {annotation} >>")),
    );
    for (n, content) in contents.iter().enumerate() {
        let annotated = if n == 0 {
            format!("/Annots [{}]", fields.join(" "))
        } else {
            String::new()
        };
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> {annotated} >>",
            first + 2 * n + 1
        ));
        let (filter, content) = match content.strip_prefix(PACKED) {
            Some(packed) => ("/Filter /FlateDecode", packed),
            None => ("", *content),
        };
        objects.push(format!(
            "<< /Length {} {filter} >>\nstream\n{content}\nendstream",
            content.len()
        ));
    }
    pdf(&objects)
}

/// What a page draws that says `text`.
pub fn line(text: &str) -> String {
    format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET")
}

pub const WORD: &str = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>The saddle costs ninety.</w:t></w:r></w:p></w:body></w:document>";
const SLIDE: &str = "<p:sld xmlns:p='p' xmlns:a='a'><p:sp><p:txBody><a:p><a:r><a:t>The harbour opens in June.</a:t></a:r></a:p></p:txBody></p:sp></p:sld>";
const OPEN: &str = "<d xmlns:text='t'><body><text:h>Orchard</text:h><text:p>Quinces ripen late.</text:p></body></d>";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Files, a question that each answers, its page's title, and what is shown of it.
pub(super) fn files() -> Vec<(
    &'static str,
    Vec<u8>,
    &'static str,
    &'static str,
    &'static str,
)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>Boat</t></is></c><c r='B1' t='inlineStr'><is><t>Berth</t></is></c></row><row r='2'><c r='A2' t='inlineStr'><is><t>Anchovy</t></is></c><c r='B2'><v>17</v></c></row></sheetData></worksheet>";
    let many: String = (0..400).map(|n| format!("Crate {n},{}\n", n * 7)).collect();
    vec![
        (
            "a.txt",
            text("The plough is in the shed."),
            "plough",
            "a.txt",
            "shed",
        ),
        (
            "b.md",
            text("# Tools\nThe rake is new."),
            "rake",
            "b.md › Tools",
            "new",
        ),
        (
            "link.webloc",
            text(
                "<?xml version='1.0'?><plist><dict><key>URL</key><string>https://example.org/almanac</string></dict></plist>",
            ),
            "almanac",
            "link.webloc",
            "https://example.org/almanac",
        ),
        (
            "de.po",
            text("msgid \"The anvil\"\nmsgstr \"Der Amboss\"\n"),
            "amboss",
            "de.po",
            "| The anvil | Der Amboss |",
        ),
        (
            "c.rs",
            text("fn harvest() {}\n"),
            "harvest",
            "c.rs",
            "harvest",
        ),
        (
            "d.html",
            text(
                "<!doctype html><html><head><title>Beehives</title></head><body><nav>Home</nav><div class='box'><h2>Honey</h2><a href='#h'>#</a></div><p>Forty jars.</p></body></html>",
            ),
            "beehives jars",
            "Beehives (d.html)",
            "Forty jars",
        ),
        (
            "e.pdf",
            printed(&[&line("The windmill turns.")], &[]),
            "windmill",
            "e.pdf › page 1",
            "turns",
        ),
        (
            "f.ipynb",
            text(
                r##"{"cells":[{"cell_type":"markdown","source":["# Yield\n","of barley"]},{"cell_type":"code","source":["plot()"],"outputs":[{"output_type":"display_data","data":{"image/png":"iVBORw0KGgo="}}]}]}"##,
            ),
            "barley",
            "f.ipynb › Yield",
            "barley",
        ),
        (
            "g.eml",
            text(
                "From: =?utf-8?b?WmXDsW8=?= <z@example.org>\nSubject: =?utf-8?q?Lantern_oil?=\nContent-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\nVHdlbnR5IGxpdHJlcyBvZiBwYXJhZmZpbi4=\n",
            ),
            "paraffin",
            "Lantern oil (g.eml)",
            "Twenty litres",
        ),
        (
            "h.mbox",
            text(
                "From a Thu Mar  5 10:00:00 2026\nSubject: Kettle\n\nIt whistles.\n\nFrom b Fri Mar  6 10:00:00 2026\nSubject: Stove\n\nIt smokes.\n",
            ),
            "smokes",
            "h.mbox › message 2 › Stove",
            "smokes",
        ),
        (
            "i.docx",
            archive(&[
                ("[Content_Types].xml", "<Types/>"),
                ("word/document.xml", WORD),
                (
                    "docProps/core.xml",
                    "<p xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>Stable</dc:title></p>",
                ),
            ]),
            "saddle",
            "Stable (i.docx)",
            "ninety",
        ),
        (
            "j.pptx",
            archive(&[
                ("[Content_Types].xml", "<Types/>"),
                (
                    "ppt/presentation.xml",
                    "<p xmlns:r='r'><sldId r:id='r1'/></p>",
                ),
                (
                    "ppt/_rels/presentation.xml.rels",
                    "<Relationships><Relationship Id='r1' Type='t/slide' Target='slides/slide1.xml'/></Relationships>",
                ),
                ("ppt/slides/slide1.xml", SLIDE),
            ]),
            "harbour",
            "j.pptx › slide 1",
            "June",
        ),
        (
            "k.xlsx",
            archive(&[
                ("[Content_Types].xml", "<Types/>"),
                (
                    "_rels/.rels",
                    &format!(
                        "<Relationships><Relationship Id='r1' Type='{RELATION}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
                    ),
                ),
                (
                    "xl/workbook.xml",
                    &format!(
                        "<workbook xmlns:r='{RELATION}'><sheets><sheet name='Port' sheetId='1' r:id='r1'/></sheets></workbook>"
                    ),
                ),
                (
                    "xl/_rels/workbook.xml.rels",
                    &format!(
                        "<Relationships><Relationship Id='r1' Type='{RELATION}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>"
                    ),
                ),
                ("xl/worksheets/sheet1.xml", sheet),
            ]),
            "anchovy",
            "k.xlsx › sheet Port",
            "17",
        ),
        (
            "l.odt",
            archive(&[
                ("mimetype", "application/vnd.oasis.opendocument.text"),
                ("content.xml", OPEN),
            ]),
            "quinces",
            "l.odt › Orchard",
            "late",
        ),
        (
            "m.epub",
            archive(&[
                ("mimetype", "application/epub+zip"),
                (
                    "META-INF/container.xml",
                    "<c><rootfile full-path='b.opf'/></c>",
                ),
                (
                    "b.opf",
                    "<p><title>The Weir</title><item id='a' href='a.html'/><itemref idref='a'/></p>",
                ),
                (
                    "a.html",
                    "<html><body><h1>Eels</h1><p>They climb at night.</p></body></html>",
                ),
            ]),
            "eels climb",
            "The Weir (m.epub) › part 1 › Eels",
            "night",
        ),
        (
            "n.rtf",
            text(r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}The caf\'e9 has a terrace.\par}"),
            "terrace",
            "n.rtf",
            "café",
        ),
        (
            "o.csv",
            text(&format!("Thing,Weight\n{many}")),
            "crate 399",
            "o.csv",
            "Crate 399",
        ),
        (
            "p.org",
            text("#+TITLE: Mending\n* Nets\nTarred twine.\n"),
            "twine",
            "p.org › Mending › Nets",
            "Tarred",
        ),
        (
            "q.rst",
            text("Ropes\n=====\n\nHemp holds best.\n"),
            "hemp",
            "q.rst › Ropes",
            "holds",
        ),
        (
            "r.adoc",
            text("= Sails\n\n== Jib\n\nCotton canvas.\n"),
            "cotton",
            "r.adoc › Sails › Jib",
            "canvas",
        ),
        (
            "s.tex",
            text("\\section{Knots}\nA bowline holds.\n"),
            "bowline",
            "s.tex › Knots",
            "holds",
        ),
        (
            "t.srt",
            text("1\n00:01:02,000 --> 00:01:04,000\n<i>The geyser erupts.</i>\n"),
            "geyser",
            "t.srt",
            "00:01:02 The geyser",
        ),
        (
            "u.ics",
            text(
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Regatta\nDTSTART:20260705T090000Z\nEND:VEVENT\nEND:VCALENDAR\n",
            ),
            "regatta",
            "u.ics › Regatta",
            "2026-07-05 09:00 UTC",
        ),
        (
            "v.canvas",
            text(
                r#"{"nodes":[{"id":"a","type":"text","text":"Varnish the hull","x":0,"y":0}],"edges":[]}"#,
            ),
            "varnish",
            "v.canvas",
            "hull",
        ),
        (
            "w.txt",
            b"Das Pferd l\xe4uft \xfcber die Br\xfccke.".to_vec(),
            "läuft",
            "w.txt",
            "über die Brücke",
        ),
        (
            "x.fb2",
            text(
                "<FictionBook><description><title-info><book-title>Tides</book-title></title-info></description><body><section><p>The ebb begins at noon.</p></section></body></FictionBook>",
            ),
            "ebb",
            "Tides (x.fb2)",
            "begins at noon",
        ),
        (
            "y.opml",
            text(
                "<opml version='2.0'><body><outline text='Moorings'><outline text='Anchor chain'/></outline></body></opml>",
            ),
            "moorings",
            "y.opml",
            "Anchor chain",
        ),
        (
            "za.xml",
            text(
                "<mediawiki xmlns='http://www.mediawiki.org/xml/export-0.11/'><siteinfo><sitename>Ponds</sitename></siteinfo><page><title>Tench</title><revision><text>The '''tench''' winters in [[mud|soft mud]].</text></revision></page></mediawiki>",
            ),
            "tench winters",
            "Ponds (za.xml) › article 1 › Tench",
            "soft mud",
        ),
        (
            "zb.1",
            text(
                ".TH BAILER 1\n.SH DESCRIPTION\nIt empties the \\fBbilge\\fR.\n.TP\n.B \\-q\nQuietly.\n",
            ),
            "bilge",
            "BAILER(1) (zb.1) › DESCRIPTION",
            "-q: Quietly",
        ),
        (
            "zc.xml",
            text(
                "<article xmlns='http://docbook.org/ns/docbook'><info><title>Caulking</title></info><section><title>Oakum</title><para>It is driven in with a <emphasis>mallet</emphasis>.</para></section></article>",
            ),
            "mallet",
            "Caulking (zc.xml) › Oakum",
            "driven in",
        ),
        (
            "zd.geojson",
            text(
                r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Breakwater"},"geometry":{"type":"Point","coordinates":[10.5,54.25]}}]}"#,
            ),
            "breakwater",
            "zd.geojson",
            "54.25, 10.5",
        ),
        (
            "ze.eml",
            text(
                "From: a@example.org\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nSubject: Charter\n\nSee it.\n\nbegin 644 fee.txt\n75&AE(&-H87)T97(@8V]S=',@;FEN92X \n`\nend\n",
            ),
            "charter costs",
            "Charter (ze.eml)",
            "nine",
        ),
        (
            "winmail.dat",
            b"\x78\x9f\x3e\x22\x01\0\x01\x0c\x80\x02\0\x16\0\0\0The sextant is broken.\0\0"
                .to_vec(),
            "sextant",
            "winmail.dat",
            "broken",
        ),
        (
            "zf.html",
            text(
                "<form><p>Skipper <input name='s' value='Marit'></p></form><svg viewBox='0 0 99 99'><title>Deck plan</title><text>galley</text></svg>",
            ),
            "skipper marit",
            "zf.html",
            "galley",
        ),
        (
            "zg.md",
            text("---\ntitle: No\nversion: 1.10\ntags: [on, 0x1F]\n---\nA gaff rig.\n"),
            "gaff rig",
            "No (zg.md)",
            "1.10",
        ),
        (
            "zh.json",
            text(r#"{"skipper": "J\u00f8rgen"}"#),
            "Jørgen",
            "zh.json",
            "Jørgen",
        ),
    ]
}
