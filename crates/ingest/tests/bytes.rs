//! Bytes in, documents out: every container alone and in every other, whole and damaged.
//!
//! Archives are written by the crates that people's tools are like (`flate2`, `zstd`, `zip`, `tar`) or by hand from the
//! formats' definitions, so that the readers are not tested against themselves.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::Arc;

use kinetoscope_ingest::bytes::{
    ContentFormat, Document, Input, Limits, Outcome, Problem, Problems, find_inputs, for_each_document, natural_cmp,
};
use kinetoscope_ingest::{IngestError, Progress, ReadOptions};
use kinetoscope_model::{SourceId, WarningKind, Warnings};
use proptest::prelude::*;

/// A document as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: String,
    format: String,
    content: ContentFormat,
    bytes: Vec<u8>,
    problems: Vec<Problem>,
}

fn collect(problems: &Problems) -> Vec<Problem> {
    problems.iter().cloned().collect()
}

fn see(mut document: Document<'_>, chunk_bytes: usize) -> Result<Seen, IngestError> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; chunk_bytes];
    loop {
        match document.read(&mut chunk)? {
            0 => break,
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    }
    // The end is the end, however often one asks.
    assert_eq!(document.read(&mut chunk)?, 0);
    Ok(Seen {
        problems: collect(&document.take_problems()),
        path: document.path,
        format: document.format,
        content: document.content,
        bytes,
    })
}

fn read_with(input: &Input, limits: &Limits, chunk_bytes: usize) -> Result<(Vec<Seen>, Outcome), IngestError> {
    let mut seen = Vec::new();
    let outcome = for_each_document(input, limits, &Progress::default(), &mut |document| {
        seen.push(see(document, chunk_bytes)?);
        Ok(())
    })?;
    assert_eq!(outcome.num_documents, seen.len() as u64);
    Ok((seen, outcome))
}

fn memory(bytes: &[u8]) -> Input {
    Input::Memory { name: "in".to_owned(), bytes: Arc::from(bytes) }
}

fn read(bytes: &[u8]) -> Result<(Vec<Seen>, Outcome), IngestError> {
    read_with(&memory(bytes), &Limits::default(), 1 << 20)
}

/// The one document of an input without a problem.
fn read_one(bytes: &[u8]) -> Seen {
    let (mut seen, outcome) = read(bytes).expect("the input is a trace");
    assert_eq!(outcome.problems, Problems::default());
    assert_eq!(seen.len(), 1, "{seen:?}");
    let seen = seen.remove(0);
    assert_eq!(seen.problems, []);
    seen
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("level 3 exists");
    encoder.include_checksum(true).expect("checksums exist");
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn zip_with(method: zip::CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("the name is fine");
        writer.write_all(bytes).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything").into_inner()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(zip::CompressionMethod::Deflated, members)
}

/// A zip written to a pipe: lengths and checksums stand behind the members.
fn streamed_zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("the name is fine");
        writer.write_all(bytes).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything").into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).expect("memory takes everything");
    }
    builder.into_inner().expect("memory takes everything")
}

/// A trace of about `num_bytes`, every line different so that it does not pack to nothing.
fn trace(num_bytes: usize) -> Vec<u8> {
    let mut text = String::from("{\"schemaVersion\": 1, \"traceEvents\": [");
    let mut state = 1_u64;
    while text.len() < num_bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!(
            "\n{{\"ph\": \"X\", \"name\": \"k{}\", \"ts\": {}, \"dur\": 1}},",
            state >> 40,
            state >> 30
        ));
    }
    text.pop();
    text.push_str("]}");
    text.into_bytes()
}

const SMALL: &[u8] = b"{\"traceEvents\": [{\"ph\": \"X\", \"name\": \"a\", \"ts\": 1, \"dur\": 2}]}";

mod containers {
    use super::*;

    #[test]
    fn plain_json_is_handed_on_as_it_is() {
        let seen = read_one(SMALL);
        assert_eq!(seen.bytes, SMALL);
        assert_eq!((seen.path.as_str(), seen.format.as_str()), ("in", "chrome json"));
        assert_eq!(seen.content, ContentFormat::JsonObject);
    }

    #[test]
    fn a_byte_order_mark_and_blanks_are_kept_so_that_offsets_stay_true() {
        let text = b"\xef\xbb\xbf \r\n\t[{\"ph\": \"X\"}]";
        let seen = read_one(text);
        assert_eq!(seen.bytes, text);
        assert_eq!(seen.content, ContentFormat::JsonArray);
    }

    #[test]
    fn each_alone() {
        let text = trace(300_000);
        for (packed, path, format) in [
            (gzip(&text), "in", "gzip, chrome json"),
            (zstd(&text), "in", "zstd, chrome json"),
            (zip(&[("a.json", &text)]), "in!a.json", "zip, chrome json"),
            (zip_with(zip::CompressionMethod::Stored, &[("a.json", &text)]), "in!a.json", "zip, chrome json"),
            (streamed_zip(&[("a.json", &text)]), "in!a.json", "zip, chrome json"),
            (tar(&[("a.json", &text)]), "in!a.json", "tar, chrome json"),
        ] {
            let seen = read_one(&packed);
            assert_eq!((seen.path.as_str(), seen.format.as_str()), (path, format));
            assert!(seen.bytes == text, "{format}: the bytes differ");
        }
    }

    type Pack = (&'static str, fn(&[u8]) -> Vec<u8>, &'static str);

    const PACKS: [Pack; 5] = [
        ("gzip", gzip, ""),
        ("zstd", zstd, ""),
        ("zip", |bytes| zip(&[("m", bytes)]), "!m"),
        ("zip", |bytes| zip_with(zip::CompressionMethod::Stored, &[("m", bytes)]), "!m"),
        ("tar", |bytes| tar(&[("m", bytes)]), "!m"),
    ];

    #[test]
    fn each_in_each_in_each() {
        let text = trace(5_000);
        for (outer, pack_outer, outer_member) in PACKS {
            for (middle, pack_middle, middle_member) in PACKS {
                for (inner, pack_inner, inner_member) in PACKS {
                    let seen = read_one(&pack_outer(&pack_middle(&pack_inner(&text))));
                    assert_eq!(seen.format, format!("{outer}, {middle}, {inner}, chrome json"));
                    assert_eq!(seen.path, format!("in{outer_member}{middle_member}{inner_member}"));
                    assert!(seen.bytes == text, "{}: the bytes differ", seen.format);
                }
            }
        }
    }

    #[test]
    fn a_file_and_memory_and_a_pipe_give_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = trace(400_000);
        for packed in [text.clone(), gzip(&text), zstd(&text), zip(&[("a", &text), ("b", SMALL)]), tar(&[("a", &text)])]
        {
            let path = folder.path().join("in");
            fs::write(&path, &packed).expect("the folder is writable");
            let (mut from_file, outcome) =
                read_with(&Input::File(path.clone()), &Limits::default(), 1 << 20).expect("a trace");
            assert!(outcome.problems.is_empty());
            let prefix = path.to_string_lossy().into_owned();
            for seen in &mut from_file {
                seen.path = seen.path.replace(&prefix, "in");
            }
            assert!(from_file == read(&packed).expect("a trace").0);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_named_pipe_is_read_like_a_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: no mkfifo");
            return;
        }
        // A zip needs to be read from any place, which a pipe does not allow.
        let text = trace(3_000_000);
        let packed = zip_with(zip::CompressionMethod::Stored, &[("a.json", &text), ("b.json", SMALL)]);
        let writer = {
            let (path, packed) = (path.clone(), packed);
            std::thread::spawn(move || fs::write(path, packed))
        };
        let (seen, _) = read_with(&Input::File(path), &Limits::default(), 1 << 20).expect("a trace");
        writer.join().expect("the writer ends").expect("all is written");
        assert_eq!(seen.len(), 2);
        assert!(seen[0].bytes == text);
        assert_eq!(seen[1].bytes, SMALL);
    }

    #[test]
    fn any_size_of_read_gives_the_same() {
        let text = trace(150_000);
        let packed = [
            text.clone(),
            gzip(&text),
            [gzip(&text[..70_000]), gzip(&text[70_000..])].concat(),
            zstd(&text),
            [zstd(&text[..70_000]), zstd(&text[70_000..])].concat(),
            zip(&[("a", &text)]),
            tar(&[("a", &text)]),
        ];
        for packed in packed {
            for chunk_bytes in [1, 7, 4095, 4096, 4097, 40_000] {
                let (seen, _) = read_with(&memory(&packed), &Limits::default(), chunk_bytes).expect("a trace");
                assert!(seen[0].bytes == text, "chunks of {chunk_bytes}");
                assert_eq!(seen[0].problems, []);
            }
        }
    }

    #[test]
    fn documents_are_readers() {
        let text = trace(100_000);
        let mut bytes = Vec::new();
        for_each_document(&memory(&gzip(&text)), &Limits::default(), &Progress::default(), &mut |mut document| {
            document.read_to_end(&mut bytes).expect("memory does not fail");
            Ok(())
        })
        .expect("a trace");
        assert!(bytes == text);
    }

    #[test]
    fn fill_returns_less_only_at_the_end() {
        let text = trace(100_000);
        let packed: Vec<u8> = text.chunks(999).flat_map(gzip).collect();
        for_each_document(&memory(&packed), &Limits::default(), &Progress::default(), &mut |mut document| {
            let mut chunk = vec![0; 64_000];
            assert_eq!(document.fill(&mut chunk)?, 64_000);
            assert!(chunk == text[..64_000]);
            assert_eq!(document.fill(&mut chunk)?, text.len() - 64_000);
            assert_eq!(document.fill(&mut chunk)?, 0);
            Ok(())
        })
        .expect("a trace");
    }
}

