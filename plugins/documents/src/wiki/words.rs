//! Wiki markup to Markdown.

use super::pieces::{pairs, split};
use super::tables;
use crate::found::{Paragraphs, one_line};

/// Bytes of a link to the web, and of what stands between two tags.
const ADDRESS_MAX: usize = 4_000;
const TAGGED_MAX: usize = 100_000;
/// Markup within markup.
const DEPTH_MAX: usize = 12;
/// Namespaces of pictures and of subjects, in the languages of the largest wikis.
const FILES: &[&str] = &[
    "file",
    "image",
    "media",
    "datei",
    "bild",
    "fichier",
    "archivo",
    "plik",
    "immagine",
    "bestand",
    "ficheiro",
    "arquivo",
    "файл",
    "изображение",
    "ファイル",
    "文件",
];
const CATEGORIES: &[&str] = &[
    "category",
    "kategorie",
    "catégorie",
    "categoría",
    "categoria",
    "kategoria",
    "categorie",
    "категория",
    "カテゴリ",
    "分类",
];
/// Templates that say what stands in them, by their last words.
const SAY_LAST: &[&str] = &[
    "lang",
    "nowrap",
    "nobr",
    "small",
    "big",
    "transl",
    "transliteration",
    "quote",
    "blockquote",
    "em",
    "strong",
    "sc",
    "smallcaps",
    "nobold",
    "nihongo",
    "ipa",
    "not a typo",
    "as of",
    "circa",
];
/// Templates that name sources.
const SOURCES: &[&str] = &[
    "cite",
    "citation",
    "sfn",
    "harv",
    "literatur",
    "internetquelle",
];
/// Words that say how a picture is shown.
const LOOKS: &[&str] = &[
    "thumb",
    "thumbnail",
    "frame",
    "frameless",
    "border",
    "left",
    "right",
    "center",
    "none",
    "upright",
    "mini",
    "miniatur",
    "rechts",
    "links",
    "vignette",
];
/// Tags of HTML before and behind which a line ends.
const BREAKS: &[&str] = &[
    "br",
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "tr",
    "table",
    "caption",
    "blockquote",
    "center",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
];
/// Signs that are written as words.
const ENTITIES: &[(&str, &str)] = &[
    ("&nbsp;", " "),
    ("&thinsp;", " "),
    ("&ndash;", "–"),
    ("&mdash;", "—"),
    ("&minus;", "−"),
    ("&times;", "×"),
    ("&deg;", "°"),
    ("&hellip;", "…"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&amp;", "&"),
];

/// `text` as Markdown.
pub fn plain(text: &str) -> String {
    blocks(&inline(text, 0))
}

/// `text` without what is no word of it; lists and headings as they were.
fn inline(text: &str, depth: usize) -> String {
    let pairs = pairs(text);
    let mut whole = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let inside = pairs.get(&at).map(|end| &text[at + 2..*end]);
        let (said, used) = match (rest.as_bytes()[0], inside) {
            (b'{' | b'[', Some(inside)) => {
                let said = match (depth < DEPTH_MAX, &rest[..2]) {
                    (false, _) => String::new(),
                    (true, "{{") => template(inside, depth + 1),
                    (true, "[[") => link(inside, depth + 1),
                    (true, _) => tables::markdown(inside, &|said| inline(said, depth + 1)),
                };
                (said, inside.len() + 4)
            }
            (b'[', None) => address(rest, depth),
            (b'<', _) => tag(rest, depth),
            (b'\'', _) => match rest.bytes().take_while(|byte| *byte == b'\'').count() {
                1 => ("'".to_owned(), 1),
                count => (String::new(), count),
            },
            (b'&', _) => {
                let sign = ENTITIES.iter().find(|(name, _)| rest.starts_with(name));
                let (name, sign) = sign.unwrap_or(&("&", "&"));
                ((*sign).to_owned(), name.len())
            }
            _ => {
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let end = rest[first..].find(['{', '[', '<', '\'', '&']);
                let end = end.map_or(rest.len(), |end| end + first);
                (rest[..end].to_owned(), end)
            }
        };
        whole.push_str(&said);
        at += used;
    }
    whole
}

