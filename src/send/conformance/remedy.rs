//! What a fault means and what to do about it, in the words of the scheme and of the receiver's framework.

use super::ReceiverFault;
use super::framework::Framework;
use crate::signature::{Encoding, Proof, Scheme, SignedContent, TemplatePiece, catalogue};

/// A fault's meaning and remedy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remedy {
    /// Its consequence.
    pub means: String,
    /// What to do.
    pub fix: String,
    /// A line of code that does it; empty where there is none.
    pub code: String,
}

impl Remedy {
    /// That of `fault` under `scheme`, for a receiver made with `framework`, at `path`.
    #[must_use]
    pub fn of(fault: ReceiverFault, scheme: &Scheme, framework: Option<Framework>, path: &str) -> Self {
        let code = framework.and_then(|framework| framework.code(fault, path));
        Self {
            means: filled(fault.means(), scheme),
            fix: filled(fault.fix(), scheme),
            code: code.unwrap_or_else(|| filled(fault.hint(), scheme)),
        }
    }
}

/// Fills in the names that a text has in braces.
fn filled(text: &str, scheme: &Scheme) -> String {
    type Name = fn(&Scheme) -> String;
    const NAMES: [(&str, Name); 12] = [
        ("{sender}", sender),
        ("{variable}", variable),
        ("{signature}", |scheme| scheme.signature.header_name().unwrap_or("the signature").to_owned()),
        ("{headers}", headers),
        ("{content}", content),
        ("{digest}", digest),
        ("{algorithm}", |scheme| scheme.proof.to_string()),
        ("{form}", form),
        ("{key}", key),
        ("{guard}", guard),
        ("{read}", read),
        ("{hmac}", hmac),
    ];
    let mut filled = text.to_owned();
    for (name, words) in NAMES {
        if filled.contains(name) {
            filled = filled.replace(name, &words(scheme));
        }
    }
    filled
}

fn sender(scheme: &Scheme) -> String {
    if scheme.is_trackpilots() {
        return "Trackpilots".to_owned();
    }
    catalogue::entry(&scheme.name).map_or_else(|_| "the sender".to_owned(), |entry| entry.sender.clone())
}

/// The variable that the secret is in by habit.
fn variable(scheme: &Scheme) -> String {
    if scheme.name.is_empty() {
        return "TRACKPILOTS_WEBHOOKS_SECRET_KEY".to_owned();
    }
    format!("{}_WEBHOOK_SECRET", scheme.name.replace('-', "_").to_ascii_uppercase())
}

fn headers(scheme: &Scheme) -> String {
    let signature = scheme.signature.header_name().unwrap_or("the signature");
    match scheme.timestamp_header() {
        "" => signature.to_owned(),
        timestamp => format!("{signature} or {timestamp}"),
    }
}

/// What is signed, in words.
fn content(scheme: &Scheme) -> String {
    if scheme.content == SignedContent::default() {
        return "the timestamp, a dot and the raw body".to_owned();
    }
    if *scheme.content.pieces() == [TemplatePiece::Body] {
        return "the raw body".to_owned();
    }
    scheme.content.to_string()
}

fn digest(scheme: &Scheme) -> String {
    let made = if scheme.is_trackpilots() { "the HMAC".to_owned() } else { scheme.proof.to_string() };
    if scheme.content.pieces().is_empty() { made } else { format!("{made} of {}", content(scheme)) }
}

fn form(scheme: &Scheme) -> String {
    match scheme.form() {
        form if form.is_empty() => scheme.encoding.words().to_owned(),
        form => format!("{form}, the signature as {}", scheme.encoding.words()),
    }
}

fn key(scheme: &Scheme) -> String {
    if scheme.key == SignedContent::secret() { "the secret's exact text".to_owned() } else { scheme.key.to_string() }
}

fn guard(scheme: &Scheme) -> String {
    let missing = if scheme.timestamp_header().is_empty() { "!signature" } else { "!signature || !timestamp" };
    format!("if ({missing}) return res.status(400).send('Missing signature')")
}

