//! Keys and what they do: the one table from which keys work, hints are drawn and help is written.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::payload::body::Kind;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::app::step::Step;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::image::action::ImageAction;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::forms::Purpose;
use crate::tui::screens::send::state::SendScreen;

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// With nothing on top, wherever the focus is.
    Anywhere,
    /// With nothing on top and the list in focus.
    List,
    /// With nothing on top and the details in focus.
    Detail,
    /// The same, on the Payload tab: its own keys come before those of all details.
    Payload,
    /// After `z` on the Payload tab: the next key says how to fold.
    Folding,
    /// The same, on the Image tab.
    Image,
    /// The same, on the Answer tab.
    Answer,
    /// In a menu or the help.
    Menu,
    /// While typing.
    Prompt,
    /// In a form of several fields.
    Form,
    /// In a result, or while sending.
    Sending,
    /// In a form that describes what to send.
    SendForm,
    /// In the picker of answers, which is a menu too.
    Picker,
    /// In the rules, which are a menu too.
    Rules,
    /// Writing an answer.
    Writing,
}

impl KeyContext {
    /// The heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::List => "In the list",
            Self::Detail => "In the details",
            Self::Payload => "In the payload",
            Self::Folding => "In the payload, after z",
            Self::Image => "In the image",
            Self::Answer => "In the answer",
            Self::Menu => "In a menu",
            Self::Prompt => "While typing",
            Self::Form => "In a form",
            Self::Sending => "In a result",
            Self::SendForm => "In a form to send",
            Self::Picker => "Choosing an answer",
            Self::Rules => "In the rules",
            Self::Writing => "Writing an answer",
        }
    }

    /// Every context, in the help's order.
    pub const ALL: [Self; 15] = [
        Self::Anywhere,
        Self::List,
        Self::Detail,
        Self::Payload,
        Self::Folding,
        Self::Image,
        Self::Answer,
        Self::Menu,
        Self::Prompt,
        Self::Form,
        Self::Sending,
        Self::SendForm,
        Self::Picker,
        Self::Rules,
        Self::Writing,
    ];
}

/// One row of the table: these keys, here, do this.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where.
    pub context: KeyContext,
    /// Which keys; each does the same.
    pub keys: &'static [BoundKey],
    /// What they do.
    pub action: Action,
    /// A word for the hint line; empty for none.
    pub hint: &'static str,
}

/// A key with its modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKey {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Any other key.
    Code(KeyCode),
}

impl BoundKey {
    /// The key as the help writes it.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Char(' ') => "Space".to_owned(),
            Self::Char(character) => character.to_string(),
            Self::Ctrl(character) => format!("^{}", character.to_ascii_uppercase()),
            Self::Code(code) => match code {
                KeyCode::Up => "↑".to_owned(),
                KeyCode::Down => "↓".to_owned(),
                KeyCode::Left => "←".to_owned(),
                KeyCode::Right => "→".to_owned(),
                KeyCode::Enter => "Enter".to_owned(),
                KeyCode::Esc => "Esc".to_owned(),
                KeyCode::Tab => "Tab".to_owned(),
                KeyCode::BackTab => "⇧Tab".to_owned(),
                KeyCode::PageUp => "PgUp".to_owned(),
                KeyCode::PageDown => "PgDn".to_owned(),
                KeyCode::Home => "Home".to_owned(),
                KeyCode::End => "End".to_owned(),
                other => format!("{other:?}"),
            },
        }
    }

    fn is(self, event: &KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        // Alt with a letter is another key, which a terminal or window manager may mean for itself.
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match self {
            Self::Char(character) => !ctrl && !alt && event.code == KeyCode::Char(character),
            Self::Ctrl(character) => ctrl && !alt && event.code == KeyCode::Char(character),
            Self::Code(code) => event.code == code,
        }
    }
}

const fn bind(context: KeyContext, keys: &'static [BoundKey], action: Action, hint: &'static str) -> Binding {
    Binding { context, keys, action, hint }
}

