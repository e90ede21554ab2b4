//! Databases with something missing, of another type, cut, or not of Nsight Systems at all.

use std::io::Write;

use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::{IngestError, Progress, ReadOptions, read, read_bytes, read_path};
use kinetoscope_model::{Trace, WarningKind};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use super::drawing::Drawing;

fn count_of(trace: &Trace, kind: WarningKind) -> i64 {
    let rows = trace.stats.rows().filter(|row| trace.text(row.name) == kind.name());
    rows.map(|row| row.value).sum()
}

/// Sizes of the tables, which tell whether anything else than what was touched has changed.
fn sizes(trace: &Trace) -> Vec<(&'static str, usize)> {
    trace.tables().into_iter().map(|table| (table.name(), table.len())).collect()
}

#[test]
fn any_table_may_be_missing() {
    let names = Drawing::full().tables();
    assert!(names.len() > 35, "{names:?}");
    for name in names {
        let drawing = Drawing::full();
        drawing.sql(&format!("DROP TABLE {name}"));
        let trace = read_path(&drawing.path()).unwrap_or_else(|error| panic!("without {name}: {error}"));
        assert_eq!(count_of(&trace, WarningKind::NsysBadRow), 0, "{name}");
        let num_kernels = trace.gpu_ops.len();
        assert_eq!(
            num_kernels,
            if name.ends_with("_KERNEL")
                || name.ends_with("_MEMCPY")
                || name.ends_with("_MEMSET")
                || name.ends_with("GRAPH_TRACE")
            {
                3
            } else {
                4
            },
            "{name}"
        );
    }
}

#[test]
fn any_column_may_be_missing() {
    // Without these a row says nothing, so that all of the table's rows go.
    let needed = |table: &str, column: &str| match column {
        "start" | "end" => !(table == "NVTX_EVENTS" && column == "end"),
        "stackDepth" | "eventType" | "isSchedIn" => true,
        "timestamp" => table == "GPU_METRICS",
        "globalPid" => table == "PROCESSES",
        "nameId" | "globalTid" => table == "ThreadNames",
        "id" => true,
        "text" => table == "DIAGNOSTIC_EVENT",
        "name" => table.starts_with("META_DATA") || table.starts_with("TARGET_INFO_NVTX"),
        "contextId" => table == "TARGET_INFO_CUDA_CONTEXT_INFO",
        "streamId" => table == "TARGET_INFO_CUDA_STREAM",
        "cudaId" => true,
        _ => false,
    };
    let whole = Drawing::full();
    for table in whole.tables() {
        if table.starts_with("ENUM") || table.starts_with("MPI") || table.starts_with("PMU") {
            continue;
        }
        for column in whole.columns(&table) {
            let drawing = Drawing::full();
            let kept: Vec<String> = drawing
                .columns(&table)
                .into_iter()
                .filter(|kept| *kept != column)
                .map(|kept| format!("\"{kept}\""))
                .collect();
            drawing.sql(&format!(
                "CREATE TABLE other AS SELECT {} FROM {table}; DROP TABLE {table}; ALTER TABLE other RENAME TO {table}",
                kept.join(", ")
            ));
            let trace = read_path(&drawing.path()).unwrap_or_else(|error| panic!("{table} without {column}: {error}"));
            let is_needed = needed(&table, &column);
            assert_eq!(count_of(&trace, WarningKind::NsysBadRow) > 0, is_needed, "{table}.{column}");
            assert_eq!(count_of(&trace, WarningKind::NsysMissingColumn), i64::from(is_needed), "{table}.{column}");
        }
    }
}

#[test]
fn a_value_of_the_wrong_type_is_counted_and_the_rest_stays() {
    let drawing = Drawing::full();
    // The types are only hints to sqlite; a text that is no number stays one.
    drawing
        .sql("UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET gridX = 'wide', registersPerThread = 2.5, blockX = -1000000000000");
    let trace = read_path(&drawing.path()).expect("an export");
    assert_eq!(count_of(&trace, WarningKind::NsysBadField), 3);
    let op = trace.gpu_ops.row(0);
    assert_eq!((op.grid_x, op.registers_per_thread, op.block_x, op.grid_y), (None, None, None, Some(2)));
    assert_eq!(sizes(&trace).iter().find(|(name, _)| *name == "gpu_op"), Some(&("gpu_op", 4)));

    drawing.sql("UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET start = 'early'");
    let trace = read_path(&drawing.path()).expect("an export");
    assert_eq!((count_of(&trace, WarningKind::NsysBadRow), trace.gpu_ops.len()), (1, 3));
}

#[test]
fn columns_without_any_type_and_tables_without_row_numbers_are_read() {
    let drawing = Drawing::full();
    drawing.sql(
        "CREATE TABLE other (start, end, eventType, text, globalTid, PRIMARY KEY (start, globalTid)) WITHOUT ROWID;
         INSERT INTO other VALUES (5, 6, 59, 'b', 0x0001000064000064), (1, 2, 59, 'a', 0x0001000064000064);
         DROP TABLE NVTX_EVENTS; ALTER TABLE other RENAME TO NVTX_EVENTS",
    );
    let trace = read_path(&drawing.path()).expect("an export");
    let rows: Vec<_> = trace.nvtx.rows().map(|row| (row.source_row, trace.text_or_empty(row.text))).collect();
    assert_eq!(rows, [(1, "a"), (2, "b")]);
}

