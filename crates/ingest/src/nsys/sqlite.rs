//! Reads a capture from the sqlite database that `nsys export` makes.
//!
//! Databases of schemas 2.9 (2022) to 3.25 (2026) are read by one description per table. Three constraints shaped it:
//!
//! - **Nothing has to be there.** Exporters leave out tables without rows, older ones lack columns, and people cut
//!   databases down. A missing table has no rows, a missing column no values, and no table is joined to another.
//! - **Types are not trusted.** Any column of an sqlite database may hold any type. A value of the wrong type is counted
//!   and ignored; without a value that it cannot be without, the row is counted and left out.
//! - **The database is not trusted either.** It is opened read-only and immutable, so that nothing appears beside it,
//!   and only plain tables are read: a view could run forever.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::{SourceId, WarningKind, Warnings};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use crate::bytes::NSYS_HINT;
use crate::error::IngestError;
use crate::nsys::capture::*;
use crate::progress::Progress;

/// Columns that hold the number of a text, in tables that are known by their columns alone.
const TEXT_COLUMNS: &[&str] = &["srcfile", "funcname", "varname", "kernelname"];

/// Rows that are read between two looks at whether to stop.
const ROWS_PER_CHECK: u64 = 1 << 12;

/// Major versions of the schema that were tried.
const TRIED_MAJOR_VERSIONS: std::ops::RangeInclusive<i64> = 2..=3;

/// Tables without which no capture is: a database that has none of them is something else.
const TELLING_TABLES: &[&str] = &["stringids", "meta_data_export", "export_meta_data", "meta_data_capture"];

/// Beginnings of the names of tables that hold no events of their own: words for numbers, and the exporter's own files.
const TABLES_WITHOUT_EVENTS: &[&str] =
    &["enum_", "sqlite_", "target_info_", "analysis_file", "unwindmethodtype", "nvtx_payload_schema"];

/// Reads the database at `database`. `path` is what messages call it.
///
/// # Errors
/// When it is no sqlite database, is not one of Nsight Systems, or nothing in it can be read.
pub(crate) fn read(database: &Path, path: &str, progress: &Progress) -> Result<Capture, IngestError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri_of(database), flags)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        Ok(connection)
    };
    let unreadable = |error: rusqlite::Error| IngestError::WrongFormat {
        path: path.to_owned(),
        looks_like: format!("an SQLite database that cannot be opened ({error})"),
        hint: Some(NSYS_HINT.to_owned()),
    };
    let connection = open().map_err(unreadable)?;
    let tables = Tables::list(&connection).map_err(unreadable)?;
    if !TELLING_TABLES.iter().any(|name| tables.names.contains_key(*name)) && !tables.has_events() {
        return Err(IngestError::WrongFormat {
            path: path.to_owned(),
            looks_like: "an SQLite database without the tables of Nsight Systems".to_owned(),
            hint: Some(NSYS_HINT.to_owned()),
        });
    }
    let mut warnings = Warnings::default();
    if let Some((expected, found)) = cut_off(database) {
        let detail = || format!("the database has {found} of {expected} bytes");
        warnings.add(WarningKind::Truncated, SourceId(0), Some(found), detail);
    }
    let mut reader = Reader { connection: &connection, tables, progress, warnings, num_events: 0 };
    let mut capture = reader.read_all()?;
    reader.note_tables(&mut capture)?;
    capture.num_events = reader.num_events;
    capture.warnings = reader.warnings;
    if capture.num_events == 0 {
        let mut kinds = capture.warnings.iter();
        let damage = kinds.find(|&(kind, ..)| kind == WarningKind::NsysDamagedTable || kind == WarningKind::NsysBadRow);
        if let Some((_, _, examples)) = damage {
            let reason = examples.first().map(|example| example.detail.clone()).unwrap_or_default();
            return Err(IngestError::NothingReadable { path: path.to_owned(), reason });
        }
    }
    Ok(capture)
}

/// The size that the header of a database gives, and that of the file, when the file is smaller. The pages that are gone
/// may be of tables that nobody asks for, so reading alone does not always tell.
fn cut_off(database: &Path) -> Option<(u64, u64)> {
    let mut header = [0; 100];
    let mut file = File::open(database).ok()?;
    file.read_exact(&mut header).ok()?;
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    // The number of pages counts only when the version that wrote it last knew of it.
    if number(24) != number(92) {
        return None;
    }
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 1 << 16,
        bytes => u64::from(bytes),
    };
    let expected = u64::from(number(28)) * page_bytes;
    let found = file.metadata().ok()?.len();
    (found < expected).then_some((expected, found))
}

/// The address of a file for sqlite, which takes `?`, `#` and `%` in it for its own.
///
/// `immutable` promises that nobody changes the file, and sqlite then needs no locks and no journal beside it.
fn uri_of(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    uri
}

/// The plain tables of a database.
#[derive(Debug, Default)]
struct Tables {
    /// Name as written, by its lower case: sqlite takes both for one.
    names: HashMap<String, String>,
    /// Those that were read, in lower case.
    read: HashSet<String>,
}

impl Tables {
    fn list(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")?;
        let mut rows = statement.query([])?;
        let mut tables = Self::default();
        while let Some(row) = rows.next()? {
            let (name, sql) = (text_of(row.get_ref(0)?), text_of(row.get_ref(1)?));
            let is_virtual = sql.is_none_or(|sql| {
                sql.trim_start().get(..14).is_some_and(|start| start.eq_ignore_ascii_case("create virtual"))
            });
            if let Some(name) = name.filter(|_| !is_virtual) {
                tables.names.insert(name.to_ascii_lowercase(), name.into_owned());
            }
        }
        Ok(tables)
    }

    fn has_events(&self) -> bool {
        let is_telling = |name: &str| name.starts_with("cupti_activity_kind_") || name == "nvtx_events";
        self.names.keys().any(|name| is_telling(name))
    }
}

