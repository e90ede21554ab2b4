//! Bare columns: columns beside aggregates that are neither grouped by nor aggregated, which SQLite allows.
//!
//! `SELECT max(dur), name FROM slice` gives the name of the row with the largest `dur`. SQLite promises that where there
//! is exactly one `min` or `max`; otherwise it takes any row of the group. Any row would be another one with each number
//! of threads, so here it is the first one in the order of the table.
//!
//! The engine refuses such columns, and only then is the statement read in this way: each becomes
//! `first_value(column ORDER BY …)`, and the row order of [`crate::row_order`] decides between equal ones.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList, FunctionArguments,
    GroupByExpr, Ident, ObjectName, OrderByExpr, OrderByKind, OrderByOptions, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TableWithJoins, Value, VisitMut, VisitorMut,
    WildcardAdditionalOptions,
};

/// Columns by table and name.
type Columns = Vec<(Option<String>, String)>;

/// Reads columns beside aggregates as values of one row; false when there is none.
///
/// `columns_of` lists the columns that `*` stands for.
pub(crate) fn read_as_values(
    statement: &mut Statement,
    is_aggregate: &dyn Fn(&str) -> bool,
    columns_of: &dyn Fn(&[TableWithJoins]) -> Option<Columns>,
) -> bool {
    let mut reader = Reader { is_aggregate, columns_of, has_changed: false };
    let _: ControlFlow<()> = statement.visit(&mut reader);
    reader.has_changed
}

/// `SELECT * FROM …`.
pub(crate) fn everything_from(from: &[TableWithJoins]) -> Query {
    let select = Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: vec![],
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())],
        exclude: None,
        into: None,
        from: from.to_vec(),
        lateral_views: vec![],
        prewhere: None,
        selection: None,
        connect_by: vec![],
        group_by: GroupByExpr::Expressions(vec![], vec![]),
        cluster_by: vec![],
        distribute_by: vec![],
        sort_by: vec![],
        having: None,
        named_window: vec![],
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    };
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    }
}

struct Reader<'a> {
    is_aggregate: &'a dyn Fn(&str) -> bool,
    columns_of: &'a dyn Fn(&[TableWithJoins]) -> Option<Columns>,
    has_changed: bool,
}

impl VisitorMut for Reader<'_> {
    type Break = ();

    // The query and not its `SELECT`, since `ORDER BY` belongs to the query.
    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let order_by: Option<&mut Vec<OrderByExpr>> = match &mut query.order_by {
            Some(order_by) => match &mut order_by.kind {
                OrderByKind::Expressions(keys) => Some(keys),
                OrderByKind::All(_) => None,
            },
            None => None,
        };
        let mut no_keys = Vec::new();
        match query.body.as_mut() {
            SetExpr::Select(select) => self.read_select(select, order_by.unwrap_or(&mut no_keys)),
            SetExpr::SetOperation { left, right, .. } => {
                self.read_set(left);
                self.read_set(right);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Reader<'_> {
    fn read_set(&mut self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => self.read_select(select, &mut Vec::new()),
            SetExpr::SetOperation { left, right, .. } => {
                self.read_set(left);
                self.read_set(right);
            }
            // Others are queries of their own, which the visitor comes to.
            _ => {}
        }
    }

    fn read_select(&mut self, select: &mut Select, order_by: &mut [OrderByExpr]) {
        let mut calls = Vec::new();
        for item in &select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                self.find_aggregates(expr, &mut calls);
            }
        }
        for expr in select.having.iter().chain(order_by.iter().map(|key| &key.expr)) {
            self.find_aggregates(expr, &mut calls);
        }
        let groups = match &select.group_by {
            GroupByExpr::Expressions(groups, _) => groups.clone(),
            GroupByExpr::All(_) => return,
        };
        if calls.is_empty() && groups.is_empty() {
            return;
        }
        self.expand_wildcards(select);
        let extremes: Vec<&Function> = calls.iter().filter(|call| extreme(call).is_some()).collect();
        let wrapper = Wrapper {
            is_aggregate: self.is_aggregate,
            groups: &groups,
            extreme: match extremes.as_slice() {
                [first, rest @ ..] if rest.iter().all(|call| call == first) => Some((*first).clone()),
                _ => None,
            },
        };
        let grouped_items: Vec<bool> =
            (0..select.projection.len()).map(|index| is_grouped_by(&select.projection, index, &groups)).collect();
        // The names that the statement gives; in `HAVING` they mean what they are given to.
        let given = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(Expr::Identifier(Ident::new(alias.value.clone()))),
            _ => None,
        });
        if let Some(having) = &mut select.having {
            let groups: Vec<Expr> = groups.iter().cloned().chain(given).collect();
            self.has_changed |= Wrapper { groups: &groups, ..wrapper.clone() }.wrap(having);
        }
        let mut names = Vec::new();
        for (item, is_grouped) in select.projection.iter_mut().zip(grouped_items) {
            match item {
                SelectItem::UnnamedExpr(expr) if !is_grouped => {
                    let name = match &*expr {
                        Expr::Identifier(name) => Some(name.clone()),
                        Expr::CompoundIdentifier(parts) => parts.last().cloned(),
                        _ => None,
                    };
                    self.has_changed |= wrapper.wrap(expr);
                    if let Some(alias) = name {
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                    }
                }
                SelectItem::ExprWithAlias { expr, .. } if !is_grouped => self.has_changed |= wrapper.wrap(expr),
                _ => {}
            }
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                names.push(alias.value.to_lowercase());
            }
        }
        for key in order_by {
            // The name of a result column means that column.
            let is_result = matches!(&key.expr, Expr::Identifier(name) if names.contains(&name.value.to_lowercase()));
            if !is_result {
                self.has_changed |= wrapper.wrap(&mut key.expr);
            }
        }
    }

    /// Puts the columns in the place of `*` and `table.*`.
    fn expand_wildcards(&self, select: &mut Select) {
        let is_wildcard =
            |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        if !select.projection.iter().any(is_wildcard) {
            return;
        }
        let Some(columns) = (self.columns_of)(&select.from) else { return };
        let item_of = |(table, name): &(Option<String>, String)| {
            let name = Ident::with_quote('"', name);
            SelectItem::UnnamedExpr(match table {
                Some(table) => Expr::CompoundIdentifier(vec![Ident::with_quote('"', table), name]),
                None => Expr::Identifier(name),
            })
        };
        select.projection = std::mem::take(&mut select.projection)
            .into_iter()
            .flat_map(|item| match &item {
                SelectItem::Wildcard(_) => columns.iter().map(item_of).collect(),
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(table), _) => {
                    let table = table.0.last().and_then(|part| part.as_ident()).map(|name| name.value.to_lowercase());
                    columns.iter().filter(|column| column.0 == table).map(item_of).collect()
                }
                _ => vec![item],
            })
            .collect();
    }

    fn find_aggregates(&self, expr: &Expr, calls: &mut Vec<Function>) {
        // The visitor of the syntax tree that does not change it cannot be told to leave a part out.
        let mut finder = Finder { is_aggregate: self.is_aggregate, calls, depth: 0 };
        let _: ControlFlow<()> = expr.clone().visit(&mut finder);
    }
}

