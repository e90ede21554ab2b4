-- Places in call trees of sampled stacks, outermost first; empty unless the source samples stacks.
SELECT
  id,
  depth,
  parent_id,
  frame_id
FROM __stack_profile_callsite
