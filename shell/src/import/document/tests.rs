//! The pages of documents, and where they say that they stand.

use quipu_tools::Bus;

use super::super::reader::Part;
use super::*;

#[test]
fn parts_and_notes_carry_their_names() {
    let reader = Reader::with(Bus::default());
    let titles = |pages: Vec<NewPage>| -> Vec<(String, String)> {
        pages
            .into_iter()
            .map(|page| (page.title, page.source))
            .collect()
    };
    let pair = |title: &str, source: &str| (title.to_owned(), source.to_owned());
    let part = |place: &str, title: &str, text: &str| Part {
        place: place.into(),
        title: title.into(),
        text: text.into(),
    };
    let read = Parts {
        title: "The Wool".into(),
        parts: vec![
            part("", "", "# The Wool\n\ntext"),
            part("slide 2", "Dyes", "## Dyes\n\nred"),
            part("sheet Herd", "", "| a | b |"),
        ],
        ..Parts::default()
    };
    assert_eq!(
        titles(document("").of_parts(&read, &reader)),
        [
            pair("The Wool (b.md)", "/a/b.md"),
            pair("The Wool (b.md) › slide 2 › Dyes", "/a/b.md, slide 2"),
            pair("The Wool (b.md) › sheet Herd", "/a/b.md, sheet Herd"),
        ]
    );
    let long = "word ".repeat(500);
    let text = format!("---\ntitle: Wool\naliases: [Fleece]\n---\n# One\n{long}");
    let pages = titles(document("").of_note(&note::of(&text), &reader));
    assert_eq!(pages[0], pair("Wool (b.md, Fleece) › One", "/a/b.md:5"));
    assert!(
        pages
            .iter()
            .all(|(title, _)| title.starts_with("Wool (b.md, Fleece)"))
    );
}

fn document(space: &str) -> Document {
    Document {
        key: key(&space.into(), "/a/b.md"),
        source: "/a/b.md".into(),
        title: "b.md".into(),
        shelf: Shelf {
            space: space.into(),
            trust: Trust::User,
            ..Shelf::default()
        },
    }
}

#[test]
fn pages_say_where_they_stand() {
    let reader = Reader::with(Bus::default());
    let text = "# One\nfirst\n\n".to_owned() + &"word ".repeat(500) + "\n\n# Two\nlast";
    let pages = document("").of_text(&text, Syntax::Markdown, &reader);
    let heads: Vec<(&str, &str)> = pages
        .iter()
        .map(|page| (page.title.as_str(), page.source.as_str()))
        .collect();
    assert_eq!(heads.first(), Some(&("b.md › One", "/a/b.md:1")));
    assert_eq!(heads.last(), Some(&("b.md › Two", "/a/b.md:6")));

    let mut printed = Printed::default();
    printed.title = "Wool".into();
    printed.pages = vec!["one".to_owned(), " ".to_owned(), "three ".repeat(500)];
    let pages = document("notes").of_printed(&printed, &reader);
    assert_eq!(pages[0].source, "/a/b.md, page 1");
    assert_eq!(pages[1].title, "Wool (b.md) › page 3");
    let ids: Vec<String> = pages
        .iter()
        .flat_map(|page| &page.id)
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        ids,
        ["notes:/a/b.md#1", "notes:/a/b.md#2", "notes:/a/b.md#3"]
    );
    assert!(
        pages
            .iter()
            .all(|page| reader.tokens(&page.text) <= PAGE_TOKENS)
    );
}
