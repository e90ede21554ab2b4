-- Frequencies that a CPU can have; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS cpu,
  CAST(NULL AS BIGINT) AS freq,
  CAST(NULL AS BIGINT) AS ucpu
WHERE 1 = 0
