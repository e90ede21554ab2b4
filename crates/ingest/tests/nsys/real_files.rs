//! Real exports against plain SQL over the same file, row by row.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use kinetoscope_ingest::read_path;
use kinetoscope_model::table::GpuOpKind;
use kinetoscope_model::{SliceId, StringId, Trace};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// The exports beside the repository; empty, and said so, where there are none.
#[expect(clippy::print_stdout, reason = "a test that compares nothing says so")]
fn exports() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces/nsys");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no real Nsight exports in {}", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "sqlite"));
    paths.sort();
    paths
}

/// An export, read both ways.
struct Pair {
    name: String,
    trace: Trace,
    database: Connection,
}

fn pairs() -> Vec<Pair> {
    exports()
        .into_iter()
        .map(|path| {
            let uri = format!("file:{}?mode=ro&immutable=1", path.display());
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Pair {
                name: path.file_name().expect("it has one").to_string_lossy().into_owned(),
                trace: read_path(&path).expect("it is an export"),
                database: Connection::open_with_flags(uri, flags).expect("it is a database"),
            }
        })
        .collect()
}

impl Pair {
    fn has(&self, table: &str) -> bool {
        self.rows(&format!("SELECT 1 FROM sqlite_master WHERE name = '{table}'")).len() == 1
    }

    fn columns(&self, table: &str) -> Vec<String> {
        let rows = self.rows(&format!("PRAGMA table_info({table})"));
        rows.into_iter().map(|row| text(&row[1]).expect("a column has a name")).collect()
    }

    fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut statement = self.database.prepare(sql).unwrap_or_else(|error| panic!("{}: {sql}: {error}", self.name));
        let num_columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..num_columns).map(|column| row.get(column)).collect());
        rows.expect("it runs").map(|row| row.expect("it has values")).collect()
    }

    fn count(&self, sql: &str) -> i64 {
        int(&self.rows(sql)[0][0]).expect("a count is a number")
    }

    fn count_of(&self, table: &str) -> usize {
        if self.has(table) { self.count(&format!("SELECT count(*) FROM {table}")) as usize } else { 0 }
    }

    /// Slices of a category by their row numbers. Categories of this test come from one table each.
    fn slices(&self, category: &str) -> HashMap<i64, SliceId> {
        let Some(category) = self.trace.strings.find(category) else { return HashMap::new() };
        let slices = &self.trace.slices;
        (0..slices.len())
            .filter(|&row| slices.category.get(row) == Some(category))
            .map(|row| (slices.source_offset.get(row), SliceId::from_index(row)))
            .collect()
    }

    /// Start and end on the capture's own clock, name.
    fn span(&self, slice: SliceId) -> (i64, i64, &str) {
        let row = self.trace.slices.row(slice.index());
        let start = row.ts + self.trace.clock.file_offset_ns;
        (start, start + row.dur, self.trace.text(row.name))
    }

    /// Process and thread id of the row that a slice is on.
    fn thread(&self, slice: SliceId) -> (i64, i64) {
        let track = self.trace.slices.track_id.get(slice.index());
        let utid = self.trace.tracks.utid.get(track.index()).expect("it is on a thread");
        let thread = self.trace.threads.row(utid.index());
        (self.trace.processes.pid.get(thread.upid.index()), thread.tid)
    }

    fn text(&self, id: Option<StringId>) -> Option<&str> {
        id.map(|id| self.trace.text(id))
    }
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(value) => Some(*value),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(value) => Some(value.clone()),
        _ => None,
    }
}

fn pid_and_tid(global: &Value) -> (i64, i64) {
    let global = int(global).expect("it has a thread");
    ((global >> 24) & 0xff_ffff, global & 0xff_ffff)
}

