-- Open files of processes; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ufd,
  CAST(NULL AS BIGINT) AS fd,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS BIGINT) AS upid,
  CAST(NULL AS TEXT) AS path
WHERE 1 = 0
