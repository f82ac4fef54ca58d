//! The numbers of GGUF's types, as in llama.cpp's `llama.h`, `ggml.h` and `ggml-common.h`.

/// One more than the largest tensor kind known.
pub const KINDS: usize = 43;

/// Name of the quantisation with this `general.file_type`.
pub fn file_kind(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4_MOE",
        39 => "NVFP4",
        40 => "Q1_0",
        41 => "Q2_0",
        _ => return None,
    })
}

/// Name of a tensor kind.
pub fn tensor_kind(number: u32) -> Option<&'static str> {
    KIND.get(number as usize)
        .map(|(name, ..)| *name)
        .filter(|name| !name.is_empty())
}

/// Weights in one block of a tensor kind, and bytes of that block.
pub fn block(number: u32) -> Option<(u64, u64)> {
    KIND.get(number as usize)
        .filter(|(_, weights, _)| *weights > 0)
        .map(|(_, weights, bytes)| (*weights, *bytes))
}

/// A kind that once was and is no longer read.
const GONE: (&str, u64, u64) = ("", 0, 0);

/// Name, weights in a block, bytes of a block.
const KIND: [(&str, u64, u64); KINDS] = [
    ("F32", 1, 4),
    ("F16", 1, 2),
    ("Q4_0", 32, 18),
    ("Q4_1", 32, 20),
    GONE,
    GONE,
    ("Q5_0", 32, 22),
    ("Q5_1", 32, 24),
    ("Q8_0", 32, 34),
    ("Q8_1", 32, 36),
    ("Q2_K", 256, 84),
    ("Q3_K", 256, 110),
    ("Q4_K", 256, 144),
    ("Q5_K", 256, 176),
    ("Q6_K", 256, 210),
    ("Q8_K", 256, 292),
    ("IQ2_XXS", 256, 66),
    ("IQ2_XS", 256, 74),
    ("IQ3_XXS", 256, 98),
    ("IQ1_S", 256, 50),
    ("IQ4_NL", 32, 18),
    ("IQ3_S", 256, 110),
    ("IQ2_S", 256, 82),
    ("IQ4_XS", 256, 136),
    ("I8", 1, 1),
    ("I16", 1, 2),
    ("I32", 1, 4),
    ("I64", 1, 8),
    ("F64", 1, 8),
    ("IQ1_M", 256, 56),
    ("BF16", 1, 2),
    GONE,
    GONE,
    GONE,
    ("TQ1_0", 256, 54),
    ("TQ2_0", 256, 66),
    GONE,
    GONE,
    GONE,
    ("MXFP4", 32, 17),
    ("NVFP4", 64, 36),
    ("Q1_0", 128, 18),
    ("Q2_0", 64, 18),
];
