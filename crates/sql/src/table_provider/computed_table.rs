//! Computed tables: a few rows that are worked out from the trace when somebody asks for them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use kinetoscope_model::Trace;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A table whose rows are made at most once.
pub(crate) struct ComputedTable {
    trace: Arc<Trace>,
    schema: SchemaRef,
    compute: fn(&Trace) -> Vec<ArrayRef>,
    rows: OnceLock<RecordBatch>,
}

impl ComputedTable {
    /// First start and last end, as Perfetto's `trace_bounds`.
    pub(crate) fn trace_bounds(trace: &Arc<Trace>) -> Self {
        let field = |name| Field::new(name, DataType::Int64, false);
        Self::new(trace, vec![field("start_ts"), field("end_ts")], compute_trace_bounds)
    }

    /// The metadata table with what JSON traces say under `metadata` spread out, as Perfetto does.
    pub(crate) fn metadata(trace: &Arc<Trace>) -> Self {
        let fields = vec![
            Field::new("name", DataType::Utf8, false),
            Field::new("int_value", DataType::Int64, true),
            Field::new("str_value", DataType::Utf8, true),
            Field::new("source_id", DataType::Int64, false),
        ];
        Self::new(trace, fields, compute_metadata)
    }

    fn new(trace: &Arc<Trace>, fields: Vec<Field>, compute: fn(&Trace) -> Vec<ArrayRef>) -> Self {
        let id = Field::new(super::ID, DataType::Int64, false);
        let schema = Arc::new(Schema::new(std::iter::once(id).chain(fields).collect::<Vec<_>>()));
        Self { trace: Arc::clone(trace), schema, compute, rows: OnceLock::new() }
    }

    /// All rows.
    pub(crate) fn rows(&self) -> datafusion::common::Result<RecordBatch> {
        if let Some(rows) = self.rows.get() {
            return Ok(rows.clone());
        }
        let columns = (self.compute)(&self.trace);
        let len = columns.first().map_or(0, |column| column.len());
        let id: ArrayRef = Arc::new(Int64Array::from_iter_values(0..len as i64));
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), std::iter::once(id).chain(columns).collect())?;
        Ok(self.rows.get_or_init(|| rows).clone())
    }
}

fn compute_trace_bounds(trace: &Trace) -> Vec<ArrayRef> {
    let offset = trace.clock.file_offset_ns;
    let (start, end) = match trace.bounds() {
        Some(bounds) => (bounds.start.wrapping_add(offset), bounds.end.wrapping_add(offset)),
        // Perfetto's answer for a trace without events.
        None => (0, 0),
    };
    vec![Arc::new(Int64Array::from(vec![start])), Arc::new(Int64Array::from(vec![end]))]
}

/// The top-level key of a Chrome JSON trace whose fields Perfetto lists one by one, and how it names them.
const JSON_METADATA: (&str, &str) = ("metadata", "json_metadata.");

fn compute_metadata(trace: &Trace) -> Vec<ArrayRef> {
    let mut names = StringBuilder::new();
    let mut ints = Int64Builder::new();
    let mut texts = StringBuilder::new();
    let mut sources = Int64Builder::new();
    for row in trace.metadata.rows() {
        let name = trace.text(row.name);
        let text = row.str_value.map(|text| trace.text(text));
        let source = i64::from(row.source_id.0);
        let fields = text.filter(|_| name == JSON_METADATA.0).and_then(|text| serde_json::from_str(text).ok());
        let fields = match fields {
            Some(Fields(fields)) => fields,
            None => {
                names.append_value(name);
                ints.append_option(row.int_value);
                texts.append_option(text);
                sources.append_value(source);
                continue;
            }
        };
        for (field, value) in fields {
            let (int, text) = match value {
                Value::Null => continue,
                Value::Bool(value) => (Some(i64::from(value)), None),
                Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                    (Some(int), _) => (Some(int), None),
                    (None, Some(real)) if real.fract() == 0.0 && real.abs() < 9.0e15 => (Some(real as i64), None),
                    _ => (None, Some(number.to_string())),
                },
                Value::String(text) => (None, Some(text)),
                Value::Array(_) | Value::Object(_) => (None, Some(value.to_string())),
            };
            names.append_value(format!("{}{field}", JSON_METADATA.1));
            ints.append_option(int);
            texts.append_option(text);
            sources.append_value(source);
        }
    }
    vec![Arc::new(names.finish()), Arc::new(ints.finish()), Arc::new(texts.finish()), Arc::new(sources.finish())]
}

/// The fields of a JSON object in the order of the text.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = entries.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl fmt::Debug for ComputedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComputedTable").field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for ComputedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        Ok(MemorySourceConfig::try_new_exec(&[vec![self.rows()?]], self.schema(), projection.cloned())?)
    }
}
