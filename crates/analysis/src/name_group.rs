//! Name groups: gives the rows that share a name one small number.
//!
//! Names are string ids, dense numbers of the trace's pool, so that a plain vector finds the group of a row: no
//! hashing and no allocation per row, whatever the number of rows.

use kinetoscope_model::StringId;

/// Marks a string that names no group.
const NO_GROUP: u32 = u32::MAX;

/// Hands out group numbers from 0 in order of first appearance.
#[derive(Debug)]
pub(crate) struct NameGroups {
    group_of: Vec<u32>,
    names: Vec<StringId>,
}

impl NameGroups {
    /// Groups for the names of a pool of `num_strings`.
    pub(crate) fn new(num_strings: usize) -> Self {
        Self { group_of: vec![NO_GROUP; num_strings], names: Vec::new() }
    }

    /// The group of `name`, which is new when nobody asked for it before.
    #[inline]
    pub(crate) fn group_of(&mut self, name: StringId) -> usize {
        let group = &mut self.group_of[name.index()];
        if *group == NO_GROUP {
            *group = self.names.len() as u32;
            self.names.push(name);
        }
        *group as usize
    }

    /// The group's row in `rows`, which grows by `T::default()` for a new group.
    #[inline]
    pub(crate) fn row<'a, T: Default>(&mut self, name: StringId, rows: &'a mut Vec<T>) -> &'a mut T {
        let group = self.group_of(name);
        if group >= rows.len() {
            rows.resize_with(group + 1, T::default);
        }
        &mut rows[group]
    }

    /// The names, in the order of the groups.
    pub(crate) fn names(&self) -> &[StringId] {
        &self.names
    }
}
