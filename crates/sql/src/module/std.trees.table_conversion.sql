-- Trees as tables.

-- A tree from rows (id, parent_id and columns), for _tree_to_table.
CREATE PERFETTO MACRO _tree_from_table(source_table TableOrSubquery, columns _ColumnNameList)
RETURNS Expr AS
(SELECT * FROM __tree_in_order((SELECT * FROM $source_table), __intrinsic_stringify!($columns)));

-- The rows of a tree, each behind the one above it.
CREATE PERFETTO MACRO _tree_to_table(tree Expr, columns _ColumnNameList)
RETURNS TableOrSubquery AS
(SELECT * FROM __tree_in_order((SELECT * FROM $tree), __intrinsic_stringify!($columns)));
