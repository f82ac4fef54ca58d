//! Finds the projector of a model, with which the model sees pictures. It lies beside the model's
//! file, and its name begins with `mmproj`, as publishers call it.

use std::fs;
use std::path::{Path, PathBuf};

/// How the names of projectors begin.
const PROJECTOR: &str = "mmproj";
/// Most files of a folder that are looked at.
const FILES_MAX: usize = 10_000;

/// The projector of the model file `model`, if one lies beside it: one that is named after the
/// model, or any where all models of the folder are the same in several sizes. Of several the
/// one in 16 bit floats, else the first by name.
pub fn projector_of(model: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(model.parent()?).ok()?.flatten();
    let names = entries
        .take(FILES_MAX)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.to_ascii_lowercase().ends_with(".gguf"));
    let (mut projectors, models): (Vec<String>, Vec<String>) =
        names.partition(|name| is_projector(name));
    projectors.sort();
    let family = family(model.file_name()?.to_str()?);
    let named = |name: &&String| {
        let name = name.to_ascii_lowercase();
        let rest = name
            .trim_start_matches(PROJECTOR)
            .trim_start_matches(['-', '_', '.']);
        !family.is_empty() && rest.starts_with(&family)
    };
    let own: Vec<&String> = projectors.iter().filter(named).collect();
    let chosen = match own.is_empty() {
        false => own,
        true if models.iter().all(|name| self::family(name) == family) => {
            projectors.iter().collect()
        }
        true => return None,
    };
    let chosen: Vec<&str> = chosen.into_iter().map(String::as_str).collect();
    Some(model.with_file_name(usual(&chosen)?))
}

/// The projector that is taken of several, if nobody chose: the one in 16 bit floats, which all
/// processors compute, or else the first.
pub(crate) fn usual<'a>(names: &[&'a str]) -> Option<&'a str> {
    let is_half = |name: &&&str| {
        let name = name.to_ascii_lowercase();
        name.contains("f16") && !name.contains("bf16")
    };
    names.iter().find(is_half).or(names.first()).copied()
}

/// Whether a file of this name is a projector, and no model that answers.
pub(crate) fn is_projector(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with(PROJECTOR)
}

/// The common part of the names of one model's files: without the ending and the word before it,
/// which says how the weights are stored.
fn family(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let stem = name.strip_suffix(".gguf").unwrap_or(&name);
    let end = stem.rfind(['-', '.']).unwrap_or(stem.len());
    stem[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projector_of_a_model_lies_beside_it() {
        let check = |files: &[&str], model: &str, want: Option<&str>| {
            let folder = tempfile::tempdir().unwrap();
            for name in files {
                fs::write(folder.path().join(name), b"").unwrap();
            }
            let found = projector_of(&folder.path().join(model));
            let found = found.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
            assert_eq!(found.as_deref(), want, "{files:?}");
        };
        // A folder of one model, in several sizes.
        let sizes = ["Some-VL-2B-Q4_K_M.gguf", "Some-VL-2B-Q8_0.gguf"];
        let with = |projectors: &[&'static str]| [&sizes[..], projectors].concat();
        check(&with(&[]), sizes[0], None);
        check(
            &with(&["mmproj-model-f16.gguf"]),
            sizes[0],
            Some("mmproj-model-f16.gguf"),
        );
        check(
            &with(&["mmproj-BF16.gguf", "mmproj-F16.gguf", "mmproj-F32.gguf"]),
            sizes[1],
            Some("mmproj-F16.gguf"),
        );
        check(
            &with(&["mmproj-Q8_0.gguf"]),
            sizes[1],
            Some("mmproj-Q8_0.gguf"),
        );
        // One of many models.
        let many = ["some-vl-2b-q4_0.gguf", "other-7b-q4_0.gguf"];
        let with = |projectors: &[&'static str]| [&many[..], projectors].concat();
        check(&with(&["mmproj-f16.gguf"]), many[0], None);
        let own = "mmproj-Some-VL-2B-f16.gguf";
        check(&with(&[own]), many[0], Some(own));
        check(&with(&[own]), many[1], None);
    }
}
