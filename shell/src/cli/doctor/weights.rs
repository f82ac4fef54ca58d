//! Whether the weights that are here are as they were published: those of the models and of the
//! senses.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use indicatif::DecimalBytes;
use quipu_models::damage::{Damage, known};

use crate::terminal::bar;
use crate::terminal::error::UserError;
use crate::terminal::output::counted;

/// Checks all files in `folders` that are known by their size and checksum, and of other models
/// whether they are whole.
///
/// # Errors
/// Those that are damaged, with the command that fetches them again.
pub(super) fn check(folders: &[PathBuf]) -> Result<String> {
    let files = known(folders);
    let bytes: u64 = files.iter().map(|file| file.entry.bytes).sum();
    let progress = bar::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
    let mut wrong = Vec::new();
    // Whether a file of what is pulled by this name has to go before it is fetched.
    let mut again: BTreeMap<&str, bool> = BTreeMap::new();
    for file in &files {
        if let Some(damage) = file.damage(&mut |bytes| progress.inc(bytes)) {
            wrong.push(format!("{}: {damage}", file.entry.file().display()));
            *again.entry(file.entry.pulled_by()).or_default() |= damage == Damage::Content;
        }
    }
    progress.finish_and_clear();
    let mut ways: Vec<String> = again.iter().map(|(name, goes)| way(name, *goes)).collect();
    let others = quipu_models::ls(folders).into_iter();
    let others = others.filter(|model| files.iter().all(|file| file.path != model.path));
    for model in others {
        if let Err(error) = &model.header {
            wrong.push(format!("{}: {error}", model.name));
            let name = shell_words::quote(&model.name);
            ways.push(format!(
                "`quipu model rm {name}`, and fetch it where it came from"
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(UserError::failed(
            format!("damaged: {}", wrong.join("; ")),
            ways.join("; "),
        ));
    }
    Ok(match files.len() {
        0 => "none is here that is known by its checksum".to_owned(),
        count => format!(
            "{} as published, by the checksum ({})",
            counted(count, "file"),
            DecimalBytes(bytes)
        ),
    })
}

/// How what is pulled as `name` is fetched again; it `goes` first where its size is right, as a
/// pull takes it for what it should be.
fn way(name: &str, goes: bool) -> String {
    match goes {
        false => format!("`quipu model pull {name}`"),
        true => format!("`quipu model rm {name}`, then `quipu model pull {name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::error::hint;

    #[test]
    fn what_is_damaged_is_named_with_what_fetches_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        let none = check(&folders).unwrap();
        assert_eq!(none, "none is here that is known by its checksum");
        std::fs::write(folder.path().join("smollm2-135m.gguf"), "cut").unwrap();
        std::fs::create_dir(folder.path().join("eyes")).unwrap();
        std::fs::write(folder.path().join("eyes/ppocrv6_dict.txt"), "cut").unwrap();
        std::fs::write(folder.path().join("mine.gguf"), "cut").unwrap();
        let error = check(&folders).unwrap_err();
        let said = error.to_string();
        for wanted in [
            "damaged: smollm2-135m.gguf: it has 3 bytes in place of 98362432; ",
            "eyes/ppocrv6_dict.txt: it has 3 bytes in place of ",
            "mine: ",
        ] {
            assert!(said.contains(wanted), "{said}");
        }
        assert_eq!(
            hint(&error),
            "`quipu model pull eyes`; `quipu model pull smollm2-135m`; \
             `quipu model rm mine`, and fetch it where it came from"
        );
        let again = "`quipu model rm eyes`, then `quipu model pull eyes`";
        assert_eq!(way("eyes", true), again);
    }
}
