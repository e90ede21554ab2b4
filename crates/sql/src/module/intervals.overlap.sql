-- Intervals of one table that overlap.

-- How many intervals are under way, at each time at which that may change.
CREATE PERFETTO MACRO intervals_overlap_count(segments TableOrSubquery, ts_column ColumnName, dur_column ColumnName)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_overlap_count(
  (SELECT * FROM $segments),
  (SELECT trace_end() AS ts),
  __intrinsic_stringify!($ts_column),
  __intrinsic_stringify!($dur_column),
  ''));

-- The same for each group.
CREATE PERFETTO MACRO intervals_overlap_count_by_group(
  segments TableOrSubquery, ts_column ColumnName, dur_column ColumnName, group_column ColumnName)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_overlap_count(
  (SELECT * FROM $segments),
  (SELECT trace_end() AS ts),
  __intrinsic_stringify!($ts_column),
  __intrinsic_stringify!($dur_column),
  __intrinsic_stringify!($group_column)));

-- One row: 1 when any two intervals overlap, else 0.
CREATE PERFETTO MACRO _intervals_overlap_in_table(intervals TableOrSubquery)
RETURNS TableOrSubquery AS
(SELECT CAST(count(*) > 0 AS INTEGER) AS has_overlaps
 FROM (SELECT ts + dur AS ts_end, lead(ts) OVER (ORDER BY ts, dur) AS next_ts FROM $intervals WHERE dur != -1)
 WHERE ts_end > next_ts);

-- The children (root_id, id, parent_id, ts, dur) of roots (id, ts, dur), for _intervals_flatten.
CREATE PERFETTO MACRO _intervals_merge_root_and_children(roots_table TableOrSubquery, children_table TableOrSubquery)
RETURNS TableOrSubquery AS
(SELECT
   __r.id AS root_id, __r.ts AS root_ts, __r.dur AS root_dur,
   __c.id, coalesce(__c.parent_id, __r.id) AS parent_id, __c.ts, __c.dur
 FROM (SELECT * FROM $roots_table) __r
 LEFT JOIN (SELECT * FROM $children_table) __c ON __c.root_id = __r.id);

-- The same where a child (id, parent_id, ts, dur) belongs to the roots of its key that it overlaps.
CREATE PERFETTO MACRO _intervals_merge_root_and_children_by_intersection(
  roots_table TableOrSubquery, children_table TableOrSubquery, key ColumnName)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_by_root(
  (SELECT * FROM $roots_table),
  (SELECT * FROM $children_table),
  __intrinsic_stringify!($key)));

-- Each root cut into the pieces in which one interval is the innermost.
CREATE PERFETTO MACRO _intervals_flatten(children_with_roots_table TableOrSubquery)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_flatten((SELECT * FROM $children_with_roots_table)));

-- The fewest intervals that cover the same time, with gaps of up to epsilon closed.
CREATE PERFETTO MACRO interval_merge_overlapping(intervals TableOrSubquery, epsilon Expr)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_merge_overlapping((SELECT * FROM $intervals), (SELECT $epsilon AS epsilon), ''));

-- The same within each partition.
CREATE PERFETTO MACRO interval_merge_overlapping_partitioned(
  intervals TableOrSubquery, partition_columns ColumnNameList)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_merge_overlapping(
  (SELECT * FROM $intervals),
  (SELECT 0 AS epsilon),
  __intrinsic_stringify!($partition_columns)));
