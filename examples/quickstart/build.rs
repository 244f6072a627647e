//! A new migration is compiled in when it appears, not only when the code around it changes.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
