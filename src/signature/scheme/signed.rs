//! Which parts of a request nobody can change without the secret.
//!
//! An age means something only of a timestamp that is signed, and a bind ties only to what is signed. Where a request
//! lists its own signed headers, that depends on the request.

use std::borrow::Cow;

use super::parts::{DEPTH, REQUEST_TARGET};
use super::{Bind, Expression, Parts, Proof, Scheme, SignaturePlace, SignedContent, Source, TemplatePiece, Variable};

impl Scheme {
    /// Whether a changed body no longer verifies.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        let is_tied = || self.binds.iter().any(|bind| bind.covers_body(self) && self.ties(bind, None));
        match self.proof {
            Proof::Token => false,
            Proof::Sns => true,
            Proof::MessageSignature => self.message.covers("content-digest"),
            Proof::Jwt { detached: false, .. } => {
                let is_body = |place: &SignaturePlace| matches!(place, SignaturePlace::Part(part) if part.is_of_body());
                self.signature.places.iter().any(is_body) || is_tied()
            }
            _ => self.is_of_body(&self.content) || is_tied(),
        }
    }

    /// Whether the timestamp of this request is signed: an old delivery has another signature.
    pub(in crate::signature) fn signs_timestamp(&self, request: &Parts<'_>) -> bool {
        // So most do, and nothing needs to be looked for.
        self.content.covers(&TemplatePiece::Timestamp)
            || self.timestamp.as_ref().is_some_and(|place| self.protects_source(&place.source, Some(request), DEPTH))
    }

    /// The first bind that ties two parts of this request of which neither is signed, though one could be, in words.
    pub(in crate::signature) fn untied(&self, request: &Parts<'_>) -> Option<String> {
        let bind = self.binds.iter().find(|bind| self.ties(bind, None) && !self.ties(bind, Some(request)))?;
        let header = bind.is.sources().chain(bind.equals.sources()).find_map(|source| match source {
            Source::Header(name) => Some(name),
            _ => None,
        });
        let place = self.listed().next().map(|(names, _)| names.to_string()).unwrap_or_default();
        Some(match header {
            Some(name) => format!(
                "the header {name} is not signed: the list of signed headers ({place}) does not contain {}, so anyone \
                 can change it",
                name.to_ascii_lowercase()
            ),
            None => format!("{} is not signed: anyone can change it", bind.is),
        })
    }

    /// Whether nothing is left of the secret after the filters of a template: anyone can sign with an empty one.
    pub(in crate::signature) fn empties_secret(&self, template: &SignedContent, parts: &Parts<'_>) -> bool {
        let is_secret = |own: &&Cow<'_, Expression>| own.source == Source::Secret;
        self.named_in(template)
            .iter()
            .filter(is_secret)
            .any(|own| own.value(parts).is_some_and(|value| value.is_empty()))
    }

    /// Whether one of a bind's two sides is signed; without a request, whether it is in any.
    pub(super) fn ties(&self, bind: &Bind, request: Option<&Parts<'_>>) -> bool {
        [&bind.is, &bind.equals].into_iter().any(|side| self.protects(side, request, DEPTH))
    }

    /// Whether another body would give other content, in the template or in a variable that it names, however deep.
    fn is_of_body(&self, template: &SignedContent) -> bool {
        self.named_in(template).iter().any(|named| named.keeps_value() && named.is_of_body())
    }

    /// Every expression of a template, and of the variables that it names, but for those behind filters that lose a
    /// part of what they are given.
    pub(super) fn named_in<'s>(&'s self, template: &'s SignedContent) -> Vec<Cow<'s, Expression>> {
        let mut named = Vec::new();
        self.collect(template, DEPTH, &mut named);
        named
    }

    fn collect<'s>(&'s self, template: &'s SignedContent, depth: u8, into: &mut Vec<Cow<'s, Expression>>) {
        for expression in template.expressions() {
            if let (Source::Variable(name), true, Some(deeper)) =
                (&expression.source, expression.keeps_value(), depth.checked_sub(1))
                && let Some(Variable::Template(template)) = self.variables.get(name)
            {
                self.collect(template, deeper, into);
            }
            into.push(expression);
        }
    }

    /// Whether all that a template gives is signed, or known to the receiver alone.
    fn protects(&self, template: &SignedContent, request: Option<&Parts<'_>>, depth: u8) -> bool {
        template.expressions().iter().all(|own| self.protects_source(&own.source, request, depth))
    }

    fn protects_source(&self, source: &Source, request: Option<&Parts<'_>>, depth: u8) -> bool {
        let Some(deeper) = depth.checked_sub(1) else { return false };
        let is_place = |place: &Option<Expression>| {
            place.as_ref().is_some_and(|place| self.protects_source(&place.source, request, deeper))
        };
        match source {
            Source::Secret | Source::Setting(_) => true,
            Source::Claim(_) | Source::TokenHead(_) => matches!(self.proof, Proof::Jwt { .. }),
            Source::Timestamp if is_place(&self.timestamp) => true,
            Source::Id if is_place(&self.id) => true,
            Source::Variable(name) => match self.variables.get(name) {
                Some(Variable::Template(template)) => self.protects(template, request, deeper),
                _ => self.signs(source, request),
            },
            source => self.signs(source, request),
        }
    }

    /// Whether a part is in what is signed.
    fn signs(&self, source: &Source, request: Option<&Parts<'_>>) -> bool {
        match self.proof {
            // What a token signs is its own claims.
            Proof::Token | Proof::Jwt { detached: false, .. } => false,
            Proof::Sns => source.is_of_body(),
            Proof::MessageSignature => match source {
                Source::Header(name) => self.message.covers(name),
                source => source.is_of_body() && self.covers_body(),
            },
            Proof::Hmac(_) | Proof::Hash(_) | Proof::PublicKey(_) | Proof::Jwt { detached: true, .. } => {
                let mut named = self.named_in(&self.content).into_iter().filter(|own| own.keeps_value());
                named.any(|own| self.is_within(source, &own.source)) || self.lists(source, request)
            }
        }
    }

    /// Whether a part is in the whole that another gives, or is what the content calls timestamp or id.
    fn is_within(&self, part: &Source, whole: &Source) -> bool {
        let place = match whole {
            Source::Timestamp => self.timestamp.as_ref(),
            Source::Id => self.id.as_ref(),
            _ => None,
        };
        part.is_within(whole) || place.is_some_and(|place| place.keeps_value() && part.is_within(&place.source))
    }

    /// The lists of signed headers that the content has with their values: where the names are, and what is between them.
    fn listed(&self) -> impl Iterator<Item = (&Expression, &str)> {
        self.named_in(&self.content).into_iter().filter_map(|own| match &own.source {
            Source::Variable(name) if own.keeps_value() => match self.variables.get(name)? {
                Variable::Listed { names, separator, item, .. } if item.contains("{value}") => {
                    Some((names, separator.as_str()))
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether nothing is signed without a list of headers that stands beside the signature.
    pub(in crate::signature) fn needs_list(&self) -> bool {
        self.content.expressions().iter().any(|own| match &own.source {
            Source::Variable(name) if own.filters.is_empty() => match self.variables.get(name) {
                Some(Variable::Listed { names, .. }) => matches!(names.source, Source::Pair(_)),
                _ => false,
            },
            _ => false,
        })
    }

    /// Whether the request lists a part as signed; without one, whether it can.
    fn lists(&self, source: &Source, request: Option<&Parts<'_>>) -> bool {
        let name = match source {
            Source::Header(name) => name.as_str(),
            Source::Host => "host",
            Source::Method | Source::Target | Source::Path | Source::Query | Source::Parameter(_) => REQUEST_TARGET,
            _ => return false,
        };
        self.listed().any(|(names, separator)| {
            let Some(request) = request else { return true };
            let names = names.value(request).unwrap_or_default();
            let mut listed = std::str::from_utf8(&names).unwrap_or_default().split(separator).map(str::trim);
            listed.any(|listed| listed.eq_ignore_ascii_case(name))
        })
    }
}

impl Bind {
    /// Whether one side of it changes with the body.
    pub(super) fn covers_body(&self, scheme: &Scheme) -> bool {
        scheme.is_of_body(&self.equals) || scheme.is_of_body(&self.is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Head;
    use crate::signature::scheme::{NoSignature, ReadSignature, SchemeDescription};
    use crate::signature::{catalogue, scheme::signed_url};

    fn described(toml: &str) -> Result<Scheme, String> {
        let description: SchemeDescription = toml::from_str(toml).map_err(|error| error.to_string())?;
        description.scheme().map_err(|error| error.to_string())
    }

    fn of_request<T>(scheme: &Scheme, head: &str, asked: impl FnOnce(&Parts<'_>) -> T) -> T {
        let head = Head::from(head.to_owned());
        let url = signed_url(scheme, &head);
        let parts = Parts::of(scheme, &head, &url, b"{}");
        let read: Result<ReadSignature, NoSignature<'_>> = scheme.signature.read(&parts, &head);
        asked(&Parts { value: read.as_ref().ok(), ..parts })
    }

    /// The list decides, whatever the letter case of its names.
    #[test]
    fn a_listed_header_is_signed_and_another_is_not() {
        let cavage = catalogue::named("http-signatures-cavage").unwrap();
        for (listed, ties, stamps) in [
            ("(request-target) date", false, true),
            ("digest", true, false),
            ("Date Digest", true, true),
            ("", false, false),
        ] {
            let head = format!(
                "POST / HTTP/1.1\r\nDate: x\r\nDigest: y\r\nSignature: keyId=\"k\",headers=\"{listed}\",signature=\"aaaa\"\r\n\r\n"
            );
            let (untied, stamped) =
                of_request(&cavage, &head, |parts| (cavage.untied(parts), cavage.signs_timestamp(parts)));
            assert_eq!((untied.is_none(), stamped), (ties, stamps), "{listed}: {untied:?}");
            assert!(untied.is_none_or(|words| words.contains("(pair:headers) does not contain digest")));
        }
    }

    /// A list of names without their values signs no value.
    #[test]
    fn a_list_of_names_alone_protects_nothing() {
        let table = |item: &str| {
            format!(
                "signature = \"header:X\"\ntimestamp = \"header:T\"\ncontent = \"{{body}}{{listed}}\"\n\
                 [variables.listed]\nnames = \"header:N\"\nseparator = \",\"\nitem = \"{item}\"\njoin = \"\""
            )
        };
        for (item, is_signed) in [("{name}:{value}", true), ("{name}", false)] {
            let scheme = described(&table(item)).unwrap();
            let head = "POST / HTTP/1.1\r\nN: a, t\r\nT: 1\r\n\r\n";
            assert_eq!(of_request(&scheme, head, |parts| scheme.signs_timestamp(parts)), is_signed, "{item}");
        }
    }

    #[test]
    fn a_bind_covers_the_body_only_where_one_side_is_signed() {
        let bind = |content: &str, is: &str, more: &str| {
            described(&format!(
                "timestamp = \"none\"\ncontent = \"{content}\"\nbinds = [{{ is = \"{is}\", equals = \
                 \"{{body|sha256|hex}}\" }}]\n{more}"
            ))
        };
        for (content, is) in [
            ("{header:Digest}", "{header:digest}"),
            ("{url}", "{query:hash}"),
            ("{target}", "{query:hash}"),
            ("{pair:h}", "{pair:h|lower}"),
        ] {
            assert!(bind(content, is, "").unwrap().covers_body(), "{content} {is}");
        }
        for (content, is) in [
            ("{method}", "{header:Digest}"),
            ("{url|no_query}", "{query:hash}"),
            ("{header:Digest|before:=}", "{header:Digest}"),
            ("{path}", "{query:hash}"),
            ("{method}", "{claim:hash}"),
        ] {
            let refused = bind(content, is, "").unwrap_err();
            assert!(refused.contains("covers_body = false"), "{content} {is}: {refused}");
            assert!(!bind(content, is, "covers_body = false").unwrap().covers_body(), "{content} {is}");
        }
        // Nor is it tied where other content is signed under a preset.
        let refused = described("preset = \"http-signatures-cavage\"\ncontent = \"{method}\"").unwrap_err();
        assert!(refused.contains("covers_body = false"), "{refused}");
    }

    #[test]
    fn every_bind_of_the_catalogue_ties_to_something_signed() {
        for name in catalogue::names() {
            let scheme = catalogue::named(name).unwrap();
            assert!(scheme.binds.iter().all(|bind| scheme.ties(bind, None)), "{name}");
        }
    }
}
