//! What becomes of paragraphs, tables and notes.

use crate::zipped::{self, tests::archive};

const STYLES: &str = "<w:styles xmlns:w='w'><w:style w:styleId='H'><w:name w:val='heading 1'/></w:style><w:style w:styleId='Mine'><w:name w:val='Mine'/><w:basedOn w:val='H'/></w:style></w:styles>";
const NUMBERING: &str = "<w:numbering xmlns:w='w'><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='§ %1'/></w:lvl><w:lvl w:ilvl='1'><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='%2)'/></w:lvl></w:abstractNum><w:num w:numId='7'><w:abstractNumId w:val='0'/></w:num></w:numbering>";

fn check(body: &str, expected: &str) {
    let document = format!(
        "<w:document xmlns:w='w' xmlns:r='r' xmlns:mc='mc'><w:body>{body}</w:body></w:document>"
    );
    let file = archive(&[
        ("[Content_Types].xml", "<Types/>"),
        ("word/document.xml", &document),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
        (
            "word/_rels/document.xml.rels",
            "<Relationships><Relationship Id='r1' Type='x/hyperlink' Target='https://example.org/' TargetMode='External'/></Relationships>",
        ),
        (
            "word/endnotes.xml",
            "<w:endnotes xmlns:w='w'><w:endnote w:id='2'><w:p><w:r><w:t>at the end</w:t></w:r></w:p></w:endnote></w:endnotes>",
        ),
        (
            "word/footnotes.xml",
            "<w:footnotes xmlns:w='w'><w:footnote w:id='2'><w:p><w:r><w:t>by hand</w:t></w:r></w:p></w:footnote></w:footnotes>",
        ),
        (
            "word/comments.xml",
            "<w:comments xmlns:w='w'><w:comment w:id='0' w:author='Bo'><w:p><w:r><w:t>forty?</w:t></w:r></w:p></w:comment></w:comments>",
        ),
    ]);
    let found = zipped::read(&file).expect("a document");
    assert_eq!(found.parts[0].text, expected, "{body}");
}

