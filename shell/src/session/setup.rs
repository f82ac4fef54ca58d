//! Whether a process would run alike on the machine of another program: what a machine is made
//! of beside its grants, in one word.
//!
//! Two words that are equal say that the same model computes, in the same way, by the same
//! rules, with the same tools. Which of that differs they do not say.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use quipu_kernel::gate::Policy;
use quipu_models as models;
use sha2::{Digest, Sha256};

use super::Session;
use crate::config::settings::CpuChoice;
use crate::config::trust::SERVERS;

impl Session {
    /// The word for a machine of this session that does what `policy` says.
    pub fn setup(&self, policy: &Policy) -> String {
        let (paths, settings) = (&self.paths, &self.settings);
        let mut digest = Sha256::new();
        let mut add = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        add(self.computes().as_bytes());
        let choices = format!(
            "{:?} {:?} {:?} {:?} {}",
            settings.window,
            settings.kv_tokens,
            settings.attention,
            settings.embedder,
            settings.api_key_env
        );
        add(choices.as_bytes());
        // As they were read: their file may have been written since.
        add(format!("{:?}", policy.rules).as_bytes());
        // What is named from the folder of the call is something else in another folder.
        let mut grants = policy.grants.iter().map(ToString::to_string);
        let is_local = Path::new(SERVERS).exists() || grants.any(|cap| is_relative(&cap));
        let here = is_local.then(std::env::current_dir).and_then(Result::ok);
        add(format!("{here:?}").as_bytes());
        let mut files = vec![
            paths.policy(),
            paths.secrets(),
            paths.grants(),
            paths.servers(),
            paths.trust(),
            PathBuf::from(SERVERS),
        ];
        let installed = fs::read_dir(&paths.tools).into_iter().flatten().flatten();
        files.extend(installed.map(|entry| entry.path()));
        files.sort();
        for file in files {
            add(file.as_os_str().as_encoded_bytes());
            add(&content(&file));
        }
        HEXLOWER.encode(&digest.finalize())
    }

    /// What computes, by names that are the same from every folder.
    fn computes(&self) -> String {
        let settings = &self.settings;
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match &settings.cpu {
            CpuChoice::Local => match models::resolve(&settings.model, &self.places()) {
                Ok(file) => format!("local {}", whole(&file).display()),
                Err(_) => format!("local {}", settings.model),
            },
            CpuChoice::Url(url) if settings.model_named => format!("{url} {}", settings.model),
            CpuChoice::Url(url) => url.clone(),
            CpuChoice::Script(file) => format!("script {}", whole(file.as_ref()).display()),
        }
    }
}

/// Whether a capability names a path from the folder of the call on.
fn is_relative(capability: &str) -> bool {
    let path = ["fs:read:", "fs:write:"]
        .iter()
        .find_map(|kind| capability.strip_prefix(kind));
    path.is_some_and(|path| Path::new(path).is_relative())
}

/// What is in a small file; of a large one, how large it is and when it was written. Nothing
/// where there is none.
fn content(file: &Path) -> Vec<u8> {
    /// Beyond this a file is a component, which is not read for a word.
    const SMALL_BYTES: u64 = 64 << 10;
    let Ok(about) = fs::metadata(file) else {
        return Vec::new();
    };
    match about.is_file() && about.len() <= SMALL_BYTES {
        true => fs::read(file).unwrap_or_default(),
        false => format!("{} {:?}", about.len(), about.modified().ok()).into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::globals::Globals;
    use crate::config::settings::ApproveWord;

    #[test]
    fn what_a_process_would_notice_makes_another_word() {
        let folder = tempfile::tempdir().unwrap();
        let word = |cpu: &str, window: Option<usize>| {
            let session = Session::open(Globals {
                root: Some(folder.path().join("root")),
                cpu: Some(cpu.to_owned()),
                window,
                ..Globals::default()
            });
            let session = session.unwrap();
            let policy = session.policy(&[], Some(ApproveWord::Never));
            (
                session.setup(&policy),
                session.paths.policy(),
                session.paths.tools.clone(),
            )
        };
        let (usual, rules, tools) = word("script:/s", None);
        assert_eq!(word("script:/s", None).0, usual);
        assert_ne!(word("script:/t", None).0, usual);
        assert_ne!(word("script:/s", Some(4096)).0, usual);
        fs::create_dir_all(&tools).unwrap();
        fs::write(tools.join("a.wasm"), "").unwrap();
        let with_a_tool = word("script:/s", None).0;
        assert_ne!(with_a_tool, usual);
        fs::write(rules, "# no rules\n").unwrap();
        assert_ne!(word("script:/s", None).0, with_a_tool);
    }

    #[test]
    fn a_path_from_the_folder_of_the_call_is_found() {
        let check = |capability: &str, want: bool| {
            assert_eq!(is_relative(capability), want, "{capability}");
        };
        check("fs:read:./out", true);
        check("fs:write:out", true);
        check("fs:read:/data", false);
        check("net:example.com", false);
        check("mem:write", false);
    }
}
