//! Makes cargo embed the web client anew whenever its build changes.

use std::{env, fs, path::Path};

fn main() {
    let Some(package) = env::var_os("CARGO_MANIFEST_DIR") else {
        return;
    };
    let dist = Path::new(&package).join("dist");
    // An absent directory would count as changed at every build and recompile the whole server each time.
    // Where it cannot be made (a read-only checkout) the crate still compiles and embeds nothing.
    if let Err(error) = fs::create_dir_all(&dist) {
        println!("cargo::warning=cannot create {}: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
}
