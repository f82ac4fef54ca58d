//! Which models the machine on the root has loaded, for the list of models.

use std::path::{Path, PathBuf};

use quipu_kernel::ModelNow;
use quipu_models::{self as models, Installed};
use serde_json::{Value, json};

use crate::config::settings::CpuChoice;
use crate::service::talk;
use crate::session::Session;
use crate::terminal::output::counted;

/// The models that are loaded, each with its file where it has one.
#[derive(Default)]
pub(super) struct Residents(Vec<(Option<PathBuf>, ModelNow)>);

impl Residents {
    /// Those of the machine on the root of `session`; none where none runs, or it does not answer.
    pub(super) fn of(session: &Session) -> Self {
        let loaded = talk::loaded(&session.paths).unwrap_or_default();
        let own = loaded
            .iter()
            .any(|now| now.is_own)
            .then(|| own_file(session));
        let own = own.flatten();
        let with_file = |now: ModelNow| {
            let file = match now.is_own {
                true => own.clone(),
                false => Path::new(&now.key).canonicalize().ok(),
            };
            (file, now)
        };
        Self(loaded.into_iter().map(with_file).collect())
    }

    /// The one whose file is at `path`.
    pub(super) fn at(&self, path: &Path) -> Option<&ModelNow> {
        let path = path.canonicalize().ok()?;
        let mut all = self.0.iter();
        all.find(|(file, _)| file.as_ref() == Some(&path))
            .map(|(_, now)| now)
    }

    /// The one that computes with the file at `path`: its own, or the projector beside that.
    pub(super) fn using(&self, path: &Path) -> Option<&ModelNow> {
        let path = path.canonicalize().ok()?;
        let sees_by = |file: &PathBuf| {
            let projector = models::projector_of(file)?.canonicalize().ok()?;
            (projector == path).then_some(())
        };
        let has = |file: &PathBuf| *file == path || sees_by(file).is_some();
        let mut all = self.0.iter();
        all.find(|(file, _)| file.as_ref().is_some_and(has))
            .map(|(_, now)| now)
    }

    /// Those that are no files of the list `installed`. What computes by itself for a machine and is
    /// no file, such as a script, is no model.
    pub(super) fn elsewhere<'a>(
        &'a self,
        installed: &'a [Installed],
    ) -> impl Iterator<Item = &'a ModelNow> {
        let is_listed = move |file: &PathBuf| {
            let mut files = installed.iter().map(|model| model.path.canonicalize().ok());
            files.any(|path| path.as_ref() == Some(file))
        };
        let others = self.0.iter().filter(move |(file, now)| match file {
            Some(file) => !is_listed(file),
            None => !now.is_own,
        });
        others.map(|(_, now)| now)
    }
}

/// The file of the machine's own model; `None` where it computes otherwise.
fn own_file(session: &Session) -> Option<PathBuf> {
    let greeting = talk::greeting(&session.paths).ok().flatten()?;
    let is_local = CpuChoice::Local.to_string() == greeting.cpu;
    let name = greeting.instead.unwrap_or(greeting.model);
    let file = models::resolve(&name, &session.places()).ok();
    file.filter(|_| is_local)?.canonicalize().ok()
}

/// A model that is loaded, as the state of a row.
pub(super) fn words(now: &ModelNow) -> String {
    let processes = counted(now.cpu.processes.len(), "process");
    format!("loaded, {processes}")
}

/// A model that is loaded, as JSON.
pub(super) fn as_json(now: &ModelNow) -> Value {
    json!({
        "own": now.is_own, "bytes": now.bytes, "in_use": now.in_use,
        "processes": now.cpu.processes.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            path
        };
        let (own, beside, idle) = (file("own.gguf"), file("b.gguf"), file("idle.gguf"));
        let now = |name: &str, file: Option<&PathBuf>, is_own: bool| {
            let now = ModelNow {
                name: name.into(),
                is_own,
                ..ModelNow::default()
            };
            (file.map(|file| file.canonicalize().unwrap()), now)
        };
        let all = Residents(vec![
            now("own", Some(&own), true),
            now("b", Some(&beside), false),
            now("endpoint:fast", None, false),
        ]);
        let name = |path: &Path| all.at(path).map(|now| now.name.as_str());
        assert_eq!(name(&own), Some("own"));
        assert_eq!(name(&folder.path().join("./b.gguf")), Some("b"));
        assert_eq!(name(&idle), None);
        let used = |path: &Path| all.using(path).map(|now| now.name.as_str());
        let projector = file("mmproj-own.gguf");
        assert_eq!(used(&own), Some("own"));
        assert_eq!(used(&projector), Some("own"));
        assert_eq!(used(&idle), None);
        let names: Vec<&str> = all.elsewhere(&[]).map(|now| now.name.as_str()).collect();
        assert_eq!(names, ["own", "b", "endpoint:fast"]);
        let script = Residents(vec![now("script", None, true)]);
        assert_eq!(script.elsewhere(&[]).count(), 0);
    }
}
