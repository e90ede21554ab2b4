//! What an export leaves out, counted by what it is.

use std::collections::BTreeMap;

/// Something of which a format has no room for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// What it is, in the plural, e.g. "slices of category `cpu_op`".
    pub what: String,
    /// How many.
    pub count: u64,
}

/// Counts of what is left out.
#[derive(Debug, Default)]
pub(crate) struct Omissions(BTreeMap<String, u64>);

impl Omissions {
    pub(crate) fn add(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.0.entry(what.to_owned()).or_default() += count;
        }
    }

    /// All of them, most first.
    pub(crate) fn finish(self) -> Vec<Omission> {
        let mut list: Vec<Omission> = self.0.into_iter().map(|(what, count)| Omission { what, count }).collect();
        list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_comes_first_and_nothing_is_not_listed() {
        let mut omissions = Omissions::default();
        omissions.add("b", 2);
        omissions.add("none", 0);
        omissions.add("a", 1);
        omissions.add("a", 2);
        omissions.add("c", 2);
        let list = omissions.finish();
        let found: Vec<_> = list.iter().map(|omission| (omission.what.as_str(), omission.count)).collect();
        assert_eq!(found, [("a", 3), ("b", 2), ("c", 2)]);
    }
}
