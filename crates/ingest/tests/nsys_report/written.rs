//! Small reports that are written here: what becomes of everything in them.

use kinetoscope_ingest::nsys::capture::{Capture, GlobalId, NvtxPayload, TextId};
use kinetoscope_ingest::nsys::report::{ReportLimits, read_report, read_report_in_parts};
use kinetoscope_ingest::{IngestError, Progress};

use super::reading::{LIMITS, read, read_in_pieces, warnings};
use super::writer::{Message, Packing, Report, call, event, global, gpu_work, message, sample};

/// Everything of a capture as text.
pub(crate) fn dump(capture: &Capture) -> String {
    let strings: Vec<_> = capture.strings.iter().collect();
    let rest = Capture { strings: Default::default(), ..capture.clone() };
    format!("{strings:?} {rest:#?}")
}

#[test]
fn everything_in_a_report_becomes_a_row() {
    let capture = read(&sample().bytes()).unwrap();
    assert_eq!(warnings(&capture), Vec::<String>::new());
    assert_eq!(capture.num_events, 16);
    assert_eq!(capture.about.recorder_version.as_deref(), Some("2031.2.3.45"));
    // 500 after the start, which lies 1 before the host's zero, 1000 after UTC's: the offsets lead the other way.
    assert_eq!(capture.about.utc_epoch_ns, Some(500 + 1 + 1000));
    assert_eq!(capture.about.local_time.as_deref(), Some("1970-01-01T00:00:00"));
    assert_eq!(capture.analyses[0].duration, Some(400));

    assert_eq!(capture.strings.get(TextId(7)), Some("cudaLaunchKernel_v7000"));
    let process = &capture.processes[0];
    assert_eq!((process.row, process.pid, process.name.as_deref()), (1, Some(22), Some("demo")));
    let name = &capture.thread_names[0];
    assert_eq!((name.name, name.priority, name.thread), (TextId(9), Some(20), GlobalId(global(22, 23))));

    let kernel = &capture.kernels[0];
    assert_eq!((kernel.place.start, kernel.place.end, kernel.place.correlation), (200, 260, Some(11)));
    assert_eq!((kernel.grid, kernel.block), ([Some(2), Some(3), Some(4)], [Some(5), Some(6), Some(7)]));
    assert_eq!((kernel.short_name, kernel.registers_per_thread), (Some(TextId(5)), Some(40)));
    assert_eq!((capture.memcpys[0].bytes, capture.memcpys[0].dst_kind), (Some(77), Some(2)));
    assert_eq!((capture.memsets[0].value, capture.memsets[0].bytes), (Some(9), Some(64)));
    assert_eq!((capture.syncs[0].event, capture.syncs[0].sync_type), (Some(3), Some(4)));
    assert_eq!((capture.cuda_events[0].event, capture.cuda_events[0].correlation), (Some(3), Some(15)));

    let range = &capture.nvtx[0];
    assert_eq!((range.end, range.text.as_deref(), range.color), (Some(450), Some("step"), Some(0xff00_ff00)));
    assert_eq!(range.payload, Some(NvtxPayload::I64(-7)));
    assert_eq!((capture.nvtx[1].text_id, capture.nvtx[1].payload), (Some(TextId(5)), Some(NvtxPayload::F64(0.5))));
    assert!(capture.sched_events[0].is_sched_in);
    assert_eq!((capture.samples[0].id, capture.samples[0].cpu_cycles), (1, Some(1000)));
    let diagnostic = &capture.diagnostics[0];
    assert_eq!((diagnostic.timestamp, diagnostic.severity, &*diagnostic.text), (Some(-5), Some(2), "look out"));

    assert_eq!((capture.gpus[0].num_sms, capture.gpus[0].vm_id), (Some(132), Some(1 << 48)));
    assert_eq!((capture.cuda_devices[0].pid, capture.contexts[0].context), (Some(22), 1));
    assert_eq!((capture.streams[0].stream, capture.streams[0].flag), (7, Some(3)));
    assert_eq!(capture.process_streams[0].file_name, Some(TextId(8)));
}

