//! Tools from source: each language from `tool new` to `tool call`, and the commands
//! of the chapter in plugins/README.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder to work in, with a root of its own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
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
            // Else the project would be built with what this test is built with.
            .env_remove("CARGO_TARGET_DIR")
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    /// What a line of shell prints, when it works.
    #[track_caller]
    fn out(&self, line: &str) -> String {
        let output = self.sh(line);
        assert!(output.status.success(), "{line}\n{}", said(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// From nothing to a call that works, and one that fails as it should.
#[track_caller]
fn check(lang: &str) {
    let desk = Desk::new();
    desk.out(&format!("quipu tool new word-count --lang {lang}"));
    assert_eq!(
        desk.out("quipu tool build word-count"),
        "word-count/word-count.wasm"
    );
    let report = desk.out("cd word-count && quipu tool check --json");
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
    desk.out("quipu tool add word-count");
    let result = desk.out(r#"quipu tool call word-count.count '{"text":"two words"}'"#);
    assert_eq!(result, r#"{"words":2,"characters":9}"#);
    let failed = desk.sh(r#"quipu tool call word-count '{"text":""}'"#);
    assert_eq!(failed.status.code(), Some(1));
    assert!(
        said(&failed).contains("give one to count"),
        "{}",
        said(&failed)
    );
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

/// A world with the types that are not all in the templates.
const ROOMS: &str = "package tool:rooms@0.1.0;
/// Books meeting rooms.
world rooms {
    /// What a room should have.
    flags extras { beamer, coffee, quiet }
    enum floor { ground, first }
    variant when { now, at(string) }
    record wish { extras: extras, floor: option<floor>, when: when, seats: list<u8> }
    /// Book a room.
    export book: func(room: string, wish: wish) -> result<tuple<string, u32>, string>;
}
";

/// The same tool in three languages: each of `flags`, `enum`, `variant` and `option` is read.
const BOOKING: [(&str, &str, &str); 3] = [
    (
        "rust",
        "src/lib.rs",
        r#"wit_bindgen::generate!({ world: "rooms", path: "wit" });
struct Rooms;
export!(Rooms);
impl Guest for Rooms {
    fn book(room: String, wish: Wish) -> Result<(String, u32), String> {
        if !wish.extras.contains(Extras::COFFEE | Extras::QUIET) || wish.floor.is_some() {
            return Err("not as wished".into());
        }
        let When::At(time) = wish.when else { return Err("when?".into()) };
        Ok((format!("{room} at {time}"), wish.seats.len() as u32))
    }
}
"#,
    ),
    (
        "python",
        "app.py",
        r#"from componentize_py_types import Err
from wit_world import Extras, When_At, Wish
class WitWorld:
    def book(self, room: str, wish: Wish) -> tuple[str, int]:
        if wish.extras != Extras.COFFEE | Extras.QUIET or wish.floor is not None:
            raise Err("not as wished")
        if not isinstance(wish.when, When_At):
            raise Err("when?")
        return (f"{room} at {wish.when.value}", len(wish.seats))
"#,
    ),
    (
        "c",
        "tool.c",
        r#"#include "rooms.h"
#include <stdio.h>
#include <string.h>
bool exports_rooms_book(rooms_string_t *room, rooms_wish_t *wish, rooms_tuple2_string_u32_t *ret,
                        rooms_string_t *err) {
    if (wish->extras != (ROOMS_EXTRAS_COFFEE | ROOMS_EXTRAS_QUIET) || wish->floor.is_some ||
        wish->when.tag != ROOMS_WHEN_AT) {
        rooms_string_dup(err, "not as wished");
        return false;
    }
    char text[80];
    rooms_string_t time = wish->when.val.at;
    snprintf(text, sizeof text, "%.*s at %.*s", (int)room->len, (char *)room->ptr, (int)time.len,
             (char *)time.ptr);
    rooms_string_dup(&ret->f0, text);
    ret->f1 = wish->seats.len;
    return true;
}
"#,
    ),
];

#[test]
fn a_tool_takes_every_type() {
    for (lang, file, source) in BOOKING {
        let desk = Desk::new();
        desk.out(&format!("quipu tool new rooms --lang {lang}"));
        std::fs::write(desk.path().join("rooms/wit/world.wit"), ROOMS).unwrap();
        std::fs::write(desk.path().join("rooms").join(file), source).unwrap();
        desk.out("quipu tool build rooms && quipu tool add rooms");
        let args = r#"{"room":"Attic","wish":{"extras":["coffee","quiet"],"when":{"at":"noon"},"seats":[1,2]}}"#;
        let result = desk.out(&format!("quipu tool call rooms.book '{args}'"));
        assert_eq!(result, r#"["Attic at noon",2]"#, "{lang}");
        let twice = args.replace("quiet", "coffee");
        let failed = desk.sh(&format!("quipu tool call rooms.book '{twice}'"));
        assert_eq!(failed.status.code(), Some(2), "{lang}: {}", said(&failed));
    }
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
    }
}
