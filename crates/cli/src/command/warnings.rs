//! `summary --warnings`: everything that reading lost, mended or guessed, with places in the input.
//!
//! The summary shows one example of each kind; whoever wants to know what is wrong with a file needs them all, whole,
//! and where they stand.

use kinetoscope_analysis::text_table::write_paragraph;
use kinetoscope_analysis::unit::{format_count, format_number_of};
use kinetoscope_model::Trace;
use serde_json::{Value, json};

use crate::settings::Form;

/// Space before everything that belongs to a kind.
const INDENT: &str = "  ";

/// All warnings of `trace`.
pub(crate) fn write(trace: &Trace, form: Form) -> Result<String, serde_json::Error> {
    match form {
        Form::Text(options) => Ok(write_text(trace, options.width)),
        Form::Json => {
            let kinds: Vec<Value> = trace.stats.rows().map(|kind| {
                json!({
                    "name": trace.text(kind.name),
                    "severity": trace.text(kind.severity),
                    "count": kind.value,
                    "description": trace.text(kind.description),
                    "examples": examples(trace, kind.name),
                })
            }).collect();
            Ok(serde_json::to_string_pretty(&kinds)? + "\n")
        }
    }
}
