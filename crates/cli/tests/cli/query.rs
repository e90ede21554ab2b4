//! `query`: where the SQL comes from, where results go, and what errors look like.

use serde_json::{Value, json};

use crate::sandbox::{SMALL_TRACE, Sandbox};

fn csv(sandbox: &Sandbox, sql: &str) -> String {
    sandbox.run(&["query", "small.json", sql, "--format", "csv"]).succeeded()
}

#[test]
fn csv_is_what_perfettos_shell_prints() {
    let sandbox = Sandbox::with_small_trace();
    let names = "\"name\",\"dur\"\n\"cudaLaunchKernel\",5000\n\"gemm\",20250\n\"add\",10000\n";
    assert_eq!(csv(&sandbox, "select name, dur from slice order by ts"), names);
    let ts = "\"ts\"\n100500\n110000\n140000\n";
    assert_eq!(csv(&sandbox, "select ts from slice order by ts"), ts, "times are as the file writes them");
    let kinds = "\"a\",\"b\",\"c\"\n0.500000,\"[NULL]\",\"it's\"\n";
    assert_eq!(csv(&sandbox, "select 1 / 2.0 as a, null as b, 'it''s' as c"), kinds);
    assert_eq!(csv(&sandbox, "select 1 as a; select 2 as b"), "\"a\"\n1\n\n\"b\"\n2\n", "a blank line parts results");
    assert_eq!(csv(&sandbox, "select name from slice where dur < 0"), "\"name\"\n");
}

#[test]
fn the_default_is_a_table_also_in_a_pipe() {
    let sandbox = Sandbox::with_small_trace();
    let table = sandbox.run(&["query", "small.json", "select name, dur from slice order by ts"]).succeeded();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5, "{table}");
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["name", "dur"]);
    assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["gemm", "20250"]);
}

#[test]
fn json_and_ndjson_parse() {
    let sandbox = Sandbox::with_small_trace();
    let sql = "select name, dur, null as nothing from slice where dur >= 10000 order by ts";
    let expected =
        json!([{"name": "gemm", "dur": 20250, "nothing": null}, {"name": "add", "dur": 10000, "nothing": null}]);
    let text = sandbox.run(&["query", "small.json", sql, "--format", "json"]).succeeded();
    assert_eq!(serde_json::from_str::<Value>(&text).expect("it is JSON"), expected);
    let text = sandbox.run(&["query", "small.json", sql, "--format", "ndjson"]).succeeded();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(Value::from(rows), expected);
}

#[test]
fn markdown_and_arrow_are_what_they_are_called() {
    let sandbox = Sandbox::with_small_trace();
    let text = sandbox.run(&["query", "small.json", "select 1 as a", "--format", "markdown"]).succeeded();
    assert!(text.starts_with("| a"), "{text}");
    let ran = sandbox.run(&["query", "small.json", "select 1 as a", "--format", "arrow"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout_bytes.starts_with(&[0xff; 4]), "a stream begins with its mark of continuation");
    assert!(ran.stdout_bytes.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), "and ends with its mark of the end");
}

#[test]
fn sql_comes_from_argument_switch_file_or_standard_input() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("count.sql", "\u{feff}-- How many?\nselect count(*) as n from slice;\n");
    let expected = "\"n\"\n3\n";
    let sql = "select count(*) as n from slice";
    let with = |args: &[&str], stdin: &str| {
        let args = [&["query", "--format", "csv", "small.json"], args].concat();
        sandbox.run_with_stdin(&args, stdin.as_bytes()).succeeded()
    };
    assert_eq!(with(&[sql], ""), expected);
    assert_eq!(with(&["-e", sql], ""), expected);
    assert_eq!(with(&["--sql", &format!("-- How many?\n{sql}")], ""), expected, "SQL may begin like a switch");
    assert_eq!(with(&["--file", "count.sql"], ""), expected);
    assert_eq!(with(&["-f", "-"], sql), expected);
    assert_eq!(with(&[], sql), expected);
}

