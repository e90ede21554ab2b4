//! Sessions: SQL over one trace, for callers that block.
//!
//! The engine runs on a few threads of its own, and hands results over as they come; the caller's thread only waits, so
//! a cancelled or late query returns at once, whatever the engine is busy with. Starting a session costs next to
//! nothing and does not depend on the size of the trace.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{Field, Schema, SchemaRef};
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::cast::as_string_array;
use datafusion::common::{ScalarValue, TableReference};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryPool, MemoryReservation, UnboundedMemoryPool,
};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SessionState, SessionStateDefaults, TaskContext};
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{CreateMemoryTable, CreateView, DdlStatement, LogicalPlan, TableType};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::sqlparser::ast::{Expr, Statement, Value as SyntaxValue};
use futures::StreamExt;
use kinetoscope_model::Trace;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

use crate::catalog::{Catalog, NameConflict};
use crate::coded_sort::UseCodedSorts;
use crate::declared::DeclaredColumns;
use crate::definition::Definitions;
use crate::dialect::cuda_word;
use crate::dialect::operator::Operators;
use crate::dialect::perfetto::{FunctionText, PerfettoStatement, Returns, SpanJoinSide};
use crate::dialect::script::{ParsedStatement, Script, ScriptStatement, parse_body, parse_call};
use crate::dialect::token_macro::{Macro, Origins};
use crate::error::{Place, SqlError, nearest_names};
use crate::file_access::FileAccess;
use crate::first_rows::given_early;
use crate::function::Functions;
use crate::function::user_defined::is_type;
use crate::function::value::{Value, Values};
use crate::interval_join::UseIntervalJoins;
use crate::kernel::operator::KernelQueryPlanner;
use crate::module::{self, PRELUDE};
use crate::ordered_concat::{KeepOrder, in_order};
use crate::planner::{Planner, bare_name, explain_execution, overflown};
use crate::span_join;
use crate::sqlite_schema;
use crate::stopping::{Stop, stoppable};
use crate::sub_query;
use crate::table_provider::{BATCH_ROWS, UseRowJoins};
use crate::window_table::{SETTINGS, Window};

/// Stack of an engine thread. Expressions are walked by recursion, to the depth that the parser allows; unused pages of
/// a stack cost nothing.
const STACK_BYTES: usize = 64 << 20;

/// The smaller side of a join is held by one thread up to this size, and the larger side runs past it in the order of
/// its rows. Beyond it both sides are dealt out to threads by their keys, and the order is lost.
const MAX_COLLECTED_ROWS: usize = 4 << 20;

/// The same in bytes, where the engine knows those.
const MAX_COLLECTED_BYTES: usize = MAX_COLLECTED_ROWS * 64;

/// Results made ahead of the caller.
const EVENTS_AHEAD: usize = 4;

/// Limits of a session.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// Memory that running queries and created tables may hold together; no limit by default. The trace itself and the
    /// batch under way are not counted.
    pub memory_limit_bytes: Option<usize>,
    /// Folder where a query that reaches the limit may put what it sorts, groups or joins. Without one it fails.
    pub spill_folder: Option<PathBuf>,
    /// Threads of the engine; by default one for each processor.
    pub num_threads: Option<NonZeroUsize>,
    /// Time that one script may take; no limit by default.
    pub timeout: Option<Duration>,
    /// True to take queries by the letter, also where that is sure to find nothing and another meaning is plain.
    pub is_strict: bool,
    /// Files that queries may reach with `readfile` and `writefile`; none by default.
    pub files: Option<Arc<dyn FileAccess>>,
}

/// What a running script tells.
#[derive(Debug, Clone)]
pub enum ResultEvent {
    /// A statement is read in another way than by the letter, for a reason that this text gives.
    Note(String),
    /// A statement has a result, with these columns. Two of them may have the same name.
    Begin(SchemaRef),
    /// Some of its rows. A column that began as whole numbers may come as a mixed one, when a number does not fit.
    Batch(RecordBatch),
    /// It has no more rows.
    End,
}

/// Stops what it was given to; may be shared with other threads.
#[derive(Debug, Clone)]
pub struct CancelHandle {
    is_cancelled: Arc<watch::Sender<bool>>,
}

impl Default for CancelHandle {
    fn default() -> Self {
        Self { is_cancelled: Arc::new(watch::Sender::new(false)) }
    }
}

impl CancelHandle {
    /// Stops the scripts that run with this handle, and those that would start with it later.
    pub fn cancel(&self) {
        self.is_cancelled.send_replace(true);
    }

    async fn cancelled(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.is_cancelled.subscribe().wait_for(|is_cancelled| *is_cancelled).await;
    }
}

