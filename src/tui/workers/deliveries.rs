//! The thread that reads the store for the interface, so that the interface never waits for a disk.

use std::any::Any;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use jiff::Timestamp;

use super::latest_wins::Newest;
use super::sorted::{SortedIds, SortedRows};
use crate::delivery::{Delivery, DeliveryId};
use crate::inspect::diagnosis::Subject;
use crate::query::Query;
use crate::server::ShownListener;
use crate::store::{Location, Page, Reader, StoreError, StoreScan};
use crate::system::thread::{self, ThreadError};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::details::digests::{Digests, KnownDigests};
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::list::page::{Edge, PageRequest, PageResult, SortedRequest};
use crate::tui::screens::status::state::Sizes;

/// Rows looked at before the search shows what it has and asks whether it is still wanted.
const SCAN_ROWS: usize = 10_000;
/// Rows counted before something else may be read.
const COUNT_ROWS: usize = 20_000;

/// Takes read effects; its results come as messages. The list and whole deliveries are read on a
/// thread each, so that a large body never holds up the list.
pub(crate) struct DeliveriesWorker {
    list: mpsc::Sender<Effect>,
    newest_page: Newest,
    deliveries: mpsc::Sender<Job>,
    newest_load: Newest,
}

impl DeliveriesWorker {
    /// Starts the threads.
    pub(crate) fn start(
        location: &Location,
        listener: Arc<dyn ShownListener>,
        send: impl Fn(Message) + Clone + Send + 'static,
    ) -> Result<Self, TuiError> {
        let newest_page = Newest::default();
        let rows = Rows {
            location: location.clone(),
            reader: Reader::open(location)?,
            send: send.clone(),
            newest_page: newest_page.clone(),
            counting: None,
            sorted: SortedIds::default(),
            resting: None,
        };
        let mut reader =
            Deliveries { reader: Reader::open(location)?, listener, send, digests: KnownDigests::default() };
        let newest_load = Newest::default();
        let asked = newest_load.clone();
        Ok(Self {
            list: start("whyhook-loader", move |queue| rows.run(&queue))?,
            newest_page,
            deliveries: start("whyhook-loader", move |queue| read_jobs(queue, &mut reader, &asked))?,
            newest_load,
        })
    }

    /// Queues a read. A page request cancels the page requests before it.
    pub(crate) fn read(&self, effect: Effect) {
        if let Effect::LoadPage(request) = &effect {
            self.newest_page.set(request.generation);
        }
        let _ = match effect {
            Effect::Load(id) => self.deliveries.send(Job::Load(self.newest_load.next(), id)).is_ok(),
            // After the load that it may overtake.
            Effect::LoadAnswer(id) => self.deliveries.send(Job::LoadAnswer(id)).is_ok(),
            effect => self.list.send(effect).is_ok(),
        };
    }

    /// Frees what is no longer shown.
    pub(crate) fn discard(&self, discarded: Box<dyn Any + Send>) {
        let _ = self.deliveries.send(Job::Discard(discarded));
    }
}

/// What the thread does that reads deliveries. What it has read it frees as well: memory that another thread frees is
/// not at hand for what it reads next.
enum Job {
    Load(u64, DeliveryId),
    LoadAnswer(DeliveryId),
    Discard(Box<dyn Any + Send>),
}

fn read_jobs<S: Fn(Message) + Send + 'static>(queue: mpsc::Receiver<Job>, reader: &mut Deliveries<S>, newest: &Newest) {
    for job in queue {
        match job {
            Job::Load(number, id) if newest.is(number) => reader.load(id, &|| newest.is(number)),
            Job::Load(..) => {}
            Job::LoadAnswer(id) => reader.load_answer(id),
            Job::Discard(discarded) => drop(discarded),
        }
    }
}

/// Starts a thread with a queue.
fn start<J: Send + 'static>(
    name: &'static str,
    run: impl FnOnce(mpsc::Receiver<J>) + Send + 'static,
) -> Result<mpsc::Sender<J>, ThreadError> {
    let (jobs, queue) = mpsc::channel();
    thread::spawn(name, move || run(queue))?;
    Ok(jobs)
}

/// Reads whole deliveries: only the one that was requested last.
struct Deliveries<S> {
    reader: Reader,
    listener: Arc<dyn ShownListener>,
    send: S,
    digests: KnownDigests,
}

