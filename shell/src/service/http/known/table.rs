//! The table of fields. What a row says of a field is in [`Fate`](super::Fate); one that several
//! APIs have with different fates has a row for each.
//!
//! Sources: OpenAI's and Anthropic's references, the documentation of llama.cpp's server and of
//! vLLM's, and what the clients openai, anthropic, litellm, instructor, pydantic-ai, LangChain and
//! the AI SDK send.

use super::Fate::{Done, Passed, Refused};
use super::Kind::{Any, Flag, Keys, List, Number, Object, Text, Words};
use super::{Api, Field, Kind};

use Api::{
    Chat, Decisions, Detokenize, Embeddings, Llama, Messages, Responses, Speech, SystemOne,
    TextCompletions, Tokenize,
};

/// Those that a model writes an answer for.
const WRITE: &[Api] = &[Chat, TextCompletions, Responses, Messages, Llama];
/// Those that go on from a conversation.
const TALK: &[Api] = &[Chat, Responses, Messages];
/// Those of a chat, and of a text that goes on.
const OPEN: &[Api] = &[Chat, TextCompletions];
/// [`OPEN`] with llama.cpp's own.
const LOCAL: &[Api] = &[Chat, TextCompletions, Llama];
/// Those with a place of their own for the schema of an answer.
const PLACED: &[Api] = &[Responses, Messages, TextCompletions];

/// What to ask for in place of other ways to choose tokens.
const OTHERWISE: &str = "tokens are chosen by `temperature`, `top_k`, `top_p`, `min_p`, penalties \
                         and `logit_bias`; leave it out";
/// What to ask for in place of other forms of an answer.
pub const FORMS: &str = "an answer is held to a JSON Schema, which may have `enum` or `pattern`; \
                         send one in `response_format`";
/// Where a schema stands in APIs that have a place for it.
const PLACE: &str = "a schema stands in `response_format` of /v1/chat/completions, `text.format` \
                     of /v1/responses, and `output_config.format` of /v1/messages";
/// What ends an answer.
const ENDS: &str =
    "an answer ends where the model ends it, at a text in `stop`, or when it is full";
/// What a number of tokens is called.
const LENGTH: &str = "send `max_tokens`";
/// The same in `/v1/responses`.
const OUTPUT: &str = "send `max_output_tokens`";
/// What no model here does.
const TEXTS: &str = "answers are text; leave it out";
/// What the template makes of messages.
const TEMPLATE: &str = "messages are laid out by the model's own template; leave it out";
/// What shows tokens.
const TOKENS: &str = "tokens are told by POST /tokenize; leave it out";
/// How odds are told.
const ODDS: &str = "ask /v1/chat/completions or /v1/completions for `logprobs`; leave it out";
/// Keys of a template that ask how much is thought: a model that does not think has none.
const THINKING: Kind = Keys(&[
    "clear_thinking",
    "enable_thinking",
    "preserve_thinking",
    "reasoning_effort",
    "thinking",
    "thinking_budget",
]);

const fn done(name: &'static str, of: &'static [Api]) -> Field {
    Field {
        name,
        of,
        fate: Done,
    }
}

const fn passed(name: &'static str, of: &'static [Api], kind: Kind) -> Field {
    Field {
        name,
        of,
        fate: Passed(kind),
    }
}

const fn refused(
    name: &'static str,
    of: &'static [Api],
    nothing: &'static [&'static str],
    instead: &'static str,
) -> Field {
    Field {
        name,
        of,
        fate: Refused { nothing, instead },
    }
}