#[test]
fn kernels_are_as_sql_sees_them() {
    for pair in pairs().iter().filter(|pair| pair.has("CUPTI_ACTIVITY_KIND_KERNEL")) {
        let slices = pair.slices("kernel");
        let ops: HashMap<SliceId, usize> =
            pair.trace.gpu_ops.slice_id.iter().enumerate().map(|(row, slice)| (slice, row)).collect();
        let rows = pair.rows(
            "SELECT k.rowid, start, end, d.value, s.value, m.value, deviceId, contextId, streamId, correlationId, \
             globalPid, registersPerThread, gridX, gridY, gridZ, blockX, blockY, blockZ, staticSharedMemory, \
             dynamicSharedMemory, localMemoryPerThread, localMemoryTotal, gridId, sharedMemoryExecuted, graphNodeId, \
             launchType, cacheConfig, sharedMemoryLimitConfig \
             FROM CUPTI_ACTIVITY_KIND_KERNEL k LEFT JOIN StringIds d ON d.id = demangledName \
             LEFT JOIN StringIds s ON s.id = shortName LEFT JOIN StringIds m ON m.id = mangledName",
        );
        assert_eq!(slices.len(), rows.len(), "{}", pair.name);
        for row in rows {
            let slice = slices[&int(&row[0]).expect("rows are numbered")];
            let (start, end, name) = pair.span(slice);
            assert_eq!((Some(start), Some(end)), (int(&row[1]), int(&row[2])), "{}", pair.name);
            let op = pair.trace.gpu_ops.row(ops[&slice]);
            assert_eq!(Some(name), text(&row[3]).as_deref());
            assert_eq!(pair.text(op.short_name), text(&row[4]).as_deref());
            assert_eq!(pair.text(op.mangled_name), text(&row[5]).as_deref());
            let device = pair.trace.devices.row(op.device_id.index());
            let stream = pair.trace.streams.row(op.stream_id.index());
            let pid = op.upid.map(|upid| pair.trace.processes.pid.get(upid.index()));
            let found = [
                Some(device.ordinal),
                op.context,
                Some(stream.stream),
                op.correlation,
                pid,
                op.registers_per_thread.map(i64::from),
                op.grid_x.map(i64::from),
                op.grid_y.map(i64::from),
                op.grid_z.map(i64::from),
                op.block_x.map(i64::from),
                op.block_y.map(i64::from),
                op.block_z.map(i64::from),
                op.static_shared_memory.map(i64::from),
                op.dynamic_shared_memory.map(i64::from),
                op.local_memory_per_thread,
                op.local_memory_total,
                op.grid_id,
                op.shared_memory_executed,
                op.graph_node_id,
                op.launch_type.map(i64::from),
                op.cache_config.map(i64::from),
                op.shared_memory_limit_config.map(i64::from),
            ];
            let mut expected: Vec<Option<i64>> = row[6..].iter().map(int).collect();
            expected[4] = Some(pid_and_tid(&row[10]).0);
            assert_eq!(found.as_slice(), expected, "{} row {:?}", pair.name, row[0]);
            assert_eq!(op.kind, GpuOpKind::Kernel);
        }
    }
}

#[test]
fn calls_are_as_sql_sees_them() {
    for pair in pairs().iter().filter(|pair| pair.has("CUPTI_ACTIVITY_KIND_RUNTIME")) {
        let mut slices = pair.slices("cuda_runtime");
        slices.extend(pair.slices("cuda_driver"));
        let calls: HashMap<SliceId, usize> =
            pair.trace.api_calls.slice_id.iter().enumerate().map(|(row, slice)| (slice, row)).collect();
        let rows = pair.rows(
            "SELECT r.rowid, start, end, eventClass, globalTid, correlationId, s.value, returnValue, callchainId \
             FROM CUPTI_ACTIVITY_KIND_RUNTIME r LEFT JOIN StringIds s ON s.id = nameId",
        );
        assert_eq!((slices.len(), calls.len()), (rows.len(), rows.len()), "{}", pair.name);
        for row in rows {
            let slice = slices[&int(&row[0]).expect("rows are numbered")];
            let call = pair.trace.api_calls.row(calls[&slice]);
            let (start, end, name) = pair.span(slice);
            assert_eq!((Some(start), Some(end)), (int(&row[1]), int(&row[2])));
            let category = pair.text(pair.trace.slices.category.get(slice.index()));
            assert_eq!(category, Some(if int(&row[3]) == Some(1) { "cuda_driver" } else { "cuda_runtime" }));
            assert_eq!(pair.thread(slice), pid_and_tid(&row[4]));
            assert_eq!(call.correlation, int(&row[5]));
            assert_eq!(pair.text(call.recorded_name), text(&row[6]).as_deref());
            assert!(text(&row[6]).is_some_and(|recorded| recorded.starts_with(name)));
            assert_eq!(call.return_value, int(&row[7]));
            let has_stack = int(&row[8]).is_some_and(|stack| stack != 0) && pair.has("CUDA_CALLCHAINS");
            assert_eq!(call.callsite_id.is_some(), has_stack, "{} {row:?}", pair.name);
        }
    }
}

