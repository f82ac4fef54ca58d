//! Functions that no model is shown until something speaks of what they are about.

use quipu_tools::{DeviceSpec, Topics};

use crate::grammar::Callable;
use crate::process::Program;

/// Bytes of a stranger's text that are searched for names of files.
const LOOK_MAX: usize = 1 << 16;

/// The functions of one device that would be offered, and what they are about.
pub(super) struct Unspoken {
    pub(super) topics: Topics,
    pub(super) names: Vec<String>,
}

impl Unspoken {
    /// Takes `calls` of a device out of sight. A process that knows of them can still call them.
    pub(super) fn hide(topics: &Topics, calls: &mut [Callable]) -> Self {
        let offered = calls.iter_mut().filter(|call| call.offered);
        let names = offered.map(|call| {
            call.offered = false;
            call.name.clone()
        });
        Self {
            topics: topics.clone(),
            names: names.collect(),
        }
    }
}

/// Whether `program` speaks of what the device is about: in its task, or because one of the texts
/// beside it is such a file or names one.
pub(super) fn is_spoken_of(device: &DeviceSpec, program: &Program) -> bool {
    let topics = &device.topics;
    topics.is_empty()
        || topics.are_in(&program.prompt)
        || program.attached.iter().any(|attached| {
            topics.have_file_in(&attached.label.source)
                || topics.have_file_in(beginning(&attached.text))
        })
}

/// The part of a long text that is searched.
pub(super) fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOOK_MAX)]
}
