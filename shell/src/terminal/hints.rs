//! What a user can do about each error of the libraries: they carry data, and the options and
//! commands that help are named here.

use std::io::ErrorKind;

use quipu_cpu::{CpuError, Trouble};
use quipu_kernel::KernelError;
use quipu_kernel::gate::Secrecy;
use quipu_kernel::journal::JournalError;
use quipu_kernel::limits::Limit;
use quipu_kernel::process::{Exit, Failure, NoModel};
use quipu_kernel::window::VmError;
use quipu_tools::schema::SchemaError;
use quipu_tools::{LoadError, Missing, ToolError};

use crate::terminal::output::visible;

/// Of a name that nothing has: which of the `known` ones may have been meant, and what `lists` all.
pub fn near(word: &str, known: impl IntoIterator<Item = impl Into<String>>, lists: &str) -> String {
    let near = quipu_models::near(word, known.into_iter().map(Into::into));
    match near.is_empty() {
        true => lists.to_owned(),
        false => format!("did you mean {}? {lists}", visible(&near.join(" or "))),
    }
}

/// Of an error of the CPU.
pub fn cpu(error: &CpuError) -> String {
    match error {
        CpuError::Load { .. } => "check the file with `quipu model show PATH`, or fetch it again with `quipu model pull NAME`",
        CpuError::Window { .. } => "give a larger --window, or fix `window` in the configuration",
        CpuError::Cells { .. } => "fix `kv_tokens` in the configuration, or leave it out",
        CpuError::NoTemplate { .. } => "choose an instruct or chat model: `quipu model ls` shows which are at hand",
        CpuError::Template { .. } => "the template came with the model; try another model, or put another template into a copy of its file (gguf-new-metadata --chat-template)",
        CpuError::Grammar(_) => "give --schema a simpler schema; `quipu tool show NAME` prints that of a tool",
        CpuError::Picture(_) => "give a smaller picture, or leave its projector out of the model's folder: then the eyes read it",
        CpuError::Decode(_) | CpuError::Gone => "run again; if it stays, use a smaller --window or another model",
        CpuError::Endpoint { trouble, .. } => return endpoint(*trouble),
        CpuError::Undecided => "decisions need a local model, or an endpoint with `logprobs`",
        CpuError::ScriptEnded { .. } => "end a script with an answer: {\"answer\":\"…\"}",
        CpuError::Script { line: 0, .. } => "name a script that can be read: --cpu script:FILE",
        CpuError::Script { .. } => "one JSON action a line: {\"tool\":\"…\",\"args\":{…}}, {\"answer\":\"…\"} or {\"when\":\"…\",\"do\":{…}}",
    }
    .to_owned()
}

fn endpoint(trouble: Trouble) -> String {
    match trouble {
        Trouble::Silent => "check that the server runs and the address ends in /v1",
        Trouble::Key => {
            "set the key in the environment variable that `api_key_env` names (OPENAI_API_KEY)"
        }
        Trouble::NotFound => "check the address (it ends in /v1) and the model's name",
        Trouble::TooMany => "wait a while; the endpoint limits requests",
        Trouble::TooLong(Some(window)) => {
            return format!("give the endpoint's real window: --window {window}");
        }
        Trouble::TooLong(None) => "give the endpoint's real window with --window",
        Trouble::Elsewhere => "give the address it leads to, if that is right",
        Trouble::NoModel => "name one with --model",
        Trouble::OnlyThought => {
            "turn its thinking off, or give an action more room: action_tokens under [limits]"
        }
        Trouble::NoRoom => "give an action more room: action_tokens under [limits]",
        Trouble::Empty => "see the endpoint's own log, and whether the model runs there",
        Trouble::Other => "see the endpoint's own log",
    }
    .to_owned()
}

/// Of an error of the window.
pub fn window(error: &VmError) -> String {
    match error {
        VmError::TaskTooLong { .. } => {
            "shorten it, raise --window, or store the text with `quipu mem add` and ask about it"
                .to_owned()
        }
        VmError::Cpu(error) => cpu(error),
    }
}

