//! Tables and views: each row of the drawn trace where people look for it.

use std::sync::Arc;

use kinetoscope_model::TraceBuilder;

use super::drawn::{csv, session, session_over, trace};

#[test]
fn slices_are_found_by_name_without_case_and_in_order_of_time() {
    let session = session();
    assert_eq!(
        csv(&session, "select ts, dur, name from slice where name like '%memcpy%' order by ts"),
        "\"ts\",\"dur\",\"name\"\n1000600,64,\"Memcpy HtoD (Pageable -> Device)\"\n"
    );
}

#[test]
fn a_slice_has_perfettos_columns_and_where_it_came_from() {
    let expected = "\"id\",\"ts\",\"dur\",\"track_id\",\"category\",\"name\",\"depth\",\"parent_id\",\"arg_set_id\",\
        \"thread_ts\",\"thread_dur\",\"thread_instruction_count\",\"thread_instruction_delta\",\"cat\",\"slice_id\",\"source_offset\"\n\
        2,1000200,300,1,\"kernel\",\"sgemm\",0,\"[NULL]\",2,\"[NULL]\",\"[NULL]\",\"[NULL]\",\"[NULL]\",\"kernel\",2,2000\n";
    assert_eq!(csv(&session(), "SELECT * FROM slice WHERE category = \"kernel\";"), expected);
}

#[test]
fn slices_join_with_their_track_thread_and_process() {
    let query = "select s.name, t.tid, t.name, t.is_main_thread, p.pid, p.name
        from slice s join thread_track tt on s.track_id = tt.id join thread t using (utid) join process p using (upid)
        where s.dur > 60 order by s.ts";
    let expected = "\"name\",\"tid\",\"name\",\"is_main_thread\",\"pid\",\"name\"\n\
        \"aten::mm\",101,\"main\",1,100,\"python\"\n\
        \"sgemm\",7,\"stream 7\",0,0,\"python\"\n\
        \"Memcpy HtoD (Pageable -> Device)\",7,\"stream 7\",0,0,\"python\"\n";
    assert_eq!(csv(&session(), query), expected);
}

#[test]
fn tracks_are_told_apart_by_what_they_hold() {
    let session = session();
    assert_eq!(
        csv(&session, "select id, name, type from track"),
        "\"id\",\"name\",\"type\"\n0,\"[NULL]\",\"thread_execution\"\n1,\"[NULL]\",\"thread_execution\"\n\
         2,\"GPU memory\",\"process_counter\"\n"
    );
    assert_eq!(csv(&session, "select id, utid from thread_track"), "\"id\",\"utid\"\n0,0\n1,1\n");
    assert_eq!(csv(&session, "select id, upid from process_track"), "\"id\",\"upid\"\n");
    assert_eq!(csv(&session, "select id, name from counter_track"), "\"id\",\"name\"\n2,\"GPU memory\"\n");
    assert_eq!(csv(&session, "select name, upid from process_counter_track"), "\"name\",\"upid\"\n\"GPU memory\",0\n");
}

#[test]
fn instants_are_slices_of_no_length() {
    assert_eq!(
        csv(&session(), "select ts, track_id, name from instant"),
        "\"ts\",\"track_id\",\"name\"\n1000700,1,\"Memset (Device)\"\n1000900,0,\"Iteration Start\"\n"
    );
}

#[test]
fn threads_and_processes_go_by_their_own_ids() {
    let session = session();
    assert_eq!(
        csv(&session, "select utid, tid, upid, is_main_thread, role from thread"),
        "\"utid\",\"tid\",\"upid\",\"is_main_thread\",\"role\"\n0,101,0,1,\"main\"\n1,7,1,0,\"gpu stream\"\n"
    );
    assert_eq!(
        csv(&session, "select upid, pid, labels, device_id from process where device_id is not null"),
        "\"upid\",\"pid\",\"labels\",\"device_id\"\n1,0,\"GPU 0\",0\n"
    );
    assert_eq!(csv(&session, "select count(*) from thread where is_main_thread = 1"), "\"count(*)\"\n1\n");
}

#[test]
fn counters_come_with_their_name() {
    assert_eq!(
        csv(&session(), "select ts, value, name from counters"),
        "\"ts\",\"value\",\"name\"\n1000000,1.500000,\"GPU memory\"\n1000600,2.500000,\"GPU memory\"\n"
    );
    assert_eq!(csv(&session(), "select avg(value) from counter"), "\"avg(value)\"\n2.000000\n");
}

