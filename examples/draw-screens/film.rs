//! What happens in a terminal, step by step: as SVG in motion, and as a recording for players.

use std::path::Path;

use serde_json::json;

use crate::{COLUMNS, Failure, ROWS, Screen, svg};

/// The steps so far. A step lasts as long as the script says, not as long as the program has taken.
pub(crate) struct Film {
    frames: Vec<(vt100::Screen, f32)>,
    /// In the format of asciinema, version 2 (<https://docs.asciinema.org/manual/asciicast/v2/>).
    cast: String,
    seconds: f32,
}

impl Film {
    pub(crate) fn new(title: &str) -> Self {
        let header =
            json!({"version": 2, "width": COLUMNS, "height": ROWS, "title": title, "env": {"TERM": "xterm-256color"}});
        Self { frames: Vec::new(), cast: format!("{header}\n"), seconds: 0.0 }
    }

    /// What is on the screen once `words` are, for some seconds.
    pub(crate) fn sees(&mut self, screen: &Screen, words: &str, seconds: f32) -> Result<(), Failure> {
        screen.sees(words)?;
        let (shown, bytes) = screen.take()?;
        let event = json!([self.seconds, "o", String::from_utf8_lossy(&bytes)]);
        self.cast.push_str(&format!("{event}\n"));
        self.frames.push((shown, seconds));
        self.seconds += seconds;
        Ok(())
    }

    /// Writes both; the frame with the number `poster` is what is seen without motion.
    pub(crate) fn write(&self, folder: &Path, poster: usize, title: &str) -> Result<(), Failure> {
        std::fs::write(folder.join("tour.svg"), svg::film(&self.frames, poster, title))?;
        let end = json!([self.seconds, "o", ""]);
        Ok(std::fs::write(folder.join("tour.cast"), format!("{}{end}\n", self.cast))?)
    }
}
