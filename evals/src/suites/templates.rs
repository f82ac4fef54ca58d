//! Chat templates of real models, byte for byte next to jinja2 set up as transformers has it.
//!
//! `--data` has a folder `templates` with `*.jinja`; `--python` names a Python that has
//! jinja2. Wheels of `trl` and `mlx-lm`, for instance, have templates of many models in them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use quipu_cpu::{ChatTemplate, Message, Role};
use serde::Deserialize;
use serde_json::json;

use crate::Args;
use crate::report::Report;

/// The other renderer.
const JINJA: &str = include_str!("jinja.py");
/// What a thought that a template opens is closed with, which only we write.
const CLOSINGS: [&str; 3] = ["", "\n</think>\n\n", "\n</thinking>\n\n"];

type Turns = Vec<(&'static str, &'static str)>;

#[derive(Deserialize)]
struct Rendered {
    template: PathBuf,
    text: Option<String>,
    error: Option<String>,
}

pub fn run(args: &Args) -> Result<Report> {
    let python = args.python.as_deref().unwrap_or(Path::new("python3"));
    let folder = args.data.join("templates");
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut templates: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "jinja"))
        .collect();
    templates.sort();
    let conversations = conversations();
    let theirs = theirs(python, &templates, &conversations)?;
    let (mut alike, mut usable) = (0, 0);
    for (at, theirs) in theirs.iter().enumerate() {
        let turns = &conversations[at % conversations.len()];
        let source = std::fs::read_to_string(&theirs.template)?;
        let ours = ours(source, turns);
        let name = theirs
            .template
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        let same = match (&ours, &theirs.text) {
            (Ok(ours), Some(text)) => CLOSINGS.iter().any(|end| *ours == format!("{text}{end}")),
            (Err(_), None) => continue,
            _ => false,
        };
        usable += 1;
        alike += usize::from(same);
        if !same {
            println!("{name}, conversation {}:", at % conversations.len());
            println!(
                "  ours:   {ours:?}\n  theirs: {:?} {:?}",
                theirs.text, theirs.error
            );
        }
    }
    ensure!(usable > 0, "there is no template in {}", folder.display());
    let mut report = Report::default();
    report.add("templates", templates.len() as f64, None, "files");
    let share = alike as f64 / usable as f64;
    report.score("rendered byte for byte alike", share, Some((1.0, "jinja2")));
    Ok(report)
}

/// Windows as processes have them, with white space where templates trim.
fn conversations() -> Vec<Turns> {
    let first = vec![
        ("system", "Be brief.\n"),
        ("user", " How high is the dam? "),
    ];
    let mut second = first.clone();
    second.extend([
        ("assistant", "\nIt is 31 m high.\n"),
        ("user", "And how old?"),
    ]);
    let mut third = second.clone();
    third.extend([("assistant", "  60 years"), ("user", "\n\nWho built it?\n")]);
    let alone = vec![
        ("user", "What is in the shed?"),
        ("assistant", "A boat."),
        ("user", "Whose?"),
    ];
    vec![first, second, third, alone]
}

fn ours(source: String, turns: &Turns) -> Result<String, String> {
    let template = ChatTemplate::new("it", source, "<s>".into(), "</s>".into())
        .map_err(|error| error.to_string())?;
    let messages: Vec<Message> = turns
        .iter()
        .map(|(role, text)| {
            let role = match *role {
                "system" => Role::System,
                "user" => Role::User,
                _ => Role::Assistant,
            };
            Message::new(role, *text)
        })
        .collect();
    let segments = template
        .render(&messages)
        .map_err(|error| error.to_string())?;
    Ok(segments.into_iter().map(|segment| segment.text).collect())
}

fn theirs(python: &Path, templates: &[PathBuf], conversations: &[Turns]) -> Result<Vec<Rendered>> {
    let mut child = Command::new(python)
        .args(["-c", JINJA])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| python.display().to_string())?;
    let asked = json!({"templates": templates, "conversations": conversations}).to_string();
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(asked.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the other renderer failed");
    let lines = String::from_utf8(output.stdout)?;
    lines
        .lines()
        .map(|line| serde_json::from_str(line).context("a line of the other renderer"))
        .collect()
}
