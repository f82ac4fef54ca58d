//! The parts of an `agent.toml` beside instructions, tools and limits: worked examples, the form
//! of the answer, and folders with what it knows.

use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use quipu_kernel::label::Label;
use quipu_kernel::process::{Example, Turn};
use quipu_memory::Space;
use quipu_tools::json_schema;
use quipu_tools::trust::{Files, file_hash};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::digest::digest;
use crate::config::jsonc;
use crate::terminal::error::UserError;
use crate::terminal::text::read_text;

/// Characters of an agent's name in the name of its space.
const SPACE_CHARS_MAX: usize = 40;

/// A task with its answer, as the file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleFile {
    task: String,
    answer: Value,
}

/// The examples of the agent `name`, as its user's. Whoever finds that others wrote it lowers
/// their label: then they are no example of what is right, and the kernel shows none of them.
pub fn examples(written: &[ExampleFile], name: &str) -> Vec<Example> {
    let example = |(n, written): (usize, &ExampleFile)| Example {
        id: format!("{name}-{}", n + 1),
        task: written.task.clone(),
        turns: vec![Turn {
            action: json!({ "answer": written.answer }),
            observation: None,
        }],
        label: Label::user(),
    };
    written.iter().enumerate().map(example).collect()
}

/// The JSON Schema of the answer in its normal form: `given` is one, or the name of a file below
/// `folder` with one. With the hash of that file, as it was read.
///
/// # Errors
/// What is no schema, and a file that is elsewhere.
pub fn schema(given: Value, folder: &Path) -> Result<(Value, Files)> {
    let wrong = |reason: String| {
        UserError::usage(
            format!("the schema of the agent: {reason}"),
            "schema is a table such as { type = \"number\" }, or a file in the agent's folder",
        )
    };
    let mut parts = Files::new();
    let given = match given {
        Value::String(file) => {
            let path = below(folder, &file).ok_or_else(|| outside(&file))?;
            let text = read_text(&path, "a schema")?;
            parts.insert(plain(&file), file_hash(text.as_bytes()));
            jsonc::value(&path, &text).map_err(|reason| wrong(format!("{file}: {reason}")))?
        }
        given => given,
    };
    let inner = json_schema::unwrapped(&given).map_err(wrong)?;
    let schema = json_schema::normal(inner).map_err(wrong)?;
    Ok((schema, parts))
}

/// The path `file` without parts that lead nowhere: `./a` is `a`.
fn plain(file: &str) -> String {
    let path: PathBuf = Path::new(file)
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect();
    path.to_string_lossy().into_owned()
}

/// The folders of `named`, which the agent in `folder` knows. They may be anywhere: whether they
/// are looked at depends on who wrote the agent.
pub fn folders(named: &[String], folder: &Path) -> Vec<PathBuf> {
    named.iter().map(|path| folder.join(path)).collect()
}

/// The space of what the agent `name` knows; that of no other name. A name that cannot be the
/// name of a space stands in it as far as it can, with a hash of the whole, and such a space
/// ends otherwise: no name that can is equal to it.
pub fn space(name: &str) -> Space {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let fits = name.chars().count() <= SPACE_CHARS_MAX;
    if fits && name.chars().all(is_plain) {
        return format!("{name}.knowledge").as_str().into();
    }
    let shown: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '-' })
        .take(SPACE_CHARS_MAX)
        .collect();
    let hash = digest(name, 16);
    format!("{shown}.{hash}.known").as_str().into()
}

/// The path of `file` below `folder`, if it leads nowhere else: `..` does, and so may a link.
fn below(folder: &Path, file: &str) -> Option<PathBuf> {
    let path = Path::new(file);
    let stays = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let path = stays.then(|| folder.join(path))?;
    match (folder.canonicalize(), path.canonicalize()) {
        (Ok(folder), Ok(found)) => found.starts_with(folder).then_some(found),
        // Whoever reads it says that it is not there.
        _ => Some(path),
    }
}

