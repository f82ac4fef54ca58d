//! What a guest was granted it has, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use quipu_tools::manifest::embed;
use quipu_tools::{CallContext, Device, ErrorKind, Held, WasmDevice, WasmHost, WasmSettings};
use serde_json::{Value, json};

use crate::probe_bytes;

const MANIFEST: &str = r#"
needs = { net = ["*"], read = ["*"], write = ["*"], env = ["LANG", "HOME"], clock = true }

[functions]
request = { effect = "read", url = "url" }
open = { effect = "write" }
"#;

/// The guest that tries everything, with `granted`.
fn probe(granted: &str) -> WasmDevice {
    static HOST: OnceLock<WasmHost> = OnceLock::new();
    let host = HOST.get_or_init(|| {
        let settings = WasmSettings {
            variables: Arc::new(|name| Some(format!("value of {name}"))),
            ..WasmSettings::default()
        };
        WasmHost::new(settings).unwrap()
    });
    let component = embed(&probe_bytes(), MANIFEST).unwrap();
    let mut device = host.load("probe", "test", &component).unwrap();
    let held = Held {
        grants: granted.lines().map(|g| g.parse().unwrap()).collect(),
        ..Held::default()
    };
    device.grant(held, BTreeMap::new());
    device
}

fn call(device: &WasmDevice, function: &str, args: Value) -> Result<Value, String> {
    let result = device.call(function, &args, &CallContext::default());
    result.map_err(|error| error.message)
}

#[test]
fn nothing_is_there_by_default() {
    let probe = probe("");
    assert_eq!(call(&probe, "folders", json!({})), Ok(json!([])));
    assert_eq!(
        call(&probe, "variable", json!({"name": "LANG"})),
        Ok(json!(null))
    );
    assert_eq!(call(&probe, "now", json!({})), Ok(json!(0)));
    let args = json!({"method": "GET", "url": "http://example.com/", "headers": []});
    let error = probe
        .call("request", &args, &CallContext::default())
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert_eq!(error.message, "net:example.com:80 was not granted");
    let missing = error.missing.unwrap();
    assert_eq!(missing.device, "probe");
    assert_eq!(missing.need.to_string(), "net:example.com:80");
}

#[test]
fn what_was_granted_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let granted = format!("env:LANG\nclock\nfs:read:{}", folder.path().display());
    let probe = probe(&granted);
    let lang = call(&probe, "variable", json!({"name": "LANG"}));
    assert_eq!(lang, Ok(json!("value of LANG")));
    assert_eq!(
        call(&probe, "variable", json!({"name": "HOME"})),
        Ok(json!(null))
    );
    assert!(call(&probe, "now", json!({})).unwrap().as_u64().unwrap() > 1_600_000_000);
    let folders = call(&probe, "folders", json!({}));
    assert_eq!(folders, Ok(json!([folder.path()])));
}

#[test]
fn a_grant_to_all_counts_for_what_was_asked() {
    let probe = probe("");
    let context = |grant: &str| CallContext {
        grants: [grant.parse().unwrap()].into_iter().collect(),
        ..CallContext::default()
    };
    let variable = |name: &str| {
        let args = json!({"name": name});
        probe.call("variable", &args, &context(&format!("env:{name}")))
    };
    assert_eq!(variable("HOME"), Ok(json!("value of HOME")));
    assert_eq!(variable("PATH"), Ok(json!(null)));
}

#[test]
fn a_granted_folder_that_is_gone_is_named() {
    let probe = probe("fs:read:/nowhere/at/all");
    let error = call(&probe, "folders", json!({})).unwrap_err();
    assert!(
        error.starts_with("the granted folder /nowhere/at/all cannot be used"),
        "{error}"
    );
}

/// A folder with a file, beside a secret that must not be reached.
fn rooms() -> tempfile::TempDir {
    let base = tempfile::tempdir().unwrap();
    let root = base.path();
    std::fs::create_dir_all(root.join("granted/inner")).unwrap();
    std::fs::write(root.join("granted/file.txt"), "benign").unwrap();
    std::fs::write(root.join("granted/inner/file.txt"), "benign").unwrap();
    std::fs::write(root.join("granted/ünïcode.txt"), "benign").unwrap();
    std::fs::write(root.join("secret.txt"), "SECRET").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let granted = root.join("granted");
        symlink("../secret.txt", granted.join("relative-link")).unwrap();
        symlink(root.join("secret.txt"), granted.join("absolute-link")).unwrap();
        symlink("..", granted.join("up")).unwrap();
        symlink("/", granted.join("slash")).unwrap();
        symlink("loop", granted.join("loop")).unwrap();
        symlink("file.txt", granted.join("good-link")).unwrap();
    }
    base
}

