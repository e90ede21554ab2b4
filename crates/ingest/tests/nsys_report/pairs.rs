//! Real reports against the databases that the recorder exported from them, row by row and column by column.
//!
//! The database is read here with SQL and nothing else, so that it is no second guess of the same reader.

use std::path::{Path, PathBuf};

use kinetoscope_ingest::nsys::capture::{Capture, FrameRecord, GlobalId, GpuPlace, NvtxPayload, TextId};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::reading::{read, warnings};

/// A column of a table, and the same of a record.
type Column<'a, T> = (&'a str, &'a dyn Fn(&T) -> Value);

/// The same, made for the occasion.
type OwnedColumn<'a, T> = (&'static str, Box<dyn Fn(&T) -> Value + 'a>);

trait IntoValue {
    fn value(self) -> Value;
}

impl IntoValue for i64 {
    fn value(self) -> Value {
        Value::Integer(self)
    }
}

impl IntoValue for i32 {
    fn value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl IntoValue for u32 {
    fn value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl IntoValue for bool {
    fn value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl IntoValue for TextId {
    fn value(self) -> Value {
        Value::Integer(self.0)
    }
}

impl IntoValue for GlobalId {
    fn value(self) -> Value {
        Value::Integer(self.0)
    }
}

impl IntoValue for &str {
    fn value(self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn value(self) -> Value {
        self.map_or(Value::Null, IntoValue::value)
    }
}

struct Pair {
    name: &'static str,
    capture: Capture,
    database: Connection,
}

impl Pair {
    fn has_table(&self, table: &str) -> bool {
        let sql = "SELECT count(*) FROM sqlite_master WHERE name = ?1";
        self.database.query_row(sql, [table], |row| row.get::<_, i64>(0)).unwrap() == 1
    }

    /// Compares the records with the table and gives the number of rows. Columns that this version of the exporter does
    /// not write are left out; there has to be one at least.
    fn compare<T>(&self, table: &str, records: &[T], columns: &[Column<'_, T>]) -> usize {
        let name = self.name;
        if !self.has_table(table) {
            assert_eq!(records.len(), 0, "{name}: there is no table {table}");
            return 0;
        }
        let mut statement = self.database.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        let found: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let columns: Vec<_> = columns
            .iter()
            .filter(|(column, _)| *column == "rowid" || found.iter().any(|found| found == column))
            .collect();
        assert!(columns.len() > 2, "{name}: {table} has none of the columns, but {found:?}");
        let list: Vec<String> = columns.iter().map(|(column, _)| format!("\"{column}\"")).collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY rowid", list.join(", "));
        let mut statement = self.database.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut num_rows = 0;
        while let Some(row) = rows.next().unwrap() {
            let record =
                records.get(num_rows).unwrap_or_else(|| panic!("{name}: {table} has more than {num_rows} rows"));
            for (index, (column, of_record)) in columns.iter().enumerate() {
                let expected: Value = row.get(index).unwrap();
                assert_eq!(of_record(record), expected, "{name}: {table}.{column}, row {}", num_rows + 1);
            }
            num_rows += 1;
        }
        assert_eq!(records.len(), num_rows, "{name}: rows of {table}");
        num_rows
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.database.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Where the real captures are; `None`, with a line that says so, when there are none.
pub(crate) fn real_captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces/nsys");
    if !folder.is_dir() {
        println!("skipped: no Nsight Systems captures next to the project");
        return None;
    }
    Some(folder)
}

fn pairs() -> Vec<Pair> {
    let Some(folder) = real_captures() else { return Vec::new() };
    ["fuser-matmul-h200", "cpu_demo", "cpu_demo_sampled"]
        .into_iter()
        .map(|name| {
            let bytes = std::fs::read(folder.join(format!("{name}.nsys-rep"))).unwrap();
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let uri = format!("file:{}?immutable=1", folder.join(format!("{name}.sqlite")).display());
            let database = Connection::open_with_flags(uri, flags).unwrap();
            Pair { name, capture: read(&bytes).unwrap(), database }
        })
        .collect()
}

/// The rows that each pair should have, by the tables that have any.
fn check(num_rows: impl Fn(&Pair) -> usize, expected: [usize; 3]) {
    let pairs = pairs();
    if pairs.is_empty() {
        return;
    }
    assert_eq!(pairs.iter().map(num_rows).collect::<Vec<_>>(), expected);
}

macro_rules! columns {
    ($($name:literal => $of:expr),* $(,)?) => { &[$(($name, &|record| IntoValue::value(($of)(record)))),*] };
}

/// The columns of work on a GPU.
fn place_columns<'a, T>(place: &'a dyn Fn(&T) -> GpuPlace) -> Vec<OwnedColumn<'a, T>> {
    vec![
        ("start", Box::new(move |record| place(record).start.value())),
        ("end", Box::new(move |record| place(record).end.value())),
        ("deviceId", Box::new(move |record| place(record).device.value())),
        ("contextId", Box::new(move |record| place(record).context.value())),
        ("greenContextId", Box::new(move |record| place(record).green_context.value())),
        ("streamId", Box::new(move |record| place(record).stream.value())),
        ("correlationId", Box::new(move |record| place(record).correlation.value())),
        ("globalPid", Box::new(move |record| place(record).process.value())),
    ]
}

/// [`Pair::compare`] with the columns of work on a GPU before the others.
fn compare_work<T>(
    pair: &Pair,
    table: &str,
    records: &[T],
    place: &dyn Fn(&T) -> GpuPlace,
    columns: &[Column<'_, T>],
) -> usize {
    let places = place_columns(place);
    let all: Vec<Column<'_, T>> =
        places.iter().map(|(name, of)| (*name, &**of as &dyn Fn(&T) -> Value)).chain(columns.iter().copied()).collect();
    pair.compare(table, records, &all)
}

#[test]
fn kernels_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::KernelRecord as K;
    let compare = |pair: &Pair| {
        compare_work(
            pair,
            "CUPTI_ACTIVITY_KIND_KERNEL",
            &pair.capture.kernels,
            &|kernel: &K| kernel.place,
            columns![
                "rowid" => |k: &K| k.row,
                "demangledName" => |k: &K| k.demangled_name,
                "shortName" => |k: &K| k.short_name,
                "mangledName" => |k: &K| k.mangled_name,
                "launchType" => |k: &K| k.launch_type,
                "cacheConfig" => |k: &K| k.cache_config,
                "registersPerThread" => |k: &K| k.registers_per_thread,
                "gridX" => |k: &K| k.grid[0],
                "gridY" => |k: &K| k.grid[1],
                "gridZ" => |k: &K| k.grid[2],
                "blockX" => |k: &K| k.block[0],
                "blockY" => |k: &K| k.block[1],
                "blockZ" => |k: &K| k.block[2],
                "staticSharedMemory" => |k: &K| k.static_shared_memory,
                "dynamicSharedMemory" => |k: &K| k.dynamic_shared_memory,
                "localMemoryPerThread" => |k: &K| k.local_memory_per_thread,
                "localMemoryTotal" => |k: &K| k.local_memory_total,
                "gridId" => |k: &K| k.grid_id,
                "sharedMemoryExecuted" => |k: &K| k.shared_memory_executed,
                "graphNodeId" => |k: &K| k.graph_node,
                "sharedMemoryLimitConfig" => |k: &K| k.shared_memory_limit_config,
            ],
        )
    };
    check(compare, [19, 0, 0]);
}

#[test]
fn copies_fills_and_synchronisations_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::{MemcpyRecord as C, MemsetRecord as S, SyncRecord as Y};
    let compare = |pair: &Pair| {
        let copies = compare_work(
            pair,
            "CUPTI_ACTIVITY_KIND_MEMCPY",
            &pair.capture.memcpys,
            &|copy: &C| copy.place,
            columns![
                "rowid" => |c: &C| c.row,
                "bytes" => |c: &C| c.bytes,
                "copyKind" => |c: &C| c.copy_kind,
                "srcKind" => |c: &C| c.src_kind,
                "dstKind" => |c: &C| c.dst_kind,
                "srcDeviceId" => |c: &C| c.src_device,
                "srcContextId" => |c: &C| c.src_context,
                "dstDeviceId" => |c: &C| c.dst_device,
                "dstContextId" => |c: &C| c.dst_context,
                "migrationCause" => |c: &C| c.migration_cause,
                "graphNodeId" => |c: &C| c.graph_node,
                "virtualAddress" => |c: &C| c.virtual_address,
            ],
        );
        let fills = compare_work(
            pair,
            "CUPTI_ACTIVITY_KIND_MEMSET",
            &pair.capture.memsets,
            &|fill: &S| fill.place,
            columns![
                "rowid" => |s: &S| s.row,
                "value" => |s: &S| s.value,
                "bytes" => |s: &S| s.bytes,
                "graphNodeId" => |s: &S| s.graph_node,
                "memKind" => |s: &S| s.mem_kind,
            ],
        );
        let syncs = compare_work(
            pair,
            "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION",
            &pair.capture.syncs,
            &|sync: &Y| sync.place,
            columns![
                "rowid" => |s: &Y| s.row,
                "syncType" => |s: &Y| s.sync_type,
                "eventId" => |s: &Y| s.event,
            ],
        );
        copies + fills + syncs
    };
    check(compare, [3, 0, 0]);
}

#[test]
fn calls_and_overheads_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::{ApiRecord as A, OsrtRecord as O, ProfilerOverheadRecord as P};
    let api = |pair: &Pair| {
        pair.compare(
            "CUPTI_ACTIVITY_KIND_RUNTIME",
            &pair.capture.api_calls,
            columns![
                "rowid" => |a: &A| a.row,
                "start" => |a: &A| a.start,
                "end" => |a: &A| a.end,
                "eventClass" => |a: &A| a.event_class,
                "globalTid" => |a: &A| a.thread,
                "correlationId" => |a: &A| a.correlation,
                "nameId" => |a: &A| a.name,
                "returnValue" => |a: &A| a.return_value,
                "callchainId" => |a: &A| a.callchain,
            ],
        )
    };
    check(api, [968, 0, 0]);
    let osrt = |pair: &Pair| {
        pair.compare(
            "OSRT_API",
            &pair.capture.osrt_calls,
            columns![
                "rowid" => |o: &O| o.row,
                "start" => |o: &O| o.start,
                "end" => |o: &O| o.end,
                "eventClass" => |o: &O| o.event_class,
                "globalTid" => |o: &O| o.thread,
                "nameId" => |o: &O| o.name,
                "returnValue" => |o: &O| o.return_value,
                "nestingLevel" => |o: &O| o.nesting_level,
                "callchainId" => |o: &O| o.callchain,
            ],
        )
    };
    check(osrt, [0, 11_876, 11_887]);
    let overheads = |pair: &Pair| {
        pair.compare(
            "PROFILER_OVERHEAD",
            &pair.capture.profiler_overheads,
            columns![
                "rowid" => |p: &P| p.row,
                "start" => |p: &P| p.start,
                "end" => |p: &P| p.end,
                "globalTid" => |p: &P| p.thread,
                "nameId" => |p: &P| p.name,
                "returnValue" => |p: &P| p.return_value,
            ],
        )
    };
    check(overheads, [23, 56, 52]);
}

#[test]
fn stacks_are_those_of_the_database() {
    use FrameRecord as F;
    let compare = |pair: &Pair, table: &str, frames: &[F]| {
        pair.compare(
            table,
            frames,
            columns![
                "rowid" => |f: &F| f.row,
                "id" => |f: &F| f.callchain,
                "stackDepth" => |f: &F| f.depth,
                "symbol" => |f: &F| f.symbol,
                "module" => |f: &F| f.module,
                "kernelMode" => |f: &F| f.is_kernel_mode,
                "unresolved" => |f: &F| f.is_unresolved,
                "specialEntry" => |f: &F| f.is_special,
                "originalIP" => |f: &F| f.original_ip,
                "unwindMethod" => |f: &F| f.unwind_method,
            ],
        )
    };
    check(|pair| compare(pair, "OSRT_CALLCHAINS", &pair.capture.osrt_frames), [0, 1486, 1264]);
    check(|pair| compare(pair, "SAMPLING_CALLCHAINS", &pair.capture.sampling_frames), [0, 0, 1100]);
    check(|pair| compare(pair, "CUDA_CALLCHAINS", &pair.capture.cuda_frames), [0, 0, 0]);
}

#[test]
fn scheduling_and_samples_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::{SampleRecord as P, SchedRecord as S};
    let sched = |pair: &Pair| {
        pair.compare(
            "SCHED_EVENTS",
            &pair.capture.sched_events,
            columns![
                "rowid" => |s: &S| s.row,
                "start" => |s: &S| s.start,
                "cpu" => |s: &S| s.cpu,
                "isSchedIn" => |s: &S| s.is_sched_in,
                "globalTid" => |s: &S| s.thread,
                "threadState" => |s: &S| s.thread_state,
                "threadBlock" => |s: &S| s.thread_block,
            ],
        )
    };
    check(sched, [0, 0, 1348]);
    let samples = |pair: &Pair| {
        pair.compare(
            "COMPOSITE_EVENTS",
            &pair.capture.samples,
            columns![
                "rowid" => |p: &P| p.row,
                "id" => |p: &P| p.id,
                "start" => |p: &P| p.start,
                "cpu" => |p: &P| p.cpu,
                "threadState" => |p: &P| p.thread_state,
                "globalTid" => |p: &P| p.thread,
                "cpuCycles" => |p: &P| p.cpu_cycles,
            ],
        )
    };
    check(samples, [0, 0, 131]);
}

#[test]
fn nvtx_events_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::NvtxRecord as N;
    let payload = |record: &N, wanted: &str| match record.payload {
        Some(NvtxPayload::U64(value)) if wanted == "u64" => Value::Integer(value.cast_signed()),
        Some(NvtxPayload::I64(value)) if wanted == "i64" => Value::Integer(value),
        Some(NvtxPayload::F64(value)) if wanted == "f64" => Value::Real(value),
        Some(NvtxPayload::U32(value)) if wanted == "u32" => Value::Integer(value.into()),
        Some(NvtxPayload::I32(value)) if wanted == "i32" => Value::Integer(value.into()),
        Some(NvtxPayload::F32(value)) if wanted == "f32" => Value::Real(value.into()),
        _ => Value::Null,
    };
    let compare = |pair: &Pair| {
        let columns: [Column<'_, N>; 20] = [
            ("rowid", &|n: &N| n.row.value()),
            ("start", &|n: &N| n.start.value()),
            ("end", &|n: &N| n.end.value()),
            ("eventType", &|n: &N| n.event_type.value()),
            ("rangeId", &|n: &N| n.range_id.value()),
            ("category", &|n: &N| n.category.value()),
            ("color", &|n: &N| n.color.value()),
            ("text", &|n: &N| n.text.as_deref().value()),
            ("globalTid", &|n: &N| n.thread.value()),
            ("endGlobalTid", &|n: &N| n.end_thread.value()),
            ("textId", &|n: &N| n.text_id.value()),
            ("domainId", &|n: &N| n.domain.value()),
            ("uint64Value", &|n: &N| payload(n, "u64")),
            ("int64Value", &|n: &N| payload(n, "i64")),
            ("doubleValue", &|n: &N| payload(n, "f64")),
            ("uint32Value", &|n: &N| payload(n, "u32")),
            ("int32Value", &|n: &N| payload(n, "i32")),
            ("floatValue", &|n: &N| payload(n, "f32")),
            ("jsonTextId", &|n: &N| n.json_text_id.value()),
            ("jsonText", &|n: &N| n.json_text.as_deref().value()),
        ];
        pair.compare("NVTX_EVENTS", &pair.capture.nvtx, &columns)
    };
    check(compare, [652, 68, 68]);
}

