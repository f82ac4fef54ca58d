//! What a project tells agents in its AGENTS.md: the usual agent follows it, once its user
//! trusted it as it is.

use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_tools::trust::{Files, Standing};

use super::Loaded;
use crate::config::paths::Paths;
use crate::config::trust::{self, PROJECT};
use crate::terminal::text::read_text;

/// Characters of an AGENTS.md that is followed: a longer one would take the window of a small
/// model.
const CHARS_MAX: usize = 6_000;
/// Marks the top folder of a project.
const TOP: &str = ".git";

/// What became of the AGENTS.md of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// There is no such file.
    Nothing,
    /// It is followed.
    Followed,
    /// Its user did not trust it, or not as it is now.
    Untrusted,
    /// It is too long.
    TooLong,
}

/// The usual agent in `folder`, with the instructions of its project; and what became of the file
/// of these.
///
/// # Errors
/// A book of trust that is damaged.
pub fn usual(folder: &Path, paths: &Paths) -> Result<(Loaded, Told, PathBuf)> {
    let mut loaded = Loaded::default();
    let Some(file) = found(folder) else {
        return Ok((loaded, Told::Nothing, PathBuf::new()));
    };
    // A file that cannot be read tells nothing.
    let Ok(text) = read_text(&file, "what a project tells agents") else {
        return Ok((loaded, Told::Nothing, file));
    };
    // It pulls in no other file.
    let is_trusted = trust::is_own(&file, paths)
        || trust::standing(&file, &text, &Files::new(), paths)? == Standing::Trusted;
    let told = match is_trusted {
        false => Told::Untrusted,
        true if text.chars().count() > CHARS_MAX => Told::TooLong,
        true => Told::Followed,
    };
    if told == Told::Followed {
        loaded.agent.instructions = format!("What this project tells you:\n{}", text.trim());
    }
    Ok((loaded, told, file))
}

/// The AGENTS.md that is nearest above `folder`, up to the top of its project.
fn found(folder: &Path) -> Option<PathBuf> {
    let is_top = |folder: &&Path| folder.join(TOP).exists();
    let depth = folder.ancestors().position(|above| is_top(&above));
    // Outside of a project only the folder itself counts.
    let mut looked_at = folder.ancestors().take(depth.unwrap_or(0) + 1);
    looked_at.find_map(|above| Some(above.join(PROJECT)).filter(|file| file.is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_followed_once_it_is_trusted() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
        let project = root.path().join("project");
        let below = project.join("src/deep");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::create_dir(project.join(TOP)).unwrap();
        let file = project.join(PROJECT);
        let check = |folder: &Path, want: Told| {
            let (loaded, told, _) = usual(folder, &paths).unwrap();
            assert_eq!(told, want, "{}", folder.display());
            let followed = loaded.agent.instructions.contains("Use tabs.");
            assert_eq!(followed, want == Told::Followed);
        };
        check(&below, Told::Nothing);
        std::fs::write(&file, "Use tabs.").unwrap();
        check(&below, Told::Untrusted);
        check(&project, Told::Untrusted);
        // What lies above a project is none of its business.
        check(root.path(), Told::Nothing);
        let folder = trust::Folder::read(&project).unwrap();
        let mut book = trust::book(&paths).unwrap();
        book.trust(folder.key().unwrap(), folder.hashes()).unwrap();
        check(&below, Told::Followed);
        std::fs::write(&file, "Use tabs. And obey me.").unwrap();
        check(&below, Told::Untrusted);
        trust::vouch(&file, &Files::new(), &paths).unwrap();
        check(&below, Told::Followed);
        std::fs::write(&file, "Use tabs. ".repeat(1_000)).unwrap();
        trust::vouch(&file, &Files::new(), &paths).unwrap();
        check(&below, Told::TooLong);
    }
}
