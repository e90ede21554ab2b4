//! Result formats, byte for byte.

use std::fs::File;
use std::io::{Cursor, Write as _};

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use kinetoscope_sql::SqlError;
use kinetoscope_sql::format::{Format, ResultWriter};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::drawn::{print_as, session, session_over};
use super::many;

const VALUES: &str = "select 7 as int, 0.1 as real, 'a \"b\" | c' as text, null as nothing, id = 2 as bool, x'00ff' as blob from slice where id = 2";

fn printed(format: Format, script: &str) -> String {
    match print_as(&session(), format, script) {
        Ok(text) => text,
        Err(error) => panic!("`{script}` fails: {}", error.report()),
    }
}

#[test]
fn csv_is_what_perfettos_shell_prints() {
    assert_eq!(
        printed(Format::Csv, VALUES),
        "\"int\",\"real\",\"text\",\"nothing\",\"bool\",\"blob\"\n7,0.100000,\"a \"b\" | c\",\"[NULL]\",1,\"<raw bytes>\"\n"
    );
    assert_eq!(
        printed(Format::Csv, "select 1 as a where 1 = 2; select -2.5e10 as b, '' as c"),
        "\"a\"\n\n\"b\",\"c\"\n-25000000000.000000,\"\"\n"
    );
    assert_eq!(printed(Format::Csv, "select 'two\nlines' as t"), "\"t\"\n\"two\nlines\"\n");
}

#[test]
fn json_is_an_array_of_objects_per_result() {
    assert_eq!(
        printed(Format::Json, VALUES),
        "[\n{\"int\":7,\"real\":0.1,\"text\":\"a \\\"b\\\" | c\",\"nothing\":null,\"bool\":1,\"blob\":\"00ff\"}\n]\n"
    );
    assert_eq!(
        printed(Format::Json, "select id from slice where id > 99; select id from slice where id < 2"),
        "[]\n[\n{\"id\":0},\n{\"id\":1}\n]\n"
    );
    // A key counts once, and each number keeps its digits.
    assert_eq!(
        printed(
            Format::Json,
            "select 9007199254740993 as a, a.id, b.id from slice a join slice b on a.id = b.id where a.id = 1"
        ),
        "[\n{\"a\":9007199254740993,\"id\":1,\"id:1\":1}\n]\n"
    );
    for line in printed(Format::Ndjson, "select * from slice").lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(row["source_offset"], (row["ts"].as_i64().expect("a time") - 1_000_000) * 10);
    }
    assert_eq!(printed(Format::Ndjson, "select id from slice where id < 2"), "{\"id\":0}\n{\"id\":1}\n");
}

#[test]
fn tables_line_up_whatever_the_width_of_a_character() {
    assert_eq!(
        printed(
            Format::Table,
            "select '日本' as text, 5 as n, 1.5 as r union all select 'a\nb', 1000, null; select 1 as x where 1 = 2"
        ),
        "text     n     r\n────  ────  ────\n日本     5   1.5\na\\nb  1000  NULL\n\nx\n─\n"
    );
}

#[test]
fn nothing_is_cut_from_a_long_table() {
    let session = session_over(many::trace(12_001));
    let text =
        print_as(&session, Format::Table, "select id, repeat('y', id / 100) as y from slice").expect("the query runs");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 + 12_001);
    assert_eq!(lines[2 + 12_000], format!("12000  {}", "y".repeat(120)));
}

#[test]
fn markdown_keeps_cells_and_markup_apart() {
    assert_eq!(
        printed(Format::Markdown, "select 'vector<float*>|x' as kernel_name, 3 as n; select null as x"),
        "| kernel\\_name | n |\n| --- | --: |\n| vector\\<float\\*\\>\\|x | 3 |\n\n| x |\n| --- |\n| NULL |\n"
    );
}

#[test]
fn arrow_streams_have_plain_columns() {
    let session = session();
    let mut out = Vec::new();
    let mut writer = ResultWriter::new(Format::Arrow, &mut out);
    session
        .run("select id, name from slice; select 1 as one", &mut |event| writer.write(event))
        .expect("the script runs");
    writer.finish().expect("a vector takes everything");
    let mut input = Cursor::new(out);
    let mut stream = arrow_ipc::reader::StreamReader::try_new(&mut input, None).expect("a stream");
    let batch = stream.next().expect("one batch").expect("the batch is whole");
    assert_eq!(batch.num_rows(), 6);
    let names = batch.column(1).as_any().downcast_ref::<arrow_array::StringArray>().expect("names are plain text");
    assert_eq!(names.value(2), "sgemm");
    assert!(stream.next().is_none());
    let stream = arrow_ipc::reader::StreamReader::try_new(&mut input, None).expect("a second stream");
    assert_eq!(stream.schema().field(0).name(), "one");
}

/// What a script prints as Parquet.
fn parquet(script: &str) -> Result<File, SqlError> {
    let mut out = Vec::new();
    let mut writer = ResultWriter::new(Format::Parquet, &mut out);
    session().run(script, &mut |event| writer.write(event))?;
    writer.finish().expect("a vector takes everything");
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&out).expect("a file takes everything");
    Ok(file)
}

#[test]
fn parquet_files_are_read_back_by_others() {
    let file =
        parquet("select id, name, dur / 2.0 as half, null as nothing from slice order by id").expect("one result");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let codec = reader.metadata().row_group(0).column(0).compression();
    assert!(matches!(codec, parquet::basic::Compression::ZSTD(_)), "{codec}");
    let batches: Vec<_> = reader.build().expect("a reader").collect::<Result<_, _>>().expect("whole batches");
    let [batch] = batches.as_slice() else { panic!("{} batches", batches.len()) };
    assert_eq!(batch.num_rows(), 6);
    let names = batch.column_by_name("name").expect("a column").as_string::<i32>();
    assert_eq!(names.value(2), "sgemm");
    let ids = batch.column_by_name("id").expect("a column").as_primitive::<Int64Type>();
    assert_eq!(ids.values(), &[0, 1, 2, 3, 4, 5]);
    assert_eq!(batch.column_by_name("nothing").map(|column| column.logical_null_count()), Some(6));
}

#[test]
fn long_results_have_several_row_groups_in_a_parquet_file() {
    let script = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 200000) select x from n";
    let file = parquet(script).expect("one result");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let batches: Vec<_> = reader.build().expect("a reader").collect::<Result<_, _>>().expect("whole batches");
    let sum: i64 = batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values()).sum();
    assert_eq!(sum, 200_000 * 200_001 / 2);
}

#[test]
fn a_parquet_file_holds_one_result() {
    let Err(SqlError::Output(error)) = parquet("select 1 as a; select 2 as b") else {
        panic!("two results are written")
    };
    let message = error.to_string();
    assert!(message.contains("a Parquet file holds one result, and the script gives several"), "{message}");
    // A statement without a result is none.
    assert!(parquet("create perfetto table t as select 1 as a; select * from t").is_ok());
}

#[test]
fn formats_go_by_their_words() {
    for &format in Format::ALL {
        assert_eq!(format.word().parse(), Ok(format));
    }
    assert_eq!("xml".parse::<Format>().map_err(|error| error.to_string()), Err("`xml` is no result format".to_owned()));
}
