//! Notes of Markdown: what they say of themselves before their text. What of the text is not
//! meant to be read is found in `hidden`.
//!
//! Every line keeps its number: what is left out leaves blank lines.

mod hidden;

use serde_json::Value;

use super::properties;
use hidden::readable;

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
            let of = |name: &str| {
                let mut all = properties.iter();
                let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value)
            };
            note.title = of("title").and_then(name);
            for key in ["aliases", "alias"] {
                note.aliases.extend(of(key).into_iter().flat_map(names));
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
    let room = lines.saturating_sub(1).max(1);
    if head.len() > room {
        // They stand on fewer lines than they take.
        let rest = head.split_off(room - 1);
        head.push(rest.join("; "));
    }
    let mut whole = head.join("\n");
    let used = whole.matches('\n').count();
    whole.push_str(&"\n".repeat(lines - used));
    whole.push_str(&readable(&text[end..]));
    note.text = whole;
    note
}

/// The properties at the beginning of a text, how they are written, and where they end.
fn front_matter(text: &str) -> Option<(&str, Form, usize)> {
    if text.starts_with('{') {
        return bare_object(text);
    }
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let (_, form, ends) = FORMS.iter().find(|(mark, ..)| first.trim_end() == *mark)?;
    let mut at = first.len();
    for line in lines {
        let end = at + line.len();
        if ends.contains(&line.trim_end()) {
            return Some((&text[first.len()..at], *form, end));
        }
        at = end;
    }
    None
}

/// The object of JSON at the beginning of a text that some programs write without marks around it;
/// nothing stands behind it on its last line. A text may begin with a brace for other reasons.
fn bare_object(text: &str) -> Option<(&str, Form, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let is_object = values.next()?.ok()?.is_object();
    let end = values.byte_offset();
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let is_front = is_object && text[end..line_end].trim().is_empty();
    is_front.then_some((&text[..end], Form::Json, line_end))
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
        // As Hugo has it: a list over several lines, a table, and keys in capitals elsewhere.
        check(
            "+++\ntitle = \"Wool\"\ndate = 2024-03-05T10:00:00Z\ntags = [\n  \"a\",\n  \"b\",\n]\naliases = [\"/old/wool/\"]\n[params]\nauthor = \"Ada\"\n+++\nText",
            Some("Wool"),
            &["/old/wool/"],
            "date: 2024-03-05T10:00:00Z\nparams: author: Ada\ntags: a, b\n\n\n\n\n\n\n\n\nText",
        );
        check(
            "---\nTitle: Wool\nAliases: [Fleece]\n---\nText",
            Some("Wool"),
            &["Fleece"],
            "\n\n\n\nText",
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
        check(
            "{ \"title\": \"Wool\",\n  \"tags\": [\"a\", \"b\"], \"of\": {\n  \"n\": 3 } }\n\nText",
            Some("Wool"),
            &[],
            "tags: a, b\nof: n: 3\n\n\nText",
        );
        // On one line, which has room for one.
        check(
            "{\"title\": \"Wool\", \"date\": \"2024-03-05\", \"tags\": [\"a\"], \"aliases\": [\"Fleece\"]}\nText",
            Some("Wool"),
            &["Fleece"],
            "date: 2024-03-05; tags: a\nText",
        );
        check("{a} is a set\nText", None, &[], "{a} is a set\nText");
        check("{\"a\": 1} and more", None, &[], "{\"a\": 1} and more");
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
}
