//! Intersections of intervals: where intervals of several tables are under way at the same time.
//!
//! ```text
//! a      ────────────        ──────
//! b           ───────────  ─
//! both        ───────
//! ```
//!
//! Two lists sorted by start are walked together. Each interval that starts looks at those of the other side that have
//! started before it: what has ended is thrown away, the rest overlaps it. So every look either gives a row or is the
//! last one at its interval, and a walk costs what it reads and gives. A third table is intersected with what the first
//! two give.
//!
//! Intervals have their start and not their end. One without duration is a point, which is in the intervals that it
//! would be in if it were a little longer, and meets the points of its time.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, plan_err};
use datafusion::execution::memory_pool::MemoryReservation;

use super::column::{Groups, spans, take};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "__interval_intersect",
        parameters: "(table with id, ts, dur), …, 'partition columns'",
        bind: bind_intersection,
    },
    Definition {
        name: "__interval_intersect_named",
        parameters: "(table), …, 'id column', 'ts column', 'dur column', 'partition columns'",
        bind: bind_named_intersection,
    },
    Definition { name: "interval_join", parameters: "table, table[, '(partition columns)']", bind: bind_intersection },
    Definition {
        name: "__interval_self_intersect",
        parameters: "(table with id, ts, dur)",
        bind: bind_self_intersection,
    },
];

/// How many rows of a result may be there before they are accounted for.
const ACCOUNTED_ROWS: usize = 1 << 16;

/// Start and end.
pub(super) type Span = (i64, i64);

/// Combinations of rows, one row of each table, whose intervals have a part in common. Sorted by its start.
#[derive(Debug, Default)]
pub(super) struct Combinations {
    /// The part in common.
    pub(super) spans: Vec<Span>,
    /// The rows: `width` for each combination.
    pub(super) rows: Vec<u32>,
    /// Number of tables.
    pub(super) width: usize,
}

impl Combinations {
    /// The rows of one table, by start.
    pub(super) fn of_table(spans: &[Span], rows: &[u32]) -> Self {
        let mut rows = rows.to_vec();
        rows.sort_by_key(|&row| spans[row as usize].0);
        Self { spans: rows.iter().map(|&row| spans[row as usize]).collect(), rows, width: 1 }
    }

    fn rows_of(&self, index: usize) -> &[u32] {
        &self.rows[index * self.width..(index + 1) * self.width]
    }

    /// Combinations of these with those of other tables.
    pub(super) fn intersect(&self, other: &Self, memory: &MemoryReservation) -> Result<Self> {
        let mut num_accounted = 0;
        let num_bytes = size_of::<Span>() + (self.width + other.width) * size_of::<u32>();
        let mut found = Self { width: self.width + other.width, ..Self::default() };
        let sides = [self, other];
        let mut next = [0, 0];
        // Those that have started and may not have ended, by side.
        let mut open: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
        loop {
            let starts = [0, 1].map(|side| sides[side].spans.get(next[side]).map(|span| span.0));
            let side = match starts {
                [None, None] => break,
                [Some(left), Some(right)] => usize::from(right < left),
                [Some(_), None] => 0,
                [None, Some(_)] => 1,
            };
            let (own, across) = (sides[side], sides[1 - side]);
            let index = next[side];
            let (start, end) = own.spans[index];
            open[1 - side].retain(|&met| {
                let (met_start, met_end) = across.spans[met as usize];
                let is_open = met_end > start || met_start == start;
                if is_open {
                    found.spans.push((start, end.min(met_end)));
                    let pair = [own.rows_of(index), across.rows_of(met as usize)];
                    found.rows.extend_from_slice(pair[side]);
                    found.rows.extend_from_slice(pair[1 - side]);
                }
                is_open
            });
            if found.spans.len() - num_accounted >= ACCOUNTED_ROWS {
                memory.try_grow((found.spans.len() - num_accounted) * num_bytes)?;
                num_accounted = found.spans.len();
            }
            open[side].push(index as u32);
            next[side] += 1;
            // Nothing on the other side can meet what is still to come.
            if next[side] == own.spans.len() && open[side].is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// Numbers of the combinations by start, and by row where that is equal.
    pub(super) fn in_order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.spans.len() as u32).collect();
        let start_of = |index: &u32| self.spans[*index as usize].0;
        for same in order.chunk_by_mut(|a, b| start_of(a) == start_of(b)) {
            if same.len() > 1 {
                same.sort_unstable_by(|&a, &b| self.rows_of(a as usize).cmp(self.rows_of(b as usize)));
            }
        }
        order
    }
}