#[test]
fn paragraphs_keep_what_they_are() {
    check(
        "<w:p><w:pPr><w:pStyle w:val='Mine'/></w:pPr><w:r><w:t>Wool</w:t></w:r></w:p><w:p><w:r><w:t xml:space='preserve'>of the </w:t></w:r><w:ins><w:r><w:t>llama</w:t></w:r></w:ins><w:del><w:r><w:delText>goat</w:delText></w:r></w:del></w:p>",
        "# Wool\n\nof the llama",
    );
    let item = |text: &str, depth: u8| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='{depth}'/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    check(
        &format!("{}{}", item("red", 0), item("dark", 1)),
        "- red\n  - dark",
    );
    let numbered = |text: &str, style: &str, depth: u8| {
        format!(
            "<w:p><w:pPr>{style}<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='7'/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    check(
        &[
            numbered("Wool", "<w:pStyle w:val='H'/>", 0),
            numbered("red", "", 1),
            numbered("dark", "", 1),
            numbered("Sale", "<w:pStyle w:val='H'/>", 0),
        ]
        .concat(),
        "# § 1 Wool\n\n  a) red\n  b) dark\n\n# § 2 Sale",
    );
    check(
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Dye</w:t></w:r></w:p></w:tc><w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>Kilos</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt></w:tr><w:tr><w:tc><w:p><w:r><w:t>red</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>4</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
        "| Dye | Kilos |\n| --- | --- |\n| red | 4 |",
    );
}

#[test]
fn looks_that_mean_something_are_read() {
    check(
        "<w:p><w:pPr><w:framePr w:dropCap='drop' w:lines='3'/></w:pPr><w:r><w:t>O</w:t></w:r></w:p><w:p><w:r><w:t>nce there was wool.</w:t></w:r></w:p>",
        "Once there was wool.",
    );
    check(
        "<w:p><w:pPr><w:framePr w:dropCap='drop'/></w:pPr><w:r><w:t>O</w:t></w:r></w:p>",
        "O",
    );
    check(
        "<w:p><w:r><w:sym w:font='Wingdings' w:char='F0FE'/><w:t xml:space='preserve'> 2</w:t><w:sym w:font='Symbol' w:char='F070'/><w:sym w:font='Symbol' w:char='F0A3'/><w:sym w:font='Webdings' w:char='F061'/></w:r></w:p>",
        "☑ 2π≤",
    );
}

#[test]
fn a_document_in_one_file_of_xml_is_read() {
    let parts = |style: &str, body: &str| {
        format!(
            "<pkg:package xmlns:pkg='p' xmlns:w='w'><pkg:part><pkg:xmlData><w:styles>{style}</w:styles></pkg:xmlData></pkg:part><pkg:part><pkg:xmlData><w:document><w:body>{body}</w:body></w:document></pkg:xmlData></pkg:part></pkg:package>"
        )
    };
    let heading = "<w:style w:styleId='H'><w:name w:val='heading 1'/></w:style>";
    let body = "<w:p><w:pPr><w:pStyle w:val='H'/></w:pPr><w:r><w:t>Wool</w:t></w:r></w:p><wx:sect xmlns:wx='x'><w:p><w:r><w:t>of the llama</w:t></w:r></w:p></wx:sect>";
    let found = super::flat(&parts(heading, body)).expect("a document");
    assert_eq!(found.parts[0].text, "# Wool\n\nof the llama");
    assert!(super::flat("<pkg:package xmlns:pkg='p'/>").is_err());
}

#[test]
fn what_stands_above_the_line_or_covers_cells_keeps_its_meaning() {
    let raised = |text: &str| {
        format!("<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>{text}</w:t></w:r>")
    };
    check(
        &format!(
            "<w:p><w:r><w:t>10</w:t></w:r>{}<w:r><w:t xml:space='preserve'> on the 1</w:t></w:r>{}</w:p>",
            raised("-6"),
            raised("st")
        ),
        "10^-6 on the 1st",
    );
    check(
        "<w:p><w:r><w:ruby><w:rt><w:r><w:t>kanji</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢字</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>",
        "漢字(kanji)",
    );
    let cell = |how: &str, text: &str| {
        format!("<w:tc><w:tcPr>{how}</w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>")
    };
    check(
        &format!(
            "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}{}</w:tr></w:tbl>",
            cell("<w:vMerge w:val='restart'/>", "Fin"),
            cell("<w:gridSpan w:val='2'/>", "Wool"),
            cell("<w:vMerge/>", ""),
            cell("", "4"),
            cell("", "5"),
        ),
        "| Fin | Wool | |\n| --- | --- | --- |\n| Fin | 4 | 5 |",
    );
}

#[test]
fn notes_links_and_boxes_are_read() {
    check(
        "<w:p><w:r><w:t>Spun</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r><w:r><w:commentReference w:id='0'/></w:r></w:p>",
        "Spun[^2]\n\n[^2]: by hand\n\nRemark by Bo: forty?",
    );
    check(
        "<w:p><w:hyperlink r:id='r1'><w:r><w:t>the mill</w:t></w:r></w:hyperlink><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>",
        "[the mill](https://example.org/)",
    );
    check(
        "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent><w:t>beside</w:t></w:r></w:p>",
        "beside\n\nboxed",
    );
}

#[test]
fn what_stands_beside_the_text_costs_itself() {
    let file = archive(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "word/document.xml",
            "<w:document xmlns:w='w' xmlns:r='r'><w:body><w:p><w:r><w:t>Wool</w:t></w:r></w:p><w:altChunk r:id='r1'/></w:body></w:document>",
        ),
        ("word/comments.xml", "<w:comments"),
        (
            "word/_rels/document.xml.rels",
            "<Relationships><Relationship Id='r1' Type='x/aFChunk' Target='a.html'/></Relationships>",
        ),
        ("word/a.html", "<p>of the llama"),
    ]);
    let found = zipped::read(&file).expect("a document");
    assert_eq!(found.parts[0].text, "Wool\n\nof the llama");
    assert!(found.left_out[0].starts_with("comments: a broken document"));
}

