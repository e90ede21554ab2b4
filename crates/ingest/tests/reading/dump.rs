//! A trace as text: every table with every value, so that two traces are equal exactly when their texts are.

use std::fmt::Write;

use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::{IngestError, Progress, ReadOptions, Tuning, read};
use kinetoscope_model::column::{ColumnData, ColumnKind, ColumnSpec, NULL_I64};
use kinetoscope_model::id::NONE;
use kinetoscope_model::{ArgSetId, StringId, Trace};

/// Pieces so small that each event is read by itself, and one reader.
pub(crate) const SMALL: Tuning = Tuning { piece_bytes: Some(64), num_readers: Some(1) };

/// Reads bytes in memory.
pub(crate) fn read_with(bytes: &[u8], tuning: Tuning) -> Result<Trace, IngestError> {
    let input = Input::Memory { name: "in.json".to_owned(), bytes: bytes.into() };
    let options = ReadOptions { tuning, ..ReadOptions::default() };
    read(&[FoundInput { input, folder: None }], &options, &Progress::default())
}

/// Everything in a trace. Columns in which no row has a value are left out.
pub(crate) fn dump(trace: &Trace) -> String {
    let mut text = format!("{:?}\n", trace.clock);
    for table in trace.tables() {
        if table.is_empty() {
            continue;
        }
        let columns: Vec<(&ColumnSpec, ColumnData)> = table.specs().iter().zip(table.columns()).collect();
        let columns: Vec<_> = columns.into_iter().filter(|(_, data)| !data.is_empty()).collect();
        let names: Vec<&str> = columns.iter().map(|(spec, _)| spec.name).collect();
        writeln!(text, "\n{}: {}", table.name(), names.join(" | ")).expect("text takes everything");
        for row in 0..table.len() {
            let values: Vec<String> = columns.iter().map(|(spec, data)| value(trace, spec, data, row)).collect();
            writeln!(text, "{row}: {}", values.join(" | ")).expect("text takes everything");
        }
    }
    writeln!(text, "\nargs:").expect("text takes everything");
    for set in 0..trace.args.num_sets() {
        let set = ArgSetId::from_index(set);
        let args: Vec<String> = trace.args.set(set).map(|(key, value)| format!("{key}: {value:?}")).collect();
        writeln!(text, "{}: {}", set.0, args.join(" | ")).expect("text takes everything");
    }
    text
}

/// One value as people read it.
fn value(trace: &Trace, spec: &ColumnSpec, data: &ColumnData, row: usize) -> String {
    match (data, spec.kind) {
        (ColumnData::U32(values), _) if spec.is_nullable && values[row] == NONE => "-".to_owned(),
        (ColumnData::I64(values), _) if spec.is_nullable && values[row] == NULL_I64 => "-".to_owned(),
        (ColumnData::U32(values), ColumnKind::Text) => trace.text(StringId(values[row])).to_owned(),
        (ColumnData::U32(values), ColumnKind::Word(words)) => words[values[row] as usize].to_owned(),
        (ColumnData::U32(values), ColumnKind::Bool) => (values[row] == 1).to_string(),
        (ColumnData::U32(values), _) => values[row].to_string(),
        (ColumnData::I64(values), _) => values[row].to_string(),
        (ColumnData::F64(values), _) if spec.is_nullable && values[row].is_nan() => "-".to_owned(),
        (ColumnData::F64(values), _) => values[row].to_string(),
    }
}
