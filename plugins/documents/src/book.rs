//! EPUB: the chapters of a book in the order in which they are read.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use crate::found::{Failed, Found, Part, failed, one_line};
use crate::page;
use crate::zipped::{Archive, resolved, xml};

/// Chapters of one book.
const CHAPTERS_MAX: usize = 5_000;
/// Parts within parts of a book.
const DEPTH_MAX: usize = 8;

/// The text of the book in `archive`.
pub fn read(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let (package, path) = package(archive)?;
    let outline = outline(&package, &path)?;
    let mut names = names(archive, &outline.contents);
    let mut found = Found {
        title: outline.title,
        ..Found::default()
    };
    let locked = locked(archive);
    let (mut unread, mut protected) = (0, 0);
    let chapters = outline.chapters.into_iter().take(CHAPTERS_MAX);
    for (n, chapter) in chapters.enumerate() {
        if locked.contains(&chapter) {
            protected += 1;
            continue;
        }
        // A chapter that is damaged costs itself.
        let Ok(Some(bytes)) = archive.bytes(&chapter) else {
            unread += 1;
            continue;
        };
        let Ok((_, text)) = page::of_html(&markup::decode(&bytes, "")) else {
            unread += 1;
            continue;
        };
        if !text.trim().is_empty() {
            found.parts.push(Part {
                place: format!("part {}", n + 1),
                title: names.remove(&chapter).unwrap_or_default(),
                text,
            });
        }
    }
    if unread > 0 {
        found.left_out.push(format!(
            "{unread} chapters that are broken or not in the file"
        ));
    }
    if protected > 0 {
        found.left_out.push(format!(
            "{protected} chapters that are protected against copying"
        ));
    }
    if found.is_empty() && archive.has("META-INF/encryption.xml") {
        return Err(failed(
            "a book that is protected against copying",
            "it can be read in its own program only",
        ));
    }
    Ok(found)
}

/// The list of the parts of a book, and its path in the archive.
fn package(archive: &mut Archive<'_>) -> Result<(String, String), Failed> {
    let missing = |what: &str| {
        failed(
            format!("a book without {what}"),
            "convert it anew, for instance with Calibre",
        )
    };
    let container = archive
        .text("META-INF/container.xml")?
        .ok_or_else(|| missing("its container"))?;
    let path = xml(&container, "book")?
        .descendants()
        .find_map(|node| {
            node.has_tag_name_here("rootfile")
                .then(|| node.attribute("full-path"))
                .flatten()
                .map(str::to_owned)
        })
        .ok_or_else(|| missing("a list of its parts"))?;
    let package = archive
        .text(&path)?
        .ok_or_else(|| missing("its list of parts"))?;
    Ok((package, path))
}

/// The names of chapters in these tables of contents, the first table first. A book whose table
/// of contents is broken can still be read, without names.
fn names(archive: &mut Archive<'_>, contents: &[String]) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for path in contents {
        let text = archive.text(path).ok().flatten().unwrap_or_default();
        for (chapter, name) in labels(&text, path) {
            names.entry(chapter).or_insert(name);
        }
    }
    names
}

/// The files of a book that are encrypted. Often these are only its fonts.
fn locked(archive: &mut Archive<'_>) -> HashSet<String> {
    let text = archive.text("META-INF/encryption.xml").ok().flatten();
    let text = text.unwrap_or_default();
    let Ok(document) = xml(&text, "book") else {
        return HashSet::new();
    };
    document
        .descendants()
        .filter(|node| node.has_tag_name_here("CipherReference"))
        .filter_map(|node| node.attribute("URI").map(unescaped))
        .collect()
}

/// What a book says of itself.
struct Outline {
    title: String,
    /// The files of its chapters, in the order in which they are read.
    chapters: Vec<String>,
    /// Its tables of contents, the newer kind first.
    contents: Vec<String>,
}

