//! The prompts: how to work with the report, for a language model.

use mcpcap_analyzer::Prompt;

/// All prompts.
pub const PROMPTS: &[Prompt] = &[];
