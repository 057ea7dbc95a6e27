//! Writing an answer of one's own: a form whose answer is read while it is typed.

use std::sync::Arc;

use ratatui_textarea::{CursorMove, TextArea};
use tui_input::{Input, InputRequest};

use crate::rules::{ActionKind, AnswerChoice, CustomAnswer, NamedAnswer, RuleAction, RuleResponse, is_bodyless, named};
use crate::tui::one_line::in_one_line;
use crate::tui::screens::answers::window::Picker;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditorField {
    /// The status.
    Status,
    /// The headers, one a line.
    Headers,
    /// The body.
    Body,
    /// The name to save it under.
    Name,
    /// The configuration file to save it in.
    File,
}

impl EditorField {
    /// Every field, from top to bottom.
    pub const ALL: [Self; 5] = [Self::Status, Self::Headers, Self::Body, Self::Name, Self::File];

    /// The field's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Headers => "headers",
            Self::Body => "body",
            Self::Name => "name",
            Self::File => "file",
        }
    }
}

/// The form.
#[derive(Debug)]
pub struct Editor {
    /// The field that is being typed into.
    pub field: EditorField,
    status: Input,
    name: Input,
    file: Input,
    /// The headers, one a line.
    pub headers: TextArea<'static>,
    /// The body.
    pub body: TextArea<'static>,
    /// The answer that is typed, or what is wrong with it.
    pub answer: Result<Arc<NamedAnswer>, String>,
    /// The result of saving.
    pub saved: Option<Result<String, String>>,
    /// The first line shown of what would be sent.
    pub preview: usize,
    /// The picker that it came from, if any.
    pub(crate) from: Option<Picker>,
    /// What was in the fields at first.
    before: Vec<String>,
    /// Whether leaving was asked for while something is typed: asked once more, it is thrown away.
    is_leaving: bool,
}

impl Editor {
    /// Begins with what `action` answers, if it is an answer.
    pub(crate) fn new(action: Option<&RuleAction>, file: &str, from: Option<Picker>) -> Self {
        let (name, written) = match action.map(|action| &action.kind) {
            Some(ActionKind::Do(RuleResponse::Answer(AnswerChoice::Named(named), _))) => {
                (named.name.clone(), named.written.clone())
            }
            Some(ActionKind::Do(RuleResponse::Answer(AnswerChoice::Written(written), _))) => {
                (String::new(), written.clone())
            }
            _ => (String::new(), CustomAnswer { status: 200, headers: Vec::new(), body: None }),
        };
        let body = match &written.body {
            Some(body) => body.source().to_owned(),
            None => String::from_utf8_lossy(&crate::rules::preset(written.status).body).replace("{{", "{{{{"),
        };
        let headers = written.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let lines = body.split('\n').map(str::to_owned).collect();
        let mut editor = Self {
            field: EditorField::Status,
            status: Input::new(written.status.to_string()),
            name: Input::new(name),
            file: Input::new(file.to_owned()),
            headers: TextArea::new(headers),
            body: TextArea::new(lines),
            answer: Err(String::new()),
            saved: None,
            preview: 0,
            from,
            before: Vec::new(),
            is_leaving: false,
        };
        editor.before = editor.texts();
        for area in [&mut editor.headers, &mut editor.body] {
            area.move_cursor(CursorMove::Bottom);
            area.move_cursor(CursorMove::End);
        }
        editor.read();
        editor
    }

    fn texts(&self) -> Vec<String> {
        let lines = [&self.status, &self.name, &self.file].map(|input| input.value().to_owned());
        let areas = [&self.headers, &self.body].map(|area| area.lines().join("\n"));
        lines.into_iter().chain(areas).collect()
    }

    /// Whether it may be left: nothing was typed that is not saved, or leaving was asked for twice in a row.
    pub(crate) fn may_leave(&mut self) -> bool {
        let is_saved = matches!(self.saved, Some(Ok(_)));
        is_saved || std::mem::replace(&mut self.is_leaving, true) || self.texts() == self.before
    }

    /// Whether it was asked to be left while something is typed.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// A field of one line.
    #[must_use]
    pub fn line(&self, field: EditorField) -> Option<&Input> {
        match field {
            EditorField::Status => Some(&self.status),
            EditorField::Name => Some(&self.name),
            EditorField::File => Some(&self.file),
            EditorField::Headers | EditorField::Body => None,
        }
    }

