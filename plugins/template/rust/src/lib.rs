//! The functions of the tool. Their names, types and descriptions are in wit/world.wit.

wit_bindgen::generate!({ world: "my-tool", path: "wit" });

struct MyTool;

export!(MyTool);

impl Guest for MyTool {
    fn count(text: String) -> Result<Counts, String> {
        if text.is_empty() {
            // An error is read by the model that called: say what to do.
            return Err("the text is empty; give one to count".into());
        }
        Ok(Counts {
            words: text.split_whitespace().count() as u32,
            characters: text.chars().count() as u32,
        })
    }
}