mod gzip_files {
    use super::*;

    #[test]
    fn many_members_are_one_document() {
        let text = trace(50_000);
        let packed: Vec<u8> = text.chunks(100).flat_map(gzip).collect();
        assert!(read_one(&packed).bytes == text);
    }

    #[test]
    fn empty_members_are_passed_over() {
        let packed = [gzip(b""), gzip(SMALL), gzip(b"")].concat();
        assert_eq!(read_one(&packed).bytes, SMALL);
    }

    #[test]
    fn every_header_field_is_passed_over() {
        let body = &gzip(SMALL)[10..];
        for flags in 0..32_u8 {
            let mut packed = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
            if flags & 4 != 0 {
                packed.extend([3, 0, 0, 0, 0]);
            }
            if flags & 8 != 0 {
                packed.extend(b"name.json\0");
            }
            if flags & 16 != 0 {
                packed.extend(b"a comment\0");
            }
            if flags & 2 != 0 {
                packed.extend([9, 9]);
            }
            packed.extend(body);
            assert_eq!(read_one(&packed).bytes, SMALL, "flags {flags}");
        }
    }

    #[test]
    fn trailing_bytes_are_noted_and_lose_nothing() {
        for (tail, says) in
            [(&[0; 500][..], "500 zero bytes"), (b"\0\0rubbish", "9 bytes that are not gzip"), (b"{}", "2 bytes")]
        {
            let (seen, _) = read(&[gzip(SMALL), tail.to_vec()].concat()).expect("a trace");
            assert_eq!(seen[0].bytes, SMALL);
            let [problem] = &seen[0].problems[..] else { panic!("{:?}", seen[0].problems) };
            assert_eq!((problem.kind, problem.byte_offset), (WarningKind::TrailingData, Some(SMALL.len() as u64)));
            assert!(problem.detail.contains(says), "{}", problem.detail);
        }
    }

    #[test]
    fn members_behind_padding_are_read() {
        let (front, back) = SMALL.split_at(20);
        let (seen, _) = read(&[gzip(front), vec![0; 1000], gzip(back)].concat()).expect("a trace");
        assert_eq!(seen[0].bytes, SMALL);
        assert_eq!(seen[0].problems.len(), 1);
        assert_eq!(seen[0].problems[0].kind, WarningKind::TrailingData);
    }

    #[test]
    fn a_wrong_checksum_is_reported_and_everything_kept() {
        let (front, back) = SMALL.split_at(20);
        let mut bad = gzip(front);
        let at = bad.len() - 8;
        bad[at] ^= 1;
        let (seen, _) = read(&[bad, gzip(back)].concat()).expect("a trace");
        assert_eq!(seen[0].bytes, SMALL);
        let [problem] = &seen[0].problems[..] else { panic!("{:?}", seen[0].problems) };
        assert_eq!((problem.kind, problem.byte_offset), (WarningKind::CorruptCompression, Some(20)));
        assert!(problem.detail.contains("checksum of a gzip member"), "{}", problem.detail);
    }

    #[test]
    fn cut_anywhere_it_gives_a_front_part_of_the_original() {
        let text = trace(3_000);
        // A stored block, so that the longest lossless front part is known at every cut of it.
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&text).expect("memory takes everything");
        let stored = encoder.finish().expect("memory takes everything");
        let deflated = gzip(&text);
        let members: Vec<u8> = text.chunks(500).flat_map(gzip).collect();
        for packed in [&stored, &deflated, &members] {
            let mut longest = 0;
            for cut in 0..packed.len() {
                match read(&packed[..cut]) {
                    Ok((seen, _)) => {
                        let [seen] = &seen[..] else { panic!("one document, cut at {cut}") };
                        assert!(text.starts_with(&seen.bytes), "cut at {cut}");
                        assert!(seen.bytes.len() >= longest, "more packed bytes give no less, cut at {cut}");
                        longest = seen.bytes.len();
                        let is_between_members = packed == &members && longest % 500 == 0;
                        match &seen.problems[..] {
                            [problem] => {
                                assert_eq!(problem.kind, WarningKind::Truncated);
                                assert_eq!(problem.byte_offset, Some(longest as u64));
                            }
                            [] if is_between_members => {}
                            problems => panic!("{problems:?}, cut at {cut}"),
                        }
                    }
                    Err(IngestError::Empty { .. }) => assert_eq!(cut, 0),
                    Err(IngestError::WrongFormat { .. }) => assert_eq!(cut, 1),
                    Err(IngestError::NothingReadable { reason, .. }) => {
                        assert_eq!(longest, 0);
                        assert!(reason.contains("gzip data ends"), "{reason}");
                    }
                    Err(error) => panic!("{error}, cut at {cut}"),
                }
            }
            assert_eq!(longest, text.len(), "without its checksum everything is there");
        }
        // Of stored data nothing is lost: header, block header, then the bytes themselves.
        let (seen, _) = read(&stored[..10 + 5 + 1234]).expect("a trace");
        assert_eq!(seen[0].bytes, &text[..1234]);
    }

    #[test]
    fn damage_keeps_what_came_before() {
        let text = trace(200_000);
        let mut packed = gzip(&text);
        let at = packed.len() / 2;
        packed[at..at + 50].fill(0xff);
        let (seen, _) = read(&packed).expect("a trace");
        let [problem] = &seen[0].problems[..] else { panic!("{:?}", seen[0].problems) };
        assert_eq!(problem.kind, WarningKind::CorruptCompression);
        assert_eq!(problem.byte_offset, Some(seen[0].bytes.len() as u64));
        // Up to the damage everything is right; behind it a few symbols may decode to anything.
        let same = text.iter().zip(&seen[0].bytes).take_while(|(a, b)| a == b).count();
        assert!(same > text.len() / 3, "{same} of {}", text.len());
    }
}

mod zstd_files {
    use super::*;

    #[test]
    fn many_frames_are_one_document() {
        let text = trace(50_000);
        let packed: Vec<u8> = text.chunks(1000).flat_map(zstd).collect();
        assert!(read_one(&packed).bytes == text);
    }

    #[test]
    fn skippable_frames_are_skipped() {
        let (front, back) = SMALL.split_at(20);
        let skippable = |first: u8, len: u32| {
            [&[first, 0x2a, 0x4d, 0x18][..], &len.to_le_bytes(), &vec![b'{'; len as usize]].concat()
        };
        let packed =
            [skippable(0x50, 0), zstd(front), skippable(0x5f, 100_000), zstd(back), skippable(0x57, 3)].concat();
        assert_eq!(read_one(&packed).bytes, SMALL);
    }

    #[test]
    fn trailing_bytes_are_noted() {
        let (seen, _) = read(&[zstd(SMALL), b"rubbish".to_vec()].concat()).expect("a trace");
        assert_eq!(seen[0].bytes, SMALL);
        assert_eq!(seen[0].problems.len(), 1);
        assert_eq!(seen[0].problems[0].kind, WarningKind::TrailingData);
        assert!(seen[0].problems[0].detail.starts_with("7 bytes"), "{}", seen[0].problems[0].detail);
    }

