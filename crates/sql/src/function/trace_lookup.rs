//! Functions that look something up in the trace: its clock, its metadata, its arguments.
//!
//! - `to_realtime(ts)`, `abs_time_str(ts)` and `to_monotonic(ts)` go by the clocks that the inputs tell. Traces of PyTorch
//!   say when they began in wall time; no source here says so of the monotonic clock, so that is always null.
//! - `extract_metadata(name)` and its kin read the table `metadata`. With a constant name a call has the type of the
//!   value, otherwise it gives texts.
//! - `__intrinsic_arg_set_to_json(arg_set_id)` writes all arguments of a set as one JSON object.

use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::cast::{as_int64_array, as_string_array};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use kinetoscope_model::{ArgSetId, ArgValue, Trace};
use serde_json::Value as Json;

use super::value::{Value, Values, ValuesBuilder};
use crate::table_provider::ComputedTable;

/// What the functions of a session share.
#[derive(Debug)]
struct Lookup {
    trace: Arc<Trace>,
    /// Rows of the table `metadata`, made when somebody asks for one.
    metadata: OnceLock<RecordBatch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Realtime,
    Monotonic,
    TimeText,
    Metadata,
    MetadataOfMachine,
    MetadataOfTrace,
    ArgSetJson,
}

/// The functions by name.
const KINDS: [(&str, Kind); 7] = [
    ("to_realtime", Kind::Realtime),
    ("to_monotonic", Kind::Monotonic),
    ("abs_time_str", Kind::TimeText),
    ("extract_metadata", Kind::Metadata),
    ("extract_metadata_for_machine", Kind::MetadataOfMachine),
    ("extract_metadata_for_trace", Kind::MetadataOfTrace),
    ("__intrinsic_arg_set_to_json", Kind::ArgSetJson),
];

impl Kind {
    fn num_args(self) -> RangeInclusive<usize> {
        match self {
            Self::MetadataOfMachine | Self::MetadataOfTrace => 2..=2,
            _ => 1..=1,
        }
    }

    /// The place of the metadata's name among the arguments.
    fn name_index(self) -> Option<usize> {
        match self {
            Self::Metadata => Some(0),
            Self::MetadataOfMachine | Self::MetadataOfTrace => Some(1),
            _ => None,
        }
    }
}

/// One of the functions.
#[derive(Debug)]
struct TraceLookup {
    name: &'static str,
    kind: Kind,
    lookup: Arc<Lookup>,
    signature: Signature,
}

/// The functions of a session over `trace`.
pub(super) fn functions(trace: &Arc<Trace>) -> impl Iterator<Item = ScalarUDF> {
    let lookup = Arc::new(Lookup { trace: Arc::clone(trace), metadata: OnceLock::new() });
    KINDS.into_iter().map(move |(name, kind)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        ScalarUDF::new_from_impl(TraceLookup { name, kind, lookup: Arc::clone(&lookup), signature })
    })
}

// The same function of the same trace: a session has one of each.
impl PartialEq for TraceLookup {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && Arc::ptr_eq(&self.lookup, &other.lookup)
    }
}

impl Eq for TraceLookup {}

impl Hash for TraceLookup {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, Arc::as_ptr(&self.lookup)).hash(state);
    }
}

impl Lookup {
    fn realtime(&self, ts: i64) -> Option<i64> {
        let clock = self.trace.clock;
        ts.checked_sub(clock.file_offset_ns)?.checked_add(clock.start_unix_ns?)
    }

    /// The first value under `name`; with `trace_id` of that input only.
    fn metadata(&self, name: &str, trace_id: Option<i64>) -> Result<Value<'static>> {
        let rows = match self.metadata.get() {
            Some(rows) => rows,
            None => {
                let rows = ComputedTable::metadata(&self.trace).rows()?;
                self.metadata.get_or_init(|| rows)
            }
        };
        // The columns are `id`, `name`, `int_value`, `str_value`, `source_id`.
        let (names, sources) = (as_string_array(rows.column(1))?, as_int64_array(rows.column(4))?);
        let is_meant = |row: usize| names.value(row) == name && trace_id.is_none_or(|id| sources.value(row) == id);
        let Some(row) = (0..rows.num_rows()).find(|row| is_meant(*row)) else { return Ok(Value::Null) };
        let (ints, texts) = (as_int64_array(rows.column(2))?, as_string_array(rows.column(3))?);
        Ok(match (ints.is_valid(row), texts.is_valid(row)) {
            (true, _) => Value::Int(ints.value(row)),
            (false, true) => Value::text(texts.value(row)),
            (false, false) => Value::Null,
        })
    }

    fn arg_set_json(&self, id: i64) -> Option<String> {
        let id = u32::try_from(id).ok().filter(|id| (*id as usize) < self.trace.args.num_sets())?;
        let mut members = serde_json::Map::new();
        for (key, value) in self.trace.args.set(ArgSetId(id)) {
            let value = match value {
                ArgValue::Int(value) => Json::from(value),
                ArgValue::UInt(value) => Json::from(value),
                ArgValue::Real(value) => Json::from(value),
                ArgValue::Text(text) => Json::from(text),
                ArgValue::Bool(value) => Json::from(value),
                ArgValue::Null => Json::Null,
                ArgValue::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| Json::from(text)),
            };
            members.insert(key.to_owned(), value);
        }
        let mut all = serde_json::Map::new();
        all.insert("args".to_owned(), Json::Object(members));
        Some(Json::Object(all).to_string())
    }
}