/// Of an error of the journal.
pub fn journal(error: &JournalError) -> &'static str {
    match error {
        JournalError::Full { .. } => FULL,
        JournalError::Damaged { .. } => {
            "move the file away to start with an empty one; the store is kept apart and is not affected"
        }
        JournalError::Version { .. } => "use a newer release of quipu for this root",
        JournalError::Older { .. } => {
            "stop the machine of that release on this root; this release then brings it up to date"
        }
        JournalError::Changed { .. } => {
            "`quipu log PID` shows what is there now; start the task anew"
        }
        JournalError::NoProcess(_) => "`quipu ps` lists the processes",
        JournalError::NoStep { .. } => "`quipu log PID` lists its steps",
        JournalError::Imported(_) => "`quipu log PID` shows it, `quipu replay PID` runs it again",
        JournalError::Import { .. } => {
            "export it again with `quipu log export PID FILE` where it ran"
        }
        JournalError::KeyLost { .. } => {
            "put that file back from a backup; without one, `quipu ps` and `quipu log PID` still \
             show what was done, and where journal.db is moved away a new journal begins"
        }
        JournalError::Key { .. }
        | JournalError::Sqlite { .. }
        | JournalError::Unsynced { .. }
        | JournalError::Transfer(_) => WRITABLE,
        JournalError::Encode(_) => DEFECT,
    }
}

/// A task of which not even the beginning was recorded has no process that could go on.
const FULL: &str = "make room on that disk; `quipu ps` lists what can be carried on, and a task \
                    that is not there was not recorded: run it again";
const WRITABLE: &str = "check that the folder exists and can be written";
const DEFECT: &str = "this is a defect of quipu; please report it";

/// Of what the system refused, where nobody has said more; empty where there is nothing to say.
pub fn of_system(error: &anyhow::Error) -> &'static str {
    let mut causes = error.chain();
    let refused = causes.find_map(|cause| cause.downcast_ref::<std::io::Error>());
    match refused.map(std::io::Error::kind) {
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            "look at who may write there; --root DIR takes another folder for what quipu keeps"
        }
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            "make room on that disk, and run the command again"
        }
        _ => "",
    }
}

/// Of an error of the kernel.
pub fn kernel(error: &KernelError) -> &str {
    match error {
        KernelError::Journal(error) => journal(error),
        KernelError::Store(error) => error.hint(),
        KernelError::Finished(_) => "`quipu log PID` shows what it did and answered",
        KernelError::Killed(_) => "`quipu run --fork PID` starts a copy that goes on",
        KernelError::Running(_) => "wait for it, or stop it first",
        KernelError::Stopping => "wait until it has ended, then run the command again",
        KernelError::NoRoom(_) => "give the process higher limits, or wait until its children end",
        KernelError::Busy(_) => "wait until it has read them",
        KernelError::NotRunning(_) => "`quipu ps` lists the processes",
    }
}

/// Of what a process failed of.
fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Cpu(error) => cpu(error),
        Failure::Window(error) => window(error),
        Failure::Journal { full: true, .. } => FULL.to_owned(),
        Failure::Journal { full: false, .. } => WRITABLE.to_owned(),
        Failure::Withheld { secrecy, .. } => match secrecy {
            Secrecy::Secret => "run it on a model of this machine: omit --cpu".to_owned(),
            _ => "run it on a model of this machine, or let the endpoint know what is private: \
                  --allow private:HOST, or allow in config.toml"
                .to_owned(),
        },
        Failure::Stopped(_) | Failure::Action(_) => DEFECT.to_owned(),
        Failure::Model(error) => no_model(error),
    }
}

/// Of a model that is not loaded beside the machine's own.
pub fn no_model(error: &NoModel) -> String {
    match error {
        NoModel::Alone { name } => format!("give this task a machine of its own: --model {name}"),
        NoModel::NotHere { .. } => {
            "`quipu model ls` lists what an agent's file can name".to_owned()
        }
        NoModel::NoRoom { .. } | NoModel::Cpu(CpuError::Cells { .. }) => {
            "wait until a task on another model has ended, raise \
                                   `models_bytes` in config.toml, or take a smaller model"
                .to_owned()
        }
        NoModel::Cpu(error) => cpu(error),
    }
}

