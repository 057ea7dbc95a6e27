//! Two deliveries as Trackpilots sends them, really signed: an application event of 2 KB and a
//! screenshot of 45 KB.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use whyhook::signature::{Secret, SecretOrigin, sign};

/// Where they are sent.
pub(crate) const PATH: &str = "/webhooks/trackpilots";
const TIMESTAMP: &str = "1746123456";
const APP: &str = include_str!("../../assets/samples/app.json");
const SCREENSHOT: &str = include_str!("../../assets/samples/screenshot-live.json");
const PICTURE: &[u8] = include_bytes!("../../assets/samples/screenshot.jpg");

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct SignedRequest {
    pub(crate) name: &'static str,
    pub(crate) body: Bytes,
    pub(crate) wire: Bytes,
}

/// The secret that signs them.
pub(crate) fn secret() -> Secret {
    Secret::new("bench", b"a webhook secret of the bench".to_vec(), SecretOrigin::Typed)
}

impl SignedRequest {
    /// Several applications in one event.
    pub(crate) fn app_tracking() -> serde_json::Result<Self> {
        let mut event: Value = serde_json::from_str(APP)?;
        let item = event["data"][0].take();
        event["data"] = json!([item.clone(), item.clone(), item]);
        let missing = 2048_usize.saturating_sub(event.to_string().len());
        let url = &mut event["data"][2]["tracking"]["app"]["fullUrl"];
        *url = json!(format!("{}/{}", url.as_str().unwrap_or_default(), "a".repeat(missing.saturating_sub(1))));
        Ok(Self::signed("2 KB", event.to_string()))
    }

    /// A screenshot whose picture is base64, which is the longest form of its bytes that is in use.
    pub(crate) fn screenshot() -> serde_json::Result<Self> {
        let mut event: Value = serde_json::from_str(SCREENSHOT)?;
        let mut picture = PICTURE.to_vec();
        // What follows the real header only has to be as incompressible as a picture.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        while picture.len() < 33_700 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            picture.extend_from_slice(&state.to_le_bytes());
        }
        event["data"][0]["screenshot"]["imageBuffer"] = json!(STANDARD.encode(picture));
        Ok(Self::signed("45 KB", event.to_string()))
    }

    fn signed(name: &'static str, body: String) -> Self {
        let signature = sign(&secret(), TIMESTAMP.as_bytes(), body.as_bytes());
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1:3000\r\naccept: application/json, text/plain, */*\r\n\
             content-type: application/json\r\nuser-agent: axios/1.7.9\r\naccept-encoding: gzip, compress, deflate, br\r\n\
             x-webhook-signature: {signature}\r\nx-webhook-timestamp: {TIMESTAMP}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self { name, wire: Bytes::from(head + &body), body: Bytes::from(body) }
    }
}
