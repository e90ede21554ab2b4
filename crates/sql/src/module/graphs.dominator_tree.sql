-- Dominators in directed graphs.

-- For each node that the root reaches, the last other node that all ways to it lead through.
CREATE PERFETTO MACRO graph_dominator_tree(
  -- Edges: `source_node_id` and `dest_node_id`.
  graph_table TableOrSubquery,
  -- Node from which all others are reached.
  root_node_id Expr
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_dominator_tree((SELECT * FROM $graph_table), (SELECT $root_node_id AS root_node_id)));
