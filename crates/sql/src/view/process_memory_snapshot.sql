-- Snapshots of the memory of processes; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS snapshot_id,
  CAST(NULL AS BIGINT) AS upid
WHERE 1 = 0
