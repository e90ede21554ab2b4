//! Operators: what `=`, `+`, `||` and the others mean between values of different kinds.
//!
//! The engine brings both sides to one type and fails where a value does not fit. SQLite compares any two values: a
//! number is less than a text, unless one side is a column (or a cast), which offers its type to the other side. All of
//! it can be decided from the types when a query is planned, so comparisons of like with like, which are nearly all,
//! stay the engine's own and as fast.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::functions::core::nullif;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF, binary_expr, lit, when};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::function::Functions;
use crate::function::in_rows::Comparison;
use crate::function::json::{ARROW, LONG_ARROW};
use crate::function::mixed::is_mixed;
use crate::function::per_row::{CAST_INT, CAST_REAL, CAST_TEXT, NO_AFFINITY, NUMBER, TEXT, is_text};
use crate::function::sqlite::{
    ADD, COMPARE, COMPARE_PLAIN, DIVIDE, MODULO, MULTIPLY, SHIFT_LEFT, SHIFT_RIGHT, SUBTRACT,
};
use crate::function::value::{Number, Value, whole_number};
use crate::function::whole::Whole;

/// SQLite's operators.
pub(crate) struct Operators {
    functions: Arc<Functions>,
    /// Operations of whole numbers that did not fit somewhere, and give a mixed column now.
    as_mixed: BTreeSet<String>,
}

impl std::fmt::Debug for Operators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operators")
    }
}

/// What SQLite tells apart among values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Number,
    Text,
    Blob,
}

impl Class {
    fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Boolean | DataType::Float64 => Some(Self::Number),
            data_type if data_type.is_integer() => Some(Self::Number),
            DataType::Binary => Some(Self::Blob),
            data_type if is_text(data_type) => Some(Self::Text),
            _ => None,
        }
    }
}

/// What an expression offers to the other side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Number,
    Text,
    None,
}

impl Affinity {
    fn of(expr: &Expr, class: Class) -> Self {
        match expr {
            Expr::Alias(alias) => Self::of(&alias.expr, class),
            Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::ScalarSubquery(_) | Expr::Cast(_) => match class {
                Class::Number => Self::Number,
                Class::Text => Self::Text,
                Class::Blob => Self::None,
            },
            Expr::ScalarFunction(call) => match call.func.name() {
                CAST_INT | CAST_REAL => Self::Number,
                CAST_TEXT => Self::Text,
                _ => Self::None,
            },
            _ => Self::None,
        }
    }
}

/// Whether it is a column whose type nobody declared.
fn is_without_affinity(expr: &Expr, schema: &DFSchema) -> bool {
    let Expr::Column(column) = expr else { return false };
    let field = schema.qualified_field_from_column(column);
    field.is_ok_and(|(_, field)| field.metadata().contains_key(NO_AFFINITY))
}

impl Operators {
    pub(crate) fn new(functions: Arc<Functions>, as_mixed: BTreeSet<String>) -> Self {
        Self { functions, as_mixed }
    }

    fn call(&self, name: &str, args: Vec<Expr>) -> Result<Expr> {
        let function: Option<Arc<ScalarUDF>> = self.functions.scalar(name);
        match function {
            Some(function) => Ok(function.call(args)),
            None => datafusion::common::internal_err!("the function {name} is missing"),
        }
    }

