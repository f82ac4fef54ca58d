//! Whisper (Radford and others, 2022): an encoder that hears, and a decoder that writes.

use crate::layers::{Linear, Norm, Thought, add, attended, bent, matrix};
use crate::mel::BANDS;
use crate::trouble::Trouble;
use crate::weights::Weights;

/// Columns of bands that one row of the encoder stands for.
pub const COLUMNS: usize = 2;

/// The network.
pub struct Network {
    encoder: Encoder,
    decoder: Decoder,
    /// Numbers of one row.
    width: usize,
}

struct Encoder {
    first: Linear,
    second: Linear,
    /// [rows, width]: what is added to each row for its place.
    places: Vec<f32>,
    layers: Vec<(Own, Thought)>,
    norm: Norm,
}

struct Decoder {
    /// One row for each piece; the last layer as well.
    pieces: Linear,
    places: Vec<f32>,
    layers: Vec<(Own, Other, Thought)>,
    norm: Norm,
}

/// Attention of rows to each other.
struct Own {
    norm: Norm,
    asked: Linear,
    keys: Linear,
    values: Linear,
    out: Linear,
}

/// Attention of what is written to what is heard.
struct Other {
    norm: Norm,
    asked: Linear,
    keys: Linear,
    values: Linear,
    out: Linear,
}

/// Keys and values, a row for each place.
type Rows = (Vec<f32>, Vec<f32>);

impl Network {
    /// The network of these weights.
    ///
    /// # Errors
    /// Weights that lack an array.
    pub fn new(weights: &mut Weights) -> Result<Self, Trouble> {
        let norm = "encoder/layer_norm/gamma";
        let scale = weights.take(norm, None)?;
        let width = scale.len();
        weights.put(norm, scale);
        Ok(Self {
            encoder: Encoder::take(weights, width)?,
            decoder: Decoder::take(weights, width)?,
            width,
        })
    }

    /// What is heard in `bands`, [columns, [`BANDS`]]: a row for each [`COLUMNS`] columns.
    pub fn hear(&self, bands: &[f32]) -> Vec<f32> {
        self.encoder.hear(bands, self.width)
    }

    /// Begins to write what was `heard`.
    pub fn writer(&self, heard: &[f32]) -> Writer<'_> {
        let layers = self.decoder.layers.iter();
        let heard = |(_, other, _): &(Own, Other, Thought)| {
            (other.keys.of_rows(heard), other.values.of_rows(heard))
        };
        Writer {
            network: self,
            heard: layers.map(heard).collect(),
            written: vec![Rows::default(); self.decoder.layers.len()],
            count: 0,
        }
    }
}

impl Encoder {
    fn take(weights: &mut Weights, width: usize) -> Result<Self, Trouble> {
        let mut layers = Vec::new();
        while weights.has(&format!(
            "encoder/layer_{}/ffn/linear_0/weight",
            layers.len()
        )) {
            let name = format!("encoder/layer_{}", layers.len());
            layers.push((
                Own::take(weights, &format!("{name}/self_attention"), width)?,
                Thought::take(weights, &format!("{name}/ffn"), width)?,
            ));
        }
        Ok(Self {
            first: convolution(weights, "encoder/conv1", BANDS)?,
            second: convolution(weights, "encoder/conv2", width)?,
            places: weights.take("encoder/position_encodings/encodings", None)?,
            layers,
            norm: Norm::take(weights, "encoder/layer_norm", width)?,
        })
    }

    fn hear(&self, bands: &[f32], width: usize) -> Vec<f32> {
        let mut wide = convolved(&self.first, bands, BANDS, 1);
        bent(&mut wide);
        let mut rows = convolved(&self.second, &wide, width, COLUMNS);
        bent(&mut rows);
        add(&mut rows, &self.places);
        for (own, thought) in &self.layers {
            let normal = own.norm.of_rows(&rows);
            let (keys, values) = (own.keys.of_rows(&normal), own.values.of_rows(&normal));
            let means = attended(&own.asked.of_rows(&normal), &keys, &values, width);
            add(&mut rows, &own.out.of_rows(&means));
            thought.add_to(&mut rows);
        }
        self.norm.of_rows(&rows)
    }
}

impl Decoder {
    fn take(weights: &mut Weights, width: usize) -> Result<Self, Trouble> {
        let mut layers = Vec::new();
        while weights.has(&format!(
            "decoder/layer_{}/ffn/linear_0/weight",
            layers.len()
        )) {
            let name = format!("decoder/layer_{}", layers.len());
            layers.push((
                Own::take(weights, &format!("{name}/self_attention"), width)?,
                Other::take(weights, &format!("{name}/attention"), width)?,
                Thought::take(weights, &format!("{name}/ffn"), width)?,
            ));
        }
        Ok(Self {
            pieces: Linear::of(weights.take("decoder/embeddings/weight", None)?, width),
            places: weights.take("decoder/position_encodings/encodings", None)?,
            layers,
            norm: Norm::take(weights, "decoder/layer_norm", width)?,
        })
    }
}

