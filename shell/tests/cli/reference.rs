//! The whole command line as one snapshot: what `--help` says of every command.
//!
//! After a change: `INSTA_UPDATE=always cargo nextest run --release --workspace -E 'test(reference)'`.

use crate::sandbox::Sandbox;

/// What every page but the first ends with.
const EVERY_COMMAND: &str = "`quipu --help` lists the options that every command takes.";

#[test]
fn the_command_line_is_what_it_was() {
    let sandbox = Sandbox::new();
    let mut pages = String::new();
    add(&sandbox, &mut Vec::new(), &mut pages);
    insta::assert_snapshot!("cli_reference", pages);
}

/// The page of `command`, then those of the commands below it, as the page names them.
fn add(sandbox: &Sandbox, command: &mut Vec<String>, pages: &mut String) {
    let mut args: Vec<&str> = command.iter().map(String::as_str).collect();
    args.push("--help");
    let said = sandbox.quipu(&args);
    said.check(0, &[]);
    // The options that every command takes stand on the first page alone.
    let text = said.out.trim_end();
    let own = text.strip_suffix(EVERY_COMMAND);
    let text = match command.is_empty() {
        true => text,
        false => own.unwrap_or("no pointer to the first page"),
    };
    let title = format!("quipu {}", command.join(" "));
    pages.push_str(&format!("# {}\n\n{}\n\n", title.trim(), text.trim()));
    for name in below(&said.out) {
        command.push(name);
        add(sandbox, command, pages);
        command.pop();
    }
}

fn below(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
