//! Reads reports of Nsight Systems: real ones against the databases that were exported from them, and small ones that
//! are written here, whole and damaged.

// What several tests share is test code to the lints only in here.
#[cfg(test)]
mod nsys_report {
    mod cost;
    mod damage;
    mod pairs;
    mod reading;
    mod seeds;
    mod traces;
    mod writer;
    mod written;
}
