//! The planner: from a parsed statement to DataFusion's logical plan, and from its errors to ours.

use std::fmt;
use std::sync::{Arc, Weak};

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{
    Column, DataFusionError, Diagnostic, Result, SchemaError, Span, TableReference, internal_err, plan_err,
};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, TypePlanner};
use datafusion::logical_expr::{
    AggregateUDF, CreateMemoryTable, DdlStatement, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF,
};
use datafusion::sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{Query, Statement, TableWithJoins};
use datafusion::sql::sqlparser::tokenizer::Location;

use crate::catalog::{Catalog, Named};
use crate::definition::{Definitions, Known};
use crate::dialect::affinity::Affinity;
use crate::dialect::bare_column;
use crate::dialect::operator::Operators;
use crate::dialect::rewrite::Unresolved;
use crate::dialect::script::{ParsedStatement, Script, ScriptStatement};
use crate::dialect::token_macro::Origins;
use crate::error::{Place, SqlError, nearest_names};
use crate::function::user_defined::UserDefined;
use crate::function::whole::Overflow;
use crate::function::{Functions, settle_types};
use crate::join_key;
use crate::json_table;
use crate::kernel;
use crate::kernel::graph_scan::STEP_TABLE;
use crate::row_order;
use crate::session::Engine;
use crate::set_type;
use crate::sqlite_schema;
use crate::sub_query;
use crate::table_argument;
use crate::table_info;
use crate::table_provider::ID;
use crate::union_column;
use crate::view::ShippedView;

/// What SQLite calls the number of a row.
const ROW_IDS: [&str; 3] = ["rowid", "oid", "_rowid_"];

/// The schema that SQLite's users may write before a table's name.
const MAIN_SCHEMA: &str = "main";

/// Plans statements of one session.
pub(crate) struct Planner<'a> {
    pub(crate) state: &'a SessionState,
    pub(crate) catalog: &'a Catalog,
    pub(crate) functions: &'a Functions,
    pub(crate) operators: &'a Operators,
    /// The operators, then the engine's own.
    pub(crate) expr_planners: &'a [Arc<dyn ExprPlanner>],
    pub(crate) definitions: &'a Definitions,
    pub(crate) engine: &'a Weak<Engine>,
    /// What `$table` means in the query of a graph scan.
    pub(crate) step_table: Option<Arc<dyn TableProvider>>,
}

/// The error that [`ContextProvider::get_table_source`] gives; the planner adds the place.
#[derive(Debug)]
struct NoSuchTable(String);

impl fmt::Display for NoSuchTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such table: `{}`", self.0)
    }
}

impl std::error::Error for NoSuchTable {}

