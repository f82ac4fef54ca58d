//! Links in texts: which documents a text names, and what a document is called in links.
//!
//! A link leads to a document by names alone, so that a link to what is not stored yet leads
//! there once it is. What a link counts in a search is in `links/lend.rs`.

pub(crate) mod lend;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::page::Place;

/// How the files of documents end that others link to.
const ENDINGS: &[&str] = &[
    ".md",
    ".markdown",
    ".mdx",
    ".qmd",
    ".org",
    ".rst",
    ".adoc",
    ".html",
    ".htm",
    ".xhtml",
];
/// Names that files of many folders have: without a folder they tell nothing.
const COMMON: &[&str] = &["index", "_index", "readme"];
/// Bytes of a text that are looked through for links.
pub(crate) const LOOKED_BYTES_MAX: usize = 256 << 10;
/// Bytes of one link; what is longer is none.
const LINK_BYTES_MAX: usize = 500;

/// A link to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it calls the document: without folders and ending, as it is written.
    pub name: String,
    /// The name as it is compared.
    folded: String,
    /// The folders before the name, as they are compared; `..` leads up.
    folders: Vec<String>,
    /// Whether the folders are counted from the one that the text lies in.
    is_path: bool,
}

/// What a document is called in links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The folders that its file lies in.
    folders: Vec<String>,
    /// Its file's name without the ending, then its title and its other names.
    names: Vec<String>,
}

impl Names {
    /// The names of the document that a page with this title stands in.
    pub fn of(title: &str, place: &Place) -> Self {
        let mut folders: Vec<String> = place.of.split('/').map(folded).collect();
        let file = folders.pop().unwrap_or_default();
        let title = title.split(" › ").next().unwrap_or_default();
        let (own, others) = title.split_once(" (").unwrap_or((title, ""));
        let others = others.trim_end_matches(')').split(", ");
        let mut names = vec![file];
        for name in std::iter::once(own).chain(others).map(folded) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        Self { folders, names }
    }

    /// Each name, as it is compared.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl Link {
    /// Whether it leads to the document `to`, where it stands in the document `from`.
    pub fn leads_to(&self, from: &Names, to: &Names) -> bool {
        if !to.names.contains(&self.folded) {
            return false;
        }
        let is_file = to.names.first() == Some(&self.folded);
        if self.is_path && is_file && self.counted_from(&from.folders).as_ref() == Some(&to.folders)
        {
            return true;
        }
        let folders = self.folders.iter().map(String::as_str);
        let known: Vec<&str> = folders.filter(|name| !is_dots(name)).collect();
        if known.is_empty() {
            let is_telling = !COMMON.contains(&self.folded.as_str());
            return is_telling && (is_file || !self.is_path);
        }
        let there = to.folders.iter().rev().map(String::as_str);
        is_file && known.iter().rev().copied().eq(there.take(known.len()))
    }

    /// The folders that it names, counted from `folders`; none where it leads out of them.
    fn counted_from(&self, folders: &[String]) -> Option<Vec<String>> {
        let mut at = folders.to_vec();
        for name in &self.folders {
            match name.as_str() {
                "." => {}
                ".." => drop(at.pop()?),
                _ => at.push(name.clone()),
            }
        }
        Some(at)
    }

    /// The link to `target`, which is decoded; none where it names nothing.
    fn to(target: &str, is_path: bool) -> Option<Self> {
        let mut folders: Vec<&str> = target.split('/').map(str::trim).collect();
        let name = without_ending(folders.pop()?).trim();
        folders.retain(|folder| !folder.is_empty());
        (!name.is_empty()).then(|| Self {
            name: name.to_owned(),
            folded: folded(name),
            folders: folders.into_iter().map(folded).collect(),
            is_path,
        })
    }
}

fn is_dots(folder: &str) -> bool {
    folder == "." || folder == ".."
}

fn without_ending(name: &str) -> &str {
    let ending = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    ending.unwrap_or(name)
}

/// A name as it is compared: some file systems write accents and Korean in parts.
fn folded(name: &str) -> String {
    let name: String = without_ending(name.trim()).nfc().collect();
    name.to_lowercase()
}

