-- Call stacks as trees of frames. Sampled stacks are in `stack_profile_callsite`, where a source has them.

-- The frame of every call site.
CREATE PERFETTO VIEW _callstack_spc_forest(
  -- Call site.
  id JOINID(stack_profile_callsite.id),
  -- Call site that called it.
  parent_id JOINID(stack_profile_callsite.id),
  -- Name of the function.
  name STRING,
  -- Name of the library or program.
  mapping_name STRING,
  -- Frame.
  frame_id JOINID(stack_profile_frame.id)
) AS
SELECT c.id, c.parent_id, ifnull(f.deobfuscated_name, f.name) AS name, m.name AS mapping_name, c.frame_id
FROM stack_profile_callsite c
JOIN stack_profile_frame f ON f.id = c.frame_id
LEFT JOIN stack_profile_mapping m ON m.id = f.mapping;

-- The frames of samples and of all that called them, with how many samples end in each: `id`, `parent_id`, `name`,
-- `mapping_name`, `self_count`.
CREATE PERFETTO MACRO _callstacks_for_callsites(
  -- Samples: `callsite_id`.
  samples TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT f.id, f.parent_id, f.name, f.mapping_name, ifnull(n.self_count, 0) AS self_count
 FROM __graph_reachable(
   (SELECT id AS source_node_id, parent_id AS dest_node_id FROM stack_profile_callsite),
   (SELECT callsite_id AS node_id FROM $samples),
   'dfs') r
 JOIN _callstack_spc_forest f ON f.id = r.node_id
 LEFT JOIN (SELECT callsite_id, count(*) AS self_count FROM $samples GROUP BY callsite_id) n ON n.callsite_id = f.id);
