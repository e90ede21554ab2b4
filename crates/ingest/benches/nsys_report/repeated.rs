//! Makes a long capture out of a short one: the same events over and over, each time later, as a report and as the
//! database that would be exported from it.
//!
//! No real report of gigabytes is at hand. The bytes are rewritten by what the wire format says and not by the reader
//! that is measured, and events keep their order, so that a long recording of the same program would look like this.

use rusqlite::Connection;

/// Events of a block, as recorders have it.
const EVENTS_PER_BLOCK: usize = 7000;

/// How much later each repetition begins than the one before has ended.
const PAUSE_NANOS: i64 = 1_000_000;

/// Where the times of a payload are, by the field that the payload is in. Other events are not repeated.
fn time_fields(payload: u64) -> Option<&'static [u64]> {
    match payload {
        102 => Some(&[2, 10]),
        104 | 106 => Some(&[1]),
        107 | 108 => Some(&[1, 2]),
        _ => None,
    }
}

/// A report taken apart.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// Up to the counts.
    head: &'a [u8],
    counts: &'a [u8],
    /// Packed blocks of events, with their unpacked lengths.
    pub(crate) blocks: Vec<(&'a [u8], usize)>,
    /// From the block of strings on.
    tail: &'a [u8],
    /// Events, each a message.
    events: Vec<Vec<u8>>,
}

fn take_varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first().expect("a number ends");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let len = take_varint(bytes) as usize;
    let (taken, rest) = bytes.split_at(len);
    *bytes = rest;
    taken
}

/// Calls `visit` for each field of a message: its number, its type, its value as bytes.
fn for_each_field<'a>(message: &'a [u8], mut visit: impl FnMut(u64, u64, &'a [u8])) {
    let mut rest = message;
    while !rest.is_empty() {
        let tag = take_varint(&mut rest);
        let before = rest;
        match tag & 7 {
            0 => {
                take_varint(&mut rest);
            }
            1 => rest = &rest[8..],
            2 => {
                visit(tag >> 3, 2, take_bytes(&mut rest));
                continue;
            }
            _ => rest = &rest[4..],
        }
        visit(tag >> 3, tag & 7, &before[..before.len() - rest.len()]);
    }
}

impl<'a> Parts<'a> {
    /// Takes a whole, undamaged report apart.
    pub(crate) fn of(report: &'a [u8]) -> Self {
        let start = report.windows(8).position(|window| window == b"QDTEXT00").expect("a report has data") + 8;
        let mut rest = &report[start..];
        take_bytes(&mut rest);
        let head = &report[..report.len() - rest.len()];
        let counts = take_bytes(&mut rest);
        let mut num_declared = 0;
        for_each_field(counts, |number, _, mut value| {
            if number == 1 {
                num_declared = take_varint(&mut value);
            }
        });
        let mut parts = Self { head, counts, blocks: Vec::new(), tail: rest, events: Vec::new() };
        while (parts.events.len() as u64) < num_declared {
            let (packed_len, unpacked_len) = (take_varint(&mut rest) as usize, take_varint(&mut rest) as usize);
            let (packed, after) = rest.split_at(packed_len);
            rest = after;
            let unpacked = lz4_flex::block::decompress(packed, unpacked_len).expect("the block is whole");
            let mut message = &unpacked[..];
            for_each_field(take_bytes(&mut message), |_, _, event| parts.events.push(event.to_vec()));
            parts.blocks.push((packed, unpacked_len));
        }
        parts.tail = rest;
        parts
    }

    /// From the first time to the last one.
    fn span(&self) -> i64 {
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for event in &self.events {
            with_times(event, |time| {
                (first, last) = (first.min(time), last.max(time));
                time
            });
        }
        last - first
    }

    /// The same report with all its events `num_copies` times, and how much later each copy is.
    pub(crate) fn repeated(&self, num_copies: usize) -> (Vec<u8>, i64) {
        let step = self.span() + PAUSE_NANOS;
        let mut events: Vec<Vec<u8>> = Vec::new();
        let mut blocks = Vec::new();
        let mut num_events = 0_u64;
        for copy in 0..num_copies as i64 {
            for event in &self.events {
                match with_times(event, |time| time + copy * step) {
                    Some(event) => events.push(event),
                    None if copy == 0 => events.push(event.clone()),
                    None => continue,
                }
                if events.len() == EVENTS_PER_BLOCK {
                    num_events += events.len() as u64;
                    put_block(&mut blocks, &events);
                    events.clear();
                }
            }
        }
        num_events += events.len() as u64;
        put_block(&mut blocks, &events);
        let mut counts = Vec::new();
        put_varint(&mut counts, 1 << 3);
        put_varint(&mut counts, num_events);
        for_each_field(self.counts, |number, kind, value| {
            if number != 1 {
                put_field(&mut counts, number, kind, value);
            }
        });
        let mut report = self.head.to_vec();
        put_varint(&mut report, counts.len() as u64);
        report.extend_from_slice(&counts);
        report.extend_from_slice(&blocks);
        // The section table at the end says where things were; no reader of ours asks it.
        report.extend_from_slice(self.tail);
        (report, step)
    }
}

