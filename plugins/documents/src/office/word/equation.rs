//! Equations of Word (Office Math), on one line: `x=(-b±√(b^2-4ac))/2a`.

use roxmltree::Node;

use super::super::elements::{attribute, child, name};

/// Parts within parts of an equation.
const DEPTH_MAX: usize = 32;

/// The equation in `node`.
pub fn words(node: &Node<'_, '_>) -> String {
    let mut text = String::new();
    add(node, &mut text, 0);
    text
}

fn add(node: &Node<'_, '_>, text: &mut String, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    for part in node.children() {
        let of = |local: &str| inside(&part, local, depth + 1);
        match name(&part) {
            "t" => text.push_str(part.text().unwrap_or_default()),
            "f" => text.push_str(&format!("{}/{}", grouped(&of("num")), grouped(&of("den")))),
            "sSup" => text.push_str(&format!("{}^{}", grouped(&of("e")), grouped(&of("sup")))),
            "sSub" => text.push_str(&format!("{}_{}", grouped(&of("e")), grouped(&of("sub")))),
            "sSubSup" => text.push_str(&format!(
                "{}_{}^{}",
                grouped(&of("e")),
                grouped(&of("sub")),
                grouped(&of("sup"))
            )),
            "rad" => {
                let degree = of("deg");
                let root = if degree.is_empty() { "√".to_owned() } else { format!("{degree}√") };
                text.push_str(&format!("{root}{}", grouped(&of("e"))));
            }
            "nary" => {
                text.push_str(said(&part, "naryPr", "chr").unwrap_or("∫"));
                for (mark, bound) in [('_', of("sub")), ('^', of("sup"))] {
                    if !bound.is_empty() {
                        text.push_str(&format!("{mark}{}", grouped(&bound)));
                    }
                }
                text.push_str(&format!(" {}", of("e")));
            }
            "d" => {
                let parts = part.children().filter(|inner| name(inner) == "e");
                let parts: Vec<String> = parts.map(|inner| below(&inner, depth + 1)).collect();
                let between = said(&part, "dPr", "sepChr").unwrap_or("|");
                text.push_str(said(&part, "dPr", "begChr").unwrap_or("("));
                text.push_str(&parts.join(between));
                text.push_str(said(&part, "dPr", "endChr").unwrap_or(")"));
            }
            "func" => text.push_str(&format!("{} {}", of("fName"), grouped(&of("e")))),
            "limLow" => text.push_str(&format!("{}_{}", of("e"), grouped(&of("lim")))),
            "m" => {
                let rows = part.children().filter(|row| name(row) == "mr");
                let row = |row: Node<'_, '_>| {
                    let cells = row.children().filter(|cell| name(cell) == "e");
                    let cells: Vec<String> = cells.map(|cell| below(&cell, depth + 1)).collect();
                    cells.join(", ")
                };
                text.push_str(&rows.map(row).collect::<Vec<_>>().join("; "));
            }
            // How it looks.
            kind if kind.ends_with("Pr") => {}
            _ => add(&part, text, depth + 1),
        }
    }
}

fn below(node: &Node<'_, '_>, depth: usize) -> String {
    let mut text = String::new();
    add(node, &mut text, depth);
    text
}

fn inside(node: &Node<'_, '_>, local: &str, depth: usize) -> String {
    child(node, local).map_or_else(String::new, |found| below(&found, depth))
}

/// What the properties of a part say of one.
fn said<'a>(part: &Node<'a, '_>, properties: &str, local: &str) -> Option<&'a str> {
    let properties = child(part, properties)?;
    attribute(&child(&properties, local)?, "val")
}

/// In brackets, unless it is one number or one name.
fn grouped(text: &str) -> String {
    match text.chars().all(char::is_alphanumeric) {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipped::xml;

    #[test]
    fn an_equation_stands_on_one_line() {
        let check = |inside: &str, expected: &str| {
            let text = format!("<oMath>{inside}</oMath>");
            let document = xml(&text, "document").expect("parsed");
            assert_eq!(words(&document.root_element()), expected, "{inside}");
        };
        let run = |text: &str| format!("<r><rPr><sty val='p'/></rPr><t>{text}</t></r>");
        check(
            &format!(
                "{}<f><fPr/><num>{}</num><den>{}</den></f>",
                run("x="),
                run("a+b"),
                run("2")
            ),
            "x=(a+b)/2",
        );
        check(
            &format!("<sSup><e>{}</e><sup>{}</sup></sSup>", run("10"), run("6")),
            "10^6",
        );
        check(
            &format!("<rad><radPr/><deg/><e>{}</e></rad>", run("2")),
            "√2",
        );
        check(
            &format!(
                "<nary><naryPr><chr val='∑'/></naryPr><sub>{}</sub><sup>{}</sup><e>{}</e></nary>",
                run("i=1"),
                run("n"),
                run("i")
            ),
            "∑_(i=1)^n i",
        );
        check(
            &format!("<d><dPr><begChr val='['/><endChr val=']'/></dPr><e>{}</e></d>", run("x")),
            "[x]",
        );
    }
}