impl<S: Fn(Message) + Send + 'static> Deliveries<S> {
    /// Reads a delivery: its rows first, and when it is large what it holds after that.
    fn load(&mut self, id: DeliveryId, is_wanted: &dyn Fn() -> bool) {
        crate::system::panic::panic_for_test("loader");
        tracing::trace!(delivery = id.0, "loading");
        let delivery = match self.reader.load(id) {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return self.give(id, Err(format!("delivery {id} is no longer in the store"))),
            Err(error) => return self.give(id, Err(error.to_string())),
        };
        if !is_wanted() {
            return;
        }
        let registry = self.listener.registry();
        let digests = |delivery: &Delivery, subject: &Subject<'_>| {
            self.digests.get(id, &registry, || Digests::of(delivery, subject))
        };
        let (mut loaded, unread) = LoadedDelivery::begin_with(delivery, &registry, digests);
        if unread.is_short() {
            loaded.take(unread.read(&registry));
            return self.give(id, Ok(Box::new(loaded)));
        }
        if !is_wanted() {
            return;
        }
        self.give(id, Ok(Box::new(loaded)));
        if let Some(contents) = unread.read_while(&registry, is_wanted) {
            (self.send)(Message::Read(id, Box::new(contents)));
        }
    }

    /// Reads what has changed of a delivery that was loaded before. An error is shown when the delivery is read again.
    fn load_answer(&self, id: DeliveryId) {
        if let Ok(Some((summary, answer))) = self.reader.answered(id) {
            (self.send)(Message::Answered(Box::new(summary), answer));
        }
    }

    fn give(&self, id: DeliveryId, content: Result<Box<LoadedDelivery>, String>) {
        (self.send)(Message::Loaded(id, content));
    }
}

/// How far the deliveries are counted, the oldest first.
#[derive(Debug, Clone, Copy)]
struct Counting {
    /// The newest that is counted; later ones follow from the ids.
    last: DeliveryId,
    reached: DeliveryId,
    total: u64,
}

/// Reads rows of the list.
struct Rows<S> {
    location: Location,
    reader: Reader,
    send: S,
    newest_page: Newest,
    counting: Option<Counting>,
    sorted: SortedIds,
    /// A page that sorts again, and when it is due.
    resting: Option<(Instant, PageRequest)>,
}

