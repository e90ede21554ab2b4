-- Intervals of one table that overlap.

-- How many intervals are under way, at each time at which that may change.
CREATE PERFETTO MACRO intervals_overlap_count(
  -- Intervals, with the columns that are named.
  segments TableOrSubquery,
  -- Column of the starts.
  ts_column ColumnName,
  -- Column of the lengths.
  dur_column ColumnName
)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_overlap_count(
  (SELECT * FROM $segments),
  (SELECT trace_end() AS ts),
  __intrinsic_stringify!($ts_column),
  __intrinsic_stringify!($dur_column),
  ''));

-- The same for each group.
CREATE PERFETTO MACRO intervals_overlap_count_by_group(
  -- Intervals, with the columns that are named.
  segments TableOrSubquery,
  -- Column of the starts.
  ts_column ColumnName,
  -- Column of the lengths.
  dur_column ColumnName,
  -- Column by whose values intervals are kept apart.
  group_column ColumnName
)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_overlap_count(
  (SELECT * FROM $segments),
  (SELECT trace_end() AS ts),
  __intrinsic_stringify!($ts_column),
  __intrinsic_stringify!($dur_column),
  __intrinsic_stringify!($group_column)));

-- One row: 1 when any two intervals overlap, else 0.
CREATE PERFETTO MACRO _intervals_overlap_in_table(
  -- Intervals: `ts` and `dur`.
  intervals TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT CAST(count(*) > 0 AS INTEGER) AS has_overlaps
 FROM (SELECT ts + dur AS ts_end, lead(ts) OVER (ORDER BY ts, dur) AS next_ts FROM $intervals WHERE dur != -1)
 WHERE ts_end > next_ts);

-- The children (root_id, id, parent_id, ts, dur) of roots (id, ts, dur), for _intervals_flatten.
CREATE PERFETTO MACRO _intervals_merge_root_and_children(
  -- Roots: `id`, `ts`, `dur`, and the key where one is named.
  roots_table TableOrSubquery,
  -- Children: `root_id`, `id`, `parent_id`, `ts`, `dur`.
  children_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT
   __r.id AS root_id, __r.ts AS root_ts, __r.dur AS root_dur,
   __c.id, coalesce(__c.parent_id, __r.id) AS parent_id, __c.ts, __c.dur
 FROM (SELECT * FROM $roots_table) __r
 LEFT JOIN (SELECT * FROM $children_table) __c ON __c.root_id = __r.id);

-- The same where a child (id, parent_id, ts, dur) belongs to the roots of its key that it overlaps.
CREATE PERFETTO MACRO _intervals_merge_root_and_children_by_intersection(
  -- Roots: `id`, `ts`, `dur`, and the key where one is named.
  roots_table TableOrSubquery,
  -- Children: `id`, `parent_id`, `ts`, `dur` and the key.
  children_table TableOrSubquery,
  -- Column that a child and its root share.
  key ColumnName
)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_by_root(
  (SELECT * FROM $roots_table),
  (SELECT * FROM $children_table),
  __intrinsic_stringify!($key)));

-- Each root cut into the pieces in which one interval is the innermost.
CREATE PERFETTO MACRO _intervals_flatten(
  -- Children with their roots, as the two macros above give them.
  children_with_roots_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __intervals_flatten((SELECT * FROM $children_with_roots_table)));

-- The fewest intervals that cover the same time, with gaps of up to epsilon closed.
CREATE PERFETTO MACRO interval_merge_overlapping(
  -- Intervals: `ts` and `dur`.
  intervals TableOrSubquery,
  -- Gaps of up to this length are closed.
  epsilon Expr
)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_merge_overlapping((SELECT * FROM $intervals), (SELECT $epsilon AS epsilon), ''));

-- The same within each partition.
CREATE PERFETTO MACRO interval_merge_overlapping_partitioned(
  -- Intervals: `ts`, `dur` and the columns.
  intervals TableOrSubquery,
  -- Columns within which intervals are merged, in parentheses.
  partition_columns ColumnNameList
)
RETURNS TableOrSubquery AS
(SELECT * FROM __interval_merge_overlapping(
  (SELECT * FROM $intervals),
  (SELECT 0 AS epsilon),
  __intrinsic_stringify!($partition_columns)));
