//! Trying another secret, header or template on a delivery: the verdict follows as one types.

use tui_input::{Input, InputRequest};
use zeroize::{Zeroize as _, Zeroizing};

use crate::delivery::{Judgement, Verdict};
use crate::http::Head;
use crate::signature::{Scheme, Secret, SecretOrigin, SignedContent, judge};
use crate::tui::one_line::paste_into;
use crate::tui::screens::details::state::LoadedDelivery;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialField {
    /// A secret instead of the configured ones; shown as dots.
    Secret,
    /// The signature header's value.
    Signature,
    /// The timestamp header's value.
    Timestamp,
    /// What is signed, such as `{timestamp}.{body}`.
    Template,
}

impl TrialField {
    /// Every field, from top to bottom.
    pub const ALL: [Self; 4] = [Self::Secret, Self::Signature, Self::Timestamp, Self::Template];

    /// The field's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Signature => "signature",
            Self::Timestamp => "timestamp",
            Self::Template => "signed content",
        }
    }
}

/// The form, with its verdict. What is tried changes nothing that is kept.
pub struct Trial {
    /// The values that the delivery came with, in the order of the fields.
    came: [String; TrialField::ALL.len()],
    inputs: [Input; TrialField::ALL.len()],
    /// The field that is being typed into.
    pub field: TrialField,
    /// The verdict on what is typed, or what is wrong with the template.
    pub verdict: Result<Judgement, String>,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trial").field("field", &self.field).finish_non_exhaustive()
    }
}

impl Trial {
    /// Begins with the delivery as it is.
    pub(crate) fn of(loaded: &LoadedDelivery) -> Self {
        let value = |name: &str| {
            Input::new(
                loaded
                    .delivery
                    .head
                    .value(name)
                    .map(|value| String::from_utf8_lossy(value).into_owned())
                    .unwrap_or_default(),
            )
        };
        let scheme = &loaded.scheme;
        let inputs = [
            Input::default(),
            value(scheme.signature_header()),
            value(scheme.timestamp_header()),
            Input::new(scheme.content.to_string()),
        ];
        let came = [0, 1, 2, 3].map(|field: usize| inputs[field].value().to_owned());
        let mut trial = Self { came, inputs, field: TrialField::Secret, verdict: Err(String::new()) };
        trial.judge(loaded);
        trial
    }

    /// The text of a field.
    #[must_use]
    pub fn text(&self, field: TrialField) -> &str {
        self.inputs[field as usize].value()
    }

    /// The cursor of the field being typed into, in characters.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.inputs[self.field as usize].cursor()
    }

    pub(crate) fn turn(&mut self, offset: isize) {
        let count = TrialField::ALL.len().cast_signed();
        let index = (self.field as usize).cast_signed() + offset;
        self.field = TrialField::ALL[index.rem_euclid(count).unsigned_abs()];
    }

    pub(crate) fn edit(&mut self, request: InputRequest) {
        self.inputs[self.field as usize].handle(request);
    }

    pub(crate) fn paste(&mut self, text: &str) {
        paste_into(&mut self.inputs[self.field as usize], text);
    }

    /// The secret that was entered, when it verifies the delivery as it came: with other values it proves nothing.
    #[must_use]
    pub fn found(&self) -> Option<Zeroizing<Vec<u8>>> {
        let typed = self.text(TrialField::Secret);
        let is_as_it_came =
            TrialField::ALL.into_iter().skip(1).all(|field| self.text(field) == self.came[field as usize]);
        let is_verified = self.verdict.as_ref().is_ok_and(|judgement| judgement.verdict == Verdict::Verified);
        (!typed.is_empty() && is_as_it_came && is_verified).then(|| Zeroizing::new(typed.as_bytes().to_vec()))
    }

    /// Seconds become milliseconds and the reverse, by magnitude.
    pub(crate) fn turn_unit(&mut self) {
        const FIRST_MILLISECOND: i64 = 100_000_000_000;
        if let Ok(number) = self.text(TrialField::Timestamp).parse::<i64>() {
            let turned = if number < FIRST_MILLISECOND { number.saturating_mul(1000) } else { number / 1000 };
            self.inputs[TrialField::Timestamp as usize] = Input::new(turned.to_string());
        }
    }

    /// Judges what is typed, at the age that the delivery had on arrival.
    pub(crate) fn judge(&mut self, loaded: &LoadedDelivery) {
        // A template is shown with symbols for a line end and the like: unchanged, it is the scheme's own.
        let usual = &loaded.scheme.content;
        let typed = self.text(TrialField::Template);
        let content: SignedContent = match if typed == usual.to_string() { Ok(usual.clone()) } else { typed.parse() } {
            Ok(content) => content,
            Err(error) => {
                self.verdict = Err(format!("{error}"));
                return;
            }
        };
        let scheme = Scheme { content, ..loaded.scheme.clone() };
        if let Some(name) = scheme.content.variables().find(|name| !scheme.variables.contains_key(*name)) {
            self.verdict = Err(unknown_placeholder(name, &scheme));
            return;
        }
        let head = self.head(loaded, &scheme);
        let typed = self.text(TrialField::Secret);
        let typed = (!typed.is_empty()).then(|| Secret::new("typed", typed.as_bytes().to_vec(), SecretOrigin::Typed));
        let body = &loaded.delivery.body;
        let now = loaded.delivery.summary.received_at;
        self.verdict = Ok(match &typed {
            Some(secret) => judge(&scheme, [secret], &head, body, now),
            None => judge(&scheme, &loaded.secrets, &head, body, now),
        });
    }

    /// The delivery's head with the typed values in place of its own.
    fn head(&self, loaded: &LoadedDelivery, scheme: &Scheme) -> Head {
        let mut head = loaded.delivery.head.clone();
        for (name, field) in
            [(scheme.signature_header(), TrialField::Signature), (scheme.timestamp_header(), TrialField::Timestamp)]
        {
            if name.is_empty() {
                continue;
            }
            head = head.with(name, self.text(field).trim());
        }
        head
    }
}

/// A part of the template that neither requests nor the scheme have: no signature could be right or wrong with it.
fn unknown_placeholder(name: &str, scheme: &Scheme) -> String {
    let own: Vec<String> = scheme.variables.keys().map(|name| format!("{{{name}}}")).collect();
    let own = if own.is_empty() { String::new() } else { format!(", and of this scheme {}", own.join(" ")) };
    format!(
        "unknown placeholder {{{name}}}: expected {{timestamp}} {{id}} {{body}} {{method}} {{url}} {{host}} {{target}} {{path}} \
         {{query}} {{header:NAME}} {{query:NAME}} {{form:NAME}} {{json:/POINTER}}{own}"
    )
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.inputs[TrialField::Secret as usize].value_and_reset().zeroize();
    }
}
