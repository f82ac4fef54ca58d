//! Visio, and pages as they are printed from Windows (XPS): the words on each page.

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, Part, one_line};
use crate::zipped::{Archive, local, xml};

/// Pages of one document.
const PAGES_MAX: usize = 5_000;

/// The words of the drawing of Visio in `archive`, by its pages.
pub fn visio(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let list = archive.text("visio/pages/pages.xml")?.unwrap_or_default();
    let names: Vec<String> = match xml(&list, "drawing") {
        Ok(list) => {
            let pages = list.descendants().filter(|node| local(node) == "Page");
            let name = |page: Node<'_, '_>| page.attribute("Name").map(one_line);
            pages.map(|page| name(page).unwrap_or_default()).collect()
        }
        Err(_) => Vec::new(),
    };
    let is_page = |path: &str| path.starts_with("visio/pages/page") && path.ends_with(".xml");
    let is_page = |path: &str| is_page(path) && !path.ends_with("/pages.xml");
    let mut found = pages(archive, &is_page, &|page, whole| {
        for text in page.descendants().filter(|node| local(node) == "Text") {
            let words = text.descendants().filter(Node::is_text);
            let words: String = words.filter_map(|node| node.text()).collect();
            whole.push(&one_line(&words));
        }
    })?;
    for (part, name) in found.parts.iter_mut().zip(names) {
        part.title = name;
    }
    Ok(found)
}

/// The words of the printed pages in `archive`.
pub fn printed(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    pages(archive, &|path| path.ends_with(".fpage"), &|page, whole| {
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

/// A part for each file of `archive` that is a page; one that is damaged costs itself.
fn pages(
    archive: &mut Archive<'_>,
    is_page: &dyn Fn(&str) -> bool,
    add: AddWords<'_>,
) -> Result<Found, Failed> {
    let mut paths: Vec<String> = archive.names();
    paths.retain(|path| is_page(path));
    // So that 10 comes after 9.
    paths.sort_by_key(|path| (path.len(), path.clone()));
    paths.truncate(PAGES_MAX);
    let mut found = Found::default();
    for (n, path) in (1..).zip(&paths) {
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
