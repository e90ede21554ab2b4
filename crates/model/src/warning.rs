//! Warnings: what a reader lost, healed or guessed, counted by kind and never silent.
//!
//! A reader does not stop at a bad event. It counts it here and keeps the first few examples with their byte offsets.
//! Names and severities follow Perfetto's `stats` table where Perfetto has the kind, so that its users find them.

use std::collections::BTreeMap;

use crate::id::SourceId;
use crate::word_enum;

word_enum! {
    /// How much a warning matters.
    pub enum Severity {
        /// Worth knowing; nothing is wrong.
        Info = "info",
        /// The reader understood more than the file plainly said, or mended it.
        Notice = "notice",
        /// Something in the file did not make it into the trace.
        DataLoss = "data_loss",
        /// The file contradicts its format.
        Error = "error",
    }
}

macro_rules! warnings {
    ($($(#[$doc:meta])* $kind:ident = ($name:literal, $severity:ident, $text:literal),)*) => {
        /// The kinds of warning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WarningKind { $($(#[$doc])* $kind,)* }

        impl WarningKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Name in the `stats` table.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// How much it matters.
            pub fn severity(self) -> Severity {
                match self { $(Self::$kind => Severity::$severity,)* }
            }

            /// One sentence on what happened and what was done.
            pub fn description(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }
        }
    };
}

warnings! {
    /// The input ends before its format says so.
    Truncated = ("input_truncated", DataLoss, "the input ends early; everything before the end was kept"),
    /// The compressed stream is damaged.
    CorruptCompression = ("compression_corrupt", DataLoss, "the compressed data is damaged; what came out before the damage was kept"),
    /// More unpacked bytes than allowed.
    TooLarge = ("input_too_large", DataLoss, "the unpacked input is larger than the limit; the rest was not read (raise --max-unpacked-bytes)"),
    /// An event that is not JSON and could not be mended.
    JsonSyntax = ("json_tokenizer_failure", Error, "the event is not valid JSON or lacks a field it cannot be without, and was left out"),
    /// A string with bare quotes, read as it was meant.
    UnescapedQuote = ("json_unescaped_quote", Notice, "a string holds quotes without a backslash (PyTorch writes names so); it was read as meant"),
    /// NaN or Infinity where JSON has no such number.
    NonFiniteNumber = ("json_non_finite_number", Notice, "the file holds NaN or Infinity, which JSON does not know; kept as such"),
    /// Bytes that are not UTF-8.
    InvalidUtf8 = ("invalid_utf8", Notice, "text is not UTF-8; the bad bytes were replaced"),
    /// A lone surrogate escape.
    LoneSurrogate = ("json_lone_surrogate", Notice, "a \\u escape names half a character; it was replaced"),
    /// A bracket that ends the events before their end.
    StrayBracket = ("json_stray_bracket", Notice, "a bracket ends the event array and more events follow; they were read"),
    /// Values after the end of the document.
    TrailingData = ("json_trailing_data", Notice, "the file goes on after its end; the rest was not read"),
    /// The same key twice in an event.
    DuplicateKey = ("json_duplicate_key", Notice, "an event gives a field twice; the last one counts"),
    /// A field of the wrong type.
    BadField = ("json_bad_field", Error, "a field of an event has a value that makes no sense there and was ignored"),
    /// A phase that carries no meaning here.
    UnknownPhase = ("json_unknown_phase", DataLoss, "an event's phase (ph) is not known; the event was left out"),
    /// An event without what its phase needs.
    IncompleteEvent = ("json_parser_failure", DataLoss, "an event lacks a field its phase needs (X without dur, b without id, C without args) and was left out"),
    /// An event before time zero.
    NegativeTimestamp = ("negative_timestamp", Notice, "an event starts before the file's time zero; kept"),
    /// A slice that ends before it starts.
    NegativeDuration = ("slice_negative_duration", Error, "a slice has a negative duration; kept with duration 0"),
    /// A time outside of what 64-bit nanoseconds hold.
    TimeOutOfRange = ("time_out_of_range", DataLoss, "a time does not fit 64-bit nanoseconds; the event was left out"),
    /// The unit suffix of displayTimeUnit.
    DisplayTimeUnit = ("json_display_time_unit", Info, "the file has a displayTimeUnit, which says how to show times, not how to read them"),
    /// Slices that overlap without nesting.
    OverlappingSlice = ("slice_spill_overlapping_complete_event", Notice, "slices on one row overlap without nesting; they were given lanes of their own"),
    /// Rounding overlaps.
    HealedOverlap = ("slice_healed_rounding_overlap", Info, "slices cross by no more than the clock's rounding; they were nested, times unchanged"),
    /// An end without a begin.
    EndWithoutBegin = ("slice_end_without_begin", DataLoss, "an end event (E or e) has no open slice to end"),
    /// An end that closes a slice below the top.
    MisplacedEnd = ("misplaced_end_event", Error, "an end event closes a slice while younger ones are open; those were ended with it"),
    /// A slice that ends after the one around it.
    OutlivesParent = ("slice_outlives_parent", Notice, "a slice that was begun inside of another one ends after it; kept so"),
    /// A begin without an end.
    UnclosedSlice = ("slice_unclosed", Notice, "a slice was opened and never closed; its duration is -1"),
    /// A flow event with no slice to bind to.
    FlowWithoutSlice = ("flow_no_enclosing_slice", DataLoss, "a flow event lies on no slice"),
    /// A flow end without start.
    FlowEndWithoutStart = ("flow_end_without_start", Info, "a flow ends that never started; usual for work launched before the recording"),
    /// A flow step without start.
    FlowStepWithoutStart = ("flow_step_without_start", Info, "a flow goes on that never started"),
    /// A second start of a running flow.
    FlowDuplicateId = ("flow_duplicate_id", Notice, "a flow starts again before it ended"),
    /// A flow id that is no id.
    FlowInvalidId = ("flow_invalid_id", Error, "a flow event has no usable id"),
    /// A v2 flow without direction.
    FlowWithoutDirection = ("flow_without_direction", Error, "an event has bind_id but neither flow_in nor flow_out"),
    /// A flow that ends before it starts.
    FlowBackwards = ("flow_backwards", Notice, "a launch flow ends before it starts (clocks of CPU and GPU differ); kept"),
    /// GPU work whose launch is not in the trace.
    GpuOpWithoutLaunch = ("gpu_op_without_launch", Info, "GPU work has no launching call in the trace; usual for work launched before the recording"),
    /// A value that does not fit.
    ValueOutOfRange = ("value_out_of_range", Notice, "a typed field (grid, stream, bytes ...) does not fit its column; it is still among the args"),
    /// Strings beyond the pool's size.
    StringPoolFull = ("string_pool_full", DataLoss, "more than 2 GiB of distinct names; further ones were replaced"),
    /// A top-level value too large to keep.
    MetadataTooLarge = ("metadata_too_large", DataLoss, "a top-level value is too large to keep as metadata and was skipped"),
    /// Nested too deeply.
    TooDeep = ("json_too_deep", Notice, "an argument is nested very deeply; it is kept as text"),
    /// Members of an archive that are no traces.
    SkippedMember = ("archive_member_skipped", Info, "an archive member is not a trace and was skipped"),
    /// Files of a folder that are no traces.
    SkippedFile = ("file_skipped", Info, "a file of the folder is not a trace and was skipped"),
    /// Files of a folder that could not be read.
    UnreadableFile = ("file_unreadable", DataLoss, "a file of the folder could not be read and was skipped"),
    /// A row without what it cannot be without.
    NsysBadRow = ("nsys_bad_row", DataLoss, "a row of a capture lacks a start, an end or a name, or has one of the wrong type, and was left out"),
    /// A field of the wrong type.
    NsysBadField = ("nsys_bad_field", Error, "a field of a capture has a value of the wrong type and was ignored"),
    /// Columns that a table lacks.
    NsysMissingColumn = ("nsys_missing_column", Notice, "a table of a capture lacks a column that all known versions have; its values are not known"),
    /// Tables with events that have no place in a trace.
    NsysUnreadTable = ("nsys_unread_table", DataLoss, "a table of a capture holds events of which this version cannot tell when or where they happened; the rows are counted"),
    /// Tables with rows that are no events.
    NsysTableNotShown = ("nsys_table_not_shown", Info, "a table of a capture holds descriptions and no events, and is not shown; the rows are counted"),
    /// A table that cannot be read to its end.
    NsysDamagedTable = ("nsys_damaged_table", DataLoss, "a table of a capture is damaged; the rows before the damage were kept"),
    /// A table that refers to one that is not there.
    NsysMissingTable = ("nsys_missing_table", Notice, "a table that others refer to is missing from the capture; names or times are not known"),
    /// Ids of texts that the capture does not have.
    NsysMissingText = ("nsys_missing_text", Notice, "a row refers to a text that the capture does not have; its name is not known"),
    /// Kinds of event that this version does not know.
    NsysUnknownEvent = ("nsys_unknown_event", DataLoss, "events of a kind that this version does not know were left out"),
    /// Fields of events that this version does not know.
    NsysSkippedField = ("nsys_skipped_field", Notice, "fields of events that this version does not know were passed over"),
    /// A schema outside of those that were tried.
    NsysUntriedVersion = ("nsys_untried_version", Notice, "the capture was written by a version that this one was not tried on"),
    /// A diagnostic of the recorder that tells of lost events.
    NsysLostEvents = ("nsys_lost_events", DataLoss, "the recorder says that it lost events"),
    /// Other warnings of the recorder.
    NsysDiagnostic = ("nsys_diagnostic", Notice, "the recorder has a warning or an error to report; see the table `diagnostic`"),
    /// Environments and command lines that were left out.
    NsysPrivate = ("nsys_private_left_out", Info, "environment variables and command lines of the capture were not taken over"),
    /// Sources that cannot be put on one clock.
    UnrelatedClocks = ("unrelated_clocks", Notice, "a source has no wall-clock base; it was placed at the start of the others"),
}

/// How many examples of each kind are kept.
pub const MAX_EXAMPLES: usize = 10;

/// One example of a warning. Examples are in the order of the inputs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WarningExample {
    /// Source the event stands in.
    pub source: SourceId,
    /// Byte offset in the unpacked input.
    pub byte_offset: Option<u64>,
    /// What was found.
    pub detail: String,
}

