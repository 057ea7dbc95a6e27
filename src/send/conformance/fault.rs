//! What can be wrong with a receiver: each fault with its meaning, its remedy, and a line of code.

macro_rules! faults {
    ($($variant:ident $code:literal $title:literal $means:literal $fix:literal $hint:literal;)*) => {
        /// A fault of a receiver, by its name. The texts hold names of the scheme in braces, which
        /// [`Remedy`](super::Remedy) fills in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ReceiverFault {
            $(#[doc = $title] $variant,)*
        }

        impl ReceiverFault {
            /// Every fault, the most severe first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name in JSON output and in `--format junit`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The fault in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Its consequence.
            pub(super) fn means(self) -> &'static str {
                match self { $(Self::$variant => $means,)* }
            }

            /// What to do.
            pub(super) fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }

            /// A line of code that does it, in JavaScript; empty where there is none.
            pub(super) fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

faults! {
    RateLimited "rate_limited" "limits the rate of deliveries"
        "Nothing is known of the deliveries that it did not let through: this is not a verdict."
        "Check it again with fewer deliveries per second, such as --rate 1/s, or raise the limit for this path."
        "";
    BlocksSender "blocks_sender" "accepts nothing any more, also not what it accepted before"
        "Nothing is known of the deliveries since then: it blocks this address after forged ones, or has stopped."
        "Allow this address in the ban list of your server, firewall or proxy while it is checked; if it has stopped, see its log."
        "";
    ChecksLater "checks_later" "accepts deliveries before it verifies them"
        "Valid and forged deliveries are answered 202 alike: whether a queue verifies them later, answers cannot show."
        "Verify the signature before you answer, and queue only what is verified; or test what your queue does with forged ones."
        "";
    RequiresLogin "requires_login" "requires a login"
        "Deliveries never reach the code that verifies them: the sender cannot log in."
        "Exempt the webhook's path from authentication: the signature is what authenticates a delivery."
        "";
    CsrfProtection "csrf_protection" "refuses deliveries without a CSRF token"
        "Deliveries never reach the code that verifies them: no sender has a CSRF token."
        "Exempt the webhook's path from CSRF protection: it protects browsers, and the signature protects the webhook."
        "";
    Redirects "redirects" "redirects"
        "Redirects are not followed, so nothing is delivered."
        "Give the final URL, with https and with or without the trailing slash as your server has it."
        "";
    UnsetSecret "unset_secret" "accepts signatures made without a secret"
        "Anyone can sign: the secret is not set where your server verifies, and an empty or literal text is the key."
        "Set the secret in the server's environment, and refuse to start without it; use its text, since decoding it may \
        leave nothing."
        "if (!process.env.{variable}) throw new Error('{variable} is not set')";
    RefusesValid "refuses_valid" "refuses valid deliveries"
        "No delivery of {sender} would get through."
        "Check that your server has the same secret, and that the URL's path is correct."
        "const secret = process.env.{variable}";
    HeaderNotFound "header_not_found" "does not find the signature header"
        "No delivery of {sender} would get through: your server looks for other headers than those that are sent."
        "Read {headers}, in your framework's case-insensitive way."
        "{read}";
    WrongKeyForm "wrong_key_form" "uses another form of the secret as the key"
        "No delivery of {sender} would get through: the key is not the secret as the sender uses it."
        "Use {key} as the key: no decoding, trimming or quotation marks that the sender does not have."
        "{hmac}";
    EmptyBody "empty_body" "hashes an empty body"
        "No delivery of {sender} would get through, and the signature that is expected does not cover the body."
        "Read the raw body before anything else consumes it: a stream can be read only once."
        "app.post(path, express.raw({ type: '*/*' }), (req, res) => verify(req.body) /* a Buffer */)";
    HashesPrintedObject "hashes_printed_object" "hashes a printed object instead of the body"
        "No delivery of {sender} would get through: an object was turned into text such as [object Object]."
        "Hash the raw bytes of the body, not the object that a parser made of it."
        "app.post(path, express.raw({ type: '*/*' }), (req, res) => verify(req.body) /* a Buffer */)";
    AcceptsAnything "accepts_anything" "accepts anything"
        "Anyone who knows the URL can send forged events: the signature is not verified."
        "Compute {digest} with the webhook's secret; answer 401 unless it equals the header."
        "if (!timingSafeEqual(expected, received)) return res.status(401).send('Invalid signature')";
    VerifiesSometimes "verifies_sometimes" "does not verify every delivery"
        "The same kind of forged delivery is accepted one time and refused another: trying again is enough to forge."
        "Verify on every path and in every process: one instance, route or cache has no verification."
        "";
    AcceptsWrongSignature "accepts_wrong_signature" "accepts a wrong signature"
        "A signature made without the secret is accepted."
        "Compare the whole computed digest with the whole header, and answer 401 when they differ."
        "if (!timingSafeEqual(expected, received)) return res.status(401).send('Invalid signature')";
    AcceptsMissingSignature "accepts_missing_signature" "accepts a missing signature"
        "A delivery without the header is accepted."
        "Answer 400 when {headers} is absent or empty, before anything else."
        "{guard}";
    AcceptsMissingTimestamp "accepts_missing_timestamp" "accepts a missing timestamp"
        "A delivery without a timestamp can be replayed at any time."
        "Answer 400 when {headers} is absent or empty, before anything else."
        "{guard}";
    ComparesPrefix "compares_prefix" "compares only a part of the signature"
        "A shortened signature is accepted, and a short one can be guessed."
        "Compare lengths first, then the whole signature in constant time."
        "received.length === expected.length && timingSafeEqual(received, expected)";
    IgnoresBody "ignores_body" "does not sign the body"
        "A delivery whose body was changed on the way is accepted."
        "Put the raw body's bytes into what you hash: {content}."
        "{hmac}";
    IgnoresTimestamp "ignores_timestamp" "does not sign the timestamp"
        "Anyone who has seen one delivery can replay it with any timestamp."
        "Put the timestamp's own text into what you hash: {content}."
        "{hmac}";
    WrongContent "wrong_content" "joins the signed content differently"
        "No delivery of {sender} would get through: your server hashes other content than the sender signs."
        "Hash exactly {content}, with the timestamp's own text."
        "{hmac}";
    WrongAlgorithm "wrong_algorithm" "uses another algorithm"
        "No delivery of {sender} would get through: your server computes another digest than the sender."
        "Use {algorithm} with the secret as the key."
        "{hmac}";
    WrongSignatureForm "wrong_signature_form" "expects the signature in another form"
        "No delivery of {sender} would get through: your server expects the digest written in another way."
        "Expect the header's value as {form}."
        "{hmac}";
    HashesReserialisedBody "hashes_reserialised_body" "hashes a re-serialised body"
        "A valid delivery is refused if its body is not written exactly as your serialiser would write it."
        "Verify the raw bytes, and parse them afterwards."
        "app.post(path, express.raw({ type: '*/*' }), (req, res) => verify(req.body) /* a Buffer */)";
    HashesOtherBytes "hashes_other_bytes" "hashes other bytes than those received"
        "A valid delivery is refused if its body is changed before it is hashed."
        "Verify the raw bytes as they arrived: no decoding, no unpacking, no part of them."
        "app.post(path, express.raw({ type: '*/*' }), (req, res) => verify(req.body) /* a Buffer */)";
    SignatureDisagreement "signature_disagreement" "refuses some valid deliveries as forged"
        "These deliveries are answered exactly as forged ones are: their signature is computed otherwise, or an error is \
        answered in the same way."
        "Let your server print the digest that it computes, and give it to whyhook verify --computed DIGEST; give other \
        errors an answer of their own."
        "console.error(Buffer.from(signed).toString('hex'), expected)";
    FailsAtRandom "fails_at_random" "fails at random, depending on the digest"
        "Some valid deliveries are refused, and most tests do not show it."
        "Write the digest with the language's own function, which pads each byte, and compare bytes or the whole text."
        "{hmac}";
    SplitsCharacters "splits_characters" "decodes each piece of the body on its own"
        "A valid delivery is refused when a character of several bytes arrives in two pieces: now and then, in production."
        "Collect the pieces as bytes and join them before decoding: no body += chunk."
        "const parts = []; req.on('data', (part) => parts.push(part)); req.on('end', () => verify(Buffer.concat(parts)))";
    ReadsPartOfBody "reads_part_of_body" "hashes only a part of the body"
        "A valid delivery is refused when its body does not arrive at once: large ones, and slow connections."
        "Read the body to its end, as Content-Length or the stream says, before you hash it."
        "const parts = []; for await (const part of req) parts.push(part); verify(Buffer.concat(parts))";
    MixesRequests "mixes_requests" "mixes up requests on one connection"
        "A valid delivery is refused when it arrives on the connection of another one, which senders and proxies reuse."
        "Read each body to its end before you answer, also that of a forged delivery, and keep nothing between requests."
        "const parts = []; for await (const part of req) parts.push(part) // within the handler, before any answer";
    TrimsBody "trims_body" "trims the body before verifying"
        "A valid delivery is refused when there is white space around its JSON."
        "Verify the raw bytes: no trim(), no strip(), no text mode."
        "{hmac} // not rawBody.trim()";
    ThrowsOnPlaceholder "throws_on_placeholder" "returns an error for a placeholder image"
        "Simulated screenshots contain text instead of an image, and the server returns an error for each of them."
        "Check imageBuffer before decoding it: when it is text that begins \
        with [simulation-placeholder, there is no image."
        "if (String(imageBuffer).startsWith('[simulation-placeholder')) return // no image";
    ThrowsOnImageForm "throws_on_image_form" "fails on a form of the image"
        "Screenshots in this form are lost."
        "Answer 200 to every verified delivery, and decode the image afterwards; an unknown form is not an error."
        "try { decode(imageBuffer) } catch { keep(rawBody) }";
    RejectsEvent "rejects_event" "refuses a documented event"
        "These events are lost."
        "Answer 200 to every verified delivery, including events that you ignore."
        "default: return res.status(200).send()";
    RejectsLive "rejects_live" "refuses events without the simulation field"
        "Simulations are accepted and real events are lost."
        "Treat simulation as optional: it is true, or absent in live events."
        "const simulated = payload.simulation === true";
    RejectsUnicode "rejects_unicode" "refuses some Unicode text"
        "Deliveries with such text in a title or URL are lost."
        "Verify the raw bytes; decode them as UTF-8 afterwards, without normalising."
        "{hmac}";
    RejectsLargeBody "rejects_large_body" "refuses large payloads"
        "Large events are lost, such as one with several screenshots."
        "Raise the body limit of your framework, and of the proxy before it (nginx: client_max_body_size)."
        "express.raw({ type: '*/*', limit: '20mb' })";
    RejectsUnknownField "rejects_unknown_field" "refuses an unknown field"
        "The next field that {sender} adds would block every delivery."
        "Ignore unknown fields."
        "schema.passthrough() // zod";
    RejectsCharset "rejects_charset" "refuses a charset in the content type"
        "Deliveries are lost when a proxy or the sender names the charset."
        "Compare the media type alone, without its parameters."
        "contentType.split(';')[0].trim() === 'application/json'";
    CaseSensitiveHeaders "case_sensitive_headers" "treats header names as case-sensitive"
        "Header names are case-insensitive: HTTP/2 and many proxies write them in lower case."
        "Look headers up in your framework's case-insensitive way."
        "req.get('{signature}')";
    WrongRefusalStatus "wrong_refusal_status" "refuses with a status that does not say so"
        "A forged delivery is refused in words or by a redirect; by the status, its sender takes it for accepted or moved."
        "Answer 400 or 401 to what is not verified."
        "return res.status(401).send('Invalid signature')";
    ErrorsInsteadOfRefusing "errors_instead_of_refusing" "fails instead of refusing"
        "A forged delivery makes your handler throw: anyone can fill your logs or stop your process."
        "Answer 400 or 401 before any code that may throw, such as comparing buffers of different lengths."
        "if (received.length !== expected.length) return res.status(401).send('Invalid signature')";
    TooSlow "too_slow" "answers too slowly"
        "Senders time out after a few seconds and retry: you get the delivery twice, or never."
        "Answer as soon as the signature is verified, and do the work afterwards."
        "res.sendStatus(200); queue.add(payload)";
    FailsNowAndThen "fails_now_and_then" "fails now and then, whatever is sent"
        "The same kind of delivery is answered with an error one time and correctly another: senders retry, or give up."
        "Look into your server's log for these moments: a start, a timeout of something it depends on, too few workers."
        "";
    NoAnswer "no_answer" "gives no answer"
        "The connection ended without a response: the handler threw, or the process ended."
        "Check your server's logs; answer in every branch."
        "";
    IgnoresAge "ignores_age" "never looks at the age"
        "Anyone who has seen one delivery can replay it at any time."
        "Refuse a timestamp that is older than your limit, after verifying; tell seconds from milliseconds by \
        magnitude."
        "const at = Number(timestamp) * (timestamp.length > 11 ? 1 : 1000); if (Date.now() - at > 5 * 60_000) return res.sendStatus(401)";
    IgnoresFuture "ignores_future" "accepts a timestamp in the future"
        "The age limit does not apply to it."
        "Refuse a timestamp that is further ahead than clock differences explain."
        "if (Math.abs(Date.now() - at) > 5 * 60_000) return res.sendStatus(401)";
    AcceptsReplay "accepts_replay" "accepts the same delivery twice"
        "A delivery that is sent again, by a retry or by an attacker, is processed twice."
        "Store the signatures of the last minutes, or make the processing idempotent."
        "if (!(await redis.set(signature, 1, { NX: true, EX: 600 }))) return res.sendStatus(200)";
    ExpectsOtherUnit "expects_other_unit" "accepts timestamps in one unit only"
        "Developer webhooks send seconds, reseller webhooks milliseconds: the other kind would be refused."
        "Sign the header's own text, and tell the unit by magnitude where the age matters."
        "const at = Number(timestamp) * (timestamp.length > 11 ? 1 : 1000)";
    AcceptsUpperCase "accepts_upper_case" "accepts a signature in upper case"
        "Harmless: only the holder of the secret can write it."
        "To be as strict as the documentation, compare the text of the header."
        "";
    AcceptsBase64 "accepts_base64" "accepts a signature in another encoding"
        "Harmless: only the holder of the secret can write it."
        "To be as strict as the documentation, compare the text of the header."
        "";
    AcceptsDuplicatedHeaders "accepts_duplicated_headers" "accepts a duplicate header"
        "Two programs on the way may read different values."
        "Refuse a delivery whose signature or timestamp header appears more than once."
        "if (req.rawHeaders.filter((h, i) => i % 2 === 0 && /^{signature}$/i.test(h)).length > 1) return res.sendStatus(400)";
}
