//! Functions that scripts define: a query whose only value is the function's.
//!
//! The query may be anything, may depend on the arguments in any way and may call the function itself. So it is run once
//! for each set of arguments that a batch of rows has, on a thread of its own: an engine thread cannot wait for the
//! engine. A function whose query is one expression never comes here; it becomes a part of the statement.
//!
//! A function that calls itself does not nest: a call whose value is not known yet is noted and ends the run, the noted
//! calls are run first, and then the run is made again. Values are kept, since a trace does not change under a query.
//! So a recursion may be as deep as memory allows, and costs as many runs as it has different arguments.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arrow_schema::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::sql::sqlparser::ast::{Expr, UnaryOperator, Value as Literal};

use super::mixed;
use super::per_row::{BLOBS, REAL, TEXTS, WHOLE};
use super::sqlite::{check_argument, check_number, quote};
use super::value::{Value, Values, ValuesBuilder};
use crate::dialect::perfetto::{FunctionText, Returns};
use crate::session::Engine;
use crate::stopping::Stop;

/// How many calls of a recursion may wait for others.
const MAX_WAITING: usize = 100_000;

/// Stack of a thread that runs calls.
const STACK_BYTES: usize = 16 << 20;

/// A call, by the function's name and the arguments as literals.
type CallKey = (String, Vec<String>);

/// One call.
#[derive(Debug, Clone)]
struct Call {
    key: CallKey,
    function: Arc<FunctionText>,
    args: Vec<Expr>,
}

/// What the calls know that run on one thread.
#[derive(Debug, Default)]
struct Calls {
    /// Values that are known.
    known: Arc<Mutex<HashMap<CallKey, Value<'static>>>>,
    /// Functions whose calls are under way here or on a thread that waits for this one.
    under_way: HashSet<String>,
    /// Calls of those that the last run needed and did not have.
    missing: Mutex<Vec<Call>>,
}

thread_local! {
    static CALLS: RefCell<Option<Arc<Calls>>> = const { RefCell::new(None) };
}

/// A function of a script.
#[derive(Debug)]
pub(crate) struct UserDefined {
    function: Arc<FunctionText>,
    engine: Weak<Engine>,
    /// The calls among which this one is; nothing where a statement calls.
    calls: Option<Arc<Calls>>,
    signature: Signature,
}

impl UserDefined {
    pub(crate) fn new(function: Arc<FunctionText>, engine: Weak<Engine>) -> Self {
        let calls = CALLS.with_borrow(Clone::clone);
        // Not to be computed while planning: a function that calls itself would never end.
        Self { function, engine, calls, signature: Signature::user_defined(Volatility::Volatile) }
    }
}

impl PartialEq for UserDefined {
    fn eq(&self, other: &Self) -> bool {
        let is_same = match (&self.calls, &other.calls) {
            (Some(own), Some(others)) => Arc::ptr_eq(own, others),
            (own, others) => own.is_none() && others.is_none(),
        };
        is_same && Arc::ptr_eq(&self.function, &other.function)
    }
}

impl Eq for UserDefined {}

