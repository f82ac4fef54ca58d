//! Who may learn what a process holds: what its user said, what is open to everybody, and what is
//! too secret for its CPU.

use serde_json::Value;

use crate::calls::{look_up, reads_open_pages};
use crate::exec::Execution;
use crate::gate::{Known, reaches_out};
use crate::journal::JournalError;
use crate::label::{Secrecy, Trust, told_source};
use crate::process::{Ending, Failure};

/// The fact on the tape: how many values that each tell a little the rest of a conversation has told.
const TOLD: &str = "told";
/// A conversation of which that is not known tells nothing more.
const UNKNOWN: usize = u16::MAX as usize;

impl Execution {
    /// What the user said to the process.
    pub(in crate::exec) fn users_words(&self) -> String {
        self.vm.users_words(self.program.said.as_deref())
    }

    /// What the user said to the process, and what was planned.
    pub(super) fn said(&self) -> String {
        [self.users_words(), self.progress.literals()].join("\n")
    }

    /// How many values that each tell a little `action` told others, where what the process has read
    /// could be spelt by them.
    pub(super) fn little_told_by(&self, action: &Value) -> usize {
        let read = self.vm.lowest_label();
        if read.trust > Trust::Untrusted && read.secrecy.is_public() {
            return 0;
        }
        let (tool, args) = (action["tool"].as_str(), &action["args"]);
        let function = tool.and_then(|tool| look_up(&self.shared.bus, tool));
        let out = function.is_some_and(|function| reaches_out(&function.needs(args)));
        if !out {
            return 0;
        }
        let (said, pages) = (self.said(), self.vm.open_pages());
        let known = Known {
            said: &said,
            pages: &pages,
            ..Known::default()
        };
        known.little_in(args)
    }

    /// How many values that each tell a little the process and its conversation have told before
    /// `action`, with those `beside` it. What `action` tells counts for the conversation from now on,
    /// so that two processes of it do not tell the same rest.
    pub(super) fn told_before(&self, action: &Value, beside: usize) -> Result<usize, Ending> {
        let own = self.told_little + beside;
        let little = self.little_told_by(action);
        if little == 0 {
            return Ok(own);
        }
        let tape = &self.shared.tape;
        let others = match tape.playing() {
            // Earlier releases did not look.
            Some(mut playing) => playing.perhaps(TOLD)?.unwrap_or(0),
            None => tape.fact(TOLD, || {
                self.told_by_others(own + little).unwrap_or(UNKNOWN)
            })?,
        };
        Ok(own + others)
    }

    /// Records that this process has told `own` values. How many the others of its conversation have
    /// told: the turns before and after it, their parents, children and branches.
    fn told_by_others(&self, own: usize) -> Result<usize, JournalError> {
        let journal = &self.shared.journal;
        journal.tells(journal.first_of(self.pid)?, self.pid, own)
    }

    /// Whether `action` opened a page of the open network.
    pub(super) fn opened(&self, action: &Value) -> bool {
        let tool = action["tool"].as_str();
        let function = tool.and_then(|tool| look_up(&self.shared.bus, tool));
        function.is_some_and(|function| reads_open_pages(&function))
    }

    /// Whether the process holds text that its CPU may not be shown: the CPU is asked nothing
    /// then.
    pub(crate) fn is_confided(&self) -> bool {
        self.vm.lowest_label().secrecy > self.clearance()
    }

    /// The highest secrecy that both the CPU and whoever started the process may learn.
    pub(in crate::exec) fn clearance(&self) -> Secrecy {
        let starter = self.program.clearance.unwrap_or(Secrecy::Secret);
        self.shared.clearance().min(starter)
    }

    pub(in crate::exec) fn withheld(&self) -> Ending {
        let label = self.vm.lowest_label();
        Ending::Failed(Failure::Withheld {
            secrecy: label.secrecy,
            from: told_source(label.confided_by()).into_owned(),
        })
    }
}
