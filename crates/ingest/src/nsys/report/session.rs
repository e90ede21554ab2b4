//! The messages before the events: the machine, the options of the recording, the clocks.
//!
//! The exporter writes the options as names and values, defaults and all. Of those only the ones are given here whose
//! field is known and set; a default of some version of the recorder is not something that a report says.

use kinetoscope_model::WarningKind;
use kinetoscope_model::id::SourceId;

use super::container::text;
use super::property;
use super::unknown::{Message, Unknowns};
use super::wire::{Field, Fields, Malformed, Value};
use crate::nsys::capture::{AnalysisRecord, Capture, GlobalId, NameValueRecord, SystemEnvRecord};

/// A clock offset: from one clock to another, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct ClockOffset {
    from: u64,
    to: u64,
    nanos: i64,
}

/// Numbers of clocks, as found: the sum of these two offsets leads from the collection's start to UTC.
mod clock {
    pub(super) const TARGET: u64 = 1;
    pub(super) const HOST: u64 = 3;
    pub(super) const UTC: u64 = 9;
    pub(super) const LOCAL: u64 = 10;
}

/// Takes the version out of a header line: `2023@4@4@54-234433681190v0.` is `2023.4.4.54`. The number alone that older
/// reports have is that of the format.
pub(super) fn version_of(header: &str) -> Option<String> {
    let version = header.split('-').next().unwrap_or_default();
    let is_version = version.contains('@') && version.chars().all(|c| c == '@' || c.is_ascii_digit());
    is_version.then(|| version.replace('@', "."))
}

/// Takes out of `part` what the exporters of the recorder's own version do not take for recorded. They have no column for
/// the state of a thread that is switched before 2024, where reports have 0 but for a few, and none for the time of a
/// recorded CUDA event before 2025, where it is 0. A report and its export are the same capture only so.
pub(super) fn forget_what_was_not_recorded(part: &mut Capture, version: Option<&str>) {
    let year = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if year.is_some_and(|year| year < 2024) {
        for event in &mut part.sched_events {
            event.thread_state = None;
        }
    }
    if year.is_some_and(|year| year < 2025) {
        for event in &mut part.cuda_events {
            event.timestamp = event.timestamp.filter(|&time| time != 0);
        }
    }
}

/// Reads the message of the session into `capture`.
pub(super) fn read_session(message: &[u8], capture: &mut Capture, unknowns: &mut Unknowns) {
    if let Err(bad) = session(message, capture, unknowns) {
        let detail = || format!("the session cannot be read to its end: {bad}");
        capture.warnings.add(WarningKind::NsysBadRow, SourceId(0), None, detail);
    }
}

fn session(message: &[u8], capture: &mut Capture, unknowns: &mut Unknowns) -> Result<(), Malformed> {
    let mut offsets = Vec::new();
    let (mut start, mut stop, mut vm) = (None, None, None);
    let mut result = Ok(());
    for field in Fields::new(message) {
        match field {
            Ok(Field { number: 1, value: Value::Bytes(machine) }) => {
                let id = read_machine(machine, capture, unknowns)?;
                vm = vm.or(id);
            }
            Ok(Field { number: 2, value: Value::Bytes(options) }) => read_options(options, capture)?,
            Ok(Field { number: 16, value: Value::Bytes(message) }) => read_offsets(message, &mut offsets)?,
            Ok(Field { number: 17, value: Value::Varint(value) }) => start = Some(value.cast_signed()),
            Ok(Field { number: 18, value: Value::Varint(value) }) => stop = Some(value.cast_signed()),
            // A second stop time, capabilities, traced processes, loaded modules, and what was 0 or empty: in no table.
            Ok(Field { number: 15 | 19 | 42 | 43 | 44 | 50, .. }) => {}
            Ok(field) => unknowns.add_field(Message::Session, field.number),
            Err(bad) => result = Err(bad),
        }
    }
    if start.is_some() || stop.is_some() {
        let duration = start.zip(stop).and_then(|(start, stop)| stop.checked_sub(start));
        capture.analyses.push(AnalysisRecord { row: 1, vm, duration, start, stop });
    }
    let offset = |from, to| {
        let found = offsets.iter().find(|offset: &&ClockOffset| offset.from == from && offset.to == to);
        found.map(|offset| offset.nanos)
    };
    if let (Some(start), Some(to_host), Some(to_utc)) =
        (start, offset(clock::TARGET, clock::HOST), offset(clock::HOST, clock::UTC))
    {
        // Offsets are written as if they had no sign, so they wrap.
        let utc = start.wrapping_sub(to_host).wrapping_sub(to_utc);
        capture.about.utc_epoch_ns = Some(utc);
        capture.about.utc_time = Some(civil_time(utc));
        let to_local = offset(clock::UTC, clock::LOCAL);
        capture.about.local_time = to_local.map(|to_local| civil_time(utc.wrapping_sub(to_local)));
    }
    result
}

