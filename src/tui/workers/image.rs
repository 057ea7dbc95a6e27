//! The thread that decodes pictures. Of several that were asked for, only the newest is made.

use super::latest_wins::{LatestWins, Rest};
use crate::system::thread::ThreadError;
use crate::tui::app::message::Message;
use crate::tui::picture::{FontSize, Picture, PictureMethod};
use crate::tui::screens::image::state::PictureRequest;

/// Takes requests; pictures come as messages.
pub(crate) struct ImageWorker(LatestWins<PictureRequest>);

impl ImageWorker {
    /// Starts the thread.
    pub(crate) fn start(method: PictureMethod, send: impl Fn(Message) + Send + 'static) -> Result<Self, ThreadError> {
        let worker = LatestWins::start_giving_way("whyhook-painter", Rest::No, move |request: PictureRequest, _| {
            let PictureRequest { key, image } = request;
            let made = Picture::make(&image.binary.bytes, key.room, method, font_size());
            send(Message::Picture(key, made.map_err(|error| error.to_string())));
        })?;
        Ok(Self(worker))
    }

    /// Asks for a picture.
    pub(crate) fn make(&self, request: PictureRequest) {
        self.0.ask(request);
    }
}

/// A cell's size as the terminal's driver knows it; asking the terminal itself would look like keys.
fn font_size() -> FontSize {
    let Ok(window) = crossterm::terminal::window_size() else { return FontSize::default() };
    let cell = |pixels: u16, cells: u16| pixels.checked_div(cells).filter(|size| *size > 0);
    match (cell(window.width, window.columns), cell(window.height, window.rows)) {
        (Some(width), Some(height)) => FontSize { width, height },
        _ => FontSize::default(),
    }
}
