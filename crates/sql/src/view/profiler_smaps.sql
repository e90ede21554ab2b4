-- Mapped memory of processes; always empty: no source has it.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS upid,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS TEXT) AS path,
  CAST(NULL AS BIGINT) AS size_kb,
  CAST(NULL AS BIGINT) AS private_dirty_kb,
  CAST(NULL AS BIGINT) AS swap_kb
WHERE 1 = 0