#[test]
fn copies_and_fills_are_as_sql_sees_them() {
    for pair in &pairs() {
        for (table, category, columns) in [
            ("CUPTI_ACTIVITY_KIND_MEMCPY", "gpu_memcpy", "bytes, copyKind, srcKind, dstKind"),
            ("CUPTI_ACTIVITY_KIND_MEMSET", "gpu_memset", "bytes, value, NULL, memKind"),
        ] {
            if !pair.has(table) {
                continue;
            }
            let slices = pair.slices(category);
            let ops: HashMap<SliceId, usize> =
                pair.trace.gpu_ops.slice_id.iter().enumerate().map(|(row, slice)| (slice, row)).collect();
            let rows = pair.rows(&format!("SELECT rowid, start, end, streamId, correlationId, {columns} FROM {table}"));
            assert_eq!(slices.len(), rows.len(), "{} {table}", pair.name);
            for row in rows {
                let slice = slices[&int(&row[0]).expect("rows are numbered")];
                let op = pair.trace.gpu_ops.row(ops[&slice]);
                let (start, end, _) = pair.span(slice);
                let second = match op.kind {
                    GpuOpKind::Memcpy => op.copy_kind_id.map(i64::from),
                    _ => op.memset_value,
                };
                let found = [
                    Some(start),
                    Some(end),
                    Some(pair.trace.streams.stream.get(op.stream_id.index())),
                    op.correlation,
                    op.bytes,
                    second,
                    op.src_memory_kind.map(i64::from),
                    op.dst_memory_kind.map(i64::from),
                ];
                let expected: Vec<Option<i64>> = row[1..].iter().map(int).collect();
                assert_eq!(found.as_slice(), expected, "{} {table}", pair.name);
            }
        }
    }
}

#[test]
fn launches_are_as_sql_joins_them() {
    for pair in pairs().iter().filter(|pair| pair.has("CUPTI_ACTIVITY_KIND_RUNTIME")) {
        let mut expected = 0;
        for table in ["KERNEL", "MEMCPY", "MEMSET", "GRAPH_TRACE"] {
            let table = format!("CUPTI_ACTIVITY_KIND_{table}");
            if pair.has(&table) {
                expected += pair.count(&format!(
                    "SELECT count(*) FROM {table} g WHERE EXISTS (SELECT 1 FROM CUPTI_ACTIVITY_KIND_RUNTIME r \
                     WHERE r.correlationId = g.correlationId AND r.globalTid >> 24 = g.globalPid >> 24)"
                ));
            }
        }
        assert_eq!(pair.trace.launches.len() as i64, expected, "{}", pair.name);
        for launch in pair.trace.launches.rows() {
            let op = pair.trace.gpu_ops.row(launch.gpu_op_id as usize);
            let call = pair.trace.api_calls.row(launch.api_call_id as usize);
            assert_eq!((op.correlation, op.slice_id), (call.correlation, launch.gpu_slice_id));
            let pid = op.upid.map(|upid| pair.trace.processes.pid.get(upid.index()));
            assert_eq!(pid, Some(pair.thread(launch.api_slice_id).0));
        }
    }
}

