//! Visio, and pages as they are printed from Windows (XPS): the words on each page.

use std::collections::HashMap;

use roxmltree::Node;

use super::elements::{attribute, child, relations};
use crate::found::{Failed, Found, Paragraphs, Part, one_line};
use crate::zipped::{Archive, local, xml};

/// Pages of one document.
const PAGES_MAX: usize = 5_000;
/// The pages of a drawing of Visio: their names, in the order in which they are shown.
const LIST: &str = "visio/pages/pages.xml";

/// The words of the drawing of Visio in `archive`, by its pages.
pub fn visio(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let list = archive.text(LIST)?.unwrap_or_default();
    let links = relations(archive, LIST).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    // Of each file the place of its page: pages may have been moved since they were numbered.
    let mut places: HashMap<String, usize> = HashMap::new();
    if let Ok(list) = xml(&list, "drawing") {
        for page in list.descendants().filter(|node| local(node) == "Page") {
            let link = child(&page, "Rel");
            let link = link.and_then(|link| links.get(attribute(&link, "id")?));
            if let Some((_, path)) = link {
                places.insert(path.clone(), names.len());
            }
            names.push(page.attribute("Name").map(one_line).unwrap_or_default());
        }
    }
    let is_page = |path: &str| path.starts_with("visio/pages/page") && path.ends_with(".xml");
    let mut paths = numbered(archive, &|path| is_page(path) && path != LIST);
    paths.sort_by_key(|path| places.get(path).copied().unwrap_or(usize::MAX));
    let titles = paths.iter().enumerate().map(|(n, path)| {
        let place = match places.is_empty() {
            true => Some(n),
            false => places.get(path).copied(),
        };
        let name = place.and_then(|place| names.get(place));
        name.cloned().unwrap_or_default()
    });
    let titles: Vec<String> = titles.collect();
    let mut found = pages(archive, paths, &|page, whole| {
        for text in page.descendants().filter(|node| local(node) == "Text") {
            let words = text.descendants().filter(Node::is_text);
            let words: String = words.filter_map(|node| node.text()).collect();
            whole.push(&one_line(&words));
        }
    })?;
    for (part, title) in found.parts.iter_mut().zip(titles) {
        part.title = title;
    }
    Ok(found)
}

/// The words of the printed pages in `archive`.
pub fn printed(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let paths = numbered(archive, &|path| path.ends_with(".fpage"));
    pages(archive, paths, &|page, whole| {
        let mut line = String::new();
        let mut height = None;
        for run in page.descendants().filter(|node| local(node) == "Glyphs") {
            // Words that are set at one height are a line.
            let at = run.attribute("OriginY");
            if at != height {
                whole.push(&one_line(&std::mem::take(&mut line)));
                height = at;
            }
            let said = run.attribute("UnicodeString").unwrap_or_default();
            line.push(' ');
            line.push_str(said.strip_prefix("{}").unwrap_or(said));
        }
        whole.push(&one_line(&line));
    })
}

/// Adds the words of a page.
type AddWords<'a> = &'a dyn Fn(&Node<'_, '_>, &mut Paragraphs);

/// The files of `archive` that are pages, by their numbers.
fn numbered(archive: &Archive<'_>, is_page: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut paths: Vec<String> = archive.names();
    paths.retain(|path| is_page(path));
    // So that 10 comes after 9.
    paths.sort_by_key(|path| (path.len(), path.clone()));
    paths
}

/// A part for each of these files of `archive`; one that is damaged costs itself.
fn pages(
    archive: &mut Archive<'_>,
    paths: Vec<String>,
    add: AddWords<'_>,
) -> Result<Found, Failed> {
    let mut found = Found::default();
    if let Some(more) = paths.len().checked_sub(PAGES_MAX).filter(|more| *more > 0) {
        found
            .left_out
            .push(format!("its last {more} pages, which are too many"));
    }
    for (n, path) in (1..).zip(paths.iter().take(PAGES_MAX)) {
        let mut whole = Paragraphs::default();
        let text = archive.text(path)?.unwrap_or_default();
        match xml(&text, "page") {
            Ok(page) => add(&page.root_element(), &mut whole),
            Err(_) => found.left_out.push(format!("page {n}, which is damaged")),
        }
        found.parts.push(Part {
            place: format!("page {n}"),
            text: whole.text(),
            ..Part::default()
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::zipped::{read, tests::archive};

    #[test]
    fn pages_have_their_words() {
        let check = |files: &[(&str, &str)], expected: &[(&str, &str, &str)]| {
            let found = read(&archive(files)).expect("pages");
            let parts: Vec<(&str, &str, &str)> = found
                .parts
                .iter()
                .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
                .collect();
            assert_eq!(parts, expected);
        };
        check(
            &[
                ("[Content_Types].xml", "<Types/>"),
                (
                    "visio/pages/page2.xml",
                    "<PageContents><Shapes><Shape><Text>Shed</Text></Shape></Shapes></PageContents>",
                ),
                (
                    "visio/pages/page1.xml",
                    "<PageContents><Shapes><Shape><Text>North <cp IX='0'/>gate\n</Text></Shape></Shapes></PageContents>",
                ),
                (
                    "visio/pages/pages.xml",
                    "<Pages><Page ID='0' Name='Yard'/><Page ID='1' Name='Hut'/></Pages>",
                ),
            ],
            &[("page 1", "Yard", "North gate"), ("page 2", "Hut", "Shed")],
        );
        // The second page was moved before the first.
        check(
            &[
                ("[Content_Types].xml", "<Types/>"),
                (
                    "visio/pages/page1.xml",
                    "<PageContents><Shape><Text>gate</Text></Shape></PageContents>",
                ),
                (
                    "visio/pages/page2.xml",
                    "<PageContents><Shape><Text>Shed</Text></Shape></PageContents>",
                ),
                (
                    "visio/pages/pages.xml",
                    "<Pages xmlns:r='r'><Page Name='Hut'><Rel r:id='rId2'/></Page><Page Name='Yard'><Rel r:id='rId1'/></Page></Pages>",
                ),
                (
                    "visio/pages/_rels/pages.xml.rels",
                    "<Relationships><Relationship Id='rId1' Type='t/page' Target='page1.xml'/><Relationship Id='rId2' Type='t/page' Target='page2.xml'/></Relationships>",
                ),
            ],
            &[("page 1", "Hut", "Shed"), ("page 2", "Yard", "gate")],
        );
        check(
            &[
                ("[Content_Types].xml", "<Types/>"),
                (
                    "Documents/1/Pages/1.fpage",
                    "<FixedPage><Glyphs OriginY='9' UnicodeString='North'/><Glyphs OriginY='9' UnicodeString='gate'/><Glyphs OriginY='20' UnicodeString='{}{4711}'/></FixedPage>",
                ),
                ("Documents/1/Pages/2.fpage", "<FixedPage"),
            ],
            &[("page 1", "", "North gate\n\n{4711}"), ("page 2", "", "")],
        );
    }
}