fn put_field(out: &mut Vec<u8>, number: u64, kind: u64, value: &[u8]) {
    put_varint(out, number << 3 | kind);
    if kind == 2 {
        put_varint(out, value.len() as u64);
    }
    out.extend_from_slice(value);
}

fn put_block(out: &mut Vec<u8>, events: &[Vec<u8>]) {
    let mut message = Vec::new();
    for event in events {
        put_field(&mut message, 1, 2, event);
    }
    let mut block = Vec::new();
    put_varint(&mut block, message.len() as u64);
    block.extend_from_slice(&message);
    let packed = lz4_flex::block::compress(&block);
    put_varint(out, packed.len() as u64);
    put_varint(out, block.len() as u64);
    out.extend_from_slice(&packed);
}

/// The event with its times changed; nothing when it is of a kind that is not repeated.
fn with_times(event: &[u8], mut change: impl FnMut(i64) -> i64) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(event.len() + 8);
    let mut is_repeated = true;
    for_each_field(event, |number, kind, value| {
        if kind != 2 {
            put_field(&mut out, number, kind, value);
            return;
        }
        let Some(times) = time_fields(number) else {
            is_repeated = false;
            return;
        };
        let mut payload = Vec::with_capacity(value.len() + 8);
        for_each_field(value, |number, kind, mut value| {
            if kind == 0 && times.contains(&number) {
                put_varint(&mut payload, number << 3);
                put_varint(&mut payload, change(take_varint(&mut value) as i64) as u64);
            } else {
                put_field(&mut payload, number, kind, value);
            }
        });
        put_field(&mut out, number, 2, &payload);
    });
    is_repeated.then_some(out)
}

/// A table, its columns of times, and its column of numbers of stacks with the table that has these stacks.
type RepeatedTable = (&'static str, &'static [&'static str], Option<(&'static str, &'static str)>);

/// Repeats the rows of the events of a database as [`Parts::repeated`] does, each copy `step` nanoseconds later.
pub(crate) fn repeat_database(database: &Connection, num_copies: usize, step: i64) -> rusqlite::Result<()> {
    const TABLES: &[RepeatedTable] = &[
        ("OSRT_API", &["start", "end"], Some(("callchainId", "OSRT_CALLCHAINS"))),
        ("OSRT_CALLCHAINS", &[], Some(("id", "OSRT_CALLCHAINS"))),
        ("COMPOSITE_EVENTS", &["start"], Some(("id", "SAMPLING_CALLCHAINS"))),
        ("SAMPLING_CALLCHAINS", &[], Some(("id", "SAMPLING_CALLCHAINS"))),
        ("SCHED_EVENTS", &["start"], None),
        ("PROFILER_OVERHEAD", &["start", "end"], None),
        ("NVTX_EVENTS", &["start", "end"], None),
        ("CUPTI_ACTIVITY_KIND_RUNTIME", &["start", "end"], None),
        ("CUPTI_ACTIVITY_KIND_KERNEL", &["start", "end"], None),
        ("CUPTI_ACTIVITY_KIND_MEMCPY", &["start", "end"], None),
        ("CUPTI_ACTIVITY_KIND_MEMSET", &["start", "end"], None),
        ("CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", &["start", "end"], None),
    ];
    let columns_of = |table: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = database.prepare(&format!("PRAGMA table_info({table})"))?;
        statement.query_map([], |row| row.get(1))?.collect()
    };
    let mut statements = Vec::new();
    for &(table, times, stack) in TABLES {
        let columns = columns_of(table)?;
        if columns.is_empty() {
            continue;
        }
        let last: i64 = database.query_row(&format!("SELECT max(rowid) FROM {table}"), [], |row| row.get(0))?;
        let num_stacks: i64 = match stack {
            Some((_, stacks)) if !columns_of(stacks)?.is_empty() => {
                database.query_row(&format!("SELECT coalesce(max(id), 0) FROM {stacks}"), [], |row| row.get(0))?
            }
            _ => 0,
        };
        let value = |column: &String| match stack {
            _ if times.contains(&column.as_str()) => format!("\"{column}\" + ?1 * {step}"),
            // 0 is no stack.
            Some((of, _)) if of == column => format!("iif(\"{column}\" = 0, 0, \"{column}\" + ?1 * {num_stacks})"),
            _ => format!("\"{column}\""),
        };
        let list = columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let values = columns.iter().map(value).collect::<Vec<_>>().join(", ");
        statements.push(format!(
            "INSERT INTO {table} ({list}) SELECT {values} FROM {table} WHERE rowid <= {last} ORDER BY rowid"
        ));
    }
    database.execute_batch("BEGIN")?;
    for copy in 1..num_copies as i64 {
        for statement in &statements {
            database.prepare_cached(statement)?.execute([copy])?;
        }
    }
    database.execute_batch("COMMIT")
}