/// The table. Earlier rows win.
#[rustfmt::skip]
pub const KEYMAP: &[Binding] = {
    use Action as A;
    use AnswerAction as N;
    use ImageAction as I;
    use PayloadAction as P;
    use SendAction as S;
    use KeyContext::{Anywhere, Answer, Detail, Folding, Form, Image, List, Menu, Payload, Picker, Prompt, Rules, SendForm, Sending, Writing};
    use BoundKey::{Char, Code, Ctrl};
    use KeyCode::{BackTab, Delete, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab as TabKey, Up};
    &[
        bind(List, &[Code(Up), Char('k')], A::Move(Step::Up), ""),
        bind(List, &[Code(Down), Char('j')], A::Move(Step::Down), "move"),
        bind(List, &[Code(Enter)], A::Open, "open"),
        bind(Image, &[Char('v')], A::Image(I::Picture), "picture"),
        bind(Image, &[Char('S')], A::Image(I::Save), "save"),
        bind(Image, &[Char('V')], A::Image(I::OpenElsewhere), "viewer"),
        bind(Image, &[Char('.')], A::Image(I::NextImage), ""),
        bind(Image, &[Char(',')], A::Image(I::PreviousImage), ""),
        bind(Image, &[Char('/')], A::Image(I::Search), "find"),
        bind(Image, &[Char('n')], A::Image(I::NextMatch), ""),
        bind(Image, &[Char('N')], A::Image(I::PreviousMatch), ""),
        bind(Image, &[Char('#'), Char('o')], A::Image(I::GoTo), "go to"),
        bind(Image, &[Char(']')], A::Image(I::NextSegment), "segment"),
        bind(Image, &[Char('[')], A::Image(I::PreviousSegment), ""),
        bind(Image, &[Code(Up), Char('k')], A::Image(I::Move(Step::Up)), ""),
        bind(Image, &[Code(Down), Char('j')], A::Image(I::Move(Step::Down)), ""),
        bind(Image, &[Code(Left), Char('h')], A::Image(I::Left), ""),
        bind(Image, &[Code(Right), Char('l')], A::Image(I::Right), ""),
        bind(Image, &[Code(PageUp), Ctrl('b')], A::Image(I::Move(Step::PageUp)), ""),
        bind(Image, &[Code(PageDown)], A::Image(I::Move(Step::PageDown)), ""),
        bind(Image, &[Ctrl('u')], A::Image(I::Move(Step::HalfUp)), ""),
        bind(Image, &[Ctrl('d')], A::Image(I::Move(Step::HalfDown)), ""),
        bind(Image, &[Char('g'), Code(Home)], A::Image(I::Move(Step::First)), ""),
        bind(Image, &[Char('G'), Code(End)], A::Image(I::Move(Step::Last)), ""),
        bind(Detail, &[Code(Up), Char('k')], A::Move(Step::Up), ""),
        bind(Detail, &[Code(Down), Char('j')], A::Move(Step::Down), "scroll"),
        bind(Detail, &[Code(Esc)], A::Back, "back"),
        bind(Anywhere, &[Code(TabKey), Code(Right), Char('l')], A::NextTab, "tab"),
        bind(Anywhere, &[Code(BackTab), Code(Left), Char('h')], A::PreviousTab, ""),
        bind(Anywhere, &[Char('1')], A::Show(Tab::Overview), ""),
        bind(Anywhere, &[Char('2')], A::Show(Tab::Signature), ""),
        bind(Anywhere, &[Char('3')], A::Show(Tab::Payload), ""),
        bind(Anywhere, &[Char('4')], A::Show(Tab::Image), ""),
        bind(Anywhere, &[Char('5')], A::Show(Tab::Headers), ""),
        bind(Anywhere, &[Char('6')], A::Show(Tab::Answer), ""),
        bind(Anywhere, &[Char('7')], A::Show(Tab::Raw), ""),
        bind(Anywhere, &[Char('a')], A::PickAnswer, "answer"),
        bind(Anywhere, &[Char('A')], A::Answer(N::Clear), ""),
        bind(Anywhere, &[Char('r')], A::Answer(N::Rules), ""),
        bind(Anywhere, &[Char('N')], A::Answer(N::Write), ""),
        bind(Anywhere, &[Char('W')], A::Answer(N::DecideAll), ""),
        bind(Answer, &[Code(Enter)], A::Answer(N::Decide), "answer it"),
        bind(Answer, &[Char('F')], A::Answer(N::Forward), "forward"),
        bind(Answer, &[Char('X')], A::Answer(N::Drop), "drop"),
        bind(Answer, &[Char('L')], A::Answer(N::LetGo), "default"),
        bind(Answer, &[Char('S')], A::Answer(N::SendAgain), "forward again"),
        bind(Answer, &[Char('n')], A::Answer(N::NextAttempt), "attempts"),
        bind(Answer, &[Char('N')], A::Answer(N::PreviousAttempt), ""),
        bind(Anywhere, &[Char('/')], A::Filter, "filter"),
        bind(Anywhere, &[Char('y')], A::CopyMenu, "copy"),
        bind(Anywhere, &[Char('?')], A::Help, "help"),
        bind(Anywhere, &[Char('q'), Ctrl('c')], A::Quit, "quit"),
        bind(Anywhere, &[Char('s')], A::TypeSecret, "secret"),
        bind(Anywhere, &[Char('T')], A::Send(S::Test), ""),
        bind(Anywhere, &[Char('R')], A::Send(S::Replay), "replay"),
        bind(Anywhere, &[Char('E')], A::Send(S::Simulate), ""),
        bind(Anywhere, &[Char('C')], A::Send(S::Check), ""),
        bind(Anywhere, &[Char('B')], A::Send(S::Attempts), ""),
        bind(Anywhere, &[Char('P')], A::Send(S::Last), ""),
        bind(Anywhere, &[Char('m')], A::Send(S::Mark), ""),
        bind(Anywhere, &[Char('D')], A::Send(S::Compare), ""),
        bind(Anywhere, &[Char('u')], A::CopyPublicUrl, ""),
        bind(Anywhere, &[Char('f')], A::Follow, "follow"),
        bind(Anywhere, &[Char('p'), Char(' ')], A::Pause, "pause"),
        bind(Anywhere, &[Char('d')], A::Deeper, ""),
        bind(Anywhere, &[Char('x')], A::StopLooking, ""),
        bind(Anywhere, &[Char('t')], A::Try, ""),
        bind(Anywhere, &[Char('c')], A::Compare, ""),
        bind(Anywhere, &[Char('e')], A::Reveal, ""),
        bind(List, &[Code(PageUp), Ctrl('b')], A::Move(Step::PageUp), ""),
        bind(List, &[Code(PageDown)], A::Move(Step::PageDown), ""),
        bind(List, &[Char('g'), Code(Home)], A::Move(Step::First), ""),
        bind(List, &[Char('G'), Code(End)], A::Move(Step::Last), ""),
        bind(List, &[Code(Esc)], A::Back, ""),
        bind(Detail, &[Code(PageUp), Ctrl('b')], A::Move(Step::PageUp), ""),
        bind(Detail, &[Code(PageDown)], A::Move(Step::PageDown), ""),
        bind(Detail, &[Ctrl('u')], A::Move(Step::HalfUp), ""),
        bind(Detail, &[Ctrl('d')], A::Move(Step::HalfDown), ""),
        bind(Detail, &[Char('g'), Code(Home)], A::Move(Step::First), ""),
        bind(Detail, &[Char('G'), Code(End)], A::Move(Step::Last), ""),
        bind(Anywhere, &[Char('K'), Char('[')], A::Scroll(Step::Up), ""),
        bind(Anywhere, &[Char('J'), Char(']')], A::Scroll(Step::Down), ""),
        bind(List, &[Ctrl('u')], A::Scroll(Step::HalfUp), ""),
        bind(List, &[Ctrl('d')], A::Scroll(Step::HalfDown), ""),
        bind(Anywhere, &[Char('I')], A::Status, ""),
        bind(Anywhere, &[Char(':')], A::Commands, ""),
        bind(Anywhere, &[Ctrl('l')], A::Redraw, ""),
        bind(Anywhere, &[Ctrl('z')], A::Suspend, ""),
        bind(Payload, &[Code(Down), Char('j')], A::Move(Step::Down), "move"),
        bind(Payload, &[Char('l'), Code(Right)], A::Payload(P::In), ""),
        bind(Payload, &[Char('h'), Code(Left)], A::Payload(P::Out), ""),
        bind(Payload, &[Char(' ')], A::Payload(P::Toggle), "fold"),
        bind(Payload, &[Char('z')], A::Payload(P::FoldMenu), "fold …"),
        bind(Payload, &[Char('/')], A::Payload(P::Search), "search"),
        bind(Payload, &[Char('n')], A::Payload(P::NextMatch), ""),
        bind(Payload, &[Char('N')], A::Payload(P::PreviousMatch), ""),
        bind(Payload, &[Char('|')], A::Payload(P::Query), "jq"),
        bind(Payload, &[Code(Enter), Char('o')], A::Payload(P::Open), "open"),
        bind(Payload, &[Char('i')], A::FoldEvent, ""),
        bind(Payload, &[Char('r')], A::Payload(P::AsSent), "as sent"),
        bind(Payload, &[Char('w')], A::Payload(P::Wrap), ""),
        bind(Payload, &[Char('<')], A::Payload(P::Left), ""),
        bind(Payload, &[Char('>')], A::Payload(P::Right), ""),
        bind(Payload, &[Char('J')], A::Payload(P::NextSibling), ""),
        bind(Payload, &[Char('K')], A::Payload(P::PreviousSibling), ""),
        bind(Payload, &[Char('%')], A::Payload(P::Mate), ""),
        bind(Payload, &[Char('!')], A::Payload(P::Fault), ""),
        bind(Folding, &[Char('a'), Char(' ')], A::Payload(P::Toggle), "toggle"),
        bind(Folding, &[Char('o')], A::Payload(P::OpenDeep), "unfold all below"),
        bind(Folding, &[Char('c')], A::Payload(P::FoldSiblings), "fold siblings"),
        bind(Folding, &[Char('e')], A::Payload(P::OpenSiblings), "unfold siblings"),
        bind(Folding, &[Char('m'), Char('M')], A::Payload(P::FoldAll), "fold all"),
        bind(Folding, &[Char('r'), Char('R')], A::Payload(P::OpenAll), "unfold all"),
        bind(Folding, &[Char('1')], A::Payload(P::Level(1)), ""),
        bind(Folding, &[Char('2')], A::Payload(P::Level(2)), ""),
        bind(Folding, &[Char('3')], A::Payload(P::Level(3)), ""),
        bind(Folding, &[Char('4')], A::Payload(P::Level(4)), ""),
        bind(Folding, &[Char('5')], A::Payload(P::Level(5)), ""),
        bind(Folding, &[Char('6')], A::Payload(P::Level(6)), ""),
        bind(Folding, &[Char('7')], A::Payload(P::Level(7)), ""),
        bind(Folding, &[Char('8')], A::Payload(P::Level(8)), ""),
        bind(Folding, &[Char('9')], A::Payload(P::Level(9)), ""),
        bind(Folding, &[Code(Esc)], A::Back, "back"),
        bind(Folding, &[Ctrl('c')], A::Quit, ""),
        bind(Menu, &[Code(Up), Char('k')], A::Move(Step::Up), ""),
        bind(Menu, &[Code(Down), Char('j')], A::Move(Step::Down), "move"),
        bind(Menu, &[Code(PageUp)], A::Move(Step::PageUp), ""),
        bind(Menu, &[Code(PageDown)], A::Move(Step::PageDown), ""),
        bind(Menu, &[Code(Home), Char('g')], A::Move(Step::First), ""),
        bind(Menu, &[Code(End), Char('G')], A::Move(Step::Last), ""),
        bind(Menu, &[Code(Enter)], A::Accept, "choose"),
        bind(Menu, &[Code(Esc), Char('q'), Char('?')], A::Back, "back"),
        bind(Menu, &[Ctrl('c')], A::Quit, ""),
        bind(Menu, &[Ctrl('z')], A::Suspend, ""),
        bind(Prompt, &[Code(Enter)], A::Accept, "accept"),
        bind(Prompt, &[Code(Esc)], A::Back, "back"),
        bind(Prompt, &[Code(Up)], A::Move(Step::Up), ""),
        bind(Prompt, &[Code(Down)], A::Move(Step::Down), ""),
        bind(Prompt, &[Ctrl('c')], A::Quit, ""),
        bind(Prompt, &[Ctrl('z')], A::Suspend, ""),
        bind(Picker, &[Code(Enter)], A::Accept, "use"),
        bind(Picker, &[Char('o')], A::Answer(N::Once), "use once"),
        bind(Picker, &[Char('A'), Char('x')], A::Answer(N::Clear), "clear"),
        bind(Picker, &[Char('n')], A::Answer(N::Write), "write"),
        bind(Picker, &[Char('r')], A::Answer(N::Rules), "rules"),
        bind(Picker, &[Ctrl('d'), Char('J'), Char(']')], A::Answer(N::PreviewDown), ""),
        bind(Picker, &[Ctrl('u'), Char('K'), Char('[')], A::Answer(N::PreviewUp), ""),
        bind(Rules, &[Char('n'), Char('a')], A::Answer(N::AddRule), "add"),
        bind(Rules, &[Code(Enter), Char('e')], A::Answer(N::EditRule), "edit"),
        bind(Rules, &[Char(' ')], A::Answer(N::SwitchRule), "on/off"),
        bind(Rules, &[Char('K'), Char('-')], A::Answer(N::RaiseRule), "up"),
        bind(Rules, &[Char('J'), Char('+')], A::Answer(N::LowerRule), "down"),
        bind(Rules, &[Char('D'), Code(Delete)], A::Answer(N::DeleteRule), "delete"),
        bind(Rules, &[Char('s')], A::Answer(N::SaveRules), "save"),
        bind(Rules, &[Char('y')], A::Answer(N::CopyRules), "copy as TOML"),
        bind(Writing, &[Code(TabKey)], A::NextField, "next field"),
        bind(Writing, &[Code(BackTab)], A::PreviousField, ""),
        bind(Writing, &[Ctrl('g')], A::Answer(N::Use), "use it"),
        bind(Writing, &[Ctrl('o')], A::Answer(N::Once), "use once"),
        bind(Writing, &[Ctrl('s')], A::Answer(N::Save), "save"),
        bind(Writing, &[Code(Enter)], A::Accept, ""),
        bind(Writing, &[Code(Down)], A::Move(Step::Down), ""),
        bind(Writing, &[Code(Up)], A::Move(Step::Up), ""),
        bind(Writing, &[Code(PageDown)], A::Answer(N::PreviewDown), ""),
        bind(Writing, &[Code(PageUp)], A::Answer(N::PreviewUp), ""),
        bind(Writing, &[Code(Esc)], A::Back, "back"),
        bind(Writing, &[Ctrl('c')], A::Quit, ""),
        bind(Writing, &[Ctrl('z')], A::Suspend, ""),
        bind(Form, &[Code(TabKey), Code(Down)], A::NextField, "next field"),
        bind(Form, &[Code(BackTab), Code(Up)], A::PreviousField, ""),
        bind(Form, &[Ctrl('t')], A::TurnUnit, "seconds ↔ milliseconds"),
        bind(Form, &[Code(Esc), Code(Enter)], A::Back, "back"),
        bind(Form, &[Ctrl('c')], A::Quit, ""),
        bind(Form, &[Ctrl('z')], A::Suspend, ""),
        bind(Sending, &[Code(Up), Char('k')], A::Move(Step::Up), ""),
        bind(Sending, &[Code(Down), Char('j')], A::Move(Step::Down), "scroll"),
        bind(Sending, &[Code(PageUp), Ctrl('b')], A::Move(Step::PageUp), ""),
        bind(Sending, &[Code(PageDown), Char(' ')], A::Move(Step::PageDown), ""),
        bind(Sending, &[Code(Home), Char('g')], A::Move(Step::First), ""),
        bind(Sending, &[Code(End), Char('G')], A::Move(Step::Last), ""),
        bind(Sending, &[Code(Enter)], A::Accept, "open"),
        bind(Sending, &[Char('y')], A::Send(S::Copy), "copy"),
        bind(Sending, &[Char('D')], A::Send(S::Compare), ""),
        bind(Sending, &[Char('x')], A::Send(S::Cancel), "cancel"),
        bind(Sending, &[Code(Esc), Char('q')], A::Back, "back"),
        bind(Sending, &[Ctrl('c')], A::Quit, ""),
        bind(Sending, &[Ctrl('z')], A::Suspend, ""),
        bind(SendForm, &[Code(Enter)], A::Accept, "send"),
        bind(SendForm, &[Code(TabKey), Code(Down)], A::NextField, "next field"),
        bind(SendForm, &[Code(BackTab), Code(Up)], A::PreviousField, ""),
        bind(SendForm, &[Code(Right)], A::Send(S::Right), "choose"),
        bind(SendForm, &[Code(Left)], A::Send(S::Left), ""),
        bind(SendForm, &[Code(PageDown)], A::Move(Step::PageDown), ""),
        bind(SendForm, &[Code(PageUp)], A::Move(Step::PageUp), ""),
        bind(SendForm, &[Ctrl('s')], A::Send(S::Save), "save"),
        bind(SendForm, &[Ctrl('y')], A::Send(S::Copy), ""),
        bind(SendForm, &[Code(Esc)], A::Back, "back"),
        bind(SendForm, &[Ctrl('c')], A::Quit, ""),
        bind(SendForm, &[Ctrl('z')], A::Suspend, ""),
    ]
};

