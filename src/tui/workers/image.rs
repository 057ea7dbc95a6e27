//! The thread that decodes pictures. Of several that were asked for, only the newest is made.

use std::sync::mpsc;

use super::priority::give_way;
use crate::tui::app::message::Message;
use crate::tui::picture::Method;
use crate::tui::picture::{FontSize, Picture};
use crate::tui::screens::image::state::PictureRequest;

/// Takes requests; pictures come as messages.
pub(crate) struct Painter {
    requests: mpsc::Sender<PictureRequest>,
}

impl Painter {
    /// Starts the thread.
    pub(crate) fn start(method: Method, send: impl Fn(Message) + Send + 'static) -> std::io::Result<Self> {
        let (requests, queue) = mpsc::channel::<PictureRequest>();
        std::thread::Builder::new().name("whyhook-painter".to_owned()).spawn(move || {
            give_way();
            while let Ok(mut request) = queue.recv() {
                while let Ok(newer) = queue.try_recv() {
                    request = newer;
                }
                let PictureRequest { key, image } = request;
                tracing::debug!(bytes = image.binary.bytes.len(), "picture asked for");
                let made = Picture::make(&image.binary.bytes, key.room, method, font_size());
                send(Message::Picture(key, made.map_err(|error| error.to_string())));
            }
        })?;
        Ok(Self { requests })
    }

    /// Asks for a picture.
    pub(crate) fn make(&self, request: PictureRequest) {
        let _ = self.requests.send(request);
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