fn text_of(value: ValueRef<'_>) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The values of one row, in the order in which the record asks for them.
///
/// The first record of a table is made of nothing, only to learn which columns it asks for and in which order.
struct Cells<'r> {
    row: Option<&'r Row<'r>>,
    table: &'static str,
    /// The columns, as they were learned.
    columns: &'r [Column],
    learned: Vec<Column>,
    next: usize,
    row_number: i64,
    /// What the row cannot be without and lacks.
    missing: Option<&'static str>,
    warnings: &'r mut Warnings,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    name: &'static str,
    is_needed: bool,
}

/// A value of sqlite, as far as the tables of a capture use them.
enum Cell<'r> {
    None,
    Int(i64),
    Real(f64),
    Text(std::borrow::Cow<'r, str>),
}

impl<'r> Cells<'r> {
    fn cell(&mut self, name: &'static str, is_needed: bool) -> Cell<'r> {
        let Some(row) = self.row else {
            self.learned.push(Column { name, is_needed });
            return Cell::None;
        };
        debug_assert!(self.columns[self.next].name == name, "a record asks for its columns in one order");
        // The row's number comes first.
        self.next += 1;
        let cell = match row.get_ref(self.next) {
            Ok(ValueRef::Integer(value)) => Cell::Int(value),
            Ok(ValueRef::Real(value)) => Cell::Real(value),
            Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => Cell::Text(String::from_utf8_lossy(bytes)),
            Ok(ValueRef::Null) | Err(_) => Cell::None,
        };
        if is_needed && matches!(cell, Cell::None) {
            self.missing.get_or_insert(name);
        }
        cell
    }

    #[cold]
    fn wrong_type(&mut self, name: &'static str, is_needed: bool, what: &str) {
        if is_needed {
            self.missing.get_or_insert(name);
        }
        let (table, row) = (self.table, self.row_number);
        self.warnings.add(WarningKind::NsysBadField, SourceId(0), Some(row.max(0) as u64), || {
            format!("`{table}` row {row}: {name} is {what}")
        });
    }

    fn int_of(&mut self, name: &'static str, is_needed: bool) -> Option<i64> {
        match self.cell(name, is_needed) {
            Cell::Int(value) => Some(value),
            Cell::None => None,
            Cell::Real(value) => {
                self.wrong_type(name, is_needed, &format!("the real number {value}"));
                None
            }
            Cell::Text(text) => {
                let start: String = text.chars().take(40).collect();
                self.wrong_type(name, is_needed, &format!("the text `{start}`"));
                None
            }
        }
    }

    fn int(&mut self, name: &'static str) -> Option<i64> {
        self.int_of(name, false)
    }

    /// A number that the row cannot be without.
    fn needed(&mut self, name: &'static str) -> i64 {
        self.int_of(name, true).unwrap_or_default()
    }

    /// A number of a type that is narrower than the column's.
    fn narrow<T: TryFrom<i64>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.int(name)?;
        let narrow = T::try_from(value).ok();
        if narrow.is_none() {
            self.wrong_type(name, false, &format!("{value}, which is out of range"));
        }
        narrow
    }

    fn bool(&mut self, name: &'static str) -> Option<bool> {
        self.int(name).map(|value| value != 0)
    }

    fn global(&mut self, name: &'static str) -> Option<GlobalId> {
        self.int(name).map(GlobalId)
    }

    fn text_id(&mut self, name: &'static str) -> Option<TextId> {
        self.int(name).map(TextId)
    }

    fn real(&mut self, name: &'static str) -> Option<f64> {
        match self.cell(name, false) {
            Cell::Real(value) => Some(value),
            Cell::Int(value) => Some(value as f64),
            Cell::None => None,
            Cell::Text(_) => {
                self.wrong_type(name, false, "text instead of a number");
                None
            }
        }
    }

    fn text_value(&mut self, name: &'static str, is_needed: bool) -> Option<Box<str>> {
        match self.cell(name, is_needed) {
            Cell::Text(text) => Some(text.into()),
            Cell::None => None,
            // A column without a type keeps numbers as numbers, and a name may well be one.
            Cell::Int(value) => Some(value.to_string().into()),
            Cell::Real(value) => Some(value.to_string().into()),
        }
    }

    fn text(&mut self, name: &'static str) -> Option<Box<str>> {
        self.text_value(name, false)
    }

    fn needed_text(&mut self, name: &'static str) -> Box<str> {
        self.text_value(name, true).unwrap_or_default()
    }

    fn triple<T: TryFrom<i64>>(&mut self, names: [&'static str; 3]) -> [Option<T>; 3] {
        names.map(|name| self.narrow(name))
    }

    /// When, where and why GPU work ran.
    fn place(&mut self) -> GpuPlace {
        GpuPlace {
            start: self.needed("start"),
            end: self.needed("end"),
            device: self.int("deviceId").unwrap_or_default(),
            context: self.int("contextId").unwrap_or_default(),
            green_context: self.int("greenContextId"),
            stream: self.int("streamId").unwrap_or_default(),
            correlation: self.int("correlationId"),
            process: self.global("globalPid"),
        }
    }
}

struct Reader<'c> {
    connection: &'c Connection,
    tables: Tables,
    progress: &'c Progress,
    warnings: Warnings,
    num_events: u64,
}

