//! Where texts are cut: each syntax through one `check`, and what holds for any text.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;

fn chars(text: &str) -> usize {
    text.chars().count()
}

fn check(text: &str, syntax: Syntax, max: usize, expected: &[(&str, &str, usize)]) {
    let found = chunks(text, syntax, max, &chars);
    let found: Vec<(&str, &str, usize)> = found
        .iter()
        .map(|chunk| (chunk.heading.as_str(), chunk.text.as_str(), chunk.line))
        .collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn texts_are_cut_at_their_joints() {
    use Syntax::{AsciiDoc, Latex, Markdown, Org, Plain, Rst, Source, Table};
    check("", Plain, 10, &[]);
    check(" \n\n ", Plain, 10, &[]);
    check("one\n\ntwo", Plain, 10, &[("", "one\n\ntwo", 1)]);
    check(
        "one\n\n\ntwo\n",
        Plain,
        5,
        &[("", "one", 1), ("", "two", 4)],
    );
    check(
        "one two three",
        Plain,
        8,
        &[("", "one two", 1), ("", "three", 1)],
    );
    check(
        "日本語です",
        Plain,
        2,
        &[("", "日本", 1), ("", "語で", 1), ("", "す", 1)],
    );
    check(
        "# A\nalpha alpha\n## B ##\nbeta beta beta\n# C\ngamma",
        Markdown,
        22,
        &[
            ("A", "# A\nalpha alpha", 1),
            ("A › B", "## B ##\nbeta beta beta", 3),
            ("C", "# C\ngamma", 5),
        ],
    );
    check(
        "# Install\none two three four five six\n",
        Markdown,
        20,
        &[
            ("Install", "# Install\none two", 1),
            ("Install", "three four five six", 2),
        ],
    );
    check(
        "# A\n\n## B\n\nbeta beta",
        Markdown,
        40,
        &[("A › B", "# A\n\n## B\n\nbeta beta", 1)],
    );
    // A section is not cut where it has room, and a page is called by what it is about.
    let (short, long) = (
        "# A\n## B\nx\n## C\ny",
        "\n\nsome more words to read".repeat(3),
    );
    check(
        &format!("{short}{long}"),
        Markdown,
        120,
        &[("A", &format!("{short}{long}"), 1)],
    );
    check(
        "Title\n=====\nalpha alpha\n\n   ## Deep\nbeta beta beta beta\n",
        Markdown,
        28,
        &[
            ("Title", "Title\n=====\nalpha alpha", 1),
            ("Title › Deep", "   ## Deep\nbeta beta beta beta", 5),
        ],
    );
    check(
        "```x``` is code.\n\n# After [it](x) {#a}\n\ntext of some length",
        Markdown,
        45,
        &[
            ("", "```x``` is code.", 1),
            ("After it", "# After [it](x) {#a}\n\ntext of some length", 3),
        ],
    );
    check(
        "# A\nalpha alpha\n<!--\n# not this\n-->\nomega omega",
        Markdown,
        60,
        &[(
            "A",
            "# A\nalpha alpha\n<!--\n# not this\n-->\nomega omega",
            1,
        )],
    );
    check(
        "| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |\n",
        Markdown,
        42,
        &[
            ("", "| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |", 1),
            ("", "| a | b |\n| - | - |\n| 5 | 6 |", 5),
        ],
    );
    check(
        "k,v\n1,one\n2,\"two\nlines\"\n3,three\n",
        Table,
        24,
        &[
            ("", "k,v\n1,one\n2,\"two\nlines\"", 1),
            ("", "k,v\n3,three", 5),
        ],
    );
    let other_tables = [
        (
            Plain,
            "| a | b |\n|---|---|\n",
            "| 1111 | 2 |\n",
            "| 3333 | 4 |\n",
        ),
        (Plain, "a\tb\n", "1\t2\n", "3\t4\n"),
        (
            Org,
            "| a | b |\n|---+---|\n",
            "| 1111 | 2 |\n",
            "| 3333 | 4 |\n",
        ),
        (
            Rst,
            "+-+-+\n|a|b|\n+=+=+\n",
            "|1|2|\n+-+-+\n",
            "|3|4|\n+-+-+\n",
        ),
        (
            Rst,
            "== ==\na  b\n== ==\n",
            "1111111  2\n",
            "3333333  4\n== ==\n",
        ),
        (AsciiDoc, "|===\n|a |b\n\n", "|1 |2\n", "|3 |4\n|===\n"),
        (
            AsciiDoc,
            "| a | b |\n|---|---|\n",
            "| 1111 | 2 |\n",
            "| 3333 | 4 |\n",
        ),
        (
            Latex,
            "| a | b |\n|---|---|\n",
            "| 1111 | 2 |\n",
            "| 3333 | 4 |\n",
        ),
    ];
    for (syntax, head, one, two) in other_tables {
        let line = format!("{head}{one}").lines().count() + 1;
        let (first, second) = (format!("{head}{one}"), format!("{head}{two}"));
        let parts = [("", first.trim(), 1), ("", second.trim(), line)];
        check(
            &format!("{head}{one}{two}"),
            syntax,
            chars(head) * 2,
            &parts,
        );
    }
    // What stands before the head.
    check(
        "# by ada, and bo, in may\nk,v\n1,one\n2,two\n3,three\n4,four\n",
        Table,
        36,
        &[
            ("", "# by ada, and bo, in may\nk,v\n1,one", 1),
            ("", "k,v\n2,two\n3,three\n4,four", 4),
        ],
    );
    check(
        "Herd\n\nDay,5\n\nk,v,w\n1,one,x\n2,two,x\n3,three,x\n4,four,x\n",
        Table,
        33,
        &[
            ("", "Herd\n\nDay,5\n\nk,v,w\n1,one,x", 1),
            ("", "k,v,w\n2,two,x\n3,three,x\n4,four,x", 7),
        ],
    );
    // A head without a name for the first column.
    check(
        "k,v\n1,one,x\n2,two,x\n3,three,x\n",
        Table,
        20,
        &[("", "k,v\n1,one,x\n2,two,x", 1), ("", "k,v\n3,three,x", 4)],
    );
    check(
        "k,v\n1,5\" pipe\n2,two\n3,three\n",
        Table,
        22,
        &[("", "k,v\n1,5\" pipe\n2,two", 1), ("", "k,v\n3,three", 4)],
    );
    check(
        "k;v\n1;\"a \"\"b\"\" c\"\n2;two\n3;three\n",
        Table,
        24,
        &[
            ("", "k;v\n1;\"a \"\"b\"\" c\"\n2;two", 1),
            ("", "k;v\n3;three", 4),
        ],
    );
    check(
        "```\n# no heading\n\nstill code\n```\n\nafter the code",
        Markdown,
        40,
        &[
            ("", "```\n# no heading\n\nstill code\n```", 1),
            ("", "after the code", 7),
        ],
    );
    check(
        "fn a() {\n    one();\n\n    two();\n}\n\nfn b() {}\n",
        Source,
        36,
        &[
            ("", "fn a() {\n    one();\n\n    two();\n}", 1),
            ("", "fn b() {}", 7),
        ],
    );
}

#[test]
fn a_line_without_joints_is_cut_quickly_and_told() {
    let line = "xyz".repeat(20_000);
    let (measured, told) = (Cell::new(0), Cell::new(0));
    let len = |text: &str| {
        measured.set(measured.get() + text.len());
        text.len()
    };
    let tell = |bytes: usize| told.set(bytes);
    let pieces = chunks_told(&line, Syntax::Plain, 900, &len, &tell);
    let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(joined, line);
    // Each piece tells those after it how long they are.
    assert!(measured.get() < line.len() * 8, "{}", measured.get());
    assert!(told.get() > line.len() - 1_000, "{}", told.get());
}

#[test]
fn headings_of_other_formats_are_known() {
    let headings = |text: &str, syntax: Syntax, expected: &[&str]| {
        let found = chunks(text, syntax, 24, &chars);
        let mut found: Vec<&str> = found.iter().map(|chunk| chunk.heading.as_str()).collect();
        found.dedup();
        assert_eq!(found, expected, "{text:?}");
    };
    let text = "enough words for a page";
    headings(
        &format!(
            "#+TITLE: Mill\n{text}\n* TODO [#A] Wheel :wood:\n{text}\n** Axle\n{text}\n* Door\n{text}\n#+begin_src sh\n* not\n#+end_src\n"
        ),
        Syntax::Org,
        &["Mill", "Mill › Wheel", "Mill › Wheel › Axle", "Mill › Door"],
    );
    headings(
        &format!(
            "=====\nMill\n=====\n\n{text}\n\nWheel\n-----\n{text}\n\n::\n\n    Not\n    ---\n\nDoor\n-----\n\n{text}\n"
        ),
        Syntax::Rst,
        &["Mill", "Mill › Wheel", "Mill › Door"],
    );
    // A note may have nothing but blank lines where its properties were.
    headings(
        &format!("\n\n\n# Mill\n\n{text}\n"),
        Syntax::Markdown,
        &["Mill"],
    );
    headings(
        &format!("= Mill\n\n{text}\n\n== Wheel\n\n----\n== not\n----\n{text}\n"),
        Syntax::AsciiDoc,
        &["Mill", "Mill › Wheel"],
    );
    headings(
        &format!(
            "\\title{{The Mill}}\n{text}\n\\section*[x]{{The \\emph{{old}}\n wheel}}\n{text}\n\\begin{{verbatim}}\n\\section{{not}}\n\\end{{verbatim}}\n"
        ),
        Syntax::Latex,
        &["The Mill", "The Mill › The old wheel"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_too_long(
        text in "([a-z#` ]{0,12}|日|\n|\r\n|🦙){0,60}",
        max in 1_usize..40,
    ) {
        for syntax in [
            Syntax::Plain,
            Syntax::Markdown,
            Syntax::Source,
            Syntax::Org,
            Syntax::Rst,
            Syntax::AsciiDoc,
            Syntax::Latex,
        ] {
            let pieces = chunks(&text, syntax, max, &chars);
            let signs = |text: &str| text.split_whitespace().collect::<String>();
            let joined: String = pieces.iter().map(|piece| signs(&piece.text)).collect();
            prop_assert_eq!(joined, signs(&text));
            for piece in &pieces {
                prop_assert!(chars(piece.text.trim()) <= max, "{:?} of {}", piece, max);
            }
        }
    }
}
