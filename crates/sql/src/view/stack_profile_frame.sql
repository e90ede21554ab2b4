-- Frames of sampled stacks; empty unless the source samples stacks.
--
-- symbol_set_id: Always null: names are in `name`.
-- deobfuscated_name: Always null: names are in `name`.
SELECT
  id,
  name,
  mapping,
  rel_pc,
  CAST(NULL AS BIGINT) AS symbol_set_id,
  CAST(NULL AS TEXT) AS deobfuscated_name
FROM __stack_profile_frame