#[test]
fn times_that_no_clock_has_are_left_out() {
    let drawing = Drawing::full();
    drawing.sql(
        "INSERT INTO NVTX_EVENTS (start, end, eventType, text, globalTid) VALUES
         (-5, 5, 59, 'early', 0x0001000064000064), (9223372036854775807, 9223372036854775807, 59, 'never', 0x0001000064000064),
         (50, 40, 59, 'backwards', 0x0001000064000064)",
    );
    let trace = read_path(&drawing.path()).expect("an export");
    assert_eq!(count_of(&trace, WarningKind::TimeOutOfRange), 1);
    assert_eq!(count_of(&trace, WarningKind::NegativeDuration), 1);
    assert_eq!((trace.nvtx.len(), trace.slices.ts.get(0)), (8, 0));
    assert_eq!(trace.clock.file_offset_ns, -5);
}

#[test]
fn texts_and_event_types_that_are_not_known_are_counted() {
    let drawing = Drawing::full();
    drawing.sql(
        "INSERT INTO NVTX_EVENTS (start, end, eventType, text, globalTid) VALUES (5, 6, 9999, 'new', 0x0001000064000064);
         UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET demangledName = 424242",
    );
    let trace = read_path(&drawing.path()).expect("an export");
    assert_eq!(count_of(&trace, WarningKind::NsysUnknownEvent), 1);
    assert_eq!(count_of(&trace, WarningKind::NsysMissingText), 1);
    assert_eq!(trace.text(trace.slices.name.get(trace.gpu_ops.slice_id.get(0).index())), "scale");
}

#[test]
fn a_database_of_something_else_is_no_trace() {
    let drawing = Drawing::empty();
    drawing.sql("CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('Ada')");
    match read_path(&drawing.path()) {
        Err(IngestError::WrongFormat { looks_like, hint, .. }) => {
            assert_eq!(looks_like, "an SQLite database without the tables of Nsight Systems");
            assert!(hint.is_some());
        }
        other => panic!("{:?}", other.map(|trace| trace.slices.len())),
    }
    // Views could run for ever, so a name alone is not enough.
    let drawing = Drawing::empty();
    drawing.sql(
        "CREATE VIEW StringIds AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 'x' AS value FROM n",
    );
    assert!(matches!(read_path(&drawing.path()), Err(IngestError::WrongFormat { .. })));
}

#[test]
fn nothing_appears_beside_the_database() {
    let drawing = Drawing::full();
    let list = || std::fs::read_dir(drawing.path().parent().expect("it has one")).expect("a folder").count();
    let (before, bytes) = (list(), drawing.bytes());
    read_path(&drawing.path()).expect("an export");
    assert_eq!((list(), drawing.bytes() == bytes), (before, true));
}

#[test]
fn names_that_are_special_in_addresses_are_only_names() {
    let drawing = Drawing::full();
    for name in ["a b.sqlite", "what?mode=rw.sqlite", "50%20.sqlite", "x#y.sqlite", "ü.sqlite"] {
        let path = drawing.path().with_file_name(name);
        std::fs::copy(drawing.path(), &path).expect("it can be copied");
        let trace = read_path(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(trace.gpu_ops.len(), 4, "{name}");
    }
}

#[test]
fn a_packed_database_is_the_same_trace() {
    let drawing = Drawing::full();
    let bytes = drawing.bytes();
    let expected = sizes(&read_path(&drawing.path()).expect("an export"));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).expect("it takes all");
    let gzip = gzip.finish().expect("it takes all");
    let zstd = zstd::encode_all(&bytes[..], 1).expect("it takes all");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    tar.append_data(&mut header, "run/report1.sqlite", &bytes[..]).expect("it takes all");
    let tar = tar.into_inner().expect("it takes all");
    for (format, packed) in [
        ("nsys sqlite", bytes.clone()),
        ("gzip, nsys sqlite", gzip),
        ("zstd, nsys sqlite", zstd),
        ("tar, nsys sqlite", tar),
    ] {
        let trace = read_bytes("packed", packed).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert_eq!(trace.text(trace.sources.format.get(0)), format);
        assert_eq!(trace.sources.unpacked_bytes.get(0), bytes.len() as i64, "{format}");
        assert_eq!(sizes(&trace), expected, "{format}");
    }
}

#[test]
fn a_database_that_was_cut_gives_what_is_left_or_says_why_not() {
    let bytes = Drawing::full().bytes();
    let mut num_read = 0;
    for len in (0..bytes.len()).step_by(1024) {
        match read_bytes("cut.sqlite", &bytes[..len]) {
            Ok(trace) => {
                num_read += 1;
                assert_eq!(count_of(&trace, WarningKind::Truncated), 1, "{len} of {} bytes", bytes.len());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    assert!(num_read > 0, "a database cut near its end still has rows");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_database_with_changed_bytes_is_read_or_refused(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let mut bytes = FULL.with(Clone::clone);
        for (place, value) in changes {
            // Behind the header, which everybody checks.
            let at = 100 + place.index(bytes.len() - 100);
            bytes[at] = value;
        }
        match read_bytes("changed.sqlite", bytes) {
            Ok(trace) => prop_assert!(trace.slices.ts.values().is_sorted()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

thread_local! {
    static FULL: Vec<u8> = Drawing::full().bytes();
}

#[test]
fn a_folder_may_hold_databases_of_other_programs() {
    let other = Drawing::empty();
    other.sql("CREATE TABLE people (name TEXT)");
    let capture = Drawing::full();
    let inputs = [&other, &capture]
        .map(|drawing| FoundInput { input: Input::File(drawing.path()), folder: Some("runs".to_owned()) });
    let trace = read(&inputs, &ReadOptions::default(), &Progress::default()).expect("one is a capture");
    assert_eq!((trace.gpu_ops.len(), count_of(&trace, WarningKind::SkippedFile)), (4, 1));
}