impl Own {
    fn take(weights: &mut Weights, name: &str, width: usize) -> Result<Self, Trouble> {
        let all = Linear::take(weights, &format!("{name}/linear_0"), width)?;
        let [asked, keys, values] = parts(all, width)?;
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}/layer_norm"), width)?,
            asked,
            keys,
            values,
            out: Linear::take(weights, &format!("{name}/linear_1"), width)?,
        })
    }
}

impl Other {
    fn take(weights: &mut Weights, name: &str, width: usize) -> Result<Self, Trouble> {
        let both = Linear::take(weights, &format!("{name}/linear_1"), width)?;
        let [keys, values] = parts(both, width)?;
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}/layer_norm"), width)?,
            asked: Linear::take(weights, &format!("{name}/linear_0"), width)?,
            keys,
            values,
            out: Linear::take(weights, &format!("{name}/linear_2"), width)?,
        })
    }
}

/// Layers that were stored as one.
fn parts<const N: usize>(all: Linear, width: usize) -> Result<[Linear; N], Trouble> {
    all.divided(width).try_into().map_err(|parts: Vec<Linear>| {
        let message = format!("a layer of the network has {} parts, not {N}", parts.len());
        Trouble::new(message, "`quipu model pull ears` fetches it")
    })
}

/// A convolution over three rows of `width` numbers, as a layer for the three in a row.
fn convolution(weights: &mut Weights, name: &str, width: usize) -> Result<Linear, Trouble> {
    let stored = format!("{name}/weight");
    let array = weights.take(&stored, None)?;
    // As stored: [out, width, 3]. As the three rows lie one after the other: [out, 3, width].
    let turned = array
        .chunks(3 * width)
        .flat_map(|filter| (0..3).flat_map(move |tap| filter.iter().skip(tap).step_by(3).copied()));
    weights.put(&stored, turned.collect());
    Linear::take(weights, name, 3 * width)
}

/// What a convolution makes of `rows` of `width` numbers: one row for each `step` of them.
fn convolved(filter: &Linear, rows: &[f32], width: usize, step: usize) -> Vec<f32> {
    let zeros = vec![0.0; width];
    let padded = [zeros.as_slice(), rows, zeros.as_slice()].concat();
    let count = (rows.len() / width).div_ceil(step);
    filter.of_matrix(matrix(&padded, count, 3 * width, step * width))
}

/// A text that is being written. What was computed of each piece is kept.
pub struct Writer<'a> {
    network: &'a Network,
    heard: Vec<Rows>,
    written: Vec<Rows>,
    count: usize,
}

impl Writer<'_> {
    /// Writes `pieces`; gives the odds of each piece to follow the last of them, as
    /// logarithms that do not add up to anything. There must be room for them.
    pub fn write(&mut self, pieces: &[usize]) -> Vec<f32> {
        let (decoder, width) = (&self.network.decoder, self.network.width);
        let embedded = pieces.iter().flat_map(|piece| decoder.pieces.row(*piece));
        let mut rows: Vec<f32> = embedded.copied().collect();
        add(&mut rows, &decoder.places[self.count * width..]);
        self.count += pieces.len();
        let rows_kept = self.written.iter_mut().zip(&self.heard);
        for ((own, other, thought), (written, heard)) in decoder.layers.iter().zip(rows_kept) {
            let normal = own.norm.of_rows(&rows);
            let asked = own.asked.of_rows(&normal);
            let before = written.0.len() / width;
            written.0.extend(own.keys.of_rows(&normal));
            written.1.extend(own.values.of_rows(&normal));
            // A piece knows itself and those before it.
            let means = asked.chunks(width).enumerate().flat_map(|(n, asked)| {
                let end = (before + n + 1) * width;
                attended(asked, &written.0[..end], &written.1[..end], width)
            });
            add(&mut rows, &own.out.of_rows(&means.collect::<Vec<f32>>()));
            let asked = other.asked.of_rows(&other.norm.of_rows(&rows));
            let means = attended(&asked, &heard.0, &heard.1, width);
            add(&mut rows, &other.out.of_rows(&means));
            thought.add_to(&mut rows);
        }
        let last = &rows[rows.len() - width..];
        decoder.pieces.of_rows(&decoder.norm.of_rows(last))
    }

    /// Pieces that there still is room for.
    pub fn room(&self) -> usize {
        self.network.decoder.places.len() / self.network.width - self.count
    }
}