/// The type that values of two types are compared in.
fn common_type(left: &DataType, right: &DataType) -> Option<DataType> {
    let value_type = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        other => other.clone(),
    };
    match (value_type(left), value_type(right)) {
        _ if left == right => Some(left.clone()),
        (DataType::Null, _) => Some(right.clone()),
        (_, DataType::Null) => Some(left.clone()),
        (left, right) if left == right => Some(left),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => Some(DataType::Float64),
        (DataType::Int64, DataType::Boolean) | (DataType::Boolean, DataType::Int64) => Some(DataType::Int64),
        _ => None,
    }
}

fn bind_intersection(call: &mut Call<'_>) -> Result<Bound> {
    let has_partitions = call.len().checked_sub(1).is_some_and(|last| call.names(last).is_ok());
    let num_tables = call.len() - usize::from(has_partitions);
    if num_tables == 0 {
        return call.wrong_arguments();
    }
    let partitions = if has_partitions { call.names(num_tables)? } else { Vec::new() };
    bind_tables(call, num_tables, ["id", "ts", "dur"], &partitions)
}

fn bind_named_intersection(call: &mut Call<'_>) -> Result<Bound> {
    let Some(num_tables) = call.len().checked_sub(4).filter(|&num_tables| num_tables > 0) else {
        return call.wrong_arguments();
    };
    let mut names = Vec::new();
    for index in num_tables..num_tables + 3 {
        names.extend(call.names(index)?);
    }
    let [id, ts, dur] = names.as_slice() else { return call.wrong_arguments() };
    bind_tables(call, num_tables, [id, ts, dur], &call.names(num_tables + 3)?)
}

fn bind_tables(
    call: &mut Call<'_>,
    num_tables: usize,
    [id, ts, dur]: [&str; 3],
    partitions: &[String],
) -> Result<Bound> {
    let role = |index: usize| format!("table {}", index + 1);
    let columns: Vec<(&str, Kind)> = [(id, Kind::Any), (ts, Kind::Int), (dur, Kind::Int)]
        .into_iter()
        .chain(partitions.iter().map(|name| (name.as_str(), Kind::Any)))
        .collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut types = Vec::with_capacity(num_tables);
    for index in 0..num_tables {
        types.push(call.types(index, &role(index), &columns)?);
    }
    // Values of a partition are compared across tables, so they are of one type.
    let mut common: Vec<DataType> = types[0][3..].to_vec();
    for table in &types {
        for ((name, common), data_type) in partitions.iter().zip(&mut common).zip(&table[3..]) {
            *common = match common_type(common, data_type) {
                Some(data_type) => data_type,
                None => return plan_err!("`{name}` is a text in one table and a number in another"),
            };
        }
    }
    let mut fields = vec![Field::new("ts", DataType::Int64, true), Field::new("dur", DataType::Int64, true)];
    for (index, table) in types.iter().enumerate() {
        let wanted: Vec<DataType> = table[..3].iter().chain(&common).cloned().collect();
        call.table_of_types(index, &role(index), &names, &wanted)?;
        fields.push(Field::new(format!("id_{index}"), table[0].clone(), true));
    }
    for (name, data_type) in partitions.iter().zip(common) {
        if fields.iter().any(|field| field.name() == name) {
            return plan_err!("the partition column `{name}` has the name of another column of the result");
        }
        fields.push(Field::new(name, data_type, true));
    }
    Ok(Bound::growing(fields, intersect))
}

