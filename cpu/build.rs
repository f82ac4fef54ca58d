//! Compiles what hooks into llama.cpp's own code.

fn main() {
    #[cfg(feature = "llama")]
    hook();
}

#[cfg(feature = "llama")]
fn hook() {
    let source = "src/llama/hook.cpp";
    println!("cargo:rerun-if-changed={source}");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .flag_if_supported("-fno-rtti")
        .file(source)
        .compile("quipu_hooks");
}
