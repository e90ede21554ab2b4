-- Recordings of hardware counters; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS cmdline
WHERE 1 = 0
