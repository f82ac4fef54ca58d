//! `quipu top`: the machine that runs, as it runs.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use quipu_cpu::CpuProcess;
use quipu_kernel::journal::{Journal, ProcessRow};
use quipu_kernel::process::{Pid, State};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Table};
use ratatui::{DefaultTerminal, Frame};

use crate::service::control::{Reply, Request, Snapshot};
use crate::service::talk;
use crate::session::Session;
use crate::terminal::error::UserError;
use crate::terminal::output::{self, one_line, shortened, visible};

/// How often the picture is drawn anew.
const PERIOD: Duration = Duration::from_millis(500);
/// Colours of processes in the map, over and over.
const COLOURS: [Color; 6] = [
    Color::Cyan,
    Color::Green,
    Color::Yellow,
    Color::Magenta,
    Color::Blue,
    Color::Red,
];

/// Watch the processes of the machine that runs; q leaves
#[derive(Debug, Args)]
pub struct TopArgs {
    /// Print one snapshot as JSON instead
    #[arg(long)]
    json: bool,
}

/// Shows the machine until q or Ctrl-C.
pub fn run(session: &Session, args: &TopArgs) -> Result<u8> {
    let first = snapshot(session)?;
    if args.json {
        output::json(&first)?;
        return Ok(0);
    }
    if !std::io::stdout().is_terminal() {
        return Err(UserError::usage(
            "top needs a terminal",
            "`quipu top --json` prints one snapshot, `quipu ps` the processes",
        ));
    }
    let journal = session.journal()?;
    let terminal = ratatui::init();
    let shown = watch(session, &journal, terminal, first);
    ratatui::restore();
    shown.map(|()| 0)
}

fn snapshot(session: &Session) -> Result<Snapshot> {
    match talk::ask(&session.paths.state, &Request::Stats)? {
        Some(Reply::Stats(snapshot)) => Ok(*snapshot),
        _ => Err(UserError::failed(
            "no machine runs on this root",
            "start one with `quipu`, `quipu run` or `quipu batch`; `quipu ps` lists past processes",
        )),
    }
}

fn watch(
    session: &Session,
    journal: &Journal,
    mut terminal: DefaultTerminal,
    mut now: Snapshot,
) -> Result<()> {
    let mut before = (Instant::now(), now.cpu.counters);
    let mut rate = 0.0;
    loop {
        let rows = journal.processes()?;
        terminal.draw(|frame| draw(frame, &now, &rows, rate))?;
        if event::poll(PERIOD)?
            && let Event::Key(key) = event::read()?
        {
            let control_c =
                key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                return Ok(());
            }
        }
        let elapsed = before.0.elapsed();
        if elapsed >= PERIOD {
            now = snapshot(session)?;
            let computed = now.cpu.counters.decoded + now.cpu.counters.prefilled;
            let earlier = before.1.decoded + before.1.prefilled;
            rate = computed.saturating_sub(earlier) as f64 / elapsed.as_secs_f64();
            before = (Instant::now(), now.cpu.counters);
        }
    }
}

fn draw(frame: &mut Frame, now: &Snapshot, rows: &[ProcessRow], rate: f64) {
    let areas = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(5),
        Constraint::Min(3),
    ])
    .split(frame.area());
    frame.render_widget(Paragraph::new(head(now, rate)), areas[0]);
    let width = usize::from(areas[1].width.saturating_sub(2));
    let map = Paragraph::new(map(now, width, 3)).block(Block::bordered().title(" KV cache "));
    frame.render_widget(map, areas[1]);
    frame.render_widget(table(now, rows), areas[2]);
}

fn head(now: &Snapshot, rate: f64) -> Vec<Line<'static>> {
    let (cpu, did) = (&now.cpu, now.cpu.counters);
    vec![
        Line::from(visible(&now.model)).bold(),
        Line::from(format!(
            "{} running, {} waiting · {} threads · {rate:.0} tokens/s · swap {} MB",
            cpu.running,
            cpu.waiting,
            cpu.threads,
            cpu.swap_bytes >> 20
        )),
        Line::from(format!(
            "computed {} + {} · shared {} · swapped {} out {} in · forced {} · guessed {} of {}",
            did.prefilled,
            did.decoded,
            did.shared,
            did.swapped_out,
            did.swapped_in,
            did.forced,
            did.accepted,
            did.drafted
        ))
        .dim(),
    ]
}

