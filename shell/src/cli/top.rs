//! `quipu top`: the machine that runs, as it runs.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use indicatif::DecimalBytes;
use quipu_cpu::{Counters, CpuProcess};
use quipu_kernel::ModelNow;
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
    let mut before = Instant::now();
    let mut rates = Rates::default();
    loop {
        let rows = journal.processes()?;
        terminal.draw(|frame| draw(frame, &now, &rows, &rates))?;
        if event::poll(PERIOD)?
            && let Event::Key(key) = event::read()?
        {
            let control_c =
                key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                return Ok(());
            }
        }
        let elapsed = before.elapsed();
        if elapsed >= PERIOD {
            let next = snapshot(session)?;
            rates = Rates::between(&now, &next, elapsed);
            (now, before) = (next, Instant::now());
        }
    }
}

/// Tokens a second, since the picture before.
#[derive(Default)]
struct Rates {
    /// Of the machine's own model.
    own: f64,
    /// Of each model in the order of the snapshot; `None` of one that was not there before.
    models: Vec<Option<f64>>,
}

impl Rates {
    fn between(before: &Snapshot, now: &Snapshot, elapsed: Duration) -> Self {
        let rate = |before: Counters, now: Counters| {
            let computed = |counters: Counters| counters.decoded + counters.prefilled;
            computed(now).saturating_sub(computed(before)) as f64 / elapsed.as_secs_f64()
        };
        let of_model = |model: &ModelNow| {
            let is_it = |other: &&ModelNow| other.key == model.key && other.is_own == model.is_own;
            let earlier = before.models.iter().find(is_it)?;
            Some(rate(earlier.cpu.counters, model.cpu.counters))
        };
        Self {
            own: rate(before.cpu.counters, now.cpu.counters),
            models: now.models.iter().map(of_model).collect(),
        }
    }
}

fn draw(frame: &mut Frame, now: &Snapshot, rows: &[ProcessRow], rates: &Rates) {
    // One alone is told at the head.
    let models = match now.models.len() {
        0 | 1 => 0,
        several => u16::try_from(several + 1).unwrap_or(u16::MAX),
    };
    let areas = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(5),
        Constraint::Length(models),
        Constraint::Min(3),
    ])
    .split(frame.area());
    frame.render_widget(Paragraph::new(head(now, rates.own)), areas[0]);
    let width = usize::from(areas[1].width.saturating_sub(2));
    let map = Paragraph::new(map(now, width, 3)).block(Block::bordered().title(" KV cache "));
    frame.render_widget(map, areas[1]);
    if models > 0 {
        frame.render_widget(models_now(now, rates), areas[2]);
    }
    frame.render_widget(table(now, rows), areas[3]);
}

/// The models that are loaded, a line each.
fn models_now(now: &Snapshot, rates: &Rates) -> Table<'static> {
    let measured = rates.models.iter().copied().chain(std::iter::repeat(None));
    let lines = now.models.iter().zip(measured).map(|(model, rate)| {
        let bytes = match model.bytes {
            0 => "elsewhere".to_owned(),
            bytes => DecimalBytes(bytes).to_string(),
        };
        Row::new([
            shortened(&visible(&one_line(&model.name)), 40),
            bytes,
            model.cpu.processes.len().to_string(),
            rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}")),
        ])
    });
    let widths = [Constraint::Fill(1)]
        .into_iter()
        .chain([10, 10, 9].map(Constraint::Length));
    let heads = ["MODEL", "MEMORY", "PROCESSES", "TOKENS/S"];
    Table::new(lines, widths).header(Row::new(heads).bold())
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
    let others = now.models.iter().filter(|model| !model.is_own);
    let others = others.flat_map(|model| &model.cpu.processes);
    let all = now.cpu.processes.iter().chain(others);
    let held: HashMap<Pid, &CpuProcess> = all.map(|p| (p.pid, p)).collect();
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
            models: Vec::new(),
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
            .draw(|frame| {
                let rates = Rates {
                    own: 41.5,
                    models: Vec::new(),
                };
                draw(frame, &now, &rows, &rates);
            })
            .unwrap();
        insta::assert_snapshot!(terminal.backend());
    }

    #[test]
    fn each_model_is_told_with_its_rate() {
        let model = |name: &str, is_own: bool, bytes: u64, decoded: u64| ModelNow {
            name: name.into(),
            key: name.into(),
            is_own,
            bytes,
            in_use: true,
            cpu: CpuStats {
                counters: Counters {
                    decoded,
                    ..Counters::default()
                },
                processes: vec![CpuProcess::default()],
                ..CpuStats::default()
            },
        };
        let snapshot = |models: Vec<ModelNow>| Snapshot {
            model: "own".into(),
            cpu: models[0].cpu.clone(),
            models,
        };
        let before = snapshot(vec![model("own", true, 1, 10), model("small", false, 1, 0)]);
        let now = snapshot(vec![
            model("own", true, 2_000_000, 30),
            model("afar", false, 0, 7),
            model("small", false, 500_000_000, 100),
        ]);
        let rates = Rates::between(&before, &now, Duration::from_secs(2));
        assert_eq!(rates.own, 10.0);
        assert_eq!(rates.models, [Some(10.0), None, Some(50.0)]);
        let mut terminal = Terminal::new(TestBackend::new(72, 20)).unwrap();
        terminal
            .draw(|frame| draw(frame, &now, &[], &rates))
            .unwrap();
        let shown = terminal.backend().to_string();
        let line = |name: &str| {
            let line = shown.lines().rfind(|line| line.contains(name));
            let words = line
                .unwrap_or_default()
                .trim_matches('"')
                .split_whitespace();
            words.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("2.00 MB"), "own 2.00 MB 1 10");
        assert_eq!(line("afar"), "afar elsewhere 1 -");
        assert_eq!(line("small"), "small 500.00 MB 1 50");
    }
}
