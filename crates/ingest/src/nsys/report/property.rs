//! Names of the machine's properties, and the values of those that are messages.
//!
//! A report numbers its properties; the names are those of the exporter. A value is a text, except for a few that are
//! messages of their own, which the exporter writes as JSON. What those hold is known from reports and the JSON that was
//! made of them; fields that are not are left out of it.

use super::container::text;
use super::wire::{Fields, Value};

/// Numbers and names, ascending.
const NAMES: &[(i64, &str)] = &[
    (1, "CpuCores"),
    (2, "CpuSpeedMhz"),
    (3, "CpuArchitecture"),
    (5, "SupportedABIs"),
    (7, "Supported64BitABIs"),
    (11, "CNTFRQMHz"),
    (13, "CpuDescription"),
    (14, "CpuInfo"),
    (101, "CpuEmcSpeedMhz"),
    (153, "SupportsXmcClients"),
    (170, "TargetInstallDir"),
    (173, "InjectionFilesStoragePath"),
    (203, "HasDiscreteGpu"),
    (205, "NvDriverVersion"),
    (506, "IsX86BasedDevice"),
    (600, "HardwarePlatform"),
    (601, "SoftwarePlatform"),
    (605, "OsDescription"),
    (610, "DeviceEnvironment"),
    (611, "CudaDriverVersion"),
    (618, "SoftwareReleaseVersion"),
    (619, "Hostname"),
    (701, "IsDevicePropsUpdated"),
    (702, "IsDeviceCapsUpdated"),
    (703, "IsPersistentDevice"),
    (705, "IsRootEnabled"),
    (721, "SystemUID"),
    (722, "NamespacePID"),
    (800, "HasThreadStateEvents"),
    (801, "HasCpuCycles"),
    (802, "HasL1CacheDataReadMisses"),
    (803, "HasL1CacheDataWriteMisses"),
    (804, "HasL1CacheInstructionMisses"),
    (805, "HasL2CacheDataReadMisses"),
    (806, "HasL2CacheDataWriteMisses"),
    (807, "HasL2CacheInstructionMisses"),
    (809, "HasNvtxEvents"),
    (812, "HasCudaEvents"),
    (813, "HasGraphicsEvents"),
    (815, "HasOSRuntimeEvents"),
    (816, "HasCuDNNEvents"),
    (817, "HasCuBLASEvents"),
    (819, "HasOpenACCEvents"),
    (820, "HasNvMediaEvents"),
    (821, "HasCudaBacktraceEvents"),
    (822, "HasVideoEvents"),
    (838, "SupportsDX11"),
    (839, "SupportsDX12"),
    (840, "SupportsGpuCtxsw"),
    (842, "SupportsPmuCounters"),
    (844, "SupportsCpuFrequency"),
    (845, "SupportsVulkan"),
    (846, "SupportsMPI"),
    (848, "SupportsCpuCtxsw"),
    (849, "SupportsGpuMetrics"),
    (850, "HasMutualL2CacheEvents"),
    (851, "HasBacktraces"),
    (852, "HasBacktracingAlgorithms"),
    (854, "SupportsUMPageFaults"),
    (861, "SupportsSampling"),
    (862, "SupportsLinuxPerf"),
    (863, "dptiSupportsHES"),
    (880, "ModuleVersion"),
    (882, "KernelVersion"),
    (891, "EventLibSourcesInfo"),
    (892, "SupportsArchTimer"),
    (893, "SupportsForceArchTimer"),
    (894, "SupportedFTraceEvents"),
    (895, "QnxKernelTraceInfo"),
    (896, "IsGameRecordingModeOn"),
    (897, "GpuInfo"),
    (899, "HasOpenMPEvents"),
    (900, "SupportsSli"),
    (901, "SupportsLBR"),
    (902, "GpuMetricsConfig"),
    (903, "SupportsOpenSHMEM"),
    (904, "ExportLevel"),
    (905, "GpuMetricsSupportedGpus"),
    (906, "SupportsUCX"),
    (907, "SupportsIsr"),
    (908, "SupportsSocMetrics"),
    (910, "NicInfo"),
    (911, "OfedDriverVersion"),
    (912, "LinuxPerfInfo"),
    (913, "SupportsPythonBacktraceSampling"),
    (914, "SupportsNicMetrics"),
    (917, "SupportsVulkanSC"),
    (918, "SupportsOpenXR"),
    (919, "LinuxParanoidLevel"),
    (920, "SupportsSyscallTrace"),
    (921, "SocInfo"),
    (923, "ArmCores"),
    (924, "PluginsInfo"),
    (925, "SupportsNCCL"),
];

