//! Reports that are cut, flipped, or lie about lengths: a result or a clear error, and rows that were there.

use kinetoscope_ingest::IngestError;
use kinetoscope_ingest::nsys::capture::Capture;
use proptest::prelude::*;

use super::reading::{read, warnings};
use super::writer::{message, packed_block, sample};

/// Every row that a table has also stands in the whole capture, in the same place.
fn is_prefix(part: &Capture, whole: &Capture) -> bool {
    part.api_calls[..] == whole.api_calls[..part.api_calls.len()]
        && part.osrt_calls[..] == whole.osrt_calls[..part.osrt_calls.len()]
        && part.osrt_frames[..] == whole.osrt_frames[..part.osrt_frames.len()]
        && part.kernels[..] == whole.kernels[..part.kernels.len()]
        && part.memcpys[..] == whole.memcpys[..part.memcpys.len()]
        && part.nvtx[..] == whole.nvtx[..part.nvtx.len()]
        && part.samples[..] == whole.samples[..part.samples.len()]
}

#[test]
fn a_report_cut_anywhere_keeps_what_is_whole() {
    let bytes = sample().bytes();
    let whole = read(&bytes).unwrap();
    let mut counts = Vec::new();
    for len in 0..bytes.len() {
        match read(&bytes[..len]) {
            Ok(capture) => {
                assert!(is_prefix(&capture, &whole), "cut at {len}");
                assert!(!capture.warnings.is_empty(), "nothing says that it was cut at {len}");
                counts.push(capture.num_events);
            }
            Err(IngestError::NothingReadable { reason, .. }) => {
                assert!(counts.is_empty(), "cut at {len}, nothing is left: {reason}");
                assert!(reason.contains(&format!("at byte {len}")), "cut at {len}: {reason}");
            }
            Err(IngestError::WrongFormat { .. }) => assert!(len < 29, "cut at {len}, it is no report"),
            Err(error) => panic!("cut at {len}: {error}"),
        }
    }
    counts.dedup();
    // After the first, the second and the third block; before the first there is nothing to show.
    assert_eq!(counts, [4, 10, 16]);
}

#[test]
fn a_cut_report_says_what_is_missing() {
    let bytes = sample().bytes();
    let capture = read(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(warnings(&capture), ["input_truncated 1: the report ends within the sections behind the events"]);
    assert_eq!(capture.strings.len(), 10);
}

#[test]
fn a_flipped_bit_is_no_panic() {
    let bytes = sample().bytes();
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        // Whatever it is; and never more events than there were.
        if let Ok(capture) = read(&flipped) {
            assert!(capture.num_events <= 32, "bit {at}");
        }
    }
}

/// A block that cannot be unpacked is lost; those after it, and the strings, are not.
#[test]
fn a_damaged_block_costs_only_itself() {
    let (mut damaged, blocks) = sample().bytes_and_blocks();
    // Behind the packed length stands the unpacked one, here off by one.
    let packed_len = blocks[1].clone().position(|at| damaged[at] < 0x80).unwrap();
    damaged[blocks[1].start + packed_len + 1] ^= 1;
    let capture = read(&damaged).unwrap();
    assert_eq!(capture.num_events, 10, "{:?}", warnings(&capture));
    assert_eq!((capture.kernels.len(), capture.nvtx.len(), capture.strings.len()), (0, 2, 10));
    let warnings = warnings(&capture);
    assert!(warnings.iter().any(|warning| warning.starts_with("compression_corrupt 1: ")), "{warnings:?}");
    let counted = "input_truncated 1: the report says that it has 16 events; 10 could be read";
    assert!(warnings.iter().any(|warning| warning == counted), "{warnings:?}");
}

/// A report whose part of the name says that it is longer than any memory.
fn with_part(part: &[u8]) -> Vec<u8> {
    let mut bytes = b"NVIDIA Tegra Profiler Report 2031@2@3@45-678v0.\nQDTEXT00\0\0".to_vec();
    bytes.extend(part);
    bytes
}

#[test]
fn lengths_that_are_not_true_cost_nothing() {
    for (packed, unpacked) in [(4_u64, 1 << 62), (4, 1 << 29), (1 << 62, 10), (1 << 40, 1 << 40), (u64::MAX, u64::MAX)]
    {
        let mut lengths = packed_block(b"", unpacked);
        let first = message().int(15, packed.cast_signed()).0;
        lengths.splice(..1, first[1..].iter().copied());
        let bytes = with_part(&[&lengths[..], b"\x40abcd"].concat());
        let error = read(&bytes).unwrap_err();
        assert!(matches!(error, IngestError::NothingReadable { .. }), "{packed} {unpacked}: {error}");
    }
    // A message, which comes before the blocks.
    let mut bytes = b"NVIDIA Tegra Profiler Report 1.\nQDTEXT00".to_vec();
    bytes.extend(b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
    let error = read(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`test.nsys-rep` holds no readable event: the description of the session says that it is \
         9223372036854775807 bytes long, at byte 40"
    );
}

#[test]
fn a_block_may_not_unpack_to_something_else() {
    // Five literals, said to be four and six.
    for unpacked in [4, 6] {
        let bytes = with_part(&packed_block(b"\x50abcde", unpacked));
        assert!(read(&bytes).is_err());
    }
}

#[test]
fn other_bytes_are_no_report() {
    for bytes in [&b""[..], b"NVIDIA Tegra", b"{\"traceEvents\": []}", b"SQLite format 3\0"] {
        assert!(matches!(read(bytes), Err(IngestError::WrongFormat { .. })), "{bytes:?}");
    }
    let error = read(b"NVIDIA Tegra Profiler Report 1.\nand nothing else").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`test.nsys-rep` holds no readable event: the report ends within the sections before the events, at byte 48"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_behind_a_header_are_a_result_or_an_error(tail in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&with_part(&tail));
    }

    #[test]
    fn a_few_flipped_bytes_are_a_result_or_an_error(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        len in any::<prop::sample::Index>(),
    ) {
        let mut bytes = sample().bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let len = len.index(bytes.len() + 1);
        let _ = read(&bytes[..len]);
    }
}
