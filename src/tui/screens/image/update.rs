//! What keys mean on the Image tab.

use crate::archive::export::image::file_name;
use crate::payload::hex::seek;
use crate::system::save::SaveError;
use crate::text;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::navigation::{open, scroll};
use crate::tui::app::overlay::state::{Confirm, Overlay, Prompt, PromptKind};
use crate::tui::app::step::Step;
use crate::tui::picture::Picture;
use crate::tui::screens::image::action::ImageAction;
use crate::tui::screens::image::state::{
    ImageCopy, ImageView, LoadedImage, PictureKey, PictureRequest, PictureView, SaveRequest,
};

impl Model {
    /// The image that the Image tab shows.
    #[must_use]
    pub fn shown_image(&self) -> Option<(&LoadedImage, &ImageView)> {
        let view = &self.detail.as_ref()?.image;
        Some((self.loaded()?.images.get(view.index)?, view))
    }

    fn image_view(&mut self) -> Option<&mut ImageView> {
        self.detail.as_mut().map(|detail| &mut detail.image)
    }
}

pub(crate) fn act(model: &mut Model, action: ImageAction) -> Vec<Effect> {
    let Some((image, view)) = model.shown_image() else {
        return match action {
            ImageAction::Move(step) => scroll(model, step),
            _ => say(model, "this delivery has no image"),
        };
    };
    let (cursor, length, is_picture) = (view.cursor, image.bytes().len(), view.picture.is_some());
    match action {
        ImageAction::NextImage => turn(model, 1),
        ImageAction::PreviousImage => turn(model, -1),
        ImageAction::Move(step) if length == 0 => scroll(model, step),
        _ if length == 0 => say(model, "no bytes to show"),
        ImageAction::Picture => toggle_picture(model),
        ImageAction::Save => {
            let name =
                model.detail.as_ref().zip(model.shown_image()).map(|(d, (image, _))| file_name(d.id, &image.found));
            name.map_or_else(Vec::new, |name| open(model, Overlay::Prompt(Prompt::new(PromptKind::SaveImage, name))))
        }
        ImageAction::OpenElsewhere => {
            let image = std::sync::Arc::clone(&image.found);
            vec![Effect::OpenImage(image)]
        }
        // A picture has no cursor.
        ImageAction::Move(_) | ImageAction::Left | ImageAction::Right if is_picture => Vec::new(),
        ImageAction::Move(step) => {
            let to = moved(cursor, length, step, model);
            go(model, to)
        }
        ImageAction::Left => go(model, cursor.saturating_sub(1)),
        ImageAction::Right => go(model, cursor + 1),
        ImageAction::NextSegment => {
            let next = image.segments.iter().map(|segment| segment.offset).find(|offset| *offset > cursor);
            match next {
                Some(offset) => go(model, offset),
                None => say(model, "no later segment"),
            }
        }
        ImageAction::PreviousSegment => {
            let before = image.segments.iter().rev().map(|segment| segment.offset).find(|offset| *offset < cursor);
            match before {
                Some(offset) => go(model, offset),
                None => say(model, "no earlier segment"),
            }
        }
        ImageAction::Search => open(model, Overlay::Prompt(Prompt::new(PromptKind::Bytes, String::new()))),
        ImageAction::GoTo => open(model, Overlay::Prompt(Prompt::new(PromptKind::Offset, String::new()))),
        ImageAction::NextMatch => find(model, Direction::On(1)),
        ImageAction::PreviousMatch => find(model, Direction::Back),
    }
}

fn say(model: &mut Model, words: &str) -> Vec<Effect> {
    model.say(words);
    Vec::new()
}

/// Shows another image of the payload, from its first byte.
fn turn(model: &mut Model, offset: isize) -> Vec<Effect> {
    let count = model.loaded().map_or(0, |loaded| loaded.images.len());
    if count < 2 {
        return say(model, "this payload has only one image");
    }
    if let Some(view) = model.image_view() {
        let index = (view.index.cast_signed() + offset).rem_euclid(count.cast_signed()).unsigned_abs();
        // The next image is shown as a picture too.
        let picture = view.picture.as_ref().map(|_| PictureView::default());
        *view = ImageView { index, cursor: 0, needle: view.needle.take(), picture };
    }
    if let Some(detail) = &mut model.detail {
        detail.scroll[Tab::Image.index()] = 0;
    }
    Vec::new()
}

