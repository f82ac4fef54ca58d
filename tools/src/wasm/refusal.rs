//! Why a component cannot be loaded, in the words of whoever wrote it.

/// Packages of interfaces that a tool is given, all or some of them.
const OFFERED: &[&str] = &[
    "quipu:plugin/",
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:http/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// The `imports` that no tool is given, with what there is; `None` if there are none.
pub(super) fn unknown_imports(imports: &[String]) -> Option<String> {
    let offered = |name: &String| OFFERED.iter().any(|start| name.starts_with(start));
    let unknown: Vec<&str> = imports
        .iter()
        .filter(|name| !offered(name))
        .map(String::as_str)
        .collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "{}, which no tool is given; there are wasi:cli, clocks, filesystem, http, io, random \
             and quipu:plugin/http",
            unknown.join(", ")
        )
    })
}

/// Why the imports of a component could not be given to it.
pub(super) fn imports(error: &wasmtime::Error) -> String {
    format!(
        "an interface in a version, or with a function, that is not offered ({error:#}); WASI 0.2 \
         and 0.3 are"
    )
}

/// Why the engine refuses a component.
pub(super) fn words(error: &wasmtime::Error) -> String {
    let reason = format!("{error:#}");
    let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let small = reason.to_lowercase();
    match () {
        () if has(&["pooling allocator", "exceeds the limit", "maximum limit"]) => format!(
            "it needs more at once than a tool may have: {}",
            reason.replace("pooling allocator ", "")
        ),
        () if small.contains("feature") || small.contains("support is not enabled") => format!(
            "it uses a part of WebAssembly that tools are not offered ({reason}); build it for \
             wasm32-wasip2 without that"
        ),
        () => format!("it cannot be compiled: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_offers_is_named() {
        let check = |names: &[&str], want: Option<&str>| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let said = unknown_imports(&names);
            assert_eq!(
                said.as_deref()
                    .map(|said| said.split("; ").next().unwrap_or("")),
                want
            );
        };
        check(&["wasi:http/types@0.2.12", "quipu:plugin/http@0.1.0"], None);
        check(
            &[
                "wasi:io/streams@0.2.0",
                "wasi:config/store@0.2.0-rc.1",
                "acme:db/sql",
            ],
            Some("wasi:config/store@0.2.0-rc.1, acme:db/sql, which no tool is given"),
        );
    }
}