impl Planner<'_> {
    /// Plans one statement of `script`.
    pub(crate) fn plan(&self, script: &str, statement: &mut ParsedStatement) -> Result<LogicalPlan, SqlError> {
        let mut has_read_bare_columns = false;
        let mut has_settled_sets = false;
        loop {
            let planned = self.try_plan(statement);
            let is_unlike = planned.as_ref().map_or(true, set_type::has_unlike_columns);
            if is_unlike && !std::mem::replace(&mut has_settled_sets, planned.is_ok()) {
                let schema_of = |query: Query| self.schema_of(query);
                if set_type::settle(&mut statement.ast, &schema_of) {
                    has_settled_sets = true;
                    continue;
                }
            }
            let error = match planned.and_then(settle_order) {
                Ok(plan) => return Ok(plan),
                Err(error) => error,
            };
            if !has_read_bare_columns && is_about_bare_column(&error) {
                has_read_bare_columns = true;
                let is_aggregate = |name: &str| self.functions.aggregate(name).is_some();
                let columns_of = |from: &[TableWithJoins]| self.columns_of(from);
                if bare_column::read_as_values(&mut statement.ast, &is_aggregate, &columns_of) {
                    continue;
                }
            }
            // Each turn reads at least one more name as something else, so this ends.
            let unresolved = unresolved_columns(&error);
            if statement.read_row_ids(&row_ids(&error)) {
                continue;
            }
            if !statement.read_as_result_columns(&unresolved) && !statement.read_as_texts(&unresolved) {
                return Err(self.explain(error, script, &statement.origins));
            }
        }
    }

    fn try_plan(&self, statement: &ParsedStatement) -> Result<LogicalPlan> {
        let plan = SqlToRel::new_with_options(self, parser_options()).sql_statement_to_plan(statement.ast.clone())?;
        let plan = table_argument::settle(plan, self.engine)?;
        let plan = json_table::settle(self.operators.settle_lists(plan)?)?;
        let plan = settle_types(union_column::settle(sub_query::settle(plan)?)?, self.functions)?;
        join_key::settle(plan, self.functions)
    }

    /// The columns of a query; `None` when it cannot be planned by itself.
    fn schema_of(&self, query: Query) -> Option<SchemaRef> {
        let statement = Statement::Query(Box::new(query));
        let plan = SqlToRel::new_with_options(self, parser_options()).sql_statement_to_plan(statement).ok()?;
        Some(Arc::new(plan.schema().as_arrow().clone()))
    }

    /// The columns of what a `FROM` brings together, each with its table.
    fn columns_of(&self, from: &[TableWithJoins]) -> Option<Vec<(Option<String>, String)>> {
        let statement = Statement::Query(Box::new(bare_column::everything_from(from)));
        let plan = SqlToRel::new_with_options(self, parser_options()).sql_statement_to_plan(statement).ok()?;
        let columns = plan.schema().iter().map(|(table, field)| {
            let table = table.map(|table| table.table().to_owned());
            (table, field.name().clone())
        });
        Some(columns.collect())
    }

    /// The provider of a shipped view, planned now.
    pub(crate) fn plan_view(&self, view: &ShippedView) -> Result<Arc<dyn TableProvider>> {
        let mut script = Script::new(view.text);
        let Some(Ok(ScriptStatement::Sql(statement))) = script.next_statement(&Known::default()) else {
            return internal_err!("the view `{}` is no statement", view.name);
        };
        let plan = self.try_plan(&statement).map_err(|error| error.context(format!("view {}", view.name)))?;
        let provider = Arc::new(ViewTable::new(plan, Some(view.text.to_owned())));
        Ok(self.catalog.keep_planned(view.name, provider))
    }

    /// The plan of `query`, in which `$table` means `table`.
    pub(crate) fn plan_over(&self, query: &str, table: Arc<dyn TableProvider>) -> Result<LogicalPlan> {
        let definitions = self.definitions;
        let planner = Planner { step_table: Some(table), ..*self };
        let mut script = Script::new(query);
        script.name_placeholder("$table", STEP_TABLE);
        // Planning reads the definitions too, so they are not held meanwhile.
        let statement = script.next_statement(&definitions.read());
        let plan = match statement {
            Some(Ok(ScriptStatement::Sql(mut statement))) => planner.plan(query, &mut statement),
            Some(Err(error)) => Err(error),
            _ => return plan_err!("expected a query over `$table`, found `{query}`"),
        };
        plan.map_err(|error| DataFusionError::Plan(format!("in the query over `$table`: {error}")))
    }

    /// The provider that `name` means.
    pub(crate) fn provider(&self, name: &str) -> Option<Result<Arc<dyn TableProvider>>> {
        if let (STEP_TABLE, Some(table)) = (name, &self.step_table) {
            return Some(Ok(Arc::clone(table)));
        }
        if let Some((described, has_hidden)) = sqlite_schema::described_by(name) {
            return Some(match self.provider(described).transpose() {
                Ok(provider) => {
                    let schema = provider.map(|provider| provider.schema());
                    sqlite_schema::columns_of(schema.as_deref(), has_hidden)
                }
                Err(error) => Err(error),
            });
        }
        if sqlite_schema::is_schema_table(name) {
            return Some(sqlite_schema::tables_of(self.catalog));
        }
        Some(match self.catalog.find(name)? {
            Named::Table(provider) => Ok(provider),
            Named::Unplanned(view) => self.plan_view(view),
        })
    }

    /// The engine's error about a statement as ours.
    pub(crate) fn explain(&self, error: DataFusionError, script: &str, origins: &Origins) -> SqlError {
        let (root, diagnostic) = root_of(&error);
        let span = diagnostic.and_then(|diagnostic| diagnostic.span);
        let place = span.and_then(|span| place_of(script, in_script(span, origins)));
        match root {
            DataFusionError::External(external) if external.is::<NoSuchTable>() => {
                let name = external.downcast_ref::<NoSuchTable>().map(|error| error.0.clone()).unwrap_or_default();
                let name = name.strip_prefix(table_info::PREFIX).map(str::to_owned).unwrap_or(name);
                let names = self.catalog.names();
                SqlError::UnknownTable { nearest: nearest_names(&name, names.iter().map(String::as_str)), name, place }
            }
            DataFusionError::SchemaError(schema_error, _) => explain_schema_error(schema_error, place),
            DataFusionError::Plan(message) => match invalid_function(message) {
                Some(name) => {
                    let mut names = self.functions.scalar_names();
                    names.extend(self.functions.aggregate_names());
                    names.extend(self.functions.window_names());
                    names.extend(self.definitions.value_function_names());
                    let nearest = nearest_names(name, names.iter().map(String::as_str));
                    SqlError::UnknownFunction { name: name.to_owned(), nearest, place }
                }
                None => SqlError::Invalid { message: tidy_message(message), place },
            },
            DataFusionError::Internal(message) => SqlError::Internal { message: message.clone() },
            other => SqlError::Invalid { message: tidy_message(&other.message()), place },
        }
    }
}