/// The active contexts, the narrowest first.
#[must_use]
pub fn contexts(model: &Model) -> &'static [KeyContext] {
    match &model.overlay {
        Some(Overlay::Prompt(_)) => &[KeyContext::Prompt],
        Some(Overlay::Try(_)) => &[KeyContext::Form],
        Some(Overlay::Folding) => &[KeyContext::Folding],
        Some(Overlay::Sending) => match model.sending.screens.last() {
            Some(SendScreen::Form(_)) => &[KeyContext::SendForm],
            _ => &[KeyContext::Sending],
        },
        Some(Overlay::Answers(window)) => match &**window {
            AnswerOverlay::Picker(_) => &[KeyContext::Picker, KeyContext::Menu],
            AnswerOverlay::Editor(_) => &[KeyContext::Writing],
            AnswerOverlay::Rules(rules) if rules.line.is_some() => &[KeyContext::Prompt],
            AnswerOverlay::Rules(_) => &[KeyContext::Rules, KeyContext::Menu],
        },
        Some(_) => &[KeyContext::Menu],
        None => contexts_below(model),
    }
}

/// The active contexts when no overlay is open.
#[must_use]
pub fn contexts_below(model: &Model) -> &'static [KeyContext] {
    match model.focus {
        Focus::List => &[KeyContext::List, KeyContext::Anywhere],
        Focus::Detail => match model.tab {
            Tab::Payload => &[KeyContext::Payload, KeyContext::Detail, KeyContext::Anywhere],
            Tab::Image => &[KeyContext::Image, KeyContext::Detail, KeyContext::Anywhere],
            Tab::Answer => &[KeyContext::Answer, KeyContext::Detail, KeyContext::Anywhere],
            _ => &[KeyContext::Detail, KeyContext::Anywhere],
        },
    }
}

