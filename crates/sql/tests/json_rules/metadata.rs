//! What stands beside the events.

use kinetoscope_ingest::IngestError;

use super::{STATS, check, check_files, refusal_of};

const METADATA: &str = "select name, int_value, str_value from metadata order by id";

/// A trace of one slice with these keys beside the events.
fn trace_with(keys: &str) -> String {
    format!(r#"{{{keys}, "traceEvents": [{{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1}}]}}"#)
}

#[test]
fn fields_of_metadata_are_rows() {
    check(
        &trace_with(
            r#""metadata": {"text": "x", "int": 5, "true": true, "false": false, "whole": 3.0, "half": 0.5, "null": null}"#,
        ),
        METADATA,
        r#"
        "name","int_value","str_value"
        "json_metadata.text","[NULL]","x"
        "json_metadata.int",5,"[NULL]"
        "json_metadata.true",1,"[NULL]"
        "json_metadata.false",0,"[NULL]"
        "json_metadata.whole",3,"[NULL]"
        "json_metadata.half","[NULL]","0.5"
        "#,
    );
}

#[test]
fn nested_fields_of_metadata_are_json_as_it_is_written() {
    check(
        &trace_with(r#""metadata": {"object": {"b": [1, 2.50],  "a": null}, "list": [ "x" ], "empty": {}}"#),
        METADATA,
        r#"
        "name","int_value","str_value"
        "json_metadata.object","[NULL]","{"b": [1, 2.50],  "a": null}"
        "json_metadata.list","[NULL]","[ "x" ]"
        "json_metadata.empty","[NULL]","{}"
        "#,
    );
}

#[test]
fn texts_of_metadata_are_unescaped() {
    check(
        &trace_with(r#""metadata": {"k\"ey": "\u00e9\\ \"x\""}"#),
        METADATA,
        r#"
        "name","int_value","str_value"
        "json_metadata.k"ey","[NULL]","é\ "x""
        "#,
    );
}

/// Perfetto skips all of them, and with them the wall clock, the devices and the rank.
#[test]
fn keys_beside_the_events_are_rows_too() {
    check(
        r#"{"schemaVersion": 1, "traceEvents": [{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1}],
            "traceName": "x.json", "cuda_runtime_version": 12060, "record_shapes": true, "null": null,
            "distributedInfo": {"backend": "nccl"}}"#,
        METADATA,
        r#"
        "name","int_value","str_value"
        "schemaVersion",1,"[NULL]"
        "traceName","[NULL]","x.json"
        "cuda_runtime_version",12060,"[NULL]"
        "record_shapes",1,"[NULL]"
        "distributedInfo","[NULL]","{"backend": "nccl"}"
        "#,
    );
}

#[test]
fn whole_numbers_of_metadata_are_exact() {
    check(
        &trace_with(r#""a": 9007199254740993, "b": -9223372036854775808, "c": 18446744073709551615"#),
        METADATA,
        r#"
        "name","int_value","str_value"
        "a",9007199254740993,"[NULL]"
        "b","[NULL]","-9223372036854775808"
        "c","[NULL]","18446744073709551615"
        "#,
    );
}

#[test]
fn a_display_time_unit_changes_no_time_and_is_counted() {
    for unit in ["ns", "ms"] {
        check(
            &trace_with(&format!(r#""displayTimeUnit": "{unit}""#)),
            &format!("select ts, dur from slice; {STATS}"),
            r#"
            "ts","dur"
            1000,1000

            "name","severity","value"
            "json_display_time_unit","info",1
            "#,
        );
    }
}

#[test]
fn devices_come_from_device_properties() {
    check(
        r#"{"traceEvents": [
                {"ph": "X", "cat": "kernel", "name": "k", "pid": 1, "tid": 7, "ts": 1, "dur": 1}
            ],
            "deviceProperties": [
                {"id": 0, "name": "NVIDIA H100", "totalGlobalMem": 85052096512, "computeMajor": 9, "computeMinor": 0,
                 "numSms": 132},
                {"id": 1, "name": "NVIDIA H100", "numSms": 132}
            ]}"#,
        "select d.ordinal, d.name, d.total_memory, d.compute_major, d.num_sms, p.pid
        from device d left join process p on p.upid = d.upid order by d.id",
        r#"
        "ordinal","name","total_memory","compute_major","num_sms","pid"
        0,"NVIDIA H100",85052096512,9,132,"[NULL]"
        1,"NVIDIA H100","[NULL]","[NULL]",132,1
        "#,
    );
}

#[test]
fn ranks_come_from_distributed_info_or_the_file_name() {
    let slice = r#"{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1}"#;
    check_files(
        &[
            (
                "a.json",
                &format!(
                    r#"{{"baseTimeNanoseconds": 5, "distributedInfo": {{"backend": "nccl", "rank": 3, "world_size": 8}},
                        "traceEvents": [{slice}]}}"#
                ),
            ),
            ("rank1.json", &format!(r#"{{"baseTimeNanoseconds": 5, "traceEvents": [{slice}]}}"#)),
            ("c.json", &format!(r#"{{"baseTimeNanoseconds": 5, "traceEvents": [{slice}]}}"#)),
        ],
        "select s.path, r.rank, r.world_size, r.backend from source s left join rank r on r.id = s.rank_id order by s.id",
        r#"
        "path","rank","world_size","backend"
        "a.json",3,8,"nccl"
        "rank1.json",1,"[NULL]","[NULL]"
        "c.json","[NULL]","[NULL]","[NULL]"
        "#,
    );
}

#[test]
fn a_file_without_trace_events_is_refused() {
    for json in [r#"{"schemaVersion": 1}"#, r#"{"traceEvents": {"ph": "X"}}"#, r#"{"traceEvents": null, "a": 1}"#] {
        let error = refusal_of(json);
        assert!(matches!(error, IngestError::WrongFormat { .. }), "{json}: {error}");
    }
}

#[test]
fn a_trace_without_events_is_a_trace() {
    for json in ["[]", r#"{"traceEvents": []}"#, r#"{"traceEvents": [{}]}"#] {
        check(
            json,
            &format!("select count(*) as slices from slice; select start_ts, end_ts from trace_bounds; {STATS}"),
            r#"
            "slices"
            0

            "start_ts","end_ts"
            0,0

            "name","severity","value"
            "#,
        );
    }
}

/// Perfetto reads its lines as ftrace text; here nothing else does, so it is kept for those who want to look.
#[test]
fn system_trace_events_are_kept_as_text() {
    check(
        &trace_with(r#""systemTraceEvents": "tracer: nop\n""#),
        "select name, int_value, replace(str_value, chr(10), '|') as str_value from metadata",
        r#"
        "name","int_value","str_value"
        "systemTraceEvents","[NULL]","tracer: nop|"
        "#,
    );
}
