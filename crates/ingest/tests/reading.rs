//! Reading Chrome's JSON whole, cut, damaged, huge and real: what comes out is checked against goldens, against the same
//! bytes read in other pieces, and against readers that are too simple to be wrong.

mod reading {
    mod cuts;
    mod dump;
    mod extremes;
    mod goldens;
    mod mutations;
    mod naive;
    mod odd_events;
    mod real_traces;
}
