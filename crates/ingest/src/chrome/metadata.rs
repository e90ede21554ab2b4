//! What stands beside the events: devices, the rank, the clock's base, versions, and whatever the user added.
//!
//! Kineto writes some of these keys after the events, so nothing here is known before the whole file was read.
//!
//! Texts of users and of the system get into these values unescaped, so line breaks and tabs may stand in strings, where
//! JSON forbids them. They are read all the same.

use kinetoscope_model::column::NULL_I64;
use kinetoscope_model::table::{MetadataRow, RankRow};
use kinetoscope_model::{RankId, SourceId, TraceBuilder};
use serde_json::Value;

use crate::chrome::cursor::{Cursor, TextDefects, text_of};
use crate::chrome::decimal::scaled;

/// One entry of `deviceProperties`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DeviceProperties {
    pub(crate) ordinal: i64,
    pub(crate) name: Option<String>,
    pub(crate) total_memory: Option<i64>,
    pub(crate) compute_major: Option<i64>,
    pub(crate) compute_minor: Option<i64>,
    pub(crate) num_sms: Option<i64>,
    pub(crate) max_threads_per_block: Option<i64>,
    pub(crate) max_threads_per_sm: Option<i64>,
    pub(crate) registers_per_sm: Option<i64>,
    pub(crate) shared_memory_per_sm: Option<i64>,
    pub(crate) warp_size: Option<i64>,
}

/// The keys beside a document's events, read.
#[derive(Debug, Default)]
pub(crate) struct TopLevel {
    /// `baseTimeNanoseconds`: unix time of the file's time zero.
    pub(crate) base_unix_ns: Option<i64>,
    pub(crate) devices: Vec<DeviceProperties>,
    pub(crate) distributed: Option<Value>,
    pub(crate) host_name: Option<String>,
    /// True when the file has a `displayTimeUnit`.
    pub(crate) has_display_time_unit: bool,
    /// True when a PyTorch profiler wrote the file.
    pub(crate) is_kineto: bool,
}

impl TopLevel {
    /// Reads what has a meaning of its own.
    pub(crate) fn read(entries: &[(String, String)]) -> Self {
        let mut top = Self::default();
        for (key, text) in entries {
            match key.as_str() {
                "baseTimeNanoseconds" => top.base_unix_ns = scaled(text.trim_matches('"').as_bytes(), 0).ok(),
                "deviceProperties" => {
                    top.is_kineto = true;
                    if let Some(Value::Array(devices)) = value_of(text) {
                        top.devices = devices.iter().filter_map(device).collect();
                    }
                }
                "distributedInfo" => {
                    top.is_kineto = true;
                    top.distributed = value_of(text).filter(Value::is_object);
                }
                "host_name" => top.host_name = value_of(text).and_then(|value| value.as_str().map(str::to_owned)),
                "displayTimeUnit" => top.has_display_time_unit = true,
                "schemaVersion" | "traceName" | "trace_id" | "record_shapes" | "with_stack" => top.is_kineto = true,
                _ => {}
            }
        }
        top
    }
}

/// The value of a JSON text whose strings may hold control characters as they are.
fn value_of(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&escape_controls(text))).ok()
}