/// Whether a column stands beside aggregates and is not grouped by.
fn is_about_bare_column(error: &DataFusionError) -> bool {
    const SIGNS: [&str; 2] = [
        "must be in GROUP BY or an aggregate function",
        "must appear in the GROUP BY clause or be used in an aggregate",
    ];
    match root_of(error).0 {
        DataFusionError::Plan(message) => SIGNS.iter().any(|sign| message.contains(sign)),
        DataFusionError::Collection(errors) => errors.iter().any(is_about_bare_column),
        _ => false,
    }
}

/// Settles the order of what a statement gives; a view has none of its own.
fn settle_order(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)) => {
            let input = Arc::new(row_order::settle(Arc::unwrap_or_clone(table.input))?);
            Ok(LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(CreateMemoryTable { input, ..table })))
        }
        LogicalPlan::Ddl(_) => Ok(plan),
        plan => row_order::settle(plan),
    }
}

/// How statements are read.
fn parser_options() -> ParserOptions {
    ParserOptions::new()
        .with_collect_spans(true)
        // The text type of results is one, whether it comes from a column, a cast or a literal.
        .with_map_string_types_to_utf8view(false)
        // SQLite sorts what is null before everything else.
        .with_default_null_ordering(NullOrdering::NullsMin)
}

/// The error below all wrapping, and the innermost diagnostic on the way.
fn root_of(error: &DataFusionError) -> (&DataFusionError, Option<&Diagnostic>) {
    let (mut root, mut found) = (error, None);
    loop {
        root = match root {
            DataFusionError::Context(_, inner) => inner,
            DataFusionError::Diagnostic(diagnostic, inner) => {
                found = Some(diagnostic.as_ref());
                inner
            }
            DataFusionError::Shared(inner) => inner,
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => first,
                None => return (root, found),
            },
            _ => return (root, found),
        };
    }
}