impl<S: Fn(Message) + Send + 'static> Rows<S> {
    fn run(mut self, queue: &mpsc::Receiver<Effect>) {
        let Ok(mut job) = queue.recv() else { return };
        self.perform(job);
        // The first page comes first, and so does any other request that arrives.
        self.counting = self.begin_counting();
        loop {
            job = match (self.counting, queue.try_recv()) {
                (_, Ok(job)) => job,
                (Some(so_far), Err(mpsc::TryRecvError::Empty)) => {
                    self.counting = self.count_on(so_far);
                    continue;
                }
                (None, Err(mpsc::TryRecvError::Empty)) => match self.next(queue) {
                    Some(job) => job,
                    None => return,
                },
                (_, Err(mpsc::TryRecvError::Disconnected)) => return,
            };
            self.perform(job);
        }
    }

    /// Waits for what is to be read next; `None` at the end.
    fn next(&mut self, queue: &mpsc::Receiver<Effect>) -> Option<Effect> {
        let Some((due, request)) = self.resting.take() else { return queue.recv().ok() };
        match queue.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(job) => {
                self.resting = Some((due, request)).filter(|(_, request)| self.newest_page.is(request.generation));
                Some(job)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Some(Effect::LoadPage(request)),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
        }
    }

    fn perform(&mut self, job: Effect) {
        crate::system::panic::panic_for_test("loader");
        match job {
            Effect::LoadPage(request) => match request.sorted {
                Some(sorted) => self.sorted_page(request, sorted),
                None => {
                    self.sorted = SortedIds::default();
                    self.page(&request);
                }
            },
            Effect::Reread(ids) => self.reread(&ids),
            Effect::Recount => self.counting = self.begin_counting(),
            Effect::Observe => (self.send)(Message::Measured(self.sizes())),
            _ => {}
        }
    }

    fn sizes(&self) -> Sizes {
        Sizes { index: self.location.index_bytes(), log: self.location.log_bytes() }
    }

    fn begin_counting(&self) -> Option<Counting> {
        let last = self.reader.page(Page::Newest, 1).ok()?.first().map_or(DeliveryId(0), |row| row.id);
        Some(Counting { last, reached: DeliveryId(0), total: 0 })
    }

    /// Counts some more, and says how many there are once that is known.
    fn count_on(&self, so_far: Counting) -> Option<Counting> {
        let Counting { last, reached, total } = so_far;
        let (count, highest) = self.reader.count_from(reached, last, COUNT_ROWS).ok()?;
        let total = total + count;
        match highest.filter(|highest| *highest < last) {
            Some(reached) => Some(Counting { last, reached, total }),
            None => {
                (self.send)(Message::Counted { total, last });
                None
            }
        }
    }

    fn reread(&self, ids: &[DeliveryId]) {
        let rows = ids.iter().filter_map(|id| self.reader.summary(*id).ok().flatten()).collect();
        (self.send)(Message::Reread(rows));
    }

    /// Reads the window of a sorted list.
    fn sorted_page(&mut self, request: PageRequest, sorted: SortedRequest) {
        if !self.newest_page.is(request.generation) {
            return;
        }
        if let Some(rest) = self.sorted.rest(&request, sorted) {
            self.resting = Some((Instant::now() + rest, request));
            return;
        }
        let (generation, send, newest_page) = (request.generation, &self.send, &self.newest_page);
        let go_on = |reached| {
            send(Message::Page(PageResult {
                generation,
                reached: Some(reached),
                more_follows: true,
                ..PageResult::default()
            }));
            newest_page.is(generation)
        };
        match self.sorted.window(&self.reader, &request, sorted, go_on) {
            Ok(Some(SortedRows { rows, newest, place })) => {
                self.tell_unreadable();
                send(Message::Page(PageResult {
                    generation,
                    rows,
                    newest,
                    place: Some(place),
                    ..PageResult::default()
                }));
            }
            Ok(None) => {}
            Err(error) => send(failed(&request, &error)),
        }
    }

    /// Reads a page in parts, each sent as soon as it is there.
    fn page(&self, request: &PageRequest) {
        let mut edge = match request.edge {
            Edge::Newest => Page::Newest,
            Edge::Oldest => Page::After(DeliveryId(0)),
            Edge::Before(id) => Page::Before(id),
            Edge::After(id) => Page::After(id),
            // Of a sorted list alone.
            Edge::Around(..) => return,
        };
        let mut missing = request.limit;
        let mut pending = Vec::new();
        loop {
            if !self.newest_page.is(request.generation) {
                return;
            }
            let newest = self.reader.page(Page::Newest, 1).ok().and_then(|rows| rows.first().map(|row| row.id));
            let scan = match self.scan(edge, missing, &request.query) {
                Ok(scan) => scan,
                Err(error) => return (self.send)(failed(request, &error)),
            };
            missing = missing.saturating_sub(scan.rows.len());
            let is_upwards = matches!(edge, Page::After(_));
            let more_follows = scan.next.is_some() && missing > 0;
            // Upwards, the oldest rows come first, and all are handed over at once.
            let rows = if is_upwards { [scan.rows, std::mem::take(&mut pending)].concat() } else { scan.rows };
            if is_upwards && more_follows {
                pending = rows;
            } else {
                // A delivery may have come between the two reads.
                let newest = looked_at(request, newest, scan.next).max(rows.first().map(|row| row.id));
                (self.send)(Message::Page(PageResult {
                    generation: request.generation,
                    newest,
                    reached: scan.next,
                    more_follows,
                    at_end: scan.next.is_none(),
                    rows,
                    place: None,
                    error: None,
                }));
            }
            match scan.next {
                Some(next) if more_follows => edge = if is_upwards { Page::After(next) } else { Page::Before(next) },
                _ => return,
            }
        }
    }

    fn scan(&self, page: Page, limit: usize, query: &Query) -> Result<StoreScan, StoreError> {
        let scan = self.reader.search(query, Timestamp::now(), page, limit, SCAN_ROWS);
        self.tell_unreadable();
        scan
    }

    /// Warns of the first delivery that is left out, with the number of all.
    fn tell_unreadable(&self) {
        let unreadable = self.reader.take_unreadable();
        if let Some(first) = unreadable.first() {
            let all =
                if unreadable.len() > 1 { format!(" (and {} more)", unreadable.len() - 1) } else { String::new() };
            (self.send)(Message::Warn(format!("left out: {first}{all}")));
        }
    }
}

/// The newest delivery that a page has looked at: upwards it may stop short of the store's newest.
fn looked_at(request: &PageRequest, newest: Option<DeliveryId>, stopped: Option<DeliveryId>) -> Option<DeliveryId> {
    match request.edge {
        Edge::After(_) => stopped.or(newest),
        Edge::Newest | Edge::Oldest | Edge::Before(_) | Edge::Around(..) => newest,
    }
}

fn failed(request: &PageRequest, error: &StoreError) -> Message {
    Message::Page(PageResult {
        generation: request.generation,
        at_end: true,
        error: Some(error.to_string()),
        ..PageResult::default()
    })
}
