//! SVG: what a drawing says in words.

use roxmltree::{Document, Node, ParsingOptions};

use crate::found::{Failed, Found, broken, one_line};
use crate::zipped::decoded;

/// The words of the drawing in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let drawing =
        Document::parse_with_options(&text, options).map_err(|error| broken("drawing", &error))?;
    let is_words = |node: &Node<'_, '_>| {
        matches!(
            node.tag_name().name(),
            "title" | "desc" | "text" | "p" | "div"
        ) && !node
            .ancestors()
            .skip(1)
            .any(|above| matches!(above.tag_name().name(), "text" | "p" | "div"))
    };
    let lines: Vec<String> = drawing
        .descendants()
        .filter(is_words)
        .map(words)
        .filter(|line| !line.is_empty())
        .collect();
    Ok(Found::whole("", lines.join("\n")))
}

/// The words of an element. What stands at a place of its own is a word of its own; what only
/// looks otherwise goes on with the word before it.
fn words(node: Node<'_, '_>) -> String {
    let mut whole = String::new();
    for part in node.descendants() {
        let is_apart = match part.tag_name().name() {
            "tspan" => ["x", "y", "dy"]
                .iter()
                .any(|place| part.has_attribute(*place)),
            "p" | "div" | "li" | "br" | "textPath" => true,
            _ => false,
        };
        if is_apart {
            whole.push(' ');
        }
        if part.is_text() {
            whole.push_str(part.text().unwrap_or_default());
        }
    }
    one_line(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_has_words() {
        let check = |svg: &str, expected: &str| {
            assert_eq!(read(svg.as_bytes()).expect("read").parts[0].text, expected);
        };
        let head = "<svg xmlns='http://www.w3.org/2000/svg'>";
        check(
            &format!(
                "{head}<title>Yard</title><path d='M0 0'/><text>north <tspan>gate</tspan></text></svg>"
            ),
            "Yard\nnorth gate",
        );
        check(
            &format!(
                "{head}<text>w<tspan fill='red'>oo</tspan>l <tspan x='1' dy='2'>of</tspan><tspan x='1' dy='4'>llamas</tspan></text></svg>"
            ),
            "wool of llamas",
        );
        check(&format!("{head}<path d='M0 0h1'/></svg>"), "");
    }
}
