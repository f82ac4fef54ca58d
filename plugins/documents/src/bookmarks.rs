//! Bookmarks that browsers keep as JSON: folders, and the pages in them.

use serde_json::Value;

use crate::found::{Failed, Found, Paragraphs, broken, one_line};
use crate::notebook::unmarked;

/// Keys of what a folder or a page is called, and of where a page is.
const NAMES: &[&str] = &["name", "title"];
const ADDRESSES: &[&str] = &["url", "uri"];

/// The bookmarks in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let kept: Value = serde_json::from_slice(unmarked(bytes))
        .map_err(|error| broken("list of bookmarks", &error))?;
    let mut text = Paragraphs::default();
    match kept["roots"].as_object() {
        Some(roots) => roots
            .values()
            .for_each(|folder| listed(folder, 0, &mut text)),
        None => listed(&kept, 0, &mut text),
    }
    Ok(Found::whole("", text.text()))
}

/// Adds a folder with what lies in it, or a page. A folder without a name adds no line; how deep
/// they lie in each other is bounded by the reader of JSON.
fn listed(node: &Value, depth: usize, text: &mut Paragraphs) {
    let word = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| node[*key].as_str());
        one_line(found.unwrap_or_default())
    };
    let (name, address) = (word(NAMES), word(ADDRESSES));
    // Others are questions to the browser, and programs.
    let is_page = address.contains("://");
    let tags = match word(&["tags"]) {
        tags if tags.is_empty() => tags,
        tags => format!(" ({tags})"),
    };
    match (name.as_str(), is_page) {
        ("", true) => text.item(depth, &format!("{address}{tags}")),
        (name, true) => text.item(depth, &format!("[{name}]({address}){tags}")),
        (name, false) if address.is_empty() => text.item(depth, name),
        _ => {}
    }
    let below = depth + usize::from(!name.is_empty());
    let children = node["children"].as_array().into_iter().flatten();
    children.for_each(|child| listed(child, below, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_pages_are_a_list() {
        let check = |kept: &str, want: &str| {
            let found = read(kept.as_bytes()).expect("bookmarks");
            assert_eq!(found.parts[0].text, want, "{kept}");
        };
        check(
            r#"{"roots":{"bookmark_bar":{"name":"Bar","type":"folder","children":[
                {"name":"Wool","type":"url","url":"https://example.org/wool"},
                {"name":"Farm","type":"folder","children":[{"name":"","url":"https://example.org"}]}]}},"version":1}"#,
            "- Bar\n  - [Wool](https://example.org/wool)\n  - Farm\n    - https://example.org",
        );
        check(
            r#"{"title":"","type":"text/x-moz-place-container","children":[
                {"title":"menu","children":[{"title":"Wool","uri":"https://example.org","tags":"red,dye"},
                {"title":"Recent","uri":"place:sort=8"}]}]}"#,
            "- menu\n  - [Wool](https://example.org) (red,dye)",
        );
        assert!(read(b"{").is_err());
    }
}
