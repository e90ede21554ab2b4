//! How much memory reading a large report takes. A process of its own, because it looks at its own peak.

mod large_report;

use kinetoscope_ingest::Progress;
use kinetoscope_ingest::nsys::report::{ReportLimits, read_report_in_parts};

use self::large_report::{peak_bytes, varint, with_length};

/// Five hundred blocks of 7000 events, as a recorder would write them, whose rows take some 500 megabytes.
#[test]
fn a_report_is_not_held_in_memory() {
    const NUM_BLOCKS: u64 = 500;
    const NUM_EVENTS: u64 = 7000;
    // A call of the OS runtime: type 48, and in payload 108 start 1, end 2, class 27, name 0, thread 23 of process 22.
    let call = b"\x08\x01\x10\x02\x18\x00\x30\x1b\x38\x00\x40\x00\x68\x97\x80\x80\xb0\x81\x80\x40";
    let event = [&b"\x08\x30\xe2\x06"[..], &with_length(call)].concat();
    let block = with_length(&[&b"\x0a"[..], &with_length(&event)].concat().repeat(NUM_EVENTS as usize));
    let packed = lz4_flex::block::compress(&block);
    let block = [&varint(packed.len() as u64)[..], &varint(block.len() as u64), &packed].concat();
    let counts = [&b"\x08"[..], &varint(NUM_BLOCKS * NUM_EVENTS)].concat();
    let head = [&b"NVIDIA Tegra Profiler Report 2023@4@4@54-1v0.\nQDTEXT00\0"[..], &with_length(&counts)].concat();

    let mut num_left = NUM_BLOCKS;
    let mut piece = (head, 0);
    let mut read = |buffer: &mut [u8]| {
        if piece.1 == piece.0.len() {
            if num_left == 0 {
                return Ok(0);
            }
            num_left -= 1;
            piece = (block.clone(), 0);
        }
        let rest = &piece.0[piece.1..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        piece.1 += len;
        Ok(len)
    };
    let limits = ReportLimits { max_unpacked_bytes: 1 << 40 };
    let mut num_rows = 0;
    read_report_in_parts("large.nsys-rep", &mut read, limits, &Progress::default(), &mut |part| {
        num_rows += part.osrt_calls.len() as u64;
        Ok(())
    })
    .unwrap();
    assert_eq!(num_rows, NUM_BLOCKS * NUM_EVENTS);
    let Some(peak) = peak_bytes() else {
        println!("skipped: the system does not tell the peak of a process");
        return;
    };
    println!("{} megabytes at the peak", peak >> 20);
    // A batch of 8 megabytes of blocks and five times as much of rows, and the rest of the process.
    assert!(peak < 150 << 20, "{} megabytes at the peak", peak >> 20);
}
