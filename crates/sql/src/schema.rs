//! The schema reference: every table and column that a query may name, with what it means.

use std::sync::Arc;

use arrow_schema::DataType;
use kinetoscope_model::TraceBuilder;
use serde::Serialize;

use crate::error::SqlError;
use crate::module_doc::{ModuleDoc, modules};
use crate::session::{Engine, Session, SessionOptions};
use crate::table_provider::{ID, ID_DOC};
use crate::view::{SHIPPED_VIEWS, ShippedView};

/// A table or view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableDoc {
    /// Name.
    pub name: String,
    /// What a row is.
    pub doc: String,
    /// Columns, in order.
    pub columns: Vec<ColumnDoc>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDoc {
    /// Name.
    pub name: String,
    /// Type, in SQLite's words.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// What the value is.
    pub doc: String,
}

impl Session {
    /// Every table and view of the trace, views first. What a script created is not among them.
    pub fn schema(&self) -> Result<Vec<TableDoc>, SqlError> {
        self.engine().schema()
    }

    /// Every module that `INCLUDE PERFETTO MODULE` knows, with what it defines.
    pub fn modules(&self) -> &'static [ModuleDoc] {
        modules()
    }
}

/// Every table and view, without a trace: they are the same for all.
pub(crate) fn reference() -> Result<Vec<TableDoc>, SqlError> {
    Engine::new(Arc::new(TraceBuilder::default().seal()), &SessionOptions::default(), 1)?.schema()
}

impl Engine {
    fn schema(&self) -> Result<Vec<TableDoc>, SqlError> {
        let views = SHIPPED_VIEWS.iter().map(|view| self.view_doc(view));
        let tables = self.catalog().plain_tables().map(|table| {
            let id = ColumnDoc { name: ID.to_owned(), type_name: type_name(&DataType::Int64), doc: ID_DOC.to_owned() };
            let columns = table.specs().iter().map(|spec| ColumnDoc {
                name: spec.name.to_owned(),
                type_name: type_name(&spec.kind.data_type()),
                doc: spec.doc.to_owned(),
            });
            Ok(TableDoc {
                name: table.name().to_owned(),
                doc: table.doc().to_owned(),
                columns: std::iter::once(id).chain(columns).collect(),
            })
        });
        views.chain(tables).collect()
    }

    fn view_doc(&self, view: &ShippedView) -> Result<TableDoc, SqlError> {
        let planner = self.planner();
        let provider = planner
            .provider(view.name)
            .and_then(Result::ok)
            .ok_or_else(|| SqlError::Internal { message: format!("the view `{}` cannot be planned", view.name) })?;
        let schema = provider.schema();
        let columns = schema.fields().iter().map(|field| ColumnDoc {
            name: field.name().clone(),
            type_name: type_name(field.data_type()),
            doc: self.column_doc(view, field.name()).unwrap_or_default(),
        });
        Ok(TableDoc { name: view.name.to_owned(), doc: view.doc(), columns: columns.collect() })
    }

    /// What the view's own file says of a column, or else the first table or view it reads that has the column.
    fn column_doc(&self, view: &ShippedView, column: &str) -> Option<String> {
        if view.is_empty() {
            return Some("A column of Perfetto's, without values.".to_owned());
        }
        if let Some((_, doc)) = view.column_docs().find(|(name, _)| *name == column) {
            return Some(doc.to_owned());
        }
        view.tables().find_map(|table| {
            if let Some(inner) = SHIPPED_VIEWS.iter().find(|inner| inner.name == table) {
                return self.column_doc(inner, column);
            }
            let table = self.catalog().model_table(table.trim_start_matches("__"))?;
            if column == ID {
                return Some(ID_DOC.to_owned());
            }
            table.specs().iter().find(|spec| spec.name == column).map(|spec| spec.doc.to_owned())
        })
    }
}

/// The word for a type, as SQLite has it.
pub fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 => "INTEGER",
        DataType::Float64 => "REAL",
        DataType::Boolean => "BOOLEAN",
        _ => "TEXT",
    }
}
