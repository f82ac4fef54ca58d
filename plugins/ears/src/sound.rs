//! From the file of a recording to samples: a stretch of it, as one channel of
//! [`RATE`] samples a second. What is read into memory is bounded by the stretch.

use std::fs::File;

use opus_decoder::OpusDecoder;
use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler};
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Time, TimeBase};

use crate::mel::RATE;
use crate::trouble::Trouble;

/// Samples a second that a file may have.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// Channels that a file may have: each takes memory for a packet.
const CHANNELS_MAX: usize = 32;
/// Where a seek goes to before the stretch: what is decoded first needs what is before it.
const RUN_UP: f64 = 0.5;
/// Samples that a packet of Opus may give, at [`RATE`]: 120 ms, of two channels.
const OPUS_SAMPLES_MAX: usize = RATE * 120 / 1000 * 2;
/// Samples that are resampled at once.
const CHUNK: usize = 4096;

/// A stretch of a recording.
pub struct Stretch {
    /// One channel, [`RATE`] a second, -1 to 1.
    pub samples: Vec<f32>,
    /// Whether the recording ends with it.
    pub is_last: bool,
    /// Seconds of the whole recording, if its file says so.
    pub length: Option<f64>,
}

/// At most `seconds` of the recording in `source`, from `start` on, in seconds.
///
/// # Errors
/// What is no recording, or in a form that is not known.
pub fn read(source: Box<dyn MediaSource>, start: f64, seconds: f64) -> Result<Stretch, Trouble> {
    let stream = MediaSourceStream::new(source, Default::default());
    let probed = symphonia::default::get_probe().probe(
        &Hint::new(),
        stream,
        FormatOptions::default(),
        MetadataOptions::default(),
    );
    let mut format = probed.map_err(|error| unknown(&error))?;
    let track = format.default_track(TrackType::Audio).ok_or_else(silent)?;
    let (id, base) = (track.id, track.time_base);
    let parameters = track.codec_params.as_ref().and_then(|codec| codec.audio());
    let mut decoder = Decoder::new(parameters.ok_or_else(silent)?)?;
    let base = base
        .or_else(|| TimeBase::try_from_recip(parameters?.sample_rate?))
        .ok_or_else(silent)?;
    let length = track.duration.and_then(|length| base.calc_duration(length));
    let length = length.map(|length| length.as_secs_f64());
    seek(format.as_mut(), id, start - RUN_UP);
    let mut taken = Taken::default();
    let is_last = loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) if packet.track_id == id => packet,
            Ok(Some(_)) => continue,
            // What is broken at its end is heard up to there.
            Ok(None) | Err(_) => break true,
        };
        let Some((samples, rate)) = decoder.decode(&packet)? else {
            continue;
        };
        let at = base.calc_time_saturating(packet.pts).as_secs_f64();
        taken.add(samples, rate, at, start)?;
        if taken.samples.len() as f64 >= seconds * f64::from(taken.rate) {
            break false;
        }
    };
    if taken.rate == 0 && start == 0.0 {
        return Err(silent());
    }
    Ok(Stretch {
        samples: resampled(taken.samples, taken.rate)?,
        is_last,
        length,
    })
}

/// Moves to the time `to`. A file without a way to do so is read from its start.
fn seek(format: &mut dyn FormatReader, track: u32, to: f64) {
    if let Some(time) = Time::try_from_secs_f64(to).filter(|_| to > 0.0) {
        let track_id = Some(track);
        _ = format.seek(SeekMode::Accurate, SeekTo::Time { time, track_id });
    }
}

/// What was decoded of a stretch.
#[derive(Default)]
struct Taken {
    samples: Vec<f32>,
    /// Samples a second; 0 before the first.
    rate: u32,
}

impl Taken {
    /// Adds samples from the time `at` on, without those before `start`.
    fn add(&mut self, samples: &[f32], rate: u32, at: f64, start: f64) -> Result<(), Trouble> {
        if !RATES.contains(&rate) || (self.rate != 0 && self.rate != rate) {
            let message = format!("the recording has {rate} samples a second");
            return Err(Trouble::new(message, "save it as WAV with 16000 a second"));
        }
        self.rate = rate;
        let before = match self.samples.is_empty() {
            true => ((start - at) * f64::from(rate)).round().max(0.0) as usize,
            false => 0,
        };
        let samples = samples.get(before..).unwrap_or_default();
        self.samples.extend_from_slice(samples);
        Ok(())
    }
}

/// What turns packets into samples.
enum Decoder {
    Opus(Box<OpusDecoder>, usize, Vec<f32>),
    Other(Box<dyn AudioDecoder>, Vec<f32>),
}

impl Decoder {
    fn new(parameters: &AudioCodecParameters) -> Result<Self, Trouble> {
        let channels = parameters.channels.as_ref().map_or(1, |all| all.count());
        if channels > CHANNELS_MAX {
            return Err(unknown(&format!("it has {channels} channels")));
        }
        if parameters.codec == CODEC_ID_OPUS {
            let decoder =
                OpusDecoder::new(RATE as u32, channels).map_err(|error| unknown(&error))?;
            let buffer = vec![0.0; OPUS_SAMPLES_MAX];
            return Ok(Self::Opus(Box::new(decoder), channels, buffer));
        }
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| unknown(&error))?;
        Ok(Self::Other(decoder, Vec::new()))
    }

    /// The samples of a packet, and how many there are a second; none where it is broken.
    fn decode(&mut self, packet: &Packet) -> Result<Option<(&[f32], u32)>, Trouble> {
        match self {
            Self::Opus(decoder, channels, buffer) => {
                let Ok(count) = decoder.decode_float(&packet.data, buffer, false) else {
                    return Ok(None);
                };
                let count = mixed(buffer, *channels, count);
                Ok(Some((&buffer[..count], RATE as u32)))
            }
            Self::Other(decoder, buffer) => {
                let decoded = match decoder.decode(packet) {
                    Ok(decoded) => decoded,
                    Err(Error::DecodeError(_) | Error::IoError(_)) => return Ok(None),
                    Err(error) => return Err(unknown(&error)),
                };
                decoded.copy_to_vec_interleaved(buffer);
                let spec = decoded.spec();
                let count = mixed(buffer, spec.channels().count(), decoded.frames());
                Ok(Some((&buffer[..count], spec.rate())))
            }
        }
    }
}