#[test]
fn strings_threads_and_processes_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::{ProcessRecord as P, ProcessStreamRecord as S, ThreadNameRecord as T};
    let strings = |pair: &Pair| {
        let records: Vec<(TextId, &str)> = pair.capture.strings.iter().collect();
        let (mut statement, mut num_rows) =
            (pair.database.prepare("SELECT id, value FROM StringIds ORDER BY id").unwrap(), 0);
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let expected: (i64, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            assert_eq!((records[num_rows].0.0, records[num_rows].1), (expected.0, &*expected.1), "{}", pair.name);
            num_rows += 1;
        }
        assert_eq!(records.len(), num_rows);
        num_rows
    };
    check(strings, [127, 229, 542]);
    let threads = |pair: &Pair| {
        pair.compare(
            "ThreadNames",
            &pair.capture.thread_names,
            columns![
                "rowid" => |t: &T| t.row,
                "nameId" => |t: &T| t.name,
                "priority" => |t: &T| t.priority,
                "globalTid" => |t: &T| t.thread,
            ],
        )
    };
    check(threads, [29, 29, 31]);
    let processes = |pair: &Pair| {
        pair.compare(
            "PROCESSES",
            &pair.capture.processes,
            columns![
                "rowid" => |p: &P| p.row,
                "globalPid" => |p: &P| p.process,
                "pid" => |p: &P| p.pid,
                "name" => |p: &'_ P| p.name.as_deref().map(IntoValue::value),
            ],
        )
    };
    check(processes, [7, 8, 8]);
    let streams = |pair: &Pair| {
        pair.compare(
            "ProcessStreams",
            &pair.capture.process_streams,
            columns![
                "rowid" => |s: &S| s.row,
                "globalPid" => |s: &S| s.process,
                "filenameId" => |s: &S| s.file_name,
                "contentId" => |s: &S| s.content,
            ],
        )
    };
    check(streams, [2, 2, 2]);
}

