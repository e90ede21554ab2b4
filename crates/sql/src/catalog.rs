//! The catalog: which table a name means.
//!
//! Three kinds of names live side by side: tables of the model, views that the crate ships, and what a script creates.
//! A shipped view is planned when a query first names it. Planning all of them would cost more than most queries.
//!
//! A model table that a view of the same name dresses up is called `__slice`, `__thread` and so on; names that begin
//! with two underscores are not listed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use datafusion::catalog::TableProvider;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::TableType;
use kinetoscope_model::Trace;

use crate::json_table::JsonTable;
use crate::query_log::QueryLog;
use crate::stdlib_table;
use crate::table_info;
use crate::table_provider::{ArgsTable, ComputedTable, ModelTable};
use crate::view::{SHIPPED_VIEWS, ShippedView};

/// What the names of Perfetto's own tables begin with.
const INTRINSIC: &str = "__intrinsic_";

/// Model tables that are shown as they are.
const PLAIN_TABLES: [&str; 8] = ["source", "rank", "device", "stream", "gpu_op", "api_call", "launch", "import_log"];

/// Everything a query can name.
pub(crate) struct Catalog {
    model_tables: Vec<Arc<ModelTable>>,
    tables: HashMap<String, Arc<dyn TableProvider>>,
    views: HashMap<&'static str, ViewEntry>,
    created: RwLock<BTreeMap<String, Created>>,
    query_log: QueryLog,
}

/// The table that the query log is.
const SQLSTATS: &str = "sqlstats";

struct ViewEntry {
    view: &'static ShippedView,
    provider: OnceLock<Arc<dyn TableProvider>>,
}

/// What a script made.
struct Created {
    provider: Arc<dyn TableProvider>,
    /// Keeps the memory of a table accounted for.
    _reservation: Option<MemoryReservation>,
}

/// What a name means.
pub(crate) enum Named {
    /// A table, or a view that was planned before.
    Table(Arc<dyn TableProvider>),
    /// A shipped view that nobody has asked for yet.
    Unplanned(&'static ShippedView),
}

/// A table or view as a list of them shows it.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) table_type: TableType,
    /// The text of a view, where it is known.
    pub(crate) text: Option<String>,
}

/// Why a name cannot be given or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameConflict {
    /// The name belongs to the trace.
    Shipped,
    /// A script made it, and this one does not ask for a replacement.
    Exists,
    /// There is nothing of that name and kind.
    Missing,
}

impl Catalog {
    /// The names of a session over `trace`.
    pub(crate) fn new(trace: &Arc<Trace>) -> Self {
        let model_tables: Vec<Arc<ModelTable>> =
            trace.tables().into_iter().map(|table| Arc::new(ModelTable::new(trace, table))).collect();
        let mut tables: HashMap<String, Arc<dyn TableProvider>> = HashMap::new();
        for table in &model_tables {
            let name = match PLAIN_TABLES.contains(&table.name()) {
                true => table.name().to_owned(),
                false => hidden_name(table.name()),
            };
            tables.insert(name, Arc::clone(table) as Arc<dyn TableProvider>);
        }
        tables.insert(hidden_name("args"), Arc::new(ArgsTable::new(trace)));
        tables.insert(hidden_name("trace_bounds"), Arc::new(ComputedTable::trace_bounds(trace)));
        tables.insert(hidden_name("metadata"), Arc::new(ComputedTable::metadata(trace)));
        tables.extend(JsonTable::all().map(|(name, table)| (name, Arc::new(table) as Arc<dyn TableProvider>)));
        let views =
            SHIPPED_VIEWS.iter().map(|view| (view.name, ViewEntry { view, provider: OnceLock::new() })).collect();
        Self { model_tables, tables, views, created: RwLock::default(), query_log: QueryLog::default() }
    }

    /// What `name` means.
    pub(crate) fn find(&self, name: &str) -> Option<Named> {
        if let Some(table) = name.strip_prefix(stdlib_table::PREFIX).and_then(stdlib_table::table) {
            return Some(Named::Table(table));
        }
        // A plan of the view would be kept with the rows of its time.
        if name.trim_start_matches('_') == SQLSTATS {
            return self.query_log.table().map(Named::Table);
        }
        // Perfetto's tables below its views.
        if let Some(public) = name.strip_prefix(INTRINSIC).filter(|public| self.views.contains_key(public)) {
            return self.find(public);
        }
        if let Some(described) = name.strip_prefix(table_info::PREFIX) {
            let described = described.strip_prefix(INTRINSIC).unwrap_or(described);
            let created = self.created.read().unwrap_or_else(PoisonError::into_inner);
            let provider = created.get(described).map(|created| Arc::clone(&created.provider));
            drop(created);
            let provider = match provider.or_else(|| self.tables.get(&hidden_name(described)).map(Arc::clone)) {
                Some(provider) => provider,
                None => self.tables.get(described).map(Arc::clone)?,
            };
            return table_info::describe(provider.as_ref()).map(Named::Table);
        }
        let created = self.created.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(created) = created.get(name) {
            return Some(Named::Table(Arc::clone(&created.provider)));
        }
        if let Some(entry) = self.views.get(name) {
            return Some(match entry.provider.get() {
                Some(provider) => Named::Table(Arc::clone(provider)),
                None => Named::Unplanned(entry.view),
            });
        }
        self.tables.get(name).map(|table| Named::Table(Arc::clone(table)))
    }

