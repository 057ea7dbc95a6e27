//! Copies of a delivery that ask an upstream server whether it checks the signature.

use tokio_util::sync::CancellationToken;

use super::{Halt, Worker};
use crate::delivery::DeliveryId;
use crate::http::{Client, ClientLimits, Target};
use crate::send::probe::{ProbeQuestion, stored};
use crate::simulate::fresh_seed;
use crate::store::{AttemptKeeper, Reader};
use crate::tui::screens::send::state::SendProgress;
use crate::tui::screens::send::task::News;

impl Worker {
    /// Sends them, stores them with their delivery, and tells what the answers prove.
    pub(super) async fn probe(
        &self,
        id: DeliveryId,
        url: &str,
        is_agreed: bool,
        client: &Client,
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        let target: Target = url.parse()?;
        self.may_send([&target], is_agreed)?;
        let reader = Reader::open(&self.location)?;
        let delivery = reader.load(id)?;
        let delivery = delivery.ok_or_else(|| Halt::Because(format!("delivery {id} is no longer in the store")))?;
        let (known, registry) = (stored(&reader, id)?, self.listener.registry());
        let seed = fresh_seed().map_err(|error| Halt::Because(format!("cannot get random numbers: {error}")))?;
        let question = ProbeQuestion::new(&delivery, &target, &known, &registry, seed);
        self.tell(News::Began(SendProgress {
            what: format!("a probe of #{id}"),
            total: 1,
            is_quiet: true,
            ..SendProgress::default()
        }));
        let attempts = question.ask(client, &ClientLimits::default(), cancel).await?;
        let keeper = AttemptKeeper::open(&self.location)?;
        for attempt in &attempts {
            keeper.keep(attempt)?;
        }
        match question.result(&attempts) {
            Some(result) => self.tell(News::Probed(id, result.words, result.finding.is_good())),
            None => self.tell(News::NotSent("cancelled before the forged copy was sent".to_owned())),
        }
        Ok(())
    }
}