    /// `left operator right` for a comparison; both sides unchanged when the engine reads it as SQLite does.
    pub(crate) fn compare(&self, op: Operator, left: Expr, right: Expr, schema: &DFSchema) -> Result<Expr> {
        let (left_type, right_type) = (left.get_type(schema)?, right.get_type(schema)?);
        let plain = |left, right| Ok(binary_expr(left, op, right));
        if is_mixed(&left_type) || is_mixed(&right_type) {
            return self.compare_mixed(op, left, right, (&left_type, &right_type));
        }
        let (Some(left_class), Some(right_class)) = (Class::of(&left_type), Class::of(&right_type)) else {
            return plain(left, right);
        };
        if left_class == right_class {
            // As real numbers, whole ones that differ in their last digits would be equal.
            let (left, right) = match (left_type == DataType::Int64, right_type == DataType::Int64) {
                (true, false) => (left, as_whole_literal(right)),
                (false, true) => (as_whole_literal(left), right),
                _ => (left, right),
            };
            let is_exact = |data_type: &DataType| data_type.is_integer();
            match (left.get_type(schema)?, right.get_type(schema)?) {
                (left_type, DataType::Float64) if is_exact(&left_type) => {
                    return self.compare_whole_with_real(op, left, right);
                }
                (DataType::Float64, right_type) if is_exact(&right_type) => {
                    return self.compare_whole_with_real(op.swap().unwrap_or(op), right, left);
                }
                _ => {}
            }
            let is_mixed = (left_type == DataType::Boolean) != (right_type == DataType::Boolean);
            return match is_mixed {
                true => plain(as_int(left, &left_type), as_int(right, &right_type)),
                false => plain(left, right),
            };
        }
        let offers = |expr: &Expr, class: Class| match is_without_affinity(expr, schema) {
            true => Affinity::None,
            false => Affinity::of(expr, class),
        };
        let offered = (offers(&left, left_class), offers(&right, right_class));
        let is_numeric = match (left_class, right_class) {
            (Class::Number, Class::Text) => offered.0 == Affinity::Number,
            (Class::Text, Class::Number) => offered.1 == Affinity::Number,
            _ => false,
        };
        if is_numeric {
            return self.compare_numbers(op, left, right, left_class);
        }
        match (left_class, right_class) {
            (Class::Number, Class::Text) if offered.1 == Affinity::Text => plain(self.text(left)?, right),
            (Class::Text, Class::Number) if offered.0 == Affinity::Text => plain(left, self.text(right)?),
            _ => by_class(op, left, right, (left_class as u8).cmp(&(right_class as u8))),
        }
    }

    /// A comparison of a whole with a real number, of which the engine would make two real ones, and so take whole numbers
    /// for equal that differ in their last digits.
    fn compare_whole_with_real(&self, op: Operator, whole: Expr, real: Expr) -> Result<Expr> {
        let Expr::Literal(ScalarValue::Float64(Some(value)), _) = &real else {
            return self.compare_values(op, whole, real);
        };
        // What is computed may not fit and go on as a real number, which has to be seen.
        let may_be_decided = !matches!(&whole, Expr::ScalarFunction(_) | Expr::Cast(_) | Expr::BinaryExpr(_));
        if !may_be_decided && value.abs() >= 9_223_372_036_854_775_808.0 {
            return self.compare_values(op, whole, real);
        }
        // Constants without a fraction that fit are whole numbers already.
        if *value >= 9_223_372_036_854_775_808.0 {
            return by_class(op, whole, real, Ordering::Less);
        }
        if *value < -9_223_372_036_854_775_808.0 {
            return by_class(op, whole, real, Ordering::Greater);
        }
        let below = lit(value.floor() as i64);
        match op {
            Operator::Lt | Operator::LtEq => Ok(binary_expr(whole, Operator::LtEq, below)),
            Operator::Gt | Operator::GtEq => Ok(binary_expr(whole, Operator::Gt, below)),
            Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => {
                by_class(op, whole, real, Ordering::Less)
            }
            _ => Ok(binary_expr(whole, op, real)),
        }
    }

    /// A comparison with a mixed side, which offers nothing: what the other side offers counts.
    fn compare_mixed(
        &self,
        op: Operator,
        left: Expr,
        right: Expr,
        (left_type, right_type): (&DataType, &DataType),
    ) -> Result<Expr> {
        let offers = |expr: &Expr, data_type: &DataType| {
            Class::of(data_type).map_or(Affinity::None, |class| Affinity::of(expr, class))
        };
        match (offers(&left, left_type), offers(&right, right_type)) {
            (Affinity::Number, _) | (_, Affinity::Number) => self.compare_by(COMPARE, op, left, right),
            (Affinity::Text, _) => self.compare_by(COMPARE_PLAIN, op, left, self.text(right)?),
            (_, Affinity::Text) => self.compare_by(COMPARE_PLAIN, op, self.text(left)?, right),
            _ => self.compare_by(COMPARE_PLAIN, op, left, right),
        }
    }

    /// A comparison of each two values by what they are, where a text that is a number counts as one.
    fn compare_values(&self, op: Operator, left: Expr, right: Expr) -> Result<Expr> {
        self.compare_by(COMPARE, op, left, right)
    }

    fn compare_by(&self, function: &str, op: Operator, left: Expr, right: Expr) -> Result<Expr> {
        match op {
            Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => {
                let are_null = left.clone().is_null().and(right.clone().is_null());
                let is_same = self.call(function, vec![left, right])?.eq(lit(0_i64)).is_true().or(are_null);
                Ok(if op == Operator::IsDistinctFrom { !is_same } else { is_same })
            }
            _ => Ok(binary_expr(self.call(function, vec![left, right])?, op, lit(0_i64))),
        }
    }

