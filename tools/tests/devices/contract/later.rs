//! Devices whose code is loaded when they are first called.

use std::path::{Path, PathBuf};

use quipu_tools::{CallContext, Device, ErrorKind, WasmHost, WasmSettings};
use serde_json::json;

use super::limits::component;

/// A cache and a tool that was loaded before.
struct Desk {
    folder: tempfile::TempDir,
    tool: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tool = folder.path().join("seven.wasm");
        std::fs::write(&tool, component("(i32.const 7)")).expect("a file");
        let desk = Self { folder, tool };
        desk.host().load_file(&desk.tool).expect("a device");
        desk
    }

    fn host(&self) -> WasmHost {
        WasmHost::new(WasmSettings {
            cache_dir: Some(self.cache()),
            cache_key: Some([0; 32]),
            ..WasmSettings::default()
        })
        .expect("an engine")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// The only file of the cache that ends in `.extension`.
    fn cached(&self, extension: &str) -> PathBuf {
        let ends = |path: &PathBuf| path.extension().is_some_and(|e| e == extension);
        let mut found: Vec<PathBuf> = std::fs::read_dir(self.cache())
            .expect("a cache")
            .map(|entry| entry.expect("an entry").path())
            .filter(ends)
            .collect();
        assert_eq!(found.len(), 1, "{extension}: {found:?}");
        found.remove(0)
    }

    /// What a call gives, in a host that has never called before.
    fn call(&self) -> Result<serde_json::Value, quipu_tools::ToolError> {
        let device = self.host().load_file(&self.tool).expect("a device");
        device.call("run", &json!({}), &CallContext::default())
    }
}

#[test]
fn only_a_call_needs_the_code() {
    let desk = Desk::new();
    std::fs::remove_file(desk.cached("cwasm")).expect("it was there");
    let device = desk.host().load_file(&desk.tool).expect("a device");
    assert_eq!(device.spec().functions[0].name, "run");
    assert!(!Path::new(&desk.cache()).read_dir().is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.path().extension().is_some_and(|e| e == "cwasm"))
    }));
    let result = device.call("run", &json!({}), &CallContext::default());
    assert_eq!(result, Ok(json!(7)));
    desk.cached("cwasm");
}

#[test]
fn the_first_call_can_be_cancelled_too() {
    let desk = Desk::new();
    let device = desk.host().load_file(&desk.tool).expect("a device");
    let context = CallContext::default();
    context.cancel.cancel();
    let error = device
        .call("run", &json!({}), &context)
        .expect_err("cancelled");
    assert_eq!(error.kind, ErrorKind::Cancelled);
    let result = device.call("run", &json!({}), &CallContext::default());
    assert_eq!(result, Ok(json!(7)));
}

#[test]
fn what_the_cache_lost_or_others_wrote_there_is_made_again() {
    for extension in ["cwasm", "json"] {
        let desk = Desk::new();
        let file = desk.cached(extension);
        let mut bytes = std::fs::read(&file).expect("it is there");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&file, &bytes).expect("damaged");
        assert_eq!(desk.call(), Ok(json!(7)), "{extension}");
        std::fs::write(&file, "").expect("emptied");
        assert_eq!(desk.call(), Ok(json!(7)), "{extension}");
        std::fs::remove_file(&file).expect("removed");
        assert_eq!(desk.call(), Ok(json!(7)), "{extension}");
    }
}

#[test]
fn a_file_that_has_changed_since_is_not_called() {
    let desk = Desk::new();
    let device = desk.host().load_file(&desk.tool).expect("a device");
    std::fs::write(&desk.tool, component("(i32.const 8)")).expect("a file");
    let error = device
        .call("run", &json!({}), &CallContext::default())
        .expect_err("another component");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("changed"), "{error}");
    // Started again, it is the new one.
    assert_eq!(desk.call(), Ok(json!(8)));
}
