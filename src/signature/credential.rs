//! Credentials of senders that are not signing secrets: API keys, tokens and ids that people configure in their place.
//!
//! Only what a sender's documentation says of its own prefixes is told, since a secret that somebody chose may begin with
//! anything. A prefix that is a signing secret's at another sender (`sk_test_` at Paystack) is judged with the scheme.

macro_rules! kinds {
    ($($variant:ident $noun:literal;)*) => {
        /// A kind of credential that signs no webhook.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum CredentialKind {
            $(#[doc = concat!("It is ", $noun, ".")] $variant,)*
        }

        impl CredentialKind {
            /// What it is: "an access token of GitHub".
            #[must_use]
            pub fn noun(self) -> &'static str {
                match self { $(Self::$variant => $noun,)* }
            }

            /// The same as a remark, to follow "the secret … ".
            #[must_use]
            pub fn remark(self) -> &'static str {
                match self { $(Self::$variant => concat!("looks like ", $noun, ", which signs no webhook"),)* }
            }
        }
    };
}

kinds! {
    GithubToken "an access token of GitHub";
    SlackToken "an access token of Slack";
    ShopifyToken "an access token of Shopify";
    TwilioSid "a SID of Twilio";
    PaddleApiKey "an API key of Paddle";
    SendgridApiKey "an API key of SendGrid";
    StripeApiKey "an API key of Stripe";
    StripePublishableKey "a publishable key of Stripe";
    StripeEndpointId "the id of a Stripe endpoint";
    GitlabToken "an access token of GitLab";
    LinearApiKey "an API key of Linear";
}

impl CredentialKind {
    /// The kind by its form alone, whatever the sender.
    #[must_use]
    pub fn of_any_sender(text: &str) -> Option<Self> {
        const PREFIXES: [(&str, CredentialKind); 22] = [
            ("ghp_", CredentialKind::GithubToken),
            ("gho_", CredentialKind::GithubToken),
            ("ghu_", CredentialKind::GithubToken),
            ("ghs_", CredentialKind::GithubToken),
            ("ghr_", CredentialKind::GithubToken),
            ("github_pat_", CredentialKind::GithubToken),
            ("xoxb-", CredentialKind::SlackToken),
            ("xoxp-", CredentialKind::SlackToken),
            ("xoxa-", CredentialKind::SlackToken),
            ("xoxe-", CredentialKind::SlackToken),
            ("xoxe.", CredentialKind::SlackToken),
            ("xapp-", CredentialKind::SlackToken),
            ("shpat_", CredentialKind::ShopifyToken),
            ("shpca_", CredentialKind::ShopifyToken),
            ("shppa_", CredentialKind::ShopifyToken),
            ("pdl_live_apikey_", CredentialKind::PaddleApiKey),
            ("pdl_sdbx_apikey_", CredentialKind::PaddleApiKey),
            ("glpat-", CredentialKind::GitlabToken),
            ("gldt-", CredentialKind::GitlabToken),
            ("glsoat-", CredentialKind::GitlabToken),
            ("lin_api_", CredentialKind::LinearApiKey),
            ("lin_oauth_", CredentialKind::LinearApiKey),
        ];
        let of_prefix = PREFIXES.into_iter().find(|(prefix, _)| starts(text, prefix)).map(|(_, kind)| kind);
        of_prefix.or_else(|| {
            let is_sid = |prefix: &str| {
                text.strip_prefix(prefix).is_some_and(|id| {
                    id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                })
            };
            let has_three_parts = text.starts_with("SG.") && text.split('.').count() == 3;
            match () {
                () if is_sid("AC") || is_sid("SK") => Some(Self::TwilioSid),
                () if has_three_parts => Some(Self::SendgridApiKey),
                () => None,
            }
        })
    }