fn toggle_picture(model: &mut Model) -> Vec<Effect> {
    if let Some(view) = model.image_view() {
        view.picture = if view.picture.is_some() { None } else { Some(PictureView::default()) };
    }
    Vec::new()
}

fn moved(cursor: usize, length: usize, step: Step, model: &Model) -> usize {
    let row = model.viewport.image.row_bytes.max(1);
    match step {
        Step::First => 0,
        Step::Last => length - 1,
        _ => {
            let rows = length.div_ceil(row);
            let to = step.apply(cursor / row, rows, model.viewport.detail_rows);
            to * row + cursor % row
        }
    }
}

/// Brings the cursor back into a pane that has another size.
pub(crate) fn keep_cursor(model: &mut Model) {
    let shown = model.shown_image().filter(|_| model.tab == Tab::Image);
    let cursor = shown.filter(|(_, view)| view.picture.is_none() && view.cursor > 0).map(|(_, view)| view.cursor);
    if let Some(cursor) = cursor {
        go(model, cursor);
    }
}

/// Puts the cursor on a byte, or the last one, and brings it into view.
fn go(model: &mut Model, to: usize) -> Vec<Effect> {
    let Some((image, _)) = model.shown_image() else { return Vec::new() };
    let last = image.bytes().len().saturating_sub(1);
    let viewport = model.viewport;
    let row_bytes = viewport.image.row_bytes.max(1);
    let to = to.min(last);
    let line = viewport.image.top + to / row_bytes;
    // Scrolling to the last row also shows what is below it, and to the first row what is above.
    let end = if to / row_bytes == last / row_bytes { viewport.detail_lines.max(line + 1) } else { line + 1 };
    let start = if to < row_bytes { 0 } else { line };
    let Some(detail) = &mut model.detail else { return Vec::new() };
    detail.image.cursor = to;
    let first = &mut detail.scroll[Tab::Image.index()];
    let rows = viewport.detail_rows.max(1);
    *first = (*first).max(end.saturating_sub(rows)).min(start).max((line + 1).saturating_sub(rows));
    Vec::new()
}

enum Direction {
    /// Forwards, from this many bytes after the cursor.
    On(usize),
    Back,
}

fn find(model: &mut Model, direction: Direction) -> Vec<Effect> {
    let Some((image, view)) = model.shown_image() else { return Vec::new() };
    let Some(needle) = &view.needle else {
        return say(model, "no search yet: / finds bytes or text");
    };
    let bytes = image.bytes();
    let found = match direction {
        Direction::On(skip) => seek::next(bytes, needle, view.cursor + skip),
        Direction::Back => seek::previous(bytes, needle, view.cursor),
    };
    match found {
        None => {
            let words = format!("no match for {}", needle_words(needle));
            model.warn(words);
            Vec::new()
        }
        Some((at, went_round)) => {
            if let Some(view) = model.image_view() {
                view.picture = None;
            }
            if went_round {
                let words = if matches!(direction, Direction::Back) {
                    "continued from the end"
                } else {
                    "continued from the beginning"
                };
                say(model, words);
            }
            go(model, at)
        }
    }
}

fn needle_words(needle: &[u8]) -> String {
    let digits: Vec<String> = needle.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let more = if needle.len() > 8 { " …" } else { "" };
    format!("{}{more}", digits.join(" "))
}

/// Takes what was entered in one of this tab's prompts. An error is shown there, and can be corrected.
pub(crate) fn accept(model: &mut Model, kind: PromptKind, typed: &str) -> Vec<Effect> {
    if typed.trim().is_empty() {
        model.overlay = None;
        return Vec::new();
    }
    let Some((image, view)) = model.shown_image() else {
        model.overlay = None;
        return Vec::new();
    };
    let outcome = match kind {
        PromptKind::Bytes => seek::needle(typed).map(Sought::Bytes),
        PromptKind::Offset => seek::offset(typed, view.cursor, image.bytes().len()).map(Sought::Offset),
        _ => Ok(Sought::File(SaveRequest {
            path: typed.to_owned(),
            image: std::sync::Arc::clone(&image.found),
            overwrite: false,
        })),
    };
    match outcome {
        Err(error) => {
            if let Some(Overlay::Prompt(prompt)) = &mut model.overlay {
                prompt.error = Some(error.to_string());
            }
            Vec::new()
        }
        Ok(sought) => {
            model.overlay = None;
            match sought {
                Sought::Bytes(needle) => {
                    if let Some(view) = model.image_view() {
                        view.needle = Some(needle);
                    }
                    find(model, Direction::On(0))
                }
                Sought::Offset(offset) => {
                    if let Some(view) = model.image_view() {
                        view.picture = None;
                    }
                    go(model, offset)
                }
                Sought::File(request) => vec![Effect::SaveImage(request)],
            }
        }
    }
}