#[test]
fn fields_lead_and_are_filled_in() {
    let mark = |kind: &str, form: &str| {
        format!("<w:r><w:fldChar w:fldCharType='{kind}'>{form}</w:fldChar></w:r>")
    };
    let told = |words: &str| format!("<w:r><w:instrText>{words}</w:instrText></w:r>");
    let says = |words: &str| format!("<w:r><w:t>{words}</w:t></w:r>");
    let field = |instruction: &str, words: &str| {
        let [begin, shows, end] = ["begin", "separate", "end"].map(|kind| mark(kind, ""));
        format!("{begin}{}{shows}{}{end}", told(instruction), says(words))
    };
    let check = |field: &str, want: &str| check(&format!("<w:p>{field}</w:p>"), want);
    let link = " HYPERLINK &quot;https://example.org/a&quot; \\h ";
    check(
        &field(link, "the mill"),
        "[the mill](https://example.org/a)",
    );
    check(
        &field(" HYPERLINK \\l &quot;below&quot; ", "below"),
        "below",
    );
    check(&field(" PAGEREF x ", "7"), "7");
    check(
        &format!(
            "<w:fldSimple w:instr='{link}'>{}</w:fldSimple>",
            says("the mill")
        ),
        "[the mill](https://example.org/a)",
    );
    let list = "<w:ffData><w:ddList><w:result w:val='1'/><w:listEntry w:val='red'/><w:listEntry w:val='blue'/></w:ddList></w:ffData>";
    check(
        &format!(
            "{}{}{}",
            mark("begin", list),
            told(" FORMDROPDOWN "),
            mark("end", "")
        ),
        "blue",
    );
    let ticks = "<w:ffData><w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox></w:ffData>";
    check(&format!("{}{}", mark("begin", ticks), mark("end", "")), "☒");
}

#[test]
fn what_stands_within_or_beside_keeps_apart() {
    check(
        "<w:p><w:r><w:t>Spun</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r><w:r><w:endnoteReference w:id='2'/></w:r></w:p>",
        "Spun[^2][^e2]\n\n[^2]: by hand\n\n[^e2]: at the end",
    );
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let words = |text: &str| format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>");
    let row = |cells: &[&str]| {
        let cells: String = cells.iter().map(|inner| cell(inner)).collect();
        format!("<w:tr>{cells}</w:tr>")
    };
    let inner = format!(
        "<w:tbl>{}{}</w:tbl>",
        row(&[&words("red"), &words("4")]),
        row(&[&words("blue"), &words("5")])
    );
    check(
        &format!(
            "<w:tbl>{}</w:tbl>",
            row(&[&format!("{}{inner}", words("Dyes")), &words("b")])
        ),
        "| Dyes red, 4; blue, 5 | b |\n| --- | --- |",
    );
}

#[test]
fn a_picture_says_what_stands_in_its_place() {
    let check = |says: &str, want: &str| {
        let picture = format!("<w:drawing><w:docPr descr='{says}'/></w:drawing>");
        check(
            &format!("<w:p><w:r><w:t>Wool</w:t></w:r><w:r>{picture}</w:r></w:p>"),
            want,
        );
    };
    check("a llama&#10;in the rain", "Wool\n\n(a llama in the rain)");
    check("logo", "Wool");
    check(
        "A close up of a llama. Description automatically generated",
        "Wool",
    );
}

#[test]
fn boxes_and_arrows_are_read() {
    let file = archive(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "word/document.xml",
            "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>Plan</w:t></w:r></w:p></w:body></w:document>",
        ),
        (
            "word/_rels/document.xml.rels",
            "<Relationships><Relationship Id='r1' Type='x/diagramData' Target='diagrams/data1.xml'/></Relationships>",
        ),
        (
            "word/diagrams/data1.xml",
            "<dgm:dataModel xmlns:dgm='d' xmlns:a='a'><dgm:pt><dgm:t><a:p><a:r><a:t>shear first</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>",
        ),
    ]);
    let found = zipped::read(&file).expect("a document");
    assert_eq!(found.parts[0].text, "Plan\n\nshear first");
}
