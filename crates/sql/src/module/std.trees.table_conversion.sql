-- Trees as tables.

-- A tree from rows (id, parent_id and columns), for _tree_to_table.
CREATE PERFETTO MACRO _tree_from_table(
  -- Rows of a tree: `id`, `parent_id` and the columns.
  source_table TableOrSubquery,
  -- Columns, in parentheses.
  columns _ColumnNameList
)
RETURNS Expr AS
(SELECT * FROM __tree_in_order((SELECT * FROM $source_table), __intrinsic_stringify!($columns)));

-- The rows of a tree, each behind the one above it.
CREATE PERFETTO MACRO _tree_to_table(
  -- What `_tree_from_table!` gives.
  tree Expr,
  -- Columns, in parentheses.
  columns _ColumnNameList
)
RETURNS TableOrSubquery AS
(SELECT * FROM __tree_in_order((SELECT * FROM $tree), __intrinsic_stringify!($columns)));
