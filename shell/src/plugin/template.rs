//! The projects that `quipu tool new` writes: the folders of `plugins/template`, with
//! the name of the tool in place of `my-tool`.

use std::path::Path;

use anyhow::Result;

use super::Lang;
use crate::session::builtin;
use crate::terminal::error::UserError;

macro_rules! files {
    ($folder:literal: $($file:literal),+) => {
        &[$(($file, include_str!(concat!("../../../plugins/template/", $folder, "/", $file)))),+]
    };
}

const RUST: &[(&str, &str)] = files!("rust": "Cargo.toml", "src/lib.rs", "wit/world.wit", "plugin.toml", "tests.jsonl", "gitignore");
const PYTHON: &[(&str, &str)] =
    files!("python": "app.py", "wit/world.wit", "plugin.toml", "tests.jsonl", "gitignore");
const C: &[(&str, &str)] =
    files!("c": "tool.c", "wit/world.wit", "plugin.toml", "tests.jsonl", "gitignore");

/// Writes the project of a tool called `name` into `folder`, which must not be there
/// or be empty.
pub fn write(folder: &Path, name: &str, lang: Lang) -> Result<()> {
    check_name(name)?;
    let taken = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if taken || folder.is_file() {
        return Err(UserError::usage(
            format!("{} is there already", folder.display()),
            "choose another name, or remove it first",
        ));
    }
    let files = match lang {
        Lang::Rust => RUST,
        Lang::Python => PYTHON,
        Lang::C => C,
    };
    for (file, text) in files {
        // A file of that name would be one of this repository.
        let file = if *file == "gitignore" {
            ".gitignore"
        } else {
            file
        };
        let path = folder.join(file);
        let write = || {
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(&path, named(text, name))
        };
        write().map_err(|error| {
            UserError::failed(
                format!("{}: {error}", path.display()),
                "choose a folder you can write to",
            )
        })?;
    }
    Ok(())
}

/// The name is also that of a WIT world, a Cargo package and a C identifier, so it has
/// to please all of them.
fn check_name(name: &str) -> Result<()> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    // The test crate's and the folders' own names, which Cargo refuses.
    let reserved = ["test", "core", "std", "alloc", "build", "deps", "examples"].contains(&name);
    if reserved || name.len() > 40 || !name.split('-').all(word) {
        return Err(UserError::usage(
            format!("{name:?} cannot be the name of a tool"),
            "use words of lower-case letters and digits, such as word-count",
        ));
    }
    builtin::check_free(name, "give yours another name")
}

/// `text` of the template, for a tool called `name`.
fn named(text: &str, name: &str) -> String {
    let pascal: String = name
        .split('-')
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect();
    text.replace("my-tool", name)
        .replace("my_tool", &name.replace('-', "_"))
        .replace("MyTool", &pascal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_every_language() {
        let check = |name: &str, good: bool| assert_eq!(check_name(name).is_ok(), good, "{name}");
        check("a", true);
        check("word-count2", true);
        for bad in [
            "", "-", "a-", "a--b", "2a", "a-2", "Word", "a_b", "a b", "../a", "ñ", "test", "python",
        ] {
            check(bad, false);
        }
        check(&"a".repeat(41), false);
    }

    #[test]
    fn the_name_takes_every_form() {
        let text = "my-tool my_tool.h struct MyTool";
        assert_eq!(
            named(text, "word-count"),
            "word-count word_count.h struct WordCount"
        );
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("new"), "a", Lang::C).unwrap();
        assert!(folder.path().join("new/.gitignore").is_file());
        assert!(write(&folder.path().join("new"), "a", Lang::C).is_err());
    }
}
