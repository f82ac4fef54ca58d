//! What agents have learnt: tasks that were done right, kept as skills, a file each, in a
//! folder for each agent. `quipu learn` makes them; a process is shown those that are like
//! its task.
//!
//! A skill is made only of what nobody untrusted had a hand in. How the likest are chosen is
//! in `choose`.

mod choose;

use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Example, Program, Turn};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::digest::digest;
use crate::config::paths::{self, Paths};
use crate::config::private;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::terminal::error::UserError;

pub use choose::{apart, likest};

/// The folder for the skills of the usual agent.
const USUAL: &str = "default";
/// Characters of an agent's name in the name of its folder.
const NAME_CHARS: usize = 40;
/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 8;

/// A task that was done right, and what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skill {
    /// The id by which the user knows it, and the name of its file.
    pub id: String,
    /// The task.
    pub task: String,
    /// What was done, in order. The last turn has no observation.
    pub turns: Vec<Turn>,
    /// Where it comes from.
    pub origin: Origin,
    /// What showing it, together with its set, was worth; `None` where that was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<Gain>,
    /// Whether it is shown.
    pub on: bool,
    /// The run of `quipu learn` that kept it, from 1.
    pub set: u32,
}

/// Where a skill comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file of the cases.
    pub suite: String,
    /// The case.
    pub case: Value,
    /// The model that did it; none where its user told what is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// When it was kept, in milliseconds since 1970.
    pub learnt_ms: i64,
}

/// The gain of a set of skills on cases that were held aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// The cases.
    pub cases: usize,
    /// How many of these held without the set.
    pub before: usize,
    /// And with it.
    pub after: usize,
    /// McNemar's exact two-sided p of the cases that changed.
    pub p: f64,
}

/// What a skill shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shows {
    /// An answer.
    Answer,
    /// Calls of tools.
    Calls,
    /// A program.
    Program,
}

impl Shows {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Shows::Answer => "answer",
            Shows::Calls => "calls",
            Shows::Program => "program",
        }
    }
}

impl Skill {
    /// What it shows, by its first action.
    pub fn shows(&self) -> Shows {
        let first = self.turns.first().map(|turn| &turn.action);
        match first {
            Some(action) if action["args"]["code"].is_string() => Shows::Program,
            Some(action) if action.get("answer").is_none() => Shows::Calls,
            _ => Shows::Answer,
        }
    }

    /// The id of what was done on a task: the same for the same.
    pub fn id_of(task: &str, turns: &[Turn]) -> String {
        let turns = serde_json::to_string(turns).unwrap_or_default();
        digest(format!("{task}\n{turns}"), ID_DIGITS)
    }

    /// As a process is shown it.
    pub fn example(&self) -> Example {
        Example {
            id: self.id.clone(),
            task: self.task.clone(),
            turns: self.turns.clone(),
            label: Label::new(format!("skill:{}", self.id), Trust::User),
        }
    }
}

/// The skills of one agent.
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The shelf of `agent`.
    pub fn of(paths: &Paths, agent: &Loaded) -> Self {
        Self {
            folder: paths.skills.join(key(agent)),
        }
    }

    /// The cases that its user made by corrections.
    pub fn corrections(&self) -> PathBuf {
        self.folder.join("corrections.jsonl")
    }

    /// The pairs of answers of which the user chose the better one.
    pub fn pairs(&self) -> PathBuf {
        self.folder.join("pairs.jsonl")
    }

    /// All skills, in the order in which they were kept.
    ///
    /// # Errors
    /// A file that is no skill.
    pub fn all(&self) -> Result<Vec<Skill>> {
        let mut skills = Vec::new();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "json") {
                skills.push(read(&path)?);
            }
        }
        skills.sort_by(|a: &Skill, b| (a.set, &a.id).cmp(&(b.set, &b.id)));
        Ok(skills)
    }

    /// The skills that are switched on.
    ///
    /// # Errors
    /// A file that is not a skill.
    pub fn on(&self) -> Result<Vec<Skill>> {
        let mut skills = self.all()?;
        skills.retain(|skill| skill.on);
        Ok(skills)
    }

    /// Keeps `skill`, in place of what has its id.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn put(&self, skill: &Skill) -> Result<()> {
        paths::create(&self.folder)?;
        let text = serde_json::to_vec_pretty(skill)?;
        Ok(private::replace(&self.file(&skill.id), &text)?)
    }

    /// Removes the skill `id`.
    ///
    /// # Errors
    /// Where that fails.
    pub fn remove(&self, id: &str) -> Result<()> {
        Ok(std::fs::remove_file(self.file(id))?)
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

fn read(path: &Path) -> Result<Skill> {
    let text = std::fs::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| {
        UserError::usage(
            format!("{}: {error}", path.display()),
            "fix the file or remove it; `quipu learn` writes such files",
        )
    })
}

