//! Writes stacks in the folded form that flame graph scripts read: names from the outermost to the innermost, parted by
//! semicolons, then a blank and the nanoseconds that the last of them took itself.

use std::io::Write;

use kinetoscope_analysis::flamegraph::FlamegraphNodes;
use kinetoscope_model::Trace;

use crate::privacy::Privacy;
use crate::{ExportError, Options, Progress};

/// What stands for a semicolon in a name, which would part it.
const SEMICOLON: &str = ":";

/// Writes the stacks of a flame graph of `trace`, read from the top down, a line for each that took time itself.
///
/// # Errors
/// When `out` takes no more, or the export is cancelled.
pub fn write(
    trace: &Trace,
    nodes: &FlamegraphNodes,
    out: &mut dyn Write,
    options: &Options,
    progress: &Progress,
) -> Result<(), ExportError> {
    progress.set_total(nodes.name.len());
    let privacy = Privacy::new(trace, options.private_names);
    // The names around the node, and where each begins in the line.
    let mut line = String::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (index, name) in nodes.name.iter().enumerate() {
        progress.add_row()?;
        let parent = usize::try_from(nodes.parent[index]).ok();
        while open.last().is_some_and(|&(node, _)| Some(node) != parent) {
            if let Some((_, start)) = open.pop() {
                line.truncate(start);
            }
        }
        open.push((index, line.len()));
        if parent.is_some() {
            line.push(';');
        }
        let name = privacy.clean(name);
        for character in name.chars() {
            match character {
                ';' => line.push_str(SEMICOLON),
                '\n' | '\r' => line.push(' '),
                other => line.push(other),
            }
        }
        // Children that outlive their parent by the clock's rounding leave it less than nothing.
        if nodes.self_dur[index] > 0 {
            writeln!(out, "{line} {}", nodes.self_dur[index])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kinetoscope_model::TraceBuilder;

    use super::*;

    #[test]
    fn a_line_is_a_stack_and_its_own_time() {
        let mut nodes = FlamegraphNodes::default();
        for (parent, name, self_dur) in
            [(-1, "a", 5), (0, "b; c", 0), (1, "d\ne", 7), (0, "f", 2), (-1, "a", -1), (4, "g h", 1)]
        {
            nodes.parent.push(parent);
            nodes.name.push(name.to_owned());
            nodes.self_dur.push(self_dur);
        }
        let mut out = Vec::new();
        let trace = TraceBuilder::default().seal();
        write(&trace, &nodes, &mut out, &Options::default(), &Progress::default()).expect("memory takes all");
        assert_eq!(String::from_utf8(out).expect("text"), "a 5\na;b: c;d e 7\na;f 2\na;g h 1\n");
    }
}
