//! Whether a token's logits depend on what is computed beside it, in each layout of weights.
//!
//! Attention is ours, and gives the same for a row alone and among others. Products with the
//! weights are llama.cpp's: whether they do depends on the kernels it has for a layout.

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::{Path, PathBuf};

    use super::super::context::{Context, Output, Shape};
    use super::super::library::load;
    use super::super::{Attention, Quant, company, requantize};

    /// Tokens of the text that is looked at.
    const TEXT: usize = 32;
    /// Tokens of another text in the same batch.
    const BESIDE: usize = 9;

    fn shape(attention: Attention) -> Shape {
        Shape {
            cells: 1024,
            sequences: 4,
            batch: 512,
            threads: 2,
            ordered: true,
            output: Output::Logits,
            attention,
        }
    }

    /// The logits after each token of a text, `chunk` tokens at a time, with tokens of another
    /// text in each batch if there is room `beside` it.
    fn logits(context: &mut Context<'_>, chunk: usize, beside: bool) -> Vec<Vec<f32>> {
        let token = |i: usize| (1000 + i * i * 31 % 7000) as i32;
        let mut all = Vec::new();
        for start in (0..TEXT).step_by(chunk) {
            context.clear();
            if beside {
                for i in 0..BESIDE {
                    let at = start / chunk * BESIDE + i;
                    context.add(token(at + 77), at, 1, false).unwrap();
                }
            }
            let rows = start..(start + chunk).min(TEXT);
            let rows: Vec<usize> = rows
                .map(|i| context.add(token(i), i, 0, true).unwrap())
                .collect();
            context.decode(&|| false).unwrap();
            all.extend(
                rows.iter()
                    .map(|&row| context.logits(row).unwrap().to_vec()),
            );
        }
        context.remove(0, 0);
        context.remove(1, 0);
        all
    }

    /// How many of the rows have the same bits as those computed one by one, in the worst of some
    /// ways to batch them, and the largest difference of a logit.
    fn compare(model: &Path, attention: Attention) -> (usize, f32) {
        let model = load(model, attention, None).unwrap();
        let mut context = Context::new(&model, shape(attention)).unwrap();
        let alone = logits(&mut context, 1, false);
        let (mut same, mut most) = (TEXT, 0f32);
        for (chunk, beside) in [(TEXT, false), (7, false), (1, true), (16, true)] {
            let together = logits(&mut context, chunk, beside);
            let pairs = || alone.iter().zip(&together);
            let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            same = same.min(pairs().filter(|(a, b)| bits(a) == bits(b)).count());
            let off = pairs().flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()));
            most = off.fold(most, f32::max);
        }
        (same, most)
    }

    /// Figures, and that a test was skipped, are for who runs it.
    fn say(line: &str) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    /// The layouts of weights that are looked at, as files state them.
    const LAYOUTS: [(&str, Quant); 4] = [
        ("Q4_0", Quant::Q4_0),
        ("Q8_0", Quant::Q8_0),
        ("Q4_K_M", Quant::Q4KM),
        ("F16", Quant::F16),
    ];

    /// Compares the test model, in each layout that `wanted` holds of, with each of `attentions`.
    fn check(wanted: fn(&str) -> bool, attentions: &[Attention]) {
        let path = std::env::var_os("QUIPU_TEST_MODEL").filter(|path| !path.is_empty());
        let Some(path) = path.map(PathBuf::from) else {
            say("skipped: QUIPU_TEST_MODEL names no model");
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, quant) in LAYOUTS.into_iter().filter(|(name, _)| wanted(name)) {
            let file = folder.path().join("model.gguf");
            requantize(&path, &file, quant).unwrap();
            for &attention in attentions {
                let (same, most) = compare(&file, attention);
                say(&format!(
                    "{name} {attention:?}: {same} of {TEXT} rows alike, off by at most {most:e}"
                ));
                if attention == Attention::Own && is_promised(name) {
                    assert_eq!((same, most), (TEXT, 0.0), "{name}");
                }
            }
        }
    }

    /// Whether rows are said to be alike in this layout.
    fn is_promised(name: &str) -> bool {
        company::alike("llama", name).is_ok()
    }

    #[test]
    fn model_rows_are_alike_alone_and_among_others() {
        check(is_promised, &[Attention::Own]);
    }

    /// What nobody promises: whoever changes the engine looks at these figures.
    #[test]
    #[ignore = "prints figures, for minutes"]
    fn model_rows_in_every_layout() {
        check(|_| true, &[Attention::Own, Attention::LlamaCpp]);
    }
}