/// What a link to the web shows that `text` may begin with, and how long it is.
fn address(text: &str, depth: usize) -> (String, usize) {
    let is_address = ["[http://", "[https://", "[//", "[mailto:", "[ftp://"]
        .iter()
        .any(|start| text.starts_with(start));
    let near = &text[..text.floor_char_boundary(ADDRESS_MAX)];
    let line = near.split('\n').next().unwrap_or_default();
    match line.find(']').filter(|_| is_address) {
        Some(end) => {
            let inside = &line[1..end];
            let said = inside.split_once(' ').map_or(inside, |(_, label)| label);
            (inline(said.trim(), depth + 1), end + 1)
        }
        None => ("[".to_owned(), 1),
    }
}

/// What a tag shows that `text` begins with, and how long it is.
fn tag(text: &str, depth: usize) -> (String, usize) {
    if let Some(inside) = text.strip_prefix("<!--") {
        let end = inside.find("-->").map_or(text.len(), |end| end + 7);
        return (String::new(), end);
    }
    let near = &text[..text.floor_char_boundary(TAGGED_MAX)];
    let bare = near[1..].trim_start_matches('/');
    let end = bare.find(|c: char| !c.is_ascii_alphanumeric());
    let name = bare[..end.unwrap_or(bare.len())].to_ascii_lowercase();
    let open = near[1..].find(['<', '>']).map_or(0, |at| at + 1);
    if name.is_empty() || !near[open..].starts_with('>') || !is_tag(&near[1..open]) {
        return ("<".to_owned(), 1);
    }
    let used = open + 1;
    if BREAKS.contains(&name.as_str()) {
        return ("\n".to_owned(), used);
    }
    if ["td", "th"].contains(&name.as_str()) {
        return (" ".to_owned(), used);
    }
    if near[..open].ends_with('/') || near.starts_with("</") {
        return (String::new(), used);
    }
    // What stands up to its end, if there is one.
    let close = format!("</{name}");
    let whole = near[used..].find(&close).map(|len| {
        let end = near[used + len..].find('>');
        let end = end.map_or(near.len(), |end| used + len + end + 1);
        (&near[used..used + len], end)
    });
    match (name.as_str(), whole) {
        ("ref", Some((_, end))) => (String::new(), end),
        ("nowiki", Some((inside, end))) => (inside.to_owned(), end),
        ("math" | "chem", Some((inside, end))) => (format!("`{}`", one_line(inside)), end),
        ("pre" | "syntaxhighlight" | "source", Some((inside, end))) => {
            (format!("\n```\n{}\n```\n", inside.trim_matches('\n')), end)
        }
        ("gallery", Some((inside, end))) => {
            let said = inside.lines().filter_map(|line| line.split_once('|'));
            let said: Vec<String> = said
                .map(|(_, said)| format!("* {}", inline(said.trim(), depth + 1)))
                .collect();
            (format!("\n{}\n", said.join("\n")), end)
        }
        _ => (String::new(), used),
    }
}

/// Whether what stands between `<` and `>` is a name with settings, and not words: "x<y and z>w".
fn is_tag(inside: &str) -> bool {
    let inside = inside.trim_matches('/');
    match inside.split_once(char::is_whitespace) {
        None => inside
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        Some((_, settings)) => settings.contains('=') || settings.trim().is_empty(),
    }
}

/// What a link within the wiki shows.
fn link(inside: &str, depth: usize) -> String {
    let parts = split(inside, "|");
    let target = parts[0].trim();
    let space = target
        .split_once(':')
        .map(|(space, rest)| (space.trim().to_lowercase(), rest));
    let shown = parts.get(1).map(|_| parts[parts.len() - 1].trim());
    match space {
        Some((space, _)) if FILES.contains(&space.as_str()) => {
            let is_look = |said: &str| {
                LOOKS.contains(&said) || said.ends_with("px") || said.split_once('=').is_some()
            };
            let said = shown.filter(|said| !is_look(said));
            said.map_or_else(String::new, |said| format!("\n{}\n", inline(said, depth)))
        }
        Some((space, name)) if CATEGORIES.contains(&space.as_str()) => {
            format!("\nCategory: {}\n", name.trim())
        }
        // The same article in another language.
        Some((space, _))
            if shown.is_none() && space.is_ascii() && (2..=3).contains(&space.len()) =>
        {
            String::new()
        }
        _ => match shown.filter(|said| !said.is_empty()) {
            Some(said) => inline(said, depth),
            None => target.trim_start_matches([':', '#']).to_owned(),
        },
    }
}

