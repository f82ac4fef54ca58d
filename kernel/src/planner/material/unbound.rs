//! Names in a Python program that nothing ever gives a value: data of a page or of a table that only the
//! program's writer sees. Where a name gets its value, and whether that is before it is used, does not
//! count: a name that is given one anywhere is known everywhere. In doubt a name is known.

use std::collections::BTreeSet;
use std::ops::Range;

use super::code::{Kind, Token, tokens};

/// A name without a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unbound<'a> {
    pub(super) name: &'a str,
    /// Whether it is a module, a class or a function rather than data: it is called, or written so.
    pub(super) is_code: bool,
}

/// What a name is at one place of a program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Its value is taken.
    Taken,
    /// It is given a value.
    Given,
    /// It is a word of the language, or a name of something else: of a part, of an argument.
    Nothing,
}

/// The first name that the program `code` takes a value from though nothing ever gave it one.
pub(super) fn unbound(code: &str) -> Option<Unbound<'_>> {
    let tokens = tokens(code)?;
    if is_no_program(&tokens) {
        return None;
    }
    let mut names = Names::of(&tokens);
    for at in 0..tokens.len() {
        names.heed(at);
    }
    for statement in statements(&tokens) {
        names.heed_statement(statement);
    }
    names.first_unbound()
}

/// Whether two names stand side by side, as in prose, or the program has names that cannot be seen.
fn is_no_program(tokens: &[Token<'_>]) -> bool {
    let is_name = |token: &Token<'_>| {
        token.kind == Kind::Name && !WORDS.contains(&token.text) && !SOFT.contains(&token.text)
    };
    let beside = tokens
        .windows(2)
        .any(|two| is_name(&two[0]) && is_name(&two[1]));
    let imports_all = tokens
        .windows(2)
        .any(|two| two[0].text == "import" && two[1].text == "*");
    let hides = |token: &Token<'_>| token.kind == Kind::Name && HIDING.contains(&token.text);
    let is_fenced = tokens.iter().any(|token| token.text == "`");
    beside || imports_all || is_fenced || tokens.iter().any(hides)
}

/// The places of each statement. What stands behind the colon of a head is a statement too.
fn statements(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut statements = Vec::new();
    let mut begins = 0;
    for (at, token) in tokens.iter().enumerate() {
        let is_head = tokens.get(begins).is_some_and(is_head_word);
        let ends = token.kind == Kind::Line || token.text == ";" || token.text == ":" && is_head;
        if ends && token.depth == 0 {
            statements.push(begins..at);
            begins = at + 1;
        }
    }
    statements.push(begins..tokens.len());
    statements.retain(|statement| !statement.is_empty());
    statements
}

fn is_head_word(token: &Token<'_>) -> bool {
    HEADS.contains(&token.text)
}

/// The tokens of a program, and what each name is there.
struct Names<'a, 'b> {
    tokens: &'b [Token<'a>],
    roles: Vec<Role>,
}