#[test]
fn the_trace_may_come_from_standard_input() {
    let sandbox = Sandbox::new();
    let args = ["query", "-", "select count(*) as n from slice", "--format", "csv"];
    assert_eq!(sandbox.run_with_stdin(&args, SMALL_TRACE.as_bytes()).succeeded(), "\"n\"\n3\n");
}

#[test]
fn several_paths_are_one_trace() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("b.json", SMALL_TRACE);
    let args = ["query", "small.json", "b.json", "select count(*) as n from slice", "--format", "csv"];
    assert_eq!(sandbox.run(&args).succeeded(), "\"n\"\n6\n");
}

#[test]
fn missing_sql_is_refused_before_anything_is_read() {
    let sandbox = Sandbox::new();
    let error = sandbox.run(&["query", "not-there.json"]).failed_with(2);
    assert!(error.starts_with("error: there is no SQL in standard input\n"), "{error}");
    assert!(error.contains("\nhint: give it as the last argument"), "{error}");
    let error = sandbox.run(&["query", "not-there.json", "-f", "not-there.sql"]).failed_with(2);
    assert!(error.starts_with("error: cannot read SQL from `not-there.sql`: "), "{error}");
    sandbox.write("bad.sql", b"select '\xff'");
    let error = sandbox.run(&["query", "not-there.json", "-f", "bad.sql"]).failed_with(2);
    assert_eq!(error, "error: the SQL in `bad.sql` is not UTF-8 at byte 8\n");
}

#[test]
fn a_path_that_was_taken_for_sql_is_told() {
    let sandbox = Sandbox::with_small_trace();
    let error = sandbox.run(&["query", "my trace.json"]).failed_with(2);
    assert!(error.starts_with("error: there is no trace to ask\n"), "{error}");
    assert!(error.contains("`my trace.json` was taken for the SQL, as no file has that name"), "{error}");
    let error = sandbox.run(&["query", "small.json", "my trace.json"]).failed_with(2);
    assert!(error.contains("`my trace.json` was taken for SQL, as no file has that name"), "{error}");
    sandbox.write("my trace.json", SMALL_TRACE);
    let args = ["query", "small.json", "my trace.json", "-e", "select count(*) as n from slice", "--format", "csv"];
    assert_eq!(sandbox.run(&args).succeeded(), "\"n\"\n6\n");
}

#[test]
fn an_unknown_column_is_shown_in_its_line() {
    let sandbox = Sandbox::with_small_trace();
    let error = sandbox.run(&["query", "small.json", "select name,\n  durr\nfrom slice"]).failed_with(2);
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines[0], "error: no such column: `durr`");
    assert_eq!(lines[1..3], ["line 2:   durr", "          ^^^^"]);
    assert_eq!(lines[3], "");
    assert!(lines[4].starts_with("hint: did you mean `dur`"), "{error}");
    assert_eq!(sandbox.names(), ["small.json", "small.json.kinetoscope-cache"], "the reading was not in vain");
}