    #[test]
    fn cut_anywhere_it_gives_a_front_part_of_the_original() {
        let text = trace(3_000);
        let packed: Vec<u8> = text.chunks(500).flat_map(zstd).collect();
        let mut longest = 0;
        for cut in 0..packed.len() {
            match read(&packed[..cut]) {
                Ok((seen, _)) => {
                    assert!(text.starts_with(&seen[0].bytes), "cut at {cut}");
                    assert!(seen[0].bytes.len() >= longest, "cut at {cut}");
                    longest = seen[0].bytes.len();
                    match &seen[0].problems[..] {
                        [problem] => assert_eq!(
                            (problem.kind, problem.byte_offset),
                            (WarningKind::Truncated, Some(longest as u64))
                        ),
                        [] => assert_eq!(longest % 500, 0, "cut between frames"),
                        problems => panic!("{problems:?}, cut at {cut}"),
                    }
                }
                Err(IngestError::Empty { .. }) => assert_eq!(cut, 0),
                Err(IngestError::WrongFormat { .. }) => assert!(cut < 4),
                Err(IngestError::NothingReadable { reason, .. }) => {
                    assert!(reason.contains("zstd data ends"), "{reason}");
                }
                Err(error) => panic!("{error}, cut at {cut}"),
            }
        }
        assert_eq!(longest, text.len());
    }

    #[test]
    fn every_block_before_the_damage_is_kept() {
        let text = trace(1_000_000);
        // Blocks hold up to 128 KiB each.
        let mut packed = zstd(&text);
        let at = packed.len() * 3 / 4;
        packed[at..at + 200].fill(0xff);
        for chunk_bytes in [1000, 128 * 1024, 4 << 20] {
            let (seen, _) = read_with(&memory(&packed), &Limits::default(), chunk_bytes).expect("a trace");
            let len = seen[0].bytes.len();
            assert!(text.starts_with(&seen[0].bytes), "chunks of {chunk_bytes}");
            assert!(len > text.len() * 3 / 4 - 2 * 128 * 1024, "chunks of {chunk_bytes}: only {len}");
            let [problem] = &seen[0].problems[..] else { panic!("{:?}", seen[0].problems) };
            assert_eq!((problem.kind, problem.byte_offset), (WarningKind::CorruptCompression, Some(len as u64)));
        }
    }

    #[test]
    fn a_window_beyond_the_limit_is_refused_by_name() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("level 1 exists");
        encoder.window_log(24).expect("24 is allowed");
        encoder.write_all(&trace(100_000)).expect("memory takes everything");
        let packed = encoder.finish().expect("memory takes everything");
        assert!(read(&packed).is_ok());
        let limits = Limits { max_zstd_window_log: 20, ..Limits::default() };
        match read_with(&memory(&packed), &limits, 1 << 20) {
            Err(IngestError::NothingReadable { reason, .. }) => assert!(reason.contains("memory"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
}

mod zip_files {
    use super::*;

    #[test]
    fn members_come_in_natural_order() {
        let names = ["rank10.json", "rank9.json", "a/rank2.json"];
        let members: Vec<_> = names.iter().map(|name| (*name, SMALL)).collect();
        let (seen, _) = read(&zip(&members)).expect("traces");
        let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
        assert_eq!(paths, ["in!a/rank2.json", "in!rank9.json", "in!rank10.json"]);
    }

    #[test]
    fn hidden_members_are_left_alone() {
        let members = [
            ("__MACOSX/._a.json", SMALL),
            (".b.json", SMALL),
            ("x/.git/c.json", SMALL),
            ("./d.json", SMALL),
            ("e.json", SMALL),
        ];
        for packed in [zip(&members), tar(&members)] {
            let (seen, outcome) = read(&packed).expect("traces");
            let mut names: Vec<_> = seen.iter().map(|seen| seen.path.rsplit('/').next().unwrap_or("")).collect();
            names.sort_unstable();
            assert_eq!(names.len(), 2, "{names:?}");
            assert!(names[0].ends_with("d.json") && names[1].ends_with("e.json"), "{names:?}");
            assert!(outcome.problems.is_empty());
        }
    }

    #[test]
    fn zstd_members_are_read() {
        // Written by hand, since the writer was built without zstd: stored, then relabelled.
        let data = zstd(SMALL);
        let mut packed = zip_with(zip::CompressionMethod::Stored, &[("a.json", &data)]);
        relabel(&mut packed, 93, SMALL);
        assert_eq!(read_one(&packed).bytes, SMALL);
    }

    /// Changes the method and the checksum of the only member, in its header and in the directory.
    fn relabel(packed: &mut [u8], method: u16, unpacked: &[u8]) {
        let mut crc = flate2::Crc::new();
        crc.update(unpacked);
        let directory = packed.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
        for (method_at, crc_at) in [(8, 14), (directory + 10, directory + 16)] {
            packed[method_at..method_at + 2].copy_from_slice(&method.to_le_bytes());
            packed[crc_at..crc_at + 4].copy_from_slice(&crc.sum().to_le_bytes());
        }
    }

    #[test]
    fn what_cannot_be_unpacked_is_noted() {
        let mut lzma = zip_with(zip::CompressionMethod::Stored, &[("a.json", SMALL)]);
        relabel(&mut lzma, 14, SMALL);
        let mut encrypted = zip(&[("a.json", SMALL)]);
        let directory = encrypted.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
        encrypted[6] |= 1;
        encrypted[directory + 8] |= 1;
        for (packed, says) in [(lzma, "packed with LZMA"), (encrypted, "encrypted")] {
            // Alone it is an error, beside a trace a note.
            match read(&packed) {
                Err(IngestError::NothingReadable { path, reason }) => {
                    assert_eq!(path, "in!a.json");
                    assert!(reason.contains(says), "{reason}");
                }
                other => panic!("{other:?}"),
            }
            let (seen, outcome) = read(&tar(&[("x.zip", &packed), ("b.json", SMALL)])).expect("a trace");
            assert_eq!(seen.len(), 1);
            assert_eq!(outcome.problems.count_of(WarningKind::SkippedMember), 2);
        }
    }

    #[test]
    fn a_wrong_checksum_is_reported_and_everything_kept() {
        for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
            let mut packed = zip_with(method, &[("a.json", SMALL)]);
            let directory = packed.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
            packed[directory + 16] ^= 1;
            let (seen, _) = read(&packed).expect("a trace");
            assert_eq!(seen[0].bytes, SMALL);
            let [problem] = &seen[0].problems[..] else { panic!("{:?}", seen[0].problems) };
            assert_eq!(problem.kind, WarningKind::CorruptCompression);
        }
    }

    #[test]
    fn without_its_directory_the_members_are_found_one_by_one() {
        let text = trace(20_000);
        for packed in [
            zip(&[("dir/a.json", &text), (".hidden", b"x"), ("b.txt", b"text"), ("c.json", SMALL)]),
            streamed_zip(&[("dir/a.json", &text), (".hidden", b"x"), ("b.txt", b"text"), ("c.json", SMALL)]),
        ] {
            let directory = packed.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").expect("an end");
            let (seen, outcome) = read(&packed[..directory]).expect("traces");
            let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
            assert_eq!(paths, ["in!dir/a.json", "in!c.json"]);
            assert!(seen[0].bytes == text && seen[1].bytes == SMALL);
            assert_eq!(seen[0].problems, []);
            assert_eq!(outcome.problems.count_of(WarningKind::Truncated), 1);
            assert_eq!(outcome.problems.count_of(WarningKind::SkippedMember), 1);
        }
    }

    #[test]
    fn cut_anywhere_it_gives_a_front_part_or_a_clear_error() {
        let text = trace(2_000);
        for packed in [
            zip(&[("a.json", &text), ("b.json", SMALL)]),
            zip_with(zip::CompressionMethod::Stored, &[("a.json", &text), ("b.json", SMALL)]),
            streamed_zip(&[("a.json", &text), ("b.json", SMALL)]),
        ] {
            let mut most = 0;
            for cut in 0..packed.len() {
                match read(&packed[..cut]) {
                    Ok((seen, outcome)) => {
                        assert!(text.starts_with(&seen[0].bytes), "cut at {cut}");
                        if let Some(second) = seen.get(1) {
                            assert!(seen[0].bytes == text && SMALL.starts_with(&second.bytes), "cut at {cut}");
                        }
                        let len = seen.iter().map(|seen| seen.bytes.len()).sum::<usize>();
                        assert!(len >= most, "cut at {cut}");
                        most = len;
                        assert!(outcome.problems.count_of(WarningKind::Truncated) > 0, "cut at {cut}: not told");
                    }
                    Err(IngestError::Empty { .. }) => assert_eq!(cut, 0),
                    Err(IngestError::WrongFormat { .. }) => assert!(cut < 4, "cut at {cut}"),
                    Err(IngestError::NothingReadable { .. }) => assert_eq!(most, 0),
                    Err(error) => panic!("{error}, cut at {cut}"),
                }
            }
            assert_eq!(most, text.len() + SMALL.len());
        }
    }
}

mod tar_files {
    use super::*;

    #[test]
    fn long_names_of_every_kind_are_whole() {
        let long = format!("{}/{}/trace.json", "d".repeat(90), "e".repeat(130));
        // GNU's way, through an extra member.
        assert_eq!(read_one(&tar(&[(&long, SMALL)])).path, format!("in!{long}"));
        // The pax way, through a header of records.
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions([("path", long.as_bytes())]).expect("memory takes everything");
        let mut header = tar::Header::new_ustar();
        header.set_size(SMALL.len() as u64);
        builder.append_data(&mut header, "short", SMALL).expect("memory takes everything");
        let packed = builder.into_inner().expect("memory takes everything");
        assert_eq!(read_one(&packed).path, format!("in!{long}"));
        // The POSIX way, in two parts.
        let mut builder = tar::Builder::new(Vec::new());
        let two_parts = format!("{}/trace.json", "d".repeat(120));
        let mut header = tar::Header::new_ustar();
        header.set_path(&two_parts).expect("it fits in two parts");
        header.set_size(SMALL.len() as u64);
        header.set_cksum();
        builder.append(&header, SMALL).expect("memory takes everything");
        let packed = builder.into_inner().expect("memory takes everything");
        assert_eq!(read_one(&packed).path, format!("in!{two_parts}"));
    }

    #[test]
    fn an_old_header_without_a_magic_is_known_by_its_checksum() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_old();
        header.set_path("a.json").expect("a short name");
        header.set_size(SMALL.len() as u64);
        header.set_cksum();
        builder.append(&header, SMALL).expect("memory takes everything");
        let packed = builder.into_inner().expect("memory takes everything");
        assert_eq!(read_one(&packed).path, "in!a.json");
    }

    #[test]
    fn what_is_no_file_is_passed_over() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        builder.append_data(&mut header, "folder/", &b""[..]).expect("memory takes everything");
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        // Some writers give a link the length of its target.
        header.set_size(0);
        builder.append_link(&mut header, "link.json", "folder/a.json").expect("memory takes everything");
        let mut header = tar::Header::new_gnu();
        header.set_size(SMALL.len() as u64);
        builder.append_data(&mut header, "folder/a.json", SMALL).expect("memory takes everything");
        let packed = builder.into_inner().expect("memory takes everything");
        assert_eq!(read_one(&packed).path, "in!folder/a.json");
    }

