-- What every session knows without including it.

-- What contains a slice, on its own track.
CREATE PERFETTO FUNCTION ancestor_slice(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, ts LONG, dur LONG, track_id LONG, category STRING, name STRING, depth LONG, parent_id LONG, arg_set_id LONG) AS
SELECT __a.*
FROM slice __a
JOIN (SELECT id AS __of, track_id AS __on, ts AS __start, ts + dur AS __end, depth AS __level FROM slice) __s
  ON __s.__on = __a.track_id
WHERE __s.__of = $slice_id
  AND __a.depth < __s.__level
  AND __a.ts <= __s.__start
  AND __a.ts + __a.dur >= __s.__end;

-- What a slice contains, on its own track.
CREATE PERFETTO FUNCTION descendant_slice(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, ts LONG, dur LONG, track_id LONG, category STRING, name STRING, depth LONG, parent_id LONG, arg_set_id LONG) AS
SELECT __d.*
FROM slice __d
JOIN (SELECT id AS __of, track_id AS __on, ts AS __start, ts + dur AS __end, depth AS __level FROM slice) __s
  ON __s.__on = __d.track_id
WHERE __s.__of = $slice_id
  AND __d.depth > __s.__level
  AND __d.ts >= __s.__start
  AND __d.ts + __d.dur <= __s.__end;

-- Every flow that can be reached from a slice, in both directions.
CREATE PERFETTO FUNCTION directly_connected_flow(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, slice_out LONG, slice_in LONG, trace_id LONG, arg_set_id LONG) AS
WITH RECURSIVE __reached(slice) AS (
  SELECT $slice_id
  UNION
  SELECT iif(__f.slice_out = __r.slice, __f.slice_in, __f.slice_out)
  FROM __reached __r
  JOIN flow __f ON __f.slice_out = __r.slice OR __f.slice_in = __r.slice
)
SELECT __f.* FROM flow __f WHERE __f.slice_out IN (SELECT slice FROM __reached);

-- Every flow that leaves a slice, one of its descendants, or a slice that such a flow reaches.
CREATE PERFETTO FUNCTION following_flow(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, slice_out LONG, slice_in LONG, trace_id LONG, arg_set_id LONG) AS
WITH RECURSIVE __reached(slice) AS (
  SELECT $slice_id
  UNION
  SELECT __f.slice_in
  FROM __reached __r
  JOIN slice __s ON __s.id = __r.slice
  JOIN slice __d ON __d.track_id = __s.track_id AND __d.ts >= __s.ts AND __d.ts + __d.dur <= __s.ts + __s.dur AND __d.depth >= __s.depth
  JOIN flow __f ON __f.slice_out = __d.id
)
SELECT __f.*
FROM flow __f
WHERE __f.id IN (
  SELECT __g.id
  FROM __reached __r
  JOIN slice __s ON __s.id = __r.slice
  JOIN slice __d ON __d.track_id = __s.track_id AND __d.ts >= __s.ts AND __d.ts + __d.dur <= __s.ts + __s.dur AND __d.depth >= __s.depth
  JOIN flow __g ON __g.slice_out = __d.id
);

-- Every flow that enters a slice, one of its ancestors, or a slice that such a flow leaves.
CREATE PERFETTO FUNCTION preceding_flow(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, slice_out LONG, slice_in LONG, trace_id LONG, arg_set_id LONG) AS
WITH RECURSIVE __reached(slice) AS (
  SELECT $slice_id
  UNION
  SELECT __f.slice_out
  FROM __reached __r
  JOIN slice __s ON __s.id = __r.slice
  JOIN slice __a ON __a.track_id = __s.track_id AND __a.ts <= __s.ts AND __a.ts + __a.dur >= __s.ts + __s.dur AND __a.depth <= __s.depth
  JOIN flow __f ON __f.slice_in = __a.id
)
SELECT __f.*
FROM flow __f
WHERE __f.id IN (
  SELECT __g.id
  FROM __reached __r
  JOIN slice __s ON __s.id = __r.slice
  JOIN slice __a ON __a.track_id = __s.track_id AND __a.ts <= __s.ts AND __a.ts + __a.dur >= __s.ts + __s.dur AND __a.depth <= __s.depth
  JOIN flow __g ON __g.slice_in = __a.id
);

