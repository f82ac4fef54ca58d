//! Who follows a process hears of its end.

use quipu_cpu::scripted::ScriptedCpu;
use quipu_memory::RamStore;

use super::*;
use crate::event::EVENTS_WAITING_MAX;

#[tokio::test]
async fn the_end_of_a_process_comes_even_where_it_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |others: usize, want: &[&str]| {
        let journal = folder.path().join(format!("{others}.db"));
        let kernel = Kernel::boot(Parts {
            cpu: Arc::new(ScriptedCpu::parse("test", r#"{"answer":"4"}"#, Some(8192)).unwrap()),
            store: Arc::new(RamStore::new()),
            bus: Arc::default(),
            journal: Journal::open(&journal, true).unwrap(),
            policy: Policy::default(),
            sampling: Sampling {
                temperature: 0.0,
                seed: 0,
            },
            judgement: Judgement::default(),
        })
        .unwrap();
        let mut events = kernel.subscribe();
        let pid = kernel.spawn(Program::new("task")).unwrap();
        kernel.wait(pid).await.unwrap();
        for n in 0..others {
            let (pid, text) = (pid + 1, String::new());
            kernel.emit(Event::Token {
                pid,
                n: n as u32,
                text,
            });
        }
        let mut seen = Vec::new();
        while let Some(event) = kernel.next_event(&mut events, pid).await {
            let value = serde_json::to_value(&event).unwrap();
            seen.push(value["event"].as_str().unwrap().to_owned());
            if matches!(event, Event::Exited { .. }) {
                break;
            }
        }
        assert_eq!(seen, want, "{others}");
    };
    check(0, &["started", "step", "token", "action", "exited"]).await;
    check(EVENTS_WAITING_MAX, &["lost", "exited"]).await;
}