/// Why a process ended without its work done, with what to do about it on a line of its own.
pub fn ended(exit: &Exit) -> Option<String> {
    let error = exit.error.as_ref()?;
    Some(match &exit.failure {
        Some(Failure::Stopped(limit)) => with_option(error, *limit),
        Some(why) => format!("{error}\nhint: {}", failure(why)),
        None => error.clone(),
    })
}

/// A limit in words, with the option that raises it.
pub fn with_option(text: &str, limit: Limit) -> String {
    match option(limit) {
        Some(option) => format!("{text} ({option})"),
        None => text.to_owned(),
    }
}

/// Which option raises a limit, where one does.
fn option(limit: Limit) -> Option<&'static str> {
    match limit {
        Limit::Steps => Some("--max-steps"),
        Limit::Tokens => Some("--max-tokens"),
        Limit::Time => Some("--timeout"),
        Limit::ActionTokens => Some("action_tokens under [limits] of the configuration"),
        Limit::Repetition | Limit::Thought | Limit::Malformed | Limit::Loop => None,
    }
}

/// Of a failed call: what the tool says, else how to grant what it misses.
pub fn tool(error: &ToolError) -> String {
    match &error.missing {
        Some(missing) if error.hint.is_empty() => grant(missing),
        _ => error.hint.clone(),
    }
}

/// A failed call with its hint in it.
pub fn with_hint(error: ToolError) -> ToolError {
    ToolError {
        hint: tool(&error),
        ..error
    }
}

/// How to grant what a call misses.
pub fn grant(missing: &Missing) -> String {
    format!("quipu tool grant {} {}", missing.device, missing.need)
}

/// How to grant what a process misses.
pub fn grant_or_allow(missing: &Missing) -> String {
    format!(
        "{}, or --allow {} for one run",
        grant(missing),
        missing.need
    )
}

/// Of a component that cannot be used.
pub fn component(error: &LoadError) -> &'static str {
    match error {
        LoadError::Read { .. } => "name a .wasm component, or the folder of a project",
        LoadError::Schema(SchemaError::NoJson { .. }) => {
            "leave that function out of the world, or give it other types"
        }
        LoadError::Schema(_) => {
            "a tool is a component for wasm32-wasip2; `quipu tool new` writes one"
        }
        LoadError::Manifest(_) => "fix plugin.toml, and build the tool again",
        LoadError::Imports(_) => {
            "build it without what imports that: with componentize-js, for instance, `-d http` \
             leaves an interface out"
        }
        LoadError::Refused(_) => {
            "build it for wasm32-wasip2, with the usual options of its toolchain"
        }
        LoadError::Listing(_) => "this is a defect of the tool",
        LoadError::Changed => "run the command again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_meant_comes_before_what_lists_them_all() {
        let check = |word: &str, want: &str| {
            let known = [
                "clerk",
                "clerks",
                "writer",
                "/notes/bill.txt#1",
                "/notes/menu.txt",
            ];
            assert_eq!(near(word, known, "ls lists them"), want, "{word}");
        };
        // Not all that lies in the same folder.
        for menu in ["mneu.txt", "/notes/mneu.txt", "Menu.txt/"] {
            check(menu, "did you mean /notes/menu.txt? ls lists them");
        }
        check("/notes/a.txt", "ls lists them");
        check("clark", "did you mean clerk or clerks? ls lists them");
        check("Writre", "did you mean writer? ls lists them");
        check("bill", "did you mean /notes/bill.txt#1? ls lists them");
        check("notes", "ls lists them");
        check(
            "notes/bill",
            "did you mean /notes/bill.txt#1? ls lists them",
        );
        check("zebra", "ls lists them");
        check("x", "ls lists them");
        check("", "ls lists them");
    }
}
