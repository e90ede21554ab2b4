//! Copies: copies and fills added up by direction, with the rate they reached.
//!
//! The rate is bytes over summed time, not over elapsed time: it says how fast copies were, not how busy the link was.
//! Where the source gives no size, only the work that has one counts.

use hashbrown::HashMap;
use kinetoscope_model::table::GpuOpKind;
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{StringId, Trace};
use serde::Serialize;

/// All copies of one direction, or all fills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopyRow {
    /// `memcpy` or `memset`.
    pub kind: &'static str,
    /// Direction, e.g. `HtoD`; `None` for fills, and where the source does not tell.
    pub copy_kind: Option<String>,
    /// Number of copies.
    pub num_ops: u64,
    /// Durations added up.
    pub sum_ns: Nanos,
    /// Bytes moved, by those with a known size.
    pub bytes: i64,
    /// Copies without a known size.
    pub num_ops_without_bytes: u64,
    /// 10^9 bytes per second of summed time, of those with a known size. `None` when there is no such time.
    pub gb_per_s: Option<f64>,
    /// The smallest known size.
    pub min_bytes: Option<i64>,
    /// The largest known size.
    pub max_bytes: Option<i64>,
    /// Copies from or to memory that is not pinned, as far as their names tell: the CPU waits for such copies.
    pub num_pageable: u64,
    /// Durations of those added up.
    pub pageable_sum_ns: Nanos,
}

/// Adds up copies and fills by direction, the largest sum first.
pub fn copies(trace: &Trace) -> Vec<CopyRow> {
    let mut sums: Vec<((GpuOpKind, Option<StringId>), CopySums)> = Vec::new();
    let mut index_of = HashMap::new();
    let mut is_pageable: Vec<Option<bool>> = vec![None; trace.strings.len()];
    for op in 0..trace.gpu_ops.len() {
        let kind = trace.gpu_ops.kind.get(op);
        if matches!(kind, GpuOpKind::Kernel | GpuOpKind::Graph) {
            continue;
        }
        let key = (kind, trace.gpu_ops.copy_kind.get(op));
        let index = *index_of.entry(key).or_insert_with(|| {
            sums.push((key, CopySums::default()));
            sums.len() - 1
        });
        let slice_id = trace.gpu_ops.slice_id.get(op);
        let name = trace.slices.name.get(slice_id.index());
        let is_pageable = *is_pageable[name.index()].get_or_insert_with(|| trace.text(name).contains("Pageable"));
        let dur_ns = trace.slice_interval(slice_id).dur();
        sums[index].1.add(dur_ns, trace.gpu_ops.bytes.get(op), is_pageable);
    }
    let mut rows: Vec<CopyRow> =
        sums.into_iter().map(|((kind, copy_kind), sums)| sums.finish(trace, kind, copy_kind)).collect();
    rows.sort_by(|a, b| b.sum_ns.cmp(&a.sum_ns).then_with(|| (a.kind, &a.copy_kind).cmp(&(b.kind, &b.copy_kind))));
    rows
}

#[derive(Debug, Clone, Copy, Default)]
struct CopySums {
    num_ops: u64,
    sum_ns: Nanos,
    num_ops_with_bytes: u64,
    sized_sum_ns: Nanos,
    bytes: i64,
    min_bytes: Option<i64>,
    max_bytes: Option<i64>,
    num_pageable: u64,
    pageable_sum_ns: Nanos,
}

impl CopySums {
    fn add(&mut self, dur_ns: Nanos, bytes: Option<i64>, is_pageable: bool) {
        self.num_ops += 1;
        self.sum_ns = self.sum_ns.saturating_add(dur_ns);
        if let Some(bytes) = bytes {
            self.num_ops_with_bytes += 1;
            self.sized_sum_ns = self.sized_sum_ns.saturating_add(dur_ns);
            self.bytes = self.bytes.saturating_add(bytes);
            self.min_bytes = Some(self.min_bytes.map_or(bytes, |min| min.min(bytes)));
            self.max_bytes = Some(self.max_bytes.map_or(bytes, |max| max.max(bytes)));
        }
        if is_pageable {
            self.num_pageable += 1;
            self.pageable_sum_ns = self.pageable_sum_ns.saturating_add(dur_ns);
        }
    }

    fn finish(self, trace: &Trace, kind: GpuOpKind, copy_kind: Option<StringId>) -> CopyRow {
        CopyRow {
            kind: kind.word(),
            copy_kind: copy_kind.map(|id| trace.text(id).to_owned()),
            num_ops: self.num_ops,
            sum_ns: self.sum_ns,
            bytes: self.bytes,
            num_ops_without_bytes: self.num_ops - self.num_ops_with_bytes,
            // Bytes per nanosecond and 10^9 bytes per second are the same number.
            gb_per_s: (self.sized_sum_ns > 0).then(|| self.bytes as f64 / self.sized_sum_ns as f64),
            min_bytes: self.min_bytes,
            max_bytes: self.max_bytes,
            num_pageable: self.num_pageable,
            pageable_sum_ns: self.pageable_sum_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn rates_count_only_copies_with_a_size() {
        // Two pinned copies of 1,000 bytes in 2 + 3 ns, a pageable one without a size in 5 ns, a fill, a kernel.
        let trace = Drawing::lanes("s7  MM.MMM.PPPPP.S.AAAA").build();
        let rows = copies(&trace);
        let expected = CopyRow {
            kind: "memcpy",
            copy_kind: Some("HtoD".to_owned()),
            num_ops: 3,
            sum_ns: 10,
            bytes: 2_000,
            num_ops_without_bytes: 1,
            gb_per_s: Some(400.0),
            min_bytes: Some(1_000),
            max_bytes: Some(1_000),
            num_pageable: 1,
            pageable_sum_ns: 5,
        };
        assert_eq!(rows[0], expected);
        assert_eq!((rows[1].kind, &rows[1].copy_kind, rows[1].num_ops, rows[1].sum_ns), ("memset", &None, 1, 1));
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn no_known_size_means_no_rate() {
        let rows = copies(&Drawing::lanes("s7  PPP").build());
        assert_eq!((rows[0].gb_per_s, rows[0].min_bytes, rows[0].bytes), (None, None, 0));
    }
}
