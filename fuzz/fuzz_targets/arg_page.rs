//! Pages of arguments from any bytes, as a damaged cache file would hold them: refused, or readable to the last value.
//!
//! The first byte is the number of sets that whoever opens the page unread believes it to have.

#![no_main]

use arrow_buffer::Buffer;
use kinetoscope_model::{ArgPage, ArgStore, ArgValue};
use libfuzzer_sys::fuzz_target;

/// What a set takes at least: where its row starts, and the row's first number.
const MIN_SET_BYTES: usize = 4 + 3;

fuzz_target!(|data: &[u8]| {
    let Some((&num_sets, bytes)) = data.split_first() else { return };
    let num_sets = usize::from(num_sets);
    let buffer = Buffer::from_vec(bytes.to_vec());
    let Some(unread) = ArgPage::from_unread_bytes(buffer.clone(), num_sets) else {
        assert!(num_sets * MIN_SET_BYTES > bytes.len(), "{num_sets} sets fit {} bytes and are refused", bytes.len());
        if let Some(page) = ArgPage::from_bytes(buffer) {
            check(&page);
        }
        return;
    };
    check(&unread);

    let Some(page) = ArgPage::from_bytes(buffer) else {
        assert!((0..num_sets).all(|set| unread.set(set).next().is_none()), "bytes that are no page gave arguments");
        return;
    };
    check(&page);
    if page.num_sets() == num_sets {
        for set in 0..num_sets {
            assert!(texts(&page, set).eq(texts(&unread, set)), "set {set} differs between the two ways to open a page");
        }
    }
    // Sets are numbered through all pages.
    let store = ArgStore::from_pages(vec![page.clone(), unread]);
    assert_eq!(store.num_sets(), page.num_sets() + num_sets);
});

/// Reads everything there is.
fn check(page: &ArgPage) {
    for set in 0..page.num_sets() {
        let shape = page.shape_of(set);
        assert!(shape < page.num_shapes(), "set {set} has a shape that is none");
        let keys: Vec<&str> = page.shape_keys(shape).collect();
        for (place, (key, value)) in page.set(set).enumerate() {
            assert_eq!(keys.get(place), Some(&key), "set {set} has a key that its shape has not");
            let _ = (value.as_i64(), value.as_f64());
        }
    }
}

/// Keys and values as text, in which NaN equals itself.
fn texts(page: &ArgPage, set: usize) -> impl Iterator<Item = String> {
    page.set(set).map(|(key, value): (&str, ArgValue<'_>)| format!("{key}: {value:?}"))
}