    /// A field of several lines.
    #[must_use]
    pub fn area(&self, field: EditorField) -> Option<&TextArea<'static>> {
        match field {
            EditorField::Headers => Some(&self.headers),
            EditorField::Body => Some(&self.body),
            EditorField::Status | EditorField::Name | EditorField::File => None,
        }
    }

    fn line_mut(&mut self) -> Result<&mut Input, &mut TextArea<'static>> {
        match self.field {
            EditorField::Status => Ok(&mut self.status),
            EditorField::Name => Ok(&mut self.name),
            EditorField::File => Ok(&mut self.file),
            EditorField::Headers => Err(&mut self.headers),
            EditorField::Body => Err(&mut self.body),
        }
    }

    /// The file that is named.
    #[must_use]
    pub fn file(&self) -> &str {
        self.file.value()
    }

    /// Goes `offset` fields on, around the ends.
    pub(crate) fn turn(&mut self, offset: isize) {
        self.is_leaving = false;
        let count = EditorField::ALL.len().cast_signed();
        let at = (self.field as usize).cast_signed() + offset;
        self.field = EditorField::ALL[at.rem_euclid(count).unsigned_abs()];
    }

    /// Up or down: within a field of several lines, else to another field.
    pub(crate) fn step(&mut self, down: bool) {
        let offset = if down { 1 } else { -1 };
        let Err(area) = self.line_mut() else { return self.turn(offset) };
        let row = area.cursor().0;
        let is_end = if down { row + 1 >= area.lines().len() } else { row == 0 };
        if is_end {
            return self.turn(offset);
        }
        area.move_cursor(if down { CursorMove::Down } else { CursorMove::Up });
    }

    /// Enter: a new line, or the next field.
    pub(crate) fn enter(&mut self) {
        match self.line_mut() {
            Ok(_) => self.turn(1),
            Err(area) => area.insert_newline(),
        }
        self.read();
    }

    /// A key that edits.
    pub(crate) fn edit(&mut self, request: InputRequest) {
        match self.line_mut() {
            Ok(input) => drop(input.handle(request)),
            Err(area) => edit_area(area, request),
        }
        self.read();
    }

    /// Text that was pasted.
    pub(crate) fn paste(&mut self, text: &str) {
        match self.line_mut() {
            Ok(input) => {
                for character in in_one_line(text).chars() {
                    input.handle(InputRequest::InsertChar(character));
                }
            }
            Err(area) => {
                area.insert_str(text.replace("\r\n", "\n"));
            }
        }
        self.read();
    }

    /// Reads the answer that is typed.
    fn read(&mut self) {
        self.saved = None;
        self.is_leaving = false;
        let name = if self.name.value().is_empty() { "own" } else { self.name.value() };
        self.answer = read(name, self.status.value(), self.headers.lines(), &self.body.lines().join("\n"));
    }

    /// The answer under its name, or why it cannot be saved.
    pub(crate) fn to_save(&self) -> Result<Arc<NamedAnswer>, String> {
        if self.name.value().is_empty() {
            return Err("enter a name to save it under".to_owned());
        }
        self.answer.clone()
    }
}

fn read(name: &str, status: &str, headers: &[String], body: &str) -> Result<Arc<NamedAnswer>, String> {
    let status: u16 = status.trim().parse().map_err(|_| format!("invalid status '{status}': expected 200 to 599"))?;
    let mut pairs = Vec::new();
    for line in headers.iter().filter(|line| !line.trim().is_empty()) {
        let (name, value) =
            line.split_once(':').ok_or_else(|| format!("invalid header '{line}': expected 'Name: value'"))?;
        pairs.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let body = if body.is_empty() && is_bodyless(status) { None } else { Some(body) };
    named(name, status, &pairs, body).map_err(|problem| problem.to_string())
}

fn edit_area(area: &mut TextArea<'static>, request: InputRequest) {
    match request {
        InputRequest::InsertChar(character) => area.insert_char(character),
        InputRequest::DeletePrevChar => drop(area.delete_char()),
        InputRequest::DeleteNextChar => drop(area.delete_next_char()),
        InputRequest::GoToPrevChar => area.move_cursor(CursorMove::Back),
        InputRequest::GoToNextChar => area.move_cursor(CursorMove::Forward),
        InputRequest::GoToStart => area.move_cursor(CursorMove::Head),
        InputRequest::GoToEnd => area.move_cursor(CursorMove::End),
        InputRequest::DeletePrevWord => drop(area.delete_word()),
        InputRequest::DeleteLine => drop(area.delete_line_by_head()),
        InputRequest::DeleteTillEnd => drop(area.delete_line_by_end()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(status: &str, headers: &[&str], body: &str) -> String {
        let headers: Vec<String> = headers.iter().map(|line| (*line).to_owned()).collect();
        read("own", status, &headers, body).unwrap_err()
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        assert!(wrong("99", &[], "").contains("invalid status 99"));
        assert!(wrong("abc", &[], "").contains("invalid status 'abc'"));
        assert!(wrong("200", &["no colon"], "").contains("expected 'Name: value'"));
        assert!(wrong("200", &["Content-Length: 5"], "").contains("whyhook sets the header"));
        assert!(wrong("200", &[], "{{nobody}}").contains("unknown template field '{{nobody}}'"));
        assert!(wrong("204", &[], "x").contains("has no body"));
        assert!(read("own", "204", &[], "").is_ok());
    }

    #[test]
    fn lines_are_typed_and_fields_turned() {
        let mut editor = Editor::new(None, "whyhook.toml", None);
        editor.turn(1);
        editor.paste("X-A: {{id}}\r\nX-B: 2");
        editor.step(false);
        assert_eq!((editor.field, editor.headers.cursor().0), (EditorField::Headers, 0));
        editor.step(false);
        assert_eq!(editor.field, EditorField::Status);
        let written = &editor.answer.as_ref().unwrap().written;
        assert_eq!(written.headers.len(), 2);
        editor.turn(-1);
        assert_eq!(editor.field, EditorField::File);
        assert!(editor.to_save().unwrap_err().contains("a name"));
    }
}