/// Counts and examples by kind.
///
/// The examples are the first ones of the input, in its order. Parts of an input are read by several threads, and looked
/// at by several stages, so the order in which examples come says nothing.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    kinds: BTreeMap<WarningKind, (u64, Vec<WarningExample>)>,
}

impl Warnings {
    /// Counts one, and keeps it as an example if it is among the first.
    pub fn add(
        &mut self,
        kind: WarningKind,
        source: SourceId,
        byte_offset: Option<u64>,
        detail: impl FnOnce() -> String,
    ) {
        let (count, examples) = self.kinds.entry(kind).or_default();
        *count += 1;
        let is_late = |last: &WarningExample| (source, byte_offset) > (last.source, last.byte_offset);
        if examples.len() < MAX_EXAMPLES || !examples.last().is_some_and(is_late) {
            insert(examples, WarningExample { source, byte_offset, detail: detail() });
        }
    }

    /// Counts `number` at once, without an example.
    pub fn count(&mut self, kind: WarningKind, number: u64) {
        if number > 0 {
            self.kinds.entry(kind).or_default().0 += number;
        }
    }

    /// Takes in the warnings of another part of the input, or of another stage.
    pub fn merge(&mut self, other: Self) {
        for (kind, (number, more)) in other.kinds {
            let (count, examples) = self.kinds.entry(kind).or_default();
            *count += number;
            for example in more {
                insert(examples, example);
            }
        }
    }

