-- Ancestors and descendants in trees.

-- The rows of a tree (id, parent_id) from some of them (id) up to the root.
CREATE PERFETTO MACRO _tree_reachable_ancestors_or_self(
  -- Rows of a tree: `id` and `parent_id`, null at the top.
  tree_table TableOrSubquery,
  -- Rows to begin with: `id`.
  init_nodes TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT __t.id, __t.parent_id
 FROM __graph_reachable(
   (SELECT id AS source_node_id, parent_id AS dest_node_id FROM $tree_table),
   (SELECT id AS node_id FROM $init_nodes),
   'dfs') __n
 JOIN (SELECT * FROM $tree_table) __t ON __t.id = __n.node_id);

-- The rows of a tree from some of them down to the leaves.
CREATE PERFETTO MACRO _tree_reachable_descendants_or_self(
  -- Rows of a tree: `id` and `parent_id`, null at the top.
  tree_table TableOrSubquery,
  -- Rows to begin with: `id`.
  init_nodes TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT __t.id, __t.parent_id
 FROM __graph_reachable(
   (SELECT parent_id AS source_node_id, id AS dest_node_id FROM $tree_table),
   (SELECT id AS node_id FROM $init_nodes),
   'dfs') __n
 JOIN (SELECT * FROM $tree_table) __t ON __t.id = __n.node_id);
