//! Secrets that a person gives a run, beside the configured ones or in place of them.

use super::{HANDSHAKE_LABEL, Keyring, MADE_UP_LABEL, PUBLIC_KEY_LABEL, SECRET_BYTES};
use crate::config::mistaken::looks_like_a_secret;
use crate::signature::{Secret, SecretOrigin};

/// The longest label, in characters: lists show it.
const LABEL_CHARACTERS: usize = 64;

/// Secrets that may be given to a run.
const GIVEN_SECRETS: usize = 64;

/// Why a secret cannot be given to a run. No variant holds a secret, or what may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GivenSecretError {
    /// Anyone can sign with it.
    #[error("the secret is empty: anyone can sign with an empty secret")]
    Empty,
    /// It is too long to be one.
    #[error("the secret is longer than 64 KiB")]
    TooLong,
    /// Each delivery that does not verify is tried with all of them.
    #[error("{GIVEN_SECRETS} secrets were given for this run: take one back before you give another")]
    TooMany,
    /// The label cannot be shown or named.
    #[error("invalid label: expected 1 to {LABEL_CHARACTERS} visible characters without white space at the ends")]
    InvalidLabel,
    /// The label is kept for secrets that come about otherwise.
    #[error("the label '{0}' is reserved: choose another")]
    ReservedLabel(&'static str),
    /// The label looks like a secret. Labels are shown everywhere.
    #[error("the label ({characters} characters) looks like a secret, and is not repeated here: choose a short name")]
    SecretAsLabel {
        /// How long it is.
        characters: usize,
    },
}

/// Checks what is given before it is used.
pub(in crate::config) fn check(label: &str, bytes: &[u8]) -> Result<(), GivenSecretError> {
    if bytes.is_empty() {
        return Err(GivenSecretError::Empty);
    }
    if bytes.len() > SECRET_BYTES {
        return Err(GivenSecretError::TooLong);
    }
    let reserved = [MADE_UP_LABEL, HANDSHAKE_LABEL, PUBLIC_KEY_LABEL];
    if let Some(label) = reserved.into_iter().find(|reserved| label == *reserved) {
        return Err(GivenSecretError::ReservedLabel(label));
    }
    let characters = label.chars().count();
    if looks_like_a_secret(label) {
        return Err(GivenSecretError::SecretAsLabel { characters });
    }
    let is_shown = !label.chars().any(|character| character.is_control() || crate::text::is_hidden(character));
    if label.is_empty() || characters > LABEL_CHARACTERS || label.trim() != label || !is_shown {
        return Err(GivenSecretError::InvalidLabel);
    }
    Ok(())
}

/// Whether a secret is one of this run alone, which can be taken back.
pub(in crate::config) fn is_of_the_run(secret: &Secret) -> bool {
    matches!(secret.origin(), SecretOrigin::Typed | SecretOrigin::MadeUp | SecretOrigin::Handshake)
}

impl Keyring {
    /// Whether there is room for one more, or one with this label already.
    pub(in crate::config) fn has_room_for(&self, label: &str) -> bool {
        let given = self.secrets.iter().filter(|secret| *secret.origin() == SecretOrigin::Typed).count();
        given < GIVEN_SECRETS || self.get(label).is_some_and(|secret| *secret.origin() == SecretOrigin::Typed)
    }

    /// The same keyring with a secret given for this run: in place of the one with its label, else as the last. A
    /// configured secret that it replaces is kept for [`Keyring::without`].
    pub(in crate::config) fn with_given(&self, label: &str, bytes: &[u8]) -> Self {
        let given = Secret::new(label, bytes.to_vec(), SecretOrigin::Typed);
        let (mut secrets, mut replaced) = (self.secrets.to_vec(), self.replaced.to_vec());
        match secrets.iter_mut().find(|secret| secret.label() == label) {
            Some(before) => {
                let before = std::mem::replace(before, given);
                replaced.extend(Some(before).filter(|before| !is_of_the_run(before)));
            }
            None => secrets.push(given),
        }
        Self { secrets: secrets.into(), replaced: replaced.into() }
    }

    /// The same keyring without a secret of this run; the configured one that it has replaced is back.
    pub(in crate::config) fn without(&self, label: &str) -> Self {
        let (back, replaced) = self.replaced.iter().cloned().partition::<Vec<_>, _>(|secret| secret.label() == label);
        let mut back = back.into_iter();
        let keep = |secret: &Secret| match secret.label() == label {
            true => back.next(),
            false => Some(secret.clone()),
        };
        Self { secrets: self.secrets.iter().filter_map(keep).collect(), replaced: replaced.into() }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::config::TYPED_LABEL;

    #[rstest]
    #[case(TYPED_LABEL, b"0123456789abcdef", Ok(()))]
    #[case("the other team's", b"\n", Ok(()))]
    #[case("dev", b"", Err(GivenSecretError::Empty))]
    #[case("", b"a", Err(GivenSecretError::InvalidLabel))]
    #[case(" dev", b"a", Err(GivenSecretError::InvalidLabel))]
    #[case("de\u{202e}v", b"a", Err(GivenSecretError::InvalidLabel))]
    #[case("de\nv", b"a", Err(GivenSecretError::InvalidLabel))]
    #[case(MADE_UP_LABEL, b"a", Err(GivenSecretError::ReservedLabel(MADE_UP_LABEL)))]
    #[case(HANDSHAKE_LABEL, b"a", Err(GivenSecretError::ReservedLabel(HANDSHAKE_LABEL)))]
    #[case("whsec_5f0c9x", b"a", Err(GivenSecretError::SecretAsLabel { characters: 12 }))]
    fn what_is_given_is_checked(
        #[case] label: &str,
        #[case] bytes: &[u8],
        #[case] expected: Result<(), GivenSecretError>,
    ) {
        assert_eq!(check(label, bytes), expected);
    }

    #[test]
    fn not_more_are_given_than_are_worth_trying() {
        let configured = Secret::new("dev", b"a".to_vec(), SecretOrigin::Environment("DEV".to_owned()));
        let keyring = Keyring::new(vec![configured]).unwrap();
        let full = (0..GIVEN_SECRETS).fold(keyring, |keyring, number| {
            assert!(keyring.has_room_for("another"));
            keyring.with_given(&format!("given {number}"), b"a")
        });
        assert!(!full.has_room_for("another") && !full.has_room_for("dev"));
        assert!(full.has_room_for("given 7"));
        assert!(full.without("given 7").has_room_for("another"));
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(check("dev", &[b'a'; SECRET_BYTES]), Ok(()));
        assert_eq!(check("dev", &[b'a'; SECRET_BYTES + 1]), Err(GivenSecretError::TooLong));
        assert_eq!(check(&"de ".repeat(30), b"a"), Err(GivenSecretError::InvalidLabel));
    }
}
