-- Tracks with the slices of a thread or GPU stream, overflow lanes among them.
--
-- source_arg_set_id: Arguments.
-- machine_id: Always null: sources do not name machines.
SELECT
  id,
  name,
  type,
  parent_id,
  arg_set_id AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  utid
FROM __track
WHERE type IN ('thread_execution', 'thread_overlapping_slice')
