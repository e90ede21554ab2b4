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
    /// What it is about, where the script does not say so.
    pub(crate) doc: &'static str,
    /// What belongs to it in Perfetto and is in every session here.
    pub(crate) shipped: &'static [&'static str],
}

macro_rules! module {
    ($name:literal) => {
        module!($name, &[] as &[&str])
    };
    ($name:literal, $shipped:expr) => {
        Module { name: $name, text: include_str!(concat!("module/", $name, ".sql")), doc: "", shipped: $shipped }
    };
}

/// A module whose tables are in every session, so that including it runs nothing.
macro_rules! shipped {
    ($name:literal, $doc:literal, $shipped:expr) => {
        Module { name: $name, text: "", doc: $doc, shipped: $shipped }
    };
}

/// Conversions of times. Perfetto's users call them without including the module, so every session has them.
pub(crate) const TIME_CONVERSION: Module = module!("time.conversion");

/// Every module, by name.
const MODULES: &[Module] = &[
    module!("callstacks.stack_profile"),
    module!("counters.intervals"),
    module!("export.to_firefox_profile"),
    module!("export.to_svg"),
    module!("gpu.kernels"),
    module!("gpu.launches"),
    module!("gpu.memory"),
    module!("gpu.overlap"),
    module!("gpu.utilization"),
    module!("graphs.dominator_tree"),
    module!("graphs.hierarchy"),
    module!("graphs.partition"),
    module!("graphs.scan"),
    module!("graphs.search"),
    module!("intervals.create_intervals"),
    module!("intervals.fill_gaps"),
    module!("intervals.intersect"),
    module!("intervals.mipmap"),
    module!("intervals.overlap"),
    Module { name: PRELUDE_NAME, text: "", doc: "", shipped: &[] },
    shipped!(
        "prelude.after_eof.casts",
        "Casts that look like functions: `cast_int!`, `cast_double!`, `cast_string!`. They are in every session.",
        &[]
    ),
    shipped!(
        "prelude.after_eof.core",
        "What a trace and its inputs say of themselves. It is in every session.",
        &["metadata", "stats", "clock_snapshot", "machine", "_trace_import_logs", "sqlstats"]
    ),
    shipped!(
        "prelude.after_eof.counters",
        "Counters and their tracks. They are in every session.",
        &[
            "counter",
            "counters",
            "counter_track",
            "process_counter_track",
            "thread_counter_track",
            "cpu_counter_track",
            "gpu_counter_track",
            "gpu_counter_group",
            "perf_counter_track",
            "irq_counter_track",
            "softirq_counter_track"
        ]
    ),
    shipped!(
        "prelude.after_eof.cpu_scheduling",
        "What ran on which CPU. It is in every session.",
        &["cpu", "sched", "sched_slice", "thread_state", "spurious_sched_wakeup", "cpu_available_frequencies"]
    ),
    shipped!(
        "prelude.after_eof.events",
        "Slices, flows and arguments under further names. They are in every session.",
        &[
            "flow",
            "args",
            "instant",
            "frame_slice",
            "actual_frame_timeline_slice",
            "expected_frame_timeline_slice",
            "android_logs"
        ]
    ),
    shipped!(
        "prelude.after_eof.gpu",
        "GPUs and their work in Perfetto's columns. They are in every session.",
        &["gpu", "gpu_track", "gpu_slice", "vulkan_memory_allocations"]
    ),
    shipped!(
        "prelude.after_eof.memory",
        "Memory of heaps and processes. It is in every session, and no source has it.",
        &[
            "heap_graph_object",
            "heap_graph_reference",
            "heap_graph_class",
            "heap_profile_allocation",
            "memory_snapshot",
            "process_memory_snapshot",
            "memory_snapshot_node",
            "memory_snapshot_edge",
            "profiler_smaps"
        ]
    ),
    shipped!(
        "prelude.after_eof.slices",
        "Spans of time on tracks. They are in every session.",
        &["slice", "slices", "state"]
    ),
    shipped!(
        "prelude.after_eof.stacks",
        "Call stacks and samples of them. They are in every session, and no source has them.",
        &[
            "stack_profile_mapping",
            "stack_profile_frame",
            "stack_profile_callsite",
            "stack_profile_symbol",
            "stack_sample",
            "cpu_profile_stack_sample",
            "perf_sample",
            "perf_session"
        ]
    ),
    shipped!(
        "prelude.after_eof.tables_views",
        "Processes, threads and tables that no source fills. They are in every session.",
        &["thread", "process", "ftrace_event", "raw", "filedescriptor", "package_list"]
    ),
    shipped!(
        "prelude.after_eof.tracks",
        "Tracks: what slices, states and counters are on. They are in every session.",
        &[
            "track",
            "thread_track",
            "process_track",
            "cpu_track",
            "state_track",
            "process_state_track",
            "thread_state_track"
        ]
    ),
    shipped!(
        "prelude.before_eof.trace_bounds",
        "When a trace begins and ends. It is in every session.",
        &["trace_bounds"]
    ),
    module!("sched.latency"),
    module!("sched.runnable"),
    module!("sched.states"),
    module!("sched.thread_level_parallelism"),
    module!("sched.time_in_state"),
    module!("sched.utilization.process"),
    module!("sched.utilization.system"),
    module!("sched.utilization.thread"),
    module!("sched.with_context"),
    module!("slices.cpu_time"),
    module!("slices.flat_slices"),
    module!("slices.flow"),
    module!("slices.hierarchy"),
    module!("slices.self_dur"),
    module!("slices.stack"),
    module!("slices.time_in_state"),
    module!("slices.with_context", &["thread_or_process_slice"]),
    module!("stacks.cpu_profiling"),
    module!("std.gpu.context"),
    module!("std.metasql.column_list"),
    module!("std.metasql.table_list"),
    module!("std.thread"),
    module!("std.traceinfo"),
    module!("std.trees.table_conversion"),
    TIME_CONVERSION,
    module!("torch.call_tree"),
    module!("torch.memory"),
    module!("torch.ops"),
    module!("torch.steps"),
    module!("viz.slices"),
    module!("viz.summary.counters"),
    module!("viz.summary.processes"),
    module!("viz.summary.slices"),
    module!("viz.summary.threads"),
    module!("viz.summary.trace"),
    module!("viz.summary.track_event"),
    module!("viz.threads"),
    module!("viz.track_event_callstacks"),
    module!("vllm.batches"),
    module!("vllm.phases"),
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