/// The name of property `number`, as the exporter of most versions gives it.
pub(super) fn name(number: i64) -> Option<&'static str> {
    let at = NAMES.binary_search_by_key(&number, |&(number, _)| number).ok()?;
    Some(NAMES[at].1)
}

/// The environment, whose variables end with a zero byte.
const DEVICE_ENVIRONMENT: i64 = 610;

/// The value of property `number`, as the exporter writes it.
pub(super) fn value(number: i64, bytes: &[u8]) -> String {
    let schema = match number {
        891 => EVENT_LIBRARY,
        897 => GPU_INFO,
        910 => NIC_INFO,
        912 => LINUX_PERF_INFO,
        894 | 895 | 905 => &[],
        DEVICE_ENVIRONMENT => return text(bytes).replace('\0', ";"),
        _ => return text(bytes).into_owned(),
    };
    let mut json = String::new();
    write_json(schema, bytes, &mut json);
    json
}

/// What a field becomes in JSON.
enum Kind {
    Int,
    /// An integer of 64 bits, which JSON holds as a text.
    Long,
    Bool,
    Text,
    /// A number that stands for a word.
    Word(&'static [(i64, &'static str)]),
    Message(Schema),
    /// A message that comes several times.
    List(Schema),
}

type Schema = &'static [(u32, &'static str, Kind)];

const EVENT_LIBRARY: Schema = &[(1, "BaseDir", Kind::Text)];

const NIC_INFO: Schema = &[(
    1,
    "Nics",
    Kind::List(&[
        (1, "Id", Kind::Int),
        (2, "Name", Kind::Text),
        (3, "DeviceId", Kind::Int),
        (4, "VendorId", Kind::Int),
        (5, "LinkLayer", Kind::Int),
        (6, "GUID", Kind::Long),
    ]),
)];

const LINUX_PERF_INFO: Schema = &[
    (1, "defaultCpuIPSamplingTriggerEventIndex", Kind::Int),
    (2, "triggerType", Kind::Word(&[(2, "Software")])),
    (3, "samplingPeriodInfo", Kind::Message(&[(1, "minSamplingPeriod", Kind::Int)])),
    (4, "CpuCoreInfo", Kind::Message(&[(1, "MaximumSimultaneousEvents", Kind::Int)])),
    (6, "OsInfo", Kind::Message(&[(1, "Events", Kind::List(PERF_EVENT))])),
];

const PERF_EVENT: Schema = &[
    (1, "Id", Kind::Int),
    (2, "Name", Kind::Text),
    (3, "Description", Kind::Text),
    (
        5,
        "ASO",
        Kind::Message(&[
            (1, "EventName", Kind::Text),
            (2, "EventDescription", Kind::Text),
            (3, "EventUnit", Kind::Text),
            (4, "EventId", Kind::Int),
            (5, "PerfEventOpenType", Kind::Int),
            (6, "PerfEventOpenConfig", Kind::Long),
            (7, "PerfEventOpenConfig1", Kind::Long),
            (8, "PerfEventOpenConfig2", Kind::Long),
            (9, "scale", Kind::Long),
            (10, "CompType", Kind::Word(&[(2, "OS")])),
            (11, "Node", Kind::Int),
            (12, "PerfEventOpenCacheOpId", Kind::Long),
            (13, "PerfEventOpenCacheOpResultId", Kind::Long),
        ]),
    ),
];

