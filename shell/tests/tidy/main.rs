//! What a reviewer should not have to look for: rules that hold for every file kept
//! in the repository. Each rule is a function from files to complaints; its test
//! shows what it finds, then asks it about the tree.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

mod floors;
mod libraries;
mod map;
mod prompts;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the repository: its path from the root, with `/`, and its bytes.
struct File {
    path: String,
    bytes: Vec<u8>,
}

impl File {
    fn extension(&self) -> &str {
        Path::new(&self.path)
            .extension()
            .and_then(|end| end.to_str())
            .unwrap_or_default()
    }

    /// The lines of a text file, counted from one. The rules, which name what they
    /// forbid, have none.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = match self.path.starts_with("shell/tests/tidy") {
            true => "",
            false => std::str::from_utf8(&self.bytes).unwrap_or_default(),
        };
        text.lines().enumerate().map(|(n, line)| (n + 1, line))
    }

    /// The lines of a Rust file, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let rust = self.extension() == "rs";
        self.lines()
            .filter(move |_| rust)
            .map(|(n, line)| match line.trim_start() {
                comment if comment.starts_with("//") => (n, ""),
                _ => (n, line.split_once(" //").map_or(line, |(code, _)| code)),
            })
    }

    /// The packages a manifest depends on, in whichever table; none for other files.
    fn dependencies(&self) -> Vec<String> {
        let mut packages = Vec::new();
        if self.path.rsplit('/').next() == Some("Cargo.toml") {
            let text = std::str::from_utf8(&self.bytes).unwrap();
            collect_dependencies(&text.parse().unwrap(), &mut packages);
        }
        packages
    }
}

/// Also those of one platform and of a workspace.
fn collect_dependencies(table: &toml::Table, into: &mut Vec<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if !key.ends_with("dependencies") {
            collect_dependencies(inner, into);
            continue;
        }
        for (name, what) in inner {
            let package = what.get("package").and_then(|package| package.as_str());
            into.push(package.unwrap_or(name).to_owned());
        }
    }
}

/// What is wrong, one line each.
type Complaints = Vec<String>;

const BYTES_MAX: usize = 1_000_000;
const LINES_MAX: usize = 500;

fn no_file_is_large(files: &[File]) -> Complaints {
    let large = files.iter().filter(|file| file.bytes.len() > BYTES_MAX);
    large
        .map(|file| {
            format!(
                "{}: {} bytes, at most {BYTES_MAX}",
                file.path,
                file.bytes.len()
            )
        })
        .collect()
}

/// Built or downloaded, by where it is or how it ends.
fn nothing_built_is_kept(files: &[File]) -> Complaints {
    const ENDS: &str = "gguf wasm cwasm safetensors onnx zip tgz gz zst whl so a o dylib rlib pyc";
    let built = |file: &&File| {
        ENDS.split(' ').any(|end| end == file.extension())
            || file.path.split('/').any(|part| part == "target")
    };
    files
        .iter()
        .filter(built)
        .map(|file| format!("{}: built or downloaded", file.path))
        .collect()
}

fn no_source_is_long(files: &[File]) -> Complaints {
    let count = |file: &File| file.bytes.iter().filter(|byte| **byte == b'\n').count();
    let sources = files.iter().filter(|file| file.extension() == "rs");
    sources
        .map(|file| (file, count(file)))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| format!("{}: {lines} lines: look for its second job", file.path))
        .collect()
}

/// A dependency that only one module may name, so that it can be replaced there.
fn each_engine_has_one_home(files: &[File]) -> Complaints {
    const HOMES: &[(&str, &[&str])] = &[
        ("llama_cpp_2", &["cpu/src/llama/"]),
        ("llama_cpp_sys_2", &["cpu/src/llama/"]),
        ("tantivy", &["memory/src/disk/"]),
        ("wasmtime", &["tools/src/wasm/"]),
        (
            "rten::",
            &["voice/src/network/", "cpu/src/detect/", "plugins/eyes/"],
        ),
        // What is told to somebody else is decided in one place.
        (
            "opentelemetry",
            &[
                "shell/src/session/telemetry/",
                "shell/tests/cli/telemetry.rs",
            ],
        ),
    ];
    let mut complaints = Vec::new();
    for file in files {
        for (engine, homes) in HOMES {
            if homes.iter().any(|home| file.path.starts_with(home)) {
                continue;
            }
            for (n, _) in file.code().filter(|(_, code)| code.contains(engine)) {
                complaints.push(format!(
                    "{}:{n}: names {engine}, which only {} may",
                    file.path, homes[0]
                ));
            }
        }
    }
    complaints
}

