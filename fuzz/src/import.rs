//! Any file is deliveries or a fault with its place, and what was imported comes back from an export of it.

use bytes::Bytes;
use jiff::Timestamp;
use whyhook::archive::export::har::Har;
use whyhook::archive::export::json::Json;
use whyhook::archive::export::raw::Raw;
use whyhook::archive::export::{ExportItem, Exporter};
use whyhook::archive::import::{ImportError, ImportSource, Imported, Importer};
use whyhook::config::Registry;
use whyhook::delivery::{Captured, Delivery, DeliveryId, Summary};

/// The file, read by its own form and by the others.
pub fn run(file: &[u8]) {
    let _ = ImportSource::detect(file);
    for source in ImportSource::ALL {
        match read(source, file) {
            Ok(imported) => imported.into_iter().for_each(comes_back),
            Err(error) => super::assert_visible(&error.to_string()),
        }
    }
}

fn read(source: ImportSource, mut file: &[u8]) -> Result<Vec<Imported>, ImportError> {
    let registry = Registry::default();
    let mut all = Vec::new();
    let (now, strict, files) = (Timestamp::UNIX_EPOCH, false, None);
    let importer = Importer { registry: &registry, judge_again: true, now, strict, files };
    let findings = importer.read(source, &mut file, &mut |imported| {
        all.push(imported);
        Ok(())
    })?;
    assert_eq!(findings.deliveries, all.len() as u64);
    Ok(all)
}

fn comes_back(imported: Imported) {
    let Imported { captured, answer, .. } = imported;
    let delivery = delivery(&captured, answer);
    let json = exported(Json::default(), &delivery);
    assert_eq!(ImportSource::detect(&json), Some(ImportSource::Json));
    let again = read(ImportSource::Json, &json).expect("what was exported is imported");
    assert_eq!(again.len(), 1);
    let mut again_captured = again[0].captured.clone();
    let remote = std::mem::replace(&mut again_captured.remote, captured.remote.clone());
    // What is said of a body that was rebuilt is not said again by who judges it again.
    again_captured.judgement.note.clone_from(&captured.judgement.note);
    assert_eq!(again_captured, captured, "{remote}");
    assert_eq!(again[0].answer, delivery.answer);
    let har = exported(Har::default(), &delivery);
    assert!(serde_json::from_slice::<serde_json::Value>(&har).is_ok());
    let _ = exported(Raw::default(), &delivery);
}

fn exported(mut exporter: impl Exporter, delivery: &Delivery) -> Vec<u8> {
    let mut out = Vec::new();
    let added = exporter.add(ExportItem { delivery, diagnosis: None, redacted: None }, &mut out);
    added.and_then(|()| exporter.end(&mut out)).expect("memory takes everything");
    out
}

fn delivery(captured: &Captured, answer: Option<whyhook::delivery::Answer>) -> Delivery {
    let captured = captured.clone();
    Delivery {
        summary: Summary {
            id: DeliveryId(1),
            received_at: captured.received_at,
            remote: captured.remote,
            method: captured.method,
            path: captured.path,
            webhook: captured.webhook,
            intake: captured.intake,
            event: captured.event,
            judgement: captured.judgement,
            body_bytes: captured.body.len() as u64,
            framing_bytes: captured.framing.as_bytes().len() as u64,
            cause: None,
            marks: whyhook::delivery::Marks::default(),
            image: captured.image,
            answer: answer.as_ref().map(whyhook::delivery::Answer::facts),
        },
        head: captured.head,
        body: Bytes::clone(&captured.body),
        framing: captured.framing,
        answer,
    }
}
