//! What is shared and what is hashed in turns changes no digest.

use proptest::prelude::*;

use super::*;

/// One after the other, each from its own beginning.
fn plainly(algorithm: Algorithm, keys: &[Vec<u8>], message: &HashedMessage<'_>) -> Vec<u8> {
    let pieces = [message.beginning.lead.as_slice(), message.body, message.tail].concat();
    match message.beginning.start {
        InitialState::Plain => algorithm.hash(|sink| sink(&pieces)),
        InitialState::Key(key) => {
            let mut state = algorithm.keyed(&keys[key]);
            state.update(&pieces);
            state.finish()
        }
    }
}

/// A start, a lead, where and how the received body is changed, and a tail.
type Sketch = (Option<prop::sample::Index>, u8, prop::sample::Index, u8, Vec<u8>, bool);

fn changed(received: &[u8], at: usize, how: u8) -> Vec<u8> {
    match how % 5 {
        0 => received.to_vec(),
        1 => received[..at].to_vec(),
        2 => [&received[..at], b"\n", &received[at..]].concat(),
        3 => [received, b"\r\n"].concat(),
        _ => [&received[..at], &received[received.len().min(at + 3)..]].concat(),
    }
}

proptest! {
    /// Whatever is shared, and wherever a body differs from the received one, the digests are the plain ones.
    #[test]
    fn digests_computed_together_are_the_plain_ones(
        algorithm in prop::sample::select(&Algorithm::ALL[..]),
        keys in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..150), 1..4),
        seed: u8,
        length in prop_oneof![0..300_usize, 900..9_000_usize],
        sketches in prop::collection::vec(any::<Sketch>(), 1..14),
    ) {
        let received: Vec<u8> = (0..length).map(|at| (at * 31 + at / 7) as u8 ^ seed).collect();
        let parts: Vec<(Beginning, Vec<u8>, &Sketch)> = sketches.iter().map(|sketch| {
            let (key, lead, at, how, ..) = sketch;
            let start = key.map_or(InitialState::Plain, |key| InitialState::Key(key.index(keys.len())));
            let lead = Zeroizing::new(vec![b'1'; usize::from(lead % 3) * 67 + usize::from(lead % 2)]);
            let body = changed(&received, at.index(received.len() + 1), *how);
            (Beginning { start, lead }, body, sketch)
        }).collect();
        let messages: Vec<HashedMessage<'_>> = parts.iter().map(|(beginning, body, (.., tail, is_stem))| HashedMessage {
            beginning, body, tail, is_stem: *is_stem,
            same: body.iter().zip(&received).take_while(|(one, other)| one == other).count(),
        }).collect();
        let mut many = many_digests(algorithm, &mut keys.iter().map(Vec::as_slice), &received);
        // Cut anywhere: what earlier messages left serves later ones.
        let (first, second) = messages.split_at(messages.len() / 2);
        let mut hashed = 0;
        for some in [first, second, &messages[..]] {
            let digests = many.digest(some, &mut |bytes| { hashed += bytes; true });
            let expected: Vec<_> = some.iter().map(|message| Some(plainly(algorithm, &keys, message))).collect();
            prop_assert_eq!(digests, expected);
        }
        let most: usize = messages.iter().map(|one| {
            2 * (one.beginning.lead.len() + one.body.len() + one.tail.len() + 2 * 128)
        }).sum();
        prop_assert!(hashed as usize <= most, "{hashed} of {most}");
    }
}

#[test]
fn a_beginning_in_common_is_hashed_once() {
    let received = vec![b'x'; 1 << 20];
    let longer = [&received[..], b"\n"].concat();
    let beginning = Beginning { start: InitialState::Key(0), lead: Zeroizing::new(b"1746123456.".to_vec()) };
    let message = |body, tail| HashedMessage { beginning: &beginning, body, same: received.len(), tail, is_stem: true };
    let messages = [message(&received[..], &b""[..]), message(&longer[..], b""), message(&received[..], b".174")];
    let mut many = many_digests(Algorithm::Sha256, &mut std::iter::once(&b"key"[..]), &received);
    let mut hashed = 0;
    let digests = many.digest(&messages, &mut |bytes| {
        hashed += bytes as usize;
        true
    });
    assert!(digests.iter().all(Option::is_some));
    // A 32nd part of the body lies between two states.
    assert!((received.len()..received.len() + received.len() / 8).contains(&hashed), "{hashed}");
}

#[test]
fn a_search_that_is_given_up_ends_within_a_body() {
    let received = vec![b'x'; 8 << 20];
    let beginnings =
        [InitialState::Plain, InitialState::Key(0)].map(|start| Beginning { start, lead: Zeroizing::default() });
    let messages = beginnings.each_ref().map(|beginning| HashedMessage {
        beginning,
        body: &received,
        same: received.len(),
        tail: b"",
        is_stem: true,
    });
    let mut many = many_digests(Algorithm::Sha256, &mut std::iter::once(&b"key"[..]), &received);
    let mut hashed = 0;
    let digests = many.digest(&messages, &mut |bytes| {
        hashed += bytes as usize;
        false
    });
    assert_eq!(digests, [None, None]);
    assert!(hashed < received.len(), "{hashed}");
}
