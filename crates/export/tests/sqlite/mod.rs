//! Parts of the tests of databases.

mod captures;
mod kineto;
mod scripts;
pub(crate) mod written;
