-- Intervals with rows for the times between them.

-- Intervals (ts, dur), and rows without data for the times of the trace that those of a group leave free.
CREATE PERFETTO MACRO _intervals_fill_gaps(group_columns ColumnNameList, data_columns ColumnNameList, t TableOrSubquery)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_fill_gaps(
  (SELECT * FROM $t),
  (SELECT trace_start() AS start_ts, trace_end() AS end_ts),
  __intrinsic_stringify!($group_columns),
  __intrinsic_stringify!($data_columns)));
