-- Queries that run along the edges of graphs.

-- Values of nodes (id, columns) carried along edges (source_node_id, dest_node_id). The query gets in $table what has
-- arrived (id, columns) and gives the same columns.
CREATE PERFETTO MACRO _graph_scan(
  -- Edges: `source_node_id` and `dest_node_id`.
  graph_table TableOrSubquery,
  -- Nodes to begin with: `id` and the columns.
  init_table TableOrSubquery,
  -- Columns that nodes hand on, in parentheses.
  scan_columns _ColumnNameList,
  -- Query that makes the next rows from `$table`: `id` and the columns of what was reached.
  step_query TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_scan(
  (SELECT * FROM $graph_table),
  (SELECT * FROM $init_table),
  __intrinsic_stringify!($scan_columns),
  __intrinsic_stringify!($step_query, table),
  'each'));

-- The same, where the query gets everything that arrives at a node at once.
CREATE PERFETTO MACRO _graph_aggregating_scan(
  -- Edges: `source_node_id` and `dest_node_id`.
  graph_table TableOrSubquery,
  -- Nodes to begin with: `id` and the columns.
  init_table TableOrSubquery,
  -- Columns that nodes hand on, in parentheses.
  agg_columns _ColumnNameList,
  -- Query that makes one row for each node from `$table`: `id` and the columns of all that came in.
  agg_query TableOrSubquery
)
RETURNS TableOrSubquery AS
(SELECT * FROM __graph_scan(
  (SELECT * FROM $graph_table),
  (SELECT * FROM $init_table),
  __intrinsic_stringify!($agg_columns),
  __intrinsic_stringify!($agg_query, table),
  'aggregated'));