    #[test]
    fn appended_archives_are_read_on() {
        let (seen, outcome) = read(&[tar(&[("a", SMALL)]), tar(&[("b", SMALL)])].concat()).expect("traces");
        assert_eq!(seen.len(), 2);
        assert!(outcome.problems.is_empty());
    }

    #[test]
    fn members_behind_a_damaged_header_are_found() {
        let text = trace(5_000);
        let mut packed = tar(&[("a.json", SMALL), ("b.json", &text), ("c.json", SMALL)]);
        packed[1024 + 10] ^= 0x55;
        let (seen, outcome) = read(&packed).expect("traces");
        let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
        assert_eq!(paths, ["in!a.json", "in!c.json"]);
        let problems = collect(&outcome.problems);
        assert_eq!(problems.len(), 1);
        assert_eq!((problems[0].kind, problems[0].byte_offset), (WarningKind::CorruptCompression, Some(1024)));
    }

    #[test]
    fn a_huge_name_costs_no_memory() {
        // A long-name member that claims 8 GiB, of which nothing is there.
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        header.set_size(8 << 30);
        header.set_path("././@LongLink").expect("a short name");
        header.set_cksum();
        match read(header.as_bytes()) {
            Err(IngestError::NothingReadable { .. }) => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn cut_anywhere_it_gives_a_front_part_or_a_clear_error() {
        let text = trace(1_000);
        let packed = tar(&[("a.json", &text), ("b.json", SMALL)]);
        let data_end = 512 + 1024 + 512 + SMALL.len();
        let mut most = 0;
        for cut in 0..packed.len() {
            match read(&packed[..cut]) {
                Ok((seen, outcome)) => {
                    assert!(text.starts_with(&seen[0].bytes), "cut at {cut}");
                    let len = seen.iter().map(|seen| seen.bytes.len()).sum::<usize>();
                    assert!(len >= most, "cut at {cut}");
                    most = len;
                    let is_told = outcome.problems.count_of(WarningKind::Truncated) > 0
                        || seen.iter().any(|seen| !seen.problems.is_empty());
                    // The last block of zeros says no more than the one before it.
                    assert!(is_told || cut > data_end.next_multiple_of(512), "cut at {cut}: not told");
                }
                Err(IngestError::Empty { .. }) => assert_eq!(cut, 0),
                Err(IngestError::WrongFormat { .. }) => assert!(cut < 262, "cut at {cut}"),
                Err(IngestError::NothingReadable { .. }) => assert!(cut <= 512, "cut at {cut}"),
                Err(error) => panic!("{error}, cut at {cut}"),
            }
        }
        assert_eq!(most, text.len() + SMALL.len());
        // A member that was cut says so itself, at its own offset.
        let (seen, _) = read(&packed[..512 + 700]).expect("a trace");
        assert_eq!(seen[0].bytes, &text[..700]);
        assert_eq!(seen[0].problems.len(), 1);
        assert_eq!((seen[0].problems[0].kind, seen[0].problems[0].byte_offset), (WarningKind::Truncated, Some(700)));
    }
}

mod archives {
    use super::*;

    #[test]
    fn damage_is_told_by_the_document_it_hit() {
        let text = trace(100_000);
        let packed = gzip(&tar(&[("a.json", SMALL), ("b.json", &text), ("c.json", SMALL)]));
        let (seen, outcome) = read(&packed[..packed.len() / 2]).expect("traces");
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].problems, [], "the first member is whole");
        let [problem] = &seen[1].problems[..] else { panic!("{:?}", seen[1].problems) };
        assert_eq!((problem.kind, problem.byte_offset), (WarningKind::Truncated, Some(seen[1].bytes.len() as u64)));
        assert!(problem.detail.contains("gzip data ends"), "the cause is named: {}", problem.detail);
        assert!(text.starts_with(&seen[1].bytes));
        assert!(outcome.problems.is_empty(), "and told once: {:?}", outcome.problems);
    }

    #[test]
    fn a_bad_member_does_not_spoil_the_others() {
        let text = trace(50_000);
        let cut = gzip(&text);
        let members: [(&str, &[u8]); 5] = [
            ("cut.json.gz", &cut[..cut.len() / 2]),
            ("empty.json", b""),
            ("notes.txt", b"hello"),
            ("headless.json.gz", &cut[..5]),
            ("whole.json", SMALL),
        ];
        for packed in [tar(&members), zip(&members)] {
            let (seen, outcome) = read(&packed).expect("traces");
            assert_eq!(seen.len(), 2);
            for seen in seen {
                match seen.path.as_str() {
                    "in!cut.json.gz" => assert_eq!(seen.problems.len(), 1),
                    "in!whole.json" => assert_eq!((seen.problems.len(), seen.bytes.as_slice()), (0, SMALL)),
                    path => panic!("{path}"),
                }
            }
            assert_eq!(outcome.problems.count_of(WarningKind::SkippedMember), 3);
            assert_eq!(outcome.problems.count_of(WarningKind::Truncated), 1, "the headless one");
            assert!(outcome.problems.iter().any(|problem| problem.detail.contains("`in!notes.txt` is not a trace")));
        }
    }

