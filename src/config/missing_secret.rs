//! The error messages for a missing secret or key, by scheme.

use super::keyring::dotenv_names;
use super::{DEFAULT_VARIABLE, Environment};
use crate::signature::{Scheme, catalogue};

/// What a scheme is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WantedKey {
    Secret,
    KeyPair,
}

/// That no secret is known for a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingSecret {
    /// The scheme's name; empty for Trackpilots', and for one described without a preset.
    scheme: String,
    wanted: WantedKey,
}

impl MissingSecret {
    /// That none is known for `scheme`.
    #[must_use]
    pub fn of(scheme: &Scheme) -> Self {
        let wanted = if scheme.proof.has_public_key() { WantedKey::KeyPair } else { WantedKey::Secret };
        Self { scheme: scheme.name.clone(), wanted }
    }

    /// The variable that holds the secret of the scheme of this name, unless another source is named.
    #[must_use]
    pub fn variable(scheme: &str) -> String {
        if scheme.is_empty() { DEFAULT_VARIABLE.to_owned() } else { variable_of(scheme) }
    }

    /// What is missing to sign, and where it may come from.
    #[must_use]
    pub fn to_sign(&self) -> String {
        match (self.wanted, self.scheme.as_str()) {
            (WantedKey::KeyPair, _) => "no private key to sign with: this scheme's sender signs with one that nobody \
                                        else has; make a key pair of your own and use --secret-file"
                .to_owned(),
            (WantedKey::Secret, "") => {
                format!("no secret to sign with: set {DEFAULT_VARIABLE}, or use --secret-env or --secret-file")
            }
            (WantedKey::Secret, name) => format!(
                "no secret to sign with: set {}, which --scheme {name} reads, or use --secret-env or --secret-file",
                variable_of(name)
            ),
        }
    }

    /// What is missing to verify, and where it may come from.
    #[must_use]
    pub fn to_verify(&self) -> String {
        match (self.wanted, self.scheme.as_str()) {
            (WantedKey::KeyPair, _) => "no key: use --public-key to verify signatures".to_owned(),
            (WantedKey::Secret, "") => {
                format!("no secret: set {DEFAULT_VARIABLE} in the environment or .env to verify signatures")
            }
            (WantedKey::Secret, name) => {
                format!("no secret: set {} in the environment or .env to verify signatures", variable_of(name))
            }
        }
    }

    /// What to do so that signatures are verified.
    #[must_use]
    pub fn fix(&self) -> String {
        match self.wanted {
            WantedKey::KeyPair => "name a file with the sender's public key with --public-key FILE".to_owned(),
            WantedKey::Secret => {
                let variable = Self::variable(&self.scheme);
                format!("set {variable} in the environment or .env, or name a file with --secret-file FILE")
            }
        }
    }

    /// What to do where `environment` has the secret of another sender, whose scheme nobody has named.
    #[must_use]
    pub fn of_another(&self, environment: &dyn Environment) -> Option<String> {
        let written = dotenv_names(environment);
        let is_set = |name: &&str| {
            let variable = variable_of(name);
            environment.variable(&variable).is_some_and(|value| !value.is_empty()) || written.contains(&variable)
        };
        let name = catalogue::names().filter(|_| self.scheme.is_empty()).find(is_set)?;
        Some(format!("{} is set: name its sender with --scheme {name}", variable_of(name)))
    }
}

/// The variable that holds the secret of the scheme of this name: `GITHUB_WEBHOOK_SECRET`.
pub(super) fn variable_of(name: &str) -> String {
    format!("{}_WEBHOOK_SECRET", name.to_ascii_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::Surroundings;

    #[test]
    fn another_senders_secret_is_pointed_out_where_no_scheme_is_named() {
        let environment = Surroundings::new().set("GITHUB_WEBHOOK_SECRET", "s").set("STRIPE_WEBHOOK_SECRET", "");
        let of = |scheme: &Scheme| MissingSecret::of(scheme).of_another(&environment);
        let words = "GITHUB_WEBHOOK_SECRET is set: name its sender with --scheme github";
        assert_eq!(of(&Scheme::default()).as_deref(), Some(words));
        assert_eq!(of(&catalogue::named("stripe").unwrap()), None);
        assert_eq!(MissingSecret::of(&Scheme::default()).of_another(&Surroundings::new()), None);
        let in_file = Surroundings::new().write("work/.env", "GITHUB_WEBHOOK_SECRET='s'\n");
        assert_eq!(MissingSecret::of(&Scheme::default()).of_another(&in_file).as_deref(), Some(words));
    }

    #[test]
    fn each_scheme_has_its_own_words() {
        let of = |name: &str| MissingSecret::of(&catalogue::named(name).unwrap());
        assert!(of("trackpilots").to_sign().contains("set TRACKPILOTS_WEBHOOKS_SECRET_KEY, or"));
        assert!(
            of("gitlab-token")
                .to_sign()
                .contains("set GITLAB_TOKEN_WEBHOOK_SECRET, which --scheme gitlab-token reads, or")
        );
        assert!(of("discord").to_sign().contains("no private key"));
        assert!(of("github").to_verify().contains("set GITHUB_WEBHOOK_SECRET in"));
        let fix = of("github").fix();
        assert!(fix.contains("set GITHUB_WEBHOOK_SECRET in") && fix.contains("--secret-file"), "{fix}");
        assert!(of("trackpilots").fix().contains("set TRACKPILOTS_WEBHOOKS_SECRET_KEY in"));
        assert!(of("discord").fix().contains("--public-key FILE"));
        for name in ["discord", "plaid", "google-oidc-push", "aws-sns"] {
            assert!(of(name).to_verify().contains("--public-key"), "{name}");
        }
    }
}
