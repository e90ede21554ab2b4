//! Functions that scripts define: a query whose only value is the function's.
//!
//! The query may be anything, may depend on the arguments in any way and may call the function itself. So it is run once
//! for each set of arguments that a batch of rows has, on a thread of its own: an engine thread cannot wait for the
//! engine. A function whose query is one expression never comes here; it becomes a part of the statement.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use arrow_schema::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::sql::sqlparser::ast::{Expr, UnaryOperator, Value as Literal};

use super::sqlite::quote;
use super::value::{Value, Values, ValuesBuilder};
use crate::dialect::perfetto::{FunctionText, Returns};
use crate::session::Engine;

/// How deep functions may call each other; each call takes a thread.
const MAX_DEPTH: u32 = 64;

/// Stack of such a thread.
const STACK_BYTES: usize = 16 << 20;

thread_local! {
    /// How many calls are under way above this thread.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// A function of a script.
#[derive(Debug)]
pub(crate) struct UserDefined {
    function: Arc<FunctionText>,
    engine: Weak<Engine>,
    depth: u32,
    signature: Signature,
}

impl UserDefined {
    pub(crate) fn new(function: Arc<FunctionText>, engine: Weak<Engine>) -> Self {
        let depth = DEPTH.with(Cell::get);
        // Not to be computed while planning: a function that calls itself would never end.
        Self { function, engine, depth, signature: Signature::user_defined(Volatility::Volatile) }
    }
}

impl PartialEq for UserDefined {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function) && self.depth == other.depth
    }
}

impl Eq for UserDefined {}

impl Hash for UserDefined {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

/// The column type of a type of Perfetto's.
pub(crate) fn column_type(name: &str) -> DataType {
    match name.to_uppercase().as_str() {
        "STRING" | "TEXT" => DataType::Utf8,
        "DOUBLE" | "FLOAT" | "REAL" => DataType::Float64,
        "BYTES" | "BLOB" | "PROTO" => DataType::Binary,
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
        let mut calls: Vec<Vec<Expr>> = Vec::new();
        let mut call_of_row = Vec::with_capacity(num_rows);
        for row in 0..num_rows {
            let values: Vec<Value<'_>> = columns.iter().map(|column| column.get(row)).collect();
            let number = *numbers.entry(values.iter().map(quote).collect()).or_insert(calls.len());
            if number == calls.len() {
                calls.push(values.iter().map(literal).collect());
            }
            call_of_row.push(number);
        }
        let results = if calls.is_empty() { Vec::new() } else { self.run(calls)? };
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
    fn run(&self, calls: Vec<Vec<Expr>>) -> Result<Vec<Value<'static>>> {
        let name = &self.function.name;
        if self.depth >= MAX_DEPTH {
            return exec_err!("`{name}` calls itself more than {MAX_DEPTH} deep");
        }
        let (function, engine, depth) = (Arc::clone(&self.function), self.engine.clone(), self.depth);
        let work = move || {
            DEPTH.with(|current| current.set(depth + 1));
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| e.to_string())?;
            let mut values = Vec::with_capacity(calls.len());
            for args in calls {
                // The session may be gone while its last query still runs.
                let Some(engine) = engine.upgrade() else { return Err("the query was cancelled".to_owned()) };
                values.push(runtime.block_on(engine.call(&function, &args)).map_err(|error| error.to_string())?);
            }
            Ok(values)
        };
        let thread = std::thread::Builder::new().name("sql call".to_owned()).stack_size(STACK_BYTES).spawn(work)?;
        match thread.join() {
            Ok(Ok(values)) => Ok(values),
            Ok(Err(message)) => exec_err!("`{name}`: {message}"),
            Err(_) => exec_err!("`{name}` failed"),
        }
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
