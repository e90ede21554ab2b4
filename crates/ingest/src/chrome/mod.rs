//! Reads Chrome's trace-event JSON, above all as PyTorch's profiler (Kineto) writes it.
//!
//! Bytes become [`block::EventBlock`]s in the [`pipeline`], and the blocks of all documents become one trace in
//! [`mod@assemble`]. A gigabyte of JSON is read once, by as many threads as there are, in bounded memory; nothing in it is
//! trusted to be right.

mod assemble;
mod block;
mod category;
mod container;
mod cursor;
mod decimal;
mod event;
mod flow;
mod gpu;
mod layout;
pub(crate) mod metadata;
pub(crate) mod pipeline;
pub(crate) mod role;
mod scanner;

use kinetoscope_model::Warnings;

pub(crate) use assemble::assemble;
use block::EventBlock;

/// A document read to its end, not yet part of a trace.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) file_bytes: u64,
    pub(crate) unpacked_bytes: u64,
    pub(crate) num_events: u64,
    blocks: Vec<EventBlock>,
    /// Keys beside the events, with their values as JSON text.
    top_level: Vec<(String, String)>,
    pub(crate) warnings: Warnings,
    /// True when the document has an array of events, be it empty.
    pub(crate) has_events: bool,
    /// The first thing that stood in the way of reading, for a document that gave nothing.
    pub(crate) first_failure: Option<String>,
}

impl Document {
    /// Before PyTorch 2.3 times count from 1970; no other clock gets past September 2001 in nanoseconds.
    const OLDEST_UNIX_NS: i64 = 1_000_000_000_000_000_000;

    /// True when the document says where its times lie on the clock of the world.
    pub(crate) fn has_clock(&self) -> bool {
        let times = self.blocks.iter().flat_map(|block| block.ts.iter().zip(&block.phase));
        let first = || times.filter(|&(_, &phase)| phase != b'M').map(|(&ts, _)| ts).min();
        metadata::TopLevel::read(&self.top_level).base_unix_ns.is_some() || first() >= Some(Self::OLDEST_UNIX_NS)
    }
}
