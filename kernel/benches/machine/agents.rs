//! Agents of one kind: a long prompt that all share, a short one of each.

use serde_json::{Value, json};

use crate::{Bench, ours, peer, report};

const GENERATE: u32 = 32;
const WINDOW: usize = 1536;

/// About a thousand tokens: rules as an agent's instructions have them.
fn instructions() -> String {
    let rule = |n: usize| {
        format!(
            "Rule {n}: when a customer of branch {} asks about order {}, answer in one sentence and name the shelf.",
            n % 7,
            1000 + 37 * n
        )
    };
    (1..=34).map(rule).collect::<Vec<_>>().join("\n")
}

fn question(n: usize, round: usize) -> String {
    format!(
        "I am customer {n}{round} and I ask about my order {}. Where is it?",
        1000 + 37 * n
    )
}

/// Eight agents: cold, and with the prefix resident on both sides.
pub fn few(bench: &Bench) {
    run(bench, 8);
}

/// The same with 32, of which the server's part takes minutes.
pub fn many(bench: &Bench) {
    run(bench, 32);
}

fn run(bench: &Bench, agents: usize) {
    let (mut cold, mut warm, mut cold_peer, mut warm_peer) = (vec![], vec![], vec![], vec![]);
    let mut shared = 0;
    for round in 0..bench.rounds {
        let cpu = ours::cold(bench);
        let prompts = |round| -> Vec<_> {
            (0..agents)
                .map(|n| ours::tokens(&cpu, &instructions(), &question(n, round)))
                .collect()
        };
        let (first, second) = (prompts(2 * round), prompts(2 * round + 1));
        shared = first[0].boot;
        let ours = |prompts: &[quipu_cpu::Prompt], into: &mut Vec<f64>| {
            let jobs = prompts.iter().enumerate().map(|(n, prompt)| {
                ours::job(
                    n as i64 + 1,
                    prompt.clone(),
                    Some(ours::endless()),
                    GENERATE,
                )
            });
            let done = ours::run(&cpu, jobs.collect());
            for done in &done {
                assert_eq!(done.completion.usage.generated_tokens, GENERATE);
            }
            into.push(ours::last(&done));
        };
        ours(&first, &mut cold);
        ours(&second, &mut warm);
        drop(cpu);

        let server = peer::Server::start(bench, agents, WINDOW);
        for (prompts, into) in [(&first, &mut cold_peer), (&second, &mut warm_peer)] {
            let requests = prompts
                .iter()
                .map(|prompt| peer::request(&prompt.tokens, GENERATE));
            let (seconds, answers) = server.run(requests.collect());
            for answer in answers {
                assert_eq!(answer["tokens_predicted"], GENERATE, "{answer}");
            }
            into.push(seconds);
        }
    }
    let what = format!("{agents} agents, {shared} tokens shared");
    report::line(&format!("{what}, cold"), "s", &cold, &cold_peer);
    report::line(&format!("{what}, resident"), "s", &warm, &warm_peer);
}

/// Eight calls that have to satisfy a schema; seconds for each valid one.
pub fn schema(bench: &Bench) {
    const CALLS: usize = 8;
    let schema = json!({
        "type": "object",
        "properties": {
            "tool": {"const": "calculator.calculate"},
            "args": {
                "type": "object",
                "properties": {"expression": {"type": "string", "maxLength": 60}},
                "required": ["expression"],
                "additionalProperties": false
            }
        },
        "required": ["tool", "args"],
        "additionalProperties": false
    });
    let system = "Answer with one JSON call of the tool calculator.calculate {\"expression\"}.";
    let task = |n: usize| format!("What is {} times {}?", 12 + n, 7 * n + 3);
    let valid = |text: &str| {
        serde_json::from_str::<Value>(text).is_ok_and(|call| jsonschema::is_valid(&schema, &call))
    };
    let (mut ours_each, mut peers_each) = (vec![], vec![]);
    for _ in 0..bench.rounds {
        let cpu = ours::cold(bench);
        let prompts: Vec<_> = (0..CALLS)
            .map(|n| ours::tokens(&cpu, system, &task(n)))
            .collect();
        let jobs = prompts
            .iter()
            .enumerate()
            .map(|(n, prompt)| ours::job(n as i64 + 1, prompt.clone(), Some(schema.clone()), 120));
        let done = ours::run(&cpu, jobs.collect());
        let right = done
            .iter()
            .filter(|done| valid(&done.completion.text))
            .count();
        ours_each.push(ours::last(&done) / right as f64);
        drop(cpu);

        let server = peer::Server::start(bench, CALLS, WINDOW);
        let requests = prompts.iter().map(|prompt| {
            let mut request = peer::request(&prompt.tokens, 120);
            request["ignore_eos"] = false.into();
            request["json_schema"] = schema.clone();
            request
        });
        let (seconds, answers) = server.run(requests.collect());
        let text = |answer: &Value| answer["content"].as_str().unwrap_or_default().to_owned();
        let right = answers.iter().filter(|answer| valid(&text(answer))).count();
        peers_each.push(seconds / right as f64);
    }
    report::line(
        "8 calls under a schema, per valid call",
        "s",
        &ours_each,
        &peers_each,
    );
}
