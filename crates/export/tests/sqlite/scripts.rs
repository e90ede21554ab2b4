//! What NVIDIA's report scripts ask of a database: tables, columns, types, joins and words.

use std::collections::BTreeSet;

use kinetoscope_export::Options;
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_ingest::read_bytes;
use kinetoscope_testkit::draw::{Drawing, Glyph};
use rusqlite::Connection;

use super::written::{capture, read_files, write_and_read};

/// Tables and columns that the reports of nsys 2023.4 need for LLM work.
const NEEDED: &[(&str, &[&str])] = &[
    ("StringIds", &["id", "value"]),
    ("PROCESSES", &["globalPid", "pid", "name"]),
    ("ThreadNames", &["nameId", "priority", "globalTid"]),
    ("TARGET_INFO_GPU", &["id", "name", "uuid", "computeMajor", "smCount", "totalMemory"]),
    ("META_DATA_EXPORT", &["name", "value"]),
    ("ANALYSIS_DETAILS", &["globalVid", "duration", "startTime", "stopTime"]),
    ("TARGET_INFO_SESSION_START_TIME", &["utcEpochNs", "utcTime", "localTime"]),
    ("ENUM_CUDA_MEMCPY_OPER", &["id", "name", "label"]),
    ("ENUM_CUDA_MEM_KIND", &["id", "name", "label"]),
    ("ENUM_NSYS_EVENT_TYPE", &["id", "name", "label"]),
    ("ENUM_CUPTI_SYNC_TYPE", &["id", "name", "label"]),
    (
        "CUPTI_ACTIVITY_KIND_KERNEL",
        &[
            "start",
            "end",
            "deviceId",
            "contextId",
            "greenContextId",
            "streamId",
            "correlationId",
            "globalPid",
            "demangledName",
            "shortName",
            "mangledName",
            "registersPerThread",
            "gridX",
            "gridY",
            "gridZ",
            "blockX",
            "blockY",
            "blockZ",
            "staticSharedMemory",
            "dynamicSharedMemory",
            "graphNodeId",
        ],
    ),
    (
        "CUPTI_ACTIVITY_KIND_MEMCPY",
        &[
            "start",
            "end",
            "deviceId",
            "contextId",
            "greenContextId",
            "streamId",
            "correlationId",
            "globalPid",
            "bytes",
            "copyKind",
            "srcKind",
            "dstKind",
            "srcDeviceId",
            "dstDeviceId",
            "virtualAddress",
        ],
    ),
    (
        "CUPTI_ACTIVITY_KIND_MEMSET",
        &["start", "end", "deviceId", "streamId", "correlationId", "globalPid", "value", "bytes", "memKind"],
    ),
    (
        "CUPTI_ACTIVITY_KIND_RUNTIME",
        &["start", "end", "eventClass", "globalTid", "correlationId", "nameId", "returnValue", "callchainId"],
    ),
    ("CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", &["start", "end", "syncType", "streamId", "globalPid", "eventId"]),
    (
        "NVTX_EVENTS",
        &[
            "start",
            "end",
            "eventType",
            "rangeId",
            "category",
            "color",
            "text",
            "globalTid",
            "endGlobalTid",
            "textId",
            "domainId",
            "jsonTextId",
            "jsonText",
        ],
    ),
    ("PROFILER_OVERHEAD", &["start", "end", "globalTid", "nameId", "returnValue"]),
    ("OSRT_API", &["start", "end", "eventClass", "globalTid", "nameId", "returnValue", "nestingLevel", "callchainId"]),
];

fn columns(database: &Connection, table: &str) -> BTreeSet<String> {
    let mut statement = database.prepare("SELECT name FROM pragma_table_info(?1)").expect("a pragma");
    statement.query_map([table], |row| row.get(0)).and_then(Iterator::collect).expect("names")
}

