-- Where intervals of several tables are under way at once.

-- A table as a query.
CREATE PERFETTO MACRO _interval_table(
  -- A table.
  t TableOrSubquery
) RETURNS _SqlFragment AS (SELECT * FROM $t);

-- Where intervals of several tables (id, ts, dur) are under way at the same time, within each partition.
CREATE PERFETTO MACRO _interval_intersect(
  -- Tables of intervals, in parentheses: `id`, `ts`, `dur` and the columns.
  tabs _TableNameList,
  -- Columns by which intervals are kept apart, in parentheses; `()` for none.
  agg_columns _ColumnNameList
)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_intersect(
  __intrinsic_token_apply!(_interval_table, $tabs),
  __intrinsic_stringify!($agg_columns)));

-- The same for columns of other names, the same ones in all tables.
CREATE PERFETTO MACRO _interval_intersect_with_col_names(
  -- Tables of intervals, in parentheses: `id`, `ts`, `dur` and the columns.
  tabs _TableNameList,
  -- Column of the ids.
  id_column ColumnName,
  -- Column of the starts.
  ts_column ColumnName,
  -- Column of the lengths.
  dur_column ColumnName,
  -- Columns by which intervals are kept apart, in parentheses; `()` for none.
  agg_columns _ColumnNameList
)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_intersect_named(
  __intrinsic_token_apply!(_interval_table, $tabs),
  __intrinsic_stringify!($id_column),
  __intrinsic_stringify!($ts_column),
  __intrinsic_stringify!($dur_column),
  __intrinsic_stringify!($agg_columns)));

-- The parts of a table's intervals that lie in one interval.
CREATE PERFETTO MACRO _interval_intersect_single(
  -- Start of the one interval.
  ts Expr,
  -- Length of the one interval.
  dur Expr,
  -- Intervals: `id`, `ts`, `dur`.
  t TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT id_0 AS id, ts, dur FROM __interval_intersect(
  (SELECT * FROM $t),
  (SELECT 0 AS id, $ts AS ts, $dur AS dur),
  '()'));

-- What runs between any two starts or ends of intervals, and what ends there.
CREATE PERFETTO MACRO interval_self_intersect(
  -- Intervals: `id`, `ts`, `dur`.
  intervals TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_self_intersect((SELECT * FROM $intervals)));