fn outline(package: &str, path: &str) -> Result<Outline, Failed> {
    let package = xml(package, "book")?;
    let named = |name: &'static str| {
        package
            .descendants()
            .filter(move |node| node.has_tag_name_here(name))
    };
    let title = named("title")
        .find_map(|node| node.text())
        .map(one_line)
        .unwrap_or_default();
    let file = |node: &Node<'_, '_>| {
        let href = node.attribute("href")?;
        Some(resolved(path, &unescaped(href)))
    };
    let files: HashMap<&str, String> = named("item")
        .filter_map(|node| Some((node.attribute("id")?, file(&node)?)))
        .collect();
    let is_nav = |node: &Node<'_, '_>| {
        let properties = node.attribute("properties").unwrap_or_default();
        properties
            .split_whitespace()
            .any(|property| property == "nav")
    };
    let is_ncx =
        |node: &Node<'_, '_>| node.attribute("media-type") == Some("application/x-dtbncx+xml");
    let nav: Vec<String> = named("item")
        .filter(is_nav)
        .filter_map(|node| file(&node))
        .collect();
    let ncx = named("item").filter(is_ncx).filter_map(|node| file(&node));
    let mut chapters: Vec<String> = named("itemref")
        .filter_map(|node| files.get(node.attribute("idref")?).cloned())
        .collect();
    if chapters.is_empty() {
        // Without an order its files come as they are listed.
        let is_page = |node: &Node<'_, '_>| {
            let kind = node.attribute("media-type").unwrap_or_default();
            matches!(kind, "application/xhtml+xml" | "text/html")
        };
        let pages = named("item").filter(is_page);
        chapters = pages.filter_map(|node| file(&node)).collect();
    }
    // It leads around, unless there is nothing else.
    if chapters.iter().any(|chapter| !nav.contains(chapter)) {
        chapters.retain(|chapter| !nav.contains(chapter));
    }
    Ok(Outline {
        title,
        chapters,
        contents: nav.iter().cloned().chain(ncx).collect(),
    })
}

/// What the table of contents in the file `path` calls the files it leads to, behind what the
/// parts of the book are called that they stand in.
fn labels(text: &str, path: &str) -> HashMap<String, String> {
    let mut labels = HashMap::new();
    let Ok(document) = xml(text, "book") else {
        return labels;
    };
    for entry in document.descendants().filter(is_entry) {
        let inside = entry
            .children()
            .find(|node| node.has_tag_name_here("a") || node.has_tag_name_here("content"));
        let target = inside.and_then(|node| node.attribute("href").or(node.attribute("src")));
        let Some(target) = target else {
            continue;
        };
        let around = entry.ancestors().filter(is_entry).take(DEPTH_MAX);
        let mut names: Vec<String> = around.map(|entry| label(&entry)).collect();
        names.retain(|name| !name.is_empty());
        names.reverse();
        let chapter = resolved(path, &unescaped(target));
        // More than one entry may lead into a file: it begins with the first.
        labels.entry(chapter).or_insert_with(|| names.join(" › "));
    }
    labels
}

/// Whether a node is an entry of a table of contents: of a list of pages it is not.
fn is_entry(node: &Node<'_, '_>) -> bool {
    let is_contents = |above: Node<'_, '_>| {
        above.has_tag_name_here("nav")
            && above
                .attributes()
                .any(|attribute| attribute.name() == "type" && attribute.value() == "toc")
    };
    node.has_tag_name_here("navPoint")
        || node.has_tag_name_here("li") && node.ancestors().any(is_contents)
}

/// What an entry says, without those in it.
fn label(entry: &Node<'_, '_>) -> String {
    let named = ["a", "span", "navLabel"];
    let inside = entry
        .children()
        .find(|node| named.iter().any(|name| node.has_tag_name_here(name)));
    let texts = inside.into_iter().flat_map(|node| node.descendants());
    let texts = texts.filter(Node::is_text).filter_map(|text| text.text());
    one_line(&texts.collect::<String>())
}

