//! The files of a skill, as a device: they are read and listed, below its folder and
//! nowhere else.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_tools::trust::{Files, file_hash};
use quipu_tools::{CallContext, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError};
use serde_json::{Value, json};

use crate::config::mcp::SKILL;
use crate::config::trust::BYTE_ORDER_MARK;
use crate::terminal::output::counted;
use crate::terminal::text::without_mark;

/// The name of the device.
pub const NAME: &str = SKILL;
const READ: &str = "read";
const LIST: &str = "list";
/// Files that are known of a folder; a skill with more is no skill.
const FILES_MAX: usize = 2000;
/// Folders within folders that are looked into.
const DEPTH_MAX: usize = 12;
/// Files that the instructions name.
const NAMED_MAX: usize = 40;
/// The longest file that is read.
const BYTES_MAX: u64 = 4 << 20;
/// Bytes of a file that one call returns.
const PART_BYTES_MAX: usize = 12_000;
/// How a path begins whose folder another program fills in.
const FILLED_IN: [char; 4] = ['{', '$', '<', '%'];
/// Folders that hold nothing of a skill.
const LEFT_OUT: &[&str] = &["node_modules", "__pycache__", "target"];

/// The files below a folder.
pub struct SkillFiles {
    spec: DeviceSpec,
    /// Canonical.
    folder: PathBuf,
    /// By their paths below the folder, with their sizes in bytes.
    files: Vec<(String, u64)>,
    /// The hashes of those that are read, where their user trusted them as they were.
    trusted: Option<Files>,
}

impl SkillFiles {
    /// The files beside the SKILL.md in `folder`; `None` where there are no others.
    ///
    /// # Errors
    /// A folder that cannot be looked at.
    pub fn of(folder: &Path) -> Result<Option<Self>> {
        let folder = folder.canonicalize()?;
        let mut files = Vec::new();
        collect(&folder, Path::new(""), 0, &mut files)?;
        files.retain(|(path, _)| !path.eq_ignore_ascii_case("SKILL.md"));
        files.sort();
        let spec = DeviceSpec {
            name: NAME.into(),
            description: "the files of the skill".into(),
            // Its user named the folder, as they named the instructions in it.
            origin: "builtin".into(),
            functions: functions(),
            ..DeviceSpec::default()
        };
        Ok((!files.is_empty()).then_some(Self {
            spec,
            folder,
            files,
            trusted: None,
        }))
    }

    /// The same, where nothing else is read than was `trusted`.
    pub fn trusting(self, trusted: &Files) -> Self {
        Self {
            trusted: Some(trusted.clone()),
            ..self
        }
    }

    /// The hashes of those that can be read, by their paths below the folder.
    pub fn hashes(&self) -> Files {
        let short = self.files.iter().filter(|(_, bytes)| *bytes <= BYTES_MAX);
        let hash = |(name, _): &(String, u64)| {
            let bytes = std::fs::read(self.folder.join(name)).ok()?;
            Some((name.clone(), file_hash(&bytes)))
        };
        short.filter_map(hash).collect()
    }

    /// A paragraph of the instructions that says which files there are.
    pub fn told(&self) -> String {
        let named = self.files.iter().take(NAMED_MAX);
        let names: Vec<&str> = named.map(|(path, _)| path.as_str()).collect();
        let mut told = format!(
            "Files of this skill, to be read with {NAME}.{READ}: {}",
            names.join(", ")
        );
        if self.files.len() > names.len() {
            let more = self.files.len() - names.len();
            told.push_str(&format!("; and {more} more, which {NAME}.{LIST} names"));
        }
        told
    }

    fn list(&self, args: &Value) -> Value {
        let below = args["folder"].as_str().unwrap_or_default();
        let below = below.trim_start_matches("./").trim_end_matches('/');
        let within = |path: &str| {
            below.is_empty()
                || below == "."
                || path
                    .strip_prefix(below)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let files = self.files.iter().filter(|(path, _)| within(path));
        let lines: Vec<String> = files
            .map(|(path, bytes)| format!("{path} ({})", counted(bytes, "byte")))
            .collect();
        match lines.is_empty() {
            true => json!(format!("there is no file in {below}")),
            false => json!(lines.join("\n")),
        }
    }

    fn read(&self, args: &Value) -> Result<Value, ToolError> {
        let asked = args["path"].as_str().unwrap_or_default();
        let from = args["from"].as_u64().unwrap_or(1).max(1) as usize;
        let text = self.text(asked)?;
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut part, mut next) = (String::new(), from);
        for line in lines.iter().skip(from - 1) {
            let room = PART_BYTES_MAX - part.len();
            if line.len() > room && !part.is_empty() {
                break;
            }
            part.push_str(&line[..line.floor_char_boundary(room)]);
            next += 1;
        }
        if part.is_empty() && from > 1 {
            let message = format!("{asked} has {}", counted(lines.len(), "line"));
            return Err(ToolError::new(
                ErrorKind::InvalidArgs,
                message,
                "leave `from` out",
            ));
        }
        if next <= lines.len() {
            part.push_str(&format!(
                "\n[lines {from} to {} of {}; `from`: {next} reads on]",
                next - 1,
                lines.len()
            ));
        }
        Ok(Value::String(part))
    }