#[test]
fn results_before_an_error_are_printed() {
    let sandbox = Sandbox::with_small_trace();
    let ran = sandbox.run(&["query", "small.json", "select 1 as a; select b from slice", "--format", "csv"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_eq!(ran.stdout, "\"a\"\n1\n");
    assert!(ran.stderr.starts_with("error: no such column: `b`\n"), "{ran}");
}

#[test]
fn a_trace_cannot_be_written_to() {
    let sandbox = Sandbox::with_small_trace();
    let error = sandbox.run(&["query", "small.json", "delete from slice"]).failed_with(2);
    assert!(error.starts_with("error: "), "{error}");
    assert_eq!(csv(&sandbox, "select count(*) as n from slice"), "\"n\"\n3\n");
}

#[test]
fn an_output_file_is_made_by_results_only() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("out.csv", "older result");
    let failing = ["query", "small.json", "select nothing from slice", "--format", "csv", "-o", "out.csv"];
    sandbox.run(&failing).failed_with(2);
    assert_eq!(sandbox.read("out.csv"), "older result");
    let args = ["query", "small.json", "select count(*) as n from slice", "--format", "csv", "-o", "out.csv"];
    assert_eq!(sandbox.run(&args).succeeded(), "");
    assert_eq!(sandbox.read("out.csv"), "\"n\"\n3\n");
    let args = ["query", "small.json", "create view v as select 1 as a", "--output", "empty.csv"];
    assert_eq!(sandbox.run(&args).succeeded(), "");
    assert_eq!(sandbox.read("empty.csv"), "");
    let error = sandbox.run(&["query", "small.json", "select 1", "-o", "no/such/folder/a"]).failed_with(2);
    assert!(error.starts_with("error: cannot write `no/such/folder/a`: "), "{error}");
}

#[test]
fn the_trace_is_not_overwritten_by_its_answer() {
    let sandbox = Sandbox::with_small_trace();
    let error = sandbox.run(&["query", "small.json", "select 1", "-o", "./small.json"]).failed_with(2);
    assert_eq!(error, "error: `./small.json` is what is asked and cannot be the output too\n");
    assert_eq!(sandbox.read("small.json"), SMALL_TRACE);
}

#[test]
fn the_schema_needs_no_trace() {
    let sandbox = Sandbox::new();
    let tables = sandbox.run(&["query", "--schema"]).succeeded();
    for name in ["slice", "thread", "kernel", "gpu_op", "args"] {
        assert!(tables.lines().any(|line| line.split(' ').next() == Some(name)), "{name}: {tables}");
    }
    let columns = sandbox.run(&["query", "--schema", "slice"]).succeeded();
    assert!(columns.starts_with("slice: "), "{columns}");
    for name in ["id", "ts", "dur", "track_id", "name", "depth", "parent_id"] {
        assert!(columns.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name}: {columns}");
    }
    let json: Value =
        serde_json::from_str(&sandbox.run(&["query", "--schema", "SLICE", "--format", "json"]).succeeded())
            .expect("it is JSON");
    assert_eq!(json["name"], "slice");
    assert_eq!(json["columns"][0]["name"], "id");
    let json: Value =
        serde_json::from_str(&sandbox.run(&["query", "--schema", "--format", "json"]).succeeded()).expect("it is JSON");
    assert!(json.as_array().is_some_and(|tables| tables.len() > 10));
}

#[test]
fn a_schema_request_that_makes_no_sense_is_refused() {
    let sandbox = Sandbox::with_small_trace();
    let error = sandbox.run(&["query", "--schema", "slcie"]).failed_with(2);
    assert_eq!(error, "error: no such table: `slcie`\n\nhint: `kinetoscope query --schema` lists all tables\n");
    let error = sandbox.run(&["query", "--schema", "small.json"]).failed_with(2);
    assert!(error.contains("hint: tables are the same for every trace: leave the PATH out"), "{error}");
    let error = sandbox.run(&["query", "--schema", "--format", "csv"]).failed_with(2);
    assert!(error.starts_with("error: `--schema` cannot be printed as `csv`\n"), "{error}");
}

#[test]
fn verbose_tells_what_took_how_long() {
    let sandbox = Sandbox::with_small_trace();
    let ran = sandbox.run(&["query", "small.json", "select 1 as a", "--format", "csv", "-v"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "\"a\"\n1\n"), "{ran}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let beginnings = ["no cache file at ", "read 3 slices of 1 input in ", "answered in ", "wrote the cache file "];
    assert_eq!(lines.len(), beginnings.len(), "{ran}");
    for (line, beginning) in lines.iter().zip(beginnings) {
        assert!(line.starts_with(beginning), "{ran}");
    }
}

#[test]
fn category_cuda_finds_the_kernels_and_says_so() {
    let sandbox = Sandbox::with_small_trace();
    let sql = "SELECT name FROM slice WHERE category = \"cuda\";";
    let run = sandbox.run(&["query", "small.json", sql, "--format", "csv"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "\"name\"\n\"gemm\"\n\"add\"\n"), "{run}");
    assert_eq!(run.stderr.lines().count(), 1, "{run}");
    assert!(run.stderr.starts_with("note: no slice is of category `cuda`; read as `kernel`"), "{run}");
    assert!(run.stderr.contains("--strict-sql"), "{run}");
    let strict = sandbox.run(&["query", "small.json", sql, "--format", "csv", "--strict-sql"]);
    assert_eq!(strict.succeeded(), "\"name\"\n");
}

#[test]
fn files_are_out_of_reach_unless_allowed() {
    let sandbox = Sandbox::with_small_trace();
    let write = "select writefile('out.txt', 'four') as n";
    let error = sandbox.run(&["query", "small.json", write]).failed_with(2);
    assert!(error.starts_with("error: `writefile` reaches files") && error.contains("--allow-files"), "{error}");
    assert!(!sandbox.path("out.txt").exists());
    let allowed = |sql: &str| sandbox.run(&["query", "small.json", sql, "--format", "csv", "--allow-files"]);
    assert_eq!(allowed(write).succeeded(), "\"n\"\n4\n");
    assert_eq!(std::fs::read(sandbox.path("out.txt")).expect("the file"), b"four");
    let read = "select cast(readfile('out.txt') as text) as t, readfile('out.txt') as b";
    assert_eq!(allowed(read).succeeded(), "\"t\",\"b\"\n\"four\",\"<raw bytes>\"\n");
    // Columns are known before the file is looked for.
    let unread = allowed("select readfile('nowhere.txt')");
    assert_eq!(unread.code, Some(2), "{unread}");
    assert!(unread.stderr.contains("cannot read `nowhere.txt`"), "{unread}");
    // The trace stays as it is.
    let before = std::fs::read(sandbox.path("small.json")).expect("the trace");
    let refused = allowed("select writefile('small.json', '')");
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("cannot write `small.json`: it is what is asked"), "{refused}");
    assert_eq!(std::fs::read(sandbox.path("small.json")).expect("the trace"), before);
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    let sandbox = Sandbox::with_small_trace();
    // 3 to the 30th power of rows.
    let joins: Vec<String> = (0..30).map(|number| format!("slice s{number}")).collect();
    let endless = format!("select count(*) from {} where s0.id + s29.id = 1", joins.join(", "));
    let error = sandbox.run(&["query", "small.json", &endless, "--timeout", "0.5"]).failed_with(2);
    assert_eq!(error, "error: the query was stopped after 0.5 s\n");
    for wrong in ["0", "-1", "soon", "inf"] {
        let error = sandbox.run(&["query", "small.json", "select 1", &format!("--timeout={wrong}")]).failed_with(2);
        assert!(error.contains("expected a number of seconds"), "{wrong}: {error}");
    }
    assert_eq!(
        sandbox.run(&["query", "small.json", "select 1 as a", "--timeout", "60", "--format", "csv"]).succeeded(),
        "\"a\"\n1\n"
    );
}

#[test]
fn a_query_that_needs_too_much_memory_says_so() {
    let sandbox = Sandbox::with_small_trace();
    let sql =
        "create table t as select a.name, b.ts, c.dur from slice a, slice b, slice c; select count(*) as n from t";
    let error = sandbox.run(&["query", "small.json", sql, "--max-memory-bytes", "100B"]).failed_with(2);
    assert!(
        error.starts_with("error: the query needs more than its memory limit of 100 bytes\n\nhint: raise"),
        "{error}"
    );
    let folder = sandbox.path("spilled");
    std::fs::create_dir(&folder).expect("a folder is made");
    let folder_text = folder.to_str().expect("a path that is text");
    let ran = sandbox.run(&[
        "query",
        "small.json",
        sql,
        "--max-memory-bytes",
        "64MB",
        "--spill-dir",
        folder_text,
        "--format",
        "csv",
    ]);
    assert_eq!(ran.succeeded(), "\"n\"\n27\n");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder is there").count(), 0, "nothing stays behind");
    let error = sandbox.run(&["query", "small.json", "select 1", "--spill-dir", folder_text]).failed_with(2);
    assert!(error.contains("--max-memory-bytes"), "{error}");
}
