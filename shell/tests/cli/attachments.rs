//! Documents beside a task: what they say, not their bytes.

use serde_json::Value;

use crate::documents::{WORD, archive, line, printed};
use crate::sandbox::{DONE, Sandbox};

#[test]
fn documents_are_read_beside_a_task() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let office = [("[Content_Types].xml", ""), ("word/document.xml", WORD)];
    sandbox.write("a.pdf", printed(&[&line("The bill is ninety."), ""], &[]));
    sandbox.write("b.docx", archive(&office));
    // How a document of Pages looks is read, as where it is added to the store.
    let looks = printed(&[&line("The boat costs ninety.")], &[]);
    let looks = String::from_utf8(looks).unwrap();
    let pages = [
        ("QuickLook/Preview.pdf", looks.as_str()),
        ("Index/Document.iwa", "x"),
    ];
    sandbox.write("e.pages", archive(&pages));
    sandbox.write("c.html", "<p>as it is</p>");
    sandbox.write("d.docx", "PK\x03\x04 cut off");
    let run = |file: &str| sandbox.quipu(&["run", "--cpu", &cpu, "--attach", file, "sum it up"]);
    let check = |pid: i64, file: &str, expected: &str, told: &[&str]| {
        run(file).check(0, told);
        let journal = sandbox.path().join("root/state/journal.db");
        let journal = rusqlite::Connection::open(journal).unwrap();
        let sql = "SELECT program FROM process WHERE pid=?1";
        let program: String = journal.query_row(sql, [pid], |row| row.get(0)).unwrap();
        let program: Value = serde_json::from_str(&program).unwrap();
        let text = program["attached"][0]["text"].as_str().unwrap();
        assert_eq!(text.trim(), expected, "{file}");
        assert_eq!(program["attached"][0]["label"]["trust"], "untrusted");
    };
    let blank = "a.pdf: 1 of 2 pages; page 2 is blank";
    check(1, "a.pdf", "The bill is ninety.", &[blank]);
    check(2, "b.docx", "The saddle costs ninety.", &[]);
    check(3, "c.html", "<p>as it is</p>", &[]);
    check(4, "e.pages", "The boat costs ninety.", &[]);
    run("d.docx").check(1, &["d.docx: ", "hint: "]);
    // Nothing that is read without an end, or of which there is nothing to read.
    for device in ["/dev/null", "/dev/zero"] {
        run(device).check(2, &["is a device", "hint: name a file"]);
    }
    run(".").check(2, &["is a folder", "hint: name its files"]);
    sandbox.write("f.gz", [0x1f, 0x8b]);
    sandbox.write("g.bin", [0x81, 0x82, 0x83]);
    run("g.bin").check(
        2,
        &["g.bin is neither a text in UTF-8", "hint: name a text"],
    );
    run("f.gz").check(2, &["f.gz is a compressed file (unpack it first)"]);
}
