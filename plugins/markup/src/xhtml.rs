//! Pages written as XML, for a parser of HTML: to it `<title/>` opens a title, and all that
//! follows is in it.

use std::borrow::Cow;

/// Where a page says that it is XML.
const HEAD_BYTES: usize = 1_000;
/// Elements that have nothing in them in HTML either.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// `html` with an end for each element that has none, if it is XML.
pub fn opened(html: &str) -> Cow<'_, str> {
    let head = &html[..html.floor_char_boundary(HEAD_BYTES)];
    let is_xml = head.contains("<?xml") || head.contains("http://www.w3.org/1999/xhtml");
    if !is_xml || !html.contains("/>") {
        return Cow::Borrowed(html);
    }
    let mut whole = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = end(rest) else { break };
        let (tag, after) = rest.split_at(end);
        let name_len = tag[1..].find(|c: char| !(c.is_alphanumeric() || "-_:.".contains(c)));
        let name = &tag[1..1 + name_len.unwrap_or(0)];
        let is_closed = tag.ends_with("/>") && name.starts_with(|c: char| c.is_alphabetic());
        match is_closed && !VOID.contains(&name) {
            true => {
                whole.push_str(&tag[..tag.len() - 2]);
                whole.push_str(&format!("></{name}>"));
            }
            false => whole.push_str(tag),
        }
        rest = after;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// Where the tag or the remark ends that `text` begins with.
fn end(text: &str) -> Option<usize> {
    for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>")] {
        if text.starts_with(start) {
            return text.find(end).map(|at| at + end.len());
        }
    }
    let mut quote: Option<char> = None;
    let end = text.find(|c: char| match (quote, c) {
        (None, '>') => true,
        (None, '"' | '\'') => {
            quote = Some(c);
            false
        }
        (Some(open), c) if open == c => {
            quote = None;
            false
        }
        _ => false,
    })?;
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_of_xml_has_an_end() {
        let check = |html: &str, expected: &str| assert_eq!(opened(html), expected);
        check("<p>a<br/>b <i/>c", "<p>a<br/>b <i/>c");
        let xml = |body: &str| format!("<?xml version='1.0'?>{body}");
        let check = |html: &str, expected: &str| check(&xml(html), &xml(expected));
        check("<title/><p/>a<br/>", "<title></title><p></p>a<br/>");
        check(
            "<a title='x/>' id=\"y\" />b",
            "<a title='x/>' id=\"y\" ></a>b",
        );
        check("<!-- <p/> -->a < b/>", "<!-- <p/> -->a < b/>");
        check("<svg:g/>é<i", "<svg:g></svg:g>é<i");
    }
}
