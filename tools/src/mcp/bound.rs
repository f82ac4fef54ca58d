//! What a grant to a server is bound to: how it was written down, the program that this
//! leads to here, and the files among its arguments, each by its path and its bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Surroundings;
use super::config::{McpServer, McpTransport};
use super::fill::fill;

/// A server with what a grant to it is bound to.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The server.
    pub server: McpServer,
    /// Changes with anything that could make the server another one: its entry, the
    /// program, a file among its arguments, the folder that a relative path starts from.
    pub fingerprint: String,
}

impl Bound {
    pub(super) fn of(server: McpServer, surroundings: &Surroundings) -> Self {
        let fingerprint = fingerprint(&server, surroundings);
        Self {
            server,
            fingerprint,
        }
    }
}

pub(super) fn fingerprint(server: &McpServer, surroundings: &Surroundings) -> String {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(server).unwrap_or_default());
    if let McpTransport::Stdio {
        command, args, cwd, ..
    } = &server.transport
    {
        let cwd = folder(cwd.as_deref());
        // Looked up to find the file, and shown to nobody before it was granted.
        let filled = |text: &str| fill(text, &*surroundings.variables).ok();
        let program = filled(command).and_then(|command| program(&command, &cwd, surroundings));
        let named = args.iter().filter_map(|arg| filled(arg)).flat_map(paths);
        let files = named.map(|path| cwd.join(path));
        for file in program.into_iter().chain(files) {
            if let Ok(Some((path, digest))) = digest(&file) {
                hash.update(path.as_os_str().as_encoded_bytes());
                hash.update([0]);
                hash.update(digest);
            }
        }
    }
    hex(&hash.finalize())
}

/// The folder that relative paths of a server start from.
pub(super) fn folder(cwd: Option<&Path>) -> PathBuf {
    let folder = cwd.unwrap_or(Path::new("."));
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The file that `command` leads to: from `cwd` where it is a path, else the first of
/// that name in the folders of the user's `PATH`. Links are not followed, because some
/// programs go by the name they were started under.
pub(super) fn program(command: &str, cwd: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
    if command.contains(std::path::is_separator) {
        return Some(cwd.join(command));
    }
    let path = surroundings.passed_on.get("PATH")?;
    std::env::split_paths(path)
        // A relative one would be another folder elsewhere.
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(command))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    let Ok(meta) = file.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let runs = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let runs = true;
    meta.is_file() && runs
}

/// What may be a path in `argument`: all of it, or what follows `--option=`.
fn paths(argument: String) -> Vec<String> {
    let value = argument.split_once('=').map(|(_, value)| value.to_owned());
    std::iter::once(argument).chain(value).collect()
}

/// The file at `path` by its real name, with the hash of its bytes; `None` where there
/// is no file.
fn digest(path: &Path) -> io::Result<Option<(PathBuf, impl AsRef<[u8]>)>> {
    let path = path.canonicalize()?;
    if !path.metadata()?.is_file() {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    let mut file = BufReader::with_capacity(1 << 16, File::open(&path)?);
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            break;
        }
        hash.update(part);
        let read = part.len();
        file.consume(read);
    }
    Ok(Some((path, hash.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::sync::Arc;

    use super::*;

    fn server(command: &str, args: &[&str], cwd: &Path) -> McpServer {
        McpServer {
            name: "x".into(),
            silent_max: None,
            transport: McpTransport::Stdio {
                command: command.into(),
                args: args.iter().map(|arg| (*arg).to_owned()).collect(),
                env: BTreeMap::new(),
                cwd: Some(cwd.to_owned()),
            },
        }
    }

    fn surroundings(path: &Path) -> Surroundings {
        let path = path.to_str().unwrap().to_owned();
        Surroundings {
            passed_on: BTreeMap::from([("PATH".to_owned(), path)]),
            variables: Arc::new(|name| (name == "NAME").then(|| "data".to_owned())),
        }
    }

    fn write_program(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_grant_is_bound_to_program_files_and_folder() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for folder in ["a", "b"] {
            write_program(&at(folder).join("s"), "same");
            fs::write(at(folder).join("data"), "1").unwrap();
        }
        write_program(&at("bin/tool"), "one");
        let here = surroundings(&at("bin"));
        let print = |command: &str, args: &[&str], folder: &str| {
            fingerprint(&server(command, args, &at(folder)), &here)
        };
        // What a change of the world or of the entry does to the fingerprint.
        let check = |command: &str, args: &[&str], change: &dyn Fn(), changes: bool| {
            let before = print(command, args, "a");
            change();
            let after = print(command, args, "a");
            assert_eq!(before != after, changes, "{command} {args:?}");
        };
        let write = |name: &str, text: &str| fs::write(at(name), text).unwrap();
        assert_ne!(print("./s", &[], "a"), print("./s", &[], "b"));
        assert_ne!(print("./s", &["x"], "a"), print("./s", &["y"], "a"));
        check("./s", &[], &|| write("a/s", "other"), true);
        check("tool", &[], &|| write("bin/tool", "two"), true);
        check("./s", &["data"], &|| write("a/data", "2"), true);
        check("./s", &["--db=data"], &|| write("a/data", "3"), true);
        check("./s", &["${NAME}"], &|| write("a/data", "4"), true);
        check("./s", &["x"], &|| write("a/data", "5"), false);
        check("./s", &["data"], &|| write("b/data", "6"), false);
        // A program of the same name that would now be found first.
        let both = surroundings(&at("first"));
        let before = fingerprint(&server("tool", &[], &at("a")), &both);
        write_program(&at("first/tool"), "three");
        assert_ne!(before, fingerprint(&server("tool", &[], &at("a")), &both));
    }

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let root = tempfile::tempdir().unwrap();
        let bin = root.path().join("bin");
        write_program(&bin.join("tool"), "x");
        fs::write(bin.join("plain"), "x").unwrap();
        let here = surroundings(&bin);
        let find = |command: &str| program(command, root.path(), &here);
        assert_eq!(find("tool"), Some(bin.join("tool")));
        assert_eq!(find("./tool"), Some(root.path().join("./tool")));
        assert_eq!(find("none"), None);
        #[cfg(unix)]
        assert_eq!(find("plain"), None);
    }
}