/// A time of the Unix clock as `2024-05-06T07:08:09.012345678`, in the universal zone.
fn time_text(unix_nanos: i64) -> String {
    const NANOS_PER_SEC: i64 = 1_000_000_000;
    const SECS_PER_DAY: i64 = 24 * 60 * 60;
    let (secs, nanos) = (unix_nanos.div_euclid(NANOS_PER_SEC), unix_nanos.rem_euclid(NANOS_PER_SEC));
    let (days, secs) = (secs.div_euclid(SECS_PER_DAY), secs.rem_euclid(SECS_PER_DAY));
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (secs / 3600, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}")
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Years are counted from March, so that the day that some years have more is the last one, and the months before it
/// have a regular pattern: 153 days for each five.
fn date_of(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: i64 = 719_468;
    let days = days + EPOCH;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl ScalarUDFImpl for TraceLookup {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let expected = self.kind.num_args();
        if !expected.contains(&arg_types.len()) {
            return plan_err!("{} takes {} arguments, not {}", self.name, expected.start(), arg_types.len());
        }
        let type_of = |index| match self.kind.name_index() == Some(index) {
            true => DataType::Utf8,
            false => DataType::Int64,
        };
        Ok((0..arg_types.len()).map(type_of).collect())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Realtime | Kind::Monotonic => DataType::Int64,
            _ => DataType::Utf8,
        })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let mut data_type = self.return_type(&[])?;
        if let Some(index) = self.kind.name_index()
            && let Some(name) = args.scalar_arguments.get(index).copied().flatten().and_then(|name| name.try_as_str())
            && let Value::Int(_) = self.lookup.metadata(name.unwrap_or_default(), None)?
        {
            data_type = DataType::Int64;
        }
        Ok(Arc::new(Field::new(self.name, data_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args
            .args
            .iter()
            .map(|arg| Values::new(&arg.to_array(args.number_rows)?))
            .collect::<Result<Vec<Values>>>()?;
        let mut builder = ValuesBuilder::new(args.return_field.data_type())?;
        for row in 0..args.number_rows {
            let arg = |index: usize| columns.get(index).map_or(Value::Null, |column: &Values| column.get(row));
            let int_or_null = |value: Option<i64>| value.map_or(Value::Null, Value::Int);
            let text_or_null = |text: Option<String>| text.map_or(Value::Null, Value::text);
            let value = match self.kind {
                Kind::Realtime => int_or_null(arg(0).to_int().and_then(|ts| self.lookup.realtime(ts))),
                Kind::Monotonic => Value::Null,
                Kind::TimeText => text_or_null(arg(0).to_int().and_then(|ts| self.lookup.realtime(ts)).map(time_text)),
                Kind::ArgSetJson => text_or_null(arg(0).to_int().and_then(|id| self.lookup.arg_set_json(id))),
                Kind::Metadata | Kind::MetadataOfMachine => match arg(usize::from(self.kind != Kind::Metadata)) {
                    // All inputs are of the one machine that has no name.
                    _ if self.kind == Kind::MetadataOfMachine && arg(0).to_int().is_some_and(|id| id != 0) => {
                        Value::Null
                    }
                    Value::Text(name) => self.lookup.metadata(&name, None)?,
                    _ => Value::Null,
                },
                Kind::MetadataOfTrace => match (arg(0).to_int(), arg(1)) {
                    (Some(id), Value::Text(name)) => self.lookup.metadata(&name, Some(id))?,
                    _ => Value::Null,
                },
            };
            builder.push(&value);
        }
        Ok(ColumnarValue::Array(builder.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::time_text;

    #[test]
    fn times_are_written_as_dates() {
        const DAY: i64 = 86_400_000_000_000;
        for (nanos, expected) in [
            (0, "1970-01-01T00:00:00.000000000"),
            (-1, "1969-12-31T23:59:59.999999999"),
            (59 * DAY, "1970-03-01T00:00:00.000000000"),
            // 30 years with 7 leap days, then the 29th of February of a year that 400 divides.
            ((30 * 365 + 7 + 31 + 28) * DAY, "2000-02-29T00:00:00.000000000"),
            ((30 * 365 + 7 + 366) * DAY - 1, "2000-12-31T23:59:59.999999999"),
            (1_714_979_289_012_345_678, "2024-05-06T07:08:09.012345678"),
        ] {
            assert_eq!(time_text(nanos), expected);
        }
    }
}
