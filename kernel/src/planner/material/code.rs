//! A Python program as its tokens: names, lines and all else, each with how deep it stands in brackets.
//! Texts are passed over, but for the expressions in those that are formatted. No parser: what names
//! mean is in `unbound`.

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::planner) enum Kind {
    Name,
    /// The end of a line outside of brackets.
    Line,
    Other,
}

/// A word or sign of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::planner) struct Token<'a> {
    pub(in crate::planner) text: &'a str,
    pub(in crate::planner) kind: Kind,
    /// How many brackets are open around it; a bracket stands outside of itself.
    pub(in crate::planner) depth: usize,
}

/// The tokens of `code`; `None` where a text or a bracket has no end, or brackets stand too deep.
pub(in crate::planner) fn tokens(code: &str) -> Option<Vec<Token<'_>>> {
    let mut reader = Reader {
        code,
        at: 0,
        depth: 0,
        tokens: Vec::new(),
        is_broken: false,
    };
    while reader.at < code.len() && !reader.is_broken {
        reader.step();
    }
    (!reader.is_broken && reader.depth == 0).then_some(reader.tokens)
}

/// What may stand before the quote of a text.
const PREFIXES: [&str; 11] = ["r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"];
/// Brackets that may be open at once: Python takes no more. A field within a field is read by
/// recursion, so a program that only opens them would use up the stack.
const DEPTH_MAX: usize = 200;
/// Signs of more than one character, longer ones first.
const SIGNS: [&str; 25] = [
    "**=", "//=", ">>=", "<<=", "...", "==", "!=", "<=", ">=", ":=", "->", "+=", "-=", "*=", "/=",
    "%=", "&=", "|=", "^=", "@=", "**", "//", "<<", ">>", "<>",
];