fn outside(file: &str) -> anyhow::Error {
    UserError::usage(
        format!("the schema {file} is not in the folder of its agent"),
        "name a file beside the agent's, without `..` and no link to another folder",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_stands_in_the_file_or_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write("number.json", r#"{"type":"number"}"#);
        write("number.yaml", "type: number");
        write("broken.json", "{");
        let check = |given: Value, want: &str| {
            let said = match schema(given.clone(), folder.path()) {
                Ok((schema, parts)) => {
                    // What stands in the file of the agent is hashed with that.
                    let names: Vec<&str> = parts.keys().map(String::as_str).collect();
                    let named = given.as_str().map(|name| name.trim_start_matches("./"));
                    assert_eq!(names, Vec::from_iter(named));
                    schema.to_string()
                }
                Err(error) => error.to_string(),
            };
            assert!(said.contains(want), "{given}: {said}");
        };
        check(json!({"type": "number"}), "\"number\"");
        check(json!("number.json"), "\"number\"");
        check(json!("./number.json"), "\"number\"");
        check(json!("number.yaml"), "\"number\"");
        check(json!("broken.json"), "broken.json: ");
        check(json!("../number.json"), "is not in the folder");
        check(json!("/etc/hosts"), "is not in the folder");
        check(json!("none.json"), "there is no ");
    }

    #[test]
    fn a_link_leads_to_no_schema_elsewhere() {
        use std::os::unix::fs::symlink;
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("agent");
        std::fs::create_dir_all(folder.join("forms")).unwrap();
        let number = r#"{"type":"number"}"#;
        std::fs::write(around.path().join("private.json"), number).unwrap();
        std::fs::write(folder.join("forms/number.json"), number).unwrap();
        symlink("../private.json", folder.join("out.json")).unwrap();
        symlink("..", folder.join("above")).unwrap();
        symlink("forms/number.json", folder.join("in.json")).unwrap();
        let check = |file: &str, want: Option<&str>| {
            let said = schema(json!(file), &folder).map_err(|error| error.to_string());
            match want {
                Some(want) => assert!(said.is_err_and(|said| said.contains(want)), "{file}"),
                None => assert!(said.is_ok(), "{file}: {said:?}"),
            }
        };
        check("out.json", Some("is not in the folder"));
        check("above/private.json", Some("is not in the folder"));
        check("in.json", None);
        check("forms/number.json", None);
    }

    #[test]
    fn a_space_has_the_name_of_its_agent() {
        let check = |name: &str, want: &str| assert_eq!(space(name), Space::from(want));
        // Those that are there already keep their memory.
        check("clerk", "clerk.knowledge");
        check("a-clerk-2", "a-clerk-2.knowledge");
        check("记录员_1.b", "记录员_1.b.knowledge");
        let shown = String::from(space("a clerk/2"));
        assert!(shown.starts_with("a-clerk-2."), "{shown}");
    }

    #[test]
    fn distinct_names_have_distinct_spaces() {
        let long = "x".repeat(SPACE_CHARS_MAX);
        let mut names = vec![
            "a clerk/2".to_owned(),
            "a-clerk-2".to_owned(),
            "a clerk-2".to_owned(),
            "a-clerk/2".to_owned(),
            long.clone(),
            format!("{long}y"),
            format!("{long}z"),
            format!("{long}.knowledge"),
            String::new(),
            " ".to_owned(),
            "-".to_owned(),
        ];
        // What a space is called is no way into it.
        let spaces: Vec<String> = names.iter().map(|name| space(name).into()).collect();
        names.extend(spaces);
        names.sort_unstable();
        names.dedup();
        let mut spaces: Vec<Space> = names.iter().map(|name| space(name)).collect();
        let count = spaces.len();
        spaces.sort_unstable();
        spaces.dedup();
        assert_eq!(spaces.len(), count);
        assert!(!spaces.contains(&Space::SHARED));
    }
}
