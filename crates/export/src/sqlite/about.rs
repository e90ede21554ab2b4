//! What holds for the capture as a whole: versions, clock, machine, processes, threads, devices, messages.

use hashbrown::HashMap;
use kinetoscope_model::table::DeviceRow;
use kinetoscope_model::{DeviceId, ProcessId, StringId};

use super::tables::{
    ANALYSIS_DETAILS, DIAGNOSTIC_EVENT, EVENT_TABLES, META_DATA_CAPTURE, META_DATA_EXPORT, PROCESS_STREAMS, PROCESSES,
    STRING_IDS, TARGET_CUDA_CONTEXT_INFO, TARGET_CUDA_DEVICE, TARGET_CUDA_STREAM, TARGET_GPU, TARGET_NVTX_CUDA_STREAM,
    TARGET_SESSION_START_TIME, TARGET_SYSTEM_ENV, THREAD_NAMES,
};
use super::writer::Cell;
use super::{Export, SCHEMA_VERSION};
use crate::ExportError;

/// The value of a property of a device: a whole number or a text.
type Property = (Option<i64>, Option<StringId>);

/// Where a global id has the virtual machine.
const MACHINE_SHIFT: u32 = 48;

/// The name that nsys gives the state of a machine it records by itself.
const DEVICE_STATE: &str = "Local (CLI)";

const NANOS_PER_SEC: i64 = 1_000_000_000;
const SECS_PER_DAY: i64 = 86_400;