/// Mixes `frames` frames of `channels` channels into one, in place; gives their count.
fn mixed(buffer: &mut [f32], channels: usize, frames: usize) -> usize {
    if channels > 1 {
        for frame in 0..frames {
            let sum: f32 = buffer[frame * channels..][..channels].iter().sum();
            buffer[frame] = sum / channels as f32;
        }
    }
    frames
}

/// `samples` of `rate` a second as [`RATE`] a second.
fn resampled(samples: Vec<f32>, rate: u32) -> Result<Vec<f32>, Trouble> {
    if rate as usize == RATE || samples.is_empty() {
        return Ok(samples);
    }
    let count = samples.len();
    let from = InterleavedOwned::new_from(samples, 1, count).map_err(|error| unknown(&error))?;
    let mut resampler = Fft::<f32>::new(rate as usize, RATE, CHUNK, 1, FixedSync::Input)
        .map_err(|error| unknown(&error))?;
    let resampled = resampler.process_all(&from, count, None);
    Ok(resampled.map_err(|error| unknown(&error))?.take_data())
}

fn unknown(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        format!("this is no recording that can be heard: {error}"),
        "save it as WAV, FLAC, MP3, Ogg (Vorbis, Opus), WebM or M4A (AAC, ALAC)",
    )
}

fn silent() -> Trouble {
    unknown(&"it has no sound")
}

/// Opens the recording at `path`.
///
/// # Errors
/// A file that cannot be opened.
pub fn open(path: &str) -> Result<Box<dyn MediaSource>, Trouble> {
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(Trouble::new(
            format!("{path} cannot be opened: {error}"),
            "name a file by its whole path; its folder has to be granted: \
             `quipu tool grant ears fs:read:FOLDER`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A WAV file of 16 bits with `seconds` of a tone that grows louder.
    fn wav(rate: u32, channels: u16, seconds: f64) -> Vec<u8> {
        let frames = (f64::from(rate) * seconds) as u32;
        let bytes = frames * u32::from(channels) * 2;
        let mut wav = b"RIFF".to_vec();
        wav.extend((36 + bytes).to_le_bytes());
        wav.extend(b"WAVEfmt \x10\0\0\0\x01\0");
        wav.extend(channels.to_le_bytes());
        wav.extend(rate.to_le_bytes());
        wav.extend((rate * u32::from(channels) * 2).to_le_bytes());
        wav.extend((channels * 2).to_le_bytes());
        wav.extend(b"\x10\0data");
        wav.extend(bytes.to_le_bytes());
        for n in 0..frames {
            let time = f64::from(n) / f64::from(rate);
            let loud = (time * 300.0 * std::f64::consts::TAU).sin() * time / seconds;
            for _ in 0..channels {
                wav.extend(((loud * 32000.0) as i16).to_le_bytes());
            }
        }
        wav
    }

    /// How loud the loudest of some samples is.
    fn peak(samples: &[f32]) -> f32 {
        samples
            .iter()
            .fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    #[test]
    fn a_stretch_is_where_it_should_be() {
        let check = |rate, channels, start: f64, seconds: f64, count: usize, last: bool| {
            let wav = Box::new(Cursor::new(wav(rate, channels, 4.0)));
            let stretch = read(wav, start, seconds).unwrap();
            let off = stretch.samples.len().abs_diff(count);
            assert!(off < RATE / 10, "{} {count}", stretch.samples.len());
            assert_eq!(stretch.is_last, last);
            assert!((stretch.length.unwrap() - 4.0).abs() < 0.01);
            // A tenth of a second on, it is as loud as it is there.
            let found = peak(&stretch.samples[RATE / 10..][..RATE / 10]);
            let expected = (start + 0.2) as f32 / 4.0 * 0.976;
            assert!(
                (found - expected).abs() < 0.02,
                "{rate} {start} {found} {expected}"
            );
        };
        check(16_000, 1, 0.0, 9.0, 4 * RATE, true);
        check(16_000, 2, 1.0, 2.0, 2 * RATE, false);
        check(44_100, 1, 3.0, 9.0, RATE, true);
        check(48_000, 2, 2.5, 1.0, RATE, false);
        check(8_000, 1, 0.0, 2.0, 2 * RATE, false);
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let whole = wav(16_000, 1, 0.1);
        let of = |bytes: &[u8]| read(Box::new(Cursor::new(bytes.to_vec())), 0.0, 1.0);
        for bytes in [b"".as_slice(), b"a poem", b"RIFF", &whole[..20], &[0; 9000]] {
            assert!(of(bytes).is_err());
        }
        assert!(of(&wav(16_000, 400, 0.01)).is_err());
        let mut odd = whole.clone();
        odd[24..28].copy_from_slice(&1_u32.to_le_bytes());
        assert!(of(&odd).is_err());
        // One that is cut off is heard up to there.
        assert!(of(&whole[..whole.len() / 2]).is_ok());
        let beyond = read(Box::new(Cursor::new(whole)), 5.0, 1.0).unwrap();
        assert!(beyond.samples.is_empty() && beyond.is_last);
    }
}
