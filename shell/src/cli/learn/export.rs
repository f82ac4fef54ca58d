//! What was learnt as a SKILL.md folder: worked examples in plain Markdown.

use std::path::Path;

use anyhow::{Context, Result};
use quipu_kernel::process::Turn;
use serde_json::Value;

use crate::session::agent::Loaded;
use crate::session::learnt::{Shelf, Skill};
use crate::terminal::error::UserError;
use crate::terminal::output::{self, one_line, shortened, visible};

/// Characters that the format allows a description.
const DESCRIPTION_CHARS: usize = 1_000;

/// Writes the skills of `agent` that are shown into `folder`.
pub fn run(shelf: &Shelf, agent: &Loaded, folder: &Path) -> Result<u8> {
    let skills = shelf.on()?;
    if skills.is_empty() {
        return Err(UserError::usage(
            "no learnt skill is switched on",
            "`quipu learn ls` lists what there is",
        ));
    }
    if folder.exists() {
        return Err(UserError::usage(
            format!("{} is there already", folder.display()),
            "name a folder that is not there yet",
        ));
    }
    let name = name(folder)?;
    let text = text(&name, agent, &skills);
    let file = folder.join("SKILL.md");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, text))
        .with_context(|| format!("{} cannot be written", file.display()))?;
    output::line(&visible(&file.display().to_string()))?;
    Ok(0)
}

/// The name of the skill: that of its folder, as the format wants it.
fn name(folder: &Path) -> Result<String> {
    let name = folder.file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    match name.is_empty() || name.len() > 64 || ends || !name.chars().all(plain) {
        false => Ok(name.into_owned()),
        true => Err(UserError::usage(
            format!("{name:?} cannot be the name of a skill"),
            "use lower-case letters and digits, with single - between them",
        )),
    }
}

/// The file.
fn text(name: &str, agent: &Loaded, skills: &[Skill]) -> String {
    let tasks: Vec<String> = skills.iter().map(|skill| one_line(&skill.task)).collect();
    let description = shortened(
        &format!("Worked examples for tasks such as: {}", tasks.join(" / ")),
        DESCRIPTION_CHARS,
    );
    // JSON's strings are strings of YAML.
    let mut text = format!(
        "---\nname: {name}\ndescription: {}\n---\n",
        Value::from(description)
    );
    let instructions = agent.agent.instructions.trim();
    if !instructions.is_empty() {
        text.push_str(&format!("\n{instructions}\n"));
    }
    text.push_str("\nEach of these tasks was done right. Do tasks like them in the same way.\n");
    for (n, skill) in skills.iter().enumerate() {
        text.push_str(&format!(
            "\n## Example {}\n\n{}\n",
            n + 1,
            skill.task.trim()
        ));
        skill
            .turns
            .iter()
            .for_each(|turn| text.push_str(&told(turn)));
    }
    text
}

/// One turn, in Markdown.
fn told(turn: &Turn) -> String {
    let action = &turn.action;
    let mut told = match (action.get("answer"), action["args"]["code"].as_str()) {
        (Some(Value::String(answer)), _) => format!("\nAnswer: {answer}\n"),
        (Some(answer), _) => format!("\nAnswer:\n\n{}", fenced(&answer.to_string())),
        (None, Some(program)) => format!("\nA program:\n\n{}", fenced(program)),
        (None, None) => format!("\nA call:\n\n{}", fenced(&action.to_string())),
    };
    if let Some(observation) = &turn.observation {
        told.push_str(&format!("\nWhat came back:\n\n{}", fenced(observation)));
    }
    told
}

/// `text` in a fence that it cannot end.
fn fenced(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::agent::load_apart;
    use crate::session::learnt::Origin;

    #[test]
    fn a_skill_file_has_each_example() {
        let turns = json!([
            {"action": {"tool": "python.run", "args": {"code": "print(\"```\")"}},
                "observation": "8"},
            {"action": {"answer": "8"}},
        ]);
        let skill = Skill {
            id: "a".into(),
            task: "How many \"legs\"\nhave two dogs?".into(),
            turns: serde_json::from_value(turns).unwrap(),
            origin: Origin {
                suite: "s".into(),
                case: json!(1),
                model: None,
                learnt_ms: 0,
            },
            gain: None,
            on: true,
            set: 1,
        };
        let text = text("legs", &Loaded::default(), &[skill]);
        insta::assert_snapshot!(text);
        // It can be read as an agent.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("SKILL.md");
        std::fs::write(&file, text).unwrap();
        let loaded = load_apart(&file).unwrap();
        assert_eq!(loaded.agent.name, "legs");
        assert!(loaded.agent.instructions.contains("Example 1"));
    }

    #[test]
    fn a_name_is_as_the_format_wants_it() {
        let check = |folder: &str, good: bool| {
            assert_eq!(name(folder.as_ref()).is_ok(), good, "{folder}");
        };
        check("x/word-problems", true);
        check("x/Word", false);
        check("-x", false);
        check("a--b", false);
        check("..", false);
    }
}
