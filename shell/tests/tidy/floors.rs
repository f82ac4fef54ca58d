//! What imports what: the floors of the shell and the kernel, cycles between the modules of any crate,
//! and who reads the environment. The imports are read from the sources, without their
//! tests; each rule shows on samples what it finds, then is asked about the tree.

use std::collections::{BTreeMap, BTreeSet};

use super::{Complaints, File, tree};

/// A source file: its path inside `src`, with `/`, and its text.
type Source = (String, String);
/// Names of modules from the root of their crate on.
type Module = Vec<String>;
/// Which modules each module imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The crates of the program.
const CRATES: &[&str] = &[
    "cpu", "kernel", "memory", "models", "tls", "tools", "voice", "shell",
];

/// The floors of a crate, the lowest first. Modules on one floor do not know each other.
type Floors = &'static [&'static [&'static str]];

/// The crates that are built in floors.
const FLOORS: &[(&str, Floors)] = &[("shell", SHELL), ("kernel", KERNEL)];

const SHELL: Floors = &[
    &["terminal"],
    &["config"],
    &["session"],
    &["import", "plugin"],
    &["service"],
    &["cli"],
    &["repl"],
];

const KERNEL: Floors = &[
    &["embedding", "label", "pattern"],
    &["written"],
    &["gate"],
    &["process"],
    &["window"],
    &["journal"],
    &["calls"],
    &["planner"],
    &["event"],
    &["exec"],
    &["kernel", "replay"],
    &["consolidation", "deliberation"],
];

/// The code of a file: without comments, strings, and the tests at its end.
fn code(text: &str) -> String {
    let text = match text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => &text[..at],
        None => text,
    };
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        // Every second piece stands between quotes; a string over several lines has no paths.
        code.extend(line.split('"').step_by(2));
        code.push('\n');
    }
    code
}

/// The module that a file is.
fn module_of(path: &str) -> Module {
    let mut names: Module = path.split('/').map(str::to_owned).collect();
    let file = names.pop().unwrap_or_default();
    match file.as_str() {
        "lib.rs" | "main.rs" | "mod.rs" => {}
        file => names.push(file.trim_end_matches(".rs").to_owned()),
    }
    names
}

/// The paths that begin with `crate::` or `super::`, as they are written, braces spread out.
fn written_paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            // `pub(crate)` has no colons; `super::super::` is found at its first.
            if !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                spread(&code[at..], "", &mut found);
            }
        }
    }
    found
}

/// Reads one tree of a `use`, and returns where it ends.
fn spread(text: &str, before: &str, into: &mut Vec<String>) -> usize {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    let path = format!("{before}{}", &text[..end]);
    if !text[end..].starts_with('{') || !path.ends_with("::") {
        into.push(path);
        return end;
    }
    let mut at = end + 1;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '}' => return at + 1,
            c if is_path(c) => at += spread(&text[at..], &path, into),
            c => at += c.len_utf8(),
        }
    }
    at
}

/// A crate as its modules, and what its root hands on from them by another name.
struct Crate {
    /// Each module with the paths that it imports, from the root on.
    modules: BTreeMap<Module, Vec<Module>>,
    /// Items that the root re-exports, and where they are.
    exported: BTreeMap<String, Module>,
}

impl Crate {
    fn read(sources: &[Source]) -> Crate {
        let test = |path: &str| path.split('/').any(|part| part.starts_with("tests"));
        let mut modules = BTreeMap::new();
        let mut exported = BTreeMap::new();
        for (path, text) in sources.iter().filter(|(path, _)| !test(path)) {
            let (module, code) = (module_of(path), code(text));
            if module.is_empty() {
                exported.extend(exports(&code));
            }
            let absolute = |path: String| {
                let mut from = Module::new();
                let mut names = path.split("::").filter(|name| !name.is_empty()).peekable();
                if names.next_if_eq(&"crate").is_none() {
                    from.clone_from(&module);
                }
                while names.next_if_eq(&"super").is_some() {
                    from.pop();
                }
                from.extend(names.filter(|name| *name != "self").map(str::to_owned));
                from
            };
            let paths = written_paths(&code).into_iter().map(absolute).collect();
            modules.insert(module, paths);
        }
        Crate { modules, exported }
    }

    /// Which modules of the root import which others.
    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, paths) in &self.modules {
            let Some(own) = module.first() else {
                continue;
            };
            let others = imports.entry(own.clone()).or_default();
            for path in paths {
                let first = path.first().cloned().unwrap_or_default();
                let home = match self.exported.get(&first) {
                    Some(home) => home.first().cloned().unwrap_or_default(),
                    None => first,
                };
                let is_module = self
                    .modules
                    .keys()
                    .any(|module| module.first() == Some(&home));
                if home != *own && is_module {
                    others.insert(home);
                }
            }
        }
        imports
    }
}

/// What `pub use` hands on at the root: each name, and its path.
fn exports(code: &str) -> Vec<(String, Module)> {
    let mut found = Vec::new();
    for (at, start) in code.match_indices("pub use ") {
        let mut paths = Vec::new();
        spread(&code[at + start.len()..], "", &mut paths);
        for path in paths {
            let names: Module = path.split("::").map(str::to_owned).collect();
            if let Some(name) = names.last() {
                found.push((name.clone(), names.clone()));
            }
        }
    }
    found
}