/// SQL over one trace.
pub struct Session {
    engine: Arc<Engine>,
    runtime: Option<Runtime>,
    timeout: Option<Duration>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A thread may be deep in a cancelled query; nobody waits for it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Session {
    /// A session over `trace`.
    pub fn new(trace: Arc<Trace>, options: SessionOptions) -> Result<Self, SqlError> {
        let available = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let num_threads = options.num_threads.unwrap_or(available).get();
        let runtime = Builder::new_multi_thread()
            .worker_threads(num_threads)
            .thread_name("sql")
            .thread_stack_size(STACK_BYTES)
            .build()
            .map_err(cannot_start)?;
        let engine = Engine::new(trace, &options, num_threads)?;
        Ok(Self { engine, runtime: Some(runtime), timeout: options.timeout })
    }

    /// Runs the statements of `script` one after the other and gives their results to `sink` as they come.
    ///
    /// When `sink` fails, the script stops with [`SqlError::Output`].
    ///
    /// # Panics
    /// When called from asynchronous code: this blocks.
    pub fn run(&self, script: &str, sink: &mut dyn FnMut(ResultEvent) -> io::Result<()>) -> Result<(), SqlError> {
        self.run_cancellable(script, &CancelHandle::default(), sink)
    }

    /// Runs `script` like [`Self::run`] until it ends or `cancel` stops it.
    pub fn run_cancellable(
        &self,
        script: &str,
        cancel: &CancelHandle,
        sink: &mut dyn FnMut(ResultEvent) -> io::Result<()>,
    ) -> Result<(), SqlError> {
        let Some(runtime) = &self.runtime else { return Err(SqlError::Cancelled) };
        let (sender, mut events) = mpsc::channel(EVENTS_AHEAD);
        let (engine, script) = (Arc::clone(&self.engine), script.to_owned());
        let stop = Stop::default();
        // However this ends, nobody waits for the script afterwards.
        let _stop = stop.when_dropped();
        let task = runtime.spawn(stop.scope(async move { engine.run(&script, &sender).await }));
        let abort_handle = task.abort_handle();
        let receive = async {
            while let Some(event) = events.recv().await {
                sink(event)?;
            }
            match task.await {
                Ok(result) => result,
                Err(error) => Err(SqlError::Internal { message: error.to_string() }),
            }
        };
        // Waiting has a clock of its own: that of the engine stands still while all of its threads are busy.
        let clock = Builder::new_current_thread().enable_time().build().map_err(cannot_start)?;
        let result = clock.block_on(async {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(SqlError::Cancelled),
                limit = past(self.timeout) => Err(SqlError::TimedOut { limit }),
                result = receive => result,
            }
        });
        abort_handle.abort();
        result
    }

    /// Runs `script` and gives every result with all its rows: for small ones.
    pub fn collect(&self, script: &str) -> Result<Vec<(SchemaRef, Vec<RecordBatch>)>, SqlError> {
        let mut results: Vec<(SchemaRef, Vec<RecordBatch>)> = Vec::new();
        self.run(script, &mut |event| {
            match event {
                ResultEvent::Begin(schema) => results.push((schema, Vec::new())),
                ResultEvent::Batch(batch) => {
                    if let Some((_, batches)) = results.last_mut() {
                        batches.push(batch);
                    }
                }
                ResultEvent::Note(_) | ResultEvent::End => {}
            }
            Ok(())
        })?;
        Ok(results)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The engine's rules on plans, with ours on row numbers where joins have been chosen and nothing counts on them yet.
fn optimizer_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let requirements = rules.iter().position(|rule| rule.name() == EnsureRequirements::new().name());
    rules.insert(requirements.unwrap_or(0), Arc::new(UseRowJoins));
    rules
}

fn cannot_start(error: io::Error) -> SqlError {
    SqlError::Internal { message: format!("cannot start threads: {error}") }
}

/// Whether any slice is of this category.
fn has_category(trace: &Trace, category: &str) -> bool {
    trace.strings.find(category).is_some_and(|id| {
        let categories = &trace.slices.category;
        (0..trace.slices.len()).any(|row| categories.get(row) == Some(id))
    })
}

/// Ends when `limit` has passed.
async fn past(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}

/// Operators, alone and before the engine's own.
#[derive(Clone)]
struct OperatorSet {
    operators: Arc<Operators>,
    expr_planners: Vec<Arc<dyn ExprPlanner>>,
}

impl OperatorSet {
    fn new(functions: &Arc<Functions>, as_mixed: BTreeSet<String>) -> Self {
        let operators = Arc::new(Operators::new(Arc::clone(functions), as_mixed));
        let mut expr_planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::clone(&operators) as Arc<dyn ExprPlanner>];
        expr_planners.extend(SessionStateDefaults::default_expr_planners());
        Self { operators, expr_planners }
    }
}

/// What the threads of a session share.
pub(crate) struct Engine {
    trace: Arc<Trace>,
    is_strict: bool,
    state: SessionState,
    catalog: Catalog,
    functions: Arc<Functions>,
    operators: OperatorSet,
    definitions: Definitions,
    /// For functions of scripts, which run queries of their own and are kept by what they are used in.
    itself: Weak<Self>,
    memory_limit_bytes: Option<usize>,
}

