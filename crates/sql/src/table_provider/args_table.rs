//! The `args` table: one row per argument, made while it is read.
//!
//! Arguments are most of a trace, and listing them all would multiply its size. So there are no rows until somebody
//! asks, and what most queries say (`arg_set_id = …`, `key = 'args.correlation'`) decides which sets are unpacked and
//! which arguments of them are looked at.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_array::builder::{Float64Builder, Int64Builder, StringBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, Schema, SchemaRef, SortOptions};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, ScalarValue, Statistics, internal_err};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalSortExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::filter_pushdown::{ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::Stream;
use kinetoscope_model::{ArgKind, ArgPage, ArgSetId, Trace};

use super::BATCH_ROWS;
use super::late_filter::{LateBounds, LateFilters};
use super::rows::{Bound, Spans};
use crate::arg_rows::{ArgRow, Leaf, PREFIX, for_each_row};

/// Rows of one set that get ids of their own; ids say the set too, so that one need not count the rows before it.
const ROWS_PER_SET: i64 = 1 << 20;

/// Sets of one partition: below this a second thread does not pay.
const MIN_PARTITION_SETS: usize = 8 << 10;

/// Sets looked at before others run.
const SETS_PER_TURN: usize = 16 << 10;

/// Arguments of a set, on average, for plans.
const USUAL_ROWS_PER_SET: usize = 8;

/// The columns, in the order of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ArgColumn {
    Id,
    ArgSetId,
    FlatKey,
    Key,
    IntValue,
    StringValue,
    RealValue,
    ValueType,
    DisplayValue,
}

const ARG_SET_ID: &str = "arg_set_id";

const COLUMNS: [(ArgColumn, &str); 9] = [
    (ArgColumn::Id, super::ID),
    (ArgColumn::ArgSetId, ARG_SET_ID),
    (ArgColumn::FlatKey, "flat_key"),
    (ArgColumn::Key, "key"),
    (ArgColumn::IntValue, "int_value"),
    (ArgColumn::StringValue, "string_value"),
    (ArgColumn::RealValue, "real_value"),
    (ArgColumn::ValueType, "value_type"),
    (ArgColumn::DisplayValue, "display_value"),
];

impl ArgColumn {
    fn named(name: &str) -> Option<Self> {
        COLUMNS.iter().find(|(_, column_name)| *column_name == name).map(|&(column, _)| column)
    }

    fn field(self, name: &str) -> Field {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        match self {
            Self::Id | Self::ArgSetId => Field::new(name, DataType::Int64, false),
            Self::FlatKey | Self::Key | Self::ValueType => Field::new(name, dictionary, false),
            Self::IntValue => Field::new(name, DataType::Int64, true),
            Self::RealValue => Field::new(name, DataType::Float64, true),
            Self::StringValue => Field::new(name, DataType::Utf8, true),
            Self::DisplayValue => Field::new(name, DataType::Utf8, false),
        }
    }
}

/// All arguments of a trace.
pub(crate) struct ArgsTable {
    trace: Arc<Trace>,
    schema: SchemaRef,
}

impl ArgsTable {
    pub(crate) fn new(trace: &Arc<Trace>) -> Self {
        let fields: Vec<Field> = COLUMNS.iter().map(|(column, name)| column.field(name)).collect();
        Self { trace: Arc::clone(trace), schema: Arc::new(Schema::new(fields)) }
    }

    fn condition(&self, filter: &Expr) -> Option<Condition> {
        if let Some(sets) = Spans::of_filter(filter, &|bound| sets_of(&self.trace, bound)) {
            return Some(Condition::Sets(sets));
        }
        let (column, texts) = texts_of(filter)?;
        match ArgColumn::named(column)? {
            column @ (ArgColumn::Key | ArgColumn::FlatKey) => Some(Condition::Key(KeyFilter { column, texts })),
            _ => None,
        }
    }
}

/// The sets for which `bound` holds.
fn sets_of(trace: &Trace, bound: Bound) -> Option<Spans> {
    (bound.column == ARG_SET_ID).then(|| bound.into_spans(trace.args.num_sets()))
}

/// What one filter of a query means for a scan.
enum Condition {
    Sets(Spans),
    Key(KeyFilter),
}

/// The argument's key must be one of these.
#[derive(Debug, Clone)]
struct KeyFilter {
    column: ArgColumn,
    texts: HashSet<String>,
}

