//! Functions of single values: SQLite's scalar functions, each a plain function from values to a value.
//!
//! They look at what each value is, so they are written row by row; the engine's own functions stay in use where they
//! mean the same and work on whole columns.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::mixed;
use super::value::{Value, Values, ValuesBuilder};

/// Computes one row; an error is a message for the person who typed the query.
pub(super) type Compute = for<'a> fn(&[Value<'a>]) -> Result<Value<'a>, String>;

/// Which type a function's column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Int,
    Real,
    Text,
    Blob,
    Boolean,
    /// The common type of the arguments.
    Common,
    /// A whole number when the argument is one, a real number when it is one, and either otherwise.
    Number,
    /// The argument's own type when that is a text.
    SameText,
    /// The type of the first argument.
    First,
    /// What the value is when all arguments are constants, and a mixed column otherwise.
    Varying,
    /// A mixed column, whatever the arguments are.
    Mixed,
}

/// How many arguments there may be at most where there may be any number.
pub(super) const ANY: usize = usize::MAX;

/// One function.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) num_args: RangeInclusive<usize>,
    pub(super) gives: Gives,
    pub(super) compute: Compute,
}

/// A function of [`Definition`] as the engine calls it.
#[derive(Debug)]
pub(super) struct PerRow {
    definition: &'static Definition,
    /// Whether constant arguments decide the type. The optimiser may find out later that arguments are constants, and
    /// must not change the type by that.
    is_typed_by_constants: bool,
    signature: Signature,
}

impl PerRow {
    pub(super) fn new(definition: &'static Definition) -> Self {
        let signature = Signature::user_defined(Volatility::Immutable);
        Self { definition, is_typed_by_constants: definition.gives == Gives::Varying, signature }
    }

    fn data_type(&self, arg_types: &[DataType]) -> DataType {
        match self.definition.gives {
            Gives::Int => DataType::Int64,
            Gives::Real => DataType::Float64,
            Gives::Text => DataType::Utf8,
            Gives::Varying | Gives::Mixed => mixed::TYPE,
            Gives::Blob => DataType::Binary,
            Gives::Boolean => DataType::Boolean,
            Gives::Common => common_type(arg_types),
            Gives::Number => match arg_types.first() {
                Some(DataType::Int64 | DataType::Boolean | DataType::Null) => DataType::Int64,
                Some(DataType::Float64) => DataType::Float64,
                _ => mixed::TYPE,
            },
            Gives::First => match arg_types.first() {
                Some(data_type) if is_text(data_type) => data_type.clone(),
                Some(data_type) if is_known(data_type) => whole_kind(data_type),
                _ => DataType::Utf8,
            },
            Gives::SameText => match arg_types.first() {
                Some(data_type) if is_text(data_type) => data_type.clone(),
                _ => DataType::Utf8,
            },
        }
    }
}

/// The function of a call whose arguments are not all constants, when it does not say so yet.
pub(super) fn settled(call: &ScalarFunction) -> Option<ScalarUDF> {
    let inner: &dyn ScalarUDFImpl = call.func.inner().as_ref();
    let function = (inner as &dyn Any).downcast_ref::<PerRow>()?;
    let is_open = function.is_typed_by_constants && !call.args.iter().all(|arg| matches!(arg, Expr::Literal(..)));
    is_open.then(|| {
        let (definition, signature) = (function.definition, function.signature.clone());
        ScalarUDF::new_from_impl(PerRow { definition, is_typed_by_constants: false, signature })
    })
}

/// The type with all the bits that SQLite's numbers have.
pub(crate) fn whole_kind(data_type: &DataType) -> DataType {
    match data_type {
        data_type if data_type.is_integer() => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        other => other.clone(),
    }
}

/// Whether values of the type are texts.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Whether SQLite has values of the type.
fn is_known(data_type: &DataType) -> bool {
    is_text(data_type)
        || mixed::is_mixed(data_type)
        || matches!(data_type, DataType::Int64 | DataType::Float64 | DataType::Boolean | DataType::Binary)
}