/// Whether the item is one of the groups: by its number, its alias or its text.
fn is_grouped_by(items: &[SelectItem], index: usize, groups: &[Expr]) -> bool {
    let (expr, alias) = match &items[index] {
        SelectItem::UnnamedExpr(expr) => (expr, None),
        SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
        _ => return false,
    };
    groups.iter().any(|group| match group {
        Expr::Value(number) => {
            matches!(&number.value, Value::Number(digits, _) if digits.parse() == Ok(index + 1))
        }
        Expr::Identifier(name) if alias.is_some_and(|alias| alias.value.eq_ignore_ascii_case(&name.value)) => true,
        group => group == expr,
    })
}

fn is_call_of_aggregate(expr: &Expr, is_aggregate: &dyn Fn(&str) -> bool) -> bool {
    match expr {
        Expr::Function(function) => function.over.is_none() && is_aggregate(&function.name.to_string().to_lowercase()),
        _ => false,
    }
}

struct Finder<'a> {
    is_aggregate: &'a dyn Fn(&str) -> bool,
    calls: &'a mut Vec<Function>,
    depth: usize,
}

impl VisitorMut for Finder<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && is_call_of_aggregate(expr, self.is_aggregate)
            && let Expr::Function(function) = expr
        {
            self.calls.push(function.clone());
        }
        ControlFlow::Continue(())
    }
}

/// What decides the row: whether the largest, and of what.
fn extreme(call: &Function) -> Option<(bool, &Expr)> {
    let is_max = match call.name.to_string().to_lowercase().as_str() {
        "max" => true,
        "min" => false,
        _ => return None,
    };
    match &call.args {
        FunctionArguments::List(list) => match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(of))] => Some((is_max, of)),
            _ => None,
        },
        _ => None,
    }
}

#[derive(Clone)]
struct Wrapper<'a> {
    is_aggregate: &'a dyn Fn(&str) -> bool,
    groups: &'a [Expr],
    /// The only `min` or `max`.
    extreme: Option<Function>,
}

impl Wrapper<'_> {
    /// Reads the bare columns of `expr` as values of one row; false when there is none.
    fn wrap(&self, expr: &mut Expr) -> bool {
        struct Walker<'a> {
            wrapper: &'a Wrapper<'a>,
            /// How many groups, aggregates and queries are around.
            depth: usize,
            has_changed: bool,
        }

        impl Walker<'_> {
            fn is_closed(&self, expr: &Expr) -> bool {
                self.wrapper.groups.contains(expr) || is_call_of_aggregate(expr, self.wrapper.is_aggregate)
            }
        }

        impl VisitorMut for Walker<'_> {
            type Break = ();

            fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
                self.depth += 1;
                ControlFlow::Continue(())
            }

            fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
                self.depth -= 1;
                ControlFlow::Continue(())
            }

            fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
                self.depth += usize::from(self.is_closed(expr));
                ControlFlow::Continue(())
            }

            fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
                if self.is_closed(expr) {
                    self.depth -= 1;
                } else if self.depth == 0 && matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                    *expr = self.wrapper.value_of(expr.clone());
                    self.has_changed = true;
                }
                ControlFlow::Continue(())
            }
        }

        let mut walker = Walker { wrapper: self, depth: 0, has_changed: false };
        let _: ControlFlow<()> = expr.visit(&mut walker);
        walker.has_changed
    }

    /// `first_value(column ORDER BY …)`.
    fn value_of(&self, column: Expr) -> Expr {
        let by = self.extreme.as_ref().and_then(extreme).map(|(is_max, of)| OrderByExpr {
            expr: of.clone(),
            options: OrderByOptions { asc: Some(!is_max), nulls_first: Some(false) },
            with_fill: None,
        });
        let clauses = by.map(|by| FunctionArgumentClause::OrderBy(vec![by])).into_iter().collect();
        Expr::Function(Function {
            name: ObjectName::from(vec![Ident::new("first_value")]),
            uses_odbc_syntax: false,
            parameters: FunctionArguments::None,
            args: FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: None,
                args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(column))],
                clauses,
            }),
            filter: self.extreme.as_ref().and_then(|call| call.filter.clone()),
            null_treatment: None,
            over: None,
            within_group: vec![],
        })
    }
}