/// The shortest way from `start` along the imports back to it.
fn cycle(imports: &Imports, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in imports.get(way.last()?).into_iter().flatten() {
                let on: Vec<String> = way.iter().chain([next]).cloned().collect();
                if next == start {
                    return Some(on);
                }
                if seen.insert(next.clone()) {
                    longer.push(on);
                }
            }
        }
        ways = longer;
    }
    None
}

/// No module imports itself by way of others.
fn cycles(name: &str, sources: &[Source]) -> Complaints {
    let imports = Crate::read(sources).imports();
    let mut told = BTreeSet::new();
    let mut complaints = Vec::new();
    for module in imports.keys() {
        if told.contains(module) {
            continue;
        }
        if let Some(way) = cycle(&imports, module) {
            complaints.push(format!(
                "{name}: {}: move what both need down",
                way.join(" -> ")
            ));
            told.extend(way);
        }
    }
    complaints
}

/// A module of a crate with floors imports only from those below its own.
fn floors(name: &str, sources: &[Source]) -> Complaints {
    let Some((_, floors)) = FLOORS.iter().find(|(built, _)| *built == name) else {
        return Vec::new();
    };
    let floor = |module: &str| floors.iter().position(|floor| floor.contains(&module));
    let mut complaints = Vec::new();
    for (module, others) in Crate::read(sources).imports() {
        let Some(own) = floor(&module) else {
            complaints.push(format!("{name}: {module} is on no floor: give it one here"));
            continue;
        };
        let above = others.iter().filter(|other| floor(other) >= Some(own));
        complaints.extend(above.map(|other| {
            format!("{name}: {module} imports {other}, which is not below it: move it down")
        }));
    }
    complaints
}

/// The environment and the home folder are read in one file of the shell, so that every
/// variable has its line there.
fn environment(name: &str, sources: &[Source]) -> Complaints {
    const READS: &[&str] = &["env::var", "home_dir(", "choose_base_strategy("];
    const HOMES: &[&str] = &["config/env_vars.rs", "config/paths.rs"];
    let mut complaints = Vec::new();
    for (path, text) in sources {
        let is_home = name == "shell" && HOMES.contains(&path.as_str());
        for read in READS
            .iter()
            .filter(|read| !is_home && code(text).contains(**read))
        {
            complaints.push(format!(
                "{name}/src/{path}: {read} reads the environment: take it as an argument"
            ));
        }
    }
    complaints
}

/// The sources of the crate `name` among `files`.
fn sources(name: &str, files: &[File]) -> Vec<Source> {
    let home = format!("{name}/src/");
    let source = |file: &File| {
        let path = file.path.strip_prefix(&home)?;
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        path.ends_with(".rs").then(|| (path.to_owned(), text))
    };
    let sources: Vec<Source> = files.iter().filter_map(source).collect();
    assert!(!sources.is_empty(), "{name} has no sources");
    sources
}

/// A rule: the complaints about the sources of a crate.
type Rule = fn(&str, &[Source]) -> Complaints;

/// `rule` has the complaints `found` about the crate `name` made of `samples`, and none
/// about the crates of this repository.
#[track_caller]
fn check(rule: Rule, name: &str, samples: &[(&str, &str)], found: &[&str]) {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    let samples: Vec<Source> = samples.iter().map(own).collect();
    let complaints = rule(name, &samples);
    assert_eq!(complaints.len(), found.len(), "{complaints:#?}");
    for (complaint, part) in complaints.iter().zip(found) {
        assert!(complaint.contains(part), "{complaint:?} lacks {part:?}");
    }
    let files = tree();
    let crates = CRATES
        .iter()
        .flat_map(|name| rule(name, &sources(name, &files)));
    let complaints: Complaints = crates.collect();
    assert!(complaints.is_empty(), "\n  {}", complaints.join("\n  "));
}

#[test]
fn modules_import_in_one_direction() {
    let samples = [
        ("lib.rs", "mod a;\npub use c::{Deep, inner::Other as Name};"),
        ("a.rs", "use crate::{b::B, d};\n// use crate::c;"),
        (
            "b/mod.rs",
            "use self::inner::X;\nfn f() { crate::Deep::new() }",
        ),
        ("b/inner.rs", "use super::super::d::D;\nuse super::Own;"),
        ("c.rs", "fn f(x: &str) { g(\"crate::d\"); super::a::run() }"),
        ("d.rs", "#[cfg(test)]\nmod tests {\n    use crate::a;\n}"),
        ("d/tests.rs", "use crate::a;"),
    ];
    check(cycles, "x", &samples, &["a -> b -> c -> a"]);
}

#[test]
fn floors_import_from_below() {
    let samples = [
        ("main.rs", "use cli::Cli;"),
        ("cli/mod.rs", "use crate::session::Session;"),
        ("session/mod.rs", "use crate::cli::Cli;"),
        ("plugin/mod.rs", "use crate::import::Job;"),
        ("import/mod.rs", ""),
        ("loose.rs", ""),
    ];
    let found = [
        "loose is on no floor",
        "plugin imports import",
        "session imports cli",
    ];
    check(floors, "shell", &samples[..], &found);
}

#[test]
fn one_module_reads_the_environment() {
    let samples = [
        ("config/env_vars.rs", "std::env::var(name)"),
        ("cli/run.rs", "std::env::vars()"),
        ("cli/top.rs", "std::env::temp_dir(); // env::var"),
    ];
    check(environment, "shell", &samples, &["cli/run.rs"]);
}
