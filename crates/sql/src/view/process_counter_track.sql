-- Tracks with counter values of a process.
--
-- source_arg_set_id: Arguments.
-- machine_id: Always null: sources do not name machines.
-- description: Always null: no source describes its counters.
SELECT
  id,
  name,
  type,
  parent_id,
  arg_set_id AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  unit,
  CAST(NULL AS TEXT) AS description,
  upid
FROM __track
WHERE type = 'process_counter' AND upid IS NOT NULL
