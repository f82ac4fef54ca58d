//! What a person sees, types and reads.

pub mod model_hints;
pub mod pull;