/// A moment in UTC as nsys writes it, e.g. `2026-11-24T03:01:54`.
fn utc_text(unix_ns: i64) -> String {
    let secs = unix_ns.div_euclid(NANOS_PER_SEC);
    let (days, secs) = (secs.div_euclid(SECS_PER_DAY), secs.rem_euclid(SECS_PER_DAY));
    // Years are counted from March on, so that the day that a leap year adds is the last one of a year.
    const DAYS_PER_ERA: i64 = 146_097;
    const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;
    let days = days + DAYS_FROM_YEAR_0_TO_1970;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

impl<'a> Export<'a> {
    pub(super) fn write_about(&mut self) -> Result<(), ExportError> {
        self.write_export_metadata()?;
        self.write_metadata("nsys.capture.")?;
        self.write_machine()?;
        self.write_start_time()?;
        self.write_collection()
    }

    fn write_export_metadata(&mut self) -> Result<(), ExportError> {
        let [major, minor, micro] = SCHEMA_VERSION;
        let mut entries = vec![
            ("EXPORT_PRODUCT_NAME", "Kinetoscope".to_owned()),
            ("EXPORT_PRODUCT_VERSION", env!("CARGO_PKG_VERSION").to_owned()),
            ("EXPORT_SCHEMA_VERSION", format!("{major}.{minor}.{micro}")),
            ("EXPORT_SCHEMA_VERSION_MAJOR", major.to_string()),
            ("EXPORT_SCHEMA_VERSION_MINOR", minor.to_string()),
            ("EXPORT_SCHEMA_VERSION_MICRO", micro.to_string()),
            ("EXPORT_PARAM_LAZY", "true".to_owned()),
            ("EXPORT_PARAM_TIME_NORMALIZE", "false".to_owned()),
            ("EXPORT_PARAM_TIME_SHIFT", "0".to_owned()),
        ];
        if let Some(version) = self.metadata_text("nsys.recorder_version") {
            entries.push(("RECORDER_VERSION", version.to_owned()));
        }
        let mut rows = self.writer.table(&META_DATA_EXPORT)?;
        for (number, (name, value)) in (1..).zip(entries) {
            rows.push(number, [name.into(), value.into()])?;
        }
        Ok(())
    }

    /// The text of the first entry of metadata under a key.
    fn metadata_text(&self, key: &str) -> Option<&'a str> {
        let trace = self.trace;
        let row = trace.metadata.rows().find(|row| trace.text(row.name) == key)?;
        row.str_value.map(|value| trace.text(value))
    }

    /// Entries of metadata whose keys begin with `start`, without it; private ones only where they are asked for.
    fn entries(&self, start: &str) -> Vec<(&'a str, String)> {
        let trace = self.trace;
        let mut entries = Vec::new();
        for row in trace.metadata.rows() {
            let key = trace.text(row.name);
            let Some(name) = key.strip_prefix(start) else { continue };
            if self.privacy.leaves_out(key) {
                continue;
            }
            let value = match (row.str_value, row.int_value) {
                (Some(text), _) => self.privacy.clean(trace.text(text)).into_owned(),
                (None, Some(number)) => number.to_string(),
                (None, None) => continue,
            };
            entries.push((name, value));
        }
        entries
    }

    fn write_metadata(&mut self, start: &str) -> Result<(), ExportError> {
        let entries = self.entries(start);
        if entries.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&META_DATA_CAPTURE)?;
        for (number, (name, value)) in (1..).zip(entries) {
            rows.push(number, [name.into(), value.into()])?;
        }
        Ok(())
    }

    fn write_machine(&mut self) -> Result<(), ExportError> {
        let entries = self.entries("nsys.system.");
        if entries.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&TARGET_SYSTEM_ENV)?;
        for (number, (name, value)) in (1..).zip(entries) {
            let machine = 1i64 << MACHINE_SHIFT;
            rows.push(number, [machine.into(), DEVICE_STATE.into(), name.into(), Cell::Null, value.into()])?;
        }
        Ok(())
    }

    fn write_start_time(&mut self) -> Result<(), ExportError> {
        let Some(start) = self.trace.clock.start_unix_ns else { return Ok(()) };
        let epoch = start.saturating_sub(self.offset);
        let utc = self.metadata_text("nsys.utc_time").map_or_else(|| utc_text(epoch), str::to_owned);
        let local = self.metadata_text("nsys.local_time").map_or_else(|| utc.clone(), str::to_owned);
        let mut rows = self.writer.table(&TARGET_SESSION_START_TIME)?;
        rows.push(1, [epoch.into(), utc.into(), local.into()])
    }

    /// Start and stop of the collection, or of what the trace holds.
    fn write_collection(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let number = |key: &str| {
            let row = trace.metadata.rows().find(|row| trace.text(row.name) == key)?;
            row.int_value
        };
        let bounds = trace.bounds().map(|bounds| (self.time(bounds.start), self.time(bounds.end)));
        let start = number("nsys.collection_start").or(bounds.map(|(start, _)| start));
        let stop = number("nsys.collection_stop").or(bounds.map(|(_, end)| end));
        let (Some(start), Some(stop)) = (start, stop) else { return Ok(()) };
        let dur = number("nsys.collection_duration").unwrap_or_else(|| stop.saturating_sub(start));
        let mut rows = self.writer.table(&ANALYSIS_DETAILS)?;
        rows.push(1, [(1i64 << MACHINE_SHIFT).into(), dur.into(), start.into(), stop.into()])
    }

    pub(super) fn write_processes(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let mut rows = self.writer.table(&PROCESSES)?;
        let mut number = 0;
        for (index, row) in trace.processes.rows().enumerate() {
            let Some(id) = self.ids.process(ProcessId::from_index(index)) else { continue };
            number += 1;
            let name = row.name.map(|name| self.privacy.clean(trace.text(name)));
            rows.push(number, [id.into(), (id >> 24 & 0xff_ffff).into(), name.into()])?;
        }
        let mut rows = None;
        for (index, row) in trace.threads.rows().enumerate() {
            let utid = kinetoscope_model::ThreadId::from_index(index);
            if (row.name.is_none() && row.priority.is_none()) || self.ids.process(row.upid).is_none() {
                continue;
            }
            let name = match row.name {
                Some(name) => self.texts.id_of(name, &self.privacy),
                None => self.texts.id_of_text(""),
            };
            let rows = match &mut rows {
                Some(rows) => rows,
                none => none.insert(self.writer.table(&THREAD_NAMES)?),
            };
            rows.push(index as i64 + 1, [name.into(), row.priority.into(), self.ids.thread(utid).into()])?;
        }
        self.omissions
            .add("numbers of processes and threads that do not fit, which are replaced", self.ids.num_renumbered);
        self.omissions.add("numbers of devices that several have, which are replaced", self.ids.num_renumbered_devices);
        Ok(())
    }

    pub(super) fn write_devices(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let mut properties: HashMap<(DeviceId, &str), Property> = HashMap::new();
        for row in trace.device_properties.rows() {
            properties.insert((row.device_id, trace.text(row.name)), (row.int_value, row.str_value));
        }
        if !self.ids.listed_devices().is_empty() {
            let mut rows = self.writer.table(&TARGET_GPU)?;
            for (number, &device) in (1..).zip(self.ids.listed_devices()) {
                let property = |name: &'static str| properties.get(&(device, name)).copied();
                let int = |name: &'static str| Cell::from(property(name).and_then(|(int, _)| int));
                let text =
                    |name: &'static str| Cell::from(property(name).and_then(|(_, text)| text).map(|id| trace.text(id)));
                let row = trace.devices.row(device.index());
                let name = row.name.map(|name| trace.text(name));
                rows.push(
                    number,
                    [
                        machine_of(&row).into(),
                        self.ids.device(device).into(),
                        name.into(),
                        text("busLocation"),
                        int("isDiscrete"),
                        int("l2CacheSize"),
                        row.total_memory.into(),
                        int("memoryBandwidth"),
                        int("clockRate"),
                        row.num_sms.into(),
                        Cell::Null,
                        text("uuid"),
                        Cell::Null,
                        text("chipName"),
                        int("cuDevice"),
                        Cell::Null,
                        Cell::Null,
                        Cell::Null,
                        Cell::Null,
                        int("constantMemory"),
                        int("maxIPC"),
                        int("maxRegistersPerBlock"),
                        int("maxShmemPerBlock"),
                        int("maxShmemPerBlockOptin"),
                        row.shared_memory_per_sm.into(),
                        row.registers_per_sm.into(),
                        row.warp_size.into(),
                        int("asyncEngines"),
                        max_warps(&row).into(),
                        int("maxBlocksPerSm"),
                        row.max_threads_per_block.into(),
                        int("maxBlockDimX"),
                        int("maxBlockDimY"),
                        int("maxBlockDimZ"),
                        int("maxGridDimX"),
                        int("maxGridDimY"),
                        int("maxGridDimZ"),
                        row.compute_major.into(),
                        row.compute_minor.into(),
                        int("smMajor"),
                        int("smMinor"),
                    ],
                )?;
            }
        }
        self.write_cuda_devices()?;
        self.write_contexts()
    }

    /// CUDA's number of a device in each process, which the readers keep as properties of the device.
    fn write_cuda_devices(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let known = trace.device_properties.rows().filter_map(|row| {
            let pid: i64 = trace.text(row.name).strip_prefix("cudaDevice of process ")?.parse().ok()?;
            Some([self.ids.device(row.device_id).into(), row.int_value?.into(), pid.into()])
        });
        let known: Vec<[Cell<'_>; 3]> = known.collect();
        if known.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&TARGET_CUDA_DEVICE)?;
        for (number, row) in (1..).zip(known) {
            rows.push(number, row)?;
        }
        Ok(())
    }

    /// Hardware, machine and process id of a process, as columns of their own.
    fn process_parts(&self, upid: Option<ProcessId>) -> [Cell<'static>; 3] {
        let id = upid.and_then(|upid| self.ids.process(upid)).unwrap_or(1 << MACHINE_SHIFT);
        [(id >> 56 & 0xff).into(), (id >> MACHINE_SHIFT & 0xff).into(), (id >> 24 & 0xff_ffff).into()]
    }

    fn write_contexts(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        if !trace.cuda_contexts.is_empty() {
            let mut rows = self.writer.table(&TARGET_CUDA_CONTEXT_INFO)?;
            for (number, row) in (1..).zip(trace.cuda_contexts.rows()) {
                let [hardware, machine, pid] = self.process_parts(row.upid);
                rows.push(
                    number,
                    [
                        row.null_stream.into(),
                        hardware,
                        machine,
                        pid,
                        row.device_id.map(|device| self.ids.device(device)).into(),
                        row.context.into(),
                        row.parent_context.into(),
                        row.is_green.into(),
                    ],
                )?;
            }
        }
        if trace.cuda_streams.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&TARGET_CUDA_STREAM)?;
        for (number, row) in (1..).zip(trace.cuda_streams.rows()) {
            let [hardware, machine, pid] = self.process_parts(row.upid);
            rows.push(
                number,
                [row.stream.into(), hardware, machine, pid, row.context.into(), row.priority.into(), row.flag.into()],
            )?;
        }
        let mut rows = None;
        for (number, row) in (1..).zip(trace.cuda_streams.rows()) {
            let (Some(name), Some(context)) = (row.name, row.context) else { continue };
            let of_context =
                |found: &kinetoscope_model::table::CudaContextRow| found.upid == row.upid && found.context == context;
            let found = trace.cuda_contexts.rows().find(of_context);
            let device = found.and_then(|found| found.device_id).map(|device| self.ids.device(device));
            let [hardware, machine, pid] = self.process_parts(row.upid);
            let rows = match &mut rows {
                Some(rows) => rows,
                none => none.insert(self.writer.table(&TARGET_NVTX_CUDA_STREAM)?),
            };
            rows.push(
                number,
                [
                    self.privacy.clean(trace.text(name)).into(),
                    hardware,
                    machine,
                    pid,
                    device.unwrap_or_default().into(),
                    context.into(),
                    row.stream.into(),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn write_diagnostics(&mut self) -> Result<(), ExportError> {
        /// Clocks of the times: that of the machine that was recorded, and another one.
        const TARGET_CLOCK: i64 = 1;
        const HOST_CLOCK: i64 = 2;
        let trace = self.trace;
        if trace.diagnostics.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&DIAGNOSTIC_EVENT)?;
        for (number, row) in (1..).zip(trace.diagnostics.rows()) {
            let (time, clock) = row.ts.map_or((0, HOST_CLOCK), |ts| (self.time(ts), TARGET_CLOCK));
            rows.push(
                number,
                [
                    time.into(),
                    clock.into(),
                    row.source.into(),
                    row.severity.into(),
                    self.privacy.clean(trace.text(row.text)).into(),
                    self.process_cell(row.upid),
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn write_process_outputs(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        if trace.process_outputs.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&PROCESS_STREAMS)?;
        for (number, row) in (1..).zip(trace.process_outputs.rows()) {
            let file = row.file_name.map(|name| self.texts.id_of(name, &self.privacy));
            let content = row.content.map(|content| self.texts.id_of(content, &self.privacy));
            rows.push(number, [self.process_cell(row.upid), file.into(), content.into()])?;
        }
        Ok(())
    }

    /// Tables of what was recorded and did not happen.
    pub(super) fn write_recorded_and_empty(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        for row in trace.metadata.rows().filter(|row| trace.text(row.name) == "nsys.empty_table") {
            let name = trace.text_or_empty(row.str_value);
            if let Some(table) = EVENT_TABLES.iter().find(|table| table.name().eq_ignore_ascii_case(name)) {
                table.make(&self.writer)?;
            }
        }
        Ok(())
    }

    pub(super) fn write_texts(&mut self) -> Result<(), ExportError> {
        let mut rows = self.writer.table(&STRING_IDS)?;
        for (id, text) in self.texts.iter() {
            rows.push(id, [Cell::Null, text.into()])?;
        }
        Ok(())
    }
}

/// The machine of a device, as a global id without process and thread.
fn machine_of(device: &DeviceRow) -> i64 {
    (device.source_id.index() as i64 + 1) << MACHINE_SHIFT
}

/// Warps that a multiprocessor can hold.
fn max_warps(device: &DeviceRow) -> Option<i64> {
    device.max_threads_per_sm?.checked_div(device.warp_size?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(utc_text(0), "1970-01-01T00:00:00");
        assert_eq!(utc_text(1_795_489_314_172_585_264), "2026-11-24T03:01:54");
        assert_eq!(utc_text(951_782_400 * NANOS_PER_SEC), "2000-02-29T00:00:00");
        assert_eq!(utc_text(-1), "1969-12-31T23:59:59");
    }
}
