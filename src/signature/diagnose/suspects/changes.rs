//! What one or two mistakes compute otherwise, beside the body.

use super::{Form, Mistake, MistakenSignature, OtherUrl};
use crate::http::Head;
use crate::payload::json::entries;
use crate::signature::diagnose::axis::Ways;
use crate::signature::diagnose::templates::{TemplateShape, shapes};
use crate::signature::diagnose::timestamps;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::verify::key_bytes;
use crate::signature::{Algorithm, Scheme, Secret, SecretOrigin, SignedContent, bare_signature};

#[derive(Default)]
pub(super) struct ComputedOtherwise<'m> {
    key: Option<&'m [u8]>,
    stamp: Option<&'m str>,
    shape: Option<&'m TemplateShape>,
    algorithm: Option<Algorithm>,
    form: Option<Form>,
    url: Option<OtherUrl>,
}

impl<'m> ComputedOtherwise<'m> {
    pub(super) fn add(&mut self, mistake: &'m Mistake) {
        match mistake {
            Mistake::Key(key) => self.key = Some(key),
            Mistake::Stamp(detail) => self.stamp = Some(detail),
            Mistake::Shape(shape) => self.shape = Some(shape),
            Mistake::Algorithm(algorithm) => self.algorithm = Some(*algorithm),
            Mistake::Written(form) => self.form = Some(*form),
            Mistake::Url(other) => self.url = Some(*other),
            Mistake::Body(_) | Mistake::Member(..) | Mistake::Arrival(_) | Mistake::Both(_) => {}
        }
    }

    /// The signature of these bytes as body.
    pub(super) fn signature(
        &self,
        scheme: &Scheme,
        secret: &Secret,
        head: &Head,
        timestamp: &str,
        hashed: &[u8],
    ) -> Option<MistakenSignature> {
        let stamped = self.stamp.map(|detail| stamp(timestamp, hashed, detail));
        let stamped = match &stamped {
            Some(text) => std::str::from_utf8(text.as_deref()?).ok()?,
            None => timestamp,
        };
        let elsewhere = match self.url {
            Some(other) => {
                let url = String::from_utf8(other.of(&signed_url(scheme, head))?).ok()?;
                Some(Scheme { url: Some(url), ..scheme.clone() })
            }
            None => None,
        };
        let scheme = elsewhere.as_ref().unwrap_or(scheme);
        // A key that is given as bytes is the key itself, whatever the scheme makes of secrets.
        let other = self.key.map(|key| {
            let plain = Scheme { key: SignedContent::secret(), ..scheme.clone() };
            (plain, Secret::new("suspected", key.to_vec(), SecretOrigin::MadeUp))
        });
        let (scheme, secret) = other.as_ref().map_or((scheme, secret), |(scheme, secret)| (scheme, secret));
        let text = if self.shape.is_none() && self.algorithm.is_none() {
            bare_signature(scheme, secret, head, stamped, hashed).ok().filter(|text| !text.is_empty())?
        } else {
            scheme.encoding.encode(&self.digest(scheme, secret, head, stamped, hashed)?)
        };
        match self.form {
            Some(form) => form.write(scheme, &text),
            None => Some(MistakenSignature { text, is_whole: false }),
        }
    }

    fn digest(&self, scheme: &Scheme, secret: &Secret, head: &Head, timestamp: &str, body: &[u8]) -> Option<Vec<u8>> {
        let algorithm = self.algorithm.or(scheme.algorithm())?;
        let url = signed_url(scheme, head);
        let key = key_bytes(scheme, secret)?;
        let parts =
            Parts { timestamp: timestamp.as_bytes(), secret: secret.expose(), ..Parts::of(scheme, head, &url, body) };
        let id = scheme.id.as_ref().and_then(|place| place.value(&parts)).unwrap_or_default();
        let parts = Parts { id: &id, ..parts };
        let computed = |shape: &TemplateShape| shape.compute(algorithm, &algorithm.keyed(&key), &key, &parts);
        let digest = match self.shape {
            Some(shape) => computed(shape),
            None => computed(&shapes(scheme, false).all.into_iter().next()?.0),
        };
        Some(digest).filter(|digest| !digest.is_empty())
    }
}

/// The text that is signed for a timestamp in the place of this one.
fn stamp(timestamp: &str, body: &[u8], detail: &str) -> Option<Vec<u8>> {
    let own = entries(body).find(|entry| entry.key.clone().is_some_and(|key| &body[key] == b"\"timestamp\""));
    let axis = timestamps::stamps(Some(timestamp.as_bytes()), own.and_then(|entry| body.get(entry.value)), None, true);
    let is_it = |ways: &Ways| ways.0.iter().flatten().any(|why| why.detail == detail);
    axis.all.into_iter().find(|(_, ways)| is_it(ways)).map(|(text, _)| text)
}
