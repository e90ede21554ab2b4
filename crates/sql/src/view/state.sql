-- States of things over time; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS dur,
  CAST(NULL AS BIGINT) AS track_id,
  CAST(NULL AS TEXT) AS category,
  CAST(NULL AS TEXT) AS value
WHERE 1 = 0
