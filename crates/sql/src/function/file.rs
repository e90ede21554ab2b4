//! `readfile(path)` and `writefile(path, content)` of SQLite's shell, also as `read_file` and `write_file`.
//!
//! They are known in every session, so that one that may not reach files says so instead of "no such function".

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::value::{Value, Values, ValuesBuilder};
use crate::file_access::FileAccess;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Read,
    Write,
}

const KINDS: [(&str, Kind); 4] =
    [("readfile", Kind::Read), ("read_file", Kind::Read), ("writefile", Kind::Write), ("write_file", Kind::Write)];

#[derive(Debug)]
struct FileFunction {
    name: &'static str,
    kind: Kind,
    files: Option<Arc<dyn FileAccess>>,
    signature: Signature,
}

/// The functions of a session; `files` is what they may reach.
pub(super) fn functions(files: Option<&Arc<dyn FileAccess>>) -> impl Iterator<Item = ScalarUDF> {
    let files = files.cloned();
    KINDS.into_iter().map(move |(name, kind)| {
        // What a file holds is not known while a query is planned, and a plan may be made more than once.
        let signature = Signature::user_defined(Volatility::Volatile);
        ScalarUDF::new_from_impl(FileFunction { name, kind, files: files.clone(), signature })
    })
}

impl PartialEq for FileFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for FileFunction {}

impl Hash for FileFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl FileFunction {
    fn row(&self, files: &dyn FileAccess, args: &[Value<'_>]) -> Result<Value<'static>> {
        let Some(path) = args[0].to_text() else { return Ok(Value::Null) };
        match self.kind {
            Kind::Read => match files.read(&path) {
                Ok(bytes) => Ok(Value::Blob(bytes.into())),
                Err(error) => exec_err!("{}: cannot read `{path}`: {error}", self.name),
            },
            Kind::Write => {
                let text;
                let bytes = match &args[1] {
                    Value::Blob(bytes) => bytes.as_ref(),
                    other => {
                        text = other.to_text().unwrap_or_default();
                        text.as_bytes()
                    }
                };
                match files.write(&path, bytes) {
                    Ok(()) => Ok(Value::Int(bytes.len() as i64)),
                    Err(error) => exec_err!("{}: cannot write `{path}`: {error}", self.name),
                }
            }
        }
    }
}

impl ScalarUDFImpl for FileFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let expected = match self.kind {
            Kind::Read => 1,
            Kind::Write => 2,
        };
        if arg_types.len() != expected {
            return plan_err!("`{}` takes {expected} arguments, not {}", self.name, arg_types.len());
        }
        if self.files.is_none() {
            return plan_err!(
                "`{}` reaches files, and only `kinetoscope query --allow-files` lets queries do that",
                self.name
            );
        }
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Read => DataType::Binary,
            Kind::Write => DataType::Int64,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(files) = &self.files else { return plan_err!("`{}` reaches files", self.name) };
        let columns = args
            .args
            .iter()
            .map(|arg| Values::new(&arg.to_array(args.number_rows)?))
            .collect::<Result<Vec<Values>>>()?;
        let mut rows = ValuesBuilder::new(args.return_field.data_type())?;
        for row in 0..args.number_rows {
            let values: Vec<Value<'_>> = columns.iter().map(|column| column.get(row)).collect();
            rows.push(&self.row(files.as_ref(), &values)?);
        }
        Ok(ColumnarValue::Array(rows.finish()))
    }
}
