//! The front matter of a SKILL.md, as people write it: YAML, and nearly YAML.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_saphyr::options::DuplicateKeyPolicy;

/// What it says; keys that are not known are left alone.
#[derive(Debug, Default, Deserialize)]
pub struct Front {
    #[serde(alias = "Name")]
    pub name: Option<String>,
    #[serde(default, alias = "Description", deserialize_with = "described")]
    pub description: Option<String>,
    #[serde(rename = "allowed-tools", alias = "allowed_tools")]
    allowed_tools: Option<Tools>,
    /// The tools of an agent of another program.
    tools: Option<Tools>,
    // What such an agent may say beside, and nothing here does.
    model: Option<IgnoredAny>,
    temperature: Option<IgnoredAny>,
    permission: Option<IgnoredAny>,
    #[serde(rename = "permissionMode")]
    permission_mode: Option<IgnoredAny>,
    #[serde(rename = "disallowedTools")]
    disallowed_tools: Option<IgnoredAny>,
    #[serde(rename = "mcpServers", alias = "mcp-servers")]
    mcp_servers: Option<IgnoredAny>,
    hooks: Option<IgnoredAny>,
    handoffs: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<String>),
    Words(String),
    /// Nothing that could be read as names; it limits nothing.
    Other(IgnoredAny),
}

/// What a skill does, which some write as a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    Line(String),
    Number(f64),
    List(Vec<String>),
    /// Nothing that somebody could read.
    Other(IgnoredAny),
}

/// A description as one text.
fn described<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Words>::deserialize(value)? {
        Some(Words::Line(line)) => Some(line),
        Some(Words::Number(number)) => Some(number.to_string()),
        Some(Words::List(lines)) => Some(lines.join("\n")),
        Some(Words::Other(_)) | None => None,
    })
}

impl Front {
    /// The tools that the skill's author wants called without a question.
    pub fn allowed_tools(&self) -> Vec<String> {
        let named = |tools: &Tools| match tools {
            Tools::List(names) => names.clone(),
            Tools::Words(words) => split(words),
            Tools::Other(_) => Vec::new(),
        };
        let lists = [&self.allowed_tools, &self.tools].into_iter().flatten();
        let mut names: Vec<String> = lists.flat_map(named).collect();
        // All that there are: no tool is called so.
        names.retain(|name| name != "*");
        names
    }

    /// The keys of it that count for nothing here, and would for another program.
    pub fn not_taken(&self) -> Vec<&'static str> {
        let keys = [
            ("model", &self.model),
            ("temperature", &self.temperature),
            ("permission", &self.permission),
            ("permissionMode", &self.permission_mode),
            ("disallowedTools", &self.disallowed_tools),
            ("mcpServers", &self.mcp_servers),
            ("hooks", &self.hooks),
            ("handoffs", &self.handoffs),
        ];
        let said = keys.into_iter().filter(|(_, value)| value.is_some());
        let mut said: Vec<&str> = said.map(|(key, _)| key).collect();
        if matches!(self.tools, Some(Tools::Other(_))) {
            said.push("tools");
        }
        said
    }
}

/// `words` at commas and spaces, but not within parentheses: `Bash(git add *)` is one.
fn split(words: &str) -> Vec<String> {
    let (mut names, mut name, mut depth) = (Vec::new(), String::new(), 0_usize);
    for c in words.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match depth == 0 && (c == ',' || c.is_whitespace()) {
            true if name.is_empty() => {}
            true => names.push(std::mem::take(&mut name)),
            false => name.push(c),
        }
    }
    names.extend(Some(name).filter(|name| !name.is_empty()));
    names
}

