-- What every session knows without including it.

-- What contains a slice, on its own track.
CREATE PERFETTO FUNCTION ancestor_slice(slice_id LONG)
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
CREATE PERFETTO FUNCTION descendant_slice(slice_id LONG)
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
CREATE PERFETTO FUNCTION directly_connected_flow(slice_id LONG)
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
CREATE PERFETTO FUNCTION following_flow(slice_id LONG)
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
CREATE PERFETTO FUNCTION preceding_flow(slice_id LONG)
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

-- Whether the first slice contains the second, on the same track.
CREATE PERFETTO FUNCTION slice_is_ancestor(ancestor_id LONG, descendant_id LONG) RETURNS BOOL AS
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
CREATE PERFETTO FUNCTION to_timecode(ts LONG) RETURNS STRING AS
SELECT printf('%02d:%02d:%02d %03d %03d %03d',
  $ts / 3600000000000, $ts / 60000000000 % 60, $ts / 1000000000 % 60,
  $ts / 1000000 % 1000, $ts / 1000 % 1000, $ts % 1000);

-- The value as a whole number.
CREATE PERFETTO MACRO cast_int(value Expr) RETURNS Expr AS CAST($value AS INTEGER);
-- The value as a real number.
CREATE PERFETTO MACRO cast_double(value Expr) RETURNS Expr AS CAST($value AS REAL);
-- The value as a text.
CREATE PERFETTO MACRO cast_string(value Expr) RETURNS Expr AS CAST($value AS TEXT);
