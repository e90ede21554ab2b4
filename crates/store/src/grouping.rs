//! Grouping: the members of each group side by side, in one list.
//!
//! ```text
//! group      0        1  2
//! offsets    0        2  2        5
//! members    a  d     |  b  c  e
//! ```
//!
//! Ten million slices on a few hundred tracks must cost four bytes each and no allocation per track, so this is two
//! flat lists, filled by counting and placing. Members keep the order in which they come.

/// Members by group.
#[derive(Debug, Clone)]
pub struct Grouping<T> {
    /// Where each group's members start, and the number of all members at the end.
    offsets: Vec<u32>,
    members: Vec<T>,
}

impl<T: Copy> Grouping<T> {
    /// Groups the members that `list` lists with the number of their group, in O(members + groups).
    ///
    /// `list` is called twice and has to list the same both times. Members of groups from `num_groups` on are left out:
    /// such numbers mean "none", or come from a damaged cache file.
    pub fn new<I: Iterator<Item = (u32, T)>>(num_groups: usize, list: impl Fn() -> I) -> Self {
        let mut offsets = vec![0u32; num_groups + 1];
        let mut first = None;
        for (group, member) in list() {
            if let Some(count) = offsets[1..].get_mut(group as usize) {
                *count += 1;
                first.get_or_insert(member);
            }
        }
        for group in 0..num_groups {
            offsets[group + 1] += offsets[group];
        }
        let Some(placeholder) = first else {
            return Self { offsets, members: Vec::new() };
        };
        let mut members = vec![placeholder; offsets[num_groups] as usize];
        let mut next = offsets[..num_groups].to_vec();
        for (group, member) in list() {
            if let Some(place) = next.get_mut(group as usize) {
                members[*place as usize] = member;
                *place += 1;
            }
        }
        Self { offsets, members }
    }

    /// The members of `group`, none for an unknown group.
    pub fn of(&self, group: usize) -> &[T] {
        match (self.offsets.get(group), self.offsets.get(group + 1)) {
            (Some(&start), Some(&end)) => &self.members[start as usize..end as usize],
            _ => &[],
        }
    }

    /// Number of groups, empty ones included.
    pub fn num_groups(&self) -> usize {
        self.offsets.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_within_groups() {
        let items = [(2, 'a'), (0, 'b'), (2, 'c'), (u32::MAX, 'x'), (3, 'y'), (0, 'd')];
        let grouping = Grouping::new(3, || items.into_iter());
        assert_eq!(grouping.num_groups(), 3);
        assert_eq!(grouping.of(0), ['b', 'd']);
        assert_eq!(grouping.of(1), []);
        assert_eq!(grouping.of(2), ['a', 'c']);
        assert_eq!(grouping.of(3), []);
        assert_eq!(grouping.of(usize::MAX - 1), []);
    }

    #[test]
    fn no_groups_and_no_members() {
        assert!(Grouping::new(0, || [(0, 1)].into_iter()).of(0).is_empty());
        assert!(Grouping::<u8>::new(2, std::iter::empty).of(1).is_empty());
    }
}
