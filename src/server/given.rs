//! Secrets that another process has given this run, or taken back.

use crate::config::TYPED_LABEL;
use crate::signature::SecretRemark;
use crate::text::visible;

/// A secret that was given for this run, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GivenSecret {
    /// Its label.
    pub label: String,
    /// Whether it replaces one of this label.
    pub replaces: bool,
    /// What looks odd about it.
    pub remarks: Vec<SecretRemark>,
}

impl GivenSecret {
    /// What was done, as a sentence's end: `gave the secret dev in place of the one before; check it: it ends in a newline`.
    #[must_use]
    pub fn words(&self) -> String {
        let replaces = if self.replaces { " in place of the one before" } else { "" };
        let remarks: Vec<&str> = self.remarks.iter().map(|remark| remark.words()).collect();
        let remarks = if remarks.is_empty() { String::new() } else { format!("; check it: it {}", remarks.join(", ")) };
        format!("gave {}{replaces}{remarks}", given_words(&self.label))
    }
}

/// The secret with this label, in a sentence about who gave it.
#[must_use]
pub fn given_words(label: &str) -> String {
    match label {
        TYPED_LABEL => "a secret".to_owned(),
        label => visible(&format!("the secret {label}")).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_said_by_its_label() {
        let words = |label: &str, replaces, remarks: &[SecretRemark]| {
            GivenSecret { label: label.to_owned(), replaces, remarks: remarks.to_vec() }.words()
        };
        assert_eq!(words("typed", false, &[]), "gave a secret");
        let odd = [SecretRemark::TrailingNewline, SecretRemark::Short];
        assert_eq!(
            words("dev", true, &odd),
            "gave the secret dev in place of the one before; check it: it ends in a newline, is unusually short"
        );
    }
}