impl Reader<'_> {
    /// Every row of a table that `make` makes a record of. A table that is not there has none.
    fn table<T>(
        &mut self,
        table: &'static str,
        mut make: impl FnMut(&mut Cells<'_>) -> T,
    ) -> Result<Vec<T>, IngestError> {
        let Some(name) = self.tables.names.get(&table.to_ascii_lowercase()).cloned() else { return Ok(Vec::new()) };
        self.tables.read.insert(table.to_ascii_lowercase());
        let mut cells = Cells {
            row: None,
            table,
            columns: &[],
            learned: Vec::new(),
            next: 0,
            row_number: 0,
            missing: None,
            warnings: &mut self.warnings,
        };
        make(&mut cells);
        let columns = cells.learned;
        let mut records = Vec::new();
        let result =
            read_rows(self.connection, &name, &columns, &mut self.warnings, table, self.progress, |row, warnings| {
                let row_number = match row.get_ref(0) {
                    Ok(ValueRef::Integer(number)) => number,
                    // A table of the kind that has no row numbers.
                    _ => records.len() as i64 + 1,
                };
                let mut cells = Cells {
                    row: Some(row),
                    table,
                    columns: &columns,
                    learned: Vec::new(),
                    next: 0,
                    row_number,
                    missing: None,
                    warnings,
                };
                let record = make(&mut cells);
                match cells.missing {
                    None => records.push(record),
                    Some(missing) => {
                        warnings.add(WarningKind::NsysBadRow, SourceId(0), Some(row_number.max(0) as u64), || {
                            format!("`{table}` row {row_number} has no usable {missing}")
                        })
                    }
                }
            });
        match result {
            Ok(()) => Ok(records),
            Err(Failure::Cancelled) => Err(IngestError::Cancelled),
            Err(Failure::Damage(error)) => {
                let num_rows = records.len();
                self.warnings.add(WarningKind::NsysDamagedTable, SourceId(0), None, || {
                    format!("`{table}` after {num_rows} rows: {error}")
                });
                Ok(records)
            }
        }
    }

    /// The rows of a table of events.
    fn events<T>(&mut self, table: &'static str, make: impl FnMut(&mut Cells<'_>) -> T) -> Result<Vec<T>, IngestError> {
        let records = self.table(table, make)?;
        self.num_events += records.len() as u64;
        self.progress.add_events(records.len() as u64);
        Ok(records)
    }

    fn read_all(&mut self) -> Result<Capture, IngestError> {
        let mut capture = Capture::default();
        let texts = self.table("StringIds", |c| (TextId(c.needed("id")), c.text("value")))?;
        for (id, text) in texts {
            capture.strings.insert(id, text.as_deref().unwrap_or_default());
        }
        self.read_target(&mut capture)?;
        self.read_gpu(&mut capture)?;
        self.read_cpu(&mut capture)?;
        if capture.strings.is_empty() && self.num_events > 0 {
            self.warnings.add(WarningKind::NsysMissingTable, SourceId(0), None, || "`StringIds`".to_owned());
        }
        Ok(capture)
    }

    /// What holds for the capture as a whole: versions, clock, machine, processes, devices.
    fn read_target(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        let name_value = |c: &mut Cells<'_>| NameValueRecord {
            row: c.row_number,
            name: c.needed_text("name"),
            value: c.text("value"),
        };
        capture.capture_metadata = self.table("META_DATA_CAPTURE", name_value)?;
        capture.export_metadata = self.table("META_DATA_EXPORT", name_value)?;
        if capture.export_metadata.is_empty() {
            capture.export_metadata = self.table("EXPORT_META_DATA", name_value)?;
        }
        let find = |name: &str| {
            let found = capture.export_metadata.iter().find(|entry| &*entry.name == name);
            found.and_then(|entry| entry.value.as_deref()).map(str::to_owned)
        };
        capture.about.recorder_version = find("EXPORT_PRODUCT_VERSION");
        capture.about.schema_version = find("EXPORT_SCHEMA_VERSION");
        self.check_version(capture.about.schema_version.as_deref());
        let start_times = self.table("TARGET_INFO_SESSION_START_TIME", |c| {
            (c.int("utcEpochNs"), c.text("utcTime"), c.text("localTime"), c.int("systemClockNs"))
        })?;
        if let Some((utc_epoch_ns, utc_time, local_time, system_clock_ns)) = start_times.into_iter().next() {
            capture.about.utc_epoch_ns = utc_epoch_ns;
            capture.about.utc_time = utc_time.map(Into::into);
            capture.about.local_time = local_time.map(Into::into);
            capture.about.system_clock_ns = system_clock_ns;
        }
        capture.processes = self.table("PROCESSES", |c| ProcessRecord {
            row: c.row_number,
            process: GlobalId(c.needed("globalPid")),
            pid: c.int("pid"),
            name: c.text("name"),
        })?;
        capture.thread_names = self.table("ThreadNames", |c| ThreadNameRecord {
            row: c.row_number,
            thread: GlobalId(c.needed("globalTid")),
            name: TextId(c.needed("nameId")),
            priority: c.narrow("priority"),
        })?;
        capture.process_streams = self.table("ProcessStreams", |c| ProcessStreamRecord {
            row: c.row_number,
            process: c.global("globalPid"),
            file_name: c.text_id("filenameId"),
            content: c.text_id("contentId"),
        })?;
        capture.system_env = self.table("TARGET_INFO_SYSTEM_ENV", |c| SystemEnvRecord {
            row: c.row_number,
            vm: c.global("globalVid"),
            state_name: c.text("devStateName"),
            name: c.text("name"),
            name_number: c.int("nameEnum"),
            value: c.text("value"),
        })?;
        capture.analyses = self.table("ANALYSIS_DETAILS", |c| AnalysisRecord {
            row: c.row_number,
            vm: c.global("globalVid"),
            duration: c.int("duration"),
            start: c.int("startTime"),
            stop: c.int("stopTime"),
        })?;
        capture.diagnostics = self.table("DIAGNOSTIC_EVENT", |c| DiagnosticRecord {
            row: c.row_number,
            timestamp: c.int("timestamp"),
            timestamp_type: c.narrow("timestampType"),
            source: c.narrow("source"),
            severity: c.narrow("severity"),
            text: c.needed_text("text"),
            process: c.global("globalPid"),
        })?;
        self.read_devices(capture)
    }

    fn read_devices(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        capture.gpus = self.table("TARGET_INFO_GPU", |c| GpuRecord {
            row: c.row_number,
            vm_id: c.int("vmId"),
            id: c.needed("id"),
            name: c.text("name"),
            bus_location: c.text("busLocation"),
            uuid: c.text("uuid"),
            chip_name: c.text("chipName"),
            is_discrete: c.bool("isDiscrete"),
            cuda_device: c.int("cuDevice"),
            l2_cache_bytes: c.int("l2CacheSize"),
            total_memory: c.int("totalMemory"),
            memory_bandwidth: c.int("memoryBandwidth"),
            clock_rate: c.int("clockRate"),
            num_sms: c.int("smCount"),
            constant_memory: c.int("constantMemory"),
            max_ipc: c.int("maxIPC"),
            max_registers_per_block: c.int("maxRegistersPerBlock"),
            max_shared_memory_per_block: c.int("maxShmemPerBlock"),
            max_shared_memory_per_block_optin: c.int("maxShmemPerBlockOptin"),
            max_shared_memory_per_sm: c.int("maxShmemPerSm"),
            max_registers_per_sm: c.int("maxRegistersPerSm"),
            threads_per_warp: c.int("threadsPerWarp"),
            num_async_engines: c.int("asyncEngines"),
            max_warps_per_sm: c.int("maxWarpsPerSm"),
            max_blocks_per_sm: c.int("maxBlocksPerSm"),
            max_threads_per_block: c.int("maxThreadsPerBlock"),
            max_block_dim: c.triple(["maxBlockDimX", "maxBlockDimY", "maxBlockDimZ"]),
            max_grid_dim: c.triple(["maxGridDimX", "maxGridDimY", "maxGridDimZ"]),
            compute_major: c.int("computeMajor"),
            compute_minor: c.int("computeMinor"),
            sm_major: c.int("smMajor"),
            sm_minor: c.int("smMinor"),
        })?;
        capture.cuda_devices = self.table("TARGET_INFO_CUDA_DEVICE", |c| CudaDeviceRecord {
            row: c.row_number,
            gpu_id: c.int("gpuId"),
            cuda_id: c.needed("cudaId"),
            pid: c.int("pid"),
        })?;
        capture.contexts = self.table("TARGET_INFO_CUDA_CONTEXT_INFO", |c| ContextRecord {
            row: c.row_number,
            null_stream: c.int("nullStreamId"),
            hw_id: c.int("hwId"),
            vm_id: c.int("vmId"),
            pid: c.int("processId"),
            device: c.int("deviceId"),
            context: c.needed("contextId"),
            parent_context: c.int("parentContextId"),
            is_green: c.bool("isGreenContext"),
        })?;
        if capture.contexts.is_empty() {
            capture.contexts = self.table("TARGET_INFO_CUDA_NULL_STREAM", |c| ContextRecord {
                row: c.row_number,
                null_stream: c.int("streamId"),
                hw_id: c.int("hwId"),
                vm_id: c.int("vmId"),
                pid: c.int("processId"),
                device: c.int("deviceId"),
                context: c.needed("contextId"),
                parent_context: None,
                is_green: None,
            })?;
        }
        capture.streams = self.table("TARGET_INFO_CUDA_STREAM", |c| StreamRecord {
            row: c.row_number,
            stream: c.needed("streamId"),
            hw_id: c.int("hwId"),
            vm_id: c.int("vmId"),
            pid: c.int("processId"),
            context: c.int("contextId"),
            priority: c.int("priority"),
            flag: c.int("flag"),
        })?;
        let mut names = self.table("TARGET_INFO_NVTX_CUDA_DEVICE", |c| NvtxCudaNameRecord {
            row: c.row_number,
            name: c.needed_text("name"),
            hw_id: c.int("hwId"),
            vm_id: c.int("vmId"),
            device: c.int("deviceId"),
            ..NvtxCudaNameRecord::default()
        })?;
        names.extend(self.table("TARGET_INFO_NVTX_CUDA_CONTEXT", |c| NvtxCudaNameRecord {
            row: c.row_number,
            name: c.needed_text("name"),
            hw_id: c.int("hwId"),
            vm_id: c.int("vmId"),
            pid: c.int("processId"),
            device: c.int("deviceId"),
            context: c.int("contextId"),
            stream: None,
        })?);
        names.extend(self.table("TARGET_INFO_NVTX_CUDA_STREAM", |c| NvtxCudaNameRecord {
            row: c.row_number,
            name: c.needed_text("name"),
            hw_id: c.int("hwId"),
            vm_id: c.int("vmId"),
            pid: c.int("processId"),
            device: c.int("deviceId"),
            context: c.int("contextId"),
            stream: c.int("streamId"),
        })?);
        capture.nvtx_cuda_names = names;
        capture.gpu_metric_names = self.table("TARGET_INFO_GPU_METRICS", |c| GpuMetricNameRecord {
            row: c.row_number,
            type_id: c.int("typeId"),
            source_id: c.int("sourceId"),
            type_name: c.text("typeName"),
            metric_id: c.int("metricId"),
            metric_name: c.text("metricName"),
        })?;
        Ok(())
    }

    fn read_gpu(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        capture.kernels = self.events("CUPTI_ACTIVITY_KIND_KERNEL", |c| {
            let mut record = KernelRecord {
                row: c.row_number,
                place: c.place(),
                demangled_name: c.text_id("demangledName"),
                short_name: c.text_id("shortName"),
                mangled_name: c.text_id("mangledName"),
                launch_type: c.narrow("launchType"),
                cache_config: c.narrow("cacheConfig"),
                registers_per_thread: c.narrow("registersPerThread"),
                grid: c.triple(["gridX", "gridY", "gridZ"]),
                block: c.triple(["blockX", "blockY", "blockZ"]),
                static_shared_memory: c.narrow("staticSharedMemory"),
                dynamic_shared_memory: c.narrow("dynamicSharedMemory"),
                shared_memory_executed: c.narrow("sharedMemoryExecuted"),
                shared_memory_limit_config: c.narrow("sharedMemoryLimitConfig"),
                local_memory_per_thread: c.int("localMemoryPerThread"),
                local_memory_total: c.int("localMemoryTotal"),
                grid_id: c.int("gridId"),
                graph_node: c.int("graphNodeId"),
                graph: c.int("graphId"),
                cluster: None,
            };
            let cluster = ClusterFields {
                size: c.triple(["clusterX", "clusterY", "clusterZ"]),
                scheduling_policy: c.narrow("clusterSchedulingPolicy"),
                max_potential_size: c.narrow("maxPotentialClusterSize"),
                max_active: c.narrow("maxActiveClusters"),
                qmd_times: c.triple(["qmdLastCtaDone", "qmdPreexitDone", "qmdBulkReleaseDone"]),
                shared_memory_requested_percentage: c.narrow("sharedMemoryRequestedPercentage"),
            };
            record.cluster = (cluster != ClusterFields::default()).then(|| Box::new(cluster));
            record
        })?;
        capture.memcpys = self.events("CUPTI_ACTIVITY_KIND_MEMCPY", |c| MemcpyRecord {
            row: c.row_number,
            place: c.place(),
            bytes: c.int("bytes"),
            copy_kind: c.narrow("copyKind"),
            src_kind: c.narrow("srcKind"),
            dst_kind: c.narrow("dstKind"),
            src_device: c.int("srcDeviceId"),
            src_context: c.int("srcContextId"),
            dst_device: c.int("dstDeviceId"),
            dst_context: c.int("dstContextId"),
            migration_cause: c.narrow("migrationCause"),
            graph_node: c.int("graphNodeId"),
            virtual_address: c.int("virtualAddress"),
            copy_count: c.int("copyCount"),
        })?;
        capture.memsets = self.events("CUPTI_ACTIVITY_KIND_MEMSET", |c| MemsetRecord {
            row: c.row_number,
            place: c.place(),
            value: c.int("value"),
            bytes: c.int("bytes"),
            mem_kind: c.narrow("memKind"),
            graph_node: c.int("graphNodeId"),
        })?;
        capture.syncs = self.events("CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", |c| SyncRecord {
            row: c.row_number,
            place: c.place(),
            sync_type: c.narrow("syncType"),
            event: c.int("eventId"),
            event_sync: c.int("eventSyncId"),
        })?;
        capture.graph_traces = self.events("CUPTI_ACTIVITY_KIND_GRAPH_TRACE", |c| GraphTraceRecord {
            row: c.row_number,
            place: c.place(),
            graph: c.int("graphId"),
            graph_exec: c.int("graphExecId"),
        })?;
        capture.cuda_events = self.events("CUPTI_ACTIVITY_KIND_CUDA_EVENT", |c| CudaEventRecord {
            row: c.row_number,
            timestamp: c.int("timestamp"),
            device: c.int("deviceId"),
            context: c.int("contextId"),
            green_context: c.int("greenContextId"),
            stream: c.int("streamId"),
            correlation: c.int("correlationId"),
            process: c.global("globalPid"),
            event: c.int("eventId"),
            event_sync: c.int("eventSyncId"),
        })?;
        self.read_graph_events(capture)?;
        capture.memory_usage = self.events("CUDA_GPU_MEMORY_USAGE_EVENTS", |c| MemoryUsageRecord {
            row: c.row_number,
            start: c.needed("start"),
            process: c.global("globalPid"),
            device: c.int("deviceId"),
            context: c.int("contextId"),
            address: c.int("address"),
            pc: c.int("pc"),
            bytes: c.int("bytes"),
            mem_kind: c.narrow("memKind"),
            operation: c.narrow("memoryOperationType"),
            name: c.text("name"),
            correlation: c.int("correlationId"),
            stream: c.int("streamId"),
            local_pool_address: c.int("localMemoryPoolAddress"),
            local_pool_release_threshold: c.int("localMemoryPoolReleaseThreshold"),
            local_pool_size: c.int("localMemoryPoolSize"),
            local_pool_used: c.int("localMemoryPoolUtilizedSize"),
            imported_pool_address: c.int("importedMemoryPoolAddress"),
            imported_pool_process: c.int("importedMemoryPoolProcessId"),
        })?;
        capture.um_cpu_faults = self.events("CUDA_UM_CPU_PAGE_FAULT_EVENTS", |c| UmCpuFaultRecord {
            row: c.row_number,
            start: c.needed("start"),
            process: c.global("globalPid"),
            address: c.int("address"),
            original_fault_pc: c.int("originalFaultPc"),
            cpu_instruction: c.text_id("CpuInstruction"),
            module: c.text_id("module"),
        })?;
        capture.um_gpu_faults = self.events("CUDA_UM_GPU_PAGE_FAULT_EVENTS", |c| UmGpuFaultRecord {
            row: c.row_number,
            start: c.needed("start"),
            end: c.needed("end"),
            process: c.global("globalPid"),
            device: c.int("deviceId"),
            address: c.int("address"),
            num_faults: c.int("numberOfPageFaults"),
            access_type: c.narrow("faultAccessType"),
        })?;
        capture.gpu_metrics = self.events("GPU_METRICS", |c| GpuMetricRecord {
            row: c.row_number,
            timestamp: c.needed("timestamp"),
            type_id: c.int("typeId"),
            metric_id: c.int("metricId"),
            value: c.int("value"),
        })?;
        Ok(())
    }

    /// In schemas up to 3.7 one table held graphs and nodes, told apart by which columns have values.
    fn read_graph_events(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        let node = |c: &mut Cells<'_>| GraphNodeEventRecord {
            row: c.row_number,
            start: c.needed("start"),
            end: c.needed("end"),
            event_class: c.narrow("eventClass"),
            thread: c.global("globalTid"),
            name: c.text_id("nameId"),
            node: c.int("graphNodeId"),
            original_node: c.int("originalGraphNodeId"),
            graph: c.int("graphId"),
            original_graph: c.int("originalGraphId"),
        };
        let both = self.events("CUDA_GRAPH_EVENTS", |c| (node(c), c.int("graphExecId")))?;
        for (record, graph_exec) in both {
            if record.node.is_some() || record.original_node.is_some() {
                capture.graph_node_events.push(record);
            } else {
                capture.graph_events.push(GraphEventRecord {
                    row: record.row,
                    start: record.start,
                    end: record.end,
                    event_class: record.event_class,
                    thread: record.thread,
                    name: record.name,
                    graph: record.graph,
                    original_graph: record.original_graph,
                    graph_exec,
                });
            }
        }
        capture.graph_node_events.extend(self.events("CUDA_GRAPH_NODE_EVENTS", node)?);
        Ok(())
    }

    fn read_cpu(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        let api = |c: &mut Cells<'_>| ApiRecord {
            row: c.row_number,
            start: c.needed("start"),
            end: c.needed("end"),
            event_class: c.narrow("eventClass"),
            thread: c.global("globalTid"),
            correlation: c.int("correlationId"),
            name: c.text_id("nameId"),
            return_value: c.int("returnValue"),
            callchain: c.int("callchainId"),
        };
        capture.api_calls = self.events("CUPTI_ACTIVITY_KIND_RUNTIME", api)?;
        capture.library_calls = self.events("CUBLAS_EVENTS", api)?;
        capture.library_calls.extend(self.events("CUDNN_EVENTS", api)?);
        capture.cupti_overheads = self.events("CUPTI_ACTIVITY_KIND_OVERHEAD", |c| CuptiOverheadRecord {
            row: c.row_number,
            start: c.needed("start"),
            end: c.needed("end"),
            event_class: c.narrow("eventClass"),
            thread: c.global("globalTid"),
            correlation: c.int("correlationId"),
            name: c.text_id("nameId"),
            overhead_type: c.narrow("overheadType"),
        })?;
        capture.profiler_overheads = self.events("PROFILER_OVERHEAD", |c| ProfilerOverheadRecord {
            row: c.row_number,
            start: c.needed("start"),
            end: c.needed("end"),
            thread: c.global("globalTid"),
            name: c.text_id("nameId"),
            return_value: c.int("returnValue"),
            overhead_type: c.narrow("overheadType"),
        })?;
        capture.nvtx = self.events("NVTX_EVENTS", nvtx_record)?;
        capture.osrt_calls = self.events("OSRT_API", |c| OsrtRecord {
            row: c.row_number,
            start: c.needed("start"),
            end: c.needed("end"),
            event_class: c.narrow("eventClass"),
            thread: c.global("globalTid"),
            name: c.text_id("nameId"),
            return_value: c.int("returnValue"),
            nesting_level: c.narrow("nestingLevel"),
            callchain: c.int("callchainId"),
            arguments: c.int("argumentsId"),
        })?;
        capture.osrt_frames = self.table("OSRT_CALLCHAINS", frame_record)?;
        capture.cuda_frames = self.table("CUDA_CALLCHAINS", frame_record)?;
        capture.sampling_frames = self.table("SAMPLING_CALLCHAINS", frame_record)?;
        capture.sched_events = self.events("SCHED_EVENTS", |c| SchedRecord {
            row: c.row_number,
            start: c.needed("start"),
            cpu: c.int("cpu"),
            is_sched_in: c.needed("isSchedIn") != 0,
            thread: c.global("globalTid"),
            thread_state: c.narrow("threadState"),
            thread_block: c.narrow("threadBlock"),
        })?;
        self.read_file_accesses(capture)?;
        self.read_network(capture)?;
        let ranks = self.table("MPI_RANKS", |c| (GlobalId(c.needed("globalPid")), c.needed("rank")))?;
        capture.mpi_ranks = ranks;
        capture.samples = self.events("COMPOSITE_EVENTS", |c| SampleRecord {
            row: c.row_number,
            id: c.needed("id"),
            start: c.needed("start"),
            cpu: c.int("cpu"),
            thread_state: c.narrow("threadState"),
            thread: c.global("globalTid"),
            cpu_cycles: c.int("cpuCycles"),
        })?;
        Ok(())
    }

    /// What calls did to files, with the paths that stand in a table beside.
    fn read_file_accesses(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        let files = self.table("OSRT_FILE_ACCESS_DESCRIPTORS", |c| {
            (c.needed("fileAccessId"), (c.int("processId"), c.text("filePath")))
        })?;
        let files: HashMap<_, _> = files.into_iter().collect();
        let accesses = self.events("OSRT_FILE_ACCESS_EVENTS", |c| {
            let record = FileAccessRecord {
                row: c.row_number,
                start: c.needed("startedAt"),
                end: c.needed("endedAt"),
                tid: c.needed("threadId"),
                access: c.narrow("eventType"),
                name: c.text_id("apiCallId"),
                bytes: c.int("bytesProcessed"),
                ..FileAccessRecord::default()
            };
            (record, c.int("fileAccessId"))
        })?;
        let with_file = |(record, file): (FileAccessRecord, Option<i64>)| {
            let (pid, path) = file.and_then(|file| files.get(&file).cloned()).unwrap_or_default();
            FileAccessRecord { pid, path, ..record }
        };
        capture.file_accesses = accesses.into_iter().map(with_file).collect();
        Ok(())
    }

    fn read_network(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        capture.nic_metrics = self.events("NET_NIC_METRIC", |c| NicMetricRecord {
            row: c.row_number,
            start: c.needed("start"),
            nic: c.int("nicId"),
            port: c.int("portId"),
            list: c.int("metricsListId"),
            metric: c.int("metricsIdx"),
            value: c.int("value"),
        })?;
        capture.nic_metric_names = self.table("TARGET_INFO_NETWORK_METRICS", |c| NicMetricNameRecord {
            list: c.int("metricsListId"),
            metric: c.int("metricsIdx"),
            name: c.text("name"),
            unit: c.text("unit"),
        })?;
        capture.nic_names = self.table("TARGET_INFO_NIC_INFO", |c| (c.needed("GUID"), c.needed_text("name")))?;
        Ok(())
    }

    fn check_version(&mut self, version: Option<&str>) {
        let major = version.and_then(|version| version.split('.').next()?.parse().ok());
        if let (Some(version), false) = (version, major.is_some_and(|major| TRIED_MAJOR_VERSIONS.contains(&major))) {
            self.warnings.add(WarningKind::NsysUntriedVersion, SourceId(0), None, || format!("schema {version}"));
        }
    }

    /// Lists the tables that hold no events, reads those that are known by their columns alone, and counts the rows of
    /// those that cannot be read.
    fn note_tables(&mut self, capture: &mut Capture) -> Result<(), IngestError> {
        let mut tables: Vec<(String, bool)> = self
            .tables
            .names
            .iter()
            .filter(|(lower, _)| !TABLES_WITHOUT_EVENTS.iter().any(|start| lower.starts_with(start)))
            .map(|(lower, name)| (name.clone(), self.tables.read.contains(lower)))
            .collect();
        tables.sort();
        for (name, is_read) in tables {
            self.progress.check_cancelled()?;
            // Of what is read, it matters only whether there is anything.
            let rows = if is_read { "(SELECT 1 FROM {} LIMIT 1)" } else { "{}" };
            let sql = format!("SELECT count(*) FROM {}", rows.replace("{}", &quoted(&name)));
            match self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)) {
                Ok(0) => capture.empty_tables.push(name),
                // Damage was noted when the rows were read.
                _ if is_read => {}
                Ok(num_rows) => {
                    let kind = match self.read_other_table(&name, capture)? {
                        OtherContent::Read => continue,
                        OtherContent::Events => WarningKind::NsysUnreadTable,
                        OtherContent::Descriptions => WarningKind::NsysTableNotShown,
                    };
                    self.warnings.add(kind, SourceId(0), None, || format!("`{name}`: {num_rows} rows"));
                    self.warnings.count(kind, (num_rows - 1).max(0) as u64);
                    if kind == WarningKind::NsysUnreadTable {
                        capture.unread_tables.push(name);
                    }
                }
                Err(error) => {
                    let detail = || format!("`{name}`: {error}");
                    self.warnings.add(WarningKind::NsysDamagedTable, SourceId(0), None, detail);
                }
            }
        }
        Ok(())
    }

    /// Reads a table whose columns say when and where its events happened, and says what is in one that is not read.
    fn read_other_table(&mut self, name: &str, capture: &mut Capture) -> Result<OtherContent, IngestError> {
        let damage = |error: rusqlite::Error, warnings: &mut Warnings| {
            let detail = || format!("`{name}`: {error}");
            warnings.add(WarningKind::NsysDamagedTable, SourceId(0), None, detail);
        };
        let columns = match columns_of(self.connection, name) {
            Ok(columns) => columns,
            Err(error) => {
                damage(error, &mut self.warnings);
                return Ok(OtherContent::Read);
            }
        };
        let find = |wanted: &[&str]| {
            wanted.iter().find_map(|wanted| columns.iter().position(|column| column.eq_ignore_ascii_case(wanted)))
        };
        let has_time =
            |column: &String| ["time", "start", "stamp"].iter().any(|word| column.to_ascii_lowercase().contains(word));
        let refused = match columns.iter().any(has_time) {
            true => OtherContent::Events,
            false => OtherContent::Descriptions,
        };
        let (Some(start), end) = (find(&["start", "timestamp"]), find(&["end"])) else { return Ok(refused) };
        let thread = find(&["globalTid"]);
        // What lasts is on a thread; a moment may be a process's.
        let Some(place) = thread.or_else(|| find(&["globalPid"]).filter(|_| end.is_none())) else { return Ok(refused) };
        let name_id = find(&["nameId", "textId"]);
        let text = find(&["name", "text"]);
        let known = [Some(start), end, Some(place), name_id, text, find(&["eventClass"])];
        let others: Vec<usize> = (0..columns.len()).filter(|&index| !known.contains(&Some(index))).collect();
        let table = capture.other_tables.len() as u32;
        let list = columns.iter().map(|column| format!(", {}", quoted(column))).collect::<String>();
        let prepare = |number: &str| self.connection.prepare(&format!("SELECT {number}{list} FROM {}", quoted(name)));
        let num_before = capture.other_events.len();
        let mut read = || -> Result<(), Failure> {
            let mut statement = prepare("rowid").or_else(|_| prepare("NULL"))?;
            let mut rows = statement.query([])?;
            let mut num_rows = 0_i64;
            while let Some(row) = rows.next()? {
                if (num_rows as u64).is_multiple_of(ROWS_PER_CHECK) && self.progress.is_cancelled() {
                    return Err(Failure::Cancelled);
                }
                num_rows += 1;
                let int = |index: usize| match row.get_ref(index + 1) {
                    Ok(ValueRef::Integer(value)) => Some(value),
                    _ => None,
                };
                let row_number = match row.get_ref(0)? {
                    ValueRef::Integer(number) => number,
                    _ => num_rows,
                };
                let (Some(start), Some(thread)) = (int(start), int(place)) else {
                    let place = Some(row_number.max(0) as u64);
                    self.warnings.add(WarningKind::NsysBadRow, SourceId(0), place, || {
                        format!("`{name}` row {row_number} has no usable start or thread")
                    });
                    continue;
                };
                let value = |(place, &index): (usize, &usize)| {
                    let value = match row.get_ref(index + 1).ok()? {
                        ValueRef::Integer(value) => {
                            let is_text = TEXT_COLUMNS.iter().any(|text| columns[index].eq_ignore_ascii_case(text));
                            if is_text { OtherValue::TextId(TextId(value)) } else { OtherValue::Int(value) }
                        }
                        ValueRef::Real(value) => OtherValue::Real(value),
                        ValueRef::Text(bytes) => OtherValue::Text(String::from_utf8_lossy(bytes).into()),
                        // Bytes without a meaning.
                        ValueRef::Null | ValueRef::Blob(_) => return None,
                    };
                    Some((place as u32, value))
                };
                let text = text.and_then(|index| text_of(row.get_ref(index + 1).ok()?).map(Into::into));
                capture.other_events.push(OtherRecord {
                    row: row_number,
                    table,
                    start,
                    end: end.and_then(int),
                    thread: GlobalId(thread),
                    name: name_id.and_then(int).map(TextId),
                    text,
                    values: others.iter().enumerate().filter_map(value).collect(),
                });
            }
            Ok(())
        };
        match read() {
            Ok(()) => {}
            Err(Failure::Cancelled) => return Err(IngestError::Cancelled),
            Err(Failure::Damage(error)) => damage(error, &mut self.warnings),
        }
        let num_read = (capture.other_events.len() - num_before) as u64;
        self.num_events += num_read;
        self.progress.add_events(num_read);
        let columns = others.iter().map(|&index| columns[index].as_str().into()).collect();
        capture.other_tables.push(OtherTable { name: name.into(), columns });
        Ok(OtherContent::Read)
    }
}