    /// The text of the file at `asked`, if that is below the folder.
    fn text(&self, asked: &str) -> Result<String, ToolError> {
        let fail = |message: String| ToolError::new(ErrorKind::Failed, message, self.instead());
        let meant = || self.folder.join(self.meant(asked)?).canonicalize().ok();
        let found = self.folder.join(asked).canonicalize().ok();
        let found = found
            .or_else(meant)
            .ok_or_else(|| fail(format!("there is no file {asked}")))?;
        // Links and `..` may lead out.
        if !found.starts_with(&self.folder) {
            return Err(ToolError::new(
                ErrorKind::Denied,
                format!("{asked} is not below the folder of the skill"),
                self.instead(),
            ));
        }
        // A file that is not listed does not exist here: the folder may be a working folder, with
        // keys in it.
        let below = found.strip_prefix(&self.folder).unwrap_or(&found);
        if below
            .iter()
            .any(|part| is_left_out(&part.to_string_lossy()))
        {
            return Err(fail(format!("there is no file {asked}")));
        }
        let cannot = |error: std::io::Error| fail(format!("{asked}: {error}"));
        if !found.is_file() {
            return Err(fail(format!("{asked} is not a file")));
        }
        let mut bytes = Vec::new();
        let file = File::open(&found).map_err(cannot)?;
        file.take(BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(cannot)?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(fail(format!("{asked} has more than {BYTES_MAX} bytes")));
        }
        if !self.is_trusted(below, &bytes) {
            let message = format!("{asked} is not as it was when its user trusted this skill");
            return Err(ToolError::new(ErrorKind::Denied, message, self.instead()));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| fail(format!("{asked} is not a text in UTF-8")))?;
        Ok(without_mark(&text).to_owned())
    }

    /// The one file of the skill that is meant where there is none at `asked`: it may be written with
    /// other letters, by its name alone, with a place in it, or behind a folder that other programs
    /// fill in (`{baseDir}/docs/a.md`).
    fn meant(&self, asked: &str) -> Option<&str> {
        let asked = asked.split('#').next()?.replace('\\', "/").to_lowercase();
        let asked = asked.trim_start_matches('@').trim_start_matches("./");
        let own = self.folder.file_name()?.to_string_lossy().to_lowercase();
        let is_it = |name: &str| {
            let name = name.to_lowercase();
            let is_alone = !asked.is_empty() && !asked.contains('/');
            match asked.strip_suffix(name.as_str()) {
                Some("") => true,
                Some(before) => before.strip_suffix('/').is_some_and(|before| {
                    !before.contains("..")
                        && (before.starts_with(FILLED_IN)
                            || before.rsplit('/').next() == Some(own.as_str()))
                }),
                None => is_alone && name.ends_with(&format!("/{asked}")),
            }
        };
        let mut found = self.files.iter().filter(|(name, _)| is_it(name));
        let (name, _) = found.next()?;
        found.next().is_none().then_some(name.as_str())
    }

    /// Whether the file at `below` has the `bytes` that were trusted, where any were. The mark at the
    /// beginning of a text may have been taken off before.
    fn is_trusted(&self, below: &Path, bytes: &[u8]) -> bool {
        let Some(trusted) = &self.trusted else {
            return true;
        };
        let bare = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let hashes = [file_hash(bytes), file_hash(bare)];
        let known = trusted.get(&named(below));
        known.is_some_and(|known| hashes.contains(known))
    }

    fn instead(&self) -> String {
        let named = self.files.iter().take(NAMED_MAX);
        let names: Vec<&str> = named.map(|(path, _)| path.as_str()).collect();
        format!("there are {}", names.join(", "))
    }
}

impl Device for SkillFiles {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, function: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let function = self.spec.function(function)?;
        function.check_args(args)?;
        match function.name.as_str() {
            READ => self.read(args),
            _ => Ok(self.list(args)),
        }
    }
}

fn functions() -> Vec<FunctionSpec> {
    let function = |name: &str, description: &str, parameters: Value| {
        let text = json!({"type": "string"});
        FunctionSpec::new(name, description, parameters, text, Effect::Read)
    };
    let path = json!({"type": "string", "description": "below the folder of the skill"});
    let from = json!({"type": "integer", "minimum": 1, "description": "the first line"});
    vec![
        function(
            READ,
            "Read a file of the skill.",
            json!({"type": "object", "properties": {"path": path, "from": from},
                   "required": ["path"], "additionalProperties": false}),
        ),
        function(
            LIST,
            "List the files of the skill.",
            json!({"type": "object", "properties": {"folder": path}, "additionalProperties": false}),
        ),
    ]
}

