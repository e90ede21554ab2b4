-- Tracks with counter values.
--
-- dimension_arg_set_id: Always null: what tells tracks apart has columns of its own.
-- source_arg_set_id: Arguments.
-- machine_id: Always null: sources do not name machines.
-- description: Always null: no source describes its counters.
SELECT
  id,
  name,
  parent_id,
  type,
  CAST(NULL AS BIGINT) AS dimension_arg_set_id,
  arg_set_id AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  unit,
  CAST(NULL AS TEXT) AS description
FROM __track
WHERE type = 'process_counter'
