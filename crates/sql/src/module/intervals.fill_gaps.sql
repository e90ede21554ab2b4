-- Intervals with rows for the times between them.

-- Intervals (ts, dur), and rows without data for the times of the trace that those of a group leave free.
CREATE PERFETTO MACRO _intervals_fill_gaps(
  -- Columns within which gaps are looked for, in parentheses; `()` for none.
  group_columns ColumnNameList,
  -- Columns that are null in gaps, in parentheses; `()` for none.
  data_columns ColumnNameList,
  -- Intervals: `ts`, `dur` and the columns.
  t TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_fill_gaps(
  (SELECT * FROM $t),
  (SELECT trace_start() AS start_ts, trace_end() AS end_ts),
  __intrinsic_stringify!($group_columns),
  __intrinsic_stringify!($data_columns)));
