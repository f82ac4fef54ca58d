//! The parts that a grant to a server is bound to: the entry as it was written, the program that
//! it leads to here, and those files that are code and that its arguments or variables name, each
//! by its path and its bytes. Data that a server keeps may change, and asks for nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::Surroundings;
use super::config::{McpServer, McpTransport};
use super::placeholders::fill;

/// A server with what a grant to it is bound to.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The server.
    pub server: McpServer,
    /// Changes with anything that could make the server another one: its entry, the program, code
    /// that its arguments and variables name, the folder that a relative path starts from.
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
        command,
        args,
        env,
        cwd,
    } = &server.transport
    {
        let cwd = folder(cwd.as_deref());
        // Looked up to find the file, and shown to nobody before it was granted.
        let filled = |text: &str| fill(text, &*surroundings.variables).ok();
        let program = filled(command).and_then(|command| program(&command, &cwd, surroundings));
        let args: Vec<String> = args.iter().filter_map(|arg| filled(arg)).collect();
        let mut code = named(&args, &cwd);
        code.extend(implied(program.as_deref(), &args, &cwd));
        // A variable makes an interpreter load a file first.
        for value in env.values().filter_map(|value| filled(value)) {
            let files = paths(&value).into_iter().chain(words(&value));
            code.extend(
                files
                    .map(|path| cwd.join(path))
                    .filter(|file| is_code(file)),
            );
        }
        for file in program.iter().chain(&code) {
            if let Ok(Some((path, digest))) = digest(file) {
                hash.update(path.as_os_str().as_encoded_bytes());
                hash.update([0]);
                hash.update(digest);
            }
        }
    }
    HEXLOWER.encode(&hash.finalize())
}