fn one<T: rusqlite::types::FromSql>(database: &Connection, sql: &str) -> T {
    database.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[test]
fn a_capture_has_every_table_and_column_that_reports_ask_for() {
    let names = ["fuser-matmul-h200.sqlite", "cpu_demo.sqlite"];
    let paths: Vec<_> = names.iter().filter_map(|name| capture(name)).collect();
    if paths.len() < names.len() {
        println!("skipped: tables that reports ask for (there are no captures beside the repository)");
        return;
    }
    let written: Vec<_> = paths
        .iter()
        .map(|path| write_and_read(&read_files(&[path], PrivateData::LeftOut), &Options::default()))
        .collect();
    for (table, needed) in NEEDED {
        let found: Vec<BTreeSet<String>> = written
            .iter()
            .map(|written| columns(&Connection::open(written.file.path()).expect("a database"), table))
            .filter(|columns| !columns.is_empty())
            .collect();
        assert!(!found.is_empty(), "no database has {table}");
        for columns in found {
            let missing: Vec<_> = needed.iter().filter(|column| !columns.contains(**column)).collect();
            assert!(missing.is_empty(), "{table} lacks {missing:?}");
        }
    }
}

/// What scripts do with the columns: sums of times by the texts of names, launches by correlation and process, labels of
/// enums. The expected numbers are counted in the drawing, whose columns are microseconds.
#[test]
fn scripts_find_what_the_drawing_shows() {
    let json = Drawing::new(&[
        "cpu main    sssssssssss..........",
        "cpu main/1  .l..c................",
        "gpu 0/7     ....AAAA.............",
        "gpu 0/9     .........CC..........",
    ])
    .letter('s', Glyph::annotation("step 1"))
    .letter('A', Glyph::kernel("void gemm<float>(int)").arg("registers per thread", 168))
    .letter('C', Glyph::copy("HtoD (Pinned -> Device)", 4_096))
    .launches('l', "A")
    .launches('c', "C")
    .to_json();
    let trace = read_bytes("drawn.json", json.into_bytes()).expect("a trace");
    let written = write_and_read(&trace, &Options::default());
    let database = Connection::open(written.file.path()).expect("a database");
    let sum = "SELECT s.value || ' ' || sum(end - start) FROM CUPTI_ACTIVITY_KIND_KERNEL JOIN StringIds s ON s.id =";
    assert_eq!(one::<String>(&database, &format!("{sum} demangledName")), "void gemm<float>(int) 4000");
    assert_eq!(one::<String>(&database, &format!("{sum} shortName")), "gemm 4000");
    assert_eq!(
        one::<i64>(
            &database,
            "SELECT k.start - r.start FROM CUPTI_ACTIVITY_KIND_KERNEL k JOIN CUPTI_ACTIVITY_KIND_RUNTIME r \
             ON r.correlationId = k.correlationId AND r.globalTid / 0x1000000 = k.globalPid / 0x1000000"
        ),
        3_000
    );
    assert_eq!(
        one::<String>(
            &database,
            "SELECT e.label || ', ' || s.label || ' to ' || d.label || ', ' || m.bytes FROM CUPTI_ACTIVITY_KIND_MEMCPY m \
             JOIN ENUM_CUDA_MEMCPY_OPER e ON e.id = copyKind JOIN ENUM_CUDA_MEM_KIND s ON s.id = srcKind \
             JOIN ENUM_CUDA_MEM_KIND d ON d.id = dstKind"
        ),
        "Host-to-Device, Pinned to Device, 4096"
    );
    assert_eq!(
        one::<String>(
            &database,
            "SELECT coalesce(n.text, s.value) || ' ' || (n.end - n.start) || ' ' || t.label FROM NVTX_EVENTS n \
             LEFT JOIN StringIds s ON s.id = n.textId JOIN ENUM_NSYS_EVENT_TYPE t ON t.id = n.eventType"
        ),
        "step 1 11000 NvtxPushPopRange"
    );
    assert_eq!(one::<String>(&database, "SELECT name FROM TARGET_INFO_GPU WHERE id = 0"), "NVIDIA H100 80GB HBM3");
    let version = "SELECT value FROM META_DATA_EXPORT WHERE name = 'EXPORT_SCHEMA_VERSION'";
    assert_eq!(one::<String>(&database, version), "3.7.2");
    let lazy = "SELECT count(*) FROM sqlite_master WHERE name = 'CUPTI_ACTIVITY_KIND_MEMSET'";
    assert_eq!(one::<i64>(&database, lazy), 0, "a table without rows is not there");
}
