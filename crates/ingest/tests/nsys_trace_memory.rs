//! How much memory a trace takes while it is made of a large report. A process of its own, because it looks at its own
//! peak.

mod large_report;

use std::fs;

use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::{Progress, ReadOptions, read};
use kinetoscope_model::column::ColumnData;

use self::large_report::{peak_bytes, varint, with_length};

/// A call of the OS runtime: type 48, and in payload 108 start 1, end 2, class 27, name 0, thread 23 of process 22.
fn call(start: u64) -> Vec<u8> {
    let times = [&b"\x08"[..], &varint(start), b"\x10", &varint(start + 5)].concat();
    let call = [&times[..], b"\x18\x00\x30\x1b\x38\x00\x40\x00\x68\x97\x80\x80\xb0\x81\x80\x40"].concat();
    [&b"\x08\x30\xe2\x06"[..], &with_length(&call)].concat()
}

/// A million calls, whose rows would take three times the memory of the trace that is made of them.
#[test]
fn a_trace_takes_little_more_memory_than_itself_while_it_is_made() {
    const NUM_BLOCKS: u64 = 143;
    const NUM_EVENTS: u64 = 7000;
    let mut report = b"NVIDIA Tegra Profiler Report 2023@4@4@54-1v0.\nQDTEXT00\0".to_vec();
    report.extend(with_length(&[&b"\x08"[..], &varint(NUM_BLOCKS * NUM_EVENTS)].concat()));
    for block in 0..NUM_BLOCKS {
        let mut events = Vec::new();
        for index in 0..NUM_EVENTS {
            events.extend([&b"\x0a"[..], &with_length(&call(10 * (block * NUM_EVENTS + index)))].concat());
        }
        let block = with_length(&events);
        let packed = lz4_flex::block::compress(&block);
        report.extend([&varint(packed.len() as u64)[..], &varint(block.len() as u64), &packed].concat());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.nsys-rep");
    fs::write(&path, &report).unwrap();
    drop(report);
    let input = FoundInput { input: Input::File(path), folder: None };
    let trace = read(&[input], &ReadOptions::default(), &Progress::default()).unwrap();
    assert_eq!(
        (trace.slices.len() as u64, trace.osrt.len() as u64),
        (NUM_BLOCKS * NUM_EVENTS, NUM_BLOCKS * NUM_EVENTS)
    );
    let num_bytes = |column: &ColumnData| match column {
        ColumnData::U32(values) => 4 * values.len(),
        ColumnData::I64(values) => 8 * values.len(),
        ColumnData::F64(values) => 8 * values.len(),
    };
    let of_trace: usize =
        trace.tables().iter().flat_map(|table| table.columns()).map(|column| num_bytes(&column)).sum();
    let Some(peak) = peak_bytes() else {
        println!("skipped: the system does not tell the peak of a process");
        return;
    };
    println!("{} megabytes at the peak, {} of them the trace", peak >> 20, of_trace >> 20);
    // Blocks that are in work and their rows, the packed report twice, and the rest of the process.
    assert!(peak < of_trace as u64 + (100 << 20), "{} megabytes for {}", peak >> 20, of_trace >> 20);
}
