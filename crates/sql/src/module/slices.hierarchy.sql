-- Ancestors and descendants of slices.

-- A slice and what contains it, on its own track.
CREATE PERFETTO FUNCTION _slice_ancestor_and_self(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, ts LONG, dur LONG, track_id LONG, category STRING, name STRING, depth LONG, parent_id LONG, arg_set_id LONG) AS
SELECT __a.*
FROM slice __a
JOIN (SELECT id AS __of, track_id AS __on, ts AS __start, ts + dur AS __end, depth AS __level FROM slice) __s
  ON __s.__on = __a.track_id
WHERE __s.__of = $slice_id
  AND (__a.depth < __s.__level OR __a.id = __s.__of)
  AND __a.ts <= __s.__start
  AND __a.ts + __a.dur >= __s.__end;

-- A slice and what it contains, on its own track.
CREATE PERFETTO FUNCTION _slice_descendant_and_self(
  -- Slice.
  slice_id LONG
)
RETURNS TABLE(id LONG, ts LONG, dur LONG, track_id LONG, category STRING, name STRING, depth LONG, parent_id LONG, arg_set_id LONG) AS
SELECT __d.*
FROM slice __d
JOIN (SELECT id AS __of, track_id AS __on, ts AS __start, ts + dur AS __end, depth AS __level FROM slice) __s
  ON __s.__on = __d.track_id
WHERE __s.__of = $slice_id
  AND (__d.depth > __s.__level OR __d.id = __s.__of)
  AND __d.ts >= __s.__start
  AND __d.ts + __d.dur <= __s.__end;

-- The rows (id, parent_id, depth and the column) whose column is not null, each below the nearest one above that is left.
CREATE PERFETTO MACRO _slice_remove_nulls_and_reparent(
  -- Slices: `id`, `parent_id`, `depth` and the column.
  slice_table TableOrSubquery,
  -- Column whose nulls go.
  column_name ColumnName
)
RETURNS TableOrSubquery AS
(SELECT * FROM __tree_without_nulls((SELECT * FROM $slice_table), __intrinsic_stringify!($column_name)));