/// Tables of id, start, duration and the partition's values.
fn intersect(tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
    let mut all_spans = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        all_spans.push(spans(table, 1, 2, &format!("table {}", index + 1))?);
    }
    let keys: Vec<(usize, &[ArrayRef])> =
        tables.iter().map(|table| (table.num_rows(), &table.columns()[3..])).collect();
    let groups = Groups::new(&keys)?;
    let (mut starts, mut durs) = (Vec::new(), Vec::new());
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); tables.len()];
    for group in &groups.groups {
        if group.iter().any(Vec::is_empty) {
            continue;
        }
        let mut sides = group.iter().zip(&all_spans).map(|(rows, spans)| Combinations::of_table(spans, rows));
        let Some(mut found) = sides.next() else { continue };
        for side in sides {
            found = found.intersect(&side, memory)?;
        }
        for index in found.in_order() {
            let (start, end) = found.spans[index as usize];
            starts.push(start);
            durs.push(end - start);
            for (rows, row) in rows.iter_mut().zip(found.rows_of(index as usize)) {
                rows.push(*row);
            }
        }
    }
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(starts)), Arc::new(Int64Array::from(durs))];
    for (table, rows) in tables.iter().zip(&rows) {
        columns.push(take(table.column(0), rows.iter().copied().map(Some))?);
    }
    for partition in &tables[0].columns()[3..] {
        columns.push(take(partition, rows[0].iter().copied().map(Some))?);
    }
    Ok(columns)
}

fn bind_self_intersection(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(1)?;
    let columns = [("id", Kind::Any), ("ts", Kind::Int), ("dur", Kind::Int)];
    let types = call.table(0, "the intervals", &columns)?;
    let fields = vec![
        Field::new("ts", DataType::Int64, true),
        Field::new("dur", DataType::Int64, true),
        Field::new("group_id", DataType::Int64, true),
        Field::new("id", types[0].clone(), true),
        Field::new("interval_ends_at_ts", DataType::Boolean, true),
    ];
    Ok(Bound::growing(fields, self_intersect))
}

/// For each time at which an interval starts or ends: those that are under way until the next such time, and those that
/// end at it.
fn self_intersect(tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
    let table = &tables[0];
    let spans = spans(table, 1, 2, "the intervals")?;
    let mut times: Vec<i64> = spans.iter().flat_map(|&(start, end)| [start, end]).collect();
    times.sort_unstable();
    times.dedup();
    let mut by_start: Vec<u32> = (0..spans.len() as u32).collect();
    by_start.sort_by_key(|&row| spans[row as usize].0);
    let mut starting = by_start.into_iter().peekable();
    let mut open: Vec<u32> = Vec::new();
    /// Of a row of the result: three numbers, a row and whether it ends.
    const NUM_BYTES: usize = 3 * size_of::<i64>() + size_of::<u32>() + size_of::<bool>();
    let mut num_accounted = 0;
    let (mut starts, mut durs, mut numbers, mut rows, mut ends) = (vec![], vec![], vec![], vec![], vec![]);
    for (index, &time) in times.iter().enumerate() {
        while let Some(row) = starting.next_if(|&row| spans[row as usize].0 == time) {
            open.push(row);
        }
        open.sort_unstable();
        let dur = times.get(index + 1).map_or(0, |next| next - time);
        open.retain(|&row| {
            let is_end = spans[row as usize].1 == time;
            starts.push(time);
            durs.push(dur);
            numbers.push(index as i64 + 1);
            rows.push(row);
            ends.push(is_end);
            !is_end
        });
        if starts.len() - num_accounted >= ACCOUNTED_ROWS {
            memory.try_grow((starts.len() - num_accounted) * NUM_BYTES)?;
            num_accounted = starts.len();
        }
    }
    Ok(vec![
        Arc::new(Int64Array::from(starts)),
        Arc::new(Int64Array::from(durs)),
        Arc::new(Int64Array::from(numbers)),
        take(table.column(0), rows.into_iter().map(Some))?,
        Arc::new(BooleanArray::from(ends)),
    ])
}