fn read(scheme: &Scheme) -> String {
    let mut code = format!("const signature = req.get('{}')", scheme.signature.header_name().unwrap_or_default());
    if !scheme.timestamp_header().is_empty() {
        code.push_str(&format!(", timestamp = req.get('{}')", scheme.timestamp_header()));
    }
    code
}

/// The line of JavaScript that computes the digest; the template where JavaScript would need more than a line.
fn hmac(scheme: &Scheme) -> String {
    let hash = scheme.algorithm().map(|algorithm| algorithm.name().trim_start_matches("HMAC-").to_lowercase());
    let updates: Option<String> = scheme.content.pieces().iter().map(update).collect();
    let template = || format!("// {} over {}", scheme.proof, scheme.content);
    let (Some(hash), Some(updates), Proof::Hmac(_)) = (hash, updates, &scheme.proof) else {
        return template();
    };
    let plain = scheme.key == SignedContent::secret();
    let decoded = scheme.key.to_string() == "{secret|strip:whsec_|unbase64}";
    let key = match (plain, decoded) {
        (true, _) => "secret".to_owned(),
        (_, true) => "Buffer.from(secret.replace(/^whsec_/, ''), 'base64')".to_owned(),
        _ => format!("key /* {} */", scheme.key),
    };
    let encoding = match scheme.encoding {
        Encoding::Hex | Encoding::HexUpper | Encoding::HexAny => "hex",
        Encoding::Base64 => "base64",
        Encoding::Base64url | Encoding::Base64urlNopad => "base64url",
    };
    format!("createHmac('{hash}', {key}){updates}.digest('{encoding}')")
}

fn update(piece: &TemplatePiece) -> Option<String> {
    Some(match piece {
        TemplatePiece::Text(text) => format!(".update('{}')", std::str::from_utf8(text).ok()?.replace('\n', "\\n")),
        TemplatePiece::Timestamp => ".update(timestamp)".to_owned(),
        TemplatePiece::Body => ".update(rawBody)".to_owned(),
        TemplatePiece::Id => ".update(id)".to_owned(),
        TemplatePiece::Method => ".update(req.method)".to_owned(),
        TemplatePiece::Target => ".update(req.originalUrl)".to_owned(),
        TemplatePiece::Url => ".update(url)".to_owned(),
        TemplatePiece::Value(expression) => format!(".update(req.get('{}'))", expression.header()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_names_the_sender_s_own_headers_and_form() {
        let of = |name: &str, fault| Remedy::of(fault, &catalogue::named(name).unwrap(), None, "/hook");
        let trackpilots = Remedy::of(ReceiverFault::IgnoresTimestamp, &Scheme::default(), None, "/");
        assert_eq!(
            trackpilots.code,
            "createHmac('sha256', secret).update(timestamp).update('.').update(rawBody).digest('hex')"
        );
        let github = of("github", ReceiverFault::AcceptsMissingSignature);
        assert_eq!(github.fix, "Answer 400 when X-Hub-Signature-256 is absent or empty, before anything else.");
        assert_eq!(github.code, "if (!signature) return res.status(400).send('Missing signature')");
        assert!(of("github", ReceiverFault::WrongSignatureForm).fix.contains("sha256=SIGNATURE"));
        let slack = of("slack", ReceiverFault::WrongContent);
        assert!(slack.fix.contains("v0:{timestamp}:{body}"), "{}", slack.fix);
        let standard = of("standard-webhooks", ReceiverFault::WrongKeyForm);
        assert!(standard.code.contains("'base64'"), "{}", standard.code);
        for name in ["github", "stripe", "gitlab-token", "discord", "twilio-form"] {
            for fault in ReceiverFault::ALL {
                let remedy = of(name, *fault);
                for text in [&remedy.means, &remedy.fix] {
                    let of_template = ["{timestamp}", "{body}", "{url}", "{id}", "{secret"];
                    let bare = of_template.iter().fold(text.clone(), |text, name| text.replace(name, ""));
                    assert!(!bare.contains("X-Webhook-"), "{name} {fault:?}: {text}");
                    assert!(!bare.contains("{sender}") && !bare.contains("{headers}"), "{name} {fault:?}: {text}");
                }
            }
        }
    }
}
