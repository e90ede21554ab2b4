-- Parts of snapshots of memory; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS process_snapshot_id,
  CAST(NULL AS BIGINT) AS parent_node_id,
  CAST(NULL AS TEXT) AS path,
  CAST(NULL AS BIGINT) AS size,
  CAST(NULL AS BIGINT) AS effective_size,
  CAST(NULL AS BIGINT) AS arg_set_id
WHERE 1 = 0