impl<'a, 'b> Names<'a, 'b> {
    fn of(tokens: &'b [Token<'a>]) -> Self {
        let role =
            |token: &Token<'_>| match token.kind == Kind::Name && !WORDS.contains(&token.text) {
                true => Role::Taken,
                false => Role::Nothing,
            };
        Self {
            tokens,
            roles: tokens.iter().map(role).collect(),
        }
    }

    fn first_unbound(&self) -> Option<Unbound<'a>> {
        let all = || self.tokens.iter().zip(&self.roles);
        let given: BTreeSet<&str> = all()
            .filter(|(_, role)| **role == Role::Given)
            .map(|(token, _)| token.text)
            .collect();
        let is_known = |name: &str| {
            given.contains(name)
                || BUILT_IN.split_whitespace().any(|known| known == name)
                || SOFT.contains(&name)
                || name.starts_with("__")
        };
        let mut taken = all()
            .enumerate()
            .filter(|(_, (token, role))| **role == Role::Taken && !is_known(token.text));
        let (at, (token, _)) = taken.next()?;
        Some(Unbound {
            name: token.text,
            is_code: self.text(at + 1) == "("
                || self.text_before(at) == "@"
                || token.text.starts_with(char::is_uppercase)
                || MODULES.contains(&token.text),
        })
    }

    /// The text of a token; none behind the last one.
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn text_before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    fn depth(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(0, |token| token.depth)
    }

    /// The place of the first of `ends` from `at` on that stands as deep as `depth`, or where brackets
    /// or the program end.
    fn end(&self, at: usize, depth: usize, ends: &[&str]) -> usize {
        let is_end = |token: &Token<'_>| {
            token.depth < depth
                || token.depth == depth && (token.kind == Kind::Line || ends.contains(&token.text))
        };
        let rest = self.tokens.iter().skip(at);
        at + rest.take_while(|token| !is_end(token)).count()
    }

    fn names_something(&self, at: usize) -> bool {
        self.roles
            .get(at)
            .is_some_and(|role| *role != Role::Nothing)
    }

    fn set(&mut self, at: usize, role: Role) {
        if self.names_something(at) {
            self.roles[at] = role;
        }
    }

    fn set_all(&mut self, places: Range<usize>, role: Role) {
        places.for_each(|at| self.set(at, role));
    }

    /// Takes note of what the token at `at` says of the names beside it.
    fn heed(&mut self, at: usize) {
        let depth = self.depth(at);
        match self.text(at) {
            "def" => self.heed_function(at + 1, depth),
            "class" => {
                self.set(at + 1, Role::Given);
                self.heed_types(at + 2, depth);
            }
            "lambda" => {
                let end = self.end(at + 1, depth, &[":"]);
                self.heed_parameters(at + 1..end, depth);
            }
            "for" => {
                let end = self.end(at + 1, depth, &["in"]);
                self.heed_targets(at + 1..end);
            }
            "as" => {
                let end = match self.text(at + 1) {
                    "(" | "[" => self.end(at + 2, depth + 1, &[]),
                    _ => at + 2,
                };
                self.heed_targets(at + 1..end);
            }
            ":=" | "+=" | "-=" | "*=" | "/=" | "//=" | "%=" | "**=" | "|=" | "&=" | "^="
            | ">>=" | "<<=" | "@=" => self.heed_targets(at.saturating_sub(1)..at),
            "." => self.set(at + 1, Role::Nothing),
            // The name of an argument; a parameter was seen before.
            "=" if depth > 0 => {
                if let Some(name) = at.checked_sub(1)
                    && self.roles[name] == Role::Taken
                {
                    self.set(name, Role::Nothing);
                }
            }
            _ => {}
        }
    }

    /// The name and the parameters of a function, from its name on.
    fn heed_function(&mut self, at: usize, depth: usize) {
        self.set(at, Role::Given);
        let opens = self.heed_types(at + 1, depth);
        if self.text(opens) != "(" {
            return;
        }
        let closes = self.end(opens + 1, depth + 1, &[]);
        self.heed_parameters(opens + 1..closes, depth + 1);
        if self.text(closes + 1) == "->" {
            // What it returns is looked at by nobody.
            let end = self.end(closes + 2, depth, &[":"]);
            self.set_all(closes + 2..end, Role::Nothing);
        }
    }

    /// The types that stand in brackets behind a name, if any, and the place behind them.
    fn heed_types(&mut self, at: usize, depth: usize) -> usize {
        if self.text(at) != "[" {
            return at;
        }
        let end = self.end(at + 1, depth + 1, &[]);
        self.set_all(at + 1..end, Role::Given);
        end + 1
    }

    /// Parameters with their types and values, which stand as deep as `depth`.
    fn heed_parameters(&mut self, places: Range<usize>, depth: usize) {
        let mut at = places.start;
        while at < places.end {
            let end = self.end(at, depth, &[","]).min(places.end);
            let name = at + usize::from(matches!(self.text(at), "*" | "**"));
            self.set(name, Role::Given);
            if self.text(name + 1) == ":" {
                let value = self.end(name + 2, depth, &["=", ","]).min(end);
                self.set_all(name + 2..value, Role::Nothing);
            }
            at = end + 1;
        }
    }

    /// Names that are given a value: not those of which a part is.
    fn heed_targets(&mut self, places: Range<usize>) {
        // Whether each bracket that is open is one of an index or a call.
        let mut open: Vec<bool> = Vec::new();
        for at in places.clone() {
            match self.text(at) {
                "(" | "[" | "{" => {
                    let before = at.checked_sub(1).filter(|at| *at >= places.start);
                    let behind = before.is_some_and(|at| {
                        self.names_something(at) || matches!(self.text(at), ")" | "]")
                    });
                    let of_a_part = before.is_some_and(|at| self.text_before(at) == ".");
                    open.push(behind || of_a_part);
                }
                ")" | "]" | "}" => {
                    open.pop();
                }
                _ => {
                    let of_a_part =
                        matches!(self.text(at + 1), "." | "[" | "(") || self.text_before(at) == ".";
                    if !of_a_part && !open.contains(&true) {
                        self.set(at, Role::Given);
                    }
                }
            }
        }
    }

    /// What a statement gives a value: an import, an assignment, a pattern.
    fn heed_statement(&mut self, places: Range<usize>) {
        let (begins, ends) = (places.start, places.end);
        match self.text(begins) {
            "import" | "global" | "nonlocal" => self.set_all(places, Role::Given),
            "from" => {
                let imports = self.end(begins, 0, &["import"]).min(ends);
                self.set_all(begins..imports, Role::Nothing);
                self.set_all(imports..ends, Role::Given);
            }
            "type" if self.names_something(begins + 1) => {
                self.set(begins + 1, Role::Given);
                self.heed_types(begins + 2, 0);
            }
            "case" if !matches!(self.text(begins + 1), "=" | "." | ":" | "," | ")") => {
                let guard = self.end(begins, 0, &["if", ":"]).min(ends);
                let is_part = |at: &usize| matches!(self.text(at + 1), "." | "(" | "=");
                let given: Vec<usize> = (begins..guard).filter(|at| !is_part(at)).collect();
                given.into_iter().for_each(|at| self.set(at, Role::Given));
            }
            _ => self.heed_assignment(places),
        }
    }

    fn heed_assignment(&mut self, places: Range<usize>) {
        let is_outside = |at: &usize, sign: &str| self.text(*at) == sign && self.depth(*at) == 0;
        let typed = places.clone().find(|at| is_outside(at, ":"));
        let lambda = places.clone().find(|at| is_outside(at, "lambda"));
        let last = lambda.unwrap_or(places.end);
        let is_sign = |at: &usize| is_outside(at, "=");
        let sign = (places.start..last).rev().find(is_sign);
        match (typed.filter(|at| *at < last), sign) {
            (Some(typed), sign) => {
                self.heed_targets(places.start..typed);
                let end = sign.filter(|sign| *sign > typed).unwrap_or(places.end);
                self.set_all(typed + 1..end, Role::Nothing);
            }
            (None, Some(sign)) => self.heed_targets(places.start..sign),
            (None, None) => {}
        }
    }
}