/// The links of `text` to documents: `[[folder/Name#Heading|words]]`, and
/// `[words](folder/Name.md#heading)`, in which the file has one of the known endings.
pub fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut at = 0;
    // Only signs of ASCII are looked for, so that every cut is between characters.
    let bytes = &text.as_bytes()[..text.len().min(LOOKED_BYTES_MAX)];
    while let Some(opened) = bytes[at..]
        .windows(2)
        .position(|pair| pair == b"[[" || pair == b"](")
    {
        let is_path = bytes[at + opened] == b']';
        at += opened + 2;
        let within = &bytes[at..bytes.len().min(at + LINK_BYTES_MAX)];
        let line = within.split(|byte| *byte == b'\n').next().unwrap_or(within);
        let end = match is_path {
            true => line.iter().position(|byte| *byte == b')'),
            false => line.windows(2).position(|pair| pair == b"]]"),
        };
        let Some(end) = end else { continue };
        let inside = &text[at..at + end];
        at += end;
        let target = match is_path {
            true => of_path(inside),
            false => of_name(inside),
        };
        let is_document = !is_path || ENDINGS.iter().any(|ending| target.ends_with(ending));
        if is_document && !target.contains("://") {
            let decoded = percent_decode_str(target).decode_utf8_lossy();
            found.extend(Link::to(&decoded, is_path));
        }
    }
    found
}

/// The document in `Name#Heading|words`, or in `file:name.org][words` as Org has it.
fn of_name(inside: &str) -> &str {
    let target = inside.split("][").next().unwrap_or_default();
    let target = target.split(['|', '#']).next().unwrap_or_default().trim();
    let target = target.trim_end_matches('\\');
    target
        .split_once("file:")
        .map_or(target, |(_, path)| path.split("::").next().unwrap_or(path))
}

/// The path in `path#heading "words"`, or in `<path> "words"`, in which it may have spaces.
fn of_path(inside: &str) -> &str {
    let inside = inside.trim();
    let path = match inside.strip_prefix('<') {
        Some(rest) => rest.split('>').next(),
        None => inside.split([' ', '\t']).next(),
    };
    path.unwrap_or_default()
        .split('#')
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_documents() {
        let check = |text: &str, expected: &[&str]| {
            let names: Vec<String> = links(text).into_iter().map(|link| link.name).collect();
            assert_eq!(names, expected, "{text}");
        };
        check(
            "see [[Wool]] and [[a/Dye#Red|the red]] ![[Cord#^end]]",
            &["Wool", "Dye", "Cord"],
        );
        check(
            "[x](Old%20Cord.md#a) [y](https://example.org/z.md) [z](z.png)",
            &["Old Cord"],
        );
        check(
            "[x](<Old Cord.md> 'a') [y](wool.md \"the wool\") [z](dye.org) [w](a.rst#b)",
            &["Old Cord", "wool", "dye", "a"],
        );
        check(
            "[[file:notes/wool.org::*Red][the red]] [[file:dye.org]] [[Cord][a cord]]",
            &["wool", "dye", "Cord"],
        );
        check(
            "[x](../b/page.html#part) [y](other.htm)",
            &["page", "other"],
        );
        check("| [[Wool\\|w]] | [[ ]] [[open", &["Wool"]);
        check("[[羊毛]] 和 [染料](染料.md)", &["羊毛", "染料"]);
        check("no links [ [a] ] (b)", &[]);
    }

    #[test]
    fn a_link_leads_where_it_says() {
        let names = |of: &str, title: &str| {
            let place = Place {
                of: of.into(),
                part: 0,
            };
            Names::of(title, &place)
        };
        let wool = names("/n/a/Wool.md", "The wool (Wool.md, Fleece) › Dye");
        let check = |link: &str, from: &str, expected: bool| {
            let from = names(from, "");
            let link = &links(link)[0];
            assert_eq!(link.leads_to(&from, &wool), expected, "{link:?}");
        };
        check("[[wool]]", "/n/x.md", true);
        check("[[Fleece]]", "/n/x.md", true);
        check("[[the wool#Dye]]", "/n/x.md", true);
        check("[[a/Wool]]", "/m/x.md", true);
        check("[[b/Wool]]", "/m/x.md", false);
        check("[x](a/Wool.md)", "/n/x.md", true);
        check("[x](../a/Wool.md)", "/n/b/x.md", true);
        // Some programs write the shortest path that tells which file is meant.
        check("[x](Wool.md)", "/n/b/x.md", true);
        check("[x](Fleece.md)", "/n/a/x.md", false);
        check("[x](b/Wool.md)", "/n/x.md", false);

        let index = names("/n/a/index.html", "Start (index.html)");
        let check = |link: &str, from: &str, expected: bool| {
            let from = names(from, "");
            assert_eq!(links(link)[0].leads_to(&from, &index), expected, "{link}");
        };
        check("[x](index.html)", "/n/a/x.html", true);
        check("[x](index.html)", "/n/b/x.html", false);
        check("[x](a/index.html)", "/n/x.html", true);
        check("[[index]]", "/n/b/x.md", false);
    }
}