/// Whether a file or a folder of this name holds nothing of a skill.
fn is_left_out(name: &str) -> bool {
    name.starts_with('.') || LEFT_OUT.contains(&name)
}

/// What the file at `path` below the folder is called.
fn named(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Adds the files below `at`, a path below `root`. Hidden ones are left out, and links that
/// lead out of the folder are not followed.
fn collect(root: &Path, at: &Path, depth: usize, files: &mut Vec<(String, u64)>) -> Result<()> {
    for entry in std::fs::read_dir(root.join(at))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_left_out(&name) || files.len() >= FILES_MAX {
            continue;
        }
        let path = at.join(&name);
        let is_link = entry.file_type()?.is_symlink();
        let meta = root
            .join(&path)
            .canonicalize()
            .ok()
            .filter(|found| found.starts_with(root));
        let Some(meta) = meta.and_then(|found| found.metadata().ok()) else {
            continue;
        };
        if meta.is_file() {
            files.push((named(&path), meta.len()));
        } else if meta.is_dir() && !is_link && depth < DEPTH_MAX {
            collect(root, &path, depth + 1, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_below_the_folder_only() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("mine");
        std::fs::create_dir_all(folder.join("docs")).unwrap();
        std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(folder.join("SKILL.md"), "x").unwrap();
        std::fs::write(folder.join("docs/a.md"), "\u{feff}one\ntwo\n").unwrap();
        std::fs::write(folder.join("docs/long.md"), "word word word\n".repeat(2000)).unwrap();
        std::fs::write(folder.join("logo.png"), [0x89, 0xff]).unwrap();
        std::os::unix::fs::symlink("../secret.txt", folder.join("link.txt")).unwrap();
        std::fs::create_dir_all(folder.join("target")).unwrap();
        for hidden in [".env", "target/made.md"] {
            std::fs::write(folder.join(hidden), "secret").unwrap();
        }
        let skill = SkillFiles::of(&folder).unwrap().unwrap();
        assert_eq!(
            skill.told(),
            "Files of this skill, to be read with skill.read: docs/a.md, docs/long.md, logo.png"
        );
        let check = |function: &str, args: Value, want: &str| {
            let said = match skill.call(function, &args, &CallContext::default()) {
                Ok(value) => value.as_str().unwrap_or_default().to_owned(),
                Err(error) => error.message,
            };
            assert!(
                said.contains(want) && !said.contains("secret\n"),
                "{args}: {said}"
            );
            assert_ne!(said, "secret");
        };
        check("read", json!({"path": "docs/a.md"}), "one\ntwo\n");
        check("read", json!({"path": "./docs/a.md", "from": 2}), "two\n");
        check(
            "read",
            json!({"path": "docs/a.md", "from": 9}),
            "has 2 lines",
        );
        check(
            "read",
            json!({"path": "docs/long.md"}),
            "of 2000; `from`: 801 reads on]",
        );
        check("read", json!({"path": "docs"}), "is not a file");
        check(
            "read",
            json!({"path": "none.md"}),
            "there is no file none.md",
        );
        check("read", json!({"path": "logo.png"}), "is not a text");
        // As other programs name them.
        for path in [
            "a.md",
            "Docs/A.md",
            "docs\\a.md",
            "@docs/a.md",
            "docs/a.md#two",
            "{baseDir}/docs/a.md",
            "${SKILL_ROOT}/docs/a.md",
            "skills/mine/docs/a.md",
        ] {
            check("read", json!({ "path": path }), "one\ntwo\n");
        }
        for path in ["other/docs/a.md", "{x}/../docs/a.md", ".md", "#a", ""] {
            check("read", json!({ "path": path }), "file");
        }
        for hidden in [".env", "docs/../.env", "target/made.md"] {
            let want = format!("there is no file {hidden}");
            check("read", json!({ "path": hidden }), &want);
        }
        for out in [
            "../secret.txt",
            "/etc/hostname",
            "docs/../../secret.txt",
            "link.txt",
        ] {
            check("read", json!({ "path": out }), "skill");
        }
        let trusted = SkillFiles::of(&folder).unwrap().unwrap();
        let trusted = trusted.trusting(&skill.hashes());
        std::fs::write(folder.join("docs/long.md"), "other words\n").unwrap();
        std::fs::write(folder.join("docs/new.md"), "new words\n").unwrap();
        for (path, want) in [
            ("docs/a.md", "one\ntwo\n"),
            ("docs/long.md", "not as it was"),
            ("docs/new.md", "not as it was"),
        ] {
            let said = trusted.call("read", &json!({ "path": path }), &CallContext::default());
            let said = said.map_err(|error| error.message);
            let said = said.unwrap_or_else(Value::String);
            assert!(said.as_str().unwrap_or_default().contains(want), "{said}");
        }
        check("list", json!({}), "docs/a.md (11 bytes)");
        check("list", json!({"folder": "docs/"}), "docs/long.md");
        check(
            "list",
            json!({"folder": "none"}),
            "there is no file in none",
        );
    }
}
