-- CPUs; always empty: no source describes them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ucpu,
  CAST(NULL AS BIGINT) AS cpu,
  CAST(NULL AS BIGINT) AS cluster_id,
  CAST(NULL AS TEXT) AS processor,
  CAST(NULL AS BIGINT) AS machine_id,
  CAST(NULL AS BIGINT) AS capacity,
  CAST(NULL AS BIGINT) AS arg_set_id
WHERE 1 = 0
