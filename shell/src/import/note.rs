//! Notes of Markdown: what they say of themselves before their text, and what of the text
//! is not meant to be read.
//!
//! Every line keeps its number: what is left out leaves blank lines.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::properties;

/// What a note says of itself.
#[derive(Debug, Default, PartialEq)]
pub struct Note {
    /// Its title, where it has one besides its file's name.
    pub title: Option<String>,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// Its text, with its other properties before it.
    pub text: String,
}

/// Properties that say how a note looks or what it is called.
const NOT_TEXT: &[&str] = &[
    "title",
    "alias",
    "aliases",
    "cssclass",
    "cssclasses",
    "publish",
    "layout",
];
/// Names of one note.
const NAMES_MAX: usize = 10;
const NAME_CHARS_MAX: usize = 200;

/// How the properties of a note are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Yaml,
    Toml,
    Json,
}

/// Lines that begin properties, how these are written, and the lines that end them.
const FORMS: &[(&str, Form, &[&str])] = &[
    ("---", Form::Yaml, &["---", "..."]),
    ("---yaml", Form::Yaml, &["---"]),
    ("+++", Form::Toml, &["+++"]),
    ("---toml", Form::Toml, &["---"]),
    (";;;", Form::Json, &[";;;"]),
    ("---json", Form::Json, &["---"]),
];

/// The same for programs that write an object of JSON without marks around it.
const BARE: (&str, Form, &[&str]) = ("{", Form::Json, &["}"]);

/// What `text` is as a note.
pub fn of(text: &str) -> Note {
    let Some((front, form, end)) = front_matter(text) else {
        return Note {
            title: first_line_title(text),
            text: readable(text),
            ..Note::default()
        };
    };
    let lines = text[..end].matches('\n').count();
    let properties = match form {
        Form::Yaml => properties::yaml(front),
        Form::Toml => properties::toml(front),
        Form::Json => as_json(front),
    };
    let mut note = Note::default();
    let mut head = match properties {
        Some(Value::Object(properties)) => {
            note.title = properties.get("title").and_then(name);
            for key in ["aliases", "alias"] {
                note.aliases
                    .extend(properties.get(key).into_iter().flat_map(names));
            }
            note.aliases.truncate(NAMES_MAX);
            let told = properties
                .iter()
                .filter(|(key, _)| !NOT_TEXT.contains(&key.to_lowercase().as_str()));
            told.filter_map(|(key, value)| Some(format!("{key}: {}", words(value)?)))
                .collect()
        }
        // What nobody can parse is still text.
        _ => front.lines().map(str::to_owned).collect::<Vec<_>>(),
    };
    head.truncate(lines.saturating_sub(1));
    let mut whole = head.join("\n");
    let used = whole.matches('\n').count();
    whole.push_str(&"\n".repeat(lines - used));
    whole.push_str(&readable(&text[end..]));
    note.text = whole;
    note
}

/// The properties at the beginning of a text, how they are written, and where they end.
fn front_matter(text: &str) -> Option<(&str, Form, usize)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let is_bare = first.trim_end() == BARE.0;
    let (_, form, ends) = match is_bare {
        true => &BARE,
        false => FORMS.iter().find(|(mark, ..)| first.trim_end() == *mark)?,
    };
    let start = if is_bare { 0 } else { first.len() };
    let mut at = first.len();
    for line in lines {
        let end = at + line.len();
        if ends.contains(&line.trim_end()) {
            let inside = &text[start..if is_bare { end } else { at }];
            // A text may begin with a brace for other reasons.
            let is_front = !is_bare || as_json(inside).is_some();
            return is_front.then_some((inside, *form, end));
        }
        at = end;
    }
    None
}

/// An object of JSON, whose braces its marks may stand for.
fn as_json(text: &str) -> Option<Value> {
    let whole = serde_json::from_str::<Value>(text);
    let whole = whole
        .or_else(|_| serde_json::from_str(&format!("{{{text}}}")))
        .ok()?;
    whole.is_object().then_some(whole)
}

/// The title that a text says in its first line, as Pandoc (`% Title`) and MultiMarkdown
/// (`Title: …`) write it.
fn first_line_title(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    let title = match line.strip_prefix("% ") {
        Some(title) => title,
        None => {
            let (key, title) = line.split_once(':')?;
            key.eq_ignore_ascii_case("title").then_some(title)?
        }
    };
    name(&Value::String(title.to_owned()))
}

fn name(value: &Value) -> Option<String> {
    let name = words(value)?;
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    (!name.is_empty()).then_some(name)
}

/// A list of names, or one name, or several with commas between.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(name).collect(),
        Value::String(text) => text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        value => name(value).into_iter().collect(),
    }
}