enum Sought {
    Bytes(Vec<u8>),
    Offset(usize),
    File(SaveRequest),
}

/// The result of saving. Asks before an existing file is replaced.
pub(crate) fn saved(model: &mut Model, request: SaveRequest, outcome: Result<String, SaveError>) {
    let words = match outcome {
        Ok(path) => Ok(format!("saved {path}")),
        Err(SaveError::Exists(path)) if model.overlay.is_none() => {
            let path = text::visible(&path.to_string_lossy()).into_owned();
            let what = if crate::archive::export::image::is_partial(&request.image.binary) {
                "the partial image"
            } else {
                "the image"
            };
            model.overlay = Some(Overlay::Confirm(Box::new(Confirm {
                title: "Replace the file?".to_owned(),
                question: format!("{path} already exists. Replace it with {what}? Its content will be lost."),
                yes: "replace it".to_owned(),
                effect: Effect::SaveImage(SaveRequest { overwrite: true, ..request }),
            })));
            return;
        }
        // The name is kept, to be mended.
        Err(error) if model.overlay.is_none() && shows(model, &request) => {
            let mut prompt = Prompt::new(PromptKind::SaveImage, request.path);
            prompt.error = Some(error.to_string());
            model.overlay = Some(Overlay::Prompt(prompt));
            return;
        }
        Err(error) => Err(format!("not saved: {error}")),
    };
    model.say_outcome(words);
}

/// Whether the image that was to be saved is still the one that is shown.
fn shows(model: &Model, request: &SaveRequest) -> bool {
    model.shown_image().is_some_and(|(image, _)| std::sync::Arc::ptr_eq(&image.found, &request.image))
}

/// Asks for the picture that the tab needs: another one, or the same for another room.
pub(crate) fn ask_for_picture(model: &mut Model) -> Option<Effect> {
    let room = model.viewport.image.room.filter(|room| room.columns > 0 && room.rows > 0)?;
    if model.tab != Tab::Image {
        return None;
    }
    let (image, view) = model.shown_image()?;
    let delivery = model.detail.as_ref()?.id;
    let key = PictureKey { delivery, index: view.index, room };
    let picture = view.picture.as_ref()?;
    if picture.asked == Some(key) || image.bytes().is_empty() {
        return None;
    }
    let image = std::sync::Arc::clone(&image.found);
    model.image_view()?.picture.as_mut()?.asked = Some(key);
    Some(Effect::Picture(PictureRequest { key, image }))
}

/// Takes a picture that was asked for, if it is still wanted.
pub(crate) fn pictured(model: &mut Model, key: PictureKey, made: Result<Picture, String>) {
    let picture = model.image_view().and_then(|view| view.picture.as_mut());
    if let Some(picture) = picture.filter(|picture| picture.asked == Some(key)) {
        picture.made = Some(made);
    }
}

/// What the copy menu offers of the shown image: the key, the name, the way and the beginning.
pub(crate) fn copy_ways(model: &Model) -> Vec<(char, &'static str, ImageCopy, String)> {
    let Some((image, view)) = model.shown_image().filter(|_| model.tab == Tab::Image) else { return Vec::new() };
    let ways = ImageCopy::ALL.into_iter();
    ways.filter_map(|(key, what, way)| Some((key, what, way, way.preview(image, view.cursor)?))).collect()
}

/// Copies the shown image.
pub(crate) fn copy(model: &mut Model, way: ImageCopy) -> Vec<Effect> {
    let copied = model.shown_image().map(|(image, view)| (way.what(image), way.text(image, view.cursor)));
    match copied {
        Some((what, Some(text))) => vec![Effect::Copy { what, text }],
        Some((_, None)) => {
            let limit = crate::text::grouped(ImageCopy::LIMIT as u64);
            let save = model.keymap.hint(Action::Image(ImageAction::Save));
            let save = save.map_or(String::new(), |key| format!(": {key} saves it to a file"));
            let text = format!("too large for a clipboard (at most {limit} bytes){save}");
            model.warn(text);
            Vec::new()
        }
        None => Vec::new(),
    }
}