fn read_offsets(message: &[u8], offsets: &mut Vec<ClockOffset>) -> Result<(), Malformed> {
    for field in Fields::new(message) {
        let Field { number: 1, value: Value::Bytes(offset) } = field? else { continue };
        let (mut from, mut to, mut nanos) = (None, None, None);
        for field in Fields::new(offset) {
            match field? {
                Field { number: 1, value: Value::Varint(value) } => from = Some(value),
                Field { number: 2, value: Value::Varint(value) } => to = Some(value),
                Field { number: 5, value: Value::Bytes(bytes) } => nanos = decimal(&text(bytes)),
                _ => {}
            }
        }
        if let (Some(from), Some(to), Some(nanos)) = (from, to, nanos) {
            offsets.push(ClockOffset { from, to, nanos });
        }
    }
    Ok(())
}

/// A number of 64 bits, written with or without a sign.
fn decimal(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().or_else(|| text.parse::<u64>().ok().map(u64::cast_signed))
}

/// A machine with its properties; gives its id.
fn read_machine(machine: &[u8], capture: &mut Capture, unknowns: &mut Unknowns) -> Result<Option<GlobalId>, Malformed> {
    let first = capture.system_env.len();
    let (mut state_name, mut vm): (Option<Box<str>>, _) = (None, None);
    for field in Fields::new(machine) {
        match field? {
            Field { number: 1, value: Value::Bytes(bytes) } => state_name = Some(text(bytes).into()),
            Field { number: 2, value: Value::Bytes(properties) } => {
                for field in Fields::new(properties) {
                    let Field { number: 1, value: Value::Bytes(property) } = field? else { continue };
                    let record = read_property(property)?;
                    capture.system_env.push(SystemEnvRecord { row: capture.system_env.len() as i64 + 1, ..record });
                }
            }
            Field { number: 3, value: Value::Varint(value) } => vm = Some(GlobalId(value.cast_signed())),
            field => unknowns.add_field(Message::Machine, field.number),
        }
    }
    for record in &mut capture.system_env[first..] {
        record.vm = vm;
        record.state_name.clone_from(&state_name);
    }
    Ok(vm)
}

fn read_property(property: &[u8]) -> Result<SystemEnvRecord, Malformed> {
    let mut record = SystemEnvRecord::default();
    let mut bytes: &[u8] = &[];
    for field in Fields::new(property) {
        match field? {
            Field { number: 1, value: Value::Varint(value) } => record.name_number = Some(value.cast_signed()),
            Field { number: 2, value: Value::Bytes(value) } => bytes = value,
            _ => {}
        }
    }
    let number = record.name_number.unwrap_or_default();
    record.name = property::name(number).map(Into::into);
    record.value = Some(property::value(number, bytes).into());
    Ok(record)
}

