//! The options that every command takes, as the command line parses them. They become
//! settings, together with the environment and the file, in `settings`.

use std::path::PathBuf;

use clap::Args;

use crate::terminal::output::Colour;

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Keep state, store, models and configuration in this one folder
    #[arg(long, global = true, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The model: a name from `quipu model ls`, a .gguf file, org/repo:QUANT, or endpoint:NAME of
    /// the configuration; `quipu eval` takes several, also NAME@URL for one behind an endpoint
    #[arg(long = "model", global = true, value_name = "NAME|PATH")]
    pub models: Vec<String>,
    /// What computes: `local`, the URL of an OpenAI-compatible endpoint, or `script:FILE`
    #[arg(long, global = true, value_name = "local|URL|script:FILE")]
    pub cpu: Option<String>,
    /// Threads to compute with [default: as many as there are cores, fewer while others use them]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub threads: Option<u16>,
    /// Tokens of a process's window [default: 8192, or what the model was trained for if less]
    #[arg(long, global = true, value_name = "TOKENS")]
    pub window: Option<usize>,
    /// 0 is greedy; higher is more varied [default: 0]
    #[arg(long, global = true, value_name = "T")]
    pub temperature: Option<f32>,
    /// Seed of the random choices above temperature 0 [default: 0]
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u32>,
    /// Say more on standard error; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Never ask the person at the terminal
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Take standard input as your own words; otherwise it is a stranger's text, and changes that
    /// it asks for need an approval
    #[arg(long, global = true)]
    pub trusted_input: bool,
    /// When to colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub color: Colour,
    /// Write for a screen reader: no colours, words in place of signs, no line that is written
    /// over
    #[arg(long, global = true)]
    pub plain: bool,
}

impl Globals {
    /// The same for one model: `NAME@URL` is the model NAME behind the endpoint URL.
    pub fn on(&self, model: &str) -> Self {
        let of_an_endpoint = model.split_once('@');
        match of_an_endpoint
            .filter(|(_, url)| url.starts_with("http://") || url.starts_with("https://"))
        {
            Some((name, url)) => Self {
                models: Some(name.to_owned())
                    .filter(|name| !name.is_empty())
                    .into_iter()
                    .collect(),
                cpu: Some(url.to_owned()),
                ..self.clone()
            },
            None => Self {
                models: vec![model.to_owned()],
                ..self.clone()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_may_be_behind_an_endpoint() {
        let check = |model: &str, models: &[&str], cpu: Option<&str>| {
            let on = Globals::default().on(model);
            assert_eq!(on.models, models, "{model}");
            assert_eq!(on.cpu.as_deref(), cpu, "{model}");
        };
        check("qwen", &["qwen"], None);
        check(
            "a@http://127.0.0.1:1/v1",
            &["a"],
            Some("http://127.0.0.1:1/v1"),
        );
        check("@https://x.test/v1", &[], Some("https://x.test/v1"));
        check("me@home.gguf", &["me@home.gguf"], None);
    }
}
