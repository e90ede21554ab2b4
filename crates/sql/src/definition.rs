//! Definitions: functions, macros, indexes and modules that scripts of a session have made known.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::dialect::perfetto::{FunctionText, Returns};
use crate::dialect::token_macro::Macro;
use crate::window_table::Window;

/// What scripts have defined.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    known: RwLock<Known>,
}

/// What is known at one moment.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Macros by name.
    pub(crate) macros: HashMap<String, Macro>,
    /// Functions by name.
    pub(crate) functions: HashMap<String, Arc<FunctionText>>,
    /// Indexes by table and name.
    pub(crate) indexes: BTreeSet<(String, String)>,
    /// Windows by the names of their tables.
    pub(crate) windows: HashMap<String, Window>,
    /// Modules that are included.
    pub(crate) modules: BTreeSet<&'static str>,
}

impl Known {
    /// Takes the functions whose names `is_shipped` for our own.
    pub(crate) fn mark_shipped(&mut self, is_shipped: impl Fn(&str) -> bool) {
        for function in self.functions.values_mut().filter(|function| is_shipped(&function.name)) {
            Arc::make_mut(function).is_shipped = true;
        }
    }
}

impl Definitions {
    /// What is known now.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For one more definition.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The function `name`, when it gives a value.
    pub(crate) fn value_function(&self, name: &str) -> Option<Arc<FunctionText>> {
        let function = self.read().functions.get(name).map(Arc::clone)?;
        matches!(function.returns, Returns::Value(_)).then_some(function)
    }

    /// Names of functions that give a value, sorted.
    pub(crate) fn value_function_names(&self) -> Vec<String> {
        let known = self.read();
        let functions = known.functions.values().filter(|function| matches!(function.returns, Returns::Value(_)));
        let names: BTreeSet<String> = functions.map(|function| function.name.clone()).collect();
        names.into_iter().collect()
    }
}
