//! `query --schema`: what a query can name.
//!
//! Tables and columns are the same for every trace, so none is read.

use std::sync::Arc;

use anyhow::Result;
use kinetoscope_analysis::text_table::write_paragraph;
use kinetoscope_model::TraceBuilder;
use kinetoscope_sql::{ModuleDoc, Session, SessionOptions, TableDoc};

use crate::failure::RequestError;
use crate::printer::print_result;
use crate::settings::{Form, SchemaSettings};

pub(crate) fn run(settings: &SchemaSettings) -> Result<()> {
    let session = Session::new(Arc::new(TraceBuilder::default().seal()), SessionOptions::default())?;
    let tables = session.schema()?;
    let module = settings.table.as_deref().and_then(|name| find_module(&tables, session.modules(), name));
    let text = match (settings.form, &settings.table, module) {
        (Form::Text(options), _, Some(module)) => module_text(module, options.width),
        (Form::Text(options), name, None) => text(&tables, session.modules(), name.as_deref(), options.width)?,
        (Form::Json, _, Some(module)) => serde_json::to_string_pretty(module)? + "\n",
        (Form::Json, Some(name), None) => serde_json::to_string_pretty(find(&tables, name)?)? + "\n",
        (Form::Json, None, None) => serde_json::to_string_pretty(&tables)? + "\n",
    };
    Ok(print_result(&text)?)
}

/// All tables and modules, or the columns of the table that is called `name`.
pub(super) fn text(
    tables: &[TableDoc],
    modules: &[ModuleDoc],
    name: Option<&str>,
    width: usize,
) -> Result<String, RequestError> {
    Ok(match name {
        Some(name) => match find_module(tables, modules, name) {
            Some(module) => module_text(module, width),
            None => table_text(find(tables, name)?, width),
        },
        None => list_text(tables, modules, width),
    })
}

/// The module that is called `name`, or the one that defines an object of that name; a table of every trace goes first.
fn find_module<'a>(tables: &[TableDoc], modules: &'a [ModuleDoc], name: &str) -> Option<&'a ModuleDoc> {
    if tables.iter().any(|table| table.name.eq_ignore_ascii_case(name)) {
        return None;
    }
    let defines = |module: &&ModuleDoc| module.objects.iter().any(|object| object.name.eq_ignore_ascii_case(name));
    modules.iter().find(|module| module.name.eq_ignore_ascii_case(name)).or_else(|| modules.iter().find(defines))
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

fn list_text(tables: &[TableDoc], modules: &[ModuleDoc], width: usize) -> String {
    let mut out = String::new();
    let names = tables.iter().map(|table| &table.name).chain(modules.iter().map(|module| &module.name));
    let name_width = names.map(String::len).max().unwrap_or(0);
    for table in tables {
        write_paragraph(&mut out, &format!("{:name_width$}  ", table.name), &table.doc, width);
    }
    if !modules.is_empty() {
        out.push_str("\nModules, for `INCLUDE PERFETTO MODULE`:\n");
    }
    for module in modules {
        write_paragraph(&mut out, &format!("{:name_width$}  ", module.name), &module.doc, width);
    }
    out.push_str("\n`kinetoscope query --schema NAME` says what is in one of them.\n");
    out
}

/// What a module defines.
fn module_text(module: &ModuleDoc, width: usize) -> String {
    let mut out = String::new();
    write_paragraph(&mut out, "", &format!("{}: {}", module.name, module.doc), width);
    for object in &module.objects {
        let parameters: Vec<String> =
            object.parameters.iter().map(|field| format!("{} {}", field.name, field.type_name)).collect();
        let (kind, call) = match object.object_type {
            "function" | "table_function" => ("function", format!("({})", parameters.join(", "))),
            "macro" => ("macro", format!("!({})", parameters.join(", "))),
            other => (other, String::new()),
        };
        let returns = object.returns.as_ref().map(|returns| format!(" -> {returns}")).unwrap_or_default();
        out += &format!("\n{kind} {}{call}{returns}\n", object.name);
        write_paragraph(&mut out, "  ", &object.doc, width);
        let fields = object.parameters.iter().chain(&object.columns);
        let name_width = fields.clone().map(|field| field.name.len()).max().unwrap_or(0);
        let type_width = fields.clone().map(|field| field.type_name.len()).max().unwrap_or(0);
        for field in fields {
            let first = format!("    {:name_width$}  {:type_width$}  ", field.name, field.type_name);
            write_paragraph(&mut out, &first, &field.doc, width);
        }
    }
    out.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
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

Modules, for `INCLUDE PERFETTO MODULE`:
a.b           About it.

`kinetoscope query --schema NAME` says what is in one of them.
";
        let modules = [ModuleDoc { name: "a.b".to_owned(), doc: "About it.".to_owned(), objects: vec![] }];
        assert_eq!(list_text(&tables, &modules, 40), list);
        let columns = "\
slice: Spans of time, ordered by start.

  id        INTEGER  Number.
  category  TEXT
";
        assert_eq!(table_text(&tables[0], 100), columns);
    }
}
