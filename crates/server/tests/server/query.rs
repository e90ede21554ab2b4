//! Queries: frames of a script's results, taken apart byte by byte.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_ipc::reader::StreamReader;
use serde_json::{Value, json};

use super::site::Site;

/// A frame: its letter and what it carries.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: char,
    payload: Vec<u8>,
}

impl Frame {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).expect("the frame is JSON")
    }

    /// Rows of a frame of columns.
    fn rows(&self) -> Vec<arrow_array::RecordBatch> {
        let reader = StreamReader::try_new(self.payload.as_slice(), None).expect("an Arrow stream");
        reader.map(|batch| batch.expect("a batch")).collect()
    }
}

/// Takes a body apart; nothing may be left.
pub(crate) fn frames(mut body: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((&kind, rest)) = body.split_first() {
        let (length, rest) = rest.split_first_chunk::<4>().expect("a length");
        let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).expect("as long as it says");
        frames.push(Frame { kind: char::from(kind), payload: payload.to_vec() });
        body = rest;
    }
    frames
}

/// A column of texts, however it is laid out.
fn texts(column: &arrow_array::ArrayRef) -> Vec<String> {
    use arrow_array::types::{Int32Type, UInt32Type};
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.iter().map(|text| text.expect("a text").to_owned()).collect();
    }
    if let Some(texts) = column.as_string_view_opt() {
        return texts.iter().map(|text| text.expect("a text").to_owned()).collect();
    }
    if let Some(texts) = column.as_dictionary_opt::<UInt32Type>() {
        let values = texts.values().as_string::<i32>();
        return texts.keys().values().iter().map(|&key| values.value(key as usize).to_owned()).collect();
    }
    let texts = column.as_dictionary::<Int32Type>();
    let values = texts.values().as_string::<i32>();
    texts.keys().values().iter().map(|&key| values.value(key as usize).to_owned()).collect()
}

fn kinds(frames: &[Frame]) -> String {
    frames.iter().map(|frame| frame.kind).collect()
}

fn ask(site: &Site, body: &Value) -> Vec<Frame> {
    let answer = site.post(&site.about("step", "/query"), body);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/octet-stream")));
    frames(&answer.body)
}

fn ask_sql(site: &Site, sql: &str) -> Vec<Frame> {
    ask(site, &json!({ "sql": sql }))
}

#[test]
fn results_come_in_frames() {
    let site = Site::of_step();
    let frames = ask_sql(&site, "select name, dur from slice where dur > 0 order by ts; select 40 + 2 as answer");
    assert_eq!(kinds(&frames), "SADSADZ");
    let columns = frames[0].json()["columns"].clone();
    assert_eq!((&columns[0]["name"], &columns[1]["name"]), (&json!("name"), &json!("dur")));
    let batches = frames[1].rows();
    let (mut names, mut durs) = (Vec::new(), Vec::<i64>::new());
    for batch in &batches {
        durs.extend(batch.column(1).as_primitive::<Int64Type>().values());
        names.extend(texts(batch.column(0)));
    }
    assert_eq!(names, ["step", "aten::mm", "cudaLaunchKernel", "gemm_kernel", "vector_add"]);
    assert_eq!(durs, [10_000, 5_000, 1_000, 4_000, 2_000]);
    let end = frames[2].json();
    assert!(end["rows"] == 5 && end["ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{end}");
    assert_eq!(frames[3].json()["columns"][0]["name"], "answer");
    let answer = &frames[4].rows()[0];
    assert_eq!(answer.column(0).as_primitive::<Int64Type>().values(), &[42]);
    assert_eq!(frames[5].json()["rows"], 1);
    assert!(frames[6].json()["ms"].as_f64().is_some_and(|ms| ms >= 0.0));
}

#[test]
fn a_script_without_rows_has_only_its_end() {
    let site = Site::of_step();
    assert_eq!(kinds(&ask_sql(&site, "")), "Z");
    let empty = ask_sql(&site, "select id from slice where id < 0");
    let kinds = kinds(&empty);
    assert!(kinds == "SDZ" || kinds == "SADZ", "{kinds}");
    assert_eq!(empty[empty.len() - 2].json()["rows"], 0);
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let site = Site::of_step();
    let frames = ask_sql(&site, "select 1 as x;\nselect\n  nope from slice");
    assert_eq!(kinds(&frames), "SADE", "what came before it is kept");
    let error = frames[3].json()["error"].clone();
    assert!(error["message"].as_str().is_some_and(|message| message.contains("nope")), "{error}");
    assert_eq!(error["place"], json!({ "line": 3, "column": 3, "length": 4, "text": "  nope from slice" }));
    let frames = ask_sql(&site, "selct 1");
    assert_eq!(kinds(&frames), "E");
    assert_eq!(frames[0].json()["error"]["place"]["line"], 1);
}

#[test]
fn what_is_read_as_meant_is_noted() {
    let site = Site::of_step();
    let frames = ask_sql(&site, "select count(*) as n from slice where category = 'cuda'");
    assert_eq!(kinds(&frames), "NSADZ");
    let note = frames[0].json();
    assert!(note["message"].as_str().is_some_and(|note| note.contains("`cuda`")), "{note}");
    assert_eq!(frames[2].rows()[0].column(0).as_primitive::<Int64Type>().values(), &[2], "the two kernels");
}

#[test]
fn sessions_keep_what_they_create_to_themselves() {
    let site = Site::of_step();
    let ask = |session: &str, sql: &str| kinds(&ask(&site, &json!({ "sql": sql, "session": session })));
    assert!(ask("one", "create perfetto table mine as select 1 as x").ends_with('Z'));
    assert_eq!(ask("one", "select x from mine"), "SADZ");
    assert_eq!(ask("two", "select x from mine"), "E");
}
