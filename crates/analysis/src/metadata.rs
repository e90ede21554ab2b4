//! Metadata: what the files say of the software that made them, of the recording, and of trouble while recording.
//!
//! The keys are Kineto's and those that engines add. Several files of one job mostly agree; a value that all files share
//! is told once, and where they differ every value is told.

use kinetoscope_model::Trace;
use serde::Serialize;

use crate::unit::{format_cuda_version, format_hip_version};

/// A piece of software and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionRow {
    /// The software.
    pub software: &'static str,
    /// Its version as its makers write it.
    pub version: String,
    /// The metadata key it stands under.
    pub key: &'static str,
    /// The value as the file writes it.
    pub raw: String,
}

/// A message the profiler logged while recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogRow {
    /// `ERROR` or `WARNING`.
    pub severity: &'static str,
    /// The message.
    pub message: String,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Plain,
    Cuda,
    Hip,
    InDistributedInfo,
}

const VERSION_KEYS: [(&str, &str, Encoding); 12] = [
    ("vllm_version", "vLLM", Encoding::Plain),
    ("sglang_version", "SGLang", Encoding::Plain),
    ("pytorch_version", "PyTorch", Encoding::Plain),
    ("torch_version", "PyTorch", Encoding::Plain),
    ("cuda_runtime_version", "CUDA runtime", Encoding::Cuda),
    ("cuda_driver_version", "CUDA driver", Encoding::Cuda),
    ("cupti_version", "CUPTI", Encoding::Plain),
    ("hip_runtime_version", "HIP runtime", Encoding::Hip),
    ("hip_driver_version", "HIP driver", Encoding::Hip),
    ("roctracer_version", "roctracer", Encoding::Plain),
    ("rocprofiler-sdk_version", "rocprofiler-sdk", Encoding::Plain),
    ("nccl_version", "NCCL", Encoding::InDistributedInfo),
];

/// What can be recorded on request, and the words for it.
const OPTION_KEYS: [(&str, &str); 5] = [
    ("record_shapes", "shapes"),
    ("with_stack", "Python stacks"),
    ("with_modules", "modules"),
    ("with_flops", "FLOPs"),
    ("profile_memory", "memory"),
];

/// The key of Kineto's description of the job, an object that holds the version of NCCL among others.
const DISTRIBUTED_INFO: &str = "distributedInfo";

/// The software versions that the files tell.
pub fn versions(trace: &Trace) -> Vec<VersionRow> {
    let mut rows: Vec<VersionRow> = Vec::new();
    for (key, software, encoding) in VERSION_KEYS {
        let values = match encoding {
            Encoding::InDistributedInfo => distributed_values_of(trace, key),
            _ => values_of(trace, key),
        };
        for raw in values {
            let version = match (encoding, raw.parse::<i64>()) {
                (Encoding::Cuda, Ok(number)) => format_cuda_version(number),
                (Encoding::Hip, Ok(number)) => format_hip_version(number),
                _ => raw.clone(),
            };
            let row = VersionRow { software, version, key, raw };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows
}

/// What the recording was asked to hold beyond times, in any of the files.
pub fn recorded_options(trace: &Trace) -> Vec<&'static str> {
    let is_on = |key: &str| values_of(trace, key).iter().any(|value| value != "0" && value != "false");
    OPTION_KEYS.iter().filter(|(key, _)| is_on(key)).map(|&(_, words)| words).collect()
}

/// The errors and warnings that the profiler logged.
pub fn profiler_log(trace: &Trace) -> Vec<LogRow> {
    let mut rows = Vec::new();
    for severity in ["ERROR", "WARNING"] {
        for value in values_of(trace, severity) {
            let messages = match serde_json::from_str(&value) {
                Ok(serde_json::Value::Array(messages)) => messages,
                _ => vec![serde_json::Value::String(value)],
            };
            rows.extend(messages.into_iter().map(|message| LogRow {
                severity,
                message: match message {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                },
            }));
        }
    }
    rows
}

/// Every value of the top-level key `key`, in the order of the files.
fn values_of(trace: &Trace, key: &str) -> Vec<String> {
    let rows = trace.metadata.rows().filter(|row| trace.text(row.name) == key);
    rows.filter_map(|row| match row.int_value {
        Some(number) => Some(number.to_string()),
        None => row.str_value.map(|text| trace.text(text).to_owned()),
    })
    .collect()
}

/// Every value of `key` inside of the description of the job.
fn distributed_values_of(trace: &Trace, key: &str) -> Vec<String> {
    let objects = values_of(trace, DISTRIBUTED_INFO);
    let fields = objects.iter().filter_map(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    fields
        .filter_map(|info| match info.get(key)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn versions_are_written_as_their_makers_write_them() {
        let trace = Drawing::lanes("s7  A")
            .metadata("cuda_driver_version", Ok(13_000))
            .metadata("cuda_runtime_version", Ok(12_090))
            .metadata("hip_runtime_version", Ok(70_051_831))
            .metadata("vllm_version", Err("0.32.0"))
            .metadata("vllm_version", Err("0.32.0"))
            .metadata("distributedInfo", Err(r#"{"backend":"nccl","nccl_version":"2.27.5"}"#))
            .metadata("distributedInfo", Err("not JSON"))
            .build();
        let rows: Vec<_> = versions(&trace).iter().map(|row| format!("{} {}", row.software, row.version)).collect();
        assert_eq!(
            rows,
            ["vLLM 0.32.0", "CUDA runtime 12.9", "CUDA driver 13.0", "HIP runtime 7.0.51831", "NCCL 2.27.5"]
        );
    }

    #[test]
    fn options_count_when_they_are_on() {
        let trace = Drawing::lanes("s7  A")
            .metadata("with_stack", Ok(1))
            .metadata("record_shapes", Ok(1))
            .metadata("profile_memory", Ok(0))
            .build();
        assert_eq!(recorded_options(&trace), ["shapes", "Python stacks"]);
    }

    #[test]
    fn logs_are_read_as_lists_and_as_they_are() {
        let trace = Drawing::lanes("s7  A")
            .metadata("WARNING", Err("plain"))
            .metadata("ERROR", Err(r#"["one","two"]"#))
            .metadata("INFO", Err(r#"["nothing to see"]"#))
            .build();
        let rows = profiler_log(&trace);
        let rows: Vec<_> = rows.iter().map(|row| (row.severity, row.message.as_str())).collect();
        assert_eq!(rows, [("ERROR", "one"), ("ERROR", "two"), ("WARNING", "plain")]);
    }
}