/// The same text with the control characters of its strings escaped.
fn escape_controls(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_in_string = false;
    let mut is_after_backslash = false;
    for character in text.chars() {
        match character {
            // A line that ends with a backslash within a string: the break alone is left of it.
            '\0'..='\x1f' if is_in_string => {
                if is_after_backslash {
                    escaped.pop();
                }
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => escaped.push(character),
        }
        is_in_string ^= character == '"' && !is_after_backslash;
        is_after_backslash = is_in_string && character == '\\' && !is_after_backslash;
    }
    escaped
}

fn device(value: &Value) -> Option<DeviceProperties> {
    let int = |key: &str| value.get(key).and_then(Value::as_i64);
    Some(DeviceProperties {
        ordinal: int("id")?,
        name: value.get("name").and_then(Value::as_str).map(str::to_owned),
        total_memory: int("totalGlobalMem"),
        compute_major: int("computeMajor"),
        compute_minor: int("computeMinor"),
        num_sms: int("numSms"),
        max_threads_per_block: int("maxThreadsPerBlock"),
        max_threads_per_sm: int("maxThreadsPerMultiprocessor"),
        registers_per_sm: int("regsPerMultiprocessor"),
        shared_memory_per_sm: int("sharedMemPerMultiprocessor"),
        warp_size: int("warpSize"),
    })
}

/// Puts every key into the metadata table: fields of `metadata` under Perfetto's `json_metadata.<field>`, all others
/// under their own name.
pub(crate) fn add_rows(trace: &mut TraceBuilder, source_id: SourceId, entries: &[(String, String)]) {
    for (key, text) in entries {
        let fields = if key == "metadata" { fields_of(text) } else { None };
        match fields {
            Some(fields) => {
                for (field, text) in fields {
                    add_row(trace, source_id, &format!("json_metadata.{field}"), text);
                }
            }
            None => add_row(trace, source_id, key, text),
        }
    }
}

/// The fields of a JSON object, in order and with their values as they are written; `None` when `text` is none.
fn fields_of(text: &str) -> Option<Vec<(String, &str)>> {
    let mut cursor = Cursor::new(text.as_bytes(), 0);
    cursor.expect(b'{', "an object").ok()?;
    let mut fields = Vec::new();
    loop {
        cursor.skip_whitespace();
        match cursor.peek().ok()? {
            b'}' => return Some(fields),
            b',' => cursor.position += 1,
            _ => {
                let key = cursor.string().ok()?;
                cursor.expect(b':', "a colon").ok()?;
                let (start, end) = cursor.value().ok()?;
                let key = text_of(&text.as_bytes()[key.start..key.end], key.has_escape, &mut TextDefects::default());
                fields.push((key, text.get(start..end)?));
            }
        }
    }
}

fn add_row(trace: &mut TraceBuilder, source_id: SourceId, name: &str, text: &str) {
    let Some(value) = value_of(text) else {
        // Not strictly JSON (NaN and the like): the text says what it says.
        return add_text(trace, source_id, name, text);
    };
    let int = match &value {
        Value::Null => return,
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Number(number) => {
            let whole = |value: f64| (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64);
            // The column's own "none" is a number too, and stays text.
            number.as_i64().or_else(|| number.as_f64().and_then(whole)).filter(|&int| int != NULL_I64)
        }
        _ => None,
    };
    match (int, value) {
        (Some(_), _) => {
            let name = trace.strings.intern(name);
            trace.metadata.push(MetadataRow { name, int_value: int, str_value: None, source_id });
        }
        (None, Value::String(value)) => add_text(trace, source_id, name, &value),
        (None, _) => add_text(trace, source_id, name, text),
    }
}

fn add_text(trace: &mut TraceBuilder, source_id: SourceId, name: &str, text: &str) {
    let name = trace.strings.intern(name);
    let str_value = Some(trace.strings.intern(text));
    trace.metadata.push(MetadataRow { name, int_value: None, str_value, source_id });
}

/// Adds the rank a document belongs to, from `distributedInfo` or else from its name.
pub(crate) fn add_rank(trace: &mut TraceBuilder, source_id: SourceId, top: &TopLevel, path: &str) -> Option<RankId> {
    let field = |key: &str| top.distributed.as_ref().and_then(|info| info.get(key));
    let named = rank_in_name(path);
    let rank = field("rank").and_then(Value::as_i64).or(named.rank);
    if rank.is_none() && named.label.is_none() {
        return None;
    }
    let backend = field("backend").and_then(Value::as_str).map(|backend| trace.strings.intern(backend));
    let host = top.host_name.as_deref().map(|host| trace.strings.intern(host));
    let name = named.label.map(|label| trace.strings.intern(&label));
    let world_size = field("world_size").and_then(Value::as_i64);
    Some(RankId::from_index(trace.ranks.push(RankRow { rank, world_size, backend, host, name, source_id })))
}

/// What a file name says of the rank.
#[derive(Debug, Default, PartialEq, Eq)]
struct NamedRank {
    rank: Option<i64>,
    /// The part of the name that tells ranks apart for people, e.g. `dp0_pp0_tp0_dcp0_ep0_rank0`, `TP-3`.
    label: Option<String>,
}

/// The rank in names as vLLM, SGLang and plain PyTorch write them: `dp0_pp0_tp1_rank1.<ns>.pt.trace.json.gz`,
/// `rank-1.json`, `rank_1`, `<time>-TP-3-DECODE.trace.json.gz`.
fn rank_in_name(path: &str) -> NamedRank {
    let file = path.rsplit(['/', '\\', '!']).next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    if let Some(at) = file.find("rank") {
        let digits = file[at + 4..].trim_start_matches(['-', '_']);
        let digits = &digits[..digits.bytes().take_while(u8::is_ascii_digit).count()];
        if let Ok(rank) = digits.parse() {
            let label = if stem.contains("rank") { stem } else { &file[at..] };
            return NamedRank { rank: Some(rank), label: Some(label.to_owned()) };
        }
    }
    if let Some(at) = file.find("-TP-") {
        let digits = &file[at + 4..];
        let digits = &digits[..digits.bytes().take_while(u8::is_ascii_digit).count()];
        if let Ok(rank) = digits.parse() {
            return NamedRank { rank: Some(rank), label: Some(format!("TP-{rank}")) };
        }
    }
    NamedRank::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_found_in_file_names() {
        let cases = [
            ("traces/rank0.1795490480910750768.pt.trace.json.gz", Some(0), Some("rank0")),
            ("a.zip!dp0_pp0_tp1_dcp0_ep0_rank1.17.pt.trace.json", Some(1), Some("dp0_pp0_tp1_dcp0_ep0_rank1")),
            ("rank-34.Jul_15.pt.trace.json.gz", Some(34), Some("rank-34")),
            ("sampled_rank-1.json.gz", Some(1), Some("sampled_rank-1")),
            ("1700000000-TP-3-DECODE.trace.json.gz", Some(3), Some("TP-3")),
            ("rank_non_gpu.json.gz", None, None),
            ("vm_3286.async_llm.17.pt.trace.json.gz", None, None),
        ];
        for (path, rank, label) in cases {
            let expected = NamedRank { rank, label: label.map(str::to_owned) };
            assert_eq!(rank_in_name(path), expected, "{path}");
        }
    }

    #[test]
    fn control_characters_in_strings_do_not_hide_what_is_beside_them() {
        let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let entries = [
            entry("deviceProperties", "[\n\t{\"id\": 3, \"name\": \"NVIDIA\n\tH100 \\\"\\\\\", \"numSms\": 132}]"),
            entry("distributedInfo", "{\"backend\": \"nc\tcl\", \"rank\": 2,\r\n\"world_size\": 8}"),
            entry("host_name", "\"a\x01b\""),
            entry("note", "\"first\nsecond\\nthird\""),
            entry("metadata", "{\"run\": \"x\ny\", \"count\": 5}"),
        ];
        let top = TopLevel::read(&entries);
        let device = top.devices.first().expect("it is read");
        assert_eq!((device.name.as_deref(), device.num_sms), (Some("NVIDIA\n\tH100 \"\\"), Some(132)));
        assert_eq!(top.host_name.as_deref(), Some("a\x01b"));
        let mut trace = TraceBuilder::default();
        assert!(add_rank(&mut trace, SourceId(0), &top, "x.json").is_some());
        assert_eq!((trace.ranks.row(0).rank, trace.ranks.row(0).world_size), (Some(2), Some(8)));
        add_rows(&mut trace, SourceId(0), &entries);
        let text_of = |row: usize| trace.metadata.row(row).str_value.map(|text| trace.strings.get(text).to_owned());
        assert_eq!(text_of(3).as_deref(), Some("first\nsecond\nthird"));
        assert_eq!(text_of(4).as_deref(), Some("x\ny"));
        assert_eq!(trace.metadata.row(5).int_value, Some(5));
    }

    #[test]
    fn top_level_keys_are_read() {
        let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let top = TopLevel::read(&[
            entry("baseTimeNanoseconds", "1790857026000000000"),
            entry("deviceProperties", r#"[{"id": 3, "name": "NVIDIA H100", "numSms": 132}]"#),
            entry("distributedInfo", r#"{"backend": "nccl", "rank": 2, "world_size": 8}"#),
        ]);
        assert_eq!(top.base_unix_ns, Some(1_790_857_026_000_000_000));
        assert_eq!(top.devices[0].ordinal, 3);
        assert_eq!(top.devices[0].num_sms, Some(132));
        let mut trace = TraceBuilder::default();
        assert!(add_rank(&mut trace, SourceId(0), &top, "x.json").is_some());
        assert_eq!(trace.ranks.row(0).rank, Some(2));
    }
}
