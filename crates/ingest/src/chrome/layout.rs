//! Layouts: remembers how a writer spells the bytes between values, so that they need not be read again.
//!
//! A writer puts the same keys in the same order with the same blanks into millions of events. What stands between two
//! values (comma, blanks, key, colon) is therefore kept as a tree of byte strings, and the next event is compared with
//! the branches taken before. A match means that reading these bytes would give the same result as it did the first
//! time, because nothing but these bytes decided it: this changes the speed of reading, never its outcome.

/// What follows the bytes of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follows<F> {
    /// The value of this field.
    Value(F),
    /// The object's end, which the bytes include.
    End,
}

#[derive(Debug, Clone, Copy)]
struct Branch<F> {
    /// The bytes, in the arena.
    start: u32,
    len: u32,
    /// The key among the bytes, in the arena.
    key_start: u32,
    key_len: u32,
    follows: Follows<F>,
    next: u32,
}

#[derive(Debug)]
struct Node<F> {
    branches: Vec<Branch<F>>,
}

/// Branches of one node beyond which a writer has no habits worth remembering.
const MAX_BRANCHES: usize = 8;

/// Nodes beyond which the same holds for the whole tree.
const MAX_NODES: usize = 4096;

/// Bytes between two values beyond which comparing is no gain.
const MAX_BRANCH_BYTES: usize = 256;

/// A tree of layouts; `F` is what a key means.
#[derive(Debug)]
pub(crate) struct Layouts<F> {
    arena: Vec<u8>,
    nodes: Vec<Node<F>>,
}

/// A place in the tree: what was read of the object so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    /// After an object's opening brace.
    pub(crate) const START: Self = Self(0);
    /// Nowhere that was remembered: nothing follows from here.
    pub(crate) const LOST: Self = Self(u32::MAX);
}

/// A branch that the bytes took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<F> {
    pub(crate) len: usize,
    pub(crate) follows: Follows<F>,
    pub(crate) next: Place,
    key_start: u32,
    key_len: u32,
}

impl<F: Copy> Default for Layouts<F> {
    fn default() -> Self {
        Self { arena: Vec::new(), nodes: vec![Node { branches: Vec::new() }] }
    }
}

impl<F: Copy> Layouts<F> {
    /// The branch from `place` that `bytes` begin with, if one is known.
    #[inline]
    pub(crate) fn step(&mut self, place: Place, bytes: &[u8]) -> Option<Step<F>> {
        let arena = &self.arena;
        let node = self.nodes.get_mut(place.0 as usize)?;
        for position in 0..node.branches.len() {
            let branch = node.branches[position];
            let expected = &arena[branch.start as usize..(branch.start + branch.len) as usize];
            if begins_with(bytes, expected) {
                // What was taken last is tried first.
                if position > 0 {
                    node.branches.swap(position, position - 1);
                }
                return Some(Step {
                    len: expected.len(),
                    follows: branch.follows,
                    next: Place(branch.next),
                    key_start: branch.key_start,
                    key_len: branch.key_len,
                });
            }
        }
        None
    }

    /// The key of a step, as it stands between the quotes.
    #[inline]
    pub(crate) fn key(&self, step: &Step<F>) -> &[u8] {
        &self.arena[step.key_start as usize..(step.key_start + step.key_len) as usize]
    }

    /// Remembers that `bytes`, read from `place`, led to `follows`. `key` is the key's range in them.
    pub(crate) fn remember(&mut self, place: Place, bytes: &[u8], key: (usize, usize), follows: Follows<F>) -> Place {
        let num_nodes = self.nodes.len();
        let Some(node) = self.nodes.get_mut(place.0 as usize) else {
            return Place::LOST;
        };
        if node.branches.len() >= MAX_BRANCHES || num_nodes >= MAX_NODES || bytes.len() > MAX_BRANCH_BYTES {
            return Place::LOST;
        }
        let start = self.arena.len();
        node.branches.insert(
            0,
            Branch {
                start: start as u32,
                len: bytes.len() as u32,
                key_start: (start + key.0) as u32,
                key_len: (key.1 - key.0) as u32,
                follows,
                next: num_nodes as u32,
            },
        );
        self.arena.extend_from_slice(bytes);
        self.nodes.push(Node { branches: Vec::new() });
        Place(num_nodes as u32)
    }
}

/// `bytes.starts_with(expected)` for the two dozen bytes it is called with, eight at a time.
#[inline]
fn begins_with(bytes: &[u8], expected: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..expected.len()) else {
        return false;
    };
    let eight = |slice: &[u8], at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&slice[at..at + 8]);
        u64::from_le_bytes(word)
    };
    let len = expected.len();
    if len < 8 {
        return bytes == expected;
    }
    // The last eight bytes first: blanks and commas in front are alike, keys are not.
    if eight(bytes, len - 8) != eight(expected, len - 8) {
        return false;
    }
    let mut at = 0;
    while at + 8 < len {
        if eight(bytes, at) != eight(expected, at) {
            return false;
        }
        at += 8;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comparing_by_eights_is_comparing(a in "[ab]{0,40}", b in "[ab]{0,40}", cut in 0usize..40) {
            let cut = cut.min(a.len());
            prop_assert!(begins_with(a.as_bytes(), &a.as_bytes()[..cut]));
            prop_assert_eq!(begins_with(a.as_bytes(), b.as_bytes()), a.starts_with(&b));
        }
    }

    #[test]
    fn a_remembered_layout_is_found_again() {
        let mut layouts = Layouts::default();
        let first = layouts.remember(Place::START, b"\n  \"ph\": ", (4, 6), Follows::Value(7));
        let end = layouts.remember(first, b"\n}", (0, 0), Follows::End);
        let step = layouts.step(Place::START, b"\n  \"ph\": \"X\"").expect("it was remembered");
        assert_eq!((step.len, step.follows, step.next), (9, Follows::Value(7), first));
        assert_eq!(layouts.key(&step), b"ph");
        assert!(layouts.step(Place::START, b"\n  \"tid\": 1").is_none());
        let step = layouts.step(first, b"\n},").expect("it was remembered");
        assert_eq!((step.follows, step.next), (Follows::End, end));
        assert!(layouts.step(first, b"\n").is_none());
    }
}
