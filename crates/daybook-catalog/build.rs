//! Has the crate rebuilt when a catalog that is built into it changes.

fn main() {
    println!("cargo::rerun-if-changed=../../catalogs");
}
