//! Values gathered by key, in the order in which the keys first came.

use std::hash::Hash;

use hashbrown::HashMap;

use super::duration_statistics::Statistics;

/// One group.
#[derive(Debug, Clone)]
pub(super) struct Group<K> {
    pub(super) key: K,
    pub(super) values: Vec<i64>,
}

/// Groups being filled.
#[derive(Debug)]
pub(super) struct Groups<K> {
    by_key: HashMap<K, usize>,
    groups: Vec<Group<K>>,
}

impl<K: Hash + Eq + Copy> Groups<K> {
    pub(super) fn new() -> Self {
        Self { by_key: HashMap::new(), groups: Vec::new() }
    }

    /// Adds a value to the group of `key`.
    pub(super) fn add(&mut self, key: K, value: i64) {
        let index = *self.by_key.entry(key).or_insert_with(|| {
            self.groups.push(Group { key, values: Vec::new() });
            self.groups.len() - 1
        });
        self.groups[index].values.push(value);
    }

    /// The keys with their statistics, in the order in which the keys first came.
    pub(super) fn into_statistics(self) -> impl Iterator<Item = (K, Statistics)> {
        self.groups.into_iter().filter_map(|mut group| Some((group.key, Statistics::of(&mut group.values)?)))
    }
}
