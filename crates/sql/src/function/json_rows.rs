//! `json_each` and `json_tree`: the elements of a JSON text as rows.
//!
//! A function gives one value, so the rows of a text come as a list, which [`crate::json_table`] takes apart. `key`,
//! `value` and `atom` have the type of their values where the text is a constant with only one kind of them, and are
//! mixed columns otherwise.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::json::Json;
use super::mixed;
use super::per_row::NO_AFFINITY;
use super::value::{Value, Values, ValuesBuilder};

/// Which elements are rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Walk {
    /// Those directly in the outermost one.
    Each,
    /// All of them, with the outermost one.
    Tree,
}

/// The type of a column whose values may be of several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Int,
    Real,
    Text,
    /// Several of them, or not known.
    Mixed,
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Int => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Mixed => mixed::TYPE,
        }
    }

    /// The kind that holds all values.
    fn of<'v, 'a: 'v>(values: impl Iterator<Item = &'v Value<'a>>) -> Self {
        let kinds = values.filter_map(|value| match value {
            Value::Null => None,
            Value::Int(_) => Some(Self::Int),
            Value::Real(_) => Some(Self::Real),
            Value::Text(_) => Some(Self::Text),
            Value::Blob(_) => Some(Self::Mixed),
        });
        kinds.reduce(|kind, other| if kind == other { kind } else { Self::Mixed }).unwrap_or(Self::Int)
    }
}

/// The types of `key` and of `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Kinds {
    pub(crate) key: Kind,
    pub(crate) value: Kind,
}

impl Kinds {
    /// What can be said of a text that is not known.
    pub(crate) const UNKNOWN: Self = Self { key: Kind::Mixed, value: Kind::Mixed };

    /// Those that there are.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let kinds = [Kind::Int, Kind::Real, Kind::Text, Kind::Mixed];
        [Kind::Int, Kind::Text, Kind::Mixed].into_iter().flat_map(move |key| kinds.map(|value| Self { key, value }))
    }

    /// Those of the elements of a constant; unknown when it cannot be read.
    pub(crate) fn of_constant(text: &str, path: &str, walk: Walk) -> Self {
        let Ok(json) = Json::parse(text) else { return Self::UNKNOWN };
        let Ok(rows) = rows_of(&json, path, walk) else { return Self::UNKNOWN };
        Self { key: Kind::of(rows.iter().map(|row| &row.key)), value: Kind::of(rows.iter().map(|row| &row.value)) }
    }

    /// The columns.
    pub(crate) fn schema(self) -> SchemaRef {
        let field = |name: &str, data_type: DataType| Field::new(name, data_type, true);
        let of_values = |name: &str, kind: Kind| {
            field(name, kind.data_type()).with_metadata([(NO_AFFINITY.to_owned(), String::new())].into())
        };
        Arc::new(Schema::new(vec![
            of_values("key", self.key),
            of_values("value", self.value),
            field("type", DataType::Utf8),
            of_values("atom", self.value),
            field(super::super::table_provider::ID, DataType::Int64),
            field("parent", DataType::Int64),
            field("fullkey", DataType::Utf8),
            field("path", DataType::Utf8),
            field("json", DataType::Utf8),
            field("root", DataType::Utf8),
        ]))
    }
}

/// One element.
struct Row<'j> {
    key: Value<'static>,
    value: Value<'static>,
    json: &'j Json,
    id: i64,
    parent: Option<i64>,
    full_key: String,
    path: String,
}

/// The elements of what `path` leads to.
fn rows_of<'j>(json: &'j Json, path: &str, walk: Walk) -> Result<Vec<Row<'j>>, String> {
    let Some(root) = json.find(path)? else { return Ok(Vec::new()) };
    let mut walker = Walker { walk, next_id: 0, rows: Vec::new() };
    let (around, key) = last_step(path);
    let is_container = matches!(root, Json::Array(_) | Json::Object(_));
    match (walk, is_container) {
        (Walk::Tree, _) => {
            walker.push(key, root, None, path.to_owned(), around);
        }
        // A value that holds nothing is its own only element, without a key.
        (Walk::Each, false) => {
            walker.push(Value::Null, root, None, path.to_owned(), path.to_owned());
        }
        (Walk::Each, true) => walker.next_id += 1,
    }
    walker.descend(root, 0, path);
    Ok(walker.rows)
}

/// The path without its last step, and the key that the step says.
fn last_step(path: &str) -> (String, Value<'static>) {
    let mut is_quoted = false;
    let mut start = 0;
    for (at, c) in path.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '.' | '[' if !is_quoted => start = at,
            _ => {}
        }
    }
    if start == 0 {
        return (path.to_owned(), Value::Null);
    }
    let (around, step) = path.split_at(start);
    let key = match step.strip_prefix('[').and_then(|index| index.strip_suffix(']')) {
        Some(index) => index.parse().map_or(Value::Null, Value::Int),
        None => Value::text(step[1..].trim_matches('"')),
    };
    (around.to_owned(), key)
}

struct Walker<'j> {
    walk: Walk,
    next_id: i64,
    rows: Vec<Row<'j>>,
}