    /// A comparison in which a text that is a number counts as one.
    fn compare_numbers(&self, op: Operator, left: Expr, right: Expr, left_class: Class) -> Result<Expr> {
        let plain = |left, right| Ok(binary_expr(left, op, right));
        let text = if left_class == Class::Text { &left } else { &right };
        if let Expr::Literal(value, _) = text
            && let Some(Some(text)) = value.try_as_str()
        {
            let number = match whole_number(text) {
                Some(Number::Int(value)) => lit(value),
                Some(Number::Real(value)) => lit(value),
                None if left_class == Class::Text => return by_class(op, left, right, Ordering::Greater),
                None => return by_class(op, left, right, Ordering::Less),
            };
            return if left_class == Class::Text { plain(number, right) } else { plain(left, number) };
        }
        self.compare_values(op, left, right)
    }

    /// Compares one by one where `IN` has a list of other kinds of values than the one it looks for.
    pub(crate) fn settle_lists(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let settled = plan.transform_up_with_subqueries(|plan| {
            let mut schema = DFSchema::empty();
            for input in plan.inputs() {
                schema.merge(input.schema());
            }
            plan.map_expressions(|expr| {
                let name = expr.schema_name().to_string();
                let settled = expr.transform_up(|expr| match expr {
                    Expr::InList(list) if self.has_other_kinds(&list, &schema)? => {
                        self.settle_list(list, &schema).map(Transformed::yes)
                    }
                    expr => Ok(Transformed::no(expr)),
                })?;
                let is_renamed = settled.transformed && settled.data.schema_name().to_string() != name;
                Ok(if is_renamed { settled.update_data(|expr| expr.alias(name)) } else { settled })
            })
        });
        settled.data()
    }