#[test]
fn devices_contexts_and_streams_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::{ContextRecord as C, GpuRecord as G, StreamRecord as S};
    let gpus = |pair: &Pair| {
        pair.compare(
            "TARGET_INFO_GPU",
            &pair.capture.gpus,
            columns![
                "rowid" => |g: &G| g.row,
                "vmId" => |g: &G| g.vm_id,
                "id" => |g: &G| g.id,
                "name" => |g: &'_ G| g.name.as_deref().map(IntoValue::value),
                "busLocation" => |g: &'_ G| g.bus_location.as_deref().map(IntoValue::value),
                "isDiscrete" => |g: &G| g.is_discrete,
                "l2CacheSize" => |g: &G| g.l2_cache_bytes,
                "totalMemory" => |g: &G| g.total_memory,
                "memoryBandwidth" => |g: &G| g.memory_bandwidth,
                "clockRate" => |g: &G| g.clock_rate,
                "smCount" => |g: &G| g.num_sms,
                "uuid" => |g: &'_ G| g.uuid.as_deref().map(IntoValue::value),
                "chipName" => |g: &'_ G| g.chip_name.as_deref().map(IntoValue::value),
                "cuDevice" => |g: &G| g.cuda_device,
                "constantMemory" => |g: &G| g.constant_memory,
                "maxIPC" => |g: &G| g.max_ipc,
                "maxRegistersPerBlock" => |g: &G| g.max_registers_per_block,
                "maxShmemPerBlock" => |g: &G| g.max_shared_memory_per_block,
                "maxShmemPerBlockOptin" => |g: &G| g.max_shared_memory_per_block_optin,
                "maxShmemPerSm" => |g: &G| g.max_shared_memory_per_sm,
                "maxRegistersPerSm" => |g: &G| g.max_registers_per_sm,
                "threadsPerWarp" => |g: &G| g.threads_per_warp,
                "asyncEngines" => |g: &G| g.num_async_engines,
                "maxWarpsPerSm" => |g: &G| g.max_warps_per_sm,
                "maxBlocksPerSm" => |g: &G| g.max_blocks_per_sm,
                "maxThreadsPerBlock" => |g: &G| g.max_threads_per_block,
                "maxBlockDimX" => |g: &G| g.max_block_dim[0],
                "maxBlockDimY" => |g: &G| g.max_block_dim[1],
                "maxBlockDimZ" => |g: &G| g.max_block_dim[2],
                "maxGridDimX" => |g: &G| g.max_grid_dim[0],
                "maxGridDimY" => |g: &G| g.max_grid_dim[1],
                "maxGridDimZ" => |g: &G| g.max_grid_dim[2],
                "computeMajor" => |g: &G| g.compute_major,
                "computeMinor" => |g: &G| g.compute_minor,
                "smMajor" => |g: &G| g.sm_major,
                "smMinor" => |g: &G| g.sm_minor,
            ],
        )
    };
    check(gpus, [1, 0, 0]);
    let contexts = |pair: &Pair| {
        pair.compare(
            "TARGET_INFO_CUDA_CONTEXT_INFO",
            &pair.capture.contexts,
            columns![
                "rowid" => |c: &C| c.row,
                "nullStreamId" => |c: &C| c.null_stream,
                "hwId" => |c: &C| c.hw_id,
                "vmId" => |c: &C| c.vm_id,
                "processId" => |c: &C| c.pid,
                "deviceId" => |c: &C| c.device,
                "contextId" => |c: &C| c.context,
                "parentContextId" => |c: &C| c.parent_context,
                "isGreenContext" => |c: &C| c.is_green,
            ],
        )
    };
    check(contexts, [1, 0, 0]);
    let streams = |pair: &Pair| {
        pair.compare(
            "TARGET_INFO_CUDA_STREAM",
            &pair.capture.streams,
            columns![
                "rowid" => |s: &S| s.row,
                "streamId" => |s: &S| s.stream,
                "hwId" => |s: &S| s.hw_id,
                "vmId" => |s: &S| s.vm_id,
                "processId" => |s: &S| s.pid,
                "contextId" => |s: &S| s.context,
                "priority" => |s: &S| s.priority,
                "flag" => |s: &S| s.flag,
            ],
        )
    };
    check(streams, [7, 0, 0]);
}

