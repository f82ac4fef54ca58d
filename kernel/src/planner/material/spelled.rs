//! Lists that a program spells out, such as `[("Rye", 35), …]`. No parser: a list with anything but
//! texts, numbers and groups of these is passed over.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::pattern;

/// A list of texts and numbers, or of groups of them.
#[derive(Debug, PartialEq)]
pub(super) struct Spelled {
    /// Where it stands, in bytes.
    pub(super) at: Range<usize>,
    /// The values of each element; of a dict without their keys.
    pub(super) elements: Vec<Vec<String>>,
    /// Whether an element is a dict.
    pub(super) has_dicts: bool,
}

/// The lists that `code` spells out.
pub(super) fn lists(code: &str) -> Vec<Spelled> {
    let mut reader = Reader {
        code,
        at: 0,
        has_dicts: false,
    };
    let mut found = Vec::new();
    while let Some(sign) = reader.peek() {
        let begins = reader.at;
        reader.has_dicts = false;
        let elements = match sign {
            '[' => reader.list(),
            '"' | '\'' => {
                reader.value();
                None
            }
            '#' => {
                reader.skip_space();
                None
            }
            _ => None,
        };
        match elements {
            Some(elements) => found.push(Spelled {
                at: begins..reader.at,
                elements,
                has_dicts: reader.has_dicts,
            }),
            // A text or a comment was passed over as a whole.
            None if sign != '[' && reader.at > begins => {}
            None => reader.at = begins + sign.len_utf8(),
        }
    }
    found
}

/// Reads a program from `at` on.
struct Reader<'a> {
    code: &'a str,
    at: usize,
    /// Whether a dict was read.
    has_dicts: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.code[self.at..].chars().next()
    }

    /// Passes over white space and comments.
    fn skip_space(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                '#' => {
                    let rest = &self.code[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ if c.is_whitespace() => self.at += c.len_utf8(),
                _ => return,
            }
        }
    }

    /// The elements of the list that begins here.
    fn list(&mut self) -> Option<Vec<Vec<String>>> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.skip_space();
            let element = match self.peek()? {
                ']' => {
                    self.at += 1;
                    return Some(elements);
                }
                '(' | '[' | '{' => self.group()?,
                _ => vec![self.value()?],
            };
            elements.push(element);
            self.comma(']')?;
        }
    }

    /// The values of the tuple, list or dict that begins here.
    fn group(&mut self) -> Option<Vec<String>> {
        let closing = match self.peek()? {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        self.has_dicts |= closing == '}';
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_space();
            if self.peek()? == closing {
                self.at += 1;
                return Some(values);
            }
            let mut value = self.value()?;
            self.skip_space();
            if closing == '}' && self.peek()? == ':' {
                self.at += 1;
                self.skip_space();
                value = self.value()?;
            }
            values.push(value);
            self.comma(closing)?;
        }
    }

    /// Passes over the comma behind an element, which the last one before `closing` may lack.
    fn comma(&mut self, closing: char) -> Option<()> {
        self.skip_space();
        match self.peek()? {
            ',' => self.at += 1,
            sign if sign == closing => {}
            _ => return None,
        }
        Some(())
    }

    /// A text without its quotes, or a number as it is written.
    fn value(&mut self) -> Option<String> {
        static VALUE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r#"^(?:"(?P<a>(?:[^"\\\n]|\\.)*)"|'(?P<b>(?:[^'\\\n]|\\.)*)'|(?P<c>-?\d[\d_]*(?:\.\d+)?|None|True|False))"#,
            )
        });
        let found = VALUE.captures(&self.code[self.at..])?;
        let value = ["a", "b", "c"]
            .iter()
            .find_map(|name| found.name(name))?
            .as_str()
            .to_owned();
        self.at += found[0].len();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_values_are_found() {
        let check = |code: &str, want: &[&str]| {
            let of = |list: &Spelled| {
                let elements = list.elements.iter().map(|values| values.join("|"));
                elements.collect::<Vec<_>>().join(" ")
            };
            let found: Vec<String> = lists(code).iter().map(of).collect();
            assert_eq!(found, want, "{code}");
        };
        check("a = [4, -9, 1.5]", &["4 -9 1.5"]);
        check(
            "a = [\n  ('Rye', 35),  # [1]\n  [\"Oats\", None],\n]",
            &["Rye|35 Oats|None"],
        );
        check("a = [{'sack': 'Rye', 'kg': 35}]", &["Rye|35"]);
        check("a = ['it\\'s', 'b']  # [4, 9]", &["it\\'s b"]);
        check("a = '[4, 9]' + str([7])", &["7"]);
        check("print(row['kg'], row[0])", &["kg", "0"]);
        check("a = []", &[""]);
        // Those are worked out, or have no end.
        check("a = [n for n in b]", &[]);
        check("a = [4 * 2, 9]", &[]);
        check("a = [[b], [4]]", &["4"]);
        check("a = [4, 9", &[]);
        check("a = '[4", &[]);
        check("", &[]);
    }

    #[test]
    fn a_list_of_dicts_is_known_and_where_it_stands() {
        let code = "a = [{'kg': 4}]\nb = [4]";
        let found = lists(code);
        let stand: Vec<(&str, bool)> = found
            .iter()
            .map(|list| (&code[list.at.clone()], list.has_dicts))
            .collect();
        assert_eq!(stand, [("[{'kg': 4}]", true), ("[4]", false)]);
    }
}