impl Engine {
    pub(crate) fn new(trace: Arc<Trace>, options: &SessionOptions, num_threads: usize) -> Result<Arc<Self>, SqlError> {
        let pool: Arc<dyn MemoryPool> = match (options.memory_limit_bytes, &options.spill_folder) {
            (None, _) => Arc::new(UnboundedMemoryPool::default()),
            (Some(limit), None) => Arc::new(GreedyMemoryPool::new(limit)),
            (Some(limit), Some(_)) => Arc::new(FairSpillPool::new(limit)),
        };
        let spill = match &options.spill_folder {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::Disabled,
        };
        let runtime_env = RuntimeEnvBuilder::new()
            .with_memory_pool(pool)
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(spill))
            .build_arc()
            .map_err(|error| explain_execution(error, options.memory_limit_bytes))?;
        let mut config = SessionConfig::new()
            .with_target_partitions(num_threads)
            .with_batch_size(BATCH_ROWS)
            .with_create_default_catalog_and_schema(false);
        let engine_options = config.options_mut();
        engine_options.sql_parser.collect_spans = true;
        // A sub-query's order is what `group_concat` over it goes by.
        engine_options.sql_parser.enable_subquery_sort_elimination = false;
        // Scans split themselves into ranges of rows, which keeps their order; dealing batches out does not.
        engine_options.optimizer.enable_round_robin_repartition = false;
        // Dealing rows out to several threads costs more than sorting them by numbers on one.
        engine_options.optimizer.repartition_windows = false;
        engine_options.optimizer.hash_join_single_partition_threshold_rows = MAX_COLLECTED_ROWS;
        engine_options.optimizer.hash_join_single_partition_threshold = MAX_COLLECTED_BYTES;
        let functions = Arc::new(Functions::new(&trace, options.files.as_ref()));
        let operators = OperatorSet::new(&functions, BTreeSet::new());
        // The catalog and the functions of a session are its own, so the engine's hundreds of each are left out. What
        // stays is the function that the optimiser itself asks for by name.
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime_env)
            .with_aggregate_functions(vec![first_value_udaf()])
            .with_physical_optimizer_rules(optimizer_rules())
            .with_physical_optimizer_rule(Arc::new(UseIntervalJoins))
            .with_physical_optimizer_rule(Arc::new(KeepOrder))
            .with_physical_optimizer_rule(Arc::new(UseCodedSorts))
            .with_query_planner(Arc::new(KernelQueryPlanner))
            .build();
        let engine = Arc::new_cyclic(|itself| Self {
            state,
            catalog: Catalog::new(&trace),
            trace,
            is_strict: options.is_strict,
            functions,
            operators,
            definitions: Definitions::default(),
            itself: Weak::clone(itself),
            memory_limit_bytes: options.memory_limit_bytes,
        });
        engine.define_prelude()?;
        Ok(engine)
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(crate) fn planner(&self) -> Planner<'_> {
        self.planner_with(&self.operators)
    }

    /// The operators of a statement, some of whose operations give mixed columns: mostly none do.
    fn operators_with(&self, as_mixed: &BTreeSet<String>) -> Cow<'_, OperatorSet> {
        match as_mixed.is_empty() {
            true => Cow::Borrowed(&self.operators),
            false => Cow::Owned(OperatorSet::new(&self.functions, as_mixed.clone())),
        }
    }

    fn planner_with<'a>(&'a self, operators: &'a OperatorSet) -> Planner<'a> {
        let Self { state, catalog, functions, definitions, itself, .. } = self;
        let OperatorSet { operators, expr_planners } = operators;
        Planner { state, catalog, functions, operators, expr_planners, definitions, engine: itself, step_table: None }
    }

    async fn run(&self, text: &str, events: &mpsc::Sender<ResultEvent>) -> Result<(), SqlError> {
        let mut script = Script::new(text);
        loop {
            let statement = script.next_statement(&self.definitions.read());
            let log = self.catalog.query_log();
            match statement.transpose()? {
                None => return Ok(()),
                Some(ScriptStatement::Sql(statement)) => {
                    log.record(script.statement_text(), self.run_statement(text, *statement, events)).await?;
                }
                Some(ScriptStatement::Perfetto(statement)) => {
                    log.record(script.statement_text(), self.define(text, statement, events)).await?;
                }
            }
        }
    }

    fn define_prelude(&self) -> Result<(), SqlError> {
        for text in [PRELUDE, module::TIME_CONVERSION.text] {
            let mut script = Script::new(text);
            loop {
                let statement = script.next_statement(&self.definitions.read());
                match statement.transpose()? {
                    None => break,
                    Some(ScriptStatement::Perfetto(PerfettoStatement::CreateFunction { function, .. })) => {
                        let function = FunctionText { is_shipped: true, ..function };
                        self.definitions.write().functions.insert(function.name.clone(), Arc::new(function));
                    }
                    Some(ScriptStatement::Perfetto(PerfettoStatement::CreateMacro {
                        name, parameters, body, ..
                    })) => {
                        self.definitions.write().macros.insert(name, Macro { parameters, body });
                    }
                    Some(other) => {
                        return Err(SqlError::Internal { message: format!("not for the prelude: {other:?}") });
                    }
                }
            }
        }
        self.definitions.write().modules.insert(module::TIME_CONVERSION.name);
        Ok(())
    }

    async fn define(
        &self,
        script: &str,
        statement: PerfettoStatement,
        events: &mpsc::Sender<ResultEvent>,
    ) -> Result<(), SqlError> {
        let invalid = |message: String| SqlError::Invalid { message, place: None };
        let exists = |what: &str, name: &str| {
            invalid(format!("the {what} `{name}` exists already; `CREATE OR REPLACE` replaces it"))
        };
        match statement {
            PerfettoStatement::CreateFunction { may_replace, function } => {
                let returned = match &function.returns {
                    Returns::Value(kind) => vec![kind],
                    Returns::Table(columns) => columns.iter().map(|(_, kind)| kind).collect(),
                };
                let kinds = function.parameters.iter().map(|(_, kind)| kind).chain(returned);
                if let Some(kind) = kinds.into_iter().find(|kind| !is_type(kind)) {
                    return Err(invalid(format!(
                        "the function `{}` names a type `{kind}` that there is not",
                        function.name
                    )));
                }
                // A mistake in the query is told now and not at the first call.
                if function.delegate.is_none() {
                    parse_body(&function, &self.definitions.read(), &mut HashMap::new())?;
                }
                if let Returns::Table(columns) = &function.returns
                    && !module::is_text(script)
                {
                    self.check_function_columns(&function, columns)?;
                }
                let mut known = self.definitions.write();
                if known.functions.contains_key(&function.name) && !may_replace {
                    return Err(exists("function", &function.name));
                }
                known.functions.insert(function.name.clone(), Arc::new(function));
                Ok(())
            }
            // Every function that calls itself keeps its values, so there is nothing to switch on.
            PerfettoStatement::Memoize { name } => match self.definitions.value_function(&name) {
                Some(_) => Ok(()),
                None => {
                    let names = self.definitions.value_function_names();
                    let nearest = nearest_names(&name, names.iter().map(String::as_str));
                    Err(SqlError::UnknownFunction { name, nearest, place: None })
                }
            },
            PerfettoStatement::Several(statements) => {
                for statement in statements {
                    Box::pin(self.define(script, statement, events)).await?;
                }
                Ok(())
            }
            PerfettoStatement::CreateMacro { may_replace, name, parameters, body } => {
                let mut known = self.definitions.write();
                if known.macros.contains_key(&name) && !may_replace {
                    return Err(exists("macro", &name));
                }
                known.macros.insert(name, Macro { parameters, body });
                Ok(())
            }
            // Scans are fast enough without, so an index is a name and nothing else.
            PerfettoStatement::CreateIndex { may_replace, name, table, columns } => {
                self.check_columns(&table, &columns)?;
                let is_new = self.definitions.write().indexes.insert((table, name.clone()));
                if is_new || may_replace { Ok(()) } else { Err(exists("index", &name)) }
            }
            PerfettoStatement::DropIndex { name, table } => {
                match self.definitions.write().indexes.remove(&(table.clone(), name.clone())) {
                    true => Ok(()),
                    false => Err(invalid(format!("there is no index `{name}` on `{table}`"))),
                }
            }
            PerfettoStatement::Include { pattern } => {
                let modules = module::matching(&pattern);
                if modules.is_empty() {
                    return Err(SqlError::UnknownModule { nearest: module::nearest(&pattern), name: pattern });
                }
                for module in modules {
                    let is_new = self.definitions.write().modules.insert(module.name);
                    if is_new {
                        let before: BTreeSet<String> = self.definitions.read().functions.keys().cloned().collect();
                        Box::pin(self.run(module.text, events)).await?;
                        self.definitions.write().mark_shipped(|name| !before.contains(name));
                    }
                }
                Ok(())
            }
            PerfettoStatement::Pragma { name, argument } => {
                match sqlite_schema::query_of_pragma(&name, argument.as_deref()) {
                    Some(query) => Box::pin(self.run(&query, events)).await,
                    None => Ok(()),
                }
            }
            PerfettoStatement::Window { name } => {
                self.catalog.check_free(&name, false).map_err(|conflict| explain_conflict(&name, conflict))?;
                self.create_window(&name, Window::default())
            }
            PerfettoStatement::SetWindow { name, values, first } => {
                let Some(mut window) = self.definitions.read().windows.get(&name).copied() else {
                    let place =
                        Place::in_script(script, first.span.start.line, first.span.start.column, "UPDATE".len());
                    return Err(SqlError::ReadOnly { statement: "UPDATE".to_owned(), place });
                };
                for (column, value) in values {
                    let query = format!("SELECT {value}");
                    let statement = Script::new(&query).next_statement(&self.definitions.read());
                    let Some(ScriptStatement::Sql(statement)) = statement.transpose()? else {
                        return Err(invalid(format!("`{value}` is no value for `{column}`")));
                    };
                    let rows = self.rows_of(&query, &statement).await?;
                    let found = rows.columns().first().filter(|_| rows.num_rows() > 0);
                    let cells = found
                        .map(Values::new)
                        .transpose()
                        .map_err(|error| explain_execution(error, self.memory_limit_bytes))?;
                    match (cells.as_ref().map(|cells| cells.get(0)), SETTINGS.iter().position(|name| *name == column)) {
                        (Some(Value::Int(value)), Some(setting)) => window.settings[setting] = value,
                        _ => return Err(invalid(format!("`{column}` takes a whole number, and `{value}` gives none"))),
                    }
                }
                self.create_window(&name, window)
            }
            PerfettoStatement::Mipmap { name, kind, rows } => {
                Box::pin(self.run(&kind.definition(&name, &rows), events)).await
            }
            PerfettoStatement::SpanJoin { name, kind, sides } => {
                self.catalog.check_free(&name, false).map_err(|conflict| explain_conflict(&name, conflict))?;
                let rows = [self.span_rows(&sides[0]).await?, self.span_rows(&sides[1]).await?];
                let joined = span_join::join(kind, &sides, &rows)?;
                let failed = |error| explain_execution(error, self.memory_limit_bytes);
                let reservation = self.reserve_table(&name);
                reservation.try_grow(joined.get_array_memory_size()).map_err(failed)?;
                let provider = MemTable::try_new(joined.schema(), vec![vec![joined]]).map_err(failed)?;
                self.catalog
                    .create(&name, Arc::new(provider), Some(reservation), false)
                    .map_err(|conflict| explain_conflict(&name, conflict))
            }
        }
    }

    /// Checks the columns that a function declares against those of its query, where that can be planned without arguments.
    fn check_function_columns(&self, function: &FunctionText, declared: &[(String, String)]) -> Result<(), SqlError> {
        if function.delegate.is_some() {
            return Ok(());
        }
        let nothing = vec![Expr::value(SyntaxValue::Null); function.parameters.len()];
        let Ok(mut statement) = parse_call(function, &nothing, &self.definitions.read()) else { return Ok(()) };
        let Ok(plan) = self.planner().plan(&function.body, &mut statement) else { return Ok(()) };
        let named = |message: String| SqlError::Invalid {
            message: format!("in the function `{}`: {message}", function.name),
            place: None,
        };
        let schema = plan.schema().as_arrow();
        let given: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        if given.len() != declared.len() {
            let (expected, found) = (declared.len(), given.len());
            return Err(named(format!("{expected} columns are declared, and the query gives {found}")));
        }
        // What has no name is named by the declaration.
        let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let missing = given.iter().zip(declared).find(|(given, (name, _))| {
            *given != name && is_name(given) && !declared.iter().any(|(name, _)| name == *given)
        });
        if let Some((given, (name, _))) = missing {
            return Err(named(format!("the column `{name}` is declared, and the query gives `{given}` in its place")));
        }
        let fields =
            schema.fields().iter().zip(declared).map(|(field, (name, _))| field.as_ref().clone().with_name(name));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
        DeclaredColumns::new(&schema, declared).map(drop).map_err(|error| named(error.to_string()))
    }

    /// Makes the table of a window, or makes it anew.
    fn create_window(&self, name: &str, window: Window) -> Result<(), SqlError> {
        let failed = |error| explain_execution(error, self.memory_limit_bytes);
        let rows = window.rows().map_err(|message| SqlError::Invalid { message, place: None })?;
        let reservation = self.reserve_table(name);
        reservation.try_grow(rows.get_array_memory_size()).map_err(failed)?;
        let provider = Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows]]).map_err(failed)?);
        self.catalog
            .create(name, provider, Some(reservation), true)
            .map_err(|conflict| explain_conflict(name, conflict))?;
        self.definitions.write().windows.insert(name.to_owned(), window);
        Ok(())
    }

    fn check_columns(&self, table: &str, columns: &[String]) -> Result<(), SqlError> {
        let Some(provider) = self.planner().provider(table).and_then(Result::ok) else {
            let names = self.catalog.names();
            let nearest = nearest_names(table, names.iter().map(String::as_str));
            return Err(SqlError::UnknownTable { name: table.to_owned(), nearest, place: None });
        };
        let schema = provider.schema();
        for column in columns {
            if schema.field_with_name(column).is_err() {
                return Err(SqlError::no_column(table, column, &schema));
            }
        }
        Ok(())
    }

    /// The rows of one side of a span join, in the order that it needs.
    async fn span_rows(&self, side: &SpanJoinSide) -> Result<RecordBatch, SqlError> {
        let keys: Vec<String> = side.partition.iter().cloned().chain(["ts".to_owned()]).collect();
        self.check_columns(&side.table, &keys)?;
        let keys: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        let text = format!("SELECT * FROM \"{}\" ORDER BY {}", side.table, keys.join(", "));
        let statement = Script::new(&text).next_statement(&self.definitions.read());
        match statement.transpose()? {
            Some(ScriptStatement::Sql(statement)) => self.rows_of(&text, &statement).await,
            _ => Err(SqlError::Internal { message: format!("no query: {text}") }),
        }
    }

    /// All rows of one query.
    async fn rows_of(&self, script: &str, statement: &ParsedStatement) -> Result<RecordBatch, SqlError> {
        let mut as_mixed = BTreeSet::new();
        loop {
            let operators = self.operators_with(&as_mixed);
            let plan = self.planner_with(&operators).plan(script, &mut statement.clone())?;
            match self.rows_once(script, &plan).await {
                Err(SqlError::IntegerOverflow { operation }) if as_mixed.insert(operation.clone()) => {}
                result => return result,
            }
        }
    }

    async fn rows_once(&self, script: &str, plan: &LogicalPlan) -> Result<RecordBatch, SqlError> {
        let rows = collected(self.execute(script, plan).await?).await;
        rows.map_err(|error| explain_execution(error, self.memory_limit_bytes))
    }

    /// What a function of a script gives for `args`.
    pub(crate) async fn call(&self, function: &FunctionText, args: &[Expr]) -> Result<Value<'static>, SqlError> {
        let statement = parse_call(function, args, &self.definitions.read());
        let rows = self.rows_of(&function.body, &statement?).await?;
        let failed = |error| explain_execution(error, self.memory_limit_bytes);
        match (rows.num_rows(), rows.columns().first()) {
            (0, _) | (_, None) => Ok(Value::Null),
            (1, Some(column)) => Ok(Values::new(column).map_err(failed)?.get(0).into_owned()),
            (num_rows, _) => Err(SqlError::Execution { message: format!("gives {num_rows} rows instead of one") }),
        }
    }

    /// All rows of a plan that a row of another one needs.
    pub(crate) async fn all_rows(&self, plan: &LogicalPlan) -> Result<RecordBatch, SqlError> {
        self.rows_once("", plan).await
    }

    /// The first column of the first row of a plan; null without rows.
    pub(crate) async fn first_value(&self, plan: &LogicalPlan) -> Result<ScalarValue, SqlError> {
        let failed = |error| explain_execution(error, self.memory_limit_bytes);
        let mut stream = self.execute("", plan).await?;
        let null = ScalarValue::try_from(stream.schema().field(0).data_type());
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(failed)?;
            if batch.num_rows() > 0 {
                return ScalarValue::try_from_array(batch.column(0), 0).map_err(failed);
            }
        }
        null.map_err(failed)
    }

    async fn run_statement(
        &self,
        script: &str,
        mut statement: ParsedStatement,
        events: &mpsc::Sender<ResultEvent>,
    ) -> Result<(), SqlError> {
        if !self.is_strict
            && let Some(meant) = cuda_word::read_as_meant(&statement.ast)
            && !has_category(&self.trace, cuda_word::WRITTEN)
            && has_category(&self.trace, cuda_word::MEANT)
        {
            statement.ast = meant;
            let (written, meant) = (cuda_word::WRITTEN, cuda_word::MEANT);
            let note = format!("no slice is of category `{written}`; read as `{meant}`, the category of GPU kernels");
            events.send(ResultEvent::Note(note)).await.map_err(|_| SqlError::Cancelled)?;
        }
        let mut as_mixed = BTreeSet::new();
        let mut given = Given::default();
        loop {
            let operators = self.operators_with(&as_mixed);
            match self.run_plan(script, statement.clone(), &operators, events, &mut given).await {
                // The operation gives a mixed column then, in which only the rows that do not fit are real numbers. Each turn
                // makes one more so. Rows that were given already are not given again.
                Err(SqlError::IntegerOverflow { operation }) if as_mixed.insert(operation.clone()) => {}
                result => return result,
            }
        }
    }

    /// Runs one statement; remembers what it has given.
    async fn run_plan(
        &self,
        script: &str,
        mut statement: ParsedStatement,
        operators: &OperatorSet,
        events: &mpsc::Sender<ResultEvent>,
        given: &mut Given,
    ) -> Result<(), SqlError> {
        let plan = self.planner_with(operators).plan(script, &mut statement)?;
        if let Some(declared) = &statement.declared {
            check_declared(&plan, declared)?;
        }
        if statement.is_perfetto {
            check_names(&plan, |schema| spelled(schema, &statement))?;
        }
        match plan {
            LogicalPlan::Ddl(DdlStatement::CreateView(view)) => self.create_view(view),
            LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)) => match statement.ast {
                Statement::CreateTable(_) => {
                    let declared = statement.declared.as_deref().unwrap_or_default();
                    self.create_table(script, table, declared).await
                }
                _ => Err(SqlError::Unsupported { statement: "SELECT INTO".to_owned(), place: None }),
            },
            LogicalPlan::Ddl(DdlStatement::DropView(view)) => self.drop(&view.name, TableType::View, view.if_exists),
            LogicalPlan::Ddl(DdlStatement::DropTable(table)) => {
                self.drop(&table.name, TableType::Base, table.if_exists)
            }
            plan => {
                let read_only =
                    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
                read_only
                    .verify_plan(&plan)
                    .map_err(|_| SqlError::Unsupported { statement: first_words(&plan), place: None })?;
                self.query(script, &plan, |schema| spelled(schema, &statement), events, given).await
            }
        }
    }

    /// Starts a plan, whose rows come in their order.
    async fn execute(&self, script: &str, plan: &LogicalPlan) -> Result<SendableRecordBatchStream, SqlError> {
        let mut state = self.state.clone();
        state.mark_start_execution();
        let planned = match state.create_physical_plan(plan).await {
            Ok(planned) => Ok(planned),
            Err(error) => match sub_query::run_for_each_row(plan.clone(), &self.itself) {
                // What is wrong with the second plan is of no use to who typed the first.
                Ok(Some(other)) => state.create_physical_plan(&other).await.map_err(|_| error),
                _ => Err(error),
            },
        };
        let plan = planned.map_err(|error| self.planner().explain(error, script, &Origins::default()))?;
        start(plan, &state).map_err(|error| explain_execution(error, self.memory_limit_bytes))
    }

    /// All rows of a plan that a running query needs.
    pub(crate) async fn rows_of_plan(&self, plan: &LogicalPlan) -> datafusion::common::Result<RecordBatch> {
        let plan = self.state.create_physical_plan(plan).await?;
        collected(start(plan, &self.state)?).await
    }

    /// Memory for the rows of a table that a script makes.
    fn reserve_table(&self, name: &str) -> MemoryReservation {
        MemoryConsumer::new(format!("table {name}")).register(&self.state.runtime_env().memory_pool)
    }

    async fn query(
        &self,
        script: &str,
        plan: &LogicalPlan,
        spell: impl Fn(&Schema) -> SchemaRef,
        events: &mpsc::Sender<ResultEvent>,
        given: &mut Given,
    ) -> Result<(), SqlError> {
        let failed = |error| explain_execution(error, self.memory_limit_bytes);
        let mut batches = self.execute(script, plan).await?;
        let is_explanation = matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
        let schema = spell(&batches.schema());
        // When nobody listens any more, the script has been stopped, and this task is about to be.
        let stopped = |_| SqlError::Cancelled;
        // The first rows are waited for, since the columns may have to be others.
        let first = batches.next().await.transpose();
        if let Err(error) = &first
            && overflown(error).is_some()
        {
            return first.map(drop).map_err(failed);
        }
        if !std::mem::replace(&mut given.has_begun, true) {
            self.catalog.query_log().has_first_rows();
            events.send(ResultEvent::Begin(Arc::clone(&schema))).await.map_err(stopped)?;
        }
        let mut num_known = given.num_rows;
        let mut next = first;
        while let Some(batch) = next.map_err(failed)? {
            let batch = if is_explanation { row_per_line(&batch).map_err(failed)? } else { batch };
            let num_skipped = num_known.min(batch.num_rows());
            num_known -= num_skipped;
            let batch = batch.slice(num_skipped, batch.num_rows() - num_skipped);
            given.num_rows += batch.num_rows();
            if batch.num_rows() > 0 {
                let columns = batch.columns().to_vec();
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)
                    .map_err(|error| failed(error.into()))?;
                events.send(ResultEvent::Batch(batch)).await.map_err(stopped)?;
            }
            next = batches.next().await.transpose();
        }
        events.send(ResultEvent::End).await.map_err(stopped)
    }

    fn create_view(&self, view: CreateView) -> Result<(), SqlError> {
        let name = created_name(&view.name)?;
        let provider = Arc::new(ViewTable::new(Arc::unwrap_or_clone(view.input), view.definition));
        self.catalog.create(name, provider, None, view.or_replace).map_err(|conflict| explain_conflict(name, conflict))
    }

    async fn create_table(
        &self,
        script: &str,
        table: CreateMemoryTable,
        declared: &[(String, String)],
    ) -> Result<(), SqlError> {
        let name = created_name(&table.name)?;
        match self.catalog.check_free(name, table.or_replace) {
            Err(NameConflict::Exists) if table.if_not_exists => return Ok(()),
            checked => checked.map_err(|conflict| explain_conflict(name, conflict))?,
        }
        let failed = |error| explain_execution(error, self.memory_limit_bytes);
        let mut stream = self.execute(script, &table.input).await?;
        let columns = DeclaredColumns::new(&stream.schema(), declared)?;
        let reservation = self.reserve_table(name);
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch = columns.convert(batch.map_err(failed)?)?;
            reservation.try_grow(batch.get_array_memory_size()).map_err(failed)?;
            batches.push(batch);
        }
        let provider = MemTable::try_new(columns.schema(), vec![batches]).map_err(failed)?;
        let provider: Arc<dyn TableProvider> = Arc::new(provider);
        self.catalog
            .create(name, provider, Some(reservation), table.or_replace)
            .map_err(|conflict| explain_conflict(name, conflict))
    }

    fn drop(&self, name: &TableReference, kind: TableType, if_exists: bool) -> Result<(), SqlError> {
        let name = created_name(name)?;
        self.definitions.write().windows.remove(name);
        match self.catalog.drop(name, kind) {
            Err(NameConflict::Missing) if if_exists => Ok(()),
            dropped => dropped.map_err(|conflict| explain_conflict(name, conflict)),
        }
    }
}

