-- Log lines of a device; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS utid,
  CAST(NULL AS BIGINT) AS prio,
  CAST(NULL AS TEXT) AS tag,
  CAST(NULL AS TEXT) AS msg
WHERE 1 = 0
