-- Examples of the warnings, with their place in the input.
--
-- trace_id: The same as `source_id`.
-- ts: Always null: warnings have a place in the file, not a time.
-- arg_set_id: Always null: see `detail`.
SELECT
  id,
  source_id AS trace_id,
  CAST(NULL AS BIGINT) AS ts,
  byte_offset,
  severity,
  name,
  CAST(NULL AS BIGINT) AS arg_set_id,
  detail,
  source_id
FROM import_log
