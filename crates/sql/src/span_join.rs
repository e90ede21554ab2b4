//! Span joins: two tables of spans cut into the pieces where what is under way does not change.
//!
//! ```text
//! left      aaaaaaaa      bbbb
//! right          xxxxxxxx
//! inner          ax
//! left join aaaaaax.      bbbb
//! outer     aaaaaaaxxxxxx bbbb      (a alone, a and x, x alone, b alone)
//! ```
//!
//! Both sides are sorted by partition and time first, so one pass over them is enough. Spans of one partition and side
//! must not overlap; a span without duration is a point, and is kept where the other side has something under way.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Field, Schema};
use datafusion::common::cast::as_int64_array;

use crate::dialect::perfetto::{SpanJoinKind, SpanJoinSide};
use crate::error::SqlError;
use crate::function::value::{Value, Values, ValuesBuilder};

/// The rows of one side, sorted by partition and time.
struct Side<'a> {
    table: &'a str,
    rows: &'a RecordBatch,
    partition: Option<(String, Values)>,
    ts: Int64Array,
    dur: Int64Array,
}

/// Rows of one side that are of one partition.
type Group = std::ops::Range<usize>;

/// One row of the result.
struct Piece {
    start: i64,
    end: i64,
    rows: [Option<u32>; 2],
    /// Side and row that the partition's value is taken from.
    partition: Option<(usize, usize)>,
}

fn invalid(message: String) -> SqlError {
    SqlError::Invalid { message, place: None }
}

/// Joins the rows of both sides.
pub(crate) fn join(
    kind: SpanJoinKind,
    sides: &[SpanJoinSide; 2],
    rows: &[RecordBatch; 2],
) -> Result<RecordBatch, SqlError> {
    let sides = [Side::new(&sides[0], &rows[0])?, Side::new(&sides[1], &rows[1])?];
    if let [Some((left, _)), Some((right, _))] = [&sides[0].partition, &sides[1].partition]
        && left != right
    {
        return Err(invalid(format!(
            "both sides of a span join are partitioned by one column, not `{left}` and `{right}`"
        )));
    }
    let mut pieces = Vec::new();
    for (groups, partition) in pairs_of_groups(&sides, kind)? {
        add_pieces(kind, &sides, groups, partition, &mut pieces);
    }
    pieces_to_rows(&sides, &pieces)
}

impl<'a> Side<'a> {
    fn new(side: &'a SpanJoinSide, rows: &'a RecordBatch) -> Result<Self, SqlError> {
        let table = side.table.as_str();
        let whole = |name: &str| -> Result<Int64Array, SqlError> {
            let column = column_of(table, rows, name)?;
            let column = arrow_cast::cast(column, &DataType::Int64)
                .map_err(|_| invalid(format!("`{name}` of `{table}` is no whole number")))?;
            let column = as_int64_array(&column).map_err(|error| SqlError::Internal { message: error.to_string() })?;
            Ok(column.clone())
        };
        let (ts, dur) = (whole("ts")?, whole("dur")?);
        let partition = match &side.partition {
            Some(name) => {
                let values = Values::new(column_of(table, rows, name)?)
                    .map_err(|error| SqlError::Internal { message: error.to_string() })?;
                Some((name.clone(), values))
            }
            None => None,
        };
        for (column, name) in [(&ts, "ts"), (&dur, "dur")] {
            if column.iter().any(|value| value.is_none_or(|value| value < 0)) {
                return Err(invalid(format!("`{name}` of `{table}` is negative or missing in a row")));
            }
        }
        Ok(Self { table, rows, partition, ts, dur })
    }

    fn end(&self, row: usize) -> i64 {
        self.ts.value(row).saturating_add(self.dur.value(row))
    }

    /// The ranges of rows of one partition, without those that have none.
    fn groups(&self) -> Result<Vec<Group>, SqlError> {
        let num_rows = self.rows.num_rows();
        let mut groups: Vec<Group> = Vec::new();
        for row in 0..num_rows {
            let is_same = match &self.partition {
                Some((_, values)) if values.get(row).is_null() => continue,
                Some((_, values)) => groups
                    .last()
                    .is_some_and(|group| values.get(group.start).compare(&values.get(row)) == Ordering::Equal),
                None => !groups.is_empty(),
            };
            match groups.last_mut().filter(|_| is_same) {
                Some(group) => {
                    if self.ts.value(row) < self.end(row - 1) {
                        return Err(invalid(format!(
                            "spans of `{}` overlap at {}: a span join needs them one after the other",
                            self.table,
                            self.ts.value(row)
                        )));
                    }
                    group.end = row + 1;
                }
                None => groups.push(row..row + 1),
            }
        }
        Ok(groups)
    }
}

fn column_of<'a>(table: &str, rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, SqlError> {
    rows.column_by_name(name).ok_or_else(|| SqlError::no_column(table, name, &rows.schema()))
}

type PairOfGroups = ([Group; 2], Option<(usize, usize)>);

