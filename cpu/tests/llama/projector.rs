//! Projectors to test with: as small as can be, of random numbers, written as GGUF files. What a
//! model says of a picture with one of them means nothing; that it says the same again does.

use std::io::Read;
use std::path::Path;

/// How the cells of a picture see each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Each those before it, as in most models. llama.cpp's kind `janus_pro`, which has the
    /// fewest tensors.
    Causal,
    /// Each all others, as in Gemma 3.
    Whole,
}

/// Pixels of a side, to which every picture is scaled.
const SIDE: u32 = 32;
/// Numbers of a patch within the projector.
const INNER: u32 = 16;
/// Rows and columns of cells.
const GRID: u32 = 4;
/// Cells that every picture takes.
pub const CELLS: usize = (GRID * GRID) as usize;

// Types of values in GGUF files.
const UINT32: u32 = 4;
const FLOAT32: u32 = 6;
const BOOL: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;
/// The type of a tensor of 32 bit floats.
const F32: u32 = 0;
/// Where the data of tensors begin: at multiples of so many bytes.
const ALIGNMENT: usize = 32;

/// A GGUF file of version 3 in the making.
#[derive(Default)]
struct Gguf {
    values: Vec<u8>,
    values_count: u64,
    tensors: Vec<u8>,
    tensors_count: u64,
    data: Vec<u8>,
    random: u64,
}

impl Gguf {
    fn text(into: &mut Vec<u8>, text: &str) {
        into.extend((text.len() as u64).to_le_bytes());
        into.extend(text.as_bytes());
    }

    fn value(&mut self, key: &str, kind: u32, value: &[u8]) {
        Self::text(&mut self.values, key);
        self.values.extend(kind.to_le_bytes());
        self.values.extend(value);
        self.values_count += 1;
    }

    fn word(&mut self, key: &str, value: &str) {
        let mut bytes = Vec::new();
        Self::text(&mut bytes, value);
        self.value(key, STRING, &bytes);
    }

    fn number(&mut self, key: &str, value: u32) {
        self.value(key, UINT32, &value.to_le_bytes());
    }

    fn floats(&mut self, key: &str, values: &[f32]) {
        let mut bytes = FLOAT32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self.value(key, ARRAY, &bytes);
    }

    /// A tensor of random numbers around zero; the first of its sizes is that of a row.
    fn tensor(&mut self, name: &str, sizes: &[u32], scale: f32) {
        Self::text(&mut self.tensors, name);
        self.tensors.extend((sizes.len() as u32).to_le_bytes());
        for &size in sizes {
            self.tensors.extend(u64::from(size).to_le_bytes());
        }
        self.tensors.extend(F32.to_le_bytes());
        self.data
            .resize(self.data.len().next_multiple_of(ALIGNMENT), 0);
        self.tensors.extend((self.data.len() as u64).to_le_bytes());
        self.tensors_count += 1;
        for _ in 0..sizes.iter().product::<u32>() {
            let number = scale * self.random();
            self.data.extend(number.to_le_bytes());
        }
    }

    /// A number between -1 and 1: SplitMix64 (Steele and others, 2014).
    fn random(&mut self) -> f32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(self.tensors_count.to_le_bytes());
        bytes.extend(self.values_count.to_le_bytes());
        bytes.extend(&self.values);
        bytes.extend(&self.tensors);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes.extend(&self.data);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes
    }
}

/// Writes a projector to `path` for models whose rows have `width` numbers. The same `seed` makes
/// the same bytes.
pub fn write(path: &Path, kind: Kind, width: u32, seed: u64) {
    let mut gguf = Gguf {
        random: seed,
        ..Gguf::default()
    };
    let (name, patch) = match kind {
        Kind::Causal => ("janus_pro", SIDE / GRID),
        // Two by two patches become a cell.
        Kind::Whole => ("gemma3", SIDE / GRID / 2),
    };
    let patches = (SIDE / patch) * (SIDE / patch);
    gguf.word("general.architecture", "clip");
    gguf.value("clip.has_vision_encoder", BOOL, &[1]);
    gguf.value("clip.use_gelu", BOOL, &[1]);
    gguf.word("clip.projector_type", name);
    gguf.number("clip.vision.image_size", SIDE);
    gguf.number("clip.vision.patch_size", patch);
    gguf.number("clip.vision.embedding_length", INNER);
    gguf.number("clip.vision.feed_forward_length", INNER);
    gguf.number("clip.vision.block_count", 0);
    gguf.number("clip.vision.attention.head_count", 1);
    gguf.number("clip.vision.projection_dim", width);
    gguf.number("clip.vision.projector.scale_factor", 2);
    let epsilon = 1e-6f32.to_le_bytes();
    gguf.value(
        "clip.vision.attention.layer_norm_epsilon",
        FLOAT32,
        &epsilon,
    );
    gguf.floats("clip.vision.image_mean", &[0.5; 3]);
    gguf.floats("clip.vision.image_std", &[0.5; 3]);
    gguf.tensor("v.patch_embd.weight", &[patch, patch, 3, INNER], 0.3);
    gguf.tensor("v.position_embd.weight", &[INNER, patches], 0.3);
    match kind {
        Kind::Causal => {
            gguf.tensor("mm.0.weight", &[INNER, INNER], 0.5);
            gguf.tensor("mm.0.bias", &[INNER], 0.1);
            gguf.tensor("mm.1.weight", &[INNER, width], 0.5);
            gguf.tensor("mm.1.bias", &[width], 0.1);
        }
        Kind::Whole => {
            gguf.tensor("mm.soft_emb_norm.weight", &[INNER], 1.0);
            gguf.tensor("mm.input_projection.weight", &[width, INNER], 0.5);
        }
    }
    std::fs::write(path, gguf.bytes()).expect("a projector");
}

/// How many numbers a row of the model at `path` has, as its file says.
pub fn width_of(model: &Path) -> u32 {
    const KEY: &[u8] = b".embedding_length";
    let mut head = Vec::new();
    let file = std::fs::File::open(model).expect("a model");
    let read = file.take(1 << 20).read_to_end(&mut head);
    read.expect("the head of a model");
    let at = head.windows(KEY.len()).position(|bytes| bytes == KEY);
    let at = at.expect("a width") + KEY.len();
    let number = |at: usize| {
        let bytes = head[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes)
    };
    assert_eq!(number(at), UINT32);
    number(at + 4)
}
