//! Modules: SQL that `INCLUDE PERFETTO MODULE` brings in, under the names that Perfetto's users know.
//!
//! Each is a file of the folder `module`, which is a script of PerfettoSQL statements; running it defines what it has to
//! offer. The prelude is the one that every session has from the start.

use crate::error::nearest_names;

/// What every session knows without including it.
pub(crate) const PRELUDE: &str = include_str!("module/prelude.sql");

/// The name under which that is known.
pub(crate) const PRELUDE_NAME: &str = "prelude";

/// One module.
#[derive(Debug)]
pub(crate) struct Module {
    /// Name, with points.
    pub(crate) name: &'static str,
    /// The script.
    pub(crate) text: &'static str,
    /// What belongs to it in Perfetto and is in every session here.
    pub(crate) shipped: &'static [&'static str],
}

macro_rules! module {
    ($name:literal) => {
        module!($name, &[] as &[&str])
    };
    ($name:literal, $shipped:expr) => {
        Module { name: $name, text: include_str!(concat!("module/", $name, ".sql")), shipped: $shipped }
    };
}

/// Conversions of times. Perfetto's users call them without including the module, so every session has them.
pub(crate) const TIME_CONVERSION: Module = module!("time.conversion");

/// Every module, by name.
const MODULES: &[Module] = &[
    module!("counters.intervals"),
    module!("export.to_firefox_profile"),
    module!("gpu.kernels"),
    module!("gpu.launches"),
    module!("graphs.dominator_tree"),
    module!("graphs.hierarchy"),
    module!("graphs.partition"),
    module!("graphs.scan"),
    module!("graphs.search"),
    module!("intervals.create_intervals"),
    module!("intervals.fill_gaps"),
    module!("intervals.intersect"),
    module!("intervals.overlap"),
    Module { name: PRELUDE_NAME, text: "", shipped: &[] },
    module!("slices.flat_slices"),
    module!("slices.flow"),
    module!("slices.hierarchy"),
    module!("slices.self_dur"),
    module!("slices.stack"),
    module!("slices.with_context", &["thread_or_process_slice"]),
    module!("std.metasql.column_list"),
    module!("std.metasql.table_list"),
    module!("std.thread"),
    module!("std.traceinfo"),
    module!("std.trees.table_conversion"),
    TIME_CONVERSION,
    module!("torch.ops"),
    module!("viz.summary.counters"),
    module!("viz.summary.processes"),
    module!("viz.summary.slices"),
    module!("viz.summary.threads"),
    module!("viz.summary.trace"),
    module!("viz.summary.track_event"),
    module!("vllm.steps"),
];

/// Every module, by name.
pub(crate) fn all() -> &'static [Module] {
    MODULES
}

/// Whether a script is the text of a module.
pub(crate) fn is_text(script: &str) -> bool {
    MODULES.iter().any(|module| std::ptr::eq(module.text, script))
}

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