/// A value in words; none where it says nothing.
fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(words).collect();
            values.join(", ")
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .filter_map(|(key, value)| Some(format!("{key}: {}", words(value)?)));
            fields.collect::<Vec<_>>().join("; ")
        }
        value => value.to_string(),
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// `text` without comments that only its writer is meant to see, and without pictures
/// written into it; code stays as it is.
fn readable(text: &str) -> String {
    if !["%%", "<!--", "<svg", "data:"]
        .iter()
        .any(|mark| text.contains(mark))
    {
        return text.to_owned();
    }
    let mut whole = String::with_capacity(text.len());
    let mut ends = Ends::default();
    let (mut at, mut line_end) = (0, 0);
    let mut fence: Option<&str> = None;
    let mut line_start = true;
    while at < text.len() {
        if line_end <= at {
            line_end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
        }
        if line_start {
            let line = &text[at..line_end];
            let bare = line.trim_start();
            let mark = ["```", "~~~"]
                .into_iter()
                .find(|mark| bare.starts_with(mark));
            let toggles = match (fence, mark) {
                (Some(open), Some(mark)) => open == mark,
                (None, Some(mark)) => mark == "~~~" || !bare.trim_start_matches('`').contains('`'),
                _ => false,
            };
            if toggles || fence.is_some() {
                fence = if toggles { fence.xor(mark) } else { fence };
                whole.push_str(line);
                at = line_end;
                continue;
            }
        }
        let out = left_out(text, at..line_end, &mut ends).unwrap_or(line_end..line_end);
        let kept = &text[at..out.start];
        whole.push_str(kept);
        line_start = out.is_empty() && kept.ends_with('\n');
        at = out.end;
        whole.push_str(&drawn(&text[out.clone()]));
        whole.push_str(&"\n".repeat(text[out].matches('\n').count()));
    }
    whole
}

