//! How many threads to compute with: all cores when the machine is ours, fewer when
//! others use it.
//!
//! llama.cpp's threads wait for each other by spinning. One that shares its core
//! with somebody else's work makes all of them wait: with two busy loops beside it,
//! decoding on two of two cores falls to a tenth, on one of them to two thirds.

use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

/// How often others' use of the cores is looked at: some 10 of the kernel's ticks for each
/// core, and until then one computes at a tenth of the speed.
const PERIOD: Duration = Duration::from_millis(100);

/// Held by the engine that computes a batch, where two at once would share cores.
static TURN: Mutex<()> = Mutex::new(());

/// Decides on the number of threads while the engine runs, and on when it computes beside the
/// engines of other models in this program.
pub(super) struct Governor {
    most: usize,
    /// Cores of the machine.
    cores: usize,
    chosen: usize,
    adapts: bool,
    last: Option<(Instant, Ticks)>,
}

/// Time spent, in the kernel's clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    /// All processes on all cores.
    busy: u64,
    /// All cores, busy or not.
    all: u64,
    /// This program.
    own: u64,
    cores: u64,
}

impl Governor {
    /// Up to `most` threads; exactly that many when the user `fixed` them.
    pub(super) fn new(most: usize, fixed: bool) -> Self {
        Self {
            most,
            cores: cores(),
            chosen: most,
            adapts: !fixed && most > 1,
            last: None,
        }
    }

    /// The number of threads in force.
    pub(super) fn threads(&self) -> usize {
        self.chosen
    }

    /// The right to compute a batch, which engines of several models have one after the other where
    /// one has more than half of the cores. The lock is fair to batches, which take longer than
    /// a millisecond.
    pub(super) fn turn(&self) -> Option<MutexGuard<'static, ()>> {
        takes_turns(self.chosen, self.cores).then(|| TURN.lock())
    }

    /// The new number of threads, when it should change. Looks at most once in a [`PERIOD`].
    pub(super) fn advise(&mut self) -> Option<usize> {
        if !self.adapts || self.last.is_some_and(|(at, _)| at.elapsed() < PERIOD) {
            return None;
        }
        let now = read_ticks();
        self.adapts = now.is_some();
        let now = now?;
        let before = self.last.replace((Instant::now(), now));
        let threads = free_cores(before?.1, now)?.clamp(1, self.most);
        let changed = threads != self.chosen;
        self.chosen = threads;
        changed.then_some(threads)
    }
}

/// Whether engines with so many `threads` each would share some of the `cores`.
fn takes_turns(threads: usize, cores: usize) -> bool {
    threads.saturating_mul(2) > cores
}

/// Cores of the machine, as far as this program may use them.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// Cores that others left to us between two readings, rounded; `None` when too little
/// time has passed to tell.
fn free_cores(before: Ticks, now: Ticks) -> Option<usize> {
    let all = now.all.saturating_sub(before.all);
    if all < now.cores {
        return None;
    }
    let busy = now.busy.saturating_sub(before.busy);
    let others = busy.saturating_sub(now.own.saturating_sub(before.own));
    let cores = now.cores as f64;
    let free = cores - cores * others as f64 / all as f64;
    Some(free.round() as usize)
}

#[cfg(target_os = "linux")]
fn read_ticks() -> Option<Ticks> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let own = std::fs::read_to_string("/proc/self/stat").ok()?;
    parse(&stat, &own)
}

#[cfg(not(target_os = "linux"))]
fn read_ticks() -> Option<Ticks> {
    None
}

/// Reads what proc(5) says of `/proc/stat` and `/proc/PID/stat`.
#[cfg(any(target_os = "linux", test))]
fn parse(stat: &str, own: &str) -> Option<Ticks> {
    let numbers = |line: &str| -> Vec<u64> {
        let fields = line.split_ascii_whitespace();
        fields.filter_map(|field| field.parse().ok()).collect()
    };
    let total = numbers(stat.lines().next()?.strip_prefix("cpu ")?);
    // user nice system idle iowait irq softirq steal; guests are within user.
    let all: u64 = total.iter().take(8).sum();
    let idle = total.get(3)? + total.get(4)?;
    let cores = stat
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with("cpu"))
        .count();
    // The name, in parentheses, may hold anything. After it comes the state; utime is
    // the 12th field from there, stime the 13th.
    let fields: Vec<&str> = own.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
    let field = |i: usize| fields.get(i)?.parse::<u64>().ok();
    let own = field(11)? + field(12)?;
    Some(Ticks {
        busy: all - idle,
        all,
        own,
        cores: cores as u64,
    })
}

/// As many threads as are `wanted`, or as there are cores.
pub(super) fn threads_of(wanted: Option<usize>) -> usize {
    wanted.unwrap_or_else(cores).clamp(1, 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_that_others_use_are_left_to_them() {
        let check = |others: u64, own: u64, want: usize| {
            let before = Ticks {
                busy: 1000,
                all: 5000,
                own: 50,
                cores: 2,
            };
            let now = Ticks {
                busy: 1000 + others + own,
                all: 5200,
                own: 50 + own,
                cores: 2,
            };
            assert_eq!(free_cores(before, now), Some(want), "{others} {own}");
        };
        check(0, 200, 2);
        check(20, 180, 2);
        check(100, 100, 1);
        check(160, 40, 0);
        let still = Ticks {
            busy: 1,
            all: 5,
            own: 1,
            cores: 2,
        };
        assert_eq!(free_cores(still, still), None);
    }

    #[test]
    fn engines_that_would_share_cores_take_turns() {
        let check = |threads: usize, cores: usize, want: bool| {
            assert_eq!(takes_turns(threads, cores), want, "{threads} on {cores}");
        };
        check(2, 2, true);
        check(1, 2, false);
        check(2, 4, false);
        check(3, 4, true);
        check(1, 1, true);
        let governor = Governor::new(cores(), true);
        let turn = governor.turn();
        assert!(turn.is_some());
        assert!(TURN.try_lock().is_none());
    }

    #[test]
    fn the_kernels_own_words_are_understood() {
        let stat = "cpu  10 1 20 300 4 1 2 0 0 0\ncpu0 5 1 10 150 2 1 1 0 0 0\ncpu1 5 0 10 150 2 0 1 0 0 0\nintr 1\n";
        let own = "7 (a (b) c) R 1 7 7 0 -1 4194304 100 0 0 0 11 22 0 0 20 0 1 0 5 6 7";
        let ticks = Ticks {
            busy: 34,
            all: 338,
            own: 33,
            cores: 2,
        };
        assert_eq!(parse(stat, own), Some(ticks));
        assert_eq!(parse("nonsense", own), None);
    }
}
