-- Which part of a snapshot of memory owns which; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS source_node_id,
  CAST(NULL AS BIGINT) AS target_node_id,
  CAST(NULL AS BIGINT) AS importance
WHERE 1 = 0
