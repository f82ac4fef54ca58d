//! Folders that are no agent, and hold some: collections of skills, plugins of other programs.

use std::path::{Path, PathBuf};

use super::is_skill;
use crate::terminal::output::visible;

/// Where agents lie in such a folder.
const PLACES: &[&str] = &["", "skills", ".claude/skills"];
/// Agents that are named; of the others it is said how many there are.
const NAMED_MAX: usize = 5;

/// What makes a folder an agent, and which folders in `folder` are some.
pub fn hint(folder: &Path) -> String {
    let rule = "an agent's folder holds an agent.toml or a SKILL.md";
    let places = PLACES.iter().map(|place| folder.join(place));
    let mut found: Vec<PathBuf> = places.flat_map(|place| agents(&place)).collect();
    found.sort();
    let shown = found.iter().take(NAMED_MAX);
    let names: Vec<String> = shown.map(|path| path.display().to_string()).collect();
    let more = match found.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match names.is_empty() {
        true => rule.to_owned(),
        false => format!("{rule}, as {}{more} do", visible(&names.join(", "))),
    }
}

/// The folders right below `place` that are agents.
fn agents(place: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries(place).map(|entry| entry.path());
    let is_agent = |folder: &PathBuf| {
        let mut files = entries(folder.as_path()).map(|entry| entry.path());
        files.any(|file| is_skill(&file) || file.ends_with("agent.toml"))
    };
    folders.filter(is_agent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_names_its_agents() {
        let root = tempfile::tempdir().unwrap();
        let rule = "an agent's folder holds an agent.toml or a SKILL.md";
        assert_eq!(hint(root.path()), rule);
        for (folder, file) in [("one", "SKILL.md"), ("skills/two", "agent.toml")] {
            let folder = root.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(file), "").unwrap();
        }
        let path = root.path().display();
        assert_eq!(
            hint(root.path()),
            format!("{rule}, as {path}/one, {path}/skills/two do")
        );
        for n in 0..5 {
            let folder = root.path().join(format!("more{n}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("skill.md"), "").unwrap();
        }
        assert!(hint(root.path()).ends_with(" and 2 more do"));
    }
}
