//! Writes small reports, so that what is in them is known without a recorder.

use std::ops::Range;

/// A message in protobuf's wire format.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    pub(crate) fn int(mut self, number: u32, value: i64) -> Self {
        self.varint(u64::from(number) << 3);
        self.varint(value.cast_unsigned());
        self
    }

    pub(crate) fn double(mut self, number: u32, value: f64) -> Self {
        self.varint(u64::from(number) << 3 | 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(mut self, number: u32, bytes: &[u8]) -> Self {
        self.varint(u64::from(number) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(self, number: u32, text: &str) -> Self {
        self.bytes(number, text.as_bytes())
    }

    pub(crate) fn message(self, number: u32, message: &Self) -> Self {
        self.bytes(number, &message.0)
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

pub(crate) fn message() -> Message {
    Message::default()
}

/// The id of process `pid` on the machine itself, or of a thread of it.
pub(crate) fn global(pid: i64, tid: i64) -> i64 {
    1 << 48 | pid << 24 | tid
}

pub(crate) fn event(event_type: i64, payload: u32, message_of_it: &Message) -> Message {
    message().int(1, event_type).message(payload, message_of_it)
}

/// A call: of the CUDA runtime (class 0), the driver (1), the OS runtime (27) ...
pub(crate) fn call(class: i64, start: i64, end: i64, name: i64) -> Message {
    message().int(1, start).int(2, end).int(3, 0).int(6, class).int(7, name).int(8, 0).int(13, global(22, 23))
}

/// The fields that all work of a GPU has.
pub(crate) fn gpu_work(start: i64, end: i64, correlation: i64) -> Message {
    message().int(1, start).int(2, end).int(3, correlation).int(4, 0).int(5, 1).int(6, 7).int(8, global(22, 0))
}

/// How blocks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As literals only: the same bytes whatever version of the packer there is.
    Literal,
    /// As small as the packer gets them.
    Small,
}

/// A report under construction.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) header: Vec<u8>,
    pub(crate) packing: Packing,
    pub(crate) session: Message,
    pub(crate) blocks: Vec<Vec<Message>>,
    pub(crate) strings: Vec<Vec<u8>>,
    /// How many of the strings are in a block of their own before the others.
    pub(crate) num_early_strings: usize,
    pub(crate) streams: Vec<Message>,
    pub(crate) thread_names: Message,
    pub(crate) target: Message,
    /// As many events as there are, unless a test lies.
    pub(crate) num_events: Option<i64>,
    /// As many strings as there are, unless a test lies.
    pub(crate) num_strings: Option<i64>,
}

impl Default for Report {
    fn default() -> Self {
        let offset = |from, to, nanos: &str| message().int(1, from).int(2, to).text(5, nanos).text(6, "Offset");
        let offsets = message()
            .message(1, &offset(9, 10, "0"))
            .message(1, &offset(3, 9, "-1000"))
            .message(1, &offset(1, 3, "18446744073709551615"));
        Self {
            header: b"NVIDIA Tegra Profiler Report 2031@2@3@45-678v0.\n".to_vec(),
            packing: Packing::Small,
            session: message().message(16, &offsets).int(17, 500).int(18, 900),
            blocks: Vec::new(),
            strings: Vec::new(),
            num_early_strings: 0,
            streams: Vec::new(),
            thread_names: message(),
            target: message(),
            num_events: None,
            num_strings: None,
        }
    }
}

impl Report {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes_and_blocks().0
    }

    /// The report, and where in it the blocks of events are.
    pub(crate) fn bytes_and_blocks(&self) -> (Vec<u8>, Vec<Range<usize>>) {
        let mut bytes = self.header.clone();
        let options = message().text(1, "Local (CLI)").text(9, "host");
        bytes.extend(&options.0);
        let data_start = bytes.len();
        bytes.extend(b"QDTEXT00");
        let num_events = self.num_events.unwrap_or(self.blocks.iter().flatten().count() as i64);
        let counts =
            message().int(1, num_events).int(3, self.num_strings.unwrap_or(self.strings.len() as i64)).text(9, "lz4");
        for part in [&self.session, &counts] {
            bytes.extend(with_length(&part.0));
        }
        let mut blocks = Vec::new();
        for events in &self.blocks {
            let block = events.iter().fold(message(), |block, event| block.message(1, event));
            let start = bytes.len();
            bytes.extend(self.pack(&block));
            blocks.push(start..bytes.len());
        }
        let num_early = self.num_early_strings.min(self.strings.len());
        let (early, late) = self.strings.split_at(num_early);
        if !early.is_empty() {
            bytes.extend(self.pack(&early.iter().fold(message(), |block, string| block.bytes(1, string))));
        }
        let strings = late.iter().fold(message(), |block, string| block.bytes(1, string));
        bytes.extend(self.pack(&self.streams.iter().fold(strings, |block, stream| block.message(2, stream))));
        for part in [&self.thread_names, &self.target] {
            bytes.extend(with_length(&part.0));
        }
        let data_end = bytes.len();
        let section = |name: &str, start: usize, end: usize| {
            message().text(1, name).int(2, start as i64).int(3, (end - start) as i64)
        };
        let table = message()
            .message(1, &section("Analysis Options Data", self.header.len(), data_start))
            .message(1, &section("Raw Sampling Data", data_start, data_end));
        let table_start = bytes.len() as u64;
        bytes.extend(table.0);
        bytes.extend(table_start.to_le_bytes());
        bytes.extend(b"U3w[END]");
        (bytes, blocks)
    }

    fn pack(&self, block: &Message) -> Vec<u8> {
        let unpacked = with_length(&block.0);
        let packed = match self.packing {
            Packing::Literal => literals(&unpacked),
            Packing::Small => lz4_flex::block::compress(&unpacked),
        };
        packed_block(&packed, unpacked.len() as u64)
    }
}

/// A block with the lengths before it.
pub(crate) fn packed_block(packed: &[u8], unpacked_len: u64) -> Vec<u8> {
    let mut bytes = Message::default();
    bytes.varint(packed.len() as u64);
    bytes.varint(unpacked_len);
    bytes.0.extend(packed);
    bytes.0
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut message = Message::default();
    message.varint(bytes.len() as u64);
    message.0.extend(bytes);
    message.0
}

/// An LZ4 block of one run of literals: a token with 15 in its upper half, the rest of the length in bytes of at most
/// 255, and the bytes.
fn literals(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    match bytes.len().checked_sub(15) {
        None => packed.push((bytes.len() as u8) << 4),
        Some(mut rest) => {
            packed.push(0xf0);
            while rest >= 255 {
                packed.push(255);
                rest -= 255;
            }
            packed.push(rest as u8);
        }
    }
    packed.extend(bytes);
    packed
}

/// A report with something of everything: three blocks, every kind of event.
pub(crate) fn sample() -> Report {
    let frame = |symbol, ip| message().int(1, symbol).int(2, 1).int(8, ip);
    let with_stack =
        |call: Message| call.message(15, &frame(2, 0x10)).message(15, &frame(3, 0x20).int(6, 1)).int(20, 0);
    let nvtx = |kind, start| message().int(1, kind).int(2, start).int(9, global(22, 23)).int(13, 0).int(14, 1);
    let kernel = gpu_work(200, 260, 11).int(7, 3).int(9, 0).message(
        101,
        &(10..=15)
            .fold(message().int(1, 4).int(2, 5).int(3, 6), |fields, number| fields.int(number, i64::from(number) - 8))
            .int(16, 1024)
            .int(17, 2048)
            .int(18, 0)
            .int(19, 4096)
            .int(20, 1)
            .int(21, 40)
            .int(22, 8192)
            .int(23, 1)
            .int(24, 1)
            .int(28, 0),
    );
    let diagnostic = message()
        .message(1, &message().int(1, -5).int(2, 1).int(3, 1))
        .int(2, 3)
        .int(3, 2)
        .text(4, "look out")
        .int(5, global(22, 0));
    let process = message().int(1, 1).int(2, global(22, 0)).text(5, "/bin/demo").text(6, "demo").text(9, "--fast");
    Report {
        blocks: vec![
            vec![
                event(27, 113, &process),
                event(48, 108, &call(0, 100, 110, 7)),
                event(48, 108, &with_stack(call(27, 120, 130, 8))),
                event(48, 108, &call(27, 121, 122, 8)),
            ],
            vec![
                event(48, 108, &with_stack(call(27, 140, 150, 8))),
                event(79, 107, &kernel),
                event(
                    80,
                    107,
                    &gpu_work(300, 310, 12).message(102, &message().int(1, 77).int(2, 1).int(4, 0).int(5, 2)),
                ),
                event(80, 107, &gpu_work(320, 330, 13).message(103, &message().int(1, 64).int(2, 9).int(4, 2))),
                event(106, 107, &gpu_work(340, 350, 14).message(105, &message().int(1, 3).int(2, 4))),
                event(127, 107, &gpu_work(0, 0, 15).message(106, &message().int(1, 3).int(2, 1))),
            ],
            vec![
                event(
                    59,
                    102,
                    &nvtx(59, 400).int(10, 450).text(7, "step").message(8, &message().int(2, -7)).int(6, 0xff00_ff00),
                ),
                event(34, 102, &nvtx(34, 410).int(12, 5).message(8, &message().double(3, 0.5))),
                event(41, 106, &message().int(1, 460).int(3, 1).int(4, 1).int(5, 0).int(6, global(22, 23)).int(7, 1)),
                event(
                    31,
                    104,
                    &message()
                        .int(1, 470)
                        .int(3, 0)
                        .message(4, &frame(2, 0x30))
                        .message(5, &message().int(1, 1).int(2, 1000))
                        .int(6, 1)
                        .int(11, global(22, 23))
                        .int(12, 1),
                ),
                event(49, 110, &diagnostic),
                event(28, 109, &message().int(1, -9)),
            ],
        ],
        strings: ["", "[mod]", "f", "g", "k(int)", "k", "_Z1ki", "cudaLaunchKernel_v7000", "read", "main"]
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect(),
        streams: vec![message().int(1, global(22, 0)).int(2, 8).int(3, 0)],
        thread_names: message().message(1, &message().int(2, 9).int(3, 20).int(4, global(22, 23))),
        target: message()
            .message(
                1,
                &message().int(1, 1 << 48).message(
                    2,
                    &message()
                        .message(7, &message().int(1, 0).text(2, "GPU").int(14, 132))
                        .message(9, &message().int(1, 0).int(2, 0).int(3, 22)),
                ),
            )
            .message(14, &message().int(1, 7).int(2, 0).int(3, 1).int(4, 22).int(5, 0).int(6, 1).int(7, 0).int(8, 0))
            .message(15, &message().int(1, 7).int(2, 0).int(3, 1).int(4, 22).int(5, 1).int(6, 0).int(7, 3)),
        ..Report::default()
    }
}
