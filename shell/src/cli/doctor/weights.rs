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

/// Checks the size of all files in `folders` that are known by it, and by their checksums too where
/// they are to be `read`; of other models whether they are whole.
///
/// # Errors
/// Those that are damaged, with the command that fetches them again.
pub(super) fn check(folders: &[PathBuf], read: bool) -> Result<String> {
    let files = known(folders);
    let bytes: u64 = files.iter().map(|file| file.entry.bytes).sum();
    let to_read = if read { bytes } else { 0 };
    let progress = bar::bytes(usize::try_from(to_read).unwrap_or(usize::MAX));
    let mut wrong = Vec::new();
    // Whether a file of what is pulled by this name has to go before it is fetched.
    let mut again: BTreeMap<&str, bool> = BTreeMap::new();
    for file in &files {
        let damage = match read {
            true => file.damage(&mut |bytes| progress.inc(bytes)),
            false => file.wrong_size(),
        };
        if let Some(damage) = damage {
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
    let (all, bytes) = (counted(files.len(), "file"), DecimalBytes(bytes));
    Ok(match (files.is_empty(), read) {
        (true, _) => "no file here is known by its checksum".to_owned(),
        (false, true) => format!("{all} as published, by the checksum ({bytes})"),
        (false, false) => {
            format!("{all} as long as published ({bytes}); --checksums reads them too")
        }
    })
}

/// How what is pulled as `name` is fetched again; it `goes` first where its size is right, as a
/// pull takes it for what it should be.
pub(super) fn way(name: &str, goes: bool) -> String {
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
        for read in [false, true] {
            let none = check(&folders, read).unwrap();
            assert_eq!(none, "no file here is known by its checksum");
        }
        std::fs::write(folder.path().join("smollm2-135m.gguf"), "cut").unwrap();
        std::fs::create_dir(folder.path().join("eyes")).unwrap();
        std::fs::write(folder.path().join("eyes/ppocrv6_dict.txt"), "cut").unwrap();
        std::fs::write(folder.path().join("mine.gguf"), "cut").unwrap();
        let error = check(&folders, false).unwrap_err();
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

    #[test]
    fn a_content_that_is_another_is_told_once_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        std::fs::create_dir(folder.path().join("eyes")).unwrap();
        let path = folder.path().join("eyes/ppocrv6_dict.txt");
        std::fs::write(&path, "").unwrap();
        let entry = known(&folders)[0].entry;
        std::fs::write(&path, vec![b'x'; entry.bytes as usize]).unwrap();
        let said = check(&folders, false).unwrap();
        assert!(said.starts_with("1 file as long as published"), "{said}");
        let said = check(&folders, true).unwrap_err().to_string();
        assert!(
            said.ends_with("its content is not what was published"),
            "{said}"
        );
    }
}