/// What is in a table that no description is of.
enum OtherContent {
    /// Events, and they are read now.
    Read,
    /// Events that have no place in a trace.
    Events,
    /// No events.
    Descriptions,
}

/// Names of the columns of a table.
fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA table_info({})", quoted(table)))?;
    let mut rows = statement.query([])?;
    let mut columns = Vec::new();
    while let Some(row) = rows.next()? {
        columns.push(text_of(row.get_ref(1)?).unwrap_or_default().into_owned());
    }
    Ok(columns)
}

fn nvtx_record(c: &mut Cells<'_>) -> NvtxRecord {
    let mut record = NvtxRecord {
        row: c.row_number,
        event_type: c.needed("eventType").try_into().unwrap_or(i32::MAX),
        start: c.needed("start"),
        end: c.int("end"),
        range_id: c.int("rangeId"),
        category: c.int("category"),
        color: c.int("color").map(|color| color as u32),
        text: c.text("text"),
        text_id: c.text_id("textId"),
        thread: c.global("globalTid"),
        end_thread: c.global("endGlobalTid"),
        domain: c.int("domainId"),
        payload: None,
        json_text_id: c.text_id("jsonTextId"),
        json_text: c.text("jsonText"),
        binary_data: c.text("binaryData"),
    };
    // One of these has a value. All are asked for, in one order.
    let payloads = [
        c.int("uint64Value").map(|value| NvtxPayload::U64(value as u64)),
        c.int("int64Value").map(NvtxPayload::I64),
        c.real("doubleValue").map(NvtxPayload::F64),
        c.narrow("uint32Value").map(NvtxPayload::U32),
        c.narrow("int32Value").map(NvtxPayload::I32),
        c.real("floatValue").map(|value| NvtxPayload::F32(value as f32)),
    ];
    record.payload = payloads.into_iter().flatten().next();
    record
}