/// The type of a column that holds values of all these types.
pub(crate) fn common_type(arg_types: &[DataType]) -> DataType {
    let mut common = DataType::Null;
    for arg_type in arg_types {
        common = match (&common, arg_type) {
            (_, DataType::Null) => common,
            (DataType::Null | DataType::Int64, DataType::Int64 | DataType::Boolean) => DataType::Int64,
            (DataType::Null | DataType::Int64 | DataType::Float64, DataType::Float64)
            | (DataType::Float64, DataType::Int64 | DataType::Boolean) => DataType::Float64,
            (DataType::Null | DataType::Binary, DataType::Binary) => DataType::Binary,
            (DataType::Null | DataType::Utf8, text) if is_text(text) => DataType::Utf8,
            (_, other) if !is_known(other) => DataType::Utf8,
            _ => mixed::TYPE,
        };
    }
    match common {
        DataType::Null => DataType::Utf8,
        common => common,
    }
}

impl PartialEq for PerRow {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name && self.is_typed_by_constants == other.is_typed_by_constants
    }
}

impl Eq for PerRow {}

impl Hash for PerRow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.definition.name, self.is_typed_by_constants).hash(state);
    }
}

impl ScalarUDFImpl for PerRow {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if !self.definition.num_args.contains(&arg_types.len()) {
            let (least, most) = (self.definition.num_args.start(), self.definition.num_args.end());
            let expected = match (least, most) {
                (least, most) if least == most => least.to_string(),
                (least, &ANY) => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            let name = self.definition.name.trim_start_matches("__");
            return plan_err!("{name} takes {expected} arguments, not {}", arg_types.len());
        }
        Ok(arg_types.iter().map(whole_kind).collect())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.data_type(arg_types))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let mut data_type = self.data_type(&types);
        if self.is_typed_by_constants
            && let Some(constants) = args.scalar_arguments.iter().copied().collect::<Option<Vec<_>>>()
        {
            let arrays = constants.into_iter().map(|value| value.to_array()).collect::<Result<Vec<_>>>()?;
            let values = arrays.iter().map(Values::new).collect::<Result<Vec<_>>>()?;
            let values: Vec<Value<'_>> = values.iter().map(|values| values.get(0)).collect();
            data_type = match (self.definition.compute)(&values) {
                Ok(Value::Int(_)) => DataType::Int64,
                Ok(Value::Real(_)) => DataType::Float64,
                Ok(Value::Blob(_)) => DataType::Binary,
                _ => DataType::Utf8,
            };
        }
        // The functions that only change a value's kind give null for null alone.
        let keeps_nulls = matches!(self.definition.gives, Gives::Number | Gives::SameText)
            || self.definition.name.starts_with("__cast")
            || self.definition.name == TRUTH;
        let is_nullable = !keeps_nulls || args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.definition.name, data_type, is_nullable)))
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if self.definition.name == ARGUMENT {
            return Ok(match args.as_slice() {
                [value, Expr::Literal(kind, _), ..]
                    if fits(&info.get_data_type(value)?, kind.try_as_str().flatten().unwrap_or_default()) =>
                {
                    ExprSimplifyResult::Simplified(value.clone())
                }
                _ => ExprSimplifyResult::Original(args),
            });
        }
        let Some(target) = changed_kind(self.definition.name) else { return Ok(ExprSimplifyResult::Original(args)) };
        // What is declared has a second argument that says of which function.
        let ([arg] | [arg, _]) = args.as_slice() else { return Ok(ExprSimplifyResult::Original(args)) };
        let found = info.get_data_type(arg)?;
        let is_kept = match target {
            Kind::Mixed => mixed::is_mixed(&found),
            Kind::Truth => found == DataType::Boolean,
            Kind::Text => is_text(&found),
            Kind::Number => matches!(found, DataType::Int64 | DataType::Float64),
            Kind::Int => found == DataType::Int64,
            Kind::Real => found == DataType::Float64,
        };
        if is_kept {
            return Ok(ExprSimplifyResult::Simplified(arg.clone()));
        }
        let cast_to = match (target, &found) {
            (Kind::Number | Kind::Int, DataType::Boolean) => DataType::Int64,
            (Kind::Real, DataType::Int64) => DataType::Float64,
            _ => return Ok(ExprSimplifyResult::Original(args)),
        };
        Ok(ExprSimplifyResult::Simplified(Expr::Cast(Cast::new(Box::new(arg.clone()), cast_to))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let num_rows = if is_constant { 1 } else { args.number_rows };
        let columns = args
            .args
            .iter()
            .map(|arg| match arg {
                ColumnarValue::Scalar(value) => Ok((Values::new(&value.to_array()?)?, true)),
                ColumnarValue::Array(array) => Ok((Values::new(array)?, false)),
            })
            .collect::<Result<Vec<_>>>()?;
        let data_type = match args.return_field.data_type() {
            data_type if is_text(data_type) => &DataType::Utf8,
            data_type => data_type,
        };
        let mut builder = ValuesBuilder::new(data_type)?;
        let mut row_values = Vec::with_capacity(columns.len());
        for row in 0..num_rows {
            row_values.clear();
            let values = columns.iter().map(|(values, is_scalar)| values.get(if *is_scalar { 0 } else { row }));
            row_values.extend(values);
            match (self.definition.compute)(&row_values) {
                Ok(value) => builder.push(&value),
                Err(message) => return exec_err!("{message}"),
            }
        }
        let array: ArrayRef = arrow_cast::cast(&builder.finish(), args.return_field.data_type())?;
        Ok(match is_constant {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?),
            false => ColumnarValue::Array(array),
        })
    }
}