/// The cache as a picture: each process's share in its colour, what is shared by
/// several in white, what is free as dots.
fn map(now: &Snapshot, width: usize, height: usize) -> Vec<Line<'static>> {
    let cells = width * height;
    let scale = |tokens: usize| (tokens * cells).div_ceil(now.cpu.cells.max(1));
    let mut picture: Vec<Span> = Vec::new();
    let own = |process: &CpuProcess| process.resident - process.shared;
    let owned: usize = now.cpu.processes.iter().map(own).sum();
    let mut fill = |tokens: usize, colour: Color| {
        let block = Span::styled("█", Style::new().fg(colour));
        picture.extend(std::iter::repeat_n(block, scale(tokens)));
    };
    fill(now.cpu.cells_used.saturating_sub(owned), Color::White);
    for process in &now.cpu.processes {
        fill(own(process), colour(process.pid));
    }
    picture.resize(cells, Span::raw("·").dim());
    picture
        .chunks(width.max(1))
        .map(|chunk| Line::from(chunk.to_vec()))
        .collect()
}

fn colour(pid: Pid) -> Color {
    COLOURS[pid.unsigned_abs() as usize % COLOURS.len()]
}

fn table(now: &Snapshot, rows: &[ProcessRow]) -> Table<'static> {
    let held: HashMap<Pid, &CpuProcess> = now.cpu.processes.iter().map(|p| (p.pid, p)).collect();
    let live = rows
        .iter()
        .filter(|row| row.state != State::Exited || held.contains_key(&row.pid));
    let lines = live.map(|row| {
        let cpu = held.get(&row.pid).copied().copied().unwrap_or_default();
        let cells = [
            row.pid.to_string(),
            row.standing().to_owned(),
            row.priority.to_string(),
            row.steps.to_string(),
            cpu.resident.to_string(),
            cpu.shared.to_string(),
            cpu.swapped.to_string(),
            shortened(&visible(&one_line(row.asked())), 60),
        ];
        Row::new(cells).style(Style::new().fg(colour(row.pid)))
    });
    let widths = [6, 9, 4, 6, 9, 7, 8].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Fill(1)]);
    let heads = [
        "PID", "STATE", "PRI", "STEPS", "RESIDENT", "SHARED", "SWAPPED", "TASK",
    ];
    Table::new(lines, widths).header(Row::new(heads).bold())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quipu_cpu::CpuStats;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    #[test]
    fn the_picture() {
        let process = |pid, resident, shared, swapped| CpuProcess {
            pid,
            resident,
            shared,
            swapped,
        };
        let now = Snapshot {
            model: "tiny (llama 135M) · window 2048".into(),
            cpu: CpuStats {
                cells: 1000,
                cells_used: 500,
                threads: 2,
                running: 2,
                processes: vec![process(1, 300, 100, 0), process(2, 300, 100, 64)],
                ..CpuStats::default()
            },
        };
        let row = |pid, state: State, prompt: &str| ProcessRow {
            branch: None,
            child_of: None,
            pid,
            state,
            steps: 3,
            agent: String::new(),
            prompt: prompt.into(),
            topic: None,
            after: None,
            of_stranger: false,
            priority: 0,
            model: String::new(),
            created_ms: 0,
            updated_ms: 0,
            exit: None,
            imported: false,
        };
        let rows = [
            row(2, State::Running, "Add\nup"),
            row(1, State::Blocked, "Wait"),
            row(0, State::Exited, "Old"),
        ];
        let mut terminal = Terminal::new(TestBackend::new(72, 12)).unwrap();
        terminal
            .draw(|frame| draw(frame, &now, &rows, 41.5))
            .unwrap();
        insta::assert_snapshot!(terminal.backend());
    }
}
