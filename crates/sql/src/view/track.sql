-- Rows of the timeline.
--
-- dimension_arg_set_id: Always null: what tells tracks apart has columns of its own.
-- source_arg_set_id: Arguments.
-- machine_id: Always null: sources do not name machines.
SELECT
  id,
  name,
  type,
  CAST(NULL AS BIGINT) AS dimension_arg_set_id,
  parent_id,
  arg_set_id AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  track_group_id,
  utid,
  upid,
  unit
FROM __track
