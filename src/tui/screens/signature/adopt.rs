//! The menu of what can be adopted for this run: a recognised sender's scheme, and the secret that a handshake brought.

use crate::delivery::DeliveryId;
use crate::inspect::SchemeCandidate;
use crate::rules::HandshakeSecret;
use crate::tui::screens::details::state::LoadedDelivery;

/// What can be adopted for the shown delivery's webhook.
#[derive(Debug)]
pub struct AdoptMenu {
    /// The delivery.
    pub id: DeliveryId,
    /// Its webhook, whose later deliveries are meant; `None` for those that belong to none.
    pub webhook: Option<String>,
    /// The target of its request.
    pub target: Vec<u8>,
    /// The secret that it brings.
    pub secret: Option<HandshakeSecret>,
    /// Whether that is in use.
    pub is_secret_used: bool,
    /// The scheme that was adopted before, by name.
    pub adopted: Option<String>,
    /// The schemes whose headers it has; `None` until they are known.
    pub candidates: Option<Vec<SchemeCandidate>>,
    /// The chosen row.
    pub cursor: usize,
}

/// A row of the menu.
#[derive(Debug, Clone, Copy)]
pub enum AdoptChoice<'a> {
    /// Use the handshake's secret, or keep it where it is in use.
    Secret(&'a HandshakeSecret),
    /// Verify as configured again; the name of the adopted scheme.
    TakeBack(&'a str),
    /// Verify by this scheme.
    Scheme(&'a SchemeCandidate),
}

impl AdoptMenu {
    /// Before it is known which schemes there are.
    pub(crate) fn of(loaded: &LoadedDelivery, adopted: Option<String>) -> Self {
        let brought = loaded.handshake().and_then(|known| known.secret);
        let is_used = |secret: &HandshakeSecret| loaded.secrets.iter().any(|own| own.expose() == &secret.bytes[..]);
        Self {
            id: loaded.delivery.summary.id,
            webhook: loaded.webhook.clone(),
            target: loaded.delivery.head.target().to_vec(),
            is_secret_used: brought.as_ref().is_some_and(is_used),
            secret: brought,
            adopted,
            candidates: None,
            cursor: 0,
        }
    }

    /// The rows, from top to bottom.
    #[must_use]
    pub fn choices(&self) -> Vec<AdoptChoice<'_>> {
        let secret = self.secret.iter().map(AdoptChoice::Secret);
        let back = self.adopted.iter().map(|name| AdoptChoice::TakeBack(name));
        let candidates = self.candidates.iter().flatten().map(AdoptChoice::Scheme);
        secret.chain(back).chain(candidates).collect()
    }

    /// The chosen row.
    #[must_use]
    pub fn chosen(&self) -> Option<AdoptChoice<'_>> {
        self.choices().get(self.cursor).copied()
    }

    /// Whose deliveries are meant, in words.
    #[must_use]
    pub fn scope(&self) -> String {
        match &self.webhook {
            Some(name) => format!("deliveries of the webhook '{}'", crate::text::visible(name)),
            None => "deliveries that belong to no webhook".to_owned(),
        }
    }
}