/// What a key does now: the narrowest context that knows the key decides.
#[must_use]
pub fn action(model: &Model, event: &KeyEvent) -> Option<Action> {
    contexts(model).iter().find_map(|context| {
        let of_context = KEYMAP.iter().filter(|binding| binding.context == *context);
        of_context.into_iter().find(|binding| binding.keys.iter().any(|key| key.is(event))).map(|b| b.action)
    })
}

/// The hints for the bottom line: key and word, for what works now, the narrowest context first.
#[must_use]
pub fn hints(model: &Model) -> Vec<(String, &'static str)> {
    let is_secret = matches!(&model.overlay, Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Secret);
    if matches!(model.overlay, Some(Overlay::Confirm(_) | Overlay::Saving(_))) {
        return vec![("y".to_owned(), "yes"), ("n".to_owned(), "no")];
    }
    let contexts = contexts(model);
    // What a newcomer needs first, while there is nothing to work with.
    let is_new = model.overlay.is_none() && model.list.rows().is_empty() && model.list.filter().is_empty();
    let first = is_new.then(|| ("T".to_owned(), "send a test event"));
    let held = model.detail.as_ref().is_some_and(|detail| model.answers.held_one(detail.id).is_some());
    let decides = matches!(&model.overlay, Some(Overlay::Answers(window))
        if matches!(&**window, AnswerOverlay::Picker(picker) if !picker.deciding.is_empty()));
    let simulates =
        matches!(model.sending.screens.last(), Some(SendScreen::Form(form)) if form.purpose == Purpose::Simulate);
    let is_only_read = matches!(model.overlay, Some(Overlay::Help(_) | Overlay::Status(_)));
    // A key that would only report that it does nothing now.
    let is_idle = |binding: &Binding| match (binding.context, binding.action) {
        (KeyContext::Answer, Action::Answer(AnswerAction::Forward)) => !held || !model.answers.can_forward(),
        (KeyContext::Answer, Action::Answer(AnswerAction::Decide | AnswerAction::Drop | AnswerAction::LetGo)) => !held,
        (KeyContext::Answer, Action::Answer(AnswerAction::SendAgain)) => held || !model.answers.can_forward(),
        (KeyContext::Answer, Action::Answer(AnswerAction::NextAttempt)) => !has_attempts(model),
        (KeyContext::Menu, Action::Accept) => is_only_read,
        (KeyContext::SendForm, Action::Send(SendAction::Save)) => !simulates,
        (KeyContext::Picker, Action::Answer(AnswerAction::Once | AnswerAction::Clear | AnswerAction::Rules)) => decides,
        _ => false,
    };
    let is_shadowed = |binding: &Binding| {
        let narrower = contexts.iter().take_while(|context| **context != binding.context);
        let knows_key = |other: &Binding, context| other.context == context && other.keys.contains(&binding.keys[0]);
        narrower.into_iter().any(|context| KEYMAP.iter().any(|other| knows_key(other, *context)))
    };
    let usual = contexts
        .iter()
        .flat_map(|context| KEYMAP.iter().filter(move |binding| binding.context == *context))
        .filter(|binding| !binding.hint.is_empty() && !is_shadowed(binding))
        .filter(|binding| has_use(model, binding.action) && !is_idle(binding))
        .map(|binding| {
            let hint = match (is_secret, decides, binding.action) {
                (true, _, Action::Accept) => "use it",
                (_, true, Action::Accept) => "answer with it",
                (_, _, Action::Move(_)) if is_only_read => "scroll",
                _ => binding.hint,
            };
            // One hint covers both directions.
            let key = match binding.action {
                Action::Move(Step::Down) => "↑↓".to_owned(),
                Action::Send(SendAction::Right) => "←→".to_owned(),
                _ => binding.keys[0].label(),
            };
            (key, hint)
        });
    first.into_iter().chain(usual).collect()
}