#[test]
fn flows_lead_from_the_launch_to_the_kernel() {
    let query = "select o.name, i.name, f.trace_id, f.category from flow f
        join slice o on f.slice_out = o.id join slice i on f.slice_in = i.id";
    assert_eq!(
        csv(&session(), query),
        "\"name\",\"name\",\"trace_id\",\"category\"\n\"cudaLaunchKernel\",\"sgemm\",9,\"ac2g\"\n"
    );
}

#[test]
fn arguments_are_listed_as_perfetto_lists_them() {
    let expected = "\"arg_set_id\",\"flat_key\",\"key\",\"int_value\",\"string_value\",\"real_value\",\"value_type\",\"display_value\"\n\
        0,\"args.External id\",\"args.External id\",5,\"[NULL]\",\"[NULL]\",\"int\",\"5\"\n\
        0,\"args.Input Dims\",\"args.Input Dims[0][0]\",2,\"[NULL]\",\"[NULL]\",\"int\",\"2\"\n\
        0,\"args.Input Dims\",\"args.Input Dims[0][1]\",3,\"[NULL]\",\"[NULL]\",\"int\",\"3\"\n\
        1,\"args.correlation\",\"args.correlation\",9,\"[NULL]\",\"[NULL]\",\"int\",\"9\"\n\
        1,\"args.cbid\",\"args.cbid\",\"[NULL]\",\"211\",\"[NULL]\",\"string\",\"211\"\n\
        2,\"args.correlation\",\"args.correlation\",9,\"[NULL]\",\"[NULL]\",\"int\",\"9\"\n\
        2,\"args.est. achieved occupancy %\",\"args.est. achieved occupancy %\",\"[NULL]\",\"[NULL]\",12.500000,\"real\",\"12.5\"\n\
        2,\"args.grid\",\"args.grid[0]\",4,\"[NULL]\",\"[NULL]\",\"int\",\"4\"\n\
        2,\"args.grid\",\"args.grid[1]\",1,\"[NULL]\",\"[NULL]\",\"int\",\"1\"\n\
        2,\"args.grid\",\"args.grid[2]\",1,\"[NULL]\",\"[NULL]\",\"int\",\"1\"\n\
        2,\"args.ok\",\"args.ok\",1,\"[NULL]\",\"[NULL]\",\"bool\",\"true\"\n\
        3,\"args.bytes\",\"args.bytes\",2048,\"[NULL]\",\"[NULL]\",\"int\",\"2048\"\n\
        3,\"args.big\",\"args.big\",\"[NULL]\",\"[NULL]\",18446744073709551616.000000,\"uint\",\"18446744073709551615\"\n\
        3,\"args.cbid\",\"args.cbid\",1,\"[NULL]\",\"[NULL]\",\"int\",\"1\"\n";
    let columns = "arg_set_id, flat_key, key, int_value, string_value, real_value, value_type, display_value";
    assert_eq!(csv(&session(), &format!("select {columns} from args")), expected);
}

#[test]
fn conditions_on_arguments_give_what_looking_at_every_row_gives() {
    let session = session();
    let all = "(select * from args limit 1000000000000)";
    for condition in [
        "arg_set_id = 2",
        "arg_set_id in (0, 3, 99)",
        "arg_set_id > 0 and arg_set_id < 3",
        "key = 'args.correlation'",
        "key in ('args.grid[1]', 'args.cbid', 'args.none')",
        "flat_key = 'args.grid'",
        "flat_key = 'args.grid' and key = 'args.grid[2]'",
        "arg_set_id = 2 and key = 'args.ok'",
        "key like '%ID%'",
        "key = 'args.est. achieved occupancy %'",
        "int_value = 9",
        "key = 'args.correlation' limit 1",
    ] {
        let found = csv(&session, &format!("select * from args where {condition}"));
        let expected = csv(&session, &format!("select * from {all} where {condition}"));
        assert_eq!(found, expected, "{condition}");
        assert!(found.lines().count() > 1, "{condition} finds nothing");
    }
}

#[test]
fn arguments_join_with_their_slice() {
    let query = "select s.name, a.int_value from slice s join args a using (arg_set_id)
        where a.key = 'args.correlation' order by s.ts";
    assert_eq!(csv(&session(), query), "\"name\",\"int_value\"\n\"cudaLaunchKernel\",9\n\"sgemm\",9\n");
}

