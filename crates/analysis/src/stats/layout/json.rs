//! A table as JSON: an array of objects, one a line.
//!
//! Programs want numbers they can add up: times are in nanoseconds and sizes in bytes, whatever unit people asked for, and
//! nothing is rounded.

use std::io::{self, Write};

use serde_json::{Number, Value};

use crate::stats::report_table::{Cell, Heading, Table, Unit};

pub(super) fn write(table: &dyn Table, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = table.headings().iter().map(|heading| name(*heading)).collect();
    out.write_all(b"[")?;
    for row in 0..table.num_rows() {
        out.write_all(if row == 0 { b"\n  {" } else { b",\n  {" })?;
        for (index, (name, cell)) in names.iter().zip(table.cells(row)).enumerate() {
            if index > 0 {
                out.write_all(b", ")?;
            }
            serde_json::to_writer(&mut *out, name)?;
            out.write_all(b": ")?;
            serde_json::to_writer(&mut *out, &value(cell))?;
        }
        out.write_all(b"}")?;
    }
    out.write_all(if table.num_rows() == 0 { b"]" } else { b"\n]" })
}

/// The heading with the unit of the numbers below it.
fn name(heading: Heading) -> String {
    let unit = match heading.unit {
        Unit::None | Unit::Text => return heading.name.to_owned(),
        Unit::Percent => "%",
        Unit::Nanos => "ns",
        Unit::Bytes => "B",
        Unit::BytesPerSecond => "B/s",
    };
    format!("{} ({unit})", heading.name)
}

fn value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => Value::String(text.into_owned()),
        Cell::Int(value) => Value::Number(value.into()),
        Cell::Real(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TimeUnit;
    use super::super::tests::{table, written};

    #[test]
    fn rows_are_objects_in_base_units() {
        let text = written("json", TimeUnit::Millis, &table(&[(Some(1_500), "a \"b\""), (None, "c")]));
        let expected =
            "[\n  {\"Time (ns)\": 1500, \"Name\": \"a \\\"b\\\"\"},\n  {\"Time (ns)\": null, \"Name\": \"c\"}\n]";
        assert_eq!(text, expected);
        assert_eq!(written("json", TimeUnit::Nanos, &table(&[])), "[]");
    }
}