    /// The kind of a text that is configured for this scheme of the catalogue.
    #[must_use]
    pub fn under(scheme: &str, text: &str) -> Option<Self> {
        const STRIPE: [(&str, CredentialKind); 7] = [
            ("sk_test_", CredentialKind::StripeApiKey),
            ("sk_live_", CredentialKind::StripeApiKey),
            ("rk_test_", CredentialKind::StripeApiKey),
            ("rk_live_", CredentialKind::StripeApiKey),
            ("pk_test_", CredentialKind::StripePublishableKey),
            ("pk_live_", CredentialKind::StripePublishableKey),
            ("we_", CredentialKind::StripeEndpointId),
        ];
        let is_stripe = scheme == "stripe" || scheme.starts_with("stripe-");
        let of_stripe = STRIPE.into_iter().find(|(prefix, _)| is_stripe && starts(text, prefix)).map(|(_, kind)| kind);
        of_stripe.or_else(|| Self::of_any_sender(text))
    }
}

/// Whether something follows the prefix.
fn starts(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 8)
}

/// Whether a value is masked, as dashboards display secrets: copying it does not give the secret.
pub(super) fn is_masked(text: &str) -> bool {
    const DOTS: [char; 6] = ['*', '\u{2022}', '\u{25cf}', '\u{00b7}', '\u{2026}', '\u{2217}'];
    let covered = text.chars().filter(|character| DOTS.contains(character)).count();
    // `sk_test_••••1234` keeps its ends; one asterisk is a character like any other.
    covered >= 4 || (covered > 0 && text.contains(['\u{2022}', '\u{25cf}', '\u{2026}']))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("github", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", Some(CredentialKind::GithubToken))]
    #[case("github", "github_pat_11ABCDEFG0abcdefghij", Some(CredentialKind::GithubToken))]
    #[case("slack", "xoxb-123456789012-abcdefghijkl", Some(CredentialKind::SlackToken))]
    #[case("slack", "xapp-1-A0123-456-abcdef", Some(CredentialKind::SlackToken))]
    #[case("shopify", "shpat_0123456789abcdef0123456789abcdef", Some(CredentialKind::ShopifyToken))]
    // The client secret of an app signs.
    #[case("shopify", "shpss_0123456789abcdef0123456789abcdef", None)]
    #[case("twilio-form", "AC00000000000000000000000000000000", Some(CredentialKind::TwilioSid))]
    #[case("twilio-form", "12345678901234567890123456789012", None)]
    #[case("paddle", "pdl_live_apikey_01gtgztp8f4kek3yd4g1wrksa3_q6TG", Some(CredentialKind::PaddleApiKey))]
    #[case("paddle", "pdl_ntfset_01gkdqrf8m_abcdefgh", None)]
    #[case("sendgrid", "SG.abcdefghijklmnop.qrstuvwxyz", Some(CredentialKind::SendgridApiKey))]
    #[case("stripe", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", Some(CredentialKind::StripeApiKey))]
    #[case("stripe", "rk_live_4eC39HqLyjWDarjtT1zdp7dc", Some(CredentialKind::StripeApiKey))]
    #[case("stripe", "we_1MpXkQ2eZvKYlo2C", Some(CredentialKind::StripeEndpointId))]
    #[case("stripe", "whsec_abcdefghijklmnop", None)]
    // Paystack signs with its secret key.
    #[case("paystack", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", None)]
    #[case("github", "we_are_the_champions", None)]
    #[case("github", "ghp_", None)]
    fn credentials_are_known_by_their_form(
        #[case] scheme: &str,
        #[case] text: &str,
        #[case] kind: Option<CredentialKind>,
    ) {
        assert_eq!(CredentialKind::under(scheme, text), kind);
    }

    #[rstest]
    #[case("********", true)]
    #[case("\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}", true)]
    #[case("whsec_\u{2022}\u{2022}\u{2022}\u{2022}abcd", true)]
    #[case("sk_test_...1234", false)]
    #[case("whsec_abc\u{2026}", true)]
    #[case("a*b*c*d0123456789", false)]
    fn what_a_page_covers_up_is_masked(#[case] text: &str, #[case] masked: bool) {
        assert_eq!(is_masked(text), masked);
    }
}
