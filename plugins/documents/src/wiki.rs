//! Pages of MediaWiki: an export (XML) with many articles, or one article as it is edited.
//!
//! Words are what is wanted: links are what they show, boxes of facts are their lines, notes and
//! layout go.

mod pieces;
mod tables;
mod words;

use roxmltree::Node;

use crate::found::{Failed, Found, Part, failed, one_line};
use crate::zipped::{decoded, local, xml};

use words::plain;

/// Numbers of namespaces whose pages are parts of others, or settings: the wiki's own, templates,
/// modules.
const PARTS: &[&str] = &["8", "10", "828"];

/// How an article begins that leads to another.
const REDIRECT: &str = "#redirect";

/// The articles of the export in `bytes`, or the one article that it is.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    if !text.contains("<mediawiki") {
        return Ok(Found::whole("", plain(&text)));
    }
    let document = xml(&text, "export of a wiki")?;
    let root = document.root_element();
    let mut found = Found::default();
    let name = root.descendants().find(|node| local(node) == "sitename");
    found.title = name.map_or_else(String::new, |node| {
        one_line(node.text().unwrap_or_default())
    });
    let (mut redirects, mut parts, mut codes) = (0, 0, 0);
    for page in root.children().filter(|node| local(node) == "page") {
        let said = |name: &str| {
            let node = page.children().find(|node| local(node) == name);
            node.and_then(|node| node.text()).unwrap_or_default()
        };
        let Some(article) = latest(&page) else {
            continue;
        };
        let is_redirect =
            page.children().any(|node| local(&node) == "redirect") || begins_redirect(article.text);
        match () {
            () if is_redirect => redirects += 1,
            () if PARTS.contains(&said("ns").trim()) => parts += 1,
            () if !article.is_text => codes += 1,
            () => {
                let title = one_line(said("title"));
                found.parts.push(Part {
                    place: format!("article {}", found.parts.len() + 1),
                    text: format!("# {title}\n\n{}", plain(article.text)),
                    title,
                });
            }
        }
    }
    for (count, one, many) in [
        (redirects, "redirect", "redirects"),
        (parts, "template or setting", "templates and settings"),
        (codes, "page of code or data", "pages of code or data"),
    ] {
        if count > 0 {
            let what = if count == 1 { one } else { many };
            found.left_out.push(format!("without {count} {what}"));
        }
    }
    match found.parts.is_empty() {
        true => Err(failed(
            format!(
                "an export of a wiki without articles {}",
                found.left_out.join(", ")
            )
            .trim_end(),
            "export it again, with the pages that are wanted",
        )),
        false => Ok(found),
    }
}

/// Whether an article only leads to another.
fn begins_redirect(text: &str) -> bool {
    let start = text.trim_start().get(..REDIRECT.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(REDIRECT))
}

/// What an article says now.
struct Article<'a> {
    text: &'a str,
    /// Whether it is written as wikis are, and not in a language for programs.
    is_text: bool,
}

/// The last of the revisions of a page.
fn latest<'a>(page: &Node<'a, '_>) -> Option<Article<'a>> {
    let revision = page.children().rfind(|node| local(node) == "revision")?;
    let said = |name: &str| {
        let node = revision.children().find(|node| local(node) == name);
        node.and_then(|node| node.text())
    };
    Some(Article {
        text: said("text").unwrap_or_default(),
        is_text: said("model").is_none_or(|model| model == "wikitext"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_has_its_articles() {
        let page = |title: &str, more: &str, text: &str| {
            format!(
                "<page><title>{title}</title>{more}<revision><text>an old one</text></revision><revision><text xml:space='preserve'>{text}</text></revision></page>"
            )
        };
        let export = format!(
            "<mediawiki xmlns='http://www.mediawiki.org/xml/export-0.11/' version='0.11'><siteinfo><sitename>Herd</sitename></siteinfo>{}{}{}{}{}</mediawiki>",
            page(
                "Wool",
                "<ns>0</ns>",
                "'''Wool''' of the [[llama|llamas]]\n== Dye ==\n* red"
            ),
            page(
                "Fleece",
                "<ns>0</ns><redirect title='Wool'/>",
                "#REDIRECT [[Wool]]"
            ),
            page("Old", "<ns>0</ns>", "#redirect [[Wool]]"),
            page("Template:Box", "<ns>10</ns>", "{{{1}}}"),
            "<page><title>a.css</title><ns>2</ns><revision><model>css</model><text>a {}</text></revision></page>",
        );
        let found = read(export.as_bytes()).expect("articles");
        assert_eq!(found.title, "Herd");
        let parts: Vec<(&str, &str, &str)> = found
            .parts
            .iter()
            .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
            .collect();
        assert_eq!(
            parts,
            [(
                "article 1",
                "Wool",
                "# Wool\n\nWool of the llamas\n\n## Dye\n\n- red"
            )]
        );
        assert_eq!(
            found.left_out,
            [
                "without 2 redirects",
                "without 1 template or setting",
                "without 1 page of code or data"
            ]
        );
        assert!(read(b"<mediawiki></mediawiki>").is_err());
        assert!(read(b"<mediawiki><page>").is_err());
        let article = read(b"== Dye ==\n''red''").expect("an article");
        assert_eq!(article.parts[0].text, "## Dye\n\nred");
    }
}
