-- Slices by the names of all slices around them.

-- Slices with a number for the categories and names of a slice and all that contain it. 0 is nothing.
CREATE PERFETTO VIEW slice_with_stack_id(
  id ID(slice.id),
  ts TIMESTAMP,
  dur DURATION,
  track_id JOINID(track.id),
  category STRING,
  name STRING,
  depth LONG,
  parent_id JOINID(slice.id),
  arg_set_id ARGSETID,
  thread_ts TIMESTAMP,
  thread_dur DURATION,
  -- Number of the stack that ends with this slice.
  stack_id LONG,
  -- Number of the stack around it; 0 at the top.
  parent_stack_id LONG
) AS
SELECT
  s.id, s.ts, s.dur, s.track_id, s.category, s.name, s.depth, s.parent_id, s.arg_set_id, s.thread_ts, s.thread_dur,
  k.stack_id, k.parent_stack_id
FROM slice s
JOIN __tree_stacks((SELECT id, parent_id, category, name FROM slice), '(category, name)') k ON k.id = s.id;

-- What contains the slices of one stack.
CREATE PERFETTO FUNCTION ancestor_slice_by_stack(
  -- Number of a stack, `stack_id` of `slice_with_stack_id`.
  stack_hash LONG
)
RETURNS TABLE(id LONG, ts LONG, dur LONG, track_id LONG, category STRING, name STRING, depth LONG, parent_id LONG, arg_set_id LONG) AS
SELECT s.*
FROM slice s
JOIN __graph_reachable(
  (SELECT id AS source_node_id, parent_id AS dest_node_id FROM slice),
  (SELECT parent_id AS node_id FROM slice_with_stack_id WHERE stack_id = $stack_hash),
  'dfs') n ON n.node_id = s.id;

-- What the slices of one stack contain.
CREATE PERFETTO FUNCTION descendant_slice_by_stack(
  -- Number of a stack, `stack_id` of `slice_with_stack_id`.
  stack_hash LONG
)
RETURNS TABLE(id LONG, ts LONG, dur LONG, track_id LONG, category STRING, name STRING, depth LONG, parent_id LONG, arg_set_id LONG) AS
SELECT s.*
FROM slice s
JOIN __graph_reachable(
  (SELECT parent_id AS source_node_id, id AS dest_node_id FROM slice),
  (SELECT c.id AS node_id FROM slice c JOIN slice_with_stack_id p ON p.id = c.parent_id WHERE p.stack_id = $stack_hash),
  'dfs') n ON n.node_id = s.id;