/// The columns that were not found, in all errors of a collection.
fn unresolved_columns(error: &DataFusionError) -> Vec<Unresolved> {
    if let DataFusionError::Collection(errors) = error {
        return errors.iter().flat_map(unresolved_columns).collect();
    }
    let (root, diagnostic) = root_of(error);
    match root {
        DataFusionError::Collection(_) => unresolved_columns(root),
        DataFusionError::SchemaError(schema_error, _) => match schema_error.as_ref() {
            SchemaError::FieldNotFound { field, .. } if field.relation.is_none() => {
                let span = diagnostic.and_then(|diagnostic| diagnostic.span).or_else(|| field.spans.first());
                let location = span.map(|span| Location { line: span.start.line, column: span.start.column });
                vec![Unresolved { name: field.name.clone(), location }]
            }
            _ => vec![],
        },
        _ => vec![],
    }
}

/// SQLite's names of a row's number that were not found where there is an `id`.
fn row_ids(error: &DataFusionError) -> Vec<String> {
    if let DataFusionError::Collection(errors) = error {
        return errors.iter().flat_map(row_ids).collect();
    }
    match root_of(error).0 {
        root @ DataFusionError::Collection(_) => row_ids(root),
        DataFusionError::SchemaError(schema_error, _) => match schema_error.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let has_id = valid_fields.iter().any(|column| column.name == ID);
                let is_row_id = ROW_IDS.contains(&field.name.as_str());
                if is_row_id && has_id { vec![field.name.clone()] } else { vec![] }
            }
            _ => vec![],
        },
        _ => vec![],
    }
}

fn explain_schema_error(error: &SchemaError, place: Option<Place>) -> SqlError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            // With a table before it, only that table's columns are meant.
            let is_meant = |column: &&Column| field.relation.is_none() || column.relation == field.relation;
            let candidates = valid_fields.iter().filter(is_meant).map(|column| column.name.as_str());
            SqlError::UnknownColumn { name: typed_name(field), nearest: nearest_names(&field.name, candidates), place }
        }
        SchemaError::AmbiguousReference { field } => SqlError::Invalid {
            message: format!("`{}` could be a column of more than one table", typed_name(field)),
            place,
        },
        other => SqlError::Invalid { message: other.to_string(), place },
    }
}

fn typed_name(column: &Column) -> String {
    match &column.relation {
        Some(relation) => format!("{relation}.{}", column.name),
        None => column.name.clone(),
    }
}

/// The name in the engine's message about a function that does not exist.
fn invalid_function(message: &str) -> Option<&str> {
    message.strip_prefix("Invalid function '")?.split('\'').next()
}

/// The engine's message on one line, with a small letter, and without what speaks to the engine's own authors.
fn tidy_message(message: &str) -> String {
    const PREFIXES: [&str; 4] = ["Internal error: ", "Error during planning: ", "Execution error: ", "Arrow error: "];
    const ENDS: [&str; 3] = ["\n\nbacktrace:", ", errors: ", "\nThis issue was likely caused by a bug"];
    /// What a function says of its arguments stands in the middle of what the engine says of functions.
    const OF_FUNCTION: &str = "user-defined coercion failed with: ";
    // The rest of this one is the engine's own picture of the statement.
    if message.starts_with("Physical plan does not support logical expression ") {
        return "a query inside an expression is not possible in this place: join with the query".to_owned();
    }
    // `percentile` is the engine's `percentile_cont` of another scale.
    if message.to_lowercase().contains("percentile value ") {
        return "`percentile` takes a constant from 0 to 100, and `percentile_cont` one from 0 to 1".to_owned();
    }
    let mut message = message;
    if let Some((_, rest)) = message.split_once(OF_FUNCTION) {
        message = rest.split(" No function matches").next().unwrap_or(rest);
    }
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| message.strip_prefix(prefix)) {
        message = rest;
    }
    for end in ENDS {
        message = message.split(end).next().unwrap_or(message);
    }
    let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = one_line.chars();
    match chars.next() {
        // Not for `NULL`, `GROUP BY` and the like.
        Some(first) if !chars.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect::<String>().trim_end_matches('.').to_owned()
        }
        _ => one_line,
    }
}

