//! Feeds of news: RSS and Atom.

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, Part, failed, one_line};
use crate::page;
use crate::zipped::{decoded, local, xml};

/// Elements that hold what an entry says, the fullest first.
const BODIES: &[&str] = &["encoded", "content", "description", "summary"];
/// Elements that say when it was written.
const DATES: &[&str] = &["pubDate", "published", "updated", "date"];

/// The text of the feed in `bytes`: a part for each entry.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let document = xml(&text, "feed")?;
    let root = document.root_element();
    let is_entry = |node: &Node<'_, '_>| matches!(local(node), "item" | "entry");
    let entries = root.descendants().filter(is_entry);
    let parts: Vec<Part> = (1..)
        .zip(entries)
        .map(|(n, entry)| part(n, &entry))
        .collect();
    if parts.is_empty() {
        return Err(failed("a feed without entries", "save it again later"));
    }
    let title = root.descendants().find(|node| local(node) == "title");
    Ok(Found {
        title: title.map_or_else(String::new, |node| says(&node)),
        parts,
        left_out: Vec::new(),
    })
}

fn part(number: usize, entry: &Node<'_, '_>) -> Part {
    let child = |names: &[&str]| {
        let mut found = names.iter().flat_map(|name| {
            let says = |node: &Node<'_, '_>| node.has_children() || node.has_attribute("href");
            let named = entry
                .children()
                .filter(|node| local(node) == *name && says(node));
            named.collect::<Vec<_>>()
        });
        found.next()
    };
    let title = child(&["title"]).map_or_else(String::new, |node| says(&node));
    let link = child(&["link"]).map_or_else(String::new, |node| {
        let address = node.attribute("href").or_else(|| node.text());
        one_line(address.unwrap_or_default())
    });
    let date = child(DATES).map_or_else(String::new, |node| says(&node));
    let mut whole = Paragraphs::default();
    whole.heading(1, &title);
    let about = [date, link];
    let about: Vec<&str> = about
        .iter()
        .map(String::as_str)
        .filter(|said| !said.is_empty())
        .collect();
    whole.push(&about.join("\n"));
    if let Some(body) = child(BODIES) {
        // HTML is written as text, or as elements.
        let html: String = match body.children().any(|node| node.is_element()) {
            true => words(&body),
            false => body.text().unwrap_or_default().to_owned(),
        };
        whole.push(&page::of_html(&html).map_or_else(|_| one_line(&html), |(_, text)| text));
    }
    Part {
        place: format!("entry {number}"),
        title,
        text: whole.text(),
    }
}

/// The words of elements of HTML, a line for each text.
fn words(node: &Node<'_, '_>) -> String {
    let texts = node
        .descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text());
    let texts: Vec<String> = texts
        .map(one_line)
        .filter(|text| !text.is_empty())
        .collect();
    texts.join("\n")
}

fn says(node: &Node<'_, '_>) -> String {
    let texts = node
        .descendants()
        .filter(Node::is_text)
        .filter_map(|node| node.text());
    one_line(&texts.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_their_words() {
        let check = |feed: &str, expected: &[(&str, &str)]| {
            let found = read(feed.as_bytes()).expect("a feed");
            let parts: Vec<(&str, &str)> = found
                .parts
                .iter()
                .map(|part| (part.title.as_str(), part.text.as_str()))
                .collect();
            assert_eq!((found.title.as_str(), parts.as_slice()), ("Herd", expected));
        };
        check(
            "<rss version='2.0'><channel><title>Herd</title><item><title>Wool</title><link>https://example.org/1</link><pubDate>Mon, 2 Mar 2026</pubDate><description>&lt;p&gt;of the &lt;b&gt;llama&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>",
            &[(
                "Wool",
                "# Wool\n\nMon, 2 Mar 2026\nhttps://example.org/1\n\nof the **llama**",
            )],
        );
        check(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>Herd</title><entry><title>Dye</title><link href='https://example.org/2'/><content type='html'>&lt;p&gt;red</content></entry></feed>",
            &[("Dye", "# Dye\n\nhttps://example.org/2\n\nred")],
        );
        assert!(read(b"<rss/>").is_err());
    }
}