/// Whether the sender has tried the shown delivery more than once, as far as is known.
fn has_attempts(model: &Model) -> bool {
    let shown = model.detail.as_ref().map(|detail| detail.id);
    let story = shown.and_then(|id| model.answers.story.of(id));
    story.is_some_and(|story| story.is_ok_and(|story| !story.retries.is_empty()))
}

/// Whether an action can do anything with what is shown. If not, its hint would only take room.
fn has_use(model: &Model, action: Action) -> bool {
    use PayloadAction as P;
    let body = model.loaded().map(LoadedDelivery::body);
    match action {
        Action::Payload(P::Toggle | P::FoldMenu | P::Open) => model.shows_tree(),
        Action::Payload(P::Query | P::AsSent) => body.is_some_and(|body| body.rows().is_some()),
        Action::Payload(_) => body.is_some_and(|body| body.kind != Kind::Empty),
        Action::Image(_) => model.shown_image().is_some_and(|(image, _)| !image.bytes().is_empty()),
        _ => true,
    }
}

/// The help: for each context its keys and what they do, the active contexts (`now`) first.
#[must_use]
pub fn help(now: &[KeyContext]) -> Vec<(&'static str, Vec<(String, &'static str)>)> {
    // The keys after a prefix follow the context of the prefix.
    let behind = if now.contains(&KeyContext::Payload) { &[KeyContext::Folding][..] } else { &[] };
    let first: Vec<KeyContext> = match now.split_first() {
        Some((narrowest, others)) => [&[*narrowest], behind, others].concat(),
        None => Vec::new(),
    };
    let others = KeyContext::ALL.into_iter().filter(|context| !first.contains(context));
    let contexts: Vec<KeyContext> = first.iter().copied().chain(others).collect();
    let sections = contexts.into_iter().map(|context| (context.title(), help_rows(context)));
    sections.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The keys of a context: those of a numbered row of actions in one line, and none that mean the same
/// anywhere else.
fn help_rows(context: KeyContext) -> Vec<(String, &'static str)> {
    let is_everywhere = |binding: &Binding| {
        let anywhere = KEYMAP.iter().filter(|other| other.context == KeyContext::Anywhere);
        let alike =
            |other: &Binding| other.action == binding.action && binding.keys.iter().all(|key| other.keys.contains(key));
        context != KeyContext::Anywhere && anywhere.into_iter().any(alike)
    };
    let mut rows: Vec<(String, &'static str)> = Vec::new();
    for binding in KEYMAP.iter().filter(|binding| binding.context == context && !is_everywhere(binding)) {
        let labels: Vec<String> = binding.keys.iter().map(|key| key.label()).collect();
        let label = labels.join(" ");
        let words = match binding.action {
            Action::Show(_) => "the tab with this number",
            Action::Payload(PayloadAction::Level(_)) => "fold below this level",
            action => action.words(),
        };
        match rows.last_mut() {
            Some((keys, before)) if *before == words => {
                let first = keys.split(' ').next().unwrap_or_default();
                *keys = format!("{first} … {label}");
            }
            _ => rows.push((label, words)),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for (index, binding) in KEYMAP.iter().enumerate() {
            for other in &KEYMAP[index + 1..] {
                let clash = binding.keys.iter().any(|key| other.keys.contains(key));
                let together = binding.context == other.context
                    || (other.context == KeyContext::Anywhere
                        && matches!(binding.context, KeyContext::List | KeyContext::Detail))
                    || (binding.context == KeyContext::Anywhere
                        && matches!(other.context, KeyContext::List | KeyContext::Detail));
                assert!(!(clash && together), "{binding:?} and {other:?}");
            }
        }
    }

    #[test]
    fn alt_makes_another_key() {
        let event = |modifiers| KeyEvent::new(KeyCode::Char('q'), modifiers);
        assert!(BoundKey::Char('q').is(&event(KeyModifiers::NONE)));
        for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL, KeyModifiers::ALT | KeyModifiers::CONTROL] {
            assert!(!BoundKey::Char('q').is(&event(modifiers)), "{modifiers:?}");
        }
        assert!(BoundKey::Ctrl('q').is(&event(KeyModifiers::CONTROL)));
        assert!(!BoundKey::Ctrl('q').is(&event(KeyModifiers::ALT | KeyModifiers::CONTROL)));
    }

    #[test]
    fn every_command_has_a_key() {
        for &action in Action::COMMANDS {
            assert!(KEYMAP.iter().any(|binding| binding.action == action), "{action:?}");
        }
    }
}