/// The folder that relative paths of a server start from.
pub(super) fn folder(cwd: Option<&Path>) -> PathBuf {
    let folder = cwd.unwrap_or(Path::new("."));
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// The file that `command` leads to: relative to `cwd` where it is a path, else the first of that
/// name in the folders of the user's `PATH`. Links are not followed, because some programs depend
/// on the name they were started under.
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

/// How files of code end.
const CODE: &[&str] = &[
    "bash", "bat", "cjs", "clj", "cmd", "cts", "dll", "dylib", "egg", "exe", "exs", "fish", "go",
    "groovy", "hs", "jar", "jl", "js", "jsx", "kts", "lua", "mjs", "mts", "php", "pl", "pm", "ps1",
    "py", "pyc", "pyw", "pyz", "r", "rb", "rkt", "scm", "sh", "so", "swift", "tcl", "ts", "tsx",
    "wasm", "whl", "zsh",
];
/// How files of data end.
const DATA: &[&str] = &[
    "csv", "db", "duckdb", "jsonl", "ldb", "log", "md", "ndjson", "parquet", "sqlite", "sqlite3",
    "tsv", "txt",
];
/// How programs and scripts begin: a script's first line; ELF, Mach-O, Windows, wasm, Java.
const MAGIC: &[&[u8]] = &[
    b"#!",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"MZ",
    b"\0asm",
];

/// Whether the file is a program or a script, by its name or by how it begins.
fn is_code(file: &Path) -> bool {
    let head = head(file);
    ends_in(file, CODE) || MAGIC.iter().any(|magic| head.starts_with(magic))
}

/// Whether the file is data, by its name or as a database.
fn is_data(file: &Path) -> bool {
    ends_in(file, DATA) || head(file).starts_with(b"SQLite format 3")
}

fn ends_in(file: &Path, endings: &[&str]) -> bool {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    endings.contains(&ending.to_ascii_lowercase().as_str())
}

/// The first bytes of a file; none where there is no file.
fn head(file: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if file.is_file()
        && let Ok(file) = File::open(file)
    {
        // A file that cannot be read has no beginning.
        let _ = file.take(16).read_to_end(&mut head);
    }
    head
}

/// The possible paths in `argument`: all of it, or the part after `--option=`.
fn paths(argument: &str) -> Vec<String> {
    let value = argument.split_once('=').map(|(_, value)| value);
    let paths = std::iter::once(argument).chain(value);
    paths.map(str::to_owned).collect()
}

/// The words of a line for a shell (`sh -c "python3 server.py"`), which may be paths; none where it
/// is a single word.
fn words(line: &str) -> Vec<String> {
    let between = |c: char| c.is_whitespace() || "\"'`;&|()<>=".contains(c);
    let words = line.split(between).filter(|word| !word.is_empty());
    match line.contains(|c: char| c.is_whitespace() || c == ';') {
        true => words.take(WORDS_MAX).map(str::to_owned).collect(),
        false => Vec::new(),
    }
}

/// The code among the files that `args` name, in the folder `cwd`.
fn named(args: &[String], cwd: &Path) -> Vec<PathBuf> {
    let mut code = code_among(args.iter().flat_map(|arg| paths(arg)), cwd);
    for line in args {
        code.extend(code_among(words(line), cwd));
    }
    code
}

/// Those of the files at `paths`, in the folder `cwd`, that are code. An interpreter runs the first
/// of them, whatever its name.
fn code_among(paths: impl IntoIterator<Item = String>, cwd: &Path) -> Vec<PathBuf> {
    let files: Vec<PathBuf> = paths.into_iter().map(|path| cwd.join(path)).collect();
    let first = files.iter().position(|file| file.is_file());
    let files = files.into_iter().enumerate();
    files
        .filter(|(place, file)| is_code(file) || (Some(*place) == first && !is_data(file)))
        .map(|(_, file)| file)
        .collect()
}

/// Words of an argument that are looked at; a line for a shell has fewer.
const WORDS_MAX: usize = 200;
/// What interpreters run of a folder that they are given.
const ENTRIES: &[(&str, &[&str])] = &[
    ("python", &["__main__.py"]),
    ("node", &["package.json", "index.js", "index.mjs"]),
    ("bun", &["package.json", "index.js", "index.ts"]),
];

/// The files that `program` may run without their names standing in its arguments: the module
/// after `-m`, and the entry of the first folder.
fn implied(program: Option<&Path>, args: &[String], cwd: &Path) -> Vec<PathBuf> {
    let words: Vec<&str> = args.iter().flat_map(|arg| arg.split_whitespace()).collect();
    let mut files = Vec::new();
    for pair in words.windows(2).filter(|pair| pair[0] == "-m") {
        let module = cwd.join(pair[1].replace('.', "/"));
        files.push(module.with_extension("py"));
        files.extend(["__init__.py", "__main__.py"].map(|entry| module.join(entry)));
    }
    let name = program.and_then(Path::file_name).unwrap_or_default();
    let name = name.to_string_lossy();
    let folder = args.iter().map(|arg| cwd.join(arg)).find(|at| at.is_dir());
    if let Some((_, entries)) = ENTRIES.iter().find(|(known, _)| name.starts_with(known))
        && let Some(folder) = folder
    {
        files.extend(entries.iter().map(|entry| folder.join(entry)));
    }
    files
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
            wanted: Default::default(),
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
        check("./s", &["--run=data"], &|| write("a/data", "3"), true);
        // What it is given to work on is no code, what it loads is.
        write("a/run.py", "import more");
        write("a/notes.db", "1");
        write("a/more", "1");
        let work: &[&str] = &["run.py", "notes.db", "--plug=more", "more"];
        check("./s", work, &|| write("a/run.py", "import other"), true);
        check("./s", work, &|| write("a/notes.db", "2"), false);
        check("./s", work, &|| write("a/more", "2"), false);
        check("./s", work, &|| write("a/more", "#!/bin/sh"), true);
        check("./s", work, &|| write("a/more", "#!/bin/sh\n"), true);
        check("./s", &["notes.db"], &|| write("a/notes.db", "3"), false);
        check(
            "./s",
            &["--db", "new.sqlite"],
            &|| write("a/new.sqlite", "1"),
            false,
        );
        check("./s", &["late.js"], &|| write("a/late.js", "1"), true);
        check("./s", &["${NAME}"], &|| write("a/data", "4"), true);
        check("./s", &["x"], &|| write("a/data", "5"), false);
        check("./s", &["data"], &|| write("b/data", "6"), false);
        // A word of an earlier argument is not what is run.
        let title: &[&str] = &["a data title", "more"];
        check("./s", title, &|| write("a/more", "7"), true);
        // In a line for a shell, as a module, as the entry of a folder.
        let line: &[&str] = &["-c", "X=1 exec ./s run.py; echo"];
        check("./s", line, &|| write("a/run.py", "import third"), true);
        check("./s", &["-c", "ls"], &|| write("a/run.py", "4"), false);
        let module: &[&str] = &["-m", "run"];
        check("./s", module, &|| write("a/run.py", "5"), true);
        fs::create_dir_all(at("a/pkg/sub")).unwrap();
        write("a/pkg/sub/__main__.py", "1");
        let module: &[&str] = &["-m", "pkg.sub"];
        let entry = || write("a/pkg/sub/__main__.py", "2");
        check("./s", module, &entry, true);
        write_program(&at("bin/python3"), "python");
        let entry = || write("a/pkg/sub/__main__.py", "3");
        check("python3", &["pkg/sub"], &entry, true);
        let entry = || write("a/pkg/sub/__main__.py", "4");
        check("./s", &["pkg/sub"], &entry, false);
        // A program of the same name that would now be found first.
        let both = surroundings(&at("first"));
        let before = fingerprint(&server("tool", &[], &at("a")), &both);
        write_program(&at("first/tool"), "three");
        assert_ne!(before, fingerprint(&server("tool", &[], &at("a")), &both));
    }

    #[test]
    fn code_that_a_variable_names_is_bound_too() {
        let root = tempfile::tempdir().unwrap();
        write_program(&root.path().join("s"), "same");
        let here = surroundings(root.path());
        let mut given = server("./s", &[], root.path());
        if let McpTransport::Stdio { env, .. } = &mut given.transport {
            let options = "--require ./first.js --title notes.txt";
            env.insert("NODE_OPTIONS".into(), options.into());
        }
        let check = |name: &str, changes: bool| {
            let before = fingerprint(&given, &here);
            fs::write(root.path().join(name), "1").unwrap();
            assert_eq!(before != fingerprint(&given, &here), changes, "{name}");
        };
        check("first.js", true);
        check("notes.txt", false);
        check("other.js", false);
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