-- The slices of some tracks with the row in which each is drawn when all are drawn together. A slice with all that it contains
-- goes to the first row where it fits.
CREATE PERFETTO FUNCTION experimental_slice_layout(
  -- Ids of the tracks with commas between, as one text.
  filter_track_ids STRING
)
RETURNS TABLE(
  id LONG,
  ts LONG,
  dur LONG,
  track_id LONG,
  category STRING,
  -- Name.
  name STRING,
  depth LONG,
  parent_id LONG,
  arg_set_id LONG,
  -- Row in which the slice is drawn, from 0.
  layout_depth LONG
) AS
SELECT s.id, s.ts, s.dur, s.track_id, s.category, s.name, s.depth, s.parent_id, s.arg_set_id, l.layout_depth
FROM slice s
JOIN __slice_layout((
  SELECT id, parent_id, ts, dur, depth
  FROM slice
  WHERE instr(',' || replace($filter_track_ids, ' ', '') || ',', ',' || track_id || ',') > 0
)) l ON l.id = s.id;

-- What is innermost on each track at each time between two: slices, and rows without a name where there is none. Tracks without
-- a slice in that time have no row.
CREATE PERFETTO FUNCTION experimental_flat_slice(
  -- Start of the time.
  start_bound LONG,
  -- End of the time.
  end_bound LONG
)
RETURNS TABLE(
  ts LONG,
  dur LONG,
  track_id LONG,
  category STRING,
  -- Name.
  name STRING,
  arg_set_id LONG,
  -- Slice; null where there is none.
  source_id LONG
) AS
SELECT ts, dur, track_id, category, name, arg_set_id, source_id
FROM __intervals_fill_gaps(
  (SELECT
     max(f.ts, $start_bound) AS ts,
     min(f.ts + f.dur, $end_bound) - max(f.ts, $start_bound) AS dur,
     s.track_id, s.category, s.name, s.arg_set_id, s.id AS source_id
   FROM __intervals_flatten((
     SELECT
       __r.id AS root_id, __r.ts AS root_ts, iif(__r.dur < 0, trace_end() - __r.ts, __r.dur) AS root_dur,
       __c.id, __c.parent_id, __c.ts, iif(__c.dur < 0, trace_end() - __c.ts, __c.dur) AS dur
     FROM slice __c
     JOIN __tree_roots((SELECT id, parent_id FROM slice)) __t ON __t.id = __c.id
     JOIN slice __r ON __r.id = __t.root_id
   )) f
   JOIN slice s ON s.id = f.id
   WHERE f.ts < $end_bound AND f.ts + f.dur > $start_bound),
  (SELECT $start_bound AS start_ts, $end_bound AS end_ts),
  '(track_id)',
  '(category, name, arg_set_id, source_id)')
ORDER BY track_id, ts;

-- Whether the first slice contains the second, on the same track.
CREATE PERFETTO FUNCTION slice_is_ancestor(
  -- Slice that may be around the other one.
  ancestor_id LONG,
  -- Slice that may be inside.
  descendant_id LONG
) RETURNS BOOL AS
SELECT count(*) > 0
FROM slice a
JOIN slice d ON d.track_id = a.track_id
WHERE a.id = $ancestor_id AND d.id = $descendant_id
  AND a.depth < d.depth AND a.ts <= d.ts AND a.ts + a.dur >= d.ts + d.dur;

-- First start of everything in the trace.
CREATE PERFETTO FUNCTION trace_start() RETURNS LONG AS SELECT start_ts FROM trace_bounds;

