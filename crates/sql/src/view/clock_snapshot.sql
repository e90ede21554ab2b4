-- Readings of several clocks at one moment; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS clock_id,
  CAST(NULL AS TEXT) AS clock_name,
  CAST(NULL AS BIGINT) AS clock_value,
  CAST(NULL AS BIGINT) AS snapshot_id,
  CAST(NULL AS BIGINT) AS machine_id
WHERE 1 = 0