/// The options of the recording, as names and values, in the order in which the exporter writes them.
fn read_options(options: &[u8], capture: &mut Capture) -> Result<(), Malformed> {
    let mut head = Options::default();
    let mut processes = Options::default();
    let mut tail = Options::default();
    let mut num_processes = 0;
    for field in Fields::new(options) {
        match field? {
            Field { number: 1, value: Value::Bytes(bytes) } => head.add("DEVICE_ID", text(bytes)),
            Field { number: 2, value: Value::Bytes(types) } => {
                for field in Fields::new(types) {
                    if let Field { number: 1, value: Value::Varint(value) } = field? {
                        head.add("CAPTURE_EVENT_TYPE", event_kind(value));
                    }
                }
            }
            Field { number: 9, value: Value::Bytes(bytes) } => head.add("DEVICE_DISPLAY_NAME", text(bytes)),
            Field { number: 12, value: Value::Bytes(options) } => {
                for field in Fields::new(options) {
                    match field? {
                        Field { number: 1, value: Value::Varint(value) } => {
                            head.add("OS_RUNTIME_OPTIONS:DURATION_THRESHOLD_NS", value.to_string());
                        }
                        Field { number: 2, value: Value::Varint(value) } => {
                            head.add("OS_RUNTIME_OPTIONS:COLLECT_BACKTRACES", truth(value));
                        }
                        Field { number: 3, value: Value::Varint(value) } => {
                            head.add("OS_RUNTIME_OPTIONS:BACKTRACES_THRESHOLD_NS", value.to_string());
                        }
                        _ => {}
                    }
                }
            }
            Field { number: 26, value: Value::Bytes(process) } => {
                read_process(process, num_processes, &mut processes)?;
                num_processes += 1;
            }
            Field { number: 32, value: Value::Varint(value) } => tail.add("RUN_DURATION_MS", value.to_string()),
            Field { number: 69, value: Value::Bytes(options) } => {
                for field in Fields::new(options) {
                    match field? {
                        Field { number: 2, value: Value::Varint(value) } => {
                            tail.add("LINUX_PERF_OPTIONS:SAMPLING_PERIOD", value.to_string());
                        }
                        Field { number: 4, value: Value::Varint(value) } => {
                            tail.add("LINUX_PERF_OPTIONS:SAMPLES_PER_BACKTRACE", value.to_string());
                        }
                        _ => {}
                    }
                }
            }
            // The exporter writes it before the options that stand before it.
            Field { number: 77, value: Value::Bytes(bytes) } => {
                processes.add("PROFILING_SESSION_UUID", text(bytes));
            }
            // Some hundred options more, most of them of other kinds of recording.
            _ => {}
        }
    }
    for (name, value) in head.0.into_iter().chain(processes.0).chain(tail.0) {
        let row = capture.capture_metadata.len() as i64 + 1;
        capture.capture_metadata.push(NameValueRecord { row, name: name.into(), value: Some(value.into()) });
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Options(Vec<(String, String)>);

impl Options {
    fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }
}

/// A process that the recorder started or attached to.
fn read_process(process: &[u8], index: usize, options: &mut Options) -> Result<(), Malformed> {
    let mut num_arguments = 0;
    let mut later = Options::default();
    let mut environment = Options::default();
    for field in Fields::new(process) {
        let mut add = |name: &str, value: String| later.add(format!("PROCESS_{index}:{name}"), value);
        match field? {
            Field { number: 10, value: Value::Bytes(bytes) } => {
                options.add(format!("PROCESS_{index}:COMMAND"), text(bytes));
            }
            Field { number: 11, value: Value::Bytes(bytes) } => {
                options.add(format!("PROCESS_{index}:ARGUMENT_{num_arguments}"), text(bytes));
                num_arguments += 1;
            }
            Field { number: 12, value: Value::Bytes(bytes) } => {
                options.add(format!("PROCESS_{index}:WORKING_DIR"), text(bytes));
            }
            Field { number: 20, value: Value::Varint(value) } => add("COLLECT_NVTX_TRACE", truth(value)),
            Field { number: 21, value: Value::Varint(value) } => add("COLLECT_CUDA_TRACE", truth(value)),
            Field { number: 22, value: Value::Varint(value) } => add("COLLECT_CPU_TRACE", truth(value)),
            Field { number: 30, value: Value::Bytes(variable) } => {
                let (mut name, mut value) = (String::new(), String::new());
                for field in Fields::new(variable) {
                    match field? {
                        Field { number: 1, value: Value::Bytes(bytes) } => name = text(bytes).into_owned(),
                        Field { number: 2, value: Value::Bytes(bytes) } => value = text(bytes).into_owned(),
                        _ => {}
                    }
                }
                environment.add(format!("PROCESS_{index}:ENVIRONMENT_VARIABLE"), format!("{name}=\"{value}\""));
            }
            Field { number: 40, value: Value::Varint(value) } => add("CUDA_FLUSH_PERIODICALLY", truth(value)),
            Field { number: 41, value: Value::Varint(value) } => add("CUDA_FLUSH_PERIOD", value.to_string()),
            Field { number: 42, value: Value::Varint(value) } => add("CUDA_SKIP_SOME_API_CALLS", truth(value)),
            _ => {}
        }
    }
    // The exporter writes the environment between what was collected and how CUDA was.
    let is_cuda = |(name, _): &(String, String)| name.contains(":CUDA_");
    let (cuda, collected): (Vec<_>, Vec<_>) = later.0.into_iter().partition(is_cuda);
    options.0.extend(collected.into_iter().chain(environment.0).chain(cuda));
    Ok(())
}

fn truth(value: u64) -> String {
    (value != 0).to_string()
}

/// A kind of event that was to be recorded; one without a name that is known is its number.
fn event_kind(number: u64) -> String {
    match number {
        12 => "NvtxEvents".to_owned(),
        123 => "Cuda".to_owned(),
        127 => "OSRuntime".to_owned(),
        _ => number.to_string(),
    }
}

/// `2024-12-11T01:03:19` of nanoseconds since the start of 1970.
fn civil_time(nanos: i64) -> String {
    const DAY_SECS: i64 = 24 * 60 * 60;
    let secs = nanos.div_euclid(1_000_000_000);
    let (days, secs) = (secs.div_euclid(DAY_SECS), secs.rem_euclid(DAY_SECS));
    // Years that begin in March have their leap day at the end; 400 of them are 146097 days. 1970-01-01 is day 719468
    // of the era that began with March of the year 0.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March on are 31, 30, 31, 30, 31 days long, over and over: 153 days in five.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_header() {
        assert_eq!(version_of("2023@4@4@54-234433681190v0.").as_deref(), Some("2023.4.4.54"));
        assert_eq!(version_of("1."), None);
        assert_eq!(version_of(""), None);
    }

    #[test]
    fn offsets_may_be_written_without_a_sign() {
        assert_eq!(decimal("-768438926"), Some(-768_438_926));
        assert_eq!(decimal("18446744073709551615"), Some(-1));
        assert_eq!((decimal(""), decimal("1.5"), decimal("99999999999999999999")), (None, None, None));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        // From `date -u -d @N`.
        assert_eq!(civil_time(0), "1970-01-01T00:00:00");
        assert_eq!(civil_time(-1), "1969-12-31T23:59:59");
        assert_eq!(civil_time(951_782_400_000_000_000), "2000-02-29T00:00:00");
        assert_eq!(civil_time(951_868_799_999_999_999), "2000-02-29T23:59:59");
        assert_eq!(civil_time(1_733_878_999_722_508_906), "2024-12-11T01:03:19");
        assert_eq!(civil_time(4_107_542_400_000_000_000), "2100-03-01T00:00:00");
    }
}