-- Last end of everything in the trace.
CREATE PERFETTO FUNCTION trace_end() RETURNS LONG AS SELECT end_ts FROM trace_bounds;

-- From the first start to the last end.
CREATE PERFETTO FUNCTION trace_dur() RETURNS LONG AS SELECT end_ts - start_ts FROM trace_bounds;

-- Hours, minutes and seconds, then milliseconds, microseconds and nanoseconds.
CREATE PERFETTO FUNCTION to_timecode(
  -- Time in nanoseconds.
  ts LONG
) RETURNS STRING AS
SELECT printf('%02d:%02d:%02d %03d %03d %03d',
  $ts / 3600000000000, $ts / 60000000000 % 60, $ts / 1000000000 % 60,
  $ts / 1000000 % 1000, $ts / 1000 % 1000, $ts % 1000);

-- The value as a whole number.
CREATE PERFETTO MACRO cast_int(
  -- Any value.
  value Expr
) RETURNS Expr AS CAST($value AS INTEGER);
-- The value as a real number.
CREATE PERFETTO MACRO cast_double(
  -- Any value.
  value Expr
) RETURNS Expr AS CAST($value AS REAL);
-- The value as a text.
CREATE PERFETTO MACRO cast_string(
  -- Any value.
  value Expr
) RETURNS Expr AS CAST($value AS TEXT);

-- Modules of the standard library.
CREATE PERFETTO FUNCTION __intrinsic_stdlib_modules()
RETURNS TABLE(
  id LONG,
  -- Name, with points.
  module STRING,
  -- First part of the name.
  package STRING,
  -- What it is.
  description STRING
) AS
SELECT id, module, package, description FROM __intrinsic_stdlib_modules;

-- Tables and views that a module defines.
CREATE PERFETTO FUNCTION __intrinsic_stdlib_tables(
  -- Name of the module.
  module STRING
)
RETURNS TABLE(
  -- Name.
  name STRING,
  -- `table` or `view`.
  type STRING,
  -- What it is.
  description STRING,
  -- 1 where it is for everybody, 0 where it is for the library itself.
  exposed LONG,
  -- Columns as JSON: an array of objects with `name`, `type` and `description`.
  cols STRING
) AS
SELECT name, object_type AS type, description, exposed, cols FROM __intrinsic_stdlib_tables WHERE module = $module;

-- Functions that a module defines.
CREATE PERFETTO FUNCTION __intrinsic_stdlib_functions(
  -- Name of the module.
  module STRING
)
RETURNS TABLE(
  -- Name.
  name STRING,
  -- What it is.
  description STRING,
  -- 1 where it is for everybody, 0 where it is for the library itself.
  exposed LONG,
  -- 1 where it gives rows, 0 where it gives one value.
  is_table_function LONG,
  -- Type of what it gives; null where it gives rows.
  return_type STRING,
  -- What it gives.
  return_description STRING,
  -- Parameters as JSON, in the same form.
  args STRING,
  -- Columns as JSON: an array of objects with `name`, `type` and `description`.
  cols STRING
) AS
SELECT
  name, description, exposed, CAST(object_type = 'table_function' AS INTEGER) AS is_table_function, return_type, return_description,
  args, cols
FROM __intrinsic_stdlib_functions
WHERE module = $module;

-- Macros that a module defines.
CREATE PERFETTO FUNCTION __intrinsic_stdlib_macros(
  -- Name of the module.
  module STRING
)
RETURNS TABLE(
  -- Name.
  name STRING,
  -- What it is.
  description STRING,
  -- 1 where it is for everybody, 0 where it is for the library itself.
  exposed LONG,
  -- Type of what it gives; null where it gives rows.
  return_type STRING,
  -- What it gives.
  return_description STRING,
  -- Parameters as JSON, in the same form.
  args STRING
) AS
SELECT name, description, exposed, return_type, return_description, args FROM __intrinsic_stdlib_macros WHERE module = $module;