    #[test]
    fn an_archive_without_a_trace_is_an_error_that_says_what_is_in_it() {
        match read(&zip(&[("a.txt", b"hello"), ("b.txt", b"world")])) {
            Err(IngestError::WrongFormat { path, looks_like, hint }) => {
                assert_eq!(path, "in");
                assert_eq!(looks_like, "a zip archive without a trace (2 files)");
                assert!(hint.is_some_and(|hint| hint.contains("`in!a.txt`") && hint.contains("plain text")));
            }
            other => panic!("{other:?}"),
        }
        match read(&tar(&[("a.txt", b"hello")])) {
            Err(IngestError::WrongFormat { path, looks_like, .. }) => {
                assert_eq!((path.as_str(), looks_like.as_str()), ("in!a.txt", "plain text"));
            }
            other => panic!("{other:?}"),
        }
        match read(&zip(&[])) {
            Err(IngestError::WrongFormat { looks_like, .. }) => {
                assert_eq!(looks_like, "a zip archive without a trace (0 files)");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_visitor_may_find_that_a_member_is_no_trace() {
        let packed = tar(&[("package.json", b"{\"name\": 1}"), ("a.json", SMALL)]);
        let mut paths = Vec::new();
        let outcome = for_each_document(&memory(&packed), &Limits::default(), &Progress::default(), &mut |document| {
            paths.push(document.path.clone());
            if paths.len() == 1 {
                let reason = "no events".to_owned();
                return Err(IngestError::NothingReadable { path: document.path, reason });
            }
            Ok(())
        })
        .expect("a trace");
        assert_eq!(paths, ["in!package.json", "in!a.json"]);
        assert_eq!((outcome.num_documents, outcome.problems.count_of(WarningKind::SkippedMember)), (1, 1));
    }

    #[test]
    fn other_errors_of_a_visitor_end_the_walk() {
        let mut num_visits = 0;
        let packed = tar(&[("a.json", SMALL), ("b.json", SMALL)]);
        let result = for_each_document(&memory(&packed), &Limits::default(), &Progress::default(), &mut |document| {
            num_visits += 1;
            Err(IngestError::TooManyEvents { path: document.path, limit: 1 })
        });
        assert!(matches!(result, Err(IngestError::TooManyEvents { .. })));
        assert_eq!(num_visits, 1);
    }

    #[test]
    fn a_visitor_need_not_read() {
        let text = trace(3_000_000);
        for packed in [tar(&[("a", &text), ("b", SMALL)]), gzip(&tar(&[("a", &text), ("b", SMALL)]))] {
            let mut paths = Vec::new();
            for_each_document(&memory(&packed), &Limits::default(), &Progress::default(), &mut |document| {
                paths.push(document.path);
                Ok(())
            })
            .expect("traces");
            assert_eq!(paths, ["in!a", "in!b"]);
        }
    }

    #[test]
    fn control_characters_in_names_do_not_get_out() {
        assert_eq!(read_one(&tar(&[("a\x1b[2Jb\n.json", SMALL)])).path, "in!a\u{fffd}[2Jb\u{fffd}.json");
    }

    #[test]
    fn problems_nobody_took_are_in_the_outcome() {
        let text = trace(10_000);
        let packed = gzip(&text);
        let outcome = for_each_document(
            &memory(&packed[..packed.len() - 20]),
            &Limits::default(),
            &Progress::default(),
            &mut |mut document| document.fill(&mut vec![0; 1 << 20]).map(|_| ()),
        )
        .expect("a trace");
        assert_eq!(outcome.problems.count_of(WarningKind::Truncated), 1);
        assert!(outcome.problems.iter().all(|problem| problem.detail.starts_with("`in`: ")));
    }
}

mod limits {
    use super::*;

    #[test]
    fn a_bomb_goes_off_in_a_sandbox() {
        // Ten million blanks in a list: JSON as far as anyone can tell.
        let mut text = b"[{\"ph\": \"X\"}".to_vec();
        text.resize(10_000_000, b' ');
        let limits = Limits { max_unpacked_bytes: 1_000_000, ..Limits::default() };
        let in_zip = zip(&[("a.json", &text)]);
        for packed in [gzip(&text), zstd(&text), in_zip, gzip(&gzip(&text)), zip(&[("a.gz", &gzip(&text))])] {
            assert!(packed.len() < 20_000);
            let (seen, _) = read_with(&memory(&packed), &limits, 1 << 20).expect("a trace, cut");
            let len = seen[0].bytes.len();
            assert!(text.starts_with(&seen[0].bytes));
            // Where packed bytes are packed again, they count as well.
            assert!((980_000..=1_000_000).contains(&len), "{len}");
            let [problem] = &seen[0].problems[..] else { panic!("{:?}", seen[0].problems) };
            assert_eq!((problem.kind, problem.byte_offset), (WarningKind::TooLarge, Some(len as u64)));
            assert!(problem.detail.contains("1000000 bytes"), "{}", problem.detail);
        }
    }

    #[test]
    fn exactly_the_limit_is_within_it() {
        let text = trace(100_000);
        let len = text.len() as u64;
        for packed in [gzip(&text), zstd(&text), zip(&[("a", &text)])] {
            let limits = Limits { max_unpacked_bytes: len, ..Limits::default() };
            let (seen, _) = read_with(&memory(&packed), &limits, 1000).expect("a trace");
            assert!(seen[0].bytes == text);
            assert_eq!(seen[0].problems, []);
            let limits = Limits { max_unpacked_bytes: len - 1, ..Limits::default() };
            let (seen, _) = read_with(&memory(&packed), &limits, 1000).expect("a trace");
            assert!(seen[0].bytes == text[..text.len() - 1]);
            assert_eq!(seen[0].problems.len(), 1);
        }
    }

    #[test]
    fn the_limit_is_on_all_members_together() {
        let text = trace(10_000);
        let limits = Limits { max_unpacked_bytes: 25_000, ..Limits::default() };
        for packed in [
            zip(&[("a", &text), ("b", &text), ("c", &text), ("d", &text)]),
            gzip(&tar(&[("a", &text), ("b", &text), ("c", &text)])),
        ] {
            let (seen, _) = read_with(&memory(&packed), &limits, 1 << 20).expect("traces");
            assert_eq!(seen.len(), 3);
            assert!(seen[0].bytes == text && seen[1].bytes == text);
            assert!(seen[2].bytes.len() < 5_100);
            assert_eq!(seen[2].problems.len(), 1);
            assert_eq!(seen[2].problems[0].kind, WarningKind::TooLarge);
        }
        let packed = zip(&[("a", &text), ("b", &text), ("c", &text), ("d", &text)]);
        let (_, outcome) = read_with(&memory(&packed), &limits, 1 << 20).expect("traces");
        assert!(outcome.problems.iter().any(|problem| problem.detail.contains("further members were not read")));
    }

    #[test]
    fn plain_files_have_no_limit() {
        let limits = Limits { max_unpacked_bytes: 10, ..Limits::default() };
        let (seen, _) = read_with(&memory(SMALL), &limits, 1 << 20).expect("a trace");
        assert_eq!((seen[0].bytes.as_slice(), seen[0].problems.len()), (SMALL, 0));
    }

    #[test]
    fn containers_are_opened_to_a_depth() {
        let mut packed = SMALL.to_vec();
        for _ in 0..8 {
            packed = gzip(&packed);
        }
        assert_eq!(read_one(&packed).bytes, SMALL);
        match read(&gzip(&packed)) {
            Err(IngestError::WrongFormat { looks_like, .. }) => {
                assert_eq!(looks_like, "containers packed in each other more than 8 deep");
            }
            other => panic!("{other:?}"),
        }
        for packed in [zip(&[("a", SMALL)]), tar(&[("a", SMALL)])] {
            let limits = Limits { max_container_depth: 0, ..Limits::default() };
            let result = read_with(&memory(&packed), &limits, 1 << 20);
            assert!(matches!(result, Err(IngestError::WrongFormat { .. })), "{result:?}");
        }
    }

    #[test]
    fn members_are_counted() {
        let members = [("a", SMALL), ("b", SMALL), ("c", SMALL)];
        let limits = Limits { max_members: 2, ..Limits::default() };
        for packed in [zip(&members), tar(&members)] {
            let (seen, outcome) = read_with(&memory(&packed), &limits, 1 << 20).expect("traces");
            assert_eq!(seen.len(), 2);
            assert_eq!(outcome.problems.count_of(WarningKind::TooLarge), 1);
        }
    }
}

mod contents {
    use super::*;

    #[test]
    fn what_may_be_a_trace_is_offered_as_one() {
        for (text, content) in [
            (&b"{"[..], ContentFormat::JsonObject),
            (b"[", ContentFormat::JsonArray),
            (b"{}", ContentFormat::JsonObject),
            (b"{ rubbish", ContentFormat::JsonObject),
            (
                b"{\"displayTimeUnit\": \"ms\", \"otherData\": {\"nodes\": 1}, \"traceEvents\": [",
                ContentFormat::JsonObject,
            ),
            (b"{\"schema\": 1, \"nodes\": [], \"traceEvents\": []}", ContentFormat::JsonObject),
            (b"[[{\"ph\": \"X\"}]]", ContentFormat::JsonArray),
            (b"[1, 2]", ContentFormat::JsonArray),
            (b"{\"ph\": \"X\", \"ts\": 1}\n{\"ph\": \"X\"}", ContentFormat::JsonEvents),
            (b",{\"ph\": \"X\", \"ts\": 1}", ContentFormat::JsonEvents),
            (b"ame\": \"x\", \"ph\": \"X\", \"ts\": 1}, {\"ph\"", ContentFormat::JsonEvents),
            (b"\0\0\0{\"ph\":\"X\"}", ContentFormat::JsonEvents),
        ] {
            let seen = read_one(text);
            assert_eq!((seen.content, seen.bytes.as_slice()), (content, text));
        }
    }

    #[test]
    fn what_is_something_else_is_named() {
        let safetensors = [&20_u64.to_le_bytes()[..], b"{\"__metadata__\": {}}"].concat();
        let many_tabs = b"a\tb\n1\t2\n";
        let table: &[(&[u8], &str)] = &[
            (b"\x0a\x03\x18\x01\x02\x0a\x02\x40\x01", "a Perfetto trace"),
            (b"{\"meta\": {\"interval\": 1, \"preprocessedProfileVersion\": 48}, \"threads\": [", "a Firefox profile"),
            (
                b"{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\", \"profiles\"",
                "a speedscope profile",
            ),
            (b"{\"schema\": \"1.1.1-chakra.0.0.4\", \"pid\": 1, \"nodes\": [", "a PyTorch execution trace"),
            (b"{\"segments\": [], \"device_traces\": []}", "a PyTorch memory snapshot"),
            (b"[[-1, 1, 37888, 7], [", "a PyTorch memory timeline"),
            (b"{\"nodes\": [], \"startTime\": 1, \"endTime\": 2}", "a V8 CPU profile"),
            (b"{\"Type\":41,\"SchedEvent\":{\"Cpu\":1}}", "an Nsight Systems export (JSON lines)"),
            (b"\x80\x04\x95\x10\0\0\0", "a Python pickle"),
            (b"\x80\x02}q\0", "a Python pickle"),
            (b"\x7fELF\x02\x01", "a program or library (ELF)"),
            (b"MZ\x90\0", "a program or library (Windows)"),
            (b"\n<!DOCTYPE html>\n<html>", "a web page (HTML)"),
            (b"<html><body>", "a web page (HTML)"),
            (b"<?xml version=", "an XML document"),
            (b"\x89PNG\r\n\x1a\n\0", "a PNG image"),
            (b"PAR1\x15\x04", "a Parquet file"),
            (b"ARROW1\0\0", "an Arrow IPC file"),
            (b"\xff\xff\xff\xff\x10\0", "an Arrow IPC stream"),
            (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
            (&safetensors, "a safetensors file"),
            (b"\xfd7zXZ\0\0", "a file packed with xz"),
            (b"BZh91AY&SY\x01", "a file packed with bzip2"),
            (b"\x04\x22\x4d\x18\x64", "a file packed with lz4"),
            (b"7z\xbc\xaf\x27\x1c\0", "a 7z archive"),
            (b"\xff\xfe{\0\"\0", "UTF-16 text"),
            (b"\xfe\xff\0{\0\"", "UTF-16 text"),
            (b"{\0\"\0", "UTF-16 text"),
            (b"\0[\0{", "UTF-16 text"),
            (b"----  ----\n Name  Self CPU %\n", "a table that PyTorch printed"),
            (b"name,count\nx,1\n", "a table of comma-separated values"),
            (many_tabs, "a table of tab-separated values"),
            (b"# A title\n\nSome words.\n", "plain text"),
            (b"MZ and BZh begin words, too", "plain text"),
            (" \n\t\n".as_bytes(), "a text without a visible character"),
            (&[0; 5000], "nothing but zero bytes"),
            (b"\x01\x02\x03\xf0", "an unknown binary format (first bytes 01 02 03 f0)"),
        ];
        for &(bytes, expected) in table {
            match read(bytes) {
                Err(error @ IngestError::WrongFormat { .. }) => {
                    let message = error.to_string();
                    assert!(message.contains(expected), "{message} should say {expected}");
                    assert!(error.hint().is_none_or(|hint| !hint.is_empty()));
                }
                other => panic!("{expected}: {other:?}"),
            }
            // It is the same packed, and by no name better known.
            assert!(matches!(read(&gzip(bytes)), Err(IngestError::WrongFormat { .. })), "{expected}");
        }
    }

    #[test]
    fn what_to_do_is_said_where_something_can_be_done() {
        for (bytes, says) in [
            (&b"\xff\xfe{\0"[..], "iconv"),
            (b"PAR1\x15\x04", "nsys export --type sqlite"),
            (b"ARROW1\0\0", "nsys export --type sqlite"),
            (b"\x80\x04\x95\0", "export_chrome_trace"),
            (b"\xfd7zXZ\0", "unpack it first"),
            (b"{\"Type\": 41, \"SchedEvent\": {}}", "nsys export --type sqlite"),
            (b"{\"schema\": \"1.0.1\", \"nodes\": [", "beside it"),
        ] {
            let hint = read(bytes).expect_err("it is no trace").hint();
            assert!(hint.as_ref().is_some_and(|hint| hint.contains(says)), "{hint:?} should say {says}");
        }
        let input = Input::Memory { name: "a.qdstrm".to_owned(), bytes: Arc::from(&b"\x01\x02\x03\x04"[..]) };
        let error = read_with(&input, &Limits::default(), 100).expect_err("it is no trace");
        assert!(error.hint().is_some_and(|hint| hint.contains("QdstrmImporter")));
    }

    #[test]
    fn nothing_is_empty_at_every_depth() {
        assert!(matches!(read(b""), Err(IngestError::Empty { .. })));
        assert!(matches!(read(&gzip(b"")), Err(IngestError::Empty { .. })));
        assert!(matches!(read(&zstd(b"")), Err(IngestError::Empty { .. })));
        match read(&zip(&[("a", b"")])) {
            Err(IngestError::Empty { path }) => assert_eq!(path, "in!a"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn real_files_are_known_by_content() {
        let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
        if !traces.is_dir() {
            println!("skipped: no real traces next to the project");
            return;
        }
        let wrong_format = |path: &str| match read_with(&Input::File(traces.join(path)), &Limits::default(), 1 << 20) {
            Err(IngestError::WrongFormat { looks_like, .. }) => looks_like,
            other => panic!("{path}: {:?}", other.map(|(seen, _)| seen.len())),
        };
        for (path, expected) in [
            ("nsys/README.md", "plain text"),
            ("kineto/hta/execution_trace/benchmark_simple_add_et.json.gz", "a PyTorch execution trace"),
            ("kineto/hta/memory_analysis/memory_timeline.raw.gz", "a PyTorch memory timeline"),
            ("kineto/torch_cpu/stack/memory_timeline.json.gz", "a PyTorch memory timeline"),
            ("kineto/torch_cpu/stack/table_default.txt.gz", "a table that PyTorch printed (key_averages)"),
            ("kineto/torch_cpu/stack/stacks_self_cpu_time_total.txt.gz", "plain text"),
        ] {
            assert_eq!(wrong_format(path), expected, "{path}");
        }
        let mut num_traces = 0;
        for folder in ["kineto/hta", "kineto/tracelens", "vllm-cpu"] {
            let path = traces.join(folder).to_string_lossy().into_owned();
            for found in find_inputs(&[path]).expect("the folder is there") {
                let path = found.input.path();
                // Whoever has asked one of them has left its cache file there.
                let is_cache = path.ends_with(".kinetoscope-cache");
                if !path.contains(".json") || path.contains("_et.json") || is_cache {
                    continue;
                }
                let (seen, outcome) = read_with(&found.input, &Limits::default(), 1 << 20).expect("a trace");
                let [seen] = &seen[..] else { panic!("{path}: one document") };
                assert!(outcome.problems.is_empty() && seen.problems.is_empty(), "{path}");
                let expected = if path.ends_with("gz") { "gzip, chrome json" } else { "chrome json" };
                assert!(seen.format.starts_with(expected), "{path}: {}", seen.format);
                num_traces += 1;
            }
        }
        assert!(num_traces >= 35, "{num_traces}");
    }
}

mod inputs {
    use super::*;

    fn found_names(paths: &[String], folder: &Path) -> Vec<String> {
        let prefix = format!("{}/", folder.display());
        let found = find_inputs(paths).expect("there is something");
        found.iter().map(|found| found.input.path().replace(&prefix, "")).collect()
    }

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is writable");
            fs::write(path, SMALL).expect("the folder is writable");
        }
        folder
    }

    fn path_of(folder: &Path, name: &str) -> String {
        folder.join(name).to_string_lossy().into_owned()
    }

    #[test]
    fn a_folder_is_everything_in_it_in_the_order_people_count() {
        let folder = folder_with(&[
            "rank10.json",
            "rank9.json",
            "rank0.json",
            "b/2.json",
            "b/10.json",
            "b/c/1.json",
            ".hidden.json",
            ".git/x.json",
            "notes.txt",
        ]);
        let names = found_names(&[folder.path().to_string_lossy().into_owned()], folder.path());
        let expected = ["b/2.json", "b/10.json", "b/c/1.json", "notes.txt", "rank0.json", "rank9.json", "rank10.json"];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_was_named_and_what_was_found_are_told_apart() {
        let folder = folder_with(&["a.json", "d/b.json"]);
        let found = find_inputs(&[path_of(folder.path(), "a.json"), path_of(folder.path(), "d"), "-".to_owned()])
            .expect("both are there");
        let explicit: Vec<_> = found.iter().map(|found| found.is_explicit()).collect();
        assert_eq!(explicit, [true, false, true]);
        assert!(matches!(found[2].input, Input::Stdin));
        let wrong = IngestError::Empty { path: String::new() };
        assert!(!found[0].can_skip_after(&wrong));
        assert!(found[1].can_skip_after(&wrong));
        assert!(!found[1].can_skip_after(&IngestError::Cancelled));
    }

    #[test]
    fn patterns_find_files_and_folders() {
        let folder =
            folder_with(&["rank10.json", "rank9.json", "x.txt", "run1/a.json", "run1/b/c.json", ".rank1.json"]);
        let names = |pattern: &str| found_names(&[path_of(folder.path(), pattern)], folder.path());
        assert_eq!(names("*.json"), ["rank9.json", "rank10.json"]);
        assert_eq!(names("rank?.json"), ["rank9.json"]);
        assert_eq!(names("rank[0-9][0-9].json"), ["rank10.json"]);
        assert_eq!(names("run*"), ["run1/a.json", "run1/b/c.json"]);
        assert_eq!(names("**/*.json"), ["rank9.json", "rank10.json", "run1/a.json", "run1/b/c.json"]);
    }

    #[test]
    fn a_literal_name_comes_before_a_pattern() {
        let folder = folder_with(&["rank[0].json", "rank0.json"]);
        let names = found_names(&[path_of(folder.path(), "rank[0].json")], folder.path());
        assert_eq!(names, ["rank[0].json"]);
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        let folder = folder_with(&["a.json"]);
        for name in ["b.json", "*.gz", "a["] {
            match find_inputs(&[path_of(folder.path(), name)]) {
                Err(IngestError::NoMatch { pattern }) => assert!(pattern.ends_with(name)),
                other => panic!("{other:?}"),
            }
        }
        let empty = tempfile::tempdir().expect("a temporary folder");
        match find_inputs(&[empty.path().to_string_lossy().into_owned()]) {
            Err(IngestError::NoTraceInFolder { num_files: 0, .. }) => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_folder_of_other_tools_files_says_what_they_are_and_what_to_do() {
        let folder = folder_with(&[]);
        fs::write(folder.path().join("notes.txt"), b"run of Monday").expect("the folder is ours");
        fs::write(folder.path().join("a.jsonl"), b"{\"Type\": 41, \"SchedEvent\": {}}\n").expect("the folder is ours");
        fs::write(folder.path().join("a.sqlite"), b"SQLite format 3\0 CREATE TABLE StringIds")
            .expect("the folder is ours");
        let read_folder = |name: &str| {
            let found = find_inputs(&[path_of(folder.path(), name)]).expect("it is there");
            kinetoscope_ingest::read(&found, &ReadOptions::default(), &Progress::default()).expect_err("holds no trace")
        };
        let alone = read_folder("a.jsonl");
        let error = read_folder("");
        assert!(alone.hint().is_some_and(|hint| hint.contains("Nsight Systems")), "{alone}");
        assert_eq!(error.hint(), alone.hint());
        let message = error.to_string();
        for what in ["an Nsight Systems export (JSON lines)", "an SQLite database that cannot be opened", "(3 files"] {
            assert!(message.contains(what), "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_loops_end() {
        use std::os::unix::fs::symlink;
        let folder = folder_with(&["a/1.json", "b/2.json", "elsewhere/3.json"]);
        let path = folder.path();
        symlink(path, path.join("a/up")).expect("links are possible");
        symlink(path.join("b"), path.join("c")).expect("links are possible");
        symlink(path.join("elsewhere/3.json"), path.join("a/4.json")).expect("links are possible");
        symlink("nowhere", path.join("a/5.json")).expect("links are possible");
        let names = found_names(&[path.to_string_lossy().into_owned()], path);
        assert_eq!(names, ["a/1.json", "a/4.json", "a/5.json", "b/2.json", "elsewhere/3.json"]);
        // A link to nowhere is found out when it is read, and can be skipped then.
        let error = read_with(&Input::File(path.join("a/5.json")), &Limits::default(), 100).expect_err("nothing there");
        assert!(matches!(error, IngestError::Io { .. }), "{error:?}");
    }

    #[cfg(unix)]
    #[test]
    fn sockets_and_pipes_in_a_folder_are_left_alone() {
        let folder = folder_with(&["a.json"]);
        let _socket =
            std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("sockets are possible");
        let names = found_names(&[folder.path().to_string_lossy().into_owned()], folder.path());
        assert_eq!(names, ["a.json"]);
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = folder_with(&["a.json"]);
        let input = Input::File(folder.path().to_owned());
        let error = read_with(&input, &Limits::default(), 100).expect_err("a folder has no bytes");
        assert!(matches!(error, IngestError::Io { .. }), "{error:?}");
    }

    proptest! {
        #[test]
        fn natural_order_is_an_order(
            a in "[a-c0-2]{0,5}", b in "[a-c0-2]{0,5}", c in "[a-c0-2]{0,5}", number in 0..2000_u32, other in 0..2000_u32,
        ) {
            let cmp = |a: &str, b: &str| natural_cmp(a.as_bytes(), b.as_bytes());
            prop_assert_eq!(cmp(&a, &b), cmp(&b, &a).reverse());
            prop_assert_eq!(cmp(&a, &b) == std::cmp::Ordering::Equal, a == b);
            if cmp(&a, &b).is_le() && cmp(&b, &c).is_le() {
                prop_assert!(cmp(&a, &c).is_le());
            }
            prop_assert_eq!(cmp(&format!("x{number}y"), &format!("x{other}y")), number.cmp(&other));
        }
    }
}

mod progress {
    use super::*;
    use kinetoscope_ingest::bytes::announce_sizes;

    #[test]
    fn counts_add_up_for_every_container() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = trace(500_000);
        let stored = zip_with(zip::CompressionMethod::Stored, &[("a", &text), ("b", SMALL)]);
        let cases = [
            (text.clone(), text.len()),
            (gzip(&text), text.len()),
            ([gzip(&text), vec![7; 100_000]].concat(), text.len()),
            (zstd(&text), text.len()),
            (zip(&[("a", &text), ("b", SMALL)]), text.len() + SMALL.len()),
            (stored, text.len() + SMALL.len()),
            (tar(&[("x", b"no trace"), ("a", &text)]), text.len()),
            (gzip(&tar(&[("a", &text), ("b", SMALL)])), text.len() + SMALL.len()),
            (gzip(&zip(&[("a", &text)])), text.len()),
        ];
        for (index, (packed, num_unpacked)) in cases.iter().enumerate() {
            let path = folder.path().join(index.to_string());
            fs::write(&path, packed).expect("the folder is writable");
            for input in [Input::File(path), memory(packed)] {
                let progress = Progress::default();
                announce_sizes([&input], &progress);
                assert_eq!(progress.snapshot().total_file_bytes, packed.len() as u64);
                for_each_document(&input, &Limits::default(), &progress, &mut |document| {
                    see(document, 100_000)?;
                    Ok(())
                })
                .expect("a trace");
                let snapshot = progress.snapshot();
                assert_eq!(snapshot.file_bytes, packed.len() as u64, "case {index}");
                assert_eq!(snapshot.unpacked_bytes, *num_unpacked as u64, "case {index}");
            }
        }
    }

    #[test]
    fn bytes_are_counted_while_they_are_read() {
        let text = trace(4_000_000);
        let packed = gzip(&text);
        let progress = Progress::default();
        for_each_document(&memory(&packed), &Limits::default(), &progress, &mut |mut document| {
            document.fill(&mut vec![0; text.len() / 2])?;
            let snapshot = progress.snapshot();
            assert_eq!(snapshot.unpacked_bytes, text.len() as u64 / 2);
            let share = snapshot.file_bytes as f64 / packed.len() as f64;
            assert!((0.3..0.95).contains(&share), "{share}");
            Ok(())
        })
        .expect("a trace");
    }

    #[test]
    fn a_document_knows_what_it_took_to_read_it() {
        let text = trace(2_000_000);
        let of_each = |packed: &[u8]| {
            let mut file_bytes = Vec::new();
            for_each_document(&memory(packed), &Limits::default(), &Progress::default(), &mut |mut document| {
                let mut chunk = vec![0; 100_000];
                while document.read(&mut chunk)? > 0 {}
                file_bytes.push(document.file_bytes());
                Ok(())
            })
            .expect("a trace");
            file_bytes
        };
        for packed in [text.clone(), gzip(&text), zstd(&text)] {
            assert_eq!(of_each(&packed), [packed.len() as u64]);
        }
        let one_packed = flate2_len(&text);
        let [first, second] = of_each(&zip(&[("a", &text), ("b", &text)]))[..] else { panic!("two documents") };
        for file_bytes in [first, second] {
            assert!(file_bytes.abs_diff(one_packed) < 100, "{file_bytes} for about {one_packed}");
        }
    }

    /// Length of the deflate data alone.
    fn flate2_len(bytes: &[u8]) -> u64 {
        gzip(bytes).len() as u64 - 18
    }

    #[test]
    fn the_total_is_unknown_when_one_size_is() {
        let progress = Progress::default();
        announce_sizes([&memory(SMALL), &Input::Stdin], &progress);
        assert_eq!(progress.snapshot().total_file_bytes, 0);
        announce_sizes([&memory(SMALL), &memory(SMALL)], &progress);
        assert_eq!(progress.snapshot().total_file_bytes, 2 * SMALL.len() as u64);
    }

    #[test]
    fn cancelling_ends_the_reading() {
        let text = trace(3_000_000);
        for packed in [text.clone(), gzip(&text), zstd(&text), tar(&[("a", &text)]), zip(&[("a", &text)])] {
            let progress = Progress::default();
            let mut num_reads = 0;
            let result = for_each_document(&memory(&packed), &Limits::default(), &progress, &mut |mut document| {
                let mut chunk = vec![0; 100_000];
                while document.read(&mut chunk)? > 0 {
                    num_reads += 1;
                    progress.cancel();
                }
                Ok(())
            });
            assert!(matches!(result, Err(IngestError::Cancelled)), "{result:?}");
            assert_eq!(num_reads, 1);
        }
        let progress = Progress::default();
        progress.cancel();
        let result = for_each_document(&memory(SMALL), &Limits::default(), &progress, &mut |_| Ok(()));
        assert!(matches!(result, Err(IngestError::Cancelled)));
    }

    #[test]
    fn cancelling_wins_over_what_a_reader_made_of_it() {
        let progress = Progress::default();
        let result = for_each_document(&memory(SMALL), &Limits::default(), &progress, &mut |mut document| {
            progress.cancel();
            let path = document.path.clone();
            document.read_to_end(&mut Vec::new()).map_err(|source| IngestError::Io { path, source })?;
            Ok(())
        });
        assert!(matches!(result, Err(IngestError::Cancelled)), "{result:?}");
    }
}

mod problems {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_few_kept() {
        let members: Vec<_> = (0..25).map(|index| format!("{index}.txt")).collect();
        let mut members: Vec<(&str, &[u8])> = members.iter().map(|name| (name.as_str(), &b"text"[..])).collect();
        members.push(("z.json", SMALL));
        let (_, outcome) = read(&tar(&members)).expect("a trace");
        assert_eq!(outcome.problems.count_of(WarningKind::SkippedMember), 25);
        assert_eq!(outcome.problems.iter().count(), 10);
        let mut warnings = Warnings::default();
        outcome.problems.add_to(&mut warnings, SourceId(0));
        assert_eq!(warnings.count_of(WarningKind::SkippedMember), 25);
    }
}

mod damage {
    use super::*;

    /// One of everything, small.
    fn samples() -> Vec<Vec<u8>> {
        let text = trace(600);
        vec![
            gzip(&text),
            [gzip(&text[..300]), gzip(&text[300..])].concat(),
            zstd(&text),
            zip(&[("a.json", &text), ("b.json", SMALL)]),
            streamed_zip(&[("a.json", &text), ("b.json", SMALL)]),
            tar(&[("a.json", &text), ("b.json", SMALL)]),
            gzip(&tar(&[("a.json", &text)])),
            zip(&[("a.json.gz", &gzip(&text))]),
        ]
    }

    /// Whatever happens to the bytes, reading ends with a result or an error about them.
    fn read_damaged(bytes: &[u8]) {
        let limits = Limits { max_unpacked_bytes: 10_000_000, ..Limits::default() };
        match read_with(&memory(bytes), &limits, 5_000) {
            Ok((seen, _)) => {
                for seen in seen {
                    for problem in seen.problems {
                        assert!(problem.byte_offset.is_some_and(|offset| offset <= seen.bytes.len() as u64));
                    }
                }
            }
            Err(error) => assert!(error.is_about_content(), "{error:?}"),
        }
    }

    #[test]
    fn every_bit_of_every_container_may_flip() {
        for sample in samples() {
            let mut bytes = sample.clone();
            for at in 0..bytes.len() {
                for bit in [0, 3, 7] {
                    bytes[at] ^= 1 << bit;
                    read_damaged(&bytes);
                    bytes[at] ^= 1 << bit;
                }
            }
        }
    }

    #[test]
    fn every_container_may_end_anywhere_also_within_another() {
        for sample in samples() {
            for cut in 0..sample.len() {
                read_damaged(&sample[..cut]);
            }
            let packed = gzip(&sample);
            for cut in 0..packed.len() {
                read_damaged(&packed[..cut]);
            }
        }
    }

    proptest! {
        #[test]
        fn rubbish_behind_any_magic_is_survived(
            magic in prop::sample::select(vec![
                &b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"PK\x03\x04", b"PK\x05\x06", b"\x0a", b"{", b"",
            ]),
            rubbish in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            read_damaged(&[magic, &rubbish].concat());
        }

        #[test]
        fn a_stretch_of_rubbish_anywhere_is_survived(
            index in 0..8_usize, at in any::<prop::sample::Index>(), rubbish in prop::collection::vec(any::<u8>(), 1..40),
        ) {
            let mut bytes = samples().swap_remove(index);
            let at = at.index(bytes.len());
            for (byte, rubbish) in bytes[at..].iter_mut().zip(rubbish) {
                *byte = rubbish;
            }
            read_damaged(&bytes);
        }
    }
}