/// What a template says: the words in it, the facts of a box, or nothing.
fn template(inside: &str, depth: usize) -> String {
    let parts = split(inside, "|");
    let name = one_line(parts[0]).replace('_', " ").to_lowercase();
    let (mut words, mut facts) = (Vec::new(), Vec::new());
    for part in &parts[1..] {
        let (key, value) = match split(part, "=").as_slice() {
            [_] => (None, *part),
            [key, ..] => (Some(key.trim()), &part[key.len() + 1..]),
            [] => continue,
        };
        let said = one_line(&inline(value.trim(), depth));
        match key.filter(|key| key.parse::<u32>().is_err()) {
            _ if said.is_empty() => {}
            Some(key) => facts.push((key.replace('_', " "), said)),
            None => words.push(said),
        }
    }
    let is_number = |said: &&String| said.bytes().all(|byte| byte.is_ascii_digit());
    match name.as_str() {
        name if SOURCES.iter().any(|source| name.starts_with(source)) => String::new(),
        "convert" | "cvt" => words[..words.len().min(2)].join(" "),
        "abbr" | "ill" | "val" | "formatnum" | "tooltip" => {
            words.first().cloned().unwrap_or_default()
        }
        name if SAY_LAST.contains(&name) || name.starts_with("lang-") => {
            words.pop().unwrap_or_default()
        }
        name if name.ends_with("list") || name == "ubl" => words.join(", "),
        name if name.contains("date") || name.contains("birth") || name.contains("death") => {
            let numbers: Vec<&str> = words.iter().filter(is_number).map(String::as_str).collect();
            match numbers.is_empty() {
                true => words.join(" "),
                false => numbers[..numbers.len().min(3)].join("-"),
            }
        }
        _ if facts.len() >= 2 => {
            let lines = facts.iter().map(|(key, said)| format!("* {key}: {said}"));
            format!("\n{}\n", lines.collect::<Vec<_>>().join("\n"))
        }
        _ => String::new(),
    }
}

/// Lines of words, headings and lists as Markdown.
fn blocks(text: &str) -> String {
    let mut whole = Paragraphs::default();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut code: Option<Vec<&str>> = None;
    for line in text.lines().chain([""]) {
        if line == "```" {
            match code.take() {
                Some(lines) => whole.push(&format!("```\n{}\n```", lines.join("\n"))),
                None => {
                    whole.push(&std::mem::take(&mut paragraph).join("\n"));
                    code = Some(Vec::new());
                }
            }
            continue;
        }
        if let Some(code) = &mut code {
            code.push(line);
            continue;
        }
        let line = line.trim();
        let is_switch = line.starts_with("__") && line.ends_with("__");
        if !line.is_empty() && !is_switch && special(line).is_none() {
            paragraph.push(line);
            continue;
        }
        whole.push(&std::mem::take(&mut paragraph).join("\n"));
        match special(line) {
            Some(Special::Heading(level, said)) => whole.heading(level, said),
            Some(Special::Item(depth, said)) => whole.item(depth, said),
            Some(Special::Words(said)) => whole.push(said),
            None => {}
        }
    }
    whole.push(&code.unwrap_or_default().join("\n"));
    whole.text()
}

