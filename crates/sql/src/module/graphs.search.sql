-- Walks over directed graphs.

-- What can be reached along edges (source_node_id, dest_node_id) from nodes (node_id), deep first.
CREATE PERFETTO MACRO graph_reachable_dfs(
  -- Edges: `source_node_id` and `dest_node_id`.
  graph_table TableOrSubquery,
  -- Nodes to begin with: `node_id`.
  start_nodes TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_reachable((SELECT * FROM $graph_table), (SELECT * FROM $start_nodes), 'dfs'));

-- The same, all neighbours first.
CREATE PERFETTO MACRO graph_reachable_bfs(
  -- Edges: `source_node_id` and `dest_node_id`.
  graph_table TableOrSubquery,
  -- Nodes to begin with: `node_id`.
  start_nodes TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_reachable((SELECT * FROM $graph_table), (SELECT * FROM $start_nodes), 'bfs'));

-- The node after each node (node_id, node_parent_id, sort_key) below the same one.
CREATE PERFETTO MACRO graph_next_sibling(
  -- Nodes: `node_id`, `node_parent_id` and `sort_key`, by which children of one parent are in order.
  graph_table TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT node_id, lead(node_id) OVER (PARTITION BY node_parent_id ORDER BY sort_key) AS next_node_id FROM $graph_table);

-- What can be reached from roots (root_node_id, root_target_weight) along edges whose edge_weight adds up to the target.
CREATE PERFETTO MACRO graph_reachable_weight_bounded_dfs(
  -- Edges: `source_node_id`, `dest_node_id` and `edge_weight`.
  graph_table TableOrSubquery,
  -- Nodes to begin with: `root_node_id` and `root_target_weight`.
  root_nodes TableOrSubquery,
  -- 1 to also give the first node of each way that is past the target, 0 to stop before it.
  is_target_weight_floor Expr
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_reachable_weight_bounded(
  (SELECT * FROM $graph_table),
  (SELECT * FROM $root_nodes),
  (SELECT $is_target_weight_floor AS is_floor)));