    fn has_other_kinds(&self, list: &InList, schema: &DFSchema) -> Result<bool> {
        let sought_type = list.expr.get_type(schema)?;
        let sought = Class::of(&sought_type);
        for item in &list.list {
            let item_type = item.get_type(schema)?;
            let class = Class::of(&item_type);
            let is_inexact = are_whole_and_real(&sought_type, &item_type);
            let is_unlike = is_mixed(&sought_type) || is_mixed(&item_type);
            if is_inexact || is_unlike || sought.zip(class).is_some_and(|(sought, class)| sought != class) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn settle_list(&self, list: InList, schema: &DFSchema) -> Result<Expr> {
        let mut found = lit(false);
        for item in list.list {
            found = found.or(self.compare(Operator::Eq, list.expr.as_ref().clone(), item, schema)?);
        }
        Ok(if list.negated { !found } else { found })
    }

    fn text(&self, expr: Expr) -> Result<Expr> {
        match &expr {
            Expr::Literal(ScalarValue::Int64(Some(value)), _) => Ok(lit(value.to_string())),
            Expr::Literal(ScalarValue::Float64(Some(value)), _) => {
                Ok(lit(Value::Real(*value).to_text().unwrap_or_default().into_owned()))
            }
            _ => self.call(TEXT, vec![expr]),
        }
    }

    fn number(&self, expr: Expr, schema: &DFSchema) -> Result<Expr> {
        let data_type = expr.get_type(schema)?;
        match &expr {
            Expr::Literal(value, _) if is_text(&data_type) => {
                Ok(match Value::text(value.try_as_str().flatten().unwrap_or_default()).to_number() {
                    Some(Number::Int(value)) => lit(value),
                    Some(Number::Real(value)) => lit(value),
                    None => lit(ScalarValue::Int64(None)),
                })
            }
            _ => match data_type {
                DataType::Boolean => Ok(as_int(expr, &data_type)),
                DataType::Null => Ok(lit(ScalarValue::Int64(None))),
                DataType::Binary => self.call(NUMBER, vec![expr]),
                data_type if is_text(&data_type) || is_mixed(&data_type) => self.call(NUMBER, vec![expr]),
                // Lengths and ranks of the engine have fewer bits.
                data_type if data_type.is_integer() && data_type != DataType::Int64 => {
                    Ok(Expr::Cast(Cast::new(Box::new(expr), DataType::Int64)))
                }
                _ => Ok(expr),
            },
        }
    }

    fn int(&self, expr: Expr, schema: &DFSchema) -> Result<Expr> {
        match expr.get_type(schema)? {
            DataType::Int64 => Ok(expr),
            data_type @ DataType::Boolean => Ok(as_int(expr, &data_type)),
            _ => self.call(CAST_INT, vec![expr]),
        }
    }

    fn arithmetic(&self, op: Operator, left: Expr, right: Expr, schema: &DFSchema) -> Result<Expr> {
        // What a text is as a number is known row by row.
        let (left, right) = (self.number(left, schema)?, self.number(right, schema)?);
        if is_mixed(&left.get_type(schema)?) || is_mixed(&right.get_type(schema)?) {
            return self.mixed_arithmetic(op, left, right);
        }
        if op == Operator::Modulo {
            let is_int =
                |expr: &Expr| Ok::<_, datafusion::common::DataFusionError>(expr.get_type(schema)? == DataType::Int64);
            let gives_int = is_int(&left)? && is_int(&right)?;
            let divisor = or_null_if_zero(self.int(right, schema)?, schema)?;
            let rest = binary_expr(self.int(left, schema)?, op, divisor);
            return Ok(match gives_int {
                true => rest,
                false => Expr::Cast(Cast::new(Box::new(rest), DataType::Float64)),
            });
        }
        if op == Operator::Divide {
            return Ok(binary_expr(left, op, or_null_if_zero(right, schema)?));
        }
        let types = (left.get_type(schema)?, right.get_type(schema)?);
        if types != (DataType::Int64, DataType::Int64) {
            return Ok(binary_expr(left, op, right));
        }
        if let (Expr::Literal(ScalarValue::Int64(Some(left)), _), Expr::Literal(ScalarValue::Int64(Some(right)), _)) =
            (&left, &right)
        {
            return Ok(match Whole::of_constants(op, *left, *right) {
                Some(value) => lit(value),
                None => binary_expr(lit(*left as f64), op, lit(*right as f64)),
            });
        }
        let operation = format!("{} {op} {}", left.human_display(), right.human_display());
        if self.as_mixed.contains(&operation) {
            return self.mixed_arithmetic(op, left, right);
        }
        Ok(ScalarUDF::new_from_impl(Whole::new(op, operation)).call(vec![left, right]))
    }

    fn mixed_arithmetic(&self, op: Operator, left: Expr, right: Expr) -> Result<Expr> {
        let function = match op {
            Operator::Plus => ADD,
            Operator::Minus => SUBTRACT,
            Operator::Multiply => MULTIPLY,
            Operator::Divide => DIVIDE,
            _ => MODULO,
        };
        self.call(function, vec![left, right])
    }
}

/// Whether one is a whole number and the other a real one.
fn are_whole_and_real(left: &DataType, right: &DataType) -> bool {
    let is_real = |data_type: &DataType| *data_type == DataType::Float64;
    (left.is_integer() && is_real(right)) || (is_real(left) && right.is_integer())
}

/// A real constant without a fraction as a whole one.
fn as_whole_literal(expr: Expr) -> Expr {
    match &expr {
        Expr::Literal(ScalarValue::Float64(Some(value)), _)
            if value.fract() == 0.0 && *value >= i64::MIN as f64 && *value < i64::MAX as f64 =>
        {
            lit(*value as i64)
        }
        _ => expr,
    }
}

fn as_int(expr: Expr, data_type: &DataType) -> Expr {
    match data_type {
        DataType::Boolean => Expr::Cast(Cast::new(Box::new(expr), DataType::Int64)),
        _ => expr,
    }
}

/// How `left IN (SELECT right …)` compares; `None` when both are of one kind.
pub(crate) fn list_comparison(
    left: &Expr,
    left_type: &DataType,
    right: &Expr,
    right_type: &DataType,
) -> Option<Comparison> {
    if is_mixed(left_type) || is_mixed(right_type) {
        let offers = |expr: &Expr, data_type: &DataType| {
            Class::of(data_type).map_or(Affinity::None, |class| Affinity::of(expr, class))
        };
        return Some(match (offers(left, left_type), offers(right, right_type)) {
            (Affinity::Number, _) | (_, Affinity::Number) => Comparison::Numeric,
            (Affinity::Text, _) | (_, Affinity::Text) => Comparison::Text,
            _ => Comparison::Plain,
        });
    }
    let (left_class, right_class) = (Class::of(left_type)?, Class::of(right_type)?);
    if left_class == right_class {
        return are_whole_and_real(left_type, right_type).then_some(Comparison::Plain);
    }
    let offered = (Affinity::of(left, left_class), Affinity::of(right, right_class));
    let is_numeric = match (left_class, right_class) {
        (Class::Number, Class::Text) => offered.0 == Affinity::Number,
        (Class::Text, Class::Number) => offered.1 == Affinity::Number,
        _ => false,
    };
    let is_text = match (left_class, right_class) {
        (Class::Number, Class::Text) => offered.1 == Affinity::Text,
        (Class::Text, Class::Number) => offered.0 == Affinity::Text,
        _ => false,
    };
    Some(match (is_numeric, is_text) {
        (true, _) => Comparison::Numeric,
        (false, true) => Comparison::Text,
        (false, false) => Comparison::Plain,
    })
}

/// A division by nothing gives nothing.
fn or_null_if_zero(divisor: Expr, schema: &DFSchema) -> Result<Expr> {
    let zero = match divisor.get_type(schema)? {
        DataType::Int64 => lit(0_i64),
        DataType::Float64 => lit(0.0_f64),
        _ => return Ok(divisor),
    };
    match &divisor {
        Expr::Literal(value, _) if zero != lit(value.clone()) && !value.is_null() => Ok(divisor),
        _ => Ok(nullif().call(vec![divisor, zero])),
    }
}

/// The verdict of a comparison that the kinds of values decide.
fn by_class(op: Operator, left: Expr, right: Expr, order: Ordering) -> Result<Expr> {
    let verdict = match op {
        Operator::Eq | Operator::IsNotDistinctFrom => false,
        Operator::NotEq | Operator::IsDistinctFrom => true,
        Operator::Lt | Operator::LtEq => order == Ordering::Less,
        _ => order == Ordering::Greater,
    };
    match op {
        // Two nulls of different types are the same null.
        Operator::IsNotDistinctFrom => Ok(left.is_null().and(right.is_null())),
        Operator::IsDistinctFrom => Ok(left.is_not_null().or(right.is_not_null())),
        _ => when(left.is_not_null().and(right.is_not_null()), lit(verdict)).end(),
    }
}

/// The engine's comparison for one of the language.
fn comparison(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::NotEq,
        BinaryOperator::Lt => Operator::Lt,
        BinaryOperator::LtEq => Operator::LtEq,
        BinaryOperator::Gt => Operator::Gt,
        BinaryOperator::GtEq => Operator::GtEq,
        // The grammar reads `a IS b` as this.
        BinaryOperator::Spaceship => Operator::IsNotDistinctFrom,
        _ => return None,
    })
}

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        if let Some(op) = comparison(&op) {
            return Ok(PlannerResult::Planned(self.compare(op, left, right, schema)?));
        }
        let arithmetic = match op {
            BinaryOperator::Plus => Some(Operator::Plus),
            BinaryOperator::Minus => Some(Operator::Minus),
            BinaryOperator::Multiply => Some(Operator::Multiply),
            BinaryOperator::Divide => Some(Operator::Divide),
            BinaryOperator::Modulo => Some(Operator::Modulo),
            _ => None,
        };
        if let Some(op) = arithmetic {
            return Ok(PlannerResult::Planned(self.arithmetic(op, left, right, schema)?));
        }
        let planned = match op {
            BinaryOperator::StringConcat => {
                let text = |expr: Expr| match expr.get_type(schema)? {
                    data_type if is_text(&data_type) || data_type == DataType::Null => Ok(expr),
                    _ => self.text(expr),
                };
                binary_expr(text(left)?, Operator::StringConcat, text(right)?)
            }
            BinaryOperator::BitwiseAnd | BinaryOperator::BitwiseOr => {
                let op = match op {
                    BinaryOperator::BitwiseAnd => Operator::BitwiseAnd,
                    _ => Operator::BitwiseOr,
                };
                binary_expr(self.int(left, schema)?, op, self.int(right, schema)?)
            }
            BinaryOperator::PGBitwiseShiftLeft => self.call(SHIFT_LEFT, vec![left, right])?,
            BinaryOperator::PGBitwiseShiftRight => self.call(SHIFT_RIGHT, vec![left, right])?,
            BinaryOperator::Arrow => self.call(ARROW, vec![left, right])?,
            BinaryOperator::LongArrow => self.call(LONG_ARROW, vec![left, right])?,
            op => return Ok(PlannerResult::Original(RawBinaryExpr { op, left, right })),
        };
        Ok(PlannerResult::Planned(planned))
    }
}
