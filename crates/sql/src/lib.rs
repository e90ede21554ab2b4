//! Offers the store as SQL: PerfettoSQL dialect, tables, views, functions.
//!
//! The engine is DataFusion, which only this crate links. What shaped the crate: people's Perfetto queries must work as
//! they are typed, on traces that Perfetto cannot hold, and the first row must be there before they notice. So a
//! [`Session`] makes nothing in advance, tables are read straight from the model's columns, and the differences between
//! SQLite's language and the engine's are settled on the text and the syntax tree.
//!
//! ```
//! use std::sync::Arc;
//! use kinetoscope_model::TraceBuilder;
//! use kinetoscope_sql::format::{Format, ResultWriter};
//! use kinetoscope_sql::{Session, SessionOptions};
//!
//! let trace = Arc::new(TraceBuilder::default().seal());
//! let session = Session::new(trace, SessionOptions::default())?;
//! let mut out = Vec::new();
//! let mut writer = ResultWriter::new(Format::Csv, &mut out);
//! session.run("select count(*) as slices from slice", &mut |event| writer.write(event))?;
//! writer.finish()?;
//! assert_eq!(String::from_utf8_lossy(&out), "\"slices\"\n0\n");
//! # Ok::<(), kinetoscope_sql::SqlError>(())
//! ```

mod arg_kinds;
mod arg_rows;
mod catalog;
mod coded_sort;
mod declared;
mod definition;
mod dialect;
mod error;
mod file_access;
mod first_rows;
pub mod format;
mod function;
mod interval_join;
mod join_key;
mod json_table;
mod kernel;
mod module;
mod module_doc;
mod ordered_concat;
mod planner;
mod query_log;
mod row_order;
mod row_query;
mod schema;
mod session;
mod set_type;
mod span_join;
mod sqlite_schema;
mod stdlib_table;
mod stopping;
mod sub_query;
mod table_argument;
mod table_info;
mod table_provider;
mod union_column;
mod view;
mod vocabulary;
mod window_table;

pub use error::{Place, SqlError};
pub use file_access::FileAccess;
pub use module_doc::{FieldDoc, ModuleDoc, ObjectDoc};
pub use schema::{ColumnDoc, TableDoc, type_name};
pub use session::{CancelHandle, ResultEvent, Session, SessionOptions};
pub use vocabulary::{TableWords, Vocabulary, is_complete};
