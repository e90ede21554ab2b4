-- Trees cut into trees of one group each.

-- A tree (id, parent_id, group_key) as one forest for each group: the parent is the nearest row above of the same group.
CREATE PERFETTO MACRO tree_structural_partition_by_group(
  -- Rows of a tree: `id`, `parent_id` and `group_key`.
  tree_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __tree_partition_by_group((SELECT * FROM $tree_table)));