/// What a drawing says that is written into a note, with a space behind it; nothing of a sign,
/// whose title names it, and of other parts that are left out.
fn drawn(part: &str) -> String {
    let is_saying = ["<text", "<desc"].iter().any(|mark| part.contains(mark));
    if !part.starts_with("<svg") || !is_saying {
        return String::new();
    }
    let mut said = String::new();
    let mut is_open = false;
    for piece in part.split('<').skip(1) {
        let (tag, words) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split([' ', '\n', '\t', '/']).next().unwrap_or_default();
        match (name, tag.strip_prefix('/').unwrap_or_default()) {
            ("text" | "title" | "desc", _) => is_open = true,
            (_, "text" | "title" | "desc") => {
                is_open = false;
                said.push(' ');
            }
            _ => {}
        }
        if is_open {
            said.push_str(words);
        }
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    match words.is_empty() {
        true => String::new(),
        false => words.join(" ") + " ",
    }
}

/// What begins and ends a part that is not meant to be read.
const HIDDEN: [(&str, &str); 3] = [("%%", "%%"), ("<!--", "-->"), ("<svg", "</svg>")];

/// Where the next of each end stands in one text. The text is gone through once for each, however
/// often something begins that has no end.
#[derive(Default)]
struct Ends(HashMap<&'static str, usize>);

impl Ends {
    /// The place of the first `end` in `text` from `at` on; `at` is never less than before.
    fn next(&mut self, text: &str, end: &'static str, at: usize) -> Option<usize> {
        let known = self.0.get(end).copied().filter(|place| *place >= at);
        let place = known.unwrap_or_else(|| {
            let found = text[at..].find(end);
            found.map_or(usize::MAX, |place| at + place)
        });
        self.0.insert(end, place);
        (place < usize::MAX).then_some(place)
    }
}

/// The first part of `text` that begins in its `line` and is left out.
fn left_out(text: &str, line: Range<usize>, ends: &mut Ends) -> Option<Range<usize>> {
    // Between signs of code a mark is none.
    let mut in_code = false;
    for at in line.clone() {
        let here = &text.as_bytes()[at..];
        in_code ^= here.starts_with(b"`");
        if in_code {
            continue;
        }
        for (open, close) in HIDDEN {
            if here.starts_with(open.as_bytes())
                && let Some(end) = ends.next(text, close, at + open.len())
            {
                return Some(at..end + close.len());
            }
        }
        if here.starts_with(b"data:")
            && let Some(end) = content_end(text, line.start, at, ends)
        {
            return Some(at..end);
        }
    }
    None
}

/// Where an address ends that holds its own content, and begins `at` a place in `text`; what
/// stands before it is looked at from `start` on.
fn content_end(text: &str, start: usize, at: usize, ends: &mut Ends) -> Option<usize> {
    let address = &text[at..];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+-.;=_".contains(c);
    let behind = address.strip_prefix("data:")?;
    let (kind, content) = behind.split_at(behind.find(|c| !plain(c))?);
    if !content.starts_with(',') || !kind.contains([';', '/']) {
        return None;
    }
    match text[start..at].chars().next_back() {
        Some('(') => ends.next(text, ")", at),
        Some('<') => ends.next(text, ">", at),
        Some('"') => ends.next(text, "\"", at),
        Some('\'') => ends.next(text, "'", at),
        _ => {
            let len = address.find(char::is_whitespace);
            Some(at + len.unwrap_or(address.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_what_it_is_called() {
        let check = |text: &str, title: Option<&str>, aliases: &[&str], read: &str| {
            let note = of(text);
            assert_eq!(note.title.as_deref(), title, "{text}");
            assert_eq!(note.aliases, aliases, "{text}");
            assert_eq!(note.text, read, "{text}");
            assert_eq!(note.text.matches('\n').count(), text.matches('\n').count());
        };
        check("# Wool\n", None, &[], "# Wool\n");
        check(
            "---\ntitle: The Wool\n# a comment\naliases: [Fleece, Fibre]\ntags: [a, b]\n---\nText",
            Some("The Wool"),
            &["Fleece", "Fibre"],
            "tags: a, b\n\n\n\n\n\nText",
        );
        check(
            "---\naliases: Fleece\nborn: 1979-12-10\n---\n",
            None,
            &["Fleece"],
            "born: 1979-12-10\n\n\n\n",
        );
        check(
            "---\n{\"aliases\": [\"Fleece\"]}\n---\nText",
            None,
            &["Fleece"],
            "\n\n\nText",
        );
        check(
            "+++\ntitle = \"Wool\"\nweight = 3\n+++\nText",
            Some("Wool"),
            &[],
            "weight: 3\n\n\n\nText",
        );
        check(
            "---\n: [broken\n---\nText",
            None,
            &[],
            ": [broken\n\n\nText",
        );
        check("---\nnever closed", None, &[], "---\nnever closed");
        // As people write it: a colon in a title, signs that YAML reads otherwise, a key twice.
        check(
            "---\ntitle: Wool: a story\nrating: *****\naliases: @fleece\nborn: 1\nborn: 2\n---\nText",
            Some("Wool: a story"),
            &["@fleece"],
            "rating: *****\nborn: 2\n\n\n\n\n\nText",
        );
        // What YAML takes for something else is the word that stands there.
        check(
            "---\ntitle: No\nalias: 0x1F\ntags: [y, on, 2024-01-01]\nversion: 1.10\n---\nText",
            Some("No"),
            &["0x1F"],
            "tags: y, on, 2024-01-01\nversion: 1.10\n\n\n\n\nText",
        );
        // JSON, and TOML between other marks.
        check(
            "{\n  \"title\": \"Wool\",\n  \"weight\": 3\n}\nText",
            Some("Wool"),
            &[],
            "weight: 3\n\n\n\nText",
        );
        check("{\nno JSON\n}\nText", None, &[], "{\nno JSON\n}\nText");
        check(
            ";;;\n\"title\": \"Wool\"\n;;;\nText",
            Some("Wool"),
            &[],
            "\n\n\nText",
        );
        check(
            "---toml\ntitle = \"Wool\"\n---\nText",
            Some("Wool"),
            &[],
            "\n\n\nText",
        );
        // Of other programs, which have it in the first line.
        check(
            "% Wool\n% Ada\n\nText",
            Some("Wool"),
            &[],
            "% Wool\n% Ada\n\nText",
        );
        check(
            "Title: Wool\nDate: May\n\nText",
            Some("Wool"),
            &[],
            "Title: Wool\nDate: May\n\nText",
        );
    }

    #[test]
    fn what_is_not_meant_to_be_read_is_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(of(text).text, expected);
        check("red %%not him%% and blue", "red  and blue");
        check("a\n%%\nb\n%%\nc", "a\n\n\n\nc");
        check("100 %% and no more", "100 %% and no more");
        check("`%%a%%` %%b%%", "`%%a%%` ");
        check(
            "```mermaid\n%% kept %%\n```\n%%gone%%",
            "```mermaid\n%% kept %%\n```\n",
        );
        check(
            "![knot](data:image/png;base64,AAAA) <svg><path d='M0'/>\n</svg>end",
            "![knot]() \nend",
        );
        check(
            "![][one]\n\n[one]: <data:image/png;base64,AAAA>\n[two]: data:image/png;base64,AAAA",
            "![][one]\n\n[one]: <>\n[two]: ",
        );
        check(
            "Data: data:a, b <img src=\"data:image/svg+xml,%3Csvg%3E\" alt='knot'> and data:c",
            "Data: data:a, b <img src=\"\" alt='knot'> and data:c",
        );
        check(
            "a <svg><title>Yard</title><text x='1'>north\n<tspan>gate</tspan></text></svg>end <svg><title>x</title></svg>",
            "a Yard north gate \nend ",
        );
        check("red <!-- not\nthis --> and blue", "red \n and blue");
        check(
            "`<!-- shown -->` and 1 <!-- 2",
            "`<!-- shown -->` and 1 <!-- 2",
        );
    }

    #[test]
    fn what_never_ends_is_looked_for_once() {
        let check = |text: String, expected: &str| assert_eq!(of(&text).text, expected);
        let many = 100_000;
        for open in ["<!-- ", "<!--\n", "<svg ", "(data:a/b,\n", "`%%` "] {
            let text = open.repeat(many);
            check(text.clone(), &text);
        }
        check("a%%b%%".repeat(many), &"a".repeat(many));
        check("(data:a/b,c)".repeat(many), &"()".repeat(many));
    }
}
