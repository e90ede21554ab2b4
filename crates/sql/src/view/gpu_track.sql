-- Tracks of GPU streams, with Perfetto's columns.
--
-- name: Name of the stream's row.
-- parent_id: Always null.
-- source_arg_set_id: Always null: what is known has columns of its own.
-- dimension_arg_set_id: Always null: what tells tracks apart has columns of its own.
-- machine_id: Always null: sources do not name machines.
-- scope: Always `gpu_stream`.
-- description: Always null.
-- context_id: Context.
SELECT
  t.id,
  th.name,
  t.type,
  CAST(NULL AS BIGINT) AS parent_id,
  CAST(NULL AS BIGINT) AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS dimension_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  'gpu_stream' AS scope,
  CAST(NULL AS TEXT) AS description,
  st.context AS context_id
FROM stream st
JOIN __track t ON t.id = st.track_id
JOIN __thread th ON th.id = st.utid
