//! `quipu serve`.

use anyhow::Result;
use clap::Args;
use quipu_tools::Capability;
use rmcp::ServiceExt;
use rmcp::transport::io::stdio;

use crate::config::paths;
use crate::config::settings::ApproveWord;
use crate::service::mcp::Offer;
use crate::session::Session;
use crate::session::bus::Servers;
use crate::terminal::error::UserError;

/// Offer the tools and the memory to other programs
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Speak the Model Context Protocol on standard input and output
    #[arg(long, required = true)]
    mcp: bool,
    /// Grant a capability; several with several options
    #[arg(long, value_name = "CAP")]
    allow: Vec<Capability>,
    /// Calls that change something, memory_put among them: `all` leaves asking to the other
    /// program
    #[arg(long, value_enum, value_name = "WHO", default_value = "never")]
    approve: ApproveWord,
}

/// Runs until the other side closes the connection.
pub async fn run(session: &Session, args: &ServeArgs) -> Result<u8> {
    let policy = session.policy(&args.allow, Some(args.approve));
    let (bus, unusable) = session.bus(Servers::Known)?;
    for tool in unusable {
        say!("warning: {}", tool.told());
    }
    paths::create(&session.paths.store)?;
    let offer = Offer::new(session.paths.store.clone(), &bus, policy);
    let failed = |error: String| {
        UserError::failed(
            error,
            "the other program starts `quipu serve --mcp` and speaks first",
        )
    };
    let service = offer
        .serve(stdio())
        .await
        .map_err(|error| failed(error.to_string()))?;
    service
        .waiting()
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok(0)
}
