//! `quipu fork`.

use std::str::FromStr;

use anyhow::Result;
use clap::Args;
use quipu_kernel::process::Pid;

use crate::service::control::{Reply, Request};
use crate::service::talk;
use crate::session::Session;
use crate::terminal::output;

/// Copy a process as it was after a step, and print the copy's number
#[derive(Debug, Args)]
pub struct ForkArgs {
    /// The process, and the step after which it is copied [default: the last]
    #[arg(value_name = "PID[@STEP]")]
    point: Point,
}

/// A process at one of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The process.
    pub pid: Pid,
    /// The step; the last completed one when `None`.
    pub at: Option<u32>,
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pid, at) = match text.split_once('@') {
            Some((pid, at)) => (pid, Some(at)),
            None => (text, None),
        };
        let wrong = || {
            "PID or PID@STEP, such as 7@3: a process is named by its number, and `quipu ps` lists \
             them"
                .to_owned()
        };
        Ok(Self {
            pid: pid.parse().map_err(|_| wrong())?,
            at: at.map(str::parse).transpose().map_err(|_| wrong())?,
        })
    }
}

/// Where a machine runs, the copy runs there at once; else it waits to be resumed.
pub fn run(session: &Session, args: &ForkArgs) -> Result<u8> {
    let Point { pid, at } = args.point;
    talk::wait_for_start(&session.paths);
    let child = match talk::ask(&session.paths.state, &Request::Fork { pid, at })? {
        Some(Reply::Forked(child)) => child,
        _ => {
            let child = session.journal()?.fork(pid, at)?;
            say!("hint: `quipu run --resume {child}` carries the copy on");
            child
        }
    };
    output::line(&child.to_string())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read() {
        let check = |text: &str, want: Option<(Pid, Option<u32>)>| {
            let got = text
                .parse::<Point>()
                .ok()
                .map(|point| (point.pid, point.at));
            assert_eq!(got, want, "{text}");
        };
        check("7", Some((7, None)));
        check("7@3", Some((7, Some(3))));
        check("7@", None);
        check("@3", None);
        check("seven", None);
    }
}