/// A line that is no part of a paragraph.
enum Special<'a> {
    Heading(usize, &'a str),
    Item(usize, &'a str),
    /// What stands by itself.
    Words(&'a str),
}

fn special(line: &str) -> Option<Special<'_>> {
    let count = |c: char| line.chars().take_while(|found| *found == c).count();
    let level = count('=').min(line.chars().rev().take_while(|c| *c == '=').count());
    if level > 0 && line.len() > 2 * level {
        return Some(Special::Heading(
            level,
            line[level..line.len() - level].trim(),
        ));
    }
    let marks = line.chars().take_while(|c| "*#:;".contains(*c)).count();
    let said = line[marks..].trim();
    match line[..marks].chars().next_back() {
        _ if line.to_uppercase().starts_with("#REDIRECT") => None,
        Some('*' | '#') => Some(Special::Item(marks - 1, said)),
        Some(_) => Some(Special::Words(said)),
        None if line.starts_with("----") => Some(Special::Words("---")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_words() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected, "{text}");
        check(
            "'''Wool''' is ''soft''; it's of [[llama]]s and [[alpaca|alpacas]].{{citation needed|date=May 2020}}<ref name=\"a\">A [[book]].</ref><ref name=\"b\" />",
            "Wool is soft; it's of llamas and alpacas.",
        );
        check(
            "= One =\n== Two ==\na\nb\n\n* x\n** y\n# z\n; term\n: said\n----\n__NOTOC__\nend",
            "# One\n\n## Two\n\na\nb\n\n- x\n  - y\n- z\n\nterm\n\nsaid\n\n---\n\nend",
        );
        check(
            "See [https://example.org the page], [https://example.org/b] &ndash; [sic] 1 &lt; 2<br />next <small>x</small><!-- no\nwords -->",
            "See the page, https://example.org/b – [sic] 1 < 2\nnext x",
        );
        check(
            "{| class=\"wikitable\"\n|+ Herd\n! Name !! style=\"x\" | Wool\n|-\n| [[Ada|A]] || 4 kg\n|-\n| B\n| 5\nkg\n|}",
            "Herd\n\n| Name | Wool |\n| --- | --- |\n| A | 4 kg |\n| B | 5 kg |",
        );
        check(
            "{{Infobox animal\n| name = Llama\n| mass = {{convert|130|kg|lb}}\n| born = {{Birth date|2019|4|1|df=y}}\n| image = \n}}\nThe {{lang|es|llama}} is {{nowrap|an animal}}.",
            "- name: Llama\n- mass: 130 kg\n- born: 2019-4-1\n\nThe llama is an animal.",
        );
        check(
            "[[File:a.jpg|thumb|220px|A [[llama]] in the ''yard'']]\nText [[Image:b.png|thumb]]\n[[Category:Fibre]]\n[[de:Wolle]]\n[[:Category:Dye]]",
            "A llama in the yard\n\nText\n\nCategory: Fibre\n\nCategory:Dye",
        );
        check(
            "<syntaxhighlight lang=\"c\">\n# not a list\nint a[[1]];\n</syntaxhighlight>\n<math>x^2</math> <nowiki>[[raw]]</nowiki>",
            "```\n# not a list\nint a[[1]];\n```\n\n`x^2` [[raw]]",
        );
        check("#REDIRECT [[Wool]]", "#REDIRECT Wool");
        check(
            "{{cite web|url=a|title=b}} 磨坊 {{unclosed",
            "磨坊 {{unclosed",
        );
        check("a < b and 'c'", "a < b and 'c'");
        check(
            "[https://example.org {{lang|es|la llama}}]\n<gallery>\nFile:a.jpg|A [[llama]] in the yard\n</gallery>",
            "la llama\n\n- A llama in the yard",
        );
        check(
            "<ul><li>red</li><li>blue</li></ul><table><tr><td>1</td><td>2</td></tr></table>",
            "red\n\nblue\n\n1  2",
        );
        check(
            "where x<y and z>w, a <b\n\nmore.<br />end<nowiki />",
            "where x<y and z>w, a <b\n\nmore.\nend",
        );
    }

    #[test]
    fn what_never_ends_is_gone_through_once() {
        for open in ["{{", "[[", "{|\n", "<ref>", "<!--", "'''", "[http://a", "&"] {
            let text = open.repeat(2_000);
            assert!(plain(&text).len() <= 2 * text.len(), "{open}");
        }
        let deep = format!("{}x{}", "{{lang|a|".repeat(200), "}}".repeat(200));
        assert_eq!(plain(&deep), "a");
    }
}