#[test]
fn extract_arg_has_the_type_of_the_values() {
    let session = session();
    let expected = "\"name\",\"correlation\",\"grid\",\"occupancy\",\"cbid\",\"ok\",\"big\",\"none\"\n\
        \"aten::mm\",\"[NULL]\",\"[NULL]\",\"[NULL]\",\"[NULL]\",\"[NULL]\",\"[NULL]\",\"[NULL]\"\n\
        \"cudaLaunchKernel\",9,\"[NULL]\",\"[NULL]\",\"211\",\"[NULL]\",\"[NULL]\",\"[NULL]\"\n\
        \"sgemm\",9,4,12.500000,\"[NULL]\",1,\"[NULL]\",\"[NULL]\"\n\
        \"Memcpy HtoD (Pageable -> Device)\",\"[NULL]\",\"[NULL]\",\"[NULL]\",1,\"[NULL]\",18446744073709551616.000000,\"[NULL]\"\n";
    let query = "select name, extract_arg(arg_set_id, 'args.correlation') as correlation,
        EXTRACT_ARG(arg_set_id, 'args.grid[0]') as grid,
        extract_arg(arg_set_id, 'args.est. achieved occupancy %') as occupancy,
        extract_arg(arg_set_id, 'args.cbid') as cbid, extract_arg(arg_set_id, 'args.ok') as ok,
        extract_arg(arg_set_id, 'args.big') as big, extract_arg(arg_set_id, 'args.none') as none
        from slice where arg_set_id is not null";
    assert_eq!(csv(&session, query), expected);
    // Numbers compare as numbers: as texts, "9" is greater than "10".
    let query = "select count(*) from slice where extract_arg(arg_set_id, 'args.correlation') > 10";
    assert_eq!(csv(&session, query), "\"count(*)\"\n0\n");
    let query = "select extract_arg(2, 'args.Input Dims'), extract_arg(0, 'args.Input Dims[0][1]'), extract_arg(0, 'args.' || 'External id')";
    assert_eq!(csv(&session, query).lines().nth(1), Some("\"[NULL]\",3,5"));
}

#[test]
fn gpu_work_has_typed_columns() {
    let session = session();
    assert_eq!(
        csv(&session, "select id, ts, dur, name, device, stream, correlation, grid_x, occupancy from kernel"),
        "\"id\",\"ts\",\"dur\",\"name\",\"device\",\"stream\",\"correlation\",\"grid_x\",\"occupancy\"\n\
         2,1000200,300,\"sgemm\",0,7,9,4,12.500000\n"
    );
    assert_eq!(
        csv(&session, "select name, copy_kind, bytes, gigabytes_per_sec from memcpy"),
        "\"name\",\"copy_kind\",\"bytes\",\"gigabytes_per_sec\"\n\"Memcpy HtoD (Pageable -> Device)\",\"HtoD\",2048,32.000000\n"
    );
    assert_eq!(
        csv(&session, "select name, bytes, gigabytes_per_sec from memset"),
        "\"name\",\"bytes\",\"gigabytes_per_sec\"\n\"Memset (Device)\",16,\"[NULL]\"\n"
    );
    assert_eq!(
        csv(&session, "select name, thread_name, pid, correlation, is_graph_launch from cuda_api"),
        "\"name\",\"thread_name\",\"pid\",\"correlation\",\"is_graph_launch\"\n\"cudaLaunchKernel\",\"main\",100,9,0\n"
    );
    let query = "select c.name, k.name, k.ts - c.ts as delay from launch l
        join cuda_api c on c.api_call_id = l.api_call_id join kernel k on k.gpu_op_id = l.gpu_op_id";
    assert_eq!(csv(&session, query), "\"name\",\"name\",\"delay\"\n\"cudaLaunchKernel\",\"sgemm\",100\n");
    assert_eq!(csv(&session, "select name, num_sms from device"), "\"name\",\"num_sms\"\n\"NVIDIA H100\",132\n");
}

#[test]
fn scheduling_states_are_there_when_the_source_has_them() {
    let session = session();
    assert_eq!(
        csv(&session, "select ts, dur, cpu, state, io_wait from thread_state"),
        "\"ts\",\"dur\",\"cpu\",\"state\",\"io_wait\"\n1000000,400,3,\"Running\",\"[NULL]\"\n1000400,600,\"[NULL]\",\"S\",1\n"
    );
    assert_eq!(
        csv(&session, "select ts, dur, cpu, utid from sched_slice"),
        "\"ts\",\"dur\",\"cpu\",\"utid\"\n1000000,400,3,0\n"
    );
    assert_eq!(csv(&session, "select ts_end, ucpu from sched"), "\"ts_end\",\"ucpu\"\n1000400,3\n");
}

