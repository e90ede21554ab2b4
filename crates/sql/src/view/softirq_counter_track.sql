-- Counters of software interrupts; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS TEXT) AS type,
  CAST(NULL AS BIGINT) AS parent_id,
  CAST(NULL AS BIGINT) AS source_arg_set_id,
  CAST(NULL AS BIGINT) AS machine_id,
  CAST(NULL AS TEXT) AS unit,
  CAST(NULL AS TEXT) AS description,
  CAST(NULL AS BIGINT) AS softirq
WHERE 1 = 0
