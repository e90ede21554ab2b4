//! `query --schema`: what a query can name.
//!
//! Tables and columns are the same for every trace, so none is read.

use std::sync::Arc;

use anyhow::Result;
use kinetoscope_analysis::text_table::write_paragraph;
use kinetoscope_model::TraceBuilder;
use kinetoscope_sql::{Session, SessionOptions, TableDoc};

use crate::failure::RequestError;
use crate::printer::print_result;
use crate::settings::{Form, SchemaSettings};

pub(crate) fn run(settings: &SchemaSettings) -> Result<()> {
    let session = Session::new(Arc::new(TraceBuilder::default().seal()), SessionOptions::default())?;
    let tables = session.schema()?;
    let text = match (settings.form, &settings.table) {
        (Form::Text(options), name) => text(&tables, name.as_deref(), options.width)?,
        (Form::Json, Some(name)) => serde_json::to_string_pretty(find(&tables, name)?)? + "\n",
        (Form::Json, None) => serde_json::to_string_pretty(&tables)? + "\n",
    };
    Ok(print_result(&text)?)
}

/// All tables, or the columns of the one that is called `name`.
pub(super) fn text(tables: &[TableDoc], name: Option<&str>, width: usize) -> Result<String, RequestError> {
    Ok(match name {
        Some(name) => table_text(find(tables, name)?, width),
        None => list_text(tables, width),
    })
}

fn find<'a>(tables: &'a [TableDoc], name: &str) -> Result<&'a TableDoc, RequestError> {
    let found = tables.iter().find(|table| table.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| RequestError::new(format!("no such table: `{name}`")).with_hint(hint_for(name)))
}

fn hint_for(name: &str) -> &'static str {
    if name.contains(['.', '/']) {
        "tables are the same for every trace: leave the PATH out"
    } else {
        "`kinetoscope query --schema` lists all tables"
    }
}

fn list_text(tables: &[TableDoc], width: usize) -> String {
    let mut out = String::new();
    let name_width = tables.iter().map(|table| table.name.len()).max().unwrap_or(0);
    for table in tables {
        write_paragraph(&mut out, &format!("{:name_width$}  ", table.name), &table.doc, width);
    }
    out.push_str("\n`kinetoscope query --schema NAME` lists the columns of one of them.\n");
    out
}

fn table_text(table: &TableDoc, width: usize) -> String {
    let mut out = String::new();
    write_paragraph(&mut out, "", &format!("{}: {}", table.name, table.doc), width);
    out.push('\n');
    let name_width = table.columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
    let type_width = table.columns.iter().map(|column| column.type_name.len()).max().unwrap_or(0);
    for column in &table.columns {
        let first = format!("  {:name_width$}  {:type_width$}  ", column.name, column.type_name);
        write_paragraph(&mut out, &first, &column.doc, width);
    }
    // A column without description would leave its line ending in spaces.
    out.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use kinetoscope_sql::ColumnDoc;

    use super::*;

    fn table(name: &str, doc: &str) -> TableDoc {
        let column =
            |name: &str, type_name, doc: &str| ColumnDoc { name: name.to_owned(), type_name, doc: doc.to_owned() };
        let columns = vec![column("id", "INTEGER", "Number."), column("category", "TEXT", "")];
        TableDoc { name: name.to_owned(), doc: doc.to_owned(), columns }
    }

    #[test]
    fn tables_and_columns_line_up() {
        let tables = [table("slice", "Spans of time, ordered by start."), table("thread_state", "States.")];
        let list = "\
slice         Spans of time, ordered by
              start.
thread_state  States.

`kinetoscope query --schema NAME` lists the columns of one of them.
";
        assert_eq!(list_text(&tables, 40), list);
        let columns = "\
slice: Spans of time, ordered by start.

  id        INTEGER  Number.
  category  TEXT
";
        assert_eq!(table_text(&tables[0], 100), columns);
    }
}
