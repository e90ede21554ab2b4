//! Any bytes as a report of Nsight Systems: reading ends, numbers its rows as they come, does not depend on how large the
//! pieces are that the bytes come in, and what was read becomes a trace in order of time.
//!
//! Lengths and packing keep random bytes away from the events, so what does not begin as a report is put into one: the
//! first byte says as which of its parts.

#![no_main]

use kinetoscope_ingest::nsys::capture::Capture;
use kinetoscope_ingest::nsys::report::{ReportLimits, read_report};
use kinetoscope_ingest::{IngestError, Progress, read_bytes};
use libfuzzer_sys::fuzz_target;

/// Small, so that a bomb goes off at once.
const LIMITS: ReportLimits = ReportLimits { max_unpacked_bytes: 1 << 24 };

const HEADER: &[u8] = b"NVIDIA Tegra Profiler Report";

fuzz_target!(|data: &[u8]| {
    let report = if data.starts_with(HEADER) { data.to_vec() } else { report_with(data) };
    let whole = outcome(&report, usize::MAX);
    assert_eq!(outcome(&report, 1), whole, "read a byte at a time");
    if let Ok(capture) = read(&report, usize::MAX) {
        check(&capture);
    }
    if let Ok(trace) = read_bytes("input", report) {
        assert!(trace.slices.ts.values().is_sorted());
        assert!(trace.launches.rows().all(|launch| launch.gpu_slice_id.index() < trace.slices.len()));
    }
});

fn read(bytes: &[u8], piece_bytes: usize) -> Result<Capture, IngestError> {
    let mut rest = bytes;
    let mut source = |buffer: &mut [u8]| {
        let len = rest.len().min(buffer.len()).min(piece_bytes);
        buffer[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        Ok(len)
    };
    read_report("input", &mut source, LIMITS, &Progress::default())
}

/// What a reading comes to, as text.
fn outcome(bytes: &[u8], piece_bytes: usize) -> Result<String, String> {
    let capture = read(bytes, piece_bytes).map_err(|error| error.to_string())?;
    let strings: Vec<_> = capture.strings.iter().map(|(id, text)| (id, text.to_owned())).collect();
    let rest = Capture { strings: Default::default(), ..capture };
    Ok(format!("{strings:?} {rest:?}"))
}

/// Panics when rows are not numbered as they come, or a stack is not that of a call.
fn check(capture: &Capture) {
    macro_rules! check_rows {
        ($($table:ident),*) => {
            $(assert!(capture.$table.iter().map(|record| record.row).eq(1..=capture.$table.len() as i64));)*
        };
    }
    check_rows!(
        processes,
        thread_names,
        kernels,
        memcpys,
        memsets,
        syncs,
        cuda_events,
        graph_traces,
        graph_events,
        graph_node_events,
        api_calls,
        cupti_overheads,
        profiler_overheads,
        nvtx,
        osrt_calls,
        osrt_frames,
        cuda_frames,
        sampling_frames,
        sched_events,
        samples,
        diagnostics,
        gpus,
        cuda_devices,
        contexts,
        streams,
        system_env,
        capture_metadata,
        process_streams
    );
    assert!(capture.osrt_frames.is_sorted_by_key(|frame| (frame.callchain, frame.depth)));
    assert!(capture.sampling_frames.is_sorted_by_key(|frame| (frame.callchain, frame.depth)));
    assert!(capture.samples.iter().map(|sample| sample.id).eq(1..=capture.samples.len() as i64));
}

/// A report with `data` as one of its parts.
fn report_with(data: &[u8]) -> Vec<u8> {
    let (&part, data) = data.split_first().unwrap_or((&0, &[]));
    let in_part = |number| if part % 5 == number { data } else { &[] };
    let mut report = [HEADER, b" 2031@2@3@4-5v0.\nQDTEXT00"].concat();
    report.extend(with_length(in_part(0)));
    report.extend(with_length(b"\x08\x00"));
    report.extend(packed(in_part(1)));
    report.extend(packed(in_part(2)));
    report.extend(with_length(in_part(3)));
    report.extend(with_length(in_part(4)));
    report
}

/// A block of literals.
fn packed(message: &[u8]) -> Vec<u8> {
    let unpacked = with_length(message);
    let mut packed = Vec::new();
    match unpacked.len().checked_sub(15) {
        None => packed.push((unpacked.len() as u8) << 4),
        Some(mut rest) => {
            packed.push(0xf0);
            while rest >= 255 {
                packed.push(255);
                rest -= 255;
            }
            packed.push(rest as u8);
        }
    }
    packed.extend(&unpacked);
    [varint(packed.len()), varint(unpacked.len()), packed].concat()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&varint(bytes.len())[..], bytes].concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
