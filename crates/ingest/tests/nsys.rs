//! Captures of Nsight Systems: what becomes of every table of an export, real or drawn.
//!
//! The other side of each comparison is plain SQL over the same database, which knows nothing of how it is read.

mod nsys {
    mod damaged;
    mod drawing;
    mod drawn;
    mod real_files;
}
