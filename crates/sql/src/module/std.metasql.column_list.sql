-- Macros over lists of columns.

-- A column as it is.
CREATE PERFETTO MACRO _metasql_column(
  -- A column.
  c ColumnName
) RETURNS _SqlFragment AS $c;

-- A macro for each column of a list, with commas between.
CREATE PERFETTO MACRO _metasql_map_join_column_list(
  -- Columns, in parentheses.
  columns ColumnNameList,
  -- Macro of one argument.
  map_macro _Macro
) RETURNS _SqlFragment AS
__intrinsic_token_apply!($map_macro, $columns);

-- The columns of a list without its parentheses.
CREATE PERFETTO MACRO _metasql_unparenthesize_column_list(
  -- Columns, in parentheses.
  columns ColumnNameList
) RETURNS _SqlFragment AS
__intrinsic_token_apply!(_metasql_column, $columns);
