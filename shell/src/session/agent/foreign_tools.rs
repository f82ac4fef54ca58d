//! Tools of other programs that a skill names, and which of ours do the same.

use std::collections::BTreeMap;

use quipu_kernel::calls::SPAWN;

use super::files;

/// The names of a tool elsewhere, and the function that does it here.
const SAME: &[(&[&str], &str)] = &[
    (&["Read", "NotebookRead", "view", "read_file"], "skill.read"),
    (&["LS", "Glob", "list_dir"], "skill.list"),
    (&["WebFetch", "web_fetch", "fetch"], "browser.fetch"),
    (&["python", "python3", "code_interpreter"], "python.run"),
    (&["AskUserQuestion"], "ask"),
    (&["Task", "Agent", "spawn_agent"], SPAWN),
];
/// Tools that run a command line, of which some start Python.
const SHELLS: &[&str] = &["Bash", "bash", "Shell", "shell", "run_shell_command"];

/// Whether `tool` is another program's for agents that work for an agent.
pub fn starts_agents(tool: &str) -> bool {
    here(tool) == Some(SPAWN)
}

/// The function that does here what `tool` does elsewhere; `None` where nothing does.
pub fn here(tool: &str) -> Option<&'static str> {
    let (name, command) = match tool.split_once('(') {
        Some((name, command)) => (name.trim(), command.trim_end_matches(')').trim()),
        None => (tool, ""),
    };
    if SHELLS.contains(&name) {
        let program = command.split([' ', ':']).next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        return program.starts_with("python").then_some("python.run");
    }
    let same = SAME.iter().find(|(names, _)| names.contains(&name));
    same.map(|(_, ours)| *ours)
}

/// The same where the agent has files of a skill, or has none: only then these functions are there.
pub fn function(tool: &str, has_files: bool) -> Option<&'static str> {
    let is_there = |function: &&str| has_files || !function.starts_with(files::NAME);
    here(tool).filter(is_there)
}

/// A paragraph that says which functions are to be called for the tools of another program
/// that a skill names; `None` where it names none that has one.
pub fn instead(wanted: &[String], has_files: bool) -> Option<String> {
    let mut ours: BTreeMap<&str, &str> = BTreeMap::new();
    for tool in wanted {
        if let Some(function) = function(tool, has_files) {
            ours.entry(tool).or_insert(function);
        }
    }
    if ours.is_empty() {
        return None;
    }
    let pairs = ours
        .iter()
        .map(|(tool, function)| format!("{function} for {tool}"));
    let pairs: Vec<String> = pairs.collect();
    Some(format!(
        "This was written for another program. Here there is {}.",
        pairs.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_of_others_are_those_that_do_the_same() {
        let check = |tool: &str, want: Option<&str>| assert_eq!(here(tool), want, "{tool}");
        check("Read", Some("skill.read"));
        check("Read(references/*)", Some("skill.read"));
        check("WebFetch", Some("browser.fetch"));
        check("Bash(python scripts/a.py *)", Some("python.run"));
        check("Bash(python3:*)", Some("python.run"));
        check("Bash(git add *)", None);
        check("Bash", None);
        check("Task", Some("process.spawn"));
        check("Task(researcher)", Some("process.spawn"));
        check("Edit", None);
        check("readable", None);
    }
}
