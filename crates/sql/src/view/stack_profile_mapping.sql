-- Object files of sampled stacks; empty unless the source samples stacks.
--
-- build_id: Always null: sources do not say.
-- exact_offset: Always null: sources do not say.
-- start_offset: Always null: sources do not say.
-- start: Always null: sources do not say.
-- end: Always null: sources do not say.
-- load_bias: Always null: sources do not say.
SELECT
  id,
  CAST(NULL AS TEXT) AS build_id,
  CAST(NULL AS BIGINT) AS exact_offset,
  CAST(NULL AS BIGINT) AS start_offset,
  CAST(NULL AS BIGINT) AS start,
  CAST(NULL AS BIGINT) AS "end",
  CAST(NULL AS BIGINT) AS load_bias,
  name
FROM __stack_profile_mapping