/// All rows of a stream as one batch.
async fn collected(mut stream: SendableRecordBatchStream) -> datafusion::common::Result<RecordBatch> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok(arrow_select::concat::concat_batches(&stream.schema(), &batches)?)
}

/// Starts a plan, whose rows come in their order until the script is stopped that this thread works for.
fn start(plan: Arc<dyn ExecutionPlan>, state: &SessionState) -> datafusion::common::Result<SendableRecordBatchStream> {
    let stop = Stop::current();
    let plan = stoppable(given_early(in_order(plan))?, &stop)?;
    let context = TaskContext::from(state);
    let config = context.session_config().clone().with_extension(Arc::new(stop));
    execute_stream(plan, Arc::new(context.with_session_config(config)))
}

/// What a statement has given so far, which stays given when it is planned anew.
#[derive(Debug, Default)]
struct Given {
    has_begun: bool,
    num_rows: usize,
}

/// Checks that what a statement makes has the columns that it declares.
fn check_declared(plan: &LogicalPlan, declared: &[(String, String)]) -> Result<(), SqlError> {
    let input = match plan {
        LogicalPlan::Ddl(DdlStatement::CreateView(view)) => &view.input,
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)) => &table.input,
        _ => return Ok(()),
    };
    let found: Vec<&str> = input.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let invalid = |message: String| Err(SqlError::Invalid { message, place: None });
    let missing: Vec<String> = declared
        .iter()
        .filter(|(name, _)| !found.contains(&name.as_str()))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    match missing.as_slice() {
        [] => {}
        [missing] => return invalid(format!("the column {missing} is declared, but the query does not give it")),
        several => {
            let several = several.join(", ");
            return invalid(format!("the columns {several} are declared, but the query does not give them"));
        }
    }
    if matches!(plan, LogicalPlan::Ddl(DdlStatement::CreateView(_))) {
        DeclaredColumns::new(&Arc::new(input.schema().as_arrow().clone()), declared)?;
    }
    match found.iter().find(|found| !declared.iter().any(|(name, _)| name == *found)) {
        Some(surplus) => invalid(format!("the query gives a column `{surplus}` that is not declared")),
        None => Ok(()),
    }
}

