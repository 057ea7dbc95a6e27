//! GitHub Codespaces, which forward every port that something listens on
//! (<https://docs.github.com/en/codespaces/developing-in-a-codespace/default-environment-variables-for-your-codespace>).

use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

/// Says what the environment means for a listener on `our_port`. Whether the port is public is a setting of the codespace
/// that is not seen from within.
pub(in crate::server) fn codespaces(variable: impl Fn(&str) -> Option<String>, our_port: u16) -> SourceAnswer {
    let Some(name) = variable("CODESPACE_NAME").filter(|name| !name.is_empty()) else { return SourceAnswer::Absent };
    if variable("CODESPACES").as_deref() != Some("true") {
        return SourceAnswer::Absent;
    }
    let domain = variable("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN").filter(|domain| !domain.is_empty());
    let url = format!("https://{name}-{our_port}.{}", domain.as_deref().unwrap_or("app.github.dev"));
    SourceAnswer::Tunnels(FoundTunnel::new(TunnelName::Codespaces, &url, TunnelEnd::Here).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::tunnel::testing::is_safe;

    fn asked(variables: &[(&str, &str)]) -> SourceAnswer {
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        codespaces(value, 3000)
    }

    #[test]
    fn the_environment_says_the_url() {
        let inside = [("CODESPACES", "true"), ("CODESPACE_NAME", "fluffy-dodo-abc")];
        let SourceAnswer::Tunnels(found) = asked(&inside) else { panic!() };
        assert_eq!(found[0].words(), "https://fluffy-dodo-abc-3000.app.github.dev (Codespaces)");
        let domain = ("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "preview.example");
        let SourceAnswer::Tunnels(found) = asked(&[inside[0], inside[1], domain]) else { panic!() };
        assert_eq!(found[0].public_url, "https://fluffy-dodo-abc-3000.preview.example");
        for outside in [&inside[1..], &inside[..1], &[("CODESPACES", "false"), inside[1]]] {
            assert_eq!(asked(outside), SourceAnswer::Absent);
        }
    }

    proptest! {
        #[test]
        fn any_environment_is_safe_to_show(name in "\\PC{0,20}", domain in "\\PC{0,20}") {
            let variables = [("CODESPACES", "true"), ("CODESPACE_NAME", &*name),
                             ("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", &*domain)];
            prop_assert!(is_safe(TunnelName::Codespaces, asked(&variables)));
        }
    }
}
