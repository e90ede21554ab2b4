-- Queries that ran before; always empty: a session keeps none.
SELECT
  CAST(NULL AS TEXT) AS query,
  CAST(NULL AS BIGINT) AS started,
  CAST(NULL AS BIGINT) AS first_next,
  CAST(NULL AS BIGINT) AS ended
WHERE 1 = 0
