//! Result formats, byte for byte.

use std::io::Cursor;

use kinetoscope_sql::format::{Format, ResultWriter};

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

#[test]
fn formats_go_by_their_words() {
    for &format in Format::ALL {
        assert_eq!(format.word().parse(), Ok(format));
    }
    assert_eq!("xml".parse::<Format>().map_err(|error| error.to_string()), Err("`xml` is no result format".to_owned()));
}
