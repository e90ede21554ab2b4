//! What stands beside the events: the clock's base, devices, the rank, and what the files say of themselves.

use std::collections::BTreeMap;

use hashbrown::HashSet;
use kinetoscope_model::SourceId;
use kinetoscope_model::table::MetadataRow;

use super::Export;
use super::json::is_container;
use crate::sqlite::is_capture;

/// Keys that are written from tables.
const OWN_KEYS: [&str; 3] = ["schemaVersion", "baseTimeNanoseconds", "traceEvents"];

/// Keys that are true of one input only.
const KEYS_OF_ONE_INPUT: [&str; 5] = ["deviceProperties", "distributedInfo", "host_name", "traceName", "trace_id"];

/// Beginning of the keys of what stands in the object `metadata`.
const NESTED: &str = "json_metadata.";

/// Beginning of the keys of captures, which are put there too.
const OF_CAPTURE: &str = "nsys.";

impl Export<'_, '_> {
    pub(super) fn write_top_level(&mut self) {
        let trace = self.trace;
        // By this key readers know that thread 0 is a thread and not "none".
        self.json.raw("\"schemaVersion\": 1,\n");
        if let Some(start) = trace.clock.start_unix_ns {
            let base = start.saturating_sub(self.offset);
            self.json.raw("\"baseTimeNanoseconds\": ").int(base).raw(",\n");
        }
        let is_one = trace.sources.len() == 1;
        let rows: Vec<MetadataRow> = trace
            .metadata
            .rows()
            .filter(|row| row.source_id == SourceId(0) && !self.privacy.leaves_out(trace.text(row.name)))
            .collect();
        let mut written: HashSet<&str> = OWN_KEYS.into_iter().collect();
        let mut nested: BTreeMap<&str, Vec<MetadataRow>> = BTreeMap::new();
        for row in rows {
            let key = trace.text(row.name);
            if let Some(field) = key.strip_prefix(NESTED) {
                nested.entry(field).or_default().push(row);
            } else if key.starts_with(OF_CAPTURE) {
                nested.entry(key).or_default().push(row);
            } else if (is_one || !KEYS_OF_ONE_INPUT.contains(&key)) && written.insert(key) {
                self.json.string(key).raw(": ");
                self.write_value(&row);
                self.json.raw(",\n");
            }
        }
        if !written.contains("deviceProperties") && !trace.devices.is_empty() {
            self.write_devices();
        }
        if nested.is_empty() {
            return;
        }
        self.json.raw("\"metadata\": {");
        for (place, (key, rows)) in nested.into_iter().enumerate() {
            self.json.raw(if place == 0 { "\n" } else { ",\n" }).string(key).raw(": ");
            match rows.as_slice() {
                [row] => self.write_value(row),
                rows => {
                    self.json.raw("[");
                    for (place, row) in rows.iter().enumerate() {
                        self.json.raw(if place == 0 { "" } else { ", " });
                        self.write_value(row);
                    }
                    self.json.raw("]");
                }
            }
        }
        self.json.raw("\n},\n");
    }

    fn write_value(&mut self, row: &MetadataRow) {
        match (row.str_value, row.int_value) {
            (Some(text), _) => {
                let text = self.privacy.clean(self.trace.text(text));
                match is_container(&text) {
                    true => self.json.raw(&text),
                    false => self.json.string(&text),
                };
            }
            (None, Some(number)) => {
                self.json.int(number);
            }
            (None, None) => {
                self.json.raw("null");
            }
        }
    }

    fn write_devices(&mut self) {
        let trace = self.trace;
        let mut written = HashSet::new();
        self.json.raw("\"deviceProperties\": [");
        for row in trace.devices.rows() {
            let number = row.upid.map_or(row.ordinal, |upid| self.numbers.pid(upid));
            if !written.insert(number) {
                continue;
            }
            self.json.raw(if written.len() == 1 { "\n" } else { ",\n" }).raw("{\"id\": ").int(number);
            if let Some(name) = row.name {
                let name = self.name(name);
                self.json.raw(", \"name\": ").string(&name);
            }
            let properties = [
                ("totalGlobalMem", row.total_memory),
                ("computeMajor", row.compute_major),
                ("computeMinor", row.compute_minor),
                ("maxThreadsPerBlock", row.max_threads_per_block),
                ("maxThreadsPerMultiprocessor", row.max_threads_per_sm),
                ("regsPerMultiprocessor", row.registers_per_sm),
                ("warpSize", row.warp_size),
                ("sharedMemPerMultiprocessor", row.shared_memory_per_sm),
                ("numSms", row.num_sms),
            ];
            for (key, value) in properties {
                if let Some(value) = value {
                    self.json.raw(", ").string(key).raw(": ").int(value);
                }
            }
            self.json.raw("}");
        }
        self.json.raw("\n],\n");
        // What says more than these columns is said of the devices of captures.
        if is_capture(trace) {
            self.omissions.add("properties of devices", trace.device_properties.len() as u64);
        }
    }
}
