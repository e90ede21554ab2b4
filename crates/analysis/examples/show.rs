//! Scratch.
#![allow(clippy::all, clippy::print_stdout, clippy::allow_attributes)]
fn main() {
    for p in std::env::args().skip(1) {
        let t = kinetoscope_ingest::read_path(std::path::Path::new(&p)).expect("reads");
        let t0 = std::time::Instant::now();
        let s = kinetoscope_analysis::summary(&t);
        let el = t0.elapsed();
        print!("{}", kinetoscope_analysis::summary_text(&s, Default::default()));
        if std::env::var_os("J").is_some() {
            print!("{}", s.to_json().expect("json"));
        }
        println!("======== {:?}", el);
    }
}