    /// The same, all of it said of `source`.
    #[must_use]
    pub fn of_source(mut self, source: SourceId) -> Self {
        for (_, examples) in self.kinds.values_mut() {
            for example in examples {
                example.source = source;
            }
        }
        self
    }

    /// The same, said of sources that come after `num_sources` others.
    #[must_use]
    pub fn after_sources(mut self, num_sources: u32) -> Self {
        for (_, examples) in self.kinds.values_mut() {
            for example in examples {
                example.source.0 += num_sources;
            }
        }
        self
    }

    /// Every kind that occurred, with its count and examples.
    pub fn iter(&self) -> impl Iterator<Item = (WarningKind, u64, &[WarningExample])> {
        self.kinds.iter().map(|(&kind, (count, examples))| (kind, *count, examples.as_slice()))
    }

    /// How often `kind` occurred.
    pub fn count_of(&self, kind: WarningKind) -> u64 {
        self.kinds.get(&kind).map_or(0, |(count, _)| *count)
    }

    /// True when nothing happened.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// Puts an example in its place and lets go of the last one when there are too many.
fn insert(examples: &mut Vec<WarningExample>, example: WarningExample) {
    let place = examples.partition_point(|other| *other <= example);
    examples.insert(place, example);
    examples.truncate(MAX_EXAMPLES);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(warnings: &Warnings) -> Vec<u64> {
        warnings.iter().flat_map(|(_, _, examples)| examples).filter_map(|example| example.byte_offset).collect()
    }

    #[test]
    fn examples_are_the_first_of_the_input_however_they_come() {
        let add = |warnings: &mut Warnings, offset: u64| {
            warnings.add(WarningKind::BadField, SourceId(0), Some(offset), || offset.to_string());
        };
        let mut backwards = Warnings::default();
        (0..30).rev().for_each(|offset| add(&mut backwards, offset));
        assert_eq!(offsets(&backwards), (0..10).collect::<Vec<_>>());

        let (mut even, mut odd) = (Warnings::default(), Warnings::default());
        (0..30).for_each(|offset| add(if offset % 2 == 0 { &mut even } else { &mut odd }, offset));
        odd.merge(even);
        assert_eq!((offsets(&odd), odd.count_of(WarningKind::BadField)), ((0..10).collect(), 30));
    }

    #[test]
    fn examples_of_one_place_are_in_the_order_of_their_texts() {
        let mut warnings = Warnings::default();
        for source in [1, 0] {
            for detail in ["b", "a"] {
                warnings.add(WarningKind::BadField, SourceId(source), None, || detail.to_owned());
            }
        }
        let found: Vec<_> = warnings.iter().flat_map(|(_, _, examples)| examples).collect();
        let found: Vec<_> = found.iter().map(|example| (example.source.0, example.detail.as_str())).collect();
        assert_eq!(found, [(0, "a"), (0, "b"), (1, "a"), (1, "b")]);
    }
}
