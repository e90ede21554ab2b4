-- Slices that follow others along flows.

-- What comes after slices (id): their descendants, what flows from those lead to, and so on.
CREATE PERFETTO MACRO _slice_following_flow(
  -- Slices to begin with: `id`.
  slice_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_reachable(
  (SELECT slice_out AS source_node_id, slice_in AS dest_node_id FROM flow
   UNION ALL
   SELECT parent_id AS source_node_id, id AS dest_node_id FROM slice WHERE parent_id IS NOT NULL),
  (SELECT id AS node_id FROM $slice_table),
  'dfs'));