/// `href` without its anchor, and its percent signs decoded.
fn unescaped(href: &str) -> String {
    let path = href.split('#').next().unwrap_or_default().as_bytes();
    let mut bytes = Vec::with_capacity(path.len());
    let mut at = 0;
    while at < path.len() {
        let hex = path
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match hex
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| path[at] == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(path[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names of elements, whatever their name space.
trait Named {
    fn has_tag_name_here(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_here(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use crate::zipped::{self, tests::archive};

    #[test]
    fn a_book_is_read_in_order() {
        let book = archive(&[
            ("mimetype", "application/epub+zip"),
            (
                "META-INF/container.xml",
                "<container><rootfiles><rootfile full-path='OEBPS/b.opf'/></rootfiles></container>",
            ),
            (
                "OEBPS/b.opf",
                "<package xmlns:dc='x'><metadata><dc:title>The Cord</dc:title></metadata><manifest><item id='b' href='two%20b.xhtml'/><item id='a' href='one.xhtml'/></manifest><spine><itemref idref='a'/><itemref idref='b' linear='no'/></spine></package>",
            ),
            (
                "OEBPS/one.xhtml",
                "<html><head><title>x</title></head><body><h1>Knots</h1><p>first</p></body></html>",
            ),
            (
                "OEBPS/two b.xhtml",
                "<html><body><p>second</p></body></html>",
            ),
        ]);
        let found = zipped::read(&book).expect("a book");
        assert_eq!(found.title, "The Cord");
        let texts: Vec<&str> = found.parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(texts, ["# Knots\n\nfirst", "second"]);
    }

    #[test]
    fn a_book_without_an_order_is_read_as_it_is_listed() {
        let book = archive(&[
            (
                "META-INF/container.xml",
                "<c><rootfile full-path='b.opf'/></c>",
            ),
            (
                "b.opf",
                "<package><manifest><item id='n' href='n.xhtml' properties='nav' media-type='application/xhtml+xml'/><item id='b' href='b.xhtml' media-type='application/xhtml+xml'/><item id='s' href='s.css' media-type='text/css'/><item id='a' href='a.html' media-type='text/html'/></manifest><spine/></package>",
            ),
            ("n.xhtml", "<html><body><p>contents</p></body></html>"),
            ("b.xhtml", "<html><body><p>first</p></body></html>"),
            ("a.html", "<html><body><p>second</p></body></html>"),
            ("s.css", "p {}"),
        ]);
        let found = zipped::read(&book).expect("a book");
        let texts: Vec<&str> = found.parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(texts, ["first", "second"]);
    }

    #[test]
    fn what_is_encrypted_is_no_text() {
        let check = |locked: &[&str], expected: Result<(&[&str], &[&str]), &str>| {
            let references: String = locked
                .iter()
                .map(|name| format!("<d><e:CipherReference URI='{name}'/></d>"))
                .collect();
            let encryption = format!("<encryption xmlns:e='e'>{references}</encryption>");
            let book = archive(&[
                (
                    "META-INF/container.xml",
                    "<c><rootfile full-path='b.opf'/></c>",
                ),
                ("META-INF/encryption.xml", &encryption),
                (
                    "b.opf",
                    "<package><manifest><item id='a' href='one%20a.xhtml'/><item id='b' href='b.xhtml'/></manifest><spine><itemref idref='a'/><itemref idref='b'/></spine></package>",
                ),
                ("one a.xhtml", "<html><body><p>first</p></body></html>"),
                ("b.xhtml", "<html><body><p>second</p></body></html>"),
            ]);
            let read = zipped::read(&book);
            let found = read.as_ref().map(|found| {
                let texts = found.parts.iter().map(|part| part.text.as_str());
                let left_out = found.left_out.iter().map(String::as_str);
                (texts.collect::<Vec<_>>(), left_out.collect::<Vec<_>>())
            });
            let expected = expected.map(|(texts, left_out)| (texts.to_vec(), left_out.to_vec()));
            assert_eq!(found.map_err(|failed| failed.message.as_str()), expected);
        };
        check(&["font.otf"], Ok((&["first", "second"], &[])));
        check(
            &["one%20a.xhtml"],
            Ok((
                &["second"],
                &["1 chapters that are protected against copying"],
            )),
        );
        check(
            &["one%20a.xhtml", "b.xhtml"],
            Err("a book that is protected against copying"),
        );
    }

    #[test]
    fn a_chapter_without_a_heading_is_called_as_in_the_contents() {
        let check = |item: &str, name: &str, contents: &str| {
            let package = format!(
                "<package><metadata><title>The Cord</title></metadata><manifest><item id='c' {item} href='{name}'/><item id='a' href='text/a.xhtml'/><item id='b' href='text/b.xhtml'/></manifest><spine><itemref idref='c'/><itemref idref='a'/><itemref idref='b'/></spine></package>"
            );
            let book = archive(&[
                (
                    "META-INF/container.xml",
                    "<c><rootfile full-path='b.opf'/></c>",
                ),
                ("b.opf", &package),
                (name, contents),
                ("text/a.xhtml", "<html><body><p>first</p></body></html>"),
                ("text/b.xhtml", "<html><body><p>second</p></body></html>"),
            ]);
            let found = zipped::read(&book).expect("a book");
            let parts: Vec<(&str, &str)> = found
                .parts
                .iter()
                .filter(|part| part.text == "first" || part.text == "second")
                .map(|part| (part.title.as_str(), part.text.as_str()))
                .collect();
            assert_eq!(
                parts,
                [("Knots › Tying", "first"), ("Dyes", "second")],
                "{name}"
            );
            found.parts.len()
        };
        let nav = "<html xmlns:epub='e'><body><nav epub:type='toc'><ol><li><span>Knots</span><ol><li><a href='text/a.xhtml#x'>Tying</a></li><li><a href='text/a.xhtml#y'>Untying</a></li></ol></li><li><a href='text/b.xhtml'>Dyes</a></li></ol></nav><nav epub:type='page-list'><ol><li><a href='text/b.xhtml'>7</a></li></ol></nav></body></html>";
        // What leads around is no chapter.
        assert_eq!(check("properties='scripted nav'", "nav.xhtml", nav), 2);
        let ncx = "<ncx><navMap><navPoint><navLabel><text>Knots</text></navLabel><content src='text/gone.xhtml'/><navPoint><navLabel><text>Tying</text></navLabel><content src='text/a.xhtml'/></navPoint></navPoint><navPoint><navLabel><text>Dyes</text></navLabel><content src='text/b.xhtml'/></navPoint></navMap></ncx>";
        check("media-type='application/x-dtbncx+xml'", "toc.ncx", ncx);
    }
}