fn libraries_do_not_print(files: &[File]) -> Complaints {
    const MACROS: &[&str] = &["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    const LIBRARIES: &[&str] = &[
        "cpu/src/",
        "kernel/src/",
        "memory/src/",
        "models/src/",
        "tls/src/",
        "tools/src/",
        "voice/src/",
    ];
    let library = |file: &&File| LIBRARIES.iter().any(|source| file.path.starts_with(source));
    let mut complaints = Vec::new();
    for file in files.iter().filter(library) {
        for (n, code) in file.code() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            if let Some(name) = MACROS.iter().find(|name| starts(code, name, word)) {
                complaints.push(format!(
                    "{}:{n}: {name} in a library; events are for that",
                    file.path
                ));
            }
        }
    }
    complaints
}

/// Whether `part` is in `text` other than as the end of something longer: not after a
/// character of `before`.
fn starts(text: &str, part: &str, before: impl Fn(char) -> bool) -> bool {
    text.match_indices(part)
        .any(|(at, _)| !text[..at].ends_with(&before))
}

/// shell -> {kernel, models} -> {cpu, memory, tools} -> tls; guests see only the WIT.
fn dependencies_point_one_way(files: &[File]) -> Complaints {
    /// What a folder may know of this repository. The shell may know everything.
    const KNOWN: &[(&str, &[&str])] = &[
        ("tls/", &[]),
        ("cpu/", &["quipu-tls"]),
        ("memory/", &[]),
        ("tools/", &["quipu-tls"]),
        ("voice/", &[]),
        ("models/", &["quipu-cpu", "quipu-tls"]),
        (
            "kernel/",
            &["quipu-cpu", "quipu-memory", "quipu-tls", "quipu-tools"],
        ),
        ("plugins/", &[]),
        ("examples/", &[]),
    ];
    let ours = |package: &str| package == "quipu" || package.starts_with("quipu-");
    let mut complaints = Vec::new();
    for file in files {
        let Some((folder, known)) = KNOWN
            .iter()
            .find(|(folder, _)| file.path.starts_with(folder))
        else {
            continue;
        };
        for package in file.dependencies() {
            if ours(&package) && !known.contains(&package.as_str()) {
                complaints.push(format!("{}: {folder} must not know {package}", file.path));
            }
        }
    }
    complaints
}

/// A chapter that no test runs will stop working unnoticed.
fn every_example_is_run_by_a_test(files: &[File]) -> Complaints {
    let chapter = |file: &File| {
        let name = file.path.strip_prefix("examples/")?.split('/').next()?;
        let number = name.split('_').next()?;
        let numbered = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        numbered.then(|| name.to_owned())
    };
    let mut chapters: Vec<String> = files.iter().filter_map(chapter).collect();
    chapters.sort();
    chapters.dedup();
    let is_run = |name: &&String| {
        let tests = files.iter().filter(|file| file.path.contains("/tests/"));
        tests
            .flat_map(File::code)
            .any(|(_, code)| code.contains(name.as_str()))
    };
    chapters
        .iter()
        .filter(|name| !is_run(name))
        .map(|name| format!("examples/{name}: no test names it"))
        .collect()
}

/// Neither where it was written nor where its packages came from concerns anybody.
fn no_machine_is_named(files: &[File]) -> Complaints {
    let mut complaints = Vec::new();
    for file in files {
        for (n, line) in file.lines() {
            if line.to_ascii_lowercase().contains("artifactory") {
                complaints.push(format!("{}:{n}: names a registry's host", file.path));
            }
            // Only from the root: `a/root/b` and `$x/work/y` are something else.
            let inside = |c: char| c.is_alphanumeric() || "_-.)}]>~*".contains(c);
            if let Some(folder) = ["/root/", "/work/"]
                .iter()
                .find(|folder| starts(line, folder, inside))
            {
                complaints.push(format!(
                    "{}:{n}: has a path of one machine, {folder}",
                    file.path
                ));
            }
        }
    }
    complaints
}