fn open(
    probe: &WasmDevice,
    folder: &Path,
    path: &str,
    write: Option<&str>,
) -> Result<Value, String> {
    let args = json!({"folder": folder, "path": path, "write": write});
    call(probe, "open", args)
}

#[test]
fn no_path_leads_out() {
    let base = rooms();
    let granted = base.path().join("granted");
    let secret = base.path().join("secret.txt").display().to_string();
    let probe = probe(&format!("fs:write:{}", granted.display()));
    let long = format!("{}secret.txt", "../".repeat(2000));
    let deep = format!("{}../secret.txt", "inner/../".repeat(500));
    for path in [
        "../secret.txt",
        "./../secret.txt",
        "inner/../../secret.txt",
        "inner/./.././../secret.txt",
        "..//secret.txt",
        "file.txt/../../secret.txt",
        "nothing/../../secret.txt",
        &secret,
        &format!("/{secret}"),
        "/etc/passwd",
        "//etc/passwd",
        "relative-link",
        "absolute-link",
        "up/secret.txt",
        "up/granted/../secret.txt",
        "slash/etc/passwd",
        "loop",
        "file.txt\0",
        "../secret.txt\0.png",
        "\0../secret.txt",
        &long,
        &deep,
        &"a".repeat(100_000),
        // What looks like a dot or a slash is not one.
        "\u{2024}\u{2024}/secret.txt",
        "..\u{2215}secret.txt",
        "..\u{ff0f}secret.txt",
        "..\\secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "\u{202e}../secret.txt",
        "C:\\secret.txt",
        "",
        ".",
        "..",
    ] {
        let read = open(&probe, &granted, path, None);
        assert!(read.is_err(), "{path:?} was read: {read:?}");
        // Some of these are good names for a new file, inside.
        let _ = open(&probe, &granted, path, Some("overwritten"));
        let kept = std::fs::read_to_string(base.path().join("secret.txt")).unwrap();
        assert_eq!(kept, "SECRET", "{path:?}");
    }
    let outside: Vec<_> = std::fs::read_dir(base.path()).unwrap().collect();
    assert_eq!(outside.len(), 2, "{outside:?}");
}

#[test]
fn good_paths_are_opened() {
    let base = rooms();
    let granted = base.path().join("granted");
    let probe = probe(&format!("fs:read:{}", granted.display()));
    for path in [
        "file.txt",
        "./file.txt",
        "inner/file.txt",
        "inner/../file.txt",
        "inner//file.txt",
        "ünïcode.txt",
        "good-link",
    ] {
        assert_eq!(
            open(&probe, &granted, path, None),
            Ok(json!("benign")),
            "{path}"
        );
        let error = open(&probe, &granted, path, Some("x")).unwrap_err();
        assert!(error.contains("not-permitted"), "{path}: {error}");
    }
}

#[test]
fn what_may_be_written_is_written() {
    let base = rooms();
    let granted = base.path().join("granted");
    let probe = probe(&format!("fs:write:{}", granted.display()));
    let written = open(&probe, &granted, "new.txt", Some("words"));
    assert_eq!(written, Ok(json!("5")));
    assert_eq!(
        std::fs::read_to_string(granted.join("new.txt")).unwrap(),
        "words"
    );
}

#[test]
fn a_function_that_says_it_reads_cannot_write() {
    let base = rooms();
    let granted = base.path().join("granted");
    let honest = probe(&format!("fs:write:{}", granted.display()));
    // The same component, whose manifest calls its writing function a reader.
    let liar = MANIFEST.replace("effect = \"write\"", "effect = \"read\"");
    let component = embed(&probe_bytes(), &liar).unwrap();
    let host = WasmHost::new(WasmSettings::default()).unwrap();
    let mut device = host.load("probe", "test", &component).unwrap();
    let held = Held {
        grants: honest.spec().granted.clone(),
        ..Held::default()
    };
    device.grant(held, BTreeMap::new());
    assert!(open(&device, &granted, "new.txt", Some("words")).is_err());
    assert!(!granted.join("new.txt").exists());
}