/// Every field that is known.
#[rustfmt::skip] // A row is a line.
pub(super) const FIELDS: &[Field] = &[
    // What is done.
    done("add_special", &[Tokenize]),
    done("add_special_tokens", &[Tokenize]),
    done("best_of", &[TextCompletions]),
    done("content", &[Tokenize]),
    done("dimensions", &[Embeddings]),
    done("echo", &[TextCompletions]),
    done("encoding_format", &[Embeddings]),
    done("frequency_penalty", WRITE),
    done("guided_json", &[Chat]),
    done("include", &[Responses]),
    done("input", &[Responses, Embeddings, Speech, Decisions]),
    done("input_extra", &[Llama]),
    done("input_prefix", &[Llama]),
    done("input_suffix", &[Llama]),
    done("instructions", &[Responses, Speech]),
    done("json_schema", &[Chat, Llama]),
    done("logit_bias", WRITE),
    done("logprobs", OPEN),
    done("max_completion_tokens", &[Chat]),
    done("max_output_tokens", &[Responses]),
    done("max_tokens", &[Chat, TextCompletions, Messages, Llama]),
    done("messages", &[Chat, Messages]),
    done("min_p", WRITE),
    done("model", &[Chat, TextCompletions, Responses, Messages, Llama, Embeddings, Speech, Decisions, SystemOne, Tokenize, Detokenize]),
    done("n", OPEN),
    done("n_indent", &[Llama]),
    done("n_predict", LOCAL),
    done("n_probs", &[Llama]),
    done("output_config", &[Messages]),
    done("output_format", &[Messages]),
    done("parallel_tool_calls", &[Chat, Responses]),
    done("parse_special", &[Tokenize]),
    done("presence_penalty", WRITE),
    done("previous_response_id", &[Responses]),
    done("prompt", &[TextCompletions, Llama, Tokenize]),
    done("questions", &[Decisions, SystemOne]),
    done("repeat_penalty", WRITE),
    done("repetition_penalty", WRITE),
    done("response_fields", &[Llama]),
    done("response_format", &[Chat, Speech]),
    done("seed", WRITE),
    done("speed", &[Speech]),
    done("state", &[Decisions, SystemOne]),
    done("stop", LOCAL),
    done("stop_sequences", &[Messages]),
    done("store", &[Responses]),
    done("stream", WRITE),
    done("stream_format", &[Speech]),
    done("stream_options", OPEN),
    done("structured_outputs", &[Chat]),
    done("suffix", &[TextCompletions]),
    done("system", &[Messages]),
    done("t_max_predict_ms", &[Llama]),
    done("temperature", WRITE),
    done("text", &[Responses]),
    done("thread", &[Messages]),
    done("tokens", &[Detokenize]),
    done("tool_choice", TALK),
    done("tools", TALK),
    done("top_k", WRITE),
    done("top_logprobs", &[Chat, Responses]),
    done("top_p", WRITE),
    done("voice", &[Speech]),
    done("with_pieces", &[Tokenize]),

    // A client's own records.
    passed("metadata", WRITE, Object),
    passed("prompt_cache_key", WRITE, Text),
    passed("prompt_cache_retention", WRITE, Text),
    passed("request_id", WRITE, Text),
    passed("safety_identifier", WRITE, Text),
    passed("session_id", WRITE, Text),
    passed("store", &[Chat], Flag),
    passed("user", WRITE, Text),
    passed("user", &[Embeddings], Text),

    // Where and how fast it is computed, by whom, and how much it is thought about before.
    passed("betas", &[Messages], List),
    passed("cache_control", &[Messages], Object),
    passed("cache_prompt", LOCAL, Flag),
    passed("cache_salt", OPEN, Text),
    passed("chat_template_kwargs", &[Chat], THINKING),
    passed("enable_thinking", WRITE, Flag),
    passed("guided_decoding_backend", OPEN, Text),
    passed("id_slot", LOCAL, Number),
    passed("include_reasoning", WRITE, Flag),
    passed("inference_geo", &[Messages], Text),
    passed("keep_alive", WRITE, Any),
    passed("n_cache_reuse", LOCAL, Number),
    passed("t_max_prompt_ms", LOCAL, Number),
    passed("models", &[Chat], List),
    passed("num_ctx", WRITE, Number),
    passed("prediction", &[Chat], Object),
    passed("priority", OPEN, Number),
    passed("provider", WRITE, Object),
    passed("reasoning", WRITE, Object),
    passed("reasoning_budget", LOCAL, Number),
    passed("reasoning_effort", WRITE, Text),
    passed("reasoning_format", LOCAL, Text),
    passed("service_tier", WRITE, Text),
    passed("speed", &[Messages], Text),
    passed("think", WRITE, Any),
    passed("thinking", &[Chat, Messages], Object),
    passed("thinking_budget", WRITE, Number),
    passed("thinking_budget_tokens", LOCAL, Number),
    passed("thinking_forced_open", LOCAL, Flag),
    passed("verbosity", &[Chat, Responses], Text),

    // What a reply has beside the answer.
    passed("response_fields", OPEN, List),
    passed("return_progress", LOCAL, Flag),
    passed("stream_options", &[Responses, Messages, Llama], Object),
    passed("timings_per_token", LOCAL, Flag),
    passed("usage", OPEN, Object),

    // What is done when a conversation does not fit: here it is refused, and nothing is left out.
    passed("context_management", &[Responses, Messages], Any),
    passed("n_discard", LOCAL, Number),
    passed("n_keep", LOCAL, Number),
    passed("transforms", &[Chat], List),
    passed("truncation", &[Responses], Words(&["auto", "disabled"])),

    // Numbers that say more of what is refused below.
    passed("dry_allowed_length", WRITE, Number),
    passed("dry_base", WRITE, Number),
    passed("dry_penalty_last_n", WRITE, Number),
    passed("dry_sequence_breakers", WRITE, List),
    passed("dynatemp_exponent", WRITE, Number),
    passed("max_tool_calls", &[Responses], Number),
    passed("min_keep", LOCAL, Number),
    passed("mirostat_eta", WRITE, Number),
    passed("mirostat_tau", WRITE, Number),
    passed("xtc_threshold", WRITE, Number),

    // A beginning of an answer goes on by itself.
    passed("continue_final_message", &[Chat], Flag),
    passed("spaces_between_special_tokens", OPEN, Flag),

    // What is called otherwise.
    refused("extra_body", WRITE, &["{}"], "its fields stand beside `model`"),
    refused("format", &[Chat], &["\"\""], FORMS),
    refused("function_call", &[Chat], &[], "it was replaced by `tool_choice`"),
    refused("functions", &[Chat], &["[]"], "it was replaced by `tools`"),
    refused("max_completion_tokens", &[Responses], &[], OUTPUT),
    refused("max_completion_tokens", &[TextCompletions, Messages, Llama], &[], LENGTH),
    refused("max_length", WRITE, &[], LENGTH),
    refused("max_new_tokens", WRITE, &[], LENGTH),
    refused("max_output_tokens", &[Chat, TextCompletions, Messages, Llama], &[], LENGTH),
    refused("max_tokens", &[Responses], &[], OUTPUT),
    refused("num_predict", WRITE, &[], LENGTH),
    refused("options", WRITE, &["{}"], "its fields stand beside `model`"),
    refused("random_seed", WRITE, &[], "send `seed`"),
    refused("stop", &[Messages], &["[]", "\"\""], "send `stop_sequences`"),
    refused("stop", &[Responses], &["[]", "\"\""], "it goes with /v1/chat/completions"),
    refused("stop_sequences", LOCAL, &["[]"], "send `stop`"),
    refused("system", &[Chat], &["\"\""], "send it as a message whose role is `system`"),

    // Other forms of an answer.
    refused("audio", WRITE, &[], TEXTS),
    refused("grammar", WRITE, &["\"\""], "send a JSON Schema in `response_format`, or leave it out"),
    refused("guided_choice", WRITE, &["[]"], FORMS),
    refused("guided_grammar", WRITE, &["\"\""], FORMS),
    refused("guided_json", PLACED, &["{}", "\"\""], PLACE),
    refused("guided_json", &[Llama], &["{}", "\"\""], "send `json_schema`"),
    refused("guided_regex", WRITE, &["\"\""], FORMS),
    refused("guided_whitespace_pattern", OPEN, &["\"\""], FORMS),
    refused("json_schema", PLACED, &["{}"], PLACE),
    refused("modalities", WRITE, &["[\"text\"]"], TEXTS),
    refused("response_format", PLACED, &["{\"type\":\"text\"}"], PLACE),
    refused("response_format", &[Llama], &["{\"type\":\"text\"}"], "send `json_schema`"),
    refused("structured_outputs", &[Responses, Messages, TextCompletions, Llama], &["{}"], PLACE),

    // Other ways to choose tokens, and to end an answer.
    refused("allowed_token_ids", WRITE, &["[]"], OTHERWISE),
    refused("bad_words", WRITE, &["[]"], OTHERWISE),
    refused("best_of", &[Chat], &["1"], "no answer is left out; ask for `n`"),
    refused("dry_multiplier", WRITE, &["0"], OTHERWISE),
    refused("dynatemp_range", WRITE, &["0"], OTHERWISE),
    refused("ban_eos_token", WRITE, &["false"], ENDS),
    refused("early_stopping", WRITE, &["false"], OTHERWISE),
    refused("guidance_scale", WRITE, &["1"], OTHERWISE),
    refused("negative_prompt", WRITE, &["\"\""], OTHERWISE),
    refused("smoothing_factor", WRITE, &["0"], OTHERWISE),
    refused("ignore_eos", WRITE, &["false"], "an answer ends where the model ends it; leave it out"),
    refused("include_stop_str_in_output", WRITE, &["false"], ENDS),
    refused("length_penalty", WRITE, &["1"], OTHERWISE),
    refused("logits_processors", WRITE, &["[]"], OTHERWISE),
    refused("min_tokens", WRITE, &["0"], ENDS),
    refused("mirostat", WRITE, &["0"], OTHERWISE),
    refused("n", &[Responses, Messages, Llama], &["1"], "one answer is given; ask again for another"),
    refused("repeat_last_n", WRITE, &["64"], "repetitions count within the last 64 tokens; leave it out"),
    refused("samplers", &[Chat, TextCompletions, Responses, Messages], &["[]"], OTHERWISE),
    // What editors send with `/infill`: it is chosen among the likeliest, as here.
    refused("samplers", &[Llama], &["[]", "[\"top_k\",\"top_p\",\"infill\"]"], OTHERWISE),
    refused("stop_token_ids", WRITE, &["[]"], ENDS),
    refused("t_max_predict_ms", OPEN, &["0", "-1"], "a client that leaves ends its answer; leave it out"),
    refused("tfs_z", WRITE, &["1"], OTHERWISE),
    refused("top_a", WRITE, &["0"], OTHERWISE),
    refused("top_n_sigma", WRITE, &["-1", "0"], OTHERWISE),
    refused("typical_p", WRITE, &["1"], OTHERWISE),
    refused("use_beam_search", WRITE, &["false"], OTHERWISE),
    refused("xtc_probability", WRITE, &["0"], OTHERWISE),

    // How tokens are told.
    refused("logprobs", &[Responses], &["false"], "send `top_logprobs`, or `include` them"),
    refused("logprobs", &[Messages, Llama], &["false"], ODDS),
    refused("n_probs", &[Chat, TextCompletions, Responses, Messages], &["0"], ODDS),
    refused("post_sampling_probs", LOCAL, &["false"], "odds are those before tokens are drawn; leave it out"),
    refused("prompt_logprobs", WRITE, &["false"], "the odds of a prompt are not told; leave it out"),
    refused("return_token_strs", &[Tokenize], &["false"], "send `with_pieces`"),
    refused("return_token_ids", WRITE, &["false"], TOKENS),
    refused("return_tokens", WRITE, &["false"], TOKENS),
    refused("return_tokens_as_token_ids", WRITE, &["false"], TOKENS),
    refused("skip_special_tokens", WRITE, &["true"], "an answer has no markers; leave it out"),
    refused("top_logprobs", &[TextCompletions, Messages, Llama], &["0"], ODDS),

    // How messages become a prompt.
    refused("add_generation_prompt", &[Chat], &["true"], TEMPLATE),
    refused("add_special_tokens", &[Chat], &["false"], TEMPLATE),
    refused("add_special_tokens", &[TextCompletions], &["true"], TOKENS),
    refused("chat_template", WRITE, &["\"\""], TEMPLATE),
    refused("documents", WRITE, &["[]"], "put documents into the messages"),
    refused("echo", &[Chat], &["false"], TEMPLATE),
    refused("messages", &[Tokenize], &["[]"], "POST /apply-template makes a text of messages; send that"),
    refused("image_data", WRITE, &["[]"], "send pictures in the messages of /v1/chat/completions"),
    refused("multimodal_data", WRITE, &["[]"], "send pictures in the messages of /v1/chat/completions"),
    refused("suffix", &[Llama], &["\"\""], "POST /infill goes on between two texts"),
    refused("truncate_prompt_tokens", WRITE, &[], "nothing is cut silently; send less"),

    // What would have to be kept or run here.
    refused("background", &[Responses], &["false"], "a response is written while its client waits; leave it out, or stream it"),
    refused("container", &[Messages], &[], "no code is run here for a client; leave it out"),
    refused("conversation", &[Responses], &[], "conversations are not kept; send the earlier items in `input`, or `previous_response_id`"),
    refused("lora", WRITE, &["[]"], "the model runs as it is, without adapters"),
    refused("mcp_servers", WRITE, &["[]"], "the plain model reaches no servers: call their tools on your side"),
    refused("plugins", WRITE, &["[]"], "the plain model has no tools of its own; ask an agent"),
    refused("prompt", &[Responses], &[], "prompts are not kept; send the text in `instructions` and `input`"),
    refused("safe_prompt", WRITE, &["false"], "send a system message of your own"),
    refused("web_search_options", WRITE, &[], "the plain model has no tools of its own; ask an agent"),
];
