//! The tools that come with Quipu, as components inside this program. `build.rs` puts them
//! there.

use anyhow::Result;
use quipu_kernel::calls::NAMESPACES;
use quipu_tools::Topics;

use crate::config::mcp::SKILL;
use crate::terminal::error::UserError;

/// A component that is a part of this program.
#[derive(Clone, Copy)]
pub struct Component {
    /// What it is called as a tool.
    pub name: &'static str,
    /// What it is.
    pub bytes: &'static [u8],
    /// The hash of that, as grants have it. `build.rs` computes it: there are 40 MB of them, which
    /// each start of a machine would have to read.
    pub hash: &'static str,
}

macro_rules! component {
    ($name:literal) => {
        Component {
            name: $name,
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm")),
            hash: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".wasm.sha256")),
        }
    };
}

/// The tools. A small model favours what it reads first, so the one that is right most often is.
pub const TOOLS: &[Component] = &[
    component!("calculator"),
    component!("python"),
    component!("browser"),
    component!("eyes"),
    component!("ears"),
];

/// The tool that reads pictures, and the model of the catalogue that it needs.
pub const EYES: &str = "eyes";

/// The tool that hears recordings, and the model of the catalogue that it needs.
pub const EARS: &str = "ears";

/// The tool that speaks, and the model of the catalogue that it needs. It is no component:
/// it computes natively, and its only input is text.
pub const VOICE: &str = "voice";

/// The topics that a task has to speak of before a model is shown the tool `name`; empty where
/// all tasks show it. The weights of a sense are often there, and few tasks are about it.
pub fn topics(name: &str) -> Topics {
    match name {
        EYES => Topics::of(
            "picture photo photograph photographed image screenshot snapshot scan scanned ocr \
             图片 照片 相片 截图 截屏 图像 扫描 拍照 拍的 圖片 截圖 圖像 掃描",
            "png jpg jpeg webp tif tiff bmp",
        ),
        EARS => Topics::of(
            "recording recorded audio sound listen podcast voicemail dictation dictated \
             transcribe transcribed transcript transcription \
             录音 音频 语音 声音 听写 转写 播客 錄音 音頻 語音 聲音 聽寫 轉寫",
            "wav flac mp3 ogg oga opus m4a webm",
        ),
        VOICE => Topics::of(
            "aloud loud speak spoken speech voice audio sound pronounce pronounced \
             pronunciation narrate narrated narration \
             朗读 读出 读给 念出 念给 说出来 语音 声音 发音 配音 播报 朗讀 讀出 唸出 語音 聲音 發音",
            "wav",
        ),
        _ => Topics::default(),
    }
}

/// The reader of documents in many formats, for imports. No process sees it.
pub const DOCUMENTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/documents.wasm"));

/// The reader of PDF files, for imports. No process sees it either.
pub const PDF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pdf.wasm"));

/// Refuses a name that a tool which comes with Quipu has, the kernel's own calls, or the files of a
/// skill.
pub fn check_free(name: &str, hint: &str) -> Result<()> {
    let is_own = NAMESPACES.contains(&name) || name == SKILL;
    match is_own || name == VOICE || TOOLS.iter().any(|tool| tool.name == name) {
        true => Err(UserError::usage(format!("{name} comes with quipu"), hint)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use quipu_tools::grants::component_hash;

    use super::*;

    #[test]
    fn names_that_come_with_quipu_are_taken() {
        let check = |name: &str, is_free: bool| {
            assert_eq!(check_free(name, "").is_ok(), is_free, "{name}");
        };
        check("memory", false);
        check("process", false);
        check(SKILL, false);
        check(VOICE, false);
        check(EYES, false);
        check("memories", true);
    }

    #[test]
    fn the_hash_of_each_tool_is_that_of_its_bytes() {
        for tool in TOOLS {
            assert_eq!(tool.hash, component_hash(tool.bytes), "{}", tool.name);
        }
        let senses = [EYES, EARS].map(|name| TOOLS.iter().any(|tool| tool.name == name));
        assert_eq!(senses, [true, true]);
    }
}
