-- Macros over lists of columns.

CREATE PERFETTO MACRO _metasql_column(c ColumnName) RETURNS _SqlFragment AS $c;

-- A macro for each column of a list, with commas between.
CREATE PERFETTO MACRO _metasql_map_join_column_list(columns ColumnNameList, map_macro _Macro) RETURNS _SqlFragment AS
__intrinsic_token_apply!($map_macro, $columns);

-- The columns of a list without its parentheses.
CREATE PERFETTO MACRO _metasql_unparenthesize_column_list(columns ColumnNameList) RETURNS _SqlFragment AS
__intrinsic_token_apply!(_metasql_column, $columns);
