//! `summary --warnings`: everything that reading lost, mended or guessed, with places in the input.
//!
//! The summary shows one example of each kind; whoever wants to know what is wrong with a file needs all that were kept,
//! and where they stand. What was lost comes first.

use std::borrow::Cow;

use kinetoscope_analysis::text_table::{cut_middle, write_paragraph};
use kinetoscope_analysis::unit::{format_count, format_number_of};
use kinetoscope_analysis::warnings::{WarningsOfKind, warnings};
use kinetoscope_model::Trace;

use crate::settings::Form;

/// Lines that an example may take. It may quote kernels, whose names run to thousands of characters.
const MAX_EXAMPLE_LINES: usize = 3;

/// All warnings of `trace`.
pub(crate) fn write(trace: &Trace, form: Form) -> Result<String, serde_json::Error> {
    let kinds = warnings(trace);
    match form {
        Form::Text(options) => Ok(write_text(&kinds, options.width)),
        Form::Json => Ok(serde_json::to_string_pretty(&kinds)? + "\n"),
    }
}

fn write_text(kinds: &[WarningsOfKind<'_>], width: usize) -> String {
    if kinds.is_empty() {
        return "No warnings: everything was read as it stands.\n".to_owned();
    }
    let mut out = String::new();
    let mut is_cut = false;
    for kind in kinds {
        if !out.is_empty() {
            out.push('\n');
        }
        let count = format_count(kind.count.unsigned_abs());
        let title = format!("{}: {count} × {}, {}", kind.severity, kind.name, kind.description);
        write_paragraph(&mut out, "", &title, width);
        for example in &kind.examples {
            let place = match example.byte_offset {
                Some(offset) => format!("{}, byte {offset}", example.path),
                None => example.path.to_owned(),
            };
            let text =
                if place.is_empty() { example.detail.to_owned() } else { format!("{place}: {}", example.detail) };
            let cut = cut_middle(&text, MAX_EXAMPLE_LINES * width);
            is_cut |= matches!(cut, Cow::Owned(_));
            write_paragraph(&mut out, "  - ", &cut, width);
        }
        let num_untold = kind.count.unsigned_abs().saturating_sub(kind.examples.len() as u64);
        if num_untold > 0 && !kind.examples.is_empty() {
            let text = format!("… and {}, of which no place was kept", format_number_of(num_untold, "more case"));
            write_paragraph(&mut out, "  ", &text, width);
        }
    }
    if is_cut {
        out.push_str("\nExamples with … are cut; --json has them whole.\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use kinetoscope_analysis::TextOptions;
    use kinetoscope_model::table::SourceRow;
    use kinetoscope_model::{SourceId, TraceBuilder, WarningKind};

    use super::*;

    fn text_form() -> Form {
        Form::Text(TextOptions::default())
    }

    #[test]
    fn losses_come_first_and_each_example_tells_its_place() {
        let mut builder = TraceBuilder::default();
        let path = builder.strings.intern("a.json");
        let format = builder.strings.intern("chrome json");
        builder.sources.push(SourceRow {
            path,
            format,
            file_bytes: 10,
            unpacked_bytes: 10,
            num_events: 1,
            clock_offset: 0,
            base_unix_ns: None,
            rank_id: None,
        });
        for number in 0..12 {
            let detail = || format!("`slice {number}`");
            builder.warnings.add(WarningKind::HealedOverlap, SourceId(0), Some(number * 100), detail);
        }
        builder.warnings.add(WarningKind::Truncated, SourceId(0), Some(10), || "ends inside an event".to_owned());
        builder.warnings.add(WarningKind::Truncated, SourceId(7), None, || "no source\u{1b}[2J".to_owned());
        let trace = builder.seal();

        let text = write(&trace, text_form()).expect("text cannot fail");
        let lines: Vec<&str> = text.lines().collect();
        let lost = "data_loss: 2 × input_truncated, the input ends early; everything before the end was kept";
        assert_eq!(lines[..3], [lost, "  - a.json, byte 10: ends inside an event", "  - no source\\u{1b}[2J"]);
        assert_eq!(lines[3], "");
        assert!(lines[4].starts_with("info: 12 × slice_healed_rounding_overlap, "), "{text}");
        assert!(lines.contains(&"  - a.json, byte 900: `slice 9`"), "{text}");
        assert_eq!(lines.last(), Some(&"  … and 2 more cases, of which no place was kept"));

        assert!(!text.contains("cut"), "{text}");

        let json = write(&trace, Form::Json).expect("these are plain values");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(json[0]["name"], "input_truncated");
        assert_eq!(json[0]["examples"][0]["byte_offset"], 10);
        assert_eq!(json[0]["examples"][1]["byte_offset"], serde_json::Value::Null);
        assert_eq!(json[1]["count"], 12);
    }

    #[test]
    fn long_examples_are_cut_and_that_is_told() {
        let mut builder = TraceBuilder::default();
        let name = format!("begin{}end", "x".repeat(1_000));
        builder.warnings.add(WarningKind::HealedOverlap, SourceId(0), None, || name.clone());
        let trace = builder.seal();
        let text = write(&trace, text_form()).expect("text cannot fail");
        assert!(text.contains("begin") && text.contains("end\n") && !text.contains(&name), "{text}");
        assert!(text.ends_with("\nExamples with … are cut; --json has them whole.\n"), "{text}");
        assert!(write(&trace, Form::Json).expect("these are plain values").contains(&name));
    }

    #[test]
    fn a_clean_trace_says_so() {
        let trace = TraceBuilder::default().seal();
        let text = write(&trace, text_form()).expect("text cannot fail");
        assert_eq!(text, "No warnings: everything was read as it stands.\n");
        assert_eq!(write(&trace, Form::Json).expect("an empty list"), "[]\n");
    }
}