/// The name of the folder of an agent's skills: two agents of one name have two.
fn key(agent: &Loaded) -> String {
    let Some(file) = &agent.file else {
        return USUAL.to_owned();
    };
    let file = file.canonicalize().unwrap_or_else(|_| file.clone());
    let plain = |c: char| match c.is_alphanumeric() || c == '-' || c == '_' {
        true => c,
        false => '_',
    };
    let name: String = agent
        .agent
        .name
        .chars()
        .take(NAME_CHARS)
        .map(plain)
        .collect();
    format!("{name}-{}", digest(file.display().to_string(), ID_DIGITS))
}

impl Session {
    /// Gives `program`, a task of `agent`, the skills that are like it. Skills that cannot be
    /// read are named, and cost the process nothing but what they would show.
    pub fn teach(&self, agent: &Loaded, program: &mut Program) {
        if program.agent.memory.example_tokens == 0 {
            return;
        }
        match Shelf::of(&self.paths, agent).on() {
            Ok(skills) => teach(program, &skills),
            Err(error) => say!("warning: nothing that was learnt is shown: {error:#}"),
        }
    }
}

/// Gives `program` those of `skills` that are like its task, behind its agent's own examples.
pub fn teach(program: &mut Program, skills: &[Skill]) {
    let task = program.topic.as_ref().unwrap_or(&program.prompt);
    let chosen = likest(skills, task);
    let learnt = chosen.into_iter().map(Skill::example);
    program.examples.extend(learnt);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn skill(task: &str, actions: Value) -> Skill {
        let actions: Vec<Value> = serde_json::from_value(actions).unwrap();
        let last = actions.len() - 1;
        let turn = |(n, action): (usize, Value)| Turn {
            action,
            observation: (n < last).then(|| "seen".to_owned()),
        };
        let turns: Vec<Turn> = actions.into_iter().enumerate().map(turn).collect();
        Skill {
            id: Skill::id_of(task, &turns),
            task: task.into(),
            turns,
            origin: Origin {
                suite: "s.jsonl".into(),
                case: json!(1),
                model: None,
                learnt_ms: 0,
            },
            gain: None,
            on: true,
            set: 1,
        }
    }

    #[test]
    fn a_shelf_gives_back_what_was_put() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(root.path())).unwrap();
        let shelf = Shelf::of(&paths, &Loaded::default());
        assert_eq!(shelf.all().unwrap(), []);
        let one = skill("one", json!([{"answer": "1"}]));
        let mut two = skill("two", json!([{"answer": "2"}]));
        (two.set, two.on) = (2, false);
        shelf.put(&two).unwrap();
        shelf.put(&one).unwrap();
        assert_eq!(shelf.all().unwrap(), [one.clone(), two.clone()]);
        assert_eq!(shelf.on().unwrap(), std::slice::from_ref(&one));
        let file = root.path().join("other.md");
        std::fs::write(&file, "Another one.").unwrap();
        let other = crate::session::agent::load_apart(&file).unwrap();
        assert_eq!(Shelf::of(&paths, &other).all().unwrap(), []);
        shelf.remove(&one.id).unwrap();
        assert_eq!(shelf.all().unwrap(), [two]);
        std::fs::write(shelf.file("x"), "{").unwrap();
        assert!(shelf.all().unwrap_err().to_string().contains("x.json"));
    }

    #[test]
    fn a_skill_shows_what_it_begins_with() {
        let check = |actions: Value, want: Shows| {
            assert_eq!(skill("t", actions).shows(), want);
        };
        check(json!([{"answer": "a"}]), Shows::Answer);
        let search = json!({"tool": "memory.search", "args": {"query": "q"}});
        check(json!([search, {"answer": "a"}]), Shows::Calls);
        check(
            json!([{"calls": [search, search]}, {"answer": "a"}]),
            Shows::Calls,
        );
        let program = json!({"tool": "python.run", "args": {"code": "print(1)"}});
        check(json!([program, {"answer": "1"}]), Shows::Program);
    }
}