fn frame_record(c: &mut Cells<'_>) -> FrameRecord {
    FrameRecord {
        row: c.row_number,
        callchain: c.needed("id"),
        depth: c.needed("stackDepth").try_into().unwrap_or(i32::MAX),
        symbol: c.text_id("symbol"),
        module: c.text_id("module"),
        is_kernel_mode: c.bool("kernelMode"),
        is_unresolved: c.bool("unresolved"),
        is_special: c.bool("specialEntry"),
        original_ip: c.int("originalIP"),
        unwind_method: c.narrow("unwindMethod"),
    }
}

enum Failure {
    Cancelled,
    Damage(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Damage(error)
    }
}

/// Calls `visit` for each row of a table: its number, then `columns`, with nothing for those that the table lacks.
fn read_rows(
    connection: &Connection,
    name: &str,
    columns: &[Column],
    warnings: &mut Warnings,
    table: &'static str,
    progress: &Progress,
    mut visit: impl FnMut(&Row<'_>, &mut Warnings),
) -> Result<(), Failure> {
    let found: HashSet<String> =
        columns_of(connection, name)?.into_iter().map(|column| column.to_ascii_lowercase()).collect();
    let mut list = String::new();
    for column in columns {
        if found.contains(&column.name.to_ascii_lowercase()) {
            list.push_str(", ");
            list.push_str(&quoted(column.name));
        } else {
            // A name in quotes that is no column would be a text.
            list.push_str(", NULL");
            if column.is_needed {
                let detail = || format!("`{table}.{}`", column.name);
                warnings.add(WarningKind::NsysMissingColumn, SourceId(0), None, detail);
            }
        }
    }
    let prepare = |number: &str| connection.prepare(&format!("SELECT {number}{list} FROM {}", quoted(name)));
    // A table may be of the kind that has no row numbers.
    let mut statement = prepare("rowid").or_else(|_| prepare("NULL"))?;
    let mut rows = statement.query([])?;
    let mut num_rows = 0u64;
    while let Some(row) = rows.next()? {
        if num_rows.is_multiple_of(ROWS_PER_CHECK) && progress.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        num_rows += 1;
        visit(row, warnings);
    }
    Ok(())
}
