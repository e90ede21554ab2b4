//! Counts what a report holds and this reader does not know, so that nothing is lost in silence.
//!
//! The schema is not public and every version adds to it. Each kind of unknown thing becomes one example with its number
//! and the recorder's version, which is what it takes to make it known, and all of them are counted.

use std::collections::BTreeMap;

use kinetoscope_model::id::SourceId;
use kinetoscope_model::{WarningKind, Warnings};

/// Of so many different things each is counted for itself; a real report has a few dozen at most.
const MAX_KINDS: usize = 1000;

/// A message that fields are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Message {
    Block,
    Event,
    Nvtx,
    NvtxPayload,
    Sample,
    Frame,
    SampleEvent,
    Sched,
    Gpu,
    Kernel,
    Memcpy,
    Memset,
    Sync,
    CudaEvent,
    Call,
    Diagnostic,
    DiagnosticTime,
    Process,
    ProcessStream,
    Session,
    Counts,
    ThreadName,
    Target,
    Machine,
    Gpus,
    GpuInfo,
    CudaDevice,
    Context,
    Stream,
}

impl Message {
    fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Event => "event",
            Self::Nvtx => "NVTX event",
            Self::NvtxPayload => "NVTX payload",
            Self::Sample => "CPU sample",
            Self::Frame => "stack frame",
            Self::SampleEvent => "CPU sample's count",
            Self::Sched => "scheduling event",
            Self::Gpu => "GPU event",
            Self::Kernel => "kernel",
            Self::Memcpy => "copy",
            Self::Memset => "fill",
            Self::Sync => "synchronisation",
            Self::CudaEvent => "CUDA event",
            Self::Call => "call",
            Self::Diagnostic => "diagnostic",
            Self::DiagnosticTime => "diagnostic's time",
            Self::Process => "process",
            Self::ProcessStream => "process stream",
            Self::Session => "session",
            Self::Counts => "counts",
            Self::ThreadName => "thread name",
            Self::Target => "target",
            Self::Machine => "machine",
            Self::Gpus => "machine's devices",
            Self::GpuInfo => "GPU",
            Self::CudaDevice => "CUDA device",
            Self::Context => "CUDA context",
            Self::Stream => "CUDA stream",
        }
    }
}

/// Something that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unknown {
    /// An event: its type, and the field that its payload stands in.
    Event { event_type: u64, payload: u32 },
    /// A GPU event: its type, and the field that its particulars stand in; 0 when it has none.
    GpuEvent { event_type: u64, payload: u32 },
    /// A call: its class.
    CallClass(i64),
    /// A count of a CPU sample: the type of event that it counts.
    SampleCount(u64),
    /// A field of a message.
    Field { message: Message, number: u32 },
}

impl Unknown {
    fn kind(self) -> WarningKind {
        match self {
            Self::Event { .. } | Self::GpuEvent { .. } | Self::CallClass(_) | Self::SampleCount(_) => {
                WarningKind::NsysUnknownEvent
            }
            Self::Field { .. } => WarningKind::NsysSkippedField,
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Event { event_type, payload } => format!("event type {event_type} with payload {payload}"),
            Self::GpuEvent { event_type, payload } => format!("GPU event type {event_type} with payload {payload}"),
            Self::CallClass(class) => format!("call of class {class}"),
            Self::SampleCount(event_type) => format!("count of event type {event_type} of a CPU sample"),
            Self::Field { message, number } => format!("field {number} of a {}", message.name()),
        }
    }
}

/// How often each unknown thing came.
#[derive(Debug, Default)]
pub(super) struct Unknowns {
    counts: BTreeMap<Unknown, u64>,
    /// Of things beyond those that are counted one by one: events, fields.
    others: [u64; 2],
}

impl Unknowns {
    pub(super) fn add(&mut self, unknown: Unknown) {
        self.add_many(unknown, 1);
    }

    pub(super) fn add_field(&mut self, message: Message, number: u32) {
        self.add(Unknown::Field { message, number });
    }

    fn add_many(&mut self, unknown: Unknown, number: u64) {
        if let Some(count) = self.counts.get_mut(&unknown) {
            *count += number;
        } else if self.counts.len() < MAX_KINDS {
            self.counts.insert(unknown, number);
        } else {
            self.others[usize::from(unknown.kind() == WarningKind::NsysSkippedField)] += number;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (unknown, number) in other.counts {
            self.add_many(unknown, number);
        }
        self.others[0] += other.others[0];
        self.others[1] += other.others[1];
    }

    /// Says all of it, with the recorder's version.
    pub(super) fn add_to(self, warnings: &mut Warnings, recorder: &str) {
        for (unknown, number) in self.counts {
            let detail = || format!("{}: {number} times, recorded by version {recorder}", unknown.describe());
            warnings.add(unknown.kind(), SourceId(0), None, detail);
            warnings.count(unknown.kind(), number - 1);
        }
        warnings.count(WarningKind::NsysUnknownEvent, self.others[0]);
        warnings.count(WarningKind::NsysSkippedField, self.others[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unknown_thing_is_said_once_and_counted() {
        let mut unknowns = Unknowns::default();
        for _ in 0..3 {
            unknowns.add_field(Message::Kernel, 99);
        }
        let mut more = Unknowns::default();
        more.add_field(Message::Kernel, 99);
        more.add(Unknown::Event { event_type: 200, payload: 170 });
        unknowns.merge(more);
        let mut warnings = Warnings::default();
        unknowns.add_to(&mut warnings, "2031.1");
        assert_eq!(warnings.count_of(WarningKind::NsysSkippedField), 4);
        assert_eq!(warnings.count_of(WarningKind::NsysUnknownEvent), 1);
        let details: Vec<_> =
            warnings.iter().flat_map(|(_, _, examples)| examples).map(|example| example.detail.as_str()).collect();
        assert!(details.contains(&"field 99 of a kernel: 4 times, recorded by version 2031.1"), "{details:?}");
        assert!(details.contains(&"event type 200 with payload 170: 1 times, recorded by version 2031.1"));
    }

    #[test]
    fn ever_new_numbers_take_no_more_memory() {
        let mut unknowns = Unknowns::default();
        for number in 0..5000 {
            unknowns.add_field(Message::Event, number);
        }
        assert_eq!(unknowns.counts.len(), MAX_KINDS);
        let mut warnings = Warnings::default();
        unknowns.add_to(&mut warnings, "");
        assert_eq!(warnings.count_of(WarningKind::NsysSkippedField), 5000);
    }
}
