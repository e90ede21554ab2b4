//! Modules: SQL that `INCLUDE PERFETTO MODULE` brings in, under the names that Perfetto's users know.
//!
//! Each is a file of the folder `module`, which is a script of PerfettoSQL statements; running it defines what it has to
//! offer. The prelude is the one that every session has from the start.

use crate::error::nearest_names;

/// What every session knows without including it.
pub(crate) const PRELUDE: &str = include_str!("module/prelude.sql");

/// One module.
#[derive(Debug)]
pub(crate) struct Module {
    /// Name, with points.
    pub(crate) name: &'static str,
    /// The script.
    pub(crate) text: &'static str,
}

/// Conversions of times. Perfetto's users call them without including the module, so every session has them.
pub(crate) const TIME_CONVERSION: Module =
    Module { name: "time.conversion", text: include_str!("module/time.conversion.sql") };

/// Every module, by name.
const MODULES: &[Module] = &[
    Module { name: "counters.intervals", text: include_str!("module/counters.intervals.sql") },
    Module { name: "graphs.dominator_tree", text: include_str!("module/graphs.dominator_tree.sql") },
    Module { name: "graphs.hierarchy", text: include_str!("module/graphs.hierarchy.sql") },
    Module { name: "graphs.partition", text: include_str!("module/graphs.partition.sql") },
    Module { name: "graphs.scan", text: include_str!("module/graphs.scan.sql") },
    Module { name: "graphs.search", text: include_str!("module/graphs.search.sql") },
    Module { name: "intervals.create_intervals", text: include_str!("module/intervals.create_intervals.sql") },
    Module { name: "intervals.fill_gaps", text: include_str!("module/intervals.fill_gaps.sql") },
    Module { name: "intervals.intersect", text: include_str!("module/intervals.intersect.sql") },
    Module { name: "intervals.overlap", text: include_str!("module/intervals.overlap.sql") },
    Module { name: "prelude", text: "" },
    Module { name: "slices.flat_slices", text: include_str!("module/slices.flat_slices.sql") },
    Module { name: "slices.flow", text: include_str!("module/slices.flow.sql") },
    Module { name: "slices.hierarchy", text: include_str!("module/slices.hierarchy.sql") },
    Module { name: "slices.self_dur", text: include_str!("module/slices.self_dur.sql") },
    Module { name: "slices.stack", text: include_str!("module/slices.stack.sql") },
    Module { name: "slices.with_context", text: include_str!("module/slices.with_context.sql") },
    Module { name: "std.metasql.column_list", text: include_str!("module/std.metasql.column_list.sql") },
    Module { name: "std.metasql.table_list", text: include_str!("module/std.metasql.table_list.sql") },
    Module { name: "std.trees.table_conversion", text: include_str!("module/std.trees.table_conversion.sql") },
    TIME_CONVERSION,
];

/// The modules that `pattern` means: one by its name, all below `a.*`, or all for `*`.
pub(crate) fn matching(pattern: &str) -> Vec<&'static Module> {
    let is_meant = |module: &&Module| match pattern.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => prefix.ends_with('.') && module.name.starts_with(prefix),
        None => module.name == pattern,
    };
    MODULES.iter().filter(is_meant).collect()
}

/// Names of the modules that there is a reason to include.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().filter(|module| !module.text.is_empty()).map(|module| module.name)
}

/// The module that defines `name`: a macro, a function, a table or a view.
pub(crate) fn defining(name: &str) -> Option<&'static str> {
    let defines = |module: &&Module| {
        let mut words = module.text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let mut before = ["", ""];
        words.any(|word| {
            let is_definition = before[0] == "PERFETTO" && ["MACRO", "FUNCTION", "TABLE", "VIEW"].contains(&before[1]);
            before = [before[1], word];
            is_definition && word.eq_ignore_ascii_case(name)
        })
    };
    MODULES.iter().find(defines).map(|module| module.name)
}

/// Names that look like `pattern`, closest first.
pub(crate) fn nearest(pattern: &str) -> Vec<String> {
    nearest_names(pattern, MODULES.iter().map(|module| module.name))
}
