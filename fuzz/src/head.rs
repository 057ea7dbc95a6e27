//! Any head is read and judged, by every scheme, and nothing but a real signature verifies.

use jiff::Timestamp;
use whyhook::delivery::Verdict;
use whyhook::http::Head;
use whyhook::signature::{Secret, SecretOrigin, judge, parse_digest, sign};

/// A head, a header's value, a body.
pub fn run(data: &[u8]) {
    let [head, value, body] = super::fields(data);
    let secret = Secret::new("fuzz", b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec(), SecretOrigin::Typed);
    // A dozen of them, others for other input: all would take too long for each.
    let start = data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
    let chosen = || (0..12).map(|step| &super::schemes()[(start.wrapping_add(step * 19)) % super::schemes().len()]);
    let check = |head: &[u8]| {
        let head = Head::from(head.to_vec());
        for field in head.fields() {
            assert!(!field.name.contains(&b'\n') && !field.value.contains(&b'\n'));
        }
        for scheme in chosen() {
            let judgement = judge(scheme, [&secret], &head, body, Timestamp::UNIX_EPOCH);
            assert_ne!(judgement.verdict, Verdict::Verified, "{} verifies by chance", scheme.name);
        }
        head
    };
    check(head);
    // The same bytes where the schemes look for them.
    for scheme in chosen() {
        let mut text = b"POST / HTTP/1.1\r\n".to_vec();
        let names = [Some(scheme.signature_header()), Some(scheme.timestamp_header()), scheme.id_header()];
        for (name, value) in names.into_iter().flatten().zip([value, head, body]) {
            text.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        check(&text);
    }
    let _ = parse_digest(value);
    // The one that is right is known to be.
    let signature = sign(&secret, b"1746123456", body);
    let head =
        format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: 1746123456\r\n\r\n");
    let head = Head::from(head);
    assert_eq!(judge(&super::schemes()[0], [&secret], &head, body, Timestamp::UNIX_EPOCH).verdict, Verdict::Verified);
}