/// Stacks are numbered over all blocks, in the order of the calls that have one.
#[test]
fn rows_and_stacks_are_numbered_across_blocks() {
    let capture = read(&sample().bytes()).unwrap();
    let calls: Vec<_> = capture.osrt_calls.iter().map(|call| (call.row, call.start, call.callchain)).collect();
    assert_eq!(calls, [(1, 120, Some(1)), (2, 121, Some(0)), (3, 140, Some(2))]);
    let frames: Vec<_> = capture
        .osrt_frames
        .iter()
        .map(|frame| (frame.row, frame.callchain, frame.depth, frame.original_ip, frame.is_unresolved))
        .collect();
    let (inner, outer) = ((Some(0x10), None), (Some(0x20), Some(true)));
    let expected = [(1, 1, 0, inner), (2, 1, 1, outer), (3, 2, 0, inner), (4, 2, 1, outer)]
        .map(|(row, stack, depth, (ip, unresolved))| (row, stack, depth, ip, unresolved));
    assert_eq!(frames, expected);
    // A CUDA call without a stack has none, where one of the OS runtime has number 0.
    assert_eq!(capture.api_calls[0].callchain, None);
}

#[test]
fn stacks_of_cuda_calls_and_samples_have_numbers_of_their_own() {
    let frame = message().int(1, 2).int(2, 1).int(8, 16);
    let cuda = |start| event(48, 108, &call(1, start, start + 1, 7).message(15, &frame));
    let osrt = |start| event(48, 108, &call(27, start, start + 1, 8).message(15, &frame));
    let taken = |time| event(31, 104, &message().int(1, time).message(4, &frame).message(4, &frame));
    let blank = |time| event(31, 104, &message().int(1, time));
    let report = Report {
        blocks: vec![vec![osrt(1), cuda(2), taken(3)], vec![blank(4), taken(5), cuda(6)]],
        ..Report::default()
    };
    let capture = read(&report.bytes()).unwrap();
    assert_eq!(capture.api_calls.iter().map(|call| call.callchain).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(capture.cuda_frames.iter().map(|frame| frame.callchain).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(capture.osrt_frames.iter().map(|frame| frame.callchain).collect::<Vec<_>>(), [1]);
    // The stack of a sample has the number of the sample, whether those before it have one or not.
    assert_eq!(capture.samples.iter().map(|sample| sample.id).collect::<Vec<_>>(), [1, 2, 3]);
    let frames: Vec<_> = capture.sampling_frames.iter().map(|frame| (frame.callchain, frame.depth)).collect();
    assert_eq!(frames, [(1, 0), (1, 1), (3, 0), (3, 1)]);
}

/// cuBLAS's calls come before cuDNN's, and each has row numbers of its own.
#[test]
fn calls_of_libraries_are_two_tables() {
    let library = |class, start| event(48, 108, &call(class, start, start + 1, 7));
    let blocks = vec![vec![library(28, 1), library(29, 2)], vec![library(28, 3), library(29, 4)]];
    let capture = read(&Report { blocks, ..Report::default() }.bytes()).unwrap();
    let calls: Vec<_> = capture.library_calls.iter().map(|call| (call.event_class, call.row, call.start)).collect();
    assert_eq!(calls, [(Some(29), 1, 2), (Some(29), 2, 4), (Some(28), 1, 1), (Some(28), 2, 3)]);
}

/// A process that runs another program is known by what it became, at the place where it was.
#[test]
fn a_process_has_one_row() {
    let process = |pid, name| event(27, 113, &message().int(2, global(pid, 0)).text(5, name));
    let blocks = vec![vec![process(5, "/bin/sh"), process(6, "six")], vec![process(5, "/bin/python")]];
    let capture = read(&Report { blocks, ..Report::default() }.bytes()).unwrap();
    let processes: Vec<_> = capture.processes.iter().map(|process| (process.row, process.name.as_deref())).collect();
    assert_eq!(processes, [(1, Some("/bin/python")), (2, Some("six"))]);
}

#[test]
fn what_is_unknown_is_counted_with_the_version_of_the_recorder() {
    let blocks = vec![vec![
        event(200, 170, &message().int(1, 5)),
        event(200, 170, &message().int(1, 6)),
        event(48, 108, &call(0, 1, 2, 7).int(99, 1)),
        event(48, 108, &call(250, 1, 2, 7)),
        event(48, 108, &call(31, 1, 2, 7)),
        // A mark that tracing began is known and has no row.
        event(47, 108, &call(10, 1, 2, 7)),
        event(117, 107, &gpu_work(1, 2, 3).message(104, &message().int(1, 1))),
        // A graph has its time and place, if not its number.
        event(130, 107, &gpu_work(4, 8, 3).message(120, &message().int(1, 1))),
    ]];
    let capture = read(&Report { blocks, ..Report::default() }.bytes()).unwrap();
    let details: Vec<_> = capture
        .warnings
        .iter()
        .flat_map(|(kind, _, examples)| {
            examples.iter().map(move |example| format!("{} {}", kind.name(), example.detail))
        })
        .collect();
    assert_eq!(
        details,
        [
            "nsys_unknown_event GPU event type 117 with payload 104: 1 times, recorded by version 2031.2.3.45",
            "nsys_unknown_event GPU event type 130 with payload 120: 1 times, recorded by version 2031.2.3.45",
            "nsys_unknown_event call of class 250: 1 times, recorded by version 2031.2.3.45",
            "nsys_unknown_event event type 200 with payload 170: 2 times, recorded by version 2031.2.3.45",
            "nsys_skipped_field field 99 of a call: 1 times, recorded by version 2031.2.3.45",
        ]
    );
    assert_eq!(capture.num_events, 8);
    assert_eq!((capture.api_calls.len(), capture.osrt_calls.len(), capture.graph_traces.len()), (1, 1, 1));
    assert_eq!((capture.graph_traces[0].place.start, capture.graph_traces[0].graph), (4, None));
}

/// An event that contradicts itself is left out; the others of its block are not.
#[test]
fn a_bad_event_costs_only_itself() {
    let good = || event(48, 108, &call(0, 1, 2, 7));
    let blocks = vec![vec![
        good(),
        message().int(1, 48).bytes(108, b"\x0b"),
        message().int(1, 48).message(108, &message().int(6, 0).int(2, 5)),
        good(),
        event(41, 106, &message().int(1, 4)),
        good(),
    ]];
    let capture = read(&Report { blocks, ..Report::default() }.bytes()).unwrap();
    assert_eq!(capture.api_calls.len(), 3);
    let expected = "nsys_bad_row 3: an event of this block cannot be read: no field begins at byte 0 of its message";
    assert_eq!(warnings(&capture), [expected]);
}

#[test]
fn a_report_in_small_pieces_is_the_same() {
    let bytes = sample().bytes();
    let whole = dump(&read(&bytes).unwrap());
    for piece_bytes in [1, 2, 7, 64] {
        assert_eq!(dump(&read_in_pieces(&bytes, piece_bytes).unwrap()), whole, "{piece_bytes} bytes at a time");
    }
    let literal = Report { packing: Packing::Literal, ..sample() };
    assert_eq!(dump(&read(&literal.bytes()).unwrap()), whole);
}

/// Blocks are read some at a time; that shows in nothing but the order of the calls of `take`.
#[test]
fn parts_together_are_the_whole() {
    let bytes = sample().bytes();
    let mut rest = &bytes[..];
    let mut read_bytes = |buffer: &mut [u8]| {
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        Ok(len)
    };
    let mut rows = Vec::new();
    let progress = Progress::default();
    let end = read_report_in_parts("x", &mut read_bytes, LIMITS, &progress, &mut |part| {
        rows.push((part.num_events, part.osrt_calls.iter().map(|call| call.row).collect::<Vec<_>>()));
        Ok(())
    })
    .unwrap();
    assert_eq!(rows, [(4, vec![1, 2]), (6, vec![3]), (6, vec![])]);
    assert_eq!((end.num_events, end.kernels.len(), end.strings.len()), (0, 0, 10));
    assert_eq!(progress.snapshot().events, 16);
}

#[test]
fn what_takes_the_parts_can_stop_the_reading() {
    let bytes = sample().bytes();
    let mut rest = &bytes[..];
    let mut read_bytes = |buffer: &mut [u8]| {
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        Ok(len)
    };
    let result = read_report_in_parts("x", &mut read_bytes, LIMITS, &Progress::default(), &mut |_| {
        Err(IngestError::TooManyEvents { path: "x".to_owned(), limit: 1 })
    });
    assert!(matches!(result, Err(IngestError::TooManyEvents { .. })));
}

#[test]
fn a_reading_can_be_cancelled() {
    let bytes = sample().bytes();
    let progress = Progress::default();
    let mut rest = &bytes[..];
    let mut num_reads = 0;
    // Cancelled once the header has been read.
    let mut read_bytes = |buffer: &mut [u8]| {
        num_reads += 1;
        if num_reads == 100 {
            progress.cancel();
        }
        let len = rest.len().min(buffer.len()).min(1);
        buffer[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        Ok(len)
    };
    let result = read_report("x", &mut read_bytes, LIMITS, &progress);
    assert!(matches!(result, Err(IngestError::Cancelled)), "{result:?}");
}

#[test]
fn an_empty_capture_is_a_capture() {
    let capture = read(&Report::default().bytes()).unwrap();
    assert_eq!((capture.num_events, capture.about.utc_epoch_ns), (0, Some(1501)));
    assert_eq!(warnings(&capture), Vec::<String>::new());
}

#[test]
fn an_older_report_has_no_version() {
    let report = Report { header: b"NVIDIA Tegra Profiler Report 1.\n".to_vec(), ..sample() };
    let capture = read(&report.bytes()).unwrap();
    assert_eq!(capture.about.recorder_version, None);
    assert_eq!(capture.kernels.len(), 1);
}

#[test]
fn strings_may_be_anything() {
    // What begins as an event does, what is no text, and what is long.
    let long = "x".repeat(100_000);
    let strings: Vec<Vec<u8>> = vec![
        b"plain".to_vec(),
        b"\x08\x30\xe2\x06\x02\x08\x01".to_vec(),
        b"\xff\xfe".to_vec(),
        long.clone().into_bytes(),
    ];
    let report = Report { strings, ..sample() };
    let capture = read(&report.bytes()).unwrap();
    assert_eq!(capture.strings.len(), 4);
    assert_eq!(capture.strings.get(TextId(2)), Some("\u{fffd}\u{fffd}"));
    assert_eq!(capture.strings.get(TextId(3)), Some(&*long));
    assert_eq!(warnings(&capture), ["invalid_utf8 2: "]);
    assert_eq!(capture.thread_names.len(), 1, "what stands behind the strings was read");
}

#[test]
fn reading_stops_at_the_limit_of_unpacked_bytes() {
    let bytes = sample().bytes();
    let mut rest = &bytes[..];
    let mut read_bytes = |buffer: &mut [u8]| {
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        Ok(len)
    };
    // The first block has some 250 bytes.
    let limits = ReportLimits { max_unpacked_bytes: 300 };
    let capture = read_report("x", &mut read_bytes, limits, &Progress::default()).unwrap();
    assert_eq!(capture.num_events, 4);
    assert!(warnings(&capture).iter().any(|warning| warning.starts_with("input_too_large 1")));
}

#[test]
fn numbers_that_do_not_fit_are_counted() {
    let kernel = gpu_work(1, 2, 3).message(101, &message().int(1, 0).int(16, 1 << 40).int(10, 7));
    let capture = read(&Report { blocks: vec![vec![event(79, 107, &kernel)]], ..Report::default() }.bytes()).unwrap();
    assert_eq!((capture.kernels[0].static_shared_memory, capture.kernels[0].grid[0]), (None, Some(7)));
    assert_eq!(warnings(&capture), ["value_out_of_range 1: "]);
}

/// What was only inferred is believed where it makes sense, and unknown elsewhere.
#[test]
fn inferred_fields_are_believed_where_they_make_sense() {
    let copy = |kind, fields: &dyn Fn(Message) -> Message| {
        event(80, 107, &gpu_work(1, 2, 3).message(102, &fields(message().int(1, 8).int(2, kind))))
    };
    let node = 13 << 32 | 64;
    let kernel = |fields: &dyn Fn(Message) -> Message| {
        event(79, 107, &gpu_work(1, 2, 3).message(101, &fields(message().int(1, 0))))
    };
    let places = |copy: Message| copy.int(6, 0).int(7, 1).int(8, 2).int(9, 3);
    let blocks = vec![vec![
        copy(10, &places),
        copy(11, &|copy| copy.int(10, 4).int(12, 0x7f00_0000_0000)),
        copy(1, &|copy| copy.int(11, node)),
        copy(1, &|copy| places(copy).int(11, 5)),
        kernel(&|kernel| kernel.int(27, node)),
        kernel(&|kernel| kernel.int(27, 1)),
    ]];
    let capture = read(&Report { blocks, ..Report::default() }.bytes()).unwrap();
    let peer = &capture.memcpys[0];
    assert_eq!(
        (peer.src_device, peer.src_context, peer.dst_device, peer.dst_context),
        (Some(0), Some(1), Some(2), Some(3))
    );
    let migration = &capture.memcpys[1];
    assert_eq!((migration.migration_cause, migration.virtual_address), (Some(4), Some(0x7f00_0000_0000)));
    assert_eq!((capture.memcpys[2].graph_node, capture.memcpys[3].graph_node), (Some(node), None));
    assert_eq!(capture.memcpys[3].src_device, None);
    assert_eq!((capture.kernels[0].graph_node, capture.kernels[1].graph_node), (Some(node), None));
    // Five of the fourth copy, one of the second kernel.
    assert!(warnings(&capture)[0].starts_with("nsys_skipped_field 6: "), "{:?}", warnings(&capture));
}

/// Exports of 2023 do not have the state of a switched thread, so reports of 2023 do not either.
#[test]
fn states_that_exports_lack_are_none() {
    let sched = |state| event(41, 106, &message().int(1, 5).int(4, 0).int(5, state).int(6, global(22, 23)));
    let states = |header: &[u8]| {
        let report = Report { header: header.to_vec(), blocks: vec![vec![sched(0), sched(5)]], ..Report::default() };
        let capture = read(&report.bytes()).unwrap();
        capture.sched_events.iter().map(|event| event.thread_state).collect::<Vec<_>>()
    };
    assert_eq!(states(b"NVIDIA Tegra Profiler Report 2023@4@4@54-2v0.\n"), [None, None]);
    assert_eq!(states(b"NVIDIA Tegra Profiler Report 2024@5@1@113-2v0.\n"), [Some(0), Some(5)]);
}

/// Strings may take more than one block; the report says how many there are.
#[test]
fn strings_go_on_until_all_are_there() {
    let whole = dump(&read(&sample().bytes()).unwrap());
    for num_early_strings in [4, 9] {
        let report = Report { num_early_strings, ..sample() };
        assert!(dump(&read(&report.bytes()).unwrap()) == whole, "{num_early_strings} in the first block");
    }
    // More than there are: what follows is no block, and is read as what it is.
    let report = Report { num_strings: Some(1000), ..sample() };
    assert!(dump(&read(&report.bytes()).unwrap()) == whole);
}

/// What a sample counts beside CPU cycles has no column.
#[test]
fn other_counts_of_a_sample_are_said() {
    let count = |event_type, number| message().int(1, event_type).int(2, number);
    let sample = message().int(1, 5).message(5, &count(1, 70)).message(5, &count(11, 3));
    let report = Report { blocks: vec![vec![event(31, 104, &sample)]], ..Report::default() };
    let capture = read(&report.bytes()).unwrap();
    assert_eq!(capture.samples[0].cpu_cycles, Some(70));
    let expected =
        "nsys_unknown_event 1: count of event type 11 of a CPU sample: 1 times, recorded by version 2031.2.3.45";
    assert_eq!(warnings(&capture), [expected]);
}

/// A call whose stack cannot be read is left out with all of its stack, and leaves no gap in the numbers.
#[test]
fn half_a_stack_is_none() {
    let frame = message().int(1, 2).int(8, 16);
    let good = || event(48, 108, &call(27, 1, 2, 8).message(15, &frame));
    let bad = event(48, 108, &call(27, 1, 2, 8).message(15, &frame).bytes(15, b"\x0b"));
    let capture = read(&Report { blocks: vec![vec![good(), bad, good()]], ..Report::default() }.bytes()).unwrap();
    assert_eq!(capture.osrt_calls.iter().map(|call| call.callchain).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(capture.osrt_frames.iter().map(|frame| frame.callchain).collect::<Vec<_>>(), [1, 2]);
}