/// Kinds that a value can be turned into.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Mixed,
    Truth,
    Text,
    Number,
    Int,
    Real,
}

/// The key of a column's metadata that says that its type is only what is known of its values: such a column offers
/// nothing to what it is compared with.
pub(crate) const NO_AFFINITY: &str = "no_affinity";

/// Whether every value of a type fits a parameter of a kind.
fn fits(data_type: &DataType, kind: &str) -> bool {
    match kind {
        WHOLE => matches!(data_type, DataType::Int64 | DataType::Boolean) || data_type.is_integer(),
        REAL => *data_type == DataType::Float64 || data_type.is_integer(),
        TEXTS => is_text(data_type),
        BLOBS => *data_type == DataType::Binary,
        _ => true,
    }
}

/// The kinds of parameters, in the words of a message.
pub(crate) const WHOLE: &str = "a whole number";
/// Whole numbers will do too.
pub(crate) const REAL: &str = "a number";
/// A text.
pub(crate) const TEXTS: &str = "a text";
/// Bytes.
pub(crate) const BLOBS: &str = "a blob";

/// What decides where a truth is asked for.
pub(crate) const TRUTH: &str = "__truth";
/// A number where one is asked for.
pub(crate) const NUMBER: &str = "__number";
/// A number where one is added up: a text that is a whole number counts as one, and any other as a real number.
pub(crate) const ADDEND: &str = "__addend";
/// The value as it is, in a mixed column.
pub(crate) const MIXED: &str = "__mixed";
/// A text where one is asked for.
pub(crate) const TEXT: &str = "__text";
/// `CAST(… AS INTEGER)`.
pub(crate) const CAST_INT: &str = "__cast_int";
/// `CAST(… AS REAL)`.
pub(crate) const CAST_REAL: &str = "__cast_real";
/// `CAST(… AS TEXT)`.
pub(crate) const CAST_TEXT: &str = "__cast_text";

/// What a function gives that is declared to give whole numbers, and the function's name.
pub(crate) const DECLARED_INT: &str = "__declared_int";
/// The same for real numbers.
pub(crate) const DECLARED_REAL: &str = "__declared_real";

/// An argument of a function of a script, and what is expected where: the value, a kind, the function, the parameter.
pub(crate) const ARGUMENT: &str = "__argument";
/// A value, behind which arguments stand that it does not need, and that are checked all the same.
pub(crate) const WITH_CHECKS: &str = "__with_checks";

fn changed_kind(name: &str) -> Option<Kind> {
    Some(match name {
        TRUTH => Kind::Truth,
        MIXED => Kind::Mixed,
        NUMBER | ADDEND => Kind::Number,
        TEXT | CAST_TEXT => Kind::Text,
        CAST_INT | DECLARED_INT => Kind::Int,
        CAST_REAL | DECLARED_REAL => Kind::Real,
        _ => return None,
    })
}
