//! No text that a model reads holds a demonstration: a model copies what it sees, and a
//! task that stands in a prompt is no task any more. The texts are taken from where the
//! models get them, the tasks from where the project shows them, and each text is held
//! against each task.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{File, tree};

/// Words in a row that two texts share by chance no more.
const WORDS_MAX: usize = 4;

/// A text, and the file it stands in.
struct Text {
    file: String,
    text: String,
}

/// What of a task gives it away.
struct Marks {
    /// Its numbers of two and more digits, where it has several.
    numbers: BTreeSet<String>,
    /// Its expressions: digits and operators, without spaces and commas.
    expressions: Vec<String>,
    /// Its words, in rows of one more than may be shared.
    rows: Vec<String>,
}

impl Marks {
    fn of(task: &str) -> Self {
        let words = words(task);
        let numbers = numbers(task);
        Self {
            numbers: match numbers.len() {
                0 | 1 => BTreeSet::new(),
                _ => numbers,
            },
            expressions: expressions(task),
            rows: words
                .windows(WORDS_MAX + 1)
                .map(|row| row.join(" "))
                .collect(),
        }
    }

    /// The first of them that a text holds.
    fn found_in(&self, read: &Read) -> Option<String> {
        let expression = self
            .expressions
            .iter()
            .find(|one| read.expressions.contains(one));
        let row = || self.rows.iter().find(|row| read.rows.contains(*row));
        let all = !self.numbers.is_empty() && self.numbers.is_subset(&read.numbers);
        let together = || all.then(|| format!("the numbers {:?}", self.numbers));
        expression.or_else(row).cloned().or_else(together)
    }
}

/// What a text holds, read once for all tasks.
struct Read {
    numbers: BTreeSet<String>,
    expressions: Vec<String>,
    rows: BTreeSet<String>,
}

impl Read {
    fn of(text: &str) -> Self {
        let rows = words(text);
        let rows = rows.windows(WORDS_MAX + 1).map(|row| row.join(" "));
        Self {
            numbers: numbers(text),
            expressions: expressions(text),
            rows: rows.collect(),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Text without the commas between digits, and without spaces.
fn tight(text: &str) -> String {
    text.replace(',', "").split_whitespace().collect()
}

fn numbers(text: &str) -> BTreeSet<String> {
    text.replace(',', "")
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() > 1)
        .map(str::to_owned)
        .collect()
}

/// Runs of digits and operators with two numbers in them at least.
fn expressions(text: &str) -> Vec<String> {
    tight(text)
        .split(|c: char| !(c.is_ascii_digit() || "+-*/^%.()×÷".contains(c)))
        .map(|run| run.trim_matches(|c: char| !c.is_ascii_digit()))
        .filter(|run| {
            let operators = |c: char| "+*/^%×÷".contains(c);
            run.contains(operators) && run.split(operators).filter(|n| !n.is_empty()).count() > 1
        })
        .map(str::to_owned)
        .collect()
}

/// The string literals of a program, with the lines of each in one.
fn literals(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(str::trim_start);
    let code: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
    let code = code.join("\n").replace("\\\n", "").replace("'\"'", "");
    let mut found = vec![String::new()];
    let (mut inside, mut escaped) = (false, false);
    for c in code.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                inside = !inside;
                found.push(String::new());
            }
            _ => {}
        }
        if inside && c != '"' && c != '\\' {
            found.last_mut().unwrap().push(c);
        }
    }
    found
}

/// The strings in a JSON value, whatever it is made of.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The comments of a WIT file, the lines that follow each other in one.
fn comments(wit: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in wit.lines().map(str::trim) {
        match line.strip_prefix("///") {
            Some(comment) => found.last_mut().unwrap().push_str(comment),
            None => found.push(String::new()),
        }
    }
    found
}

