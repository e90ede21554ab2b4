-- Tracks of CPUs; always empty: no source has slices of CPUs.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS type,
  CAST(NULL AS BIGINT) AS parent_id,
  CAST(NULL AS BIGINT) AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  CAST(NULL AS BIGINT) AS cpu
WHERE 1 = 0
