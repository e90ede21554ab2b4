//! The same capture as a report and as a database is the same trace.

use kinetoscope_ingest::{read_bytes, read_path};
use kinetoscope_model::column::{Cell, ColumnData, ColumnKind};
use kinetoscope_model::{ArgSetId, StringId, Trace, WarningKind};

use super::pairs::real_captures;
use super::writer::sample;

/// Every table as text, a line a column, with strings and arguments instead of their numbers.
fn tables(trace: &Trace) -> Vec<(&'static str, Vec<String>)> {
    let text = |trace: &Trace, is_text: bool, name: &str, column: &ColumnData| match column {
        ColumnData::U32(values) if is_text => {
            let text = |&value: &u32| Option::<StringId>::from_native(value).map(|id| trace.strings.get(id).to_owned());
            format!("{:?}", values.iter().map(text).collect::<Vec<_>>())
        }
        ColumnData::U32(values) if name == "arg_set_id" => {
            let set = |&value: &u32| trace.args.set(ArgSetId(value)).collect::<Vec<_>>();
            format!("{:?}", values.iter().map(set).collect::<Vec<_>>())
        }
        ColumnData::U32(values) => format!("{:?}", &values[..]),
        ColumnData::I64(values) => format!("{:?}", &values[..]),
        // Bits, since "none" is one of many NaNs.
        ColumnData::F64(values) => format!("{:x?}", values.iter().map(|value| value.to_bits()).collect::<Vec<_>>()),
    };
    let of_table = |table: &dyn kinetoscope_model::table::Table| {
        let columns = table.columns();
        let specs = table.specs().iter().zip(&columns);
        specs
            .map(|(spec, column)| {
                format!("{}: {}", spec.name, text(trace, spec.kind == ColumnKind::Text, spec.name, column))
            })
            .collect()
    };
    trace.tables().into_iter().map(|table| (table.name(), of_table(table))).collect()
}

/// What a report has beyond its export, or says of itself: its path and size, options and versions, what the recorder
/// had to say before exports held it.
const OF_THE_CONTAINER: &[&str] = &["source", "metadata", "stats", "import_log", "diagnostic"];

#[test]
fn a_report_and_its_export_are_the_same_trace() {
    let Some(folder) = real_captures() else { return };
    for name in ["cpu_demo", "cpu_demo_sampled"] {
        let report = read_path(&folder.join(format!("{name}.nsys-rep"))).unwrap();
        let export = read_path(&folder.join(format!("{name}.sqlite"))).unwrap();
        assert!(report.slices.len() > 11_000, "{name}: {}", report.slices.len());
        let (report, export) = (tables(&report), tables(&export));
        assert_eq!(report.len(), export.len());
        for ((table, found), (_, expected)) in report.iter().zip(&export) {
            if OF_THE_CONTAINER.contains(table) {
                continue;
            }
            for (found, expected) in found.iter().zip(expected) {
                if found == expected {
                    continue;
                }
                let at = found.bytes().zip(expected.bytes()).take_while(|(found, expected)| found == expected).count();
                let around = |text: &str| {
                    let from = at.saturating_sub(60);
                    String::from_utf8_lossy(&text.as_bytes()[from..text.len().min(at + 60)]).into_owned()
                };
                panic!("{name}: {table}.\n{}\nand in the export\n{}", around(found), around(expected));
            }
        }
    }
}

fn num_truncated(trace: &Trace) -> i64 {
    let name = WarningKind::Truncated.name();
    trace.stats.rows().filter(|row| trace.text(row.name) == name).map(|row| row.value).sum()
}

#[test]
fn a_report_is_recognised_by_its_first_bytes() {
    let bytes = sample().bytes();
    let trace = read_bytes("no-name", bytes.clone()).unwrap();
    assert_eq!(trace.sources.len(), 1);
    assert_eq!(num_truncated(&trace), 0);
    // Packed like any other input, and cut.
    let packed = zstd::encode_all(&bytes[..], 3).unwrap();
    assert_eq!(read_bytes("packed", packed).unwrap().slices.len(), trace.slices.len());
    let cut = read_bytes("cut", &bytes[..bytes.len() - 30]).unwrap();
    assert_eq!(num_truncated(&cut), 1);
}
