//! Scratch.
#![allow(clippy::all, clippy::print_stdout, clippy::allow_attributes)]
fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let found = kinetoscope_ingest::bytes::find_inputs(&paths).expect("found");
    let t = kinetoscope_ingest::read(&found, &Default::default(), &Default::default()).expect("reads");
    let s = kinetoscope_analysis::summary(&t);
    print!("{}", kinetoscope_analysis::summary_text(&s, Default::default()));
}
