-- Tracks with slices and instants of a process as a whole.
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
  upid
FROM __track
WHERE type IN ('chrome_process_instant', 'legacy_async_process_slice')
