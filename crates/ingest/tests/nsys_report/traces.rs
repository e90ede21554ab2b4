//! The same capture as a report and as a database is the same trace.

use kinetoscope_ingest::{read_bytes, read_path};
use kinetoscope_model::column::{Cell, ColumnData, ColumnKind};
use kinetoscope_model::table::NvtxType;
use kinetoscope_model::{ArgSetId, StringId, Trace, WarningKind};

use super::pairs::real_captures;
use super::writer::{Message, Report, call, event, global, gpu_work, message, sample};

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

/// Events of all kinds on three threads and a stream, in no order of time.
fn scrambled_events() -> Vec<Message> {
    let mut state = 7_u64;
    let mut random = move |below: i64| {
        // Knuth's generator; its upper bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64 % below
    };
    let frame = |symbol| message().int(1, symbol).int(2, 1).int(8, 4096 + symbol);
    (0..400)
        .map(|index| {
            let (start, len, tid) = (random(100_000), random(500), 23 + random(3));
            let nvtx = |kind| {
                message().int(1, kind).int(2, start).int(9, global(22, tid)).int(13, 1).int(14, 1).text(7, "range")
            };
            match index % 10 {
                0 => event(59, 102, &nvtx(59).int(10, start + 10 * len)),
                1 => event(60, 102, &nvtx(60).int(10, start + 20 * len).int(11, global(22, 99)).int(4, index)),
                2 => event(34, 102, &nvtx(34)),
                3 => event(48, 108, &call(27, start, start + len, 8).message(15, &frame(random(3) + 2))),
                4 => event(48, 108, &call(0, start, start + len, 7).int(3, index)),
                5 => {
                    let kernel = message().int(1, 4).int(2, 5);
                    event(79, 107, &gpu_work(start, start + len, index - 1).message(101, &kernel))
                }
                6 => event(
                    41,
                    106,
                    &message().int(1, start).int(3, 1).int(4, random(2)).int(5, 2).int(6, global(22, tid)).int(7, 1),
                ),
                7 => {
                    let sample = message().int(1, start).int(3, 0).message(4, &frame(random(3) + 2));
                    event(31, 104, &sample.int(6, 1).int(11, global(22, tid)).int(12, 1))
                }
                8 => event(48, 108, &call(29, start, start + len, 9)),
                _ => event(48, 108, &call(28, start, start + len, 9)),
            }
        })
        .collect()
}

/// Rows are decoded anew while slices are placed, some blocks at a time. Of one block all rows are at hand at once, which
/// needs none of that.
#[test]
fn how_events_are_divided_into_blocks_does_not_matter() {
    let events = scrambled_events();
    let domain = |start| {
        let name = message().int(1, 75).int(2, start).int(9, global(22, 23)).int(13, 1).text(7, "late");
        event(75, 102, &name)
    };
    // Named after everything that is of it, in the last block.
    let events: Vec<_> = events.into_iter().chain([domain(200_000)]).collect();
    let read = |events_per_block: usize| {
        let blocks = events.chunks(events_per_block).map(<[Message]>::to_vec).collect();
        let report = Report { blocks, ..sample() };
        read_bytes("scrambled", report.bytes()).unwrap()
    };
    let whole = read(events.len());
    assert!(whole.slices.len() > 300 && whole.slices.ts.values().is_sorted());
    assert_eq!((whole.launches.len(), whole.nvtx.len()), (40, 121));
    assert!(
        whole.nvtx.rows().all(|row| row.r#type == NvtxType::DomainCreate || whole.text_or_empty(row.domain) == "late")
    );
    let expected = tables(&whole);
    for events_per_block in [1, 7, 150] {
        for (found, expected) in tables(&read(events_per_block)).iter().zip(&expected) {
            // The input has another length.
            if found.0 != "source" {
                assert_eq!(found, expected, "{events_per_block} events a block");
            }
        }
    }
}