#[test]
fn nvtx_is_as_sql_sees_it() {
    for pair in pairs().iter().filter(|pair| pair.has("NVTX_EVENTS")) {
        let rows = pair.rows(
            "SELECT n.rowid, start, end, eventType, rangeId, category, color, coalesce(s.value, n.text), globalTid, \
             endGlobalTid, domainId, uint64Value, int64Value, doubleValue, uint32Value, int32Value, floatValue, d.text \
             FROM NVTX_EVENTS n LEFT JOIN StringIds s ON s.id = textId \
             LEFT JOIN (SELECT domainId AS of, globalTid >> 24 AS process, text FROM NVTX_EVENTS WHERE eventType = 75) d \
             ON d.of = domainId AND d.process = globalTid >> 24 ORDER BY n.rowid",
        );
        assert_eq!(pair.trace.nvtx.len(), rows.len(), "{}", pair.name);
        for (found, row) in pair.trace.nvtx.rows().zip(&rows) {
            assert_eq!(Some(found.source_row), int(&row[0]));
            assert_eq!(Some(found.ts + pair.trace.clock.file_offset_ns), int(&row[1]));
            let word = match int(&row[3]) {
                Some(59) => "push_pop",
                Some(60) => "start_end",
                Some(34) => "mark",
                Some(33) => "category_name",
                Some(39) => "thread_name",
                Some(75) => "domain_create",
                Some(76) => "domain_destroy",
                other => panic!("{other:?} is new in these files"),
            };
            assert_eq!(found.r#type.word(), word);
            assert_eq!(found.range_id, int(&row[4]));
            assert_eq!((found.category_id, found.color), (int(&row[5]), int(&row[6])));
            assert_eq!(pair.text(found.text), text(&row[7]).as_deref());
            let thread_of = |utid: Option<kinetoscope_model::ThreadId>| {
                let thread = pair.trace.threads.row(utid?.index());
                Some((pair.trace.processes.pid.get(thread.upid.index()), thread.tid))
            };
            assert_eq!(thread_of(found.utid), Some(pid_and_tid(&row[8])));
            assert_eq!(thread_of(found.end_utid), int(&row[9]).map(|_| pid_and_tid(&row[9])));
            assert_eq!(found.domain_id, int(&row[10]));
            let payload = row[11..17].iter().find(|value| !matches!(value, Value::Null));
            match payload {
                Some(Value::Integer(value)) => assert_eq!(found.payload_int, Some(*value)),
                Some(Value::Real(value)) => assert_eq!(found.payload_real, Some(*value)),
                _ => assert_eq!((found.payload_int, found.payload_real), (None, None)),
            }
            assert_eq!(pair.text(found.domain), text(&row[17]).as_deref());
            match (found.slice_id, word) {
                (Some(slice), "push_pop" | "start_end") => {
                    let (start, end, name) = pair.span(slice);
                    assert_eq!((Some(start), Some(name)), (int(&row[1]), text(&row[7]).as_deref()));
                    assert_eq!(Some(end), int(&row[2]).or(Some(start - 1)), "one that never ended is -1 ns long");
                }
                (Some(slice), "mark") => assert_eq!(pair.trace.slices.dur.get(slice.index()), 0),
                (slice, _) => assert_eq!(slice, None, "{word}"),
            }
        }
    }
}

#[test]
fn push_pop_ranges_nest_as_they_contain_each_other() {
    for pair in pairs().iter().filter(|pair| pair.has("NVTX_EVENTS")) {
        // The demonstration's few ranges are enough for a query that compares all with all.
        if pair.count_of("NVTX_EVENTS") > 1000 {
            continue;
        }
        let rows = pair.rows(
            "SELECT n.rowid, (SELECT count(*) FROM NVTX_EVENTS o WHERE o.eventType = 59 AND o.globalTid = n.globalTid \
             AND o.rowid <> n.rowid AND o.start <= n.start AND o.end >= n.end) \
             FROM NVTX_EVENTS n WHERE eventType = 59 AND end IS NOT NULL",
        );
        let slices = pair.slices("nvtx");
        for row in rows {
            let mut slice = Some(slices[&int(&row[0]).expect("rows are numbered")]);
            let mut num_around = -1;
            let nvtx = pair.trace.strings.find("nvtx");
            while let Some(id) = slice {
                num_around += i64::from(pair.trace.slices.category.get(id.index()) == nvtx);
                slice = pair.trace.slices.parent_id.get(id.index());
            }
            assert_eq!(Some(num_around), int(&row[1]), "{} row {:?}", pair.name, row[0]);
        }
    }
}

#[test]
fn os_runtime_calls_are_as_sql_sees_them() {
    for pair in pairs().iter().filter(|pair| pair.has("OSRT_API")) {
        let slices = pair.slices("osrt");
        let calls: HashMap<SliceId, usize> =
            pair.trace.osrt.slice_id.iter().enumerate().map(|(row, slice)| (slice, row)).collect();
        let rows = pair.rows(
            "SELECT o.rowid, start, end, eventClass, globalTid, s.value, returnValue, nestingLevel, callchainId, \
             (SELECT count(*) FROM OSRT_CALLCHAINS c WHERE c.id = callchainId) \
             FROM OSRT_API o LEFT JOIN StringIds s ON s.id = nameId",
        );
        assert_eq!(slices.len(), rows.len(), "{}", pair.name);
        for row in rows {
            let slice = slices[&int(&row[0]).expect("rows are numbered")];
            let (start, end, name) = pair.span(slice);
            assert_eq!((Some(start), Some(end)), (int(&row[1]), int(&row[2])));
            assert_eq!(Some(name), text(&row[5]).as_deref());
            let call = pair.trace.osrt.row(calls[&slice]);
            assert_eq!(call.event_class.map(i64::from), int(&row[3]));
            assert_eq!(call.return_value, int(&row[6]));
            assert_eq!(call.nesting_level.map(i64::from), int(&row[7]));
            if int(&row[3]) == Some(27) {
                assert_eq!(pair.thread(slice), pid_and_tid(&row[4]));
            }
            let num_frames = call.callsite_id.map_or(0, |id| pair.trace.stack_callsites.depth.get(id.index()) + 1);
            assert_eq!(Some(i64::from(num_frames)), int(&row[9]));
        }
    }
}

#[test]
fn samples_have_the_stacks_that_sql_lists() {
    for pair in pairs().iter().filter(|pair| pair.has("COMPOSITE_EVENTS")) {
        let rows = pair.rows("SELECT rowid, start, cpu, threadState, globalTid, cpuCycles, id FROM COMPOSITE_EVENTS");
        let samples = &pair.trace.perf_samples;
        assert_eq!(samples.len(), rows.len(), "{}", pair.name);
        let by_row: HashMap<i64, usize> = samples.source_row.iter().enumerate().map(|(row, of)| (of, row)).collect();
        let mut stacks: HashMap<i64, Vec<Option<String>>> = HashMap::new();
        for frame in pair.rows(
            "SELECT c.id, s.value FROM SAMPLING_CALLCHAINS c LEFT JOIN StringIds s ON s.id = symbol \
             ORDER BY c.id, stackDepth",
        ) {
            stacks.entry(int(&frame[0]).expect("it has one")).or_default().push(text(&frame[1]));
        }
        for row in rows {
            let sample = samples.row(by_row[&int(&row[0]).expect("rows are numbered")]);
            assert_eq!(Some(sample.ts + pair.trace.clock.file_offset_ns), int(&row[1]));
            assert_eq!((sample.cpu, sample.cpu_cycles), (int(&row[2]), int(&row[5])));
            assert_eq!(sample.thread_state.map(i64::from), int(&row[3]));
            assert_eq!(pair.trace.threads.tid.get(sample.utid.index()), pid_and_tid(&row[4]).1);
            let mut found = Vec::new();
            let mut callsite = sample.callsite_id;
            while let Some(id) = callsite {
                let row = pair.trace.stack_callsites.row(id.index());
                let name = pair.trace.stack_frames.name.get(row.frame_id.index());
                found.push(pair.text(name).map(str::to_owned));
                callsite = row.parent_id;
            }
            let expected = stacks.get(&int(&row[6]).expect("it has one")).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{} row {:?}", pair.name, row[0]);
        }
        assert!(samples.ts.values().is_sorted());
    }
}

#[test]
fn threads_run_from_each_switch_in_to_the_next_switch() {
    for pair in pairs().iter().filter(|pair| pair.has("SCHED_EVENTS")) {
        let mut expected: Vec<_> = pair
            .rows(
                "SELECT start, lead(start) OVER (PARTITION BY globalTid ORDER BY start, rowid) AS next, cpu, globalTid, \
                 isSchedIn FROM SCHED_EVENTS",
            )
            .iter()
            .filter(|row| int(&row[4]) == Some(1))
            .map(|row| {
                let start = int(&row[0]).expect("it has one");
                (start, int(&row[1]).map_or(-1, |next| next - start), int(&row[2]), pid_and_tid(&row[3]))
            })
            .collect();
        let mut found: Vec<_> = pair
            .trace
            .thread_states
            .rows()
            .filter(|row| pair.trace.text(row.state) == "Running")
            .map(|row| {
                let thread = pair.trace.threads.row(row.utid.index());
                let pid = pair.trace.processes.pid.get(thread.upid.index());
                (row.ts + pair.trace.clock.file_offset_ns, row.dur, row.cpu, (pid, thread.tid))
            })
            .collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{}", pair.name);
        assert!(pair.trace.thread_states.ts.values().is_sorted());
    }
}

#[test]
fn whole_graphs_syncs_events_and_overhead_are_all_there() {
    for pair in &pairs() {
        let trace = &pair.trace;
        let graphs = trace.gpu_ops.kind.iter().filter(|&kind| kind == GpuOpKind::Graph).count();
        assert_eq!(graphs, pair.count_of("CUPTI_ACTIVITY_KIND_GRAPH_TRACE"), "{}", pair.name);
        assert_eq!(trace.cuda_syncs.len(), pair.count_of("CUPTI_ACTIVITY_KIND_SYNCHRONIZATION"));
        assert_eq!(trace.cuda_events.len(), pair.count_of("CUPTI_ACTIVITY_KIND_CUDA_EVENT"));
        assert_eq!(trace.cuda_graph_events.len(), pair.count_of("CUDA_GRAPH_EVENTS"));
        let overheads = pair.count_of("PROFILER_OVERHEAD") + pair.count_of("CUPTI_ACTIVITY_KIND_OVERHEAD");
        assert_eq!(trace.overheads.len(), overheads);
        assert_eq!(trace.diagnostics.len(), pair.count_of("DIAGNOSTIC_EVENT"));
        assert_eq!(trace.process_outputs.len(), pair.count_of("ProcessStreams"));
        assert_eq!(trace.cuda_streams.len(), pair.count_of("TARGET_INFO_CUDA_STREAM"));
        let contexts = pair.count_of("TARGET_INFO_CUDA_CONTEXT_INFO") + pair.count_of("TARGET_INFO_CUDA_NULL_STREAM");
        assert_eq!(trace.cuda_contexts.len(), contexts);
        if pair.has("TARGET_INFO_GPU") {
            assert!(trace.devices.len() >= pair.count_of("TARGET_INFO_GPU"));
        }
    }
}

#[test]
fn threads_have_the_names_and_priorities_that_sql_lists() {
    for pair in pairs().iter().filter(|pair| pair.has("ThreadNames")) {
        let rows = pair.rows(
            "SELECT globalTid, s.value, priority FROM ThreadNames LEFT JOIN StringIds s ON s.id = nameId \
             ORDER BY ThreadNames.rowid DESC",
        );
        let expected: HashMap<(i64, i64), (Option<String>, Option<i64>)> =
            rows.iter().map(|row| (pid_and_tid(&row[0]), (text(&row[1]), int(&row[2])))).collect();
        let mut num_named = 0;
        for thread in pair.trace.threads.rows() {
            let process = pair.trace.processes.row(thread.upid.index());
            if process.device_id.is_some() {
                continue;
            }
            if let Some((name, priority)) = expected.get(&(process.pid, thread.tid)) {
                assert_eq!(pair.text(thread.name), name.as_deref().filter(|name| !name.is_empty()), "{}", pair.name);
                assert_eq!(thread.priority, *priority);
                num_named += 1;
            }
        }
        assert!(num_named > 0, "{}", pair.name);
    }
}

#[test]
fn the_clock_is_that_of_the_session() {
    for pair in &pairs() {
        let expected = pair.count("SELECT utcEpochNs FROM TARGET_INFO_SESSION_START_TIME");
        assert_eq!(pair.trace.sources.base_unix_ns.get(0), Some(expected), "{}", pair.name);
        let first = pair.trace.bounds().expect("it has events").start;
        let start = pair.trace.clock.start_unix_ns.expect("the session has one");
        assert_eq!(start, expected + pair.trace.clock.file_offset_ns + first.min(0));
    }
}

#[test]
fn what_is_private_is_not_in_the_trace() {
    for pair in pairs().iter().filter(|pair| pair.has("META_DATA_CAPTURE")) {
        assert!(pair.columns("META_DATA_CAPTURE").contains(&"value".to_owned()));
        let private = pair.rows(
            "SELECT value FROM META_DATA_CAPTURE WHERE name LIKE 'PROCESS_%:ENVIRONMENT_VARIABLE' \
             UNION ALL SELECT value FROM TARGET_INFO_SYSTEM_ENV WHERE name = 'DeviceEnvironment'",
        );
        for row in private.iter().filter_map(|row| text(&row[0])) {
            let found = (0..pair.trace.strings.len()).any(|id| pair.trace.text(StringId::from_index(id)) == row);
            assert!(!found || row.is_empty(), "{}: {row}", pair.name);
        }
    }
}
