-- Snapshots of memory; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS timestamp,
  CAST(NULL AS BIGINT) AS track_id,
  CAST(NULL AS TEXT) AS detail_level
WHERE 1 = 0