#[test]
fn the_machine_the_clock_and_the_diagnostics_are_those_of_the_database() {
    use kinetoscope_ingest::nsys::capture::{AnalysisRecord as A, DiagnosticRecord as D, SystemEnvRecord as E};
    let properties = |pair: &Pair| {
        let mut records = pair.capture.system_env.clone();
        for record in &mut records {
            // What this one is called changed between the versions of the two exporters.
            if record.name_number == Some(914) && pair.name != "fuser-matmul-h200" {
                record.name = Some("SupportsNicMetricsCollection".into());
            }
        }
        pair.compare(
            "TARGET_INFO_SYSTEM_ENV",
            &records,
            columns![
                "rowid" => |e: &E| e.row,
                "globalVid" => |e: &E| e.vm,
                "devStateName" => |e: &'_ E| e.state_name.as_deref().map(IntoValue::value),
                "name" => |e: &'_ E| e.name.as_deref().map(IntoValue::value),
                "nameEnum" => |e: &E| e.name_number,
                "value" => |e: &'_ E| e.value.as_deref().map(IntoValue::value),
            ],
        )
    };
    check(properties, [85, 82, 82]);
    let analyses = |pair: &Pair| {
        pair.compare(
            "ANALYSIS_DETAILS",
            &pair.capture.analyses,
            columns![
                "rowid" => |a: &A| a.row,
                "globalVid" => |a: &A| a.vm,
                "duration" => |a: &A| a.duration,
                "startTime" => |a: &A| a.start,
                "stopTime" => |a: &A| a.stop,
            ],
        )
    };
    check(analyses, [1, 1, 1]);
    let diagnostics = |pair: &Pair| {
        if !pair.has_table("DIAGNOSTIC_EVENT") {
            // Reports have them longer than exports.
            return pair.capture.diagnostics.len();
        }
        pair.compare(
            "DIAGNOSTIC_EVENT",
            &pair.capture.diagnostics,
            columns![
                "rowid" => |d: &D| d.row,
                "timestamp" => |d: &D| d.timestamp,
                "timestampType" => |d: &D| d.timestamp_type,
                "source" => |d: &D| d.source,
                "severity" => |d: &D| d.severity,
                "text" => |d: &'_ D| Value::Text(d.text.to_string()),
                "globalPid" => |d: &D| d.process,
            ],
        )
    };
    check(diagnostics, [12, 20, 23]);
    for pair in pairs() {
        let about = &pair.capture.about;
        let time = |column: &str| pair.one::<Value>(&format!("SELECT {column} FROM TARGET_INFO_SESSION_START_TIME"));
        assert_eq!(about.utc_epoch_ns.value(), time("utcEpochNs"), "{}", pair.name);
        assert_eq!(about.utc_time.as_deref().value(), time("utcTime"));
        assert_eq!(about.local_time.as_deref().value(), time("localTime"));
        // The exporter was the recorder's own.
        let version = pair.one::<Value>("SELECT value FROM META_DATA_EXPORT WHERE name = 'EXPORT_PRODUCT_VERSION'");
        assert_eq!(about.recorder_version.as_deref().value(), version);
    }
}

