-- Events of the kernel as it wrote them; always empty: no source has them.
SELECT
  CAST(NULL AS BIGINT) AS id,
  CAST(NULL AS BIGINT) AS ts,
  CAST(NULL AS TEXT) AS name,
  CAST(NULL AS BIGINT) AS cpu,
  CAST(NULL AS BIGINT) AS utid,
  CAST(NULL AS BIGINT) AS arg_set_id,
  CAST(NULL AS BIGINT) AS common_flags,
  CAST(NULL AS BIGINT) AS ucpu
WHERE 1 = 0