#[test]
fn what_the_file_says_of_itself_is_spread_out() {
    let expected = "\"name\",\"key_type\",\"int_value\",\"str_value\"\n\
        \"schemaVersion\",\"single\",1,\"[NULL]\"\n\
        \"json_metadata.model\",\"single\",\"[NULL]\",\"opt\"\n\
        \"json_metadata.tp\",\"single\",2,\"[NULL]\"\n\
        \"json_metadata.ratio\",\"single\",\"[NULL]\",\"0.5\"\n\
        \"json_metadata.nested\",\"single\",\"[NULL]\",\"{\"a\":[1]}\"\n";
    assert_eq!(csv(&session(), "select name, key_type, int_value, str_value from metadata"), expected);
}

#[test]
fn warnings_are_counted_and_have_examples() {
    let session = session();
    assert_eq!(
        csv(&session, "select name, key, idx, severity, source, value from stats"),
        "\"name\",\"key\",\"idx\",\"severity\",\"source\",\"value\"\n\
         \"input_truncated\",\"[NULL]\",\"[NULL]\",\"data_loss\",\"analysis\",1\n"
    );
    assert_eq!(
        csv(&session, "select name, byte_offset, detail from _trace_import_logs"),
        "\"name\",\"byte_offset\",\"detail\"\n\"input_truncated\",77,\"ends in an event\"\n"
    );
    assert_eq!(csv(&session, "select * from trace_bounds"), "\"start_ts\",\"end_ts\"\n1000000,1001000\n");
}

#[test]
fn an_empty_trace_has_every_table_and_no_row() {
    let session = session_over(Arc::new(TraceBuilder::default().seal()));
    for table in session.schema().expect("the schema of an empty trace") {
        // What was asked before is in a table too.
        if table.name != "sqlstats" {
            let expected = if table.name == "trace_bounds" { 1 } else { 0 };
            let count = csv(&session, &format!("select count(*) as n from {}", table.name));
            assert_eq!(count, format!("\"n\"\n{expected}\n"), "{}", table.name);
        }
        let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let printed = csv(&session, &format!("select * from {}", table.name));
        assert_eq!(printed.lines().next(), Some(names.join(",").as_str()), "{}", table.name);
    }
    assert_eq!(csv(&session, "select * from trace_bounds"), "\"start_ts\",\"end_ts\"\n0,0\n");
    assert_eq!(
        csv(&session, "select min(ts), max(id), sum(dur) from slice").lines().nth(1),
        Some("\"[NULL]\",\"[NULL]\",\"[NULL]\"")
    );
    assert_eq!(csv(&session, "select extract_arg(0, 'args.x')").lines().nth(1), Some("\"[NULL]\""));
}

#[test]
fn every_column_of_the_schema_is_described() {
    let session = session();
    let tables = session.schema().expect("the schema");
    for table in &tables {
        assert!(table.doc.ends_with('.'), "{} has no description: {:?}", table.name, table.doc);
        for column in &table.columns {
            assert!(!column.doc.is_empty(), "{}.{} has no description", table.name, column.name);
        }
    }
    // What a view's file describes must be a column of it.
    for (view, text) in shipped_view_files() {
        let table = tables.iter().find(|table| table.name == view).expect("a shipped view is in the schema");
        let described = text.lines().take_while(|line| line.starts_with("--")).filter_map(|line| {
            let (name, _) = line.trim_start_matches('-').trim().split_once(": ")?;
            (!name.contains(' ')).then_some(name)
        });
        for name in described {
            assert!(
                table.columns.iter().any(|column| column.name == name),
                "{view} describes `{name}`, which it has not"
            );
        }
    }
    let slice = tables.iter().find(|table| table.name == "slice").expect("the table everybody uses");
    let dur = slice.columns.iter().find(|column| column.name == "dur").expect("a slice has a length");
    assert_eq!((dur.type_name, dur.doc.as_str()), ("INTEGER", "Length; -1 when it was never closed."));
}

fn shipped_view_files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/view");
    let entries = std::fs::read_dir(folder).expect("the folder of the views");
    let paths = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "sql"));
    paths
        .map(|path| {
            let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a file name").to_owned();
            (name, std::fs::read_to_string(&path).expect("a view's file"))
        })
        .collect()
}

#[test]
fn counting_and_bounds_come_from_what_is_known_without_a_look_at_the_rows() {
    let session = session();
    for (query, answer) in [
        ("select count(*) from slice", "[6 as count(*)]"),
        ("select min(ts) from slice", "[1000000 as min(ts)]"),
        ("select max(id) from slice", "[5 as max(id)]"),
        ("select count(thread_ts) from slice", "[0 as count(thread_ts)]"),
        ("select count(*) from thread", "[2 as count(*)]"),
    ] {
        let plan = csv(&session, &format!("explain {query}"));
        assert!(plan.contains(answer) && !plan.contains("ScanExec"), "{query} is planned as\n{plan}");
    }
    assert_eq!(trace().slices.len(), 6);
}
