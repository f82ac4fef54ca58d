//! The guests, as text.

/// Means well.
pub const ANSWER: &str = r#"(component
    (core module $m (func (export "f") (result i32) i32.const 42))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;

/// Never returns.
pub const ENDLESS: &str = r#"(component
    (core module $m (func (export "f") (loop br 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Never even starts.
pub const ENDLESS_START: &str = r#"(component
    (core module $m (func $s (loop br 0)) (start $s) (func (export "f")))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Takes memory, without end.
pub const MEMORY: &str = r#"(component
    (core module $m
        (memory 1)
        (func (export "f") (loop (drop (memory.grow (i32.const 16))) br 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Takes many memories, each within the limit.
pub const MEMORIES: &str = r#"(component
    (core module $big (memory 800))
    (core module $m (func (export "f")))
    (core instance (instantiate $big))
    (core instance (instantiate $big))
    (core instance (instantiate $big))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Takes 32 MiB and does not return.
pub const HOLD_32_MIB: &str = r#"(component
    (core module $m (memory 512) (func (export "f") (loop br 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Takes table elements, without end.
pub const TABLE: &str = r#"(component
    (core module $m
        (table 1 funcref)
        (func (export "f")
            (loop (drop (table.grow (ref.null func) (i32.const 1000))) br 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Calls itself.
pub const RECURSION: &str = r#"(component
    (core module $m
        (func $f (export "f") (result i32) (i32.add (call $f) (i32.const 1))))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;

/// Calls the host, without end.
pub const HOST_CALLS: &str = r#"(component
    (import "wasi:random/random@0.2.0" (instance $random
        (export "get-random-u64" (func (result u64)))))
    (core func $get (canon lower (func $random "get-random-u64")))
    (core module $m
        (import "host" "get" (func $get (result i64)))
        (func (export "f") (loop (drop (call $get)) br 0)))
    (core instance $i (instantiate $m
        (with "host" (instance (export "get" (func $get))))))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Returns 40 MB.
pub const HUGE_RESULT: &str = r#"(component
    (core module $m
        (memory (export "mem") 700)
        (func (export "f") (result i32)
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 40000000))
            (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (result (list u8))
        (canon lift (core func $i "f") (memory (core memory $i "mem")))))"#;

/// Returns a list of 4096 lists that are all the same 1 MB.
pub const HUGE_BY_REFERENCE: &str = r#"(component
    (core module $m
        (memory (export "mem") 32)
        (func (export "f") (result i32)
            (local $at i32)
            (local.set $at (i32.const 16))
            (loop
                (i32.store (local.get $at) (i32.const 65536))
                (i32.store offset=4 (local.get $at) (i32.const 1000000))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (br_if 0 (i32.lt_u (local.get $at) (i32.const 32784))))
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 4096))
            (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (result (list (list u8)))
        (canon lift (core func $i "f") (memory (core memory $i "mem")))))"#;

/// Returns a text that is longer than a result may be, and short enough to be copied.
pub const LARGE_TEXT: &str = r#"(component
    (core module $m
        (memory (export "mem") 32)
        (func (export "f") (result i32)
            (memory.fill (i32.const 16) (i32.const 97) (i32.const 100000))
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 100000))
            (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "f") (result string)
        (canon lift (core func $i "f") (memory (core memory $i "mem")) string-encoding=utf8)))"#;

/// Wants what is nobody's to have.
pub const UNKNOWN_IMPORT: &str = r#"(component
    (import "quipu:kernel/journal@1.0.0" (instance $journal
        (export "erase" (func))))
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// Says that a function of the host is another than it is.
pub const WRONG_TYPE_OF_IMPORT: &str = r#"(component
    (import "wasi:random/random@0.2.0" (instance $random
        (export "get-random-u64" (func (param "where" string) (result string)))))
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))"#;

/// A component of a thousand core instances.
pub fn thousand_instances() -> String {
    let instance = "(core instance (instantiate $m))\n";
    format!(
        r#"(component
        (core module $m (func (export "f")))
        {}
        (core instance $i (instantiate $m))
        (func (export "f") (canon lift (core func $i "f"))))"#,
        instance.repeat(1000)
    )
}
