//! Where things are: one folder with `--root`, else the XDG folders. Who else may look into
//! them is in `private`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use etcetera::BaseStrategy;
use quipu_kernel::journal::JournalError;
use quipu_memory::private::Key;

use crate::config::{env_vars, private};
use crate::terminal::error::UserError;
use crate::terminal::hints;

/// The folders of one machine.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The configuration file.
    pub config: PathBuf,
    /// Journal, lock and history.
    pub state: PathBuf,
    /// Documents and memories.
    pub store: PathBuf,
    /// Skills that agents have learnt.
    pub skills: PathBuf,
    /// Installed components.
    pub tools: PathBuf,
    /// Files that can be made again.
    pub cache: PathBuf,
    /// Model files: where they are put, then where they are looked up as well.
    pub models: Vec<PathBuf>,
}

impl Paths {
    /// The folders for `root`, or the user's own.
    pub fn find(root: Option<&Path>) -> Result<Self> {
        let base = etcetera::choose_base_strategy().ok();
        let user_models = base
            .as_ref()
            .map(|base| base.data_dir().join("quipu/models"));
        if let Some(root) = root {
            if root.is_file() {
                return Err(UserError::usage(
                    format!("{} is a file", root.display()),
                    "--root takes a folder",
                ));
            }
            let root = std::path::absolute(root)?;
            // Model files are large and never written to once they are there, so
            // a fresh root uses those the user already has.
            let models = std::iter::once(root.join("models")).chain(user_models);
            return Ok(Self {
                config: root.join("config.toml"),
                state: root.join("state"),
                store: root.join("store"),
                skills: root.join("skills"),
                tools: root.join("tools"),
                cache: root.join("cache"),
                models: models.collect(),
            });
        }
        let base = base.ok_or_else(|| {
            UserError::usage("there is no home folder", "name a folder with --root DIR")
        })?;
        let data = base.data_dir().join("quipu");
        let state = base
            .state_dir()
            .unwrap_or_else(|| base.data_dir())
            .join("quipu");
        Ok(Self {
            config: base.config_dir().join("quipu/config.toml"),
            state,
            store: data.join("store"),
            skills: data.join("skills"),
            tools: data.join("tools"),
            cache: base.cache_dir().join("quipu"),
            models: vec![data.join("models")],
        })
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.state.join("journal.db")
    }

    /// The secret of this root: by it what is written there is known again.
    ///
    /// # Errors
    /// Where it can be neither read nor made, or is missing beside a journal that was written with
    /// it: a new one would pass for that.
    pub fn key(&self) -> io::Result<Key> {
        let path = self.state.join("key");
        let is_filled = |file: PathBuf| file.metadata().is_ok_and(|meta| meta.len() > 0);
        let journal = self.journal();
        let is_written = is_filled(journal.with_file_name("journal.last")) && is_filled(journal);
        if is_written && quipu_memory::private::read_key(&path)?.is_none() {
            let lost = JournalError::KeyLost { path };
            let what_to_do = hints::journal(&lost);
            return Err(io::Error::other(format!("{lost}; {what_to_do}")));
        }
        quipu_memory::private::key(&path)
    }

    /// The token that the machine's user is known by over HTTP.
    pub fn http_token(&self) -> PathBuf {
        self.state.join("http_token")
    }

    /// The machine's lock.
    pub fn lock(&self) -> PathBuf {
        self.state.join("machine.lock")
    }

    /// KV states: what models have read, outside their cache.
    pub fn images(&self) -> PathBuf {
        self.cache.join("kv")
    }

    /// The user's own agents, found by their names.
    pub fn agents(&self) -> PathBuf {
        self.config.with_file_name("agents")
    }

    /// The user's rules for tools and calls.
    pub fn policy(&self) -> PathBuf {
        self.config.with_file_name("policy.toml")
    }

    /// The user's own MCP servers.
    pub fn servers(&self) -> PathBuf {
        self.config.with_file_name("mcp.json")
    }

    /// Grants to single tools.
    pub fn grants(&self) -> PathBuf {
        self.state.join("grants.toml")
    }

    /// The values that stand behind tools' secrets.
    pub fn secrets(&self) -> PathBuf {
        self.state.join("secrets.toml")
    }

    /// Where the installed tools came from.
    pub fn provenance(&self) -> PathBuf {
        self.state.join("tools.toml")
    }

    /// The folders whose files may take effect.
    pub fn trust(&self) -> PathBuf {
        self.state.join("trust.toml")
    }

    /// The agents that run by themselves.
    pub fn schedules(&self) -> PathBuf {
        self.state.join("schedules.toml")
    }

    /// The home of the model hub's own cache.
    pub fn hub_home(&self) -> Option<PathBuf> {
        env_vars::path(env_vars::HF_HOME).or_else(|| {
            let base = etcetera::choose_base_strategy().ok()?;
            Some(base.cache_dir().join("huggingface"))
        })
    }
}

/// Creates a folder that only its owner can look into, naming it when that fails.
pub fn create(folder: &Path) -> Result<()> {
    private::folder(folder).map_err(|error| {
        UserError::failed(
            format!("cannot create {}: {error}", folder.display()),
            "choose a folder that can be written with --root DIR",
        )
    })
}

/// Closes to others what lies at `paths`, except models and compiled code, which
/// tell nothing of their user. Best effort: a file may be somebody else's.
pub fn make_private(paths: &Paths) {
    for folder in [&paths.state, &paths.store, &paths.skills, &paths.tools] {
        private::close_all(folder);
    }
    private::close(&paths.cache);
    for part in ["kv", "mcp", "learn"] {
        private::close_all(&paths.cache.join(part));
    }
    for file in [&paths.config, &paths.servers(), &paths.policy()] {
        private::close(file);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn no_key_takes_the_place_of_one_that_a_journal_was_written_with() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().to_owned();
        let paths = Paths {
            config: state.join("config.toml"),
            store: state.join("store"),
            skills: state.join("skills"),
            tools: state.join("tools"),
            cache: state.join("cache"),
            models: Vec::new(),
            state,
        };
        let key = paths.key().unwrap();
        assert_eq!(paths.key().unwrap(), key);
        let file = paths.state.join("key");
        // An empty journal was not written yet, and one that was moved away is not there.
        fs::write(paths.state.join("journal.last"), [1; 32]).unwrap();
        fs::write(paths.journal(), "").unwrap();
        fs::remove_file(&file).unwrap();
        let another = paths.key().unwrap();
        assert_ne!(another, key);
        fs::write(paths.journal(), "rows").unwrap();
        assert_eq!(paths.key().unwrap(), another);
        fs::remove_file(&file).unwrap();
        let said = paths.key().unwrap_err().to_string();
        assert!(said.contains("put that file back"), "{said}");
        assert!(!file.exists());
    }
}