impl IntoValue for Value {
    fn value(self) -> Value {
        self
    }
}

/// Not every option is known, but each that is stands in the database with the same value, in the same order.
#[test]
fn options_of_the_recording_are_among_those_of_the_database() {
    let compare = |pair: &Pair| {
        let mut statement = pair.database.prepare("SELECT name, value FROM META_DATA_CAPTURE ORDER BY rowid").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap);
        let mut rows: std::collections::VecDeque<(String, String)> = rows.collect();
        for record in &pair.capture.capture_metadata {
            let wanted = (record.name.to_string(), record.value.as_deref().unwrap().to_owned());
            loop {
                let next = rows.pop_front().unwrap_or_else(|| panic!("{}: {wanted:?} is not there", pair.name));
                if next == wanted {
                    break;
                }
                assert_ne!(next.0, wanted.0, "{}: the value is {}", pair.name, wanted.1);
            }
        }
        // All arguments and variables are known.
        let left = rows.iter().filter(|(name, _)| name.contains("ARGUMENT") || name.contains("ENVIRONMENT")).count();
        assert_eq!(left, 0);
        pair.capture.capture_metadata.len()
    };
    // 116 and 10 variables of the environment; two options of sampling.
    check(compare, [131, 24, 26]);
}

/// What is in these reports is known: anything that is counted as unknown would be a mistake of the reader.
#[test]
fn nothing_in_real_reports_is_unknown() {
    for pair in pairs() {
        assert_eq!(warnings(&pair.capture), Vec::<String>::new(), "{}", pair.name);
        let class = 103;
        assert!(pair.capture.cupti_overheads.iter().all(|overhead| overhead.event_class == Some(class)));
    }
}

/// Half of the report, as a recorder leaves it that was killed: rows up to there, and it says so.
#[test]
fn half_a_real_report_is_half_its_rows() {
    let Some(folder) = real_captures() else { return };
    let bytes = std::fs::read(folder.join("cpu_demo.nsys-rep")).unwrap();
    // The first block ends at 186380 + 93455, some bytes behind the data's start at 497.
    let half = read(&bytes[..bytes.len() - 60_000]).unwrap();
    let whole = read(&bytes).unwrap();
    assert_eq!(half.num_events, 7000);
    assert_eq!(half.osrt_calls, whole.osrt_calls[..half.osrt_calls.len()]);
    assert!(half.strings.is_empty());
    let warnings = warnings(&half);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("input_truncated 3: "), "{warnings:?}");
}
