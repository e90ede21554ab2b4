//! Shipped views: Perfetto's tables as its users know them, and joined ones so that nobody writes the joins.
//!
//! Each is a file of SQL that begins with its documentation: a paragraph on the view, an empty comment line, then one
//! line per column that the tables below do not describe already.

/// One shipped view.
#[derive(Debug)]
pub(crate) struct ShippedView {
    /// Name.
    pub(crate) name: &'static str,
    /// The file.
    pub(crate) text: &'static str,
}

macro_rules! shipped_views {
    ($($name:literal,)*) => {
        /// Every shipped view, in the order of the reference.
        pub(crate) const SHIPPED_VIEWS: &[ShippedView] =
            &[$(ShippedView { name: $name, text: include_str!(concat!($name, ".sql")) },)*];
    };
}

shipped_views! {
    "slice",
    "slices",
    "instant",
    "track",
    "thread_track",
    "process_track",
    "counter_track",
    "process_counter_track",
    "thread",
    "process",
    "counter",
    "counters",
    "flow",
    "args",
    "kernel",
    "memcpy",
    "memset",
    "cuda_api",
    "thread_state",
    "sched",
    "sched_slice",
    "stats",
    "metadata",
    "trace_bounds",
    "_trace_import_logs",
    "track_event",
    "thread_or_process_slice",
    "cpu_op",
    "python_function",
    "annotation",
    "collective",
    "memory_event",
    "nvtx",
    "osrt",
    "gpu_slice",
    "gpu_gap",
    "gpu",
    "gpu_track",
    "sched_switch",
    "cpu",
    "machine",
    "clock_snapshot",
    "cpu_track",
    "thread_counter_track",
    "cpu_counter_track",
    "gpu_counter_track",
    "gpu_counter_group",
    "state",
    "state_track",
    "process_state_track",
    "thread_state_track",
    "sqlstats",
    "stack_profile_mapping",
    "stack_profile_frame",
    "stack_profile_callsite",
    "stack_profile_symbol",
    "cpu_profile_stack_sample",
    "perf_sample",
    "heap_profile_allocation",
    "heap_graph_object",
    "heap_graph_reference",
    "heap_graph_class",
    "actual_frame_timeline_slice",
    "expected_frame_timeline_slice",
    "frame_slice",
    "android_logs",
    "vulkan_memory_allocations",
    "ftrace_event",
    "spurious_sched_wakeup",
    "raw",
    "stack_sample",
    "perf_session",
    "perf_counter_track",
    "cpu_available_frequencies",
    "filedescriptor",
    "package_list",
    "profiler_smaps",
    "memory_snapshot",
    "process_memory_snapshot",
    "memory_snapshot_node",
    "memory_snapshot_edge",
    "irq_counter_track",
    "softirq_counter_track",
}

impl ShippedView {
    /// Lines of the comment that the file begins with, without the dashes.
    fn comment(&self) -> impl Iterator<Item = &'static str> {
        self.text.lines().map_while(|line| line.strip_prefix("--")).map(str::trim)
    }

    /// What the view is.
    pub(crate) fn doc(&self) -> String {
        self.comment().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Whether it has no rows in any trace: a table of Perfetto's that queries may touch.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim_end().ends_with("WHERE 1 = 0")
    }

    /// What the file says of its columns, in order.
    pub(crate) fn column_docs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.comment().skip_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": "))
    }

    /// The model's tables that it reads, in order of appearance.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static str> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let words = self.text.lines().filter(|line| !line.starts_with("--")).flat_map(str::split_whitespace);
        let mut is_after_from = false;
        words.filter_map(move |word| {
            let is_table = std::mem::replace(&mut is_after_from, matches!(word, "FROM" | "JOIN"));
            is_table.then(|| word.trim_matches(|c| !is_word(c)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_shipped_view() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/view");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder of the views")
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".sql")?.to_owned()))
            .collect();
        files.sort();
        let mut names: Vec<&str> = SHIPPED_VIEWS.iter().map(|view| view.name).collect();
        names.sort_unstable();
        assert_eq!(files, names);
    }

    #[test]
    fn the_comment_of_a_view_is_its_documentation() {
        let view = SHIPPED_VIEWS.iter().find(|view| view.name == "memcpy").expect("a shipped view");
        assert_eq!(view.doc(), "Copies by a GPU, with direction, size and speed.");
        assert!(view.column_docs().any(|column| column == ("device", "Number of the device on its host.")));
        assert_eq!(view.tables().collect::<Vec<_>>(), ["gpu_op", "__slice", "device", "stream"]);
    }
}