/// What `file` shows to a model.
fn prompts(file: &str, text: &str) -> Vec<String> {
    let is_in = |folders: &[&str]| folders.iter().any(|folder| file.starts_with(folder));
    let test = file.contains("/tests/") || file.ends_with("/tests.rs");
    let (_, end) = file.rsplit_once('.').unwrap_or_default();
    match end {
        "wit" => comments(text),
        "rs" if is_in(&["kernel/src/", "tools/src/", "plugins/"]) && !test => {
            let mut found = literals(text);
            // A pattern is shown to no model.
            found.retain(|literal| !literal.contains("(?"));
            found
        }
        "py" if is_in(&["plugins/"]) => text.lines().map(str::to_owned).collect(),
        // The instructions of an agent.
        "toml" if is_in(&["examples/"]) => text.lines().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The tasks that `file` shows to people, and what a run of them does.
fn tasks(file: &str, text: &str) -> Vec<String> {
    let shown = |folder: &str| file.starts_with(folder) && !file.contains("/tool/");
    let (_, end) = file.rsplit_once('.').unwrap_or_default();
    match (file, end) {
        ("Makefile", _) => {
            let task = text
                .lines()
                .filter_map(|line| line.strip_prefix("PROMPT ?="));
            task.map(str::to_owned).collect()
        }
        ("README.md" | "plugins/README.md", _) => {
            let runs = text
                .lines()
                .filter(|line| line.contains(" run ") || line.contains("{\""));
            runs.flat_map(literals).collect()
        }
        (_, "jsonl") if shown("examples/") || shown("evals/") => text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .flat_map(|value: Value| strings(&value))
            .collect(),
        (_, "sh") if shown("examples/") || shown("evals/") => {
            let defaults = text
                .split("${1:-")
                .skip(1)
                .filter_map(|rest| rest.split('}').next());
            let quoted = text.lines().flat_map(literals);
            defaults.map(str::to_owned).chain(quoted).collect()
        }
        (_, "rs") if shown("examples/") => literals(text),
        _ => Vec::new(),
    }
}

/// Each text of a model that holds something of a task.
fn complaints(prompts: &[Text], tasks: &[Text]) -> Vec<String> {
    let read: Vec<Read> = prompts
        .iter()
        .map(|prompt| Read::of(&prompt.text))
        .collect();
    let mut found = Vec::new();
    for task in tasks {
        let marks = Marks::of(&task.text);
        for (prompt, read) in prompts.iter().zip(&read) {
            if let Some(mark) = marks.found_in(read) {
                found.push(format!(
                    "{}: {:?} holds {mark}, which is of a task in {}",
                    prompt.file, prompt.text, task.file
                ));
            }
        }
    }
    found
}

/// The files of the repository that are text.
fn texts() -> Vec<(String, String)> {
    let text = |file: File| Some((file.path, String::from_utf8(file.bytes).ok()?));
    tree().into_iter().filter_map(text).collect()
}

/// What `take` finds in the files.
fn collect(files: &[(String, String)], take: fn(&str, &str) -> Vec<String>) -> Vec<Text> {
    let of_one = |(file, text): &(String, String)| {
        let texts = take(file, text).into_iter();
        let with_file = |text| Text {
            file: file.clone(),
            text,
        };
        texts.map(with_file).collect::<Vec<_>>()
    };
    files.iter().flat_map(of_one).collect()
}

#[test]
fn a_demonstration_is_found_in_a_prompt() {
    let check = |(file, text): (&str, &str), (shown, task): (&str, &str), found: usize| {
        let prompts = collect(&[(file.into(), text.into())], prompts);
        let tasks = collect(&[(shown.into(), task.into())], tasks);
        let complaints = complaints(&prompts, &tasks);
        assert_eq!(complaints.len(), found, "{text} / {task}: {complaints:#?}");
    };
    let makefile = ("Makefile", "PROMPT ?= What is 31% of 7,250, plus 18?\n");
    let wit = "plugins/a/wit/world.wit";
    check((wit, "/// Such as \"31% * 7250 + 18\".\n"), makefile, 1);
    check(
        (wit, "/// Such as \"31% * 7250\"\n/// or \"+ 18\".\n"),
        makefile,
        1,
    );
    check((wit, "/// Such as 31 or 18.\n"), makefile, 0);
    check((wit, "record a { // 31% * 7250 + 18\n"), makefile, 0);
    let power = (
        "README.md",
        "    quipu run \"What is 3^77?\"  # \"a b c d e\"\n",
    );
    check(("plugins/a/src/lib.rs", "err(\"try 3 ^ 77\")"), power, 1);
    check(("plugins/a/src/lib.rs", "// 3^77\nf(\"3^7\")"), power, 0);
    let script = (
        "examples/01_a/run.sh",
        "quipu run \"Tell my dog Bruno a story.\"\n",
    );
    let code = "say(\n    \"To a question like: tell my \\\n     dog Bruno a tale\",\n);";
    check(("kernel/src/planner/mod.rs", code), script, 1);
    check(("kernel/src/planner/tests.rs", code), script, 0);
    check(
        ("kernel/src/a.rs", &format!("#[cfg(test)]\n{code}")),
        script,
        0,
    );
    check(("kernel/src/a.rs", "f(\"my dog Bruno\")"), script, 0);
    check(("kernel/src/a.rs", "f(r\"(?i)31|7250|18\")"), makefile, 0);
    let line = (
        "evals/a/cases.jsonl",
        "{\"prompt\":\"Sort the words of this list\"}\n",
    );
    check(("plugins/a/app.py", "# sort the words of this\n"), line, 1);
}

#[test]
fn no_prompt_holds_a_demonstration() {
    let files = texts();
    let (prompts, tasks) = (collect(&files, prompts), collect(&files, tasks));
    let from = |texts: &[Text], file: &str| texts.iter().any(|text| text.file.starts_with(file));
    for file in ["plugins/calculator/wit/", "plugins/python/", "kernel/src/"] {
        assert!(from(&prompts, file), "no prompt in {file}");
    }
    for file in ["Makefile", "README.md", "examples/"] {
        assert!(from(&tasks, file), "no task in {file}");
    }
    let found = complaints(&prompts, &tasks);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