const GPU_INFO: Schema = &[(
    1,
    "Gpus",
    Kind::List(&[
        (1, "Id", Kind::Int),
        (2, "Name", Kind::Text),
        (3, "BusLocation", Kind::Text),
        (4, "IsDiscrete", Kind::Bool),
        (5, "Uuid", Kind::Text),
        (7, "ChipName", Kind::Text),
        (9, "PwGpuId", Kind::Int),
        (10, "L2CacheSize", Kind::Int),
        (11, "TotalMemory", Kind::Long),
        (12, "MemoryBandwidth", Kind::Long),
        (13, "ClockRate", Kind::Int),
        (14, "SmCount", Kind::Int),
        (15, "CuDevice", Kind::Int),
        (18, "RmGpuId", Kind::Int),
        (19, "RmDevice", Kind::Int),
        (20, "RmSubDevice", Kind::Int),
        (21, "Revision", Kind::Int),
        (23, "ConstantMemory", Kind::Int),
        (24, "MaxIPC", Kind::Int),
        (25, "MaxRegistersPerBlock", Kind::Int),
        (26, "MaxShmemPerBlock", Kind::Int),
        (27, "MaxShmemPerBlockOptin", Kind::Int),
        (28, "MaxShmemPerSm", Kind::Int),
        (29, "MaxRegistersPerSm", Kind::Int),
        (30, "ThreadsPerWarp", Kind::Int),
        (31, "AsyncEngines", Kind::Int),
        (32, "MaxWarpsPerSm", Kind::Int),
        (33, "MaxBlocksPerSm", Kind::Int),
        (34, "MaxThreadsPerBlock", Kind::Int),
        (35, "MaxBlockDimX", Kind::Int),
        (36, "MaxBlockDimY", Kind::Int),
        (37, "MaxBlockDimZ", Kind::Int),
        (38, "MaxGridDimX", Kind::Int),
        (39, "MaxGridDimY", Kind::Int),
        (40, "MaxGridDimZ", Kind::Int),
        (41, "ComputeMajor", Kind::Int),
        (42, "ComputeMinor", Kind::Int),
        (43, "SmMajor", Kind::Int),
        (44, "SmMinor", Kind::Int),
        (45, "MigEnabled", Kind::Bool),
        (47, "InConfidentialComputeMode", Kind::Bool),
        (48, "Architecture", Kind::Text),
        (49, "VideoEngineStatus", Kind::Int),
        (50, "GspFirmwareVersion", Kind::Text),
    ]),
)];

/// Writes a message as JSON, with the fields in the order of the schema, as the exporter does. It goes as deep as the
/// schema.
fn write_json(schema: Schema, message: &[u8], json: &mut String) {
    json.push('{');
    let mut is_first = true;
    for (number, name, kind) in schema {
        let mut values =
            Fields::new(message).flatten().filter(|field| field.number == *number).map(|field| field.value);
        let before = json.len();
        if !is_first {
            json.push(',');
        }
        write_text(name, json);
        json.push(':');
        if let Kind::List(element) = kind {
            json.push('[');
            let mut num_elements = 0;
            for value in values {
                let Value::Bytes(message) = value else { continue };
                if num_elements > 0 {
                    json.push(',');
                }
                write_json(element, message, json);
                num_elements += 1;
            }
            json.push(']');
            if num_elements == 0 {
                json.truncate(before);
                continue;
            }
        } else if !values.next().is_some_and(|value| write_value(kind, value, json)) {
            json.truncate(before);
            continue;
        }
        is_first = false;
    }
    json.push('}');
}

/// Writes the value of a field that comes once; false when it is of another kind.
fn write_value(kind: &Kind, value: Value<'_>, json: &mut String) -> bool {
    match (kind, value) {
        (Kind::Int, Value::Varint(value)) => json.push_str(&value.cast_signed().to_string()),
        (Kind::Long, Value::Varint(value)) => write_text(&value.cast_signed().to_string(), json),
        (Kind::Bool, Value::Varint(value)) => json.push_str(if value == 0 { "false" } else { "true" }),
        (Kind::Text, Value::Bytes(bytes)) => write_text(&text(bytes), json),
        (Kind::Word(words), Value::Varint(value)) => {
            let value = value.cast_signed();
            match words.iter().find(|&&(number, _)| number == value) {
                Some((_, word)) => write_text(word, json),
                None => json.push_str(&value.to_string()),
            }
        }
        (Kind::Message(schema), Value::Bytes(message)) => write_json(schema, message, json),
        _ => return false,
    }
    true
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_searched() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(
            (name(897), name(925), name(1), name(4)),
            (Some("GpuInfo"), Some("SupportsNCCL"), Some("CpuCores"), None)
        );
    }

    #[test]
    fn values_are_texts_or_json() {
        assert_eq!(value(619, b"host"), "host");
        assert_eq!(value(610, b"A=1\0B=2"), "A=1;B=2");
        assert_eq!(value(894, b""), "{}");
        assert_eq!(value(891, b"\x0a\x02/x"), r#"{"BaseDir":"/x"}"#);
        // Two cards, of which the second has a field that nobody knows.
        let nics = value(910, b"\x0a\x05\x08\x00\x12\x01a\x0a\x06\x08\x01\x30\x07\x50\x09");
        assert_eq!(nics, r#"{"Nics":[{"Id":0,"Name":"a"},{"Id":1,"GUID":"7"}]}"#);
        assert_eq!(value(891, b"\x0a\x03\"\n\xff"), "{\"BaseDir\":\"\\\"\\n\u{fffd}\"}");
        // Bytes that are no message are left where they stop being one.
        assert_eq!(value(910, b"\x0a\xff"), "{}");
    }
}
