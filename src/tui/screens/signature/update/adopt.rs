//! Adopting a recognised sender's scheme for this run, or the secret that a handshake brought: offered, never assumed.

use zeroize::Zeroizing;

use crate::delivery::DeliveryId;
use crate::inspect::SchemeCandidate;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::screens::signature::adopt::{AdoptChoice, AdoptMenu};

/// Opens the menu for the shown delivery, and asks which schemes there are.
pub(crate) fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(loaded) = model.loaded() else {
        let text = "select a delivery first: the schemes are those whose headers it has".to_owned();
        model.say(text);
        return Vec::new();
    };
    let menu = AdoptMenu::of(loaded, model.adopted_by(loaded.webhook.as_deref()).map(str::to_owned));
    let id = menu.id;
    model.overlay = Some(Overlay::Adopt(Box::new(menu)));
    vec![Effect::FindSchemes(id)]
}

/// Takes in the schemes of a delivery.
pub(crate) fn found(model: &mut Model, id: DeliveryId, candidates: Vec<SchemeCandidate>) {
    if let Some(Overlay::Adopt(menu)) = &mut model.overlay
        && menu.id == id
    {
        menu.candidates = Some(candidates);
    }
}

/// What a key does in the menu.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let rows = model.viewport.overlay_rows;
    let Some(Overlay::Adopt(menu)) = &mut model.overlay else { return Vec::new() };
    match action {
        Action::Move(step) => {
            menu.cursor = Step::apply(step, menu.cursor, menu.choices().len(), rows);
            Vec::new()
        }
        Action::Accept => {
            let (text, is_error, effect) = chosen(menu);
            if effect.is_some() {
                model.overlay = None;
            }
            if let Some(text) = text {
                model.notify(text, is_error);
            }
            effect.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What the chosen row says and does.
fn chosen(menu: &AdoptMenu) -> (Option<String>, bool, Option<Effect>) {
    let adopt = |name: Option<&str>| Effect::AdoptScheme {
        webhook: menu.webhook.clone(),
        target: menu.target.clone(),
        name: name.map(str::to_owned),
    };
    match menu.chosen() {
        None => (None, false, None),
        Some(AdoptChoice::Secret(secret)) if menu.is_secret_used => {
            (Some(format!("it is in use; to keep it, copy {} into your configuration", secret.place)), false, None)
        }
        Some(AdoptChoice::Secret(secret)) => {
            let text = format!("{}'s secret of delivery {} is used for this run", secret.sender, menu.id);
            let effect = Effect::AcceptSecret { target: menu.target.clone(), secret: Zeroizing::clone(&secret.bytes) };
            (Some(text), false, Some(effect))
        }
        Some(AdoptChoice::TakeBack(_)) => {
            (Some(format!("{} are verified as configured again", menu.scope())), false, Some(adopt(None)))
        }
        Some(AdoptChoice::Scheme(candidate)) if candidate.is_current => {
            (Some(format!("{} are verified by {} already", menu.scope(), candidate.name)), false, None)
        }
        Some(AdoptChoice::Scheme(candidate)) if !candidate.needs.is_empty() => {
            let needs: Vec<String> = candidate.needs.iter().map(|name| format!("--param {name}=VALUE")).collect();
            let name = &candidate.name;
            (Some(format!("start whyhook with --scheme {name} {}", needs.join(" "))), true, None)
        }
        Some(AdoptChoice::Scheme(candidate)) => {
            let SchemeCandidate { name, .. } = candidate;
            // Whether a delivery verifies by it shows in its verdict.
            let text = format!("scheme {name} is used for this run; scheme = \"{name}\" in the configuration keeps it");
            (Some(text), false, Some(adopt(Some(name))))
        }
    }
}