/// The files of the repository: what git tracks, or without git what is not ignored.
fn tree() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let git = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["ls-files", "-z"])
        .output();
    let tracked = git
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty());
    let paths: Vec<PathBuf> = match tracked {
        Some(output) => {
            let names = String::from_utf8(output.stdout).unwrap();
            names
                .split_terminator('\0')
                .map(|name| root.join(name))
                .collect()
        }
        None => {
            let mut walk = ignore::WalkBuilder::new(root);
            walk.hidden(false).require_git(false);
            walk.filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "target");
            walk.build()
                .map(|entry| entry.unwrap().into_path())
                .collect()
        }
    };
    let read = |path: PathBuf| {
        // Not a folder, nor a file that was removed without telling git yet.
        let bytes = path.is_file().then(|| std::fs::read(&path).unwrap())?;
        let path = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        Some(File { path, bytes })
    };
    let files: Vec<File> = paths.into_iter().filter_map(read).collect();
    assert!(
        files.iter().any(|file| file.path == "shell/Cargo.toml"),
        "this is not the tree"
    );
    files
}

/// `rule` has `found` complaints about `samples`, and none about the tree.
#[track_caller]
fn check(rule: fn(&[File]) -> Complaints, found: usize, samples: &[(&str, &str)]) {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).into(),
        bytes: (*text).into(),
    };
    let complaints = rule(&samples.iter().map(file).collect::<Vec<_>>());
    assert_eq!(complaints.len(), found, "in the samples: {complaints:#?}");
    let complaints = rule(&tree());
    assert!(
        complaints.is_empty(),
        "{} untidy:\n  {}",
        complaints.len(),
        complaints.join("\n  ")
    );
}

#[test]
fn size() {
    let large = "x".repeat(BYTES_MAX + 1);
    check(
        no_file_is_large,
        1,
        &[("a.txt", &large), ("b.txt", &large[..BYTES_MAX])],
    );
}

#[test]
fn built() {
    let samples = [
        ("m.gguf", ""),
        ("plugins/a/target/x.json", ""),
        ("a.zip", ""),
        ("target.rs", ""),
    ];
    check(nothing_built_is_kept, 3, &samples);
}

#[test]
fn length() {
    let long = "\n".repeat(LINES_MAX + 1);
    check(
        no_source_is_long,
        1,
        &[
            ("a.rs", &long),
            ("b.rs", &long[..LINES_MAX]),
            ("c.lock", &long),
        ],
    );
}

#[test]
fn engines() {
    let samples = [
        (
            "kernel/src/vm.rs",
            "use llama_cpp_2::model;\nuse llama_cpp_sys_2 as sys;",
        ),
        ("cpu/src/llama/mod.rs", "use llama_cpp_2::model;"),
        (
            "memory/src/lib.rs",
            "// tantivy is in disk/\nlet x = 1; // not tantivy",
        ),
        ("memory/src/diskette.rs", "use tantivy::Index;"),
        ("shell/src/session/init.rs", "wasmtime_wasi::add();"),
        (
            "shell/src/session/init.rs",
            "opentelemetry::global::tracer(name);",
        ),
    ];
    check(each_engine_has_one_home, 5, &samples);
}

#[test]
fn printing() {
    let samples = [
        (
            "kernel/src/a.rs",
            "    println!(\"\");\n    // dbg!(x)\n    my_print!();",
        ),
        ("tools/src/wasm/a.rs", "dbg!(1);"),
        ("shell/src/a.rs", "println!();"),
    ];
    check(libraries_do_not_print, 2, &samples);
}

#[test]
fn direction() {
    let samples = [
        (
            "memory/Cargo.toml",
            "[dependencies]\nquipu-tools.workspace = true",
        ),
        (
            "tools/Cargo.toml",
            "[dev-dependencies]\nm = { package = \"quipu-memory\", path = \"../memory\" }",
        ),
        (
            "kernel/Cargo.toml",
            "[target.'cfg(unix)'.dependencies]\nquipu = \"1\"\nquipu-memory = \"1\"",
        ),
        (
            "shell/Cargo.toml",
            "[dependencies]\nquipu-kernel.workspace = true",
        ),
        (
            "plugins/a/Cargo.toml",
            "[build-dependencies]\nquipu-kernel = \"1\"",
        ),
    ];
    check(dependencies_point_one_way, 4, &samples);
}

#[test]
fn examples() {
    let samples = [
        ("examples/01_ask/run.sh", ""),
        ("examples/02_idle/run.sh", ""),
        ("examples/README.md", ""),
        (
            "shell/tests/cli/examples.rs",
            "check(\"01_ask\");\n// 02_idle",
        ),
    ];
    check(every_example_is_run_by_a_test, 1, &samples);
}

#[test]
fn machines() {
    let samples = [
        (
            "a.md",
            "see /work/main\nand ~/x, $work/y, a/root/b, {root}/root/",
        ),
        (
            "b.toml",
            "path = \"/root/.cargo\"\nindex = \"https://Artifactory.example\"",
        ),
    ];
    check(no_machine_is_named, 3, &samples);
}