/// Checks that no two columns of what a statement makes have one name.
fn check_names(plan: &LogicalPlan, spell: impl Fn(&Schema) -> SchemaRef) -> Result<(), SqlError> {
    let input = match plan {
        LogicalPlan::Ddl(DdlStatement::CreateView(view)) => &view.input,
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)) => &table.input,
        _ => return Ok(()),
    };
    let mut names = BTreeSet::new();
    for field in spell(input.schema().as_arrow()).fields() {
        if !names.insert(field.name().to_lowercase()) {
            let message = format!("the query gives two columns `{}`", field.name());
            return Err(SqlError::Invalid { message, place: None });
        }
    }
    Ok(())
}

fn created_name(name: &TableReference) -> Result<&str, SqlError> {
    bare_name(name)
        .ok_or_else(|| SqlError::Invalid { message: format!("`{name}` has a schema before it"), place: None })
}

fn explain_conflict(name: &str, conflict: NameConflict) -> SqlError {
    let message = match conflict {
        NameConflict::Shipped => format!("`{name}` is a table of every trace and stays as it is"),
        NameConflict::Exists => format!("`{name}` exists already; `CREATE OR REPLACE` replaces it"),
        NameConflict::Missing => format!("there is no `{name}` of this kind to drop"),
    };
    SqlError::Invalid { message, place: None }
}

