//! What looks at strangers' texts for attacks, if its weights are here. What becomes of what it
//! says is the kernel's business.

use std::error::Error;
use std::path::PathBuf;
use std::sync::OnceLock;

use quipu_cpu::detect::Classifier;
use quipu_kernel::gate::{Detection, Detector};
use quipu_kernel::label::Suspicion;
use quipu_models::catalogue;

use crate::config::settings::SignalsWord;

/// The model that looks at them, by the name that `quipu model pull` takes.
pub const NAME: &str = "cloneguard";

/// What looks at strangers' texts by the setting `word`: nothing where that is off, or where the
/// weights are in none of the `folders`.
pub fn find(word: SignalsWord, folders: &[PathBuf]) -> Detection {
    match weights(word, folders) {
        Some(file) => Detection::of(Lazy {
            file,
            open: OnceLock::new(),
        }),
        None => Detection::default(),
    }
}

/// The file of the weights that the setting `word` has used, where they are here whole.
pub fn weights(word: SignalsWord, folders: &[PathBuf]) -> Option<PathBuf> {
    let entry = catalogue::find(NAME).filter(|_| word == SignalsWord::Auto)?;
    let folder = folders.iter().find(|folder| entry.is_whole_in(folder))?;
    Some(folder.join(entry.file()))
}

/// The classifier, read when the first text needs it: most commands have none.
struct Lazy {
    file: PathBuf,
    open: OnceLock<Result<Classifier, String>>,
}

impl Detector for Lazy {
    fn detect(
        &self,
        text: &str,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Suspicion, Box<dyn Error + Send + Sync>> {
        let open = || Classifier::open(&self.file).map_err(|error| error.to_string());
        match self.open.get_or_init(open) {
            Ok(classifier) => Detector::detect(classifier, text, is_wanted),
            Err(error) => Err(error.clone().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_weights_or_when_off_nothing_looks() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = [folder.path().to_owned()];
        let check = |word: SignalsWord, want: bool| {
            assert_eq!(weights(word, &folders).is_some(), want, "{word:?}");
            assert_eq!(find(word, &folders).is_on(), want, "{word:?}");
        };
        check(SignalsWord::Auto, false);
        // Files of the right size with nothing in them.
        let entry = catalogue::find(NAME).expect("the catalogue has it");
        for entry in entry.all() {
            let path = folder.path().join(entry.file());
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            let file = std::fs::File::create(path).expect("made");
            file.set_len(entry.bytes).expect("room");
        }
        check(SignalsWord::Auto, true);
        check(SignalsWord::Off, false);
        // They are read when a text comes, and stop nothing: the text was not looked at.
        let detection = find(SignalsWord::Auto, &folders);
        assert_eq!(detection.suspicion("a page"), Some(Suspicion::UNSEEN));
    }
}
