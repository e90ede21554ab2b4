//! Answers fixed questions as pure functions from a store to result structs, and writes those as text, CSV, JSON, Markdown.
//!
//! Two rules shaped the crate:
//!
//! - **Exact.** Sums, unions and gaps are whole nanoseconds and add up: busy and idle to the span, causes to the idle
//!   time. Rounding happens where a number becomes text.
//! - **Linear.** Every question is a pass or two over columns in order, grouped by dense ids; a trace of ten million
//!   events is summed up in about the time it takes to read it from memory.
//!
//! Results depend on nothing but the trace: ties are broken by name or by time, never by the order of a hash table.

pub mod annotations;
pub mod area_flows;
pub mod area_selection;
pub mod arg_node;
pub mod categories;
pub mod copies;
pub mod cpu_ops;
pub mod cpu_threads;
mod device_name;
#[cfg(test)]
mod drawing;
pub mod finding;
pub mod flamegraph;
pub mod gap;
pub mod gpu_time;
pub mod gpu_timeline;
pub mod interval;
#[cfg(test)]
mod invariant;
pub mod kernel_class;
pub mod kernels;
pub mod launch_delay;
pub mod metadata;
mod name_group;
pub mod name_statistics;
pub mod percentile;
pub mod search;
pub mod slice_details;
pub mod stats;
pub mod summary;
pub mod summary_text;
pub mod text_table;
pub mod track_tree;
pub mod unit;
pub mod warnings;

pub use gpu_timeline::GpuTimeline;
pub use summary::{Summary, summary};
pub use summary_text::{TextOptions, summary_text};