    /// The last queries of the session.
    pub(crate) fn query_log(&self) -> &QueryLog {
        &self.query_log
    }

    /// Remembers the plan of a shipped view. Two queries may plan it at once; the first one's plan stays.
    pub(crate) fn keep_planned(&self, name: &str, provider: Arc<dyn TableProvider>) -> Arc<dyn TableProvider> {
        match self.views.get(name) {
            Some(entry) => Arc::clone(entry.provider.get_or_init(|| provider)),
            None => provider,
        }
    }

    /// Model tables that are shown as they are, in the order of the model.
    pub(crate) fn plain_tables(&self) -> impl Iterator<Item = &ModelTable> {
        self.model_tables.iter().map(AsRef::as_ref).filter(|table| PLAIN_TABLES.contains(&table.name()))
    }

    /// The table of the model that a view's columns may come from.
    pub(crate) fn model_table(&self, name: &str) -> Option<&ModelTable> {
        self.model_tables.iter().map(AsRef::as_ref).find(|table| table.name() == name)
    }

    /// Names that a person may type, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let created = self.created.read().unwrap_or_else(PoisonError::into_inner);
        let names = created.keys().map(String::as_str).chain(self.tables.keys().map(String::as_str));
        let mut names: Vec<String> =
            names.chain(self.views.keys().copied()).filter(|name| !name.starts_with("__")).map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Everything that a person may type, by name.
    pub(crate) fn listed(&self) -> Vec<Listed> {
        let created = self.created.read().unwrap_or_else(PoisonError::into_inner);
        let made = created.iter().map(|(name, created)| Listed {
            name: name.clone(),
            table_type: created.provider.table_type(),
            text: created.provider.get_table_definition().map(str::to_owned),
        });
        let tables =
            self.tables.keys().map(|name| Listed { name: name.clone(), table_type: TableType::Base, text: None });
        let views = self.views.values().map(|entry| Listed {
            name: entry.view.name.to_owned(),
            table_type: TableType::View,
            text: Some(entry.view.text.to_owned()),
        });
        let mut listed: Vec<Listed> =
            made.chain(tables).chain(views).filter(|listed| !listed.name.starts_with("__")).collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        listed
    }

    /// Checks that a script may give `name` to something.
    pub(crate) fn check_free(&self, name: &str, may_replace: bool) -> Result<(), NameConflict> {
        if self.views.contains_key(name) || self.tables.contains_key(name) {
            return Err(NameConflict::Shipped);
        }
        let created = self.created.read().unwrap_or_else(PoisonError::into_inner);
        match created.contains_key(name) && !may_replace {
            true => Err(NameConflict::Exists),
            false => Ok(()),
        }
    }

    /// Gives `name` to a table or view of a script.
    pub(crate) fn create(
        &self,
        name: &str,
        provider: Arc<dyn TableProvider>,
        reservation: Option<MemoryReservation>,
        may_replace: bool,
    ) -> Result<(), NameConflict> {
        self.check_free(name, may_replace)?;
        let mut created = self.created.write().unwrap_or_else(PoisonError::into_inner);
        created.insert(name.to_owned(), Created { provider, _reservation: reservation });
        Ok(())
    }

    /// Takes `name` away from what a script made.
    pub(crate) fn drop(&self, name: &str, kind: TableType) -> Result<(), NameConflict> {
        let mut created = self.created.write().unwrap_or_else(PoisonError::into_inner);
        match created.get(name) {
            Some(found) if found.provider.table_type() == kind => {
                created.remove(name);
                Ok(())
            }
            None if self.views.contains_key(name) || self.tables.contains_key(name) => Err(NameConflict::Shipped),
            _ => Err(NameConflict::Missing),
        }
    }
}

fn hidden_name(name: &str) -> String {
    format!("__{name}")
}