/// The front matter and what follows it, where the text begins with one. Blank lines before it
/// and words behind its last mark are nothing to programs that many skills were written for.
///
/// # Errors
/// What is wrong with it, with its line in the file. A front matter that cannot be read is
/// never taken for a part of the instructions.
pub fn read(text: &str) -> Result<(Front, &str), String> {
    let whole = begun(text);
    let before = text[..text.len() - whole.len()].matches('\n').count() + 1;
    let Some(first) = whole.lines().next().filter(|line| line.trim_end() == "---") else {
        return Ok((Front::default(), text));
    };
    let inside = &whole[first.len()..];
    let inside = inside.strip_prefix('\r').unwrap_or(inside);
    let inside = inside.strip_prefix('\n').unwrap_or(inside);
    let mut end = 0;
    for line in inside.split_inclusive('\n') {
        let behind = line
            .strip_prefix("---")
            .filter(|rest| !rest.starts_with('-'));
        if behind.is_some() || line.trim_end() == "..." {
            let body = match behind.filter(|rest| !rest.trim().is_empty()) {
                Some(rest) => &inside[end + line.len() - rest.len()..],
                None => &inside[end + line.len()..],
            };
            return parsed(&inside[..end], before).map(|front| (front, body));
        }
        end += line.len();
    }
    Err(format!(
        "line {before}: the front matter that begins here has no end: a line with --- alone"
    ))
}

/// `text` without what is nothing before a front matter: blank lines, and a remark of HTML such as a
/// licence.
fn begun(text: &str) -> &str {
    let whole = text.trim_start();
    let remark = whole.strip_prefix("<!--");
    match remark.and_then(|remark| remark.split_once("-->")) {
        Some((_, rest)) if rest.trim_start().starts_with("---") => rest.trim_start(),
        _ => whole,
    }
}

/// The front matter in `yaml`, whose mark is in the line `before` it.
fn parsed(yaml: &str, before: usize) -> Result<Front, String> {
    if yaml.trim().is_empty() {
        return Ok(Front::default());
    }
    as_written(yaml).map_err(|error| match error.location() {
        Some(at) => {
            let line = at.line() as usize + before;
            format!("line {line}: {}", first_line(&error))
        }
        None => first_line(&error),
    })
}

/// What front matter says that is YAML, or nearly.
///
/// # Errors
/// What YAML says against it, where it cannot be repaired.
fn as_written<T: DeserializeOwned>(yaml: &str) -> Result<T, serde_saphyr::Error> {
    of_yaml(yaml).or_else(|error| of_yaml(&repaired(yaml)).map_err(|_| error))
}

/// What YAML says. Of a key that stands there twice the last counts, as it does for most programs.
///
/// # Errors
/// What is wrong with it.
pub fn of_yaml<T: DeserializeOwned>(yaml: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options(yaml, options)
}

/// What is wrong, without the line within the block and the quotation below it.
fn first_line(error: &serde_saphyr::Error) -> String {
    let said = error.without_snippet().to_string();
    let line = said.lines().next().unwrap_or_default();
    match line.split_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => line.to_owned(),
    }
}

/// `yaml` with quotes around each plain value that YAML would read as something else: one
/// with `: ` in it, or one that begins with a sign. A value goes on in the lines below it that
/// stand further in; what is written as a block or between brackets stays.
pub fn repaired(yaml: &str) -> String {
    // A tab is no indent to YAML.
    let yaml = yaml.replace('\t', "  ");
    let mut whole = Vec::new();
    let mut lines = yaml.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = indent(line);
        let Some((key, value)) = keyed(line) else {
            whole.push(line.to_owned());
            continue;
        };
        let mut below = Vec::new();
        // A description is prose, and may go on at the margin.
        let is_prose = key == "description" && !value.starts_with(['|', '>']);
        let goes_on = |next: &&str| {
            is_prose && keyed(next).is_none() && !next.starts_with(['-', '#', '"', '\''])
        };
        while !value.is_empty() {
            let more = |next: &&str| {
                next.trim().is_empty() || self::indent(next) > indent || goes_on(next)
            };
            match lines.next_if(more) {
                Some(next) => below.push(next),
                None => break,
            }
        }
        let is_block = value.starts_with(['|', '>']);
        let is_at_margin = |line: &&str| self::indent(line) == 0 && !line.trim().is_empty();
        let at_margin = below.iter().any(is_at_margin);
        let parts = std::iter::once(value).chain(below.iter().map(|line| line.trim()));
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        let said = parts.join(" ");
        let is_bare = !said.starts_with(['"', '\'']);
        match !is_block && (is_misread(&said) || at_margin && is_bare) {
            true => whole.push(format!("{key}: '{}'", said.replace('\'', "''"))),
            false => {
                whole.push(line.to_owned());
                whole.extend(below.into_iter().map(str::to_owned));
            }
        }
    }
    whole.join("\n")
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The key of a line, with what stands before it, and its value.
fn keyed(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let name = key.trim_start();
    let is_key = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    is_key.then_some((key, value.trim()))
}

