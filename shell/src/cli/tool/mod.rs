//! `quipu tool`: one file for each subcommand.

mod add;
mod build;
mod call;
mod check;
mod grant;
mod ls;
mod new;
mod rm;
mod show;

use anyhow::Result;
use clap::Subcommand;

use crate::session::Session;

/// Tools: sandboxed components
#[derive(Debug, Subcommand)]
pub enum ToolCommand {
    Ls(ls::LsArgs),
    Show(show::ShowArgs),
    Call(call::CallArgs),
    New(new::NewArgs),
    Build(build::BuildArgs),
    Check(check::CheckArgs),
    Add(add::AddArgs),
    Rm(rm::RmArgs),
    Grant(grant::GrantArgs),
    Revoke(grant::RevokeArgs),
}

/// Runs the command.
pub async fn run(session: &Session, command: ToolCommand) -> Result<u8> {
    match command {
        ToolCommand::Ls(args) => ls::run(session, &args),
        ToolCommand::Show(args) => show::run(session, &args),
        ToolCommand::Call(args) => call::run(session, &args).await,
        ToolCommand::New(args) => new::run(&args),
        ToolCommand::Build(args) => build::run(session, &args),
        ToolCommand::Check(args) => check::run(session, &args),
        ToolCommand::Add(args) => add::run(session, &args).await,
        ToolCommand::Rm(args) => rm::run(session, &args),
        ToolCommand::Grant(args) => grant::grant(session, &args),
        ToolCommand::Revoke(args) => grant::revoke(session, &args),
    }
}
