-- Groups of GPU counters; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS group_id,
  CAST(NULL AS BIGINT) AS track_id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS description
WHERE 1 = 0
