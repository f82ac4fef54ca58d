//! States of sequences as llama.cpp writes them, and their keys in another type.
//!
//! The layout is that of `llama_kv_cache::state_write` in the pinned release. Whatever
//! is not laid out like that is refused.

use llama_cpp_sys_2 as sys;

/// How the keys of the KV cache are stored; the values are always half precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keys {
    /// As half precision too: what llama.cpp has its fastest code for, which rounds
    /// by how many tokens a batch has.
    #[default]
    F16,
    /// Brain floats. Where keys and values differ in type llama.cpp computes each token
    /// alone, and always in the same way.
    Bf16,
}

impl Keys {
    pub(super) fn ggml_type(self) -> sys::ggml_type {
        match self {
            Keys::F16 => sys::GGML_TYPE_F16,
            Keys::Bf16 => sys::GGML_TYPE_BF16,
        }
    }

    fn read(self, bits: &[u16], into: &mut [f32]) {
        assert_eq!(bits.len(), into.len());
        let (from, to, count) = (bits.as_ptr(), into.as_mut_ptr(), bits.len() as i64);
        // SAFETY: both have `count` numbers, and a brain float is 16 bits without more.
        unsafe {
            match self {
                Keys::F16 => sys::ggml_cpu_fp16_to_fp32(from, to, count),
                Keys::Bf16 => sys::ggml_cpu_bf16_to_fp32(from.cast(), to, count),
            }
        }
    }

    fn write(self, numbers: &[f32], into: &mut [u16]) {
        assert_eq!(numbers.len(), into.len());
        let (from, to, count) = (numbers.as_ptr(), into.as_mut_ptr(), numbers.len() as i64);
        // SAFETY: as above.
        unsafe {
            match self {
                Keys::F16 => sys::ggml_cpu_fp32_to_fp16(from, to, count),
                Keys::Bf16 => sys::ggml_cpu_fp32_to_bf16(from, to.cast(), count),
            }
        }
    }
}

/// Bytes of a key's number.
const NUMBER_BYTES: usize = 2;

/// Rewrites `state`, whose keys are of type `from`, with keys of type `to`. `None` when it
/// is not laid out as expected; it is of no use then.
pub(super) fn convert(state: &mut [u8], from: Keys, to: Keys) -> Option<()> {
    let mut reader = Reader { state, at: 0 };
    reader.skip(8)?; // A magic number, the sequence.
    // One cache, or two where some layers see a window only.
    while reader.at < reader.state.len() {
        convert_cache(&mut reader, from, to)?;
    }
    Some(())
}

fn convert_cache(reader: &mut Reader, from: Keys, to: Keys) -> Option<()> {
    if reader.word()? != 1 {
        return None; // Streams; a unified cache has one.
    }
    let cells = reader.word()? as usize;
    if cells == 0 {
        return Some(());
    }
    for _ in 0..cells {
        reader.word()?; // The position.
        let sequences = reader.word()? as usize;
        reader.skip(sequences.checked_mul(4)?)?;
    }
    let transposed = reader.word()? != 0;
    let layers = reader.word()?;
    reader.skip(8)?; // Rotations of keys and values.
    for _ in 0..layers {
        if reader.word()? != from.ggml_type() {
            return None;
        }
        reader.state[reader.at - 4..reader.at].copy_from_slice(&to.ggml_type().to_le_bytes());
        let row = usize::try_from(reader.long()?).ok()?;
        convert_keys(reader.bytes(row.checked_mul(cells)?)?, from, to);
    }
    for _ in 0..layers {
        reader.word()?; // The type of the values.
        let bytes = match transposed {
            false => reader.long()?,
            true => u64::from(reader.word()?) * u64::from(reader.word()?),
        };
        reader.skip(usize::try_from(bytes).ok()?.checked_mul(cells)?)?;
    }
    Some(())
}

fn convert_keys(bytes: &mut [u8], from: Keys, to: Keys) {
    /// Numbers converted at once.
    const RUN: usize = 1024;
    let (mut bits, mut numbers) = ([0u16; RUN], [0f32; RUN]);
    for run in bytes.chunks_mut(RUN * NUMBER_BYTES) {
        let count = run.len() / NUMBER_BYTES;
        let (bits, numbers) = (&mut bits[..count], &mut numbers[..count]);
        for (bits, bytes) in bits.iter_mut().zip(run.chunks_exact(NUMBER_BYTES)) {
            *bits = u16::from_le_bytes([bytes[0], bytes[1]]);
        }
        from.read(bits, numbers);
        to.write(numbers, bits);
        for (bytes, bits) in run.chunks_exact_mut(NUMBER_BYTES).zip(bits) {
            bytes.copy_from_slice(&bits.to_le_bytes());
        }
    }
}

struct Reader<'s> {
    state: &'s mut [u8],
    at: usize,
}

impl Reader<'_> {
    fn bytes(&mut self, count: usize) -> Option<&mut [u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.state.get_mut(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.bytes(count).map(|_| ())
    }

    fn word(&mut self) -> Option<u32> {
        let bytes = self.bytes(4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u64> {
        let bytes = self.bytes(8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state of one cell and two layers, of rows of two numbers.
    fn state(keys: Keys, numbers: [u16; 4]) -> Vec<u8> {
        let mut state = Vec::new();
        let word = |state: &mut Vec<u8>, word: u32| state.extend(word.to_le_bytes());
        // Magic, sequence, streams, cells, position, its sequences, transposed, layers.
        for value in [1, 0, 1, 1, 7, 1, 0, 0, 2, 0, 0] {
            word(&mut state, value);
        }
        for row in numbers.chunks(2) {
            word(&mut state, keys.ggml_type());
            state.extend(4u64.to_le_bytes());
            row.iter().for_each(|bits| state.extend(bits.to_le_bytes()));
        }
        for _ in 0..2 {
            word(&mut state, sys::GGML_TYPE_F16);
            state.extend(4u64.to_le_bytes());
            word(&mut state, 0xabcd_abcd);
        }
        state
    }

    #[test]
    fn keys_change_their_type_and_nothing_else_does() {
        // llama.cpp fills its tables of half precision numbers when it is set up.
        crate::cpu::llama::backend().unwrap();
        // 1, -2, 0.5, 0
        let half = state(Keys::F16, [0x3c00, 0xc000, 0x3800, 0]);
        let brain = state(Keys::Bf16, [0x3f80, 0xc000, 0x3f00, 0]);
        let check = |from: &[u8], of: Keys, to: Keys, want: &[u8]| {
            let mut state = from.to_vec();
            assert_eq!(convert(&mut state, of, to), Some(()));
            assert_eq!(state, want);
        };
        check(&half, Keys::F16, Keys::Bf16, &brain);
        check(&brain, Keys::Bf16, Keys::F16, &half);
        check(&[0; 8], Keys::F16, Keys::Bf16, &[0; 8]);
    }

    #[test]
    fn what_is_laid_out_otherwise_is_refused() {
        let check = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut state = state(Keys::F16, [0; 4]);
            change(&mut state);
            assert_eq!(convert(&mut state, Keys::F16, Keys::Bf16), None);
        };
        check(&|state| state.truncate(state.len() - 1));
        check(&|state| state.push(0));
        check(&|state| state[8] = 2);
        check(&|state| state[12..16].fill(0xff));
        check(&|state| state.clear());
        let mut other = state(Keys::Bf16, [0; 4]);
        assert_eq!(convert(&mut other, Keys::F16, Keys::Bf16), None);
    }
}
