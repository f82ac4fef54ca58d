//! The devices of a replay: they can be looked up, and are never called.

use std::sync::Arc;

use quipu_tools::{Bus, CallContext, Device, DeviceSpec, ErrorKind, ToolError};
use serde::Deserialize;
use serde_json::Value;

use crate::journal::Kept;

/// A device as a tape names it.
#[derive(Deserialize)]
struct Known {
    device: DeviceSpec,
    /// The form of a device leaves this out.
    vouched: bool,
}

/// A device that is there to be looked up.
struct Shown(DeviceSpec);

impl Device for Shown {
    fn spec(&self) -> &DeviceSpec {
        &self.0
    }

    fn call(&self, _: &str, _: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let message = "a replay carries nothing out";
        Err(ToolError::new(ErrorKind::Unavailable, message, ""))
    }
}

/// The bus with the devices of these hashes; `None` where one cannot be read.
pub(super) fn bus(kept: &Kept, hashes: &[String]) -> Option<Bus> {
    let mut bus = Bus::default();
    for hash in hashes {
        let known: Known = kept.text(hash)?;
        let spec = DeviceSpec {
            vouched: known.vouched,
            ..known.device
        };
        bus.add(Arc::new(Shown(spec))).ok()?;
    }
    Some(bus)
}