impl<'j> Walker<'j> {
    fn push(
        &mut self,
        key: Value<'static>,
        json: &'j Json,
        parent: Option<i64>,
        full_key: String,
        path: String,
    ) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        let parent = parent.filter(|_| self.walk == Walk::Tree);
        self.rows.push(Row { key, value: json.to_value(), json, id, parent, full_key, path });
        id
    }

    /// The elements in `json`, which goes by the number `id`.
    fn descend(&mut self, json: &'j Json, id: i64, path: &str) {
        let child = |walker: &mut Self, key: Value<'static>, step: String, json: &'j Json| {
            let full_key = format!("{path}{step}");
            let id = walker.push(key, json, Some(id), full_key.clone(), path.to_owned());
            match walker.walk {
                Walk::Tree => walker.descend(json, id, &full_key),
                // Their numbers are those that they have in the tree.
                Walk::Each => walker.next_id += num_inside(json),
            }
        };
        match json {
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    child(self, Value::Int(index as i64), format!("[{index}]"), item);
                }
            }
            Json::Object(members) => {
                for (name, value) in members {
                    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
                        && name.chars().all(|c| c.is_ascii_alphanumeric());
                    let step = if is_word { format!(".{name}") } else { format!(".\"{name}\"") };
                    child(self, Value::text(name.clone()), step, value);
                }
            }
            _ => {}
        }
    }
}

/// How many elements are in an element, at any depth.
fn num_inside(json: &Json) -> i64 {
    match json {
        Json::Array(items) => items.iter().map(|item| 1 + num_inside(item)).sum(),
        Json::Object(members) => members.iter().map(|(_, value)| 1 + num_inside(value)).sum(),
        _ => 0,
    }
}

/// The mark that a plan has until [`crate::json_table`] replaces it; it is never computed.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct JsonMark {
    pub(crate) walk: Walk,
    signature: Signature,
}

impl JsonMark {
    pub(crate) fn new(walk: Walk) -> Self {
        Self { walk, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// The name by which the rewriter calls it.
    pub(crate) fn name_of(walk: Walk) -> &'static str {
        match walk {
            Walk::Each => "__json_each",
            Walk::Tree => "__json_tree",
        }
    }
}

impl ScalarUDFImpl for JsonMark {
    fn name(&self) -> &str {
        Self::name_of(self.walk)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = self.name().trim_start_matches("__");
        exec_err!("`{name}` with columns of another query is possible only in a `FROM` beside the columns' table")
    }
}

/// The rows of a text and a path as a list; null where there are none.
#[derive(Debug)]
pub(crate) struct JsonRows {
    walk: Walk,
    kinds: Kinds,
    signature: Signature,
}

impl JsonRows {
    pub(crate) fn new(walk: Walk, kinds: Kinds) -> Self {
        Self { walk, kinds, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn fields(&self) -> Fields {
        self.kinds.schema().fields().clone()
    }
}

impl PartialEq for JsonRows {
    fn eq(&self, other: &Self) -> bool {
        self.walk == other.walk && self.kinds == other.kinds
    }
}

impl Eq for JsonRows {}

impl Hash for JsonRows {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.walk, self.kinds).hash(state);
    }
}

impl ScalarUDFImpl for JsonRows {
    fn name(&self) -> &str {
        match self.walk {
            Walk::Each => "__json_each_rows",
            Walk::Tree => "__json_tree_rows",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [_, _] => Ok(arg_types.to_vec()),
            _ => plan_err!("{} takes a text and a path", self.name()),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Struct(self.fields()), true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns =
            args.args.iter().map(|arg| Values::new(&arg.to_array(args.number_rows)?)).collect::<Result<Vec<_>>>()?;
        let [texts, paths] = columns.as_slice() else { return plan_err!("{} takes a text and a path", self.name()) };
        let fields = self.fields();
        let mut builders =
            fields.iter().map(|field| ValuesBuilder::new(field.data_type())).collect::<Result<Vec<_>>>()?;
        let (mut lengths, mut has_rows) = (Vec::new(), Vec::new());
        for row in 0..args.number_rows {
            let (text, path) = (texts.get(row), paths.get(row));
            let (Some(text), Some(path)) = (text.to_text(), path.to_text()) else {
                lengths.push(0);
                has_rows.push(false);
                continue;
            };
            let json = match Json::parse(&text) {
                Ok(json) => json,
                Err(message) => return exec_err!("{message}"),
            };
            let rows = match rows_of(&json, &path, self.walk) {
                Ok(rows) => rows,
                Err(message) => return exec_err!("{message}"),
            };
            lengths.push(rows.len());
            has_rows.push(!rows.is_empty());
            for row in rows {
                let is_container = matches!(row.json, Json::Array(_) | Json::Object(_));
                let cells = [
                    row.key,
                    row.value.clone(),
                    Value::text(row.json.type_name()),
                    if is_container { Value::Null } else { row.value },
                    Value::Int(row.id),
                    row.parent.map_or(Value::Null, Value::Int),
                    Value::text(row.full_key),
                    Value::text(row.path),
                    Value::text(&*text),
                    Value::text(&*path),
                ];
                for (builder, cell) in builders.iter_mut().zip(&cells) {
                    builder.push(cell);
                }
            }
        }
        let columns: Vec<ArrayRef> = builders.into_iter().map(ValuesBuilder::finish).collect();
        let rows = StructArray::try_new(fields.clone(), columns, None)?;
        let field = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(field, offsets, Arc::new(rows), Some(NullBuffer::from(has_rows)))?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }
}