/// Reads a program from its beginning.
struct Reader<'a> {
    code: &'a str,
    /// The byte that is read next.
    at: usize,
    depth: usize,
    tokens: Vec<Token<'a>>,
    is_broken: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.code[self.at..]
    }

    fn push(&mut self, len: usize, kind: Kind) {
        self.tokens.push(Token {
            text: &self.rest()[..len],
            kind,
            depth: self.depth,
        });
        self.at += len;
    }

    /// Passes over as many characters.
    fn skip(&mut self, chars: usize) {
        self.at += self
            .rest()
            .chars()
            .take(chars)
            .map(char::len_utf8)
            .sum::<usize>();
    }

    /// Reads one token, or passes over what is none. Something has to be left.
    fn step(&mut self) {
        let rest = self.rest();
        match rest.chars().next() {
            Some('\n') if self.depth == 0 => self.push(1, Kind::Line),
            Some('#') => self.at += rest.find('\n').unwrap_or(rest.len()),
            Some('\\') => self.skip(2),
            Some(c) if c.is_whitespace() => self.skip(1),
            Some('"' | '\'') => self.text(false),
            Some(c) if c.is_ascii_digit() => {
                let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                self.push(length(rest, is_part), Kind::Other);
            }
            Some(c) if is_of_a_name(c) => self.word(),
            Some('(' | '[' | '{') => self.open(),
            Some(')' | ']' | '}') => match self.depth.checked_sub(1) {
                Some(depth) => {
                    self.depth = depth;
                    self.push(1, Kind::Other);
                }
                None => self.is_broken = true,
            },
            Some(c) => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                self.push(sign.map_or(c.len_utf8(), |sign| sign.len()), Kind::Other);
            }
            None => self.is_broken = true,
        }
    }

    /// Reads a bracket that opens.
    fn open(&mut self) {
        self.push(1, Kind::Other);
        self.depth += 1;
        self.is_broken |= self.depth > DEPTH_MAX;
    }

    /// Reads a name, or the text that it is the prefix of.
    fn word(&mut self) {
        let rest = self.rest();
        let len = length(rest, is_of_a_name);
        let prefix = rest[..len].to_lowercase();
        if rest[len..].starts_with(['"', '\'']) && PREFIXES.contains(&prefix.as_str()) {
            self.at += len;
            self.text(prefix.contains(['f', 't']));
        } else {
            self.push(len, Kind::Name);
        }
    }

    /// Reads a text from its quote on, with the fields in it where it `is_formatted`.
    fn text(&mut self, is_formatted: bool) {
        let rest = self.rest();
        let long = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quote| rest.starts_with(quote));
        let quote = long.unwrap_or(&rest[..1]);
        self.push(quote.len(), Kind::Other);
        while !self.is_broken {
            let rest = self.rest();
            if rest.starts_with(quote) {
                self.at += quote.len();
                return;
            }
            match rest.chars().next() {
                // The name of a character.
                Some('\\') if is_formatted && rest.starts_with("\\N{") => {
                    self.at += rest.find('}').unwrap_or(rest.len());
                }
                Some('\\') => self.skip(2),
                Some('{') if is_formatted && rest.starts_with("{{") => self.skip(2),
                Some('{') if is_formatted => self.field(),
                None => self.is_broken = true,
                Some('\n') if quote.len() == 1 => self.is_broken = true,
                Some(_) => self.skip(1),
            }
        }
    }

    /// Reads a field of a formatted text: `{value!r:>{width}}`.
    fn field(&mut self) {
        self.open();
        let depth = self.depth;
        while !self.is_broken {
            let rest = self.rest();
            match rest.chars().next() {
                Some('}') if self.depth == depth => return self.step(),
                Some(':') if self.depth == depth => self.form(),
                Some('!') if self.depth == depth && !rest.starts_with("!=") => self.skip(2),
                _ => self.step(),
            }
        }
    }

    /// Passes over how a field is written, with the fields in that.
    fn form(&mut self) {
        loop {
            match self.rest().chars().next() {
                Some('{') => self.field(),
                Some('}') => return,
                Some(_) => self.skip(1),
                None => self.is_broken = true,
            }
            if self.is_broken {
                return;
            }
        }
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How many bytes of `text` there are before the first character that is none of these.
fn length(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_read_as_its_names() {
        let check = |code: &str, want: &[&str]| {
            let names = tokens(code).expect("it ends");
            let names = names.iter().filter(|token| token.kind == Kind::Name);
            let names: Vec<&str> = names.map(|token| token.text).collect();
            assert_eq!(names, want, "{code}");
        };
        check("a = b[1] + 1e5  # c", &["a", "b"]);
        check("a = 'b' + rb\"c\" + '''d\ne'''", &["a"]);
        check(
            "a = f'{b} {{c}} {d[\"e\"]!r:>{f}} g'",
            &["a", "b", "d", "f"],
        );
        check(
            "a = f\"{b:%Y-%m}{c != d}\" + F'{e=}'",
            &["a", "b", "c", "d", "e"],
        );
        check("a = f'\\N{BULLET} {b}'", &["a", "b"]);
        check("a = 'it\\'s b'", &["a"]);
        check("größe = 1", &["größe"]);
        check("", &[]);
        for broken in ["a = (1", "a = 'b", "a)", "f'{a'", "'''b"] {
            assert_eq!(tokens(broken), None, "{broken}");
        }
    }

    #[test]
    fn brackets_that_stand_too_deep_are_not_read() {
        let check = |opens: &str, closes: &str, times: usize, want: bool| {
            let code = format!("{}4{}", opens.repeat(times), closes.repeat(times));
            assert_eq!(tokens(&code).is_some(), want, "{opens} {times}");
        };
        check("(", ")", 200, true);
        check("f'{", "}'", 100, true);
        for times in [201, 100_000] {
            check("(", ")", times, false);
            check("f'{", "}'", times, false);
        }
        let forms = format!("f'{{a{}", ":{a".repeat(100_000));
        assert_eq!(tokens(&forms), None);
    }

    #[test]
    fn a_line_ends_outside_of_brackets() {
        let check = |code: &str, want: usize| {
            let tokens = tokens(code).expect("it ends");
            let lines = tokens.iter().filter(|token| token.kind == Kind::Line);
            assert_eq!(lines.count(), want, "{code}");
        };
        check("a = 1\nb = 2\n", 2);
        check("a = [\n1,\n2]\n", 1);
        check("a = 1 + \\\n2\n", 1);
    }
}