impl Hash for UserDefined {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

/// Whether it is the name of a type: one of Perfetto's, or one of SQLite's usual ones.
pub(crate) fn is_type(name: &str) -> bool {
    const TYPES: [&str; 22] = [
        "LONG",
        "INT",
        "UINT",
        "INTEGER",
        "BOOL",
        "BOOLEAN",
        "DOUBLE",
        "FLOAT",
        "REAL",
        "STRING",
        "TEXT",
        "BYTES",
        "BLOB",
        "PROTO",
        "ANY",
        "TIMESTAMP",
        "DURATION",
        "ARGSETID",
        "ID",
        "JOINID",
        "STRUCT",
        "POINTER",
    ];
    TYPES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The kind that arguments of a type have to be of; empty where any will do.
pub(crate) fn kind_of_type(name: &str) -> &'static str {
    match name.to_uppercase().as_str() {
        "ANY" | "STRUCT" | "POINTER" => "",
        "STRING" | "TEXT" => TEXTS,
        "DOUBLE" | "FLOAT" | "REAL" => REAL,
        "BYTES" | "BLOB" | "PROTO" => BLOBS,
        _ => WHOLE,
    }
}

/// The column type of a type of Perfetto's.
pub(crate) fn column_type(name: &str) -> DataType {
    match name.to_uppercase().as_str() {
        "STRING" | "TEXT" => DataType::Utf8,
        "DOUBLE" | "FLOAT" | "REAL" => DataType::Float64,
        "BYTES" | "BLOB" | "PROTO" => DataType::Binary,
        "ANY" => mixed::TYPE,
        _ => DataType::Int64,
    }
}

impl ScalarUDFImpl for UserDefined {
    fn name(&self) -> &str {
        &self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let expected = self.function.parameters.len();
        match arg_types.len() == expected {
            true => Ok(arg_types.to_vec()),
            false => plan_err!("`{}` takes {expected} arguments, not {}", self.function.name, arg_types.len()),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match &self.function.returns {
            Returns::Value(kind) => column_type(kind),
            Returns::Table(_) => DataType::Null,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let data_type = args.return_field.data_type().clone();
        let mut builder = ValuesBuilder::new(&data_type)?;
        let columns =
            args.args.iter().map(|arg| Values::new(&arg.to_array(args.number_rows)?)).collect::<Result<Vec<_>>>()?;
        let is_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let num_rows = if is_constant { args.number_rows.min(1) } else { args.number_rows };
        let mut numbers: HashMap<Vec<String>, usize> = HashMap::new();
        let mut calls: Vec<Call> = Vec::new();
        let mut call_of_row = Vec::with_capacity(num_rows);
        for row in 0..num_rows {
            let values: Vec<Value<'_>> = columns.iter().map(|column| column.get(row)).collect();
            let number = *numbers.entry(values.iter().map(quote).collect()).or_insert(calls.len());
            if number == calls.len() {
                for (value, (parameter, type_name)) in values.iter().zip(&self.function.parameters) {
                    let kind = kind_of_type(type_name);
                    if let Err(message) = check_argument(value, kind, type_name, &self.function.name, parameter) {
                        return exec_err!("{message}");
                    }
                }
                calls.push(Call {
                    key: (self.function.name.clone(), values.iter().map(quote).collect()),
                    function: Arc::clone(&self.function),
                    args: values.iter().map(literal).collect(),
                });
            }
            call_of_row.push(number);
        }
        let results = if calls.is_empty() { Vec::new() } else { self.values_of(calls)? };
        if matches!(data_type, DataType::Int64 | DataType::Float64) {
            for value in &results {
                if let Err(found) = check_number(value) {
                    return exec_err!("`{}` is declared to give a number, but gives {found}", self.function.name);
                }
            }
        }
        for number in call_of_row {
            builder.push(results.get(number).unwrap_or(&Value::Null));
        }
        let array = builder.finish();
        Ok(match is_constant && num_rows == 1 {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?),
            false => ColumnarValue::Array(array),
        })
    }
}

impl UserDefined {
    /// The values of `calls`.
    fn values_of(&self, calls: Vec<Call>) -> Result<Vec<Value<'static>>> {
        let name = &self.function.name;
        if let Some(around) = self.calls.as_ref().filter(|around| around.under_way.contains(name)) {
            let known = around.known.lock().unwrap_or_else(PoisonError::into_inner);
            let values: Option<Vec<_>> = calls.iter().map(|call| known.get(&call.key).cloned()).collect();
            if let Some(values) = values {
                return Ok(values);
            }
            let missing = calls.into_iter().filter(|call| !known.contains_key(&call.key));
            around.missing.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
            return exec_err!("`{name}` waits for itself");
        }
        let mut under_way = self.calls.as_ref().map(|around| around.under_way.clone()).unwrap_or_default();
        under_way.insert(name.clone());
        let known = self.calls.as_ref().map(|around| Arc::clone(&around.known)).unwrap_or_default();
        let around = Arc::new(Calls { known, under_way, missing: Mutex::default() });
        let (engine, stop) = (self.engine.clone(), Stop::current());
        let work = move || {
            CALLS.set(Some(Arc::clone(&around)));
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| e.to_string())?;
            calls
                .into_iter()
                .map(|call| around.value_of(call, &engine, &runtime, &stop))
                .collect::<Result<Vec<_>, String>>()
        };
        let thread = std::thread::Builder::new().name("sql call".to_owned()).stack_size(STACK_BYTES).spawn(work)?;
        match thread.join() {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(message)) => exec_err!("{message}"),
            Err(_) => exec_err!("`{name}` failed"),
        }
    }
}

impl Calls {
    /// The value of `call`, after those of the calls that it needs.
    fn value_of(
        &self,
        call: Call,
        engine: &Weak<Engine>,
        runtime: &tokio::runtime::Runtime,
        stop: &Stop,
    ) -> Result<Value<'static>, String> {
        let first = call.key.clone();
        let mut waiting = vec![call];
        // Calls that were run and wait for others; those that only stand in line are not among them.
        let mut started: HashSet<CallKey> = HashSet::new();
        while let Some(call) = waiting.last() {
            let name = &call.function.name;
            if self.value(&call.key).is_none() {
                stop.check().map_err(|error| error.to_string())?;
                // The session may be gone while its last query still runs.
                let Some(engine) = engine.upgrade() else { return Err("the query was cancelled".to_owned()) };
                self.missing.lock().unwrap_or_else(PoisonError::into_inner).clear();
                let result = runtime.block_on(stop.clone().scope(engine.call(&call.function, &call.args)));
                let missing = std::mem::take(&mut *self.missing.lock().unwrap_or_else(PoisonError::into_inner));
                match result {
                    Ok(value) => {
                        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                        known.insert(call.key.clone(), value);
                    }
                    Err(error) if missing.is_empty() => return Err(format!("`{name}`: {error}")),
                    Err(_) => {
                        started.insert(call.key.clone());
                        if let Some(again) = missing.iter().find(|call| started.contains(&call.key)) {
                            let (name, args) = &again.key;
                            return Err(format!("`{name}({})` needs its own value", args.join(", ")));
                        }
                        waiting.extend(missing);
                        if waiting.len() > MAX_WAITING {
                            return Err(format!("`{}` calls itself more than {MAX_WAITING} deep", first.0));
                        }
                        continue;
                    }
                }
            }
            if let Some(done) = waiting.pop() {
                started.remove(&done.key);
            }
        }
        self.value(&first).ok_or_else(|| format!("`{}` has no value", first.0))
    }

    fn value(&self, key: &CallKey) -> Option<Value<'static>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

fn literal(value: &Value<'_>) -> Expr {
    let number = |digits: String, is_negative: bool| {
        let digits = Expr::value(Literal::Number(digits, false));
        match is_negative {
            true => Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(digits) })),
            false => digits,
        }
    };
    match value {
        Value::Null => Expr::value(Literal::Null),
        Value::Int(value) => number(value.unsigned_abs().to_string(), *value < 0),
        Value::Real(value) => number(format!("{:?}", value.abs()), value.is_sign_negative()),
        Value::Text(text) => Expr::value(Literal::SingleQuotedString(text.clone().into_owned())),
        Value::Blob(bytes) => {
            Expr::value(Literal::HexStringLiteral(bytes.iter().map(|byte| format!("{byte:02X}")).collect()))
        }
    }
}
