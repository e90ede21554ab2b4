//! What a report calls each kernel: full, short or mangled, and perhaps after the range that its launch was in.

use hashbrown::HashMap;

use super::Context;
use super::activity::{Dense, Kernel};
use super::containment::innermost;
use super::label::{LabelId, Labels};
use super::request::{KernelName, ReportRequest};

/// The labels of all kernels of one report.
pub(super) struct KernelNames<'a> {
    pub(super) labels: Labels<'a>,
    form: KernelName,
    /// The range around the launch of each kernel, where names want it.
    ranges: Vec<Option<LabelId>>,
}

impl<'a> KernelNames<'a> {
    pub(super) fn new(context: &Context<'a>, request: &ReportRequest) -> Self {
        let mut labels = Labels::new(context.activities.trace, context.options);
        let ranges = if request.is_nvtx_named { ranges_of_kernels(context, &mut labels) } else { Vec::new() };
        Self { labels, form: request.kernel_name, ranges }
    }

    /// The label of `kernel`, which is number `index` of all.
    pub(super) fn label(&mut self, index: usize, kernel: &Kernel) -> LabelId {
        let name = self.labels.of_kernel(kernel, self.form);
        match self.ranges.get(index).copied().flatten() {
            Some(range) => self.labels.prefixed(range, name),
            None => name,
        }
    }
}

/// The innermost range around the launching call of each kernel.
fn ranges_of_kernels(context: &Context<'_>, labels: &mut Labels<'_>) -> Vec<Option<LabelId>> {
    let activities = context.activities;
    let (calls, kernels) = (activities.api_calls().unwrap_or_default(), activities.kernels().unwrap_or_default());
    let ranges = activities.nvtx_ranges().unwrap_or_default();
    let around = innermost(ranges, calls);
    // A runtime call and the driver's inside of it may have one id: the first that is in a range counts.
    let mut call_of: HashMap<(Dense, i64), usize> = HashMap::new();
    for (index, call) in calls.iter().enumerate() {
        if let Some(correlation) = call.correlation {
            let key = (activities.threads[call.thread as usize].process, correlation);
            let known = call_of.entry(key).or_insert(index);
            if around[*known].is_none() {
                *known = index;
            }
        }
    }
    kernels
        .iter()
        .map(|kernel| {
            let call = *call_of.get(&(kernel.place.process?, kernel.place.correlation?))?;
            Some(labels.of_range(&ranges[around[call]? as usize]))
        })
        .collect()
}