/// The first words of a plan that may not run.
fn first_words(plan: &LogicalPlan) -> String {
    plan.display().to_string().split(['[', ':', '\n']).next().unwrap_or_default().trim().to_owned()
}

/// An explanation, whose plans are texts of many lines, with a row for each line.
fn row_per_line(explanation: &RecordBatch) -> datafusion::common::Result<RecordBatch> {
    let kinds = as_string_array(explanation.column(0))?;
    let plans = as_string_array(explanation.column(1))?;
    let rows = kinds.iter().zip(plans).flat_map(|(kind, plan)| {
        plan.unwrap_or_default().trim_end().lines().map(move |line| (kind.unwrap_or_default(), line))
    });
    let (kinds, lines): (Vec<&str>, Vec<&str>) = rows.unzip();
    let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(kinds)), Arc::new(StringArray::from(lines))];
    Ok(RecordBatch::try_new(explanation.schema(), columns)?)
}

/// The result's columns under the names that the statement gives them.
fn spelled(schema: &Schema, statement: &ParsedStatement) -> SchemaRef {
    let field = |field: &Field| {
        let name = statement.spelling.get(field.name()).unwrap_or(field.name());
        // What the planner believes of nulls is of no use to a reader.
        Field::new(name, field.data_type().clone(), true)
    };
    let fields: Vec<Field> = schema.fields().iter().map(|column| field(column)).collect();
    Arc::new(Schema::new(fields))
}