/// A place in the script: the macro's call, for what a macro has put in.
fn in_script(span: Span, origins: &Origins) -> Span {
    let start = Location { line: span.start.line, column: span.start.column };
    match origins.call_of(start).and_then(|(_, call)| Span::try_from_sqlparser_span(call)) {
        Some(call) => call,
        None => span,
    }
}

fn place_of(script: &str, span: Span) -> Option<Place> {
    let is_one_line = span.start.line == span.end.line;
    let len = if is_one_line { span.end.column.saturating_sub(span.start.column) } else { 1 };
    Place::in_script(script, span.start.line, span.start.column, len as usize)
}

/// The error of a running query as ours.
pub(crate) fn explain_execution(error: DataFusionError, memory_limit_bytes: Option<usize>) -> SqlError {
    let (root, _) = root_of(&error);
    match root {
        DataFusionError::ResourcesExhausted(detail) => SqlError::MemoryLimit {
            limit_bytes: memory_limit_bytes.unwrap_or(usize::MAX),
            detail: tidy_message(detail),
        },
        DataFusionError::Internal(message) => SqlError::Internal { message: message.clone() },
        DataFusionError::External(external) if external.is::<Overflow>() => SqlError::IntegerOverflow {
            operation: external.downcast_ref::<Overflow>().map(|error| error.operation.clone()).unwrap_or_default(),
        },
        DataFusionError::ArrowError(error, _) => SqlError::Execution { message: tidy_message(&error.to_string()) },
        other => SqlError::Execution { message: tidy_message(&other.message()) },
    }
}

/// The operation whose whole number did not fit, when that is the error.
pub(crate) fn overflown(error: &DataFusionError) -> Option<&str> {
    match root_of(error).0 {
        DataFusionError::External(external) => {
            external.downcast_ref::<Overflow>().map(|error| error.operation.as_str())
        }
        _ => None,
    }
}

/// The name of a table without the schema that SQLite's users may write; `None` for any other schema.
pub(crate) fn bare_name(name: &TableReference) -> Option<&str> {
    match name {
        TableReference::Bare { table } => Some(table),
        TableReference::Partial { schema, table } if schema.as_ref() == MAIN_SCHEMA => Some(table),
        _ => None,
    }
}

impl ContextProvider for Planner<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        let found = bare_name(&name).and_then(|name| self.provider(name));
        let provider = found.ok_or_else(|| DataFusionError::External(Box::new(NoSuchTable(name.to_string()))))?;
        Ok(provider_as_source(provider?))
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> Result<Arc<dyn TableSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(name, schema))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.expr_planners
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(Affinity))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        match self.definitions.value_function(name) {
            Some(function) => {
                Some(Arc::new(ScalarUDF::new_from_impl(UserDefined::new(function, Weak::clone(self.engine)))))
            }
            None => self.functions.scalar(name),
        }
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> Result<Arc<dyn TableSource>> {
        let no_such_table = || Err(DataFusionError::External(Box::new(NoSuchTable(name.to_owned()))));
        kernel::bind(name, &args, self).unwrap_or_else(no_such_table)
    }

    fn get_higher_order_meta(&self, _: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.functions.aggregate(name)
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.functions.window(name)
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.functions.scalar_names()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.functions.aggregate_names()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.functions.window_names()
    }
}

#[cfg(test)]
mod tests {
    use super::tidy_message;

    #[test]
    fn messages_of_the_engine_are_put_in_our_form() {
        for (message, expected) in [
            ("Cannot coerce\n  this.", "cannot coerce this"),
            ("NULL is no number", "NULL is no number"),
            (
                "Internal error: Error during planning: It fails.\nThis issue was likely caused by a bug in x",
                "it fails",
            ),
            ("Function 'sum' failed, errors: Error during planning: a, b", "function 'sum' failed"),
        ] {
            assert_eq!(tidy_message(message), expected);
        }
    }
}