/// Whether a value that somebody wrote as words is something else to YAML.
fn is_misread(value: &str) -> bool {
    let is_plain = !value.is_empty() && !value.starts_with(['"', '\'', '[', '{']);
    let is_odd = value.contains(": ")
        || value.ends_with(':')
        || value.starts_with(['*', '&', '!', '%', '@', '`', '?', '-', ',', ']', '}']);
    // A quotation that ends in the middle of the value.
    let quoted = value.starts_with(['"', '\'']) && serde_saphyr::from_str::<String>(value).is_err();
    // What only begins as a list: `[file] [line]`; and what a program fills in: `{{date}}`.
    let bracketed = value.starts_with("{{")
        || value.starts_with(['[', '{']) && serde_saphyr::from_str::<IgnoredAny>(value).is_err();
    is_plain && is_odd || quoted || bracketed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_read_as_people_write_it() {
        let check = |text: &str, want: &str| {
            let said = match read(text) {
                Ok((front, body)) => format!(
                    "{} | {} | {} | {}",
                    front.name.as_deref().unwrap_or("-"),
                    front.description.as_deref().unwrap_or("-"),
                    front.allowed_tools().join("+"),
                    body.trim()
                ),
                Err(reason) => reason,
            };
            assert_eq!(said, want, "{text}");
        };
        check("Just words.", "- | - |  | Just words.");
        check(
            "---\nname: a\nargument-hint: [file] <line> | [all]\nallowed-tools: [Read, Grep]\n---\nBody",
            "a | - | Read+Grep | Body",
        );
        check("---\nname: a\ndate: {{date}}\n---\nBody", "a | - |  | Body");
        check(
            "---\nname: a\n---\nBody\n---\nmore",
            "a | - |  | Body\n---\nmore",
        );
        check("---\r\nname: a\r\n---\r\nBody", "a | - |  | Body");
        check("---\n---\nBody", "- | - |  | Body");
        check("\n \n---\nname: a\n---\nBody", "a | - |  | Body");
        check("---\nname: a\n---# Body\n", "a | - |  | # Body");
        check(
            "---\nname: a\n-----\n",
            "line 1: the front matter that begins here has no end: a line with --- alone",
        );
        check(
            "---\nname: a\ndescription: Use when: it rains. \"So\" it's: done\n---\n",
            "a | Use when: it rains. \"So\" it's: done |  | ",
        );
        check(
            "---\ndescription: **Bold** words\n---\n",
            "- | **Bold** words |  | ",
        );
        check(
            "---\nmetadata:\n  author: a: b\ndescription: Use when\n  it: rains\nname: x: y\n---\n",
            "x: y | Use when it: rains |  | ",
        );
        check(
            "---\nname: a: b\ndescription: |\n  Note: one: two\n\n  -three\n---\n",
            "a: b | Note: one: two\n\n-three\n |  | ",
        );
        check(
            "---\ndescription: \"Half\" of it\n---\n",
            "- | \"Half\" of it |  | ",
        );
        check(
            "---\ndescription: >\n  two\n  lines\n---\n",
            "- | two lines\n |  | ",
        );
        check(
            "---\nallowed-tools: Read, Bash(git add *) Grep\n---\n",
            "- | - | Read+Bash(git add *)+Grep | ",
        );
        check(
            "---\nallowed-tools: [Read, \"Bash(ls, x)\"]\n---\n",
            "- | - | Read+Bash(ls, x) | ",
        );
        check(
            "---\nname: a\ndescription:\n  - Does one.\n  - Does two.\n---\n",
            "a | Does one.\nDoes two. |  | ",
        );
        check("---\ndescription: 12\nname: 7\n---\n", "7 | 12 |  | ");
        check("---\ndescription:\nname: a\n---\n", "a | - |  | ");
        check(
            "---\nname: a\ndescription: First line\ngoes on here, it's so\nlicense: MIT\n---\nBody",
            "a | First line goes on here, it's so |  | Body",
        );
        check(
            "---\nName: a\nDescription: Does.\nallowed_tools: Read\n---\n",
            "a | Does. | Read | ",
        );
        check(
            "<!-- Licence: MIT -->\n---\nname: a\n---\nBody",
            "a | - |  | Body",
        );
        check(
            "<!-- Words -->\nBody\n---\n",
            "- | - |  | <!-- Words -->\nBody\n---",
        );
        check("---\nallowed-tools: \"*\"\n---\n", "- | - |  | ");
        check(
            "---\nname: a\ntools: Read, Grep\nmodel: sonnet\n---\nBody",
            "a | - | Read+Grep | Body",
        );
        check(
            "---\ntools: ['search', 'fetch']\n---\n",
            "- | - | search+fetch | ",
        );
        check("---\ntools:\n  write: false\n---\n", "- | - |  | ");
        check("---\nallowed-tools:\n  Read: true\n---\n", "- | - |  | ");
        check(
            "---\nname: c\ndescription: a\ndescription: b\n---\n",
            "c | b |  | ",
        );
        check("---\nname: a\nmetadata:\n\tauthor: b\n---\n", "a | - |  | ");
        check(
            "---\nname: a\n",
            "line 1: the front matter that begins here has no end: a line with --- alone",
        );
    }

    #[test]
    fn what_another_program_would_do_is_named() {
        let check = |text: &str, want: &[&str]| {
            let (front, _) = read(text).unwrap();
            assert_eq!(front.not_taken(), want, "{text}");
        };
        check("---\nname: a\ntools: Read\ncolor: green\n---\n", &[]);
        check(
            "---\nmode: subagent\nmodel: a/b\ntemperature: 0.1\ntools:\n  write: false\n---\n",
            &["model", "temperature", "tools"],
        );
        check(
            "---\nhandoffs:\n  - label: go\n    agent: b\nmcp-servers: {}\n---\n",
            &["mcpServers", "handoffs"],
        );
    }

    #[test]
    fn a_mistake_has_the_line_of_the_file() {
        let reason = read("---\nname: a\nlist\nother: b\n---\n").unwrap_err();
        assert!(
            reason.starts_with("line 3: ") || reason.starts_with("line 4: "),
            "{reason}"
        );
        let reason = read("\n\n---\nname: a\n").unwrap_err();
        assert!(reason.starts_with("line 3: "), "{reason}");
    }

    proptest::proptest! {
        /// Any manifest is an agent, or says what is wrong with it.
        #[test]
        fn torture_a_manifest_is_read_or_refused(
            key in "name|instructions|tools|think|limits.steps|limits.seconds|memory.space|memory.blocks|memory.reads|other",
            value in "\"[ -~é]{0,8}\"|-?[0-9]{1,20}|1e9|true|\\[\"[a-z /]{0,4}\"\\]|\\{ a = 1 \\}",
            noise in "[ -~\n]{0,12}",
            cut in proptest::prelude::any::<proptest::sample::Index>(),
        ) {
            let text = format!("name = \"a\"\n{key} = {value}\n{noise}");
            let file = std::path::Path::new("f/agent.toml");
            for text in [&text[..], &text["name = \"a\"\n".len()..], text.get(..cut.index(text.len())).unwrap_or_default()] {
                let _ = super::super::parse(file, text);
            }
        }

        /// Any text is read or refused; without a front matter it stays as it is.
        #[test]
        fn torture_a_front_matter_is_read_or_refused(
            fence in "(---)?",
            inside in "([ -~é]{0,20}\n){0,6}",
            end in "(---\n)?",
        ) {
            let text = format!("{fence}\n{inside}{end}rest");
            if let Ok((_, body)) = read(&text) {
                proptest::prop_assert!(text.ends_with(body));
                proptest::prop_assert!(!fence.is_empty() || body == text);
            }
        }
    }
}
