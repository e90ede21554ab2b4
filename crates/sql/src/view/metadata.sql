-- What the files say of themselves: versions, properties, user metadata.
--
-- name: Top-level key of a JSON trace; `json_metadata.<field>` for the fields below `metadata`.
-- key_type: Always `single`.
-- int_value: Value, when it is a whole number.
-- str_value: Value, when it is anything else; objects and arrays as JSON text.
-- machine_id: Always null: sources do not name machines.
-- trace_id: The same as `source_id`.
-- source_id: Input it was read from.
SELECT
  id,
  name,
  'single' AS key_type,
  int_value,
  str_value,
  CAST(NULL AS BIGINT) AS machine_id,
  source_id AS trace_id,
  source_id
FROM __metadata