/// Words of the language.
const WORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];
/// Words of the language only in some places.
const SOFT: [&str; 4] = ["match", "case", "type", "_"];
/// Words with which a head begins that ends with a colon.
const HEADS: [&str; 14] = [
    "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class",
    "async", "match", "case",
];
/// Names that give others a value unseen, and the one by which a program knows itself that one has none.
const HIDING: [&str; 8] = [
    "exec",
    "eval",
    "globals",
    "locals",
    "vars",
    "setattr",
    "__import__",
    "NameError",
];
/// Modules that programs forget to import.
const MODULES: [&str; 20] = [
    "calendar",
    "collections",
    "copy",
    "csv",
    "datetime",
    "functools",
    "heapq",
    "itertools",
    "json",
    "math",
    "np",
    "numpy",
    "os",
    "pandas",
    "pd",
    "random",
    "re",
    "statistics",
    "sys",
    "time",
];
/// Names that every program has.
const BUILT_IN: &str = "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr \
    classmethod compile complex copyright credits delattr dict dir divmod enumerate exit filter float format \
    frozenset getattr hasattr hash help hex id input int isinstance issubclass iter len license list map max \
    memoryview min next object oct open ord pow print property quit range repr reversed round set slice sorted \
    staticmethod str sum super tuple zip Ellipsis NotImplemented \
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError \
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError \
    ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError \
    Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit \
    IOError ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError \
    KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NotADirectoryError NotImplementedError OSError \
    OverflowError PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError \
    RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration \
    SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError \
    UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning \
    ValueError Warning ZeroDivisionError";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, want: Option<&str>) {
        assert_eq!(unbound(code).map(|found| found.name), want, "{code}");
    }

    #[test]
    fn a_name_without_a_value_is_found_wherever_it_stands() {
        for code in [
            "print(next(row[4] for row in data if row[0] == 'x'))",
            "x = max(data, key=len)",
            "x = [a for a in data]",
            "x = {k: v for k, v in data.items() if k}",
            "f = lambda x: x + data",
            "f = lambda x=data: x",
            "def f(x=data):\n    return x",
            "def f(x: int = 4, *, y=data) -> int:\n    return x",
            "print(f'{data:>4}')",
            "print(f'{4:>{data}}')",
            "print(f\"{data['a']}\")",
            "x = 4 if data else 5",
            "data[0] = 4",
            "data.total = 4",
            "with data as x:\n    pass",
            "x = y = data",
            "x: int = data",
            "print(x := data)",
            "for x in data: print(x)",
            "match data:\n    case [x]:\n        print(x)",
            "match 4:\n    case x if data:\n        print(x)",
            "@data\ndef f(): pass",
            "class A(data): pass",
            "try:\n    pass\nexcept data as error:\n    print(error)",
            "print(dict(data=4), data)",
            "del data",
            "return_value = data == 4",
            "print(*data, **{})",
            "x = 4; print(data)",
        ] {
            check(code, Some("data"));
        }
    }

    #[test]
    fn a_name_that_is_given_a_value_anywhere_is_known() {
        for code in [
            "print(sum(a for a, (b, *c) in [(1, (2, 3))]) and a)",
            "print([x for row in [[1]] for x in row])",
            "f = lambda x, *y, z=4, **k: (x, y, z, k)\nf(1)",
            "def f(a, b: list[T], /, *c, d=None, **e) -> Result:\n    return a, b, c, d, e",
            "def f[T](x: T) -> T:\n    return T(x)",
            "class A:\n    n = 4\n    def f(self):\n        return self.n\nprint(A().f())",
            "import os.path as p, re\nprint(p, re)",
            "import xml.dom\nprint(xml.dom)",
            "from math import (sqrt,\n    pi as turn)\nprint(sqrt(4), turn)",
            "from . import tables\nprint(tables)",
            "with open as f, open as (g, h):\n    print(f, g, h)",
            "try:\n    pass\nexcept (ValueError, OSError) as error:\n    print(error)",
            "while (n := 4) > 3:\n    print(n)",
            "def f():\n    global total\n    total += 1",
            "first, *rest = 1, 2\n[a, (b, c)] = rest\nprint(first, a, b, c)",
            "x = y = 4\nprint(x, y)",
            "x: dict[Key, int] = {}\nx['a'] = 4\nx.b = 5",
            "x: Later\nx = 4",
            "match [1, 2]:\n    case [a, *b] if a:\n        print(a, b)\n    case {'k': v, **rest} | int(x=v):\n        print(v, rest)",
            "match = 4\ncase = 5\ntype = 6\nprint(match, case, type)",
            "if True: a = 4\nelse: a = 5\nprint(a)",
            "for i, row in enumerate([]): total = row\nelse: total = i",
            "print(f'{len([]):{4}} {{data}} \\N{BULLET}', 'data', rb'data')  # data",
            "print('a'.data, (4).data)",
            "print(dict(data=4), sorted([], key=None))",
            "async def f():\n    async for x in f():\n        print(await x)",
            "print(__name__, _, ValueError, Ellipsis)",
            "import sys\nsum(x\n    for x in [1])",
            "type Pair[A] = tuple[A, A]\nprint(Pair)",
            "x = lambda: 4\nprint(x())",
            "a[i], b = 1, 2\na = b = i = 4",
            // What cannot be seen, or is no program.
            "exec('data = 4')\nprint(data)",
            "from tables import *\nprint(data)",
            "try:\n    data\nexcept NameError:\n    data = 4",
            "The answer is 42.",
            "```python\nprint(4)\n```",
            "print data",
            "print(data",
            "x = 'data",
            "",
        ] {
            check(code, None);
        }
    }

    #[test]
    fn code_is_told_from_data() {
        let check = |code: &str, want: bool| {
            assert_eq!(
                unbound(code).map(|found| found.is_code),
                Some(want),
                "{code}"
            );
        };
        check("print(sqrt(4))", true);
        check("print(math.pi)", true);
        check("x = Decimal", true);
        check("@dataclass\nclass A: pass", true);
        check("print(rows[0])", false);
        check("print(rows)", false);
        check("x = page.split(',')", false);
    }
}