/// Which rows of both sides belong together.
fn pairs_of_groups(sides: &[Side<'_>; 2], kind: SpanJoinKind) -> Result<Vec<PairOfGroups>, SqlError> {
    let groups = [sides[0].groups()?, sides[1].groups()?];
    let all = |side: usize| groups[side].first().cloned().unwrap_or(0..0);
    let mut pairs = Vec::new();
    match (&sides[0].partition, &sides[1].partition) {
        (None, None) => pairs.push(([all(0), all(1)], None)),
        (Some(_), None) => {
            pairs.extend(groups[0].iter().map(|group| ([group.clone(), all(1)], Some((0, group.start)))))
        }
        (None, Some(_)) => {
            pairs.extend(groups[1].iter().map(|group| ([all(0), group.clone()], Some((1, group.start)))))
        }
        (Some((_, left)), Some((_, right))) => {
            let [mut l, mut r] = [0, 0];
            loop {
                let order = match (groups[0].get(l), groups[1].get(r)) {
                    (None, None) => break,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(a), Some(b)) => left.get(a.start).compare(&right.get(b.start)),
                };
                let take = |index: usize, side: usize, is_taken: bool| match is_taken {
                    true => groups[side].get(index).cloned().unwrap_or(0..0),
                    false => 0..0,
                };
                let (from_left, from_right) = (order != Ordering::Greater, order != Ordering::Less);
                let pair = [take(l, 0, from_left), take(r, 1, from_right)];
                let place = if from_left { (0, pair[0].start) } else { (1, pair[1].start) };
                if kind.keeps(from_left, from_right) {
                    pairs.push((pair, Some(place)));
                }
                l += usize::from(from_left);
                r += usize::from(from_right);
            }
        }
    }
    Ok(pairs)
}

fn add_pieces(
    kind: SpanJoinKind,
    sides: &[Side<'_>; 2],
    groups: [Group; 2],
    partition: Option<(usize, usize)>,
    pieces: &mut Vec<Piece>,
) {
    let first = pieces.len();
    let mut edges: Vec<i64> = Vec::new();
    for (side, group) in sides.iter().zip(&groups) {
        edges.extend(group.clone().flat_map(|row| [side.ts.value(row), side.end(row)]));
    }
    edges.sort_unstable();
    edges.dedup();
    let is_wanted = |rows: &[Option<u32>; 2]| kind.keeps(rows[0].is_some(), rows[1].is_some());
    let mut next = [groups[0].start, groups[1].start];
    for (index, &start) in edges.iter().enumerate() {
        // Points first: both sides may have one here, or one and a span.
        let mut points = [None, None];
        let mut spans = [None, None];
        for (number, side) in sides.iter().enumerate() {
            while next[number] < groups[number].end {
                let row = next[number];
                if side.dur.value(row) == 0 && side.ts.value(row) == start && points[number].is_none() {
                    points[number] = Some(row as u32);
                } else if side.end(row) > start {
                    break;
                }
                next[number] += 1;
            }
            let row = next[number];
            if row < groups[number].end && side.ts.value(row) <= start {
                spans[number] = Some(row as u32);
            }
        }
        if points[0].is_some() || points[1].is_some() {
            let rows = [points[0].or(spans[0]), points[1].or(spans[1])];
            if is_wanted(&rows) {
                pieces.push(Piece { start, end: start, rows, partition });
            }
        }
        if let Some(&end) = edges.get(index + 1)
            && is_wanted(&spans)
        {
            pieces.push(Piece { start, end, rows: spans, partition });
        }
    }
    join_neighbours(pieces, first);
}

/// A point of one side cuts a span of the other for no reason when nobody is told of the point.
fn join_neighbours(pieces: &mut Vec<Piece>, first: usize) {
    let mut kept = first;
    for index in first..pieces.len() {
        let is_same = kept > first && {
            let (last, piece) = (&pieces[kept - 1], &pieces[index]);
            last.rows == piece.rows && last.end == piece.start && last.start < last.end && piece.start < piece.end
        };
        if is_same {
            pieces[kept - 1].end = pieces[index].end;
        } else {
            pieces.swap(kept, index);
            kept += 1;
        }
    }
    pieces.truncate(kept);
}

fn pieces_to_rows(sides: &[Side<'_>; 2], pieces: &[Piece]) -> Result<RecordBatch, SqlError> {
    let internal = |error: String| SqlError::Internal { message: error };
    let mut fields = vec![Field::new("ts", DataType::Int64, false), Field::new("dur", DataType::Int64, false)];
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(pieces.iter().map(|piece| piece.start))),
        Arc::new(Int64Array::from_iter_values(pieces.iter().map(|piece| piece.end - piece.start))),
    ];
    let partition = sides.iter().find_map(|side| side.partition.as_ref().map(|(name, _)| (side, name.as_str())));
    if let Some((side, name)) = partition {
        let data_type = match column_of(side.table, side.rows, name)?.data_type() {
            DataType::Float64 => DataType::Float64,
            data_type if data_type.is_integer() => DataType::Int64,
            _ => DataType::Utf8,
        };
        let mut builder = ValuesBuilder::new(&data_type).map_err(|error| internal(error.to_string()))?;
        for piece in pieces {
            let value = piece
                .partition
                .and_then(|(side, row)| sides[side].partition.as_ref().map(|(_, values)| values.get(row)));
            builder.push(&value.unwrap_or(Value::Null));
        }
        fields.push(Field::new(name, data_type, true));
        columns.push(builder.finish());
    }
    for (number, side) in sides.iter().enumerate() {
        let indices = UInt32Array::from_iter(pieces.iter().map(|piece| piece.rows[number]));
        for (field, column) in side.rows.schema().fields().iter().zip(side.rows.columns()) {
            let name = field.name().as_str();
            if ["ts", "dur"].contains(&name) || partition.is_some_and(|(_, partition)| partition == name) {
                continue;
            }
            if fields.iter().any(|field| field.name() == name) {
                return Err(invalid(format!("both sides of the span join have a column `{name}`")));
            }
            fields.push(Field::new(name, field.data_type().clone(), true));
            let taken =
                arrow_select::take::take(column, &indices, None).map_err(|error| internal(error.to_string()))?;
            columns.push(taken);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| internal(error.to_string()))
}