impl KeyFilter {
    fn fits(&self, row: &ArgRow) -> bool {
        let key = if self.column == ArgColumn::Key { &row.key } else { &row.flat_key };
        self.texts.contains(key)
    }

    /// False for arguments none of whose rows can fit, by the key that the file gives.
    fn may_fit(&self, file_key: &str, kind: ArgKind) -> bool {
        self.texts.iter().any(|text| {
            let rest = text.strip_prefix(PREFIX).and_then(|text| text.strip_prefix(file_key));
            rest.is_some_and(|rest| rest.is_empty() || kind == ArgKind::Json)
        })
    }
}

/// `column = 'text'` either way round, or `column IN ('text', …)`.
fn texts_of(filter: &Expr) -> Option<(&str, HashSet<String>)> {
    fn text(expr: &Expr) -> Option<String> {
        match expr {
            Expr::Literal(ScalarValue::Dictionary(_, value), _) => value.try_as_str().flatten().map(str::to_owned),
            Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
            _ => None,
        }
    }
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), literal) | (literal, Expr::Column(column)) => {
                Some((&column.name, HashSet::from([text(literal)?])))
            }
            _ => None,
        },
        Expr::InList(InList { expr, list, negated: false }) => {
            let Expr::Column(column) = expr.as_ref() else { return None };
            Some((&column.name, list.iter().map(text).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

impl fmt::Debug for ArgsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArgsTable").field("num_sets", &self.trace.args.num_sets()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for ArgsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match self.condition(filter) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut sets = Spans::all(self.trace.args.num_sets());
        let mut key_filters = Vec::new();
        for filter in filters {
            match self.condition(filter) {
                Some(Condition::Sets(allowed)) => sets = sets.intersect(&allowed),
                Some(Condition::Key(filter)) => key_filters.push(filter),
                None => {}
            }
        }
        let projection = projection.cloned().unwrap_or_else(|| (0..COLUMNS.len()).collect());
        let schema = Arc::new(self.schema.project(&projection)?);
        Ok(Arc::new(ArgsExec {
            trace: Arc::clone(&self.trace),
            columns: projection.into_iter().map(|index| COLUMNS[index].0).collect(),
            key_filters: key_filters.into(),
            late_filters: LateFilters::default(),
            properties: properties_of(&schema, 1),
            partitions: vec![sets],
            fetch: limit,
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }
}

fn properties_of(schema: &SchemaRef, num_partitions: usize) -> Arc<PlanProperties> {
    let options = SortOptions { descending: false, nulls_first: true };
    let orderings = [ArgColumn::Id, ArgColumn::ArgSetId].into_iter().filter_map(|column| {
        let name = COLUMNS.iter().find(|(other, _)| *other == column)?.1;
        let index = schema.index_of(name).ok()?;
        Some(vec![PhysicalSortExpr::new(Arc::new(Column::new(name, index)), options)])
    });
    let equivalences = EquivalenceProperties::new_with_orderings(Arc::clone(schema), orderings.collect::<Vec<_>>());
    let partitioning = Partitioning::UnknownPartitioning(num_partitions);
    Arc::new(
        PlanProperties::new(equivalences, partitioning, EmissionType::Incremental, Boundedness::Bounded)
            .with_scheduling_type(SchedulingType::Cooperative),
    )
}

/// Lists arguments.
#[derive(Debug, Clone)]
struct ArgsExec {
    trace: Arc<Trace>,
    columns: Vec<ArgColumn>,
    key_filters: Arc<[KeyFilter]>,
    late_filters: LateFilters,
    /// Sets of each partition.
    partitions: Vec<Spans>,
    /// Most rows that each partition gives.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl DisplayAs for ArgsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let num_sets: usize = self.partitions.iter().map(Spans::num_rows).sum();
        let partitions = self.partitions.len();
        write!(f, "ArgsExec: sets={num_sets} of {}, partitions={partitions}", self.trace.args.num_sets())?;
        for filter in self.key_filters.iter() {
            let mut texts: Vec<&String> = filter.texts.iter().collect();
            texts.sort();
            write!(f, ", {:?} in {texts:?}", filter.column)?;
        }
        if !self.late_filters.is_empty() {
            write!(f, ", late_filters={}", self.late_filters)?;
        }
        if let Some(fetch) = self.fetch {
            write!(f, ", fetch={fetch}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for ArgsExec {
    fn name(&self) -> &str {
        "ArgsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.is_empty() {
            true => Ok(self),
            false => internal_err!("a scan has no children"),
        }
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for filter in self.late_filters.iter() {
            if f(filter)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        offer: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(LateFilters::accept(phase, &offer, self.fetch, |late_filters| Self { late_filters, ..self.clone() }))
    }

    fn repartitioned(&self, target_partitions: usize, _: &ConfigOptions) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let [sets] = self.partitions.as_slice() else { return Ok(None) };
        let num_partitions = target_partitions.min(sets.num_rows() / MIN_PARTITION_SETS);
        if num_partitions < 2 || self.fetch.is_some() {
            return Ok(None);
        }
        let partitions = sets.split(num_partitions);
        let properties = properties_of(&self.schema(), partitions.len());
        Ok(Some(Arc::new(Self { partitions, properties, ..self.clone() })))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(sets) = self.partitions.get(partition) else {
            return internal_err!("a scan has no partition {partition}");
        };
        Ok(Box::pin(cooperative(ArgsScan {
            trace: Arc::clone(&self.trace),
            schema: self.schema(),
            key_filters: Arc::clone(&self.key_filters),
            late_bounds: self.late_filters.watch(),
            relevant: RelevantShapes::default(),
            rows: RowBuilder::new(&self.columns),
            columns: self.columns.clone(),
            rest: sets.clone().into_stack(),
            room: self.fetch.unwrap_or(usize::MAX),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        })))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let num_sets: usize = match args.partition() {
            Some(partition) => self.partitions.get(partition).map_or(0, Spans::num_rows),
            None => self.partitions.iter().map(Spans::num_rows).sum(),
        };
        let rows_per_set = if self.key_filters.is_empty() { USUAL_ROWS_PER_SET } else { 1 };
        let num_rows = num_sets.saturating_mul(rows_per_set).min(self.fetch.unwrap_or(usize::MAX));
        let mut statistics = Statistics::new_unknown(&self.schema());
        statistics.num_rows = Precision::Inexact(num_rows);
        Ok(Arc::new(statistics))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch: limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }
}

/// One partition being read.
struct ArgsScan {
    trace: Arc<Trace>,
    schema: SchemaRef,
    key_filters: Arc<[KeyFilter]>,
    late_bounds: LateBounds,
    relevant: RelevantShapes,
    columns: Vec<ArgColumn>,
    /// Ranges of sets still to be read, the next one last.
    rest: Vec<Range<usize>>,
    /// Rows that may still be given.
    room: usize,
    /// Rows found that do not fill a batch yet.
    rows: RowBuilder,
    metrics: BaselineMetrics,
}

/// Which shapes of the page looked at last may have a key that is wanted.
#[derive(Debug, Default)]
struct RelevantShapes {
    /// Address of the page.
    page: usize,
    shapes: Vec<bool>,
}

impl RelevantShapes {
    fn is_relevant(&mut self, page: &ArgPage, shape: usize, filters: &[KeyFilter]) -> bool {
        let address = std::ptr::from_ref(page).addr();
        if self.page != address {
            let may_fit = |(key, kind): (&str, ArgKind)| filters.iter().all(|filter| filter.may_fit(key, kind));
            self.shapes = (0..page.num_shapes()).map(|shape| page.shape_fields(shape).any(may_fit)).collect();
            self.page = address;
        }
        self.shapes[shape]
    }
}

impl ArgsScan {
    /// Reads on until a batch is full, the end is reached or it is others' turn.
    fn read_on(&mut self) -> Result<()> {
        let trace = Arc::clone(&self.trace);
        for allowed in self.late_bounds.news(&self.schema, &|bound| sets_of(&trace, bound))? {
            self.rest = Spans::from_ranges(std::mem::take(&mut self.rest)).intersect(&allowed).into_stack();
        }
        for _ in 0..SETS_PER_TURN {
            if self.rows.len >= BATCH_ROWS || self.room == 0 {
                break;
            }
            let Some(range) = self.rest.last_mut() else { break };
            let set = range.start;
            range.start += 1;
            if range.start >= range.end {
                self.rest.pop();
            }
            self.read_set(&trace, set);
        }
        Ok(())
    }

    fn read_set(&mut self, trace: &Trace, set: usize) {
        let Some((page, index)) = trace.args.locate(ArgSetId::from_index(set)) else { return };
        if !self.key_filters.is_empty() && !self.relevant.is_relevant(page, page.shape_of(index), &self.key_filters) {
            return;
        }
        let mut place = 0;
        for (key, value) in page.set(index) {
            for_each_row(key, value, &mut |row| {
                if self.room > 0 && self.key_filters.iter().all(|filter| filter.fits(&row)) {
                    self.room -= 1;
                    self.rows.push(set as i64, place, row);
                }
                place += 1;
            });
        }
    }

    fn batch(&mut self) -> Result<RecordBatch> {
        let rows = std::mem::replace(&mut self.rows, RowBuilder::new(&self.columns));
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len));
        let arrays = rows.columns.into_iter().map(ColumnBuilder::finish).collect();
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

impl Stream for ArgsScan {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let time = self.metrics.elapsed_compute().clone();
        let timer = time.timer();
        let read = self.read_on();
        let is_at_end = self.rest.is_empty() || self.room == 0;
        let result = match (read, self.rows.len, is_at_end) {
            (Err(error), ..) => {
                self.rest.clear();
                Some(Err(error))
            }
            (Ok(()), 0, true) => None,
            (Ok(()), len, is_at_end) if is_at_end || len >= BATCH_ROWS => Some(self.batch()),
            _ => {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        drop(timer);
        self.metrics.record_poll(Poll::Ready(result))
    }
}

impl RecordBatchStream for ArgsScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Rows on their way into a batch: the columns that were asked for and no others.
struct RowBuilder {
    len: usize,
    columns: Vec<ColumnBuilder>,
}

enum ColumnBuilder {
    Int(ArgColumn, Int64Builder),
    Real(Float64Builder),
    Text(ArgColumn, StringBuilder),
    Word(ArgColumn, StringDictionaryBuilder<Int32Type>),
}

impl RowBuilder {
    fn new(columns: &[ArgColumn]) -> Self {
        let builder = |&column: &ArgColumn| match column {
            ArgColumn::Id | ArgColumn::ArgSetId | ArgColumn::IntValue => {
                ColumnBuilder::Int(column, Int64Builder::new())
            }
            ArgColumn::RealValue => ColumnBuilder::Real(Float64Builder::new()),
            ArgColumn::StringValue | ArgColumn::DisplayValue => ColumnBuilder::Text(column, StringBuilder::new()),
            ArgColumn::FlatKey | ArgColumn::Key | ArgColumn::ValueType => {
                ColumnBuilder::Word(column, StringDictionaryBuilder::new())
            }
        };
        Self { len: 0, columns: columns.iter().map(builder).collect() }
    }

    fn push(&mut self, set: i64, place: i64, row: ArgRow) {
        self.len += 1;
        for column in &mut self.columns {
            match column {
                ColumnBuilder::Int(ArgColumn::ArgSetId, values) => values.append_value(set),
                ColumnBuilder::Int(ArgColumn::Id, values) => values.append_value(set * ROWS_PER_SET + place),
                ColumnBuilder::Int(_, values) => values.append_option(match row.value {
                    Leaf::Int(value) => Some(value),
                    Leaf::Bool(value) => Some(i64::from(value)),
                    Leaf::UInt(_) | Leaf::Real(_) | Leaf::Text(_) => None,
                }),
                ColumnBuilder::Real(values) => values.append_option(match row.value {
                    Leaf::Real(value) => Some(value),
                    // Beyond what a whole number holds; the display value has every digit.
                    Leaf::UInt(value) => Some(value as f64),
                    Leaf::Int(_) | Leaf::Bool(_) | Leaf::Text(_) => None,
                }),
                ColumnBuilder::Text(ArgColumn::DisplayValue, values) => values.append_value(row.value.to_string()),
                ColumnBuilder::Text(_, values) => values.append_option(match &row.value {
                    Leaf::Text(text) => Some(text),
                    _ => None,
                }),
                ColumnBuilder::Word(ArgColumn::FlatKey, values) => values.append_value(&row.flat_key),
                ColumnBuilder::Word(ArgColumn::Key, values) => values.append_value(&row.key),
                ColumnBuilder::Word(_, values) => values.append_value(row.value.value_type()),
            }
        }
    }
}

impl ColumnBuilder {
    fn finish(self) -> ArrayRef {
        match self {
            Self::Int(_, mut values) => Arc::new(values.finish()),
            Self::Real(mut values) => Arc::new(values.finish()),
            Self::Text(_, mut values) => Arc::new(values.finish()),
            Self::Word(_, mut values) => Arc::new(values.finish()),
        }
    }
}
