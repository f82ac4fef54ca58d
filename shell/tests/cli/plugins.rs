//! Tools from source: each language from `tool new` to `tool call`, and the commands
//! of the chapter in plugins/README.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::roots;

/// A folder to work in, with a root of its own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        roots::share(&desk.path().join("root"));
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a line of shell; `quipu` is the program under test.
    fn sh(&self, line: &str) -> Output {
        let quipu = Path::new(env!("CARGO_BIN_EXE_quipu"));
        let mut path = std::ffi::OsString::from(quipu.parent().unwrap());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        Command::new("sh")
            .args(["-c", line])
            .env("PATH", path)
            .env("QUIPU_ROOT", self.path().join("root"))
            .env("NO_COLOR", "1")
            .env_remove("QUIPU_MODEL")
            .env_remove("QUIPU_CPU")
            // Whoever lints the tests lints no tool.
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            // Beside the guests, with which a tool in Rust shares its dependencies. No two
            // tests build a package of the same name.
            .env("CARGO_TARGET_DIR", guests())
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    /// Gives a project in Rust the dependencies that the example has: they are compiled already,
    /// and nobody is asked for newer ones.
    fn lock(&self, project: &str) {
        let project = self.path().join(project);
        if project.join("Cargo.toml").is_file() {
            let example = "../examples/04_write_a_tool/tool/Cargo.lock";
            let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join(example);
            std::fs::copy(lock, project.join("Cargo.lock")).unwrap();
        }
    }

    /// What a line of shell prints, when it works.
    #[track_caller]
    fn out(&self, line: &str) -> String {
        let output = self.sh(line);
        assert!(output.status.success(), "{line}\n{}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// The target folder of `scripts/guests.sh`.
fn guests() -> PathBuf {
    // Named as the script names it, or cargo takes what is there for something else.
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = std::env::var_os("QUIPU_GUEST_TARGET").map(PathBuf::from);
    folder.unwrap_or_else(|| repository.join("target/guest-build"))
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What `world.wit` says after this: the types that the templates do not have.
const BOOKING: &str = "
    /// What a room should have.
    flags extras { beamer, coffee, quiet }
    enum floor { ground, first }
    variant when { now, at(string) }
    record wish { extras: extras, floor: option<floor>, when: when, seats: list<u8> }

    /// Book a room.
    export book: func(room: string, wish: wish) -> result<tuple<string, u32>, string>;
}
";

/// The same function in three languages: each of `flags`, `enum`, `variant` and `option` is read.
const RUST: &str = r#"
    fn book(room: String, wish: Wish) -> Result<(String, u32), String> {
        if !wish.extras.contains(Extras::COFFEE | Extras::QUIET) || wish.floor.is_some() {
            return Err("not as wished".into());
        }
        let When::At(time) = wish.when else { return Err("when?".into()) };
        Ok((format!("{room} at {time}"), wish.seats.len() as u32))
    }
}
"#;

const PYTHON: &str = r#"
    def book(self, room: str, wish: Wish) -> tuple[str, int]:
        if wish.extras != Extras.COFFEE | Extras.QUIET or wish.floor is not None:
            raise Err("not as wished")
        if not isinstance(wish.when, When_At):
            raise Err("when?")
        return (f"{room} at {wish.when.value}", len(wish.seats))
"#;

const C: &str = r#"
#include <stdio.h>
bool exports_my_tool_book(my_tool_string_t *room, my_tool_wish_t *wish,
                          my_tool_tuple2_string_u32_t *ret, my_tool_string_t *err) {
    if (wish->extras != (MY_TOOL_EXTRAS_COFFEE | MY_TOOL_EXTRAS_QUIET) || wish->floor.is_some ||
        wish->when.tag != MY_TOOL_WHEN_AT) {
        my_tool_string_dup(err, "not as wished");
        return false;
    }
    char text[80];
    my_tool_string_t time = wish->when.val.at;
    snprintf(text, sizeof text, "%.*s at %.*s", (int)room->len, (char *)room->ptr, (int)time.len,
             (char *)time.ptr);
    my_tool_string_dup(&ret->f0, text);
    ret->f1 = wish->seats.len;
    return true;
}
"#;

/// What is asked of it.
const WISH: &str =
    r#"{"room":"Attic","wish":{"extras":["coffee","quiet"],"when":{"at":"noon"},"seats":[1,2]}}"#;

/// Puts `book` into a project of the template: one component, since making it takes longest.
fn add_booking(project: &Path, lang: &str) {
    let edit = |file: &str, change: &dyn Fn(&str) -> String| {
        let path = project.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, change(&text)).unwrap();
    };
    // Into what ends with the file: the world, and the implementation of it.
    let inside =
        |text: &str, more: &str| text.trim_end().strip_suffix('}').unwrap().to_owned() + more;
    edit("wit/world.wit", &|text| inside(text, BOOKING));
    match lang {
        "rust" => edit("src/lib.rs", &|text| inside(text, RUST)),
        "python" => edit("app.py", &|text| {
            let names = "import Counts, Extras, When_At, Wish";
            text.replace("import Counts", names) + PYTHON
        }),
        "c" => edit("tool.c", &|text| {
            let names = C
                .replace("my_tool", "words_in_c")
                .replace("MY_TOOL", "WORDS_IN_C");
            text.to_owned() + &names
        }),
        other => panic!("no template in {other}"),
    }
}

/// From nothing to calls that work, with every type, and ones that fail as they should. The
/// template is built as it is in the chapter.
#[track_caller]
fn check(lang: &str) {
    let desk = Desk::new();
    let tool = format!("words-in-{lang}");
    desk.out(&format!("quipu tool new {tool} --lang {lang}"));
    add_booking(&desk.path().join(&tool), lang);
    desk.lock(&tool);
    assert_eq!(
        desk.out(&format!("quipu tool build {tool}")),
        format!("{tool}/{tool}.wasm")
    );
    let report = desk.out(&format!("cd {tool} && quipu tool check --json"));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["tests_passed"], 3, "{report}");
    let grave = |finding: &&serde_json::Value| finding["level"] != "note";
    let findings: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(grave)
        .collect();
    assert!(findings.is_empty(), "{findings:?}");
    desk.out(&format!("quipu tool add {tool}"));
    let (unfit, twice) = (
        WISH.replace("quiet", "beamer"),
        WISH.replace("quiet", "coffee"),
    );
    for (function, args, code, wanted) in [
        (
            "count",
            r#"{"text":"two words"}"#,
            0,
            r#"{"words":2,"characters":9}"#,
        ),
        ("count", r#"{"text":""}"#, 1, "give one to count"),
        ("book", WISH, 0, r#"["Attic at noon",2]"#),
        // The tool refuses the first, and the host the second.
        ("book", unfit.as_str(), 1, "not as wished"),
        ("book", twice.as_str(), 2, ""),
    ] {
        let output = desk.sh(&format!("quipu tool call {tool}.{function} '{args}'"));
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{lang} {args}: {said}");
        assert!(said.contains(wanted), "{lang} {args}: {said}");
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(code > 0 || out.trim() == wanted, "{lang} {args}: {out}");
    }
}

#[test]
fn from_nothing_to_a_tool_in_rust() {
    check("rust");
}

#[test]
fn from_nothing_to_a_tool_in_python() {
    check("python");
}

#[test]
fn from_nothing_to_a_tool_in_c() {
    check("c");
}

/// The commands in the `console` blocks of a text, each with the lines shown below it.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line.strip_prefix("$ ")) {
            (false, _) => inside = line == "```console",
            (true, _) if line == "```" => inside = false,
            (true, Some(command)) => commands.push((command.to_owned(), Vec::new())),
            (true, None) => commands.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    commands
}

/// Each shown line is there, in this order; `...` stands for any others.
fn shows(shown: &[String], said: &str) -> bool {
    let mut lines = said.lines();
    shown
        .iter()
        .filter(|line| *line != "...")
        .all(|want| lines.any(|line| line == want))
}

#[test]
fn the_chapter_does_what_it_says() {
    let chapter = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../plugins/README.md");
    let commands = commands(&std::fs::read_to_string(chapter).unwrap());
    assert!(commands.len() > 8, "the commands were not found");
    let desk = Desk::new();
    for (command, shown) in commands {
        // One stream, in the order of a terminal.
        let output = desk.sh(&format!("{{ {command}\n}} 2>&1"));
        let said = said(&output);
        assert!(output.status.success(), "$ {command}\n{said}");
        assert!(
            shows(&shown, &said),
            "$ {command}\n{said}\nshould show\n{shown:#?}"
        );
        if command.starts_with("quipu tool new") {
            desk.lock("word-count");
        }
    }
}
